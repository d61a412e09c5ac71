//! Photos that objectors show: taken from strangers within a day's quota, drawn anew without what was written beside their
//! pixels, sealed, and never among the evidence.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tilik_protocol::ids::ObjectionPhotoId;
use tilik_protocol::objection::ObjectionPhotoView;
use tilik_protocol::problem::ProblemCode;
use tokio::sync::Semaphore;

use crate::App;
use crate::blobs::{BlobError, BlobKey};
use crate::error::{Error, Result};
use crate::photos::{self, PhotoProblem};
use crate::store::Acting;
use crate::store::objections::Shown;
use crate::store::public_quota::Of;

/// Largest photo from a stranger, in bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// So many are received at once: each is held in memory until it is drawn. Strangers have places of their own: however they
/// use them, the counter has its.
static FROM_STRANGERS: Semaphore = Semaphore::const_new(16);
static FROM_THE_COUNTER: Semaphore = Semaphore::const_new(8);
/// Who takes longer to send one makes room for others: 5 MiB on 0.5 Mbit/s.
const LONGEST: Duration = Duration::from_secs(90);

/// Why a stranger's photo is counted for today: where they are.
pub struct Stranger<'a> {
    /// The client's address as it is counted.
    pub address: &'a str,
    /// What the request says it is about to send.
    pub length: Option<u64>,
}

fn refused(problem: PhotoProblem) -> Error {
    let remedy = match problem {
        PhotoProblem::TooManyBytes => "Foto lebih dari 5 MiB. Kirim foto yang lebih kecil.",
        PhotoProblem::NotBaseline => {
            "Jenis JPEG ini tidak didukung. Ambil foto langsung dengan kamera HP, lalu kirim lagi."
        }
        PhotoProblem::NotJpeg => "Kirim foto JPEG.",
        other => other.sentence(),
    };
    Error::field("file", &problem.to_string(), remedy)
}

impl App {
    /// Takes a photo in. A stranger's counts before a byte of it is read; what is no photo counts as well.
    ///
    /// # Errors
    /// `invalid`, `too_large`, `too_many_requests`, `low_space`, `event_reused`, `unavailable`.
    pub(crate) async fn take_objection_photo(
        &self,
        by: Acting,
        id: ObjectionPhotoId,
        body: Body,
        stranger: Option<Stranger<'_>>,
    ) -> Result<ObjectionPhotoView> {
        self.room_for_photos().await?;
        let places = match stranger {
            Some(_) => &FROM_STRANGERS,
            None => &FROM_THE_COUNTER,
        };
        if let Some(stranger) = stranger {
            let length = stranger.length.unwrap_or(MAX_BYTES as u64);
            if length > MAX_BYTES as u64 {
                return Err(Error::Refused(ProblemCode::TooLarge));
            }
            let quota = self
                .store
                .take_quota(Of::ObjectionPhoto, stranger.address, length);
            quota.await?;
        }
        let busy = |_| Error::Wait {
            code: ProblemCode::TooManyRequests,
            retry_after_s: 30,
        };
        let _turn = places.try_acquire().map_err(busy)?;
        let received = tokio::time::timeout(LONGEST, axum::body::to_bytes(body, MAX_BYTES)).await;
        let file = match received {
            Ok(Ok(file)) => file,
            // Cut off, or longer than it said.
            Ok(Err(_)) => return Err(Error::Refused(ProblemCode::TooLarge)),
            Err(_) => return Err(Error::Refused(ProblemCode::BadBody)),
        };
        let app = self.clone();
        // Whoever sent it may hang up: what is stored is remembered all the same.
        tokio::spawn(async move { app.keep_objection_photo(&by, id, file).await })
            .await
            .map_err(Error::internal)?
    }

    async fn keep_objection_photo(
        &self,
        by: &Acting,
        id: ObjectionPhotoId,
        file: Bytes,
    ) -> Result<ObjectionPhotoView> {
        let source_sha256: [u8; 32] = Sha256::digest(&file).into();
        by.known_objection_photo(id, &source_sha256).await?;
        let _turn = self.decoding.acquire().await.map_err(Error::internal)?;
        let drawn = tokio::task::spawn_blocking(move || photos::redrawn_from_stranger(&file));
        let (bytes, width, height) = drawn.await.map_err(Error::internal)?.map_err(refused)?;
        let shown = Shown {
            source_sha256,
            sha256: Sha256::digest(&bytes).into(),
            width,
            height,
        };
        let view = by.keep_objection_photo(id, &shown).await?;
        // Also when it is known: the making before may have been broken off here.
        let key = BlobKey::objection_photo(id, &shown.sha256);
        self.blobs.put(&key, &bytes).await?;
        self.took_photo_bytes(bytes.len() as u64);
        Ok(view)
    }

    /// Deletes the photos that nobody used for a day.
    pub(crate) async fn forget_objection_photos(&self, by: &Acting) -> Result<()> {
        for (id, sha256) in by.expire_objection_photos().await? {
            let key = BlobKey::objection_photo(id, &sha256);
            self.blobs.delete(&key).await?;
            by.forget_objection_photo(id).await?;
        }
        Ok(())
    }

    /// A photo of an objection, for whoever reaches that.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn objection_photo(&self, by: &Acting, id: ObjectionPhotoId) -> Result<Bytes> {
        let sha256 = by.objection_photo(id).await?;
        match self.blobs.get(&BlobKey::objection_photo(id, &sha256)).await {
            Ok(bytes) => Ok(bytes),
            // Its making was broken off, and it was attached unseen.
            Err(BlobError::NotFound) => Err(Error::NOT_FOUND),
            Err(error) => Err(error.into()),
        }
    }
}
