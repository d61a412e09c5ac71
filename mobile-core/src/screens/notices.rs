//! What the officer must know now, most urgent first.

use super::today::{Done, TodayMark, days_until};
use super::update::{self, UpdateState};
use crate::error::Result;
use crate::screens::SpaceProblem;
use crate::{FieldApp, account, feed, outbox, spare};

/// A window that closes within so many days is told of.
const SOON_DAYS: i32 = 3;

/// One thing the officer must know.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    /// A newer app is offered.
    UpdateOffered {
        /// Its version.
        version: String,
        /// How large it is.
        bytes: u64,
    },
    /// The app is too old to begin a visit.
    UpdateNeeded,
    /// A password must be chosen.
    PasswordNeeded,
    /// The session is over.
    SignInAgain,
    /// The phone's clock is off.
    ClockOff {
        /// Seconds ahead of the server; negative: behind.
        ahead_s: i64,
    },
    /// Room for some visits.
    SpaceLow,
    /// No visit can be begun.
    SpaceFull,
    /// Cases came back.
    Returned {
        /// How many.
        count: u32,
    },
    /// Windows close.
    ClosingSoon {
        /// Of how many cases.
        count: u32,
        /// Days until the first one does.
        days: u32,
    },
    /// Sealed visits stand still until somebody does something.
    NeedsAttention {
        /// How many.
        count: u32,
    },
    /// This app cannot read everything the server sent; a newer one will.
    UnreadableRows {
        /// How many.
        count: u32,
    },
    /// The phone was revoked.
    DeviceRevoked,
    /// The phone lost the key of its database and began anew; drafts are gone, sealed visits are not.
    KeyLost {
        /// How many sealed visits wait to be sent.
        count: u32,
    },
}

pub(crate) fn notices(app: &FieldApp) -> Result<Vec<Notice>> {
    let status = account::status(app)?;
    let update = update::state(app)?;
    let core = app.core();
    let db = &core.stores.device;
    let now = app.phone().now();
    let done = Done::read(db)?;
    let roster = feed::roster(&core)?;
    let mut returned: u32 = 0;
    let mut closing: Vec<i32> = Vec::new();
    for row in &roster.rows {
        let assignment = &row.assignment;
        let mark = done.mark(assignment);
        if mark == TodayMark::Returned {
            returned += 1;
        }
        let is_to_do = match mark {
            TodayMark::Returned | TodayMark::Draft | TodayMark::ToVisit => true,
            TodayMark::Waiting | TodayMark::Done => false,
        };
        if let Some(at) = assignment.closes_at.filter(|_| is_to_do) {
            let days = days_until(now, at, status.utc_offset_min);
            if (0..=SOON_DAYS).contains(&days) {
                closing.push(days);
            }
        }
    }
    let attention = outbox::count_attention(db)?;
    let mut notices = Vec::new();
    let mut tell = |is: bool, notice: Notice| {
        if is {
            notices.push(notice);
        }
    };
    tell(status.device_revoked.is_some(), Notice::DeviceRevoked);
    tell(
        status.key_lost,
        Notice::KeyLost {
            count: spare::count_waiting(db)?,
        },
    );
    tell(status.update_needed, Notice::UpdateNeeded);
    tell(status.password_change_required, Notice::PasswordNeeded);
    tell(status.sign_in_again, Notice::SignInAgain);
    tell(status.space == Some(SpaceProblem::Full), Notice::SpaceFull);
    if let Some(clock) = status.clock {
        tell(
            true,
            Notice::ClockOff {
                ahead_s: clock.ahead_s,
            },
        );
    }
    tell(attention > 0, Notice::NeedsAttention { count: attention });
    tell(returned > 0, Notice::Returned { count: returned });
    if let Some(days) = closing.iter().min() {
        tell(
            true,
            Notice::ClosingSoon {
                count: u32::try_from(closing.len()).unwrap_or(u32::MAX),
                days: days.unsigned_abs(),
            },
        );
    }
    tell(status.space == Some(SpaceProblem::Low), Notice::SpaceLow);
    if let UpdateState::Offered { version, bytes } = update {
        tell(true, Notice::UpdateOffered { version, bytes });
    }
    tell(
        status.unreadable_rows > 0,
        Notice::UnreadableRows {
            count: status.unreadable_rows,
        },
    );
    Ok(notices)
}
