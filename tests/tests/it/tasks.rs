//! What waits for whom: the first page of everybody who works in the console.

use tilik_protocol::ids::CaseId;
use tilik_protocol::policy::Role;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{RuleHead, RuleView};
use tilik_protocol::tasks::{TaskGroup, TaskKind, Tasks, TurnKind};
use tilik_tests::proposals::in_each_state;
use tilik_tests::requests::about;
use tilik_tests::{Console, village};
use uuid::Uuid;

use crate::review::desk;

async fn tasks(by: &Console) -> Vec<TaskGroup> {
    by.get("/v1/tasks").await.read::<Tasks>().unwrap().groups
}

/// How many of each kind wait.
pub(crate) async fn counts(by: &Console) -> Vec<(TaskKind, u64)> {
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
async fn what_is_past_its_time_is_told_before_what_waits_longer() {
    let desk = desk(616, 9, 0).await;
    let kind = tilik_protocol::evidence::VisitKind::Quick;
    let open = async |home: usize, closes| {
        let family = [desk.village.homes[home].family];
        let opened = desk
            .staff
            .supervisor
            .open_cases(&family, kind, None, closes);
        let case = opened.await.unwrap().cases[0];
        desk.world.clock.advance_s(60);
        Uuid::from(case)
    };
    let mut cases = Vec::new();
    for home in 0..6 {
        cases.push(open(home, None).await);
    }
    // The youngest of all, and the only one that is late.
    let late = open(6, Some(desk.world.now().plus_s(600))).await;
    let told = of(&desk.staff.supervisor, TaskKind::Assign).await;
    assert_eq!(told.items[0].id, cases[0], "nothing is late yet");
    desk.world.clock.advance_s(601);
    let told = of(&desk.staff.supervisor, TaskKind::Assign).await;
    let told: Vec<Uuid> = told.items.iter().map(|task| task.id).collect();
    assert_eq!(told, [&[late], &cases[..4]].concat());
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
            Role::Supervisor,
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

#[tokio::test]
async fn a_proposal_waits_for_whoever_takes_its_next_step_and_for_nobody_who_had_a_hand_in_it() {
    let desk = desk(614, 9, 1).await;
    let (operator, verifier, approver) = (
        &desk.staff.operator,
        &desk.staff.verifier,
        &desk.staff.approver,
    );
    let contents: Vec<_> = (0..8).map(|home| about(&desk.village, home)).collect();
    let (proposed, ..) = in_each_state((operator, verifier, approver), &contents)
        .await
        .unwrap();
    let draft = of(operator, TaskKind::WriteProposal).await;
    assert_eq!(
        (draft.count, draft.items[0].id),
        (1, proposed.draft.row.id.into())
    );
    assert_eq!(draft.items[0].family, Some(desk.village.homes[0].family));
    for (by, kind, waits) in [
        (operator, TaskKind::DeliberateProposal, &proposed.checked),
        (operator, TaskKind::SendProposal, &proposed.endorsed),
        (verifier, TaskKind::CheckProposal, &proposed.submitted),
        (verifier, TaskKind::VerifyProposal, &proposed.deliberated),
        (approver, TaskKind::EndorseProposal, &proposed.verified),
    ] {
        let group = of(by, kind).await;
        assert_eq!(
            (group.count, group.items[0].id),
            (1, waits.row.id.into()),
            "{kind}"
        );
    }
    // Another approver endorses it as well; one who sent it back once would not.
    let another = desk.person("kepala.lain", Role::Approver).await;
    assert_eq!(of(&another, TaskKind::EndorseProposal).await.count, 1);
    let body = serde_json::json!({ "event_id": approver.event(),
        "seen_version": proposed.verified.row.version, "verdict": "yes" });
    let path = format!("/v1/proposals/{}/endorse", proposed.verified.row.id);
    approver.post(&path, &body).await.ok().unwrap();
    assert!(
        tasks(approver)
            .await
            .iter()
            .all(|group| group.kind != TaskKind::EndorseProposal)
    );
    assert_eq!(of(operator, TaskKind::SendProposal).await.count, 2);
    desk.world.end().await;
}

#[tokio::test]
async fn a_rule_waits_for_an_approver_who_neither_wrote_nor_sent_it() {
    let desk = desk(615, 2, 1).await;
    let body =
        serde_json::json!({ "event_id": desk.staff.admin.event(), "region": village::city() });
    desk.staff
        .admin
        .post("/v1/rules/shipped", &body)
        .await
        .ok()
        .unwrap();
    let rules: Page<RuleHead> = desk.staff.admin.get("/v1/rules").await.read().unwrap();
    let rule = &rules.items[0];
    let nobody = tasks(&desk.staff.approver).await;
    assert!(
        nobody
            .iter()
            .all(|group| group.kind != TaskKind::ConfirmRule),
        "a draft waits for nobody"
    );
    let body =
        serde_json::json!({ "event_id": desk.staff.admin.event(), "seen_version": rule.version });
    let path = format!("/v1/rules/{}/submit", rule.id);
    desk.staff.admin.post(&path, &body).await.ok().unwrap();
    let group = of(&desk.staff.approver, TaskKind::ConfirmRule).await;
    assert_eq!((group.count, group.items[0].id), (1, rule.id.into()));
    assert_eq!(
        (group.items[0].about.as_str(), group.items[0].family),
        (rule.program.as_str(), None)
    );
    let admins = tasks(&desk.staff.admin).await;
    assert!(
        admins
            .iter()
            .all(|group| group.kind != TaskKind::ConfirmRule)
    );
    desk.world.end().await;
}

/// What became of what somebody sent on, without the time.
async fn turns(by: &Console) -> Vec<(TurnKind, Uuid)> {
    let told = by.get("/v1/tasks").await.read::<Tasks>().unwrap().turns;
    assert!(told.is_sorted_by(|a, b| a.at >= b.at), "the newest first");
    told.iter()
        .map(|turn| (turn.kind.known().unwrap(), turn.id))
        .collect()
}

#[tokio::test]
async fn who_sent_something_on_is_told_what_became_of_it_for_two_weeks_and_nobody_else_is() {
    let desk = desk(617, 9, 1).await;
    let (operator, verifier, approver) = (
        &desk.staff.operator,
        &desk.staff.verifier,
        &desk.staff.approver,
    );
    let contents: Vec<_> = (0..8).map(|home| about(&desk.village, home)).collect();
    let (proposed, ..) = in_each_state((operator, verifier, approver), &contents)
        .await
        .unwrap();
    let theirs = turns(operator).await;
    let endorsed = (TurnKind::ProposalEndorsed, proposed.endorsed.row.id.into());
    let rejected = (TurnKind::ProposalRejected, proposed.rejected.row.id.into());
    assert_eq!(theirs.len(), 2, "{theirs:?}");
    assert!(theirs.contains(&endorsed) && theirs.contains(&rejected));
    assert_eq!(turns(verifier).await, [], "it was not theirs");

    // One that comes back is told as such, not as what it was before.
    let body = serde_json::json!({ "event_id": verifier.event(), "verdict": "return", "reason": "DOKUMEN_KURANG",
        "seen_version": proposed.submitted.row.version });
    let path = format!("/v1/proposals/{}/check", proposed.submitted.row.id);
    verifier.post(&path, &body).await.ok().unwrap();
    let returned = (TurnKind::ProposalReturned, proposed.submitted.row.id.into());
    assert!(turns(operator).await.contains(&returned));

    let another = desk.person("operator.lain", Role::Operator).await;
    assert_eq!(turns(&another).await, []);
    desk.world.clock.advance_s(14 * 86_400 + 1);
    assert_eq!(turns(operator).await, [], "it is news for two weeks");
    desk.world.end().await;
}

#[tokio::test]
async fn an_admin_is_told_when_a_file_and_a_rule_are_in_force_or_refused() {
    let desk = desk(618, 2, 1).await;
    let (admin, approver) = (&desk.staff.admin, &desk.staff.approver);
    assert_eq!(turns(admin).await, []);
    let body = serde_json::json!({ "event_id": admin.event(), "region": village::city() });
    admin.post("/v1/rules/shipped", &body).await.ok().unwrap();
    let rules: Page<RuleHead> = admin.get("/v1/rules").await.read().unwrap();
    let mut wanted = Vec::new();
    for (rule, kind) in rules
        .items
        .iter()
        .zip([TurnKind::RuleInForce, TurnKind::RuleRefused])
    {
        let act = async |by: &Console, act: &str, version: i32| {
            let body = serde_json::json!({ "event_id": by.event(), "seen_version": version,
                "reason": (act == "refuse").then_some("AMBANG_KELIRU") });
            let path = format!("/v1/rules/{}/{act}", rule.id);
            let answer = by.post(&path, &body).await.ok().unwrap();
            answer.read::<RuleView>().unwrap().version
        };
        let sent = act(admin, "submit", rule.version).await;
        let word = if kind == TurnKind::RuleRefused {
            "refuse"
        } else {
            "confirm"
        };
        act(approver, word, sent).await;
        wanted.push((kind, rule.id.into()));
    }
    let file = format!("program,wilayah,jatah\nSEMBAKO,{},9\n", village::here());
    let kind = tilik_protocol::registry::ImportKind::Quotas;
    let doorway = desk.world.doorway();
    let report = tilik_tests::kediri::send(&doorway, admin, kind, file.into_bytes());
    let report = report.await.unwrap();
    let body = serde_json::json!({ "event_id": approver.event(), "reason": "DATA_MERAGUKAN" });
    let path = format!("/v1/imports/{}/refuse", report.id);
    approver.post(&path, &body).await.ok().unwrap();
    wanted.push((TurnKind::ImportRefused, report.id.into()));
    let mut told = turns(admin).await;
    told.sort();
    wanted.sort();
    assert_eq!(told, wanted);
    assert_eq!(turns(approver).await, [], "who answered knows it");
    desk.world.end().await;
}
