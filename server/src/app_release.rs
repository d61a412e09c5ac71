//! The Android app that this server offers to its phones: one signed APK that the server's keeper names. Looked at once,
//! at the start; phones hold what they fetch against its hash, and the phone's own system checks who signed it.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tilik_protocol::manifest::Hash32;
use tilik_protocol::sync::AppRelease;

use crate::base_map::Opened;

/// An APK is a ZIP archive, which begins so.
const MAGIC: &[u8] = b"PK\x03\x04";
const PIECE_BYTES: usize = 64 * 1024;

/// Why a file cannot be the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is not there, or may not be read.
    Unreadable,
    /// It is no APK.
    NotApk,
}

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppFile {
    path: PathBuf,
    release: AppRelease,
}

impl AppFile {
    /// Reads the file once, for its length and hash.
    ///
    /// # Errors
    /// Why it cannot be the app.
    pub fn open(path: &Path, version: &str) -> Result<Self, Unfit> {
        let unreadable = |_: io::Error| Unfit::Unreadable;
        let mut file = std::fs::File::open(path).map_err(unreadable)?;
        let mut hash = Sha256::new();
        let mut head = Vec::new();
        let mut bytes = 0;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = file.read(&mut piece).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            if head.len() < MAGIC.len() {
                head.extend_from_slice(&piece[..read.min(MAGIC.len())]);
            }
            hash.update(&piece[..read]);
            bytes += read as u64;
        }
        if !head.starts_with(MAGIC) {
            return Err(Unfit::NotApk);
        }
        Ok(Self {
            path: path.to_owned(),
            release: AppRelease {
                version: version.to_owned(),
                bytes,
                sha256: Hash32(hash.finalize().into()).to_string(),
            },
        })
    }

    /// What phones are told.
    pub fn release(&self) -> &AppRelease {
        &self.release
    }

    /// # Errors
    /// When the file cannot be opened any more.
    pub async fn now(&self) -> io::Result<Opened> {
        Opened::of(&self.path).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apk_is_told_by_its_version_length_and_hash_and_nothing_else_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tilik.apk");
        assert_eq!(AppFile::open(&path, "0.2.0"), Err(Unfit::Unreadable));
        std::fs::write(&path, "<html>").unwrap();
        assert_eq!(AppFile::open(&path, "0.2.0"), Err(Unfit::NotApk));
        std::fs::write(&path, b"PK\x03\x04abc").unwrap();
        let file = AppFile::open(&path, "0.2.0").unwrap();
        assert_eq!(
            *file.release(),
            AppRelease {
                version: "0.2.0".to_owned(),
                bytes: 7,
                sha256: Hash32::of(b"PK\x03\x04abc").to_string(),
            }
        );
    }
}
