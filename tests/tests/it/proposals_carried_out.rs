//! What follows from the last local word on a proposal: a candidate, a case, a payee, a line for the ministry. Each once.

use serde_json::{Value, json};
use tilik_protocol::appeal::AppealView;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::health::PBI;
use tilik_protocol::ids::{CaseId, FamilyId, MembershipId, ProposalId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::ministry::{MinistryAct, MinistryActKind, MinistryActs};
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::{ProposalKind, ProposalState, ProposalView, ProposedMany};
use tilik_protocol::registry::ImportKind;
use tilik_protocol::review::CaseView;
use tilik_protocol::tasks::TaskKind;
use tilik_tests::handmade::SoftPhone;
use tilik_tests::people::{Staff, hire};
use tilik_tests::proposals::{SCAN, bring_scan};
use tilik_tests::requests::about;
use tilik_tests::village::{self, PKH, SEMBAKO, Village};
use tilik_tests::{Console, World, kediri};
use uuid::Uuid;

use crate::proposals::{act, always_open, done, drafted, office, see, state, yes};
use crate::proposals_guarded::at_the_desk;
use crate::tasks::counts;

/// A proposal that was handed in, on its way up to the last local word.
async fn endorsed(staff: &Staff, id: ProposalId) -> ProposalView {
    let (operator, verifier) = (&staff.operator, &staff.verifier);
    done(operator, id, "submit", json!({})).await;
    done(verifier, id, "check", yes()).await;
    let paper = bring_scan(operator, SCAN).await.unwrap().id;
    let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
    done(operator, id, "sptjm", sptjm).await;
    done(verifier, id, "verify", yes()).await;
    done(&staff.approver, id, "endorse", yes()).await
}

async fn for_program(staff: &Staff, program: &str, family: FamilyId) -> ProposalView {
    let content = json!({ "kind": "program", "program": program, "family": family });
    let id = drafted(&staff.operator, content).await.row.id;
    endorsed(staff, id).await
}

async fn lines(by: &Console, query: &str) -> Vec<MinistryAct> {
    let answer = by.get(&format!("/v1/ministry-acts{query}")).await;
    answer.ok().unwrap().read::<MinistryActs>().unwrap().items
}

async fn tick(by: &Console, act: &MinistryAct, entered: bool) -> MinistryAct {
    let body = json!({
        "event_id": by.event(), "entered": entered,
        "acts": [{ "id": act.id, "seen_version": act.version }],
    });
    let answer = by.post("/v1/ministry-acts/entered", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.read::<Vec<MinistryAct>>().unwrap().remove(0)
}

/// State and slot of a membership.
async fn standing(world: &World, id: MembershipId) -> (MembershipState, Option<Uuid>) {
    let store = world.app().unwrap().store;
    let text = "SELECT state, slot_id FROM membership WHERE id = $1";
    let rows = store.peek(text, [Uuid::from(id).into()]).await.unwrap();
    let state: String = rows[0].try_get("", "state").unwrap();
    (
        state.parse().unwrap(),
        rows[0].try_get("", "slot_id").unwrap(),
    )
}

async fn import(world: &World, staff: &Staff, kind: ImportKind, text: String) {
    let file = (kind, "berkas.csv".to_owned(), text.into_bytes());
    kediri::import(&world.doorway(), &staff.admin, &staff.approver, vec![file])
        .await
        .unwrap();
}

/// One more place in a program here than there was.
async fn one_more_place(world: &World, staff: &Staff, program: &str, slots: usize) {
    let text = format!(
        "program,wilayah,jatah\n{program},{},{slots}\n",
        village::here()
    );
    import(world, staff, ImportKind::Quotas, text).await;
}

async fn of_the_city(world: &World, program: &str) {
    let store = world.app().unwrap().store;
    let text = "UPDATE program SET central = FALSE WHERE code = $1";
    assert_eq!(store.poke(text, [program.into()]).await.unwrap(), 1);
}

async fn phone_of(world: &World, staff: &Staff) -> SoftPhone {
    let officer = staff.officers[0].clone();
    SoftPhone::enrolled(world, &staff.admin, &officer)
        .await
        .unwrap()
}

/// The house of a case is seen and accepted.
async fn accepted(world: &World, staff: &Staff, phone: &mut SoftPhone, case: CaseId) {
    let officer = staff.officers[0].id;
    staff
        .supervisor
        .assign(&[case], Some(officer))
        .await
        .unwrap();
    phone.visit(case, VisitKind::Full).await.unwrap();
    world.settle().await.unwrap();
    staff.supervisor.accept(case).await.unwrap();
}

/// A membership of an accepted case ends; its successor.
async fn cancelled(staff: &Staff, case: CaseId, id: MembershipId) -> Option<MembershipId> {
    let said = staff.operator.decide(case, id, Some("GANDA")).await;
    said.unwrap().ok().unwrap();
    let view = staff.approver.confirm(case, id, true).await;
    let view: CaseView = view.unwrap().ok().unwrap().read().unwrap();
    let ended = view.memberships.iter().find(|one| one.id == id);
    ended.unwrap().successor
}

async fn seen_and_cancelled(
    world: &World,
    staff: &Staff,
    phone: &mut SoftPhone,
    village: &Village,
    home: usize,
) -> Option<MembershipId> {
    let home = &village.homes[home];
    let opened = staff
        .supervisor
        .open_cases(&[home.family], VisitKind::Full, None, None)
        .await;
    let case = opened.unwrap().cases[0];
    accepted(world, staff, phone, case).await;
    cancelled(staff, case, home.memberships[SEMBAKO]).await
}

#[tokio::test]
async fn who_is_endorsed_for_the_centres_program_is_a_candidate_and_one_line_for_the_ministry() {
    let (world, staff, village) = office(1220).await;
    let operator = &staff.operator;
    always_open(&staff, "program").await;
    let home = &village.homes[1];
    let view = for_program(&staff, PKH, home.family).await;
    let (id, membership) = (view.row.id, view.membership.unwrap());
    // The place is the centre's to give; the house is seen meanwhile.
    assert_eq!(
        standing(&world, membership).await,
        (MembershipState::Candidate, None)
    );
    let case = staff.supervisor.case(view.case.unwrap()).await.unwrap();
    assert_eq!(case.state.known(), Some(CaseState::Open));
    assert!(case.memberships.iter().any(|one| one.id == membership));
    let told = lines(operator, "").await;
    let [line] = &told[..] else {
        panic!("one line: {told:?}");
    };
    assert_eq!(line.kind.known(), Some(MinistryActKind::Proposed));
    assert_eq!(line.proposal, Some(id));
    assert_eq!(
        line.proposed.as_ref().and_then(Lenient::known),
        Some(ProposalKind::Program)
    );

    // Said on the list it is said of the proposal, and the other way round; nobody enters it twice.
    let ticked = tick(operator, line, true).await;
    assert_eq!(state(&see(operator, id).await), ProposalState::Sent);
    let again = act(operator, id, "send", json!({})).await;
    assert_eq!(again.verdict(), "409 wrong_moment");
    tick(operator, &ticked, false).await;
    assert_eq!(state(&see(operator, id).await), ProposalState::Endorsed);
    done(operator, id, "send", json!({})).await;
    assert!(lines(operator, "").await.is_empty());
    // The centre's word is to be written down.
    let waits = counts(&staff.verifier).await;
    assert!(waits.contains(&(TaskKind::RecordOutcome, 1)), "{waits:?}");
    let entered = lines(operator, "?entered=true").await;
    assert_eq!(entered.len(), 1);
    assert_eq!(entered[0].entered_by, Some(operator.user()));

    // The centre's no ends the candidate, and somebody may be proposed anew.
    let no = json!({ "verdict": "no", "reason": "DITOLAK_PUSAT" });
    done(&staff.verifier, id, "outcome", no).await;
    let (ended, _) = standing(&world, membership).await;
    assert_eq!(ended, MembershipState::Withdrawn);
    let waits = counts(&staff.verifier).await;
    assert!(
        !waits
            .iter()
            .any(|(kind, _)| *kind == TaskKind::RecordOutcome)
    );
    let case = staff.supervisor.case(view.case.unwrap()).await.unwrap();
    assert!(case.memberships.iter().all(|one| one.id != membership));
    let body = json!({ "event_id": operator.event(), "entered": false,
        "acts": [{ "id": entered[0].id, "seen_version": entered[0].version }] });
    let late = operator.post("/v1/ministry-acts/entered", &body).await;
    assert_eq!(late.verdict(), "409 wrong_moment");
    let copy = done(operator, id, "copy", json!({})).await;
    done(operator, copy.row.id, "submit", json!({})).await;
    world.end().await;
}

#[tokio::test]
async fn the_ministrys_decree_gives_a_candidate_the_place_they_waited_for() {
    let (world, staff, village) = office(1221).await;
    always_open(&staff, "program").await;
    let home = &village.homes[1];
    let membership = for_program(&staff, PKH, home.family).await.membership;
    let membership = membership.unwrap();
    one_more_place(&world, &staff, PKH, 3).await;
    let decree = format!("program,no_kk,status\n{PKH},{},ditetapkan\n", home.kk);
    import(&world, &staff, ImportKind::Memberships, decree).await;
    let (now, slot) = standing(&world, membership).await;
    assert_eq!(now, MembershipState::Designated);
    let holder = format!(
        "SELECT COUNT(*) FROM slot s JOIN membership m ON m.id = s.membership_id AND m.slot_id = s.id \
         WHERE m.program = '{PKH}' AND m.state = 'designated' AND s.state = 'held'"
    );
    assert!(slot.is_some());
    assert_eq!(world.count(&holder).await.unwrap(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_free_place_of_the_citys_own_is_kept_for_whoever_was_endorsed_until_their_house_is_seen()
{
    let (world, staff, village) = office(1222).await;
    always_open(&staff, "program").await;
    of_the_city(&world, PKH).await;
    one_more_place(&world, &staff, PKH, 3).await;
    let view_of = for_program(&staff, PKH, village.homes[1].family).await;
    let membership = view_of.membership.unwrap();
    let (now, slot) = standing(&world, membership).await;
    assert_eq!(now, MembershipState::Candidate);
    assert!(slot.is_some());
    let reserved = "SELECT COUNT(*) FROM slot WHERE state = 'reserved'";
    assert_eq!(world.count(reserved).await.unwrap(), 1);
    assert!(lines(&staff.operator, "").await.is_empty());
    // The next who asks finds it taken.
    let content = json!({ "kind": "program", "program": PKH, "family": village.homes[2].family });
    let next = drafted(&staff.operator, content).await.row.id;
    let refused = act(&staff.operator, next, "submit", json!({})).await;
    assert!(refused.json().to_string().contains("KUOTA_PENUH"));

    let mut phone = phone_of(&world, &staff).await;
    let case = view_of.case.unwrap();
    accepted(&world, &staff, &mut phone, case).await;
    let carried = staff.operator.case(case).await.unwrap().memberships;
    for one in &carried {
        let said = staff.operator.decide(case, one.id, None).await;
        said.unwrap().ok().unwrap();
    }
    let view = staff.operator.case(case).await.unwrap();
    if view.state.known() == Some(CaseState::AwaitingApproval) {
        for one in &carried {
            let _ = staff.approver.confirm(case, one.id, true).await.unwrap();
        }
    }
    let view = staff.operator.case(case).await.unwrap();
    assert_eq!(view.state.known(), Some(CaseState::Decided));
    world.pass_s(60).await.unwrap();
    assert_eq!(
        standing(&world, membership).await,
        (MembershipState::Designated, slot)
    );
    assert_eq!(world.count(reserved).await.unwrap(), 0);
    // No centre has a word in it: that was the proposal's end, and another may be made.
    let ended = see(&staff.operator, view_of.row.id).await;
    assert_eq!(state(&ended), ProposalState::Accepted);
    // They receive from the month after.
    world.pass_days(6).await.unwrap();
    assert_eq!(
        standing(&world, membership).await.0,
        MembershipState::Designated
    );
    world.pass_days(1).await.unwrap();
    assert_eq!(
        standing(&world, membership).await,
        (MembershipState::Active, slot)
    );
    world.end().await;
}

#[tokio::test]
async fn nobody_who_is_endorsed_passes_those_on_the_frozen_list_nor_is_passed_over_on_it() {
    let (world, staff, village) = office(1223).await;
    always_open(&staff, "program").await;
    let mut phone = phone_of(&world, &staff).await;
    // The second on the list is endorsed; the place that frees goes to the first.
    let second = for_program(&staff, SEMBAKO, village.waiting[1].family).await;
    let second = second.membership.unwrap();
    assert_eq!(
        standing(&world, second).await,
        (MembershipState::Candidate, None)
    );
    let first = seen_and_cancelled(&world, &staff, &mut phone, &village, 1).await;
    assert_ne!(first.unwrap(), second);
    // The next one is theirs, as the one candidate they are.
    let next = seen_and_cancelled(&world, &staff, &mut phone, &village, 2).await;
    assert_eq!(next, Some(second));
    let (now, slot) = standing(&world, second).await;
    assert_eq!(now, MembershipState::Candidate);
    assert!(slot.is_some());
    // A free place of the city's own is the list's too, while somebody waits on it.
    of_the_city(&world, SEMBAKO).await;
    one_more_place(&world, &staff, SEMBAKO, 7).await;
    let new = at_the_desk(&staff.operator).await;
    let opened = staff
        .supervisor
        .open_cases(&[new], VisitKind::Quick, Some(staff.officers[0].id), None)
        .await;
    let case = opened.unwrap().cases[0];
    phone.visit(case, VisitKind::Quick).await.unwrap();
    world.settle().await.unwrap();
    let view = for_program(&staff, SEMBAKO, new).await;
    assert_eq!(
        standing(&world, view.membership.unwrap()).await,
        (MembershipState::Candidate, None)
    );
    // Seen already, and the case goes on: the candidate joins it.
    assert_eq!(view.case, Some(case));
    let free = "SELECT COUNT(*) FROM slot WHERE state = 'free'";
    assert_eq!(world.count(free).await.unwrap(), 1);
    world.end().await;
}

#[tokio::test]
async fn who_was_endorsed_and_steps_back_for_an_upheld_appeal_has_the_next_place() {
    let (world, staff, village) = office(1231).await;
    always_open(&staff, "program").await;
    let mut phone = phone_of(&world, &staff).await;
    let view = for_program(&staff, SEMBAKO, village.waiting[0].family).await;
    let candidate = view.membership.unwrap();
    let next = seen_and_cancelled(&world, &staff, &mut phone, &village, 1).await;
    assert_eq!(next, Some(candidate));
    let desk = (&staff.admin, &staff.approver);
    let judge = hire(desk, "hakim", Role::Approver, &[village::city()]).await;
    let judge = judge.unwrap();
    let ended = village.homes[1].memberships[SEMBAKO];
    let body = json!({ "event_id": staff.operator.event(), "membership": ended, "came": "Sumarni",
        "appellant": "recipient", "grounds": "Rumah kami masih sama." });
    let filed = staff.operator.post("/v1/appeals", &body).await.ok();
    let filed: AppealView = filed.unwrap().read().unwrap();
    let path = |act: &str| format!("/v1/appeals/{}/{act}", filed.appeal.id);
    let body = json!({ "event_id": staff.verifier.event(), "seen_version": filed.version,
        "outcome": "upheld", "reason": "DATA_SALAH", "words": "Sudah diperiksa." });
    let examined = staff.verifier.post(&path("examine"), &body).await.ok();
    let examined: AppealView = examined.unwrap().read().unwrap();
    let body =
        json!({ "event_id": judge.event(), "seen_version": examined.version, "agree": true });
    judge.post(&path("judge"), &body).await.ok().unwrap();
    let (now, slot) = standing(&world, ended).await;
    assert_eq!(now, MembershipState::Active);
    assert!(slot.is_some());
    // Endorsed they stay, and the house that was to be seen is seen.
    assert_eq!(
        standing(&world, candidate).await,
        (MembershipState::Candidate, None)
    );
    let next = seen_and_cancelled(&world, &staff, &mut phone, &village, 2).await;
    assert_eq!(next, Some(candidate));
    world.end().await;
}

#[tokio::test]
async fn another_payee_receives_and_is_a_line_for_the_ministry() {
    let (world, staff, _) = office(1224).await;
    let operator = &staff.operator;
    let family = at_the_desk(operator).await;
    let page = async || {
        let answer = operator.get(&format!("/v1/families/{family}")).await;
        answer.ok().unwrap().read::<FamilyPage>().unwrap().family
    };
    let before = page().await;
    assert_eq!(before.payee, None);
    let wife = before
        .persons
        .iter()
        .find(|one| one.name == "SITI AMINAH")
        .unwrap()
        .id;
    let content = json!({ "kind": "payee_change", "family": family, "person": wife });
    let id = drafted(operator, content).await.row.id;
    endorsed(&staff, id).await;
    let after = page().await;
    assert_eq!(after.payee, Some(wife));
    assert_eq!(after.version, before.version.map(|version| version + 1));
    let told = lines(operator, "?kind=proposed").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].person, Some(wife));
    assert_eq!(told[0].program, "");
    world.end().await;
}

#[tokio::test]
async fn a_removal_takes_nothing_by_itself_and_is_entered_with_the_cancellation() {
    let (world, staff, village) = office(1225).await;
    let operator = &staff.operator;
    let home = &village.homes[1];
    let held = home.memberships[SEMBAKO];
    let content =
        json!({ "kind": "removal", "program": SEMBAKO, "family": home.family, "reason": "GANDA" });
    let id = drafted(operator, content).await.row.id;
    let view = endorsed(&staff, id).await;
    assert_eq!(standing(&world, held).await.0, MembershipState::Active);
    assert!(lines(operator, "").await.is_empty());
    let case = view.case.unwrap();
    let mut phone = phone_of(&world, &staff).await;
    accepted(&world, &staff, &mut phone, case).await;
    cancelled(&staff, case, held).await;
    let told = lines(operator, "").await;
    assert_eq!(told.len(), 1);
    assert_eq!(state(&see(operator, id).await), ProposalState::Endorsed);
    tick(operator, &told[0], true).await;
    assert_eq!(state(&see(operator, id).await), ProposalState::Sent);
    world.end().await;
}

#[tokio::test]
async fn a_removal_ends_with_what_was_decided_about_the_place() {
    let (world, staff, village) = office(1228).await;
    let operator = &staff.operator;
    // The city's own: no ministry is to be told.
    of_the_city(&world, SEMBAKO).await;
    let mut phone = phone_of(&world, &staff).await;
    let mut removal = async |n: usize| {
        let family = village.homes[n].family;
        let content =
            json!({ "kind": "removal", "program": SEMBAKO, "family": family, "reason": "GANDA" });
        let id = drafted(operator, content).await.row.id;
        let case = endorsed(&staff, id).await.case.unwrap();
        accepted(&world, &staff, &mut phone, case).await;
        (id, case)
    };
    let (gone, case) = removal(1).await;
    cancelled(&staff, case, village.homes[1].memberships[SEMBAKO]).await;
    let view = see(operator, gone).await;
    assert_eq!(state(&view), ProposalState::Accepted);
    assert!(lines(operator, "").await.is_empty());
    // Who was found eligible stays, and may be proposed for removal again one day.
    let (kept, case) = removal(2).await;
    let held = village.homes[2].memberships[SEMBAKO];
    for one in operator.case(case).await.unwrap().memberships {
        let said = operator.decide(case, one.id, None).await;
        said.unwrap().ok().unwrap();
    }
    // What an approver has endorsed no operator takes back alone.
    let view = operator.case(case).await.unwrap();
    assert_eq!(view.state.known(), Some(CaseState::AwaitingApproval));
    assert_eq!(state(&see(operator, kept).await), ProposalState::Endorsed);
    let said = staff.approver.confirm(case, held, true).await.unwrap();
    said.ok().unwrap();
    assert_eq!(standing(&world, held).await.0, MembershipState::Active);
    let view = see(operator, kept).await;
    assert_eq!(state(&view), ProposalState::Rejected);
    assert_eq!(
        view.row.reason.as_ref().map(ToString::to_string).as_deref(),
        Some("MASIH_LAYAK")
    );
    world.end().await;
}

#[tokio::test]
async fn what_is_on_hold_goes_on_once_two_persons_found_it_eligible() {
    let (world, staff, village) = office(1229).await;
    let operator = &staff.operator;
    let home = &village.homes[1];
    let held = home.memberships[SEMBAKO];
    let store = world.app().unwrap().store;
    // As an import of the central list says.
    let text =
        "UPDATE membership SET state = 'suspended', reason = 'REKENING_BERMASALAH' WHERE id = $1";
    store.poke(text, [Uuid::from(held).into()]).await.unwrap();
    let mut phone = phone_of(&world, &staff).await;
    let officer = Some(staff.officers[0].id);
    let families = [home.family];
    let opened = staff
        .supervisor
        .open_cases(&families, VisitKind::Quick, officer, None);
    let case = opened.await.unwrap().cases[0];
    accepted(&world, &staff, &mut phone, case).await;
    for one in operator.case(case).await.unwrap().memberships {
        let said = operator.decide(case, one.id, None).await;
        said.unwrap().ok().unwrap();
    }
    let view = operator.case(case).await.unwrap();
    assert_eq!(view.state.known(), Some(CaseState::AwaitingApproval));
    assert_eq!(standing(&world, held).await.0, MembershipState::Suspended);
    let said = staff.approver.confirm(case, held, true).await.unwrap();
    said.ok().unwrap();
    assert_eq!(standing(&world, held).await.0, MembershipState::Active);
    world.end().await;
}

#[tokio::test]
async fn a_person_is_proposed_for_pbi_and_their_place_ends_only_with_the_cancellation_after_a_removal()
 {
    let (world, staff, village) = office(1230).await;
    let operator = &staff.operator;
    always_open(&staff, "program").await;
    let text = format!(
        "code,name,unit,decile_max,fund,pusat\n{PBI},Penerima Bantuan Iuran JKN,orang,5,apbn,ya\n"
    );
    import(&world, &staff, ImportKind::Programs, text).await;
    let home = &village.homes[1];
    let content = |kind: &str| json!({ "kind": kind, "program": PBI, "family": home.family, "person": home.persons[0] });
    let id = drafted(operator, content("program")).await.row.id;
    let view = endorsed(&staff, id).await;
    let (held, case) = (view.membership.unwrap(), view.case.unwrap());
    let whose = "SELECT COUNT(*) FROM membership WHERE program = 'PBI-JK' AND state = 'candidate' AND person_id IS NOT NULL";
    assert_eq!(world.count(whose).await.unwrap(), 1);
    let told = lines(operator, "").await;
    assert_eq!(told[0].proposal, Some(id));
    // The ministry's decree gives the place.
    one_more_place(&world, &staff, PBI, 1).await;
    let decree = format!("program,nik,status\n{PBI},{},aktif\n", home.nik);
    import(&world, &staff, ImportKind::Memberships, decree).await;
    assert_eq!(standing(&world, held).await.0, MembershipState::Active);
    let mut removal = content("removal");
    removal["reason"] = json!("GANDA");
    let removal = drafted(operator, removal).await.row.id;
    let removal = endorsed(&staff, removal).await;
    assert_eq!(standing(&world, held).await.0, MembershipState::Active);
    // The house is seen once for both.
    assert_eq!(removal.case, Some(case));
    let mut phone = phone_of(&world, &staff).await;
    accepted(&world, &staff, &mut phone, case).await;
    let view = staff.supervisor.case(case).await.unwrap();
    for other in view.memberships.iter().filter(|one| one.id != held) {
        let said = operator.decide(case, other.id, None).await;
        said.unwrap().ok().unwrap();
    }
    cancelled(&staff, case, held).await;
    assert_eq!(standing(&world, held).await.0, MembershipState::Inactive);
    world.end().await;
}

#[tokio::test]
async fn what_goes_back_to_be_visited_opens_a_case_once() {
    let (world, staff, village) = office(1226).await;
    let operator = &staff.operator;
    let id = drafted(operator, about(&village, 1)).await.row.id;
    let back = json!({ "verdict": "return", "reason": "PERLU_KUNJUNGAN" });
    let mut cases = Vec::new();
    for _ in 0..2 {
        done(operator, id, "submit", json!({})).await;
        // Dukcapil's own return has its own reason: nobody goes for that.
        let view = done(&staff.verifier, id, "check", yes()).await;
        assert_eq!(state(&view), ProposalState::Checked);
        let paper = bring_scan(operator, SCAN).await.unwrap().id;
        let sptjm = json!({ "number": "SPTJM/4/2026", "signer": "Ketua RT 02", "paper": paper });
        done(operator, id, "sptjm", sptjm).await;
        let view = done(&staff.verifier, id, "verify", back.clone()).await;
        cases.push(view.case.unwrap());
    }
    assert_eq!(cases[0], cases[1]);
    let opened = "SELECT COUNT(*) FROM verification_case";
    assert_eq!(world.count(opened).await.unwrap(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_batch_of_persons_tells_of_each_what_became_of_it() {
    let (world, staff, village) = office(1227).await;
    let operator = &staff.operator;
    always_open(&staff, "program").await;
    let store = world.app().unwrap().store;
    let text = "UPDATE program SET unit = 'person' WHERE code = $1";
    store.poke(text, [PKH.into()]).await.unwrap();
    let (one, other) = (&village.homes[1], &village.homes[2]);
    let line = |family: FamilyId, person: usize| {
        let of = if person == 1 { one } else { other };
        json!({ "family": family, "person": of.persons[0] })
    };
    let body = json!({
        "event_id": operator.event(), "program": PKH, "submit": true,
        "families": [village.homes[4].family],
        "persons": [line(one.family, 1), line(other.family, 2), line(other.family, 1)],
    });
    let answer = operator.post("/v1/proposals/batch", &body).await;
    let told: ProposedMany = answer.ok().unwrap().read().unwrap();
    let codes: Vec<Vec<&str>> = told
        .lines
        .iter()
        .map(|line| line.problems.iter().map(|one| one.code.as_str()).collect())
        .collect();
    // A family is none of this program's; a stranger is no member.
    let none: Vec<&str> = Vec::new();
    assert_eq!(
        codes,
        [vec!["missing"], none.clone(), none, vec!["not_a_member"]]
    );
    assert_eq!(told.lines[1].person, Some(one.persons[0]));
    let again = operator.post("/v1/proposals/batch", &body).await;
    assert_eq!(again.ok().unwrap().read::<ProposedMany>().unwrap(), told);
    let kept: ProposalView = see(operator, told.lines[1].proposal.unwrap()).await;
    assert_eq!(kept.content.person, Some(one.persons[0]));
    let too_many: Vec<Value> = (0..201).map(|_| line(one.family, 1)).collect();
    let body = json!({ "event_id": operator.event(), "program": PKH, "persons": too_many });
    let refused = operator.post("/v1/proposals/batch", &body).await;
    assert_eq!(refused.verdict(), "422 invalid");
    world.end().await;
}
