//! Contact sheets: which houses may be on one, who holds them, how they are accepted, and what the journal tells of it.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tilik_protocol::case::CaseState;
use tilik_protocol::contact_sheet::{
    ContactSheet, MOST_ON_SHEET, SheetHouse, SheetLease, TakenOut,
};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, EventId, SheetId};
use tilik_protocol::lookup::HistoryRow;
use tilik_protocol::policy::Role;
use tilik_protocol::review::{AccessRow, CaseView, Claimed, JournalRow, Page};
use tilik_tests::handmade::{Handmade, SoftPhone};
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

impl Desk {
    /// A case about a home that asks for a full visit.
    async fn asked_fully(&self, home: usize) -> CaseId {
        let families = [self.village.homes[home].family];
        let officer = Some(self.phone.officer.id);
        let by = &self.staff.supervisor;
        let opened = by
            .open_cases(&families, VisitKind::Full, officer, None)
            .await;
        opened.unwrap().cases[0]
    }

    /// Evidence of a full visit, with answers that differ from those of a poor family.
    async fn visited(&mut self, home: usize, differs: &[(&str, &str)]) -> (CaseId, Handmade) {
        let case = self.asked_fully(home).await;
        let visit = self.phone.capture_plainly(&self.world, case, differs);
        let visit = visit.unwrap();
        self.phone.bring(&visit).await.unwrap();
        self.world.pass_s(1).await.unwrap();
        (case, visit)
    }

    /// Houses that nothing speaks against, with their photos ready.
    async fn plain(&mut self, homes: std::ops::Range<usize>) -> Vec<CaseId> {
        let mut cases = Vec::new();
        for home in homes {
            cases.push(self.visited(home, &[]).await.0);
        }
        self.world.settle().await.unwrap();
        cases
    }

    async fn journal_of(&self, case: CaseId, action: &str) -> Vec<JournalRow> {
        let path = format!("/v1/journal?case={case}&limit=200");
        let page: Page<JournalRow> = self.staff.auditor.get(&path).await.read().unwrap();
        let rows = page.items.into_iter();
        rows.filter(|row| row.action == action).collect()
    }
}

async fn take(by: &Console, body: Value) -> ContactSheet {
    let answer = by.post("/v1/review/sheets", &body).await;
    answer.ok().unwrap().read().unwrap()
}

fn cases(sheet: &ContactSheet) -> Vec<CaseId> {
    sheet.houses.iter().map(|house| house.case).collect()
}

fn set(cases: &[CaseId]) -> BTreeSet<CaseId> {
    cases.iter().copied().collect()
}

/// Accepts a house of a sheet; the verdict.
async fn accept(by: &Console, sheet: SheetId, house: &SheetHouse, shown_ms: u64) -> String {
    let body = acceptance(by.event(), sheet, house, shown_ms);
    let path = format!("/v1/cases/{}/accept", house.case);
    by.post(&path, &body).await.verdict()
}

fn acceptance(event: EventId, sheet: SheetId, house: &SheetHouse, shown_ms: u64) -> Value {
    json!({
        "event_id": event, "seen_version": house.version,
        "on_sheet": { "sheet": sheet, "shown_ms": shown_ms, "houses": 12 },
    })
}

async fn claimed(by: &Console, limit: u8) -> Vec<CaseId> {
    let answer = by
        .post("/v1/review/claim", &json!({ "limit": limit }))
        .await;
    let claimed: Claimed = answer.ok().unwrap().read().unwrap();
    let views = claimed.case.into_iter().chain(claimed.more);
    views.map(|view| view.id).collect()
}

#[tokio::test]
async fn only_houses_that_nothing_speaks_against_are_on_a_sheet() {
    let mut desk = desk(401, 12, 0).await;
    let plain = desk.plain(0..2).await;
    // Flagged: the phone said that its location was made up.
    let case = desk.asked_fully(2).await;
    let shots = vec![desk.phone.photograph(0).unwrap()];
    let mut manifest = desk.phone.manifest(Some(case), VisitKind::Quick, &shots);
    manifest.clock = desk.phone.clock_at(&desk.world, manifest.captured_at);
    manifest.pin.as_mut().unwrap().mock = true;
    let mocked = desk.phone.seal(manifest, shots);
    desk.phone.bring(&mocked).await.unwrap();
    // Without answers nobody knows.
    desk.submitted(3..4).await;
    // Heading for "ineligible", and what has to be looked into.
    let well_off = [
        ("work", "yes"),
        ("food_worry", "no"),
        ("food_share", "no"),
        ("clothing", "yes"),
        ("floor", "2"),
        ("wall", "1"),
        ("toilet", "1"),
        ("power", "1300"),
    ];
    desk.visited(4, &well_off).await;
    desk.visited(5, &[("presence", "2")]).await;
    desk.visited(6, &[("result", "5")]).await;
    // A second visit has to be compared with the first.
    let (twice, _) = desk.visited(7, &[]).await;
    let again = desk.phone.capture_plainly(&desk.world, twice, &[]).unwrap();
    desk.phone.bring(&again).await.unwrap();
    // Of this one the photos are not here.
    let case = desk.asked_fully(8).await;
    let bare = desk.phone.capture_plainly(&desk.world, case, &[]).unwrap();
    desk.phone.sync(&[&bare]).await.unwrap();
    desk.world.settle().await.unwrap();
    // And of this one their copies are not made yet.
    let unmade = desk.asked_fully(9).await;
    let visit = desk.phone.capture_plainly(&desk.world, unmade, &[]);
    desk.phone.bring(&visit.unwrap()).await.unwrap();

    let by = desk.staff.supervisor.clone();
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), plain);
    let house = &sheet.houses[0];
    assert!(!house.answers.is_empty() && house.answers.iter().all(|answer| answer.counts));
    assert_eq!(house.photos.len(), 2);
    assert!(house.photos.iter().all(|photo| photo.state == "ready"));
    assert!(house.pin.is_some() && house.officer_name.is_some() && house.earlier_pin.is_none());
    desk.world.settle().await.unwrap();
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), [plain[0], plain[1], unmade]);
    // One by one they all come.
    assert_eq!(claimed(&desk.staff.colleague, 3).await.len(), 3);
    // What was shown is in the log of reads.
    let path = format!("/v1/access?object=case:{}&user={}", plain[0], by.user());
    let page: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let what: Vec<_> = page
        .items
        .iter()
        .map(|row| (&*row.what, &*row.mode))
        .collect();
    assert_eq!(what, [("contact_sheet", "seen"), ("contact_sheet", "seen")]);
    desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reviewers_who_take_sheets_at_once_never_share_a_house() {
    let mut desk = desk(402, 30, 0).await;
    let plain = desk.plain(0..30).await;
    let mut reviewers = Vec::new();
    for n in 0..5 {
        let reviewer = desk.person(&format!("peninjau{n}"), Role::Supervisor).await;
        reviewer.sign_in().await.unwrap();
        reviewers.push(reviewer);
    }
    let sheets = join_all(reviewers.iter().map(|by| take(by, json!({})))).await;
    let held: Vec<CaseId> = sheets.iter().flat_map(cases).collect();
    assert_eq!(set(&held).len(), held.len(), "one holder each");
    assert!(
        sheets
            .iter()
            .all(|sheet| sheet.houses.len() <= MOST_ON_SHEET)
    );
    assert_eq!(held.len(), 30);
    assert_eq!(set(&held), set(&plain));
    for sheet in &sheets {
        for house in &sheet.houses {
            let by = &desk.staff.colleague;
            assert_eq!(by.take(house.case).await.verdict(), "409 lease_lost");
        }
    }
    // One person in two tabs holds one sheet.
    for by in &reviewers {
        for sheet in &sheets {
            let path = format!("/v1/review/sheets/{}/lease", sheet.sheet);
            assert_eq!(by.call("DELETE", &path, None).await.status, 204);
        }
    }
    let one = &reviewers[0];
    let (a, b) = tokio::join!(take(one, json!({})), take(one, json!({})));
    let held = "SELECT COUNT(*) FROM verification_case WHERE lease_sheet IS NOT NULL";
    assert_eq!(desk.world.count(held).await.unwrap(), 12);
    assert!(a.sheet != b.sheet);
    desk.world.end().await;
}

#[tokio::test]
async fn each_house_is_accepted_by_itself_with_the_time_it_was_on_the_screen() {
    let mut desk = desk(403, 16, 0).await;
    let plain = desk.plain(0..14).await;
    let by = desk.staff.supervisor.clone();
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), plain[..MOST_ON_SHEET]);
    desk.world.pass_s(20).await.unwrap();
    let house = &sheet.houses[0];
    // Said for much longer than the sheet is old, or of a sheet that is none.
    let odd = accept(&by, sheet.sheet, house, 90_000).await;
    assert_eq!(odd, "422 invalid");
    let mut none = acceptance(by.event(), sheet.sheet, house, 1_000);
    none["on_sheet"]["houses"] = json!(13);
    let path = format!("/v1/cases/{}/accept", house.case);
    assert_eq!(by.post(&path, &none).await.verdict(), "422 invalid");
    let other = accept(&by, desk.world.id(), house, 1_000).await;
    assert_eq!(other, "409 lease_lost");
    assert!(desk.journal_of(house.case, "case.accept").await.is_empty());

    // The reply is lost and the same is said again.
    let body = acceptance(by.event(), sheet.sheet, house, 19_500);
    for _ in 0..2 {
        let answer = by.post(&path, &body).await.ok().unwrap();
        let seen: CaseView = answer.read().unwrap();
        assert_eq!(seen.state.known(), Some(CaseState::Accepted));
    }
    let rows = desk.journal_of(house.case, "case.accept").await;
    assert_eq!(rows.len(), 1);
    let told = &rows[0].body;
    assert_eq!(told["body"]["on_sheet"]["sheet"], json!(sheet.sheet));
    assert_eq!(told["body"]["on_sheet"]["shown_ms"], 19_500);
    assert_eq!(told["counted_ms"], 19_500);
    assert_eq!(told["sheet_houses"], 12);
    assert_eq!(told["hurried"], false);
    let age = told["sheet_age_ms"].as_u64().unwrap();
    assert!((20_000..21_000).contains(&age), "{age}");

    // Less than half a second a house is done all the same, and told.
    let hasty = &sheet.houses[1];
    assert_eq!(accept(&by, sheet.sheet, hasty, 3_000).await, "200");
    let rows = desk.journal_of(hasty.case, "case.accept").await;
    assert_eq!(rows[0].body["hurried"], true);
    let path = format!("/v1/cases/{}/history", hasty.case);
    let acts: Page<HistoryRow> = by.get(&path).await.read().unwrap();
    let on = acts.items[0].on_sheet.unwrap();
    assert!(on.is_hurried() && on.sheet == sheet.sheet);
    // One by one nothing of the kind is told.
    desk.staff.colleague.accept(plain[13]).await.unwrap();
    let rows = desk.journal_of(plain[13], "case.accept").await;
    assert!(rows[0].body["hurried"].is_null() && rows[0].body["counted_ms"].is_null());

    // The next sheet has what was left and what waited.
    let next = take(&by, json!({})).await;
    assert_eq!(cases(&next), plain[2..13]);
    let old = accept(&by, sheet.sheet, &sheet.houses[2], 1_000).await;
    assert_eq!(old, "409 lease_lost", "an older sheet counts no more");
    desk.world.end().await;
}

#[tokio::test]
async fn the_time_on_the_screen_is_no_longer_than_the_servers_clock_allows() {
    let mut desk = desk(409, 14, 0).await;
    let plain = desk.plain(0..13).await;
    let by = desk.staff.supervisor.clone();
    let history = async |case: CaseId| {
        let path = format!("/v1/cases/{case}/history");
        let acts: Page<HistoryRow> = by.get(&path).await.read().unwrap();
        acts.items.into_iter().next().unwrap()
    };
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), plain[..MOST_ON_SHEET]);
    // At once, with a time and a number that would be leisurely: both are the server's to say.
    let house = &sheet.houses[0];
    let mut body = acceptance(by.event(), sheet.sheet, house, 30_000);
    body["on_sheet"]["houses"] = json!(1);
    let path = format!("/v1/cases/{}/accept", house.case);
    assert_eq!(by.post(&path, &body).await.status, 200);
    let rows = desk.journal_of(house.case, "case.accept").await;
    let told = &rows[0].body;
    let counted = told["counted_ms"].as_u64().unwrap();
    assert_eq!(told["sheet_age_ms"].as_u64(), Some(counted));
    assert!(counted < 6_000, "{counted}");
    assert_eq!(
        (&told["hurried"], &told["sheet_houses"]),
        (&json!(true), &json!(12))
    );
    let on = history(house.case).await.on_sheet.unwrap();
    assert_eq!((on.shown_ms, on.houses), (counted, 12));
    assert!(on.is_hurried());

    // As one of a sheet it is not accepted as if it had been looked at by itself.
    let house = &sheet.houses[1];
    desk.world.pass_s(60).await.unwrap();
    let alone = json!({ "event_id": by.event(), "seen_version": house.version });
    let path = format!("/v1/cases/{}/accept", house.case);
    assert_eq!(by.post(&path, &alone).await.verdict(), "409 lease_lost");
    let seen = by.case(house.case).await.unwrap();
    assert!(seen.lease.unwrap().on_sheet);
    // Taken by itself it is, and the time counts from there; another ten minutes do not begin it anew.
    by.take(house.case).await.ok().unwrap();
    desk.world.pass_s(30).await.unwrap();
    let seen: CaseView = by.take(house.case).await.read().unwrap();
    assert!(!seen.lease.unwrap().on_sheet);
    desk.world.pass_s(11).await.unwrap();
    assert_eq!(by.post(&path, &alone).await.status, 200);
    let rows = desk.journal_of(house.case, "case.accept").await;
    let held = rows[0].body["held_ms"].as_u64().unwrap();
    assert!((41_000..45_000).contains(&held), "{held}");
    let act = history(house.case).await;
    assert_eq!((act.held_ms, act.on_sheet), (Some(held), None));

    // Of the queue likewise, and for whoever comes after a lease ran out it begins anew.
    assert_eq!(claimed(&by, 1).await, plain[12..]);
    desk.world.pass_s(700).await.unwrap();
    let other = &desk.staff.colleague;
    other.take(plain[12]).await.ok().unwrap();
    desk.world.pass_s(2).await.unwrap();
    assert_eq!(other.act(plain[12], "accept").await.unwrap().status, 200);
    let act = history(plain[12]).await;
    let held = act.held_ms.unwrap();
    assert!((2_000..6_000).contains(&held), "{held}");

    // Twelve were handed out, also when one is accepted; a sheet of one is a sheet of one.
    let again = take(&by, json!({ "again": [plain[2]] })).await;
    assert_eq!(cases(&again), [plain[2]]);
    desk.world.pass_s(1).await.unwrap();
    let one = accept(&by, again.sheet, &again.houses[0], 800).await;
    assert_eq!(one, "200");
    let on = history(plain[2]).await.on_sheet.unwrap();
    assert_eq!((on.houses, on.shown_ms), (1, 800));
    desk.world.end().await;
}

#[tokio::test]
async fn a_flag_that_comes_between_keeps_its_house_from_being_accepted_and_no_other() {
    let mut desk = desk(404, 6, 0).await;
    let (first, visit) = desk.visited(0, &[]).await;
    let second = desk.plain(1..2).await[0];
    let by = desk.staff.supervisor.clone();
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), [first, second]);
    // Another family's visit brings the same photo: the first one is flagged.
    let other = desk.asked_fully(2).await;
    let officer = &desk.staff.officers[0];
    let phone = SoftPhone::enrolled(&desk.world, &desk.staff.admin, officer).await;
    let mut phone = phone.unwrap();
    let shots = vec![phone.shot(visit.shots[0].plain.clone()).unwrap()];
    let manifest = phone.manifest(Some(other), VisitKind::Quick, &shots);
    let copy = phone.seal(manifest, shots);
    phone.bring(&copy).await.unwrap();

    let before = accept(&by, sheet.sheet, &sheet.houses[0], 500).await;
    assert_eq!(before, "409 stale");
    let mut seen_anew = sheet.houses[0].clone();
    seen_anew.version = desk.case(first).await.version;
    let answer = accept(&by, sheet.sheet, &seen_anew, 500).await;
    assert_eq!(answer, "409 one_by_one");
    assert_eq!(accept(&by, sheet.sheet, &sheet.houses[1], 500).await, "200");
    assert_eq!(
        desk.case(first).await.state.known(),
        Some(CaseState::Submitted)
    );
    // Renewed, it is off the sheet; by itself it is accepted.
    let path = format!("/v1/review/sheets/{}/lease", sheet.sheet);
    assert_eq!(
        by.call("POST", &path, None).await.verdict(),
        "409 lease_lost"
    );
    by.take(first).await.ok().unwrap();
    assert_eq!(by.act(first, "accept").await.unwrap().status, 200);
    desk.world.end().await;
}

#[tokio::test]
async fn a_sheet_and_the_review_make_no_room_for_more_of_the_other() {
    let mut desk = desk(405, 22, 0).await;
    let plain = desk.plain(0..20).await;
    let by = desk.staff.supervisor.clone();
    assert_eq!(claimed(&by, 3).await, plain[..3]);
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), plain[3..15]);
    // Neither shows what the other holds.
    assert_eq!(claimed(&by, 3).await, plain[..3]);
    assert_eq!(cases(&take(&by, json!({})).await), plain[3..15]);
    // Opened by itself a house leaves the sheet.
    by.take(plain[3]).await.ok().unwrap();
    let sheet = take(&by, json!({})).await;
    assert_eq!(cases(&sheet), plain[4..16]);
    let held = claimed(&by, 3).await;
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|case| plain[..4].contains(case)));

    // Renewed it lasts, but not for ever; not renewed it is free for others.
    let path = format!("/v1/review/sheets/{}/lease", sheet.sheet);
    desk.world.pass_s(590).await.unwrap();
    let kept: SheetLease = by.call("POST", &path, None).await.read().unwrap();
    assert_eq!(kept.cases.len(), MOST_ON_SHEET);
    let other = &desk.staff.colleague;
    assert_eq!(
        other.call("POST", &path, None).await.verdict(),
        "409 lease_lost"
    );
    assert_eq!(other.call("DELETE", &path, None).await.status, 204);
    desk.world.pass_s(590).await.unwrap();
    assert_eq!(
        accept(&by, sheet.sheet, &sheet.houses[0], 5_000).await,
        "200"
    );
    desk.world.pass_s(20).await.unwrap();
    assert_eq!(
        accept(&by, sheet.sheet, &sheet.houses[1], 5_000).await,
        "409 lease_lost"
    );
    let theirs = take(other, json!({})).await;
    assert_eq!(theirs.houses.len(), MOST_ON_SHEET);
    assert_eq!(
        by.call("POST", &path, None).await.status,
        200,
        "what is left of it"
    );
    assert_eq!(by.call("DELETE", &path, None).await.status, 204);
    assert_eq!(
        by.call("POST", &path, None).await.verdict(),
        "409 lease_lost"
    );
    let path = format!("/v1/review/sheets/{}/lease", theirs.sheet);
    for _ in 0..12 {
        let kept = other.call("POST", &path, None).await;
        assert_eq!(kept.status, 200, "{}", kept.json());
        desk.world.pass_s(595).await.unwrap();
    }
    desk.world.pass_s(120).await.unwrap();
    let kept = other.call("POST", &path, None).await;
    assert_eq!(kept.verdict(), "409 lease_lost");
    desk.world.end().await;
}

#[tokio::test]
async fn what_is_taken_out_is_looked_at_one_by_one_whoever_comes_next() {
    let mut desk = desk(406, 8, 0).await;
    let plain = desk.plain(0..4).await;
    let (by, other) = (&desk.staff.supervisor, &desk.staff.colleague);
    let sheet = take(by, json!({})).await;
    let path = format!("/v1/review/sheets/{}/taken-out", sheet.sheet);
    let body = json!({ "event_id": by.event(), "cases": [plain[0], plain[2]] });
    for _ in 0..2 {
        let out: TakenOut = by.post(&path, &body).await.ok().unwrap().read().unwrap();
        assert_eq!(set(&out.cases), set(&[plain[0], plain[2]]));
    }
    assert_eq!(
        desk.journal_of(plain[0], "case.take_off_sheet").await.len(),
        1
    );
    // What is nobody's, or on another's sheet, is not taken out of this one.
    let body = json!({ "event_id": other.event(), "cases": [plain[1]] });
    let out: TakenOut = other.post(&path, &body).await.read().unwrap();
    assert!(out.cases.is_empty());
    for cases in [json!([]), json!(vec![plain[1]; 13])] {
        let body = json!({ "event_id": by.event(), "cases": cases });
        assert_eq!(by.post(&path, &body).await.verdict(), "422 invalid");
    }
    // A lease by itself, and no more on any sheet.
    assert_eq!(cases(&take(by, json!({})).await), [plain[1], plain[3]]);
    let again = take(by, json!({ "again": [plain[0]] })).await;
    assert!(again.houses.is_empty());
    assert_eq!(
        cases(&take(other, json!({ "skip": [plain[3]] })).await),
        [plain[1]]
    );
    assert_eq!(claimed(other, 3).await[..2], [plain[0], plain[2]]);
    desk.world.end().await;
}

#[tokio::test]
async fn an_acceptance_of_a_sheet_is_taken_back_until_somebody_has_decided() {
    let mut desk = desk(407, 6, 0).await;
    let plain = desk.plain(0..3).await;
    let by = desk.staff.supervisor.clone();
    let sheet = take(&by, json!({})).await;
    for house in &sheet.houses {
        assert_eq!(accept(&by, sheet.sheet, house, 900).await, "200");
    }
    assert!(take(&by, json!({})).await.houses.is_empty());
    let membership = desk.membership(plain[2]).await;
    let decided = desk.staff.operator.decide(plain[2], membership, None).await;
    decided.unwrap().ok().unwrap();
    for case in &plain[..2] {
        assert_eq!(by.act(*case, "withdraw").await.unwrap().status, 200);
    }
    let late = by.act(plain[2], "withdraw").await.unwrap();
    assert_eq!(late.verdict(), "409 wrong_moment");
    // Looked at again, on a sheet of these only, though others wait.
    let fresh = desk.plain(3..5).await;
    let sheet = take(&by, json!({ "again": plain })).await;
    assert_eq!(cases(&sheet), plain[..2]);
    assert_eq!(
        cases(&take(&by, json!({})).await),
        [plain[0], plain[1], fresh[0], fresh[1]]
    );
    let too_many = vec![plain[0]; 13];
    let answer = by
        .post("/v1/review/sheets", &json!({ "again": too_many }))
        .await;
    assert_eq!(answer.verdict(), "422 invalid");
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_has_a_house_on_a_sheet_that_duty_keeps_from_them_or_that_is_elsewhere() {
    let mut desk = desk(408, 4, 0).await;
    let plain = desk.plain(0..2).await;
    assert_eq!(cases(&take(&desk.staff.supervisor, json!({})).await), plain);
    let officer = Console::of(&desk.world, desk.phone.officer.clone());
    desk.also(&officer, Role::Supervisor).await;
    let path = format!("/v1/review/sheets/{}/lease", desk.world.id::<SheetId>());
    assert_eq!(officer.call("DELETE", &path, None).await.status, 204);
    let desk_of = &desk.staff;
    let there = desk
        .world
        .person(
            (&desk_of.admin, &desk_of.approver),
            "di-sana",
            Role::Supervisor,
            &[village::elsewhere()],
        )
        .await
        .unwrap();
    let elsewhere = json!({ "region": village::elsewhere() });
    let own = take(&desk_of.supervisor, json!({})).await;
    let path = format!("/v1/review/sheets/{}/lease", own.sheet);
    assert_eq!(
        desk_of.supervisor.call("DELETE", &path, None).await.status,
        204
    );
    assert!(take(&officer, json!({})).await.houses.is_empty());
    assert!(take(&there, json!({})).await.houses.is_empty());
    assert!(
        take(&there, json!({ "again": plain }))
            .await
            .houses
            .is_empty()
    );
    assert!(take(&desk_of.supervisor, elsewhere).await.houses.is_empty());
    let here = json!({ "region": village::here() });
    assert_eq!(cases(&take(&desk_of.supervisor, here).await), plain);
    let out = json!({ "event_id": there.event(), "cases": plain });
    let path = format!("/v1/review/sheets/{}/taken-out", own.sheet);
    assert_eq!(there.post(&path, &out).await.verdict(), "404 not_found");
    desk.world.end().await;
}
