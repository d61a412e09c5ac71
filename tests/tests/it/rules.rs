//! Eligibility as data: who writes a rule and who puts it in force, whom it would change, what it says and why, and that
//! nothing is removed by it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use strum::VariantArray;
use tilik_protocol::case::CaseState;
use tilik_protocol::evaluation::EligibilityOutcome as O;
use tilik_protocol::evaluation::{
    AgeSpan, CancellationSent, EligibilityOutcome, FactAppeal, FactView, Facts, FamilyEvaluations,
    PreparedCancellation, PreparedState, PreparedStep, ReadyRule, Recorded, Whose,
};
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{FamilyId, RuleId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{RuleAct, RuleChange, RulePreview, RuleState, RuleView, ShippedRules};
use tilik_server::store::rules::shipped;
use tilik_tests::{Answer, Console, village};

use crate::expected;
use crate::review::{Desk, desk};

const DAY_S: i64 = 86_400;

/// A gate of deciles and one reason of exclusion, for the whole city.
fn gate(max: u8) -> Value {
    json!({
        "title": "Sembako", "source": "kebijakan kota",
        "decile": { "max": max, "source": "kebijakan kota" },
        "exclusions": [{ "code": "GANDA", "label": "Keluarga ganda", "evidence": "kedua catatan",
            "source": "kota", "whole_family": true }],
    })
}

async fn draft(by: &Console, program: &str, body: &Value) -> Answer {
    let body = json!({ "event_id": by.event(), "program": program, "regime": "dtsen",
        "region": village::city(), "body": body });
    by.post("/v1/rules", &body).await
}

async fn act(by: &Console, rule: &RuleView, act: &str) -> Answer {
    let mut body = json!({ "event_id": by.event(), "seen_version": rule.version });
    if act == "refuse" {
        body["reason"] = json!("AMBANG_KELIRU");
    }
    by.post(&format!("/v1/rules/{}/{act}", rule.id), &body)
        .await
}

impl Desk {
    /// A rule in force, and everybody looked at by it.
    async fn in_force(&self, program: &str, body: &Value) -> RuleView {
        let made: RuleView = draft(&self.staff.admin, program, body)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        let sent = act(&self.staff.admin, &made, "submit").await.ok().unwrap();
        let done = act(&self.staff.approver, &sent.read().unwrap(), "confirm").await;
        self.world.settle().await.unwrap();
        done.ok().unwrap().read().unwrap()
    }

    /// Everybody is of the present regime; a home's decile.
    async fn ranked(&self, deciles: &[(usize, Option<i32>)]) {
        let store = self.world.app().unwrap().store;
        store
            .poke("UPDATE family SET regime = 'dtsen', decile = 2", [])
            .await
            .unwrap();
        for (home, decile) in deciles {
            let id = uuid::Uuid::from(self.village.homes[*home].family);
            let text = "UPDATE family SET decile = $1 WHERE id = $2";
            store
                .poke(text, [(*decile).into(), id.into()])
                .await
                .unwrap();
        }
    }

    async fn said(&self, home: usize) -> FamilyEvaluations {
        self.said_of(self.village.homes[home].family).await
    }

    async fn said_of(&self, family: FamilyId) -> FamilyEvaluations {
        let path = format!("/v1/families/{family}/evaluations");
        self.staff
            .operator
            .get(&path)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap()
    }

    /// What is said of a home now, each reason.
    async fn sentences(&self, home: usize) -> Vec<String> {
        let said = self.said(home).await.evaluations;
        let now = said.iter().find(|one| one.superseded_at.is_none()).unwrap();
        now.reasons.iter().map(|one| one.sentence.clone()).collect()
    }

    async fn outcome(&self, home: usize, program: &str) -> Option<EligibilityOutcome> {
        let said = self.said(home).await.evaluations;
        let now = said
            .iter()
            .find(|one| one.program == program && one.superseded_at.is_none());
        now.map(|one| one.outcome.known().unwrap())
    }

    async fn prepared(&self, state: &str) -> Vec<PreparedCancellation> {
        let path = format!("/v1/cancellations?state={state}");
        let page: Page<PreparedCancellation> = self
            .staff
            .operator
            .get(&path)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        page.items
    }

    async fn send(&self, by: &Console, one: &PreparedCancellation) -> Answer {
        let body = json!({ "event_id": by.event(), "seen_version": one.version, "document_number": "BA/9/2026" });
        by.post(&format!("/v1/cancellations/{}/send", one.id), &body)
            .await
    }

    async fn record(&self, by: &Console, home: usize, code: &str) -> Answer {
        let body = json!({ "event_id": by.event(), "code": code, "source": "Dinsos", "evidence": "BA/3/2026" });
        let path = format!("/v1/families/{}/facts", self.village.homes[home].family);
        by.post(&path, &body).await
    }
}

#[tokio::test]
async fn a_rule_counts_when_somebody_else_confirmed_it_and_says_then_of_everybody_why() {
    let desk = desk(1201, 5, 0).await;
    desk.ranked(&[(1, Some(5)), (2, Some(6)), (3, None)]).await;
    let (admin, approver) = (&desk.staff.admin, &desk.staff.approver);
    let made: RuleView = draft(admin, village::SEMBAKO, &gate(5))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(
        (made.number, made.state.known()),
        (1, Some(RuleState::Draft))
    );
    // Not before it was sent, and not by whoever wrote it.
    assert_eq!(
        act(approver, &made, "confirm").await.verdict(),
        "409 wrong_moment"
    );
    let sent: RuleView = act(admin, &made, "submit")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(
        act(admin, &sent, "confirm").await.verdict(),
        "403 forbidden"
    );
    assert_eq!(desk.outcome(0, village::SEMBAKO).await, None);
    let told = sent.foretold.unwrap();
    // Homes of both villages and nobody else.
    assert_eq!((told.families, told.changed, told.losing), (7, 7, 1));
    let stale = RuleView {
        version: made.version,
        ..sent.clone()
    };
    assert_eq!(
        act(approver, &stale, "confirm").await.verdict(),
        "409 stale"
    );
    let done: RuleView = act(approver, &sent, "confirm")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(done.state.known(), Some(RuleState::InForce));
    desk.world.settle().await.unwrap();
    for (home, outcome) in [
        (0, O::Eligible),
        (1, O::Eligible),
        (2, O::Ineligible),
        (3, O::NotRanked),
    ] {
        assert_eq!(
            desk.outcome(home, village::SEMBAKO).await,
            Some(outcome),
            "home {home}"
        );
    }
    let said = &desk.said(2).await.evaluations[0];
    assert_eq!((said.rule, said.rule_number), (done.id, 1));
    let sentences: Vec<&str> = said
        .reasons
        .iter()
        .map(|one| one.sentence.as_str())
        .collect();
    assert_eq!(
        sentences,
        ["Desil 6 menurut registri per 24-11-2026 melewati batas desil 5."]
    );
    // The other program has no rule, and nobody says anything about it.
    assert_eq!(desk.outcome(0, village::PKH).await, None);
    // Nothing was removed.
    let rows = desk.staff.auditor.memberships().await.unwrap();
    assert!(
        rows.iter()
            .all(|row| row.state.known() == Some(MembershipState::Active))
    );
    desk.world.end().await;
}

#[tokio::test]
async fn a_rule_without_a_threshold_is_refused_with_the_fields_name() {
    let desk = desk(1202, 1, 0).await;
    let admin = &desk.staff.admin;
    let refused = async |change: fn(&mut Value)| {
        let mut body = gate(5);
        change(&mut body);
        let answer = draft(admin, village::SEMBAKO, &body).await;
        assert_eq!(answer.verdict(), "422 invalid");
        answer.json()["fields"][0]["field"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let no_max = refused(|body| body["decile"] = json!({ "source": "kota" }));
    assert_eq!(no_max.await, "body.decile.max");
    let no_hits = |body: &mut Value| {
        let poverty = serde_json::to_value(shipped().unwrap().poverty).unwrap();
        body["poverty"] = poverty;
        body["poverty"].as_object_mut().unwrap().remove("min_hits");
    };
    assert_eq!(refused(no_hits).await, "body.poverty.min_hits");
    let unknown = refused(|body| body["exclusions"][0]["code"] = json!("KODE_KARANGAN"));
    assert_eq!(unknown.await, "body.exclusions[0].code");
    let answer = draft(admin, "TIDAK-ADA", &gate(5)).await;
    assert_eq!(answer.json()["fields"][0]["field"], "program");
    desk.world.end().await;
}

#[tokio::test]
async fn before_a_rule_counts_it_is_told_who_would_change_and_why() {
    let desk = desk(1203, 6, 2).await;
    desk.ranked(&[(0, Some(4)), (1, Some(5)), (2, None)]).await;
    let before = desk.in_force(village::SEMBAKO, &gate(5)).await;
    let (admin, approver) = (&desk.staff.admin, &desk.staff.approver);
    let made: RuleView = draft(admin, village::SEMBAKO, &gate(3))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(made.number, 2);
    let path = format!("/v1/rules/{}/preview", made.id);
    for by in [admin, approver, &desk.staff.auditor] {
        let told: RulePreview = by.get(&path).await.ok().unwrap().read().unwrap();
        assert_eq!(told.against, Some(before.id));
        // Six here, two there, two that wait.
        assert_eq!(
            (
                told.foretold.families,
                told.foretold.changed,
                told.foretold.losing
            ),
            (10, 2, 2)
        );
        let lost = told.turns.iter().find(|turn| {
            turn.from.as_ref().and_then(Lenient::known) == Some(EligibilityOutcome::Eligible)
                && turn.to.known() == Some(EligibilityOutcome::Ineligible)
        });
        assert_eq!(lost.map(|turn| (turn.members, turn.others)), Some((2, 0)));
        let here = told
            .villages
            .iter()
            .find(|one| one.region == village::here());
        assert_eq!(here.unwrap().families, 8);
    }
    assert_eq!(
        desk.staff.operator.get(&path).await.verdict(),
        "403 forbidden"
    );
    let changes = async |by: &Console| {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!(
                "/v1/rules/{}/changes?members=true&to=ineligible&limit=1{after}",
                made.id
            );
            let page: Page<RuleChange> = by.get(&path).await.ok().unwrap().read().unwrap();
            all.extend(page.items);
            let Some(next) = page.next else { return all };
            after = format!("&after={next}");
        }
    };
    let told = changes(approver).await;
    let mut families: Vec<FamilyId> = told.iter().map(|one| one.family).collect();
    families.sort_unstable();
    let mut homes = vec![desk.village.homes[0].family, desk.village.homes[1].family];
    homes.sort_unstable();
    assert_eq!(families, homes);
    assert!(
        told.iter()
            .all(|one| one.name.is_some() && one.reasons.len() == 1)
    );
    // Who may not read families is told no names.
    assert!(changes(admin).await.iter().all(|one| one.name.is_none()));
    // And what was told comes to be.
    desk.world.pass_s(60).await.unwrap();
    let sent = act(admin, &made, "submit").await.ok().unwrap();
    act(approver, &sent.read().unwrap(), "confirm")
        .await
        .ok()
        .unwrap();
    desk.world.settle().await.unwrap();
    assert_eq!(desk.prepared("waiting").await.len(), 2);
    let rules: Page<RuleView> = desk
        .staff
        .operator
        .get("/v1/rules")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let state = |id: RuleId| {
        rules
            .items
            .iter()
            .find(|one| one.id == id)
            .unwrap()
            .state
            .known()
    };
    assert_eq!(state(before.id), Some(RuleState::Superseded));
    assert_eq!(state(made.id), Some(RuleState::InForce));
    // Every word that was said is kept.
    let said = desk.said(0).await.evaluations;
    assert_eq!(said.len(), 2);
    assert_eq!((said[0].rule, said[1].rule), (made.id, before.id));
    assert!(said[0].superseded_at.is_none() && said[1].superseded_at.is_some());
    desk.world.end().await;
}

#[tokio::test]
async fn one_key_proposes_where_the_evidence_stands_and_the_way_to_removal_is_the_one_of_every_other()
 {
    let mut desk = desk(1204, 4, 2).await;
    desk.ranked(&[(1, Some(8)), (2, Some(9))]).await;
    let case = desk.accepted(1).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let prepared = desk.prepared("waiting").await;
    assert_eq!(prepared.len(), 2);
    let of = |home: usize| {
        let family = desk.village.homes[home].family;
        prepared.iter().find(|one| one.family == family).unwrap()
    };
    let (seen, unseen) = (of(1), of(2));
    assert_eq!(
        (seen.next.known(), seen.case),
        (Some(PreparedStep::Propose), Some(case))
    );
    assert_eq!(seen.reason.as_str(), "MAMPU_DESIL");
    assert!(seen.notice.contains("Desil 8") && seen.photo.is_some());
    assert_eq!(unseen.next.known(), Some(PreparedStep::AskVisit));
    let nameless = json!({ "event_id": desk.staff.operator.event(), "seen_version": seen.version });
    let path = format!("/v1/cancellations/{}/send", seen.id);
    let refused = desk.staff.operator.post(&path, &nameless).await;
    assert_eq!(refused.json()["fields"][0]["field"], "document_number");
    let body = json!({ "event_id": desk.staff.operator.event(), "seen_version": seen.version, "document_number": "BA/9/2026" });
    for _ in 0..2 {
        let sent: CancellationSent = desk
            .staff
            .operator
            .post(&path, &body)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        assert_eq!(
            (sent.done.known(), sent.case),
            (Some(PreparedStep::Propose), case)
        );
        assert_eq!(sent.case_state.known(), Some(CaseState::AwaitingApproval));
    }
    let membership = seen.membership;
    assert_eq!(
        desk.state_of(membership).await,
        MembershipState::Active,
        "nothing is removed by itself"
    );
    // Nobody has seen the other house: the key asks for a visit, and waits.
    let sent: CancellationSent = desk
        .send(&desk.staff.operator, unseen)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(sent.done.known(), Some(PreparedStep::AskVisit));
    assert_eq!(sent.case_state.known(), Some(CaseState::Open));
    let waiting = desk.prepared("waiting").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].next.known(), Some(PreparedStep::Wait));
    assert_eq!(
        desk.send(&desk.staff.operator, &waiting[0]).await.verdict(),
        "409 wrong_moment"
    );
    // Whoever proposed does not confirm, whatever they are besides; the approver has the last word.
    desk.also(&desk.staff.operator, Role::Approver).await;
    let own = desk
        .staff
        .operator
        .confirm(case, membership, true)
        .await
        .unwrap();
    assert_eq!(own.verdict(), "403 separation_of_duty");
    let done = desk
        .staff
        .approver
        .confirm(case, membership, true)
        .await
        .unwrap();
    assert_eq!(done.status, 200, "{}", done.json());
    assert_eq!(desk.state_of(membership).await, MembershipState::Inactive);
    desk.world.settle().await.unwrap();
    assert_eq!(desk.prepared("proposed").await.len(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn what_somebody_looked_into_comes_back_only_with_other_facts_and_eligible_still_needs_the_approver()
 {
    let mut desk = desk(1205, 3, 0).await;
    desk.ranked(&[(1, Some(8))]).await;
    let case = desk.accepted(1).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let one = desk.prepared("waiting").await.remove(0);
    let operator = &desk.staff.operator;
    let path = format!("/v1/cancellations/{}/dismiss", one.id);
    let dismiss = |reason: &str| json!({ "event_id": operator.event(), "seen_version": one.version, "reason": reason });
    let answer = operator.post(&path, &dismiss("KARANGAN")).await;
    assert_eq!(answer.json()["fields"][0]["field"], "reason");
    let answer = operator
        .post(&path, &dismiss("TETAP_LAYAK_DIPERIKSA"))
        .await;
    assert_eq!(answer.status, 204);
    assert!(desk.prepared("waiting").await.is_empty());
    // Looked at again, with the same facts at another address: nothing new.
    let store = desk.world.app().unwrap().store;
    let village = format!("region:{}", village::here());
    store
        .poke(
            "UPDATE family SET address = 'JL LAIN', recorded_at = recorded_at + 1",
            [],
        )
        .await
        .unwrap();
    let by = store.acting_as_system("a test");
    assert_eq!(by.evaluate(&village).await.unwrap(), 0);
    assert!(desk.prepared("waiting").await.is_empty());
    // The rule still speaks against it: one person alone does not say otherwise.
    let decided = operator.decide(case, one.membership, None).await.unwrap();
    assert_eq!(decided.status, 200, "{}", decided.json());
    assert_eq!(
        desk.case(case).await.state.known(),
        Some(CaseState::AwaitingApproval)
    );
    // Another decile is another fact.
    desk.ranked(&[(1, Some(9))]).await;
    assert_eq!(by.evaluate(&village).await.unwrap(), 1);
    let again = desk.prepared("waiting").await;
    assert_eq!(again.len(), 1);
    // And when it no longer fails, nothing waits.
    desk.ranked(&[(1, Some(3))]).await;
    assert_eq!(by.evaluate(&village).await.unwrap(), 1);
    assert!(desk.prepared("waiting").await.is_empty());
    assert_eq!(desk.prepared("obsolete").await.len(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn a_recorded_fact_excludes_until_it_is_over_and_who_recorded_it_does_not_decide_whether_it_was_right()
 {
    let desk = desk(1206, 3, 0).await;
    desk.ranked(&[]).await;
    let operator = &desk.staff.operator;
    // No rule in force asks for anything.
    let refused = desk.record(operator, 0, "GANDA").await;
    assert_eq!(refused.json()["fields"][0]["field"], "code");
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        Some(EligibilityOutcome::Eligible)
    );
    let nik = json!({ "event_id": operator.event(), "code": "GANDA", "source": "Dinsos", "evidence": "3571031234567890" });
    let path = format!("/v1/families/{}/facts", desk.village.homes[0].family);
    assert_eq!(
        operator.post(&path, &nik).await.json()["fields"][0]["code"],
        "personal_number"
    );
    let fact: FactView = desk
        .record(operator, 0, "GANDA")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    desk.world.settle().await.unwrap();
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        Some(EligibilityOutcome::Ineligible)
    );
    assert_eq!(
        desk.sentences(0).await[0],
        "Tercatat keluarga ganda menurut Dinsos dengan bukti BA/3/2026."
    );
    // What shows the fact stands in the proposal already.
    let prepared = desk.prepared("waiting").await;
    assert_eq!(prepared[0].document_number.as_deref(), Some("BA/3/2026"));
    let change = async |by: &Console, version: i32, body: Value| {
        let mut body = body;
        body["event_id"] = json!(by.event());
        body["seen_version"] = json!(version);
        let answer = by
            .post(&format!("/v1/facts/{}/change", fact.id), &body)
            .await;
        desk.world.settle().await.unwrap();
        answer
    };
    let filed = change(operator, 1, json!({ "appeal": "filed" })).await;
    assert_eq!(filed.read::<FactView>().unwrap().version, 2);
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        Some(EligibilityOutcome::Incomplete)
    );
    assert!(
        desk.prepared("waiting").await.is_empty(),
        "nobody is proposed while they are heard"
    );
    let own = change(operator, 2, json!({ "appeal": "dismissed" })).await;
    assert_eq!(own.verdict(), "403 separation_of_duty");
    let upheld = change(&desk.staff.verifier, 2, json!({ "appeal": "upheld" })).await;
    assert_eq!(upheld.status, 200, "{}", upheld.json());
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        Some(EligibilityOutcome::Eligible)
    );
    // A fact of some days begins and ends by itself.
    let now = desk.world.now();
    let body = json!({ "event_id": operator.event(), "code": "GANDA", "source": "Dinsos", "evidence": "BA/4/2026",
        "valid_from": now.plus_s(DAY_S), "valid_until": now.plus_s(2 * DAY_S) });
    let path = format!("/v1/families/{}/facts", desk.village.homes[1].family);
    operator.post(&path, &body).await.ok().unwrap();
    for outcome in [
        EligibilityOutcome::Eligible,
        EligibilityOutcome::Ineligible,
        EligibilityOutcome::Eligible,
    ] {
        desk.world.settle().await.unwrap();
        assert_eq!(desk.outcome(1, village::SEMBAKO).await, Some(outcome));
        desk.world.pass_s(DAY_S).await.unwrap();
    }
    desk.world.end().await;
}

#[tokio::test]
async fn accepted_answers_count_and_those_that_were_taken_back_do_not() {
    let mut desk = desk(1207, 2, 0).await;
    desk.ranked(&[]).await;
    let mut body = gate(5);
    body["poverty"] = serde_json::to_value(shipped().unwrap().poverty).unwrap();
    desk.in_force(village::SEMBAKO, &body).await;
    let unknown = Some(EligibilityOutcome::Incomplete);
    assert_eq!(desk.outcome(0, village::SEMBAKO).await, unknown);
    let families = [desk.village.homes[0].family];
    let opened = desk.staff.supervisor.open_cases(
        &families,
        tilik_protocol::evidence::VisitKind::Full,
        Some(desk.phone.officer.id),
        None,
    );
    let case = opened.await.unwrap().cases[0];
    let visit = desk.phone.capture_plainly(&desk.world, case, &[]).unwrap();
    desk.phone.bring(&visit).await.unwrap();
    desk.world.settle().await.unwrap();
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        unknown,
        "not before they are accepted"
    );
    desk.staff.supervisor.accept(case).await.unwrap();
    desk.world.settle().await.unwrap();
    let said = desk.outcome(0, village::SEMBAKO).await;
    assert!(said.is_some() && said != unknown, "{said:?}");
    let sentence = &desk.sentences(0).await[1];
    assert!(
        sentence.contains("ambang kebijakan kota, bukan bunyi Kepmensos"),
        "{sentence}"
    );
    desk.staff
        .supervisor
        .act(case, "withdraw")
        .await
        .unwrap()
        .ok()
        .unwrap();
    desk.world.settle().await.unwrap();
    assert_eq!(desk.outcome(0, village::SEMBAKO).await, unknown);
    desk.world.end().await;
}

#[tokio::test]
async fn what_tilik_ships_comes_as_drafts_once_and_only_for_programs_that_are_there() {
    let desk = desk(1208, 1, 0).await;
    let admin = &desk.staff.admin;
    let ship = async || {
        let body = json!({ "event_id": admin.event(), "region": village::city() });
        admin
            .post("/v1/rules/shipped", &body)
            .await
            .ok()
            .unwrap()
            .read::<ShippedRules>()
            .unwrap()
    };
    assert_eq!(ship().await.drafts.len(), 4, "two programs, two regimes");
    assert!(ship().await.drafts.is_empty());
    let rules: Page<RuleView> = admin.get("/v1/rules").await.ok().unwrap().read().unwrap();
    assert!(
        rules
            .items
            .iter()
            .all(|one| one.state.known() == Some(RuleState::Draft))
    );
    let sembako = rules
        .items
        .iter()
        .find(|one| one.program == village::SEMBAKO && one.regime == "dtsen");
    // The program's own line says four.
    assert_eq!(sembako.unwrap().body.decile.as_ref().unwrap().max, Some(4));
    assert_eq!(
        desk.staff
            .operator
            .post("/v1/rules/shipped", &json!({}))
            .await
            .verdict(),
        "403 forbidden"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn a_rule_of_another_place_is_hidden_and_the_one_of_the_smallest_place_counts() {
    let desk = desk(1209, 3, 0).await;
    desk.ranked(&[(0, Some(4))]).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        Some(EligibilityOutcome::Eligible)
    );
    let admin = &desk.staff.admin;
    let body = json!({ "event_id": admin.event(), "program": village::SEMBAKO, "regime": "dtsen",
        "region": village::here(), "body": gate(3) });
    let made: RuleView = admin
        .post("/v1/rules", &body)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let sent = act(admin, &made, "submit").await.ok().unwrap();
    act(&desk.staff.approver, &sent.read().unwrap(), "confirm")
        .await
        .ok()
        .unwrap();
    desk.world.settle().await.unwrap();
    assert_eq!(
        desk.outcome(0, village::SEMBAKO).await,
        Some(EligibilityOutcome::Ineligible)
    );
    let people = (admin, &desk.staff.approver);
    let reach = [village::elsewhere()];
    let there = desk
        .world
        .person(people, "operator-sana", Role::Operator, &reach)
        .await
        .unwrap();
    let rules: Page<RuleView> = there.get("/v1/rules").await.ok().unwrap().read().unwrap();
    assert!(rules.items.iter().all(|one| one.id != made.id) && rules.items.len() == 1);
    let one = &desk.prepared("waiting").await[0];
    assert_eq!(desk.send(&there, one).await.verdict(), "404 not_found");
    desk.world.end().await;
}

const TITLE: &str = "\
# What makes a family eligible, as it is shipped: drafts until an approver puts them in force. Then what a version of a rule
# can become, and what a rule says of which facts.
";

/// The facts of the table: what they are called, and what they are.
fn cases() -> Vec<(&'static str, Facts)> {
    let facts = |decile: Option<u8>,
                 poor: Option<bool>,
                 age: Option<u8>,
                 said: &[(&'static str, FactAppeal)]| Facts {
        decile,
        registry_of: "24-11-2026".to_owned(),
        answers: poor.map(|poor| {
            let yes = if poor { "yes" } else { "no" };
            let answers: Answers = [
                ("shelter", "yes"),
                ("work", "yes"),
                ("food_worry", yes),
                ("food_share", yes),
                ("clothing", "yes"),
                ("floor", if poor { "8" } else { "2" }),
                ("wall", "1"),
                ("toilet", "1"),
                ("light", "1"),
                ("power", "900"),
            ]
            .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
            .into();
            (0, answers)
        }),
        members: age
            .map(|age| AgeSpan {
                least: age,
                most: age,
            })
            .into_iter()
            .collect(),
        recorded: said
            .iter()
            .map(|(code, appeal)| Recorded {
                code: ReasonCode::known(code),
                source: "Dinsos".to_owned(),
                evidence: "BA/3/2026".to_owned(),
                appeal: *appeal,
                whose: Whose::Family,
            })
            .collect(),
    };
    vec![
        (
            "decile 2, a child, poor answers",
            facts(Some(2), Some(true), Some(4), &[]),
        ),
        (
            "decile 2, a child, well-off answers",
            facts(Some(2), Some(false), Some(4), &[]),
        ),
        (
            "decile 2, a child, no answers",
            facts(Some(2), None, Some(4), &[]),
        ),
        (
            "decile 2, adults of 40, no answers",
            facts(Some(2), None, Some(40), &[]),
        ),
        (
            "decile 5, a child, no answers",
            facts(Some(5), None, Some(4), &[]),
        ),
        (
            "decile 6, a child, poor answers",
            facts(Some(6), Some(true), Some(4), &[]),
        ),
        (
            "no decile, a child, well-off answers",
            facts(None, Some(false), Some(4), &[]),
        ),
        (
            "no decile, recorded twice",
            facts(None, None, Some(4), &[("GANDA", FactAppeal::None)]),
        ),
        (
            "decile 2, recorded twice",
            facts(Some(2), Some(true), Some(4), &[("GANDA", FactAppeal::None)]),
        ),
        (
            "decile 2, recorded twice, heard",
            facts(
                Some(2),
                Some(true),
                Some(4),
                &[("GANDA", FactAppeal::Filed)],
            ),
        ),
        (
            "decile 2, recorded twice, wrongly",
            facts(
                Some(2),
                Some(true),
                Some(4),
                &[("GANDA", FactAppeal::Upheld)],
            ),
        ),
        (
            "decile 2, no component left",
            facts(
                Some(2),
                Some(true),
                Some(40),
                &[("TANPA_KOMPONEN", FactAppeal::None)],
            ),
        ),
    ]
}

#[test]
fn the_rules_in_words_and_what_they_say_are_those_that_were_read() {
    let file = shipped().unwrap();
    let forms = [Form::kepmensos_262().unwrap()];
    let mut out = TITLE.to_owned();
    writeln!(out, "\n{}\n{}", file.label, file.source).unwrap();
    for rule in &file.rules {
        writeln!(
            out,
            "\n## {} {}: {} ({})",
            rule.program, rule.regime, rule.title, rule.source
        )
        .unwrap();
        let words = file.body(rule).words();
        // The long table of exclusions is told once, for the program that knows them all.
        let is_first = rule.program == "PKH" && rule.regime == "dtsen";
        let exclusions = words
            .iter()
            .filter(|words| words.starts_with("Gugur bila"))
            .count();
        for words in words
            .iter()
            .filter(|words| is_first || !words.starts_with("Gugur bila"))
        {
            writeln!(out, "- {words}").unwrap();
        }
        if !is_first {
            let without: Vec<&str> = rule.without.iter().map(ReasonCode::as_str).collect();
            writeln!(
                out,
                "- Gugur karena {exclusions} alasan: semua di atas kecuali {}.",
                without.join(", ")
            )
            .unwrap();
        }
    }
    out.push_str("\n## Versions\n");
    for from in RuleState::VARIANTS {
        let mut can = Vec::new();
        for act in RuleAct::VARIANTS {
            if let Some(to) = from.after(*act) {
                can.push(format!("{act} -> {to}"));
            }
        }
        let can = if can.is_empty() {
            "nothing more".to_owned()
        } else {
            can.join(", ")
        };
        writeln!(out, "{from:<11} {can}").unwrap();
    }
    for (program, regime) in [("PKH", "dtsen"), ("SEMBAKO", "dtsen"), ("SEMBAKO", "dtks")] {
        writeln!(out, "\n## What {program} {regime} says").unwrap();
        let rule = file
            .rules
            .iter()
            .find(|one| one.program == program && one.regime == regime);
        let rule = ReadyRule::new(file.body(rule.unwrap()), &forms);
        for (name, facts) in cases() {
            let verdict = rule.evaluate(&facts);
            writeln!(out, "{name:<38} {}", verdict.outcome).unwrap();
            for reason in rule.explain(&facts, &verdict) {
                writeln!(out, "    {:<8} {}", reason.effect, reason.sentence).unwrap();
            }
        }
    }
    let states: Vec<String> = PreparedState::VARIANTS
        .iter()
        .map(ToString::to_string)
        .collect();
    writeln!(out, "\nA prepared cancellation is {}.", states.join(", ")).unwrap();
    expected::compare("rules.txt", &out);
}
