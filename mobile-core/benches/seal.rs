//! What sealing one photo costs a phone, against the `image` crate alone doing the same work. To hold: at
//! most half its CPU, and at most 80 MiB at the peak, also for 50 megapixels.
//!
//! `cargo bench --bench seal`: draws its own photos, then runs each case in a process of its own, so that the peak is
//! the case's and nothing else's. A photo is measured from the camera's bytes to the sealed visit in the outbox: decoded,
//! made small, upright, encoded, put into the draft, sealed, signed and committed, through the same calls as the app's.
//! `image` decodes, resizes with Lanczos3, turns and encodes, and writes nothing.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints measures, run by hand"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use p256::ecdsa::signature::Signer as _;
use tilik_mobile_core::{
    AppInfo, BeginVisit, Clock, FieldApp, Fix, FreeSpace, Keys, MonotonicClock, NewPhoto, NewPin,
    PortError, Ports, RequestBody, Response, Rng, Signer,
};
use tilik_protocol::evidence::{PhotoKind, VisitKind};

/// Name, width and height: a usual camera and the largest common one.
const PHOTOS: [(&str, u16, u16); 2] = [("12 MP", 4032, 3024), ("50 MP", 8160, 6144)];
/// How often each case is run; the median counts.
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "tilik", photo] => report(seal, photo),
        [_, "image", photo] => report(|bytes| image_alone(&bytes), photo),
        _ => compare(),
    }
}

/// The parent: every case in its own process.
fn compare() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    println!(
        "photo  what            CPU ms   peak MiB   (median of {RUNS}; peak above the idle process)"
    );
    for (name, width, height) in PHOTOS {
        let file = folder.path().join(format!("{width}.jpg"));
        std::fs::write(&file, camera_photo(width, height)).unwrap();
        let mib = std::fs::metadata(&file).unwrap().len() / (1024 * 1024);
        println!("{name}  a camera's file of {mib} MiB");
        let mut cpu = Vec::new();
        for what in ["tilik", "image"] {
            let mut runs: Vec<(u64, u64)> = (0..RUNS)
                .map(|_| {
                    let out = Command::new(&program)
                        .arg(what)
                        .arg(&file)
                        .output()
                        .unwrap();
                    assert!(
                        out.status.success(),
                        "{}",
                        String::from_utf8_lossy(&out.stderr)
                    );
                    let text = String::from_utf8(out.stdout).unwrap();
                    let mut numbers = text.split_whitespace().map(|n| n.parse().unwrap());
                    (numbers.next().unwrap(), numbers.next().unwrap())
                })
                .collect();
            runs.sort_unstable();
            let (ms, kib) = runs[RUNS / 2];
            println!("{name}  {what:<12} {ms:>9} {:>10}", kib / 1024);
            cpu.push(ms.max(1));
        }
        println!("{name}  tilik / image {:>8} %", cpu[0] * 100 / cpu[1]);
    }
}

/// The child: prints CPU milliseconds of all its threads, and by how many KiB the peak rose.
fn report(work: impl FnOnce(Vec<u8>), photo: &str) {
    let before_kib = peak_kib();
    let bytes = std::fs::read(photo).unwrap();
    let before = cpu_ms();
    work(bytes);
    println!("{} {}", cpu_ms() - before, peak_kib() - before_kib);
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

/// User and system time; the kernel counts in hundredths of a second.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let ticks = |n: usize| -> u64 {
        after_name
            .split_whitespace()
            .nth(n)
            .unwrap()
            .parse()
            .unwrap()
    };
    (ticks(11) + ticks(12)) * 10
}

fn image_alone(bytes: &[u8]) {
    let photo = image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).unwrap();
    let small = photo
        .resize(2048, 2048, image::imageops::FilterType::Lanczos3)
        .rotate90();
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 80)
        .encode_image(&small)
        .unwrap();
    assert!(out.len() > 10_000);
}

/// The app's own way. Enrolment and roster are answered by hand and are a few small rows.
fn seal(jpeg: Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path());
    let visit = app
        .begin_visit(BeginVisit {
            case: None,
            kind: VisitKind::Finding,
            region: Some("35.71.03.1009".parse().unwrap()),
            training: false,
        })
        .unwrap();
    for (question, answer) in [
        ("what", "family"),
        ("name", "Contoh"),
        ("address", "Contoh"),
    ] {
        app.answer(visit, question.to_owned(), Some(answer.to_owned()))
            .unwrap();
    }
    app.set_pin(
        visit,
        NewPin {
            fixes: vec![Fix {
                lat_e7: -78_164_000,
                lon_e7: 1_120_114_000,
                accuracy_cm: 450,
                altitude_cm: None,
                speed_cm_s: None,
                bearing_cdeg: None,
                provider: "gps".to_owned(),
                mock: false,
                elapsed_ns: 1,
                taken_at_micros: NOW,
            }],
            source: "gnss".to_owned(),
            reason: None,
        },
    )
    .unwrap();
    let taken = app
        .add_photo(
            visit,
            NewPhoto {
                kind: PhotoKind::HouseFront,
                jpeg,
                taken_at_micros: NOW,
            },
        )
        .unwrap();
    assert!(taken.width.max(taken.height) <= 2048);
    assert_eq!(app.seal(visit).unwrap().photos, 1);
}

const NOW: i64 = 1_795_000_000_000_000;

struct Desk(p256::ecdsa::SigningKey);

impl Clock for Desk {
    fn wall_micros(&self) -> i64 {
        NOW
    }
    fn auto_time(&self) -> Option<bool> {
        None
    }
}

impl MonotonicClock for Desk {
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

impl Rng for Desk {
    fn fill(&self, len: u32) -> Vec<u8> {
        use std::io::Read;
        let mut bytes = vec![0; len as usize];
        let mut chance = std::fs::File::open("/dev/urandom").unwrap();
        chance.read_exact(&mut bytes).unwrap();
        bytes
    }
}

impl FreeSpace for Desk {
    fn free_bytes(&self) -> u64 {
        1 << 40
    }
    fn total_bytes(&self) -> u64 {
        1 << 41
    }
}

impl Signer for Desk {
    fn public_key(&self) -> Result<Vec<u8>, PortError> {
        let point = self.0.verifying_key().to_encoded_point(false);
        Ok(point.as_bytes().to_vec())
    }
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PortError> {
        let signature: p256::ecdsa::Signature = self.0.sign(&message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
    fn level(&self) -> Result<String, PortError> {
        Ok("software".to_owned())
    }
}

impl Keys for Desk {
    fn database_key(&self) -> Result<Vec<u8>, PortError> {
        Ok(vec![3; 32])
    }
    fn new_database_key(&self) -> Result<Vec<u8>, PortError> {
        Err(PortError::Failed)
    }
}

/// An app that is enrolled and signed in.
fn open(folder: &Path) -> Arc<FieldApp> {
    let desk = Arc::new(Desk(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()));
    let app = FieldApp::open(
        folder.to_string_lossy().into_owned(),
        AppInfo {
            version: "0.1.0".to_owned(),
            build: "1".to_owned(),
            phone_name: "desk".to_owned(),
            dev_options: None,
            adb: None,
            debugger: None,
            hooked: None,
            rooted: None,
        },
        Ports {
            clock: desk.clone(),
            monotonic: desk.clone(),
            rng: desk.clone(),
            space: desk.clone(),
            signer: desk.clone(),
            keys: desk,
        },
    )
    .unwrap();
    let user = "01900000-0000-7000-8000-000000000001";
    let spool = age::x25519::Identity::generate().to_public().to_string();
    let now = "2026-11-18T00:00:00Z";
    app.enrol("ABCDEFGHJK".to_owned()).unwrap();
    let asked = app.next_requests(1).unwrap().remove(0);
    let RequestBody::Bytes { bytes } = asked.body else {
        panic!("enrolment has a body");
    };
    let said: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let reply = serde_json::json!({
        "device": said["device"], "officer": user, "username": "desk", "spool_recipient": spool, "now": now
    });
    answer(&app, asked.id, &reply);
    app.sign_in("desk".to_owned(), "x".to_owned()).unwrap();
    let asked = app.next_requests(1).unwrap().remove(0);
    let reply = serde_json::json!({
        "access_token": "a", "access_expires_at": "2026-11-18T00:10:00Z", "refresh_token": "r",
        "me": { "user": user, "username": "desk", "name": "desk", "grants": [] }
    });
    answer(&app, asked.id, &reply);
    app
}

fn answer(app: &FieldApp, id: String, body: &serde_json::Value) {
    app.on_response(
        id,
        Response {
            status: 200,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        },
    )
    .unwrap();
}

/// A house front as a phone held upright writes it: noise of the sensor, texture of the wall, EXIF with orientation 6.
fn camera_photo(width: u16, height: u16) -> Vec<u8> {
    let (w, h) = (u32::from(width), u32::from(height));
    let mut noise = 0x9e37_79b9_u32;
    let mut rgb = Vec::with_capacity((w * h * 3) as usize);
    for y in 0..h {
        for x in 0..w {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let grain = noise % 12;
            let (u, v) = (x * 2_000 / w, y * 2_000 / h);
            let colour = if v > 1_600 {
                let stone = (u / 9 + v / 7 * 131).wrapping_mul(2_654_435_761) >> 26;
                [90 + stone, 80 + stone, 60 + stone]
            } else if v > 800 && (v % 50 < 4 || (u + v / 50 % 2 * 50) % 100 < 5) {
                [130, 120, 100]
            } else if v > 800 {
                [200, 185, 160]
            } else {
                [120 + v / 8, 160 + v / 10, 220]
            };
            rgb.extend(colour.map(|value| (value + grain).min(255) as u8));
        }
    }
    let tiff: &[u8] = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 92);
    encoder.add_app_segment(1, tiff).unwrap();
    encoder
        .encode(&rgb, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    out
}
