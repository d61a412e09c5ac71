//! What a console looks up beside cases: places, reasons, officers, families, and what was done to a case.

use serde::{Deserialize, Serialize};

use crate::case::CaseState;
use crate::duty::Outcome;
use crate::ids::{CaseId, FamilyId, UserId};
use crate::lenient::Lenient;
use crate::membership::MembershipState;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::review::{CaseRow, FamilyView, MembershipRow, PhotoView};
use crate::session::GrantView;
use crate::sync::LastPin;
use crate::time::Timestamp;

/// A region of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegionView {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
    /// `province`, `city`, `district` or `village`.
    pub level: String,
}

/// `GET /v1/regions/{code}/outline`: where a village ends, indicatively.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outline {
    /// The region.
    pub region: RegionCode,
    /// A GeoJSON geometry: `Polygon` or `MultiPolygon`, longitude before latitude, in degrees.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub geometry: serde_json::Value,
}

/// A reason and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonView {
    /// The code.
    pub code: ReasonCode,
    /// What a person reads.
    pub label: String,
}

/// `GET /v1/reasons`: every list a person chooses from, in the order in which fingers learn it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonLists {
    /// Why evidence goes back to the phone.
    pub returning: Vec<ReasonView>,
    /// Why a membership is cancelled.
    pub excluding: Vec<ReasonView>,
    /// Why a case is closed without a decision.
    pub closing: Vec<ReasonView>,
    /// Why an import is refused.
    pub refusing_import: Vec<ReasonView>,
    /// Why a proposal is refused.
    #[serde(default)]
    pub refusing_proposal: Vec<ReasonView>,
}

/// An officer to whom cases can be given, and what lies with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfficerView {
    /// The account.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// Where they work, as far as the asker reaches.
    pub regions: Vec<RegionCode>,
    /// Cases that wait for their visit.
    pub assigned: u64,
    /// Cases that came back to them.
    pub returned: u64,
}

/// `GET /v1/review/waiting`: how long the queue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewQueue {
    /// Cases in reach whose evidence waits for a review.
    pub waiting: u64,
}

/// One act on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryRow {
    /// When.
    pub at: Timestamp,
    /// Who; absent for the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As what.
    pub role: String,
    /// What was done, such as `case.accept`.
    pub action: String,
    /// The state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CaseState>))]
    pub from: Option<Lenient<CaseState>>,
    /// The state after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CaseState>))]
    pub to: Option<Lenient<CaseState>>,
    /// The reasons that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonCode>,
    /// The program of the membership that it was about, where it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What was said of that membership.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// `POST /v1/families/search`: what somebody looks for stands in the body and never in a URL.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchFamilies {
    /// An exact NIK or KK number, 16 digits; needs `purpose`, and nothing else is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What the number is looked up for, at least 8 characters; logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Part of the head's or a member's name, or of the address; at least 3 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only this region and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Only families with a membership in this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Only families with a membership in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MembershipState>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Rows a page, 1 to 200; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl std::fmt::Debug for SearchFamilies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchFamilies").finish_non_exhaustive()
    }
}

/// A family in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyRow {
    /// Its id.
    pub id: FamilyId,
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
    /// The decile, when ranked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile: Option<i16>,
    /// What it holds or held, the newest first.
    pub memberships: Vec<MembershipRow>,
    /// Its undecided case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// That case's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CaseState>))]
    pub case_state: Option<Lenient<CaseState>>,
}

/// `GET /v1/families/{id}`: a recipient's page, the house first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyPage {
    /// The family, masked.
    pub family: FamilyView,
    /// The newest photo of the house's front that has copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoView>,
    /// Where its door is, by the last accepted visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<LastPin>,
    /// What it holds or held, the newest first.
    pub memberships: Vec<FamilyMembership>,
    /// Its cases, the newest first.
    pub cases: Vec<CaseRow>,
}

/// A membership with who came before and after in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyMembership {
    /// The membership itself.
    pub membership: MembershipRow,
    /// Whose place it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Neighbour>,
    /// Who stands to take or took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_by: Option<Neighbour>,
}

/// The family before or after in a place, and why it was next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Neighbour {
    /// Its membership.
    pub membership: MembershipRow,
    /// The head's name; absent when the family is out of the asker's reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its place on the frozen waiting list, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// Its decile when the list was frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile: Option<i16>,
}

/// `GET /v1/grants/waiting`: a deciding grant that somebody gave and an approver must confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingGrant {
    /// The grant.
    pub grant: GrantView,
    /// Whose it will be.
    pub user: UserId,
    /// That person's name.
    pub name: String,
    /// Who gave it; absent for the server's keeper at the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by_name: Option<String>,
}
