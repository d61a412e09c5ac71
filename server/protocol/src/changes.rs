//! What is other about a family since it was last decided: on the ground by two visits, on paper by the registry's versions.

use serde::{Deserialize, Serialize};

use crate::ids::{FamilyId, MembershipId, PersonId};
use crate::lenient::Lenient;
use crate::membership::MembershipState;
use crate::time::Timestamp;

/// `GET /v1/families/{id}/changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyChanges {
    /// The family.
    pub family: FamilyId,
    /// The registry now is compared with the registry at this moment: when the earlier case was decided, else when its
    /// evidence came; without an earlier case, a period ago or when this family's case was opened.
    pub since: Timestamp,
    /// When the evidence of this period was captured; absent while nobody was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visited_at: Option<Timestamp>,
    /// When the evidence it is compared with was captured; absent when there was none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_at: Option<Timestamp>,
    /// What is other on the ground; absent when there are no two visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<GroundChanges>,
    /// The decile, when it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile: Option<DecileChange>,
    /// Facts of the family that changed: `name`, `address`, `rt`, `rw`, `region`, `regime`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Members that came, died, or were put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonChange>,
    /// Memberships that began or changed their state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<ProgramChange>,
}

/// What two visits show differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroundChanges {
    /// The pin, when both visits have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinChange>,
    /// Answers that are other, the ones that count first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerChange>,
    /// Photos that the earlier visit does not have.
    pub photos_new: u32,
    /// Photos that both visits show: taken earlier and kept.
    pub photos_kept: u32,
}

/// How far the pin lies from the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PinChange {
    /// Metres between them.
    pub moved_m: i64,
    /// Metres by which the two measurements may be off together: less than this is no move.
    pub accuracy_m: i64,
}

/// One question answered differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerChange {
    /// The question's id.
    pub question: String,
    /// The question's words.
    pub text: String,
    /// The earlier answer's words; absent when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The answer's words now; absent when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether the earlier one counted as poor.
    pub counted: bool,
    /// Whether it counts as poor now.
    pub counts: bool,
}

/// A decile that is another; absent: not ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecileChange {
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i16>,
    /// Now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i16>,
}

/// What happened to a member.
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
pub enum PersonEvent {
    /// New in the registry.
    Added,
    /// Recorded as dead.
    Died,
    /// Recorded as alive again.
    Revived,
    /// Name, number, birth, sex or relation put right.
    Corrected,
}

/// A member about whom the registry says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonChange {
    /// Who.
    pub person: PersonId,
    /// The name now.
    pub name: String,
    /// What happened.
    #[cfg_attr(feature = "openapi", schema(value_type = PersonEvent))]
    pub event: Lenient<PersonEvent>,
}

/// A membership that began or is in another state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgramChange {
    /// The membership.
    pub membership: MembershipId,
    /// The program's code.
    pub program: String,
    /// Whose it is, where a program is for persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The state before; absent: it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<MembershipState>))]
    pub from: Option<Lenient<MembershipState>>,
    /// The state now.
    #[cfg_attr(feature = "openapi", schema(value_type = MembershipState))]
    pub to: Lenient<MembershipState>,
}
