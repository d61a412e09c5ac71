//! Who looked and when, burnt into the large copy that a person is shown: a picture that leaves the office says from whose
//! desk it left. Twice, so that it is not cropped away without cutting into the house: plainly at the lower edge, faintly
//! across the middle.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

use crate::photos::{self, PhotoProblem};

const HEIGHT: RasterHeight = RasterHeight::Size32;
/// Pixels between the words and the edges.
const MARGIN: usize = 8;
/// Most characters of a name.
const LONGEST_NAME: usize = 48;
/// What is drawn for a character the font does not have.
const UNKNOWN: char = '?';

/// `Name · role · 27-11-2026 19.50 WIB`, in the region's own time.
pub fn words(name: &str, role: &str, region: &RegionCode, at: Timestamp) -> String {
    let offset_min = region.utc_offset_min();
    let zone = match offset_min {
        420 => "WIB",
        480 => "WITA",
        540 => "WIT",
        _ => "",
    };
    let local = at.plus_s(offset_min * 60).as_micros();
    let when = chrono::DateTime::from_timestamp_micros(local)
        .map(|local| local.format("%d-%m-%Y %H.%M").to_string())
        .unwrap_or_default();
    let name: String = name.chars().take(LONGEST_NAME).collect();
    format!("{name} · {role} · {when} {zone}")
}

/// A picture being written on.
struct Page {
    rgb: Vec<u8>,
    width: usize,
    height: usize,
}

impl Page {
    /// Mixes a pixel with a grey, `strength` of 255.
    fn mix(&mut self, x: usize, y: usize, grey: u8, strength: u8) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        let Some(pixel) = self.rgb.get_mut(at..at + 3) else {
            return;
        };
        for part in pixel {
            let (old, new, share) = (u32::from(*part), u32::from(grey), u32::from(strength));
            let mixed = (old * (255 - share) + new * share) / 255;
            *part = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
    }

    /// Writes a line from its upper left corner. A dark copy one pixel away keeps it legible on white walls.
    fn write(&mut self, glyphs: &[RasterizedChar], left: usize, top: usize, strength: u8) {
        for (shift, grey) in [(2, 0), (0, 255)] {
            let mut x0 = left + shift;
            for glyph in glyphs {
                for (y, row) in glyph.rows().enumerate() {
                    for (x, ink) in row.iter().enumerate() {
                        let share = u16::from(*ink) * u16::from(strength) / 255;
                        let share = u8::try_from(share).unwrap_or(u8::MAX);
                        if share > 0 {
                            self.mix(x0 + x, top + shift + y, grey, share);
                        }
                    }
                }
                x0 += glyph.width();
            }
        }
    }

    fn darken(&mut self, from_row: usize) {
        for y in from_row..self.height {
            for x in 0..self.width {
                self.mix(x, y, 0, 110);
            }
        }
    }
}

/// The copy with the words in it, encoded anew. Costs CPU: not for an async thread.
///
/// # Errors
/// When the copy cannot be decoded; ours always can.
pub fn burn(jpeg: &[u8], words: &str) -> Result<Vec<u8>, PhotoProblem> {
    let (rgb, width, height) = photos::decode(jpeg)?;
    let side = |side: u32| usize::try_from(side).map_err(|_| PhotoProblem::TooManyPixels);
    let mut page = Page {
        rgb,
        width: side(width)?,
        height: side(height)?,
    };
    let glyphs: Vec<RasterizedChar> = words
        .chars()
        .filter_map(|c| {
            get_raster(c, FontWeight::Regular, HEIGHT)
                .or_else(|| get_raster(UNKNOWN, FontWeight::Regular, HEIGHT))
        })
        .collect();
    let line = HEIGHT.val();
    let band = page.height.saturating_sub(line + MARGIN);
    page.darken(band);
    page.write(&glyphs, MARGIN, band + MARGIN / 2, 255);
    page.write(
        &glyphs,
        MARGIN,
        (page.height / 2).saturating_sub(line / 2),
        70,
    );
    photos::encode(&page.rgb, width, height, 82)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREY: u8 = 120;

    fn wall(width: u32, height: u32) -> Vec<u8> {
        let pixels = usize::try_from(width * height * 3).unwrap();
        photos::encode(&vec![GREY; pixels], width, height, 82).unwrap()
    }

    /// How many pixels of each third of the height are not the wall's.
    fn written(jpeg: &[u8]) -> [usize; 3] {
        let (rgb, width, height) = photos::decode(jpeg).unwrap();
        let mut thirds = [0; 3];
        for (n, pixel) in rgb.as_chunks::<3>().0.iter().enumerate() {
            let y = n / usize::try_from(width).unwrap();
            if pixel[0].abs_diff(GREY) > 12 {
                thirds[y * 3 / usize::try_from(height).unwrap()] += 1;
            }
        }
        thirds
    }

    #[test]
    fn the_words_are_in_the_pixels_below_and_across_the_middle() {
        let burnt = burn(
            &wall(1600, 1200),
            "Siti Aminah · supervisor · 27-11-2026 19.50 WIB",
        )
        .unwrap();
        let [above, middle, below] = written(&burnt);
        assert_eq!(above, 0);
        assert!(middle > 1_000, "{middle}");
        assert!(below > 1600 * 30, "{below}");
        photos::check(&burnt).unwrap();
    }

    #[test]
    fn other_words_are_other_pixels_and_any_words_can_be_written() {
        let wall = wall(800, 600);
        let one = burn(&wall, "Budi · supervisor · 27-11-2026 19.50 WIB").unwrap();
        let other = burn(&wall, "Budi · supervisor · 27-11-2026 19.51 WIB").unwrap();
        assert_ne!(one, other);
        for words in ["", "😀\u{0}<b>\"", &"panjang ".repeat(500)] {
            burn(&wall, words).unwrap();
        }
        burn(&super::tests::wall(16, 8), "lebih besar dari fotonya").unwrap();
    }

    #[test]
    fn the_time_is_the_regions_own() {
        let at: Timestamp = "2026-11-27T17:30:00Z".parse().unwrap();
        let said = |code: &str| words("Siti", "supervisor", &code.parse().unwrap(), at);
        assert_eq!(said("35.71"), "Siti · supervisor · 28-11-2026 00.30 WIB");
        assert_eq!(said("73.71"), "Siti · supervisor · 28-11-2026 01.30 WITA");
        assert_eq!(said("94.71"), "Siti · supervisor · 28-11-2026 02.30 WIT");
    }
}
