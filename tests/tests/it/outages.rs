//! The database gone, the blob store gone, the clock gone mad: what every route answers meanwhile
//! (`tests/expected/outages.txt`), and that everything goes on afterwards.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;
use futures_util::{StreamExt as _, stream};
use http::header;
use tilik_protocol::evidence::VisitKind;
use tilik_server::http::routes::{self, Access, Line};
use tilik_tests::requests::{Ask, Caller, Scene, ask};
use tilik_tests::uploads::{SealedPhoto, noise, offset_of, seal_finding};
use tilik_tests::world::Answer;
use tilik_tests::{Console, Staff, World};

use crate::expected;

const TITLE: &str = "\
# What every route answers while the database or the blob store does not: method, path, database gone, blob store gone.
# The request is well-formed, about something real, and made by somebody who may. Every 503 says when to come back, and
# the very same request succeeds afterwards.
";

/// Which part does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Database,
    Blobs,
}

impl Part {
    async fn go(self, world: &World) {
        match self {
            Self::Database => world.cut_database_off().await.unwrap(),
            Self::Blobs => world.cut_blobs_off(true),
        }
    }

    async fn come_back(self, world: &World) {
        match self {
            Self::Database => world.restart().await.unwrap(),
            Self::Blobs => world.cut_blobs_off(false),
        }
    }
}

/// Those who may call the route by their role.
fn who_may<'a>(scene: &'a Scene, line: &Line) -> Vec<&'a Caller> {
    let may = |caller: &&Caller| match line.access {
        Access::Public | Access::SignedIn | Access::Watching => true,
        Access::Uploads => caller.phone.is_some(),
        Access::Requires(permission) => caller.role.may(permission),
    };
    let own = scene.callers.iter().map(|set| &set.own);
    // Phones first: what a phone does, nobody else can.
    let (phones, others): (Vec<_>, Vec<_>) = own.filter(may).partition(|one| one.phone.is_some());
    phones.into_iter().chain(others).collect()
}

async fn send(world: &World, line: &Line, ask: &Ask, caller: &Caller) -> Answer {
    let token = match line.access {
        Access::Public | Access::Watching => None,
        Access::SignedIn | Access::Requires(_) | Access::Uploads => {
            Some(caller.tokens.access_token.as_str())
        }
    };
    let mut request = ask.request(token).unwrap();
    // The watcher sits on this machine.
    let near = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    request.extensions_mut().insert(ConnectInfo(near));
    world.send(request).await.unwrap()
}

/// Somebody for whom the request works, and the request.
async fn somebody<'a>(scene: &'a Scene, line: &Line) -> &'a Caller {
    let mut refused = Vec::new();
    for (n, caller) in who_may(scene, line).into_iter().enumerate() {
        let calm = scene.world.copy(1_000 + n as u64).await.unwrap();
        let Some(ask) = ask(&calm, scene, line, caller).unwrap() else {
            panic!("{} {}: no well-formed request", line.method, line.path);
        };
        let answer = send(&calm, line, &ask, caller).await;
        calm.end().await;
        if answer.status < 300 {
            return caller;
        }
        refused.push(format!("{}: {}", caller.role, answer.verdict()));
    }
    panic!("{} {}: {refused:?}", line.method, line.path);
}

/// What a route answers while each part is gone, and that it goes on with it: its line.
async fn line_of(scene: &Scene, n: u64, line: &Line) -> String {
    let caller = somebody(scene, line).await;
    let mut cells = Vec::new();
    for part in [Part::Database, Part::Blobs] {
        let world = scene.world.copy(n).await.unwrap();
        let ask = ask(&world, scene, line, caller).unwrap().unwrap();
        part.go(&world).await;
        let answer = send(&world, line, &ask, caller).await;
        let told = format!("{} {} without {part:?}", line.method, line.path);
        assert!(
            answer.status < 300 || answer.status == 503,
            "{told}: {}",
            answer.verdict()
        );
        part.come_back(&world).await;
        if answer.status == 503 {
            assert!(answer.headers.contains_key(header::RETRY_AFTER), "{told}");
            let again = send(&world, line, &ask, caller).await;
            assert!(
                again.status < 300,
                "{told}, afterwards: {}",
                again.verdict()
            );
        }
        cells.push(match answer.status {
            // HEAD has no body to tell the code in.
            503 => "503 unavailable".to_owned(),
            _ => answer.verdict(),
        });
        world.end().await;
    }
    let (method, path) = (line.method.as_str(), line.path);
    format!("{method:<7} {path:<34} {:<16} {}\n", cells[0], cells[1])
}

#[tokio::test]
async fn every_route_says_what_it_can_do_without_database_or_blobs_and_goes_on_with_them() {
    let scene = Scene::new(500).await.unwrap();
    scene.world.stop().await;
    let lines = routes::lines();
    // Some at once: each makes databases of its own, and waits for them.
    let told: Vec<String> = stream::iter((0..).zip(&lines))
        .map(|(n, line)| line_of(&scene, n, line))
        .buffered(4)
        .collect()
        .await;
    expected::compare("outages.txt", &format!("{TITLE}{}", told.concat()));
    scene.world.end().await;
}

/// A phone with one sealed visit of two photos that nobody has sent, and who may carry them.
async fn a_phone(world: &World) -> (Staff, tilik_tests::FieldPhone, Vec<SealedPhoto>) {
    let staff = world.staff(1).await.unwrap();
    world.village(3, 2).await.unwrap();
    let phone = world.phone(&staff.admin, &staff.officers[0]).await.unwrap();
    let jpegs: Vec<_> = (0..2)
        .map(|_| noise(&world.ids, 400, 300).unwrap())
        .collect();
    let visit = seal_finding(&phone, &jpegs).unwrap();
    let photos = SealedPhoto::of_visit(&phone, visit).unwrap();
    (staff, phone, photos)
}

#[tokio::test]
async fn a_phone_that_meets_an_outage_of_ten_seconds_loses_nothing_and_sends_nothing_twice() {
    for (n, part) in [Part::Database, Part::Blobs].into_iter().enumerate() {
        let world = World::new(510 + n as u64).await.unwrap();
        let (staff, phone, photos) = a_phone(&world).await;
        let officer = Console::of(&world, staff.officers[0].clone());
        let token = officer.token().await.unwrap();
        // Half of the first photo is acknowledged.
        let half = photos[0].bytes.slice(..40_000);
        let begun = photos[0].create(&token, Some(half.into())).unwrap();
        assert_eq!(offset_of(&world.send(begun).await.unwrap()), Some(40_000));

        part.go(&world).await;
        let rest = photos[0].patch(&token, 40_000, photos[0].tail(40_000).into());
        let refused = world.send(rest.unwrap()).await.unwrap();
        assert_eq!(refused.verdict(), "503 unavailable");
        phone.pump().await.unwrap();
        assert!(phone.owes().unwrap());
        world.clock.advance_s(10);
        part.come_back(&world).await;

        let head = world.send(photos[0].head(&token).unwrap()).await.unwrap();
        assert_eq!(offset_of(&head), Some(40_000), "{part:?}");
        assert!(phone.settle(30).await.unwrap(), "{:?}", phone.status());
        world.settle().await.unwrap();
        for photo in &photos {
            assert_eq!(world.photo_problem(photo).await.unwrap(), None, "{part:?}");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM visit").await.unwrap(), 1);
        world.end().await;
    }
}

#[tokio::test]
async fn a_worker_whose_blob_store_is_gone_tries_again_and_gives_nothing_up() {
    let world = World::new(520).await.unwrap();
    let (_staff, phone, photos) = a_phone(&world).await;
    assert!(phone.settle(30).await.unwrap());
    world.cut_blobs_off(true);
    world.settle().await.unwrap();
    let ready = "SELECT COUNT(*) FROM photo WHERE state = 'ready'";
    assert_eq!(world.count(ready).await.unwrap(), 0);
    world.clock.advance_s(10);
    world.cut_blobs_off(false);
    world.settle().await.unwrap();
    assert_eq!(
        world.count(ready).await.unwrap(),
        i64::try_from(photos.len()).unwrap()
    );
    world.end().await;
}

#[tokio::test]
async fn a_database_that_somebody_else_keeps_locked_is_waited_for_and_then_told() {
    let world = World::new(530).await.unwrap();
    let (staff, ..) = a_phone(&world).await;
    let token = staff.supervisor.token().await.unwrap();
    let body = serde_json::json!({ "event_id": world.id::<uuid::Uuid>(), "officer": staff.officers[0].id });
    let lock = world
        .app()
        .unwrap()
        .store
        .keep_locked("enrolment")
        .await
        .unwrap();
    let began = std::time::Instant::now();
    let answer = world
        .call("POST", "/v1/enrolments", Some(&token), Some(&body))
        .await;
    assert_eq!(answer.verdict(), "503 unavailable");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    let waited = began.elapsed();
    assert!(
        (Duration::from_secs(3)..Duration::from_mins(1)).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(
        staff.supervisor.get("/v1/cases").await.status,
        200,
        "reading goes on"
    );
    lock.end().await.unwrap();
    let answer = world
        .call("POST", "/v1/enrolments", Some(&token), Some(&body))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    world.end().await;
}

#[tokio::test]
async fn a_clock_a_year_ahead_for_ten_minutes_closes_expires_and_deletes_nothing() {
    let world = World::new(540).await.unwrap();
    let (staff, _phone, photos) = a_phone(&world).await;
    let token = staff.supervisor.token().await.unwrap();
    let part = photos[0].bytes.slice(..40_000);
    let begun = photos[0].create(&token, Some(part.into())).unwrap();
    assert_eq!(world.send(begun).await.unwrap().status, 201);
    let homes = world
        .app()
        .unwrap()
        .store
        .peek("SELECT id FROM family ORDER BY id", [])
        .await
        .unwrap();
    let family: uuid::Uuid = homes[0].try_get_by_index(0).unwrap();
    staff
        .supervisor
        .open_cases(
            &[family.into()],
            VisitKind::Quick,
            Some(staff.officers[0].id),
            Some(world.now().plus_s(3 * 86_400)),
        )
        .await
        .unwrap();
    let everything = async || {
        let app = world.app().unwrap();
        let mut counted = Vec::new();
        for query in [
            "SELECT COUNT(*) FROM journal",
            "SELECT COUNT(*) FROM verification_case WHERE state <> 'expired'",
            "SELECT COUNT(*) FROM upload WHERE state = 'active'",
            "SELECT COUNT(*) FROM upload_chunk",
            "SELECT COUNT(*) FROM session WHERE ended_at IS NULL",
        ] {
            counted.push(world.count(query).await.unwrap());
        }
        let pieces = tilik_server::blobs::BlobPrefix::staging();
        let pieces = app.blobs.list(&pieces, None, 10).await.unwrap().objects;
        counted.push(i64::try_from(pieces.len()).unwrap());
        counted
    };
    let before = everything().await;
    assert_eq!(before[1..4], [1, 1, 1]);
    let app = world.app().unwrap();
    app.keep_time().await.unwrap();
    world.clock.advance_s(365 * 86_400);
    for _ in 0..10 {
        app.keep_time().await.unwrap();
        world.settle().await.unwrap();
        assert_eq!(everything().await, before);
        world.clock.advance_s(60);
    }
    // A server that starts under the wrong clock has nothing to compare it with but what the last one remembered.
    world.restart().await.unwrap();
    let last = world.app().unwrap().store.acting_as_system("a test");
    let last = last.last_heartbeat().await.unwrap();
    world.app().unwrap().sundial.heartbeat_was(last);
    world.app().unwrap().keep_time().await.unwrap();
    assert_eq!(everything().await, before);
    world.clock.advance_s(-365 * 86_400);
    world.app().unwrap().keep_time().await.unwrap();
    assert_eq!(everything().await, before);
    let token = staff.supervisor.token().await.unwrap();
    let head = world.send(photos[0].head(&token).unwrap()).await.unwrap();
    assert_eq!(offset_of(&head), Some(40_000));

    // The same time, when it really passes, does close and expire; the case gets a successor.
    world.pass_days(365).await.unwrap();
    let after = everything().await;
    assert_eq!((after[2], after[3], after[5]), (0, 0, 0));
    let expired = "SELECT COUNT(*) FROM verification_case WHERE state = 'expired'";
    assert_eq!(world.count(expired).await.unwrap(), 1);
    world.end().await;
}
