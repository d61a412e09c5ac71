//! Who may not judge what: persons behind phones and logins, acts of earlier cases, appeal periods of a whole chain, phones
//! that are called retired, and grants that end in the middle of the work.

use std::collections::BTreeMap;

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{CaseId, FamilyId, MembershipId, NoticeId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::review::CaseView;
use tilik_protocol::session::{GrantView, RevokeKind, SignIn, UserView};
use tilik_protocol::sync::{Bucket, Cursor, SyncReply, SyncRequest};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::phone::answers;
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

const DUTY: &str = "403 separation_of_duty";

impl Desk {
    /// The open case of a family.
    pub(crate) async fn case_of(&self, family: FamilyId) -> CaseId {
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

    async fn visited_and_accepted(&mut self, case: CaseId) {
        let officer = self.phone.officer.id;
        let supervisor = &self.staff.supervisor;
        supervisor.assign(&[case], Some(officer)).await.unwrap();
        self.phone.visit(case, VisitKind::Full).await.unwrap();
        self.staff.supervisor.accept(case).await.unwrap();
    }

    /// Cancels a membership of an accepted case with one membership; its notice and its successor.
    async fn cancelled(
        &self,
        case: CaseId,
        membership: MembershipId,
    ) -> (NoticeId, Option<MembershipId>) {
        let proposed = self.staff.operator.decide(case, membership, Some("GANDA"));
        assert_eq!(proposed.await.unwrap().verdict(), "200");
        let confirmed = self.staff.approver.confirm(case, membership, true).await;
        let view: CaseView = confirmed.unwrap().ok().unwrap().read().unwrap();
        let ended = view.memberships.iter().find(|m| m.id == membership);
        let ended = ended.unwrap();
        (ended.notice.unwrap(), ended.successor)
    }

    async fn end_grants(&self, console: &Console, role: Role) {
        let users: serde_json::Value = self.staff.admin.get("/v1/users?limit=200").await.json();
        let users: Vec<UserView> = serde_json::from_value(users["items"].clone()).unwrap();
        let user = users.iter().find(|user| user.id == console.user()).unwrap();
        for grant in user.grants.iter().filter(|g| g.role.known() == Some(role)) {
            let body = json!({ "event_id": self.staff.admin.event() });
            let path = format!("/v1/grants/{}/end", grant.id);
            let ended = self.staff.admin.post(&path, &body).await;
            assert_eq!(ended.status, 200);
            assert!(ended.read::<GrantView>().unwrap().ended_at.is_some());
        }
    }

    /// A round of the phone with cursors of its own making.
    async fn round(&mut self, epoch: u64, cursors: BTreeMap<Bucket, Cursor>) -> SyncReply {
        let request = SyncRequest {
            epoch,
            cursors,
            ..self.phone.sync_body(Vec::new())
        };
        let token = self.phone.token().await.unwrap();
        let body = serde_json::to_value(&request).unwrap();
        let answer = self
            .world
            .call("POST", "/v1/sync", Some(&token), Some(&body));
        answer.await.ok().unwrap().read().unwrap()
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
async fn who_issued_a_slip_to_an_officer_does_not_review_what_comes_after_it() {
    let desk = desk(315, 2, 0).await;
    let officer = desk.phone.officer.clone();
    let helper = desk.person("koordinator3", Role::Supervisor).await;
    let other = desk.person("koordinator4", Role::Supervisor).await;
    let mut phone = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &officer)
        .await
        .unwrap();
    let cases = desk.assigned(0..2).await;
    phone.visit(cases[0], VisitKind::Quick).await.unwrap();
    desk.world.pass_s(1).await.unwrap();
    helper.issue_reset_slip(officer.id, false).await.unwrap();
    // A slip of somebody else after it, used or not, takes nothing from what the first could do.
    other.issue_reset_slip(officer.id, false).await.unwrap();
    desk.world.pass_s(1).await.unwrap();
    phone.visit(cases[1], VisitKind::Quick).await.unwrap();
    for issuer in [&helper, &other] {
        assert_eq!(issuer.take(cases[1]).await.verdict(), DUTY);
    }
    assert_eq!(helper.claim().await.unwrap().unwrap().id, cases[0]);
    desk.staff.colleague.accept(cases[1]).await.unwrap();
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
    let closes_at = desk.world.now().plus_s(20 * 86_400);
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
    desk.world.pass_days(21).await.unwrap();
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
async fn a_second_successor_waits_for_the_appeal_of_everybody_before() {
    let mut desk = desk(306, 2, 2).await;
    let first = desk.accepted(1).await;
    let original = desk.membership(first).await;
    let (their_notice, candidate) = desk.cancelled(first, original).await;
    let candidate = candidate.unwrap();
    let family = desk.village.waiting[0].family;
    let case = desk.case_of(family).await;
    desk.visited_and_accepted(case).await;
    let (second_notice, next) = desk.cancelled(case, candidate).await;
    let next = next.unwrap();
    assert_eq!(desk.state_of(candidate).await, MembershipState::Withdrawn);
    let family = desk.village.waiting[1].family;
    let case = desk.case_of(family).await;
    desk.visited_and_accepted(case).await;
    let kept = desk.staff.operator.decide(case, next, None).await;
    assert_eq!(kept.unwrap().verdict(), "200");

    // The withdrawn candidate was told, and their time has passed; the family that lost the place was not.
    let operator = desk.staff.operator.clone();
    operator
        .delivered(second_notice, desk.world.now())
        .await
        .unwrap();
    desk.world.pass_days(20).await.unwrap();
    assert_eq!(desk.state_of(next).await, MembershipState::Candidate);
    operator
        .delivered(their_notice, desk.world.now())
        .await
        .unwrap();
    desk.world.pass_days(13).await.unwrap();
    assert_eq!(desk.state_of(next).await, MembershipState::Candidate);
    desk.world.pass_days(1).await.unwrap();
    assert_eq!(desk.state_of(next).await, MembershipState::Designated);
    assert_eq!(desk.state_of(original).await, MembershipState::Replaced);
    assert_eq!(desk.state_of(candidate).await, MembershipState::Withdrawn);
    desk.world.end().await;
}

#[tokio::test]
async fn a_second_successor_inherits_a_period_that_runs_already() {
    let mut desk = desk(307, 2, 2).await;
    let first = desk.accepted(1).await;
    let original = desk.membership(first).await;
    let (their_notice, candidate) = desk.cancelled(first, original).await;
    let candidate = candidate.unwrap();
    let case = desk.case_of(desk.village.waiting[0].family).await;
    desk.visited_and_accepted(case).await;
    let operator = desk.staff.operator.clone();
    operator
        .delivered(their_notice, desk.world.now())
        .await
        .unwrap();
    let (second_notice, next) = desk.cancelled(case, candidate).await;
    let next = next.unwrap();
    let case = desk.case_of(desk.village.waiting[1].family).await;
    desk.visited_and_accepted(case).await;
    let kept = desk.staff.operator.decide(case, next, None).await;
    assert_eq!(kept.unwrap().verdict(), "200");
    desk.world.pass_days(20).await.unwrap();
    assert_eq!(
        desk.state_of(next).await,
        MembershipState::Candidate,
        "the candidate before has not been told"
    );
    operator
        .delivered(second_notice, desk.world.now())
        .await
        .unwrap();
    desk.world.pass_days(14).await.unwrap();
    assert_eq!(desk.state_of(next).await, MembershipState::Designated);
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_alone_lets_a_family_stay_against_what_the_officer_found() {
    let mut desk = desk(320, 3, 0).await;
    let cases = desk.assigned(0..3).await;
    for (case, changed, state) in [
        (cases[0], ("result", "5"), CaseState::AwaitingApproval),
        (cases[1], ("presence", "6"), CaseState::AwaitingApproval),
        (cases[2], ("presence", "5"), CaseState::Decided),
    ] {
        let shots = vec![
            desk.phone.photograph(0).unwrap(),
            desk.phone.photograph(1).unwrap(),
        ];
        let manifest = desk.phone.manifest(Some(case), VisitKind::Full, &shots);
        let mut said: Answers = answers(true)
            .into_iter()
            .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
            .collect();
        said.insert(changed.0.to_owned(), changed.1.to_owned());
        let form = ("kepmensos-262", 1);
        let visit = desk.phone.seal_with_answers(manifest, shots, form, &said);
        desk.phone.bring(&visit.unwrap()).await.unwrap();
        desk.staff.supervisor.accept(case).await.unwrap();
        for held in desk.case(case).await.memberships {
            let stays = desk.staff.operator.decide(case, held.id, None).await;
            assert_eq!(stays.unwrap().verdict(), "200");
        }
        let now = desk.case(case).await.state.known();
        assert_eq!(now, Some(state), "{changed:?}");
    }
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_alone_takes_back_what_a_colleague_proposed_to_cancel() {
    let mut desk = desk(321, 1, 0).await;
    let case = desk.accepted(0).await;
    let held = desk.case(case).await.memberships;
    assert!(held.len() > 1);
    let colleague = desk.person("operator-lain", Role::Operator).await;
    let proposed = desk
        .staff
        .operator
        .decide(case, held[0].id, Some("MENINGGAL"));
    assert_eq!(proposed.await.unwrap().verdict(), "200");
    for one in &held {
        let stays = colleague.decide(case, one.id, None).await.unwrap();
        assert_eq!(stays.verdict(), "200", "{}", stays.json());
    }
    let now = desk.case(case).await.state.known();
    assert_eq!(now, Some(CaseState::AwaitingApproval));
    desk.world.end().await;
}

#[tokio::test]
async fn who_stays_is_decided_without_words_that_the_journal_would_keep() {
    let mut desk = desk(322, 1, 0).await;
    let case = desk.accepted(0).await;
    let view = desk.case(case).await;
    for (field, value) in [
        ("reason", "3571011212800001"),
        ("document_number", "Ibu Sumarni, 3571011212800001"),
    ] {
        let mut body = json!({
            "event_id": desk.staff.operator.event(), "seen_version": view.version,
            "membership": view.memberships[0].id, "outcome": "eligible",
        });
        body[field] = value.into();
        let path = format!("/v1/cases/{case}/decisions");
        let answer = desk.staff.operator.post(&path, &body).await;
        assert_eq!(answer.verdict(), "422 invalid", "{field}");
        assert_eq!(answer.json()["fields"][0]["field"], field);
    }
    desk.world.end().await;
}

#[tokio::test]
async fn a_retired_phone_can_still_be_reported_lost_and_never_the_other_way() {
    let mut desk = desk(308, 3, 0).await;
    let cases = desk.assigned(0..3).await;
    desk.phone.visit(cases[0], VisitKind::Quick).await.unwrap();
    let phone = desk.phone.id;
    let supervisor = desk.staff.supervisor.clone();
    supervisor.revoke(phone, RevokeKind::Retired).await.unwrap();
    // A retired phone drains.
    desk.phone.visit(cases[1], VisitKind::Quick).await.unwrap();
    let late = desk
        .phone
        .capture(Some(cases[2]), VisitKind::Quick, 1)
        .unwrap();
    let told = supervisor.revoke(phone, RevokeKind::Stolen).await.unwrap();
    assert!(told.sessions_ended > 0);
    let carried = desk
        .staff
        .colleague
        .post("/v1/visits", &json!({ "visits": [late.sealed()] }))
        .await;
    assert_eq!(carried.json()["results"][0]["status"], "quarantined");
    assert_eq!(carried.json()["results"][0]["code"], "device_revoked");
    assert_eq!(
        desk.case(cases[2]).await.state.known(),
        Some(CaseState::Assigned)
    );

    for by in [&supervisor, &desk.staff.admin] {
        let body = json!({ "event_id": by.event(), "kind": "retired" });
        let answer = by.post(&format!("/v1/devices/{phone}/revoke"), &body).await;
        assert_eq!(answer.verdict(), "422 invalid");
        assert_eq!(answer.json()["fields"][0]["code"], "already_stolen");
    }
    let phones = supervisor.devices().await.unwrap();
    let row = phones.iter().find(|row| row.id == phone).unwrap();
    assert_eq!(
        row.revoked
            .as_ref()
            .and_then(tilik_protocol::lenient::Lenient::known),
        Some(RevokeKind::Stolen)
    );
    desk.world.end().await;
}

#[tokio::test]
async fn an_officer_does_not_choose_what_becomes_of_the_own_phone() {
    let desk = desk(309, 1, 0).await;
    let officer = Console::of(&desk.world, desk.phone.officer.clone());
    desk.also(&officer, Role::Admin).await;
    for kind in ["retired", "stolen"] {
        let body = json!({ "event_id": officer.event(), "kind": kind });
        let path = format!("/v1/devices/{}/revoke", desk.phone.id);
        assert_eq!(officer.post(&path, &body).await.verdict(), DUTY, "{kind}");
    }
    let revoked = "SELECT COUNT(*) FROM device WHERE revoked_kind IS NOT NULL";
    assert_eq!(desk.world.count(revoked).await.unwrap(), 0);
    desk.world.end().await;
}

#[tokio::test]
async fn a_cursor_that_a_phone_made_up_starts_its_bucket_again_and_shows_nobody_elses() {
    let mut desk = desk(310, 4, 0).await;
    desk.assigned(0..3).await;
    let stranger = desk.person("petugas.lain", Role::Officer).await;
    let family = desk.village.homes[3].family;
    let supervisor = desk.staff.supervisor.clone();
    supervisor
        .open_cases(&[family], VisitKind::Quick, Some(stranger.user()), None)
        .await
        .unwrap();
    let mine = Bucket::officer(desk.phone.officer.id);
    let theirs = Bucket::officer(stranger.user());
    let first = desk.round(0, BTreeMap::new()).await;
    let epoch = first.epoch;
    let page = first.buckets.iter().find(|page| page.bucket == mine);
    let page = page.unwrap().clone();
    assert_eq!(page.rows.len(), 3);
    let head = page.next;
    let sum = page
        .rows
        .iter()
        .fold(0_u64, |a, row| a.wrapping_add(row.hash));

    let at = |seq: u64, checksum: u64| Cursor { seq, checksum };
    // As it is, there is nothing to say.
    let reply = desk
        .round(epoch, BTreeMap::from([(mine.clone(), at(head, sum))]))
        .await;
    assert!(reply.buckets.iter().all(|page| page.bucket != mine));
    for (epoch, cursor) in [
        (epoch, at(head + 1, sum)),
        (epoch, at(u64::MAX, sum)),
        (epoch, at(1 << 63, 0)),
        (epoch, at(head, sum.wrapping_add(1))),
        (epoch + 1, at(head, sum)),
        (epoch, at(0, 77)),
    ] {
        let reply = desk
            .round(epoch, BTreeMap::from([(mine.clone(), cursor)]))
            .await;
        let page = reply.buckets.iter().find(|page| page.bucket == mine);
        let page = page.unwrap();
        assert!(page.reset, "{cursor:?}");
        assert_eq!(page.rows.len(), 3, "{cursor:?}");
    }
    // A bucket that has no rows at all cannot be ahead either.
    let empty = Bucket::region(&village::city());
    let reply = desk
        .round(epoch, BTreeMap::from([(empty.clone(), at(9, 9))]))
        .await;
    let page = reply.buckets.iter().find(|page| page.bucket == empty);
    if let Some(page) = page {
        assert!(page.reset);
    }

    // Others' buckets, and thousands that nobody ever made.
    let mut cursors: BTreeMap<Bucket, Cursor> = (0..3_000)
        .map(|n| (Bucket(format!("region:35.71.99.{n}")), at(n, n)))
        .collect();
    cursors.insert(theirs.clone(), at(0, 0));
    cursors.insert(Bucket("officer:".to_owned()), at(3, 3));
    cursors.insert(mine.clone(), at(head, sum));
    let asked = cursors.len();
    let reply = desk.round(epoch, cursors).await;
    assert_eq!(reply.revoked.len(), asked - 1);
    assert!(reply.buckets.iter().all(|page| page.bucket != theirs));
    assert!(reply.buckets.iter().all(|page| page.bucket != mine));
    let kept = desk.world.count("SELECT COUNT(*) FROM device_cursor").await;
    assert!(kept.unwrap() <= 2, "only buckets of one's own are kept");
    let negative = "SELECT COUNT(*) FROM device_cursor WHERE seq < 0";
    assert_eq!(desk.world.count(negative).await.unwrap(), 0);
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
        .add_grant(gone.user(), Role::Signatory, &here, None);
    reads.await.unwrap();
    assert_eq!(
        gone.post(&path, &body(&gone)).await.verdict(),
        "403 forbidden"
    );
    let approver = &desk.staff.approver;
    assert_eq!(approver.post(&path, &body(approver)).await.verdict(), "200");
    desk.world.end().await;
}

#[tokio::test]
async fn an_upload_grant_sends_the_photos_of_its_own_visit_and_no_others() {
    let mut desk = desk(313, 3, 0).await;
    let cases = desk.assigned(0..2).await;
    let one = desk
        .phone
        .capture(Some(cases[0]), VisitKind::Quick, 2)
        .unwrap();
    let two = desk
        .phone
        .capture(Some(cases[1]), VisitKind::Quick, 2)
        .unwrap();
    let reply = desk.phone.sync(&[&one, &two]).await.unwrap();
    let grants: Vec<String> = reply
        .results
        .iter()
        .map(|result| result.upload_grant.clone().unwrap())
        .collect();
    let announce = async |desk: &Desk, grant: &str, shot, visit| {
        let mut request = http::Request::builder()
            .method("POST")
            .uri("/v1/uploads")
            .header("authorization", format!("Bearer {grant}"))
            .header("content-length", 0);
        for (name, value) in desk.phone.announcement(shot, visit) {
            request = request.header(name, value);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        desk.world.send(request).await.unwrap()
    };
    let own = announce(&desk, &grants[0], &one.shots[0], one.visit()).await;
    assert_eq!(own.status, 201);
    // Another visit's photo, whatever is said of it.
    for visit in [one.visit(), two.visit()] {
        let other = announce(&desk, &grants[0], &two.shots[0], visit).await;
        assert_eq!(other.verdict(), "404 not_found");
    }
    // One that no manifest names.
    let jpeg = tilik_tests::handmade::jpeg(4_321).unwrap();
    let loose = desk.phone.shot(jpeg).unwrap();
    let unnamed = announce(&desk, &grants[0], &loose, one.visit()).await;
    assert_eq!(unnamed.verdict(), "404 not_found");
    // An upload that the other grant began is not to be seen, continued or ended.
    let began = announce(&desk, &grants[1], &two.shots[1], two.visit()).await;
    assert_eq!(began.status, 201);
    for (method, offset) in [("HEAD", None), ("PATCH", Some("0")), ("DELETE", None)] {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("/v1/uploads/{}", two.shots[1].id))
            .header("tus-resumable", "1.0.0")
            .header("authorization", format!("Bearer {}", grants[0]));
        if let Some(offset) = offset {
            request = request
                .header("content-type", "application/offset+octet-stream")
                .header("upload-offset", offset);
        }
        let body = axum::body::Body::from(two.shots[1].sealed.clone());
        let answer = desk.world.send(request.body(body).unwrap()).await.unwrap();
        assert_eq!(answer.status, 404, "{method}");
    }
    let received = "SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL";
    assert_eq!(desk.world.count(received).await.unwrap(), 0);
    desk.world.end().await;
}

#[tokio::test]
async fn a_password_without_the_phone_opens_no_session_of_the_phone() {
    let desk = desk(314, 1, 0).await;
    let other = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &desk.phone.officer)
        .await
        .unwrap();
    let good = desk.phone.sign_in_body();
    let foreign = other.sign_in_body();
    let try_it = async |body: SignIn| {
        let body = serde_json::to_value(&body).unwrap();
        let answer = desk.world.call("POST", "/v1/session", None, Some(&body));
        answer.await.verdict()
    };
    for bad in [
        SignIn {
            proof: None,
            time_token: None,
            ..good.clone()
        },
        SignIn {
            proof: None,
            ..good.clone()
        },
        // Signed by another phone of the same officer, over its token or over this one's.
        SignIn {
            proof: foreign.proof.clone(),
            ..good.clone()
        },
        SignIn {
            device: Some(desk.phone.id),
            ..foreign.clone()
        },
        SignIn {
            time_token: foreign.time_token.clone(),
            ..good.clone()
        },
    ] {
        assert_eq!(try_it(bad).await, "422 bad_signature");
    }
    // Nobody learns from it whether a password is right.
    let wrong = SignIn {
        password: "salah sekali ini".to_owned(),
        proof: None,
        ..good.clone()
    };
    assert_eq!(try_it(wrong).await, "401 wrong_credentials");
    assert_eq!(try_it(good).await, "200");
    desk.world.end().await;
}
