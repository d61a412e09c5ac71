//! What a proposal rests on is its own, of now, and by other hands than those that judge it.

use serde_json::{Value, json};
use tilik_protocol::deliberation::DeliberationView;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::family::FamilyChanged;
use tilik_protocol::ids::{FamilyId, HouseId, ProposalId};
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::{ProposalAction, ProposalState, ProposalView};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::{Staff, hire};
use tilik_tests::proposals::{SCAN, bring_scan};
use tilik_tests::requests::about;
use tilik_tests::village::{self, PKH, Village};
use tilik_tests::world::Answer;
use tilik_tests::{Console, World};
use uuid::Uuid;

use crate::proposals::{
    a_finding, act, always_open, done, drafted, list, office, propose, see, state, wrong, yes,
};

const DUTY: &str = "403 separation_of_duty";

async fn submitted(by: &Console, content: Value) -> ProposalId {
    let made = propose(by, content, true).await;
    assert_eq!(made.status, 200, "{}", made.json());
    made.read::<ProposalView>().unwrap().row.id
}

async fn hold(by: &Console, ids: &[ProposalId]) -> DeliberationView {
    let names: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "proposal": id, "said": "agreed" }))
        .collect();
    let content = json!({
        "region": village::here(), "held_on": "2026-11-20", "place": "Balai kelurahan",
        "attendees": [{ "name": "Sri Wahyuni", "office": "Lurah" }], "names": names,
    });
    let body = json!({ "event_id": by.event(), "content": content });
    let held = by.post("/v1/deliberations", &body).await;
    held.ok().unwrap().read().unwrap()
}

async fn sign(by: &Console, held: &DeliberationView) -> Answer {
    let paper = bring_scan(by, SCAN).await.unwrap().id;
    let body = json!({ "event_id": by.event(), "seen_version": held.row.version,
        "number": "BA/9/2026", "paper": paper });
    let path = format!("/v1/deliberations/{}/sign", held.row.id);
    by.post(&path, &body).await
}

/// A person with two roles for the city.
async fn with_two(staff: &Staff, name: &str, one: Role, other: Role) -> Console {
    let city = [village::city()];
    let desk = (&staff.admin, &staff.approver);
    let both = hire(desk, name, one, &city).await.unwrap();
    let grant = staff.admin.add_grant(both.user(), other, &city, None);
    let grant = grant.await.unwrap();
    if other.waits_for_approver() {
        staff.approver.confirm_grant(grant.id).await.unwrap();
    }
    both
}

fn with_note(village: &Village, home: usize, note: &str) -> Value {
    let mut content = about(village, home);
    content["note"] = json!(note);
    content
}

/// What somebody else did to a row meanwhile.
async fn set(world: &World, text: &str, one: Uuid, other: Uuid) {
    let store = world.app().unwrap().store;
    let rows = store.poke(text, [one.into(), other.into()]).await;
    assert_eq!(rows.unwrap(), 1, "{text}");
}

async fn lives_in(world: &World, family: FamilyId, house: HouseId) {
    let text = "UPDATE family SET house_id = $1 WHERE id = $2";
    set(world, text, house.into(), family.into()).await;
}

async fn close(world: &World, family: FamilyId) {
    let store = world.app().unwrap().store;
    let text = "UPDATE family SET closed_at = 1 WHERE id = $1";
    let rows = store.poke(text, [Uuid::from(family).into()]).await;
    assert_eq!(rows.unwrap(), 1);
}

#[tokio::test]
async fn what_was_signed_of_other_words_says_nothing_of_new_ones() {
    let (world, staff, village) = office(1240).await;
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    let id = submitted(operator, with_note(&village, 0, "karena sakit")).await;
    let kept = submitted(operator, with_note(&village, 1, "karena sakit")).await;
    let held = hold(operator, &[id, kept]).await;
    sign(operator, &held).await.ok().unwrap();
    let back = json!({ "verdict": "return", "reason": "DATA_BELUM_LENGKAP" });
    for one in [id, kept] {
        done(verifier, one, "check", back.clone()).await;
    }
    let words = with_note(&village, 0, "karena menikah lagi");
    done(operator, id, "change", json!({ "content": words })).await;
    for one in [id, kept] {
        done(operator, one, "submit", json!({})).await;
        done(verifier, one, "check", yes()).await;
    }
    // The minutes are of the old words; the other one still says what they agreed to.
    assert_eq!(state(&see(operator, id).await), ProposalState::Checked);
    assert_eq!(
        state(&see(operator, kept).await),
        ProposalState::Deliberated
    );

    // A list whose proposal changed before it was signed is not the list that was printed.
    let late = drafted(operator, about(&village, 2)).await.row.id;
    let held = hold(operator, &[late]).await;
    let words = with_note(&village, 2, "baru");
    done(operator, late, "change", json!({ "content": words })).await;
    assert_eq!(wrong(&sign(operator, &held).await), ["changed"]);

    // Nor does who answered for the old words answer for the new ones; the scan stays where it was used.
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
    done(operator, id, "sptjm", sptjm).await;
    done(verifier, id, "verify", back).await;
    let words = with_note(&village, 0, "karena pindah kamar");
    let view = done(operator, id, "change", json!({ "content": words })).await;
    assert_eq!((view.sptjm_number, view.sptjm_signer), (None, None));
    assert_eq!((view.deliberation, view.sptjm_paper), (None, None));
    let scan = staff.auditor.get(&format!("/v1/papers/{paper}")).await;
    assert_eq!((scan.status, &scan.body[..]), (200, SCAN));
    world.end().await;
}

#[tokio::test]
async fn a_house_that_was_seen_speaks_for_the_family_that_lives_there_and_no_other() {
    let (world, staff, village) = office(1241).await;
    let operator = &staff.operator;
    always_open(&staff, "new").await;
    let officer = staff.officers[0].clone();
    let mut phone = SoftPhone::enrolled(&world, &staff.admin, &officer)
        .await
        .unwrap();
    let seen = &village.homes[1];
    let opened = staff
        .supervisor
        .open_cases(&[seen.family], VisitKind::Quick, Some(officer.id), None)
        .await;
    let case = opened.unwrap().cases[0];
    phone.visit(case, VisitKind::Quick).await.unwrap();
    world.settle().await.unwrap();
    let new = |family: FamilyId| json!({ "kind": "new", "family": family });
    let id = submitted(operator, new(seen.family)).await;
    let back = json!({ "verdict": "return", "reason": "DATA_BELUM_LENGKAP" });
    done(&staff.verifier, id, "check", back).await;
    // Its photo does not go along to another family, nor to one that shares the house.
    let other = &village.homes[2];
    lives_in(&world, other.family, seen.house).await;
    let words = json!({ "content": new(other.family) });
    let view = done(operator, id, "change", words).await;
    assert!(view.evidence.is_none());
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["FOTO_TIDAK_SESUAI"]);
    // Nor does it show where the family lives now that has moved since.
    let words = json!({ "content": new(seen.family) });
    done(operator, id, "change", words).await;
    lives_in(&world, seen.family, village.homes[3].house).await;
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["FOTO_TIDAK_SESUAI"]);
    lives_in(&world, seen.family, seen.house).await;
    done(operator, id, "submit", json!({})).await;
    world.end().await;
}

pub(crate) async fn at_the_desk(by: &Console) -> FamilyId {
    let person = |nik: &str, name: &str, born: &str, sex: &str, relation: &str| json!({ "nik": nik, "name": name, "birth_date": born, "sex": sex, "relation": relation });
    let body = json!({
        "event_id": by.event(), "kk": "3571030101200077", "address": "JL MAWAR NO 1", "rt": "1", "rw": "02",
        "region": village::here(),
        "persons": [
            person("3571031212800077", "SURYONO", "1980-12-12", "male", "kepala_keluarga"),
            person("3571035212820077", "SITI AMINAH", "12-12-1982", "female", "pasangan"),
        ],
    });
    let made = by.post("/v1/families", &body).await;
    assert_eq!(made.status, 200, "{}", made.json());
    made.read::<FamilyChanged>().unwrap().family
}

#[tokio::test]
async fn a_family_of_the_desk_goes_out_for_a_program_once_somebody_has_seen_it() {
    let (world, staff, village) = office(1242).await;
    let operator = &staff.operator;
    always_open(&staff, "program").await;
    let family = at_the_desk(operator).await;
    let content = json!({ "kind": "program", "program": PKH, "family": family });
    let id = drafted(operator, content).await.row.id;
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["FOTO_TIDAK_SESUAI"]);
    // One that a list brought in needs nothing of the kind.
    let known = json!({ "kind": "program", "program": PKH, "family": village.waiting[0].family });
    submitted(operator, known).await;

    let officer = staff.officers[0].clone();
    let mut phone = SoftPhone::enrolled(&world, &staff.admin, &officer)
        .await
        .unwrap();
    let opened = staff
        .supervisor
        .open_cases(&[family], VisitKind::Quick, Some(officer.id), None)
        .await;
    let case = opened.unwrap().cases[0];
    phone.visit(case, VisitKind::Quick).await.unwrap();
    world.settle().await.unwrap();
    done(operator, id, "submit", json!({})).await;
    world.end().await;
}

#[tokio::test]
async fn who_wrote_down_or_signed_what_a_deliberation_said_verifies_nothing_of_it() {
    let (world, staff, village) = office(1243).await;
    let writes = with_two(&staff, "notulis", Role::Operator, Role::Verifier).await;
    let signs = with_two(&staff, "pembawa", Role::Operator, Role::Verifier).await;
    let id = submitted(&staff.operator, about(&village, 0)).await;
    // Signed before the match: the server passes it on later, in nobody's name.
    let held = hold(&writes, &[id]).await;
    sign(&signs, &held).await.ok().unwrap();
    done(&staff.verifier, id, "check", yes()).await;
    let view = see(&writes, id).await;
    assert_eq!(state(&view), ProposalState::Deliberated);
    for by in [&writes, &signs] {
        assert_eq!(act(by, id, "verify", yes()).await.verdict(), DUTY);
        assert!(!see(by, id).await.may.contains(&ProposalAction::Verify));
    }
    done(&staff.verifier, id, "verify", yes()).await;
    world.end().await;
}

#[tokio::test]
async fn neither_who_saw_the_house_nor_who_gave_them_the_phone_judges_what_rests_on_it() {
    let (world, staff, village) = office(1244).await;
    let operator = &staff.operator;
    always_open(&staff, "new").await;
    let equips = with_two(&staff, "merangkap", Role::Supervisor, Role::Verifier).await;
    let visitor = with_two(&staff, "petugas.rangkap", Role::Officer, Role::Verifier).await;
    let mut phone = SoftPhone::enrolled(&world, &equips, &visitor.person)
        .await
        .unwrap();
    a_finding(&world, &mut phone, "family").await;
    let id = list(operator, "?state=draft").await[0].id;
    let words = json!({ "kind": "new", "family": village.waiting[0].family });
    done(operator, id, "change", json!({ "content": words })).await;
    done(operator, id, "submit", json!({})).await;
    for by in [&equips, &visitor] {
        assert_eq!(act(by, id, "check", yes()).await.verdict(), DUTY);
        assert!(!see(by, id).await.may.contains(&ProposalAction::Match));
    }
    done(&staff.verifier, id, "check", yes()).await;
    world.end().await;
}

#[tokio::test]
async fn a_family_that_is_closed_is_proposed_no_further_whatever_step_it_is() {
    let (world, staff, village) = office(1245).await;
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    let draft = drafted(operator, about(&village, 0)).await.row.id;
    let mut ids = Vec::new();
    for home in 1..5 {
        ids.push(submitted(operator, about(&village, home)).await);
    }
    let [sent_in, matched, answered, rejected] = ids[..] else {
        panic!("four");
    };
    for id in [matched, answered] {
        done(verifier, id, "check", yes()).await;
    }
    let paper = async || bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = async || json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper().await });
    done(operator, answered, "sptjm", sptjm().await).await;
    let no = json!({ "verdict": "no", "reason": "NIK_TIDAK_PADAN" });
    done(verifier, rejected, "check", no).await;
    for home in 0..5 {
        close(&world, village.homes[home].family).await;
    }
    for (by, id, verb, more) in [
        (operator, draft, "submit", json!({})),
        (verifier, sent_in, "check", yes()),
        (operator, matched, "sptjm", sptjm().await),
        (verifier, answered, "verify", yes()),
        (operator, rejected, "copy", json!({})),
    ] {
        let refused = act(by, id, verb, more).await;
        assert_eq!(wrong(&refused), ["closed"], "{verb}");
        assert!(
            refused.json().to_string().contains("content.family"),
            "{verb}"
        );
    }
    // What has to be ended can be: it goes back, and is taken back.
    let back = json!({ "verdict": "return", "reason": "DATA_BELUM_LENGKAP" });
    done(verifier, sent_in, "check", back).await;
    done(operator, sent_in, "withdraw", json!({})).await;
    let words = json!({ "content": about(&village, 0) });
    let refused = act(operator, draft, "change", words).await;
    assert_eq!(wrong(&refused), ["closed"]);
    // Of one that is another by now, that is said.
    let (one, other) = (village.homes[5].family, village.waiting[0].family);
    let text = "UPDATE family SET closed_at = 1, merged_into = $1 WHERE id = $2";
    set(&world, text, other.into(), one.into()).await;
    let refused = propose(operator, about(&village, 5), false).await;
    assert_eq!(wrong(&refused), ["merged"]);
    world.end().await;
}

#[tokio::test]
async fn a_family_that_moved_meanwhile_is_matched_and_answered_for_by_nobody_here() {
    let (world, staff, village) = office(1246).await;
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    let sent_in = submitted(operator, about(&village, 0)).await;
    let matched = submitted(operator, about(&village, 1)).await;
    done(verifier, matched, "check", yes()).await;
    for home in 0..2 {
        let family = Uuid::from(village.homes[home].family);
        let values = [village::elsewhere().as_str().into(), family.into()];
        let text = "UPDATE family SET region = $1 WHERE id = $2";
        let store = world.app().unwrap().store;
        store.poke(text, values).await.unwrap();
    }
    let refused = act(verifier, sent_in, "check", yes()).await;
    assert_eq!(wrong(&refused), ["DI_LUAR_WILAYAH"]);
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
    let refused = act(operator, matched, "sptjm", sptjm).await;
    assert_eq!(wrong(&refused), ["DI_LUAR_WILAYAH"]);
    // Nor is one that was rejected begun anew for it.
    let no = json!({ "verdict": "no", "reason": "NIK_TIDAK_PADAN" });
    done(verifier, sent_in, "check", no).await;
    let refused = act(operator, sent_in, "copy", json!({})).await;
    assert_eq!(wrong(&refused), ["DI_LUAR_WILAYAH"]);
    world.end().await;
}

#[tokio::test]
async fn an_event_is_the_same_act_again_or_none() {
    let (world, staff, village) = office(1247).await;
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    let id = submitted(operator, about(&village, 0)).await;
    done(verifier, id, "check", yes()).await;
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let mut body = json!({
        "event_id": operator.event(), "seen_version": see(operator, id).await.row.version,
        "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper,
    });
    let path = format!("/v1/proposals/{id}/sptjm");
    for _ in 0..2 {
        operator.post(&path, &body).await.ok().unwrap();
    }
    body["signer"] = json!("Ketua RT 03");
    let reused = operator.post(&path, &body).await;
    assert_eq!(reused.code().as_deref(), Some("event_reused"));

    always_open(&staff, "program").await;
    let mut body = json!({ "event_id": operator.event(), "program": PKH,
        "families": [village.waiting[0].family] });
    for _ in 0..2 {
        let made = operator.post("/v1/proposals/batch", &body).await;
        made.ok().unwrap();
    }
    body["families"] = json!([village.waiting[1].family]);
    let reused = operator.post("/v1/proposals/batch", &body).await;
    assert_eq!(reused.code().as_deref(), Some("event_reused"));
    let drafts = list(operator, "?kind=program").await;
    assert_eq!(drafts.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_person_is_proposed_once_whichever_family_they_belong_to_by_now() {
    let (world, staff, village) = office(1248).await;
    let operator = &staff.operator;
    drafted(operator, about(&village, 0)).await;
    let other = drafted(operator, about(&village, 1)).await.row.id;
    let person = village.homes[0].persons[0];
    let text = "UPDATE person SET family_id = $1 WHERE id = $2";
    let home = village.homes[1].family;
    set(&world, text, home.into(), person.into()).await;
    let mut words = about(&village, 1);
    words["person"] = json!(person);
    let refused = act(operator, other, "change", json!({ "content": words })).await;
    assert_eq!(refused.verdict(), "422 invalid");
    assert_eq!(wrong(&refused), ["already_proposed"]);
    world.end().await;
}

#[tokio::test]
async fn a_scan_that_nobody_attaches_is_gone_after_a_week_and_one_that_is_stays() {
    let (world, staff, village) = office(1249).await;
    let operator = &staff.operator;
    let id = submitted(operator, about(&village, 0)).await;
    done(&staff.verifier, id, "check", yes()).await;
    let used = bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": used });
    done(operator, id, "sptjm", sptjm).await;
    bring_scan(operator, SCAN).await.unwrap();
    let papers = "SELECT COUNT(*) FROM paper";
    let app = world.app().unwrap();
    world.pass_days(6).await.unwrap();
    assert_eq!(world.count(papers).await.unwrap(), 2);
    world.pass_days(2).await.unwrap();
    assert_eq!(world.count(papers).await.unwrap(), 1);
    let told = "SELECT COUNT(*) FROM journal WHERE action = 'paper.forget'";
    assert_eq!(world.count(told).await.unwrap(), 1);
    let scan = staff.auditor.get(&format!("/v1/papers/{used}")).await;
    assert_eq!((scan.status, &scan.body[..]), (200, SCAN));
    // Nor do its bytes stay behind.
    let kept = tilik_server::blobs::BlobPrefix::attachments();
    let kept = app.blobs.list(&kept, None, 10).await.unwrap().objects;
    assert_eq!(kept.len(), 1);
    world.end().await;
}
