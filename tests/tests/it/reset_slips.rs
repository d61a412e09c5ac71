//! Slips for who has forgotten the password: who may issue one to whom, that whoever decides needs two others, and that a
//! slip works once.

use serde_json::{Value, json};
use tilik_protocol::ids::GrantId;
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::reset_slip::{ReleasedSlip, ResetSlip, ResetSlipView};
use tilik_protocol::session::{Me, Tokens};
use tilik_server::totp;
use tilik_tests::people::{FIRST_PASSWORD, PASSWORD, hire};
use tilik_tests::second_factor::{confirmed, offered, pending};
use tilik_tests::village::city;
use tilik_tests::world::Answer;
use tilik_tests::{Console, Person, Staff, World};

const FRESH: &str = "kata sandi yang baru";

async fn an_office(seed: u64) -> (World, Staff) {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(2).await.unwrap();
    (world, staff)
}

fn using(world: &World, username: &str, code: &str) -> Value {
    json!({ "event_id": world.id::<uuid::Uuid>(), "username": username, "code": code,
        "new_password": FRESH })
}

/// With both parts of a slip that was released.
fn using_both(world: &World, slip: &ResetSlip, released: &ReleasedSlip) -> Value {
    let mut body = using(world, &slip.username, &slip.code);
    body["release_code"] = json!(released.release_code);
    body
}

async fn show(world: &World, body: &Value) -> String {
    let answer = world.call("POST", "/v1/reset-slips/use", None, Some(body));
    answer.await.verdict()
}

async fn sign_in(world: &World, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    world.call("POST", "/v1/session", None, Some(&body)).await
}

async fn try_release(by: &Console, slip: &ResetSlip) -> Answer {
    let path = format!("/v1/reset-slips/{}/release", slip.id);
    let body = json!({ "event_id": by.event() });
    by.post(&path, &body).await
}

async fn release(by: &Console, slip: &ResetSlip) -> String {
    try_release(by, slip).await.verdict()
}

async fn released(by: &Console, slip: &ResetSlip) -> ReleasedSlip {
    try_release(by, slip).await.ok().unwrap().read().unwrap()
}

async fn issue(by: &Console, whose: &Person) -> String {
    let path = format!("/v1/users/{}/reset-slip", whose.id);
    let body = json!({ "event_id": by.event() });
    by.post(&path, &body).await.verdict()
}

#[tokio::test]
async fn an_officer_chooses_a_new_password_with_a_slip_from_the_supervisor_once() {
    let (world, staff) = an_office(961).await;
    let officer = &staff.officers[0];
    let before: Tokens = sign_in(&world, &officer.username, PASSWORD)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let slip = staff
        .supervisor
        .issue_reset_slip(officer.id, false)
        .await
        .unwrap();
    assert!(!slip.needs_release);
    assert_eq!(slip.expires_at, world.now().plus_s(86_400));
    assert_eq!(slip.username, officer.username);
    let typed = slip.code.to_lowercase();
    // Of somebody else, or with too short a password, it is nothing, and stays what it is.
    let other = using(&world, &staff.officers[1].username, &typed);
    assert_eq!(show(&world, &other).await, "422 bad_reset_slip");
    let mut short = using(&world, &officer.username, &typed);
    short["new_password"] = json!("pendek");
    assert_eq!(show(&world, &short).await, "422 invalid");
    let body = using(&world, &officer.username, &typed);
    // A lost reply costs nothing; another request with the same slip does nothing.
    for _ in 0..2 {
        assert_eq!(show(&world, &body).await, "204");
    }
    let again = using(&world, &officer.username, &slip.code);
    assert_eq!(show(&world, &again).await, "422 bad_reset_slip");
    let old = sign_in(&world, &officer.username, PASSWORD).await;
    assert_eq!(old.verdict(), "401 wrong_credentials");
    let ended = world
        .call("GET", "/v1/me", Some(&before.access_token), None)
        .await;
    assert_eq!(ended.verdict(), "401 session_ended");
    let fresh = sign_in(&world, &officer.username, FRESH).await;
    let fresh: Tokens = fresh.ok().unwrap().read().unwrap();
    assert!(!fresh.me.password_change_required, "it is their own");
    for action in ["reset_slip.issue", "reset_slip.use"] {
        let told = format!("SELECT COUNT(*) FROM journal WHERE action = '{action}'");
        assert_eq!(world.count(&told).await.unwrap(), 1, "{action}");
    }
    // Neither the code nor a password is in the journal.
    let store = world.app().unwrap().store;
    for row in store.peek("SELECT body FROM journal", []).await.unwrap() {
        let body: Vec<u8> = row.try_get_by_index(0).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(
            !body.contains(&slip.code) && !body.contains("kata sandi"),
            "{body}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn whoever_decides_or_manages_gets_in_again_only_by_two_others() {
    let (world, staff) = an_office(962).await;
    let desk = (&staff.admin, &staff.approver);
    let second = hire(desk, "plt", Role::Approver, &[city()]).await.unwrap();
    let other = hire(desk, "admin2", Role::Admin, &[city()]).await.unwrap();
    for target in [
        &staff.operator,
        &staff.verifier,
        &staff.supervisor,
        &second,
        &staff.auditor,
        &other,
    ] {
        let person = &target.person;
        // The old way round is closed.
        let path = format!("/v1/users/{}/password", person.id);
        let body = json!({ "event_id": staff.admin.event(), "password": FIRST_PASSWORD });
        let alone = staff.admin.post(&path, &body).await;
        assert_eq!(alone.verdict(), "403 two_persons_needed", "{person:?}");

        let slip = staff
            .admin
            .issue_reset_slip(person.id, false)
            .await
            .unwrap();
        assert!(slip.needs_release, "{person:?}");
        let body = using(&world, &person.username, &slip.code);
        assert_eq!(show(&world, &body).await, "409 reset_slip_waits");
        // Not by whoever issued it, nor by another admin, nor by the one it is for.
        assert_eq!(release(&staff.admin, &slip).await, "403 forbidden");
        assert_eq!(release(&other, &slip).await, "403 forbidden");
        if person.id == second.user() {
            assert_eq!(release(&second, &slip).await, "403 separation_of_duty");
        }
        assert_eq!(show(&world, &body).await, "409 reset_slip_waits");
        let waiting = staff.approver.get("/v1/reset-slips").await;
        let waiting: Vec<ResetSlipView> = waiting.ok().unwrap().read().unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].username, person.username);
        assert_eq!(waiting[0].issued_by, staff.admin.user());
        let second = released(&staff.approver, &slip).await;
        assert_eq!(release(&staff.approver, &slip).await, "409 wrong_moment");
        // What the admin was told is not all of it.
        assert_eq!(show(&world, &body).await, "422 bad_reset_slip");
        let body = using_both(&world, &slip, &second);
        assert_eq!(show(&world, &body).await, "204");
        let fresh = sign_in(&world, &person.username, FRESH).await;
        assert_eq!(fresh.verdict(), "200");
    }
    let told = "SELECT COUNT(*) FROM journal WHERE action = 'reset_slip.release'";
    assert_eq!(world.count(told).await.unwrap(), 6);
    world.end().await;
}

/// The grant of a role that this person holds themselves.
async fn own_grant(by: &Console, role: Role) -> GrantId {
    let me: Me = by.get("/v1/me").await.ok().unwrap().read().unwrap();
    let own = me.grants.iter().find(|one| one.role.known() == Some(role));
    own.unwrap().id
}

async fn lend(world: &World, by: &Console, deputy: &Console) {
    let own = own_grant(by, Role::Approver).await;
    let body = json!({ "event_id": by.event(), "user": deputy.user(),
        "document_number": "800/PLH/1/2026", "valid_until": world.now().plus_s(86_400) });
    let path = format!("/v1/grants/{own}/delegate");
    by.post(&path, &body).await.ok().unwrap();
}

#[tokio::test]
async fn nobody_releases_a_slip_for_or_of_whom_they_stand_in_for() {
    let (world, staff) = an_office(963).await;
    let desk = (&staff.admin, &staff.approver);
    let second = hire(desk, "kepala2", Role::Approver, &[city()])
        .await
        .unwrap();
    let third = hire(desk, "kepala3", Role::Approver, &[city()])
        .await
        .unwrap();
    lend(&world, &staff.approver, &staff.verifier).await;
    lend(&world, &second, &staff.verifier).await;
    // The account of either is theirs, and so is a slip that either issued.
    for of in [&staff.approver, &second] {
        let slip = staff
            .admin
            .issue_reset_slip(of.user(), false)
            .await
            .unwrap();
        let told = release(&staff.verifier, &slip).await;
        assert_eq!(told, "403 separation_of_duty");
        let body = using(&world, &of.person.username, &slip.code);
        assert_eq!(show(&world, &body).await, "409 reset_slip_waits");
    }
    let operator = &staff.operator.person;
    let body = json!({ "event_id": staff.admin.event() });
    let path = format!("/v1/users/{}/reset-slip", operator.id);
    let slip: ResetSlip = staff.admin.post(&path, &body).await.read().unwrap();
    let issuer = "UPDATE reset_slip SET issued_by = $1 WHERE id = $2";
    let store = world.app().unwrap().store;
    let (by, id) = (uuid::Uuid::from(second.user()), uuid::Uuid::from(slip.id));
    store.poke(issuer, [by.into(), id.into()]).await.unwrap();
    let told = release(&staff.verifier, &slip).await;
    assert_eq!(told, "403 separation_of_duty");
    assert_eq!(release(&second, &slip).await, "403 separation_of_duty");
    assert_eq!(release(&third, &slip).await, "200");
    world.end().await;
}

#[tokio::test]
async fn who_approves_in_training_only_has_to_do_with_no_account() {
    let (world, staff) = an_office(968).await;
    let desk = (&staff.admin, &staff.approver);
    let area: RegionCode = "00.01".parse().unwrap();
    let trainee = hire(
        desk,
        "kepala.latihan",
        Role::Approver,
        std::slice::from_ref(&area),
    )
    .await
    .unwrap();
    let there = hire(desk, "operator.latihan", Role::Operator, &[area])
        .await
        .unwrap();
    // An account without any role, whose codes go: nothing but a second person stands before it.
    let nobody = staff.admin.add_user("belum.apa-apa").await.unwrap();
    let tokens = Console::of(&world, nobody.clone()).sign_in().await.unwrap();
    let secret = offered(&world, &tokens).await.unwrap();
    confirmed(&world, &tokens, &secret).await.unwrap();
    for (person, loses) in [(&nobody, true), (&there.person, false)] {
        let slip = staff
            .admin
            .issue_reset_slip(person.id, loses)
            .await
            .unwrap();
        assert!(slip.needs_release);
        let waiting = trainee.get("/v1/reset-slips").await;
        assert_eq!(waiting.ok().unwrap().json(), json!([]));
        assert_eq!(release(&trainee, &slip).await, "404 not_found");
        let waiting = staff.approver.get("/v1/reset-slips").await;
        let waiting: Vec<ResetSlipView> = waiting.ok().unwrap().read().unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(release(&staff.approver, &slip).await, "200");
    }
    world.end().await;
}

#[tokio::test]
async fn a_supervisor_issues_slips_to_officers_in_reach_and_to_nobody_else() {
    let (world, staff) = an_office(964).await;
    let desk = (&staff.admin, &staff.approver);
    let near: Vec<_> = ["35.71.01".parse().unwrap()].into();
    let here = hire(desk, "koordinator.mojoroto", Role::Supervisor, &near)
        .await
        .unwrap();
    let theirs = hire(desk, "petugas.mojoroto", Role::Officer, &near)
        .await
        .unwrap();
    assert_eq!(issue(&here, &theirs.person).await, "200");
    // Beyond their regions, and whoever is more than an officer, or nobody yet.
    assert_eq!(issue(&here, &staff.officers[0]).await, "404 not_found");
    for other in [&staff.auditor, &staff.operator, &staff.colleague] {
        assert_eq!(
            issue(&staff.supervisor, &other.person).await,
            "404 not_found"
        );
    }
    let nobody = staff.admin.add_user("belum.apa-apa").await.unwrap();
    assert_eq!(issue(&staff.supervisor, &nobody).await, "404 not_found");
    staff
        .admin
        .add_grant(theirs.user(), Role::Operator, &near, None)
        .await
        .unwrap();
    assert_eq!(issue(&here, &theirs.person).await, "404 not_found");
    assert_eq!(issue(&staff.operator, &nobody).await, "403 forbidden");
    assert_eq!(
        issue(&staff.admin, &staff.admin.person).await,
        "422 invalid"
    );
    world.end().await;
}

#[tokio::test]
async fn a_slip_runs_out_is_replaced_by_the_next_and_counts_the_roles_of_when_it_is_used() {
    let (world, staff) = an_office(965).await;
    let officer = &staff.officers[0];
    let first = staff
        .admin
        .issue_reset_slip(officer.id, false)
        .await
        .unwrap();
    let second = staff
        .admin
        .issue_reset_slip(officer.id, false)
        .await
        .unwrap();
    let body = using(&world, &officer.username, &first.code);
    assert_eq!(show(&world, &body).await, "422 bad_reset_slip");
    // So it is by a password that somebody else chooses.
    let other = &staff.officers[1];
    let slip = staff.admin.issue_reset_slip(other.id, false).await.unwrap();
    let path = format!("/v1/users/{}/password", other.id);
    let body = json!({ "event_id": staff.admin.event(), "password": FIRST_PASSWORD });
    let chosen = staff.admin.post(&path, &body).await;
    assert_eq!(chosen.verdict(), "200");
    let body = using(&world, &other.username, &slip.code);
    assert_eq!(show(&world, &body).await, "422 bad_reset_slip");
    world.pass_s(86_400).await.unwrap();
    let body = using(&world, &officer.username, &second.code);
    assert_eq!(show(&world, &body).await, "422 bad_reset_slip");

    // Issued while they decided nothing; the role that waits now makes it one for two persons.
    let slip = staff
        .admin
        .issue_reset_slip(officer.id, false)
        .await
        .unwrap();
    assert!(!slip.needs_release);
    staff
        .admin
        .add_grant(officer.id, Role::Operator, &[city()], None)
        .await
        .unwrap();
    let body = using(&world, &officer.username, &slip.code);
    assert_eq!(show(&world, &body).await, "403 two_persons_needed");
    assert_eq!(release(&staff.approver, &slip).await, "404 not_found");
    // A suspended account is not let in.
    let other = &staff.officers[1];
    let slip = staff.admin.issue_reset_slip(other.id, false).await.unwrap();
    staff.admin.set_suspended(other.id, true).await.unwrap();
    let body = using(&world, &other.username, &slip.code);
    assert_eq!(show(&world, &body).await, "422 bad_reset_slip");
    world.end().await;
}

#[tokio::test]
async fn codes_beside_the_password_go_only_with_a_second_person() {
    let (world, staff) = an_office(966).await;
    // A signatory decides nothing, and has set up codes.
    let person = &staff.signatory.person;
    let tokens = staff.signatory.sign_in().await.unwrap();
    let secret = offered(&world, &tokens).await.unwrap();
    confirmed(&world, &tokens, &secret).await.unwrap();
    let slip = staff
        .admin
        .issue_reset_slip(person.id, false)
        .await
        .unwrap();
    assert!(!slip.needs_release);
    let body = using(&world, &person.username, &slip.code);
    assert_eq!(show(&world, &body).await, "204");
    world.pass_s(60).await.unwrap();
    let changed = Person {
        password: FRESH.to_owned(),
        ..person.clone()
    };
    // The password alone is still not enough.
    let mark = pending(&world, &changed).await.unwrap();
    let code = totp::code_at(&secret, world.now());
    let body = json!({ "pending": mark, "code": code });
    let opened = world
        .call("POST", "/v1/session/code", None, Some(&body))
        .await;
    assert_eq!(opened.verdict(), "200");

    let slip = staff.admin.issue_reset_slip(person.id, true).await.unwrap();
    assert!(slip.needs_release);
    let body = using(&world, &person.username, &slip.code);
    assert_eq!(show(&world, &body).await, "409 reset_slip_waits");
    let second = released(&staff.approver, &slip).await;
    let body = using_both(&world, &slip, &second);
    assert_eq!(show(&world, &body).await, "204");
    let plain = sign_in(&world, &person.username, FRESH).await;
    assert_eq!(plain.verdict(), "200");
    world.end().await;
}

#[tokio::test]
async fn whoever_guesses_slips_is_held_back() {
    let (world, staff) = an_office(967).await;
    let officer = &staff.officers[0];
    for n in 0..5 {
        let body = using(&world, &officer.username, &format!("ABCD-EFGH-JKMN-PQR{n}"));
        assert_eq!(show(&world, &body).await, "422 bad_reset_slip");
    }
    let slip = staff
        .admin
        .issue_reset_slip(officer.id, false)
        .await
        .unwrap();
    let body = using(&world, &officer.username, &slip.code);
    assert_eq!(show(&world, &body).await, "429 too_many_attempts");
    world.pass_s(901).await.unwrap();
    assert_eq!(show(&world, &body).await, "204");
    world.end().await;
}

#[tokio::test]
async fn neither_who_issued_a_slip_nor_who_released_it_knows_all_of_it() {
    let (world, staff) = an_office(969).await;
    let username = &staff.operator.person.username;
    let slip = staff
        .admin
        .issue_reset_slip(staff.operator.user(), false)
        .await
        .unwrap();
    let path = format!("/v1/reset-slips/{}/release", slip.id);
    let event = json!({ "event_id": staff.approver.event() });
    let second = staff.approver.post(&path, &event).await;
    let second: ReleasedSlip = second.ok().unwrap().read().unwrap();
    assert_eq!((&second.username, &second.name), (username, &slip.name));
    assert_eq!(second.expires_at, slip.expires_at);
    // It is told once, as the first part is.
    let again = staff.approver.post(&path, &event).await;
    assert_eq!(again.verdict(), "409 wrong_moment");
    assert!(!again.json().to_string().contains(&second.release_code));
    // The first alone, the second alone, the second in the place of the first, a guess: a wrong code like any other.
    let mut guessed = using(&world, username, &slip.code);
    guessed["release_code"] = json!("ABCD-EFGH-JKMN");
    let mut swapped = using_both(&world, &slip, &second);
    swapped["code"] = json!(second.release_code);
    swapped["release_code"] = json!(slip.code);
    let mut empty = using(&world, username, &slip.code);
    empty["release_code"] = json!("");
    for body in [
        using(&world, username, &slip.code),
        using(&world, username, &second.release_code),
        guessed,
        swapped,
        empty,
    ] {
        assert_eq!(show(&world, &body).await, "422 bad_reset_slip", "{body}");
    }
    let mut body = using_both(&world, &slip, &second);
    assert_eq!(show(&world, &body).await, "429 too_many_attempts");
    world.pass_s(901).await.unwrap();
    // As people type it.
    let typed = second.release_code.to_lowercase().replace('-', " ");
    body["release_code"] = json!(typed);
    for _ in 0..2 {
        assert_eq!(show(&world, &body).await, "204");
    }
    let fresh = sign_in(&world, username, FRESH).await;
    assert_eq!(fresh.verdict(), "200");
    let plain = second.release_code.replace('-', "");
    let store = world.app().unwrap().store;
    for sql in [
        "SELECT body FROM journal",
        "SELECT release_hash FROM reset_slip",
    ] {
        for row in store.peek(sql, []).await.unwrap() {
            let kept: Vec<u8> = row.try_get_by_index(0).unwrap();
            let kept = String::from_utf8_lossy(&kept);
            assert!(!kept.contains(&plain) && !kept.contains(&second.release_code));
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_role_that_ended_lately_still_makes_it_a_matter_for_two() {
    let (world, staff) = an_office(970).await;
    let operator = &staff.operator;
    let own = own_grant(operator, Role::Operator).await;
    let act = json!({ "event_id": staff.admin.event() });
    let path = format!("/v1/grants/{own}/end");
    staff.admin.post(&path, &act).await.ok().unwrap();
    let reset = async || {
        let path = format!("/v1/users/{}/password", operator.user());
        let body = json!({ "event_id": staff.admin.event(), "password": FIRST_PASSWORD });
        staff.admin.post(&path, &body).await.verdict()
    };
    let needs_release = async || {
        let slip = staff.admin.issue_reset_slip(operator.user(), false).await;
        slip.unwrap().needs_release
    };
    assert_eq!(reset().await, "403 two_persons_needed");
    assert!(needs_release().await);
    world.pass_s(30 * 86_400 - 1).await.unwrap();
    assert_eq!(reset().await, "403 two_persons_needed");
    assert!(needs_release().await);
    world.pass_s(1).await.unwrap();
    assert!(!needs_release().await);
    assert_eq!(reset().await, "200");
    world.end().await;
}

#[tokio::test]
async fn a_slip_outlives_neither_a_suspension_nor_a_password_of_ones_own() {
    let (world, staff) = an_office(971).await;
    let officer = &staff.officers[0];
    let slip = staff
        .admin
        .issue_reset_slip(officer.id, false)
        .await
        .unwrap();
    for suspended in [true, false] {
        staff
            .admin
            .set_suspended(officer.id, suspended)
            .await
            .unwrap();
    }
    let body = using(&world, &officer.username, &slip.code);
    assert_eq!(show(&world, &body).await, "422 bad_reset_slip");

    let operator = &staff.operator;
    let slip = staff
        .admin
        .issue_reset_slip(operator.user(), false)
        .await
        .unwrap();
    let second = released(&staff.approver, &slip).await;
    let body = json!({ "event_id": operator.event(), "old_password": PASSWORD,
        "new_password": "kata sandi yang lain" });
    let changed = operator.post("/v1/me/password", &body).await;
    assert_eq!(changed.verdict(), "204");
    let body = using_both(&world, &slip, &second);
    assert_eq!(show(&world, &body).await, "422 bad_reset_slip");
    world.end().await;
}

#[tokio::test]
async fn who_supervises_in_training_only_lets_nobody_into_an_account() {
    let (world, staff) = an_office(972).await;
    let desk = (&staff.admin, &staff.approver);
    let area: [RegionCode; 1] = ["00.01".parse().unwrap()];
    let trainer = hire(desk, "koordinator.latihan", Role::Supervisor, &area)
        .await
        .unwrap();
    let trainee = hire(desk, "petugas.latihan", Role::Officer, &area)
        .await
        .unwrap();
    // One who practises only, one who did real work until yesterday, and one who does.
    assert_eq!(issue(&trainer, &trainee.person).await, "404 not_found");
    let both = &staff.officers[0];
    staff
        .admin
        .add_grant(both.id, Role::Officer, &area, None)
        .await
        .unwrap();
    assert_eq!(issue(&trainer, both).await, "404 not_found");
    let real = own_grant(&Console::of(&world, both.clone()), Role::Officer).await;
    let act = json!({ "event_id": staff.admin.event() });
    let path = format!("/v1/grants/{real}/end");
    staff.admin.post(&path, &act).await.ok().unwrap();
    assert_eq!(issue(&trainer, both).await, "404 not_found");
    // Who supervises at a real place does, as an admin does.
    assert_eq!(issue(&staff.supervisor, &trainee.person).await, "200");
    assert_eq!(issue(&staff.admin, both).await, "200");
    world.end().await;
}
