//! What strangers may use of a day, or try in a quarter of an hour: so many times and so many bytes, each where they are and all together. Taken before the
//! work is done and in one statement, so that a thousand at once take no more than one after the other.

use sea_orm::{ConnectionTrait, EntityTrait};
use tilik_protocol::problem::ProblemCode;

use super::Store;
use super::journal::hex;
use super::tables::public_quota;
use crate::error::{Error, Result};

/// A day's quota begins anew so long after its first use.
const DAY_S: i64 = 86_400;
/// And tries, such as looks at a receipt.
const QUARTER_S: i64 = 900;
const MIB: i64 = 1024 * 1024;

/// What a quota is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Of {
    /// Objections from the public page.
    Objection,
    /// Photos for them.
    ObjectionPhoto,
}

/// Most of a time.
struct Most {
    uses: i64,
    bytes: i64,
    window_s: i64,
}

impl Most {
    const fn of_a_day(uses: i64, bytes: i64) -> Self {
        Self {
            uses,
            bytes,
            window_s: DAY_S,
        }
    }
}

impl Of {
    /// At one address: phones of one network share one, so it is more than a person needs.
    const fn here(self) -> Most {
        match self {
            Self::Objection => Most::of_a_day(20, MIB),
            Self::ObjectionPhoto => Most::of_a_day(60, 60 * MIB),
        }
    }

    /// Of everybody: what a Dinsos can read, and what a disk has room for.
    const fn in_all(self) -> Most {
        match self {
            Self::Objection => Most::of_a_day(1_000, 50 * MIB),
            Self::ObjectionPhoto => Most::of_a_day(3_000, 2_048 * MIB),
        }
    }
}

impl Store {
    /// Takes one use of `bytes` out of the quotas of this address and of all.
    ///
    /// # Errors
    /// `too_many_requests` when nothing is left today.
    pub(crate) async fn take_quota(&self, of: Of, address: &str, bytes: u64) -> Result<()> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX / 4);
        // An address is as soon guessed as a NIK: its hash is keyed.
        let here = hex(&self.keys().blind_body(&format!("{of}@{address}")));
        self.take(&format!("{of}:{here}"), &of.here(), bytes)
            .await?;
        self.take(&format!("{of}:all"), &of.in_all(), bytes).await
    }

    /// Takes one of `most` tries in a quarter of an hour: of an address, a NIK, a name, as `what` says. Counted before
    /// anything is looked up, so that many at once find no more than one after the other.
    ///
    /// # Errors
    /// `too_many_requests` when none is left.
    pub(super) async fn take_try(&self, what: &str, whose: &str, most: i64) -> Result<()> {
        let key = hex(&self.keys().blind_body(&format!("{what}@{whose}")));
        let most = Most {
            uses: most,
            bytes: 0,
            window_s: QUARTER_S,
        };
        self.take(&format!("{what}:{key}"), &most, 0).await
    }

    async fn take(&self, subject: &str, most: &Most, bytes: i64) -> Result<()> {
        let now = self.now();
        let begins_anew = now.plus_s(-most.window_s).as_micros();
        // Whoever hammers a quota that is used up writes nothing.
        let known = public_quota::Entity::find_by_id(subject)
            .one(self.read())
            .await?
            .filter(|row| row.since > begins_anew);
        let since = known.as_ref().map_or(now.as_micros(), |row| row.since);
        let left_s = (since - begins_anew) / 1_000_000 + 1;
        let over = Error::Wait {
            code: ProblemCode::TooManyRequests,
            retry_after_s: u32::try_from(left_s).unwrap_or(u32::MAX),
        };
        let used = known.map_or((0, 0), |row| (row.uses, row.bytes));
        if used.0 >= most.uses || used.1 + bytes > most.bytes {
            return Err(over);
        }
        let taken = self
            .writer()
            .execute_raw(self.sql(
                "INSERT INTO public_quota (subject, since, uses, bytes) VALUES ($1, $2, 1, $3) \
                 ON CONFLICT (subject) DO UPDATE SET \
                 uses = CASE WHEN public_quota.since <= $4 THEN 1 ELSE public_quota.uses + 1 END, \
                 bytes = CASE WHEN public_quota.since <= $4 THEN $3 ELSE public_quota.bytes + $3 END, \
                 since = CASE WHEN public_quota.since <= $4 THEN $2 ELSE public_quota.since END \
                 WHERE public_quota.since <= $4 \
                 OR (public_quota.uses < $5 AND public_quota.bytes + $3 <= $6)",
                [
                    subject.into(),
                    now.as_micros().into(),
                    bytes.into(),
                    begins_anew.into(),
                    most.uses.into(),
                    most.bytes.into(),
                ],
            ))
            .await?;
        if taken.rows_affected() == 0 {
            return Err(over);
        }
        Ok(())
    }

    /// Forgets quotas that begin anew anyhow.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_quotas(&self) -> Result<()> {
        self.writer()
            .execute_raw(self.sql(
                "DELETE FROM public_quota WHERE since <= $1",
                [self.now().plus_s(-DAY_S).as_micros().into()],
            ))
            .await?;
        Ok(())
    }
}
