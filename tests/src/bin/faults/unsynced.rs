//! A power cut: the data folder as it is on the disk when only what was synced survived.
//!
//! `tests/faults/unsynced.c`, loaded before the server, copies a file into a shadow folder when it is synced, and the list
//! of a folder's entries when the folder is. After SIGKILL the data folder is built again from the shadow alone: a file
//! without its own sync is empty, an entry without its folder's sync is not there. That is the least that a file system
//! owes us, so what is acknowledged must be in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tilik_tests::uploads::SealedPhoto;

use crate::Tally;
use crate::client::Client;
use crate::ground::{Ground, Luck, Server, photos};
use crate::killing::in_the_end;

/// What is known to be on the disk.
#[derive(Debug)]
struct Shadow {
    data: PathBuf,
    folder: PathBuf,
    shim: PathBuf,
}

/// A lie that the shim can tell: what is told to be synced is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    Nothing,
    Blobs,
    Folders,
    Database,
}

impl Lie {
    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Blobs => "blobs",
            Self::Folders => "folders",
            Self::Database => "database",
        }
    }
}

impl Shadow {
    fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    fn folders(&self) -> PathBuf {
        self.folder.join("folders")
    }

    /// Everything that lies in the data folder now is on the disk.
    fn all_is_synced(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(self.files())?;
        fs::create_dir_all(self.folders())?;
        self.remember(&self.data)
    }

    fn remember(&self, folder: &Path) -> Result<()> {
        let mut list = String::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let meta = entry.metadata()?;
            let name = entry.file_name().into_string().ok().context("a name")?;
            let (kind, inode) = (if meta.is_dir() { 'd' } else { 'f' }, meta.ino());
            writeln!(list, "{kind} {inode} {name}")?;
            if meta.is_dir() {
                self.remember(&entry.path())?;
            } else {
                fs::copy(entry.path(), self.files().join(inode.to_string()))?;
            }
        }
        let inode = fs::metadata(folder)?.ino();
        fs::write(self.folders().join(inode.to_string()), list)?;
        Ok(())
    }

    fn around(&self, lie: Lie) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vec![
            ("LD_PRELOAD", text(&self.shim)),
            ("UNSYNCED_DATA", text(&self.data)),
            ("UNSYNCED_SHADOW", text(&self.folder)),
            ("UNSYNCED_LIE", lie.word().to_owned()),
        ]
    }

    /// The power is back: the data folder is what the disk holds.
    fn power_cut(&self) -> Result<()> {
        let root = fs::metadata(&self.data)?.ino();
        let rebuilt = self.data.with_extension("rebuilt");
        if rebuilt.exists() {
            fs::remove_dir_all(&rebuilt)?;
        }
        self.rebuild(root, &rebuilt)?;
        fs::remove_dir_all(&self.data)?;
        fs::rename(&rebuilt, &self.data)?;
        self.all_is_synced()
    }

    fn rebuild(&self, inode: u64, to: &Path) -> Result<()> {
        fs::create_dir(to)?;
        // A folder that was never synced is empty.
        let list = fs::read_to_string(self.folders().join(inode.to_string())).unwrap_or_default();
        let entries: BTreeMap<&str, (char, u64)> = list
            .lines()
            .filter_map(|line| {
                let mut words = line.splitn(3, ' ');
                let kind = words.next()?.chars().next()?;
                let inode = words.next()?.parse().ok()?;
                Some((words.next()?, (kind, inode)))
            })
            .collect();
        for (name, (kind, inode)) in entries {
            let target = to.join(name);
            if kind == 'd' {
                self.rebuild(inode, &target)?;
                continue;
            }
            let synced = self.files().join(inode.to_string());
            if synced.exists() {
                fs::copy(synced, target)?;
            } else {
                fs::write(target, b"")?;
            }
        }
        Ok(())
    }
}

/// Sends some of a photo and cuts the power: at once after the answer, or anywhere before. What was acknowledged.
fn one_cut(
    client: &Client,
    server: Server,
    photo: &SealedPhoto,
    acknowledged: Option<u64>,
    after_the_answer: bool,
    luck: &Luck,
) -> Result<Option<u64>> {
    let rest = photo.tail(acknowledged.unwrap_or(0));
    let piece = match luck.below(2) {
        0 => rest.len(),
        _ => 1 + luck.below(rest.len()),
    };
    let mut sending = match acknowledged {
        None => client.create(photo, piece as u64)?,
        Some(offset) => client.patch(photo, offset, piece as u64)?,
    };
    sending.write(&rest[..piece])?;
    let reply = if after_the_answer {
        let reply = sending.reply();
        server.kill()?;
        reply
    } else {
        std::thread::sleep(luck.time_below(Duration::from_millis(60)));
        server.kill()?;
        sending.reply()
    };
    Ok(match reply {
        Ok(reply) if reply.status < 300 => {
            Some(reply.offset().context("an answer without offset")?)
        }
        Ok(_) | Err(_) => acknowledged,
    })
}

/// The power fails again and again; then it fails on disks that lie, which must be noticed.
///
/// # Errors
/// When something else goes wrong than what is tried.
pub async fn run(folder: &Path, shim: &Path, cuts: u32) -> Result<Tally> {
    let mut tally = Tally::default();
    let luck = Luck::new();
    let ground = Ground::found(&folder.join("data"), folder).await?;
    let shadow = Shadow {
        data: ground.config.data_dir.canonicalize()?,
        folder: folder.canonicalize()?.join("shadow"),
        shim: shim.canonicalize()?,
    };
    let mut server = ground.start(&[])?;
    let phone = ground.phone(&server.api()).await?;
    let (sealed, _) = photos(&phone, cuts + 3, (300, 250)).await?;
    let client = Client {
        at: server.at,
        keys: ground.keys.clone(),
    };
    server.stop()?;
    shadow.all_is_synced()?;
    let (lied_about, honest) = sealed.split_at(3);

    let around = shadow.around(Lie::Nothing);
    server = ground.start(&around)?;
    let mut left = cuts;
    let mut sent = Vec::new();
    for photo in honest {
        if left == 0 {
            break;
        }
        sent.push(photo.clone());
        let mut acknowledged = None;
        for n in 0..2 {
            if left == 0 || acknowledged == Some(photo.bytes.len() as u64) {
                break;
            }
            left -= 1;
            acknowledged = one_cut(&client, server, photo, acknowledged, n == 0, &luck)?;
            shadow.power_cut()?;
            server = ground.start(&around)?;
            let offset = client.offset(photo)?;
            tally.check(
                &format!("{}: {offset:?} after {acknowledged:?}", photo.photo),
                offset >= acknowledged,
            );
            acknowledged = offset;
        }
        client.finish(photo)?;
    }
    // All of them acknowledged, and once more the power fails.
    server.kill()?;
    shadow.power_cut()?;
    let app = ground.look().await?;
    in_the_end(&app, &sent, &mut tally).await?;
    app.store.close().await;

    // The trial of the trial: without one of the syncs something acknowledged is lost.
    let lies = [Lie::Blobs, Lie::Folders, Lie::Database];
    for (lie, photo) in lies.into_iter().zip(lied_about) {
        shadow.all_is_synced()?;
        let server = ground.start(&shadow.around(lie))?;
        client.finish(photo)?;
        server.kill()?;
        let saved = folder.join("saved");
        copy(&shadow.data, &saved)?;
        shadow.power_cut()?;
        let lost = match ground.look().await {
            Ok(app) => {
                let problem = tilik_tests::uploads::photo_problem(&app, photo).await;
                app.store.close().await;
                !matches!(problem, Ok(None))
            }
            Err(_) => true,
        };
        tally.check(
            &format!("a disk that lies about {lie:?} is found out"),
            lost,
        );
        fs::remove_dir_all(&shadow.data)?;
        fs::rename(&saved, &shadow.data)?;
    }
    tally.told(&format!(
        "what was acknowledged is on the disk after {cuts} power cuts, and three lying disks are found out"
    ));
    Ok(tally)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
