//! How full the disk is, and what may still be written. Photos are large and wait first; manifests and decisions are
//! small and go on until the last few per cent, so that the database can always close cleanly.

use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use tilik_protocol::problem::ProblemCode;

use crate::blobs::FreeSpace;
use crate::config::LowSpace;
use crate::error::{Error, Result};

/// The last known state of the disk.
#[derive(Debug)]
pub struct Space {
    low: LowSpace,
    free_percent: AtomicU8,
    /// Photos may take so many bytes before the disk is looked at again.
    unseen_bytes: AtomicU64,
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
    /// A disk nobody has looked at yet.
    pub fn new(low: LowSpace) -> Self {
        Self {
            low,
            free_percent: AtomicU8::new(100),
            unseen_bytes: AtomicU64::new(u64::MAX),
        }
    }

    /// Remembers a look at the disk.
    pub fn saw(&self, space: FreeSpace) {
        self.free_percent.store(percent(space), Ordering::Relaxed);
        self.unseen_bytes
            .store(space.total_bytes / 100, Ordering::Relaxed);
    }

    /// A photo has taken so many bytes.
    pub fn took(&self, bytes: u64) {
        let left = self.unseen_bytes.load(Ordering::Relaxed);
        self.unseen_bytes
            .store(left.saturating_sub(bytes), Ordering::Relaxed);
    }

    /// A hundredth of the disk was written since the last look: a small disk fills up between two looks of the clock's.
    pub fn is_to_be_seen_again(&self) -> bool {
        self.unseen_bytes.load(Ordering::Relaxed) == 0
    }

    /// Free space in per cent, as last seen.
    pub fn free_percent(&self) -> u8 {
        self.free_percent.load(Ordering::Relaxed)
    }

    /// Whether a photo may be written.
    ///
    /// # Errors
    /// `low_space` or `read_only`, with how long to wait.
    pub fn photo(&self) -> Result<()> {
        self.small()?;
        if self.free_percent() < self.low.photos_wait_below {
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
        if self.free_percent() < self.low.read_only_below {
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
        let space = Space::new(LowSpace::default());
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

    #[test]
    fn the_disk_is_looked_at_again_after_a_hundredth_of_it_was_written() {
        let space = Space::new(LowSpace::default());
        space.took(1 << 40);
        assert!(!space.is_to_be_seen_again(), "nobody has looked yet");
        let seen = FreeSpace {
            free_bytes: 500,
            total_bytes: 1000,
        };
        space.saw(seen);
        space.took(9);
        assert!(!space.is_to_be_seen_again());
        space.took(5);
        assert!(space.is_to_be_seen_again());
        space.saw(seen);
        assert!(!space.is_to_be_seen_again());
    }
}
