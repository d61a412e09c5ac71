//! Plans of visits: whom the rules choose, in which rank, by which chance, and that opening one is one act.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{FamilyId, UserId};
use tilik_protocol::plan::{PlanFamily, PlanRule, PlanView};
use tilik_protocol::policy::Role;
use tilik_protocol::review::{AccessRow, CaseRow, JournalRow, Page};
use tilik_tests::{Console, World, kediri, village};

use crate::review::{Desk, desk};

const DAY_US: i64 = 86_400_000_000;

async fn preview(by: &Console, region: &str, rules: Value, capacity: u32) -> PlanView {
    let body = json!({ "region": region, "rules": rules, "capacity": capacity });
    let answer = by.post("/v1/plans/preview", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read().unwrap()
}

async fn families(by: &Console, plan: &PlanView, officer: Option<UserId>) -> Vec<PlanFamily> {
    let mut all = Vec::new();
    let of = officer.map_or_else(String::new, |id| format!("&officer={id}"));
    let mut after = String::new();
    loop {
        let path = format!("/v1/plans/{}/families?limit=7{of}{after}", plan.id);
        let page: Page<PlanFamily> = by.get(&path).await.ok().unwrap().read().unwrap();
        all.extend(page.items);
        let Some(next) = page.next else { return all };
        after = format!("&after={next}");
    }
}

fn by_rule(families: &[PlanFamily]) -> BTreeMap<PlanRule, BTreeSet<FamilyId>> {
    let mut rules: BTreeMap<PlanRule, BTreeSet<FamilyId>> = BTreeMap::new();
    for one in families {
        let rule = one.rule.known().unwrap();
        rules.entry(rule).or_default().insert(one.family);
    }
    rules
}

fn found(plan: &PlanView) -> Vec<(PlanRule, u64, u64)> {
    let counts = plan.counts.iter();
    counts
        .map(|one| (one.rule.known().unwrap(), one.found, one.planned))
        .collect()
}

impl Desk {
    fn family(&self, home: usize) -> FamilyId {
        self.village.homes[home].family
    }

    fn set(&self, homes: &[usize]) -> BTreeSet<FamilyId> {
        homes.iter().map(|home| self.family(*home)).collect()
    }

    /// The house was visited and decided, so many days ago by the phone and by the server.
    async fn visited_days_ago(&mut self, home: usize, days: i64) {
        let case = self.accepted(home).await;
        let view = self.case(case).await;
        for membership in view.memberships {
            let by = &self.staff.operator;
            let answer = by.decide(case, membership.id, None).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.json());
        }
        let store = self.world.app().unwrap().store;
        let back = days * DAY_US;
        let visit = "UPDATE visit SET captured_at = captured_at - $1, received_at = received_at - $1 \
                     WHERE filed_case_id = $2";
        let case = uuid::Uuid::from(case);
        store.poke(visit, [back.into(), case.into()]).await.unwrap();
        let said = "UPDATE case_membership SET proposed_at = proposed_at - $1 WHERE case_id = $2";
        store.poke(said, [back.into(), case.into()]).await.unwrap();
    }

    /// What the registry said of the decile, the newest last, one version a day, today the newest.
    async fn deciles(&self, home: usize, deciles: &[i32]) {
        let store = self.world.app().unwrap().store;
        let family = uuid::Uuid::from(self.family(home));
        let delete = "DELETE FROM row_version WHERE kind = 'family' AND id = $1";
        store.poke(delete, [family.into()]).await.unwrap();
        let mut version = 0;
        for (n, decile) in deciles.iter().enumerate() {
            version += 1;
            let ago = i64::try_from(deciles.len() - 1 - n).unwrap() * DAY_US;
            let at = self.world.now().as_micros() - ago;
            let text = "INSERT INTO row_version (kind, id, version, valid_from, recorded_at, body) \
                        VALUES ('family', $1, $2, $3, $3, $4)";
            let body = json!({ "decile": decile }).to_string();
            let values = [family.into(), version.into(), at.into(), body.into()];
            store.poke(text, values).await.unwrap();
        }
        let text = "UPDATE family SET decile = $1, version = $2 WHERE id = $3";
        let now = deciles.last().copied();
        let values = [now.into(), version.into(), family.into()];
        store.poke(text, values).await.unwrap();
    }

    async fn lives_at(&self, home: usize, rw: &str, rt: &str, address: &str) {
        let store = self.world.app().unwrap().store;
        let text = "UPDATE family SET rw = $1, rt = $2, address = $3 WHERE id = $4";
        let family = uuid::Uuid::from(self.family(home));
        let values = [rw.into(), rt.into(), address.into(), family.into()];
        store.poke(text, values).await.unwrap();
    }

    async fn journalled(&self, action: &str) -> Vec<Value> {
        let store = self.world.app().unwrap().store;
        let text = "SELECT body FROM journal WHERE action = $1 ORDER BY seq";
        let rows = store.peek(text, [action.into()]).await.unwrap();
        rows.iter()
            .map(|row| {
                let body: Vec<u8> = row.try_get("", "body").unwrap();
                serde_json::from_slice(&body).unwrap()
            })
            .collect()
    }
}

#[tokio::test]
async fn each_rule_finds_the_families_it_is_about_and_a_case_under_way_keeps_one_out() {
    let mut desk = desk(1101, 12, 2).await;
    let here = village::here();
    let here = here.as_str();
    // 0 to 3 have photos: of yesterday, of 100 days, of 300 days, and of a house that the family left since.
    for (home, days) in [(0, 1), (1, 100), (2, 300), (3, 10)] {
        desk.visited_days_ago(home, days).await;
    }
    let store = desk.world.app().unwrap().store;
    let text = "UPDATE family SET house_id = $1 WHERE id = $2";
    let other = uuid::Uuid::from(desk.village.waiting[0].house);
    let moved = uuid::Uuid::from(desk.family(3));
    store
        .poke(text, [other.into(), moved.into()])
        .await
        .unwrap();
    // 0 was decided yesterday at 2, and is 5 since today; 1 moved before it was decided; 4 moved by one.
    desk.deciles(0, &[2, 2, 5]).await;
    desk.deciles(2, &[7, 7]).await;
    desk.deciles(4, &[3, 4]).await;
    // 5 has its case under way, 6 was asked for and lies with nobody, and so does a family without any program.
    desk.assigned(5..6).await;
    let asked = [desk.family(6), desk.village.waiting[1].family];
    let by = desk.staff.supervisor.clone();
    let opened = by.open_cases(&asked, VisitKind::Full, None, None).await;
    assert_eq!(opened.unwrap().cases.len(), 2);

    let rules =
        json!({ "asked": true, "no_photo": true, "decile_jump": 2, "photo_older_months": 6 });
    let plan = preview(&by, here, rules, 100).await;
    assert_eq!((plan.looked_at, plan.under_way), (13, 1));
    assert_eq!((plan.nobody, plan.no_room, plan.planned), (0, 0, 11));
    assert_eq!(
        found(&plan),
        [
            (PlanRule::Asked, 2, 2),
            // 3, 4, 6 to 11 and the one without a program; two of them were asked for.
            (PlanRule::NoPhoto, 9, 7),
            (PlanRule::DecileJump, 1, 1),
            (PlanRule::OldPhoto, 1, 1),
        ]
    );
    let rows = families(&by, &plan, None).await;
    let of = by_rule(&rows);
    assert_eq!(of[&PlanRule::Asked], asked.into_iter().collect());
    assert_eq!(of[&PlanRule::NoPhoto], desk.set(&[3, 4, 7, 8, 9, 10, 11]));
    assert_eq!(of[&PlanRule::DecileJump], desk.set(&[0]));
    assert_eq!(of[&PlanRule::OldPhoto], desk.set(&[2]));
    let jumped = rows.iter().find(|row| row.family == desk.family(0));
    let jumped = jumped.unwrap();
    assert_eq!((jumped.decile, jumped.decile_before), (Some(5), Some(2)));
    // One rule alone, and one program.
    let plan = preview(&by, here, json!({ "decile_jump": 1 }), 100).await;
    assert_eq!(found(&plan), [(PlanRule::DecileJump, 2, 2)]);
    let rules = json!({ "photo_older_months": 3, "program": village::PKH });
    let plan = preview(&by, here, rules, 100).await;
    // 0, 3, 6 and 9 receive it, and the second asked for.
    assert_eq!((plan.looked_at, plan.planned), (5, 0));
    // Only what was put on a page is in the log of reads.
    let path = format!("/v1/access?object=family:{}", desk.family(0));
    let page: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let rows = page.items.iter().filter(|row| row.what == "plan_row");
    assert_eq!(rows.count(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn chance_is_drawn_once_a_month_for_the_whole_city_and_the_next_month_anew() {
    let desk = desk(1102, 60, 0).await;
    let by = desk.staff.supervisor.clone();
    let here = village::here();
    let rules = || json!({ "random_percent": 25 });
    let first = preview(&by, here.as_str(), rules(), 900).await;
    let drawn = families(&by, &first, None).await;
    let drawn: BTreeSet<_> = drawn.into_iter().map(|row| row.family).collect();
    assert!((5..30).contains(&drawn.len()), "{}", drawn.len());
    let again = preview(&by, here.as_str(), rules(), 900).await;
    assert_eq!(
        (&again.seed, &again.digest, &again.counts),
        (&first.seed, &first.digest, &first.counts)
    );
    // Another person, a wider region, and a larger share have the same chance.
    let colleague = desk.staff.colleague.clone();
    let wide = preview(&colleague, "35.71", json!({ "random_percent": 60 }), 900).await;
    assert_eq!(wide.seed, first.seed);
    let all = families(&colleague, &wide, None).await;
    let all: BTreeSet<_> = all.into_iter().map(|row| row.family).collect();
    assert!(drawn.is_subset(&all) && all.len() > drawn.len());
    let draws = desk.journalled("plan.draw").await;
    assert_eq!(draws.len(), 1, "{draws:?}");
    assert_eq!(draws[0]["seed"], json!(first.seed));
    // The draft that stood before went with the next one; a colleague's stays.
    let gone = by.get(&format!("/v1/plans/{}", first.id)).await;
    assert_eq!(gone.verdict(), "404 not_found");
    assert_eq!(by.get(&format!("/v1/plans/{}", wide.id)).await.status, 200);
    desk.world.pass_s(31 * 86_400).await.unwrap();
    let next = preview(&by, here.as_str(), rules(), 900).await;
    assert_ne!((&next.seed, &next.month), (&first.seed, &first.month));
    // What was chosen in the month before is not opened in this one.
    let body = json!({ "event_id": by.event(), "kind": "quick" });
    let late = by.post(&format!("/v1/plans/{}/open", wide.id), &body).await;
    assert_eq!(late.verdict(), "409 wrong_moment");
    desk.world.end().await;
}

#[tokio::test]
async fn where_room_is_short_rank_decides_and_only_then_the_walk() {
    let mut desk = desk(1103, 10, 0).await;
    let here = village::here();
    let here = here.as_str();
    for (home, days) in [(0, 400), (1, 300), (2, 500)] {
        desk.visited_days_ago(home, days).await;
    }
    let by = desk.staff.supervisor.clone();
    let opened = by
        .open_cases(&[desk.family(9)], VisitKind::Quick, None, None)
        .await;
    opened.unwrap();
    // The one who was asked for lives at the very end, 10 after 2 and beside 02.
    desk.lives_at(9, "010", "1", "Jl. Akhir 1").await;
    desk.lives_at(2, "2", "010", "Jl. A 10").await;
    desk.lives_at(0, "02", "10", "Jl. A 9").await;
    let rules = || json!({ "asked": true, "photo_older_months": 6 });
    let plan = preview(&by, here, rules(), 3).await;
    assert_eq!((plan.planned, plan.no_room), (3, 1));
    let rows = families(&by, &plan, None).await;
    let order: Vec<_> = rows.iter().map(|row| row.family).collect();
    // Asked for, then the oldest two photos; in the order of the walk.
    assert_eq!(order, [desk.family(0), desk.family(2), desk.family(9)]);
    // What lies with the officer already counts, also in a region that the asker does not ask about.
    desk.assigned(5..7).await;
    let plan = preview(&by, here, rules(), 3).await;
    assert_eq!((plan.planned, plan.no_room), (1, 3));
    assert_eq!((plan.officers[0].held, plan.officers[0].capacity), (2, 3));
    assert_eq!(families(&by, &plan, None).await[0].family, desk.family(9));
    // Who is away takes nothing: nobody works there then.
    let officer = desk.phone.officer.id;
    let body = json!({ "region": here, "rules": rules(), "capacity": 9,
        "capacities": [{ "officer": officer, "cases": 0 }] });
    let plan: PlanView = by.post("/v1/plans/preview", &body).await.read().unwrap();
    assert_eq!((plan.planned, plan.nobody), (0, 4));
    desk.world.end().await;
}

#[tokio::test]
async fn opening_is_one_act_that_a_repeat_does_not_repeat_and_a_restart_does_not_end() {
    let mut desk = desk(1104, 130, 0).await;
    let by = desk.staff.supervisor.clone();
    let officer = desk.phone.officer.id;
    let one = [desk.family(0)];
    let asked = by.open_cases(&one, VisitKind::Full, None, None);
    let asked = asked.await.unwrap().cases[0];
    let rules = json!({ "asked": true, "no_photo": true });
    let plan = preview(&by, "35.71", rules, 900).await;
    assert_eq!(plan.planned, 130 + 44);
    let rows = families(&by, &plan, Some(officer)).await;
    assert_eq!(rows.len(), 174);
    // Between looking and opening somebody else opens a case, and two are taken out.
    let colleague = &desk.staff.colleague;
    let one = [desk.family(7)];
    let meanwhile = colleague.open_cases(&one, VisitKind::Quick, Some(officer), None);
    meanwhile.await.unwrap();
    let out = [desk.family(3), desk.family(4)];
    let path = format!("/v1/plans/{}/open", plan.id);
    let closes = desk.world.now().plus_s(20 * 86_400);
    let body = json!({ "event_id": by.event(), "kind": "quick", "closes_at": closes,
        "taken_out": out.map(|family| json!({ "family": family, "reason": "SEDANG_PERGI" })) });
    let forged = json!({ "event_id": by.event(), "kind": "quick",
        "taken_out": [{ "family": desk.world.id::<FamilyId>(), "reason": "SEDANG_PERGI" }] });
    assert_eq!(by.post(&path, &forged).await.verdict(), "422 invalid");
    let begun: PlanView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    assert_eq!(begun.waiting, 172);
    // The server stops after the first part; the next goes on.
    let app = desk.world.app().unwrap();
    let system = app.store.acting_as_system("a test");
    system.go_on_with_plan(plan.id).await.unwrap();
    let part: PlanView = by
        .get(&format!("/v1/plans/{}", plan.id))
        .await
        .read()
        .unwrap();
    assert_eq!(part.waiting, 122);
    desk.world.stop().await;
    desk.world.restart().await.unwrap();
    let again: PlanView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    assert_eq!(again.opened_at, begun.opened_at);
    desk.world.settle().await.unwrap();
    let done: PlanView = by.post(&path, &body).await.ok().unwrap().read().unwrap();
    assert_eq!(done.waiting, 0);
    let own = done.officers.iter().find(|one| one.user == officer);
    let own = own.unwrap();
    assert_eq!((own.taken_out, own.skipped, own.opened), (2, 1, 171));
    // Under another event it is no second opening.
    let mut other = body.clone();
    other["event_id"] = json!(by.event());
    assert_eq!(by.post(&path, &other).await.verdict(), "409 wrong_moment");
    let cases = "SELECT COUNT(*) FROM verification_case";
    assert_eq!(desk.world.count(cases).await.unwrap(), 172);
    let given = "SELECT COUNT(*) FROM verification_case WHERE state = 'assigned'";
    assert_eq!(desk.world.count(given).await.unwrap(), 172);
    // The one who was asked for keeps its case and its kind.
    let view = desk.case(asked).await;
    assert_eq!(
        (view.state.known(), view.officer),
        (Some(CaseState::Assigned), Some(officer))
    );
    assert_eq!(view.kind.known(), Some(VisitKind::Full));
    assert_eq!(view.closes_at, Some(closes));
    // Who was taken out, by whom and why; and by which choice.
    let acts = desk.journalled("plan.open").await;
    assert_eq!(acts.len(), 1);
    assert_eq!(acts[0]["digest"], json!(plan.digest));
    assert_eq!(acts[0]["taken_out"][1]["family"], json!(out[1]));
    assert_eq!(acts[0]["taken_out"][1]["reason"], "SEDANG_PERGI");
    let path = format!("/v1/journal?case={asked}&limit=200");
    let page: Page<JournalRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let assign = page.items.iter().find(|row| row.action == "case.assign");
    assert_eq!(assign.unwrap().actor, Some(by.user()));
    // And the phone has them all.
    desk.phone.sync(&[]).await.unwrap();
    let path = format!("/v1/cases?officer={officer}&state=assigned&limit=200");
    let page: Page<CaseRow> = by.get(&path).await.read().unwrap();
    assert_eq!(page.items.len(), 172);
    desk.world.end().await;
}

#[tokio::test]
async fn a_plan_that_could_not_be_opened_ten_times_goes_on_when_it_can() {
    let desk = desk(1105, 12, 0).await;
    let by = desk.staff.supervisor.clone();
    let plan = preview(&by, "35.71", json!({ "no_photo": true }), 900).await;
    let path = format!("/v1/plans/{}/open", plan.id);
    let body = json!({ "event_id": by.event(), "kind": "quick", "taken_out": [] });
    assert_eq!(by.post(&path, &body).await.status, 200);
    // A row that cannot be read: no outage, which waits by itself, and nothing that trying mends.
    let store = desk.world.app().unwrap().store;
    let spoil = "UPDATE plan SET kind = $1";
    store.poke(spoil, ["no such kind".into()]).await.unwrap();
    for _ in 0..12 {
        desk.world.settle().await.unwrap();
        desk.world.pass_s(3_600).await.unwrap();
    }
    let tried = "SELECT COUNT(*) FROM job WHERE kind = 'open_plan' AND attempts > 10";
    assert_eq!(desk.world.count(tried).await.unwrap(), 1);
    store.poke(spoil, ["quick".into()]).await.unwrap();
    desk.world.pass_s(3_600).await.unwrap();
    let done: PlanView = by.post(&path, &body).await.read().unwrap();
    assert_eq!(done.waiting, 0);
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_plans_where_they_do_not_work_and_what_cannot_be_is_refused_by_its_field() {
    let world = World::new(1105).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    world.village(6, 0).await.unwrap();
    let far = village::elsewhere();
    let regions = [far.clone()];
    let desk = (&staff.admin, &staff.approver);
    let local = world.person(desk, "setempat", Role::Supervisor, &regions);
    let local = local.await.unwrap();
    let ask = async |by: &Console, region: &str, rules: Value| {
        let body = json!({ "region": region, "rules": rules, "capacity": 10 });
        by.post("/v1/plans/preview", &body).await.verdict()
    };
    let some = || json!({ "no_photo": true });
    for region in ["35.71", "35.71.03", village::here().as_str()] {
        assert_eq!(
            ask(&local, region, some()).await,
            "404 not_found",
            "{region}"
        );
    }
    assert_eq!(ask(&local, far.as_str(), some()).await, "200");
    assert_eq!(ask(&staff.operator, "35.71", some()).await, "403 forbidden");
    let wide = preview(&staff.supervisor, "35.71", some(), 10).await;
    for path in ["", "/families"] {
        let hidden = local.get(&format!("/v1/plans/{}{path}", wide.id)).await;
        assert_eq!(hidden.verdict(), "404 not_found");
    }
    let body = json!({ "event_id": local.event(), "kind": "quick" });
    let path = format!("/v1/plans/{}/open", wide.id);
    let forged = local.post(&path, &body);
    assert_eq!(forged.await.verdict(), "404 not_found");
    let by = &staff.supervisor;
    for rules in [
        json!({}),
        json!({ "program": village::PKH }),
        json!({ "random_percent": 0 }),
        json!({ "random_percent": 101 }),
        json!({ "decile_jump": 10 }),
        json!({ "photo_older_months": 0 }),
        json!({ "no_photo": true, "program": "TIDAK_ADA" }),
    ] {
        assert_eq!(
            ask(by, "35.71", rules.clone()).await,
            "422 invalid",
            "{rules}"
        );
    }
    for kind in ["unreachable", "finding"] {
        let body = json!({ "event_id": by.event(), "kind": kind });
        let refused = by.post(&format!("/v1/plans/{}/open", wide.id), &body).await;
        assert_eq!(refused.verdict(), "422 invalid", "{kind}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_city_is_planned_in_one_go_and_each_village_gets_what_its_officers_can_do() {
    let world = World::new(1106).await.unwrap();
    let (admin, approver) = world.first_accounts().await.unwrap();
    let files = kediri::files_of(3, 1_200);
    kediri::import(&world.doorway(), &admin, &approver, files)
        .await
        .unwrap();
    let desk = (&admin, &approver);
    let city = [village::city()];
    let by = world.person(desk, "koordinator", Role::Supervisor, &city);
    let by = by.await.unwrap();
    for (n, code) in kediri::villages().iter().take(3).enumerate() {
        let regions = [code.parse().unwrap()];
        let name = format!("petugas{n}");
        world
            .person(desk, &name, Role::Officer, &regions)
            .await
            .unwrap();
    }
    let plan = preview(&by, "35.71", json!({ "no_photo": true }), 5).await;
    assert_eq!(plan.officers.len(), 3);
    assert!(plan.officers.iter().all(|one| one.planned == 5));
    assert_eq!(plan.planned, 15);
    assert_eq!(
        plan.planned + plan.nobody + plan.no_room,
        plan.counts[0].found
    );
    for officer in &plan.officers {
        let rows = families(&by, &plan, Some(officer.user)).await;
        let villages: BTreeSet<_> = rows.iter().map(|row| row.region.clone()).collect();
        assert_eq!((rows.len(), villages.len()), (5, 1));
    }
    world.end().await;
}
