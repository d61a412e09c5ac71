//! Population events: what the civil registry signs has its effect once and in order, frees no place by itself, and what
//! cannot be decided by a machine waits for a person.

use serde_json::{Value, json};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{ReturnTarget, VisitKind};
use tilik_protocol::ids::{CaseId, FamilyId, MembershipId, PersonId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::policy::Role;
use tilik_protocol::population::{
    BatchReceipt, BatchState, BatchView, CivilEventView, CivilState, CivilWhy, FamilyEvents,
    HeldAfterDeath, MoveState, MoveView, Trip, UnmaskedEvent,
};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::{AccessRow, CaseView, Page};
use tilik_protocol::sync::ReturnReason;
use tilik_protocol::tasks::{TaskKind, Tasks};
use tilik_server::store::testing::{PlantFamily, PlantPerson};
use tilik_tests::feed::{self, Signer, event, moves, send_as_is};
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::hire;
use tilik_tests::village::{PKH, SEMBAKO, Village, city, elsewhere, here};
use tilik_tests::world::{Answer, contains};
use tilik_tests::{Console, Staff, World};

use crate::exchange::peak_mib;

/// The day that every world begins, and some before.
const TODAY: &str = "2026-11-24";
const BEFORE: &str = "2026-11-20";

struct Office {
    world: World,
    staff: Staff,
    village: Village,
    /// The civil registry's account.
    feed: Console,
    signer: Signer,
    /// Operators of two villages.
    near: Console,
    far: Console,
}

async fn office(seed: u64) -> Office {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(6, 2).await.unwrap();
    let desk = (&staff.admin, &staff.approver);
    let feed = hire(desk, "dukcapil", Role::Feed, &[city()]).await.unwrap();
    let (betet, pojok) = ([here()], [elsewhere()]);
    let near = hire(desk, "operator.betet", Role::Operator, &betet).await;
    let far = hire(desk, "operator.pojok", Role::Operator, &pojok).await;
    let (near, far) = (near.unwrap(), far.unwrap());
    Office {
        signer: Signer::registry().unwrap(),
        world,
        feed,
        near,
        far,
        village,
        staff,
    }
}

/// A family with several members, planted.
struct Big {
    family: FamilyId,
    niks: Vec<String>,
    persons: Vec<PersonId>,
    sembako: MembershipId,
}

impl Office {
    async fn bring(&self, events: &[Value]) -> BatchReceipt {
        let answer = self.signer.send(&self.world, &self.feed, events).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.read().unwrap()
    }

    /// Head, spouse and child, in SEMBAKO.
    async fn big_family(&self, n: u32) -> Big {
        let nik = |m: u32| format!("35710301018{n:03}{m:02}");
        let niks: Vec<String> = (1..=3).map(nik).collect();
        let relations = ["kepala_keluarga", "pasangan", "anak"];
        let persons = niks
            .iter()
            .zip(relations)
            .map(|(nik, relation)| PlantPerson {
                name: format!("WARGA {n} {}", relation.to_uppercase().replace('_', " ")),
                nik: Some(nik.clone()),
                relation: relation.to_owned(),
            });
        let wanted = PlantFamily {
            region: here(),
            name: format!("WARGA {n} KEPALA KELUARGA"),
            address: format!("JL ANGGREK NO {n}"),
            rt: "001".to_owned(),
            rw: "002".to_owned(),
            kk: Some(format!("35710399{n:08}")),
            persons: persons.collect(),
            programs: vec![SEMBAKO.to_owned()],
        };
        let store = self.world.app().unwrap().store;
        let planted = store
            .plant_families(&[wanted])
            .await
            .unwrap()
            .pop()
            .unwrap();
        Big {
            family: planted.family,
            niks,
            persons: planted.persons,
            sembako: planted.memberships[SEMBAKO],
        }
    }

    async fn text(&self, query: &str, id: uuid::Uuid) -> Option<String> {
        let store = self.world.app().unwrap().store;
        let rows = store.peek(query, [id.into()]).await.unwrap();
        rows[0].try_get_by_index(0).unwrap()
    }

    /// State and reason of a membership.
    async fn membership(&self, id: MembershipId) -> (String, Option<String>) {
        let id = uuid::Uuid::from(id);
        let state = "SELECT state FROM membership WHERE id = $1";
        let reason = "SELECT reason FROM membership WHERE id = $1";
        (
            self.text(state, id).await.unwrap(),
            self.text(reason, id).await,
        )
    }

    /// State and village of the slot that a membership holds.
    async fn slot(&self, id: MembershipId) -> (String, String) {
        let id = uuid::Uuid::from(id);
        let state =
            "SELECT s.state FROM slot s JOIN membership m ON m.slot_id = s.id WHERE m.id = $1";
        let region =
            "SELECT s.region FROM slot s JOIN membership m ON m.slot_id = s.id WHERE m.id = $1";
        (
            self.text(state, id).await.unwrap(),
            self.text(region, id).await.unwrap(),
        )
    }

    async fn lives(&self, person: PersonId) -> bool {
        let id = uuid::Uuid::from(person);
        let query = "SELECT CASE WHEN alive THEN 'ya' ELSE 'tidak' END FROM person WHERE id = $1";
        self.text(query, id).await.as_deref() == Some("ya")
    }

    async fn events(&self, by: &Console, query: &str) -> Vec<CivilEventView> {
        let page = by.get(&format!("/v1/population/events?{query}")).await;
        page.ok()
            .unwrap()
            .read::<Page<CivilEventView>>()
            .unwrap()
            .items
    }

    async fn one(&self, feed_event: &str) -> CivilEventView {
        let all = self.events(&self.staff.auditor, "limit=200").await;
        let mut found = all.into_iter().filter(|one| one.feed_event == feed_event);
        found.next().unwrap()
    }

    async fn judge(&self, by: &Console, feed_event: &str, more: Value) -> Answer {
        let event = self.one(feed_event).await;
        let mut body = json!({ "event_id": by.event(), "seen_version": event.version });
        let (Value::Object(body_fields), Value::Object(more)) = (&mut body, more) else {
            panic!("two objects");
        };
        body_fields.extend(more);
        by.post(&format!("/v1/population/events/{}/judge", event.id), &body)
            .await
    }

    async fn batches(&self, by: &Console) -> Vec<BatchView> {
        let page = by.get("/v1/population/batches").await.ok().unwrap();
        page.read::<Page<BatchView>>().unwrap().items
    }

    async fn decide_batch(&self, by: &Console, receipt: &BatchReceipt, verb: &str) -> Answer {
        let body = json!({
            "event_id": by.event(), "seen_version": 1,
            "reason": (verb == "refuse").then_some("UJI_COBA"),
        });
        let path = format!("/v1/population/batches/{}/{verb}", receipt.batch);
        by.post(&path, &body).await
    }

    async fn moves(&self, by: &Console, side: &str) -> Vec<MoveView> {
        let page = by.get(&format!("/v1/population/moves?side={side}")).await;
        page.ok().unwrap().read::<Page<MoveView>>().unwrap().items
    }

    async fn family(&self, by: &Console, id: FamilyId) -> Option<FamilyPage> {
        let answer = by.get(&format!("/v1/families/{id}")).await;
        (answer.status == 200).then(|| answer.read().unwrap())
    }

    async fn move_by_hand(&self, by: &Console, id: FamilyId, seen: i32, to: &str) -> Answer {
        let body = json!({
            "event_id": by.event(), "seen_version": seen, "region": to,
            "address": "JL BARU NO 9", "rt": "3", "rw": "4",
        });
        by.post(&format!("/v1/families/{id}/moves"), &body).await
    }

    async fn answer_move(&self, by: &Console, moved: &MoveView, verb: &str) -> Answer {
        let body = json!({
            "event_id": by.event(), "seen_version": moved.version,
            "reason": (verb == "send-back").then_some("TIDAK_TINGGAL_DI_SINI"),
        });
        let path = format!("/v1/population/moves/{}/{verb}", moved.id);
        by.post(&path, &body).await
    }

    /// A new case about a family with a visit that waits for its review.
    async fn visit_of(&self, phone: &mut SoftPhone, family: FamilyId) -> CaseId {
        let officer = Some(self.staff.officers[0].id);
        let by = &self.staff.supervisor;
        let families = [family];
        let opened = by.open_cases(&families, VisitKind::Quick, officer, None);
        let case = opened.await.unwrap().cases[0];
        phone.visit(case, VisitKind::Quick).await.unwrap();
        self.world.settle().await.unwrap();
        case
    }

    /// The only place of an accepted case is found eligible, by as many as that takes.
    async fn decided(&self, case: CaseId, place: MembershipId) {
        let said = self.staff.operator.decide(case, place, None).await.unwrap();
        let view: CaseView = said.ok().unwrap().read().unwrap();
        if view.state.known() == Some(CaseState::AwaitingApproval) {
            let said = self.staff.approver.confirm(case, place, true).await;
            said.unwrap().ok().unwrap();
        }
    }

    /// As [`Office::visit_of`], with a phone for it.
    async fn visited(&self, family: FamilyId) -> (SoftPhone, CaseId) {
        let officer = &self.staff.officers[0];
        let phone = SoftPhone::enrolled(&self.world, &self.staff.admin, officer).await;
        let mut phone = phone.unwrap();
        let case = self.visit_of(&mut phone, family).await;
        (phone, case)
    }

    /// The spouse receives for the family: asked for by one, confirmed by another; until then the place stands as it is.
    async fn names_spouse(&self, big: &Big, meanwhile: (String, Option<String>)) {
        let page = self.family(&self.near, big.family).await.unwrap();
        let body = json!({
            "event_id": self.near.event(), "seen_version": page.family.version, "payee": big.persons[1],
        });
        let path = format!("/v1/families/{}/corrections", big.family);
        let asked = self.near.post(&path, &body).await.ok().unwrap().json();
        assert_eq!(self.membership(big.sembako).await, meanwhile);
        let approver = &self.staff.approver;
        let body = json!({ "event_id": approver.event(), "seen_version": page.family.version });
        let waits = asked["waits"].as_str().unwrap();
        let path = format!("/v1/family-requests/{waits}/confirm");
        approver.post(&path, &body).await.ok().unwrap();
    }

    async fn unmask(&self, by: &Console, feed_event: &str, purpose: &str) -> Answer {
        let event = self.one(feed_event).await;
        let path = format!("/v1/population/events/{}/unmask", event.id);
        by.post(&path, &json!({ "purpose": purpose })).await
    }

    async fn tasks(&self, by: &Console, kind: TaskKind) -> u64 {
        let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
        let group = tasks.groups.iter().find(|group| group.kind == kind);
        group.map_or(0, |group| group.count)
    }

    /// The quota and the slots of a program, by village, and as a whole.
    async fn quotas(&self) -> (i64, i64) {
        let count = async |query: &str| self.world.count(query).await.unwrap();
        (
            count("SELECT CAST(SUM(slots) AS bigint) FROM quota").await,
            count("SELECT COUNT(*) FROM slot WHERE state <> 'retired'").await,
        )
    }

    /// Villages whose quota is not the number of their slots.
    async fn crooked(&self) -> i64 {
        let query = "SELECT COUNT(*) FROM quota q WHERE q.slots <> (SELECT COUNT(*) FROM slot s \
                     WHERE s.program = q.program AND s.region = q.region AND s.state <> 'retired')";
        self.world.count(query).await.unwrap()
    }
}

fn told(receipt: &BatchReceipt) -> Vec<(CivilState, Option<CivilWhy>)> {
    let events = receipt.events.iter();
    events
        .map(|one| {
            let why = one.why.as_ref().and_then(Lenient::known);
            (one.state.known().unwrap(), why)
        })
        .collect()
}

fn field(answer: &Answer) -> String {
    let first = &answer.json()["fields"][0];
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}:{}", answer.status, text("field"), text("code"))
}

#[tokio::test]
async fn only_what_a_configured_key_signed_lately_and_once_is_taken() {
    let office = office(7001).await;
    let world = &office.world;
    let nik = &office.village.homes[0].nik;
    let body = json!({ "events": [event("a-1", "MENINGGAL", nik, BEFORE, 1)] });
    let body = body.to_string().into_bytes();
    let now = world.now();
    let nonce = |n: u32| format!("nonce-untuk-uji-{n}");
    let send = async |headers: Vec<(&'static str, String)>, body: &[u8]| {
        let answer = send_as_is(world, &office.feed, &headers, body.to_vec());
        field(&answer.await.unwrap())
    };
    let stranger = Signer::from_seed(feed::KEY, [9; 32]).unwrap();
    let unknown = Signer::from_seed("dukcapil/lain", [7; 32]).unwrap();
    let signer = &office.signer;
    let good = |n: u32| signer.headers(now, &nonce(n), &body);
    assert_eq!(
        send(stranger.headers(now, &nonce(1), &body), &body).await,
        "422 signature:wrong"
    );
    assert_eq!(
        send(unknown.headers(now, &nonce(1), &body), &body).await,
        "422 signature:wrong"
    );
    let mut altered = body.clone();
    *altered.last_mut().unwrap() = b' ';
    altered.push(b'}');
    assert_eq!(send(good(1), &altered).await, "422 signature:wrong");
    // Another time or nonce than was signed.
    for (n, value) in [(1, now.plus_s(1).to_string()), (2, nonce(2))] {
        let mut headers = good(1);
        headers[n].1 = value;
        assert_eq!(send(headers, &body).await, "422 signature:wrong");
    }
    let late = signer.headers(now.plus_s(-601), &nonce(1), &body);
    assert_eq!(send(late, &body).await, "422 time:too_old");
    let early = signer.headers(now.plus_s(601), &nonce(1), &body);
    assert_eq!(send(early, &body).await, "422 time:in_future");
    for n in 0..4 {
        let mut headers = good(1);
        headers.remove(n);
        assert!(send(headers, &body).await.ends_with(":missing"));
    }
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM civil_batch")
            .await
            .unwrap(),
        0
    );
    // The key of before counts while it is configured.
    let old = Signer::before().unwrap().headers(now, &nonce(1), &body);
    assert_eq!(send(old, &body).await, "200 :");
    assert_eq!(send(good(3), &body).await, "200 :");
    assert_eq!(send(good(3), &body).await, "422 nonce:used");
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM civil_event")
            .await
            .unwrap(),
        1
    );
    // Who is no feed brings nothing, however it is signed; an admin carries files.
    let headers = good(4);
    let answer = send_as_is(world, &office.near, &headers, body.clone()).await;
    assert_eq!(answer.unwrap().verdict(), "403 forbidden");
    office.world.end().await;
}

#[tokio::test]
async fn a_daily_file_is_signed_in_its_first_line_and_carried_by_an_admin() {
    let office = office(7002).await;
    let admin = &office.staff.admin;
    let nik = &office.village.homes[0].nik;
    let events = [event("b-1", "MENINGGAL", nik, BEFORE, 1)];
    let nonce = "nonce-berkas-harian";
    let yesterday = office.world.now().plus_s(-86_400);
    let file = office.signer.file(yesterday, nonce, &events);
    let path = "/v1/population/files";
    let send = async |file: &[u8]| {
        let sent = admin.bring(path, "application/octet-stream", file).await;
        sent.unwrap()
    };
    let mut altered = file.clone();
    let end = altered.len() - 3;
    altered[end] ^= 1;
    assert_eq!(field(&send(&altered).await), "422 signature:wrong");
    let rest = file.splitn(2, |byte| *byte == b'\n').nth(1).unwrap();
    assert_eq!(field(&send(rest).await), "422 file:no_seal");
    let old = office
        .signer
        .file(yesterday.plus_s(-4 * 86_400), nonce, &events);
    assert_eq!(field(&send(&old).await), "422 time:too_old");
    let receipt: BatchReceipt = send(&file).await.ok().unwrap().read().unwrap();
    assert_eq!(told(&receipt), [(CivilState::Applied, None)]);
    assert_eq!(field(&send(&file).await), "422 nonce:used");
    assert!(!office.lives(office.village.homes[0].persons[0]).await);
    office.world.end().await;
}

#[tokio::test]
async fn the_same_event_twice_is_answered_alike_and_done_once() {
    let office = office(7003).await;
    let home = &office.village.homes[1];
    let events = [event("c-1", "MENINGGAL", &home.nik, BEFORE, 1)];
    let first = office.bring(&events).await;
    let journal = "SELECT COUNT(*) FROM journal WHERE action IN ('membership.suspend', 'civil.apply', 'case.open')";
    let before = office.world.count(journal).await.unwrap();
    let second = office.bring(&events).await;
    assert_eq!(first.events, second.events);
    assert_eq!(told(&first), [(CivilState::Applied, None)]);
    assert_eq!(office.world.count(journal).await.unwrap(), before);
    // Under one id with other content: it is told, and the first stands.
    let other = [event("c-1", "HIDUP_KEMBALI", &home.nik, BEFORE, 2)];
    let third = office.bring(&other).await;
    let conflict = (CivilState::Refused, Some(CivilWhy::ContentConflict));
    assert_eq!(told(&third), [conflict]);
    assert!(!office.lives(home.persons[0]).await);
    office.world.end().await;
}

#[tokio::test]
async fn a_death_of_who_lived_alone_holds_the_place_until_two_persons_end_it() {
    let office = office(7004).await;
    let home = &office.village.homes[1];
    let place = home.memberships[SEMBAKO];
    office
        .bring(&[event("d-1", "MENINGGAL", &home.nik, BEFORE, 1)])
        .await;
    assert!(!office.lives(home.persons[0]).await);
    let dead = ("suspended".to_owned(), Some("MENINGGAL".to_owned()));
    assert_eq!(office.membership(place).await, dead);
    assert_eq!(office.slot(place).await.0, "held");
    let event = office.one("d-1").await;
    assert_eq!(event.follow_up, Some(CivilWhy::NobodyRemains.into()));
    assert!(event.due_at.is_some() && event.nik.contains('*'));
    // A case, in which the place is ended like any other.
    let page = office.family(&office.near, home.family).await.unwrap();
    assert_eq!(page.cases.len(), 1);
    assert_eq!(office.tasks(&office.near, TaskKind::JudgeEvent).await, 1);
    assert_eq!(office.tasks(&office.far, TaskKind::JudgeEvent).await, 0);
    let done = office.judge(&office.near, "d-1", json!({ "verdict": "handled" }));
    assert_eq!(done.await.status, 200);
    assert_eq!(office.tasks(&office.near, TaskKind::JudgeEvent).await, 0);
    assert_eq!(office.crooked().await, 0);
    office.world.end().await;
}

#[tokio::test]
async fn when_who_receives_dies_the_place_waits_for_another_of_the_family() {
    let office = office(7005).await;
    let big = office.big_family(1).await;
    office
        .bring(&[event("e-1", "MENINGGAL", &big.niks[0], BEFORE, 1)])
        .await;
    let waits = ("suspended".to_owned(), Some("GANTI_PENGURUS".to_owned()));
    assert_eq!(office.membership(big.sembako).await, waits);
    assert_eq!(office.slot(big.sembako).await.0, "held");
    let event = office.one("e-1").await;
    assert_eq!(event.follow_up, Some(CivilWhy::PayeeChange.into()));
    let days = event.due_at.unwrap().seconds_since(office.world.now()) / 86_400;
    assert_eq!(days, 30);
    // The spouse receives from now on: asked for by one, confirmed by another.
    office.names_spouse(&big, waits).await;
    assert_eq!(
        office.membership(big.sembako).await,
        ("active".to_owned(), None)
    );
    assert_eq!(office.one("e-1").await.follow_up, None);
    office.world.end().await;
}

#[tokio::test]
async fn a_death_of_another_member_touches_no_place_of_the_family() {
    let office = office(7006).await;
    let big = office.big_family(1).await;
    office
        .bring(&[event("f-1", "MENINGGAL", &big.niks[2], BEFORE, 1)])
        .await;
    assert!(!office.lives(big.persons[2]).await);
    assert_eq!(
        office.membership(big.sembako).await,
        ("active".to_owned(), None)
    );
    assert_eq!(office.one("f-1").await.follow_up, None);
    office.world.end().await;
}

#[tokio::test]
async fn who_lives_again_has_back_what_the_death_put_on_hold_and_no_more() {
    let office = office(7007).await;
    let home = &office.village.homes[1];
    let place = home.memberships[SEMBAKO];
    office
        .bring(&[event("g-1", "MENINGGAL", &home.nik, BEFORE, 1)])
        .await;
    office
        .bring(&[event("g-2", "HIDUP_KEMBALI", &home.nik, TODAY, 2)])
        .await;
    assert!(office.lives(home.persons[0]).await);
    assert_eq!(office.membership(place).await, ("active".to_owned(), None));
    let death = office.one("g-1").await;
    assert_eq!(death.state, CivilState::Reversed.into());
    assert_eq!((death.follow_up, death.due_at), (None, None));
    assert_eq!(office.one("g-2").await.follow_up, None);
    let page = office.family(&office.near, home.family).await.unwrap();
    assert_eq!(page.cases[0].state.known().unwrap().to_string(), "closed");
    // Whose place two persons ended meanwhile is put to a person.
    let other = &office.village.homes[2];
    let place = other.memberships[SEMBAKO];
    office
        .bring(&[event("g-3", "MENINGGAL", &other.nik, BEFORE, 3)])
        .await;
    let store = office.world.app().unwrap().store;
    let ends = "UPDATE membership SET state = 'inactive' WHERE id = $1";
    store
        .poke(ends, [uuid::Uuid::from(place).into()])
        .await
        .unwrap();
    office
        .bring(&[event("g-4", "HIDUP_KEMBALI", &other.nik, TODAY, 4)])
        .await;
    assert_eq!(office.membership(place).await.0, "inactive");
    let again = office.one("g-4").await;
    assert_eq!(again.follow_up, Some(CivilWhy::PlaceGone.into()));
    assert_eq!(office.tasks(&office.near, TaskKind::JudgeEvent).await, 1);
    office.world.end().await;
}

#[tokio::test]
async fn events_of_one_person_go_by_their_numbers_and_a_late_one_undoes_nothing() {
    let office = office(7008).await;
    let home = &office.village.homes[1];
    // In one batch, the later first.
    let receipt = office
        .bring(&[
            event("h-2", "HIDUP_KEMBALI", &home.nik, TODAY, 2),
            event("h-1", "MENINGGAL", &home.nik, BEFORE, 1),
        ])
        .await;
    assert_eq!(
        told(&receipt),
        [(CivilState::Applied, None), (CivilState::Reversed, None)]
    );
    assert!(office.lives(home.persons[0]).await);
    // The later came days before the earlier.
    let other = &office.village.homes[2];
    office
        .bring(&[event("h-4", "HIDUP_KEMBALI", &other.nik, TODAY, 5)])
        .await;
    let late = office
        .bring(&[event("h-3", "MENINGGAL", &other.nik, BEFORE, 4)])
        .await;
    assert_eq!(told(&late), [(CivilState::Superseded, None)]);
    assert!(office.lives(other.persons[0]).await);
    let active = ("active".to_owned(), None);
    assert_eq!(office.membership(other.memberships[SEMBAKO]).await, active);
    office.world.end().await;
}

#[tokio::test]
async fn events_about_nobody_or_the_dead_wait_for_a_person() {
    let office = office(7009).await;
    let unknown = "3571039999990001";
    let dead = &office.village.homes[1];
    office
        .bring(&[event("i-0", "MENINGGAL", &dead.nik, BEFORE, 1)])
        .await;
    let receipt = office
        .bring(&[
            event("i-1", "MENINGGAL", unknown, BEFORE, 2),
            moves("i-2", &dead.nik, TODAY, 3, elsewhere().as_str()),
            event("i-3", "MENINGGAL", &dead.nik, BEFORE, 4),
            event("i-4", "LAHIR", unknown, BEFORE, 5),
            event("i-5", "NAIK_HAJI", &dead.nik, BEFORE, 6),
            event("i-6", "MENINGGAL", "35710399", BEFORE, 7),
            event("i-7", "MENINGGAL", &dead.nik, "2026-02-30", 8),
            moves("i-8", &dead.nik, TODAY, 9, "35.71.01.9999"),
        ])
        .await;
    assert_eq!(
        told(&receipt),
        [
            (CivilState::Unmatched, None),
            (CivilState::ToJudge, Some(CivilWhy::PersonDead)),
            (CivilState::Applied, Some(CivilWhy::AlreadySo)),
            (CivilState::ToJudge, Some(CivilWhy::ByHand)),
            (CivilState::ToJudge, Some(CivilWhy::UnknownKind)),
            (CivilState::Refused, Some(CivilWhy::BadNumber)),
            (CivilState::Refused, Some(CivilWhy::BadDate)),
            (CivilState::Refused, Some(CivilWhy::VillageUnknown)),
        ]
    );
    // What is about nobody is for the city's own people.
    let waits = office.events(&office.staff.verifier, "waiting=true").await;
    assert!(waits.iter().any(|one| one.feed_event == "i-1"));
    let near = office.events(&office.near, "waiting=true").await;
    assert!(near.iter().all(|one| one.feed_event != "i-1"));
    let verdict = json!({ "verdict": "dismiss" });
    let answer = office.judge(&office.staff.verifier, "i-1", verdict).await;
    assert_eq!(field(&answer), "422 reason:unknown");
    let answer = office.judge(&office.near, "i-1", json!({ "verdict": "retry" }));
    assert_eq!(answer.await.status, 404);
    // Once the registry knows them, it has its effect.
    let store = office.world.app().unwrap().store;
    let home = PlantFamily {
        region: here(),
        name: "WARGA BARU".to_owned(),
        address: "JL MELATI NO 77".to_owned(),
        rt: "001".to_owned(),
        rw: "002".to_owned(),
        kk: Some("3571030000007777".to_owned()),
        persons: vec![PlantPerson {
            name: "WARGA BARU".to_owned(),
            nik: Some(unknown.to_owned()),
            relation: "kepala_keluarga".to_owned(),
        }],
        programs: Vec::new(),
    };
    let planted = store.plant_families(&[home]).await.unwrap().pop().unwrap();
    let answer = office.judge(&office.staff.verifier, "i-1", json!({ "verdict": "retry" }));
    assert_eq!(answer.await.status, 200);
    assert_eq!(office.one("i-1").await.state, CivilState::Applied.into());
    assert!(!office.lives(planted.persons[0]).await);
    office.world.end().await;
}

#[tokio::test]
async fn a_batch_about_which_something_is_odd_waits_for_a_second_person() {
    let office = office(7010).await;
    let home = &office.village.homes[1];
    office
        .bring(&[event("j-0", "HIDUP_KEMBALI", &home.nik, BEFORE, 10)])
        .await;
    let future = office
        .bring(&[event("j-1", "MENINGGAL", &home.nik, "2026-11-25", 11)])
        .await;
    assert_eq!(future.trips, [Trip::FutureDate]);
    assert_eq!(told(&future), [(CivilState::Parked, None)]);
    let jump = office
        .bring(&[event("j-2", "MENINGGAL", &home.nik, BEFORE, 1 << 63)])
        .await;
    assert_eq!(jump.trips, [Trip::SequenceJump]);
    let four: Vec<Value> = (2..6)
        .map(|n| {
            let nik = &office.village.homes[n].nik;
            event(&format!("j-k{n}"), "MENINGGAL", nik, BEFORE, 20 + n as u64)
        })
        .collect();
    let share = office.bring(&four).await;
    assert_eq!(share.trips, [Trip::VillageShare]);
    let many: Vec<Value> = (0..51)
        .map(|n| {
            event(
                &format!("j-m{n}"),
                "MENINGGAL",
                &format!("35710388888{n:05}"),
                BEFORE,
                30 + n,
            )
        })
        .collect();
    let deaths = office.bring(&many).await;
    assert_eq!(deaths.trips, [Trip::Deaths]);
    office.world.settle().await.unwrap();
    assert!(office.lives(home.persons[0]).await);
    assert_eq!(
        office
            .tasks(&office.staff.approver, TaskKind::ReleaseEvents)
            .await,
        4
    );
    // The admin who carried it in is no approver, and an operator neither.
    for by in [&office.staff.admin, &office.near, &office.staff.verifier] {
        let answer = office.decide_batch(by, &share, "release").await;
        assert_eq!(answer.verdict(), "403 forbidden");
    }
    let answer = office
        .decide_batch(&office.staff.approver, &share, "release")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    office.world.settle().await.unwrap();
    assert!(!office.lives(office.village.homes[2].persons[0]).await);
    let answer = office
        .decide_batch(&office.staff.approver, &share, "refuse")
        .await;
    assert_eq!(answer.verdict(), "409 stale");
    let answer = office
        .decide_batch(&office.staff.approver, &future, "refuse")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(office.one("j-1").await.state, CivilState::Refused.into());
    // With the largest number there is, let through by a person: nothing breaks.
    let answer = office
        .decide_batch(&office.staff.approver, &jump, "release")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    office.world.settle().await.unwrap();
    assert!(!office.lives(home.persons[0]).await);
    let seen = office.batches(&office.staff.approver).await;
    let seen = seen.iter().find(|batch| batch.id == jump.batch).unwrap();
    assert_eq!(seen.last_seq, (1_u64 << 63).to_string());
    assert_eq!(seen.state, BatchState::Released.into());
    let largest = office
        .bring(&[event("j-9", "HIDUP_KEMBALI", &home.nik, TODAY, u64::MAX)])
        .await;
    assert_eq!(largest.trips, [Trip::SequenceJump]);
    office.world.end().await;
}

#[tokio::test]
async fn nothing_passes_a_parked_event_of_the_same_person() {
    let office = office(7011).await;
    let home = &office.village.homes[1];
    office
        .bring(&[event("k-0", "HIDUP_KEMBALI", &home.nik, BEFORE, 1)])
        .await;
    let parked = office
        .bring(&[event("k-1", "MENINGGAL", &home.nik, "2026-12-01", 2)])
        .await;
    assert_eq!(parked.trips, [Trip::FutureDate]);
    let next = office
        .bring(&[event("k-2", "HIDUP_KEMBALI", &home.nik, TODAY, 3)])
        .await;
    assert_eq!(told(&next), [(CivilState::Received, None)]);
    let answer = office
        .decide_batch(&office.staff.approver, &parked, "release")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    office.world.settle().await.unwrap();
    assert_eq!(office.one("k-1").await.state, CivilState::Reversed.into());
    assert_eq!(office.one("k-2").await.state, CivilState::Applied.into());
    assert!(office.lives(home.persons[0]).await);
    office.world.end().await;
}

#[tokio::test]
async fn a_family_moves_with_its_cases_places_and_old_pin_and_may_be_sent_back() {
    let office = office(7012).await;
    let home = &office.village.homes[0];
    let (sembako, pkh) = (home.memberships[SEMBAKO], home.memberships[PKH]);
    let opened = office
        .staff
        .supervisor
        .open_cases(&[home.family], VisitKind::Full, None, None)
        .await
        .unwrap();
    let case = opened.cases[0];
    let store = office.world.app().unwrap().store;
    let pin = "UPDATE house SET lat_e7 = 1, lon_e7 = 2, accuracy_cm = 300, pinned_at = 4000000 WHERE id = $1";
    store
        .poke(pin, [uuid::Uuid::from(home.house).into()])
        .await
        .unwrap();
    let lives = "UPDATE family SET domicile_address = 'JL KOS NO 4', domicile_rt = '002', domicile_rw = '003', domicile_region = $2 WHERE id = $1";
    let (id, there) = (uuid::Uuid::from(home.family), here().to_string());
    store.poke(lives, [id.into(), there.into()]).await.unwrap();
    let domicile = "SELECT COUNT(*) FROM family WHERE domicile_address = 'JL KOS NO 4' AND domicile_region IS NOT NULL";
    let before = office.quotas().await;
    let receipt = office
        .bring(&[moves("l-1", &home.nik, BEFORE, 1, elsewhere().as_str())])
        .await;
    assert_eq!(told(&receipt), [(CivilState::Applied, None)]);
    assert!(office.family(&office.near, home.family).await.is_none());
    let page = office.family(&office.far, home.family).await.unwrap();
    assert_eq!(page.family.address, "JL BARU NO 9");
    assert_eq!(office.world.count(domicile).await.unwrap(), 0);
    assert_eq!(page.pin, None);
    assert_eq!(page.cases[0].id, case);
    assert_eq!(page.cases[0].region, elsewhere());
    for place in [sembako, pkh] {
        assert_eq!(
            office.slot(place).await,
            ("held".to_owned(), elsewhere().to_string())
        );
    }
    assert_eq!(office.quotas().await, before);
    assert_eq!(office.crooked().await, 0);
    let path = format!("/v1/families/{}/events", home.family);
    let seen: FamilyEvents = office.far.get(&path).await.ok().unwrap().read().unwrap();
    let former = seen.former_pin.unwrap();
    assert_eq!((former.lat_e7, former.lon_e7), (1, 2));
    assert_eq!(office.near.get(&path).await.status, 404);
    // Where it came from has it to read.
    let left = office.moves(&office.near, "out").await;
    assert_eq!((left[0].family, left[0].may_answer), (home.family, false));
    assert_eq!(left[0].programs, [PKH, SEMBAKO]);
    assert_eq!(office.tasks(&office.far, TaskKind::ReceiveFamily).await, 1);
    let came = office.moves(&office.far, "in").await.remove(0);
    assert!(came.may_answer);
    let answer = office.answer_move(&office.near, &came, "send-back").await;
    assert_eq!(answer.verdict(), "404 not_found");
    let answer = office.answer_move(&office.far, &came, "send-back").await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let page = office.family(&office.near, home.family).await.unwrap();
    assert_eq!(page.family.address, "JL MELATI NO 1");
    assert_eq!(office.world.count(domicile).await.unwrap(), 1);
    assert!(page.pin.is_some());
    assert_eq!(page.cases[0].region, here());
    assert_eq!(
        office.slot(sembako).await,
        ("held".to_owned(), here().to_string())
    );
    assert_eq!((office.quotas().await, office.crooked().await), (before, 0));
    // What the civil registry says of it is for a person to find out.
    let event = office.one("l-1").await;
    assert_eq!(event.state, CivilState::ToJudge.into());
    assert_eq!(event.why, Some(CivilWhy::SentBack.into()));
    office.world.end().await;
}

#[tokio::test]
async fn a_visit_of_the_house_before_a_move_does_not_pin_the_house_after_it() {
    let office = office(7023).await;
    let home = &office.village.homes[1];
    let (mut phone, case) = office.visited(home.family).await;
    let store = office.world.app().unwrap().store;
    let pin = "UPDATE house SET lat_e7 = 1, lon_e7 = 2, accuracy_cm = 300, pinned_at = 4000000 WHERE id = $1";
    let house = uuid::Uuid::from(home.house);
    store.poke(pin, [house.into()]).await.unwrap();
    let to = elsewhere();
    let moved = office.move_by_hand(&office.near, home.family, 1, to.as_str());
    moved.await.ok().unwrap();
    let supervisor = &office.staff.supervisor;
    supervisor.accept(case).await.unwrap();
    let path = format!("/v1/families/{}/events", home.family);
    let pins = async || {
        let page = office.family(&office.far, home.family).await.unwrap();
        let seen: FamilyEvents = office.far.get(&path).await.ok().unwrap().read().unwrap();
        (page.pin.is_some(), seen.former_pin.is_some())
    };
    assert_eq!(pins().await, (false, true));
    // Withdrawn and returned, the officer goes to the new house: that pins it.
    supervisor
        .act(case, "withdraw")
        .await
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(pins().await, (false, true));
    let outside = ReturnReason {
        target: ReturnTarget::Pin,
        code: ReasonCode::known("LUAR_KELURAHAN"),
        note: None,
    };
    supervisor.return_case(case, vec![outside]).await.unwrap();
    office.world.pass_s(3_600).await.unwrap();
    phone.visit(case, VisitKind::Quick).await.unwrap();
    office.world.settle().await.unwrap();
    supervisor.accept(case).await.unwrap();
    assert_eq!(pins().await, (true, false));
    office.world.end().await;
}

#[tokio::test]
async fn a_pin_that_came_along_from_another_house_is_never_the_new_houses_again() {
    let office = office(7024).await;
    let home = &office.village.homes[1];
    let (mut phone, case) = office.visited(home.family).await;
    let to = elsewhere();
    let moved = office.move_by_hand(&office.near, home.family, 1, to.as_str());
    moved.await.ok().unwrap();
    let supervisor = &office.staff.supervisor;
    let place = home.memberships[SEMBAKO];
    supervisor.accept(case).await.unwrap();
    office.decided(case, place).await;
    office.world.pass_s(3_600).await.unwrap();
    let next = office.visit_of(&mut phone, home.family).await;
    let view = supervisor.case(next).await.unwrap();
    assert_eq!((view.earlier_pins, view.earlier_photos), (vec![], vec![]));
    supervisor.accept(next).await.unwrap();
    let pinned = async || {
        let page = office.family(&office.far, home.family).await.unwrap();
        page.pin.is_some()
    };
    assert!(pinned().await);
    supervisor
        .act(next, "withdraw")
        .await
        .unwrap()
        .ok()
        .unwrap();
    assert!(!pinned().await);
    office.world.end().await;
}

#[tokio::test]
async fn photos_and_decided_cases_follow_a_family_to_be_read_and_stay_readable_where_it_came_from()
{
    let office = office(7025).await;
    let home = &office.village.homes[1];
    let (_, case) = office.visited(home.family).await;
    office.staff.supervisor.accept(case).await.unwrap();
    let place = home.memberships[SEMBAKO];
    office.decided(case, place).await;
    let page = office.family(&office.near, home.family).await.unwrap();
    let front = page.photo.unwrap();
    assert!(!front.before_move);
    let third: tilik_protocol::region::RegionCode = "35.71.02.1007".parse().unwrap();
    let store = office.world.app().unwrap().store;
    store.plant_region(&third, "MRICAN", None).await.unwrap();
    let desk = (&office.staff.admin, &office.staff.approver);
    let third = hire(desk, "operator.mrican", Role::Operator, &[third]).await;
    let third = third.unwrap();
    let to = elsewhere();
    let moved = office.move_by_hand(&office.near, home.family, 1, to.as_str());
    moved.await.ok().unwrap();

    let paths = [
        format!("/v1/photos/{}/320", front.id),
        format!("/v1/photos/{}/1600", front.id),
        format!("/v1/cases/{case}"),
        format!("/v1/cases/{case}/history"),
    ];
    let verdicts = async |by: &Console| {
        let mut told = Vec::new();
        for path in &paths {
            told.push(by.get(path).await.verdict());
        }
        let seen = json!({ "photos": [front.id] });
        told.push(by.post("/v1/photos/seen", &seen).await.verdict());
        told
    };
    let read = ["200", "200", "200", "200", "204"];
    let hidden = ["404 not_found"; 5];
    assert_eq!(verdicts(&office.far).await, read);
    assert_eq!(verdicts(&office.near).await, read);
    assert_eq!(verdicts(&third).await, hidden);
    assert!(office.family(&office.near, home.family).await.is_none());
    // Told as what it is, to whoever has the family now.
    let page = office.family(&office.far, home.family).await.unwrap();
    let shown = page.photo.unwrap();
    assert_eq!((shown.id, shown.before_move), (front.id, true));
    let view: CaseView = office.far.case(case).await.unwrap();
    assert_eq!(view.region, here());
    let photos = view.visits.iter().flat_map(|visit| &visit.photos);
    assert!(photos.clone().count() > 0 && photos.clone().all(|photo| photo.before_move));
    // Every look is logged of who looked.
    for (object, what) in [
        (format!("photo:{}", front.id), "photo_1600"),
        (format!("case:{case}"), "case"),
    ] {
        let path = format!("/v1/access?object={object}");
        let looks = office.staff.auditor.get(&path);
        let looks: Page<AccessRow> = looks.await.ok().unwrap().read().unwrap();
        let theirs = |row: &&AccessRow| row.user == office.far.user() && row.what == what;
        assert!(looks.items.iter().any(|row| theirs(&row)), "{object}");
    }
    // To read, not to act on.
    let body = json!({ "event_id": office.far.event(), "seen_version": view.version,
        "membership": place, "outcome": "eligible" });
    let path = format!("/v1/cases/{case}/decisions");
    assert_eq!(
        office.far.post(&path, &body).await.verdict(),
        "404 not_found"
    );
    // Sent back it is the old village's alone.
    let came = office.moves(&office.far, "in").await.remove(0);
    let answer = office.answer_move(&office.far, &came, "send-back").await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(verdicts(&office.far).await, hidden);
    let page = office.family(&office.near, home.family).await.unwrap();
    assert!(!page.photo.unwrap().before_move);
    office.world.end().await;
}

#[tokio::test]
async fn an_operator_moves_a_family_to_any_village_and_only_one_of_two_does() {
    let office = office(7013).await;
    let home = &office.village.homes[1];
    let found = office.near.get("/v1/population/villages?text=poj").await;
    let found = found.ok().unwrap().json();
    assert_eq!(found["items"][0]["code"], json!(elsewhere()));
    assert_eq!(found["items"][0]["district"], "MOJOROTO");
    let to = elsewhere();
    for (village, expected) in [
        ("35.71.01.9999", "422 region:unknown_region"),
        ("35.71.01", "422 region:not_a_village"),
        (here().as_str(), "422 region:same_village"),
    ] {
        let answer = office
            .move_by_hand(&office.near, home.family, 1, village)
            .await;
        assert_eq!(field(&answer), expected);
    }
    let answer = office
        .move_by_hand(&office.far, home.family, 1, to.as_str())
        .await;
    assert_eq!(answer.verdict(), "404 not_found");
    let desk = (&office.staff.admin, &office.staff.approver);
    let second = hire(desk, "operator.betet2", Role::Operator, &[here()])
        .await
        .unwrap();
    let (one, other) = tokio::join!(
        office.move_by_hand(&office.near, home.family, 1, to.as_str()),
        office.move_by_hand(&second, home.family, 1, to.as_str()),
    );
    let mut verdicts = [one.verdict(), other.verdict()];
    verdicts.sort();
    assert_eq!(verdicts, ["200", "409 stale"]);
    assert_eq!(
        office
            .world
            .count("SELECT COUNT(*) FROM family_move")
            .await
            .unwrap(),
        1
    );
    // And whoever has both villages is stale too.
    let answer = office
        .move_by_hand(&office.staff.operator, home.family, 1, here().as_str())
        .await;
    assert_eq!(answer.verdict(), "409 stale");
    let came = office.moves(&office.far, "in").await.remove(0);
    let answer = office.answer_move(&office.far, &came, "receive").await;
    assert_eq!(
        answer.read::<MoveView>().unwrap().state,
        MoveState::Received.into()
    );
    let answer = office.answer_move(&office.far, &came, "send-back").await;
    assert_eq!(answer.verdict(), "409 stale");
    office.world.end().await;
}

#[tokio::test]
async fn a_repeated_move_is_one_and_its_mover_does_not_receive_it() {
    let office = office(7014).await;
    let home = &office.village.homes[1];
    let by = &office.staff.operator;
    let body = json!({
        "event_id": by.event(), "seen_version": 1, "region": elsewhere(),
        "address": "JL BARU NO 9", "rt": "3", "rw": "4", "since": BEFORE,
    });
    let path = format!("/v1/families/{}/moves", home.family);
    let first: MoveView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    let again: MoveView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    assert_eq!(first, again);
    assert!(!first.may_answer);
    let answer = office.answer_move(by, &first, "receive").await;
    assert_eq!(answer.verdict(), "403 separation_of_duty");
    // After a week it is theirs.
    office.world.pass_days(8).await.unwrap();
    assert_eq!(office.tasks(&office.far, TaskKind::ReceiveFamily).await, 0);
    let answer = office.answer_move(&office.far, &first, "send-back").await;
    assert_eq!(answer.verdict(), "409 wrong_moment");
    office.world.end().await;
}

#[tokio::test]
async fn only_part_of_a_family_moving_is_for_a_person_who_may_let_it_through() {
    let office = office(7015).await;
    let big = office.big_family(1).await;
    let to = elsewhere();
    let part = |id: &str, seq: u64, members: &[&String]| {
        let mut event = moves(id, &big.niks[0], BEFORE, seq, to.as_str());
        event["payload"]["whole_family"] = Value::Null;
        event["payload"]["members"] = json!(members);
        event
    };
    let receipt = office
        .bring(&[part("m-1", 1, &[&big.niks[0], &big.niks[1]])])
        .await;
    assert_eq!(
        told(&receipt),
        [(CivilState::ToJudge, Some(CivilWhy::WhoMoves))]
    );
    assert!(office.family(&office.near, big.family).await.is_some());
    let seen = office.one("m-1").await;
    assert_eq!(seen.to_region_name.as_deref(), Some("POJOK"));
    // Another of the same matter does not pass it.
    let all: Vec<&String> = big.niks.iter().collect();
    let receipt = office.bring(&[part("m-2", 2, &all)]).await;
    assert_eq!(
        told(&receipt),
        [(CivilState::ToJudge, Some(CivilWhy::OutOfOrder))]
    );
    let answer = office
        .judge(&office.near, "m-1", json!({ "verdict": "apply" }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert!(office.family(&office.far, big.family).await.is_some());
    // A second member's event finds them there.
    let spouse = moves("m-3", &big.niks[1], BEFORE, 3, to.as_str());
    let receipt = office.bring(&[spouse]).await;
    assert_eq!(
        told(&receipt),
        [(CivilState::Applied, Some(CivilWhy::AlreadySo))]
    );
    office.world.end().await;
}

#[tokio::test]
async fn a_family_that_leaves_the_city_keeps_its_place_on_hold_and_may_come_back() {
    let office = office(7016).await;
    let home = &office.village.homes[1];
    let place = home.memberships[SEMBAKO];
    office
        .bring(&[event("n-1", "PINDAH_KELUAR", &home.nik, BEFORE, 1)])
        .await;
    let left = ("suspended".to_owned(), Some("PINDAH_LUAR".to_owned()));
    assert_eq!(office.membership(place).await, left);
    assert_eq!(office.slot(place).await.0, "held");
    let seen = office.one("n-1").await;
    assert_eq!(seen.follow_up, Some(CivilWhy::LeftCity.into()));
    let receipt = office
        .bring(&[event("n-2", "PINDAH_MASUK", &home.nik, TODAY, 2)])
        .await;
    assert_eq!(
        told(&receipt),
        [(CivilState::ToJudge, Some(CivilWhy::ByHand))]
    );
    let answer = office
        .judge(&office.near, "n-2", json!({ "verdict": "apply" }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(office.membership(place).await, ("active".to_owned(), None));
    assert_eq!(office.one("n-1").await.state, CivilState::Reversed.into());
    office.world.end().await;
}

#[tokio::test]
async fn who_holds_a_place_is_renamed_by_people_and_nobody_else_waits() {
    let office = office(7017).await;
    let renamed = |id: &str, nik: &str, seq: u64| {
        let mut event = event(id, "UBAH_BIODATA", nik, BEFORE, seq);
        event["payload"] = json!({ "name": "NAMA YANG BENAR", "birth_date": "1980-01-31" });
        event
    };
    let holder = &office.village.homes[1];
    let receipt = office.bring(&[renamed("o-1", &holder.nik, 1)]).await;
    assert_eq!(
        told(&receipt),
        [(CivilState::ToJudge, Some(CivilWhy::HoldsPlace))]
    );
    let store = office.world.app().unwrap().store;
    let free = PlantFamily {
        region: here(),
        name: "NAMA LAMA".to_owned(),
        address: "JL MELATI NO 78".to_owned(),
        rt: "001".to_owned(),
        rw: "002".to_owned(),
        kk: Some("3571030000007778".to_owned()),
        persons: vec![PlantPerson {
            name: "NAMA LAMA".to_owned(),
            nik: Some("3571039999990002".to_owned()),
            relation: "kepala_keluarga".to_owned(),
        }],
        programs: Vec::new(),
    };
    let planted = store.plant_families(&[free]).await.unwrap().pop().unwrap();
    let receipt = office.bring(&[renamed("o-2", "3571039999990002", 2)]).await;
    assert_eq!(told(&receipt), [(CivilState::Applied, None)]);
    let page = office.family(&office.near, planted.family).await.unwrap();
    assert_eq!(page.family.name, "NAMA YANG BENAR");
    office.world.end().await;
}

#[tokio::test]
async fn a_nik_of_an_event_stands_nowhere_in_clear() {
    let office = office(7018).await;
    let home = &office.village.homes[1];
    office
        .bring(&[
            event("p-1", "MENINGGAL", &home.nik, BEFORE, 1),
            event("p-2", "MENINGGAL", "3571037777770001", BEFORE, 2),
        ])
        .await;
    let with_nik = json!([event(
        "x-3571037777770001",
        "MENINGGAL",
        "3571037777770001",
        BEFORE,
        3
    )]);
    let answer = office
        .signer
        .send(&office.world, &office.feed, with_nik.as_array().unwrap())
        .await
        .unwrap();
    assert_eq!(field(&answer), "422 events[0].event_id:bad_shape");
    let store = office.world.app().unwrap().store;
    for nik in [home.nik.as_str(), "3571037777770001"] {
        for (table, column) in [
            ("civil_event", "body_enc"),
            ("civil_event", "nik_key"),
            ("civil_event", "body_hash"),
            ("journal", "body"),
        ] {
            let query = format!("SELECT {column} FROM {table}");
            for row in store.peek(&query, []).await.unwrap() {
                let bytes: Vec<u8> = row.try_get_by_index(0).unwrap();
                assert!(!contains(&bytes, nik.as_bytes()), "{table}.{column}");
            }
        }
    }
    office.world.end().await;
}

/// What the office says when it asks about families.
async fn ask_about(by: &Console, families: &[FamilyId], persons: &[PersonId]) -> Answer {
    let body = json!({ "event_id": by.event(), "families": families, "persons": persons });
    by.post("/v1/population/matches", &body).await
}

impl Office {
    /// Whom the civil registry is asked about.
    async fn questions(&self) -> Vec<Value> {
        let told = self.signer.queue(&self.world, &self.feed, "").await;
        let told = told.unwrap().ok().unwrap().json();
        told["items"].as_array().unwrap().clone()
    }

    async fn answered(&self, answers: &[Value]) -> Value {
        let taken = self.signer.answer(&self.world, &self.feed, answers).await;
        taken.unwrap().ok().unwrap().json()
    }

    /// What the office is told of a family's matches.
    async fn matches(&self, by: &Console, family: FamilyId) -> Vec<Value> {
        let path = format!("/v1/population/matches?family={family}");
        let seen = by.get(&path).await.ok().unwrap().json();
        seen["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn whoever_is_asked_about_waits_once_and_the_first_signed_answer_stands() {
    let office = office(7019).await;
    let big = office.big_family(1).await;
    let far = &office.village.far_homes[0];
    let ask = async |families: &[FamilyId]| ask_about(&office.near, families, &[]).await;
    let answer = ask(&[big.family, far.family]).await;
    assert_eq!(answer.verdict(), "404 not_found");
    let told = ask(&[big.family]).await.json();
    assert_eq!(told, json!({ "asked": 3, "waiting": 0, "without_nik": 0 }));
    let told = ask(&[big.family]).await.json();
    assert_eq!(told, json!({ "asked": 0, "waiting": 3, "without_nik": 0 }));
    // Only the civil registry is told the numbers, and only when it signs for it.
    let queue = "/v1/population/match-queue";
    for by in [&office.near, &office.staff.admin, &office.staff.auditor] {
        assert_eq!(by.get(queue).await.verdict(), "403 forbidden");
    }
    assert_eq!(field(&office.feed.get(queue).await), "422 time:missing");
    let insurance = Signer::insurance().unwrap();
    let told = insurance.queue(&office.world, &office.feed, "").await;
    assert_eq!(field(&told.unwrap()), "422 signature:wrong");
    let waits = office.questions().await;
    let niks: Vec<&str> = waits
        .iter()
        .map(|one| one["nik"].as_str().unwrap())
        .collect();
    assert_eq!(niks.len(), 3);
    assert!(big.niks.iter().all(|nik| niks.contains(&nik.as_str())));
    // Who is not answered does not stand before the others.
    let first = office
        .signer
        .queue(&office.world, &office.feed, "?limit=2")
        .await;
    let first = first.unwrap().json();
    let rest = format!("?limit=2&after={}", first["next"].as_str().unwrap());
    let rest = office
        .signer
        .queue(&office.world, &office.feed, &rest)
        .await;
    let rest = rest.unwrap().json();
    assert_eq!(rest["items"], json!([waits[2]]));
    let reply = |n: usize, result: &str| json!({ "id": waits[n]["id"], "result": result });
    let answers = [reply(0, "matched"), reply(1, "not_found")];
    for stranger in [
        Signer::from_seed(feed::KEY, [9; 32]).unwrap(),
        Signer::insurance().unwrap(),
    ] {
        let refused = stranger.answer(&office.world, &office.feed, &answers).await;
        assert_eq!(field(&refused.unwrap()), "422 signature:wrong");
    }
    let odd = [reply(0, "matched"), reply(1, "barangkali")];
    let refused = office
        .signer
        .answer(&office.world, &office.feed, &odd)
        .await;
    assert_eq!(field(&refused.unwrap()), "422 answers[1].result:unknown");
    let taken = office.answered(&answers).await;
    assert_eq!(taken, json!({ "taken": 2, "known": 0, "unknown": 0 }));
    let again = [
        reply(0, "not_found"),
        json!({ "id": office.near.event(), "result": "matched" }),
    ];
    let taken = office.answered(&again).await;
    assert_eq!(taken, json!({ "taken": 0, "known": 1, "unknown": 1 }));
    let seen = office.matches(&office.near, big.family).await;
    let with = |result: Value| seen.iter().filter(|one| one["result"] == result).count();
    assert_eq!(with(json!("matched")), 1);
    assert_eq!(with(json!("not_found")), 1);
    assert_eq!(with(Value::Null), 1);
    let of_registry = seen.iter().filter(|one| one["source"] == "dukcapil");
    assert_eq!(of_registry.count(), 2);
    assert!(seen.iter().all(|one| one["changed"] == false));
    assert_eq!(office.matches(&office.far, big.family).await.len(), 0);
    // Who was answered may be asked about again.
    let told = ask(&[big.family]).await.json();
    assert_eq!(told, json!({ "asked": 2, "waiting": 1, "without_nik": 0 }));
    office.world.end().await;
}

#[tokio::test]
async fn asking_twice_with_one_id_tells_what_the_first_told() {
    let office = office(7020).await;
    let big = office.big_family(1).await;
    let body = json!({ "event_id": office.near.event(), "families": [big.family] });
    for _ in 0..2 {
        let told = office.near.post("/v1/population/matches", &body).await;
        assert_eq!(told.json()["asked"], 3);
    }
    assert_eq!(office.questions().await.len(), 3);
    let one = ask_about(&office.near, &[], &big.persons[..1]).await.json();
    assert_eq!(one, json!({ "asked": 0, "waiting": 1, "without_nik": 0 }));
    let nobody = ask_about(&office.near, &[], &[]).await;
    assert_eq!(field(&nobody), "422 families:length");
    let far = &office.village.far_homes[0].persons[..1];
    let far = ask_about(&office.near, &[], far).await;
    assert_eq!(far.verdict(), "404 not_found");
    office.world.end().await;
}

#[tokio::test]
async fn an_answer_is_about_what_was_asked_and_not_about_who_they_are_called_now() {
    let office = office(7021).await;
    let big = office.big_family(1).await;
    ask_about(&office.near, &[big.family], &[])
        .await
        .ok()
        .unwrap();
    let waits = office.questions().await;
    let matched: Vec<Value> = waits[..2]
        .iter()
        .map(|one| json!({ "id": one["id"], "result": "matched" }))
        .collect();
    office.answered(&matched).await;
    // Another name for everybody, as a correction would write it.
    let store = office.world.app().unwrap().store;
    let text = "UPDATE person SET name = 'ORANG LAIN' WHERE family_id = $1";
    let id = uuid::Uuid::from(big.family);
    assert_eq!(store.poke(text, [id.into()]).await.unwrap(), 3);
    let seen = office.matches(&office.near, big.family).await;
    assert!(seen.iter().all(|one| one["changed"] == true), "{seen:?}");
    // What waits of the old name is not told to the registry, and gives way to a new question.
    assert_eq!(office.questions().await.len(), 0);
    let told = ask_about(&office.near, &[big.family], &[]).await.json();
    assert_eq!(told, json!({ "asked": 3, "waiting": 0, "without_nik": 0 }));
    let asked = office.questions().await;
    assert!(asked.iter().all(|one| one["name"] == "ORANG LAIN"));
    office.world.end().await;
}

#[tokio::test]
async fn questions_go_out_and_answers_come_in_by_file() {
    let office = office(7022).await;
    let big = office.big_family(1).await;
    ask_about(&office.near, &[big.family], &[])
        .await
        .ok()
        .unwrap();
    let take = async |by: &Console, purpose: &str| {
        let body = json!({ "purpose": purpose });
        by.post("/v1/population/match-file", &body).await
    };
    let path = "/v1/population/match-answer-files";
    assert_eq!(field(&take(&office.near, "").await), "422 purpose:length");
    assert_eq!(
        take(&office.staff.admin, "dibawa ke Dukcapil")
            .await
            .verdict(),
        "403 forbidden"
    );
    let out = take(&office.near, "dibawa ke Dukcapil").await.json();
    let out = out["items"].as_array().unwrap().clone();
    assert_eq!(out.len(), 3);
    let elsewhere = take(&office.far, "dibawa ke Dukcapil").await.json();
    assert_eq!(elsewhere["items"], json!([]));
    let logged = "SELECT CAST(COUNT(*) AS text) FROM access WHERE what = 'match_question' AND purpose IS NOT NULL AND user_id = $1";
    let me = uuid::Uuid::from(office.near.user());
    assert_eq!(office.text(logged, me).await.as_deref(), Some("1"));
    let body = json!({ "answers": [
        { "id": out[0]["id"], "result": "mismatched", "differs": ["birth_date", "name"] },
    ] });
    let file = office
        .signer
        .file_of(office.world.now(), "berkas-padanan-0001", &body);
    let mut forged = file.clone();
    let last = forged.len() - 3;
    forged[last] = b' ';
    let refused = feed::send_file(&office.world, &office.near, path, forged).await;
    assert_eq!(field(&refused.unwrap()), "422 signature:wrong");
    let unsealed = feed::send_file(&office.world, &office.near, path, b"{}".to_vec()).await;
    assert_eq!(field(&unsealed.unwrap()), "422 file:no_seal");
    // Whoever has no family there answers nothing there, and takes nothing from who has.
    let away = feed::send_file(&office.world, &office.far, path, file.clone()).await;
    assert_eq!(
        away.unwrap().json(),
        json!({ "taken": 0, "known": 0, "unknown": 1 })
    );
    let taken = feed::send_file(&office.world, &office.near, path, file.clone()).await;
    assert_eq!(
        taken.unwrap().json(),
        json!({ "taken": 1, "known": 0, "unknown": 0 })
    );
    let again = feed::send_file(&office.world, &office.near, path, file).await;
    assert_eq!(
        again.unwrap().json(),
        json!({ "taken": 0, "known": 1, "unknown": 0 })
    );
    let seen = office.matches(&office.near, big.family).await;
    let answered: Vec<&Value> = seen
        .iter()
        .filter(|one| one["result"] == "mismatched")
        .collect();
    assert_eq!(answered.len(), 1);
    assert_eq!(answered[0]["differs"], json!(["name", "birth_date"]));
    office.world.end().await;
}

/// What a full day of the civil registry costs. A measure, not a promise:
/// `cargo test --release --workspace --test it -- --ignored --nocapture ten_thousand_events`.
#[tokio::test]
#[ignore = "a measure, run by hand"]
async fn ten_thousand_events_of_a_daily_file_in_figures() {
    const EVENTS: u32 = 10_000;
    let office = office(7099).await;
    let store = office.world.app().unwrap().store;
    let nik = |n: u32| format!("35710301018{n:05}");
    let family = |n: u32| PlantFamily {
        region: here(),
        name: format!("WARGA {n}"),
        address: format!("JL KENANGA NO {n}"),
        rt: "001".to_owned(),
        rw: "002".to_owned(),
        kk: Some(format!("35710396{n:08}")),
        persons: vec![PlantPerson {
            name: format!("WARGA {n}"),
            nik: Some(nik(n)),
            relation: "kepala_keluarga".to_owned(),
        }],
        programs: Vec::new(),
    };
    // Of ten events nine are about somebody known.
    for begin in (0..EVENTS).step_by(500) {
        let families: Vec<PlantFamily> = (begin..begin + 500)
            .filter(|n| n % 10 != 9)
            .map(family)
            .collect();
        store.plant_families(&families).await.unwrap();
    }
    let village = elsewhere().to_string();
    let events: Vec<Value> = (0..EVENTS)
        .map(|n| {
            let (id, seq) = (format!("f-{n}"), u64::from(n) + 1);
            match n % 10 {
                _ if n % 200 == 0 => event(&id, "MENINGGAL", &nik(n), BEFORE, seq),
                0..=5 => {
                    let mut event = event(&id, "UBAH_BIODATA", &nik(n), BEFORE, seq);
                    event["payload"] =
                        json!({ "name": format!("WARGA BARU {n}"), "birth_date": "1980-01-31" });
                    event
                }
                6..=8 => moves(&id, &nik(n), BEFORE, seq, &village),
                _ => event(&id, "LAHIR", &nik(n), BEFORE, seq),
            }
        })
        .collect();
    let now = office.world.now();
    let file = office.signer.file(now, "nonce-berkas-besar", &events);
    let (size, before) = (file.len(), peak_mib());
    let begun = std::time::Instant::now();
    let sent = office
        .staff
        .admin
        .bring("/v1/population/files", "application/octet-stream", &file)
        .await;
    let receipt: BatchReceipt = sent.unwrap().ok().unwrap().read().unwrap();
    let taken = begun.elapsed().as_secs_f64();
    if !receipt.trips.is_empty() {
        let released = office
            .decide_batch(&office.staff.approver, &receipt, "release")
            .await;
        assert_eq!(released.status, 200, "{}", released.json());
    }
    let begun = std::time::Instant::now();
    while office.world.settle().await.unwrap() > 0 {}
    let done = begun.elapsed().as_secs_f64();
    let count = async |state: &str| {
        let query = format!("SELECT COUNT(*) FROM civil_event WHERE state = '{state}'");
        office.world.count(&query).await.unwrap()
    };
    let (applied, unmatched) = (count("applied").await, count("unmatched").await);
    assert_eq!(applied + unmatched, i64::from(EVENTS));
    eprintln!(
        "{EVENTS} events, {} KiB, {:?}: taken in {taken:.1} s, done in {done:.1} s ({:.0} events/s in all); {applied} applied, \
         {unmatched} about nobody known; peak {} MiB ({before} MiB before)",
        size >> 10,
        receipt.trips,
        f64::from(EVENTS) / (taken + done),
        peak_mib()
    );
    office.world.end().await;
}

#[tokio::test]
async fn deaths_of_a_day_add_up_over_its_batches() {
    let office = office(7023).await;
    let thirty = |from: u64| -> Vec<Value> {
        (from..from + 30)
            .map(|n| {
                let nik = format!("35710388888{n:05}");
                event(&format!("q-{n}"), "MENINGGAL", &nik, BEFORE, n + 1)
            })
            .collect()
    };
    assert_eq!(office.bring(&thirty(0)).await.trips, []);
    assert_eq!(office.bring(&thirty(30)).await.trips, [Trip::Deaths]);
    // Another day begins at nothing.
    office.world.pass_days(1).await.unwrap();
    assert_eq!(office.bring(&thirty(60)).await.trips, []);
    office.world.end().await;
}

#[tokio::test]
async fn persons_of_a_village_add_up_over_the_batches_of_a_day() {
    let office = office(7024).await;
    let two = |from: usize| -> Vec<Value> {
        (from..from + 2)
            .map(|n| {
                let nik = &office.village.homes[n].nik;
                event(&format!("q-{n}"), "MENINGGAL", nik, BEFORE, n as u64)
            })
            .collect()
    };
    assert_eq!(office.bring(&two(1)).await.trips, []);
    assert_eq!(office.bring(&two(3)).await.trips, [Trip::VillageShare]);
    office.world.end().await;
}

#[tokio::test]
async fn whoever_judges_an_event_sees_all_of_it_for_a_purpose_that_is_logged() {
    let office = office(7025).await;
    let home = &office.village.homes[1];
    let mut renamed = event("r-1", "UBAH_BIODATA", &home.nik, BEFORE, 1);
    renamed["no_kk"] = json!("3571030000001111");
    renamed["payload"] = json!({
        "name": "NAMA YANG BENAR", "birth_date": "1980-01-31", "mother_name": "SUMIATI",
    });
    let stranger = event("r-2", "MENINGGAL", "3571039999990001", BEFORE, 2);
    office.bring(&[renamed, stranger]).await;
    // Both names stand in the list, as names do.
    let seen = office.one("r-1").await;
    assert_eq!(seen.said_name.as_deref(), Some("NAMA YANG BENAR"));
    assert_ne!(seen.name, seen.said_name);
    assert_eq!(office.one("r-2").await.said_name, None);
    let (near, why) = (&office.near, "dikerjakan di loket");
    for (purpose, expected) in [
        ("", "422 purpose:length"),
        ("untuk 3571030101200001", "422 purpose:personal_number"),
    ] {
        assert_eq!(field(&office.unmask(near, "r-1", purpose).await), expected);
    }
    let answer = office.unmask(&office.far, "r-1", why).await;
    assert_eq!(answer.verdict(), "404 not_found");
    for by in [&office.staff.approver, &office.staff.auditor, &office.feed] {
        assert_eq!(
            office.unmask(by, "r-1", why).await.verdict(),
            "403 forbidden"
        );
    }
    let logged = "SELECT CAST(COUNT(*) AS text) FROM access WHERE what = 'civil_event_unmasked' AND purpose IS NOT NULL AND user_id = $1";
    let me = uuid::Uuid::from(near.user());
    assert_eq!(office.text(logged, me).await.as_deref(), Some("0"));
    let shown = office.unmask(near, "r-1", why).await.ok().unwrap();
    let shown: UnmaskedEvent = shown.read().unwrap();
    assert_eq!(shown.said.nik, home.nik);
    assert_eq!(shown.said.no_kk.as_deref(), Some("3571030000001111"));
    assert_eq!(shown.said.payload.mother_name.as_deref(), Some("SUMIATI"));
    let known = shown.known.unwrap();
    assert_eq!(Some(known.name), seen.name);
    assert_eq!(known.region, here());
    assert_eq!(known.kk.unwrap().len(), 16);
    assert_eq!(office.text(logged, me).await.as_deref(), Some("1"));
    // Of whom nobody knows only what was said is told, to whoever has the city.
    let answer = office.unmask(near, "r-2", why).await;
    assert_eq!(answer.verdict(), "404 not_found");
    let shown = office.unmask(&office.staff.verifier, "r-2", why).await;
    let shown: UnmaskedEvent = shown.ok().unwrap().read().unwrap();
    assert_eq!(shown.said.nik, "3571039999990001");
    assert!(shown.known.is_none());
    office.world.end().await;
}

#[tokio::test]
async fn whoever_releases_a_parked_batch_sees_whom_it_is_about() {
    let office = office(7026).await;
    let (homes, away) = (&office.village.homes, &office.village.far_homes);
    let niks = homes[1..5].iter().chain(&away[..1]).map(|home| &home.nik);
    let events: Vec<Value> = niks
        .enumerate()
        .map(|(n, nik)| event(&format!("s-{n}"), "MENINGGAL", nik, BEFORE, n as u64))
        .collect();
    let parked = office.bring(&events).await;
    assert_eq!(parked.trips, [Trip::VillageShare]);
    let by = &office.staff.approver;
    let seen = office.batches(by).await.remove(0);
    let villages: Vec<_> = seen
        .villages
        .iter()
        .map(|one| (one.name.as_str(), one.persons))
        .collect();
    assert_eq!(villages, [("BETET", 4), ("POJOK", 1)]);
    let query = format!("batch={}", parked.batch);
    let inside = office.events(by, &query).await;
    assert_eq!(inside.len(), 5);
    assert!(
        inside
            .iter()
            .all(|one| one.state == CivilState::Parked.into())
    );
    assert!(
        inside
            .iter()
            .all(|one| one.name.is_some() && !one.may_apply)
    );
    let first = inside.iter().find(|one| one.feed_event == "s-0").unwrap();
    assert_eq!(first.family, Some(homes[1].family));
    assert_eq!(first.region, here());
    // It is the city's until it has its effect.
    assert_eq!(office.events(&office.near, &query).await.len(), 0);
    let answer = office.decide_batch(by, &parked, "release").await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(office.batches(by).await.remove(0).villages, []);
    office.world.settle().await.unwrap();
    assert_eq!(office.events(&office.near, &query).await.len(), 4);
    office.world.end().await;
}

#[tokio::test]
async fn a_family_that_names_nobody_in_time_gets_one_case() {
    let office = office(7027).await;
    let (named, unnamed) = (office.big_family(1).await, office.big_family(2).await);
    office
        .bring(&[
            event("t-1", "MENINGGAL", &named.niks[0], BEFORE, 1),
            event("t-2", "MENINGGAL", &unnamed.niks[0], BEFORE, 2),
        ])
        .await;
    let waits = ("suspended".to_owned(), Some("GANTI_PENGURUS".to_owned()));
    let cases = async |big: &Big| {
        let page = office.family(&office.near, big.family).await.unwrap();
        let states = page
            .cases
            .iter()
            .map(|case| case.state.known().unwrap().to_string());
        states.collect::<Vec<_>>()
    };
    let overdue = "SELECT COUNT(*) FROM journal WHERE action = 'civil.overdue'";
    office.world.pass_days(29).await.unwrap();
    assert_eq!(cases(&unnamed).await, Vec::<String>::new());
    assert_eq!(
        office.one("t-2").await.follow_up,
        Some(CivilWhy::PayeeChange.into())
    );
    for _ in 0..2 {
        office.world.pass_days(1).await.unwrap();
        assert_eq!(cases(&unnamed).await, ["open"]);
        assert_eq!(office.world.count(overdue).await.unwrap(), 2);
    }
    let late = office.one("t-2").await;
    assert_eq!(late.follow_up, Some(CivilWhy::PayeeOverdue.into()));
    assert!(late.due_at.is_some());
    // The place is held all the same, and goes on when somebody is named while nobody has gone there yet.
    assert_eq!(office.membership(unnamed.sembako).await, waits);
    assert_eq!(office.slot(unnamed.sembako).await.0, "held");
    office.names_spouse(&named, waits.clone()).await;
    let active = ("active".to_owned(), None);
    assert_eq!(office.membership(named.sembako).await, active);
    assert_eq!(office.one("t-1").await.follow_up, None);
    assert_eq!(cases(&named).await, ["closed"]);
    assert_eq!(cases(&unnamed).await, ["open"]);
    assert_eq!(office.crooked().await, 0);
    office.world.end().await;
}

#[tokio::test]
async fn an_open_case_carries_the_place_of_a_family_that_named_nobody() {
    let office = office(7028).await;
    let big = office.big_family(1).await;
    office
        .bring(&[event("u-1", "MENINGGAL", &big.niks[0], BEFORE, 1)])
        .await;
    office.world.pass_days(29).await.unwrap();
    let opened = office
        .staff
        .supervisor
        .open_cases(
            &[big.family],
            tilik_protocol::evidence::VisitKind::Full,
            None,
            None,
        )
        .await
        .unwrap();
    let case = opened.cases[0];
    office.world.pass_days(1).await.unwrap();
    let page = office.family(&office.near, big.family).await.unwrap();
    assert_eq!(
        page.cases.iter().map(|one| one.id).collect::<Vec<_>>(),
        [case]
    );
    let seen = office.one("u-1").await;
    assert_eq!(seen.follow_up, Some(CivilWhy::PayeeOverdue.into()));
    // Somebody asked for that visit for a reason of their own: naming a payee does not end it.
    let waits = ("suspended".to_owned(), Some("GANTI_PENGURUS".to_owned()));
    office.names_spouse(&big, waits).await;
    let page = office.family(&office.near, big.family).await.unwrap();
    assert_eq!(page.cases[0].state.known().unwrap().to_string(), "open");
    office.world.end().await;
}

#[tokio::test]
async fn a_death_told_months_late_says_how_long_the_place_was_still_held() {
    let office = office(7029).await;
    let (big, other) = (office.big_family(1).await, office.big_family(2).await);
    let home = &office.village.homes[1];
    let died = "2026-08-15";
    let receipt = office
        .bring(&[
            event("v-1", "MENINGGAL", &home.nik, died, 1),
            event("v-2", "MENINGGAL", &big.niks[2], died, 2),
            event("v-3", "MENINGGAL", &big.niks[0], BEFORE, 3),
        ])
        .await;
    assert_eq!(receipt.trips, []);
    let held = |months: (&str, &str)| HeldAfterDeath {
        program: SEMBAKO.to_owned(),
        from: months.0.to_owned(),
        through: months.1.to_owned(),
    };
    assert_eq!(
        office.one("v-1").await.held_after,
        [held(("2026-09", "2026-11"))]
    );
    // Whoever received nothing for the family, and who died this month.
    for id in ["v-2", "v-3"] {
        assert_eq!(office.one(id).await.held_after, []);
    }
    // What is held back with its batch holds the place as long.
    let jump = event("v-4", "MENINGGAL", &other.niks[0], died, 1 << 63);
    let parked = office.bring(&[jump]).await;
    assert_eq!(office.one("v-4").await.held_after, []);
    office.world.pass_days(10).await.unwrap();
    let answer = office.decide_batch(&office.staff.approver, &parked, "release");
    assert_eq!(answer.await.status, 200);
    office.world.settle().await.unwrap();
    assert_eq!(
        office.one("v-4").await.held_after,
        [held(("2026-09", "2026-12"))]
    );
    // A death that was none took nothing.
    let back = event("v-5", "HIDUP_KEMBALI", &home.nik, TODAY, (1 << 63) + 1);
    office.bring(&[back]).await;
    assert_eq!(office.one("v-1").await.held_after, []);
    office.world.end().await;
}
