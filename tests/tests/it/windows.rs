//! The days on which proposals are taken, and by which families are visited and deliberations held: who sets them, and in
//! which order they are told.

use serde_json::{Value, json};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::{ProposalState, ProposalView};
use tilik_protocol::review::Page;
use tilik_protocol::session::UserView;
use tilik_protocol::tasks::{Closing, Tasks};
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::{Standing, WindowState, WindowView};
use tilik_tests::people::{Staff, hire};
use tilik_tests::proposals::meeting;
use tilik_tests::requests::about;
use tilik_tests::village::{self, PKH};
use tilik_tests::world::Answer;
use tilik_tests::{Console, World};

use crate::proposals::{act, done, drafted, office, propose, see, state, window, wrong, yes};

const DUTY: &str = "403 separation_of_duty";

async fn told(by: &Console) -> Vec<WindowView> {
    let page: Page<WindowView> = by.get("/v1/windows").await.ok().unwrap().read().unwrap();
    page.items
}

async fn ask(by: &Console, act: &str, last: u8) -> Answer {
    let body = json!({
        "event_id": by.event(), "act": act, "regime": "dtsen", "opens": { "day": 1 },
        "closes": { "day": last }, "document_number": "SE/7/2026",
    });
    by.post("/v1/windows", &body).await
}

async fn confirm(by: &Console, window: &WindowView) -> Answer {
    let body = json!({ "event_id": by.event() });
    let path = format!("/v1/windows/{}/confirm", window.id);
    by.post(&path, &body).await
}

async fn closing(by: &Console) -> Vec<Closing> {
    let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
    tasks.closing
}

async fn end_grants(staff: &Staff, of: &Console) {
    let users: Value = staff.admin.get("/v1/users?limit=200").await.json();
    let users: Vec<UserView> = serde_json::from_value(users["items"].clone()).unwrap();
    let user = users.iter().find(|user| user.id == of.user()).unwrap();
    for grant in &user.grants {
        let body = json!({ "event_id": staff.admin.event() });
        let path = format!("/v1/grants/{}/end", grant.id);
        staff.admin.post(&path, &body).await.ok().unwrap();
    }
}

#[tokio::test]
async fn who_asked_for_other_days_does_not_put_them_in_force_as_an_approver_later() {
    let (world, staff, _) = office(1260).await;
    let desk = (&staff.admin, &staff.approver);
    let city = [village::city()];
    let turncoat = hire(desk, "datin", Role::Admin, &city).await.unwrap();
    let made: WindowView = ask(&turncoat, "payee_change", 9)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    end_grants(&staff, &turncoat).await;
    let grant = staff
        .admin
        .add_grant(turncoat.user(), Role::Approver, &city, None)
        .await
        .unwrap();
    staff.approver.confirm_grant(grant.id).await.unwrap();
    assert_eq!(confirm(&turncoat, &made).await.verdict(), DUTY);
    assert_eq!(confirm(&staff.approver, &made).await.verdict(), "200");
    world.end().await;
}

#[tokio::test]
async fn days_that_count_everywhere_are_set_by_whoever_reaches_everywhere() {
    let (world, staff, _) = office(1261).await;
    let made: WindowView = ask(&staff.admin, "payee_change", 9)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let store = world.app().unwrap().store;
    store
        .plant_region(&"35.72".parse().unwrap(), "KOTA BLITAR", None)
        .await
        .unwrap();
    // With a second city in the registry, an admin and an approver of one say nothing for both.
    let refused = ask(&staff.admin, "relocation", 9).await;
    assert_eq!(refused.verdict(), "403 forbidden");
    assert_eq!(
        confirm(&staff.approver, &made).await.verdict(),
        "403 forbidden"
    );
    let desk = (&staff.admin, &staff.approver);
    let both = hire(
        desk,
        "datin.kecamatan",
        Role::Admin,
        &["35.71.03".parse().unwrap()],
    )
    .await
    .unwrap();
    assert_eq!(ask(&both, "relocation", 9).await.verdict(), "403 forbidden");
    world.end().await;
}

#[tokio::test]
async fn days_of_before_are_told_the_last_word_first_whichever_database_it_is() {
    let (world, staff, _) = office(1262).await;
    // What came with Tilik was confirmed by nobody; it is the oldest.
    window(&staff, "new", json!({ "day": 2 }), json!({ "day": 20 })).await;
    for last in [7, 8] {
        world.pass_s(60).await.unwrap();
        let made: WindowView = ask(&staff.admin, "payee_change", last)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        let body = json!({ "event_id": staff.approver.event(), "reason": "TANPA_DASAR" });
        let path = format!("/v1/windows/{}/refuse", made.id);
        staff.approver.post(&path, &body).await.ok().unwrap();
    }
    let before: Vec<_> = told(&staff.auditor)
        .await
        .into_iter()
        .filter(|one| {
            !matches!(
                one.state.known(),
                Some(WindowState::InForce | WindowState::Waiting)
            )
        })
        .map(|one| (one.act.to_string(), one.closes.day))
        .collect();
    assert_eq!(
        before,
        [
            ("payee_change".to_owned(), Some(8)),
            ("payee_change".to_owned(), Some(7)),
            ("new".to_owned(), Some(17)),
        ]
    );
    world.end().await;
}

#[tokio::test]
async fn a_city_begins_with_days_for_the_programs_as_they_are_called() {
    let world = World::new(1263).await.unwrap();
    let staff = world.staff(0).await.unwrap();
    let all = told(&staff.auditor).await;
    let days = |act: &str, program: Option<&str>, regime: &str| {
        all.iter()
            .find(|one| {
                one.act.to_string() == act
                    && one.program.as_deref() == program
                    && one.regime.to_string() == regime
            })
            .map(|one| (one.opens.day, one.closes.day, one.closes.month_end_minus))
    };
    // The code of the table of programs, not one like it.
    assert_eq!(
        days("program", Some("PBI-JK"), "dtks"),
        Some((Some(1), Some(11), None))
    );
    // Who is ill does not wait for a day of the month.
    assert_eq!(
        days("pbi_reactivation", None, "dtsen"),
        Some((Some(1), None, Some(0)))
    );
    assert_eq!(
        days("pbi_reactivation", None, "dtks"),
        Some((Some(1), Some(11), None))
    );
    let refused = ask(&staff.admin, "program", 40).await;
    assert_eq!(wrong(&refused), ["bad_closing"]);
    world.end().await;
}

#[tokio::test]
async fn what_came_too_late_is_taken_for_the_period_that_an_approver_opens_again() {
    let (world, staff, village) = office(1264).await;
    // It is the 24th: closed since the 10th.
    let shut = window(
        &staff,
        "payee_change",
        json!({ "day": 1 }),
        json!({ "day": 9 }),
    )
    .await;
    let Some(Standing::Closed { period, .. }) = &shut.standing else {
        panic!("{shut:?}");
    };
    assert_eq!(period, "2026-12");
    let path = format!("/v1/windows/{}/reopen", shut.id);
    let body = |by: &Console, last: &str| json!({ "event_id": by.event(), "last_day": last, "document_number": "ND/3/2026" });
    for by in [&staff.admin, &staff.operator, &staff.verifier] {
        let refused = by.post(&path, &body(by, "2026-11-26")).await;
        assert_eq!(refused.verdict(), "403 forbidden");
    }
    let by = &staff.approver;
    for (last, code) in [
        ("26 November", "bad_date"),
        ("2026-11-23", "day_over"),
        ("2026-12-01", "next_period"),
        ("+262142-12-31", "next_period"),
    ] {
        let refused = by.post(&path, &body(by, last)).await;
        assert_eq!(wrong(&refused), [code], "{last}");
    }
    let mut no_document = body(by, "2026-11-26");
    no_document["document_number"] = json!("nota dinas");
    assert_eq!(wrong(&by.post(&path, &no_document).await), ["missing"]);
    // What is open by its own days needs no word.
    let close = format!("/v1/windows/{}/close", shut.id);
    let act = |by: &Console| json!({ "event_id": by.event() });
    assert_eq!(
        by.post(&close, &act(by)).await.verdict(),
        "409 wrong_moment"
    );
    let again = body(by, "2026-11-26");
    let opened: WindowView = by.post(&path, &again).await.ok().unwrap().read().unwrap();
    let until: Timestamp = "2026-11-26T17:00:00Z".parse().unwrap();
    let open = Some(Standing::Open {
        period: "2026-11".to_owned(),
        closes_at: until,
    });
    assert_eq!(opened.standing, open);
    // Said twice it is said once.
    let twice: WindowView = by.post(&path, &again).await.ok().unwrap().read().unwrap();
    assert_eq!(twice, opened);
    let told = told(&staff.auditor).await;
    let told = told.iter().find(|one| one.id == shut.id).unwrap();
    let reopened = told.reopened.as_ref().unwrap();
    assert_eq!(reopened.last_day, "2026-11-26");
    assert!(reopened.by_name.is_some());
    // The operator, with a draft, is reminded of its end.
    let operator = &staff.operator;
    let home = &village.homes[0];
    let content =
        json!({ "kind": "payee_change", "family": home.family, "person": home.persons[0] });
    drafted(operator, content).await;
    let tasks: Tasks = operator
        .get("/v1/tasks")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(tasks.closing.len(), 1);
    let closing = &tasks.closing[0];
    assert_eq!(
        (closing.period.as_str(), closing.closes_at, closing.waiting),
        ("2026-11", until, 1)
    );
    // Nobody else is: they write no proposals.
    let tasks: Tasks = staff
        .verifier
        .get("/v1/tasks")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(tasks.closing, []);
    // Closed before its day, and once it has closed there is nothing to remind of.
    let closed: WindowView = by
        .post(&close, &act(by))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert!(matches!(closed.standing, Some(Standing::Closed { .. })));
    let tasks: Tasks = operator
        .get("/v1/tasks")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(tasks.closing, []);
    // Opened once more for longer it is early to speak of its end, until three days before.
    by.post(&path, &body(by, "2026-11-29")).await.ok().unwrap();
    let closing = async || {
        let tasks: Tasks = operator
            .get("/v1/tasks")
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        tasks.closing.len()
    };
    assert_eq!(closing().await, 0);
    world.pass_days(3).await.unwrap();
    assert_eq!(closing().await, 1);
    world.pass_days(3).await.unwrap();
    assert_eq!(closing().await, 0);
    world.end().await;
}

#[tokio::test]
async fn a_visit_that_nobody_gave_a_day_is_due_when_its_window_closes_and_stays_open_after_it() {
    let (world, staff, village) = office(1265).await;
    let by = &staff.supervisor;
    let officer = staff.officers[0].id;
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let opened = async |n: usize, closes| {
        let families = [village.homes[n].family];
        let opened = by.open_cases(&families, VisitKind::Quick, Some(officer), closes);
        opened.await.unwrap().cases[0]
    };
    let due = async |case| by.case(case).await.unwrap().closes_at;
    let state = async |case| by.case(case).await.unwrap().state.known().unwrap();
    // It is the 24th: less than a week is left of the month, as the window that comes with Tilik has it.
    let first = opened(0, None).await;
    assert_eq!(due(first).await, at("2026-12-31T16:59:59Z"));
    // A day that somebody said is that day.
    let said = opened(1, at("2026-11-28T16:59:59Z")).await;
    assert_eq!(due(said).await, at("2026-11-28T16:59:59Z"));
    // The window is changed: what was open keeps its day.
    let set = window(
        &staff,
        "verification",
        json!({ "day": 1 }),
        json!({ "day": 20 }),
    )
    .await;
    assert!(matches!(set.standing, Some(Standing::Closed { .. })));
    let second = opened(2, None).await;
    assert_eq!(due(second).await, at("2026-12-20T16:59:59Z"));
    assert_eq!(due(first).await, at("2026-12-31T16:59:59Z"));
    // A visit is never refused: there is nothing to open again, and no program by itself.
    let body = json!({ "event_id": staff.approver.event(), "last_day": "2026-11-26", "document_number": "ND/3/2026" });
    let path = format!("/v1/windows/{}/reopen", set.id);
    let refused = staff.approver.post(&path, &body).await;
    assert_eq!(refused.verdict(), "409 wrong_moment");
    let body = json!({ "event_id": staff.admin.event(), "act": "verification", "program": "PKH", "regime": "dtsen",
        "opens": { "day": 1 }, "closes": { "day": 20 }, "document_number": "SE/7/2026" });
    let refused = staff.admin.post("/v1/windows", &body).await;
    assert_eq!(wrong(&refused), ["not_allowed"]);
    // Who gives visits is told three days before; nobody else is.
    let closing = async |by: &Console| {
        let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
        tasks.closing
    };
    assert_eq!(closing(by).await, []);
    world.pass_days(3).await.unwrap();
    let told = closing(by).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].act.to_string().as_str(), told[0].period.as_str()),
        ("verification", "2026-11")
    );
    assert_eq!(
        (Some(told[0].closes_at), told[0].waiting),
        (at("2026-11-28T16:59:59Z"), 1)
    );
    assert_eq!(closing(&staff.verifier).await, []);
    // A day that somebody said ends the case: the family is seen in the next period, by the same officer.
    world.pass_days(3).await.unwrap();
    assert_eq!(closing(by).await, []);
    assert_eq!(state(said).await, CaseState::Expired);
    let families = [village.homes[1].family];
    let again = by.open_cases(&families, VisitKind::Quick, Some(officer), None);
    assert_eq!(again.await.unwrap().already_open, families);
    let due_after = "SELECT due_at AS n FROM verification_case WHERE predecessor IS NOT NULL";
    let due_after = Timestamp::from_micros(world.count(due_after).await.unwrap());
    assert_eq!(Some(due_after), at("2026-12-20T16:59:59Z"));
    // The window ends nothing: who was not visited by then is late, and goes on.
    world.pass_days(18).await.unwrap();
    let told = closing(by).await;
    assert_eq!((told.len(), told[0].waiting), (1, 2));
    world.pass_days(6).await.unwrap();
    assert_eq!(closing(by).await, []);
    assert_eq!(state(second).await, CaseState::Assigned);
    assert_eq!(due(second).await, at("2026-12-20T16:59:59Z"));
    world.end().await;
}

#[tokio::test]
async fn a_draft_whose_window_closed_meanwhile_is_refused_and_stays_after_three_reminders() {
    let (world, staff, village) = office(1266).await;
    let operator = &staff.operator;
    // It is the 24th.
    window(&staff, "program", json!({ "day": 1 }), json!({ "day": 26 })).await;
    let content = json!({ "kind": "program", "program": PKH, "family": village.homes[1].family });
    let id = drafted(operator, content).await.row.id;
    let until: Timestamp = "2026-11-26T17:00:00Z".parse().unwrap();
    for day in ["24", "25", "26"] {
        let told = closing(operator).await;
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.closes_at, one.waiting))
            .collect();
        assert_eq!(told, [(until, 1)], "{day}");
        world.pass_days(1).await.unwrap();
    }
    assert_eq!(closing(operator).await, []);
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(wrong(&refused), ["PERIODE_TUTUP"]);
    let view = see(operator, id).await;
    assert_eq!(state(&view), ProposalState::Draft);
    assert_eq!(view.content.program.as_deref(), Some(PKH));
    world.end().await;
}

#[tokio::test]
async fn a_village_whose_matched_proposals_wait_is_told_before_its_days_to_deliberate_are_over() {
    let (world, staff, village) = office(1267).await;
    let operator = &staff.operator;
    let days = |regime: &str, all: &[WindowView]| {
        let one = all
            .iter()
            .find(|one| one.act.to_string() == "deliberation" && one.regime.to_string() == regime);
        let one = one.unwrap();
        let quarter = (one.opens.month_in_quarter, one.closes.month_in_quarter);
        (one.opens.day, one.closes.day, quarter)
    };
    let all = told(&staff.auditor).await;
    assert_eq!(days("dtsen", &all), (Some(1), Some(14), (None, None)));
    assert_eq!(days("dtks", &all), (Some(1), Some(31), (Some(1), Some(3))));
    // It is the 24th.
    let set = window(
        &staff,
        "deliberation",
        json!({ "day": 1 }),
        json!({ "day": 27 }),
    )
    .await;
    let mut views = Vec::new();
    for home in 0..2 {
        let made = propose(operator, about(&village, home), true).await;
        let made: ProposalView = made.ok().unwrap().read().unwrap();
        views.push(done(&staff.verifier, made.row.id, "check", yes()).await);
    }
    let hold = async |day: &str| {
        let mut content = meeting(village::here().as_str(), &views[0]);
        content["held_on"] = json!(day);
        let body = json!({ "event_id": operator.event(), "content": content });
        operator
            .post("/v1/deliberations", &body)
            .await
            .ok()
            .unwrap();
    };
    // One of last month's is none of this period's.
    hold("2026-10-20").await;
    assert_eq!(closing(operator).await, []);
    world.pass_days(1).await.unwrap();
    let told = closing(operator).await;
    let [one] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        (
            one.act.to_string().as_str(),
            one.period.as_str(),
            one.waiting
        ),
        ("deliberation", "2026-11", 2)
    );
    assert_eq!(one.closes_at, "2026-11-27T17:00:00Z".parse().unwrap());
    // Who writes none down is not told of it.
    assert_eq!(closing(&staff.verifier).await, []);
    hold("2026-11-25").await;
    assert_eq!(closing(operator).await, []);
    // Nothing is refused for want of one: there is nothing to open again, and no program by itself.
    world.pass_days(3).await.unwrap();
    let body = json!({ "event_id": staff.approver.event(), "last_day": "2026-11-29", "document_number": "ND/3/2026" });
    let path = format!("/v1/windows/{}/reopen", set.id);
    let refused = staff.approver.post(&path, &body).await;
    assert_eq!(refused.verdict(), "409 wrong_moment");
    let body = json!({ "event_id": staff.admin.event(), "act": "deliberation", "program": PKH, "regime": "dtsen",
        "opens": { "day": 1 }, "closes": { "day": 20 }, "document_number": "SE/7/2026" });
    let refused = staff.admin.post("/v1/windows", &body).await;
    assert_eq!(wrong(&refused), ["not_allowed"]);
    world.end().await;
}
