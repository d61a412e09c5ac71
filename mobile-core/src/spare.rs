//! The spare: what a sealed visit needs to be sent from a phone whose database is gone.
//!
//! The database lies under a key that only the phone's keystore can open, and keystores lose keys. So the seal writes one
//! more file beside the sealed photos, `<visit>.spare`: which photos belong to the visit, and manifest and answers inside
//! age files that only the registry opens. A phone that begins anew takes up every spare that no row names; the server
//! opens the manifest and credits the visit to whoever signed it, as it does for titip kirim.

use std::collections::HashSet;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use tilik_protocol::evidence::{MAX_ANSWERS_BYTES, MAX_PHOTOS, MAX_SEALED_BYTES};
use tilik_protocol::ids::{DeviceId, PhotoId, UserId, VisitId};
use tilik_protocol::manifest::{Hash32, MAX_ENVELOPED_MANIFEST_BYTES, is_enveloped};
use tilik_protocol::time::Timestamp;

use crate::error::{Error, Result};
use crate::outbox::spool_file;
use crate::phone::Phone;
use crate::pump::base64;
use crate::seal;
use crate::store::outbox::{SealedPhotoRecord, SealedVisitRecord, enqueue};
use crate::store::{SPOOL, parse_hash};

const ENDING: &str = ".spare";
/// Most bytes of a spare: manifest and answers at their largest in base64, and its photos' hashes.
pub(crate) const MAX_SPARE_BYTES: u64 =
    (MAX_ENVELOPED_MANIFEST_BYTES as u64 + MAX_ANSWERS_BYTES) * 4 / 3 + 64 * 1024;

/// The file. It tells nothing of the family: ids, hashes, a time, and two age files.
#[derive(Serialize, Deserialize)]
struct Spare {
    version: u32,
    visit: VisitId,
    device: DeviceId,
    seq: u64,
    officer: UserId,
    captured_at: Timestamp,
    manifest: String,
    answers: Option<String>,
    photos: Vec<SparePhoto>,
}

#[derive(Serialize, Deserialize)]
struct SparePhoto {
    photo: PhotoId,
    sha256: String,
    sealed_sha256: String,
    sealed_len: u64,
}

fn name(visit: VisitId) -> String {
    format!("{visit}{ENDING}")
}

/// The spare of a visit whose manifest is inside an age file.
fn content(sealed: &SealedVisitRecord, manifest: &[u8]) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Spare {
        version: 1,
        visit: sealed.visit,
        device: sealed.device,
        seq: sealed.seq,
        officer: sealed.officer,
        captured_at: sealed.captured_at,
        manifest: base64(manifest),
        answers: sealed.answers.as_ref().map(base64),
        photos: sealed
            .photos
            .iter()
            .map(|photo| SparePhoto {
                photo: photo.photo,
                sha256: photo.sha256.to_string(),
                sealed_sha256: photo.sealed_sha256.to_string(),
                sealed_len: photo.sealed_len,
            })
            .collect(),
    })?)
}

/// Writes the spare of a visit, own or carried, under spool/. The caller syncs the folder.
pub(crate) fn write(phone: &Phone, sealed: &SealedVisitRecord, recipient: &str) -> Result<()> {
    let folder = phone.folder.join(SPOOL);
    let content = if is_enveloped(&sealed.manifest) {
        content(sealed, &sealed.manifest)?
    } else {
        content(sealed, &seal::encrypt(recipient, &sealed.manifest)?)?
    };
    seal::write_file(&folder, &name(sealed.visit), &content)
}

/// Removes the spare of a visit that was not sealed after all.
pub(crate) fn remove(phone: &Phone, visit: VisitId) -> Result<()> {
    seal::remove(&spool_file(phone, &name(visit)))
}

/// Reads a spare. The visit's photos are named as the seal names them; none is taken to be here.
///
/// # Errors
/// `Broken` when it is none.
pub(crate) fn read(bytes: &[u8]) -> Result<SealedVisitRecord> {
    let broken = || Error::Broken("spare");
    let spare: Spare = serde_json::from_slice(bytes).map_err(|_| broken())?;
    let decoded = |text: &str| STANDARD.decode(text).map_err(|_| broken());
    let manifest = decoded(&spare.manifest)?;
    let answers = spare.answers.as_deref().map(decoded).transpose()?;
    let fits = spare.version == 1
        && is_enveloped(&manifest)
        && manifest.len() <= MAX_ENVELOPED_MANIFEST_BYTES
        && answers
            .as_ref()
            .is_none_or(|answers| answers.len() as u64 <= MAX_ANSWERS_BYTES)
        && spare.photos.len() <= MAX_PHOTOS;
    if !fits {
        return Err(broken());
    }
    let mut photos = Vec::with_capacity(spare.photos.len());
    let mut told = HashSet::new();
    for photo in &spare.photos {
        if photo.sealed_len > MAX_SEALED_BYTES || !told.insert(photo.photo) {
            return Err(broken());
        }
        photos.push(SealedPhotoRecord {
            photo: photo.photo,
            file: format!("{}.age", photo.photo),
            sha256: parse_hash(&photo.sha256)?,
            sealed_sha256: parse_hash(&photo.sealed_sha256)?,
            sealed_len: photo.sealed_len,
            on_phone: false,
        });
    }
    Ok(SealedVisitRecord {
        visit: spare.visit,
        device: spare.device,
        seq: spare.seq,
        officer: spare.officer,
        case: None,
        captured_at: spare.captured_at,
        manifest,
        answers,
        photos,
        carried: true,
    })
}

/// The visits whose spares lie under spool/.
fn there(phone: &Phone) -> Result<Vec<VisitId>> {
    let mut visits = Vec::new();
    for entry in std::fs::read_dir(phone.folder.join(SPOOL))? {
        let name = entry?.file_name();
        let visit = name.to_string_lossy();
        if let Some(Ok(visit)) = visit.strip_suffix(ENDING).map(str::parse) {
            visits.push(visit);
        }
    }
    Ok(visits)
}

fn is_there(db: &Connection, sql: &str, visit: VisitId) -> Result<bool> {
    Ok(db.prepare_cached(sql)?.exists([visit.to_string()])?)
}

/// Whether a visit of the outbox may still need its spare: as long as a photo's bytes are here, the server may ask for the
/// visit again.
fn is_needed(db: &Connection, visit: VisitId) -> Result<bool> {
    is_there(
        db,
        "SELECT 1 FROM outbox_visit AS v WHERE v.visit = ?1 AND (v.state <> 'sent' OR EXISTS \
         (SELECT 1 FROM outbox_link AS l JOIN outbox_photo AS p ON p.photo = l.photo \
         WHERE l.visit = v.visit AND p.on_phone = 1))",
        visit,
    )
}

const OF_OUTBOX: &str = "SELECT 1 FROM outbox_visit WHERE visit = ?1";

/// Removes the spares of visits of the outbox that need none any more.
pub(crate) fn clear(db: &Connection, phone: &Phone) -> Result<()> {
    for visit in there(phone)? {
        if is_there(db, OF_OUTBOX, visit)? && !is_needed(db, visit)? {
            remove(phone, visit)?;
        }
    }
    Ok(())
}

/// At the start: takes up the visits that no row names, and clears away what is not needed any more.
pub(crate) fn take_up(db: &mut Connection, phone: &Phone) -> Result<()> {
    clear(db, phone)?;
    for visit in there(phone)? {
        if is_there(db, "SELECT 1 FROM draft WHERE visit = ?1", visit)? {
            // A seal that was cut off; the next one writes it anew.
            remove(phone, visit)?;
            continue;
        }
        if is_there(db, OF_OUTBOX, visit)? {
            continue;
        }
        let path = spool_file(phone, &name(visit));
        if std::fs::metadata(&path)?.len() > MAX_SPARE_BYTES {
            continue;
        }
        // What cannot be read stays where it is: nothing sealed is destroyed.
        let Ok(mut sealed) = read(&std::fs::read(&path)?) else {
            continue;
        };
        if sealed.visit != visit {
            continue;
        }
        for photo in &mut sealed.photos {
            let carried = format!("carried-{}", photo.file);
            if spool_file(phone, &carried).exists() {
                photo.file = carried;
            }
            photo.on_phone = spool_file(phone, &photo.file).exists();
        }
        let tx = db.transaction()?;
        let taken = tx
            .prepare_cached("SELECT 1 FROM outbox_visit WHERE manifest_sha256 = ?1")?
            .exists([Hash32::of(&sealed.manifest).to_string()])?;
        if taken {
            continue;
        }
        enqueue(&tx, &sealed)?;
        tx.prepare_cached("UPDATE outbox_visit SET taken_up = 1 WHERE visit = ?1")?
            .execute([visit.to_string()])?;
        tx.commit()?;
    }
    Ok(())
}

/// Visits that were taken up from a spare and have no receipt yet.
pub(crate) fn count_waiting(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM outbox_visit WHERE taken_up = 1 AND state <> 'sent'")?
        .query_row([], |row| row.get(0))?)
}

/// The spare of a visit of the outbox that was taken up from one, for a bundle.
pub(crate) fn of(db: &Connection, visit: &str) -> Result<Option<Vec<u8>>> {
    record(db, visit)?
        .map(|sealed| content(&sealed, &sealed.manifest))
        .transpose()
}

/// A visit of the outbox, without its case.
pub(crate) fn record(db: &Connection, visit: &str) -> Result<Option<SealedVisitRecord>> {
    let mut statement = db.prepare_cached(
        "SELECT device, seq, officer, captured_at, manifest, answers FROM outbox_visit \
         WHERE visit = ?1",
    )?;
    let mut rows = statement.query([visit])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let broken = |_| Error::Broken("outbox-visit");
    let text = |n: usize| -> Result<String> { Ok(row.get(n)?) };
    let mut photos = Vec::new();
    let mut links = db.prepare_cached(
        "SELECT p.photo, p.file, p.sha256, p.sealed_sha256, p.sealed_len, p.on_phone \
         FROM outbox_link AS l JOIN outbox_photo AS p ON p.photo = l.photo \
         WHERE l.visit = ?1 ORDER BY l.position",
    )?;
    let mut links = links.query([visit])?;
    while let Some(link) = links.next()? {
        let photo: String = link.get(0)?;
        photos.push(SealedPhotoRecord {
            photo: photo.parse().map_err(|_| Error::Broken("photo-id"))?,
            file: link.get(1)?,
            sha256: parse_hash(&link.get::<_, String>(2)?)?,
            sealed_sha256: parse_hash(&link.get::<_, String>(3)?)?,
            sealed_len: link.get::<_, i64>(4)?.cast_unsigned(),
            on_phone: link.get(5)?,
        });
    }
    Ok(Some(SealedVisitRecord {
        visit: visit.parse().map_err(broken)?,
        device: text(0)?.parse().map_err(broken)?,
        seq: row.get::<_, i64>(1)?.cast_unsigned(),
        officer: text(2)?.parse().map_err(broken)?,
        case: None,
        captured_at: Timestamp::from_micros(row.get(3)?),
        manifest: row.get(4)?,
        answers: row.get(5)?,
        photos,
        carried: true,
    }))
}
