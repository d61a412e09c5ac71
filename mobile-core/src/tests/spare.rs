//! A phone that begins anew: what was sealed is delivered all the same.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, VisitId};
use tilik_protocol::manifest::Hash32;
use tilik_protocol::sync::VisitStatus;
use uuid::Uuid;

use super::bench::Bench;
use super::capture::{fix, front};
use super::{object, only};
use crate::{BeginVisit, CoreError, NewPin, Notice, OutboxState, Why};

const UNSENT: usize = 40;

fn spares(bench: &Bench) -> Vec<PathBuf> {
    std::fs::read_dir(bench.folder().join("spool"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "spare"))
        .collect()
}

fn begin(bench: &Bench, case: Option<CaseId>) -> VisitId {
    let finding = case.is_none();
    let begin = BeginVisit {
        case,
        kind: if finding {
            VisitKind::Finding
        } else {
            VisitKind::Quick
        },
        region: finding.then(|| "35.71.03.1009".parse().unwrap()),
        training: false,
    };
    bench.app().begin_visit(begin).unwrap()
}

/// A visit that is ready to be sealed, a finding when it has no case.
fn complete(bench: &Bench, case: Option<CaseId>) -> VisitId {
    let app = bench.app();
    let visit = begin(bench, case);
    app.add_photo(visit, front(7)).unwrap();
    let pin = NewPin {
        fixes: vec![fix(-78_164_000, 1_120_114_000, 450)],
        source: "gnss".to_owned(),
        reason: None,
    };
    app.set_pin(visit, pin).unwrap();
    if case.is_none() {
        app.notice_read(visit).unwrap();
        for (question, value) in [
            ("what", "family"),
            ("name", "Wagirah"),
            ("address", "Gang buntu"),
        ] {
            let value = Some(value.to_owned());
            app.answer(visit, question.to_owned(), value).unwrap();
        }
    }
    visit
}

/// The keystore loses the key of the database, and the app is killed.
fn lose_key(bench: &mut Bench) {
    bench.hands.key_lost.store(true, Ordering::SeqCst);
    bench.hands.new_key();
    bench.server.device = None;
    bench.reopen();
}

fn enrol_anew(bench: &mut Bench) {
    bench.app().enrol("ABCDEFGHJK".to_owned()).unwrap();
    bench.settle();
    bench.sign_in();
}

fn assert_delivered(bench: &Bench, visits: usize) {
    assert_eq!(bench.server.received.len(), visits);
    let outbox = bench.app().outbox().unwrap();
    assert_eq!(outbox.len(), visits);
    for visit in outbox {
        assert_eq!(visit.state, OutboxState::Sent, "{}", visit.visit);
        assert_eq!(visit.photos_received, visit.photos_total);
    }
}

#[test]
fn a_phone_that_lost_the_key_of_its_database_begins_anew_and_delivers_forty_visits() {
    let mut bench = Bench::enrolled();
    bench.assign_one();
    for _ in 0..UNSENT {
        bench.seal(None, &[300]);
    }
    let draft = begin(&bench, Some(CaseId(Uuid::from_u128(1))));
    bench.app().add_photo(draft, front(3)).unwrap();
    lose_key(&mut bench);
    let status = bench.app().status().unwrap();
    assert!(status.key_lost && !status.enrolled && !status.signed_in);
    assert_eq!(status.visits_waiting, 40);
    assert_eq!(bench.app().drafts().unwrap(), [], "at most drafts are lost");
    assert_eq!(bench.app().assignments().unwrap(), []);
    assert_eq!(
        bench.app().notices().unwrap(),
        [Notice::KeyLost { count: 40 }]
    );
    // Killed once more before anybody does something about it.
    bench.reopen();
    assert!(bench.app().status().unwrap().key_lost);
    enrol_anew(&mut bench);
    bench.settle_in_time();
    assert_delivered(&bench, UNSENT);
    assert_eq!(bench.server.enveloped, UNSENT);
    let status = bench.app().status().unwrap();
    assert!(!status.key_lost);
    assert!(
        !bench
            .app()
            .notices()
            .unwrap()
            .iter()
            .any(|notice| matches!(notice, Notice::KeyLost { .. }))
    );
}

#[test]
fn a_database_that_is_gone_or_garbage_costs_no_sealed_visit_with_answers() {
    for gone in [true, false] {
        let mut bench = Bench::enrolled();
        let visit = complete(&bench, None);
        bench.app().seal(visit).unwrap();
        bench.close();
        for ending in ["", "-wal", "-shm"] {
            let file = bench.folder().join(format!("device.db{ending}"));
            if gone || !ending.is_empty() {
                let _ = std::fs::remove_file(file);
            } else {
                std::fs::write(file, vec![7; 10_000]).unwrap();
            }
        }
        bench.server.device = None;
        bench.reopen();
        enrol_anew(&mut bench);
        bench.settle_in_time();
        assert_delivered(&bench, 1);
        assert_eq!(bench.server.received, [visit.to_string()]);
        assert_eq!(only(&bench).photos_received, 1);
    }
}

#[test]
fn a_visit_that_was_delivered_before_the_key_was_lost_is_a_duplicate_and_nothing_is_sent_twice() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[400]);
    bench.settle_in_time();
    assert_eq!(only(&bench).state, OutboxState::Sent);
    lose_key(&mut bench);
    enrol_anew(&mut bench);
    bench.settle_in_time();
    assert_delivered(&bench, 1);
    let came: Vec<usize> = bench.server.uploads.values().map(|up| up.came).collect();
    assert_eq!(came, [400]);
}

#[test]
fn a_spare_goes_with_the_bytes_of_its_photos_and_tells_nothing_of_the_family() {
    let mut bench = Bench::enrolled();
    let visit = complete(&bench, None);
    bench.app().seal(visit).unwrap();
    let file = spares(&bench).pop().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(&visit.to_string()));
    for secret in ["Wagirah", "Gang buntu", "35.71", "-78164", "gnss"] {
        assert!(!text.contains(secret), "{secret}");
    }
    bench.server.safe_at = Some(bench.server.now);
    bench.settle_in_time();
    bench.reopen();
    assert_eq!(spares(&bench).len(), 1, "the photo is still here");
    bench.pass_weeks();
    assert!(!only(&bench).photos[0].on_phone);
    bench.reopen();
    assert_eq!(spares(&bench), Vec::<PathBuf>::new());
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn a_seal_that_was_cut_off_leaves_no_spare_behind() {
    let mut bench = Bench::enrolled();
    let visit = complete(&bench, None);
    // As the phone stood between the spare and the commit.
    let spare = bench.folder().join("spool").join(format!("{visit}.spare"));
    std::fs::write(&spare, b"{}").unwrap();
    bench.reopen();
    assert!(!spare.exists());
    std::fs::write(&spare, b"{}").unwrap();
    bench.app().discard(visit).unwrap();
    assert!(!spare.exists());
}

#[test]
fn what_is_no_spare_is_not_taken_up_and_not_destroyed() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[300]);
    let good = std::fs::read(spares(&bench).pop().unwrap()).unwrap();
    lose_key(&mut bench);
    let other = Uuid::from_u128(9);
    let file = |name: &str| bench.folder().join("spool").join(format!("{name}.spare"));
    let strange = [
        (file(&other.to_string()), good.clone()),
        (
            file(&Uuid::from_u128(10).to_string()),
            good[..good.len() / 2].to_vec(),
        ),
        (file(&Uuid::from_u128(11).to_string()), b"null".to_vec()),
        (file("no-id"), good),
    ];
    for (path, bytes) in &strange {
        std::fs::write(path, bytes).unwrap();
    }
    bench.reopen();
    assert_eq!(bench.app().outbox().unwrap().len(), 1);
    for (path, _) in &strange {
        assert!(path.exists(), "{}", path.display());
    }
}

fn path(of: &Path) -> String {
    of.to_string_lossy().into_owned()
}

#[test]
fn a_colleague_carries_what_a_phone_took_up_and_the_visit_itself_is_the_same_visit() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100, 200]);
    let whole = author.folder().join("whole.tilik");
    let exported = author.app().export_bundle(vec![visit], path(&whole));
    assert_eq!(exported, Ok(1));
    lose_key(&mut author);
    let spare = author.folder().join("spare.tilik");
    let exported = author.app().export_bundle(vec![visit], path(&spare));
    assert_eq!(exported, Ok(1));

    let mut carrier = Bench::colleague();
    assert_eq!(carrier.app().import_bundle(path(&spare)), Ok(1));
    assert_eq!(carrier.app().import_bundle(path(&spare)), Ok(0), "once");
    // The other way round nothing is lost either.
    assert_eq!(author.app().import_bundle(path(&whole)), Ok(0));
    carrier.settle_in_time();
    assert_eq!(only(&carrier).state, OutboxState::Sent);
    assert_eq!(carrier.server.whole.len(), 2);
    assert_eq!((carrier.server.carried, carrier.server.enveloped), (1, 1));

    enrol_anew(&mut author);
    author.settle_in_time();
    assert_delivered(&author, 1);
    assert_eq!(author.server.enveloped, 1);
    assert_eq!(author.app().import_bundle(path(&spare)), Ok(0));
}

#[test]
fn a_bundle_that_says_other_photos_of_a_visit_does_not_take_its_place() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100]);
    let whole = author.folder().join("whole.tilik");
    author
        .app()
        .export_bundle(vec![visit], path(&whole))
        .unwrap();
    let file = spares(&author).pop().unwrap();
    let mut forged: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    forged["photos"][0]["sealed_sha256"] = "0".repeat(64).into();
    std::fs::write(&file, forged.to_string()).unwrap();
    lose_key(&mut author);
    assert_eq!(
        author.app().import_bundle(path(&whole)),
        Err(CoreError::Refused {
            code: "content_conflict".to_owned()
        })
    );
}

#[test]
fn the_outbox_names_the_family_after_its_case_left_the_roster_and_forgets_it_with_the_bytes() {
    let mut bench = Bench::enrolled();
    bench.assign_one();
    let visit = complete(&bench, Some(CaseId(Uuid::from_u128(1))));
    bench.app().seal(visit).unwrap();
    let finding = complete(&bench, None);
    bench.app().seal(finding).unwrap();
    bench.server.safe_at = Some(bench.server.now);
    bench.server.take(&object(1));
    bench.app().send_now().unwrap();
    bench.settle_in_time();
    let titles = |bench: &Bench| -> Vec<Option<String>> {
        let view = bench.app().outbox_view().unwrap();
        view.visits.into_iter().map(|visit| visit.title).collect()
    };
    assert_eq!(bench.app().assignments().unwrap(), []);
    let named = [Some("Wagirah".to_owned()), Some("Keluarga 1".to_owned())];
    assert_eq!(titles(&bench), named);
    // Not readable on the disk, and not shown to the next officer of this phone.
    for entry in std::fs::read_dir(bench.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file()
            && path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("device")
        {
            let bytes = std::fs::read(path).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"Wagirah"));
        }
    }
    let first = bench.server.officer;
    bench.app().sign_out().unwrap();
    bench.settle();
    bench.server.officer = tilik_protocol::ids::UserId(Uuid::from_u128(78));
    bench.sign_in();
    assert_eq!(titles(&bench), [None, None]);
    bench.app().sign_out().unwrap();
    bench.settle();
    bench.server.officer = first;
    bench.sign_in();
    assert_eq!(titles(&bench), named);
    bench.pass_weeks();
    assert_eq!(titles(&bench), [None, None]);
}

/// Exports this visit into a file of its own.
fn exported(bench: &Bench, visit: VisitId, name: &str) -> String {
    let file = path(&bench.folder().join(name));
    let count = bench.app().export_bundle(vec![visit], file.clone());
    assert_eq!(count, Ok(1));
    file
}

#[test]
fn nothing_that_is_brought_takes_the_place_of_what_a_phone_took_up_from_its_own_disk() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100]);
    let whole = exported(&author, visit, "whole.tilik");
    lose_key(&mut author);
    // Somebody bends the signature: the ids and hashes that a spare tells in clear are all right.
    let mut forged = std::fs::read(&whole).unwrap();
    let length = usize::try_from(u64::from_be_bytes(forged[9..17].try_into().unwrap())).unwrap();
    let manifest = 49..49 + length;
    forged[manifest.end - 1] ^= 1;
    let hash = Hash32::of(&forged[manifest]).0;
    forged[17..49].copy_from_slice(&hash);
    let file = author.folder().join("forged.tilik");
    std::fs::write(&file, forged).unwrap();
    assert_eq!(author.app().import_bundle(path(&file)), Ok(0));
    enrol_anew(&mut author);
    author.settle_in_time();
    assert_delivered(&author, 1);
    assert_eq!(author.server.enveloped, 1, "its own");
}

#[test]
fn what_the_server_refused_of_a_colleagues_bundle_gives_way_to_the_visit() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100]);
    let whole = exported(&author, visit, "whole.tilik");
    lose_key(&mut author);
    let spare = exported(&author, visit, "spare.tilik");
    let mut carrier = Bench::colleague();
    carrier.server.status_of_visits = VisitStatus::Quarantined;
    assert_eq!(carrier.app().import_bundle(spare), Ok(1));
    carrier.settle_in_time();
    assert!(matches!(
        only(&carrier).state,
        OutboxState::NeedsAttention { .. }
    ));
    carrier.server.status_of_visits = VisitStatus::Accepted;
    assert_eq!(carrier.app().import_bundle(whole), Ok(1));
    carrier.settle_in_time();
    assert_eq!(only(&carrier).state, OutboxState::Sent);
}

#[test]
fn bytes_that_a_bundle_lacked_come_with_the_next_one() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100, 200]);
    let spool = author.folder().join("spool");
    let photo = author.app().outbox().unwrap()[0].photos[1].photo;
    let (file, away) = (
        spool.join(format!("{photo}.age")),
        author.folder().join("away"),
    );
    std::fs::rename(&file, &away).unwrap();
    let poor = exported(&author, visit, "poor.tilik");
    std::fs::rename(&away, &file).unwrap();
    let whole = exported(&author, visit, "whole.tilik");
    let mut carrier = Bench::colleague();
    assert_eq!(carrier.app().import_bundle(poor), Ok(1));
    carrier.settle_in_time();
    assert_eq!(only(&carrier).photos_received, 1);
    assert_eq!(carrier.app().import_bundle(whole.clone()), Ok(1));
    carrier.app().send_now().unwrap();
    carrier.settle_in_time();
    assert_eq!(only(&carrier).state, OutboxState::Sent);
    assert_eq!(carrier.app().import_bundle(whole), Ok(0), "nothing new");
}

#[test]
fn a_carrier_that_loses_its_key_still_delivers_what_it_carries() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100, 200]);
    let whole = exported(&author, visit, "whole.tilik");
    let mut carrier = Bench::colleague();
    assert_eq!(carrier.app().import_bundle(whole), Ok(1));
    lose_key(&mut carrier);
    assert_eq!(only(&carrier).photos_total, 2);
    enrol_anew(&mut carrier);
    carrier.settle_in_time();
    assert_delivered(&carrier, 1);
}

#[test]
fn a_bundle_that_is_refused_leaves_no_file_behind() {
    let mut author = Bench::enrolled();
    let visits = [author.seal(None, &[100]), author.seal(None, &[200])];
    let file = author.folder().join("two.tilik");
    let both = author.app().export_bundle(visits.to_vec(), path(&file));
    assert_eq!(both, Ok(2));
    let carrier = Bench::colleague();
    // The second one is there already, and is something else.
    let core = carrier.app().core();
    core.stores
        .device
        .execute(
            "INSERT INTO outbox_photo (photo, device, file, sha256, sealed_sha256, sealed_len, stage) \
             VALUES (?1, 'other', 'x', '', '', 1, 'whole')",
            [author.app().outbox().unwrap()[0].photos[0].photo.to_string()],
        )
        .unwrap();
    drop(core);
    assert!(carrier.app().import_bundle(path(&file)).is_err());
    let left = std::fs::read_dir(carrier.folder().join("spool")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(carrier.app().outbox().unwrap(), []);
}

#[test]
fn a_roster_that_cannot_be_read_comes_again_from_the_server() {
    let mut bench = Bench::enrolled();
    bench.assign_one();
    let user = bench.server.officer;
    bench.seal(None, &[100]);
    bench.close();
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(bench.folder().join(format!("account-{user}.db{ending}")));
    }
    std::fs::write(
        bench.folder().join(format!("account-{user}.db")),
        vec![9; 9_000],
    )
    .unwrap();
    bench.reopen();
    assert_eq!(bench.app().assignments().unwrap(), []);
    bench.settle_in_time();
    assert_eq!(bench.app().assignments().unwrap().len(), 1);
    assert_delivered(&bench, 1);
}

#[test]
fn a_photo_whose_file_cannot_be_read_stands_still_and_the_others_go() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100, 200]);
    let photo = only(&bench).photos[0].photo;
    let file = bench.folder().join("spool").join(format!("{photo}.age"));
    let away = bench.folder().join("away");
    std::fs::rename(&file, &away).unwrap();
    // As a bad block does: it opens, and does not read.
    std::fs::create_dir(&file).unwrap();
    bench.settle_in_time();
    let seen = only(&bench);
    assert_eq!(seen.photos_received, 1);
    assert!(matches!(
        seen.state,
        OutboxState::NeedsAttention {
            why: Why::FileDamaged
        }
    ));
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(&away, &file).unwrap();
    bench.app().retry(seen.visit).unwrap();
    bench.settle_in_time();
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn the_next_officer_of_a_phone_sees_no_picture_of_the_one_before_and_pictures_go_with_the_bytes() {
    let mut bench = Bench::enrolled();
    let visit = complete(&bench, None);
    bench.app().seal(visit).unwrap();
    let photo = only(&bench).photos[0].photo;
    let seen = |bench: &Bench| bench.app().photo_view(photo).unwrap().is_some();
    assert!(seen(&bench));
    bench.server.safe_at = Some(bench.server.now);
    bench.settle_in_time();
    let first = bench.server.officer;
    bench.app().sign_out().unwrap();
    bench.settle();
    assert!(!seen(&bench), "nobody is signed in");
    bench.server.officer = tilik_protocol::ids::UserId(Uuid::from_u128(78));
    bench.sign_in();
    assert!(!seen(&bench));
    bench.app().sign_out().unwrap();
    bench.settle();
    bench.server.officer = first;
    bench.sign_in();
    assert!(seen(&bench));
    bench.pass_weeks();
    assert!(!only(&bench).photos[0].on_phone);
    assert!(!seen(&bench));
}

#[test]
fn nothing_is_sealed_with_a_key_that_was_not_enrolled_and_the_draft_waits_for_it() {
    let mut bench = Bench::enrolled();
    let visit = complete(&bench, None);
    bench.hands.new_key();
    bench.reopen();
    assert_eq!(bench.app().seal(visit), Err(CoreError::NotEnrolled));
    assert!(
        !bench.app().status().unwrap().enrolled,
        "the way to enrol is open"
    );
    assert_eq!(bench.app().outbox().unwrap(), []);
    assert_eq!(bench.app().drafts().unwrap(), [visit]);
    bench.server.device = None;
    enrol_anew(&mut bench);
    bench.app().seal(visit).unwrap();
    bench.settle_in_time();
    assert_delivered(&bench, 1);
    assert_eq!(bench.server.enveloped, 0);
}
