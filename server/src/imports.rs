//! Files into the registry, whoever brings them: over HTTP, at the command line, or the demo.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{EventId, ImportId};
use tilik_protocol::registry::{ApplyImport, ImportKind, ImportReport, RefuseImport};
use tilik_protocol::session::Act;

use crate::App;
use crate::blobs::BlobKey;
use crate::error::{Error, Result};
use crate::store::Acting;
pub(crate) use crate::store::imports::JOB;

/// The largest file that is taken: a million families.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A file to be brought in.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// Its bytes.
    pub bytes: Bytes,
    /// Which sheet of a workbook, counted from 0; the first that is not empty otherwise.
    pub sheet: Option<u32>,
}

impl<T: Into<Bytes>> From<T> for ImportFile {
    fn from(bytes: T) -> Self {
        Self {
            bytes: bytes.into(),
            sheet: None,
        }
    }
}

impl App {
    /// Brings a file in and tells what became of every line. Goes on when the caller goes away: a half of a file would
    /// be neither here nor there.
    ///
    /// # Errors
    /// `forbidden`, `invalid` naming a missing column, `bad_import`, `event_reused`, `read_only`.
    pub async fn import(
        &self,
        kind: ImportKind,
        file: ImportFile,
        event_id: EventId,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        tokio::spawn(async move { by.import(kind, file, event_id).await })
            .await
            .map_err(Error::internal)?
    }

    /// Takes a file to be tried: every line is held against the registry in the background, and nothing of it is kept
    /// but the report, and the file itself until it is applied or discarded.
    ///
    /// # Errors
    /// `forbidden`, `invalid` naming a missing column, `bad_import`, `event_reused`, `read_only`.
    pub async fn rehearse_import(
        &self,
        kind: ImportKind,
        file: ImportFile,
        event_id: EventId,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        let app = self.clone();
        tokio::spawn(async move {
            let sha256: [u8; 32] = Sha256::digest(&file.bytes).into();
            let read = by.read_import(kind, file.clone()).await?;
            let (lines, sheet) = (read.lines(), file.sheet);
            // What was read is read again by the job; until then it would only take room.
            drop(read);
            let begun = by.begin_rehearsal(kind, lines, (sha256, sheet), event_id);
            if let Some(known) = begun.await? {
                return Ok(known);
            }
            let id = ImportId(event_id.into());
            app.blobs
                .put(&BlobKey::feed(id, &sha256), &file.bytes)
                .await?;
            let report = by.ask_rehearsal(id).await?;
            app.wake_workers();
            Ok(report)
        })
        .await
        .map_err(Error::internal)?
    }

    /// Brings in what was tried, in the background.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `read_only`.
    pub async fn apply_import(
        &self,
        id: ImportId,
        body: ApplyImport,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        let report = by.apply_import(id, body).await?;
        self.wake_workers();
        Ok(report)
    }

    /// Drops a file that was tried.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `wrong_moment`, `read_only`.
    pub async fn discard_import(
        &self,
        id: ImportId,
        body: Act,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        let (report, sha256) = by.discard_import(id, body).await?;
        self.blobs.delete(&BlobKey::feed(id, &sha256)).await?;
        Ok(report)
    }

    /// The background's part: tries a file, or brings in what was tried.
    pub(crate) async fn go_on_with_import(&self, id: ImportId) -> Result<()> {
        let system = self
            .store
            .acting_as_system("an import whose importer may not any more");
        let Some(asked) = system.asked_import(id).await? else {
            return Ok(());
        };
        let key = BlobKey::feed(id, &asked.sha256);
        let why = "asked for in the background";
        let went = match self.store.acting_as_asker(asked.importer, why).await {
            Ok(by) => {
                let file = self.blobs.get(&key).await?;
                by.go_on_with_import(id, &asked, file).await
            }
            Err(error) => Err(error),
        };
        let is_needed = match went {
            Ok(is_needed) => is_needed,
            // Trying again would bring the same refusal.
            Err(error @ (Error::Refused(_) | Error::Invalid(_))) => {
                if !system.drop_import(id).await? {
                    return Err(error);
                }
                false
            }
            Err(error) => return Err(error),
        };
        if !is_needed {
            self.blobs.delete(&key).await?;
        }
        Ok(())
    }

    /// Deletes the files of tries that nobody has applied.
    pub(crate) async fn forget_rehearsals(&self, by: &Acting) -> Result<()> {
        for (id, sha256) in by.expire_rehearsals().await? {
            self.blobs.delete(&BlobKey::feed(id, &sha256)).await?;
        }
        Ok(())
    }

    /// Puts into force what an import left waiting. Goes on when the caller goes away.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty`, `wrong_moment`, `read_only`.
    pub async fn confirm_import(
        &self,
        id: ImportId,
        body: Act,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        tokio::spawn(async move { by.confirm_import(id, body).await })
            .await
            .map_err(Error::internal)?
    }

    /// Drops what an import left waiting.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `wrong_moment`, `read_only`.
    pub async fn refuse_import(
        &self,
        id: ImportId,
        body: RefuseImport,
        by: Acting,
    ) -> Result<ImportReport> {
        self.space.small()?;
        by.refuse_import(id, body).await
    }
}
