//! Who may hold what: roles that rule each other out, roles that wait for an approver, and what is left when both are there.

use serde_json::{Value, json};
use tilik_protocol::ids::{GrantId, UserId};
use tilik_protocol::lookup::WaitingGrant;
use tilik_protocol::policy::Role;
use tilik_protocol::review::{JournalRow, Page};
use tilik_protocol::session::{Act, AddGrant, AddUser, GrantView, Me, UserView};
use tilik_server::error::Error;
use tilik_tests::people::{FIRST_PASSWORD, hire};
use tilik_tests::village::city;
use tilik_tests::world::Answer;
use tilik_tests::{Console, Staff, World};
use uuid::Uuid;

const DAY_S: i64 = 86_400;

async fn an_office(seed: u64) -> (World, Staff) {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    (world, staff)
}

/// A role for somebody, with what the caller wants otherwise.
async fn give(by: &Console, user: UserId, role: Role, change: Value) -> Answer {
    let mut body = json!({ "event_id": by.event(), "role": role, "regions": [city()],
        "document_number": "ST/9/2026" });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    by.post(&format!("/v1/users/{user}/grants"), &body).await
}

async fn lend(world: &World, by: &Console, deputy: UserId, from: i64, until: i64) -> Answer {
    let me: Me = by.get("/v1/me").await.ok().unwrap().read().unwrap();
    let own = me
        .grants
        .iter()
        .find(|one| one.role.known() == Some(Role::Approver) && one.delegated_from.is_none());
    let now = world.now();
    let body = json!({ "event_id": by.event(), "user": deputy, "document_number": "800/PLH/1/2026",
        "valid_from": now.plus_s(from), "valid_until": now.plus_s(until) });
    let path = format!("/v1/grants/{}/delegate", own.unwrap().id);
    by.post(&path, &body).await
}

fn told(answer: &Answer) -> String {
    let json: Value = answer.json();
    let field = &json["fields"][0];
    let said = |name: &str| field[name].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", answer.verdict(), said("field"), said("code"))
        .trim_end()
        .to_owned()
}

fn view(answer: Answer) -> GrantView {
    answer.ok().unwrap().read().unwrap()
}

async fn roles(by: &Console) -> Vec<Role> {
    let me: Me = by.get("/v1/me").await.ok().unwrap().read().unwrap();
    me.grants
        .iter()
        .filter_map(|one| one.role.known())
        .collect()
}

async fn end(by: &Console, grant: GrantId) {
    let act = json!({ "event_id": by.event() });
    by.post(&format!("/v1/grants/{grant}/end"), &act)
        .await
        .ok()
        .unwrap();
}

const RULED_OUT: &str = "422 invalid role ruled_out";

#[tokio::test]
async fn whoever_makes_or_audits_accounts_confirms_none_by_another_grant() {
    let (world, staff) = an_office(981).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    let give = async |user, role, change| told(&give(admin, user, role, change).await);
    let none = json!({});
    // An approver becomes neither, nor does an admin or an auditor become an approver: own, waiting or to come.
    for role in [Role::Admin, Role::Auditor, Role::Feed] {
        assert_eq!(give(approver.user(), role, none.clone()).await, RULED_OUT);
    }
    for user in [admin.user(), staff.auditor.user()] {
        assert_eq!(give(user, Role::Approver, none.clone()).await, RULED_OUT);
    }
    let waits = admin.add_user("menunggu").await.unwrap().id;
    let later = json!({ "valid_from": world.now().plus_s(9 * DAY_S) });
    assert_eq!(give(waits, Role::Approver, later).await, "200");
    assert_eq!(give(waits, Role::Admin, none.clone()).await, RULED_OUT);
    // One after the other is no harm.
    let before = json!({ "valid_until": world.now().plus_s(9 * DAY_S) });
    assert_eq!(give(waits, Role::Admin, before).await, "200");
    // Neither is practising.
    let area = json!({ "regions": ["00.01"] });
    assert_eq!(give(admin.user(), Role::Approver, area).await, "200");
    // Nor is any other pair: what they do is kept apart case by case.
    let operator = staff.operator.user();
    assert_eq!(give(operator, Role::Admin, none).await, "200");
    world.end().await;
}

#[tokio::test]
async fn what_is_lent_rules_out_as_what_is_owned_does_either_way_round() {
    let (world, staff) = an_office(982).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    let deputy = &staff.verifier;
    let proposed = async |user: UserId, from: GrantId| {
        let until = world.now().plus_s(3 * DAY_S);
        let body = json!({ "delegated_from": from, "valid_until": until });
        told(&give(admin, user, Role::Approver, body).await)
    };
    let lent = view(lend(&world, approver, deputy.user(), 0, 3 * DAY_S).await);
    let from = lent.delegated_from.unwrap();
    // Who stands in becomes no admin meanwhile; from the day after on they may.
    let none = json!({});
    let refused = give(admin, deputy.user(), Role::Admin, none).await;
    assert_eq!(told(&refused), RULED_OUT);
    let after = json!({ "valid_from": world.now().plus_s(3 * DAY_S) });
    let coming = view(give(admin, deputy.user(), Role::Admin, after).await);
    // Who will be one, or waits to be one, does not stand in then.
    let refused = lend(&world, approver, deputy.user(), 3 * DAY_S, 5 * DAY_S).await;
    assert_eq!(told(&refused), "422 invalid user not_allowed");
    let waits = &staff.operator;
    view(give(admin, waits.user(), Role::Admin, json!({})).await);
    let refused = lend(&world, approver, waits.user(), 0, DAY_S).await;
    assert_eq!(told(&refused), "422 invalid user not_allowed");
    assert_eq!(proposed(waits.user(), from).await, RULED_OUT);
    assert_eq!(proposed(admin.user(), from).await, RULED_OUT);
    let names = approver.get("/v1/deputies").await.json();
    let names = names["items"].as_array().unwrap().clone();
    let could = |who: UserId| names.iter().any(|one| one["user"] == json!(who));
    assert!(could(staff.supervisor.user()) && !could(waits.user()) && !could(deputy.user()));
    // An approver stands in for no other.
    let desk = (admin, approver);
    let second = hire(desk, "kepala2", Role::Approver, &[city()])
        .await
        .unwrap();
    let refused = proposed(second.user(), from).await;
    assert_eq!(refused, "422 invalid user not_allowed");
    // Once it is ended it is in nobody's way.
    end(admin, coming.id).await;
    let again = lend(&world, approver, deputy.user(), 3 * DAY_S, 5 * DAY_S).await;
    assert_eq!(told(&again), "200");
    world.end().await;
}

#[tokio::test]
async fn one_grant_is_lent_to_one_person_once_at_a_time_and_not_for_days_gone_by() {
    let (world, staff) = an_office(983).await;
    let approver = &staff.approver;
    let deputy = staff.verifier.user();
    let lend = async |from, until| {
        let answer = lend(&world, approver, deputy, from * DAY_S, until * DAY_S).await;
        told(&answer)
    };
    assert_eq!(lend(-2, 3).await, "422 invalid valid_from past");
    assert_eq!(lend(0, 3).await, "200");
    let again = "422 invalid user already_deputy";
    for (from, until) in [(0, 3), (2, 9), (0, 1)] {
        assert_eq!(lend(from, until).await, again, "{from} {until}");
    }
    let me: Me = approver.get("/v1/me").await.read().unwrap();
    let body = json!({ "delegated_from": me.grants[0].id,
        "valid_until": world.now().plus_s(DAY_S) });
    let proposed = give(&staff.admin, deputy, Role::Approver, body).await;
    assert_eq!(told(&proposed), again);
    assert_eq!(lend(3, 9).await, "200");
    world.end().await;
}

#[tokio::test]
async fn what_both_stand_in_old_data_confirms_nothing_until_one_is_ended() {
    let (world, staff) = an_office(984).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    // As if they had been given before anybody looked: to an own grant and to a lent one.
    let own = view(give(admin, staff.operator.user(), Role::Admin, json!({})).await);
    approver.confirm_grant(own.id).await.unwrap();
    let other = view(give(admin, staff.verifier.user(), Role::Auditor, json!({})).await);
    approver.confirm_grant(other.id).await.unwrap();
    let lent = view(lend(&world, approver, staff.supervisor.user(), 0, DAY_S).await);
    let waits = give(admin, staff.signatory.user(), Role::Operator, json!({})).await;
    let waits = view(waits);
    let store = world.app().unwrap().store;
    let moved = "UPDATE role_grant SET user_id = $1 WHERE id = $2";
    for user in [staff.operator.user(), staff.verifier.user()] {
        let values = [Uuid::from(user).into(), Uuid::from(lent.id).into()];
        store.poke(moved, values).await.unwrap();
        let both = if user == staff.operator.user() {
            &staff.operator
        } else {
            &staff.verifier
        };
        let held = roles(both).await;
        assert!(!held.contains(&Role::Approver), "{held:?}");
        assert!(held.contains(&Role::Admin) || held.contains(&Role::Auditor));
        let act = json!({ "event_id": both.event() });
        let path = format!("/v1/grants/{}/confirm", waits.id);
        assert_eq!(both.post(&path, &act).await.verdict(), "403 forbidden");
    }
    // Whoever made the other count would be both; who is an admin can still end one.
    let unconfirmed = "UPDATE role_grant SET confirmed_at = NULL WHERE id = $1";
    let id = Uuid::from(other.id).into();
    store.poke(unconfirmed, [id]).await.unwrap();
    let act = json!({ "event_id": approver.event() });
    let path = format!("/v1/grants/{}/confirm", other.id);
    let second = hire((admin, approver), "kepala2", Role::Approver, &[city()])
        .await
        .unwrap();
    for by in [approver, &second] {
        assert_eq!(told(&by.post(&path, &act).await), RULED_OUT);
    }
    assert!(roles(&staff.verifier).await.contains(&Role::Approver));
    end(admin, other.id).await;
    let act = json!({ "event_id": staff.verifier.event() });
    let path = format!("/v1/grants/{}/confirm", waits.id);
    let confirmed = staff.verifier.post(&path, &act).await;
    assert_eq!(confirmed.verdict(), "200");
    world.end().await;
}

#[tokio::test]
async fn an_admin_alone_makes_no_other_admin_and_no_auditor() {
    let (world, staff) = an_office(985).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    for role in [Role::Admin, Role::Auditor] {
        let person = admin.add_user(&format!("{role}.baru")).await.unwrap();
        let grant = view(give(admin, person.id, role, json!({})).await);
        assert!(!grant.confirmed);
        let puppet = Console::of(&world, person);
        assert_eq!(roles(&puppet).await, []);
        let read = puppet.get("/v1/journal").await.verdict();
        assert_eq!(read, "403 forbidden");
        let made = puppet.add_user("boneka").await;
        assert!(made.is_err());
        let waiting: Page<WaitingGrant> = approver.get("/v1/grants/waiting").await.read().unwrap();
        assert_eq!(waiting.items.len(), 1);
        assert_eq!(waiting.items[0].grant.id, grant.id);
        let found = admin.get("/v1/users?state=waiting").await.json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        approver.confirm_grant(grant.id).await.unwrap();
        assert_eq!(roles(&puppet).await, [role]);
    }
    world.end().await;
}

#[tokio::test]
async fn an_admin_alone_brings_nobody_back_who_decides() {
    let (world, staff) = an_office(989).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    let decider = &staff.verifier;
    view(give(admin, decider.user(), Role::Officer, json!({})).await);
    let waiting = async || -> Vec<WaitingGrant> {
        let page: Page<WaitingGrant> = approver.get("/v1/grants/waiting").await.read().unwrap();
        page.items
    };
    // Letting in who was not kept out changes nothing.
    admin.set_suspended(decider.user(), false).await.unwrap();
    assert_eq!(roles(decider).await, [Role::Verifier, Role::Officer]);
    admin.set_suspended(decider.user(), true).await.unwrap();
    assert!(waiting().await.is_empty(), "suspended is not undone");
    let act = json!({ "event_id": admin.event() });
    let path = format!("/v1/users/{}/resume", decider.user());
    // A lost reply makes nothing wait twice.
    for _ in 0..2 {
        let view = admin.post(&path, &act).await;
        let view: UserView = view.ok().unwrap().read().unwrap();
        let confirmed: Vec<bool> = view.grants.iter().map(|grant| grant.confirmed).collect();
        assert_eq!(confirmed, [false, false]);
    }
    decider.sign_in().await.unwrap();
    assert_eq!(
        roles(decider).await,
        [Role::Officer],
        "what waits for nobody"
    );
    let read = decider.get("/v1/cases").await.verdict();
    assert_eq!(read, "403 forbidden");
    let told = waiting().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].user, decider.user());
    assert_eq!(told[0].granted_by, Some(admin.user()));
    let journalled = "SELECT COUNT(*) FROM journal WHERE action = 'grant.wait'";
    assert_eq!(world.count(journalled).await.unwrap(), 1);
    // Between the two nobody but an approver lets them in either.
    let slip = admin.issue_reset_slip(decider.user(), false).await.unwrap();
    assert!(slip.needs_release);
    approver.confirm_grant(told[0].grant.id).await.unwrap();
    assert_eq!(roles(decider).await, [Role::Verifier, Role::Officer]);
    // An approver may think otherwise: then it is over.
    for suspended in [true, false] {
        admin
            .set_suspended(decider.user(), suspended)
            .await
            .unwrap();
    }
    let path = format!("/v1/grants/{}/refuse", told[0].grant.id);
    let body = json!({ "event_id": approver.event(), "reason": "PERAN_KELIRU" });
    let refused = view(approver.post(&path, &body).await);
    assert!(refused.ended_at.is_some());
    decider.sign_in().await.unwrap();
    assert_eq!(roles(decider).await, [Role::Officer]);
    world.end().await;
}

#[tokio::test]
async fn the_command_line_confirms_the_first_admin_and_the_first_approver_and_nobody_else() {
    for order in [
        [Role::Admin, Role::Approver, Role::Admin, Role::Auditor],
        [Role::Approver, Role::Admin, Role::Admin, Role::Approver],
    ] {
        let world = World::new(986).await.unwrap();
        let app = world.app().unwrap();
        let by = app.store.acting_as_system("user add");
        let mut said = Vec::new();
        for (n, role) in order.into_iter().enumerate() {
            let user = AddUser {
                event_id: app.ids.next(),
                username: format!("{role}{n}"),
                name: "Pegawai".to_owned(),
                password: FIRST_PASSWORD.to_owned(),
            };
            let user = by.add_user(user).await.unwrap();
            let grant = AddGrant {
                event_id: app.ids.next(),
                role,
                regions: vec![city()],
                valid_from: None,
                valid_until: None,
                document_number: "SK/1/2026".to_owned(),
                delegated_from: None,
            };
            let grant = by.add_grant(user.id, grant).await.unwrap();
            let act = Act {
                event_id: app.ids.next(),
                note: None,
            };
            let confirmed = by.confirm_grant(grant.id, act).await;
            said.push(match confirmed {
                Ok(grant) => grant.confirmed,
                Err(Error::Refused(_)) => false,
                Err(other) => panic!("{other:?}"),
            });
        }
        assert_eq!(said, [true, true, false, false], "{order:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn a_deputy_has_no_more_than_whom_they_stand_in_for_has_still() {
    let (world, staff) = an_office(987).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    let desk = (admin, approver);
    let second = hire(desk, "kepala2", Role::Approver, &[city()])
        .await
        .unwrap();
    let deputy = &staff.verifier;
    view(lend(&world, &second, deputy.user(), 0, 30 * DAY_S).await);
    let approves = async || roles(deputy).await.contains(&Role::Approver);
    assert!(approves().await);
    admin.set_suspended(second.user(), true).await.unwrap();
    assert!(!approves().await, "suspended");
    let waits = view(give(admin, staff.signatory.user(), Role::Operator, json!({})).await);
    let act = json!({ "event_id": deputy.event() });
    let path = format!("/v1/grants/{}/confirm", waits.id);
    assert_eq!(deputy.post(&path, &act).await.verdict(), "403 forbidden");
    // Let in again, what the principal has waits for an approver, and so does the deputy.
    let view = admin.set_suspended(second.user(), false).await.unwrap();
    assert!(!approves().await, "not confirmed again");
    approver.confirm_grant(view.grants[0].id).await.unwrap();
    assert!(approves().await);
    // However the principal's own came to its end.
    let store = world.app().unwrap().store;
    let now = world.now().as_micros();
    let whose = Uuid::from(second.user());
    for end in ["valid_until", "ended_at"] {
        let set = format!("UPDATE role_grant SET {end} = $1 WHERE user_id = $2");
        store.poke(&set, [now.into(), whose.into()]).await.unwrap();
        assert!(!approves().await, "{end}");
        let set = format!("UPDATE role_grant SET {end} = NULL WHERE user_id = $1");
        store.poke(&set, [whose.into()]).await.unwrap();
        assert!(approves().await);
    }
    assert_eq!(deputy.post(&path, &act).await.verdict(), "200");
    world.end().await;
}

#[tokio::test]
async fn who_stands_in_for_two_confirms_nothing_of_either() {
    let (world, staff) = an_office(988).await;
    let (admin, approver) = (&staff.admin, &staff.approver);
    let desk = (admin, approver);
    let second = hire(desk, "kepala2", Role::Approver, &[city()])
        .await
        .unwrap();
    let deputy = &staff.verifier;
    for by in [approver, &second] {
        view(lend(&world, by, deputy.user(), 0, DAY_S).await);
    }
    let confirms = async |user: UserId| {
        let waits = view(give(admin, user, Role::Operator, json!({})).await);
        let act = json!({ "event_id": deputy.event() });
        let path = format!("/v1/grants/{}/confirm", waits.id);
        deputy.post(&path, &act).await.verdict()
    };
    for of in [approver, &second, deputy] {
        assert_eq!(confirms(of.user()).await, "403 separation_of_duty");
    }
    assert_eq!(confirms(staff.signatory.user()).await, "200");
    let path = format!("/v1/journal?user={}&limit=200", deputy.user());
    let rows: Page<JournalRow> = staff.auditor.get(&path).await.read().unwrap();
    let row = rows.items.iter().find(|row| row.action == "grant.confirm");
    assert!(row.unwrap().deputy_for.is_some());
    world.end().await;
}
