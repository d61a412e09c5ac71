//! Photos that a city held before: found by whose house they show, shown as old, and evidence of nothing.

use tilik_protocol::ids::OldPhotoId;
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::old_photo::{OldPhotosReport, OldPhotosState};
use tilik_protocol::policy::Role;
use tilik_server::blobs::{BlobKey, BlobPrefix};
use tilik_server::photos;
use tilik_tests::phone::snapshot;
use tilik_tests::requests::{archive_of, send_archive};
use tilik_tests::{Console, Staff, Village, World};

struct City {
    world: World,
    staff: Staff,
    village: Village,
}

impl City {
    async fn new(seed: u64) -> Self {
        let world = World::new(seed).await.unwrap();
        let staff = world.staff(1).await.unwrap();
        let village = world.village(6, 3).await.unwrap();
        Self {
            world,
            staff,
            village,
        }
    }

    async fn bring(&self, files: &[(&str, &[u8])]) -> OldPhotosReport {
        let admin = &self.staff.admin;
        let archive = archive_of(files).unwrap();
        let answer = send_archive(&self.world, admin, admin.event(), archive);
        let begun: OldPhotosReport = answer.await.unwrap().ok().unwrap().read().unwrap();
        assert_eq!(begun.state, OldPhotosState::Reading.into());
        self.world.settle().await.unwrap();
        let path = format!("/v1/old-photo-archives/{}", begun.id);
        admin.get(&path).await.ok().unwrap().read().unwrap()
    }

    async fn page(&self, by: &Console, home: usize) -> FamilyPage {
        let path = format!("/v1/families/{}", self.village.homes[home].family);
        by.get(&path).await.ok().unwrap().read().unwrap()
    }
}

/// A photo with what a camera writes beside its pixels: where it was taken.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let secret = b"Exif\0\0GPS -7.8166 112.0114";
    let mut photo = vec![0xff, 0xd8, 0xff, 0xe1];
    photo.extend(u16::try_from(secret.len() + 2).unwrap().to_be_bytes());
    photo.extend(secret);
    photo.extend(&jpeg[2..]);
    photo
}

#[tokio::test]
async fn a_photo_is_found_by_number_and_shown_beside_the_evidence_never_as_it() {
    let city = City::new(730).await;
    let [one, two, three] = [0, 1, 2].map(|n| &city.village.homes[n]);
    let (first, second) = (with_exif(&snapshot(1).unwrap()), snapshot(2).unwrap());
    let third = snapshot(3).unwrap();
    let files: [(String, &[u8]); 6] = [
        (format!("foto/{}.jpg", one.kk), &first),
        (format!("{}_depan.JPG", two.nik), &second),
        (format!("{}.jpeg", three.family), &third),
        ("3571999999999999.jpg".to_owned(), &third),
        (format!("{}.png", one.nik), b"\x89PNG"),
        ("__MACOSX/x.jpg".to_owned(), b"x"),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    let report = city.bring(&files).await;
    assert_eq!(report.state, OldPhotosState::Done.into());
    assert_eq!((report.files, report.done), (5, 5));
    assert_eq!((report.taken, report.known, report.rejected), (3, 0, 2));
    let told: Vec<_> = report
        .rejections
        .iter()
        .map(|one| (one.position, one.code.as_str()))
        .collect();
    assert_eq!(told, [(4, "unknown_family"), (5, "not_a_photo")]);
    assert_eq!(report.rejections[0].name, "3571************");

    let operator = &city.staff.operator;
    let page = city.page(operator, 0).await;
    assert!(
        page.photo.is_none(),
        "an old photo is not the family's photo"
    );
    let old = page.old_photos.first().unwrap();
    let answer = operator.get(&format!("/v1/old-photos/{}", old.id)).await;
    let bytes = answer.ok().unwrap().body;
    assert!(
        photos::check(&bytes).is_ok(),
        "drawn anew, with nothing beside its pixels"
    );
    assert!(!bytes.windows(4).any(|four| four == b"Exif"));
    for table in ["photo", "visit_photo", "visit", "verification_case"] {
        let rows = format!("SELECT COUNT(*) FROM {table}");
        assert_eq!(city.world.count(&rows).await.unwrap(), 0, "{table}");
    }
    // A file's name is a question about a family: each that was found is in the log, before anybody saw the photo.
    for (what, count) in [("old_photo", 1), ("old_photo_found", 4)] {
        let reads = format!("SELECT COUNT(*) FROM access WHERE what = '{what}'");
        assert_eq!(city.world.count(&reads).await.unwrap(), count, "{what}");
    }

    // The same archive brings nothing twice.
    let again = city.bring(&files).await;
    assert_eq!((again.taken, again.known, again.rejected), (0, 3, 2));
    city.world.end().await;
}

#[tokio::test]
async fn nobody_elsewhere_sees_one_and_only_an_admin_brings_one() {
    let city = City::new(731).await;
    let kk = format!("{}.jpg", city.village.homes[0].kk);
    let photo = snapshot(1).unwrap();
    city.bring(&[(&kk, &photo)]).await;
    let id = city.page(&city.staff.operator, 0).await.old_photos[0].id;
    let desk = (&city.staff.admin, &city.staff.approver);
    let other = ["35.71.02.1001".parse().unwrap()];
    let stranger = city
        .world
        .person(desk, "operator.lain", Role::Operator, &other)
        .await
        .unwrap();
    let path = format!("/v1/old-photos/{id}");
    assert_eq!(stranger.get(&path).await.verdict(), "404 not_found");
    let archive = archive_of(&[(&kk, &photo)]).unwrap();
    let operator = &city.staff.operator;
    let answer = send_archive(&city.world, operator, operator.event(), archive).await;
    assert_eq!(answer.unwrap().verdict(), "403 forbidden");

    // What is no archive, or one that nobody needs, changes nothing.
    let admin = &city.staff.admin;
    for (bytes, code) in [
        (b"not a zip".to_vec(), "zip_broken"),
        (archive_of(&[]).unwrap(), "empty"),
    ] {
        let answer = send_archive(&city.world, admin, admin.event(), bytes)
            .await
            .unwrap();
        assert_eq!(answer.verdict(), "422 invalid");
        assert!(
            String::from_utf8_lossy(&answer.body).contains(code),
            "{code}"
        );
    }
    let runs = "SELECT COUNT(*) FROM old_photo_run";
    assert_eq!(city.world.count(runs).await.unwrap(), 1);
    city.world.end().await;
}

#[tokio::test]
async fn an_id_with_marks_in_it_is_found_whole_before_its_beginning_is() {
    let city = City::new(732).await;
    let store = city.world.app().unwrap().store;
    for (home, key) in [(0, "KDR"), (1, "KDR-07-0012")] {
        let id = uuid::Uuid::from(city.village.homes[home].family);
        store
            .poke(
                "UPDATE family SET registry_key = $1 WHERE id = $2",
                [key.into(), id.into()],
            )
            .await
            .unwrap();
    }
    let by_id = format!("{}_depan (2).jpg", city.village.homes[2].family);
    let [one, two, three, four] = [1, 2, 3, 4].map(|n| snapshot(n).unwrap());
    let report = city
        .bring(&[
            ("KDR-07-0012.jpg", &one),
            ("KDR-07-0012-depan.jpg", &two),
            ("KDR_atap.jpg", &three),
            (&by_id, &four),
        ])
        .await;
    assert_eq!((report.taken, report.rejected), (4, 0), "{report:?}");
    for (home, photos) in [(0, 1), (1, 2), (2, 1)] {
        let page = city.page(&city.staff.operator, home).await;
        assert_eq!(page.old_photos.len(), photos, "home {home}");
    }
    city.world.end().await;
}

async fn kept(world: &World, prefix: &BlobPrefix) -> usize {
    let blobs = &world.app().unwrap().blobs;
    blobs.list(prefix, None, 100).await.unwrap().objects.len()
}

#[tokio::test]
async fn what_a_crash_leaves_of_an_archive_is_deleted() {
    let city = City::new(733).await;
    let kk = format!("{}.jpg", city.village.homes[0].kk);
    let photo = snapshot(1).unwrap();
    let report = city.bring(&[(&kk, &photo)]).await;
    let feeds = async || kept(&city.world, &BlobPrefix::feeds()).await;
    let photos = async || kept(&city.world, &BlobPrefix::attachments()).await;
    assert_eq!((feeds().await, photos().await), (0, 1));

    // It died after it said that all is done, and over a photo that it had drawn.
    let app = city.world.app().unwrap();
    let run = "SELECT sha256 FROM old_photo_run";
    let rows = app.store.peek(run, []).await.unwrap();
    let sha256: Vec<u8> = rows[0].try_get_by_index(0).unwrap();
    let archive = BlobKey::feed(report.id, &sha256.try_into().unwrap());
    app.blobs.put(&archive, b"the archive").await.unwrap();
    let drawn: OldPhotoId = city.world.id();
    let half = BlobKey::old_photo(drawn, &[7; 32]);
    app.blobs.put(&half, b"a photo").await.unwrap();
    let says = "UPDATE old_photo_run SET kept = TRUE, drawn_id = $1, drawn_sha256 = $2";
    let values = [uuid::Uuid::from(drawn).into(), vec![7_u8; 32].into()];
    app.store.poke(says, values).await.unwrap();
    assert_eq!((feeds().await, photos().await), (1, 2));
    city.world.pass_s(60).await.unwrap();
    assert_eq!(
        (feeds().await, photos().await),
        (0, 1),
        "the photo that was taken stays"
    );
    let left = "SELECT COUNT(*) FROM old_photo_run WHERE kept OR drawn_id IS NOT NULL";
    assert_eq!(city.world.count(left).await.unwrap(), 0);

    // One that was never read, because its job never was.
    let admin = &city.staff.admin;
    let archive = archive_of(&[(&kk, &photo)]).unwrap();
    let event = admin.event();
    send_archive(&city.world, admin, event, archive)
        .await
        .unwrap()
        .ok()
        .unwrap();
    app.store.poke("DELETE FROM job", []).await.unwrap();
    city.world.pass_days(6).await.unwrap();
    assert_eq!(feeds().await, 1);
    city.world.pass_days(2).await.unwrap();
    assert_eq!(feeds().await, 0);
    let path = format!("/v1/old-photo-archives/{event}");
    let report: OldPhotosReport = admin.get(&path).await.ok().unwrap().read().unwrap();
    assert_eq!(report.state, OldPhotosState::Dropped.into());
    city.world.end().await;
}
