//! Where everything of a letter stands on A4: pure, so that what is drawn can be looked at without a PDF.

use qrcode::{Color, EcLevel, QrCode};
use tilik_protocol::letter::LetterContent;

use super::font::{Face, Weight};
use crate::error::{Error, Result};

/// Points: A4.
pub const PAGE: (f32, f32) = (595.276, 841.89);
const LEFT: f32 = 71.0;
const RIGHT: f32 = PAGE.0 - 57.0;
const TOP: f32 = 44.0;
/// Below it only the foot stands.
const BOTTOM: f32 = PAGE.1 - 62.0;
const WIDE: f32 = RIGHT - LEFT;
const BODY: f32 = 11.5;
const LEADING: f32 = 1.36;
/// Where the lines' colons and values stand.
const COLON: f32 = LEFT + 148.0;
const VALUE: f32 = LEFT + 158.0;
/// The code's side with the white around it: some 34 mm.
const CODE: f32 = 96.0;
/// White modules around a code.
const QUIET: u16 = 4;
const SIGNED: f32 = LEFT + 236.0;
/// Room for a signature and a stamp.
const SIGNATURE: f32 = 62.0;

/// One thing on a page; `y` of a text is its baseline.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A text in one line.
    Text {
        /// From where.
        x: f32,
        /// Its baseline.
        y: f32,
        /// How large.
        size: f32,
        /// Which face.
        weight: Weight,
        /// What.
        text: String,
    },
    /// A black rectangle.
    Box {
        /// Left.
        x: f32,
        /// Top.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
    },
}

/// What is on each page.
pub type Pages = Vec<Vec<Item>>;

struct Sheet<'a> {
    regular: &'a Face,
    bold: &'a Face,
    pages: Pages,
    y: f32,
}

impl Sheet<'_> {
    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => self.regular,
            Weight::Bold => self.bold,
        }
    }

    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    /// Begins another page unless `height` fits on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    fn wrapped(&self, text: &str, weight: Weight, size: f32, width: f32) -> Vec<String> {
        self.face(weight).wrapped(text, size, width)
    }

    fn text(&mut self, x: f32, size: f32, weight: Weight, text: &str) {
        let y = self.y;
        self.put(Item::Text {
            x,
            y,
            size,
            weight,
            text: text.to_owned(),
        });
    }

    /// A text from `x` on, `width` wide, in as many lines as it takes.
    fn paragraph(&mut self, x: f32, width: f32, size: f32, text: &str) {
        let height = size * LEADING;
        for line in self.wrapped(text, Weight::Regular, size, width) {
            self.room(height);
            self.y += height;
            self.text(x, size, Weight::Regular, &line);
        }
    }

    /// A text in the middle between `left` and `right`; underlined when asked.
    fn centred(
        &mut self,
        (left, right): (f32, f32),
        size: f32,
        weight: Weight,
        text: &str,
        underlined: bool,
    ) {
        for line in self.wrapped(text, weight, size, right - left) {
            self.y += size * LEADING;
            let w = self.face(weight).width(&line, size);
            let x = left + (right - left - w) / 2.0;
            self.text(x, size, weight, &line);
            if underlined {
                let (y, h) = (self.y + size * 0.14, size * 0.06);
                self.put(Item::Box { x, y, w, h });
            }
        }
    }

    fn letterhead(&mut self, content: &LetterContent) {
        let across = (LEFT, RIGHT);
        let last = content.letterhead.len().saturating_sub(1);
        for (n, line) in content.letterhead.iter().enumerate() {
            let size = if n == last { 15.0 } else { 12.5 };
            self.centred(across, size, Weight::Bold, line, false);
        }
        self.centred(across, 9.5, Weight::Regular, &content.office_address, false);
        self.y += 7.0;
        for (gap, h) in [(0.0, 2.2), (3.4, 0.7)] {
            let y = self.y + gap;
            self.put(Item::Box {
                x: LEFT,
                y,
                w: WIDE,
                h,
            });
        }
        self.y += 14.0;
    }

    fn body(&mut self, content: &LetterContent) {
        let across = (LEFT, RIGHT);
        self.y += 6.0;
        self.centred(across, 13.0, Weight::Bold, &content.title, true);
        let number = format!("Nomor : {}", content.number);
        self.centred(across, BODY, Weight::Regular, &number, false);
        self.y += 12.0;
        for line in &content.addressee {
            self.paragraph(LEFT, WIDE, BODY, line);
        }
        if !content.addressee.is_empty() {
            self.y += 8.0;
        }
        self.paragraph(LEFT, WIDE, BODY, &content.opening);
        self.y += 5.0;
        for line in &content.lines {
            let labels = self.wrapped(&line.label, Weight::Regular, BODY, COLON - LEFT - 22.0);
            let values = self.wrapped(&line.value, Weight::Regular, BODY, RIGHT - VALUE);
            for n in 0..labels.len().max(values.len()) {
                self.room(BODY * LEADING);
                self.y += BODY * LEADING;
                if let Some(label) = labels.get(n) {
                    self.text(LEFT + 18.0, BODY, Weight::Regular, label);
                }
                if n == 0 {
                    self.text(COLON, BODY, Weight::Regular, ":");
                }
                if let Some(value) = values.get(n) {
                    self.text(VALUE, BODY, Weight::Regular, value);
                }
            }
        }
        for paragraph in &content.paragraphs {
            self.y += 6.0;
            self.paragraph(LEFT, WIDE, BODY, paragraph);
        }
        self.y += 16.0;
    }

    /// The code at the left, who signs at the right: never torn apart.
    fn end(&mut self, content: &LetterContent, address: &str) -> Result<()> {
        let code = modules(address)?;
        let below = |weight, line: &String| self.wrapped(line, weight, BODY, RIGHT - SIGNED).len();
        let regular = content
            .signatory_title
            .iter()
            .chain([&content.dated, &content.signatory_nip]);
        let lines: usize = regular.map(|line| below(Weight::Regular, line)).sum();
        let lines = lines + below(Weight::Bold, &content.signatory_name);
        #[expect(clippy::cast_precision_loss, reason = "some lines")]
        let signed = BODY * LEADING * (lines as f32 + 1.0) + SIGNATURE;
        self.room(signed.max(CODE + 40.0));
        let top = self.y;
        let right = (SIGNED, RIGHT);
        self.centred(right, BODY, Weight::Regular, &content.dated, false);
        for line in &content.signatory_title {
            self.centred(right, BODY, Weight::Regular, line, false);
        }
        self.y += SIGNATURE;
        self.centred(right, BODY, Weight::Bold, &content.signatory_name, true);
        self.centred(right, BODY, Weight::Regular, &content.signatory_nip, false);
        let end = self.y;
        self.code(&code, top);
        self.y = top + CODE;
        for line in [
            "Periksa keaslian surat ini: pindai kode di atas dengan kamera HP,",
            "lalu bandingkan nomor, nama dan tanggalnya dengan kertas ini.",
        ] {
            self.y += 9.4;
            self.text(LEFT, 7.6, Weight::Regular, line);
        }
        self.y = self.y.max(end);
        Ok(())
    }

    fn code(&mut self, code: &[Vec<bool>], top: f32) {
        let across = u16::try_from(code.len()).unwrap_or(u16::MAX);
        let side = CODE / f32::from(across + 2 * QUIET);
        let at = |n: usize| side * f32::from(u16::try_from(n).unwrap_or(u16::MAX) + QUIET);
        for (row, modules) in code.iter().enumerate() {
            // Black modules side by side are one box: no hair between them, and fewer bytes.
            let mut from = 0;
            while from < modules.len() {
                let run = modules[from..].iter().take_while(|dark| **dark).count();
                if run == 0 {
                    from += 1;
                    continue;
                }
                self.put(Item::Box {
                    x: LEFT + at(from),
                    y: top + at(row),
                    w: at(from + run) - at(from),
                    h: side,
                });
                from += run;
            }
        }
    }

    fn feet(&mut self, copy: u16) {
        let all = self.pages.len();
        let middle = (LEFT, RIGHT);
        for n in 0..all {
            let foot = format!(
                "Sah dengan tanda tangan basah dan stempel · Cetakan ke-{copy} · Halaman {} dari {all}",
                n + 1
            );
            let w = self.regular.width(&foot, 8.0);
            let x = middle.0 + (middle.1 - middle.0 - w) / 2.0;
            if let Some(page) = self.pages.get_mut(n) {
                page.push(Item::Box {
                    x: LEFT,
                    y: BOTTOM + 14.0,
                    w: WIDE,
                    h: 0.5,
                });
                page.push(Item::Text {
                    x,
                    y: BOTTOM + 26.0,
                    size: 8.0,
                    weight: Weight::Regular,
                    text: foot,
                });
            }
        }
    }
}

/// The code of an address, row by row: dark or not.
pub fn modules(address: &str) -> Result<Vec<Vec<bool>>> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).map_err(Error::internal)?;
    let dark = code.to_colors();
    let rows = dark.chunks(code.width());
    Ok(rows
        .map(|row| row.iter().map(|one| *one == Color::Dark).collect())
        .collect())
}

/// Lays a letter out. `address`: what its code says.
///
/// # Errors
/// When the address is too long for a code.
pub fn lay_out(
    (regular, bold): (&Face, &Face),
    content: &LetterContent,
    address: &str,
    copy: u16,
) -> Result<Pages> {
    let mut sheet = Sheet {
        regular,
        bold,
        pages: vec![Vec::new()],
        y: TOP,
    };
    sheet.letterhead(content);
    sheet.body(content);
    sheet.end(content, address)?;
    sheet.feet(copy);
    Ok(sheet.pages)
}

#[cfg(test)]
mod tests {
    use super::super::font::faces;
    use super::super::sample;
    use super::*;

    const ADDRESS: &str = "https://tilik.kedirikota.example/periksa#AQkJCQkJCQkJCQkJCQkJCQkAAQAAAAHSQmZsZ2FkZmFkZmFzZGZhc2RmYXNkZmFzZGZhc2RmYXNkZmFzZGZhc2RmYXNkZmFzZGZhc2RmYXNkZmFz";

    fn laid(content: &LetterContent) -> Pages {
        let (regular, bold) = faces().unwrap();
        lay_out((regular, bold), content, ADDRESS, 1).unwrap()
    }

    #[test]
    fn everything_stands_within_the_margins_whatever_is_printed() {
        let (regular, bold) = faces().unwrap();
        let mut long = sample();
        long.letterhead[0] = "PEMERINTAH ".repeat(9);
        long.number = "9".repeat(64);
        long.lines[0].value = "A".repeat(300);
        long.lines[1].label = "Keterangan yang panjang sekali ".repeat(4);
        long.paragraphs = vec!["kata ".repeat(700); 3];
        long.signatory_title = vec!["LURAH ".repeat(12); 3];
        long.signatory_name = "NAMA ".repeat(20);
        assert!(laid(&long).len() > 2);
        for content in [sample(), long] {
            for item in laid(&content).into_iter().flatten() {
                match item {
                    Item::Text {
                        x,
                        y,
                        size,
                        weight,
                        text,
                    } => {
                        let face = match weight {
                            Weight::Regular => regular,
                            Weight::Bold => bold,
                        };
                        let end = x + face.width(&text, size);
                        assert!(x >= LEFT - 0.1 && end <= RIGHT + 0.1, "{text} {x} {end}");
                        assert!(y > TOP && y < PAGE.1 - 30.0, "{text} {y}");
                    }
                    Item::Box { x, y, w, h } => {
                        assert!(x >= LEFT && x + w <= RIGHT + 0.1, "{x} {w}");
                        assert!(y > TOP && y + h < PAGE.1 - 30.0, "{y} {h}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_usual_letter_is_one_page_and_says_every_text() {
        let content = sample();
        let pages = laid(&content);
        assert_eq!(pages.len(), 1);
        let said: Vec<String> = pages[0]
            .iter()
            .filter_map(|item| match item {
                Item::Text { text, .. } => Some(text.clone()),
                Item::Box { .. } => None,
            })
            .collect();
        let said = said.join(" ");
        for line in &content.lines {
            assert!(said.contains(&line.value), "{}", line.value);
        }
        for text in [&content.number, &content.signatory_name, &content.dated] {
            assert!(said.contains(text.as_str()), "{text}");
        }
        assert!(said.contains("Cetakan ke-1"));
    }

    #[test]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the dots of a picture"
    )]
    fn the_code_that_is_drawn_reads_as_the_address() {
        let pages = laid(&sample());
        // Painted at 8 dots a point.
        let dots = 8.0;
        let side = (CODE * dots) as usize;
        let mut paper = vec![255_u8; side * side];
        let tops = pages[0].iter().filter_map(|item| match item {
            Item::Box { x, y, w, h } if *h < 4.0 && *w < CODE && *x < LEFT + CODE => {
                Some((*x, *y, *w, *h))
            }
            Item::Box { .. } | Item::Text { .. } => None,
        });
        let boxes: Vec<_> = tops.collect();
        let top = boxes.iter().map(|one| one.1).fold(f32::MAX, f32::min);
        let quiet = boxes
            .iter()
            .map(|one| one.0 - LEFT)
            .fold(f32::MAX, f32::min);
        for (x, y, w, h) in boxes {
            let across = |from: f32, long: f32| {
                ((from * dots).round() as usize)..(((from + long) * dots).round() as usize)
            };
            for row in across(y - top + quiet, h) {
                for column in across(x - LEFT, w) {
                    if row < side && column < side {
                        paper[row * side + column] = 0;
                    }
                }
            }
        }
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| paper[y * side + x]);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        let (_, read) = grids[0].decode().unwrap();
        assert_eq!(read, ADDRESS);
    }
}
