//! Signing in: wrong tries are counted where they come from, and hold nobody else back.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, header};
use serde_json::json;
use tilik_protocol::policy::Role;
use tilik_tests::people::{PASSWORD, hire};
use tilik_tests::village::city;
use tilik_tests::{Staff, World};

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
