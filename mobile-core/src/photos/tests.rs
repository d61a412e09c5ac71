use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use proptest::prelude::*;

use super::*;
use crate::drawing::{Exif, exif_segment, house, jpeg_of};

/// What the server checks before it accepts a photo, written apart from the code that makes it.
fn assert_server_would_accept(jpeg: &[u8], width: u32, height: u32) {
    assert!(jpeg.starts_with(&[0xff, 0xd8]));
    assert!(jpeg.ends_with(&[0xff, 0xd9]));
    let mut at = 2;
    let mut frames = 0;
    loop {
        assert_eq!(jpeg[at], 0xff);
        let marker = jpeg[at + 1];
        let len = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        let body = &jpeg[at + 4..at + 2 + len];
        match marker {
            0xc0 => {
                frames += 1;
                assert_eq!(body[0], 8);
                assert_eq!(u32::from(u16::from_be_bytes([body[1], body[2]])), height);
                assert_eq!(u32::from(u16::from_be_bytes([body[3], body[4]])), width);
                assert_eq!(body[5], 3);
            }
            0xe0 => assert!(body.starts_with(b"JFIF\0")),
            0xc4 | 0xdb => {}
            0xda => break,
            other => panic!("marker {other:x} has no business here"),
        }
        at += 2 + len;
    }
    assert_eq!(frames, 1);
    assert!(width.max(height) <= SEALED_LONG_SIDE_PX);
    let pair = |value| {
        jpeg[at..]
            .windows(2)
            .filter(|pair| *pair == [0xff, value])
            .count()
    };
    assert_eq!((pair(0xda), pair(0xd9)), (1, 1));
}

#[test]
fn a_12_megapixel_photo_becomes_upright_evidence_without_metadata() {
    let rgb = house(4032, 3024, 1);
    let camera = jpeg_of(
        &rgb,
        4032,
        3024,
        92,
        Some(&exif_segment(&Exif::default(), true)),
    );
    let made = prepare(camera).unwrap();
    // Orientation 6: the phone was held upright.
    assert_eq!((made.width, made.height), (1512, 2016));
    assert_server_would_accept(&made.jpeg, 1512, 2016);
    assert!(!made.jpeg.windows(4).any(|bytes| bytes == b"Exif"));
    assert!(made.jpeg.len() < 420 * 1024, "{} bytes", made.jpeg.len());
    assert_eq!(made.verdicts, []);
    assert_eq!(
        made.camera,
        ManifestCamera {
            make: Some("Contoh".to_owned()),
            model: Some("CTH-50".to_owned()),
            exposure_us: Some(8_333),
            iso: Some(125),
            focal_um: Some(4_250),
            orientation: 6,
            exif_taken: Some("2026:11:24 09:30:00".to_owned()),
        }
    );
    let view = jpeg_decoder::Decoder::new(&made.view[..]).decode().unwrap();
    assert_eq!(view.len(), 240 * 320 * 3);
}

#[test]
fn no_photo_is_made_longer_than_2048_nor_stretched() {
    for (width, height, expected) in [
        (2592, 1944, (2048, 1536)),
        (4608, 3456, (2048, 1536)),
        (3840, 2160, (1920, 1080)),
        (1944, 2592, (1536, 2048)),
        (640, 480, (640, 480)),
        (4000, 31, (2000, 16)),
        (1, 1, (1, 1)),
    ] {
        let made = prepare(jpeg_of(&house(width, height, 2), width, height, 85, None)).unwrap();
        assert_eq!((made.width, made.height), expected, "{width} x {height}");
        assert_server_would_accept(&made.jpeg, made.width, made.height);
        assert_eq!(made.camera, no_camera_facts());
    }
}

/// Where the picture's upper left and upper right corner lie in a file of each orientation, from the EXIF standard's
/// table: (is the first row's first pixel, is the first row's last pixel) by corner of the upright picture.
const CORNERS: [(u32, Corner, Corner); 8] = [
    (1, Corner::TopLeft, Corner::TopRight),
    (2, Corner::TopRight, Corner::TopLeft),
    (3, Corner::BottomRight, Corner::BottomLeft),
    (4, Corner::BottomLeft, Corner::BottomRight),
    (5, Corner::TopLeft, Corner::BottomLeft),
    (6, Corner::TopRight, Corner::BottomRight),
    (7, Corner::BottomRight, Corner::TopRight),
    (8, Corner::BottomLeft, Corner::TopLeft),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Corner {
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

#[test]
fn every_orientation_ends_upright() {
    let (width, height) = (96_u16, 64_u16);
    for (orientation, first, last) in CORNERS {
        // Red in the file's first corner, blue at the end of its first row, black elsewhere.
        let mut rgb = vec![0_u8; usize::from(width) * usize::from(height) * 3];
        for y in 0..16 {
            for x in 0..16 {
                rgb[(y * usize::from(width) + x) * 3] = 255;
                rgb[(y * usize::from(width) + usize::from(width) - 1 - x) * 3 + 2] = 255;
            }
        }
        let exif = exif_segment(
            &Exif {
                orientation: u16::try_from(orientation).unwrap(),
                ..Exif::default()
            },
            orientation % 2 == 0,
        );
        let made = prepare(jpeg_of(&rgb, width, height, 95, Some(&exif))).unwrap();
        assert_eq!(made.camera.orientation, orientation);
        let turned = orientation >= 5;
        assert_eq!(
            (made.width, made.height),
            if turned { (64, 96) } else { (96, 64) }
        );
        let pixels = jpeg_decoder::Decoder::new(&made.jpeg[..]).decode().unwrap();
        let at = |corner| {
            let (x, y) = match corner {
                Corner::TopLeft => (4, 4),
                Corner::TopRight => (made.width - 5, 4),
                Corner::BottomLeft => (4, made.height - 5),
                Corner::BottomRight => (made.width - 5, made.height - 5),
            };
            let at = (y * made.width + x) as usize * 3;
            (pixels[at], pixels[at + 2])
        };
        let (red, blue) = at(first);
        assert!(red > 200 && blue < 60, "{orientation}: {red} {blue}");
        let (red, blue) = at(last);
        assert!(red < 60 && blue > 200, "{orientation}: {red} {blue}");
    }
}

#[test]
fn a_progressive_and_a_grey_photo_are_taken_too() {
    let rgb = house(1600, 1200, 3);
    let mut progressive = Vec::new();
    let mut encoder = Encoder::new(&mut progressive, 85);
    encoder.set_progressive(true);
    encoder.encode(&rgb, 1600, 1200, ColorType::Rgb).unwrap();
    let made = prepare(progressive).unwrap();
    assert_server_would_accept(&made.jpeg, 1600, 1200);

    let grey: Vec<u8> = pixels_of(&rgb).iter().map(|pixel| pixel[1]).collect();
    let mut file = Vec::new();
    Encoder::new(&mut file, 85)
        .encode(&grey, 1600, 1200, ColorType::Luma)
        .unwrap();
    let made = prepare(file).unwrap();
    assert_server_would_accept(&made.jpeg, 1600, 1200);
}

#[test]
fn what_is_no_photo_is_named() {
    let good = jpeg_of(&house(64, 48, 4), 64, 48, 85, None);
    assert_eq!(prepare(Vec::new()).unwrap_err(), PhotoProblem::NotJpeg);
    assert_eq!(
        prepare(b"\x89PNG\r\n\x1a\n0000".to_vec()).unwrap_err(),
        PhotoProblem::NotJpeg
    );
    assert_eq!(
        prepare(vec![0xff; MAX_CAMERA_BYTES + 1]).unwrap_err(),
        PhotoProblem::TooManyBytes
    );
    let mut cmyk = Vec::new();
    Encoder::new(&mut cmyk, 80)
        .encode(&[7; 64 * 48 * 4], 64, 48, ColorType::Cmyk)
        .unwrap();
    assert_eq!(prepare(cmyk).unwrap_err(), PhotoProblem::WrongColours);

    let frame = good
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[frame + at..frame + at + bytes.len()].copy_from_slice(bytes);
        prepare(changed).unwrap_err()
    };
    assert_eq!(with(4, &[12]), PhotoProblem::NotEightBit);
    assert_eq!(
        with(5, &[0xff, 0xdc, 0xff, 0xdc]),
        PhotoProblem::TooManyPixels
    );
    assert_eq!(with(5, &[0, 0, 0, 8]), PhotoProblem::Undecodable);
    assert_eq!(with(1, &[0xc9]), PhotoProblem::UnsupportedCoding);
    assert_eq!(with(1, &[0xc3]), PhotoProblem::UnsupportedCoding);
}

#[test]
fn a_bomb_of_scans_and_one_of_coefficients_are_refused_by_their_markers() {
    let mut small = Vec::new();
    let mut encoder = Encoder::new(&mut small, 80);
    encoder.set_progressive(true);
    encoder
        .encode(&house(64, 48, 5), 64, 48, ColorType::Rgb)
        .unwrap();
    let scan = small
        .windows(2)
        .position(|pair| pair == [0xff, 0xda])
        .unwrap();
    let end = after_scan(&small, scan + 2).unwrap();
    let mut many = small[..small.len() - 2].to_vec();
    for _ in 0..100 {
        many.extend_from_slice(&small[scan..end]);
    }
    many.extend_from_slice(&[0xff, 0xd9]);
    assert_eq!(prepare(many).unwrap_err(), PhotoProblem::UnsupportedCoding);

    let mut encoder_out = Vec::new();
    let mut encoder = Encoder::new(&mut encoder_out, 80);
    encoder.set_progressive(true);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder
        .encode(&house(64, 48, 5), 64, 48, ColorType::Rgb)
        .unwrap();
    let frame = encoder_out
        .windows(2)
        .position(|pair| pair == [0xff, 0xc2])
        .unwrap();
    // 8192 x 8192 in full colour: 400 MiB of coefficients.
    encoder_out[frame + 5..frame + 9].copy_from_slice(&[0x20, 0, 0x20, 0]);
    assert_eq!(
        prepare(encoder_out).unwrap_err(),
        PhotoProblem::TooManyPixels
    );
}

#[test]
fn a_photo_cut_anywhere_is_refused() {
    let bytes = jpeg_of(
        &house(96, 64, 6),
        96,
        64,
        85,
        Some(&exif_segment(&Exif::default(), false)),
    );
    for len in 0..bytes.len() {
        assert!(prepare(bytes[..len].to_vec()).is_err(), "cut at {len}");
    }
}

#[test]
fn what_a_maker_appends_is_left_behind() {
    let mut bytes = jpeg_of(&house(320, 240, 7), 320, 240, 85, None);
    bytes.extend_from_slice(b"MotionPhoto_Data and a film of the neighbours");
    let made = prepare(bytes).unwrap();
    assert_server_would_accept(&made.jpeg, 320, 240);
}

#[test]
fn a_dark_a_shaken_and_a_tiny_photo_are_told_and_kept() {
    let (width, height) = (1600_u16, 1200_u16);
    let sharp = house(width, height, 8);
    let verdicts = |rgb: &[u8], width, height| {
        prepare(jpeg_of(rgb, width, height, 90, None))
            .unwrap()
            .verdicts
    };
    assert_eq!(verdicts(&sharp, width, height), []);
    let dark: Vec<u8> = sharp.iter().map(|value| value / 12).collect();
    assert_eq!(verdicts(&dark, width, height), [PhotoVerdict::Dark]);
    // Shaken along the wall by 1 % of the width.
    let shaken = smear(&sharp, usize::from(width), 16);
    assert_eq!(verdicts(&shaken, width, height), [PhotoVerdict::Blurred]);
    assert_eq!(
        verdicts(&house(640, 480, 9), 640, 480),
        [PhotoVerdict::TooSmall]
    );
}

fn smear(rgb: &[u8], width: usize, by: usize) -> Vec<u8> {
    let pixels = pixels_of(rgb);
    let height = pixels.len() / width;
    let mut across = pixels.to_vec();
    let mean = |values: &mut dyn Iterator<Item = [u8; 3]>| {
        let (mut sums, mut count) = ([0_u32; 3], 0);
        for pixel in values {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(value);
            }
            count += 1;
        }
        sums.map(|sum| u8::try_from(sum / count).unwrap())
    };
    for y in 0..height {
        for x in 0..width {
            across[y * width + x] =
                mean(&mut (x..(x + by).min(width)).map(|x| pixels[y * width + x]));
        }
    }
    let mut both = across.clone();
    for y in 0..height {
        for x in 0..width {
            both[y * width + x] =
                mean(&mut (y..(y + by).min(height)).map(|y| across[y * width + x]));
        }
    }
    both.concat()
}

#[test]
fn exif_reads_alike_in_both_byte_orders() {
    let facts = |little| exif::read(&exif_segment(&Exif::default(), little)[6..]);
    assert_eq!(facts(true), facts(false));
    assert_eq!(facts(true).iso, Some(125));
}

#[test]
fn a_zero_denominator_and_an_orientation_of_nine_are_nothing() {
    let facts = exif::read(
        &exif_segment(
            &Exif {
                exposure: (1, 0),
                orientation: 9,
                ..Exif::default()
            },
            true,
        )[6..],
    );
    assert_eq!((facts.exposure_us, facts.orientation), (None, 1));
}

#[test]
fn a_makers_name_of_control_characters_stays_readable() {
    let facts = exif::read(
        &exif_segment(
            &Exif {
                make: "\u{1b}[31mCon\ntoh".repeat(40),
                ..Exif::default()
            },
            true,
        )[6..],
    );
    let make = facts.make.unwrap();
    assert!(make.len() <= 64 && make.starts_with("[31mContoh"), "{make}");
}

proptest! {
    #[test]
    fn exif_of_garbage_is_empty_or_sane(bytes in proptest::collection::vec(any::<u8>(), 0..600), little: bool) {
        let mut tiff = if little { b"II\x2a\0".to_vec() } else { b"MM\0\x2a".to_vec() };
        tiff.extend_from_slice(&bytes);
        let facts = exif::read(&tiff);
        prop_assert!((1..=8).contains(&facts.orientation));
        for text in [&facts.make, &facts.model, &facts.exif_taken].into_iter().flatten() {
            prop_assert!(text.len() <= 64 && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        }
    }

    #[test]
    fn exif_with_any_bytes_changed_is_sane(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        little: bool,
    ) {
        let mut tiff = exif_segment(&Exif::default(), little)[6..].to_vec();
        for (at, value) in changes {
            let at = at.index(tiff.len());
            tiff[at] = value;
        }
        let facts = exif::read(&tiff);
        prop_assert!((1..=8).contains(&facts.orientation));
    }

    #[test]
    fn garbage_is_never_a_photo(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), head: bool) {
        let mut photo = if head { vec![0xff, 0xd8, 0xff] } else { Vec::new() };
        photo.extend_from_slice(&bytes);
        prop_assert!(prepare(photo).is_err());
    }

    #[test]
    fn a_damaged_photo_is_refused_or_becomes_clean_evidence(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        progressive: bool,
    ) {
        let mut photo = Vec::new();
        let mut encoder = Encoder::new(&mut photo, 80);
        encoder.set_progressive(progressive);
        encoder.encode(&house(96, 64, 10), 96, 64, ColorType::Rgb).unwrap();
        for (at, value) in changes {
            let at = at.index(photo.len());
            photo[at] = value;
        }
        if let Ok(made) = prepare(photo) {
            assert_server_would_accept(&made.jpeg, made.width, made.height);
        }
    }
}
