//! A visit from the arrival to the seal, on a phone that may die at any moment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use tempfile::TempDir;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{
    MAX_PHOTOS, Missing, PIN_REASON_ABOVE_CM, PhotoKind, ReturnTarget, UnreachableReason, VisitKind,
};
use tilik_protocol::form::{AnswerFault, Answers, Form};
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::manifest::{Hash32, Manifest, SignedManifest};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::sync::{ReturnReason, Returned};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::bench::{Bench, SPOOL, T0, assignment};
use super::object;
use crate::drawing::{Exif, exif_segment, house, jpeg_of};
use crate::{
    BeginVisit, CoreError, DraftStep, FieldApp, Fix, NewPhoto, NewPin, OutboxState, Signer,
};

const CASE: u128 = 1;

/// A camera's photo of a house, small so that tests are quick.
pub(super) fn photo(kind: PhotoKind, seed: u32) -> NewPhoto {
    let exif = exif_segment(&Exif::default(), true);
    NewPhoto {
        kind,
        jpeg: jpeg_of(&house(320, 240, seed), 320, 240, 85, Some(&exif)),
        taken_at_micros: T0 + 5,
    }
}

pub(super) fn front(seed: u32) -> NewPhoto {
    photo(PhotoKind::HouseFront, seed)
}

pub(super) fn fix(lat_e7: i64, lon_e7: i64, accuracy_cm: i64) -> Fix {
    Fix {
        lat_e7,
        lon_e7,
        accuracy_cm,
        altitude_cm: Some(6_700),
        speed_cm_s: None,
        bearing_cdeg: None,
        provider: "fused".to_owned(),
        mock: false,
        elapsed_ns: 9,
        taken_at_micros: T0 + 7,
    }
}

fn pin(fixes: Vec<Fix>) -> NewPin {
    NewPin {
        fixes,
        source: "gnss".to_owned(),
        reason: None,
    }
}

fn good_pin() -> NewPin {
    pin(vec![fix(-78_164_000, 1_120_114_000, 450)])
}

pub(super) fn case(n: u128) -> CaseId {
    CaseId(Uuid::from_u128(n))
}

fn begin(n: u128, kind: VisitKind) -> BeginVisit {
    BeginVisit {
        case: Some(case(n)),
        kind,
        region: None,
        training: false,
    }
}

/// A phone with one case, quick or full.
fn bench(kind: VisitKind) -> Bench {
    let mut bench = Bench::enrolled();
    let mut asked = assignment(CASE);
    asked.kind = kind.into();
    asked.version = 4;
    bench.server.put(&object(CASE), &asked);
    bench.app().send_now().unwrap();
    bench.settle();
    bench
}

fn refused<T: std::fmt::Debug>(result: Result<T, CoreError>) -> String {
    match result.unwrap_err() {
        CoreError::Refused { code } => code,
        other => panic!("{other:?}"),
    }
}

fn quick(app: &FieldApp, n: u128, seed: u32) -> VisitId {
    let visit = app.begin_visit(begin(n, VisitKind::Quick)).unwrap();
    app.add_photo(visit, front(seed)).unwrap();
    app.set_pin(visit, good_pin()).unwrap();
    visit
}

/// The manifest as this phone has it, its signature verified.
fn manifest(bench: &Bench, app: &FieldApp, visit: VisitId) -> Manifest {
    let cose: Vec<u8> = app
        .core()
        .stores
        .device
        .query_row(
            "SELECT manifest FROM outbox_visit WHERE visit = ?1",
            [visit.to_string()],
            |row| row.get(0),
        )
        .unwrap();
    let signed = SignedManifest::parse(&cose).unwrap();
    let signature = Signature::from_slice(signed.signature()).unwrap();
    VerifyingKey::from_sec1_bytes(&bench.hands.public_key().unwrap())
        .unwrap()
        .verify(signed.to_be_signed(), &signature)
        .unwrap();
    assert_eq!(signature.normalize_s(), None, "s is in the lower half");
    signed.manifest().clone()
}

fn sealed_answers(app: &FieldApp, visit: VisitId) -> Option<Vec<u8>> {
    app.core()
        .stores
        .device
        .query_row(
            "SELECT answers FROM outbox_visit WHERE visit = ?1",
            [visit.to_string()],
            |row| row.get(0),
        )
        .unwrap()
}

/// The answers as the registry reads them.
fn opened_answers(bench: &Bench, app: &FieldApp, visit: VisitId) -> Answers {
    let said = manifest(bench, app, visit).answers.unwrap();
    let sealed = sealed_answers(app, visit).unwrap();
    assert_eq!(said.sealed_sha256, Hash32::of(&sealed));
    assert_eq!(said.sealed_len, sealed.len() as u64);
    let plain = age::decrypt(&*SPOOL, &sealed).unwrap();
    assert_eq!(said.sha256, Hash32::of(&plain));
    assert_eq!(said.len, plain.len() as u64);
    serde_json::from_slice(&plain).unwrap()
}

/// Every sealed photo opens with the registry's key, and is what the manifest says.
fn assert_photos_open(folder: &Path, manifest: &Manifest) {
    for said in &manifest.photos {
        let sealed = std::fs::read(folder.join("spool").join(format!("{}.age", said.id))).unwrap();
        assert_eq!(said.sealed_sha256, Hash32::of(&sealed));
        assert_eq!(said.sealed_len, sealed.len() as u64);
        let jpeg = age::decrypt(&*SPOOL, &sealed).unwrap();
        assert_eq!(said.sha256, Hash32::of(&jpeg));
        assert_eq!(said.len, jpeg.len() as u64);
        assert!(jpeg.starts_with(&[0xff, 0xd8]));
    }
}

#[test]
fn a_quick_visit_goes_step_by_step_from_the_door_to_the_server() {
    let mut bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    let step = || app.draft(visit).unwrap().step;
    assert_eq!(step(), DraftStep::FrontPhoto);
    assert_eq!(
        app.seal(visit),
        Err(CoreError::Incomplete {
            missing: vec![Missing::FrontPhoto, Missing::Pin]
        })
    );
    let taken = app.add_photo(visit, front(1)).unwrap();
    assert_eq!((taken.width, taken.height), (240, 320));
    assert_eq!(step(), DraftStep::Pin);
    app.add_photo(visit, photo(PhotoKind::Asset, 2)).unwrap();
    app.set_pin(visit, good_pin()).unwrap();
    app.notice_read(visit).unwrap();
    assert_eq!(step(), DraftStep::Ready);
    let view = app.photo_view(taken.id).unwrap().unwrap();
    assert!(view.starts_with(&[0xff, 0xd8]));

    bench.hands.pass_s(60);
    let sealed = app.seal(visit).unwrap();
    assert_eq!((sealed.seq, sealed.photos), (1, 2));
    assert_eq!(app.draft(visit), Err(CoreError::UnknownVisit));
    assert_eq!(app.seal(visit), Err(CoreError::UnknownVisit));
    assert_eq!(app.photo_view(taken.id).unwrap().unwrap(), view);

    let said = manifest(&bench, app, visit);
    assert_eq!((said.seq, said.prev), (1, None));
    assert_eq!(said.case, Some(case(CASE)));
    assert_eq!(said.case_version, Some(4));
    assert_eq!(said.region.as_str(), "35.71.03.1009");
    assert_eq!(said.arrived_at, Timestamp::from_micros(T0));
    assert_eq!(said.captured_at.seconds_since(said.arrived_at), 60);
    assert_eq!(said.notice_read_at, Some(Timestamp::from_micros(T0)));
    assert_eq!(said.photos[0].taken_at, Timestamp::from_micros(T0 + 5));
    assert_eq!(said.photos[0].camera.model.as_deref(), Some("CTH-50"));
    assert_eq!(said.photos[0].camera.orientation, 6);
    assert_eq!((said.training, said.answers.is_some()), (false, false));
    assert!(said.clock.time_token.is_some() && said.clock.token_elapsed_ns.is_some());
    assert_photos_open(&bench.folder(), &said);

    bench.settle_in_time();
    let outbox = bench.app().outbox().unwrap();
    assert_eq!(outbox[0].state, OutboxState::Sent);
    assert_eq!(outbox[0].photos_received, 2);
    assert_eq!(bench.server.received, [visit.to_string()]);
}

#[test]
fn a_second_arrival_at_the_same_case_goes_on_with_its_draft() {
    let mut bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    bench.reopen();
    assert_eq!(
        bench.app().begin_visit(begin(CASE, VisitKind::Quick)),
        Ok(visit)
    );
    assert_eq!(bench.app().drafts().unwrap(), [visit]);
    let draft = bench.app().draft(visit).unwrap();
    assert_eq!((draft.step, draft.photos.len()), (DraftStep::Ready, 1));
    bench.app().seal(visit).unwrap();
    // Sealed: the next arrival is another visit.
    let next = bench
        .app()
        .begin_visit(begin(CASE, VisitKind::Quick))
        .unwrap();
    assert_ne!(next, visit);
}

pub(super) fn well_off() -> Vec<(&'static str, &'static str)> {
    vec![
        ("respondent", "Ibu Kenari Larasati"),
        ("shelter", "yes"),
        ("work", "yes"),
        ("food_worry", "no"),
        ("food_share", "no"),
        ("clothing", "yes"),
        ("floor", "2"),
        ("wall", "1"),
        ("roof", "2"),
        ("toilet", "1"),
        ("light", "1"),
        ("power", "1300"),
        ("presence", "1"),
        ("result", "1"),
    ]
}

pub(super) fn answer_all(app: &FieldApp, visit: VisitId, answers: &[(&str, &str)]) {
    for (question, value) in answers {
        app.answer(visit, (*question).to_owned(), Some((*value).to_owned()))
            .unwrap();
    }
}

#[test]
fn a_full_visit_asks_every_question_before_the_seal_and_no_other() {
    let mut bench = bench(VisitKind::Full);
    let app = bench.app();
    assert_eq!(
        refused(app.begin_visit(begin(CASE, VisitKind::Quick))),
        "questions_asked"
    );
    let visit = app.begin_visit(begin(CASE, VisitKind::Full)).unwrap();
    app.add_photo(visit, front(1)).unwrap();
    app.set_pin(visit, good_pin()).unwrap();
    let draft = app.draft(visit).unwrap();
    assert_eq!(draft.step, DraftStep::Questions);
    assert_eq!(draft.missing, [Missing::Answers]);
    assert_eq!(draft.form.unwrap().id, "kepmensos-262");
    assert!(
        draft
            .answer_problems
            .iter()
            .all(|problem| problem.fault == AnswerFault::Missing)
    );
    let answer = |question: &str, value: Option<&str>| {
        app.answer(visit, question.to_owned(), value.map(str::to_owned))
    };
    assert_eq!(refused(answer("gold", Some("yes"))), "unknown_question");
    assert_eq!(refused(answer("floor", Some("2"))), "answer_not_asked");
    answer("shelter", Some("yes")).unwrap();
    assert_eq!(refused(answer("floor", Some("77"))), "answer_not_allowed");
    assert_eq!(
        refused(answer("respondent", Some(&"x".repeat(501)))),
        "answer_not_allowed"
    );
    answer_all(app, visit, &well_off());
    assert_eq!(app.draft(visit).unwrap().step, DraftStep::Ready);

    // No light: how strong the power is was then never asked.
    answer("light", Some("4")).unwrap();
    let draft = app.draft(visit).unwrap();
    assert!(draft.answers.iter().all(|given| given.question != "power"));
    assert_eq!(draft.answer_problems, []);
    answer("note", Some("  ")).unwrap();
    answer("wall", None).unwrap();
    assert_eq!(app.draft(visit).unwrap().missing, [Missing::Answers]);
    answer("wall", Some("4")).unwrap();

    bench.reopen();
    let app = bench.app();
    app.seal(visit).unwrap();
    let said = manifest(&bench, app, visit).answers.unwrap();
    assert_eq!(
        (said.form.as_str(), said.form_version),
        ("kepmensos-262", 1)
    );
    let answers = opened_answers(&bench, app, visit);
    assert_eq!(answers["respondent"], "Ibu Kenari Larasati");
    assert_eq!(answers["light"], "4");
    assert_eq!(Form::kepmensos_262().unwrap().problems(&answers), []);
    assert!(!answers.contains_key("note"));
}

#[test]
fn a_full_visit_that_finds_nobody_becomes_unreachable_and_keeps_its_photos() {
    let bench = bench(VisitKind::Full);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Full)).unwrap();
    app.notice_read(visit).unwrap();
    app.add_photo(visit, photo(PhotoKind::Statement, 1))
        .unwrap();
    app.answer(visit, "shelter".to_owned(), Some("yes".to_owned()))
        .unwrap();
    assert_eq!(
        refused(app.set_unreachable(visit, UnreachableReason::Refused)),
        "not_unreachable"
    );
    assert_eq!(
        app.begin_visit(begin(CASE, VisitKind::Unreachable)),
        Ok(visit)
    );
    app.set_pin(visit, good_pin()).unwrap();
    let draft = app.draft(visit).unwrap();
    assert_eq!((draft.kind, draft.form), (VisitKind::Unreachable, None));
    assert_eq!(draft.missing, [Missing::UnreachableReason]);
    assert_eq!(
        refused(app.answer(visit, "work".to_owned(), Some("no".to_owned()))),
        "answer_not_asked"
    );
    app.answer(
        visit,
        "note".to_owned(),
        Some("Tiga kali diketuk".to_owned()),
    )
    .unwrap();
    app.set_unreachable(visit, UnreachableReason::NotFound)
        .unwrap();
    app.seal(visit).unwrap();
    let said = manifest(&bench, app, visit);
    assert_eq!(
        said.unreachable.unwrap().known(),
        Some(UnreachableReason::NotFound)
    );
    // What was asked before nobody was there is no answer of anybody.
    assert_eq!(
        opened_answers(&bench, app, visit),
        BTreeMap::from([("note".to_owned(), "Tiga kali diketuk".to_owned())])
    );
}

#[test]
fn a_finding_has_a_village_a_name_and_an_address_and_no_case() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let mut finding = BeginVisit {
        case: Some(case(CASE)),
        kind: VisitKind::Finding,
        region: None,
        training: true,
    };
    assert_eq!(
        refused(app.begin_visit(finding.clone())),
        "finding_has_no_case"
    );
    finding.case = None;
    assert_eq!(refused(app.begin_visit(finding.clone())), "region_needed");
    finding.region = Some("35.71".parse().unwrap());
    assert_eq!(
        refused(app.begin_visit(finding.clone())),
        "region_not_a_village"
    );
    finding.region = Some("35.71.03.1009".parse().unwrap());
    let visit = app.begin_visit(finding.clone()).unwrap();
    assert_eq!(app.draft(visit).unwrap().missing[0], Missing::AnyPhoto);
    app.notice_read(visit).unwrap();
    // Two findings are two visits.
    assert_ne!(app.begin_visit(finding).unwrap(), visit);
    app.add_photo(visit, photo(PhotoKind::FamilyCard, 1))
        .unwrap();
    app.set_pin(visit, good_pin()).unwrap();
    answer_all(app, visit, &[("what", "death"), ("name", "Bapak Merpati")]);
    assert_eq!(
        app.seal(visit),
        Err(CoreError::Incomplete {
            missing: vec![Missing::Answers]
        })
    );
    answer_all(app, visit, &[("address", "Gang Contoh 3")]);
    app.seal(visit).unwrap();
    let said = manifest(&bench, app, visit);
    assert_eq!((said.case, said.case_version), (None, None));
    assert_eq!(said.region.as_str(), "35.71.03.1009");
    assert!(said.training);
    let sealed = &app.outbox().unwrap()[0];
    assert!(sealed.training, "practice is told in the outbox too");
    assert_eq!(sealed.photos[0].kind, Some(PhotoKind::FamilyCard));
    assert_eq!(said.answers.unwrap().form, "finding");
    assert_eq!(opened_answers(&bench, app, visit)["name"], "Bapak Merpati");
}

#[test]
fn what_cannot_be_begun_says_why() {
    let mut bench = bench(VisitKind::Quick);
    let mut other = begin(99, VisitKind::Quick);
    assert_eq!(
        refused(bench.app().begin_visit(other.clone())),
        "unknown_case"
    );
    other.case = None;
    assert_eq!(refused(bench.app().begin_visit(other)), "case_needed");

    let mut over = assignment(2);
    over.state = CaseState::Decided.into();
    bench.server.put(&object(2), &over);
    bench.server.min_version = "0.2.0".to_owned();
    bench.app().send_now().unwrap();
    let visit = quick(bench.app(), CASE, 1);
    bench.settle();
    assert_eq!(
        bench.app().begin_visit(begin(2, VisitKind::Quick)),
        Err(CoreError::UpdateApp)
    );
    // What was begun is finished and sent by the old app.
    bench.app().add_photo(visit, front(2)).unwrap();
    bench.app().seal(visit).unwrap();
    bench.server.min_version = "0.1.0".to_owned();
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(
        refused(bench.app().begin_visit(begin(2, VisitKind::Quick))),
        "wrong_moment"
    );
    bench.hands.wall.store(1_000, Ordering::SeqCst);
    assert_eq!(
        bench.app().begin_visit(begin(CASE, VisitKind::Quick)),
        Err(CoreError::ClockWrong)
    );
    bench.hands.wall.store(T0, Ordering::SeqCst);
    bench.app().sign_out().unwrap();
    assert_eq!(
        bench.app().begin_visit(begin(CASE, VisitKind::Quick)),
        Err(CoreError::SignInAgain)
    );
}

#[test]
fn a_retired_phone_finishes_its_draft_and_a_stolen_one_loses_it() {
    for (revoked, keeps) in [("retired", true), ("stolen", false)] {
        let mut bench = bench(VisitKind::Quick);
        let visit = quick(bench.app(), CASE, 1);
        bench.server.device_revoked = Some(revoked.to_owned());
        bench.app().send_now().unwrap();
        bench.settle_in_time_limited(3);
        assert_eq!(
            bench.app().begin_visit(begin(CASE, VisitKind::Quick)),
            Err(CoreError::DeviceRevoked)
        );
        let sealed = bench.app().seal(visit);
        if keeps {
            assert_eq!(sealed.unwrap().photos, 1);
        } else {
            assert_eq!(sealed, Err(CoreError::DeviceRevoked));
            let left = std::fs::read_dir(bench.folder().join("drafts")).unwrap();
            assert_eq!(left.count(), 0);
        }
    }
}

#[test]
fn a_pin_is_the_mean_of_its_fixes_by_their_accuracy_and_no_better_than_the_best() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    let set = |fixes: Vec<Fix>| {
        app.set_pin(visit, pin(fixes)).unwrap();
        app.draft(visit).unwrap().pin.unwrap()
    };
    // Twice as exact weighs four times as much.
    let two = set(vec![fix(0, 0, 500), fix(500, 0, 1_000)]);
    assert_eq!((two.lat_e7, two.lon_e7), (100, 0));
    assert_eq!(two.accuracy_cm, 500);
    // Five that agree are not believed to be better than one: they share their error.
    let five = set(vec![fix(-78_164_000, 1_120_114_000, 400); 5]);
    assert_eq!(five.accuracy_cm, 400);
    assert_eq!(five.lon_e7, 1_120_114_000);
    // Two that lie 20 m apart and both claim 3 m are not 3 m.
    let apart = set(vec![fix(0, 0, 300), fix(1_797, 0, 300)]);
    assert!(
        (995..=1_005).contains(&apart.accuracy_cm),
        "{}",
        apart.accuracy_cm
    );
    // East and west count less away from the equator.
    let east = set(vec![fix(600_000_000, 0, 300), fix(600_000_000, 3_594, 300)]);
    assert!(
        (995..=1_005).contains(&east.accuracy_cm),
        "{}",
        east.accuracy_cm
    );
    // Of seven the five best, of which one claims a millimetre and weighs no more than a metre.
    let mut seven: Vec<Fix> = (1..=6).map(|n| fix(n * 10, 0, n * 1_000)).collect();
    seven.push(fix(0, 0, 0));
    set(seven);
    app.add_photo(visit, front(1)).unwrap();
    app.seal(visit).unwrap();
    let said = manifest(&bench, app, visit).pin.unwrap();
    let accuracies: Vec<i64> = said.fixes.iter().map(|fix| fix.accuracy_cm).collect();
    assert_eq!(accuracies, [1_000, 2_000, 3_000, 4_000, 0]);
    assert!(!said.mock);
    assert_eq!(said.taken_at, Timestamp::from_micros(T0 + 7));
}

#[test]
fn a_pin_that_cannot_be_is_refused_and_a_mocked_one_says_so() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    app.add_photo(visit, front(1)).unwrap();
    let set = |pin| app.set_pin(visit, pin);
    assert_eq!(refused(set(pin(Vec::new()))), "no_fix");
    for bad in [
        fix(900_000_001, 0, 1),
        fix(0, 1_800_000_001, 1),
        fix(0, 0, -1),
        fix(i64::MIN, i64::MAX, i64::MAX),
    ] {
        assert_eq!(refused(set(pin(vec![bad]))), "bad_fix");
    }
    let mut typed = good_pin();
    typed.source = "map".to_owned();
    assert_eq!(refused(set(typed)), "bad_source");
    let mut mocked = pin(vec![fix(0, 0, 400), fix(0, 0, 500)]);
    mocked.fixes[1].mock = true;
    mocked.source = "external".to_owned();
    set(mocked).unwrap();
    app.seal(visit).unwrap();
    let said = manifest(&bench, app, visit).pin.unwrap();
    assert!(said.mock && !said.fixes[0].mock && said.fixes[1].mock);
    assert_eq!(said.source, "external");
}

#[test]
fn a_pin_worse_than_a_hundred_metres_is_sealed_with_its_reason() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = quick(app, CASE, 1);
    let mut poor = pin(vec![fix(0, 0, PIN_REASON_ABOVE_CM + 1)]);
    app.set_pin(visit, poor.clone()).unwrap();
    let lacks = || app.draft(visit).unwrap().missing;
    assert_eq!(lacks(), [Missing::PinReason]);
    assert_eq!(app.draft(visit).unwrap().step, DraftStep::Pin);
    poor.reason = Some("  ".to_owned());
    app.set_pin(visit, poor.clone()).unwrap();
    assert_eq!(lacks(), [Missing::PinReason]);
    poor.reason = Some("x".repeat(501));
    assert_eq!(refused(app.set_pin(visit, poor.clone())), "too_long");
    poor.reason = Some("Lembah, langit tertutup".to_owned());
    app.set_pin(visit, poor).unwrap();
    assert_eq!(lacks(), []);
    app.seal(visit).unwrap();
    let said = manifest(&bench, app, visit);
    assert_eq!(said.pin.unwrap().accuracy_cm, PIN_REASON_ABOVE_CM + 1);
    assert_eq!(
        opened_answers(&bench, app, visit)["pin_reason"],
        "Lembah, langit tertutup"
    );
}

#[test]
fn what_is_no_photo_leaves_the_draft_as_it_was() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    let mut bad = front(1);
    bad.jpeg.truncate(900);
    assert_eq!(
        app.add_photo(visit, bad),
        Err(CoreError::BadPhoto {
            problem: "truncated".to_owned()
        })
    );
    assert_eq!(app.draft(visit).unwrap().photos, []);
    assert_eq!(
        app.add_photo(VisitId(Uuid::nil()), front(1)),
        Err(CoreError::UnknownVisit)
    );
    let left = std::fs::read_dir(bench.folder().join("drafts")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn a_visit_has_at_most_twenty_photos() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    for seed in 0..u32::try_from(MAX_PHOTOS).unwrap() {
        app.add_photo(visit, front(seed)).unwrap();
    }
    assert_eq!(refused(app.add_photo(visit, front(99))), "too_many_photos");
}

#[test]
fn a_dropped_photo_and_a_discarded_draft_leave_no_bytes() {
    let bench = bench(VisitKind::Quick);
    let app = bench.app();
    let visit = quick(app, CASE, 1);
    let retake = app.add_photo(visit, front(2)).unwrap().id;
    let first = app.draft(visit).unwrap().photos[0].id;
    let files = || {
        std::fs::read_dir(bench.folder().join("drafts"))
            .unwrap()
            .count()
    };
    assert_eq!(files(), 2);
    app.drop_photo(visit, first).unwrap();
    app.drop_photo(visit, first).unwrap();
    assert_eq!(files(), 1);
    assert_eq!(app.photo_view(first).unwrap(), None);
    assert!(app.photo_view(retake).unwrap().is_some());
    app.discard(visit).unwrap();
    assert_eq!(files(), 0);
    assert_eq!(app.photo_view(retake).unwrap(), None);
    assert_eq!(app.drafts().unwrap(), []);
    assert_eq!(app.discard(visit), Err(CoreError::UnknownVisit));
}

/// Seals a visit, sends it, and lets the supervisor return it because of `bad`.
fn returned(bench: &mut Bench) -> (VisitId, PhotoId, PhotoId) {
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    let bad = app.add_photo(visit, front(1)).unwrap().id;
    let good = app
        .add_photo(visit, photo(PhotoKind::HouseInside, 2))
        .unwrap()
        .id;
    app.set_pin(visit, good_pin()).unwrap();
    app.seal(visit).unwrap();
    bench.settle_in_time();
    let mut back = assignment(CASE);
    back.state = CaseState::Returned.into();
    back.version = 9;
    back.returned = Some(Returned {
        visit,
        at: Timestamp::from_micros(T0),
        reasons: vec![ReturnReason {
            target: ReturnTarget::Photo { photo: bad },
            code: ReasonCode::known("FOTO_BURAM"),
            note: Some("Atap tidak terlihat".to_owned()),
        }],
        keep: vec![good],
    });
    bench.server.put(&object(CASE), &back);
    bench.app().send_now().unwrap();
    bench.settle_in_time();
    (visit, bad, good)
}

#[test]
fn a_returned_visit_keeps_its_good_photo_without_sending_it_again() {
    let mut bench = bench(VisitKind::Quick);
    let (before, bad, good) = returned(&mut bench);
    let came = bench.server.uploads[&good.to_string()].came;
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    assert_eq!(app.draft(visit).unwrap().supersedes, Some(before));
    assert_eq!(refused(app.keep_photo(visit, bad)), "photo_returned");
    assert_eq!(
        refused(app.keep_photo(visit, PhotoId(Uuid::nil()))),
        "photo_not_here"
    );
    app.keep_photo(visit, good).unwrap();
    app.keep_photo(visit, good).unwrap();
    let retake = app.add_photo(visit, front(3)).unwrap().id;
    app.set_pin(visit, good_pin()).unwrap();
    let draft = app.draft(visit).unwrap();
    assert_eq!(draft.photos.len(), 2);
    assert!(draft.photos[0].kept && !draft.photos[1].kept);
    app.seal(visit).unwrap();
    let (first, second) = (manifest(&bench, app, before), manifest(&bench, app, visit));
    assert_eq!(second.supersedes, Some(before));
    assert_eq!(second.case_version, Some(9));
    assert_eq!(second.photos[0], first.photos[1]);
    assert_eq!(second.photos[1].id, retake);
    assert_photos_open(&bench.folder(), &second);
    bench.settle_in_time();
    let newest = &bench.app().outbox().unwrap()[0];
    assert_eq!(newest.state, OutboxState::Sent);
    assert_eq!(bench.server.uploads[&good.to_string()].came, came);
}

#[test]
fn a_kept_photo_that_is_dropped_again_stays_with_its_first_visit() {
    let mut bench = bench(VisitKind::Quick);
    let (before, _, good) = returned(&mut bench);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Quick)).unwrap();
    app.keep_photo(visit, good).unwrap();
    app.drop_photo(visit, good).unwrap();
    app.keep_photo(visit, good).unwrap();
    app.discard(visit).unwrap();
    assert!(app.photo_view(good).unwrap().is_some());
    assert_photos_open(&bench.folder(), &manifest(&bench, app, before));
}

#[test]
fn a_visit_that_was_not_returned_keeps_nothing() {
    let bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    assert_eq!(
        refused(bench.app().keep_photo(visit, PhotoId(Uuid::nil()))),
        "not_returned"
    );
}

/// Whether any file under `folder` holds `needle`.
fn holds(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn nothing_of_a_visit_can_be_read_on_a_stolen_phone() {
    let mut bench = bench(VisitKind::Full);
    let name = "Kenari Larasati";
    let canaries = |bench: &Bench| {
        let folder = bench.folder();
        // The test of the test: the folder is really searched, and the encrypted build hides even the form's name.
        assert_eq!(
            holds(&folder, b"kepmensos-262"),
            cfg!(not(feature = "sqlcipher"))
        );
        for canary in [
            name.as_bytes(),
            b"Lembah Mawar",
            &[0xff, 0xd8, 0xff, 0xe0],
            b"JFIF\0",
            b"fused",
        ] {
            assert!(
                !holds(&folder, canary),
                "{:?}",
                String::from_utf8_lossy(canary)
            );
        }
    };
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Full)).unwrap();
    app.add_photo(visit, front(1)).unwrap();
    let mut poor = pin(vec![fix(0, 0, 20_000)]);
    poor.reason = Some("Lembah Mawar".to_owned());
    app.set_pin(visit, poor).unwrap();
    answer_all(app, visit, &well_off());
    canaries(&bench);
    bench.reopen();
    canaries(&bench);
    bench.app().seal(visit).unwrap();
    // The manifest names the provider and is no secret: it is signed, and carried by others.
    let folder = bench.folder();
    for canary in [
        name.as_bytes(),
        b"Lembah Mawar",
        &[0xff, 0xd8, 0xff, 0xe0],
        b"JFIF\0",
    ] {
        assert!(!holds(&folder, canary));
    }
    bench.reopen();
    assert!(!holds(&folder, name.as_bytes()));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs `act` and opens the phone as it was between any two of its steps.
fn killed_at_every_step(bench: &Bench, act: impl FnOnce(&FieldApp)) -> Vec<(String, TempDir)> {
    use std::cell::RefCell;
    use std::rc::Rc;
    let deaths: Rc<RefCell<Vec<(String, TempDir)>>> = Rc::default();
    let (kept, folder) = (deaths.clone(), bench.folder());
    crate::seal::watch(Some(Box::new(move |at| {
        let grave = TempDir::new().unwrap();
        copy(&folder, grave.path());
        let n = kept.borrow().len();
        kept.borrow_mut().push((format!("{n} {at}"), grave));
    })));
    act(bench.app());
    crate::seal::watch(None);
    deaths.take()
}

/// Nothing lies there but the sealed photos of these visits and their spares.
fn assert_tidy(folder: &Path, sealed: &[&Manifest]) {
    let names = |sub: &str| {
        let mut names: Vec<String> = std::fs::read_dir(folder.join(sub))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let mut expected: Vec<String> = sealed
        .iter()
        .flat_map(|said| {
            let photos = said.photos.iter().map(|photo| format!("{}.age", photo.id));
            photos.chain([format!("{}.spare", said.visit)])
        })
        .collect();
    expected.sort();
    assert_eq!(names("spool"), expected);
    assert_eq!(names("drafts"), [""; 0]);
}

#[test]
fn killed_at_any_step_of_the_seal_the_visit_is_a_draft_or_sealed_and_never_half() {
    let bench = bench(VisitKind::Quick);
    let first = quick(bench.app(), CASE, 1);
    bench.app().seal(first).unwrap();
    let visit = quick(bench.app(), CASE, 2);
    bench
        .app()
        .add_photo(visit, photo(PhotoKind::Asset, 3))
        .unwrap();
    let deaths = killed_at_every_step(&bench, |app| {
        app.seal(visit).unwrap();
    });
    let names: Vec<&str> = deaths
        .iter()
        .filter_map(|(at, _)| at.split(' ').nth(1))
        .collect();
    assert_eq!(
        names,
        [
            "part", "photo", "part", "photo", "signed", "part", "folder", "rows", "commit",
            "removed", "removed"
        ]
    );
    let (mut drafts, mut sealed) = (0, 0);
    for (at, grave) in &deaths {
        let app = bench.open(grave.path());
        let in_outbox = app
            .outbox()
            .unwrap()
            .iter()
            .any(|waiting| waiting.visit == visit);
        match app.draft(visit) {
            Ok(draft) => {
                assert!(!in_outbox, "{at}");
                assert_eq!(draft.step, DraftStep::Ready, "{at}");
                assert_eq!(app.seal(visit).unwrap().seq, 2, "{at}");
                drafts += 1;
            }
            Err(CoreError::UnknownVisit) => {
                assert!(in_outbox, "{at}");
                sealed += 1;
            }
            Err(other) => panic!("{at}: {other:?}"),
        }
        let (one, two) = (manifest(&bench, &app, first), manifest(&bench, &app, visit));
        assert_eq!((one.seq, two.seq), (1, 2), "{at}");
        assert_photos_open(grave.path(), &two);
        // The chain goes on from what was sealed, whatever died.
        let next = quick(&app, CASE, 4);
        app.seal(next).unwrap();
        let three = manifest(&bench, &app, next);
        let cose: Vec<u8> = app
            .core()
            .stores
            .device
            .query_row(
                "SELECT manifest FROM outbox_visit WHERE visit = ?1",
                [visit.to_string()],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(
            (three.seq, three.prev),
            (3, Some(Hash32::of(&cose))),
            "{at}"
        );
        drop(app);
        let app = bench.open(grave.path());
        assert_tidy(grave.path(), &[&one, &two, &three]);
        assert_eq!(app.outbox().unwrap().len(), 3, "{at}");
    }
    assert_eq!((drafts, sealed), (8, 3));
}

#[test]
fn killed_while_a_photo_is_taken_the_draft_is_as_before_or_has_it() {
    let bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    let deaths = killed_at_every_step(&bench, |app| {
        app.add_photo(visit, front(2)).unwrap();
    });
    assert!(!deaths.is_empty());
    for (at, grave) in deaths {
        let app = bench.open(grave.path());
        let photos = app.draft(visit).unwrap().photos.len();
        let files = std::fs::read_dir(grave.path().join("drafts"))
            .unwrap()
            .count();
        assert_eq!(files, photos, "{at}");
        app.seal(visit).unwrap();
    }
}

#[test]
fn a_seal_that_was_cut_off_and_then_given_up_leaves_nothing() {
    let bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    bench.hands.locked.store(true, Ordering::SeqCst);
    assert!(matches!(
        bench.app().seal(visit),
        Err(CoreError::Bug { .. })
    ));
    // The keystore was locked after the photo's file was written.
    assert_eq!(bench.app().draft(visit).unwrap().step, DraftStep::Ready);
    bench.app().discard(visit).unwrap();
    assert_tidy(&bench.folder(), &[]);
    bench.hands.locked.store(false, Ordering::SeqCst);
    let visit = quick(bench.app(), CASE, 2);
    assert_eq!(bench.app().seal(visit).unwrap().seq, 1);
}

#[test]
fn a_key_that_cannot_be_shown_now_is_not_another_key() {
    let bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    bench.hands.hides_key.store(true, Ordering::SeqCst);
    assert!(matches!(
        bench.app().seal(visit),
        Err(CoreError::Bug { .. })
    ));
    assert!(bench.app().status().unwrap().enrolled);
    bench.hands.hides_key.store(false, Ordering::SeqCst);
    assert_eq!(bench.app().seal(visit).unwrap().seq, 1);
}

#[test]
fn a_full_phone_says_so_before_a_photo_is_lost() {
    let mut bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    let free = |bytes| bench.hands.free.store(bytes, Ordering::SeqCst);
    free(1024 * 1024);
    let app = bench.app();
    assert_eq!(
        app.begin_visit(begin(CASE, VisitKind::Quick)),
        Err(CoreError::StorageFull)
    );
    assert_eq!(app.add_photo(visit, front(2)), Err(CoreError::StorageFull));
    assert_eq!(app.seal(visit), Err(CoreError::StorageFull));
    assert_eq!(app.draft(visit).unwrap().photos.len(), 1);
    free(1 << 30);
    app.add_photo(visit, front(2)).unwrap();
    app.seal(visit).unwrap();
    bench.settle_in_time();
    assert_eq!(bench.app().outbox().unwrap()[0].state, OutboxState::Sent);
}

#[test]
fn a_database_that_cannot_grow_keeps_the_draft() {
    let mut bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    {
        let core = bench.app().core();
        let db = &core.stores.device;
        let pages: u32 = db
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        db.pragma_update(None, "max_page_count", pages).unwrap();
    }
    let mut full = 0;
    for seed in 2..12 {
        match bench.app().add_photo(visit, front(seed)) {
            Ok(_) => {}
            Err(CoreError::StorageFull) => full += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(full > 0);
    let photos = bench.app().draft(visit).unwrap().photos.len();
    let files = std::fs::read_dir(bench.folder().join("drafts")).unwrap();
    assert_eq!(files.count(), photos);
    bench.reopen();
    assert_eq!(bench.app().seal(visit).unwrap().seq, 1);
}

#[test]
fn a_draft_of_another_officer_is_not_sealed_under_this_enrolment() {
    let bench = bench(VisitKind::Quick);
    let visit = quick(bench.app(), CASE, 1);
    bench
        .app()
        .core()
        .stores
        .device
        .execute(
            "UPDATE draft SET officer = ?1",
            [Uuid::from_u128(5).to_string()],
        )
        .unwrap();
    assert_eq!(refused(bench.app().seal(visit)), "other_officer");
}

#[test]
fn after_a_boot_the_token_is_quoted_without_its_age() {
    let bench = bench(VisitKind::Quick);
    bench.hands.boot.store(2, Ordering::SeqCst);
    let visit = quick(bench.app(), CASE, 1);
    bench.app().seal(visit).unwrap();
    let clock = manifest(&bench, bench.app(), visit).clock;
    assert!(clock.time_token.is_some());
    assert_eq!(clock.token_elapsed_ns, None);
    assert_eq!(clock.boot_id, "2");
}

#[test]
fn a_piece_of_one_draft_cannot_be_put_in_the_place_of_another() {
    let bench = bench(VisitKind::Full);
    let app = bench.app();
    let visit = app.begin_visit(begin(CASE, VisitKind::Full)).unwrap();
    answer_all(app, visit, &[("shelter", "yes"), ("work", "no")]);
    app.core()
        .stores
        .device
        .execute(
            "UPDATE draft_answer SET value = (SELECT value FROM draft_answer \
             WHERE question = 'work') WHERE question = 'shelter'",
            [],
        )
        .unwrap();
    assert_eq!(
        app.draft(visit),
        Err(CoreError::Bug {
            reference: "vault-open".to_owned()
        })
    );
}
