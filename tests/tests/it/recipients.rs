//! The recipients of a month: each in one state, counted, found page by page, in one's own regions only; and visits that
//! an operator asks for.

use std::collections::BTreeMap;

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::ids::FamilyId;
use tilik_protocol::lookup::{HistoryRow, RecipientRow, RecipientState, Recipients};
use tilik_protocol::policy::Role;
use tilik_protocol::review::{AccessRow, CaseRow, CasesOpened, Page};
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

async fn month(by: &Console, query: &str) -> Recipients {
    let answer = by.get(&format!("/v1/recipients?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read().unwrap()
}

fn counted(page: &Recipients) -> BTreeMap<String, u64> {
    let count = |one: &tilik_protocol::lookup::RecipientCount| {
        let word = serde_json::to_value(&one.state).unwrap();
        (word.as_str().unwrap().to_owned(), one.families)
    };
    page.states.iter().map(count).collect()
}

fn of(page: &Recipients, family: FamilyId) -> &RecipientRow {
    page.items
        .iter()
        .find(|row| row.family.id == family)
        .unwrap()
}

fn some(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    counts
        .iter()
        .map(|(word, families)| ((*word).to_owned(), *families))
        .collect()
}

async fn decide_all(desk: &Desk, case: tilik_protocol::ids::CaseId, reason: Option<&'static str>) {
    for one in desk.case(case).await.memberships {
        let operator = &desk.staff.operator;
        let answer = operator.decide(case, one.id, reason).await.unwrap();
        assert_eq!(answer.verdict(), "200");
    }
}

async fn asks(by: &Console, family: FamilyId, reason: &str) -> tilik_tests::Answer {
    let body = json!({ "event_id": by.event(), "kind": "quick", "reason": reason });
    by.post(&format!("/v1/families/{family}/visit-requests"), &body)
        .await
}

#[tokio::test]
async fn every_recipient_of_the_month_is_in_one_state_and_counted_there() {
    let mut desk = desk(1501, 7, 2).await;
    let operator = desk.staff.operator.clone();
    let homes: Vec<FamilyId> = desk.village.homes.iter().map(|home| home.family).collect();
    // Home 0: nobody was asked to go. 1: with an officer. 2: sent. 3: accepted. 4: proposed. 5: decided. 6: closed.
    desk.assigned(1..2).await;
    desk.submitted(2..3).await;
    desk.accepted(3).await;
    let proposed = desk.accepted(4).await;
    decide_all(&desk, proposed, Some("GANDA")).await;
    let decided = desk.accepted(5).await;
    decide_all(&desk, decided, None).await;
    let closed = desk.assigned(6..7).await[0];
    let supervisor = &desk.staff.supervisor;
    supervisor
        .close(closed, "SALAH_BUKA")
        .await
        .unwrap()
        .ok()
        .unwrap();
    desk.world.settle().await.unwrap();

    let here = format!("region={}", village::here());
    let page = month(&operator, &here).await;
    // Who waits for a place receives nothing yet.
    assert_eq!(page.items.len(), 7);
    assert_eq!(page.next, None);
    assert_eq!(
        counted(&page),
        some(&[
            ("unvisited", 2),
            ("visiting", 1),
            ("reviewing", 1),
            ("deciding", 1),
            ("approving", 1),
            ("decided", 1),
        ])
    );
    let accepted = of(&page, homes[3]);
    assert_eq!(accepted.state, RecipientState::Deciding.into());
    assert_eq!(accepted.family.case_state, Some(CaseState::Accepted.into()));
    assert!(accepted.photo.is_some() && accepted.pin.is_some());
    // What nobody has accepted is no photo of the house yet.
    assert_eq!(of(&page, homes[2]).photo, None);
    assert!(!accepted.family.memberships.is_empty());

    // A state shows its own, and the counts of all; a program those who receive it.
    let deciding = month(&operator, &format!("{here}&state=deciding")).await;
    assert_eq!(deciding.items.len(), 1);
    assert_eq!(counted(&deciding), counted(&page));
    let pkh = month(&operator, "program=PKH").await;
    assert_eq!(pkh.items.len(), 3);

    // Page by page everybody once, by name.
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let part = month(&operator, &format!("{here}&limit=3{after}")).await;
        assert_eq!(counted(&part), counted(&page));
        names.extend(part.items.iter().map(|row| row.family.name.clone()));
        match part.next {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let all: Vec<_> = page.items.iter().map(|row| &row.family.name).collect();
    assert_eq!(names.iter().collect::<Vec<_>>(), all);
    assert!(names.is_sorted());
    let answer = operator.get("/v1/recipients?after=besok").await;
    assert_eq!(answer.verdict(), "400 bad_cursor");

    // Each row is a read.
    let path = format!(
        "/v1/access?object=family:{}&user={}",
        homes[0],
        operator.user()
    );
    let log: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    assert!(log.items.iter().any(|row| row.what == "family_row"));

    // In December what is undecided is still what it is, and what November decided is to be visited again.
    desk.world.pass_days(8).await.unwrap();
    let december = counted(&month(&operator, &here).await);
    assert_eq!(december["unvisited"], 3);
    assert_eq!(december["deciding"], 1);
    assert_eq!(december.get("decided"), None);
    // What was left over and is decided now is December's.
    let left = desk.case_of(homes[3]).await;
    decide_all(&desk, left, None).await;
    let now = counted(&month(&operator, &here).await);
    assert_eq!((now["decided"], now.get("deciding")), (1, None));
    desk.world.end().await;
}

#[tokio::test]
async fn recipients_are_shown_in_ones_own_regions_only() {
    let desk = desk(1502, 3, 0).await;
    let far = desk
        .world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            "operator-pojok",
            Role::Operator,
            &[village::elsewhere()],
        )
        .await
        .unwrap();
    let own = month(&far, "").await;
    assert_eq!(own.items.len(), desk.village.far_homes.len());
    assert_eq!(counted(&own), some(&[("unvisited", 1)]));
    let none = month(&far, &format!("region={}", village::here())).await;
    assert_eq!((none.items.len(), none.states.len()), (0, 0));
    let home = desk.village.homes[0].family;
    assert_eq!(
        asks(&far, home, "FOTO_LAMA").await.verdict(),
        "404 not_found"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn an_operator_asks_for_a_visit_and_has_not_visited_by_that() {
    let mut desk = desk(1503, 2, 0).await;
    let operator = desk.staff.operator.clone();
    let home = desk.village.homes[0].family;
    assert_eq!(
        asks(&operator, home, "TANPA_DASAR").await.verdict(),
        "422 invalid"
    );
    let body = json!({ "event_id": operator.event(), "kind": "quick", "reason": "LAPORAN_WARGA" });
    let path = format!("/v1/families/{home}/visit-requests");
    let opened: CasesOpened = operator.post(&path, &body).await.read().unwrap();
    let case = opened.cases[0];
    // Said twice it is one; asked twice it is open already, also for who plans visits.
    let again: CasesOpened = operator.post(&path, &body).await.read().unwrap();
    assert_eq!(again.cases, [case]);
    let twice: CasesOpened = asks(&operator, home, "FOTO_LAMA").await.read().unwrap();
    assert_eq!((twice.cases.len(), twice.already_open), (0, vec![home]));

    // Nobody has it, and the supervisor is told who asked and why.
    let supervisor = desk.staff.supervisor.clone();
    desk.assigned(1..2).await;
    let rows: Page<CaseRow> = supervisor
        .get("/v1/cases?requested=true")
        .await
        .read()
        .unwrap();
    assert_eq!(rows.items.len(), 1);
    let row = &rows.items[0];
    assert_eq!((row.id, row.officer), (case, None));
    let request = row.requested.as_ref().unwrap();
    assert_eq!(request.by, operator.user());
    assert!(request.name.is_some());
    assert_eq!(request.reason.to_string(), "LAPORAN_WARGA");
    let page = month(&operator, "").await;
    assert_eq!(of(&page, home).requested.as_ref(), Some(request));
    assert_eq!(of(&page, home).state, RecipientState::Unvisited.into());
    let all: Page<CaseRow> = supervisor.get("/v1/cases").await.read().unwrap();
    assert_eq!(all.items.len(), 2);
    let acts: Page<HistoryRow> = supervisor
        .get(&format!("/v1/cases/{case}/history"))
        .await
        .read()
        .unwrap();
    let begun = acts.items.last().unwrap();
    assert_eq!(
        (begun.action.as_str(), begun.role.as_str()),
        ("case.open", "operator")
    );
    assert_eq!(begun.reasons.len(), 1);

    // Who asked gives it to nobody, and decides what the others made of it.
    let taken =
        json!({ "event_id": operator.event(), "cases": [case], "officer": desk.phone.officer.id });
    let answer = operator.post("/v1/assignments", &taken).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    let officer = desk.phone.officer.id;
    supervisor.assign(&[case], Some(officer)).await.unwrap();
    desk.phone
        .visit(case, tilik_protocol::evidence::VisitKind::Quick)
        .await
        .unwrap();
    supervisor.accept(case).await.unwrap();
    decide_all(&desk, case, None).await;
    assert_eq!(desk.case(case).await.state, CaseState::Decided.into());
    desk.world.end().await;
}
