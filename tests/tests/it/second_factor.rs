//! The code beside the password: who must have one, that it counts once and for one thing, and what it is asked for again.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::second_factor::{CodeNeeded, SecondFactorView};
use tilik_protocol::session::{Me, Tokens};
use tilik_server::config::SecondFactor;
use tilik_server::http::routes::{self, Access};
use tilik_server::totp;
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::PASSWORD;
use tilik_tests::second_factor::{confirmed, offered, pending};
use tilik_tests::village::city;
use tilik_tests::world::{Answer, contains};
use tilik_tests::{Console, Person, Staff, World};

use crate::expected;

async fn an_office(seed: u64) -> (World, Staff) {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(0).await.unwrap();
    (world, staff)
}

async fn post(world: &World, tokens: &Tokens, path: &str, body: &Value) -> Answer {
    let token = Some(tokens.access_token.as_str());
    world.call("POST", path, token, Some(body)).await
}

fn act(world: &World) -> Value {
    json!({ "event_id": world.id::<uuid::Uuid>() })
}

/// The password once more.
fn known(world: &World, password: &str) -> Value {
    json!({ "event_id": world.id::<uuid::Uuid>(), "password": password })
}

fn showing(world: &World, code: &str) -> Value {
    json!({ "event_id": world.id::<uuid::Uuid>(), "code": code })
}

/// Sets codes up for somebody: the secret, the recovery codes and the session it was done in.
async fn with_codes(world: &World, who: &Console) -> (Vec<u8>, Vec<String>, Tokens) {
    let tokens = who.sign_in().await.unwrap();
    let secret = offered(world, &tokens).await.unwrap();
    let paper = confirmed(world, &tokens, &secret).await.unwrap();
    (secret, paper, tokens)
}

async fn show(world: &World, pending: &str, code: &str) -> Answer {
    let body = json!({ "pending": pending, "code": code });
    world
        .call("POST", "/v1/session/code", None, Some(&body))
        .await
}

/// Password and the code of now.
async fn sign_in(world: &World, person: &Person, secret: &[u8]) -> Tokens {
    let pending = pending(world, person).await.unwrap();
    let code = totp::code_at(secret, world.now());
    show(world, &pending, &code)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap()
}

fn wrong_of(answer: &Answer) -> String {
    let field = &answer.json()["fields"][0];
    format!("{} {} {}", answer.verdict(), field["field"], field["code"])
}

const WRONG: &str = "422 invalid \"code\" \"wrong\"";

#[test]
fn who_must_show_a_code_and_for_what_is_what_was_read() {
    use strum::VariantArray;
    let mut out = String::from(
        "# Which roles must show a code from an app beside the password and count in no phone's session, and which routes ask for a code again after half an hour.\n",
    );
    for role in Role::grantable() {
        let word = if role.needs_second_factor() {
            "must"
        } else {
            "may"
        };
        let phone = if role.counts_on_phone() {
            ""
        } else {
            "  not on a phone"
        };
        writeln!(out, "{role:<10} {word}{phone}").unwrap();
    }
    let asks = |access: Access| match access {
        Access::Requires(permission) => permission.needs_step_up(),
        _ => false,
    };
    for line in routes::lines() {
        if line.method != Method::GET && asks(line.access) {
            writeln!(out, "{} {}", line.method, line.path).unwrap();
        }
    }
    // Whoever confirms must have codes, or there would be nothing to ask for.
    for permission in Permission::VARIANTS {
        for role in Role::grantable().filter(|role| role.may(*permission)) {
            assert!(
                !permission.needs_step_up() || role.needs_second_factor(),
                "{role} {permission}"
            );
        }
    }
    expected::compare("second_factor.txt", &out);
}

#[tokio::test]
async fn who_has_set_up_codes_is_in_only_with_password_and_code() {
    let (world, staff) = an_office(941).await;
    let (secret, paper, first) = with_codes(&world, &staff.verifier).await;
    assert_eq!(paper.len(), 10);
    assert!(!first.me.second_factor);
    let me = world
        .call("GET", "/v1/me", Some(&first.access_token), None)
        .await;
    assert_eq!(me.json()["second_factor"], true);

    world.pass_s(60).await.unwrap();
    let body = json!({ "username": staff.verifier.person.username, "password": PASSWORD });
    let answer = world.call("POST", "/v1/session", None, Some(&body)).await;
    assert_eq!(answer.status, 202);
    let needed: CodeNeeded = answer.read().unwrap();
    assert_eq!(needed.expires_at, world.now().plus_s(300));
    assert!(!answer.json().to_string().contains("access_token"));
    let wrong = show(&world, &needed.pending, "000000").await;
    assert_eq!(wrong_of(&wrong), WRONG);
    let code = totp::code_at(&secret, world.now());
    let tokens = show(&world, &needed.pending, &code).await;
    let tokens: Tokens = tokens.ok().unwrap().read().unwrap();
    assert!(tokens.me.second_factor);

    // A browser: no cookie before the code.
    world.pass_s(30).await.unwrap();
    let own = [("origin", world.public_url())];
    let answer = world
        .call_with("POST", "/v1/console/session", &own, Some(&body))
        .await
        .unwrap();
    assert_eq!(answer.status, 202);
    assert!(answer.headers.get("set-cookie").is_none());
    let needed: CodeNeeded = answer.read().unwrap();
    let code = totp::code_at(&secret, world.now());
    let body = json!({ "pending": needed.pending, "code": code });
    let strange = world
        .call("POST", "/v1/console/session/code", None, Some(&body))
        .await;
    assert_eq!(strange.verdict(), "403 bad_origin");
    let answer = world
        .call_with("POST", "/v1/console/session/code", &own, Some(&body))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert!(answer.headers.get("set-cookie").is_some());

    // The secret is nowhere in clear.
    let text = totp::base32(&secret);
    let rows = world.app().unwrap().store;
    let rows = rows
        .peek("SELECT secret_enc FROM second_factor", [])
        .await
        .unwrap();
    for row in rows {
        let sealed: Vec<u8> = row.try_get_by_index(0).unwrap();
        assert!(!contains(&sealed, &secret));
        assert!(!String::from_utf8_lossy(&sealed).contains(&text));
    }
    world.end().await;
}

#[tokio::test]
async fn a_code_counts_once_for_whoever_looks_over_a_shoulder() {
    let (world, staff) = an_office(942).await;
    let (secret, _, first) = with_codes(&world, &staff.verifier).await;
    let person = &staff.verifier.person;
    // The code that set it up opens nothing any more.
    let code = totp::code_at(&secret, world.now());
    let mark = pending(&world, person).await.unwrap();
    assert_eq!(wrong_of(&show(&world, &mark, &code).await), WRONG);
    world.pass_s(30).await.unwrap();
    let code = totp::code_at(&secret, world.now());
    assert_eq!(show(&world, &mark, &code).await.verdict(), "200");
    assert_eq!(wrong_of(&show(&world, &mark, &code).await), WRONG);
    let stolen = post(
        &world,
        &first,
        "/v1/session/step-up",
        &showing(&world, &code),
    )
    .await;
    assert_eq!(wrong_of(&stolen), WRONG);
    // Nor does one before it, though clocks may be off by one.
    let before = totp::code_at(&secret, world.now().plus_s(-30));
    assert_eq!(wrong_of(&show(&world, &mark, &before).await), WRONG);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_shown_ten_times_at_once_opens_one_session() {
    let (world, staff) = an_office(943).await;
    let world = std::sync::Arc::new(world);
    let (secret, _, _) = with_codes(&world, &staff.verifier).await;
    world.pass_s(60).await.unwrap();
    let mark = pending(&world, &staff.verifier.person).await.unwrap();
    let code = totp::code_at(&secret, world.now());
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (world, mark, code) = (world.clone(), mark.clone(), code.clone());
        tries.spawn(async move { show(&world, &mark, &code).await.status });
    }
    let told = tries.join_all().await;
    let opened = told.iter().filter(|status| **status == 200).count();
    assert_eq!(opened, 1, "{told:?}");
    std::sync::Arc::into_inner(world).unwrap().end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_the_password_and_guesses_codes_is_held_back_and_who_is_in_is_not() {
    let (world, staff) = an_office(944).await;
    let world = std::sync::Arc::new(world);
    let (secret, _, first) = with_codes(&world, &staff.verifier).await;
    world.pass_s(60).await.unwrap();
    let person = &staff.verifier.person;
    let mark = pending(&world, person).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (world, mark) = (world.clone(), mark.clone());
        tries.spawn(async move {
            show(&world, &mark, &format!("00000{}", n % 10))
                .await
                .verdict()
        });
    }
    let told = tries.join_all().await;
    let looked_at = told.iter().filter(|told| *told == "422 invalid").count();
    let waited = told
        .iter()
        .filter(|told| *told == "429 too_many_attempts")
        .count();
    assert_eq!((looked_at, waited), (5, 35), "{told:?}");
    // Even the right one does not help now, nor does showing the password again.
    let code = totp::code_at(&secret, world.now());
    let mark = pending(&world, person).await.unwrap();
    let right = show(&world, &mark, &code).await;
    assert_eq!(right.verdict(), "429 too_many_attempts");
    let inside = post(
        &world,
        &first,
        "/v1/session/step-up",
        &showing(&world, &code),
    )
    .await;
    assert_eq!(
        inside.verdict(),
        "200",
        "a stranger outside holds nobody back inside"
    );
    world.pass_s(901).await.unwrap();
    sign_in(&world, person, &secret).await;
    std::sync::Arc::into_inner(world).unwrap().end().await;
}

#[tokio::test]
async fn what_the_password_alone_gives_is_good_for_the_code_and_for_nothing_else() {
    let (world, staff) = an_office(945).await;
    let (secret, _, _) = with_codes(&world, &staff.verifier).await;
    world.pass_s(60).await.unwrap();
    let person = &staff.verifier.person;
    let mark = pending(&world, person).await.unwrap();
    for (method, path) in [
        ("GET", "/v1/me"),
        ("GET", "/v1/cases"),
        ("POST", "/v1/me/password"),
        ("POST", "/v1/me/second-factor"),
        ("POST", "/v1/session/step-up"),
    ] {
        let answer = world
            .call(method, path, Some(&mark), Some(&Value::Null))
            .await;
        assert_eq!(answer.verdict(), "401 unauthenticated", "{method} {path}");
    }
    let body = json!({ "refresh_token": mark });
    let bought = world
        .call("POST", "/v1/session/refresh", None, Some(&body))
        .await;
    assert_eq!(bought.verdict(), "401 session_ended");
    // And nothing else is good in its place.
    let code = totp::code_at(&secret, world.now());
    let operator = staff.operator.sign_in().await.unwrap();
    for other in [
        "",
        "x",
        "a.b.c",
        &operator.access_token,
        &operator.refresh_token,
    ] {
        let answer = show(&world, other, &code).await;
        assert_eq!(answer.verdict(), "401 pending_expired", "{other}");
    }
    // Five minutes later it is over; so it is for a password that was changed, and for who was suspended.
    world.pass_s(300).await.unwrap();
    let code = totp::code_at(&secret, world.now());
    let late = show(&world, &mark, &code).await;
    assert_eq!(late.verdict(), "401 pending_expired");
    let tokens = sign_in(&world, person, &secret).await;
    world.pass_s(60).await.unwrap();
    let mark = pending(&world, person).await.unwrap();
    let body = json!({ "event_id": world.id::<uuid::Uuid>(), "old_password": PASSWORD,
        "new_password": "kata sandi yang lain" });
    let changed = post(&world, &tokens, "/v1/me/password", &body).await;
    assert_eq!(changed.verdict(), "204");
    let code = totp::code_at(&secret, world.now());
    let old = show(&world, &mark, &code).await;
    assert_eq!(old.verdict(), "401 pending_expired");
    let fresh = Person {
        password: "kata sandi yang lain".to_owned(),
        ..person.clone()
    };
    let mark = pending(&world, &fresh).await.unwrap();
    staff.admin.set_suspended(person.id, true).await.unwrap();
    let suspended = show(&world, &mark, &code).await;
    assert_eq!(suspended.verdict(), "401 pending_expired");
    world.end().await;
}

#[tokio::test]
async fn a_lost_phone_is_made_good_by_a_code_on_paper_once() {
    let (world, staff) = an_office(946).await;
    let (_, paper, first) = with_codes(&world, &staff.verifier).await;
    let person = &staff.verifier.person;
    let mark = pending(&world, person).await.unwrap();
    let typed = paper[0].to_lowercase().replace('-', " ");
    let tokens = show(&world, &mark, &typed).await;
    let tokens: Tokens = tokens.ok().unwrap().read().unwrap();
    assert_eq!(wrong_of(&show(&world, &mark, &paper[0]).await), WRONG);
    let look = async |tokens: &Tokens| -> SecondFactorView {
        let token = Some(tokens.access_token.as_str());
        let answer = world.call("GET", "/v1/me/second-factor", token, None).await;
        answer.ok().unwrap().read().unwrap()
    };
    assert_eq!(look(&tokens).await.recovery_codes_left, 9);
    // Another phone: what the old one shows is nothing any more, and sessions of before are over.
    let secret = offered(&world, &tokens).await.unwrap();
    let fresh = confirmed(&world, &tokens, &secret).await.unwrap();
    assert!(fresh.iter().all(|code| !paper.contains(code)));
    let old = world
        .call("GET", "/v1/me", Some(&first.access_token), None)
        .await;
    assert_eq!(old.verdict(), "401 session_ended");
    let mark = pending(&world, person).await.unwrap();
    assert_eq!(wrong_of(&show(&world, &mark, &paper[1]).await), WRONG);
    assert_eq!(show(&world, &mark, &fresh[1]).await.verdict(), "200");
    world.pass_s(60).await.unwrap();
    sign_in(&world, person, &secret).await;
    // Codes on paper are told once.
    let body = known(&world, PASSWORD);
    let path = "/v1/me/second-factor/recovery-codes";
    assert_eq!(post(&world, &tokens, path, &body).await.verdict(), "200");
    let again = post(&world, &tokens, path, &body).await;
    assert_eq!(again.verdict(), "409 wrong_moment");
    // No code is in the journal.
    let store = world.app().unwrap().store;
    for row in store.peek("SELECT body FROM journal", []).await.unwrap() {
        let body: Vec<u8> = row.try_get_by_index(0).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(!body.contains(&totp::base32(&secret)), "{body}");
        assert!(
            fresh.iter().all(|code| !body.contains(code.as_str())),
            "{body}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn an_open_screen_moves_the_codes_to_no_other_phone() {
    let (world, staff) = an_office(947).await;
    let (secret, _, tokens) = with_codes(&world, &staff.verifier).await;
    world.pass_s(1_800).await.unwrap();
    // The access token ran out meanwhile; the session did not.
    let body = json!({ "refresh_token": tokens.refresh_token });
    let tokens = world
        .call("POST", "/v1/session/refresh", None, Some(&body))
        .await;
    let tokens: Tokens = tokens.ok().unwrap().read().unwrap();
    for path in ["", "/recovery-codes", "/remove"] {
        let path = format!("/v1/me/second-factor{path}");
        let answer = post(&world, &tokens, &path, &known(&world, PASSWORD)).await;
        assert_eq!(answer.verdict(), "403 step_up_needed", "{path}");
    }
    let code = totp::code_at(&secret, world.now());
    let body = showing(&world, &code);
    // A lost reply asks for no other code.
    for _ in 0..2 {
        let stepped = post(&world, &tokens, "/v1/session/step-up", &body).await;
        assert_eq!(stepped.verdict(), "200");
        assert_eq!(stepped.json()["until"], json!(world.now().plus_s(1_800)));
    }
    let path = "/v1/me/second-factor/remove";
    let gone = post(&world, &tokens, path, &known(&world, PASSWORD)).await;
    assert_eq!(gone.verdict(), "204");
    let plain = staff.verifier.sign_in().await.unwrap();
    assert!(!plain.me.second_factor);
    world.end().await;
}

#[tokio::test]
async fn a_role_that_decides_sets_codes_up_before_it_does_anything() {
    let (world, staff) = an_office(948).await;
    let world = world.with_codes(SecondFactor::Required).await.unwrap();
    let approver = Console::of(&world, staff.approver.person.clone());
    let tokens = approver.sign_in().await.unwrap();
    assert!(tokens.me.second_factor_required);
    let token = Some(tokens.access_token.as_str());
    for line in routes::lines() {
        if matches!(line.access, Access::Public | Access::Watching) {
            continue;
        }
        let path = line.path.replace(['{', '}'], "");
        let open = matches!(
            line.path,
            "/v1/me"
                | "/v1/session"
                | "/v1/me/sign-out-everywhere"
                | "/v1/me/password"
                | "/v1/me/second-factor"
                | "/v1/me/second-factor/confirm"
        );
        if open {
            continue;
        }
        let answer = world.call(line.method.as_str(), &path, token, None).await;
        if line.method == Method::HEAD {
            assert_eq!(answer.status, 403, "{path}");
        } else {
            let told = format!("{} {path}", line.method);
            assert_eq!(answer.verdict(), "403 second_factor_required", "{told}");
        }
    }
    let secret = offered(&world, &tokens).await.unwrap();
    confirmed(&world, &tokens, &secret).await.unwrap();
    let me = world.call("GET", "/v1/me", token, None).await;
    assert_eq!(me.json()["second_factor_required"], Value::Null);
    let waiting = world.call("GET", "/v1/grants/waiting", token, None).await;
    assert_eq!(waiting.verdict(), "200");
    // It can be moved, not given up.
    let path = "/v1/me/second-factor/remove";
    let refused = post(&world, &tokens, path, &known(&world, PASSWORD)).await;
    assert_eq!(refused.verdict(), "403 second_factor_required");
    // Whoever decides nothing is not asked.
    let auditor = Console::of(&world, staff.auditor.person.clone());
    let auditor = auditor.sign_in().await.unwrap();
    assert!(!auditor.me.second_factor_required);
    let cases = world
        .call("GET", "/v1/cases", Some(&auditor.access_token), None)
        .await;
    assert_eq!(cases.verdict(), "200");
    world.end().await;
}

#[tokio::test]
async fn confirming_asks_for_a_code_of_this_session_and_of_the_last_half_hour() {
    let (world, staff) = an_office(949).await;
    let waiting = async |name: &str| {
        let person = staff.admin.add_user(name).await.unwrap();
        let grant = staff
            .admin
            .add_grant(person.id, Role::Operator, &[city()], None)
            .await
            .unwrap();
        format!("/v1/grants/{}/confirm", grant.id)
    };
    let first = waiting("operator.a").await;
    let second = waiting("operator.b").await;
    let (secret, _, tokens) = with_codes(&world, &staff.approver).await;
    // Setting it up was showing a code.
    let confirmed = post(&world, &tokens, &first, &act(&world)).await;
    assert_eq!(confirmed.verdict(), "200");
    world.pass_s(1_800).await.unwrap();
    let refresh = async |tokens: &Tokens| -> Tokens {
        let body = json!({ "refresh_token": tokens.refresh_token });
        let answer = world
            .call("POST", "/v1/session/refresh", None, Some(&body))
            .await;
        answer.ok().unwrap().read().unwrap()
    };
    let tokens = refresh(&tokens).await;
    let body = act(&world);
    let asked = post(&world, &tokens, &second, &body).await;
    assert_eq!(asked.verdict(), "403 step_up_needed");
    // Looking goes on.
    let list = world
        .call(
            "GET",
            "/v1/grants/waiting",
            Some(&tokens.access_token),
            None,
        )
        .await;
    assert_eq!(list.verdict(), "200");
    // Another session of the same person, in which a code was shown now, is another session.
    let elsewhere = sign_in(&world, &staff.approver.person, &secret).await;
    let still = post(&world, &tokens, &second, &body).await;
    assert_eq!(still.verdict(), "403 step_up_needed");
    world.pass_s(30).await.unwrap();
    let code = totp::code_at(&secret, world.now());
    let stepped = post(
        &world,
        &tokens,
        "/v1/session/step-up",
        &showing(&world, &code),
    )
    .await;
    assert_eq!(stepped.verdict(), "200");
    // The very same act, after the code.
    assert_eq!(post(&world, &tokens, &second, &body).await.verdict(), "200");
    let third = waiting("operator.c").await;
    let there = post(&world, &elsewhere, &third, &act(&world)).await;
    assert_eq!(there.verdict(), "200");
    // Who has no codes is not asked where they are only offered, and a wrong role hears that it is wrong.
    let (_, _, verifier) = with_codes(&world, &staff.verifier).await;
    let forbidden = post(&world, &verifier, &third, &act(&world)).await;
    assert_eq!(forbidden.verdict(), "403 forbidden");
    world.end().await;
}

/// Makes somebody an officer too and enrols a key for them, as any admin can alone.
async fn a_phone_for(staff: &Staff, world: &World, person: &Person) -> SoftPhone {
    let officer = Role::Officer;
    staff
        .admin
        .add_grant(person.id, officer, &[city()], None)
        .await
        .unwrap();
    SoftPhone::enrolled(world, &staff.admin, person)
        .await
        .unwrap()
}

fn roles(me: &Me) -> Vec<Role> {
    let held = me.grants.iter();
    held.filter_map(|grant| grant.role.known()).collect()
}

#[tokio::test]
async fn on_a_phone_no_role_counts_that_needs_a_code() {
    let (world, staff) = an_office(950).await;
    let me = async |tokens: &Tokens| -> Me {
        let token = Some(tokens.access_token.as_str());
        let answer = world.call("GET", "/v1/me", token, None).await;
        answer.ok().unwrap().read().unwrap()
    };
    // With codes set up and without.
    with_codes(&world, &staff.verifier).await;
    for console in [&staff.verifier, &staff.approver, &staff.admin] {
        let mut phone = if console.person.id == staff.admin.person.id {
            // Nobody equips themselves.
            let by = (&staff.admin, &staff.approver);
            let there = [city()];
            let other = world.person(by, "admin.lain", Role::Admin, &there);
            let other = other.await.unwrap();
            a_phone_for(&staff, &world, &other.person).await
        } else {
            a_phone_for(&staff, &world, &console.person).await
        };
        let tokens = phone.sign_in().await.unwrap();
        assert_eq!(roles(&tokens.me), [Role::Officer]);
        assert_eq!(roles(&me(&tokens).await), [Role::Officer]);
        let body = phone.refresh_body(&tokens.refresh_token);
        let fresh = world
            .call("POST", "/v1/session/refresh", None, Some(&body))
            .await;
        let fresh: Tokens = fresh.ok().unwrap().read().unwrap();
        assert_eq!(roles(&fresh.me), [Role::Officer]);
        assert_eq!(fresh.me, me(&fresh).await);
        let officer = Role::Officer;
        for permission in &fresh.me.permissions {
            assert!(officer.may(permission.known().unwrap()), "{permission:?}");
        }
        // What another role of theirs would allow, in words that say where it does.
        let role = if console.person.id == staff.verifier.person.id {
            Role::Verifier
        } else if console.person.id == staff.approver.person.id {
            Role::Approver
        } else {
            Role::Admin
        };
        for line in routes::lines() {
            let Access::Requires(permission) = line.access else {
                continue;
            };
            if officer.may(permission) || !role.may(permission) || line.method == Method::HEAD {
                continue;
            }
            let path = line.path.replace(['{', '}'], "");
            let token = Some(fresh.access_token.as_str());
            let answer = world.call(line.method.as_str(), &path, token, None).await;
            let told = format!("{role} {} {path}", line.method);
            assert_eq!(answer.verdict(), "403 not_on_phone", "{told}");
        }
    }
    // Supervisors work on phones as they did.
    let mut phone = a_phone_for(&staff, &world, &staff.supervisor.person).await;
    let tokens = phone.sign_in().await.unwrap();
    let mut held = roles(&tokens.me);
    held.sort();
    assert_eq!(held, [Role::Officer, Role::Supervisor]);
    assert_eq!(tokens.me, me(&tokens).await);
    let cases = world
        .call("GET", "/v1/cases", Some(&tokens.access_token), None)
        .await;
    assert_eq!(cases.verdict(), "200");
    world.end().await;
}

#[tokio::test]
async fn whoever_has_nothing_left_on_a_phone_is_told_where_their_role_counts() {
    let (world, staff) = an_office(951).await;
    let world = world.with_codes(SecondFactor::Required).await.unwrap();
    let admin = Console::of(&world, staff.admin.person.clone());
    let verifier = &staff.verifier.person;
    // The admin here has to show codes, and has a session in which that was done.
    let (_, _, by) = with_codes(&world, &admin).await;
    let grant = json!({ "event_id": world.id::<uuid::Uuid>(), "role": "officer", "regions": [city()],
        "document_number": "ST/1/2026" });
    let path = format!("/v1/users/{}/grants", verifier.id);
    let given = post(&world, &by, &path, &grant).await.ok().unwrap().json();
    let body = json!({ "event_id": world.id::<uuid::Uuid>(), "officer": verifier.id });
    let code = post(&world, &by, "/v1/enrolments", &body).await;
    let code = code.ok().unwrap().json()["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut phone = SoftPhone::with_code(&world, verifier, &code).await.unwrap();
    let tokens = phone.sign_in().await.unwrap();
    // Nothing that needs codes is left, so none have to be set up for a day's visits.
    assert!(!tokens.me.second_factor_required);
    let token = Some(tokens.access_token.as_str());
    let view = world.call("GET", "/v1/me/second-factor", token, None).await;
    assert_eq!(view.json()["demanded"], true);

    let path = format!("/v1/grants/{}/end", given["id"].as_str().unwrap());
    post(&world, &by, &path, &act(&world)).await.ok().unwrap();
    let tokens = phone.sign_in().await.unwrap();
    assert_eq!(roles(&tokens.me), []);
    assert!(tokens.me.permissions.is_empty());
    let token = Some(tokens.access_token.as_str());
    for (method, path) in [("POST", "/v1/sync"), ("GET", "/v1/cases")] {
        let answer = world.call(method, path, token, None).await;
        assert_eq!(answer.verdict(), "403 not_on_phone", "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("konsol"), "{detail}");
    }
    world.end().await;
}

#[tokio::test]
async fn an_open_screen_sets_no_codes_up_and_locks_nobody_out() {
    let (world, staff) = an_office(952).await;
    let path = "/v1/me/second-factor";
    let stolen = staff.auditor.sign_in().await.unwrap();
    let saying = |password: &str| known(&world, password);
    let none = post(&world, &stolen, path, &act(&world)).await;
    assert_eq!(none.verdict(), "422 invalid");
    for _ in 0..5 {
        let wrong = post(&world, &stolen, path, &saying("tebakan orang lain")).await;
        assert_eq!(wrong_of(&wrong), "422 invalid \"password\" \"wrong\"");
    }
    // Guesses are counted, whichever door of the session they are made at, and the right one waits too.
    let waits = post(&world, &stolen, path, &saying(PASSWORD)).await;
    assert_eq!(waits.verdict(), "429 too_many_attempts");
    let body = json!({ "event_id": world.id::<uuid::Uuid>(), "old_password": PASSWORD,
        "new_password": "kata sandi yang lain" });
    let waits = post(&world, &stolen, "/v1/me/password", &body).await;
    assert_eq!(waits.verdict(), "429 too_many_attempts");
    let nothing = "SELECT COUNT(*) FROM second_factor";
    assert_eq!(world.count(nothing).await.unwrap(), 0);
    // Its person signs in as ever.
    world.pass_s(901).await.unwrap();
    let tokens = staff.auditor.sign_in().await.unwrap();
    // A lost reply tells the same secret, to whoever knows the password.
    let body = saying(PASSWORD);
    let offer = post(&world, &tokens, path, &body)
        .await
        .ok()
        .unwrap()
        .json();
    let again = post(&world, &tokens, path, &body)
        .await
        .ok()
        .unwrap()
        .json();
    assert_eq!(offer, again);
    let peek = json!({ "event_id": body["event_id"], "password": "tebakan orang lain" });
    let peek = post(&world, &tokens, path, &peek).await;
    assert_eq!(wrong_of(&peek), "422 invalid \"password\" \"wrong\"");
    // To move them to another phone it is asked for as well.
    let secret = offered(&world, &tokens).await.unwrap();
    confirmed(&world, &tokens, &secret).await.unwrap();
    let moved = post(&world, &tokens, path, &saying("tebakan orang lain")).await;
    assert_eq!(wrong_of(&moved), "422 invalid \"password\" \"wrong\"");
    // The password is in no journal.
    let store = world.app().unwrap().store;
    for row in store.peek("SELECT body FROM journal", []).await.unwrap() {
        let body: Vec<u8> = row.try_get_by_index(0).unwrap();
        assert!(!String::from_utf8(body).unwrap().contains(PASSWORD));
    }
    world.end().await;
}

#[tokio::test]
async fn an_open_screen_makes_no_codes_of_its_own_and_takes_none_away() {
    let (world, staff) = an_office(953).await;
    // Setting up was showing a code: for half an hour nothing but the password is in the way.
    let (secret, paper, tokens) = with_codes(&world, &staff.auditor).await;
    let renew = "/v1/me/second-factor/recovery-codes";
    let remove = "/v1/me/second-factor/remove";
    for path in [renew, remove] {
        let none = post(&world, &tokens, path, &act(&world)).await;
        assert_eq!(none.verdict(), "422 invalid", "{path}");
    }
    for n in 0..5 {
        let path = if n % 2 == 0 { renew } else { remove };
        let wrong = post(&world, &tokens, path, &known(&world, "tebakan lain")).await;
        assert_eq!(wrong_of(&wrong), "422 invalid \"password\" \"wrong\"");
    }
    // Guesses are counted whichever door they are made at, and the right one waits too.
    for path in [renew, remove, "/v1/me/second-factor"] {
        let waits = post(&world, &tokens, path, &known(&world, PASSWORD)).await;
        assert_eq!(waits.verdict(), "429 too_many_attempts", "{path}");
    }
    // Nothing was made and nothing is gone.
    let mark = pending(&world, &staff.auditor.person).await.unwrap();
    assert_eq!(show(&world, &mark, &paper[0]).await.verdict(), "200");
    world.pass_s(901).await.unwrap();
    let fresh = sign_in(&world, &staff.auditor.person, &secret).await;
    for (path, done) in [(renew, "200"), (remove, "204")] {
        let answer = post(&world, &fresh, path, &known(&world, PASSWORD)).await;
        assert_eq!(answer.verdict(), done, "{path}");
    }
    let store = world.app().unwrap().store;
    for row in store.peek("SELECT body FROM journal", []).await.unwrap() {
        let body: Vec<u8> = row.try_get_by_index(0).unwrap();
        assert!(!String::from_utf8(body).unwrap().contains(PASSWORD));
    }
    world.end().await;
}
