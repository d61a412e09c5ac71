//! A citizen's objection: from the counter or without an account, what it opens and what it does not, who answers it, and
//! how little of it a stranger, an operator and the database can see.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, header};
use serde_json::{Value, json};
use tilik_protocol::case::CaseState;
use tilik_protocol::objection::{
    ObjectionFiled, ObjectionRow, ObjectionState, ObjectionView, UnmaskedObjector,
};
use tilik_protocol::policy::Role;
use tilik_protocol::receipt::{ReceiptKind, ReceiptStage, ReceiptState};
use tilik_protocol::review::{AccessRow, Page};
use tilik_protocol::tasks::{TaskGroup, TaskKind, Tasks};
use tilik_tests::phone::snapshot;
use tilik_tests::requests::{an_objection, send_photo};
use tilik_tests::{Answer, Console};
use uuid::Uuid;

use crate::review::{Desk, desk};

/// A request of a stranger who is somewhere.
async fn from(desk: &Desk, address: &str, request: http::request::Builder, body: Body) -> Answer {
    let mut request = request.body(body).unwrap();
    let peer: SocketAddr = format!("{address}:40000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    desk.world.send(request).await.unwrap()
}

impl Desk {
    async fn stranger(&self, address: &str, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        from(self, address, request, Body::from(body.to_string())).await
    }

    /// A stranger says this.
    async fn submit(&self, address: &str, content: Value) -> Answer {
        let body = json!({ "event_id": self.world.id::<Uuid>(), "content": content });
        self.stranger(address, "/v1/public/objections", &body).await
    }

    /// A stranger's photo, sent.
    async fn shown(&self, seed: u64) -> Uuid {
        let id: Uuid = self.world.id();
        let photo = snapshot(seed).unwrap();
        send_photo(&self.world, None, id, photo)
            .await
            .unwrap()
            .ok()
            .unwrap();
        id
    }

    async fn at_counter(&self, by: &Console, content: Value) -> Answer {
        let body = json!({ "event_id": by.event(), "content": content });
        by.post("/v1/objections", &body).await
    }

    async fn listed(&self, by: &Console, answered: bool) -> Vec<ObjectionRow> {
        let path = format!("/v1/objections?answered={answered}");
        let page: Page<ObjectionRow> = by.get(&path).await.ok().unwrap().read().unwrap();
        page.items
    }

    async fn seen(&self, by: &Console, row: &ObjectionRow) -> ObjectionView {
        let path = format!("/v1/objections/{}", row.id);
        by.get(&path).await.ok().unwrap().read().unwrap()
    }

    async fn admit(&self, by: &Console, view: &ObjectionView, home: usize) -> Answer {
        let family = self.village.homes[home].family;
        let body =
            json!({ "event_id": by.event(), "seen_version": view.version, "family": family });
        let path = format!("/v1/objections/{}/admit", view.objection.id);
        by.post(&path, &body).await
    }

    async fn reject(&self, by: &Console, view: &ObjectionView, reason: &str) -> Answer {
        let body =
            json!({ "event_id": by.event(), "seen_version": view.version, "reason": reason });
        let path = format!("/v1/objections/{}/reject", view.objection.id);
        by.post(&path, &body).await
    }

    async fn stage(&self, receipt: &str) -> ReceiptStage {
        let body = json!({ "token": receipt });
        let answer = self.stranger("203.0.113.200", "/v1/receipts", &body).await;
        answer.ok().unwrap().read().unwrap()
    }

    async fn counted(&self, query: &str) -> i64 {
        self.world.count(query).await.unwrap()
    }
}

async fn to_answer(by: &Console) -> u64 {
    let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
    let of_kind = |group: &&TaskGroup| group.kind == TaskKind::AnswerObjection;
    let group = tasks.groups.iter().find(of_kind);
    group.map_or(0, |group| group.count)
}

const CASES: &str = "SELECT COUNT(*) FROM verification_case";

#[tokio::test]
async fn a_stranger_objects_and_no_case_is_opened_before_a_verifier_admits_it() {
    let desk = desk(1301, 3, 1).await;
    let verifier = &desk.staff.verifier;
    let name = desk.village.homes[0].name.clone();
    let photo = desk.shown(1).await;
    let content = an_objection("recipient", &name, &[photo]);
    let filed: ObjectionFiled = desk
        .submit("203.0.113.1", content)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let stage = desk.stage(&filed.receipt).await;
    assert_eq!(stage.kind.known(), Some(ReceiptKind::Objection));
    assert_eq!(stage.state.known(), Some(ReceiptState::Filed));
    assert_eq!(
        (desk.counted(CASES).await, to_answer(verifier).await),
        (0, 1)
    );

    let row = desk.listed(verifier, false).await.remove(0);
    assert_eq!((row.about_name.as_str(), row.photos), (name.as_str(), 1));
    assert!(!row.at_counter && !row.overdue);
    let view = desk.seen(verifier, &row).await;
    // Only one who answers for it may: the operator reads it and no more.
    let answer = desk.admit(&desk.staff.operator, &view, 0).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    let admitted: ObjectionView = desk
        .admit(verifier, &view, 0)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(
        admitted.objection.state.known(),
        Some(ObjectionState::Admitted)
    );
    let case = desk.staff.supervisor.case(admitted.case.unwrap()).await;
    let case = case.unwrap();
    assert_eq!(case.state.known(), Some(CaseState::Open));
    assert_eq!(case.family.id, desk.village.homes[0].family);
    let asked = "SELECT COUNT(*) FROM verification_case WHERE request_reason = 'LAPORAN_WARGA'";
    assert_eq!(desk.counted(asked).await, 1);
    assert_eq!(
        (desk.counted(CASES).await, to_answer(verifier).await),
        (1, 0)
    );
    let stage = desk.stage(&filed.receipt).await;
    assert_eq!(stage.state.known(), Some(ReceiptState::Admitted));
    // What a stranger showed is among no visit's photos.
    assert_eq!(desk.counted("SELECT COUNT(*) FROM photo").await, 0);
    // A lost reply opens nothing twice, and a second answer is refused.
    let again = desk.reject(verifier, &view, "KETERANGAN_KURANG").await;
    assert_eq!(again.verdict(), "409 stale");
    let again = desk.reject(verifier, &admitted, "KETERANGAN_KURANG").await;
    assert_eq!(again.verdict(), "409 wrong_moment");
    desk.world.end().await;
}

#[tokio::test]
async fn an_open_case_of_the_family_serves_and_none_is_opened_beside_it() {
    let desk = desk(1302, 3, 1).await;
    let open = desk.assigned(0..1).await;
    let content = an_objection("left_out", &desk.village.homes[0].name, &[]);
    desk.submit("203.0.113.1", content).await.ok().unwrap();
    let row = desk.listed(&desk.staff.verifier, false).await.remove(0);
    let view = desk.seen(&desk.staff.verifier, &row).await;
    let answer = desk.admit(&desk.staff.verifier, &view, 0).await;
    let admitted: ObjectionView = answer.ok().unwrap().read().unwrap();
    assert_eq!(admitted.case, Some(open[0]));
    assert_eq!(desk.counted(CASES).await, 1);
    desk.world.end().await;
}

#[tokio::test]
async fn whoever_filed_it_at_the_counter_does_not_answer_it() {
    let desk = desk(1303, 3, 1).await;
    let operator = &desk.staff.operator;
    desk.also(operator, Role::Verifier).await;
    let content = an_objection("recipient", &desk.village.homes[1].name, &[]);
    let filed: ObjectionView = desk
        .at_counter(operator, content.clone())
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert!(filed.involved && filed.objection.at_counter);
    assert!(filed.receipt.is_some());
    assert_eq!(to_answer(operator).await, 0);
    for answer in [
        desk.admit(operator, &filed, 1).await,
        desk.reject(operator, &filed, "KETERANGAN_KURANG").await,
    ] {
        assert_eq!(answer.verdict(), "403 separation_of_duty");
    }
    // Said again it is the same one, and the counter is told so.
    let again = desk.at_counter(operator, content).await;
    assert_eq!(again.verdict(), "422 invalid");
    let row = desk.listed(&desk.staff.verifier, false).await.remove(0);
    let view = desk.seen(&desk.staff.verifier, &row).await;
    assert_eq!(view.receipt, None, "the paper is the objector's");
    let unlisted = desk.reject(&desk.staff.verifier, &view, "MENINGGAL").await;
    assert_eq!(unlisted.verdict(), "422 invalid");
    let answer = desk
        .reject(&desk.staff.verifier, &view, "BARU_DIPERIKSA")
        .await;
    answer.ok().unwrap();
    let stage = desk.stage(&filed.receipt.unwrap()).await;
    assert_eq!(stage.state.known(), Some(ReceiptState::Rejected));
    assert_eq!(stage.reason.unwrap().as_str(), "BARU_DIPERIKSA");
    assert_eq!(desk.counted(CASES).await, 0);
    assert_eq!(desk.listed(&desk.staff.verifier, true).await.len(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn who_objects_is_sealed_and_shown_for_a_purpose_that_is_logged() {
    let desk = desk(1304, 3, 1).await;
    let content = an_objection("left_out", "Wagiyem Tidak Dapat", &[]);
    let filed = desk.submit("203.0.113.1", content).await.ok().unwrap();
    let filed: ObjectionFiled = filed.read().unwrap();
    let row = desk.listed(&desk.staff.verifier, false).await.remove(0);
    let told = desk
        .staff
        .verifier
        .get(&format!("/v1/objections/{}", row.id))
        .await;
    assert!(!told.json().to_string().contains("Sumarni"));
    let words = [
        "Sumarni",
        "3571034101800009",
        "Wagiyem",
        "bertingkat",
        &filed.receipt,
        "203.0.113.1",
    ];
    for (table, column) in [
        ("objection", "objector_enc"),
        ("objection", "about_enc"),
        ("objection", "grounds_enc"),
        ("objection", "receipt_enc"),
        ("objection", "receipt_hash"),
        ("journal", "body"),
        ("public_quota", "subject"),
    ] {
        let found = desk.world.readable(table, column, &words).await.unwrap();
        assert!(found.is_empty(), "{table}.{column}: {found:?}");
    }
    // What is not sealed is found by the same look.
    let kind = desk
        .world
        .readable("objection", "kind", &["left_out"])
        .await;
    assert_eq!(kind.unwrap(), ["left_out"]);
    let path = format!("/v1/objections/{}/unmask", row.id);
    let no_purpose = json!({ "purpose": "" });
    let answer = desk.staff.verifier.post(&path, &no_purpose).await;
    assert_eq!(answer.verdict(), "422 invalid");
    let purpose = json!({ "purpose": "menanyakan alamat yang dimaksud" });
    let answer = desk.staff.supervisor.post(&path, &purpose).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    let answer = desk.staff.verifier.post(&path, &purpose).await;
    let shown: UnmaskedObjector = answer.ok().unwrap().read().unwrap();
    assert_eq!(shown.objector.name, "Sumarni");
    let auditor = desk.person("inspektur", Role::Auditor).await;
    let log: Page<AccessRow> = auditor
        .get("/v1/access")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let noted = log.items.iter().find(|read| read.what == "objector");
    let purpose = noted.unwrap().purpose.as_deref();
    assert_eq!(purpose, Some("menanyakan alamat yang dimaksud"));
    desk.world.end().await;
}

#[tokio::test]
async fn the_same_said_twice_by_a_stranger_is_kept_and_marked_and_tells_nobody() {
    let desk = desk(1305, 3, 1).await;
    let content = an_objection("left_out", "Wagiyem", &[]);
    let event: Uuid = desk.world.id();
    let body = json!({ "event_id": event, "content": content });
    let path = "/v1/public/objections";
    let first = desk.stranger("203.0.113.1", path, &body).await;
    let first: ObjectionFiled = first.ok().unwrap().read().unwrap();
    // A lost reply is given again, receipt and all.
    let again = desk.stranger("203.0.113.1", path, &body).await;
    let again: ObjectionFiled = again.ok().unwrap().read().unwrap();
    assert_eq!(first, again);
    let mut other = body.clone();
    other["content"]["grounds"] = json!("Yang lain sama sekali.");
    let answer = desk.stranger("203.0.113.1", path, &other).await;
    assert_eq!(answer.verdict(), "409 event_reused");
    // Whoever tries out whether a neighbour objected is answered as everybody.
    let twin = desk.submit("203.0.113.9", content).await.ok().unwrap();
    let twin: ObjectionFiled = twin.read().unwrap();
    assert_ne!(twin.receipt, first.receipt);
    let rows = desk.listed(&desk.staff.verifier, false).await;
    let marked: Vec<bool> = rows.iter().map(|row| row.said_before).collect();
    assert_eq!(marked, [false, true]);
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_files_about_another_city_and_nobody_admits_for_a_family_that_is_not_meant() {
    let desk = desk(1306, 3, 1).await;
    for region in ["35.73.01.1001", "35.71", "00.00.01.0001"] {
        let mut content = an_objection("left_out", "Wagiyem", &[]);
        content["region"] = json!(region);
        let answer = desk.submit("203.0.113.1", content).await;
        assert_eq!(answer.verdict(), "422 invalid", "{region}");
        let said = answer.json().to_string();
        assert!(said.contains("luar wilayah"), "{region}: {said}");
    }
    // A photo is needed against somebody, and it must be there.
    let bare = an_objection("recipient", "Wagiyem", &[]);
    assert_eq!(
        desk.submit("203.0.113.1", bare).await.verdict(),
        "422 invalid"
    );
    let missing = an_objection("recipient", "Wagiyem", &[desk.world.id()]);
    let answer = desk.submit("203.0.113.1", missing).await;
    assert_eq!(answer.verdict(), "422 invalid");
    let photo = desk.shown(5).await;
    let content = an_objection("recipient", "Wagiyem", &[photo]);
    desk.submit("203.0.113.1", content.clone())
        .await
        .ok()
        .unwrap();
    // A photo is shown with one objection.
    let answer = desk.submit("203.0.113.1", content).await;
    assert_eq!(answer.verdict(), "422 invalid");

    let verifier = &desk.staff.verifier;
    let row = desk.listed(verifier, false).await.remove(0);
    let view = desk.seen(verifier, &row).await;
    let path = format!("/v1/objections/{}/admit", row.id);
    for family in [
        desk.village.waiting[0].family.into(),
        desk.world.id::<Uuid>(),
    ] {
        let body =
            json!({ "event_id": verifier.event(), "seen_version": view.version, "family": family });
        let answer = verifier.post(&path, &body).await;
        assert_eq!(answer.verdict(), "422 invalid", "{family}");
    }
    assert_eq!(desk.counted(CASES).await, 0);
    desk.world.end().await;
}

#[tokio::test]
async fn two_hundred_objections_by_one_address_are_twenty_and_others_are_heard_all_the_same() {
    let desk = desk(1307, 1, 1).await;
    let mut taken = 0;
    for n in 0..200 {
        let content = an_objection("left_out", &format!("Warga {n}"), &[]);
        let answer = desk.submit("203.0.113.1", content).await;
        match answer.verdict().as_str() {
            "200" => taken += 1,
            refused => assert_eq!(refused, "429 too_many_requests"),
        }
    }
    assert_eq!(taken, 20);
    assert_eq!(desk.counted("SELECT COUNT(*) FROM objection").await, 20);
    // What is refused for its content counts for nobody.
    for _ in 0..30 {
        let answer = desk.submit("203.0.113.2", json!(an_objection("left_out", "", &[])));
        assert_eq!(answer.await.verdict(), "422 invalid");
    }
    let content = an_objection("left_out", "Warga", &[]);
    desk.submit("203.0.113.2", content.clone())
        .await
        .ok()
        .unwrap();
    // The day after, there is room again.
    desk.world.pass_days(1).await.unwrap();
    desk.submit("203.0.113.1", content).await.ok().unwrap();
    desk.world.end().await;
}

#[tokio::test]
async fn many_at_once_take_no_more_than_the_quota() {
    let desk = desk(1308, 1, 1).await;
    let asked = (0..60).map(|n| {
        let content = an_objection("left_out", &format!("Warga {n}"), &[]);
        desk.submit("203.0.113.1", content)
    });
    let answers = futures_util::future::join_all(asked).await;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for answer in &answers {
        *told.entry(answer.verdict()).or_default() += 1;
    }
    let taken = told.remove("200").unwrap_or_default();
    let held = told.remove("429 too_many_requests").unwrap_or_default();
    let busy = told.remove("503 unavailable").unwrap_or_default();
    assert!(told.is_empty(), "{told:?}");
    // A busy database may refuse one whose turn was counted; it never lets one more in.
    assert!(
        (1..=20).contains(&taken) && taken + busy >= 20,
        "{taken} taken, {held} held back, {busy} refused"
    );
    let kept = desk.counted("SELECT COUNT(*) FROM objection").await;
    assert_eq!(usize::try_from(kept).unwrap(), taken);
    desk.world.end().await;
}

/// A JPEG's header that says how large it is, and nothing behind it.
fn bomb(width: u16, height: u16, frame: u8) -> Vec<u8> {
    let mut photo = snapshot(7).unwrap();
    let at = photo
        .windows(2)
        .position(|two| two == [0xff, 0xc0])
        .unwrap();
    photo[at + 1] = frame;
    photo[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    photo[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    photo
}

#[tokio::test]
async fn a_picture_bomb_is_refused_before_it_is_decoded_and_counts() {
    let desk = desk(1309, 1, 1).await;
    for (what, photo, verdict) in [
        ("no picture", b"GIF89a".to_vec(), "422 invalid"),
        (
            "65,000 pixels a side",
            bomb(65_000, 65_000, 0xc0),
            "422 invalid",
        ),
        ("progressive", bomb(8_000, 3_000, 0xc2), "422 invalid"),
        ("cut", snapshot(3).unwrap()[..200].to_vec(), "422 invalid"),
        ("6 MiB", vec![0xff; 6 * 1024 * 1024], "413 too_large"),
    ] {
        let answer = send_photo(&desk.world, None, desk.world.id(), photo).await;
        assert_eq!(answer.unwrap().verdict(), verdict, "{what}");
    }
    let used = "SELECT uses FROM public_quota WHERE subject = 'objection_photo:all'";
    assert_eq!(desk.counted(used).await, 4);
    assert_eq!(
        desk.counted("SELECT COUNT(*) FROM objection_photo").await,
        0
    );
    // What is left of the day is counted down whoever sends it: photos and not only words.
    let photo = snapshot(4).unwrap();
    let mut taken = 0;
    for n in 0..70_u64 {
        let sent = send_photo(&desk.world, None, desk.world.id(), photo.clone()).await;
        match sent.unwrap().verdict().as_str() {
            "200" => taken += 1,
            refused => assert_eq!(refused, "429 too_many_requests", "{n}"),
        }
    }
    assert_eq!(taken, 56);
    desk.world.end().await;
}

#[tokio::test]
async fn a_photo_is_drawn_anew_shown_to_who_answers_and_forgotten_when_nobody_uses_it() {
    let desk = desk(1310, 1, 1).await;
    let (used, loose) = (desk.shown(1).await, desk.shown(2).await);
    // The same again is the same; another under its name is refused.
    let id: Uuid = used;
    let again = send_photo(&desk.world, None, id, snapshot(1).unwrap()).await;
    again.unwrap().ok().unwrap();
    let other = send_photo(&desk.world, None, id, snapshot(9).unwrap()).await;
    assert_eq!(other.unwrap().verdict(), "409 event_reused");
    let content = an_objection("recipient", &desk.village.homes[0].name, &[used]);
    desk.submit("203.0.113.1", content).await.ok().unwrap();
    let path = format!("/v1/objection-photos/{used}");
    let shown = desk.staff.verifier.get(&path).await.ok().unwrap();
    assert_eq!(&shown.body[..2], [0xff, 0xd8]);
    let answer = desk
        .staff
        .verifier
        .get(&format!("/v1/objection-photos/{loose}"))
        .await;
    assert_eq!(answer.verdict(), "404 not_found");
    let answer = desk.staff.supervisor.get(&path).await;
    assert_eq!(answer.verdict(), "404 not_found", "who takes no part in it");
    desk.world.pass_days(2).await.unwrap();
    assert_eq!(
        desk.counted("SELECT COUNT(*) FROM objection_photo").await,
        1
    );
    desk.staff.verifier.get(&path).await.ok().unwrap();
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_answers_for_fourteen_days_and_it_lapses() {
    let desk = desk(1311, 1, 1).await;
    let content = an_objection("left_out", "Wagiyem", &[]);
    let filed = desk.submit("203.0.113.1", content).await.ok().unwrap();
    let filed: ObjectionFiled = filed.read().unwrap();
    let row = desk.listed(&desk.staff.verifier, false).await.remove(0);
    let view = desk.seen(&desk.staff.verifier, &row).await;
    desk.world.pass_days(13).await.unwrap();
    assert_eq!(to_answer(&desk.staff.verifier).await, 1);
    desk.world.pass_days(2).await.unwrap();
    assert_eq!(to_answer(&desk.staff.verifier).await, 0);
    let stage = desk.stage(&filed.receipt).await;
    assert_eq!(stage.state.known(), Some(ReceiptState::Lapsed));
    let late = desk.admit(&desk.staff.verifier, &view, 0).await;
    assert_eq!(late.verdict(), "409 stale");
    desk.world.end().await;
}
