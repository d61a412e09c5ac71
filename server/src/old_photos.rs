//! Archives of photos that a city held before: kept encrypted until they are read, each photo drawn anew without what was
//! written beside its pixels.

use std::io::{Cursor, Read};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{EventId, ImportId, OldPhotoId};
use tilik_protocol::old_photo::{MOST_FILES, OldPhotosReport, OldPhotosState};
use zip::ZipArchive;

use crate::App;
use crate::archive;
use crate::blobs::BlobKey;
use crate::error::{Error, Result};
use crate::photos;
use crate::store::Acting;
pub(crate) use crate::store::old_photos::JOB;
use crate::store::old_photos::{OfFile, Redrawn, rejected};

/// The largest file in an archive.
const MOST_OF_FILE: u64 = 20 * 1024 * 1024;

fn refuse(code: &str, remedy: &str) -> Error {
    Error::field("file", code, remedy)
}

type Archive = ZipArchive<Cursor<Bytes>>;

/// The archive and its files, by their place and name; folders and what systems put beside files are none.
fn opened(bytes: Bytes) -> Result<(Archive, Vec<(usize, String)>)> {
    let broken = || {
        refuse(
            "zip_broken",
            "Berkas ini bukan ZIP yang utuh. Buat lagi berkas ZIP berisi foto JPEG.",
        )
    };
    let mut archive = archive::open(bytes, MOST_FILES).map_err(|why| match why {
        archive::Refused::Broken => broken(),
        archive::Refused::Bomb => refuse(
            "zip_bomb",
            "Berkas ZIP ini berisi terlalu banyak atau terlalu besar. Bagi menjadi beberapa berkas.",
        ),
    })?;
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(|_| broken())?;
        if file.encrypted() {
            return Err(refuse(
                "locked",
                "Berkas ZIP ini terkunci kata sandi. Buat lagi tanpa kata sandi.",
            ));
        }
        let name = file.name().map_err(|_| broken())?.into_owned();
        let beside = name.starts_with("__MACOSX/") || name.ends_with(".DS_Store");
        if !file.is_dir() && !beside {
            files.push((at, name));
        }
    }
    if files.is_empty() {
        return Err(refuse(
            "empty",
            "Berkas ZIP ini kosong; isi dengan foto JPEG.",
        ));
    }
    Ok((archive, files))
}

/// One file of the archive, unpacked no further than it may be.
fn unpack(archive: &mut Archive, at: usize) -> Option<Vec<u8>> {
    let file = archive.by_index(at).ok()?;
    let mut photo = Vec::new();
    file.take(MOST_OF_FILE + 1).read_to_end(&mut photo).ok()?;
    (photo.len() as u64 <= MOST_OF_FILE).then_some(photo)
}

async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(Error::internal)
}

impl App {
    /// Takes an archive of old photos: its files are read in the background.
    ///
    /// # Errors
    /// `forbidden`, `invalid` when it is no archive or one that is refused, `event_reused`, `read_only`.
    pub async fn bring_old_photos(
        &self,
        file: Bytes,
        event_id: EventId,
        by: Acting,
    ) -> Result<OldPhotosReport> {
        self.space.small()?;
        let app = self.clone();
        tokio::spawn(async move {
            let sha256: [u8; 32] = Sha256::digest(&file).into();
            let listed = file.clone();
            let (_, files) = off_the_threads(move || opened(listed)).await??;
            let files = files.len() as u64;
            if let Some(known) = by.begin_old_photos(sha256, files, event_id).await? {
                return Ok(known);
            }
            let id = ImportId(event_id.into());
            app.blobs.put(&BlobKey::feed(id, &sha256), &file).await?;
            let report = by.ask_old_photos(id).await?;
            app.wake_workers();
            Ok(report)
        })
        .await
        .map_err(Error::internal)?
    }

    /// The background's part: reads the files that are not dealt with yet, in the bringer's name.
    pub(crate) fn go_on_with_old_photos(&self, id: ImportId) -> BoxFuture<'_, Result<()>> {
        async move {
            let system = self.store.acting_as_system("old photos");
            let Some(asked) = system.asked_old_photos(id).await? else {
                return Ok(());
            };
            let key = BlobKey::feed(id, &asked.sha256);
            if let Some((photo, sha256)) = asked.drawn {
                // Its making was broken off; it is drawn again under another name.
                let left = BlobKey::old_photo(photo, &sha256);
                self.blobs.delete(&left).await?;
            }
            let bytes = self.blobs.get(&key).await?;
            let (archive, files) = off_the_threads(move || opened(bytes)).await??;
            let why = "asked for in the background";
            let mut state = OldPhotosState::Done;
            let done = usize::try_from(asked.done).map_err(Error::internal)?;
            for (n, (at, name)) in files.into_iter().enumerate().skip(done) {
                let went = match self.store.acting_as_asker(asked.bringer, why).await {
                    Ok(by) => {
                        self.take_old_photo((&by, &system), id, &archive, (n as u64 + 1, at, &name))
                            .await
                    }
                    Err(error) => Err(error),
                };
                match went {
                    Ok(what) => system.note_old_photo(id, what).await?,
                    Err(Error::Refused(_)) => {
                        state = OldPhotosState::Dropped;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            system.end_old_photos(id, state).await?;
            self.forget_archive(&system, id, &asked.sha256, None).await
        }
        .boxed()
    }

    async fn forget_archive(
        &self,
        by: &Acting,
        id: ImportId,
        sha256: &[u8; 32],
        drawn: Option<(OldPhotoId, [u8; 32])>,
    ) -> Result<()> {
        self.blobs.delete(&BlobKey::feed(id, sha256)).await?;
        if let Some((photo, sha256)) = drawn {
            self.blobs
                .delete(&BlobKey::old_photo(photo, &sha256))
                .await?;
        }
        by.forget_archive(id).await
    }

    /// Deletes archives that are dealt with, or that nobody went on with: what came with them is in no table.
    pub(crate) async fn forget_archives(&self, by: &Acting) -> Result<()> {
        for left in by.left_archives().await? {
            self.forget_archive(by, left.id, &left.sha256, left.drawn)
                .await?;
        }
        Ok(())
    }

    async fn take_old_photo(
        &self,
        (by, system): (&Acting, &Acting),
        id: ImportId,
        archive: &Archive,
        (position, at, name): (u64, usize, &str),
    ) -> Result<OfFile> {
        let family = match by.family_of_file(name).await? {
            Ok(family) => family,
            Err((code, remedy)) => return Ok(rejected(position, name, code, remedy)),
        };
        // What is shared of an archive is its bytes and the list of its files.
        let mut archive = archive.clone();
        let drawn = off_the_threads(move || {
            let photo = unpack(&mut archive, at)?;
            let source: [u8; 32] = Sha256::digest(&photo).into();
            photos::redrawn(&photo).ok().map(|drawn| (source, drawn))
        });
        let Some((source, (bytes, width, height))) = drawn.await? else {
            return Ok(rejected(
                position,
                name,
                "not_a_photo",
                "Berkas ini bukan foto JPEG yang utuh, atau melebihi 20 MiB atau 50 megapiksel.",
            ));
        };
        match by.has_old_photo(family, &source).await? {
            Some(true) => return Ok(OfFile::Known),
            Some(false) => {
                return Ok(rejected(
                    position,
                    name,
                    "too_many",
                    "Keluarga ini sudah punya lima foto lama; pilih yang paling jelas.",
                ));
            }
            None => {}
        }
        let photo: OldPhotoId = self.ids.next();
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        system.note_drawn(id, photo, &sha256).await?;
        self.blobs
            .put(&BlobKey::old_photo(photo, &sha256), &bytes)
            .await?;
        let drawn = Redrawn {
            source,
            sha256,
            width,
            height,
        };
        Ok(OfFile::Taken(family, photo, drawn))
    }

    /// An old photo as people see it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn old_photo(&self, by: &Acting, id: OldPhotoId) -> Result<Bytes> {
        let sha256 = by.old_photo(id).await?;
        Ok(self.blobs.get(&BlobKey::old_photo(id, &sha256)).await?)
    }
}
