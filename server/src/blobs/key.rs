//! Names of objects. Made by the server only, from ids and hashes; anything else is refused.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tilik_protocol::ids::{
    ImportId, JobId, ObjectionPhotoId, OldPhotoId, PaperId, PhotoId, VisitId,
};
use uuid::Uuid;

use crate::keys::WrapPurpose;

/// The text is not a name that this server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an object")]
pub struct BadKey;

/// The name of one object: `<kind>/<shelf>/<ids and hashes>`, of ASCII letters, digits, `-`, `.` and `/` only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey(Arc<str>);

/// The name of a chunk of an upload: a piece of an `age` file, encrypted by the phone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkKey(BlobKey);

/// The beginning that a listing's names share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPrefix(Arc<str>);

/// The long side of a re-encoded photo, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DerivativeSide {
    /// For looking closely.
    Px1600,
    /// For lists.
    Px320,
}

impl DerivativeSide {
    /// Pixels.
    pub const fn px(self) -> u32 {
        match self {
            Self::Px1600 => 1600,
            Self::Px320 => 320,
        }
    }
}

/// What an object is, by the first segment of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::AsRefStr)]
#[strum(serialize_all = "snake_case")]
enum Kind {
    Originals,
    Derivatives,
    Attachments,
    Feeds,
    Exports,
    Staging,
}

impl BlobKey {
    /// A photo exactly as it was sealed. `sha256`: of the photo's clear bytes.
    pub fn original(photo: PhotoId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Originals, photo.into(), sha256, "")
    }

    /// A re-encoded photo. `sha256`: of the derivative's own clear bytes, so that another encoder gives another name.
    pub fn derivative(photo: PhotoId, sha256: &[u8; 32], side: DerivativeSide) -> Self {
        let suffix = match side {
            DerivativeSide::Px1600 => "-1600",
            DerivativeSide::Px320 => "-320",
        };
        Self::shelved(Kind::Derivatives, photo.into(), sha256, suffix)
    }

    /// Anything else that belongs to a visit. `sha256`: of its clear bytes.
    pub fn attachment(visit: VisitId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Attachments, visit.into(), sha256, "")
    }

    /// A signed paper as it was scanned. `sha256`: of its clear bytes.
    pub fn paper(paper: PaperId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Attachments, paper.into(), sha256, "")
    }

    /// A file as another system delivered it. `sha256`: of its clear bytes.
    pub fn feed(import: ImportId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Feeds, import.into(), sha256, "")
    }

    /// A photo that a city held before, drawn anew. `sha256`: of its clear bytes.
    pub fn old_photo(photo: OldPhotoId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Attachments, photo.into(), sha256, "")
    }

    /// What an objector shows, drawn anew. `sha256`: of its clear bytes.
    pub fn objection_photo(photo: ObjectionPhotoId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Attachments, photo.into(), sha256, "")
    }

    /// A file made to leave the installation. `sha256`: of its clear bytes.
    pub fn export(job: JobId, sha256: &[u8; 32]) -> Self {
        Self::shelved(Kind::Exports, job.into(), sha256, "")
    }

    /// 256 shelves by the hash's first byte: no folder grows beyond what a file system likes.
    fn shelved(kind: Kind, id: Uuid, sha256: &[u8; 32], suffix: &str) -> Self {
        let hash = hex(sha256);
        Self(format!("{}/{}/{id}-{hash}{suffix}", kind.as_ref(), &hash[..2]).into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which wrapping key its data key is under.
    pub(super) fn wrap_purpose(&self) -> WrapPurpose {
        if self.is(Kind::Exports) {
            WrapPurpose::Export
        } else {
            WrapPurpose::Blob
        }
    }

    /// A chunk is kept as the phone encrypted it; everything else is sealed here.
    pub(super) fn is_chunk(&self) -> bool {
        self.is(Kind::Staging)
    }

    /// The first segment of the name.
    pub(super) fn kind_folder(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    fn is(&self, kind: Kind) -> bool {
        self.kind_folder() == kind.as_ref()
    }
}

impl ChunkKey {
    /// The chunk of `upload` that begins at byte `offset`, written under the lease `lease`.
    pub fn new(upload: impl Into<Uuid>, offset: u64, lease: impl Into<Uuid>) -> Self {
        let (upload, lease) = (upload.into(), lease.into());
        let name = format!("{}/{upload}/{offset:012}-{lease}", Kind::Staging.as_ref());
        Self(BlobKey(name.into()))
    }

    /// The chunk's name among all objects.
    pub fn as_key(&self) -> &BlobKey {
        &self.0
    }

    /// Which upload, where in it the chunk begins in bytes, and the lease it was written under.
    pub fn parts(&self) -> Option<(Uuid, u64, Uuid)> {
        let mut segments = self.0.as_str().split('/').skip(1);
        let upload = segments.next()?.parse().ok()?;
        let (offset, lease) = segments.next()?.split_once('-')?;
        Some((upload, offset.parse().ok()?, lease.parse().ok()?))
    }
}

impl TryFrom<BlobKey> for ChunkKey {
    type Error = BadKey;
    fn try_from(key: BlobKey) -> Result<Self, BadKey> {
        if key.is_chunk() {
            Ok(Self(key))
        } else {
            Err(BadKey)
        }
    }
}

impl BlobPrefix {
    /// All sealed photos.
    pub fn originals() -> Self {
        Self::of(Kind::Originals)
    }

    /// All re-encoded photos.
    pub fn derivatives() -> Self {
        Self::of(Kind::Derivatives)
    }

    /// All attachments.
    pub fn attachments() -> Self {
        Self::of(Kind::Attachments)
    }

    /// All delivered files.
    pub fn feeds() -> Self {
        Self::of(Kind::Feeds)
    }

    /// All files made to leave.
    pub fn exports() -> Self {
        Self::of(Kind::Exports)
    }

    /// All chunks of unfinished uploads.
    pub fn staging() -> Self {
        Self::of(Kind::Staging)
    }

    /// The chunks of one upload, in order of their offsets.
    pub fn chunks(upload: impl Into<Uuid>) -> Self {
        Self(format!("{}/{}/", Kind::Staging.as_ref(), upload.into()).into())
    }

    fn of(kind: Kind) -> Self {
        Self(format!("{}/", kind.as_ref()).into())
    }

    /// The prefix as text; it ends with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BlobKey {
    type Err = BadKey;

    /// Accepts exactly the names that the constructors make, letter by letter.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut segments = text.split('/');
        let (Some(kind), Some(shelf), Some(file), None) = (
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ) else {
            return Err(BadKey);
        };
        let kind: Kind = kind.parse().map_err(|_| BadKey)?;
        let made = match kind {
            Kind::Staging => {
                let (offset, lease) = file.split_once('-').ok_or(BadKey)?;
                ChunkKey::new(uuid(shelf)?, number(offset)?, uuid(lease)?).0
            }
            Kind::Originals
            | Kind::Derivatives
            | Kind::Attachments
            | Kind::Feeds
            | Kind::Exports => {
                let (id, rest) = file.split_at_checked(36).ok_or(BadKey)?;
                let (hash, suffix) = rest
                    .strip_prefix('-')
                    .and_then(|r| r.split_at_checked(64))
                    .ok_or(BadKey)?;
                let suffix_is_right = match kind {
                    Kind::Derivatives => matches!(suffix, "-1600" | "-320"),
                    _ => suffix.is_empty(),
                };
                if !suffix_is_right {
                    return Err(BadKey);
                }
                Self::shelved(kind, uuid(id)?, &unhex(hash)?, suffix)
            }
        };
        // Capitals, other spellings of a UUID or a wrong shelf would name one object twice.
        if &*made.0 == text {
            Ok(made)
        } else {
            Err(BadKey)
        }
    }
}

fn uuid(text: &str) -> Result<Uuid, BadKey> {
    Uuid::parse_str(text).map_err(|_| BadKey)
}

fn number(text: &str) -> Result<u64, BadKey> {
    text.parse().map_err(|_| BadKey)
}

pub(super) fn hex(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

fn unhex(text: &str) -> Result<[u8; 32], BadKey> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BadKey);
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| BadKey)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Vec<BlobKey> {
        let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
        let sha256 = [0xab; 32];
        vec![
            BlobKey::original(id.into(), &sha256),
            BlobKey::derivative(id.into(), &sha256, DerivativeSide::Px1600),
            BlobKey::derivative(id.into(), &sha256, DerivativeSide::Px320),
            BlobKey::attachment(id.into(), &sha256),
            BlobKey::feed(id.into(), &sha256),
            BlobKey::export(id.into(), &sha256),
            ChunkKey::new(id, 65_536, id).as_key().clone(),
        ]
    }

    #[test]
    fn every_name_survives_its_own_text_and_none_begins_another() {
        for key in every_kind() {
            assert_eq!(key.as_str().parse(), Ok(key.clone()));
            for other in every_kind() {
                assert!(
                    key == other || !other.as_str().starts_with(key.as_str()),
                    "{key} {other}"
                );
            }
        }
        let hash = "ab".repeat(32);
        assert_eq!(
            every_kind()[1].as_str(),
            format!("derivatives/ab/01990000-0000-7000-8000-000000000001-{hash}-1600")
        );
    }

    #[test]
    fn names_that_the_server_does_not_give_are_refused() {
        let good = every_kind()[0].to_string();
        let mut bad = vec![
            String::new(),
            "/".into(),
            "..".into(),
            format!("/{good}"),
            format!("{good}/"),
            format!("{good}-1600"),
            format!("{good}\n"),
            format!("../{good}"),
            good.to_uppercase(),
            good.replace("originals/ab", "originals/ac"),
            good.replace("originals/ab", "originals/.."),
            good.replace("originals/", "originals//"),
            good.replace("originals", "secrets"),
            good.replace("abab", "abAB"),
            good.replace("originals", "derivatives"),
            good.replace("-abab", "-éab"),
            "staging/../x".into(),
        ];
        bad.extend((0..good.len()).map(|at| good[..at].to_owned()));
        let chunk = every_kind()[6].to_string();
        bad.extend((0..chunk.len()).map(|at| chunk[..at].to_owned()));
        bad.push(chunk.replace("000000065536", "65536"));
        bad.push(chunk.replace("000000065536", "+00000065536"));
        for text in bad {
            assert_eq!(text.parse::<BlobKey>(), Err(BadKey), "{text:?}");
        }
    }

    #[test]
    fn a_chunk_knows_what_it_is_made_of_and_chunks_sort_by_their_offset() {
        let upload = Uuid::from_u128(5);
        let lease = Uuid::from_u128(6);
        let offsets = [0, 9, 65_536, 10_485_759];
        let keys = offsets.map(|offset| ChunkKey::new(upload, offset, lease));
        assert!(keys.is_sorted());
        assert_eq!(
            keys.each_ref().map(ChunkKey::parts),
            offsets.map(|offset| Some((upload, offset, lease)))
        );
        assert!(keys.iter().all(|k| {
            k.as_key()
                .as_str()
                .starts_with(BlobPrefix::chunks(upload).as_str())
        }));
        assert!(ChunkKey::try_from(every_kind()[0].clone()).is_err());
    }
}
