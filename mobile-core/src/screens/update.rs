//! A newer app, offered by the city's own server: told of, fetched when the officer asks for it, checked byte by byte.
//! What installs it is the phone, which checks the signature; an old app may always seal and send.

use std::path::PathBuf;

use rusqlite::Connection;
use tilik_protocol::sync::AppRelease;

use crate::backoff;
use crate::error::{Error, Result};
use crate::outbox::hash_file;
use crate::phone::{self, Phone};
use crate::pump::{self, header, no_network, problem_code, retry_after_s, says_nothing};
use crate::requests::{Request, RequestBody, Response};
use crate::store::in_flight::{self, InFlight, Kind};
use crate::store::meta;
use crate::{Core, FieldApp};

/// The folder of what was fetched.
const FOLDER: &str = "update";
const FILE: &str = "tilik.apk";
const PART: &str = "tilik.apk.part";
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// Whether a newer app is at hand.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum UpdateState {
    /// None.
    None,
    /// The server has one.
    Offered {
        /// Its version.
        version: String,
        /// How large it is.
        bytes: u64,
    },
    /// It is being fetched.
    Fetching {
        /// Its version.
        version: String,
        /// How large it is.
        bytes: u64,
    },
    /// It is here, byte by byte what the server announced.
    Ready {
        /// Its version.
        version: String,
        /// Its full path.
        file: String,
    },
}

/// The app that the server offers, when it is newer than this one. What is offered is Android's.
fn offer(db: &Connection, phone: &Phone) -> Result<Option<AppRelease>> {
    if cfg!(target_os = "ios") {
        return Ok(None);
    }
    Ok(meta::get(db, meta::APP_OFFER)?
        .filter(|offer| phone::is_newer(&offer.version, &phone.app.version)))
}

fn file(phone: &Phone) -> PathBuf {
    phone.folder.join(FOLDER).join(FILE)
}

/// Whether what was offered lies here already.
fn is_ready(db: &Connection, phone: &Phone, offer: &AppRelease) -> Result<bool> {
    Ok(
        meta::get(db, meta::UPDATE_READY)?.as_deref() == Some(offer.sha256.as_str())
            && file(phone).exists(),
    )
}

/// The app that the officer asked for and that is not here yet.
pub(crate) fn wanted(db: &Connection, phone: &Phone) -> Result<Option<AppRelease>> {
    let Some(offer) = offer(db, phone)? else {
        return Ok(None);
    };
    let is_wanted = meta::get(db, meta::UPDATE_WANTED)?.as_deref() == Some(offer.sha256.as_str());
    Ok(if is_wanted && !is_ready(db, phone, &offer)? {
        Some(offer)
    } else {
        None
    })
}

pub(crate) fn state(app: &FieldApp) -> Result<UpdateState> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    let Some(offer) = offer(db, phone)? else {
        return Ok(UpdateState::None);
    };
    if is_ready(db, phone, &offer)? {
        return Ok(UpdateState::Ready {
            version: offer.version,
            file: file(phone).to_string_lossy().into_owned(),
        });
    }
    let AppRelease { version, bytes, .. } = offer;
    Ok(if wanted(db, phone)?.is_some() {
        UpdateState::Fetching { version, bytes }
    } else {
        UpdateState::Offered { version, bytes }
    })
}

pub(crate) fn fetch(app: &FieldApp) -> Result<()> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    let offer = offer(db, phone)?.ok_or_else(|| Error::refused("no_update"))?;
    if phone.ports.space.free_bytes() < offer.bytes.saturating_add(phone::FULL_BELOW_BYTES) {
        return Err(crate::CoreError::StorageFull.into());
    }
    backoff::clear(db, backoff::UPDATE)?;
    if meta::get(db, meta::UPDATE_WANTED)?.as_ref() != Some(&offer.sha256) {
        // Of another app.
        remove(&part(phone))?;
    }
    meta::set(db, meta::UPDATE_WANTED, &offer.sha256)
}

/// The request that fetches it, or the rest of it: on a village's line tens of megabytes do not come in one piece.
pub(crate) fn request(core: &mut Core, phone: &Phone) -> Result<Option<Request>> {
    let db = &core.stores.device;
    let Some(offer) = wanted(db, phone)? else {
        return Ok(None);
    };
    std::fs::create_dir_all(phone.folder.join(FOLDER))?;
    let part = part(phone);
    let have = std::fs::metadata(&part).map_or(0, |part| part.len());
    if have >= offer.bytes {
        // The last answer was lost with the app.
        take(db, phone, &offer)?;
        return Ok(None);
    }
    let mut headers = pump::common(phone, None);
    if have > 0 {
        headers.push(header("Range", &format!("bytes={have}-")));
        // Another app than the one that was begun comes whole.
        headers.push(header("If-Range", &format!("\"{}\"", offer.sha256)));
    }
    let id = phone.new_id::<uuid::Uuid>().to_string();
    let id = in_flight::put(db, Kind::Update, "", &id, &offer.sha256)?;
    Ok(Some(Request {
        id,
        method: "GET".to_owned(),
        path: "/v1/app/android".to_owned(),
        headers,
        body: RequestBody::None,
        save_to: Some(part.to_string_lossy().into_owned()),
    }))
}

/// What was fetched so far.
fn part(phone: &Phone) -> PathBuf {
    phone.folder.join(FOLDER).join(PART)
}

/// Takes what was fetched for the app, when it is that byte by byte; anything else goes.
fn take(db: &Connection, phone: &Phone, offer: &AppRelease) -> Result<()> {
    let part = part(phone);
    let Ok((sha256, bytes)) = hash_file(&part) else {
        return no_network(db, phone);
    };
    if bytes != offer.bytes || sha256.to_string() != offer.sha256 {
        // Half of it, another one, or some network's page.
        remove(&part)?;
        meta::set(db, meta::LAST_PROBLEM, &"update_damaged".to_owned())?;
        return backoff::fail(db, phone, backoff::UPDATE, None);
    }
    std::fs::rename(&part, file(phone))?;
    meta::set(db, meta::UPDATE_READY, &offer.sha256)?;
    backoff::clear(db, backoff::UPDATE)?;
    backoff::clear(db, backoff::NET)
}

fn remove(path: &std::path::Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(crate) fn on_response(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    let db = &core.stores.device;
    in_flight::forget(db, &row.id)?;
    if !response.is_success() {
        let code = problem_code(response);
        meta::set(db, meta::LAST_PROBLEM, &code)?;
        if response.status == RANGE_NOT_SATISFIABLE {
            // What is here is longer than what is there.
            remove(&part(phone))?;
        }
        if says_nothing(response) {
            return backoff::fail(db, phone, backoff::UPDATE, retry_after_s(response));
        }
        // The server has none any more.
        remove(&part(phone))?;
        return meta::forget(db, meta::UPDATE_WANTED);
    }
    match wanted(db, phone)? {
        Some(offer) => take(db, phone, &offer),
        None => remove(&part(phone)),
    }
}

/// What the app was fetched for is done: it is this one now, or another one is offered.
pub(crate) fn clean(db: &Connection, phone: &Phone) -> Result<()> {
    let keeps = match offer(db, phone)? {
        Some(offer) => is_ready(db, phone, &offer)?,
        None => false,
    };
    if !keeps {
        remove(&file(phone))?;
        meta::forget(db, meta::UPDATE_READY)?;
    }
    if wanted(db, phone)?.is_none() {
        remove(&part(phone))?;
    }
    Ok(())
}
