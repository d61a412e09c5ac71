//! Who took whose place: for the papers that a village signs (minutes and a statement of responsibility) and what a city
//! sends back to whoever gave the aid.

use serde::{Deserialize, Serialize};

use crate::ids::{FamilyId, MembershipId};
use crate::lenient::Lenient;
use crate::membership::MembershipState;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// One of the two families, and who receives for it. Of a number the first four digits are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplacementSide {
    /// The family.
    pub family: FamilyId,
    /// Who receives: the person of a person's program, else the payee, else the head.
    pub name: String,
    /// That person's NIK, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik_masked: Option<String>,
    /// The number of the family's card, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kk_masked: Option<String>,
    /// Its address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// Where it lives now.
    pub region: RegionCode,
}

/// A place that went from one to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplacementRow {
    /// The membership that took the place.
    pub id: MembershipId,
    /// The membership whose place it was.
    pub ended: MembershipId,
    /// The program.
    pub program: String,
    /// The village whose place it is.
    pub region: RegionCode,
    /// Where the one who takes it stands: a candidate until the house was seen and the appeal period is over.
    #[cfg_attr(feature = "openapi", schema(value_type = MembershipState))]
    pub state: Lenient<MembershipState>,
    /// Why the one before lost it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The paper that the cancellation rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// When the cancellation was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Who had it; absent when the family lives out of one's reach by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<ReplacementSide>,
    /// Who takes it; absent as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ReplacementSide>,
}
