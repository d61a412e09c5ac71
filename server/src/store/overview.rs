//! A month at a glance, counted by the database: which of its cases were visited, returned, accepted, decided, late.
//!
//! What happened when is taken from the journal, which has every act with its time: the rows only know how a case stands
//! now. An act that was taken back counts for nothing, nor did it before.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, Months, NaiveDate};
use futures_util::future::try_join3;
use sea_orm::FromQueryResult;
use tilik_protocol::ids::UserId;
use tilik_protocol::overview::{
    Overview, OverviewCounts, OverviewDay, OverviewOfficer, OverviewQueue, OverviewReason,
    OverviewVillage,
};
use tilik_protocol::policy::Permission;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use crate::error::{Error, Result};

mod statements;

pub(super) use statements::{DECISIONS, VISITS, Values, hyphened};
use statements::{counting, queue, reasons};

const DAY_US: i64 = 86_400_000_000;
pub(super) const MINUTE_US: i64 = 60_000_000;
/// Reasons that are told.
const MOST_REASONS: usize = 8;
/// From how many whole days of waiting each bar of the queue's age begins.
const QUEUE_FROM: [u64; 4] = [0, 2, 4, 8];

/// A month in a region's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Month {
    /// Its first day.
    pub(super) first: NaiveDate,
    /// Its first microsecond.
    pub(super) from: i64,
    /// The next month's first microsecond.
    pub(super) until: i64,
}

impl Month {
    /// `2026-11`, or the month of `now`.
    pub(super) fn new(asked: Option<&str>, now: Timestamp, offset_us: i64) -> Result<Self> {
        let wrong = || {
            Error::field(
                "month",
                "not_a_month",
                "Isi bulan sebagai tahun dan bulan, misalnya 2026-11.",
            )
        };
        let first = match asked {
            Some(text) => text
                .split_once('-')
                .filter(|(year, month)| year.len() == 4 && month.len() == 2)
                // A sign is read as part of a number.
                .filter(|_| text.bytes().filter(u8::is_ascii_digit).count() == 6)
                .and_then(|(year, month)| {
                    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)
                })
                .filter(|day| (1971..=9998).contains(&day.year()))
                .ok_or_else(wrong)?,
            None => day_of(now.as_micros(), offset_us)
                .with_day(1)
                .ok_or_else(wrong)?,
        };
        let after = first.checked_add_months(Months::new(1)).ok_or_else(wrong)?;
        Ok(Self {
            first,
            from: midnight(first) - offset_us,
            until: midnight(after) - offset_us,
        })
    }
}

/// The day's first microsecond, were it in UTC.
fn midnight(day: NaiveDate) -> i64 {
    i64::from(day.to_epoch_days()) * DAY_US
}

/// The day of an instant where clocks are so far ahead.
pub(super) fn day_of(us: i64, offset_us: i64) -> NaiveDate {
    let days = us.saturating_add(offset_us).div_euclid(DAY_US);
    NaiveDate::default()
        .checked_add_days(Days::new(days.unsigned_abs()))
        .unwrap_or_default()
}

/// The regions of `mine` that lie in what is asked for: all without a question, none when it is out of reach.
pub(super) fn within(mine: Vec<RegionCode>, asked: Option<&RegionCode>) -> Vec<RegionCode> {
    let Some(asked) = asked else { return mine };
    let mut regions: Vec<RegionCode> = mine
        .into_iter()
        .filter_map(|code| {
            if code.covers(asked) {
                Some(asked.clone())
            } else {
                asked.covers(&code).then_some(code)
            }
        })
        .collect();
    regions.dedup();
    regions
}

#[derive(FromQueryResult)]
struct Counted {
    kind: String,
    region: Option<String>,
    officer: Option<Uuid>,
    day: Option<i64>,
    target: i64,
    visited: i64,
    returned: i64,
    accepted: i64,
    decided: i64,
    overdue: i64,
    waiting: i64,
}

impl Counted {
    fn counts(&self) -> OverviewCounts {
        OverviewCounts {
            target: self.target.unsigned_abs(),
            visited: self.visited.unsigned_abs(),
            returned: self.returned.unsigned_abs(),
            accepted: self.accepted.unsigned_abs(),
            decided: self.decided.unsigned_abs(),
            overdue: self.overdue.unsigned_abs(),
        }
    }
}

#[derive(FromQueryResult)]
struct Waiting {
    from_days: i64,
    cases: i64,
}

#[derive(FromQueryResult)]
struct Given {
    code: Option<String>,
    returns: i64,
}

impl Acting {
    /// A month of one's regions, or of one of them.
    ///
    /// # Errors
    /// `forbidden`, `not_found` when the region is out of reach, `invalid` when it is no month.
    pub async fn overview(
        &self,
        month: Option<&str>,
        region: Option<&RegionCode>,
    ) -> Result<Overview> {
        self.actor.require(Permission::ReadOverview)?;
        let regions = within(self.actor.regions(Permission::ReadOverview), region);
        let Some(somewhere) = regions.first() else {
            return Err(Error::NOT_FOUND);
        };
        let utc_offset_min = somewhere.utc_offset_min();
        let offset_us = utc_offset_min * MINUTE_US;
        let at = self.store.now();
        let now = at.as_micros();
        let month = Month::new(month, at, offset_us)?;
        let today = day_of(now, offset_us);
        let is_postgres = self.store.is_postgres();

        let mut values = Values::default();
        let midnight = midnight(today) - offset_us;
        let text = counting(&mut values, &month, &regions, is_postgres, now, midnight);
        let counted = self.rows::<Counted>(&text, values);
        let mut values = Values::default();
        let text = reasons(&mut values, &month, &regions, is_postgres);
        let given = self.rows::<Given>(&text, values);
        let mut values = Values::default();
        let text = queue(&mut values, &regions, now);
        let waiting = self.rows::<Waiting>(&text, values);
        let (counted, given, waiting) = try_join3(counted, given, waiting).await?;

        let mut overview = Overview {
            month: month.first.format("%Y-%m").to_string(),
            region: region.cloned(),
            utc_offset_min,
            at,
            now: OverviewCounts::default(),
            yesterday: OverviewCounts::default(),
            days: days(&counted, &month, today),
            villages: Vec::new(),
            officers: self.officers_of(&counted).await?,
            queue: ages(&waiting),
            reasons: told_most(given),
        };
        for row in &counted {
            match row.kind.as_str() {
                "now" => overview.now = sum(overview.now, row.counts()),
                "yesterday" => overview.yesterday = row.counts(),
                "village" => overview.villages.push(OverviewVillage {
                    region: row
                        .region
                        .as_deref()
                        .unwrap_or_default()
                        .parse()
                        .map_err(Error::internal)?,
                    counts: row.counts(),
                    waiting: row.waiting.unsigned_abs(),
                }),
                _ => {}
            }
        }
        overview.villages.sort_by(|a, b| a.region.cmp(&b.region));
        Ok(overview)
    }

    pub(super) async fn rows<T: FromQueryResult>(
        &self,
        text: &str,
        values: Values,
    ) -> Result<Vec<T>> {
        let statement = self.store.sql(text, values.0);
        Ok(T::find_by_statement(statement)
            .all(self.store.read())
            .await?)
    }

    async fn officers_of(&self, counted: &[Counted]) -> Result<Vec<OverviewOfficer>> {
        let of = |kind: &'static str| counted.iter().filter(move |row| row.kind == kind);
        let ids = of("now").filter_map(|row| row.officer).collect();
        let names = self.store.names_of(ids).await?;
        let medians: BTreeMap<Uuid, u64> = of("median")
            .filter_map(|row| Some((row.officer?, row.target.unsigned_abs())))
            .collect();
        let mut officers: Vec<OverviewOfficer> = of("now")
            .filter(|row| row.target > 0)
            .map(|row| OverviewOfficer {
                officer: row.officer.map(UserId),
                name: row.officer.and_then(|id| names.get(&id).cloned()),
                counts: row.counts(),
                waiting: row.waiting.unsigned_abs(),
                median_min: row.officer.and_then(|id| medians.get(&id).copied()),
            })
            .collect();
        officers.sort_by(|a, b| {
            let key =
                |one: &OverviewOfficer| (one.officer.is_none(), one.name.clone(), one.officer);
            key(a).cmp(&key(b))
        });
        Ok(officers)
    }
}

fn sum(a: OverviewCounts, b: OverviewCounts) -> OverviewCounts {
    OverviewCounts {
        target: a.target + b.target,
        visited: a.visited + b.visited,
        returned: a.returned + b.returned,
        accepted: a.accepted + b.accepted,
        decided: a.decided + b.decided,
        overdue: a.overdue + b.overdue,
    }
}

/// Each day of the month that has begun, with what had happened by its end.
fn days(counted: &[Counted], month: &Month, today: NaiveDate) -> Vec<OverviewDay> {
    let on = |kind: &str, day: i64| {
        let mut same = counted
            .iter()
            .filter(|row| row.kind == kind && row.day == Some(day));
        same.next().map_or(0, |row| row.target.unsigned_abs())
    };
    let mut sums = [0; 4];
    let mut days = Vec::new();
    for (n, day) in (0_i64..).zip(month.first.iter_days()) {
        if day > today || day.month() != month.first.month() {
            break;
        }
        let kinds = ["opened_at", "visited_at", "accepted_at", "decided_at"];
        for (total, kind) in sums.iter_mut().zip(kinds) {
            *total += on(kind, n);
        }
        let [target, visited, accepted, decided] = sums;
        days.push(OverviewDay {
            day: day.to_string(),
            target,
            visited,
            accepted,
            decided,
        });
    }
    days
}

fn ages(waiting: &[Waiting]) -> Vec<OverviewQueue> {
    let ends = QUEUE_FROM.iter().skip(1).map(|next| Some(next - 1));
    QUEUE_FROM
        .iter()
        .zip(ends.chain([None]))
        .map(|(from, to_days)| OverviewQueue {
            from_days: *from,
            to_days,
            cases: waiting
                .iter()
                .filter(|row| row.from_days.unsigned_abs() == *from)
                .map(|row| row.cases.unsigned_abs())
                .sum(),
        })
        .collect()
}

/// The reasons given most, the most frequent first.
fn told_most(given: Vec<Given>) -> Vec<OverviewReason> {
    let mut reasons: Vec<OverviewReason> = given
        .into_iter()
        .filter_map(|row| {
            Some(OverviewReason {
                code: row.code?.parse().ok()?,
                returns: row.returns.unsigned_abs(),
            })
        })
        .collect();
    reasons.sort_by(|a, b| b.returns.cmp(&a.returns).then_with(|| a.code.cmp(&b.code)));
    reasons.truncate(MOST_REASONS);
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_begins_and_ends_at_midnight_of_its_region() {
        let wib = 420 * MINUTE_US;
        let month = Month::new(Some("2026-11"), at("2026-01-01T00:00:00Z"), wib).unwrap();
        assert_eq!(month.from, at("2026-10-31T17:00:00Z").as_micros());
        assert_eq!(month.until, at("2026-11-30T17:00:00Z").as_micros());
        // 23.59 and 00.01 WIB around the end of November.
        let late = Month::new(None, at("2026-11-30T16:59:00Z"), wib).unwrap();
        assert_eq!(late, month);
        let next = Month::new(None, at("2026-11-30T17:01:00Z"), wib).unwrap();
        assert_eq!(next.from, month.until);
        // In Papua the same moment is in December already.
        let wit = Month::new(None, at("2026-11-30T16:59:00Z"), 540 * MINUTE_US).unwrap();
        assert_eq!(wit.first.to_string(), "2026-12-01");
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-0",
            "2026-1",
            "26-11",
            "2026-11-01",
            "+026-01",
            "2026-+1",
            "2026--1",
            "0000-01",
        ] {
            let month = Month::new(Some(text), at("2026-11-01T00:00:00Z"), 0);
            assert!(month.is_err(), "{text}");
        }
    }

    #[test]
    fn a_question_reaches_only_what_is_ones_own() {
        let codes = |texts: &[&str]| -> Vec<RegionCode> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let mine = codes(&["35.71.01.1002", "35.71.03"]);
        let asked = |text: &str| within(mine.clone(), Some(&text.parse().unwrap()));
        assert_eq!(asked("35.71"), mine);
        assert_eq!(asked("35.71.03.1009"), codes(&["35.71.03.1009"]));
        assert_eq!(asked("35.71.02"), codes(&[]));
        assert_eq!(within(mine.clone(), None), mine);
    }

    #[test]
    fn the_queue_is_told_in_four_ages_without_a_gap() {
        let told = ages(&[Waiting {
            from_days: 4,
            cases: 3,
        }]);
        let bounds: Vec<_> = told
            .iter()
            .map(|age| (age.from_days, age.to_days))
            .collect();
        assert_eq!(
            bounds,
            [(0, Some(1)), (2, Some(3)), (4, Some(7)), (8, None)]
        );
        assert_eq!(told[2].cases, 3);
    }
}
