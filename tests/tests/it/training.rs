//! The training area: invented families that are never counted, people who practise on them and reach nothing else, and
//! rounds that can be begun as often as anybody likes.

use serde_json::json;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{Flag, VisitKind};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::ReviewQueue;
use tilik_protocol::map::{MapView, MapVillage};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::ImportKind;
use tilik_protocol::review::{CaseRow, Claimed, MembershipRow, Page};
use tilik_protocol::session::OfficerDuty;
use tilik_protocol::training::{TRAINING_HEADER, TRAINING_PROGRAM, TrainingView};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::Person;
use tilik_tests::{Console, kediri};

use crate::review::{Desk, desk};

fn area() -> RegionCode {
    "00.01".parse().unwrap()
}

/// A desk with real work on it, and a training area where some people practise.
struct Practice {
    desk: Desk,
    /// Reviews in the training area and nowhere else.
    trainee: Console,
    /// Decides there.
    operator: Console,
    /// Confirms there.
    approver: Console,
    officer: Person,
    phone: SoftPhone,
}

async fn trainee(desk: &Desk, name: &str, role: Role) -> Console {
    let staff = (&desk.staff.admin, &desk.staff.approver);
    desk.world
        .person(staff, name, role, &[area()])
        .await
        .unwrap()
}

/// Begins a round, as an admin does.
async fn prepare(desk: &Desk) -> TrainingView {
    let admin = &desk.staff.admin;
    let body = json!({ "event_id": admin.event() });
    let told = admin.post("/v1/training", &body).await;
    told.ok().unwrap().read().unwrap()
}

async fn practice(seed: u64) -> Practice {
    let desk = desk(seed, 3, 1).await;
    let officer = trainee(&desk, "peserta-petugas", Role::Officer)
        .await
        .person;
    let phone = SoftPhone::enrolled(&desk.world, &desk.staff.admin, &officer)
        .await
        .unwrap();
    let practice = Practice {
        trainee: trainee(&desk, "peserta-koordinator", Role::Supervisor).await,
        operator: trainee(&desk, "peserta-operator", Role::Operator).await,
        approver: trainee(&desk, "peserta-kepala", Role::Approver).await,
        desk,
        officer,
        phone,
    };
    prepare(&practice.desk).await;
    practice
}

impl Practice {
    async fn cases(&self, of: &Console) -> Vec<CaseRow> {
        let page: Page<CaseRow> = of.get("/v1/cases?limit=200").await.read().unwrap();
        page.items
    }

    /// A visit of the trainee to a training case that asks for a quick one.
    async fn visited(&mut self) -> CaseRow {
        let mut found = None;
        for row in self.cases(&self.trainee).await {
            let case = self.trainee.case(row.id).await.unwrap();
            if case.kind == Lenient::Known(VisitKind::Quick)
                && row.state == Lenient::Known(CaseState::Assigned)
            {
                found = Some(row);
                break;
            }
        }
        let row = found.unwrap();
        let shots = vec![
            self.phone.photograph(0).unwrap(),
            self.phone.photograph(1).unwrap(),
        ];
        let mut manifest = self.phone.manifest(Some(row.id), VisitKind::Quick, &shots);
        manifest.region = row.region.clone();
        // A phone that knows that it trains says so; here that is no flaw.
        manifest.training = true;
        let visit = self.phone.seal(manifest, shots);
        self.phone.bring(&visit).await.unwrap();
        row
    }
}

/// What the city's people are told of all that is counted.
async fn counted(desk: &Desk) -> Vec<serde_json::Value> {
    let staff = &desk.staff;
    let map = "south=-850000000&west=-1790000000&north=850000000&east=1790000000&zoom=3";
    let mut told = Vec::new();
    for (by, path) in [
        (&staff.supervisor, "/v1/cases?limit=200"),
        (&staff.supervisor, "/v1/review/waiting"),
        (&staff.supervisor, "/v1/map/villages"),
        (&staff.supervisor, &format!("/v1/map?{map}")),
        (&staff.supervisor, "/v1/map/families?limit=200"),
        (&staff.supervisor, "/v1/officers"),
        (&staff.operator, "/v1/memberships?limit=200"),
        (&staff.approver, "/v1/cases?state=awaiting_approval"),
        (&staff.approver, "/v1/regions"),
        (&staff.auditor, "/v1/memberships?limit=200"),
    ] {
        let answer = by.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.json());
        told.push(answer.json());
    }
    let found = staff
        .operator
        .post("/v1/families/search", &json!({ "text": "latihan" }))
        .await;
    told.push(found.ok().unwrap().json());
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_done_in_training_is_in_no_count_of_the_city() {
    let mut practice = practice(310).await;
    practice.desk.submitted(0..1).await;
    let before = counted(&practice.desk).await;
    let slots = "SELECT COUNT(*) FROM slot WHERE region >= '01'";
    let held = practice.desk.world.count(slots).await.unwrap();

    // A whole life of a case: visited, reviewed, cancelled by two persons, and the place given to the next in line.
    let row = practice.visited().await;
    let claimed = practice.trainee.claim().await.unwrap().unwrap();
    assert_eq!(claimed.id, row.id);
    assert!(claimed.family.name.starts_with("LATIHAN"));
    let flags = &claimed.visits[0].flags;
    assert!(
        !flags
            .iter()
            .any(|one| one.flag == Lenient::Known(Flag::Training))
    );
    practice.trainee.accept(row.id).await.unwrap();
    let membership = claimed.memberships[0].id;
    assert_eq!(claimed.memberships[0].program, TRAINING_PROGRAM);
    let said = practice
        .operator
        .decide(row.id, membership, Some("MENINGGAL"))
        .await;
    assert_eq!(said.unwrap().status, 200);
    // The city's own approver is nobody there.
    let body = json!({ "event_id": practice.desk.staff.approver.event(),
        "seen_version": practice.trainee.case(row.id).await.unwrap().version,
        "membership": membership, "confirm": true });
    let path = format!("/v1/cases/{}/confirmations", row.id);
    let said = practice.desk.staff.approver.post(&path, &body).await;
    assert_eq!(said.verdict(), "404 not_found");
    let said = practice.approver.confirm(row.id, membership, true).await;
    assert_eq!(said.unwrap().status, 200);
    let rows: Page<MembershipRow> = practice
        .operator
        .get("/v1/memberships?limit=200")
        .await
        .read()
        .unwrap();
    let next = rows
        .items
        .iter()
        .find(|one| one.successor_of == Some(membership));
    assert!(next.is_some_and(|one| one.region.is_training()));

    assert_eq!(counted(&practice.desk).await, before);
    assert_eq!(practice.desk.world.count(slots).await.unwrap(), held);
    practice.desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_trainee_sees_and_reaches_what_was_invented_and_nothing_else() {
    let mut practice = practice(311).await;
    let real = practice.desk.submitted(0..1).await[0];
    let rows = practice.cases(&practice.trainee).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row.region.is_training()));
    assert!(rows.iter().all(|row| row.name.starts_with("LATIHAN")));
    assert!(
        rows.iter()
            .all(|row| row.officer == Some(practice.officer.id))
    );
    let queue: ReviewQueue = practice
        .trainee
        .get("/v1/review/waiting")
        .await
        .read()
        .unwrap();
    assert_eq!(queue.waiting, 0);
    assert!(practice.trainee.claim().await.unwrap().is_none());
    let hidden = practice.trainee.get(&format!("/v1/cases/{real}")).await;
    assert_eq!(hidden.verdict(), "404 not_found");
    let taken = practice.trainee.take(real).await;
    assert_eq!(taken.verdict(), "404 not_found");
    // Nor can they give a real family's case, or lose a real officer's phone, even one who trains as well.
    let real_officer = practice.desk.phone.officer.clone();
    practice
        .desk
        .staff
        .admin
        .add_grant(real_officer.id, Role::Officer, &[area()], None)
        .await
        .unwrap();
    // Whoever keeps the phones of a real place sees which of them only train.
    let phones = practice.desk.staff.supervisor.devices().await.unwrap();
    let duty = |id| phones.iter().find(|row| row.id == id).unwrap().duty.known();
    assert_eq!(duty(practice.phone.id), Some(OfficerDuty::Training));
    assert_eq!(duty(practice.desk.phone.id), Some(OfficerDuty::Here));
    let body = json!({ "event_id": practice.trainee.event(), "kind": "stolen" });
    let path = format!("/v1/devices/{}/revoke", practice.desk.phone.id);
    let said = practice.trainee.post(&path, &body).await;
    assert_eq!(said.verdict(), "404 not_found");
    let opened = practice
        .trainee
        .open_cases(
            &[practice.desk.village.homes[1].family],
            VisitKind::Quick,
            None,
            None,
        )
        .await;
    assert!(opened.is_err());

    // A trainee's visit to a real family is kept, and moves nothing.
    let case = practice.desk.assigned(1..2).await[0];
    let visit = practice.phone.visit(case, VisitKind::Quick).await.unwrap();
    let seen = practice.desk.case(case).await;
    assert_eq!(seen.state, Lenient::Known(CaseState::Assigned));
    assert!(seen.visits.iter().any(|one| one.id == visit.visit()));
    // One that says itself that it is for training is told as such.
    let mut manifest = practice
        .desk
        .phone
        .manifest(Some(case), VisitKind::Quick, &[]);
    manifest.training = true;
    let visit = practice.desk.phone.seal(manifest, Vec::new());
    practice.desk.phone.bring(&visit).await.unwrap();
    let seen = practice.desk.case(case).await;
    assert_eq!(seen.state, Lenient::Known(CaseState::Assigned));
    let told = seen.visits.iter().find(|one| one.id == visit.visit());
    assert!(
        told.unwrap()
            .flags
            .iter()
            .any(|one| one.flag == Lenient::Known(Flag::Training))
    );
    practice.desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_real_and_training_work_is_told_of_one_at_a_time() {
    let mut practice = practice(312).await;
    let both = practice.desk.staff.supervisor.clone();
    practice.desk.submitted(0..1).await;
    let before = counted(&practice.desk).await;
    let grant = practice
        .desk
        .staff
        .admin
        .add_grant(both.user(), Role::Supervisor, &[area()], None)
        .await
        .unwrap();
    practice
        .desk
        .staff
        .approver
        .confirm_grant(grant.id)
        .await
        .unwrap();
    let row = practice.visited().await;
    assert_eq!(counted(&practice.desk).await, before);

    let token = both.token().await.unwrap();
    let bearer = format!("Bearer {token}");
    let world = &practice.desk.world;
    let ask = async |method: &str, path: &str, training: bool, body: Option<serde_json::Value>| {
        let mut headers = vec![("authorization", bearer.as_str())];
        if training {
            headers.push((TRAINING_HEADER, "1"));
        }
        let answer = world.call_with(method, path, &headers, body.as_ref()).await;
        answer.ok().unwrap()
    };
    for (training, waiting) in [(false, 1), (true, 1)] {
        let rows: Page<CaseRow> = ask("GET", "/v1/cases?limit=200", training, None)
            .await
            .read()
            .unwrap();
        assert!(!rows.items.is_empty());
        assert!(
            rows.items
                .iter()
                .all(|row| row.region.is_training() == training)
        );
        let queue: ReviewQueue = ask("GET", "/v1/review/waiting", training, None)
            .await
            .read()
            .unwrap();
        assert_eq!(queue.waiting, waiting);
        let villages: Page<MapVillage> = ask("GET", "/v1/map/villages", training, None)
            .await
            .read()
            .unwrap();
        assert!(
            villages
                .items
                .iter()
                .all(|one| one.region.is_training() == training)
        );
        // What is held of one kind leaves the other free.
        let claim = json!({ "limit": 3 });
        let claimed: Claimed = ask("POST", "/v1/review/claim", training, Some(claim))
            .await
            .read()
            .unwrap();
        let held: Vec<_> = claimed.case.iter().chain(&claimed.more).collect();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].region.is_training(), training);
    }
    // One row is shown either way.
    let case = both.case(row.id).await.unwrap();
    assert!(case.region.is_training());
    practice.desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_round_begun_again_closes_the_last_and_adds_up_to_the_same() {
    let mut practice = practice(313).await;
    let world_slots = "SELECT COUNT(*) FROM slot WHERE region < '01' AND state <> 'retired'";
    let first = practice.cases(&practice.trainee).await;
    let slots = practice.desk.world.count(world_slots).await.unwrap();
    let row = practice.visited().await;
    practice.trainee.accept(row.id).await.unwrap();

    let admin = practice.desk.staff.admin.clone();
    let body = json!({ "event_id": admin.event() });
    let told = admin.post("/v1/training", &body).await.ok().unwrap();
    let view: TrainingView = told.read().unwrap();
    assert_eq!((view.families, view.officers), (13, 1));
    assert_eq!(view.open_cases, first.len() as u64);
    let journal = "SELECT COUNT(*) FROM journal";
    let rows = practice.desk.world.count(journal).await.unwrap();
    // The same act again is the same round.
    let again = admin.post("/v1/training", &body).await;
    assert_eq!(again.json(), told.json());
    assert_eq!(practice.desk.world.count(journal).await.unwrap(), rows);

    for row in &first {
        let case = practice.trainee.case(row.id).await.unwrap();
        assert_eq!(
            case.state,
            Lenient::Known(CaseState::Closed),
            "{}",
            row.name
        );
    }
    // And another round is another; nothing is left over from the ones before.
    prepare(&practice.desk).await;
    for query in [
        "SELECT COUNT(*) FROM family WHERE region = '00.01.01.0001'",
        "SELECT COUNT(*) FROM house WHERE region = '00.01.01.0001'",
    ] {
        assert_eq!(practice.desk.world.count(query).await.unwrap(), 13);
    }
    assert_eq!(practice.desk.world.count(world_slots).await.unwrap(), slots);
    let held = "SELECT COUNT(*) FROM slot s JOIN membership m ON m.id = s.membership_id \
                WHERE s.region < '01' AND s.state = 'held' AND m.state = 'active' AND m.slot_id = s.id";
    assert_eq!(practice.desk.world.count(held).await.unwrap(), slots);
    let view: MapView = practice
        .trainee
        .get("/v1/map?south=-850000000&west=-1790000000&north=850000000&east=1790000000&zoom=3")
        .await
        .read()
        .unwrap();
    assert_eq!(view.families, 13);
    let store = practice.desk.world.app().unwrap().store;
    let whole = store.acting_as_system("a test").verify_journal().await;
    assert!(whole.unwrap().is_ok());
    practice.desk.world.end().await;
}

#[tokio::test]
async fn roles_in_training_need_no_one_but_the_city_and_are_never_mixed_with_real_ones() {
    let desk = desk(314, 1, 0).await;
    let admin = &desk.staff.admin;
    let user = desk.staff.signatory.user();
    let grant = async |role: &str, regions: &[&str]| {
        let body = json!({ "event_id": admin.event(), "role": role, "regions": regions,
            "document_number": "ST/7/2026" });
        let path = format!("/v1/users/{user}/grants");
        let answer = admin.post(&path, &body).await;
        let field = answer.json()["fields"][0]["code"].clone();
        (answer.status, field.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(
        grant("supervisor", &["00.01", "35.71"]).await,
        (422, "mixed_training".to_owned())
    );
    for role in ["admin", "feed"] {
        assert_eq!(
            grant(role, &["00.01"]).await,
            (422, "not_for_training".to_owned())
        );
    }
    assert_eq!(grant("supervisor", &["00.01"]).await.0, 200);
    // Nobody but an admin makes the area.
    for by in [
        &desk.staff.supervisor,
        &desk.staff.approver,
        &desk.staff.auditor,
    ] {
        let body = json!({ "event_id": by.event() });
        let said = by.post("/v1/training", &body).await;
        assert_eq!(said.verdict(), "403 forbidden");
    }
    desk.world.end().await;
}

#[tokio::test]
async fn no_file_reaches_the_training_area_or_its_program() {
    let desk = desk(315, 1, 0).await;
    prepare(&desk).await;
    let regions = "SELECT COUNT(*) FROM region";
    let before = desk.world.count(regions).await.unwrap();
    let by = &desk.staff.admin;
    for (kind, file) in [
        (ImportKind::Regions, "code,name\n00.01.01.0002,SELUNDUPAN\n"),
        (
            ImportKind::Programs,
            "code,name,unit,fund\nLATIHAN,Bantuan,family,apbd\n",
        ),
        (
            ImportKind::Quotas,
            "program,region,slots\nLATIHAN,35.71.03.1009,5\n",
        ),
        (
            ImportKind::Quotas,
            "program,region,slots\nSEMBAKO,00.01.01.0001,5\n",
        ),
    ] {
        let report = kediri::send(&desk.world.doorway(), by, kind, file.into())
            .await
            .unwrap();
        assert_eq!((report.added, report.waiting), (0, 0), "{file}");
        assert_eq!(report.rejected, 1, "{file}");
    }
    assert_eq!(desk.world.count(regions).await.unwrap(), before);
    // A program list is still the city's to bring in: an area that is no place is not beyond its reach.
    let file = "code,name,unit,fund\nBLTD,Bantuan Daerah,family,apbd\n";
    let report = kediri::send(&desk.world.doorway(), by, ImportKind::Programs, file.into())
        .await
        .unwrap();
    assert_eq!(report.rejected, 0, "{report:?}");
    desk.world.end().await;
}
