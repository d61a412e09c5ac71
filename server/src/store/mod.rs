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

mod connection;
mod lanes;
mod tables;
mod text;
mod write;

mod access;
mod case_view;
pub mod cases;
pub mod decisions;
pub mod devices;
mod feed;
pub mod imports;
pub mod jobs;
pub mod journal;
pub mod photos;
pub mod review;
pub mod sessions;
mod slots;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trail;
pub mod uploads;
pub mod users;
pub mod visits;

pub use connection::{DatabaseUrl, Schema};
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
    #[cfg(any(test, feature = "testing"))]
    sabotage: testing::Sabotage,
    reads: access::AccessLog,
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
                #[cfg(any(test, feature = "testing"))]
                sabotage: testing::Sabotage::default(),
                reads: access::AccessLog::default(),
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

    #[tokio::test]
    async fn a_photo_that_arrives_whole_takes_away_the_piece_that_another_request_is_just_writing()
    {
        let clock: Arc<dyn Clock> =
            Arc::new(HeldClock::at("2026-11-24T03:00:00Z".parse().unwrap()));
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let (store, fresh) = testing::store(clock, keys, ids.clone()).await;
        let announced = uploads::Announced {
            photo: ids.next(),
            device: ids.next(),
            visit: None,
            sealed_sha256: [7; 32],
            length: 9,
        };
        let by = store.acting_as_system("a test");
        let photo = uuid::Uuid::from(announced.photo);
        let begun = "INSERT INTO upload (id, device_id, sealed_sha256, length, offset_bytes, state, created_at, \
             expires_at) VALUES ($1, $1, $2, 9, 0, 'active', 0, 0)";
        store
            .poke(begun, [photo.into(), vec![7_u8; 32].into()])
            .await
            .unwrap();
        let cut = store.begin(&Actor::system("a test")).await.unwrap();
        for text in [
            "UPDATE upload SET offset_bytes = 5 WHERE id = $1",
            "INSERT INTO upload_chunk (upload_id, offset_bytes, length, blob_key) VALUES ($1, 0, 5, 'k')",
        ] {
            let piece = store.sql(text, [photo.into()]);
            cut.on().execute_raw(piece).await.unwrap();
        }
        let id = announced.photo;
        let arrives = tokio::spawn(async move {
            by.photo_arrived(id, "originals/00/x", None, false, Some(&announced))
                .await
        });
        // Long enough to come to where it waits for the other.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        cut.commit().await.unwrap();
        arrives.await.unwrap().unwrap();
        let left = "SELECT COUNT(*) FROM upload_chunk";
        assert_eq!(store.count(left).await.unwrap(), 0);
        store.close().await;
        testing::drop_database(&fresh.url).await;
    }

    #[tokio::test]
    async fn a_visit_whose_photos_arrive_while_its_manifest_is_being_kept_is_whole_in_the_end() {
        let clock: Arc<dyn Clock> =
            Arc::new(HeldClock::at("2026-11-24T03:00:00Z".parse().unwrap()));
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let (store, fresh) = testing::store(clock, keys, ids.clone()).await;
        let [device, one, other, first, second, both] =
            std::array::from_fn(|_| ids.next::<uuid::Uuid>());
        let visit = "INSERT INTO visit (id, device_id, officer_id, kind, seq, chain_hash, manifest, captured_at, \
             received_at, mock) VALUES ($1, $2, $2, 'quick', 1, $3, $3, 0, 0, FALSE)";
        let link = "INSERT INTO visit_photo (visit_id, photo_id, position, kind, taken_at) \
             VALUES ($1, $2, 0, 'front', 0)";
        let of_visit = |id: uuid::Uuid| [id.into(), device.into(), id.as_bytes().to_vec().into()];
        let user = "INSERT INTO user_account (id, username, name, password_hash, created_at) \
             VALUES ($1, 'u', 'u', 'x', 0)";
        store.poke(user, [device.into()]).await.unwrap();
        let phone = "INSERT INTO device (id, officer_id, name, public_key, key_level, enrolled_at, chain_seq) \
             VALUES ($1, $1, 'p', $2, 'software', 0, 0)";
        let key = vec![1_u8].into();
        store.poke(phone, [device.into(), key]).await.unwrap();
        for (id, of) in [(one, first), (other, second)] {
            let photo = "INSERT INTO photo (id, device_id, sha256, len, sealed_sha256, sealed_len, width, height, \
                 state) VALUES ($1, $2, $3, 1, $3, 1, 1, 1, 'expected')";
            store.poke(photo, of_visit(id)).await.unwrap();
            store.poke(visit, of_visit(of)).await.unwrap();
            store.poke(link, [of.into(), id.into()]).await.unwrap();
        }
        // As a manifest is kept that names photos of visits that are known.
        let manifest = store.begin(&Actor::system("a test")).await.unwrap();
        let lock = if store.is_postgres() {
            "SELECT id FROM photo ORDER BY id FOR UPDATE"
        } else {
            "SELECT id FROM photo"
        };
        for statement in [
            store.sql(visit, of_visit(both)),
            store.sql(link, [both.into(), one.into()]),
            store.sql(link, [both.into(), other.into()]),
            store.sql(lock, []),
        ] {
            manifest.on().execute_raw(statement).await.unwrap();
        }
        let arrives = [one, other].map(|id| {
            let by = store.acting_as_system("a test");
            tokio::spawn(async move {
                by.photo_arrived(id.into(), "originals/00/x", None, false, None)
                    .await
            })
        });
        // Long enough to come to where they wait for it.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        manifest.commit().await.unwrap();
        for arrived in arrives {
            arrived.await.unwrap().unwrap();
        }
        let waiting = "SELECT COUNT(*) FROM visit WHERE complete_at IS NULL";
        assert_eq!(store.count(waiting).await.unwrap(), 0);
        store.close().await;
        testing::drop_database(&fresh.url).await;
    }
}
