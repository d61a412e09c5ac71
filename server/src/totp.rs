//! Time-based one-time codes (RFC 6238) as every authenticator app makes them: HMAC-SHA-1, six digits, a new one every
//! thirty seconds. Pure: the secret, the time and what was used before come from the caller.

use ring::hmac;
use tilik_protocol::time::Timestamp;

/// Bytes of a secret, as RFC 4226 recommends.
pub const SECRET_LEN: usize = 20;
const STEP_S: i64 = 30;
/// Clocks of phones are off: the code before and the code after count too.
const DRIFT: i64 = 1;
const ISSUER: &str = "Tilik";

/// The step that `now` lies in.
fn step_at(now: Timestamp) -> i64 {
    now.as_micros().div_euclid(STEP_S * 1_000_000)
}

/// The code of one step.
fn code_of(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    // RFC 4226, section 5.3: the last four bits say where the four bytes of the code begin.
    let offset = bytes.last().map_or(0, |last| usize::from(last & 0x0f));
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(bytes.iter().skip(offset)) {
        *to = *from;
    }
    (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000
}

/// The six digits that an app shows now.
pub fn code_at(secret: &[u8], now: Timestamp) -> String {
    format!("{:06}", code_of(secret, step_at(now)))
}

/// The step whose code this is, if it is one of now and newer than `last_step`: no code counts twice. Every candidate is
/// looked at, whichever fits.
pub fn step_of(secret: &[u8], code: &str, now: Timestamp, last_step: i64) -> Option<i64> {
    let shown: u32 = (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| code.parse().ok())
        .flatten()?;
    let here = step_at(now);
    let mut found = None;
    for step in here - DRIFT..=here + DRIFT {
        let same = subtle::ConstantTimeEq::ct_eq(&code_of(secret, step), &shown);
        if bool::from(same) && step > last_step {
            found = Some(step);
        }
    }
    found
}

/// A secret as people type it and apps read it (RFC 4648, without padding).
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let mut held: u32 = 0;
    let mut bits = 0;
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(held << (5 - bits)) as usize & 31]));
    }
    text
}

/// What an app's camera reads. `account` holds nothing that an address would have to spell otherwise.
pub fn uri(account: &str, secret: &[u8]) -> String {
    let secret = base32(secret);
    format!(
        "otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits=6&period={STEP_S}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits; six are its last six.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(SECRET, at(seconds)), code, "{seconds}");
            assert_eq!(
                step_of(SECRET, code, at(seconds), 0),
                Some(seconds / 30),
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_clock_may_be_thirty_seconds_off_and_not_sixty() {
        let code = code_at(SECRET, at(1_234_567_890));
        for (off, fits) in [
            (-60, false),
            (-30, true),
            (0, true),
            (30, true),
            (60, false),
        ] {
            let told = step_of(SECRET, &code, at(1_234_567_890 + off), 0);
            assert_eq!(told.is_some(), fits, "{off}");
        }
    }

    #[test]
    fn a_code_counts_once_and_those_before_it_no_more() {
        let now = at(1_234_567_890);
        let code = code_at(SECRET, now);
        let step = step_of(SECRET, &code, now, 0).unwrap();
        assert_eq!(step_of(SECRET, &code, now, step), None);
        let before = code_at(SECRET, at(1_234_567_860));
        assert_eq!(step_of(SECRET, &before, now, step), None);
        let next = code_at(SECRET, at(1_234_567_920));
        assert_eq!(step_of(SECRET, &next, now, step), Some(step + 1));
    }

    #[test]
    fn what_is_no_six_digits_is_no_code() {
        for text in [
            "", "28708", "2870820", "+87082", " 87082", "28708２", "abcdef",
        ] {
            assert_eq!(step_of(SECRET, text, at(59), 0), None, "{text}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn the_address_holds_what_an_app_needs() {
        assert_eq!(
            uri("kepala.dinas", SECRET),
            "otpauth://totp/Tilik:kepala.dinas?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tilik&algorithm=SHA1&digits=6&period=30"
        );
    }
}
