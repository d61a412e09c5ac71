//! tus, as a client that means well or does not meets it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, header};
use sha2::{Digest, Sha256};
use tilik_protocol::evidence::MAX_SEALED_BYTES;
use tilik_protocol::ids::PhotoId;
use tilik_server::blobs::FreeSpace;
use tilik_server::intake::Finished;
use tilik_server::time_token::UploadGrant;
use tilik_tests::uploads::{
    STREAM, SealedPhoto, cut_after, in_frames, noise, offset_of, seal_finding,
};
use tilik_tests::{Answer, FieldPhone, Staff, World};

/// One phone with one sealed visit of three photos, sent or not, and somebody who may carry.
struct Scene {
    world: World,
    staff: Staff,
    phone: FieldPhone,
    token: String,
    photos: Vec<SealedPhoto>,
}

async fn scene(seed: u64) -> Scene {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    world.village(1, 0).await.unwrap();
    let phone = world.phone(&staff.admin, &staff.officers[0]).await.unwrap();
    let jpegs: Vec<_> = (0..3)
        .map(|_| noise(&world.ids, 400, 300).unwrap())
        .collect();
    let visit = seal_finding(&phone, &jpegs).unwrap();
    let photos = SealedPhoto::of_visit(&phone, visit).unwrap();
    assert!(photos.iter().all(|photo| photo.bytes.len() > 70_000));
    let token = staff.supervisor.token().await.unwrap();
    Scene {
        world,
        staff,
        phone,
        token,
        photos,
    }
}

impl Scene {
    async fn send(&self, request: Request<Body>) -> Answer {
        self.world.send(request).await.unwrap()
    }

    async fn create(&self, photo: &SealedPhoto, body: Option<Body>) -> Answer {
        self.send(photo.create(&self.token, body).unwrap()).await
    }

    async fn patch(&self, photo: &SealedPhoto, offset: u64, bytes: impl Into<Body>) -> Answer {
        self.send(photo.patch(&self.token, offset, bytes.into()).unwrap())
            .await
    }

    async fn offset(&self, photo: &SealedPhoto) -> u64 {
        let answer = self.send(photo.head(&self.token).unwrap()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["cache-control"], "no-store");
        offset_of(&answer).unwrap()
    }

    /// Upload grants of the visit: the phone's own, and that of somebody who carries it too.
    async fn grants(&self) -> (String, String) {
        let app = self.phone.app().unwrap();
        let mut visits = serde_json::Value::Null;
        app.send_now().unwrap();
        let author = loop {
            let request = app.next_requests(1).unwrap().pop().unwrap();
            if request.path == "/v1/sync" {
                let body = tilik_tests::phone::body_of(&request).unwrap();
                visits =
                    serde_json::from_slice::<serde_json::Value>(&body).unwrap()["visits"].clone();
            } else if request.path.starts_with("/v1/uploads") {
                let bearer = |header: &&tilik_mobile_core::Header| header.name == "Authorization";
                let header = request.headers.iter().find(bearer).unwrap();
                break header.value.strip_prefix("Bearer ").unwrap().to_owned();
            }
            self.phone.exchange(&request).await.unwrap();
        };
        let carried = self
            .staff
            .supervisor
            .post("/v1/visits", &serde_json::json!({ "visits": visits }))
            .await;
        let carrier = carried.json()["results"][0]["upload_grant"]
            .as_str()
            .unwrap()
            .to_owned();
        (author, carrier)
    }

    /// The phone sends the manifest, and no photo.
    async fn send_manifest(&self) {
        self.phone.app().unwrap().send_now().unwrap();
        while let Some(request) = self.phone.app().unwrap().next_requests(1).unwrap().pop() {
            if request.path.starts_with("/v1/uploads") {
                let app = self.phone.app().unwrap();
                app.on_no_network(request.id.clone()).unwrap();
                return;
            }
            self.phone.exchange(&request).await.unwrap();
        }
    }

    async fn is_stored(&self, photo: &SealedPhoto) {
        let problem = self.world.photo_problem(photo).await.unwrap();
        assert_eq!(problem, None);
    }
}

/// A body whose bytes come when the test says so.
struct Line {
    bytes: tokio::sync::mpsc::UnboundedSender<Bytes>,
    brought: usize,
    /// How often the server asked for more.
    asked: Arc<AtomicUsize>,
}

impl Line {
    fn new() -> (Self, Body) {
        let (bytes, hold) = tokio::sync::mpsc::unbounded_channel();
        let asked = Arc::new(AtomicUsize::new(0));
        let asks = asked.clone();
        let frames = futures_util::stream::unfold(hold, move |mut hold| {
            asks.fetch_add(1, Ordering::SeqCst);
            async {
                let frame: Bytes = hold.recv().await?;
                Some((Ok::<_, std::io::Error>(frame), hold))
            }
        });
        let line = Self {
            bytes,
            brought: 0,
            asked,
        };
        (line, Body::from_stream(frames))
    }

    /// Brings bytes, and waits until the server has them and asks for more.
    async fn bring(&mut self, bytes: Bytes) {
        self.bytes.send(bytes).unwrap();
        self.brought += 1;
        while self.asked.load(Ordering::SeqCst) <= self.brought {
            tokio::task::yield_now().await;
        }
    }
}

fn verdicts(answers: &[Answer]) -> Vec<String> {
    answers.iter().map(Answer::verdict).collect()
}

#[tokio::test]
async fn a_wrong_offset_is_told_the_right_one_and_changes_nothing() {
    let scene = scene(300).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    assert_eq!(scene.create(photo, None).await.status, 201);
    let first = photo.bytes.slice(..10_000);
    assert_eq!(scene.patch(photo, 0, first).await.status, 204);
    for wrong in [0, 9_999, 10_001, photo.bytes.len() as u64 + 5] {
        let answer = scene.patch(photo, wrong, photo.bytes.clone()).await;
        assert_eq!(answer.verdict(), "409 wrong_offset", "{wrong}");
        assert_eq!(offset_of(&answer), Some(10_000));
        assert_eq!(answer.json()["upload_offset"], 10_000);
    }
    assert_eq!(scene.offset(photo).await, 10_000);
    let rest = scene.patch(photo, 10_000, photo.tail(10_000)).await;
    assert_eq!(rest.status, 204);
    assert_eq!(offset_of(&rest), Some(photo.bytes.len() as u64));
    scene.is_stored(photo).await;
    // Whole: there is nowhere left to write.
    let again = scene.patch(photo, 10_000, photo.tail(10_000)).await;
    assert_eq!(again.verdict(), "409 wrong_offset");
    assert_eq!(offset_of(&again), Some(photo.bytes.len() as u64));
    scene.world.end().await;
}

#[tokio::test]
async fn of_two_patches_at_once_one_waits_and_no_byte_is_mixed() {
    let scene = scene(301).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    let (first, hold) = tokio::sync::mpsc::unbounded_channel();
    let frames = futures_util::stream::unfold(hold, |mut hold| async {
        let frame: Bytes = hold.recv().await?;
        Some((Ok::<_, std::io::Error>(frame), hold))
    });
    let slow = photo
        .patch(&scene.token, 0, Body::from_stream(frames))
        .unwrap();
    let doorway = scene.world.doorway();
    let slow = tokio::spawn(async move { doorway.send(slow).await.unwrap() });
    first.send(photo.bytes.slice(..50_000)).unwrap();
    let leased = "SELECT COUNT(*) FROM upload WHERE lease IS NOT NULL";
    while scene.world.count(leased).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let busy = scene.patch(photo, 0, Bytes::from_static(b"other")).await;
    assert_eq!(busy.verdict(), "423 upload_busy");
    assert_eq!(busy.headers[header::RETRY_AFTER], "2");
    first.send(photo.tail(50_000)).unwrap();
    drop(first);
    assert_eq!(slow.await.unwrap().status, 204);
    scene.is_stored(photo).await;
    scene.world.end().await;
}

/// A phone that walked out of the signal: the line is dead, and the server has not noticed.
#[tokio::test]
async fn who_asks_where_an_upload_stands_is_told_of_what_came_on_a_line_that_died() {
    for straight in [true, false] {
        let scene = scene(319).await;
        scene.send_manifest().await;
        let photo = &scene.photos[0];
        let (mut line, body) = Line::new();
        let request = if straight {
            photo.create(&scene.token, Some(body)).unwrap()
        } else {
            scene.create(photo, None).await;
            photo.patch(&scene.token, 0, body).unwrap()
        };
        let doorway = scene.world.doorway();
        let dead = tokio::spawn(async move { doorway.send(request).await.unwrap() });
        line.bring(photo.bytes.slice(..50_000)).await;
        assert_eq!(scene.offset(photo).await, 50_000);
        let rest = scene.patch(photo, 50_000, photo.tail(50_000)).await;
        assert_eq!(rest.status, 204, "nobody holds the right to append");
        scene.is_stored(photo).await;
        let told = dead.await.unwrap();
        assert_eq!(told.status, if straight { 201 } else { 204 });
        assert_eq!(offset_of(&told), Some(50_000));
        scene.world.end().await;
    }
}

#[tokio::test]
async fn a_colleague_who_carries_a_phones_visit_ends_no_transfer_of_that_phone() {
    let scene = scene(331).await;
    let (author, carrier) = scene.grants().await;
    let photo = &scene.photos[0];
    let (mut line, body) = Line::new();
    let request = photo.create(&author, Some(body)).unwrap();
    let doorway = scene.world.doorway();
    let coming = tokio::spawn(async move { doorway.send(request).await.unwrap() });
    line.bring(photo.bytes.slice(..50_000)).await;
    for _ in 0..3 {
        let asked = scene.send(photo.head(&carrier).unwrap()).await;
        assert_eq!(asked.status, 404, "nothing of it is written yet");
    }
    line.bring(photo.bytes.slice(50_000..)).await;
    drop(line);
    let told = coming.await.unwrap();
    assert_eq!(told.status, 201);
    assert_eq!(offset_of(&told), Some(photo.bytes.len() as u64));
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn what_somebody_else_brought_of_a_photo_does_not_stand_in_its_authors_way() {
    let scene = scene(332).await;
    let (author, carrier) = scene.grants().await;
    let photo = &scene.photos[0];
    assert_eq!(
        scene
            .send(photo.create(&carrier, None).unwrap())
            .await
            .status,
        201
    );
    let poison = photo.patch(&carrier, 0, Body::from("x")).unwrap();
    assert_eq!(scene.send(poison).await.status, 204);
    let whole = Body::from(photo.bytes.clone());
    let told = scene
        .send(photo.create(&author, Some(whole)).unwrap())
        .await;
    assert_eq!(
        (told.status, offset_of(&told)),
        (201, Some(photo.bytes.len() as u64))
    );
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn an_author_builds_on_nobodys_bytes_and_nobody_on_theirs_while_they_send() {
    let scene = scene(333).await;
    let (author, carrier) = scene.grants().await;
    let photo = &scene.photos[0];
    let cut = |token: &str, from: u64, to: u64| {
        let some = photo
            .bytes
            .slice(usize::try_from(from).unwrap()..usize::try_from(to).unwrap());
        photo.patch(token, from, some.into()).unwrap()
    };
    let verdict = async |request| scene.send(request).await.verdict();
    assert_eq!(
        scene
            .send(photo.create(&carrier, None).unwrap())
            .await
            .status,
        201
    );
    assert_eq!(scene.send(cut(&carrier, 0, 10_000)).await.status, 204);
    // The author does not even see it, begins anew and takes it over.
    assert_eq!(scene.send(photo.head(&author).unwrap()).await.status, 404);
    assert_eq!(verdict(cut(&author, 10_000, 20_000)).await, "404 not_found");
    let begun = scene.send(photo.create(&author, None).unwrap()).await;
    assert_eq!((begun.status, offset_of(&begun)), (201, Some(0)));
    assert_eq!(scene.send(cut(&author, 0, 30_000)).await.status, 204);
    assert_eq!(
        verdict(cut(&carrier, 30_000, 30_001)).await,
        "423 upload_busy"
    );
    let seen = scene.send(photo.head(&carrier).unwrap()).await;
    assert_eq!(offset_of(&seen), Some(30_000));
    // A phone that fell silent: a colleague goes on where it stopped, and the author's next try begins anew once more.
    scene.world.pass_s(700).await.unwrap();
    assert_eq!(scene.send(cut(&carrier, 30_000, 40_000)).await.status, 204);
    assert_eq!(scene.send(photo.head(&author).unwrap()).await.status, 404);
    let begun = scene.send(photo.create(&author, None).unwrap()).await;
    assert_eq!(offset_of(&begun), Some(0));
    let all = photo.bytes.len() as u64;
    assert_eq!(scene.send(cut(&author, 0, all)).await.status, 204);
    scene.is_stored(photo).await;
    // What is whole is whole to everybody.
    for token in [&author, &carrier] {
        let seen = scene.send(photo.head(token).unwrap()).await;
        assert_eq!(offset_of(&seen), Some(all));
    }
    scene.world.end().await;
}

#[tokio::test]
async fn photos_that_arrive_in_one_moment_make_their_visit_whole_and_are_stored_once() {
    let scene = scene(315).await;
    let mut photos = scene.photos.clone();
    for _ in 0..9 {
        let jpegs: Vec<_> = (0..4)
            .map(|_| noise(&scene.world.ids, 40, 30).unwrap())
            .collect();
        let visit = seal_finding(&scene.phone, &jpegs).unwrap();
        photos.extend(SealedPhoto::of_visit(&scene.phone, visit).unwrap());
    }
    scene.send_manifest().await;
    let waiting = "SELECT COUNT(*) FROM visit WHERE complete_at IS NULL";
    assert_eq!(scene.world.count(waiting).await.unwrap(), 10);
    // Each twice: what the network repeats comes in the same moment.
    let twice = photos.iter().chain(&photos).map(|photo| async {
        let answer = scene.create(photo, Some(photo.bytes.clone().into())).await;
        assert_eq!(answer.status, 201);
        assert_eq!(offset_of(&answer), Some(photo_len(photo)));
    });
    futures_util::future::join_all(twice).await;
    assert_eq!(scene.world.count(waiting).await.unwrap(), 0);
    for photo in &photos {
        scene.is_stored(photo).await;
    }
    let journalled = "SELECT COUNT(*) FROM journal WHERE action = 'photo.receive'";
    let journalled = scene.world.count(journalled).await.unwrap();
    assert_eq!(journalled, photos.len() as i64);
    scene.world.end().await;
}

#[tokio::test]
async fn receipts_are_asked_for_together_and_not_after_every_photo() {
    let scene = scene(317).await;
    let jpegs: Vec<_> = (0..12)
        .map(|_| noise(&scene.world.ids, 40, 30).unwrap())
        .collect();
    seal_finding(&scene.phone, &jpegs).unwrap();
    let app = scene.phone.app().unwrap();
    app.send_now().unwrap();
    let (mut rounds, mut photos) = (0, 0);
    while let Some(request) = app.next_requests(1).unwrap().pop() {
        match request.path.as_str() {
            "/v1/sync" => rounds += 1,
            "/v1/uploads" => photos += 1,
            _ => {}
        }
        scene.phone.exchange(&request).await.unwrap();
    }
    assert_eq!(photos, 15);
    assert!(rounds <= 3, "{rounds} rounds for {photos} photos");
    let left = app.status().unwrap();
    assert_eq!((left.photos_waiting, left.visits_waiting), (0, 0));
    scene.world.end().await;
}

#[tokio::test]
async fn a_photo_cut_on_its_straight_way_goes_on_where_the_longest_of_its_tries_ended() {
    let scene = scene(316).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    let doorway = scene.world.doorway();
    let mut ways = Vec::new();
    let asked_for_more = Arc::new(AtomicUsize::new(0));
    // Three tries of the same photo at once; the one in the middle brings the most.
    for length in [20_000, 60_000, 40_000] {
        let (more, hold) = tokio::sync::mpsc::unbounded_channel();
        let asked = asked_for_more.clone();
        let frames = futures_util::stream::unfold(hold, move |mut hold| {
            asked.fetch_add(1, Ordering::SeqCst);
            async {
                let frame: std::io::Result<Bytes> = hold.recv().await?;
                Some((frame, hold))
            }
        });
        let request = photo
            .create(&scene.token, Some(Body::from_stream(frames)))
            .unwrap();
        let doorway = doorway.clone();
        ways.push((
            more,
            length,
            tokio::spawn(async move { doorway.send(request).await.unwrap() }),
        ));
    }
    for (more, length, _) in &ways {
        more.send(Ok(photo.bytes.slice(..*length))).unwrap();
    }
    // All three have begun, and have come as far as they will.
    while asked_for_more.load(Ordering::SeqCst) < 2 * ways.len() {
        tokio::task::yield_now().await;
    }
    for (more, _, way) in ways {
        more.send(Err(std::io::ErrorKind::ConnectionReset.into()))
            .unwrap();
        assert_eq!(way.await.unwrap().status, 201);
    }
    assert_eq!(scene.offset(photo).await, 60_000);
    let rest = scene.patch(photo, 60_000, photo.tail(60_000)).await;
    assert_eq!(offset_of(&rest), Some(photo_len(photo)));
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn the_same_id_with_other_content_is_a_conflict_and_the_first_stays() {
    let scene = scene(302).await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    let others = [
        SealedPhoto {
            bytes: photo.bytes.slice(1..),
            ..photo.clone()
        },
        SealedPhoto {
            bytes: Bytes::from(vec![1; photo.bytes.len()]),
            ..photo.clone()
        },
        SealedPhoto {
            device: scene.world.id(),
            ..photo.clone()
        },
    ];
    for other in &others {
        let answer = scene.create(other, None).await;
        assert_eq!(answer.verdict(), "409 content_conflict");
    }
    scene.send_manifest().await;
    for other in &others {
        let answer = scene.create(other, Some(other.bytes.clone().into())).await;
        assert_eq!(answer.verdict(), "409 content_conflict");
    }
    let whole = scene.create(photo, Some(photo.bytes.clone().into())).await;
    assert_eq!(whole.status, 201);
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn nobody_blocks_evidence_by_announcing_its_id_first() {
    let scene = scene(303).await;
    let photo = &scene.photos[0];
    let squatter = SealedPhoto {
        bytes: Bytes::from_static(b"not the photo"),
        ..photo.clone()
    };
    assert_eq!(
        scene
            .create(&squatter, Some(squatter.bytes.slice(..5).into()))
            .await
            .status,
        201
    );
    scene.send_manifest().await;
    let answer = scene.create(photo, Some(photo.bytes.clone().into())).await;
    assert_eq!(answer.status, 201);
    assert_eq!(offset_of(&answer), Some(photo.bytes.len() as u64));
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn bytes_that_are_not_what_was_announced_are_told_and_may_be_sent_again() {
    let scene = scene(304).await;
    for (n, manifest_first) in [true, false].into_iter().enumerate() {
        if manifest_first {
            scene.send_manifest().await;
        }
        let photo = &scene.photos[n];
        let mut bent = photo.bytes.to_vec();
        bent[40_000] ^= 1;
        let bent = Bytes::from(bent);
        let at_once = scene.create(photo, Some(bent.clone().into())).await;
        assert_eq!(at_once.verdict(), "422 hash_mismatch");
        // Announced again it begins anew, by pieces this time.
        assert_eq!(offset_of(&scene.create(photo, None).await), Some(0));
        assert_eq!(
            scene.patch(photo, 0, bent.slice(..50_000)).await.status,
            204
        );
        let last = scene.patch(photo, 50_000, bent.slice(50_000..)).await;
        assert_eq!(last.verdict(), "422 hash_mismatch");
        let right = scene.create(photo, Some(photo.bytes.clone().into())).await;
        assert_eq!(right.status, 201);
        assert_eq!(offset_of(&right), Some(photo.bytes.len() as u64));
        scene.is_stored(photo).await;
    }
    scene.world.end().await;
}

#[tokio::test]
async fn too_long_is_refused_by_announcement_and_by_bytes() {
    let scene = scene(305).await;
    let photo = &scene.photos[0];
    for length in [MAX_SEALED_BYTES + 1, u64::MAX] {
        let request = SealedPhoto::request(Method::POST, "/v1/uploads", &scene.token)
            .header("upload-length", length)
            .header("upload-metadata", photo.metadata())
            .body(Body::empty())
            .unwrap();
        assert_eq!(scene.send(request).await.verdict(), "413 too_large");
    }
    let empty = SealedPhoto {
        bytes: Bytes::new(),
        ..photo.clone()
    };
    let answer = scene.create(&empty, None).await;
    assert_eq!(answer.verdict(), "422 invalid");
    assert_eq!(answer.json()["fields"][0]["field"], "upload-length");
    let longer = [&photo.bytes[..], b"more"].concat();
    let answer = scene.create(photo, Some(longer.clone().into())).await;
    assert_eq!(answer.verdict(), "413 too_large");
    assert_eq!(scene.offset(photo).await, 0);
    scene.patch(photo, 0, photo.bytes.slice(..100)).await;
    let answer = scene.patch(photo, 100, longer[100..].to_vec()).await;
    assert_eq!(answer.verdict(), "413 too_large");
    assert_eq!(scene.offset(photo).await, 100);
    scene.world.end().await;
}

#[tokio::test]
async fn another_tus_version_is_told_ours() {
    let scene = scene(306).await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    for (method, path) in [
        ("POST", "/v1/uploads".to_owned()),
        ("HEAD", photo.path()),
        ("PATCH", photo.path()),
        ("DELETE", photo.path()),
    ] {
        for version in [None, Some("0.2.2"), Some("2.0.0")] {
            let mut request = Request::builder()
                .method(method)
                .uri(&path)
                .header(header::AUTHORIZATION, format!("Bearer {}", scene.token))
                .header(header::CONTENT_TYPE, STREAM)
                .header("upload-offset", 0);
            if let Some(version) = version {
                request = request.header("tus-resumable", version);
            }
            let answer = scene.send(request.body(Body::from("x")).unwrap()).await;
            assert_eq!(answer.status, 412, "{method} {version:?}");
            assert_eq!(answer.headers["tus-version"], "1.0.0");
        }
    }
    assert_eq!(scene.offset(photo).await, 0);
    let asked = Request::builder()
        .method("OPTIONS")
        .uri("/v1/uploads")
        .body(Body::empty())
        .unwrap();
    let told = scene.send(asked).await;
    assert_eq!(told.status, 204);
    assert_eq!(told.headers["tus-max-size"], MAX_SEALED_BYTES.to_string());
    let extensions = told.headers["tus-extension"].to_str().unwrap();
    assert!(extensions.contains("creation-with-upload") && extensions.contains("checksum"));
    scene.world.end().await;
}

#[tokio::test]
async fn headers_that_cannot_be_read_are_named() {
    let scene = scene(307).await;
    let photo = &scene.photos[0];
    let announce = |length: &str, metadata: &str| {
        SealedPhoto::request(Method::POST, "/v1/uploads", &scene.token)
            .header("upload-length", length)
            .header("upload-metadata", metadata)
            .body(Body::empty())
            .unwrap()
    };
    let good = photo.metadata();
    for length in ["", "-1", "ten", "18446744073709551616"] {
        let answer = scene.send(announce(length, &good)).await;
        assert_eq!(answer.verdict(), "400 bad_upload_header", "{length:?}");
    }
    for key in ["media", "device", "sha256", "visit"] {
        let spoiled = good
            .split(',')
            .map(|pair| match pair.split_once(' ').unwrap() {
                (name, _) if name == key => format!("{name} {}", STANDARD.encode("nonsense")),
                _ => pair.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(",");
        let answer = scene.send(announce("10", &spoiled)).await;
        assert_eq!(answer.verdict(), "422 invalid", "{key}");
        assert_eq!(
            answer.json()["fields"][0]["field"],
            format!("upload-metadata.{key}")
        );
    }
    scene.create(photo, None).await;
    let patch = |content_type: &str, offset: &str, checksum: &str| {
        SealedPhoto::request(Method::PATCH, &photo.path(), &scene.token)
            .header(header::CONTENT_TYPE, content_type)
            .header("upload-offset", offset)
            .header("upload-checksum", checksum)
            .body(Body::from("bytes"))
            .unwrap()
    };
    let fine = format!("sha256 {}", STANDARD.encode(Sha256::digest(b"bytes")));
    for (kind, offset, checksum, verdict) in [
        ("text/plain", "0", &*fine, "415 unsupported_media_type"),
        (STREAM, "zero", &*fine, "400 bad_upload_header"),
        (STREAM, "0", "sha256", "400 bad_upload_header"),
        (STREAM, "0", "sha256 AAAA", "400 bad_upload_header"),
        (
            STREAM,
            "0",
            "md5 CY9rzUYh03PK3k6DJie09g==",
            "400 bad_upload_header",
        ),
    ] {
        let answer = scene.send(patch(kind, offset, checksum)).await;
        assert_eq!(answer.verdict(), verdict, "{kind} {offset} {checksum}");
    }
    assert_eq!(scene.offset(photo).await, 0);
    assert_eq!(scene.send(patch(STREAM, "0", &fine)).await.status, 204);
    scene.world.end().await;
}

#[tokio::test]
async fn a_piece_with_a_checksum_is_kept_whole_or_not_at_all() {
    let scene = scene(308).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    let piece = photo.bytes.slice(..70_000);
    let send = async |checksum: String, body: Body| {
        let request = SealedPhoto::request(Method::PATCH, &photo.path(), &scene.token)
            .header(header::CONTENT_TYPE, STREAM)
            .header("upload-offset", 0)
            .header("upload-checksum", checksum)
            .body(body)
            .unwrap();
        scene.send(request).await
    };
    let right = format!("sha256 {}", STANDARD.encode(Sha256::digest(&piece)));
    let wrong = format!("sha256 {}", STANDARD.encode(Sha256::digest(b"else")));
    for (checksum, body) in [
        (&wrong, in_frames(&piece, 1000)),
        (&right, cut_after(&piece.slice(..69_999), 1000)),
        // All bytes came, and then the connection broke: nobody can tell that these were all.
        (&right, cut_after(&piece, 1000)),
    ] {
        let answer = send(checksum.clone(), body).await;
        assert_eq!(answer.verdict(), "460 checksum_mismatch");
        assert_eq!(scene.offset(photo).await, 0);
    }
    assert_eq!(send(right, in_frames(&piece, 1000)).await.status, 204);
    assert_eq!(
        scene.patch(photo, 70_000, photo.tail(70_000)).await.status,
        204
    );
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn what_came_before_the_connection_broke_is_kept() {
    let scene = scene(309).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    let body = cut_after(&photo.bytes.slice(..70_001), 999);
    scene.create(photo, Some(body)).await;
    assert_eq!(scene.offset(photo).await, 70_001);
    let body = cut_after(&photo.bytes.slice(70_001..70_005), 3);
    scene.patch(photo, 70_001, body).await;
    assert_eq!(scene.offset(photo).await, 70_005);
    // Nothing came at all: nothing changes, and nobody is held up.
    scene
        .patch(photo, 70_005, cut_after(&Bytes::new(), 1))
        .await;
    let rest = scene.patch(photo, 70_005, photo.tail(70_005)).await;
    assert_eq!(rest.status, 204);
    scene.is_stored(photo).await;
    let metrics = scene.world.call("GET", "/metrics", None, None).await.body;
    let page = String::from_utf8(metrics.to_vec()).unwrap();
    let counted = format!("tilik_upload_received_bytes_total {}", photo.bytes.len());
    assert!(page.contains(&counted), "{page}");
    scene.world.end().await;
}

#[tokio::test]
async fn a_stack_that_cannot_patch_overrides_the_method() {
    let scene = scene(310).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    let post = async |method: &str, body: Bytes| {
        let request = SealedPhoto::request(Method::POST, &photo.path(), &scene.token)
            .header("x-http-method-override", method)
            .header(header::CONTENT_TYPE, STREAM)
            .header("upload-offset", 0)
            .body(Body::from(body))
            .unwrap();
        scene.send(request).await
    };
    assert_eq!(offset_of(&post("HEAD", Bytes::new()).await), Some(0));
    let refused = post("PUT", Bytes::new()).await;
    assert_eq!(refused.verdict(), "405 method_not_allowed");
    assert_eq!(post("PATCH", photo.bytes.clone()).await.status, 204);
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn twenty_equal_announcements_at_once_are_one_upload() {
    let scene = scene(311).await;
    scene.send_manifest().await;
    for photo in &scene.photos {
        let answers =
            futures_util::future::join_all((0..20).map(|_| scene.create(photo, None))).await;
        assert_eq!(verdicts(&answers), vec!["201"; 20]);
        assert!(answers.iter().all(|answer| offset_of(answer) == Some(0)));
    }
    // With bytes in each: one of them is received, the others are told to wait or that it is here.
    let photo = &scene.photos[0];
    let with_bytes = (0..20).map(|_| scene.create(photo, Some(photo.bytes.clone().into())));
    let answers = futures_util::future::join_all(with_bytes).await;
    for verdict in verdicts(&answers) {
        assert!(
            ["201", "423 upload_busy", "409 wrong_offset"].contains(&&*verdict),
            "{verdict}"
        );
    }
    scene.is_stored(photo).await;
    assert_eq!(
        scene
            .world
            .count("SELECT COUNT(*) FROM upload")
            .await
            .unwrap(),
        3
    );
    scene.world.end().await;
}

#[tokio::test]
async fn a_photo_that_comes_before_its_manifest_is_held_for_it() {
    let scene = scene(312).await;
    let whole = (photo_len(&scene.photos[0]), photo_len(&scene.photos[1]));
    // In one request, and in two.
    let at_once = &scene.photos[0];
    let answer = scene
        .create(at_once, Some(at_once.bytes.clone().into()))
        .await;
    assert_eq!((answer.status, offset_of(&answer)), (201, Some(whole.0)));
    let pieces = &scene.photos[1];
    scene
        .create(pieces, Some(pieces.bytes.slice(..9).into()))
        .await;
    let answer = scene.patch(pieces, 9, pieces.tail(9)).await;
    assert_eq!((answer.status, offset_of(&answer)), (204, Some(whole.1)));
    scene.world.settle().await.unwrap();
    let problem = scene.world.photo_problem(at_once).await.unwrap();
    assert_eq!(problem.as_deref(), Some("no manifest names it"));
    scene.world.restart().await.unwrap();
    scene.send_manifest().await;
    scene.world.settle().await.unwrap();
    scene.is_stored(at_once).await;
    scene.is_stored(pieces).await;
    // The phone, which knows nothing of all this, sends the third and is told that the two are here.
    assert!(scene.phone.settle(20).await.unwrap());
    scene.is_stored(&scene.photos[2]).await;
    scene.world.end().await;
}

fn photo_len(photo: &SealedPhoto) -> u64 {
    photo.bytes.len() as u64
}

#[tokio::test]
async fn a_job_that_is_asked_for_again_while_it_runs_runs_once_more() {
    let scene = scene(313).await;
    let photo = &scene.photos[0];
    scene.create(photo, Some(photo.bytes.clone().into())).await;
    // A worker looks before the manifest is here, and says that it is done after it came.
    let app = scene.world.app().unwrap();
    let worker = app.store.acting_as_system("a worker");
    let job = worker.claim_job().await.unwrap().unwrap();
    assert_eq!(
        (job.kind.as_str(), job.object.parse::<PhotoId>().unwrap()),
        ("finish_upload", photo.photo)
    );
    let finished = app.finish_upload(&worker, photo.photo).await;
    assert_eq!(finished.unwrap(), Finished::Held);
    scene.send_manifest().await;
    worker.finish_job(&job).await.unwrap();
    scene.world.settle().await.unwrap();
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn an_upload_may_be_given_up_by_its_phone_until_it_is_evidence() {
    let scene = scene(314).await;
    let photo = &scene.photos[0];
    let grant = UploadGrant {
        visit: photo.visit.unwrap(),
        device: photo.device,
        user: None,
        until: scene.world.now().plus_s(60),
    };
    let grant = grant.seal(&scene.world.keys);
    let delete = || SealedPhoto::request(Method::DELETE, &photo.path(), &grant);
    scene
        .create(photo, Some(photo.bytes.slice(..50_000).into()))
        .await;
    // Who may carry for a phone may not throw away what it sent.
    let by_carrier = SealedPhoto::request(Method::DELETE, &photo.path(), &scene.token);
    let answer = scene.send(by_carrier.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.verdict(), "404 not_found");
    let gone = scene.send(delete().body(Body::empty()).unwrap()).await;
    assert_eq!(gone.status, 204);
    let head = scene.send(photo.head(&scene.token).unwrap()).await;
    assert_eq!(head.status, 404);
    // Its piece is nobody's now.
    assert_eq!(scene.world.app().unwrap().tidy_staging().await.unwrap(), 1);
    scene
        .create(photo, Some(photo.bytes.slice(..50_000).into()))
        .await;
    scene.send_manifest().await;
    let kept = scene.send(delete().body(Body::empty()).unwrap()).await;
    assert_eq!(kept.verdict(), "409 wrong_moment");
    assert_eq!(scene.world.app().unwrap().tidy_staging().await.unwrap(), 0);
    let rest = scene.patch(photo, 50_000, photo.tail(50_000)).await;
    assert_eq!(rest.status, 204);
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn an_upload_that_nobody_finishes_is_forgotten_after_thirty_days_and_may_begin_anew() {
    let scene = scene(315).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    scene
        .create(photo, Some(photo.bytes.slice(..50_000).into()))
        .await;
    scene.world.pass_days(29).await.unwrap();
    let token = scene.staff.supervisor.token().await.unwrap();
    let head = scene.send(photo.head(&token).unwrap()).await;
    assert_eq!(offset_of(&head), Some(50_000));
    scene.world.pass_days(2).await.unwrap();
    let token = scene.staff.supervisor.token().await.unwrap();
    let head = scene.send(photo.head(&token).unwrap()).await;
    assert_eq!(head.status, 410);
    let left = scene.world.app().unwrap().tidy_staging().await.unwrap();
    assert_eq!(left, 0, "its pieces went with it");
    let body = Body::from(photo.bytes.clone());
    let anew = scene.send(photo.create(&token, Some(body)).unwrap()).await;
    assert_eq!(anew.status, 201);
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn a_whole_upload_that_no_manifest_names_is_forgotten_too() {
    let scene = scene(318).await;
    let photo = &scene.photos[0];
    scene.create(photo, Some(photo.bytes.clone().into())).await;
    scene.world.pass_days(31).await.unwrap();
    let token = scene.staff.supervisor.token().await.unwrap();
    let head = scene.send(photo.head(&token).unwrap()).await;
    assert_eq!(head.status, 410);
    let pieces = "SELECT COUNT(*) FROM upload_chunk";
    assert_eq!(scene.world.count(pieces).await.unwrap(), 0);
    // A phone that comes back after all begins anew.
    let body = Body::from(photo.bytes.clone());
    let anew = scene.send(photo.create(&token, Some(body)).unwrap()).await;
    assert_eq!(
        (anew.status, offset_of(&anew)),
        (201, Some(photo_len(photo)))
    );
    scene.world.end().await;
}

#[tokio::test]
async fn nobody_fills_the_disk_with_photos_that_no_manifest_names() {
    let scene = scene(319).await;
    let device = scene.phone.device().unwrap();
    let nobody = SealedPhoto::of_bytes(&scene.world.ids, scene.world.id(), vec![7; 100]);
    let told = scene.create(&nobody, None).await;
    assert_eq!(told.verdict(), "422 unknown_device");
    for n in 0..200 {
        let more = SealedPhoto::of_bytes(&scene.world.ids, device, vec![7; 100]);
        assert_eq!(scene.create(&more, None).await.status, 201, "{n}");
    }
    let more = SealedPhoto::of_bytes(&scene.world.ids, device, vec![7; 100]);
    let told = scene.create(&more, None).await;
    assert_eq!(told.verdict(), "429 too_many_requests");
    assert!(told.headers.contains_key("retry-after"));
    // What the phone has signed for comes in as ever.
    scene.send_manifest().await;
    assert!(scene.phone.settle(20).await.unwrap());
    scene.is_stored(&scene.photos[0]).await;
    scene.world.end().await;
}

#[tokio::test]
async fn anothers_upload_does_not_exist() {
    let scene = scene(316).await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    // The grant of another phone's visit.
    let grant = UploadGrant {
        visit: scene.world.id(),
        device: scene.world.id(),
        user: Some(scene.staff.officers[0].id),
        until: scene.world.now().plus_s(60),
    };
    let token = grant.seal(&scene.world.keys);
    let head = scene.send(photo.head(&token).unwrap()).await;
    assert_eq!(head.status, 404);
    let create = scene.send(photo.create(&token, None).unwrap()).await;
    assert_eq!(create.verdict(), "404 not_found");
    let patch = photo.patch(&token, 0, photo.bytes.clone().into());
    assert_eq!(scene.send(patch.unwrap()).await.verdict(), "404 not_found");
    // Somebody who may read everything may carry nothing.
    let reader = scene.staff.auditor.token().await.unwrap();
    let head = scene.send(photo.head(&reader).unwrap()).await;
    assert_eq!(head.status, 403);
    scene.world.clock.advance_s(61);
    let late = scene.send(photo.create(&token, None).unwrap()).await;
    assert_eq!(late.verdict(), "401 token_expired");
    scene.world.end().await;
}

#[tokio::test]
async fn a_full_disk_holds_photos_back_first_and_then_everything() {
    let scene = scene(317).await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    let left = |free_bytes| {
        scene.world.app().unwrap().space.saw(FreeSpace {
            free_bytes,
            total_bytes: 1000 << 30,
        });
    };
    left(19 << 30);
    for answer in [
        scene.patch(photo, 0, photo.bytes.clone()).await,
        scene.create(&scene.photos[1], None).await,
    ] {
        assert_eq!(answer.verdict(), "507 low_space");
        assert_eq!(answer.headers[header::RETRY_AFTER], "600");
    }
    assert_eq!(scene.offset(photo).await, 0);
    scene.send_manifest().await;
    let visits = "SELECT COUNT(*) FROM visit";
    assert_eq!(
        scene.world.count(visits).await.unwrap(),
        1,
        "manifests go on"
    );
    let supervisor = &scene.staff.supervisor;
    supervisor
        .issue_enrolment(scene.staff.officers[0].id)
        .await
        .unwrap();

    left(9 << 30);
    let body = serde_json::json!({ "event_id": supervisor.event(), "officer": scene.staff.officers[0].id });
    let write = supervisor.call("POST", "/v1/enrolments", Some(&body)).await;
    assert_eq!(write.verdict(), "507 read_only");
    assert_eq!(write.headers[header::RETRY_AFTER], "600");
    let photo_too = scene.patch(photo, 0, photo.bytes.clone()).await;
    assert_eq!(photo_too.verdict(), "507 read_only");
    assert_eq!(scene.offset(photo).await, 0, "reading goes on");
    assert_eq!(supervisor.get("/v1/cases").await.status, 200);
    supervisor.sign_in().await.unwrap();
    scene.phone.pump().await.unwrap();

    left(500 << 30);
    assert!(scene.phone.settle(20).await.unwrap());
    scene.is_stored(photo).await;
    scene.world.end().await;
}

#[tokio::test]
async fn an_upload_is_received_also_when_its_client_does_not_wait_for_the_answer() {
    let scene = scene(318).await;
    scene.send_manifest().await;
    let photo = &scene.photos[0];
    scene.create(photo, None).await;
    let patch = photo
        .patch(&scene.token, 0, photo.bytes.clone().into())
        .unwrap();
    let doorway = scene.world.doorway();
    {
        let leased = "SELECT COUNT(*) FROM upload WHERE lease IS NOT NULL";
        let mut answer = pin!(doorway.send(patch));
        let mut look = Context::from_waker(Waker::noop());
        // As long as it takes to hand the body over; then the handler is dropped.
        while scene.offset(photo).await == 0 {
            if answer.as_mut().poll(&mut look).is_ready() {
                break;
            }
            if scene.world.count(leased).await.unwrap() > 0 {
                break;
            }
        }
    }
    for _ in 0..6_000 {
        if scene.offset(photo).await == photo_len(photo) {
            scene.is_stored(photo).await;
            scene.world.end().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the bytes of a client that went away are lost");
}
