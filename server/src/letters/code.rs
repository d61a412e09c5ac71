//! What a letter's QR code says: a random token, which copy it is on, and a signature over all that is printed there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tilik_protocol::letter::LetterContent;

use crate::keys::Keyring;

const LAYOUT: u8 = 1;
const BYTES: usize = 1 + 16 + 2 + 4 + 64;

/// The code of one copy of one letter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LetterCode {
    /// The letter: 128 bits that nobody can guess.
    pub token: [u8; 16],
    /// The copy.
    pub copy: u16,
    key_version: u32,
    signature: [u8; 64],
}

impl LetterCode {
    /// Signs what is printed on a copy.
    pub fn sign(
        keys: &Keyring,
        content: &LetterContent,
        token: [u8; 16],
        copy: u16,
    ) -> Option<Self> {
        let (key_version, signature) = keys.sign_letter(&content.canonical(&token, copy))?;
        Some(Self {
            token,
            copy,
            key_version,
            signature,
        })
    }

    /// Whether this code was made for exactly this content.
    pub fn is_of(&self, keys: &Keyring, content: &LetterContent) -> bool {
        let printed = content.canonical(&self.token, self.copy);
        keys.is_letter_signature(self.key_version, &printed, &self.signature)
    }

    /// As it stands in the code.
    pub fn text(&self) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(LAYOUT);
        bytes.extend_from_slice(&self.token);
        bytes.extend_from_slice(&self.copy.to_be_bytes());
        bytes.extend_from_slice(&self.key_version.to_be_bytes());
        bytes.extend_from_slice(&self.signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// From text; `None` unless it looks like one.
    pub fn read(text: &str) -> Option<Self> {
        // Longer than any is not even decoded.
        if text.len() > 2 * BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let ([LAYOUT], bytes) = bytes.split_first_chunk()? else {
            return None;
        };
        let (token, bytes) = bytes.split_first_chunk()?;
        let (copy, bytes) = bytes.split_first_chunk()?;
        let (key_version, bytes) = bytes.split_first_chunk()?;
        Some(Self {
            token: *token,
            copy: u16::from_be_bytes(*copy),
            key_version: u32::from_be_bytes(*key_version),
            signature: bytes.try_into().ok()?,
        })
    }

    /// Where a telephone that reads the code goes. What follows the `#` stays in the browser: no server, proxy or log on the
    /// way sees it.
    pub fn address(&self, public_url: &str) -> String {
        format!("{public_url}/periksa#{}", self.text())
    }
}

impl std::fmt::Debug for LetterCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LetterCode").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::sample;
    use super::*;
    use crate::clock::{HeldClock, Ids};

    #[test]
    fn a_code_survives_its_text_and_no_other_text_is_that_code() {
        let ids = Ids::seeded(Arc::new(HeldClock::default()), 3);
        let keys = Keyring::generate(&ids, true);
        let content = sample();
        let code = LetterCode::sign(&keys, &content, [9; 16], 3).unwrap();
        let text = code.text();
        let read = LetterCode::read(&text).unwrap();
        assert!(read == code && read.is_of(&keys, &content));
        for n in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[n] = if other[n] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            let genuine = LetterCode::read(&other).is_some_and(|code| code.is_of(&keys, &content));
            assert!(!genuine, "{n}");
        }
        for odd in [
            "",
            "a",
            "AAAA",
            &text[1..],
            &format!("{text}A"),
            "ä",
            &"A".repeat(4000),
        ] {
            assert!(LetterCode::read(odd).is_none(), "{odd}");
        }
        let other = Keyring::generate(&ids, true);
        assert!(!code.is_of(&other, &content));
    }

    #[test]
    fn nothing_but_the_code_stands_in_the_address_and_that_behind_the_hash() {
        let ids = Ids::seeded(Arc::new(HeldClock::default()), 3);
        let keys = Keyring::generate(&ids, true);
        let code = LetterCode::sign(&keys, &sample(), [9; 16], 1).unwrap();
        let address = code.address("https://tilik.example");
        let (page, secret) = address.split_once('#').unwrap();
        assert_eq!(page, "https://tilik.example/periksa");
        assert_eq!(LetterCode::read(secret), Some(code));
    }
}
