//! Visits that are not sealed yet, as rows. Every change is one transaction, so a phone that dies keeps what was there
//! before or what is there after.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use tilik_protocol::evidence::{PhotoKind, UnreachableReason, VisitKind};
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{CaseId, PhotoId, UserId, VisitId};
use tilik_protocol::manifest::{Hash32, ManifestCamera};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

use crate::error::{CoreError, Error, Result};
use crate::screens::{NewPin, PhotoVerdict, lock};
use crate::store::parse_hash;
use crate::vault::{Piece, Vault};

/// A visit that is not sealed yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) visit: VisitId,
    pub(crate) officer: UserId,
    pub(crate) case: Option<CaseId>,
    pub(crate) case_version: Option<i32>,
    pub(crate) kind: VisitKind,
    pub(crate) region: RegionCode,
    pub(crate) training: bool,
    /// Gang sempit: the front is two halves.
    pub(crate) narrow: bool,
    pub(crate) supersedes: Option<VisitId>,
    pub(crate) arrived_at: Timestamp,
    pub(crate) form: Option<Form>,
    pub(crate) pin: Option<Pin>,
    pub(crate) unreachable: Option<UnreachableReason>,
    pub(crate) notice_read_at: Option<Timestamp>,
    pub(crate) photos: Vec<Photo>,
    pub(crate) answers: Answers,
}

/// The pin, as it was averaged, and what it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(crate) lat_e7: i64,
    pub(crate) lon_e7: i64,
    pub(crate) accuracy_cm: i64,
    pub(crate) mock: bool,
    pub(crate) taken_at: Timestamp,
    pub(crate) from: NewPin,
}

/// A photo of a draft.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Photo {
    pub(crate) id: PhotoId,
    pub(crate) kind: PhotoKind,
    pub(crate) sha256: Hash32,
    pub(crate) len: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) taken_at: Timestamp,
    pub(crate) camera: ManifestCamera,
    pub(crate) verdicts: Vec<PhotoVerdict>,
    pub(crate) bytes: Bytes,
}

/// Where a photo's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// Encrypted under drafts/.
    Draft {
        /// The file's name.
        file: String,
    },
    /// Sealed already: it stands from the returned visit.
    Kept {
        /// SHA-256 of the sealed file.
        sealed_sha256: Hash32,
        /// Its length.
        sealed_len: u64,
    },
}

#[derive(Serialize, Deserialize)]
struct KeptText {
    sealed_sha256: String,
    sealed_len: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ManifestCamera")]
struct CameraText {
    make: Option<String>,
    model: Option<String>,
    exposure_us: Option<u64>,
    iso: Option<u32>,
    focal_um: Option<u32>,
    orientation: u32,
    exif_taken: Option<String>,
}

#[derive(Serialize)]
struct CameraOut<'a>(#[serde(with = "CameraText")] &'a ManifestCamera);

#[derive(Deserialize)]
struct CameraIn(#[serde(with = "CameraText")] ManifestCamera);

fn parsed<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T> {
    text.parse().map_err(|_| Error::Broken(what))
}

/// Writes a new draft.
pub(crate) fn insert(db: &Connection, draft: &Draft) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO draft (visit, officer, case_id, case_version, kind, region, training, \
         supersedes, arrived_at, form) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        draft.visit.to_string(),
        draft.officer.to_string(),
        draft.case.map(|case| case.to_string()),
        draft.case_version,
        draft.kind.to_string(),
        draft.region.as_str(),
        draft.training,
        draft.supersedes.map(|visit| visit.to_string()),
        draft.arrived_at.as_micros(),
        form_text(draft.form.as_ref())?,
    ])?;
    Ok(())
}

fn form_text(form: Option<&Form>) -> Result<Option<String>> {
    Ok(form.map(serde_json::to_string).transpose()?)
}

/// What may change of a draft besides its photos and answers.
pub(crate) fn update(db: &Connection, vault: &Vault<'_>, draft: &Draft) -> Result<()> {
    let pin = draft
        .pin
        .as_ref()
        .map(|pin| vault.close(Piece::Pin(draft.visit), &serde_json::to_vec(pin)?))
        .transpose()?;
    let changed = db
        .prepare_cached(
            "UPDATE draft SET kind = ?2, form = ?3, pin = ?4, unreachable = ?5, \
             notice_read_at = ?6, case_version = ?7, supersedes = ?8, narrow = ?9 WHERE visit = ?1",
        )?
        .execute(params![
            draft.visit.to_string(),
            draft.kind.to_string(),
            form_text(draft.form.as_ref())?,
            pin,
            draft.unreachable.map(|reason| reason.to_string()),
            draft.notice_read_at.map(Timestamp::as_micros),
            draft.case_version,
            draft.supersedes.map(|visit| visit.to_string()),
            draft.narrow,
        ])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(CoreError::UnknownVisit.into())
    }
}

/// That something is at hand of a draft; one that was opened and left again holds nothing.
const TOUCHED: &str = "(pin IS NOT NULL OR notice_read_at IS NOT NULL OR unreachable IS NOT NULL \
    OR EXISTS (SELECT 1 FROM draft_photo AS p WHERE p.visit = draft.visit) \
    OR EXISTS (SELECT 1 FROM draft_answer AS a WHERE a.visit = draft.visit))";

/// The officer's drafts of which something is at hand, oldest first.
pub(crate) fn begun(db: &Connection, officer: UserId) -> Result<Vec<VisitId>> {
    let ids: Vec<String> = db
        .prepare_cached(&format!(
            "SELECT visit FROM draft WHERE officer = ?1 \
             AND officer NOT IN (SELECT officer FROM guarded) AND {TOUCHED} \
             ORDER BY arrived_at, visit"
        ))?
        .query_map([officer.to_string()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    ids.iter().map(|id| parsed(id, "draft-visit")).collect()
}

/// Takes away findings of which nothing is at hand: no screen would lead back to them.
pub(crate) fn drop_untouched(db: &Connection, officer: UserId) -> Result<()> {
    db.prepare_cached(&format!(
        "DELETE FROM draft WHERE officer = ?1 AND case_id IS NULL AND NOT {TOUCHED}"
    ))?
    .execute([officer.to_string()])?;
    Ok(())
}

/// The draft of a case.
pub(crate) fn of_case(db: &Connection, case: CaseId) -> Result<Option<VisitId>> {
    let id: Option<String> = db
        .prepare_cached(
            "SELECT visit FROM draft WHERE case_id = ?1 \
             AND officer NOT IN (SELECT officer FROM guarded)",
        )?
        .query_row([case.to_string()], |row| row.get(0))
        .optional()?;
    id.map(|id| parsed(&id, "draft-visit")).transpose()
}

/// A draft, whole.
///
/// # Errors
/// `UnknownVisit`; `Locked` while its officer has to sign in first.
pub(crate) fn load(db: &Connection, vault: &Vault<'_>, visit: VisitId) -> Result<Draft> {
    let mut statement = db.prepare_cached(
        "SELECT officer, case_id, case_version, kind, region, training, supersedes, arrived_at, \
         form, pin, unreachable, notice_read_at, narrow FROM draft WHERE visit = ?1",
    )?;
    let mut rows = statement.query([visit.to_string()])?;
    let Some(row) = rows.next()? else {
        return Err(CoreError::UnknownVisit.into());
    };
    let text = |n: usize| -> Result<String> { Ok(row.get(n)?) };
    let maybe = |n: usize| -> Result<Option<String>> { Ok(row.get(n)?) };
    let officer = parsed(&text(0)?, "draft-officer")?;
    if lock::is_guarded(db, officer)? {
        return Err(CoreError::Locked.into());
    }
    Ok(Draft {
        visit,
        officer,
        case: maybe(1)?.map(|id| parsed(&id, "draft-case")).transpose()?,
        case_version: row.get(2)?,
        kind: parsed(&text(3)?, "draft-kind")?,
        region: parsed(&text(4)?, "draft-region")?,
        training: row.get(5)?,
        narrow: row.get(12)?,
        supersedes: maybe(6)?
            .map(|id| parsed(&id, "draft-supersedes"))
            .transpose()?,
        arrived_at: Timestamp::from_micros(row.get(7)?),
        form: maybe(8)?
            .map(|form| serde_json::from_str(&form))
            .transpose()?,
        pin: row
            .get::<_, Option<Vec<u8>>>(9)?
            .map(|pin| -> Result<Pin> {
                Ok(serde_json::from_slice(
                    &vault.open(Piece::Pin(visit), &pin)?,
                )?)
            })
            .transpose()?,
        unreachable: maybe(10)?
            .map(|reason| parsed(&reason, "draft-unreachable"))
            .transpose()?,
        notice_read_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_micros),
        photos: photos(db, visit)?,
        answers: answers(db, vault, visit)?,
    })
}

fn photos(db: &Connection, visit: VisitId) -> Result<Vec<Photo>> {
    let mut statement = db.prepare_cached(
        "SELECT photo, kind, sha256, len, width, height, taken_at, camera, verdicts, file, kept \
         FROM draft_photo WHERE visit = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([visit.to_string()])?;
    let mut photos = Vec::new();
    while let Some(row) = rows.next()? {
        photos.push(photo(row)?);
    }
    Ok(photos)
}

fn photo(row: &Row<'_>) -> Result<Photo> {
    let text = |n: usize| -> Result<String> { Ok(row.get(n)?) };
    let bytes = match (row.get(9)?, row.get::<_, Option<String>>(10)?) {
        (Some(file), _) => Bytes::Draft { file },
        (None, Some(kept)) => {
            let kept: KeptText = serde_json::from_str(&kept)?;
            Bytes::Kept {
                sealed_sha256: parse_hash(&kept.sealed_sha256)?,
                sealed_len: kept.sealed_len,
            }
        }
        (None, None) => return Err(Error::Broken("draft-photo")),
    };
    Ok(Photo {
        id: parsed(&text(0)?, "draft-photo-id")?,
        kind: parsed(&text(1)?, "draft-photo-kind")?,
        sha256: parse_hash(&text(2)?)?,
        len: row.get::<_, i64>(3)?.cast_unsigned(),
        width: row.get(4)?,
        height: row.get(5)?,
        taken_at: Timestamp::from_micros(row.get(6)?),
        camera: serde_json::from_str::<CameraIn>(&text(7)?)?.0,
        verdicts: serde_json::from_str(&text(8)?)?,
        bytes,
    })
}

/// Puts a photo behind the others.
pub(crate) fn insert_photo(tx: &Transaction<'_>, visit: VisitId, photo: &Photo) -> Result<()> {
    let (file, kept) = match &photo.bytes {
        Bytes::Draft { file } => (Some(file), None),
        Bytes::Kept {
            sealed_sha256,
            sealed_len,
        } => (
            None,
            Some(serde_json::to_string(&KeptText {
                sealed_sha256: sealed_sha256.to_string(),
                sealed_len: *sealed_len,
            })?),
        ),
    };
    tx.prepare_cached(
        "INSERT INTO draft_photo (photo, visit, position, kind, sha256, len, width, height, \
         taken_at, camera, verdicts, file, kept) VALUES (?1, ?2, \
         (SELECT coalesce(max(position), 0) + 1 FROM draft_photo WHERE visit = ?2), \
         ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        photo.id.to_string(),
        visit.to_string(),
        photo.kind.to_string(),
        photo.sha256.to_string(),
        photo.len.cast_signed(),
        photo.width,
        photo.height,
        photo.taken_at.as_micros(),
        serde_json::to_string(&CameraOut(&photo.camera))?,
        serde_json::to_string(&photo.verdicts)?,
        file,
        kept,
    ])?;
    Ok(())
}

/// Takes a photo out. Its view goes too, unless a sealed visit shows it.
pub(crate) fn delete_photo(tx: &Transaction<'_>, visit: VisitId, photo: PhotoId) -> Result<()> {
    tx.prepare_cached("DELETE FROM draft_photo WHERE visit = ?1 AND photo = ?2")?
        .execute(params![visit.to_string(), photo.to_string()])?;
    tx.prepare_cached(
        "DELETE FROM photo_view WHERE photo = ?1 \
         AND NOT EXISTS (SELECT 1 FROM outbox_photo WHERE photo = ?1)",
    )?
    .execute([photo.to_string()])?;
    Ok(())
}

fn answers(db: &Connection, vault: &Vault<'_>, visit: VisitId) -> Result<Answers> {
    answers_in(
        db,
        vault,
        visit,
        "SELECT question, value FROM draft_answer WHERE visit = ?1",
    )
}

fn answers_in(db: &Connection, vault: &Vault<'_>, visit: VisitId, sql: &str) -> Result<Answers> {
    let rows: Vec<(String, Vec<u8>)> = db
        .prepare_cached(sql)?
        .query_map([visit.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(question, closed)| {
            let value = vault.open(Piece::Answer(visit, &question), &closed)?;
            let value = String::from_utf8(value).map_err(|_| Error::Broken("answer-text"))?;
            Ok((question, value))
        })
        .collect()
}

/// Writes all answers anew: an answer may take others back that are then no longer asked for.
pub(crate) fn set_answers(
    tx: &Transaction<'_>,
    vault: &Vault<'_>,
    visit: VisitId,
    answers: &Answers,
) -> Result<()> {
    tx.prepare_cached("DELETE FROM draft_answer WHERE visit = ?1")?
        .execute([visit.to_string()])?;
    for (question, value) in answers {
        let closed = vault.close(Piece::Answer(visit, question), value.as_bytes())?;
        tx.prepare_cached("INSERT INTO draft_answer (visit, question, value) VALUES (?1, ?2, ?3)")?
            .execute(params![visit.to_string(), question, closed])?;
    }
    Ok(())
}

/// Keeps the answers of a visit that is being sealed, for the retake that may be asked for.
pub(crate) fn keep_answers(tx: &Transaction<'_>, visit: VisitId) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO sealed_answer (visit, question, value) \
         SELECT visit, question, value FROM draft_answer WHERE visit = ?1",
    )?
    .execute([visit.to_string()])?;
    Ok(())
}

/// The answers of a sealed visit, as far as they are kept.
pub(crate) fn sealed_answers(
    db: &Connection,
    vault: &Vault<'_>,
    visit: VisitId,
) -> Result<Answers> {
    answers_in(
        db,
        vault,
        visit,
        "SELECT question, value FROM sealed_answer WHERE visit = ?1",
    )
}

/// Takes the draft away, with its photos and answers. Views stay; whoever throws the photos away takes those too.
pub(crate) fn delete(tx: &Transaction<'_>, visit: VisitId) -> Result<()> {
    tx.prepare_cached("DELETE FROM draft WHERE visit = ?1")?
        .execute([visit.to_string()])?;
    Ok(())
}

/// Every file under drafts/ that a draft names.
pub(crate) fn files(db: &Connection) -> Result<Vec<String>> {
    Ok(db
        .prepare_cached("SELECT file FROM draft_photo WHERE file IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Keeps a view.
pub(crate) fn set_view(
    tx: &Transaction<'_>,
    vault: &Vault<'_>,
    photo: PhotoId,
    jpeg: &[u8],
) -> Result<()> {
    tx.prepare_cached("INSERT INTO photo_view (photo, jpeg) VALUES (?1, ?2)")?
        .execute(params![
            photo.to_string(),
            vault.close(Piece::View(photo), jpeg)?
        ])?;
    Ok(())
}

/// A view.
pub(crate) fn view(db: &Connection, vault: &Vault<'_>, photo: PhotoId) -> Result<Option<Vec<u8>>> {
    let closed: Option<Vec<u8>> = db
        .prepare_cached("SELECT jpeg FROM photo_view WHERE photo = ?1")?
        .query_row([photo.to_string()], |row| row.get(0))
        .optional()?;
    closed
        .map(|closed| vault.open(Piece::View(photo), &closed))
        .transpose()
}
