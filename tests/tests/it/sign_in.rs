//! Signing in: wrong tries are counted where they come from, and hold nobody else back.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, header};
use serde_json::{Value, json};
use tilik_protocol::ids::UserId;
use tilik_protocol::policy::Role;
use tilik_protocol::session::{ResetPassword, Tokens, UserView};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::{FIRST_PASSWORD, PASSWORD, hire};
use tilik_tests::village::city;
use tilik_tests::world::Answer;
use tilik_tests::{Console, Person, Staff, World};

/// One try from an address; the verdict.
async fn try_from(world: &World, address: &str, username: &str, password: &str) -> String {
    let body = json!({ "username": username, "password": password }).to_string();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri("/v1/session")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap();
    let peer: SocketAddr = format!("{address}:40000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    world.send(request).await.unwrap().verdict()
}

async fn an_office(seed: u64) -> (World, Staff) {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    (world, staff)
}

#[tokio::test]
async fn a_stranger_who_guesses_is_held_back_and_locks_nobody_out() {
    let (world, staff) = an_office(901).await;
    let name = &staff.supervisor.person.username;
    for _ in 0..5 {
        let told = try_from(&world, "198.51.100.7", name, "tebakan").await;
        assert_eq!(told, "401 wrong_credentials");
    }
    // Even the right word does not help there any more, and helps everywhere else.
    let stranger = try_from(&world, "198.51.100.7", name, PASSWORD).await;
    assert_eq!(stranger, "429 too_many_attempts");
    assert_eq!(try_from(&world, "203.0.113.5", name, PASSWORD).await, "200");
    world.pass_s(901).await.unwrap();
    assert_eq!(
        try_from(&world, "198.51.100.7", name, PASSWORD).await,
        "200"
    );
    world.end().await;
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_answered_like_one_that_does() {
    let (world, staff) = an_office(902).await;
    let name = &staff.supervisor.person.username;
    for n in 0..7 {
        let real = try_from(&world, "198.51.100.7", name, "tebakan").await;
        let none = try_from(&world, "198.51.100.7", "tidak-ada", "tebakan").await;
        assert_eq!(real, none, "try {n}");
    }
    world.end().await;
}

#[tokio::test]
async fn eighty_people_behind_one_address_sign_in_while_a_stranger_among_them_guesses() {
    let (world, staff) = an_office(903).await;
    let office = "203.0.113.5";
    let mut names = Vec::new();
    for n in 0..80 {
        let name = format!("staf{n}");
        hire(
            (&staff.admin, &staff.approver),
            &name,
            Role::Officer,
            &[city()],
        )
        .await
        .unwrap();
        names.push(name);
    }
    // All in the same minute of the first morning, two of three with a mistake before.
    for (n, name) in names.iter().enumerate() {
        if n % 3 == 0 && n < 60 {
            let told = try_from(&world, office, name, "salah ketik").await;
            assert_eq!(told, "401 wrong_credentials", "{name}");
        }
        assert_eq!(
            try_from(&world, office, name, PASSWORD).await,
            "200",
            "{name}"
        );
    }
    // Somebody in the same office guesses at everybody: new names wait, who was here before does not.
    for n in 0..40 {
        try_from(&world, office, &format!("orang{n}"), "tebakan").await;
    }
    let unknown = try_from(&world, office, "orang99", "tebakan").await;
    assert_eq!(unknown, "429 too_many_attempts");
    for name in &names[..5] {
        assert_eq!(
            try_from(&world, office, name, PASSWORD).await,
            "200",
            "{name}"
        );
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tries_at_once_are_hardly_more_than_five() {
    let (world, staff) = an_office(904).await;
    let world = Arc::new(world);
    let name = staff.supervisor.person.username.clone();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, name) = (world.clone(), name.clone());
        tries.spawn(async move { try_from(&world, "198.51.100.7", &name, "tebakan").await });
    }
    let told = tries.join_all().await;
    let checked = told.iter().filter(|told| told.starts_with("401")).count();
    let waited = told
        .iter()
        .filter(|told| *told == "429 too_many_attempts")
        .count();
    assert_eq!(checked + waited, 100, "{told:?}");
    // Five, and those that were being checked when the fifth failed.
    assert!((5..=5 + 8).contains(&checked), "{checked}");
    Arc::into_inner(world).unwrap().end().await;
}

#[tokio::test]
async fn old_tries_are_forgotten() {
    let (world, staff) = an_office(905).await;
    let name = &staff.supervisor.person.username;
    try_from(&world, "198.51.100.7", name, "tebakan").await;
    try_from(&world, "203.0.113.5", name, PASSWORD).await;
    let wrong = "SELECT COUNT(*) FROM login_throttle WHERE failures > 0";
    assert_eq!(world.count(wrong).await.unwrap(), 2);
    world.pass_s(1_000).await.unwrap();
    assert_eq!(world.count(wrong).await.unwrap(), 0);
    let known = "SELECT COUNT(*) FROM login_throttle";
    assert!(
        world.count(known).await.unwrap() > 0,
        "where somebody signed in before"
    );
    world.end().await;
}

async fn sign_in(world: &World, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    world.call("POST", "/v1/session", None, Some(&body)).await
}

/// A signatory whom nobody has told yet to choose a password.
async fn a_new_signatory(admin: &Console) -> UserId {
    let body = json!({ "event_id": admin.event(), "username": "lurah.baru",
        "name": "Lurah Baru", "password": FIRST_PASSWORD });
    let answer = admin.post("/v1/users", &body).await;
    let user: UserView = answer.ok().unwrap().read().unwrap();
    admin
        .add_grant(user.id, Role::Signatory, &[city()], None)
        .await
        .unwrap();
    user.id
}

async fn journal(world: &World) -> String {
    let store = world.app().unwrap().store;
    let mut text = String::new();
    for row in store.peek("SELECT body FROM journal", []).await.unwrap() {
        let body: Vec<u8> = row.try_get_by_index(0).unwrap();
        text.push_str(&String::from_utf8(body).unwrap());
    }
    text
}

#[tokio::test]
async fn a_password_that_somebody_else_chose_is_good_for_choosing_another_and_for_nothing_else() {
    let world = World::new(911).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    a_new_signatory(&admin).await;
    let tokens = sign_in(&world, "lurah.baru", FIRST_PASSWORD).await;
    let tokens: Tokens = tokens.ok().unwrap().read().unwrap();
    assert!(tokens.me.password_change_required);
    let token = Some(tokens.access_token.as_str());
    for (method, path) in [
        ("GET", "/v1/me"),
        ("GET", "/v1/cases"),
        ("GET", "/v1/journal"),
        ("GET", "/v1/imports"),
        ("DELETE", "/v1/session"),
        ("POST", "/v1/me/sign-out-everywhere"),
        ("POST", "/v1/users"),
        ("OPTIONS", "/v1/me/password"),
    ] {
        let answer = world.call(method, path, token, Some(&Value::Null)).await;
        let expected = match method {
            "OPTIONS" => "405 method_not_allowed",
            _ => "403 password_change_required",
        };
        assert_eq!(answer.verdict(), expected, "{method} {path}");
    }
    // A browser neither.
    let body = json!({ "username": "lurah.baru", "password": FIRST_PASSWORD });
    let origin = ("origin", world.public_url());
    let browser = world
        .call_with("POST", "/v1/console/session", &[origin], Some(&body))
        .await
        .unwrap();
    let cookie = browser.headers["set-cookie"].to_str().unwrap().to_owned();
    let cookie = ("cookie", cookie.split(';').next().unwrap());
    let look = async || {
        let answer = world.call_with("GET", "/v1/me", &[cookie], None).await;
        answer.unwrap().verdict()
    };
    assert_eq!(look().await, "403 password_change_required");

    let event = admin.event();
    let choose = async |old: &str, new: &str| {
        let body = json!({ "event_id": event, "old_password": old, "new_password": new });
        world
            .call("POST", "/v1/me/password", token, Some(&body))
            .await
    };
    for (old, new, told) in [
        ("kata sandi salah", PASSWORD, "old_password wrong"),
        (FIRST_PASSWORD, "pendek", "new_password too_short"),
        (FIRST_PASSWORD, FIRST_PASSWORD, "new_password same"),
    ] {
        let answer = choose(old, new).await;
        assert_eq!(answer.verdict(), "422 invalid");
        let field = &answer.json()["fields"][0];
        let field = format!(
            "{} {}",
            field["field"].as_str().unwrap(),
            field["code"].as_str().unwrap()
        );
        assert_eq!(field, told);
    }
    // A lost reply costs nothing.
    for _ in 0..2 {
        assert_eq!(choose(FIRST_PASSWORD, PASSWORD).await.verdict(), "204");
    }
    let me = world.call("GET", "/v1/me", token, None).await;
    assert_eq!(me.verdict(), "200");
    assert_eq!(me.json()["password_change_required"], Value::Null);
    assert_eq!(look().await, "401 session_ended", "other sessions end");
    let again = sign_in(&world, "lurah.baru", FIRST_PASSWORD).await;
    assert_eq!(again.verdict(), "401 wrong_credentials");
    let again = sign_in(&world, "lurah.baru", PASSWORD).await;
    assert_eq!(again.verdict(), "200");
    let chosen = "SELECT COUNT(*) FROM journal WHERE action = 'user.password_change'";
    assert_eq!(world.count(chosen).await.unwrap(), 3);
    let told = journal(&world).await;
    assert!(!told.contains("kata sandi"), "{told}");
    world.end().await;
}

#[tokio::test]
async fn whoever_guesses_the_old_password_at_an_open_screen_is_held_back() {
    let (world, staff) = an_office(912).await;
    let guess = async |old: &str| {
        let body = json!({ "event_id": staff.auditor.event(), "old_password": old,
            "new_password": "kata sandi yang lain" });
        staff.auditor.post("/v1/me/password", &body).await.verdict()
    };
    for _ in 0..5 {
        assert_eq!(guess("tebakan saja").await, "422 invalid");
    }
    assert_eq!(guess(PASSWORD).await, "429 too_many_attempts");
    world.pass_s(901).await.unwrap();
    assert_eq!(guess(PASSWORD).await, "204");
    world.end().await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_for_once_and_one_that_waits_too_long_is_none() {
    let world = World::new(913).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let user = a_new_signatory(&staff.admin).await;
    world.pass_s(7 * 86_400).await.unwrap();
    let late = sign_in(&world, "lurah.baru", FIRST_PASSWORD).await;
    assert_eq!(late.verdict(), "401 password_expired");
    let reset = async |by: &Console, user: UserId, password: &str| {
        let body = json!({ "event_id": by.event(), "password": password });
        let path = format!("/v1/users/{user}/password");
        by.post(&path, &body).await.verdict()
    };
    assert_eq!(
        reset(&staff.operator, user, FIRST_PASSWORD).await,
        "403 forbidden"
    );
    let own = staff.admin.user();
    assert_eq!(
        reset(&staff.admin, own, FIRST_PASSWORD).await,
        "422 invalid"
    );
    assert_eq!(reset(&staff.admin, user, "pendek").await, "422 invalid");
    let desk = (&staff.admin, &staff.approver);
    let mojoroto = ["35.71.01".parse().unwrap()];
    let near = hire(desk, "admin.dekat", Role::Admin, &mojoroto)
        .await
        .unwrap();
    assert_eq!(reset(&near, user, FIRST_PASSWORD).await, "404 not_found");
    assert_eq!(reset(&staff.admin, user, FIRST_PASSWORD).await, "200");
    let first = sign_in(&world, "lurah.baru", FIRST_PASSWORD).await;
    let first: Tokens = first.ok().unwrap().read().unwrap();
    assert!(first.me.password_change_required);
    let said = format!(
        "SELECT COUNT(*) FROM journal WHERE action = 'user.password_reset' AND object = 'user:{user}'"
    );
    assert_eq!(world.count(&said).await.unwrap(), 1);

    // A phone's session ends too, and the next one begins with the choice.
    let officer: &Person = &staff.officers[0];
    let mut phone = SoftPhone::enrolled(&world, &staff.supervisor, officer)
        .await
        .unwrap();
    let old = phone.sign_in().await.unwrap().access_token;
    assert_eq!(reset(&staff.admin, officer.id, FIRST_PASSWORD).await, "200");
    let sync = async |token: &str, phone: &SoftPhone| {
        let body = json!(phone.sync_body(Vec::new()));
        let answer = world.call("POST", "/v1/sync", Some(token), Some(&body));
        answer.await.verdict()
    };
    assert_eq!(sync(&old, &phone).await, "401 session_ended");
    phone.officer.password = FIRST_PASSWORD.to_owned();
    let new = phone.sign_in().await.unwrap().access_token;
    assert_eq!(sync(&new, &phone).await, "403 password_change_required");
    world.end().await;
}

/// Signs in and chooses a password of one's own.
async fn choose(world: &World, username: &str, first: &str) -> String {
    let tokens = sign_in(world, username, first).await;
    let tokens: Tokens = tokens.ok().unwrap().read().unwrap();
    let body = json!({ "event_id": world.id::<uuid::Uuid>(), "old_password": first,
        "new_password": PASSWORD });
    let token = Some(tokens.access_token.as_str());
    let answer = world.call("POST", "/v1/me/password", token, Some(&body));
    answer.await.verdict()
}

#[tokio::test]
async fn a_password_that_an_admin_reset_lets_nobody_in_who_decides_by_now() {
    let world = World::new(914).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let (admin, officer) = (&staff.admin, &staff.officers[0]);
    let path = format!("/v1/users/{}/password", officer.id);
    let body = json!({ "event_id": admin.event(), "password": FIRST_PASSWORD });
    admin.post(&path, &body).await.ok().unwrap();
    let grant = admin
        .add_grant(officer.id, Role::Operator, &[city()], None)
        .await
        .unwrap();
    // From when the role waits on, and as long as it counts.
    let refused = choose(&world, &officer.username, FIRST_PASSWORD).await;
    assert_eq!(refused, "403 two_persons_needed");
    staff.approver.confirm_grant(grant.id).await.unwrap();
    let refused = choose(&world, &officer.username, FIRST_PASSWORD).await;
    assert_eq!(refused, "403 two_persons_needed");
    // What the server's keeper sets is another matter: they hold the keys.
    let app = world.app().unwrap();
    let keeper = app.store.acting_as_system("reset");
    let body = ResetPassword {
        event_id: app.ids.next(),
        password: "kata sandi penjaga".to_owned(),
    };
    keeper.reset_password(officer.id, body).await.unwrap();
    let chosen = choose(&world, &officer.username, "kata sandi penjaga").await;
    assert_eq!(chosen, "204");
    world.end().await;
}

#[tokio::test]
async fn whoever_is_new_and_will_decide_signs_in_with_the_first_password() {
    let world = World::new(915).await.unwrap();
    let (admin, approver) = world.first_accounts().await.unwrap();
    let body = json!({ "event_id": admin.event(), "username": "operator.baru",
        "name": "Operator Baru", "password": FIRST_PASSWORD });
    let user: UserView = admin.post("/v1/users", &body).await.read().unwrap();
    let grant = admin
        .add_grant(user.id, Role::Operator, &[city()], None)
        .await
        .unwrap();
    approver.confirm_grant(grant.id).await.unwrap();
    assert_eq!(choose(&world, "operator.baru", FIRST_PASSWORD).await, "204");
    world.end().await;
}

#[tokio::test]
async fn an_account_has_a_name_that_can_be_read_wherever_it_is_shown() {
    let world = World::new(918).await.unwrap();
    let (admin, _) = world.first_accounts().await.unwrap();
    let add = async |username: &str, name: &str| {
        let body = json!({ "event_id": admin.event(), "username": username, "name": name,
            "password": FIRST_PASSWORD });
        admin.post("/v1/users", &body).await
    };
    let blanks = format!("{}x", " ".repeat(90));
    let behind = format!("x{}y", " ".repeat(90));
    for (name, why) in [
        ("", "no_letters"),
        ("   ", "no_letters"),
        ("- 12 -", "no_letters"),
        (&behind, "spaces"),
        ("Siti\u{200b}Aminah", "unseen"),
        ("\u{202e}itiS", "unseen"),
        ("Siti\nAminah", "unseen"),
        ("\u{3000}Siti", "unseen"),
        (&"a".repeat(201), "too_long"),
    ] {
        let answer = add("nama.uji", name).await;
        assert_eq!(answer.verdict(), "422 invalid", "{name:?}");
        let field = &answer.json()["fields"][0];
        assert_eq!(
            (&field["field"], &field["code"]),
            (&json!("name"), &json!(why)),
            "{name:?}"
        );
    }
    for (username, name, kept) in [
        ("siti", "  Siti Aminah, S.Sos. ", "Siti Aminah, S.Sos."),
        ("x", &blanks, "x"),
        ("y", &"é".repeat(200), &"é".repeat(200)),
    ] {
        let answer = add(&format!("{username}.uji"), name).await;
        let user: UserView = answer.ok().unwrap().read().unwrap();
        assert_eq!(user.name, kept);
    }
    world.end().await;
}
