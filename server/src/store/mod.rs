//! The only module that can name the database. Owns every table, every query and every transaction.
//!
//! Refuses callers without an actor: `Store` has no public queries, verbs live on [`Acting`]. Reads start from what the
//! actor can see. Every change appends to the journal in its own transaction ([`Write`]); rows outside the actor's
//! regions do not exist (`not_found`).

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement, Value};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

use crate::actor::Actor;
use crate::clock::{Clock, Ids};
use crate::error::{Cause, Error, Result};
use crate::keys::Keyring;

mod codes;
mod connection;
mod lanes;
mod tables;
mod tasks;
mod text;
mod write;

mod access;
pub mod accounts;
pub mod appeals;
pub mod arrivals;
mod case_view;
pub mod cases;
mod changes;
mod citizens;
mod contact_sheet;
mod cursor;
pub mod decisions;
mod delegations;
mod deliberations;
mod designation;
pub mod devices;
mod duplicates;
pub(crate) mod exports;
mod families;
mod feed;
mod grant_refusals;
pub mod health;
pub mod imports;
pub mod jobs;
pub mod journal;
pub mod letters;
mod lookup;
pub mod map;
pub mod ministry;
mod news;
pub mod objections;
pub(crate) mod old_photos;
pub mod overview;
mod own_sessions;
mod papers;
pub mod photos;
mod plans;
pub mod population;
pub mod proposals;
pub(crate) mod public_quota;
mod quotas;
mod receipts;
pub mod recipients;
mod registration;
pub mod replacements;
pub mod report;
mod reset_slips;
pub mod review;
mod rt_checks;
pub mod rules;
mod second_factor;
pub mod sessions;
mod sign_in_code;
mod slots;
mod sounding;
mod sounds;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trail;
mod training;
mod turns;
pub mod uploads;
pub mod users;
pub mod visits;
mod windows;

pub use connection::{DatabaseUrl, Schema};
pub(crate) use plans::JOB as OPEN_PLAN;
pub(crate) use population::JOB as CIVIL_BATCH;
pub(crate) use rules::JOB as EVALUATE;
pub(crate) use sounds::JOB as HEAR_NAMES;
pub(crate) use write::Write;

use connection::Connections;
use lanes::Lanes;

/// All data. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    connections: Connections,
    keys: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    /// At most eight password hashes at once: each takes 19 MiB.
    hashing: tokio::sync::Semaphore,
    /// And so many sign-ins that wait for one.
    waiting_to_hash: tokio::sync::Semaphore,
    /// One preview of a rule at a time: each reads a whole city.
    previews: tokio::sync::Semaphore,
    /// And so many that wait for their turn.
    waiting_to_preview: tokio::sync::Semaphore,
    #[cfg(any(test, feature = "testing"))]
    sabotage: testing::Sabotage,
    /// Whether passwords are hashed as cheaply as can be: hashing took most of the time of the tests.
    #[cfg(any(test, feature = "testing"))]
    hashes_cheaply: std::sync::atomic::AtomicBool,
    reads: access::AccessLog,
    arrivals: arrivals::Arrivals,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

/// What an actor does with the data. Every verb lives here.
#[derive(Debug, Clone)]
pub struct Acting {
    store: Store,
    actor: Actor,
}

impl Store {
    /// Opens the database. Does not migrate.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(
        url: &DatabaseUrl,
        keys: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
    ) -> Result<Self> {
        let connections = Connections::open(url).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                connections,
                keys,
                clock,
                ids,
                hashing: tokio::sync::Semaphore::new(8),
                waiting_to_hash: tokio::sync::Semaphore::new(200),
                previews: tokio::sync::Semaphore::new(1),
                waiting_to_preview: tokio::sync::Semaphore::new(8),
                #[cfg(any(test, feature = "testing"))]
                sabotage: testing::Sabotage::default(),
                #[cfg(any(test, feature = "testing"))]
                hashes_cheaply: std::sync::atomic::AtomicBool::default(),
                reads: access::AccessLog::default(),
                arrivals: arrivals::Arrivals::default(),
            }),
        })
    }

    /// How the schema at `url` stands to this binary. Makes nothing: a missing SQLite file stays missing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn schema_at(url: &DatabaseUrl) -> Result<Schema> {
        if let DatabaseUrl::Sqlite(path) = url
            && !path.exists()
        {
            return Ok(Schema::Empty);
        }
        let connections = Connections::open(url).await?;
        let schema = connections.schema().await;
        connections.close().await;
        schema
    }

    /// Brings the schema up to this binary's. Harmless when it is there.
    ///
    /// # Errors
    /// When a migration fails.
    pub async fn migrate(&self) -> Result<()> {
        self.inner.connections.migrate().await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn ping(&self) -> Result<()> {
        self.read().execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes every connection; what was committed stays.
    pub async fn close(&self) {
        self.inner.connections.close().await;
    }

    /// Puts an actor in front of the data.
    pub fn acting_as(&self, actor: Actor) -> Acting {
        Acting {
            store: self.clone(),
            actor,
        }
    }

    /// The server acting by itself; `why` lands in the journal.
    pub fn acting_as_system(&self, why: &'static str) -> Acting {
        self.acting_as(Actor::system(why))
    }

    /// Now, by the one clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn backend(&self) -> DatabaseBackend {
        self.inner.connections.backend()
    }

    fn is_postgres(&self) -> bool {
        self.backend() == DatabaseBackend::Postgres
    }

    /// For reads outside a write transaction.
    fn read(&self) -> &Lanes {
        self.inner.connections.read()
    }

    /// For single statements outside a transaction that are no change of the field's own (throttles, leases).
    fn writer(&self) -> &Lanes {
        self.inner.connections.writer()
    }

    fn keys(&self) -> &Keyring {
        &self.inner.keys
    }

    #[cfg(any(test, feature = "testing"))]
    fn sabotaged(&self) -> &testing::Sabotage {
        &self.inner.sabotage
    }

    fn ids(&self) -> &Ids {
        &self.inner.ids
    }

    /// A statement with `$1, $2 …` placeholders, as both databases take them.
    fn sql(&self, text: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.backend(), text, values)
    }

    /// Begins a write transaction (`BEGIN IMMEDIATE` on SQLite, so that reading first never loses the race).
    async fn begin(&self, actor: &Actor) -> Result<Write> {
        let transaction = self.inner.connections.begin_write().await?;
        Ok(Write::new(self.clone(), actor.clone(), transaction))
    }
}

impl Acting {
    /// Remembers the time, so that a start under a wrong clock is noticed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn heartbeat(&self) -> Result<()> {
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE server_state SET latest_at = $1 WHERE id = 1",
                [self.store.now().as_micros().into()],
            ))
            .await?;
        Ok(())
    }

    /// The last time any server of this database knew, as [`Acting::heartbeat`] left it; the epoch when none did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_heartbeat(&self) -> Result<Timestamp> {
        use sea_orm::EntityTrait;
        Ok(tables::server_state::Entity::find_by_id(1)
            .one(self.store.read())
            .await?
            .map_or_else(Timestamp::default, |row| {
                Timestamp::from_micros(row.latest_at)
            }))
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    async fn begin(&self) -> Result<Write> {
        self.store.begin(&self.actor).await
    }
}

/// `column` lies in one of `regions` or below: the filter every scoped read begins with. No region: no row.
fn in_regions<C: sea_orm::ColumnTrait>(column: C, regions: &[RegionCode]) -> sea_orm::Condition {
    if regions.is_empty() {
        return sea_orm::Condition::all().add(sea_orm::sea_query::Expr::cust("1 = 0"));
    }
    regions.iter().fold(sea_orm::Condition::any(), |any, code| {
        // "35.71." up to "35.71/" is everything below 35.71: the slash follows the dot bytewise.
        any.add(column.eq(code.as_str())).add(
            sea_orm::Condition::all()
                .add(column.gte(format!("{code}.")))
                .add(column.lt(format!("{code}/"))),
        )
    })
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if text::is_unavailable(&error) {
            Self::Unavailable(Cause::database(text::without_values(&error)))
        } else {
            Self::Internal(Cause::database(text::without_values(&error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HeldClock;

    #[tokio::test]
    async fn the_schema_goes_up_twice_and_the_journal_cannot_be_edited() {
        let clock: Arc<dyn Clock> =
            Arc::new(HeldClock::at("2026-11-24T03:00:00Z".parse().unwrap()));
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let (store, _fresh) = testing::store(clock, keys, ids).await;
        store.migrate().await.unwrap();
        let mut write = store.begin(&Actor::system("a test")).await.unwrap();
        for n in 0..3 {
            write.journal(
                journal::Entry::new(
                    "test.happened",
                    format!("test:{n}"),
                    tilik_protocol::policy::Role::System,
                    None,
                    &n,
                )
                .unwrap(),
            );
        }
        write.commit().await.unwrap();
        // Also while connections are in use.
        store.migrate().await.unwrap();
        for forbidden in ["UPDATE journal SET action = 'x'", "DELETE FROM journal"] {
            assert!(
                store.read().execute_unprepared(forbidden).await.is_err(),
                "{forbidden}"
            );
        }
        assert!(store.ping().await.is_ok());
    }

    #[tokio::test]
    async fn a_dropped_transaction_and_a_dropped_statement_leave_nothing_and_their_connections_serve_again()
     {
        let clock: Arc<dyn Clock> =
            Arc::new(HeldClock::at("2026-11-24T03:00:00Z".parse().unwrap()));
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let (store, fresh) = testing::store(clock, keys, ids).await;
        let system = Actor::system("a test");
        let change = || store.sql("UPDATE server_state SET latest_at = 7 WHERE id = 1", []);
        let latest = async || {
            store
                .count("SELECT latest_at FROM server_state WHERE id = 1")
                .await
                .unwrap()
        };
        // More often than there are connections to lose.
        for _ in 0..20 {
            let write = store.begin(&system).await.unwrap();
            write.on().execute_raw(change()).await.unwrap();
            write.on().execute_last(change()).await.unwrap();
            drop(write);
            assert_ne!(latest().await, 7);
            let write = store.begin(&system).await.unwrap();
            {
                let mut under_way = write.on().execute_raw(change());
                // Under way, or done already when the database was quick.
                let _ = futures_util::poll!(&mut under_way);
            }
            drop(write);
            assert_ne!(latest().await, 7);
            let mut under_way = store.read().execute_unprepared("SELECT 1");
            let _ = futures_util::poll!(&mut under_way);
            drop(under_way);
        }
        let write = store.begin(&system).await.unwrap();
        write.on().execute_last(change()).await.unwrap();
        write.commit().await.unwrap();
        assert_eq!(latest().await, 7);
        store.close().await;
        assert!(store.begin(&system).await.is_err());
        assert!(store.ping().await.is_err());
        testing::drop_database(&fresh.url).await;
    }
}
