//! Quotas as they stand, and who receives more than one program.

use serde::{Deserialize, Serialize};

use crate::ids::{FamilyId, MembershipId, PersonId};
use crate::region::RegionCode;
use crate::time::Timestamp;

/// One program in one village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotaRow {
    /// The program's code.
    pub program: String,
    /// The village.
    pub region: RegionCode,
    /// How many slots the quota gives.
    pub slots: u64,
    /// Of these, somebody's.
    pub held: u64,
    /// For a candidate whose house is to be seen or whose predecessor may still appeal.
    pub reserved: u64,
    /// Nobody's.
    pub free: u64,
    /// How many on the waitlist in force have not been reached.
    pub waiting: u64,
    /// When that list was frozen; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<Timestamp>,
}

/// All villages of one program that the asker sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotaTotal {
    /// The program's code.
    pub program: String,
    /// Who pays, such as `APBN`.
    pub fund: String,
    /// Villages with a quota.
    pub villages: u64,
    /// How many slots the quotas give.
    pub slots: u64,
    /// Somebody's.
    pub held: u64,
    /// For a candidate.
    pub reserved: u64,
    /// Nobody's.
    pub free: u64,
}

/// `GET /v1/quotas`: by program, then by village; totals are of all villages, whatever page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quotas {
    /// By program.
    pub totals: Vec<QuotaTotal>,
    /// One program in one village each.
    pub items: Vec<QuotaRow>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many families receive two programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overlap {
    /// One program's code.
    pub one: String,
    /// The other's, after it in the order of codes.
    pub other: String,
    /// Who pays for both; absent when two pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fund: Option<String>,
    /// Families with a place in both. A program for persons counts once a family.
    pub families: u64,
}

/// `GET /v1/overlaps`: every pair of programs that some family in reach receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overlaps {
    /// The pairs, those that most families receive first.
    pub items: Vec<Overlap>,
}

/// One family with a place in two programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverlapFamily {
    /// The family.
    pub family: FamilyId,
    /// Its name.
    pub name: String,
    /// Where.
    pub region: RegionCode,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
}

/// One place in the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitlistRow {
    /// Which one, as the list was frozen.
    pub position: u32,
    /// The family.
    pub family: FamilyId,
    /// Of a program for persons, who of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The family's name, or that person's.
    pub name: String,
    /// Where they live now.
    pub region: RegionCode,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// What they were ranked by, in words of the list: `desil`, `indikator_262`, `rentan`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub facts: serde_json::Value,
    /// When it was their turn; absent: they wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// The membership that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipId>,
}

/// `GET /v1/waitlists`: the frozen list of a program in a village, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitlistView {
    /// The program's code.
    pub program: String,
    /// The village that the list is of.
    pub region: RegionCode,
    /// When an approver froze it.
    pub frozen_at: Timestamp,
    /// So many wait on it.
    pub waiting: u64,
    /// In order.
    pub items: Vec<WaitlistRow>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
