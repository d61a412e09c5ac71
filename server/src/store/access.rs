//! Reads of personal data, logged: who, as what, which object, whether it was only handed out (`served`) or looked at
//! (`seen`).
//!
//! A read is answered when its row is durable, never before: after a crash no read is missing. What one answer shows of
//! one kind in one role is one row, however many objects it has. Rows of reads that happen at once share one statement and one commit: whoever finds
//! the log busy waits for the next turn, which takes everybody who waits. A reader who hangs up meanwhile is logged all the
//! same.

use std::sync::{Mutex, PoisonError};

use sea_orm::{EntityTrait, Set};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::region::RegionCode;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::tables::access;
use super::{Acting, Store};
use crate::error::{Cause, Error, Result};

/// Rows in one statement.
const MOST: usize = 500;

/// The reads that wait for their turn.
#[derive(Default)]
pub(super) struct AccessLog {
    waiting: Mutex<Vec<Waiting>>,
    writing: tokio::sync::Mutex<()>,
}

struct Waiting {
    rows: Vec<access::ActiveModel>,
    done: oneshot::Sender<bool>,
}

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

impl AccessLog {
    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, waiting: Waiting) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(waiting);
    }
}

impl Store {
    async fn write_reads(&self) {
        let _turn = self.inner.reads.writing.lock().await;
        let taken = self.inner.reads.take();
        let (mut rows, mut told) = (Vec::new(), Vec::new());
        for waiting in taken {
            rows.extend(waiting.rows);
            told.push(waiting.done);
        }
        let mut durable = true;
        while durable && !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(MOST));
            let turn = access::Entity::insert_many(std::mem::replace(&mut rows, rest));
            if let Err(error) = turn.exec_without_returning(self.writer()).await {
                let cause = super::text::without_values(&error);
                tracing::error!(cause = %cause, "reads could not be logged and were not answered");
                durable = false;
            }
        }
        for done in told {
            // Who hung up does not wait for this.
            let _ = done.send(durable);
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
        let (done, told) = oneshot::channel();
        self.store.inner.reads.push(Waiting { rows, done });
        let store = self.store.clone();
        // A task of its own: others wait for a turn that this reader may not live to finish.
        tokio::spawn(async move { store.write_reads().await });
        match told.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Error::Unavailable(Cause::database(
                "the access log does not take this read",
            ))),
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
    async fn every_answered_read_is_in_the_log_also_when_its_reader_hung_up() {
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
        let count = async || {
            let named = store.count("SELECT COUNT(*) FROM access_object");
            named.await.unwrap()
        };
        assert_eq!(count().await, 400);
        let rows = store.count("SELECT COUNT(*) FROM access").await.unwrap();
        assert_eq!(rows, 200);
        // Dropped while it waits for its turn: the client is gone, the row is not.
        let turn = store.inner.reads.writing.lock().await;
        let mut hung_up = Box::pin(by.note_reads([a_read(5_000)]));
        assert!(futures_util::poll!(&mut hung_up).is_pending());
        drop(hung_up);
        drop(turn);
        by.note_reads([a_read(5_001)]).await.unwrap();
        assert_eq!(count().await, 402);
        store.close().await;
        let refused = by.note_reads([a_read(6_000)]).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        testing::drop_database(&fresh.url).await;
    }
}
