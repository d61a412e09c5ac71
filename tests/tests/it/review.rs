//! Review and decisions: who holds a case, who may say what about it, and what can be taken back.

use std::collections::BTreeSet;

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::duty::Outcome;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, EventId, MembershipId};
use tilik_protocol::lookup::{FamilyPage, HistoryRow};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::{AccessRow, CaseRow, CaseView, Claim, Claimed, MOST_SKIPPED, Page};
use tilik_protocol::session::{OfficerDuty, UserView};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::{Answer, Console, Staff, Village, World, village};

pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) staff: Staff,
    pub(crate) village: Village,
    pub(crate) phone: SoftPhone,
}

pub(crate) async fn desk(seed: u64, homes: usize, waiting: usize) -> Desk {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(homes, waiting).await.unwrap();
    let phone = SoftPhone::enrolled(&world, &staff.admin, &staff.officers[0])
        .await
        .unwrap();
    Desk {
        world,
        staff,
        village,
        phone,
    }
}

impl Desk {
    /// Cases of the first homes, with the officer.
    pub(crate) async fn assigned(&self, homes: std::ops::Range<usize>) -> Vec<CaseId> {
        let families: Vec<_> = self.village.homes[homes]
            .iter()
            .map(|home| home.family)
            .collect();
        let opened = self
            .staff
            .supervisor
            .open_cases(
                &families,
                VisitKind::Quick,
                Some(self.phone.officer.id),
                None,
            )
            .await
            .unwrap();
        opened.cases
    }

    /// The same, with evidence that waits for review.
    pub(crate) async fn submitted(&mut self, homes: std::ops::Range<usize>) -> Vec<CaseId> {
        let cases = self.assigned(homes).await;
        for case in &cases {
            self.phone.visit(*case, VisitKind::Quick).await.unwrap();
            self.world.pass_s(1).await.unwrap();
        }
        cases
    }

    pub(crate) async fn accepted(&mut self, home: usize) -> CaseId {
        let case = self.submitted(home..home + 1).await[0];
        self.staff.supervisor.accept(case).await.unwrap();
        case
    }

    pub(crate) async fn case(&self, id: CaseId) -> CaseView {
        self.staff.auditor.case(id).await.unwrap()
    }

    pub(crate) async fn membership(&self, id: CaseId) -> MembershipId {
        self.case(id).await.memberships[0].id
    }

    pub(crate) async fn state_of(&self, id: MembershipId) -> MembershipState {
        let rows = self.staff.auditor.memberships().await.unwrap();
        let row = rows.iter().find(|row| row.id == id).unwrap();
        row.state.known().unwrap()
    }

    /// How far north the first home's house is pinned.
    pub(crate) async fn door(&self) -> Option<i64> {
        let told = self
            .staff
            .operator
            .get(&format!("/v1/families/{}", self.village.homes[0].family))
            .await;
        let told = told.ok().unwrap().json();
        told["pin"]["lat_e7"].as_i64()
    }

    pub(crate) async fn person(&self, name: &str, role: Role) -> Console {
        self.world
            .person(
                (&self.staff.admin, &self.staff.approver),
                name,
                role,
                &[village::city()],
            )
            .await
            .unwrap()
    }

    /// A second role for somebody; an approver who is somebody else confirms it.
    pub(crate) async fn also(&self, console: &Console, role: Role) {
        let grant = self
            .staff
            .admin
            .add_grant(console.user(), role, &[village::city()], None)
            .await
            .unwrap();
        if role.waits_for_approver() {
            self.staff.approver.confirm_grant(grant.id).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_claims_at_once_give_every_case_to_one_reviewer() {
    let mut desk = desk(81, 30, 0).await;
    let cases: BTreeSet<CaseId> = desk.submitted(0..30).await.into_iter().collect();
    let mut reviewers = Vec::new();
    for n in 0..50 {
        let reviewer = desk.person(&format!("peninjau{n}"), Role::Supervisor).await;
        reviewer.sign_in().await.unwrap();
        reviewers.push(reviewer);
    }
    let claims = reviewers.iter().map(Console::claim);
    let held: Vec<Option<CaseId>> = futures_util::future::join_all(claims)
        .await
        .into_iter()
        .map(|claim| claim.unwrap().map(|case| case.id))
        .collect();
    let distinct: BTreeSet<CaseId> = held.iter().flatten().copied().collect();
    assert_eq!(held.iter().flatten().count(), 30, "one holder each");
    assert_eq!(distinct, cases);
    // Who asks again gets the same, and who got nothing gets nothing.
    for (reviewer, before) in reviewers.iter().zip(held) {
        let again = reviewer.claim().await.unwrap();
        assert_eq!(again.map(|case| case.id), before);
    }
    desk.world.end().await;
}

#[tokio::test]
async fn the_oldest_evidence_comes_first_and_other_regions_do_not_come() {
    let mut desk = desk(82, 3, 0).await;
    let cases = desk.submitted(0..3).await;
    let (first, second) = (&desk.staff.supervisor, &desk.staff.colleague);
    assert_eq!(first.claim().await.unwrap().unwrap().id, cases[0]);
    assert_eq!(second.claim().await.unwrap().unwrap().id, cases[1]);
    let lease = second.case(cases[0]).await.unwrap().lease.unwrap();
    assert!(!lease.mine && lease.name.is_some(), "it is said who has it");
    let rows: Page<CaseRow> = first.call("GET", "/v1/cases", None).await.read().unwrap();
    assert!(
        rows.items
            .iter()
            .all(|row| row.officer_name.is_some() && !row.address.is_empty())
    );
    let there = desk
        .world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            "di-sana",
            Role::Supervisor,
            &[village::elsewhere()],
        )
        .await
        .unwrap();
    assert!(there.claim().await.unwrap().is_none());
    desk.world.end().await;
}

#[tokio::test]
async fn what_a_reviewer_passes_over_goes_to_others_and_to_this_one_no_more() {
    let mut desk = desk(98, 3, 0).await;
    let cases = desk.submitted(0..3).await;
    let (first, second) = (&desk.staff.supervisor, &desk.staff.colleague);
    let claim = async |skip: &[CaseId]| {
        let body = Claim {
            limit: Some(2),
            skip: skip.to_vec(),
            ..Claim::default()
        };
        first.post("/v1/review/claim", &body).await
    };
    let ids = |answer: Answer| {
        let claimed: Claimed = answer.ok().unwrap().read().unwrap();
        let views = claimed.case.into_iter().chain(claimed.more);
        views.map(|view| view.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(claim(&[]).await), cases[..2]);
    // Passed over while it is still held: it is not told again.
    assert_eq!(ids(claim(&cases[..1]).await), cases[1..2]);
    let lease = format!("/v1/cases/{}/lease", cases[0]);
    assert_eq!(first.call("DELETE", &lease, None).await.status, 204);
    let rest: BTreeSet<CaseId> = ids(claim(&cases[..1]).await).into_iter().collect();
    assert_eq!(rest, cases[1..].iter().copied().collect());
    assert_eq!(second.claim().await.unwrap().unwrap().id, cases[0]);
    let too_many: Vec<CaseId> = (0..=MOST_SKIPPED).map(|_| desk.world.id()).collect();
    assert_eq!(claim(&too_many).await.verdict(), "422 invalid");
    assert_eq!(claim(&too_many[1..]).await.status, 200);
    desk.world.end().await;
}

#[tokio::test]
async fn a_lease_that_ran_out_frees_the_case() {
    let mut desk = desk(83, 1, 0).await;
    let case = desk.submitted(0..1).await[0];
    let (first, second) = (&desk.staff.supervisor, &desk.staff.colleague);
    let lease = format!("/v1/cases/{case}/lease");
    first.claim().await.unwrap().unwrap();
    assert!(second.claim().await.unwrap().is_none());
    assert_eq!(
        second.act(case, "accept").await.unwrap().verdict(),
        "409 lease_lost"
    );
    desk.world.pass_s(599).await.unwrap();
    assert!(second.claim().await.unwrap().is_none());
    assert_eq!(first.call("POST", &lease, None).await.status, 200);
    desk.world.pass_s(599).await.unwrap();
    assert!(second.claim().await.unwrap().is_none(), "it was renewed");
    desk.world.pass_s(2).await.unwrap();
    assert_eq!(second.claim().await.unwrap().unwrap().id, case);
    assert_eq!(
        first.call("POST", &lease, None).await.verdict(),
        "409 lease_lost"
    );
    assert_eq!(
        first.act(case, "accept").await.unwrap().verdict(),
        "409 lease_lost"
    );
    assert_eq!(second.call("DELETE", &lease, None).await.status, 204);
    assert_eq!(first.claim().await.unwrap().unwrap().id, case);
    desk.world.end().await;
}

#[tokio::test]
async fn taking_cases_by_their_ids_keeps_no_queue_from_others() {
    const MOST_TAKEN: usize = 6;
    let mut desk = desk(95, 9, 0).await;
    let cases = desk.submitted(0..9).await;
    let (first, second) = (&desk.staff.supervisor, &desk.staff.colleague);
    for case in &cases {
        let lease = format!("/v1/cases/{case}/lease");
        assert_eq!(first.call("POST", &lease, None).await.status, 200);
        desk.world.pass_s(1).await.unwrap();
    }
    // Those taken first are back in the queue, and the last is held.
    let mut free = BTreeSet::new();
    while let Some(case) = second.claim().await.unwrap() {
        free.insert(case.id);
        second.act(case.id, "accept").await.unwrap().ok().unwrap();
    }
    assert_eq!(
        free,
        cases[..cases.len() - MOST_TAKEN].iter().copied().collect()
    );
    let last = *cases.last().unwrap();
    assert_eq!(first.act(last, "accept").await.unwrap().status, 200);
    desk.world.end().await;
}

#[tokio::test]
async fn evidence_is_judged_by_whoever_holds_the_case_and_by_nobody_else() {
    let mut desk = desk(94, 3, 0).await;
    let cases = desk.submitted(0..2).await;
    let (first, second) = (&desk.staff.supervisor, &desk.staff.colleague);
    let give_back = async |by: &Console, case: CaseId| {
        let body = json!({
            "event_id": by.event(), "seen_version": desk.case(case).await.version,
            "reasons": [{ "target": { "kind": "visit" }, "code": "FOTO_BURAM" }],
        });
        let answer = by.post(&format!("/v1/cases/{case}/return"), &body).await;
        answer.verdict()
    };
    // Nobody holds it: looking at it is not holding it.
    let answer = first.act(cases[1], "accept").await.unwrap();
    assert_eq!(answer.verdict(), "409 lease_lost");
    let remedy = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(remedy.contains("Ambil kasus ini lagi"), "{remedy}");
    assert_eq!(give_back(first, cases[1]).await, "409 lease_lost");
    // Any case in reach can be taken by its id, not only the oldest.
    let taken: CaseView = first.take(cases[1]).await.ok().unwrap().read().unwrap();
    assert!(taken.lease.unwrap().mine);
    assert_eq!(second.take(cases[1]).await.verdict(), "409 lease_lost");
    assert_eq!(
        second.act(cases[1], "accept").await.unwrap().verdict(),
        "409 lease_lost"
    );
    assert_eq!(give_back(second, cases[1]).await, "409 lease_lost");
    assert_eq!(first.act(cases[1], "accept").await.unwrap().status, 200);
    // Said again it is so already, with or without a lease; and there is nothing left to take.
    assert_eq!(first.act(cases[1], "accept").await.unwrap().status, 200);
    assert_eq!(first.take(cases[1]).await.verdict(), "409 wrong_moment");
    // What was accepted is withdrawn without one.
    assert_eq!(first.act(cases[1], "withdraw").await.unwrap().status, 200);

    // One that ran out is taken again, unless somebody else was faster.
    assert_eq!(first.take(cases[0]).await.status, 200);
    desk.world.pass_s(601).await.unwrap();
    assert_eq!(give_back(first, cases[0]).await, "409 lease_lost");
    assert_eq!(first.take(cases[0]).await.status, 200);
    assert_eq!(give_back(first, cases[0]).await, "200");
    assert_eq!(first.act(cases[0], "take-back").await.unwrap().status, 200);
    desk.world.pass_s(601).await.unwrap();
    assert_eq!(second.take(cases[0]).await.status, 200);
    assert_eq!(first.take(cases[0]).await.verdict(), "409 lease_lost");

    let there = desk
        .world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            "di-sana",
            Role::Supervisor,
            &[village::elsewhere()],
        )
        .await
        .unwrap();
    assert_eq!(there.take(cases[1]).await.verdict(), "404 not_found");
    let open = desk.assigned(2..3).await[0];
    assert_eq!(first.take(open).await.verdict(), "409 wrong_moment");
    desk.world.end().await;
}

#[tokio::test]
async fn an_act_on_a_version_that_is_gone_is_stale_and_changes_nothing() {
    let mut desk = desk(84, 1, 0).await;
    let case = desk.submitted(0..1).await[0];
    let seen = desk.case(case).await.version;
    desk.phone.visit(case, VisitKind::Quick).await.unwrap();
    desk.staff.supervisor.accept(case).await.unwrap();
    let now = desk.case(case).await;
    let membership = now.memberships[0].id;
    for (by, path, more) in [
        (&desk.staff.supervisor, "withdraw", json!({})),
        (
            &desk.staff.operator,
            "decisions",
            json!({ "membership": membership, "outcome": "eligible" }),
        ),
        (
            &desk.staff.verifier,
            "close",
            json!({ "reason": "SALAH_BUKA" }),
        ),
    ] {
        let mut body = json!({ "event_id": by.event(), "seen_version": seen });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = by.post(&format!("/v1/cases/{case}/{path}"), &body).await;
        assert_eq!(answer.verdict(), "409 stale", "{path}");
        assert_eq!(answer.json()["current_version"], now.version, "{path}");
    }
    assert_eq!(desk.case(case).await, now);
    desk.world.end().await;
}

#[tokio::test]
async fn who_judges_what_somebody_else_judged_meanwhile_is_told_so() {
    let mut desk = desk(97, 2, 0).await;
    let cases = desk.submitted(0..2).await;
    let (first, second) = (&desk.staff.supervisor, &desk.staff.colleague);
    for (case, act) in [(cases[0], "accept"), (cases[1], "return")] {
        let lease = format!("/v1/cases/{case}/lease");
        assert_eq!(first.call("POST", &lease, None).await.status, 200);
        let seen = desk.case(case).await.version;
        let body = |by: &Console| match act {
            "accept" => json!({ "event_id": by.event(), "seen_version": seen }),
            _ => json!({ "event_id": by.event(), "seen_version": seen,
                "reasons": [{ "target": { "kind": "visit" }, "code": "FOTO_BURAM" }] }),
        };
        let path = format!("/v1/cases/{case}/{act}");
        let done = first.post(&path, &body(first)).await;
        assert_eq!(done.status, 200, "{act}: {}", done.verdict());
        assert_eq!(
            second.post(&path, &body(second)).await.verdict(),
            "409 stale",
            "{act} by another"
        );
    }
    // A return that the phone has answered is not taken back in silence either.
    let seen = desk.case(cases[1]).await.version;
    desk.phone.visit(cases[1], VisitKind::Quick).await.unwrap();
    let late = json!({ "event_id": first.event(), "seen_version": seen });
    let path = format!("/v1/cases/{}/take-back", cases[1]);
    assert_eq!(first.post(&path, &late).await.verdict(), "409 stale");
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_reviews_a_visit_of_their_own() {
    let desk = desk(85, 1, 0).await;
    let both = desk.person("rangkap", Role::Officer).await;
    desk.also(&both, Role::Supervisor).await;
    let mut phone = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &both.person)
        .await
        .unwrap();
    let case = desk.assigned(0..1).await[0];
    phone.visit(case, VisitKind::Quick).await.unwrap();
    assert!(both.claim().await.unwrap().is_none());
    assert_eq!(both.take(case).await.verdict(), "403 separation_of_duty");
    for verb in ["accept", "return"] {
        let body = json!({
            "event_id": both.event(), "seen_version": desk.case(case).await.version,
            "reasons": [{ "target": { "kind": "visit" }, "code": "FOTO_BURAM" }],
        });
        let answer = both.post(&format!("/v1/cases/{case}/{verb}"), &body).await;
        assert_eq!(answer.verdict(), "403 separation_of_duty", "{verb}");
    }
    assert_eq!(
        desk.case(case).await.state.known(),
        Some(CaseState::Submitted)
    );
    desk.staff.colleague.accept(case).await.unwrap();
    desk.world.end().await;
}

#[tokio::test]
async fn a_cancellation_takes_three_persons_and_its_confirmer_is_none_of_the_earlier() {
    let mut desk = desk(86, 2, 2).await;
    // Reviewer and operator in one person: may propose, may not keep.
    let both = desk.person("rangkap", Role::Supervisor).await;
    desk.also(&both, Role::Operator).await;
    desk.also(&both, Role::Approver).await;
    let case = desk.submitted(0..1).await[0];
    both.accept(case).await.unwrap();
    let memberships: Vec<MembershipId> = desk
        .case(case)
        .await
        .memberships
        .iter()
        .map(|membership| membership.id)
        .collect();
    let keep = both.decide(case, memberships[0], None).await.unwrap();
    assert_eq!(keep.verdict(), "403 separation_of_duty");
    for membership in &memberships {
        let propose = both.decide(case, *membership, Some("GANDA")).await.unwrap();
        assert_eq!(propose.status, 200, "{}", propose.json());
    }
    for confirm in [true, false] {
        let answer = both.confirm(case, memberships[0], confirm).await.unwrap();
        assert_eq!(answer.verdict(), "403 separation_of_duty");
    }
    let confirmed = desk
        .staff
        .approver
        .confirm(case, memberships[0], true)
        .await
        .unwrap();
    assert_eq!(confirmed.status, 200, "{}", confirmed.json());

    // The visitor confirms nothing either.
    let case = desk.accepted(1).await;
    let membership = desk.membership(case).await;
    let officer = Console::of(&desk.world, desk.phone.officer.clone());
    desk.also(&officer, Role::Approver).await;
    let proposed = desk
        .staff
        .operator
        .decide(case, membership, Some("GANDA"))
        .await
        .unwrap();
    assert_eq!(proposed.status, 200, "{}", proposed.json());
    let answer = officer.confirm(case, membership, true).await.unwrap();
    assert_eq!(answer.verdict(), "403 separation_of_duty");
    desk.world.end().await;
}

#[tokio::test]
async fn an_acceptance_can_be_withdrawn_until_something_was_decided_on_it() {
    let mut desk = desk(87, 1, 0).await;
    // The first home has two memberships: one decision leaves the case accepted.
    let case = desk.accepted(0).await;
    let by = desk.staff.supervisor.clone();
    assert_eq!(by.act(case, "withdraw").await.unwrap().status, 200);
    assert_eq!(
        desk.case(case).await.state.known(),
        Some(CaseState::Submitted)
    );
    by.accept(case).await.unwrap();
    let membership = desk.membership(case).await;
    let kept = desk
        .staff
        .operator
        .decide(case, membership, None)
        .await
        .unwrap();
    assert_eq!(kept.status, 200);
    assert_eq!(
        desk.case(case).await.state.known(),
        Some(CaseState::Accepted)
    );
    assert_eq!(
        by.act(case, "withdraw").await.unwrap().verdict(),
        "409 wrong_moment"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn a_refusal_says_why_and_its_words_are_sealed_and_read_by_whoever_proposed() {
    let mut desk = desk(97, 1, 0).await;
    let case = desk.accepted(0).await;
    let operator = &desk.staff.operator;
    let memberships = desk.case(case).await.memberships;
    let (first, second) = (memberships[0].id, memberships[1].id);
    let gone = Some("TIDAK_LAYAK_DAERAH");
    assert_eq!(
        operator.decide(case, first, gone).await.unwrap().status,
        200
    );
    assert_eq!(
        operator.decide(case, second, None).await.unwrap().status,
        200
    );
    let waiting = desk.case(case).await;
    let proposed = &waiting.memberships[0];
    assert_eq!(proposed.proposed_by, Some(operator.user()));
    assert!(proposed.proposed_by_name.is_some() && proposed.proposed_at.is_some());
    assert_eq!(proposed.document_number.as_deref(), Some("BA/12/2026"));
    let say = async |confirm: bool, reason: Option<&str>, note: &str| {
        let seen_version = desk.case(case).await.version;
        let event: EventId = desk.world.id();
        let body = json!({ "event_id": event, "seen_version": seen_version, "membership": first,
            "confirm": confirm, "reason": reason, "note": note });
        let path = format!("/v1/cases/{case}/confirmations");
        desk.staff.approver.post(&path, &body).await
    };
    for (reason, note) in [
        (None, "Tidak jelas".to_owned()),
        (Some("BUKAN_KODE"), String::new()),
        (Some("BUKTI_KURANG"), "x".repeat(501)),
    ] {
        assert_eq!(say(false, reason, &note).await.verdict(), "422 invalid");
    }
    let words = "Bu Sumarni masih menumpang di sana";
    assert_eq!(say(false, Some("BUKTI_KURANG"), words).await.status, 200);
    let back = operator.case(case).await.unwrap();
    assert_eq!(back.state.known(), Some(CaseState::Accepted));
    let refused = back.memberships[0].refused.clone().unwrap();
    assert_eq!(refused.reason.as_str(), "BUKTI_KURANG");
    assert_eq!(refused.note.as_deref(), Some(words));
    assert_eq!(refused.by, desk.staff.approver.user());
    assert!(refused.by_name.is_some());
    assert_eq!(back.memberships[0].proposed_by, None);
    assert_eq!(back.memberships[1].outcome, None, "all are decided anew");
    assert_eq!(back.memberships[1].refused, None, "nobody refused that one");
    let clear = "SELECT COUNT(*) FROM case_membership WHERE CAST(approver_note_enc AS TEXT) LIKE '%Sumarni%'";
    assert_eq!(desk.world.count(clear).await.unwrap(), 0);

    let told: Page<HistoryRow> = operator
        .call("GET", &format!("/v1/cases/{case}/history"), None)
        .await
        .read()
        .unwrap();
    let refusal = told
        .items
        .iter()
        .find(|row| row.action == "membership.refuse");
    let refusal = refusal.unwrap();
    assert_eq!(refusal.name, refused.by_name);
    assert!(refusal.program.is_some() && refusal.outcome == Some(Outcome::Ineligible));
    assert_eq!(refusal.reasons, [ReasonCode::known("BUKTI_KURANG")]);
    let decided = told
        .items
        .iter()
        .filter(|row| row.action == "membership.decide");
    assert_eq!(decided.count(), 2);

    // Proposed anew it is confirmed, and the words are then those to the confirmation.
    assert_eq!(
        operator.decide(case, first, gone).await.unwrap().status,
        200
    );
    assert_eq!(
        operator.decide(case, second, None).await.unwrap().status,
        200
    );
    assert_eq!(say(true, None, "Sesuai berita acara").await.status, 200);
    let done = desk.case(case).await;
    let one = &done.memberships[0];
    assert_eq!(one.confirm_note.as_deref(), Some("Sesuai berita acara"));
    assert_eq!(one.refused.as_ref().and_then(|row| row.note.clone()), None);
    assert!(
        one.notice.is_some() && one.notice_delivered_at.is_none() && one.appeal_until.is_none()
    );
    desk.world.end().await;
}

#[tokio::test]
async fn a_withdrawn_acceptance_gives_the_house_the_pin_it_had_before() {
    let mut desk = desk(99, 1, 0).await;
    let earlier = async |desk: &Desk, case: CaseId| {
        let pins = desk.case(case).await.earlier_pins;
        pins.first().map(|pin| pin.lat_e7)
    };
    let north = village::DOOR.0 + 900;
    let first = desk.assigned(0..1).await[0];
    desk.phone.visit(first, VisitKind::Quick).await.unwrap();
    let by = desk.staff.supervisor.clone();
    by.accept(first).await.unwrap();
    // The one before it is nothing: the house has no pin again, until it is accepted once more.
    assert_eq!(by.act(first, "withdraw").await.unwrap().status, 200);
    let pinned = "SELECT COUNT(*) FROM house WHERE pin_visit IS NOT NULL OR lat_e7 IS NOT NULL";
    assert_eq!(desk.world.count(pinned).await.unwrap(), 0);
    by.accept(first).await.unwrap();
    for row in desk.case(first).await.memberships {
        let said = desk.staff.operator.decide(first, row.id, None).await;
        assert_eq!(said.unwrap().status, 200);
    }

    let second = desk.assigned(0..1).await[0];
    let before = earlier(&desk, second).await.unwrap();
    assert_ne!(before, north);
    let shots = vec![
        desk.phone.photograph(0).unwrap(),
        desk.phone.photograph(1).unwrap(),
    ];
    let mut manifest = desk.phone.manifest(Some(second), VisitKind::Quick, &shots);
    if let Some(pin) = &mut manifest.pin {
        pin.lat_e7 = north;
    }
    let visit = desk.phone.seal(manifest, shots);
    desk.phone.bring(&visit).await.unwrap();
    by.accept(second).await.unwrap();
    let moved = format!("SELECT COUNT(*) FROM house WHERE lat_e7 = {north}");
    assert_eq!(desk.world.count(&moved).await.unwrap(), 1);
    assert_eq!(by.act(second, "withdraw").await.unwrap().status, 200);
    assert_eq!(desk.world.count(&moved).await.unwrap(), 0);
    assert_eq!(earlier(&desk, second).await, Some(before));
    by.accept(second).await.unwrap();
    assert_eq!(desk.world.count(&moved).await.unwrap(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn an_older_visit_accepted_late_does_not_move_a_house_that_was_pinned_since() {
    let mut desk = desk(98, 1, 0).await;
    let by = desk.staff.supervisor.clone();
    desk.world.pass_s(2 * 3_600).await.unwrap();
    // In the order of their acceptance: when each was captured, how far ahead the phone's clock then was, and whether the
    // house is there afterwards.
    let rounds: [(i64, i64, bool); 6] = [
        (-3_000, 0, true),
        (-5_400, 0, false),
        (-1_200, 0, true),
        (-1_800, 0, false),
        // It says tomorrow, but it is here today: no clock that runs ahead keeps a house from being pinned again.
        (-120, 86_400, true),
        (-30, 0, true),
    ];
    let mut cases = Vec::new();
    let mut standing = 0;
    for (n, (since_s, ahead_s, moves)) in rounds.into_iter().enumerate() {
        let north = village::DOOR.0 + 100 * (i64::try_from(n).unwrap() + 1);
        let case = desk.assigned(0..1).await[0];
        let shots = vec![
            desk.phone.photograph(0).unwrap(),
            desk.phone.photograph(1).unwrap(),
        ];
        let mut manifest = desk.phone.manifest(Some(case), VisitKind::Quick, &shots);
        manifest.captured_at = manifest.captured_at.plus_s(since_s + ahead_s);
        manifest.pin.as_mut().unwrap().lat_e7 = north;
        let visit = desk.phone.seal(manifest, shots);
        desk.phone.bring(&visit).await.unwrap();
        by.accept(case).await.unwrap();
        if moves {
            standing = north;
        }
        assert_eq!(desk.door().await, Some(standing), "round {n}");
        // Taken back and given again it is the same: what came before stands while it is away.
        assert_eq!(by.act(case, "withdraw").await.unwrap().status, 200);
        let before = cases.iter().copied().max_by_key(|(at, _)| *at);
        assert_eq!(desk.door().await, before.map(|(_, north)| north), "{n}");
        by.accept(case).await.unwrap();
        assert_eq!(desk.door().await, Some(standing), "round {n} again");
        for row in desk.case(case).await.memberships {
            let said = desk.staff.operator.decide(case, row.id, None).await;
            assert_eq!(said.unwrap().status, 200);
        }
        cases.push((since_s, north));
        desk.world.pass_s(60).await.unwrap();
    }
    desk.world.end().await;
}

#[tokio::test]
async fn an_act_repeated_gets_the_same_reply_and_happens_once() {
    let mut desk = desk(88, 2, 1).await;
    let case = desk.submitted(1..2).await[0];
    let membership = desk.membership(case).await;
    let view = desk.case(case).await;
    let acts = [
        (&desk.staff.supervisor, "accept", json!({})),
        (
            &desk.staff.operator,
            "decisions",
            json!({ "membership": membership, "outcome": "ineligible", "reason": "GANDA",
                "document_number": "BA/1/2026" }),
        ),
        (
            &desk.staff.approver,
            "confirmations",
            json!({ "membership": membership, "confirm": true }),
        ),
    ];
    let mut version = view.version;
    for (by, path, more) in acts {
        let mut body = json!({ "event_id": by.event(), "seen_version": version });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let path = format!("/v1/cases/{case}/{path}");
        if path.ends_with("/accept") {
            by.take(case).await.ok().unwrap();
        }
        let first = by.post(&path, &body).await;
        assert_eq!(first.status, 200, "{path}: {}", first.json());
        let rows = desk
            .world
            .count("SELECT COUNT(*) FROM journal")
            .await
            .unwrap();
        for _ in 0..3 {
            let again = by.post(&path, &body).await;
            assert_eq!((again.status, again.json()), (200, first.json()), "{path}");
        }
        assert_eq!(
            desk.world
                .count("SELECT COUNT(*) FROM journal")
                .await
                .unwrap(),
            rows,
            "{path}"
        );
        version = desk.case(case).await.version;
        // The same event for something else, or by somebody else.
        let mut other = body.clone();
        other["seen_version"] = json!(version);
        let reused = by.post(&path, &other).await;
        assert_eq!(reused.verdict(), "409 event_reused", "{path}");
    }
    let event: EventId = desk.staff.supervisor.event();
    let body = json!({ "event_id": event, "cases": [], "officer": null });
    let first = desk.staff.supervisor.post("/v1/assignments", &body).await;
    assert_eq!(first.status, 200);
    let stolen = desk.staff.colleague.post("/v1/assignments", &body).await;
    assert_eq!(stolen.verdict(), "409 event_reused");
    desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_place_is_handed_on_once_however_many_confirm_at_once() {
    let mut desk = desk(89, 3, 1).await;
    let second = desk.person("wakil", Role::Approver).await;
    let approvers = [desk.staff.approver.clone(), second];
    let slots = "SELECT COUNT(*) FROM slot WHERE program = 'SEMBAKO'";
    let before = desk.world.count(slots).await.unwrap();
    let mut wanted = Vec::new();
    for home in 1..3 {
        let case = desk.accepted(home).await;
        let membership = desk.membership(case).await;
        let proposed = desk
            .staff
            .operator
            .decide(case, membership, Some("GANDA"))
            .await
            .unwrap();
        assert_eq!(proposed.status, 200, "{}", proposed.json());
        wanted.push((case, membership));
    }
    // Two cancellations, one family on the list; ten confirmations of each at once, all with events of their own.
    let mut acts = Vec::new();
    for (case, membership) in &wanted {
        for n in 0..10 {
            acts.push(approvers[n % 2].confirm(*case, *membership, true));
        }
    }
    let verdicts: Vec<String> = futures_util::future::join_all(acts)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().verdict())
        .collect();
    let done = verdicts.iter().filter(|verdict| *verdict == "200").count();
    assert_eq!(done, 2, "{verdicts:?}");
    for verdict in verdicts.iter().filter(|verdict| *verdict != "200") {
        assert!(
            ["409 stale", "409 wrong_moment"].contains(&verdict.as_str()),
            "{verdict}"
        );
    }
    let count = async |query: &str| desk.world.count(query).await.unwrap();
    assert_eq!(count(slots).await, before);
    assert_eq!(
        count("SELECT COUNT(*) FROM waitlist_entry WHERE taken_at IS NOT NULL").await,
        1
    );
    assert_eq!(
        count("SELECT COUNT(*) FROM membership WHERE successor_of IS NOT NULL").await,
        1
    );
    assert_eq!(count("SELECT COUNT(*) FROM notice").await, 2);
    let shared = "SELECT COUNT(*) FROM (SELECT slot_id FROM membership WHERE slot_id IS NOT NULL \
                  AND state IN ('candidate', 'designated', 'active', 'suspended') \
                  GROUP BY slot_id HAVING COUNT(*) > 1) AS twice";
    assert_eq!(count(shared).await, 0);
    desk.world.end().await;
}

#[tokio::test]
async fn a_successor_is_designated_when_the_appeal_period_has_passed_and_not_before() {
    let mut desk = desk(90, 2, 1).await;
    let case = desk.accepted(1).await;
    let ended = desk.membership(case).await;
    desk.staff
        .operator
        .decide(case, ended, Some("GANDA"))
        .await
        .unwrap();
    let confirmed: CaseView = desk
        .staff
        .approver
        .confirm(case, ended, true)
        .await
        .unwrap()
        .read()
        .unwrap();
    let successor = confirmed.memberships[0].successor.unwrap();
    let notice = confirmed.memberships[0].notice.unwrap();
    assert_eq!(desk.state_of(ended).await, MembershipState::Inactive);
    assert_eq!(desk.state_of(successor).await, MembershipState::Candidate);

    // The successor's house is visited, reviewed and found eligible.
    let rows: Vec<CaseId> = desk
        .staff
        .supervisor
        .get("/v1/cases?state=open")
        .await
        .json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect();
    let [theirs] = rows[..] else {
        panic!("one case for the successor: {rows:?}");
    };
    desk.staff
        .supervisor
        .assign(&[theirs], Some(desk.phone.officer.id))
        .await
        .unwrap();
    desk.phone.visit(theirs, VisitKind::Full).await.unwrap();
    desk.staff.supervisor.accept(theirs).await.unwrap();
    let kept = desk
        .staff
        .operator
        .decide(theirs, successor, None)
        .await
        .unwrap();
    assert_eq!(kept.status, 200, "{}", kept.json());

    // Nobody has been told yet: no time runs.
    for _ in 0..3 {
        desk.world.pass_days(10).await.unwrap();
    }
    assert_eq!(desk.state_of(successor).await, MembershipState::Candidate);
    let told = desk.world.now();
    desk.staff.operator.delivered(notice, told).await.unwrap();
    desk.world.pass_days(13).await.unwrap();
    assert_eq!(desk.state_of(successor).await, MembershipState::Candidate);
    desk.world.pass_days(1).await.unwrap();
    assert_eq!(desk.state_of(successor).await, MembershipState::Designated);
    assert_eq!(desk.state_of(ended).await, MembershipState::Replaced);
    desk.world.end().await;
}

#[tokio::test]
async fn hidden_is_404_visible_but_not_allowed_is_403_and_the_wrong_moment_is_409() {
    let desk = desk(91, 1, 0).await;
    let case = desk.assigned(0..1).await[0];
    let there = desk
        .world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            "di-sana",
            Role::Supervisor,
            &[village::elsewhere()],
        )
        .await
        .unwrap();
    let body = json!({ "event_id": there.event(), "seen_version": 1 });
    let path = format!("/v1/cases/{case}/accept");
    assert_eq!(there.post(&path, &body).await.verdict(), "404 not_found");
    // Reads here, reviews only elsewhere.
    let reads = desk
        .staff
        .admin
        .add_grant(there.user(), Role::Signatory, &[village::here()], None)
        .await;
    reads.unwrap();
    assert_eq!(there.post(&path, &body).await.verdict(), "403 forbidden");
    let supervisor = &desk.staff.supervisor;
    assert_eq!(
        supervisor.act(case, "accept").await.unwrap().verdict(),
        "409 wrong_moment"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn an_officer_whose_grant_ends_gives_open_work_back() {
    let mut desk = desk(92, 3, 0).await;
    let cases = desk.assigned(0..2).await;
    let submitted = desk.submitted(2..3).await[0];
    let users: serde_json::Value = desk.staff.admin.get("/v1/users?limit=200").await.json();
    let users: Vec<UserView> = serde_json::from_value(users["items"].clone()).unwrap();
    let officer = desk.phone.officer.id;
    let grant = users.iter().find(|user| user.id == officer).unwrap().grants[0].id;
    let event = json!({ "event_id": desk.staff.admin.event() });
    let ended = desk
        .staff
        .admin
        .post(&format!("/v1/grants/{grant}/end"), &event)
        .await;
    assert_eq!(ended.status, 200, "{}", ended.json());
    for case in cases {
        let view = desk.case(case).await;
        assert_eq!(
            (view.state.known(), view.officer),
            (Some(CaseState::Open), None)
        );
    }
    // What was sent stays the officer's evidence.
    let view = desk.case(submitted).await;
    assert_eq!(
        (view.state.known(), view.officer),
        (Some(CaseState::Submitted), Some(officer))
    );
    // The phone outlives the grant: it is still found where its officer worked.
    let phones = desk.staff.supervisor.devices().await.unwrap();
    let row = phones.iter().find(|phone| phone.id == desk.phone.id);
    assert_eq!(row.unwrap().duty.known(), Some(OfficerDuty::Over));
    let code = json!({ "event_id": desk.staff.supervisor.event(), "officer": officer });
    let refused = desk.staff.supervisor.post("/v1/enrolments", &code).await;
    assert_eq!(refused.verdict(), "422 invalid");
    assert_eq!(refused.json()["fields"][0]["field"], "officer");
    desk.world.end().await;
}

#[tokio::test]
async fn a_visit_is_never_held_against_its_own_pin() {
    let mut desk = desk(111, 1, 0).await;
    let by = desk.staff.supervisor.clone();
    let door = village::DOOR.0;
    let pins = |view: &CaseView| {
        let earlier: Vec<i64> = view.earlier_pins.iter().map(|pin| pin.lat_e7).collect();
        let away = view.visits[0].pin.as_ref().unwrap().distance_to_last_m;
        (earlier, away, view.earlier_photos.len())
    };
    let mut cases = Vec::new();
    // The third was captured before the second, and comes in after it was accepted.
    for (n, north, since_s) in [(0, 100, 0), (1, 2_800, 0), (2, 5_500, -7_200 - 60)] {
        desk.world.pass_s(7_200).await.unwrap();
        let case = desk.assigned(0..1).await[0];
        let shots: Vec<_> = (0..2)
            .map(|k| desk.phone.photograph(10 * n + k).unwrap())
            .collect();
        let mut manifest = desk.phone.manifest(Some(case), VisitKind::Quick, &shots);
        manifest.captured_at = manifest.captured_at.plus_s(since_s);
        manifest.pin.as_mut().unwrap().lat_e7 = door + north;
        let visit = desk.phone.seal(manifest, shots);
        desk.phone.bring(&visit).await.unwrap();
        let waiting = pins(&desk.case(case).await);
        by.accept(case).await.unwrap();
        let accepted = pins(&desk.case(case).await);
        for row in desk.case(case).await.memberships {
            let said = desk.staff.operator.decide(case, row.id, None).await;
            assert_eq!(said.unwrap().status, 200);
        }
        cases.push((case, waiting, accepted));
    }
    let (first, waiting, accepted) = &cases[0];
    assert_eq!(
        (waiting, accepted),
        (&(vec![], None, 0), &(vec![], None, 0))
    );
    assert_eq!(
        pins(&desk.case(*first).await),
        *accepted,
        "nor against a later one"
    );
    let (second, waiting, accepted) = &cases[1];
    let before = (vec![door + 100], Some(30), 2);
    assert_eq!((waiting, accepted), (&before, &before));
    // The third came in late: it is what was there when the second was captured.
    let since = (vec![door + 5_500], Some(30), 2);
    assert_eq!(pins(&desk.case(*second).await), since);
    // Waiting, it is held against where the house stands; accepted, against what was there before it was captured.
    let (third, waiting, _) = &cases[2];
    assert_eq!(*waiting, (vec![door + 2_800], Some(30), 2));
    assert_eq!(
        pins(&desk.case(*third).await),
        (vec![door + 100], Some(60), 2)
    );
    desk.world.end().await;
}

#[tokio::test]
async fn who_decides_reads_the_evidence_and_later_by_which_document_and_by_whom() {
    let mut desk = desk(112, 1, 0).await;
    let case = desk.accepted(0).await;
    let verifier = desk.person("verifikator-bukti", Role::Verifier).await;
    let (operator, approver) = (desk.staff.operator.clone(), desk.staff.approver.clone());
    for by in [&operator, &verifier, &approver] {
        let view = by.case(case).await.unwrap();
        let visit = &view.visits[0];
        assert!(visit.photos.len() > 1 && visit.pin.is_some());
        for photo in &visit.photos {
            let copy = by.get(&format!("/v1/photos/{}/1600", photo.id)).await;
            assert_eq!(copy.status, 200, "{}", copy.verdict());
        }
        let path = format!("/v1/access?object=case:{case}&user={}", by.user());
        let logged: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
        assert!(logged.items.iter().any(|row| row.mode == "seen"));
        let photo = visit.photos[1].id;
        let path = format!("/v1/access?object=photo:{photo}&user={}", by.user());
        let logged: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
        assert!(logged.items.iter().any(|row| row.what == "photo_1600"));
    }

    let page = async |by: &Console| -> FamilyPage {
        let path = format!("/v1/families/{}", desk.village.homes[0].family);
        by.get(&path).await.read().unwrap()
    };
    let memberships = desk.case(case).await.memberships;
    let (first, second) = (memberships[0].id, memberships[1].id);
    let gone = Some("TIDAK_LAYAK_DAERAH");
    operator
        .decide(case, first, gone)
        .await
        .unwrap()
        .ok()
        .unwrap();
    operator
        .decide(case, second, None)
        .await
        .unwrap()
        .ok()
        .unwrap();
    // What only waits for its second person is no decision.
    let told = page(&operator).await.memberships;
    assert!(told.iter().all(|held| held.decision.is_none()));
    approver
        .confirm(case, first, true)
        .await
        .unwrap()
        .ok()
        .unwrap();

    let view = operator.case(case).await.unwrap();
    let one = &view.memberships[0];
    assert_eq!(one.document_number.as_deref(), Some("BA/12/2026"));
    assert_eq!(one.proposed_by, Some(operator.user()));
    assert_eq!(one.confirmed_by, Some(approver.user()));
    assert!(one.confirmed_by_name.is_some() && one.confirmed_at >= one.proposed_at);
    assert_eq!(view.memberships[1].confirmed_by, None, "nobody had to");
    let told = page(&verifier).await.memberships;
    let decision = |id: MembershipId| {
        let held = told.iter().find(|held| held.membership.id == id).unwrap();
        held.decision.clone().unwrap()
    };
    let cancelled = decision(first);
    assert_eq!(
        (cancelled.case, cancelled.outcome),
        (case, Outcome::Ineligible)
    );
    assert_eq!(
        cancelled.reason,
        Some(ReasonCode::known("TIDAK_LAYAK_DAERAH"))
    );
    assert_eq!(cancelled.document_number.as_deref(), Some("BA/12/2026"));
    assert_eq!(cancelled.proposed_by_name, one.proposed_by_name);
    assert_eq!(cancelled.confirmed_by_name, one.confirmed_by_name);
    assert_eq!(cancelled.confirmed_at, one.confirmed_at);
    let kept = decision(second);
    assert_eq!(kept.outcome, Outcome::Eligible);
    assert_eq!((kept.document_number, kept.confirmed_at), (None, None));
    let path = format!("/v1/cases/{case}/history");
    let acts: Page<HistoryRow> = operator.get(&path).await.read().unwrap();
    let documents = acts.items.iter().filter_map(|row| {
        let document = row.document_number.as_deref()?;
        Some((row.action.as_str(), document))
    });
    let documents: Vec<_> = documents.collect();
    assert_eq!(documents, [("membership.decide", "BA/12/2026")]);
    desk.world.end().await;
}
