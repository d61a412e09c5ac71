//! From a phone without signal to a decision, with real phones on the real server.

use tilik_mobile_core::{OutboxState, Why};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{Flag, PhotoKind, ReturnTarget, UnreachableReason, VisitKind};
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::manifest::Hash32;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::{CaseView, VisitView};
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::ReturnReason;
use tilik_server::blobs::BlobKey;
use tilik_tests::phone::{snapshot, snapshots};
use tilik_tests::village::{PKH, SEMBAKO, here};
use tilik_tests::{Carrier, Fault, FieldPhone, Http, Staff, Village, Wire, World};

/// A city at work: staff, a registry, and a phone for every officer.
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) staff: Staff,
    pub(crate) village: Village,
    pub(crate) phones: Vec<FieldPhone>,
}

pub(crate) async fn city(seed: u64, officers: usize) -> City {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(officers).await.unwrap();
    let village = world.village(6, 3).await.unwrap();
    let mut phones = Vec::new();
    for officer in &staff.officers {
        phones.push(world.phone(&staff.admin, officer).await.unwrap());
    }
    City {
        world,
        staff,
        village,
        phones,
    }
}

impl City {
    /// Opens a case for the family `home` and has officer `n`'s phone fetch it.
    pub(crate) async fn assign(&self, home: usize, kind: VisitKind, n: usize) -> CaseId {
        let opened = self
            .staff
            .supervisor
            .open_cases(
                &[self.village.homes[home].family],
                kind,
                Some(self.staff.officers[n].id),
                None,
            )
            .await
            .unwrap();
        self.phones[n].pump().await.unwrap();
        opened.cases[0]
    }

    async fn case(&self, id: CaseId) -> CaseView {
        self.staff.auditor.case(id).await.unwrap()
    }

    async fn state(&self, id: CaseId) -> CaseState {
        self.case(id).await.state.known().unwrap()
    }

    /// The supervisor claims the next case, which must be this one.
    pub(crate) async fn claim(&self, id: CaseId) -> CaseView {
        let claimed = self.staff.supervisor.claim().await.unwrap();
        let claimed = claimed.unwrap();
        assert_eq!(claimed.id, id);
        claimed
    }

    async fn membership(&self, home: usize, program: &str) -> MembershipState {
        let id = self.village.homes[home].memberships[program];
        let all = self.staff.auditor.memberships().await.unwrap();
        let row = all.into_iter().find(|row| row.id == id).unwrap();
        row.state.known().unwrap()
    }

    pub(crate) async fn end(self) {
        let broken = self
            .world
            .app()
            .unwrap()
            .store
            .acting_as_system("a test looks")
            .verify_journal()
            .await
            .unwrap();
        assert!(broken.is_ok(), "{broken:?}");
        drop(self.phones);
        self.world.end().await;
    }
}

fn flags(visit: &VisitView) -> Vec<Flag> {
    let known = visit.flags.iter().filter_map(|view| view.flag.known());
    known.collect()
}

fn visit_of(case: &CaseView, id: VisitId) -> &VisitView {
    case.visits.iter().find(|visit| visit.id == id).unwrap()
}

fn photo(photo: PhotoId, code: &'static str, note: &str) -> ReturnReason {
    ReturnReason {
        target: ReturnTarget::Photo { photo },
        code: ReasonCode::known(code),
        note: Some(note.to_owned()),
    }
}

#[tokio::test]
async fn a_visit_without_signal_becomes_a_decision() {
    let city = city(100, 1).await;
    let phone = &city.phones[0];
    let case = city.assign(0, VisitKind::Full, 0).await;
    let photos = snapshots(1, 3).unwrap();

    // Three days in the hills: the server is out of reach and nothing asks for it.
    city.world.stop().await;
    let visit = phone.visit(case, &photos).unwrap();
    city.world.clock.advance_s(3 * 86_400);
    phone.pump().await.unwrap();
    assert_eq!(phone.sealed(visit).unwrap().state, OutboxState::Waiting);
    assert_eq!(phone.status().unwrap().visits_waiting, 1);

    city.world.restart().await.unwrap();
    phone.settle(5).await.unwrap();
    let sealed = phone.sealed(visit).unwrap();
    assert_eq!(sealed.state, OutboxState::Sent);
    assert_eq!((sealed.photos_received, sealed.photos_safe), (3, 3));
    assert_eq!(
        city.world.settle().await.unwrap(),
        3,
        "one copy job a photo"
    );

    let seen = city.claim(case).await;
    assert_eq!(seen.state.known(), Some(CaseState::Submitted));
    let taken = visit_of(&seen, visit);
    assert_eq!(flags(taken), []);
    assert!(taken.complete_at.is_some());
    assert_eq!(taken.photos.len(), 3);
    assert!(taken.photos.iter().all(|photo| photo.state == "ready"));
    assert_eq!(taken.photos[1].kind.known(), Some(PhotoKind::HouseInside));
    assert!(
        taken
            .answers
            .iter()
            .any(|answer| answer.question == "floor" && answer.counts)
    );

    city.staff.supervisor.accept(case).await.unwrap();
    for membership in city.village.homes[0].memberships.values() {
        let answer = city.staff.operator.decide(case, *membership, None).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(city.state(case).await, CaseState::Decided);
    assert_eq!(city.membership(0, PKH).await, MembershipState::Active);

    // The bytes on the server are those that the phone signed.
    let app = city.world.app().unwrap();
    let by = app.store.acting_as_system("a test looks");
    for held in &taken.photos {
        let signed = by.expected(held.id).await.unwrap().unwrap();
        let key = BlobKey::original(held.id, &signed.sha256);
        let bytes = app.blobs.get(&key).await.unwrap();
        assert_eq!(Hash32::of(&bytes).0, signed.sha256);
    }
    city.end().await;
}

#[tokio::test]
async fn a_returned_case_tells_the_phone_which_photo_and_the_rest_is_not_sent_again() {
    let city = city(101, 1).await;
    let phone = &city.phones[0];
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let first = phone.visit(case, &snapshots(2, 3).unwrap()).unwrap();
    phone.pump().await.unwrap();
    city.world.settle().await.unwrap();
    let seen = city.claim(case).await;
    let ids: Vec<PhotoId> = visit_of(&seen, first).photos.iter().map(|p| p.id).collect();
    let reasons = vec![photo(ids[0], "ATAP_TERPOTONG", "Mundur tiga langkah.")];
    city.staff
        .supervisor
        .return_case(case, reasons.clone())
        .await
        .unwrap();

    phone.pump().await.unwrap();
    let back = phone.assignment(case).unwrap();
    assert_eq!(back.state, CaseState::Returned);
    let returned = back.returned.unwrap();
    assert_eq!((returned.visit, &returned.reasons), (first, &reasons));
    assert_eq!(returned.keep, ids[1..]);
    // A phone has fetched it: the return cannot be taken back behind the officer's back.
    let answer = city.staff.supervisor.act(case, "take-back").await.unwrap();
    assert_eq!(answer.verdict(), "409 wrong_moment");

    let uploads = "SELECT COUNT(*) FROM upload";
    assert_eq!(city.world.count(uploads).await.unwrap(), 3);
    let second = phone.retake(case, &snapshot(999).unwrap()).unwrap();
    phone.pump().await.unwrap();
    assert_eq!(city.world.count(uploads).await.unwrap(), 4);
    let sealed = phone.sealed(second).unwrap();
    assert_eq!(sealed.state, OutboxState::Sent);
    assert_eq!((sealed.photos_total, sealed.photos_received), (3, 3));

    city.world.settle().await.unwrap();
    let seen = city.claim(case).await;
    let again: Vec<PhotoId> = visit_of(&seen, second)
        .photos
        .iter()
        .map(|p| p.id)
        .collect();
    assert_eq!(again[1..], ids[1..]);
    assert_ne!(again[0], ids[0]);
    assert_eq!(flags(visit_of(&seen, second)), []);
    city.staff.supervisor.accept(case).await.unwrap();
    assert_eq!(city.state(case).await, CaseState::Accepted);
    phone.pump().await.unwrap();
    assert!(phone.assignment(case).is_err(), "the case left the phone");
    city.end().await;
}

#[tokio::test]
async fn a_cancelled_place_goes_to_the_next_family_whose_officer_gets_the_case() {
    let city = city(102, 1).await;
    let phone = &city.phones[0];
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let gone = city.village.homes[1].memberships[SEMBAKO];
    let slots = "SELECT COUNT(*) FROM slot";
    let before = city.world.count(slots).await.unwrap();
    phone.visit(case, &snapshots(3, 1).unwrap()).unwrap();
    phone.pump().await.unwrap();
    city.claim(case).await;
    city.staff.supervisor.accept(case).await.unwrap();
    let proposed = city
        .staff
        .operator
        .decide(case, gone, Some("PINDAH_LUAR"))
        .await
        .unwrap();
    assert_eq!(proposed.status, 200);
    assert_eq!(city.state(case).await, CaseState::AwaitingApproval);
    assert_eq!(city.membership(1, SEMBAKO).await, MembershipState::Active);
    let own = city.staff.operator.confirm(case, gone, true).await.unwrap();
    assert_eq!(own.status, 403, "nobody confirms alone");
    let confirmed = city.staff.approver.confirm(case, gone, true).await.unwrap();
    assert_eq!(confirmed.status, 200);

    let decided = city.case(case).await;
    assert_eq!(decided.state.known(), Some(CaseState::Decided));
    let ended = decided.memberships.iter().find(|m| m.id == gone).unwrap();
    assert_eq!(ended.state.known(), Some(MembershipState::Inactive));
    let successor = ended.successor.unwrap();
    let rows = city.staff.auditor.memberships().await.unwrap();
    let next = rows.iter().find(|row| row.id == successor).unwrap();
    assert_eq!(next.family, city.village.waiting[0].family);
    assert_eq!(next.state.known(), Some(MembershipState::Candidate));
    assert_eq!(city.world.count(slots).await.unwrap(), before);

    // The successor's case is open; its officer is the supervisor's to choose.
    let open = city
        .staff
        .supervisor
        .get("/v1/cases?state=open")
        .await
        .json();
    let found: CaseId = open["items"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    let officer = city.staff.officers[0].id;
    city.staff
        .supervisor
        .assign(&[found], Some(officer))
        .await
        .unwrap();
    phone.pump().await.unwrap();
    assert_eq!(
        phone.assignment(found).unwrap().name,
        city.village.waiting[0].name
    );
    phone.visit(found, &snapshots(4, 1).unwrap()).unwrap();
    phone.pump().await.unwrap();
    city.claim(found).await;
    city.staff.supervisor.accept(found).await.unwrap();
    let answer = city.staff.operator.decide(found, successor, None).await;
    assert_eq!(answer.unwrap().status, 200);

    // The appeal period runs from the delivered notice; of one that is said to have come long ago, from three days before
    // somebody said so.
    let cancelled = city.world.now();
    city.world.pass_days(30).await.unwrap();
    assert_eq!(city.membership(1, SEMBAKO).await, MembershipState::Inactive);
    let notice = ended.notice.unwrap();
    city.staff
        .operator
        .delivered(notice, cancelled)
        .await
        .unwrap();
    city.world.pass_days(10).await.unwrap();
    assert_eq!(city.membership(1, SEMBAKO).await, MembershipState::Inactive);
    city.world.pass_days(2).await.unwrap();
    assert_eq!(city.membership(1, SEMBAKO).await, MembershipState::Replaced);
    let rows = city.staff.auditor.memberships().await.unwrap();
    let next = rows.iter().find(|row| row.id == successor).unwrap();
    assert_eq!(next.state.known(), Some(MembershipState::Designated));
    assert_eq!(city.world.count(slots).await.unwrap(), before);
    city.end().await;
}

#[tokio::test]
async fn two_tries_and_a_statement_make_a_family_unreachable_and_one_does_not() {
    let city = city(103, 1).await;
    let phone = &city.phones[0];
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let (front, letter) = (snapshot(50).unwrap(), snapshot(51).unwrap());
    let first = phone
        .unreachable(case, UnreachableReason::NotFound, &front, None)
        .unwrap();
    phone.pump().await.unwrap();
    let seen = city.claim(case).await;
    assert_eq!(seen.state.known(), Some(CaseState::Unreachable));
    assert_eq!(
        visit_of(&seen, first).unreachable.as_deref(),
        Some("not_found")
    );
    let early = city
        .staff
        .supervisor
        .act(case, "agree-unreachable")
        .await
        .unwrap();
    assert_eq!(early.verdict(), "422 invalid");
    let reopened = city.staff.supervisor.act(case, "reopen").await.unwrap();
    assert_eq!(reopened.status, 200);
    let officer = city.staff.officers[0].id;
    city.staff
        .supervisor
        .assign(&[case], Some(officer))
        .await
        .unwrap();

    // Another day, another hour.
    city.world.pass_s(86_400 + 4 * 3_600).await.unwrap();
    phone.pump().await.unwrap();
    phone
        .unreachable(
            case,
            UnreachableReason::NotFound,
            &snapshot(52).unwrap(),
            Some(&letter),
        )
        .unwrap();
    phone.pump().await.unwrap();
    city.claim(case).await;
    let agreed = city
        .staff
        .supervisor
        .act(case, "agree-unreachable")
        .await
        .unwrap();
    assert_eq!(agreed.status, 200);
    let accepted = city.case(case).await;
    assert_eq!(accepted.state.known(), Some(CaseState::Accepted));
    assert_eq!(accepted.accepted_basis.as_deref(), Some("unreachable"));
    // What is withdrawn is the agreement: nobody has seen the family by that.
    let by = &city.staff.supervisor;
    for _ in 0..2 {
        assert_eq!(by.act(case, "withdraw").await.unwrap().status, 200);
        let again = city.case(case).await;
        assert_eq!(again.state.known(), Some(CaseState::Unreachable));
        assert_eq!(again.accepted_basis, None);
    }
    city.claim(case).await;
    assert_eq!(
        by.act(case, "accept").await.unwrap().verdict(),
        "409 wrong_moment"
    );
    let agreed = by.act(case, "agree-unreachable").await.unwrap();
    assert_eq!(agreed.status, 200);
    // Unreachable decides nothing by itself, and nobody alone says that the family stays.
    assert_eq!(city.membership(1, SEMBAKO).await, MembershipState::Active);
    let held = city.case(case).await.memberships;
    for one in &held {
        let stays = city.staff.operator.decide(case, one.id, None).await;
        assert_eq!(stays.unwrap().verdict(), "200");
    }
    assert_eq!(city.state(case).await, CaseState::AwaitingApproval);
    city.end().await;
}

#[tokio::test]
async fn a_family_on_no_list_is_reported_without_an_assignment() {
    let city = city(104, 1).await;
    let phone = &city.phones[0];
    assert_eq!(phone.assignments().unwrap(), []);
    let visit = phone
        .finding(&here(), "IBU SUMARNI", &snapshot(60).unwrap())
        .unwrap();
    phone.pump().await.unwrap();
    assert_eq!(phone.sealed(visit).unwrap().state, OutboxState::Sent);
    let kept = format!(
        "SELECT COUNT(*) FROM visit WHERE kind = 'finding' AND case_id IS NULL \
         AND filed_case_id IS NULL AND complete_at IS NOT NULL AND form_id = 'finding' \
         AND answers_enc IS NOT NULL AND seq = {}",
        1
    );
    assert_eq!(city.world.count(&kept).await.unwrap(), 1);
    city.end().await;
}

#[tokio::test]
async fn a_late_visit_to_a_case_of_somebody_else_or_to_a_closed_one_is_kept_and_flagged() {
    let city = city(105, 2).await;
    let given_away = city.assign(1, VisitKind::Quick, 0).await;
    let closed = city.assign(2, VisitKind::Quick, 0).await;
    let phone = &city.phones[0];
    let late = phone.visit(given_away, &snapshots(5, 2).unwrap()).unwrap();
    let later = phone.visit(closed, &snapshots(6, 2).unwrap()).unwrap();
    let other = city.staff.officers[1].id;
    city.staff
        .supervisor
        .assign(&[given_away], Some(other))
        .await
        .unwrap();
    let answer = city.staff.supervisor.close(closed, "PINDAH_LUAR").await;
    assert_eq!(answer.unwrap().status, 200);

    phone.pump().await.unwrap();
    for visit in [late, later] {
        let sealed = phone.sealed(visit).unwrap();
        assert_eq!(sealed.state, OutboxState::Sent);
        assert_eq!(sealed.photos_safe, 2);
    }
    assert_eq!(phone.assignments().unwrap(), []);
    let seen = city.case(given_away).await;
    assert_eq!(seen.state.known(), Some(CaseState::Submitted));
    assert_eq!(
        flags(visit_of(&seen, late)),
        [Flag::OutOfScope, Flag::StaleAssignment]
    );
    let seen = city.case(closed).await;
    assert_eq!(seen.state.known(), Some(CaseState::Closed));
    assert!(flags(visit_of(&seen, later)).contains(&Flag::CaseClosed));
    city.end().await;
}

#[tokio::test]
async fn a_colleague_carries_a_sealed_visit_and_it_is_credited_to_its_author() {
    let city = city(106, 2).await;
    let (author, carrier) = (&city.phones[0], &city.phones[1]);
    let case = city.assign(1, VisitKind::Full, 0).await;
    city.world.stop().await;
    let visit = author.visit(case, &snapshots(7, 3).unwrap()).unwrap();
    let bundle = city.world.folder().join("titipan.tilik");
    assert_eq!(author.hand_over(&[visit], &bundle).unwrap(), 1);
    assert_eq!(carrier.take_along(&bundle).unwrap(), 1);
    assert_eq!(carrier.take_along(&bundle).unwrap(), 0, "once is enough");
    city.world.restart().await.unwrap();

    carrier.settle(5).await.unwrap();
    let carried = carrier.sealed(visit).unwrap();
    assert!(carried.carried);
    assert_eq!(
        (carried.state, carried.photos_received),
        (OutboxState::Sent, 3)
    );
    let seen = city.case(case).await;
    assert_eq!(seen.state.known(), Some(CaseState::Submitted));
    let kept = visit_of(&seen, visit);
    assert_eq!(kept.officer, city.staff.officers[0].id);
    assert_eq!(flags(kept), [Flag::Carried]);

    // The author's phone comes home: everything is there already, and it hears so without sending a photo.
    let uploads = city.world.count("SELECT COUNT(*) FROM upload").await;
    author.settle(5).await.unwrap();
    assert_eq!(author.sealed(visit).unwrap().photos_safe, 3);
    assert_eq!(
        city.world
            .count("SELECT COUNT(*) FROM upload")
            .await
            .unwrap(),
        uploads.unwrap()
    );
    let twice = city.world.count("SELECT COUNT(*) FROM visit").await;
    assert_eq!(twice.unwrap(), 1);
    city.end().await;
}

#[tokio::test]
async fn what_a_stolen_phone_holds_is_quarantined_and_never_dropped() {
    let city = city(107, 2).await;
    let (stolen, finder) = (&city.phones[0], &city.phones[1]);
    let before = city.assign(1, VisitKind::Quick, 0).await;
    let after = city.assign(2, VisitKind::Quick, 0).await;
    let sent = stolen.visit(before, &snapshots(8, 1).unwrap()).unwrap();
    stolen.pump().await.unwrap();
    let held = stolen.visit(after, &snapshots(9, 2).unwrap()).unwrap();
    let bundle = city.world.folder().join("temuan.tilik");
    stolen.hand_over(&[sent, held], &bundle).unwrap();
    let device = stolen.device().unwrap();
    let told = city
        .staff
        .supervisor
        .revoke(device, RevokeKind::Stolen)
        .await
        .unwrap();
    assert_eq!(told.device, device);

    stolen.pump().await.unwrap();
    let status = stolen.status().unwrap();
    assert_eq!(status.device_revoked, Some(RevokeKind::Stolen));
    assert_eq!(stolen.assignments().unwrap(), [], "the roster is gone");
    assert_eq!(
        stolen.sealed(held).unwrap().photos.len(),
        2,
        "what is sealed stays until the server has it"
    );
    assert!(stolen.begin(Some(before), VisitKind::Quick, None).is_err());

    finder.take_along(&bundle).unwrap();
    finder.pump().await.unwrap();
    let carried = finder.sealed(held).unwrap();
    assert_eq!(
        carried.state,
        OutboxState::NeedsAttention {
            why: Why::Quarantined {
                code: "device_revoked".to_owned()
            }
        }
    );
    // What the server had before the theft is no news, whoever brings it again.
    assert_eq!(finder.sealed(sent).unwrap().state, OutboxState::Sent);
    let apart = "SELECT COUNT(*) FROM quarantine WHERE code = 'device_revoked'";
    assert_eq!(city.world.count(apart).await.unwrap(), 1);
    assert_eq!(
        city.world
            .count("SELECT COUNT(*) FROM visit")
            .await
            .unwrap(),
        1
    );
    assert_eq!(city.state(after).await, CaseState::Assigned);
    assert!(
        visit_of(&city.case(before).await, sent)
            .complete_at
            .is_some(),
        "what came before stands"
    );
    city.end().await;
}

#[tokio::test]
async fn the_phone_says_fourteen_of_fifteen_are_safe_on_the_server() {
    let city = city(108, 1).await;
    let phone = &city.phones[0];
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let visit = phone.visit(case, &snapshots(10, 15).unwrap()).unwrap();
    // The round, then one request for each photo but one; then the receipts of those.
    phone.app().unwrap().send_now().unwrap();
    assert_eq!(phone.pump_some(15).await.unwrap(), 15);
    phone.app().unwrap().send_now().unwrap();
    while phone.sealed(visit).unwrap().photos_safe < 14 {
        assert_eq!(phone.pump_some(1).await.unwrap(), 1);
    }
    let sealed = phone.sealed(visit).unwrap();
    assert_eq!((sealed.photos_safe, sealed.photos_total), (14, 15));
    assert_eq!(sealed.state, OutboxState::Sending);
    assert!(city.case(case).await.visits[0].complete_at.is_none());
    assert_eq!(city.staff.supervisor.claim().await.unwrap(), None);
    phone.pump().await.unwrap();
    assert_eq!(phone.sealed(visit).unwrap().photos_safe, 15);
    assert!(city.case(case).await.visits[0].complete_at.is_some());
    city.end().await;
}

#[tokio::test]
async fn bytes_leave_the_phone_a_week_after_they_are_safe_and_not_before() {
    let city = city(109, 1).await;
    let phone = &city.phones[0];
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let visit = phone.visit(case, &snapshots(11, 2).unwrap()).unwrap();
    phone.pump().await.unwrap();
    let files = || {
        std::fs::read_dir(phone.folder().join("spool"))
            .unwrap()
            .count()
    };
    city.world.pass_days(6).await.unwrap();
    phone.pump().await.unwrap();
    assert_eq!(files(), 3, "two photos and the visit's spare");
    city.world.pass_days(2).await.unwrap();
    phone.pump().await.unwrap();
    assert_eq!(files(), 0);
    let sealed = phone.sealed(visit).unwrap();
    assert_eq!((sealed.photos_safe, sealed.state), (2, OutboxState::Sent));
    assert!(sealed.photos.iter().all(|photo| !photo.on_phone));
    city.end().await;
}

#[tokio::test]
async fn a_visit_taken_before_the_window_closed_counts_for_the_successor() {
    let city = city(110, 1).await;
    let phone = &city.phones[0];
    let closes_at = city.world.now().plus_s(5 * 86_400);
    let officer = city.staff.officers[0].id;
    let opened = city
        .staff
        .supervisor
        .open_cases(
            &[city.village.homes[1].family],
            VisitKind::Quick,
            Some(officer),
            Some(closes_at),
        )
        .await
        .unwrap();
    let case = opened.cases[0];
    phone.pump().await.unwrap();
    let visit = phone.visit(case, &snapshots(12, 1).unwrap()).unwrap();
    city.world.pass_days(6).await.unwrap();
    assert_eq!(city.state(case).await, CaseState::Expired);
    phone.pump().await.unwrap();
    assert_eq!(phone.sealed(visit).unwrap().state, OutboxState::Sent);

    let rows = city.staff.auditor.get("/v1/cases?state=submitted").await;
    let successor: CaseId = rows.json()["items"][0]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_ne!(successor, case);
    let seen = city.case(successor).await;
    assert!(flags(visit_of(&seen, visit)).contains(&Flag::LateSync));
    assert_eq!(city.state(case).await, CaseState::Expired);
    assert_eq!(phone.assignments().unwrap(), [], "no second trip");
    city.end().await;
}

#[tokio::test]
async fn a_lost_reply_does_not_submit_the_visit_twice() {
    let mut city = city(111, 1).await;
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let visit = city.phones[0]
        .visit(case, &snapshots(13, 1).unwrap())
        .unwrap();
    let mut wire = Wire::of(&city.world);
    city.phones[0].app().unwrap().send_now().unwrap();
    let lost = [Some(Fault::DropReply)];
    wire.pump(&mut city.phones[0], &lost, 1).await.unwrap();
    let phone = &city.phones[0];
    assert_eq!(phone.sealed(visit).unwrap().received_at, None);
    assert_eq!(city.state(case).await, CaseState::Submitted);
    let version = city.case(case).await.version;

    phone.settle(3).await.unwrap();
    assert_eq!(phone.sealed(visit).unwrap().state, OutboxState::Sent);
    let seen = city.case(case).await;
    assert_eq!((seen.version, seen.visits.len()), (version, 1));
    let submitted = "SELECT COUNT(*) FROM journal WHERE action = 'case.submit_visit'";
    assert_eq!(city.world.count(submitted).await.unwrap(), 1);
    city.end().await;
}

#[tokio::test]
async fn every_fault_at_every_request_of_a_visit_ends_with_one_visit() {
    let mut city = city(112, 1).await;
    let mut wire = Wire::of(&city.world);
    let mut sealed = 0;
    for fault in Fault::KINDS {
        // A round, the photo, the receipts; and one more, for what a fault adds.
        for at in 0..4 {
            let finding = city.phones[0].finding(
                &here(),
                &format!("KELUARGA {sealed}"),
                &snapshot(2_000 + sealed).unwrap(),
            );
            sealed += 1;
            let mut faults = vec![None; at];
            faults.push(Some(fault));
            city.phones[0].app().unwrap().send_now().unwrap();
            wire.pump(&mut city.phones[0], &faults, 5).await.unwrap();
            wire.deliver_late(&mut city.phones).await.unwrap();
            let phone = &city.phones[0];
            let done = phone.settle(8).await.unwrap();
            let what = format!("{fault:?} at request {at}: {:?}", phone.status().unwrap());
            assert!(done, "{what}");
            let item = phone.sealed(finding.unwrap()).unwrap();
            assert_eq!(item.state, OutboxState::Sent, "{what}");
            assert_eq!(item.photos_safe, 1, "{what}");
            let kept = city.world.count("SELECT COUNT(*) FROM visit").await;
            assert_eq!(kept.unwrap(), i64::try_from(sealed).unwrap(), "{what}");
        }
    }
    let whole = "SELECT COUNT(*) FROM visit WHERE complete_at IS NOT NULL";
    let kept = i64::try_from(sealed).unwrap();
    assert_eq!(city.world.count(whole).await.unwrap(), kept);
    let arrived = "SELECT COUNT(*) FROM journal WHERE action = 'visit.receive'";
    assert_eq!(city.world.count(arrived).await.unwrap(), kept);
    city.end().await;
}

#[tokio::test]
async fn a_refresh_that_arrives_twice_or_late_does_not_end_the_session() {
    let mut city = city(113, 1).await;
    let mut wire = Wire::of(&city.world);
    for fault in [Fault::Duplicate, Fault::Delay] {
        // A phone that was off asks for a new access token first.
        city.phones[0].reopen().unwrap();
        city.phones[0].app().unwrap().send_now().unwrap();
        let first = [Some(fault)];
        assert_eq!(wire.pump(&mut city.phones[0], &first, 1).await.unwrap(), 1);
        city.phones[0].pump().await.unwrap();
        wire.deliver_late(&mut city.phones).await.unwrap();
        city.phones[0].reopen().unwrap();
        city.phones[0].pump().await.unwrap();
        let status = city.phones[0].status().unwrap();
        assert!(
            status.signed_in && !status.sign_in_again,
            "{fault:?}: {status:?}"
        );
        assert_eq!(status.last_problem, None, "{fault:?}");
    }
    city.end().await;
}

#[tokio::test]
async fn a_return_that_no_phone_was_handed_can_be_taken_back() {
    let city = city(114, 2).await;
    let case = city.assign(1, VisitKind::Quick, 0).await;
    let phone = &city.phones[0];
    phone.visit(case, &snapshots(14, 1).unwrap()).unwrap();
    phone.pump().await.unwrap();
    let seen = city.claim(case).await;
    let taken = seen.visits[0].photos[0].id;
    let reasons = vec![photo(taken, "FOTO_BURAM", "Ulangi.")];
    city.staff
        .supervisor
        .return_case(case, reasons)
        .await
        .unwrap();
    // The case goes to another officer; the first one's phone only hears that it is gone.
    let other = city.staff.officers[1].id;
    city.staff
        .supervisor
        .assign(&[case], Some(other))
        .await
        .unwrap();
    phone.pump().await.unwrap();
    assert!(phone.assignment(case).is_err());
    let answer = city.staff.supervisor.act(case, "take-back").await.unwrap();
    assert_eq!(answer.verdict(), "200");
    city.phones[1].pump().await.unwrap();
    assert!(city.phones[1].assignment(case).is_err());
    city.end().await;
}

#[tokio::test]
async fn the_same_phone_works_over_real_http() {
    let mut city = city(115, 1).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let app = city.world.app().unwrap();
    let serving = tokio::spawn(tilik_server::serve::serve(app, listener, stopped));
    let case = city.assign(1, VisitKind::Full, 0).await;
    city.phones[0].carrier = Carrier::Http(Http::at(&format!("http://{address}/")));
    let phone = &city.phones[0];
    let visit = phone.visit(case, &snapshots(15, 3).unwrap()).unwrap();
    assert!(phone.settle(3).await.unwrap());
    assert_eq!(phone.sealed(visit).unwrap().photos_safe, 3);
    assert_eq!(city.state(case).await, CaseState::Submitted);

    stop.send(true).unwrap();
    serving.await.unwrap().unwrap();
    let nobody = phone.finding(&here(), "KELUARGA", &snapshot(70).unwrap());
    phone.pump().await.unwrap();
    let waits = phone.sealed(nobody.unwrap()).unwrap();
    assert_eq!(waits.state, OutboxState::Waiting);
    let status = phone.status().unwrap();
    assert_eq!(status.last_problem.as_deref(), Some("no_network"));
    city.end().await;
}

#[tokio::test]
async fn a_place_that_comes_while_a_case_waits_for_approval_gets_a_case_of_its_own() {
    let city = city(117, 1).await;
    let phone = &city.phones[0];
    let (giver, taker) = (&city.village.homes[0], &city.village.homes[1]);
    city.world
        .app()
        .unwrap()
        .store
        .plant_waitlist(PKH, &here(), &[taker.family])
        .await
        .unwrap();
    let mut cases = Vec::new();
    for (home, seed) in [(1, 900), (0, 901)] {
        let case = city.assign(home, VisitKind::Quick, 0).await;
        phone.visit(case, &snapshots(seed, 1).unwrap()).unwrap();
        phone.pump().await.unwrap();
        city.claim(case).await;
        city.staff.supervisor.accept(case).await.unwrap();
        cases.push(case);
    }
    let (theirs, ours) = (cases[0], cases[1]);
    let gone = taker.memberships[SEMBAKO];
    let decide = |case, membership, why| city.staff.operator.decide(case, membership, why);
    assert_eq!(
        decide(theirs, gone, Some("PINDAH_LUAR"))
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(city.state(theirs).await, CaseState::AwaitingApproval);

    let given = giver.memberships[PKH];
    assert_eq!(
        decide(ours, giver.memberships[SEMBAKO], None)
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(
        decide(ours, given, Some("TANPA_KOMPONEN"))
            .await
            .unwrap()
            .status,
        200
    );
    let confirmed = city
        .staff
        .approver
        .confirm(ours, given, true)
        .await
        .unwrap();
    assert_eq!(confirmed.status, 200);
    let confirmed = city
        .staff
        .approver
        .confirm(theirs, gone, true)
        .await
        .unwrap();
    assert_eq!(confirmed.status, 200);

    let decided = city.case(theirs).await;
    assert_eq!(decided.state.known(), Some(CaseState::Decided));
    assert!(decided.memberships.iter().all(|m| m.outcome.is_some()));
    let open = city
        .staff
        .supervisor
        .get("/v1/cases?state=open")
        .await
        .json();
    let open: Vec<CaseId> = open["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect();
    let mut own = Vec::new();
    for id in open {
        let case = city.case(id).await;
        if case.family.id == taker.family {
            own.extend(case.memberships);
        }
    }
    assert_eq!(own.len(), 1, "the place they were given");
    assert_eq!((own[0].program.as_str(), own[0].outcome), (PKH, None));
    assert_eq!(own[0].state.known(), Some(MembershipState::Candidate));
    city.end().await;
}
