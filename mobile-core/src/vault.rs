//! What lies on the phone before it is sealed, encrypted: drafts' photos, answers, pins and views.
//!
//! AES-256-GCM-SIV under a key that is derived from the phone's own (HKDF, RFC 5869) and never stored. Each piece says
//! what it is in its additional data, so that one cannot be put in the place of another.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::phone::Phone;

const NONCE_BYTES: usize = 12;

/// What a piece is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// The evidence of a draft's photo.
    Photo(VisitId, PhotoId),
    /// A 320 px view.
    View(PhotoId),
    /// An answer.
    Answer(VisitId, &'a str),
    /// A pin.
    Pin(VisitId),
    /// The last photo of a case's house.
    House(CaseId),
    /// The family's name on a sealed visit.
    Title(VisitId),
}

impl std::fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Photo(visit, photo) => write!(f, "photo:{visit}:{photo}"),
            Self::View(photo) => write!(f, "view:{photo}"),
            Self::Answer(visit, question) => write!(f, "answer:{visit}:{question}"),
            Self::Pin(visit) => write!(f, "pin:{visit}"),
            Self::House(case) => write!(f, "house:{case}"),
            Self::Title(visit) => write!(f, "title:{visit}"),
        }
    }
}

/// Opens and closes pieces.
pub(crate) struct Vault<'a> {
    phone: &'a Phone,
    cipher: Aes256GcmSiv,
}

impl<'a> Vault<'a> {
    /// The vault of this phone; its key lives as long as this value.
    pub(crate) fn of(phone: &'a Phone) -> Result<Self> {
        let root = Zeroizing::new(phone.ports.keys.database_key()?);
        if root.len() != 32 {
            return Err(Error::Broken("database-key-length"));
        }
        // HKDF-Extract with a fixed salt, then the one block that HKDF-Expand needs for 32 bytes.
        let extracted = Zeroizing::new(hmac(b"tilik-mobile-core", &[&root])?);
        let key = Zeroizing::new(hmac(&*extracted, &[b"drafts v1", &[1]])?);
        Ok(Self {
            phone,
            cipher: Aes256GcmSiv::new((&*key).into()),
        })
    }

    /// Encrypts `plain` as `piece`.
    pub(crate) fn close(&self, piece: Piece<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = self.phone.ports.rng.fill(12);
        if nonce.len() != NONCE_BYTES {
            return Err(Error::Broken("chance"));
        }
        let aad = piece.to_string();
        let payload = Payload {
            msg: plain,
            aad: aad.as_bytes(),
        };
        let closed = self
            .cipher
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| Error::Broken("vault-close"))?;
        nonce.extend_from_slice(&closed);
        Ok(nonce)
    }

    /// Decrypts what was closed as `piece`; anything else is not opened.
    pub(crate) fn open(&self, piece: Piece<'_>, closed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, closed) = closed
            .split_at_checked(NONCE_BYTES)
            .ok_or(Error::Broken("vault-open"))?;
        let aad = piece.to_string();
        let payload = Payload {
            msg: closed,
            aad: aad.as_bytes(),
        };
        self.cipher
            .decrypt(Nonce::from_slice(nonce), payload)
            .map_err(|_| Error::Broken("vault-open"))
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| Error::Broken("vault-key"))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}
