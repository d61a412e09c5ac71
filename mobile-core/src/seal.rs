//! From a complete draft to a sealed visit.
//!
//! Every photo becomes a file encrypted to the registry's public key (age), written, fsynced and hashed; then the
//! manifest is signed, and its spare written beside the photos; then one transaction moves the chain on, puts the visit
//! into the outbox and takes the draft away. Before that commit there is a draft, after it a sealed visit, and never half
//! of one: files of an attempt that was cut off are written again by the next.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use rusqlite::Connection;
use tilik_protocol::evidence::MAX_ANSWERS_BYTES;
use tilik_protocol::form::Form;
use tilik_protocol::ids::VisitId;
use tilik_protocol::manifest::{
    Hash32, Manifest, ManifestAnswers, ManifestApp, ManifestClock, ManifestFix, ManifestPhoto,
    ManifestPin, SignedManifest,
};
use tilik_protocol::time::Timestamp;

use crate::Core;
use crate::capture;
use crate::error::{CoreError, Error, Result};
use crate::feed;
use crate::phone::{self, Enrolment, Phone};
use crate::screens::SealedView;
use crate::spare;
use crate::store::drafts::{self, Bytes, Draft, Photo, Pin};
use crate::store::outbox::{SealedPhotoRecord, SealedVisitRecord, enqueue, set_title};
use crate::store::{DRAFTS, SPOOL, meta};
use crate::vault::{Piece, Vault};

/// Room that must stay when everything is sealed: the database's log and its copy.
const SPARE_BYTES: u64 = 2 * 1024 * 1024;
/// What the age envelope adds at most to a photo of the usual size.
const ENVELOPE_BYTES: u64 = 4 * 1024;

/// Seals a draft.
///
/// # Errors
/// `UnknownVisit`, `NotEnrolled`, `Incomplete`, `StorageFull`. The draft is then as it was.
pub(crate) fn seal(core: &mut Core, phone: &Phone, visit: VisitId) -> Result<SealedView> {
    let vault = Vault::of(phone)?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let enrolment = phone::enrolment(&core.stores.device)?.ok_or(CoreError::NotEnrolled)?;
    if draft.officer != enrolment.officer {
        // Signed by this enrolment it would be credited to somebody who was not there.
        return Err(Error::refused("other_officer"));
    }
    if phone::has_another_key(&core.stores.device, phone, enrolment.device)? {
        // The server does not know it and would keep the visit apart. The draft stays for when the phone is enrolled anew.
        meta::forget(&core.stores.device, meta::DEVICE)?;
        return Err(CoreError::NotEnrolled.into());
    }
    let missing = capture::lacks(&draft);
    if !missing.is_empty() {
        return Err(CoreError::Incomplete { missing }.into());
    }
    let fresh = |photo: &&Photo| matches!(photo.bytes, Bytes::Draft { .. });
    let needed: u64 = draft
        .photos
        .iter()
        .filter(fresh)
        .map(|photo| photo.len + ENVELOPE_BYTES)
        .sum();
    if phone.ports.space.free_bytes() < needed + SPARE_BYTES {
        return Err(CoreError::StorageFull.into());
    }
    let recipient = &enrolment.spool_recipient;
    let title = feed::name_of(core, &draft)?;
    let mut photos = Vec::with_capacity(draft.photos.len());
    for photo in &draft.photos {
        photos.push(seal_photo(phone, &vault, visit, photo, recipient)?);
        checkpoint("photo");
    }
    let answers = seal_answers(&draft, recipient)?;
    let manifest = manifest(
        &core.stores.device,
        phone,
        &enrolment,
        &draft,
        &photos,
        answers.as_ref().map(|(said, _)| said.clone()),
    )?;
    let cose = sign(phone, &manifest)?;
    checkpoint("signed");
    let record = SealedVisitRecord {
        visit,
        device: enrolment.device,
        seq: manifest.seq,
        officer: draft.officer,
        case: draft.case,
        captured_at: manifest.captured_at,
        answers: answers.map(|(_, sealed)| sealed),
        photos,
        carried: false,
        manifest: cose,
    };
    spare::write(phone, &record, recipient)?;
    sync_folder(&phone.folder.join(SPOOL))?;
    checkpoint("folder");
    let tx = core.stores.device.transaction()?;
    enqueue(&tx, &record)?;
    if !title.is_empty() {
        set_title(&tx, &vault, visit, &title)?;
    }
    phone::advance_chain(
        &tx,
        enrolment.device,
        manifest.seq,
        Hash32::of(&record.manifest),
    )?;
    drafts::keep_answers(&tx, visit)?;
    drafts::delete(&tx, visit)?;
    checkpoint("rows");
    tx.commit()?;
    checkpoint("commit");
    for photo in &draft.photos {
        if let Bytes::Draft { file } = &photo.bytes {
            // It is sealed; what cannot be removed now is removed at the next start.
            let _ = std::fs::remove_file(phone.folder.join(DRAFTS).join(file));
        }
        checkpoint("removed");
    }
    Ok(SealedView {
        visit,
        seq: manifest.seq,
        captured_at: manifest.captured_at,
        photos: u32::try_from(record.photos.len()).unwrap_or(u32::MAX),
        bytes: record.photos.iter().map(|photo| photo.sealed_len).sum(),
    })
}

/// Seals one photo into its file under spool/, or names the file it has already.
fn seal_photo(
    phone: &Phone,
    vault: &Vault<'_>,
    visit: VisitId,
    photo: &Photo,
    recipient: &str,
) -> Result<SealedPhotoRecord> {
    let folder = phone.folder.join(SPOOL);
    let file = format!("{}.age", photo.id);
    let draft_file = match &photo.bytes {
        Bytes::Draft { file } => file,
        Bytes::Kept {
            sealed_sha256,
            sealed_len,
        } => {
            return Ok(SealedPhotoRecord {
                photo: photo.id,
                on_phone: folder.join(&file).exists(),
                file,
                sha256: photo.sha256,
                sealed_sha256: *sealed_sha256,
                sealed_len: *sealed_len,
            });
        }
    };
    let closed = std::fs::read(phone.folder.join(DRAFTS).join(draft_file))?;
    let plain = vault.open(Piece::Photo(visit, photo.id), &closed)?;
    if Hash32::of(&plain) != photo.sha256 {
        return Err(Error::Broken("draft-photo-hash"));
    }
    let sealed = encrypt(recipient, &plain)?;
    write_file(&folder, &file, &sealed)?;
    Ok(SealedPhotoRecord {
        photo: photo.id,
        file,
        sha256: photo.sha256,
        sealed_sha256: Hash32::of(&sealed),
        sealed_len: sealed.len() as u64,
        on_phone: true,
    })
}

/// The answers as the manifest names them, and sealed. A visit without any has none.
fn seal_answers(draft: &Draft, recipient: &str) -> Result<Option<(ManifestAnswers, Vec<u8>)>> {
    let answers = capture::answers_of(draft);
    if answers.is_empty() {
        return Ok(None);
    }
    let shipped = Form::kepmensos_262()?;
    let form = capture::form_of(draft).unwrap_or(&shipped);
    // A sorted map: one content, one text.
    let plain = serde_json::to_vec(&answers)?;
    let sealed = encrypt(recipient, &plain)?;
    if sealed.len() as u64 > MAX_ANSWERS_BYTES {
        return Err(Error::refused("answers_too_long"));
    }
    let said = ManifestAnswers {
        form: form.id.clone(),
        form_version: form.version,
        sha256: Hash32::of(&plain),
        len: plain.len() as u64,
        sealed_sha256: Hash32::of(&sealed),
        sealed_len: sealed.len() as u64,
    };
    Ok(Some((said, sealed)))
}

fn manifest(
    db: &Connection,
    phone: &Phone,
    enrolment: &Enrolment,
    draft: &Draft,
    sealed: &[SealedPhotoRecord],
    answers: Option<ManifestAnswers>,
) -> Result<Manifest> {
    let now = phone.now();
    let app = &phone.app;
    Ok(Manifest {
        version: 1,
        visit: draft.visit,
        device: enrolment.device,
        seq: enrolment.chain_seq + 1,
        prev: enrolment.chain_hash,
        case: draft.case,
        case_version: draft.case_version,
        officer: draft.officer,
        region: draft.region.clone(),
        kind: draft.kind.into(),
        unreachable: draft.unreachable.map(Into::into),
        supersedes: draft.supersedes,
        arrived_at: draft.arrived_at,
        captured_at: now,
        photos: draft
            .photos
            .iter()
            .zip(sealed)
            .map(|(photo, sealed)| ManifestPhoto {
                id: photo.id,
                kind: photo.kind.into(),
                sha256: photo.sha256,
                len: photo.len,
                sealed_sha256: sealed.sealed_sha256,
                sealed_len: sealed.sealed_len,
                width: photo.width,
                height: photo.height,
                taken_at: photo.taken_at,
                camera: photo.camera.clone(),
            })
            .collect(),
        pin: draft.pin.as_ref().map(manifest_pin),
        answers,
        notice_read_at: draft.notice_read_at,
        clock: clock(db, phone, now)?,
        app: ManifestApp {
            version: app.version.clone(),
            build: app.build.clone(),
            key_level: phone.ports.signer.level()?,
            dev_options: app.dev_options,
            adb: app.adb,
            debugger: app.debugger,
            hooked: app.hooked,
            rooted: app.rooted,
        },
        created_by: "camera".to_owned(),
        training: draft.training,
    })
}

fn manifest_pin(pin: &Pin) -> ManifestPin {
    ManifestPin {
        lat_e7: pin.lat_e7,
        lon_e7: pin.lon_e7,
        accuracy_cm: pin.accuracy_cm,
        source: pin.from.source.clone(),
        mock: pin.mock,
        taken_at: pin.taken_at,
        fixes: pin
            .from
            .fixes
            .iter()
            .map(|fix| ManifestFix {
                lat_e7: fix.lat_e7,
                lon_e7: fix.lon_e7,
                accuracy_cm: fix.accuracy_cm,
                altitude_cm: fix.altitude_cm,
                speed_cm_s: fix.speed_cm_s,
                bearing_cdeg: fix.bearing_cdeg,
                provider: fix.provider.clone(),
                mock: fix.mock,
                elapsed_ns: fix.elapsed_ns,
                taken_at: Timestamp::from_micros(fix.taken_at_micros),
            })
            .collect(),
    }
}

/// What the phone knows about the time, right or wrong: the server judges it.
fn clock(db: &Connection, phone: &Phone, now: Timestamp) -> Result<ManifestClock> {
    let monotonic = &phone.ports.monotonic;
    let boot_id = monotonic.boot_id();
    let server = meta::get(db, meta::SERVER_TIME)?.filter(|server| server.token.is_some());
    Ok(ManifestClock {
        wall: now,
        elapsed_ns: monotonic.elapsed_ns(),
        boot_count: monotonic.boot_count(),
        auto_time: phone.ports.clock.auto_time(),
        token_elapsed_ns: server
            .as_ref()
            .filter(|server| server.boot_id == boot_id)
            .map(|server| server.elapsed_ns),
        time_token: server.and_then(|server| server.token),
        boot_id,
    })
}

/// Signs, and checks what came out as the server will: a keystore that signs wrongly must not cost the draft.
fn sign(phone: &Phone, manifest: &Manifest) -> Result<Vec<u8>> {
    let to_be_signed = manifest.to_be_signed();
    let raw = phone.sign(to_be_signed.clone())?;
    let signature = Signature::from_slice(&raw).map_err(|_| Error::Broken("signature-range"))?;
    let genuine = VerifyingKey::from_sec1_bytes(&phone.ports.signer.public_key()?)
        .is_ok_and(|key| key.verify(&to_be_signed, &signature).is_ok());
    if !genuine {
        return Err(Error::Broken("signature"));
    }
    let cose = manifest.assemble(raw);
    SignedManifest::parse(&cose).map_err(|_| Error::Broken("own-manifest"))?;
    Ok(cose)
}

/// The age file of `plain`: the standard tool opens it with the registry's key.
pub(crate) fn encrypt(recipient: &str, plain: &[u8]) -> Result<Vec<u8>> {
    let recipient: age::x25519::Recipient = recipient
        .parse()
        .map_err(|_| Error::Broken("spool-recipient"))?;
    age::encrypt(&recipient, plain).map_err(|_| Error::Broken("age"))
}

/// Writes a file so that it is there whole or not at all. The folder is synced by the caller, once for many.
pub(crate) fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let part = folder.join(format!("{name}.part"));
    let written = (|| {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        checkpoint("part");
        file.sync_all()
    })();
    if let Err(error) = written {
        // A full disk: give back what the half file took.
        let _ = std::fs::remove_file(&part);
        return Err(error.into());
    }
    std::fs::rename(&part, folder.join(name))?;
    Ok(())
}

/// Makes what was written to `folder` survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    // Some systems cannot open a folder; then its file system keeps the order by itself.
    if let Ok(folder) = File::open(folder) {
        folder.sync_all()?;
    }
    Ok(())
}

/// Removes a file; one that is gone already is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes the bytes of a photo that left its draft unsealed, and what a cut-off seal made of them.
pub(crate) fn forget_bytes(phone: &Phone, photo: &Photo) -> Result<()> {
    match &photo.bytes {
        Bytes::Draft { file } => {
            remove(&phone.folder.join(DRAFTS).join(file))?;
            remove(&phone.folder.join(SPOOL).join(format!("{}.age", photo.id)))
        }
        Bytes::Kept { .. } => Ok(()),
    }
}

/// Clears away what a phone that died left behind: half files, drafts' files that no draft names, and sealed files of
/// photos that are still in a draft. A sealed file that no row names at all stays: nothing sealed is destroyed.
pub(crate) fn clean(db: &Connection, phone: &Phone) -> Result<()> {
    let named = drafts::files(db)?;
    let spool = phone.folder.join(SPOOL);
    let drafts = phone.folder.join(DRAFTS);
    for folder in [&spool, &drafts] {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let orphan = folder == &drafts && !named.iter().any(|file| *file == *name);
            if orphan || name.ends_with(".part") {
                remove(&entry.path())?;
            }
        }
    }
    for file in named {
        if let Some(photo) = file.strip_suffix(".enc") {
            remove(&spool.join(format!("{photo}.age")))?;
        }
    }
    Ok(())
}

#[cfg(not(test))]
fn checkpoint(_: &'static str) {}

#[cfg(test)]
pub(crate) use watched::{checkpoint, watch};

/// Lets a test look at the disk between any two steps.
#[cfg(test)]
mod watched {
    use std::cell::RefCell;

    type Watcher = Box<dyn FnMut(&'static str)>;

    thread_local! {
        static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
    }

    pub(crate) fn watch(watcher: Option<Watcher>) {
        WATCHER.with(|held| *held.borrow_mut() = watcher);
    }

    pub(crate) fn checkpoint(at: &'static str) {
        WATCHER.with(|held| {
            if let Some(watcher) = held.borrow_mut().as_mut() {
                watcher(at);
            }
        });
    }
}
