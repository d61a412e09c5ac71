//! Paint: a picture addressed in thousandths, so that every size shows the same scene.

use crate::dice::Dice;

/// Red, green, blue.
pub type Colour = [u8; 3];

/// A picture in the making.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

/// Lighter (above 100) or darker, in percent.
pub(super) fn shade(colour: Colour, percent: u32) -> Colour {
    colour.map(|part| u8::try_from((u32::from(part) * percent / 100).min(255)).unwrap_or(255))
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![0; width * height * 3],
        }
    }

    /// Fills rows `v0..v1`, each from `edge(v)` left to right, with what `paint` gives for a place in thousandths.
    pub(super) fn fill(
        &mut self,
        (v0, v1): (i32, i32),
        edge: impl Fn(i32) -> (i32, i32),
        paint: impl Fn(i32, i32) -> Colour,
    ) {
        let (width, height) = (whole(self.width), whole(self.height));
        let row = |v: i32| (v * height / 1000).clamp(0, height);
        for y in row(v0)..row(v1) {
            let v = y * 1000 / height;
            let (left, right) = edge(v);
            let column = |u: i32| (u * width / 1000).clamp(0, width);
            let (x0, x1) = (column(left), column(right));
            let start = usize::try_from(y * width + x0).unwrap_or(0) * 3;
            let count = usize::try_from(x1 - x0).unwrap_or(0);
            let row = &mut self.rgb[start..start + count * 3];
            for (x, pixel) in (x0..).zip(row.chunks_exact_mut(3)) {
                pixel.copy_from_slice(&paint(x * 1000 / width, v));
            }
        }
    }

    /// A rectangle.
    pub(super) fn rect(
        &mut self,
        (u0, v0, u1, v1): (i32, i32, i32, i32),
        paint: impl Fn(i32, i32) -> Colour,
    ) {
        self.fill((v0, v1), |_| (u0, u1), paint);
    }

    /// An ellipse around a middle.
    pub(super) fn blob(
        &mut self,
        (u, v): (i32, i32),
        (wide, high): (i32, i32),
        paint: impl Fn(i32, i32) -> Colour,
    ) {
        let half = |row: i32| {
            let across = f64::from(row - v) / f64::from(high.max(1));
            let reach = (1.0 - across * across).max(0.0).sqrt() * f64::from(wide);
            #[expect(clippy::cast_possible_truncation, reason = "some thousandths")]
            let reach = reach as i32;
            (u - reach, u + reach)
        };
        self.fill((v - high, v + high), half, paint);
    }

    /// The sensor's noise, and less light towards the corners.
    pub(super) fn expose(&mut self, dice: &mut Dice) {
        let strength = dice.between(2, 5);
        // One strip of noise, begun elsewhere in every row: as good to the eye, and cheap.
        let strip: Vec<i16> = (0..self.width * 3 + 997)
            .map(|_| i16::try_from(dice.between(-strength, strength)).unwrap_or(0))
            .collect();
        let middle = whole(self.height) / 2;
        for (y, row) in (0..).zip(self.rgb.chunks_exact_mut(self.width * 3)) {
            let from = usize::try_from(dice.below(997)).unwrap_or(0);
            let far = i16::try_from((y - middle).abs() * 12 / middle.max(1)).unwrap_or(0);
            for (value, noise) in row.iter_mut().zip(&strip[from..]) {
                let lit = (i16::from(*value) + noise - far).clamp(0, 255);
                *value = u8::try_from(lit).unwrap_or(0);
            }
        }
    }
}

fn whole(pixels: usize) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}
