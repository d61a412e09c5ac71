//! Letters as people meet them: numbered, printed, read by a stranger's telephone, compared with the paper, revoked.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{LetterId, NoticeId};
use tilik_protocol::letter::{
    LetterChecked, LetterContent, LetterKind, LetterOfficeView, LetterPreview, LetterStatus,
    LetterView,
};
use tilik_protocol::review::Page;
use tilik_tests::phone::snapshots;
use tilik_tests::requests::{a_letter, an_office};
use tilik_tests::village::{PKH, Village, city as whole_city, elsewhere, here};
use tilik_tests::{Answer, Console, Staff, World};

use crate::lifecycle::city;

struct Hall {
    world: World,
    staff: Staff,
    village: Village,
}

async fn hall(seed: u64) -> Hall {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(0).await.unwrap();
    let village = world.village(6, 0).await.unwrap();
    let hall = Hall {
        world,
        staff,
        village,
    };
    set(&hall.staff.admin, 0, &an_office()).await.ok().unwrap();
    hall
}

async fn set(by: &Console, seen: i32, settings: &Value) -> Answer {
    let body = json!({
        "event_id": by.event(), "seen_version": seen, "region": here(), "settings": settings,
    });
    by.post("/v1/letter-offices", &body).await
}

async fn issue(by: &Console, mut body: Value) -> Answer {
    body["event_id"] = json!(by.event());
    by.post("/v1/letters", &body).await
}

async fn issued(by: &Console, body: Value) -> LetterView {
    issue(by, body).await.ok().unwrap().read().unwrap()
}

async fn print(by: &Console, id: LetterId) -> Answer {
    let body = json!({ "event_id": by.event() });
    by.post(&format!("/v1/letters/{id}/print"), &body).await
}

async fn show(by: &Console, id: LetterId) -> LetterView {
    let answer = by.get(&format!("/v1/letters/{id}")).await;
    answer.ok().unwrap().read().unwrap()
}

async fn preview(by: &Console, body: &Value) -> LetterContent {
    let answer = by.post("/v1/letters/preview", body).await;
    let told: LetterPreview = answer.ok().unwrap().read().unwrap();
    told.content
}

impl Hall {
    /// What a letter says that somebody has in their hands, and the code on it.
    async fn on_paper(&self) -> (LetterContent, String) {
        let operator = &self.staff.operator;
        let body = a_letter(&self.village, 0);
        let printed = preview(operator, &body).await;
        let letter = issued(operator, body).await;
        print(operator, letter.id).await.ok().unwrap();
        (printed, self.code(letter.id).await)
    }

    async fn code(&self, id: LetterId) -> String {
        self.world
            .app()
            .unwrap()
            .store
            .letter_code(id)
            .await
            .unwrap()
    }

    /// A stranger without an account asks.
    async fn check(&self, code: &str, compare: &[(&str, &str)]) -> Answer {
        let compare: Vec<Value> = compare
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        let body = json!({ "code": code, "compare": compare });
        self.world
            .call("POST", "/v1/letters/check", None, Some(&body))
            .await
    }

    async fn checked(&self, code: &str, compare: &[(&str, &str)]) -> LetterChecked {
        self.check(code, compare)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap()
    }

    /// Somebody of whom the registry knows nothing.
    fn stranger(nik: &str) -> Value {
        json!({
            "subject": {
                "kind": "not_registered", "nik": nik, "name": "Dewi Lestari", "birth_date": "1990-05-01",
                "address": "Jl. Kenanga 3", "rt": "01", "rw": "02", "region": here(),
            },
            "purpose": "pendaftaran PPDB",
        })
    }
}

#[tokio::test]
async fn numbers_run_without_gap_or_double_when_two_print_at_once() {
    let hall = hall(2600).await;
    let mut asked = Vec::new();
    for n in 0..12 {
        let by = if n % 2 == 0 {
            &hall.staff.operator
        } else {
            &hall.staff.verifier
        };
        // One in four is refused, and takes no number with it.
        let body = if n % 4 == 3 {
            Hall::stranger(&hall.village.homes[0].nik)
        } else {
            a_letter(&hall.village, n % 6)
        };
        asked.push(issue(by, body));
    }
    let answers = futures_util::future::join_all(asked).await;
    let given: BTreeSet<String> = answers
        .into_iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.read::<LetterView>().unwrap().number)
        .collect();
    let year = "2026";
    let expected: BTreeSet<String> = (1..=9)
        .map(|n| format!("400.9/{n:03}/419.503/{year}"))
        .collect();
    assert_eq!(given, expected);
    let count = "SELECT last FROM letter_counter";
    assert_eq!(hall.world.count(count).await.unwrap(), 9);
}

#[tokio::test]
async fn a_number_from_the_agenda_book_is_used_once() {
    let hall = hall(2601).await;
    let mut typed = an_office();
    typed["numbering"] = json!("typed");
    set(&hall.staff.admin, 1, &typed).await.ok().unwrap();
    let operator = &hall.staff.operator;
    let mut body = a_letter(&hall.village, 0);
    assert_eq!(issue(operator, body.clone()).await.verdict(), "422 invalid");
    body["number"] = json!("470 / 12/2026");
    assert_eq!(issued(operator, body.clone()).await.number, "470 / 12/2026");
    body["number"] = json!("470/12/2026");
    let refused = issue(operator, body.clone()).await;
    assert_eq!(refused.verdict(), "422 invalid");
    assert_eq!(refused.json()["fields"][0]["code"], "taken");
    body["number"] = json!(hall.village.homes[0].nik);
    assert_eq!(issue(operator, body).await.verdict(), "422 invalid");
}

#[tokio::test]
async fn a_letter_is_printed_again_with_its_number_and_every_print_is_journalled() {
    let hall = hall(2602).await;
    let operator = &hall.staff.operator;
    let letter = issued(operator, a_letter(&hall.village, 0)).await;
    assert_eq!(
        (letter.copies, letter.kind.known()),
        (0, Some(LetterKind::Registered))
    );
    let first = print(operator, letter.id).await.ok().unwrap();
    assert!(first.body.starts_with(b"%PDF-"));
    assert_eq!(first.headers["content-type"], "application/pdf");
    // A lost reply is asked for again: the same copy.
    let body = json!({ "event_id": operator.event() });
    let path = format!("/v1/letters/{}/print", letter.id);
    let second = operator.post(&path, &body).await.ok().unwrap();
    let again = operator.post(&path, &body).await.ok().unwrap();
    assert_eq!(second.body, again.body);
    assert_ne!(first.body, second.body);
    let told = show(operator, letter.id).await;
    assert_eq!(
        (told.copies, told.number.clone()),
        (2, letter.number.clone())
    );
    let prints = "SELECT count(*) FROM journal WHERE action = 'letter.print'";
    assert_eq!(hall.world.count(prints).await.unwrap(), 2);
    let checked = hall.checked(&hall.code(letter.id).await, &[]).await;
    assert_eq!((checked.copy, checked.copies), (2, 2));
    // The family changes its name; the letter is printed as it was.
    let store = hall.world.app().unwrap().store;
    store
        .poke("UPDATE person SET name = 'NAMA LAIN'", [])
        .await
        .unwrap();
    print(operator, letter.id).await.ok().unwrap();
    assert_eq!(show(operator, letter.id).await.name, letter.name);
}

#[tokio::test]
async fn the_same_event_is_the_same_letter_and_another_body_is_refused() {
    let hall = hall(2603).await;
    let operator = &hall.staff.operator;
    let mut body = a_letter(&hall.village, 0);
    body["event_id"] = json!(operator.event());
    let one: LetterView = operator
        .post("/v1/letters", &body)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let again: LetterView = operator
        .post("/v1/letters", &body)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!((one.id, one.number), (again.id, again.number));
    body["purpose"] = json!("keperluan yang lain");
    let answer = operator.post("/v1/letters", &body).await;
    assert_eq!(answer.verdict(), "409 event_reused");
}

#[tokio::test]
async fn a_stranger_compares_what_the_paper_says_and_whatever_is_altered_is_told() {
    let hall = hall(2604).await;
    let (printed, code) = hall.on_paper().await;
    let told = hall.checked(&code, &[]).await;
    assert_eq!(told.number, printed.number);
    assert_eq!(told.village, "Kelurahan BETET");
    assert_eq!(told.office, "KELURAHAN BETET");
    assert_eq!(told.kind.known(), Some(LetterKind::Registered));
    assert_eq!(told.status.known(), Some(LetterStatus::Valid));
    assert_eq!(told.dated, printed.dated);
    assert_eq!(told.name_masked, printed.masked_name());
    assert!(told.name_masked.contains('*'));
    assert!(!told.training);
    // Neither the name, nor a number, nor a program, nor the decile.
    let answer = hall.check(&code, &[]).await;
    let said = String::from_utf8(answer.body.to_vec()).unwrap();
    let home = &hall.village.homes[0];
    for secret in [
        &home.nik, &home.kk, &home.name, "Sembako", "Harapan", "MELATI",
    ] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    for line in &printed.lines {
        let same = hall.checked(&code, &[(&line.key, &line.value)]).await;
        assert!(same.compared[0].same, "{}", line.key);
    }
    for line in &printed.lines {
        let altered = format!("{}1", line.value);
        let other = hall.checked(&code, &[(&line.key, &altered)]).await;
        assert!(!other.compared[0].same, "{}", line.key);
    }
    let refused = hall.check(&code, &[("warna", "biru")]).await;
    assert_eq!(refused.verdict(), "422 invalid");
}

#[tokio::test]
async fn an_altered_number_date_signatory_or_nip_is_told_too() {
    let hall = hall(2615).await;
    let (printed, code) = hall.on_paper().await;
    let nip = printed.signatory_nip.trim_start_matches("NIP ");
    for (key, value, from, to) in [
        ("number", printed.number.as_str(), "/001/", "/002/"),
        (
            "dated",
            printed.dated.as_str(),
            "24 November",
            "25 November",
        ),
        (
            "signatory",
            printed.signatory_name.as_str(),
            "SANTOSO",
            "SANTOSA",
        ),
        ("nip", nip, "1975", "1957"),
    ] {
        let altered = value.replace(from, to);
        assert_ne!(altered, value, "{key}");
        for (said, same) in [(value, true), (altered.as_str(), false)] {
            let told = hall.checked(&code, &[(key, said)]).await;
            assert_eq!(told.compared[0].same, same, "{key}: {said}");
        }
    }
}

#[tokio::test]
async fn unknown_malformed_and_altered_codes_have_one_answer() {
    let hall = hall(2605).await;
    let operator = &hall.staff.operator;
    let letter = issued(operator, a_letter(&hall.village, 0)).await;
    // Never printed: no copy is out.
    let plain = |answer: &Answer| {
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        (answer.status, body)
    };
    let unprinted = hall.check(&hall.code(letter.id).await, &[]).await;
    print(operator, letter.id).await.ok().unwrap();
    let code = hall.code(letter.id).await;
    hall.checked(&code, &[]).await;
    let mut flipped = code.clone().into_bytes();
    flipped[110] = if flipped[110] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let unknown = "AQ".to_owned() + &"A".repeat(code.len() - 2);
    let expected = plain(&hall.check(&unknown, &[]).await);
    assert_eq!(expected.0, 404);
    for other in [
        "",
        "bukan kode",
        "3571035212820001",
        &flipped,
        &"x".repeat(5_000),
    ] {
        assert_eq!(plain(&hall.check(other, &[]).await), expected, "{other}");
    }
    assert_eq!(plain(&unprinted), expected);
    // Another letter's sealed content under this letter's id opens nothing.
    let other = issued(operator, a_letter(&hall.village, 1)).await;
    let store = hall.world.app().unwrap().store;
    let swap = "UPDATE letter SET content_enc = (SELECT content_enc FROM letter WHERE id = $1) WHERE id = $2";
    let ids = [other.id, letter.id].map(|id| uuid::Uuid::from(id).into());
    assert_eq!(store.poke(swap, ids).await.unwrap(), 1);
    assert_eq!(plain(&hall.check(&code, &[]).await), expected);
}

#[tokio::test]
async fn a_revoked_letter_is_told_as_such_and_not_printed_again() {
    let hall = hall(2606).await;
    let operator = &hall.staff.operator;
    let letter = issued(operator, a_letter(&hall.village, 0)).await;
    print(operator, letter.id).await.ok().unwrap();
    let code = hall.code(letter.id).await;
    let path = format!("/v1/letters/{}/revoke", letter.id);
    let revoke = |reason: &str, seen: i32| json!({ "event_id": operator.event(), "seen_version": seen, "reason": reason });
    let answer = operator.post(&path, &revoke("TIDAK_SUKA", 1)).await;
    assert_eq!(answer.verdict(), "422 invalid");
    let answer = operator.post(&path, &revoke("DATA_SALAH", 7)).await;
    assert_eq!(answer.verdict(), "409 stale");
    let body = revoke("DATA_SALAH", 1);
    for _ in 0..2 {
        let answer = operator.post(&path, &body).await.ok().unwrap();
        let told: LetterView = answer.read().unwrap();
        assert_eq!(told.status.known(), Some(LetterStatus::Revoked));
    }
    let answer = operator.post(&path, &revoke("DATA_SALAH", 2)).await;
    assert_eq!(answer.verdict(), "409 wrong_moment");
    let told = hall.checked(&code, &[]).await;
    assert_eq!(told.status.known(), Some(LetterStatus::Revoked));
    assert!(told.revoked_at.is_some());
    let refused = print(operator, letter.id).await;
    assert_eq!(refused.verdict(), "422 invalid");
    assert_eq!(refused.json()["fields"][0]["code"], "revoked");
}

#[tokio::test]
async fn a_letter_expires_and_is_then_told_as_such() {
    let hall = hall(2607).await;
    let operator = &hall.staff.operator;
    let letter = issued(operator, a_letter(&hall.village, 0)).await;
    print(operator, letter.id).await.ok().unwrap();
    let code = hall.code(letter.id).await;
    hall.world.pass_days(91).await.unwrap();
    let told = hall.checked(&code, &[]).await;
    assert_eq!(told.status.known(), Some(LetterStatus::Expired));
    let refused = print(operator, letter.id).await;
    assert_eq!(refused.json()["fields"][0]["code"], "expired");
}

#[tokio::test]
async fn nobody_is_said_to_be_missing_who_is_registered_anywhere() {
    let hall = hall(2608).await;
    let operator = &hall.staff.operator;
    let away = &hall.village.far_homes[0].nik;
    for nik in [&hall.village.homes[0].nik, away] {
        let refused = issue(operator, Hall::stranger(nik)).await;
        assert_eq!(refused.verdict(), "422 invalid");
        assert_eq!(refused.json()["fields"][0]["code"], "registered");
    }
    let stranger = Hall::stranger("3571 0341 0590 0007");
    let content = preview(operator, &stranger).await;
    let letter = issued(operator, stranger).await;
    assert_eq!(letter.kind.known(), Some(LetterKind::NotRegistered));
    let pdf = print(operator, letter.id).await.ok().unwrap().body;
    assert!(content.title.to_lowercase().contains("tidak terdaftar"));
    says(&pdf, &content, &letter.number);
    let told = hall
        .checked(&hall.code(letter.id).await, &[("nik", "3571034105900007")])
        .await;
    assert_eq!(told.kind.known(), Some(LetterKind::NotRegistered));
    assert_eq!(told.name_masked, "D*** L******");
    assert!(told.compared[0].same);
    for (field, value) in [
        ("nik", json!("3571")),
        ("birth_date", json!("2999-01-01")),
        ("rt", json!("satu")),
        ("name", json!("X")),
        ("region", json!(whole_city())),
    ] {
        let mut body = Hall::stranger("3571034105900008");
        body["subject"][field] = value;
        let refused = issue(operator, body).await;
        assert_eq!(refused.verdict(), "422 invalid", "{field}");
        let named = refused.json()["fields"][0]["field"].to_string();
        assert!(named.contains(field), "{named}");
    }
    let mut body = Hall::stranger("3571034105900008");
    body["purpose"] = json!("x");
    assert_eq!(issue(operator, body).await.verdict(), "422 invalid");
}

#[tokio::test]
async fn a_letter_needs_an_office_a_living_member_and_a_right() {
    let hall = hall(2609).await;
    let operator = &hall.staff.operator;
    // Another village has no settings of its own, and the city none either.
    let mut body = Hall::stranger("3571034105900007");
    body["subject"]["region"] = json!(elsewhere());
    let refused = issue(operator, body.clone()).await;
    assert_eq!(refused.json()["fields"][0]["code"], "not_set");
    let city_wide = json!({
        "event_id": hall.staff.admin.event(), "seen_version": 0, "region": whole_city(),
        "settings": an_office(), "next_number": 41,
    });
    let answer = hall
        .staff
        .admin
        .post("/v1/letter-offices", &city_wide)
        .await;
    answer.ok().unwrap();
    assert_eq!(
        issued(operator, body).await.number,
        "400.9/041/419.503/2026"
    );
    for who in [
        &hall.staff.auditor,
        &hall.staff.signatory,
        &hall.staff.admin,
    ] {
        let answer = issue(who, a_letter(&hall.village, 0)).await;
        assert_eq!(answer.verdict(), "403 forbidden");
    }
    let dead = "UPDATE person SET alive = $1 WHERE id = $2";
    let store = hall.world.app().unwrap().store;
    let head = uuid::Uuid::from(hall.village.homes[0].persons[0]);
    store.poke(dead, [false.into(), head.into()]).await.unwrap();
    let refused = issue(operator, a_letter(&hall.village, 0)).await;
    assert_eq!(refused.json()["fields"][0]["code"], "dead");
    // A member of another family.
    let mut body = a_letter(&hall.village, 1);
    body["subject"]["person"] = json!(hall.village.homes[2].persons[0]);
    assert_eq!(issue(operator, body).await.verdict(), "404 not_found");
}

#[tokio::test]
async fn an_offices_settings_are_versions_and_no_given_number_comes_again() {
    let hall = hall(2610).await;
    let (admin, lurah) = (&hall.staff.admin, &hall.staff.signatory);
    assert_eq!(set(admin, 0, &an_office()).await.verdict(), "409 stale");
    let mut other = an_office();
    other["signatory_name"] = json!("SITI RAHAYU, S.Sos");
    let changed = set(lurah, 1, &other).await.ok().unwrap();
    let changed: LetterOfficeView = changed.read().unwrap();
    assert_eq!((changed.version, changed.next_number), (2, 1));
    assert_eq!(
        set(&hall.staff.operator, 2, &other).await.verdict(),
        "403 forbidden"
    );
    let path = format!("/v1/letter-offices/{}/versions", here());
    let all: Vec<LetterOfficeView> = admin.get(&path).await.ok().unwrap().read().unwrap();
    let names: Vec<_> = all
        .iter()
        .map(|one| one.settings.signatory_name.as_str())
        .collect();
    assert_eq!(names, ["SITI RAHAYU, S.Sos", "BUDI SANTOSO, S.Sos"]);
    let mut wrong = an_office();
    wrong["number_template"] = json!("{nomor}");
    let refused = set(admin, 2, &wrong).await;
    assert_eq!(
        refused.json()["fields"][0]["field"],
        "settings.number_template"
    );
    issued(&hall.staff.operator, a_letter(&hall.village, 0)).await;
    issued(&hall.staff.operator, a_letter(&hall.village, 1)).await;
    let next = |next: u32, seen: i32| {
        json!({
            "event_id": admin.event(), "seen_version": seen, "region": here(),
            "settings": an_office(), "next_number": next,
        })
    };
    let refused = admin.post("/v1/letter-offices", &next(2, 2)).await;
    assert_eq!(refused.json()["fields"][0]["code"], "given");
    let body = next(100, 2);
    for _ in 0..2 {
        let told = admin.post("/v1/letter-offices", &body).await.ok().unwrap();
        assert_eq!(told.read::<LetterOfficeView>().unwrap().next_number, 100);
    }
    let letter = issued(&hall.staff.operator, a_letter(&hall.village, 2)).await;
    assert_eq!(letter.number, "400.9/100/419.503/2026");
}

#[tokio::test]
async fn letters_are_listed_by_family_and_number_to_who_reads_there() {
    let hall = hall(2611).await;
    let operator = &hall.staff.operator;
    let mut letters = Vec::new();
    for home in [0, 1, 1] {
        letters.push(issued(operator, a_letter(&hall.village, home)).await);
        hall.world.pass_s(1).await.unwrap();
    }
    let list = async |query: &str| -> Page<LetterView> {
        let answer = hall.staff.auditor.get(&format!("/v1/letters{query}")).await;
        answer.ok().unwrap().read().unwrap()
    };
    let family = hall.village.homes[1].family;
    let told = list(&format!("?family={family}")).await;
    let ids: Vec<_> = told.items.iter().map(|one| one.id).collect();
    assert_eq!(ids, [letters[2].id, letters[1].id]);
    let told = list("?number=400.9/001/419.503/2026").await;
    assert_eq!(told.items[0].id, letters[0].id);
    let first = list("?limit=2").await;
    let rest = list(&format!("?limit=2&after={}", first.next.unwrap())).await;
    assert_eq!((first.items.len(), rest.items.len()), (2, 1));
    assert_eq!(rest.items[0].id, letters[0].id);
    let answer = hall.staff.auditor.get("/v1/letters?after=x").await;
    assert_eq!(answer.code().as_deref(), Some("bad_cursor"));
}

#[tokio::test]
async fn one_address_checks_so_often_and_one_letter_is_guessed_at_so_often() {
    let hall = hall(2612).await;
    let operator = &hall.staff.operator;
    let letter = issued(operator, a_letter(&hall.village, 0)).await;
    print(operator, letter.id).await.ok().unwrap();
    let code = hall.code(letter.id).await;
    let guess = ("name", "BUKAN NAMANYA");
    for _ in 0..3 {
        hall.checked(&code, &[guess; 10]).await;
    }
    let refused = hall.check(&code, &[guess]).await;
    assert_eq!(refused.verdict(), "429 too_many_requests");
    // What needs no guess is told all the same.
    hall.checked(&code, &[]).await;
    let mut left = 0;
    while hall.check(&code, &[]).await.status == 200 {
        left += 1;
        assert!(left < 200);
    }
    assert_eq!(left, 120 - 5);
    assert_eq!(
        hall.check("x", &[]).await.verdict(),
        "429 too_many_requests"
    );
    hall.world.pass_s(1_000).await.unwrap();
    hall.checked(&code, &[]).await;
}

#[tokio::test]
async fn a_cancelled_family_is_told_why_and_until_when_and_where_to_appeal() {
    let city = city(2613, 1).await;
    let staff = &city.staff;
    let (operator, approver) = (&staff.operator, &staff.approver);
    set(&staff.admin, 0, &an_office()).await.ok().unwrap();
    let phone = &city.phones[0];
    let case = city.assign(0, VisitKind::Quick, 0).await;
    phone.visit(case, &snapshots(3, 1).unwrap()).unwrap();
    phone.pump().await.unwrap();
    city.claim(case).await;
    staff.supervisor.accept(case).await.unwrap();
    let held = &city.village.homes[0].memberships;
    for (program, why) in held
        .keys()
        .map(|program| (program.as_str(), (program == PKH).then_some("PINDAH_LUAR")))
    {
        let answer = operator.decide(case, held[program], why).await.unwrap();
        answer.ok().unwrap();
    }
    let answer = approver.confirm(case, held[PKH], true).await.unwrap();
    answer.ok().unwrap();
    let view = operator.case(case).await.unwrap();
    let notice: NoticeId = view.memberships.iter().find_map(|one| one.notice).unwrap();
    let body = json!({ "subject": { "kind": "notice", "notice": notice } });
    let content = preview(operator, &body).await;
    assert_eq!(content.kind, LetterKind::Notice);
    assert!(content.addressee[0].contains(&city.village.homes[0].name));
    let said = |key: &str| content.line(key).unwrap_or_default().to_owned();
    assert_eq!(said("program"), "Program Keluarga Harapan");
    assert_eq!(said("reason"), "Pindah keluar kota");
    assert!(
        said("evidence").contains("kunjungan petugas"),
        "{}",
        said("evidence")
    );
    assert!(
        said("appeal_until").contains("14 hari"),
        "{}",
        said("appeal_until")
    );
    assert_eq!(
        said("appeal_at"),
        "Kantor Kelurahan Betet, Senin sampai Jumat"
    );
    let letter = issued(operator, body.clone()).await;
    assert_eq!(letter.notice, Some(notice));
    // Asked for again it is that one, whoever asks.
    let again = issued(&staff.verifier, body).await;
    assert_eq!((again.id, again.number), (letter.id, letter.number.clone()));
    let pdf = print(operator, letter.id).await.ok().unwrap().body;
    says(&pdf, &content, &letter.number);
    let code = city
        .world
        .app()
        .unwrap()
        .store
        .letter_code(letter.id)
        .await
        .unwrap();
    let body = json!({ "code": code });
    let told = city
        .world
        .call("POST", "/v1/letters/check", None, Some(&body))
        .await;
    let text = String::from_utf8(told.body.to_vec()).unwrap();
    let told: LetterChecked = told.ok().unwrap().read().unwrap();
    assert_eq!(told.kind.known(), Some(LetterKind::Notice));
    assert!(
        !text.contains("Harapan") && !text.contains("Pindah"),
        "{text}"
    );
    // Delivered: when, to whom, how, by whom.
    let mut body = json!({
        "event_id": operator.event(), "delivered_at": city.world.now(), "received_by": "keluarga",
        "how": "merpati",
    });
    let path = format!("/v1/notices/{notice}/delivered");
    assert_eq!(operator.post(&path, &body).await.verdict(), "422 invalid");
    body["how"] = json!("diantar");
    operator.post(&path, &body).await.ok().unwrap();
    let kept = "SELECT count(*) FROM notice WHERE delivered_how = 'diantar' AND received_by = 'keluarga' \
                AND delivered_recorded_by IS NOT NULL";
    assert_eq!(city.world.count(kept).await.unwrap(), 1);
}

/// A paper says all that its letter does, and its title and number.
fn says(pdf: &[u8], content: &LetterContent, number: &str) {
    let Some(text) = poppler("pdftotext", pdf, &["-layout"], &["-"]) else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    // Where a line is broken is the paper's own affair.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(&text);
    let lines = content.lines.iter().map(|line| line.value.as_str());
    let names = [number, &content.signatory_name, &content.dated];
    let all = lines
        .chain(names)
        .chain(content.paragraphs.iter().map(String::as_str));
    for said in all.chain(content.addressee.iter().map(String::as_str)) {
        assert!(text.contains(&words(said)), "{said}: {text}");
    }
    assert!(text.contains(&content.title.to_uppercase()), "{text}");
}

/// What a program of poppler-utils makes of a PDF and writes to its output; `None`, said aloud, where it is not installed.
pub(crate) fn poppler(program: &str, pdf: &[u8], args: &[&str], to: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surat.pdf");
    std::fs::write(&path, pdf).unwrap();
    let Ok(made) = Command::new(program)
        .args(args)
        .arg(&path)
        .args(to)
        .output()
    else {
        if let Some(list) = std::env::var_os("TILIK_TEST_SKIPS") {
            use std::io::Write as _;
            let mut file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(list)
                .unwrap();
            writeln!(file, "letters on paper: {program} is not installed").unwrap();
        }
        return None;
    };
    assert!(made.status.success());
    Some(made.stdout)
}

#[tokio::test]
async fn the_paper_says_its_words_and_a_telephone_reads_its_code() {
    let hall = hall(2614).await;
    let operator = &hall.staff.operator;
    let body = a_letter(&hall.village, 0);
    let printed = preview(operator, &body).await;
    let letter = issued(operator, body).await;
    let pdf = print(operator, letter.id).await.ok().unwrap().body;
    assert!(pdf.len() < 100_000, "{}", pdf.len());
    // To be looked at.
    let kept = concat!(env!("CARGO_TARGET_TMPDIR"), "/letter.pdf");
    std::fs::write(kept, &pdf).unwrap();
    let Some(text) = poppler("pdftotext", &pdf, &["-layout"], &["-"]) else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in &printed.lines {
        assert!(text.contains(&line.value), "{}: {text}", line.value);
    }
    for words in [
        "SURAT KETERANGAN TERDAFTAR DTSEN",
        letter.number.as_str(),
        "LURAH BETET",
        "BUDI SANTOSO, S.Sos",
        "Cetakan ke-1",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let image = poppler(
        "pdftoppm",
        &pdf,
        &["-gray", "-r", "200", "-singlefile"],
        &[],
    )
    .unwrap();
    let mut parts = image.splitn(4, u8::is_ascii_whitespace);
    assert_eq!(parts.next().unwrap(), b"P5");
    let mut number = || -> usize {
        let text = std::str::from_utf8(parts.next().unwrap()).unwrap();
        text.parse().unwrap()
    };
    let (width, height) = (number(), number());
    let grey = parts.next().unwrap().strip_prefix(b"255\n").unwrap();
    let mut paper =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    let grids = paper.detect_grids();
    assert_eq!(grids.len(), 1);
    let (_, address) = grids[0].decode().unwrap();
    let (page, code) = address.split_once('#').unwrap();
    assert_eq!(page, format!("{}/periksa", hall.world.public_url()));
    assert_eq!(code, hall.code(letter.id).await);
    assert_eq!(hall.checked(code, &[]).await.number, letter.number);
}
