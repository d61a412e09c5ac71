//! Who looked and when, burnt into the large copy that a person is shown: a picture that leaves the office says from whose
//! desk it left. Twice, so that it is not cropped away without cutting into the house: plainly at the lower edge, faintly
//! across the middle.

use std::ops::Range;

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

use crate::jpeg_rows::JpegRows;
use crate::photos::{self, LARGE_QUALITY, PhotoProblem};

const HEIGHT: RasterHeight = RasterHeight::Size32;
/// Pixels between the words and the edges.
const MARGIN: usize = 8;
/// Pixels from the letters to their dark copy.
const SHADOW: usize = 2;
/// Most characters of a name; of a longer one the end is cut.
const LONGEST_NAME: usize = 40;
/// Between two of the words.
const BETWEEN: &str = " · ";
/// What is drawn for a character the font does not have.
const UNKNOWN: char = '?';

/// What is burnt in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

/// What people call the role, as the console does.
const fn word_of(role: Role) -> &'static str {
    match role {
        Role::Officer => "Petugas lapangan",
        Role::Supervisor => "Koordinator",
        Role::Operator => "Operator kelurahan",
        Role::Verifier => "Verifikator Dinsos",
        Role::Approver => "Pengesah",
        Role::Signatory => "Penanda tangan",
        Role::Admin => "Admin",
        Role::Auditor => "Auditor",
        Role::Feed => "Sistem sumber data",
        Role::System => "Sistem",
    }
}

impl Words {
    /// `siti.aminah · Siti Aminah · Koordinator · 27-11-2026 19.50 WIB`, in the region's own time; a picture of an invented
    /// house says that first. The name of the account is what no two people share, so it comes before the name that an
    /// admin chose freely.
    pub fn of(
        (username, name): (&str, &str),
        role: Role,
        region: &RegionCode,
        at: Timestamp,
    ) -> Self {
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
        let mark = region.is_training().then(|| "LATIHAN".to_owned());
        let words = [
            username.to_owned(),
            shown(name),
            word_of(role).to_owned(),
            format!("{when} {zone}").trim_end().to_owned(),
        ];
        Self(mark.into_iter().chain(words).collect())
    }

    /// In lines of so many characters: no word is lost to a narrow picture.
    fn lines(&self, columns: usize) -> Vec<String> {
        let columns = columns.max(1);
        let mut lines: Vec<String> = Vec::new();
        for word in &self.0 {
            let long = word.chars().count();
            if let Some(line) = lines.last_mut()
                && line.chars().count() + BETWEEN.chars().count() + long <= columns
            {
                line.push_str(BETWEEN);
                line.push_str(word);
                continue;
            }
            let letters: Vec<char> = word.chars().collect();
            lines.extend(letters.chunks(columns).map(|some| some.iter().collect()));
        }
        lines
    }
}

/// A name as it is drawn: blanks and marks in it do not push away what follows, nor look like it.
fn shown(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() || c == '·' { ' ' } else { c })
        .collect();
    let plain: Vec<char> = plain
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect();
    if plain.len() <= LONGEST_NAME {
        return plain.into_iter().collect();
    }
    let kept: String = plain[..LONGEST_NAME - 3].iter().collect();
    format!("{}...", kept.trim_end())
}

/// A picture, or some lines of one, being written on.
struct Page<'a> {
    rgb: &'a mut [u8],
    width: usize,
    /// The first line that is here.
    from: usize,
}

impl Page<'_> {
    /// Mixes a pixel with a grey, `strength` of 255.
    fn mix(&mut self, x: usize, y: usize, grey: u8, strength: u8) {
        if x >= self.width || y < self.from {
            return;
        }
        let at = ((y - self.from) * self.width + x) * 3;
        let Some(pixel) = self.rgb.get_mut(at..at + 3) else {
            return;
        };
        for part in pixel {
            let (old, new, share) = (u32::from(*part), u32::from(grey), u32::from(strength));
            let mixed = (old * (255 - share) + new * share) / 255;
            *part = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
    }

    /// Writes a line from its upper left corner. A dark copy beside it keeps it legible on white walls.
    fn write(&mut self, glyphs: &[RasterizedChar], left: usize, top: usize, strength: u8) {
        for (shift, grey) in [(SHADOW, 0), (0, 255)] {
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

    fn darken(&mut self, lines: Range<usize>) {
        for y in lines {
            for x in 0..self.width {
                self.mix(x, y, 0, 110);
            }
        }
    }
}

/// The words as they stand in a picture of one size.
struct Written {
    glyphs: Vec<Vec<RasterizedChar>>,
    width: usize,
    height: usize,
}

impl Written {
    fn on(width: u32, height: u32, words: &Words) -> Result<Self, PhotoProblem> {
        let side = |side: u32| usize::try_from(side).map_err(|_| PhotoProblem::TooManyPixels);
        let (width, height) = (side(width)?, side(height)?);
        let wide = get_raster_width(FontWeight::Regular, HEIGHT);
        let lines = words.lines(width.saturating_sub(2 * MARGIN) / wide);
        let glyphs = lines
            .iter()
            .map(|line| line.chars().filter_map(glyph).collect());
        Ok(Self {
            glyphs: glyphs.collect(),
            width,
            height,
        })
    }

    fn tall(&self) -> usize {
        self.glyphs.len() * HEIGHT.val()
    }

    /// The lines of the dark band at the lower edge.
    fn band(&self) -> Range<usize> {
        self.height.saturating_sub(self.tall() + MARGIN)..self.height
    }

    /// The lines that are written on faintly.
    fn middle(&self) -> Range<usize> {
        let from = (self.height / 2).saturating_sub(self.tall() / 2);
        from..(from + self.tall() + SHADOW).min(self.height)
    }

    /// Writes what falls on these lines of the picture, of which `from` is the first.
    fn write(&self, rgb: &mut [u8], from: usize) {
        let mut page = Page {
            rgb,
            width: self.width,
            from,
        };
        let (band, middle) = (self.band(), self.middle());
        page.darken(band.clone());
        for (n, line) in self.glyphs.iter().enumerate() {
            let down = n * HEIGHT.val();
            page.write(line, MARGIN, band.start + MARGIN / 2 + down, 255);
            page.write(line, MARGIN, middle.start + down, 70);
        }
    }
}

/// The copy with the words in it. Only the lines that are written on are encoded anew, a sixth of the picture. Costs CPU:
/// not for an async thread.
///
/// # Errors
/// When the copy cannot be decoded; ours always can.
pub fn burn(jpeg: &[u8], words: &Words) -> Result<Vec<u8>, PhotoProblem> {
    let facts = photos::check(jpeg)?;
    let written = Written::on(facts.width, facts.height, words)?;
    // A copy that was made before copies had rows.
    let Some(mut rows) = JpegRows::of(jpeg) else {
        let (mut rgb, width, height) = photos::decode(jpeg)?;
        written.write(&mut rgb, 0);
        return photos::encode(&rgb, width, height, LARGE_QUALITY);
    };
    let (middle, band) = (rows.around(&written.middle()), rows.around(&written.band()));
    // In a low picture both fall on the same rows, which are written on once.
    let parts = if middle.end >= band.start {
        [middle.start.min(band.start)..band.end, band.end..band.end]
    } else {
        [middle, band]
    };
    for part in parts {
        rows.change(part, LARGE_QUALITY, |rgb, from| written.write(rgb, from))?;
    }
    rows.jpeg()
}

fn glyph(c: char) -> Option<RasterizedChar> {
    let drawn = |c| get_raster(c, FontWeight::Regular, HEIGHT);
    drawn(c).or_else(|| drawn(UNKNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg_rows;

    const GREY: u8 = 120;

    fn wall(width: u32, height: u32) -> Vec<u8> {
        let pixels = usize::try_from(width * height * 3).unwrap();
        jpeg_rows::encode(&vec![GREY; pixels], width, height, LARGE_QUALITY).unwrap()
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

    fn words(words: &[&str]) -> Words {
        Words(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn of(who: (&str, &str), code: &str) -> Words {
        let at: Timestamp = "2026-11-27T17:30:00Z".parse().unwrap();
        Words::of(who, Role::Supervisor, &code.parse().unwrap(), at)
    }

    #[test]
    fn the_words_are_in_the_pixels_below_and_across_the_middle() {
        let burnt = burn(&wall(1600, 1200), &of(("siti", "Siti Aminah"), "35.71")).unwrap();
        let [above, middle, below] = written(&burnt);
        assert_eq!(above, 0);
        assert!(middle > 1_000, "{middle}");
        assert!(below > 1600 * 30, "{below}");
        photos::check(&burnt).unwrap();
    }

    #[test]
    fn a_copy_with_rows_and_one_without_show_the_same() {
        // The low one has both lines of words on the same rows.
        for (width, height) in [(1600, 1200), (640, 64), (16, 8)] {
            let pixels = usize::try_from(width * height * 3).unwrap();
            let old = photos::encode(&vec![GREY; pixels], width, height, LARGE_QUALITY).unwrap();
            assert!(JpegRows::of(&old).is_none());
            let words = of(("siti", "Siti Aminah"), "35.71");
            let seen = |jpeg: &[u8]| photos::decode(&burn(jpeg, &words).unwrap()).unwrap().0;
            let (old, new) = (seen(&old), seen(&wall(width, height)));
            let most = old.iter().zip(&new).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(most.unwrap() < 8, "{width} × {height}: {most:?}");
        }
    }

    #[test]
    fn other_words_are_other_pixels_and_any_words_can_be_written() {
        let wall = wall(800, 600);
        let one = burn(&wall, &words(&["budi", "27-11-2026 19.50 WIB"])).unwrap();
        let other = burn(&wall, &words(&["budi", "27-11-2026 19.51 WIB"])).unwrap();
        assert_ne!(one, other);
        for text in ["", "😀\u{0}<b>\"", &"panjang ".repeat(500)] {
            burn(&wall, &words(&[text])).unwrap();
        }
        let tiny = super::tests::wall(16, 8);
        burn(&tiny, &words(&["lebih besar dari fotonya"])).unwrap();
    }

    #[test]
    fn the_time_is_the_regions_own() {
        let said = |code: &str| of(("siti", "Siti"), code).lines(100).concat();
        let siti = "siti · Siti · Koordinator · ";
        assert_eq!(said("35.71"), format!("{siti}28-11-2026 00.30 WIB"));
        assert_eq!(said("73.71"), format!("{siti}28-11-2026 01.30 WITA"));
        assert_eq!(said("94.71"), format!("{siti}28-11-2026 02.30 WIT"));
    }

    #[test]
    fn whoever_looks_is_named_however_their_name_is_written_and_however_narrow_the_picture() {
        let blanks = format!("{}x", " ".repeat(90));
        let long = "Raden Mas ".repeat(20);
        for name in [
            &blanks,
            &long,
            "\u{2003}\t\n",
            "Budi · kepala · approver · 01-01-2020",
        ] {
            for columns in [1, 20, 40, 66, 88] {
                let lines = of(("siti.aminah", name), "35.71").lines(columns);
                assert!(lines.iter().all(|line| line.chars().count() <= columns));
                let told = lines.concat();
                for word in ["siti.aminah", "Koordinator", "28-11-2026 00.30 WIB"] {
                    assert!(told.contains(word), "{name:?} {columns}: {lines:?}");
                }
                // Nothing that a name says stands where the role does.
                assert!(!told.contains("· approver"), "{lines:?}");
            }
        }
        assert_eq!(
            of(("siti", &blanks), "35.71").lines(100),
            ["siti · x · Koordinator · 28-11-2026 00.30 WIB"]
        );
        // In the pixels, too: a picture on end shows another minute otherwise.
        let wall = wall(1200, 1600);
        let user = "u".repeat(64);
        let at = |time: &str| {
            let at: Timestamp = time.parse().unwrap();
            let region = "35.71".parse().unwrap();
            burn(
                &wall,
                &Words::of((&user, &long), Role::Supervisor, &region, at),
            )
            .unwrap()
        };
        assert_ne!(at("2026-11-27T17:30:00Z"), at("2026-11-27T17:31:00Z"));
    }
}
