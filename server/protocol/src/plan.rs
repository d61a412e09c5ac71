//! Console and server: the plan of a month's visits. The server chooses families by rules, ranks them, and shares them out
//! among the officers up to what each can take; a person looks at it, takes single ones out, and opens it in one act.

use serde::{Deserialize, Serialize};

use crate::evidence::VisitKind;
use crate::ids::{CaseId, EventId, FamilyId, PlanId, UserId};
use crate::lenient::Lenient;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most cases that may lie with one officer by a plan.
pub const MOST_CAPACITY: u32 = 999;

/// Most families that are taken out of one plan by hand.
pub const MOST_TAKEN_OUT: usize = 500;

/// Why a family is in a plan. Their order is their rank: where room is short, what comes first goes first.
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
pub enum PlanRule {
    /// A visit was asked for, and nobody has it yet.
    Asked,
    /// Where it lives no photo was ever accepted.
    NoPhoto,
    /// Its decile is another than when it was last decided.
    DecileJump,
    /// Its newest accepted photo is old.
    OldPhoto,
    /// By chance.
    Random,
}

/// Whom a plan is to choose. Each rule that is named adds those whom it fits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanRules {
    /// Those for whom a visit was asked and whose case nobody has yet.
    #[serde(default)]
    pub asked: bool,
    /// Those without an accepted photo of where they live.
    #[serde(default)]
    pub no_photo: bool,
    /// Those whose decile moved by at least so much, 1 to 9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile_jump: Option<u8>,
    /// Those whose newest accepted photo is older than so many months, 1 to 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_older_months: Option<u8>,
    /// So many of a hundred, by the chance of the month, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_percent: Option<u8>,
    /// Only who receives this program; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// How many cases may lie with an officer, those that do already among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capacity {
    /// The officer.
    pub officer: UserId,
    /// At most so many; 0: this officer is given nothing.
    pub cases: u32,
}

/// `POST /v1/plans/preview`: choose and share out, and open nothing. It stands in place of what the same person had chosen
/// and not opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewPlan {
    /// A village, a district or a whole city.
    pub region: RegionCode,
    /// Whom.
    pub rules: PlanRules,
    /// What each officer can take, who is not named below.
    pub capacity: u32,
    /// What some can take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacities: Vec<Capacity>,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleCount {
    /// The rule.
    #[cfg_attr(feature = "openapi", schema(value_type = PlanRule))]
    pub rule: Lenient<PlanRule>,
    /// Whom it fits, other rules or not.
    pub found: u64,
    /// Who are in the plan because of it and of none that ranks before it.
    pub planned: u64,
}

/// An officer's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanOfficer {
    /// Who.
    pub user: UserId,
    /// That person's name.
    pub name: String,
    /// Cases that lay with the officer when it was made.
    pub held: u64,
    /// At most so many, with those.
    pub capacity: u32,
    /// Families that the plan gives to the officer.
    pub planned: u64,
    /// Of these, taken out by hand.
    pub taken_out: u64,
    /// Of these, opened and given.
    pub opened: u64,
    /// Of these, not opened: a case came meanwhile, or the officer went.
    pub skipped: u64,
}

/// A plan. Whom it chose is read page by page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanView {
    /// Its id.
    pub id: PlanId,
    /// Where.
    pub region: RegionCode,
    /// Of which month, in the region's own time: `2026-11`.
    pub month: String,
    /// The chance of this city and month in hex: the same for whoever draws, however often.
    pub seed: String,
    /// SHA-256 of who was chosen, for whom and why, in hex.
    pub digest: String,
    /// By which rules.
    pub rules: PlanRules,
    /// Families that the rules looked at.
    pub looked_at: u64,
    /// Of these, left out because a case is under way.
    pub under_way: u64,
    /// What each rule found, in the order of their ranks.
    pub counts: Vec<RuleCount>,
    /// Families in the plan.
    pub planned: u64,
    /// Families that a rule fits, in villages where nobody works.
    pub nobody: u64,
    /// Families that a rule fits, whose officers have no room left.
    pub no_room: u64,
    /// Each officer's part, by name.
    pub officers: Vec<PlanOfficer>,
    /// When somebody opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Families that are still to be opened.
    pub waiting: u64,
}

/// A family of a plan, in walking order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanFamily {
    /// The family.
    pub family: FamilyId,
    /// The head's or payee's name.
    pub name: String,
    /// The village.
    pub region: RegionCode,
    /// Street and number, as the registry has it.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// Why it is chosen.
    #[cfg_attr(feature = "openapi", schema(value_type = PlanRule))]
    pub rule: Lenient<PlanRule>,
    /// When its newest accepted photo was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_at: Option<Timestamp>,
    /// The decile, when ranked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile: Option<i16>,
    /// The decile before, where it jumped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile_before: Option<i16>,
    /// Why it was taken out by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_out: Option<ReasonCode>,
    /// Its case, once opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

/// A family that is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakenOutFamily {
    /// The family.
    pub family: FamilyId,
    /// Why.
    pub reason: ReasonCode,
}

/// `POST /v1/plans/{id}/open`: open a case for each of its families and give it to the officer. It goes on by itself;
/// `GET /v1/plans/{id}` tells how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenPlan {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Quick or full.
    pub kind: VisitKind,
    /// When the window closes; absent: as the window of visits says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// Taken out by hand, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_out: Vec<TakenOutFamily>,
}
