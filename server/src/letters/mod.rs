//! Letters as PDF: A4, fonts embedded, a code that leads to the page where a stranger compares the paper with what was
//! issued.
//!
//! Owns the looks and nothing else: what is said is [`LetterContent`], and the same content, code and copy give the same
//! bytes.

use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::text::TextDirection;
use tilik_protocol::letter::LetterContent;

use crate::error::{Error, Result};

pub mod code;
pub(crate) mod font;
pub(crate) mod layout;
pub mod words;

pub use code::LetterCode;
use font::Weight;
use layout::{Item, Pages};

/// Draws one copy of a letter.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(content: &LetterContent, code: &LetterCode, public_url: &str) -> Result<Vec<u8>> {
    let (regular, bold) = font::faces()?;
    let address = code.address(public_url);
    let pages = layout::lay_out((regular, bold), content, &address, code.copy)?;
    // The number and no name: a file is called by its title.
    paint(
        pages,
        layout::PAGE,
        format!("{} {}", content.title, content.number),
    )
}

/// Makes a PDF of what stands on its pages: the same pages give the same bytes.
///
/// # Errors
/// When it cannot be drawn.
pub(crate) fn paint(pages: Pages, (wide, high): (f32, f32), title: String) -> Result<Vec<u8>> {
    let (regular, bold) = font::faces()?;
    let size = PageSettings::from_wh(wide, high);
    let size = size.ok_or_else(|| Error::internal("no A4"))?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(title)
            .language("id".to_owned())
            .creator("Tilik".to_owned()),
    );
    for items in pages {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        surface.set_fill(Some(Fill::default()));
        let mut path = PathBuilder::new();
        for item in items {
            match item {
                Item::Text {
                    x,
                    y,
                    size,
                    weight,
                    text,
                } => {
                    let font = match weight {
                        Weight::Regular => &regular.font,
                        Weight::Bold => &bold.font,
                    };
                    surface.draw_text(
                        Point::from_xy(x, y),
                        font.clone(),
                        size,
                        &text,
                        false,
                        TextDirection::LeftToRight,
                    );
                }
                Item::Box { x, y, w, h } => {
                    if let Some(rect) = Rect::from_xywh(x, y, w, h) {
                        path.push_rect(rect);
                    }
                }
            }
        }
        if let Some(path) = path.finish() {
            surface.draw_path(&path);
        }
        surface.finish();
        page.finish();
    }
    document
        .finish()
        .map_err(|_| Error::internal("a paper could not be drawn"))
}

#[cfg(test)]
pub(crate) fn sample() -> LetterContent {
    use tilik_protocol::letter::{LetterKind, LetterLine};
    let line = |key: &str, label: &str, value: &str| LetterLine {
        key: key.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
    };
    LetterContent {
        layout: LetterContent::LAYOUT,
        kind: LetterKind::Registered,
        letterhead: vec![
            "PEMERINTAH KOTA KEDIRI".to_owned(),
            "KECAMATAN MOJOROTO".to_owned(),
            "KELURAHAN CAMPUREJO".to_owned(),
        ],
        office_address: "Jl. Raya Campurejo No. 1, Kediri 64116, Telp. (0354) 000000".to_owned(),
        title: "SURAT KETERANGAN TERDAFTAR DTSEN".to_owned(),
        number: "400.9/007/419.503/2026".to_owned(),
        addressee: Vec::new(),
        opening: "Yang bertanda tangan di bawah ini menerangkan bahwa:".to_owned(),
        lines: vec![
            line("name", "Nama", "SITI AMINAH"),
            line("nik", "NIK", "3571035212820001"),
            line("birth", "Tanggal lahir", "12 Desember 1982"),
        ],
        paragraphs: vec!["Demikian surat ini dibuat untuk dipergunakan seperlunya.".to_owned()],
        dated: "Kediri, 29 November 2026".to_owned(),
        signatory_title: vec!["LURAH CAMPUREJO".to_owned()],
        signatory_name: "BUDI SANTOSO, S.Sos".to_owned(),
        signatory_nip: "NIP 19750101 200003 1 001".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{HeldClock, Ids};
    use crate::keys::Keyring;

    fn code(content: &LetterContent, copy: u16) -> LetterCode {
        let ids = Ids::seeded(Arc::new(HeldClock::default()), 3);
        let keys = Keyring::generate(&ids, true);
        LetterCode::sign(&keys, content, [9; 16], copy).unwrap()
    }

    #[test]
    fn the_same_letter_is_the_same_file_and_small() {
        let content = sample();
        let once = draw(&content, &code(&content, 1), "https://tilik.example").unwrap();
        let again = draw(&content, &code(&content, 1), "https://tilik.example").unwrap();
        assert!(once.starts_with(b"%PDF-1."));
        assert_eq!(once, again);
        assert!(once.len() < 80_000, "{}", once.len());
        let copy = draw(&content, &code(&content, 2), "https://tilik.example").unwrap();
        assert_ne!(once, copy);
    }

    #[test]
    fn names_of_any_letters_are_drawn() {
        let mut content = sample();
        content.lines[0].value = "<b>\"&'\u{1f600} \u{5e9}\u{5dc} \u{645} ".repeat(20);
        assert!(draw(&content, &code(&content, 1), "https://tilik.example").is_ok());
    }

    /// `cargo test --workspace --lib letters -- --ignored --nocapture`: what one letter costs.
    #[test]
    #[ignore = "a measure"]
    fn one_letter_in_figures() {
        let content = sample();
        let code = code(&content, 1);
        let first = std::time::Instant::now();
        let bytes = draw(&content, &code, "https://tilik.example")
            .unwrap()
            .len();
        let first = first.elapsed();
        let many = std::time::Instant::now();
        for _ in 0..100 {
            draw(&content, &code, "https://tilik.example").unwrap();
        }
        println!(
            "one letter: {bytes} bytes, {first:?} the first, {:?} each after",
            many.elapsed() / 100
        );
    }
}
