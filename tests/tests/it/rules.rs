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
use tilik_protocol::family::FamilyChanged;
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{FactId, FamilyId, GrantId, PersonId, RuleId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{
    RuleAct, RuleChange, RuleHead, RulePreview, RuleState, RuleView, ShippedRules,
};
use tilik_protocol::session::Me;
use tilik_protocol::tasks::{TaskKind, Tasks};
use tilik_server::store::rules::shipped;
use tilik_tests::world::contains;
use tilik_tests::{Answer, Console, village};

use crate::expected;
use crate::review::{Desk, desk};
use crate::tasks::counts;

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
        let body = json!({ "event_id": by.event(), "code": code, "source": "Dinsos", "evidence": "berita acara",
            "document_number": "BA/3/2026" });
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
        let told = answer.json();
        assert!(
            !told["fields"][0]["remedy"].as_str().unwrap().is_empty(),
            "{told}"
        );
        told["fields"][0]["field"].as_str().unwrap().to_owned()
    };
    let no_max = refused(|body| body["decile"] = json!({ "source": "kota" }));
    assert_eq!(no_max.await, "body.decile.max");
    // Said with its remedy, however the threshold is missing or is none.
    for max in [Value::Null, json!(0), json!(11)] {
        let mut body = gate(5);
        body["decile"]["max"] = max;
        let told = draft(admin, village::SEMBAKO, &body).await.json();
        assert_eq!(
            (&told["fields"][0]["field"], &told["fields"][0]["remedy"]),
            (
                &json!("body.decile.max"),
                &json!("Isi batas desil, 1 sampai 10.")
            )
        );
    }
    for max in [json!("empat"), json!(-1), json!(4.5), json!(4000)] {
        let mut body = gate(5);
        body["decile"]["max"] = max;
        let told = draft(admin, village::SEMBAKO, &body).await.json();
        assert_eq!(told["fields"][0]["field"], "body.decile.max", "{told}");
    }
    let no_least = |body: &mut Value| {
        body["components"] = serde_json::to_value(shipped().unwrap().components).unwrap();
        body["components"]
            .as_object_mut()
            .unwrap()
            .remove("at_least");
    };
    assert_eq!(refused(no_least).await, "body.components.at_least");
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
    let why = |told: &RulePreview| {
        let of = told.reasons.iter().map(|one| {
            let to = one.to.known().unwrap();
            (to, one.code.to_string(), one.members, one.others)
        });
        of.collect::<Vec<_>>()
    };
    let told: RulePreview = admin.get(&path).await.ok().unwrap().read().unwrap();
    assert_eq!(
        why(&told),
        [(O::Ineligible, "MAMPU_DESIL".to_owned(), 2, 0)]
    );
    let changes = async |by: &Console, names: bool| {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!(
                "/v1/rules/{}/changes?members=true&to=ineligible&limit=1&names={names}{after}",
                made.id
            );
            let page: Page<RuleChange> = by.get(&path).await.ok().unwrap().read().unwrap();
            all.extend(page.items);
            let Some(next) = page.next else { return all };
            after = format!("&after={next}");
        }
    };
    // Codes and villages by themselves, of whoever asks: no name, no number of a family, no sentence about it.
    let looked = "SELECT COUNT(*) FROM access WHERE what = 'rule_change'";
    for by in [admin, approver] {
        let told = changes(by, false).await;
        assert_eq!(told.len(), 2);
        for one in told {
            assert_eq!((one.family, one.name, one.membership), (None, None, None));
            assert!(one.reasons.is_empty() && one.member);
            assert_eq!(one.codes, [ReasonCode::known("MAMPU_DESIL")]);
        }
    }
    // Nor for the asking, where families may not be read.
    let told = changes(admin, true).await;
    assert!(
        told.iter()
            .all(|one| one.family.is_none() && one.reasons.is_empty())
    );
    assert_eq!(desk.world.count(looked).await.unwrap(), 0);
    let told = changes(approver, true).await;
    assert_eq!(desk.world.count(looked).await.unwrap(), 2, "each is logged");
    let mut families: Vec<FamilyId> = told.iter().filter_map(|one| one.family).collect();
    families.sort_unstable();
    let mut homes = vec![desk.village.homes[0].family, desk.village.homes[1].family];
    homes.sort_unstable();
    assert_eq!(families, homes);
    assert!(
        told.iter()
            .all(|one| one.name.is_some() && one.reasons.len() == 1)
    );
    // And what was told comes to be.
    desk.world.pass_s(60).await.unwrap();
    let sent = act(admin, &made, "submit").await.ok().unwrap();
    act(approver, &sent.read().unwrap(), "confirm")
        .await
        .ok()
        .unwrap();
    desk.world.settle().await.unwrap();
    assert_eq!(desk.prepared("waiting").await.len(), 2);
    let rules: Page<RuleHead> = desk
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
        "Tercatat keluarga ganda menurut Dinsos dengan bukti berita acara."
    );
    // The number of what shows the fact stands in the proposal already; a fact without one leaves it open.
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
    let rules: Page<RuleHead> = admin.get("/v1/rules").await.ok().unwrap().read().unwrap();
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
    // The program's own line says four; the list tells the thresholds and how many exclusions, the rule itself all of them.
    let sembako = sembako.unwrap();
    assert_eq!(
        sembako.words,
        ["Desil paling tinggi 4 (Kepmensos 79/HUK/2025)."]
    );
    let path = format!("/v1/rules/{}", sembako.id);
    let whole: RuleView = admin.get(&path).await.ok().unwrap().read().unwrap();
    assert_eq!(whole.body.decile.as_ref().unwrap().max, Some(4));
    assert_eq!(whole.body.exclusions.len(), sembako.exclusions as usize);
    let list = admin.get("/v1/rules").await.ok().unwrap().json();
    assert!(list["items"][0].get("body").is_none(), "a list of heads");
    let waiting = "/v1/rules?state=waiting";
    let waiting: Page<RuleHead> = admin.get(waiting).await.ok().unwrap().read().unwrap();
    assert!(waiting.items.is_empty());
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
    let rules: Page<RuleHead> = there.get("/v1/rules").await.ok().unwrap().read().unwrap();
    assert!(rules.items.iter().all(|one| one.id != made.id) && rules.items.len() == 1);
    let one = |id: RuleId| format!("/v1/rules/{id}");
    assert_eq!(there.get(&one(made.id)).await.verdict(), "404 not_found");
    assert_eq!(there.get(&one(rules.items[0].id)).await.status, 200);
    let one = &desk.prepared("waiting").await[0];
    assert_eq!(desk.send(&there, one).await.verdict(), "404 not_found");
    desk.world.end().await;
}

/// A rule of the poverty criteria alone, by a threshold of the city's.
fn poverty(min_hits: u32) -> Value {
    let mut poverty = serde_json::to_value(shipped().unwrap().poverty).unwrap();
    poverty["min_hits"] = json!(min_hits);
    json!({ "title": "Kriteria", "source": "kebijakan kota", "poverty": poverty })
}

fn wrong(answer: &Answer) -> String {
    let json = answer.json();
    let field = &json["fields"][0];
    format!(
        "{} {} {}",
        answer.verdict(),
        field["field"].as_str().unwrap_or_default(),
        field["code"].as_str().unwrap_or_default()
    )
}

impl Desk {
    async fn change(&self, by: &Console, fact: FactId, version: i32, what: Value) -> Answer {
        let mut body = what;
        body["event_id"] = json!(by.event());
        body["seen_version"] = json!(version);
        by.post(&format!("/v1/facts/{fact}/change"), &body).await
    }

    fn key(&self, home: usize) -> uuid::Uuid {
        self.village.homes[home].family.into()
    }

    async fn poke<const N: usize>(&self, text: &str, values: [sea_orm::Value; N]) {
        let store = self.world.app().unwrap().store;
        assert!(store.poke(text, values).await.unwrap() > 0, "{text}");
    }

    /// A decile of one home, and of no other.
    async fn decile(&self, home: usize, decile: i32) {
        let text = "UPDATE family SET decile = $1 WHERE id = $2";
        self.poke(text, [decile.into(), self.key(home).into()])
            .await;
    }
}

#[tokio::test]
async fn a_doubt_once_filed_is_decided_by_somebody_who_had_no_hand_in_it_and_wiped_by_nobody() {
    let desk = desk(1211, 2, 0).await;
    desk.ranked(&[]).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let recorder = &desk.staff.operator;
    let counter = desk.person("operator-loket", Role::Operator).await;
    let recorded = desk.record(recorder, 0, "GANDA").await;
    let fact: FactView = recorded.ok().unwrap().read().unwrap();
    // Nothing to decide yet.
    let early = desk.change(&counter, fact.id, 1, json!({ "appeal": "upheld" }));
    assert_eq!(wrong(&early.await), "422 invalid appeal not_possible");
    let filed = desk.change(&counter, fact.id, 1, json!({ "appeal": "filed" }));
    let filed: FactView = filed.await.ok().unwrap().read().unwrap();
    assert!(filed.appealed_at.is_some() && !filed.may_decide);
    for by in [recorder, &counter, &desk.staff.verifier] {
        let wiped = desk.change(by, fact.id, 2, json!({ "appeal": "none" }));
        assert_eq!(wrong(&wiped.await), "422 invalid appeal not_possible");
        let ended = desk.change(by, fact.id, 2, json!({ "end": true })).await;
        assert_eq!(wrong(&ended), "422 invalid end appealed");
        let again = desk.record(by, 0, "GANDA").await;
        assert_eq!(wrong(&again), "422 invalid code appealed");
    }
    // It waits for whoever had no hand in it.
    let judges = async |by: &Console| {
        let waits = counts(by).await;
        waits.contains(&(TaskKind::JudgeFact, 1))
    };
    assert!(judges(&desk.staff.operator).await || recorder.user() == desk.staff.operator.user());
    for by in [recorder, &counter] {
        assert!(!judges(by).await);
        for word in ["upheld", "dismissed"] {
            let own = desk.change(by, fact.id, 2, json!({ "appeal": word })).await;
            assert_eq!(own.verdict(), "403 separation_of_duty");
        }
    }
    let upheld = desk.change(
        &desk.staff.verifier,
        fact.id,
        2,
        json!({ "appeal": "upheld" }),
    );
    let upheld: FactView = upheld.await.ok().unwrap().read().unwrap();
    assert!(upheld.decided_at.is_some() && upheld.decided_by_name.is_some());
    desk.world.settle().await.unwrap();
    assert_eq!(desk.outcome(0, village::SEMBAKO).await, Some(O::Eligible));
    // Whom the family was right against does not record the same once more; somebody else may.
    let again = desk.record(recorder, 0, "GANDA").await;
    assert_eq!(again.verdict(), "403 separation_of_duty");
    assert_eq!(desk.record(&counter, 0, "GANDA").await.status, 200);
    // And another fact, or another family, is another matter.
    assert_eq!(desk.record(recorder, 1, "GANDA").await.status, 200);
    desk.world.end().await;
}

#[tokio::test]
async fn words_about_people_are_sealed_and_stand_in_no_journal_and_no_documents_number() {
    let desk = desk(1212, 2, 0).await;
    desk.ranked(&[]).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let by = &desk.staff.operator;
    let (source, evidence) = ("KETUA RT KENARI", "tetangga ZULKARNAEN 12 melihatnya");
    let body =
        json!({ "event_id": by.event(), "code": "GANDA", "source": source, "evidence": evidence });
    let path = format!("/v1/families/{}/facts", desk.village.homes[0].family);
    let fact: FactView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    assert_eq!(
        (fact.source.as_str(), fact.evidence.as_str()),
        (source, evidence)
    );
    assert_eq!(by.post(&path, &body).await.status, 200, "a repeat");
    desk.world.settle().await.unwrap();
    assert!(
        desk.sentences(0).await[0].contains(evidence),
        "to who may read it"
    );
    let one = desk.prepared("waiting").await.remove(0);
    assert_eq!(one.document_number, None, "what people wrote is no number");
    // A number is one, or is refused by its field.
    let mut wrongly = body.clone();
    wrongly["event_id"] = json!(by.event());
    wrongly["document_number"] = json!("surat tetangga");
    let refused = by.post(&path, &wrongly).await;
    assert_eq!(wrong(&refused), "422 invalid document_number missing");
    let store = desk.world.app().unwrap().store;
    let has = |bytes: &[u8]| {
        ["KENARI", "ZULKARNAEN"]
            .iter()
            .any(|word| contains(bytes, word.as_bytes()))
    };
    let mut seen = 0;
    for (table, column) in [
        ("journal", "body"),
        ("eligibility_fact", "body_enc"),
        ("evaluation", "body_enc"),
    ] {
        let rows = store
            .peek(&format!("SELECT {column} FROM {table}"), [])
            .await
            .unwrap();
        for row in rows {
            let bytes: Vec<u8> = row.try_get("", column).unwrap();
            assert!(!has(&bytes), "{table}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen}");
    let told = store
        .peek("SELECT body FROM journal WHERE action = 'fact.record'", [])
        .await
        .unwrap();
    let told: Vec<u8> = told[0].try_get("", "body").unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["code"], "GANDA");
    assert!(
        told.get("evidence").is_none() && told.get("source").is_none(),
        "{told}"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn of_a_program_for_persons_the_evaluation_and_the_cancellation_name_the_person_and_the_facts()
 {
    let desk = desk(1213, 2, 0).await;
    desk.ranked(&[]).await;
    let home = &desk.village.homes[1];
    let (person, membership) = (home.persons[0], home.memberships[village::SEMBAKO]);
    let text = "UPDATE membership SET person_id = $1 WHERE id = $2";
    let values = [
        uuid::Uuid::from(person).into(),
        uuid::Uuid::from(membership).into(),
    ];
    desk.poke(text, values).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let by = &desk.staff.operator;
    let body = json!({ "event_id": by.event(), "code": "GANDA", "person": person, "source": "Dinsos",
        "evidence": "berita acara" });
    let path = format!("/v1/families/{}/facts", home.family);
    let fact: FactView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    assert_eq!(fact.person_name.as_deref(), Some(home.name.as_str()));
    desk.world.settle().await.unwrap();
    let one = desk.prepared("waiting").await.remove(0);
    assert_eq!(one.membership, membership);
    assert_eq!(
        (one.person, one.person_name.as_deref()),
        (Some(person), Some(home.name.as_str()))
    );
    assert_eq!(
        (one.evaluation.person, &one.evaluation.facts),
        (Some(person), &vec![fact.id])
    );
    assert!(
        one.notice.starts_with(&format!(
            "Kepesertaan {}, anggota keluarga Anda,",
            home.name
        )),
        "{}",
        one.notice
    );
    let said = desk.said(1).await.evaluations;
    let now = said.iter().find(|one| one.superseded_at.is_none()).unwrap();
    assert_eq!((now.person, &now.facts), (Some(person), &vec![fact.id]));
    // What was said before it was recorded fired by no fact, and of a family's place there is no person.
    assert!(
        said.iter()
            .any(|one| one.facts.is_empty() && one.person == Some(person))
    );
    assert!(
        desk.said(0)
            .await
            .evaluations
            .iter()
            .all(|one| one.person.is_none())
    );
    let told = desk
        .world
        .count(
            "SELECT COUNT(*) FROM prepared_cancellation p JOIN evaluation e ON e.id = p.evaluation_id \
             WHERE p.person_id IS NOT NULL AND p.person_id = e.person_id",
        )
        .await;
    assert_eq!(told.unwrap(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn of_two_evaluations_that_end_in_the_wrong_order_the_one_that_read_later_counts() {
    let desk = desk(1214, 2, 0).await;
    desk.ranked(&[]).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let store = desk.world.app().unwrap().store;
    let by = store.acting_as_system("a test");
    let village = format!("region:{}", village::here());
    let eligible = Some(O::Eligible);
    assert_eq!(desk.outcome(1, village::SEMBAKO).await, eligible);
    // One reads decile 8 and is slow. Meanwhile it was a mistake, and another reads what it was before: nothing new.
    desk.decile(1, 8).await;
    let slow = by.evaluate_around(&village, async {
        desk.decile(1, 2).await;
        assert_eq!(by.evaluate(&village).await.unwrap(), 0);
    });
    let kept = Box::pin(slow).await;
    assert_eq!(
        kept.unwrap(),
        Some(0),
        "what was read first is not written last"
    );
    assert_eq!(desk.outcome(1, village::SEMBAKO).await, eligible);
    assert!(desk.prepared("waiting").await.is_empty());
    // The other way round: the slow one read that nothing changed, and it did.
    let slow = by.evaluate_around(&village, async {
        desk.decile(1, 9).await;
        assert_eq!(by.evaluate(&village).await.unwrap(), 1);
    });
    let kept = Box::pin(slow).await;
    assert_eq!(kept.unwrap(), None, "and looks again");
    assert_eq!(desk.outcome(1, village::SEMBAKO).await, Some(O::Ineligible));
    assert_eq!(desk.prepared("waiting").await.len(), 1);
    // Both found something new: the family's own, which read later, stays.
    desk.decile(1, 7).await;
    let slow = by.evaluate_around(&village, async {
        desk.decile(1, 3).await;
        let family = format!("family:{}", desk.village.homes[1].family);
        assert_eq!(by.evaluate(&family).await.unwrap(), 1);
    });
    let kept = Box::pin(slow).await;
    assert_eq!(kept.unwrap(), Some(0));
    assert_eq!(desk.outcome(1, village::SEMBAKO).await, eligible);
    assert!(desk.prepared("waiting").await.is_empty());
    desk.world.end().await;
}

#[tokio::test]
async fn what_was_prepared_is_on_the_list_of_where_the_family_lives_now() {
    let desk = desk(1215, 2, 0).await;
    desk.ranked(&[(1, Some(8))]).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let people = (&desk.staff.admin, &desk.staff.approver);
    let hire = async |name: &str, place| {
        let reach = [place];
        desk.world
            .person(people, name, Role::Operator, &reach)
            .await
            .unwrap()
    };
    let here = hire("operator-sini", village::here()).await;
    let there = hire("operator-sana", village::elsewhere()).await;
    let waits = async |by: &Console| {
        let page: Page<PreparedCancellation> = by
            .get("/v1/cancellations")
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
        let of_kind =
            |kind: &&tilik_protocol::tasks::TaskGroup| kind.kind == TaskKind::SendCancellation;
        let tasks = tasks.groups.iter().find(of_kind).map_or(0, |one| one.count);
        (page.items.len(), tasks)
    };
    assert_eq!((waits(&here).await, waits(&there).await), ((1, 1), (0, 0)));
    let text = "UPDATE family SET region = $1 WHERE id = $2";
    let place = village::elsewhere().to_string();
    desk.poke(text, [place.into(), desk.key(1).into()]).await;
    assert_eq!((waits(&here).await, waits(&there).await), ((0, 0), (1, 1)));
    desk.world.end().await;
}

#[tokio::test]
async fn what_waits_for_an_ended_place_waits_no_more_and_the_journal_says_so() {
    let desk = desk(1216, 3, 0).await;
    desk.ranked(&[(1, Some(8)), (2, Some(8))]).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let prepared = desk.prepared("waiting").await;
    assert_eq!(prepared.len(), 2);
    let family = desk.village.homes[1].family;
    let one = prepared.iter().find(|one| one.family == family).unwrap();
    let text = "UPDATE membership SET state = 'inactive' WHERE id = $1";
    desk.poke(text, [uuid::Uuid::from(one.membership).into()])
        .await;
    let store = desk.world.app().unwrap().store;
    let by = store.acting_as_system("a test");
    let village = format!("region:{}", village::here());
    let said = "SELECT COUNT(*) FROM journal WHERE action = 'cancellation.obsolete'";
    for _ in 0..2 {
        by.evaluate(&village).await.unwrap();
        assert_eq!(desk.world.count(said).await.unwrap(), 1, "said once");
    }
    assert_eq!(desk.prepared("waiting").await.len(), 1);
    let gone = &desk.prepared("obsolete").await[0];
    assert_eq!((gone.id, gone.version), (one.id, one.version + 1));
    // So does the journal of what other facts replaced.
    desk.decile(2, 3).await;
    by.evaluate(&village).await.unwrap();
    let other = prepared.iter().find(|other| other.id != one.id).unwrap();
    let rows = store
        .peek(
            "SELECT body FROM journal WHERE action = 'eligibility.evaluate' ORDER BY seq DESC LIMIT 1",
            [],
        )
        .await
        .unwrap();
    let told: Vec<u8> = rows[0].try_get("", "body").unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["evaluations"][0]["obsolete"], json!(other.id));
    let stale = desk.send(&desk.staff.operator, other).await;
    assert_eq!(stale.verdict(), "409 stale", "it is another version by now");
    desk.world.end().await;
}

#[tokio::test]
async fn whoever_wrote_a_rule_does_not_confirm_it_in_another_office_either() {
    let desk = desk(1217, 1, 0).await;
    let writer = desk.person("admin-dua", Role::Admin).await;
    let made: RuleView = draft(&writer, village::SEMBAKO, &gate(5))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    // Somebody else sends it; then whoever wrote it becomes an approver.
    let sent: RuleView = act(&desk.staff.admin, &made, "submit")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let me: Me = writer.get("/v1/me").await.ok().unwrap().read().unwrap();
    let own: GrantId = me.grants[0].id;
    let ended = json!({ "event_id": desk.staff.admin.event() });
    let path = format!("/v1/grants/{own}/end");
    desk.staff.admin.post(&path, &ended).await.ok().unwrap();
    desk.also(&writer, Role::Approver).await;
    writer.sign_in().await.unwrap();
    for word in ["confirm", "refuse"] {
        let answer = act(&writer, &sent, word).await;
        assert_eq!(answer.verdict(), "403 separation_of_duty", "{word}");
    }
    assert_eq!(
        act(&desk.staff.approver, &sent, "confirm").await.status,
        200
    );
    desk.world.end().await;
}

#[tokio::test]
async fn the_threshold_that_asks_for_a_second_word_is_the_one_of_the_citys_rule_in_force() {
    // Three criteria are met: enough by what Tilik suggests.
    let three = [
        ("work", "yes"),
        ("food_worry", "no"),
        ("food_share", "no"),
        ("clothing", "yes"),
        ("floor", "2"),
    ];
    for (seed, of_program, of_another, state) in [
        (1218, None, None, CaseState::Decided),
        (1219, None, Some(8), CaseState::AwaitingApproval),
        (1220, Some(2), Some(8), CaseState::Decided),
        (1221, Some(5), None, CaseState::AwaitingApproval),
    ] {
        let mut desk = desk(seed, 2, 0).await;
        desk.ranked(&[]).await;
        for (program, threshold) in [(village::SEMBAKO, of_program), (village::PKH, of_another)] {
            if let Some(threshold) = threshold {
                desk.in_force(program, &poverty(threshold)).await;
            }
        }
        let families = [desk.village.homes[1].family];
        let opened = desk.staff.supervisor.open_cases(
            &families,
            tilik_protocol::evidence::VisitKind::Full,
            Some(desk.phone.officer.id),
            None,
        );
        let case = opened.await.unwrap().cases[0];
        let visit = desk
            .phone
            .capture_plainly(&desk.world, case, &three)
            .unwrap();
        desk.phone.bring(&visit).await.unwrap();
        desk.world.settle().await.unwrap();
        desk.staff.supervisor.accept(case).await.unwrap();
        let membership = desk.membership(case).await;
        let decided = desk.staff.operator.decide(case, membership, None).await;
        assert_eq!(decided.unwrap().status, 200);
        assert_eq!(
            desk.case(case).await.state.known(),
            Some(state),
            "{of_program:?} {of_another:?}"
        );
        desk.world.end().await;
    }
}

#[tokio::test]
async fn facts_go_with_their_persons_and_the_familys_own_stay_with_it() {
    let desk = desk(1222, 2, 0).await;
    desk.in_force(village::SEMBAKO, &gate(5)).await;
    let by = &desk.staff.operator;
    let person = |nik: &str, name: &str, born: &str, relation: &str| json!({ "nik": nik, "name": name, "birth_date": born, "sex": "male", "relation": relation });
    let body = json!({
        "event_id": by.event(), "kk": "3571030101200001", "address": "JL MAWAR NO 1", "rt": "1", "rw": "02",
        "region": village::here(), "persons": [
            person("3571031212800001", "SURYONO", "1980-12-12", "kepala_keluarga"),
            person("3571030101050001", "BUDI", "2005-01-01", "anak"),
        ],
    });
    let changed = async |path: &str, body: &Value| -> FamilyChanged {
        let answer = by.post(path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.read().unwrap()
    };
    let old = changed("/v1/families", &body).await.family;
    desk.ranked(&[]).await;
    desk.world.pass_s(60).await.unwrap();
    let members = async |family: FamilyId| -> (i64, Vec<(String, PersonId)>) {
        let told = by
            .get(&format!("/v1/families/{family}"))
            .await
            .ok()
            .unwrap();
        let told = told.json();
        let family = &told["family"];
        let persons = family["persons"].as_array().unwrap().iter().map(|one| {
            let id = serde_json::from_value(one["id"].clone()).unwrap();
            (one["relation"].as_str().unwrap().to_owned(), id)
        });
        (family["version"].as_i64().unwrap(), persons.collect())
    };
    let (version, persons) = members(old).await;
    let son = persons
        .iter()
        .find(|(relation, _)| relation == "anak")
        .unwrap()
        .1;
    let now = desk.world.now();
    let record = async |person: Option<PersonId>| -> FactView {
        let body = json!({ "event_id": by.event(), "code": "GANDA", "person": person, "source": "Dinsos",
            "evidence": "berita acara", "valid_until": now.plus_s(DAY_S) });
        let path = format!("/v1/families/{old}/facts");
        by.post(&path, &body).await.ok().unwrap().read().unwrap()
    };
    let (of_family, of_son) = (record(None).await, record(Some(son)).await);
    let split = json!({ "event_id": by.event(), "seen_version": version, "kk": "3571032511260001",
        "home": { "kind": "same" }, "persons": [{ "id": son, "relation": "kepala_keluarga" }] });
    let answer = by.post(&format!("/v1/families/{old}/split"), &split).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let new = answer.read::<FamilyChanged>().unwrap().family;
    let facts = async |family: FamilyId| -> Vec<FactId> {
        let mut facts: Vec<FactId> = desk
            .said_of(family)
            .await
            .facts
            .iter()
            .map(|one| one.id)
            .collect();
        facts.sort_unstable();
        facts
    };
    assert_eq!(facts(old).await, [of_family.id]);
    assert_eq!(facts(new).await, [of_son.id]);
    // Both families' histories say where what stands.
    let count = async |action: &str| {
        let text = format!("SELECT COUNT(*) FROM journal WHERE action = '{action}'");
        desk.world.count(&text).await.unwrap()
    };
    assert_eq!((count("fact.stay").await, count("fact.move").await), (2, 1));
    // The end of a fact that moved is looked at where it is now.
    let due = format!("SELECT COUNT(*) FROM job WHERE object LIKE 'family:{new}@%'");
    assert_eq!(desk.world.count(&due).await.unwrap(), 1);
    // And back: what was recorded of each is of the family that is kept.
    let (kept, gone) = (members(old).await.0, members(new).await.0);
    let merge = json!({ "event_id": by.event(), "seen_version": kept, "other": new, "seen_other": gone, "same": [] });
    changed(&format!("/v1/families/{old}/merge"), &merge).await;
    let mut both = vec![of_family.id, of_son.id];
    both.sort_unstable();
    assert_eq!(facts(old).await, both);
    let of_new = record_of(&desk, new).await;
    assert_eq!(of_new, 0, "nothing is left at the one that is closed");
    desk.world.end().await;
}

#[tokio::test]
async fn a_member_is_old_enough_on_the_very_day_and_whoever_nobody_knows_may_be() {
    let desk = desk(1223, 4, 0).await;
    let by = &desk.staff.operator;
    let register = async |n: u32, day: &str, born: &str| {
        let body = json!({
            "event_id": by.event(), "kk": format!("357103010120000{n}"), "address": "JL MAWAR NO 1", "rt": "1",
            "rw": "02", "region": village::here(), "persons": [{ "nik": format!("357103{day}000{n}"),
                "name": format!("SURYONO {n}"), "birth_date": born, "sex": "male", "relation": "kepala_keluarga" }],
        });
        let answer = by.post("/v1/families", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    };
    // Both in their sixtieth year; one had their day.
    register(1, "231166", "1966-11-23").await;
    register(2, "251166", "1966-11-25").await;
    desk.ranked(&[]).await;
    // Of the planted four the year is known of three, and of nobody the day.
    for (home, born) in [(0, Some(1950)), (1, Some(1990)), (2, Some(1966)), (3, None)] {
        let text = "UPDATE person SET birth_year = $1 WHERE family_id = $2";
        desk.poke(text, [born.into(), desk.key(home).into()]).await;
    }
    let body = json!({ "title": "Lansia", "source": "kebijakan kota", "components": { "at_least": 1,
        "source": "kebijakan kota", "any_of": [{ "code": "LANSIA", "label": "Lansia", "ages": { "from": 60, "to": 130 } }] } });
    let made = draft(&desk.staff.admin, village::SEMBAKO, &body).await;
    let made: RuleView = made.ok().unwrap().read().unwrap();
    let path = format!("/v1/rules/{}/preview", made.id);
    let told = desk.staff.admin.get(&path).await.ok().unwrap();
    let told: RulePreview = told.read().unwrap();
    let here = told
        .villages
        .iter()
        .find(|one| one.region == village::here())
        .unwrap();
    let turns: Vec<(O, u64, u64)> = here
        .turns
        .iter()
        .map(|turn| (turn.to.known().unwrap(), turn.members, turn.others))
        .collect();
    assert_eq!(
        turns,
        [
            (O::Eligible, 1, 1),
            (O::Ineligible, 1, 1),
            (O::Incomplete, 2, 0)
        ]
    );
    desk.world.end().await;
}

async fn record_of(desk: &Desk, family: FamilyId) -> usize {
    let store = desk.world.app().unwrap().store;
    let text = "SELECT id FROM eligibility_fact WHERE family_id = $1";
    let rows = store.peek(text, [uuid::Uuid::from(family).into()]).await;
    rows.unwrap().len()
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
                id: FactId(uuid::Uuid::nil()),
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
