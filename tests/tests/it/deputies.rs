//! Somebody stands in for an approver for a time: as themselves, known as such for ever, and for no longer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tilik_protocol::ids::{CaseId, GrantId, UserId};
use tilik_protocol::lookup::{HistoryRow, WaitingGrant};
use tilik_protocol::policy::Role;
use tilik_protocol::review::{JournalRow, Page};
use tilik_protocol::session::{DelegationView, DeputyView, GrantView, Me};
use tilik_tests::world::Answer;
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

const DUTY: &str = "403 separation_of_duty";
const DAY_S: i64 = 86_400;

async fn me(by: &Console) -> Me {
    by.get("/v1/me").await.read().unwrap()
}

/// This person's own grant of a role.
async fn grant_of(by: &Console, role: Role) -> GrantId {
    let me = me(by).await;
    let mut own = me.grants.iter();
    own.find(|grant| grant.role.known() == Some(role))
        .unwrap()
        .id
}

async fn lend(desk: &Desk, by: &Console, grant: GrantId, to: UserId, days: i64) -> Answer {
    let body = json!({
        "event_id": by.event(), "user": to, "document_number": "800/PLH/7/2026",
        "valid_until": desk.world.now().plus_s(days * DAY_S),
    });
    by.post(&format!("/v1/grants/{grant}/delegate"), &body)
        .await
}

async fn lent(desk: &Desk, to: &Console, days: i64) -> GrantView {
    let approver = &desk.staff.approver;
    let own = grant_of(approver, Role::Approver).await;
    let answer = lend(desk, approver, own, to.user(), days).await;
    answer.ok().unwrap().read().unwrap()
}

/// A case whose cancellation waits for an approver.
async fn proposed(desk: &mut Desk, home: usize) -> CaseId {
    let case = desk.accepted(home).await;
    let membership = desk.membership(case).await;
    let said = desk.staff.operator.decide(case, membership, Some("GANDA"));
    assert_eq!(said.await.unwrap().verdict(), "200");
    case
}

async fn confirms(desk: &Desk, by: &Console, case: CaseId) -> String {
    let membership = desk.membership(case).await;
    by.confirm(case, membership, true).await.unwrap().verdict()
}

fn wrong(answer: &Answer) -> String {
    let json: Value = answer.json();
    let field = &json["fields"][0];
    format!(
        "{} {} {}",
        answer.verdict(),
        field["field"].as_str().unwrap_or_default(),
        field["code"].as_str().unwrap_or_default()
    )
}

#[tokio::test]
async fn a_deputy_confirms_as_themselves_and_is_told_as_such_until_the_time_is_over() {
    let mut desk = desk(521, 5, 2).await;
    let deputy = desk.person("sekretaris", Role::Verifier).await;
    let case = proposed(&mut desk, 1).await;
    assert_eq!(confirms(&desk, &deputy, case).await, "403 forbidden");
    let grant = lent(&desk, &deputy, 3).await;
    assert!(grant.confirmed && grant.delegated_from.is_some());
    assert_eq!(confirms(&desk, &deputy, case).await, "200");

    let principal = me(&desk.staff.approver).await;
    let mine = me(&deputy).await;
    let held = mine.grants.iter().find(|one| one.id == grant.id).unwrap();
    assert_eq!(held.deputy_for.as_ref(), Some(&principal.name));
    let rows: Page<JournalRow> = desk
        .staff
        .auditor
        .get(&format!("/v1/journal?user={}&limit=200", deputy.user()))
        .await
        .read()
        .unwrap();
    let act = rows
        .items
        .iter()
        .find(|row| row.action == "membership.confirm")
        .unwrap();
    assert_eq!(act.body["as_deputy"], json!([grant.id]));
    assert_eq!(act.deputy_for.as_ref(), Some(&principal.name));
    let history: Page<HistoryRow> = desk
        .staff
        .auditor
        .get(&format!("/v1/cases/{case}/history"))
        .await
        .read()
        .unwrap();
    let told = |row: &&HistoryRow| row.deputy_for.is_some();
    let told: Vec<_> = history.items.iter().filter(told).collect();
    assert!(!told.is_empty());
    assert!(told.iter().all(|row| row.actor == Some(deputy.user())));
    // Who has the role themselves stands in for nobody.
    let case = proposed(&mut desk, 2).await;
    assert_eq!(confirms(&desk, &desk.staff.approver, case).await, "200");
    let path = format!("/v1/journal?user={}&limit=200", principal.user);
    let rows: Page<JournalRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    assert!(rows.items.iter().all(|row| row.deputy_for.is_none()));

    let case = proposed(&mut desk, 4).await;
    desk.world.pass_s(3 * DAY_S).await.unwrap();
    assert_eq!(confirms(&desk, &deputy, case).await, "403 forbidden");
    let whole = desk.world.app().unwrap().store;
    let whole = whole.acting_as_system("a test looks");
    assert!(whole.verify_journal().await.unwrap().is_ok());
    desk.world.end().await;
}

#[tokio::test]
async fn who_stands_in_for_several_is_told_as_standing_in_for_those_who_work_where_it_was_done() {
    let mut desk = desk(524, 3, 2).await;
    let deputy = desk.person("sekretaris", Role::Verifier).await;
    let second = desk.person("kepala2", Role::Approver).await;
    let staff = (&desk.staff.admin, &desk.staff.approver);
    let far = [village::elsewhere()];
    let third = desk.world.person(staff, "lurah3", Role::Approver, &far);
    let third = third.await.unwrap();
    let case = proposed(&mut desk, 1).await;
    let mut grants = vec![lent(&desk, &deputy, 3).await.id];
    for whose in [&second, &third] {
        let own = grant_of(whose, Role::Approver).await;
        let answer = lend(&desk, whose, own, deputy.user(), 3).await;
        let grant: GrantView = answer.ok().unwrap().read().unwrap();
        grants.push(grant.id);
    }
    assert_eq!(confirms(&desk, &deputy, case).await, "200");

    let path = format!("/v1/journal?user={}&limit=200", deputy.user());
    let rows: Page<JournalRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let act = rows
        .items
        .iter()
        .find(|row| row.action == "membership.confirm");
    let act = act.unwrap();
    let told: BTreeSet<GrantId> = serde_json::from_value(act.body["as_deputy"].clone()).unwrap();
    assert_eq!(told, grants[..2].iter().copied().collect());
    let mut names = [me(&desk.staff.approver).await.name, me(&second).await.name];
    names.sort();
    assert_eq!(act.deputy_for.as_ref(), Some(&names.join(", ")));
    desk.world.end().await;
}

#[tokio::test]
async fn a_deputy_who_reviewed_a_case_does_not_confirm_it_and_nothing_of_their_principals() {
    let mut desk = desk(522, 3, 0).await;
    let deputy = desk.person("kabid", Role::Supervisor).await;
    lent(&desk, &deputy, 3).await;
    let case = desk.submitted(1..2).await[0];
    deputy.accept(case).await.unwrap();
    let membership = desk.membership(case).await;
    let said = desk.staff.operator.decide(case, membership, Some("GANDA"));
    assert_eq!(said.await.unwrap().verdict(), "200");
    assert_eq!(confirms(&desk, &deputy, case).await, DUTY);
    assert_eq!(confirms(&desk, &desk.staff.approver, case).await, "200");

    // Nor what their principal proposed: who lends a grant would choose the second person.
    let second = desk.person("kepala-dua", Role::Approver).await;
    desk.also(&second, Role::Operator).await;
    let third = desk.person("sekretaris", Role::Verifier).await;
    let own = grant_of(&second, Role::Approver).await;
    let lends = lend(&desk, &second, own, third.user(), 3).await;
    assert_eq!(lends.verdict(), "200");
    let case = desk.accepted(0).await;
    for held in desk.case(case).await.memberships {
        let said = second.decide(case, held.id, Some("GANDA")).await;
        assert_eq!(said.unwrap().verdict(), "200");
    }
    assert_eq!(confirms(&desk, &third, case).await, DUTY);

    let principal = desk.staff.approver.user();
    let admin = &desk.staff.admin;
    for (whose, verdict) in [(principal, DUTY), (desk.staff.colleague.user(), "200")] {
        let here = [village::here()];
        let grant = admin.add_grant(whose, Role::Operator, &here, None);
        let path = format!("/v1/grants/{}/confirm", grant.await.unwrap().id);
        let act = json!({ "event_id": deputy.event() });
        assert_eq!(deputy.post(&path, &act).await.verdict(), verdict);
    }
    desk.world.end().await;
}

#[tokio::test]
async fn a_deputy_who_also_trains_as_an_approver_is_told_as_a_deputy_where_it_is_real() {
    let desk = desk(527, 1, 0).await;
    let deputy = desk.person("sekretaris", Role::Verifier).await;
    let (admin, approver) = (&desk.staff.admin, &desk.staff.approver);
    let area = ["00.01".parse().unwrap()];
    let practice = admin.add_grant(deputy.user(), Role::Approver, &area, None);
    let id = practice.await.unwrap().id;
    approver.confirm_grant(id).await.unwrap();
    let grant = lent(&desk, &deputy, 3).await;
    let here = [village::here()];
    let waiting = admin.add_grant(desk.staff.colleague.user(), Role::Operator, &here, None);
    deputy
        .confirm_grant(waiting.await.unwrap().id)
        .await
        .unwrap();
    let rows: Page<JournalRow> = desk
        .staff
        .auditor
        .get(&format!("/v1/journal?user={}&limit=200", deputy.user()))
        .await
        .read()
        .unwrap();
    let mut rows = rows.items.iter();
    let act = rows.find(|row| row.action == "grant.confirm").unwrap();
    assert_eq!(act.body["as_deputy"], json!([grant.id]));
    desk.world.end().await;
}

#[tokio::test]
async fn a_grant_is_lent_by_its_holder_to_somebody_of_the_office_and_not_lent_on() {
    let desk = desk(523, 1, 0).await;
    let approver = &desk.staff.approver;
    let own = grant_of(approver, Role::Approver).await;
    let deputy = desk.person("sekretaris", Role::Verifier).await;
    let second = desk.person("kepala2", Role::Approver).await;
    let page: Page<DeputyView> = approver.get("/v1/deputies").await.read().unwrap();
    let could: Vec<UserId> = page.items.iter().map(|one| one.user).collect();
    assert!(could.contains(&deputy.user()));
    let officer = desk.phone.officer.id;
    for not in [
        approver.user(),
        second.user(),
        desk.staff.admin.user(),
        desk.staff.auditor.user(),
        officer,
    ] {
        assert!(!could.contains(&not), "{not}");
        let told = lend(&desk, approver, own, not, 3).await;
        let why = if not == approver.user() {
            "422 invalid user own_account"
        } else {
            "422 invalid user not_allowed"
        };
        assert_eq!(wrong(&told), why);
    }
    // Another's grant is nobody else's to lend, and neither is one of another kind.
    let told = lend(&desk, &second, own, deputy.user(), 3).await;
    assert_eq!(told.verdict(), "404 not_found");
    let told = lend(&desk, &deputy, own, second.user(), 3).await;
    assert_eq!(told.verdict(), "403 forbidden");
    let told = lend(&desk, approver, own, deputy.user(), 93).await;
    assert_eq!(wrong(&told), "422 invalid valid_until too_long");

    let grant = lent(&desk, &deputy, 3).await;
    let other = desk.person("kasi", Role::Verifier).await;
    let told = lend(&desk, &deputy, grant.id, other.user(), 1).await;
    assert_eq!(wrong(&told), "422 invalid delegated_from not_allowed");
    assert!(
        me(&deputy)
            .await
            .grants
            .iter()
            .any(|one| one.id == grant.id)
    );
    let page: Page<DelegationView> = approver.get("/v1/delegations").await.read().unwrap();
    assert_eq!((page.items.len(), page.items[0].user), (1, deputy.user()));
    let page: Page<DelegationView> = second.get("/v1/delegations").await.read().unwrap();
    assert_eq!(page.items, []);

    let recall = async |by: &Console, grant: GrantId| {
        let act = json!({ "event_id": by.event() });
        by.post(&format!("/v1/grants/{grant}/recall"), &act)
            .await
            .verdict()
    };
    assert_eq!(recall(&second, grant.id).await, "404 not_found");
    assert_eq!(recall(approver, own).await, "404 not_found");
    assert_eq!(recall(approver, grant.id).await, "200");
    assert!(
        me(&deputy)
            .await
            .grants
            .iter()
            .all(|one| one.id != grant.id)
    );
    desk.world.end().await;
}

#[tokio::test]
async fn what_an_admin_proposes_waits_and_what_is_lent_ends_with_what_it_was_lent_from() {
    let desk = desk(524, 1, 0).await;
    let (admin, approver) = (&desk.staff.admin, &desk.staff.approver);
    let deputy = desk.person("sekretaris", Role::Verifier).await;
    let second = desk.person("kepala2", Role::Approver).await;
    let own = grant_of(&second, Role::Approver).await;
    let propose = async |change: Value| {
        let mut body = json!({
            "event_id": admin.event(), "role": "approver", "regions": [village::city()],
            "valid_until": desk.world.now().plus_s(DAY_S), "document_number": "800/PLT/1/2026",
            "delegated_from": own,
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        admin
            .post(&format!("/v1/users/{}/grants", deputy.user()), &body)
            .await
    };
    for (change, why) in [
        (json!({ "role": "verifier" }), "422 invalid regions beyond"),
        (
            json!({ "valid_until": null }),
            "422 invalid valid_until missing",
        ),
        (
            json!({ "regions": ["35.71", "35.72"] }),
            "422 invalid regions out_of_reach",
        ),
        (
            json!({ "delegated_from": admin.event() }),
            "404 not_found  ",
        ),
    ] {
        assert_eq!(wrong(&propose(change.clone()).await), why, "{change}");
    }
    let grant: GrantView = propose(json!({})).await.ok().unwrap().read().unwrap();
    assert!(!grant.confirmed);
    assert!(
        me(&deputy)
            .await
            .grants
            .iter()
            .all(|one| one.id != grant.id)
    );
    let name = me(&second).await.name;
    let waiting: Page<WaitingGrant> = approver.get("/v1/grants/waiting").await.read().unwrap();
    let waits = waiting.items.iter().find(|one| one.grant.id == grant.id);
    assert_eq!(waits.unwrap().grant.deputy_for.as_ref(), Some(&name));
    // Whose power it is may say so.
    second.confirm_grant(grant.id).await.unwrap();
    assert!(
        me(&deputy)
            .await
            .grants
            .iter()
            .any(|one| one.id == grant.id)
    );

    let act = json!({ "event_id": admin.event() });
    let ended = admin.post(&format!("/v1/grants/{own}/end"), &act).await;
    assert_eq!(ended.verdict(), "200");
    assert!(
        me(&deputy)
            .await
            .grants
            .iter()
            .all(|one| one.id != grant.id)
    );
    let path = format!("/v1/journal?object=grant:{}", grant.id);
    let rows: Page<JournalRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let acts: Vec<&str> = rows.items.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(acts, ["grant.add", "grant.confirm", "grant.end"]);
    desk.world.end().await;
}
