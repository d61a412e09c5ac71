//! Signed papers: a scan is looked at, stored encrypted and durable, and only then remembered.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tilik_protocol::deliberation::{PaperKind, PaperView};
use tilik_protocol::ids::{EventId, PaperId};

use crate::App;
use crate::blobs::{BlobError, BlobKey};
use crate::error::{Error, Result};
use crate::store::Acting;

/// Largest scan, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

impl App {
    /// Takes a scan in: a PDF or a JPEG, whole. It is shown to nobody until it is attached to something.
    ///
    /// # Errors
    /// `forbidden`, `invalid`, `low_space`, `unavailable`.
    pub async fn take_paper(
        &self,
        file: Bytes,
        event_id: EventId,
        by: Acting,
    ) -> Result<PaperView> {
        by.brings_papers()?;
        self.space.photo()?;
        let Some(kind) = PaperKind::of(&file) else {
            return Err(Error::field(
                "file",
                "not_a_scan",
                "Kirim pindaian berupa PDF atau JPEG yang utuh.",
            ));
        };
        let app = self.clone();
        // Whoever asked may hang up: what is stored is remembered all the same.
        tokio::spawn(async move {
            let sha256: [u8; 32] = Sha256::digest(&file).into();
            let key = BlobKey::paper(PaperId(event_id.into()), &sha256);
            app.blobs.put(&key, &file).await?;
            by.keep_paper(event_id, kind, &sha256, file.len(), &key)
                .await
        })
        .await
        .map_err(Error::internal)?
    }

    /// Deletes the scans that nobody attached to anything for a week.
    pub(crate) async fn forget_papers(&self, by: &Acting) -> Result<()> {
        for (id, key) in by.expire_papers().await? {
            self.blobs.delete(&key).await?;
            by.forget_paper(id).await?;
        }
        Ok(())
    }

    /// A scan and what it is, for whoever reaches what it is attached to.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn paper(&self, id: PaperId, by: &Acting) -> Result<(Bytes, PaperView)> {
        let (key, view) = by.paper_place(id).await?;
        match self.blobs.get(&key).await {
            Ok(bytes) => Ok((bytes, view)),
            Err(error @ (BlobError::NotFound | BlobError::Damaged(_))) => {
                Err(Error::internal(error))
            }
            Err(error @ (BlobError::Full | BlobError::Unavailable(_))) => Err(error.into()),
        }
    }
}
