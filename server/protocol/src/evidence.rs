//! What a visit must hold, decided alike on the phone before sealing and on the server after receipt.

use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::manifest::Hash32;

/// What the officer was asked to do, and what the visit is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum VisitKind {
    /// Front photo and pin.
    Quick,
    /// Front photo, more photos, pin, questionnaire.
    Full,
    /// Not found, refused or inaccessible, with evidence.
    Unreachable,
    /// A family, a death or a wrong address that is not on the list.
    Finding,
}

/// What a photo shows.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PhotoKind {
    /// Rumah tampak depan, dari atap sampai lantai.
    HouseFront,
    /// Dalam rumah.
    HouseInside,
    /// Kartu keluarga.
    FamilyCard,
    /// KTP.
    IdCard,
    /// Aset.
    Asset,
    /// Penerima di depan rumah.
    Recipient,
    /// Pernyataan RT/RW.
    Statement,
    /// Gang sempit: left of two overlapping photos.
    NarrowLeft,
    /// Gang sempit: right of two overlapping photos.
    NarrowRight,
}

/// Why the family could not be seen.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum UnreachableReason {
    /// Nobody there, or no such address.
    NotFound,
    /// The family refused.
    Refused,
    /// The house could not be reached.
    Inaccessible,
}

/// What a visit still lacks.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Missing {
    /// A front photo, or both halves of a narrow alley.
    FrontPhoto,
    /// Any photo at all (unreachable, finding).
    AnyPhoto,
    /// The pin.
    Pin,
    /// A written reason for a pin worse than [`PIN_REASON_ABOVE_CM`].
    PinReason,
    /// The answers.
    Answers,
    /// Why the family could not be seen.
    UnreachableReason,
}

/// Largest sealed photo, in plaintext bytes (10 MiB).
pub const MAX_PHOTO_BYTES: u64 = 10 * 1024 * 1024;
/// The age envelope adds a header and 16 bytes per 64 KiB; this is room enough.
pub const MAX_SEALED_BYTES: u64 = MAX_PHOTO_BYTES + 64 * 1024;
/// Longest side a phone seals, in pixels.
pub const SEALED_LONG_SIDE_PX: u32 = 2048;
/// Most photos in one visit.
pub const MAX_PHOTOS: usize = 20;
/// A pin worse than this needs a written reason (100 m).
pub const PIN_REASON_ABOVE_CM: i64 = 10_000;
/// Largest sealed answers file, in bytes.
pub const MAX_ANSWERS_BYTES: u64 = 64 * 1024;
/// Most visits in one sync request.
pub const MAX_SYNC_VISITS: usize = 200;
/// Most feed rows in one sync reply.
pub const FEED_PAGE_ROWS: u64 = 200;

/// What is at hand of a visit, enough to say what it lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtHand {
    /// The kinds of its photos.
    pub photos: Vec<PhotoKind>,
    /// The pin's accuracy in centimetres, when there is a pin.
    pub pin_accuracy_cm: Option<i64>,
    /// Whether a reason for a poor pin was written.
    pub pin_reason: bool,
    /// Whether the form's required questions are answered.
    pub answers: bool,
    /// Whether a reason for not seeing the family was given.
    pub unreachable: Option<UnreachableReason>,
}

/// What the photos of a visit show, each of its bytes counted once: one picture under two names is one picture, and shows
/// what it was called first.
pub fn distinct_kinds(
    photos: impl IntoIterator<Item = (Hash32, Option<PhotoKind>)>,
) -> Vec<PhotoKind> {
    let mut seen = Vec::new();
    let mut kinds = Vec::new();
    for (sha256, kind) in photos {
        if !seen.contains(&sha256) {
            seen.push(sha256);
            kinds.extend(kind);
        }
    }
    kinds
}

/// What a visit of `kind` lacks; empty means it may be sealed.
pub fn missing(kind: VisitKind, at_hand: &AtHand) -> Vec<Missing> {
    let has = |kind| at_hand.photos.contains(&kind);
    let front =
        has(PhotoKind::HouseFront) || (has(PhotoKind::NarrowLeft) && has(PhotoKind::NarrowRight));
    let mut lacks = Vec::new();
    match kind {
        VisitKind::Quick | VisitKind::Full => {
            if !front {
                lacks.push(Missing::FrontPhoto);
            }
        }
        VisitKind::Unreachable | VisitKind::Finding => {
            if at_hand.photos.is_empty() {
                lacks.push(Missing::AnyPhoto);
            }
        }
    }
    match at_hand.pin_accuracy_cm {
        None => lacks.push(Missing::Pin),
        Some(cm) if cm > PIN_REASON_ABOVE_CM && !at_hand.pin_reason => {
            lacks.push(Missing::PinReason);
        }
        Some(_) => {}
    }
    match kind {
        VisitKind::Full | VisitKind::Finding if !at_hand.answers => lacks.push(Missing::Answers),
        VisitKind::Unreachable if at_hand.unreachable.is_none() => {
            lacks.push(Missing::UnreachableReason);
        }
        VisitKind::Quick | VisitKind::Full | VisitKind::Finding | VisitKind::Unreachable => {}
    }
    lacks
}

/// Why a visit or photo deserves a second look. A flag never rejects anything.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Flag {
    /// A number is missing in the device's chain.
    ChainGap,
    /// Two visits follow the same one: the device's key or data was copied.
    ChainFork,
    /// Captured before the window closed, received after.
    LateSync,
    /// The assignment had changed since the phone last heard.
    StaleAssignment,
    /// The case was no longer this officer's.
    OutOfScope,
    /// The case was closed, decided or already accepted.
    CaseClosed,
    /// A second, different visit to the same case.
    SecondVisit,
    /// The phone's clock was ahead of the server's by more than five minutes.
    FutureClock,
    /// No fresh server time token bounds the capture.
    StaleTime,
    /// The phone said the location was mocked.
    MockLocation,
    /// The pin was placed by hand.
    HandPlaced,
    /// Accuracy worse than 100 m.
    LowAccuracy,
    /// Outside the region's indicative boundary by more than the tolerance.
    OutsideBoundary,
    /// The device was revoked as stolen before this arrived.
    StolenDevice,
    /// Carried in by somebody else (titip kirim).
    Carried,
    /// The evidence rules of its kind are not met.
    Incomplete,
    /// The same photo is evidence of another family's visit too, or stands twice in this one.
    RepeatedPhoto,
    /// The photo failed the server's checks.
    BadPhoto,
    /// The key that signed is in software.
    SoftwareKey,
    /// A training visit that reached the real server.
    Training,
    /// The form or its version is not one of this server's: the answers are kept, and nothing counts as answered.
    UnknownForm,
    /// The phone names another region than the case's.
    OtherRegion,
    /// Far from where accepted evidence has the house.
    FarFromHouse,
    /// An accuracy that no receiver has.
    OddAccuracy,
    /// Another phone used the id of this visit or of its photo.
    SharedId,
    /// The officer's account was suspended, or their duty here had ended, before this arrived.
    OfficerEnded,
    /// Sealed after that: it counts for nothing.
    SealedAfterEnd,
}

/// What a returned case points at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ReturnTarget {
    /// One photo.
    Photo {
        /// Which.
        photo: PhotoId,
    },
    /// The pin.
    Pin,
    /// One answer.
    Answer {
        /// The question's id in the form.
        question: String,
    },
    /// The visit as a whole.
    Visit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_visit_is_a_front_photo_and_a_pin() {
        let mut at_hand = AtHand::default();
        assert_eq!(
            missing(VisitKind::Quick, &at_hand),
            vec![Missing::FrontPhoto, Missing::Pin]
        );
        at_hand.photos = vec![PhotoKind::HouseFront];
        at_hand.pin_accuracy_cm = Some(800);
        assert_eq!(missing(VisitKind::Quick, &at_hand), vec![]);
        assert_eq!(missing(VisitKind::Full, &at_hand), vec![Missing::Answers]);
    }

    #[test]
    fn half_a_narrow_alley_is_not_a_front() {
        let mut at_hand = AtHand {
            photos: vec![PhotoKind::NarrowLeft],
            pin_accuracy_cm: Some(500),
            ..AtHand::default()
        };
        assert_eq!(
            missing(VisitKind::Quick, &at_hand),
            vec![Missing::FrontPhoto]
        );
        at_hand.photos.push(PhotoKind::NarrowRight);
        assert_eq!(missing(VisitKind::Quick, &at_hand), vec![]);
    }

    #[test]
    fn the_same_bytes_under_two_names_are_one_photo() {
        let (one, other) = (Hash32([1; 32]), Hash32([2; 32]));
        let left = Some(PhotoKind::NarrowLeft);
        let right = Some(PhotoKind::NarrowRight);
        assert_eq!(
            distinct_kinds([(one, left), (one, right)]),
            [PhotoKind::NarrowLeft]
        );
        assert_eq!(distinct_kinds([(one, left), (other, right)]).len(), 2);
        assert_eq!(distinct_kinds([(one, None), (one, right)]), []);
    }

    #[test]
    fn a_pin_worse_than_a_hundred_metres_needs_words() {
        let mut at_hand = AtHand {
            photos: vec![PhotoKind::HouseFront],
            pin_accuracy_cm: Some(PIN_REASON_ABOVE_CM + 1),
            ..AtHand::default()
        };
        assert_eq!(
            missing(VisitKind::Quick, &at_hand),
            vec![Missing::PinReason]
        );
        at_hand.pin_reason = true;
        assert_eq!(missing(VisitKind::Quick, &at_hand), vec![]);
    }
}
