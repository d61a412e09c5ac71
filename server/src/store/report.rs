//! The month's report, counted by the database from the versions of memberships and from the journal.
//!
//! Beginning and end are looked up as they were then, and what lies between is counted step by step from the versions: that
//! one follows from the other is tested and not assumed. What counts is when something was recorded, so that a month that is
//! over stays as it was told.

use std::collections::BTreeMap;

use sea_orm::{EntityTrait, FromQueryResult, QuerySelect};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Permission;
use tilik_protocol::region::RegionCode;
use tilik_protocol::report::{
    AidGap, AidGapVillage, EndGroup, MonthlyReport, PlaceCounts, ReportProgram, ReportRow,
    ReportVillage, WorkCounts,
};
use uuid::Uuid;

use super::Acting;
use super::overview::{MINUTE_US, Month, Values, day_of, within};
use super::tables::{program, region};
use crate::error::{Error, Result};

mod statements;

use statements::{aid_gap, cases, events, places};

/// What regions and programs are called, by code.
pub type Names = BTreeMap<String, String>;

/// A report with what a paper has to call things by.
#[derive(Debug, Clone)]
pub struct NamedReport {
    /// What is told.
    pub report: MonthlyReport,
    /// Of the report's regions.
    pub regions: Names,
    /// Of all programs.
    pub programs: Names,
}

#[derive(FromQueryResult)]
struct Placed {
    kind: String,
    region: Option<String>,
    program: Option<String>,
    state: Option<String>,
    reason: Option<String>,
    n: Option<i64>,
}

#[derive(FromQueryResult)]
struct Worked {
    region: String,
    cases_begin: i64,
    opened: i64,
    visited: i64,
    decided: i64,
    closed: i64,
    cases_end: i64,
    late: i64,
}

#[derive(FromQueryResult)]
struct Happened {
    kind: String,
    region: String,
    program: Option<String>,
    n: i64,
}

#[derive(FromQueryResult)]
struct Gap {
    region: String,
    receiving: i64,
    without_aid: i64,
}

type Rows = BTreeMap<(RegionCode, String), PlaceCounts>;
type Work = BTreeMap<RegionCode, WorkCounts>;

fn code(text: &str) -> Result<RegionCode> {
    text.parse().map_err(Error::internal)
}

/// What the versions say of each village and program, and when the first of all was recorded.
fn counted(placed: Vec<Placed>) -> Result<(Rows, Option<i64>)> {
    let (mut rows, mut first) = (Rows::new(), None);
    for row in placed {
        let n = row.n.unwrap_or_default().unsigned_abs();
        let (Some(region), Some(program)) = (row.region, row.program) else {
            first = row.n;
            continue;
        };
        let state: Option<MembershipState> = row.state.and_then(|state| state.parse().ok());
        let counts = rows.entry((code(&region)?, program)).or_default();
        match row.kind.as_str() {
            "begin" => counts.begin += n,
            "end" => match state {
                Some(MembershipState::Active) => counts.end += n,
                Some(MembershipState::Suspended) => {
                    counts.end += n;
                    counts.on_hold += n;
                }
                Some(MembershipState::Candidate | MembershipState::Designated) => {
                    counts.candidates += n;
                }
                Some(
                    MembershipState::Inactive
                    | MembershipState::Replaced
                    | MembershipState::Graduated
                    | MembershipState::Withdrawn,
                )
                | None => {}
            },
            // The state is the one before.
            "came" => match state {
                Some(
                    MembershipState::Inactive
                    | MembershipState::Replaced
                    | MembershipState::Graduated,
                ) => counts.reinstated += n,
                Some(
                    MembershipState::Candidate
                    | MembershipState::Designated
                    | MembershipState::Active
                    | MembershipState::Suspended
                    | MembershipState::Withdrawn,
                )
                | None => counts.activated += n,
            },
            "ended" => counts.ended(EndGroup::of(state, row.reason.as_deref()), n),
            "moved_in" => counts.moved_in += n,
            "moved_out" => counts.moved_out += n,
            _ => {}
        }
    }
    Ok((rows, first))
}

fn happened(events: Vec<Happened>, rows: &mut Rows, work: &mut Work) -> Result<()> {
    for event in events {
        let n = event.n.unsigned_abs();
        let region = code(&event.region)?;
        if let Some(program) = event.program {
            let counts = rows.entry((region, program)).or_default();
            match event.kind.as_str() {
                "appeals_filed" => counts.appeals_filed += n,
                "appeals_upheld" => counts.appeals_upheld += n,
                _ => {}
            }
            continue;
        }
        let counts = work.entry(region).or_default();
        match event.kind.as_str() {
            "deaths" => counts.deaths += n,
            "objections_filed" => counts.objections_filed += n,
            "objections_answered" => counts.objections_answered += n,
            "objections_lapsed" => counts.objections_lapsed += n,
            _ => {}
        }
    }
    Ok(())
}

fn of_cases(worked: Vec<Worked>) -> Result<Work> {
    let told = worked.into_iter().map(|row| {
        let counts = WorkCounts {
            cases_begin: row.cases_begin.unsigned_abs(),
            opened: row.opened.unsigned_abs(),
            visited: row.visited.unsigned_abs(),
            decided: row.decided.unsigned_abs(),
            closed: row.closed.unsigned_abs(),
            cases_end: row.cases_end.unsigned_abs(),
            late: row.late.unsigned_abs(),
            ..WorkCounts::default()
        };
        Ok((code(&row.region)?, counts))
    });
    told.collect()
}

/// Nothing to tell of a region that is not there, or not the reader's.
fn out_of_reach() -> Error {
    Error::field(
        "region",
        "out_of_reach",
        "Pilih wilayah dari daftar: wilayah ini tidak ada, atau bukan wilayah Anda.",
    )
}

impl Acting {
    /// Families that receive and families that are eligible and receive nothing, by village, as of now.
    ///
    /// # Errors
    /// `forbidden`; `invalid` when the region is out of reach.
    pub async fn aid_gap(&self, region: Option<&RegionCode>) -> Result<AidGap> {
        self.actor.require(Permission::ReadOverview)?;
        let regions = within(self.actor.regions(Permission::ReadOverview), region);
        if regions.is_empty() {
            return Err(out_of_reach());
        }
        let mut values = Values::default();
        let text = aid_gap(&mut values, &regions);
        let mut gap = AidGap {
            at: self.store.now(),
            region: region.cloned(),
            receiving: 0,
            without_aid: 0,
            villages: Vec::new(),
        };
        for row in self.rows::<Gap>(&text, values).await? {
            let village = AidGapVillage {
                region: code(&row.region)?,
                receiving: row.receiving.unsigned_abs(),
                without_aid: row.without_aid.unsigned_abs(),
            };
            gap.receiving += village.receiving;
            gap.without_aid += village.without_aid;
            gap.villages.push(village);
        }
        gap.villages
            .retain(|village| village.receiving + village.without_aid > 0);
        Ok(gap)
    }

    /// The report of a month, the present one without a question, of one's regions or of one of them.
    ///
    /// # Errors
    /// `forbidden`; `invalid` when it is no month, one that has not begun, or a region out of reach.
    pub async fn monthly_report(
        &self,
        month: Option<&str>,
        region: Option<&RegionCode>,
    ) -> Result<MonthlyReport> {
        self.actor.require(Permission::ReadOverview)?;
        let regions = within(self.actor.regions(Permission::ReadOverview), region);
        let Some(somewhere) = regions.first() else {
            return Err(out_of_reach());
        };
        let utc_offset_min = somewhere.utc_offset_min();
        let offset_us = utc_offset_min * MINUTE_US;
        let at = self.store.now();
        let now = at.as_micros();
        let month = Month::new(month, at, offset_us)?;
        let present = Month::new(None, at, offset_us)?;
        if month.from > now {
            let remedy = "Bulan ini belum mulai. Pilih bulan ini atau bulan sebelumnya.";
            return Err(Error::field("month", "not_begun", remedy));
        }
        let is_postgres = self.store.is_postgres();
        let mut values = Values::default();
        let text = places(&mut values, &month, &regions, is_postgres);
        // One statement, so that its numbers are of one moment.
        let placed = self.rows::<Placed>(&text, values).await?;
        let mut values = Values::default();
        let text = cases(&mut values, &month, &regions, is_postgres, now);
        let worked = self.rows::<Worked>(&text, values).await?;
        let mut values = Values::default();
        let text = events(&mut values, &month, &regions);
        let events = self.rows::<Happened>(&text, values).await?;

        let (mut rows, first) = counted(placed)?;
        let mut work = of_cases(worked)?;
        happened(events, &mut rows, &mut work)?;
        rows.retain(|_, counts| !counts.is_empty());
        let made_by = match self.actor.user() {
            Some(user) => {
                let names = self.store.names_of([Uuid::from(user)].into()).await?;
                names.into_values().next()
            }
            None => None,
        };
        let complete = month.until <= now;
        let last = day_of(month.until.min(now + 1) - 1, offset_us);
        let month_of = |us| day_of(us, offset_us).format("%Y-%m").to_string();
        let mut report = MonthlyReport {
            month: month.first.format("%Y-%m").to_string(),
            from: month.first.to_string(),
            to: last.to_string(),
            complete,
            first_month: first.map(month_of),
            last_month: present.first.format("%Y-%m").to_string(),
            region: region.cloned(),
            regions,
            utc_offset_min,
            made_at: at,
            made_by,
            rows: Vec::new(),
            villages: Vec::new(),
            programs: Vec::new(),
            places: PlaceCounts::default(),
            work: WorkCounts::default(),
        };
        let (mut villages, mut programs) = (BTreeMap::new(), BTreeMap::new());
        for ((region, program), places) in rows {
            let village: &mut (PlaceCounts, WorkCounts) =
                villages.entry(region.clone()).or_default();
            village.0 += places;
            let of_program: &mut PlaceCounts = programs.entry(program.clone()).or_default();
            *of_program += places;
            report.places += places;
            report.rows.push(ReportRow {
                region,
                program,
                places,
            });
        }
        for (region, counts) in work {
            if counts != WorkCounts::default() {
                report.work += counts;
                villages.entry(region).or_default().1 = counts;
            }
        }
        let villages = villages.into_iter();
        report.villages = villages
            .map(|(region, (places, work))| ReportVillage {
                region,
                places,
                work,
            })
            .collect();
        let programs = programs.into_iter();
        report.programs = programs
            .map(|(program, places)| ReportProgram { program, places })
            .collect();
        Ok(report)
    }

    /// The same with names, for paper.
    ///
    /// # Errors
    /// As [`Self::monthly_report`].
    pub async fn report_to_keep(
        &self,
        month: Option<&str>,
        region: Option<&RegionCode>,
    ) -> Result<NamedReport> {
        let report = self.monthly_report(month, region).await?;
        let regions: Vec<(String, String)> = region::Entity::find()
            .select_only()
            .columns([region::Column::Code, region::Column::Name])
            .into_tuple()
            .all(self.store.read())
            .await?;
        let is_told = |code: &str| {
            report
                .villages
                .iter()
                .any(|row| row.region.as_str() == code)
                || report.regions.iter().any(|one| one.as_str() == code)
        };
        let regions = regions.into_iter().filter(|(code, _)| is_told(code));
        let regions = regions.collect();
        let programs: Vec<(String, String)> = program::Entity::find()
            .select_only()
            .columns([program::Column::Code, program::Column::Name])
            .into_tuple()
            .all(self.store.read())
            .await?;
        Ok(NamedReport {
            report,
            regions,
            programs: programs.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(kind: &str, state: Option<&str>, reason: Option<&str>, n: i64) -> Placed {
        Placed {
            kind: kind.to_owned(),
            region: Some("35.71.03.1009".to_owned()),
            program: Some("PKH".to_owned()),
            state: state.map(str::to_owned),
            reason: reason.map(str::to_owned),
            n: Some(n),
        }
    }

    #[test]
    fn each_kind_of_step_has_its_column() {
        let (rows, first) = counted(vec![
            placed("begin", Some("active"), None, 9),
            placed("came", None, None, 1),
            placed("came", Some("designated"), None, 2),
            placed("came", Some("replaced"), None, 1),
            placed("moved_in", None, None, 1),
            placed("moved_out", None, None, 2),
            placed("ended", Some("inactive"), Some("MENINGGAL"), 1),
            placed("ended", Some("inactive"), Some("MAMPU_DESIL"), 1),
            placed("ended", Some("graduated"), None, 1),
            placed("end", Some("active"), None, 8),
            placed("end", Some("suspended"), None, 1),
            placed("end", Some("candidate"), None, 3),
            placed("end", Some("inactive"), None, 3),
            Placed {
                region: None,
                program: None,
                ..placed("first", None, None, 77)
            },
        ])
        .unwrap();
        assert_eq!(first, Some(77));
        let counts = rows.into_values().next().unwrap();
        let expected = PlaceCounts {
            begin: 9,
            activated: 3,
            reinstated: 1,
            moved_in: 1,
            moved_out: 2,
            cancelled: 1,
            died: 1,
            exited: 1,
            end: 9,
            on_hold: 1,
            candidates: 3,
            ..PlaceCounts::default()
        };
        assert_eq!(counts, expected);
        assert!(counts.adds_up());
    }
}
