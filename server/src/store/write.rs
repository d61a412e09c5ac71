//! A write transaction: the change, then its feed rows, then its journal rows, then the commit.
//!
//! Feed counters and the journal's head are rows that everybody writes, so they are locked last and in one order:
//! buckets by name, then the journal. A transaction that is dropped without [`Write::commit`] changes nothing.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryTrait, Set, Statement, StatementBuilder};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{EventId, UserId};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::{Bucket, row_hash};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Store;
use super::journal::{self, Done, Entry, Head};
use super::lanes::{self, Answers, QueryEach as _, Transaction};
use super::tables::{event, feed_row};
use crate::actor::Actor;
use crate::error::{Error, Result};

/// An open write transaction of one actor.
pub(crate) struct Write {
    store: Store,
    actor: Actor,
    transaction: Transaction,
    at: Timestamp,
    entries: Vec<(Entry, Actor)>,
    /// Where what is done lies; none: not in one place.
    region: Option<RegionCode>,
    head: Option<Head>,
    feed: BTreeMap<(Bucket, String), Option<String>>,
}

/// Whether an event was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// No: go on.
    Now,
    /// Yes, with the same body: answer as if it had just happened.
    Before,
}

impl Write {
    pub(super) fn new(store: Store, actor: Actor, transaction: Transaction) -> Self {
        let at = store.now();
        Self {
            store,
            actor,
            transaction,
            at,
            entries: Vec::new(),
            region: None,
            head: None,
            feed: BTreeMap::new(),
        }
    }

    /// The connection to run queries on.
    pub(super) fn on(&self) -> &Transaction {
        &self.transaction
    }

    /// The store it writes to.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The instant of this transaction.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// Who acts.
    pub(super) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Remembers `event_id`, or tells that it was here before. To be called first, so that a race between two equal
    /// requests is decided by the primary key.
    ///
    /// # Errors
    /// `event_reused` when it was used for another action or body.
    pub(super) async fn once(
        &mut self,
        event_id: EventId,
        action: &str,
        object: &str,
        body: &impl Serialize,
    ) -> Result<Seen> {
        #[cfg(any(test, feature = "testing"))]
        if self.store.makes(super::testing::Bug::ForgetsEvents) {
            return Ok(Seen::Now);
        }
        let canonical = serde_json::to_vec(body).map_err(Error::internal)?;
        let body_hash = Sha256::new()
            .chain_update(action)
            .chain_update([0])
            .chain_update(object)
            .chain_update([0])
            .chain_update(&canonical)
            .finalize()
            .to_vec();
        let row = event::ActiveModel {
            id: Set(event_id.into()),
            actor: Set(self.actor.user().map(Into::into)),
            action: Set(action.to_owned()),
            body_hash: Set(body_hash.clone()),
            object: Set(object.to_owned()),
            at: Set(self.at.as_micros()),
        };
        // Not an error, after which PostgreSQL would refuse everything else.
        let inserted = event::Entity::insert(row)
            .on_conflict(
                OnConflict::column(event::Column::Id)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(&self.transaction)
            .await?;
        if inserted == 1 {
            return Ok(Seen::Now);
        }
        let known = event::Entity::find_by_id(Uuid::from(event_id))
            .one(&self.transaction)
            .await?
            .ok_or(Error::Refused(ProblemCode::EventReused))?;
        let same_actor = known.actor.map(UserId) == self.actor.user();
        if same_actor && known.body_hash == body_hash {
            Ok(Seen::Before)
        } else {
            Err(Error::Refused(ProblemCode::EventReused))
        }
    }

    /// A statement that this transaction does not look at again ([`Transaction::execute_last`]).
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn last(&self, statement: impl StatementBuilder) -> Result<()> {
        let statement = self.store.backend().build(&statement);
        Ok(self.transaction.execute_last(statement).await?)
    }

    /// The rows of each of several statements, run in turn. SQLite, where nobody else writes meanwhile, tells the journal's
    /// head in the same go.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn query_each(
        &mut self,
        mut statements: Vec<Statement>,
    ) -> Result<Answers, DbErr> {
        let asks_for_head = !self.store.is_postgres() && self.head.is_none();
        if asks_for_head {
            statements.insert(0, Head::query(&self.store));
        }
        let mut answers = self.transaction.query_each(statements).await?;
        if asks_for_head {
            self.head = answers.rows().first().map(Head::read).transpose()?;
        }
        Ok(answers)
    }

    /// The ids that each of several statements tells, each of which returns an `id` and nothing else. Those of one group are
    /// one journey to PostgreSQL: each of them sees what was before the group, and they lock in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn ids_of_each(
        &mut self,
        groups: Vec<Vec<Statement>>,
    ) -> Result<std::vec::IntoIter<Vec<Uuid>>, DbErr> {
        let mut ids = Vec::new();
        if self.store.is_postgres() {
            let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
            let journeys = groups.into_iter().map(lanes::ids_as_one).collect();
            let mut answers = self.query_each(journeys).await?;
            for size in sizes {
                let rows = answers.rows();
                for part in 0..size {
                    let mut of_part = Vec::new();
                    for row in &rows {
                        if usize::try_from(row.try_get_by_index::<i32>(0)?) == Ok(part) {
                            of_part.push(row.try_get_by_index(1)?);
                        }
                    }
                    ids.push(of_part);
                }
            }
        } else {
            let asked = groups.iter().map(Vec::len).sum();
            let mut answers = self
                .query_each(groups.into_iter().flatten().collect())
                .await?;
            for _ in 0..asked {
                let rows = answers.rows().into_iter();
                ids.push(
                    rows.map(|row| row.try_get_by_index(0))
                        .collect::<Result<_, _>>()?,
                );
            }
        }
        Ok(ids.into_iter())
    }

    /// What is done lies in this region: who stands in for several people does so here for those of them who work here.
    pub(super) fn acts_in(&mut self, region: RegionCode) {
        self.region = Some(region);
    }

    /// Appends to the journal at commit.
    pub(super) fn journal(&mut self, entry: Entry) {
        self.entries.push((entry, self.actor.clone()));
    }

    /// The entries with who did them, and as what. An act that needs no role, and what follows from an act by itself, was
    /// done by a person as what they acted here otherwise, or as the one role they have.
    fn done(&mut self) -> Vec<Done> {
        let entries = std::mem::take(&mut self.entries);
        let region = self.region.as_ref();
        let mut acted: HashMap<UserId, Role> = HashMap::new();
        for (entry, actor) in &entries {
            if let Some(user) = actor.user().filter(|_| entry.role() != Role::System) {
                acted.entry(user).or_insert(entry.role());
            }
        }
        let done = entries.into_iter().map(|(entry, actor)| {
            let entry = if entry.role() == Role::System
                && let Some(user) = actor.user()
                && let Some(role) = acted.get(&user).copied().or_else(|| actor.only_role())
            {
                entry.done_as(role)
            } else {
                entry
            };
            // Whoever stands in for somebody is known as such for ever.
            let lent = actor.deputy_grants(entry.role(), region);
            let entry = entry.by_deputy(&lent);
            Done {
                entry,
                user: actor.user(),
                device: actor.device(),
            }
        });
        done.collect()
    }

    /// What follows is journalled as this actor's, where one transaction holds what several did.
    pub(super) fn act_as(&mut self, actor: &Actor) {
        self.actor = actor.clone();
    }

    /// Puts `object` into `bucket` at commit.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub(super) fn feed_put(
        &mut self,
        bucket: Bucket,
        object: String,
        body: &impl Serialize,
    ) -> Result<()> {
        let text = serde_json::to_string(body).map_err(Error::internal)?;
        self.feed.insert((bucket, object), Some(text));
        Ok(())
    }

    /// Takes `object` out of `bucket` at commit.
    pub(super) fn feed_del(&mut self, bucket: Bucket, object: String) {
        self.feed.insert((bucket, object), None);
    }

    /// Writes feed and journal, and makes everything durable.
    ///
    /// # Errors
    /// When the database refuses; nothing has happened then.
    pub(super) async fn commit(mut self) -> Result<()> {
        let feed = std::mem::take(&mut self.feed);
        let mut by_bucket: BTreeMap<Bucket, Vec<(String, Option<String>)>> = BTreeMap::new();
        for ((bucket, object), body) in feed {
            by_bucket.entry(bucket).or_default().push((object, body));
        }
        for (bucket, objects) in by_bucket {
            self.append_feed(&bucket, objects).await?;
        }
        let entries = self.done();
        if !entries.is_empty() {
            journal::append(
                &self.store,
                &self.transaction,
                self.at,
                entries,
                self.head.take(),
            )
            .await?;
        }
        self.transaction.commit().await?;
        Ok(())
    }

    /// Takes as many numbers from the bucket's counter as there are objects. The counter row is locked from here to
    /// the commit, so numbers become visible in their order: no reader's cursor can pass a row that comes later.
    async fn append_feed(
        &self,
        bucket: &Bucket,
        objects: Vec<(String, Option<String>)>,
    ) -> Result<()> {
        let count = i64::try_from(objects.len()).map_err(Error::internal)?;
        let mut queries = vec![self.store.sql(
            "INSERT INTO feed_counter (bucket, seq, checksum, min_seq) VALUES ($1, $2, 0, 0) \
             ON CONFLICT (bucket) DO UPDATE SET seq = feed_counter.seq + $2 \
             RETURNING seq, checksum",
            [bucket.0.clone().into(), count.into()],
        )];
        let names: Vec<&str> = objects.iter().map(|(object, _)| object.as_str()).collect();
        for chunk in names.chunks(500) {
            let mut old = Query::delete();
            old.from_table(feed_row::Entity)
                .and_where(feed_row::Column::Bucket.eq(&bucket.0))
                .and_where(feed_row::Column::Object.is_in(chunk.iter().copied()))
                .returning_col(feed_row::Column::Hash);
            queries.push(self.store.backend().build(&old));
        }
        let chunks = queries.len() - 1;
        let mut answers = self.transaction.query_each(queries).await?;
        let counter = answers
            .rows()
            .pop()
            .ok_or_else(|| Error::internal("the feed counter returned nothing"))?;
        let last: i64 = counter.try_get_by_index(0)?;
        let stored: i64 = counter.try_get_by_index(1)?;
        let mut checksum = stored.cast_unsigned();
        let mut seq = last - count;
        for deleted in (0..chunks).flat_map(|_| answers.rows()) {
            let hash: i64 = deleted.try_get_by_index(0)?;
            checksum = checksum.wrapping_sub(hash.cast_unsigned());
        }
        let mut rows = Vec::with_capacity(objects.len());
        for (object, body) in objects {
            seq += 1;
            let hash = body.as_deref().map_or(0, |body| row_hash(&object, body));
            checksum = checksum.wrapping_add(hash);
            rows.push(feed_row::ActiveModel {
                bucket: Set(bucket.0.clone()),
                seq: Set(seq),
                object: Set(object),
                op: Set(if body.is_some() { "put" } else { "del" }.to_owned()),
                hash: Set(hash.cast_signed()),
                body: Set(body),
            });
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(500));
            let some = feed_row::Entity::insert_many(std::mem::replace(&mut rows, rest));
            self.last(some.into_query()).await?;
        }
        self.transaction
            .execute_last(self.store.sql(
                "UPDATE feed_counter SET checksum = $2 WHERE bucket = $1",
                [bucket.0.clone().into(), checksum.cast_signed().into()],
            ))
            .await?;
        Ok(())
    }
}
