//! Console and server: cases, review, decisions. Every mutating body carries `event_id`, and `seen_version` where two
//! may write.

use serde::{Deserialize, Serialize};

use crate::case::CaseState;
use crate::contact_sheet::OnSheet;
use crate::duty::Outcome;
use crate::evidence::{PhotoKind, VisitKind};
use crate::family::{Domicile, Sex};
use crate::ids::{
    CaseId, EventId, FamilyId, HouseId, MembershipId, NoticeId, PhotoId, UserId, VisitId,
};
use crate::lenient::Lenient;
use crate::membership::MembershipState;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::sync::{FlagView, LastPin, ReturnReason, Returned};
use crate::time::Timestamp;

/// A page of anything: `?after=<next>&limit=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// For `after`, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /v1/cases`: open cases for families that have none open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenCases {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The families, at most 500.
    pub families: Vec<FamilyId>,
    /// Quick or full.
    pub kind: VisitKind,
    /// When the window closes; absent: as the window of visits says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// Give them to this officer at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<UserId>,
}

/// The reply to [`OpenCases`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CasesOpened {
    /// The new cases, in the order of the families that got one.
    pub cases: Vec<CaseId>,
    /// Families that already had an open case.
    pub already_open: Vec<FamilyId>,
}

/// `POST /v1/families/{id}/visit-requests`: ask for a visit; who goes is for a supervisor to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestVisit {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Quick or full.
    pub kind: VisitKind,
    /// Why.
    pub reason: ReasonCode,
}

/// `POST /v1/assignments`: give cases to an officer, or take them back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssignCases {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The cases, at most 500.
    pub cases: Vec<CaseId>,
    /// The officer; absent: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<UserId>,
}

/// The reply to [`AssignCases`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CasesAssigned {
    /// How many changed hands.
    pub changed: u64,
    /// Cases that were not in a state to be given.
    pub refused: Vec<CaseId>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseRow {
    /// Its id.
    pub id: CaseId,
    /// Its state.
    #[cfg_attr(feature = "openapi", schema(value_type = CaseState))]
    pub state: Lenient<CaseState>,
    /// Its version.
    pub version: i32,
    /// The village.
    pub region: RegionCode,
    /// The family.
    pub family: FamilyId,
    /// The head's or payee's name.
    pub name: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<UserId>,
    /// That officer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer_name: Option<String>,
    /// Street and number, as the registry has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// When the evidence became complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_at: Option<Timestamp>,
    /// In the list of decided cases: when the last word on it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Who asked for it, where somebody did who does not plan visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<VisitRequest>,
}

/// Who asked for a visit, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitRequest {
    /// Who.
    pub by: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why.
    pub reason: ReasonCode,
    /// When.
    pub at: Timestamp,
}

/// A case with all that a reviewer or decider looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseView {
    /// Its id.
    pub id: CaseId,
    /// Its state.
    #[cfg_attr(feature = "openapi", schema(value_type = CaseState))]
    pub state: Lenient<CaseState>,
    /// To be repeated as `seen_version`.
    pub version: i32,
    /// What was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = VisitKind))]
    pub kind: Lenient<VisitKind>,
    /// The village.
    pub region: RegionCode,
    /// The house.
    pub house: HouseId,
    /// The family.
    pub family: FamilyView,
    /// Who has or had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer_name: Option<String>,
    /// When the window closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// `visit` or `unreachable`, once accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_basis: Option<String>,
    /// The lease, when somebody reviews it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseView>,
    /// The visit that waits for review, or that was accepted; the others are shown beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_visit: Option<VisitId>,
    /// All visits, newest first.
    pub visits: Vec<VisitView>,
    /// Earlier pins of the house, newest first; never one of the visits shown.
    pub earlier_pins: Vec<LastPin>,
    /// The photos of the visit that was accepted last at this house, when that was in another case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_photos: Vec<PhotoView>,
    /// Why it was returned, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// What is to be decided, one by one.
    pub memberships: Vec<MembershipView>,
}

/// A family, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyView {
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
    /// The KK number, first four digits and stars.
    pub kk_masked: String,
    /// The decile, when ranked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decile: Option<i16>,
    /// Its persons.
    pub persons: Vec<PersonView>,
    /// Its version, for who corrects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Where it lives, when not at `address`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domicile: Option<Domicile>,
    /// Who receives (pengurus); absent: the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<crate::ids::PersonId>,
    /// Since when it is kept no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The family that it was judged to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<FamilyId>,
}

/// A person, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonView {
    /// Its id.
    pub id: crate::ids::PersonId,
    /// The name.
    pub name: String,
    /// The NIK, first four digits and stars; absent when the person has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik_masked: Option<String>,
    /// The year only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_year: Option<i16>,
    /// Such as `kepala_keluarga`.
    pub relation: String,
    /// Its version, for who corrects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Sex>))]
    pub sex: Option<Lenient<Sex>>,
    /// Whether dead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dead: bool,
}

/// `POST /v1/families/{id}/unmask`: a logged, purposeful look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unmask {
    /// What for, at least 8 characters.
    pub purpose: String,
}

/// The numbers of one family.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unmasked {
    /// The family.
    pub family: FamilyId,
    /// The KK number.
    pub kk: String,
    /// The persons' NIKs and birth dates.
    pub persons: Vec<UnmaskedPerson>,
    /// The counter session ends.
    pub until: Timestamp,
}

impl std::fmt::Debug for Unmasked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unmasked")
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

/// A person's numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnmaskedPerson {
    /// The person.
    pub id: crate::ids::PersonId,
    /// The NIK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik: Option<String>,
    /// The birth date, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
}

impl std::fmt::Debug for UnmaskedPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnmaskedPerson")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Who reviews a case, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseView {
    /// Whether it is the asker's.
    pub mine: bool,
    /// Whose it is, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Until when; ten minutes, renewable.
    pub until: Timestamp,
    /// It is held on a contact sheet: to be judged by itself it is taken by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_sheet: bool,
}

/// A visit as a reviewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitView {
    /// Its id.
    pub id: VisitId,
    /// What it is.
    #[cfg_attr(feature = "openapi", schema(value_type = VisitKind))]
    pub kind: Lenient<VisitKind>,
    /// Who visited.
    pub officer: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer_name: Option<String>,
    /// By the phone's clock.
    pub captured_at: Timestamp,
    /// When its manifest was durable here.
    pub received_at: Timestamp,
    /// When all its photos were here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_at: Option<Timestamp>,
    /// Why the family was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
    /// Where the door is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinView>,
    /// Its photos.
    pub photos: Vec<PhotoView>,
    /// Its answers.
    pub answers: Vec<AnswerView>,
    /// What deserves a second look.
    pub flags: Vec<FlagView>,
}

/// A pin with what the reviewer wants to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PinView {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: i64,
    /// `gnss`, `hand` or `external`.
    pub source: String,
    /// Whether the phone said the location was mocked.
    pub mock: bool,
    /// Metres to the last pin of the house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_to_last_m: Option<i64>,
    /// Metres outside the village's indicative boundary; 0 inside, absent without a boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_m: Option<i64>,
}

/// A photo of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoView {
    /// Its id; `/v1/photos/{id}/1600`.
    pub id: PhotoId,
    /// What it shows.
    #[cfg_attr(feature = "openapi", schema(value_type = PhotoKind))]
    pub kind: Lenient<PhotoKind>,
    /// When it was taken, by the phone's clock.
    pub taken_at: Timestamp,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `waiting`, `received`, `ready` (copies are made) or `bad`.
    pub state: String,
    /// Why it is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// It shows a house that its family moved away from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_move: bool,
}

/// An answer beside its question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerView {
    /// The question's id.
    pub question: String,
    /// The question's words.
    pub text: String,
    /// The answer's words.
    pub answer: String,
    /// Whether it counts as poor under the rule.
    pub counts: bool,
}

/// One membership of a case and what has been decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MembershipView {
    /// Its id.
    pub id: MembershipId,
    /// The program's code.
    pub program: String,
    /// Its state.
    #[cfg_attr(feature = "openapi", schema(value_type = MembershipState))]
    pub state: Lenient<MembershipState>,
    /// The outcome proposed or decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The reason of an ineligible outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The document an ineligible outcome rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// Who said the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_at: Option<Timestamp>,
    /// Who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// The name of the person it belongs to, where a membership is a person's and not the family's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Whether it waits for the approver.
    pub awaiting_approval: bool,
    /// The notice to the family, once confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// When the family had the notice in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_delivered_at: Option<Timestamp>,
    /// When the appeal period ends; absent until the notice is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal_until: Option<Timestamp>,
    /// Who stands to follow, once confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<MembershipId>,
    /// The last refusal of what was proposed, also after it was proposed anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusalView>,
    /// The approver's own words to a confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_note: Option<String>,
}

/// A proposal that the approver did not confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusalView {
    /// Why.
    pub reason: ReasonCode,
    /// The approver's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who.
    pub by: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// `POST /v1/review/claim`: the next case in my regions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claim {
    /// Only this region and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// How many cases this reviewer wants to hold, 1 to 3; 1 when absent. More than one lets a console load ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u8>,
    /// The cases that are held and shown already: they are not told again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub have: Vec<CaseId>,
    /// Cases that this claim must not hand out, at most 50: what the reviewer passed over in this sitting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<CaseId>,
}

/// Most cases that one claim can be told to pass over.
pub const MOST_SKIPPED: usize = 50;

/// The reply to [`Claim`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claimed {
    /// The case; absent when nothing waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseView>,
    /// Those after it, for loading ahead; they count as served and not as seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<CaseView>,
}

/// Withdraw, take back, agree to unreachable, reopen: the version is what the person saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseAct {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// For the journal; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `POST /v1/cases/{id}/accept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptCase {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// For the journal; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it was looked at, when that was on a contact sheet; absent: by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_sheet: Option<OnSheet>,
}

/// `POST /v1/cases/{id}/return`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReturnCase {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// At least one.
    pub reasons: Vec<ReturnReason>,
}

/// `POST /v1/cases/{id}/close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloseCase {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// One of the close reasons.
    pub reason: ReasonCode,
}

/// `POST /v1/cases/{id}/decisions`: one outcome for one membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decide {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// Which membership.
    pub membership: MembershipId,
    /// Stays or is proposed for cancellation.
    pub outcome: Outcome,
    /// For an ineligible outcome: one of the exclusion reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// For an ineligible outcome: number of the minutes (BA musyawarah) or SPTJM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
}

/// `POST /v1/cases/{id}/confirmations`: the approver's word on one membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confirm {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version the person saw.
    pub seen_version: i32,
    /// Which membership.
    pub membership: MembershipId,
    /// Confirm or refuse.
    pub confirm: bool,
    /// Why it is refused; a refusal needs it, a confirmation has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The approver's own words, at most 500 characters; kept sealed and shown to whoever reads the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `POST /v1/notices/{id}/delivered`: the appeal period runs from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoticeDelivered {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// When the family had it in hand.
    pub delivered_at: Timestamp,
    /// To whom: `penerima`, `keluarga`, `rt`.
    pub received_by: String,
    /// How: `diantar`, `diambil`, `lewat_rt`, `pos`; older consoles do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// A membership in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MembershipRow {
    /// Its id.
    pub id: MembershipId,
    /// The program's code.
    pub program: String,
    /// The family.
    pub family: FamilyId,
    /// The family's village.
    pub region: RegionCode,
    /// Its state.
    #[cfg_attr(feature = "openapi", schema(value_type = MembershipState))]
    pub state: Lenient<MembershipState>,
    /// Why it is not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The membership whose slot it takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor_of: Option<MembershipId>,
    /// For a candidate: not designated before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal_until: Option<Timestamp>,
}

/// `POST /v1/photos/seen`: what a person had before their eyes, unlike what a console fetched ahead. It changes nothing,
/// so it has no event: seen twice is seen twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeenPhotos {
    /// At most 200.
    pub photos: Vec<PhotoId>,
}

/// A read of personal data as an auditor reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessRow {
    /// The row and its place in it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub user: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// As what.
    pub role: String,
    /// Of what: `case:<id>`, `photo:<id>` and the like.
    pub object: String,
    /// The head's name of the family it is about, where the asker may read that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Which part of it, such as `photo_1600`.
    pub what: String,
    /// `served` when it was handed out, maybe ahead; `seen` when it was before a person's eyes.
    pub mode: String,
    /// What for, where that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// `GET /v1/journal/people`: somebody who may have acted or looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrailPerson {
    /// The account.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// What they sign in with.
    pub username: String,
}

/// A row of the journal as an auditor reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalRow {
    /// Gapless.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who; absent for the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// As what.
    pub role: String,
    /// For whom they stood in (Plh.), by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy_for: Option<String>,
    /// What was done.
    pub action: String,
    /// To what: `case:<id>` and the like.
    pub object: String,
    /// The head's name of the family it is about, where the asker may read that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The event that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// The canonical body, without personal data.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: serde_json::Value,
    /// Hash of this row, hex.
    pub hash: String,
}
