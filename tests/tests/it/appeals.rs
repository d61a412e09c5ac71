//! A family's own appeal: who may examine and judge it, what comes back when it is upheld, and who waits meanwhile.

use serde_json::{Value, json};
use tilik_protocol::appeal::{AppealRow, AppealState, AppealView, Restored};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, EventId, MembershipId, NoticeId};
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::receipt::{ReceiptKind, ReceiptStage, ReceiptState};
use tilik_protocol::review::{CaseView, Page};
use tilik_protocol::tasks::{TaskKind, Tasks};
use tilik_tests::{Answer, Console, village};

use crate::review::{Desk, desk};

const GROUNDS: &str = "Rumah saya masih rumah yang sama, Bu Wagiyem tahu.";

/// A place that ended, and what came of it.
struct Ended {
    membership: MembershipId,
    successor: MembershipId,
    notice: NoticeId,
}

impl Desk {
    /// The place of the home at `home` ends, decided by the operator and confirmed by the approver.
    async fn ended(&mut self, home: usize) -> Ended {
        let case = self.accepted(home).await;
        let membership = self.membership(case).await;
        self.staff
            .operator
            .decide(case, membership, Some("GANDA"))
            .await
            .unwrap()
            .ok()
            .unwrap();
        let answer = self.staff.approver.confirm(case, membership, true).await;
        let told: CaseView = answer.unwrap().ok().unwrap().read().unwrap();
        Ended {
            membership,
            successor: told.memberships[0].successor.unwrap(),
            notice: told.memberships[0].notice.unwrap(),
        }
    }

    /// The successor's house is visited and found eligible.
    async fn found_eligible(&mut self, successor: MembershipId) {
        let open = self.staff.supervisor.get("/v1/cases?state=open").await;
        let open = open.json()["items"].clone();
        let case: CaseId = open[0]["id"].as_str().unwrap().parse().unwrap();
        self.staff
            .supervisor
            .assign(&[case], Some(self.phone.officer.id))
            .await
            .unwrap();
        self.phone.visit(case, VisitKind::Full).await.unwrap();
        self.staff.supervisor.accept(case).await.unwrap();
        let kept = self.staff.operator.decide(case, successor, None).await;
        kept.unwrap().ok().unwrap();
    }

    async fn count(&self, query: &str) -> i64 {
        self.world.count(query).await.unwrap()
    }

    fn event(&self) -> EventId {
        self.world.id()
    }

    async fn file(&self, by: &Console, membership: MembershipId) -> Answer {
        let body = json!({ "event_id": self.event(), "membership": membership, "came": "Sumarni",
            "appellant": "recipient", "grounds": GROUNDS });
        by.post("/v1/appeals", &body).await
    }

    async fn filed(&self, membership: MembershipId) -> AppealView {
        let answer = self.file(&self.staff.operator, membership).await;
        answer.ok().unwrap().read().unwrap()
    }

    async fn examine(&self, by: &Console, appeal: &AppealView, outcome: &str) -> Answer {
        let reason = if outcome == "upheld" {
            "DATA_SALAH"
        } else {
            "ALASAN_TERBUKTI"
        };
        let body = json!({ "event_id": self.event(), "seen_version": appeal.version,
            "outcome": outcome, "reason": reason, "words": "Sudah diperiksa di tempat." });
        by.post(&format!("/v1/appeals/{}/examine", appeal.appeal.id), &body)
            .await
    }

    async fn judge(&self, by: &Console, appeal: &AppealView, agree: bool) -> Answer {
        let words = if agree {
            Value::Null
        } else {
            "Periksa lagi dokumennya.".into()
        };
        let body = json!({ "event_id": self.event(), "seen_version": appeal.version,
            "agree": agree, "words": words });
        by.post(&format!("/v1/appeals/{}/judge", appeal.appeal.id), &body)
            .await
    }

    /// Examined by the verifier and agreed to by `judge`.
    pub(crate) async fn answered(
        &self,
        judge: &Console,
        membership: MembershipId,
        outcome: &str,
    ) -> AppealView {
        let appeal = self.filed(membership).await;
        let answer = self.examine(&self.staff.verifier, &appeal, outcome).await;
        let appeal: AppealView = answer.ok().unwrap().read().unwrap();
        let answer = self.judge(judge, &appeal, true).await;
        answer.ok().unwrap().read().unwrap()
    }

    /// How many slots the quota has, and how many memberships share one.
    async fn slots_and_shared(&self) -> (i64, i64) {
        let shared = "SELECT COUNT(*) FROM (SELECT slot_id FROM membership WHERE slot_id IS NOT NULL \
             AND state IN ('candidate', 'designated', 'active', 'suspended') \
             GROUP BY slot_id HAVING COUNT(*) > 1) AS twice";
        let all = "SELECT COUNT(*) FROM slot WHERE state <> 'retired'";
        (self.count(all).await, self.count(shared).await)
    }
}

async fn waits_for(by: &Console, kind: TaskKind) -> u64 {
    let tasks: Tasks = by.get("/v1/tasks").await.ok().unwrap().read().unwrap();
    let of_kind = |group: &&tilik_protocol::tasks::TaskGroup| group.kind == kind;
    tasks
        .groups
        .iter()
        .find(of_kind)
        .map_or(0, |group| group.count)
}

#[tokio::test]
async fn an_upheld_appeal_takes_the_place_back_and_the_candidate_steps_back_into_the_line() {
    let mut desk = desk(1201, 3, 2).await;
    let judge = desk.person("hakim", Role::Approver).await;
    let before = desk.slots_and_shared().await;
    let ended = desk.ended(1).await;
    let taken = "SELECT COUNT(*) FROM waitlist_entry WHERE taken_at IS NOT NULL";
    let open = "SELECT COUNT(*) FROM verification_case WHERE state = 'open'";
    assert_eq!((desk.count(taken).await, desk.count(open).await), (1, 1));
    let answered = desk.answered(&judge, ended.membership, "upheld").await;
    assert_eq!(answered.appeal.state.known(), Some(AppealState::Upheld));
    assert_eq!(answered.restored.unwrap().known(), Some(Restored::Slot));
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Active
    );
    assert_eq!(
        desk.state_of(ended.successor).await,
        MembershipState::Withdrawn
    );
    // The family that stood for it waits where it waited, and nobody is sent to its house for that.
    assert_eq!((desk.count(taken).await, desk.count(open).await), (0, 0));
    assert_eq!(desk.slots_and_shared().await, before);

    // The next place that frees goes to whom it would have gone to.
    let next = desk.ended(2).await;
    let families =
        "SELECT COUNT(DISTINCT family_id) FROM membership WHERE successor_of IS NOT NULL";
    assert_ne!(next.successor, ended.successor);
    assert_eq!(desk.count(families).await, 1);
    assert_eq!(desk.count(taken).await, 1);
    assert_eq!(desk.slots_and_shared().await, before);
    desk.world.end().await;
}

#[tokio::test]
async fn a_place_that_was_given_away_comes_back_beside_the_quota_until_a_slot_frees() {
    let mut desk = desk(1202, 3, 2).await;
    let judge = desk.person("hakim", Role::Approver).await;
    let before = desk.slots_and_shared().await;
    let ended = desk.ended(1).await;
    desk.found_eligible(ended.successor).await;
    let told = desk.world.now();
    desk.staff
        .operator
        .delivered(ended.notice, told)
        .await
        .unwrap();
    desk.world.pass_days(15).await.unwrap();
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Replaced
    );

    desk.world.pass_days(60).await.unwrap();
    let answered = desk.answered(&judge, ended.membership, "upheld").await;
    assert!(
        answered.late,
        "filed long after its time, and taken in all the same"
    );
    assert_eq!(
        answered.restored.clone().unwrap().known(),
        Some(Restored::BesideQuota)
    );
    assert!(!answered.lost_months.is_empty(), "{answered:?}");
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Active
    );
    assert_eq!(
        desk.state_of(ended.successor).await,
        MembershipState::Active
    );
    assert_eq!(desk.slots_and_shared().await, before);
    let beside = "SELECT COUNT(*) FROM restoration WHERE until IS NULL";
    assert_eq!(desk.count(beside).await, 1);

    // The next place that frees takes it into the quota, before anybody on the list.
    let case = desk.accepted(2).await;
    let next = desk.membership(case).await;
    let proposed = desk.staff.operator.decide(case, next, Some("GANDA")).await;
    proposed.unwrap().ok().unwrap();
    let answer = desk.staff.approver.confirm(case, next, true).await.unwrap();
    let confirmed: CaseView = answer.ok().unwrap().read().unwrap();
    assert_eq!(confirmed.memberships[0].successor, None);
    assert_eq!(desk.count(beside).await, 0);
    assert_eq!(desk.slots_and_shared().await, before);
    let held = "SELECT COUNT(*) FROM slot s JOIN membership m ON m.id = s.membership_id \
                WHERE s.state = 'held' AND m.slot_id = s.id AND m.state = 'active'";
    let active = "SELECT COUNT(*) FROM membership WHERE state = 'active'";
    assert_eq!(desk.count(held).await, desk.count(active).await);
    desk.world.end().await;
}

#[tokio::test]
async fn a_family_that_moved_appeals_from_where_it_lives_and_is_given_its_place_there() {
    let mut desk = desk(1211, 3, 2).await;
    let judge = desk.person("hakim", Role::Approver).await;
    let before = desk.slots_and_shared().await;
    let ended = desk.ended(1).await;
    let there = village::elsewhere();
    let theirs = format!(
        "SELECT COUNT(*) FROM slot s JOIN membership m ON m.slot_id = s.id AND s.membership_id = m.id \
         WHERE s.state = 'held' AND m.state = 'active' AND s.region = '{there}' AND m.region = '{there}'"
    );
    let already = desk.count(&theirs).await;
    let appeal = desk.filed(ended.membership).await;
    assert_eq!(appeal.appeal.region, village::here());
    let by = &desk.staff.operator;
    let path = format!("/v1/families/{}", desk.village.homes[1].family);
    let page: FamilyPage = by.get(&path).await.ok().unwrap().read().unwrap();
    let body = json!({ "event_id": desk.event(), "seen_version": page.family.version,
        "region": there, "address": "JL BARU NO 9", "rt": "3", "rw": "4" });
    let moved = by.post(&format!("{path}/moves"), &body).await;
    assert_eq!(moved.status, 200, "{}", moved.json());
    // Whoever examines there has it before them.
    let path = format!("/v1/appeals/{}", appeal.appeal.id);
    let appeal: AppealView = by.get(&path).await.ok().unwrap().read().unwrap();
    assert_eq!(appeal.appeal.region, there);
    let answer = desk.examine(&desk.staff.verifier, &appeal, "upheld").await;
    let appeal: AppealView = answer.ok().unwrap().read().unwrap();
    let answer = desk.judge(&judge, &appeal, true).await;
    let answered: AppealView = answer.ok().unwrap().read().unwrap();
    assert_eq!(answered.restored.unwrap().known(), Some(Restored::Slot));
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Active
    );
    // The one that came back, and what else they receive.
    let places = desk.village.homes[1].memberships.len();
    let places = i64::try_from(places).unwrap();
    assert_eq!(desk.count(&theirs).await, already + places);
    let crooked = "SELECT COUNT(*) FROM quota q WHERE q.slots <> (SELECT COUNT(*) FROM slot s \
         WHERE s.program = q.program AND s.region = q.region AND s.state <> 'retired')";
    assert_eq!(desk.count(crooked).await, 0);
    assert_eq!(desk.slots_and_shared().await, before);
    desk.world.end().await;
}

#[tokio::test]
async fn a_candidate_who_died_before_the_time_to_appeal_was_over_is_not_designated() {
    let mut desk = desk(1212, 3, 2).await;
    let ended = desk.ended(1).await;
    desk.found_eligible(ended.successor).await;
    let told = desk.world.now();
    let operator = &desk.staff.operator;
    operator.delivered(ended.notice, told).await.unwrap();
    let store = desk.world.app().unwrap().store;
    let all = "UPDATE person SET alive = $1 WHERE family_id = (SELECT family_id FROM membership WHERE id = $2)";
    let successor = uuid::Uuid::from(ended.successor);
    let dead = store.poke(all, [false.into(), successor.into()]).await;
    assert!(dead.unwrap() > 0);
    desk.world.pass_days(15).await.unwrap();
    assert_eq!(
        desk.state_of(ended.successor).await,
        MembershipState::Candidate
    );
    // It was a mistake of the civil registry's.
    let alive = store.poke(all, [true.into(), successor.into()]).await;
    assert!(alive.unwrap() > 0);
    desk.world.pass_days(1).await.unwrap();
    assert_eq!(
        desk.state_of(ended.successor).await,
        MembershipState::Designated
    );
    desk.world.end().await;
}

#[tokio::test]
async fn nobody_who_had_a_hand_in_it_examines_or_judges() {
    let mut desk = desk(1203, 3, 2).await;
    let judge = desk.person("hakim", Role::Approver).await;
    let ended = desk.ended(1).await;
    let appeal = desk.filed(ended.membership).await;
    // The visitor, the reviewer and the proposer hold the examiner's role as well, and the confirmer is an approver.
    let visitor = Console::of(&desk.world, desk.phone.officer.clone());
    let (reviewer, proposer) = (desk.staff.supervisor.clone(), desk.staff.operator.clone());
    for hand in [&visitor, &reviewer, &proposer] {
        desk.also(hand, Role::Verifier).await;
        let answer = desk.examine(hand, &appeal, "dismissed").await;
        assert_eq!(
            answer.verdict(),
            "403 separation_of_duty",
            "{}",
            answer.json()
        );
    }
    let answer = desk.judge(&judge, &appeal, true).await;
    assert_eq!(
        answer.verdict(),
        "409 wrong_moment",
        "nobody has examined it"
    );
    let answer = desk.examine(&desk.staff.verifier, &appeal, "upheld").await;
    let appeal: AppealView = answer.ok().unwrap().read().unwrap();
    let answer = desk.judge(&desk.staff.approver, &appeal, true).await;
    assert_eq!(answer.verdict(), "403 separation_of_duty");
    // Nor does the examiner judge, with whatever role.
    desk.also(&desk.staff.verifier, Role::Approver).await;
    let answer = desk.judge(&desk.staff.verifier, &appeal, true).await;
    assert_eq!(answer.verdict(), "403 separation_of_duty");
    let seen: AppealView = desk
        .staff
        .approver
        .get(&format!("/v1/appeals/{}", appeal.appeal.id))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert!(seen.involved);
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Inactive
    );

    // Sent back, it is examined again; and then agreed to by somebody else.
    let back: AppealView = desk
        .judge(&judge, &appeal, false)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(back.appeal.state.known(), Some(AppealState::Filed));
    assert_eq!(
        back.judged.as_ref().unwrap().words.as_deref(),
        Some("Periksa lagi dokumennya.")
    );
    let stale = desk.examine(&desk.staff.verifier, &appeal, "upheld").await;
    assert_eq!(stale.verdict(), "409 stale");
    let again: AppealView = desk
        .examine(&desk.staff.verifier, &back, "upheld")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    desk.judge(&judge, &again, true).await.ok().unwrap();
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Active
    );
    desk.world.end().await;
}

#[tokio::test]
async fn while_an_appeal_waits_nobody_is_designated_in_its_place() {
    let mut desk = desk(1204, 2, 1).await;
    let judge = desk.person("hakim", Role::Approver).await;
    let ended = desk.ended(1).await;
    desk.found_eligible(ended.successor).await;
    let told = desk.world.now();
    desk.staff
        .operator
        .delivered(ended.notice, told)
        .await
        .unwrap();
    let appeal = desk.filed(ended.membership).await;
    assert!(!appeal.late);
    assert_eq!(waits_for(&judge, TaskKind::JudgeAppeal).await, 0);
    desk.world.pass_days(15).await.unwrap();
    assert_eq!(
        desk.state_of(ended.successor).await,
        MembershipState::Candidate
    );
    // It does not lapse: past its day the approver is told as well.
    assert_eq!(waits_for(&judge, TaskKind::JudgeAppeal).await, 1);
    let listed: Page<AppealRow> = judge.get("/v1/appeals").await.ok().unwrap().read().unwrap();
    assert!(listed.items[0].overdue);

    let answer = desk
        .examine(&desk.staff.verifier, &appeal, "dismissed")
        .await;
    let appeal: AppealView = answer.ok().unwrap().read().unwrap();
    desk.judge(&judge, &appeal, true).await.ok().unwrap();
    desk.world.pass_days(1).await.unwrap();
    assert_eq!(
        desk.state_of(ended.successor).await,
        MembershipState::Designated
    );
    assert_eq!(
        desk.state_of(ended.membership).await,
        MembershipState::Replaced
    );
    let answered: Page<AppealRow> = judge
        .get("/v1/appeals?answered=true")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(answered.items.len(), 1);
    desk.world.end().await;
}

#[tokio::test]
async fn an_appeal_is_about_an_ended_place_and_there_is_one_at_a_time() {
    let mut desk = desk(1205, 3, 2).await;
    let held = desk.village.homes[2]
        .memberships
        .values()
        .next()
        .copied()
        .unwrap();
    let answer = desk.file(&desk.staff.operator, held).await;
    assert_eq!(answer.verdict(), "422 invalid", "{}", answer.json());
    let ended = desk.ended(1).await;
    // A lost reply files nothing twice.
    let body = json!({ "event_id": desk.event(), "membership": ended.membership, "came": "Sumarni",
        "appellant": "recipient", "grounds": GROUNDS });
    let first: AppealView = desk
        .staff
        .operator
        .post("/v1/appeals", &body)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let again: AppealView = desk
        .staff
        .operator
        .post("/v1/appeals", &body)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(first, again);
    let second = desk.file(&desk.staff.verifier, ended.membership).await;
    assert_eq!(second.verdict(), "422 invalid");
    assert_eq!(desk.count("SELECT COUNT(*) FROM appeal").await, 1);
    // Who ended the place does not make it unappealed; somebody else records that the family takes it back.
    let withdraw = json!({ "event_id": desk.event(), "seen_version": first.version });
    let path = format!("/v1/appeals/{}/withdraw", first.appeal.id);
    let own = desk.staff.operator.post(&path, &withdraw).await;
    assert_eq!(own.verdict(), "403 separation_of_duty");
    let withdraw = json!({ "event_id": desk.event(), "seen_version": first.version });
    desk.staff
        .verifier
        .post(&path, &withdraw)
        .await
        .ok()
        .unwrap();
    desk.filed(ended.membership).await;
    desk.world.end().await;
}

#[tokio::test]
async fn what_a_family_says_is_sealed_and_a_receipt_names_nobody() {
    let mut desk = desk(1206, 2, 1).await;
    let ended = desk.ended(1).await;
    let appeal = desk.filed(ended.membership).await;
    assert_eq!(
        (appeal.grounds.as_str(), appeal.came.as_str()),
        (GROUNDS, "Sumarni")
    );
    for (table, column) in [
        ("journal", "body"),
        ("appeal", "grounds_enc"),
        ("appeal", "came_enc"),
    ] {
        let words = ["Wagiyem", "Sumarni", "rumah yang sama"];
        let found = desk.world.readable(table, column, &words).await.unwrap();
        assert!(found.is_empty(), "{table}.{column}: {found:?}");
    }
    // What is not sealed is found by the same look.
    let state = desk.world.readable("appeal", "state", &["filed"]).await;
    assert_eq!(state.unwrap(), ["filed"]);
    let ask = async |token: &str| {
        let body = json!({ "token": token });
        desk.world
            .call("POST", "/v1/receipts", None, Some(&body))
            .await
    };
    let stage: ReceiptStage = ask(&appeal.receipt).await.ok().unwrap().read().unwrap();
    assert_eq!(stage.kind.known(), Some(ReceiptKind::Appeal));
    assert_eq!(stage.state.known(), Some(ReceiptState::Filed));
    assert_eq!(stage.answered_at, None);
    assert_eq!(ask(&"0".repeat(32)).await.verdict(), "404 not_found");
    // The database can be read, and no receipt is made of it.
    for column in ["receipt_hash", "receipt_enc"] {
        let receipt = [appeal.receipt.as_str()];
        let found = desk.world.readable("appeal", column, &receipt).await;
        assert!(found.unwrap().is_empty(), "{column}");
    }
    desk.world.end().await;
}
