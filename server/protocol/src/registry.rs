//! What comes in from files, and what became of every line.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, FamilyId, ImportId, PersonId, UserId, WaitlistId};
use crate::lenient::Lenient;
use crate::problem::FieldProblem;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// What a file holds.
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
pub enum ImportKind {
    /// CSV `code,parent,name,level`.
    Regions,
    /// GeoJSON with a `code` property.
    Boundaries,
    /// CSV of programs.
    Programs,
    /// CSV of quotas per program and region.
    Quotas,
    /// CSV, one line a person, with the DTKS/DTSEN headers: families and persons at once. Who a family is that holds a
    /// place, or waits for one, changes only when an approver confirms it.
    Families,
    /// CSV of memberships.
    Memberships,
    /// CSV of a ranked waitlist, frozen by an approver.
    Waitlist,
    /// CSV of a decree (SK) of the ministry: whom it designated and whose aid it ended. It gives free slots, takes none,
    /// and the report tells where it differs from what the city decided.
    Decree,
    /// GeoJSON points where houses stand, by pins that the city held before. Never evidence.
    Pins,
    /// CSV of persons' health insurance, each line with the day of its data. It changes no membership.
    Health,
}

impl ImportKind {
    /// Whether such a file decides who gets a place: what it brings waits for an approver. A program counts as one only
    /// where it changes a rule in force; a line of a family that holds a place waits too, but the file as such may come
    /// from anybody.
    pub const fn decides(self) -> bool {
        match self {
            Self::Programs | Self::Quotas | Self::Memberships | Self::Waitlist | Self::Decree => {
                true
            }
            Self::Regions | Self::Boundaries | Self::Families | Self::Pins | Self::Health => false,
        }
    }
}

/// Where an import stands.
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
pub enum ImportState {
    /// Being read, or broken off: sending the file again with the same `event_id` goes on.
    Running,
    /// Everything accepted counts.
    Done,
    /// Accepted, and counts for nothing until an approver confirms it.
    Waiting,
    /// An approver confirmed it.
    InForce,
    /// An approver refused it: what waited is gone.
    Refused,
    /// Being tried: every line is held against the registry, nothing of it is kept.
    Rehearsing,
    /// Tried: the report tells what would become of every line. Nothing counts until it is applied.
    Rehearsed,
    /// Being tried once more, and brought in when that tells the same.
    Applying,
    /// Tried and never applied; the file is gone.
    Discarded,
}

/// `POST /v1/imports/{import}/apply`: brings in what was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplyImport {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// How many lines the report said would be taken; with another number it is refused as `stale`.
    pub accepted: u64,
}

/// What an import was to bring, by the try that its importer agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportForetold {
    /// New.
    pub added: u64,
    /// Known, now different.
    pub changed: u64,
    /// Known and the same.
    pub unchanged: u64,
    /// Accepted and waiting for an approver.
    pub waiting: u64,
    /// Rejected.
    pub rejected: u64,
    /// Accepted with a remark.
    pub warned: u64,
    /// Whether the report beside it tells the same, line by line; absent until that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
}

/// `POST /v1/imports/{import}/refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefuseImport {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Why: one of the reasons an import is refused for.
    pub reason: ReasonCode,
    /// More words, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A waitlist that came with an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedWaitlist {
    /// Its id.
    pub id: WaitlistId,
    /// The program.
    pub program: String,
    /// The village.
    pub region: RegionCode,
    /// How many stand on it.
    pub entries: u64,
    /// SHA-256 over its order and facts, hex; the journal holds the same from the moment it is frozen.
    pub hash: String,
}

/// A decree that came with an import, and what it says of the lines that were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedDecree {
    /// Its number.
    pub number: String,
    /// The program.
    pub program: String,
    /// Whom it designates.
    pub designated: u64,
    /// Whose aid it ends.
    pub ended: u64,
}

/// What became of an import. Nothing of a rejected line is kept; accepted lines are, whatever the others were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Its id.
    pub id: ImportId,
    /// What it was.
    pub kind: ImportKind,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = ImportState))]
    pub state: Lenient<ImportState>,
    /// When it began.
    pub at: Timestamp,
    /// Who brought it in; the server's keeper at the command line when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_by_name: Option<String>,
    /// Who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by_name: Option<String>,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Who refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by_name: Option<String>,
    /// When it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<ReasonCode>,
    /// What the approver wrote beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Data lines read.
    pub lines: u64,
    /// How many of them are dealt with, while it runs; lines that could not be read are never counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// What the try told that its importer agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foretold: Option<ImportForetold>,
    /// New.
    pub added: u64,
    /// Known, now different.
    pub changed: u64,
    /// Known and the same.
    pub unchanged: u64,
    /// Accepted and waiting for an approver.
    pub waiting: u64,
    /// Rejected lines in all; `rejections` holds the first 1,000.
    pub rejected: u64,
    /// Accepted with a remark; `warnings` holds the first 1,000.
    pub warned: u64,
    /// Families of the villages in the file that the file does not name; of a decree, who holds a place of its programs
    /// in its cities and is not in it. Nothing becomes of them. Only of families and decrees, and only when the file was
    /// read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    /// How many of them each village has; the first 1,000 villages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_in: Vec<MissingIn>,
    /// Why each rejected line was rejected.
    pub rejections: Vec<LineProblem>,
    /// What people should look at.
    pub warnings: Vec<LineProblem>,
    /// The waitlists it brought, frozen or waiting for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waitlists: Vec<ImportedWaitlist>,
    /// The ministry's decrees in it; the first 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decrees: Vec<ImportedDecree>,
}

/// Families of a village that a file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingIn {
    /// The village.
    pub region: RegionCode,
    /// How many.
    pub families: u64,
}

/// A family of the registry that a file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingFamily {
    /// The family.
    pub family: FamilyId,
    /// Its head.
    pub name: String,
    /// Where it lives.
    pub region: RegionCode,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// Whether it holds a place in a program.
    pub holds: bool,
}

/// What a file's columns are called, and which of ours they are taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileColumns {
    /// The sheets of a workbook; empty for a table of text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sheets: Vec<String>,
    /// The sheet that is read, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<u32>,
    /// The headers as they stand in the file.
    pub headers: Vec<String>,
    /// Our columns.
    pub columns: Vec<KnownColumn>,
    /// Names these headers; a mapping is kept for it. Hex.
    pub fingerprint: String,
    /// Whether a person mapped headers like these before.
    pub mapped: bool,
}

/// A column that an import knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownColumn {
    /// Our name for it.
    pub name: String,
    /// Whether a file without it is refused.
    pub required: bool,
    /// Which of the file's headers it is, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<u32>,
}

/// `POST /v1/imports/{import}/mapping`: which header is which column, kept for every file with the same headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeepMapping {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Of the headers, as `FileColumns` tells it.
    pub fingerprint: String,
    /// Our columns and the header of each; those that are not named are in no header. None at all: forget the mapping.
    pub columns: Vec<MappedColumn>,
}

/// One column of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MappedColumn {
    /// Our name for it.
    pub name: String,
    /// Which of the file's headers it is, counted from 0.
    pub header: u32,
}

/// A line of a file and what is wrong with it. Never the value itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineProblem {
    /// Counted from 1, the header included, as a spreadsheet shows it.
    pub line: u64,
    /// The column and the reason.
    pub problems: Vec<FieldProblem>,
}

/// What waiting lines would change of a family that holds a place or waits for one. Of a number the first four digits
/// are shown, of a birth date the year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedChange {
    /// Its first line in the file.
    pub line: u64,
    /// The family.
    pub family: FamilyId,
    /// Where it lives.
    pub region: RegionCode,
    /// What would be other of the family itself.
    pub fields: Vec<FieldChange>,
    /// The persons who would be others, or new.
    pub persons: Vec<ImportedPerson>,
}

/// What a waiting line would change of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedPerson {
    /// The line.
    pub line: u64,
    /// The person; absent: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The name as it is now, or will be.
    pub name: String,
    /// What would be other.
    pub fields: Vec<FieldChange>,
}

/// A cell before and after. Both may look alike: what is masked is not shown even to tell them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The column.
    pub field: String,
    /// As it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// As it would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
