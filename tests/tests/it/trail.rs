//! The journal and the access log as auditors read them.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use tilik_protocol::ids::PhotoId;
use tilik_protocol::policy::Role;
use tilik_protocol::review::{AccessRow, JournalRow, Page};
use tilik_tests::requests::Scene;
use tilik_tests::{Console, village};

async fn whole<Row: DeserializeOwned>(
    log: &str,
    by: &Console,
    filter: &str,
    limit: u64,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/{log}?limit={limit}{filter}{after}");
        let page: Page<Row> = by.get(&path).await.read().unwrap();
        assert!(page.items.len() as u64 <= limit);
        rows.extend(page.items);
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
        let left = store.count("SELECT COUNT(*) FROM access_new").await;
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
