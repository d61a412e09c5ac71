//! Opening SQLite and PostgreSQL, and what differs between them.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseBackend};
use tilik_migrations::Migrator;

use super::lanes::{Lanes, Pool, Transaction};
use crate::error::{Error, Result};

#[expect(
    clippy::disallowed_types,
    reason = "this is the one place that opens connections"
)]
type Opened = sea_orm::DatabaseConnection;

/// Where the data are.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// How a database's schema stands to this binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Nothing is there yet.
    Empty,
    /// Migrations of this binary are missing.
    Behind,
    /// As this binary wants it.
    Current,
    /// A newer binary has migrated it.
    Ahead,
}

pub(super) struct Connections {
    url: DatabaseUrl,
    read: Lanes,
    write: Lanes,
}

/// Longest wait for a connection before the answer is `unavailable`.
const ACQUIRE: Duration = Duration::from_secs(5);

/// Prepared statements a connection keeps: more than one is asked for again and again.
const STATEMENTS: usize = 1_000;

/// Rows that SQLite's thread may be ahead of who reads them.
const ROWS_AHEAD: usize = 256;

/// Connections that are open before anybody asks: to open one takes PostgreSQL longer than most requests do.
const READY: u32 = 4;

const SQLITE_READERS: u32 = 4;
const POSTGRES_READERS: u32 = 8;
/// SQLite has one writer anyway, and waiting in our own queue is fair.
const SQLITE_WRITERS: u32 = 1;
const POSTGRES_WRITERS: u32 = 16;

async fn connect(url: &DatabaseUrl, connections: u32) -> Result<Opened> {
    let mut options = match url {
        DatabaseUrl::Sqlite(path) => {
            ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()))
        }
        DatabaseUrl::Postgres(url) => ConnectOptions::new(url.clone()),
    };
    options
        .max_connections(connections)
        .min_connections(connections.min(READY))
        .acquire_timeout(ACQUIRE)
        .sqlx_logging(false);
    match url {
        DatabaseUrl::Sqlite(_) => options
            // A file does not hang up.
            .test_before_acquire(false)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(5))
                    .pragma("cache_size", "-16000")
                    // A page of a list at once: each halt is two threads that wake each other.
                    .row_buffer_size(ROWS_AHEAD)
                    .statement_cache_capacity(STATEMENTS)
            }),
        DatabaseUrl::Postgres(_) => options
            .connect_timeout(ACQUIRE)
            .test_before_acquire(true)
            .map_sqlx_postgres_opts(|postgres| {
                postgres.statement_cache_capacity(STATEMENTS).options([
                    ("synchronous_commit", "on"),
                    // Its compiler costs more than any of our statements.
                    ("jit", "off"),
                    ("idle_in_transaction_session_timeout", "30s"),
                    ("lock_timeout", "5s"),
                ])
            }),
    };
    Ok(Database::connect(options).await?)
}

async fn lanes(url: &DatabaseUrl, connections: u32) -> Result<Lanes> {
    let opened = connect(url, connections).await?;
    let pool = match url {
        DatabaseUrl::Sqlite(_) => Pool::Sqlite(opened.get_sqlite_connection_pool().clone()),
        DatabaseUrl::Postgres(_) => Pool::Postgres(opened.get_postgres_connection_pool().clone()),
    };
    Ok(Lanes::over(pool, ACQUIRE))
}

impl Connections {
    pub(super) async fn open(url: &DatabaseUrl) -> Result<Self> {
        // Apart, so that writers waiting for each other's locks do not keep readers from a connection.
        let (writers, readers) = match url {
            DatabaseUrl::Sqlite(_) => (SQLITE_WRITERS, SQLITE_READERS),
            DatabaseUrl::Postgres(_) => (POSTGRES_WRITERS, POSTGRES_READERS),
        };
        Ok(Self {
            url: url.clone(),
            write: lanes(url, writers).await?,
            read: lanes(url, readers).await?,
        })
    }

    pub(super) async fn migrate(&self) -> Result<()> {
        use sea_orm_migration::MigratorTrait;
        // A connection of its own: those of the lanes may all be in use.
        let opened = connect(&self.url, 1).await?;
        let migrated = Migrator::up(&opened, None).await.map_err(Error::internal);
        opened.close().await?;
        migrated
    }

    /// Changes nothing, so that a user without the right to make tables can ask.
    pub(super) async fn schema(&self) -> Result<Schema> {
        use sea_orm_migration::MigratorTrait;
        let opened = connect(&self.url, 1).await?;
        let statuses = Migrator::get_migration_with_status_read_only(&opened).await;
        opened.close().await?;
        let statuses = match statuses {
            Ok(statuses) => statuses,
            // The only custom error: a migration was applied that this binary does not know.
            Err(sea_orm::DbErr::Custom(_)) => return Ok(Schema::Ahead),
            Err(error) => return Err(error.into()),
        };
        let applied = statuses
            .iter()
            .filter(|one| matches!(one.status(), sea_orm_migration::MigrationStatus::Applied))
            .count();
        Ok(match applied {
            0 => Schema::Empty,
            n if n < statuses.len() => Schema::Behind,
            _ => Schema::Current,
        })
    }

    pub(super) fn backend(&self) -> DatabaseBackend {
        self.read.get_database_backend()
    }

    pub(super) fn read(&self) -> &Lanes {
        &self.read
    }

    pub(super) fn writer(&self) -> &Lanes {
        &self.write
    }

    pub(super) async fn begin_write(&self) -> Result<Transaction> {
        Ok(self.write.begin().await?)
    }

    /// A write transaction that does not wait in the writers' queue.
    #[cfg(any(test, feature = "testing"))]
    pub(super) async fn begin_apart(&self) -> Result<Transaction> {
        let transaction = self.read.begin().await?;
        transaction.execute_unprepared("SELECT 1").await?;
        Ok(transaction)
    }

    pub(super) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
