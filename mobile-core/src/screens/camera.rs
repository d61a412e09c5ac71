//! The camera's screen: which photos are wanted, which are there, and how straight the phone is held.

use tilik_protocol::evidence::{MAX_PHOTOS, Missing, PhotoKind, VisitKind, missing};
use tilik_protocol::ids::{PhotoId, VisitId};

use super::case::{self, ReturnedReason};
use super::draft::DraftPhoto;
use super::summary;
use crate::FieldApp;
use crate::error::{Error, Result};
use crate::photos::PhotoVerdict;
use crate::store::drafts::{self, Draft};
use crate::vault::Vault;
use crate::{capture, feed};

/// Between these two lines, as shares of the picture's height, the house is to fit: a hand's breadth of sky above, of
/// ground below, which is what a reviewer needs to see that nothing is cut off.
const ROOF_LINE: f32 = 0.12;
const FLOOR_LINE: f32 = 0.88;
/// As straight as a hand holds a phone.
const LEVEL_ROLL_DEG: f32 = 4.0;
const LEVEL_PITCH_DEG: f32 = 12.0;

/// What the camera's screen shows.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CameraView {
    /// The visit.
    pub visit: VisitId,
    /// The photos that are wanted or there, in order.
    pub slots: Vec<PhotoSlot>,
    /// What the next photo shows, unless the officer chooses otherwise.
    pub next: PhotoKind,
    /// Gang sempit: two halves instead of one front photo.
    pub narrow: bool,
    /// Whether the two halves may be chosen here.
    pub may_be_narrow: bool,
    /// The line that the roof stays below, as a share of the picture's height.
    pub roof_line: f32,
    /// The line that the floor stays above.
    pub floor_line: f32,
    /// Photos that still fit into the visit.
    pub left: u32,
    /// The front is there, and the notice is read now: only then come photos of the house's inside, of people and of
    /// papers.
    pub notice_due: bool,
}

/// One kind of photo.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhotoSlot {
    /// What it shows.
    pub kind: PhotoKind,
    /// The visit cannot be sealed without it.
    pub needed: bool,
    /// The photos of this kind, in order.
    pub photos: Vec<DraftPhoto>,
    /// Why the one of the returned visit must be taken again.
    pub returned: Option<ReturnedReason>,
}

/// How the phone is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct LevelHint {
    /// Degrees from the nearest of upright and sideways, clockwise: turn it back by so much.
    pub roll_deg: i16,
    /// Degrees that it looks up (positive) or down.
    pub pitch_deg: i16,
    /// Straight enough.
    pub is_level: bool,
}

/// How the phone is held, from its gravity sensor, as Android gives it: m/s², and upright is `y` = 9.8. A phone whose
/// sensor points the other way gives each with the other sign.
#[uniffi::export]
#[expect(clippy::cast_possible_truncation, reason = "degrees")]
pub fn level(x: f32, y: f32, z: f32) -> LevelHint {
    let across = x.hypot(y);
    let all = across.hypot(z);
    if !all.is_finite() || all < f32::EPSILON {
        return LevelHint {
            roll_deg: 0,
            pitch_deg: 0,
            is_level: false,
        };
    }
    let pitch = (-z).atan2(across).to_degrees();
    // Flat on its back a phone has no roll.
    let roll = if across < all * 0.2 {
        0.0
    } else {
        let turned = (-x).atan2(y).to_degrees();
        turned - 90.0 * (turned / 90.0).round()
    };
    LevelHint {
        roll_deg: roll.round() as i16,
        pitch_deg: pitch.round() as i16,
        is_level: roll.abs() <= LEVEL_ROLL_DEG && pitch.abs() <= LEVEL_PITCH_DEG,
    }
}

/// Whether this is seen from the street, whoever is at home.
fn is_front(kind: PhotoKind) -> bool {
    match kind {
        PhotoKind::HouseFront | PhotoKind::NarrowLeft | PhotoKind::NarrowRight => true,
        PhotoKind::HouseInside
        | PhotoKind::Recipient
        | PhotoKind::FamilyCard
        | PhotoKind::IdCard
        | PhotoKind::Asset
        | PhotoKind::Statement => false,
    }
}

/// Nobody's belongings are photographed before they were told what for.
pub(crate) fn waits_for_notice(draft: &Draft, kind: PhotoKind) -> bool {
    summary::owes_notice(draft) && !is_front(kind)
}

/// What a visit of this kind may show now, in the order in which one walks through the house.
fn kinds(draft: &Draft) -> Vec<PhotoKind> {
    let front: &[PhotoKind] = if draft.narrow {
        &[PhotoKind::NarrowLeft, PhotoKind::NarrowRight]
    } else {
        &[PhotoKind::HouseFront]
    };
    let rest: &[PhotoKind] = match draft.kind {
        VisitKind::Quick => &[],
        VisitKind::Full => &[
            PhotoKind::HouseInside,
            PhotoKind::Recipient,
            PhotoKind::FamilyCard,
            PhotoKind::IdCard,
            PhotoKind::Asset,
        ],
        VisitKind::Unreachable => &[PhotoKind::Statement],
        VisitKind::Finding => &[
            PhotoKind::Recipient,
            PhotoKind::FamilyCard,
            PhotoKind::Statement,
        ],
    };
    let mut kinds = [front, rest].concat();
    kinds.retain(|kind| !waits_for_notice(draft, *kind));
    for photo in &draft.photos {
        if !kinds.contains(&photo.kind) {
            kinds.push(photo.kind);
        }
    }
    kinds
}

/// Whether the visit, with everything else at hand, lacks a photo of this kind; a photo that is there does not count.
fn is_needed(draft: &Draft, kind: PhotoKind) -> bool {
    let mut at_hand = capture::at_hand(draft);
    let lacks = |at_hand: &_| {
        missing(draft.kind, at_hand)
            .iter()
            .any(|missing| matches!(missing, Missing::FrontPhoto | Missing::AnyPhoto))
    };
    match draft.kind {
        VisitKind::Quick | VisitKind::Full => {
            let front: &[PhotoKind] = if draft.narrow {
                &[PhotoKind::NarrowLeft, PhotoKind::NarrowRight]
            } else {
                &[PhotoKind::HouseFront]
            };
            at_hand.photos = front.iter().copied().filter(|one| *one != kind).collect();
            lacks(&at_hand)
        }
        // Any one photo will do; the first slot asks for it.
        VisitKind::Unreachable | VisitKind::Finding => kinds(draft).first() == Some(&kind),
    }
}

pub(crate) fn view(app: &FieldApp, visit: VisitId) -> Result<CameraView> {
    let core = app.core();
    let vault = Vault::of(app.phone())?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let assignment = match draft.case {
        Some(case) => feed::assignment(&core, case)?,
        None => None,
    };
    let reasons = match &assignment {
        Some(assignment) => match &assignment.returned {
            Some(returned) if draft.supersedes == Some(returned.visit) => {
                case::reasons(&core, assignment, returned, Some(&draft))?
            }
            Some(_) | None => Vec::new(),
        },
        None => Vec::new(),
    };
    let slots: Vec<PhotoSlot> = kinds(&draft)
        .into_iter()
        .map(|kind| PhotoSlot {
            kind,
            needed: is_needed(&draft, kind),
            photos: draft
                .photos
                .iter()
                .filter(|photo| photo.kind == kind)
                .map(capture::photo_view)
                .collect(),
            returned: reasons
                .iter()
                .find(|reason| reason.photo_kind == Some(kind))
                .cloned(),
        })
        .collect();
    let is_empty = |slot: &&PhotoSlot| slot.photos.is_empty();
    let to_mend = |slot: &&PhotoSlot| slot.returned.as_ref().is_some_and(|reason| !reason.mended);
    let lacks = capture::lacks(&draft);
    let lacks_any = lacks
        .iter()
        .any(|missing| matches!(missing, Missing::FrontPhoto | Missing::AnyPhoto));
    let next = slots
        .iter()
        .filter(|slot| slot.needed && lacks_any)
        .find(is_empty)
        .or_else(|| slots.iter().find(to_mend))
        .or_else(|| slots.iter().find(is_empty))
        .or_else(|| slots.last())
        .map_or(PhotoKind::HouseFront, |slot| slot.kind);
    Ok(CameraView {
        visit,
        slots,
        next,
        narrow: draft.narrow,
        may_be_narrow: may_be_narrow(draft.kind),
        roof_line: ROOF_LINE,
        floor_line: FLOOR_LINE,
        left: u32::try_from(MAX_PHOTOS.saturating_sub(draft.photos.len())).unwrap_or(0),
        notice_due: summary::is_notice_due(&draft, &lacks),
    })
}

/// Whether the visit needs a front that can be made of two halves.
fn may_be_narrow(kind: VisitKind) -> bool {
    match kind {
        VisitKind::Quick | VisitKind::Full => true,
        VisitKind::Unreachable | VisitKind::Finding => false,
    }
}

pub(crate) fn set_narrow(app: &FieldApp, visit: VisitId, narrow: bool) -> Result<CameraView> {
    capture::change(app, visit, |draft| {
        if narrow && !may_be_narrow(draft.kind) {
            return Err(Error::refused("narrow_not_asked"));
        }
        draft.narrow = narrow;
        Ok(())
    })?;
    view(app, visit)
}

/// What the camera gave.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewPhoto {
    /// What it shows.
    pub kind: PhotoKind,
    /// The camera's JPEG.
    pub jpeg: Vec<u8>,
    /// When it was taken, by the phone's clock.
    pub taken_at_micros: i64,
}

impl std::fmt::Debug for NewPhoto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPhoto")
            .field("kind", &self.kind)
            .field("bytes", &self.jpeg.len())
            .finish_non_exhaustive()
    }
}

/// A photo was taken into the draft.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhotoTaken {
    /// Its id.
    pub id: PhotoId,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bytes of the evidence.
    pub bytes: u64,
    /// What the officer should look at.
    pub verdicts: Vec<PhotoVerdict>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_held_upright_or_sideways_is_level_and_a_turned_one_is_not() {
        for (x, y) in [(0.0, 9.8), (9.8, 0.0), (-9.8, 0.0), (0.0, -9.8)] {
            let hint = level(x, y, 0.0);
            assert_eq!((hint.roll_deg, hint.pitch_deg), (0, 0));
            assert!(hint.is_level);
        }
        let turned = level(-1.7, 9.65, 0.0);
        assert_eq!(turned.roll_deg, 10);
        assert!(!turned.is_level);
        assert_eq!(level(1.7, 9.65, 0.0).roll_deg, -10);
        let up = level(0.0, 8.5, -4.9);
        assert_eq!(up.pitch_deg, 30);
        assert!(!up.is_level);
    }

    #[test]
    fn a_phone_that_lies_flat_or_falls_is_not_level() {
        assert_eq!(level(0.1, 0.1, 9.8).roll_deg, 0);
        assert!(!level(0.1, 0.1, 9.8).is_level);
        assert!(!level(0.0, 0.0, 0.0).is_level);
        assert!(!level(f32::NAN, 0.0, 0.0).is_level);
    }
}
