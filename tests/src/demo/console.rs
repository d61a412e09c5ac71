//! Builds the browser console before the server starts, when its sources are newer than its pages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

/// What the pages are made from.
const SOURCES: [&str; 7] = [
    "src",
    "static",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "write-reasons.ts",
    "../openapi.json",
];

/// Made from the contract at every build.
const GENERATED: [&str; 2] = ["src/lib/api.gen.ts", "src/lib/reasons.gen.ts"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/console")
}

/// When the newest file at or below `path` was written, without what the build writes; nothing there: never.
fn newest(path: &Path) -> Option<SystemTime> {
    if GENERATED.iter().any(|name| path.ends_with(name)) {
        return None;
    }
    let about = path.metadata().ok()?;
    if !about.is_dir() {
        return about.modified().ok();
    }
    let inside = path.read_dir().ok()?.filter_map(|entry| {
        let path = entry.ok()?.path();
        newest(&path)
    });
    inside.max()
}

fn npm(arguments: &[&str]) -> Result<()> {
    let done = Command::new("npm")
        .args(arguments)
        .current_dir(folder())
        .stdout(Stdio::null())
        .status()
        .context("npm cannot be started")?;
    ensure!(done.success(), "npm {} failed", arguments.join(" "));
    Ok(())
}

/// Builds what is missing or old. Says whether anything had to be done.
///
/// # Errors
/// When npm is not there or does not succeed.
pub fn build() -> Result<bool> {
    let at = folder();
    let made = newest(&at.join("build/index.html"));
    let sources = SOURCES.iter().filter_map(|name| newest(&at.join(name)));
    if made.is_some() && made >= sources.max() {
        return Ok(false);
    }
    let installed = newest(&at.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < newest(&at.join("package-lock.json")) {
        npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
    }
    npm(&["run", "build"])?;
    Ok(true)
}
