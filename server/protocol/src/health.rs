//! Health insurance (JKN): what BPJS Kesehatan says of a person, until when somebody who was taken off PBI-JK can be brought
//! back, and what is left for people to do (domain.md 9d).
//!
//! Pure. A statement has its day ("data per tanggal"): of two the later day stands, whatever comes first. It changes no
//! membership: whoever loses or regains a place does so by a proposal and two persons.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, FamilyId, HealthId, PersonId, ProposalId};
use crate::lenient::Lenient;
use crate::nik::{self, Day};
use crate::population::is_event_name;
use crate::problem::FieldProblem;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// The program whose members' contributions the state pays.
pub const PBI: &str = "PBI-JK";
/// Most statements in one batch or file.
pub const MOST_STATEMENTS: usize = 5_000;
/// Months in which somebody can be brought back, from the day BPJS ended it (Permensos 3/2026, article 20).
pub const REACTIVATION_MONTHS: u32 = 6;
/// Feeds whose keys speak of health insurance and of nothing else; all others speak of the population and not of this.
pub const HEALTH_FEEDS: &str = "bpjs";

/// Whether a feed of this name speaks of health insurance: `bpjs`, `bpjs-kediri`.
pub fn is_health_feed(feed: &str) -> bool {
    feed.strip_prefix(HEALTH_FEEDS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
}

/// Whether BPJS pays for somebody.
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
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthStatus {
    /// It does.
    Aktif,
    /// It did.
    Nonaktif,
    /// It knows nobody of this NIK.
    TidakTerdaftar,
}

/// Who pays the contributions.
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
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthSegment {
    /// The state, for the poor.
    PbiJk,
    /// The city.
    PbiDaerah,
    /// The employer.
    Ppu,
    /// Themselves.
    Pbpu,
    /// Whoever does not work: pensioners, investors.
    Bp,
}

/// Where a statement stands.
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
pub enum StatementState {
    /// What is so of its person.
    Current,
    /// One of a later day stands.
    Past,
    /// Nobody in the registry has this NIK.
    Unmatched,
    /// A person has to say what it means.
    ToJudge,
    /// A person said that it has no effect here.
    Dismissed,
}

/// Why a person has to look, or what is left to do.
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
pub enum HealthWhy {
    /// More than one person has this NIK.
    Several,
    /// BPJS pays for somebody who is dead here.
    PersonDead,
    /// PBI-JK ended at BPJS: propose to bring them back, or the removal here.
    Inactive,
    /// Somebody else pays now, and the place of PBI-JK is still held here.
    OtherSegment,
}

/// One line of what BPJS says, as it is sent: words are read by [`read`], so that a wrong one is told with its field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthStatement {
    /// The feed's id of it; the same twice is one.
    pub event_id: String,
    /// The NIK.
    pub nik: String,
    /// `AKTIF`, `NONAKTIF` or `TIDAK_TERDAFTAR`.
    pub status: String,
    /// `PBI_JK`, `PBI_DAERAH`, `PPU`, `PBPU` or `BP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Since when it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The day of the data.
    pub as_of: String,
    /// The name there; only to look at, never to match by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `POST /v1/health/statements`: signed in its headers as population events are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthStatements {
    /// In any order.
    pub statements: Vec<HealthStatement>,
}

/// A line that could be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// The NIK.
    pub nik: String,
    /// Whether BPJS pays.
    pub status: HealthStatus,
    /// Who pays the contributions.
    pub segment: Option<HealthSegment>,
    /// Since when.
    pub since: Option<Day>,
    /// The day of the data.
    pub as_of: Day,
    /// The name there.
    pub name: Option<String>,
}

/// As people and systems write it: letters only, upper case.
fn plain(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

fn problem(field: &str, code: &str, remedy: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// The status that a word means.
pub fn status_of(text: &str) -> Option<HealthStatus> {
    match plain(text).as_str() {
        "AKTIF" => Some(HealthStatus::Aktif),
        "NONAKTIF" | "TIDAKAKTIF" => Some(HealthStatus::Nonaktif),
        "TIDAKTERDAFTAR" | "BUKANPESERTA" => Some(HealthStatus::TidakTerdaftar),
        _ => None,
    }
}

/// The segment that a word means.
pub fn segment_of(text: &str) -> Option<HealthSegment> {
    match plain(text).as_str() {
        "PBIJK" | "PBI" | "PBIAPBN" | "PBIJKN" => Some(HealthSegment::PbiJk),
        "PBIDAERAH" | "PBIAPBD" | "PBPUPEMDA" | "PBPUBPPEMDA" => Some(HealthSegment::PbiDaerah),
        "PPU" | "PPUPN" | "PPUBU" => Some(HealthSegment::Ppu),
        "PBPU" | "MANDIRI" | "PBPUMANDIRI" => Some(HealthSegment::Pbpu),
        "BP" => Some(HealthSegment::Bp),
        _ => None,
    }
}

/// The cells of a line, whoever brought it.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    /// The NIK.
    pub nik: &'a str,
    /// The status.
    pub status: &'a str,
    /// The segment, or nothing.
    pub segment: &'a str,
    /// Since when, or nothing.
    pub since: &'a str,
    /// The day of the data.
    pub as_of: &'a str,
    /// The name, or nothing.
    pub name: &'a str,
}

/// What the fields are called in a problem.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// Of the status.
    pub status: &'static str,
    /// Of the segment.
    pub segment: &'static str,
    /// Of the day since when.
    pub since: &'static str,
    /// Of the day of the data.
    pub as_of: &'static str,
    /// Of the name.
    pub name: &'static str,
}

/// The fields of a feed's line.
pub const OF_FEED: Names = Names {
    status: "status",
    segment: "segment",
    since: "since",
    as_of: "as_of",
    name: "name",
};

fn day(text: &str) -> Option<Day> {
    // Spreadsheets add midnight to a day.
    Day::read(text.split([' ', 'T']).next().unwrap_or_default()).filter(|day| day.year >= 2014)
}

/// Reads one line; JKN began in 2014, and nothing can be said of a day that is still to come.
///
/// # Errors
/// Everything that is wrong with it, each with its field.
pub fn read(cells: &Cells<'_>, names: &Names, today: Day) -> Result<Said, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let nik = cells.nik.trim();
    if let Err(fault) = nik::sixteen_digits(nik) {
        problems.push(problem("nik", fault.code(), &fault.remedy("NIK")));
    }
    let status = status_of(cells.status);
    if status.is_none() {
        problems.push(problem(
            names.status,
            "unknown",
            "Tulis AKTIF, NONAKTIF atau TIDAK_TERDAFTAR.",
        ));
    }
    let segment = match cells.segment.trim() {
        "" => None,
        text => {
            let known = segment_of(text);
            if known.is_none() {
                problems.push(problem(
                    names.segment,
                    "unknown",
                    "Tulis PBI_JK, PBI_DAERAH, PPU, PBPU atau BP, atau kosongkan.",
                ));
            }
            known
        }
    };
    let as_of = day(cells.as_of.trim());
    match as_of {
        None => problems.push(problem(
            names.as_of,
            "not_a_date",
            "Tulis tanggal data seperti 2026-11-01, tidak sebelum 2014.",
        )),
        Some(day) if day > today => problems.push(problem(
            names.as_of,
            "in_future",
            "Tanggal data di masa depan; isi tanggal data diambil dari BPJS.",
        )),
        Some(_) => {}
    }
    let since = match cells.since.trim() {
        "" => None,
        text => {
            let known = day(text);
            match (known, as_of) {
                (None, _) => problems.push(problem(
                    names.since,
                    "not_a_date",
                    "Tulis tanggal berlaku seperti 2026-10-01, tidak sebelum 2014, atau kosongkan.",
                )),
                (Some(since), Some(as_of)) if since > as_of => problems.push(problem(
                    names.since,
                    "after_as_of",
                    "Tanggal berlaku sesudah tanggal datanya; periksa kedua tanggal.",
                )),
                (Some(_), _) => {}
            }
            known
        }
    };
    let name = cells.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > 200 || name.chars().any(char::is_control) {
        problems.push(problem(
            names.name,
            "too_long",
            "Tulis paling banyak 200 huruf dalam satu baris.",
        ));
    }
    match (status, as_of) {
        (Some(status), Some(as_of)) if problems.is_empty() => Ok(Said {
            nik: nik.to_owned(),
            status,
            segment,
            since,
            as_of,
            name: Some(name).filter(|name| !name.is_empty()),
        }),
        _ => Err(problems),
    }
}

impl HealthStatement {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn read(&self, today: Day) -> Result<Said, Vec<FieldProblem>> {
        let text = |field: &'_ Option<String>| field.clone().unwrap_or_default();
        let (segment, since, name) = (text(&self.segment), text(&self.since), text(&self.name));
        let cells = Cells {
            nik: &self.nik,
            status: &self.status,
            segment: &segment,
            since: &since,
            as_of: &self.as_of,
            name: &name,
        };
        let mut told = read(&cells, &OF_FEED, today);
        // It is kept in clear, and told.
        let nik = self.nik.trim();
        if !is_event_name(&self.event_id) || (!nik.is_empty() && self.event_id.contains(nik)) {
            let wrong = problem(
                "event_id",
                "bad_shape",
                "Pakai 1 sampai 64 huruf, angka atau -_.:/ tanpa NIK di dalamnya.",
            );
            match &mut told {
                Ok(_) => told = Err(vec![wrong]),
                Err(problems) => problems.push(wrong),
            }
        }
        told
    }
}

/// Whether a statement of `new` stands over one of `old`: by its day, and of one day whatever came last.
pub fn stands_over(new: Day, old: Day) -> bool {
    new >= old
}

/// What is left to do about a person of whom this is so.
pub const fn left_to_do(
    status: HealthStatus,
    segment: Option<HealthSegment>,
    holds_pbi: bool,
) -> Option<HealthWhy> {
    match (status, segment) {
        (HealthStatus::Nonaktif, Some(HealthSegment::PbiJk)) => Some(HealthWhy::Inactive),
        (HealthStatus::Nonaktif | HealthStatus::TidakTerdaftar, _) if holds_pbi => {
            Some(HealthWhy::Inactive)
        }
        (
            HealthStatus::Aktif,
            Some(
                HealthSegment::PbiDaerah
                | HealthSegment::Ppu
                | HealthSegment::Pbpu
                | HealthSegment::Bp,
            ),
        ) if holds_pbi => Some(HealthWhy::OtherSegment),
        (HealthStatus::Aktif | HealthStatus::Nonaktif | HealthStatus::TidakTerdaftar, _) => None,
    }
}

/// The day so many months later; the last of its month where that day is none.
pub fn months_later(day: Day, months: u32) -> Day {
    let month = day.month - 1 + months;
    let (year, month) = (day.year + month / 12, month % 12 + 1);
    (28..=day.day)
        .rev()
        .chain([day.day])
        .find_map(|last| Day::real(year, month, last))
        .unwrap_or(day)
}

/// The last day on which somebody can be brought back whose insurance ended on `since`.
pub fn reactivate_until(since: Day) -> Day {
    months_later(since, REACTIVATION_MONTHS)
}

/// The day by which the data of somebody who was brought back must be updated: the end of the second DTSEN round, that of
/// the running quarter being the first.
pub fn update_until(accepted: Day) -> Day {
    let last = ((accepted.month - 1) / 3 + 2) * 3;
    let (year, month) = if last > 12 {
        (accepted.year + 1, last - 12)
    } else {
        (accepted.year, last)
    };
    let ends = if month == 3 || month == 12 { 31 } else { 30 };
    Day::real(year, month, ends).unwrap_or(accepted)
}

/// Whether somebody can be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reactivation {
    /// Yes, until this day where it is known.
    Open(Option<Day>),
    /// BPJS pays for them.
    StillActive,
    /// It ended too long ago.
    TooLate(Day),
    /// BPJS was never asked.
    NoStatus,
}

/// Whether somebody can be brought back of whom this is the last that is known.
pub fn reactivation(known: Option<(HealthStatus, Option<Day>)>, today: Day) -> Reactivation {
    match known {
        None => Reactivation::NoStatus,
        Some((HealthStatus::Aktif, _)) => Reactivation::StillActive,
        Some((HealthStatus::Nonaktif, Some(since))) => {
            let until = reactivate_until(since);
            if today > until {
                Reactivation::TooLate(until)
            } else {
                Reactivation::Open(Some(until))
            }
        }
        Some((HealthStatus::Nonaktif | HealthStatus::TidakTerdaftar, _)) => {
            Reactivation::Open(None)
        }
    }
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedStatement {
    /// Its place in what was sent, counted from 0.
    pub position: u32,
    /// What is wrong, field by field.
    pub problems: Vec<FieldProblem>,
}

/// What became of what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthReceipt {
    /// What is so now.
    pub current: u32,
    /// Of an earlier day than what is known: kept, and changes nothing.
    pub past: u32,
    /// Were here before.
    pub known: u32,
    /// About nobody here: people look.
    pub unmatched: u32,
    /// People have to say what they mean.
    pub to_judge: u32,
    /// Not taken.
    pub refused: Vec<RefusedStatement>,
}

/// `GET /v1/health/statements`: what waits, with whom it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementView {
    /// Its id.
    pub id: HealthId,
    /// Whoever changes it says which version they saw.
    pub version: i32,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = StatementState))]
    pub state: Lenient<StatementState>,
    /// Why a person has to look, or what is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HealthWhy>))]
    pub why: Option<Lenient<HealthWhy>>,
    /// The NIK, masked.
    pub nik: String,
    /// The name here, or the one that BPJS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Their family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// Where it is to be looked at.
    pub region: RegionCode,
    /// Whether BPJS pays.
    #[cfg_attr(feature = "openapi", schema(value_type = HealthStatus))]
    pub status: Lenient<HealthStatus>,
    /// Who pays the contributions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HealthSegment>))]
    pub segment: Option<Lenient<HealthSegment>>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The day of the data.
    pub as_of: String,
    /// Whose word it is.
    pub source: String,
    /// When it came.
    pub received_at: Timestamp,
    /// The last day on which they can be brought back, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactivate_until: Option<String>,
    /// Who settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// What a person says of a statement that waits.
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
pub enum HealthVerdict {
    /// Look again: the registry knows more now.
    Retry,
    /// It has no effect here; of what is left to do after one: it was dealt with.
    Dismiss,
}

/// `POST /v1/health/statements/{id}/judge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeStatement {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// What is said.
    pub verdict: HealthVerdict,
    /// Why it has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// What is known of one person's health insurance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonHealth {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Whether BPJS pays; nothing: it was never asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HealthStatus>))]
    pub status: Option<Lenient<HealthStatus>>,
    /// Who pays the contributions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HealthSegment>))]
    pub segment: Option<Lenient<HealthSegment>>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The day of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Whose word it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// Whether they hold a place of PBI-JK here.
    pub holds_pbi: bool,
    /// Whether bringing them back can be proposed.
    pub may_reactivate: bool,
    /// The last day for that, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactivate_until: Option<String>,
    /// The proposal to bring them back that is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    /// They were brought back: until when the family's data must be updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_until: Option<String>,
}

/// `GET /v1/families/{id}/health`: the living persons of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FamilyHealth {
    /// In the family's order.
    pub persons: Vec<PersonHealth>,
}

says_nothing!(HealthStatement, Said);

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Day {
        Day::read(text).unwrap()
    }

    fn line(status: &str, segment: &str, since: &str, as_of: &str) -> Result<Said, Vec<String>> {
        let cells = Cells {
            nik: "3571031212800001",
            status,
            segment,
            since,
            as_of,
            name: "",
        };
        read(&cells, &OF_FEED, on("2026-11-24")).map_err(|problems| {
            let told = |one: FieldProblem| format!("{}:{}", one.field, one.code);
            problems.into_iter().map(told).collect()
        })
    }

    #[test]
    fn a_word_that_is_no_status_is_told_with_its_field() {
        let said = line("Non Aktif", "pbi jk", "01-10-2026", "2026-11-01").unwrap();
        assert_eq!(said.status, HealthStatus::Nonaktif);
        assert_eq!(said.segment, Some(HealthSegment::PbiJk));
        assert_eq!(said.since, Some(on("2026-10-01")));
        let wrong =
            |status, segment, since, as_of| line(status, segment, since, as_of).unwrap_err();
        assert_eq!(wrong("MENUNGGAK", "", "", "2026-11-01"), ["status:unknown"]);
        assert_eq!(
            wrong("AKTIF", "KELAS 3", "", "2026-11-01"),
            ["segment:unknown"]
        );
        assert_eq!(wrong("AKTIF", "", "", "2026-11-25"), ["as_of:in_future"]);
        assert_eq!(
            wrong("AKTIF", "", "2026-11-02", "2026-11-01"),
            ["since:after_as_of"]
        );
        assert_eq!(
            wrong("", "", "kemarin", ""),
            ["status:unknown", "as_of:not_a_date", "since:not_a_date"]
        );
    }

    #[test]
    fn six_months_end_on_a_day_that_there_is() {
        assert_eq!(reactivate_until(on("2026-02-01")), on("2026-08-01"));
        assert_eq!(reactivate_until(on("2026-08-31")), on("2027-02-28"));
        assert_eq!(reactivate_until(on("2027-08-31")), on("2028-02-29"));
        assert_eq!(reactivate_until(on("2026-03-31")), on("2026-09-30"));
    }

    #[test]
    fn two_rounds_are_this_quarter_and_the_next() {
        assert_eq!(update_until(on("2026-01-01")), on("2026-06-30"));
        assert_eq!(update_until(on("2026-06-30")), on("2026-09-30"));
        assert_eq!(update_until(on("2026-07-01")), on("2026-12-31"));
        assert_eq!(update_until(on("2026-11-24")), on("2027-03-31"));
    }

    #[test]
    fn who_was_taken_off_can_be_brought_back_for_six_months() {
        use HealthStatus as H;
        let today = on("2026-11-24");
        let of = |status, since: Option<&str>| reactivation(Some((status, since.map(on))), today);
        assert_eq!(reactivation(None, today), Reactivation::NoStatus);
        assert_eq!(of(H::Aktif, None), Reactivation::StillActive);
        assert_eq!(
            of(H::Nonaktif, Some("2026-05-24")),
            Reactivation::Open(Some(today))
        );
        assert_eq!(
            of(H::Nonaktif, Some("2026-05-23")),
            Reactivation::TooLate(on("2026-11-23"))
        );
        assert_eq!(of(H::Nonaktif, None), Reactivation::Open(None));
        assert_eq!(of(H::TidakTerdaftar, None), Reactivation::Open(None));
    }

    #[test]
    fn an_end_at_bpjs_is_work_for_people_and_not_a_removal() {
        use HealthSegment as S;
        use HealthStatus as H;
        let left = left_to_do;
        assert_eq!(
            left(H::Nonaktif, Some(S::PbiJk), false),
            Some(HealthWhy::Inactive)
        );
        assert_eq!(left(H::Nonaktif, None, true), Some(HealthWhy::Inactive));
        assert_eq!(
            left(H::TidakTerdaftar, None, true),
            Some(HealthWhy::Inactive)
        );
        assert_eq!(
            left(H::Aktif, Some(S::Ppu), true),
            Some(HealthWhy::OtherSegment)
        );
        assert_eq!(left(H::Aktif, Some(S::PbiJk), true), None);
        assert_eq!(left(H::Aktif, Some(S::Ppu), false), None);
        assert_eq!(left(H::Nonaktif, Some(S::Pbpu), false), None);
    }

    #[test]
    fn keys_of_the_insurance_are_known_by_their_name() {
        for name in ["bpjs", "bpjs-kediri", "bpjs.2026"] {
            assert!(is_health_feed(name), "{name}");
        }
        for name in ["dukcapil", "bpjsx", "x-bpjs"] {
            assert!(!is_health_feed(name), "{name}");
        }
    }
}
