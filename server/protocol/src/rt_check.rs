//! The checklist of an RT (daftar periksa RT): what its head says of each family on the list, ticked on paper and entered in
//! the same order. A hint of somebody who lives there: nothing is decided by it, and where it says that something changed,
//! somebody goes and looks.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, FamilyId};
use crate::lenient::Lenient;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// What the head of an RT says of a family.
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
pub enum RtFinding {
    /// Ada: lives there as before.
    Present,
    /// Meninggal: who receives has died.
    Died,
    /// Pindah: lives there no more.
    Moved,
    /// Tidak dikenal: nobody of that name is known there.
    Unknown,
    /// Mampu: has become well-off.
    WellOff,
}

/// A family on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RtCheckRow {
    /// The family.
    pub family: FamilyId,
    /// The head's or payee's name.
    pub name: String,
    /// Where it lives.
    pub address: String,
    /// RW.
    pub rw: String,
    /// RT.
    pub rt: String,
    /// Programs of which somebody holds a place, or stands for one.
    pub programs: Vec<String>,
    /// What was said of it this month; absent: nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<RtFinding>))]
    pub finding: Option<Lenient<RtFinding>>,
    /// When that was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_at: Option<Timestamp>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<String>,
    /// Whether a visit is on its way, so that none needs to be asked for.
    pub open_case: bool,
}

/// `GET /v1/rt-checks`: a village's list, or an RT's, by RW, RT and address: the order of the paper and of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RtSheet {
    /// `2026-11`, in the village's own time.
    pub month: String,
    /// The families.
    pub items: Vec<RtCheckRow>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How far an RT is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RtProgress {
    /// RW.
    pub rw: String,
    /// RT.
    pub rt: String,
    /// Families on its list.
    pub families: u64,
    /// Of them said to be there.
    pub present: u64,
    /// Said to have died.
    pub died: u64,
    /// Said to have moved.
    pub moved: u64,
    /// Not known there.
    pub unknown: u64,
    /// Said to be well-off.
    pub well_off: u64,
}

/// `GET /v1/rt-checks/progress`: the RTs of a village in the present month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RtChecks {
    /// `2026-11`, in the village's own time.
    pub month: String,
    /// The village.
    pub region: RegionCode,
    /// Its RTs with a family on the list.
    pub items: Vec<RtProgress>,
}

/// What is said of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RtMark {
    /// The family.
    pub family: FamilyId,
    /// What the paper says; absent: nothing, what was entered is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<RtFinding>,
    /// What the screen showed before: another's word is not overwritten unseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<RtFinding>,
}

/// `POST /v1/rt-checks`: enter what the paper says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnterRtChecks {
    /// Repeating the request changes nothing more, and tells what stands.
    pub event_id: EventId,
    /// The village.
    pub region: RegionCode,
    /// The month of the paper: `2026-11`. Only the present one is taken.
    pub month: String,
    /// 1 to 200, a family once.
    pub marks: Vec<RtMark>,
}

/// The reply to [`EnterRtChecks`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RtChecksEntered {
    /// Families of which this request changed what is known.
    pub changed: Vec<FamilyId>,
    /// Families of which that was known already.
    pub known: Vec<FamilyId>,
    /// Families of which somebody entered something else meanwhile: nothing was changed.
    pub stale: Vec<FamilyId>,
    /// Families that are on this village's list no more.
    pub gone: Vec<FamilyId>,
}
