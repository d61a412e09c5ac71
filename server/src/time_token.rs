//! Server time tokens: what a phone quotes so that an offline capture is bounded by the server's clock, and the upload
//! grants that let queued background tasks go on after sign-out. Both are short texts with a MAC.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tilik_protocol::ids::{DeviceId, UserId, VisitId};
use tilik_protocol::time::Timestamp;

use crate::keys::{Keyring, Tag};

/// What a time token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToken {
    /// The server's time when it was given.
    pub at: Timestamp,
    /// To which phone.
    pub device: DeviceId,
}

/// The right to upload one visit's photos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadGrant {
    /// The visit.
    pub visit: VisitId,
    /// The phone that sealed it.
    pub device: DeviceId,
    /// Who brought the manifest.
    pub user: Option<UserId>,
    /// Until when.
    pub until: Timestamp,
}

/// Days an upload grant is good for.
pub const UPLOAD_GRANT_DAYS: i64 = 30;

fn seal(keys: &Keyring, prefix: &str, content: &impl Serialize) -> String {
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(content).unwrap_or_default());
    let signed = format!("{prefix}.{body}");
    let tag = keys.mac_time(signed.as_bytes());
    format!(
        "{signed}.{}.{}",
        tag.key_version,
        URL_SAFE_NO_PAD.encode(tag.code)
    )
}

fn open<T: DeserializeOwned>(keys: &Keyring, prefix: &str, text: &str) -> Option<T> {
    let (signed, rest) = {
        let mut dots = text.match_indices('.');
        let (_, second) = (dots.next()?, dots.next()?);
        text.split_at(second.0)
    };
    let (version, code) = rest.strip_prefix('.')?.split_once('.')?;
    let tag = Tag {
        key_version: version.parse().ok()?,
        code: URL_SAFE_NO_PAD.decode(code).ok()?.try_into().ok()?,
    };
    if !keys.is_time_mac(signed.as_bytes(), &tag) {
        return None;
    }
    let body = signed.strip_prefix(prefix)?.strip_prefix('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}

impl TimeToken {
    /// As text for a phone.
    pub fn seal(&self, keys: &Keyring) -> String {
        seal(keys, "t1", self)
    }

    /// From text; `None` unless genuine.
    pub fn open(keys: &Keyring, text: &str) -> Option<Self> {
        open(keys, "t1", text)
    }
}

impl UploadGrant {
    /// As a bearer token.
    pub fn seal(&self, keys: &Keyring) -> String {
        seal(keys, "u1", self)
    }

    /// From a bearer token; `None` unless genuine.
    pub fn open(keys: &Keyring, text: &str) -> Option<Self> {
        open(keys, "u1", text)
    }

    /// Whether a bearer token claims to be one.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("u1.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{HeldClock, Ids};
    use std::sync::Arc;

    #[test]
    fn a_token_is_genuine_or_nothing() {
        let ids = Ids::seeded(Arc::new(HeldClock::at(Timestamp::default())), 3);
        let keys = Keyring::generate(&ids, true);
        let token = TimeToken {
            at: Timestamp::from_micros(5),
            device: ids.next(),
        };
        let text = token.seal(&keys);
        assert_eq!(TimeToken::open(&keys, &text), Some(token));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character of base64 may carry bits that are not used; it must then say the same.
            if let Some(opened) = TimeToken::open(&keys, &changed) {
                assert_eq!(opened.seal(&keys), text);
            }
        }
        assert_eq!(UploadGrant::open(&keys, &text), None);
    }
}
