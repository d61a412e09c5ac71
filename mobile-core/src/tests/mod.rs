//! The pump against a server that follows the protocol, with every fault a village has.

mod bench;
mod capture;
mod kill;
mod lock;
mod screens;
mod slow;
mod spare;

use bench::{Bench, S, T0, assignment, officer_bucket, problem, with};
use tilik_protocol::ids::{CaseId, UserId, VisitId};
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::{Bucket, VisitStatus};
use uuid::Uuid;

use crate::{CoreError, LockState, OutboxState, OutboxVisit, RequestBody, Response, Why};

fn only(bench: &Bench) -> OutboxVisit {
    let mut visits = bench.app().outbox().unwrap();
    assert_eq!(visits.len(), 1);
    visits.pop().unwrap()
}

fn object(n: u128) -> String {
    format!("assignment:{}", Uuid::from_u128(n))
}

#[test]
fn a_phone_enrols_signs_in_and_hears_its_assignments_in_pages() {
    let mut bench = Bench::new(1);
    assert_eq!(
        bench.app().sign_in("siti".to_owned(), "x".to_owned()),
        Err(CoreError::NotEnrolled)
    );
    for n in 1..=5 {
        bench.server.put(&object(n), &assignment(n));
    }
    bench.app().enrol("ABCDEFGHJK".to_owned()).unwrap();
    bench.settle();
    bench.sign_in();
    let cases = bench.app().assignments().unwrap();
    assert_eq!(cases.len(), 5);
    assert_eq!(cases[0].name, "Keluarga 1");
    bench.reopen();
    assert_eq!(bench.app().assignments().unwrap().len(), 5);
    let status = bench.app().status().unwrap();
    assert_eq!(status.checksum_mismatches, 0);
    assert_eq!(status.clock, None);
    assert!(status.last_sync_at.is_some());
}

#[test]
fn a_wrong_code_and_a_wrong_password_are_told_and_not_repeated() {
    let mut bench = Bench::new(1);
    bench.app().enrol("WRONGWRONG".to_owned()).unwrap();
    bench.settle();
    let status = bench.app().status().unwrap();
    assert!(!status.enrolled && !status.busy);
    assert_eq!(status.last_problem.as_deref(), Some("bad_enrolment_code"));
    let mut bench = Bench::enrolled();
    bench
        .app()
        .sign_in("siti".to_owned(), "wrong".to_owned())
        .unwrap();
    bench.settle();
    let status = bench.app().status().unwrap();
    assert_eq!(status.last_problem.as_deref(), Some("wrong_credentials"));
    assert!(!status.busy);
}

#[test]
fn a_lost_reply_of_an_enrolment_repeats_the_same_device() {
    let mut bench = Bench::new(1);
    bench.app().enrol("ABCDEFGHJK".to_owned()).unwrap();
    let request = bench.next().unwrap();
    bench.answer(&request);
    bench.app().on_no_network(request.id.clone()).unwrap();
    assert!(bench.next().is_none(), "backs off");
    bench.reopen();
    bench.pass_s(2);
    bench.settle();
    let status = bench.app().status().unwrap();
    assert_eq!(status.device, bench.server.device);
    assert!(status.enrolled);
}

/// What a hotel's network says instead of the server.
fn from_between(status: u16) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: b"<html>Not Found</html>".to_vec(),
    }
}

#[test]
fn an_answer_from_between_is_none_to_an_enrolment_a_sign_in_a_new_password_or_a_sign_out() {
    let mut bench = Bench::new(1);
    bench.app().enrol("ABCDEFGHJK".to_owned()).unwrap();
    let request = bench.next().unwrap();
    // It reached the server, whose code is used up now.
    bench.answer(&request);
    bench
        .app()
        .on_response(request.id, from_between(404))
        .unwrap();
    let status = bench.app().status().unwrap();
    assert_eq!(status.last_problem.as_deref(), Some("http_404"));
    assert!(status.busy, "it goes on by itself");
    bench.pass_s(2);
    bench.settle();
    let status = bench.app().status().unwrap();
    assert_eq!(status.device, bench.server.device);
    assert!(status.enrolled);

    for status in [200, 302, 401, 403, 404] {
        bench
            .app()
            .sign_in("siti".to_owned(), "rahasia sekali".to_owned())
            .unwrap();
        let request = bench.next().unwrap();
        bench
            .app()
            .on_response(request.id, from_between(status))
            .unwrap();
        assert!(bench.app().status().unwrap().busy, "{status}");
        bench.pass_s(2);
        bench.settle();
        assert!(bench.app().status().unwrap().signed_in, "{status}");

        bench
            .app()
            .change_password("rahasia sekali".to_owned(), "rahasia sekali".to_owned())
            .unwrap();
        let request = bench.next().unwrap();
        assert_eq!(request.path, "/v1/me/password");
        bench
            .app()
            .on_response(request.id, from_between(status))
            .unwrap();
        assert!(bench.app().status().unwrap().busy, "{status}");
        bench.pass_s(2);
        bench.server.log.clear();
        bench.settle();
        assert!(
            bench
                .server
                .log
                .contains(&"POST /v1/me/password".to_owned()),
            "{status}: {:?}",
            bench.server.log
        );

        bench.app().sign_out().unwrap();
        let request = bench.next().unwrap();
        bench
            .app()
            .on_response(request.id, from_between(status))
            .unwrap();
        bench.server.log.clear();
        bench.pass_s(60);
        bench.settle();
        assert_eq!(
            bench.server.log.last().map(String::as_str),
            Some("DELETE /v1/session"),
            "after {status} the session is still to be ended"
        );
    }
}

#[test]
fn the_password_is_never_on_the_disk() {
    let mut bench = Bench::enrolled();
    bench
        .app()
        .sign_in("siti".to_owned(), "rahasia sekali".to_owned())
        .unwrap();
    let _request = bench.next().unwrap();
    for entry in std::fs::read_dir(bench.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(14).any(|window| window == b"rahasia sekali");
            assert!(!found, "{}", path.display());
        }
    }
    bench.reopen();
    bench.settle();
    assert!(!bench.app().status().unwrap().busy);
}

#[test]
fn a_password_that_the_admin_chose_is_replaced_before_anything_else_goes_on() {
    let mut bench = Bench::enrolled();
    bench.app().sign_out().unwrap();
    bench.settle();
    bench.server.chosen_by_another = true;
    bench.seal(None, &[500]);
    bench.server.log.clear();
    bench.sign_in();
    assert!(bench.app().status().unwrap().password_change_required);
    assert_eq!(bench.server.log, ["POST /v1/session"]);
    assert!(bench.app().wait_s() > 0, "nothing can be done by itself");

    let change = |bench: &Bench, old: &str| {
        bench
            .app()
            .change_password(old.to_owned(), "kata sandi sendiri".to_owned())
            .unwrap();
        assert!(bench.app().status().unwrap().busy);
    };
    change(&bench, "salah");
    bench.settle();
    let status = bench.app().status().unwrap();
    assert!(status.password_change_required && !status.busy);
    assert_eq!(status.last_problem.as_deref(), Some("old_password_wrong"));

    // A lost reply repeats the same event.
    change(&bench, "rahasia sekali");
    let request = bench.next().unwrap();
    bench.answer(&request);
    bench.app().on_no_network(request.id.clone()).unwrap();
    assert_eq!(bench.server.password, "kata sandi sendiri");
    bench.pass_s(60);
    bench.settle();
    let status = bench.app().status().unwrap();
    assert!(!status.password_change_required && !status.busy);
    assert_eq!(status.last_problem, None);
    assert_eq!(status.visits_waiting, 0, "the visit went at once");

    // An admin chose another one meanwhile: the phone hears it by what the server refuses.
    bench.server.chosen_by_another = true;
    bench.app().send_now().unwrap();
    bench.settle();
    assert!(bench.app().status().unwrap().password_change_required);
    bench.reopen();
    assert!(bench.app().status().unwrap().password_change_required);
}

#[test]
fn all_manifests_go_before_any_photo() {
    let mut bench = Bench::enrolled();
    for _ in 0..3 {
        bench.seal(None, &[500, 600]);
    }
    bench.server.log.clear();
    bench.settle();
    assert_eq!(bench.server.log[0], "POST /v1/sync");
    assert_eq!(bench.server.received.len(), 3);
    assert_eq!(
        bench
            .server
            .log
            .iter()
            .filter(|l| *l == "POST /v1/uploads")
            .count(),
        6
    );
    let visits = bench.app().outbox().unwrap();
    assert!(visits.iter().all(|visit| visit.state == OutboxState::Sent));
    assert!(
        visits
            .iter()
            .all(|visit| visit.photos_received == 2 && visit.photos_safe == 0)
    );
}

#[test]
fn photos_do_not_start_while_a_manifest_waits() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[500]);
    let sync = bench.next().unwrap();
    assert_eq!(sync.path, "/v1/sync");
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    bench.seal(None, &[500]);
    let next = bench.app().next_requests(10).unwrap();
    let paths: Vec<_> = next.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/v1/sync"]);
}

#[test]
fn a_cut_upload_goes_on_where_the_server_stands() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[10_000]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    let upload = bench.next().unwrap();
    let body = Bench::body(&upload);
    bench.server.handle(&upload, &body[..3_000]);
    bench.app().on_no_network(upload.id.clone()).unwrap();
    bench.pass_s(2);
    let head = bench.next().unwrap();
    assert_eq!(head.method, "HEAD");
    let response = bench.answer(&head);
    bench.app().on_response(head.id, response).unwrap();
    let tail = bench.next().unwrap();
    assert_eq!(tail.method, "PATCH");
    assert!(matches!(
        tail.body,
        RequestBody::File {
            offset: 3_000,
            length: 7_000,
            ..
        }
    ));
    let response = bench.answer(&tail);
    bench.app().on_response(tail.id, response).unwrap();
    bench.settle();
    assert_eq!(only(&bench).photos_received, 1);
    assert_eq!(bench.server.uploads.values().next().unwrap().came, 10_000);
    // The answer to the cut request comes after all: nothing changes.
    bench
        .app()
        .on_response(upload.id, problem(410, "upload_gone"))
        .unwrap();
    assert_eq!(only(&bench).photos_received, 1);
    assert!(bench.next().is_none());
}

#[test]
fn killed_at_any_step_before_or_after_the_server_acted_everything_arrives_once() {
    for step in 0..40 {
        for reply_lost in [false, true] {
            let mut bench = Bench::enrolled();
            bench.seal(None, &[400, 300]);
            bench.seal(None, &[200]);
            let mut reached = false;
            for n in 0..40 {
                let Some(request) = bench.next() else {
                    break;
                };
                if n == step {
                    reached = true;
                    if reply_lost {
                        bench.answer(&request);
                    }
                    bench.reopen();
                } else {
                    let response = bench.answer(&request);
                    bench.app().on_response(request.id, response).unwrap();
                }
            }
            bench.settle_in_time();
            assert_eq!(bench.server.received.len(), 2, "{step} {reply_lost}");
            for visit in bench.app().outbox().unwrap() {
                assert_eq!(visit.state, OutboxState::Sent, "{step} {reply_lost}");
            }
            for upload in bench.server.uploads.values() {
                assert_eq!(upload.came, upload.length, "sent once: {step} {reply_lost}");
            }
            if !reached {
                assert!(step > 4, "the plan has more steps than that");
                return;
            }
        }
    }
    panic!("the plan never ended");
}

#[test]
fn an_answer_that_comes_after_a_restart_is_understood_and_a_second_one_ignored() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[400]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    let upload = bench.next().unwrap();
    let response = bench.answer(&upload);
    bench.reopen();
    bench
        .app()
        .on_response(upload.id.clone(), response.clone())
        .unwrap();
    bench.app().on_response(upload.id, response).unwrap();
    bench.settle();
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn a_refresh_whose_reply_was_lost_shows_the_same_token_again() {
    let mut bench = Bench::enrolled();
    bench.pass_s(700);
    bench.seal(None, &[100]);
    let refresh = bench.next().unwrap();
    assert_eq!(refresh.path, "/v1/session/refresh");
    bench.answer(&refresh);
    bench.reopen();
    let again = bench.next().unwrap();
    assert_eq!(again.id, refresh.id);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&Bench::body(&again)).unwrap()["refresh_token"],
        serde_json::from_slice::<serde_json::Value>(&Bench::body(&refresh)).unwrap()["refresh_token"]
    );
    let response = bench.answer(&again);
    bench.app().on_response(again.id, response).unwrap();
    bench.settle();
    assert!(bench.app().status().unwrap().signed_in);
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn when_the_session_is_over_photos_drain_with_their_grants() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100, 200]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    bench.server.session_over = Some("session_ended");
    bench.pass_s(700);
    bench.seal(None, &[50]);
    bench.settle_in_time();
    let status = bench.app().status().unwrap();
    assert!(status.sign_in_again && !status.signed_in);
    assert_eq!(status.visits_waiting, 1);
    assert_eq!(bench.server.whole.len(), 2);
    bench.sign_in();
    bench.settle_in_time();
    assert_eq!(bench.server.received.len(), 2);
    assert_eq!(bench.server.whole.len(), 3);
    assert!(!bench.app().status().unwrap().sign_in_again);
}

#[test]
fn an_expired_grant_is_replaced_by_showing_the_manifest_again() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    bench.server.grants_over = true;
    bench.settle_in_time_limited(6);
    assert!(bench.server.whole.is_empty());
    bench.server.grants_over = false;
    bench.settle_in_time();
    assert_eq!(only(&bench).state, OutboxState::Sent);
    assert_eq!(bench.server.received.len(), 1);
}

#[test]
fn a_server_short_of_room_holds_photos_back_and_manifests_go_on() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    let upload = bench.next().unwrap();
    let low = with(problem(507, "low_space"), "Retry-After", "300");
    bench.app().on_response(upload.id, low).unwrap();
    assert!(bench.next().is_none());
    let wait = bench.app().wait_s();
    assert!((290..=300).contains(&wait), "{wait}");
    bench.seal(None, &[100]);
    let next = bench.app().next_requests(5).unwrap();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].path, "/v1/sync");
    let response = bench.answer(&next[0]);
    bench
        .app()
        .on_response(next[0].id.clone(), response)
        .unwrap();
    assert!(bench.next().is_none());
    bench.pass_s(301);
    bench.settle_in_time();
    assert_eq!(bench.server.whole.len(), 2);
}

#[test]
fn a_server_that_is_not_ready_is_asked_after_the_time_it_named() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    let sync = bench.next().unwrap();
    let busy = with(problem(503, "unavailable"), "Retry-After", "20");
    bench.app().on_response(sync.id, busy).unwrap();
    assert!(bench.next().is_none());
    assert!((15..=20).contains(&bench.app().wait_s()));
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn without_a_network_the_wait_doubles_up_to_a_quarter_of_an_hour() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    let mut waits = Vec::new();
    for _ in 0..14 {
        let request = bench.next().unwrap();
        bench.app().on_no_network(request.id).unwrap();
        let wait = bench.app().wait_s();
        waits.push(wait);
        bench.pass_s(wait);
    }
    assert!(waits[0] <= 1 && waits[5] > 10, "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 900), "{waits:?}");
    assert!(waits[13] >= 450, "{waits:?}");
    assert_eq!(
        bench.app().status().unwrap().last_problem.as_deref(),
        Some("no_network")
    );
    bench.settle();
    assert_eq!(bench.app().status().unwrap().last_problem, None);
}

#[test]
fn a_welcome_page_of_a_network_is_no_answer() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    let page = || Response {
        status: 200,
        headers: Vec::new(),
        body: b"<html>Selamat datang di Wi-Fi</html>".to_vec(),
    };
    let sync = bench.next().unwrap();
    bench.app().on_response(sync.id, page()).unwrap();
    assert_eq!(only(&bench).received_at, None);
    bench.pass_s(5);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    let upload = bench.next().unwrap();
    bench.app().on_response(upload.id, page()).unwrap();
    assert_eq!(only(&bench).photos_received, 0);
    bench.settle_in_time();
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn a_row_that_cannot_be_read_is_kept_and_the_cursor_moves_on() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    let future = serde_json::json!({ "case": Uuid::from_u128(2), "shape": "of tomorrow" });
    bench.server.put(&object(2), &future);
    bench.server.put(&object(3), &assignment(3));
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(bench.app().assignments().unwrap().len(), 2);
    let status = bench.app().status().unwrap();
    assert_eq!((status.unreadable_rows, status.checksum_mismatches), (1, 0));
    bench.server.log.clear();
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(bench.server.log, ["POST /v1/sync"]);
}

#[test]
fn a_bucket_whose_checksum_does_not_fit_starts_again_and_is_counted() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.server.wrong_checksum = true;
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(bench.app().assignments().unwrap().len(), 1);
    assert!(bench.app().status().unwrap().checksum_mismatches >= 1);
    bench.server.wrong_checksum = false;
    bench.app().send_now().unwrap();
    bench.settle();
    let before = bench.app().status().unwrap().checksum_mismatches;
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(bench.app().status().unwrap().checksum_mismatches, before);
    assert_eq!(bench.app().assignments().unwrap().len(), 1);
}

#[test]
fn a_reply_to_an_older_round_does_not_move_the_cursor_back() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.app().send_now().unwrap();
    let old = bench.next().unwrap();
    let old_reply = bench.answer(&old);
    // The app dies, asks again under the same id, and the newer answer comes first.
    bench.reopen();
    bench.server.put(&object(2), &assignment(2));
    bench.settle();
    assert_eq!(bench.app().assignments().unwrap().len(), 2);
    bench.app().on_response(old.id, old_reply).unwrap();
    assert_eq!(bench.app().assignments().unwrap().len(), 2);
    assert_eq!(bench.app().status().unwrap().checksum_mismatches, 0);
}

#[test]
fn a_server_back_from_a_backup_is_shown_every_manifest_again() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.seal(None, &[300]);
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(only(&bench).state, OutboxState::Sent);
    bench.server.epoch = 2;
    bench.server.manifests.clear();
    bench.server.received.clear();
    bench.server.uploads.clear();
    bench.server.whole.clear();
    bench.app().send_now().unwrap();
    bench.settle_in_time();
    assert_eq!(bench.server.received.len(), 1);
    assert_eq!(bench.server.whole.len(), 1);
    assert_eq!(only(&bench).state, OutboxState::Sent);
    assert_eq!(bench.app().assignments().unwrap().len(), 1);
}

#[test]
fn a_photo_that_the_server_lost_is_sent_again() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[300]);
    bench.settle();
    bench.server.uploads.clear();
    bench.server.whole.clear();
    bench.app().send_now().unwrap();
    bench.settle_in_time();
    assert_eq!(bench.server.whole.len(), 1);
    assert_eq!(only(&bench).photos_received, 1);
}

#[test]
fn a_revoked_bucket_stays_while_something_of_it_waits() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.app().send_now().unwrap();
    bench.settle();
    bench.seal(Some(CaseId(Uuid::from_u128(1))), &[100]);
    bench.server.status_of_visits = VisitStatus::Malformed;
    bench.server.revoked_buckets = vec![officer_bucket(&bench.server)];
    bench.settle();
    let rows = |bench: &Bench| -> u32 {
        let core = bench.app().core();
        let db = &core.stores.account.as_ref().unwrap().db;
        db.query_row("SELECT count(*) FROM feed_row", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(
        bench.app().assignments().unwrap().len(),
        0,
        "not to be visited"
    );
    assert_eq!(rows(&bench), 1, "kept");
    bench.server.status_of_visits = VisitStatus::Accepted;
    bench.server.rows.clear();
    let visit = only(&bench).visit;
    bench.app().retry(visit).unwrap();
    bench.settle_in_time();
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(rows(&bench), 0, "forgotten");
    let strange = Bucket("region:35.71".to_owned());
    bench.server.revoked_buckets = vec![strange];
    bench.app().send_now().unwrap();
    bench.settle();
}

#[test]
fn a_stolen_phone_loses_the_roster_at_once_and_the_spool_never_before_its_receipt() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.app().send_now().unwrap();
    bench.settle();
    bench.seal(None, &[100]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    bench.seal(None, &[100]);
    bench.server.session_over = Some("device_revoked");
    bench.pass_s(700);
    bench.settle_in_time();
    let status = bench.app().status().unwrap();
    assert_eq!(status.device_revoked, Some(RevokeKind::Stolen));
    assert!(bench.app().assignments().unwrap().is_empty());
    let left: Vec<_> = std::fs::read_dir(bench.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("account-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(bench.server.whole.len(), 1, "the grant still drains");
    let spool = std::fs::read_dir(bench.folder().join("spool"))
        .unwrap()
        .count();
    assert_eq!(spool, 4, "two photos, and a spare of each visit");
    assert_eq!(
        bench.app().sign_in("siti".to_owned(), "x".to_owned()),
        Err(CoreError::DeviceRevoked)
    );
    bench.reopen();
    assert_eq!(bench.app().outbox().unwrap().len(), 2);
}

#[test]
fn a_retired_phone_drains_and_then_lets_go_of_the_bytes() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.app().send_now().unwrap();
    bench.settle();
    bench.seal(None, &[100]);
    bench.server.device_revoked = Some("retired".to_owned());
    bench.settle_in_time();
    assert!(bench.app().assignments().unwrap().is_empty());
    assert_eq!(only(&bench).photos_received, 1);
    assert!(only(&bench).photos[0].on_phone);
    bench.server.safe_at = Some(bench.server.now);
    bench.app().send_now().unwrap();
    bench.settle();
    assert!(!only(&bench).photos[0].on_phone);
    assert_eq!(
        std::fs::read_dir(bench.folder().join("spool"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_retired_phone_that_is_enrolled_for_somebody_else_asks_for_that_ones_sign_in() {
    let mut bench = Bench::enrolled();
    bench.app().choose_pin("270519".to_owned()).unwrap();
    bench.server.device_revoked = Some("retired".to_owned());
    bench.app().send_now().unwrap();
    bench.settle();
    let status = bench.app().status().unwrap();
    assert_eq!(status.device_revoked, Some(RevokeKind::Retired));
    let first = status.user.unwrap();
    bench.server.device_revoked = None;
    bench.server.device = None;
    bench.server.officer = UserId(Uuid::from_u128(78));
    bench.app().enrol("ABCDEFGHJK".to_owned()).unwrap();
    bench.settle_in_time();
    let status = bench.app().status().unwrap();
    assert_eq!((status.device_revoked, status.user), (None, None));
    bench.sign_in();
    let status = bench.app().status().unwrap();
    assert_eq!(status.user, Some(bench.server.officer));
    assert_ne!(status.user, Some(first));
    assert_eq!(bench.app().lock_state(), Ok(LockState::NoPin));
}

#[test]
fn bytes_go_only_when_they_are_safe_and_both_clocks_say_that_a_week_has_passed() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    bench.settle();
    let day = 86_400;
    bench.pass_s(30 * day);
    bench.app().send_now().unwrap();
    bench.settle();
    assert!(only(&bench).photos[0].on_phone, "not safe");
    bench.server.safe_at = Some(bench.server.now);
    bench.app().send_now().unwrap();
    bench.settle();
    assert_eq!(only(&bench).photos_safe, 1);
    // The phone's clock jumps a year; the server's stands.
    bench.hands.pass_s(365 * day);
    bench.app().send_now().unwrap();
    bench.settle();
    assert!(only(&bench).photos[0].on_phone, "one clock is not enough");
    bench.server.now += 8 * 86_400 * S;
    bench.app().send_now().unwrap();
    bench.settle();
    assert!(!only(&bench).photos[0].on_phone);
    assert_eq!(only(&bench).photos_safe, 1);
}

#[test]
fn what_the_server_will_not_take_stands_still_with_its_reason_and_goes_on_by_retry() {
    for (status, why) in [
        (
            VisitStatus::Malformed,
            Why::Malformed {
                code: "bad_manifest".to_owned(),
            },
        ),
        (VisitStatus::Conflict, Why::Conflict),
        (
            VisitStatus::Quarantined,
            Why::Quarantined {
                code: "bad_manifest".to_owned(),
            },
        ),
    ] {
        let mut bench = Bench::enrolled();
        let visit = bench.seal(None, &[100]);
        bench.server.status_of_visits = status;
        bench.settle_in_time();
        bench.reopen();
        assert_eq!(only(&bench).state, OutboxState::NeedsAttention { why });
        let sent = bench.server.log.len();
        bench.settle();
        assert!(bench.server.log.len() <= sent + 3, "not repeated by itself");
        bench.server.status_of_visits = VisitStatus::Accepted;
        bench.app().retry(visit).unwrap();
        bench.settle_in_time();
        assert_eq!(only(&bench).state, OutboxState::Sent);
    }
    let bench = Bench::enrolled();
    assert_eq!(
        bench.app().retry(VisitId(Uuid::from_u128(9))),
        Err(CoreError::UnknownVisit)
    );
}

#[test]
fn a_missing_or_damaged_file_is_told_and_the_other_photos_go_on() {
    let mut bench = Bench::enrolled();
    let visit = bench.seal(None, &[100, 200, 300]);
    let spool = bench.folder().join("spool");
    let photos = only(&bench).photos;
    let path = |n: usize| spool.join(format!("{}.age", photos[n].photo));
    let whole = std::fs::read(path(0)).unwrap();
    std::fs::remove_file(path(0)).unwrap();
    let mut bytes = std::fs::read(path(1)).unwrap();
    bytes[7] ^= 1;
    std::fs::write(path(1), &bytes).unwrap();
    bench.settle_in_time();
    let seen: Vec<_> = only(&bench)
        .photos
        .into_iter()
        .map(|photo| photo.state)
        .collect();
    assert_eq!(
        seen,
        [
            OutboxState::NeedsAttention {
                why: Why::FileMissing
            },
            OutboxState::NeedsAttention {
                why: Why::FileDamaged
            },
            OutboxState::Sent
        ]
    );
    std::fs::write(path(0), whole).unwrap();
    bytes[7] ^= 1;
    std::fs::write(path(1), &bytes).unwrap();
    bench.app().retry(visit).unwrap();
    bench.settle_in_time();
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn bytes_that_the_server_cannot_open_are_not_sent_for_ever() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    bench.server.spoils = Some("hash_mismatch");
    bench.settle_in_time();
    let why = Why::PhotoRefused {
        code: "hash_mismatch".to_owned(),
    };
    assert_eq!(only(&bench).state, OutboxState::NeedsAttention { why });
    let sent = bench
        .server
        .log
        .iter()
        .filter(|l| *l == "POST /v1/uploads")
        .count();
    assert_eq!(sent, 3);
}

#[test]
fn many_photos_are_offered_at_once_each_only_once() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[10, 20, 30, 40, 50]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    let first = bench.app().next_requests(3).unwrap();
    let second = bench.app().next_requests(10).unwrap();
    assert_eq!((first.len(), second.len()), (3, 2));
    bench.app().set_data_saver(true).unwrap();
    bench.reopen();
    assert!(
        bench
            .app()
            .next_requests(10)
            .unwrap()
            .iter()
            .all(|r| r.path == "/v1/session/refresh")
    );
    bench.app().set_data_saver(false).unwrap();
    let again = bench.app().next_requests(10).unwrap();
    let ids: std::collections::BTreeSet<_> = again.iter().map(|r| r.id.clone()).collect();
    let before: std::collections::BTreeSet<_> =
        first.iter().chain(&second).map(|r| r.id.clone()).collect();
    assert_eq!(ids, before, "the same work under the same ids");
    assert!(again.iter().all(|request| request.method == "HEAD"));
}

#[test]
fn signing_out_keeps_the_spool_and_tells_the_server() {
    let mut bench = Bench::enrolled();
    bench.server.put(&object(1), &assignment(1));
    bench.app().send_now().unwrap();
    bench.settle();
    bench.seal(None, &[100]);
    bench.app().sign_out().unwrap();
    let status = bench.app().status().unwrap();
    assert!(!status.signed_in && !status.sign_in_again);
    assert!(bench.app().assignments().unwrap().is_empty());
    bench.server.log.clear();
    bench.settle();
    assert_eq!(bench.server.log, ["DELETE /v1/session"]);
    assert_eq!(bench.app().outbox().unwrap().len(), 1);
    bench.sign_in();
    bench.settle();
    assert_eq!(only(&bench).state, OutboxState::Sent);
    assert_eq!(bench.app().assignments().unwrap().len(), 1);
}

#[test]
fn an_old_app_may_not_begin_and_still_sends() {
    let mut bench = Bench::enrolled();
    bench.server.min_version = "0.10.0".to_owned();
    bench.seal(None, &[100]);
    bench.settle_in_time();
    assert!(bench.app().status().unwrap().update_needed);
    let core = bench.app().core();
    let refused = bench
        .app()
        .phone()
        .may_begin(&core.stores.device)
        .unwrap_err();
    assert_eq!(CoreError::from(refused), CoreError::UpdateApp);
    drop(core);
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn a_wrong_clock_and_a_full_disk_are_told() {
    let mut bench = Bench::enrolled();
    assert_eq!(bench.app().status().unwrap().clock, None);
    bench
        .hands
        .wall
        .store(T0 + 3_600 * S, std::sync::atomic::Ordering::SeqCst);
    let ahead = bench.app().status().unwrap().clock.unwrap().ahead_s;
    assert!((3_500..=3_600).contains(&ahead), "{ahead}");
    bench
        .hands
        .free
        .store(1_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(
        bench.app().status().unwrap().space,
        Some(crate::SpaceProblem::Full)
    );
    let core = bench.app().core();
    let refused = bench
        .app()
        .phone()
        .may_begin(&core.stores.device)
        .unwrap_err();
    assert_eq!(CoreError::from(refused), CoreError::StorageFull);
    drop(core);
    bench.settle();
}

#[test]
fn a_full_database_is_told_as_a_full_phone_and_loses_nothing() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100]);
    {
        let core = bench.app().core();
        let db = &core.stores.device;
        let pages: u32 = db
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        db.pragma_update(None, "max_page_count", pages).unwrap();
        let filled = db.execute(
            "INSERT INTO meta (name, value) VALUES ('junk', ?1)",
            ["x".repeat(1 << 20)],
        );
        let error = CoreError::from(crate::error::Error::from(filled.unwrap_err()));
        assert_eq!(error, CoreError::StorageFull);
    }
    bench.reopen();
    bench.settle_in_time();
    assert_eq!(only(&bench).state, OutboxState::Sent);
}

#[test]
fn a_colleague_carries_a_bundle_and_the_server_hears_of_it() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[100, 200]);
    let file = author.folder().join("titip.tilik");
    let path = file.to_string_lossy().into_owned();
    assert_eq!(author.app().export_bundle(vec![visit], path.clone()), Ok(1));
    let mut carrier = Bench::colleague();
    assert_eq!(carrier.app().import_bundle(path.clone()), Ok(1));
    assert_eq!(carrier.app().import_bundle(path), Ok(0), "once");
    carrier.settle_in_time();
    let seen = only(&carrier);
    assert!(seen.carried);
    assert_eq!(seen.visit, visit);
    assert_eq!(seen.state, OutboxState::Sent);
    assert_eq!(carrier.server.carried, 1);
    assert_eq!(carrier.server.whole.len(), 2);
    // Its own phone still keeps everything, and sends it too.
    assert_eq!(only(&author).state, OutboxState::Waiting);
}

#[test]
fn a_damaged_bundle_is_taken_not_at_all() {
    let mut author = Bench::enrolled();
    let visit = author.seal(None, &[300, 200]);
    let file = author.folder().join("titip.tilik");
    let path = file.to_string_lossy().into_owned();
    author
        .app()
        .export_bundle(vec![visit], path.clone())
        .unwrap();
    let good = std::fs::read(&file).unwrap();
    let carrier = Bench::new(2);
    let refused = Err(CoreError::Refused {
        code: "bundle_damaged".to_owned(),
    });
    let spool = || {
        std::fs::read_dir(carrier.folder().join("spool"))
            .unwrap()
            .count()
    };
    let mut tries: Vec<Vec<u8>> = (0..good.len())
        .step_by(7)
        .map(|n| good[..n].to_vec())
        .collect();
    for at in (0..good.len()).step_by(11) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        tries.push(bad);
    }
    tries.push([&good[..], b"x"].concat());
    // A length that would fill any memory.
    let mut huge = good.clone();
    huge[9..17].copy_from_slice(&u64::MAX.to_be_bytes());
    tries.push(huge);
    for bad in tries {
        std::fs::write(&file, &bad).unwrap();
        assert_eq!(carrier.app().import_bundle(path.clone()), refused);
        assert!(carrier.app().outbox().unwrap().is_empty());
        assert_eq!(spool(), 0);
    }
    std::fs::write(&file, &good).unwrap();
    assert_eq!(carrier.app().import_bundle(path), Ok(1));
}

#[test]
fn a_locked_keystore_holds_up_the_session_and_no_photo_that_has_its_grant() {
    let mut bench = Bench::enrolled();
    bench.seal(None, &[100, 200]);
    let sync = bench.next().unwrap();
    let response = bench.answer(&sync);
    bench.app().on_response(sync.id, response).unwrap();
    bench.pass_s(1_000);
    bench
        .hands
        .locked
        .store(true, std::sync::atomic::Ordering::SeqCst);
    bench.settle();
    assert_eq!(bench.server.whole.len(), 2);
    assert_eq!(
        bench.app().status().unwrap().last_problem.as_deref(),
        Some("keystore")
    );
    bench
        .hands
        .locked
        .store(false, std::sync::atomic::Ordering::SeqCst);
    bench.settle_in_time();
    assert_eq!(only(&bench).photos_received, 2);
}
