//! Console and server: families as operators keep them. Registering, correcting, splitting and merging, what was before, and
//! pairs of persons who may be one.
//!
//! Bodies hold NIK and KK numbers as they were typed, so they have no `Debug`. Answers hold them masked.

use serde::{Deserialize, Serialize};

use crate::ids::{DuplicateId, EventId, FamilyId, FamilyRequestId, PersonId, UserId};
use crate::lenient::Lenient;
use crate::problem::FieldProblem;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::registry::FieldChange;
use crate::review::FamilyView;
use crate::time::Timestamp;

/// Most persons in one body.
pub const MOST_PERSONS: usize = 40;

/// What somebody is in a family, as the KK says it.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Relation {
    /// Kepala keluarga.
    #[serde(rename = "kepala_keluarga")]
    #[strum(serialize = "kepala_keluarga")]
    Head,
    /// Suami atau istri.
    #[serde(rename = "pasangan")]
    #[strum(serialize = "pasangan")]
    Spouse,
    /// Anak.
    #[serde(rename = "anak")]
    #[strum(serialize = "anak")]
    Child,
    /// Menantu.
    #[serde(rename = "menantu")]
    #[strum(serialize = "menantu")]
    ChildInLaw,
    /// Cucu.
    #[serde(rename = "cucu")]
    #[strum(serialize = "cucu")]
    Grandchild,
    /// Orang tua atau mertua.
    #[serde(rename = "orang_tua")]
    #[strum(serialize = "orang_tua")]
    Parent,
    /// Pembantu.
    #[serde(rename = "pembantu")]
    #[strum(serialize = "pembantu")]
    Help,
    /// Famili lain.
    #[serde(rename = "lainnya")]
    #[strum(serialize = "lainnya")]
    Other,
}

/// Sex, as papers say it.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sex {
    /// Laki-laki.
    Male,
    /// Perempuan.
    Female,
}

/// Where a family lives when that is not where its KTP says (domisili).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Domicile {
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village; need not be one that the registry covers.
    pub region: RegionCode,
}

/// A member who is not in the registry yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPerson {
    /// The NIK; absent: none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik: Option<String>,
    /// The name as the KK has it.
    pub name: String,
    /// Such as `1980-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// What they are in the family.
    pub relation: Relation,
    /// The mother's name; tells persons of one name and birth date apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother_name: Option<String>,
    /// Whether they receive what the family gets (pengurus). Of nobody: the head.
    #[serde(default)]
    pub payee: bool,
}

/// `POST /v1/families`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterFamily {
    /// Deduplicates.
    pub event_id: EventId,
    /// The KK number; absent: none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kk: Option<String>,
    /// The address of the KTP.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village that keeps the family.
    pub region: RegionCode,
    /// Where they live, when elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domicile: Option<Domicile>,
    /// Its members: one head, and anybody else.
    pub persons: Vec<NewPerson>,
    /// The warnings that were looked at, each `field:code` as the refusal `look_again` told it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticked: Vec<String>,
}

/// What is other of one member. What is absent stays.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorrectPerson {
    /// Who.
    pub id: PersonId,
    /// The version that was looked at.
    pub seen_version: i32,
    /// The NIK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Such as `1980-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// What they are in the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// The mother's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother_name: Option<String>,
}

/// `POST /v1/families/{id}/corrections`. What is absent stays.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorrectFamily {
    /// Deduplicates.
    pub event_id: EventId,
    /// The version of the family that was looked at.
    pub seen_version: i32,
    /// The KK number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kk: Option<String>,
    /// The address of the KTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// RT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rt: Option<String>,
    /// RW.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rw: Option<String>,
    /// Where they live; the address of the KTP again: nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domicile: Option<Domicile>,
    /// Who receives what the family gets (pengurus).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<PersonId>,
    /// Members who are others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<CorrectPerson>,
    /// Members whom the registry lacked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<NewPerson>,
    /// Members who stand here twice (ganda): one row goes on with what either knew, the other ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<SamePerson>,
    /// The day since which it is so, such as `2026-11-01`; absent: today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The warnings that were looked at, each `field:code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticked: Vec<String>,
}

/// Where the members live who leave a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SplitHome {
    /// Still in the same house.
    Same,
    /// In another one.
    New(Domicile),
}

/// A member who leaves, and what they are in the new family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Leaving {
    /// Who.
    pub id: PersonId,
    /// What they are there: one of them is the head.
    pub relation: Relation,
}

/// `POST /v1/families/{id}/split`: some members get a family of their own (pecah KK).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitFamily {
    /// Deduplicates.
    pub event_id: EventId,
    /// The version of the family that was looked at.
    pub seen_version: i32,
    /// Who leaves. Somebody stays, and the head does.
    pub persons: Vec<Leaving>,
    /// The new KK number; absent: none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kk: Option<String>,
    /// Where they live.
    pub home: SplitHome,
    /// The warnings that were looked at, each `field:code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticked: Vec<String>,
}

/// Two rows that are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SamePerson {
    /// The row that goes on; of a merge in the family that stays.
    pub stays: PersonId,
    /// The row that ends; of a merge in the family that is closed.
    pub goes: PersonId,
}

/// `POST /v1/families/{id}/merge`: people judged that `other` is the same family. Its members move, and it is closed with a
/// link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeFamilies {
    /// Deduplicates.
    pub event_id: EventId,
    /// The version of the family that stays, as it was looked at.
    pub seen_version: i32,
    /// The family that is closed.
    pub other: FamilyId,
    /// Its version, as it was looked at.
    pub seen_other: i32,
    /// Members who are in both; all others of `other` move as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<SamePerson>,
}

/// What became of an act on a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyChanged {
    /// The family; of a split the new one, or the old one while it waits.
    pub family: FamilyId,
    /// Its version now.
    pub version: i32,
    /// It holds a place or waits for one: an approver confirms first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<FamilyRequestId>,
}

/// What a family's request asks for.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FamilyRequestKind {
    /// Other facts.
    Correction,
    /// Members leave.
    Split,
    /// Another family is the same.
    Merge,
}

/// Of one person, what would be other. Of a number the first four digits, of a birth date the year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditedPerson {
    /// Who; absent: somebody new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The name as it is, or will be.
    pub name: String,
    /// What would be other.
    pub fields: Vec<FieldChange>,
}

/// Of a further family that an act touches, what would be other; of a new one everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditedFamily {
    /// Which; absent: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The head's name as it is, or will be.
    pub name: String,
    /// What would be other.
    pub fields: Vec<FieldChange>,
}

/// A place in a program that goes along with whom it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MovedPlace {
    /// The program.
    pub program: String,
    /// Whose it is, when a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The head's name of the family that would hold it.
    pub to: String,
}

/// Something odd about what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskedWarning {
    /// What it is about, in the words of who reads it: a member's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// A code.
    pub code: String,
    /// What is odd, and what to look at.
    pub remedy: String,
    /// Whether the proposer ticked that they looked; not: it is odd only since.
    pub ticked: bool,
}

/// `GET /v1/family-requests`: a change of who a family is that holds a place or waits for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyRequestView {
    /// Its id.
    pub id: FamilyRequestId,
    /// What it asks for.
    #[cfg_attr(feature = "openapi", schema(value_type = FamilyRequestKind))]
    pub kind: Lenient<FamilyRequestKind>,
    /// The family.
    pub family: FamilyId,
    /// The version of it that the proposer looked at.
    pub seen_version: i32,
    /// Its version now.
    pub version: i32,
    /// The head's name now.
    pub name: String,
    /// Where it is kept.
    pub region: RegionCode,
    /// Who asks.
    pub proposed_by: UserId,
    /// By name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by_name: Option<String>,
    /// When.
    pub proposed_at: Timestamp,
    /// What would be other of the family.
    pub fields: Vec<FieldChange>,
    /// What would be other of its persons; who leaves, or who comes.
    pub persons: Vec<EditedPerson>,
    /// The family that would be closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<FamilyId>,
    /// Its head's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_name: Option<String>,
    /// What would be of other families: the one that a merge closes, the one that a split makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<EditedFamily>,
    /// Places that would go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<MovedPlace>,
    /// What is odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<AskedWarning>,
    /// Why it cannot be confirmed any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
    /// Since when it would be so; absent: from its confirmation on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Stands for all that is shown here: whoever confirms says that they saw just this.
    #[serde(default)]
    pub seen_draft: String,
}

/// `POST /v1/family-requests/{id}/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmFamilyRequest {
    /// Deduplicates.
    pub event_id: EventId,
    /// The version of the family that the approver looked at.
    pub seen_version: i32,
    /// [`FamilyRequestView::seen_draft`] as it was looked at: when anything shown is other by now, nothing is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_draft: Option<String>,
}

/// `POST /v1/family-requests/{id}/withdraw`: who asked takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawFamilyRequest {
    /// Deduplicates.
    pub event_id: EventId,
}

/// `POST /v1/family-requests/{id}/refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefuseFamilyRequest {
    /// Deduplicates.
    pub event_id: EventId,
    /// Why, from the list for refused imports.
    pub reason: ReasonCode,
}

/// What somebody did to a family, or to one of its persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyStep {
    /// When it was recorded.
    pub at: Timestamp,
    /// Since when it is so.
    pub since: Timestamp,
    /// Who; absent for the server, a file at its command line, or what was before anybody was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// By name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was done, such as `family.register` or `import.rows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The person whose version it is; absent: the family's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The person's name in that version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The version.
    pub version: i32,
    /// What became other, masked; of a first version everything.
    pub fields: Vec<FieldChange>,
}

/// `GET /v1/families/{id}/history`: every version, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyHistory {
    /// What was done.
    pub items: Vec<FamilyStep>,
}

/// `GET /v1/families/{id}/as-of`: a family at one instant, as it was known at another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyAsOf {
    /// At.
    pub at: Timestamp,
    /// As known at.
    pub known_at: Timestamp,
    /// The family; absent: not known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyView>,
}

/// Why two persons may be one.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DuplicateKind {
    /// One NIK.
    Nik,
    /// One name and birth date, and no mother's names that differ.
    NameAndBirth,
}

/// What people judged of two persons.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DuplicateVerdict {
    /// Berbeda orang.
    Different,
    /// Orang yang sama: a merge or a correction follows, by people.
    Same,
}

/// One side of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DuplicateSide {
    /// Where it is kept: all that is told of somebody out of reach.
    pub region: RegionCode,
    /// The family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The family's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The head's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The NIK, first four digits and stars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik_masked: Option<String>,
    /// The year only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_year: Option<i16>,
    /// What they are in the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// `GET /v1/duplicates`: two persons who may be one, for people to judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DuplicateView {
    /// Its id.
    pub id: DuplicateId,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = DuplicateKind))]
    pub kind: Lenient<DuplicateKind>,
    /// Since when it waits.
    pub found_at: Timestamp,
    /// What was judged; absent: nobody has yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DuplicateVerdict>))]
    pub verdict: Option<Lenient<DuplicateVerdict>>,
    /// Whether the asker may judge: both are in their reach.
    pub may_decide: bool,
    /// The two.
    pub one: DuplicateSide,
    /// The other.
    pub other: DuplicateSide,
}

/// `POST /v1/duplicates/{id}/decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecideDuplicate {
    /// Deduplicates.
    pub event_id: EventId,
    /// What people judged.
    pub verdict: DuplicateVerdict,
}

says_nothing!(
    NewPerson,
    RegisterFamily,
    CorrectPerson,
    CorrectFamily,
    SplitFamily
);
