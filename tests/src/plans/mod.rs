//! Seeded plans: what officers, supervisors, an operator and an approver do, on a network that fails, in an order that a
//! seed decides. Each plan is run against the real server and real phones and compared with a [`model`] that is written
//! apart from both.
//!
//! A plan is data. What an act picks is resolved when it is run, so any part of a plan is a plan too; that is what
//! [`shrink`] lives on.

pub mod model;
mod rest;
pub mod runner;
pub mod shrink;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::wire::Fault;

/// Phones in every plan's world.
pub const PHONES: u8 = 3;
/// Families with a place.
pub const HOMES: u8 = 6;
/// Families that wait for one.
pub const WAITING: u8 = 2;

/// What a reviewer does to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// The evidence stands.
    Accept,
    /// Back to the phone, with a reason for one photo.
    Return,
    /// The return is taken back.
    TakeBack,
    /// The acceptance is taken back.
    Withdraw,
    /// Nobody could be seen.
    AgreeUnreachable,
    /// It has to be tried again.
    Reopen,
    /// It ends without a decision.
    Close,
}

/// One thing that somebody does. Numbers named `pick` choose among what there is when the act comes; a number that is
/// too large starts over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// An officer visits a case of the roster and seals the visit. A returned one is taken again.
    Visit {
        /// Whose phone.
        phone: u8,
        /// Which case.
        pick: u8,
        /// How many photos.
        photos: u8,
    },
    /// An officer finds nobody.
    Unreachable {
        /// Whose phone.
        phone: u8,
        /// Which case.
        pick: u8,
        /// Whether RT/RW wrote a statement.
        statement: bool,
    },
    /// An officer reports a family that is on no list.
    Finding {
        /// Whose phone.
        phone: u8,
    },
    /// A phone sends; its n-th request meets the n-th fault.
    Send {
        /// Whose phone.
        phone: u8,
        /// At most this many requests.
        most: u8,
        /// So many at once.
        batch: u8,
        /// What goes wrong.
        faults: Vec<Option<Fault>>,
    },
    /// Requests that were given up arrive.
    LateArrivals,
    /// A phone is switched off and on.
    Reboot {
        /// Whose.
        phone: u8,
    },
    /// Titip kirim: what a phone has not sent goes along with another one.
    HandOver {
        /// Whose visits.
        from: u8,
        /// Who carries them.
        to: u8,
    },
    /// A phone is revoked.
    Revoke {
        /// Whose.
        phone: u8,
        /// Stolen, or else retired.
        stolen: bool,
    },
    /// An officer whose phone was revoked gets another one.
    NewPhone {
        /// Who.
        officer: u8,
        /// What goes wrong while it enrols and signs in.
        faults: Vec<Option<Fault>>,
    },
    /// An area changes hands: everything that one officer has goes to another.
    HandArea {
        /// From whom.
        from: u8,
        /// To whom.
        to: u8,
    },
    /// A case is opened for a family, with a place or waiting for one.
    Open {
        /// Which family.
        home: u8,
        /// Whose it is at once.
        officer: Option<u8>,
        /// With questions.
        full: bool,
        /// After how many days its window closes.
        days: Option<u8>,
    },
    /// A case changes hands.
    Assign {
        /// Which case.
        pick: u8,
        /// To whom; nobody.
        officer: Option<u8>,
    },
    /// A reviewer asks for the next case.
    Claim {
        /// Which of the two.
        reviewer: u8,
    },
    /// A reviewer does something to a case.
    Review {
        /// Which of the two.
        reviewer: u8,
        /// Which case.
        pick: u8,
        /// What.
        verb: Verb,
    },
    /// The operator decides a membership.
    Decide {
        /// Which case.
        pick: u8,
        /// Which of its memberships.
        membership: u8,
        /// Stays, or is proposed for cancellation.
        eligible: bool,
    },
    /// The approver speaks on a membership.
    Confirm {
        /// Which case.
        pick: u8,
        /// Which of its memberships.
        membership: u8,
        /// Confirms, or refuses.
        yes: bool,
    },
    /// A console sends an earlier request once more: its reply was lost.
    Repeat {
        /// Which of those that succeeded.
        pick: u8,
    },
    /// The background jobs run.
    Jobs,
    /// Time passes.
    Pass {
        /// How long.
        hours: u8,
    },
    /// The server is stopped and started.
    RestartServer,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What made it, and what its phones' chance begins with.
    pub seed: u64,
    /// What is done, in order.
    pub acts: Vec<Act>,
}

/// The chance of a plan.
struct Luck(Dice);

impl Luck {
    fn below(&mut self, end: u8) -> u8 {
        u8::try_from(self.0.below(u64::from(end))).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.below(u8::MAX)
    }

    fn one_in(&mut self, n: u8) -> bool {
        self.below(n) == 0
    }

    fn fault(&mut self) -> Fault {
        match self.below(14) {
            0 | 1 => Fault::DropRequest,
            2 | 3 => Fault::DropReply,
            4 => Fault::Duplicate,
            5 | 6 => Fault::Delay,
            7 | 8 => Fault::Truncate(u16::from(self.byte()) * 4),
            9 => Fault::CutReply,
            10 => Fault::Status([429, 500, 502, 503, 504, 404, 200][usize::from(self.below(7))]),
            11 => Fault::KillPhone,
            12 => Fault::RestartServer,
            _ => Fault::ClockJump(
                [-86_400, -600, 600, 7_200, 40 * 86_400][usize::from(self.below(5))],
            ),
        }
    }

    fn faults(&mut self, one_in: u8) -> Vec<Option<Fault>> {
        (0..8)
            .map(|_| self.one_in(one_in).then(|| self.fault()))
            .collect()
    }

    /// A pick that takes what the act is meant for.
    fn aim(&mut self) -> u8 {
        self.byte() | 1
    }

    fn review(&mut self, verb: Verb) -> Act {
        Act::Review {
            reviewer: self.below(2),
            pick: self.aim(),
            verb,
        }
    }

    /// A phone is stolen while a colleague carries what it sealed.
    fn theft(&mut self, phone: u8) -> Vec<Act> {
        let to = (phone + 1) % PHONES;
        let mut acts = vec![
            Act::Visit {
                phone,
                pick: self.byte(),
                photos: 2,
            },
            Act::HandOver { from: phone, to },
            Act::Revoke {
                phone,
                stolen: true,
            },
        ];
        if self.one_in(2) {
            acts.push(Act::NewPhone {
                officer: phone,
                faults: self.faults(4),
            });
        }
        for phone in [to, phone] {
            acts.push(Act::Send {
                phone,
                most: 12,
                batch: 1,
                faults: self.faults(8),
            });
        }
        acts
    }

    /// An officer tries twice, and the reviewer asked for the second time.
    fn nobody_home(&mut self, phone: u8) -> Vec<Act> {
        let mut acts = Vec::new();
        for statement in [false, true] {
            acts.push(Act::Unreachable {
                phone,
                pick: self.byte(),
                statement,
            });
            acts.push(Act::Send {
                phone,
                most: 12,
                batch: 1,
                faults: self.faults(8),
            });
            acts.push(self.review(if statement {
                Verb::AgreeUnreachable
            } else {
                Verb::Reopen
            }));
            if !statement {
                acts.push(Act::Assign {
                    pick: self.aim(),
                    officer: Some(phone),
                });
                acts.push(Act::Pass {
                    hours: 25 + self.below(9),
                });
                acts.push(Act::Send {
                    phone,
                    most: 12,
                    batch: 1,
                    faults: Vec::new(),
                });
            }
        }
        acts
    }

    /// A chain of acts that leads somewhere, for single acts seldom do: to a decision, or back to the phone.
    fn errand(&mut self) -> Vec<Act> {
        let phone = self.below(PHONES);
        let visit = |luck: &mut Self| Act::Visit {
            phone,
            pick: luck.byte(),
            photos: 1 + luck.below(2),
        };
        let send = |luck: &mut Self| Act::Send {
            phone,
            most: 12,
            batch: 1 + luck.below(4),
            faults: luck.faults(8),
        };
        let mut acts = match self.below(12) {
            0 => return self.theft(phone),
            1 => return self.nobody_home(phone),
            2..5 => {
                let mut acts = vec![visit(self), send(self), self.review(Verb::Return)];
                if self.one_in(2) {
                    acts.push(self.review(Verb::TakeBack));
                } else {
                    acts.extend([send(self), visit(self), send(self)]);
                }
                return acts;
            }
            _ => vec![visit(self), send(self)],
        };
        acts.push(self.review(Verb::Accept));
        if self.one_in(6) {
            acts.push(self.review(Verb::Withdraw));
            return acts;
        }
        let pick = self.aim();
        for _ in 0..2 {
            acts.push(Act::Decide {
                pick,
                membership: self.byte(),
                eligible: self.one_in(2),
            });
        }
        for _ in 0..2 {
            acts.push(Act::Confirm {
                pick: self.aim(),
                membership: self.byte(),
                yes: !self.one_in(4),
            });
        }
        acts
    }

    fn officer(&mut self) -> Option<u8> {
        (!self.one_in(5)).then(|| self.below(PHONES))
    }

    fn act(&mut self) -> Act {
        let phone = self.below(PHONES);
        let pick = self.byte();
        match self.below(114) {
            0..16 => Act::Visit {
                phone,
                pick,
                photos: 1 + self.below(3),
            },
            16..21 => Act::Unreachable {
                phone,
                pick,
                statement: self.one_in(2),
            },
            21..24 => Act::Finding { phone },
            24..48 => Act::Send {
                phone,
                most: 2 + self.below(10),
                batch: 1 + self.below(4),
                faults: self.faults(4),
            },
            48..51 => Act::LateArrivals,
            51 => Act::Reboot { phone },
            52..55 => Act::HandOver {
                from: phone,
                to: self.below(PHONES),
            },
            55 => Act::Revoke {
                phone,
                stolen: self.one_in(2),
            },
            56..60 => Act::Open {
                home: self.below(HOMES + WAITING),
                officer: self.officer(),
                full: self.one_in(3),
                days: self.one_in(2).then(|| 1 + self.below(4)),
            },
            60..66 => Act::Assign {
                pick,
                officer: self.officer(),
            },
            66..70 => Act::Claim {
                reviewer: self.below(2),
            },
            70..88 => Act::Review {
                reviewer: self.below(2),
                pick,
                verb: match self.below(16) {
                    0..7 => Verb::Accept,
                    7..11 => Verb::Return,
                    11 => Verb::TakeBack,
                    12 => Verb::Withdraw,
                    13 => Verb::AgreeUnreachable,
                    14 => Verb::Reopen,
                    _ => Verb::Close,
                },
            },
            88..94 => Act::Decide {
                pick,
                membership: self.byte(),
                eligible: self.one_in(2),
            },
            94..98 => Act::Confirm {
                pick,
                membership: self.byte(),
                yes: !self.one_in(4),
            },
            98..103 => Act::Repeat { pick },
            103..105 => Act::Jobs,
            110..113 => Act::NewPhone {
                officer: phone,
                faults: self.faults(4),
            },
            113 => Act::HandArea {
                from: phone,
                to: self.below(PHONES),
            },
            105..108 => Act::Pass {
                hours: 1 + self.below(40),
            },
            _ => Act::RestartServer,
        }
    }
}

impl Plan {
    /// The plan of a seed: every officer gets work, and then anything may happen.
    pub fn of_seed(seed: u64) -> Self {
        let mut luck = Luck(Dice::new(seed));
        let mut acts = Vec::new();
        for home in 0..=PHONES {
            acts.push(Act::Open {
                home,
                officer: Some(home % PHONES),
                full: luck.one_in(4),
                days: luck.one_in(3).then(|| 1 + luck.below(3)),
            });
        }
        for phone in 0..PHONES {
            acts.push(Act::Send {
                phone,
                most: 6,
                batch: 1,
                faults: Vec::new(),
            });
        }
        let end = acts.len() + 18 + usize::from(luck.below(22));
        while acts.len() < end {
            if luck.one_in(8) {
                acts.extend(luck.errand());
            } else {
                acts.push(luck.act());
            }
        }
        Self { seed, acts }
    }

    /// How many faults it holds.
    pub fn faults(&self) -> usize {
        let faults = |act: &Act| match act {
            Act::Send { faults, .. } | Act::NewPhone { faults, .. } => {
                faults.iter().flatten().count()
            }
            _ => 0,
        };
        self.acts.iter().map(faults).sum()
    }
}
