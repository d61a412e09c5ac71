//! A request body on its way in: its first bytes in memory, the rest in a file of the data folder.
//!
//! A photo on a slow link takes an hour, and a hundred phones are slow at once: nothing that a body holds grows with its
//! length. A few may keep more than the rest, so that a photo on a fast link needs no file. What is stored is stored from here, when all of it is here, since a PUT to S3 that is cut stores nothing.
//! A file loses its name as soon as it is open, so whatever ends this process frees it. What lies in it is a piece of an
//! `age` file, as it will lie in the blob store.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tilik_protocol::ids::PhotoId;
use tilik_protocol::problem::ProblemCode;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use crate::error::{Cause, Error, Result};
use crate::store::uploads::Bringer;

/// What one body keeps in memory while it comes in.
const IN_MEMORY: usize = 64 * 1024;
/// What a body may keep instead as long as few others do: more than a photo usually has.
const IN_MEMORY_IF_FEW: usize = 512 * 1024;
/// How many are few.
const FEW: usize = 8;
/// What all whole bodies together may take while they are stored; opening and sealing takes the same again twice.
const AT_ONCE_KIB: u32 = 32 * 1024;

/// How long somebody who asks where an upload stands waits until what came of it is stored.
const LONGEST_END: Duration = Duration::from_secs(10);

/// Where bodies come in. Clones share it.
#[derive(Debug, Clone)]
pub struct Receiving(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    number: AtomicU64,
    at_once: Arc<Semaphore>,
    few: Arc<Semaphore>,
    /// The requests that bring bytes of an upload here now.
    coming: Mutex<HashMap<(Bringer, PhotoId), Vec<Seen>>>,
}

/// A request that brings bytes, as others see it.
#[derive(Debug)]
struct Seen {
    stop: Arc<Notify>,
    /// Closed when the request is through.
    over: watch::Receiver<()>,
}

/// A request that brings bytes of an upload, until it is dropped.
#[derive(Debug)]
pub struct Coming {
    inner: Arc<Inner>,
    upload: (Bringer, PhotoId),
    stop: Arc<Notify>,
    #[expect(dead_code, reason = "held for what its drop tells")]
    over: watch::Sender<()>,
}

/// A body that is coming in.
#[derive(Debug)]
pub struct Spool {
    inner: Arc<Inner>,
    held: BytesMut,
    one_of_few: Option<OwnedSemaphorePermit>,
    file: Option<File>,
    spilled: u64,
}

/// Room in memory, given back when this is dropped.
#[derive(Debug)]
pub struct Room(#[expect(dead_code, reason = "held for what its drop does")] OwnedSemaphorePermit);

fn told(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Wait {
            code: ProblemCode::LowSpace,
            retry_after_s: 600,
        },
        _ => Error::Unavailable(Cause::new(format!("a spool file: {}", error.kind()))),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
        .map_err(|error| told(&error))
}

impl Receiving {
    /// In a folder of its own below `data_dir`, made when the first file is.
    pub fn new(data_dir: &Path) -> Self {
        Self(Arc::new(Inner {
            folder: data_dir.join("receiving"),
            number: AtomicU64::new(0),
            at_once: Arc::new(Semaphore::new(AT_ONCE_KIB as usize)),
            few: Arc::new(Semaphore::new(FEW)),
            coming: Mutex::default(),
        }))
    }

    /// A request begins to bring bytes of `upload`.
    pub fn coming(&self, by: Bringer, upload: PhotoId) -> Coming {
        let upload = (by, upload);
        let stop = Arc::new(Notify::new());
        let (over, seen) = watch::channel(());
        self.0.with_coming(|coming| {
            coming.entry(upload).or_default().push(Seen {
                stop: stop.clone(),
                over: seen,
            });
        });
        Coming {
            inner: self.0.clone(),
            upload,
            stop,
            over,
        }
    }

    /// Whoever asks where an upload stands has lost the request before. A line that died says nothing for a minute, in
    /// which the phone would send anew what lies here already: so that request ends now, and what came of it is stored
    /// before this returns. Nobody ends another's; of requests at another process nothing is known.
    pub async fn end(&self, by: Bringer, upload: PhotoId) {
        let seen: Vec<_> = self.0.with_coming(|coming| {
            let seen = coming.get(&(by, upload)).into_iter().flatten();
            seen.map(|seen| (seen.stop.clone(), seen.over.clone()))
                .collect()
        });
        let all_over = async {
            for (stop, mut over) in seen {
                stop.notify_one();
                while over.changed().await.is_ok() {}
            }
        };
        // What takes longer is told of the next time.
        let _ = tokio::time::timeout(LONGEST_END, all_over).await;
    }

    /// Removes the names that a process left when it was killed between making a file and taking its name away. A file
    /// that another process has open stays open.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn clean(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.0.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            match fs::remove_file(entry?.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// A new body.
    pub fn begin(&self) -> Spool {
        Spool {
            inner: self.0.clone(),
            held: BytesMut::new(),
            one_of_few: None,
            file: None,
            spilled: 0,
        }
    }

    /// Waits until `bytes` of whole bodies may be in memory.
    ///
    /// # Errors
    /// Never while the server runs.
    pub async fn room_for(&self, bytes: u64) -> Result<Room> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let wanted = kib.clamp(1, AT_ONCE_KIB);
        let room = self.0.at_once.clone().acquire_many_owned(wanted).await;
        room.map(Room).map_err(Error::internal)
    }
}

impl Coming {
    /// Waits until somebody asks where this upload stands.
    pub async fn ended(&self) {
        self.stop.notified().await;
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.inner.with_coming(|coming| {
            if let Some(all) = coming.get_mut(&self.upload) {
                all.retain(|seen| !Arc::ptr_eq(&seen.stop, &self.stop));
                if all.is_empty() {
                    coming.remove(&self.upload);
                }
            }
        });
    }
}

impl Inner {
    fn with_coming<T>(
        &self,
        work: impl FnOnce(&mut HashMap<(Bringer, PhotoId), Vec<Seen>>) -> T,
    ) -> T {
        work(&mut self.coming.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn nameless(&self) -> io::Result<File> {
        loop {
            let number = self.number.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{}-{number}", std::process::id()));
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
            match opened {
                Ok(file) => {
                    match fs::remove_file(&path) {
                        // Another process that starts has just cleaned up here.
                        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                        Ok(()) | Err(_) => return Ok(file),
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let mut folder = DirBuilder::new();
                    folder.recursive(true).mode(0o700).create(&self.folder)?;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Spool {
    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.spilled + self.held.len() as u64
    }

    /// Whether nothing has come yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `low_space`, or `unavailable` when the file cannot be written. The body is lost then.
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        let wanted = self.held.len() + bytes.len();
        if wanted > IN_MEMORY && self.one_of_few.is_none() && self.file.is_none() {
            self.one_of_few = self.inner.few.clone().try_acquire_owned().ok();
            if self.one_of_few.is_some() {
                self.held.reserve(IN_MEMORY_IF_FEW);
            }
        }
        let most = match self.one_of_few {
            Some(_) => IN_MEMORY_IF_FEW,
            None => IN_MEMORY,
        };
        if wanted <= most {
            self.held.extend_from_slice(&bytes);
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.held);
        let file = self.file.take();
        let inner = self.inner.clone();
        let spilled = (held.len() + bytes.len()) as u64;
        let (file, held) = blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => inner.nameless()?,
            };
            file.write_all(&held)?;
            file.write_all(&bytes)?;
            held.clear();
            Ok((file, held))
        })
        .await?;
        self.file = Some(file);
        self.held = if self.one_of_few.take().is_some() {
            BytesMut::new()
        } else {
            held
        };
        self.spilled += spilled;
        Ok(())
    }

    /// All of it, in memory, once there is room for it.
    ///
    /// # Errors
    /// `unavailable` when the file cannot be read.
    pub async fn whole(self) -> Result<(Bytes, Room)> {
        let room = Receiving(self.inner.clone()).room_for(self.len()).await?;
        let length = usize::try_from(self.len()).map_err(Error::internal)?;
        let Some(mut file) = self.file else {
            return Ok((self.held.freeze(), room));
        };
        let held = self.held;
        let bytes = blocking(move || {
            let mut bytes = Vec::with_capacity(length);
            file.seek(SeekFrom::Start(0))?;
            file.read_to_end(&mut bytes)?;
            bytes.extend_from_slice(&held);
            if bytes.len() != length {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            Ok(Bytes::from(bytes))
        })
        .await?;
        Ok((bytes, room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Ids, SystemClock};

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder.join("receiving")).map_or(0, Iterator::count)
    }

    #[tokio::test]
    async fn what_came_in_any_pieces_is_read_back_and_no_file_has_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let receiving = Receiving::new(dir.path());
        let ids = Ids::new(Arc::new(SystemClock));
        for piece in [1, 1_000, IN_MEMORY, IN_MEMORY + 1, 300_000] {
            for length in [0, 1, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 1, 700_001] {
                if length / piece > 1_000 {
                    continue;
                }
                let mut bytes = vec![0; length];
                ids.fill(&mut bytes);
                let mut spool = receiving.begin();
                for piece in bytes.chunks(piece) {
                    spool.push(Bytes::copy_from_slice(piece)).await.unwrap();
                    assert_eq!(files(dir.path()), 0);
                }
                assert_eq!(spool.len(), length as u64);
                let (read, _room) = spool.whole().await.unwrap();
                assert!(read == bytes, "{length} bytes by {piece}");
            }
        }
    }

    #[tokio::test]
    async fn a_hundred_slow_photos_of_ten_mebibytes_hold_little_memory() {
        let dir = tempfile::tempdir().unwrap();
        let receiving = Receiving::new(dir.path());
        let frame = Bytes::from(vec![7; 16 * 1024]);
        let mut spools: Vec<_> = (0..100).map(|_| receiving.begin()).collect();
        for spool in &mut spools {
            for _ in 0..40 {
                spool.push(frame.clone()).await.unwrap();
            }
        }
        let held: usize = spools.iter().map(|spool| spool.held.capacity()).sum();
        assert!(
            held <= 100 * 2 * IN_MEMORY + FEW * 2 * IN_MEMORY_IF_FEW,
            "{held} bytes are held"
        );
        assert_eq!(spools[99].len(), 40 * 16 * 1024);
        // Those that were among the few are no more, once they are long.
        assert_eq!(spools[0].inner.few.available_permits(), FEW);
    }

    #[tokio::test]
    async fn photos_that_do_not_fit_into_memory_together_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let receiving = Receiving::new(dir.path());
        let ten_mebibytes = 10 * 1024 * 1024;
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(receiving.room_for(ten_mebibytes).await.unwrap());
        }
        let fourth = receiving.room_for(ten_mebibytes);
        let mut fourth = std::pin::pin!(fourth);
        let now = std::task::Waker::noop();
        let mut look = std::task::Context::from_waker(now);
        assert!(fourth.as_mut().poll(&mut look).is_pending());
        drop(rooms.pop());
        assert!(fourth.as_mut().poll(&mut look).is_ready());
        // Larger than everything is everything, not never.
        drop(rooms);
    }

    #[tokio::test]
    async fn names_that_a_killed_process_left_are_gone_after_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let receiving = Receiving::new(dir.path());
        receiving.clean().unwrap();
        fs::create_dir_all(dir.path().join("receiving")).unwrap();
        fs::write(dir.path().join("receiving/1-1"), b"half").unwrap();
        receiving.clean().unwrap();
        assert_eq!(files(dir.path()), 0);
    }
}
