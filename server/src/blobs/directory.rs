//! The embedded store: one file an object, in a directory of this machine.
//!
//! Owns the order of writing: temporary file, its fsync, rename, fsync of the folder, and of every folder made on the way.
//! Refuses to leave temporary files: a failed write removes its own, and whoever opens the directory alone removes what a
//! killed process left. Invariant: under its final name a file is whole.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;

use super::{BlobError, BlobKey, BlobPage, BlobPrefix, Blobs, Ciphertext, FreeSpace, Listed};

/// A store in a directory. Several processes may share one; clones share what this process knows.
#[derive(Debug, Clone)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    /// Held as long as this store is open: it tells others that temporary files may be in use.
    _in_use: File,
    temp_number: AtomicU64,
    /// Folders whose own entry is known to be on disk.
    durable: Mutex<HashSet<PathBuf>>,
    /// Read by who needs a folder to stay, written by who takes an emptied one away.
    folders_stay: RwLock<()>,
}

const TEMP: &str = "tmp";
const LOCK: &str = "tmp.lock";

impl Directory {
    /// Opens the store in `root`, making it when missing, and removes what killed writers left.
    ///
    /// # Errors
    /// `Full` or `Unavailable`: the folder cannot be made, locked or cleaned.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let root = root.into();
        blocking(move || Self::open_now(&root).map_err(|e| io_error(&e))).await
    }

    fn open_now(root: &Path) -> io::Result<Self> {
        make_folders(root)?;
        // Relative paths would follow a later change of the working directory.
        let root = root.canonicalize()?;
        let temp = root.join(TEMP);
        make_folders(&temp)?;
        let in_use = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(root.join(LOCK))?;
        if in_use.try_lock().is_ok() {
            for left in fs::read_dir(&temp)? {
                fs::remove_file(left?.path())?;
            }
            in_use.unlock()?;
        }
        in_use.lock_shared()?;
        Ok(Self(Arc::new(Inner {
            root,
            _in_use: in_use,
            temp_number: AtomicU64::new(0),
            durable: Mutex::default(),
            folders_stay: RwLock::default(),
        })))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let inner = self.0.clone();
        blocking(move || work(&inner)).await
    }
}

#[async_trait]
impl Blobs for Directory {
    async fn put(&self, key: &BlobKey, bytes: Ciphertext) -> Result<(), BlobError> {
        let key = key.clone();
        self.run(move |inner| inner.put(&key, bytes.bytes()).map_err(|e| io_error(&e)))
            .await
    }

    async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError> {
        let key = key.clone();
        self.run(move |inner| match fs::read(inner.path(&key)) {
            Ok(bytes) => Ok(bytes.into()),
            Err(e) if e.kind() == ErrorKind::NotFound => Err(BlobError::NotFound),
            Err(e) => Err(io_error(&e)),
        })
        .await
    }

    async fn head(&self, key: &BlobKey) -> Result<Option<u64>, BlobError> {
        let key = key.clone();
        self.run(move |inner| match fs::metadata(inner.path(&key)) {
            Ok(meta) => Ok(Some(meta.len())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io_error(&e)),
        })
        .await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let key = key.clone();
        self.run(move |inner| inner.delete(&key).map_err(|e| io_error(&e)))
            .await
    }

    async fn list(
        &self,
        prefix: &BlobPrefix,
        after: Option<&BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        let (prefix, after) = (prefix.clone(), after.cloned());
        self.run(move |inner| {
            let limit = limit.clamp(1, 1_000);
            let mut objects = Vec::new();
            let after = after.as_ref().map(BlobKey::as_str);
            inner
                .walk(prefix.as_str(), after, limit + 1, &mut objects)
                .map_err(|e| io_error(&e))?;
            let more = objects.len() > limit;
            objects.truncate(limit);
            let next = if more {
                objects.last().map(|o| o.key.clone())
            } else {
                None
            };
            Ok(BlobPage { objects, next })
        })
        .await
    }

    async fn free_space(&self) -> Result<Option<FreeSpace>, BlobError> {
        self.run(|inner| {
            let stat = rustix::fs::statvfs(&inner.root).map_err(|e| io_error(&e.into()))?;
            Ok(Some(FreeSpace {
                free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
                total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            }))
        })
        .await
    }

    async fn ready(&self) -> Result<(), BlobError> {
        self.run(|inner| inner.temp_file().map(drop).map_err(|e| io_error(&e)))
            .await
    }
}

/// A temporary file that is gone when this is dropped, unless it was renamed.
struct Temp {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.renamed {
            // When even removing fails, the next process that opens the directory alone removes it.
            drop(fs::remove_file(&self.path));
        }
    }
}

impl Inner {
    fn path(&self, key: &BlobKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn temp_file(&self) -> io::Result<Temp> {
        loop {
            let number = self.temp_number.fetch_add(1, Ordering::Relaxed);
            let path = self
                .root
                .join(TEMP)
                .join(format!("{}-{number}", std::process::id()));
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
            {
                Ok(file) => {
                    return Ok(Temp {
                        path,
                        file,
                        renamed: false,
                    });
                }
                // Another machine's process of the same number shares this directory.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn put(&self, key: &BlobKey, bytes: &[u8]) -> io::Result<()> {
        let mut temp = self.temp_file()?;
        temp.file.write_all(bytes)?;
        temp.file.sync_all()?;
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        // Another process that deletes may take the emptied folder away between making and using it: then make it again.
        let mut tries_left = 5;
        loop {
            let stay = self
                .folders_stay
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            self.make_durable(folder)?;
            match fs::rename(&temp.path, &path) {
                Ok(()) => break,
                Err(e) if e.kind() == ErrorKind::NotFound && tries_left > 0 => {
                    tries_left -= 1;
                    self.known().clear();
                }
                Err(e) => return Err(e),
            }
            drop(stay);
        }
        temp.renamed = true;
        sync_folder(folder)
    }

    /// Makes `folder`, and every folder between it and the root, and their entries, durable.
    fn make_durable(&self, folder: &Path) -> io::Result<()> {
        if folder == self.root || self.known().contains(folder) {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(&self.root);
        self.make_durable(parent)?;
        make_folder(folder)?;
        sync_folder(parent)?;
        self.known().insert(folder.to_path_buf());
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delete(&self, key: &BlobKey) -> io::Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        }
        match sync_folder(folder) {
            // Whoever deleted the last object of this folder took the folder along.
            Err(e) if e.kind() == ErrorKind::NotFound => {
                sync_folder(&self.root.join(key.kind_folder()))?;
            }
            synced => synced?,
        }
        let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if key.is_chunk() && is_empty {
            // One folder an upload would pile up. Not removed is no mistake: somebody has just used it again.
            let _nobody_uses_it = self
                .folders_stay
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            self.known().remove(folder);
            drop(fs::remove_dir(folder));
        }
        Ok(())
    }

    /// Collects the objects under `prefix` (a folder, ending in `/`) in order of their names, until `wanted` are found.
    fn walk(
        &self,
        prefix: &str,
        after: Option<&str>,
        wanted: usize,
        found: &mut Vec<Listed>,
    ) -> io::Result<()> {
        let mut entries = match fs::read_dir(self.root.join(prefix)) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            if found.len() == wanted {
                break;
            }
            // What is not ours by its name is nobody's object.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let name = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                let folder = format!("{name}/");
                if after.is_none_or(|after| folder.as_str() > after || after.starts_with(&folder)) {
                    self.walk(&folder, after, wanted, found)?;
                }
            } else if let (Ok(key), false) = (
                name.parse(),
                after.is_some_and(|after| name.as_str() <= after),
            ) {
                match entry.metadata() {
                    Ok(meta) => found.push(Listed {
                        key,
                        size_bytes: meta.len(),
                    }),
                    Err(e) if e.kind() == ErrorKind::NotFound => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(())
    }
}

fn make_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    make_folders(parent)?;
    make_folder(path)?;
    sync_folder(parent)
}

fn make_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn io_error(e: &io::Error) -> BlobError {
    match e.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BlobError::Full,
        _ => BlobError::unavailable(e),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(BlobError::unavailable)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::{ChunkKey, contract};
    use uuid::Uuid;

    fn cipher(bytes: &[u8]) -> Ciphertext {
        Ciphertext(Bytes::copy_from_slice(bytes))
    }

    fn a_key() -> BlobKey {
        BlobKey::original(Uuid::from_u128(1).into(), &[1; 32])
    }

    fn files_in(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_directory_keeps_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        let store = Directory::open(dir.path().join("deep/blobs"))
            .await
            .unwrap();
        contract::holds(Arc::new(store)).await;
        assert_eq!(files_in(&dir.path().join("deep/blobs/tmp")), 0);
        assert_eq!(files_in(&dir.path().join("deep/blobs/staging")), 0);
    }

    #[tokio::test]
    async fn objects_are_there_after_opening_again_and_what_a_killed_writer_left_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = Directory::open(dir.path()).await.unwrap();
        store.put(&a_key(), cipher(b"kept")).await.unwrap();
        fs::write(dir.path().join("tmp/999-0"), b"half").unwrap();

        let beside = Directory::open(dir.path()).await.unwrap();
        assert_eq!(
            files_in(&dir.path().join("tmp")),
            1,
            "another process may be writing it"
        );
        drop((store, beside));

        let again = Directory::open(dir.path()).await.unwrap();
        assert_eq!(files_in(&dir.path().join("tmp")), 0);
        assert_eq!(again.get(&a_key()).await.unwrap(), "kept");
    }

    #[tokio::test]
    async fn a_write_that_fails_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let store = Directory::open(dir.path()).await.unwrap();
        // A folder stands where the object belongs.
        fs::create_dir_all(dir.path().join(a_key().as_str()).join("x")).unwrap();
        let told = store.put(&a_key(), cipher(b"bytes")).await.unwrap_err();
        assert!(matches!(told, BlobError::Unavailable(_)), "{told}");
        assert_eq!(files_in(&dir.path().join("tmp")), 0);
    }

    #[tokio::test]
    async fn a_store_whose_folder_vanished_is_unavailable_and_not_merely_empty_to_writers() {
        let dir = tempfile::tempdir().unwrap();
        let store = Directory::open(dir.path().join("blobs")).await.unwrap();
        fs::remove_dir_all(dir.path().join("blobs")).unwrap();
        assert!(matches!(
            store.put(&a_key(), cipher(b"x")).await,
            Err(BlobError::Unavailable(_))
        ));
        assert!(matches!(
            store.ready().await,
            Err(BlobError::Unavailable(_))
        ));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_folder_that_deletions_keep_taking_away_loses_no_chunk() {
        let dir = tempfile::tempdir().unwrap();
        let store = Directory::open(dir.path()).await.unwrap();
        let upload = Uuid::from_u128(3);
        let write = |n: u128| {
            let store = store.clone();
            tokio::spawn(async move {
                for offset in 0..100 {
                    let key = ChunkKey::new(upload, offset, Uuid::from_u128(n))
                        .as_key()
                        .clone();
                    store.put(&key, cipher(&[1; 10])).await.unwrap();
                    assert_eq!(store.head(&key).await.unwrap(), Some(10), "{key}");
                    store.delete(&key).await.unwrap();
                }
            })
        };
        for task in [write(1), write(2), write(3)] {
            task.await.unwrap();
        }
        assert_eq!(files_in(&dir.path().join("staging")), 0);
    }

    #[tokio::test]
    async fn files_that_are_not_objects_are_not_listed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Directory::open(dir.path()).await.unwrap();
        store.put(&a_key(), cipher(b"x")).await.unwrap();
        fs::write(dir.path().join("originals/01/README"), b"hello").unwrap();
        fs::write(dir.path().join("originals/note.txt"), b"hello").unwrap();
        let page = store
            .list(&BlobPrefix::originals(), None, 10)
            .await
            .unwrap();
        assert_eq!(
            page,
            BlobPage {
                objects: vec![Listed {
                    key: a_key(),
                    size_bytes: 1
                }],
                next: None
            }
        );
    }

    #[test]
    fn a_full_disk_and_a_spent_quota_are_told_apart_from_a_broken_disk() {
        assert!(matches!(
            io_error(&io::Error::from(rustix::io::Errno::NOSPC)),
            BlobError::Full
        ));
        assert!(matches!(
            io_error(&io::Error::from(rustix::io::Errno::DQUOT)),
            BlobError::Full
        ));
        assert!(matches!(
            io_error(&io::Error::from(rustix::io::Errno::IO)),
            BlobError::Unavailable(_)
        ));
        assert!(matches!(
            io_error(&io::Error::from(rustix::io::Errno::ROFS)),
            BlobError::Unavailable(_)
        ));
    }

    #[tokio::test]
    async fn a_full_volume_stores_nothing_says_full_and_takes_objects_again_when_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=1m", "tilik-test"];
        let mounted = std::process::Command::new("mount")
            .args(mount)
            .arg(dir.path())
            .output();
        if !mounted.is_ok_and(|m| m.status.success()) {
            contract::skipped(
                "a full volume: mounting a tmpfs takes a privilege that this process lacks",
            );
            return;
        }
        let store = Directory::open(dir.path()).await.unwrap();
        let big = cipher(&vec![7; 600_000]);
        store.put(&a_key(), big.clone()).await.unwrap();
        let second = BlobKey::original(Uuid::from_u128(2).into(), &[2; 32]);
        let refused = store.put(&second, big.clone()).await;
        let left = files_in(&dir.path().join("tmp"));
        let absent = store.head(&second).await;
        let kept = store.get(&a_key()).await;
        let space = store.free_space().await;
        store.delete(&a_key()).await.unwrap();
        // A child that another test has just forked holds every file that was open, until it is another program: the half-written
        // one above and its room too.
        let mut taken = store.put(&second, big.clone()).await;
        for _ in 0..100 {
            if !matches!(taken, Err(BlobError::Full)) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            taken = store.put(&second, big.clone()).await;
        }
        drop(store);
        assert!(
            std::process::Command::new("umount")
                // A child that another test has just forked may still hold the store's lock file.
                .arg("--lazy")
                .arg(dir.path())
                .status()
                .unwrap()
                .success()
        );
        assert!(matches!(refused, Err(BlobError::Full)), "{refused:?}");
        assert_eq!(left, 0);
        assert!(matches!(absent, Ok(None)));
        assert_eq!(kept.unwrap(), big.bytes());
        let space = space.unwrap().unwrap();
        assert_eq!(space.total_bytes, 1 << 20);
        assert!(space.free_bytes < 500_000);
        taken.unwrap();
    }

    const TRACED_DIR: &str = "TILIK_TEST_TRACED_DIR";

    /// By itself an ordinary test; the next one runs it in a process of its own and watches what it asks of the system.
    #[tokio::test]
    async fn one_object_is_put() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::env::var_os(TRACED_DIR).map_or(dir.path().to_path_buf(), PathBuf::from);
        let store = Directory::open(&root).await.unwrap();
        store.put(&a_key(), cipher(b"bytes")).await.unwrap();
        assert_eq!(store.get(&a_key()).await.unwrap(), "bytes");
    }

    #[test]
    fn file_then_name_then_every_folder_are_synced_before_put_returns() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("blobs");
        fs::create_dir(&root).unwrap();
        let log = dir.path().join("trace");
        let traced = std::process::Command::new("strace")
            .args([
                "-f",
                "-y",
                "-qq",
                "-e",
                "trace=fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat",
                "-o",
            ])
            .arg(&log)
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "blobs::directory::tests::one_object_is_put"])
            .env(TRACED_DIR, &root)
            .output();
        if !traced.is_ok_and(|t| t.status.success()) {
            contract::skipped(
                "the order of a directory's syncs: strace is missing or may not trace here",
            );
            return;
        }
        let trace = fs::read_to_string(&log).unwrap();
        let calls: Vec<&str> = trace
            .lines()
            .filter(|l| l.contains(root.to_str().unwrap()))
            .filter_map(|l| l.split_once(' ').map(|(_pid, call)| call.trim_start()))
            .collect();
        let name = a_key().to_string();
        let shelf = name.rsplit_once('/').unwrap().0;
        let at = |call: &str, path: &str| {
            let path = format!("{}{path}", root.to_str().unwrap());
            let ends = [format!("{path}>"), format!("{path}\"")];
            let found = calls
                .iter()
                .rposition(|c| c.starts_with(call) && ends.iter().any(|e| c.contains(e)));
            found.unwrap_or_else(|| panic!("no {call} of {path} in {calls:#?}"))
        };
        let in_temp = format!("{}/{TEMP}/", root.to_str().unwrap());
        let file_synced = calls
            .iter()
            .position(|c| c.starts_with("fsync") && c.contains(&in_temp));
        let renamed = at("rename", &format!("/{name}"));
        let order = [
            at("mkdir", "/originals"),
            at("fsync", ""),
            at("mkdir", &format!("/{shelf}")),
            at("fsync", "/originals"),
            renamed,
            at("fsync", &format!("/{shelf}")),
        ];
        assert!(order.is_sorted(), "{order:?} in {calls:#?}");
        assert!(file_synced.is_some_and(|at| at < renamed), "{calls:#?}");
    }
}
