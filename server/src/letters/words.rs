//! Days as letters write them.

use chrono::Datelike as _;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

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

/// The day of an instant where the region is.
pub fn day_at(region: &RegionCode, at: Timestamp) -> chrono::NaiveDate {
    let us = at.as_micros() + region.utc_offset_min() * 60_000_000;
    chrono::DateTime::from_timestamp_micros(us)
        .unwrap_or_default()
        .date_naive()
}

/// `Desember 2026`.
pub(crate) fn month_in_words(day: chrono::NaiveDate) -> String {
    let month = MONTHS.get(day.month0() as usize).copied();
    format!("{} {}", month.unwrap_or_default(), day.year())
}

/// `1 Desember 2026`.
pub fn in_words(day: chrono::NaiveDate) -> String {
    format!("{} {}", day.day(), month_in_words(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_regions_own() {
        let kediri: RegionCode = "35.71.01.1001".parse().unwrap();
        let at: Timestamp = "2026-11-30T17:30:00Z".parse().unwrap();
        assert_eq!(in_words(day_at(&kediri, at)), "1 Desember 2026");
        let jayapura: RegionCode = "91.71".parse().unwrap();
        let at: Timestamp = "2026-11-30T14:59:00Z".parse().unwrap();
        assert_eq!(in_words(day_at(&jayapura, at)), "30 November 2026");
    }
}
