//! Titip kirim: sealed visits as one file, for a colleague whose phone has a network.
//!
//! The file is `TILIKB1\n`, then sections: one byte of kind, eight bytes of length (big-endian), 32 bytes of SHA-256, the
//! content. Kinds: 1 a manifest (COSE), which begins a visit; 2 its sealed answers; 3 one of its sealed photos; 4 in the
//! place of 1 and 2 a spare (see `spare.rs`), from a phone that lost its database; 0 the end, with length 0. There are no
//! names in it: a section is what the manifest or the spare before it says by hash. Nothing in it can be read without the
//! registry's key but the manifest, which its phone signed.
//!
//! A bundle is taken whole or not at all.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};
use tilik_protocol::evidence::{MAX_ANSWERS_BYTES, MAX_SEALED_BYTES};
use tilik_protocol::ids::VisitId;
use tilik_protocol::manifest::{
    Hash32, MAX_MANIFEST_BYTES, Manifest, SignedManifest, is_enveloped,
};

use crate::FieldApp;
use crate::error::{CoreError, Error, Result};
use crate::outbox::{hash_file, spool_file};
use crate::phone::{FULL_BELOW_BYTES, Phone};
use crate::seal::sync_folder;
use crate::spare::{self, MAX_SPARE_BYTES};
use crate::store::outbox::{SealedPhotoRecord, SealedVisitRecord, enqueue};
use crate::store::{SPOOL, meta};

const MAGIC: &[u8; 8] = b"TILIKB1\n";
const END: u8 = 0;
const MANIFEST: u8 = 1;
const ANSWERS: u8 = 2;
const PHOTO: u8 = 3;
const SPARE: u8 = 4;
/// Most visits in one bundle.
const MOST_VISITS: usize = 200;

fn damaged() -> Error {
    Error::refused("bundle_damaged")
}

fn section(out: &mut impl Write, kind: u8, content: &[u8]) -> Result<()> {
    head(out, kind, content.len() as u64, Hash32::of(content))?;
    out.write_all(content)?;
    Ok(())
}

fn head(out: &mut impl Write, kind: u8, length: u64, hash: Hash32) -> Result<()> {
    out.write_all(&[kind])?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&hash.0)?;
    Ok(())
}

pub(crate) fn export(app: &FieldApp, visits: &[VisitId], file: &str) -> Result<u32> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    if visits.is_empty() || visits.len() > MOST_VISITS {
        return Err(Error::refused("bundle_size"));
    }
    let target = PathBuf::from(file);
    let part = PathBuf::from(format!("{file}.part"));
    let mut out = BufWriter::new(File::create(&part)?);
    out.write_all(MAGIC)?;
    let mut count = 0;
    let mut told = HashSet::new();
    for visit in visits {
        if !told.insert(visit) {
            continue;
        }
        let (manifest, answers): (Vec<u8>, Option<Vec<u8>>) = db
            .prepare_cached("SELECT manifest, answers FROM outbox_visit WHERE visit = ?1")?
            .query_row([visit.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or(CoreError::UnknownVisit)?;
        if is_enveloped(&manifest) {
            let spare = spare::of(db, &visit.to_string())?.ok_or(CoreError::UnknownVisit)?;
            section(&mut out, SPARE, &spare)?;
        } else {
            section(&mut out, MANIFEST, &manifest)?;
            if let Some(answers) = answers {
                section(&mut out, ANSWERS, &answers)?;
            }
        }
        let photos: Vec<(String, String)> = db
            .prepare_cached(
                "SELECT p.file, p.sealed_sha256 FROM outbox_link AS l \
                 JOIN outbox_photo AS p ON p.photo = l.photo \
                 WHERE l.visit = ?1 AND p.on_phone = 1 ORDER BY l.position",
            )?
            .query_map([visit.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (name, sealed_sha256) in photos {
            let path = spool_file(phone, &name);
            let (hash, length) = match hash_file(&path) {
                Ok(found) => found,
                // The rest is worth carrying all the same.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            if hash.to_string() != sealed_sha256 {
                continue;
            }
            head(&mut out, PHOTO, length, hash)?;
            std::io::copy(&mut File::open(&path)?, &mut out)?;
        }
        count += 1;
    }
    head(&mut out, END, 0, Hash32::of(b""))?;
    out.flush()?;
    out.get_ref().sync_all()?;
    std::fs::rename(&part, &target)?;
    if let Some(folder) = target.parent() {
        sync_folder(folder)?;
    }
    Ok(count)
}

/// A visit of a bundle, its photos lying under spool/ with names of our own.
struct Brought {
    /// Its photos are not taken to be here.
    sealed: SealedVisitRecord,
    /// Hash and length of the answers that the manifest names.
    names_answers: Option<(Hash32, u64)>,
    /// By the hash of the sealed file.
    photos: HashMap<Hash32, PathBuf>,
}

impl Brought {
    fn of(manifest: &Manifest, cose: Vec<u8>) -> Self {
        let answers = manifest.answers.as_ref();
        Self {
            sealed: SealedVisitRecord {
                visit: manifest.visit,
                device: manifest.device,
                seq: manifest.seq,
                officer: manifest.officer,
                case: manifest.case,
                captured_at: manifest.captured_at,
                manifest: cose,
                answers: None,
                photos: manifest
                    .photos
                    .iter()
                    .map(|said| SealedPhotoRecord {
                        photo: said.id,
                        file: String::new(),
                        sha256: said.sha256,
                        sealed_sha256: said.sealed_sha256,
                        sealed_len: said.sealed_len,
                        on_phone: false,
                    })
                    .collect(),
                carried: true,
            },
            names_answers: answers.map(|said| (said.sealed_sha256, said.sealed_len)),
            photos: HashMap::new(),
        }
    }
}

/// Files that are taken away again unless the bundle is taken.
struct Strays(Vec<PathBuf>);

impl Drop for Strays {
    fn drop(&mut self) {
        for file in &self.0 {
            // It was put elsewhere, or stays as a stray that nothing points at.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Reads one section's head: kind, length, hash.
fn read_head(bundle: &mut impl Read) -> Result<(u8, u64, Hash32)> {
    let mut kind = [0];
    let mut length = [0; 8];
    let mut hash = [0; 32];
    for part in [&mut kind[..], &mut length[..], &mut hash[..]] {
        read_all(bundle, part)?;
    }
    Ok((kind[0], u64::from_be_bytes(length), Hash32(hash)))
}

fn read_all(bundle: &mut impl Read, into: &mut [u8]) -> Result<()> {
    bundle.read_exact(into).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            damaged()
        } else {
            error.into()
        }
    })
}

/// The content of a small section. Its length is judged before a byte is asked for.
fn read_small(bundle: &mut impl Read, length: u64, most: u64, hash: Hash32) -> Result<Vec<u8>> {
    if length > most {
        return Err(damaged());
    }
    let mut content = vec![0; usize::try_from(length).map_err(|_| damaged())?];
    read_all(bundle, &mut content)?;
    if Hash32::of(&content) == hash {
        Ok(content)
    } else {
        Err(damaged())
    }
}

/// Copies a photo into a file of ours, and onto the disk.
fn read_photo(bundle: &mut impl Read, length: u64, hash: Hash32, to: &Path) -> Result<()> {
    let mut file = File::create(to)?;
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let step = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        read_all(bundle, &mut buffer[..step])?;
        sum.update(&buffer[..step]);
        file.write_all(&buffer[..step])?;
        left -= step as u64;
    }
    file.sync_all()?;
    if sum.finalize()[..] == hash.0 {
        Ok(())
    } else {
        Err(damaged())
    }
}

fn read_bundle(phone: &Phone, file: &str, strays: &mut Strays) -> Result<Vec<Brought>> {
    let mut bundle = BufReader::new(File::open(file)?);
    let mut magic = [0; 8];
    read_all(&mut bundle, &mut magic)?;
    if &magic != MAGIC {
        return Err(damaged());
    }
    let mut visits: Vec<Brought> = Vec::new();
    loop {
        let (kind, length, hash) = read_head(&mut bundle)?;
        let room = visits.len() < MOST_VISITS;
        match (kind, visits.last_mut()) {
            (END, _) if length == 0 && hash == Hash32::of(b"") => {
                let whole = visits
                    .iter()
                    .all(|visit| visit.names_answers.is_none() || visit.sealed.answers.is_some());
                let nothing_after = bundle.read(&mut [0])? == 0;
                return if whole && nothing_after {
                    Ok(visits)
                } else {
                    Err(damaged())
                };
            }
            (MANIFEST, _) if room => {
                let most = MAX_MANIFEST_BYTES as u64;
                let cose = read_small(&mut bundle, length, most, hash)?;
                let signed = SignedManifest::parse(&cose).map_err(|_| damaged())?;
                visits.push(Brought::of(signed.manifest(), cose));
            }
            (SPARE, _) if room => {
                let spare = read_small(&mut bundle, length, MAX_SPARE_BYTES, hash)?;
                visits.push(Brought {
                    sealed: spare::read(&spare).map_err(|_| damaged())?,
                    names_answers: None,
                    photos: HashMap::new(),
                });
            }
            (ANSWERS, Some(visit)) if visit.sealed.answers.is_none() => {
                if visit.names_answers != Some((hash, length)) {
                    return Err(damaged());
                }
                let answers = read_small(&mut bundle, length, MAX_ANSWERS_BYTES, hash)?;
                visit.sealed.answers = Some(answers);
            }
            (PHOTO, Some(visit)) => {
                let named = visit
                    .sealed
                    .photos
                    .iter()
                    .any(|photo| photo.sealed_sha256 == hash && photo.sealed_len == length);
                if !named || length > MAX_SEALED_BYTES || visit.photos.contains_key(&hash) {
                    return Err(damaged());
                }
                if phone.ports.space.free_bytes() < FULL_BELOW_BYTES + length {
                    return Err(CoreError::StorageFull.into());
                }
                let name = format!("{}.part", phone.new_id::<uuid::Uuid>());
                let path = spool_file(phone, &name);
                strays.0.push(path.clone());
                read_photo(&mut bundle, length, hash, &path)?;
                visit.photos.insert(hash, path);
            }
            _ => return Err(damaged()),
        }
    }
}

/// What is known of a visit that a bundle brings again.
enum Known {
    /// Nothing.
    New,
    /// It waits here already, or went: at most bytes are missing.
    Same,
    /// Something else under its id, which the server refused: it gives way.
    Refused,
}

/// Whether a visit is here. Its spare and the visit itself are the same visit; which of them is genuine the server says, so
/// what waits stays, and only what was refused gives way. What this phone took up from its own disk never does.
fn known(tx: &Transaction<'_>, sealed: &SealedVisitRecord) -> Result<Known> {
    let sha256 = Hash32::of(&sealed.manifest).to_string();
    if tx
        .prepare_cached("SELECT 1 FROM outbox_visit WHERE manifest_sha256 = ?1")?
        .exists([&sha256])?
    {
        return Ok(Known::Same);
    }
    let visit = sealed.visit.to_string();
    let Some(here) = spare::record(tx, &visit)? else {
        return Ok(Known::New);
    };
    let gives_way = tx
        .prepare_cached(
            "SELECT 1 FROM outbox_visit WHERE visit = ?1 AND state = 'attention' AND carried = 1 \
             AND taken_up = 0",
        )?
        .exists([&visit])?;
    if gives_way {
        return Ok(Known::Refused);
    }
    let photos = |of: &SealedVisitRecord| -> Vec<_> {
        let named = of.photos.iter();
        named.map(|said| (said.photo, said.sealed_sha256)).collect()
    };
    let is_other_form = is_enveloped(&here.manifest) != is_enveloped(&sealed.manifest);
    if is_other_form && here.device == sealed.device && photos(&here) == photos(sealed) {
        Ok(Known::Same)
    } else {
        Err(Error::refused("content_conflict"))
    }
}

/// Puts a photo's bytes where they belong; on most file systems that is a link. A copy, for two photos may have the same.
fn place(phone: &Phone, from: &Path, name: &str, placed: &mut Strays) -> Result<()> {
    let to = spool_file(phone, name);
    placed.0.push(to.clone());
    if std::fs::hard_link(from, &to).is_err() {
        std::fs::copy(from, &to)?;
        File::open(&to)?.sync_all()?;
    }
    Ok(())
}

pub(crate) fn import(app: &FieldApp, file: &str) -> Result<u32> {
    let phone = app.phone();
    let mut strays = Strays(Vec::new());
    let brought = read_bundle(phone, file, &mut strays)?;
    let mut core = app.core();
    let recipient = meta::get(&core.stores.device, meta::SPOOL_RECIPIENT)?;
    let tx = core.stores.device.transaction()?;
    let mut count = 0;
    let mut taken = Vec::new();
    // Taken away again unless all of it is taken.
    let mut placed = Strays(Vec::new());
    for visit in &brought {
        let mut sealed = visit.sealed.clone();
        let known = known(&tx, &sealed)?;
        let mut is_new = matches!(known, Known::New | Known::Refused);
        if matches!(known, Known::Refused) {
            for table in ["outbox_link", "outbox_visit"] {
                let sql = format!("DELETE FROM {table} WHERE visit = ?1");
                tx.execute(&sql, [sealed.visit.to_string()])?;
            }
        }
        for said in &mut sealed.photos {
            let known: Option<(String, String, String, bool)> = tx
                .prepare_cached(
                    "SELECT device, sealed_sha256, file, on_phone = 0 AND received_at IS NULL \
                     FROM outbox_photo WHERE photo = ?1",
                )?
                .query_row([said.photo.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()?;
            // The name is made of an id that was parsed as one; nothing of the file names a path.
            said.file = format!("carried-{}.age", said.photo);
            let here = visit.photos.get(&said.sealed_sha256);
            match (known, here) {
                (Some((device, sha256, ..)), _)
                    if device != sealed.device.to_string()
                        || sha256 != said.sealed_sha256.to_string() =>
                {
                    return Err(Error::refused("content_conflict"));
                }
                (Some((.., name, true)), Some(from)) => {
                    // Its visit came before, without these bytes.
                    place(phone, from, &name, &mut placed)?;
                    tx.prepare_cached(
                        "UPDATE outbox_photo SET on_phone = 1, stage = 'fresh', sent_bytes = 0, \
                         asked = 0, why = NULL WHERE photo = ?1",
                    )?
                    .execute([said.photo.to_string()])?;
                    is_new = true;
                }
                (None, Some(from)) => place(phone, from, &said.file, &mut placed)?,
                (Some(_) | None, _) => {}
            }
            said.on_phone = here.is_some();
        }
        if !matches!(known, Known::Same) {
            enqueue(&tx, &sealed)?;
            // Its own phone may have enrolled for somebody who is here now: then it is this phone's own visit, come home.
            if !is_enveloped(&sealed.manifest) {
                tx.prepare_cached(
                    "UPDATE outbox_visit SET carried = 0 WHERE visit = ?1 \
                     AND EXISTS (SELECT 1 FROM enrolment WHERE device = ?2)",
                )?
                .execute(params![sealed.visit.to_string(), sealed.device.to_string()])?;
            }
        }
        count += u32::from(is_new);
        if !matches!(known, Known::Same) {
            taken.push(sealed);
        }
    }
    // Once nothing of the bundle can be refused any more.
    if let Some(recipient) = &recipient {
        for sealed in &taken {
            spare::write(phone, sealed, recipient)?;
        }
    }
    sync_folder(&phone.folder.join(SPOOL))?;
    tx.commit()?;
    placed.0.clear();
    Ok(count)
}
