//! Requests that were handed out and have no answer yet. They outlive the app: the operating system may bring an answer
//! after a restart.

use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Kind {
    /// `POST /v1/devices`.
    Enrol,
    /// `POST /v1/session`.
    SignIn,
    /// `POST /v1/me/password`; its id is the event's.
    ChangePassword,
    /// Telling the server that the session is over.
    SignOut,
    /// `POST /v1/session/refresh`.
    Refresh,
    /// `POST /v1/sync`.
    Sync,
    /// `POST /v1/visits`.
    Carry,
    /// One photo; the subject is its id.
    Upload,
    /// The last photo of a house; the subject is the case.
    HousePhoto,
    /// A newer app.
    Update,
}

/// A request that has no answer.
#[derive(Debug, Clone)]
pub(crate) struct InFlight {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) subject: String,
    detail: String,
}

impl InFlight {
    /// What was written down with it; one that this build cannot read is as good as absent.
    pub(crate) fn detail<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.detail).ok()
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(String, String, String, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn known((id, kind, subject, detail): (String, String, String, String)) -> Result<InFlight> {
    Ok(InFlight {
        id,
        kind: Kind::from_str(&kind).map_err(|_| Error::Broken("in-flight-kind"))?,
        subject,
        detail,
    })
}

/// All, oldest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<InFlight>> {
    db.prepare_cached("SELECT id, kind, subject, detail FROM in_flight ORDER BY made, id")?
        .query_map([], read)?
        .map(|row| known(row?))
        .collect()
}

/// The one with this id.
pub(crate) fn by_id(db: &Connection, id: &str) -> Result<Option<InFlight>> {
    db.prepare_cached("SELECT id, kind, subject, detail FROM in_flight WHERE id = ?1")?
        .query_row([id], read)
        .optional()?
        .map(known)
        .transpose()
}

/// The one about this subject.
pub(crate) fn about(db: &Connection, kind: Kind, subject: &str) -> Result<Option<InFlight>> {
    db.prepare_cached(
        "SELECT id, kind, subject, detail FROM in_flight WHERE kind = ?1 AND subject = ?2",
    )?
    .query_row(params![kind.to_string(), subject], read)
    .optional()?
    .map(known)
    .transpose()
}

/// Writes a request down; one about the same subject keeps its id and takes the new detail. Returns the id.
pub(crate) fn put(
    db: &Connection,
    kind: Kind,
    subject: &str,
    new_id: &str,
    detail: &impl Serialize,
) -> Result<String> {
    Ok(db
        .prepare_cached(
            "INSERT INTO in_flight (id, kind, subject, detail, made) VALUES (?1, ?2, ?3, ?4, \
             (SELECT coalesce(max(made), 0) + 1 FROM in_flight)) \
             ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail RETURNING id",
        )?
        .query_row(
            params![
                new_id,
                kind.to_string(),
                subject,
                serde_json::to_string(detail)?
            ],
            |row| row.get(0),
        )?)
}

/// The answer came, or nobody waits for one any more.
pub(crate) fn forget(db: &Connection, id: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM in_flight WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Nobody waits for answers of this kind any more.
pub(crate) fn forget_kind(db: &Connection, kind: Kind) -> Result<()> {
    db.prepare_cached("DELETE FROM in_flight WHERE kind = ?1")?
        .execute([kind.to_string()])?;
    Ok(())
}
