//! Last photos of assigned houses, 320 px: fetched one at a time when nothing else is to be sent, by default only where
//! bytes cost nothing.

use tilik_protocol::ids::CaseId;
use tilik_protocol::time::Timestamp;

use crate::error::Result;
use crate::phone::{LOW_BELOW_BYTES, Phone};
use crate::pump::{self, problem_code, retry_after_s, says_nothing};
use crate::requests::{Request, RequestBody, Response};
use crate::screens::{HousePhotosWhen, Network};
use crate::store::in_flight::{self, InFlight, Kind};
use crate::store::{house_photos, meta};
use crate::vault::Vault;
use crate::{Core, account, backoff, feed};

/// When the photo was taken, as the server says it.
const TAKEN_AT: &str = "Photo-Taken-At";
/// More than a picture of 320 px can have.
const MOST_BYTES: usize = 256 * 1024;

/// Whether photos may be fetched on the network as it is.
fn may_fetch(core: &Core) -> Result<bool> {
    let when = meta::get(&core.stores.device, meta::HOUSE_PHOTOS)?.unwrap_or_default();
    let network = core.pump.network;
    Ok(match when {
        HousePhotosWhen::Never => false,
        HousePhotosWhen::Always => network != Some(Network::None),
        HousePhotosWhen::Unmetered => network == Some(Network::Unmetered),
    })
}

/// The pin under which a photo would be asked for: without accepted evidence there is neither.
fn pin_at(core: &Core, case: CaseId) -> Result<Option<Timestamp>> {
    Ok(feed::roster(core)?
        .row(case)
        .and_then(|row| row.assignment.last_pin.as_ref())
        .map(|pin| pin.taken_at))
}

/// The next house whose last photo is to be fetched.
pub(crate) fn next(core: &Core) -> Result<Option<CaseId>> {
    let Some(account) = &core.stores.account else {
        return Ok(None);
    };
    if !may_fetch(core)? {
        return Ok(None);
    }
    let asked = house_photos::asked(&account.db)?;
    Ok(feed::roster(core)?
        .rows
        .iter()
        .filter_map(|row| Some((row.assignment.case, row.assignment.last_pin.as_ref()?)))
        .find(|(case, pin)| asked.get(case) != Some(&pin.taken_at))
        .map(|(case, _)| case))
}

pub(crate) fn request(core: &mut Core, phone: &Phone, case: CaseId) -> Result<Option<Request>> {
    let Some(token) = core.pump.access_token(phone) else {
        return Ok(None);
    };
    if phone.ports.space.free_bytes() < LOW_BELOW_BYTES {
        // Room is for evidence first.
        backoff::fail(&core.stores.device, phone, backoff::HOUSE_PHOTOS, Some(600))?;
        return Ok(None);
    }
    let Some(pin_at) = pin_at(core, case)? else {
        return Ok(None);
    };
    let db = &core.stores.device;
    let id = phone.new_id::<uuid::Uuid>().to_string();
    let id = in_flight::put(db, Kind::HousePhoto, &case.to_string(), &id, &pin_at)?;
    Ok(Some(Request {
        id,
        method: "GET".to_owned(),
        path: format!("/v1/phone/house-photos/{case}"),
        headers: pump::common(phone, Some(&token)),
        body: RequestBody::None,
        save_to: None,
    }))
}

pub(crate) fn on_response(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    in_flight::forget(&core.stores.device, &row.id)?;
    let (Ok(case), Some(pin_at)) = (row.subject.parse::<CaseId>(), row.detail::<Timestamp>())
    else {
        return Ok(());
    };
    let Some(account) = &core.stores.account else {
        return Ok(());
    };
    let is_jpeg = response.body.starts_with(&[0xff, 0xd8, 0xff]);
    if response.is_success() && is_jpeg && response.body.len() <= MOST_BYTES {
        let taken_at = response
            .header(TAKEN_AT)
            .and_then(|at| at.parse::<Timestamp>().ok());
        // The case may have left while the photo was on its way.
        if feed::roster(core)?.row(case).is_some() {
            let vault = Vault::of(phone)?;
            let photo = Some((taken_at, response.body.as_slice()));
            house_photos::put(&account.db, &vault, case, pin_at, photo)?;
        }
        return backoff::clear(&core.stores.device, backoff::HOUSE_PHOTOS);
    }
    if response.status == 404 && !says_nothing(response) {
        let vault = Vault::of(phone)?;
        return house_photos::put(&account.db, &vault, case, pin_at, None);
    }
    if matches!(response.status, 401 | 403) && account::on_refused(core, phone, response)? {
        return Ok(());
    }
    let db = &core.stores.device;
    if !says_nothing(response) {
        meta::set(db, meta::LAST_PROBLEM, &problem_code(response))?;
    }
    backoff::fail(
        db,
        phone,
        backoff::HOUSE_PHOTOS,
        retry_after_s(response).or(Some(60)),
    )
}
