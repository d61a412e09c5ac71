//! Tables that leave the installation: CSV or a workbook, row by row. Whatever a cell says, no spreadsheet takes it for a
//! formula.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

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

/// A table being written.
pub(crate) enum Table {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Xlsx(Box<Workbook>),
}

/// A workbook of one sheet.
pub(crate) struct Workbook {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    row: u32,
}

/// Text cells are text for good: `@` keeps all digits, and what looks like a formula is marked as quoted, so that it
/// stays none also when somebody types into the cell.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/></cellXfs></styleSheet>"#;

const PARTS: [(&str, &str); 5] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    ("xl/styles.xml", STYLES),
];

impl Table {
    /// A table as text. It begins with a byte order mark, without which spreadsheets take its letters for others.
    pub(crate) fn csv() -> Self {
        Self::Csv(Box::new(csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec())))
    }

    /// A workbook.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn xlsx() -> Result<Self> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, body) in PARTS {
            zip.start_file(name, SimpleFileOptions::default())
                .map_err(Error::internal)?;
            zip.write_all(body.as_bytes()).map_err(Error::internal)?;
        }
        zip.start_file(
            "xl/worksheets/sheet1.xml",
            SimpleFileOptions::default().large_file(true),
        )
        .map_err(Error::internal)?;
        zip.write_all(
            br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
        )
        .map_err(Error::internal)?;
        Ok(Self::Xlsx(Box::new(Workbook { zip, row: 0 })))
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`Table::row`].
    pub(crate) fn head(&mut self, names: &[&str]) -> Result<()> {
        let cells: Vec<Cell> = names.iter().map(|name| Cell::from(*name)).collect();
        self.row(&cells)
    }

    /// One more row.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match self {
            Self::Csv(writer) => {
                let cells = cells.iter().map(|cell| match cell {
                    Cell::Number(number) => number.to_string(),
                    Cell::Text(text) if looks_like_a_formula(text) => format!("'{text}"),
                    Cell::Text(text) => text.clone(),
                });
                writer.write_record(cells).map_err(Error::internal)
            }
            Self::Xlsx(workbook) => workbook.row(cells),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// None in memory.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Csv(writer) => writer.into_inner().map_err(Error::internal),
            Self::Xlsx(workbook) => {
                let mut zip = workbook.zip;
                zip.write_all(b"</sheetData></worksheet>")
                    .map_err(Error::internal)?;
                Ok(zip.finish().map_err(Error::internal)?.into_inner())
            }
        }
    }
}

impl Workbook {
    fn row(&mut self, cells: &[Cell]) -> Result<()> {
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
        let mut table = Table::csv();
        table.head(&["a"; 8]).unwrap();
        table.row(&rows()).unwrap();
        let file = table.finish().unwrap();
        assert!(file.starts_with(b"\xef\xbb\xbf"));
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
