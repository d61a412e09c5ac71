//! A JPEG of ours in rows of blocks that stand for themselves: a restart marker after each (ITU-T T.81, F.1.1.5.3) lets a
//! few of them be decoded and encoded anew, while all others stay the bytes that they are.

use std::borrow::Cow;
use std::ops::Range;

use crate::photos::{self, PhotoProblem};

/// Pixels from one row of blocks to the next: two blocks, as colour is kept at half the height.
pub const TALL: u32 = 16;

/// A picture in its rows.
#[derive(Debug, Clone)]
pub struct JpegRows<'a> {
    /// All up to the first row.
    head: &'a [u8],
    /// Where the picture's height stands in it, two bytes.
    height_at: usize,
    width: u32,
    height: u32,
    rows: Vec<Cow<'a, [u8]>>,
}

impl<'a> JpegRows<'a> {
    /// Takes a picture apart; none when it is not one of [`encode`].
    pub fn of(jpeg: &'a [u8]) -> Option<Self> {
        let mut at = 2;
        let mut size = None;
        let mut interval = None;
        let body = loop {
            let [0xff, marker, high, low] = *jpeg.get(at..)?.first_chunk::<4>()? else {
                return None;
            };
            let next = at + 2 + usize::from(u16::from_be_bytes([high, low]));
            let segment = jpeg.get(at + 4..next)?;
            match (marker, segment) {
                // Three components, the first of 2 × 2 blocks.
                (0xc0, [8, h1, h0, w1, w0, 3, _, 0x22, ..]) => {
                    let side = |high: &u8, low: &u8| u32::from(u16::from_be_bytes([*high, *low]));
                    size = Some((at + 5, side(w1, w0), side(h1, h0)));
                }
                (0xdd, [high, low]) => {
                    interval = Some(u32::from(u16::from_be_bytes([*high, *low])));
                }
                (0xda, _) => break next,
                _ => {}
            }
            at = next;
        };
        let (height_at, width, height) = size?;
        if interval? != width.div_ceil(TALL) {
            return None;
        }
        let (head, mut rest) = jpeg.split_at_checked(body)?;
        let mut rows: Vec<Cow<'a, [u8]>> = Vec::new();
        let mut from = 0;
        loop {
            let found = from + memchr::memchr(0xff, rest.get(from..)?)?;
            match *rest.get(found + 1)? {
                0 => from = found + 2,
                mark @ (0xd0..=0xd7 | 0xd9) => {
                    let (row, after) = rest.split_at_checked(found)?;
                    rows.push(row.into());
                    rest = after.get(2..)?;
                    from = 0;
                    if mark == 0xd9 {
                        break;
                    }
                }
                _ => return None,
            }
        }
        let whole = rest.is_empty() && u32::try_from(rows.len()).ok()? == height.div_ceil(TALL);
        whole.then_some(Self {
            head,
            height_at,
            width,
            height,
            rows,
        })
    }

    /// Those rows that the pixels' lines lie in.
    pub fn around(&self, lines: &Range<usize>) -> Range<usize> {
        let tall = TALL as usize;
        let end = lines.end.div_ceil(tall).min(self.rows.len());
        (lines.start / tall).min(end)..end
    }

    /// Has these rows decoded, changed and encoded anew. `change` is given their RGB pixels and the line that the first
    /// of them is.
    ///
    /// # Errors
    /// When they cannot be decoded, or encode to something that does not fit among the others; ours always do.
    pub fn change(
        &mut self,
        rows: Range<usize>,
        quality: u8,
        change: impl FnOnce(&mut [u8], usize),
    ) -> Result<(), PhotoProblem> {
        let undecodable = PhotoProblem::Undecodable;
        let some = self.rows.get(rows.clone()).ok_or(undecodable)?;
        if some.is_empty() {
            return Ok(());
        }
        let from = rows.start * TALL as usize;
        let lines = u32::try_from(some.len()).map_err(|_| undecodable)? * TALL;
        let before = u32::try_from(from).map_err(|_| undecodable)?;
        let lines = lines.min(self.height - before);
        let (mut rgb, width, height) = photos::decode(&self.joined(lines, some)?)?;
        if (width, height) != (self.width, lines) {
            return Err(undecodable);
        }
        change(&mut rgb, from);
        let encoded = encode(&rgb, width, height, quality)?;
        let fresh = JpegRows::of(&encoded).ok_or(undecodable)?;
        // Other tables would make other pixels of the rows that stay.
        if fresh.rows.len() != rows.len()
            || fresh.headed(self.height)? != self.headed(self.height)?
        {
            return Err(undecodable);
        }
        for (old, new) in self.rows[rows].iter_mut().zip(fresh.rows) {
            *old = new.into_owned().into();
        }
        Ok(())
    }

    /// The picture put together.
    ///
    /// # Errors
    /// None that is known.
    pub fn jpeg(&self) -> Result<Vec<u8>, PhotoProblem> {
        self.joined(self.height, &self.rows)
    }

    fn headed(&self, height: u32) -> Result<Vec<u8>, PhotoProblem> {
        let height = u16::try_from(height).map_err(|_| PhotoProblem::TooManyPixels)?;
        let mut head = self.head.to_vec();
        head.get_mut(self.height_at..self.height_at + 2)
            .ok_or(PhotoProblem::Undecodable)?
            .copy_from_slice(&height.to_be_bytes());
        Ok(head)
    }

    fn joined(&self, height: u32, rows: &[Cow<'_, [u8]>]) -> Result<Vec<u8>, PhotoProblem> {
        let mut out = self.headed(height)?;
        out.reserve(rows.iter().map(|row| row.len() + 2).sum());
        for (row, mark) in rows.iter().zip((0xd0..=0xd7).cycle()) {
            out.extend_from_slice(row);
            out.extend_from_slice(&[0xff, mark]);
        }
        // After the last one the picture ends.
        if let Some(mark) = out.last_mut() {
            *mark = 0xd9;
        }
        Ok(out)
    }
}

/// A JPEG of RGB pixels in such rows.
///
/// # Errors
/// When it is too large for one.
pub fn encode(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>, PhotoProblem> {
    let across = u16::try_from(width.div_ceil(TALL)).map_err(|_| PhotoProblem::TooManyPixels)?;
    photos::encode_as(rgb, width, height, quality, |encoder| {
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
        encoder.set_restart_interval(across);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slope of colours, so that each row differs.
    fn picture(width: u32, height: u32) -> Vec<u8> {
        (0..height)
            .flat_map(|y| {
                (0..width).flat_map(move |x| [x * 255 / width, y * 255 / height, (x + y) % 256])
            })
            .map(|part| u8::try_from(part).unwrap())
            .collect()
    }

    #[test]
    fn a_picture_taken_apart_and_put_together_is_the_same_bytes() {
        for (width, height) in [
            (1600, 1200),
            (1200, 1600),
            (100, 60),
            (16, 16),
            (1, 1),
            (33, 129),
        ] {
            let jpeg = encode(&picture(width, height), width, height, 82).unwrap();
            photos::check(&jpeg).unwrap();
            let rows = JpegRows::of(&jpeg).unwrap();
            assert_eq!(rows.rows.len(), height.div_ceil(TALL) as usize);
            assert_eq!(rows.jpeg().unwrap(), jpeg, "{width} × {height}");
        }
    }

    #[test]
    fn what_is_not_changed_keeps_its_pixels_and_what_is_has_the_new_ones() {
        let (width, height) = (320, 250);
        let jpeg = encode(&picture(width, height), width, height, 82).unwrap();
        let (before, ..) = photos::decode(&jpeg).unwrap();
        let line = width as usize * 3;
        for lines in [0..16, 64..96, 70..71, 240..250, 0..250] {
            let mut rows = JpegRows::of(&jpeg).unwrap();
            let around = rows.around(&lines);
            rows.change(around.clone(), 82, |rgb, from| {
                assert_eq!(from, around.start * 16);
                rgb.fill(255);
            })
            .unwrap();
            let changed = rows.jpeg().unwrap();
            let (after, w, h) = photos::decode(&changed).unwrap();
            assert_eq!((w, h), (width, height));
            let white = around.start * 16..(around.end * 16).min(250);
            assert!(white.contains(&lines.start) && white.end >= lines.end);
            for y in 0..250 {
                // Where rows meet, the decoder blends the colours of both.
                if [white.start, white.end]
                    .iter()
                    .any(|edge| y == *edge || y + 1 == *edge)
                {
                    continue;
                }
                let (old, new) = (&before[y * line..][..line], &after[y * line..][..line]);
                if white.contains(&y) {
                    assert!(new.iter().all(|part| *part > 250), "{lines:?} {y}");
                } else {
                    assert_eq!(old, new, "{lines:?} {y}");
                }
            }
        }
    }

    #[test]
    fn other_pictures_are_none_of_ours_and_no_cut_panics() {
        let pixels = picture(64, 48);
        let plain = photos::encode(&pixels, 64, 48, 82).unwrap();
        assert!(JpegRows::of(&plain).is_none());
        assert!(JpegRows::of(b"\xff\xd8").is_none());
        let jpeg = encode(&pixels, 64, 48, 82).unwrap();
        for len in 0..jpeg.len() {
            assert!(JpegRows::of(&jpeg[..len]).is_none(), "cut at {len}");
        }
    }

    #[test]
    fn rows_of_another_quality_are_refused() {
        let jpeg = encode(&picture(64, 48), 64, 48, 82).unwrap();
        let mut rows = JpegRows::of(&jpeg).unwrap();
        assert_eq!(
            rows.change(0..1, 60, |_, _| {}),
            Err(PhotoProblem::Undecodable)
        );
        assert_eq!(rows.jpeg().unwrap(), jpeg, "as it was");
    }
}
