//! Files that are made to leave the installation: asked for, made in the background, fetched by whoever asked within a
//! day. Numbers are masked unless a purpose is given; a whole city's people need a second person, masked or not, and so
//! do the numbers of a district.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, ExportId, UserId};
use crate::lenient::Lenient;
use crate::region::{RegionCode, RegionLevel};
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
pub enum ExportKind {
    /// Who holds a place.
    Recipients,
    /// Families and persons, one line a person, with the headers that an import knows.
    Families,
    /// The waitlists in force.
    Waitlist,
    /// Quotas, and how much of them is used.
    Quotas,
    /// What is to be entered in the ministry's system, and what was.
    Worklist,
    /// Where houses are: GeoJSON.
    Pins,
    /// Who took whose place, with the headers of the lists that such aid comes with.
    Replacements,
}

/// How a file is written.
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
pub enum ExportFormat {
    /// Text with commas.
    Csv,
    /// A workbook.
    Xlsx,
    /// Points on a map.
    Geojson,
}

impl ExportKind {
    /// Whether it can be written so.
    pub const fn takes(self, format: ExportFormat) -> bool {
        match (self, format) {
            (Self::Pins, ExportFormat::Geojson)
            | (
                Self::Recipients
                | Self::Families
                | Self::Waitlist
                | Self::Quotas
                | Self::Worklist
                | Self::Replacements,
                ExportFormat::Csv | ExportFormat::Xlsx,
            ) => true,
            (Self::Pins, ExportFormat::Csv | ExportFormat::Xlsx)
            | (
                Self::Recipients
                | Self::Families
                | Self::Waitlist
                | Self::Quotas
                | Self::Worklist
                | Self::Replacements,
                ExportFormat::Geojson,
            ) => false,
        }
    }

    /// Whether there is anybody's data in it at all.
    pub const fn is_about_people(self) -> bool {
        match self {
            Self::Recipients
            | Self::Families
            | Self::Waitlist
            | Self::Worklist
            | Self::Pins
            | Self::Replacements => true,
            Self::Quotas => false,
        }
    }
}

/// Whether a second person has to allow it: people of a whole city or more, and numbers in clear of more than a village.
pub fn needs_second_person(kind: ExportKind, personal: bool, region: &RegionCode) -> bool {
    let most = if personal {
        RegionLevel::District
    } else {
        RegionLevel::City
    };
    kind.is_about_people() && region.level() <= most
}

/// Where an export stands.
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
pub enum ExportState {
    /// Until an approver allows it.
    Waiting,
    /// Allowed; being made.
    Making,
    /// There to be fetched.
    Ready,
    /// An approver refused it.
    Refused,
    /// Whoever asked may not any more, or nobody could make it.
    Dropped,
    /// Its day is over; the file is deleted.
    Gone,
}

/// `POST /v1/exports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskExport {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What it holds.
    pub kind: ExportKind,
    /// How it is written.
    pub format: ExportFormat,
    /// Of this region and below.
    pub region: RegionCode,
    /// Of this program only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Whether numbers and birth dates stand in it in clear.
    #[serde(default)]
    pub personal: bool,
    /// What for, 8 to 200 characters; needed with `personal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// `POST /v1/exports/{id}/answer`: an approver's word on an export that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerExport {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Whether the file is to be made.
    pub allow: bool,
}

/// An export as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportView {
    /// Its id.
    pub id: ExportId,
    /// What it holds.
    #[cfg_attr(feature = "openapi", schema(value_type = ExportKind))]
    pub kind: Lenient<ExportKind>,
    /// How it is written.
    #[cfg_attr(feature = "openapi", schema(value_type = ExportFormat))]
    pub format: Lenient<ExportFormat>,
    /// Of this region and below.
    pub region: RegionCode,
    /// Of this program only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Whether numbers stand in it in clear.
    pub personal: bool,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = ExportState))]
    pub state: Lenient<ExportState>,
    /// Who asked.
    pub asked_by: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by_name: Option<String>,
    /// When.
    pub asked_at: Timestamp,
    /// Who allowed or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Lines in the file, once it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Until when it can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How often it was fetched.
    pub downloads: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_a_city_and_numbers_of_a_district_need_two() {
        use ExportKind::{Families, Quotas};
        let needs = |kind, personal, code: &str| {
            needs_second_person(kind, personal, &code.parse().unwrap())
        };
        for personal in [true, false] {
            assert!(needs(Families, personal, "35"));
            assert!(needs(Families, personal, "35.71"));
            assert!(!needs(Families, personal, "35.71.03.1009"));
            assert!(!needs(Quotas, personal, "35"));
        }
        assert!(needs(Families, true, "35.71.03"));
        assert!(!needs(Families, false, "35.71.03"));
    }
}
