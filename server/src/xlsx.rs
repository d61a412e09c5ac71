//! Spreadsheets as offices save them: the rows of one sheet of an XLSX file, in the order in which they stand there.
//!
//! Whatever comes is looked at with suspicion. Sizes and ratios are checked as the archive declares them and again while
//! it is unpacked; nothing is unpacked to a disk, and nothing but the sheet's own parts is read, so macros are only bytes.
//! A part with a document type, and thus with entities of its own, is refused, and so is one whose single element or text
//! would have to be held whole.

use std::io::{BufReader, Cursor, Read};

use chrono::{Days, NaiveDate};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::archive;
use crate::error::{Error, Result};

/// Files in the archive; an office's workbook has some dozens.
const MOST_PARTS: usize = 2_000;
/// All parts together, unpacked: a million rows of twenty columns.
const MOST_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;
/// How much larger a part may be than its packed bytes; texts of rows come to some tens.
const MOST_RATIO: u64 = 200;
/// Below this the ratio says nothing.
const SMALL_PART: u64 = 1024 * 1024;
/// The words that cells share; they are held while the sheet is read.
const MOST_SHARED: usize = 192 * 1024 * 1024;
/// A part that describes the workbook, and is held too.
const MOST_SHEETS: usize = 200;
/// Between two brackets of a part, and in one cell; a spreadsheet lets a cell hold 32,767 letters.
const LONGEST_RUN: usize = 256 * 1024;
/// All cells of a row: many may share one long text.
const LONGEST_ROW: usize = 1024 * 1024;
/// All cells of a sheet: a file of text with as much in it would not be taken.
const MOST_TOLD: usize = 512 * 1024 * 1024;
/// Rows of a sheet, in any spreadsheet there is.
const MOST_ROWS: u64 = 1_048_576;
/// Columns of a table.
const MOST_COLUMNS: usize = 1_000;
/// From here on a spreadsheet's number has no room for all its digits.
const SIXTEEN_DIGITS: f64 = 1e15;

const SAVE_AGAIN: &str =
    "Buka di lembar kerja, simpan lagi sebagai \"Excel Workbook (.xlsx)\", lalu impor lagi.";

fn refuse(code: &str, remedy: &str) -> Error {
    Error::field("file", code, remedy)
}

fn unreadable<E>(_: E) -> Error {
    refuse(
        "spreadsheet_broken",
        &format!("Berkas lembar kerja ini tidak terbaca. {SAVE_AGAIN}"),
    )
}

fn bomb() -> Error {
    refuse(
        "zip_bomb",
        "Isi berkas ini jauh lebih besar daripada berkasnya. Simpan sebagai CSV, atau bagi menjadi beberapa berkas.",
    )
}

/// Whether the bytes are an archive at all, as every XLSX is.
pub(crate) fn is_xlsx(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Refuses the older format, and any file with a password: both begin alike.
///
/// # Errors
/// `invalid` naming the file.
pub(crate) fn refuse_compound(bytes: &[u8]) -> Result<()> {
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(refuse(
            "locked_or_old",
            "Berkas ini terkunci kata sandi atau berformat .xls lama. Lepaskan kata sandinya dan simpan sebagai .xlsx, lalu impor lagi.",
        ));
    }
    Ok(())
}

/// What a cell says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// As text.
    pub text: String,
    /// What is wrong with it already in the spreadsheet.
    pub wrong: Option<Wrong>,
}

/// Why what a cell shows cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A number with more digits than a number keeps.
    LostDigits,
    /// A formula that failed, as `#N/A`.
    Failed,
}

/// A column's letters, counted from nought.
pub(crate) fn letters(column: usize) -> String {
    let mut n = column + 1;
    let mut letters = Vec::new();
    while n > 0 {
        n -= 1;
        #[expect(clippy::cast_possible_truncation, reason = "below 26")]
        letters.push(char::from(b'A' + (n % 26) as u8));
        n /= 26;
    }
    letters.iter().rev().collect()
}

/// A workbook whose sheets can be read.
pub(crate) struct Workbook<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    sheets: Vec<SheetPart>,
    shared: Shared,
    /// By cell format: whether a number of it is a day.
    is_day: Vec<bool>,
    from_1904: bool,
}

struct SheetPart {
    name: String,
    path: String,
    is_hidden: bool,
}

/// Words that cells share, end to end.
#[derive(Default)]
struct Shared {
    text: String,
    ends: Vec<usize>,
}

impl Shared {
    fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.text.get(start..end)
    }
}

/// Counts what comes out of a part and looks at its brackets: the reader above it holds one element or text whole, so
/// none may be without end, and what is no plain element is refused here, before anybody reads a meaning into it.
struct Guarded<R> {
    inner: R,
    left: u64,
    run: usize,
    within: Within,
    is_first: bool,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    /// Just after the opening bracket.
    Opened,
    Tag,
    Quoted(u8),
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    TooMuch,
    Unusual,
}

impl<R: Read> Guarded<R> {
    fn new(inner: R, left: u64) -> Self {
        Self {
            inner,
            left,
            run: 0,
            within: Within::Text,
            is_first: true,
            fault: None,
        }
    }

    fn look(&mut self, bytes: &[u8]) -> Option<Fault> {
        for byte in bytes {
            self.run += 1;
            self.within = match (self.within, *byte) {
                (Within::Text, b'<') => {
                    self.run = 0;
                    Within::Opened
                }
                (Within::Text, _) => Within::Text,
                // No document type, comment or unparsed text; no instruction but the declaration.
                (Within::Opened, b'!') | (Within::Tag | Within::Quoted(_), b'<') => {
                    return Some(Fault::Unusual);
                }
                (Within::Opened, b'?') if !self.is_first => return Some(Fault::Unusual),
                (Within::Opened, _) => {
                    self.is_first = false;
                    Within::Tag
                }
                (Within::Tag, b'>') => {
                    self.run = 0;
                    Within::Text
                }
                (Within::Tag, quote @ (b'"' | b'\'')) => Within::Quoted(quote),
                (Within::Tag, _) => Within::Tag,
                (Within::Quoted(quote), other) if quote == other => Within::Tag,
                (quoted @ Within::Quoted(_), _) => quoted,
            };
            if self.run > LONGEST_RUN {
                return Some(Fault::TooMuch);
            }
        }
        None
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        let fault = match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                self.look(into.get(..read).unwrap_or_default())
            }
            None => Some(Fault::TooMuch),
        };
        if let Some(fault) = fault {
            self.fault = Some(fault);
            return Err(std::io::Error::other("refused"));
        }
        Ok(read)
    }
}

type Part<'z, 'a> = Reader<BufReader<Guarded<zip::read::ZipFile<'z, Cursor<&'a [u8]>>>>>;

/// The next event, or why the part is refused.
fn next<'b, R: Read>(
    reader: &mut Reader<BufReader<Guarded<R>>>,
    buffer: &'b mut Vec<u8>,
) -> Result<Event<'b>> {
    buffer.clear();
    let event = reader.read_event_into(buffer);
    match event {
        Ok(Event::DocType(_)) => Err(entities()),
        Ok(event) => Ok(event),
        Err(error) => Err(match reader.get_ref().get_ref().fault {
            Some(Fault::TooMuch) => bomb(),
            Some(Fault::Unusual) => entities(),
            None => unreadable(error),
        }),
    }
}

fn entities() -> Error {
    refuse(
        "entities",
        &format!("Berkas ini memuat definisi entitas atau bagian yang tidak lazim. {SAVE_AGAIN}"),
    )
}

/// The text of an event: letters as they are, and the few references that every document knows.
fn text_of(event: &Event<'_>, into: &mut String) -> Result<()> {
    match event {
        Event::Text(text) => into.push_str(&text.xml10_content()),
        Event::GeneralRef(named) => {
            let letter = named.resolve_char_ref().map_err(unreadable)?;
            into.push(match letter {
                Some(letter) => letter,
                None => match named.xml10_content().as_ref() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => return Err(entities()),
                },
            });
        }
        Event::Start(_)
        | Event::End(_)
        | Event::Empty(_)
        | Event::CData(_)
        | Event::Comment(_)
        | Event::Decl(_)
        | Event::PI(_)
        | Event::DocType(_)
        | Event::Eof => {}
    }
    Ok(())
}

/// An attribute by its local name.
fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for one in element.attributes() {
        let one = one.map_err(unreadable)?;
        if one.key.local_name().as_ref() == name {
            let value = one.normalized_value(XmlVersion::default());
            return Ok(Some(value.map_err(unreadable)?.into_owned()));
        }
    }
    Ok(None)
}

impl<'a> Workbook<'a> {
    /// Opens a file and reads what its sheets share.
    ///
    /// # Errors
    /// `invalid` naming the file, when it is no workbook or one that is refused.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self> {
        let mut archive = archive::open(bytes, MOST_PARTS).map_err(|why| match why {
            archive::Refused::Broken => unreadable(()),
            archive::Refused::Bomb => bomb(),
        })?;
        check_archive(&mut archive)?;
        let mut workbook = Self {
            archive,
            sheets: Vec::new(),
            shared: Shared::default(),
            is_day: Vec::new(),
            from_1904: false,
        };
        workbook.read_sheets()?;
        workbook.read_formats()?;
        workbook.read_shared()?;
        Ok(workbook)
    }

    /// The names of its sheets, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.sheets.iter().map(|one| one.name.clone()).collect()
    }

    fn part(&mut self, path: &str) -> Result<Option<Part<'_, 'a>>> {
        let Some(at) = self.archive.index_for_name(path) else {
            return Ok(None);
        };
        let file = self.archive.by_index(at).map_err(unreadable)?;
        let declared = file.size();
        let mut reader = Reader::from_reader(BufReader::with_capacity(
            64 * 1024,
            Guarded::new(file, declared),
        ));
        reader.config_mut().check_end_names = true;
        Ok(Some(reader))
    }

    fn read_sheets(&mut self) -> Result<()> {
        let mut listed: Vec<(String, String, bool)> = Vec::new();
        let mut from_1904 = false;
        let mut buffer = Vec::new();
        {
            let mut part = self
                .part("xl/workbook.xml")?
                .ok_or_else(|| unreadable(()))?;
            loop {
                match next(&mut part, &mut buffer)? {
                    Event::Start(element) | Event::Empty(element) => {
                        match element.local_name().as_ref() {
                            "sheet" if listed.len() < MOST_SHEETS => {
                                let name = attribute(&element, "name")?.unwrap_or_default();
                                let state = attribute(&element, "state")?;
                                let id = attribute(&element, "id")?;
                                let id = id.ok_or_else(|| unreadable(()))?;
                                let hidden = state.is_some_and(|state| state != "visible");
                                listed.push((name, id, hidden));
                            }
                            "workbookPr" => {
                                let value = attribute(&element, "date1904")?;
                                from_1904 = value.is_some_and(|v| v == "1" || v == "true");
                            }
                            _ => {}
                        }
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
        }
        let mut targets = std::collections::HashMap::new();
        {
            let mut part = self
                .part("xl/_rels/workbook.xml.rels")?
                .ok_or_else(|| unreadable(()))?;
            loop {
                match next(&mut part, &mut buffer)? {
                    Event::Start(element) | Event::Empty(element)
                        if element.local_name().as_ref() == "Relationship"
                            && targets.len() < MOST_PARTS =>
                    {
                        let outside = attribute(&element, "TargetMode")?;
                        let (id, target) =
                            (attribute(&element, "Id")?, attribute(&element, "Target")?);
                        if let (None, Some(id), Some(target)) = (outside, id, target) {
                            let path = match target.strip_prefix('/') {
                                Some(whole) => whole.to_owned(),
                                None => format!("xl/{target}"),
                            };
                            targets.insert(id, path);
                        }
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
        }
        self.from_1904 = from_1904;
        self.sheets = listed
            .into_iter()
            .filter_map(|(name, id, is_hidden)| {
                let path = targets.remove(&id)?;
                Some(SheetPart {
                    name,
                    path,
                    is_hidden,
                })
            })
            .collect();
        // A part that is named twice would be unpacked as often, and no spreadsheet does so.
        let mut parts = std::collections::HashSet::new();
        if self.sheets.is_empty() || !self.sheets.iter().all(|one| parts.insert(&one.path)) {
            return Err(unreadable(()));
        }
        Ok(())
    }

    fn read_formats(&mut self) -> Result<()> {
        let mut custom = std::collections::HashMap::new();
        let mut is_day = Vec::new();
        let mut buffer = Vec::new();
        let Some(mut part) = self.part("xl/styles.xml")? else {
            return Ok(());
        };
        let mut in_formats = false;
        loop {
            match next(&mut part, &mut buffer)? {
                Event::Start(element) | Event::Empty(element) => {
                    match element.local_name().as_ref() {
                        "numFmt" if custom.len() < MOST_PARTS => {
                            let id = attribute(&element, "numFmtId")?;
                            let code = attribute(&element, "formatCode")?.unwrap_or_default();
                            if let Some(id) = id.and_then(|id| id.parse::<u32>().ok()) {
                                custom.insert(id, shows_a_day(&code));
                            }
                        }
                        "cellXfs" => in_formats = true,
                        "xf" if in_formats && is_day.len() < 100_000 => {
                            let id = attribute(&element, "numFmtId")?;
                            let id = id.and_then(|id| id.parse::<u32>().ok()).unwrap_or(0);
                            let known = custom.get(&id).copied();
                            is_day.push(
                                known.unwrap_or(matches!(id, 14..=17 | 22 | 27..=36 | 50..=58)),
                            );
                        }
                        _ => {}
                    }
                }
                Event::End(element) if element.local_name().as_ref() == "cellXfs" => {
                    in_formats = false;
                }
                Event::Eof => break,
                _ => {}
            }
        }
        drop(part);
        self.is_day = is_day;
        Ok(())
    }

    fn read_shared(&mut self) -> Result<()> {
        let mut shared = Shared::default();
        let mut buffer = Vec::new();
        let Some(mut part) = self.part("xl/sharedStrings.xml")? else {
            return Ok(());
        };
        let (mut in_text, mut in_phonetic) = (false, false);
        loop {
            match next(&mut part, &mut buffer)? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "t" => in_text = true,
                    "rPh" => in_phonetic = true,
                    _ => {}
                },
                Event::Empty(element) if element.local_name().as_ref() == "si" => {
                    shared.ends.push(shared.text.len());
                }
                Event::End(element) => match element.local_name().as_ref() {
                    "t" => in_text = false,
                    "rPh" => in_phonetic = false,
                    "si" => shared.ends.push(shared.text.len()),
                    _ => {}
                },
                Event::Eof => break,
                event if in_text && !in_phonetic => text_of(&event, &mut shared.text)?,
                _ => {}
            }
            // What tells where each ends takes room too. Of many runs one text may be made without end.
            let begun = shared.ends.last().copied().unwrap_or_default();
            if shared.text.len() - begun > LONGEST_RUN
                || shared.text.len() + shared.ends.len() * 8 > MOST_SHARED
            {
                return Err(bomb());
            }
        }
        drop(part);
        self.shared = shared;
        Ok(())
    }

    /// Reads the rows of the chosen sheet, or of the first one that is shown and not empty; which it was. Each row comes
    /// with the number that the spreadsheet shows beside it, until `each` says that it is enough.
    ///
    /// # Errors
    /// `invalid` when there is no such sheet or it is refused; what `each` answers.
    pub(crate) fn rows(
        &mut self,
        chosen: Option<usize>,
        mut each: impl FnMut(u64, &[Cell]) -> Result<bool>,
    ) -> Result<usize> {
        if let Some(at) = chosen {
            if at >= self.sheets.len() {
                return Err(refuse(
                    "no_such_sheet",
                    "Lembar yang dipilih tidak ada di berkas ini; pilih lembar lain.",
                ));
            }
            self.rows_of(at, &mut each)?;
            return Ok(at);
        }
        let shown: Vec<usize> = (0..self.sheets.len())
            .filter(|at| !self.sheets[*at].is_hidden)
            .collect();
        for at in shown {
            if self.rows_of(at, &mut each)? {
                return Ok(at);
            }
        }
        Err(refuse(
            "empty",
            "Semua lembar di berkas ini kosong; impor berkas yang berisi baris judul dan data.",
        ))
    }

    /// Whether the sheet holds anything.
    fn rows_of(
        &mut self,
        at: usize,
        each: &mut impl FnMut(u64, &[Cell]) -> Result<bool>,
    ) -> Result<bool> {
        let path = self.sheets[at].path.clone();
        let shared = std::mem::take(&mut self.shared);
        let is_day = std::mem::take(&mut self.is_day);
        let from_1904 = self.from_1904;
        let told = match self.part(&path)? {
            None => Err(unreadable(())),
            Some(part) => Rows {
                shared: &shared,
                is_day: &is_day,
                from_1904,
            }
            .read(part, each),
        };
        self.shared = shared;
        self.is_day = is_day;
        told
    }
}

/// What is needed to read a sheet's cells.
struct Rows<'s> {
    shared: &'s Shared,
    is_day: &'s [bool],
    from_1904: bool,
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    column: usize,
    sort: String,
    format: Option<usize>,
    value: String,
}

impl Rows<'_> {
    fn read<R: Read>(
        &self,
        mut part: Reader<BufReader<Guarded<R>>>,
        each: &mut impl FnMut(u64, &[Cell]) -> Result<bool>,
    ) -> Result<bool> {
        let mut buffer = Vec::new();
        let mut cells: Vec<Cell> = Vec::new();
        let (mut line, mut column) = (0_u64, 0_usize);
        let (mut in_row, mut in_sheet) = (0_usize, 0_usize);
        let mut open: Option<Open> = None;
        let (mut in_value, mut in_phonetic, mut holds) = (false, false, false);
        loop {
            match next(&mut part, &mut buffer)? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "row" => {
                        line = row_after(line, &element)?;
                        column = 0;
                        in_row = 0;
                        cells.clear();
                    }
                    "c" => {
                        let begun = begin(&element, column)?;
                        column = begun.column + 1;
                        open = Some(begun);
                    }
                    "v" | "t" => in_value = true,
                    "rPh" => in_phonetic = true,
                    _ => {}
                },
                Event::Empty(element) => match element.local_name().as_ref() {
                    "row" => line = row_after(line, &element)?,
                    "c" => column = begin(&element, column)?.column + 1,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "v" | "t" => in_value = false,
                    "rPh" => in_phonetic = false,
                    "c" => {
                        if let Some(done) = open.take() {
                            let at = done.column;
                            let cell = self.cell(done)?;
                            in_row += cell.text.len();
                            in_sheet += cell.text.len();
                            if in_row > LONGEST_ROW || in_sheet > MOST_TOLD {
                                return Err(bomb());
                            }
                            if !cell.text.is_empty() {
                                holds = true;
                                if cells.len() <= at {
                                    cells.resize_with(at + 1, Cell::default);
                                }
                                cells[at] = cell;
                            }
                        }
                    }
                    "row" => {
                        if cells.iter().any(|cell| !cell.text.is_empty()) && !each(line, &cells)? {
                            return Ok(true);
                        }
                        cells.clear();
                    }
                    "sheetData" => return Ok(holds),
                    _ => {}
                },
                Event::Eof => return Ok(holds),
                event => {
                    if in_value
                        && !in_phonetic
                        && let Some(open) = open.as_mut()
                    {
                        text_of(&event, &mut open.value)?;
                        if open.value.len() > LONGEST_RUN {
                            return Err(bomb());
                        }
                    }
                }
            }
        }
    }

    fn cell(&self, open: Open) -> Result<Cell> {
        let text = match open.sort.as_str() {
            "s" => {
                let at = open.value.trim().parse::<usize>().map_err(unreadable)?;
                self.shared
                    .get(at)
                    .ok_or_else(|| unreadable(()))?
                    .to_owned()
            }
            "b" => match open.value.trim() {
                "1" | "true" => "ya".to_owned(),
                _ => "tidak".to_owned(),
            },
            "e" => {
                return Ok(Cell {
                    text: open.value,
                    wrong: Some(Wrong::Failed),
                });
            }
            "inlineStr" | "str" | "d" => open.value,
            _ => {
                let is_day = open.format.and_then(|at| self.is_day.get(at));
                return Ok(self.number(open.value.trim(), is_day.copied().unwrap_or_default()));
            }
        };
        Ok(Cell {
            text: text.trim().to_owned(),
            wrong: None,
        })
    }

    fn number(&self, written: &str, is_day: bool) -> Cell {
        let cell = |text: String| Cell { text, wrong: None };
        let Ok(number) = written.parse::<f64>() else {
            return cell(written.to_owned());
        };
        if is_day && let Some(day) = self.day(number) {
            return cell(day);
        }
        if number.abs() >= SIXTEEN_DIGITS {
            // A program may have written all digits; a spreadsheet keeps fifteen and makes the rest nought.
            let whole = written.bytes().all(|b| b.is_ascii_digit()) && !written.ends_with('0');
            return Cell {
                text: written.to_owned(),
                wrong: (!whole).then_some(Wrong::LostDigits),
            };
        }
        if number.fract() == 0.0 {
            return cell(format!("{number:.0}"));
        }
        cell(number.to_string())
    }

    /// A day as `1980-12-31`, and the time after it where there is one.
    fn day(&self, number: f64) -> Option<String> {
        if !(0.0..3_000_000.0).contains(&number) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within bounds"
        )]
        let (days, seconds) = (number as u64, (number.fract() * 86_400.0).round() as u64);
        // The calendar of 1900 has a 29 February that never was.
        let first = if self.from_1904 {
            NaiveDate::from_ymd_opt(1904, 1, 1)?
        } else if days < 60 {
            NaiveDate::from_ymd_opt(1899, 12, 31)?
        } else {
            NaiveDate::from_ymd_opt(1899, 12, 30)?
        };
        let day = first.checked_add_days(Days::new(days))?;
        if seconds == 0 {
            return Some(day.to_string());
        }
        let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
        Some(format!("{day} {hour:02}:{minute:02}:{:02}", seconds % 60))
    }
}

/// The number of the row that begins after row `last`. One that goes back, or beyond what a spreadsheet shows, would name
/// a line that nobody finds.
fn row_after(last: u64, element: &BytesStart<'_>) -> Result<u64> {
    let line = match attribute(element, "r")? {
        Some(told) => told.parse().map_err(unreadable)?,
        None => last + 1,
    };
    if line <= last || line > MOST_ROWS {
        return Err(unreadable(()));
    }
    Ok(line)
}

/// Where a cell stands and what sort it is.
fn begin(element: &BytesStart<'_>, next: usize) -> Result<Open> {
    let mut open = Open {
        column: next,
        ..Open::default()
    };
    for one in element.attributes() {
        let one = one.map_err(unreadable)?;
        match one.key.local_name().as_ref() {
            "r" => {
                let mut column = 0_usize;
                for letter in one
                    .value
                    .bytes()
                    .take_while(u8::is_ascii_alphabetic)
                    .take(4)
                {
                    column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
                }
                open.column = column.checked_sub(1).unwrap_or(next);
            }
            "s" => open.format = one.value.parse().ok(),
            "t" => open.sort = one.value.clone().into_owned(),
            _ => {}
        }
    }
    if open.column >= MOST_COLUMNS {
        return Err(refuse(
            "too_many_columns",
            "Lembar ini berisi lebih dari 1.000 kolom; hapus kolom yang tidak perlu.",
        ));
    }
    Ok(open)
}

/// Whether a format's letters show a day: outside of quotes, brackets and what is escaped.
fn shows_a_day(code: &str) -> bool {
    let mut letters = code.chars();
    let mut found = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => while letters.next().is_some_and(|letter| letter != '"') {},
            '[' => while letters.next().is_some_and(|letter| letter != ']') {},
            '\\' | '_' | '*' => {
                letters.next();
            }
            'd' | 'D' | 'y' | 'Y' => found = true,
            _ => {}
        }
    }
    found
}

/// Refuses an archive by what it says of itself.
fn check_archive(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<()> {
    let mut unpacked = 0_u64;
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(unreadable)?;
        if file.encrypted() {
            return Err(refuse(
                "locked_or_old",
                "Berkas ini terkunci kata sandi. Lepaskan kata sandinya, simpan, lalu impor lagi.",
            ));
        }
        let (size, packed) = (file.size(), file.compressed_size());
        unpacked = unpacked.saturating_add(size);
        let is_dense = size > SMALL_PART && size / packed.max(1) > MOST_RATIO;
        if is_dense || unpacked > MOST_UNPACKED {
            return Err(bomb());
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Write as _;
    use std::io::Write;

    use super::*;

    /// A workbook of these parts.
    pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        for (name, bytes) in parts {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const STYLES: &str = r#"<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="dd\-mmm\-yyyy"/></numFmts>
        <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
        <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
    const SHARED: &str = "<sst><si><t>nik</t></si><si><r><t>Sri </t></r><r><t xml:space=\"preserve\">&amp; Budi</t></r><rPh><t>x</t></rPh></si></sst>";

    fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
        let (mut list, mut links) = (String::new(), String::new());
        for (n, (name, _)) in sheets.iter().enumerate() {
            write!(
                list,
                r#"<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>"#
            )
            .unwrap();
            write!(
                links,
                r#"<Relationship Id="rId{n}" Target="worksheets/sheet{n}.xml"/>"#
            )
            .unwrap();
        }
        let head = format!(
            r#"<?xml version="1.0"?><workbook xmlns:r="x"><sheets>{list}</sheets></workbook>"#
        );
        let links = format!("<Relationships>{links}</Relationships>");
        let names: Vec<String> = (0..sheets.len())
            .map(|n| format!("xl/worksheets/sheet{n}.xml"))
            .collect();
        let bodies: Vec<String> = sheets
            .iter()
            .map(|(_, rows)| format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"))
            .collect();
        let mut parts: Vec<(&str, &[u8])> = vec![
            ("xl/workbook.xml", head.as_bytes()),
            ("xl/_rels/workbook.xml.rels", links.as_bytes()),
            ("xl/styles.xml", STYLES.as_bytes()),
            ("xl/sharedStrings.xml", SHARED.as_bytes()),
            ("xl/vbaProject.bin", b"Sub Auto_Open()"),
        ];
        for (name, body) in names.iter().zip(&bodies) {
            parts.push((name, body.as_bytes()));
        }
        archive(&parts)
    }

    type Told = Vec<(u64, Vec<Cell>)>;

    fn rows(bytes: &[u8], chosen: Option<usize>) -> Result<(usize, Told)> {
        let mut told = Vec::new();
        let at = Workbook::open(bytes)?.rows(chosen, |line, cells| {
            told.push((line, cells.to_vec()));
            Ok(true)
        })?;
        Ok((at, told))
    }

    fn code(bytes: &[u8]) -> String {
        match rows(bytes, None) {
            Err(Error::Invalid(problems)) => problems[0].code.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn texts(cells: &[Cell]) -> Vec<&str> {
        cells.iter().map(|cell| cell.text.as_str()).collect()
    }

    #[test]
    fn numbers_days_and_words_come_out_as_people_see_them() {
        let sheet = r#"<row r="3"><c r="A3" t="s"><v>0</v></c><c r="C3" t="s"><v>1</v></c></row>
            <row r="5"><c r="A5"><v>3571031212800001</v></c><c r="B5" s="1"><v>29221</v></c><c r="C5" s="2"><v>60</v></c>
            <c r="D5"><v>7</v></c><c r="E5"><v>-7.8166000000000002</v></c><c r="F5" t="b"><v>1</v></c>
            <c r="G5" t="inlineStr"><is><t>003</t></is></c><c r="H5" t="str"><f>A1</f><v> teks </v></c><c r="I5" s="1"><v>29221.5</v></c></row>"#;
        let (at, told) = rows(&workbook(&[("Kosong", ""), ("Data", sheet)]), None).unwrap();
        assert_eq!(at, 1, "the first sheet that holds something");
        assert_eq!(told[0].0, 3);
        assert_eq!(texts(&told[0].1), ["nik", "", "Sri & Budi"]);
        assert_eq!(told[1].0, 5);
        assert_eq!(
            texts(&told[1].1),
            [
                "3571031212800001",
                "1980-01-01",
                "1900-02-28",
                "7",
                "-7.8166",
                "ya",
                "003",
                "teks",
                "1980-01-01 12:00:00"
            ]
        );
        assert!(told[1].1.iter().all(|cell| cell.wrong.is_none()));
    }

    #[test]
    fn a_number_that_lost_digits_and_a_failed_formula_are_told() {
        let sheet = r#"<row r="1"><c r="A1"><v>3.571031212800001E15</v></c><c r="B1"><v>3571031212800000</v></c><c r="C1" t="e"><v>#N/A</v></c></row>"#;
        let (_, told) = rows(&workbook(&[("Data", sheet)]), None).unwrap();
        let wrong: Vec<_> = told[0].1.iter().map(|cell| cell.wrong).collect();
        assert_eq!(
            wrong,
            [
                Some(Wrong::LostDigits),
                Some(Wrong::LostDigits),
                Some(Wrong::Failed)
            ]
        );
    }

    #[test]
    fn a_sheet_can_be_chosen_and_must_exist() {
        let one = r#"<row r="1"><c r="A1"><v>1</v></c></row>"#;
        let two = r"<row><c><v>2</v></c><c><v>3</v></c></row>";
        let file = workbook(&[("Satu", one), ("Dua", two)]);
        let (at, told) = rows(&file, Some(1)).unwrap();
        assert_eq!((at, told[0].0, texts(&told[0].1)), (1, 1, vec!["2", "3"]));
        assert!(rows(&file, Some(2)).is_err());
        assert_eq!(Workbook::open(&file).unwrap().names(), ["Satu", "Dua"]);
    }

    #[test]
    fn what_a_hostile_file_may_hold_is_refused() {
        let head =
            r#"<workbook xmlns:r="x"><sheets><sheet name="a" r:id="r"/></sheets></workbook>"#;
        let links =
            r#"<Relationships><Relationship Id="r" Target="worksheets/s.xml"/></Relationships>"#;
        let with = |sheet: &[u8]| {
            archive(&[
                ("xl/workbook.xml", head.as_bytes()),
                ("xl/_rels/workbook.xml.rels", links.as_bytes()),
                ("xl/worksheets/s.xml", sheet),
            ])
        };
        let entity = br#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet><sheetData><row><c t="str"><v>&x;</v></c></row></sheetData></worksheet>"#;
        assert_eq!(code(&with(entity)), "entities");
        let unknown =
            b"<worksheet><sheetData><row><c t=\"str\"><v>&x;</v></c></row></sheetData></worksheet>";
        assert_eq!(code(&with(unknown)), "entities");
        // A thousand times as much as it was.
        let bomb = [b"<worksheet>".to_vec(), vec![b' '; 64 * 1024 * 1024]].concat();
        assert_eq!(code(&with(&bomb)), "zip_bomb");
        // One text without end, which does not pack well.
        let noise: Vec<u8> = (0..1_000_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_string().into_bytes())
            .collect();
        let endless = [b"<worksheet><sheetData><row><c><v>".to_vec(), noise].concat();
        assert_eq!(code(&with(&endless)), "zip_bomb");
        assert_eq!(code(&with(b"<worksheet><a x='<b'>")), "entities");
        assert_eq!(
            code(&with(b"<worksheet><sheetData><row></c>")),
            "spreadsheet_broken"
        );
        assert_eq!(code(b"PK\x03\x04 and then nothing"), "spreadsheet_broken");
        assert!(refuse_compound(b"\xd0\xcf\x11\xe0\xa1\xb1").is_err());
    }

    #[test]
    fn no_row_is_numbered_before_the_last_or_beyond_what_a_spreadsheet_shows() {
        let row = |n: &str| format!(r#"<row r="{n}"><c><v>1</v></c></row>"#);
        for rows in [
            row("2") + &row("2"),
            row("5") + &row("4"),
            row("0"),
            row("1048577"),
            row("18446744073709551615") + "<row><c><v>1</v></c></row>",
            row("-1"),
            row("4") + r#"<row r="4"/>"#,
        ] {
            assert_eq!(
                code(&workbook(&[("Data", &rows)])),
                "spreadsheet_broken",
                "{rows}"
            );
        }
        let last = row("1048575") + "<row><c><v>2</v></c></row>";
        let (_, told) = rows(&workbook(&[("Data", &last)]), None).unwrap();
        assert_eq!(told[1].0, 1_048_576);
    }

    #[test]
    fn a_part_that_two_sheets_name_is_read_by_neither() {
        let head = r#"<workbook xmlns:r="x"><sheets><sheet name="a" r:id="a"/><sheet name="b" r:id="b"/></sheets></workbook>"#;
        let links = r#"<Relationships><Relationship Id="a" Target="worksheets/s.xml"/><Relationship Id="b" Target="/xl/worksheets/s.xml"/></Relationships>"#;
        let file = archive(&[
            ("xl/workbook.xml", head.as_bytes()),
            ("xl/_rels/workbook.xml.rels", links.as_bytes()),
            (
                "xl/worksheets/s.xml",
                b"<worksheet><sheetData/></worksheet>",
            ),
        ]);
        assert_eq!(code(&file), "spreadsheet_broken");
    }

    /// Words that do not pack as well as a bomb.
    fn noise(bytes: usize) -> String {
        (0_u32..)
            .flat_map(|n| format!("{:x} ", n.wrapping_mul(2_654_435_761)).into_bytes())
            .map(char::from)
            .take(bytes)
            .collect()
    }

    fn sharing(shared: &str, rows: &str) -> Vec<u8> {
        let head =
            r#"<workbook xmlns:r="x"><sheets><sheet name="a" r:id="a"/></sheets></workbook>"#;
        let links =
            r#"<Relationships><Relationship Id="a" Target="worksheets/s.xml"/></Relationships>"#;
        let body = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        archive(&[
            ("xl/workbook.xml", head.as_bytes()),
            ("xl/_rels/workbook.xml.rels", links.as_bytes()),
            ("xl/sharedStrings.xml", shared.as_bytes()),
            ("xl/worksheets/s.xml", body.as_bytes()),
        ])
    }

    #[test]
    fn one_text_of_many_runs_is_no_longer_than_one_of_one() {
        let run = format!("<r><t>{}</t></r>", noise(LONGEST_RUN / 4));
        let one = r#"<row><c t="s"><v>0</v></c></row>"#;
        let fits = format!("<sst><si>{}</si></sst>", run.repeat(4));
        assert!(rows(&sharing(&fits, one), None).is_ok());
        let more = format!("<sst><si>{}</si></sst>", run.repeat(5));
        assert_eq!(code(&sharing(&more, one)), "zip_bomb");
        let empty = "<sst><si/></sst>";
        assert!(Workbook::open(&sharing(empty, one)).is_ok());
    }

    #[test]
    fn a_row_of_cells_that_share_one_long_text_is_refused() {
        let shared = format!("<sst><si><t>{}</t></si></sst>", noise(LONGEST_RUN - 8));
        let cell = r#"<c t="s"><v>0</v></c>"#;
        let row = |cells: usize| format!("<row>{}</row>", cell.repeat(cells));
        assert!(rows(&sharing(&shared, &row(4)), None).is_ok());
        assert_eq!(code(&sharing(&shared, &row(5))), "zip_bomb");
        // Rows that fit, without end.
        let mut many = String::new();
        for _ in 0..600 {
            many += &row(4);
        }
        let file = sharing(&shared, &many);
        let told = Workbook::open(&file).unwrap().rows(None, |_, _| Ok(true));
        assert!(matches!(told, Err(Error::Invalid(problems)) if problems[0].code == "zip_bomb"));
    }

    #[test]
    fn columns_have_the_letters_that_a_spreadsheet_shows() {
        assert_eq!(letters(0), "A");
        assert_eq!(letters(25), "Z");
        assert_eq!(letters(26), "AA");
        assert_eq!(letters(701), "ZZ");
        assert_eq!(letters(702), "AAA");
    }
}
