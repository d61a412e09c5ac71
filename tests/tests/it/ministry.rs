//! What was approved and is to be entered in the ministry's system: it joins the list by itself, and is ticked by people.

use serde_json::json;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::PersonId;
use tilik_protocol::ministry::{MinistryAct, MinistryActKind, MinistryActs};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_tests::phone::snapshots;
use tilik_tests::village::{PKH, SEMBAKO, here};
use tilik_tests::{Answer, Console};

use crate::lifecycle::{City, city};

async fn acts(by: &Console, query: &str) -> MinistryActs {
    let answer = by.get(&format!("/v1/ministry-acts{query}")).await;
    answer.ok().unwrap().read().unwrap()
}

async fn tick(by: &Console, act: &MinistryAct, entered: bool) -> Answer {
    let body = json!({
        "event_id": by.event(), "entered": entered,
        "acts": [{ "id": act.id, "seen_version": act.version }],
    });
    by.post("/v1/ministry-acts/entered", &body).await
}

impl City {
    /// Home 0 leaves PKH and keeps SEMBAKO, and both are confirmed.
    async fn decide_home(&self) {
        let phone = &self.phones[0];
        let case = self.assign(0, VisitKind::Quick, 0).await;
        phone.visit(case, &snapshots(3, 1).unwrap()).unwrap();
        phone.pump().await.unwrap();
        self.claim(case).await;
        self.staff.supervisor.accept(case).await.unwrap();
        let held = &self.village.homes[0].memberships;
        let (operator, approver) = (&self.staff.operator, &self.staff.approver);
        for (program, why) in [(PKH, Some("PINDAH_LUAR")), (SEMBAKO, None)] {
            let answer = operator.decide(case, held[program], why).await.unwrap();
            answer.ok().unwrap();
        }
        let answer = approver.confirm(case, held[PKH], true).await.unwrap();
        answer.ok().unwrap();
    }
}

#[tokio::test]
async fn a_confirmed_act_waits_to_be_entered_until_somebody_says_that_it_is() {
    let city = city(710, 1).await;
    assert!(acts(&city.staff.operator, "").await.items.is_empty());
    city.decide_home().await;
    let operator = &city.staff.operator;
    let told = acts(operator, "").await;
    let kinds: Vec<_> = told.items.iter().map(|act| act.kind.known()).collect();
    assert_eq!(
        kinds,
        [
            Some(MinistryActKind::Cancelled),
            Some(MinistryActKind::Eligible)
        ]
    );
    let gone = &told.items[0];
    assert_eq!((gone.program.as_str(), gone.region.clone()), (PKH, here()));
    assert_eq!(gone.reason.as_ref().unwrap().as_str(), "PINDAH_LUAR");
    assert_eq!(gone.name, city.village.homes[0].name);
    let home = &city.village.homes[0];
    assert_eq!(
        gone.person,
        Some(home.persons[0]),
        "the head, when nobody is named"
    );
    assert_eq!(gone.person_name.as_ref(), Some(&home.name));
    assert_eq!((told.villages[0].open, told.villages[0].entered), (2, 0));
    assert_eq!(acts(operator, "?kind=eligible").await.items.len(), 1);
    assert_eq!(acts(operator, "?program=SEMBAKO").await.items.len(), 1);

    let ticked: Vec<MinistryAct> = tick(operator, gone, true)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(ticked[0].entered_by, Some(operator.person.id));
    let left = acts(operator, "").await;
    assert_eq!(left.items.len(), 1);
    assert_eq!((left.villages[0].open, left.villages[0].entered), (1, 1));
    assert_eq!(acts(operator, "?entered=true").await.items.len(), 1);

    // Of a stale sight nothing is taken back; ticking what is ticked changes nothing.
    assert_eq!(tick(operator, gone, false).await.verdict(), "409 stale");
    tick(operator, gone, true).await.ok().unwrap();
    tick(operator, &ticked[0], false).await.ok().unwrap();
    assert_eq!(acts(operator, "").await.items.len(), 2);
    let journal =
        "SELECT COUNT(*) FROM journal WHERE action IN ('ministry.enter', 'ministry.undo')";
    assert_eq!(city.world.count(journal).await.unwrap(), 2);
    city.end().await;
}

#[tokio::test]
async fn the_list_is_of_ones_own_villages_and_of_programs_that_the_ministry_runs() {
    let city = city(711, 1).await;
    let store = city.world.app().unwrap().store;
    store
        .poke(
            "UPDATE program SET central = $1 WHERE code = $2",
            [false.into(), SEMBAKO.into()],
        )
        .await
        .unwrap();
    city.decide_home().await;
    let told = acts(&city.staff.operator, "").await;
    assert_eq!(
        told.items.len(),
        1,
        "the city's own program is not the ministry's"
    );
    let other: RegionCode = "35.71.02.1001".parse().unwrap();
    let desk = (&city.staff.admin, &city.staff.approver);
    let stranger = city
        .world
        .person(desk, "operator.lain", Role::Operator, &[other])
        .await
        .unwrap();
    let seen = acts(&stranger, "").await;
    assert!(seen.items.is_empty() && seen.villages.is_empty());
    let answer = tick(&stranger, &told.items[0], true).await;
    assert_eq!(answer.verdict(), "404 not_found");
    let answer = tick(&city.staff.auditor, &told.items[0], true).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    city.end().await;
}

#[tokio::test]
async fn a_familys_act_is_entered_under_who_receives_for_it() {
    let city = city(712, 1).await;
    city.decide_home().await;
    let home = &city.village.homes[0];
    let store = city.world.app().unwrap().store;
    // Another joins who lives there, and is named as the one who receives.
    let (head, other) = (home.persons[0], city.village.homes[1].persons[0]);
    let say = async |sql: &str, whose: PersonId| {
        let values = [
            uuid::Uuid::from(whose).into(),
            uuid::Uuid::from(home.family).into(),
        ];
        store.poke(sql, values).await.unwrap();
    };
    say("UPDATE person SET family_id = $2 WHERE id = $1", other).await;
    say("UPDATE family SET payee_id = $1 WHERE id = $2", other).await;
    let told = acts(&city.staff.operator, "").await;
    assert_eq!(told.items.len(), 2);
    assert!(told.items.iter().all(|act| act.person == Some(other)));

    // Nobody is named: the head, whoever else an act of theirs is about.
    say(
        "UPDATE person SET relation = 'istri' WHERE id = $1 AND family_id = $2",
        head,
    )
    .await;
    say(
        "UPDATE family SET payee_id = NULL WHERE id = $2 AND id <> $1",
        other,
    )
    .await;
    say(
        "UPDATE ministry_act SET person_id = $1 WHERE kind = 'eligible' AND family_id = $2",
        head,
    )
    .await;
    let told = acts(&city.staff.operator, "").await;
    let persons: Vec<_> = told.items.iter().map(|act| act.person).collect();
    assert_eq!(persons, [Some(other), Some(head)]);
    city.end().await;
}
