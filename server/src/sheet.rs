//! Tables as offices save them: text with comma, semicolon, tab or bar, with or without BOM, with any line ends; or a
//! spreadsheet. Read into rows whose cells stand in the order the reader asked for.
//!
//! A column is known by its header, or because a person said so once for headers like these. A row that cannot be read
//! is told by its number and reason; the others are read. Values are never quoted in a reason.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::registry::LineProblem;

use crate::error::{Error, Result};
use crate::xlsx::{self, Workbook, Wrong};

/// For some of our columns, by name: which of the file's it is.
pub(crate) type Mapping = HashMap<String, usize>;

/// A file as it came, and what people said of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Brought {
    /// The file.
    pub bytes: Bytes,
    /// Which sheet of a workbook; `None`: the first that is not empty.
    pub sheet: Option<usize>,
    /// What people said of columns, by the fingerprint of the headers they said it of.
    pub mappings: Arc<HashMap<[u8; 32], Mapping>>,
}

/// The beginning of a file: what its columns are called and which of ours they are.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The sheet that is read.
    pub sheet: Option<usize>,
    /// The headers as they stand.
    pub headers: Vec<String>,
    /// For each header, which of our columns it is.
    pub places: Vec<Option<usize>>,
    /// Of the headers.
    pub fingerprint: [u8; 32],
    /// Whether a person said so.
    pub is_mapped: bool,
}

/// A cell as it stands in the file.
struct Raw<'a> {
    bytes: &'a [u8],
    wrong: Option<Wrong>,
}

/// A column that a reader asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Our name for it; problems quote it.
    pub name: &'static str,
    /// What else offices call it, in lower case without anything between the letters.
    pub also: &'static [&'static str],
    /// Whether a file without it is refused.
    pub required: bool,
}

/// A column that must be there.
pub(crate) const fn needs(name: &'static str, also: &'static [&'static str]) -> Column {
    Column {
        name,
        also,
        required: true,
    }
}

/// A column that may be there.
pub(crate) const fn takes(name: &'static str, also: &'static [&'static str]) -> Column {
    Column {
        name,
        also,
        required: false,
    }
}

/// A file's rows.
#[derive(Debug)]
pub(crate) struct Sheet {
    columns: &'static [Column],
    present: Vec<bool>,
    /// How many rows hold anything, read or not.
    pub lines: u64,
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// The rows that could not.
    pub unreadable: Vec<LineProblem>,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Counted from 1, the header included, as a spreadsheet shows it.
    pub line: u64,
    cells: Vec<String>,
}

impl Row {
    /// A cell by its place in the columns asked for; empty when the file has no such column.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// One reason about one field.
pub(crate) fn problem(field: &str, code: &str, remedy: impl Into<String>) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        remedy: remedy.into(),
    }
}

/// A header as it is compared: letters and digits only, in lower case.
fn plain(header: &str) -> String {
    header
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What separates the cells: whichever of the usual ones the header holds most of.
fn delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in header {
        if *byte == b'"' {
            quoted = !quoted;
        }
        if let Some((_, count)) = counts.iter_mut().find(|(mark, _)| !quoted && mark == byte) {
            *count += 1;
        }
    }
    // `max_by_key` takes the last of equals; the comma is the most usual, so it goes last.
    counts.reverse();
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(mark, _)| mark)
}

const SAVE_AS: &str =
    "Simpan lembar kerja sebagai \"CSV UTF-8 (dipisahkan koma)\", lalu impor lagi.";

/// What is no text at all, by its first bytes.
fn refuse_other_kinds(bytes: &[u8]) -> Result<()> {
    let other = [
        (&b"%PDF"[..], "not_a_table"),
        (b"\xff\xfe", "encoding"),
        (b"\xfe\xff", "encoding"),
    ];
    match other.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, code)) => Err(Error::field("file", code, SAVE_AS)),
        None if bytes.contains(&0) => Err(Error::field("file", "encoding", SAVE_AS)),
        None => Ok(()),
    }
}

/// The text after its marks: byte order mark, and the line by which a spreadsheet names its separator.
fn after_marks(bytes: &[u8]) -> (&[u8], u64) {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.len() > 4 && text[..4].eq_ignore_ascii_case(b"sep=") {
        let end = text.iter().position(|byte| *byte == b'\n');
        return (&text[end.map_or(text.len(), |end| end + 1)..], 1);
    }
    (text, 0)
}

/// Counts rows as a spreadsheet does: an empty line is a row, a line break inside quotes is none.
struct Counter<'a> {
    text: &'a [u8],
    at: usize,
    breaks: u64,
    inside: u64,
}

fn breaks(text: &[u8]) -> u64 {
    text.split(|byte| *byte == b'\n').skip(1).count() as u64
}

impl Counter<'_> {
    /// The number of the row whose record begins at `byte`, or after the empty lines that begin there.
    fn row_at(&mut self, byte: u64) -> u64 {
        let mut start = usize::try_from(byte).unwrap_or(usize::MAX);
        while self.text.get(start).is_some_and(|b| b"\r\n".contains(b)) {
            start += 1;
        }
        let between = self.text.get(self.at..start).unwrap_or_default();
        self.breaks += breaks(between);
        self.breaks -= std::mem::take(&mut self.inside).min(self.breaks);
        self.at = start.max(self.at);
        self.breaks + 1
    }

    /// The record that began last has line breaks inside its cells; they are no rows.
    fn holds(&mut self, record: &csv::ByteRecord) {
        self.inside = breaks(record.as_slice());
    }
}

/// The headers' fingerprint: two files with the same columns have the same.
fn fingerprint(headers: &[Raw<'_>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for header in headers {
        hash.update(plain(&String::from_utf8_lossy(header.bytes)));
        hash.update([0x1f]);
    }
    hash.finalize().into()
}

/// Up to the last that is not empty.
fn without_tail<'r, 'a>(record: &'r [Raw<'a>]) -> &'r [Raw<'a>] {
    let filled = record.iter().rposition(|cell| !cell.bytes.is_empty());
    record
        .get(..filled.map_or(0, |at| at + 1))
        .unwrap_or_default()
}

/// Every record of a file that holds anything, with the number of its row, until `each` says that it is enough.
fn records(file: &Brought, mut each: impl FnMut(u64, &[Raw<'_>]) -> Result<bool>) -> Result<()> {
    let bytes = &file.bytes[..];
    xlsx::refuse_compound(bytes)?;
    if xlsx::is_xlsx(bytes) {
        Workbook::open(bytes)?.rows(file.sheet, |line, cells| {
            let record: Vec<Raw<'_>> = cells
                .iter()
                .map(|cell| Raw {
                    bytes: cell.text.as_bytes(),
                    wrong: cell.wrong,
                })
                .collect();
            each(line, without_tail(&record))
        })?;
        return Ok(());
    }
    refuse_other_kinds(bytes)?;
    let (text, skipped) = after_marks(bytes);
    // Files of old spreadsheets end their lines with a carriage return alone.
    let old;
    let text = if text.contains(&b'\n') {
        text
    } else {
        old = text
            .iter()
            .map(|b| if *b == b'\r' { b'\n' } else { *b })
            .collect::<Vec<_>>();
        &old
    };
    let head = text
        .split(|b| *b == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    let Some(head) = head else {
        return Err(Error::field(
            "file",
            "empty",
            "Berkas kosong; impor berkas yang berisi baris judul dan data.",
        ));
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(head))
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text);
    let mut counter = Counter {
        text,
        at: 0,
        breaks: skipped,
        inside: 0,
    };
    let mut record = csv::ByteRecord::new();
    loop {
        let more = reader.read_byte_record(&mut record);
        if !more.map_err(|_| Error::Refused(ProblemCode::BadImport))? {
            return Ok(());
        }
        let line = counter.row_at(record.position().map_or(0, csv::Position::byte));
        counter.holds(&record);
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        let cells: Vec<Raw<'_>> = record
            .iter()
            .map(|bytes| Raw { bytes, wrong: None })
            .collect();
        if !each(line, &cells)? {
            return Ok(());
        }
    }
}

/// Reads a file's headers only.
///
/// # Errors
/// `bad_import` or `invalid` when it is no table.
pub(crate) fn begin(file: &Brought, columns: &'static [Column]) -> Result<Beginning> {
    let mut found = None;
    records(file, |_, record| {
        let headers = without_tail(record);
        let known = Sheet::known(columns, headers, &file.mappings);
        found = Some(Beginning {
            sheets: Vec::new(),
            sheet: None,
            headers: headers
                .iter()
                .map(|header| {
                    let text = String::from_utf8_lossy(header.bytes);
                    text.chars().take(LONGEST_HEADER).collect()
                })
                .collect(),
            places: known.places,
            fingerprint: fingerprint(headers),
            is_mapped: known.is_mapped,
        });
        Ok(false)
    })?;
    let mut found = found.ok_or(Error::Refused(ProblemCode::BadImport))?;
    if xlsx::is_xlsx(&file.bytes) {
        let mut workbook = Workbook::open(&file.bytes)?;
        found.sheets = workbook.names();
        found.sheet = Some(workbook.rows(file.sheet, |_, _| Ok(false))?);
    }
    Ok(found)
}

/// Letters of a header that are told; a file without headers has data there.
const LONGEST_HEADER: usize = 80;

/// What headers mean.
struct Known {
    places: Vec<Option<usize>>,
    /// Ours that are there twice.
    twice: Vec<usize>,
    is_mapped: bool,
}

impl Sheet {
    /// Reads a file whole.
    ///
    /// # Errors
    /// `bad_import` when it is no table; `invalid` naming every column that is missing or there twice.
    pub fn read(file: &Brought, columns: &'static [Column]) -> Result<Self> {
        let mut rows = Vec::new();
        let mut sheet = Self::walk(file, columns, |_, row| {
            rows.push(row);
            Ok(())
        })?;
        sheet.rows = rows;
        Ok(sheet)
    }

    /// Reads a file row by row; none of them is kept.
    ///
    /// # Errors
    /// As [`Sheet::read`], and what `each` answers.
    pub fn walk(
        file: &Brought,
        columns: &'static [Column],
        mut each: impl FnMut(&Self, Row) -> Result<()>,
    ) -> Result<Self> {
        let mut sheet = Self {
            columns,
            present: vec![false; columns.len()],
            lines: 0,
            rows: Vec::new(),
            unreadable: Vec::new(),
        };
        let mut places: Option<Vec<Option<usize>>> = None;
        records(file, |line, record| {
            match &places {
                None => places = Some(sheet.header(record, &file.mappings)?),
                Some(places) => {
                    if let Some(row) = sheet.row(line, record, places) {
                        each(&sheet, row)?;
                    }
                }
            }
            Ok(true)
        })?;
        if places.is_none() {
            return Err(Error::Refused(ProblemCode::BadImport));
        }
        Ok(sheet)
    }

    /// Whether the file has this column.
    pub fn has(&self, column: usize) -> bool {
        self.present.get(column).copied().unwrap_or_default()
    }

    /// For each column of the file, which of ours it is: as a person said of headers like these, else by their names.
    fn known(
        columns: &'static [Column],
        headers: &[Raw<'_>],
        mappings: &HashMap<[u8; 32], Mapping>,
    ) -> Known {
        let headers = without_tail(headers);
        let mut places = vec![None; headers.len()];
        if let Some(mapping) = mappings.get(&fingerprint(headers)) {
            for (at, column) in columns.iter().enumerate() {
                let place = mapping.get(column.name);
                if let Some(place) = place.and_then(|place| places.get_mut(*place)) {
                    *place = Some(at);
                }
            }
            return Known {
                places,
                twice: Vec::new(),
                is_mapped: true,
            };
        }
        let known: HashMap<String, usize> = columns
            .iter()
            .enumerate()
            .flat_map(|(at, column)| {
                let ours = plain(column.name);
                column
                    .also
                    .iter()
                    .map(|also| (*also).to_owned())
                    .chain([ours])
                    .map(move |name| (name, at))
            })
            .collect();
        let mut twice = Vec::new();
        for (n, header) in headers.iter().enumerate() {
            let place = known
                .get(&plain(&String::from_utf8_lossy(header.bytes)))
                .copied();
            if let Some(at) = place
                && places.contains(&Some(at))
            {
                twice.push(at);
            }
            places[n] = place;
        }
        Known {
            places,
            twice,
            is_mapped: false,
        }
    }

    fn header(
        &mut self,
        record: &[Raw<'_>],
        mappings: &HashMap<[u8; 32], Mapping>,
    ) -> Result<Vec<Option<usize>>> {
        let known = Self::known(self.columns, record, mappings);
        for at in known.places.iter().flatten() {
            self.present[*at] = true;
        }
        let mut problems: Vec<_> = known
            .twice
            .iter()
            .map(|at| {
                problem(
                    self.columns[*at].name,
                    "header_twice",
                    "Judul kolom ini ada dua kali; hapus salah satunya.",
                )
            })
            .collect();
        for (column, present) in self.columns.iter().zip(&self.present) {
            if column.required && !present {
                problems.push(problem(
                    column.name,
                    "missing_header",
                    format!(
                        "Kolom \"{}\" tidak ada di baris judul; tambahkan, atau tunjukkan kolom mana yang memuatnya.",
                        column.name
                    ),
                ));
            }
        }
        if problems.is_empty() {
            let mut places = known.places;
            // Cells below an empty header at the end belong to nothing, but are no error of their row.
            places.resize(record.len().max(places.len()), None);
            Ok(places)
        } else {
            Err(Error::Invalid(problems))
        }
    }

    /// The row, unless it could not be read.
    fn row(&mut self, line: u64, record: &[Raw<'_>], places: &[Option<usize>]) -> Option<Row> {
        self.lines += 1;
        let reason = |reason: FieldProblem| LineProblem {
            line,
            problems: vec![reason],
        };
        // A spreadsheet writes empty cells at the end of a row that was once wider.
        let mut beyond = record.iter().skip(places.len());
        if beyond.any(|cell| !cell.bytes.is_empty()) {
            self.unreadable.push(reason(problem(
                "baris",
                "too_many_columns",
                format!(
                    "Baris ini punya {} kolom, baris judul {}. Isian yang memuat pemisah harus diapit tanda kutip.",
                    record.len(),
                    places.len()
                ),
            )));
            return None;
        }
        let mut cells = vec![String::new(); self.columns.len()];
        for (n, (cell, place)) in record.iter().zip(places).enumerate() {
            let Some(at) = *place else { continue };
            let name = self.columns[at].name;
            if let Some(wrong) = cell.wrong {
                let which = format!("{}{line}", xlsx::letters(n));
                self.unreadable.push(reason(match wrong {
                    Wrong::LostDigits => problem(
                        name,
                        "digits_lost",
                        format!(
                            "Sel {which} berisi bilangan dan kehilangan angka terakhirnya. Ubah kolom jadi Teks, isi ulang dari sumbernya, lalu simpan."
                        ),
                    ),
                    Wrong::Failed => problem(
                        name,
                        "formula_failed",
                        format!("Rumus di sel {which} gagal. Ganti dengan nilainya, lalu simpan."),
                    ),
                }));
                return None;
            }
            let Ok(text) = std::str::from_utf8(cell.bytes) else {
                self.unreadable.push(reason(problem(
                    name,
                    "encoding",
                    format!("Huruf di kolom ini tidak terbaca. {SAVE_AS}"),
                )));
                return None;
            };
            text.clone_into(&mut cells[at]);
        }
        Some(Row { line, cells })
    }
}
