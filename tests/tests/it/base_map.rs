//! The base map's file: parts of it, to whoever may see the map.

use axum::body::Body;
use http::{Request, header};
use tilik_protocol::map::{MapBase, MapTiles};
use tilik_protocol::policy::Role;
use tilik_tests::{Answer, Console, World};

const FILE: &str = "/v1/map/base.pmtiles";

async fn get(
    world: &World,
    by: Option<&Console>,
    headers: &[(header::HeaderName, &str)],
) -> Answer {
    let mut request = Request::get(FILE);
    if let Some(by) = by {
        let token = by.token().await.unwrap();
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    world.send(request).await.unwrap()
}

fn header<'a>(answer: &'a Answer, name: &header::HeaderName) -> &'a str {
    answer.headers[name].to_str().unwrap()
}

#[tokio::test]
async fn parts_of_the_base_map_are_the_files_own_and_cost_a_sign_in() {
    let world = World::new(940).await.unwrap();
    let (admin, approver) = world.first_accounts().await.unwrap();
    let regions = ["35.71".parse().unwrap()];
    let seer = world.person((&admin, &approver), "melihat", Role::Auditor, &regions);
    let seer = seer.await.unwrap();
    let file = std::fs::read(world.folder().join("peta.pmtiles")).unwrap();

    let told = seer.get("/v1/map/base").await;
    let told: MapBase = told.ok().unwrap().read().unwrap();
    assert_eq!(told.tiles, Some(MapTiles::Raster.into()));
    assert_eq!(
        get(&world, None, &[]).await.verdict(),
        "401 unauthenticated"
    );
    assert_eq!(
        get(&world, Some(&admin), &[]).await.verdict(),
        "403 forbidden"
    );

    let head = get(&world, Some(&seer), &[(header::RANGE, "bytes=0-126")]).await;
    assert_eq!(head.status, 206);
    assert_eq!(head.body, file[..127]);
    assert_eq!(
        header(&head, &header::CONTENT_RANGE),
        format!("bytes 0-126/{}", file.len())
    );
    assert_eq!(header(&head, &header::CONTENT_LENGTH), "127");
    assert!(header(&head, &header::CACHE_CONTROL).starts_with("private"));
    let tag = header(&head, &header::ETAG).to_owned();

    // Longer than what is read from the disk at a time.
    let long = get(&world, Some(&seer), &[(header::RANGE, "bytes=1000-300999")]).await;
    assert_eq!((long.status, &long.body[..]), (206, &file[1_000..301_000]));
    let end = get(&world, Some(&seer), &[(header::RANGE, "bytes=-7")]).await;
    assert_eq!((end.status, &end.body[..]), (206, &file[file.len() - 7..]));
    let whole = get(&world, Some(&seer), &[]).await;
    assert_eq!((whole.status, &whole.body[..]), (200, &file[..]));
    let beyond = format!("bytes={}-", file.len());
    let beyond = get(&world, Some(&seer), &[(header::RANGE, &beyond)]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(
        header(&beyond, &header::CONTENT_RANGE),
        format!("bytes */{}", file.len())
    );

    let same = get(&world, Some(&seer), &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    // Another file takes its place: what was begun with the old one is not mixed with it.
    std::fs::write(world.folder().join("peta.pmtiles"), &file[..500]).unwrap();
    let part = [
        (header::RANGE, "bytes=0-9"),
        (header::IF_RANGE, tag.as_str()),
    ];
    let other = get(&world, Some(&seer), &part).await;
    assert_eq!((other.status, other.body.len()), (200, 500));
    assert_ne!(header(&other, &header::ETAG), tag);
    std::fs::remove_file(world.folder().join("peta.pmtiles")).unwrap();
    let gone = get(&world, Some(&seer), &[]).await;
    assert_eq!(gone.verdict(), "503 unavailable");
    world.end().await;
}
