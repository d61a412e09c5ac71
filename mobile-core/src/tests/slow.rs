//! A village's link: 64 kbit/s, cut every twenty seconds.

use super::bench::Bench;
use crate::Request;

const BYTES_PER_S: u64 = 64_000 / 8;
const CUT_EVERY_S: u64 = 20;
const VISITS: usize = 500;
const PHOTOS: usize = 4;
const MINUTES_10: u64 = 600;

/// What goes over the link for a request: its body, the head, and what TLS and TCP add.
fn cost(request: &Request) -> u64 {
    Bench::body(request).len() as u64 + 1_200
}

#[test]
fn a_phone_with_two_thousand_photos_has_every_manifest_on_the_server_within_ten_minutes() {
    let mut bench = Bench::enrolled();
    for _ in 0..VISITS {
        bench.seal(None, &[40; PHOTOS]);
    }
    bench.server.log.clear();
    let (mut passed, mut until_cut, mut cuts) = (0, CUT_EVERY_S, 0);
    while bench.server.received.len() < VISITS {
        assert!(
            passed <= MINUTES_10,
            "{} there",
            bench.server.received.len()
        );
        let Some(request) = bench.next() else {
            let wait = bench.app().wait_s().max(1);
            bench.pass_s(wait);
            passed += wait;
            continue;
        };
        assert!(
            !request.path.starts_with("/v1/uploads"),
            "manifests first, photos after"
        );
        let takes = cost(&request).div_ceil(BYTES_PER_S) + 1;
        if takes > until_cut {
            bench.pass_s(until_cut);
            passed += until_cut;
            until_cut = CUT_EVERY_S;
            cuts += 1;
            bench.app().on_no_network(request.id).unwrap();
            continue;
        }
        bench.pass_s(takes);
        passed += takes;
        until_cut -= takes;
        let response = bench.answer(&request);
        bench.app().on_response(request.id, response).unwrap();
    }
    assert!(cuts > 0, "the link was never cut: nothing was shown");
    assert_eq!(bench.app().status().unwrap().photos_waiting, 2_000);
}
