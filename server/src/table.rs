//! Tables that leave the installation: CSV or a workbook, row by row, taken away piece by piece while more is written.
//! Whatever a cell says, no spreadsheet takes it for a formula.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use crate::error::{Error, Result};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Words, or a number whose digits must all stay.
    Text(String),
    /// A quantity.
    Number(i64),
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// Whether a spreadsheet would calculate what begins so.
fn looks_like_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell's words as text with commas has them. Many offices' spreadsheets part cells by `;` whatever the file does, and
/// then a cell of ours may be cut anywhere: what would calculate after such a place is marked as text too.
fn guarded(words: &str) -> String {
    let mut told = String::with_capacity(words.len() + 1);
    // Marks of quoting are passed over: where the cell is cut, they may belong to the spreadsheet.
    let mut begins = true;
    for letter in words.chars() {
        if begins && letter != '"' {
            if looks_like_a_formula(letter.encode_utf8(&mut [0; 4])) {
                told.push('\'');
            }
            begins = false;
        }
        told.push(letter);
        if matches!(letter, ';' | '|' | '\t' | '\n' | '\r') {
            begins = true;
        }
    }
    told
}

/// What was written and not taken away yet.
#[derive(Clone, Default)]
struct Spool(Arc<Mutex<Vec<u8>>>);

impl Spool {
    fn take(&self, least: usize) -> Option<Vec<u8>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (held.len() >= least).then(|| std::mem::take(&mut *held))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A table being written.
pub(crate) struct Table {
    spool: Spool,
    form: Form,
}

enum Form {
    Csv(Box<csv::Writer<Spool>>),
    Xlsx(Box<Workbook>),
}

/// Rows of one sheet, in any spreadsheet there is.
const MOST_ROWS: u32 = 1_048_576;

/// A workbook: one sheet, and another after each that is full.
struct Workbook {
    zip: ZipWriter<StreamWriter<Spool>>,
    sheets: u32,
    row: u32,
    most: u32,
    /// The first row of every sheet.
    head: Vec<Cell>,
}

/// Text cells are text for good: `@` keeps all digits, and what looks like a formula is marked as quoted, so that it
/// stays none also when somebody types into the cell.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/></cellXfs></styleSheet>"#;

/// What is not said here by name is a sheet.
const PARTS: [(&str, &str); 3] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    ("xl/styles.xml", STYLES),
];

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

impl Table {
    /// A table as text. It begins with a byte order mark, without which spreadsheets take its letters for others.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn csv() -> Result<Self> {
        let mut spool = Spool::default();
        spool.write_all(b"\xef\xbb\xbf").map_err(Error::internal)?;
        let writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(spool.clone());
        let form = Form::Csv(Box::new(writer));
        Ok(Self { spool, form })
    }

    /// A workbook.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn xlsx() -> Result<Self> {
        Self::workbook(MOST_ROWS)
    }

    fn workbook(most: u32) -> Result<Self> {
        let spool = Spool::default();
        let mut workbook = Workbook {
            zip: ZipWriter::new_stream(spool.clone()),
            sheets: 0,
            row: 0,
            most,
            head: Vec::new(),
        };
        for (name, body) in PARTS {
            workbook.part(name, body)?;
        }
        workbook.begin_sheet()?;
        let form = Form::Xlsx(Box::new(workbook));
        Ok(Self { spool, form })
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`Table::row`].
    pub(crate) fn head(&mut self, names: &[&str]) -> Result<()> {
        let cells: Vec<Cell> = names.iter().map(|name| Cell::from(*name)).collect();
        self.row(&cells)?;
        if let Form::Xlsx(workbook) = &mut self.form {
            workbook.head = cells;
        }
        Ok(())
    }

    /// One more row.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match &mut self.form {
            Form::Csv(writer) => {
                let cells = cells.iter().map(|cell| match cell {
                    Cell::Number(number) => number.to_string(),
                    Cell::Text(text) => guarded(text),
                });
                writer.write_record(cells).map_err(Error::internal)
            }
            Form::Xlsx(workbook) => workbook.row(cells),
        }
    }

    /// Takes away what is written so far, when it is as much as `least`.
    pub(crate) fn take(&mut self, least: usize) -> Option<Vec<u8>> {
        self.spool.take(least)
    }

    /// The rest of the file.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self.form {
            Form::Csv(writer) => {
                writer.into_inner().map_err(Error::internal)?;
            }
            Form::Xlsx(workbook) => workbook.finish()?,
        }
        Ok(self.spool.take(0).unwrap_or_default())
    }
}

impl Workbook {
    fn part(&mut self, name: &str, body: &str) -> Result<()> {
        self.zip
            .start_file(name, SimpleFileOptions::default())
            .map_err(Error::internal)?;
        self.zip.write_all(body.as_bytes()).map_err(Error::internal)
    }

    fn begin_sheet(&mut self) -> Result<()> {
        self.sheets += 1;
        self.row = 0;
        let name = format!("xl/worksheets/sheet{}.xml", self.sheets);
        let begun = format!(
            r#"{XML}
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#
        );
        self.part(&name, &begun)
    }

    fn end_sheet(&mut self) -> Result<()> {
        let end = b"</sheetData></worksheet>";
        self.zip.write_all(end).map_err(Error::internal)
    }

    /// What names the sheets comes last, for only then is it known how many there are.
    fn finish(mut self) -> Result<()> {
        self.end_sheet()?;
        let (mut sheets, mut links) = (String::new(), String::new());
        for n in 1..=self.sheets {
            let name = if n == 1 {
                "Data".to_owned()
            } else {
                format!("Data {n}")
            };
            write!(
                sheets,
                r#"<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>"#
            )
            .map_err(Error::internal)?;
            write!(links, r#"<Relationship Id="rId{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{n}.xml"/>"#).map_err(Error::internal)?;
        }
        self.part("xl/workbook.xml", &format!(
            r#"{XML}
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{sheets}</sheets></workbook>"#
        ))?;
        self.part("xl/_rels/workbook.xml.rels", &format!(
            r#"{XML}
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}<Relationship Id="styles" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#
        ))?;
        self.zip.finish().map_err(Error::internal)?;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        if self.row >= self.most {
            self.end_sheet()?;
            self.begin_sheet()?;
            let head = self.head.clone();
            self.write_row(&head)?;
        }
        self.write_row(cells)
    }

    fn write_row(&mut self, cells: &[Cell]) -> Result<()> {
        self.row += 1;
        let mut text = format!(r#"<row r="{}">"#, self.row);
        for (n, cell) in cells.iter().enumerate() {
            let at = format!("{}{}", crate::xlsx::letters(n), self.row);
            match cell {
                Cell::Number(number) => {
                    write!(text, r#"<c r="{at}"><v>{number}</v></c>"#).map_err(Error::internal)?;
                }
                Cell::Text(words) if words.is_empty() => {}
                Cell::Text(words) => {
                    let style = if looks_like_a_formula(words) { 2 } else { 1 };
                    write!(
                        text,
                        r#"<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">"#
                    )
                    .map_err(Error::internal)?;
                    escape(words, &mut text);
                    text += "</t></is></c>";
                }
            }
        }
        text += "</row>";
        self.zip.write_all(text.as_bytes()).map_err(Error::internal)
    }
}

/// Writes words as XML has them; what XML cannot say is left out.
fn escape(words: &str, into: &mut String) {
    for letter in words.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '\t' | '\n' | '\r' => into.push(letter),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() && other < ' ' => {}
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const NASTY: [&str; 6] = [
        "=1+1",
        "+62",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "<b>&\u{1}\"Sri\", Budi",
    ];

    fn rows() -> Vec<Cell> {
        NASTY
            .iter()
            .map(|text| Cell::from(*text))
            .chain([Cell::Number(-7), Cell::from("3571031212800001")])
            .collect()
    }

    #[test]
    fn no_cell_of_text_begins_as_a_formula() {
        let mut table = Table::csv().unwrap();
        table.head(&["a"; 8]).unwrap();
        table.row(&rows()).unwrap();
        let file = table.finish().unwrap();
        assert!(file.starts_with(b"\xef\xbb\xbf\"a\","));
        let mut reader = csv::Reader::from_reader(&file[3..]);
        let record = reader.records().next().unwrap().unwrap();
        let cells: Vec<&str> = record.iter().collect();
        assert_eq!(cells[0], "'=1+1");
        for cell in &cells[..6] {
            assert!(!looks_like_a_formula(cell), "{cell}");
        }
        assert_eq!(cells[6..], ["-7", "3571031212800001"]);
    }

    #[test]
    fn a_cell_that_is_cut_at_another_separator_begins_no_formula_either() {
        let words = [
            "Gg. Buntu;=cmd|A1",
            "a;\"=1+1",
            "a\n@x",
            "a|+1",
            "b;\t=1",
            "\"=1",
            "Jl. Mawar - RT 3; no. -5",
        ];
        let mut table = Table::csv().unwrap();
        table.head(&["a"; 7]).unwrap();
        table.row(&words.map(Cell::from)).unwrap();
        let file = table.finish().unwrap();
        for delimiter in *b",;\t|" {
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .flexible(true)
                .from_reader(&file[3..]);
            for record in reader.records() {
                for cell in &record.unwrap() {
                    assert!(!looks_like_a_formula(cell), "{cell:?}");
                }
            }
        }
        assert_eq!(
            guarded("Jl. Mawar - RT 3; no. -5"),
            words[6],
            "words stay words"
        );
    }

    #[test]
    fn a_full_sheet_is_followed_by_another_and_pieces_are_the_same_file() {
        let write = |table: &mut Table, mut each: Box<dyn FnMut(&mut Table)>| {
            table.head(&["nama"]).unwrap();
            for n in 0..5_i64 {
                table.row(&[Cell::Number(n)]).unwrap();
                each(table);
            }
        };
        let mut whole = Table::workbook(3).unwrap();
        write(&mut whole, Box::new(|_| {}));
        let whole = whole.finish().unwrap();
        let pieces = Arc::new(Mutex::new(Vec::new()));
        let into = pieces.clone();
        let mut table = Table::workbook(3).unwrap();
        write(
            &mut table,
            Box::new(move |table| {
                if let Some(piece) = table.take(1) {
                    into.lock().unwrap().extend(piece);
                }
            }),
        );
        let rest = table.finish().unwrap();
        assert!(rest.len() < whole.len(), "some was taken away before");
        let mut file = pieces.lock().unwrap().clone();
        file.extend(rest);
        assert_eq!(file, whole);
        let mut workbook = crate::xlsx::Workbook::open(&file).unwrap();
        assert_eq!(workbook.names(), ["Data", "Data 2", "Data 3"]);
        let mut told = Vec::new();
        let each = |line, cells: &[crate::xlsx::Cell]| {
            told.push((line, cells[0].text.clone()));
            Ok(true)
        };
        workbook.rows(Some(1), each).unwrap();
        let expected = [(1, "nama"), (2, "2"), (3, "3")];
        assert_eq!(told, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn a_workbook_holds_text_as_text_and_is_read_again() {
        let mut table = Table::xlsx().unwrap();
        table.head(&["a"; 8]).unwrap();
        table.row(&rows()).unwrap();
        let file = table.finish().unwrap();
        let mut told = Vec::new();
        crate::xlsx::Workbook::open(&file)
            .unwrap()
            .rows(None, |line, cells| {
                told.push((line, cells.to_vec()));
                Ok(true)
            })
            .unwrap();
        let texts: Vec<&str> = told[1].1.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(told[1].0, 2);
        assert_eq!(texts[..4], ["=1+1", "+62", "-5", "@SUM(A1)"]);
        assert_eq!(texts[5], "<b>&\"Sri\", Budi");
        assert_eq!(texts[6..], ["-7", "3571031212800001"]);
        // There is no formula in it at all.
        let mut archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
        let mut sheet = String::new();
        std::io::Read::read_to_string(
            &mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(),
            &mut sheet,
        )
        .unwrap();
        assert!(!sheet.contains("<f>") && sheet.contains(r#"s="2""#));
    }
}
