//! From settings to a server: keys, database, blobs, in that order, each refused with what to do about it.
//!
//! A keyring is made only where there is nothing yet that an older one could have protected. The embedded database is
//! migrated on the way; PostgreSQL only by `tilik migrate`, so that two servers of different age never race for it.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::App;
use crate::blobs::{BlobError, Blobs, Directory, S3, SealedBlobs};
use crate::clock::{Clock, Ids, SystemClock};
use crate::config::{Config, Console};
use crate::error::Error;
use crate::http::console;
use crate::keys::{Keyring, KeyringError, Loading};
use crate::metrics::{Metered, Metrics};
use crate::store::{Schema, Store};

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("TILIK_DATA_DIR: the folder {0} cannot be used: {1}")]
    DataDir(PathBuf, io::Error),
    /// The keyring cannot be used.
    #[error("TILIK_KEYS: {0}: {1}")]
    Keys(PathBuf, KeyringError),
    /// There are data, but not their keys.
    #[error(
        "TILIK_KEYS: {0} is not there, but the database is. Bring the keyring back from where it is kept: without it \
         nothing in this database can be read"
    )]
    KeysGone(PathBuf),
    /// The keys are those of another database.
    #[error(
        "TILIK_KEYS: {0} is not the keyring that this database was written with. Name the right one; nothing was changed"
    )]
    KeysForeign(PathBuf),
    /// The schema is missing or old, and this command does not migrate.
    #[error(
        "TILIK_DATABASE_URL: the database's schema is not this program's yet. Run `tilik migrate` once"
    )]
    NotMigrated,
    /// A newer program was here.
    #[error(
        "TILIK_DATABASE_URL: a newer program has migrated this database. Install that one, or bring back the copy made \
         before"
    )]
    Newer,
    /// A release without its console, and nobody said that it is meant to have none.
    #[error(
        "TILIK_CONSOLE: this program was built without the console, so nobody could review or decide. Install a whole \
         release (`npm ci && npm run build` in server/console, then `cargo build --release`), or set TILIK_CONSOLE=none \
         for a server that only phones and programs use"
    )]
    NoConsole,
    /// The database does not answer.
    #[error(
        "TILIK_DATABASE_URL: the database does not answer as it should ({0}). Check address, user and network"
    )]
    Database(Error),
    /// The blob store does not answer.
    #[error(
        "the photo store does not answer as it should ({0}). Check the TILIK_S3_ variables or the data folder"
    )]
    Blobs(BlobError),
}

/// Who may bring the schema up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrating {
    /// Nobody: the command only looks.
    Never,
    /// The embedded SQLite only.
    Embedded,
    /// Any database.
    Always,
}

/// How this binary came about, as far as a missing console depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// It has the console's pages.
    pub has_console: bool,
    /// It is a release, or as good as one: nobody who develops is looking.
    pub is_release: bool,
}

impl Built {
    /// This very binary.
    pub fn here() -> Self {
        Self {
            has_console: console::is_built(),
            is_release: !cfg!(debug_assertions),
        }
    }
}

/// Whether browsers will find what they are promised. A release without a console does not serve unless that is what its
/// operator wants; a demonstration and a development build go on, with a word to be logged.
///
/// # Errors
/// [`StartError::NoConsole`].
pub fn console_is_there(
    wanted: Console,
    demo: bool,
    built: Built,
) -> Result<Option<&'static str>, StartError> {
    match wanted {
        Console::None => Ok(Some("TILIK_CONSOLE is none: browsers find no console here")),
        Console::Embedded if built.has_console => Ok(None),
        Console::Embedded if built.is_release && !demo => Err(StartError::NoConsole),
        Console::Embedded => Ok(Some(
            "the console was not built: run `npm ci && npm run build` in server/console",
        )),
    }
}

/// The machine's clock and randomness.
pub fn clock_and_ids() -> (Arc<dyn Clock>, Arc<Ids>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Arc::new(Ids::new(clock.clone()));
    (clock, ids)
}

/// A store on the configured database, with its keys.
///
/// # Errors
/// What stands in the way, and its remedy.
pub async fn open_store(
    config: &Config,
    demo: bool,
    migrating: Migrating,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
) -> Result<(Store, Arc<Keyring>), StartError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .map_err(|error| StartError::DataDir(config.data_dir.clone(), error))?;
    let schema = Store::schema_at(&config.database)
        .await
        .map_err(StartError::Database)?;
    let may_migrate = match migrating {
        Migrating::Never => false,
        Migrating::Embedded => config.is_embedded(),
        Migrating::Always => true,
    };
    match schema {
        Schema::Current => {}
        Schema::Empty | Schema::Behind if may_migrate => {}
        Schema::Empty | Schema::Behind => return Err(StartError::NotMigrated),
        Schema::Ahead => return Err(StartError::Newer),
    }
    let keys = Arc::new(keyring(config, demo, schema, &ids)?);
    let store = Store::open(&config.database, keys.clone(), clock, ids)
        .await
        .map_err(StartError::Database)?;
    if schema != Schema::Current {
        store.migrate().await.map_err(StartError::Database)?;
        store.hear_names().await.map_err(StartError::Database)?;
    }
    if migrating == Migrating::Never {
        return Ok((store, keys));
    }
    let fits = store
        .acting_as_system("starting")
        .is_journal_ours()
        .await
        .map_err(StartError::Database)?;
    if fits {
        Ok((store, keys))
    } else {
        Err(StartError::KeysForeign(config.keys.clone()))
    }
}

fn keyring(config: &Config, demo: bool, schema: Schema, ids: &Ids) -> Result<Keyring, StartError> {
    let refuse = |error| StartError::Keys(config.keys.clone(), error);
    let loading = Loading {
        data_dir: Some(&config.data_dir),
        demo,
    };
    if config.keys.exists() {
        return Keyring::load(&config.keys, loading).map_err(refuse);
    }
    if schema != Schema::Empty {
        return Err(StartError::KeysGone(config.keys.clone()));
    }
    Keyring::generate(ids, demo)
        .save(&config.keys)
        .map_err(refuse)?;
    Keyring::load(&config.keys, loading).map_err(|error| {
        // Made a moment ago, and nothing was written under it.
        let _ = std::fs::remove_file(&config.keys);
        refuse(error)
    })
}

/// A whole server, ready to be served.
///
/// # Errors
/// What stands in the way, and its remedy.
pub async fn open_app(config: Config, demo: bool) -> Result<App, StartError> {
    let (clock, ids) = clock_and_ids();
    let (store, keys) = open_store(
        &config,
        demo,
        Migrating::Embedded,
        clock.clone(),
        ids.clone(),
    )
    .await?;
    let metrics = Arc::new(Metrics::default());
    let blobs: Arc<dyn Blobs> = match &config.s3 {
        Some(options) => Arc::new(S3::new(options)),
        None => Arc::new(
            Directory::open(config.data_dir.join("blobs"))
                .await
                .map_err(StartError::Blobs)?,
        ),
    };
    blobs.ready().await.map_err(StartError::Blobs)?;
    let blobs = Metered::new(blobs, metrics.clone());
    let blobs = SealedBlobs::new(Arc::new(blobs), keys.clone(), ids.clone());
    let mut app = App::new(store, blobs, keys, clock, ids, config);
    app.metrics = metrics;
    let last = app
        .store
        .acting_as_system("starting")
        .last_heartbeat()
        .await
        .map_err(StartError::Database)?;
    app.sundial.heartbeat_was(last);
    app.receiving
        .clean()
        .map_err(|error| StartError::DataDir(app.config.data_dir.clone(), error))?;
    app.look_at_the_disk().await.map_err(StartError::Database)?;
    Ok(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_without_its_console_serves_only_where_that_is_wanted() {
        let ask = |wanted, demo, has_console, is_release| {
            let built = Built {
                has_console,
                is_release,
            };
            console_is_there(wanted, demo, built)
        };
        // The wrong way: the operator is told the variable, and what to do.
        let refused = ask(Console::Embedded, false, false, true).unwrap_err();
        let told = refused.to_string();
        assert!(
            told.starts_with("TILIK_CONSOLE:") && told.contains("npm run build"),
            "{told}"
        );
        // Every other is served; silent only when all is there.
        for demo in [false, true] {
            for is_release in [false, true] {
                let whole = ask(Console::Embedded, demo, true, is_release);
                assert_eq!(whole.unwrap(), None);
                for has_console in [false, true] {
                    let none = ask(Console::None, demo, has_console, is_release);
                    assert!(none.unwrap().is_some());
                }
            }
            assert!(
                ask(Console::Embedded, demo, false, false)
                    .unwrap()
                    .is_some()
            );
        }
        assert!(ask(Console::Embedded, true, false, true).unwrap().is_some());
    }
}
