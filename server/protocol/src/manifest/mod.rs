//! Manifest v1: what a phone signs about a visit. Fixed for ever; `MANIFEST.md` beside `Cargo.toml` says it byte by byte.
//!
//! COSE_Sign1 (RFC 9052) with ES256. The payload is deterministic CBOR: integer keys ascending, definite lengths,
//! shortest integers, no floats, no tags, an absent field is an absent key. Parsing demands that writing what was read
//! gives the same bytes, so one visit has one encoding.

mod cbor;

use ciborium::Value;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::evidence::{
    MAX_ANSWERS_BYTES, MAX_PHOTO_BYTES, MAX_PHOTOS, MAX_SEALED_BYTES, PhotoKind, UnreachableReason,
    VisitKind,
};
use crate::ids::{CaseId, DeviceId, PhotoId, UserId, VisitId};
use crate::lenient::Lenient;
use crate::region::RegionCode;
use crate::time::Timestamp;
use cbor::{Field, Record, records};

/// Largest manifest, in bytes of COSE.
pub const MAX_MANIFEST_BYTES: usize = 64 * 1024;
/// How an age file begins; a manifest never does.
const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";
/// Largest manifest inside an age file, in bytes of that file: its header and its tags take some hundred bytes.
pub const MAX_ENVELOPED_MANIFEST_BYTES: usize = MAX_MANIFEST_BYTES + 2 * 1024;
/// Longest text in a manifest, in bytes.
pub const MAX_TEXT_BYTES: usize = 512;
/// Most position fixes behind a pin.
pub const MAX_FIXES: usize = 5;

/// Why bytes are not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MAX_MANIFEST_BYTES`].
    #[error("longer than 64 KiB")]
    TooLong,
    /// Not a COSE_Sign1 with ES256, a 16-byte key id and an empty unprotected header.
    #[error("not a COSE_Sign1 signed with ES256")]
    NotCose,
    /// The payload is not CBOR.
    #[error("the payload is not CBOR")]
    NotCbor,
    /// Another version than this build reads.
    #[error("manifest version {0} is not known")]
    UnknownVersion(u64),
    /// A field is absent, of the wrong type or out of range.
    #[error("field {0} is absent or wrong")]
    Field(&'static str),
    /// A key that version 1 does not have.
    #[error("unknown key {0}")]
    UnknownKey(i64),
    /// Writing what was read gives other bytes.
    #[error("not the one encoding of this content")]
    NotCanonical,
    /// The key id is not the device in the payload.
    #[error("signed as another device")]
    WrongKeyId,
}

/// SHA-256, 32 bytes; hex in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash32(pub [u8; 32]);

impl Hash32 {
    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// Whether these bytes, which came in a manifest's place, are one inside an age file: so a phone sends what it sealed when
/// it has lost the key of the database that held the manifest. Only the registry opens it.
pub fn is_enveloped(bytes: &[u8]) -> bool {
    bytes.starts_with(AGE_MAGIC)
}

impl std::fmt::Display for Hash32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Hash32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash32({self})")
    }
}

impl Serialize for Hash32 {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

records! {
    /// What a visit is, as its phone signs it.
    pub struct Manifest {
        /// The version; 1.
        1 => version: u64,
        /// The visit.
        2 => visit: VisitId,
        /// The phone; also the key id of the signature.
        3 => device: DeviceId,
        /// Position in the phone's chain, from 1.
        4 => seq: u64,
        /// SHA-256 of the COSE bytes of the visit before; absent for the first.
        5 => prev: Option<Hash32>,
        /// The case; a finding has none.
        6 => case: Option<CaseId>,
        /// The version of the assignment the phone saw.
        7 => case_version: Option<i32>,
        /// Who visited.
        8 => officer: UserId,
        /// The village.
        9 => region: RegionCode,
        /// What the visit is.
        10 => kind: Lenient<VisitKind>,
        /// Why the family was not seen.
        11 => unreachable: Option<Lenient<UnreachableReason>>,
        /// The returned visit this one replaces.
        12 => supersedes: Option<VisitId>,
        /// When the officer arrived, by the phone's clock.
        13 => arrived_at: Timestamp,
        /// When the visit was sealed, by the phone's clock.
        14 => captured_at: Timestamp,
        /// Its photos, in order.
        15 => photos: Vec<ManifestPhoto>,
        /// Where the door is.
        16 => pin: Option<ManifestPin>,
        /// The sealed answers.
        17 => answers: Option<ManifestAnswers>,
        /// When the privacy notice was read to the respondent.
        18 => notice_read_at: Option<Timestamp>,
        /// What the phone knew about the time.
        19 => clock: ManifestClock,
        /// The app and the state of the phone.
        20 => app: ManifestApp,
        /// `camera`: photos come from the app's own camera and nowhere else.
        21 => created_by: String,
        /// Made in training; must never count.
        22 => training: bool,
    }

    /// One photo of a visit.
    pub struct ManifestPhoto {
        /// Its id.
        1 => id: PhotoId,
        /// What it shows.
        2 => kind: Lenient<PhotoKind>,
        /// SHA-256 of the JPEG.
        3 => sha256: Hash32,
        /// Bytes of the JPEG.
        4 => len: u64,
        /// SHA-256 of the sealed (age) file.
        5 => sealed_sha256: Hash32,
        /// Bytes of the sealed file.
        6 => sealed_len: u64,
        /// Pixels.
        7 => width: u32,
        /// Pixels.
        8 => height: u32,
        /// When it was taken, by the phone's clock.
        9 => taken_at: Timestamp,
        /// What the camera wrote into EXIF, which is removed from the JPEG.
        10 => camera: ManifestCamera,
    }

    /// The EXIF facts that matter.
    pub struct ManifestCamera {
        /// The maker's name.
        1 => make: Option<String>,
        /// The model.
        2 => model: Option<String>,
        /// Exposure time in microseconds.
        3 => exposure_us: Option<u64>,
        /// Sensitivity.
        4 => iso: Option<u32>,
        /// Focal length in micrometres.
        5 => focal_um: Option<u32>,
        /// EXIF orientation 1 to 8, before it was applied.
        6 => orientation: u32,
        /// `DateTimeOriginal` as the camera wrote it.
        7 => exif_taken: Option<String>,
    }

    /// Where the front door is.
    pub struct ManifestPin {
        /// Latitude in degrees × 10⁷.
        1 => lat_e7: i64,
        /// Longitude in degrees × 10⁷.
        2 => lon_e7: i64,
        /// Accuracy in centimetres.
        3 => accuracy_cm: i64,
        /// `gnss`, `hand` or `external`.
        4 => source: String,
        /// The phone said the location was mocked.
        5 => mock: bool,
        /// When, by the phone's clock.
        6 => taken_at: Timestamp,
        /// The fixes it was averaged from.
        7 => fixes: Vec<ManifestFix>,
    }

    /// One position fix.
    pub struct ManifestFix {
        /// Latitude in degrees × 10⁷.
        1 => lat_e7: i64,
        /// Longitude in degrees × 10⁷.
        2 => lon_e7: i64,
        /// Accuracy in centimetres.
        3 => accuracy_cm: i64,
        /// Altitude in centimetres.
        4 => altitude_cm: Option<i64>,
        /// Speed in centimetres per second.
        5 => speed_cm_s: Option<i64>,
        /// Bearing in hundredths of a degree.
        6 => bearing_cdeg: Option<i64>,
        /// The provider's name.
        7 => provider: String,
        /// The phone said the location was mocked.
        8 => mock: bool,
        /// The phone's monotonic clock, in nanoseconds.
        9 => elapsed_ns: u64,
        /// By the phone's clock.
        10 => taken_at: Timestamp,
    }

    /// The answers file.
    pub struct ManifestAnswers {
        /// The form's id.
        1 => form: String,
        /// The form's version.
        2 => form_version: u32,
        /// SHA-256 of the answers' JSON.
        3 => sha256: Hash32,
        /// Bytes of the JSON.
        4 => len: u64,
        /// SHA-256 of the sealed (age) file.
        5 => sealed_sha256: Hash32,
        /// Bytes of the sealed file.
        6 => sealed_len: u64,
    }

    /// What the phone knew about the time when it sealed.
    pub struct ManifestClock {
        /// The wall clock.
        1 => wall: Timestamp,
        /// The monotonic clock, in nanoseconds since the boot.
        2 => elapsed_ns: u64,
        /// The boot.
        3 => boot_id: String,
        /// How often the phone has booted.
        4 => boot_count: Option<u64>,
        /// Whether the network sets the clock.
        5 => auto_time: Option<bool>,
        /// The newest server time token, as the server gave it.
        6 => time_token: Option<String>,
        /// The monotonic clock when that token arrived, in nanoseconds, if in the same boot.
        7 => token_elapsed_ns: Option<u64>,
    }

    /// The app and the state of the phone.
    pub struct ManifestApp {
        /// The app's version.
        1 => version: String,
        /// The build.
        2 => build: String,
        /// Where the key lives: `strongbox`, `tee`, `secure_enclave` or `software`.
        3 => key_level: String,
        /// Developer options are on.
        4 => dev_options: Option<bool>,
        /// A debugger cable is allowed.
        5 => adb: Option<bool>,
        /// A debugger is attached.
        6 => debugger: Option<bool>,
        /// Foreign code is in the process.
        7 => hooked: Option<bool>,
        /// The phone is rooted.
        8 => rooted: Option<bool>,
    }
}

impl Manifest {
    /// The payload: deterministic CBOR.
    pub fn payload(&self) -> Vec<u8> {
        cbor::bytes(&self.to_value())
    }

    /// What the phone's key signs (ECDSA P-256 over the SHA-256 of these bytes): the COSE `Sig_structure`.
    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(&protected(self.device), &self.payload())
    }

    /// The sealed manifest, from the raw 64-byte signature (r then s). Of the two values of s that verify it takes the
    /// lower one, whichever was given.
    pub fn assemble(&self, signature: [u8; 64]) -> Vec<u8> {
        cose(
            &protected(self.device),
            &self.payload(),
            &with_low_s(signature),
        )
    }

    fn check(&self) -> Result<(), ManifestError> {
        let fail = |holds: bool, field| {
            if holds {
                Ok(())
            } else {
                Err(ManifestError::Field(field))
            }
        };
        fail(self.version == 1, "version")?;
        // Databases count signed; a phone never gets near.
        fail(self.seq >= 1 && i64::try_from(self.seq).is_ok(), "seq")?;
        fail((self.seq == 1) == self.prev.is_none(), "prev")?;
        fail(self.photos.len() <= MAX_PHOTOS, "photos")?;
        for (n, photo) in self.photos.iter().enumerate() {
            fail((1..=MAX_PHOTO_BYTES).contains(&photo.len), "photos.len")?;
            fail(
                (1..=MAX_SEALED_BYTES).contains(&photo.sealed_len),
                "photos.sealed_len",
            )?;
            fail(
                (1..=8).contains(&photo.camera.orientation),
                "photos.camera.orientation",
            )?;
            fail((1..=8192).contains(&photo.width), "photos.width")?;
            fail((1..=8192).contains(&photo.height), "photos.height")?;
            fail(
                self.photos[..n].iter().all(|other| other.id != photo.id),
                "photos.id",
            )?;
        }
        let lat = |lat: i64| (-900_000_000..=900_000_000).contains(&lat);
        let lon = |lon: i64| (-1_800_000_000..=1_800_000_000).contains(&lon);
        let accuracy = |cm: i64| (0..=100_000_000).contains(&cm);
        if let Some(pin) = &self.pin {
            fail(lat(pin.lat_e7), "pin.lat_e7")?;
            fail(lon(pin.lon_e7), "pin.lon_e7")?;
            fail(accuracy(pin.accuracy_cm), "pin.accuracy_cm")?;
            fail(pin.fixes.len() <= MAX_FIXES, "pin.fixes")?;
            for fix in &pin.fixes {
                fail(lat(fix.lat_e7), "pin.fixes.lat_e7")?;
                fail(lon(fix.lon_e7), "pin.fixes.lon_e7")?;
                fail(accuracy(fix.accuracy_cm), "pin.fixes.accuracy_cm")?;
            }
        }
        if let Some(answers) = &self.answers {
            fail(
                (1..=MAX_ANSWERS_BYTES).contains(&answers.len),
                "answers.len",
            )?;
            fail(
                (1..=MAX_ANSWERS_BYTES).contains(&answers.sealed_len),
                "answers.sealed_len",
            )?;
        }
        Ok(())
    }
}

/// A parsed manifest with its signature, not yet verified: the server holds the phone's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedManifest {
    manifest: Manifest,
    signature: [u8; 64],
    to_be_signed: Vec<u8>,
    chain_hash: Hash32,
}

impl SignedManifest {
    /// Reads a sealed manifest.
    ///
    /// # Errors
    /// [`ManifestError`], naming the field where a field is wrong. Never panics.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLong);
        }
        let outer = cbor::read(bytes).ok_or(ManifestError::NotCose)?;
        let Value::Tag(18, inner) = outer else {
            return Err(ManifestError::NotCose);
        };
        let Value::Array(parts) = *inner else {
            return Err(ManifestError::NotCose);
        };
        let Ok([protected_bytes, unprotected, payload, signature]) = <[Value; 4]>::try_from(parts)
        else {
            return Err(ManifestError::NotCose);
        };
        let (Value::Bytes(protected_bytes), Value::Bytes(payload), Value::Bytes(signature)) =
            (protected_bytes, payload, signature)
        else {
            return Err(ManifestError::NotCose);
        };
        if unprotected != Value::Map(Vec::new()) {
            return Err(ManifestError::NotCose);
        }
        let signature: [u8; 64] = signature.try_into().map_err(|_| ManifestError::NotCose)?;
        let value = cbor::read(&payload).ok_or(ManifestError::NotCbor)?;
        if let Some(version) = cbor::version(&value).filter(|version| *version != 1) {
            return Err(ManifestError::UnknownVersion(version));
        }
        let manifest = Manifest::from_value(value, "manifest")?;
        manifest.check()?;
        if protected_bytes != protected(manifest.device) {
            return Err(ManifestError::WrongKeyId);
        }
        // A flipped s is caught here too: it is not what would be assembled.
        if manifest.payload() != payload || manifest.assemble(signature) != bytes {
            return Err(ManifestError::NotCanonical);
        }
        Ok(Self {
            to_be_signed: to_be_signed(&protected_bytes, &payload),
            chain_hash: Hash32::of(bytes),
            manifest,
            signature,
        })
    }

    /// What it says.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The raw signature, r then s.
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// What the signature is over.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// SHA-256 of the COSE bytes: what the next manifest's `prev` must be.
    pub fn chain_hash(&self) -> Hash32 {
        self.chain_hash
    }
}

/// Protected header: `{1: -7 (ES256), 4: device id}`.
fn protected(device: DeviceId) -> Vec<u8> {
    cbor::bytes(&Value::Map(vec![
        (Value::from(1), Value::from(-7)),
        (Value::from(4), Value::Bytes(device.0.into_bytes().to_vec())),
    ]))
}

fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    cbor::bytes(&Value::Array(vec![
        Value::Text("Signature1".to_owned()),
        Value::Bytes(protected.to_vec()),
        Value::Bytes(Vec::new()),
        Value::Bytes(payload.to_vec()),
    ]))
}

fn cose(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    cbor::bytes(&Value::Tag(
        18,
        Box::new(Value::Array(vec![
            Value::Bytes(protected.to_vec()),
            Value::Map(Vec::new()),
            Value::Bytes(payload.to_vec()),
            Value::Bytes(signature.to_vec()),
        ])),
    ))
}

/// The order of P-256, big-endian.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order less `s`; `None` when `s` is not below it.
fn order_less(s: &[u8]) -> Option<[u8; 32]> {
    let mut rest = [0; 32];
    let mut borrow = false;
    for at in (0..32).rev() {
        let (digit, under) = ORDER[at].overflowing_sub(s[at]);
        let (digit, under_again) = digit.overflowing_sub(u8::from(borrow));
        rest[at] = digit;
        borrow = under || under_again;
    }
    (!borrow).then_some(rest)
}

/// The same signature with the lower s: n − s verifies as well as s, and anybody can turn one into the other.
fn with_low_s(mut signature: [u8; 64]) -> [u8; 64] {
    if let Some(other) = order_less(&signature[32..])
        && other[..] < signature[32..]
    {
        signature[32..].copy_from_slice(&other);
    }
    signature
}

/// A DER signature, as phone keystores give it, as raw r and s of 32 bytes each.
///
/// # Errors
/// [`ManifestError::NotCose`] when it is not the DER of two positive integers of at most 32 bytes.
pub fn der_to_raw(der: &[u8]) -> Result<[u8; 64], ManifestError> {
    fn integer<'a>(der: &'a [u8], out: &mut [u8]) -> Option<&'a [u8]> {
        let (&tag, rest) = der.split_first()?;
        let (&len, rest) = rest.split_first()?;
        if tag != 2 || len == 0 || len > 33 || rest.len() < usize::from(len) {
            return None;
        }
        let (mut digits, rest) = rest.split_at(usize::from(len));
        if digits[0] & 0x80 != 0 {
            return None;
        }
        while digits.len() > 1 && digits[0] == 0 {
            digits = &digits[1..];
        }
        if digits.len() > 32 || digits == [0] {
            return None;
        }
        out[32 - digits.len()..].copy_from_slice(digits);
        Some(rest)
    }
    let mut raw = [0; 64];
    let body = der
        .strip_prefix(&[0x30])
        .and_then(<[u8]>::split_first)
        .filter(|(len, body)| usize::from(**len) == body.len())
        .map(|(_, body)| body)
        .ok_or(ManifestError::NotCose)?;
    let rest = integer(body, &mut raw[..32]).ok_or(ManifestError::NotCose)?;
    match integer(rest, &mut raw[32..]) {
        Some([]) => Ok(raw),
        Some(_) | None => Err(ManifestError::NotCose),
    }
}

#[cfg(test)]
mod tests;
