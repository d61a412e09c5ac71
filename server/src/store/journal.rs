//! The journal: every change, in the transaction that made it, chained by hash and authenticated by a key that is not in
//! the database. Bodies are canonical JSON without personal data; a per-row salt keeps hashes from being guessed.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, QueryTrait, Statement,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{DeviceId, EventId, GrantId, UserId};
use tilik_protocol::policy::Role;
use tilik_protocol::time::Timestamp;

use super::lanes::Transaction;
use super::tables::{journal, journal_head};
use super::{Acting, Store};
use crate::error::{Error, Result};
use crate::keys::{Purpose, Tag};

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    action: &'static str,
    object: String,
    role: Role,
    event_id: Option<EventId>,
    body: Vec<u8>,
}

impl Entry {
    /// `action` (a verb of the field, such as `case.accept`) by somebody acting as `role`, on `object`
    /// (`case:<id>`), with what a later reader needs and no personal data.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub(crate) fn new(
        action: &'static str,
        object: String,
        role: Role,
        event_id: Option<EventId>,
        body: &impl Serialize,
    ) -> Result<Self> {
        // Through `Value`, whose maps are sorted: the same facts give the same bytes.
        let value = serde_json::to_value(body).map_err(Error::internal)?;
        let body = serde_json::to_vec(&value).map_err(Error::internal)?;
        Ok(Self {
            action,
            object,
            role,
            event_id,
            body,
        })
    }
}

impl Entry {
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The same, done as `role`.
    pub(super) fn done_as(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// With the grants by which who did it stood in for somebody; unchanged without any.
    pub(super) fn by_deputy(self, grants: &[GrantId]) -> Self {
        if grants.is_empty() {
            return self;
        }
        let Ok(serde_json::Value::Object(mut body)) = serde_json::from_slice(&self.body) else {
            return self;
        };
        let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
        body.insert("as_deputy".to_owned(), grants.into());
        match serde_json::to_vec(&body) {
            Ok(body) => Self { body, ..self },
            Err(_) => self,
        }
    }
}

/// An entry and who did it.
pub(super) struct Done {
    /// What.
    pub entry: Entry,
    /// The person, unless it was the server.
    pub user: Option<UserId>,
    /// The phone it was done with.
    pub device: Option<DeviceId>,
}

/// Most characters of a document's number.
const MOST_IN_NUMBER: usize = 64;

/// Whether somebody typed a NIK or KK number where a name or a document's number belongs: 16 digits, however grouped.
/// What is typed there is kept in clear.
pub(super) fn holds_personal_number(text: &str) -> bool {
    let joined: String = text.chars().filter(|c| !" .-".contains(*c)).collect();
    joined
        .split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() >= 16)
}

/// The number of a document (SK, surat tugas, berita acara) as the journal takes it for ever: one that looks like one, and
/// that cannot be somebody's NIK or KK number or plain name.
///
/// # Errors
/// `invalid`, naming `document_number`.
pub(super) fn document_number(text: &str) -> Result<()> {
    let wrong = |code, remedy| Err(Error::field("document_number", code, remedy));
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return wrong("missing", "Isi nomor dokumennya, misalnya 188.45/12/2026.");
    }
    if text.chars().count() > MOST_IN_NUMBER {
        return wrong("too_long", "Paling banyak 64 karakter.");
    }
    if holds_personal_number(text) {
        return wrong(
            "personal_number",
            "Ini tampak seperti NIK atau nomor KK; isi nomor dokumennya.",
        );
    }
    Ok(())
}

/// What the hash and MAC of a row are over: every column but themselves, each with its length.
fn bytes_of(row: &journal::Model) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256 + row.body.len());
    let mut put = |part: &[u8]| {
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    };
    put(b"tilik journal v1");
    put(&row.seq.to_be_bytes());
    put(&row.at.to_be_bytes());
    put(row
        .actor
        .map(uuid::Uuid::into_bytes)
        .as_ref()
        .map_or(&[], |id| &id[..]));
    put(row.role.as_bytes());
    put(row
        .device_id
        .map(uuid::Uuid::into_bytes)
        .as_ref()
        .map_or(&[], |id| &id[..]));
    put(row.action.as_bytes());
    put(row.object.as_bytes());
    put(row
        .event_id
        .map(uuid::Uuid::into_bytes)
        .as_ref()
        .map_or(&[], |id| &id[..]));
    put(&row.body);
    put(&row.salt);
    put(&row.previous_hash);
    bytes
}

/// What the first row's hash follows.
const GENESIS: &[u8] = &[0];
/// Rows looked at in one go.
const PAGE: u64 = 1_000;

/// The whole journal holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// How many rows.
    pub rows: u64,
    /// The newest row's hash, hex. Whoever wrote it down elsewhere can tell later that nothing before it was replaced.
    pub head: String,
}

/// Where the journal does not hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or there twice.
    #[error("row {0} is missing")]
    Missing(i64),
    /// A row does not follow the one before it.
    #[error("row {0} does not follow the row before it")]
    Chain(i64),
    /// A row is not what its hash says.
    #[error("row {0} was changed")]
    Changed(i64),
    /// A row was written by somebody without the key.
    #[error("row {0} was not written with this installation's key")]
    Forged(i64),
    /// The newest rows are gone, or more were added behind the head's back.
    #[error("the journal ends at row {ends}, its head says {head}")]
    Cut {
        /// The last row there is.
        ends: i64,
        /// The row the head names.
        head: i64,
    },
}

fn is_ours(store: &Store, row: &journal::Model) -> bool {
    let Ok(key_version) = u32::try_from(row.mac_key_version) else {
        return false;
    };
    let Ok(code) = row.mac.as_slice().try_into() else {
        return false;
    };
    store
        .keys()
        .is_journal_mac(&bytes_of(row), &Tag { key_version, code })
}

/// Bytes as people compare them.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Acting {
    /// Whether the newest row was written with our key; an empty journal is anybody's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_journal_ours(&self) -> Result<bool> {
        let newest = journal::Entity::find()
            .order_by_desc(journal::Column::Seq)
            .limit(1)
            .one(self.store.read())
            .await?;
        Ok(newest.is_none_or(|row| is_ours(&self.store, &row)))
    }

    /// Goes through the whole journal: numbers, chain, hashes, codes, head.
    ///
    /// # Errors
    /// When the database does not answer. What is wrong with the journal is a result, not an error.
    pub async fn verify_journal(&self) -> Result<Result<Whole, Broken>> {
        // The head first: rows that are added meanwhile come after it.
        let head = journal_head::Entity::find_by_id(1)
            .one(self.store.read())
            .await?
            .ok_or_else(|| Error::internal("the journal has no head"))?;
        let mut last = 0;
        let mut previous = GENESIS.to_vec();
        loop {
            let rows = journal::Entity::find()
                .filter(journal::Column::Seq.gt(last))
                .filter(journal::Column::Seq.lte(head.seq))
                .order_by_asc(journal::Column::Seq)
                .limit(PAGE)
                .all(self.store.read())
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.seq != last + 1 {
                    return Ok(Err(Broken::Missing(last + 1)));
                }
                if row.previous_hash != previous {
                    return Ok(Err(Broken::Chain(row.seq)));
                }
                if Sha256::digest(bytes_of(&row))[..] != row.hash[..] {
                    return Ok(Err(Broken::Changed(row.seq)));
                }
                if !is_ours(&self.store, &row) {
                    return Ok(Err(Broken::Forged(row.seq)));
                }
                last = row.seq;
                previous = row.hash;
            }
        }
        if last != head.seq || previous != head.hash {
            return Ok(Err(Broken::Cut {
                ends: last,
                head: head.seq,
            }));
        }
        Ok(Ok(Whole {
            rows: u64::try_from(last).map_err(Error::internal)?,
            head: hex(&previous),
        }))
    }
}

/// The newest row, as the next one follows it.
pub(super) struct Head {
    seq: i64,
    hash: Vec<u8>,
}

impl Head {
    /// Asks for it, and keeps others from it until the commit: numbers have no gap.
    pub(super) fn query(store: &Store) -> Statement {
        let lock = if store.is_postgres() {
            "FOR UPDATE"
        } else {
            ""
        };
        let text = format!("SELECT seq, hash FROM journal_head WHERE id = 1 {lock}");
        store.sql(&text, [])
    }

    /// The answer.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            seq: row.try_get_by_index(0)?,
            hash: row.try_get_by_index(1)?,
        })
    }
}

/// Appends `entries` in order after `head`, which is locked.
pub(super) async fn append(
    store: &Store,
    on: &Transaction,
    at: Timestamp,
    entries: Vec<Done>,
    head: Option<Head>,
) -> Result<()> {
    let count = i64::try_from(entries.len()).map_err(Error::internal)?;
    let head = if let Some(head) = head {
        head
    } else {
        let row = on.query_one_raw(Head::query(store)).await?;
        Head::read(&row.ok_or_else(|| Error::internal("the journal has no head"))?)?
    };
    let mut previous = head.hash;
    let (first, last) = (head.seq + 1, head.seq + count);
    let key_version =
        i32::try_from(store.keys().active_version(Purpose::JournalMac)).map_err(Error::internal)?;
    let mut rows = Vec::with_capacity(entries.len());
    for (seq, done) in (first..).zip(entries) {
        let entry = done.entry;
        let mut row = journal::Model {
            seq,
            at: at.as_micros(),
            actor: done.user.map(Into::into),
            role: entry.role.to_string(),
            device_id: done.device.map(Into::into),
            action: entry.action.to_owned(),
            object: entry.object,
            event_id: entry.event_id.map(Into::into),
            body: entry.body,
            salt: store.ids().bytes::<16>().to_vec(),
            previous_hash: previous.clone(),
            hash: Vec::new(),
            mac: Vec::new(),
            mac_key_version: 0,
        };
        let bytes = bytes_of(&row);
        row.hash = Sha256::digest(&bytes).to_vec();
        row.mac = store.keys().mac_journal(&bytes).to_vec();
        row.mac_key_version = key_version;
        previous.clone_from(&row.hash);
        rows.push(journal::ActiveModel::from(row).reset_all());
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(500));
        let some = journal::Entity::insert_many(std::mem::replace(&mut rows, rest));
        on.execute_last(some.build(store.backend())).await?;
    }
    on.execute_last(store.sql(
        "UPDATE journal_head SET seq = $1, hash = $2 WHERE id = 1",
        [last.into(), previous.into()],
    ))
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_documents_number_is_one_and_nobodys_own() {
        for good in [
            "188.45/12/2026",
            "ST/1/2026",
            "BA-07",
            "188.45/123/419.033/2026",
        ] {
            assert!(document_number(good).is_ok(), "{good}");
        }
        let long = format!("1{}", "a".repeat(64));
        for bad in [
            "",
            " ",
            "Zulkarnaen",
            "3571034107859917",
            "NIK 3571.0341.0785.9917",
            "BA 3571-034107-859917",
            &long,
        ] {
            assert!(document_number(bad).is_err(), "{bad}");
        }
    }
}
