//! Photos as a phone's camera makes them, of houses that never stood: drawn, noisy, turned, 12 MP, with EXIF.
//!
//! A house is drawn from a number; its front, its room and its owner at the door show the same roof, walls and floor, and
//! answer the questionnaire alike ([`House::answers`]). Owns the drawing; knows nothing of visits.

mod camera;
mod canvas;
pub mod dice;

pub use camera::{Photograph, Shot};
use canvas::{Canvas, Colour, shade};

use dice::Dice;

/// What is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// From roof to floor, from the street.
    Front,
    /// The room behind the door.
    Inside,
    /// Somebody before the door.
    Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roof {
    Tiles,
    Zinc,
    Asbestos,
    Thatch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wall {
    Plaster,
    Planks,
    Bamboo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Floor {
    Ceramic,
    Cement,
    Earth,
}

/// A house.
#[derive(Debug, Clone)]
pub struct House {
    number: u64,
    roof: Roof,
    wall: Wall,
    floor: Floor,
    paint: Colour,
    door: Colour,
    door_u: i32,
    eaves_v: i32,
    left: i32,
    right: i32,
    windows: i32,
    tree_u: Option<i32>,
    veranda: bool,
    cloud: i32,
}

const PAINTS: [Colour; 8] = [
    [226, 214, 190],
    [168, 206, 196],
    [232, 196, 150],
    [190, 200, 222],
    [214, 176, 176],
    [240, 236, 228],
    [182, 210, 150],
    [206, 188, 160],
];
const DOORS: [Colour; 5] = [
    [96, 58, 30],
    [40, 76, 90],
    [122, 88, 50],
    [60, 60, 64],
    [130, 40, 36],
];

impl House {
    /// The house with this number; the same one every time.
    pub fn number(number: u64) -> Self {
        let mut dice = Dice::new(number);
        let left = i32::try_from(dice.between(90, 220)).unwrap_or(100);
        let right = i32::try_from(dice.between(780, 910)).unwrap_or(900);
        Self {
            number,
            roof: *dice.pick(&[
                Roof::Tiles,
                Roof::Tiles,
                Roof::Tiles,
                Roof::Zinc,
                Roof::Asbestos,
                Roof::Thatch,
            ]),
            wall: *dice.pick(&[Wall::Plaster, Wall::Plaster, Wall::Planks, Wall::Bamboo]),
            floor: *dice.pick(&[Floor::Ceramic, Floor::Cement, Floor::Cement, Floor::Earth]),
            paint: *dice.pick(&PAINTS),
            door: *dice.pick(&DOORS),
            door_u: i32::try_from(dice.between(350, 600)).unwrap_or(450),
            eaves_v: i32::try_from(dice.between(360, 460)).unwrap_or(400),
            left,
            right,
            windows: i32::try_from(dice.between(1, 3)).unwrap_or(2),
            tree_u: dice
                .chance(60)
                .then(|| if dice.chance(50) { 60 } else { 940 }),
            veranda: dice.chance(40),
            cloud: i32::try_from(dice.below(700)).unwrap_or(0),
        }
    }

    /// What an honest officer answers about it: question and code of the form `kepmensos-262`.
    pub fn answers(&self) -> Vec<(&'static str, &'static str)> {
        let roof = match self.roof {
            Roof::Tiles => "2",
            Roof::Zinc => "3",
            Roof::Asbestos => "4",
            Roof::Thatch => "7",
        };
        let wall = match self.wall {
            Wall::Plaster => "1",
            Wall::Planks => "3",
            Wall::Bamboo => "4",
        };
        let floor = match self.floor {
            Floor::Ceramic => "2",
            Floor::Cement => "6",
            Floor::Earth => "8",
        };
        let yes = |bit: u32| {
            if self.number >> bit & 1 == 0 {
                "yes"
            } else {
                "no"
            }
        };
        vec![
            ("respondent", "Pengurus"),
            ("shelter", "yes"),
            ("work", yes(1)),
            ("food_worry", yes(2)),
            ("food_share", yes(3)),
            ("clothing", yes(4)),
            ("floor", floor),
            ("wall", wall),
            ("roof", roof),
            (
                "toilet",
                if self.number.is_multiple_of(3) {
                    "2"
                } else {
                    "1"
                },
            ),
            ("light", "1"),
            (
                "power",
                if self.number.is_multiple_of(2) {
                    "450"
                } else {
                    "900"
                },
            ),
            ("presence", "1"),
            ("result", "1"),
        ]
    }

    /// The scene, upright.
    fn draw(&self, view: View, width: usize, height: usize) -> Canvas {
        let mut canvas = Canvas::new(width, height);
        match view {
            View::Front => self.front(&mut canvas),
            View::Inside => self.inside(&mut canvas),
            View::Owner => {
                self.front(&mut canvas);
                self.owner(&mut canvas);
            }
        }
        canvas
    }

    fn walls(&self, u: i32, v: i32) -> Colour {
        match self.wall {
            Wall::Plaster => {
                // Stains run down from the eaves.
                let stain = (u * 13 / 7 + self.cloud) % 90 < 4 && v % 210 > 60;
                shade(self.paint, if stain { 84 } else { 100 })
            }
            Wall::Planks => shade(
                [150, 112, 70],
                if u % 28 < 3 {
                    55
                } else {
                    92 + (u / 28 * 7 % 16).unsigned_abs()
                },
            ),
            Wall::Bamboo => {
                let over = (u / 9 + v / 9) % 2 == 0;
                shade(
                    [196, 170, 110],
                    if u % 9 < 1 || v % 9 < 1 {
                        60
                    } else if over {
                        100
                    } else {
                        80
                    },
                )
            }
        }
    }

    fn roofing(&self, u: i32, v: i32) -> Colour {
        match self.roof {
            Roof::Tiles => {
                let row = v / 14;
                let seam = v % 14 < 3 || (u + row % 2 * 9) % 18 < 2;
                shade(
                    [168, 78, 50],
                    if seam {
                        62
                    } else {
                        94 + (u / 18 * 5 % 14).unsigned_abs()
                    },
                )
            }
            Roof::Zinc => shade([168, 176, 182], 70 + (u % 16 * 3).unsigned_abs()),
            Roof::Asbestos => shade(
                [140, 140, 136],
                80 + ((u % 22 - 11).abs() * 2).unsigned_abs(),
            ),
            Roof::Thatch => shade([128, 108, 66], 70 + ((u * 7 + v * 3) % 37).unsigned_abs()),
        }
    }

    fn ground(u: i32, v: i32) -> Colour {
        let stone = ((u / 6).wrapping_mul(73) ^ (v / 4).wrapping_mul(151)) & 31;
        shade([132, 116, 90], 84 + stone.unsigned_abs())
    }

    fn front(&self, canvas: &mut Canvas) {
        let cloud = self.cloud;
        canvas.rect((0, 0, 1000, 1000), |u, v| {
            let puff = ((u + cloud) / 9 % 40 - 20).abs() + (v / 4 - 30).abs() < 24;
            if puff {
                [236, 238, 242]
            } else {
                [
                    110 + u8::try_from(v / 8).unwrap_or(0),
                    158 + u8::try_from(v / 12).unwrap_or(0),
                    222,
                ]
            }
        });
        if let Some(tree) = self.tree_u {
            canvas.rect((tree - 12, 320, tree + 12, 830), |u, _| {
                shade([96, 72, 48], 80 + (u % 5 * 8).unsigned_abs())
            });
            for (across, down) in [(0, 250), (-60, 320), (60, 310), (0, 350)] {
                canvas.blob((tree + across, down), (90, 70), |u, v| {
                    shade(
                        [58, 110, 48],
                        70 + (((u * 5) ^ (v * 3)) % 60).unsigned_abs(),
                    )
                });
            }
        }
        let ridge = self.eaves_v - 190;
        let middle = i32::midpoint(self.left, self.right);
        let (left, right, eaves) = (self.left - 45, self.right + 45, self.eaves_v);
        let slope = move |v: i32| {
            let down = (v - ridge).clamp(0, eaves - ridge);
            let reach = |edge: i32| middle + (edge - middle) * (down + 60) / (eaves - ridge + 60);
            (reach(left), reach(right))
        };
        canvas.fill((ridge, eaves), slope, |u, v| self.roofing(u, v));
        canvas.rect((self.left, eaves, self.right, 830), |u, v| {
            let under = if v < eaves + 30 { 66 } else { 100 };
            shade(self.walls(u, v), under)
        });
        for window in 0..=self.windows {
            let u = self.left + 50 + window * (self.right - self.left) / (self.windows + 1);
            if (u - self.door_u).abs() < 130 || u + 90 > self.right {
                continue;
            }
            canvas.rect((u - 6, 524, u + 96, 676), |_, _| [232, 228, 220]);
            canvas.rect((u, 532, u + 90, 668), |x, y| {
                if (x - u) % 22 < 4 {
                    [200, 200, 196]
                } else {
                    shade([46, 56, 66], 80 + (y % 40).unsigned_abs())
                }
            });
        }
        canvas.rect((self.door_u - 8, 510, self.door_u + 108, 830), |_, _| {
            shade(self.door, 60)
        });
        canvas.rect((self.door_u, 520, self.door_u + 100, 830), |u, v| {
            let panel = (u - self.door_u) % 50 > 8 && v % 96 > 14;
            shade(self.door, if panel { 118 } else { 88 })
        });
        canvas.blob((self.door_u + 88, 680), (5, 5), |_, _| [210, 190, 90]);
        if self.veranda {
            canvas.rect(
                (self.left - 30, eaves, self.right + 30, eaves + 26),
                |u, v| shade(self.roofing(u, v), 80),
            );
            for post in [self.left - 20, middle - 160, middle + 170, self.right + 6] {
                canvas.rect((post, eaves + 20, post + 16, 830), |u, _| {
                    shade([222, 218, 208], 78 + (u % 16 * 2).unsigned_abs())
                });
            }
        }
        canvas.rect((0, 824, 1000, 1000), Self::ground);
        canvas.rect((self.left - 20, 826, self.right + 20, 850), |u, v| {
            self.flooring(u, v)
        });
        // The number plate, so that two fronts of one paint are told apart.
        let plate = self.door_u + 20;
        canvas.rect((plate, 470, plate + 60, 502), |_, _| [28, 64, 120]);
        for (at, bit) in (0..12).map(|bit| (plate + 6 + bit * 4, bit)) {
            if self.number >> bit & 1 == 1 {
                canvas.rect((at, 476, at + 3, 496), |_, _| [240, 240, 240]);
            }
        }
    }

    fn flooring(&self, u: i32, v: i32) -> Colour {
        match self.floor {
            Floor::Ceramic => shade(
                [222, 220, 214],
                if u % 60 < 2 || v % 42 < 2 { 64 } else { 100 },
            ),
            Floor::Cement => shade(
                [150, 150, 146],
                88 + (((u / 11 * 31) ^ (v / 7 * 17)) % 18).unsigned_abs(),
            ),
            Floor::Earth => shade(
                [120, 92, 62],
                76 + (((u / 5 * 37) ^ (v / 4 * 19)) % 40).unsigned_abs(),
            ),
        }
    }

    fn inside(&self, canvas: &mut Canvas) {
        canvas.rect((0, 0, 1000, 640), |u, v| {
            let corner = (u - 500).abs() / 12;
            shade(
                self.walls(u, v),
                (96 - corner / 2).clamp(40, 100).unsigned_abs(),
            )
        });
        canvas.fill(
            (0, 150),
            |v| (v, 1000 - v),
            |u, v| shade(self.roofing(u, v * 2), 60),
        );
        canvas.rect((0, 640, 1000, 1000), |u, v| {
            // Lines run towards the far wall.
            let depth = (v - 560).max(1);
            self.flooring((u - 500) * 300 / depth + 500, v)
        });
        canvas.rect((380, 240, 600, 470), |_, _| [236, 232, 224]);
        canvas.rect((392, 252, 588, 458), |u, v| {
            if u % 49 < 5 {
                [180, 176, 170]
            } else {
                [176, 206, 228]
                    .map(|part: u8| part.saturating_sub(u8::try_from(v / 12).unwrap_or(0)))
            }
        });
        canvas.rect((70, 520, 330, 760), |u, v| {
            shade(
                self.door,
                if v < 540 {
                    150
                } else if u % 130 < 6 {
                    70
                } else {
                    110
                },
            )
        });
        canvas.rect((640, 580, 940, 700), |u, v| {
            shade(
                [92, 70, 120],
                if v % 30 < 3 {
                    70
                } else {
                    100 + (u % 40 / 2).unsigned_abs()
                },
            )
        });
        canvas.blob((500, 110), (16, 18), |_, _| [255, 250, 220]);
    }

    fn owner(&self, canvas: &mut Canvas) {
        let u = self.door_u + 40;
        let cloth = PAINTS[usize::try_from(self.number / 8 % 8).unwrap_or(0)];
        canvas.blob((u, 900), (90, 16), |_, _| [80, 70, 54]);
        canvas.fill(
            (590, 900),
            |v| (u - 26 - (v - 590) / 8, u + 26 + (v - 590) / 8),
            |x, v| {
                let fold = if x % 24 < 3 { 78 } else { 100 };
                if v > 740 {
                    shade([110, 74, 48], if (x + v) % 30 < 8 { 140 } else { fold })
                } else {
                    shade(cloth, fold)
                }
            },
        );
        canvas.blob((u, 556), (24, 38), |_, v| {
            if v < 535 {
                [36, 30, 28]
            } else {
                [172, 124, 92]
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tilik_protocol::form::Form;

    use super::*;

    #[test]
    fn a_house_answers_every_question_that_is_asked_of_it() {
        let form = Form::kepmensos_262().unwrap();
        for number in 0..40 {
            let answers = House::number(number)
                .answers()
                .into_iter()
                .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
                .collect();
            assert!(form.problems(&answers).is_empty(), "house {number}");
        }
    }
}
