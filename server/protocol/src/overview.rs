//! A month at a glance: how many of its cases were visited, returned, accepted, decided and late, by day, village and
//! officer. Counts only, so that nobody's personal data is in it.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// How many of the month's cases came how far. What was taken back does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewCounts {
    /// Cases of the month: those opened in it. One whose window closed and its successor are one.
    pub target: u64,
    /// Of them, those with a visit that counted, met somebody or not.
    pub visited: u64,
    /// Those that went back to their officer at least once.
    pub returned: u64,
    /// Those whose acceptance stands.
    pub accepted: u64,
    /// Those of which every membership has its outcome.
    pub decided: u64,
    /// Those that wait for a visit after the end of their window, or of the month when they have none.
    pub overdue: u64,
}

/// How far the month's cases were at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewDay {
    /// The day in the region's own time, `2026-11-24`.
    pub day: String,
    /// Opened until then.
    pub target: u64,
    /// Visited until then.
    pub visited: u64,
    /// Accepted until then.
    pub accepted: u64,
    /// Decided until then.
    pub decided: u64,
}

/// A village's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewVillage {
    /// The village.
    pub region: RegionCode,
    /// Its counts.
    pub counts: OverviewCounts,
    /// Those that wait for a review.
    pub waiting: u64,
}

/// An officer's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewOfficer {
    /// Who has the cases; absent: nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<UserId>,
    /// The officer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The counts; `target` is what was given to this officer.
    pub counts: OverviewCounts,
    /// Those that wait for a review.
    pub waiting: u64,
    /// Minutes from opening to the first visit, of the one in the middle; absent before the first visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_min: Option<u64>,
}

/// How many cases have waited for a review for so long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewQueue {
    /// At least so many whole days,
    pub from_days: u64,
    /// at most so many; absent: or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_days: Option<u64>,
    /// How many cases.
    pub cases: u64,
}

/// How often a reason was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewReason {
    /// The reason.
    pub code: ReasonCode,
    /// Returns that named it, however often each did.
    pub returns: u64,
}

/// `GET /v1/overview`: a month of one's regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// The month, `2026-11`.
    pub month: String,
    /// The region that was asked for; absent: all of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Minutes that its days are ahead of UTC.
    pub utc_offset_min: i64,
    /// When it was counted.
    pub at: Timestamp,
    /// As of that moment.
    pub now: OverviewCounts,
    /// As of the end of the day before.
    pub yesterday: OverviewCounts,
    /// Each day of the month until today, sums from its first day on.
    pub days: Vec<OverviewDay>,
    /// Each village with a case, by code.
    pub villages: Vec<OverviewVillage>,
    /// Each officer with a case, by name; last what nobody has.
    pub officers: Vec<OverviewOfficer>,
    /// All that waits for a review now, of whatever month.
    pub queue: Vec<OverviewQueue>,
    /// Why cases of the month went back: the eight reasons given most.
    pub reasons: Vec<OverviewReason>,
}
