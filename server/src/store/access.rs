//! Reads of personal data, logged: who, as what, which object, whether it was only handed out (`served`) or looked at
//! (`seen`).
//!
//! A read is answered when its row is durable, never before: after a crash no read is missing. What one answer shows of
//! one kind in one role is one row, however many objects it has. Rows of reads that happen at once share one statement and
//! one commit ([`Turns`]). Which rows name an object is an index that is brought up to date in the background; what it
//! lacks yet is looked at by itself ([`not_indexed`]), so nobody waits for it and nobody misses a row.

use sea_orm::sea_query::{OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::tables::{access, access_new};
use super::turns::{LONGEST_TURN, Turns};
use super::{Acting, Store};
use crate::error::{Cause, Error, Result};

/// Rows in one statement.
const MOST: usize = 500;
/// Objects, about, that one transaction indexes: SQLite's only writer must not be kept long.
const OBJECTS_AT_ONCE: i64 = 500;
/// Rows that are looked at for it.
const ROWS_AT_ONCE: u64 = 100;

/// The reads that wait for their turn, each with whether it is durable.
pub(super) type AccessLog = Turns<Vec<access::ActiveModel>, bool>;

/// How an object was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Mode {
    /// Handed out; a browser may have fetched it ahead.
    Served,
    /// A person had it before their eyes.
    Seen,
}

/// One read of personal data.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// `case`, `photo` and the like.
    pub kind: &'static str,
    /// Which one.
    pub id: Uuid,
    /// What of it.
    pub what: &'static str,
    /// How.
    pub mode: Mode,
    /// As what the reader read it.
    pub role: Role,
    /// What for, where that is asked.
    pub purpose: Option<String>,
}

impl Store {
    async fn write_reads(&self) {
        let mut taken = self.inner.reads.take(|_, _| true);
        let mut rows: Vec<_> = taken
            .iter_mut()
            .flat_map(|one| std::mem::take(&mut one.what))
            .collect();
        let mut durable = true;
        while durable && !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(MOST));
            let some = access::Entity::insert_many(std::mem::replace(&mut rows, rest))
                // Here already, when whoever had the turn before was dropped at it: the database went on.
                .on_conflict(
                    OnConflict::column(access::Column::Id)
                        .do_nothing()
                        .to_owned(),
                );
            let turn =
                tokio::time::timeout(LONGEST_TURN, some.exec_without_returning(self.writer()));
            let cause = match turn.await {
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => super::text::without_values(&error),
                Err(_) => "the database does not take them in time".to_owned(),
            };
            tracing::error!(cause = %cause, "reads could not be logged and were not answered");
            durable = false;
        }
        for one in taken {
            one.tell(durable);
        }
    }
}

impl Acting {
    /// Logs reads and waits until they are durable. The server's own reads are no person's.
    ///
    /// # Errors
    /// `unavailable`: what cannot be logged is not shown.
    pub(super) async fn note_reads(&self, reads: impl IntoIterator<Item = Read>) -> Result<()> {
        let Some(user) = self.actor.user() else {
            return Ok(());
        };
        let at = self.store.now().as_micros();
        let row = |(read, objects): (Read, Vec<u8>)| access::ActiveModel {
            id: Set(self.store.ids().next::<Uuid>()),
            at: Set(at),
            user_id: Set(user.into()),
            role: Set(read.role.to_string()),
            kind: Set(read.kind.to_owned()),
            objects: Set(objects),
            what: Set(read.what.to_owned()),
            mode: Set(read.mode.to_string()),
            purpose: Set(read.purpose),
        };
        let rows: Vec<_> = together(reads).into_iter().map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let log = &self.store.inner.reads;
        if log.wait(rows, || self.store.write_reads()).await {
            return Ok(());
        }
        Err(Error::Unavailable(Cause::database(
            "the access log does not take this read",
        )))
    }

    /// Indexes the rows of the access log that are not yet, by the objects they name; how many. May be cut off anywhere,
    /// and done by several at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn index_reads(&self) -> Result<u64> {
        let store = &self.store;
        let mut indexed = 0;
        loop {
            let rows: Vec<(Uuid, Vec<u8>)> = access::Entity::find()
                .select_only()
                .columns([access::Column::Id, access::Column::Objects])
                .filter(access::Column::Id.in_subquery(not_indexed()))
                .order_by_asc(access::Column::Id)
                .limit(ROWS_AT_ONCE)
                .into_tuple()
                .all(store.read())
                .await?;
            if rows.is_empty() {
                return Ok(indexed);
            }
            // No change of the field's own, so no journal.
            let write = store.inner.connections.begin_write().await?;
            let mut named = 0;
            for (row, objects) in rows {
                let some = i64::try_from(objects.len() / 16).map_err(Error::internal)?;
                let names = store.sql(
                    names_objects(store.is_postgres()),
                    [row.into(), some.into()],
                );
                write.execute_raw(names).await?;
                access_new::Entity::delete_by_id(row).exec(&write).await?;
                indexed += 1;
                named += some;
                if named >= OBJECTS_AT_ONCE {
                    break;
                }
            }
            write.commit().await?;
        }
    }

    /// As what this actor reads what lies in `region`.
    ///
    /// # Errors
    /// `not_found` when it may not.
    pub(super) fn reading_in(&self, region: &RegionCode) -> Result<Role> {
        if self.actor.is_system() {
            return Ok(Role::System);
        }
        self.actor
            .role_in(Permission::ReadCases, region)
            .ok_or(Error::NOT_FOUND)
    }
}

/// The rows of the access log that the index of objects lacks.
pub(super) fn not_indexed() -> SelectStatement {
    Query::select()
        .column(access_new::Column::AccessId)
        .from(access_new::Entity)
        .to_owned()
}

/// Indexes row `$1`, which names `$2` objects.
const fn names_objects(is_postgres: bool) -> &'static str {
    if is_postgres {
        "INSERT INTO access_object (object, access_id) \
         SELECT encode(substring(objects FROM 1 + 16 * n FOR 16), 'hex')::uuid, id \
         FROM access, generate_series(0, $2::integer - 1) AS n WHERE id = $1 ON CONFLICT DO NOTHING"
    } else {
        "WITH RECURSIVE count (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n < $2 - 1) \
         INSERT OR IGNORE INTO access_object (object, access_id) \
         SELECT substr(objects, 1 + 16 * n, 16), id FROM access, count WHERE id = $1"
    }
}

/// Reads that differ in their object only, with the ids of those, 16 bytes each.
fn together(reads: impl IntoIterator<Item = Read>) -> Vec<(Read, Vec<u8>)> {
    let mut rows: Vec<(Read, Vec<u8>)> = Vec::new();
    for read in reads {
        let id = read.id.into_bytes();
        match rows
            .iter_mut()
            .find(|(row, _)| row.differs_in_object_only(&read))
        {
            Some((_, objects)) => objects.extend(id),
            None => rows.push((read, id.to_vec())),
        }
    }
    rows
}

impl Read {
    fn differs_in_object_only(&self, other: &Self) -> bool {
        (self.kind, self.what, self.mode, self.role)
            == (other.kind, other.what, other.mode, other.role)
            && self.purpose == other.purpose
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing;
    use super::*;
    use crate::actor::Actor;
    use crate::clock::{Clock, HeldClock, Ids};
    use crate::keys::Keyring;

    fn a_read(n: u128) -> Read {
        Read {
            kind: "case",
            id: Uuid::from_u128(n),
            what: "case",
            mode: Mode::Seen,
            role: Role::Auditor,
            purpose: None,
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn every_answered_read_is_in_the_log_and_found_by_its_object_also_when_its_reader_hung_up()
     {
        let clock: Arc<dyn Clock> =
            Arc::new(HeldClock::at("2026-11-24T03:00:00Z".parse().unwrap()));
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let (store, fresh) = testing::store(clock, keys, ids.clone()).await;
        let by = store.acting_as(Actor::person(ids.next(), Vec::new(), None, ids.next()));
        let mut readers = tokio::task::JoinSet::new();
        for n in 0..200 {
            let by = by.clone();
            readers.spawn(async move { by.note_reads([a_read(n), a_read(1_000 + n)]).await });
        }
        while let Some(told) = readers.join_next().await {
            told.unwrap().unwrap();
        }
        let count = async |table: &str| {
            let query = format!("SELECT COUNT(*) FROM {table}");
            store.count(&query).await.unwrap()
        };
        assert_eq!(count("access").await, 200);
        // Dropped while it waits for its turn: the client is gone, the row is not.
        let turn = store.inner.reads.hold().await;
        let mut hung_up = Box::pin(by.note_reads([a_read(5_000)]));
        assert!(futures_util::poll!(&mut hung_up).is_pending());
        drop(hung_up);
        drop(turn);
        by.note_reads((0..700).map(|n| a_read(5_001 + n)))
            .await
            .unwrap();
        assert_eq!(count("access").await, 202);
        // Every object is found by its index, also by two servers that make it at once.
        assert_eq!(count("access_new").await, 202);
        let one = by.index_reads();
        let (one, other) = tokio::join!(one, by.index_reads());
        assert!(one.unwrap() + other.unwrap() >= 202);
        assert_eq!(count("access_object").await, 400 + 1 + 700);
        let found = "access_object WHERE access_id IN (SELECT id FROM access WHERE length(objects) = 700 * 16)";
        assert_eq!(count(found).await, 700);
        let named = store.peek("SELECT object FROM access_object", []).await;
        let named: std::collections::BTreeSet<Uuid> = named
            .unwrap()
            .iter()
            .map(|row| row.try_get("", "object").unwrap())
            .collect();
        let read = (0..200).chain(1_000..1_200).chain(5_000..5_701);
        assert!(named.into_iter().eq(read.map(Uuid::from_u128)));
        assert_eq!(by.index_reads().await.unwrap(), 0);
        // The database does what the one asked who had the turn and was dropped at it; the others ask for theirs again.
        let other = store.keep_locked("access").await.unwrap();
        let reads = |n| {
            let by = by.clone();
            tokio::spawn(async move { by.note_reads([a_read(n)]).await })
        };
        let turns = &store.inner.reads;
        let follows = turns
            .drop_the_leader(|| reads(6_000), || reads(6_001))
            .await;
        drop(other);
        follows.await.unwrap().unwrap();
        // Once, whether the database went on or not.
        let its = Uuid::from_u128(6_001).into_bytes().to_vec();
        let its = store.peek("SELECT id FROM access WHERE objects = $1", [its.into()]);
        assert_eq!(its.await.unwrap().len(), 1);
        store.close().await;
        let refused = by.note_reads([a_read(6_000)]).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        testing::drop_database(&fresh.url).await;
    }
}
