//! kill -9 while the phone writes: a process of its own takes visits, another one kills it at a random moment and looks.
//!
//! A bounded number in the usual run; `TILIK_KILLS=2000 cargo test -p tilik-mobile-core kill` does the many.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, VisitId};
use uuid::Uuid;

use super::bench::Bench;
use super::capture::{fix, front};
use crate::{BeginVisit, FieldApp, NewPin};

const FOLDER: &str = "TILIK_KILL_FOLDER";
const ROUND: &str = "TILIK_KILL_ROUND";
/// How many times in the usual run.
const KILLS: u64 = 25;

fn visit(app: &FieldApp, seed: u32) -> VisitId {
    let begin = BeginVisit {
        case: Some(CaseId(Uuid::from_u128(1))),
        kind: VisitKind::Quick,
        region: None,
        training: false,
    };
    let visit = app.begin_visit(begin).unwrap();
    app.add_photo(visit, front(seed)).unwrap();
    let pin = NewPin {
        fixes: vec![fix(-78_164_000, 1_120_114_000, 450)],
        source: "gnss".to_owned(),
        reason: None,
    };
    app.set_pin(visit, pin).unwrap();
    app.seal(visit).unwrap();
    visit
}

/// The other process: takes visits until it is killed, and says of each that it is sealed once `seal` has returned.
#[test]
fn worker() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else {
        return;
    };
    let round: u64 = round.parse().unwrap();
    let bench = Bench::new(1);
    bench.hands.reseed(round);
    let app = bench.open(Path::new(&folder));
    let mut out = std::io::stdout();
    for n in 0.. {
        let seed = u32::try_from(round * 1_000 + n).unwrap();
        writeln!(out, "\nsealed {}", visit(&app, seed)).unwrap();
        out.flush().unwrap();
    }
}

/// Everything that was said to be sealed is here, whole; the databases are sound; and what was begun can be gone on with.
fn look(bench: &Bench, folder: &Path, sealed: &[VisitId]) {
    let app = bench.open(folder);
    {
        let core = app.core();
        let account = core.stores.account.as_ref().unwrap();
        for db in [&core.stores.device, &account.db] {
            let word: String = db
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .unwrap();
            assert_eq!(word, "ok");
        }
    }
    let outbox = app.outbox().unwrap();
    for visit in sealed {
        let kept = outbox.iter().find(|kept| kept.visit == *visit);
        let kept = kept.unwrap_or_else(|| panic!("{visit} is lost"));
        for photo in &kept.photos {
            let file = folder.join("spool").join(format!("{}.age", photo.photo));
            let length = std::fs::metadata(file).unwrap().len();
            assert_eq!(length, photo.bytes);
        }
    }
    for draft in app.drafts().unwrap() {
        app.draft(draft).unwrap();
    }
}

#[test]
fn a_phone_that_is_killed_at_random_moments_loses_no_sealed_visit() {
    let kills = std::env::var("TILIK_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut bench = Bench::enrolled();
    bench.assign_one();
    let folder = bench.folder();
    bench.close();
    let mut sealed = Vec::new();
    // How long three visits take on this machine; the first round is not hurried.
    let mut span = Duration::ZERO;
    for round in 0..=kills {
        let mut worker = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::kill::worker", "--nocapture"])
            .env(FOLDER, &folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(worker.stdout.take().unwrap()).lines();
        let (tell, told) = std::sync::mpsc::channel::<VisitId>();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix("sealed ")?.parse().ok())
                .for_each(|visit| tell.send(visit).unwrap());
        });
        // Another moment each time: from before the first write to after the third visit.
        let chance = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        if round == 0 {
            let begun = std::time::Instant::now();
            sealed.extend(told.iter().take(3));
            span = begun.elapsed();
        } else {
            let thousandths = u32::try_from(chance % 1_000).unwrap();
            std::thread::sleep(span * thousandths / 1_000);
        }
        worker.kill().unwrap();
        worker.wait().unwrap();
        sealed.extend(told.iter());
        look(&bench, &folder, &sealed);
    }
    assert!(sealed.len() > 3, "every kill came too early");
}
