//! Identifiers: one newtype per noun, so that a case id cannot be passed where a visit id is meant.
//!
//! All are UUIDv7 made by whoever creates the thing (a phone reserves a visit's id when the officer arrives).
//! Nothing is ever ordered by them: a phone's clock would decide the order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id (expected a UUID)")]
pub struct BadId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::parse_str(text).map(Self).map_err(|_| BadId)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String, {
            lower: |id| id.to_string(),
            try_lift: |text| Ok(text.parse()?),
        });
    )+};
}

ids! {
    /// A verification case.
    CaseId;
    /// A visit: one sealed capture by one officer at one house.
    VisitId;
    /// A photo, reserved by the phone at capture.
    PhotoId;
    /// A house: where a family lives and where the officer stands. Two families may share one.
    HouseId;
    /// A family (keluarga).
    FamilyId;
    /// A person (orang).
    PersonId;
    /// One family's or person's place in one program (kepesertaan).
    MembershipId;
    /// One place that money follows (jatah).
    SlotId;
    /// A frozen waitlist snapshot.
    WaitlistId;
    /// A person with an account.
    UserId;
    /// A role given to a user for regions and a time.
    GrantId;
    /// A phone with a key of its own.
    DeviceId;
    /// A one-time permission to enrol a phone.
    EnrolmentId;
    /// A signed-in session.
    SessionId;
    /// A one-time permission to choose a new password.
    ResetSlipId;
    /// Something that happened. Repeating the request repeats the id, and nothing happens twice.
    EventId;
    /// A period (periode).
    PeriodId;
    /// A background job.
    JobId;
    /// An import run.
    ImportId;
    /// A notice to a family (surat pemberitahuan).
    NoticeId;
    /// A contact sheet (lembar), as long as a reviewer holds it.
    SheetId;
    /// A change of who a family is that waits for an approver.
    FamilyRequestId;
    /// Two persons who may be one.
    DuplicateId;
    /// A plan of visits: whom rules chose for a month.
    PlanId;
    /// A version of a rule of eligibility (aturan).
    RuleId;
    /// A recorded fact about a family that a rule may ask for.
    FactId;
    /// What a rule in force said of a membership once.
    EvaluationId;
    /// A cancellation that a rule prepared (usulan pembatalan).
    PreparedId;
    /// An approved act that is to be entered in the ministry's system.
    MinistryActId;
    /// A file that is made to leave the installation.
    ExportId;
    /// A photo that a city held before; never evidence.
    OldPhotoId;
    /// A proposal (usulan).
    ProposalId;
    /// A deliberation of a village (musyawarah kelurahan).
    DeliberationId;
    /// A signed paper as it was scanned.
    PaperId;
    /// On which days something is taken (jadwal).
    WindowId;
    /// A letter that is printed and signed (surat).
    LetterId;
    /// A population event as it was received (peristiwa kependudukan).
    CivilEventId;
    /// What a feed sent at once.
    CivilBatchId;
    /// A family's move from one village to another.
    MoveId;
    /// A family's appeal against the end of its place (keberatan).
    AppealId;
    /// A place that an upheld appeal gave back beside the quota.
    RestorationId;
    /// A citizen's objection (sanggah).
    ObjectionId;
    /// A photo of an objector; never evidence.
    ObjectionPhotoId;
    /// Somebody whom the civil registry is asked about.
    MatchId;
    /// What BPJS said of a person's health insurance.
    HealthId;
}
