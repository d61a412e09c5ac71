//! The ground for other people's tus clients: photos to upload, a bad line to do it over, and a look at what arrived.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tilik_protocol::ids::{DeviceId, PhotoId};
use tilik_tests::uploads::SealedPhoto;

use crate::ground::{Api, Ground, Luck, photos};
use crate::killing::in_the_end;
use crate::{Tally, say};

#[derive(Debug, Serialize, Deserialize)]
struct Prepared {
    endpoint: String,
    token: String,
    photos: Vec<Photo>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Photo {
    file: PathBuf,
    length: usize,
    metadata: std::collections::BTreeMap<String, String>,
}

/// Seals photos of about a megabyte and prints what a client needs to upload them.
///
/// # Errors
/// When the phone or the server refuse.
pub async fn prepare(folder: &Path, url: &str, count: u32) -> Result<()> {
    let ground = Ground::of(&folder.join("data"), folder)?;
    let phone = ground.phone(&Api::at(url)).await?;
    let (sealed, token) = photos(&phone, count, (1400, 1000)).await?;
    let spool = phone.folder().join("spool");
    let prepared = Prepared {
        endpoint: format!("{url}/v1/uploads"),
        token,
        photos: sealed
            .iter()
            .map(|photo| Photo {
                file: spool.join(format!("{}.age", photo.photo)),
                length: photo.bytes.len(),
                metadata: photo
                    .facts()
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            })
            .collect(),
    };
    let text = serde_json::to_string_pretty(&prepared)?;
    std::fs::write(folder.join("prepared.json"), &text)?;
    say(&text);
    Ok(())
}

/// Whether what [`prepare`] made is on the server.
///
/// # Errors
/// When its data cannot be opened.
pub async fn check(folder: &Path) -> Result<Tally> {
    let prepared: Prepared = serde_json::from_slice(&std::fs::read(folder.join("prepared.json"))?)?;
    let sealed = prepared
        .photos
        .iter()
        .map(|photo| {
            let id = |key: &str| photo.metadata.get(key).context("an id");
            Ok(SealedPhoto {
                photo: id("media")?.parse::<PhotoId>()?,
                device: id("device")?.parse::<DeviceId>()?,
                visit: None,
                bytes: std::fs::read(&photo.file)?.into(),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let app = Ground::of(&folder.join("data"), folder)?.look().await?;
    let mut tally = Tally::default();
    in_the_end(&app, &sealed, &mut tally).await?;
    app.store.close().await;
    tally.told("every photo is on the server, once and whole");
    Ok(tally)
}

/// A line that breaks every connection after some tens of kilobytes up, and now and then loses an answer.
///
/// # Errors
/// When it cannot listen.
pub fn bad_line(to: &str) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    say(&format!("http://{}", listener.local_addr()?));
    let luck = Luck::new();
    for client in listener.incoming() {
        let client = client?;
        let to = to.to_owned();
        let most = 40_000 + luck.below(400_000);
        let loses_answer = luck.below(6) == 0;
        std::thread::spawn(move || {
            // A connection that breaks is what this is for.
            let _ = carry(&client, &to, most, loses_answer);
        });
    }
    Ok(())
}

fn carry(client: &TcpStream, to: &str, most: usize, loses_answer: bool) -> Result<()> {
    let server = TcpStream::connect(to)?;
    let (mut down_from, mut down_to) = (server.try_clone()?, client.try_clone()?);
    let down = std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = down_from.read(&mut buffer) {
            if loses_answer || down_to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = down_to.shutdown(Shutdown::Both);
    });
    let (mut up_from, mut up_to) = (client, &server);
    let mut buffer = [0; 16 * 1024];
    let mut carried = 0;
    while let Ok(read @ 1..) = up_from.read(&mut buffer) {
        carried += read;
        if up_to.write_all(&buffer[..read]).is_err() || carried > most {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
    let _ = down.join();
    Ok(())
}
