//! What screens draw, and what they hand in. Values only.

use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{Missing, PhotoKind, UnreachableReason, VisitKind};
use tilik_protocol::form::AnswerProblem;
use tilik_protocol::ids::{CaseId, DeviceId, PhotoId, UserId, VisitId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::{FormRef, LastPin, Returned};
use tilik_protocol::time::Timestamp;

pub use tilik_protocol::form::Form as FormView;

pub use crate::photos::PhotoVerdict;

/// How the phone stands with the server.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Status {
    /// The phone's id, once it is enrolled.
    pub device: Option<DeviceId>,
    /// Whether it is enrolled.
    pub enrolled: bool,
    /// Enrolment, sign-in or another password is on its way.
    pub busy: bool,
    /// Somebody is signed in and the session, as far as is known, lives.
    pub signed_in: bool,
    /// The session is over; sign in again. Photos with a grant are still sent.
    pub sign_in_again: bool,
    /// Somebody else chose the password: nothing goes on before the officer has chosen another (`change_password`).
    pub password_change_required: bool,
    /// Whose roster is shown.
    pub user: Option<UserId>,
    /// The account's name; after enrolment already, to sign in with.
    pub username: Option<String>,
    /// The app is too old to begin a visit.
    pub update_needed: bool,
    /// How the phone left, when it was revoked.
    pub device_revoked: Option<RevokeKind>,
    /// The phone's clock against the server's, when it is off by more than five minutes.
    pub clock: Option<ClockProblem>,
    /// The room on the disk, when it is short.
    pub space: Option<SpaceProblem>,
    /// When a sync round last succeeded, by the phone's clock.
    pub last_sync_at: Option<Timestamp>,
    /// The last thing that went wrong with the server, until something goes right: a problem code or `no_network`.
    pub last_problem: Option<String>,
    /// Sealed visits without a receipt.
    pub visits_waiting: u32,
    /// Photos that are not on the server yet.
    pub photos_waiting: u32,
    /// Photos wait for an unmetered network.
    pub data_saver: bool,
    /// Rows of the feed that this app cannot read; an update will show them.
    pub unreadable_rows: u32,
    /// How often a feed had to start again because its checksum did not fit (goal: 0).
    pub checksum_mismatches: u32,
    /// Minutes east of UTC, for the dates on the screen.
    pub utc_offset_min: i32,
}

/// The phone's clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ClockProblem {
    /// Seconds ahead of the server; negative: behind.
    pub ahead_s: i64,
}

/// The disk is short of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SpaceProblem {
    /// Room for some visits; free some.
    Low,
    /// No visit can be begun.
    Full,
}

/// A case to visit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AssignmentView {
    /// The case.
    pub case: CaseId,
    /// The version a visit quotes.
    pub version: i32,
    /// Its state on the server.
    pub state: CaseState,
    /// What is asked.
    pub kind: VisitKind,
    /// The head's or payee's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village.
    pub region: RegionCode,
    /// The form to ask.
    pub form: Option<FormRef>,
    /// The last pin.
    pub last_pin: Option<LastPin>,
    /// The programs it decides about.
    pub programs: Vec<String>,
    /// When its window closes.
    pub closes_at: Option<Timestamp>,
    /// Why it came back.
    pub returned: Option<Returned>,
    /// The draft of it on this phone.
    pub draft: Option<VisitId>,
    /// The newest sealed visit of it on this phone.
    pub sealed: Option<VisitId>,
}

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

/// Where the front door is, as the phone or the officer says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Record)]
pub struct NewPin {
    /// One to five are used, averaged by their accuracy.
    pub fixes: Vec<Fix>,
    /// `gnss`, `hand` or `external`.
    pub source: String,
    /// Why it is poor.
    pub reason: Option<String>,
}

/// One position fix.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Record)]
pub struct Fix {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: i64,
    /// Altitude in centimetres.
    pub altitude_cm: Option<i64>,
    /// Speed in centimetres per second.
    pub speed_cm_s: Option<i64>,
    /// Bearing in hundredths of a degree.
    pub bearing_cdeg: Option<i64>,
    /// The provider's name.
    pub provider: String,
    /// The phone said the location was mocked.
    pub mock: bool,
    /// The monotonic clock, in nanoseconds.
    pub elapsed_ns: u64,
    /// By the phone's clock.
    pub taken_at_micros: i64,
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

/// A sealed visit on its way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxVisit {
    /// The visit.
    pub visit: VisitId,
    /// The case; a finding has none.
    pub case: Option<CaseId>,
    /// When it was sealed, by the clock of its phone.
    pub captured_at: Timestamp,
    /// Carried for a colleague.
    pub carried: bool,
    /// Where it stands.
    pub state: OutboxState,
    /// When the server said that it has the manifest, by the server's clock.
    pub received_at: Option<Timestamp>,
    /// How many photos it has.
    pub photos_total: u32,
    /// How many are on the server.
    pub photos_received: u32,
    /// How many are safe there: "14 of 15 safe on the server".
    pub photos_safe: u32,
    /// The photos, in order.
    pub photos: Vec<OutboxPhoto>,
}

/// Where a sealed visit or a photo stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum OutboxState {
    /// Waits for its turn or for a network.
    Waiting,
    /// On its way: a request is out, or the manifest is there and photos follow.
    Sending,
    /// On the server, whole.
    Sent,
    /// Goes on only when somebody does something; `retry` is the way out.
    NeedsAttention {
        /// What happened.
        why: Why,
    },
}

/// Why something in the outbox stands still. The bytes are kept whatever it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Enum)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// The server could not read the manifest.
    Malformed {
        /// Its problem code.
        code: String,
    },
    /// The server knows this visit with other bytes; both are kept there.
    Conflict,
    /// Kept apart on the server until somebody looks.
    Quarantined {
        /// The problem code.
        code: String,
    },
    /// The server knows this photo with other bytes.
    PhotoConflict,
    /// The server will not take the photo's bytes.
    PhotoRefused {
        /// The problem code.
        code: String,
    },
    /// The sealed file is not there any more.
    FileMissing,
    /// The sealed file has changed on the disk.
    FileDamaged,
}

/// A sealed photo on its way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxPhoto {
    /// The photo.
    pub photo: PhotoId,
    /// Where it stands.
    pub state: OutboxState,
    /// Bytes of the sealed file.
    pub bytes: u64,
    /// Bytes that the server is known to have.
    pub sent_bytes: u64,
    /// When it was durable on the server, by the server's clock.
    pub received_at: Option<Timestamp>,
    /// When it was safe there.
    pub safe_at: Option<Timestamp>,
    /// Why it failed the server's checks: it must be taken again, though its bytes are kept.
    pub problem: Option<String>,
    /// Whether the bytes are still on this phone.
    pub on_phone: bool,
}
