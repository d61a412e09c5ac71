//! Who may not judge what: persons behind phones and logins, acts of earlier cases, and grants that end in the middle of
//! the work.

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, FamilyId};
use tilik_protocol::policy::Role;
use tilik_protocol::session::UserView;
use tilik_tests::handmade::SoftPhone;
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

const DUTY: &str = "403 separation_of_duty";

impl Desk {
    /// The open case of a family.
    async fn case_of(&self, family: FamilyId) -> CaseId {
        for state in ["open", "assigned", "submitted", "accepted"] {
            let path = format!("/v1/cases?state={state}");
            let rows = self.staff.auditor.get(&path).await.json();
            let found = rows["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["family"].as_str() == Some(&family.to_string()));
            if let Some(row) = found {
                return row["id"].as_str().unwrap().parse().unwrap();
            }
        }
        panic!("no open case of {family}");
    }

    async fn end_grants(&self, console: &Console, role: Role) {
        let users: serde_json::Value = self.staff.admin.get("/v1/users?limit=200").await.json();
        let users: Vec<UserView> = serde_json::from_value(users["items"].clone()).unwrap();
        let user = users.iter().find(|user| user.id == console.user()).unwrap();
        for grant in user.grants.iter().filter(|g| g.role.known() == Some(role)) {
            let body = json!({ "event_id": self.staff.admin.event() });
            let path = format!("/v1/grants/{}/end", grant.id);
            assert_eq!(self.staff.admin.post(&path, &body).await.status, 200);
        }
    }
}

#[tokio::test]
async fn who_enrolled_the_phone_neither_reviews_nor_decides_nor_confirms_its_visits() {
    let desk = desk(300, 2, 0).await;
    let both = desk.person("rangkap", Role::Supervisor).await;
    desk.also(&both, Role::Operator).await;
    desk.also(&both, Role::Approver).await;
    let mut phone = SoftPhone::enrolled(&desk.world, &both, &desk.staff.officers[0])
        .await
        .unwrap();
    let case = desk.assigned(1..2).await[0];
    let membership = desk.membership(case).await;
    phone.visit(case, VisitKind::Quick).await.unwrap();
    assert!(both.claim().await.unwrap().is_none());
    assert_eq!(both.take(case).await.verdict(), DUTY);
    assert_eq!(both.act(case, "accept").await.unwrap().verdict(), DUTY);
    desk.staff.colleague.accept(case).await.unwrap();
    for why in [None, Some("GANDA")] {
        let answer = both.decide(case, membership, why).await.unwrap();
        assert_eq!(answer.verdict(), DUTY, "{why:?}");
    }
    let proposed = desk.staff.operator.decide(case, membership, Some("GANDA"));
    assert_eq!(proposed.await.unwrap().verdict(), "200");
    for confirm in [true, false] {
        let answer = both.confirm(case, membership, confirm).await.unwrap();
        assert_eq!(answer.verdict(), DUTY);
    }
    let confirmed = desk.staff.approver.confirm(case, membership, true).await;
    assert_eq!(confirmed.unwrap().verdict(), "200");
    desk.world.end().await;
}

#[tokio::test]
async fn who_gave_an_officer_the_login_does_not_review_what_comes_by_it() {
    let desk = desk(301, 2, 0).await;
    let data = desk.person("datin", Role::Admin).await;
    desk.also(&data, Role::Supervisor).await;
    let puppet = data.add_user("petugas.baru").await.unwrap();
    data.add_grant(puppet.id, Role::Officer, &[village::city()], None)
        .await
        .unwrap();
    let mut phone = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &puppet)
        .await
        .unwrap();
    let cases = desk.assigned(0..2).await;
    phone.visit(cases[0], VisitKind::Quick).await.unwrap();
    assert!(data.claim().await.unwrap().is_none());
    assert_eq!(data.take(cases[0]).await.verdict(), DUTY);
    // What it is barred from does not keep it from the rest of the queue.
    let mut other = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &desk.phone.officer)
        .await
        .unwrap();
    desk.world.pass_s(1).await.unwrap();
    other.visit(cases[1], VisitKind::Quick).await.unwrap();
    assert_eq!(data.claim().await.unwrap().unwrap().id, cases[1]);
    desk.staff.colleague.accept(cases[0]).await.unwrap();
    desk.world.end().await;
}

#[tokio::test]
async fn closing_a_case_and_opening_another_forgets_nobody() {
    let mut desk = desk(302, 2, 0).await;
    let both = desk.person("rangkap", Role::Officer).await;
    desk.also(&both, Role::Supervisor).await;
    desk.also(&both, Role::Operator).await;
    let mut own = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &both.person)
        .await
        .unwrap();
    let first = desk.assigned(1..2).await[0];
    let membership = desk.membership(first).await;
    own.visit(first, VisitKind::Quick).await.unwrap();
    let verifier = desk.staff.verifier.clone();
    assert_eq!(
        verifier.close(first, "SALAH_BUKA").await.unwrap().status,
        200
    );
    desk.world.pass_days(40).await.unwrap();

    let second = desk.submitted(1..2).await[0];
    assert_ne!(first, second);
    assert!(both.claim().await.unwrap().is_none(), "visited it before");
    assert_eq!(both.take(second).await.verdict(), DUTY);
    desk.staff.supervisor.accept(second).await.unwrap();

    // Who proposed in a case that was closed confirms nothing in the next.
    let proposer = desk.person("operator2", Role::Operator).await;
    desk.also(&proposer, Role::Approver).await;
    let proposed = proposer.decide(second, membership, Some("GANDA")).await;
    assert_eq!(proposed.unwrap().verdict(), "200");
    assert_eq!(
        verifier.close(second, "SALAH_BUKA").await.unwrap().status,
        200
    );
    let third = desk.accepted(1).await;
    let operator = desk.staff.operator.clone();
    let proposed = operator.decide(third, membership, Some("GANDA")).await;
    assert_eq!(proposed.unwrap().verdict(), "200");
    let answer = proposer.confirm(third, membership, true).await.unwrap();
    assert_eq!(answer.verdict(), DUTY);
    // Nor does the reviewer of the closed case keep the recipient, nor whoever visited first decide a word.
    desk.also(&desk.staff.supervisor.clone(), Role::Operator)
        .await;
    let refused = desk.staff.approver.confirm(third, membership, false).await;
    assert_eq!(refused.unwrap().verdict(), "200");
    let kept = desk.staff.supervisor.decide(third, membership, None).await;
    assert_eq!(kept.unwrap().verdict(), DUTY);
    desk.world.end().await;
}

#[tokio::test]
async fn a_proposal_that_was_refused_stays_its_proposers_act() {
    let mut desk = desk(303, 2, 0).await;
    let both = desk.person("rangkap", Role::Operator).await;
    desk.also(&both, Role::Approver).await;
    let case = desk.accepted(1).await;
    let membership = desk.membership(case).await;
    let proposed = both.decide(case, membership, Some("GANDA")).await;
    assert_eq!(proposed.unwrap().verdict(), "200");
    let refused = desk.staff.approver.confirm(case, membership, false).await;
    assert_eq!(refused.unwrap().verdict(), "200");
    // A colleague says the same again; the first one is not new to it.
    let operator = desk.staff.operator.clone();
    let proposed = operator.decide(case, membership, Some("GANDA")).await;
    assert_eq!(proposed.unwrap().verdict(), "200");
    let answer = both.confirm(case, membership, true).await.unwrap();
    assert_eq!(answer.verdict(), DUTY);
    desk.world.end().await;
}

#[tokio::test]
async fn an_expired_case_and_a_withdrawn_acceptance_hand_their_persons_on() {
    let mut desk = desk(304, 2, 0).await;
    let both = desk.person("rangkap", Role::Officer).await;
    desk.also(&both, Role::Supervisor).await;
    desk.also(&both, Role::Operator).await;
    let mut own = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &both.person)
        .await
        .unwrap();
    let closes_at = desk.world.now().plus_s(5 * 86_400);
    let family = desk.village.homes[1].family;
    let officer = desk.phone.officer.id;
    let opened = desk
        .staff
        .supervisor
        .open_cases(&[family], VisitKind::Quick, Some(officer), Some(closes_at))
        .await
        .unwrap();
    let case = opened.cases[0];
    own.visit(case, VisitKind::Quick).await.unwrap();
    let body = json!([{ "target": { "kind": "visit" }, "code": "FOTO_BURAM" }]);
    desk.staff
        .colleague
        .return_case(case, serde_json::from_value(body).unwrap())
        .await
        .unwrap();
    desk.world.pass_days(6).await.unwrap();
    let successor = desk.case_of(family).await;
    assert_ne!(successor, case);
    let supervisor = desk.staff.supervisor.clone();
    supervisor
        .assign(&[successor], Some(officer))
        .await
        .unwrap();
    desk.phone.visit(successor, VisitKind::Quick).await.unwrap();
    assert_eq!(both.take(successor).await.verdict(), DUTY);

    // The one who accepted and withdrew is a reviewer of it all the same.
    desk.also(&supervisor, Role::Operator).await;
    supervisor.accept(successor).await.unwrap();
    assert_eq!(
        supervisor.act(successor, "withdraw").await.unwrap().status,
        200
    );
    desk.staff.colleague.accept(successor).await.unwrap();
    let membership = desk.membership(successor).await;
    let kept = supervisor.decide(successor, membership, None).await;
    assert_eq!(kept.unwrap().verdict(), DUTY);
    desk.world.end().await;
}

#[tokio::test]
async fn what_was_decided_long_ago_binds_nobody_today() {
    let mut desk = desk(305, 2, 0).await;
    let both = desk.person("rangkap", Role::Officer).await;
    desk.also(&both, Role::Supervisor).await;
    let mut own = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &both.person)
        .await
        .unwrap();
    let first = desk.assigned(1..2).await[0];
    let membership = desk.membership(first).await;
    own.visit(first, VisitKind::Quick).await.unwrap();
    desk.staff.supervisor.accept(first).await.unwrap();
    let kept = desk.staff.operator.decide(first, membership, None).await;
    assert_eq!(kept.unwrap().verdict(), "200");
    assert_eq!(
        desk.case(first).await.state.known(),
        Some(CaseState::Decided)
    );
    // In the same period the visitor is still the visitor.
    desk.world.pass_days(5).await.unwrap();
    let second = desk.submitted(1..2).await[0];
    assert_eq!(both.take(second).await.verdict(), DUTY);
    desk.staff.supervisor.accept(second).await.unwrap();
    let kept = desk.staff.operator.decide(second, membership, None).await;
    assert_eq!(kept.unwrap().verdict(), "200");
    desk.world.pass_days(40).await.unwrap();
    let third = desk.submitted(1..2).await[0];
    assert_eq!(both.take(third).await.verdict(), "200");
    desk.world.end().await;
}

#[tokio::test]
async fn a_grant_that_ended_between_claim_and_word_ends_the_word() {
    let mut desk = desk(311, 3, 1).await;
    let cases = desk.submitted(1..3).await;
    let reviewer = desk.person("peninjau", Role::Supervisor).await;
    let held = reviewer.claim().await.unwrap().unwrap();
    assert_eq!(held.id, cases[0]);
    let body = json!({ "event_id": reviewer.event(), "seen_version": held.version });
    desk.end_grants(&reviewer, Role::Supervisor).await;
    let path = format!("/v1/cases/{}/accept", held.id);
    assert_eq!(reviewer.post(&path, &body).await.verdict(), "403 forbidden");
    // The lease went with the grant.
    assert!(desk.case(held.id).await.lease.is_none());
    // The same by suspension, and by a grant that now is for another village.
    let second = desk.person("peninjau2", Role::Supervisor).await;
    let held = second.claim().await.unwrap().unwrap();
    let body = json!({ "event_id": second.event(), "seen_version": held.version });
    desk.end_grants(&second, Role::Supervisor).await;
    let there = [village::elsewhere()];
    let grant = desk
        .staff
        .admin
        .add_grant(second.user(), Role::Supervisor, &there, None);
    let grant = grant.await.unwrap();
    desk.staff.approver.confirm_grant(grant.id).await.unwrap();
    let path = format!("/v1/cases/{}/accept", held.id);
    assert_eq!(second.post(&path, &body).await.verdict(), "404 not_found");
    assert_eq!(second.take(held.id).await.verdict(), "404 not_found");
    let third = desk.person("peninjau3", Role::Supervisor).await;
    let held = third.claim().await.unwrap().unwrap();
    let token = third.token().await.unwrap();
    desk.staff
        .admin
        .set_suspended(third.user(), true)
        .await
        .unwrap();
    let body = json!({ "event_id": third.event(), "seen_version": held.version });
    let path = format!("/v1/cases/{}/accept", held.id);
    let answer = desk
        .world
        .call("POST", &path, Some(&token), Some(&body))
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        desk.case(held.id).await.state.known(),
        Some(CaseState::Submitted)
    );
    desk.world.end().await;
}

#[tokio::test]
async fn a_proposal_outlives_its_proposers_grant_and_no_confirmation_does() {
    let mut desk = desk(312, 2, 1).await;
    let case = desk.accepted(1).await;
    let membership = desk.membership(case).await;
    let proposed = desk.staff.operator.decide(case, membership, Some("GANDA"));
    assert_eq!(proposed.await.unwrap().verdict(), "200");
    desk.end_grants(&desk.staff.operator, Role::Operator).await;
    let gone = desk.person("kepala.lama", Role::Approver).await;
    gone.sign_in().await.unwrap();
    let version = desk.case(case).await.version;
    let body = |by: &Console| {
        json!({ "event_id": by.event(), "seen_version": version, "membership": membership,
            "confirm": true })
    };
    let path = format!("/v1/cases/{case}/confirmations");
    desk.end_grants(&gone, Role::Approver).await;
    assert_eq!(
        gone.post(&path, &body(&gone)).await.verdict(),
        "403 forbidden"
    );
    // An approver of another village, who reads here.
    let there = [village::elsewhere()];
    let grant = desk
        .staff
        .admin
        .add_grant(gone.user(), Role::Approver, &there, None);
    let grant = grant.await.unwrap();
    desk.staff.approver.confirm_grant(grant.id).await.unwrap();
    assert_eq!(
        gone.post(&path, &body(&gone)).await.verdict(),
        "404 not_found"
    );
    let here = [village::here()];
    let reads = desk
        .staff
        .admin
        .add_grant(gone.user(), Role::Auditor, &here, None);
    reads.await.unwrap();
    assert_eq!(
        gone.post(&path, &body(&gone)).await.verdict(),
        "403 forbidden"
    );
    let approver = &desk.staff.approver;
    assert_eq!(approver.post(&path, &body(approver)).await.verdict(), "200");
    desk.world.end().await;
}
