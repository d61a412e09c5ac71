//! What was approved here and somebody still has to enter in the ministry's system (SIKS-NG), which has no interface for
//! a city: a list to copy from, ticked line by line.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, FamilyId, MinistryActId, PersonId, ProposalId, UserId};
use crate::lenient::Lenient;
use crate::proposal::ProposalKind;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most acts that are ticked in one request.
pub const MOST_TICKED: usize = 200;

/// What is to be entered.
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
pub enum MinistryActKind {
    /// A membership was cancelled: tidak layak, with its reason.
    Cancelled,
    /// A family or person takes over a place: usulan pengganti.
    Designated,
    /// The recipient stays: layak.
    Eligible,
    /// A proposal was endorsed: usulan.
    Proposed,
    /// An appeal was upheld: the place is theirs again.
    Reinstated,
}

/// An act as the list shows it. Numbers are not in it: copying one is a logged unmasking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinistryAct {
    /// Its id.
    pub id: MinistryActId,
    /// Grows with every tick and undo.
    pub version: u32,
    /// What is to be entered.
    #[cfg_attr(feature = "openapi", schema(value_type = MinistryActKind))]
    pub kind: Lenient<MinistryActKind>,
    /// The program; empty: it is about none.
    pub program: String,
    /// The proposal that was endorsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    /// What it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ProposalKind>))]
    pub proposed: Option<Lenient<ProposalKind>>,
    /// The family.
    pub family: FamilyId,
    /// Its head.
    pub name: String,
    /// Whose number is asked for there: the person of a person's program, else the payee, else the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// Where the family lives.
    pub region: RegionCode,
    /// Its address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// Why a membership ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// When it was approved.
    pub approved_at: Timestamp,
    /// Who ticked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by_name: Option<String>,
    /// When; absent: not entered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_at: Option<Timestamp>,
}

/// How many acts a village has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinistryCount {
    /// The village.
    pub region: RegionCode,
    /// Not entered yet.
    pub open: u64,
    /// Entered.
    pub entered: u64,
}

/// A page of the list, the oldest first, and the counts by village of everything the filter of program and kind lets
/// through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinistryActs {
    /// The acts.
    pub items: Vec<MinistryAct>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// By village.
    pub villages: Vec<MinistryCount>,
}

/// `POST /v1/ministry-acts/entered`: ticks acts, or takes ticks back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TickActs {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Whether they are entered now.
    pub entered: bool,
    /// Which, at most 200.
    pub acts: Vec<TickedAct>,
}

/// One of them, as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TickedAct {
    /// The act.
    pub id: MinistryActId,
    /// Its version.
    pub seen_version: u32,
}
