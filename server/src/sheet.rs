//! Tables of text as offices save them: comma, semicolon, tab or bar; with or without BOM; any line ends. Read into rows
//! whose cells stand in the order the reader asked for.
//!
//! A row that cannot be read is told by its number and reason; the others are read. Values are never quoted in a reason.

use std::collections::HashMap;

use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::registry::LineProblem;

use crate::error::{Error, Result};

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
        (&b"PK\x03\x04"[..], "spreadsheet"),
        (b"\xd0\xcf\x11\xe0", "spreadsheet"),
        (b"%PDF", "not_a_table"),
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

impl Sheet {
    /// Reads a file.
    ///
    /// # Errors
    /// `bad_import` when it is no table; `invalid` naming every column that is missing or there twice.
    pub fn read(bytes: &[u8], columns: &'static [Column]) -> Result<Self> {
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
        let mut sheet = Self {
            columns,
            present: vec![false; columns.len()],
            lines: 0,
            rows: Vec::new(),
            unreadable: Vec::new(),
        };
        let mut places: Option<Vec<Option<usize>>> = None;
        let mut record = csv::ByteRecord::new();
        loop {
            let more = reader.read_byte_record(&mut record);
            if !more.map_err(|_| Error::Refused(ProblemCode::BadImport))? {
                break;
            }
            let line = counter.row_at(record.position().map_or(0, csv::Position::byte));
            counter.holds(&record);
            if record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            match &places {
                None => places = Some(sheet.header(&record)?),
                Some(places) => sheet.row(line, &record, places),
            }
        }
        if places.is_none() {
            return Err(Error::Refused(ProblemCode::BadImport));
        }
        Ok(sheet)
    }

    /// Whether the file has this column.
    pub fn has(&self, column: usize) -> bool {
        self.present.get(column).copied().unwrap_or_default()
    }

    /// For each column of the file, which of ours it is.
    fn header(&mut self, record: &csv::ByteRecord) -> Result<Vec<Option<usize>>> {
        let known: HashMap<String, usize> = self
            .columns
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
        let mut problems = Vec::new();
        let mut places = Vec::new();
        for header in record {
            let place = known.get(&plain(&String::from_utf8_lossy(header))).copied();
            if let Some(at) = place
                && std::mem::replace(&mut self.present[at], true)
            {
                problems.push(problem(
                    self.columns[at].name,
                    "header_twice",
                    "Judul kolom ini ada dua kali; hapus salah satunya.",
                ));
            }
            places.push(place);
        }
        for (column, present) in self.columns.iter().zip(&self.present) {
            if column.required && !present {
                problems.push(problem(
                    column.name,
                    "missing_header",
                    format!(
                        "Kolom \"{}\" tidak ada di baris judul; tambahkan.",
                        column.name
                    ),
                ));
            }
        }
        if problems.is_empty() {
            Ok(places)
        } else {
            Err(Error::Invalid(problems))
        }
    }

    fn row(&mut self, line: u64, record: &csv::ByteRecord, places: &[Option<usize>]) {
        self.lines += 1;
        let reason = |reason: FieldProblem| LineProblem {
            line,
            problems: vec![reason],
        };
        // A spreadsheet writes empty cells at the end of a row that was once wider.
        let beyond = record.iter().skip(places.len());
        if beyond.filter(|cell| !cell.is_empty()).count() > 0 {
            self.unreadable.push(reason(problem(
                "baris",
                "too_many_columns",
                format!(
                    "Baris ini punya {} kolom, baris judul {}. Isian yang memuat pemisah harus diapit tanda kutip.",
                    record.len(),
                    places.len()
                ),
            )));
            return;
        }
        let mut cells = vec![String::new(); self.columns.len()];
        for (cell, place) in record.iter().zip(places) {
            let Some(at) = *place else { continue };
            let Ok(text) = std::str::from_utf8(cell) else {
                self.unreadable.push(reason(problem(
                    self.columns[at].name,
                    "encoding",
                    format!("Huruf di kolom ini tidak terbaca. {SAVE_AS}"),
                )));
                return;
            };
            text.clone_into(&mut cells[at]);
        }
        self.rows.push(Row { line, cells });
    }
}
