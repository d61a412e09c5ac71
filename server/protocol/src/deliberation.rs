//! Deliberations (musyawarah kelurahan): a day, who was there, and what they said of each name. Its list and its draft
//! minutes are printed; the signed scan is taken once, and then speaks for all its names.

use serde::{Deserialize, Serialize};

use crate::ids::{DeliberationId, EventId, PaperId, ProposalId};
use crate::lenient::Lenient;
use crate::proposal::{ProposalKind, ProposalState};
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most people at one.
pub const MOST_ATTENDEES: usize = 100;
/// Most names on its list.
pub const MOST_NAMES: usize = 300;

/// What a deliberation said of a name.
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
pub enum Said {
    /// Disetujui.
    Agreed,
    /// Tidak disetujui, with a reason.
    Refused,
}

/// Somebody who was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attendee {
    /// The name.
    pub name: String,
    /// As what: lurah, RT 02, TKSK, PKK.
    pub office: String,
}

/// A name and what was said of it; nothing yet on a list that is only printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NameResult {
    /// The proposal.
    pub proposal: ProposalId,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// What a deliberation's record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliberationContent {
    /// The village.
    pub region: RegionCode,
    /// The day, `2026-11-24`.
    pub held_on: String,
    /// Where they met.
    pub place: String,
    /// Who was there; kept sealed.
    #[serde(default)]
    pub attendees: Vec<Attendee>,
    /// The names, in the order of the list.
    #[serde(default)]
    pub names: Vec<NameResult>,
}

/// `POST /v1/deliberations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldDeliberation {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What it says.
    pub content: DeliberationContent,
}

/// `POST /v1/deliberations/{id}/change`: until it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeDeliberation {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// What it says from now on; the village stays.
    pub content: DeliberationContent,
}

/// `POST /v1/deliberations/{id}/sign`: the signed minutes are here. Nothing of the record changes after this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignDeliberation {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// The number of the minutes.
    pub number: String,
    /// The scan, as it was taken in.
    pub paper: PaperId,
}

/// What a scan is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PaperKind {
    /// PDF.
    Pdf,
    /// JPEG.
    Jpeg,
}

impl PaperKind {
    /// What these bytes are by their first and last ones; `None`: neither, or cut short.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"%PDF-") {
            let tail = bytes.get(bytes.len().saturating_sub(1_024)..)?;
            let ends = tail.windows(5).any(|five| five == b"%%EOF");
            return ends.then_some(Self::Pdf);
        }
        let is_jpeg = bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.ends_with(&[0xff, 0xd9]);
        is_jpeg.then_some(Self::Jpeg)
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// `POST /v1/papers`: a scan that was taken in and is to be attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperView {
    /// Its id.
    pub id: PaperId,
    /// What it is.
    pub kind: PaperKind,
    /// Its bytes.
    pub size_bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// A deliberation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliberationRow {
    /// Its id.
    pub id: DeliberationId,
    /// Its version.
    pub version: i32,
    /// The village.
    pub region: RegionCode,
    /// The day.
    pub held_on: String,
    /// Where.
    pub place: String,
    /// Names on its list.
    pub names: u64,
    /// Of which it agreed to so many.
    pub agreed: u64,
    /// And refused so many.
    pub refused: u64,
    /// The number of its minutes, once signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When the signed scan was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
}

/// A name as the list by name and address (BNBA) has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedName {
    /// The proposal.
    pub proposal: ProposalId,
    /// What is proposed.
    #[cfg_attr(feature = "openapi", schema(value_type = ProposalKind))]
    pub kind: Lenient<ProposalKind>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = ProposalState))]
    pub state: Lenient<ProposalState>,
    /// The program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The head's name, or whom a finding names; absent when the family has moved out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The head's NIK, its first four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nik_masked: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// RT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rt: Option<String>,
    /// RW.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rw: Option<String>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// A deliberation by itself: all that its two papers say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliberationView {
    /// As in the list.
    pub row: DeliberationRow,
    /// Who was there.
    pub attendees: Vec<Attendee>,
    /// The list.
    pub names: Vec<ListedName>,
    /// The signed scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<PaperView>,
    /// Who wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_name: Option<String>,
    /// Whether this reader may change or sign it.
    pub may_change: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_known_by_its_first_and_last_bytes() {
        assert_eq!(
            PaperKind::of(b"%PDF-1.7\n...\n%%EOF\n"),
            Some(PaperKind::Pdf)
        );
        assert_eq!(
            PaperKind::of(&[0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9]),
            Some(PaperKind::Jpeg)
        );
        for other in [
            &b""[..],
            b"%PDF-1.7 cut short",
            &[0xff, 0xd8, 0xff, 0xe0, 1],
            b"\x89PNG\r\n",
            b"PK\x03\x04",
            b"<html>%PDF-1.7 %%EOF",
        ] {
            assert_eq!(PaperKind::of(other), None);
        }
    }
}
