//! Files that leave the installation: made in the background, kept encrypted for a day, handed to whoever asked.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use sha2::{Digest, Sha256};
use tilik_protocol::export::{AnswerExport, AskExport, ExportFormat, ExportView};
use tilik_protocol::ids::{ExportId, JobId};
use tokio::sync::mpsc;

use crate::App;
use crate::blobs::BlobKey;
use crate::error::{Error, Result};
use crate::store::Acting;
pub(crate) use crate::store::exports::JOB;
use crate::store::exports::{AskedExport, MadeExport, Part};

/// A file on its way to whoever asked for it.
pub struct ExportFile {
    /// Its bytes, piece by piece.
    pub bytes: BoxStream<'static, Result<Bytes>>,
    /// How many there are.
    pub len: u64,
    /// How it is written.
    pub format: ExportFormat,
    /// What to call it.
    pub name: String,
}

impl std::fmt::Debug for ExportFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportFile")
            .field("len", &self.len)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn key(part: Part) -> BlobKey {
    BlobKey::export(part.attempt, &part.sha256)
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
        let mut parts = ready.parts.into_iter();
        // Whether the blob store answers at all is told before the first byte is.
        let first = match parts.next() {
            Some(part) => Some(self.blobs.get(&key(part)).await?),
            None => None,
        };
        let blobs = self.blobs.clone();
        let rest = stream::iter(parts).then(move |part| {
            let blobs = blobs.clone();
            async move { blobs.get(&key(part)).await.map_err(Error::from) }
        });
        let bytes = stream::iter(first.map(Ok)).chain(rest);
        Ok(ExportFile {
            bytes: bytes.boxed(),
            len: ready.bytes,
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
            // Of a making that was broken off.
            for part in system.begun_parts(id).await? {
                self.forget_part(&system, part).await?;
            }
            let why = "asked for in the background";
            let made = match self.store.acting_as_asker(asked.asker, why).await {
                Ok(by) => self.make_in_parts(id, &asked, &by, &system).await,
                Err(error) => Err(error),
            };
            match made {
                Ok(made) => system.end_export(id, Some(made)).await,
                // Whoever may not any more gets nothing; trying again would bring the same refusal.
                Err(Error::Refused(_)) => system.end_export(id, None).await,
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    /// One piece is kept while the next is made.
    async fn make_in_parts(
        &self,
        id: ExportId,
        asked: &AskedExport,
        by: &Acting,
        system: &Acting,
    ) -> Result<MadeExport> {
        let attempt: JobId = self.ids.next();
        let (out, mut pieces) = mpsc::channel::<Vec<u8>>(1);
        let keeping = async {
            let (mut whole, mut parts, mut bytes) = (Sha256::new(), 0_u32, 0_u64);
            while let Some(piece) = pieces.recv().await {
                whole.update(&piece);
                bytes += piece.len() as u64;
                let part = Part {
                    export: id,
                    attempt,
                    position: parts,
                    sha256: Sha256::digest(&piece).into(),
                };
                system.begin_part(part).await?;
                self.blobs.put(&key(part), &piece).await?;
                parts += 1;
            }
            Ok::<([u8; 32], u32, u64), Error>((whole.finalize().into(), parts, bytes))
        };
        let (rows, (sha256, parts, bytes)) =
            tokio::try_join!(Box::pin(by.make_export(asked, out)), keeping)?;
        Ok(MadeExport {
            attempt,
            parts,
            sha256,
            rows,
            bytes,
        })
    }

    async fn forget_part(&self, by: &Acting, part: Part) -> Result<()> {
        self.blobs.delete(&key(part)).await?;
        by.forget_part(part).await
    }

    /// Deletes the files whose day is over, and what is left of those that were never made.
    pub(crate) async fn forget_exports(&self, by: &Acting) -> Result<()> {
        by.expire_exports().await?;
        loop {
            let left = by.left_over_parts().await?;
            if left.is_empty() {
                return Ok(());
            }
            for part in left {
                self.forget_part(by, part).await?;
            }
        }
    }
}
