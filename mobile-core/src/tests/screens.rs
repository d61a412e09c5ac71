//! What screens are shown: the list, a case, the map, the camera, the pin, the questions and the rest.

use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{PhotoKind, ReturnTarget, VisitKind};
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::sync::{AppRelease, Assignment, Boundary, LastPin, ReturnReason, Returned};
use tilik_protocol::time::Timestamp;

use super::bench::{Bench, T0, assignment};
use super::capture::{answer_all, case, fix, front, photo, well_off};
use super::object;
use crate::{
    BeginVisit, CaseAction, CoreError, HousePhotosWhen, MapPinKind, MapQuery, Network, Notice,
    PinHint, Place, SummaryWarning, TodayCounts, TodayMark, TodayOrder, TodayQuery, UpdateState,
    VisitStep,
};

const LAT: i64 = -78_164_000;
const LON: i64 = 1_120_114_000;
const DAY_S: i64 = 86_400;

fn here() -> Place {
    Place {
        lat_e7: LAT,
        lon_e7: LON,
        accuracy_cm: Some(500),
    }
}

/// So many metres north.
fn pinned(metres: i64) -> LastPin {
    LastPin {
        lat_e7: LAT + metres * 90,
        lon_e7: LON,
        accuracy_cm: 600,
        taken_at: Timestamp::from_micros(T0 - 5_000_000),
    }
}

fn village() -> Boundary {
    Boundary {
        code: "35.71.03.1009".parse().unwrap(),
        name: "Campurejo".to_owned(),
        rings: vec![vec![
            [LAT - 90_000, LON - 90_000],
            [LAT - 90_000, LON + 90_000],
            [LAT + 90_000, LON + 90_000],
            [LAT + 90_000, LON - 90_000],
            [LAT - 90_000, LON - 90_000],
        ]],
    }
}

fn with(assignments: &[Assignment]) -> Bench {
    let mut bench = Bench::enrolled();
    bench.server.put("boundary:35.71.03.1009", &village());
    for assignment in assignments {
        bench
            .server
            .put(&format!("assignment:{}", assignment.case), assignment);
    }
    round(&mut bench);
    bench
}

fn round(bench: &mut Bench) {
    bench.app().send_now().unwrap();
    bench.settle();
}

fn query(order: TodayOrder, here: Option<Place>) -> TodayQuery {
    TodayQuery {
        search: String::new(),
        order,
        here,
        from: 0,
        most: 200,
    }
}

fn at(n: u128, rw: &str, rt: &str, name: &str, metres: Option<i64>) -> Assignment {
    Assignment {
        rw: rw.to_owned(),
        rt: rt.to_owned(),
        name: name.to_owned(),
        last_pin: metres.map(pinned),
        ..assignment(n)
    }
}

fn names(bench: &Bench, query: TodayQuery) -> Vec<String> {
    let page = bench.app().today(query).unwrap();
    page.rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn the_list_is_by_neighbourhood_in_numbers_and_by_distance_with_the_unknown_last() {
    let bench = with(&[
        at(1, "10", "2", "Sepuluh", Some(300)),
        at(2, "2", "010", "Dua-sepuluh", None),
        at(3, "02", "3", "Dua-tiga", Some(20)),
        at(4, "2", "003", "Dua-tiga juga", Some(100)),
    ]);
    let neighbourhood = query(TodayOrder::Neighbourhood, Some(here()));
    let page = bench.app().today(neighbourhood.clone()).unwrap();
    let by_place: Vec<_> = page.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(
        by_place,
        ["Dua-tiga", "Dua-tiga juga", "Dua-sepuluh", "Sepuluh"]
    );
    let headings: Vec<_> = page
        .rows
        .iter()
        .map(|row| row.heading.as_ref().map(|heading| heading.count))
        .collect();
    assert_eq!(headings, [Some(2), None, Some(1), Some(1)]);
    assert_eq!(page.rows[0].village, "Campurejo");
    let near = query(TodayOrder::Distance, Some(here()));
    assert_eq!(
        names(&bench, near.clone()),
        ["Dua-tiga", "Dua-tiga juga", "Sepuluh", "Dua-sepuluh"]
    );
    let first = bench.app().today(near.clone()).unwrap().rows.remove(0);
    assert_eq!((first.distance_m, first.bearing_deg), (Some(20), Some(0)));
    assert_eq!(first.heading, None);
    let nowhere = bench
        .app()
        .today(query(TodayOrder::Distance, None))
        .unwrap();
    assert_eq!(nowhere.order, TodayOrder::Neighbourhood);
    // A part of the list, with what belongs to the whole.
    let part = TodayQuery {
        from: 1,
        most: 2,
        ..neighbourhood
    };
    let page = bench.app().today(part).unwrap();
    assert_eq!((page.rows.len(), page.total), (2, 4));
    assert_eq!(page.rows[0].heading, None, "its first row stands before");
}

#[test]
fn a_name_is_found_whatever_its_case_and_the_counts_are_of_all() {
    let bench = with(&[
        at(1, "1", "1", "Siti ÁMINAH", None),
        at(2, "1", "1", "Budi", None),
    ]);
    let search = |words: &str| TodayQuery {
        search: words.to_owned(),
        ..query(TodayOrder::Neighbourhood, None)
    };
    assert_eq!(names(&bench, search(" áminah siti ")), ["Siti ÁMINAH"]);
    assert_eq!(names(&bench, search("melati budi")), ["Budi"]);
    let page = bench.app().today(search("nobody")).unwrap();
    assert_eq!(page.total, 0);
    assert_eq!(page.counts.to_visit, 2);
}

/// Begins a quick visit and takes what it needs.
fn quick(bench: &Bench, n: u128) -> VisitId {
    let action = CaseAction::Visit {
        kind: VisitKind::Quick,
    };
    let visit = bench.app().act(case(n), action).unwrap();
    bench
        .app()
        .add_photo(visit, front(u32::try_from(n).unwrap()))
        .unwrap();
    bench.app().begin_pin(visit).unwrap();
    bench.app().on_fix(visit, fix(LAT, LON, 450)).unwrap();
    bench.app().take_pin(visit, None).unwrap();
    visit
}

fn mark(bench: &Bench, n: u128) -> TodayMark {
    let view = bench.app().case_view(case(n), None).unwrap().unwrap();
    view.mark
}

#[test]
fn a_case_goes_from_to_visit_over_draft_and_waiting_to_done_and_comes_back_returned() {
    let mut bench = with(&[assignment(1), assignment(2)]);
    assert_eq!(mark(&bench, 1), TodayMark::ToVisit);
    let view = bench.app().case_view(case(1), None).unwrap().unwrap();
    assert_eq!(
        view.actions,
        [
            CaseAction::Visit {
                kind: VisitKind::Quick
            },
            CaseAction::Visit {
                kind: VisitKind::Full
            },
            CaseAction::CannotBeSeen
        ]
    );
    let visit = quick(&bench, 1);
    let view = bench.app().case_view(case(1), None).unwrap().unwrap();
    assert_eq!(view.mark, TodayMark::Draft);
    assert_eq!(view.actions[0], CaseAction::Continue { visit });
    assert_eq!(bench.app().act(case(1), view.actions[0]).unwrap(), visit);
    bench.app().seal(visit).unwrap();
    assert_eq!(mark(&bench, 1), TodayMark::Waiting);
    let view = bench.app().case_view(case(1), None).unwrap().unwrap();
    assert_eq!(view.actions, [CaseAction::SeeSealed { visit }]);
    round(&mut bench);
    assert_eq!(mark(&bench, 1), TodayMark::Done);
    let photo = bench.app().outbox().unwrap()[0].photos[0].photo;
    bench.server.put(&object(1), &returned(1, visit, photo));
    round(&mut bench);
    let view = bench.app().case_view(case(1), None).unwrap().unwrap();
    assert_eq!(view.mark, TodayMark::Returned);
    assert_eq!(view.actions[0], CaseAction::Retake);
    let reason = &view.returned.as_ref().unwrap().reasons[0];
    assert_eq!(reason.photo_kind, Some(PhotoKind::HouseFront));
    assert_eq!(
        (reason.code.as_str(), reason.mended),
        ("ATAP_TERPOTONG", false)
    );
    let counts = bench
        .app()
        .today(query(TodayOrder::Distance, None))
        .unwrap()
        .counts;
    assert_eq!(
        counts,
        TodayCounts {
            returned: 1,
            to_visit: 1,
            ..TodayCounts::default()
        }
    );
    let again = bench.app().act(case(1), CaseAction::Retake).unwrap();
    let camera = bench.app().camera_view(again).unwrap();
    assert_eq!(camera.next, PhotoKind::HouseFront);
    assert!(camera.slots[0].returned.is_some());
    bench.app().add_photo(again, front(9)).unwrap();
    let view = bench.app().case_view(case(1), None).unwrap().unwrap();
    assert!(view.returned.unwrap().reasons[0].mended);
    bench.app().begin_pin(again).unwrap();
    bench.app().on_fix(again, fix(LAT, LON, 450)).unwrap();
    bench.app().take_pin(again, None).unwrap();
    bench.app().seal(again).unwrap();
    assert_eq!(mark(&bench, 1), TodayMark::Waiting, "answered");
    let report = bench.app().month_report(2026, 11).unwrap();
    assert_eq!((report.visits, report.returned), (2, 1));
}

fn returned(n: u128, visit: VisitId, photo: PhotoId) -> Assignment {
    Assignment {
        state: CaseState::Returned.into(),
        version: 3,
        returned: Some(Returned {
            visit,
            at: Timestamp::from_micros(T0 + 1),
            reasons: vec![ReturnReason {
                target: ReturnTarget::Photo { photo },
                code: ReasonCode::known("ATAP_TERPOTONG"),
                note: None,
            }],
            keep: Vec::new(),
        }),
        ..assignment(n)
    }
}

#[test]
fn a_full_visit_that_comes_back_for_a_photo_keeps_its_other_photos_and_its_answers() {
    let mut asked = assignment(1);
    asked.kind = VisitKind::Full.into();
    let mut bench = with(&[asked.clone()]);
    let kind = VisitKind::Full;
    let visit = bench
        .app()
        .act(case(1), CaseAction::Visit { kind })
        .unwrap();
    let app = bench.app();
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Photo);
    let kinds = || -> Vec<PhotoKind> {
        let slots = app.camera_view(visit).unwrap().slots;
        slots.iter().map(|slot| slot.kind).collect()
    };
    assert!(!app.camera_view(visit).unwrap().notice_due);
    let bad = app.add_photo(visit, front(1)).unwrap().id;
    // What is the family's own waits for the notice.
    assert_eq!(kinds(), [PhotoKind::HouseFront]);
    assert!(app.camera_view(visit).unwrap().notice_due);
    let inside = || app.add_photo(visit, photo(PhotoKind::HouseInside, 2));
    assert_eq!(
        inside(),
        Err(CoreError::Refused {
            code: "notice_first".to_owned()
        })
    );
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Notice);
    app.notice_read(visit).unwrap();
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Pin);
    let after_notice = || app.step_after(visit, VisitStep::Notice).unwrap();
    assert_eq!(after_notice(), VisitStep::Photo, "the others may be taken");
    assert_eq!(
        app.step_after(visit, VisitStep::Photo).unwrap(),
        VisitStep::Pin,
        "and need not be"
    );
    assert!(kinds().contains(&PhotoKind::FamilyCard));
    assert!(!app.camera_view(visit).unwrap().notice_due);
    let good = inside().unwrap().id;
    app.on_fix(visit, fix(LAT, LON, 450)).unwrap();
    app.take_pin(visit, None).unwrap();
    assert_eq!(after_notice(), VisitStep::Questions);
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Questions);
    let questions = app.questions(visit).unwrap();
    assert!(questions.iter().all(|question| question.id != "pin_reason"));
    assert!(!questions.iter().any(|question| question.id == "work"));
    answer_all(app, visit, &well_off());
    let questions = app.questions(visit).unwrap();
    assert!(questions.iter().any(|question| question.id == "work"));
    assert_eq!(questions[0].number, 1);
    assert!(
        questions
            .iter()
            .all(|question| question.total as usize == questions.len())
    );
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Summary);
    let summary = app.summary(visit).unwrap();
    assert!(summary.can_seal);
    assert_eq!(summary.name, "Keluarga 1");
    app.seal(visit).unwrap();
    round(&mut bench);
    let mut came_back = returned(1, visit, bad);
    came_back.kind = VisitKind::Full.into();
    came_back.returned.as_mut().unwrap().keep = vec![good];
    bench.server.put(&object(1), &came_back);
    round(&mut bench);
    let again = bench.app().act(case(1), CaseAction::Retake).unwrap();
    let draft = bench.app().draft(again).unwrap();
    assert_eq!(draft.kind, VisitKind::Full);
    assert_eq!(draft.photos.len(), 1);
    assert!(draft.photos[0].kept);
    assert_eq!(draft.answers.len(), well_off().len());
    assert_eq!(draft.answer_problems, []);
    // Asked for one photo, the officer is not sent back for others.
    bench.app().add_photo(again, front(8)).unwrap();
    bench.app().notice_read(again).unwrap();
    assert_eq!(
        bench.app().step_after(again, VisitStep::Notice).unwrap(),
        VisitStep::Pin
    );
    // With the case the answers go.
    bench.app().discard(again).unwrap();
    bench.server.rows.clear();
    bench.server.revoked_buckets = vec![super::bench::officer_bucket(&bench.server)];
    round(&mut bench);
    let kept: i64 = bench
        .app()
        .core()
        .stores
        .device
        .query_row("SELECT count(*) FROM sealed_answer", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0);
}

#[test]
fn a_finding_begins_with_the_notice_and_a_quick_visit_has_none() {
    let bench = with(&[assignment(1)]);
    let app = bench.app();
    let finding = BeginVisit {
        case: None,
        kind: VisitKind::Finding,
        region: Some("35.71.03.1009".parse().unwrap()),
        training: false,
    };
    let visit = app.begin_visit(finding).unwrap();
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Notice);
    assert!(app.camera_view(visit).unwrap().notice_due);
    app.notice_read(visit).unwrap();
    assert_eq!(
        app.step_after(visit, VisitStep::Notice).unwrap(),
        VisitStep::Photo
    );
    app.add_photo(visit, photo(PhotoKind::FamilyCard, 1))
        .unwrap();
    let kind = VisitKind::Quick;
    let quick = app.act(case(1), CaseAction::Visit { kind }).unwrap();
    app.add_photo(quick, front(2)).unwrap();
    assert!(!app.camera_view(quick).unwrap().notice_due);
    assert_eq!(app.next_step(quick).unwrap(), VisitStep::Pin);
}

#[test]
fn a_draft_of_an_app_that_read_the_notice_later_goes_on_and_is_sealed() {
    let mut asked = assignment(1);
    asked.kind = VisitKind::Full.into();
    let mut bench = with(&[asked]);
    let kind = VisitKind::Full;
    let app = bench.app();
    let visit = app.act(case(1), CaseAction::Visit { kind }).unwrap();
    app.add_photo(visit, front(1)).unwrap();
    app.notice_read(visit).unwrap();
    app.add_photo(visit, photo(PhotoKind::HouseInside, 2))
        .unwrap();
    app.on_fix(visit, fix(LAT, LON, 450)).unwrap();
    app.take_pin(visit, None).unwrap();
    answer_all(app, visit, &well_off());
    // The older app let all of this be done first.
    app.core()
        .stores
        .device
        .execute("UPDATE draft SET notice_read_at = NULL", [])
        .unwrap();
    let camera = app.camera_view(visit).unwrap();
    assert_eq!(camera.slots.len(), 2, "what is there stays to be seen");
    assert_eq!(app.next_step(visit).unwrap(), VisitStep::Notice);
    assert!(!app.summary(visit).unwrap().can_seal);
    // Its own shell sealed without asking the core for the next screen, and the core still seals it.
    app.seal(visit).unwrap();
    round(&mut bench);
    assert_eq!(bench.server.received, [visit.to_string()]);
}

fn metres(n: u32) -> f32 {
    f32::from(u16::try_from(n).unwrap())
}

#[test]
fn the_map_shows_the_village_the_house_and_the_officer_where_they_are() {
    let bench = with(&[
        at(1, "1", "1", "Satu", Some(100)),
        at(2, "1", "1", "Dua", Some(300)),
        at(3, "1", "1", "Tiga", None),
    ]);
    let query = MapQuery {
        case: Some(case(1)),
        visit: None,
        here: Some(here()),
        width_px: 700,
        height_px: 1_000,
        zoom: 1.0,
        pan_x: 0.0,
        pan_y: 0.0,
        aim_px: 20,
    };
    let map = bench.app().map(query.clone()).unwrap();
    assert_eq!(map.outlines.len(), 1);
    assert!(map.outlines[0].is_main);
    let inside = |x: f32, y: f32| (0.0..=700.0).contains(&x) && (0.0..=1_000.0).contains(&y);
    assert!(
        map.outlines[0]
            .points
            .iter()
            .all(|point| inside(point.x, point.y))
    );
    let kinds: Vec<_> = map.pins.iter().map(|pin| pin.kind).collect();
    assert_eq!(
        kinds,
        [MapPinKind::Other, MapPinKind::House, MapPinKind::Here]
    );
    let (house, officer) = (&map.pins[1], &map.pins[2]);
    assert_eq!(house.label.as_deref(), Some("Satu"));
    assert!(house.y < officer.y, "north is up");
    // The bar says what a hundred metres are.
    let metre = map.bar.px / metres(map.bar.metres);
    assert!((officer.y - house.y - 100.0 * metre).abs() < metre);
    assert!(officer.radius_px > 0.0);
    assert_eq!((map.centre.lat_e7, map.centre.lon_e7), (LAT, LON));
    let moved = bench
        .app()
        .map(MapQuery {
            pan_y: 100.0,
            zoom: 2.0,
            ..query
        })
        .unwrap();
    assert!(moved.bar.px / metres(moved.bar.metres) > 1.9 * metre);
    assert!(moved.centre.lat_e7 > LAT, "moved down, it shows the north");
}

#[test]
fn a_pin_by_hand_is_as_sure_as_the_map_lets_a_person_be() {
    let bench = with(&[at(1, "1", "1", "Satu", None), at(2, "1", "1", "Dua", None)]);
    let kind = VisitKind::Quick;
    let visit = bench
        .app()
        .act(case(1), CaseAction::Visit { kind })
        .unwrap();
    let query = MapQuery {
        case: None,
        visit: Some(visit),
        here: Some(here()),
        width_px: 700,
        height_px: 1_000,
        zoom: 1.0,
        pan_x: 0.0,
        pan_y: 0.0,
        aim_px: 40,
    };
    let centre = |query: &MapQuery| bench.app().map(query.clone()).unwrap().centre;
    let sure = |query: &MapQuery| centre(query).accuracy_cm.unwrap();
    // The whole village: the cross alone covers more than a hundred metres.
    let coarse = sure(&query);
    assert!(coarse > 10_000, "{coarse}");
    let near = MapQuery {
        zoom: 32.0,
        ..query.clone()
    };
    // At the officer's own place: their fix is 5 m, the cross covers 4 to 5 more.
    let close = sure(&near);
    assert!((900..=1_200).contains(&close), "{close}");
    // 400 m away the eye errs by a hundred.
    let bar = bench.app().map(near.clone()).unwrap().bar;
    let metre = bar.px / metres(bar.metres);
    let away = MapQuery {
        pan_x: -400.0 * metre,
        ..near.clone()
    };
    let far = sure(&away);
    assert!((10_900..=11_300).contains(&far), "{far}");
    // Nobody knows where the officer stands: the boundary, a kilometre away, is what is left.
    let lost = sure(&MapQuery { here: None, ..near });
    assert!(lost > 20_000, "{lost}");
    let pin = bench
        .app()
        .place_pin(visit, centre(&away), "GPS mati".to_owned())
        .unwrap()
        .set
        .unwrap();
    assert_eq!((pin.source.as_str(), pin.accuracy_cm), ("hand", far));
    let warnings = bench.app().summary(visit).unwrap().warnings;
    assert!(warnings.contains(&SummaryWarning::PinPoor));
}

#[test]
fn a_narrow_alley_asks_for_two_halves_and_is_whole_with_both() {
    let bench = with(&[assignment(1)]);
    let kind = VisitKind::Quick;
    let visit = bench
        .app()
        .act(case(1), CaseAction::Visit { kind })
        .unwrap();
    let camera = bench.app().set_narrow(visit, true).unwrap();
    let kinds: Vec<_> = camera
        .slots
        .iter()
        .map(|slot| (slot.kind, slot.needed))
        .collect();
    assert_eq!(
        kinds,
        [
            (PhotoKind::NarrowLeft, true),
            (PhotoKind::NarrowRight, true)
        ]
    );
    assert_eq!(camera.next, PhotoKind::NarrowLeft);
    bench
        .app()
        .add_photo(visit, photo(PhotoKind::NarrowLeft, 1))
        .unwrap();
    let camera = bench.app().camera_view(visit).unwrap();
    assert_eq!(camera.next, PhotoKind::NarrowRight);
    assert_eq!(bench.app().next_step(visit).unwrap(), VisitStep::Photo);
    bench
        .app()
        .add_photo(visit, photo(PhotoKind::NarrowRight, 2))
        .unwrap();
    assert_eq!(bench.app().next_step(visit).unwrap(), VisitStep::Pin);
    assert_eq!(bench.app().camera_view(visit).unwrap().left, 18);
}

#[test]
fn a_pin_says_what_to_do_until_it_is_good_and_a_poor_one_needs_a_reason() {
    let bench = with(&[at(1, "1", "1", "Satu", Some(2_000))]);
    let kind = VisitKind::Quick;
    let visit = bench
        .app()
        .act(case(1), CaseAction::Visit { kind })
        .unwrap();
    let app = bench.app();
    let pin = app.begin_pin(visit).unwrap();
    assert_eq!(pin.hint, PinHint::Searching);
    assert!(!pin.can_take);
    let pin = app.on_fix(visit, fix(LAT, LON, 30_000)).unwrap();
    assert_eq!(pin.hint, PinHint::StepIntoTheOpen);
    assert!(pin.needs_reason);
    assert_eq!(
        app.take_pin(visit, None),
        Err(CoreError::Refused {
            code: "pin_reason_needed".to_owned()
        })
    );
    app.begin_pin(visit).unwrap();
    let mut pin = app.on_fix(visit, fix(LAT, LON, 900)).unwrap();
    assert_eq!(pin.hint, PinHint::HoldStill);
    for n in 1..=4 {
        pin = app.on_fix(visit, fix(LAT + n, LON, 600)).unwrap();
    }
    assert_eq!(pin.hint, PinHint::FarFromLast);
    assert_eq!(pin.fixes, pin.wanted);
    let far = pin.from_last_m.unwrap();
    assert!((1_990..=2_010).contains(&far), "{far}");
    let pin = app.take_pin(visit, None).unwrap();
    assert_eq!(pin.set.unwrap().source, "gnss");
    app.add_photo(visit, front(1)).unwrap();
    let warnings = app.summary(visit).unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|warning| matches!(warning, SummaryWarning::PinFar { .. }))
    );
    // A fix of ten minutes ago was perhaps another house.
    let mut late = fix(LAT, LON, 500);
    late.elapsed_ns += 600_000_000_000;
    assert_eq!(app.on_fix(visit, late).unwrap().fixes, 1);
    let mut mocked = fix(LAT, LON, 500);
    mocked.mock = true;
    app.begin_pin(visit).unwrap();
    let pin = app.on_fix(visit, mocked).unwrap();
    assert_eq!((pin.hint, pin.mock), (PinHint::Mocked, true));
    let by_hand = app
        .place_pin(visit, here(), "GPS tidak dapat sinyal".to_owned())
        .unwrap();
    let by_hand = by_hand.set.unwrap();
    assert_eq!(
        (by_hand.source.as_str(), by_hand.accuracy_cm),
        ("hand", 500)
    );
}

#[test]
fn the_outbox_names_families_and_what_is_not_whole_is_unsent() {
    let mut bench = with(&[assignment(1)]);
    let visit = quick(&bench, 1);
    bench.app().seal(visit).unwrap();
    let finding = bench.seal(None, &[500]);
    let outbox = bench.app().outbox_view().unwrap();
    assert_eq!(outbox.waiting, 2);
    let told: Vec<_> = outbox
        .visits
        .iter()
        .map(|visit| (visit.title.as_deref(), visit.title_key.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (None, "outbox_title_finding"),
            (Some("Keluarga 1"), "outbox_title_case")
        ]
    );
    let shown = |visit: usize| -> Vec<Option<PhotoKind>> {
        let photos = &outbox.visits[visit].visit.photos;
        photos.iter().map(|photo| photo.kind).collect()
    };
    assert_eq!(shown(1), [Some(PhotoKind::HouseFront)]);
    assert!(outbox.visits.iter().all(|visit| !visit.visit.training));
    assert_eq!(bench.app().unsent().unwrap(), [finding, visit]);
    let leaving = bench.app().sign_out_view().unwrap();
    assert_eq!((leaving.visits_waiting, leaving.photos_waiting), (2, 2));
    bench.app().set_data_saver(true).unwrap();
    bench.settle();
    let outbox = bench.app().outbox_view().unwrap();
    assert!(outbox.waits_for_wifi, "manifests went, photos wait");
    assert_eq!(bench.app().unsent().unwrap().len(), 2);
    bench.app().set_network(Network::Unmetered);
    round(&mut bench);
    assert_eq!(bench.app().unsent().unwrap(), []);
    let outbox = bench.app().outbox_view().unwrap();
    assert!(!outbox.waits_for_wifi);
    assert_eq!(outbox.sent, 2);
}

#[test]
fn without_a_network_nothing_is_asked_for_until_there_is_one_or_the_officer_insists() {
    let mut bench = with(&[]);
    bench.seal(None, &[500]);
    bench.app().set_network(Network::None);
    assert_eq!(bench.next(), None);
    bench.app().set_network(Network::Metered);
    let lost = bench.next().unwrap();
    bench.app().on_no_network(lost.id).unwrap();
    bench.app().set_network(Network::None);
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(bench.server.received.len(), 1);
}

#[test]
fn notices_tell_the_most_urgent_first() {
    let mut closing = assignment(1);
    closing.closes_at = Some(Timestamp::from_micros(T0).plus_s(2 * DAY_S));
    let mut bench = with(&[
        closing,
        returned(
            2,
            VisitId::from(uuid::Uuid::nil()),
            PhotoId::from(uuid::Uuid::nil()),
        ),
    ]);
    bench.server.min_version = "9.0.0".to_owned();
    round(&mut bench);
    let notices = bench.app().notices().unwrap();
    assert_eq!(
        notices,
        [
            Notice::UpdateNeeded,
            Notice::Returned { count: 1 },
            Notice::ClosingSoon { count: 1, days: 2 }
        ]
    );
}

#[test]
fn a_month_counts_what_was_sealed_also_when_the_bytes_have_gone() {
    let mut bench = with(&[]);
    bench.seal(None, &[500, 600]);
    bench.pass_s(86_400);
    bench.seal(None, &[500]);
    bench.server.safe_at = Some(bench.server.now);
    bench.settle_in_time();
    let report = bench.app().month_report(2026, 11).unwrap();
    assert_eq!((report.visits, report.photos, report.safe), (2, 3, 3));
    assert_eq!(report.days.len(), 2);
    assert!(
        report
            .text
            .starts_with("Laporan kunjungan November 2026\nPetugas: siti\n")
    );
    assert!(!report.text.contains("Keluarga"));
    let other = bench.app().month_report(2026, 10).unwrap();
    assert_eq!((other.visits, other.days.len()), (0, 0));
    assert!(bench.app().month_report(2026, 13).is_err());
    let storage = bench.app().storage().unwrap();
    assert_eq!(storage.sealed_visits, 2);
    assert_eq!(storage.sealed_bytes, 1_600);
    assert!(storage.databases_bytes > 4_096);
    assert!(storage.next_removal_at.is_some());
}

#[test]
fn last_photos_of_houses_come_after_everything_else_where_bytes_cost_nothing() {
    let mut bench = with(&[
        at(1, "1", "1", "Satu", Some(10)),
        at(2, "1", "1", "Dua", Some(20)),
        at(3, "1", "1", "Tiga", None),
    ]);
    let jpeg = [&[0xff, 0xd8, 0xff][..], &[7; 3_000]].concat();
    bench
        .server
        .house_photos
        .insert(case(1).to_string(), jpeg.clone());
    bench.server.log.clear();
    round(&mut bench);
    assert!(!bench.server.log.iter().any(|line| line.contains("house")));
    bench.app().set_network(Network::Unmetered);
    bench.seal(None, &[500]);
    round(&mut bench);
    let photos: Vec<usize> = (0..bench.server.log.len())
        .filter(|at| bench.server.log[*at].contains("house"))
        .collect();
    assert_eq!(photos.len(), 2, "{:?}", bench.server.log);
    let upload = bench
        .server
        .log
        .iter()
        .position(|line| line == "POST /v1/uploads")
        .unwrap();
    assert!(upload < photos[0]);
    assert_eq!(bench.app().house_photo(case(1)).unwrap(), Some(jpeg));
    assert_eq!(bench.app().house_photo(case(2)).unwrap(), None);
    let view = bench.app().case_view(case(1), None).unwrap().unwrap();
    assert!(view.last_photo.unwrap().on_phone);
    assert!(bench.app().storage().unwrap().house_photos_bytes > 3_000);
    // Asked once, not again; and encrypted.
    bench.server.log.clear();
    round(&mut bench);
    assert!(!bench.server.log.iter().any(|line| line.contains("house")));
    for entry in std::fs::read_dir(bench.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(64).any(|window| window == [7; 64]));
        }
    }
    // With the assignment the photo goes.
    bench.server.rows.retain(|row| row.object != object(1));
    round(&mut bench);
    assert_eq!(bench.app().house_photo(case(1)).unwrap(), None);
    bench
        .app()
        .set_house_photos(HousePhotosWhen::Never)
        .unwrap();
    assert_eq!(
        bench.app().storage().unwrap().house_photos,
        HousePhotosWhen::Never
    );
    bench
        .server
        .put(&object(4), &at(4, "1", "1", "Empat", Some(9)));
    round(&mut bench);
    assert!(!bench.server.log.iter().any(|line| line.contains("house")));
}

#[test]
fn a_finding_that_was_left_and_a_draft_whose_case_is_gone_are_found_again() {
    let mut bench = with(&[assignment(1)]);
    let finding = |bench: &Bench| {
        let begin = BeginVisit {
            case: None,
            kind: VisitKind::Finding,
            region: Some("35.71.03.1009".parse().unwrap()),
            training: false,
        };
        bench.app().begin_visit(begin).unwrap()
    };
    let loose = |bench: &Bench| {
        let page = bench
            .app()
            .today(query(TodayOrder::Distance, None))
            .unwrap();
        let told = page.loose.into_iter();
        told.map(|draft| (draft.visit, draft.name, draft.village))
            .collect::<Vec<_>>()
    };
    // Opened by mistake: nothing is at hand, and the next one takes its place.
    let mistaken = finding(&bench);
    assert_eq!(loose(&bench), []);
    let left = finding(&bench);
    assert_eq!(bench.app().drafts().unwrap(), [left]);
    assert_ne!(mistaken, left);
    bench.app().notice_read(left).unwrap();
    let answer = |question: &str, value: &str| {
        let value = Some(value.to_owned());
        bench
            .app()
            .answer(left, question.to_owned(), value)
            .unwrap();
    };
    answer("what", "family");
    answer("name", "Wagirah");
    // A draft whose case is on the list is found there.
    bench.pass_s(60);
    let begun = bench
        .app()
        .act(
            case(1),
            CaseAction::Visit {
                kind: VisitKind::Quick,
            },
        )
        .unwrap();
    bench.app().add_photo(begun, front(1)).unwrap();
    let village = || "Campurejo".to_owned();
    let named = (left, Some("Wagirah".to_owned()), village());
    assert_eq!(loose(&bench), std::slice::from_ref(&named));
    // The case goes to somebody else; the app is killed.
    bench.server.take(&object(1));
    round(&mut bench);
    bench.reopen();
    assert_eq!(loose(&bench), [named, (begun, None, village())]);
    bench.app().discard(begun).unwrap();
    bench.app().discard(left).unwrap();
    assert_eq!(loose(&bench), []);
}

/// The app that was fetched.
fn fetched(bench: &Bench) -> Vec<u8> {
    let UpdateState::Ready { file, .. } = bench.app().update_state().unwrap() else {
        panic!("not ready");
    };
    std::fs::read(file).unwrap()
}

#[test]
fn an_app_whose_fetch_was_cut_goes_on_from_where_it_stands() {
    let mut bench = with(&[]);
    let app = |n: u8| [b"PK".as_slice(), &[n; 3_000]].concat();
    let begun = |bench: &mut Bench, version: &str, n: u8, came: usize| {
        bench.server.app = Some(offered(version, &app(n)));
        round(bench);
        bench.app().fetch_update().unwrap();
        let request = bench.next().unwrap();
        std::fs::write(request.save_to.unwrap(), &app(n)[..came]).unwrap();
        request.id
    };
    let id = begun(&mut bench, "0.2.0", 2, 1_000);
    bench.app().on_no_network(id).unwrap();
    bench.reopen();
    bench.settle_in_time();
    assert_eq!(fetched(&bench), app(2));
    assert_eq!(bench.server.app_bytes, 2_002, "only the rest");
    // All of it is here, and the answer was lost with the process.
    begun(&mut bench, "0.3.0", 3, 3_002);
    bench.reopen();
    bench.settle_in_time();
    assert_eq!(fetched(&bench), app(3));
    assert_eq!(bench.server.app_bytes, 2_002);
    // Another one is offered meanwhile: what is here is no part of it.
    let id = begun(&mut bench, "0.4.0", 4, 1_000);
    bench.app().on_no_network(id).unwrap();
    bench.server.app = Some(offered("0.5.0", &app(5)));
    bench.pass_s(3_600);
    round(&mut bench);
    bench.app().fetch_update().unwrap();
    bench.settle_in_time();
    assert_eq!(fetched(&bench), app(5));
    assert_eq!(bench.server.app_bytes, 2_002 + 3_002);
}

fn offered(version: &str, bytes: &[u8]) -> (AppRelease, Vec<u8>) {
    let release = AppRelease {
        version: version.to_owned(),
        bytes: bytes.len() as u64,
        sha256: tilik_protocol::manifest::Hash32::of(bytes).to_string(),
    };
    (release, bytes.to_vec())
}

#[test]
fn a_newer_app_is_offered_fetched_when_asked_for_and_checked_byte_by_byte() {
    let mut bench = with(&[]);
    assert_eq!(bench.app().update_state().unwrap(), UpdateState::None);
    bench.server.app = Some(offered("0.1.0", b"PK same"));
    round(&mut bench);
    assert_eq!(bench.app().update_state().unwrap(), UpdateState::None);
    bench.server.app = Some(offered("0.2.0", b"PK newer"));
    round(&mut bench);
    let version = "0.2.0".to_owned();
    let bytes = 8;
    assert_eq!(
        bench.app().update_state().unwrap(),
        UpdateState::Offered {
            version: version.clone(),
            bytes
        }
    );
    assert!(
        bench
            .app()
            .notices()
            .unwrap()
            .contains(&Notice::UpdateOffered {
                version: version.clone(),
                bytes
            })
    );
    assert!(!bench.server.log.iter().any(|line| line.contains("android")));
    bench.app().fetch_update().unwrap();
    assert_eq!(
        bench.app().update_state().unwrap(),
        UpdateState::Fetching {
            version: version.clone(),
            bytes
        }
    );
    // Some network's own page comes instead.
    let (release, real) = bench.server.app.take().unwrap();
    bench.server.app = Some((release.clone(), b"<html>".to_vec()));
    let request = bench.next().unwrap();
    let response = bench.answer(&request);
    bench.app().on_response(request.id, response).unwrap();
    assert!(matches!(
        bench.app().update_state().unwrap(),
        UpdateState::Fetching { .. }
    ));
    bench.server.app = Some((release, real.clone()));
    bench.settle_in_time();
    let UpdateState::Ready { file, .. } = bench.app().update_state().unwrap() else {
        panic!("not ready");
    };
    assert_eq!(std::fs::read(&file).unwrap(), real);
    bench.reopen();
    assert!(matches!(
        bench.app().update_state().unwrap(),
        UpdateState::Ready { .. }
    ));
    // Another one is offered: what was fetched is not it.
    bench.server.app = Some(offered("0.3.0", b"PK newest"));
    round(&mut bench);
    assert!(matches!(
        bench.app().update_state().unwrap(),
        UpdateState::Offered { .. }
    ));
    bench.reopen();
    assert!(!std::path::Path::new(&file).exists());
}

#[test]
fn two_thousand_rows_are_a_page_in_a_moment() {
    let mut bench = with(&[]);
    for n in 1..=2_000 {
        let rw = (n % 12).to_string();
        let row = at(
            n,
            &rw,
            "3",
            &format!("Keluarga {n}"),
            Some(i64::try_from(n).unwrap()),
        );
        let core = bench.app().core();
        let db = &core.stores.account.as_ref().unwrap().db;
        db.execute(
            "INSERT OR REPLACE INTO feed_row (bucket, object, seq, hash, op, body) \
             SELECT bucket, ?1, ?2, 0, 'put', ?3 FROM bucket LIMIT 1",
            rusqlite::params![
                object(n),
                i64::try_from(n).unwrap() + 10,
                serde_json::to_string(&row).unwrap()
            ],
        )
        .unwrap();
    }
    bench.reopen();
    let near = query(TodayOrder::Distance, Some(here()));
    let mut seen: Vec<CaseId> = Vec::new();
    for from in (0..2_000).step_by(200) {
        let page = bench
            .app()
            .today(TodayQuery {
                from,
                ..near.clone()
            })
            .unwrap();
        assert_eq!((page.rows.len(), page.total), (200, 2_000));
        seen.extend(page.rows.iter().map(|row| row.case));
    }
    let in_order: Vec<CaseId> = (1..=2_000).map(case).collect();
    assert_eq!(seen, in_order, "the nearest first, none twice");
}
