//! Who took whose place: told with both families, for the papers of the village and the file of the city.

use serde_json::json;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::export::{ExportState, ExportView};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::replacement::ReplacementRow;
use tilik_protocol::review::Page;
use tilik_tests::Console;
use tilik_tests::phone::snapshots;
use tilik_tests::village::{SEMBAKO, here};

use crate::lifecycle::{City, city};

async fn list(by: &Console, query: &str) -> Page<ReplacementRow> {
    let answer = by.get(&format!("/v1/replacements{query}")).await;
    answer.ok().unwrap().read().unwrap()
}

/// Home 1 leaves SEMBAKO, and the first in line stands for its place.
async fn replace_home(city: &City) {
    let phone = &city.phones[0];
    let case = city.assign(1, VisitKind::Quick, 0).await;
    phone.visit(case, &snapshots(3, 1).unwrap()).unwrap();
    phone.pump().await.unwrap();
    city.claim(case).await;
    city.staff.supervisor.accept(case).await.unwrap();
    let held = city.village.homes[1].memberships[SEMBAKO];
    let (operator, approver) = (&city.staff.operator, &city.staff.approver);
    let answer = operator.decide(case, held, Some("PINDAH_LUAR")).await;
    answer.unwrap().ok().unwrap();
    let answer = approver.confirm(case, held, true).await.unwrap();
    answer.ok().unwrap();
}

#[tokio::test]
async fn a_place_that_went_on_is_told_with_both_families() {
    let city = city(740, 1).await;
    let operator = &city.staff.operator;
    assert!(list(operator, "").await.items.is_empty());
    replace_home(&city).await;
    let told = list(operator, "").await;
    let [row] = &told.items[..] else {
        panic!("{told:?}");
    };
    let (gone, next) = (&city.village.homes[1], &city.village.waiting[0]);
    assert_eq!(row.ended, gone.memberships[SEMBAKO]);
    assert_eq!(row.state.known(), Some(MembershipState::Candidate));
    assert_eq!(row.reason.as_ref().unwrap().as_str(), "PINDAH_LUAR");
    assert!(row.confirmed_at.is_some());
    let (before, after) = (row.before.as_ref().unwrap(), row.after.as_ref().unwrap());
    assert_eq!((before.family, &before.name), (gone.family, &gone.name));
    assert_eq!((after.family, &after.name), (next.family, &next.name));
    assert_eq!(after.nik_masked.as_deref(), Some("3571************"));
    let answer = operator.get("/v1/replacements").await.ok().unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!text.contains(&next.nik) && !text.contains(&gone.kk));
    assert!(list(operator, "?program=PKH").await.items.is_empty());
    assert_eq!(list(operator, "?program=SEMBAKO").await.items.len(), 1);
    let bad = operator.get("/v1/replacements?after=x").await;
    assert_eq!(bad.code().as_deref(), Some("bad_cursor"));
    let reads = "SELECT COUNT(*) FROM access WHERE what = 'family_row'";
    assert!(city.world.count(reads).await.unwrap() > 0);

    // Whoever stepped back in between had the place never.
    let store = city.world.app().unwrap().store;
    let third = uuid::Uuid::from(city.village.waiting[1].family);
    let id: uuid::Uuid = city.world.id();
    store
        .poke(
            "INSERT INTO membership (id, version, program, family_id, region, state, successor_of, valid_from, recorded_at) \
             SELECT $1, 1, program, $2, region, state, id, valid_from, recorded_at FROM membership WHERE id = $3",
            [id.into(), third.into(), uuid::Uuid::from(row.id).into()],
        )
        .await
        .unwrap();
    store
        .poke(
            "UPDATE membership SET state = 'withdrawn' WHERE id = $1",
            [uuid::Uuid::from(row.id).into()],
        )
        .await
        .unwrap();
    let told = list(operator, "").await;
    assert_eq!(told.items.len(), 1);
    assert_eq!(told.items[0].ended, row.ended);
    let after = told.items[0].after.as_ref().unwrap();
    assert_eq!(after.name, city.village.waiting[1].name);

    let desk = (&city.staff.admin, &city.staff.approver);
    let far: RegionCode = "35.71.02.1001".parse().unwrap();
    let stranger = city
        .world
        .person(desk, "operator.lain", Role::Operator, &[far])
        .await
        .unwrap();
    assert!(list(&stranger, "").await.items.is_empty());
    let clerk = city.staff.admin.get("/v1/replacements").await;
    assert_eq!(clerk.verdict(), "403 forbidden");
    city.end().await;
}

#[tokio::test]
async fn the_city_sends_its_replacements_back_as_a_file() {
    let city = city(741, 1).await;
    replace_home(&city).await;
    let operator = &city.staff.operator;
    let (gone, next) = (&city.village.homes[1], &city.village.waiting[0]);
    for personal in [false, true] {
        let body = json!({
            "event_id": operator.event(), "kind": "replacements", "format": "csv",
            "region": here(), "program": SEMBAKO, "personal": personal,
            "purpose": "pelaporan penggantian penerima",
        });
        operator.post("/v1/exports", &body).await.ok().unwrap();
        city.world.settle().await.unwrap();
        let page: Page<ExportView> = operator.get("/v1/exports").await.read().unwrap();
        let made = &page.items[0];
        assert_eq!(
            (made.state.known(), made.rows),
            (Some(ExportState::Ready), Some(1))
        );
        let file = operator.get(&format!("/v1/exports/{}/file", made.id)).await;
        let text = String::from_utf8(file.ok().unwrap().body.to_vec()).unwrap();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let cells = |line: Option<&str>| -> Vec<String> {
            let cells = line.unwrap().trim_matches('"').split("\",\"");
            cells.map(str::to_owned).collect()
        };
        let (head, row) = (cells(lines.next()), cells(lines.next()));
        assert_eq!(head.len(), row.len());
        let cell = |name: &str| {
            let at = head.iter().position(|one| one == name).unwrap();
            row[at].as_str()
        };
        assert_eq!((cell("Program"), cell("Keadaan")), (SEMBAKO, "calon"));
        assert_eq!(
            (
                cell("Kabupaten_Kota"),
                cell("Kecamatan"),
                cell("Desa_Kelurahan")
            ),
            ("KOTA KEDIRI", "PESANTREN", "BETET")
        );
        assert_eq!(
            (cell("Nama_Lama"), cell("Nama")),
            (gone.name.as_str(), next.name.as_str())
        );
        assert_eq!(cell("Sebab"), "PINDAH_LUAR");
        let clear = (gone.kk.as_str(), next.nik.as_str());
        let masked = ("3571************", "3571************");
        let told = (cell("Nokk_Lama"), cell("Nik"));
        assert_eq!(told, if personal { clear } else { masked });
    }
    city.end().await;
}
