//! The month's report per village and program: who had a place at its beginning, who came, who went and why, and who has one
//! at its end. Counts only, so that nobody's personal data is in it.
//!
//! Beginning and end are counted by themselves, and so is everything between: that they agree ([`PlaceCounts::adds_up`]) is
//! a finding and not arithmetic.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::membership::MembershipState;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Why a place ended, as far as a report tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndGroup {
    /// Cancelled by two persons, for whatever reason the other groups do not name.
    Cancelled,
    /// The holder died, or nobody of the family lives.
    Died,
    /// The family left the city.
    LeftCity,
    /// By their own strength, or by their own wish.
    Exited,
}

impl EndGroup {
    /// Of the state that ended the place and the reason given.
    pub fn of(state: Option<MembershipState>, reason: Option<&str>) -> Self {
        if state == Some(MembershipState::Graduated) {
            return Self::Exited;
        }
        match reason {
            Some("MENINGGAL") => Self::Died,
            Some("PINDAH_LUAR") => Self::LeftCity,
            Some("MENOLAK" | "GRADUASI_MANDIRI") => Self::Exited,
            Some(_) | None => Self::Cancelled,
        }
    }
}

/// The places of a month: each is one membership that receives, or is on hold and keeps its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceCounts {
    /// At the month's first moment.
    pub begin: u64,
    /// Began to receive.
    pub activated: u64,
    /// Receive again after their place had ended.
    pub reinstated: u64,
    /// Came with a family that moved here from another village.
    pub moved_in: u64,
    /// Went with a family that moved to another village.
    pub moved_out: u64,
    /// Ended by a cancellation.
    pub cancelled: u64,
    /// Ended by a death.
    pub died: u64,
    /// Ended because the family left the city.
    pub left_city: u64,
    /// Ended by their own strength or wish.
    pub exited: u64,
    /// At the month's last moment, or at the report's.
    pub end: u64,
    /// Of those at the end: on hold.
    pub on_hold: u64,
    /// Stand for a place at the end and do not receive yet.
    pub candidates: u64,
    /// Appeals of the month.
    pub appeals_filed: u64,
    /// Appeals that were upheld in the month, whenever they were filed.
    pub appeals_upheld: u64,
}

impl PlaceCounts {
    /// How many came.
    pub const fn came(&self) -> u64 {
        self.activated + self.reinstated + self.moved_in
    }

    /// How many went.
    pub const fn went(&self) -> u64 {
        self.cancelled + self.died + self.left_city + self.exited + self.moved_out
    }

    /// Who was there and who came are who went and who is there.
    pub const fn adds_up(&self) -> bool {
        self.begin + self.came() == self.went() + self.end
    }

    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One more place ended.
    pub const fn ended(&mut self, group: EndGroup, places: u64) {
        match group {
            EndGroup::Cancelled => self.cancelled += places,
            EndGroup::Died => self.died += places,
            EndGroup::LeftCity => self.left_city += places,
            EndGroup::Exited => self.exited += places,
        }
    }
}

impl AddAssign for PlaceCounts {
    fn add_assign(&mut self, other: Self) {
        self.begin += other.begin;
        self.activated += other.activated;
        self.reinstated += other.reinstated;
        self.moved_in += other.moved_in;
        self.moved_out += other.moved_out;
        self.cancelled += other.cancelled;
        self.died += other.died;
        self.left_city += other.left_city;
        self.exited += other.exited;
        self.end += other.end;
        self.on_hold += other.on_hold;
        self.candidates += other.candidates;
        self.appeals_filed += other.appeals_filed;
        self.appeals_upheld += other.appeals_upheld;
    }
}

/// What was done in a month. A case is about a family, so that these are told of a village and not of a program: else a
/// family in two programs would be visited twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkCounts {
    /// Cases that were open at the month's first moment.
    pub cases_begin: u64,
    /// Visits asked for: cases opened in the month.
    pub opened: u64,
    /// Cases visited in the month, met somebody or not.
    pub visited: u64,
    /// Cases decided in the month.
    pub decided: u64,
    /// Cases that ended in the month without a decision.
    pub closed: u64,
    /// Cases open at the end.
    pub cases_end: u64,
    /// Of those open at the end: past the end of their window, or of the month they were opened in when they have none.
    pub late: u64,
    /// Deaths that the civil registry told and that had their effect in the month.
    pub deaths: u64,
    /// Objections of the month.
    pub objections_filed: u64,
    /// Objections that somebody answered in the month.
    pub objections_answered: u64,
    /// Objections that nobody answered in time, in the month.
    pub objections_lapsed: u64,
}

impl WorkCounts {
    /// What was open and was opened has ended or is open.
    pub const fn adds_up(&self) -> bool {
        self.cases_begin + self.opened == self.decided + self.closed + self.cases_end
    }
}

impl AddAssign for WorkCounts {
    fn add_assign(&mut self, other: Self) {
        self.cases_begin += other.cases_begin;
        self.opened += other.opened;
        self.visited += other.visited;
        self.decided += other.decided;
        self.closed += other.closed;
        self.cases_end += other.cases_end;
        self.late += other.late;
        self.deaths += other.deaths;
        self.objections_filed += other.objections_filed;
        self.objections_answered += other.objections_answered;
        self.objections_lapsed += other.objections_lapsed;
    }
}

/// A program in a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportRow {
    /// The village.
    pub region: RegionCode,
    /// The program's code.
    pub program: String,
    /// Its places.
    pub places: PlaceCounts,
}

/// A village: its programs together, and what was done there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportVillage {
    /// The village.
    pub region: RegionCode,
    /// The places of all programs.
    pub places: PlaceCounts,
    /// What was done.
    pub work: WorkCounts,
}

/// A program in all villages of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportProgram {
    /// The program's code.
    pub program: String,
    /// Its places.
    pub places: PlaceCounts,
}

/// A month's report. A month that is not over is told up to the moment of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthlyReport {
    /// `2026-11`.
    pub month: String,
    /// Its first day, in the region's own time.
    pub from: String,
    /// The last day that is told: the month's, or today.
    pub to: String,
    /// Whether the month is over.
    pub complete: bool,
    /// The earliest month of which anything is known; absent: nothing is known yet.
    pub first_month: Option<String>,
    /// The month of today, the last that can be asked for.
    pub last_month: String,
    /// Where it was asked for; absent: all that the reader may see.
    pub region: Option<RegionCode>,
    /// What it covers: these and all below.
    pub regions: Vec<RegionCode>,
    /// The region's own time, in minutes ahead of UTC.
    pub utc_offset_min: i64,
    /// When it was counted.
    pub made_at: Timestamp,
    /// For whom.
    pub made_by: Option<String>,
    /// By village and program; those without any number are absent.
    pub rows: Vec<ReportRow>,
    /// By village.
    pub villages: Vec<ReportVillage>,
    /// By program.
    pub programs: Vec<ReportProgram>,
    /// All places.
    pub places: PlaceCounts,
    /// All work.
    pub work: WorkCounts,
}

impl MonthlyReport {
    /// Whether every row and every sum adds up, and the sums are those of the rows.
    pub fn adds_up(&self) -> bool {
        let mut of_rows = PlaceCounts::default();
        let mut of_programs = PlaceCounts::default();
        let (mut of_villages, mut work) = (PlaceCounts::default(), WorkCounts::default());
        for row in &self.rows {
            of_rows += row.places;
        }
        for program in &self.programs {
            of_programs += program.places;
        }
        for village in &self.villages {
            of_villages += village.places;
            work += village.work;
        }
        [of_rows, of_programs, of_villages]
            .iter()
            .all(|sum| *sum == self.places)
            && work == self.work
            && self.rows.iter().all(|row| row.places.adds_up())
            && self.programs.iter().all(|row| row.places.adds_up())
            && self
                .villages
                .iter()
                .all(|row| row.places.adds_up() && row.work.adds_up())
            && self.places.adds_up()
            && self.work.adds_up()
    }
}

/// A village's families with and without aid, as of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AidGapVillage {
    /// The village where they live.
    pub region: RegionCode,
    /// Families of which somebody holds a place in a program, on hold or not.
    pub receiving: u64,
    /// Families that stand for a place or wait on a list in force, are not found ineligible, and hold no place at all.
    pub without_aid: u64,
}

/// `GET /v1/reports/aid-gap`: where eligible families wait without any aid. Families and not places: one in two programs is
/// one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AidGap {
    /// When they were counted.
    pub at: Timestamp,
    /// Where it was asked for; absent: all that the reader may see.
    pub region: Option<RegionCode>,
    /// All that receive.
    pub receiving: u64,
    /// All that are eligible and receive nothing.
    pub without_aid: u64,
    /// By village, those with a family of either kind.
    pub villages: Vec<AidGapVillage>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> PlaceCounts {
        PlaceCounts {
            begin: 10,
            activated: 2,
            reinstated: 1,
            moved_in: 3,
            moved_out: 1,
            cancelled: 1,
            died: 1,
            left_city: 1,
            exited: 2,
            end: 10,
            ..PlaceCounts::default()
        }
    }

    #[test]
    fn one_place_more_or_less_anywhere_and_it_does_not_add_up() {
        assert!(counts().adds_up());
        let wrong: [fn(&mut PlaceCounts); 10] = [
            |c| c.begin += 1,
            |c| c.activated += 1,
            |c| c.reinstated += 1,
            |c| c.moved_in += 1,
            |c| c.moved_out += 1,
            |c| c.cancelled += 1,
            |c| c.died += 1,
            |c| c.left_city += 1,
            |c| c.exited += 1,
            |c| c.end += 1,
        ];
        for change in wrong {
            let mut one = counts();
            change(&mut one);
            assert!(!one.adds_up(), "{one:?}");
        }
    }

    #[test]
    fn sums_of_what_adds_up_add_up() {
        let mut sum = counts();
        sum += counts();
        assert_eq!((sum.begin, sum.exited, sum.end), (20, 4, 20));
        assert!(sum.adds_up());
        let mut work = WorkCounts {
            cases_begin: 1,
            opened: 2,
            decided: 1,
            closed: 1,
            cases_end: 1,
            ..WorkCounts::default()
        };
        assert!(work.adds_up());
        work += work;
        assert!(work.adds_up());
        work.closed += 1;
        assert!(!work.adds_up());
    }

    #[test]
    fn every_end_has_one_group() {
        let of = |state, reason| EndGroup::of(Some(state), reason);
        let ended = MembershipState::Inactive;
        assert_eq!(of(ended, Some("MENINGGAL")), EndGroup::Died);
        assert_eq!(of(ended, Some("PINDAH_LUAR")), EndGroup::LeftCity);
        assert_eq!(of(ended, Some("MENOLAK")), EndGroup::Exited);
        assert_eq!(of(MembershipState::Graduated, None), EndGroup::Exited);
        assert_eq!(of(ended, Some("MAMPU_DESIL")), EndGroup::Cancelled);
        assert_eq!(of(ended, Some("KODE_BARU")), EndGroup::Cancelled);
        assert_eq!(of(ended, None), EndGroup::Cancelled);
    }
}
