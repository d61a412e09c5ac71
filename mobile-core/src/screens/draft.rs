//! A visit that is not sealed yet, and the moment of the seal.

use tilik_protocol::evidence::{Missing, PhotoKind, UnreachableReason, VisitKind};
use tilik_protocol::form::AnswerProblem;
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::FormRef;
use tilik_protocol::time::Timestamp;

use crate::photos::PhotoVerdict;

/// What a visit begins with.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BeginVisit {
    /// The case; a finding has none.
    pub case: Option<CaseId>,
    /// What the visit is.
    pub kind: VisitKind,
    /// The village; of a finding only, a case knows its own.
    pub region: Option<RegionCode>,
    /// For practice; never counts.
    pub training: bool,
}

/// Where a draft stands. Each step includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DraftStep {
    /// The front photo, or any photo where none of the front is asked.
    FrontPhoto,
    /// The pin.
    Pin,
    /// The questions, or the reason why nobody was seen.
    Questions,
    /// Nothing is missing.
    Ready,
}

/// A visit that is not sealed yet.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DraftView {
    /// The visit's id, reserved.
    pub visit: VisitId,
    /// The case.
    pub case: Option<CaseId>,
    /// What the visit is.
    pub kind: VisitKind,
    /// The village.
    pub region: RegionCode,
    /// For practice.
    pub training: bool,
    /// The returned visit it replaces.
    pub supersedes: Option<VisitId>,
    /// When the officer arrived.
    pub arrived_at: Timestamp,
    /// What comes next.
    pub step: DraftStep,
    /// The photos, in order.
    pub photos: Vec<DraftPhoto>,
    /// The pin.
    pub pin: Option<DraftPin>,
    /// The form to ask.
    pub form: Option<FormRef>,
    /// The answers so far.
    pub answers: Vec<DraftAnswer>,
    /// What is wrong with the answers.
    pub answer_problems: Vec<AnswerProblem>,
    /// When the privacy notice was read to the respondent.
    pub notice_read_at: Option<Timestamp>,
    /// Why nobody was seen.
    pub unreachable: Option<UnreachableReason>,
    /// What is missing before it can be sealed.
    pub missing: Vec<Missing>,
}

/// A photo of a draft.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DraftPhoto {
    /// Its id.
    pub id: PhotoId,
    /// What it shows.
    pub kind: PhotoKind,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bytes.
    pub bytes: u64,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// What the officer should look at.
    pub verdicts: Vec<PhotoVerdict>,
    /// It stands from the returned visit and is not sent again.
    pub kept: bool,
}

/// The pin of a draft.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DraftPin {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: i64,
    /// `gnss`, `hand` or `external`.
    pub source: String,
    /// Why it is poor.
    pub reason: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DraftAnswer {
    /// The question.
    pub question: String,
    /// The answer.
    pub value: String,
}

/// A visit was sealed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SealedView {
    /// The visit.
    pub visit: VisitId,
    /// Its place in the phone's chain.
    pub seq: u64,
    /// When.
    pub captured_at: Timestamp,
    /// How many photos it has.
    pub photos: u32,
    /// Bytes of the sealed files.
    pub bytes: u64,
}
