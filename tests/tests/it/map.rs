//! The map: every family of one's regions is counted once at each zoom, none of any other, and whoever sees one house is
//! logged.

use serde_json::Value;
use tilik_protocol::map::{MapFamily, MapState, MapView, MapVillage, StateCount};
use tilik_protocol::policy::Role;
use tilik_protocol::registry::ImportKind;
use tilik_protocol::review::{AccessRow, Page};
use tilik_tests::village::{self, PKH};
use tilik_tests::{Console, World, kediri};

use crate::review::desk;

/// Kota Kediri and more.
const CITY: &str = "south=-79500000&west=1118500000&north=-77000000&east=1122000000";
/// Half the earth, and the smallest cell in which a house is found without being logged, degrees × 10⁷.
const HALF: i64 = 1_800_000_000;
const CELL: i64 = 30_000;
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
    let files = kediri::files_of(3, 1_500);
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
    assert_eq!(whole, 1_500);
    // The registry knows where about nine in ten live; the others are counted, at no invented place.
    assert!((75..275).contains(&unplaced), "{unplaced}");
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
    // Where the cells are smallest a cluster is told at the middle of its cell, however many live there.
    let part = "south=-78500000&west=1119800000&north=-77960000&east=1120340000&zoom=13.9";
    let seen = view(city, part).await;
    assert!(seen.clusters.iter().any(|one| one.families >= 5));
    for cluster in &seen.clusters {
        for at in [cluster.lat_e7, cluster.lon_e7] {
            assert_eq!((at + HALF) % CELL, CELL / 2, "{cluster:?}");
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

/// A part of the map with [`village::DOOR`] in it, in which no cell is larger than the zoom asks for.
const SOUGHT: [i64; 4] = [-78_400_000, 1_119_900_000, -78_000_000, 1_120_300_000];

/// Looks for the one accepted house with ever smaller frames, thirty for each direction: what is left of the frame, as south,
/// west, north, east.
async fn bisected(by: &Console, zoom: f64) -> [i64; 4] {
    let mut left = SOUGHT;
    for turn in 0..60 {
        let (low, high) = if turn % 2 == 0 { (0, 2) } else { (1, 3) };
        let middle = i64::midpoint(left[low], left[high]);
        if middle == left[low] {
            continue;
        }
        let mut half = left;
        half[high] = middle;
        let [south, west, north, east] = half;
        let query = format!("south={south}&west={west}&north={north}&east={east}");
        let seen = view(by, &format!("{query}&zoom={zoom}&state=accepted")).await;
        if seen.families > 0 {
            left[high] = middle;
        } else {
            left[low] = middle;
        }
    }
    left
}

#[tokio::test]
async fn a_house_that_is_looked_for_from_afar_is_found_no_nearer_than_its_cell_and_from_near_the_log_has_it()
 {
    let mut desk = desk(906, 6, 0).await;
    desk.accepted(0).await;
    desk.submitted(1..3).await;
    let (lat, lon) = village::DOOR;
    let by = &desk.staff.supervisor;
    let looks = async || {
        let path = format!(
            "/v1/access?object=family:{}&limit=200",
            desk.village.homes[0].family
        );
        let page: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
        let of_map = page.items.into_iter().filter(|row| row.what == "map_point");
        of_map.map(|row| row.mode).collect::<Vec<_>>()
    };
    let cell_of = |at: i64| (at + HALF).div_euclid(CELL) * CELL - HALF;
    let [south, west] = [cell_of(lat), cell_of(lon)];

    for zoom in [9.0, 12.0, 13.9] {
        let left = bisected(by, zoom).await;
        // The edge at which the answer turns is a cell's, or the part's own: never the house's.
        for (at, start) in left.into_iter().zip(SOUGHT) {
            let off = (at + HALF) % CELL;
            let of_cell = off <= 1 || off == CELL - 1;
            assert!(of_cell || (at - start).abs() <= 1, "{left:?} at {zoom}");
        }
    }
    // Whatever part of the cell is asked for, the answer is that of the cell.
    let mut told = Vec::new();
    for (s, w) in [
        (0, 0),
        (CELL - 1, 0),
        (0, CELL - 1),
        (lat - south, lon - west),
    ] {
        let (s, w) = (south + s, west + w);
        let query = format!("south={s}&west={w}&north={}&east={}", s + 1, w + 1);
        told.push(query);
    }
    for query in &told {
        for state in ["", "&state=accepted"] {
            let far = view(by, &format!("{query}&zoom=13.9{state}")).await;
            assert!(far.points.is_empty());
            let [one] = &far.clusters[..] else {
                panic!("{far:?}")
            };
            assert_eq!(one.families, 1);
            assert_eq!(
                (one.lat_e7, one.lon_e7),
                (south + CELL / 2, west + CELL / 2)
            );
        }
    }
    assert_eq!(looks().await, Vec::<String>::new());

    // From near the house is told for every part of its cell, and each time the log has it: never is there an empty answer
    // that says it must be in the other part.
    for (n, query) in told.iter().enumerate() {
        let near = view(by, &format!("{query}&zoom=22&state=accepted")).await;
        assert_eq!(near.points.len(), 1);
        let logged = looks().await;
        assert_eq!(logged.len(), n + 1);
        let seen = logged.iter().filter(|mode| *mode == "seen").count();
        assert_eq!(seen, usize::from(n + 1 == told.len()), "{query}");
    }
    let other = format!(
        "south={south}&west={}&north={}&east={}&zoom=22",
        west + CELL,
        south + 1,
        west + CELL + 1
    );
    assert!(view(by, &other).await.points.is_empty());
    assert_eq!(looks().await.len(), told.len());
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

const PLACED: &str = "id_keluarga,no_kk,nik,nama,tanggal_lahir,jenis_kelamin,hub_keluarga,alamat,rt,rw,wilayah,desil,lintang,bujur";

#[tokio::test]
async fn a_house_stands_where_the_newest_file_says_also_while_its_familys_name_waits() {
    let office = crate::imports::Office::with_places(904).await;
    let regions = ["35.71".parse().unwrap()];
    let person = office.world.person(
        (&office.admin, &office.approver),
        "melihat",
        Role::Auditor,
        &regions,
    );
    let seer = person.await.unwrap();
    let at = async |n: u32| {
        let listed = families(&seer, "").await;
        let name = crate::imports::head(n);
        let name = name.split(',').nth(3).unwrap().to_owned();
        let one = listed.into_iter().find(|one| one.name.starts_with(&name));
        let one = one.unwrap();
        (one.lat_e7.zip(one.lon_e7), one.name)
    };
    let bring = async |lines: &[(u32, &str)]| {
        let lines: Vec<String> = lines
            .iter()
            .map(|(n, place)| format!("{},{place}", crate::imports::head(*n)))
            .collect();
        let file = format!("{PLACED}\n{}\n", lines.join("\n"));
        office.bring(ImportKind::Families, file).await
    };
    assert_eq!(at(1).await.0, None);
    let first = bring(&[(1, "-7.8166,112.0114"), (4, "\"-7,8200\",\"112,0150\"")]).await;
    assert_eq!((first.changed, first.unchanged, first.waiting), (2, 0, 0));
    assert_eq!(at(1).await.0, Some((-78_166_000, 1_120_114_000)));
    assert_eq!(at(4).await.0, Some((-78_200_000, 1_120_150_000)));

    // Somewhere else: one line changed, and one that says the same.
    let moved = bring(&[(1, "-7.8170,112.0120"), (4, "-7.82,112.015")]).await;
    assert_eq!((moved.changed, moved.unchanged), (1, 1));
    assert_eq!(at(1).await.0, Some((-78_170_000, 1_120_120_000)));

    // The first family holds a place: its new name waits for an approver, where it lives does not.
    let renamed = crate::imports::head(1).replacen("WARGA DUA", "WARGA DUA PUTRA", 1);
    let file = format!("{PLACED}\n{renamed},-7.8180,112.0130\n");
    let held = office.bring(ImportKind::Families, file).await;
    assert_eq!(held.waiting, 1);
    let (place, name) = at(1).await;
    assert_eq!(place, Some((-78_180_000, 1_120_130_000)));
    assert_eq!(name, "WARGA DUA");
    office.confirm(&office.approver, &held).await.ok().unwrap();
    assert_eq!(at(1).await, (place, "WARGA DUA PUTRA".to_owned()));

    // A file that does not say where somebody lives leaves the place alone.
    let silent = bring(&[(1, ",")]).await;
    assert_eq!(silent.changed + silent.added, 0);
    assert_eq!(at(1).await.0, place);
    office.end().await;
}

#[tokio::test]
async fn an_operator_sees_the_map_of_the_own_region_and_an_admin_none() {
    let desk = desk(905, 3, 0).await;
    let here = village::here();
    let chiefs = (&desk.staff.admin, &desk.staff.approver);
    let local = desk
        .world
        .person(chiefs, "operator_betet", Role::Operator, &[village::here()])
        .await;
    let operator = &local.unwrap();
    let rows = villages(operator, "").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].region.as_str(), here.as_str());
    assert_eq!(rows[0].families, 3);
    assert_eq!(families(operator, "").await.len(), 3);
    for path in [
        format!("/v1/map?{CITY}&zoom=9"),
        "/v1/map/villages".to_owned(),
        "/v1/map/families".to_owned(),
        "/v1/map/base".to_owned(),
    ] {
        let answer = desk.staff.admin.get(&path).await;
        assert_eq!(answer.verdict(), "403 forbidden", "{path}");
    }
    desk.world.end().await;
}
