//! `cargo demo`: Kota Kediri on this machine, until Ctrl-C. `cargo demo -- --once`: one whole loop, one line of JSON.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use tilik_tests::demo::{Cast, Crew, Demo, Desks, Options, Registry, Summary};

/// The first round of every officer.
const CASES_EACH: usize = 11;
/// The same when all desks are left to the visitor: enough to review, and there sooner.
const CASES_EACH_TO_REVIEW: usize = 10;
/// Cases that go back to the phone.
const TO_RETURN: usize = 3;
/// Memberships that end.
const TO_CANCEL: usize = 2;
/// While the demo goes on, so many cases are left for whoever tries the reviewer's desk.
const LEFT_FOR_THE_VISITOR: usize = 8;
/// While only officers work, they look for returned cases this often.
const BETWEEN_WALKS: Duration = Duration::from_secs(3);
/// A new round begins this long after the last one: the machine belongs to the visitor.
const BETWEEN_ROUNDS: Duration = Duration::from_mins(2);

#[derive(Parser)]
#[command(
    name = "cargo demo --",
    about = "Tilik's demonstration: a city, its officers and its offices on this machine"
)]
struct Arguments {
    /// Run one whole loop, print one line of JSON, exit.
    #[arg(long)]
    once: bool,
    /// Only the officers work: reviewing, deciding and confirming is left to you, in the console.
    #[arg(long, conflicts_with = "once")]
    visits_only: bool,
    /// Where the server listens; without it 127.0.0.1:8080, or any free port when that one is taken.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// An empty folder to keep everything in; without it a temporary one.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Another seed, other families and houses.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("demo: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Words for people go to the error stream: the output is for the JSON.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

async fn run(arguments: &Arguments) -> Result<ExitCode> {
    if !arguments.once {
        build_console();
    }
    let demo = open(arguments).await?;
    let began = Instant::now();
    tell("Mengimpor Kota Kediri …");
    let office = demo.found().await?;
    for report in demo.import(&office).await? {
        tell(&format!(
            "  {:<12} {:>7} baris baru",
            report.kind.to_string(),
            report.added
        ));
    }
    let mut cast = demo.hire(office).await?;
    if !arguments.once {
        demo.train(&mut cast).await?;
    }
    let crew = Crew::equip(&demo, &cast).await?;
    let mut desks = Desks::default();
    tell(&format!(
        "Siap sesudah {:.0} s. Empat petugas memotret rumah; sambungannya sering putus …",
        began.elapsed().as_secs_f64()
    ));
    if !arguments.once {
        welcome(&demo, &cast);
    }
    if arguments.visits_only {
        tokio::select! {
            ended = only_visits(&cast, &crew, &mut desks) => ended?,
            stopped = tokio::signal::ctrl_c() => stopped?,
        }
        return finish(demo, crew).await;
    }
    tokio::select! {
        done = first_loop(&cast, &crew, &mut desks) => done?,
        stopped = tokio::signal::ctrl_c() => {
            stopped?;
            tell("Berhenti sebelum putaran pertama selesai.");
            return Ok(ExitCode::FAILURE);
        }
    }
    demo.letters(&cast).await?;
    demo.appeals(&cast).await?;
    demo.objections(&cast).await?;
    let mut registry = Registry::open(&demo)?;
    registry.first_day(&demo, &cast).await?;
    demo.period(&cast).await?;
    if !arguments.once {
        demo.rules(&cast).await?;
        tell(&format!(
            "Putaran pertama selesai; petugas berjalan terus. Dari kunjungan berikutnya sampai {LEFT_FOR_THE_VISITOR} kasus dibiarkan\n\
             menunggu pemeriksaan Anda, dan sampai {LEFT_FOR_THE_VISITOR} menunggu keputusan Anda. Ctrl-C menghentikan."
        ));
        tokio::select! {
            ended = carry_on(&demo, &cast, &crew, &mut desks, &mut registry) => ended?,
            stopped = tokio::signal::ctrl_c() => stopped?,
        }
    }
    finish(demo, crew).await
}

/// Counts what is there at the end, on one line.
async fn finish(demo: Demo, crew: Crew) -> Result<ExitCode> {
    tell("Berhenti …");
    let summary = Summary::read(&demo, &crew).await?;
    let line = serde_json::to_string(&summary)?;
    let whole = summary.lost == 0 && summary.duplicated == 0;
    drop(crew);
    demo.close().await?;
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn open(arguments: &Arguments) -> Result<Demo> {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let usual: SocketAddr = ([127, 0, 0, 1], 8080).into();
    let options = |listen| Options {
        listen,
        seed: arguments.seed,
        folder: arguments.folder.clone(),
    };
    if let Some(listen) = arguments.listen {
        return Demo::open(&options(listen)).await;
    }
    if arguments.once {
        return Demo::open(&options(any)).await;
    }
    match Demo::open(&options(usual)).await {
        Err(error)
            if error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == ErrorKind::AddrInUse) =>
        {
            Demo::open(&options(any)).await
        }
        other => other,
    }
}

/// The whole spine once: visits, returns, decisions, and the successors' visits.
async fn first_loop(cast: &Cast, crew: &Crew, desks: &mut Desks) -> Result<()> {
    let opened = desks.open_cases(cast, CASES_EACH).await?.len();
    crew.walk().await?;
    let mut accepted = desks.review(cast, opened, TO_RETURN).await?;
    crew.walk().await?;
    accepted.extend(desks.review(cast, TO_RETURN, 0).await?);
    desks.decide(cast, &accepted, TO_CANCEL).await?;
    desks.propose(cast).await?;
    let successors = desks.give_out(cast).await?;
    crew.walk().await?;
    let candidates = desks.review(cast, successors, 0).await?;
    desks.decide(cast, &candidates, 0).await
}

/// Everybody visits whom they were given, and again whom a reviewer returns; nobody judges anything.
async fn only_visits(cast: &Cast, crew: &Crew, desks: &mut Desks) -> Result<()> {
    desks.open_cases(cast, CASES_EACH_TO_REVIEW).await?;
    let mut told = false;
    loop {
        crew.walk().await?;
        if !told {
            tell(
                "Semua kunjungan terkirim; meninjau dan memutuskan adalah bagian Anda. Ctrl-C menghentikan.",
            );
            told = true;
        }
        tokio::time::sleep(BETWEEN_WALKS).await;
    }
}

/// The console is half of what there is to see, but the rest goes on without it.
fn build_console() {
    tell("Membangun konsol …");
    if let Err(error) = tilik_tests::demo::console::build() {
        tell(&format!(
            "Konsol tidak dapat dibangun ({error:#}); perlu Node 20 atau lebih baru dengan npm. API tetap berjalan."
        ));
    }
}

/// Small rounds for ever. Some cases are left for whoever tries the reviewer's or an operator's desk.
async fn carry_on(
    demo: &Demo,
    cast: &Cast,
    crew: &Crew,
    desks: &mut Desks,
    registry: &mut Registry,
) -> Result<()> {
    let mut to_decide = Vec::new();
    let mut told = false;
    loop {
        let parked = registry.another_day(demo, cast).await?;
        if parked && !std::mem::replace(&mut told, true) {
            tell(&format!(
                "Kiriman Dukcapil mulai ditahan: terlalu banyak warga satu kelurahan sehari. Menunggu pengesah {}: {}/kependudukan?bagian=kiriman",
                cast.approver.person.username, demo.address
            ));
        }
        desks.open_cases(cast, 1).await?;
        desks.give_out(cast).await?;
        crew.walk().await?;
        let waiting = desks.waiting(cast).await?;
        let accepted = desks
            .review(cast, waiting.saturating_sub(LEFT_FOR_THE_VISITOR), 0)
            .await?;
        to_decide.extend(accepted);
        let too_many = to_decide.len().saturating_sub(LEFT_FOR_THE_VISITOR);
        let due: Vec<_> = to_decide.drain(..too_many).collect();
        desks.decide(cast, &due, 0).await?;
        tokio::time::sleep(BETWEEN_ROUNDS).await;
    }
}

fn welcome(demo: &Demo, cast: &Cast) {
    tell(&format!("\nKonsol dan API  {}", demo.address));
    tell(&format!("Data            {}", demo.folder.display()));
    tell(&format!(
        "Kata sandi      {} (semua akun)\n",
        cast.password()
    ));
    for (name, what) in cast.logins() {
        tell(&format!("  {name:<12} {what}"));
    }
    tell(
        "\nKode masuk (TOTP) di demo ini hanya ditawarkan; di server sungguhan verifikator, pengesah, dan admin wajib memasangnya.",
    );
    let address = &demo.address;
    let password = cast.password();
    tell(&format!(
        "\nContoh (kasus untuk Anda ada sesudah putaran pertama, beberapa menit lagi; sampai itu daftar dan klaim bisa kosong):
  TOKEN=$(curl -s {address}/v1/session -H 'content-type: application/json' \\
    -d '{{\"username\":\"koordinator\",\"password\":\"{password}\"}}' | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"access_token\"])')
  curl -s {address}/v1/me -H \"authorization: Bearer $TOKEN\"
  curl -s '{address}/v1/cases?state=submitted&limit=5' -H \"authorization: Bearer $TOKEN\"
  curl -s -X POST {address}/v1/review/claim -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' -d '{{}}'
  curl -s {address}/health/ready
"
    ));
}
