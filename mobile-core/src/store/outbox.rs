//! Sealed visits and their photos, as rows.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, Transaction, params};
use tilik_protocol::evidence::PhotoKind;
use tilik_protocol::ids::{CaseId, DeviceId, PhotoId, UserId, VisitId};
use tilik_protocol::manifest::{Hash32, SignedManifest};
use tilik_protocol::time::Timestamp;

use crate::error::{Error, Result};
use crate::vault::{Piece, Vault};

/// A visit as the seal leaves it: everything of it is on the disk already.
#[derive(Debug, Clone)]
pub(crate) struct SealedVisitRecord {
    pub(crate) visit: VisitId,
    pub(crate) device: DeviceId,
    pub(crate) seq: u64,
    pub(crate) officer: UserId,
    pub(crate) case: Option<CaseId>,
    pub(crate) captured_at: Timestamp,
    /// The COSE bytes.
    pub(crate) manifest: Vec<u8>,
    /// The sealed answers.
    pub(crate) answers: Option<Vec<u8>>,
    /// In the manifest's order.
    pub(crate) photos: Vec<SealedPhotoRecord>,
    /// Brought by a bundle, for a colleague.
    pub(crate) carried: bool,
}

/// A sealed photo: a new one with its file, or one that stands from an earlier visit of this phone.
#[derive(Debug, Clone)]
pub(crate) struct SealedPhotoRecord {
    pub(crate) photo: PhotoId,
    /// Its name under spool/.
    pub(crate) file: String,
    pub(crate) sha256: Hash32,
    pub(crate) sealed_sha256: Hash32,
    pub(crate) sealed_len: u64,
    /// Whether the file is there; a kept photo's may be gone because it is safe on the server.
    pub(crate) on_phone: bool,
}

/// What screens tell of a sealed manifest. One that lies in an envelope says nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// For practice.
    pub(crate) training: bool,
    /// What its photos show.
    pub(crate) kinds: BTreeMap<PhotoId, PhotoKind>,
}

impl Said {
    pub(crate) fn of(cose: &[u8]) -> Self {
        let Ok(signed) = SignedManifest::parse(cose) else {
            return Self::default();
        };
        let manifest = signed.manifest();
        Self {
            training: manifest.training,
            kinds: manifest
                .photos
                .iter()
                .filter_map(|photo| Some((photo.id, photo.kind.known()?)))
                .collect(),
        }
    }
}

/// Notes in the log what was sealed.
fn log(tx: &Transaction<'_>, sealed: &SealedVisitRecord) -> Result<()> {
    let signed =
        SignedManifest::parse(&sealed.manifest).map_err(|_| Error::Broken("own-manifest"))?;
    let manifest = signed.manifest();
    tx.prepare_cached(
        "INSERT INTO visit_log (visit, officer, case_id, case_version, supersedes, kind, region, \
         training, sealed_at, photos) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        sealed.visit.to_string(),
        sealed.officer.to_string(),
        sealed.case.map(|case| case.to_string()),
        manifest.case_version,
        manifest.supersedes.map(|visit| visit.to_string()),
        manifest.kind.to_string(),
        manifest.region.as_str(),
        manifest.training,
        sealed.captured_at.as_micros(),
        u32::try_from(sealed.photos.len()).unwrap_or(u32::MAX),
    ])?;
    Ok(())
}

/// Puts a sealed visit into the outbox. A photo that is there already is only linked.
pub(crate) fn enqueue(tx: &Transaction<'_>, sealed: &SealedVisitRecord) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO outbox_visit (visit, device, seq, officer, case_id, captured_at, manifest, \
         manifest_sha256, answers, carried, state, queued) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'waiting', \
         (SELECT coalesce(max(queued), 0) + 1 FROM outbox_visit))",
    )?
    .execute(params![
        sealed.visit.to_string(),
        sealed.device.to_string(),
        sealed.seq.cast_signed(),
        sealed.officer.to_string(),
        sealed.case.map(|case| case.to_string()),
        sealed.captured_at.as_micros(),
        sealed.manifest,
        Hash32::of(&sealed.manifest).to_string(),
        sealed.answers,
        sealed.carried,
    ])?;
    if !sealed.carried {
        log(tx, sealed)?;
    }
    for (position, photo) in (0_i64..).zip(&sealed.photos) {
        tx.prepare_cached(
            "INSERT INTO outbox_photo (photo, device, file, sha256, sealed_sha256, sealed_len, \
             stage, on_phone) VALUES (?1, ?2, ?3, ?4, ?5, ?6, \
             CASE WHEN ?7 THEN 'fresh' ELSE 'whole' END, ?7) \
             ON CONFLICT (photo) DO NOTHING",
        )?
        .execute(params![
            photo.photo.to_string(),
            sealed.device.to_string(),
            photo.file,
            photo.sha256.to_string(),
            photo.sealed_sha256.to_string(),
            photo.sealed_len.cast_signed(),
            photo.on_phone,
        ])?;
        tx.prepare_cached("INSERT INTO outbox_link (visit, photo, position) VALUES (?1, ?2, ?3)")?
            .execute(params![
                sealed.visit.to_string(),
                photo.photo.to_string(),
                position
            ])?;
    }
    Ok(())
}

/// Keeps the name that the officer saw, for the outbox.
pub(crate) fn set_title(
    tx: &Transaction<'_>,
    vault: &Vault<'_>,
    visit: VisitId,
    title: &str,
) -> Result<()> {
    let closed = vault.close(Piece::Title(visit), title.as_bytes())?;
    tx.prepare_cached("UPDATE outbox_visit SET title = ?2 WHERE visit = ?1")?
        .execute(params![visit.to_string(), closed])?;
    Ok(())
}

/// The names on this officer's sealed visits.
pub(crate) fn titles(
    db: &Connection,
    vault: &Vault<'_>,
    officer: UserId,
) -> Result<HashMap<VisitId, String>> {
    let mut statement = db.prepare_cached(
        "SELECT visit, title FROM outbox_visit WHERE officer = ?1 AND title IS NOT NULL",
    )?;
    let mut rows = statement.query([officer.to_string()])?;
    let mut titles = HashMap::new();
    while let Some(row) = rows.next()? {
        let visit: String = row.get(0)?;
        let visit = visit.parse().map_err(|_| Error::Broken("visit-id"))?;
        let closed: Vec<u8> = row.get(1)?;
        // A name that cannot be read is not worth the outbox.
        if let Ok(title) = vault.open(Piece::Title(visit), &closed) {
            titles.insert(visit, String::from_utf8_lossy(&title).into_owned());
        }
    }
    Ok(titles)
}

/// Forgets the names on visits whose photos' bytes have left the phone, and the small pictures of those photos.
pub(crate) fn forget_families(db: &Connection) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM photo_view WHERE photo IN (SELECT photo FROM outbox_photo \
         WHERE on_phone = 0 AND safe_at IS NOT NULL) \
         AND photo NOT IN (SELECT photo FROM draft_photo)",
    )?
    .execute([])?;
    db.prepare_cached(
        "UPDATE outbox_visit SET title = NULL WHERE title IS NOT NULL AND state = 'sent' \
         AND NOT EXISTS (SELECT 1 FROM outbox_link AS l JOIN outbox_photo AS p \
         ON p.photo = l.photo WHERE l.visit = outbox_visit.visit AND p.on_phone = 1)",
    )?
    .execute([])?;
    Ok(())
}
