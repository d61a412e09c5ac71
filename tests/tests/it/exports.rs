//! Files that leave: who may have which, what of a person stands in them, and what is left of them the day after.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tilik_protocol::export::{ExportState, ExportView};
use tilik_protocol::ids::{ExportId, JobId};
use tilik_protocol::policy::Role;
use tilik_protocol::registry::{ImportKind, ImportReport};
use tilik_protocol::review::Page;
use tilik_server::blobs::{BlobKey, BlobPrefix};
use tilik_tests::{Answer, Console, World};

use crate::imports::{BANDAR_LOR, Office, families, head};

const CITY: &str = "35.71";

async fn ask(by: &Console, more: &Value) -> Answer {
    let mut body = json!({
        "event_id": by.event(), "kind": "families", "format": "csv", "region": BANDAR_LOR,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    by.post("/v1/exports", &body).await
}

async fn asked(by: &Console, more: &Value) -> ExportView {
    ask(by, more).await.ok().unwrap().read().unwrap()
}

async fn newest(by: &Console) -> ExportView {
    let page: Page<ExportView> = by.get("/v1/exports").await.ok().unwrap().read().unwrap();
    page.items.into_iter().next().unwrap()
}

async fn fetch(by: &Console, export: &ExportView) -> Answer {
    by.get(&format!("/v1/exports/{}/file", export.id)).await
}

async fn answer(by: &Console, export: &ExportView, allow: bool) -> Answer {
    let body = json!({ "event_id": by.event(), "allow": allow });
    by.post(&format!("/v1/exports/{}/answer", export.id), &body)
        .await
}

async fn files(world: &World) -> usize {
    let blobs = &world.app().unwrap().blobs;
    let page = blobs.list(&BlobPrefix::exports(), None, 100).await.unwrap();
    page.objects.len()
}

impl Office {
    async fn hire(&self, name: &str, role: Role, region: &str) -> Console {
        let desk = (&self.admin, &self.approver);
        let regions = [region.parse().unwrap()];
        self.world.person(desk, name, role, &regions).await.unwrap()
    }
}

#[tokio::test]
async fn numbers_are_masked_until_a_purpose_is_given_and_the_file_comes_in_again() {
    let office = Office::with_places(720).await;
    let operator = office
        .hire("operator.satu", Role::Operator, BANDAR_LOR)
        .await;
    let masked = asked(&operator, &json!({})).await;
    assert_eq!(masked.state, ExportState::Making.into());
    assert_eq!(
        fetch(&operator, &masked).await.verdict(),
        "409 wrong_moment"
    );
    office.world.settle().await.unwrap();
    let made = newest(&operator).await;
    assert_eq!(
        (made.state.known(), made.rows),
        (Some(ExportState::Ready), Some(4))
    );
    let file = fetch(&operator, &made).await.ok().unwrap();
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(text.starts_with("\u{feff}\"id_keluarga\",\"no_kk\",\"nik\",\"nama\""));
    assert!(text.contains("3571************") && !text.contains("3571011212800001"));
    assert!(!text.contains("1980-12-12"));

    let refused = ask(&operator, &json!({ "personal": true })).await;
    assert_eq!(refused.verdict(), "422 invalid");
    let purpose =
        json!({ "personal": true, "format": "xlsx", "purpose": "rapat koordinasi kelurahan" });
    asked(&operator, &purpose).await;
    office.world.settle().await.unwrap();
    let made = newest(&operator).await;
    let file = fetch(&operator, &made).await.ok().unwrap().body.to_vec();
    let report: ImportReport = office.bring(ImportKind::Families, file).await;
    assert_eq!((report.unchanged, report.rejected), (4, 0), "{report:?}");

    // Every family is in the log of reads, and so is the fetching, each with what for.
    for (what, count) in [
        ("export", 1),
        ("export_personal", 1),
        ("export_downloaded", 2),
    ] {
        let found = office.count(&format!("access WHERE what = '{what}'")).await;
        assert_eq!(found, count, "{what}");
    }
    let said = office
        .count("access WHERE what LIKE 'export%' AND purpose IS NOT NULL")
        .await;
    assert_eq!(said, 2);
    office.end().await;
}

const DISTRICT: &str = "35.71.01";
const DUTY: &str = "403 separation_of_duty";

#[tokio::test]
async fn people_of_a_city_and_numbers_of_a_district_need_a_second_person() {
    let office = Office::with_places(721).await;
    let verifier = office.hire("verifikator", Role::Verifier, CITY).await;
    let clear = |region: &str| json!({ "region": region, "personal": true, "purpose": "pemutakhiran DTSEN triwulan" });
    for (more, state) in [
        (json!({ "region": CITY }), ExportState::Waiting),
        (
            json!({ "region": CITY, "kind": "recipients" }),
            ExportState::Waiting,
        ),
        (clear(DISTRICT), ExportState::Waiting),
        (json!({ "region": DISTRICT }), ExportState::Making),
        (clear(BANDAR_LOR), ExportState::Making),
        (
            json!({ "region": CITY, "kind": "quotas" }),
            ExportState::Making,
        ),
    ] {
        assert_eq!(asked(&verifier, &more).await.state, state.into(), "{more}");
    }
    office.world.settle().await.unwrap();
    let path = "/v1/exports?state=waiting";
    let seen = |by: Console| async move {
        let page: Page<ExportView> = by.get(path).await.ok().unwrap().read().unwrap();
        page.items
    };
    let approver = Console::of(&office.world, office.approver.person.clone());
    assert_eq!(seen(approver).await.len(), 3);
    office.end().await;
}

#[tokio::test]
async fn whoever_asked_or_stands_in_for_them_does_not_allow_it_and_nobody_else_fetches_it() {
    let office = Office::with_places(723).await;
    let verifier = office.hire("verifikator", Role::Verifier, CITY).await;
    let city = [CITY.parse().unwrap()];
    let whole =
        json!({ "region": CITY, "personal": true, "purpose": "pemutakhiran DTSEN triwulan" });
    let waiting = asked(&verifier, &whole).await;
    assert_eq!(
        fetch(&verifier, &waiting).await.verdict(),
        "409 wrong_moment"
    );
    // By role alone they may not; by a second grant, or as somebody's deputy, they may, but not upon their own.
    assert_eq!(
        answer(&verifier, &waiting, true).await.verdict(),
        "403 forbidden"
    );
    let own = office
        .admin
        .add_grant(verifier.user(), Role::Approver, &city, None)
        .await
        .unwrap();
    office.approver.confirm_grant(own.id).await.unwrap();
    let deputy = office.hire("sekretaris", Role::Verifier, CITY).await;
    let lent = json!({ "event_id": verifier.event(), "user": deputy.user(),
        "document_number": "800/PLH/1/2026", "valid_until": office.world.now().plus_s(86_400) });
    let path = format!("/v1/grants/{}/delegate", own.id);
    verifier.post(&path, &lent).await.ok().unwrap();
    for by in [&verifier, &deputy] {
        for allow in [true, false] {
            assert_eq!(answer(by, &waiting, allow).await.verdict(), DUTY);
        }
    }
    // That they may upon somebody else's shows that it was not for want of the right.
    let other = office.hire("verifikator.lain", Role::Verifier, CITY).await;
    let others = asked(&other, &whole).await;
    answer(&verifier, &others, false).await.ok().unwrap();
    assert_eq!(newest(&other).await.state, ExportState::Refused.into());

    answer(&office.approver, &waiting, true).await.ok().unwrap();
    assert_eq!(
        answer(&office.approver, &waiting, true).await.verdict(),
        "409 wrong_moment"
    );
    office.world.settle().await.unwrap();
    assert_eq!(
        fetch(&office.approver, &waiting).await.verdict(),
        "403 forbidden"
    );
    assert_eq!(fetch(&other, &waiting).await.verdict(), "404 not_found");
    fetch(&verifier, &waiting).await.ok().unwrap();
    assert_eq!(files(&office.world).await, 1);

    // A day later nothing is left but that it was.
    office.world.pass_days(1).await.unwrap();
    assert_eq!(files(&office.world).await, 0);
    assert_eq!(office.count("export_part").await, 0);
    assert_eq!(
        fetch(&verifier, &waiting).await.verdict(),
        "409 wrong_moment"
    );
    office.end().await;
}

#[tokio::test]
async fn a_file_is_kept_in_pieces_and_nothing_stays_of_one_that_was_broken_off() {
    let office = Office::furnished(724).await;
    let lines: Vec<String> = (1..=9_500).map(head).collect();
    let report = office.bring(ImportKind::Families, families(&lines)).await;
    assert_eq!(report.added, 9_500, "{:?}", report.rejections.first());
    let operator = office
        .hire("operator.satu", Role::Operator, BANDAR_LOR)
        .await;
    let export = asked(&operator, &json!({})).await;
    // A worker died over it: a piece is there, and nobody told what of.
    let app = office.world.app().unwrap();
    let put = async |sha256: [u8; 32], export: ExportId| {
        let attempt: JobId = office.world.id();
        let key = BlobKey::export(attempt, &sha256);
        let row =
            "INSERT INTO export_part (export_id, attempt, position, sha256) VALUES ($1, $2, 0, $3)";
        let values = [
            uuid::Uuid::from(export).into(),
            uuid::Uuid::from(attempt).into(),
            sha256.to_vec().into(),
        ];
        app.store.poke(row, values).await.unwrap();
        app.blobs.put(&key, b"half a file").await.unwrap();
    };
    put([7; 32], export.id).await;
    assert_eq!(files(&office.world).await, 1);
    office.world.settle().await.unwrap();
    let made = newest(&operator).await;
    assert_eq!(
        (made.state.known(), made.rows),
        (Some(ExportState::Ready), Some(9_500))
    );
    let parts = files(&office.world).await;
    assert!(parts > 1, "as large as this it is more than one piece");
    assert_eq!(
        office.count("export_part").await,
        i64::try_from(parts).unwrap()
    );
    let file = fetch(&operator, &made).await.ok().unwrap();
    assert_eq!(file.headers["content-length"], file.body.len().to_string());
    assert_eq!(made.bytes, Some(file.body.len() as u64));
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert_eq!(
        (text.lines().count(), text.matches("id_keluarga").count()),
        (9_501, 1)
    );
    let told = app
        .store
        .peek("SELECT sha256 FROM export_run", [])
        .await
        .unwrap();
    let sha256: Vec<u8> = told[0].try_get_by_index(0).unwrap();
    assert_eq!(sha256, Sha256::digest(&file.body).to_vec());

    // Of another making of a file that is there, and of one that nobody makes any more.
    put([8; 32], export.id).await;
    let gone = asked(&operator, &json!({ "format": "xlsx" })).await;
    app.store
        .poke(
            "UPDATE export_run SET state = 'dropped' WHERE id = $1",
            [uuid::Uuid::from(gone.id).into()],
        )
        .await
        .unwrap();
    put([9; 32], gone.id).await;
    office.world.pass_s(60).await.unwrap();
    assert_eq!(files(&office.world).await, parts, "what is needed stays");
    fetch(&operator, &made).await.ok().unwrap();
    office.end().await;
}

#[tokio::test]
async fn one_that_cannot_be_made_is_given_up_and_a_program_is_one_that_there_is() {
    let office = Office::with_places(725).await;
    let operator = office
        .hire("operator.satu", Role::Operator, BANDAR_LOR)
        .await;
    let typed = ask(&operator, &json!({ "program": "3571011212800001" })).await;
    assert_eq!(typed.verdict(), "422 invalid");
    assert!(!office.told().await.contains("3571011212800001"));
    asked(&operator, &json!({ "program": "SEMBAKO" })).await;
    let store = office.world.app().unwrap().store;
    store.poke("DELETE FROM job", []).await.unwrap();
    office.world.pass_days(1).await.unwrap();
    assert_eq!(newest(&operator).await.state, ExportState::Making.into());
    office.world.pass_days(2).await.unwrap();
    assert_eq!(newest(&operator).await.state, ExportState::Dropped.into());
    office.end().await;
}

#[tokio::test]
async fn every_kind_is_of_ones_own_region_and_no_cell_is_a_formula() {
    let office = Office::with_places(722).await;
    let nasty = head(5).replace("WARGA", "=cmd|A1 WARGA");
    let far = head(6).replace(BANDAR_LOR, "35.71.02.1001");
    office
        .bring(ImportKind::Families, families(&[nasty, far]))
        .await;
    let operator = office
        .hire("operator.satu", Role::Operator, BANDAR_LOR)
        .await;
    // An act for the ministry and a place on the map for every family, here and there: what is elsewhere must stay out.
    let store = office.world.app().unwrap().store;
    let acts = "INSERT INTO ministry_act (id, version, kind, object, program, region, family_id, approved_at) \
                SELECT id, 1, 'designated', 'membership', 'PKH', region, id, recorded_at FROM family";
    let pins = "UPDATE house SET registry_lat_e7 = -78200000, registry_lon_e7 = 1120150000";
    for text in [acts, pins] {
        assert_eq!(store.poke(text, []).await.unwrap(), 6, "{text}");
    }
    let outside = ask(&operator, &json!({ "region": CITY })).await;
    assert_eq!(outside.verdict(), "404 not_found");
    let clerk = ask(&office.admin, &json!({})).await;
    assert_eq!(clerk.verdict(), "403 forbidden");
    let wrong = ask(&operator, &json!({ "kind": "pins" })).await;
    assert_eq!(wrong.verdict(), "422 invalid");
    for (kind, format, rows) in [
        ("families", "csv", 5),
        ("recipients", "csv", 2),
        ("waitlist", "xlsx", 1),
        ("quotas", "csv", 1),
        ("worklist", "xlsx", 5),
        ("pins", "geojson", 5),
    ] {
        asked(&operator, &json!({ "kind": kind, "format": format })).await;
        office.world.settle().await.unwrap();
        let made = newest(&operator).await;
        assert_eq!(
            (made.state.known(), made.rows),
            (Some(ExportState::Ready), Some(rows)),
            "{kind}"
        );
        let file = fetch(&operator, &made).await.ok().unwrap().body.to_vec();
        match (kind, format) {
            ("families", _) => {
                let text = String::from_utf8(file).unwrap();
                assert!(text.contains(",\"'=cmd|A1 WARGA"), "{text}");
                assert!(!text.contains("3571010101000006"));
            }
            ("pins", _) => {
                let value: Value = serde_json::from_slice(&file).unwrap();
                assert_eq!(value["type"], "FeatureCollection");
                let features = value["features"].as_array().unwrap();
                assert_eq!(features.len(), 5);
                let is_here = |one: &Value| one["properties"]["wilayah"] == BANDAR_LOR;
                assert!(features.iter().all(is_here), "{value}");
            }
            (_, "xlsx") => assert!(file.starts_with(b"PK")),
            _ => assert!(file.starts_with(b"\xef\xbb\xbf\"program\"")),
        }
    }
    office.end().await;
}
