//! Windows (jadwal): on which days of a month or quarter an act is taken. Data, not code: two rules a window, judged by the
//! server's clock in the region's own time.

use chrono::{DateTime, Datelike as _, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::ids::{EventId, UserId, WindowId};
use crate::lenient::Lenient;
use crate::proposal::ProposalKind;
use crate::reason::ReasonCode;
use crate::time::Timestamp;

const MINUTE_US: i64 = 60_000_000;

/// Whoever is sent out has at least so long, in seconds: what is opened later in its window is due by the end of the next.
pub const SHORTEST_S: i64 = 7 * 86_400;

/// What is done on certain days.
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
pub enum WindowAct {
    /// Verifikasi kelayakan: by its last day the period's cases are visited. It refuses nothing: what is left undone then is
    /// late, and goes on into the next.
    Verification,
    /// Musyawarah kelurahan: one in every period. It refuses nothing: who may hold one is told before its last day.
    Deliberation,
    /// Proposals of this kind.
    New,
    /// Proposals of this kind.
    Correction,
    /// Proposals of this kind.
    Program,
    /// Proposals of this kind.
    Removal,
    /// Proposals of this kind.
    Relocation,
    /// Proposals of this kind.
    PayeeChange,
    /// Proposals of this kind.
    PbiReactivation,
}

impl WindowAct {
    /// Whether what comes outside its days is refused. What never is speaks of all programs, and is not opened again.
    pub const fn refuses(self) -> bool {
        match self {
            Self::Verification | Self::Deliberation => false,
            Self::New
            | Self::Correction
            | Self::Program
            | Self::Removal
            | Self::Relocation
            | Self::PayeeChange
            | Self::PbiReactivation => true,
        }
    }
}

impl From<ProposalKind> for WindowAct {
    fn from(kind: ProposalKind) -> Self {
        match kind {
            ProposalKind::New => Self::New,
            ProposalKind::Correction => Self::Correction,
            ProposalKind::Program => Self::Program,
            ProposalKind::Removal => Self::Removal,
            ProposalKind::Relocation => Self::Relocation,
            ProposalKind::PayeeChange => Self::PayeeChange,
            ProposalKind::PbiReactivation => Self::PbiReactivation,
        }
    }
}

/// Which registry a family is in; the calendars of the two differ.
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
pub enum Regime {
    /// DTKS, until early 2025.
    Dtks,
    /// DTSEN, since Inpres 4/2025.
    Dtsen,
}

impl Regime {
    /// Of what a family's row says: whatever is not DTKS lives by the present calendar.
    pub fn of_family(text: &str) -> Self {
        if text == "dtks" {
            Self::Dtks
        } else {
            Self::Dtsen
        }
    }
}

/// A day: `{day:n}`, `{month_end_minus:n}` or `{day:n, month_in_quarter:k}`. A day that a month lacks is its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WindowRule {
    /// The day of the month, 1 to 31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u8>,
    /// So many days before the month's last, 0 to 27.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_end_minus: Option<u8>,
    /// Only in this month of each quarter, 1 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_in_quarter: Option<u8>,
}

/// Why two rules make no window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum WindowFault {
    /// The first rule is no day.
    BadOpening,
    /// The second rule is no day.
    BadClosing,
    /// One is of a month and the other of a quarter.
    MixedCadence,
    /// In some month the last day is before the first.
    ClosesFirst,
}

impl WindowRule {
    /// The day `n` of each month.
    pub const fn day(n: u8) -> Self {
        Self {
            day: Some(n),
            month_end_minus: None,
            month_in_quarter: None,
        }
    }

    /// So many days before the end of each month.
    pub const fn month_end_minus(n: u8) -> Self {
        Self {
            day: None,
            month_end_minus: Some(n),
            month_in_quarter: None,
        }
    }

    fn is_day(self) -> bool {
        let quarterly = self.month_in_quarter;
        match (self.day, self.month_end_minus) {
            (Some(day), None) => {
                (1..=31).contains(&day) && quarterly.is_none_or(|k| (1..=3).contains(&k))
            }
            (None, Some(before)) => before <= 27 && quarterly.is_none(),
            (None, None) | (Some(_), Some(_)) => false,
        }
    }

    /// The day in a month of so many days.
    fn in_month_of(self, days: u32) -> u32 {
        match (self.day, self.month_end_minus) {
            (Some(day), _) => u32::from(day).clamp(1, days),
            (None, Some(before)) => days.saturating_sub(before.into()).max(1),
            (None, None) => 1,
        }
    }
}

/// From the morning of one day to the evening of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    opens: WindowRule,
    closes: WindowRule,
}

/// How a window stands at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Standing {
    /// What is done now counts for this period.
    Open {
        /// `2026-11`, or `2026-Q4`.
        period: String,
        /// The first moment at which it is too late.
        closes_at: Timestamp,
    },
    /// Not now.
    Closed {
        /// The period that it opens for next.
        period: String,
        /// When.
        opens_at: Timestamp,
    },
}

impl Window {
    /// A window of two rules.
    ///
    /// # Errors
    /// When they make none.
    pub fn new(opens: WindowRule, closes: WindowRule) -> Result<Self, WindowFault> {
        if !opens.is_day() {
            return Err(WindowFault::BadOpening);
        }
        if !closes.is_day() {
            return Err(WindowFault::BadClosing);
        }
        if opens.month_in_quarter.is_some() != closes.month_in_quarter.is_some() {
            return Err(WindowFault::MixedCadence);
        }
        let is_late = |days| {
            let key = |rule: WindowRule| (rule.month_in_quarter, rule.in_month_of(days));
            key(closes) < key(opens)
        };
        if (28..=31).any(is_late) {
            return Err(WindowFault::ClosesFirst);
        }
        Ok(Self { opens, closes })
    }

    /// The rule of its first day.
    pub fn opens(&self) -> WindowRule {
        self.opens
    }

    /// The rule of its last day.
    pub fn closes(&self) -> WindowRule {
        self.closes
    }

    fn is_quarterly(&self) -> bool {
        self.opens.month_in_quarter.is_some()
    }

    /// The first day of the month or quarter that a day lies in.
    fn unit_of(&self, day: NaiveDate) -> Option<NaiveDate> {
        let month = if self.is_quarterly() {
            (day.month0() / 3) * 3 + 1
        } else {
            day.month()
        };
        NaiveDate::from_ymd_opt(day.year(), month, 1)
    }

    fn date(unit: NaiveDate, rule: WindowRule) -> Option<NaiveDate> {
        let month = rule.month_in_quarter.unwrap_or(1).saturating_sub(1);
        let first = unit.checked_add_months(Months::new(month.into()))?;
        let next = first.checked_add_months(Months::new(1))?;
        let days = next.pred_opt()?.day();
        first.with_day(rule.in_month_of(days))
    }

    fn name(&self, unit: NaiveDate) -> String {
        if self.is_quarterly() {
            format!("{}-Q{}", unit.year(), unit.month0() / 3 + 1)
        } else {
            unit.format("%Y-%m").to_string()
        }
    }

    /// How it stands at a moment, where the clocks are `offset_min` ahead of UTC. `None` only beyond what a calendar knows.
    pub fn standing(&self, offset_min: i64, at: Timestamp) -> Option<Standing> {
        let today = local_day(offset_min, at)?;
        let midnight = |day| midnight(offset_min, day);
        let unit = self.unit_of(today)?;
        let months = if self.is_quarterly() { 3 } else { 1 };
        for unit in [unit, unit.checked_add_months(Months::new(months))?] {
            let opens = Self::date(unit, self.opens)?;
            let closes = Self::date(unit, self.closes)?;
            if today < opens {
                return Some(Standing::Closed {
                    period: self.name(unit),
                    opens_at: midnight(opens)?,
                });
            }
            if today <= closes {
                return Some(Standing::Open {
                    period: self.name(unit),
                    closes_at: midnight(closes.succ_opt()?)?,
                });
            }
        }
        None
    }

    /// When something begun now is to be done: the end of this window, or of the next one when this one leaves less than a
    /// week.
    pub fn due(&self, offset_min: i64, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        // Closed, open too briefly, closed again, open.
        for _ in 0..4 {
            at = match self.standing(offset_min, at)? {
                Standing::Open { closes_at, .. } if closes_at >= now.plus_s(SHORTEST_S) => {
                    return Some(closes_at);
                }
                Standing::Open { closes_at, .. } => closes_at,
                Standing::Closed { opens_at, .. } => opens_at,
            };
        }
        None
    }

    /// The period whose window closed last before a day.
    fn closed_last(&self, today: NaiveDate) -> Option<String> {
        let unit = self.unit_of(today)?;
        let months = if self.is_quarterly() { 3 } else { 1 };
        let before = unit.checked_sub_months(Months::new(months))?;
        [unit, before]
            .into_iter()
            .find(|unit| Self::date(*unit, self.closes).is_some_and(|closes| closes < today))
            .map(|unit| self.name(unit))
    }
}

/// Why a window is not opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReopenFault {
    /// It is open by its own days.
    StillOpen,
    /// It has never closed.
    NeverClosed,
    /// That day is over.
    DayOver,
    /// By then it has opened for the next period.
    NextPeriod,
}

/// A window that was opened again after it had closed, for the period that had just ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopening {
    /// What is handed in counts for this period.
    pub period: String,
    /// Since when.
    pub from: Timestamp,
    /// The last day, in the region's own time.
    pub last: NaiveDate,
    /// When somebody closed it before that.
    pub ended: Option<Timestamp>,
}

impl Reopening {
    /// Opens a window again through the day `last`.
    ///
    /// # Errors
    /// Why not.
    pub fn new(
        window: &Window,
        offset_min: i64,
        now: Timestamp,
        last: NaiveDate,
    ) -> Result<Self, ReopenFault> {
        let today = local_day(offset_min, now).ok_or(ReopenFault::NeverClosed)?;
        match window.standing(offset_min, now) {
            Some(Standing::Open { .. }) | None => return Err(ReopenFault::StillOpen),
            Some(Standing::Closed { opens_at, .. }) => {
                if last < today {
                    return Err(ReopenFault::DayOver);
                }
                if local_day(offset_min, opens_at).is_none_or(|next| last >= next) {
                    return Err(ReopenFault::NextPeriod);
                }
            }
        }
        Ok(Self {
            period: window.closed_last(today).ok_or(ReopenFault::NeverClosed)?,
            from: now,
            last,
            ended: None,
        })
    }

    /// The first moment at which it is too late.
    pub fn until(&self, offset_min: i64) -> Option<Timestamp> {
        let end = midnight(offset_min, self.last.succ_opt()?)?;
        Some(self.ended.map_or(end, |ended| ended.min(end)))
    }
}

/// The days of an act: its window, and whether that was opened again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// By rule.
    pub window: Window,
    /// By somebody's word.
    pub reopened: Option<Reopening>,
}

impl Calendar {
    /// How it stands at a moment: by its days, and while those say that it is closed, by the word of who opened it again.
    pub fn standing(&self, offset_min: i64, at: Timestamp) -> Option<Standing> {
        let by_rule = self.window.standing(offset_min, at)?;
        if let (Standing::Closed { .. }, Some(again)) = (&by_rule, &self.reopened)
            && let Some(closes_at) = again.until(offset_min)
            && again.from <= at
            && at < closes_at
        {
            return Some(Standing::Open {
                period: again.period.clone(),
                closes_at,
            });
        }
        Some(by_rule)
    }
}

impl From<Window> for Calendar {
    fn from(window: Window) -> Self {
        Self {
            window,
            reopened: None,
        }
    }
}

fn local_day(offset_min: i64, at: Timestamp) -> Option<NaiveDate> {
    let local = DateTime::from_timestamp_micros(at.as_micros() + offset_min * MINUTE_US)?;
    Some(local.date_naive())
}

fn midnight(offset_min: i64, day: NaiveDate) -> Option<Timestamp> {
    let local = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros();
    Some(Timestamp::from_micros(local - offset_min * MINUTE_US))
}

/// The month's name for what no window is set for: it is always taken.
pub fn month_of(offset_min: i64, at: Timestamp) -> String {
    let local = DateTime::from_timestamp_micros(at.as_micros() + offset_min * MINUTE_US);
    local.unwrap_or_default().format("%Y-%m").to_string()
}

/// For which period something counts that is handed in now, and whether that is a later one than the one it was made in.
///
/// `made`: when its evidence was captured and when it arrived, where there is any. What was captured while the window was
/// open and arrived after it had closed is nobody's fault: it counts for the next period, without a second trip.
///
/// # Errors
/// When the window is closed: the moment it opens.
pub fn period_of(
    days: &Calendar,
    offset_min: i64,
    now: Timestamp,
    made: Option<(Timestamp, Timestamp)>,
) -> Result<(String, bool), Timestamp> {
    // Late is what was captured in time, arrived after the close, and is handed in for the very next period: open already, or
    // about to open. What somebody left lying longer than that has no such excuse.
    let is_late = |period: &str| {
        made.is_some_and(|(captured, received)| {
            // A phone whose clock is ahead captures nothing after its arrival.
            let in_time = match days.standing(offset_min, captured.min(received)) {
                Some(Standing::Open { closes_at, .. }) => received >= closes_at,
                Some(Standing::Closed { .. }) | None => false,
            };
            let Some(Standing::Open { period: next, .. } | Standing::Closed { period: next, .. }) =
                days.standing(offset_min, received)
            else {
                return false;
            };
            in_time && next == period
        })
    };
    match days.standing(offset_min, now) {
        Some(Standing::Open { period, .. }) => {
            let late = is_late(&period);
            Ok((period, late))
        }
        Some(Standing::Closed { period, opens_at }) => {
            if is_late(&period) {
                Ok((period, true))
            } else {
                Err(opens_at)
            }
        }
        None => Err(now),
    }
}

/// Where a window stands on its way into force.
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
pub enum WindowState {
    /// For an approver.
    Waiting,
    /// It counts.
    InForce,
    /// An approver did not want it.
    Refused,
    /// Taken back by who proposed it.
    Withdrawn,
    /// Another took its place.
    Superseded,
}

/// A window as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WindowView {
    /// Its id.
    pub id: WindowId,
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(value_type = WindowAct))]
    pub act: Lenient<WindowAct>,
    /// The program; absent: every program that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Of which registry.
    #[cfg_attr(feature = "openapi", schema(value_type = Regime))]
    pub regime: Lenient<Regime>,
    /// Its first day.
    pub opens: WindowRule,
    /// Its last day.
    pub closes: WindowRule,
    /// On which document it rests.
    pub document_number: String,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = WindowState))]
    pub state: Lenient<WindowState>,
    /// Who proposed it; absent: it came with Tilik.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by_name: Option<String>,
    /// When.
    pub proposed_at: Timestamp,
    /// Who confirmed or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by_name: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<ReasonCode>,
    /// Open or closed now, where the reader works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// How it was last opened again after it had closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<ReopenedView>,
}

/// How a window was opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReopenedView {
    /// For which period.
    pub period: String,
    /// Through which day, `2026-11-30`.
    pub last_day: String,
    /// On which document that rests.
    pub document_number: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When somebody closed it before its last day was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// `POST /v1/windows/{id}/reopen`: takes what came too late for the period that has just closed, through a day before the
/// next one opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReopenWindow {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Through which day, `2026-11-30`.
    pub last_day: String,
    /// The memo or circular behind it.
    pub document_number: String,
}

/// `POST /v1/windows`: propose other days. In force once an approver has confirmed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeWindow {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What it is for.
    pub act: WindowAct,
    /// The program; absent: every program that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Of which registry.
    pub regime: Regime,
    /// Its first day.
    pub opens: WindowRule,
    /// Its last day.
    pub closes: WindowRule,
    /// The circular or decree behind it.
    pub document_number: String,
    /// The window in force that was seen when this was written; absent: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<WindowId>,
}

/// `POST /v1/windows/{id}/refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefuseWindow {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Why, of the reasons for which an import is refused.
    pub reason: ReasonCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIB: i64 = 420;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn monthly() -> Window {
        Window::new(WindowRule::day(15), WindowRule::month_end_minus(5)).unwrap()
    }

    fn quarterly() -> Window {
        let rule = |day, k| WindowRule {
            month_in_quarter: Some(k),
            ..WindowRule::day(day)
        };
        Window::new(rule(1, 1), rule(18, 2)).unwrap()
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a window answers")]
    fn open(period: &str, closes_at: &str) -> Option<Standing> {
        Some(Standing::Open {
            period: period.to_owned(),
            closes_at: at(closes_at),
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a window answers")]
    fn closed(period: &str, opens_at: &str) -> Option<Standing> {
        Some(Standing::Closed {
            period: period.to_owned(),
            opens_at: at(opens_at),
        })
    }

    #[test]
    fn a_window_opens_and_closes_at_midnight_where_the_region_is() {
        let stands = |text| monthly().standing(WIB, at(text));
        let until = "2026-11-25T17:00:00Z";
        assert_eq!(
            stands("2026-11-14T16:59:59Z"),
            closed("2026-11", "2026-11-14T17:00:00Z")
        );
        assert_eq!(stands("2026-11-14T17:00:00Z"), open("2026-11", until));
        assert_eq!(stands("2026-11-25T16:59:59Z"), open("2026-11", until));
        assert_eq!(stands(until), closed("2026-12", "2026-12-14T17:00:00Z"));
        // In the east it is an hour later already.
        assert_eq!(
            monthly().standing(540, at("2026-11-14T15:00:00Z")),
            open("2026-11", "2026-11-25T15:00:00Z")
        );
        // Over the year's end, and in a leap February.
        assert_eq!(
            stands("2026-12-31T00:00:00Z"),
            closed("2027-01", "2027-01-14T17:00:00Z")
        );
        assert_eq!(
            stands("2028-02-24T00:00:00Z"),
            open("2028-02", "2028-02-24T17:00:00Z")
        );
    }

    #[test]
    fn a_quarters_window_is_open_over_a_whole_month_and_closes_in_the_second() {
        let stands = |text| quarterly().standing(WIB, at(text));
        assert_eq!(
            stands("2026-10-31T00:00:00Z"),
            open("2026-Q4", "2026-11-18T17:00:00Z")
        );
        assert_eq!(
            stands("2026-11-20T00:00:00Z"),
            closed("2027-Q1", "2026-12-31T17:00:00Z")
        );
    }

    #[test]
    fn whoever_is_sent_out_has_a_week_at_least() {
        let all_month = Window::new(WindowRule::day(1), WindowRule::month_end_minus(0)).unwrap();
        let due = |window: Window, text| window.due(WIB, at(text)).unwrap().to_string();
        let end = |text: &str| at(text).to_string();
        // The first second in which a week is left no more.
        let november = end("2026-11-30T17:00:00Z");
        assert_eq!(due(all_month, "2026-11-23T17:00:00Z"), november);
        let december = end("2026-12-31T17:00:00Z");
        assert_eq!(due(all_month, "2026-11-23T17:00:01Z"), december);
        // Where the window closed, the next one is meant.
        assert_eq!(due(all_month, "2026-11-30T17:00:00Z"), december);
        assert_eq!(
            due(monthly(), "2026-11-26T03:00:00Z"),
            end("2026-12-26T17:00:00Z")
        );
        // Three days a month are no week, whether they are on or near.
        let brief = Window::new(WindowRule::day(1), WindowRule::day(3)).unwrap();
        let january = end("2027-01-03T17:00:00Z");
        assert_eq!(due(brief, "2026-11-28T03:00:00Z"), january);
        assert_eq!(due(brief, "2026-12-02T03:00:00Z"), january);
        assert_eq!(
            due(brief, "2026-11-02T03:00:00Z"),
            end("2026-12-03T17:00:00Z")
        );
        assert_eq!(
            due(quarterly(), "2026-11-16T03:00:00Z"),
            end("2027-02-18T17:00:00Z")
        );
    }

    #[test]
    fn a_day_that_a_month_lacks_is_its_last() {
        let window = Window::new(WindowRule::day(31), WindowRule::day(31)).unwrap();
        assert_eq!(
            window.standing(0, at("2026-02-28T12:00:00Z")),
            open("2026-02", "2026-03-01T00:00:00Z")
        );
    }

    #[test]
    fn rules_that_make_no_window_are_refused_by_name() {
        let quarter = |day, k| WindowRule {
            month_in_quarter: Some(k),
            ..WindowRule::day(day)
        };
        let both = WindowRule {
            day: Some(1),
            month_end_minus: Some(1),
            month_in_quarter: None,
        };
        let day = WindowRule::day;
        for (opens, closes, fault) in [
            (WindowRule::default(), day(5), WindowFault::BadOpening),
            (day(0), day(5), WindowFault::BadOpening),
            (both, day(5), WindowFault::BadOpening),
            (day(1), day(32), WindowFault::BadClosing),
            (
                day(1),
                WindowRule::month_end_minus(28),
                WindowFault::BadClosing,
            ),
            (quarter(1, 0), quarter(1, 1), WindowFault::BadOpening),
            (quarter(1, 1), day(5), WindowFault::MixedCadence),
            (day(9), day(8), WindowFault::ClosesFirst),
            (quarter(1, 3), quarter(30, 2), WindowFault::ClosesFirst),
            // In a February.
            (
                day(25),
                WindowRule::month_end_minus(5),
                WindowFault::ClosesFirst,
            ),
        ] {
            assert_eq!(
                Window::new(opens, closes),
                Err(fault),
                "{opens:?} {closes:?}"
            );
        }
    }

    #[test]
    fn what_was_captured_in_time_and_came_too_late_counts_for_the_next_period() {
        let now = at("2026-11-28T03:00:00Z");
        let asked = |captured, received| {
            period_of(
                &monthly().into(),
                WIB,
                now,
                Some((at(captured), at(received))),
            )
        };
        let next = at("2026-12-14T17:00:00Z");
        let late = Ok(("2026-12".to_owned(), true));
        assert_eq!(asked("2026-11-25T10:00:00Z", "2026-11-26T01:00:00Z"), late);
        // It came in time, and nobody handed it in; it was made too late; its clock was ahead.
        assert_eq!(
            asked("2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z"),
            Err(next)
        );
        assert_eq!(
            asked("2026-11-26T10:00:00Z", "2026-11-27T11:00:00Z"),
            Err(next)
        );
        assert_eq!(
            asked("2026-12-20T10:00:00Z", "2026-11-27T11:00:00Z"),
            Err(next)
        );
        assert_eq!(period_of(&monthly().into(), WIB, now, None), Err(next));
        // Handed in once the next window is open it is as late; a window later it is nobody's phone any more.
        let made = Some((at("2026-11-25T10:00:00Z"), at("2026-11-26T01:00:00Z")));
        let reopened = at("2026-12-16T03:00:00Z");
        assert_eq!(period_of(&monthly().into(), WIB, reopened, made), late);
        let after = at("2027-01-20T03:00:00Z");
        assert_eq!(
            period_of(&monthly().into(), WIB, after, made),
            Ok(("2027-01".to_owned(), false))
        );
        let between = at("2026-12-28T03:00:00Z");
        assert_eq!(
            period_of(&monthly().into(), WIB, between, made),
            Err(at("2027-01-14T17:00:00Z"))
        );
        let early = at("2026-11-20T03:00:00Z");
        assert_eq!(
            period_of(&monthly().into(), WIB, early, None),
            Ok(("2026-11".to_owned(), false))
        );
    }

    #[test]
    fn a_window_is_opened_again_for_what_has_just_closed_and_not_into_the_next() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let now = at("2026-11-27T03:00:00Z");
        let again = |text| Reopening::new(&monthly(), WIB, now, day(text));
        let reopened = again("2026-11-29").unwrap();
        assert_eq!(reopened.period, "2026-11");
        let days = Calendar {
            window: monthly(),
            reopened: Some(reopened.clone()),
        };
        let until = "2026-11-29T17:00:00Z";
        assert_eq!(days.standing(WIB, now), open("2026-11", until));
        let next = closed("2026-12", "2026-12-14T17:00:00Z");
        // Neither before it was said nor after.
        assert_eq!(days.standing(WIB, at("2026-11-27T02:59:59Z")), next);
        assert_eq!(days.standing(WIB, at(until)), next);
        assert_eq!(
            period_of(&days, WIB, now, None),
            Ok(("2026-11".to_owned(), false))
        );
        // Closed before its last day.
        let ended = Calendar {
            reopened: Some(Reopening {
                ended: Some(at("2026-11-28T01:00:00Z")),
                ..reopened
            }),
            ..days.clone()
        };
        assert_eq!(ended.standing(WIB, at("2026-11-28T01:00:00Z")), next);
        // Its own days come first.
        assert_eq!(
            days.standing(WIB, at("2026-12-16T03:00:00Z")),
            open("2026-12", "2026-12-26T17:00:00Z")
        );
        assert_eq!(again("2026-11-26"), Err(ReopenFault::DayOver));
        assert_eq!(again("2026-12-15"), Err(ReopenFault::NextPeriod));
        assert_eq!(again("2026-12-14").unwrap().period, "2026-11");
        let early = at("2026-11-20T03:00:00Z");
        assert_eq!(
            Reopening::new(&monthly(), WIB, early, day("2026-11-29")),
            Err(ReopenFault::StillOpen)
        );
        // Before the window of a month opens, the last one closed in the month before; of quarters likewise.
        let begin = at("2026-12-03T03:00:00Z");
        let begun = Reopening::new(&monthly(), WIB, begin, day("2026-12-04"));
        assert_eq!(begun.unwrap().period, "2026-11");
        let begun = Reopening::new(&quarterly(), WIB, begin, day("2026-12-04"));
        assert_eq!(begun.unwrap().period, "2026-Q4");
    }

    #[test]
    fn every_day_of_ten_years_has_its_standing() {
        let first = at("2024-01-01T00:00:00Z");
        for day in 0..3_653 {
            for window in [monthly(), quarterly()] {
                let now = first.plus_s(day * 86_400);
                assert!(window.due(WIB, now).unwrap() >= now.plus_s(SHORTEST_S));
                match window.standing(WIB, now).unwrap() {
                    Standing::Open { closes_at, .. } => assert!(closes_at > now),
                    Standing::Closed { opens_at, .. } => {
                        assert!(opens_at > now);
                        assert!(matches!(
                            window.standing(WIB, opens_at),
                            Some(Standing::Open { .. })
                        ));
                    }
                }
            }
        }
    }
}
