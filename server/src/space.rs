//! How full the disk is, and what may still be written. Photos are large and wait first; manifests and decisions are
//! small and go on until the last few per cent, so that the database can always close cleanly.

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use tilik_protocol::problem::ProblemCode;

use crate::blobs::FreeSpace;
use crate::error::{Error, Result};

/// Below this share of free space photos get 507.
const PHOTOS_WAIT_BELOW: u64 = 10;
/// Below this share everything that writes gets 507.
const READ_ONLY_BELOW: u64 = 3;

/// The last known state of the disk.
#[derive(Debug)]
pub struct Space(AtomicU8);

impl Default for Space {
    fn default() -> Self {
        Self(AtomicU8::new(100))
    }
}

/// The free share of a disk, in whole per cent.
pub(crate) fn percent(space: FreeSpace) -> u8 {
    let total = space.total_bytes.max(1);
    let share = (u128::from(space.free_bytes) * 100 / u128::from(total)).min(100);
    u8::try_from(share).unwrap_or(100)
}

/// The room on the disk that holds `folder`; `None` when the system does not tell.
pub(crate) fn of_folder(folder: &Path) -> Option<FreeSpace> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(FreeSpace {
        free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
    })
}

impl Space {
    /// Remembers a look at the disk.
    pub fn saw(&self, space: FreeSpace) {
        self.0.store(percent(space), Ordering::Relaxed);
    }

    /// Free space in per cent, as last seen.
    pub fn free_percent(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether a photo may be written.
    ///
    /// # Errors
    /// `low_space` or `read_only`, with how long to wait.
    pub fn photo(&self) -> Result<()> {
        self.small()?;
        if u64::from(self.free_percent()) < PHOTOS_WAIT_BELOW {
            return Err(Error::Wait {
                code: ProblemCode::LowSpace,
                retry_after_s: 600,
            });
        }
        Ok(())
    }

    /// Whether a row may be written.
    ///
    /// # Errors
    /// `read_only`, with how long to wait.
    pub fn small(&self) -> Result<()> {
        if u64::from(self.free_percent()) < READ_ONLY_BELOW {
            return Err(Error::Wait {
                code: ProblemCode::ReadOnly,
                retry_after_s: 600,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_wait_first_and_decisions_last() {
        let space = Space::default();
        let codes = |free_bytes| {
            space.saw(FreeSpace {
                free_bytes,
                total_bytes: 1000,
            });
            (
                space.photo().err().map(|e| e.code()),
                space.small().err().map(|e| e.code()),
            )
        };
        assert_eq!(codes(100), (None, None));
        assert_eq!(codes(99), (Some(ProblemCode::LowSpace), None));
        assert_eq!(codes(30), (Some(ProblemCode::LowSpace), None));
        assert_eq!(
            codes(29),
            (Some(ProblemCode::ReadOnly), Some(ProblemCode::ReadOnly))
        );
    }
}
