//! Single facts of a database, each with a name and a type.

use std::marker::PhantomData;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tilik_protocol::ids::{DeviceId, UserId};
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::AppRelease;
use tilik_protocol::time::Timestamp;

use crate::error::Result;
use crate::screens::HousePhotosWhen;
use crate::screens::lock::Pin;

/// The name of a fact, and what it is.
pub(crate) struct Fact<T> {
    name: &'static str,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Fact<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fact<T> {}

const fn fact<T>(name: &'static str) -> Fact<T> {
    Fact {
        name,
        kind: PhantomData,
    }
}

/// The current enrolment.
pub(crate) const DEVICE: Fact<DeviceId> = fact("device");
/// Whose account file is open.
pub(crate) const USER: Fact<UserId> = fact("user");
/// The account's name.
pub(crate) const USERNAME: Fact<String> = fact("username");
/// The registry's spool key, an age recipient.
pub(crate) const SPOOL_RECIPIENT: Fact<String> = fact("spool_recipient");
/// The newest refresh token; absent when nobody is signed in.
pub(crate) const REFRESH_TOKEN: Fact<String> = fact("refresh_token");
/// The session was refused.
pub(crate) const SIGN_IN_AGAIN: Fact<bool> = fact("sign_in_again");
/// Somebody else chose the password: nothing but choosing another is allowed.
pub(crate) const PASSWORD_CHANGE: Fact<bool> = fact("password_change");
/// Older apps may not begin a visit.
pub(crate) const MIN_VERSION: Fact<String> = fact("min_version");
/// Days a photo stays after it is safe.
pub(crate) const KEEP_DAYS: Fact<u32> = fact("keep_days");
/// Minutes east of UTC.
pub(crate) const UTC_OFFSET_MIN: Fact<i32> = fact("utc_offset_min");
/// The newest server time.
pub(crate) const SERVER_TIME: Fact<ServerTime> = fact("server_time");
/// How the phone left.
pub(crate) const REVOKED: Fact<RevokeKind> = fact("revoked");
/// When a round last succeeded.
pub(crate) const LAST_SYNC_AT: Fact<Timestamp> = fact("last_sync_at");
/// What last went wrong.
pub(crate) const LAST_PROBLEM: Fact<String> = fact("last_problem");
/// Photos wait for an unmetered network.
pub(crate) const DATA_SAVER: Fact<bool> = fact("data_saver");
/// The app's PIN.
pub(crate) const PIN: Fact<Pin> = fact("pin");
/// When last photos of houses are fetched.
pub(crate) const HOUSE_PHOTOS: Fact<HousePhotosWhen> = fact("house_photos");
/// The app that the server offers.
pub(crate) const APP_OFFER: Fact<AppRelease> = fact("app_offer");
/// The SHA-256 of the app that the officer asked for.
pub(crate) const UPDATE_WANTED: Fact<String> = fact("update_wanted");
/// The SHA-256 of the app that was fetched.
pub(crate) const UPDATE_READY: Fact<String> = fact("update_ready");
/// When the phone began anew because the key of its database was lost.
pub(crate) const KEY_LOST_AT: Fact<Timestamp> = fact("key_lost_at");
/// The feed epoch, of an account file.
pub(crate) const EPOCH: Fact<u64> = fact("epoch");

/// What the phone knows of the server's time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ServerTime {
    /// The server's time.
    pub(crate) now: Timestamp,
    /// Its token; an enrolment brings none.
    pub(crate) token: Option<String>,
    /// The phone's wall clock when it came.
    pub(crate) wall: Timestamp,
    /// The monotonic clock when it came.
    pub(crate) elapsed_ns: u64,
    /// In which boot.
    pub(crate) boot_id: String,
}

/// Reads a fact; one that this build cannot read is as good as absent.
pub(crate) fn get<T: DeserializeOwned>(db: &Connection, fact: Fact<T>) -> Result<Option<T>> {
    let text: Option<String> = db
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([fact.name], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Writes a fact.
pub(crate) fn set<T: Serialize>(db: &Connection, fact: Fact<T>, value: &T) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute(params![fact.name, serde_json::to_string(value)?])?;
    Ok(())
}

/// Forgets a fact.
pub(crate) fn forget<T>(db: &Connection, fact: Fact<T>) -> Result<()> {
    db.prepare_cached("DELETE FROM meta WHERE name = ?1")?
        .execute([fact.name])?;
    Ok(())
}
