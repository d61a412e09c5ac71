//! Encryption at rest: the only way from clear bytes to a store.
//!
//! Owns the layout of a stored object:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `TLKB` |
//! | 1 | layout version, 2 |
//! | 4 | version of the wrapping key, big-endian |
//! | 60 | the object's own data key, wrapped (nonce, key, tag) |
//! | 12 | nonce |
//! | n + 16 | AES-256-GCM ciphertext and tag |
//!
//! A data key from the operating system encrypts one object once, so no nonce is ever used twice with it; what encrypts
//! often under one key, the wrapping and the columns of the database, is AES-256-GCM-SIV.
//!
//! Wrapping and ciphertext both authenticate everything before them and the object's name: an object that was altered, cut,
//! or put in another's place does not open. The data key is kept, wrapped, in the object and nowhere else, so deleting the
//! object destroys the only copy of its key: that is how content is erased here. A backup that holds the whole object holds
//! its wrapped key as well, and is erased when it expires, or at once by retiring the wrapping key's version.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{BlobError, BlobKey, BlobPage, BlobPrefix, Blobs, ChunkKey, Ciphertext, FreeSpace};
use crate::clock::Ids;
use crate::keys::{DataKey, Keyring, WRAPPED_KEY_LEN, WrappedKey};

/// Bytes that a stored object has beyond its clear bytes.
pub const SEALED_OVERHEAD: u64 = (HEADER_LEN + TAG_LEN) as u64;

const MAGIC_AND_LAYOUT: &[u8; 5] = b"TLKB\x02";
const NAMED_LEN: usize = 5 + 4;
const HEADER_LEN: usize = NAMED_LEN + WRAPPED_KEY_LEN + NONCE_LEN;
const TAG_LEN: usize = 16;

/// A store that encrypts each object with a key of its own. Clones share everything.
#[derive(Clone)]
pub struct SealedBlobs {
    store: Arc<dyn Blobs>,
    keyring: Arc<Keyring>,
    ids: Arc<Ids>,
}

impl SealedBlobs {
    /// Encrypts with `keyring` on the way into `store`; data keys and nonces come from `ids`.
    pub fn new(store: Arc<dyn Blobs>, keyring: Arc<Keyring>, ids: Arc<Ids>) -> Self {
        Self {
            store,
            keyring,
            ids,
        }
    }

    /// Encrypts and stores `clear`, durable when this returns. The same again is harmless.
    ///
    /// # Errors
    /// `Full` or `Unavailable`; nothing is stored then, or the whole object is.
    pub async fn put(&self, key: &BlobKey, clear: &[u8]) -> Result<(), BlobError> {
        let sealed = self.seal(key, clear);
        self.store.put(key, sealed).await
    }

    /// Reads and decrypts an object.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`, or `Damaged` when it is not what was put under this name.
    pub async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError> {
        let stored = self.store.get(key).await?;
        self.open(key, stored)
    }

    /// The object's size in clear, in bytes; `None` when there is no such object.
    ///
    /// # Errors
    /// `Unavailable`, or `Damaged` when the object is shorter than any sealed one.
    pub async fn head(&self, key: &BlobKey) -> Result<Option<u64>, BlobError> {
        let stored = self.store.head(key).await?;
        stored
            .map(|n| {
                n.checked_sub(SEALED_OVERHEAD)
                    .ok_or_else(|| BlobError::damaged("cut short"))
            })
            .transpose()
    }

    /// Removes an object and with it the only copy of its key. What is not there is removed already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.store.delete(key).await
    }

    /// Up to `limit` (1 to 1,000) objects under `prefix` after `after`; sizes in clear, of chunks as stored.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(
        &self,
        prefix: &BlobPrefix,
        after: Option<&BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        let mut page = self.store.list(prefix, after, limit).await?;
        for object in page.objects.iter_mut().filter(|o| !o.key.is_chunk()) {
            object.size_bytes = object.size_bytes.saturating_sub(SEALED_OVERHEAD);
        }
        Ok(page)
    }

    /// Stores a piece of an `age` file as the phone encrypted it, durable when this returns.
    ///
    /// # Errors
    /// `Full` or `Unavailable`; nothing is stored then, or the whole chunk is.
    pub async fn put_ciphertext(&self, key: &ChunkKey, bytes: Bytes) -> Result<(), BlobError> {
        self.store.put(key.as_key(), Ciphertext(bytes)).await
    }

    /// Reads a piece of an `age` file back.
    ///
    /// # Errors
    /// `NotFound` or `Unavailable`.
    pub async fn get_ciphertext(&self, key: &ChunkKey) -> Result<Bytes, BlobError> {
        self.store.get(key.as_key()).await
    }

    /// The room left, or `None` where the store knows no end.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn free_space(&self) -> Result<Option<FreeSpace>, BlobError> {
        self.store.free_space().await
    }

    /// Does the store take and give objects now?
    ///
    /// # Errors
    /// `Full` or `Unavailable`.
    pub async fn ready(&self) -> Result<(), BlobError> {
        self.store.ready().await
    }

    fn seal(&self, key: &BlobKey, clear: &[u8]) -> Ciphertext {
        let mut data_key = Zeroizing::new([0; 32]);
        self.ids.fill(data_key.as_mut());
        let nonce: [u8; NONCE_LEN] = self.ids.bytes();
        let version = self.keyring.active_version(key.wrap_purpose().into());

        let mut sealed = Vec::with_capacity(HEADER_LEN + clear.len() + TAG_LEN);
        sealed.extend_from_slice(MAGIC_AND_LAYOUT);
        sealed.extend_from_slice(&version.to_be_bytes());
        let wrapped = self
            .keyring
            .wrap_data_key(
                key.wrap_purpose(),
                &self.ids,
                &bound_to(&sealed, key),
                &data_key,
            )
            .1;
        sealed.extend_from_slice(&wrapped);
        sealed.extend_from_slice(&nonce);
        let bound = bound_to(&sealed, key);
        sealed.extend_from_slice(clear);
        #[expect(
            clippy::expect_used,
            reason = "AES-GCM refuses only inputs of 64 GiB and more"
        )]
        let tag = cipher(&data_key)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound),
                &mut sealed[HEADER_LEN..],
            )
            .expect("objects stay below 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        Ciphertext(sealed.into())
    }

    fn open(&self, key: &BlobKey, stored: Bytes) -> Result<Bytes, BlobError> {
        let mut sealed = stored
            .try_into_mut()
            .unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        if sealed.len() < HEADER_LEN + TAG_LEN {
            return Err(BlobError::damaged("cut short"));
        }
        let header = sealed.split_to(HEADER_LEN);
        let Some(version) = header
            .strip_prefix(MAGIC_AND_LAYOUT)
            .and_then(<[u8]>::first_chunk)
        else {
            return Err(BlobError::damaged(
                "not a sealed object of a layout known here",
            ));
        };
        let mut wrapped: WrappedKey = [0; WRAPPED_KEY_LEN];
        wrapped.copy_from_slice(&header[NAMED_LEN..NAMED_LEN + WRAPPED_KEY_LEN]);
        let data_key = self
            .keyring
            .unwrap_data_key(
                key.wrap_purpose(),
                u32::from_be_bytes(*version),
                &bound_to(&header[..NAMED_LEN], key),
                &wrapped,
            )
            .map_err(BlobError::damaged)?;
        let altered = |_| BlobError::damaged("altered, or stored under another name");
        let nonce = Nonce::try_assume_unique_for_key(&header[NAMED_LEN + WRAPPED_KEY_LEN..])
            .map_err(altered)?;
        let clear = cipher(&data_key)
            .open_in_place(nonce, Aad::from(bound_to(&header, key)), &mut sealed)
            .map_err(altered)?
            .len();
        sealed.truncate(clear);
        Ok(sealed.freeze())
    }
}

impl std::fmt::Debug for SealedBlobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedBlobs").finish_non_exhaustive()
    }
}

#[expect(
    clippy::expect_used,
    reason = "AES-256-GCM refuses only keys of another length"
)]
fn cipher(key: &DataKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("32 bytes"))
}

/// What a key or ciphertext is bound to: the bytes before it, and the object's name.
fn bound_to(before: &[u8], key: &BlobKey) -> Vec<u8> {
    [b"tilik-blob:v1|", before, key.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::{DerivativeSide, Directory};
    use crate::clock::HeldClock;
    use crate::keys::Purpose;
    use uuid::Uuid;

    const CANARY: &[u8] = b"3571034107850001 \xff\xd8\xff\xe0 canary";

    fn ids(seed: u64) -> Arc<Ids> {
        Arc::new(Ids::seeded(Arc::new(HeldClock::default()), seed))
    }

    fn photo(n: u128) -> BlobKey {
        BlobKey::original(Uuid::from_u128(n).into(), &[1; 32])
    }

    struct Opened {
        dir: tempfile::TempDir,
        raw: Arc<Directory>,
        keyring: Arc<Keyring>,
        sealed: SealedBlobs,
    }

    async fn opened() -> Opened {
        let dir = tempfile::tempdir().unwrap();
        let raw = Arc::new(Directory::open(dir.path()).await.unwrap());
        let keyring = Arc::new(Keyring::generate(&ids(1), false));
        let sealed = SealedBlobs::new(raw.clone(), keyring.clone(), ids(2));
        Opened {
            dir,
            raw,
            keyring,
            sealed,
        }
    }

    fn holds_canary(folder: &std::path::Path) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return holds_canary(&path);
            }
            let bytes = std::fs::read(&path).unwrap();
            [&CANARY[..16], &CANARY[17..21], &CANARY[22..]]
                .iter()
                .any(|part| bytes.windows(part.len()).any(|w| w == *part))
        })
    }

    #[tokio::test]
    async fn what_was_put_is_read_back_and_lies_nowhere_in_clear() {
        let o = opened().await;
        let id = Uuid::from_u128(9);
        for key in [
            photo(1),
            BlobKey::derivative(id.into(), &[2; 32], DerivativeSide::Px320),
            BlobKey::attachment(id.into(), &[3; 32]),
            BlobKey::feed(id.into(), &[4; 32]),
            BlobKey::export(id.into(), &[5; 32]),
        ] {
            o.sealed.put(&key, CANARY).await.unwrap();
            assert_eq!(o.sealed.get(&key).await.unwrap(), CANARY);
            assert_eq!(
                o.sealed.head(&key).await.unwrap(),
                Some(CANARY.len() as u64)
            );
        }
        o.sealed.put(&photo(2), b"").await.unwrap();
        assert_eq!(o.sealed.get(&photo(2)).await.unwrap(), "");
        let page = o
            .sealed
            .list(&BlobPrefix::originals(), None, 10)
            .await
            .unwrap();
        assert_eq!(
            page.objects.iter().map(|l| l.size_bytes).sum::<u64>(),
            CANARY.len() as u64
        );
        assert!(!holds_canary(o.dir.path()));
        std::fs::write(o.dir.path().join("clear"), CANARY).unwrap();
        assert!(holds_canary(o.dir.path()), "the search itself works");
    }

    #[tokio::test]
    async fn equal_objects_have_different_keys_and_different_bytes_at_rest() {
        let o = opened().await;
        o.sealed.put(&photo(1), CANARY).await.unwrap();
        let first = o.raw.get(&photo(1)).await.unwrap();
        o.sealed.put(&photo(1), CANARY).await.unwrap();
        let second = o.raw.get(&photo(1)).await.unwrap();
        assert_ne!(first[HEADER_LEN..], second[HEADER_LEN..]);
        assert_eq!(o.sealed.get(&photo(1)).await.unwrap(), CANARY);
    }

    #[tokio::test]
    async fn an_object_with_one_bit_changed_or_cut_anywhere_is_damaged() {
        let o = opened().await;
        o.sealed.put(&photo(1), CANARY).await.unwrap();
        let whole = o.raw.get(&photo(1)).await.unwrap();
        assert_eq!(
            whole.len(),
            CANARY.len() + usize::try_from(SEALED_OVERHEAD).unwrap()
        );
        for at in 0..whole.len() {
            let mut bent = whole.to_vec();
            bent[at] ^= 0x10;
            let told = o.sealed.open(&photo(1), bent.into());
            assert!(matches!(told, Err(BlobError::Damaged(_))), "byte {at}");
            let told = o.sealed.open(&photo(1), whole.slice(..at));
            assert!(matches!(told, Err(BlobError::Damaged(_))), "cut at {at}");
        }
    }

    #[tokio::test]
    async fn an_object_moved_to_another_name_or_read_with_another_keyring_is_damaged() {
        let o = opened().await;
        o.sealed.put(&photo(1), CANARY).await.unwrap();
        let stored = o.raw.get(&photo(1)).await.unwrap();
        o.raw.put(&photo(2), Ciphertext(stored)).await.unwrap();
        assert!(matches!(
            o.sealed.get(&photo(2)).await,
            Err(BlobError::Damaged(_))
        ));
        let strange = Arc::new(Keyring::generate(&ids(3), false));
        let sealed = SealedBlobs::new(o.raw.clone(), strange, ids(4));
        assert!(matches!(
            sealed.get(&photo(1)).await,
            Err(BlobError::Damaged(_))
        ));
    }

    #[tokio::test]
    async fn old_objects_open_after_the_wrapping_key_was_rotated() {
        let o = opened().await;
        o.sealed.put(&photo(1), CANARY).await.unwrap();
        let mut keyring = (*o.keyring).clone();
        keyring.rotate(Purpose::BlobWrap, &ids(5));
        let sealed = SealedBlobs::new(o.raw.clone(), Arc::new(keyring), ids(6));
        assert_eq!(sealed.get(&photo(1)).await.unwrap(), CANARY);
        sealed.put(&photo(2), CANARY).await.unwrap();
        assert_eq!(
            o.raw.get(&photo(2)).await.unwrap()[5..9],
            2u32.to_be_bytes()
        );
        assert!(matches!(
            o.sealed.get(&photo(2)).await,
            Err(BlobError::Damaged(_))
        ));
    }

    #[tokio::test]
    async fn chunks_pass_as_the_phone_encrypted_them_and_a_deleted_object_is_gone() {
        let o = opened().await;
        let chunk = ChunkKey::new(Uuid::from_u128(1), 0, Uuid::from_u128(2));
        let bytes = Bytes::from_static(b"age-encryption.org/v1\n-> X25519 ...");
        o.sealed
            .put_ciphertext(&chunk, bytes.clone())
            .await
            .unwrap();
        assert_eq!(o.sealed.get_ciphertext(&chunk).await.unwrap(), bytes);
        let page = o
            .sealed
            .list(&BlobPrefix::chunks(Uuid::from_u128(1)), None, 10)
            .await
            .unwrap();
        assert_eq!(page.objects[0].size_bytes, bytes.len() as u64);
        o.sealed.delete(chunk.as_key()).await.unwrap();
        assert!(matches!(
            o.sealed.get_ciphertext(&chunk).await,
            Err(BlobError::NotFound)
        ));
        assert!(matches!(
            o.sealed.get(&photo(7)).await,
            Err(BlobError::NotFound)
        ));
        assert_eq!(o.sealed.head(&photo(7)).await.unwrap(), None);
    }
}
