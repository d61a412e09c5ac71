//! Counters for Prometheus. Labels hold route patterns, methods, statuses and codes only: never a path, a name or an id.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::blobs::{BlobError, BlobKey, BlobPage, BlobPrefix, Blobs, Ciphertext, FreeSpace};
use crate::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

/// Upper bounds in seconds: from a cached answer to a photo on a slow link.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

fn latencies() -> Histogram {
    Histogram::new(SECONDS)
}

/// All counters of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    latency: Family<Route, Histogram, fn() -> Histogram>,
    problems: Family<Code, Counter>,
    upload_bytes: Counter,
    database_errors: Counter,
    blob_errors: Counter,
    feed_mismatches: Counter,
    photos_damaged: Counter,
    status_checks: Family<State, Counter>,
    jobs: Family<State, Gauge>,
    free_percent: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("tilik"),
            requests: Family::default(),
            latency: Family::new_with_constructor(latencies),
            problems: Family::default(),
            upload_bytes: Counter::default(),
            database_errors: Counter::default(),
            blob_errors: Counter::default(),
            feed_mismatches: Counter::default(),
            photos_damaged: Counter::default(),
            status_checks: Family::default(),
            jobs: Family::default(),
            free_percent: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "http_requests",
            "Requests answered",
            metrics.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register(
            "problems",
            "Problems answered, by their stable code",
            metrics.problems.clone(),
        );
        registry.register_with_unit(
            "upload_received",
            "Bytes of photos made durable",
            Unit::Bytes,
            metrics.upload_bytes.clone(),
        );
        registry.register(
            "database_errors",
            "Requests that failed because of the database",
            metrics.database_errors.clone(),
        );
        registry.register(
            "blob_errors",
            "Operations that the photo store failed",
            metrics.blob_errors.clone(),
        );
        registry.register(
            "feed_checksum_mismatches",
            "Phones whose copy of a feed differed and was sent anew; wanted: 0",
            metrics.feed_mismatches.clone(),
        );
        registry.register(
            "photos_damaged",
            "Copies of photos that were not what their hash says when they were served; wanted: 0",
            metrics.photos_damaged.clone(),
        );
        registry.register(
            "status_checks",
            "Public checks of who is in the registry that were answered, by answer",
            metrics.status_checks.clone(),
        );
        registry.register(
            "jobs",
            "Background jobs that are not done, by state",
            metrics.jobs.clone(),
        );
        registry.register(
            "disk_free_percent",
            "Free space where photos and data lie",
            metrics.free_percent.clone(),
        );
        metrics
    }
}

/// A method by name; whatever a client invents is one label.
fn named(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

impl Metrics {
    /// Somebody without an account was told whether they are in the registry.
    pub fn checked_status(&self, registered: bool) {
        let state = if registered {
            "registered"
        } else {
            "not_found"
        };
        self.status_checks
            .get_or_create(&State {
                state: state.to_owned(),
            })
            .inc();
    }

    /// A request was answered. `route`: the pattern.
    pub(crate) fn answered(
        &self,
        method: &http::Method,
        route: &Arc<str>,
        status: u16,
        seconds: f64,
    ) {
        let method = named(method);
        let route = route.clone();
        self.latency
            .get_or_create(&Route {
                method,
                route: route.clone(),
            })
            .observe(seconds);
        self.requests
            .get_or_create(&Request {
                method,
                route,
                status,
            })
            .inc();
    }

    /// A problem was told.
    pub(crate) fn problem(&self, failed: crate::http::problem::Told) {
        self.problems
            .get_or_create(&Code {
                code: failed.code.to_string(),
            })
            .inc();
        if failed.by_database {
            self.database_errors.inc();
        }
    }

    /// Bytes of an upload are durable.
    pub(crate) fn received(&self, bytes: u64) {
        self.upload_bytes.inc_by(bytes);
    }

    /// A phone's checksum did not fit.
    pub(crate) fn feed_mismatch(&self) {
        self.feed_mismatches.inc();
    }

    /// A copy of a photo is not what its hash says.
    pub(crate) fn photo_damaged(&self) {
        self.photos_damaged.inc();
    }

    /// What Prometheus reads, with the gauges that are looked up now.
    ///
    /// # Errors
    /// When it cannot be written as text.
    pub(crate) fn text(&self, jobs: Option<&[(String, i64)]>, free_percent: u8) -> Result<String> {
        if jobs.is_none() {
            self.jobs.clear();
            self.database_errors.inc();
        }
        for (jobs, state) in jobs
            .into_iter()
            .flat_map(|jobs| ["ready", "running", "failed"].map(|state| (jobs, state)))
        {
            let many = jobs
                .iter()
                .find(|(known, _)| known == state)
                .map_or(0, |(_, many)| *many);
            self.jobs
                .get_or_create(&State {
                    state: state.to_owned(),
                })
                .set(many);
        }
        self.free_percent.set(i64::from(free_percent));
        let mut page = String::new();
        text::encode(&mut page, &self.registry).map_err(Error::internal)?;
        Ok(page)
    }
}

/// A blob store whose failures are counted.
pub struct Metered {
    store: Arc<dyn Blobs>,
    metrics: Arc<Metrics>,
}

impl Metered {
    /// Counts the failures of `store`.
    pub fn new(store: Arc<dyn Blobs>, metrics: Arc<Metrics>) -> Self {
        Self { store, metrics }
    }

    fn count<T>(&self, result: Result<T, BlobError>) -> Result<T, BlobError> {
        match &result {
            Err(BlobError::NotFound) | Ok(_) => {}
            Err(BlobError::Full | BlobError::Unavailable(_) | BlobError::Damaged(_)) => {
                self.metrics.blob_errors.inc();
            }
        }
        result
    }
}

#[async_trait]
impl Blobs for Metered {
    async fn put(&self, key: &BlobKey, bytes: Ciphertext) -> Result<(), BlobError> {
        self.count(self.store.put(key, bytes).await)
    }

    async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError> {
        self.count(self.store.get(key).await)
    }

    async fn head(&self, key: &BlobKey) -> Result<Option<u64>, BlobError> {
        self.count(self.store.head(key).await)
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.count(self.store.delete(key).await)
    }

    async fn list(
        &self,
        prefix: &BlobPrefix,
        after: Option<&BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        self.count(self.store.list(prefix, after, limit).await)
    }

    async fn free_space(&self) -> Result<Option<FreeSpace>, BlobError> {
        self.count(self.store.free_space().await)
    }

    async fn ready(&self) -> Result<(), BlobError> {
        self.count(self.store.ready().await)
    }
}
