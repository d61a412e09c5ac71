//! The journal and the access log as auditors read them.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use tilik_protocol::ids::PhotoId;
use tilik_protocol::policy::Role;
use tilik_protocol::review::{AccessRow, JournalRow, Page, TrailPerson};
use tilik_protocol::time::Timestamp;
use tilik_tests::requests::Scene;
use tilik_tests::{Console, village};

/// A row that reading may itself have added: of a family's name that stood beside a row.
trait Row: DeserializeOwned {
    fn is_of_reading(&self) -> bool {
        false
    }
}

impl Row for JournalRow {}

impl Row for AccessRow {
    fn is_of_reading(&self) -> bool {
        self.what == "trail_row"
    }
}

async fn whole<R: Row>(log: &str, by: &Console, filter: &str, limit: u64) -> Vec<R> {
    let mut rows: Vec<R> = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/{log}?limit={limit}{filter}{after}");
        let page: Page<R> = by.get(&path).await.read().unwrap();
        assert!(page.items.len() as u64 <= limit);
        rows.extend(page.items.into_iter().filter(|row| !row.is_of_reading()));
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => return rows,
        }
    }
}

async fn whole_journal(by: &Console, filter: &str, limit: u64) -> Vec<JournalRow> {
    whole("journal", by, filter, limit).await
}

async fn whole_access(by: &Console, filter: &str, limit: u64) -> Vec<AccessRow> {
    whole("access", by, filter, limit).await
}

#[tokio::test]
async fn a_city_auditor_reads_every_row_and_a_village_auditor_those_of_the_village() {
    let scene = Scene::new(71).await.unwrap();
    let city = &scene.staff.auditor;
    let all = whole_journal(city, "", 7).await;
    assert_eq!(all, whole_journal(city, "", 200).await);
    let count = scene
        .world
        .count("SELECT COUNT(*) FROM journal")
        .await
        .unwrap();
    // The auditor's own signing in and out may add a row between the two looks.
    assert!(all.len().abs_diff(usize::try_from(count).unwrap()) <= 1);
    let numbers: Vec<u64> = all.iter().map(|row| row.seq).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));

    let set = scene
        .callers
        .iter()
        .find(|set| set.own.role == Role::Auditor)
        .unwrap();
    let here = Console::of(&scene.world, set.own.person.clone());
    let there = Console::of(&scene.world, set.other.person.clone());
    let (here, there) = (
        whole_journal(&here, "", 50).await,
        whole_journal(&there, "", 50).await,
    );
    let about = |rows: &[JournalRow], kind: &str| -> usize {
        rows.iter()
            .filter(|row| row.object.starts_with(kind))
            .count()
    };
    for kind in ["case:", "visit:", "photo:", "membership:"] {
        assert!(about(&here, kind) > 0, "{kind}");
        assert_eq!(about(&here, kind), about(&all, kind), "{kind}");
        assert_eq!(about(&there, kind), 0, "{kind}");
    }
    for kind in ["grant:", "user:", "session:", "device:"] {
        assert!(about(&there, kind) > 0, "{kind}");
        assert!(about(&there, kind) < about(&all, kind), "{kind}");
    }
    scene.world.end().await;
}

#[tokio::test]
async fn the_journal_is_filtered_by_case_object_and_person() {
    let scene = Scene::new(72).await.unwrap();
    let by = &scene.staff.auditor;
    let case = scene.awaiting.id;
    let rows = whole_journal(by, &format!("&case={case}"), 3).await;
    let actions: BTreeSet<&str> = rows.iter().map(|row| row.action.as_str()).collect();
    for action in [
        "case.open",
        "visit.receive",
        "case.accept",
        "membership.decide",
    ] {
        assert!(actions.contains(action), "{action} of {actions:?}");
    }
    let object = format!("case:{case}");
    let of_object = whole_journal(by, &format!("&object={object}"), 3).await;
    assert!(of_object.iter().all(|row| row.object == object));
    assert!(of_object.len() < rows.len());
    let operator = scene.staff.operator.user();
    let acts = whole_journal(by, &format!("&user={operator}"), 3).await;
    assert!(!acts.is_empty() && acts.iter().all(|row| row.actor == Some(operator)));

    for (path, verdict) in [
        ("/v1/journal?after=x", "400 bad_cursor"),
        ("/v1/journal?after=-1", "400 bad_cursor"),
        ("/v1/journal?case=x", "400 bad_query"),
        ("/v1/journal?limit=x", "400 bad_query"),
        ("/v1/access?after=x", "400 bad_cursor"),
        ("/v1/access?after=1.1", "400 bad_cursor"),
    ] {
        assert_eq!(by.get(path).await.verdict(), verdict, "{path}");
    }
    scene.world.end().await;
}

#[tokio::test]
async fn the_trail_is_filtered_by_action_role_and_region_and_names_families_and_people() {
    let scene = Scene::new(77).await.unwrap();
    let by = &scene.staff.auditor;
    let accepted = whole_journal(by, "&action=case.accept", 3).await;
    assert!(!accepted.is_empty());
    assert!(accepted.iter().all(|row| row.action == "case.accept"));
    let case = scene
        .staff
        .supervisor
        .case(scene.awaiting.id)
        .await
        .unwrap();
    let of_case = accepted
        .iter()
        .find(|row| row.object == format!("case:{}", scene.awaiting.id))
        .unwrap();
    assert_eq!(of_case.family_name.as_ref(), Some(&case.family.name));
    let path = "/v1/access?action=trail_row&newest=true&limit=200";
    let read: Page<AccessRow> = by.get(path).await.read().unwrap();
    let named = format!("family:{}", case.family.id);
    assert!(
        read.items.iter().any(|row| {
            row.object == named && row.user == by.user() && row.family_name.is_none()
        })
    );
    let of_role = whole_journal(by, "&role=operator", 50).await;
    assert!(!of_role.is_empty() && of_role.iter().all(|row| row.role == "operator"));
    let seen = whole_access(by, "&role=supervisor&action=case", 50).await;
    assert!(!seen.is_empty());
    assert!(
        seen.iter()
            .all(|row| row.role == "supervisor" && row.what == "case")
    );

    // What lies nowhere lies in no region.
    let (all, city) = (
        whole_journal(by, "", 200).await,
        whole_journal(by, "&region=35.71", 200).await,
    );
    assert!(!city.is_empty() && city.len() < all.len());
    let here = whole_journal(by, &format!("&region={}", village::here()), 50).await;
    let far = whole_journal(by, "&region=35.72", 50).await;
    assert!(!here.is_empty() && here.len() <= city.len());
    assert!(far.iter().all(|row| !row.object.starts_with("case:")));

    let set = scene
        .callers
        .iter()
        .find(|set| set.own.role == Role::Auditor)
        .unwrap();
    let there = Console::of(&scene.world, set.other.person.clone());
    let people = async |by: &Console| -> Vec<TrailPerson> {
        let page: Page<TrailPerson> = by.get("/v1/journal/people").await.read().unwrap();
        page.items
    };
    let (everybody, some) = (people(by).await, people(&there).await);
    let operator = scene.staff.operator.user();
    assert!(everybody.iter().any(|one| one.user == operator));
    assert!(!some.is_empty() && some.len() < everybody.len());
    // Of another village's auditor, the region asked for is no more than its own.
    let beyond = whole_journal(&there, &format!("&region={}", village::here()), 50).await;
    assert!(beyond.is_empty());
    scene.world.end().await;
}

#[tokio::test]
async fn who_acts_is_told_as_what_and_nobody_as_the_server() {
    let scene = Scene::new(78).await.unwrap();
    let rows = whole_journal(&scene.staff.auditor, "&role=system", 200).await;
    let of_nobody = ["session.begin", "session.end", "user.password_change"];
    let persons: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.actor.is_some())
        .map(|row| row.action.as_str())
        .collect();
    // Before they were given any role, and after it ended.
    assert!(
        persons.iter().all(|act| of_nobody.contains(act)),
        "{persons:?}"
    );
    let officer = whole_journal(&scene.staff.auditor, "&action=photo.receive", 200).await;
    assert!(officer.iter().all(|row| row.role == "officer"));
    let signed_in = whole_journal(&scene.staff.auditor, "&action=session.begin", 200).await;
    assert!(signed_in.iter().any(|row| row.role == "supervisor"));
    scene.world.end().await;
}

#[tokio::test]
async fn the_access_log_tells_who_saw_a_case_and_hides_other_regions() {
    let scene = Scene::new(73).await.unwrap();
    let case = scene.submitted.id;
    let page = async |by: &Console| -> Vec<AccessRow> {
        let path = format!("/v1/access?case={case}&limit=200");
        let page: Page<AccessRow> = by.get(&path).await.read().unwrap();
        page.items
    };
    let before = page(&scene.staff.auditor).await.len();
    let signatory = &scene.staff.signatory;
    signatory.case(case).await.unwrap();
    signatory.get("/v1/cases?limit=200").await.ok().unwrap();
    let after = page(&scene.staff.auditor).await;
    let new: Vec<(&str, &str, &str)> = after[before..]
        .iter()
        .map(|row| (row.role.as_str(), row.what.as_str(), row.mode.as_str()))
        .collect();
    assert_eq!(
        new,
        [
            ("signatory", "case", "seen"),
            ("signatory", "case_row", "served")
        ]
    );
    // Photos before somebody's eyes are among what was seen of their case; a list is one row and as many items.
    let visits = scene.submitted.visits.iter();
    let photos: Vec<PhotoId> = visits
        .flat_map(|visit| &visit.photos)
        .map(|photo| photo.id)
        .collect();
    let seen = serde_json::json!({ "photos": photos });
    let told = scene.staff.supervisor.post("/v1/photos/seen", &seen).await;
    assert_eq!(told.verdict(), "204");
    let new = page(&scene.staff.auditor).await.split_off(after.len());
    let objects: Vec<&str> = new.iter().map(|row| row.object.as_str()).collect();
    let mut wanted: Vec<String> = photos.iter().map(|id| format!("photo:{id}")).collect();
    wanted.sort();
    assert_eq!(objects, wanted);
    let rows: BTreeSet<&str> = new
        .iter()
        .map(|row| row.id.split('.').next().unwrap())
        .collect();
    assert_eq!(rows.len(), 1);
    // Page by page, also when a page ends within a row, the log is the same.
    let whole = whole_access(&scene.staff.auditor, "", 200).await;
    assert!(whole.len() > 3);
    for limit in [1, 2, 3] {
        assert_eq!(whole_access(&scene.staff.auditor, "", limit).await, whole);
    }
    // The id of a case is no photo's.
    let nothing = whole_access(&scene.staff.auditor, &format!("&object=photo:{case}"), 1).await;
    assert_eq!(nothing, []);
    let object = format!("&object=photo:{}", photos[1]);
    let told: Vec<&AccessRow> = whole
        .iter()
        .filter(|row| object.ends_with(&row.object))
        .collect();
    let of_case = page(&scene.staff.auditor).await;
    // Alike before those rows are indexed, while some are, and after it.
    for new in [2, 1, 0] {
        let of_photo = whole_access(&scene.staff.auditor, &object, 1).await;
        assert_eq!(of_photo.iter().collect::<Vec<_>>(), told);
        assert_eq!(page(&scene.staff.auditor).await, of_case);
        let store = scene.world.app().unwrap().store;
        let left = store
            .count(
                "SELECT COUNT(*) FROM access_new \
                 WHERE access_id NOT IN (SELECT id FROM access WHERE what = 'trail_row')",
            )
            .await;
        match new {
            2 => {
                assert!(left.unwrap() > 5);
                let twice = "INSERT INTO access_new SELECT id FROM access ORDER BY id LIMIT 4";
                store
                    .acting_as_system("a test")
                    .index_reads()
                    .await
                    .unwrap();
                store.poke(twice, []).await.unwrap();
            }
            1 => {
                assert_eq!(left.unwrap(), 4);
                store
                    .acting_as_system("a test")
                    .index_reads()
                    .await
                    .unwrap();
            }
            _ => assert_eq!(left.unwrap(), 0),
        }
    }
    let set = scene
        .callers
        .iter()
        .find(|set| set.own.role == Role::Auditor)
        .unwrap();
    assert!(set.other.tokens.me.grants[0].regions == [village::elsewhere()]);
    let there = Console::of(&scene.world, set.other.person.clone());
    assert_eq!(page(&there).await, []);
    scene.world.end().await;
}

/// The rows of a filter page by page, oldest first, after checking that newest first is the same from behind at any size of
/// a page.
async fn both_ways<R: Row + PartialEq + std::fmt::Debug>(
    log: &str,
    by: &Console,
    filter: &str,
) -> Vec<R> {
    let rows: Vec<R> = whole(log, by, filter, 200).await;
    for limit in [1, 2, 3, 200] {
        let newest = format!("{filter}&newest=true");
        let mut behind: Vec<R> = whole(log, by, &newest, limit).await;
        behind.reverse();
        assert_eq!(behind, rows, "{log} {filter} by {limit}");
    }
    rows
}

/// An auditor who stays signed in, so that looking adds no row.
async fn resting(scene: &Scene) -> &Console {
    let by = &scene.staff.auditor;
    by.token().await.unwrap();
    by
}

#[tokio::test]
async fn the_newest_rows_come_first_when_asked_and_are_the_same_rows_from_behind() {
    let scene = Scene::new(74).await.unwrap();
    let case = scene.submitted.id;
    let signatory = &scene.staff.signatory;
    signatory.case(case).await.unwrap();
    signatory.get("/v1/cases?limit=200").await.ok().unwrap();
    let photos = &scene.submitted.visits[0].photos;
    let photos: Vec<PhotoId> = photos.iter().map(|photo| photo.id).collect();
    let seen = serde_json::json!({ "photos": photos });
    let told = scene.staff.supervisor.post("/v1/photos/seen", &seen).await;
    assert_eq!(told.verdict(), "204");
    let by = resting(&scene).await;
    let photo = photos[1];
    let user = signatory.user();
    let filters = [
        String::new(),
        format!("&case={case}"),
        format!("&user={user}"),
        format!("&object=photo:{photo}"),
    ];
    let journal: Vec<JournalRow> = both_ways("journal", by, &filters[1]).await;
    assert!(journal.len() > 3);
    for _ in ["before the reads are indexed", "after it"] {
        for filter in &filters {
            let rows: Vec<AccessRow> = both_ways("access", by, filter).await;
            assert!(!rows.is_empty(), "{filter}");
        }
        let store = scene.world.app().unwrap().store;
        let system = store.acting_as_system("a test");
        system.index_reads().await.unwrap();
    }
    // From a village's seat too, where most rows are passed over.
    let set = scene
        .callers
        .iter()
        .find(|set| set.own.role == Role::Auditor)
        .unwrap();
    let here = Console::of(&scene.world, set.own.person.clone());
    here.token().await.unwrap();
    let rows: Vec<JournalRow> = both_ways("journal", &here, "").await;
    assert!(!rows.is_empty());
    for path in ["/v1/journal?newest=x", "/v1/access?newest=1"] {
        assert_eq!(by.get(path).await.verdict(), "400 bad_query", "{path}");
    }
    scene.world.end().await;
}

/// Every span between two moments at which something stands in the log holds what stands there from its first moment on,
/// and not at its last.
async fn spans<R: Row + PartialEq + std::fmt::Debug>(
    log: &str,
    by: &Console,
    filter: &str,
    at: impl Fn(&R) -> Timestamp,
) {
    let all: Vec<R> = whole(log, by, filter, 200).await;
    let moments: BTreeSet<Timestamp> = all.iter().map(&at).collect();
    let moments: Vec<Timestamp> = moments.into_iter().collect();
    assert!(moments.len() > 2, "{log}: {moments:?}");
    for pair in moments.windows(2) {
        let ends = (pair[0], pair[1]);
        for (since, until) in [(true, false), (false, true), (true, true)] {
            let from = since.then(|| format!("&since={}", ends.0));
            let to = until.then(|| format!("&until={}", ends.1));
            let span = [filter.to_owned()].into_iter().chain(from).chain(to);
            let span: String = span.collect();
            let wanted: Vec<&R> = all
                .iter()
                .filter(|row| (!since || at(row) >= ends.0) && (!until || at(row) < ends.1))
                .collect();
            let rows: Vec<R> = both_ways(log, by, &span).await;
            assert_eq!(rows.iter().collect::<Vec<_>>(), wanted, "{log} {span}");
        }
    }
}

#[tokio::test]
async fn a_span_of_time_holds_its_first_moment_and_not_its_last() {
    let scene = Scene::new(75).await.unwrap();
    let (admin, signatory) = (&scene.staff.admin, &scene.staff.signatory);
    for n in 0..3 {
        scene.world.pass_s(60).await.unwrap();
        signatory.case(scene.submitted.id).await.unwrap();
        admin.add_user(&format!("baru{n}")).await.unwrap();
    }
    scene.world.pass_s(60).await.unwrap();
    let by = resting(&scene).await;
    let of_admin = format!("&user={}", admin.user());
    spans("journal", by, &of_admin, |row: &JournalRow| row.at).await;
    let of_signatory = format!("&user={}", signatory.user());
    spans("access", by, &of_signatory, |row: &AccessRow| row.at).await;
    // Nothing happened yet, and nothing since: no rows, and no mistake.
    let now = scene.world.now();
    for log in ["journal", "access"] {
        for span in [
            format!("since={}", now.plus_s(1)),
            "until=1999-01-01T00:00:00Z".to_owned(),
        ] {
            let page = by.get(&format!("/v1/{log}?newest=true&{span}")).await;
            let page: Page<serde_json::Value> = page.read().unwrap();
            assert_eq!((page.items.len(), page.next), (0, None), "{log} {span}");
        }
        let path = format!("/v1/{log}?since=kemarin");
        assert_eq!(by.get(&path).await.verdict(), "400 bad_query");
    }
    scene.world.end().await;
}
