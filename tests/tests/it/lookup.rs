//! What a console looks up and loads ahead: families found and unmasked, places, officers, what was done to a case, and
//! cases held before they are shown.

use serde_json::{Value, json};
use tilik_protocol::lookup::{
    FamilyPage, FamilyRow, HistoryRow, OfficerView, RegionView, ReviewQueue, WaitingGrant,
};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{AccessRow, Claimed, Page, Unmasked};
use tilik_tests::{Console, village};

use crate::review::{Desk, desk};

async fn found(by: &Console, body: Value) -> Vec<FamilyRow> {
    let answer = by.post("/v1/families/search", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read::<Page<FamilyRow>>().unwrap().items
}

async fn refused(by: &Console, body: Value) -> String {
    by.post("/v1/families/search", &body).await.verdict()
}

/// The access log's rows about a family, as `what` and purpose.
async fn looks(desk: &Desk, object: &str) -> Vec<(String, Option<String>)> {
    let path = format!("/v1/access?object={object}&limit=200");
    let page: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    page.items
        .into_iter()
        .map(|row| (row.what, row.purpose))
        .collect()
}

/// Somebody with this role for another village only.
async fn stranger(desk: &Desk, role: Role) -> Console {
    desk.world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            &format!("{role}-asing"),
            role,
            &[village::elsewhere()],
        )
        .await
        .unwrap()
}

#[tokio::test]
async fn a_family_is_found_by_its_number_only_with_a_purpose_that_is_logged() {
    let desk = desk(301, 4, 0).await;
    let home = &desk.village.homes[0];
    let operator = &desk.staff.operator;
    let purpose = "Melayani di loket";
    for number in [&home.nik, &home.kk] {
        let rows = found(operator, json!({ "number": number, "purpose": purpose })).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].id, home.family);
        assert!(!rows[0].memberships.is_empty());
    }
    let logged = looks(&desk, &format!("family:{}", home.family)).await;
    let with = ("family_number".to_owned(), Some(purpose.to_owned()));
    assert_eq!(logged.iter().filter(|row| **row == with).count(), 2);

    // A number that nobody has is a look all the same.
    let none = json!({ "number": "3571010101990099", "purpose": purpose });
    assert!(found(operator, none).await.is_empty());
    let own = looks(&desk, &format!("user:{}", operator.user())).await;
    assert!(own.iter().any(|(what, _)| what == "family_number_unknown"));

    let nik = &home.nik;
    for body in [
        json!({ "number": nik }),
        json!({ "number": nik, "purpose": "sebab" }),
        json!({ "number": nik, "purpose": format!("mencari {nik}") }),
        json!({ "number": "357101", "purpose": purpose }),
    ] {
        assert_eq!(
            refused(operator, body.clone()).await,
            "422 invalid",
            "{body}"
        );
    }
    let asked = json!({ "number": nik, "purpose": purpose });
    assert_eq!(
        refused(&desk.staff.supervisor, asked.clone()).await,
        "403 forbidden"
    );
    let far = stranger(&desk, Role::Operator).await;
    assert!(found(&far, asked).await.is_empty());
    desk.world.end().await;
}

#[tokio::test]
async fn families_are_found_by_name_and_address_page_by_page_and_only_in_reach() {
    let desk = desk(302, 7, 0).await;
    let by = &desk.staff.supervisor;
    let home = &desk.village.homes[2];
    let rows = found(by, json!({ "text": home.name.to_lowercase() })).await;
    assert!(rows.iter().any(|row| row.id == home.family));

    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let body = json!({ "region": village::here(), "limit": 3, "after": after });
        let answer = by.post("/v1/families/search", &body).await;
        let page: Page<FamilyRow> = answer.read().unwrap();
        seen.extend(
            page.items
                .into_iter()
                .map(|row| (row.name.to_lowercase(), row.id)),
        );
        match page.next {
            Some(next) => after = json!(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted(), "{seen:?}");

    // What LIKE takes for wildcards is text.
    for text in ["%%%", "___", "!!!"] {
        assert!(
            found(by, json!({ "text": text })).await.is_empty(),
            "{text}"
        );
    }
    assert_eq!(refused(by, json!({ "text": "ab" })).await, "422 invalid");
    assert_eq!(refused(by, json!({ "after": "x" })).await, "400 bad_cursor");
    let active = json!({ "region": village::here(), "program": village::PKH, "state": "active" });
    assert_eq!(found(by, active).await.len(), 3);
    let far = stranger(&desk, Role::Signatory).await;
    let here = found(&far, json!({ "text": home.name })).await;
    assert!(here.iter().all(|row| row.region == village::elsewhere()));
    desk.world.end().await;
}

#[tokio::test]
async fn numbers_are_shown_for_a_purpose_and_to_nobody_who_may_not() {
    let desk = desk(303, 2, 0).await;
    let home = &desk.village.homes[1];
    let path = format!("/v1/families/{}/unmask", home.family);
    let body = json!({ "purpose": "Mencocokkan kartu keluarga" });
    let numbers: Unmasked = desk.staff.operator.post(&path, &body).await.read().unwrap();
    assert_eq!(numbers.kk, home.kk);
    assert_eq!(numbers.persons[0].nik.as_ref(), Some(&home.nik));
    let logged = looks(&desk, &format!("family:{}", home.family)).await;
    let purpose = Some("Mencocokkan kartu keluarga".to_owned());
    assert!(logged.contains(&("family_unmasked".to_owned(), purpose)));
    for (who, verdict) in [
        (desk.staff.supervisor.clone(), "403 forbidden"),
        (desk.staff.auditor.clone(), "403 forbidden"),
        (stranger(&desk, Role::Operator).await, "404 not_found"),
    ] {
        assert_eq!(who.post(&path, &body).await.verdict(), verdict);
    }
    let short = desk
        .staff
        .operator
        .post(&path, &json!({ "purpose": "lihat" }))
        .await;
    assert_eq!(short.verdict(), "422 invalid");
    // What a page shows is masked.
    let page = desk
        .staff
        .operator
        .get(&format!("/v1/families/{}", home.family))
        .await;
    let text = page.json().to_string();
    assert!(
        !text.contains(&home.nik) && !text.contains(&home.kk),
        "{text}"
    );
    desk.world.end().await;
}

#[tokio::test]
async fn a_recipients_page_shows_the_house_and_who_took_the_place_and_why() {
    let mut desk = desk(304, 2, 2).await;
    let case = desk.accepted(1).await;
    let (family, membership) = {
        let view = desk.case(case).await;
        (view.family.id, view.memberships[0].id)
    };
    let operator = desk.staff.operator.clone();
    operator
        .decide(case, membership, Some("MENINGGAL"))
        .await
        .unwrap()
        .ok()
        .unwrap();
    desk.staff
        .approver
        .confirm(case, membership, true)
        .await
        .unwrap()
        .ok()
        .unwrap();
    let page: FamilyPage = operator
        .get(&format!("/v1/families/{family}"))
        .await
        .read()
        .unwrap();
    assert!(page.photo.is_some(), "the front of the house");
    assert!(page.pin.is_some());
    assert_eq!(page.cases[0].id, case);
    let held = page
        .memberships
        .iter()
        .find(|held| held.membership.id == membership)
        .unwrap();
    let next = held.followed_by.as_ref().unwrap();
    assert_eq!(next.rank, Some(1));
    assert_eq!(next.membership.family, desk.village.waiting[0].family);
    assert_eq!(next.name.as_ref(), Some(&desk.village.waiting[0].name));
    let theirs: FamilyPage = operator
        .get(&format!("/v1/families/{}", next.membership.family))
        .await
        .read()
        .unwrap();
    let before = theirs.memberships[0].follows.as_ref().unwrap();
    assert_eq!(before.membership.id, membership);
    desk.world.end().await;
}

#[tokio::test]
async fn a_console_holds_three_cases_and_is_told_each_once() {
    let mut desk = desk(305, 6, 0).await;
    let cases = desk.submitted(0..5).await;
    let by = desk.staff.supervisor.clone();
    let claim = async |by: &Console, body: Value| -> Vec<_> {
        let claimed: Claimed = by.post("/v1/review/claim", &body).await.read().unwrap();
        claimed
            .case
            .into_iter()
            .chain(claimed.more)
            .map(|case| case.id)
            .collect()
    };
    assert_eq!(claim(&by, json!({ "limit": 3 })).await, cases[..3]);
    // A page that was opened anew is told what it holds, and gets nothing more.
    assert_eq!(claim(&by, json!({ "limit": 3 })).await, cases[..3]);
    assert_eq!(claim(&by, json!({ "limit": 200 })).await.len(), 3);
    let have = json!({ "limit": 3, "have": [cases[0], cases[1], cases[2]] });
    assert!(claim(&by, have).await.is_empty());
    by.act(cases[0], "accept").await.unwrap().ok().unwrap();
    let have = json!({ "limit": 3, "have": [cases[1], cases[2]] });
    assert_eq!(claim(&by, have).await, [cases[3]]);
    // Nobody else gets one of them.
    let colleague = desk.staff.colleague.clone();
    assert_eq!(claim(&colleague, json!({ "limit": 3 })).await, [cases[4]]);
    let queue: ReviewQueue = by.get("/v1/review/waiting").await.read().unwrap();
    assert_eq!(queue.waiting, 4);
    desk.world.end().await;
}

#[tokio::test]
async fn what_is_loaded_ahead_is_served_and_not_seen() {
    let mut desk = desk(306, 3, 0).await;
    let cases = desk.submitted(0..2).await;
    let by = desk.staff.supervisor.clone();
    by.post("/v1/review/claim", &json!({ "limit": 2 }))
        .await
        .ok()
        .unwrap();
    let mut modes = Vec::new();
    for case in cases {
        let path = format!("/v1/access?object=case:{case}&user={}", by.user());
        let page: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
        modes.push(
            page.items
                .into_iter()
                .map(|row| row.mode)
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(modes, [["seen"], ["served"]]);
    desk.world.end().await;
}

#[tokio::test]
async fn who_takes_a_judgement_back_may_take_the_case_again_and_the_acts_are_told() {
    let mut desk = desk(307, 2, 0).await;
    let case = desk.accepted(0).await;
    let by = desk.staff.supervisor.clone();
    by.act(case, "withdraw").await.unwrap().ok().unwrap();
    by.take(case).await.ok().unwrap();
    assert!(desk.staff.colleague.claim().await.unwrap().is_none());
    by.act(case, "accept").await.unwrap().ok().unwrap();

    let acts: Page<HistoryRow> = by
        .get(&format!("/v1/cases/{case}/history"))
        .await
        .read()
        .unwrap();
    let actions: Vec<&str> = acts.items.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(
        actions[..3],
        ["case.accept", "case.withdraw", "case.accept"]
    );
    assert_eq!(actions.last(), Some(&"case.open"));
    assert!(acts.items[0].name.is_some());
    assert!(acts.items.iter().all(|row| row.reasons.is_empty()));
    desk.world.end().await;
}

#[tokio::test]
async fn officers_places_and_reasons_are_those_in_reach() {
    let desk = desk(308, 4, 0).await;
    desk.assigned(0..3).await;
    let by = &desk.staff.supervisor;
    let officers: Page<OfficerView> = by.get("/v1/officers").await.read().unwrap();
    let theirs = officers
        .items
        .iter()
        .find(|one| one.user == desk.phone.officer.id)
        .unwrap();
    assert_eq!((theirs.assigned, theirs.returned), (3, 0));

    let far = stranger(&desk, Role::Supervisor).await;
    let there: Page<OfficerView> = far.get("/v1/officers").await.read().unwrap();
    assert!(there.items.iter().all(|one| {
        let covers = |code: &RegionCode| code.covers(&village::elsewhere());
        one.assigned == 0 && one.regions.iter().any(covers)
    }));
    let codes = async |by: &Console| -> Vec<String> {
        let page: Page<RegionView> = by.get("/v1/regions").await.read().unwrap();
        page.items
            .into_iter()
            .map(|row| row.code.to_string())
            .collect()
    };
    assert_eq!(
        codes(&far).await,
        ["35", "35.71", "35.71.01", "35.71.01.1002"]
    );
    assert!(codes(by).await.contains(&village::here().to_string()));
    let outline = async |by: &Console, code: RegionCode| {
        by.get(&format!("/v1/regions/{code}/outline"))
            .await
            .verdict()
    };
    assert_eq!(outline(by, village::here()).await, "200");
    assert_eq!(outline(by, village::elsewhere()).await, "404 not_found");
    assert_eq!(outline(&far, village::here()).await, "404 not_found");
    let reasons = by.get("/v1/reasons").await.json();
    assert!(reasons["returning"].as_array().unwrap().len() > 10);
    desk.world.end().await;
}

#[tokio::test]
async fn an_approver_sees_the_grants_that_wait_and_whose_they_are() {
    let desk = desk(309, 1, 0).await;
    let person = desk.staff.admin.add_user("calon").await.unwrap();
    let grant = desk
        .staff
        .admin
        .add_grant(person.id, Role::Operator, &[village::here()], None)
        .await
        .unwrap();
    let waiting = async || -> Vec<WaitingGrant> {
        let answer = desk.staff.approver.get("/v1/grants/waiting").await;
        answer.read::<Page<WaitingGrant>>().unwrap().items
    };
    let rows = waiting().await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].grant.id, rows[0].user), (grant.id, person.id));
    assert_eq!(rows[0].granted_by, Some(desk.staff.admin.user()));
    desk.staff.approver.confirm_grant(grant.id).await.unwrap();
    assert!(waiting().await.is_empty());
    desk.world.end().await;
}
