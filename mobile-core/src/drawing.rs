//! Photos for tests: a house front under a sky, with walls, roof, door, gravel and noise, and the EXIF of a phone.

use jpeg_encoder::{ColorType, Encoder};

/// What a phone writes into EXIF.
pub(crate) struct Exif {
    pub(crate) make: String,
    pub(crate) orientation: u16,
    pub(crate) exposure: (u32, u32),
}

impl Default for Exif {
    fn default() -> Self {
        Self {
            make: "Contoh".to_owned(),
            orientation: 6,
            exposure: (1, 120),
        }
    }
}

/// Pixels of a house front; another seed is another house.
pub(crate) fn house(width: u16, height: u16, seed: u32) -> Vec<u8> {
    let (w, h) = (u32::from(width), u32::from(height));
    let mut noise = seed.wrapping_mul(0x9e37_79b9) | 1;
    let wall = [
        150 + seed * 37 % 90,
        140 + seed * 53 % 90,
        120 + seed * 71 % 90,
    ];
    let mut rgb = Vec::with_capacity((w * h * 3) as usize);
    for y in 0..h {
        for x in 0..w {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let grain = noise % 9;
            // In thousandths of the picture, so that every size shows the same house.
            let (u, v) = (x * 1_000 / w, y * 1_000 / h);
            let colour = if v > 820 {
                let stone = (u / 7 + v / 5 * 31).wrapping_mul(2_654_435_761) >> 26;
                [90 + stone, 80 + stone, 60 + stone]
            } else if (440..560).contains(&u) && v > 520 {
                [70, 40 + (u / 8 % 2) * 20, 20]
            } else if v > 420 && (150..850).contains(&u) {
                if (220..360).contains(&u) && (500..680).contains(&v) {
                    let bar = u32::from(u % 20 < 4) * 120;
                    [30 + bar, 40 + bar, 50 + bar]
                } else if v % 25 < 3 || (u + v / 25 % 2 * 25) % 50 < 3 {
                    wall.map(|value| value * 2 / 3)
                } else {
                    wall
                }
            } else if v > 220 && u + v > 520 && u < 480 + v {
                [140 + (v / 12 % 2) * 50, 50, 40]
            } else {
                [120 + v / 8, 160 + v / 10, 220]
            };
            rgb.extend(colour.map(|value| (value + grain).min(255) as u8));
        }
    }
    rgb
}

/// A camera's file.
pub(crate) fn jpeg_of(
    rgb: &[u8],
    width: u16,
    height: u16,
    quality: u8,
    exif: Option<&[u8]>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality);
    if let Some(exif) = exif {
        encoder.add_app_segment(1, exif).unwrap();
    }
    encoder.encode(rgb, width, height, ColorType::Rgb).unwrap();
    out
}

/// The body of an APP1 segment.
pub(crate) fn exif_segment(exif: &Exif, little: bool) -> Vec<u8> {
    let u16s = |value: u16| {
        if little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    };
    let u32s = |value: u32| {
        if little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    };
    let mut tiff: Vec<u8> = if little {
        b"II".to_vec()
    } else {
        b"MM".to_vec()
    };
    tiff.extend(u16s(42));
    tiff.extend(u32s(8));
    // (tag, type, count, value or offset); what does not fit in four bytes goes behind both directories.
    let first_len = 2 + 4 * 12 + 4;
    let second = 8 + first_len;
    let second_len = 2 + 4 * 12 + 4;
    let mut behind = Vec::new();
    let behind_at = second + second_len;
    let mut put = |bytes: &[u8]| {
        let at = behind_at + u32::try_from(behind.len()).unwrap();
        behind.extend_from_slice(bytes);
        at
    };
    let nul = |text: &str| [text.as_bytes(), b"\0"].concat();
    let rational = |(above, below): (u32, u32)| [u32s(above), u32s(below)].concat();
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let (make, model, taken) = (nul(&exif.make), nul("CTH-50"), nul("2026:11:24 09:30:00"));
    let in_place = |value: u16| [u16s(value), [0, 0]].concat();
    let first: [(u16, u16, u32, Vec<u8>); 4] = [
        (0x010f, 2, len(&make), u32s(put(&make)).to_vec()),
        (0x0110, 2, len(&model), u32s(put(&model)).to_vec()),
        (0x0112, 3, 1, in_place(exif.orientation)),
        (0x8769, 4, 1, u32s(second).to_vec()),
    ];
    let second: [(u16, u16, u32, Vec<u8>); 4] = [
        (0x829a, 5, 1, u32s(put(&rational(exif.exposure))).to_vec()),
        (0x8827, 3, 1, in_place(125)),
        (0x9003, 2, len(&taken), u32s(put(&taken)).to_vec()),
        (0x920a, 5, 1, u32s(put(&rational((425, 100)))).to_vec()),
    ];
    for directory in [first, second] {
        tiff.extend(u16s(u16::try_from(directory.len()).unwrap()));
        for (tag, kind, count, value) in directory {
            tiff.extend(u16s(tag));
            tiff.extend(u16s(kind));
            tiff.extend(u32s(count));
            tiff.extend(value);
        }
        tiff.extend(u32s(0));
    }
    tiff.extend(behind);
    [b"Exif\0\0".as_slice(), &tiff].concat()
}
