//! One round with the server: manifests and questions up; receipts, feed and settings down.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use tilik_protocol::evidence::MAX_SYNC_VISITS;
use tilik_protocol::ids::{PhotoId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::{
    Bucket, Carried, CarryVisits, Cursor, SealedVisit, SyncReply, SyncRequest, VisitResult,
    VisitStatus,
};
use tilik_protocol::time::Timestamp;

use crate::error::Result;
use crate::feed::Roster;
use crate::phone::Phone;
use crate::pump::{base64, is_passing, json, no_network, problem_code, retry_after_s};
use crate::requests::{Request, Response};
use crate::screens::{Why, report};
use crate::store::in_flight::{self, InFlight, Kind};
use crate::store::{house_photos, meta};
use crate::{Core, account, backoff, feed, outbox};

/// Most bytes of manifests and answers in one request, as base64: with cursors and questions it stays below 1 MiB.
pub(crate) const VISITS_BYTES: usize = 700 * 1024;
/// A round that was cut off is made smaller the next time, down to this: on 64 kbit/s the largest takes a minute and a half,
/// and a link that is cut every twenty seconds would never see it arrive.
const LEAST_BYTES: usize = 16 * 1024;

/// What a round said, to judge its reply by.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Whose cursors.
    pub(crate) user: Option<UserId>,
    pub(crate) epoch: u64,
    pub(crate) cursors: BTreeMap<Bucket, Cursor>,
    pub(crate) asked: Vec<PhotoId>,
    /// How many visits went along.
    pub(crate) visits: usize,
}

/// The oldest sealed visits without a receipt, as many as fit one request.
fn waiting_visits(db: &Connection, carried: bool, most_bytes: usize) -> Result<Vec<SealedVisit>> {
    let mut statement = db.prepare_cached(
        "SELECT manifest, answers FROM outbox_visit WHERE state = 'waiting' AND carried = ?1 \
         ORDER BY queued LIMIT ?2",
    )?;
    let mut rows = statement.query(params![carried, MAX_SYNC_VISITS.cast_signed()])?;
    let mut visits = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let manifest = base64(row.get::<_, Vec<u8>>(0)?);
        let answers = row.get::<_, Option<Vec<u8>>>(1)?.map(base64);
        bytes += manifest.len() + answers.as_ref().map_or(0, String::len);
        if bytes > most_bytes && !visits.is_empty() {
            break;
        }
        visits.push(SealedVisit { manifest, answers });
    }
    Ok(visits)
}

/// A round was cut off: the next one is a quarter of it.
pub(crate) fn on_cut(core: &mut Core) {
    core.pump.round_bytes = (core.pump.round_bytes / 4).max(LEAST_BYTES);
}

/// A round arrived: the next one may be twice as large.
fn on_arrived(core: &mut Core) {
    core.pump.round_bytes = (core.pump.round_bytes * 2).min(VISITS_BYTES);
}

/// The request of a round.
pub(crate) fn request(core: &mut Core, phone: &Phone) -> Result<Option<Request>> {
    let db = &core.stores.device;
    let (Some(token), Some(device)) = (core.pump.access_token(phone), meta::get(db, meta::DEVICE)?)
    else {
        return Ok(None);
    };
    let (epoch, cursors) = match &core.stores.account {
        Some(account) => (
            meta::get(&account.db, meta::EPOCH)?.unwrap_or(0),
            feed::cursors(&account.db)?,
        ),
        None => (0, BTreeMap::new()),
    };
    let visits = waiting_visits(db, false, core.pump.round_bytes)?;
    let said = Said {
        user: core.stores.account.as_ref().map(|account| account.user),
        epoch,
        cursors,
        asked: outbox::to_ask(db, phone)?,
        visits: visits.len(),
    };
    let id = phone.new_id::<uuid::Uuid>().to_string();
    let id = in_flight::put(db, Kind::Sync, "", &id, &said)?;
    let body = SyncRequest {
        device,
        client_version: phone.app.version.clone(),
        epoch: said.epoch,
        cursors: said.cursors,
        visits,
        ask_receipts: said.asked,
    };
    core.pump.sync_wanted = false;
    json(id, "/v1/sync", Some(&token), phone, &body).map(Some)
}

/// The request that brings a colleague's visits.
pub(crate) fn carry(core: &mut Core, phone: &Phone) -> Result<Option<Request>> {
    let db = &core.stores.device;
    let Some(token) = core.pump.access_token(phone) else {
        return Ok(None);
    };
    let visits = waiting_visits(db, true, core.pump.round_bytes)?;
    let id = phone.new_id::<uuid::Uuid>().to_string();
    let id = in_flight::put(db, Kind::Carry, "", &id, &visits.len())?;
    json(
        id,
        "/v1/visits",
        Some(&token),
        phone,
        &CarryVisits { visits },
    )
    .map(Some)
}

/// A reply that brings nothing: when to come again.
fn on_failure(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
    scope: &str,
) -> Result<()> {
    in_flight::forget(&core.stores.device, &row.id)?;
    core.pump.sync_wanted = true;
    let code = problem_code(response);
    if matches!(response.status, 401 | 403) && account::on_refused(core, phone, response)? {
        return Ok(());
    }
    let db = &core.stores.device;
    meta::set(db, meta::LAST_PROBLEM, &code)?;
    // What will not pass by itself waits longer at once: nothing on this phone changes it.
    let at_least = retry_after_s(response).or((!is_passing(response.status)).then_some(60));
    backoff::fail(db, phone, scope, at_least)
}

pub(crate) fn on_response(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    if !response.is_success() {
        return on_failure(core, phone, row, response, backoff::SYNC);
    }
    let (Ok(reply), Some(said)) = (
        serde_json::from_slice::<SyncReply>(&response.body),
        row.detail::<Said>(),
    ) else {
        // A hotel's welcome page, or half an answer: nothing of it is believed.
        core.pump.sync_wanted = true;
        return no_network(&core.stores.device, phone);
    };
    if let Some(access) = &mut core.pump.access {
        access.proven = true;
    }
    on_arrived(core);
    // The roster first: should the phone die in between, the round is repeated and its visits are duplicates.
    let mut again = false;
    if let Some(account) = core
        .stores
        .account
        .as_mut()
        .filter(|account| said.user == Some(account.user))
    {
        again = feed::apply(account, &said, &reply)?;
        let busy = outbox::busy_cases(&core.stores.device)?;
        feed::drop_revoked(account, &busy)?;
        house_photos::prune(&account.db)?;
    }
    let roster = feed::roster(core)?;
    let tx = core.stores.device.transaction()?;
    if meta::get(&tx, meta::EPOCH)?.is_some_and(|known| known != reply.epoch) {
        outbox::server_was_restored(&tx)?;
    }
    meta::set(&tx, meta::EPOCH, &reply.epoch)?;
    let receipted = results(&tx, &reply.results, reply.now)?;
    meta::set(&tx, meta::KEEP_DAYS, &reply.config.keep_days)?;
    match &reply.config.app {
        Some(offered) => meta::set(&tx, meta::APP_OFFER, offered)?,
        None => meta::forget(&tx, meta::APP_OFFER)?,
    }
    let deletable = outbox::receipts(&tx, phone, &said.asked, &reply.receipts, reply.now)?;
    meta::set(&tx, meta::MIN_VERSION, &reply.config.min_version)?;
    meta::set(&tx, meta::SPOOL_RECIPIENT, &reply.config.spool_recipient)?;
    meta::set(&tx, meta::UTC_OFFSET_MIN, &reply.config.utc_offset_min)?;
    meta::set(
        &tx,
        meta::SERVER_TIME,
        &account::server_time(phone, reply.now, Some(reply.time_token.clone())),
    )?;
    meta::set(&tx, meta::LAST_SYNC_AT, &phone.now())?;
    meta::forget(&tx, meta::LAST_PROBLEM)?;
    report::note_receipts(&tx)?;
    if core.stores.account.is_some() {
        note_returns(&tx, &roster)?;
    }
    backoff::clear(&tx, backoff::NET)?;
    if said.visits > 0 && receipted == 0 {
        // A round that moved nothing must not be repeated at once.
        backoff::fail(&tx, phone, backoff::SYNC, None)?;
    } else {
        backoff::clear(&tx, backoff::SYNC)?;
    }
    in_flight::forget(&tx, &row.id)?;
    tx.commit()?;
    core.pump.last_sync_ns = Some(phone.ports.monotonic.elapsed_ns());
    core.pump.sync_wanted = again;
    outbox::delete_bytes(&core.stores.device, phone, &deletable)?;
    let revoked = reply
        .device_revoked
        .as_deref()
        .map(Lenient::<RevokeKind>::read);
    match revoked {
        None => Ok(()),
        Some(Lenient::Known(kind)) => account::revoke(core, phone, kind),
        // A way of leaving that this build does not know: the gentler one, which loses nothing.
        Some(Lenient::Unknown(_)) => account::revoke(core, phone, RevokeKind::Retired),
    }
}

/// Which visits came back, for the month's report; and answers are kept no longer than their cases are.
fn note_returns(tx: &Connection, roster: &Roster) -> Result<()> {
    for row in &roster.rows {
        if let Some(returned) = &row.assignment.returned {
            tx.prepare_cached(
                "UPDATE visit_log SET returned = 1 WHERE visit = ?1 AND returned = 0",
            )?
            .execute([returned.visit.to_string()])?;
        }
    }
    let kept: Vec<(String, Option<String>)> = tx
        .prepare_cached(
            "SELECT DISTINCT a.visit, v.case_id FROM sealed_answer AS a \
             LEFT JOIN outbox_visit AS v ON v.visit = a.visit",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (visit, case) in kept {
        let case = case.and_then(|case| case.parse().ok());
        if case.is_none_or(|case| roster.row(case).is_none()) {
            tx.prepare_cached("DELETE FROM sealed_answer WHERE visit = ?1")?
                .execute([visit])?;
        }
    }
    Ok(())
}

pub(crate) fn on_carried(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    if !response.is_success() {
        return on_failure(core, phone, row, response, backoff::CARRY);
    }
    let Ok(reply) = serde_json::from_slice::<Carried>(&response.body) else {
        return no_network(&core.stores.device, phone);
    };
    on_arrived(core);
    if let Some(access) = &mut core.pump.access {
        access.proven = true;
    }
    let tx = core.stores.device.transaction()?;
    // This reply tells no time of the server; the phone's own is near enough for a screen.
    let receipted = results(&tx, &reply.results, phone.now())?;
    if receipted == 0 {
        backoff::fail(&tx, phone, backoff::CARRY, None)?;
    } else {
        backoff::clear(&tx, backoff::CARRY)?;
    }
    backoff::clear(&tx, backoff::NET)?;
    in_flight::forget(&tx, &row.id)?;
    tx.commit()?;
    Ok(())
}

/// Applies the receipts of visits, each known by its bytes. Tells how many were told of.
fn results(tx: &Connection, results: &[VisitResult], now: Timestamp) -> Result<usize> {
    let mut count = 0;
    for result in results {
        let visit: Option<String> = tx
            .prepare_cached(
                "SELECT visit FROM outbox_visit WHERE manifest_sha256 = ?1 AND state <> 'sent'",
            )?
            .query_row([&result.manifest_sha256], |row| row.get(0))
            .optional()?;
        let Some(visit) = visit else {
            continue;
        };
        count += 1;
        let code = || result.code.clone().unwrap_or_default();
        let why = match &result.status {
            Lenient::Known(VisitStatus::Accepted | VisitStatus::Duplicate) => {
                tx.prepare_cached(
                    "UPDATE outbox_visit SET state = 'sent', why = NULL, received_at = ?2, \
                     upload_grant = coalesce(?3, upload_grant) WHERE visit = ?1",
                )?
                .execute(params![visit, now.as_micros(), result.upload_grant])?;
                outbox::wanted(tx, &visit, &result.wanted)?;
                continue;
            }
            Lenient::Known(VisitStatus::Conflict) => Why::Conflict,
            Lenient::Known(VisitStatus::Quarantined) => Why::Quarantined { code: code() },
            Lenient::Known(VisitStatus::Malformed) => Why::Malformed { code: code() },
            // From a newer server: somebody has to look, and nothing is lost meanwhile.
            Lenient::Unknown(word) => Why::Quarantined { code: word.clone() },
        };
        tx.prepare_cached(
            "UPDATE outbox_visit SET state = 'attention', why = ?2 WHERE visit = ?1",
        )?
        .execute(params![visit, serde_json::to_string(&why)?])?;
    }
    Ok(count)
}
