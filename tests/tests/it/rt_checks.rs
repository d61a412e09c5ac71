//! The checklist of an RT: whoever receives is on it, in one order, and what is entered is a word of its month that changes
//! nothing else.

use serde_json::{Value, json};
use tilik_protocol::ids::FamilyId;
use tilik_protocol::lenient::Lenient;
use tilik_protocol::rt_check::{
    RtCheckRow, RtChecks, RtChecksEntered, RtFinding, RtProgress, RtSheet,
};
use tilik_tests::village::here;
use tilik_tests::{Answer, Console};

use crate::proposals;
use crate::review::{Desk, desk};

async fn sheet(by: &Console, query: &str) -> RtSheet {
    let answer = by
        .get(&format!("/v1/rt-checks?region={}{query}", here()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read().unwrap()
}

async fn progress(by: &Console) -> RtChecks {
    let answer = by
        .get(&format!("/v1/rt-checks/progress?region={}", here()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read().unwrap()
}

fn marks(families: &[FamilyId], finding: &str, was: Option<&str>) -> Value {
    families
        .iter()
        .map(|family| json!({ "family": family, "finding": finding, "was": was }))
        .collect()
}

async fn enter(by: &Console, marks: Value) -> Answer {
    let body =
        json!({ "event_id": by.event(), "region": here(), "month": "2026-11", "marks": marks });
    by.post("/v1/rt-checks", &body).await
}

async fn entered(by: &Console, marks: Value) -> RtChecksEntered {
    let answer = enter(by, marks).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read().unwrap()
}

fn said(row: &RtCheckRow) -> Option<RtFinding> {
    row.finding.as_ref().and_then(Lenient::known)
}

impl Desk {
    /// Home `n` lives there from now on.
    async fn lives_in(&self, n: usize, rw: &str, rt: &str) {
        let store = self.world.app().unwrap().store;
        let family = uuid::Uuid::from(self.village.homes[n].family);
        let moved = "UPDATE family SET rw = $1, rt = $2 WHERE id = $3";
        let values = [rw.into(), rt.into(), family.into()];
        assert_eq!(store.poke(moved, values).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_list_is_the_same_on_paper_and_on_the_screen_and_is_paged_without_a_gap() {
    let desk = desk(1321, 7, 2).await;
    let operator = &desk.staff.operator;
    for (home, (rw, rt)) in [
        ("002", "001"),
        ("001", "002"),
        ("001", "001"),
        ("001", "002"),
    ]
    .into_iter()
    .enumerate()
    {
        desk.lives_in(home, rw, rt).await;
    }
    let all = sheet(operator, "").await;
    let places: Vec<_> = all
        .items
        .iter()
        .map(|row| (&row.rw, &row.rt, &row.address))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!((all.month.as_str(), all.items.len()), ("2026-11", 7));
    assert!(
        all.items
            .iter()
            .all(|row| !row.programs.is_empty() && !row.open_case)
    );
    let mut paged: Vec<RtCheckRow> = Vec::new();
    let mut after = String::new();
    loop {
        let part = sheet(operator, &format!("&limit=2{after}")).await;
        paged.extend(part.items);
        let Some(next) = part.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all.items);
    let one = sheet(operator, "&rw=001&rt=002").await;
    assert_eq!(one.items.len(), 2);
    let told = progress(operator).await;
    let of = told
        .items
        .iter()
        .find(|one| (one.rw.as_str(), one.rt.as_str()) == ("001", "002"));
    assert_eq!(of.unwrap().families, 2);
    assert_eq!(told.items.iter().map(|one| one.families).sum::<u64>(), 7);
    // Who lost the last place is on no list.
    let gone = uuid::Uuid::from(desk.village.homes[6].family);
    let ended = "UPDATE membership SET state = 'inactive' WHERE family_id = $1";
    let store = desk.world.app().unwrap().store;
    store.poke(ended, [gone.into()]).await.unwrap();
    assert_eq!(sheet(operator, "").await.items.len(), 6);
    let refused = operator
        .get(&format!("/v1/rt-checks?region={}&after={gone}", here()))
        .await;
    // Else whoever pages on would take it for the end.
    assert_eq!(refused.code().as_deref(), Some("bad_cursor"));
    // A domicile in the village is where its RT looks; one elsewhere is nothing to look for there.
    let store = desk.world.app().unwrap().store;
    let (near, far) = (&desk.village.homes[4], &desk.village.homes[5]);
    for (home, region) in [
        (near, here().as_str().to_owned()),
        (far, "31.71.01.1001".to_owned()),
    ] {
        let lives = "UPDATE family SET domicile_region = $1, domicile_address = 'JL DOMISILI 7', domicile_rw = '009', \
                     domicile_rt = '008' WHERE id = $2";
        let values = [region.into(), uuid::Uuid::from(home.family).into()];
        assert_eq!(store.poke(lives, values).await.unwrap(), 1);
    }
    let moved = sheet(operator, "&rw=009&rt=008").await.items;
    assert_eq!(
        moved.iter().map(|row| row.family).collect::<Vec<_>>(),
        [near.family]
    );
    assert_eq!(moved[0].address, "JL DOMISILI 7");
    let all = sheet(operator, "").await.items;
    let stays = all.iter().find(|row| row.family == far.family).unwrap();
    assert_ne!(stays.address, "JL DOMISILI 7");
    desk.world.end().await;
}

#[tokio::test]
async fn what_is_entered_stands_until_somebody_who_saw_it_says_otherwise() {
    let desk = desk(1322, 4, 1).await;
    let operator = &desk.staff.operator;
    let families: Vec<FamilyId> = desk.village.homes.iter().map(|home| home.family).collect();
    let told = entered(operator, marks(&families[..3], "present", None)).await;
    assert_eq!(
        (
            told.changed.len(),
            told.known.len(),
            told.stale.len(),
            told.gone.len()
        ),
        (3, 0, 0, 0)
    );
    // Who saw nothing there does not overwrite it; who says the same is told that it stands.
    let told = entered(operator, marks(&families[..1], "moved", None)).await;
    assert_eq!(
        (told.changed.len(), told.stale),
        (0, families[..1].to_vec())
    );
    let told = entered(operator, marks(&families[..1], "present", Some("died"))).await;
    assert_eq!(
        (told.changed.len(), told.known),
        (0, families[..1].to_vec())
    );
    let told = entered(operator, marks(&families[..1], "well_off", Some("present"))).await;
    assert_eq!(told.changed, families[..1]);
    let now = progress(operator).await;
    let sum = |of: fn(&RtProgress) -> u64| now.items.iter().map(of).sum::<u64>();
    assert_eq!((sum(|one| one.present), sum(|one| one.well_off)), (2, 1));
    assert_eq!(
        (
            sum(|one| one.died + one.moved + one.unknown),
            sum(|one| one.families)
        ),
        (0, 4)
    );
    let row = sheet(operator, "").await;
    let row = row
        .items
        .into_iter()
        .find(|row| row.family == families[0])
        .unwrap();
    assert_eq!(said(&row), Some(RtFinding::WellOff));
    assert!(row.entered_by.is_some() && row.entered_at.is_some());
    // Taken back, and taken back again.
    let back = json!([{ "family": families[0], "was": "well_off" }]);
    assert_eq!(entered(operator, back.clone()).await.changed, families[..1]);
    assert_eq!(entered(operator, back).await.known, families[..1]);
    // A repeated request changes nothing more and tells what stands.
    let body = json!({ "event_id": operator.event(), "region": here(), "month": "2026-11",
        "marks": marks(&families[3..], "unknown", None) });
    let first = operator.post("/v1/rt-checks", &body).await;
    assert_eq!(
        first.read::<RtChecksEntered>().unwrap().changed,
        families[3..]
    );
    let again: RtChecksEntered = operator.post("/v1/rt-checks", &body).await.read().unwrap();
    assert_eq!(
        (again.changed.len(), again.known),
        (0, families[3..].to_vec())
    );
    let acts = "SELECT COUNT(*) FROM journal WHERE action = 'rt_check.enter'";
    assert_eq!(desk.world.count(acts).await.unwrap(), 6);
    // No word of it touches a place, a case or a slot.
    let touched = "SELECT COUNT(*) FROM verification_case";
    assert_eq!(desk.world.count(touched).await.unwrap(), 0);
    let held = "SELECT COUNT(*) FROM membership WHERE state <> 'active'";
    assert_eq!(desk.world.count(held).await.unwrap(), 0);
    desk.world.end().await;
}

#[tokio::test]
async fn a_paper_of_another_month_or_village_is_not_entered() {
    let desk = desk(1323, 2, 1).await;
    let operator = &desk.staff.operator;
    let family = desk.village.homes[0].family;
    let mark = || marks(&[family], "present", None);
    for (body, code) in [
        (
            json!({ "region": here(), "month": "2026-10", "marks": mark() }),
            "not_now",
        ),
        (
            json!({ "region": here(), "month": "2026-11", "marks": [] }),
            "out_of_range",
        ),
        (
            json!({ "region": here(), "month": "2026-11", "marks": marks(&[family, family], "present", None) }),
            "out_of_range",
        ),
    ] {
        let mut body = body;
        body["event_id"] = json!(operator.event());
        let answer = operator.post("/v1/rt-checks", &body).await;
        assert_eq!(answer.status, 422, "{}", answer.json());
        assert_eq!(proposals::wrong(&answer), [code]);
    }
    let far = json!({ "event_id": operator.event(), "region": "31.71.01.1001", "month": "2026-11", "marks": mark() });
    assert_eq!(operator.post("/v1/rt-checks", &far).await.status, 404);
    // Of another village, or of nobody.
    let ids = [
        desk.village.far_homes.first().map(|home| home.family),
        Some(desk.world.id()),
    ];
    let strangers: Vec<FamilyId> = ids.into_iter().flatten().collect();
    let told = entered(operator, marks(&strangers, "present", None)).await;
    assert_eq!((told.changed.len(), told.gone), (0, strangers));
    // The month ends where the village is, and begins empty; whoever did not hear the answer still gets it.
    let late = json!({ "event_id": operator.event(), "region": here(), "month": "2026-11", "marks": mark() });
    assert_eq!(operator.post("/v1/rt-checks", &late).await.status, 200);
    desk.world.pass_days(8).await.unwrap();
    let heard: RtChecksEntered = operator.post("/v1/rt-checks", &late).await.read().unwrap();
    assert_eq!(heard.known, [family]);
    let next = sheet(operator, "").await;
    assert_eq!(next.month, "2026-12");
    assert!(next.items.iter().all(|row| row.finding.is_none()));
    let city = operator.get("/v1/rt-checks?region=35.71").await;
    assert_eq!(city.verdict(), "422 invalid");
    let nobody = enter(&desk.staff.auditor, mark()).await;
    assert_eq!(nobody.verdict(), "403 forbidden");
    desk.world.end().await;
}
