//! The journal: every change, in the transaction that made it, chained by hash and authenticated by a key that is not in
//! the database. Bodies are canonical JSON without personal data; a per-row salt keeps hashes from being guessed.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tilik_protocol::ids::EventId;
use tilik_protocol::policy::Role;
use tilik_protocol::time::Timestamp;

use super::Store;
use super::tables::journal;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::keys::Purpose;

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

/// Appends `entries` in order. The head row is locked until the commit: numbers have no gap.
pub(super) async fn append(
    store: &Store,
    on: &DatabaseTransaction,
    actor: &Actor,
    at: Timestamp,
    entries: Vec<Entry>,
) -> Result<()> {
    let count = i64::try_from(entries.len()).map_err(Error::internal)?;
    let head = on
        .query_one_raw(store.sql(
            "UPDATE journal_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash",
            [count.into()],
        ))
        .await?
        .ok_or_else(|| Error::internal("the journal has no head"))?;
    let last: i64 = head.try_get_by_index(0)?;
    let mut previous: Vec<u8> = head.try_get_by_index(1)?;
    let first = last - count + 1;
    let key_version =
        i32::try_from(store.keys().active_version(Purpose::JournalMac)).map_err(Error::internal)?;
    let mut rows = Vec::with_capacity(entries.len());
    for (seq, entry) in (first..).zip(entries) {
        let mut row = journal::Model {
            seq,
            at: at.as_micros(),
            actor: actor.user().map(Into::into),
            role: entry.role.to_string(),
            device_id: actor.device().map(Into::into),
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
        journal::Entity::insert_many(std::mem::replace(&mut rows, rest))
            .exec_without_returning(on)
            .await?;
    }
    on.execute_raw(store.sql(
        "UPDATE journal_head SET hash = $1 WHERE id = 1",
        [previous.into()],
    ))
    .await?;
    Ok(())
}
