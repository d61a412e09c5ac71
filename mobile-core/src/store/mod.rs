//! The phone's own databases and folders: one SQLite file for the phone, one for each officer.
//!
//! One connection a file, WAL, `synchronous=FULL`: what a call returned is on the disk. With the feature `sqlcipher` the
//! files are encrypted under the key of the port. The one invariant: a row that names a file is written after the file.

pub(crate) mod drafts;
pub(crate) mod house_photos;
pub(crate) mod in_flight;
pub(crate) mod meta;
pub(crate) mod outbox;
mod schema;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tilik_protocol::ids::UserId;
use tilik_protocol::manifest::Hash32;
use tilik_protocol::time::Timestamp;

use crate::error::{Error, Result};
use crate::feed::Roster;
use crate::ports::{PortError, Ports};

/// The folder of sealed files.
pub(crate) const SPOOL: &str = "spool";
/// The folder of drafts' photos, each encrypted.
pub(crate) const DRAFTS: &str = "drafts";

/// Where the database and the drafts lie that no key opens any more.
const LOST: &str = "lost";
/// How long they lie there, in seconds.
const KEEP_LOST_S: i64 = 30 * 86_400;
const DEVICE_FILE: &str = "device.db";

/// The open databases.
pub(crate) struct Stores {
    /// What belongs to the phone.
    pub(crate) device: Connection,
    /// What belongs to the officer who is signed in, or was last.
    pub(crate) account: Option<Account>,
}

/// One officer's database.
pub(crate) struct Account {
    pub(crate) user: UserId,
    pub(crate) db: Connection,
    /// What was read of the feed, until it changes.
    pub(crate) roster: RefCell<Option<Arc<Roster>>>,
}

impl Stores {
    /// Opens the phone's database, and the account's when somebody was signed in.
    pub(crate) fn open(folder: &Path, ports: &Ports) -> Result<Self> {
        let file = folder.join(DEVICE_FILE);
        let key_is_lost = matches!(ports.keys.database_key(), Err(PortError::Lost));
        if key_is_lost {
            set_aside(folder)?;
            ports.keys.new_database_key()?;
        }
        make_folders(folder)?;
        let device = match open(&file, ports, schema::DEVICE) {
            // Under another key, or destroyed: nobody can read it.
            Err(error) if is_unreadable(&error) => {
                set_aside(folder)?;
                make_folders(folder)?;
                open(&file, ports, schema::DEVICE)?
            }
            opened => opened?,
        };
        note_loss(&device, folder, ports)?;
        let user: Option<UserId> = meta::get(&device, meta::USER)?;
        let account = user
            .map(|user| Account::open(folder, ports, user))
            .transpose()?;
        Ok(Self { device, account })
    }
}

fn make_folders(folder: &Path) -> Result<()> {
    for name in [SPOOL, DRAFTS] {
        std::fs::create_dir_all(folder.join(name))?;
    }
    Ok(())
}

pub(crate) fn is_unreadable(error: &Error) -> bool {
    matches!(
        error,
        Error::Sql(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(
                failure.code,
                rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt
            )
    )
}

/// Puts away what can no longer be read, so that the phone can begin anew; rosters come again from the server. The
/// write-ahead log goes first: beside another database it would be taken for that one's. Sealed files stay. Each loss has a
/// folder of its own, numbered.
pub(crate) fn set_aside(folder: &Path) -> Result<()> {
    wipe_accounts(folder)?;
    let lost = (1..10_000)
        .map(|n| folder.join(LOST).join(format!("{n}")))
        .find(|lost| !lost.exists())
        .ok_or(Error::Broken("lost"))?;
    std::fs::create_dir_all(&lost)?;
    let [wal, shm] = ["-wal", "-shm"].map(|ending| format!("{DEVICE_FILE}{ending}"));
    for name in [&wal, &shm, DRAFTS, DEVICE_FILE] {
        let (from, to) = (folder.join(name), lost.join(name));
        match std::fs::rename(from, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Remembers that the phone began anew, and throws away what was put aside when it has lain there long enough.
fn note_loss(device: &Connection, folder: &Path, ports: &Ports) -> Result<()> {
    let lost = folder.join(LOST);
    if !lost.exists() {
        return Ok(());
    }
    let now = Timestamp::from_micros(ports.clock.wall_micros());
    match meta::get(device, meta::KEY_LOST_AT)? {
        None => meta::set(device, meta::KEY_LOST_AT, &now),
        Some(at) if now.seconds_since(at) > KEEP_LOST_S => Ok(std::fs::remove_dir_all(lost)?),
        Some(_) => Ok(()),
    }
}

/// Removes every officer's file, with what SQLite keeps beside it.
pub(crate) fn wipe_accounts(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("account-") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl Account {
    /// Opens one officer's database.
    pub(crate) fn open(folder: &Path, ports: &Ports, user: UserId) -> Result<Self> {
        let file = Self::file(folder, user);
        let db = match open(&file, ports, schema::ACCOUNT) {
            // Of another key, or destroyed: all of it comes again from the server.
            Err(error) if is_unreadable(&error) => {
                wipe_accounts(folder)?;
                open(&file, ports, schema::ACCOUNT)?
            }
            opened => opened?,
        };
        Ok(Self {
            user,
            db,
            roster: RefCell::default(),
        })
    }

    pub(crate) fn file(folder: &Path, user: UserId) -> PathBuf {
        folder.join(format!("account-{user}.db"))
    }
}

fn open(file: &Path, ports: &Ports, steps: &[&str]) -> Result<Connection> {
    let mut db = Connection::open(file)?;
    unlock(&db, ports)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    let seen: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let seen = usize::try_from(seen).unwrap_or(usize::MAX);
    if seen > steps.len() {
        // Written by a newer app; to go on could lose what it wrote.
        return Err(Error::Told(crate::error::CoreError::UpdateApp));
    }
    for (n, step) in (1_u32..).zip(steps).skip(seen) {
        let tx = db.transaction()?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", n)?;
        tx.commit()?;
    }
    Ok(db)
}

/// A hash as its hexadecimal text says it.
pub(crate) fn parse_hash(text: &str) -> Result<Hash32> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(Error::Broken("hash"));
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| Error::Broken("hash"))?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| Error::Broken("hash"))?;
    }
    Ok(Hash32(bytes))
}

#[cfg(feature = "sqlcipher")]
fn unlock(db: &Connection, ports: &Ports) -> Result<()> {
    use std::fmt::Write;
    use zeroize::Zeroizing;
    let key = Zeroizing::new(ports.keys.database_key()?);
    if key.len() != 32 {
        return Err(Error::Broken("database-key-length"));
    }
    // A raw key: no derivation, so opening is quick.
    let mut text = Zeroizing::new(String::with_capacity(67));
    text.push_str("x'");
    for byte in key.iter() {
        write!(text, "{byte:02x}").map_err(|_| Error::Broken("database-key-text"))?;
    }
    text.push('\'');
    db.pragma_update(None, "key", text.as_str())?;
    Ok(())
}

#[cfg(not(feature = "sqlcipher"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the encrypted build can fail here"
)]
fn unlock(_: &Connection, _: &Ports) -> Result<()> {
    Ok(())
}
