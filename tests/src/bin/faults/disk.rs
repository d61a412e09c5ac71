//! A disk that fills up: photos wait first, then everything that writes, and nothing is lost.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde_json::{Value, json};
use tilik_server::config::LowSpace;
use tilik_tests::uploads::{SealedPhoto, seal_finding, send_manifests};

use crate::Tally;
use crate::client::{Client, Reply};
use crate::ground::{Ground, Luck, Server, photos, sign_in};
use crate::killing::in_the_end;

/// The server looks at the disk every five seconds.
const NOTICED: Duration = Duration::from_secs(20);

/// What takes the room.
struct Ballast {
    disk: PathBuf,
    file: PathBuf,
}

impl Ballast {
    /// Free and all blocks of the disk, and their size.
    fn blocks(&self) -> Result<(u64, u64, u64)> {
        let stat = std::process::Command::new("stat")
            .args(["-f", "-c", "%a %b %S"])
            .arg(&self.disk)
            .output()?;
        let text = String::from_utf8(stat.stdout)?;
        let mut numbers = text.split_whitespace().map(str::parse::<u64>);
        let mut next = || {
            numbers
                .next()
                .context("stat tells nothing")?
                .context("a number")
        };
        Ok((next()?, next()?, next()?))
    }

    /// Leaves so much of the disk free, in thousandths.
    fn leave(&self, thousandths: u64) -> Result<()> {
        let (free, all, size) = self.blocks()?;
        let mine = std::fs::metadata(&self.file).map_or(0, |meta| meta.len());
        let wanted = all * thousandths / 1000 * size;
        let bytes = (mine + free * size).saturating_sub(wanted);
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?;
        if bytes <= mine {
            file.set_len(bytes)?;
            return Ok(());
        }
        let zeros = vec![0; 64 * 1024];
        let mut left = bytes - mine;
        while left > 0 {
            let now = usize::try_from(left.min(zeros.len() as u64))?;
            match file.write(&zeros[..now]) {
                Ok(written) => left -= written as u64,
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Asks again until the answer is as wanted.
fn until(what: &str, mut ask: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < NOTICED {
        if ask()? {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("not noticed in time: {what}")
}

fn announce(client: &Client, photo: &SealedPhoto) -> Result<Reply> {
    client.create(photo, 0)?.reply()
}

fn enrol(ground: &Ground, server: &Server, token: &str) -> Result<(u16, Value, bool)> {
    let event: uuid::Uuid = Luck::new().ids().next();
    let body = json!({ "event_id": event, "officer": ground.officer });
    let answer = server
        .api()
        .call("POST", "/v1/enrolments", Some(token), &body)?;
    let waits = answer
        .headers
        .iter()
        .any(|header| header.name == "retry-after" && header.value == "600");
    Ok((
        answer.status,
        serde_json::from_slice(&answer.body).unwrap_or_default(),
        waits,
    ))
}

/// Fills the disk that `folder` lies on, step by step, and empties it again.
///
/// # Errors
/// When something else goes wrong than what is tried.
pub async fn run(folder: &Path, beside: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    let luck = Luck::new();
    let ground = Ground::found(&folder.join("data"), beside).await?;
    let ballast = Ballast {
        disk: folder.to_path_buf(),
        file: folder.join("ballast"),
    };
    let low = LowSpace::default();
    let default = format!("{},{}", low.photos_wait_below, low.read_only_below);
    let server = ground.start(&[("TILIK_LOW_SPACE", default)])?;
    let phone = ground.phone(&server.api()).await?;
    let (mut sealed, _) = photos(&phone, 4, (400, 300)).await?;
    let client = Client {
        at: server.at,
        keys: ground.keys.clone(),
    };
    let token = sign_in(&server.api())?;

    client.finish(&sealed[0])?;
    announce(&client, &sealed[1])?;

    // A photo larger than what is left, before anybody noticed.
    ballast.leave(120)?;
    let device = sealed[0].device;
    let large = SealedPhoto {
        visit: Some(luck.ids().next()),
        ..SealedPhoto::of_bytes(luck.ids(), device, Bytes::from(vec![7; 9 << 20]))
    };
    let mut sending = client.create(&large, large.bytes.len() as u64)?;
    let _ = sending.write(&large.bytes);
    let reply = sending.reply()?;
    tally.check(
        &format!("a photo that does not fit gets 507, not {}", reply.status),
        reply.status == 507 && reply.header("retry-after") == Some("600"),
    );
    tally.check(
        "and nothing of it counts",
        client.offset(&large)? == Some(0),
    );

    ballast.leave(80)?;
    let mut reply = announce(&client, &sealed[2])?;
    until("8 % free", || {
        reply = announce(&client, &sealed[2])?;
        Ok(reply.status == 507)
    })?;
    tally.check(
        "below 10 % photos are told to come back",
        reply.header("retry-after") == Some("600"),
    );
    let mut patch = client.patch(&sealed[1], 0, 5)?;
    let _ = patch.write(&sealed[1].bytes[..5]);
    tally.check("pieces too", patch.reply()?.status == 507);
    tally.check("reading goes on", client.offset(&sealed[1])? == Some(0));
    let jpeg = tilik_tests::phone::snapshot(1)?;
    let small = seal_finding(&phone, std::slice::from_ref(&jpeg))?;
    send_manifests(&phone).await?;
    tally.check("manifests go on", phone.status()?.visits_waiting == 0);
    let (status, told, _) = enrol(&ground, &server, &token)?;
    tally.check(&format!("decisions go on: {status} {told}"), status == 200);

    ballast.leave(20)?;
    let mut refused = (0, Value::Null, false);
    until("2 % free", || {
        refused = enrol(&ground, &server, &token)?;
        Ok(refused.0 == 507)
    })?;
    tally.check(
        "below 3 % everything that writes is told to come back",
        refused.1["code"] == "read_only" && refused.2,
    );
    let late = seal_finding(&phone, std::slice::from_ref(&jpeg))?;
    send_manifests(&phone).await?;
    tally.check(
        "manifests stay on the phone",
        phone.status()?.visits_waiting == 1,
    );
    let list = server
        .api()
        .call("GET", "/v1/cases", Some(&token), &Value::Null)?;
    tally.check("lists are read", list.status == 200);

    // Not one block left: nothing works that writes, and nothing breaks.
    ballast.leave(0)?;
    for (method, path, body) in [
        ("GET", "/health/live", Value::Null),
        ("GET", "/v1/me", Value::Null),
        (
            "POST",
            "/v1/session",
            json!({ "username": "siapa", "password": "salah sekali" }),
        ),
    ] {
        let answer = server.api().call(method, path, Some(&token), &body)?;
        tally.check(
            &format!("{method} {path} on a full disk: {}", answer.status),
            answer.status != 500,
        );
    }

    ballast.leave(700)?;
    until("room again", || {
        Ok(announce(&client, &sealed[2])?.status == 201)
    })?;
    for photo in &sealed {
        client.finish(photo)?;
    }
    // By itself it would come back when it was told to, in ten minutes: somebody presses "kirim sekarang".
    for _ in 0..20 {
        if phone.owes()? {
            phone.pump().await?;
        }
    }
    tally.check("the phone sends what it kept", !phone.owes()?);
    for visit in [small, late] {
        sealed.extend(SealedPhoto::of_visit(&phone, visit)?);
    }
    server.stop()?;
    let app = ground.look().await?;
    in_the_end(&app, &sealed, &mut tally).await?;
    app.store.close().await;
    tally.told("a disk that fills up holds photos back first, then everything, and loses nothing");
    Ok(tally)
}
