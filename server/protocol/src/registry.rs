//! What comes in from files, and what became of every line.

use serde::{Deserialize, Serialize};

use crate::ids::ImportId;
use crate::problem::FieldProblem;

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
    /// CSV, one line a person, with the DTKS/DTSEN headers: families and persons at once.
    Families,
    /// CSV of memberships.
    Memberships,
    /// CSV of a ranked waitlist, frozen by an approver.
    Waitlist,
}

/// What became of an import. Nothing of a rejected line is kept; accepted lines are, whatever the others were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Its id.
    pub id: ImportId,
    /// What it was.
    pub kind: ImportKind,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Data lines read.
    pub lines: u64,
    /// New.
    pub added: u64,
    /// Known, now different.
    pub changed: u64,
    /// Known and the same.
    pub unchanged: u64,
    /// Rejected lines in all; `rejections` holds the first 1,000.
    pub rejected: u64,
    /// Accepted with a remark; `warnings` holds the first 1,000.
    pub warned: u64,
    /// Why each rejected line was rejected.
    pub rejections: Vec<LineProblem>,
    /// What people should look at.
    pub warnings: Vec<LineProblem>,
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
