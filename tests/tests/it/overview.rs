//! The month at a glance: each number is what one would count by hand, of one's own regions, in the region's own days.

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::CaseId;
use tilik_protocol::overview::{Overview, OverviewCounts};
use tilik_protocol::policy::Role;
use tilik_protocol::sync::ReturnReason;
use tilik_protocol::time::Timestamp;
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

const DAY_S: i64 = 86_400;

async fn overview(by: &Console, query: &str) -> Overview {
    let answer = by.get(&format!("/v1/overview?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read().unwrap()
}

fn reasons(codes: &[&str]) -> Vec<ReturnReason> {
    let given = codes
        .iter()
        .map(|code| json!({ "target": { "kind": "visit" }, "code": code }));
    given
        .map(|one| serde_json::from_value(one).unwrap())
        .collect()
}

/// Opens a case of each of these homes of the village, with the officer and until when.
async fn open(desk: &Desk, homes: &[usize], closes_at: Option<Timestamp>) -> Vec<CaseId> {
    let families: Vec<_> = homes
        .iter()
        .map(|n| desk.village.homes[*n].family)
        .collect();
    let officer = Some(desk.phone.officer.id);
    let by = &desk.staff.supervisor;
    let opened = by.open_cases(&families, VisitKind::Quick, officer, closes_at);
    opened.await.unwrap().cases
}

/// Lets time pass until this moment.
async fn until(desk: &Desk, at: &str) {
    let at: Timestamp = at.parse().unwrap();
    desk.world
        .pass_s(at.seconds_since(desk.world.now()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_month_is_counted_as_by_hand_and_only_in_ones_own_regions() {
    let mut desk = desk(951, 8, 0).await;
    let supervisor = desk.staff.supervisor.clone();
    let cases = open(&desk, &[1, 2, 3, 4, 5, 6], None).await;
    // Far away, with nobody.
    let far: Vec<_> = desk
        .village
        .far_homes
        .iter()
        .map(|home| home.family)
        .collect();
    supervisor
        .open_cases(&far, VisitKind::Quick, None, None)
        .await
        .unwrap();
    desk.world.pass_s(90 * 60).await.unwrap();
    for case in &cases[..4] {
        desk.phone.visit(*case, VisitKind::Quick).await.unwrap();
    }
    desk.world.pass_s(60 * 60).await.unwrap();
    desk.phone.visit(cases[4], VisitKind::Quick).await.unwrap();
    // Decided; accepted; returned and waiting again; returned; waiting; not visited.
    supervisor.accept(cases[0]).await.unwrap();
    let membership = desk.membership(cases[0]).await;
    let kept = desk
        .staff
        .operator
        .decide(cases[0], membership, None)
        .await
        .unwrap();
    assert_eq!(kept.status, 200, "{}", kept.json());
    supervisor.accept(cases[1]).await.unwrap();
    let blurred = reasons(&["FOTO_BURAM", "FOTO_BURAM", "ATAP_TERPOTONG"]);
    supervisor.return_case(cases[2], blurred).await.unwrap();
    desk.phone.visit(cases[2], VisitKind::Quick).await.unwrap();
    let dark = reasons(&["ATAP_TERPOTONG", "FOTO_GELAP"]);
    supervisor.return_case(cases[3], dark).await.unwrap();

    let seen = overview(&desk.staff.admin, "month=2026-11").await;
    let here = OverviewCounts {
        target: 6,
        visited: 5,
        returned: 2,
        accepted: 2,
        decided: 1,
        overdue: 0,
    };
    let all = OverviewCounts { target: 9, ..here };
    assert_eq!(seen.now, all);
    assert_eq!(seen.yesterday, OverviewCounts::default());
    let villages: Vec<_> = seen
        .villages
        .iter()
        .map(|row| (row.region.as_str(), row.counts, row.waiting))
        .collect();
    let there = OverviewCounts {
        target: 3,
        ..OverviewCounts::default()
    };
    assert_eq!(
        villages,
        [("35.71.01.1002", there, 0), ("35.71.03.1009", here, 2)]
    );
    let [officer, nobody] = &seen.officers[..] else {
        panic!("one officer, and what nobody has: {:?}", seen.officers);
    };
    assert_eq!(officer.officer, Some(desk.phone.officer.id));
    assert!(officer.name.is_some());
    assert_eq!((officer.counts, officer.waiting), (here, 2));
    // Four after an hour and a half, one after two and a half.
    assert_eq!(officer.median_min, Some(90));
    assert_eq!((nobody.officer, nobody.counts), (None, there));
    assert_eq!(nobody.median_min, None);
    // A return names a reason once, however many photos have it.
    let told: Vec<_> = seen
        .reasons
        .iter()
        .map(|one| (one.code.to_string(), one.returns))
        .collect();
    let expected = [("ATAP_TERPOTONG", 2), ("FOTO_BURAM", 1), ("FOTO_GELAP", 1)];
    assert_eq!(told, expected.map(|(code, n)| (code.to_owned(), n)));
    let days: Vec<_> = seen
        .days
        .iter()
        .map(|day| (day.target, day.visited, day.accepted, day.decided))
        .collect();
    assert_eq!(days.len(), 24, "until today");
    assert_eq!(days[22], (0, 0, 0, 0));
    assert_eq!(days[23], (9, 5, 2, 1));
    assert_eq!(seen.days[23].day, "2026-11-24");
    let ages: Vec<u64> = seen.queue.iter().map(|age| age.cases).collect();
    assert_eq!(ages, [2, 0, 0, 0]);

    // The same of one village, asked for or one's own.
    let asked = format!("month=2026-11&region={}", village::here());
    let one = overview(&desk.staff.auditor, &asked).await;
    assert_eq!((one.now, one.villages.len()), (here, 1));
    let regions = [village::here()];
    let chiefs = (&desk.staff.admin, &desk.staff.approver);
    let local = desk
        .world
        .person(chiefs, "lurah_wilayah", Role::Signatory, &regions)
        .await
        .unwrap();
    let own = overview(&local, "").await;
    assert_eq!((own.now, own.officers.len()), (here, 1));
    assert_eq!(own.month, "2026-11");
    let above = overview(&local, "region=35.71").await;
    assert_eq!(above.now, here);
    let beside = format!("/v1/overview?region={}", village::elsewhere());
    assert_eq!(local.get(&beside).await.verdict(), "404 not_found");
    desk.world.end().await;
}

#[tokio::test]
async fn what_was_taken_back_was_never_counted() {
    let mut desk = desk(952, 4, 0).await;
    let supervisor = desk.staff.supervisor.clone();
    let cases = desk.submitted(1..3).await;
    supervisor.accept(cases[0]).await.unwrap();
    let blurred = reasons(&["FOTO_BURAM"]);
    supervisor.return_case(cases[1], blurred).await.unwrap();
    let seen = overview(&supervisor, "").await;
    assert_eq!((seen.now.accepted, seen.now.returned), (1, 1));
    assert_eq!(seen.reasons.len(), 1);
    for (case, verb) in [(cases[0], "withdraw"), (cases[1], "take-back")] {
        let answer = supervisor.act(case, verb).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
    let seen = overview(&supervisor, "").await;
    assert_eq!((seen.now.accepted, seen.now.returned), (0, 0));
    assert_eq!((seen.now.visited, seen.villages[0].waiting), (2, 2));
    assert!(seen.reasons.is_empty());
    assert_eq!(seen.days.last().unwrap().accepted, 0);
    // The day after, what was said and taken back is not of the day before either; what stands is.
    supervisor.accept(cases[1]).await.unwrap();
    desk.world.pass_s(DAY_S).await.unwrap();
    let seen = overview(&supervisor, "").await;
    assert_eq!((seen.yesterday.accepted, seen.yesterday.returned), (1, 0));
    desk.world.end().await;
}

#[tokio::test]
async fn yesterday_is_what_was_seen_at_its_end() {
    let mut desk = desk(953, 6, 0).await;
    let supervisor = desk.staff.supervisor.clone();
    let closes_at = "2026-11-24T12:00:00Z".parse().unwrap();
    let late = open(&desk, &[1, 2], Some(closes_at)).await;
    let cases = open(&desk, &[3, 4], None).await;
    for case in [late[0], cases[0], cases[1]] {
        desk.phone.visit(case, VisitKind::Quick).await.unwrap();
    }
    supervisor.accept(cases[0]).await.unwrap();
    let blurred = reasons(&["FOTO_BURAM"]);
    supervisor.return_case(late[0], blurred).await.unwrap();
    // 23.59 WIB: both windows have closed, one case returned and one never visited.
    until(&desk, "2026-11-24T16:59:00Z").await;
    let evening = overview(&supervisor, "").await;
    let expected = OverviewCounts {
        target: 4,
        visited: 3,
        returned: 1,
        accepted: 1,
        decided: 0,
        overdue: 2,
    };
    assert_eq!(evening.now, expected);
    // 00.01 WIB, and everything goes on.
    until(&desk, "2026-11-24T17:01:00Z").await;
    open(&desk, &[5], None).await;
    supervisor.accept(cases[1]).await.unwrap();
    let membership = desk.membership(cases[1]).await;
    let kept = desk.staff.operator.decide(cases[1], membership, None).await;
    assert_eq!(kept.unwrap().status, 200);
    let unvisited = desk.case_of(desk.village.homes[2].family).await;
    supervisor
        .assign(&[unvisited], Some(desk.phone.officer.id))
        .await
        .unwrap();
    desk.phone.visit(unvisited, VisitKind::Quick).await.unwrap();
    let morning = overview(&supervisor, "").await;
    assert_eq!(morning.yesterday, expected);
    let expected = OverviewCounts {
        target: 5,
        visited: 4,
        returned: 1,
        accepted: 2,
        decided: 1,
        overdue: 1,
    };
    assert_eq!(morning.now, expected);
    let days: Vec<_> = morning.days[23..]
        .iter()
        .map(|day| (day.target, day.visited, day.accepted, day.decided))
        .collect();
    assert_eq!(days, [(4, 3, 1, 0), (5, 4, 2, 1)]);
    desk.world.end().await;
}

#[tokio::test]
async fn a_month_ends_at_midnight_of_the_region_and_what_it_left_is_late() {
    let mut desk = desk(954, 6, 0).await;
    let supervisor = desk.staff.supervisor.clone();
    // 23.59 and 00.01 WIB; in UTC both are still in November.
    until(&desk, "2026-11-30T16:59:00Z").await;
    let old = open(&desk, &[1, 2], None).await;
    let closes_at = "2026-11-30T16:59:59Z".parse().unwrap();
    open(&desk, &[4], Some(closes_at)).await;
    until(&desk, "2026-11-30T17:01:00Z").await;
    open(&desk, &[5], None).await;
    desk.phone.visit(old[0], VisitKind::Quick).await.unwrap();

    let november = overview(&supervisor, "month=2026-11").await;
    // Not visited: the one that was opened a minute before the month's end, due with the next, and the one whose window
    // closed with the month.
    let expected = OverviewCounts {
        target: 3,
        visited: 1,
        overdue: 1,
        ..OverviewCounts::default()
    };
    assert_eq!(november.now, expected);
    // The visit came after the month: it counts for the case, on no day of November.
    assert_eq!(november.days.len(), 30);
    let last = november.days.last().unwrap();
    assert_eq!((last.target, last.visited), (3, 0));
    assert_eq!(november.yesterday.target, 3);
    assert_eq!(november.yesterday.visited, 0);

    let december = overview(&supervisor, "").await;
    assert_eq!(december.month, "2026-12");
    // The new one, and the successor of the one whose window closed.
    assert_eq!((december.now.target, december.now.overdue), (2, 0));
    assert_eq!(december.days.len(), 1);
    assert_eq!(december.days[0].day, "2026-12-01");
    let october = overview(&supervisor, "month=2026-10").await;
    assert_eq!(october.now, OverviewCounts::default());
    assert!(october.villages.is_empty() && october.officers.is_empty());
    let later = overview(&supervisor, "month=2027-01").await;
    assert!(later.days.is_empty());
    desk.world.end().await;
}

#[tokio::test]
async fn a_window_that_closed_and_its_successor_are_one_case_of_the_month() {
    let mut desk = desk(955, 3, 0).await;
    let supervisor = desk.staff.supervisor.clone();
    // In December; a case that is returned in its last week ends no more.
    desk.world.pass_s(8 * DAY_S).await.unwrap();
    let closes_at = desk.world.now().plus_s(8 * DAY_S);
    let case = open(&desk, &[1], Some(closes_at)).await[0];
    desk.phone.visit(case, VisitKind::Quick).await.unwrap();
    let blurred = reasons(&["FOTO_BURAM"]);
    supervisor.return_case(case, blurred).await.unwrap();
    desk.world.pass_s(9 * DAY_S).await.unwrap();
    let successor = desk.case_of(desk.village.homes[1].family).await;
    assert_ne!(successor, case);
    let seen = overview(&supervisor, "").await;
    let expected = OverviewCounts {
        target: 1,
        visited: 1,
        returned: 1,
        overdue: 1,
        ..OverviewCounts::default()
    };
    assert_eq!((seen.now, seen.yesterday), (expected, expected));
    assert_eq!(seen.reasons.len(), 1);
    desk.phone.visit(successor, VisitKind::Quick).await.unwrap();
    let seen = overview(&supervisor, "").await;
    assert_eq!((seen.now.target, seen.now.overdue), (1, 0));
    desk.world.end().await;
}

#[tokio::test]
async fn a_case_that_goes_back_in_its_last_week_ends_no_more_by_its_day_and_is_late() {
    let mut desk = desk(959, 3, 0).await;
    let supervisor = desk.staff.supervisor.clone();
    let closes_at = desk.world.now().plus_s(DAY_S);
    let case = open(&desk, &[1], Some(closes_at)).await[0];
    desk.phone.visit(case, VisitKind::Quick).await.unwrap();
    let blurred = reasons(&["FOTO_BURAM"]);
    supervisor.return_case(case, blurred).await.unwrap();
    desk.world.pass_s(2 * DAY_S).await.unwrap();
    // The officer has it still, with what is wrong of it.
    let view = supervisor.case(case).await.unwrap();
    assert_eq!(view.state.known(), Some(CaseState::Returned));
    assert_eq!(view.closes_at, Some(closes_at));
    assert_eq!(overview(&supervisor, "").await.now.overdue, 1);
    desk.phone.visit(case, VisitKind::Quick).await.unwrap();
    supervisor.accept(case).await.unwrap();
    assert_eq!(overview(&supervisor, "").await.now.overdue, 0);
    desk.world.end().await;
}

#[tokio::test]
async fn the_queue_is_told_by_how_long_it_waits_whatever_the_month() {
    let mut desk = desk(956, 6, 0).await;
    let by = desk.staff.auditor.clone();
    for (home, later_days) in [(1, 4), (2, 3), (3, 1), (4, 1)] {
        desk.submitted(home..home + 1).await;
        desk.world.pass_s(later_days * DAY_S).await.unwrap();
    }
    // Waiting for 9, 5, 2 and 1 days, and since December has begun.
    desk.submitted(5..6).await;
    let seen = overview(&by, "month=2026-12").await;
    let ages: Vec<_> = seen
        .queue
        .iter()
        .map(|age| (age.from_days, age.to_days, age.cases))
        .collect();
    let expected = [
        (0, Some(1), 2),
        (2, Some(3), 1),
        (4, Some(7), 1),
        (8, None, 1),
    ];
    assert_eq!(ages, expected);
    desk.world.end().await;
}

#[tokio::test]
async fn what_is_no_month_is_refused_with_the_field() {
    let desk = desk(957, 1, 0).await;
    for month in ["", "2026", "2026-13", "november", "2026-11-01", "-001-01"] {
        let path = format!("/v1/overview?month={month}");
        let answer = desk.staff.auditor.get(&path).await;
        assert_eq!(answer.verdict(), "422 invalid", "{month}");
        assert_eq!(answer.json()["fields"][0]["field"], "month");
    }
    desk.world.end().await;
}
