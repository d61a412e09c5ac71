//! What the server costs: a visit with its photos, a place that is given on, the next case for review, an officer's first
//! sync, doing nothing.
//!
//! `… --bench spine -- replacements` measures only how long it takes to give places on, after the visits that this needs.
//!
//! `TMPDIR=/var/tmp cargo bench --workspace --bench spine` measures SQLite and a directory (`TMPDIR`, because the tests'
//! own folder lies in memory); with `TILIK_TEST_DATABASE_URL` and `TILIK_TEST_S3_*` set, as `tests/services` sets them, it
//! measures PostgreSQL and S3. The server is a process of its own, so that its CPU is its own; its clients are real phone
//! cores and consoles over real HTTP on the same machine, and keep what is theirs in memory, not on the server's disk.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a program that prints measures, run by hand"
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tilik_protocol::evidence::{PhotoKind, VisitKind};
use tilik_protocol::ids::{CaseId, FamilyId};
use tilik_protocol::policy::Role;
use tilik_server::blobs::S3Options;
use tilik_server::clock::Clock;
use tilik_server::config::{Config, SecondFactor};
use tilik_server::start::{self, Migrating};
use tilik_server::store::testing::{self, PlantFamily, PlantPerson};
use tilik_server::store::{DatabaseUrl, Store};
use tilik_server::{App, serve};
use tilik_tests::houses::{House, Shot, View};
use tilik_tests::people::{Console, first_accounts, hire};
use tilik_tests::phone::{Carrier, FieldPhone, Hands, Http, Sun};
use tilik_tests::village::{DOOR, SEMBAKO, city, here};
use tilik_tests::world::Doorway;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Families, as many as Kota Kediri has recipients.
const FAMILIES: usize = 33_632;
/// Phones that send at once.
const CLIENTS: usize = 8;
/// Visits of each.
const VISITS: usize = 25;
/// Claims that are timed.
const CLAIMS: usize = 1_000;
/// Claims before them, while connections are opened and their statements prepared.
const FIRST_CLAIMS: usize = 50;
/// Assignments of a first sync.
const ASSIGNMENTS: usize = 500;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "serve", folder, database, listen, workers] => {
            let mut config = settings(
                Path::new(folder),
                self::database(database),
                listen.parse().unwrap(),
            );
            config.workers = workers.parse().unwrap();
            runtime.block_on(server(config));
        }
        [_, ref wanted @ ..] => runtime.block_on(measure(wanted.contains(&"replacements"))),
        [] => {}
    }
}

fn settings(folder: &Path, database: DatabaseUrl, listen: SocketAddr) -> Config {
    let var = |name: &str| std::env::var(format!("TILIK_TEST_S3_{name}")).ok();
    let bucket = || {
        Some(S3Options {
            endpoint: var("ENDPOINT")?,
            region: var("REGION")?,
            bucket: var("BUCKET")?,
            access_key: var("ACCESS_KEY")?,
            secret_key: var("SECRET_KEY")?,
        })
    };
    Config {
        database,
        s3: bucket(),
        public_url: format!("http://{listen}"),
        listen,
        second_factor: SecondFactor::Offered,
        ..Config::embedded(folder.to_path_buf())
    }
}

fn database(text: &str) -> DatabaseUrl {
    match text.strip_prefix("sqlite:") {
        Some(path) => DatabaseUrl::Sqlite(PathBuf::from(path)),
        None => DatabaseUrl::Postgres(text.to_owned()),
    }
}

/// The child: a server and nothing else.
async fn server(config: Config) {
    let listen = config.listen;
    let app = start::open_app(config, true).await.unwrap();
    let listener = TcpListener::bind(listen).await.unwrap();
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    serve::serve(app, listener, stopping).await.unwrap();
}

/// The fields of a process after its name, as `proc(5)` counts them from 3.
fn stat(process: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(
        stat.rsplit(") ")
            .next()?
            .split(' ')
            .map(str::to_owned)
            .collect(),
    )
}

/// Clock ticks are of a hundredth of a second on every Linux there is.
fn ticks_ms(ticks: &[String]) -> u64 {
    let ticks = ticks.iter().map(|field| field.parse::<u64>().unwrap());
    ticks.sum::<u64>() * 10
}

/// The processes of a PostgreSQL on this machine.
struct Postgres(u32);

impl Postgres {
    async fn behind(store: &Store, url: &str) -> Option<Self> {
        if url.starts_with("sqlite") {
            return None;
        }
        let backend = store
            .count("SELECT pg_backend_pid()::bigint")
            .await
            .unwrap();
        let parent = &stat(u32::try_from(backend).unwrap())?[1];
        Some(Self(parent.parse().unwrap()))
    }

    /// Milliseconds of CPU so far, of all of them, those included that have ended.
    fn cpu_ms(&self) -> u64 {
        let parent = self.0.to_string();
        let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let process = entry.ok()?.file_name().to_str()?.parse().ok()?;
            stat(process).filter(|fields| process == self.0 || fields[1] == parent)
        });
        all.map(|fields| ticks_ms(&fields[11..15])).sum()
    }
}

/// The server's process, ended when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts it with so many workers for background jobs and waits until it is ready; in how many milliseconds it was.
    async fn start(folder: &Path, url: &str, listen: SocketAddr, workers: usize) -> (Self, u128) {
        let began = Instant::now();
        let process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .arg(folder)
            .arg(url)
            .arg(listen.to_string())
            .arg(workers.to_string())
            .spawn()
            .map(Self)
            .unwrap();
        let door = Doorway::over(Http::at(&format!("http://{listen}")));
        for _ in 0..6_000 {
            if door.call("GET", "/health/ready", None, None).await.status == 200 {
                return (process, began.elapsed().as_millis());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server never got ready");
    }

    /// Milliseconds of CPU so far, user and system.
    fn cpu_ms(&self) -> u64 {
        ticks_ms(&stat(self.0.id()).unwrap()[11..13])
    }

    /// Resident memory in MiB.
    fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
            / 1024.0
    }
}

struct Bench {
    app: App,
    http: Http,
    supervisor: Console,
    desk: (Console, Console),
    families: Vec<FamilyId>,
    postgres: Option<Postgres>,
    phones: tempfile::TempDir,
}

/// In memory where that is to be had: a phone has a disk of its own.
fn phones() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

async fn measure(only_replacements: bool) {
    let fresh = testing::fresh().await;
    let folder = fresh.folder.path().join("data");
    let url = match &fresh.url {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let listen: SocketAddr = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap()
    };
    let config = settings(&folder, fresh.url.clone(), listen);
    let kind = if url.starts_with("sqlite") {
        "SQLite"
    } else {
        "PostgreSQL"
    };
    let blobs = if config.s3.is_some() {
        "S3"
    } else {
        "directory"
    };
    println!("{kind} + {blobs}, data in {}", folder.display());
    migrated(&config).await;
    let (process, _) = Process::start(&folder, &url, listen, 0).await;
    let app = start::open_app(config, true).await.unwrap();
    let http = Http::at(&format!("http://{listen}"));
    let doorway = Doorway::over(http.clone());
    let desk = first_accounts(&app, &doorway).await.unwrap();
    let families = plant(&app.store).await;
    let bench = Bench {
        supervisor: hire(
            (&desk.0, &desk.1),
            "koordinator",
            Role::Supervisor,
            &[city()],
        )
        .await
        .unwrap(),
        families,
        desk,
        http,
        postgres: Postgres::behind(&app.store, &url).await,
        phones: phones(),
        app,
    };
    bench.visits(&process).await;
    drop(process);
    let (process, _) = Process::start(&folder, &url, listen, 2).await;
    bench.copies(&process).await;
    bench.replacements(&process).await;
    if only_replacements {
        drop(process);
        bench.app.store.close().await;
        testing::drop_database(&fresh.url).await;
        return;
    }
    bench.first_sync(listen).await;
    bench.claims().await;
    drop(process);
    let (process, ready_ms) = Process::start(&folder, &url, listen, 2).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!(
        "idle: ready in {ready_ms} ms on this database, {:.0} MiB resident",
        process.resident_mib()
    );
    drop(process);
    bench.app.store.close().await;
    testing::drop_database(&fresh.url).await;
}

async fn migrated(config: &Config) {
    let (clock, ids) = start::clock_and_ids();
    let (store, _) = start::open_store(config, true, Migrating::Always, clock, ids)
        .await
        .unwrap();
    store.close().await;
}

async fn plant(store: &Store) -> Vec<FamilyId> {
    for code in ["35", "35.71", "35.71.03"] {
        store
            .plant_region(&code.parse().unwrap(), code, None)
            .await
            .unwrap();
    }
    store.plant_region(&here(), "DI SINI", None).await.unwrap();
    store.plant_program(SEMBAKO, "Sembako").await.unwrap();
    let mut families = Vec::new();
    // Behind those who have a place are as many as wait for one that is visited here.
    let all: Vec<usize> = (0..FAMILIES + CLIENTS * VISITS).collect();
    for some in all.chunks(2_000) {
        let wanted: Vec<PlantFamily> = some
            .iter()
            .map(|n| PlantFamily {
                region: here(),
                name: format!("KELUARGA {n}"),
                address: format!("JL UKUR NO {n}"),
                rt: "001".to_owned(),
                rw: "002".to_owned(),
                kk: Some(format!("357103{:010}", 5_000_000 + n)),
                persons: vec![PlantPerson {
                    name: format!("KEPALA {n}"),
                    nik: Some(format!("357103{:010}", 6_000_000 + n)),
                    relation: "kepala_keluarga".to_owned(),
                }],
                programs: (*n < FAMILIES)
                    .then(|| SEMBAKO.to_owned())
                    .into_iter()
                    .collect(),
            })
            .collect();
        let planted = store.plant_families(&wanted).await.unwrap();
        families.extend(planted.into_iter().map(|planted| planted.family));
    }
    let waiting = families.split_off(FAMILIES);
    store
        .plant_waitlist(SEMBAKO, &here(), &waiting)
        .await
        .unwrap();
    families
}

fn part(sorted: &[Duration], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)].as_secs_f64() * 1e3
}

impl Bench {
    async fn phone(&self, name: &str, carrier: Carrier) -> FieldPhone {
        let officer = hire((&self.desk.0, &self.desk.1), name, Role::Officer, &[city()])
            .await
            .unwrap();
        let hands = Hands::new(name, 1, Sun::Real).unwrap();
        let phone = FieldPhone::open(
            officer.person.clone(),
            &self.phones.path().join(name),
            hands,
            carrier,
        )
        .unwrap();
        let code = self.desk.0.issue_enrolment(officer.user()).await.unwrap();
        phone.join(&code.code).await.unwrap();
        phone
    }

    async fn assign(&self, families: &[FamilyId], phone: &FieldPhone) {
        for some in families.chunks(500) {
            self.supervisor
                .open_cases(some, VisitKind::Quick, Some(phone.person.id), None)
                .await
                .unwrap();
        }
    }

    /// Eight phones send their visits at once, three photos each.
    async fn visits(&self, process: &Process) {
        let mut phones = Vec::new();
        for n in 0..CLIENTS {
            let carrier = Carrier::Http(self.http.clone());
            let phone = self.phone(&format!("petugas{n}"), carrier).await;
            self.assign(&self.families[n * VISITS..(n + 1) * VISITS], &phone)
                .await;
            phone.pump().await.unwrap();
            phones.push(phone);
        }
        let views = [
            (PhotoKind::HouseFront, View::Front),
            (PhotoKind::HouseInside, View::Inside),
            (PhotoKind::Recipient, View::Owner),
        ];
        let mut bytes = 0;
        for (n, phone) in phones.iter().enumerate() {
            for (m, case) in phone.assignments().unwrap().into_iter().enumerate() {
                let visit = phone.begin(Some(case.case), case.kind, None).unwrap();
                for (take, (kind, view)) in views.into_iter().enumerate() {
                    let shot = Shot {
                        house: House::number((n * VISITS + m) as u64),
                        view,
                        take: take as u64,
                    };
                    phone
                        .photograph(visit, kind, &shot.take().unwrap().jpeg)
                        .unwrap();
                }
                phone.pin(visit, DOOR).unwrap();
                bytes += phone
                    .app()
                    .unwrap()
                    .draft(visit)
                    .unwrap()
                    .photos
                    .iter()
                    .map(|photo| photo.bytes)
                    .sum::<u64>();
                phone.seal(visit).unwrap();
            }
        }
        println!("{CLIENTS} phones send …");
        let of_postgres = || self.postgres.as_ref().map(Postgres::cpu_ms);
        let (before, postgres_before, began) = (process.cpu_ms(), of_postgres(), Instant::now());
        let mut sending = tokio::task::JoinSet::new();
        for phone in phones {
            sending.spawn(async move { phone.settle(200).await.unwrap() });
        }
        while let Some(all) = sending.join_next().await {
            assert!(all.unwrap(), "everything was sent");
        }
        let (visits, took) = (CLIENTS * VISITS, began.elapsed());
        let cpu = process.cpu_ms() - before;
        println!(
            "visits: {visits} of 3 photos of {} KB, {CLIENTS} clients: {:.1} visits/s; server CPU a visit {:.1} ms, a photo {:.2} ms",
            bytes / (visits as u64 * 3) / 1000,
            visits as f64 / took.as_secs_f64(),
            cpu as f64 / visits as f64,
            cpu as f64 / (visits * 3) as f64,
        );
        if let (Some(before), Some(after)) = (postgres_before, of_postgres()) {
            println!(
                "PostgreSQL's own CPU a photo {:.2} ms",
                (after - before) as f64 / (visits * 3) as f64
            );
        }
    }

    /// The background work that those visits left: the copies people see.
    async fn copies(&self, process: &Process) {
        let waiting = "SELECT COUNT(*) FROM job WHERE state IN ('ready', 'running')";
        let waiting = async || self.app.store.count(waiting).await.unwrap();
        let (jobs, before, began) = (waiting().await, process.cpu_ms(), Instant::now());
        while waiting().await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!(
            "copies of {jobs} photos: {:.1} a second with 2 workers, server CPU each {:.1} ms",
            jobs as f64 / began.elapsed().as_secs_f64(),
            (process.cpu_ms() - before) as f64 / jobs as f64,
        );
    }

    /// Every visited family's place goes to the next on the list: eight approvers confirm at once.
    async fn replacements(&self, process: &Process) {
        let hire = async |name: &str, role| {
            let desk = (&self.desk.0, &self.desk.1);
            hire(desk, name, role, &[city()]).await.unwrap()
        };
        let store = &self.app.store;
        let slots = "SELECT COUNT(*) FROM slot WHERE state IN ('held', 'reserved')";
        let before = store.count(slots).await.unwrap();
        let operator = hire("operator", Role::Operator).await;
        let rows = store
            .peek(
                "SELECT id FROM verification_case WHERE state = 'submitted'",
                [],
            )
            .await
            .unwrap();
        let mut work: Vec<Vec<_>> = vec![Vec::new(); CLIENTS];
        for (n, row) in rows.iter().enumerate() {
            let case = CaseId::from(row.try_get_by_index::<uuid::Uuid>(0).unwrap());
            let membership = self.supervisor.accept(case).await.unwrap().memberships[0].id;
            let proposed = operator.decide(case, membership, Some("MAMPU_DESIL")).await;
            proposed.unwrap().ok().unwrap();
            let version = operator.case(case).await.unwrap().version;
            work[n % CLIENTS].push((case, membership, version));
        }
        let mut approvers = Vec::new();
        for n in 0..CLIENTS {
            let approver = hire(&format!("pengesah{n}"), Role::Approver).await;
            approver.sign_in().await.unwrap();
            approvers.push(approver);
        }
        let (cpu, began) = (process.cpu_ms(), Instant::now());
        let mut confirming = tokio::task::JoinSet::new();
        for (approver, cases) in approvers.into_iter().zip(work) {
            confirming.spawn(async move {
                let mut took = Vec::new();
                for (case, membership, version) in cases {
                    let body = serde_json::json!({ "event_id": approver.event(), "seen_version": version,
                        "membership": membership, "confirm": true });
                    let path = format!("/v1/cases/{case}/confirmations");
                    let began = Instant::now();
                    let answer = approver.post(&path, &body).await;
                    took.push(began.elapsed());
                    answer.ok().unwrap();
                }
                took
            });
        }
        let mut took: Vec<Duration> = confirming.join_all().await.into_iter().flatten().collect();
        let all = began.elapsed();
        let cpu = process.cpu_ms() - cpu;
        took.sort();
        let given = "SELECT COUNT(*) FROM membership WHERE state = 'candidate'";
        assert_eq!(
            store.count(given).await.unwrap(),
            i64::try_from(took.len()).unwrap()
        );
        assert_eq!(
            store.count(slots).await.unwrap(),
            before,
            "no place is lost or made"
        );
        println!(
            "replacements: {} places given on, {CLIENTS} clients: {:.0} a second; p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms; server CPU each {:.1} ms",
            took.len(),
            took.len() as f64 / all.as_secs_f64(),
            part(&took, 50),
            part(&took, 99),
            part(&took, 100),
            cpu as f64 / took.len() as f64,
        );
    }

    /// An officer's phone hears of its first cases through a wire that counts.
    async fn first_sync(&self, listen: SocketAddr) {
        let (counted, counts) = counting(listen).await;
        let carrier = Carrier::Http(Http::at(&format!("http://{counted}")));
        let phone = self.phone("petugas-baru", carrier).await;
        let from = CLIENTS * VISITS;
        self.assign(&self.families[from..from + ASSIGNMENTS], &phone)
            .await;
        let before = counts.load(Ordering::SeqCst);
        let requests = phone.pump().await.unwrap();
        let known = phone.assignments().unwrap().len();
        assert_eq!(known, ASSIGNMENTS);
        println!(
            "first sync: {known} assignments in {requests} round trips, {:.1} KB on the wire with all headers",
            (counts.load(Ordering::SeqCst) - before) as f64 / 1000.0
        );
    }

    /// The next case of a city that waits for review.
    async fn claims(&self) {
        let from = CLIENTS * VISITS + ASSIGNMENTS;
        for some in self.families[from..].chunks(500) {
            self.supervisor
                .open_cases(some, VisitKind::Quick, None, None)
                .await
                .unwrap();
        }
        let now = self.app.clock.now().as_micros();
        self.app
            .store
            .poke(
                "UPDATE verification_case SET state = 'submitted', submitted_at = $1, complete_at = opened_at",
                [now.into()],
            )
            .await
            .unwrap();
        let waiting = self
            .app
            .store
            .count("SELECT COUNT(*) FROM verification_case WHERE state = 'submitted'")
            .await
            .unwrap();
        let mut claims = Vec::new();
        for _ in 0..FIRST_CLAIMS + CLAIMS {
            let began = Instant::now();
            let case = self.supervisor.claim().await.unwrap().unwrap();
            claims.push(began.elapsed());
            let id: uuid::Uuid = case.id.into();
            self.app
                .store
                .poke(
                    "UPDATE verification_case SET state = 'accepted', lease_user = NULL WHERE id = $1",
                    [id.into()],
                )
                .await
                .unwrap();
        }
        let mut lists = Vec::new();
        for _ in 0..CLAIMS / 4 {
            let began = Instant::now();
            let page = self
                .supervisor
                .get("/v1/cases?state=submitted&limit=50")
                .await;
            lists.push(began.elapsed());
            assert_eq!(page.json()["items"].as_array().unwrap().len(), 50);
        }
        let mut first: Vec<Duration> = claims.drain(..FIRST_CLAIMS).collect();
        first.sort();
        claims.sort();
        lists.sort();
        println!(
            "claim next of {waiting}: p50 {:.2} ms, p99 {:.2} ms, the first {FIRST_CLAIMS} {:.2} and {:.2}; list 50 of them: p50 {:.2} ms, p99 {:.2} ms (over HTTP)",
            part(&claims, 50),
            part(&claims, 99),
            part(&first, 50),
            part(&first, 99),
            part(&lists, 50),
            part(&lists, 99)
        );
    }
}

/// A way to the server that counts what passes, in both directions.
async fn counting(server: SocketAddr) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let counts = Arc::new(AtomicU64::new(0));
    let all = counts.clone();
    tokio::spawn(async move {
        while let Ok((phone, _)) = listener.accept().await {
            let there = TcpStream::connect(server).await.unwrap();
            let ((up, up_to), (down, down_to)) = (phone.into_split(), there.into_split());
            tokio::spawn(pour(up, down_to, all.clone()));
            tokio::spawn(pour(down, up_to, all.clone()));
        }
    });
    (address, counts)
}

async fn pour(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    counts: Arc<AtomicU64>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        counts.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
}
