//! Faults that only real processes and real disks have: SIGKILL, lost writes, a full disk, silent clients. And the ground on
//! which other people's tus clients are tried. `tests/faults/run` and `tests/interop/run` call it.

mod client;
mod disk;
mod ground;
mod interop;
mod killing;
mod slow;
mod unsynced;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "faults",
    about = "Tilik under faults of machine, disk and line"
)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A server is killed while photos come in, started again, and nothing is lost.
    Kill {
        /// A new folder.
        folder: PathBuf,
        /// How many photos.
        #[arg(long, default_value_t = 40)]
        photos: u32,
    },
    /// The power fails: what was not synced is gone.
    Unsynced {
        /// A new folder.
        folder: PathBuf,
        /// The library that remembers what was synced.
        #[arg(long)]
        shim: PathBuf,
        /// How often the power fails.
        #[arg(long, default_value_t = 30)]
        cuts: u32,
    },
    /// The disk fills up.
    Disk {
        /// A new folder on a small disk of its own.
        folder: PathBuf,
        /// A folder elsewhere, for the phone and the keys.
        #[arg(long)]
        beside: PathBuf,
    },
    /// Clients that send little, or nothing more.
    Slow {
        /// A new folder.
        folder: PathBuf,
    },
    /// Makes accounts in a new folder, before its server starts.
    Found {
        /// The folder.
        folder: PathBuf,
    },
    /// Seals photos for other people's clients to upload; prints what they need as JSON.
    Prepare {
        /// The folder of `found`.
        folder: PathBuf,
        /// The server's address.
        #[arg(long)]
        url: String,
        /// How many photos.
        #[arg(long, default_value_t = 3)]
        photos: u32,
    },
    /// Whether the photos of `prepare` are on the server, which must not run.
    Check {
        /// The folder of `found`.
        folder: PathBuf,
    },
    /// A bad line to a server: cuts every connection after some tens of kilobytes. Prints its own address; runs until it
    /// is killed.
    Line {
        /// The server, such as `127.0.0.1:8080`.
        #[arg(long)]
        to: String,
    },
}

/// What was checked.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u32,
    failed: u32,
}

/// One line for people.
pub fn say(line: &str) {
    // Nobody is left to tell when the output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

impl Tally {
    /// Counts a check; one that failed is told.
    pub fn check(&mut self, what: &str, holds: bool) {
        if holds {
            self.passed += 1;
        } else {
            self.failed += 1;
            say(&format!("FAILED  {what}"));
        }
    }

    /// Counts a check of many alike, told once at the end.
    pub fn told(&self, what: &str) {
        let state = if self.failed == 0 {
            "ok     "
        } else {
            "FAILED "
        };
        say(&format!("{state} {what}"));
    }
}

async fn run(command: Command) -> Result<Tally> {
    match command {
        Command::Kill { folder, photos } => killing::run(&folder, photos).await,
        Command::Unsynced { folder, shim, cuts } => unsynced::run(&folder, &shim, cuts).await,
        Command::Disk { folder, beside } => disk::run(&folder, &beside).await,
        Command::Slow { folder } => slow::run(&folder).await,
        Command::Check { folder } => interop::check(&folder).await,
        Command::Found { folder } => {
            ground::Ground::found(&folder.join("data"), &folder).await?;
            Ok(Tally::default())
        }
        Command::Prepare {
            folder,
            url,
            photos,
        } => {
            interop::prepare(&folder, &url, photos).await?;
            Ok(Tally::default())
        }
        Command::Line { to } => {
            interop::bad_line(&to)?;
            Ok(Tally::default())
        }
    }
}

fn main() -> ExitCode {
    let command = Program::parse().command;
    let counts = !matches!(command, Command::Found { .. } | Command::Prepare { .. });
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(run(command)));
    let tally = match outcome {
        Ok(tally) => tally,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "faults: {error:#}");
            Tally {
                passed: 0,
                failed: 1,
            }
        }
    };
    if counts {
        say(&format!("{} passed, {} failed", tally.passed, tally.failed));
    }
    if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
