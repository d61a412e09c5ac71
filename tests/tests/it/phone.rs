//! What phones fetch beside their rounds, and what is delivered when an officer is no more.

use axum::body::Body;
use http::{Request, header};
use tilik_protocol::evidence::{PhotoKind, ReturnTarget, VisitKind};
use tilik_protocol::ids::{CaseId, PhotoId};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::{AccessRow, Page};
use tilik_protocol::sync::{ReturnReason, SyncReply};
use tilik_tests::phone::{snapshot, snapshots};
use tilik_tests::village::here;
use tilik_tests::{Answer, World};

use crate::review::desk;

async fn get(world: &World, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    world.send(request).await.unwrap()
}

fn of(case: CaseId) -> String {
    format!("/v1/phone/house-photos/{case}")
}

#[tokio::test]
async fn the_last_photo_of_a_house_goes_to_the_officer_who_is_sent_there_and_to_nobody_else() {
    let mut desk = desk(1_301, 3, 0).await;
    let accepted = desk.accepted(0).await;
    desk.world.settle().await.unwrap();
    let token = desk.phone.token().await.unwrap();
    let verdict = async |case: CaseId| {
        let answer = get(&desk.world, &of(case), Some(&token)).await;
        answer.verdict()
    };
    assert_eq!(verdict(accepted).await, "404 not_found", "no longer theirs");
    let close = desk.staff.supervisor.close(accepted, "SALAH_BUKA").await;
    close.unwrap().ok().unwrap();
    let again = desk.assigned(0..1).await[0];
    let unvisited = desk.assigned(1..2).await[0];
    let answer = get(&desk.world, &of(again), Some(&token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "image/jpeg");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.headers.contains_key("photo-taken-at"));
    let read = tilik_server::photos::check(&answer.body).unwrap();
    assert!(read.width.max(read.height) <= 320);
    assert_eq!(verdict(unvisited).await, "404 not_found");
    assert_eq!(verdict(desk.world.id()).await, "404 not_found");

    // The look is logged as others are.
    let shown: PhotoId = {
        let seen = desk.case(accepted).await;
        let photos = &seen.visits[0].photos;
        let front = photos
            .iter()
            .find(|photo| photo.kind.known() == Some(PhotoKind::HouseFront));
        front.unwrap().id
    };
    let page: Page<AccessRow> = desk
        .staff
        .auditor
        .get(&format!("/v1/access?object=photo:{shown}"))
        .await
        .read()
        .unwrap();
    let looks: Vec<_> = page
        .items
        .iter()
        .map(|row| (row.what.as_str(), row.mode.as_str()))
        .collect();
    assert_eq!(looks, [("photo_320", "served")]);

    // A colleague's phone, a supervisor and somebody from the street.
    let nobody = get(&desk.world, &of(again), None).await;
    assert_eq!(nobody.verdict(), "401 unauthenticated");
    let supervisor = desk.staff.supervisor.get(&of(again)).await;
    assert_eq!(supervisor.verdict(), "403 forbidden");
    let taken = desk.staff.supervisor.assign(&[again], None).await.unwrap();
    assert_eq!(taken.changed, 1);
    assert_eq!(verdict(again).await, "404 not_found");
    desk.world.end().await;
}

#[tokio::test]
async fn the_app_is_told_of_in_a_round_and_given_to_anybody_byte_by_byte() {
    let mut desk = desk(1_302, 1, 0).await;
    let file = std::fs::read(desk.world.folder().join("tilik.apk")).unwrap();
    let reply: SyncReply = desk.phone.sync(&[]).await.unwrap();
    let offered = reply.config.app.unwrap();
    assert_eq!(
        (offered.version.as_str(), offered.bytes),
        ("0.2.0", file.len() as u64)
    );
    let answer = get(&desk.world, "/v1/app/android", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, file);
    assert_eq!(
        tilik_protocol::manifest::Hash32::of(&answer.body).to_string(),
        offered.sha256
    );
    // A fetch that was cut goes on where it stands; of another app it begins anew.
    let rest = async |known: &str| {
        let request = Request::get("/v1/app/android")
            .header(header::RANGE, "bytes=3-")
            .header(header::IF_RANGE, format!("\"{known}\""));
        let request = request.body(Body::empty()).unwrap();
        desk.world.send(request).await.unwrap()
    };
    let part = rest(&offered.sha256).await;
    assert_eq!((part.status, &part.body[..]), (206, &file[3..]));
    let told = part.headers[header::CONTENT_RANGE].to_str().unwrap();
    assert_eq!(told, format!("bytes 3-{0}/{1}", file.len() - 1, file.len()));
    let other = rest(&"0".repeat(64)).await;
    assert_eq!((other.status, &other.body[..]), (200, &file[..]));
    std::fs::remove_file(desk.world.folder().join("tilik.apk")).unwrap();
    let gone = get(&desk.world, "/v1/app/android", None).await;
    assert_eq!(gone.verdict(), "503 unavailable");
    desk.world.end().await;
}

#[tokio::test]
async fn a_front_of_two_halves_is_not_returned_for_a_cut_roof_or_floor() {
    let desk = desk(1_303, 1, 0).await;
    let case = desk.assigned(0..1).await[0];
    let officer = &desk.staff.officers[0];
    let phone = desk.world.phone(&desk.staff.admin, officer).await.unwrap();
    let visit = phone.begin(Some(case), VisitKind::Quick, None).unwrap();
    let left = snapshot(1).unwrap();
    let right = snapshot(2).unwrap();
    let left = phone
        .photograph(visit, PhotoKind::NarrowLeft, &left)
        .unwrap();
    phone
        .photograph(visit, PhotoKind::NarrowRight, &right)
        .unwrap();
    phone.pin(visit, tilik_tests::village::DOOR).unwrap();
    phone.seal(visit).unwrap();
    phone.settle(5).await.unwrap();
    let reason = |target: ReturnTarget, code: &'static str| ReturnReason {
        target,
        code: ReasonCode::known(code),
        note: None,
    };
    desk.staff.supervisor.take(case).await.ok().unwrap();
    for (target, code) in [
        (ReturnTarget::Photo { photo: left }, "ATAP_TERPOTONG"),
        (ReturnTarget::Photo { photo: left }, "LANTAI_TIDAK_TERLIHAT"),
        (ReturnTarget::Visit, "ATAP_TERPOTONG"),
    ] {
        let refused = desk
            .staff
            .supervisor
            .return_case(case, vec![reason(target, code)])
            .await;
        let words = format!("{:#}", refused.unwrap_err());
        assert!(words.contains("422"), "{words}");
    }
    let target = ReturnTarget::Photo { photo: left };
    desk.staff
        .supervisor
        .return_case(case, vec![reason(target, "FOTO_BURAM")])
        .await
        .unwrap();
    desk.world.end().await;
}

#[tokio::test]
async fn forty_visits_of_an_officer_who_resigned_are_delivered_by_a_colleague() {
    const UNSENT: u64 = 40;
    let world = World::new(1_304).await.unwrap();
    let staff = world.staff(2).await.unwrap();
    let village = world.village(40, 0).await.unwrap();
    let (gone, colleague) = (&staff.officers[0], &staff.officers[1]);
    let families: Vec<_> = village.homes.iter().map(|home| home.family).collect();
    let opened = staff
        .supervisor
        .open_cases(&families, VisitKind::Quick, Some(gone.id), None)
        .await
        .unwrap();
    let phone = world.phone(&staff.admin, gone).await.unwrap();
    let carrier = world.phone(&staff.admin, colleague).await.unwrap();
    world.stop().await;
    let mut visits = Vec::new();
    for (n, case) in (0..).zip(&opened.cases) {
        visits.push(phone.visit(*case, &snapshots(n + 1, 1).unwrap()).unwrap());
    }
    world.restart().await.unwrap();
    staff.admin.set_suspended(gone.id, true).await.unwrap();
    phone.settle(3).await.unwrap();
    assert!(phone.status().unwrap().sign_in_again);
    assert_eq!(phone.app().unwrap().unsent().unwrap().len(), 40);

    let bundle = world.folder().join("titipan.tilik");
    assert_eq!(phone.hand_over(&visits, &bundle).unwrap(), 40);
    assert_eq!(carrier.take_along(&bundle).unwrap(), 40);
    assert!(carrier.settle(20).await.unwrap());
    let count = async |sql: &str| world.count(sql).await.unwrap();
    assert_eq!(
        count("SELECT COUNT(*) FROM visit").await,
        i64::try_from(UNSENT).unwrap()
    );
    assert_eq!(
        count("SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL").await,
        i64::try_from(UNSENT).unwrap()
    );
    for visit in visits {
        let carried = carrier.sealed(visit).unwrap();
        assert_eq!(carried.photos_received, 1);
    }
    world.end().await;
}

#[tokio::test]
async fn what_a_phone_sealed_before_its_database_was_gone_is_taken_in_its_authors_name() {
    let world = World::new(1_305).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(1, 0).await.unwrap();
    let officer = &staff.officers[0];
    let families = [village.homes[0].family];
    let opened = staff
        .supervisor
        .open_cases(&families, VisitKind::Quick, Some(officer.id), None)
        .await
        .unwrap();
    let mut phone = world.phone(&staff.admin, officer).await.unwrap();
    let before = phone.device().unwrap();
    phone
        .visit(opened.cases[0], &snapshots(1, 2).unwrap())
        .unwrap();
    let photo = snapshot(9).unwrap();
    phone.finding(&here(), "Wagirah", &photo).unwrap();
    phone.kill();
    for entry in std::fs::read_dir(phone.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    phone.reopen().unwrap();
    assert!(!phone.status().unwrap().enrolled);
    assert_eq!(phone.outbox().unwrap().len(), 2);
    let code = staff.admin.issue_enrolment(officer.id).await.unwrap();
    phone.join(&code.code).await.unwrap();
    assert!(phone.settle(20).await.unwrap());

    let count = async |sql: &str| world.count(sql).await.unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM quarantine").await, 0);
    assert_eq!(count("SELECT COUNT(*) FROM visit").await, 2);
    assert_eq!(
        count("SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL").await,
        3
    );
    assert_ne!(phone.device().unwrap(), before);
    for visit in phone.outbox().unwrap() {
        assert_eq!(visit.photos_received, visit.photos_total);
    }
    let seen = staff.supervisor.case(opened.cases[0]).await.unwrap();
    assert_eq!(seen.visits[0].officer, officer.id);
    world.end().await;
}
