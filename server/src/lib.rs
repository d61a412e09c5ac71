//! The server of Tilik: evidence in, queues and decisions out. Nothing global: everything is handed in.

use std::sync::Arc;

pub mod actor;
pub mod app_release;
mod archive;
pub mod base_map;
pub mod blobs;
pub mod clock;
pub mod config;
pub mod error;
pub mod exports;
pub mod geometry;
pub mod http;
pub mod imports;
pub mod intake;
pub mod jobs;
mod jpeg_rows;
pub mod keys;
pub mod letters;
pub mod metrics;
pub mod objection_photos;
pub mod old_photos;
pub mod papers;
pub mod photos;
pub mod receiving;
pub mod reports;
pub mod serve;
mod sheet;
mod signature;
pub mod space;
pub mod start;
pub mod store;
pub mod sundial;
mod table;
pub mod time_token;
pub mod tokens;
pub mod totp;
mod watermark;
mod xlsx;

/// One running server: what every handler and job is handed. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The data.
    pub store: store::Store,
    /// Photos and files, sealed at rest.
    pub blobs: blobs::SealedBlobs,
    /// The keys.
    pub keys: Arc<keys::Keyring>,
    /// The time.
    pub clock: Arc<dyn clock::Clock>,
    /// Ids and chance.
    pub ids: Arc<clock::Ids>,
    /// The settings.
    pub config: Arc<config::Config>,
    /// Whether the clock may close, expire or delete anything now.
    pub sundial: Arc<sundial::Sundial>,
    /// How full the disk is.
    pub space: Arc<space::Space>,
    /// Where the bodies of uploads come in.
    pub receiving: receiving::Receiving,
    /// The counters.
    pub metrics: Arc<metrics::Metrics>,
    /// One photo is decoded per worker at a time: memory stays bounded.
    decoding: Arc<tokio::sync::Semaphore>,
    /// So many large copies are written on at a time.
    writing_on: Arc<tokio::sync::Semaphore>,
    wake: Arc<tokio::sync::Notify>,
}

/// A photo of 1600 pixels takes 6 MB while it is written on.
const WRITTEN_ON_AT_ONCE: usize = 4;

impl App {
    /// Puts the parts together.
    pub fn new(
        store: store::Store,
        blobs: blobs::SealedBlobs,
        keys: Arc<keys::Keyring>,
        clock: Arc<dyn clock::Clock>,
        ids: Arc<clock::Ids>,
        config: config::Config,
    ) -> Self {
        let decoding = Arc::new(tokio::sync::Semaphore::new(config.workers.max(1)));
        Self {
            sundial: Arc::new(sundial::Sundial::new(clock.now())),
            space: Arc::new(space::Space::new(config.low_space)),
            receiving: receiving::Receiving::new(&config.data_dir),
            metrics: Arc::new(metrics::Metrics::default()),
            wake: Arc::new(tokio::sync::Notify::new()),
            config: Arc::new(config),
            store,
            blobs,
            keys,
            clock,
            ids,
            decoding,
            writing_on: Arc::new(tokio::sync::Semaphore::new(WRITTEN_ON_AT_ONCE)),
        }
    }

    /// There is something to do in the background.
    pub fn wake_workers(&self) {
        self.wake.notify_waiters();
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
