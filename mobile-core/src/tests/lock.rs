//! The app's PIN, and what becomes of forty unsent visits when the phone loses what opened it.

use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::CaseId;
use uuid::Uuid;

use super::bench::Bench;
use crate::{BeginVisit, CoreError, LockState, OutboxState, Place, TodayOrder, TodayQuery};

const PIN: &str = "270519";
const UNSENT: usize = 40;

fn today() -> TodayQuery {
    TodayQuery {
        search: String::new(),
        order: TodayOrder::Distance,
        here: None::<Place>,
        from: 0,
        most: 10,
    }
}

fn with_pin() -> Bench {
    let mut bench = Bench::enrolled();
    bench.assign_one();
    assert_eq!(bench.app().lock_state().unwrap(), LockState::NoPin);
    let state = bench.app().choose_pin(PIN.to_owned()).unwrap();
    assert_eq!(state, LockState::Open);
    bench
}

fn wrong(bench: &Bench) -> LockState {
    bench.app().unlock("999123".to_owned()).unwrap()
}

fn begin() -> BeginVisit {
    BeginVisit {
        case: Some(CaseId(Uuid::from_u128(1))),
        kind: VisitKind::Quick,
        region: None,
        training: false,
    }
}

#[test]
fn a_simple_pin_is_refused_and_so_is_one_that_is_no_six_digits() {
    let bench = with_pin();
    for simple in ["111111", "123456", "987654", "121212", "407407"] {
        assert_eq!(
            bench.app().choose_pin(simple.to_owned()),
            Err(CoreError::Refused {
                code: "pin_too_simple".to_owned()
            }),
            "{simple}"
        );
    }
    for short in ["27051", "2705199", "27051a", "", "２７０５１９"] {
        assert_eq!(
            bench.app().choose_pin(short.to_owned()),
            Err(CoreError::Refused {
                code: "pin_not_six_digits".to_owned()
            }),
            "{short}"
        );
    }
}

#[test]
fn a_locked_app_shows_nobody_and_goes_on_sending() {
    let mut bench = with_pin();
    let draft = bench.app().begin_visit(begin()).unwrap();
    bench.app().lock();
    let locked = Err(CoreError::Locked);
    assert_eq!(bench.app().today(today()).map(|_| ()), locked);
    assert_eq!(bench.app().assignments().map(|_| ()), locked);
    assert_eq!(bench.app().drafts().map(|_| ()), locked);
    assert_eq!(bench.app().draft(draft).map(|_| ()), locked);
    assert_eq!(bench.app().begin_visit(begin()).map(|_| ()), locked);
    assert_eq!(bench.app().outbox_view().map(|_| ()), locked);
    assert_eq!(
        bench.app().choose_pin("482913".to_owned()).map(|_| ()),
        locked
    );
    bench.seal(None, &[500]);
    bench.settle();
    assert_eq!(bench.server.received.len(), 1);
    assert_eq!(bench.app().unlock(PIN.to_owned()).unwrap(), LockState::Open);
    assert_eq!(bench.app().today(today()).unwrap().total, 1);
    // A start asks for it too.
    bench.reopen();
    assert_eq!(
        bench.app().lock_state().unwrap(),
        LockState::Locked { tries_left: 5 }
    );
}

#[test]
fn another_pin_is_chosen_only_by_whoever_has_just_shown_the_one_that_is() {
    let mut bench = with_pin();
    let choose = |bench: &Bench, pin: &str| bench.app().choose_pin(pin.to_owned());
    let first = Err(CoreError::Refused {
        code: "old_pin_first".to_owned(),
    });
    assert_eq!(
        choose(&bench, "739164"),
        first,
        "an open phone that was lent"
    );
    assert_eq!(wrong(&bench), LockState::Locked { tries_left: 4 });
    assert_eq!(choose(&bench, "739164"), Err(CoreError::Locked));
    bench.app().unlock(PIN.to_owned()).unwrap();
    bench.pass_s(121);
    assert_eq!(choose(&bench, "739164"), first, "too long ago");
    bench.app().unlock(PIN.to_owned()).unwrap();
    assert_eq!(choose(&bench, "739164"), Ok(LockState::Open));
    assert_eq!(choose(&bench, "264913"), first, "once");
    bench.reopen();
    assert_eq!(bench.app().unlock("739164".to_owned()), Ok(LockState::Open));
}

#[test]
fn a_try_counts_although_the_app_is_killed_and_a_right_one_forgives_them() {
    let mut bench = with_pin();
    for left in [4, 3] {
        bench.reopen();
        assert_eq!(wrong(&bench), LockState::Locked { tries_left: left });
    }
    bench.reopen();
    assert_eq!(
        bench.app().lock_state().unwrap(),
        LockState::Locked { tries_left: 3 }
    );
    bench.app().unlock(PIN.to_owned()).unwrap();
    bench.app().lock();
    assert_eq!(
        bench.app().lock_state().unwrap(),
        LockState::Locked { tries_left: 5 }
    );
}

#[test]
fn a_keystore_that_does_not_answer_costs_no_try() {
    let bench = with_pin();
    bench.app().lock();
    let silent = |is: bool| {
        let lost = &bench.hands.key_lost;
        lost.store(is, std::sync::atomic::Ordering::SeqCst);
    };
    silent(true);
    for _ in 0..6 {
        let shown = bench.app().unlock(PIN.to_owned());
        assert!(matches!(shown, Err(CoreError::Bug { .. })));
    }
    silent(false);
    assert_eq!(
        bench.app().lock_state().unwrap(),
        LockState::Locked { tries_left: 5 }
    );
    assert_eq!(bench.app().unlock(PIN.to_owned()), Ok(LockState::Open));
}

#[test]
fn the_pin_is_nowhere_on_the_disk_and_its_hash_is_worth_nothing_without_the_phones_key() {
    let bench = with_pin();
    for entry in std::fs::read_dir(bench.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(6).any(|window| window == PIN.as_bytes()));
        }
    }
    let mut other = bench;
    other.hands.new_database_key();
    other.reopen();
    if cfg!(feature = "sqlcipher") {
        // Nothing of the disk opens, its hash least of all: the app begins anew.
        let status = other.app().status().unwrap();
        assert!(!status.enrolled && status.key_lost);
        assert_eq!(other.app().lock_state().unwrap(), LockState::NoPin);
        return;
    }
    assert_eq!(
        other.app().unlock(PIN.to_owned()).unwrap(),
        LockState::Locked { tries_left: 4 }
    );
}

/// Every one of the visits is on the server with its photo.
fn assert_delivered(bench: &Bench) {
    assert_eq!(bench.server.received.len(), UNSENT);
    let outbox = bench.app().outbox().unwrap();
    assert_eq!(outbox.len(), UNSENT);
    for visit in outbox {
        assert_eq!(visit.state, OutboxState::Sent, "{}", visit.visit);
        assert_eq!(visit.photos_received, 1);
    }
}

#[test]
fn after_five_wrong_pins_the_roster_is_gone_the_draft_is_shut_and_forty_visits_are_delivered() {
    let mut bench = with_pin();
    let draft = bench.app().begin_visit(begin()).unwrap();
    for _ in 0..UNSENT {
        bench.seal(None, &[300]);
    }
    for _ in 0..4 {
        wrong(&bench);
    }
    // Killed before the last one is judged or after: it is the last one all the same.
    assert_eq!(wrong(&bench), LockState::SignInNeeded);
    let rosters = || {
        std::fs::read_dir(bench.folder())
            .unwrap()
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with("account-")
            })
            .count()
    };
    assert_eq!(rosters(), 0);
    assert!(!bench.app().status().unwrap().signed_in);
    assert_eq!(bench.app().draft(draft), Err(CoreError::Locked));
    assert_eq!(
        bench.app().unlock(PIN.to_owned()).unwrap(),
        LockState::SignInNeeded,
        "the right one comes too late"
    );
    bench.reopen();
    assert_eq!(bench.app().lock_state().unwrap(), LockState::SignInNeeded);
    assert_eq!(bench.app().draft(draft), Err(CoreError::Locked));
    // A colleague can carry them meanwhile.
    let file = bench.folder().join("titip.tilik");
    let file = file.to_string_lossy().into_owned();
    let unsent = bench.app().unsent().unwrap();
    assert_eq!(bench.app().export_bundle(unsent, file).unwrap(), 40);
    bench.sign_in();
    assert_eq!(bench.app().lock_state().unwrap(), LockState::NoPin);
    assert_eq!(bench.app().drafts().unwrap(), [draft]);
    bench.settle_in_time();
    assert_delivered(&bench);
}

#[test]
fn whoever_forgot_the_pin_signs_in_before_the_lock_and_loses_nothing() {
    let mut bench = with_pin();
    let draft = bench.app().begin_visit(begin()).unwrap();
    bench.reopen();
    let locked = LockState::Locked { tries_left: 5 };
    assert_eq!(bench.app().lock_state().unwrap(), locked);
    // A wrong password opens nothing and takes nothing.
    bench
        .app()
        .sign_in("siti".to_owned(), "salah".to_owned())
        .unwrap();
    bench.settle();
    assert!(bench.app().status().unwrap().signed_in);
    assert_eq!(bench.app().lock_state().unwrap(), locked);
    assert_eq!(bench.app().draft(draft), Err(CoreError::Locked));
    bench.sign_in();
    assert_eq!(bench.app().lock_state().unwrap(), LockState::NoPin);
    assert_eq!(bench.app().drafts().unwrap(), [draft]);
    assert_eq!(bench.app().today(today()).unwrap().total, 1);
    bench.app().choose_pin("739164".to_owned()).unwrap();
    bench.reopen();
    assert_eq!(bench.app().unlock("739164".to_owned()), Ok(LockState::Open));
}

#[test]
fn another_officer_does_not_see_the_draft_of_the_one_before() {
    let mut bench = with_pin();
    let draft = bench.app().begin_visit(begin()).unwrap();
    let first = bench.server.officer;
    bench.server.officer = tilik_protocol::ids::UserId(Uuid::from_u128(78));
    bench.app().sign_out().unwrap();
    bench.settle();
    bench.app().lock();
    bench.sign_in();
    assert_eq!(bench.app().lock_state().unwrap(), LockState::NoPin);
    assert_eq!(bench.app().drafts().unwrap(), []);
    assert_eq!(bench.app().draft(draft), Err(CoreError::Locked));
    bench.app().sign_out().unwrap();
    bench.settle();
    bench.server.officer = first;
    bench.sign_in();
    assert_eq!(bench.app().drafts().unwrap(), [draft]);
}

#[test]
fn a_phone_that_lost_its_signing_key_is_enrolled_anew_and_delivers_forty_visits() {
    let mut bench = Bench::enrolled();
    for _ in 0..UNSENT {
        bench.seal(None, &[300]);
    }
    let before = bench.app().status().unwrap().device;
    bench.hands.new_key();
    bench.reopen();
    bench.server.device = None;
    bench.app().enrol("ABCDEFGHJK".to_owned()).unwrap();
    bench.settle_in_time();
    assert_ne!(bench.app().status().unwrap().device, before);
    bench.sign_in();
    bench.settle_in_time();
    assert_delivered(&bench);
}
