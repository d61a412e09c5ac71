//! Opening SQLite and PostgreSQL, and what differs between them.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tilik_migrations::Migrator;

use crate::error::{Error, Result};

#[expect(
    clippy::disallowed_types,
    reason = "this is the one place that opens connections"
)]
pub(super) type Reader = sea_orm::DatabaseConnection;

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
    read: Reader,
    write: Reader,
}

/// Longest wait for a connection before the answer is `unavailable`.
const ACQUIRE: Duration = Duration::from_secs(5);

/// A connection that nobody used for this long is tried before it is used again.
const IDLE: Duration = Duration::from_secs(1);

/// Prepared statements a connection keeps: more than there are in this program.
const STATEMENTS: usize = 1_000;

impl Connections {
    pub(super) async fn open(url: &DatabaseUrl) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let target = format!("sqlite://{}?mode=rwc", path.display());
                let options = |connections| {
                    let mut options = ConnectOptions::new(target.clone());
                    options
                        .max_connections(connections)
                        .min_connections(1)
                        .acquire_timeout(ACQUIRE)
                        // A file does not hang up.
                        .test_before_acquire(false)
                        .sqlx_logging(false)
                        .map_sqlx_sqlite_opts(|sqlite| {
                            sqlite
                                .journal_mode(SqliteJournalMode::Wal)
                                .synchronous(SqliteSynchronous::Full)
                                .foreign_keys(true)
                                .busy_timeout(Duration::from_secs(5))
                                .pragma("cache_size", "-16000")
                                .statement_cache_capacity(STATEMENTS)
                        });
                    options
                };
                // One writer: SQLite has one anyway, and waiting in our own queue is fair.
                let write = Database::connect(options(1)).await?;
                let read = Database::connect(options(4)).await?;
                Ok(Self { read, write })
            }
            DatabaseUrl::Postgres(url) => {
                let options = |connections| {
                    let mut options = ConnectOptions::new(url.clone());
                    options
                        .max_connections(connections)
                        .min_connections(1)
                        .acquire_timeout(ACQUIRE)
                        .connect_timeout(ACQUIRE)
                        .test_before_acquire_if_idle_for(IDLE)
                        .sqlx_logging(false)
                        .map_sqlx_postgres_opts(|postgres| {
                            postgres.statement_cache_capacity(STATEMENTS).options([
                                ("synchronous_commit", "on"),
                                ("idle_in_transaction_session_timeout", "30s"),
                                ("lock_timeout", "5s"),
                            ])
                        });
                    options
                };
                // Apart, so that writers waiting for each other's locks do not keep readers from a connection.
                let write = Database::connect(options(16)).await?;
                let read = Database::connect(options(8)).await?;
                Ok(Self { read, write })
            }
        }
    }

    pub(super) async fn migrate(&self) -> Result<()> {
        use sea_orm_migration::MigratorTrait;
        Migrator::up(&self.write, None)
            .await
            .map_err(Error::internal)
    }

    /// Changes nothing, so that a user without the right to make tables can ask.
    pub(super) async fn schema(&self) -> Result<Schema> {
        use sea_orm_migration::MigratorTrait;
        let statuses = match Migrator::get_migration_with_status_read_only(&self.read).await {
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

    pub(super) fn read(&self) -> &Reader {
        &self.read
    }

    pub(super) fn writer(&self) -> &Reader {
        &self.write
    }

    pub(super) async fn begin_write(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.write.begin_with_options(options).await?)
    }

    /// A write transaction that does not wait in the writers' queue.
    #[cfg(any(test, feature = "testing"))]
    pub(super) async fn begin_apart(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.read.begin_with_options(options).await?)
    }

    pub(super) async fn close(&self) {
        // Errors on closing change nothing that was committed.
        let _ = self.read.clone().close().await;
        let _ = self.write.clone().close().await;
    }
}
