//! A person's own sessions: what the list tells, and that what is ended there is over at the next request.

use serde_json::json;
use tilik_protocol::session::{SessionKind, SessionView, Tokens};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::requests::session_of;
use tilik_tests::{Console, World};

async fn list(world: &World, tokens: &Tokens) -> Vec<SessionView> {
    let token = Some(tokens.access_token.as_str());
    let answer = world.call("GET", "/v1/me/sessions", token, None).await;
    answer.ok().unwrap().read().unwrap()
}

async fn end(world: &World, tokens: &Tokens, which: &Tokens) -> String {
    let path = format!("/v1/me/sessions/{}", session_of(which).unwrap());
    let token = Some(tokens.access_token.as_str());
    world.call("DELETE", &path, token, None).await.verdict()
}

async fn look(world: &World, tokens: &Tokens) -> String {
    let token = Some(tokens.access_token.as_str());
    world.call("GET", "/v1/me", token, None).await.verdict()
}

/// A browser that says what it is; its cookie.
async fn a_browser(world: &World, who: &Console, agent: &str) -> String {
    let body = json!({ "username": who.person.username, "password": who.person.password });
    let headers = [("origin", world.public_url()), ("user-agent", agent)];
    let answer = world
        .call_with("POST", "/v1/console/session", &headers, Some(&body))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.json());
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

#[tokio::test]
async fn a_person_sees_their_own_sessions_by_what_they_were_begun_with_and_nobody_elses() {
    let world = World::new(931).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let other = staff.operator.sign_in().await.unwrap();
    let first = staff.auditor.sign_in().await.unwrap();
    world.pass_s(60).await.unwrap();
    a_browser(&world, &staff.auditor, CHROME).await;
    world.pass_s(60).await.unwrap();
    let told = list(&world, &first).await;
    let kinds: Vec<_> = told
        .iter()
        .map(|one| (one.kind.known().unwrap(), one.name.as_deref(), one.current))
        .collect();
    assert_eq!(
        kinds,
        [
            (SessionKind::Console, Some("Chrome, Windows"), false),
            (SessionKind::Program, None, true),
        ]
    );
    assert_eq!(told[0].created_at, world.now().plus_s(-60));
    assert_eq!(told[0].expires_at, world.now().plus_s(-60 + 12 * 3_600));
    assert_eq!(told[1].id, session_of(&first).unwrap());
    // Whole addresses, versions and the header itself are not kept.
    let kept = "SELECT COUNT(*) FROM session WHERE agent LIKE '%Mozilla%' OR agent LIKE '%142%'";
    assert_eq!(world.count(kept).await.unwrap(), 0);

    let others = list(&world, &other).await;
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].id, session_of(&other).unwrap());

    let mut phone = SoftPhone::enrolled(&world, &staff.supervisor, &staff.officers[0])
        .await
        .unwrap();
    let tokens = phone.sign_in().await.unwrap();
    let told = list(&world, &tokens).await;
    assert_eq!(told[0].kind.known(), Some(SessionKind::Phone));
    assert!(told[0].name.is_some(), "the phone's name");
    world.end().await;
}

#[tokio::test]
async fn a_session_that_is_ended_in_the_list_is_over_at_its_next_request_and_leaves_the_list() {
    let world = World::new(932).await.unwrap();
    let staff = world.staff(0).await.unwrap();
    let lost = staff.auditor.sign_in().await.unwrap();
    let cookie = a_browser(&world, &staff.auditor, CHROME).await;
    let here = staff.auditor.sign_in().await.unwrap();
    assert_eq!(list(&world, &here).await.len(), 3);
    assert_eq!(look(&world, &lost).await, "200");
    // A lost reply costs nothing.
    for _ in 0..2 {
        assert_eq!(end(&world, &here, &lost).await, "204");
    }
    assert_eq!(look(&world, &lost).await, "401 session_ended");
    let body = json!({ "refresh_token": lost.refresh_token });
    let refreshed = world
        .call("POST", "/v1/session/refresh", None, Some(&body))
        .await;
    assert_eq!(refreshed.verdict(), "401 session_ended");
    let left = list(&world, &here).await;
    assert_eq!(left.len(), 2);
    let ended = "SELECT COUNT(*) FROM session WHERE end_reason = 'ended by its owner'";
    assert_eq!(world.count(ended).await.unwrap(), 1);

    // A browser that ends itself forgets its cookie.
    let own = left
        .iter()
        .find(|one| one.kind.known() == Some(SessionKind::Console))
        .unwrap();
    let path = format!("/v1/me/sessions/{}", own.id);
    let headers = [("cookie", cookie.as_str()), ("origin", world.public_url())];
    let gone = world.call_with("DELETE", &path, &headers, None).await;
    let gone = gone.unwrap();
    assert_eq!(gone.status, 204);
    assert!(
        gone.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    world.end().await;
}

#[tokio::test]
async fn nobody_ends_anothers_session_and_signing_out_everywhere_empties_the_list() {
    let world = World::new(933).await.unwrap();
    let staff = world.staff(0).await.unwrap();
    let operator = staff.operator.sign_in().await.unwrap();
    let admin = staff.admin.sign_in().await.unwrap();
    assert_eq!(end(&world, &admin, &operator).await, "404 not_found");
    assert_eq!(look(&world, &operator).await, "200");

    let first = staff.auditor.sign_in().await.unwrap();
    let second = staff.auditor.sign_in().await.unwrap();
    world.pass_s(1).await.unwrap();
    let token = Some(first.access_token.as_str());
    let out = world
        .call("POST", "/v1/me/sign-out-everywhere", token, None)
        .await;
    assert_eq!(out.verdict(), "204");
    for ended in [&first, &second] {
        assert_eq!(look(&world, ended).await, "401 session_ended");
    }
    world.pass_s(1).await.unwrap();
    let fresh = staff.auditor.sign_in().await.unwrap();
    assert_eq!(list(&world, &fresh).await.len(), 1);
    world.end().await;
}
