//! Who looked and when, burnt into the large copy that a person is shown: a picture that leaves the office says from whose
//! desk it left. Twice, so that it is not cropped away without cutting into the house: plainly at the lower edge, faintly
//! across the middle.

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

use crate::photos::{self, PhotoProblem};

const HEIGHT: RasterHeight = RasterHeight::Size32;
/// Pixels between the words and the edges.
const MARGIN: usize = 8;
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
pub fn burn(jpeg: &[u8], words: &Words) -> Result<Vec<u8>, PhotoProblem> {
    let (rgb, width, height) = photos::decode(jpeg)?;
    let side = |side: u32| usize::try_from(side).map_err(|_| PhotoProblem::TooManyPixels);
    let mut page = Page {
        rgb,
        width: side(width)?,
        height: side(height)?,
    };
    let wide = get_raster_width(FontWeight::Regular, HEIGHT);
    let lines = words.lines(page.width.saturating_sub(2 * MARGIN) / wide);
    let line = HEIGHT.val();
    let tall = lines.len() * line;
    let band = page.height.saturating_sub(tall + MARGIN);
    page.darken(band);
    let middle = (page.height / 2).saturating_sub(tall / 2);
    for (n, text) in lines.iter().enumerate() {
        let glyphs: Vec<RasterizedChar> = text.chars().filter_map(glyph).collect();
        page.write(&glyphs, MARGIN, band + MARGIN / 2 + n * line, 255);
        page.write(&glyphs, MARGIN, middle + n * line, 70);
    }
    photos::encode(&page.rgb, width, height, 82)
}

fn glyph(c: char) -> Option<RasterizedChar> {
    let drawn = |c| get_raster(c, FontWeight::Regular, HEIGHT);
    drawn(c).or_else(|| drawn(UNKNOWN))
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
