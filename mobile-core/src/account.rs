//! Enrolment, signing in and out, the session, and how the phone stands.
//!
//! A lost reply costs nothing: enrolment repeats its own device id, a refresh shows the same old token with a fresh proof
//! of the phone's key, which the server forgives.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use tilik_protocol::ids::DeviceId;
use tilik_protocol::problem::Problem;
use tilik_protocol::session::{
    ChangePassword, EnrolDevice, Enrolled, Refresh, RevokeKind, SignIn, Tokens, enrol_proof_input,
    refresh_proof_input, sign_in_proof_input,
};
use tilik_protocol::time::Timestamp;
use zeroize::Zeroizing;

use crate::backoff::{self, S};
use crate::error::{CoreError, Error, Result};
use crate::phone::{self, FULL_BELOW_BYTES, LOW_BELOW_BYTES, Phone};
use crate::pump::{Access, json, no_network, problem_code, retry_after_s, says_nothing};
use crate::requests::{Request, RequestBody, Response};
use crate::screens::{ClockProblem, SpaceProblem, Status, lock};
use crate::store::in_flight::{self, InFlight, Kind};
use crate::store::meta::{self, ServerTime};
use crate::store::{Account, DRAFTS, Stores, wipe_accounts};
use crate::{Core, FieldApp, feed, outbox, pump, spare};

/// Off by more than this the phone's clock is wrong, in seconds.
const CLOCK_S: i64 = 300;
/// An access token is used this long at most before another one is asked for, in seconds.
const ACCESS_S: u64 = 540;

/// The server's status for what is done and needs no words; a page from between comes with another.
const DONE: u16 = 204;

/// An enrolment on its way.
#[derive(Serialize, Deserialize)]
struct Enrolling {
    code: String,
    device: DeviceId,
}

/// A session that ends: first a token that still opens the door, then the door.
#[derive(Serialize, Deserialize)]
struct SigningOut {
    access: Option<String>,
    refresh: Option<String>,
}

pub(crate) fn enrol(app: &FieldApp, code: &str) -> Result<()> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    // The server reads codes so, and the proof is over what it reads.
    let code = code.trim().to_ascii_uppercase();
    let known = in_flight::about(db, Kind::Enrol, "")?.and_then(|row| row.detail::<Enrolling>());
    let device = match known {
        Some(known) if known.code == code => known.device,
        Some(_) | None => phone.new_id(),
    };
    let id = phone.new_id::<uuid::Uuid>().to_string();
    in_flight::put(db, Kind::Enrol, "", &id, &Enrolling { code, device })?;
    backoff::clear(db, &Kind::Enrol.to_string())?;
    backoff::clear(db, backoff::NET)
}

pub(crate) fn sign_in(app: &FieldApp, username: String, password: String) -> Result<()> {
    let mut core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    if phone::enrolment(db)?.is_none() {
        return Err(CoreError::NotEnrolled.into());
    }
    if meta::get(db, meta::REVOKED)? == Some(RevokeKind::Stolen) {
        return Err(CoreError::DeviceRevoked.into());
    }
    // An answer to an earlier try must not be taken for one to this.
    in_flight::forget_kind(db, Kind::SignIn)?;
    let id = phone.new_id::<uuid::Uuid>().to_string();
    in_flight::put(db, Kind::SignIn, "", &id, &())?;
    backoff::clear(db, &Kind::SignIn.to_string())?;
    backoff::clear(db, backoff::NET)?;
    core.pump.credentials = Some((username, Zeroizing::new(password)));
    Ok(())
}

pub(crate) fn change_password(app: &FieldApp, old: String, new: String) -> Result<()> {
    let mut core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    if meta::get(db, meta::REFRESH_TOKEN)?.is_none() {
        return Err(CoreError::SignInAgain.into());
    }
    // An answer to an earlier try must not be taken for one to this.
    in_flight::forget_kind(db, Kind::ChangePassword)?;
    let id = phone.new_id::<uuid::Uuid>().to_string();
    in_flight::put(db, Kind::ChangePassword, "", &id, &())?;
    backoff::clear(db, &Kind::ChangePassword.to_string())?;
    backoff::clear(db, backoff::NET)?;
    core.pump.passwords = Some((Zeroizing::new(old), Zeroizing::new(new)));
    Ok(())
}

pub(crate) fn sign_out(app: &FieldApp) -> Result<()> {
    leave(&mut app.core(), app.phone(), |_| Ok(()))
}

/// Ends the session here at once, and on the server when it can be told; `also` is done with it or not at all.
pub(crate) fn leave(
    core: &mut Core,
    phone: &Phone,
    also: impl FnOnce(&Connection) -> Result<()>,
) -> Result<()> {
    let access = core.pump.access_token(phone);
    let tx = core.stores.device.transaction()?;
    let refresh = meta::get(&tx, meta::REFRESH_TOKEN)?;
    if refresh.is_some() {
        let id = phone.new_id::<uuid::Uuid>().to_string();
        in_flight::put(&tx, Kind::SignOut, "", &id, &SigningOut { access, refresh })?;
    }
    end_session(&tx)?;
    in_flight::forget_kind(&tx, Kind::SignIn)?;
    meta::forget(&tx, meta::SIGN_IN_AGAIN)?;
    meta::forget(&tx, meta::USER)?;
    also(&tx)?;
    tx.commit()?;
    core.pump.access = None;
    core.pump.credentials = None;
    core.pump.passwords = None;
    core.stores.account = None;
    Ok(())
}

/// The tokens are worth nothing any more; answers to what was asked with them are not waited for.
fn end_session(db: &Connection) -> Result<()> {
    meta::forget(db, meta::REFRESH_TOKEN)?;
    meta::forget(db, meta::PASSWORD_CHANGE)?;
    for kind in [
        Kind::Refresh,
        Kind::Sync,
        Kind::Carry,
        Kind::ChangePassword,
        Kind::HousePhoto,
    ] {
        in_flight::forget_kind(db, kind)?;
    }
    Ok(())
}

/// A request that was asked for by the officer, again or for the first time.
pub(crate) fn again(core: &mut Core, phone: &Phone, row: &InFlight) -> Result<Option<Request>> {
    let db = &core.stores.device;
    match row.kind {
        Kind::Enrol => {
            let Some(enrolling) = row.detail::<Enrolling>() else {
                in_flight::forget(db, &row.id)?;
                return Ok(None);
            };
            let proof = phone.sign(enrol_proof_input(&enrolling.code, enrolling.device))?;
            let body = EnrolDevice {
                code: enrolling.code,
                device: enrolling.device,
                public_key: pump::base64(phone.ports.signer.public_key()?),
                name: phone.app.phone_name.clone(),
                key_level: phone.ports.signer.level()?,
                proof: pump::base64(proof),
            };
            json(row.id.clone(), "/v1/devices", None, phone, &body).map(Some)
        }
        Kind::SignIn => {
            let Some((username, password)) = &core.pump.credentials else {
                // The app was restarted; the password is gone, and the officer is asked again.
                in_flight::forget(db, &row.id)?;
                return Ok(None);
            };
            let device: Option<DeviceId> = meta::get(db, meta::DEVICE)?;
            let time_token =
                meta::get::<ServerTime>(db, meta::SERVER_TIME)?.and_then(|known| known.token);
            let proof = match (device, &time_token) {
                (Some(device), Some(token)) => {
                    let signed = phone.sign(sign_in_proof_input(device, username, token))?;
                    Some(pump::base64(signed))
                }
                (_, _) => None,
            };
            let body = SignIn {
                username: username.clone(),
                password: password.to_string(),
                device,
                time_token,
                proof,
            };
            json(row.id.clone(), "/v1/session", None, phone, &body).map(Some)
        }
        Kind::ChangePassword => {
            let Some((old, new)) = &core.pump.passwords else {
                // The app was restarted; the passwords are gone, and the officer is asked again.
                in_flight::forget(db, &row.id)?;
                return Ok(None);
            };
            let Some(token) = core.pump.access_token(phone) else {
                return Ok(None);
            };
            let body = ChangePassword {
                event_id: row.id.parse().map_err(|_| Error::Broken("event-id"))?,
                old_password: old.to_string(),
                new_password: new.to_string(),
            };
            json(
                row.id.clone(),
                "/v1/me/password",
                Some(&token),
                phone,
                &body,
            )
            .map(Some)
        }
        Kind::SignOut => match row.detail::<SigningOut>() {
            Some(SigningOut {
                access: Some(access),
                ..
            }) => Ok(Some(Request {
                id: row.id.clone(),
                method: "DELETE".to_owned(),
                path: "/v1/session".to_owned(),
                headers: pump::common(phone, Some(&access)),
                body: RequestBody::None,
                save_to: None,
            })),
            Some(SigningOut {
                refresh: Some(refresh),
                ..
            }) => refreshing(row.id.clone(), phone, refresh).map(Some),
            Some(_) | None => {
                in_flight::forget(db, &row.id)?;
                Ok(None)
            }
        },
        Kind::Refresh
        | Kind::Sync
        | Kind::Carry
        | Kind::Upload
        | Kind::HousePhoto
        | Kind::Update => Err(Error::Broken("again-by-itself")),
    }
}

fn refreshing(id: String, phone: &Phone, refresh_token: String) -> Result<Request> {
    let proof = phone.sign(refresh_proof_input(&refresh_token))?;
    let body = Refresh {
        refresh_token,
        proof: Some(pump::base64(proof)),
    };
    json(id, "/v1/session/refresh", None, phone, &body)
}

/// Asks for a new access token.
pub(crate) fn refresh(core: &mut Core, phone: &Phone) -> Result<Option<Request>> {
    let db = &core.stores.device;
    let Some(token) = meta::get(db, meta::REFRESH_TOKEN)? else {
        return Ok(None);
    };
    let id = phone.new_id::<uuid::Uuid>().to_string();
    let id = in_flight::put(db, Kind::Refresh, "", &id, &())?;
    refreshing(id, phone, token).map(Some)
}

/// The session cannot go on as it is; what comes next depends on why.
fn on_session_refused(core: &mut Core, phone: &Phone, code: &str) -> Result<()> {
    if code == "device_revoked" {
        return revoke(core, phone, RevokeKind::Stolen);
    }
    core.pump.access = None;
    let tx = core.stores.device.transaction()?;
    end_session(&tx)?;
    meta::set(&tx, meta::SIGN_IN_AGAIN, &true)?;
    meta::set(&tx, meta::LAST_PROBLEM, &code.to_owned())?;
    tx.commit()?;
    Ok(())
}

/// An answer that is neither success nor final: later, by itself.
fn later(db: &Connection, phone: &Phone, scope: &str, response: &Response) -> Result<()> {
    meta::set(db, meta::LAST_PROBLEM, &problem_code(response))?;
    backoff::fail(db, phone, scope, retry_after_s(response))
}

pub(crate) fn on_enrolled(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    let scope = row.kind.to_string();
    if !response.is_success() {
        let db = &core.stores.device;
        if says_nothing(response) {
            return later(db, phone, &scope, response);
        }
        in_flight::forget(db, &row.id)?;
        return meta::set(db, meta::LAST_PROBLEM, &problem_code(response));
    }
    let (Ok(enrolled), Some(enrolling)) = (
        serde_json::from_slice::<Enrolled>(&response.body),
        row.detail::<Enrolling>(),
    ) else {
        return no_network(&core.stores.device, phone);
    };
    if enrolled.device != enrolling.device {
        return no_network(&core.stores.device, phone);
    }
    let tx = core.stores.device.transaction()?;
    tx.prepare_cached(
        "INSERT INTO enrolment (device, officer, username, enrolled_at, public_key) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (device) DO NOTHING",
    )?
    .execute(params![
        enrolled.device.to_string(),
        enrolled.officer.to_string(),
        enrolled.username,
        enrolled.now.as_micros(),
        phone.ports.signer.public_key()?,
    ])?;
    meta::set(&tx, meta::DEVICE, &enrolled.device)?;
    meta::set(&tx, meta::SPOOL_RECIPIENT, &enrolled.spool_recipient)?;
    meta::set(&tx, meta::USERNAME, &enrolled.username)?;
    // A token is good for one device only.
    meta::set(
        &tx,
        meta::SERVER_TIME,
        &server_time(phone, enrolled.now, enrolled.time_token),
    )?;
    meta::forget(&tx, meta::REVOKED)?;
    meta::forget(&tx, meta::LAST_PROBLEM)?;
    // A session is bound to the device it was begun on.
    end_session(&tx)?;
    meta::forget(&tx, meta::SIGN_IN_AGAIN)?;
    // Somebody else's phone from now on: whoever it was asks for no PIN and shows no roster here any more.
    let is_anothers = meta::get(&tx, meta::USER)?.is_some_and(|user| user != enrolled.officer);
    if is_anothers {
        meta::forget(&tx, meta::USER)?;
    }
    in_flight::forget(&tx, &row.id)?;
    backoff::clear(&tx, &scope)?;
    backoff::clear(&tx, backoff::NET)?;
    tx.commit()?;
    core.pump.access = None;
    if is_anothers {
        core.stores.account = None;
        core.unlocked = false;
    }
    Ok(())
}

/// What the phone knows of the server's time from now on.
pub(crate) fn server_time(phone: &Phone, now: Timestamp, token: Option<String>) -> ServerTime {
    ServerTime {
        now,
        token,
        wall: phone.now(),
        elapsed_ns: phone.ports.monotonic.elapsed_ns(),
        boot_id: phone.ports.monotonic.boot_id(),
    }
}

fn access(phone: &Phone, tokens: &Tokens) -> Access {
    Access {
        token: Zeroizing::new(tokens.access_token.clone()),
        until_ns: phone
            .ports
            .monotonic
            .elapsed_ns()
            .saturating_add(lifetime_s(phone, tokens.access_expires_at) * S),
        proven: false,
    }
}

/// Seconds an access token is used. By the phone's clock it may seem over already, or good for years: the clock is
/// wrong then, and a refused token is replaced all the same.
fn lifetime_s(phone: &Phone, expires_at: Timestamp) -> u64 {
    u64::try_from(expires_at.seconds_since(phone.now()))
        .ok()
        .filter(|left| (1..=ACCESS_S + 60).contains(left))
        .map_or(ACCESS_S, |left| left.saturating_sub(30).max(30))
}

pub(crate) fn on_signed_in(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    let scope = row.kind.to_string();
    if !response.is_success() {
        let code = problem_code(response);
        let db = &core.stores.device;
        // Too many tries: to repeat the same by itself would only make it worse.
        if says_nothing(response) && response.status != 429 {
            return later(db, phone, &scope, response);
        }
        in_flight::forget(db, &row.id)?;
        meta::set(db, meta::LAST_PROBLEM, &code)?;
        core.pump.credentials = None;
        if code == "device_revoked" {
            revoke(core, phone, RevokeKind::Stolen)?;
        }
        return Ok(());
    }
    let Ok(tokens) = serde_json::from_slice::<Tokens>(&response.body) else {
        return no_network(&core.stores.device, phone);
    };
    let opened = Account::open(&phone.folder, &phone.ports, tokens.me.user)?;
    let tx = core.stores.device.transaction()?;
    end_session(&tx)?;
    meta::set(&tx, meta::USER, &tokens.me.user)?;
    meta::set(&tx, meta::USERNAME, &tokens.me.username)?;
    meta::set(&tx, meta::REFRESH_TOKEN, &tokens.refresh_token)?;
    note_password(&tx, &tokens)?;
    meta::forget(&tx, meta::SIGN_IN_AGAIN)?;
    meta::forget(&tx, meta::LAST_PROBLEM)?;
    // A session that was to be ended on the server is replaced by this one; ending it can wait no longer than this.
    in_flight::forget(&tx, &row.id)?;
    for scope in [&scope[..], backoff::NET, backoff::SESSION, backoff::SYNC] {
        backoff::clear(&tx, scope)?;
    }
    let unlocked = lock::on_signed_in(&tx, tokens.me.user, core.unlocked)?;
    tx.commit()?;
    core.unlocked = unlocked;
    core.stores.account = Some(opened);
    core.pump.credentials = None;
    core.pump.access = Some(access(phone, &tokens));
    core.pump.sync_wanted = true;
    Ok(())
}

/// Whether the officer has yet to choose a password.
fn note_password(db: &Connection, tokens: &Tokens) -> Result<()> {
    if tokens.me.password_change_required {
        meta::set(db, meta::PASSWORD_CHANGE, &true)
    } else {
        meta::forget(db, meta::PASSWORD_CHANGE)
    }
}

/// What a screen is told of a refusal: which of the two passwords is wrong and how, when that is it.
fn password_problem(response: &Response) -> String {
    let problem = serde_json::from_slice::<Problem>(&response.body).ok();
    problem
        .and_then(|problem| problem.fields.into_iter().next())
        .map_or_else(
            || problem_code(response),
            |field| format!("{}_{}", field.field, field.code),
        )
}

pub(crate) fn on_password_changed(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    let scope = row.kind.to_string();
    if !response.is_success() {
        // Too many tries: to repeat the same by itself would only make it worse.
        if says_nothing(response) && response.status != 429 {
            return later(&core.stores.device, phone, &scope, response);
        }
        let code = password_problem(response);
        // A token that was too old: the same again with the next one.
        if response.status == 401 && code != "password_expired" {
            backoff::fail(&core.stores.device, phone, &scope, None)?;
            on_refused(core, phone, response)?;
            return Ok(());
        }
        core.pump.passwords = None;
        let db = &core.stores.device;
        in_flight::forget(db, &row.id)?;
        meta::set(db, meta::LAST_PROBLEM, &code)?;
        on_refused(core, phone, response)?;
        return Ok(());
    }
    if response.status != DONE {
        return no_network(&core.stores.device, phone);
    }
    let tx = core.stores.device.transaction()?;
    meta::forget(&tx, meta::PASSWORD_CHANGE)?;
    meta::forget(&tx, meta::LAST_PROBLEM)?;
    in_flight::forget(&tx, &row.id)?;
    for scope in [&scope[..], backoff::NET, backoff::SYNC, backoff::CARRY] {
        backoff::clear(&tx, scope)?;
    }
    tx.commit()?;
    core.pump.passwords = None;
    core.pump.sync_wanted = true;
    Ok(())
}

pub(crate) fn on_refreshed(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    if !response.is_success() {
        let code = problem_code(response);
        if matches!(response.status, 401 | 403 | 422) && !says_nothing(response) {
            return on_session_refused(core, phone, &code);
        }
        return later(&core.stores.device, phone, backoff::SESSION, response);
    }
    let Ok(tokens) = serde_json::from_slice::<Tokens>(&response.body) else {
        return no_network(&core.stores.device, phone);
    };
    // The new token is on the disk before its access token is used: from then on the old one is dead.
    let tx = core.stores.device.transaction()?;
    meta::set(&tx, meta::REFRESH_TOKEN, &tokens.refresh_token)?;
    note_password(&tx, &tokens)?;
    in_flight::forget(&tx, &row.id)?;
    backoff::clear(&tx, backoff::SESSION)?;
    backoff::clear(&tx, backoff::NET)?;
    tx.commit()?;
    core.pump.access = Some(access(phone, &tokens));
    Ok(())
}

pub(crate) fn on_signed_out(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    let db = &core.stores.device;
    let Some(detail) = row.detail::<SigningOut>() else {
        return in_flight::forget(db, &row.id);
    };
    let scope = row.kind.to_string();
    let tokens = serde_json::from_slice::<Tokens>(&response.body).ok();
    let is_ours = match detail.access {
        Some(_) => response.status == DONE,
        None => tokens.is_some(),
    };
    if says_nothing(response) || (response.is_success() && !is_ours) {
        return backoff::fail(db, phone, &scope, retry_after_s(response));
    }
    let next = match (detail.access, detail.refresh) {
        // The access token was too old: once more with a new one.
        (Some(_), Some(refresh)) if response.status == 401 => Some(SigningOut {
            access: None,
            refresh: Some(refresh),
        }),
        (None, Some(_)) => tokens.map(|tokens| SigningOut {
            access: Some(tokens.access_token),
            refresh: None,
        }),
        _ => None,
    };
    match next {
        Some(next) => {
            in_flight::forget(db, &row.id)?;
            let id = phone.new_id::<uuid::Uuid>().to_string();
            in_flight::put(db, Kind::SignOut, "", &id, &next).map(|_| ())
        }
        None => in_flight::forget(db, &row.id),
    }
}

/// A reply to a request under the session was refused. `true` when that explains everything.
pub(crate) fn on_refused(core: &mut Core, phone: &Phone, response: &Response) -> Result<bool> {
    let code = problem_code(response);
    if response.status == 401 {
        // A token that worked is too old, no more; one that never worked could be refused for ever.
        let proven = core.pump.access.take().is_some_and(|access| access.proven);
        if !proven {
            backoff::fail(&core.stores.device, phone, backoff::SYNC, None)?;
        }
        return Ok(true);
    }
    if response.status == 403 && code == "device_revoked" {
        revoke(core, phone, RevokeKind::Stolen)?;
        return Ok(true);
    }
    if response.status == 403 && code == "password_change_required" {
        let db = &core.stores.device;
        meta::set(db, meta::PASSWORD_CHANGE, &true)?;
        meta::set(db, meta::LAST_PROBLEM, &code)?;
        return Ok(true);
    }
    Ok(false)
}

/// The phone was revoked: the roster goes at once, the spool stays until each photo is proven to be on the server. A
/// stolen phone loses its drafts too; a retired one may still seal and send them.
pub(crate) fn revoke(core: &mut Core, phone: &Phone, kind: RevokeKind) -> Result<()> {
    let tx = core.stores.device.transaction()?;
    meta::set(&tx, meta::REVOKED, &kind)?;
    tx.prepare_cached("UPDATE enrolment SET revoked = ?2 WHERE device = ?1")?
        .execute(params![
            meta::get(&tx, meta::DEVICE)?.map(|device| device.to_string()),
            kind.to_string()
        ])?;
    if kind == RevokeKind::Stolen {
        end_session(&tx)?;
        meta::forget(&tx, meta::USER)?;
        tx.execute("DELETE FROM draft", [])?;
        tx.execute("DELETE FROM photo_view", [])?;
        tx.execute("DELETE FROM sealed_answer", [])?;
        tx.execute("UPDATE outbox_visit SET title = NULL", [])?;
        meta::set(&tx, meta::LAST_PROBLEM, &"device_revoked".to_owned())?;
    }
    tx.commit()?;
    core.stores.account = None;
    wipe_accounts(&phone.folder)?;
    if kind == RevokeKind::Stolen {
        core.pump.access = None;
        core.pump.credentials = None;
        empty_folder(&phone.folder.join(DRAFTS))?;
    }
    Ok(())
}

/// At the start: the phone may have died between "revoked", or the last wrong PIN, and the removal of the rosters.
pub(crate) fn finish_leaving(stores: &mut Stores, phone: &Phone) -> Result<()> {
    let db = &stores.device;
    let is_shut = meta::get(db, meta::USER)?.is_none()
        && db.prepare_cached("SELECT 1 FROM guarded")?.exists([])?;
    if meta::get(db, meta::REVOKED)?.is_some() || is_shut {
        stores.account = None;
        wipe_accounts(&phone.folder)?;
    }
    Ok(())
}

fn empty_folder(folder: &std::path::Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        std::fs::remove_file(entry?.path())?;
    }
    Ok(())
}

/// How far the phone's clock is off, as well as can be known now: the server's last time moved on by the monotonic
/// clock, or, after a reboot, what was known when it came.
fn clock_problem(phone: &Phone, known: Option<ServerTime>) -> Option<ClockProblem> {
    let known = known?;
    let elapsed = phone.ports.monotonic.elapsed_ns();
    let same_boot = known.boot_id == phone.ports.monotonic.boot_id() && elapsed >= known.elapsed_ns;
    let ahead_s = if same_boot {
        let passed_s = i64::try_from((elapsed - known.elapsed_ns) / S).unwrap_or(i64::MAX);
        phone.now().seconds_since(known.now.plus_s(passed_s))
    } else {
        known.wall.seconds_since(known.now)
    };
    (ahead_s.abs() > CLOCK_S).then_some(ClockProblem { ahead_s })
}

/// The phone's clock against the server's, when it is off.
pub(crate) fn clock(db: &Connection, phone: &Phone) -> Result<Option<ClockProblem>> {
    Ok(clock_problem(phone, meta::get(db, meta::SERVER_TIME)?))
}

pub(crate) fn status(app: &FieldApp) -> Result<Status> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    let device = phone::enrolment(db)?.map(|enrolment| enrolment.device);
    let free = phone.ports.space.free_bytes();
    let space = if free < FULL_BELOW_BYTES {
        Some(SpaceProblem::Full)
    } else if free < LOW_BELOW_BYTES {
        Some(SpaceProblem::Low)
    } else {
        None
    };
    let (unreadable_rows, checksum_mismatches) = feed::health(&core)?;
    Ok(Status {
        enrolled: device.is_some(),
        device,
        busy: in_flight::about(db, Kind::Enrol, "")?.is_some()
            || in_flight::about(db, Kind::SignIn, "")?.is_some()
            || in_flight::about(db, Kind::ChangePassword, "")?.is_some(),
        signed_in: meta::get(db, meta::REFRESH_TOKEN)?.is_some(),
        sign_in_again: meta::get(db, meta::SIGN_IN_AGAIN)?.unwrap_or(false),
        password_change_required: meta::get(db, meta::PASSWORD_CHANGE)?.unwrap_or(false),
        user: meta::get(db, meta::USER)?,
        username: meta::get(db, meta::USERNAME)?,
        update_needed: phone.is_too_old(db)?,
        device_revoked: meta::get(db, meta::REVOKED)?,
        clock: clock(db, phone)?,
        space,
        last_sync_at: meta::get(db, meta::LAST_SYNC_AT)?,
        last_problem: meta::get(db, meta::LAST_PROBLEM)?,
        visits_waiting: outbox::count_waiting(db, false)? + outbox::count_waiting(db, true)?,
        photos_waiting: outbox::count_unreceived(db)?,
        data_saver: meta::get(db, meta::DATA_SAVER)?.unwrap_or(false),
        unreadable_rows,
        checksum_mismatches,
        key_lost: meta::get(db, meta::KEY_LOST_AT)?.is_some()
            && (device.is_none() || spare::count_waiting(db)? > 0),
        utc_offset_min: meta::get(db, meta::UTC_OFFSET_MIN)?.unwrap_or(420),
    })
}
