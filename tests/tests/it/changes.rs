//! What is other about a family since last month: on the ground, in the registry, and nothing when nothing is.

use serde_json::json;
use tilik_protocol::changes::{FamilyChanges, PersonEvent};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{CaseId, FamilyId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::registry::{ImportKind, ImportReport};
use tilik_protocol::review::{AccessRow, Page};
use tilik_tests::phone::answers;
use tilik_tests::village::{self, Home, PKH};
use tilik_tests::{Console, kediri};

use crate::review::{Desk, desk};

const HEADER: &str = "no_kk,nik,nama,hub_keluarga,alamat,rt,rw,wilayah,desil,status_hidup";

/// Puts a family file in force, what waits of it too.
async fn bring(desk: &Desk, lines: &[String]) -> ImportReport {
    let file = format!("{HEADER}\n{}\n", lines.join("\n"));
    let by = &desk.staff.admin;
    let doorway = desk.world.doorway();
    let report = kediri::send(&doorway, by, ImportKind::Families, file.into_bytes());
    let report = report.await.unwrap();
    assert_eq!(report.rejected, 0, "{report:?}");
    if report.waiting > 0 {
        let approver = &desk.staff.approver;
        let act = json!({ "event_id": approver.event() });
        let path = format!("/v1/imports/{}/confirm", report.id);
        approver.post(&path, &act).await.ok().unwrap();
    }
    report
}

fn head(home: &Home, decile: u8) -> String {
    let (kk, nik, name) = (&home.kk, &home.nik, &home.name);
    let here = village::here();
    format!("{kk},{nik},{name},KEPALA KELUARGA,JL MELATI NO 1,1,2,{here},{decile},hidup")
}

fn child(home: &Home, nik: &str, name: &str, alive: &str) -> String {
    let (kk, here) = (&home.kk, village::here());
    format!("{kk},{nik},{name},ANAK,JL MELATI NO 1,1,2,{here},,{alive}")
}

async fn changes(by: &Console, family: FamilyId) -> FamilyChanges {
    let path = format!("/v1/families/{family}/changes");
    by.get(&path).await.read().unwrap()
}

/// A full visit of this family, `north` degrees × 10⁷ away from the door, accepted.
async fn seen(desk: &mut Desk, home: usize, poor: bool, north: i64) -> CaseId {
    let family = [desk.village.homes[home].family];
    let opened = desk.staff.supervisor.open_cases(
        &family,
        VisitKind::Full,
        Some(desk.phone.officer.id),
        None,
    );
    let case = opened.await.unwrap().cases[0];
    let shots: Vec<_> = (0..2).map(|n| desk.phone.photograph(n).unwrap()).collect();
    let mut manifest = desk.phone.manifest(Some(case), VisitKind::Full, &shots);
    if let Some(pin) = &mut manifest.pin {
        pin.lat_e7 += north;
    }
    let said: Answers = answers(poor)
        .into_iter()
        .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
        .collect();
    let visit = desk
        .phone
        .seal_with_answers(manifest, shots, ("kepmensos-262", 1), &said)
        .unwrap();
    desk.phone.bring(&visit).await.unwrap();
    desk.world.pass_s(1).await.unwrap();
    desk.staff.supervisor.accept(case).await.unwrap();
    case
}

/// Every membership of the case stays, with the approver's word where that is asked.
async fn decided(desk: &Desk, case: CaseId) {
    for one in desk.case(case).await.memberships {
        let operator = &desk.staff.operator;
        operator
            .decide(case, one.id, None)
            .await
            .unwrap()
            .ok()
            .unwrap();
    }
    for one in desk.case(case).await.memberships {
        if one.awaiting_approval {
            let approver = &desk.staff.approver;
            approver
                .confirm(case, one.id, true)
                .await
                .unwrap()
                .ok()
                .unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_other_since_last_month_is_told_and_nothing_when_nothing_is() {
    let mut desk = desk(501, 3, 0).await;
    let (first, other) = (desk.village.homes[0].clone(), desk.village.homes[1].clone());
    bring(
        &desk,
        &[
            head(&first, 3),
            child(&first, "3571032001150001", "ANAK SATU", "hidup"),
            head(&other, 3),
        ],
    )
    .await;
    desk.world.pass_s(60).await.unwrap();
    let operator = desk.staff.operator.clone();
    // Nobody was there yet, and there is nothing to compare a first visit with.
    let none = changes(&operator, first.family).await;
    assert_eq!(
        (none.visited_at, none.before_at, none.ground),
        (None, None, None)
    );
    for home in [0, 1] {
        let case = seen(&mut desk, home, true, 0).await;
        let now = changes(&operator, desk.village.homes[home].family).await;
        assert!(now.visited_at.is_some() && now.before_at.is_none());
        decided(&desk, case).await;
    }
    desk.world.pass_days(33).await.unwrap();
    // Before the next visit what was decided is what is compared with.
    let waiting = changes(&operator, first.family).await;
    assert_eq!(waiting.visited_at, None);
    assert!(waiting.before_at.is_some() && waiting.ground.is_none());
    assert_eq!(waiting.decile, None);
    assert_eq!((&waiting.persons, &waiting.programs), (&vec![], &vec![]));

    bring(
        &desk,
        &[
            head(&first, 4),
            child(&first, "3571032001150001", "ANAK SATU", "meninggal"),
            child(&first, "3571031010260002", "ANAK DUA", "hidup"),
        ],
    )
    .await;
    desk.world.pass_s(60).await.unwrap();
    seen(&mut desk, 0, false, 2_700).await;
    seen(&mut desk, 1, true, 100).await;

    let told = changes(&operator, first.family).await;
    assert_eq!(told.since, waiting.since);
    let decile = told.decile.unwrap();
    assert_eq!((decile.from, decile.to), (Some(3), Some(4)));
    let events: Vec<_> = told
        .persons
        .iter()
        .map(|one| (one.name.as_str(), one.event.known().unwrap()))
        .collect();
    assert_eq!(
        events,
        [
            ("ANAK SATU", PersonEvent::Died),
            ("ANAK DUA", PersonEvent::Added)
        ]
    );
    assert_eq!(told.fields, [""; 0]);
    let ground = told.ground.unwrap();
    let pin = ground.pin.unwrap();
    assert_eq!((pin.moved_m, pin.accuracy_m), (30, 16));
    assert_eq!((ground.photos_new, ground.photos_kept), (2, 0));
    let floor = ground.answers.iter().find(|one| one.question == "floor");
    let floor = floor.unwrap();
    assert!(floor.counted && !floor.counts && floor.from != floor.to);
    assert!(ground.answers.iter().all(|one| one.question != "presence"));

    let same = changes(&operator, other.family).await;
    let ground = same.ground.unwrap();
    assert_eq!((ground.pin.unwrap().moved_m, ground.answers.len()), (1, 0));
    assert_eq!(same.decile, None);
    assert_eq!((same.persons, same.programs), (vec![], vec![]));
    desk.world.end().await;
}

#[tokio::test]
async fn a_membership_that_began_or_ended_since_is_told_and_a_look_is_logged() {
    let mut desk = desk(502, 4, 2).await;
    let home = desk.village.homes[0].clone();
    let case = seen(&mut desk, 0, true, 0).await;
    decided(&desk, case).await;
    desk.world.pass_days(33).await.unwrap();
    let case = seen(&mut desk, 0, false, 0).await;
    let operator = desk.staff.operator.clone();
    assert_eq!(changes(&operator, home.family).await.programs, []);
    let pkh = home.memberships[PKH];
    for one in desk.case(case).await.memberships {
        let why = (one.id == pkh).then_some("MENINGGAL");
        let said = operator.decide(case, one.id, why).await.unwrap();
        said.ok().unwrap();
    }
    for one in desk.case(case).await.memberships {
        if one.awaiting_approval {
            let said = desk.staff.approver.confirm(case, one.id, true).await;
            said.unwrap().ok().unwrap();
        }
    }
    let told = changes(&operator, home.family).await.programs;
    let told: Vec<_> = told
        .iter()
        .map(|one| {
            (
                one.membership,
                one.from
                    .as_ref()
                    .and_then(tilik_protocol::lenient::Lenient::known),
            )
        })
        .collect();
    assert_eq!(told, [(pkh, Some(MembershipState::Active))]);

    let far = desk
        .world
        .person(
            (&desk.staff.admin, &desk.staff.approver),
            "operator-asing",
            Role::Operator,
            &[village::elsewhere()],
        )
        .await
        .unwrap();
    let path = format!("/v1/families/{}/changes", home.family);
    assert_eq!(far.get(&path).await.verdict(), "404 not_found");
    let path = format!(
        "/v1/access?object=family:{}&user={}",
        home.family,
        operator.user()
    );
    let page: Page<AccessRow> = desk.staff.auditor.get(&path).await.read().unwrap();
    let looks = page.items.iter().filter(|row| row.what == "family_changes");
    assert_eq!(looks.count(), 2);
    desk.world.end().await;
}
