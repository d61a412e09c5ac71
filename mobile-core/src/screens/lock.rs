//! The app's own PIN: six digits between a phone that was put down for a moment and the families on it.
//!
//! Only a slow hash (scrypt) is kept, of the PIN together with the key from the phone's keystore, so that a copy of the
//! disk cannot be searched. A try is counted on the disk before it is judged: an app that is killed gives none back. After
//! the last one session and roster are gone at once; drafts stay encrypted until the same officer signs in online, and
//! what is sealed is delivered all the same.

use hmac::{Hmac, Mac};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tilik_protocol::ids::UserId;
use zeroize::Zeroizing;

use crate::backoff::S;
use crate::error::{CoreError, Error, Result};
use crate::phone::Phone;
use crate::store::{meta, wipe_accounts};
use crate::{Core, FieldApp, account};

/// Wrong PINs until the session is gone.
const MOST_TRIES: u32 = 5;
const DIGITS: usize = 6;
const SALT_BYTES: u32 = 16;
const HASH_BYTES: usize = 32;
/// Another PIN is chosen by whoever has just shown the one that is, not by whoever was lent an open phone.
const SHOWN_NS: u64 = 120 * S;
/// 16 MiB and a tenth of a second of a cheap phone.
const SCRYPT_LOG_N: u8 = 14;

/// Whether the app is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum LockState {
    /// No PIN was chosen; nothing is locked.
    NoPin,
    /// The PIN is asked for.
    Locked {
        /// Wrong ones that are left.
        tries_left: u32,
    },
    /// Only signing in online opens the app again.
    SignInNeeded,
    /// Open.
    Open,
}

/// The PIN as the disk knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pin {
    user: UserId,
    salt: Vec<u8>,
    hash: Vec<u8>,
    tries: u32,
    log_n: u8,
}

/// Whose drafts are kept shut until they sign in.
pub(crate) fn is_guarded(db: &Connection, officer: UserId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM guarded WHERE officer = ?1")?
        .exists([officer.to_string()])?)
}

fn guard(db: &Connection, officer: UserId) -> Result<()> {
    db.prepare_cached("INSERT INTO guarded (officer) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([officer.to_string()])?;
    Ok(())
}

/// The slow hash. The salt passes through the phone's key first: without the keystore there is nothing to try.
fn hash(phone: &Phone, pin: &str, salt: &[u8], log_n: u8) -> Result<Zeroizing<Vec<u8>>> {
    let root = Zeroizing::new(phone.ports.keys.database_key()?);
    let mut bound = <Hmac<Sha256> as Mac>::new_from_slice(&root)
        .map_err(|_| Error::Broken("database-key-length"))?;
    bound.update(b"app pin v1");
    bound.update(salt);
    let salt = Zeroizing::new(bound.finalize().into_bytes().to_vec());
    let params = scrypt::Params::new(log_n, 8, 1, HASH_BYTES)
        .map_err(|_| Error::Broken("pin-parameters"))?;
    let mut out = Zeroizing::new(vec![0; HASH_BYTES]);
    scrypt::scrypt(pin.as_bytes(), &salt, &params, &mut out)
        .map_err(|_| Error::Broken("pin-hash"))?;
    Ok(out)
}

/// Whether both are the same, in the same time whatever they are.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .fold(0, |unlike, (one, other)| unlike | (one ^ other))
            == 0
}

/// Digits that everybody tries first: all alike, a row up or down, two or three digits over and over.
fn is_too_simple(digits: &[u8]) -> bool {
    let steps = |by: i16| {
        digits
            .windows(2)
            .all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by)
    };
    let repeats = |len: usize| {
        digits
            .iter()
            .zip(&digits[len..])
            .all(|(one, other)| one == other)
    };
    steps(0) || steps(1) || steps(-1) || repeats(2) || repeats(3)
}

fn check(pin: &str) -> Result<()> {
    let digits = pin.as_bytes();
    if digits.len() != DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Error::refused("pin_not_six_digits"));
    }
    if is_too_simple(digits) {
        return Err(Error::refused("pin_too_simple"));
    }
    Ok(())
}

fn state(core: &Core) -> Result<LockState> {
    let db = &core.stores.device;
    let Some(pin) = meta::get(db, meta::PIN)? else {
        let anybody_out = meta::get(db, meta::USER)?.is_none()
            && db
                .prepare_cached("SELECT 1 FROM guarded")?
                .exists(params![])?;
        return Ok(if anybody_out {
            LockState::SignInNeeded
        } else {
            LockState::NoPin
        });
    };
    Ok(if core.unlocked {
        LockState::Open
    } else {
        LockState::Locked {
            tries_left: MOST_TRIES.saturating_sub(pin.tries),
        }
    })
}

/// The last try was counted and the app died before it acted on it.
fn finish(core: &mut Core, phone: &Phone) -> Result<()> {
    match meta::get(&core.stores.device, meta::PIN)? {
        Some(pin) if pin.tries >= MOST_TRIES && !core.unlocked => shut(core, phone, pin.user),
        Some(_) | None => Ok(()),
    }
}

/// Session and roster go; the officer's drafts stay, and stay shut.
fn shut(core: &mut Core, phone: &Phone, user: UserId) -> Result<()> {
    account::leave(core, phone, |tx| {
        guard(tx, user)?;
        meta::forget(tx, meta::PIN)?;
        meta::set(tx, meta::LAST_PROBLEM, &"pin_wrong_too_often".to_owned())
    })?;
    core.unlocked = false;
    wipe_accounts(&phone.folder)
}

/// Somebody signed in online, who has shown more than a PIN. Tells whether the app is open afterwards by a PIN that was
/// shown before.
pub(crate) fn on_signed_in(db: &Connection, user: UserId, unlocked: bool) -> Result<bool> {
    db.prepare_cached("DELETE FROM guarded WHERE officer = ?1")?
        .execute([user.to_string()])?;
    match meta::get(db, meta::PIN)? {
        Some(pin) if pin.user == user && unlocked => Ok(true),
        Some(pin) => {
            if pin.user != user {
                guard(db, pin.user)?;
            }
            meta::forget(db, meta::PIN)?;
            Ok(false)
        }
        None => Ok(unlocked),
    }
}

/// Refuses while the app is locked.
pub(crate) fn check_open(app: &FieldApp) -> Result<()> {
    match state(&app.core())? {
        LockState::Open | LockState::NoPin => Ok(()),
        LockState::Locked { .. } | LockState::SignInNeeded => Err(CoreError::Locked.into()),
    }
}

pub(crate) fn lock_state(app: &FieldApp) -> Result<LockState> {
    let mut core = app.core();
    finish(&mut core, app.phone())?;
    state(&core)
}

pub(crate) fn choose(app: &FieldApp, pin: &str) -> Result<LockState> {
    check(pin)?;
    let phone = app.phone();
    let mut core = app.core();
    match state(&core)? {
        LockState::Open | LockState::NoPin => {}
        LockState::Locked { .. } | LockState::SignInNeeded => {
            return Err(CoreError::Locked.into());
        }
    }
    let now = phone.ports.monotonic.elapsed_ns();
    let was_shown = core
        .pin_shown_ns
        .take()
        .is_some_and(|at| (at..at + SHOWN_NS).contains(&now));
    let db = &core.stores.device;
    if meta::get(db, meta::PIN)?.is_some() && !was_shown {
        return Err(Error::refused("old_pin_first"));
    }
    let user = meta::get(db, meta::USER)?.ok_or(CoreError::SignInAgain)?;
    let salt = phone.ports.rng.fill(SALT_BYTES);
    if salt.len() != SALT_BYTES as usize {
        return Err(Error::Broken("chance"));
    }
    let hash = hash(phone, pin, &salt, SCRYPT_LOG_N)?.to_vec();
    let chosen = Pin {
        user,
        salt,
        hash,
        tries: 0,
        log_n: SCRYPT_LOG_N,
    };
    meta::set(db, meta::PIN, &chosen)?;
    core.unlocked = true;
    state(&core)
}

pub(crate) fn unlock(app: &FieldApp, pin: &str) -> Result<LockState> {
    let phone = app.phone();
    let mut core = app.core();
    finish(&mut core, phone)?;
    let db = &core.stores.device;
    let Some(mut known) = meta::get(db, meta::PIN)? else {
        return state(&core);
    };
    // Not a try: nobody types that by mistake and means a PIN.
    if pin.len() != DIGITS || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::refused("pin_not_six_digits"));
    }
    // A keystore that does not answer costs no try: nothing was judged.
    let typed = hash(phone, pin, &known.salt, known.log_n)?;
    known.tries += 1;
    meta::set(db, meta::PIN, &known)?;
    if is_same(&typed, &known.hash) {
        known.tries = 0;
        meta::set(db, meta::PIN, &known)?;
        core.unlocked = true;
        core.pin_shown_ns = Some(phone.ports.monotonic.elapsed_ns());
    } else {
        core.unlocked = false;
        finish(&mut core, phone)?;
    }
    state(&core)
}

pub(crate) fn lock(app: &FieldApp) {
    let mut core = app.core();
    core.unlocked = false;
    core.pin_shown_ns = None;
    core.heard.clear();
}
