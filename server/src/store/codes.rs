//! One-time codes that people type from paper.

use sha2::{Digest, Sha256};

use crate::clock::Ids;

/// No look-alikes: 0/O, 1/I/L, U/V.
const LETTERS: &[u8; 28] = b"ABCDEFGHJKMNPQRSTWXYZ2345678";

/// So many letters by chance, each as likely as any other.
pub(super) fn random(ids: &Ids, letters: usize) -> String {
    let mut code = String::with_capacity(letters);
    while code.len() < letters {
        let [byte] = ids.bytes::<1>();
        // 252 is the largest multiple of 28 in a byte.
        if byte < 252 {
            code.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        }
    }
    code
}

/// As it is printed: groups of four.
pub(super) fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// What was meant by what was typed: groups and small letters are no difference.
pub(super) fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// How a code of this use is kept.
pub(super) fn hash_of(use_of: &str, code: &str) -> Vec<u8> {
    Sha256::digest(format!("{use_of}\n{code}")).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let printed = grouped("ABCDEFGH23456789");
        assert_eq!(printed, "ABCD-EFGH-2345-6789");
        assert_eq!(plain(&printed), "ABCDEFGH23456789");
        assert_eq!(plain(" abcd efgh 2345 6789\n"), "ABCDEFGH23456789");
    }

    #[test]
    fn a_hash_is_of_one_use_only() {
        assert_ne!(hash_of("recovery", "ABCD"), hash_of("reset", "ABCD"));
    }
}
