//! The month's report as it leaves the installation: a paper and a workbook, both of what the page shows and no more.

use tilik_protocol::report::{PlaceCounts, WorkCounts};

use crate::store::report::Names;

mod paper;
mod workbook;

pub use paper::draw;
pub use workbook::write;

/// A column: what it is called, and its number.
type Column<T> = (&'static str, fn(&T) -> u64);

/// From the beginning to the end, and what stands beside.
const PLACES: [Column<PlaceCounts>; 14] = [
    ("Awal", |one| one.begin),
    ("Penerima baru", |one| one.activated),
    ("Dipulihkan", |one| one.reinstated),
    ("Pindah masuk", |one| one.moved_in),
    ("Pindah keluar", |one| one.moved_out),
    ("Dibatalkan", |one| one.cancelled),
    ("Meninggal", |one| one.died),
    ("Pindah luar kota", |one| one.left_city),
    ("Graduasi, mundur", |one| one.exited),
    ("Akhir", |one| one.end),
    ("Akhir: ditahan", |one| one.on_hold),
    ("Calon", |one| one.candidates),
    ("Keberatan masuk", |one| one.appeals_filed),
    ("Keberatan diterima", |one| one.appeals_upheld),
];

const WORK: [Column<WorkCounts>; 11] = [
    ("Kasus awal", |one| one.cases_begin),
    ("Kasus dibuka", |one| one.opened),
    ("Kasus dikunjungi", |one| one.visited),
    ("Kasus diputuskan", |one| one.decided),
    ("Kasus ditutup", |one| one.closed),
    ("Kasus akhir", |one| one.cases_end),
    ("Kasus lewat batas", |one| one.late),
    ("Kematian dicatat", |one| one.deaths),
    ("Sanggahan masuk", |one| one.objections_filed),
    ("Sanggahan dijawab", |one| one.objections_answered),
    ("Sanggahan kedaluwarsa", |one| one.objections_lapsed),
];

/// A name, or the code when there is none.
fn called<'a>(names: &'a Names, code: &'a str) -> &'a str {
    names.get(code).map_or(code, String::as_str)
}

#[cfg(test)]
fn sample(villages: u16) -> crate::store::report::NamedReport {
    use tilik_protocol::region::RegionCode;
    use tilik_protocol::report::{MonthlyReport, ReportProgram, ReportRow, ReportVillage};

    let city: RegionCode = "35.71".parse().unwrap();
    let mut report = MonthlyReport {
        month: "2026-11".to_owned(),
        from: "2026-11-01".to_owned(),
        to: "2026-11-24".to_owned(),
        complete: false,
        first_month: Some("2026-10".to_owned()),
        last_month: "2026-11".to_owned(),
        region: None,
        regions: vec![city.clone()],
        utc_offset_min: 420,
        made_at: "2026-11-24T07:05:00Z".parse().unwrap(),
        made_by: Some("Sri Wahyuni".to_owned()),
        rows: Vec::new(),
        villages: Vec::new(),
        programs: Vec::new(),
        places: PlaceCounts::default(),
        work: WorkCounts::default(),
    };
    let mut regions = Names::from([(city.to_string(), "Kota Kediri".to_owned())]);
    let codes = ["PKH", "SEMBAKO"];
    let mut programs = codes.map(|code| ReportProgram {
        program: code.to_owned(),
        places: PlaceCounts::default(),
    });
    for n in 0..villages {
        let region: RegionCode = format!("35.71.01.{}", 1001 + n).parse().unwrap();
        regions.insert(region.to_string(), format!("Kelurahan {}", n + 1));
        let mut all = PlaceCounts::default();
        for program in &mut programs {
            let places = PlaceCounts {
                begin: 1_200 + u64::from(n),
                activated: 3,
                cancelled: 2,
                died: 1,
                end: 1_200 + u64::from(n),
                candidates: 2,
                ..PlaceCounts::default()
            };
            program.places += places;
            all += places;
            report.rows.push(ReportRow {
                region: region.clone(),
                program: program.program.clone(),
                places,
            });
        }
        let work = WorkCounts {
            cases_begin: 2,
            opened: 5,
            decided: 4,
            cases_end: 3,
            ..WorkCounts::default()
        };
        report.places += all;
        report.work += work;
        report.villages.push(ReportVillage {
            region,
            places: all,
            work,
        });
    }
    if villages > 0 {
        report.programs = programs.to_vec();
    }
    assert!(report.adds_up());
    crate::store::report::NamedReport {
        report,
        regions,
        programs: codes
            .map(|code| (code.to_owned(), format!("Program {code}")))
            .into(),
    }
}
