//! A fresh database per test: a SQLite file, or a new PostgreSQL database when `TILIK_TEST_DATABASE_URL` names a server.
//! The same suite runs on both; `tests/run` runs it twice.

use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Database};

use super::{DatabaseUrl, Store};
use crate::clock::{Clock, Ids};
use crate::keys::Keyring;

/// Where a fresh database is, and its folder if it has one.
#[derive(Debug)]
pub struct Fresh {
    /// The database.
    pub url: DatabaseUrl,
    /// Holds the SQLite file; also room for other files of the test.
    pub folder: tempfile::TempDir,
}

/// Makes an empty database. Not migrated yet.
///
/// # Panics
/// When there is no disk or the named PostgreSQL server does not answer: a test cannot go on.
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn fresh(ids: &Ids) -> Fresh {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match std::env::var("TILIK_TEST_DATABASE_URL") {
        Err(_) => DatabaseUrl::Sqlite(PathBuf::from(folder.path()).join("tilik.sqlite")),
        Ok(server) => {
            let salt = u64::from_be_bytes(ids.bytes::<8>());
            let name = format!("tilik_{}_{salt:016x}", std::process::id());
            let admin = Database::connect(server.as_str())
                .await
                .expect("the test server answers");
            admin
                .execute_unprepared(&format!("CREATE DATABASE {name}"))
                .await
                .expect("a new database");
            admin.close().await.expect("closes");
            let (base, query) = server.split_once('?').unwrap_or((&server, ""));
            let (host, _) = base.rsplit_once('/').expect("postgres://host/database");
            let query = if query.is_empty() {
                String::new()
            } else {
                format!("?{query}")
            };
            DatabaseUrl::Postgres(format!("{host}/{name}{query}"))
        }
    };
    Fresh { url, folder }
}

/// A migrated store on a fresh database.
///
/// # Panics
/// As [`fresh`].
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn store(clock: Arc<dyn Clock>, keys: Arc<Keyring>, ids: Arc<Ids>) -> (Store, Fresh) {
    let fresh = fresh(&ids).await;
    let store = Store::open(&fresh.url, keys, clock, ids)
        .await
        .expect("opens");
    store.migrate().await.expect("migrates");
    (store, fresh)
}
