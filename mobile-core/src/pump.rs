//! What to send next, and what a reply means. Decides from what is on the disk, so a restart changes nothing.
//!
//! Order: the session, then sealed manifests, then photos. Photos wait while a manifest waits and can be sent; when the
//! session is over they go on with the grants they have.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde::Serialize;
use tilik_protocol::ids::CaseId;
use tilik_protocol::problem::Problem;
use zeroize::Zeroizing;

use crate::backoff::{self, S};
use crate::error::{Error, Result};
use crate::phone::Phone;
use crate::requests::{Header, Request, RequestBody, Response};
use crate::screens::{Network, update};
use crate::store::in_flight::{self, InFlight, Kind};
use crate::store::meta;
use crate::{Core, FieldApp, account, house, outbox, sync};

/// A round begins by itself after this long, in nanoseconds.
const REGULAR_NS: u64 = 900 * S;
/// While photos are being sent, receipts are asked for when this many went out, or when the last round is so long ago.
const ASK_AT_ONCE: u32 = 24;
const RECEIPTS_NS: u64 = 30 * S;
/// When rounds have failed this often in a row, photos do not wait for the manifests any longer.
const PATIENCE: u32 = 5;

/// What is known only while the app runs.
pub(crate) struct Pump {
    /// Requests this run handed out.
    handed: HashSet<String>,
    /// Name and password of a sign-in on its way; never on the disk.
    pub(crate) credentials: Option<(String, Zeroizing<String>)>,
    /// The password that was and the one to come; never on the disk.
    pub(crate) passwords: Option<(Zeroizing<String>, Zeroizing<String>)>,
    /// The access token; a restart asks for another one.
    pub(crate) access: Option<Access>,
    /// A round is wanted now.
    pub(crate) sync_wanted: bool,
    /// When the last round succeeded, by the monotonic clock.
    pub(crate) last_sync_ns: Option<u64>,
    /// The network the phone stands in, as the shell last said.
    pub(crate) network: Option<Network>,
    /// Most bytes of manifests in the next round.
    pub(crate) round_bytes: usize,
}

/// Whether the phone is known to stand in a network that is not paid by the byte.
pub(crate) fn is_unmetered(core: &Core) -> bool {
    core.pump.network == Some(Network::Unmetered)
}

/// An access token.
pub(crate) struct Access {
    pub(crate) token: Zeroizing<String>,
    /// By the monotonic clock.
    pub(crate) until_ns: u64,
    /// It was taken by the server once.
    pub(crate) proven: bool,
}

impl Default for Pump {
    fn default() -> Self {
        Self {
            handed: HashSet::new(),
            credentials: None,
            passwords: None,
            access: None,
            sync_wanted: true,
            last_sync_ns: None,
            network: None,
            round_bytes: sync::VISITS_BYTES,
        }
    }
}

impl Pump {
    /// The access token, while it is good.
    pub(crate) fn access_token(&self, phone: &Phone) -> Option<String> {
        self.access
            .as_ref()
            .filter(|access| phone.ports.monotonic.elapsed_ns() < access.until_ns)
            .map(|access| access.token.to_string())
    }

    /// Whether this request was handed out in this run and has no answer yet.
    pub(crate) fn is_out(&self, row: Option<&InFlight>) -> bool {
        row.is_some_and(|row| self.handed.contains(&row.id))
    }
}

/// One thing to do.
enum Work {
    Again(InFlight),
    Refresh,
    Sync,
    Carry,
    Upload(String),
    HousePhoto(CaseId),
    Update,
}

/// What can be done now, and when to look again.
struct Plan {
    works: Vec<Work>,
    wait_ns: u64,
}

impl Plan {
    fn push(&mut self, work: Work, wait_ns: u64) {
        if wait_ns == 0 {
            self.works.push(work);
        } else {
            self.wait_ns = self.wait_ns.min(wait_ns);
        }
    }
}

fn plan(core: &Core, phone: &Phone, most: usize) -> Result<Plan> {
    let db = &core.stores.device;
    let pump = &core.pump;
    let mut plan = Plan {
        works: Vec::new(),
        wait_ns: REGULAR_NS,
    };
    if pump.network == Some(Network::None) {
        return Ok(plan);
    }
    let no_network = backoff::remaining(db, phone, backoff::NET)?;
    if no_network > 0 {
        plan.wait_ns = no_network;
        return Ok(plan);
    }
    let rows = in_flight::all(db)?;
    let row = |kind| rows.iter().find(|row| row.kind == kind);
    for row in &rows {
        let is_asked_for = matches!(row.kind, Kind::Enrol | Kind::SignIn | Kind::SignOut);
        if is_asked_for && !pump.is_out(Some(row)) {
            let wait = backoff::remaining(db, phone, &row.kind.to_string())?;
            plan.push(Work::Again(row.clone()), wait);
        }
    }
    let has_session = meta::get(db, meta::REFRESH_TOKEN)?.is_some();
    let owes_password = meta::get(db, meta::PASSWORD_CHANGE)?.unwrap_or(false);
    let own_waiting = outbox::count_waiting(db, false)?;
    let carried_waiting = outbox::count_waiting(db, true)?;
    if has_session {
        let now = phone.ports.monotonic.elapsed_ns();
        let regular_in = pump.last_sync_ns.map_or(0, |at| {
            // A smaller count is another boot.
            if at > now {
                0
            } else {
                (at + REGULAR_NS).saturating_sub(now)
            }
        });
        let is_sending = rows.iter().any(|row| row.kind == Kind::Upload);
        let receipts_in = match outbox::count_unasked(db)? {
            0 => None,
            // While photos flow, a round for each would cost more than the photo.
            1..ASK_AT_ONCE if is_sending || outbox::count_sendable(db)? > 0 => {
                Some((RECEIPTS_NS + regular_in).saturating_sub(REGULAR_NS))
            }
            _ => Some(0),
        };
        let sync_row = row(Kind::Sync);
        // Until the officer has a password of their own, the server would refuse both.
        let sync_due = !owes_password
            && (pump.sync_wanted
                || own_waiting > 0
                || sync_row.is_some()
                || regular_in == 0
                || receipts_in == Some(0));
        let wants_sync = sync_due && !pump.is_out(sync_row);
        let wants_carry = !owes_password && carried_waiting > 0 && !pump.is_out(row(Kind::Carry));
        let new_password = row(Kind::ChangePassword).filter(|row| !pump.is_out(Some(row)));
        if !sync_due && !owes_password {
            plan.wait_ns = plan.wait_ns.min(receipts_in.unwrap_or(regular_in));
        }
        let sync_in = backoff::remaining(db, phone, backoff::SYNC)?;
        let carry_in = backoff::remaining(db, phone, backoff::CARRY)?;
        let password_in = backoff::remaining(db, phone, &Kind::ChangePassword.to_string())?;
        if pump.access_token(phone).is_some() {
            if let Some(row) = new_password {
                plan.push(Work::Again(row.clone()), password_in);
            }
            if wants_sync {
                plan.push(Work::Sync, sync_in);
            }
            if wants_carry {
                plan.push(Work::Carry, carry_in);
            }
        } else if !pump.is_out(row(Kind::Refresh)) {
            let wanted = [
                wants_sync.then_some(sync_in),
                wants_carry.then_some(carry_in),
                new_password.map(|_| password_in),
            ];
            if let Some(next) = wanted.into_iter().flatten().min() {
                let wait = backoff::remaining(db, phone, backoff::SESSION)?.max(next);
                plan.push(Work::Refresh, wait);
            }
        }
    }
    let manifests_first = has_session
        && !owes_password
        && own_waiting > 0
        && backoff::tries(db, backoff::SYNC)? < PATIENCE;
    let photos_wait = meta::get(db, meta::DATA_SAVER)?.unwrap_or(false) && !is_unmetered(core);
    if !manifests_first && !photos_wait {
        let wait = backoff::remaining(db, phone, backoff::PHOTOS)?;
        if wait > 0 {
            if outbox::count_sendable(db)? > 0 {
                plan.wait_ns = plan.wait_ns.min(wait);
            }
        } else {
            for row in &rows {
                if row.kind == Kind::Upload && !pump.is_out(Some(row)) {
                    plan.works.push(Work::Again(row.clone()));
                }
            }
            let room = most.saturating_sub(plan.works.len());
            let (photos, next_in) = outbox::sendable(db, phone, room)?;
            plan.works.extend(photos.into_iter().map(Work::Upload));
            if let Some(next_in) = next_in {
                plan.wait_ns = plan.wait_ns.min(next_in);
            }
        }
    }
    if update::wanted(db, phone)?.is_some() && !pump.is_out(row(Kind::Update)) {
        let wait = backoff::remaining(db, phone, backoff::UPDATE)?;
        plan.push(Work::Update, wait);
    }
    // The last photos of houses come after everything else, one at a time.
    let is_quiet = plan.works.is_empty() && rows.iter().all(|row| !pump.is_out(Some(row)));
    if is_quiet
        && has_session
        && !owes_password
        && let Some(case) = house::next(core)?
    {
        let wait = backoff::remaining(db, phone, backoff::HOUSE_PHOTOS)?;
        let work = if pump.access_token(phone).is_some() {
            Work::HousePhoto(case)
        } else {
            Work::Refresh
        };
        plan.push(
            work,
            wait.max(backoff::remaining(db, phone, backoff::SESSION)?),
        );
    }
    Ok(plan)
}

/// Everything that may be sent now, written down before it is handed out.
pub(crate) fn next_requests(app: &FieldApp, most: u32) -> Result<Vec<Request>> {
    let mut core = app.core();
    let core = &mut *core;
    let phone = app.phone();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut requests = Vec::new();
    if most == 0 {
        return Ok(requests);
    }
    // A photo whose file is gone is set aside while its request is made; the next one takes its turn.
    loop {
        let works = plan(core, phone, most - requests.len())?.works;
        let nothing_new = works.is_empty();
        for work in works {
            if requests.len() == most {
                break;
            }
            let scope = match &work {
                Work::Again(row) => row.kind.to_string(),
                Work::Upload(photo) => backoff::photo(photo),
                Work::Refresh => backoff::SESSION.to_owned(),
                Work::Sync => backoff::SYNC.to_owned(),
                Work::Carry => backoff::CARRY.to_owned(),
                Work::HousePhoto(_) => backoff::HOUSE_PHOTOS.to_owned(),
                Work::Update => backoff::UPDATE.to_owned(),
            };
            match make(core, phone, work) {
                Ok(Some(request)) => {
                    core.pump.handed.insert(request.id.clone());
                    requests.push(request);
                }
                Ok(None) => {}
                // A locked keystore holds up what must be signed, and nothing else.
                Err(Error::Port(_)) => {
                    let db = &core.stores.device;
                    meta::set(db, meta::LAST_PROBLEM, &"keystore".to_owned())?;
                    backoff::fail(db, phone, &scope, None)?;
                }
                // What was made is handed out; the error is met again at the next call.
                Err(_) if !requests.is_empty() => return Ok(requests),
                Err(error) => return Err(error),
            }
        }
        if nothing_new || requests.len() == most {
            return Ok(requests);
        }
    }
}

fn make(core: &mut Core, phone: &Phone, work: Work) -> Result<Option<Request>> {
    match work {
        Work::Again(row) if row.kind == Kind::Upload => outbox::again(core, phone, &row),
        Work::Again(row) => account::again(core, phone, &row),
        Work::Refresh => account::refresh(core, phone),
        Work::Sync => sync::request(core, phone),
        Work::Carry => sync::carry(core, phone),
        Work::Upload(photo) => outbox::request(core, phone, &photo),
        Work::HousePhoto(case) => house::request(core, phone, case),
        Work::Update => update::request(core, phone),
    }
}

/// Sorts a reply once, to the one who asked.
pub(crate) fn on_response(app: &FieldApp, id: &str, response: &Response) -> Result<()> {
    let mut core = app.core();
    let core = &mut *core;
    let phone = app.phone();
    let Some(row) = in_flight::by_id(&core.stores.device, id)? else {
        return Ok(());
    };
    core.pump.handed.remove(id);
    match row.kind {
        Kind::Enrol => account::on_enrolled(core, phone, &row, response),
        Kind::SignIn => account::on_signed_in(core, phone, &row, response),
        Kind::ChangePassword => account::on_password_changed(core, phone, &row, response),
        Kind::SignOut => account::on_signed_out(core, phone, &row, response),
        Kind::Refresh => account::on_refreshed(core, phone, &row, response),
        Kind::Sync => sync::on_response(core, phone, &row, response),
        Kind::Carry => sync::on_carried(core, phone, &row, response),
        Kind::Upload => outbox::on_response(core, phone, &row, response),
        Kind::HousePhoto => house::on_response(core, phone, &row, response),
        Kind::Update => update::on_response(core, phone, &row, response),
    }
}

/// The request may have arrived or not; nothing is concluded but that the network is bad.
pub(crate) fn on_no_network(app: &FieldApp, id: &str) -> Result<()> {
    let mut core = app.core();
    let core = &mut *core;
    let Some(row) = in_flight::by_id(&core.stores.device, id)? else {
        return Ok(());
    };
    core.pump.handed.remove(id);
    match row.kind {
        Kind::Upload => outbox::on_cut(&core.stores.device, &row)?,
        Kind::Sync | Kind::Carry => sync::on_cut(core),
        // A picture is fetched anew, an app from where it stands.
        Kind::HousePhoto | Kind::Update => in_flight::forget(&core.stores.device, &row.id)?,
        Kind::Enrol | Kind::SignIn | Kind::ChangePassword | Kind::SignOut | Kind::Refresh => {}
    }
    no_network(&core.stores.device, app.phone())
}

/// The network is bad.
pub(crate) fn no_network(db: &Connection, phone: &Phone) -> Result<()> {
    backoff::fail(db, phone, backoff::NET, None)?;
    meta::set(db, meta::LAST_PROBLEM, &"no_network".to_owned())
}

/// When to ask again; when the disk does not tell, soon.
pub(crate) fn wait_s(app: &FieldApp) -> u64 {
    let core = app.core();
    match plan(&core, app.phone(), 1) {
        Ok(plan) if plan.works.is_empty() => plan.wait_ns.div_ceil(S),
        Ok(_) => 0,
        Err(_) => 60,
    }
}

/// Forgets every wait and begins a round.
pub(crate) fn send_now(app: &FieldApp) -> Result<()> {
    let mut core = app.core();
    backoff::clear_all(&core.stores.device)?;
    core.pump.sync_wanted = true;
    if core.pump.network == Some(Network::None) {
        // The officer knows better than what the phone last said.
        core.pump.network = None;
    }
    Ok(())
}

/// A reply that is an error: what its problem says, or its status in words.
pub(crate) fn problem_code(response: &Response) -> String {
    serde_json::from_slice::<Problem>(&response.body).map_or_else(
        |_| format!("http_{}", response.status),
        |problem| problem.code.to_string(),
    )
}

/// The seconds that the server asks to wait.
pub(crate) fn retry_after_s(response: &Response) -> Option<u64> {
    response.number("retry-after")
}

/// Whether the same request may succeed later by itself.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Whether this refusal says nothing of what was asked, so that the same request is sent again later by itself: the server
/// may be able then, or what answered was not the server, every refusal of which is a problem in words.
pub(crate) fn says_nothing(response: &Response) -> bool {
    is_passing(response.status)
        || (!response.is_success() && serde_json::from_slice::<Problem>(&response.body).is_err())
}

/// A JSON request under a bearer token.
pub(crate) fn json(
    id: String,
    path: &str,
    bearer: Option<&str>,
    phone: &Phone,
    body: &impl Serialize,
) -> Result<Request> {
    let mut headers = common(phone, bearer);
    headers.push(header("Content-Type", "application/json"));
    Ok(Request {
        id,
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers,
        body: RequestBody::Bytes {
            bytes: serde_json::to_vec(body)?,
        },
        save_to: None,
    })
}

/// The headers of every request.
pub(crate) fn common(phone: &Phone, bearer: Option<&str>) -> Vec<Header> {
    let mut headers = vec![header("X-Client-Version", &phone.app.version)];
    if let Some(token) = bearer {
        headers.push(header("Authorization", &format!("Bearer {token}")));
    }
    headers
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// Standard base64.
pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}
