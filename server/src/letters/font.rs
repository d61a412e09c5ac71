//! The two faces letters are set in: Liberation Serif, as wide as the Times that offices are used to.

use std::sync::LazyLock;

use krilla::text::Font;

use crate::error::{Error, Result};

const REGULAR: &[u8] = include_bytes!("../../data/fonts/LiberationSerif-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../data/fonts/LiberationSerif-Bold.ttf");

/// Which face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// For what is said.
    Regular,
    /// For heads and names.
    Bold,
}

/// One face: to be drawn, and to be measured.
pub struct Face {
    /// As the PDF embeds it.
    pub font: Font,
    measured: ttf_parser::Face<'static>,
}

impl Face {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        Some(Self {
            font: Font::new(bytes.into(), 0)?,
            measured: ttf_parser::Face::parse(bytes, 0).ok()?,
        })
    }

    /// How wide a text is at `size`, without kerning: never less than it is drawn.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let units: u32 = text
            .chars()
            .map(|c| {
                let glyph = self.measured.glyph_index(c).unwrap_or_default();
                u32::from(self.measured.glyph_hor_advance(glyph).unwrap_or_default())
            })
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "a line is short")]
        let units = units as f32;
        units * size / f32::from(self.measured.units_per_em())
    }

    /// `text` in lines no wider than `width`; a word that is wider is cut.
    pub fn wrapped(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(&longer, size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                let mut longer = line.clone();
                longer.push(c);
                if !line.is_empty() && self.width(&longer, size) > width {
                    lines.push(std::mem::take(&mut line));
                    line.push(c);
                } else {
                    line = longer;
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

static FACES: LazyLock<Option<(Face, Face)>> =
    LazyLock::new(|| Some((Face::read(REGULAR)?, Face::read(BOLD)?)));

/// Regular and bold.
///
/// # Errors
/// When a face that is compiled in cannot be read.
pub fn faces() -> Result<(&'static Face, &'static Face)> {
    let faces = FACES.as_ref();
    let (regular, bold) = faces.ok_or_else(|| Error::internal("the letters' fonts"))?;
    Ok((regular, bold))
}
