//! SIGKILL at any byte of any upload.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tilik_server::App;
use tilik_tests::uploads::{SealedPhoto, photo_problem};

use crate::client::Client;
use crate::ground::{Ground, Luck, Server, photos};
use crate::{Tally, say};

/// What one upload was told so far.
#[derive(Debug, Default)]
struct Told {
    acknowledged: Option<u64>,
    kills: u32,
}

/// Photos come in, the server is killed, and comes again.
///
/// # Errors
/// When something else goes wrong than what is tried.
pub async fn run(folder: &Path, count: u32) -> Result<Tally> {
    let mut tally = Tally::default();
    let luck = Luck::new();
    let ground = Ground::found(&folder.join("data"), folder).await?;
    let mut server = ground.start(&[])?;
    let phone = ground.phone(&server.api()).await?;
    let (sealed, _) = photos(&phone, count, (400, 300)).await?;
    let client = Client {
        at: server.at,
        keys: ground.keys.clone(),
    };
    let mut kills = 0;
    for photo in &sealed {
        let mut told = Told {
            acknowledged: None,
            kills: u32::try_from(luck.below(3)).unwrap_or(0) + 1,
        };
        while told.kills > 0 {
            told.kills -= 1;
            kills += 1;
            let at = format!("{} after {kills} kills", photo.photo);
            let offset = client.offset(photo)?;
            tally.check(
                &format!(
                    "{at}: {offset:?} after {:?} was acknowledged",
                    told.acknowledged
                ),
                offset >= told.acknowledged,
            );
            told.acknowledged = offset;
            if offset == Some(photo.bytes.len() as u64) {
                break;
            }
            server = one_death(&ground, server, &client, photo, &mut told, &luck)?;
        }
        let offset = client.offset(photo)?;
        tally.check(
            &format!("{}: {offset:?} after {:?}", photo.photo, told.acknowledged),
            offset >= told.acknowledged,
        );
        client.finish(photo)?;
    }
    server.stop()?;
    let app = ground.look().await?;
    in_the_end(&app, &sealed, &mut tally).await?;
    app.store.close().await;
    tally.told(&format!(
        "{count} photos arrived whole and once though the server was killed {kills} times"
    ));
    Ok(tally)
}

/// Sends a part of what is missing, kills the server in the middle of whatever it does with it, and starts it again.
fn one_death(
    ground: &Ground,
    server: Server,
    client: &Client,
    photo: &SealedPhoto,
    told: &mut Told,
    luck: &Luck,
) -> Result<Server> {
    let rest = photo.tail(told.acknowledged.unwrap_or(0));
    // A piece, or all of it; and of that a part, or all of it.
    let piece = match luck.below(2) {
        0 => rest.len(),
        _ => 1 + luck.below(rest.len()),
    };
    let sent = match luck.below(2) {
        0 => piece,
        _ => luck.below(piece),
    };
    let mut sending = match told.acknowledged {
        None => client.create(photo, piece as u64)?,
        Some(offset) => client.patch(photo, offset, piece as u64)?,
    };
    sending.write(&rest[..sent])?;
    let wait = if sent == piece { 60 } else { 10 };
    std::thread::sleep(luck.time_below(Duration::from_millis(wait)));
    server.kill()?;
    if let Ok(reply) = sending.reply()
        && reply.status < 300
    {
        told.acknowledged = Some(reply.offset().context("an answer without offset")?);
    }
    ground.start(&[])
}

/// Every photo is there, once, with the bytes its manifest signs; the journal is whole.
///
/// # Errors
/// When database or blobs cannot be read.
pub async fn in_the_end(app: &App, sealed: &[SealedPhoto], tally: &mut Tally) -> Result<()> {
    // What a killed worker had claimed is due again.
    app.store
        .acting_as_system("faults")
        .end_leases_of_the_dead()
        .await?;
    app.do_due_jobs().await?;
    for photo in sealed {
        let problem = photo_problem(app, photo).await?;
        tally.check(&format!("{}: {problem:?}", photo.photo), problem.is_none());
    }
    let twice = app
        .store
        .count(
            "SELECT COUNT(*) FROM (SELECT object FROM journal WHERE action = 'photo.receive' \
             GROUP BY object HAVING COUNT(*) > 1) AS twice",
        )
        .await?;
    tally.check(&format!("{twice} photos arrived twice"), twice == 0);
    let journal = app
        .store
        .acting_as_system("faults")
        .verify_journal()
        .await?;
    if let Err(broken) = &journal {
        say(&format!("{broken}"));
    }
    tally.check("the journal is whole", journal.is_ok());
    Ok(())
}
