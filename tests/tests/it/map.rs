//! The map: every family of one's regions is counted once at each zoom, none of any other, and whoever sees one house is
//! logged.

use serde_json::Value;
use tilik_protocol::map::{MapFamily, MapState, MapView, MapVillage, StateCount};
use tilik_protocol::policy::Role;
use tilik_protocol::review::{AccessRow, Page};
use tilik_tests::village::{self, PKH};
use tilik_tests::{Console, World, kediri};

use crate::review::desk;

/// Kota Kediri and more.
const CITY: &str = "south=-79500000&west=1118500000&north=-77000000&east=1122000000";
/// What no answer is longer than.
const MOST_BYTES: usize = 200_000;

async fn view(by: &Console, query: &str) -> MapView {
    let answer = by.get(&format!("/v1/map?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert!(answer.body.len() <= MOST_BYTES, "{query}");
    answer.read().unwrap()
}

async fn villages(by: &Console, query: &str) -> Vec<MapVillage> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let answer = by
            .get(&format!("/v1/map/villages?limit=7{after}{query}"))
            .await;
        let page: Page<MapVillage> = answer.read().unwrap();
        all.extend(page.items);
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    all
}

async fn families(by: &Console, query: &str) -> Vec<MapFamily> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let answer = by
            .get(&format!("/v1/map/families?limit=7{after}{query}"))
            .await;
        let page: Page<MapFamily> = answer.read().unwrap();
        all.extend(page.items);
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    all
}

fn of(states: &[StateCount], state: MapState) -> u64 {
    let same = states.iter().filter(|one| one.state.known() == Some(state));
    same.map(|one| one.families).sum()
}

#[tokio::test]
async fn each_family_of_ones_regions_is_counted_once_at_every_zoom_and_none_of_another() {
    let world = World::new(901).await.unwrap();
    let (admin, approver) = world.first_accounts().await.unwrap();
    let files = kediri::files_of(3, 1_200);
    kediri::import(&world.doorway(), &admin, &approver, files)
        .await
        .unwrap();
    let code = kediri::villages()[4];
    let mut people = Vec::new();
    for (name, region) in [("kota", "35.71"), ("lurahan", code)] {
        let regions = [region.parse().unwrap()];
        let person = world.person((&admin, &approver), name, Role::Auditor, &regions);
        people.push(person.await.unwrap());
    }
    let (city, local) = (&people[0], &people[1]);

    let all = villages(city, "").await;
    assert_eq!(all.len(), 46);
    assert!(all.is_sorted_by_key(|one| one.region.clone()));
    let whole: u64 = all.iter().map(|one| one.families).sum();
    let unplaced: u64 = all.iter().map(|one| one.unplaced).sum();
    assert_eq!(whole, 1_200);
    // The registry knows where about nine in ten live; the others are counted, at no invented place.
    assert!((60..220).contains(&unplaced), "{unplaced}");
    for zoom in [0.0, 7.0, 9.5, 11.0, 12.0, 13.9, 14.0, 16.0, 22.0] {
        let seen = view(city, &format!("{CITY}&zoom={zoom}")).await;
        assert_eq!(seen.families, whole - unplaced, "{zoom}");
        assert!(seen.points.is_empty() && seen.clusters.len() <= 400);
        let counted: u64 = seen.clusters.iter().map(|one| one.families).sum();
        assert_eq!(counted, whole - unplaced, "{zoom}");
        for cluster in &seen.clusters {
            let states: u64 = cluster.states.iter().map(|one| one.families).sum();
            assert_eq!(states, cluster.families);
            assert!((-79_500_000..=-77_000_000).contains(&cluster.lat_e7));
        }
    }

    let mine = villages(local, "").await;
    assert_eq!(mine.len(), 1);
    let here = all.iter().find(|one| one.region.as_str() == code).unwrap();
    assert_eq!(&mine[0], here);
    let far = view(local, &format!("{CITY}&zoom=11")).await;
    assert_eq!(far.families, here.families - here.unplaced);
    let other = kediri::villages()[5];
    let hidden = view(local, &format!("{CITY}&zoom=11&region={other}")).await;
    assert_eq!(hidden.families, 0);
    assert!(
        families(local, &format!("&region={other}"))
            .await
            .is_empty()
    );

    // Near enough, the same houses one by one, each within its village.
    let near = view(local, &format!("{CITY}&zoom=15")).await;
    assert_eq!(near.points.len() as u64, far.families);
    let [south, west, north, east] = here.bounds.unwrap();
    for point in &near.points {
        assert!((south..=north).contains(&point.lat_e7));
        assert!((west..=east).contains(&point.lon_e7));
        assert!(!point.pinned);
    }
    // The list says the same as the map, and who is missing on it.
    let listed = families(local, "").await;
    assert_eq!(listed.len() as u64, here.families);
    let lost = families(local, "&unplaced=true").await;
    assert_eq!(lost.len() as u64, here.unplaced);
    assert!(lost.iter().all(|one| one.lat_e7.is_none()));
    world.end().await;
}

#[tokio::test]
async fn a_family_is_shown_as_far_as_its_case_is_and_only_where_a_visit_pinned_it() {
    let mut desk = desk(902, 6, 0).await;
    let accepted = desk.accepted(0).await;
    desk.submitted(1..2).await;
    desk.assigned(2..3).await;
    let eligible = desk.accepted(4).await;
    let membership = desk.membership(eligible).await;
    let decided = desk
        .staff
        .operator
        .decide(eligible, membership, None)
        .await
        .unwrap();
    assert_eq!(decided.status, 200, "{}", decided.json());
    let by = &desk.staff.auditor;
    let here = village::here();

    let rows = villages(by, &format!("&region={here}")).await;
    assert_eq!(rows.len(), 1);
    let village = &rows[0];
    // Accepted visits pin a house; a visit that waits for review does not.
    assert_eq!((village.families, village.unplaced), (6, 4));
    for (state, families) in [
        (MapState::Accepted, 1),
        (MapState::Submitted, 1),
        (MapState::Eligible, 1),
        (MapState::Unvisited, 3),
        (MapState::Cancelled, 0),
    ] {
        assert_eq!(of(&village.states, state), families, "{state}");
    }

    let near = view(by, &format!("{CITY}&zoom=16&state=accepted")).await;
    assert_eq!((near.families, near.points.len()), (1, 1));
    let point = &near.points[0];
    assert_eq!(point.family, desk.village.homes[0].family);
    assert_eq!(point.state.known(), Some(MapState::Accepted));
    assert!(point.pinned);
    let path = format!("/v1/access?object=family:{}&limit=200", point.family);
    let looks: Page<AccessRow> = by.get(&path).await.read().unwrap();
    assert!(looks.items.iter().any(|row| row.what == "map_point"));
    // From afar nobody is named, so nobody was looked at.
    let path = format!(
        "/v1/access?object=family:{}&limit=200",
        desk.village.homes[4].family
    );
    let before: Page<AccessRow> = by.get(&path).await.read().unwrap();
    view(by, &format!("{CITY}&zoom=9")).await;
    let after: Page<AccessRow> = by.get(&path).await.read().unwrap();
    let map = |page: &Page<AccessRow>| {
        let looks = page.items.iter().filter(|row| row.what == "map_point");
        looks.count()
    };
    assert_eq!(map(&before), map(&after));

    let officer = desk.phone.officer.id;
    let of_officer = families(by, &format!("&officer={officer}")).await;
    assert_eq!(of_officer.len(), 4);
    let pkh = families(by, &format!("&program={PKH}&region={here}")).await;
    assert_eq!(pkh.len(), 2);
    assert_eq!(desk.case(accepted).await.family.id, point.family);

    // A period later what was decided is to be visited again.
    desk.world.pass_s(32 * 86_400).await.unwrap();
    let later = desk.person("kelak", Role::Auditor).await;
    let rows = villages(&later, &format!("&region={here}")).await;
    assert_eq!(of(&rows[0].states, MapState::Eligible), 0);
    assert_eq!(of(&rows[0].states, MapState::Accepted), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn what_is_no_part_of_the_earth_is_refused_with_the_field() {
    let desk = desk(903, 1, 0).await;
    let by = &desk.staff.supervisor;
    for query in [
        "south=1&west=0&north=0&east=1&zoom=3",
        "south=0&west=0&north=1&east=1&zoom=99",
        "south=0&west=0&north=1&east=1&zoom=NaN",
        "south=-9223372036854775808&west=0&north=9223372036854775807&east=1&zoom=3",
    ] {
        let answer = by.get(&format!("/v1/map?{query}")).await;
        assert_eq!(answer.verdict(), "422 invalid", "{query}");
        let told: Value = answer.json();
        assert!(!told["fields"].as_array().unwrap().is_empty(), "{told}");
    }
    let after = by.get("/v1/map/families?after=x").await.verdict();
    assert_eq!(after, "400 bad_cursor");
    desk.world.end().await;
}
