//! The report as a workbook: one row for each of the page's, sums marked as such so that whoever sums up again can leave them
//! out.

use tilik_protocol::report::{PlaceCounts, WorkCounts};

use super::{PLACES, WORK, called};
use crate::error::Result;
use crate::store::report::NamedReport;
use crate::table::{Cell, Table};

fn cell(number: u64) -> Cell {
    Cell::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Writes the workbook.
///
/// # Errors
/// None in memory.
pub fn write(named: &NamedReport) -> Result<Vec<u8>> {
    let report = &named.report;
    let mut table = Table::xlsx()?;
    let mut head = vec![
        "Bulan",
        "Sampai tanggal",
        "Baris",
        "Kode wilayah",
        "Wilayah",
        "Kode program",
        "Program",
    ];
    head.extend(PLACES.map(|(name, _)| name));
    head.extend(WORK.map(|(name, _)| name));
    table.head(&head)?;
    let mut row = |kind: &str,
                   region: Option<&str>,
                   program: Option<&str>,
                   places: &PlaceCounts,
                   work: Option<&WorkCounts>| {
        let region = region.map(|code| (code, called(&named.regions, code)));
        let program = program.map(|code| (code, called(&named.programs, code)));
        let (region, region_name) = region.unwrap_or(("", "Semua wilayah laporan"));
        let (program, program_name) = program.unwrap_or(("", "Semua program"));
        let mut cells: Vec<Cell> = [
            report.month.as_str(),
            &report.to,
            kind,
            region,
            region_name,
            program,
            program_name,
        ]
        .map(Cell::from)
        .into();
        cells.extend(PLACES.map(|(_, number)| cell(number(places))));
        if let Some(work) = work {
            cells.extend(WORK.map(|(_, number)| cell(number(work))));
        }
        table.row(&cells)
    };
    for one in &report.rows {
        let region = one.region.as_str();
        row(
            "rincian",
            Some(region),
            Some(&one.program),
            &one.places,
            None,
        )?;
    }
    for one in &report.villages {
        let region = one.region.as_str();
        row(
            "jumlah wilayah",
            Some(region),
            None,
            &one.places,
            Some(&one.work),
        )?;
    }
    for one in &report.programs {
        row(
            "jumlah program",
            None,
            Some(&one.program),
            &one.places,
            None,
        )?;
    }
    row(
        "jumlah seluruhnya",
        None,
        None,
        &report.places,
        Some(&report.work),
    )?;
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::sample;

    #[test]
    fn every_number_of_the_report_is_in_the_workbook() {
        let named = sample(3);
        let file = write(&named).unwrap();
        let mut rows = Vec::new();
        crate::xlsx::Workbook::open(&file)
            .unwrap()
            .rows(None, |_, cells| {
                rows.push(cells.iter().map(|one| one.text.clone()).collect::<Vec<_>>());
                Ok(true)
            })
            .unwrap();
        let kinds: Vec<&str> = rows[1..].iter().map(|row| row[2].as_str()).collect();
        let expected = [
            vec!["rincian"; 6],
            vec!["jumlah wilayah"; 3],
            vec!["jumlah program"; 2],
            vec!["jumlah seluruhnya"],
        ];
        assert_eq!(kinds, expected.concat());
        assert_eq!(rows[0].len(), 7 + PLACES.len() + WORK.len());
        let last = rows.last().unwrap();
        let numbers = PLACES
            .iter()
            .map(|(_, number)| number(&named.report.places));
        let numbers = numbers.chain(WORK.iter().map(|(_, number)| number(&named.report.work)));
        let told: Vec<u64> = last[7..].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(told, numbers.collect::<Vec<_>>());
    }
}
