//! Every setting, parsed once and refused early with the variable's name.

use std::path::PathBuf;

use ipnet::IpNet;

use crate::store::DatabaseUrl;

/// How this server runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where spool files, the embedded database and the directory store live.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// Proxies whose `X-Forwarded-For` is believed; nobody else's is.
    pub trusted_proxies: Vec<IpNet>,
    /// What browsers and phones call this server, for links and the Origin check.
    pub public_url: String,
    /// Apps older than this may seal and send, not capture.
    pub min_app_version: String,
    /// Days a phone keeps a photo after it is safe; at least 7.
    pub keep_days: u32,
    /// The region's own time zone, minutes east of UTC (WIB: 420).
    pub utc_offset_min: i32,
    /// Days between the delivered notice and the successor's designation; 0 allowed.
    pub appeal_days: u32,
    /// A received photo counts as safe at once (no backup verifies it yet).
    pub safe_at_once: bool,
    /// Background workers in this process.
    pub workers: usize,
}

impl Config {
    /// The embedded default in `data_dir`.
    pub fn embedded(data_dir: PathBuf) -> Self {
        Self {
            database: DatabaseUrl::Sqlite(data_dir.join("tilik.sqlite")),
            data_dir,
            trusted_proxies: Vec::new(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            min_app_version: "0.1.0".to_owned(),
            keep_days: 7,
            utc_offset_min: 420,
            appeal_days: 14,
            safe_at_once: true,
            workers: 1,
        }
    }
}
