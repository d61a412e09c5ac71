//! From uploaded bytes to a photo: join, compare, open, check, store under its own key, then tell the database.
//!
//! Every step can be repeated: keys hold the content's hash, the database moves by compare-and-set. A crash anywhere
//! leaves what was acknowledged in place, and a job finishes the rest.

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{CaseId, PhotoId};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::time::Timestamp;

use crate::App;
use crate::blobs::{BlobError, BlobKey, ChunkKey, DerivativeSide};
use crate::error::{Cause, Error, Result};
use crate::photos;
use crate::store::Acting;
use crate::store::arrivals::Arrival;
use crate::store::photos::{PhotoCopy, Side};
use crate::store::uploads::{Announced, Expected, Standing};
use crate::watermark::{self, Words};

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Full => Self::Wait {
                code: ProblemCode::LowSpace,
                retry_after_s: 600,
            },
            BlobError::Unavailable(_) => Self::Unavailable(Cause::new(error)),
            BlobError::NotFound | BlobError::Damaged(_) => Self::Internal(Cause::new(error)),
        }
    }
}

/// How far a whole upload got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// The photo is here.
    Arrived,
    /// The bytes are here; no manifest has named them yet.
    Held,
    /// Not all bytes are here: the upload was begun anew after somebody asked for this.
    Coming,
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl App {
    /// Finishes a whole upload from its pieces.
    ///
    /// # Errors
    /// `hash_mismatch`, `cannot_open`, or when database or blob store do not answer (a job then tries again).
    pub async fn finish_upload(&self, by: &Acting, id: PhotoId) -> Result<Finished> {
        let standing = by.upload(id).await?;
        if standing.state == "done" {
            return Ok(Finished::Arrived);
        }
        if standing.offset < standing.length {
            return Ok(Finished::Coming);
        }
        let pieces = by.pieces(id).await?;
        let _room = self.receiving.room_for(standing.length).await?;
        let sealed = match self.join(id, &pieces, standing.length).await {
            Ok(bytes) => bytes,
            // Somebody else finished it between our looks and took the pieces away.
            Err(_) if by.upload(id).await?.state == "done" => return Ok(Finished::Arrived),
            Err(error) => return Err(error),
        };
        if sealed.len() as u64 != standing.length || sha256(&sealed)[..] != standing.sealed_sha256 {
            by.spoil_upload(&standing, ProblemCode::HashMismatch)
                .await?;
            return Err(Error::Refused(ProblemCode::HashMismatch));
        }
        let Some(expected) = by.expected(id).await? else {
            by.hold_upload(id).await?;
            return Ok(Finished::Held);
        };
        let (key, problem) = match self.keep_original(id, expected, sealed).await? {
            Ok(kept) => kept,
            Err(code) => {
                by.spoil_upload(&standing, code).await?;
                return Err(Error::Refused(code));
            }
        };
        by.photo_arrived(Arrival {
            photo: id,
            original_key: key.as_str().to_owned(),
            problem,
            safe_at_once: self.config.safe_at_once,
            straight: None,
        })
        .await?;
        self.wake_workers();
        for piece in pieces {
            // What is left behind is an orphan for the janitor, not a failure.
            let key = ChunkKey::new(uuid::Uuid::from(id), piece.offset, piece.lease);
            if let Err(error) = self.blobs.delete(key.as_key()).await {
                tracing::debug!(cause = %error, "a finished upload's piece stays for the janitor");
            }
        }
        Ok(Finished::Arrived)
    }

    /// Takes a photo that its manifest has named and that came in one piece.
    ///
    /// # Errors
    /// As [`App::finish_upload`].
    pub async fn take_photo(
        &self,
        by: &Acting,
        announced: &Announced,
        expected: Expected,
        sealed: Bytes,
    ) -> Result<Standing> {
        let id = announced.photo;
        let (key, problem) = match self.keep_original(id, expected, sealed).await? {
            Ok(kept) => kept,
            Err(code) => {
                let standing = by.announce_upload(announced).await?;
                by.spoil_upload(&standing, code).await?;
                return Err(Error::Refused(code));
            }
        };
        let at = by
            .photo_arrived(Arrival {
                photo: id,
                original_key: key.as_str().to_owned(),
                problem,
                safe_at_once: self.config.safe_at_once,
                straight: Some(announced.clone()),
            })
            .await?;
        self.wake_workers();
        Ok(announced.done(at))
    }

    /// Opens a sealed file, compares it with what its manifest says, and stores the original; its name and what is wrong
    /// with it as a picture, or why it is not that photo at all.
    async fn keep_original(
        &self,
        id: PhotoId,
        expected: Expected,
        sealed: Bytes,
    ) -> Result<std::result::Result<(BlobKey, Option<String>), ProblemCode>> {
        let keys = self.keys.clone();
        let key = BlobKey::original(id, &expected.sha256);
        let opened = tokio::task::spawn_blocking(move || {
            // What opens to what the manifest signs is that photo. Of what does not open its own hash tells whether it was
            // altered on the way or made so.
            let plain = keys.open_spool(&sealed).map_err(|_| {
                if sha256(&sealed)[..] == expected.sealed_sha256 {
                    ProblemCode::CannotOpen
                } else {
                    ProblemCode::HashMismatch
                }
            })?;
            if plain.len() as u64 != expected.len || sha256(&plain) != expected.sha256 {
                return Err(ProblemCode::HashMismatch);
            }
            let problem = photos::check(&plain).err();
            Ok((plain, problem))
        })
        .await
        .map_err(Error::internal)?;
        let (plain, problem) = match opened {
            Ok(opened) => opened,
            Err(code) => return Ok(Err(code)),
        };
        self.blobs.put(&key, &plain).await?;
        Ok(Ok((key, problem.map(|problem| problem.to_string()))))
    }

    async fn join(
        &self,
        id: PhotoId,
        pieces: &[crate::store::uploads::Piece],
        length: u64,
    ) -> Result<Bytes> {
        if let [only] = pieces {
            let key = ChunkKey::new(uuid::Uuid::from(id), only.offset, only.lease);
            return Ok(self.blobs.get_ciphertext(&key).await?);
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
        for piece in pieces {
            let key = ChunkKey::new(uuid::Uuid::from(id), piece.offset, piece.lease);
            let bytes = self.blobs.get_ciphertext(&key).await?;
            if bytes.len() as u64 != piece.length || whole.len() as u64 != piece.offset {
                return Err(Error::internal(
                    "the pieces of an upload do not fit together",
                ));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }

    /// A copy of a photo for this actor, compared with its hash. A damaged one is counted and made again.
    ///
    /// # Errors
    /// As [`Acting::photo_copy`]; `photo_not_ready` while a damaged copy is made again.
    pub async fn photo(&self, by: &Acting, id: PhotoId, side: Side) -> Result<Bytes> {
        self.copy_of(id, by.photo_copy(id, side).await?).await
    }

    /// The last photo of the house that this officer is sent to, 320 px, and when it was taken.
    ///
    /// # Errors
    /// As [`Acting::house_photo_copy`]; `photo_not_ready` while a damaged copy is made again.
    pub async fn house_photo(&self, by: &Acting, case: CaseId) -> Result<(Bytes, Timestamp)> {
        let (id, copy, taken_at) = by.house_photo_copy(case).await?;
        Ok((self.copy_of(id, copy).await?, taken_at))
    }

    async fn copy_of(&self, id: PhotoId, copy: PhotoCopy) -> Result<Bytes> {
        let key: BlobKey = copy.key.parse().map_err(Error::internal)?;
        let damage = match self.blobs.get(&key).await {
            Ok(bytes) if sha256(&bytes)[..] == copy.sha256[..] => {
                return self.written_on(bytes, copy.words).await;
            }
            Ok(_) => BlobError::damaged("not what its hash says"),
            Err(damage @ (BlobError::Damaged(_) | BlobError::NotFound)) => damage,
            Err(error @ (BlobError::Full | BlobError::Unavailable(_))) => return Err(error.into()),
        };
        self.metrics.photo_damaged();
        tracing::error!(photo.id = %id, cause = %damage, "a copy of a photo is damaged; it is made again from the original");
        self.store
            .acting_as_system("a damaged copy of a photo")
            .remake_copies(id)
            .await?;
        self.wake_workers();
        Err(Error::Wait {
            code: ProblemCode::PhotoNotReady,
            retry_after_s: 2,
        })
    }

    /// A copy as this person gets it.
    async fn written_on(&self, copy: Bytes, words: Option<Words>) -> Result<Bytes> {
        let Some(words) = words else { return Ok(copy) };
        let _room = self.writing_on.acquire().await.map_err(Error::internal)?;
        let made = tokio::task::spawn_blocking(move || watermark::burn(&copy, &words)).await;
        let burnt = made.map_err(Error::internal)?.map_err(Error::internal)?;
        Ok(burnt.into())
    }

    /// Makes the copies people see.
    ///
    /// # Errors
    /// When database or blob store do not answer.
    pub async fn make_copies(&self, by: &Acting, id: PhotoId) -> Result<()> {
        let Some(key) = by.original_key(id).await? else {
            return Ok(());
        };
        let key: BlobKey = key.parse().map_err(Error::internal)?;
        let original = self.blobs.get(&key).await?;
        let _room = self.decoding.acquire().await.map_err(Error::internal)?;
        let made = tokio::task::spawn_blocking(move || photos::derivatives(&original)).await;
        let copies = match made {
            Ok(Ok(copies)) => copies,
            Ok(Err(problem)) => return by.photo_undecodable(id, &problem.to_string()).await,
            // A decoder that panics takes its own task down and nothing else.
            Err(_) => {
                let problem = photos::PhotoProblem::Undecodable.to_string();
                return by.photo_undecodable(id, &problem).await;
            }
        };
        let put = async |bytes: &[u8], side| {
            let hash = sha256(bytes);
            let key = BlobKey::derivative(id, &hash, side);
            self.blobs.put(&key, bytes).await?;
            Ok::<_, Error>((key, hash))
        };
        let large = put(&copies.large, DerivativeSide::Px1600).await?;
        let small = put(&copies.small, DerivativeSide::Px320).await?;
        by.copies_made(id, (large.0.as_str(), large.1), (small.0.as_str(), small.1))
            .await
    }
}
