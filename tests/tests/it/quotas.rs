//! Quotas as they stand: every slot is counted once, whatever became of it.

use tilik_protocol::policy::Role;
use tilik_protocol::quota::{OverlapFamily, Overlaps, Quotas, WaitlistView};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

async fn quotas(by: &Console, filter: &str) -> Quotas {
    by.get(&format!("/v1/quotas{filter}")).await.read().unwrap()
}

/// What is told is what the slots are, and every slot is somebody's, reserved or free.
async fn are_whole(desk: &Desk) -> Vec<(String, u64, u64, u64, u64)> {
    let told = quotas(&desk.staff.auditor, "?limit=200").await;
    assert!(!told.items.is_empty());
    for total in &told.totals {
        let count = format!(
            "SELECT COUNT(*) FROM slot WHERE program = '{}' AND state <> 'retired'",
            total.program
        );
        let there = desk.world.count(&count).await.unwrap();
        assert_eq!(
            total.held + total.reserved + total.free,
            there.unsigned_abs()
        );
        let parts = told.items.iter().filter(|row| row.program == total.program);
        assert_eq!(parts.map(|row| row.held).sum::<u64>(), total.held);
    }
    let totals = told.totals.into_iter();
    totals
        .map(|one| (one.program, one.slots, one.held, one.reserved, one.free))
        .collect()
}

#[tokio::test]
async fn a_frozen_list_is_told_in_its_order_with_who_had_their_turn() {
    let mut desk = desk(623, 4, 2).await;
    let operator = desk.staff.operator.clone();
    let list = async |filter: &str| {
        let path = format!(
            "/v1/waitlists?program=SEMBAKO&region={}{filter}",
            village::here()
        );
        operator
            .get(&path)
            .await
            .ok()
            .unwrap()
            .read::<WaitlistView>()
            .unwrap()
    };
    let told = list("").await;
    assert_eq!((told.waiting, told.items.len()), (2, 2));
    let waiting: Vec<_> = desk
        .village
        .waiting
        .iter()
        .map(|home| home.family)
        .collect();
    let names: Vec<_> = told.items.iter().map(|row| row.family).collect();
    assert_eq!(names, waiting);
    assert!(told.items.iter().all(|row| row.taken_at.is_none()));
    // Page by page it is the same.
    let first = list("&limit=1").await;
    assert_eq!(first.items, told.items[..1]);
    let rest = list(&format!("&limit=1&after={}", first.next.unwrap())).await;
    assert_eq!((&rest.items[..], rest.next), (&told.items[1..], None));
    // A place frees: the first had their turn.
    let case = desk.accepted(1).await;
    for one in desk.case(case).await.memberships {
        let proposed = operator.decide(case, one.id, Some("MENINGGAL"));
        proposed.await.unwrap().ok().unwrap();
        let confirmed = desk.staff.approver.confirm(case, one.id, true);
        confirmed.await.unwrap().ok().unwrap();
    }
    let told = list("").await;
    assert_eq!((told.waiting, told.items.len()), (1, 2));
    assert!(told.items[0].taken_at.is_some() && told.items[0].membership.is_some());
    // Whom it is about is told to nobody else, and who read it is known.
    let elsewhere = format!(
        "/v1/waitlists?program=SEMBAKO&region={}",
        village::elsewhere()
    );
    assert_eq!(operator.get(&elsewhere).await.verdict(), "404 not_found");
    let reads = "SELECT COUNT(*) FROM access WHERE what = 'waitlist'";
    assert!(desk.world.count(reads).await.unwrap() >= 4);
    desk.world.end().await;
}

#[tokio::test]
async fn a_place_that_is_given_on_moves_from_held_to_reserved_and_the_sum_stays() {
    let mut desk = desk(620, 4, 2).await;
    let before = are_whole(&desk).await;
    let case = desk.accepted(0).await;
    let (operator, approver) = (desk.staff.operator.clone(), desk.staff.approver.clone());
    let memberships = desk.case(case).await.memberships;
    for one in &memberships {
        let proposed = operator.decide(case, one.id, Some("MENINGGAL"));
        proposed.await.unwrap().ok().unwrap();
    }
    for one in &memberships {
        let confirmed = approver.confirm(case, one.id, true);
        confirmed.await.unwrap().ok().unwrap();
    }
    let after = are_whole(&desk).await;
    let sum = |rows: &[(String, u64, u64, u64, u64)]| -> Vec<u64> {
        rows.iter()
            .map(|(_, _, held, reserved, free)| held + reserved + free)
            .collect()
    };
    assert_eq!(sum(&before), sum(&after));
    let gone = |rows: &[(String, u64, u64, u64, u64)]| rows.iter().map(|row| row.2).sum::<u64>();
    assert_eq!(gone(&before) - gone(&after), memberships.len() as u64);
    desk.world.end().await;
}

#[tokio::test]
async fn quotas_come_page_by_page_and_only_of_ones_own_regions() {
    let desk = desk(621, 4, 1).await;
    let all = quotas(&desk.staff.auditor, "?limit=200").await;
    let mut told = Vec::new();
    let mut after = String::new();
    loop {
        let page = quotas(&desk.staff.auditor, &format!("?limit=1{after}")).await;
        assert_eq!(
            page.totals, all.totals,
            "totals are of all, whatever the page"
        );
        told.extend(page.items);
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(told, all.items);
    let named = &all.items[0].program;
    let one = quotas(&desk.staff.auditor, &format!("?program={named}")).await;
    assert!(one.items.iter().all(|row| row.program == *named));
    let refused = desk.staff.auditor.get("/v1/quotas?after=tidak:ada").await;
    assert_eq!(refused.code().as_deref(), Some("bad_cursor"));

    let another = ["35.71.01".parse::<RegionCode>().unwrap()];
    let elsewhere = desk.world.person(
        (&desk.staff.admin, &desk.staff.approver),
        "koordinator.lain",
        Role::Supervisor,
        &another,
    );
    let theirs = quotas(&elsewhere.await.unwrap(), "").await;
    assert!(
        theirs
            .items
            .iter()
            .all(|row| another[0].covers(&row.region))
    );
    assert!(theirs.items.len() < all.items.len());
    desk.world.end().await;
}

#[tokio::test]
async fn who_receives_two_programs_is_counted_by_pair_and_told_by_name() {
    let desk = desk(622, 12, 1).await;
    let by = &desk.staff.auditor;
    let pairs: Overlaps = by.get("/v1/overlaps").await.read().unwrap();
    let with_two = desk
        .village
        .homes
        .iter()
        .filter(|home| home.memberships.len() > 1)
        .count();
    assert!(with_two > 0, "the village has a family with two programs");
    let counted: u64 = pairs.items.iter().map(|pair| pair.families).sum();
    assert!(counted >= with_two as u64);
    // One fund or two: whoever receives twice of one is to be looked at.
    let totals = quotas(by, "").await.totals;
    let fund = |code: &str| {
        let of = totals.iter().find(|total| total.program == code);
        of.map(|total| total.fund.clone())
    };
    for pair in &pairs.items {
        assert!(pair.one < pair.other);
        let both = fund(&pair.one).filter(|one| fund(&pair.other).as_ref() == Some(one));
        assert_eq!(pair.fund, both);
        let mut names = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!(
                "/v1/overlaps/families?one={}&other={}&limit=2{after}",
                pair.one, pair.other
            );
            let page: Page<OverlapFamily> = by.get(&path).await.read().unwrap();
            names.extend(page.items);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(
            names.len() as u64,
            pair.families,
            "{} {}",
            pair.one,
            pair.other
        );
        assert!(names.iter().all(|one| one.region == village::here()));
    }
    desk.world.end().await;
}
