//! Photos that a city held before Tilik: brought in one archive, each named by whose house it shows. They are shown as
//! old and unverified, and are never evidence: nothing that decides reads them.

use serde::{Deserialize, Serialize};

use crate::ids::{ImportId, OldPhotoId, UserId};
use crate::lenient::Lenient;
use crate::time::Timestamp;

/// Files in one archive.
pub const MOST_FILES: usize = 20_000;

/// Where an archive stands.
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
pub enum OldPhotosState {
    /// Its files are read one after the other.
    Reading,
    /// All are dealt with.
    Done,
    /// Whoever brought it may not any more.
    Dropped,
}

/// An old photo of a family's house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OldPhotoView {
    /// Its id.
    pub id: OldPhotoId,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// When it was brought in; when it was taken nobody knows.
    pub brought_at: Timestamp,
}

/// A file that was not taken. Its name is masked, for it is somebody's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OldPhotoProblem {
    /// Which in the archive, counted from 1.
    pub position: u64,
    /// The beginning of its name.
    pub name: String,
    /// What is wrong, as a code.
    pub code: String,
    /// What to do about it.
    pub remedy: String,
}

/// What became of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OldPhotosReport {
    /// Its id.
    pub id: ImportId,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = OldPhotosState))]
    pub state: Lenient<OldPhotosState>,
    /// When it came.
    pub at: Timestamp,
    /// Who brought it.
    pub brought_by: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_by_name: Option<String>,
    /// Files in it.
    pub files: u64,
    /// How many of them are dealt with.
    pub done: u64,
    /// New.
    pub taken: u64,
    /// Here already.
    pub known: u64,
    /// Not taken; `rejections` holds the first 1,000.
    pub rejected: u64,
    /// Why each was not taken.
    pub rejections: Vec<OldPhotoProblem>,
}
