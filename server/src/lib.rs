//! The server of Tilik: evidence in, queues and decisions out. Nothing global: everything is handed in.

use std::sync::Arc;

pub mod actor;
pub mod blobs;
pub mod clock;
pub mod config;
pub mod error;
pub mod geometry;
pub mod http;
pub mod keys;
pub mod photos;
pub mod store;
pub mod time_token;
pub mod tokens;

/// One running server: what every handler and job is handed. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The data.
    pub store: store::Store,
    /// The keys.
    pub keys: Arc<keys::Keyring>,
    /// The time.
    pub clock: Arc<dyn clock::Clock>,
    /// Ids and chance.
    pub ids: Arc<clock::Ids>,
    /// The settings.
    pub config: Arc<config::Config>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
