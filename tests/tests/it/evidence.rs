//! What a phone says is not believed because it says so: reused photos, visits of another kind, pins and clocks that do
//! not fit, second visits, officers who are no longer, and ids that somebody else used first.

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{Flag, PhotoKind, VisitKind};
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::manifest::{Hash32, ManifestPin};
use tilik_protocol::review::{CaseView, VisitView};
use tilik_protocol::session::UserView;
use tilik_protocol::sync::{FlagView, MeasureUnit, SyncReply, VisitStatus};
use tilik_protocol::time::Timestamp;
use tilik_tests::handmade::SoftPhone;
use tilik_tests::world::Answer;
use tilik_tests::{Staff, Village, World, village};

/// A city with two officers, each with a phone.
struct Ground {
    world: World,
    staff: Staff,
    village: Village,
    one: SoftPhone,
    other: SoftPhone,
}

async fn ground(seed: u64, homes: usize) -> Ground {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(2).await.unwrap();
    let village = world.village(homes, 0).await.unwrap();
    let mut phones = Vec::new();
    for officer in &staff.officers {
        let phone = SoftPhone::enrolled(&world, &staff.colleague, officer).await;
        phones.push(phone.unwrap());
    }
    let other = phones.pop().unwrap();
    let one = phones.pop().unwrap();
    Ground {
        world,
        staff,
        village,
        one,
        other,
    }
}

impl Ground {
    /// A case about a home, with the officer of `phone`.
    async fn assigned(&self, home: usize, kind: VisitKind, phone: &SoftPhone) -> CaseId {
        let opened = self
            .staff
            .supervisor
            .open_cases(
                &[self.village.homes[home].family],
                kind,
                Some(phone.officer.id),
                None,
            )
            .await
            .unwrap();
        opened.cases[0]
    }

    async fn case(&self, id: CaseId) -> CaseView {
        self.staff.auditor.case(id).await.unwrap()
    }

    async fn state(&self, id: CaseId) -> CaseState {
        self.case(id).await.state.known().unwrap()
    }

    /// The supervisor takes the next case, which must be this one, and accepts it.
    async fn accepting(&self, id: CaseId) -> Answer {
        let claimed = self.staff.supervisor.claim().await.unwrap().unwrap();
        assert_eq!(claimed.id, id);
        self.staff.supervisor.act(id, "accept").await.unwrap()
    }

    async fn returned(&self, id: CaseId) {
        self.staff.supervisor.claim().await.unwrap();
        let reason = json!({ "target": { "kind": "visit" }, "code": "FOTO_BURAM" });
        let reason = serde_json::from_value(reason).unwrap();
        let told = self.staff.supervisor.return_case(id, vec![reason]).await;
        assert_eq!(told.unwrap().state.known(), Some(CaseState::Returned));
    }

    async fn end(self) {
        let by = self.world.app().unwrap();
        let by = by.store.acting_as_system("a test looks");
        let broken = by.verify_journal().await.unwrap();
        assert!(broken.is_ok(), "{broken:?}");
        self.world.end().await;
    }
}

fn visit_of(case: &CaseView, id: VisitId) -> &VisitView {
    case.visits.iter().find(|visit| visit.id == id).unwrap()
}

fn flags(visit: &VisitView) -> Vec<Flag> {
    let known = visit.flags.iter().filter_map(|view| view.flag.known());
    known.collect()
}

fn flag(visit: &VisitView, flag: Flag) -> &FlagView {
    let found = visit
        .flags
        .iter()
        .find(|view| view.flag.known() == Some(flag));
    found.unwrap_or_else(|| panic!("{flag} is not among {:?}", visit.flags))
}

#[tokio::test]
async fn one_photo_of_two_houses_flags_both_visits_whichever_phone_sends_it() {
    let mut ground = ground(700, 3).await;
    let (one, other) = (ground.one.clone(), ground.other.clone());
    let mine = ground.assigned(0, VisitKind::Quick, &one).await;
    let theirs = ground.assigned(1, VisitKind::Quick, &other).await;
    let again = ground.assigned(2, VisitKind::Quick, &one).await;
    let first = ground.one.visit(mine, VisitKind::Quick).await.unwrap();
    let seen = ground.case(mine).await;
    assert!(!flags(visit_of(&seen, first.visit())).contains(&Flag::RepeatedPhoto));

    // Another phone, another id, the same bytes.
    let shots = vec![
        ground.other.photograph(0).unwrap(),
        ground.other.shot(first.shots[0].plain.clone()).unwrap(),
    ];
    let manifest = ground
        .other
        .manifest(Some(theirs), VisitKind::Quick, &shots);
    let second = ground.other.seal(manifest, shots);
    ground.other.bring(&second).await.unwrap();
    let case = ground.case(theirs).await;
    let told = flag(visit_of(&case, second.visit()), Flag::RepeatedPhoto);
    assert_eq!(told.visit, Some(first.visit()));
    let case = ground.case(mine).await;
    let told = flag(visit_of(&case, first.visit()), Flag::RepeatedPhoto);
    assert_eq!(told.visit, Some(second.visit()));

    // Who looked before that has not seen it: an acceptance of what was seen then is stale.
    assert!(case.version > seen.version);
    ground.staff.supervisor.claim().await.unwrap();
    let body = json!({ "event_id": ground.staff.supervisor.event(), "seen_version": seen.version });
    let path = format!("/v1/cases/{mine}/accept");
    let stale = ground.staff.supervisor.post(&path, &body).await;
    assert_eq!(stale.verdict(), "409 stale");
    // Accepted knowingly, the approver still has the last word.
    let accepted = ground.staff.supervisor.act(mine, "accept").await.unwrap();
    assert_eq!(accepted.status, 200);
    for membership in &case.memberships {
        let kept = ground
            .staff
            .operator
            .decide(mine, membership.id, None)
            .await;
        assert_eq!(kept.unwrap().status, 200);
    }
    assert_eq!(ground.state(mine).await, CaseState::AwaitingApproval);

    // The same phone names the photo once more, by the id it has.
    let shots = vec![ground.one.photograph(0).unwrap(), first.shots[0].clone()];
    let manifest = ground.one.manifest(Some(again), VisitKind::Quick, &shots);
    let third = ground.one.seal(manifest, shots);
    ground.one.sync(&[&third]).await.unwrap();
    let case = ground.case(again).await;
    flag(visit_of(&case, third.visit()), Flag::RepeatedPhoto);
    ground.end().await;
}

#[tokio::test]
async fn a_retake_that_keeps_photos_of_its_own_case_repeats_nothing() {
    let mut ground = ground(701, 1).await;
    let one = ground.one.clone();
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    let first = ground.one.visit(case, VisitKind::Quick).await.unwrap();
    ground.returned(case).await;
    let shots = vec![first.shots[0].clone(), ground.one.photograph(1).unwrap()];
    let manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
    let second = ground.one.seal(manifest, shots);
    ground.one.bring(&second).await.unwrap();
    let seen = ground.case(case).await;
    assert_eq!(seen.current_visit, Some(second.visit()));
    for visit in &seen.visits {
        assert!(!flags(visit).contains(&Flag::RepeatedPhoto), "{visit:?}");
    }
    ground.end().await;
}

#[tokio::test]
async fn one_picture_under_two_names_is_one_photo() {
    let mut ground = ground(702, 1).await;
    let one = ground.one.clone();
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    let left = ground.one.photograph(0).unwrap();
    let right = ground.one.shot(left.plain.clone()).unwrap();
    let shots = vec![left, right];
    let mut manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
    manifest.photos[0].kind = PhotoKind::NarrowLeft.into();
    manifest.photos[1].kind = PhotoKind::NarrowRight.into();
    let visit = ground.one.seal(manifest, shots);
    ground.one.bring(&visit).await.unwrap();
    let seen = ground.case(case).await;
    let taken = visit_of(&seen, visit.visit());
    assert_eq!(flag(taken, Flag::Incomplete).missing, ["front_photo"]);
    flag(taken, Flag::RepeatedPhoto);
    ground.end().await;
}

#[tokio::test]
async fn a_quick_visit_does_not_answer_a_case_that_asks_for_a_full_one() {
    let mut ground = ground(703, 1).await;
    let one = ground.one.clone();
    let case = ground.assigned(0, VisitKind::Full, &one).await;
    let quick = ground.one.visit(case, VisitKind::Quick).await.unwrap();
    let seen = ground.case(case).await;
    let taken = visit_of(&seen, quick.visit());
    assert_eq!(flag(taken, Flag::Incomplete).missing, ["answers"]);
    let refused = ground.accepting(case).await;
    assert_eq!(refused.verdict(), "422 invalid");
    assert_eq!(refused.json()["fields"][0]["code"], "too_little");

    // A full one that comes beside it takes its place; the first is still to be seen.
    let full = ground.one.visit(case, VisitKind::Full).await.unwrap();
    let seen = ground.case(case).await;
    assert_eq!(seen.current_visit, Some(full.visit()));
    assert_eq!(seen.visits.len(), 2);
    let told = flags(visit_of(&seen, full.visit()));
    assert!(!told.contains(&Flag::Incomplete), "{told:?}");
    assert_eq!(ground.accepting(case).await.status, 200);
    ground.end().await;
}

#[tokio::test]
async fn answers_of_a_form_that_is_not_known_are_kept_and_answer_nothing() {
    let mut ground = ground(704, 2).await;
    let one = ground.one.clone();
    for (home, form, version) in [(0, "kepmensos-262", 99), (1, "karangan", 1)] {
        let case = ground.assigned(home, VisitKind::Full, &one).await;
        let shots = vec![ground.one.photograph(0).unwrap()];
        let manifest = ground.one.manifest(Some(case), VisitKind::Full, &shots);
        let answers = [("floor".to_owned(), "8".to_owned())].into();
        let visit = ground
            .one
            .seal_with_answers(manifest, shots, (form, version), &answers)
            .unwrap();
        ground.one.bring(&visit).await.unwrap();
        let seen = ground.case(case).await;
        let taken = visit_of(&seen, visit.visit());
        flag(taken, Flag::UnknownForm);
        assert_eq!(flag(taken, Flag::Incomplete).missing, ["answers"]);
        assert_eq!(taken.answers.len(), 1);
        // The answer is shown as it came, and counts for nothing.
        let shown = &taken.answers[0];
        assert_eq!((shown.text.as_str(), shown.answer.as_str()), ("floor", "8"));
        assert!(!shown.counts);
    }
    ground.end().await;
}

type Change = fn(&mut ManifestPin);

#[tokio::test]
async fn a_pin_is_held_to_the_village_and_house_of_the_case() {
    let mut ground = ground(705, 6).await;
    let one = ground.one.clone();
    let away = |metres: i64| village::DOOR.0 + metres * 90;
    let pins: [(&str, Change, Option<Flag>); 4] = [
        ("nothing wrong", |_| (), None),
        (
            "sure to nothing",
            |pin| pin.accuracy_cm = 0,
            Some(Flag::OddAccuracy),
        ),
        (
            "sure of nothing",
            |pin| pin.accuracy_cm = 100_000_000,
            Some(Flag::OddAccuracy),
        ),
        (
            "beyond the village, and so unsure that it would not matter",
            |pin| {
                pin.lat_e7 = village::DOOR.0 + 2_000_000;
                pin.accuracy_cm = 5_000_000;
            },
            Some(Flag::OutsideBoundary),
        ),
    ];
    let odd = [Flag::OddAccuracy, Flag::OutsideBoundary, Flag::FarFromHouse];
    for (home, (what, change, expected)) in pins.into_iter().enumerate() {
        let case = ground.assigned(home, VisitKind::Quick, &one).await;
        let shots = vec![ground.one.photograph(0).unwrap()];
        let mut manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
        change(manifest.pin.as_mut().unwrap());
        let visit = ground.one.seal(manifest, shots);
        ground.one.bring(&visit).await.unwrap();
        let seen = ground.case(case).await;
        let flags = flags(visit_of(&seen, visit.visit()));
        match expected {
            Some(expected) => assert!(flags.contains(&expected), "{what}: {flags:?}"),
            None => assert!(!flags.iter().any(|flag| odd.contains(flag)), "{flags:?}"),
        }
    }

    // The phone names a village that has no boundary here: the case's own is looked at.
    let case = ground.assigned(4, VisitKind::Quick, &one).await;
    let shots = vec![ground.one.photograph(0).unwrap()];
    let mut manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
    manifest.region = village::elsewhere();
    manifest.pin.as_mut().unwrap().lat_e7 = away(5_000);
    let visit = ground.one.seal(manifest, shots);
    ground.one.bring(&visit).await.unwrap();
    let seen = ground.case(case).await;
    let told = flags(visit_of(&seen, visit.visit()));
    assert!(told.contains(&Flag::OtherRegion), "{told:?}");
    assert!(told.contains(&Flag::OutsideBoundary), "{told:?}");
    ground.end().await;
}

#[tokio::test]
async fn a_pin_far_from_where_the_house_was_accepted_is_flagged() {
    let mut ground = ground(706, 1).await;
    let one = ground.one.clone();
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    ground.one.visit(case, VisitKind::Quick).await.unwrap();
    assert_eq!(ground.accepting(case).await.status, 200);
    for row in ground.case(case).await.memberships {
        let said = ground.staff.operator.decide(case, row.id, None).await;
        assert_eq!(said.unwrap().status, 200);
    }
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    ground.one.visit(case, VisitKind::Quick).await.unwrap();
    for (metres, is_far) in [(60, false), (400, true)] {
        ground.returned(case).await;
        let shots = vec![ground.one.photograph(0).unwrap()];
        let mut manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
        manifest.pin.as_mut().unwrap().lat_e7 += metres * 90;
        let visit = ground.one.seal(manifest, shots);
        ground.one.bring(&visit).await.unwrap();
        let seen = ground.case(case).await;
        let told = flags(visit_of(&seen, visit.visit()));
        assert_eq!(told.contains(&Flag::FarFromHouse), is_far, "{told:?}");
        if is_far {
            let raised = flag(visit_of(&seen, visit.visit()), Flag::FarFromHouse);
            let measure = raised.measure.as_ref().unwrap();
            assert_eq!(measure.unit.known(), Some(MeasureUnit::M));
            assert!((380..=420).contains(&measure.value), "{measure:?}");
            // A hundred metres, and what both pins are unsure of.
            assert_eq!(measure.limit, Some(100 + 8 + 8));
        }
    }
    ground.end().await;
}

#[tokio::test]
async fn a_whole_visit_that_waits_for_review_is_not_put_behind_a_later_one() {
    let mut ground = ground(707, 1).await;
    let one = ground.one.clone();
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    let damaging = ground.one.visit(case, VisitKind::Quick).await.unwrap();
    let before = ground.case(case).await;
    ground.world.pass_s(60).await.unwrap();
    let nicer = ground.one.visit(case, VisitKind::Quick).await.unwrap();

    let seen = ground.case(case).await;
    assert_eq!(seen.state.known(), Some(CaseState::Submitted));
    assert_eq!(seen.current_visit, Some(damaging.visit()));
    assert_eq!(seen.visits.len(), 2, "both are shown");
    assert!(seen.version > before.version, "the reviewer is told");
    let told = flag(visit_of(&seen, nicer.visit()), Flag::SecondVisit);
    assert_eq!(told.visit, Some(damaging.visit()));

    // A returned case takes the next one.
    ground.returned(case).await;
    let asked = ground.one.visit(case, VisitKind::Quick).await.unwrap();
    let seen = ground.case(case).await;
    assert_eq!(seen.current_visit, Some(asked.visit()));
    assert_eq!(seen.visits.len(), 3);
    ground.end().await;
}

#[tokio::test]
async fn the_first_visit_that_is_whole_is_the_one_to_review() {
    let mut ground = ground(708, 2).await;
    let one = ground.one.clone();
    for (home, first_arrives) in [(0, false), (1, true)] {
        let case = ground.assigned(home, VisitKind::Quick, &one).await;
        let first = ground.one.capture(Some(case), VisitKind::Quick, 2).unwrap();
        ground.one.sync(&[&first]).await.unwrap();
        let second = ground.one.capture(Some(case), VisitKind::Quick, 2).unwrap();
        ground.one.sync(&[&second]).await.unwrap();
        let seen = ground.case(case).await;
        assert_eq!(seen.current_visit, Some(first.visit()));
        let mut order = [&second, &first];
        if first_arrives {
            order.reverse();
        }
        for visit in order {
            ground.one.bring(visit).await.unwrap();
        }
        let seen = ground.case(case).await;
        assert_eq!(seen.current_visit, Some(order[0].visit()));
        assert_eq!(seen.visits.len(), 2);
        assert_eq!(ground.accepting(case).await.status, 200);
    }
    ground.end().await;
}

/// Two tries, each with the clock that `clocks` gives it and received at `received`; what agreeing then says.
async fn two_tries(
    ground: &mut Ground,
    home: usize,
    tries: [(Timestamp, Option<Timestamp>, Timestamp); 2],
) -> String {
    let one = ground.one.clone();
    let case = ground.assigned(home, VisitKind::Quick, &one).await;
    for (said, proven, received) in tries {
        let shots = vec![
            ground.one.photograph(0).unwrap(),
            ground.one.photograph(1).unwrap(),
        ];
        let mut manifest = ground
            .one
            .manifest(Some(case), VisitKind::Unreachable, &shots);
        if let Some(proven) = proven {
            manifest.clock = ground.one.clock_at(&ground.world, proven);
        }
        manifest.captured_at = said;
        manifest.clock.wall = said;
        let visit = ground.one.seal(manifest, shots);
        let wait_s = received.seconds_since(ground.world.now());
        ground.world.pass_s(wait_s).await.unwrap();
        ground.one.bring(&visit).await.unwrap();
    }
    let claimed = ground.staff.supervisor.claim().await.unwrap().unwrap();
    assert_eq!(claimed.id, case);
    let agreed = ground
        .staff
        .supervisor
        .act(case, "agree-unreachable")
        .await
        .unwrap();
    let verdict = agreed.verdict();
    if verdict != "200" {
        assert_eq!(agreed.json()["fields"][0]["field"], "visits");
        let closed = ground.staff.supervisor.close(case, "SALAH_BUKA").await;
        assert_eq!(closed.unwrap().status, 200);
    }
    verdict
}

#[tokio::test]
async fn two_tries_count_by_the_time_that_the_server_can_vouch_for() {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    let mut ground = ground(709, 7).await;
    // 08.00 in Kediri.
    let start = |ground: &Ground| ground.world.now();

    // One sitting, and the phone's clock put forward by a day and three hours: its running clock tells.
    let at = start(&ground);
    let received = at.plus_s(2 * DAY);
    let tries = [
        (at, Some(at), received),
        (at.plus_s(DAY + 3 * HOUR), Some(at.plus_s(600)), received),
    ];
    assert_eq!(two_tries(&mut ground, 0, tries).await, "422 invalid");

    // Two days and hours that are proven, received together.
    let at = start(&ground);
    let received = at.plus_s(2 * DAY);
    let later = at.plus_s(DAY + 3 * HOUR);
    let tries = [(at, Some(at), received), (later, Some(later), received)];
    assert_eq!(two_tries(&mut ground, 1, tries).await, "200");

    // The same, with nothing proven: it was one sitting for all the server knows.
    let at = start(&ground);
    let received = at.plus_s(2 * DAY);
    let later = at.plus_s(DAY + 3 * HOUR);
    let tries = [(at, None, received), (later, None, received)];
    assert_eq!(two_tries(&mut ground, 2, tries).await, "422 invalid");

    // Nothing proven, but heard on two days, at the hours that are told.
    let at = start(&ground);
    let later = at.plus_s(DAY + 3 * HOUR);
    let tries = [(at, None, at), (later, None, later)];
    assert_eq!(two_tries(&mut ground, 3, tries).await, "200");

    // Two days, one hour.
    let at = start(&ground);
    let later = at.plus_s(DAY);
    let tries = [(at, Some(at), at), (later, Some(later), later)];
    assert_eq!(two_tries(&mut ground, 4, tries).await, "422 invalid");

    // Proven to be one sitting, the second held back until the next day.
    let at = start(&ground);
    let later = at.plus_s(DAY + 3 * HOUR);
    let tries = [(at, Some(at), at), (later, Some(at.plus_s(600)), later)];
    assert_eq!(two_tries(&mut ground, 5, tries).await, "422 invalid");
    ground.end().await;
}

#[tokio::test]
async fn what_a_suspended_officer_sealed_before_counts_and_what_was_sealed_after_moves_nothing() {
    let mut ground = ground(710, 4).await;
    let one = ground.one.clone();
    let mut cases = Vec::new();
    for home in 0..4 {
        cases.push(ground.assigned(home, VisitKind::Quick, &one).await);
    }
    let sealed = |ground: &mut Ground, case: CaseId, said: Timestamp, proven: Option<Timestamp>| {
        let shots = vec![ground.one.photograph(0).unwrap()];
        let mut manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
        if let Some(proven) = proven {
            manifest.clock = ground.one.clock_at(&ground.world, proven);
        }
        manifest.captured_at = said;
        ground.one.seal(manifest, shots)
    };
    let before = ground.world.now();
    let honest = sealed(&mut ground, cases[0], before, Some(before));
    ground.world.pass_s(3_600).await.unwrap();
    let officer = ground.one.officer.id;
    ground
        .staff
        .admin
        .set_suspended(officer, true)
        .await
        .unwrap();
    ground.world.pass_s(3_600).await.unwrap();
    let now = ground.world.now();
    let after = sealed(&mut ground, cases[1], now, Some(now));
    let backdated = sealed(&mut ground, cases[2], before, Some(now));
    let unproven = sealed(&mut ground, cases[3], before, None);

    // A colleague brings them in.
    let carried = [&honest, &after, &backdated, &unproven];
    let reply = ground.other.sync(&carried).await.unwrap();
    for result in &reply.results {
        assert_eq!(result.status.known(), Some(VisitStatus::Accepted));
    }
    for (n, visit, counts) in [
        (0, &honest, true),
        (1, &after, false),
        (2, &backdated, false),
        (3, &unproven, true),
    ] {
        let seen = ground.case(cases[n]).await;
        let told = flags(visit_of(&seen, visit.visit()));
        assert!(told.contains(&Flag::OfficerEnded), "{n}: {told:?}");
        assert_eq!(
            told.contains(&Flag::SealedAfterEnd),
            !counts,
            "{n}: {told:?}"
        );
        let expected = if counts {
            CaseState::Submitted
        } else {
            CaseState::Assigned
        };
        assert_eq!(seen.state.known(), Some(expected), "{n}");
    }
    ground.end().await;
}

#[tokio::test]
async fn an_officer_whose_grant_ended_is_told_apart_by_when_the_visit_was_sealed() {
    let mut ground = ground(711, 2).await;
    let one = ground.one.clone();
    let cases = [
        ground.assigned(0, VisitKind::Quick, &one).await,
        ground.assigned(1, VisitKind::Quick, &one).await,
    ];
    let seal_now = async |ground: &mut Ground, case: CaseId| {
        let shots = vec![ground.one.photograph(0).unwrap()];
        let mut manifest = ground.one.manifest(Some(case), VisitKind::Quick, &shots);
        manifest.clock = ground.one.clock_at(&ground.world, manifest.captured_at);
        let visit = ground.one.seal(manifest, shots);
        ground.world.pass_s(3_600).await.unwrap();
        visit
    };
    let before = seal_now(&mut ground, cases[0]).await;
    let users: serde_json::Value = ground.staff.admin.get("/v1/users?limit=200").await.json();
    let users: Vec<UserView> = serde_json::from_value(users["items"].clone()).unwrap();
    let officer = ground.one.officer.id;
    let grant = users.iter().find(|user| user.id == officer).unwrap().grants[0].id;
    let event = json!({ "event_id": ground.staff.admin.event() });
    let path = format!("/v1/grants/{grant}/end");
    let ended = ground.staff.admin.post(&path, &event).await;
    assert_eq!(ended.status, 200, "{}", ended.json());
    ground.world.pass_s(3_600).await.unwrap();
    let after = seal_now(&mut ground, cases[1]).await;
    ground.other.sync(&[&before, &after]).await.unwrap();

    // The work was given back when the grant ended; the evidence from before that is still taken.
    let seen = ground.case(cases[0]).await;
    assert_eq!(seen.state.known(), Some(CaseState::Submitted));
    flag(visit_of(&seen, before.visit()), Flag::OfficerEnded);
    let seen = ground.case(cases[1]).await;
    assert_eq!(seen.state.known(), Some(CaseState::Open));
    flag(visit_of(&seen, after.visit()), Flag::SealedAfterEnd);
    ground.end().await;
}

async fn receipts(phone: &mut SoftPhone, photos: &[PhotoId]) -> Vec<PhotoId> {
    let mut body = phone.sync_body(Vec::new());
    body.ask_receipts = photos.to_vec();
    let reply: SyncReply = phone.exchange(body).await.unwrap();
    reply.receipts.iter().map(|told| told.photo).collect()
}

#[tokio::test]
async fn receipts_are_told_to_those_whose_phone_took_the_photo_or_who_carried_it() {
    let mut ground = ground(712, 2).await;
    let one = ground.one.clone();
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    let visit = ground.one.visit(case, VisitKind::Quick).await.unwrap();
    let photos: Vec<PhotoId> = visit.shots.iter().map(|shot| shot.id).collect();
    assert_eq!(receipts(&mut ground.one, &photos).await.len(), 2);
    assert_eq!(receipts(&mut ground.other, &photos).await, []);
    // The officer's next phone may ask too.
    let mut next = SoftPhone::enrolled(
        &ground.world,
        &ground.staff.supervisor,
        &ground.staff.officers[0],
    )
    .await
    .unwrap();
    assert_eq!(receipts(&mut next, &photos).await.len(), 2);
    // Whoever brings the visit, though it was here before them, has it to answer for.
    let again = ground.other.sync(&[&visit]).await.unwrap();
    assert_eq!(
        again.results[0].status.known(),
        Some(VisitStatus::Duplicate)
    );
    assert_eq!(receipts(&mut ground.other, &photos).await.len(), 2);
    ground.end().await;
}

#[tokio::test]
async fn an_id_that_a_carrier_used_up_first_does_not_cost_the_honest_visit() {
    let mut ground = ground(713, 2).await;
    let (one, other) = (ground.one.clone(), ground.other.clone());
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    let bait = ground.assigned(1, VisitKind::Quick, &other).await;
    let honest = ground.one.capture(Some(case), VisitKind::Quick, 2).unwrap();

    // The carrier reads the ids in the bundle and uses them for a visit of their own.
    let shots = vec![ground.other.photograph(0).unwrap()];
    let mut manifest = ground.other.manifest(Some(bait), VisitKind::Quick, &shots);
    manifest.visit = honest.visit();
    let squatter = ground.other.seal(manifest, shots);
    let reply = ground.other.sync(&[&squatter]).await.unwrap();
    assert_eq!(reply.results[0].status.known(), Some(VisitStatus::Accepted));

    let reply = ground.one.sync(&[&honest]).await.unwrap();
    assert_eq!(reply.results[0].status.known(), Some(VisitStatus::Accepted));
    assert_eq!(reply.results[0].visit, Some(honest.visit()));
    assert_eq!(reply.results[0].wanted.len(), 2);
    ground.one.bring(&honest).await.unwrap();
    let again = ground.one.sync(&[&honest]).await.unwrap();
    assert_eq!(
        again.results[0].status.known(),
        Some(VisitStatus::Duplicate)
    );

    let seen = ground.case(case).await;
    assert_eq!(seen.state.known(), Some(CaseState::Submitted));
    let [kept] = &seen.visits[..] else {
        panic!("one visit: {:?}", seen.visits);
    };
    assert!(kept.complete_at.is_some());
    assert_eq!(kept.officer, one.officer.id);
    assert_eq!(flag(kept, Flag::SharedId).visit, Some(honest.visit()));
    let baited = ground.case(bait).await;
    let told = flag(visit_of(&baited, honest.visit()), Flag::SharedId);
    assert_eq!(told.visit, Some(kept.id));
    assert_eq!(ground.accepting(case).await.status, 200);
    ground.end().await;
}

#[tokio::test]
async fn a_photo_whose_id_a_carrier_used_up_first_still_comes_in() {
    let mut ground = ground(714, 2).await;
    let (one, other) = (ground.one.clone(), ground.other.clone());
    let case = ground.assigned(0, VisitKind::Quick, &one).await;
    let bait = ground.assigned(1, VisitKind::Quick, &other).await;
    let honest = ground.one.capture(Some(case), VisitKind::Quick, 2).unwrap();
    let mut shots = vec![
        ground.other.photograph(0).unwrap(),
        ground.other.photograph(1).unwrap(),
    ];
    shots[0].id = honest.shots[0].id;
    shots[1].id = honest.shots[1].id;
    let manifest = ground.other.manifest(Some(bait), VisitKind::Quick, &shots);
    let squatter = ground.other.seal(manifest, shots);
    ground.other.sync(&[&squatter]).await.unwrap();
    // One of its photos is uploaded, of the other there is only the name.
    let sent = &squatter.shots[0];
    let sent = ground.other.announce(sent, squatter.visit(), &sent.sealed);
    sent.await.unwrap().ok().unwrap();

    let reply = ground.one.sync(&[&honest]).await.unwrap();
    assert_eq!(reply.results[0].status.known(), Some(VisitStatus::Accepted));
    assert_eq!(reply.results[0].wanted.len(), 2);
    let named: Vec<PhotoId> = honest.shots.iter().map(|shot| shot.id).collect();
    // In pieces too: the phone asks and appends under the id that it knows.
    let first = &honest.shots[0];
    let begun = ground
        .one
        .announce(first, honest.visit(), &[])
        .await
        .unwrap();
    assert_eq!(begun.ok().unwrap().headers["upload-offset"], "0");
    let token = ground.one.token().await.unwrap();
    let bearer = format!("Bearer {token}");
    let path = format!("/v1/uploads/{}", first.id);
    let headers = [
        ("authorization", bearer.as_str()),
        ("tus-resumable", "1.0.0"),
    ];
    let asked = ground.world.call_with("HEAD", &path, &headers, None).await;
    let asked = asked.unwrap().ok().unwrap();
    assert_eq!(asked.headers["upload-offset"], "0");
    assert_eq!(
        asked.headers["upload-length"],
        first.sealed.len().to_string().as_str()
    );
    ground.one.bring(&honest).await.unwrap();

    let seen = ground.case(case).await;
    let kept = visit_of(&seen, honest.visit());
    assert!(kept.complete_at.is_some(), "{kept:?}");
    flag(kept, Flag::SharedId);
    let baited = ground.case(bait).await;
    flag(visit_of(&baited, squatter.visit()), Flag::SharedId);
    let told = receipts(&mut ground.one, &named).await;
    assert_eq!(told.len(), 2, "by the ids that the phone knows");
    assert!(told.iter().all(|photo| named.contains(photo)));
    // Each sees the bytes that its own phone signed.
    let app = ground.world.app().unwrap();
    let by = app.store.acting_as_system("a test looks");
    let hashes = [
        honest.shots[0].plain.as_slice(),
        squatter.shots[0].plain.as_slice(),
    ]
    .map(|plain| Hash32::of(plain).0);
    let mine = by.expected(kept.photos[0].id).await.unwrap().unwrap();
    let theirs = by.expected(named[0]).await.unwrap().unwrap();
    assert_eq!([mine.sha256, theirs.sha256], hashes);
    assert!(mine.received && theirs.received);
    ground.end().await;
}

#[tokio::test]
async fn of_two_visits_that_call_two_photos_the_same_in_one_moment_one_is_a_conflict() {
    let mut ground = ground(1_990, 1).await;
    let token = ground.one.token().await.unwrap();
    let door = ground.world.doorway();
    for n in 0..20 {
        let first = ground.one.photograph(2 * n).unwrap();
        let mut second = ground.one.photograph(2 * n + 1).unwrap();
        second.id = first.id;
        let bodies = [first, second].map(|shot| {
            let phone = &mut ground.one;
            let manifest = phone.manifest(None, VisitKind::Finding, std::slice::from_ref(&shot));
            let visit = phone.seal(manifest, vec![shot]);
            let body = phone.sync_body(vec![visit.sealed()]);
            serde_json::to_value(&body).unwrap()
        });
        let [one, other] = &bodies;
        let (one, other) = tokio::join!(
            door.call("POST", "/v1/sync", Some(&token), Some(one)),
            door.call("POST", "/v1/sync", Some(&token), Some(other)),
        );
        let mut told = [one, other].map(|answer| {
            let reply: SyncReply = serde_json::from_slice(&answer.body).unwrap();
            reply.results[0].status.to_string()
        });
        told.sort();
        assert_eq!(told, ["accepted", "conflict"], "pair {n}");
    }
    ground.world.end().await;
}
