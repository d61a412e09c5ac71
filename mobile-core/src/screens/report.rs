//! The officer's own month: numbers only, no family's name and no NIK. From a log that outlives what it counts.

use std::collections::BTreeMap;
use std::fmt::Write;

use rusqlite::{Connection, params};
use tilik_protocol::evidence::VisitKind;

use crate::FieldApp;
use crate::error::{Error, Result};
use crate::store::meta;

const DAY_S: i64 = 86_400;

/// What an officer did in a month.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MonthReport {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u32,
    /// The account's name.
    pub officer: String,
    /// The days on which something was sealed.
    pub days: Vec<ReportDay>,
    /// Sealed visits.
    pub visits: u32,
    /// Their photos.
    pub photos: u32,
    /// Of those, safe on the server.
    pub safe: u32,
    /// Findings.
    pub findings: u32,
    /// Visits at which nobody was met.
    pub unreachable: u32,
    /// Visits that came back.
    pub returned: u32,
    /// All of it as plain text.
    pub text: String,
}

/// What was sealed on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, uniffi::Record)]
pub struct ReportDay {
    /// The day of the month.
    pub day: u32,
    /// Sealed visits.
    pub visits: u32,
    /// Of those, quick ones.
    pub quick: u32,
    /// With questions.
    pub full: u32,
    /// At which nobody was met.
    pub unreachable: u32,
    /// Findings.
    pub findings: u32,
}

const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

/// Days since 1970 of a date of the Gregorian calendar; a month beyond 12 is one of the next year.
fn days_from_civil(year: i64, month: i64) -> i64 {
    let (year, month) = (
        year + (month - 1).div_euclid(12),
        (month - 1).rem_euclid(12) + 1,
    );
    // Years that begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Brings the log up to what the server has proven since.
pub(crate) fn note_receipts(db: &Connection) -> Result<()> {
    db.execute(
        "UPDATE visit_log SET received_at = (SELECT v.received_at FROM outbox_visit AS v \
         WHERE v.visit = visit_log.visit), \
         photos_safe = (SELECT count(*) FROM outbox_link AS l JOIN outbox_photo AS p \
         ON p.photo = l.photo WHERE l.visit = visit_log.visit AND p.safe_at IS NOT NULL) \
         WHERE (received_at IS NULL OR photos_safe < photos) \
         AND visit IN (SELECT visit FROM outbox_visit)",
        [],
    )?;
    Ok(())
}

pub(crate) fn month(app: &FieldApp, year: i32, month: u32) -> Result<MonthReport> {
    if !(1..=12).contains(&month) || !(1970..=9999).contains(&year) {
        return Err(Error::refused("bad_month"));
    }
    let core = app.core();
    let db = &core.stores.device;
    let offset_s = i64::from(meta::get(db, meta::UTC_OFFSET_MIN)?.unwrap_or(420)) * 60;
    let first_day = days_from_civil(i64::from(year), i64::from(month));
    let next_month = days_from_civil(i64::from(year), i64::from(month) + 1);
    let micros = |day: i64| (day * DAY_S - offset_s) * 1_000_000;
    let officer = match meta::get(db, meta::USER)? {
        Some(user) => Some(user),
        None => crate::phone::enrolment(db)?.map(|enrolment| enrolment.officer),
    };
    let mut days: BTreeMap<u32, ReportDay> = BTreeMap::new();
    let mut report = MonthReport {
        year,
        month,
        officer: meta::get(db, meta::USERNAME)?.unwrap_or_default(),
        days: Vec::new(),
        visits: 0,
        photos: 0,
        safe: 0,
        findings: 0,
        unreachable: 0,
        returned: 0,
        text: String::new(),
    };
    let mut statement = db.prepare_cached(
        "SELECT sealed_at, kind, photos, photos_safe, returned FROM visit_log \
         WHERE officer = ?1 AND sealed_at >= ?2 AND sealed_at < ?3 AND training = 0",
    )?;
    let mut rows = statement.query(params![
        officer.map(|officer| officer.to_string()),
        micros(first_day),
        micros(next_month)
    ])?;
    while let Some(row) = rows.next()? {
        let sealed_at: i64 = row.get(0)?;
        let kind: String = row.get(1)?;
        let of_month = (sealed_at / 1_000_000 + offset_s).div_euclid(DAY_S) - first_day;
        let number = u32::try_from(of_month + 1).map_err(|_| Error::Broken("day-of-month"))?;
        let day = days.entry(number).or_insert(ReportDay {
            day: number,
            ..ReportDay::default()
        });
        day.visits += 1;
        match kind.parse::<VisitKind>() {
            Ok(VisitKind::Quick) => day.quick += 1,
            Ok(VisitKind::Full) => day.full += 1,
            Ok(VisitKind::Unreachable) => day.unreachable += 1,
            Ok(VisitKind::Finding) => day.findings += 1,
            Err(_) => {}
        }
        report.photos += row.get::<_, u32>(2)?;
        report.safe += row.get::<_, u32>(3)?;
        report.returned += row.get::<_, u32>(4)?;
    }
    report.days = days.into_values().collect();
    let sum = |of: fn(&ReportDay) -> u32| report.days.iter().map(of).sum();
    report.visits = sum(|day| day.visits);
    report.findings = sum(|day| day.findings);
    report.unreachable = sum(|day| day.unreachable);
    report.text = text(&report)?;
    Ok(report)
}

fn text(report: &MonthReport) -> Result<String> {
    let month = usize::try_from(report.month - 1)
        .ok()
        .and_then(|at| MONTHS.get(at))
        .ok_or(Error::Broken("month"))?;
    let mut text = String::new();
    let mut write = || -> std::fmt::Result {
        writeln!(text, "Laporan kunjungan {month} {}", report.year)?;
        writeln!(text, "Petugas: {}", report.officer)?;
        writeln!(text)?;
        writeln!(text, "Kunjungan: {}", report.visits)?;
        writeln!(text, "Temuan: {}", report.findings)?;
        writeln!(text, "Tidak dapat ditemui: {}", report.unreachable)?;
        writeln!(text, "Dikembalikan: {}", report.returned)?;
        writeln!(
            text,
            "Foto: {}, aman di server: {}",
            report.photos, report.safe
        )?;
        if !report.days.is_empty() {
            writeln!(text)?;
        }
        for day in &report.days {
            writeln!(
                text,
                "{} {month}: {} kunjungan (cepat {}, lengkap {}, tidak ditemui {}, temuan {})",
                day.day, day.visits, day.quick, day.full, day.unreachable, day.findings
            )?;
        }
        Ok(())
    };
    write().map_err(|_| Error::Broken("report-text"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_on_the_days_of_the_calendar() {
        assert_eq!(days_from_civil(1970, 1), 0);
        assert_eq!(days_from_civil(2000, 3), 11_017);
        assert_eq!(days_from_civil(2024, 3) - days_from_civil(2024, 2), 29);
        assert_eq!(days_from_civil(2026, 13), days_from_civil(2027, 1));
        assert_eq!(days_from_civil(2026, 11) * DAY_S, 1_793_491_200);
    }
}
