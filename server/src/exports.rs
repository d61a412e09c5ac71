//! Files that leave the installation: made in the background, kept encrypted for a day, handed to whoever asked.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tilik_protocol::export::{AnswerExport, AskExport, ExportFormat, ExportView};
use tilik_protocol::ids::{ExportId, JobId};

use crate::App;
use crate::blobs::BlobKey;
use crate::error::{Error, Result};
use crate::store::Acting;
pub(crate) use crate::store::exports::JOB;

/// A file on its way to whoever asked for it.
#[derive(Debug)]
pub struct ExportFile {
    /// Its bytes.
    pub bytes: Bytes,
    /// How it is written.
    pub format: ExportFormat,
    /// What to call it.
    pub name: String,
}

fn key(id: ExportId, sha256: &[u8; 32]) -> BlobKey {
    BlobKey::export(JobId(id.into()), sha256)
}

impl App {
    /// Asks for a file.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `event_reused`, `read_only`.
    pub async fn ask_export(&self, body: AskExport, by: Acting) -> Result<ExportView> {
        self.space.small()?;
        let told = by.ask_export(body).await?;
        self.wake_workers();
        Ok(told)
    }

    /// Allows or refuses one that waits.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty`, `wrong_moment`.
    pub async fn answer_export(
        &self,
        id: ExportId,
        body: AnswerExport,
        by: Acting,
    ) -> Result<ExportView> {
        let told = by.answer_export(id, body).await?;
        self.wake_workers();
        Ok(told)
    }

    /// The file, to whoever asked for it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `wrong_moment`.
    pub async fn export_file(&self, id: ExportId, by: Acting) -> Result<ExportFile> {
        let ready = by.fetch_export(id).await?;
        Ok(ExportFile {
            bytes: self.blobs.get(&key(id, &ready.sha256)).await?,
            format: ready.format,
            name: format!("tilik-{}.{}", ready.kind, ready.format),
        })
    }

    /// The background's part: makes the file in its asker's name, with what their grants allow at that moment.
    pub(crate) fn make_export(&self, id: ExportId) -> BoxFuture<'_, Result<()>> {
        async move {
            let system = self.store.acting_as_system("an export");
            let Some(asked) = system.asked_export(id).await? else {
                return Ok(());
            };
            let why = "asked for in the background";
            let made = match self.store.acting_as_asker(asked.asker, why).await {
                Ok(by) => by.make_export(&asked).await,
                Err(error) => Err(error),
            };
            match made {
                Ok((bytes, rows)) => {
                    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
                    self.blobs.put(&key(id, &sha256), &bytes).await?;
                    let made = (sha256, rows, bytes.len() as u64);
                    system.end_export(id, Some(made)).await
                }
                // Whoever may not any more gets nothing; trying again would bring the same refusal.
                Err(Error::Refused(_)) => system.end_export(id, None).await,
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    /// Deletes the files whose day is over.
    pub(crate) async fn forget_exports(&self, by: &Acting) -> Result<()> {
        for (id, sha256) in by.expire_exports().await? {
            self.blobs.delete(&key(id, &sha256)).await?;
            by.forget_export(id).await?;
        }
        Ok(())
    }
}
