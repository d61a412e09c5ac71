//! A browser's session: one cookie that scripts cannot read and other sites cannot use.

use serde_json::{Value, json};
use tilik_server::http::routes::{self, Access};
use tilik_tests::requests::{Scene, ask};
use tilik_tests::world::Answer;
use tilik_tests::{Person, World};

/// A browser that keeps the newest cookie, or an older one on purpose.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

fn cookie_set(answer: &Answer) -> Option<String> {
    let text = answer.headers.get("set-cookie")?.to_str().unwrap();
    Some(text.split(';').next().unwrap().to_owned())
}

impl<'a> Browser<'a> {
    async fn signed_in(world: &'a World, person: &Person) -> Self {
        let body = json!({ "username": person.username, "password": person.password });
        let answer = world
            .call_with(
                "POST",
                "/v1/console/session",
                &[("origin", world.public_url())],
                Some(&body),
            )
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json());
        Self {
            world,
            cookie: cookie_set(&answer).unwrap(),
        }
    }

    async fn call(&self, method: &str, path: &str, origin: Option<&str>, body: &Value) -> Answer {
        let mut headers = vec![("cookie", self.cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let body = (method != "GET").then_some(body);
        self.world
            .call_with(method, path, &headers, body)
            .await
            .unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, &Value::Null).await
    }

    /// A look that takes a new cookie along when one is given.
    async fn look(&mut self) -> Answer {
        let answer = self.get("/v1/me").await;
        if let Some(cookie) = cookie_set(&answer) {
            self.cookie = cookie;
        }
        answer
    }
}

#[tokio::test]
async fn signing_in_gives_one_cookie_and_no_token() {
    let world = World::new(51).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let body = json!({ "username": admin.person.username, "password": admin.person.password });
    let own = [("origin", world.public_url())];
    let answer = world
        .call_with("POST", "/v1/console/session", &own, Some(&body))
        .await
        .unwrap();
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (secret, rest) = cookie.split_once(';').unwrap();
    assert!(
        secret.starts_with("tilik=") && secret.len() > 40,
        "{secret}"
    );
    // This world is http on this machine; any other address makes it `__Host-` and Secure.
    assert_eq!(rest, " HttpOnly; SameSite=Strict; Path=/");
    assert_eq!(answer.json()["username"], "admin");
    let text = answer.json().to_string();
    assert!(
        !text.contains("token") && !text.contains(&secret[6..]),
        "{text}"
    );

    let phone = json!({ "username": "admin", "password": "x", "device": world.id::<uuid::Uuid>() });
    let refused = world
        .call_with("POST", "/v1/console/session", &own, Some(&phone))
        .await
        .unwrap();
    assert_eq!(refused.verdict(), "422 invalid");
    assert_eq!(refused.json()["fields"][0]["field"], "device");
    let wrong = json!({ "username": "admin", "password": "salah salah salah" });
    let refused = world
        .call_with("POST", "/v1/console/session", &own, Some(&wrong))
        .await
        .unwrap();
    assert_eq!(refused.verdict(), "401 wrong_credentials");
    assert!(refused.headers.get("set-cookie").is_none());
    world.end().await;
}

#[tokio::test]
async fn over_https_the_cookie_is_secure_and_bound_to_the_host() {
    let world = World::new(52)
        .await
        .unwrap()
        .called("https://tilik.example.id")
        .await
        .unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let browser = Browser::signed_in(&world, &admin.person).await;
    assert!(browser.cookie.starts_with("__Host-tilik="));
    assert_eq!(browser.get("/v1/me").await.status, 200);
    let plain = Browser {
        world: &world,
        cookie: browser.cookie.replace("__Host-", ""),
    };
    assert_eq!(plain.get("/v1/me").await.verdict(), "401 unauthenticated");
    let gone = browser
        .call(
            "DELETE",
            "/v1/session",
            Some(world.public_url()),
            &Value::Null,
        )
        .await;
    assert_eq!(
        gone.headers["set-cookie"],
        "__Host-tilik=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0"
    );
    world.end().await;
}

#[tokio::test]
async fn what_changes_something_must_come_from_our_own_pages() {
    let world = World::new(53).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let browser = Browser::signed_in(&world, &admin.person).await;
    let body = json!({
        "event_id": world.id::<uuid::Uuid>(), "username": "pegawai.baru", "name": "Pegawai Baru",
        "password": "kata sandi untuk uji",
    });
    for origin in [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("http://127.0.0.1:8080.evil.example"),
        Some("http://127.0.0.1:8081"),
        Some("https://127.0.0.1:8080"),
    ] {
        let answer = browser.call("POST", "/v1/users", origin, &body).await;
        assert_eq!(answer.verdict(), "403 bad_origin", "{origin:?}");
        let answer = browser
            .call("DELETE", "/v1/session", origin, &Value::Null)
            .await;
        assert_eq!(answer.verdict(), "403 bad_origin", "{origin:?}");
        let mut headers = Vec::new();
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = world
            .call_with("POST", "/v1/console/session", &headers, Some(&body))
            .await
            .unwrap();
        assert_eq!(answer.verdict(), "403 bad_origin", "{origin:?}");
    }
    assert_eq!(browser.get("/v1/users").await.status, 200);
    let own = Some(world.public_url());
    let answer = browser.call("POST", "/v1/users", own, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    world.end().await;
}

/// Every route that changes anything, asked by a browser that is signed in as somebody who may, from a page of another
/// site.
#[tokio::test]
async fn a_forged_request_changes_nothing_on_any_route() {
    let scene = Scene::new(59).await.unwrap();
    let world = &scene.world;
    let mut asked = 0;
    for line in routes::lines() {
        let changes = !matches!(line.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        if !changes || matches!(line.access, Access::Public | Access::Watching) {
            continue;
        }
        for set in &scene.callers {
            let may = match line.access {
                Access::Requires(permission) => set.own.role.may(permission),
                _ => true,
            };
            // An officer's session is bound to a phone and is no browser's; who shows codes is one of several who may.
            if !may || set.own.phone.is_some() || set.own.codes.is_some() {
                continue;
            }
            let browser = Browser::signed_in(world, &set.own.person).await;
            let ask = ask(world, &scene, &line, &set.own).unwrap().unwrap();
            let mut request = ask.request(None).unwrap();
            let headers = request.headers_mut();
            headers.insert("cookie", browser.cookie.parse().unwrap());
            headers.insert("origin", "https://evil.example".parse().unwrap());
            let answer = world.send(request).await.unwrap();
            assert_eq!(
                answer.verdict(),
                "403 bad_origin",
                "{} {}",
                line.method,
                line.path
            );
            asked += 1;
        }
    }
    assert!(asked > 40, "{asked}");
    scene.world.end().await;
}

#[tokio::test]
async fn the_secret_is_replaced_behind_the_browsers_back() {
    let world = World::new(54).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let mut browser = Browser::signed_in(&world, &admin.person).await;
    let first = browser.cookie.clone();
    world.pass_s(300).await.unwrap();
    assert!(cookie_set(&browser.look().await).is_none());
    world.pass_s(300).await.unwrap();
    let early = browser.look().await;
    assert!(cookie_set(&early).is_some());
    assert_ne!(browser.cookie, first);

    // Requests that were under way with the old one still pass, and replace nothing.
    let old = Browser {
        world: &world,
        cookie: first,
    };
    let under_way = old.get("/v1/me").await;
    assert_eq!((under_way.status, cookie_set(&under_way)), (200, None));
    world.pass_s(61).await.unwrap();
    assert_eq!(browser.look().await.status, 200);
    // From here on it is a stolen cookie, or the other one is: both end.
    assert_eq!(old.get("/v1/me").await.verdict(), "401 session_ended");
    assert_eq!(browser.look().await.verdict(), "401 session_ended");
    let told = world
        .count("SELECT COUNT(*) FROM session WHERE end_reason = 'console cookie used twice'")
        .await
        .unwrap();
    assert_eq!(told, 1);
    world.end().await;
}

#[tokio::test]
async fn a_lost_reply_loses_no_session() {
    let world = World::new(55).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let mut browser = Browser::signed_in(&world, &admin.person).await;
    world.pass_s(700).await.unwrap();
    // The reply with the new cookie never arrives.
    assert!(cookie_set(&browser.get("/v1/me").await).is_some());
    world.pass_s(3_600).await.unwrap();
    let again = browser.look().await;
    assert_eq!(again.status, 200);
    assert!(cookie_set(&again).is_some());
    world.pass_s(60).await.unwrap();
    assert_eq!(browser.look().await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn a_console_left_alone_for_twelve_hours_or_used_for_a_week_is_signed_out() {
    let world = World::new(56).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let mut browser = Browser::signed_in(&world, &admin.person).await;
    for _ in 0..15 {
        world.pass_s(11 * 3_600).await.unwrap();
        assert_eq!(browser.look().await.status, 200);
    }
    world.pass_s(4 * 3_600).await.unwrap();
    assert_eq!(browser.look().await.verdict(), "401 session_ended");
    let mut idle = Browser::signed_in(&world, &admin.person).await;
    world.pass_s(12 * 3_600).await.unwrap();
    assert_eq!(idle.look().await.verdict(), "401 session_ended");
    world.end().await;
}

#[tokio::test]
async fn a_token_wins_over_a_cookie_and_neither_becomes_the_other() {
    let world = World::new(57).await.unwrap();
    let (admin, approver) = world.first_accounts().await.unwrap();
    let browser = Browser::signed_in(&world, &admin.person).await;
    let bearer = format!("Bearer {}", approver.token().await.unwrap());
    let both = [
        ("cookie", browser.cookie.as_str()),
        ("authorization", bearer.as_str()),
    ];
    let me = world.call_with("GET", "/v1/me", &both, None).await.unwrap();
    assert_eq!(me.json()["username"], "kepala");
    // With a token there is nothing a strange page could have added: no origin is asked for.
    let out = world
        .call_with("DELETE", "/v1/session", &both, None)
        .await
        .unwrap();
    assert_eq!(out.status, 204);
    assert_eq!(browser.get("/v1/me").await.status, 200);
    // A broken token is not passed over in favour of the cookie.
    let broken = [
        ("cookie", browser.cookie.as_str()),
        ("authorization", "Bearer nonsense"),
    ];
    let refused = world
        .call_with("GET", "/v1/me", &broken, None)
        .await
        .unwrap();
    assert_eq!(refused.verdict(), "401 unauthenticated");

    let secret = browser.cookie.split_once('=').unwrap().1;
    let bought = world
        .call(
            "POST",
            "/v1/session/refresh",
            None,
            Some(&json!({ "refresh_token": secret })),
        )
        .await;
    assert_eq!(bought.verdict(), "401 session_ended");
    let tokens = approver.sign_in().await.unwrap();
    let forged = Browser {
        world: &world,
        cookie: format!("tilik={}", tokens.refresh_token),
    };
    assert_eq!(forged.get("/v1/me").await.verdict(), "401 session_ended");
    world.end().await;
}

#[tokio::test]
async fn signing_out_suspending_and_signing_out_everywhere_end_a_browsers_session_at_once() {
    let world = World::new(58).await.unwrap();
    let staff = world.staff(0).await.unwrap();
    let own = Some(world.public_url());
    let browser = Browser::signed_in(&world, &staff.auditor.person).await;
    let out = browser
        .call("DELETE", "/v1/session", own, &Value::Null)
        .await;
    assert_eq!(out.status, 204);
    assert_eq!(cookie_set(&out).as_deref(), Some("tilik="));
    assert_eq!(browser.get("/v1/me").await.verdict(), "401 session_ended");

    let browser = Browser::signed_in(&world, &staff.auditor.person).await;
    world.pass_s(1).await.unwrap();
    let everywhere = staff
        .auditor
        .call("POST", "/v1/me/sign-out-everywhere", None)
        .await;
    assert_eq!(everywhere.status, 204);
    assert_eq!(browser.get("/v1/me").await.verdict(), "401 session_ended");

    world.pass_s(1).await.unwrap();
    let browser = Browser::signed_in(&world, &staff.auditor.person).await;
    let suspended = staff.auditor.user();
    staff.admin.set_suspended(suspended, true).await.unwrap();
    assert_eq!(browser.get("/v1/me").await.verdict(), "401 session_ended");
    world.end().await;
}

#[tokio::test]
async fn what_is_new_is_told_once_to_a_person_for_a_role_whatever_browser_they_use() {
    let world = World::new(57).await.unwrap();
    let (admin, approver) = world.first_accounts().await.unwrap();
    let own = Some(world.public_url());
    let seen = async |browser: &Browser<'_>| -> Value {
        let page = browser.get("/v1/me/news").await.json();
        page["items"].clone()
    };
    let body = |version: &str, roles: &[&str]| json!({ "event_id": admin.event(), "version": version, "roles": roles });
    let first = Browser::signed_in(&world, &admin.person).await;
    assert_eq!(seen(&first).await, json!([]));
    // A role that is not this person's is passed over.
    let told = body("2026.11", &["admin", "approver"]);
    for _ in 0..2 {
        let answer = first.call("POST", "/v1/me/news", own, &told).await;
        assert_eq!(answer.status, 204, "{}", answer.json());
    }
    let second = Browser::signed_in(&world, &admin.person).await;
    let admins = json!([{ "role": "admin", "version": "2026.11" }]);
    assert_eq!(seen(&second).await, admins);
    let other = Browser::signed_in(&world, &approver.person).await;
    assert_eq!(seen(&other).await, json!([]));
    let answer = second
        .call("POST", "/v1/me/news", own, &body("2026.12", &["admin"]))
        .await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        seen(&first).await,
        json!([{ "role": "admin", "version": "2026.12" }])
    );
    for version in ["", "2026 11", "VERSI", "1".repeat(33).as_str()] {
        let answer = first
            .call("POST", "/v1/me/news", own, &body(version, &["admin"]))
            .await;
        assert_eq!(answer.verdict(), "422 invalid", "{version}");
    }
    let count = "SELECT COUNT(*) FROM journal WHERE action = 'user.news_seen'";
    assert_eq!(world.count(count).await.unwrap(), 2);
    world.end().await;
}
