//! Sealed photos on their way (tus 1.0.0), and what the officer sees of it.
//!
//! A photo is announced and sent in one request. After a cut, a restart or anything unclear the server is asked where it
//! stands, and the rest is sent. Bytes leave the phone only after the server has said "safe" again, days later.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::manifest::Hash32;
use tilik_protocol::problem::Problem;
use tilik_protocol::sync::PhotoReceipt;
use tilik_protocol::time::Timestamp;

use crate::backoff;
use crate::error::{CoreError, Error, Result};
use crate::phone::Phone;
use crate::pump::{self, base64, header, is_passing, no_network, problem_code, retry_after_s};
use crate::requests::{Request, RequestBody, Response};
use crate::screens::{OutboxPhoto, OutboxState, OutboxVisit, Why};
use crate::store::in_flight::{self, InFlight, Kind};
use crate::store::outbox::{Said, forget_families};
use crate::store::{SPOOL, meta};
use crate::{Core, FieldApp, spare};

/// Days that bytes stay at least after they are safe, whatever the city says.
const LEAST_KEEP_DAYS: u32 = 7;
/// How often bytes that the server found damaged are sent again.
const MOST_TRIES: u32 = 3;
/// Most receipts asked for in one round.
const MOST_ASKED: u32 = 2_000;
const DAY_S: i64 = 86_400;
/// When the server is short of room and does not say for how long, in seconds.
const LOW_SPACE_S: u64 = 60;
/// A PATCH elsewhere is active: how long to wait when the server does not say, in seconds.
const BUSY_S: u64 = 2;

/// Photos that may be sent: of a visit with a receipt and a grant, whose bytes are here and nothing stands in the way.
const SENDABLE: &str = "FROM outbox_photo AS p \
    JOIN outbox_link AS l ON l.photo = p.photo \
    JOIN outbox_visit AS v ON v.visit = l.visit \
    WHERE p.stage <> 'whole' AND p.why IS NULL AND p.on_phone = 1 \
    AND v.state = 'sent' AND v.upload_grant IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM in_flight AS f WHERE f.kind = 'upload' AND f.subject = p.photo)";

/// A photo that the server was told of by a visit. It is not asked for others: what nobody can vouch for would be asked for
/// ever.
const NAMED: &str = "EXISTS (SELECT 1 FROM outbox_link AS l JOIN outbox_visit AS v \
    ON v.visit = l.visit WHERE l.photo = p.photo AND v.state = 'sent')";

fn count(db: &Connection, sql: &str) -> Result<u32> {
    Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Sealed visits without a receipt that may be sent.
pub(crate) fn count_waiting(db: &Connection, carried: bool) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM outbox_visit WHERE state = 'waiting' AND carried = ?1",
        )?
        .query_row([carried], |row| row.get(0))?)
}

/// Photos that are not on the server, as far as is known.
pub(crate) fn count_unreceived(db: &Connection) -> Result<u32> {
    count(
        db,
        "SELECT count(*) FROM outbox_photo WHERE received_at IS NULL",
    )
}

/// Sealed visits that stand still, or a photo of which does.
pub(crate) fn count_attention(db: &Connection) -> Result<u32> {
    count(
        db,
        "SELECT count(*) FROM outbox_visit AS v WHERE v.state = 'attention' OR EXISTS \
         (SELECT 1 FROM outbox_link AS l JOIN outbox_photo AS p ON p.photo = l.photo \
         WHERE l.visit = v.visit AND p.why IS NOT NULL)",
    )
}

/// The visits that are not whole on the server.
pub(crate) fn unsent(db: &Connection) -> Result<BTreeSet<VisitId>> {
    let ids: Vec<String> = db
        .prepare_cached(
            "SELECT visit FROM outbox_visit AS v WHERE state <> 'sent' OR EXISTS \
             (SELECT 1 FROM outbox_link AS l JOIN outbox_photo AS p ON p.photo = l.photo \
             WHERE l.visit = v.visit AND p.received_at IS NULL)",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    ids.iter()
        .map(|id| id.parse().map_err(|_| Error::Broken("visit-id")))
        .collect()
}

/// How many sealed visits are here, the bytes of their files, and when the first of those was heard to be safe.
pub(crate) fn held(db: &Connection) -> Result<(u32, u64, Option<Timestamp>)> {
    let visits = count(db, "SELECT count(*) FROM outbox_visit")?;
    let (bytes, safe_heard_at): (i64, Option<i64>) = db
        .prepare_cached(
            "SELECT coalesce(sum(sealed_len), 0), min(safe_heard_at) FROM outbox_photo \
             WHERE on_phone = 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((visits, bytes.cast_unsigned(), at(safe_heard_at)))
}

/// Photos that may be sent.
pub(crate) fn count_sendable(db: &Connection) -> Result<u32> {
    count(db, &format!("SELECT count(DISTINCT p.photo) {SENDABLE}"))
}

/// Photos that went out whole and whose receipt was not asked for since.
pub(crate) fn count_unasked(db: &Connection) -> Result<u32> {
    count(
        db,
        &format!(
            "SELECT count(*) FROM outbox_photo AS p WHERE stage = 'whole' AND asked = 0 AND {NAMED}"
        ),
    )
}

/// The next photos to send, case by case; and when the first of those comes up that wait for themselves.
pub(crate) fn sendable(
    db: &Connection,
    phone: &Phone,
    most: usize,
) -> Result<(Vec<String>, Option<u64>)> {
    let boot = phone.ports.monotonic.boot_id();
    let now = phone.ports.monotonic.elapsed_ns().cast_signed();
    let ready = db
        .prepare_cached(&format!(
            "SELECT p.photo, min(v.queued) AS turn, min(l.position) AS place {SENDABLE} \
             AND NOT EXISTS (SELECT 1 FROM backoff AS b WHERE b.scope = 'photo:' || p.photo \
             AND b.boot_id = ?1 AND b.until_ns > ?2) \
             GROUP BY p.photo ORDER BY turn, place, p.photo LIMIT ?3"
        ))?
        .query_map(
            params![boot, now, i64::try_from(most).unwrap_or(i64::MAX)],
            |row| row.get(0),
        )?
        .collect::<rusqlite::Result<_>>()?;
    let next: Option<i64> = db
        .prepare_cached(&format!(
            "SELECT min(b.until_ns) FROM backoff AS b WHERE b.boot_id = ?1 AND b.until_ns > ?2 \
             AND b.scope IN (SELECT 'photo:' || p.photo {SENDABLE})"
        ))?
        .query_row(params![boot, now], |row| row.get(0))?;
    Ok((ready, next.map(|until| (until - now).cast_unsigned())))
}

/// A photo as it stands.
struct Photo {
    id: String,
    device: String,
    file: String,
    sealed_sha256: String,
    sealed_len: u64,
    stage: String,
    sent_bytes: u64,
}

fn photo(db: &Connection, id: &str) -> Result<Option<Photo>> {
    Ok(db
        .prepare_cached(
            "SELECT photo, device, file, sealed_sha256, sealed_len, stage, sent_bytes \
             FROM outbox_photo WHERE photo = ?1",
        )?
        .query_row([id], |row| {
            Ok(Photo {
                id: row.get(0)?,
                device: row.get(1)?,
                file: row.get(2)?,
                sealed_sha256: row.get(3)?,
                sealed_len: row.get::<_, i64>(4)?.cast_unsigned(),
                stage: row.get(5)?,
                sent_bytes: row.get::<_, i64>(6)?.cast_unsigned(),
            })
        })
        .optional()?)
}

/// The path of a spool file. Names come from the database, which made them from ids.
pub(crate) fn spool_file(phone: &Phone, name: &str) -> PathBuf {
    phone.folder.join(SPOOL).join(name)
}

/// SHA-256 and length of a file.
pub(crate) fn hash_file(path: &Path) -> std::io::Result<(Hash32, u64)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((Hash32(hash.finalize().into()), length));
        }
        hash.update(&buffer[..read]);
        length += read as u64;
    }
}

/// What is wrong with the photo's file, if anything. A bad block of the disk is told alike: this photo stands still, the
/// others go on, and `retry` reads it again.
fn file_problem(phone: &Phone, photo: &Photo) -> Option<Why> {
    match hash_file(&spool_file(phone, &photo.file)) {
        Ok((hash, length))
            if length == photo.sealed_len && hash.to_string() == photo.sealed_sha256 =>
        {
            None
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Why::FileMissing),
        Ok(_) | Err(_) => Some(Why::FileDamaged),
    }
}

fn set_aside(db: &Connection, photo: &str, why: &Why) -> Result<()> {
    db.prepare_cached("UPDATE outbox_photo SET why = ?2 WHERE photo = ?1")?
        .execute(params![photo, serde_json::to_string(why)?])?;
    Ok(())
}

fn set_stage(db: &Connection, photo: &str, stage: &str, sent_bytes: u64) -> Result<()> {
    db.prepare_cached(
        "UPDATE outbox_photo SET stage = ?2, sent_bytes = ?3, asked = 0 WHERE photo = ?1",
    )?
    .execute(params![photo, stage, sent_bytes.cast_signed()])?;
    Ok(())
}

/// Where the photo stands is not known any more.
fn to_probe(db: &Connection, photo: &str) -> Result<()> {
    db.prepare_cached(
        "UPDATE outbox_photo SET stage = 'probe' WHERE photo = ?1 AND stage <> 'whole'",
    )?
    .execute([photo])?;
    Ok(())
}

/// A grant under which the photo may be sent, with its visit.
fn grant(db: &Connection, photo: &str) -> Result<Option<(String, String)>> {
    Ok(db
        .prepare_cached(
            "SELECT v.visit, v.upload_grant FROM outbox_link AS l \
             JOIN outbox_visit AS v ON v.visit = l.visit \
             WHERE l.photo = ?1 AND v.upload_grant IS NOT NULL ORDER BY v.queued DESC LIMIT 1",
        )?
        .query_row([photo], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// A request that was handed out before the app was restarted: the server is asked what became of it, under the same id,
/// so that an answer the operating system still brings is understood.
pub(crate) fn again(core: &mut Core, phone: &Phone, row: &InFlight) -> Result<Option<Request>> {
    let db = &core.stores.device;
    to_probe(db, &row.subject)?;
    let made = request(core, phone, &row.subject)?;
    if made.is_none() {
        in_flight::forget(&core.stores.device, &row.id)?;
    }
    Ok(made)
}

/// The next request of a photo; `None` when its file is not what was sealed, which is then its state.
pub(crate) fn request(core: &mut Core, phone: &Phone, id: &str) -> Result<Option<Request>> {
    let db = &core.stores.device;
    let (Some(photo), Some((visit, grant))) = (photo(db, id)?, grant(db, id)?) else {
        return Ok(None);
    };
    if photo.stage == "whole" {
        return Ok(None);
    }
    if photo.stage != "probe"
        && let Some(why) = file_problem(phone, &photo)
    {
        set_aside(db, id, &why)?;
        return Ok(None);
    }
    let mut headers = pump::common(phone, Some(&grant));
    headers.push(header("Tus-Resumable", "1.0.0"));
    let at = format!("/v1/uploads/{id}");
    let stream = || header("Content-Type", "application/offset+octet-stream");
    let path = spool_file(phone, &photo.file)
        .to_string_lossy()
        .into_owned();
    let (method, path, body) = match photo.stage.as_str() {
        "probe" => ("HEAD", at, RequestBody::None),
        "tail" => {
            headers.push(stream());
            headers.push(header("Upload-Offset", &photo.sent_bytes.to_string()));
            let body = RequestBody::File {
                path,
                offset: photo.sent_bytes,
                length: photo.sealed_len.saturating_sub(photo.sent_bytes),
            };
            ("PATCH", at, body)
        }
        _ => {
            headers.push(stream());
            headers.push(header("Upload-Length", &photo.sealed_len.to_string()));
            let metadata = [
                ("media", &photo.id),
                ("device", &photo.device),
                ("visit", &visit),
                ("sha256", &photo.sealed_sha256),
            ]
            .map(|(key, value)| format!("{key} {}", base64(value)))
            .join(",");
            headers.push(header("Upload-Metadata", &metadata));
            let body = RequestBody::File {
                path,
                offset: 0,
                length: photo.sealed_len,
            };
            ("POST", "/v1/uploads".to_owned(), body)
        }
    };
    let new_id = phone.new_id::<uuid::Uuid>().to_string();
    let request_id = in_flight::put(db, Kind::Upload, id, &new_id, &method)?;
    Ok(Some(Request {
        id: request_id,
        method: method.to_owned(),
        path,
        headers,
        body,
        save_to: None,
    }))
}

/// The connection was cut: what arrived is kept there, so the server is asked.
pub(crate) fn on_cut(db: &Connection, row: &InFlight) -> Result<()> {
    to_probe(db, &row.subject)?;
    in_flight::forget(db, &row.id)
}

/// Where the server says that the upload stands.
fn offset_said(response: &Response) -> Option<u64> {
    response.number("upload-offset").or_else(|| {
        serde_json::from_slice::<Problem>(&response.body)
            .ok()
            .and_then(|problem| problem.upload_offset)
    })
}

/// One sorting for announcements, questions and tails alike, so that an answer to an older request is understood too.
pub(crate) fn on_response(
    core: &mut Core,
    phone: &Phone,
    row: &InFlight,
    response: &Response,
) -> Result<()> {
    let tx = core.stores.device.transaction()?;
    in_flight::forget(&tx, &row.id)?;
    sort(&tx, phone, row, response)?;
    tx.commit()?;
    Ok(())
}

fn sort(db: &Connection, phone: &Phone, row: &InFlight, response: &Response) -> Result<()> {
    let id = row.subject.as_str();
    let scope = backoff::photo(id);
    let Some(photo) = photo(db, id)? else {
        return Ok(());
    };
    if photo.stage == "whole" {
        return Ok(());
    }
    let said = offset_said(response).filter(|offset| *offset <= photo.sealed_len);
    if let Some(offset) = said
        && (response.is_success() || response.status == 409)
    {
        backoff::clear(db, backoff::NET)?;
        backoff::clear(db, backoff::PHOTOS)?;
        if offset == photo.sealed_len {
            backoff::clear(db, &scope)?;
            return set_stage(db, id, "whole", offset);
        }
        let was_sending = row
            .detail::<String>()
            .is_some_and(|method| method != "HEAD");
        if offset > photo.sent_bytes || (response.is_success() && !was_sending) {
            backoff::clear(db, &scope)?;
        } else {
            backoff::fail(db, phone, &scope, None)?;
        }
        return set_stage(db, id, "tail", offset);
    }
    if response.is_success() {
        // Not a word of tus: some page of the network's own.
        to_probe(db, id)?;
        return no_network(db, phone);
    }
    let code = problem_code(response);
    let method = row.detail::<String>().unwrap_or_default();
    match response.status {
        // Forgotten there, or never heard of: from the beginning.
        410 => set_stage(db, id, "fresh", 0),
        404 if method != "POST" => set_stage(db, id, "fresh", 0),
        409 if code == "content_conflict" => set_aside(db, id, &Why::PhotoConflict),
        409 | 460 => {
            to_probe(db, id)?;
            backoff::fail(db, phone, &scope, None)
        }
        423 => {
            to_probe(db, id)?;
            let wait = retry_after_s(response).unwrap_or(BUSY_S);
            backoff::fail(db, phone, &scope, Some(wait))
        }
        // The grant is over: the manifest is shown again, and the server gives another one.
        401 => {
            to_probe(db, id)?;
            meta::set(db, meta::LAST_PROBLEM, &code)?;
            db.prepare_cached(
                "UPDATE outbox_visit SET state = 'waiting', upload_grant = NULL WHERE state = 'sent' \
                 AND visit IN (SELECT visit FROM outbox_link WHERE photo = ?1)",
            )?
            .execute([id])?;
            Ok(())
        }
        422 => damaged(db, phone, &photo, &code),
        507 => {
            to_probe(db, id)?;
            meta::set(db, meta::LAST_PROBLEM, &code)?;
            let wait = retry_after_s(response).unwrap_or(LOW_SPACE_S);
            backoff::fail(db, phone, backoff::PHOTOS, Some(wait))
        }
        status if is_passing(status) => {
            to_probe(db, id)?;
            meta::set(db, meta::LAST_PROBLEM, &code)?;
            backoff::fail(db, phone, &scope, None)?;
            backoff::fail(db, phone, backoff::PHOTOS, retry_after_s(response))
        }
        _ if code.starts_with("http_") => {
            // Not one of our server's words: something between.
            to_probe(db, id)?;
            backoff::fail(db, phone, &scope, None)
        }
        _ => set_aside(db, id, &Why::PhotoRefused { code }),
    }
}

/// The server found the bytes wrong. When ours are right they are sent again, a few times.
fn damaged(db: &Connection, phone: &Phone, photo: &Photo, code: &str) -> Result<()> {
    if let Some(why) = file_problem(phone, photo) {
        return set_aside(db, &photo.id, &why);
    }
    let tries: u32 = db
        .prepare_cached(
            "UPDATE outbox_photo SET tries = tries + 1, stage = 'fresh', sent_bytes = 0, asked = 0 \
             WHERE photo = ?1 RETURNING tries",
        )?
        .query_row([&photo.id], |row| row.get(0))?;
    if code != "hash_mismatch" || tries >= MOST_TRIES {
        let why = Why::PhotoRefused {
            code: code.to_owned(),
        };
        return set_aside(db, &photo.id, &why);
    }
    backoff::fail(db, phone, &backoff::photo(&photo.id), None)
}

/// The receipt of a visit tells which of its photos the server lacks.
pub(crate) fn wanted(tx: &Connection, visit: &str, wanted: &[PhotoId]) -> Result<()> {
    let photos: Vec<(String, String, i64)> = tx
        .prepare_cached(
            "SELECT p.photo, p.stage, p.sealed_len FROM outbox_link AS l \
             JOIN outbox_photo AS p ON p.photo = l.photo WHERE l.visit = ?1",
        )?
        .query_map([visit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (photo, stage, sealed_len) in photos {
        let is_wanted = wanted.iter().any(|id| id.to_string() == photo);
        if is_wanted && stage == "whole" {
            set_stage(tx, &photo, "probe", 0)?;
        } else if !is_wanted && stage != "whole" {
            set_stage(tx, &photo, "whole", sealed_len.cast_unsigned())?;
        }
    }
    Ok(())
}

/// The server came back from a backup: what is not safe there may be gone, and manifests are shown again.
pub(crate) fn server_was_restored(tx: &Connection) -> Result<()> {
    tx.execute(
        "UPDATE outbox_visit SET state = 'waiting' WHERE state = 'sent'",
        [],
    )?;
    tx.execute(
        "UPDATE outbox_photo SET stage = 'probe', received_at = NULL, asked = 0 \
         WHERE stage = 'whole' AND safe_at IS NULL AND on_phone = 1",
        [],
    )?;
    Ok(())
}

/// The photos whose receipt is asked for: those that went out whole and are not safe; and those that are safe for so
/// long that their bytes may go, for they go only after the server has said so once more.
pub(crate) fn to_ask(db: &Connection, phone: &Phone) -> Result<Vec<PhotoId>> {
    let revoked = meta::get(db, meta::REVOKED)?.is_some();
    let heard_before = if revoked {
        i64::MAX
    } else {
        phone.now().plus_s(-keep_s(db)?).as_micros()
    };
    let ids: Vec<String> = db
        .prepare_cached(&format!(
            "SELECT photo FROM outbox_photo AS p WHERE ((safe_at IS NULL AND (stage = 'whole' OR \
             on_phone = 0)) OR (on_phone = 1 AND safe_heard_at <= ?1)) AND {NAMED} \
             ORDER BY asked, photo LIMIT ?2"
        ))?
        .query_map(params![heard_before, MOST_ASKED], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    ids.iter()
        .map(|id| id.parse().map_err(|_| Error::Broken("photo-id")))
        .collect()
}

/// Seconds that bytes stay after they are safe.
pub(crate) fn keep_s(db: &Connection) -> Result<i64> {
    let days = meta::get(db, meta::KEEP_DAYS)?.unwrap_or(LEAST_KEEP_DAYS);
    Ok(i64::from(days.clamp(LEAST_KEEP_DAYS, 3_650)) * DAY_S)
}

/// Applies receipts. Tells which photos' bytes may be deleted now, by the clocks of both sides.
pub(crate) fn receipts(
    tx: &Connection,
    phone: &Phone,
    asked: &[PhotoId],
    receipts: &[PhotoReceipt],
    now: Timestamp,
) -> Result<Vec<String>> {
    let revoked = meta::get(tx, meta::REVOKED)?.is_some();
    let keep_s = keep_s(tx)?;
    let mut deletable = Vec::new();
    for receipt in receipts {
        let id = receipt.photo.to_string();
        let known: Option<(String, Option<i64>, bool)> = tx
            .prepare_cached(
                "SELECT sha256, safe_heard_at, on_phone FROM outbox_photo WHERE photo = ?1",
            )?
            .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((sha256, heard_at, on_phone)) = known else {
            continue;
        };
        if receipt.sha256.is_empty() {
            // Not received: the upload was spoiled.
            if let (Some(problem), Some(photo)) = (&receipt.problem, photo(tx, &id)?)
                && photo.stage == "whole"
            {
                damaged(tx, phone, &photo, problem)?;
            }
            continue;
        }
        if receipt.sha256 != sha256 {
            set_aside(tx, &id, &Why::PhotoConflict)?;
            continue;
        }
        tx.prepare_cached(
            "UPDATE outbox_photo SET stage = 'whole', sent_bytes = sealed_len, why = NULL, \
             asked = 1, received_at = ?2, safe_at = ?3, problem = ?4, \
             safe_heard_at = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(safe_heard_at, ?5) END \
             WHERE photo = ?1",
        )?
        .execute(params![
            id,
            receipt.received_at.as_micros(),
            receipt.safe_at.map(Timestamp::as_micros),
            receipt.problem,
            phone.now().as_micros()
        ])?;
        let Some(safe_at) = receipt.safe_at.filter(|_| on_phone) else {
            continue;
        };
        let long_here = heard_at.is_some_and(|heard_at| {
            phone.now().seconds_since(Timestamp::from_micros(heard_at)) >= keep_s
        });
        if revoked || (long_here && now.seconds_since(safe_at) >= keep_s) {
            deletable.push(id);
        }
    }
    for id in asked {
        if receipts.iter().any(|receipt| receipt.photo == *id) {
            continue;
        }
        // A photo that is not in the reply is not on the server, whatever it said before.
        let id = id.to_string();
        let lost = tx
            .prepare_cached(
                "UPDATE outbox_photo SET stage = 'probe', sent_bytes = 0, received_at = NULL, \
                 safe_at = NULL, safe_heard_at = NULL WHERE photo = ?1 AND stage = 'whole' \
                 AND on_phone = 1",
            )?
            .execute([&id])?;
        if lost > 0 {
            backoff::fail(tx, phone, &backoff::photo(&id), None)?;
        } else {
            tx.prepare_cached("UPDATE outbox_photo SET asked = 1 WHERE photo = ?1")?
                .execute([&id])?;
        }
    }
    Ok(deletable)
}

/// Deletes the bytes of photos that are safe. The file goes first: should the phone die in between, it is done again.
pub(crate) fn delete_bytes(db: &Connection, phone: &Phone, photos: &[String]) -> Result<()> {
    for id in photos {
        let Some(photo) = photo(db, id)? else {
            continue;
        };
        match std::fs::remove_file(spool_file(phone, &photo.file)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        db.prepare_cached("UPDATE outbox_photo SET on_phone = 0 WHERE photo = ?1")?
            .execute([id])?;
    }
    if photos.is_empty() {
        return Ok(());
    }
    forget_families(db)?;
    spare::clear(db, phone)
}

/// The cases of drafts and of visits that are not whole on the server: their rows must stay.
pub(crate) fn busy_cases(db: &Connection) -> Result<BTreeSet<CaseId>> {
    let ids: Vec<String> = db
        .prepare_cached(
            "SELECT case_id FROM draft WHERE case_id IS NOT NULL UNION \
             SELECT v.case_id FROM outbox_visit AS v WHERE v.case_id IS NOT NULL \
             AND (v.state <> 'sent' OR EXISTS (SELECT 1 FROM outbox_link AS l \
             JOIN outbox_photo AS p ON p.photo = l.photo \
             WHERE l.visit = v.visit AND p.received_at IS NULL))",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

fn at(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

fn why(text: Option<&str>) -> Option<Why> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

fn photos_of(db: &Connection, visit: &str, said: &Said) -> Result<Vec<OutboxPhoto>> {
    let mut statement = db.prepare_cached(
        "SELECT p.photo, p.sealed_len, p.sent_bytes, p.why, p.problem, p.received_at, p.safe_at, \
         p.on_phone, p.stage, EXISTS (SELECT 1 FROM in_flight AS f WHERE f.kind = 'upload' \
         AND f.subject = p.photo) FROM outbox_link AS l \
         JOIN outbox_photo AS p ON p.photo = l.photo WHERE l.visit = ?1 ORDER BY l.position",
    )?;
    let mut rows = statement.query([visit])?;
    let mut photos = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let received_at = at(row.get(5)?);
        let stage: String = row.get(8)?;
        let is_out: bool = row.get(9)?;
        let why: Option<String> = row.get(3)?;
        let state = match self::why(why.as_deref()) {
            Some(why) => OutboxState::NeedsAttention { why },
            None if received_at.is_some() => OutboxState::Sent,
            None if is_out || stage == "whole" || stage == "tail" => OutboxState::Sending,
            None => OutboxState::Waiting,
        };
        let photo = id.parse().map_err(|_| Error::Broken("photo-id"))?;
        photos.push(OutboxPhoto {
            photo,
            kind: said.kinds.get(&photo).copied(),
            state,
            bytes: row.get::<_, i64>(1)?.cast_unsigned(),
            sent_bytes: row.get::<_, i64>(2)?.cast_unsigned(),
            received_at,
            safe_at: at(row.get(6)?),
            problem: row.get(4)?,
            on_phone: row.get(7)?,
        });
    }
    Ok(photos)
}

pub(crate) fn visits(app: &FieldApp) -> Result<Vec<OutboxVisit>> {
    let core = app.core();
    let db = &core.stores.device;
    let mut statement = db.prepare_cached(
        "SELECT visit, case_id, captured_at, carried, state, why, received_at, manifest \
         FROM outbox_visit ORDER BY queued DESC",
    )?;
    let mut rows = statement.query([])?;
    // A round that found no network is still known, for a late answer; but nothing is on its way.
    let is_out =
        |kind| -> Result<bool> { Ok(core.pump.is_out(in_flight::about(db, kind, "")?.as_ref())) };
    let (sync_is_out, carry_is_out) = (is_out(Kind::Sync)?, is_out(Kind::Carry)?);
    let mut visits = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let case: Option<String> = row.get(1)?;
        let carried: bool = row.get(3)?;
        let state: String = row.get(4)?;
        let why: Option<String> = row.get(5)?;
        let said = Said::of(&row.get::<_, Vec<u8>>(7)?);
        let photos = photos_of(db, &id, &said)?;
        let count = |is: fn(&OutboxPhoto) -> bool| {
            u32::try_from(photos.iter().filter(|photo| is(photo)).count()).unwrap_or(u32::MAX)
        };
        let photos_total = count(|_| true);
        let photos_received = count(|photo| photo.received_at.is_some());
        let stuck = photos.iter().find_map(|photo| match &photo.state {
            OutboxState::NeedsAttention { why } => Some(why.clone()),
            OutboxState::Waiting | OutboxState::Sending | OutboxState::Sent => None,
        });
        let state = match (self::why(why.as_deref()).or(stuck), state.as_str()) {
            (Some(why), _) => OutboxState::NeedsAttention { why },
            (None, "sent") if photos_received == photos_total => OutboxState::Sent,
            (None, "sent") => OutboxState::Sending,
            (None, _) if (carried && carry_is_out) || (!carried && sync_is_out) => {
                OutboxState::Sending
            }
            (None, _) => OutboxState::Waiting,
        };
        visits.push(OutboxVisit {
            visit: id.parse().map_err(|_| Error::Broken("visit-id"))?,
            case: case.and_then(|case| case.parse().ok()),
            captured_at: Timestamp::from_micros(row.get(2)?),
            carried,
            training: said.training,
            state,
            received_at: at(row.get(6)?),
            photos_total,
            photos_received,
            photos_safe: count(|photo| photo.safe_at.is_some()),
            photos,
        });
    }
    Ok(visits)
}

pub(crate) fn retry(app: &FieldApp, visit: VisitId) -> Result<()> {
    let mut core = app.core();
    let visit = visit.to_string();
    let tx = core.stores.device.transaction()?;
    let known = tx
        .prepare_cached("SELECT 1 FROM outbox_visit WHERE visit = ?1")?
        .exists([&visit])?;
    if !known {
        return Err(CoreError::UnknownVisit.into());
    }
    tx.prepare_cached(
        "UPDATE outbox_visit SET state = 'waiting', why = NULL \
         WHERE visit = ?1 AND state = 'attention'",
    )?
    .execute([&visit])?;
    tx.prepare_cached(
        "DELETE FROM backoff WHERE scope IN \
         (SELECT 'photo:' || photo FROM outbox_link WHERE visit = ?1)",
    )?
    .execute([&visit])?;
    tx.prepare_cached(
        "UPDATE outbox_photo SET why = NULL, tries = 0, stage = 'probe', asked = 0 \
         WHERE why IS NOT NULL AND photo IN (SELECT photo FROM outbox_link WHERE visit = ?1)",
    )?
    .execute([&visit])?;
    tx.commit()?;
    core.pump.sync_wanted = true;
    Ok(())
}

pub(crate) fn set_data_saver(app: &FieldApp, photos_wait: bool) -> Result<()> {
    meta::set(&app.core().stores.device, meta::DATA_SAVER, &photos_wait)
}
