//! The last photos of assigned houses, as rows of the officer's file: encrypted, and gone with the assignment.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use tilik_protocol::ids::CaseId;
use tilik_protocol::time::Timestamp;

use crate::error::Result;
use crate::vault::{Piece, Vault};

/// What is known of a house's last photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// When it was taken.
    pub(crate) taken_at: Option<Timestamp>,
    /// Whether its bytes are here.
    pub(crate) is_here: bool,
}

/// What is known of a house's last photo; `None`: it was never asked for.
pub(crate) fn known(db: &Connection, case: CaseId) -> Result<Option<Known>> {
    Ok(db
        .prepare_cached("SELECT taken_at, jpeg IS NOT NULL FROM house_photo WHERE case_id = ?1")?
        .query_row([case.to_string()], |row| {
            Ok(Known {
                taken_at: row.get::<_, Option<i64>>(0)?.map(Timestamp::from_micros),
                is_here: row.get(1)?,
            })
        })
        .optional()?)
}

/// Under which pin each was asked for.
pub(crate) fn asked(db: &Connection) -> Result<HashMap<CaseId, Timestamp>> {
    let mut statement = db.prepare_cached("SELECT case_id, pin_at FROM house_photo")?;
    let mut rows = statement.query([])?;
    let mut asked = HashMap::new();
    while let Some(row) = rows.next()? {
        if let Ok(case) = row.get::<_, String>(0)?.parse() {
            asked.insert(case, Timestamp::from_micros(row.get(1)?));
        }
    }
    Ok(asked)
}

/// Its bytes.
pub(crate) fn jpeg(db: &Connection, vault: &Vault<'_>, case: CaseId) -> Result<Option<Vec<u8>>> {
    let closed: Option<Option<Vec<u8>>> = db
        .prepare_cached("SELECT jpeg FROM house_photo WHERE case_id = ?1")?
        .query_row([case.to_string()], |row| row.get(0))
        .optional()?;
    closed
        .flatten()
        .map(|closed| vault.open(Piece::House(case), &closed))
        .transpose()
}

/// Notes what the server has: a photo, or none. Without one, what was here before stays.
pub(crate) fn put(
    db: &Connection,
    vault: &Vault<'_>,
    case: CaseId,
    pin_at: Timestamp,
    photo: Option<(Option<Timestamp>, &[u8])>,
) -> Result<()> {
    let (taken_at, jpeg) = match photo {
        Some((taken_at, jpeg)) => (taken_at, Some(vault.close(Piece::House(case), jpeg)?)),
        None => (None, None),
    };
    db.prepare_cached(
        "INSERT INTO house_photo (case_id, pin_at, taken_at, jpeg) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (case_id) DO UPDATE SET pin_at = excluded.pin_at, \
         taken_at = CASE WHEN excluded.jpeg IS NULL THEN taken_at ELSE excluded.taken_at END, \
         jpeg = coalesce(excluded.jpeg, jpeg)",
    )?
    .execute(params![
        case.to_string(),
        pin_at.as_micros(),
        taken_at.map(Timestamp::as_micros),
        jpeg
    ])?;
    Ok(())
}

/// Forgets the photos of houses that are no longer assigned.
pub(crate) fn prune(db: &Connection) -> Result<()> {
    db.execute(
        "DELETE FROM house_photo WHERE NOT EXISTS (SELECT 1 FROM feed_row JOIN bucket USING (bucket) \
         WHERE object = 'assignment:' || house_photo.case_id AND revoked = 0)",
        [],
    )?;
    Ok(())
}

/// The bytes of all.
pub(crate) fn bytes(db: &Connection) -> Result<u64> {
    let bytes: i64 = db
        .prepare_cached("SELECT coalesce(sum(length(jpeg)), 0) FROM house_photo")?
        .query_row([], |row| row.get(0))?;
    Ok(bytes.cast_unsigned())
}
