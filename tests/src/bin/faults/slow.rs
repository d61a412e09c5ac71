//! Clients that send little, or nothing more: a silent one is given up after a minute and loses nothing, a slow one never
//! is, and many of them hold little memory.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use tilik_tests::uploads::SealedPhoto;

use crate::client::{Client, Sending};
use crate::ground::{Ground, Luck, photos};
use crate::killing::in_the_end;
use crate::{Tally, say};

/// How many stall, and after how many bytes of how many.
const STALLING: usize = 40;
const STALLED_BYTES: usize = 5 << 20;
const WHOLE_BYTES: usize = 6 << 20;
/// What they may cost together: their bytes would be 200 MiB.
const MEMORY_KIB: u64 = 40 * 1024;

/// Three kinds of slow clients at once.
///
/// # Errors
/// When something else goes wrong than what is tried.
pub async fn run(folder: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    let luck = Luck::new();
    let ground = Ground::found(&folder.join("data"), folder).await?;
    let server = ground.start(&[])?;
    let phone = ground.phone(&server.api()).await?;
    let (sealed, _) = photos(&phone, 2, (400, 300)).await?;
    let client = Client {
        at: server.at,
        keys: ground.keys.clone(),
    };
    let (silent, slow) = (&sealed[0], &sealed[1]);
    let began = Instant::now();
    let length = |photo: &SealedPhoto| photo.bytes.len() as u64;
    let mut silence = client.create(silent, length(silent))?;
    silence.write(&silent.bytes[..30_000])?;
    // Announced first, and appended to: that takes a lease, which must hold as long as bytes flow.
    client.create(slow, 0)?.reply()?;
    let mut trickle = client.patch(slow, 0, length(slow))?;

    let before = server.resident_kib()?;
    let zeros = Bytes::from(vec![0; WHOLE_BYTES]);
    let stalled: Vec<Sending> = (0..STALLING)
        .map(|_| {
            let photo = SealedPhoto {
                visit: Some(luck.ids().next()),
                ..SealedPhoto::of_bytes(luck.ids(), silent.device, zeros.clone())
            };
            let mut sending = client.create(&photo, WHOLE_BYTES as u64)?;
            sending.write(&zeros[..STALLED_BYTES])?;
            Ok(sending)
        })
        .collect::<Result<_>>()?;
    std::thread::sleep(Duration::from_secs(2));
    let grown = server.resident_kib()?.saturating_sub(before);
    say(&format!(
        "        {STALLING} stalled uploads of {STALLED_BYTES} bytes: {grown} KiB more resident memory"
    ));
    tally.check(
        &format!("{STALLING} stalled uploads hold {grown} KiB"),
        grown < MEMORY_KIB,
    );
    drop(stalled);

    // A few bytes every ten seconds, for longer than anybody may be silent.
    let mut sent = 0;
    while began.elapsed() < Duration::from_secs(75) {
        trickle.write(&slow.bytes[sent..sent + 100])?;
        sent += 100;
        std::thread::sleep(Duration::from_secs(10));
    }
    // The silent one has been given up meanwhile, with what it had sent.
    let reply = silence.reply().context("the silent client's answer")?;
    tally.check(
        &format!(
            "silence ends with {} and {:?}",
            reply.status,
            reply.offset()
        ),
        reply.status == 201 && reply.offset() == Some(30_000),
    );
    let mut other = client.patch(slow, 0, 5)?;
    let _ = other.write(b"other");
    let busy = other.reply()?.status;
    tally.check(
        &format!("the slow one's lease holds after {sent} bytes: {busy}"),
        busy == 423,
    );
    trickle.write(&slow.bytes[sent..])?;
    let reply = trickle.reply()?;
    tally.check(
        &format!("the slow one arrives: {}", reply.status),
        reply.status == 204 && reply.offset() == Some(length(slow)),
    );
    client.finish(silent)?;
    server.stop()?;
    let app = ground.look().await?;
    in_the_end(&app, &sealed, &mut tally).await?;
    app.store.close().await;
    tally.told(
        "silent clients lose nothing, slow ones are waited for, and neither fills the memory",
    );
    Ok(tally)
}
