//! The keyring: every secret of an installation, by purpose and version, in one file named by `TILIK_KEYS`.
//!
//! Owns reading and guarding that file and every use of its secrets. Refuses files that others on the machine can read,
//! keyrings lying among the data they protect, and demo keyrings outside the demo. Invariants: no secret is printed, each
//! is wiped from memory when dropped, what an older version wrote stays readable, and a version is never lost by rotation.
//!
//! Encrypted columns use a nonce derived from key, place and text, so that writing the same value to the same place twice
//! gives the same bytes: an import that is run again changes nothing. Elsewhere equal values look unrelated.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use aes_gcm_siv::aead::{Aead as _, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, Nonce};
use age::secrecy::ExposeSecret as _;
use age::x25519;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::clock::Ids;

/// What a key is for. One key never serves two purposes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    /// Encrypts NIK and KK numbers in their columns.
    Field,
    /// Makes the search keys by which an encrypted number is found again.
    BlindIndex,
    /// Wraps the data key of each stored object.
    BlobWrap,
    /// Makes the code on each journal row.
    JournalMac,
    /// Signs access tokens (Ed25519).
    Token,
    /// Makes the code on the time tokens that phones carry.
    TimeToken,
    /// Opens what phones have sealed (the `age` format, X25519).
    Spool,
    /// Wraps the data key of each export file.
    Export,
    /// Signs what is printed on letters (Ed25519).
    Letter,
}

/// Why a keyring cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file could not be read or written.
    #[error("the keyring file cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// It is a folder, a device or the like.
    #[error("the keyring is not a regular file")]
    NotAFile,
    /// Its permissions allow more than its owner.
    #[error("the keyring is open to others (mode {mode:o}); allow its owner only: chmod 600")]
    OpenToOthers {
        /// The permission bits found.
        mode: u32,
    },
    /// It lies in the folder whose contents it protects.
    #[error("the keyring lies inside the data folder; a copy of the data would carry its own keys")]
    InsideData,
    /// It was made for the demo, and this is not the demo.
    #[error("the keyring was made for the demo and protects nothing")]
    DemoKeys,
    /// It is not a keyring. The position is told, never the text.
    #[error("the keyring is malformed at line {line}, column {column}")]
    Malformed {
        /// Line, from 1; 0 when unknown.
        line: usize,
        /// Column, from 1; 0 when unknown.
        column: usize,
    },
    /// A purpose has no key, a bad one, two of one version, or an active version that is not there.
    #[error("the keyring's keys for \"{0}\" are missing or damaged")]
    BadKeys(Purpose),
    /// There is already a file of that name, and it would be lost.
    #[error("a keyring of that name exists already")]
    Exists,
    /// The new keyring lacks a key of the old one, and what that key protects would be lost.
    #[error("the new keyring lacks a key for \"{0}\" that the old one has")]
    WouldLose(Purpose),
}

/// Why something kept under the keyring could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It names a key version that this keyring does not hold.
    #[error("no key of version {0}")]
    NoSuchKey(u32),
    /// It was altered, moved to another place, or written under another keyring.
    #[error("altered, or kept under another key")]
    Altered,
}

/// 32 secret bytes, wiped when dropped.
#[derive(Clone)]
struct Secret(Zeroizing<[u8; 32]>);

/// One purpose's keys: the one that writes, and those that still read.
#[derive(Clone)]
struct Ring<K> {
    active: u32,
    key: K,
    older: BTreeMap<u32, K>,
}

/// A key as the keyring file keeps it.
trait Key: Sized {
    fn generate(ids: &Ids) -> Self;
    fn parse(version: u32, text: &str) -> Option<Self>;
    fn text(&self) -> Zeroizing<String>;
}

/// An Ed25519 key in the shapes that signing and checking want.
#[derive(Clone)]
struct TokenKey {
    seed: Secret,
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: Jwk,
}

#[derive(Clone)]
struct SpoolKey(x25519::Identity);

/// All keys of one installation.
#[derive(Clone)]
pub struct Keyring {
    demo: bool,
    field: Ring<Secret>,
    blind_index: Ring<Secret>,
    blob_wrap: Ring<Secret>,
    journal_mac: Ring<Secret>,
    token: Ring<TokenKey>,
    time_token: Ring<Secret>,
    spool: Ring<SpoolKey>,
    export: Ring<Secret>,
    letter: Ring<Secret>,
}

/// Where and as what a keyring is being loaded.
#[derive(Debug, Clone, Copy)]
pub struct Loading<'a> {
    /// The folder that holds database and objects, if they lie on this machine.
    pub data_dir: Option<&'a Path>,
    /// Is this the demo? Then demo keys, and keys beside the data, are allowed.
    pub demo: bool,
}

/// A search key for an encrypted number, with the version of the key that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlindIndex {
    /// Version of the blind-index key.
    pub key_version: u32,
    /// The search key.
    pub hash: [u8; 16],
}

/// A message code with the version of the key that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Version of the key.
    pub key_version: u32,
    /// HMAC-SHA256.
    pub code: [u8; 32],
}

/// The random key of one stored object, in clear. Wiped when dropped.
pub type DataKey = Zeroizing<[u8; 32]>;

/// A data key, encrypted: 12 bytes of nonce, 32 of key, 16 of authentication.
pub type WrappedKey = [u8; WRAPPED_KEY_LEN];

/// Bytes in a wrapped data key.
pub const WRAPPED_KEY_LEN: usize = 12 + 32 + 16;

const FILE_FORMAT: &str = "tilik-keyring-1";
/// A keyring of this many bytes is no keyring.
const FILE_MAX_BYTES: u64 = 1 << 20;
/// First byte of an encrypted column: the layout version, key version (4), nonce (12), ciphertext and tag.
const FIELD_LAYOUT: u8 = 1;
const FIELD_HEADER_LEN: usize = 1 + 4 + 12;
/// What precedes the seed in a PKCS #8 Ed25519 private key (RFC 8410).
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl Key for Secret {
    fn generate(ids: &Ids) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        ids.fill(bytes.as_mut());
        Self(bytes)
    }

    fn parse(_version: u32, text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }
}

impl TokenKey {
    #[expect(clippy::expect_used, reason = "any 32 bytes are an Ed25519 seed")]
    fn numbered(version: u32, ids: &Ids) -> Self {
        Self::from_seed(version, Secret::generate(ids)).expect("any 32 bytes are an Ed25519 seed")
    }

    fn from_seed(version: u32, seed: Secret) -> Option<Self> {
        let mut der = Zeroizing::new([0; 48]);
        der[..16].copy_from_slice(&PKCS8_ED25519);
        der[16..].copy_from_slice(seed.0.as_slice());
        let encoding = EncodingKey::from_ed_der(der.as_slice());
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).ok()?;
        jwk.common.key_id = Some(kid(version));
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self {
            seed,
            encoding,
            decoding,
            jwk,
        })
    }
}

impl Key for SpoolKey {
    /// The `age` library brings its own randomness, always the operating system's.
    fn generate(_ids: &Ids) -> Self {
        Self(x25519::Identity::generate())
    }

    fn parse(_version: u32, text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }
}

/// The key for letters of a keyring that was made before there were any: from the journal's first key, which no rotation
/// loses. The next file that is written has it as its own.
fn letters_of_older(journal_mac: &Ring<Secret>) -> Ring<Secret> {
    let oldest = journal_mac.all().min_by_key(|(version, _)| *version);
    let (_, oldest) = oldest.unwrap_or((journal_mac.active, &journal_mac.key));
    Ring {
        active: 1,
        key: Secret(Zeroizing::new(hmac(&oldest.0, &[b"tilik letter key"]))),
        older: BTreeMap::new(),
    }
}

/// The name of a token key: what a token's header says and the published key set repeats.
fn kid(version: u32) -> String {
    format!("t{version}")
}

impl<K> Ring<K> {
    fn get(&self, version: u32) -> Option<&K> {
        if version == self.active {
            Some(&self.key)
        } else {
            self.older.get(&version)
        }
    }

    /// Every key with its version, the active one first, then the newest.
    fn all(&self) -> impl Iterator<Item = (u32, &K)> {
        std::iter::once((self.active, &self.key))
            .chain(self.older.iter().rev().map(|(v, k)| (*v, k)))
    }

    fn rotate(&mut self, key: K) {
        let newest = self
            .older
            .keys()
            .next_back()
            .copied()
            .unwrap_or(0)
            .max(self.active);
        let old = std::mem::replace(&mut self.key, key);
        self.older
            .insert(std::mem::replace(&mut self.active, newest + 1), old);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyringFile {
    format: String,
    demo: bool,
    keys: BTreeMap<Purpose, RingFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    active: u32,
    versions: BTreeMap<u32, SecretText>,
}

/// A secret as text, wiped when dropped.
#[derive(Serialize, Deserialize, PartialEq)]
#[serde(transparent)]
struct SecretText(String);

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl KeyringFile {
    fn ring<K: Key>(&self, purpose: Purpose) -> Result<Ring<K>, KeyringError> {
        self.keys
            .get(&purpose)
            .and_then(RingFile::ring)
            .ok_or(KeyringError::BadKeys(purpose))
    }
}

impl RingFile {
    fn of<K: Key>(ring: &Ring<K>) -> Self {
        let versions = ring
            .all()
            .map(|(version, key)| (version, SecretText(key.text().to_string())))
            .collect();
        Self {
            active: ring.active,
            versions,
        }
    }

    fn ring<K: Key>(&self) -> Option<Ring<K>> {
        let mut older = BTreeMap::new();
        for (version, text) in &self.versions {
            // Version 0 is no version: it is what a forgotten field would hold.
            if *version == 0 {
                return None;
            }
            older.insert(*version, K::parse(*version, &text.0)?);
        }
        Some(Ring {
            active: self.active,
            key: older.remove(&self.active)?,
            older,
        })
    }
}

impl Key for TokenKey {
    fn generate(ids: &Ids) -> Self {
        Self::numbered(1, ids)
    }

    fn parse(version: u32, text: &str) -> Option<Self> {
        Self::from_seed(version, Secret::parse(version, text)?)
    }

    fn text(&self) -> Zeroizing<String> {
        self.seed.text()
    }
}

/// The longest header of an `age` file that is read. A phone's has one recipient and takes some two hundred bytes, and what
/// the format's own noise adds. The parser begins anew with every line, so a long one would take hours.
const MOST_HEADER_BYTES: usize = 2 * 1024;

fn has_short_header(file: &[u8]) -> bool {
    let begin = &file[..file.len().min(MOST_HEADER_BYTES)];
    memchr::memmem::find(begin, b"\n--- ").is_some()
}

impl Keyring {
    /// A fresh keyring, version 1 of everything. `demo` marks it as protecting nothing real.
    pub fn generate(ids: &Ids, demo: bool) -> Self {
        fn first<K: Key>(ids: &Ids) -> Ring<K> {
            Ring {
                active: 1,
                key: K::generate(ids),
                older: BTreeMap::new(),
            }
        }
        Self {
            demo,
            field: first(ids),
            blind_index: first(ids),
            blob_wrap: first(ids),
            journal_mac: first(ids),
            token: first(ids),
            time_token: first(ids),
            spool: first(ids),
            export: first(ids),
            letter: first(ids),
        }
    }

    /// Reads the keyring at `path`.
    ///
    /// # Errors
    /// Whatever [`KeyringError`] names: the caller must not go on without keys.
    pub fn load(path: &Path, loading: Loading<'_>) -> Result<Self, KeyringError> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(KeyringError::NotAFile);
        }
        if meta.mode() & 0o077 != 0 {
            return Err(KeyringError::OpenToOthers {
                mode: meta.mode() & 0o7777,
            });
        }
        if let (Some(data), false) = (loading.data_dir, loading.demo)
            && lies_inside(path, data)?
        {
            return Err(KeyringError::InsideData);
        }
        let mut text = Zeroizing::new(Vec::new());
        file.take(FILE_MAX_BYTES).read_to_end(&mut text)?;
        let keyring = Self::parse(&text)?;
        if keyring.demo && !loading.demo {
            return Err(KeyringError::DemoKeys);
        }
        Ok(keyring)
    }

    fn parse(text: &[u8]) -> Result<Self, KeyringError> {
        // serde_json's own message may quote the text, and the text is secret.
        let file: KeyringFile =
            serde_json::from_slice(text).map_err(|e| KeyringError::Malformed {
                line: e.line(),
                column: e.column(),
            })?;
        if file.format != FILE_FORMAT {
            return Err(KeyringError::Malformed { line: 0, column: 0 });
        }
        let journal_mac = file.ring(Purpose::JournalMac)?;
        // A keyring of before letters has none of its own for them.
        let letter = if file.keys.contains_key(&Purpose::Letter) {
            file.ring(Purpose::Letter)?
        } else {
            letters_of_older(&journal_mac)
        };
        Ok(Self {
            demo: file.demo,
            field: file.ring(Purpose::Field)?,
            blind_index: file.ring(Purpose::BlindIndex)?,
            blob_wrap: file.ring(Purpose::BlobWrap)?,
            journal_mac,
            letter,
            token: file.ring(Purpose::Token)?,
            time_token: file.ring(Purpose::TimeToken)?,
            spool: file.ring(Purpose::Spool)?,
            export: file.ring(Purpose::Export)?,
        })
    }

    fn file(&self) -> KeyringFile {
        let keys = BTreeMap::from([
            (Purpose::Field, RingFile::of(&self.field)),
            (Purpose::BlindIndex, RingFile::of(&self.blind_index)),
            (Purpose::BlobWrap, RingFile::of(&self.blob_wrap)),
            (Purpose::JournalMac, RingFile::of(&self.journal_mac)),
            (Purpose::Token, RingFile::of(&self.token)),
            (Purpose::TimeToken, RingFile::of(&self.time_token)),
            (Purpose::Spool, RingFile::of(&self.spool)),
            (Purpose::Export, RingFile::of(&self.export)),
            (Purpose::Letter, RingFile::of(&self.letter)),
        ]);
        KeyringFile {
            format: FILE_FORMAT.to_owned(),
            demo: self.demo,
            keys,
        }
    }

    /// Writes a new keyring file, readable by its owner only, durable when this returns.
    ///
    /// # Errors
    /// `Exists` when there is a file of that name: it is left alone. `Io` otherwise; nothing half-written stays.
    pub fn save(&self, path: &Path) -> Result<(), KeyringError> {
        match self.write_new(path) {
            Ok(()) => sync_folder_of(path),
            Err(KeyringError::Io(e)) if e.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeyringError::Exists)
            }
            Err(other) => Err(other),
        }
    }

    /// Replaces the keyring file at `path` after a rotation, in one step.
    ///
    /// # Errors
    /// `WouldLose` when the file holds a key that this keyring lacks; the file is left alone then, and on `Io`.
    pub fn replace(&self, path: &Path) -> Result<(), KeyringError> {
        let old = Self::load(
            path,
            Loading {
                data_dir: None,
                demo: true,
            },
        )?
        .file();
        let new = self.file();
        for (purpose, ring) in &old.keys {
            let kept = new.keys.get(purpose);
            if !ring
                .versions
                .iter()
                .all(|(v, text)| kept.and_then(|k| k.versions.get(v)) == Some(text))
            {
                return Err(KeyringError::WouldLose(*purpose));
            }
        }
        let temp = path.with_extension("new");
        self.write_new(&temp)?;
        std::fs::rename(&temp, path).inspect_err(|_| drop(std::fs::remove_file(&temp)))?;
        sync_folder_of(path)
    }

    fn write_new(&self, path: &Path) -> Result<(), KeyringError> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let text = serde_json::to_vec_pretty(&self.file())
            .map(Zeroizing::new)
            .map_err(io::Error::from);
        text.and_then(|text| file.write_all(&text).and_then(|()| file.sync_all()))
            .inspect_err(|_| drop(std::fs::remove_file(path)))?;
        Ok(())
    }

    /// Gives `purpose` a new active key; the older ones go on reading what they wrote.
    ///
    /// A new blind-index key needs every index row written anew; until then ask with [`Self::blind_nik_candidates`].
    pub fn rotate(&mut self, purpose: Purpose, ids: &Ids) {
        match purpose {
            Purpose::Field => self.field.rotate(Secret::generate(ids)),
            Purpose::BlindIndex => self.blind_index.rotate(Secret::generate(ids)),
            Purpose::BlobWrap => self.blob_wrap.rotate(Secret::generate(ids)),
            Purpose::JournalMac => self.journal_mac.rotate(Secret::generate(ids)),
            Purpose::Token => {
                let newest = self
                    .token
                    .all()
                    .map(|(version, _)| version)
                    .max()
                    .unwrap_or(0);
                self.token.rotate(TokenKey::numbered(newest + 1, ids));
            }
            Purpose::TimeToken => self.time_token.rotate(Secret::generate(ids)),
            Purpose::Spool => self.spool.rotate(SpoolKey::generate(ids)),
            Purpose::Export => self.export.rotate(Secret::generate(ids)),
            Purpose::Letter => self.letter.rotate(Secret::generate(ids)),
        }
    }

    /// Was this keyring made for the demo?
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// The version of the key that writes for `purpose` now.
    pub fn active_version(&self, purpose: Purpose) -> u32 {
        match purpose {
            Purpose::Token => self.token.active,
            Purpose::Spool => self.spool.active,
            Purpose::Field => self.field.active,
            Purpose::BlindIndex => self.blind_index.active,
            Purpose::BlobWrap => self.blob_wrap.active,
            Purpose::JournalMac => self.journal_mac.active,
            Purpose::TimeToken => self.time_token.active,
            Purpose::Export => self.export.active,
            Purpose::Letter => self.letter.active,
        }
    }

    /// Encrypts `plain` for one cell of the database. It opens again only there.
    pub fn encrypt_field(&self, table: &str, column: &str, row: Uuid, plain: &str) -> Vec<u8> {
        let version = self.field.active;
        let aad = field_aad(version, table, column, row);
        let place_and_text = [aad.as_slice(), plain.as_bytes()];
        let synthetic = hmac(
            &subkey(&self.field.key, b"tilik field nonce"),
            &place_and_text,
        );
        let nonce = Nonce::from_slice(&synthetic[..12]);
        let mut sealed = Vec::with_capacity(FIELD_HEADER_LEN + plain.len() + 16);
        sealed.push(FIELD_LAYOUT);
        sealed.extend_from_slice(&version.to_be_bytes());
        sealed.extend_from_slice(nonce);
        let cipher = cipher(&subkey(&self.field.key, b"tilik field encrypt"));
        sealed.extend(encrypt(&cipher, nonce, plain.as_bytes(), &aad));
        sealed
    }

    /// Decrypts what [`Self::encrypt_field`] wrote in the same cell.
    ///
    /// # Errors
    /// `Altered` when it was changed or comes from another cell, `NoSuchKey` when its key is gone.
    pub fn decrypt_field(
        &self,
        table: &str,
        column: &str,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, OpenError> {
        let (header, body) = sealed
            .split_at_checked(FIELD_HEADER_LEN)
            .ok_or(OpenError::Altered)?;
        let [FIELD_LAYOUT, v0, v1, v2, v3, nonce @ ..] = header else {
            return Err(OpenError::Altered);
        };
        let version = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
        let key = self
            .field
            .get(version)
            .ok_or(OpenError::NoSuchKey(version))?;
        let aad = field_aad(version, table, column, row);
        let plain = cipher(&subkey(key, b"tilik field encrypt"))
            .decrypt(
                Nonce::from_slice(nonce),
                Payload {
                    msg: body,
                    aad: &aad,
                },
            )
            .map_err(|_| OpenError::Altered)?;
        String::from_utf8(plain)
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Altered)
    }

    /// The search key of a NIK under the active key. `digits`: the 16 digits, nothing else.
    pub fn blind_nik(&self, digits: &str) -> [u8; 16] {
        blind(&self.blind_index.key, b"nik:v1:", digits)
    }

    /// The search key of a KK number under the active key.
    pub fn blind_kk(&self, digits: &str) -> [u8; 16] {
        blind(&self.blind_index.key, b"kk:v1:", digits)
    }

    /// What a body with somebody's numbers is known by again. A plain hash of sixteen digits is soon guessed.
    pub fn blind_body(&self, text: &str) -> [u8; 16] {
        blind(&self.blind_index.key, b"body:v1:", text)
    }

    /// The search keys of a NIK under every key, newest first, for asking while an index is being written anew.
    pub fn blind_nik_candidates(&self, digits: &str) -> Vec<BlindIndex> {
        self.blind_candidates(b"nik:v1:", digits)
    }

    /// The search keys of a KK number under every key, newest first.
    pub fn blind_kk_candidates(&self, digits: &str) -> Vec<BlindIndex> {
        self.blind_candidates(b"kk:v1:", digits)
    }

    fn blind_candidates(&self, prefix: &[u8], digits: &str) -> Vec<BlindIndex> {
        let under = |(key_version, key)| BlindIndex {
            key_version,
            hash: blind(key, prefix, digits),
        };
        self.blind_index.all().map(under).collect()
    }

    /// The code of one journal row's canonical bytes. Store [`Purpose::JournalMac`]'s active version beside it.
    pub fn mac_journal(&self, row: &[u8]) -> [u8; 32] {
        hmac(&self.journal_mac.key.0, &[b"journal:v1:", row])
    }

    /// Is `tag` the code of these bytes? Takes the same time whatever the answer.
    pub fn is_journal_mac(&self, row: &[u8], tag: &Tag) -> bool {
        is_tag(&self.journal_mac, b"journal:v1:", row, tag)
    }

    /// The code of a time token's bytes.
    pub fn mac_time(&self, token: &[u8]) -> Tag {
        let code = hmac(&self.time_token.key.0, &[b"time:v1:", token]);
        Tag {
            key_version: self.time_token.active,
            code,
        }
    }

    /// Did this installation make that time token? Takes the same time whatever the answer.
    pub fn is_time_mac(&self, token: &[u8], tag: &Tag) -> bool {
        is_tag(&self.time_token, b"time:v1:", token, tag)
    }

    /// Signs what is printed on a letter; with the version of the key.
    pub fn sign_letter(&self, printed: &[u8]) -> Option<(u32, [u8; 64])> {
        let pair = Ed25519KeyPair::from_seed_unchecked(self.letter.key.0.as_slice()).ok()?;
        let signature = pair.sign(printed).as_ref().try_into().ok()?;
        Some((self.letter.active, signature))
    }

    /// Did this installation sign exactly this for a letter?
    pub fn is_letter_signature(&self, version: u32, printed: &[u8], signature: &[u8; 64]) -> bool {
        let pair = self
            .letter
            .get(version)
            .and_then(|key| Ed25519KeyPair::from_seed_unchecked(key.0.as_slice()).ok());
        pair.is_some_and(|pair| {
            let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
            public.verify(printed, signature).is_ok()
        })
    }

    /// The refresh token that follows `shown` in a session: always the same one, so that a request that came twice, or
    /// late, gives the phone what it already has. Nobody else can compute it.
    pub fn refresh_after(&self, session: &[u8], shown: &[u8]) -> [u8; 32] {
        hmac(
            &self.time_token.key.0,
            &[b"refresh:v1:", session, b":", shown],
        )
    }

    /// The key that signs access tokens (`EdDSA`), with the key id that belongs in the token's header.
    pub fn token_signing_key(&self) -> (String, &EncodingKey) {
        (kid(self.token.active), &self.token.key.encoding)
    }

    /// The key that checks a token whose header names `kid`.
    pub fn token_checking_key(&self, kid: &str) -> Option<&DecodingKey> {
        let version = kid.strip_prefix('t')?.parse().ok()?;
        self.token.get(version).map(|key| &key.decoding)
    }

    /// The public halves of the token keys, for others to check our tokens.
    pub fn token_jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.token.all().map(|(_, key)| key.jwk.clone()).collect(),
        }
    }

    /// The public key (`age1…`) to which phones seal.
    pub fn spool_recipient(&self) -> String {
        self.spool.key.0.to_public().to_string()
    }

    /// Opens an `age` file that a phone sealed to any version of the spool key.
    ///
    /// # Errors
    /// `Altered` when it is cut, changed, no `age` file, or sealed to somebody else.
    pub fn open_spool(&self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        if !has_short_header(sealed) {
            return Err(OpenError::Altered);
        }
        let file = age::Decryptor::new_buffered(sealed).map_err(|_| OpenError::Altered)?;
        let identities = self
            .spool
            .all()
            .map(|(_, key)| &key.0 as &dyn age::Identity);
        let mut reader = file.decrypt(identities).map_err(|_| OpenError::Altered)?;
        let mut plain = Vec::with_capacity(sealed.len());
        reader
            .read_to_end(&mut plain)
            .map_err(|_| OpenError::Altered)?;
        Ok(plain)
    }

    /// Wraps an object's data key for `purpose` (`BlobWrap` or `Export`). `aad` ties it to its object.
    /// Returns the version of the wrapping key and the wrapped key.
    pub fn wrap_data_key(
        &self,
        purpose: WrapPurpose,
        ids: &Ids,
        aad: &[u8],
        key: &DataKey,
    ) -> (u32, WrappedKey) {
        let ring = self.wrap_ring(purpose);
        let nonce: [u8; 12] = ids.bytes();
        let sealed = encrypt(
            &cipher(&ring.key.0),
            Nonce::from_slice(&nonce),
            key.as_slice(),
            aad,
        );
        let mut wrapped = [0; WRAPPED_KEY_LEN];
        wrapped[..12].copy_from_slice(&nonce);
        wrapped[12..].copy_from_slice(&sealed);
        (ring.active, wrapped)
    }

    /// Unwraps what [`Self::wrap_data_key`] wrapped.
    ///
    /// # Errors
    /// `Altered` when it or its `aad` changed, `NoSuchKey` when its key is gone.
    pub fn unwrap_data_key(
        &self,
        purpose: WrapPurpose,
        version: u32,
        aad: &[u8],
        wrapped: &WrappedKey,
    ) -> Result<DataKey, OpenError> {
        let key = self
            .wrap_ring(purpose)
            .get(version)
            .ok_or(OpenError::NoSuchKey(version))?;
        let plain = cipher(&key.0)
            .decrypt(
                Nonce::from_slice(&wrapped[..12]),
                Payload {
                    msg: &wrapped[12..],
                    aad,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Altered)?;
        plain
            .as_slice()
            .try_into()
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Altered)
    }

    fn wrap_ring(&self, purpose: WrapPurpose) -> &Ring<Secret> {
        match purpose {
            WrapPurpose::Blob => &self.blob_wrap,
            WrapPurpose::Export => &self.export,
        }
    }
}

/// The purposes whose keys wrap data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrapPurpose {
    /// Evidence, derivatives, attachments, feed files.
    Blob,
    /// Files made to leave the installation.
    Export,
}

impl From<WrapPurpose> for Purpose {
    fn from(purpose: WrapPurpose) -> Self {
        match purpose {
            WrapPurpose::Blob => Self::BlobWrap,
            WrapPurpose::Export => Self::Export,
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("demo", &self.demo)
            .finish_non_exhaustive()
    }
}

/// The cipher of columns and of the keys of objects, under `key`.
fn cipher(key: &[u8; 32]) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.into())
}

/// Encrypts; the cipher refuses only lengths of 64 GiB and more, which no caller can hold.
fn encrypt(cipher: &Aes256GcmSiv, nonce: &Nonce, plain: &[u8], aad: &[u8]) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "AES-GCM-SIV refuses only inputs of 64 GiB and more"
    )]
    cipher
        .encrypt(nonce, Payload { msg: plain, aad })
        .expect("inputs stay below 64 GiB")
}

fn field_aad(version: u32, table: &str, column: &str, row: Uuid) -> Vec<u8> {
    format!("tilik-field:v1|{version}|{table}|{column}|{row}").into_bytes()
}

fn subkey(secret: &Secret, label: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac(&secret.0, &[label]))
}

fn blind(key: &Secret, prefix: &[u8], digits: &str) -> [u8; 16] {
    let full = hmac(&key.0, &[prefix, digits.as_bytes()]);
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}

fn is_tag(ring: &Ring<Secret>, prefix: &[u8], message: &[u8], tag: &Tag) -> bool {
    ring.get(tag.key_version).is_some_and(|key| {
        let code = hmac(&key.0, &[prefix, message]);
        bool::from(subtle::ConstantTimeEq::ct_eq(
            code.as_slice(),
            tag.code.as_slice(),
        ))
    })
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut code = hmac::Context::with_key(&key);
    for part in parts {
        code.update(part);
    }
    let mut full = [0; 32];
    full.copy_from_slice(code.sign().as_ref());
    full
}

/// Does `path` lie in `folder`, links followed? A folder that does not exist yet holds nothing.
fn lies_inside(path: &Path, folder: &Path) -> io::Result<bool> {
    match folder.canonicalize() {
        Ok(folder) => Ok(path.canonicalize()?.starts_with(folder)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

fn sync_folder_of(path: &Path) -> Result<(), KeyringError> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use crate::clock::HeldClock;

    const NIK: &str = "3571034107850001";
    const OUTSIDE: Loading<'static> = Loading {
        data_dir: None,
        demo: false,
    };

    fn ids() -> Ids {
        Ids::seeded(Arc::new(HeldClock::default()), 11)
    }

    fn ring() -> Keyring {
        Keyring::generate(&ids(), false)
    }

    fn row(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn seal(recipient: &str, plain: &[u8]) -> Vec<u8> {
        age::encrypt(&recipient.parse::<x25519::Recipient>().unwrap(), plain).unwrap()
    }

    #[test]
    fn a_saved_keyring_opens_what_the_first_one_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let keys = ring();
        keys.save(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let again = Keyring::load(&path, OUTSIDE).unwrap();

        let cell = keys.encrypt_field("person", "nik", row(1), NIK);
        assert_eq!(
            *again.decrypt_field("person", "nik", row(1), &cell).unwrap(),
            NIK
        );
        assert_eq!(keys.blind_nik(NIK), again.blind_nik(NIK));
        assert_eq!(keys.mac_journal(b"row"), again.mac_journal(b"row"));
        assert_eq!(keys.mac_time(b"t"), again.mac_time(b"t"));
        assert_eq!(keys.token_jwks(), again.token_jwks());
        assert_eq!(
            again
                .open_spool(&seal(&keys.spool_recipient(), b"answers"))
                .unwrap(),
            b"answers"
        );
        let data_key = Zeroizing::new([9; 32]);
        for purpose in [WrapPurpose::Blob, WrapPurpose::Export] {
            let (version, wrapped) = keys.wrap_data_key(purpose, &ids(), b"object", &data_key);
            assert_eq!(
                again.unwrap_data_key(purpose, version, b"object", &wrapped),
                Ok(data_key.clone())
            );
        }
    }

    #[test]
    fn an_encrypted_cell_opens_only_in_its_own_place_and_unaltered() {
        let keys = ring();
        let cell = keys.encrypt_field("person", "nik", row(1), NIK);
        assert_eq!(
            keys.decrypt_field("family", "nik", row(1), &cell),
            Err(OpenError::Altered)
        );
        assert_eq!(
            keys.decrypt_field("person", "kk", row(1), &cell),
            Err(OpenError::Altered)
        );
        assert_eq!(
            keys.decrypt_field("person", "nik", row(2), &cell),
            Err(OpenError::Altered)
        );
        for at in 0..cell.len() {
            let mut bent = cell.clone();
            bent[at] ^= 1;
            assert!(
                keys.decrypt_field("person", "nik", row(1), &bent).is_err(),
                "byte {at}"
            );
            assert!(
                keys.decrypt_field("person", "nik", row(1), &cell[..at])
                    .is_err(),
                "cut at {at}"
            );
        }
        let others = Keyring::generate(&Ids::seeded(Arc::new(HeldClock::default()), 12), false);
        assert_eq!(
            others.decrypt_field("person", "nik", row(1), &cell),
            Err(OpenError::Altered)
        );
    }

    #[test]
    fn one_cell_written_twice_is_equal_and_two_cells_are_unrelated() {
        let keys = ring();
        let cell = keys.encrypt_field("person", "nik", row(1), NIK);
        assert_eq!(cell, keys.encrypt_field("person", "nik", row(1), NIK));
        let other = keys.encrypt_field("person", "nik", row(2), NIK);
        assert_ne!(cell[FIELD_HEADER_LEN..], other[FIELD_HEADER_LEN..]);
        assert_ne!(cell[5..17], other[5..17]);
        assert!(
            !cell
                .windows(8)
                .any(|w| NIK.as_bytes().windows(8).any(|n| n == w))
        );
    }

    #[test]
    fn a_rotated_keyring_reads_the_old_and_writes_the_new() {
        let mut keys = ring();
        let ids = ids();
        let cell = keys.encrypt_field("person", "nik", row(1), NIK);
        let blind = keys.blind_nik(NIK);
        let journal = Tag {
            key_version: 1,
            code: keys.mac_journal(b"row"),
        };
        let time = keys.mac_time(b"t");
        let sealed = seal(&keys.spool_recipient(), b"answers");
        let (kid, _) = keys.token_signing_key();
        let data_key = Zeroizing::new([9; 32]);
        let (_, wrapped) = keys.wrap_data_key(WrapPurpose::Blob, &ids, b"o", &data_key);
        for purpose in <Purpose as strum::VariantArray>::VARIANTS {
            keys.rotate(*purpose, &ids);
            assert_eq!(keys.active_version(*purpose), 2, "{purpose}");
        }
        assert_eq!(
            *keys.decrypt_field("person", "nik", row(1), &cell).unwrap(),
            NIK
        );
        assert_ne!(keys.blind_nik(NIK), blind);
        let candidates = keys.blind_nik_candidates(NIK);
        assert_eq!(
            candidates[0],
            BlindIndex {
                key_version: 2,
                hash: keys.blind_nik(NIK)
            }
        );
        assert_eq!(
            candidates[1],
            BlindIndex {
                key_version: 1,
                hash: blind
            }
        );
        assert!(keys.is_journal_mac(b"row", &journal) && !keys.is_journal_mac(b"other", &journal));
        assert!(!keys.is_journal_mac(
            b"row",
            &Tag {
                key_version: 2,
                ..journal
            }
        ));
        assert!(!keys.is_journal_mac(
            b"row",
            &Tag {
                key_version: 3,
                ..journal
            }
        ));
        assert!(keys.is_time_mac(b"t", &time) && !keys.is_time_mac(b"u", &time));
        assert_eq!(keys.open_spool(&sealed).unwrap(), b"answers");
        assert_eq!(
            keys.open_spool(&seal(&keys.spool_recipient(), b"new"))
                .unwrap(),
            b"new"
        );
        assert!(keys.token_checking_key(&kid).is_some());
        assert_ne!(keys.token_signing_key().0, kid);
        assert_eq!(
            keys.unwrap_data_key(WrapPurpose::Blob, 1, b"o", &wrapped),
            Ok(data_key)
        );
    }

    #[test]
    fn a_nik_and_a_kk_number_with_the_same_digits_have_different_search_keys() {
        let keys = ring();
        assert_ne!(keys.blind_nik(NIK), keys.blind_kk(NIK));
        assert_ne!(keys.blind_nik(NIK), keys.blind_nik("3571034107850002"));
    }

    #[test]
    fn a_token_signed_by_the_ring_is_checked_by_its_published_key() {
        let mut keys = ring();
        keys.rotate(Purpose::Token, &ids());
        let (kid, signing) = keys.token_signing_key();
        let mut header = jsonwebtoken::Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.clone());
        let token =
            jsonwebtoken::encode(&header, &serde_json::json!({"sub": "a"}), signing).unwrap();
        let mut rules = jsonwebtoken::Validation::new(Algorithm::EdDSA);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        let check = |key: &DecodingKey| {
            jsonwebtoken::decode::<serde_json::Value>(&token, key, &rules).is_ok()
        };
        assert!(check(keys.token_checking_key(&kid).unwrap()));
        assert!(check(
            &DecodingKey::from_jwk(keys.token_jwks().find(&kid).unwrap()).unwrap()
        ));
        assert!(!check(keys.token_checking_key("t1").unwrap()));
        assert!(
            keys.token_checking_key("t9").is_none()
                && keys.token_checking_key("nonsense").is_none()
        );
        let public = serde_json::to_string(&keys.token_jwks()).unwrap();
        assert!(!public.contains("\"d\"") && !public.contains(keys.token.key.text().as_str()));
    }

    #[test]
    fn a_sealed_file_that_is_cut_bent_or_for_another_registry_does_not_open() {
        let keys = ring();
        let sealed = seal(&keys.spool_recipient(), &vec![7; 100_000]);
        for at in [0, 30, 100, sealed.len() - 1] {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(keys.open_spool(&bent), Err(OpenError::Altered), "byte {at}");
            assert_eq!(
                keys.open_spool(&sealed[..at]),
                Err(OpenError::Altered),
                "cut at {at}"
            );
        }
        let stranger = x25519::Identity::generate().to_public().to_string();
        assert_eq!(
            keys.open_spool(&seal(&stranger, b"x")),
            Err(OpenError::Altered)
        );
    }

    #[test]
    fn a_file_of_ten_megabytes_of_header_is_refused_before_it_is_read() {
        let keys = ring();
        let sealed = seal(&keys.spool_recipient(), b"x");
        let magic = b"age-encryption.org/v1\n".len();
        for lines in [1_000, 2_000_000] {
            let noise = b"-> a\n".repeat(lines);
            let bomb = [&sealed[..magic], &noise, &sealed[magic..]].concat();
            assert_eq!(keys.open_spool(&bomb), Err(OpenError::Altered));
            assert_eq!(
                keys.open_spool(&bomb[..magic + noise.len()]),
                Err(OpenError::Altered)
            );
        }
        // What phones write, the format's random noise in it, opens every time.
        for n in 0..200 {
            let plain = vec![n; 10];
            let sealed = seal(&keys.spool_recipient(), &plain);
            assert_eq!(keys.open_spool(&sealed).unwrap(), plain);
        }
    }

    #[test]
    fn a_keyring_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        ring().save(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o620, 0o644] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = Keyring::load(&path, OUTSIDE).unwrap_err();
            assert!(
                matches!(refused, KeyringError::OpenToOthers { .. }),
                "{mode:o}: {refused}"
            );
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        Keyring::load(&path, OUTSIDE).unwrap();
    }

    #[test]
    fn a_keyring_inside_the_data_folder_is_refused_except_in_the_demo() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir_all(data.join("deep")).unwrap();
        let inside = data.join("deep/keys.json");
        ring().save(&inside).unwrap();
        let link = dir.path().join("link.json");
        std::os::unix::fs::symlink(&inside, &link).unwrap();
        for path in [&inside, &link, &data.join("deep/../deep/keys.json")] {
            let refused = Keyring::load(
                path,
                Loading {
                    data_dir: Some(&data),
                    demo: false,
                },
            )
            .unwrap_err();
            assert!(matches!(refused, KeyringError::InsideData), "{refused}");
        }
        Keyring::load(
            &inside,
            Loading {
                data_dir: Some(&data),
                demo: true,
            },
        )
        .unwrap();
        Keyring::load(
            &inside,
            Loading {
                data_dir: Some(&dir.path().join("none")),
                demo: false,
            },
        )
        .unwrap();
    }

    #[test]
    fn a_demo_keyring_serves_only_the_demo() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        Keyring::generate(&ids(), true).save(&path).unwrap();
        assert!(matches!(
            Keyring::load(&path, OUTSIDE),
            Err(KeyringError::DemoKeys)
        ));
        assert!(
            Keyring::load(
                &path,
                Loading {
                    data_dir: None,
                    demo: true
                }
            )
            .unwrap()
            .is_demo()
        );
    }

    #[test]
    fn a_damaged_keyring_is_refused_and_none_of_its_text_is_repeated() {
        let text = String::from_utf8(serde_json::to_vec(&ring().file()).unwrap()).unwrap();
        let secret = ring().field.key.text().to_string();
        let mut refusals = vec![
            text.replace("tilik-keyring-1", "tilik-keyring-9"),
            text.replace("\"active\":1", "\"active\":2"),
            text.replace("\"1\":", "\"0\":")
                .replace("\"active\":1", "\"active\":0"),
            text.replace(&secret, &secret[..40]),
            text.replace("\"demo\":false", &format!("\"demo\":\"{secret}\"")),
            text.replace("\"demo\"", &format!("\"{secret}\"")),
            String::new(),
        ];
        refusals.extend([10, 100, text.len() - 1].map(|at| text[..at].to_owned()));
        for bad in refusals {
            assert_ne!(bad, text);
            let told = Keyring::parse(bad.as_bytes()).unwrap_err();
            assert!(
                !format!("{told} {told:?}").contains(&secret[..20]),
                "{told}"
            );
        }
        for purpose in <Purpose as strum::VariantArray>::VARIANTS {
            if *purpose == Purpose::Letter {
                continue;
            }
            let mut file = ring().file();
            file.keys.remove(purpose);
            let told = Keyring::parse(&serde_json::to_vec(&file).unwrap()).unwrap_err();
            assert!(
                matches!(told, KeyringError::BadKeys(p) if p == *purpose),
                "{told}"
            );
        }
    }

    #[test]
    fn a_keyring_of_before_letters_signs_the_same_whatever_is_rotated() {
        let mut file = ring().file();
        file.keys.remove(&Purpose::Letter);
        let text = serde_json::to_vec(&file).unwrap();
        let (one, mut other) = (
            Keyring::parse(&text).unwrap(),
            Keyring::parse(&text).unwrap(),
        );
        let (version, signature) = one.sign_letter(b"surat").unwrap();
        let ids = Ids::seeded(Arc::new(HeldClock::default()), 5);
        other.rotate(Purpose::JournalMac, &ids);
        other.rotate(Purpose::Letter, &ids);
        let written = serde_json::to_vec(&other.file()).unwrap();
        let later = Keyring::parse(&written).unwrap();
        assert!(later.is_letter_signature(version, b"surat", &signature));
        assert!(!later.is_letter_signature(version, b"surat ", &signature));
        assert!(!later.is_letter_signature(2, b"surat", &signature));
        let (newer, other) = later.sign_letter(b"surat").unwrap();
        assert_eq!(newer, 2);
        assert!(!one.is_letter_signature(newer, b"surat", &other));
    }

    #[test]
    fn saving_never_overwrites_and_replacing_never_loses_a_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let mut keys = ring();
        keys.save(&path).unwrap();
        assert!(matches!(ring().save(&path), Err(KeyringError::Exists)));
        let strange = Keyring::generate(&Ids::seeded(Arc::new(HeldClock::default()), 12), false);
        assert!(matches!(
            strange.replace(&path),
            Err(KeyringError::WouldLose(_))
        ));
        keys.rotate(Purpose::Field, &ids());
        keys.replace(&path).unwrap();
        assert_eq!(
            Keyring::load(&path, OUTSIDE)
                .unwrap()
                .active_version(Purpose::Field),
            2
        );
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn printing_a_keyring_shows_no_secret() {
        let keys = ring();
        let printed = format!("{keys:?} {keys:#?}");
        assert_eq!(
            printed,
            "Keyring { demo: false, .. } Keyring {\n    demo: false,\n    ..\n}"
        );
    }
}
