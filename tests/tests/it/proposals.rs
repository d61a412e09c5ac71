//! Proposals from the draft to the centre's word, the days on which they are taken, and deliberations.

use serde_json::{Value, json};
use tilik_protocol::deliberation::DeliberationView;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{FamilyId, ProposalId};
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::{
    ProposalAction, ProposalCount, ProposalRow, ProposalState, ProposalView, ProposedMany,
};
use tilik_protocol::review::Page;
use tilik_protocol::tasks::TaskKind;
use tilik_protocol::window::{WindowState, WindowView};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::{Staff, hire};
use tilik_tests::proposals::{SCAN, bring_scan};
use tilik_tests::requests::about;
use tilik_tests::village::{self, Village};
use tilik_tests::world::{Answer, contains};
use tilik_tests::{Console, World};
use uuid::Uuid;

use crate::tasks::counts;

pub(crate) async fn office(seed: u64) -> (World, Staff, Village) {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(6, 3).await.unwrap();
    (world, staff, village)
}

pub(crate) async fn propose(by: &Console, content: Value, submit: bool) -> Answer {
    let body = json!({ "event_id": by.event(), "content": content, "submit": submit });
    by.post("/v1/proposals", &body).await
}

pub(crate) async fn drafted(by: &Console, content: Value) -> ProposalView {
    propose(by, content, false)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap()
}

pub(crate) async fn see(by: &Console, id: ProposalId) -> ProposalView {
    let answer = by.get(&format!("/v1/proposals/{id}")).await;
    answer.ok().unwrap().read().unwrap()
}

/// An act of somebody who has just looked.
pub(crate) async fn act(by: &Console, id: ProposalId, act: &str, more: Value) -> Answer {
    let version = see(by, id).await.row.version;
    let mut body = json!({ "event_id": by.event(), "seen_version": version });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    by.post(&format!("/v1/proposals/{id}/{act}"), &body).await
}

pub(crate) async fn done(by: &Console, id: ProposalId, what: &str, more: Value) -> ProposalView {
    let answer = act(by, id, what, more).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.json());
    answer.read().unwrap()
}

pub(crate) fn yes() -> Value {
    json!({ "verdict": "yes" })
}

/// The codes of the fields that are wrong.
pub(crate) fn wrong(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let fields = json["fields"].as_array().cloned().unwrap_or_default();
    let codes = fields.iter().map(|field| field["code"].as_str().unwrap());
    codes.map(str::to_owned).collect()
}

pub(crate) fn state(view: &ProposalView) -> ProposalState {
    view.row.state.known().unwrap()
}

pub(crate) async fn list(by: &Console, filter: &str) -> Vec<ProposalRow> {
    let answer = by.get(&format!("/v1/proposals{filter}")).await;
    let page: Page<ProposalRow> = answer.ok().unwrap().read().unwrap();
    page.items
}

/// Days that are in force from now on.
pub(crate) async fn window(staff: &Staff, act: &str, opens: Value, closes: Value) -> WindowView {
    let all: Page<WindowView> = staff.admin.get("/v1/windows").await.read().unwrap();
    let now = all.items.iter().find(|one| {
        one.act.to_string() == act
            && one.program.is_none()
            && one.regime.to_string() == "dtsen"
            && one.state.known() == Some(WindowState::InForce)
    });
    let body = json!({
        "event_id": staff.admin.event(), "act": act, "regime": "dtsen", "opens": opens, "closes": closes,
        "document_number": "SE/7/2026", "replaces": now.map(|one| one.id),
    });
    let made = staff.admin.post("/v1/windows", &body).await;
    let made: WindowView = made.ok().unwrap().read().unwrap();
    assert_eq!(made.state.known(), Some(WindowState::Waiting));
    let body = json!({ "event_id": staff.approver.event() });
    let path = format!("/v1/windows/{}/confirm", made.id);
    let answer = staff.approver.post(&path, &body).await;
    answer.ok().unwrap().read().unwrap()
}

pub(crate) async fn always_open(staff: &Staff, act: &str) {
    window(
        staff,
        act,
        json!({ "day": 1 }),
        json!({ "month_end_minus": 0 }),
    )
    .await;
}

#[tokio::test]
async fn a_new_family_goes_from_draft_to_the_centre_and_begins_anew_when_it_is_rejected() {
    let (world, staff, village) = office(1201).await;
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    let home = &village.homes[1];
    let made = drafted(operator, json!({ "kind": "new", "family": home.family })).await;
    let id = made.row.id;
    // No photo, and not in these days: it stays a draft, and says why.
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(wrong(&refused), ["FOTO_TIDAK_SESUAI", "PERIODE_TUTUP"]);
    assert!(refused.json().to_string().contains("1 Desember 2026"));
    assert_eq!(state(&see(operator, id).await), ProposalState::Draft);
    always_open(&staff, "new").await;
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["FOTO_TIDAK_SESUAI"]);

    let officer = staff.officers[0].clone();
    let mut phone = SoftPhone::enrolled(&world, &staff.admin, &officer)
        .await
        .unwrap();
    let opened = staff
        .supervisor
        .open_cases(&[home.family], VisitKind::Quick, Some(officer.id), None)
        .await
        .unwrap();
    phone
        .visit(opened.cases[0], VisitKind::Quick)
        .await
        .unwrap();
    world.settle().await.unwrap();
    let view = done(operator, id, "submit", json!({})).await;
    assert_eq!(state(&view), ProposalState::Submitted);
    assert_eq!(view.row.period.as_deref(), Some("2026-11"));
    assert!(!view.row.late_sync);
    let evidence = view.evidence.unwrap();
    assert_eq!(evidence.officer, officer.id);
    assert!(!evidence.photos.is_empty());

    // Not matched it comes back with its code; handed in again it goes on.
    let back = done(verifier, id, "check", json!({ "verdict": "return" })).await;
    assert_eq!(state(&back), ProposalState::Returned);
    assert_eq!(back.row.reason.unwrap().as_str(), "NIK_TIDAK_PADAN");
    done(operator, id, "submit", json!({})).await;
    done(verifier, id, "check", yes()).await;
    // Nobody verifies what no deliberation and nobody stands behind.
    assert_eq!(
        act(verifier, id, "verify", yes()).await.verdict(),
        "409 wrong_moment"
    );
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Sri Wahyuni, lurah", "paper": paper });
    let view = done(operator, id, "sptjm", sptjm).await;
    assert_eq!(state(&view), ProposalState::Deliberated);
    assert_eq!(view.sptjm_signer.as_deref(), Some("Sri Wahyuni, lurah"));
    let scan = staff.auditor.get(&format!("/v1/papers/{paper}")).await;
    assert_eq!((scan.status, &scan.body[..]), (200, SCAN));
    done(verifier, id, "verify", yes()).await;
    done(&staff.approver, id, "endorse", yes()).await;
    done(operator, id, "send", json!({})).await;
    let no = json!({ "verdict": "no", "reason": "DITOLAK_PUSAT", "document_number": "SK/80/2026" });
    let over = done(verifier, id, "outcome", no).await;
    assert_eq!(state(&over), ProposalState::Rejected);
    assert_eq!(over.row.reason.unwrap().as_str(), "DITOLAK_PUSAT");
    let acts: Vec<&str> = over.acts.iter().map(|act| act.action.as_str()).collect();
    assert_eq!(
        acts,
        [
            "create",
            "submit",
            "mismatch",
            "submit",
            "match",
            "deliberate",
            "verify",
            "endorse",
            "send",
            "reject_by_centre"
        ]
    );
    let copy = done(operator, id, "copy", json!({})).await;
    assert_eq!(copy.copy_of, Some(id));
    assert_eq!(state(&copy), ProposalState::Draft);
    // It rests on the same visit; the old one stays as it was, and there is no third.
    done(operator, copy.row.id, "submit", json!({})).await;
    assert_eq!(state(&see(operator, id).await), ProposalState::Rejected);
    let again = act(operator, id, "copy", json!({})).await;
    assert_eq!(wrong(&again), ["already_proposed"]);
    world.end().await;
}

#[tokio::test]
async fn who_proposed_judges_nothing_and_who_verified_does_not_endorse() {
    let (world, staff, village) = office(1202).await;
    let desk = (&staff.admin, &staff.approver);
    let city = [village::city()];
    // One person who proposes and verifies, one who verifies and confirms.
    let both = hire(desk, "merangkap", Role::Operator, &city)
        .await
        .unwrap();
    let grant = staff
        .admin
        .add_grant(both.user(), Role::Verifier, &city, None)
        .await
        .unwrap();
    staff.approver.confirm_grant(grant.id).await.unwrap();
    let upper = hire(desk, "merangkap2", Role::Verifier, &city)
        .await
        .unwrap();
    let grant = staff
        .admin
        .add_grant(upper.user(), Role::Approver, &city, None)
        .await
        .unwrap();
    staff.approver.confirm_grant(grant.id).await.unwrap();
    let own = propose(&both, about(&village, 0), true).await.ok().unwrap();
    let id = own.read::<ProposalView>().unwrap().row.id;
    let refused = act(&both, id, "check", yes()).await;
    assert_eq!(refused.verdict(), "403 separation_of_duty");
    assert!(!see(&both, id).await.may.contains(&ProposalAction::Match));
    assert!(see(&upper, id).await.may.contains(&ProposalAction::Match));
    done(&upper, id, "check", yes()).await;
    let paper = bring_scan(&both, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
    done(&both, id, "sptjm", sptjm).await;
    assert_eq!(
        act(&both, id, "verify", yes()).await.verdict(),
        "403 separation_of_duty"
    );
    done(&upper, id, "verify", yes()).await;
    assert_eq!(
        act(&upper, id, "endorse", yes()).await.verdict(),
        "403 separation_of_duty"
    );
    done(&staff.approver, id, "endorse", yes()).await;
    // An operator neither verifies nor endorses at all.
    for verb in ["check", "verify", "endorse", "outcome"] {
        assert_eq!(
            act(&staff.operator, id, verb, yes()).await.verdict(),
            "403 forbidden"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn of_two_who_act_at_once_the_second_is_told_and_a_repeat_is_one_act() {
    let (world, staff, village) = office(1203).await;
    let view = drafted(&staff.operator, about(&village, 0)).await;
    let path = format!("/v1/proposals/{}/submit", view.row.id);
    let body = json!({ "event_id": staff.operator.event(), "seen_version": view.row.version });
    for _ in 0..2 {
        let answer = staff.operator.post(&path, &body).await;
        let view: ProposalView = answer.ok().unwrap().read().unwrap();
        assert_eq!((view.row.version, view.acts.len()), (2, 2));
    }
    let late = json!({ "event_id": staff.operator.event(), "seen_version": view.row.version });
    let path = format!("/v1/proposals/{}/withdraw", view.row.id);
    assert_eq!(
        staff.operator.post(&path, &late).await.verdict(),
        "409 stale"
    );
    // The same again is one under way; a repeat of creating is the same one.
    let body = json!({ "event_id": staff.operator.event(), "content": about(&village, 0) });
    let refused = staff.operator.post("/v1/proposals", &body).await;
    assert_eq!(wrong(&refused), ["already_proposed"]);
    let body = json!({ "event_id": staff.operator.event(), "content": about(&village, 1) });
    let mut made = Vec::new();
    for _ in 0..2 {
        let answer = staff
            .operator
            .post("/v1/proposals", &body)
            .await
            .ok()
            .unwrap();
        made.push(answer.read::<ProposalView>().unwrap().row.id);
    }
    assert_eq!(made[0], made[1]);
    let counts: Page<ProposalCount> = staff
        .operator
        .get("/v1/proposals/counts")
        .await
        .read()
        .unwrap();
    let counts: Vec<_> = counts
        .items
        .iter()
        .map(|one| (one.state.known().unwrap(), one.count))
        .collect();
    assert_eq!(
        counts,
        [(ProposalState::Draft, 1), (ProposalState::Submitted, 1)]
    );
    world.end().await;
}

#[tokio::test]
async fn a_batch_tells_of_each_line_what_became_of_it() {
    let (world, staff, village) = office(1204).await;
    always_open(&staff, "program").await;
    let desk = (&staff.admin, &staff.approver);
    let here = hire(desk, "operator.betet", Role::Operator, &[village::here()])
        .await
        .unwrap();
    let store = world.app().unwrap().store;
    store
        .poke("UPDATE program SET central = TRUE", [])
        .await
        .unwrap();
    let families = [
        village.homes[1].family,
        village.homes[0].family,
        village.far_homes[0].family,
        village.homes[2].family,
    ];
    let body = json!({
        "event_id": here.event(), "program": village::PKH, "families": families, "submit": true,
    });
    let answer = here.post("/v1/proposals/batch", &body).await;
    let first: ProposedMany = answer.ok().unwrap().read().unwrap();
    let told: Vec<_> = first
        .lines
        .iter()
        .map(|line| {
            let codes = line.problems.iter().map(|problem| problem.code.as_str());
            (
                line.family,
                line.proposal.is_some(),
                codes.collect::<Vec<_>>(),
            )
        })
        .collect();
    let line = |n: usize, codes: &[&'static str]| (families[n], codes.is_empty(), codes.to_vec());
    assert_eq!(
        told,
        [
            line(0, &[]),
            line(1, &["SUDAH_TERDAFTAR"]),
            line(2, &["not_found"]),
            line(3, &[]),
        ]
    );
    // The centre's full quota stops nobody, and is told; the city's own does.
    let view = see(&here, first.lines[0].proposal.unwrap()).await;
    let warnings: Vec<_> = view.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["KUOTA_PENUH"]);
    let again = here.post("/v1/proposals/batch", &body).await;
    assert_eq!(again.ok().unwrap().read::<ProposedMany>().unwrap(), first);
    store
        .poke("UPDATE program SET central = FALSE", [])
        .await
        .unwrap();
    let full = json!({ "kind": "program", "program": "PKH", "family": village.homes[4].family });
    let refused = propose(&here, full, true).await;
    assert_eq!(wrong(&refused), ["KUOTA_PENUH"]);
    let none = json!({ "event_id": here.event(), "program": "PKH", "families": [] });
    assert_eq!(
        here.post("/v1/proposals/batch", &none).await.verdict(),
        "422 invalid"
    );
    world.end().await;
}

#[tokio::test]
async fn of_a_family_that_moved_is_told_where_only_to_who_reaches_it() {
    let (world, staff, village) = office(1205).await;
    let desk = (&staff.admin, &staff.approver);
    let here = hire(desk, "operator.betet", Role::Operator, &[village::here()])
        .await
        .unwrap();
    let view = drafted(&here, about(&village, 0)).await;
    let id = view.row.id;
    let store = world.app().unwrap().store;
    let family = Uuid::from(village.homes[0].family);
    let values = [village::elsewhere().as_str().into(), family.into()];
    let text = "UPDATE family SET region = $1 WHERE id = $2";
    store.poke(text, values).await.unwrap();
    for (by, told) in [(&here, false), (&staff.operator, true)] {
        let refused = act(by, id, "submit", json!({})).await;
        assert_eq!(wrong(&refused), ["DI_LUAR_WILAYAH"]);
        let text = refused.json().to_string();
        assert_eq!(text.contains("POJOK"), told, "{text}");
        assert_eq!(text.contains(village::elsewhere().as_str()), told, "{text}");
        assert_eq!(see(by, id).await.row.name.is_some(), told);
    }
    // And it is not this village's to propose.
    let again = propose(&here, about(&village, 0), false).await;
    assert_eq!(again.verdict(), "404 not_found");
    world.end().await;
}

pub(crate) async fn a_finding(
    world: &World,
    phone: &mut SoftPhone,
    what: &str,
) -> tilik_tests::handmade::Handmade {
    let shot = phone.photograph(7).unwrap();
    let manifest = phone.manifest(None, VisitKind::Finding, std::slice::from_ref(&shot));
    let said = [
        ("what", what),
        ("name", "KARTINI"),
        ("address", "JL KENARI 3"),
        ("rt", "02"),
    ];
    let answers: Answers = said
        .into_iter()
        .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
        .collect();
    let visit = phone
        .seal_with_answers(manifest, vec![shot], ("finding", 1), &answers)
        .unwrap();
    phone.sync(&[&visit]).await.unwrap();
    phone.sync(&[&visit]).await.unwrap();
    phone.bring(&visit).await.unwrap();
    world.settle().await.unwrap();
    visit
}

#[tokio::test]
async fn a_finding_arrives_by_itself_once_and_counts_for_the_next_period_when_it_came_too_late() {
    let (world, staff, village) = office(1206).await;
    let operator = &staff.operator;
    // Open until the evening of the 24th, which is today.
    window(&staff, "new", json!({ "day": 20 }), json!({ "day": 24 })).await;
    let officer = staff.officers[0].clone();
    let mut phone = SoftPhone::enrolled(&world, &staff.admin, &officer)
        .await
        .unwrap();
    let shot = phone.photograph(3).unwrap();
    let early = phone.manifest(None, VisitKind::Finding, std::slice::from_ref(&shot));
    let said: Answers = [
        ("what", "family"),
        ("name", "KARTINI"),
        ("address", "JL KENARI 3"),
    ]
    .into_iter()
    .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
    .collect();
    let early = phone
        .seal_with_answers(early, vec![shot], ("finding", 1), &said)
        .unwrap();
    world.pass_days(2).await.unwrap();
    phone.bring(&early).await.unwrap();
    phone.sync(&[&early]).await.unwrap();
    world.settle().await.unwrap();
    let found = list(operator, "?state=draft").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].is_finding);
    assert_eq!(found[0].name.as_deref(), Some("KARTINI"));
    let id = found[0].id;
    let view = see(operator, id).await;
    let photo = view.evidence.as_ref().unwrap().photos[0].id;
    let picture = operator.get(&format!("/v1/photos/{photo}/320")).await;
    assert_eq!(picture.status, 200);
    // Without a family of the registry it goes nowhere.
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["missing"]);
    let family = village.waiting[0].family;
    done(
        operator,
        id,
        "change",
        json!({ "content": { "kind": "new", "family": family } }),
    )
    .await;
    let view = done(operator, id, "submit", json!({})).await;
    assert!(view.row.late_sync);
    assert_eq!(view.row.period.as_deref(), Some("2026-12"));
    // What is captured now, after the close, waits for the opening.
    let late = a_finding(&world, &mut phone, "family").await;
    let found = list(operator, "?state=draft").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        see(operator, found[0].id).await.evidence.unwrap().visit,
        late.visit()
    );
    let family = village.waiting[1].family;
    let content = json!({ "content": { "kind": "new", "family": family } });
    done(operator, found[0].id, "change", content).await;
    let refused = act(operator, found[0].id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["PERIODE_TUTUP"]);
    assert!(refused.json().to_string().contains("20 Desember 2026"));
    // A death asks for another payee.
    a_finding(&world, &mut phone, "death").await;
    let kinds: Vec<_> = list(operator, "?state=draft")
        .await
        .iter()
        .map(|row| row.kind.to_string())
        .collect();
    assert_eq!(kinds, ["new", "payee_change"]);
    world.end().await;
}

#[tokio::test]
async fn other_days_wait_for_a_second_person_and_bad_ones_are_refused_by_name() {
    let (world, staff, _) = office(1207).await;
    let admin = &staff.admin;
    let ask = |opens: Value, closes: Value| {
        json!({
            "event_id": admin.event(), "act": "payee_change", "regime": "dtsen", "opens": opens,
            "closes": closes, "document_number": "SE/7/2026",
        })
    };
    for (opens, closes, code) in [
        (json!({}), json!({ "day": 3 }), "bad_opening"),
        (json!({ "day": 1 }), json!({ "day": 40 }), "bad_closing"),
        (json!({ "day": 9 }), json!({ "day": 3 }), "closes_first"),
        (
            json!({ "day": 1, "month_in_quarter": 1 }),
            json!({ "day": 3 }),
            "mixed_cadence",
        ),
    ] {
        let refused = admin.post("/v1/windows", &ask(opens, closes)).await;
        assert_eq!(wrong(&refused), [code]);
    }
    let made = admin
        .post(
            "/v1/windows",
            &ask(json!({ "day": 1 }), json!({ "day": 9 })),
        )
        .await;
    let made: WindowView = made.ok().unwrap().read().unwrap();
    let second = ask(json!({ "day": 1 }), json!({ "day": 8 }));
    assert_eq!(
        admin.post("/v1/windows", &second).await.verdict(),
        "409 wrong_moment"
    );
    let word = |by: &Console| json!({ "event_id": by.event() });
    let path = format!("/v1/windows/{}", made.id);
    let no = json!({ "event_id": staff.approver.event(), "reason": "TANPA_DASAR" });
    let refused = staff.approver.post(&format!("{path}/refuse"), &no).await;
    let refused: WindowView = refused.ok().unwrap().read().unwrap();
    assert_eq!(refused.state.known(), Some(WindowState::Refused));
    assert_eq!(
        staff
            .approver
            .post(&format!("{path}/confirm"), &word(&staff.approver))
            .await
            .verdict(),
        "409 wrong_moment"
    );
    // Of two changes the one that was seen first is in force; the other did not know.
    window(
        &staff,
        "payee_change",
        json!({ "day": 1 }),
        json!({ "day": 9 }),
    )
    .await;
    assert_eq!(
        admin.post("/v1/windows", &second).await.verdict(),
        "409 stale"
    );
    world.end().await;
}

#[tokio::test]
async fn a_signed_deliberation_speaks_once_for_all_its_names_also_for_those_matched_later() {
    let (world, staff, village) = office(1208).await;
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    let mut ids = Vec::new();
    for home in 0..3 {
        let made = propose(operator, about(&village, home), true).await;
        ids.push(made.ok().unwrap().read::<ProposalView>().unwrap().row.id);
    }
    for id in &ids[..2] {
        done(verifier, *id, "check", yes()).await;
    }
    let content = |said: [Value; 3]| {
        let names: Vec<Value> = ids
            .iter()
            .zip(said)
            .map(|(id, mut said)| {
                said["proposal"] = json!(id);
                said
            })
            .collect();
        json!({
            "region": village::here(), "held_on": "2026-11-20", "place": "Balai kelurahan",
            "attendees": [{ "name": "Sri Wahyuni", "office": "Lurah" }], "names": names,
        })
    };
    let yes_to = || json!({ "said": "agreed" });
    let no_to = || json!({ "said": "refused", "reason": "DINILAI_MAMPU" });
    let body = json!({ "event_id": operator.event(), "content": content([yes_to(), json!({}), yes_to()]) });
    let held = operator.post("/v1/deliberations", &body).await;
    let held: DeliberationView = held.ok().unwrap().read().unwrap();
    // The list is there to be printed, with NIKs that say four digits; its signed minutes are to be brought.
    assert_eq!(held.names.len(), 3);
    let waits = counts(operator).await;
    assert!(
        waits.contains(&(TaskKind::SignDeliberation, 1)),
        "{waits:?}"
    );
    let nik = held.names[0].nik_masked.clone().unwrap();
    assert!(nik.ends_with("************"), "{nik}");
    let path = format!("/v1/deliberations/{}", held.row.id);
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let sign = |version: i32, paper| json!({ "event_id": operator.event(), "seen_version": version, "number": "BA/9/2026", "paper": paper });
    // Not while a name has no result.
    let early = operator
        .post(&format!("{path}/sign"), &sign(1, paper))
        .await;
    assert_eq!(wrong(&early), ["missing"]);
    let change = |version: i32, said| json!({ "event_id": operator.event(), "seen_version": version, "content": content(said) });
    let without = json!({ "said": "refused" });
    let refused = operator
        .post(
            &format!("{path}/change"),
            &change(1, [yes_to(), without, yes_to()]),
        )
        .await;
    assert_eq!(wrong(&refused), ["reason"]);
    operator
        .post(
            &format!("{path}/change"),
            &change(1, [yes_to(), no_to(), yes_to()]),
        )
        .await
        .ok()
        .unwrap();
    let stale = operator
        .post(&format!("{path}/sign"), &sign(1, paper))
        .await;
    assert_eq!(stale.verdict(), "409 stale");
    // Somebody else's scan is none of hers.
    let theirs = hire(
        (&staff.admin, &staff.approver),
        "operator2",
        Role::Operator,
        &[village::city()],
    )
    .await
    .unwrap();
    let foreign = bring_scan(&theirs, SCAN).await.unwrap().id;
    let refused = operator
        .post(&format!("{path}/sign"), &sign(2, foreign))
        .await;
    assert_eq!(wrong(&refused), ["unknown"]);
    let signed = operator
        .post(&format!("{path}/sign"), &sign(2, paper))
        .await;
    let signed: DeliberationView = signed.ok().unwrap().read().unwrap();
    assert!(signed.row.signed_at.is_some() && !signed.may_change);
    let states = async || {
        let mut states = Vec::new();
        for id in &ids {
            states.push(state(&see(operator, *id).await));
        }
        states
    };
    assert_eq!(
        states().await,
        [
            ProposalState::Deliberated,
            ProposalState::Rejected,
            ProposalState::Submitted
        ]
    );
    let reason = see(operator, ids[1]).await.row.reason.unwrap();
    assert_eq!(reason.as_str(), "DITOLAK_MUSKEL");
    done(verifier, ids[2], "check", yes()).await;
    assert_eq!(
        states().await,
        [
            ProposalState::Deliberated,
            ProposalState::Rejected,
            ProposalState::Deliberated
        ]
    );
    // Fixed, and the scan is used up.
    let late = operator
        .post(
            &format!("{path}/change"),
            &change(3, [yes_to(), no_to(), yes_to()]),
        )
        .await;
    assert_eq!(late.verdict(), "409 wrong_moment");
    let again = operator
        .post(&format!("{path}/sign"), &sign(3, paper))
        .await;
    assert_eq!(again.verdict(), "409 wrong_moment");
    let elsewhere = propose(operator, about(&village, 3), true).await;
    let other = elsewhere
        .ok()
        .unwrap()
        .read::<ProposalView>()
        .unwrap()
        .row
        .id;
    done(verifier, other, "check", yes()).await;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
    assert_eq!(wrong(&act(operator, other, "sptjm", sptjm).await), ["used"]);
    world.end().await;
}

#[tokio::test]
async fn what_is_no_scan_is_not_taken_and_a_paper_is_shown_to_nobody_until_it_is_attached() {
    let (world, staff, _) = office(1209).await;
    for bytes in [
        &b""[..],
        b"%PDF-1.4 cut short",
        b"\xff\xd8\xff\xe0 cut short",
        b"PK\x03\x04 %%EOF",
    ] {
        let refused = bring_scan(&staff.operator, bytes).await;
        assert!(refused.is_err(), "{bytes:?}");
    }
    let jpeg = b"\xff\xd8\xff\xe0 a picture \xff\xd9";
    let paper = bring_scan(&staff.operator, jpeg).await.unwrap();
    assert_eq!(paper.size_bytes, jpeg.len() as u64);
    let path = format!("/v1/papers/{}", paper.id);
    assert_eq!(staff.operator.get(&path).await.verdict(), "404 not_found");
    assert!(bring_scan(&staff.verifier, SCAN).await.is_err());
    world.end().await;
}

#[tokio::test]
async fn nothing_personal_of_a_proposal_is_in_the_journal_or_in_clear() {
    let (world, staff, village) = office(1210).await;
    let secret = "Ibu Kartini berutang";
    let mut content = about(&village, 0);
    content["note"] = json!(secret);
    let made = propose(&staff.operator, content, true).await;
    let id = made.ok().unwrap().read::<ProposalView>().unwrap().row.id;
    let back = json!({ "verdict": "return", "note": secret });
    let view = done(&staff.verifier, id, "check", back).await;
    assert_eq!(view.content.note.as_deref(), Some(secret));
    assert_eq!(view.acts.last().unwrap().note.as_deref(), Some(secret));
    let store = world.app().unwrap().store;
    for (table, column) in [
        ("journal", "body"),
        ("proposal", "note_enc"),
        ("proposal_act", "note_enc"),
    ] {
        let text = format!("SELECT {column} AS told FROM {table} WHERE {column} IS NOT NULL");
        for row in store.peek(&text, []).await.unwrap() {
            let bytes: Vec<u8> = row.try_get("", "told").unwrap();
            assert!(!contains(&bytes, b"Kartini"), "{table}.{column}");
        }
    }
    let family: FamilyId = village.homes[0].family;
    let of_family = list(&staff.auditor, &format!("?family={family}")).await;
    assert_eq!(of_family.len(), 1);
    world.end().await;
}
