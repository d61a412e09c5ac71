//! Photos that a city held before: whose each is, and who may see it. Kept apart from evidence; nothing that decides
//! reads this table.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use tilik_protocol::ids::{EventId, FamilyId, ImportId, OldPhotoId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::old_photo::{OldPhotoProblem, OldPhotoView, OldPhotosReport, OldPhotosState};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::case_view::masked;
use super::families::region_code;
use super::imports::Number;
use super::journal::{Entry, hex};
use super::tables::{blind_index, family, old_photo, old_photo_run, person, registry_alias};
use super::write::Seen;
use super::{Acting, Write, jobs};
use crate::error::{Error, Result};

/// What is done in the background; its object is the archive.
pub(crate) const JOB: &str = "old_photos";
/// How many files a report tells of.
const LISTED: usize = 1_000;
/// An archive that nobody went on with for so long is personal data without a purpose.
const KEPT_S: i64 = 7 * 86_400;
/// Names that a file's name is taken for, at most.
const MOST_NAMES: usize = 8;
/// Old photos of one family; a folder of somebody's is not their house.
const MOST_OF_FAMILY: u64 = 5;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    rejections: Vec<OldPhotoProblem>,
}

/// An archive whose files are to be read.
#[derive(Debug)]
pub(crate) struct AskedPhotos {
    pub bringer: UserId,
    pub sha256: [u8; 32],
    pub done: u64,
    /// A photo whose bytes may be kept, and which is in no table.
    pub drawn: Option<(OldPhotoId, [u8; 32])>,
}

/// An archive whose bytes are to be deleted.
#[derive(Debug)]
pub(crate) struct LeftArchive {
    pub id: ImportId,
    pub sha256: [u8; 32],
    pub drawn: Option<(OldPhotoId, [u8; 32])>,
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(Error::internal)
}

fn drawn_of(row: &old_photo_run::Model) -> Result<Option<(OldPhotoId, [u8; 32])>> {
    match (row.drawn_id, &row.drawn_sha256) {
        (Some(id), Some(sha256)) => Ok(Some((OldPhotoId(id), hash_of(sha256)?))),
        (None, _) | (_, None) => Ok(None),
    }
}

/// A file of an archive, drawn anew.
#[derive(Debug)]
pub(crate) struct Redrawn {
    pub source: [u8; 32],
    pub sha256: [u8; 32],
    pub width: u32,
    pub height: u32,
}

/// What became of one file.
#[derive(Debug)]
pub(crate) enum OfFile {
    /// It is the house of this family.
    Taken(FamilyId, OldPhotoId, Redrawn),
    /// It was here before.
    Known,
    /// It was not taken.
    Rejected(OldPhotoProblem),
}

const BETWEEN: [char; 4] = ['_', '-', ' ', '('];

fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// Whose house a file may show, by the name it has: a number or the registry's id, and anything after a `_`, `-`, space
/// or bracket. An id may hold such marks itself, so the longest name comes first.
pub(crate) fn whose(name: &str) -> Vec<&str> {
    let stem = stem(name);
    let mut names: Vec<&str> = stem
        .char_indices()
        .filter(|(_, letter)| BETWEEN.contains(letter))
        .filter_map(|(end, _)| stem.get(..end))
        .chain([stem])
        .map(|name| name.trim_end_matches(BETWEEN))
        .filter(|name| !name.is_empty())
        .collect();
    names.dedup();
    // Somebody's description may have any number of words: the shortest and the longest of its beginnings.
    if names.len() > MOST_NAMES {
        names.drain(1..=names.len() - MOST_NAMES);
    }
    names.reverse();
    names
}

/// A file that was not taken, by a masked name.
pub(crate) fn rejected(position: u64, name: &str, code: &str, remedy: &str) -> OfFile {
    OfFile::Rejected(OldPhotoProblem {
        position,
        name: masked(whose(name).last().unwrap_or(&""))
            .chars()
            .take(40)
            .collect(),
        code: code.to_owned(),
        remedy: remedy.to_owned(),
    })
}

fn report(row: &old_photo_run::Model, names: &HashMap<Uuid, String>) -> Result<OldPhotosReport> {
    let told: Told = serde_json::from_str(&row.told).map_err(Error::internal)?;
    Ok(OldPhotosReport {
        id: ImportId(row.id),
        state: Lenient::read(&row.state),
        at: Timestamp::from_micros(row.at),
        brought_by: UserId(row.brought_by),
        brought_by_name: names.get(&row.brought_by).cloned(),
        files: row.files.unsigned_abs(),
        done: row.done.unsigned_abs(),
        taken: row.taken.unsigned_abs(),
        known: row.known.unsigned_abs(),
        rejected: row.rejected.unsigned_abs(),
        rejections: told.rejections,
    })
}

async fn locked(write: &Write, id: ImportId) -> Result<old_photo_run::Model> {
    old_photo_run::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

async fn save(write: &Write, row: &old_photo_run::Model) -> Result<()> {
    row.clone()
        .into_active_model()
        .reset_all()
        .update(write.on())
        .await?;
    Ok(())
}

const UNKNOWN: (&str, &str) = (
    "unknown_family",
    "Nama berkas harus NIK, nomor KK, atau nomor registrasi keluarga yang sudah tercatat.",
);

impl Acting {
    /// Remembers an archive whose files are to be read; `Some` when it was asked before.
    ///
    /// # Errors
    /// `forbidden`, `event_reused`.
    pub(crate) async fn begin_old_photos(
        &self,
        sha256: [u8; 32],
        files: u64,
        event_id: EventId,
    ) -> Result<Option<OldPhotosReport>> {
        self.actor.require(Permission::Import)?;
        let me = self.actor.person_id()?;
        let id = ImportId(event_id.into());
        let mut write = self.begin().await?;
        let seen = write
            .once(event_id, "old_photos.begin", "old_photos", &hex(&sha256))
            .await?;
        if seen == Seen::Before {
            let row = locked(&write, id).await?;
            // The archive may not have become durable then.
            let goes_on = row.state == OldPhotosState::Reading.to_string() && row.done == 0;
            drop(write);
            return if goes_on {
                Ok(None)
            } else {
                self.old_photos_report(id).await.map(Some)
            };
        }
        old_photo_run::ActiveModel {
            id: Set(id.into()),
            state: Set(OldPhotosState::Reading.to_string()),
            sha256: Set(sha256.to_vec()),
            brought_by: Set(me.into()),
            at: Set(write.at().as_micros()),
            files: Set(i64::try_from(files).unwrap_or(i64::MAX)),
            done: Set(0),
            taken: Set(0),
            known: Set(0),
            rejected: Set(0),
            told: Set(serde_json::to_string(&Told::default()).map_err(Error::internal)?),
            kept: Set(true),
            drawn_id: Set(None),
            drawn_sha256: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "old_photos.begin",
            format!("old_photos:{id}"),
            Role::Admin,
            Some(event_id),
            &serde_json::json!({ "sha256": hex(&sha256), "files": files }),
        )?);
        write.commit().await?;
        Ok(None)
    }

    /// The archive is durable: whoever works in the background may read it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn ask_old_photos(&self, id: ImportId) -> Result<OldPhotosReport> {
        let write = self.begin().await?;
        jobs::enqueue(&write, JOB, &id.to_string()).await?;
        write.commit().await?;
        self.old_photos_report(id).await
    }

    /// What became of an archive, to who brought it.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn old_photos_report(&self, id: ImportId) -> Result<OldPhotosReport> {
        let row = old_photo_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .filter(|row| self.actor.user() == Some(UserId(row.brought_by)))
            .ok_or(Error::NOT_FOUND)?;
        let names = self.store.names_of([row.brought_by].into()).await?;
        report(&row, &names)
    }

    /// The archive whose turn it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn asked_old_photos(&self, id: ImportId) -> Result<Option<AskedPhotos>> {
        let row = old_photo_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        row.filter(|row| row.state == OldPhotosState::Reading.to_string())
            .map(|row| {
                Ok(AskedPhotos {
                    bringer: UserId(row.brought_by),
                    sha256: hash_of(&row.sha256)?,
                    done: row.done.unsigned_abs(),
                    drawn: drawn_of(&row)?,
                })
            })
            .transpose()
    }

    /// The one family in reach whose house a file of this name shows; why not, else. A file's name can be a question
    /// about a family, so what was found is in the log of reads before anybody is told.
    ///
    /// # Errors
    /// `forbidden` when this actor may not import any more.
    pub(crate) async fn family_of_file(
        &self,
        name: &str,
    ) -> Result<std::result::Result<FamilyId, (&'static str, &'static str)>> {
        self.actor.require(Permission::Import)?;
        let mut found: Vec<Uuid> = Vec::new();
        for name in whose(name) {
            found = self.families_called(name).await?;
            if !found.is_empty() {
                break;
            }
        }
        let read = |id: &Uuid| Read {
            kind: "family",
            id: *id,
            what: "old_photo_found",
            mode: Mode::Seen,
            role: Role::Admin,
            purpose: None,
        };
        self.note_reads(found.iter().map(read)).await?;
        let [id] = found[..] else {
            return Ok(Err(if found.is_empty() {
                UNKNOWN
            } else {
                (
                    "ambiguous",
                    "Nomor ini dimiliki lebih dari satu keluarga; pakai nomor registrasi keluarga.",
                )
            }));
        };
        let home = family::Entity::find_by_id(id)
            .one(self.store.read())
            .await?;
        let mine = self.actor.regions(Permission::Import);
        let reached = match &home {
            None => false,
            Some(home) => {
                let region = region_code(&home.region)?;
                !region.is_training() && mine.iter().any(|code| code.covers(&region))
            }
        };
        Ok(if reached {
            Ok(FamilyId(id))
        } else {
            Err(UNKNOWN)
        })
    }

    /// The families that a file of exactly this name means.
    async fn families_called(&self, name: &str) -> Result<Vec<Uuid>> {
        let on = self.store.read();
        let keys = self.store.keys();
        let mut found: Vec<Uuid> = Vec::new();
        if let Ok(id) = Uuid::try_parse(name) {
            let home = family::Entity::find_by_id(id).one(on).await?;
            found.extend(home.map(|row| row.id));
        } else if name.len() == 16 && name.bytes().all(|b| b.is_ascii_digit()) {
            let values = |all: Vec<crate::keys::BlindIndex>| {
                all.into_iter()
                    .map(|one| one.hash.to_vec())
                    .collect::<Vec<_>>()
            };
            for (kind, values) in [
                (Number::Kk, values(keys.blind_kk_candidates(name))),
                (Number::Nik, values(keys.blind_nik_candidates(name))),
            ] {
                let rows = blind_index::Entity::find()
                    .filter(blind_index::Column::Kind.is_in([kind.own(), kind.old()]))
                    .filter(blind_index::Column::Value.is_in(values))
                    .all(on)
                    .await?;
                let ids: Vec<Uuid> = rows.into_iter().map(|row| row.object_id).collect();
                if kind == Number::Kk {
                    found.extend(ids);
                } else if !ids.is_empty() {
                    let persons = person::Entity::find()
                        .filter(person::Column::Id.is_in(ids))
                        .all(on)
                        .await?;
                    found.extend(persons.into_iter().map(|one| one.family_id));
                }
            }
        }
        if found.is_empty() {
            let rows = family::Entity::find()
                .filter(family::Column::RegistryKey.eq(name))
                .limit(2)
                .all(on)
                .await?;
            found.extend(rows.into_iter().map(|row| row.id));
        }
        if found.is_empty() {
            // The id of a family that was closed into another.
            let led = registry_alias::Entity::find_by_id(name).one(on).await?;
            found.extend(led.map(|row| row.family_id));
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Whether this family has such a photo, or as many as it may have.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn has_old_photo(
        &self,
        family: FamilyId,
        source: &[u8; 32],
    ) -> Result<Option<bool>> {
        let rows = old_photo::Entity::find()
            .filter(old_photo::Column::FamilyId.eq(Uuid::from(family)))
            .all(self.store.read())
            .await?;
        if rows.iter().any(|row| row.source_sha256 == source) {
            return Ok(Some(true));
        }
        Ok((rows.len() as u64 >= MOST_OF_FAMILY).then_some(false))
    }

    /// A photo is about to be kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn note_drawn(
        &self,
        id: ImportId,
        photo: OldPhotoId,
        sha256: &[u8; 32],
    ) -> Result<()> {
        let write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        row.drawn_id = Some(photo.into());
        row.drawn_sha256 = Some(sha256.to_vec());
        save(&write, &row).await?;
        write.commit().await
    }

    /// Archives whose bytes nobody needs any more; those that nobody went on with are ended before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn left_archives(&self) -> Result<Vec<LeftArchive>> {
        let reading = OldPhotosState::Reading.to_string();
        let long_ago = self.store.now().plus_s(-KEPT_S).as_micros();
        let stuck = old_photo_run::Entity::find()
            .filter(old_photo_run::Column::State.eq(&reading))
            .filter(old_photo_run::Column::At.lt(long_ago))
            .limit(100)
            .all(self.store.read())
            .await?;
        for row in stuck {
            self.end_old_photos(ImportId(row.id), OldPhotosState::Dropped)
                .await?;
        }
        let rows = old_photo_run::Entity::find()
            .filter(old_photo_run::Column::Kept.eq(true))
            .filter(old_photo_run::Column::State.ne(&reading))
            .limit(100)
            .all(self.store.read())
            .await?;
        rows.iter()
            .map(|row| {
                Ok(LeftArchive {
                    id: ImportId(row.id),
                    sha256: hash_of(&row.sha256)?,
                    drawn: drawn_of(row)?,
                })
            })
            .collect()
    }

    /// An archive's bytes are deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn forget_archive(&self, id: ImportId) -> Result<()> {
        let write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        row.kept = false;
        row.drawn_id = None;
        row.drawn_sha256 = None;
        save(&write, &row).await?;
        write.commit().await
    }

    /// A file of an archive is dealt with.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn note_old_photo(&self, id: ImportId, what: OfFile) -> Result<()> {
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        row.done += 1;
        match what {
            OfFile::Known => row.known += 1,
            OfFile::Rejected(problem) => {
                row.rejected += 1;
                let mut told: Told = serde_json::from_str(&row.told).map_err(Error::internal)?;
                if told.rejections.len() < LISTED {
                    told.rejections.push(problem);
                    row.told = serde_json::to_string(&told).map_err(Error::internal)?;
                }
            }
            OfFile::Taken(family, photo, drawn) => {
                if row.drawn_id != Some(photo.into()) {
                    // Another worker went on with it meanwhile.
                    return Err(Error::WRONG_MOMENT);
                }
                row.drawn_id = None;
                row.drawn_sha256 = None;
                row.taken += 1;
                let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
                old_photo::ActiveModel {
                    id: Set(photo.into()),
                    family_id: Set(family.into()),
                    run_id: Set(row.id),
                    source_sha256: Set(drawn.source.to_vec()),
                    sha256: Set(drawn.sha256.to_vec()),
                    width: Set(pixels(drawn.width)),
                    height: Set(pixels(drawn.height)),
                    brought_at: Set(write.at().as_micros()),
                }
                .insert(write.on())
                .await?;
                write.journal(Entry::new(
                    "old_photo.add",
                    format!("family:{family}"),
                    Role::Admin,
                    None,
                    &serde_json::json!({ "photo": photo, "run": id, "sha256": hex(&drawn.sha256) }),
                )?);
            }
        }
        save(&write, &row).await?;
        write.commit().await
    }

    /// All files of an archive are dealt with, or none more is to be.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn end_old_photos(&self, id: ImportId, state: OldPhotosState) -> Result<()> {
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        if row.state != OldPhotosState::Reading.to_string() {
            return Ok(());
        }
        row.state = state.to_string();
        write.journal(Entry::new(
            "old_photos.end",
            format!("old_photos:{id}"),
            Role::System,
            None,
            &serde_json::json!({ "state": row.state, "taken": row.taken, "known": row.known,
                "rejected": row.rejected }),
        )?);
        save(&write, &row).await?;
        write.commit().await
    }

    /// The old photos of a family, the newest first; whoever asks has the family before their eyes.
    pub(super) async fn old_photos_of(&self, id: FamilyId) -> Result<Vec<OldPhotoView>> {
        let rows = old_photo::Entity::find()
            .filter(old_photo::Column::FamilyId.eq(Uuid::from(id)))
            .order_by_desc(old_photo::Column::BroughtAt)
            .order_by_desc(old_photo::Column::Id)
            .limit(MOST_OF_FAMILY)
            .all(self.store.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| OldPhotoView {
                id: OldPhotoId(row.id),
                width: row.width.unsigned_abs(),
                height: row.height.unsigned_abs(),
                brought_at: Timestamp::from_micros(row.brought_at),
            })
            .collect())
    }

    /// An old photo of a family in reach: the hash of its bytes. Logged as a read of the family.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn old_photo(&self, id: OldPhotoId) -> Result<[u8; 32]> {
        let row = old_photo::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let home = family::Entity::find_by_id(row.family_id)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.reading_in(&region_code(&home.region)?)?;
        self.note_reads([Read {
            kind: "family",
            id: row.family_id,
            what: "old_photo",
            mode: Mode::Seen,
            role,
            purpose: None,
        }])
        .await?;
        row.sha256.as_slice().try_into().map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_whose_house_it_shows() {
        let number = "3571031212800001";
        for name in [
            "foto/2023/3571031212800001.jpg",
            "3571031212800001_depan.JPEG",
            "3571031212800001 (2).jpg",
            "3571031212800001 - rumah_depan (1).jpg",
        ] {
            assert!(whose(name).contains(&number), "{name}");
        }
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(whose(&format!("{id}.jpg"))[0], id);
        assert!(whose(&format!("{id}_depan (2).jpg")).contains(&id));
        assert_eq!(whose("KDR-07-0012.jpg"), ["KDR-07-0012", "KDR-07", "KDR"]);
        let many = "a-b-".repeat(50);
        let names = whose(&many);
        assert_eq!((names.len(), names[MOST_NAMES - 1]), (MOST_NAMES, "a"));
        assert!(whose("-.jpg").is_empty() && whose("").is_empty());
        let OfFile::Rejected(told) = rejected(3, "a/3571031212800001_x.jpg", "x", "y") else {
            panic!("taken");
        };
        assert_eq!(told.name, "3571************");
    }
}
