//! What waits for whom: the first page of everybody who works in the console.

use tilik_protocol::ids::CaseId;
use tilik_protocol::tasks::{TaskGroup, TaskKind, Tasks};
use tilik_tests::Console;
use uuid::Uuid;

use crate::review::desk;

async fn tasks(by: &Console) -> Vec<TaskGroup> {
    by.get("/v1/tasks").await.read::<Tasks>().unwrap().groups
}

/// How many of each kind wait.
async fn counts(by: &Console) -> Vec<(TaskKind, u64)> {
    let groups = tasks(by).await;
    groups
        .iter()
        .map(|group| (group.kind, group.count))
        .collect()
}

async fn of(by: &Console, kind: TaskKind) -> TaskGroup {
    let groups = tasks(by).await;
    groups.into_iter().find(|group| group.kind == kind).unwrap()
}

#[tokio::test]
async fn a_task_goes_from_hand_to_hand_and_ends_when_its_last_word_is_said() {
    let mut desk = desk(610, 3, 1).await;
    let (supervisor, operator, approver) = (
        desk.staff.supervisor.clone(),
        desk.staff.operator.clone(),
        desk.staff.approver.clone(),
    );
    assert_eq!(counts(&supervisor).await, []);
    let case = desk.submitted(0..1).await[0];
    assert_eq!(counts(&supervisor).await, [(TaskKind::Review, 1)]);
    assert_eq!(counts(&operator).await, []);

    desk.staff.supervisor.accept(case).await.unwrap();
    assert_eq!(counts(&supervisor).await, []);
    let waiting = of(&operator, TaskKind::Decide).await;
    assert_eq!(waiting.items[0].id, Uuid::from(case));
    assert_eq!(waiting.items[0].family, Some(desk.village.homes[0].family));
    assert!(waiting.items[0].since <= desk.world.now());

    let memberships = desk.case(case).await.memberships;
    for one in &memberships {
        let proposed = operator.decide(case, one.id, Some("MENINGGAL"));
        proposed.await.unwrap().ok().unwrap();
    }
    assert_eq!(counts(&operator).await, []);
    assert_eq!(counts(&approver).await, [(TaskKind::Confirm, 1)]);
    for one in &memberships {
        let confirmed = approver.confirm(case, one.id, true);
        confirmed.await.unwrap().ok().unwrap();
    }
    assert_eq!(counts(&approver).await, []);
    // The family is to be told now, once for each membership.
    let notices = of(&operator, TaskKind::Deliver).await;
    assert_eq!(notices.count, memberships.len() as u64);
    assert_eq!(notices.items[0].family, Some(desk.village.homes[0].family));
    // Who got the place is to be seen.
    assert!(of(&supervisor, TaskKind::Assign).await.count >= 1);
    assert_eq!(
        counts(&desk.staff.auditor).await,
        [],
        "who says nothing has nothing to do"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn the_oldest_come_first_five_of_a_kind_are_told_and_all_are_counted() {
    let mut desk = desk(611, 8, 1).await;
    let mut cases: Vec<CaseId> = Vec::new();
    for home in 0..7 {
        cases.extend(desk.submitted(home..home + 1).await);
        desk.world.pass_s(60).await.unwrap();
    }
    let group = of(&desk.staff.supervisor, TaskKind::Review).await;
    assert_eq!((group.count, group.items.len()), (7, 5));
    let told: Vec<Uuid> = group.items.iter().map(|task| task.id).collect();
    let oldest: Vec<Uuid> = cases[..5].iter().copied().map(Uuid::from).collect();
    assert_eq!(told, oldest);
    assert!(group.items.is_sorted_by_key(|task| task.since));
    desk.world.end().await;
}

#[tokio::test]
async fn a_task_past_its_time_is_counted_as_late() {
    let desk = desk(612, 2, 1).await;
    let closes = desk.world.now().plus_s(600);
    let family = desk.village.homes[0].family;
    let opened = desk
        .staff
        .supervisor
        .open_cases(
            &[family],
            tilik_protocol::evidence::VisitKind::Quick,
            None,
            Some(closes),
        )
        .await
        .unwrap();
    assert_eq!(opened.cases.len(), 1);
    let group = of(&desk.staff.supervisor, TaskKind::Assign).await;
    assert_eq!((group.count, group.overdue), (1, 0));
    assert_eq!(group.items[0].due_at, Some(closes));
    // Before the server's own work has seen that it is over.
    desk.world.clock.advance_s(601);
    let group = of(&desk.staff.supervisor, TaskKind::Assign).await;
    assert_eq!((group.count, group.overdue), (1, 1));
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_is_told_of_tasks_of_another_region_and_names_that_are_told_are_logged() {
    let mut desk = desk(613, 2, 1).await;
    desk.submitted(0..1).await;
    let elsewhere = desk
        .world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            "koordinator.lain",
            tilik_protocol::policy::Role::Supervisor,
            &["35.71.01".parse().unwrap()],
        )
        .await
        .unwrap();
    assert_eq!(counts(&elsewhere).await, []);
    let reads = "SELECT COUNT(*) FROM access WHERE what = 'task'";
    assert_eq!(desk.world.count(reads).await.unwrap(), 0);
    tasks(&desk.staff.supervisor).await;
    assert_eq!(desk.world.count(reads).await.unwrap(), 1);
    desk.world.end().await;
}
