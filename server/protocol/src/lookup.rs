//! What a console looks up beside cases: places, reasons, officers, families, and what was done to a case.

use serde::{Deserialize, Serialize};

use crate::case::CaseState;
use crate::contact_sheet::OnSheet;
use crate::duty::Outcome;
use crate::ids::{CaseId, FamilyId, UserId};
use crate::lenient::Lenient;
use crate::membership::MembershipState;
use crate::old_photo::OldPhotoView;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::review::{CaseRow, FamilyView, MembershipRow, PhotoView, VisitRequest};
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

/// `GET /v1/programs`: a program of assistance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgramView {
    /// Its code, by which everything else names it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who holds a membership: `family` or `person`.
    pub unit: String,
    /// The centre decides; the city only proposes.
    pub central: bool,
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
    /// Under which heading a long list shows it; those of one heading stand together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
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
    /// Why a visit is asked for.
    #[serde(default)]
    pub requesting_visit: Vec<ReasonView>,
    /// Why a role that somebody was given is refused.
    #[serde(default)]
    pub refusing_grant: Vec<ReasonView>,
    /// Why a family is taken out of a plan of visits.
    #[serde(default)]
    pub excepting: Vec<ReasonView>,
    /// Why a rule of eligibility is refused.
    #[serde(default)]
    pub refusing_rule: Vec<ReasonView>,
    /// Why a family whose evaluation fails stays where it is.
    #[serde(default)]
    pub dismissing_prepared: Vec<ReasonView>,
    /// Why a proposal for the registry or a program is rejected.
    #[serde(default)]
    pub rejecting_proposal: Vec<ReasonView>,
    /// Why it goes back.
    #[serde(default)]
    pub returning_proposal: Vec<ReasonView>,
    /// Why somebody is to be brought back into the health insurance.
    #[serde(default)]
    pub reactivating: Vec<ReasonView>,
    /// Why what the health insurance said has no effect here.
    #[serde(default)]
    pub dismissing_health: Vec<ReasonView>,
    /// Why a deliberation does not agree to a name.
    #[serde(default)]
    pub refusing_name: Vec<ReasonView>,
    /// Why a letter is revoked.
    #[serde(default)]
    pub revoking_letter: Vec<ReasonView>,
    /// Why a population event has no effect here.
    #[serde(default)]
    pub dismissing_event: Vec<ReasonView>,
    /// Why a batch of population events is refused.
    #[serde(default)]
    pub refusing_batch: Vec<ReasonView>,
    /// Why a village sends a family back.
    #[serde(default)]
    pub returning_move: Vec<ReasonView>,
    /// Why an appeal is upheld.
    #[serde(default)]
    pub upholding_appeal: Vec<ReasonView>,
    /// Why an appeal is dismissed.
    #[serde(default)]
    pub dismissing_appeal: Vec<ReasonView>,
    /// Why an objection is not looked into.
    #[serde(default)]
    pub rejecting_objection: Vec<ReasonView>,
}

/// An officer to whom cases can be given, and what lies with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfficerView {
    /// The account.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// What they sign in with.
    #[serde(default)]
    pub username: String,
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

/// `GET /v1/decisions/waiting`: what waits for the asker's own word, as far as they have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionQueue {
    /// Cases whose evidence was accepted, where the asker decides.
    pub to_decide: u64,
    /// Cases that wait for the approver, where the asker confirms.
    pub to_confirm: u64,
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
    /// For whom they stood in (Plh.), by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy_for: Option<String>,
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
    /// The document that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// How it was looked at, when it was accepted on a contact sheet: the time on the screen no longer than the sheet was
    /// old, and the houses that the server handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_sheet: Option<OnSheet>,
    /// How long the reviewer had held the case by then, when it was judged by itself; by the server's clock, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_ms: Option<u64>,
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
    /// When the person was born whose name is `text`: a year like `1980` or a day like `1980-12-31`. Then the name is looked
    /// for as it sounds, however it is spelled, and nothing but `region` is looked at beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<String>,
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
    /// What the text stood in, when it was not the head's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_in: Option<FoundIn>,
}

/// Where the text stood that a family was found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FoundIn {
    /// In a member's name.
    Member {
        /// That name.
        name: String,
    },
    /// In the address.
    Address,
}

/// How far a recipient's verification has come this month.
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
pub enum RecipientState {
    /// No officer has been asked to go there.
    Unvisited,
    /// With an officer.
    Visiting,
    /// Evidence waits for its review.
    Reviewing,
    /// The evidence stands and waits for the operator.
    Deciding,
    /// What was proposed waits for the approver.
    Approving,
    /// Decided.
    Decided,
}

/// A recipient in the list of the month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecipientRow {
    /// The family.
    pub family: FamilyRow,
    /// How far it has come.
    #[cfg_attr(feature = "openapi", schema(value_type = RecipientState))]
    pub state: Lenient<RecipientState>,
    /// The front of the house in the newest evidence that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoView>,
    /// Where its door is, by the last accepted visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<LastPin>,
    /// Who asked for the visit of its undecided case, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<VisitRequest>,
}

/// Families of the month in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecipientCount {
    /// The state.
    #[cfg_attr(feature = "openapi", schema(value_type = RecipientState))]
    pub state: Lenient<RecipientState>,
    /// How many.
    pub families: u64,
}

/// `GET /v1/recipients`: the families that receive something, and how far each has come this month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recipients {
    /// The families, by name.
    pub items: Vec<RecipientRow>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// All of them by state, whichever state was asked for; one that does not occur is absent.
    pub states: Vec<RecipientCount>,
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
    /// Photos that the city held before: old, unverified, never evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old_photos: Vec<OldPhotoView>,
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
    /// What was last decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionView>,
}

/// What was decided about a membership, by whom and by which document. What only waits for its second person is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionView {
    /// The case in which it was decided.
    pub case: CaseId,
    /// What was said.
    pub outcome: Outcome,
    /// The reason of an ineligible outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The document an ineligible outcome rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// Who said it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_at: Option<Timestamp>,
    /// Who confirmed it, by name; absent where nobody had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
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

/// `GET /v1/grants/waiting`: a grant that somebody gave and an approver must confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingGrant {
    /// The grant.
    pub grant: GrantView,
    /// Whose it will be.
    pub user: UserId,
    /// That person's name.
    pub name: String,
    /// What they sign in with.
    #[serde(default)]
    pub username: String,
    /// When it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
    /// The roles that this person already has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<GrantView>,
    /// Who gave it; absent for the server's keeper at the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by_name: Option<String>,
}
