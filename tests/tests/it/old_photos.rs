//! Photos that a city held before: found by whose house they show, shown as old, and evidence of nothing.

use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::old_photo::{OldPhotosReport, OldPhotosState};
use tilik_protocol::policy::Role;
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
    let reads = "SELECT COUNT(*) FROM access WHERE what = 'old_photo'";
    assert_eq!(city.world.count(reads).await.unwrap(), 1);

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
