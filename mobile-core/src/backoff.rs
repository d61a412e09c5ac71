//! What waits until when. By the monotonic clock, so that a clock set wrong neither hammers the server nor silences the
//! phone; a reboot ends every wait, but the count of failures stays.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::phone::Phone;

/// The longest wait of our own, in seconds; the server may ask for more.
const CAP_S: u64 = 900;
/// The longest wait a server can ask for, in seconds: a proxy's nonsense must not silence a phone for a month.
const ASKED_CAP_S: u64 = 3_600;
/// Nanoseconds in a second.
pub(crate) const S: u64 = 1_000_000_000;

/// The network as a whole.
pub(crate) const NET: &str = "net";
/// Sync rounds.
pub(crate) const SYNC: &str = "sync";
/// Refreshing the session.
pub(crate) const SESSION: &str = "session";
/// Carried visits.
pub(crate) const CARRY: &str = "carry";
/// Photos as a whole: the server is short of room, or not ready.
pub(crate) const PHOTOS: &str = "photos";

/// A newer app.
pub(crate) const UPDATE: &str = "update";
/// Last photos of houses.
pub(crate) const HOUSE_PHOTOS: &str = "house_photos";

/// The scope of one photo.
pub(crate) fn photo(id: &str) -> String {
    format!("photo:{id}")
}

/// Nanoseconds until `scope` is ready; 0: now.
pub(crate) fn remaining(db: &Connection, phone: &Phone, scope: &str) -> Result<u64> {
    let until: Option<i64> = db
        .prepare_cached("SELECT until_ns FROM backoff WHERE scope = ?1 AND boot_id = ?2")?
        .query_row(params![scope, phone.ports.monotonic.boot_id()], |row| {
            row.get(0)
        })
        .optional()?;
    let now = phone.ports.monotonic.elapsed_ns();
    Ok(until.map_or(0, |until| until.cast_unsigned().saturating_sub(now)))
}

/// How often in a row `scope` has failed.
pub(crate) fn tries(db: &Connection, scope: &str) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT tries FROM backoff WHERE scope = ?1")?
        .query_row([scope], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// `scope` failed: 1 s, doubled each time, at most 15 minutes, with jitter; or what the server asked for. Failures of
/// one burst count once.
pub(crate) fn fail(
    db: &Connection,
    phone: &Phone,
    scope: &str,
    retry_after_s: Option<u64>,
) -> Result<()> {
    let left = remaining(db, phone, scope)?;
    if left > 0 && retry_after_s.is_none() {
        return Ok(());
    }
    let tries = tries(db, scope)?;
    let step = (S << tries.min(20)).min(CAP_S * S);
    let chance = phone.ports.rng.fill(2);
    let chance = chance
        .iter()
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    // Half fixed, half by chance: many phones behind one mast do not come back together.
    let own = step / 2 + (step / 2 / 65_536) * chance.min(65_535);
    let asked = retry_after_s.unwrap_or(0).min(ASKED_CAP_S) * S;
    let until = phone
        .ports
        .monotonic
        .elapsed_ns()
        .saturating_add(own.max(asked).max(left));
    db.prepare_cached(
        "INSERT INTO backoff (scope, boot_id, until_ns, tries) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (scope) DO UPDATE SET boot_id = ?2, until_ns = ?3, tries = ?4",
    )?
    .execute(params![
        scope,
        phone.ports.monotonic.boot_id(),
        until.cast_signed(),
        tries.saturating_add(1)
    ])?;
    Ok(())
}

/// `scope` succeeded.
pub(crate) fn clear(db: &Connection, scope: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM backoff WHERE scope = ?1")?
        .execute([scope])?;
    Ok(())
}

/// Everything may be tried at once.
pub(crate) fn clear_all(db: &Connection) -> Result<()> {
    db.execute("DELETE FROM backoff", [])?;
    Ok(())
}
