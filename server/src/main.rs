//! `tilik`: the server and what its keeper does from the command line.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::{ImportKind, ImportReport};
use tilik_protocol::session::{Act, AddGrant, AddUser, ResetPassword};
use tilik_protocol::training::PrepareTraining;
use tilik_server::config::{Config, Log, VARIABLES};
use tilik_server::error::Error;
use tilik_server::http::openapi;
use tilik_server::start::{self, Built, Migrating};
use tilik_server::store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Parser)]
#[command(name = "tilik", version, about = "Tilik: evidence in, queues and decisions out", after_help = variables())]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve phones and browsers, and do background work.
    Serve(Demo),
    /// Do background work only.
    Work(Demo),
    /// Bring the database's schema up to this program's.
    Migrate,
    /// Write the HTTP interface as OpenAPI 3.1.
    Openapi {
        /// The file to write; the screen when absent.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Accounts.
    #[command(subcommand)]
    User(User),
    /// The training area, with invented families.
    #[command(subcommand)]
    Training(Training),
    /// The journal.
    #[command(subcommand)]
    Audit(Audit),
    /// Bring a file into the registry, and tell what became of every line.
    Import(NewImport),
}

#[derive(Args)]
struct Demo {
    /// This is a demonstration: keys that protect nothing are good enough.
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum User {
    /// Add an account; the first admin and the first approver are made this way. The password is asked for, or read
    /// from the first line of the input when it is no terminal. It is good for seven days, to choose another.
    Add(NewUser),
    /// Give somebody who has forgotten their password, or let it grow too old, one to sign in with once.
    Password(Forgotten),
}

#[derive(Args)]
struct NewUser {
    /// Its name for signing in: 3 to 64 of a-z 0-9 . _ -
    username: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// A role to give.
    #[arg(long, requires_all = ["region", "document"])]
    role: Option<Role>,
    /// The code of a region the role covers, such as 35.71; may be repeated.
    #[arg(long)]
    region: Vec<RegionCode>,
    /// The number of the document that gives the role.
    #[arg(long)]
    document: Option<String>,
    /// This is a demonstration.
    #[arg(long)]
    demo: bool,
}

#[derive(Args)]
struct Forgotten {
    /// The account's name.
    username: String,
    /// The phone that makes the codes is lost: the password alone opens the account until new ones are set up.
    #[arg(long)]
    forget_codes: bool,
    /// This is a demonstration.
    #[arg(long)]
    demo: bool,
}

#[derive(Args)]
struct NewImport {
    /// What the file holds: regions, boundaries, programs, quotas, families, memberships, waitlist, decree or pins.
    kind: ImportKind,
    /// CSV (comma, semicolon or tab) or XLSX; GeoJSON for boundaries and pins.
    file: PathBuf,
    /// The account that answers for it; needed for what waits for an approver, who must be somebody else.
    #[arg(long = "as", value_name = "USERNAME")]
    as_user: Option<String>,
    /// This is a demonstration.
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum Training {
    /// Make the training area with invented families; trainees get their roles for region 00.01.
    Create(Demo),
    /// Begin it anew: close what was begun and invent other families.
    Reset(Demo),
}

#[derive(Subcommand)]
enum Audit {
    /// Check that no row of the journal was changed, removed or forged.
    Verify(Demo),
}

fn variables() -> String {
    let mut text =
        "Settings come from the environment; none is needed for a first try:\n".to_owned();
    for (name, meaning) in VARIABLES {
        text.push_str("  ");
        text.push_str(name);
        text.push_str(&" ".repeat(24_usize.saturating_sub(name.len())));
        text.push_str(meaning);
        text.push('\n');
    }
    text
}

fn main() -> ExitCode {
    let program = Program::parse();
    match run(program.command) {
        Ok(code) => code,
        Err(error) => {
            // Nowhere is left to tell when even the error stream is closed.
            let _ = writeln!(std::io::stderr(), "tilik: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("the output cannot be written")
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    // The contract needs no settings.
    if let Command::Openapi { output } = command {
        let text = openapi::text().map_err(|error| anyhow::anyhow!("{error}"))?;
        match output {
            Some(path) => std::fs::write(&path, text)
                .with_context(|| format!("{} cannot be written", path.display()))?,
            None => std::io::stdout()
                .lock()
                .write_all(text.as_bytes())
                .context("the output cannot be written")?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::from_environment(&|name| std::env::var(name).ok())?;
    begin_log(config.log);
    for unknown in unknown_variables() {
        tracing::warn!("{unknown} is no setting of this program and changes nothing");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no threads to run on")?;
    runtime.block_on(async {
        match command {
            Command::Serve(demo) => serve(config, demo.demo).await,
            Command::Work(demo) => work(config, demo.demo).await,
            Command::Migrate => migrate(config).await,
            Command::User(User::Add(user)) => add_user(config, user).await,
            Command::User(User::Password(user)) => reset_password(config, user).await,
            Command::Training(Training::Create(demo)) => training(config, demo.demo, false).await,
            Command::Training(Training::Reset(demo)) => training(config, demo.demo, true).await,
            Command::Audit(Audit::Verify(demo)) => verify(config, demo.demo).await,
            Command::Import(import) => bring_in(config, import).await,
            Command::Openapi { .. } => Ok(ExitCode::SUCCESS),
        }
    })
}

/// A misspelled setting would otherwise silently be the default.
fn unknown_variables() -> Vec<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("TILIK_") && !name.starts_with("TILIK_TEST_"))
        .filter(|name| !VARIABLES.iter().any(|(known, _)| known == name))
        .collect()
}

fn begin_log(log: Log) {
    let ours = tracing_subscriber::filter::LevelFilter::from_level(log.level);
    // Of libraries only what is wrong: their details may hold what people typed.
    let wanted = tracing_subscriber::filter::Targets::new()
        .with_default(tracing::Level::WARN)
        .with_target("tilik", ours)
        .with_target("tilik_server", ours);
    let registry = tracing_subscriber::registry().with(wanted);
    let line = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if log.json {
        registry.with(line.json().flatten_event(true)).init();
    } else {
        registry.with(line).init();
    }
}

/// Becomes true at the first SIGTERM or SIGINT; the second ends the process at once.
fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let mut term = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    tokio::spawn(async move {
        for already in [false, true] {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            if already {
                tracing::warn!("stopped at once; what was acknowledged is durable");
                std::process::exit(1);
            }
            tracing::info!("stopping: requests in flight are finished first");
            let _ = tell.send(true);
        }
    });
    Ok(told)
}

async fn serve(config: Config, demo: bool) -> anyhow::Result<ExitCode> {
    if let Some(warning) = start::console_is_there(config.console, demo, Built::here())? {
        tracing::warn!("{warning}");
    }
    let stop = stop_signal()?;
    for warning in config.warnings() {
        if !demo {
            tracing::warn!("not yet safe for real families: {warning}");
        }
    }
    let listen = config.listen;
    let app = start::open_app(config, demo).await?;
    if demo {
        tracing::warn!("this is a demonstration; its keys protect nothing");
    }
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("TILIK_LISTEN: {listen} cannot be listened to"))?;
    let at = listener.local_addr().context("the address is unknown")?;
    tracing::info!("Listening on http://{at}");
    let store = app.store.clone();
    tilik_server::serve::serve(app, listener, stop)
        .await
        .context("serving failed")?;
    store.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn work(config: Config, demo: bool) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    if config.workers == 0 {
        bail!("TILIK_WORKERS is 0. Set it to at least 1 for `tilik work`.");
    }
    let app = start::open_app(config, demo).await?;
    tracing::info!("working");
    let store = app.store.clone();
    app.work(stop).await;
    store.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn open(config: &Config, demo: bool, migrating: Migrating) -> anyhow::Result<Store> {
    let (clock, ids) = start::clock_and_ids();
    Ok(start::open_store(config, demo, migrating, clock, ids)
        .await?
        .0)
}

async fn migrate(config: Config) -> anyhow::Result<ExitCode> {
    let store = open(&config, false, Migrating::Always).await?;
    store.close().await;
    say("The schema is this program's.")?;
    Ok(ExitCode::SUCCESS)
}

fn told(error: &Error) -> anyhow::Error {
    match error {
        Error::Invalid(fields) | Error::LookAgain(fields) => {
            let told: Vec<String> = fields
                .iter()
                .map(|field| format!("{}: {}", field.field, field.remedy))
                .collect();
            anyhow::anyhow!("{}", told.join(" "))
        }
        other => {
            let (title, remedy) = other.code().words();
            anyhow::anyhow!("{title}. {remedy} ({other})")
        }
    }
}

/// The password from the terminal without showing it, or the first line of the input.
fn read_password() -> anyhow::Result<String> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        let mut line = String::new();
        input
            .read_line(&mut line)
            .context("the input cannot be read")?;
        return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
    }
    let ask = |prompt: &str| -> anyhow::Result<String> {
        let mut screen = std::io::stderr();
        write!(screen, "{prompt}: ").context("the terminal cannot be written")?;
        screen.flush().context("the terminal cannot be written")?;
        let seen = rustix::termios::tcgetattr(&input).context("the terminal is unknown")?;
        let mut hidden = seen.clone();
        hidden.local_modes.remove(rustix::termios::LocalModes::ECHO);
        let when = rustix::termios::OptionalActions::Flush;
        rustix::termios::tcsetattr(&input, when, &hidden).context("typing cannot be hidden")?;
        let mut line = String::new();
        let read = input.read_line(&mut line);
        rustix::termios::tcsetattr(&input, when, &seen).context("typing cannot be shown again")?;
        writeln!(screen).context("the terminal cannot be written")?;
        read.context("the terminal cannot be read")?;
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    };
    let first = ask("Password")?;
    if first != ask("The same again")? {
        bail!("The two are not the same. Nothing was changed.");
    }
    Ok(first)
}

async fn add_user(config: Config, new: NewUser) -> anyhow::Result<ExitCode> {
    let password = read_password()?;
    let store = open(&config, new.demo, Migrating::Embedded).await?;
    let (_, ids) = start::clock_and_ids();
    let by = store.acting_as_system("added at the server's command line");
    let user = by
        .add_user(AddUser {
            event_id: ids.next(),
            username: new.username,
            name: new.name,
            password,
        })
        .await
        .map_err(|error| told(&error))?;
    say(&format!("user {} {}", user.id, user.username))?;
    say("the password is good for seven days, to sign in and choose another")?;
    if let (Some(role), Some(document_number)) = (new.role, new.document) {
        let grant = by
            .add_grant(
                user.id,
                AddGrant {
                    event_id: ids.next(),
                    role,
                    regions: new.region,
                    valid_from: None,
                    valid_until: None,
                    document_number,
                    delegated_from: None,
                },
            )
            .await
            .map_err(|error| told(&error))?;
        say(&format!("grant {} {role}", grant.id))?;
        if role.waits_for_approver() {
            let act = Act {
                event_id: ids.next(),
                note: None,
            };
            match by.confirm_grant(grant.id, act).await {
                Ok(_) => say("confirmed, being one of the first")?,
                Err(Error::Refused(ProblemCode::SeparationOfDuty)) => {
                    say("waits: an approver confirms it in the console")?;
                }
                Err(error) => return Err(told(&error)),
            }
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn reset_password(config: Config, of: Forgotten) -> anyhow::Result<ExitCode> {
    let password = read_password()?;
    let store = open(&config, of.demo, Migrating::Embedded).await?;
    let (_, ids) = start::clock_and_ids();
    let by = store.acting_as_system("reset at the server's command line");
    let reset = async {
        let user = by.user_named(&of.username).await?;
        let body = ResetPassword {
            event_id: ids.next(),
            password,
        };
        let user = by.reset_password(user, body).await?;
        if of.forget_codes {
            by.forget_second_factor(user.id).await?;
        }
        Ok(user)
    };
    let user = reset.await.map_err(|error| told(&error))?;
    say(&format!("user {} {}", user.id, user.username))?;
    say("the password is good for seven days, to sign in and choose another")?;
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Why the keeper's imports happen, as the journal tells it.
const AT_THE_COMMAND_LINE: &str = "imported at the server's command line";

async fn bring_in(config: Config, import: NewImport) -> anyhow::Result<ExitCode> {
    if import.as_user.is_none() && import.kind.decides() && import.kind != ImportKind::Programs {
        bail!(
            "{} decide who gets a place: somebody answers for them and an approver confirms them. \
             Name the account with --as USERNAME.",
            import.kind
        );
    }
    let bytes = std::fs::read(&import.file)
        .with_context(|| format!("{} cannot be read", import.file.display()))?;
    let store = open(&config, import.demo, Migrating::Embedded).await?;
    let by = match &import.as_user {
        None => store.acting_as_system(AT_THE_COMMAND_LINE),
        Some(username) => match store.acting_as_named(username, AT_THE_COMMAND_LINE).await {
            Err(Error::Refused(ProblemCode::NotFound)) => {
                bail!("There is no account {username}, or it is suspended.")
            }
            by => by.map_err(|error| told(&error))?,
        },
    };
    let (_, ids) = start::clock_and_ids();
    let report = by
        .import(import.kind, bytes.into(), ids.next())
        .await
        .map_err(|error| told(&error))?;
    store.close().await;
    for line in words_of(&report) {
        say(&line)?;
    }
    Ok(if report.rejected == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// A report as its reader wants it: the sum first, then every line to be mended.
fn words_of(report: &ImportReport) -> Vec<String> {
    let mut words = vec![
        format!("import {} of {}: {}", report.id, report.kind, report.state),
        format!(
            "{} lines: {} added, {} changed, {} unchanged, {} waiting, {} rejected, {} with a remark",
            report.lines,
            report.added,
            report.changed,
            report.unchanged,
            report.waiting,
            report.rejected,
            report.warned
        ),
    ];
    let lists = [
        ("rejected", &report.rejections, report.rejected),
        ("remark", &report.warnings, report.warned),
    ];
    for (kind, lines, all) in lists {
        for one in lines {
            for problem in &one.problems {
                words.push(format!(
                    "line {} {kind}: {}: {}",
                    one.line, problem.field, problem.remedy
                ));
            }
        }
        let told = lines.len() as u64;
        if all > told {
            words.push(format!("… and {} more ({kind})", all - told));
        }
    }
    if report.waiting > 0 {
        words.push(format!(
            "{} wait and count for nothing until an approver confirms: POST /v1/imports/{}/confirm",
            report.waiting, report.id
        ));
    }
    words
}

async fn training(config: Config, demo: bool, anew: bool) -> anyhow::Result<ExitCode> {
    let store = open(&config, demo, Migrating::Embedded).await?;
    let (_, ids) = start::clock_and_ids();
    let by = store.acting_as_system("training prepared at the server's command line");
    let prepare = async {
        let before = by.training().await?;
        if anew == before.prepared_at.is_some() {
            let body = PrepareTraining {
                event_id: ids.next(),
            };
            by.prepare_training(body).await.map(Some)
        } else {
            Ok(None)
        }
    };
    let made = prepare.await.map_err(|error| told(&error))?;
    store.close().await;
    let Some(made) = made else {
        if anew {
            bail!("There is no training area yet. Make it with `tilik training create`.");
        }
        bail!("The training area is there already. Begin it anew with `tilik training reset`.");
    };
    say(&format!(
        "The training area {} has {} invented families; {} cases are open, given to {} trainees.",
        made.region, made.families, made.open_cases, made.officers
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn verify(config: Config, demo: bool) -> anyhow::Result<ExitCode> {
    let store = open(&config, demo, Migrating::Never).await?;
    let result = store
        .acting_as_system("journal verified at the command line")
        .verify_journal()
        .await
        .map_err(|error| told(&error))?;
    store.close().await;
    match result {
        Ok(whole) => {
            say(&format!(
                "The journal is whole: {} rows, newest hash {}.",
                whole.rows, whole.head
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(broken) => {
            say(&format!(
                "The journal is BROKEN: {broken}. Stop the server, keep this database as it is, and call the auditor."
            ))?;
            Ok(ExitCode::FAILURE)
        }
    }
}
