//! Objects: sealed evidence and what is made from it, in a directory or in an S3 bucket.
//!
//! Owns the two stores, their one contract, the names of objects and their encryption at rest. Refuses clear bytes: a store
//! takes only [`Ciphertext`], which nobody outside this module can make. Invariants: what `put` has returned survives a
//! power cut; a name contains media id and SHA-256, so writing twice is harmless; no name is the beginning of another.
//!
//! The rest of the server holds a [`SealedBlobs`]; a test wraps the [`Blobs`] under it to lose, delay or refuse.

#[cfg(test)]
mod contract;
mod directory;
mod key;
mod s3;
mod sealed;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use directory::Directory;
pub use key::{BadKey, BlobKey, BlobPrefix, ChunkKey, DerivativeSide};
pub use s3::{S3, S3Options};
pub use sealed::{SEALED_OVERHEAD, SealedBlobs};

/// Why an object could not be stored or read. Variants differ where a caller acts differently.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BlobError {
    /// There is no such object.
    #[error("no such object")]
    NotFound,
    /// The disk or the quota is full. Nothing was stored.
    #[error("the blob store is full")]
    Full,
    /// The store does not answer, or not sensibly. Asking again later may help.
    #[error("the blob store is unavailable: {0}")]
    Unavailable(Arc<str>),
    /// The object is there, but it was altered, or its key is gone. Asking again does not help.
    #[error("the object is damaged: {0}")]
    Damaged(Arc<str>),
}

impl BlobError {
    fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string().into())
    }

    pub(crate) fn damaged(cause: impl std::fmt::Display) -> Self {
        Self::Damaged(cause.to_string().into())
    }
}

/// Bytes that are safe at rest. Made only by sealing, or from a chunk of what a phone has sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ciphertext(Bytes);

impl Ciphertext {
    /// The encrypted bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl std::fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ciphertext({} bytes)", self.0.len())
    }
}

/// One object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: BlobKey,
    /// Its size: as stored from [`Blobs::list`], in clear from [`SealedBlobs::list`].
    pub size_bytes: u64,
}

/// A page of a listing, in bytewise order of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlobPage {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Where to go on: ask again with this as `after`. `None` at the end.
    pub next: Option<BlobKey>,
}

/// Room left in a store that has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes that may still be written.
    pub free_bytes: u64,
    /// Bytes of the whole volume.
    pub total_bytes: u64,
}

/// A store of encrypted objects.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Stores `bytes` under `key`, durable when this returns. The same again is harmless; half an object is never seen.
    async fn put(&self, key: &BlobKey, bytes: Ciphertext) -> Result<(), BlobError>;

    /// The bytes stored under `key`, or `NotFound`.
    async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError>;

    /// The stored size in bytes, or `None` when there is no such object.
    async fn head(&self, key: &BlobKey) -> Result<Option<u64>, BlobError>;

    /// Removes the object, durably. What is not there is removed already.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// Up to `limit` (1 to 1,000) objects under `prefix` that come after `after`, in bytewise order of names.
    async fn list(
        &self,
        prefix: &BlobPrefix,
        after: Option<&BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError>;

    /// The room left, or `None` where the store knows no end.
    async fn free_space(&self) -> Result<Option<FreeSpace>, BlobError>;

    /// Does the store take and give objects now?
    async fn ready(&self) -> Result<(), BlobError>;
}
