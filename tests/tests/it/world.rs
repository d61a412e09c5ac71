//! What every other test stands on.

use tilik_protocol::evidence::VisitKind;
use tilik_tests::World;

#[tokio::test]
async fn a_restarted_server_knows_everybody_and_everything() {
    let world = World::new(1).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(3, 2).await.unwrap();
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
    let before = staff.supervisor.case(opened.cases[0]).await.unwrap();
    world.stop().await;
    assert_eq!(world.call("GET", "/v1/me", None, None).await.status, 502);
    world.restart().await.unwrap();
    assert_eq!(
        staff.auditor.case(opened.cases[0]).await.unwrap().state,
        before.state
    );
    assert_eq!(before.memberships.len(), 2);
    assert!(before.family.kk_masked.starts_with("3571****"));
    world.end().await;
}

#[tokio::test]
async fn a_copy_of_a_world_goes_its_own_way() {
    let world = World::new(2).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(1, 0).await.unwrap();
    let copy = world.copy(3).await.unwrap();
    let there = staff.moved_to(&copy);
    let families = [village.homes[0].family];
    let opened = there
        .supervisor
        .open_cases(&families, VisitKind::Quick, None, None)
        .await
        .unwrap();
    let seen_here = staff
        .supervisor
        .get(&format!("/v1/cases/{}", opened.cases[0]))
        .await;
    assert_eq!(seen_here.verdict(), "404 not_found");
    assert_eq!(
        copy.count("SELECT COUNT(*) FROM verification_case")
            .await
            .unwrap(),
        1
    );
    copy.end().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_finishes_the_job_at_hand_and_leaves_the_rest() {
    let world = World::new(4).await.unwrap();
    let app = world.app().unwrap();
    let waiting = 500;
    for n in 0..waiting {
        let job = "INSERT INTO job (id, kind, object, state, attempts, run_at, created_at) \
                   VALUES ($1, 'no such kind', $2, 'ready', 0, $3, $3)";
        let at = world.now().as_micros();
        let id: uuid::Uuid = world.id();
        let values = [id.into(), n.to_string().into(), at.into()];
        app.store.poke(job, values).await.unwrap();
    }
    let untried = "SELECT COUNT(*) FROM job WHERE attempts = 0";
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let working = tokio::spawn(app.work(stopping));
    while world.count(untried).await.unwrap() == waiting {
        tokio::task::yield_now().await;
    }
    stop.send_replace(true);
    working.await.unwrap();
    assert!(world.count(untried).await.unwrap() > 0);
    let held = "SELECT COUNT(*) FROM job WHERE state = 'running'";
    assert_eq!(world.count(held).await.unwrap(), 0);
    world.end().await;
}
