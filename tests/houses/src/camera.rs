//! The camera: 12 MP, held any way round, baseline JPEG with the EXIF a phone writes.

use anyhow::{Result, anyhow};
use jpeg_encoder::{ColorType, Encoder};

use super::canvas::Canvas;
use super::{House, View};
use crate::dice::Dice;

/// A 12 MP sensor, in pixels.
const SENSOR: (u16, u16) = (4032, 3024);
/// Scenes are drawn at a quarter of the sensor's width and get their noise at half of it: cheap lenses are no sharper, and
/// a photo takes a tenth of the time.
const QUARTER: usize = 4;

/// What to take a photo of.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The house.
    pub house: House,
    /// Which side of it.
    pub view: View,
    /// Tells two shots of one view apart.
    pub take: u64,
}

/// A photo as it comes out of the camera.
#[derive(Debug, Clone)]
pub struct Photograph {
    /// The file.
    pub jpeg: Vec<u8>,
    /// How the phone was held, as EXIF tells it: 1, 3, 6 or 8.
    pub orientation: u16,
}

/// Turns a picture as EXIF's `orientation` will turn it back.
fn held(rgb: &[u8], (width, height): (usize, usize), orientation: u16) -> Vec<u8> {
    // Sensor pixel to upright pixel.
    let upright = |x: usize, y: usize| match orientation {
        3 => (width - 1 - x, height - 1 - y),
        6 => (width - 1 - y, x),
        8 => (y, height - 1 - x),
        _ => (x, y),
    };
    let sideways = matches!(orientation, 6 | 8);
    let (across, down) = if sideways {
        (height, width)
    } else {
        (width, height)
    };
    let mut turned = Vec::with_capacity(rgb.len());
    for y in 0..down {
        for x in 0..across {
            let (u, v) = upright(x, y);
            let at = (v * width + u) * 3;
            turned.extend_from_slice(&rgb[at..at + 3]);
        }
    }
    turned
}

/// Twice as wide and twice as high, each pixel four times: what no library does quickly in an unoptimized build.
fn doubled(scene: &Canvas) -> Canvas {
    let mut rgb = Vec::with_capacity(scene.rgb.len() * 4);
    for row in scene.rgb.chunks_exact(scene.width * 3) {
        let start = rgb.len();
        for pixel in row.chunks_exact(3) {
            rgb.extend_from_slice(pixel);
            rgb.extend_from_slice(pixel);
        }
        rgb.extend_from_within(start..);
    }
    Canvas {
        width: scene.width * 2,
        height: scene.height * 2,
        rgb,
    }
}

/// The body of an APP1 segment: make, model, orientation.
fn exif(orientation: u16) -> Vec<u8> {
    let texts = [(0x010f_u16, "Kamera Contoh\0"), (0x0110, "KC-12\0")];
    let entries = u16::try_from(texts.len() + 1).unwrap_or(3);
    let mut behind_at = 8 + 2 + 12 * u32::from(entries) + 4;
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let mut behind = Vec::new();
    tiff.extend(entries.to_be_bytes());
    for (tag, text) in texts {
        let len = u32::try_from(text.len()).unwrap_or(0);
        tiff.extend(tag.to_be_bytes());
        tiff.extend(2_u16.to_be_bytes());
        tiff.extend(len.to_be_bytes());
        tiff.extend(behind_at.to_be_bytes());
        behind.extend(text.as_bytes());
        behind_at += len;
    }
    tiff.extend(0x0112_u16.to_be_bytes());
    tiff.extend(3_u16.to_be_bytes());
    tiff.extend(1_u32.to_be_bytes());
    tiff.extend(orientation.to_be_bytes());
    tiff.extend([0; 6]);
    [b"Exif\0\0".as_slice(), &tiff, &behind].concat()
}

impl Shot {
    /// Takes the photo. The same shot is the same file, byte by byte.
    ///
    /// # Errors
    /// When a library refuses the picture.
    pub fn take(&self) -> Result<Photograph> {
        let mut dice = Dice::new(self.house.number ^ (self.take << 32) ^ (self.view as u64) << 24);
        let orientation = *dice.pick(&[1_u16, 1, 3, 6, 6, 8]);
        let (wide, high) = SENSOR;
        let (across, down) = (usize::from(wide) / QUARTER, usize::from(high) / QUARTER);
        let (width, height) = if matches!(orientation, 6 | 8) {
            (down, across)
        } else {
            (across, down)
        };
        let scene = self.house.draw(self.view, width, height);
        let mut half = doubled(&Canvas {
            width: across,
            height: down,
            rgb: held(&scene.rgb, (width, height), orientation),
        });
        half.expose(&mut dice);
        let full = doubled(&half);
        let mut jpeg = Vec::new();
        let mut encoder = Encoder::new(&mut jpeg, 88);
        encoder
            .add_app_segment(1, &exif(orientation))
            .map_err(|error| anyhow!("{error}"))?;
        encoder
            .encode(&full.rgb, wide, high, ColorType::Rgb)
            .map_err(|error| anyhow!("{error}"))?;
        Ok(Photograph { jpeg, orientation })
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageDecoder, ImageReader};

    use super::*;

    /// The picture as a viewer that knows EXIF shows it, small.
    fn shown(photo: &Photograph) -> image::GrayImage {
        let mut decoder =
            ImageReader::with_format(std::io::Cursor::new(&photo.jpeg), image::ImageFormat::Jpeg)
                .into_decoder()
                .unwrap();
        assert_eq!(decoder.dimensions(), (4032, 3024));
        let turn = decoder.orientation().unwrap();
        assert_eq!(turn.to_exif(), u8::try_from(photo.orientation).unwrap());
        let mut picture = image::DynamicImage::from_decoder(decoder).unwrap();
        picture.apply_orientation(turn);
        picture.thumbnail_exact(40, 40).to_luma8()
    }

    #[test]
    fn a_photo_shows_its_house_upright_however_the_phone_was_held() {
        let mut seen = std::collections::BTreeSet::new();
        for take in 0..8 {
            let shot = Shot {
                house: House::number(5),
                view: View::Front,
                take,
            };
            let photo = shot.take().unwrap();
            seen.insert(photo.orientation);
            assert!(photo.jpeg.len() > 500_000, "{}", photo.jpeg.len());
            let picture = shown(&photo);
            let mean = |rows: std::ops::Range<u32>| {
                let many = (rows.end - rows.start) * 40;
                let sum: u32 = rows
                    .flat_map(|y| (0..40).map(move |x| (x, y)))
                    .map(|(x, y)| u32::from(picture.get_pixel(x, y).0[0]))
                    .sum();
                sum / many
            };
            assert!(
                mean(0..4) > mean(36..40) + 20,
                "the sky is above the ground"
            );
        }
        assert!(seen.len() >= 3, "held in several ways: {seen:?}");
    }

    #[test]
    fn two_houses_are_two_pictures_and_one_shot_is_one_file() {
        let shot = |number| Shot {
            house: House::number(number),
            view: View::Front,
            take: 0,
        };
        let (one, again, two) = (
            shot(1).take().unwrap(),
            shot(1).take().unwrap(),
            shot(2).take().unwrap(),
        );
        assert_eq!(one.jpeg, again.jpeg);
        assert_ne!(one.jpeg, two.jpeg);
    }
}
