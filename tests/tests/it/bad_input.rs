//! Bad input meets a clear word and loses nothing: photos that are none, manifests with a bent bit, strange phones and
//! clocks, cursors, ids, JSON and paths that mean nothing.

use std::collections::BTreeMap;

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{Flag, VisitKind};
use tilik_protocol::ids::{CaseId, PhotoId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::manifest::Hash32;
use tilik_protocol::problem::Problem;
use tilik_protocol::review::CaseView;
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::{Bucket, Carried, Cursor, SealedVisit, SyncRequest, VisitStatus};
use tilik_server::http::routes::{self, Access, Line};
use tilik_tests::handmade::{self, SoftPhone};
use tilik_tests::requests::{Caller, Scene, ask};
use tilik_tests::world::Answer;
use tilik_tests::{Staff, Village, World};

struct Ground {
    world: World,
    staff: Staff,
    village: Village,
    phone: SoftPhone,
}

async fn ground(seed: u64, homes: usize) -> Ground {
    let world = World::new(seed).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(homes, 0).await.unwrap();
    let phone = SoftPhone::enrolled(&world, &staff.admin, &staff.officers[0])
        .await
        .unwrap();
    Ground {
        world,
        staff,
        village,
        phone,
    }
}

impl Ground {
    async fn assigned(&self, home: usize) -> CaseId {
        let opened = self
            .staff
            .supervisor
            .open_cases(
                &[self.village.homes[home].family],
                VisitKind::Quick,
                Some(self.phone.officer.id),
                None,
            )
            .await
            .unwrap();
        opened.cases[0]
    }

    async fn case(&self, id: CaseId) -> CaseView {
        self.staff.auditor.case(id).await.unwrap()
    }
}

fn encoded(change: impl Fn(&mut jpeg_encoder::Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 85);
    change(&mut encoder);
    encoder
        .encode(
            &handmade::pixels(3),
            handmade::WIDTH,
            handmade::HEIGHT,
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    out
}

/// The photo without its segments of this marker.
fn without(photo: &[u8], marker: u8) -> Vec<u8> {
    let mut out = photo[..2].to_vec();
    let mut at = 2;
    while photo[at + 1] != 0xda {
        let len = 2 + usize::from(u16::from_be_bytes([photo[at + 2], photo[at + 3]]));
        if photo[at + 1] != marker {
            out.extend_from_slice(&photo[at..at + len]);
        }
        at += len;
    }
    out.extend_from_slice(&photo[at..]);
    out
}

/// The photo with a size of its frame's own choosing.
fn sized(photo: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut out = photo.to_vec();
    let frame = out
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    out[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    out[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    out
}

fn with_segment(photo: &[u8], segment: &[u8]) -> Vec<u8> {
    [&photo[..2], segment, &photo[2..]].concat()
}

fn bad_photos() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = handmade::jpeg(3).unwrap();
    let mut cmyk = Vec::new();
    let pixels = vec![7; usize::from(handmade::WIDTH) * usize::from(handmade::HEIGHT) * 4];
    jpeg_encoder::Encoder::new(&mut cmyk, 85)
        .encode(
            &pixels,
            handmade::WIDTH,
            handmade::HEIGHT,
            jpeg_encoder::ColorType::Cmyk,
        )
        .unwrap();
    let sixteen = {
        let mut out = good.clone();
        let frame = out
            .windows(2)
            .position(|pair| pair == [0xff, 0xc0])
            .unwrap();
        out[frame + 4] = 12;
        out
    };
    vec![
        ("a PNG", b"\x89PNG\r\n\x1a\n and so on".to_vec(), "not_jpeg"),
        ("a page", b"<html><script>1</script>".to_vec(), "not_jpeg"),
        ("half a photo", good[..good.len() / 2].to_vec(), "truncated"),
        (
            "a photo and a zip",
            [&good[..], b"PK\x03\x04 a zip behind a photo"].concat(),
            "trailing_data",
        ),
        (
            "a photo and a page",
            [&good[..], b"<html><script>1</script>"].concat(),
            "trailing_data",
        ),
        (
            "a progressive photo",
            encoded(|encoder| encoder.set_progressive(true)),
            "not_baseline",
        ),
        ("a CMYK photo", without(&cmyk, 0xee), "wrong_colours"),
        ("a photo of 12 bits", sixteen, "not_eight_bit"),
        ("a bomb", sized(&good, 65_500, 65_500), "too_many_pixels"),
        (
            "more than 24 megapixels",
            sized(&good, 8_000, 4_000),
            "too_many_pixels",
        ),
        (
            "a photo with EXIF",
            with_segment(&good, b"\xff\xe1\x00\x08Exif\0\0"),
            "has_metadata",
        ),
        (
            "a photo with a page in its comment",
            with_segment(&good, b"\xff\xfe\x00\x08<html>"),
            "has_metadata",
        ),
        (
            "a photo without its tables",
            without(&good, 0xc4),
            "undecodable",
        ),
    ]
}

#[tokio::test]
async fn a_photo_that_is_none_is_kept_flagged_told_and_never_shown() {
    let bad = bad_photos();
    let mut ground = ground(111, bad.len()).await;
    for (home, (what, bytes, problem)) in bad.into_iter().enumerate() {
        let case = ground.assigned(home).await;
        let phone = &mut ground.phone;
        let shots = vec![
            phone.shot(handmade::jpeg(home as u64).unwrap()).unwrap(),
            phone.shot(bytes.clone()).unwrap(),
        ];
        let manifest = phone.manifest(Some(case), VisitKind::Quick, &shots);
        let visit = phone.seal(manifest, shots);
        phone.bring(&visit).await.unwrap();
        ground.world.settle().await.unwrap();

        // The officer hears it, so that the photo can be taken again.
        let bad = visit.shots[1].id;
        let request = SyncRequest {
            ask_receipts: vec![bad],
            ..ground.phone.sync_body(Vec::new())
        };
        let token = ground.phone.token().await.unwrap();
        let reply = ground
            .world
            .call("POST", "/v1/sync", Some(&token), Some(&json!(request)))
            .await
            .json();
        assert_eq!(reply["receipts"][0]["problem"], problem, "{what}");

        // The reviewer sees that it is bad, and the evidence as a whole is flagged.
        let view = ground.case(case).await;
        assert_eq!(view.state.known(), Some(CaseState::Submitted), "{what}");
        let photos = &view.visits[0].photos;
        assert_eq!(photos[0].state, "ready", "{what}");
        assert_eq!(
            (photos[1].state.as_str(), photos[1].problem.as_deref()),
            ("bad", Some(problem)),
            "{what}"
        );
        let flags: Vec<_> = view.visits[0]
            .flags
            .iter()
            .filter_map(|flag| flag.flag.known())
            .collect();
        assert!(flags.contains(&Flag::BadPhoto), "{what}: {flags:?}");
        for side in ["320", "1600"] {
            let path = format!("/v1/photos/{bad}/{side}");
            let shown = ground.staff.supervisor.get(&path).await;
            assert_eq!(shown.verdict(), "422 bad_photo", "{what}");
        }

        // Nothing is lost: the bytes are where they were put, as they came.
        let app = ground.world.app().unwrap();
        let id = uuid::Uuid::from(bad);
        let rows = app
            .store
            .peek("SELECT original_key FROM photo WHERE id = $1", [id.into()])
            .await
            .unwrap();
        let key: String = rows[0].try_get_by_index(0).unwrap();
        let kept = app.blobs.get(&key.parse().unwrap()).await.unwrap();
        assert_eq!(kept, bytes, "{what}");
    }
    // It stands in the queue, and the photo can be named in a return.
    let claimed = ground.staff.supervisor.claim().await.unwrap().unwrap();
    let bad: PhotoId = claimed.visits[0].photos[1].id;
    let reason = serde_json::from_value(
        json!({ "target": { "kind": "photo", "photo": bad }, "code": "FOTO_BURAM" }),
    );
    let returned = ground
        .staff
        .supervisor
        .return_case(claimed.id, vec![reason.unwrap()])
        .await
        .unwrap();
    assert_eq!(returned.state.known(), Some(CaseState::Returned));
    ground.world.end().await;
}

#[tokio::test]
async fn a_photo_beyond_ten_mebibytes_cannot_be_sealed_or_announced() {
    let mut ground = ground(112, 1).await;
    let case = ground.assigned(0).await;
    let shot = ground.phone.shot(handmade::jpeg(1).unwrap()).unwrap();
    let mut manifest =
        ground
            .phone
            .manifest(Some(case), VisitKind::Quick, std::slice::from_ref(&shot));
    manifest.photos[0].len = 10 * 1024 * 1024 + 1;
    let visit = ground.phone.seal(manifest, vec![shot.clone()]);
    let reply = ground.phone.sync(&[&visit]).await.unwrap();
    assert_eq!(
        (
            reply.results[0].status.known(),
            reply.results[0].code.as_deref()
        ),
        (Some(VisitStatus::Malformed), Some("bad_manifest"))
    );
    let token = ground.phone.token().await.unwrap();
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    let announced = ground.phone.announcement(&shot, visit.visit());
    headers.extend(announced.iter().map(|(name, value)| {
        let value = if *name == "upload-length" {
            "11000000"
        } else {
            value.as_str()
        };
        (*name, value)
    }));
    let answer = ground
        .world
        .call_with("POST", "/v1/uploads", &headers, None)
        .await
        .unwrap();
    assert_eq!(answer.verdict(), "413 too_large");
    ground.world.end().await;
}

async fn carried(ground: &Ground, manifests: &[Vec<u8>]) -> Carried {
    let visits: Vec<SealedVisit> = manifests
        .iter()
        .map(|cose| SealedVisit {
            manifest: STANDARD.encode(cose),
            answers: None,
        })
        .collect();
    ground
        .staff
        .supervisor
        .post("/v1/visits", &json!({ "visits": visits }))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap()
}

#[tokio::test]
async fn a_manifest_with_any_bit_bent_is_never_taken_for_the_visit() {
    let mut ground = ground(113, 1).await;
    let case = ground.assigned(0).await;
    let visit = ground
        .phone
        .capture(Some(case), VisitKind::Quick, 2)
        .unwrap();
    let bent: Vec<Vec<u8>> = (0..visit.cose.len())
        .map(|at| {
            let mut cose = visit.cose.clone();
            cose[at] ^= 1 << (at % 8);
            cose
        })
        .collect();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for some in bent.chunks(100) {
        for result in carried(&ground, some).await.results {
            let status = result.status.to_string();
            let code = result.code.unwrap_or_default();
            *told.entry(format!("{status} {code}")).or_default() += 1;
        }
    }
    for word in told.keys() {
        assert!(
            [
                "malformed bad_manifest",
                "quarantined bad_signature",
                "quarantined unknown_device",
            ]
            .contains(&word.as_str()),
            "{told:?}"
        );
    }
    assert!(told.contains_key("malformed bad_manifest"), "{told:?}");
    // What could be read is kept apart, byte for byte; none of it touched the case.
    let apart = usize::try_from(
        ground
            .world
            .count("SELECT COUNT(*) FROM quarantine")
            .await
            .unwrap(),
    )
    .unwrap();
    let quarantined: usize = told
        .iter()
        .filter(|(word, _)| word.starts_with("quarantined"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(apart, quarantined);
    assert!(ground.case(case).await.visits.is_empty());
    // The genuine one still comes in.
    let genuine = carried(&ground, std::slice::from_ref(&visit.cose)).await;
    assert_eq!(
        genuine.results[0].status.known(),
        Some(VisitStatus::Accepted)
    );
    ground.world.end().await;
}

#[tokio::test]
async fn a_manifest_in_an_age_file_is_the_same_visit_and_one_that_does_not_open_is_kept_apart() {
    let mut ground = ground(118, 1).await;
    let case = ground.assigned(0).await;
    let visit = ground
        .phone
        .capture(Some(case), VisitKind::Quick, 2)
        .unwrap();
    let recipient = ground.world.app().unwrap().keys.spool_recipient();
    let recipient: age::x25519::Recipient = recipient.parse().unwrap();
    let enveloped = |plain: &[u8]| age::encrypt(&recipient, plain).unwrap();
    let good = enveloped(&visit.cose);
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    let stranger = age::x25519::Identity::generate().to_public();
    let not_ours = age::encrypt(&stranger, &visit.cose).unwrap();
    // Larger than any manifest in an age file: not even opened.
    let huge = enveloped(&vec![0; 80 * 1024]);
    let no_manifest = enveloped(b"halo");
    let sent = [
        bent,
        not_ours,
        huge,
        no_manifest,
        good.clone(),
        good,
        visit.cose,
    ];
    let told = carried(&ground, &sent).await.results;
    let words: Vec<String> = told
        .iter()
        .map(|result| {
            let code = result.code.clone().unwrap_or_default();
            format!("{} {code}", result.status).trim_end().to_owned()
        })
        .collect();
    assert_eq!(
        words,
        [
            "quarantined cannot_open",
            "quarantined cannot_open",
            "malformed bad_manifest",
            "malformed bad_manifest",
            "accepted",
            "duplicate",
            "duplicate"
        ]
    );
    for (result, sent) in told.iter().zip(&sent) {
        let sha = Hash32::of(sent).to_string();
        assert_eq!(result.manifest_sha256, sha, "it is known by what came");
    }
    let apart = ground.world.count("SELECT COUNT(*) FROM quarantine").await;
    assert_eq!(apart.unwrap(), 2);
    assert_eq!(ground.case(case).await.visits.len(), 1);
    ground.world.end().await;
}

#[tokio::test]
async fn a_visit_of_an_unknown_or_stolen_phone_is_kept_apart_and_of_a_retired_one_taken() {
    let mut ground = ground(114, 3).await;
    let cases = [
        ground.assigned(0).await,
        ground.assigned(1).await,
        ground.assigned(2).await,
    ];
    let word = |carried: &Carried| {
        let result = &carried.results[0];
        let code = result.code.clone().unwrap_or_default();
        format!("{} {code}", result.status).trim_end().to_owned()
    };
    let mut unknown = ground.phone.clone();
    unknown.id = ground.world.id();
    let strange = unknown
        .capture(Some(cases[0]), VisitKind::Quick, 1)
        .unwrap();
    assert_eq!(
        word(&carried(&ground, &[strange.cose]).await),
        "quarantined unknown_device"
    );
    // Signed with a key that is not the phone's.
    let stranger = SoftPhone::enrolled(
        &ground.world,
        &ground.staff.supervisor,
        &ground.staff.officers[0],
    )
    .await
    .unwrap();
    let mut forger = stranger.clone();
    forger.id = ground.phone.id;
    let forged = forger.capture(Some(cases[0]), VisitKind::Quick, 1).unwrap();
    assert_eq!(
        word(&carried(&ground, &[forged.cose]).await),
        "quarantined bad_signature"
    );
    // In somebody else's name.
    let mut other = ground.phone.clone();
    other.officer = ground.staff.auditor.person.clone();
    let borrowed = other.capture(Some(cases[0]), VisitKind::Quick, 1).unwrap();
    assert_eq!(
        word(&carried(&ground, &[borrowed.cose]).await),
        "quarantined forbidden"
    );

    let retire = ground.phone.id;
    ground
        .staff
        .supervisor
        .revoke(retire, RevokeKind::Retired)
        .await
        .unwrap();
    let drained = ground
        .phone
        .capture(Some(cases[1]), VisitKind::Quick, 1)
        .unwrap();
    assert_eq!(word(&carried(&ground, &[drained.cose]).await), "accepted");
    ground
        .staff
        .supervisor
        .revoke(retire, RevokeKind::Stolen)
        .await
        .unwrap();
    let late = ground
        .phone
        .capture(Some(cases[2]), VisitKind::Quick, 1)
        .unwrap();
    assert_eq!(
        word(&carried(&ground, &[late.cose]).await),
        "quarantined device_revoked"
    );
    assert_eq!(
        ground
            .world
            .count("SELECT COUNT(*) FROM quarantine")
            .await
            .unwrap(),
        4
    );
    ground.world.end().await;
}

#[tokio::test]
async fn a_word_that_no_build_knows_is_kept_with_the_visit_and_not_in_the_journal() {
    let mut ground = ground(117, 1).await;
    let case = ground.assigned(0).await;
    let shots = vec![ground.phone.shot(handmade::jpeg(1).unwrap()).unwrap()];
    let mut manifest = ground.phone.manifest(Some(case), VisitKind::Quick, &shots);
    manifest.kind = Lenient::read("kenari zulkarnaen");
    let visit = ground.phone.seal(manifest, shots);
    ground.phone.bring(&visit).await.unwrap();
    let kept = "SELECT COUNT(*) FROM visit WHERE kind = 'kenari zulkarnaen'";
    assert_eq!(ground.world.count(kept).await.unwrap(), 1);
    let store = ground.world.app().unwrap().store;
    let rows = store
        .peek(
            "SELECT body FROM journal WHERE action = 'visit.receive'",
            [],
        )
        .await
        .unwrap();
    let body: Vec<u8> = rows[0].try_get_by_index(0).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["kind"], "unknown");
    ground.world.end().await;
}

#[tokio::test]
async fn a_phone_whose_clock_is_a_year_ahead_is_taken_and_flagged() {
    let mut ground = ground(115, 1).await;
    let case = ground.assigned(0).await;
    let shots = vec![ground.phone.shot(handmade::jpeg(1).unwrap()).unwrap()];
    let mut manifest = ground.phone.manifest(Some(case), VisitKind::Quick, &shots);
    let ahead = ground.world.now().plus_s(365 * 86_400);
    manifest.captured_at = ahead;
    manifest.arrived_at = ahead.plus_s(-60);
    manifest.clock.wall = ahead;
    let visit = ground.phone.seal(manifest, shots);
    ground.phone.bring(&visit).await.unwrap();
    let view = ground.case(case).await;
    assert_eq!(view.state.known(), Some(CaseState::Submitted));
    assert!(
        view.visits[0]
            .flags
            .iter()
            .any(|flag| flag.flag.known() == Some(Flag::FutureClock))
    );
    assert!(view.visits[0].received_at < ahead);
    ground.world.end().await;
}

#[tokio::test]
async fn a_cursor_that_cannot_be_is_answered_with_a_fresh_start_or_named() {
    let mut ground = ground(116, 2).await;
    ground.assigned(0).await;
    ground.assigned(1).await;
    let own = Bucket::officer(ground.phone.officer.id);
    let epoch = ground.phone.sync(&[]).await.unwrap().epoch;
    let token = ground.phone.token().await.unwrap();
    let round = async |cursors: BTreeMap<Bucket, Cursor>| -> Value {
        let request = SyncRequest {
            epoch,
            cursors,
            ..ground.phone.sync_body(Vec::new())
        };
        let answer = ground
            .world
            .call("POST", "/v1/sync", Some(&token), Some(&json!(request)))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    };
    for (seq, checksum) in [(999, 0), (2, 1), (u64::MAX, u64::MAX)] {
        let reply = round(BTreeMap::from([(own.clone(), Cursor { seq, checksum })])).await;
        let page = &reply["buckets"][0];
        assert_eq!(page["reset"], true, "{seq}");
        assert_eq!(page["rows"].as_array().unwrap().len(), 2, "{seq}");
    }
    let strange = Bucket("officer:nobody".to_owned());
    let reply = round(BTreeMap::from([(strange.clone(), Cursor::default())])).await;
    assert_eq!(reply["revoked"], json!([strange]));
    let mut body = json!(ground.phone.sync_body(Vec::new()));
    body["cursors"] = json!({ own.0: { "seq": 1, "checksum": "not hex" } });
    let answer = ground
        .world
        .call("POST", "/v1/sync", Some(&token), Some(&body))
        .await;
    assert_eq!(answer.verdict(), "422 invalid");
    for list in ["/v1/cases", "/v1/memberships"] {
        let path = format!("{list}?after=not-a-cursor");
        assert_eq!(
            ground.staff.auditor.get(&path).await.verdict(),
            "400 bad_cursor"
        );
    }
    let users = ground.staff.admin.get("/v1/users?after=0").await;
    assert_eq!(users.verdict(), "400 bad_cursor");
    ground.world.end().await;
}

/// A problem as RFC 9457 and our own words want it.
#[track_caller]
fn is_problem(answer: &Answer, what: &str) -> Problem {
    assert_eq!(
        answer
            .headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok()),
        Some("application/problem+json"),
        "{what}: {} {:?}",
        answer.status,
        answer.body
    );
    let problem: Problem = answer.read().unwrap();
    assert_eq!(problem.status, answer.status, "{what}");
    assert_eq!(
        problem.r#type,
        format!("/problems/{}", problem.code),
        "{what}"
    );
    assert!(
        !problem.title.is_empty() && !problem.detail.is_empty(),
        "{what}"
    );
    assert_eq!(answer.headers["x-request-id"], problem.request_id, "{what}");
    assert!(answer.status < 500, "{what}: {}", answer.json());
    problem
}

/// Somebody who may call this route.
fn allowed<'a>(scene: &'a Scene, line: &Line) -> &'a Caller {
    let may = |caller: &&Caller| match line.access {
        Access::Requires(permission) => caller.role.may(permission),
        Access::Uploads => caller.phone.is_some(),
        Access::Public | Access::Watching | Access::SignedIn => true,
    };
    let mut callers = scene.callers.iter().map(|set| &set.own);
    callers.find(may).unwrap()
}

#[tokio::test]
async fn every_route_answers_bad_json_bad_ids_and_bad_queries_with_a_problem() {
    let scene = Scene::new(117).await.unwrap();
    let world = &scene.world;
    for line in routes::lines() {
        let caller = allowed(&scene, &line);
        let token = Some(caller.tokens.access_token.as_str());
        let good = ask(world, &scene, &line, caller).unwrap().unwrap();
        let name = format!("{} {}", line.method, line.path);
        let send = async |change: &dyn Fn(&mut tilik_tests::requests::Ask)| {
            let mut ask = good.clone();
            change(&mut ask);
            world.send(ask.request(token).unwrap()).await.unwrap()
        };
        if line.path.contains("{id}") {
            for id in ["x", "0", "..", "%00", "123e4567", "%2e%2e%2f"] {
                let path = line.path.replace("{id}", id).replace("{side}", "320");
                let answer = send(&|ask| ask.path.clone_from(&path)).await;
                if line.method == Method::HEAD {
                    assert_eq!(answer.status, 400, "{name} {id}");
                    continue;
                }
                let problem = is_problem(&answer, &format!("{name} {id}"));
                let code = problem.code.to_string();
                assert!(
                    ["bad_id", "no_such_route"].contains(&code.as_str()),
                    "{name} {id}: {code}"
                );
            }
        }
        if line.method == Method::GET && line.path.starts_with("/v1/") {
            for query in ["limit=x", "limit=-1", "limit=99999999999999999999"] {
                let path = format!("{}?{query}", line.path);
                let answer = send(&|ask| ask.path.clone_from(&path)).await;
                if answer.status != 200 {
                    is_problem(&answer, &format!("{name} {query}"));
                }
            }
        }
        let is_json = good
            .headers
            .iter()
            .any(|(name, value)| *name == "content-type" && value == "application/json");
        if !is_json {
            continue;
        }
        let deep = "[".repeat(10_000);
        let bodies: [&[u8]; 10] = [
            b"",
            b"{",
            b"nonsense",
            b"[]",
            b"\"text\"",
            b"7",
            b"{\"event_id\": 5, \"username\": [], \"refresh_token\": {}, \"families\": 0, \"cases\": 1}",
            b"\xff\xfe\x00",
            deep.as_bytes(),
            b"{\"a\":1}{\"a\":2}",
        ];
        for body in bodies {
            let what = format!(
                "{name} {:?}",
                String::from_utf8_lossy(&body[..body.len().min(40)])
            );
            let answer = send(&|ask| ask.body = body.to_vec()).await;
            // The fields of these may all be absent, so a sequence of none is one.
            let all_optional = [
                "/v1/review/claim",
                "/v1/review/sheets",
                "/v1/families/search",
            ]
            .contains(&line.path);
            if all_optional && answer.status == 200 {
                continue;
            }
            let problem = is_problem(&answer, &what);
            assert!(
                [400, 422].contains(&problem.status),
                "{what}: {}",
                problem.code
            );
        }
        let answer = send(&|ask| ask.headers.retain(|(name, _)| *name != "content-type")).await;
        assert_eq!(
            is_problem(&answer, &name).code.to_string(),
            "unsupported_media_type",
            "{name}"
        );
        let answer = send(&|ask| ask.body = vec![b' '; 12 * 1024 * 1024]).await;
        assert_eq!(
            is_problem(&answer, &name).code.to_string(),
            "too_large",
            "{name}"
        );
    }
    scene.world.end().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let world = World::new(118).await.unwrap();
    for path in [
        "/v1",
        "/v1/",
        "/v2/cases",
        "/v1/cases/",
        "/v1/nothing",
        "/v1/cases/1/2/3",
        "/health",
        "/_app/immutable/gone.js",
        "/_app/../../Cargo.toml",
    ] {
        let answer = world.call("GET", path, None, None).await;
        let problem = is_problem(&answer, path);
        assert_eq!(problem.code.to_string(), "no_such_route", "{path}");
    }
    // Any other address is the console's, which says itself that it has no such page.
    for path in [
        "/",
        "/tinjau",
        "/..%2f..%2fetc/passwd",
        "/../Cargo.toml",
        "/%ff%fe",
    ] {
        let answer = world.call("GET", path, None, None).await;
        assert_eq!(answer.status, 200, "{path}");
        let kind = answer.headers["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/html; charset=utf-8", "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let answer = world.call("POST", path, None, None).await;
        assert_eq!(
            is_problem(&answer, path).code.to_string(),
            "no_such_route",
            "{path}"
        );
    }
    for (method, path) in [
        ("PUT", "/v1/cases"),
        ("DELETE", "/v1/me"),
        ("BREW", "/v1/session"),
        ("TRACE", "/v1/session"),
    ] {
        let answer = world.call(method, path, None, None).await;
        let problem = is_problem(&answer, path);
        assert_eq!(problem.code.to_string(), "method_not_allowed", "{method}");
    }
    for token in ["", "x", "a.b.c", "e30.e30.e30"] {
        let answer = world.call("GET", "/v1/me", Some(token), None).await;
        let problem = is_problem(&answer, token);
        assert_eq!(problem.code.to_string(), "unauthenticated", "{token}");
    }
    world.end().await;
}
