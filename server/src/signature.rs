//! Signatures of phones: ECDSA over P-256 with SHA-256, as Android's and Apple's key stores make them. And of feeds: Ed25519.

use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};

/// Bytes of a point that is not compressed.
const WHOLE_POINT: usize = 65;

/// Whether `signature` (r and s, 32 bytes each) over `message` was made by the phone with this SEC1 public key.
pub(crate) fn is_by(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let fits = |key: &[u8]| {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        key.verify(message, signature).is_ok()
    };
    if public_key.len() == WHOLE_POINT {
        return fits(public_key);
    }
    let key = p256::PublicKey::from_sec1_bytes(public_key);
    key.is_ok_and(|key| fits(key.to_encoded_point(false).as_bytes()))
}

/// Whether `signature` over `message` was made by the feed with this Ed25519 public key.
pub(crate) fn is_by_feed(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{Signature, SigningKey};

    use super::*;

    #[test]
    fn a_signature_is_by_one_key_over_one_message_in_one_form() {
        let [ours, other] = [[7; 32], [8; 32]].map(|key| SigningKey::from_slice(&key).unwrap());
        let made: Signature = ours.sign(b"rumah");
        let raw = made.to_bytes();
        for compressed in [false, true] {
            let key = ours.verifying_key().to_encoded_point(compressed);
            let key = key.as_bytes();
            assert!(is_by(key, b"rumah", &raw));
            assert!(!is_by(key, b"rumah ", &raw));
            for bit in 0..raw.len() * 8 {
                let mut flipped = raw;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(!is_by(key, b"rumah", &flipped), "bit {bit}");
            }
            for wrong in [
                &b""[..],
                &raw[1..],
                made.to_der().as_bytes(),
                &[0; 64],
                &[0xff; 64],
            ] {
                assert!(!is_by(key, b"rumah", wrong));
            }
            let theirs = other.verifying_key().to_encoded_point(compressed);
            assert!(!is_by(theirs.as_bytes(), b"rumah", &raw));
        }
        for no_key in [&b""[..], &[0; 33], &[4; 65], &[2; 33], &[0; 1000]] {
            assert!(!is_by(no_key, b"rumah", &raw));
        }
    }
}
