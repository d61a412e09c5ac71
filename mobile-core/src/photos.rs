//! From the camera's JPEG to the evidence: small, upright, without metadata, and what the camera said beside it.
//!
//! The camera's bytes are checked before anything is decoded, decoded at a fraction of their size (a photo of 50
//! megapixels must not take a cheap phone's memory), turned upright, and encoded as the one kind of JPEG the server
//! accepts: baseline, no metadata, nothing behind its end. What mattered in EXIF goes into the manifest; the place, the
//! owner's name and the maker's notes stay behind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use tilik_protocol::evidence::SEALED_LONG_SIDE_PX;
use tilik_protocol::manifest::ManifestCamera;

/// Largest file a camera may hand over. 50 megapixels at the best quality are about 25 MiB.
const MAX_CAMERA_BYTES: usize = 48 * 1024 * 1024;
/// Most pixels: sensors of 64 megapixels exist, larger ones bin theirs to 12 or 50.
const MAX_PIXELS: u64 = 70_000_000;
/// Longest side in pixels; nothing real is longer, and 16 bits of it cannot overflow what is computed below.
const MAX_SIDE: u32 = 16_384;
/// A progressive photo's coefficients all lie in memory at once. This is 50 megapixels in the usual colour
/// resolution; cameras write baseline, which needs none of it.
const MAX_COEFFICIENT_BYTES: u64 = 160 * 1024 * 1024;
/// A progressive photo has about ten scans; each costs a pass over all coefficients (85 of them cost 2.7 s).
const MAX_SCANS: usize = 32;
/// Decoding at a fraction may end this short of the sealed size: 4032 px give 2016 at a half, and stretching or
/// decoding the whole for the last 32 pixels would cost four times as much and show nothing more.
const LONG_SIDE_ENOUGH_PX: u32 = 1_920;
/// What people can judge without artefacts; about 300 KB for a house front.
const QUALITY: u8 = 80;
/// Above this the photo is mostly grass, gravel or sensor noise, which a step of quality does not harm.
const LARGE_BYTES: usize = 400 * 1024;
/// The step for such a photo.
const QUALITY_OF_LARGE: u8 = 72;
/// Long side of the view that stays on the phone.
const VIEW_PX: u32 = 320;
/// Quality of that view.
const VIEW_QUALITY: u8 = 75;
/// Sharpness and light are judged on a copy of this long side: large enough that shake still shows, small enough that
/// the noise of a dark photo is averaged away.
const JUDGED_PX: u32 = 640;
/// Variance of the Laplacian below which the photo is called blurred. On this copy drawn house fronts have 600 to 680,
/// smeared over half a percent of their width about 50, over one percent about 12; a real plain wall has less edge than a
/// drawn one, so the line lies below the first smear (start value, to be set again on pilot photos).
const BLURRED_BELOW: f64 = 30.0;
/// Mean brightness below which the photo is called dark: a quarter of a front's by day, which is about 138 (start value).
const DARK_BELOW: f64 = 36.0;
/// A photo with a shorter long side comes from a damaged camera or a front lens of old; roof and floor are not told
/// apart on it.
const SMALL_BELOW_PX: u32 = 1_280;

/// Why the camera's bytes are no photo. The words are those of the server where both can say the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum PhotoProblem {
    /// Does not begin like a JPEG, or breaks off into something else.
    NotJpeg,
    /// Ends too early.
    Truncated,
    /// More than a camera writes.
    TooManyBytes,
    /// More than a camera has.
    TooManyPixels,
    /// Lossless, hierarchical or arithmetic coding, or more scans than anyone needs.
    UnsupportedCoding,
    /// Not 8 bits a sample.
    NotEightBit,
    /// Neither grey nor three colours.
    WrongColours,
    /// The decoder gave up.
    Undecodable,
}

/// What the officer should look at before going on. Never a refusal: a dark photo of a dark house is evidence.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    uniffi::Enum,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PhotoVerdict {
    /// Not sharp.
    Blurred,
    /// Hardly any light.
    Dark,
    /// Too few pixels.
    TooSmall,
}

/// A photo ready to be kept.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The evidence: baseline JPEG without metadata.
    pub(crate) jpeg: Vec<u8>,
    /// The 320 px view.
    pub(crate) view: Vec<u8>,
    /// Pixels, upright.
    pub(crate) width: u32,
    /// Pixels, upright.
    pub(crate) height: u32,
    /// What the camera wrote.
    pub(crate) camera: ManifestCamera,
    /// What the officer should look at.
    pub(crate) verdicts: Vec<PhotoVerdict>,
}

/// Turns the camera's bytes into evidence. A decoder that panics on hostile bytes is a bad photo, not a dead app.
///
/// # Errors
/// The first [`PhotoProblem`] found.
pub(crate) fn prepare(camera_bytes: Vec<u8>) -> Result<Prepared, PhotoProblem> {
    catch_unwind(AssertUnwindSafe(|| make(camera_bytes))).unwrap_or(Err(PhotoProblem::Undecodable))
}

fn make(camera_bytes: Vec<u8>) -> Result<Prepared, PhotoProblem> {
    let front = read_front(&camera_bytes)?;
    let camera = front
        .exif
        .and_then(|(from, to)| camera_bytes.get(from..to))
        .map_or_else(no_camera_facts, exif::read);
    let pixels = decode(&camera_bytes, &front)?;
    // Up to 25 MiB that the steps below can do without.
    drop(camera_bytes);
    let pixels = pixels.at_most(SEALED_LONG_SIDE_PX)?;
    let pixels = pixels.upright(camera.orientation);
    let verdicts = judge(&pixels, front.width.max(front.height))?;
    let view = pixels.shrunk(VIEW_PX, FilterType::Bilinear)?;
    let view = view.as_ref().unwrap_or(&pixels).encode(VIEW_QUALITY)?;
    let mut jpeg = pixels.encode(QUALITY)?;
    if jpeg.len() > LARGE_BYTES {
        jpeg = pixels.encode(QUALITY_OF_LARGE)?;
    }
    Ok(Prepared {
        jpeg,
        view,
        width: pixels.width,
        height: pixels.height,
        camera,
        verdicts,
    })
}

fn no_camera_facts() -> ManifestCamera {
    ManifestCamera {
        make: None,
        model: None,
        exposure_us: None,
        iso: None,
        focal_um: None,
        orientation: 1,
        exif_taken: None,
    }
}

/// What the markers before the picture say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Front {
    width: u32,
    height: u32,
    /// Where the TIFF part of the first EXIF segment lies.
    exif: Option<(usize, usize)>,
}

/// What a frame header says.
struct Frame {
    width: u32,
    height: u32,
    coefficient_bytes: u64,
}

/// Walks the markers; decodes nothing.
fn read_front(bytes: &[u8]) -> Result<Front, PhotoProblem> {
    use PhotoProblem as P;
    if bytes.len() > MAX_CAMERA_BYTES {
        return Err(P::TooManyBytes);
    }
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return Err(P::NotJpeg);
    }
    let mut at = 2;
    let mut frame: Option<Frame> = None;
    let mut progressive = false;
    let mut exif = None;
    let mut scans = 0;
    loop {
        let (marker, body, next) = segment(bytes, at)?;
        let segment = &bytes[body..next];
        match marker {
            0xc0..=0xc2 => {
                if frame.is_some() {
                    return Err(P::UnsupportedCoding);
                }
                progressive = marker == 0xc2;
                frame = Some(read_frame(segment)?);
            }
            0xc3 | 0xc5..=0xc7 | 0xc8..=0xcb | 0xcc..=0xcf | 0xdc | 0xde | 0xdf => {
                return Err(P::UnsupportedCoding);
            }
            0xe1 if exif.is_none() && segment.starts_with(b"Exif\0\0") => {
                exif = Some((body + 6, next));
            }
            0xd0..=0xd8 => return Err(P::NotJpeg),
            0xda => {
                scans += 1;
                if !progressive {
                    break;
                }
                at = after_scan(bytes, next)?;
                if bytes.get(at + 1) == Some(&0xd9) {
                    break;
                }
                if scans == MAX_SCANS {
                    return Err(P::UnsupportedCoding);
                }
                continue;
            }
            _ => {}
        }
        at = next;
    }
    let frame = frame.ok_or(P::NotJpeg)?;
    if progressive && frame.coefficient_bytes > MAX_COEFFICIENT_BYTES {
        return Err(P::TooManyPixels);
    }
    // Coded data never holds FF D9, so its last one is the picture's end (or lies in what a maker appended behind it).
    if !bytes[at..]
        .windows(2)
        .rev()
        .any(|pair| pair == [0xff, 0xd9])
    {
        return Err(P::Truncated);
    }
    Ok(Front {
        width: frame.width,
        height: frame.height,
        exif,
    })
}

/// The marker at `at`, where its body begins, and where the next marker is looked for.
fn segment(bytes: &[u8], mut at: usize) -> Result<(u8, usize, usize), PhotoProblem> {
    use PhotoProblem as P;
    loop {
        match bytes.get(at..at + 2) {
            None | Some([0xff, 0xd9]) => return Err(P::Truncated),
            Some([0xff, 0xff]) => at += 1,
            Some([0xff, marker]) => {
                let len = bytes.get(at + 2..at + 4).ok_or(P::Truncated)?;
                let len = usize::from(u16::from_be_bytes([len[0], len[1]]));
                let next = at + 2 + len;
                if len < 2 || next > bytes.len() {
                    return Err(P::Truncated);
                }
                return Ok((*marker, at + 4, next));
            }
            Some(_) => return Err(P::NotJpeg),
        }
    }
}

fn read_frame(segment: &[u8]) -> Result<Frame, PhotoProblem> {
    use PhotoProblem as P;
    let [precision, h1, h0, w1, w0, count, components @ ..] = segment else {
        return Err(P::Truncated);
    };
    if *precision != 8 {
        return Err(P::NotEightBit);
    }
    if *count != 1 && *count != 3 {
        return Err(P::WrongColours);
    }
    let width = u32::from(u16::from_be_bytes([*w1, *w0]));
    let height = u32::from(u16::from_be_bytes([*h1, *h0]));
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(P::Undecodable);
    }
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(P::TooManyPixels);
    }
    let factors: Vec<(u64, u64)> = components
        .chunks_exact(3)
        .take(usize::from(*count))
        .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
        .collect();
    let most = |side: fn(&(u64, u64)) -> u64| factors.iter().map(side).max().unwrap_or(0);
    let (h_most, v_most) = (most(|f| f.0), most(|f| f.1));
    if factors.len() != usize::from(*count)
        || factors
            .iter()
            .any(|(h, v)| !(1..=4).contains(h) || !(1..=4).contains(v))
    {
        return Err(P::Undecodable);
    }
    let samples: u64 = factors
        .iter()
        .map(|(h, v)| pixels * h * v / (h_most * v_most))
        .sum();
    Ok(Frame {
        width,
        height,
        coefficient_bytes: samples * 2,
    })
}

/// Where the marker after coded data lies; stuffed bytes and restarts belong to the data.
fn after_scan(bytes: &[u8], mut at: usize) -> Result<usize, PhotoProblem> {
    loop {
        let found = bytes[at..].iter().position(|byte| *byte == 0xff);
        at += found.ok_or(PhotoProblem::Truncated)?;
        match bytes.get(at + 1) {
            None => return Err(PhotoProblem::Truncated),
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            Some(_) => return Ok(at),
        }
    }
}

/// Pixels in red, green and blue.
struct Pixels {
    rgb: Vec<u8>,
    width: u32,
    height: u32,
}

/// Decodes at the smallest fraction that is still enough.
fn decode(bytes: &[u8], front: &Front) -> Result<Pixels, PhotoProblem> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(usize::try_from(MAX_PIXELS * 3).unwrap_or(usize::MAX));
    // The decoder stops at the first side that reaches what is asked; the short side asks for what cannot be.
    let enough = u16::try_from(LONG_SIDE_ENOUGH_PX).unwrap_or(u16::MAX);
    let asked = if front.width >= front.height {
        (enough, u16::MAX)
    } else {
        (u16::MAX, enough)
    };
    let undecodable = |_| PhotoProblem::Undecodable;
    decoder.scale(asked.0, asked.1).map_err(undecodable)?;
    let pixels = decoder.decode().map_err(undecodable)?;
    let info = decoder.info().ok_or(PhotoProblem::Undecodable)?;
    let rgb = match info.pixel_format {
        jpeg_decoder::PixelFormat::RGB24 => pixels,
        jpeg_decoder::PixelFormat::L8 => pixels.iter().flat_map(|grey| [*grey; 3]).collect(),
        jpeg_decoder::PixelFormat::L16 | jpeg_decoder::PixelFormat::CMYK32 => {
            return Err(PhotoProblem::WrongColours);
        }
    };
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    if rgb.len() as u64 != u64::from(width) * u64::from(height) * 3 {
        return Err(PhotoProblem::Undecodable);
    }
    Ok(Pixels { rgb, width, height })
}

impl Pixels {
    /// A copy with this long side; `None` when it is not longer anyway.
    fn shrunk(&self, long: u32, filter: FilterType) -> Result<Option<Self>, PhotoProblem> {
        let longest = self.width.max(self.height);
        if longest <= long {
            return Ok(None);
        }
        let scaled = |side: u32| (side * long).div_ceil(longest).max(1);
        let (width, height) = (scaled(self.width), scaled(self.height));
        let undecodable = |_| PhotoProblem::Undecodable;
        let mut rgb = vec![0; width as usize * height as usize * 3];
        // By the one kind of pixel there is: to choose it at run time links all thirteen kinds, which are 4 MB of the app.
        let from = TypedImageRef::<U8x3>::from_buffer(self.width, self.height, &self.rgb)
            .map_err(undecodable)?;
        let mut to =
            TypedImage::<U8x3>::from_buffer(width, height, &mut rgb).map_err(undecodable)?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
        Resizer::new()
            .resize_typed(&from, &mut to, &options)
            .map_err(|_| PhotoProblem::Undecodable)?;
        Ok(Some(Self { rgb, width, height }))
    }

    fn at_most(self, long: u32) -> Result<Self, PhotoProblem> {
        Ok(self.shrunk(long, FilterType::CatmullRom)?.unwrap_or(self))
    }

    /// Turned and mirrored as EXIF says the camera was held.
    fn upright(self, orientation: u32) -> Self {
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let (w, h) = (self.width as usize, self.height as usize);
        let source = pixels_of(&self.rgb);
        let mut rgb = vec![0; self.rgb.len()];
        let (target, _) = rgb.as_chunks_mut::<3>();
        let turned = orientation >= 5;
        let across = if turned { h } else { w };
        // Squares small enough for the nearest cache: a quarter turn reads down while it writes across.
        for square_y in (0..h).step_by(SQUARE) {
            for square_x in (0..w).step_by(SQUARE) {
                for y in square_y..(square_y + SQUARE).min(h) {
                    for x in square_x..(square_x + SQUARE).min(w) {
                        let (to_x, to_y) = match orientation {
                            2 => (w - 1 - x, y),
                            3 => (w - 1 - x, h - 1 - y),
                            4 => (x, h - 1 - y),
                            5 => (y, x),
                            6 => (h - 1 - y, x),
                            7 => (h - 1 - y, w - 1 - x),
                            _ => (y, w - 1 - x),
                        };
                        target[to_y * across + to_x] = source[y * w + x];
                    }
                }
            }
        }
        let (width, height) = if turned {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        };
        Self { rgb, width, height }
    }

    /// Baseline JPEG: a JFIF header and nothing else that is not picture.
    fn encode(&self, quality: u8) -> Result<Vec<u8>, PhotoProblem> {
        let side = |side: u32| u16::try_from(side).map_err(|_| PhotoProblem::TooManyPixels);
        let mut out = Vec::with_capacity(self.rgb.len() / 16);
        jpeg_encoder::Encoder::new(&mut out, quality)
            .encode(
                &self.rgb,
                side(self.width)?,
                side(self.height)?,
                jpeg_encoder::ColorType::Rgb,
            )
            .map_err(|_| PhotoProblem::Undecodable)?;
        Ok(out)
    }
}

/// Side of the squares a photo is turned by, in pixels.
const SQUARE: usize = 32;

fn pixels_of(rgb: &[u8]) -> &[[u8; 3]] {
    rgb.as_chunks::<3>().0
}

fn judge(pixels: &Pixels, camera_long: u32) -> Result<Vec<PhotoVerdict>, PhotoProblem> {
    let small = pixels.shrunk(JUDGED_PX, FilterType::Box)?;
    let small = small.as_ref().unwrap_or(pixels);
    let grey: Vec<i32> = pixels_of(&small.rgb)
        .iter()
        .map(|[r, g, b]| (i32::from(*r) * 77 + i32::from(*g) * 150 + i32::from(*b) * 29) >> 8)
        .collect();
    let mut verdicts = Vec::new();
    let dark = mean(&grey) < DARK_BELOW;
    // What little a dark photo shows has no edges either; one verdict is enough.
    if dark {
        verdicts.push(PhotoVerdict::Dark);
    } else if sharpness(&grey, small.width as usize) < BLURRED_BELOW {
        verdicts.push(PhotoVerdict::Blurred);
    }
    if camera_long < SMALL_BELOW_PX {
        verdicts.push(PhotoVerdict::TooSmall);
    }
    Ok(verdicts)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a mean of bytes over fewer than 2^31 pixels"
)]
fn mean(grey: &[i32]) -> f64 {
    let sum: i64 = grey.iter().map(|value| i64::from(*value)).sum();
    sum as f64 / grey.len().max(1) as f64
}

/// The variance of the Laplacian: how much edge there is.
#[expect(
    clippy::cast_precision_loss,
    reason = "sums of small squares over a small copy"
)]
fn sharpness(grey: &[i32], width: usize) -> f64 {
    let (mut sum, mut squares, mut count) = (0_i64, 0_i64, 0_i64);
    let rows: Vec<&[i32]> = grey.chunks_exact(width).collect();
    for three in rows.windows(3) {
        for x in 1..width.saturating_sub(1) {
            let laplacian = i64::from(
                three[0][x] + three[2][x] + three[1][x - 1] + three[1][x + 1] - 4 * three[1][x],
            );
            sum += laplacian;
            squares += laplacian * laplacian;
            count += 1;
        }
    }
    if count == 0 {
        return 0.0;
    }
    let mean = sum as f64 / count as f64;
    squares as f64 / count as f64 - mean * mean
}

/// The few EXIF facts that matter. Offsets come from a stranger: each is checked, nothing is followed twice, and what
/// cannot be read is simply not there.
mod exif {
    use tilik_protocol::manifest::ManifestCamera;

    /// Most entries read of one directory; cameras write about 50.
    const MAX_ENTRIES: usize = 256;
    /// Longest text kept, in characters.
    const MAX_CHARS: usize = 64;

    struct Tiff<'a> {
        bytes: &'a [u8],
        little: bool,
    }

    /// One entry: its tag, type, count and the four bytes that are or point to its value.
    struct Entry {
        tag: u16,
        kind: u16,
        count: u32,
        value_at: usize,
    }

    pub(super) fn read(bytes: &[u8]) -> ManifestCamera {
        let mut facts = super::no_camera_facts();
        let little = match bytes.get(..2) {
            Some(b"II") => true,
            Some(b"MM") => false,
            _ => return facts,
        };
        let tiff = Tiff { bytes, little };
        if tiff.u16(2) != Some(42) {
            return facts;
        }
        let Some(first) = tiff.u32(4) else {
            return facts;
        };
        let mut camera_directory = None;
        for entry in tiff.directory(first) {
            match entry.tag {
                0x010f => facts.make = tiff.text(&entry),
                0x0110 => facts.model = tiff.text(&entry),
                0x0112 => {
                    facts.orientation = tiff
                        .number(&entry)
                        .filter(|orientation| (1..=8).contains(orientation))
                        .unwrap_or(1);
                }
                0x8769 => camera_directory = tiff.number(&entry),
                _ => {}
            }
        }
        for entry in camera_directory
            .map(|at| tiff.directory(at))
            .into_iter()
            .flatten()
        {
            match entry.tag {
                0x829a => facts.exposure_us = tiff.millionths(&entry),
                0x8827 => facts.iso = tiff.number(&entry).filter(|iso| *iso > 0),
                0x920a => {
                    // Millimetres; a thousandth of one is a micrometre.
                    facts.focal_um = tiff
                        .millionths(&entry)
                        .and_then(|nanometres| u32::try_from(nanometres / 1_000).ok());
                }
                0x9003 => facts.exif_taken = tiff.text(&entry),
                _ => {}
            }
        }
        facts
    }

    impl Tiff<'_> {
        fn u16(&self, at: usize) -> Option<u16> {
            let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
            Some(if self.little {
                u16::from_le_bytes(bytes)
            } else {
                u16::from_be_bytes(bytes)
            })
        }

        fn u32(&self, at: usize) -> Option<u32> {
            let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
            Some(if self.little {
                u32::from_le_bytes(bytes)
            } else {
                u32::from_be_bytes(bytes)
            })
        }

        fn directory(&self, at: u32) -> Vec<Entry> {
            let Some((at, count)) = usize::try_from(at)
                .ok()
                .and_then(|at| Some((at, self.u16(at)?)))
            else {
                return Vec::new();
            };
            (0..usize::from(count).min(MAX_ENTRIES))
                .map_while(|n| {
                    let entry = at.checked_add(2 + n * 12)?;
                    Some(Entry {
                        tag: self.u16(entry)?,
                        kind: self.u16(entry.checked_add(2)?)?,
                        count: self.u32(entry.checked_add(4)?)?,
                        value_at: entry.checked_add(8)?,
                    })
                })
                .collect()
        }

        /// A SHORT or LONG; the first where there are several.
        fn number(&self, entry: &Entry) -> Option<u32> {
            match (entry.kind, entry.count) {
                (3, 1 | 2) => self.u16(entry.value_at).map(u32::from),
                (4, 1) => self.u32(entry.value_at),
                _ => None,
            }
        }

        /// A positive RATIONAL in millionths.
        fn millionths(&self, entry: &Entry) -> Option<u64> {
            if entry.kind != 5 || entry.count != 1 {
                return None;
            }
            let at = usize::try_from(self.u32(entry.value_at)?).ok()?;
            let above = u64::from(self.u32(at)?);
            let below = u64::from(self.u32(at.checked_add(4)?)?);
            (above * 1_000_000)
                .checked_div(below)
                .filter(|value| *value > 0)
        }

        /// ASCII up to its first NUL, without what is not printable.
        fn text(&self, entry: &Entry) -> Option<String> {
            if entry.kind != 2 {
                return None;
            }
            let count = usize::try_from(entry.count).ok()?;
            let at = if count <= 4 {
                entry.value_at
            } else {
                usize::try_from(self.u32(entry.value_at)?).ok()?
            };
            let text = self.bytes.get(at..at.checked_add(count)?)?;
            let text: String = text
                .iter()
                .take_while(|byte| **byte != 0)
                .filter(|byte| byte.is_ascii_graphic() || **byte == b' ')
                .take(MAX_CHARS)
                .map(|byte| char::from(*byte))
                .collect();
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
