//! Photos: checks before any decoding, and the copies people see.
//!
//! The evidence is kept byte-exact; what is shown is decoded and encoded again, which removes whatever was hidden in it.
//! Only what our camera writes is accepted: one baseline JPEG of 8 bits, grey or YCbCr, without metadata, with nothing
//! after its end. Everything is refused before a decoder sees it.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::DynamicImage;
use image::metadata::Orientation;

use crate::jpeg_rows;

/// Largest photo in bytes.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Longest side in pixels.
const MAX_SIDE: u32 = 8192;
/// Most pixels.
const MAX_PIXELS: u32 = 24_000_000;
/// Largest application segment in bytes; our camera writes JFIF only.
const MAX_APP: usize = 4096;
/// Long sides of the two copies, in pixels.
const LARGE: u32 = 1600;
/// A photo of an unknown camera, which is only looked at.
const MOST_OLD_PIXELS: u32 = 50_000_000;
const SMALL: u32 = 320;
/// How good the large copy is; whoever writes on one keeps to it.
pub const LARGE_QUALITY: u8 = 82;

/// Why a photo cannot be accepted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum PhotoProblem {
    /// Does not begin like a JPEG.
    NotJpeg,
    /// Ends too early.
    Truncated,
    /// More than 10 MiB.
    TooManyBytes,
    /// More than 8192 pixels a side or 24 megapixels.
    TooManyPixels,
    /// Progressive, lossless or arithmetic coding.
    NotBaseline,
    /// Not 8 bits a sample.
    NotEightBit,
    /// CMYK or another number of components.
    WrongColours,
    /// EXIF, XMP or another application segment.
    HasMetadata,
    /// Something follows the picture.
    TrailingData,
    /// The decoder gave up.
    Undecodable,
}

impl PhotoProblem {
    /// One sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotJpeg => "Berkas bukan foto JPEG.",
            Self::Truncated => "Foto terpotong.",
            Self::TooManyBytes => "Foto lebih dari 10 MiB.",
            Self::TooManyPixels => "Ukuran foto melebihi 24 megapiksel.",
            Self::NotBaseline => "Jenis JPEG tidak didukung (bukan baseline).",
            Self::NotEightBit => "Kedalaman warna tidak didukung.",
            Self::WrongColours => "Ruang warna tidak didukung.",
            Self::HasMetadata => "Foto masih berisi metadata.",
            Self::TrailingData => "Ada data lain di belakang foto.",
            Self::Undecodable => "Foto rusak dan tidak dapat dibuka.",
        }
    }
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoFacts {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Walks the markers; decodes nothing.
///
/// # Errors
/// The first [`PhotoProblem`] found.
pub fn check(bytes: &[u8]) -> Result<PhotoFacts, PhotoProblem> {
    use PhotoProblem as P;
    if bytes.len() > MAX_BYTES {
        return Err(P::TooManyBytes);
    }
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8]).ok_or(P::NotJpeg)?;
    let mut facts = None;
    loop {
        let [0xff, marker, after @ ..] = rest else {
            return Err(if rest.len() < 2 {
                P::Truncated
            } else {
                P::NotJpeg
            });
        };
        let marker = *marker;
        if marker == 0xff {
            rest = &rest[1..];
            continue;
        }
        if marker == 0xd9 {
            return Err(P::Truncated);
        }
        let [high, low, ..] = after else {
            return Err(P::Truncated);
        };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        if len < 2 || after.len() < len {
            return Err(P::Truncated);
        }
        let (segment, next) = (&after[2..len], &after[len..]);
        match marker {
            0xc0 => {
                if facts.is_some() {
                    return Err(P::NotBaseline);
                }
                facts = Some(frame(segment)?);
            }
            0xc1..=0xc3 | 0xc5..=0xc7 | 0xc8 | 0xc9..=0xcb | 0xcc..=0xcf => {
                return Err(P::NotBaseline);
            }
            0xe0 if segment.len() <= MAX_APP && segment.starts_with(b"JFIF\0") => {}
            0xe0..=0xef | 0xfe => return Err(P::HasMetadata),
            0xda => {
                let facts = facts.ok_or(P::NotJpeg)?;
                rest = scan(next)?;
                if let [0xff, 0xd9, tail @ ..] = rest {
                    return if tail.is_empty() {
                        Ok(facts)
                    } else {
                        Err(P::TrailingData)
                    };
                }
                continue;
            }
            0xc4 | 0xdb | 0xdd => {}
            _ => return Err(P::NotJpeg),
        }
        rest = next;
    }
}

fn frame(segment: &[u8]) -> Result<PhotoFacts, PhotoProblem> {
    use PhotoProblem as P;
    let [precision, h1, h0, w1, w0, components, ..] = segment else {
        return Err(P::Truncated);
    };
    if *precision != 8 {
        return Err(P::NotEightBit);
    }
    if *components != 1 && *components != 3 {
        return Err(P::WrongColours);
    }
    let height = u32::from(u16::from_be_bytes([*h1, *h0]));
    let width = u32::from(u16::from_be_bytes([*w1, *w0]));
    if width == 0 || height == 0 {
        return Err(P::Undecodable);
    }
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(P::TooManyPixels);
    }
    Ok(PhotoFacts { width, height })
}

/// Skips entropy-coded data up to the next marker that is neither stuffing nor a restart.
fn scan(mut data: &[u8]) -> Result<&[u8], PhotoProblem> {
    loop {
        let at = memchr::memchr(0xff, data).ok_or(PhotoProblem::Truncated)?;
        match data.get(at + 1) {
            None => return Err(PhotoProblem::Truncated),
            Some(0x00 | 0xd0..=0xd7) => data = &data[at + 2..],
            Some(_) => return Ok(&data[at..]),
        }
    }
}

/// The copies people see, as JPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivatives {
    /// Long side at most 1600 pixels.
    pub large: Vec<u8>,
    /// Long side at most 320 pixels.
    pub small: Vec<u8>,
}

/// Makes both copies from one decode. Costs CPU: not for an async thread.
///
/// # Errors
/// What [`check`] says, or `undecodable`.
pub fn derivatives(bytes: &[u8]) -> Result<Derivatives, PhotoProblem> {
    let facts = check(bytes)?;
    let (rgb, width, height) = decode_as(bytes, facts)?;
    let (large, large_width, large_height) = shrink(&rgb, width, height, LARGE)?;
    let (small, small_width, small_height) = shrink(&large, large_width, large_height, SMALL)?;
    Ok(Derivatives {
        large: jpeg_rows::encode(&large, large_width, large_height, LARGE_QUALITY)?,
        small: encode(&small, small_width, small_height, 78)?,
    })
}

/// A photo of unknown make drawn anew, the way up it was taken: at most 1600 pixels, nothing beside the pixels. Not
/// evidence, so progressive ones are taken too.
///
/// # Errors
/// What is wrong with it.
pub fn redrawn(bytes: &[u8]) -> Result<(Vec<u8>, u32, u32), PhotoProblem> {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return Err(PhotoProblem::NotJpeg);
    }
    let undecodable = |_| PhotoProblem::Undecodable;
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.read_info().map_err(undecodable)?;
    let info = decoder.info().ok_or(PhotoProblem::Undecodable)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    if width * height > MOST_OLD_PIXELS || width.min(height) == 0 {
        return Err(PhotoProblem::TooManyPixels);
    }
    let facts = PhotoFacts { width, height };
    let turned = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    let (rgb, width, height) = decode_as(bytes, facts)?;
    let (rgb, width, height) = shrink(&rgb, width, height, LARGE)?;
    let (rgb, width, height) = upright(rgb, width, height, turned)?;
    Ok((encode(&rgb, width, height, 80)?, width, height))
}

/// A stranger's photo drawn anew: of at most 5 MiB and as many pixels as our own camera may write, in one scan a component.
/// A progressive one asks for all its pixels again with every scan, and is refused before any is decoded.
///
/// # Errors
/// What is wrong with it.
pub fn redrawn_from_stranger(bytes: &[u8]) -> Result<(Vec<u8>, u32, u32), PhotoProblem> {
    if bytes.len() > crate::objection_photos::MAX_BYTES {
        return Err(PhotoProblem::TooManyBytes);
    }
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return Err(PhotoProblem::NotJpeg);
    }
    let undecodable = |_| PhotoProblem::Undecodable;
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.read_info().map_err(undecodable)?;
    let info = decoder.info().ok_or(PhotoProblem::Undecodable)?;
    if info.coding_process != jpeg_decoder::CodingProcess::DctSequential {
        return Err(PhotoProblem::NotBaseline);
    }
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(PhotoProblem::TooManyPixels);
    }
    redrawn(bytes)
}

/// A camera writes its pixels as it was held, and how that was beside them.
fn upright(
    rgb: Vec<u8>,
    width: u32,
    height: u32,
    turned: Option<Orientation>,
) -> Result<(Vec<u8>, u32, u32), PhotoProblem> {
    let Some(turned) = turned.filter(|turned| *turned != Orientation::NoTransforms) else {
        return Ok((rgb, width, height));
    };
    let pixels = image::RgbImage::from_raw(width, height, rgb).ok_or(PhotoProblem::Undecodable)?;
    let mut photo = DynamicImage::ImageRgb8(pixels);
    photo.apply_orientation(turned);
    let (width, height) = (photo.width(), photo.height());
    Ok((photo.into_rgb8().into_raw(), width, height))
}

/// The pixels of one of our own copies: RGB, width, height.
///
/// # Errors
/// What [`check`] says, or `undecodable`.
pub fn decode(bytes: &[u8]) -> Result<(Vec<u8>, u32, u32), PhotoProblem> {
    decode_as(bytes, check(bytes)?)
}

fn decode_as(bytes: &[u8], facts: PhotoFacts) -> Result<(Vec<u8>, u32, u32), PhotoProblem> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let undecodable = |_| PhotoProblem::Undecodable;
    // Decoding at a half or a quarter costs a fraction; the large copy must not be smaller than its target.
    let target = |side: u32| u16::try_from(side.min(LARGE)).unwrap_or(u16::MAX);
    let long = facts.width.max(facts.height);
    if long >= LARGE * 2 {
        decoder
            .scale(target(facts.width), target(facts.height))
            .map_err(undecodable)?;
    }
    let pixels = decoder.decode().map_err(undecodable)?;
    let info = decoder.info().ok_or(PhotoProblem::Undecodable)?;
    let rgb = match info.pixel_format {
        jpeg_decoder::PixelFormat::RGB24 => pixels,
        jpeg_decoder::PixelFormat::L8 => {
            let (width, height) = (u32::from(info.width), u32::from(info.height));
            let grey = image::GrayImage::from_raw(width, height, pixels)
                .ok_or(PhotoProblem::Undecodable)?;
            DynamicImage::ImageLuma8(grey).into_rgb8().into_raw()
        }
        jpeg_decoder::PixelFormat::L16 | jpeg_decoder::PixelFormat::CMYK32 => {
            return Err(PhotoProblem::WrongColours);
        }
    };
    Ok((rgb, u32::from(info.width), u32::from(info.height)))
}

fn shrink(
    rgb: &[u8],
    width: u32,
    height: u32,
    long: u32,
) -> Result<(Vec<u8>, u32, u32), PhotoProblem> {
    let longest = width.max(height);
    if longest <= long {
        return Ok((rgb.to_vec(), width, height));
    }
    let scaled = |side: u32| (side * long).div_ceil(longest).max(1);
    let (to_width, to_height) = (scaled(width), scaled(height));
    let from = ImageRef::new(width, height, rgb, PixelType::U8x3)
        .map_err(|_| PhotoProblem::Undecodable)?;
    let mut to = Image::new(to_width, to_height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new()
        .resize(&from, &mut to, &options)
        .map_err(|_| PhotoProblem::Undecodable)?;
    Ok((to.into_vec(), to_width, to_height))
}

/// A baseline JPEG of RGB pixels.
///
/// # Errors
/// When it is too large for one.
pub fn encode(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>, PhotoProblem> {
    encode_as(rgb, width, height, quality, |_| {})
}

/// The same, with the encoder set otherwise.
pub(crate) fn encode_as(
    rgb: &[u8],
    width: u32,
    height: u32,
    quality: u8,
    set: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>),
) -> Result<Vec<u8>, PhotoProblem> {
    let side = |side: u32| u16::try_from(side).map_err(|_| PhotoProblem::TooManyPixels);
    let mut out = Vec::with_capacity(rgb.len() / 8);
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality);
    set(&mut encoder);
    encoder
        .encode(
            rgb,
            side(width)?,
            side(height)?,
            jpeg_encoder::ColorType::Rgb,
        )
        .map_err(|_| PhotoProblem::Undecodable)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{ColorType, Encoder};

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainders fit in a byte"
    )]
    fn rgb(width: u16, height: u16) -> Vec<u8> {
        (0..usize::from(width) * usize::from(height))
            .flat_map(|n| [(n % 251) as u8, (n / 7 % 253) as u8, (n / 31 % 255) as u8])
            .collect()
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        encode(&rgb(width, height), u32::from(width), u32::from(height), 80).unwrap()
    }

    #[test]
    fn a_baseline_photo_passes_and_gets_two_copies() {
        let bytes = jpeg(2048, 1536);
        assert_eq!(
            check(&bytes),
            Ok(PhotoFacts {
                width: 2048,
                height: 1536
            })
        );
        let copies = derivatives(&bytes).unwrap();
        assert_eq!(
            check(&copies.large),
            Ok(PhotoFacts {
                width: 1600,
                height: 1200
            })
        );
        assert_eq!(
            check(&copies.small),
            Ok(PhotoFacts {
                width: 320,
                height: 240
            })
        );
    }

    #[test]
    fn a_large_photo_is_decoded_at_a_fraction_and_a_small_one_is_not_enlarged() {
        let copies = derivatives(&jpeg(4032, 3024)).unwrap();
        assert_eq!(
            check(&copies.large),
            Ok(PhotoFacts {
                width: 1600,
                height: 1200
            })
        );
        let copies = derivatives(&jpeg(100, 60)).unwrap();
        assert_eq!(
            check(&copies.large),
            Ok(PhotoFacts {
                width: 100,
                height: 60
            })
        );
    }

    #[test]
    fn every_cut_is_refused_and_nothing_panics() {
        let bytes = jpeg(64, 48);
        for len in 0..bytes.len() {
            assert!(check(&bytes[..len]).is_err(), "cut at {len}");
            assert!(derivatives(&bytes[..len]).is_err(), "cut at {len}");
        }
    }

    #[test]
    fn other_kinds_of_file_and_of_jpeg_are_named() {
        assert_eq!(check(b"\x89PNG\r\n\x1a\n0000"), Err(PhotoProblem::NotJpeg));
        assert_eq!(check(b"<html>"), Err(PhotoProblem::NotJpeg));
        assert_eq!(
            check(&vec![0xff; MAX_BYTES + 1]),
            Err(PhotoProblem::TooManyBytes)
        );

        let mut progressive = Vec::new();
        let mut encoder = Encoder::new(&mut progressive, 80);
        encoder.set_progressive(true);
        encoder
            .encode(&rgb(64, 48), 64, 48, ColorType::Rgb)
            .unwrap();
        assert_eq!(check(&progressive), Err(PhotoProblem::NotBaseline));

        let mut cmyk = Vec::new();
        Encoder::new(&mut cmyk, 80)
            .encode(&[7; 64 * 48 * 4], 64, 48, ColorType::Cmyk)
            .unwrap();
        assert!(matches!(
            check(&cmyk),
            Err(PhotoProblem::WrongColours | PhotoProblem::HasMetadata)
        ));

        let mut polyglot = jpeg(64, 48);
        polyglot.extend_from_slice(b"PK\x03\x04 a zip behind a photo");
        assert_eq!(check(&polyglot), Err(PhotoProblem::TrailingData));

        let exif = [
            &jpeg(64, 48)[..2],
            b"\xff\xe1\x00\x08Exif\0\0",
            &jpeg(64, 48)[2..],
        ]
        .concat();
        assert_eq!(check(&exif), Err(PhotoProblem::HasMetadata));
        let comment = [
            &jpeg(64, 48)[..2],
            b"\xff\xfe\x00\x08<html>",
            &jpeg(64, 48)[2..],
        ]
        .concat();
        assert_eq!(check(&comment), Err(PhotoProblem::HasMetadata));
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bomb = jpeg(64, 48);
        let at = bomb
            .windows(2)
            .position(|pair| pair == [0xff, 0xc0])
            .unwrap();
        bomb[at + 5..at + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
        assert_eq!(check(&bomb), Err(PhotoProblem::TooManyPixels));
    }

    /// The same pixels, with how the camera was held beside them.
    fn held(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        let mut photo = vec![0xff, 0xd8, 0xff, 0xe1];
        photo.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        photo.extend(exif);
        photo.extend(&jpeg[2..]);
        photo
    }

    #[test]
    fn an_old_photo_stands_the_way_up_it_was_taken() {
        // Left half white, right half black.
        let pixels: Vec<u8> = (0..64 * 32)
            .flat_map(|n| [if n % 64 < 32 { 255 } else { 0 }; 3])
            .collect();
        let flat = encode(&pixels, 64, 32, 90).unwrap();
        let drawn = |orientation: u8| {
            let (bytes, width, height) = redrawn(&held(&flat, orientation)).unwrap();
            let (rgb, decoded, _) = decode(&bytes).unwrap();
            assert_eq!(decoded, width);
            (width, height, rgb[0] > 200, rgb[rgb.len() - 1] > 200)
        };
        assert_eq!(drawn(1), (64, 32, true, false));
        assert_eq!(drawn(3), (64, 32, false, true), "upside down");
        assert_eq!(drawn(6), (32, 64, true, false), "a quarter to the right");
        assert_eq!(drawn(8), (32, 64, false, true), "a quarter to the left");
        assert_eq!(drawn(99), (64, 32, true, false), "no such way");
    }

    #[test]
    fn damaged_photos_never_panic() {
        let bytes = jpeg(96, 64);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..3_000 {
            let mut damaged = bytes.clone();
            for _ in 0..4 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let at = (state >> 33) as usize % damaged.len();
                damaged[at] = (state >> 20).to_le_bytes()[0];
            }
            let _ = derivatives(&damaged);
        }
    }
}
