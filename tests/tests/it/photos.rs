//! Photos as reviewers see them: copies only, checked, logged, and made again when they are damaged.

use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, PhotoId};
use tilik_protocol::review::{AccessRow, Page};
use tilik_tests::handmade::{self, SoftPhone};
use tilik_tests::{Staff, World};

async fn a_visited_case(seed: u64) -> (World, Staff, CaseId, Vec<PhotoId>) {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(2, 0).await.unwrap();
    let mut phone = SoftPhone::enrolled(&world, &staff.admin, &staff.officers[0])
        .await
        .unwrap();
    let opened = staff
        .supervisor
        .open_cases(
            &[village.homes[0].family],
            VisitKind::Quick,
            Some(staff.officers[0].id),
            None,
        )
        .await
        .unwrap();
    let case = opened.cases[0];
    let visit = phone.visit(case, VisitKind::Quick).await.unwrap();
    let photos = visit.shots.iter().map(|shot| shot.id).collect();
    (world, staff, case, photos)
}

async fn looks(staff: &Staff, object: &str) -> Vec<(String, String)> {
    let page: Page<AccessRow> = staff
        .auditor
        .get(&format!("/v1/access?object={object}"))
        .await
        .read()
        .unwrap();
    page.items
        .into_iter()
        .map(|row| (row.what, row.mode))
        .collect()
}

#[tokio::test]
async fn a_photo_is_served_as_a_copy_and_the_look_is_logged() {
    let (world, staff, case, photos) = a_visited_case(61).await;
    let path = |side: &str| format!("/v1/photos/{}/{side}", photos[0]);
    let early = staff.supervisor.get(&path("1600")).await;
    assert_eq!(early.verdict(), "409 photo_not_ready");
    assert_eq!(early.headers["retry-after"], "2");
    world.settle().await.unwrap();

    // The case names its photos, so that a console can build the addresses.
    let view = staff.supervisor.case(case).await.unwrap();
    let named: Vec<PhotoId> = view.visits[0].photos.iter().map(|photo| photo.id).collect();
    assert_eq!(named, photos);
    assert!(
        view.visits[0]
            .photos
            .iter()
            .all(|photo| photo.state == "ready")
    );

    let mut copies = Vec::new();
    for side in ["320", "1600"] {
        let copy = staff.supervisor.get(&path(side)).await;
        assert_eq!(copy.status, 200);
        assert_eq!(copy.headers["content-type"], "image/jpeg");
        assert_eq!(copy.headers["cache-control"], "no-store");
        assert_eq!(copy.headers["x-content-type-options"], "nosniff");
        let read = tilik_server::photos::check(&copy.body).unwrap();
        assert_eq!(
            (read.width, read.height),
            (handmade::WIDTH.into(), handmade::HEIGHT.into())
        );
        copies.push(copy.body);
    }
    assert!(
        copies
            .iter()
            .all(|copy| **copy != handmade::jpeg(0).unwrap())
    );
    let word = |what: &str, mode: &str| (what.to_owned(), mode.to_owned());
    let object = format!("photo:{}", photos[0]);
    assert_eq!(
        looks(&staff, &object).await,
        [word("photo_320", "served"), word("photo_1600", "served")]
    );

    let seen = serde_json::json!({ "photos": [photos[0], photos[1], photos[0]] });
    let told = staff.supervisor.post("/v1/photos/seen", &seen).await;
    assert_eq!(told.status, 204);
    assert_eq!(looks(&staff, &object).await[2], word("photo", "seen"));
    assert_eq!(looks(&staff, &object).await.len(), 3);

    // The large one is written on, on a dark band at its lower edge.
    let lower_edge = |copy: &[u8]| {
        let (rgb, width, _) = tilik_server::photos::decode(copy).unwrap();
        let rows = 4 * 3 * width as usize;
        let dark = rgb[rgb.len() - rows..].iter().map(|part| u64::from(*part));
        dark.sum::<u64>() / rows as u64
    };
    assert!(lower_edge(&copies[1]) + 20 < lower_edge(&copies[0]));

    for (side, verdict) in [
        ("640", "404 no_such_route"),
        ("original", "404 no_such_route"),
    ] {
        assert_eq!(staff.supervisor.get(&path(side)).await.verdict(), verdict);
    }
    let nowhere = format!("/v1/photos/{}/320", world.id::<PhotoId>());
    assert_eq!(
        staff.supervisor.get(&nowhere).await.verdict(),
        "404 not_found"
    );
    let bad = staff.supervisor.get("/v1/photos/x/320").await;
    assert_eq!(bad.verdict(), "400 bad_id");
    world.end().await;
}

#[tokio::test]
async fn a_report_with_one_hidden_photo_logs_none() {
    let (world, staff, _, photos) = a_visited_case(62).await;
    let hidden: PhotoId = world.id();
    let seen = serde_json::json!({ "photos": [photos[0], hidden] });
    let told = staff.supervisor.post("/v1/photos/seen", &seen).await;
    assert_eq!(told.verdict(), "404 not_found");
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM access WHERE mode = 'seen' AND what = 'photo'")
            .await
            .unwrap(),
        0
    );
    let many: Vec<PhotoId> = (0..201).map(|_| world.id()).collect();
    let seen = serde_json::json!({ "photos": many });
    let told = staff.supervisor.post("/v1/photos/seen", &seen).await;
    assert_eq!(told.verdict(), "413 too_large");
    world.end().await;
}

#[tokio::test]
async fn a_damaged_copy_is_never_served_but_counted_and_made_again() {
    let (world, staff, _, photos) = a_visited_case(63).await;
    world.settle().await.unwrap();
    let path = format!("/v1/photos/{}/1600", photos[0]);
    let whole = staff.supervisor.get(&path).await.ok().unwrap().body;
    let app = world.app().unwrap();
    let key = |row: &[sea_orm::QueryResult]| -> String { row[0].try_get_by_index(0).unwrap() };
    let id = uuid::Uuid::from(photos[0]);
    let rows = app
        .store
        .peek("SELECT large_key FROM photo WHERE id = $1", [id.into()])
        .await
        .unwrap();
    let key = key(&rows).parse().unwrap();
    // Another photo under its name: sealed by us, so only the hash tells.
    app.blobs
        .put(&key, &handmade::jpeg(99).unwrap())
        .await
        .unwrap();
    let damaged = async || {
        let page = world.call("GET", "/metrics", None, None).await;
        let text = String::from_utf8(page.body.to_vec()).unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with("tilik_photos_damaged_total"));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(damaged().await, "0");
    let refused = staff.supervisor.get(&path).await;
    assert_eq!(refused.verdict(), "409 photo_not_ready");
    assert_eq!(damaged().await, "1");
    world.settle().await.unwrap();
    assert_eq!(staff.supervisor.get(&path).await.ok().unwrap().body, whole);

    app.blobs.delete(&key).await.unwrap();
    assert_eq!(
        staff.supervisor.get(&path).await.verdict(),
        "409 photo_not_ready"
    );
    world.settle().await.unwrap();
    assert_eq!(staff.supervisor.get(&path).await.ok().unwrap().body, whole);
    world.end().await;
}
