//! Health insurance: the word of the latest day stands, nothing is removed by it, and whom BPJS took off can be brought back
//! for six months.

use serde_json::{Value, json};
use tilik_protocol::family::FamilyChanged;
use tilik_protocol::health::{FamilyHealth, HealthReceipt, HealthStatus, PBI, StatementView};
use tilik_protocol::ids::{FamilyId, PersonId};
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::ProposalState;
use tilik_protocol::registry::{ImportKind, ImportReport};
use tilik_protocol::review::Page;
use tilik_protocol::tasks::{TaskKind, Tasks};
use tilik_tests::feed::{self, Signer};
use tilik_tests::people::{Staff, hire};
use tilik_tests::proposals::{SCAN, bring_scan};
use tilik_tests::village::{self, Village};
use tilik_tests::world::Answer;
use tilik_tests::{Console, World, kediri};
use uuid::Uuid;

use crate::proposals::{act, always_open, done, drafted, propose, see, state, wrong, yes};

struct Office {
    world: World,
    staff: Staff,
    village: Village,
    /// The account of BPJS.
    feed: Console,
    signer: Signer,
    /// The operator of another village.
    far: Console,
}

async fn office(seed: u64) -> Office {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(6, 2).await.unwrap();
    let desk = (&staff.admin, &staff.approver);
    let feed = hire(desk, "bpjs", Role::Feed, &[village::city()]).await;
    let far = hire(
        desk,
        "operator.pojok",
        Role::Operator,
        &[village::elsewhere()],
    )
    .await;
    let program = format!(
        "code,name,unit,decile_max,fund,pusat\n{PBI},Penerima Bantuan Iuran JKN,orang,5,apbn,ya\n"
    );
    let quota = format!("program,wilayah,jatah\n{PBI},{},3\n", village::here());
    let files = [(ImportKind::Programs, program), (ImportKind::Quotas, quota)]
        .map(|(kind, text)| (kind, "berkas.csv".to_owned(), text.into_bytes()));
    kediri::import(
        &world.doorway(),
        &staff.admin,
        &staff.approver,
        files.into(),
    )
    .await
    .unwrap();
    Office {
        signer: Signer::insurance().unwrap(),
        feed: feed.unwrap(),
        far: far.unwrap(),
        world,
        staff,
        village,
    }
}

/// A line of BPJS.
fn line(id: &str, nik: &str, status: &str, since: &str, as_of: &str) -> Value {
    json!({
        "event_id": id, "nik": nik, "status": status, "segment": "PBI_JK", "since": since,
        "as_of": as_of,
    })
}

fn field(answer: &Answer) -> String {
    let first = &answer.json()["fields"][0];
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}:{}", answer.status, text("field"), text("code"))
}

impl Office {
    async fn told(&self, lines: &[Value]) -> HealthReceipt {
        let answer = self.signer.insured(&self.world, &self.feed, lines).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.read().unwrap()
    }

    async fn of(&self, by: &Console, family: FamilyId) -> FamilyHealth {
        let path = format!("/v1/families/{family}/health");
        by.get(&path).await.ok().unwrap().read().unwrap()
    }

    /// What is known of the head of a family: status, since when and the day of the data.
    async fn head(&self, home: usize) -> Option<(String, Option<String>, String)> {
        let health = self
            .of(&self.staff.operator, self.village.homes[home].family)
            .await;
        let head = &health.persons[0];
        let status = head.status.as_ref()?.known()?;
        Some((status.to_string(), head.since.clone(), head.as_of.clone()?))
    }

    async fn list(&self, by: &Console, part: &str) -> Vec<StatementView> {
        let answer = by.get(&format!("/v1/health/statements?part={part}")).await;
        let page: Page<StatementView> = answer.ok().unwrap().read().unwrap();
        page.items
    }

    /// How much of this kind waits on the first page of somebody.
    async fn tasks(&self, by: &Console, kind: TaskKind) -> u64 {
        let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
        let group = tasks.groups.iter().find(|group| group.kind == kind);
        group.map_or(0, |group| group.count)
    }

    async fn judge(&self, by: &Console, one: &StatementView, verdict: &str) -> Answer {
        let body = json!({
            "event_id": by.event(), "seen_version": one.version, "verdict": verdict,
            "reason": "ORANG_LAIN",
        });
        let path = format!("/v1/health/statements/{}/judge", one.id);
        by.post(&path, &body).await
    }

    async fn bring(&self, kind: ImportKind, text: &str) -> ImportReport {
        let path = format!("/v1/imports/{kind}?event_id={}", self.staff.admin.event());
        let sent = self
            .staff
            .admin
            .bring(&path, "text/csv", text.as_bytes())
            .await;
        sent.unwrap().ok().unwrap().read().unwrap()
    }

    /// The head of a family holds a place of PBI-JK.
    async fn insured(&self, home: usize) {
        let nik = &self.village.homes[home].nik;
        let text = format!("program,nik,status\n{PBI},{nik},aktif\n");
        let file = (
            ImportKind::Memberships,
            "peserta.csv".to_owned(),
            text.into_bytes(),
        );
        kediri::import(
            &self.world.doorway(),
            &self.staff.admin,
            &self.staff.approver,
            vec![file],
        )
        .await
        .unwrap();
    }

    /// State of the head's place in PBI-JK, and how many there ever were.
    async fn places(&self, home: usize) -> Vec<String> {
        let person = self.village.homes[home].persons[0];
        let store = self.world.app().unwrap().store;
        let text =
            "SELECT state FROM membership WHERE program = 'PBI-JK' AND person_id = $1 ORDER BY id";
        let rows = store.peek(text, [Uuid::from(person).into()]).await.unwrap();
        let states = rows.iter().map(|row| row.try_get("", "state").unwrap());
        states.collect()
    }

    fn to_come_back(&self, home: usize, person: PersonId, reason: &str) -> Value {
        json!({
            "kind": "pbi_reactivation", "family": self.village.homes[home].family,
            "person": person, "program": PBI, "reason": reason,
            "document_number": "440/12/PKM/2026",
        })
    }
}

#[tokio::test]
async fn the_word_of_the_latest_day_stands_whatever_comes_first_or_twice() {
    let office = office(7101).await;
    let nik = office.village.homes[0].nik.clone();
    assert_eq!(office.head(0).await, None);
    let second = line("b-2", &nik, "NONAKTIF", "2026-11-01", "2026-11-20");
    let receipt = office.told(std::slice::from_ref(&second)).await;
    assert_eq!((receipt.current, receipt.known), (1, 0));
    // What was said of an earlier day comes later: it is kept, and changes nothing.
    let first = line("b-1", &nik, "AKTIF", "2024-01-01", "2026-10-20");
    let receipt = office.told(&[first, second.clone()]).await;
    assert_eq!((receipt.past, receipt.known, receipt.current), (1, 1, 0));
    let stands = Some((
        "NONAKTIF".to_owned(),
        Some("2026-11-01".to_owned()),
        "2026-11-20".to_owned(),
    ));
    assert_eq!(office.head(0).await, stands);
    // One id for two contents is told, and of one batch the later day stands as well.
    let mut other = second;
    other["status"] = json!("AKTIF");
    let newer = line("b-4", &nik, "AKTIF", "2026-11-22", "2026-11-23");
    let older = line("b-3", &nik, "NONAKTIF", "2026-11-01", "2026-11-21");
    let receipt = office.told(&[other, newer, older]).await;
    assert_eq!((receipt.current, receipt.past), (1, 1));
    assert_eq!(receipt.refused[0].problems[0].code, "content_conflict");
    assert_eq!(
        receipt.refused[0].problems[0].field,
        "statements[0].event_id"
    );
    assert_eq!(office.head(0).await.unwrap().0, "AKTIF");
    let all = office.list(&office.staff.auditor, "all").await;
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|one| one.nik.ends_with("************")));
    // Who does not reach the family is told nothing of it.
    let path = format!("/v1/families/{}/health", office.village.homes[0].family);
    assert_eq!(office.far.get(&path).await.verdict(), "404 not_found");
    assert_eq!(office.list(&office.far, "all").await.len(), 0);
    office.world.end().await;
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_told_with_its_field_and_the_others_are_taken() {
    let office = office(7102).await;
    let nik = office.village.homes[0].nik.clone();
    let good = line("b-1", &nik, "AKTIF", "2024-01-01", "2026-11-20");
    let word = line("b-2", &nik, "MENUNGGAK", "2024-01-01", "2026-11-20");
    let number = line("b-3", "3571", "AKTIF", "2024-01-01", "2026-11-20");
    let future = line("b-4", &nik, "AKTIF", "2024-01-01", "2027-01-01");
    let named = line(&nik, &nik, "AKTIF", "2024-01-01", "2026-11-20");
    let receipt = office.told(&[word, good, number, future, named]).await;
    assert_eq!(receipt.current, 1);
    let told: Vec<(u32, String)> = receipt
        .refused
        .iter()
        .map(|one| {
            let first = &one.problems[0];
            (one.position, format!("{} {}", first.field, first.code))
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, "statements[0].status unknown".to_owned()),
            (2, "statements[2].nik length".to_owned()),
            (3, "statements[3].as_of in_future".to_owned()),
            (4, "statements[4].event_id bad_shape".to_owned()),
        ]
    );
    assert_eq!(office.head(0).await.unwrap().0, "AKTIF");
    office.world.end().await;
}

#[tokio::test]
async fn only_a_key_of_the_insurance_speaks_of_it_and_of_nothing_else() {
    let office = office(7103).await;
    let (world, feed) = (&office.world, &office.feed);
    let nik = office.village.homes[0].nik.clone();
    let said = [line("b-1", &nik, "NONAKTIF", "2026-11-01", "2026-11-20")];
    let registry = Signer::registry().unwrap();
    let refused = registry.insured(world, feed, &said).await.unwrap();
    assert_eq!(field(&refused), "422 signature:wrong");
    let death = feed::event("b-1", "MENINGGAL", &nik, "2026-11-20", 1);
    let refused = office.signer.send(world, feed, &[death]).await.unwrap();
    assert_eq!(field(&refused), "422 signature:wrong");
    // A file is signed in itself; its nonce is used once, whoever carries it.
    let body = json!({ "statements": said });
    let file = office
        .signer
        .file_of(world.now(), "berkas-bpjs-000001", &body);
    let admin = &office.staff.admin;
    let path = "/v1/health/files";
    let taken = feed::send_file(world, admin, path, file.clone()).await;
    assert_eq!(taken.unwrap().json()["current"], 1);
    let again = feed::send_file(world, admin, path, file).await.unwrap();
    assert_eq!(field(&again), "422 nonce:used");
    let mut changed = office
        .signer
        .file_of(world.now(), "berkas-bpjs-000002", &body);
    let last = changed.len() - 2;
    changed.insert(last, b' ');
    let changed = feed::send_file(world, admin, path, changed).await.unwrap();
    assert_eq!(field(&changed), "422 signature:wrong");
    let operator = &office.staff.operator;
    let carried = feed::send_file(world, operator, path, Vec::new()).await;
    assert_eq!(carried.unwrap().verdict(), "403 forbidden");
    office.world.end().await;
}

#[tokio::test]
async fn who_is_not_known_waits_for_a_person_and_is_found_once_registered() {
    let office = office(7104).await;
    let nik = "3571031212800077";
    let said = line("b-1", nik, "NONAKTIF", "2026-11-01", "2026-11-20");
    assert_eq!(office.told(&[said]).await.unmatched, 1);
    let verifier = &office.staff.verifier;
    // Of somebody unknown nobody knows the village: it waits for who answers for the city.
    assert_eq!(office.list(&office.far, "unknown").await.len(), 0);
    let waits = office.list(verifier, "unknown").await;
    assert_eq!(waits.len(), 1);
    let unknown = TaskKind::JudgeInsurance;
    assert_eq!(office.tasks(verifier, unknown).await, 1);
    assert_eq!(office.tasks(&office.far, unknown).await, 0);
    let still = office.judge(verifier, &waits[0], "retry").await;
    assert_eq!(still.ok().unwrap().json()["state"], "unmatched");
    let stale = office.judge(verifier, &waits[0], "retry").await;
    assert_eq!(stale.verdict(), "409 stale");
    let family = crate::proposals_guarded::at_the_desk(&office.staff.operator).await;
    let waits = office.list(verifier, "unknown").await;
    let found = office.judge(verifier, &waits[0], "retry").await;
    let found: StatementView = found.ok().unwrap().read().unwrap();
    assert_eq!(found.family, Some(family));
    assert_eq!(office.tasks(verifier, unknown).await, 0);
    let health = office.of(&office.staff.operator, family).await;
    let head = health.persons.iter().find(|one| one.status.is_some());
    let status = head.unwrap().status.as_ref().unwrap().known();
    assert_eq!(status, Some(HealthStatus::Nonaktif));
    assert_eq!(office.list(verifier, "unknown").await.len(), 0);
    // What is left to do is the village's now.
    let open = office.list(&office.staff.operator, "open").await;
    assert_eq!(open.len(), 1);
    let by = &office.staff.operator;
    office.judge(by, &open[0], "dismiss").await.ok().unwrap();
    assert_eq!(office.list(by, "open").await.len(), 0);
    let again = office.judge(by, &open[0], "dismiss").await;
    assert_eq!(again.verdict(), "409 stale");
    // The same of a later day is no new matter, an end of a later day is.
    let same = line("b-2", nik, "NONAKTIF", "2026-11-01", "2026-11-21");
    assert_eq!(office.told(&[same]).await.current, 1);
    assert_eq!(office.list(by, "open").await.len(), 0);
    let new = line("b-3", nik, "NONAKTIF", "2026-11-22", "2026-11-22");
    assert_eq!(office.told(&[new]).await.current, 1);
    assert_eq!(office.list(by, "open").await.len(), 1);
    office.world.end().await;
}

#[tokio::test]
async fn a_stranger_said_every_month_waits_once_and_one_dismissed_does_not_come_back() {
    let office = office(7111).await;
    let (nik, other) = ("3571031212800077", "3571031212800078");
    let verifier = &office.staff.verifier;
    for (n, day) in ["2026-09-20", "2026-11-20", "2026-10-20"]
        .iter()
        .enumerate()
    {
        let said = line(&format!("m-{n}"), nik, "AKTIF", "2024-01-01", day);
        office.told(&[said]).await;
    }
    // Two of one batch as well, of which the later day waits.
    let batch = [("2026-11-21", "n-1"), ("2026-11-22", "n-2")]
        .map(|(day, id)| line(id, other, "AKTIF", "2024-01-01", day));
    office.told(&batch).await;
    let waits = office.list(verifier, "unknown").await;
    let days: Vec<_> = waits.iter().map(|one| one.as_of.as_str()).collect();
    assert_eq!(days, ["2026-11-20", "2026-11-22"]);
    assert_eq!(office.tasks(verifier, TaskKind::JudgeInsurance).await, 2);
    office
        .judge(verifier, &waits[0], "dismiss")
        .await
        .ok()
        .unwrap();
    // The same of the next month is no new matter, something else is.
    let same = line("m-4", nik, "AKTIF", "2024-01-01", "2026-11-23");
    assert_eq!(office.told(&[same]).await.known, 1);
    assert_eq!(office.list(verifier, "unknown").await.len(), 1);
    let new = line("m-5", nik, "NONAKTIF", "2026-11-23", "2026-11-24");
    assert_eq!(office.told(&[new]).await.unmatched, 1);
    assert_eq!(office.list(verifier, "unknown").await.len(), 2);
    // What a later word replaced asks nothing of anybody.
    let asks = "SELECT COUNT(*) FROM health_statement WHERE state = 'past' AND (why IS NOT NULL OR due_on IS NOT NULL)";
    assert_eq!(office.world.count(asks).await.unwrap(), 0);
    office.world.end().await;
}

#[tokio::test]
async fn of_two_rows_that_are_one_person_the_later_word_of_bpjs_stands() {
    let office = office(7112).await;
    let by = &office.staff.operator;
    let mut families = Vec::new();
    for n in [81, 82] {
        let person = |nik: String, name: &str, born: &str, sex: &str, relation: &str| json!({ "nik": nik, "name": name, "birth_date": born, "sex": sex, "relation": relation });
        let body = json!({
            "event_id": by.event(), "kk": format!("35710301012000{n}"), "address": "JL MAWAR NO 1",
            "rt": "1", "rw": "02", "region": village::here(),
            "persons": [
                person(format!("35710312128000{n}"), "SURYONO", "1980-12-12", "male", "kepala_keluarga"),
                person(format!("35710352128200{n}"), "SITI AMINAH", "1982-12-12", "female", "pasangan"),
            ],
        });
        let made = by.post("/v1/families", &body).await.ok().unwrap();
        let made: FamilyChanged = made.read().unwrap();
        let path = format!("/v1/families/{}", made.family);
        let page: FamilyPage = by.get(&path).await.ok().unwrap().read().unwrap();
        families.push(page.family);
    }
    let said = [
        line(
            "b-1",
            "3571031212800081",
            "NONAKTIF",
            "2026-11-01",
            "2026-11-20",
        ),
        line(
            "b-2",
            "3571031212800082",
            "AKTIF",
            "2026-11-10",
            "2026-11-21",
        ),
        line(
            "b-3",
            "3571035212820082",
            "AKTIF",
            "2026-11-10",
            "2026-11-21",
        ),
    ];
    assert_eq!(office.told(&said).await.current, 3);
    let of = |family: usize, relation: &str| {
        let persons = &families[family].persons;
        persons
            .iter()
            .find(|one| one.relation == relation)
            .unwrap()
            .id
    };
    let same = ["kepala_keluarga", "pasangan"]
        .map(|one| json!({ "stays": of(0, one), "goes": of(1, one) }));
    let body = json!({
        "event_id": by.event(), "seen_version": families[0].version, "other": families[1].id,
        "seen_other": families[1].version, "same": same,
    });
    let path = format!("/v1/families/{}/merge", families[0].id);
    by.post(&path, &body).await.ok().unwrap();
    let health = office.of(by, families[0].id).await;
    let days: Vec<_> = health
        .persons
        .iter()
        .map(|one| one.as_of.as_deref())
        .collect();
    assert_eq!(days, [Some("2026-11-21"), Some("2026-11-21")]);
    let current = "SELECT COUNT(*) FROM health_statement WHERE state = 'current'";
    assert_eq!(office.world.count(current).await.unwrap(), 2);
    // The next word of either number is of that person.
    let next = line(
        "b-4",
        "3571031212800082",
        "NONAKTIF",
        "2026-11-22",
        "2026-11-22",
    );
    assert_eq!(office.told(&[next]).await.current, 1);
    let health = office.of(by, families[0].id).await;
    assert_eq!(health.persons[0].as_of.as_deref(), Some("2026-11-22"));
    office.world.end().await;
}

#[tokio::test]
async fn an_insured_dead_person_is_a_question_and_the_end_of_their_insurance_is_none() {
    let office = office(7105).await;
    let home = &office.village.homes[0];
    let store = office.world.app().unwrap().store;
    let text = "UPDATE person SET alive = FALSE WHERE id = $1";
    let dead = Uuid::from(home.persons[0]);
    assert_eq!(store.poke(text, [dead.into()]).await.unwrap(), 1);
    let ended = line("b-1", &home.nik, "NONAKTIF", "2026-11-01", "2026-11-20");
    let receipt = office.told(&[ended]).await;
    assert_eq!((receipt.current, receipt.to_judge), (1, 0));
    assert_eq!(office.list(&office.staff.operator, "open").await.len(), 0);
    let lives = line("b-2", &home.nik, "AKTIF", "2026-11-01", "2026-11-21");
    assert_eq!(office.told(&[lives]).await.to_judge, 1);
    let waits = office.list(&office.staff.operator, "unknown").await;
    assert_eq!(json!(waits[0].why), json!("person_dead"));
    office.world.end().await;
}

#[tokio::test]
async fn a_file_brings_the_same_and_a_second_time_nothing() {
    let office = office(7106).await;
    let (one, two) = (&office.village.homes[0].nik, &office.village.homes[1].nik);
    let header = "NIK;Status Peserta;Segmen;TMT Nonaktif;Per Tanggal;Nama";
    let file = format!(
        "{header}\n{one};NON AKTIF;PBI (APBN);01-11-2026;20-11-2026;X\n{two};AKTIF;PPU;;20-11-2026;\n\
         3571031212809999;AKTIF;PBI JK;;20-11-2026;SIAPA\n{two};MENUNGGAK;;;20-11-2026;\n"
    );
    let report = office.bring(ImportKind::Health, &file).await;
    assert_eq!(
        (report.added, report.warned, report.rejected, report.waiting),
        (3, 1, 1, 0),
        "{report:?}"
    );
    assert_eq!(report.rejections[0].problems[0].field, "status");
    assert_eq!(report.warnings[0].problems[0].code, "unknown");
    let since = Some("2026-11-01".to_owned());
    let as_of = "2026-11-20".to_owned();
    assert_eq!(
        office.head(0).await,
        Some(("NONAKTIF".to_owned(), since, as_of))
    );
    let source = office.of(&office.staff.operator, office.village.homes[0].family);
    assert_eq!(source.await.persons[0].source.as_deref(), Some("berkas"));
    let again = office.bring(ImportKind::Health, &file).await;
    assert_eq!((again.added, again.changed, again.unchanged), (0, 0, 3));
    // An older file after a newer one is history, and once.
    let older = format!("{header}\n{one};AKTIF;PBI JK;;01-10-2026;\n");
    let report = office.bring(ImportKind::Health, &older).await;
    assert_eq!((report.added, report.warned), (1, 1));
    let again = office.bring(ImportKind::Health, &older).await;
    assert_eq!((again.added, again.unchanged), (0, 1));
    assert_eq!(office.head(0).await.unwrap().0, "NONAKTIF");
    office.world.end().await;
}

#[tokio::test]
async fn an_end_at_bpjs_takes_no_place_and_asks_people() {
    let office = office(7107).await;
    office.insured(0).await;
    let nik = office.village.homes[0].nik.clone();
    let receipt = office
        .told(&[line("b-1", &nik, "NONAKTIF", "2026-11-01", "2026-11-20")])
        .await;
    assert_eq!(receipt.current, 1);
    assert_eq!(office.places(0).await, ["active"]);
    let open = office.list(&office.staff.operator, "open").await;
    assert_eq!(json!(open[0].why), json!("inactive"));
    assert_eq!(open[0].reactivate_until.as_deref(), Some("2027-05-01"));
    // Somebody else pays: that is for people too.
    let mut paid = line("b-2", &nik, "AKTIF", "2026-11-21", "2026-11-22");
    paid["segment"] = json!("PPU");
    office.told(&[paid]).await;
    let open = office.list(&office.staff.operator, "open").await;
    assert_eq!(json!(open[0].why), json!("other_segment"));
    assert_eq!(office.places(0).await, ["active"]);
    office.world.end().await;
}

#[tokio::test]
async fn whom_bpjs_took_off_is_brought_back_and_keeps_the_place() {
    let office = office(7108).await;
    office.insured(0).await;
    always_open(&office.staff, "pbi_reactivation").await;
    let home = &office.village.homes[0];
    let (operator, verifier) = (&office.staff.operator, &office.staff.verifier);
    let said = line("b-1", &home.nik, "NONAKTIF", "2026-11-01", "2026-11-20");
    office.told(&[said]).await;
    let health = office.of(operator, home.family).await;
    let head = &health.persons[0];
    assert!(head.may_reactivate && head.holds_pbi);
    assert_eq!(head.reactivate_until.as_deref(), Some("2027-05-01"));
    let person = home.persons[0];
    // The reasons are those of a reactivation, and the letter is asked for.
    assert_eq!(office.tasks(operator, TaskKind::FollowInsurance).await, 1);
    let odd = propose(operator, office.to_come_back(0, person, "GANDA"), false).await;
    assert_eq!(wrong(&odd), ["unknown"]);
    let content = office.to_come_back(0, person, "PENYAKIT_KRONIS");
    let mut bare = content.clone();
    bare["document_number"] = Value::Null;
    let made = drafted(operator, bare).await;
    assert_eq!(made.warnings, []);
    let id = made.row.id;
    let refused = act(operator, id, "submit", json!({})).await;
    assert_eq!(wrong(&refused), ["missing"]);
    done(operator, id, "change", json!({ "content": content })).await;
    done(operator, id, "submit", json!({})).await;
    assert_eq!(office.list(operator, "open").await.len(), 0);
    assert_eq!(office.tasks(operator, TaskKind::FollowInsurance).await, 0);
    let health = office.of(operator, home.family).await;
    assert!(!health.persons[0].may_reactivate);
    assert_eq!(health.persons[0].proposal, Some(id));
    done(verifier, id, "check", yes()).await;
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
    done(operator, id, "sptjm", sptjm).await;
    done(verifier, id, "verify", yes()).await;
    let view = done(&office.staff.approver, id, "endorse", yes()).await;
    assert_eq!(view.membership, None);
    assert_eq!(office.places(0).await, ["active"], "no second place");
    done(operator, id, "send", json!({})).await;
    let accepted = json!({ "verdict": "yes", "document_number": "12/HUK/2026" });
    let view = done(verifier, id, "outcome", accepted).await;
    assert_eq!(state(&view), ProposalState::Accepted);
    let health = office.of(operator, home.family).await;
    // Two rounds: that of the fourth quarter, and the next.
    let until = health.persons[0].update_until.as_deref();
    assert_eq!(until, Some("2027-03-31"));
    office.world.end().await;
}

#[tokio::test]
async fn who_is_insured_or_was_taken_off_too_long_ago_is_not_brought_back() {
    let office = office(7109).await;
    always_open(&office.staff, "pbi_reactivation").await;
    let operator = &office.staff.operator;
    let homes = &office.village.homes;
    let mut paid = line("b-2", &homes[1].nik, "AKTIF", "2024-01-01", "2026-11-20");
    paid["segment"] = json!("PPU");
    let said = [
        line("b-1", &homes[0].nik, "AKTIF", "2024-01-01", "2026-11-20"),
        paid,
        line("b-3", &homes[2].nik, "NONAKTIF", "2026-05-23", "2026-11-20"),
        line("b-4", &homes[3].nik, "NONAKTIF", "2026-05-24", "2026-11-20"),
    ];
    office.told(&said).await;
    let submit = async |home: usize| {
        let content = office.to_come_back(home, homes[home].persons[0], "MASIH_MISKIN");
        let id = drafted(operator, content).await.row.id;
        (id, act(operator, id, "submit", json!({})).await)
    };
    for home in [0, 1] {
        assert_eq!(wrong(&submit(home).await.1), ["still_insured"], "{home}");
    }
    let (_, late) = submit(2).await;
    assert_eq!(wrong(&late), ["LEWAT_TENGGAT"]);
    assert!(late.json().to_string().contains("2026-11-23"));
    let (id, last_day) = submit(3).await;
    assert_eq!(last_day.status, 200, "{}", last_day.json());
    assert_eq!(state(&see(operator, id).await), ProposalState::Submitted);
    // Of whom BPJS never said anything it is told, and left to people.
    let content = office.to_come_back(4, homes[4].persons[0], "MASIH_MISKIN");
    let made = drafted(operator, content).await;
    let told: Vec<String> = made.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told.contains(&"STATUS_BPJS_BELUM_ADA".to_owned()),
        "{told:?}"
    );
    done(operator, made.row.id, "submit", json!({})).await;
    // Another program has no way back.
    let mut other = office.to_come_back(5, homes[5].persons[0], "MASIH_MISKIN");
    other["program"] = json!(village::SEMBAKO);
    let id = drafted(operator, other).await.row.id;
    let refused = act(operator, id, "submit", json!({})).await;
    assert!(wrong(&refused).contains(&"not_pbi".to_owned()));
    office.world.end().await;
}
