//! What a console looks up and loads ahead: families found and unmasked, places, officers, what was done to a case, and
//! cases held before they are shown.

use serde_json::{Value, json};
use tilik_protocol::ids::CaseId;
use tilik_protocol::lookup::{
    DecisionQueue, FamilyPage, FamilyRow, FoundIn, HistoryRow, OfficerView, ProgramView,
    RegionView, ReviewQueue, WaitingGrant,
};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{AccessRow, CaseRow, Claimed, JournalRow, Page, Unmasked};
use tilik_protocol::session::{AddUser, GrantView, RefuseGrant, UserView};
use tilik_server::store::testing::{PlantFamily, PlantPerson};
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

    // Nor is a name asked for that nobody has without its being told; of a page that comes after it is told once.
    assert!(
        found(operator, json!({ "text": "Tiada Siapa" }))
            .await
            .is_empty()
    );
    let own = looks(&desk, &format!("user:{}", operator.user())).await;
    assert!(own.iter().any(|(what, _)| what == "family_text_unknown"));
    let long = json!({ "text": "a".repeat(101) });
    assert_eq!(refused(operator, long).await, "422 invalid");

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
    let staff = &desk.staff;
    for by in [&staff.supervisor, &staff.approver, &staff.auditor] {
        assert_eq!(found(by, asked.clone()).await.len(), 1);
    }
    assert_eq!(
        refused(&staff.signatory, asked.clone()).await,
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
async fn who_bears_the_name_comes_before_whose_member_or_street_does() {
    let desk = desk(312, 1, 0).await;
    let app = desk.world.app().unwrap();
    let plant = |name: &str, member: &str, address: &str| PlantFamily {
        region: village::here(),
        name: name.to_owned(),
        address: address.to_owned(),
        rt: "001".to_owned(),
        rw: "002".to_owned(),
        kk: None,
        persons: [(name, "kepala_keluarga"), (member, "anak")]
            .map(|(name, relation)| PlantPerson {
                name: name.to_owned(),
                nik: None,
                relation: relation.to_owned(),
            })
            .into(),
        programs: Vec::new(),
    };
    let families = [
        plant("ABDUL", "SITI", "JL ZAINAL 1"),
        plant("BUDI", "ZAINAL ARIFIN", "JL ZAINAL 2"),
        plant("CIPTO", "NUR", "jl zainal 3"),
        plant("DEWI ZAINAL", "ZAINAL", "JL MAWAR"),
        plant("ZAINAL ABIDIN", "ZAINAL", "JL ZAINAL 4"),
        plant("ZAINAL ZAKI", "SITI", "JL MAWAR"),
    ];
    app.store.plant_families(&families).await.unwrap();
    let by = &desk.staff.supervisor;
    for limit in [1, 2, 5, 50] {
        let mut rows: Vec<FamilyRow> = Vec::new();
        let mut after = Value::Null;
        loop {
            let body = json!({ "text": " Zainal ", "limit": limit, "after": after });
            let answer = by.post("/v1/families/search", &body).await;
            let page: Page<FamilyRow> = answer.read().unwrap();
            rows.extend(page.items);
            match page.next {
                Some(next) => after = json!(next),
                None => break,
            }
        }
        let member = FoundIn::Member {
            name: "ZAINAL ARIFIN".to_owned(),
        };
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.found_in.as_ref()))
            .collect();
        let wanted = [
            ("ZAINAL ABIDIN", None),
            ("ZAINAL ZAKI", None),
            ("DEWI ZAINAL", None),
            ("BUDI", Some(&member)),
            ("ABDUL", Some(&FoundIn::Address)),
            ("CIPTO", Some(&FoundIn::Address)),
        ];
        assert_eq!(told, wanted, "{limit} a page");
    }
    // Where a family out of reach stands in the order is not told, nor that it is there.
    let afar = stranger(&desk, Role::Operator).await;
    let id = &desk.village.homes[0].family;
    let body = json!({ "after": format!("0.{id}") });
    assert_eq!(refused(&afar, body).await, "400 bad_cursor");
    let answer = afar.get(&format!("/v1/recipients?after={id}")).await;
    assert_eq!(answer.verdict(), "400 bad_cursor");
    // A place among those of a text is none among all.
    let id = &desk.village.homes[0].family;
    for after in [format!("4.{id}"), format!("1.{id}"), id.to_string()] {
        let body = json!({ "after": after });
        assert_eq!(refused(by, body).await, "400 bad_cursor", "{after}");
    }
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
async fn what_waits_is_counted_and_what_was_decided_is_found_by_its_day_and_outcome() {
    let mut desk = desk(309, 3, 1).await;
    let queue = async |by: &Console| -> (u64, u64) {
        let told: DecisionQueue = by.get("/v1/decisions/waiting").await.read().unwrap();
        (told.to_decide, told.to_confirm)
    };
    let listed = async |by: &Console, filter: &str| -> Vec<CaseRow> {
        let path = format!("/v1/cases?state=decided{filter}");
        by.get(&path).await.read::<Page<CaseRow>>().unwrap().items
    };
    let [first, second] = [desk.accepted(0).await, desk.accepted(1).await];
    let (operator, approver) = (desk.staff.operator.clone(), desk.staff.approver.clone());
    assert_eq!(queue(&operator).await, (2, 0), "an operator only decides");
    assert_eq!(queue(&approver).await, (0, 0), "an approver only confirms");
    assert_eq!(
        queue(&desk.staff.auditor).await,
        (0, 0),
        "who says nothing waits for nothing"
    );

    let cancelled = desk.case(first).await.memberships;
    for one in &cancelled {
        let proposed = operator.decide(first, one.id, Some("MENINGGAL"));
        proposed.await.unwrap().ok().unwrap();
    }
    assert_eq!(queue(&operator).await, (1, 0));
    assert_eq!(queue(&approver).await, (0, 1));
    // It is found by when it was confirmed, not by when it was proposed.
    desk.world.pass_s(600).await.unwrap();
    let before = desk.world.now();
    for one in &cancelled {
        let confirmed = approver.confirm(first, one.id, true);
        confirmed.await.unwrap().ok().unwrap();
    }
    desk.world.pass_s(600).await.unwrap();
    let between = desk.world.now();
    for one in desk.case(second).await.memberships {
        let kept = operator.decide(second, one.id, None);
        kept.await.unwrap().ok().unwrap();
    }
    assert_eq!(queue(&operator).await, (0, 0));
    assert_eq!(queue(&approver).await, (0, 0));

    let all = listed(&approver, "").await;
    let at = |id: CaseId| {
        all.iter()
            .find(|row| row.id == id)
            .unwrap()
            .decided_at
            .unwrap()
    };
    assert!(before <= at(first) && at(first) < between && between <= at(second));
    let ids = async |filter: String| -> Vec<CaseId> {
        let rows = listed(&approver, &filter).await;
        rows.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(ids(format!("&decided_since={between}")).await, [second]);
    let days = format!("&decided_since={before}&decided_until={between}");
    assert_eq!(ids(days.clone()).await, [first]);
    assert_eq!(ids(format!("&decided_until={before}")).await, []);
    assert_eq!(ids(format!("{days}&outcome=eligible")).await, []);
    assert_eq!(ids("&outcome=ineligible".into()).await, [first]);
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
    assert_eq!(
        (rows[0].username.as_str(), rows[0].holds.len()),
        ("calon", 0)
    );
    desk.staff.approver.confirm_grant(grant.id).await.unwrap();
    assert!(waiting().await.is_empty());
    desk.world.end().await;
}

#[tokio::test]
async fn an_approver_refuses_a_grant_that_waits_and_its_giver_reads_why() {
    let desk = desk(313, 1, 0).await;
    let (admin, approver) = (&desk.staff.admin, &desk.staff.approver);
    let person = admin.add_user("calon").await.unwrap();
    let here = [village::here()];
    let give = async |role| admin.add_grant(person.id, role, &here, None).await.unwrap();
    let held = give(Role::Operator).await;
    approver.confirm_grant(held.id).await.unwrap();
    let grant = give(Role::Supervisor).await;
    let rows: Page<WaitingGrant> = approver.get("/v1/grants/waiting").await.read().unwrap();
    let holds: Vec<_> = rows.items[0].holds.iter().map(|one| one.id).collect();
    assert_eq!(holds, [held.id]);

    let path = format!("/v1/grants/{}/refuse", grant.id);
    let body = |reason: &str| RefuseGrant {
        event_id: approver.event(),
        reason: reason.parse().unwrap(),
    };
    let far = stranger(&desk, Role::Approver).await;
    for (by, reason, verdict) in [
        (admin, "PERAN_KELIRU", "403 forbidden"),
        (&far, "PERAN_KELIRU", "404 not_found"),
        (approver, "GANDA", "422 invalid"),
    ] {
        assert_eq!(by.post(&path, &body(reason)).await.verdict(), verdict);
    }
    let said = body("PERAN_KELIRU");
    // Said twice, it is done once.
    for _ in 0..2 {
        let view: GrantView = approver.post(&path, &said).await.read().unwrap();
        assert!(view.ended_at.is_some() && !view.confirmed);
        assert_eq!(view.refused.as_ref(), Some(&said.reason));
    }
    assert_eq!(
        approver.post(&path, &body("ORANG_KELIRU")).await.verdict(),
        "409 wrong_moment"
    );
    let of_held = format!("/v1/grants/{}/refuse", held.id);
    let late = approver.post(&of_held, &body("ORANG_KELIRU")).await;
    assert_eq!(late.verdict(), "409 wrong_moment");
    assert!(approver.confirm_grant(grant.id).await.is_err());
    let told: UserView = admin
        .get(&format!("/v1/users/{}", person.id))
        .await
        .read()
        .unwrap();
    let refused: Vec<_> = told.grants.iter().map(|one| &one.refused).collect();
    assert_eq!(refused, [&None, &Some(said.reason)]);
    let path = format!("/v1/journal?object=grant:{}&newest=true", grant.id);
    let rows: Page<JournalRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let last = &rows.items[0];
    assert_eq!(
        (last.action.as_str(), last.role.as_str()),
        ("grant.refuse", "approver")
    );
    assert_eq!(last.body["reason"], "PERAN_KELIRU");
    desk.world.end().await;
}

#[tokio::test]
async fn programs_are_told_by_name_to_everybody_who_is_signed_in() {
    let desk = desk(310, 1, 0).await;
    let officer = Console::of(&desk.world, desk.phone.officer.clone());
    for by in [&desk.staff.operator, &desk.staff.admin, &officer] {
        let page: Page<ProgramView> = by.get("/v1/programs").await.read().unwrap();
        let told: Vec<_> = page
            .items
            .iter()
            .map(|one| (one.code.as_str(), one.name.as_str()))
            .collect();
        let wanted = [
            (village::SEMBAKO, "Bantuan Sembako"),
            (village::PKH, "Program Keluarga Harapan"),
        ];
        assert_eq!(told, wanted);
    }
    desk.world.end().await;
}

#[tokio::test]
async fn accounts_are_found_by_words_of_their_names_by_role_and_by_state() {
    let desk = desk(311, 1, 0).await;
    let admin = &desk.staff.admin;
    for (username, name) in [
        ("budi.s", "Budi ÉLAN Santoso"),
        ("santi", "Santi 50%_"),
        ("lan", "Orang Lain"),
    ] {
        let body = AddUser {
            event_id: admin.event(),
            username: username.to_owned(),
            name: name.to_owned(),
            password: "kata sandi pertama".to_owned(),
        };
        admin.post("/v1/users", &body).await.ok().unwrap();
    }
    let found = async |by: &Console, query: &str| -> Vec<String> {
        let mut names = Vec::new();
        let mut after = String::new();
        // A page of one: what does not match is passed over and ends nothing.
        loop {
            let path = format!("/v1/users?limit=1&{query}{after}");
            let page: Page<UserView> = by.get(&path).await.read().unwrap();
            assert!(page.items.len() <= 1);
            names.extend(page.items.into_iter().map(|one| one.username));
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return names,
            }
        }
    };
    assert_eq!(found(admin, "find=santo").await, ["budi.s"]);
    assert_eq!(found(admin, "find=SANT").await, ["budi.s", "santi"]);
    // Letters outside ASCII have capitals too, whichever database it is.
    assert_eq!(found(admin, "find=%C3%A9lan").await, ["budi.s"]);
    assert_eq!(found(admin, "find=santoso%20BUDI").await, ["budi.s"]);
    assert_eq!(found(admin, "find=50%25_").await, ["santi"]);
    assert_eq!(found(admin, "find=BUDI.S").await, ["budi.s"]);
    assert!(found(admin, "find=tidak-ada").await.is_empty());
    let all = found(admin, "").await;
    assert_eq!(found(admin, "find=%20").await, all);
    assert!(all.len() > 8);

    // None has a role; one gets one that waits, then is suspended.
    assert_eq!(found(admin, "state=none").await, ["budi.s", "santi", "lan"]);
    let page: Page<UserView> = admin.get("/v1/users?find=budi").await.read().unwrap();
    let budi = page.items[0].id;
    let here = [village::here()];
    let grant = admin.add_grant(budi, Role::Operator, &here, None).await;
    let grant = grant.unwrap();
    assert_eq!(found(admin, "state=waiting").await, ["budi.s"]);
    assert_eq!(found(admin, "role=operator&find=budi").await, ["budi.s"]);
    assert!(found(admin, "role=officer&find=budi").await.is_empty());
    desk.staff.approver.confirm_grant(grant.id).await.unwrap();
    let active = found(admin, "state=active").await;
    assert!(active.contains(&"budi.s".to_owned()) && !active.contains(&"santi".to_owned()));
    admin.set_suspended(budi, true).await.unwrap();
    assert_eq!(found(admin, "state=suspended").await, ["budi.s"]);
    assert_eq!(
        admin.get("/v1/users?role=raja").await.verdict(),
        "400 bad_query"
    );

    let one: UserView = admin
        .get(&format!("/v1/users/{budi}"))
        .await
        .read()
        .unwrap();
    assert_eq!(
        (one.username.as_str(), one.suspended, one.grants.len()),
        ("budi.s", true, 1)
    );
    let unknown = format!("/v1/users/{}", grant.id);
    assert_eq!(admin.get(&unknown).await.verdict(), "404 not_found");
    // Whose work lies elsewhere does not exist for the admin of another village.
    let far = stranger(&desk, Role::Admin).await;
    assert!(found(&far, "find=budi").await.is_empty());
    let path = format!("/v1/users/{budi}");
    assert_eq!(far.get(&path).await.verdict(), "404 not_found");
    assert_eq!(found(&far, "find=santi").await, ["santi"]);
    desk.world.end().await;
}
