//! Whether the clock may be believed when something irreversible depends on it. A server whose clock jumps a year ahead
//! for ten minutes must close, expire and delete nothing.
//!
//! The wall clock is compared with the monotonic one. A jump of more than [`DRIFT_S`], and a start long after the last
//! heartbeat, make the sundial wait until the clock has run evenly for [`STEADY_S`].

use std::sync::Mutex;
use std::time::Instant;

use tilik_protocol::time::Timestamp;

/// Wall and monotonic clock may differ by this much between two looks.
const DRIFT_S: i64 = 60;
/// How long the clock must run evenly after a jump before it is believed again.
const STEADY_S: i64 = 3_600;
/// A start later than this after the last heartbeat is a jump too.
const ABSENT_S: i64 = 86_400;

/// Watches the clock.
#[derive(Debug)]
pub struct Sundial(Mutex<Watch>);

#[derive(Debug)]
struct Watch {
    wall: Timestamp,
    steady: Instant,
    /// The monotonic second since which the clock runs evenly; `None`: since always.
    even_since_s: Option<i64>,
    passed_s: i64,
}

impl Sundial {
    /// Starts watching; the clock is believed until it jumps.
    pub fn new(wall: Timestamp) -> Self {
        Self(Mutex::new(Watch {
            wall,
            steady: Instant::now(),
            even_since_s: None,
            passed_s: 0,
        }))
    }

    /// Tells when the server last knew the time, as the database remembers it.
    pub fn heartbeat_was(&self, last: Timestamp) {
        let Ok(mut watch) = self.0.lock() else { return };
        if last > Timestamp::default() && watch.wall.seconds_since(last) > ABSENT_S {
            watch.even_since_s = Some(watch.passed_s);
        }
    }

    /// A test that moves a held clock says so: the time really passed.
    #[cfg(any(test, feature = "testing"))]
    pub fn really_passed(&self, wall: Timestamp) {
        let Ok(mut watch) = self.0.lock() else { return };
        watch.wall = wall;
        // However long the test itself took on a slow machine.
        watch.steady = Instant::now();
        watch.even_since_s = None;
    }

    /// Looks at both clocks; whether the wall clock may be believed now.
    pub fn is_trusted(&self, wall: Timestamp) -> bool {
        let Ok(mut watch) = self.0.lock() else {
            return false;
        };
        let passed = i64::try_from(watch.steady.elapsed().as_secs()).unwrap_or(i64::MAX);
        watch.steady = Instant::now();
        watch.look(wall, passed)
    }
}

impl Watch {
    fn look(&mut self, wall: Timestamp, passed_s: i64) -> bool {
        let went_s = wall.seconds_since(self.wall);
        self.wall = wall;
        self.passed_s += passed_s;
        if (went_s - passed_s).abs() > DRIFT_S {
            self.even_since_s = Some(self.passed_s);
        }
        self.even_since_s
            .is_none_or(|since| self.passed_s - since >= STEADY_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_ahead_for_ten_minutes_is_never_believed() {
        let start: Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
        let mut watch = Watch {
            wall: start,
            steady: Instant::now(),
            even_since_s: None,
            passed_s: 0,
        };
        assert!(watch.look(start.plus_s(10), 10));
        let year = 365 * 86_400;
        for minute in 0..10 {
            assert!(
                !watch.look(start.plus_s(year + 60 * minute), 60),
                "minute {minute}"
            );
        }
        // Back again: the way back is a jump too, and is believed after an even hour.
        assert!(!watch.look(start.plus_s(620), 10));
        assert!(!watch.look(start.plus_s(620 + 3_000), 3_000));
        assert!(watch.look(start.plus_s(620 + 3_700), 700));
    }

    #[test]
    fn a_start_a_month_after_the_last_heartbeat_waits_an_hour() {
        let start: Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
        let sundial = Sundial::new(start);
        sundial.heartbeat_was(start.plus_s(-30 * 86_400));
        assert!(!sundial.is_trusted(start));
    }
}
