//! How long the phone's store takes: a cold open with 2,000 assignments until the first page of the list is there, and
//! pages of it while an officer scrolls. `cargo bench -p tilik-mobile-core --bench store`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measure that cannot go on fails, and it prints what it found"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use tilik_mobile_core::{
    AppInfo, Clock, FieldApp, FreeSpace, Keys, MonotonicClock, Place, PortError, Ports, Rng,
    Signer, TodayOrder, TodayQuery,
};

const ROWS: u32 = 2_000;
const RUNS: usize = 21;
const USER: &str = "01935c00-0000-7000-8000-000000000009";
const LAT: i64 = -78_164_000;
const LON: i64 = 1_120_114_000;

struct Still;

impl Clock for Still {
    fn wall_micros(&self) -> i64 {
        1_795_000_000_000_000
    }
    fn auto_time(&self) -> Option<bool> {
        None
    }
}

impl MonotonicClock for Still {
    fn elapsed_ns(&self) -> u64 {
        1
    }
    fn boot_id(&self) -> String {
        "1".to_owned()
    }
    fn boot_count(&self) -> Option<u64> {
        None
    }
}

impl Rng for Still {
    fn fill(&self, len: u32) -> Vec<u8> {
        vec![7; len as usize]
    }
}

impl FreeSpace for Still {
    fn free_bytes(&self) -> u64 {
        1 << 40
    }
    fn total_bytes(&self) -> u64 {
        1 << 41
    }
}

impl Signer for Still {
    fn public_key(&self) -> Result<Vec<u8>, PortError> {
        Err(PortError::Failed)
    }
    fn sign(&self, _: Vec<u8>) -> Result<Vec<u8>, PortError> {
        Err(PortError::Failed)
    }
    fn level(&self) -> Result<String, PortError> {
        Ok("software".to_owned())
    }
}

impl Keys for Still {
    fn database_key(&self) -> Result<Vec<u8>, PortError> {
        Ok(vec![3; 32])
    }
    fn new_database_key(&self) -> Result<Vec<u8>, PortError> {
        Err(PortError::Failed)
    }
}

fn open(folder: &Path) -> Arc<FieldApp> {
    let hands = Arc::new(Still);
    let ports = Ports {
        clock: hands.clone(),
        monotonic: hands.clone(),
        rng: hands.clone(),
        space: hands.clone(),
        signer: hands.clone(),
        keys: hands,
    };
    let info = AppInfo {
        version: "0.1.0".to_owned(),
        build: "1".to_owned(),
        phone_name: "bench".to_owned(),
        dev_options: None,
        adb: None,
        debugger: None,
        hooked: None,
        rooted: None,
    };
    FieldApp::open(folder.to_string_lossy().into_owned(), info, ports).unwrap()
}

/// The rows as a sync would have left them. Written past the app, which is closed meanwhile: the build without SQLCipher.
fn furnish(folder: &Path) {
    let device = Connection::open(folder.join("device.db")).unwrap();
    device
        .execute(
            "INSERT INTO meta (name, value) VALUES ('user', ?1)",
            [format!("\"{USER}\"")],
        )
        .unwrap();
    drop(device);
    drop(open(folder));
    let mut account = Connection::open(folder.join(format!("account-{USER}.db"))).unwrap();
    let tx = account.transaction().unwrap();
    tx.execute(
        "INSERT INTO bucket (bucket, seq, checksum) VALUES ('b', 1, 1)",
        [],
    )
    .unwrap();
    for n in 1..=ROWS {
        let id = format!("01935c00-0000-7000-8000-{n:012x}");
        let body = serde_json::json!({
            "case": id, "version": 3, "state": "assigned", "house": id, "family": id,
            "name": format!("Keluarga Contoh {n}"), "address": format!("Jalan Melati Gang {} No. {n}", n % 31),
            "rt": (n % 7).to_string(), "rw": (n % 13).to_string(), "region": "35.71.03.1009", "kind": "full",
            "form": { "id": "kepmensos-262", "version": 1 },
            "last_pin": { "lat_e7": LAT + i64::from(n * 37 % 2_000) * 90, "lon_e7": LON + i64::from(n * 53 % 2_000) * 90,
                "accuracy_cm": 800, "taken_at": "2026-11-24T03:00:00Z" },
            "programs": ["SEMBAKO", "PKH"], "closes_at": "2026-11-30T13:00:00Z",
        });
        tx.execute(
            "INSERT INTO feed_row (bucket, object, seq, hash, op, body) VALUES ('b', ?1, ?2, 0, 'put', ?3)",
            params![format!("assignment:{id}"), n, body.to_string()],
        )
        .unwrap();
    }
    tx.commit().unwrap();
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn page(app: &FieldApp, from: u32, search: &str) -> u32 {
    let query = TodayQuery {
        search: search.to_owned(),
        order: TodayOrder::Distance,
        here: Some(Place {
            lat_e7: LAT,
            lon_e7: LON,
            accuracy_cm: None,
        }),
        from,
        most: 50,
    };
    app.today(query).unwrap().total
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    furnish(folder.path());
    let mut opens = Vec::new();
    let mut firsts = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let app = open(folder.path());
        opens.push(begun.elapsed());
        assert_eq!(page(&app, 0, ""), ROWS);
        firsts.push(begun.elapsed());
    }
    println!("open: {:.1} ms", median(opens));
    println!("open and the first 50 of {ROWS}: {:.1} ms", median(firsts));
    let app = open(folder.path());
    page(&app, 0, "");
    for (what, search) in [("a page while scrolling", ""), ("a search", "contoh 19")] {
        let times = (0..40)
            .map(|n| {
                let begun = Instant::now();
                page(&app, n * 50, search);
                begun.elapsed()
            })
            .collect();
        println!("{what}: {:.1} ms", median(times));
    }
}
