//! The server in process: the real router on the real store and blobs, one clock that stands still, ids from a seed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use anyhow::{Context, Result, anyhow, bail};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tilik_protocol::problem::Problem;
use tilik_protocol::time::Timestamp;
use tilik_server::App;
use tilik_server::app_release::AppFile;
use tilik_server::base_map::BaseMap;

use tilik_server::blobs::{
    BlobError, BlobKey, BlobPage, BlobPrefix, Blobs, Ciphertext, Directory, FreeSpace, S3,
    S3Options, SealedBlobs,
};
use tilik_server::clock::{Clock, HeldClock, Ids, SystemClock};
use tilik_server::config::{Config, LowSpace, SecondFactor};
use tilik_server::http::routes;
use tilik_server::keys::Keyring;
use tilik_server::store::{DatabaseUrl, Store, testing};
use tower::ServiceExt;

use crate::phone::Http;

/// When every world begins: a Tuesday morning in Kediri.
pub const MORNING: &str = "2026-11-24T01:00:00Z";

/// A server in process and all it stands on. Everything takes `&self`, so a world can be shared.
///
/// ```no_run
/// # async fn example() -> anyhow::Result<()> {
/// let world = tilik_tests::World::new(1).await?;
/// let answer = world.call("GET", "/health/ready", None, None).await;
/// assert_eq!(answer.status, 200);
/// world.restart().await?;
/// world.end().await;
/// # Ok(())
/// # }
/// ```
pub struct World {
    /// The one clock. [`World::pass_s`] moves it so that the server believes it.
    pub clock: Arc<HeldClock>,
    /// Where every id and random byte of the server comes from.
    pub ids: Arc<Ids>,
    /// The keys.
    pub keys: Arc<Keyring>,
    /// What this world's chance begins with; phones mix their own name in.
    pub seed: u64,
    config: Config,
    database: DatabaseUrl,
    blobs: Arc<Reachable>,
    /// Its own folder in the bucket, when there is a bucket.
    bucket: Option<S3>,
    folder: TempDir,
    doorway: Doorway,
    bug: RwLock<Option<testing::Bug>>,
}

/// A blob store that a test can cut off and give back.
struct Reachable {
    store: Arc<dyn Blobs>,
    gone: AtomicBool,
}

impl Reachable {
    fn new(store: Arc<dyn Blobs>) -> Arc<Self> {
        Arc::new(Self {
            store,
            gone: AtomicBool::new(false),
        })
    }

    fn store(&self) -> Result<&dyn Blobs, BlobError> {
        if self.gone.load(Ordering::SeqCst) {
            return Err(BlobError::Unavailable("a test cut it off".into()));
        }
        Ok(&*self.store)
    }
}

#[async_trait]
impl Blobs for Reachable {
    async fn put(&self, key: &BlobKey, bytes: Ciphertext) -> Result<(), BlobError> {
        self.store()?.put(key, bytes).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError> {
        self.store()?.get(key).await
    }

    async fn head(&self, key: &BlobKey) -> Result<Option<u64>, BlobError> {
        self.store()?.head(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.store()?.delete(key).await
    }

    async fn list(
        &self,
        prefix: &BlobPrefix,
        after: Option<&BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        self.store()?.list(prefix, after, limit).await
    }

    async fn free_space(&self) -> Result<Option<FreeSpace>, BlobError> {
        self.store()?.free_space().await
    }

    async fn ready(&self) -> Result<(), BlobError> {
        self.store()?.ready().await
    }
}

/// A test's server writes next to nothing, and the machine's disk may be as full as it is.
pub const LITTLE_SPACE: LowSpace = LowSpace {
    photos_wait_below: 2,
    read_only_below: 1,
};

/// Where requests go in: the server that runs now, one behind HTTP, or nobody. Clones share it.
#[derive(Clone, Default)]
pub struct Doorway(Arc<RwLock<Option<Running>>>, Option<Http>);

#[derive(Clone)]
struct Running {
    app: App,
    router: Router,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Doorway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doorway").finish_non_exhaustive()
    }
}

/// What the server said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as a type of the protocol.
    ///
    /// # Errors
    /// When it is another.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} {}", self.status, self.json()))
    }

    /// The problem's code, when it is a problem.
    pub fn code(&self) -> Option<String> {
        let problem: Problem = serde_json::from_slice(&self.body).ok()?;
        Some(problem.code.to_string())
    }

    /// The status and, for a problem, its code: `409 stale`.
    pub fn verdict(&self) -> String {
        match self.code() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    /// This answer if it is a success.
    ///
    /// # Errors
    /// When it is a problem; its whole body is told.
    pub fn ok(self) -> Result<Self> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            bail!("{} {}", self.status, String::from_utf8_lossy(&self.body))
        }
    }
}

impl Doorway {
    /// The way to a server behind real HTTP.
    pub fn over(http: Http) -> Self {
        Self(Arc::default(), Some(http))
    }

    fn running(&self) -> Option<Running> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, running: Option<Running>) -> Option<Running> {
        let mut here = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *here, running)
    }

    /// The server that runs now.
    ///
    /// # Errors
    /// When it is down.
    pub fn app(&self) -> Result<App> {
        Ok(self.running().context("the server is down")?.app)
    }

    /// One request, one answer; `None` when nobody is there. A body that breaks off is the client hanging up.
    pub async fn send(&self, request: Request<Body>) -> Option<Answer> {
        if let Some(http) = &self.1 {
            return over_http(http.clone(), request).await;
        }
        let router = self.running()?.router;
        let Ok(response) = router.oneshot(request).await;
        let (parts, body) = response.into_parts();
        // The body is read as a client would; one of ours that cannot be read is a fault the test will see as empty.
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        Some(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.unwrap_or_default(),
        })
    }

    /// A JSON request. A server that is down answers 502, as a proxy would.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&serde_json::Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap_or_default())
            .uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        let answer = match request.body(body) {
            Ok(request) => self.send(request).await,
            Err(_) => None,
        };
        answer.unwrap_or_else(|| Answer {
            status: StatusCode::BAD_GATEWAY.as_u16(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        })
    }
}

async fn over_http(http: Http, request: Request<Body>) -> Option<Answer> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes().to_vec();
    let request = Request::from_parts(parts, body);
    let came = tokio::task::spawn_blocking(move || http.exchange(request));
    let (parts, body) = came.await.ok()??.into_parts();
    Some(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.into(),
    })
}

/// The bucket of the environment, as `tests/services/garage.sh` starts it.
fn bucket() -> Option<S3Options> {
    let var = |name: &str| std::env::var(format!("TILIK_TEST_S3_{name}")).ok();
    Some(S3Options {
        endpoint: var("ENDPOINT")?,
        region: var("REGION")?,
        bucket: var("BUCKET")?,
        access_key: var("ACCESS_KEY")?,
        secret_key: var("SECRET_KEY")?,
    })
}

/// A name no other world has, in this run or another.
fn own_name() -> String {
    let ids = Ids::new(Arc::new(SystemClock));
    format!("worlds/{}", ids.next::<uuid::Uuid>())
}

/// Numbers that fill a file: the same ones for every world, made once, for an unoptimized build counts them slowly.
fn numbers(many: usize) -> &'static [u8] {
    static ALL: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..200_000_u32).flat_map(u32::to_be_bytes).collect());
    &ALL[..many * 4]
}

/// What lies under the map of every world: the head of a PMTiles file of pictures, and numbers behind it.
fn base_map(folder: &std::path::Path) -> Result<BaseMap> {
    let path = folder.join("peta.pmtiles");
    let mut bytes = b"PMTiles\x03".to_vec();
    bytes.resize(127, 0);
    bytes[99] = 2;
    bytes.extend_from_slice(numbers(200_000));
    std::fs::write(&path, bytes)?;
    BaseMap::open(&path).map_err(|unfit| anyhow!("no base map: {unfit:?}"))
}

/// The app that every world offers to its phones.
fn app(folder: &std::path::Path) -> Result<AppFile> {
    let path = folder.join("tilik.apk");
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend_from_slice(numbers(100_000));
    std::fs::write(&path, bytes)?;
    AppFile::open(&path, "0.2.0").map_err(|unfit| anyhow!("no app: {unfit:?}"))
}

impl World {
    /// An empty, migrated server. The same seed gives the same ids.
    ///
    /// # Errors
    /// When database or blob store do not answer.
    pub async fn new(seed: u64) -> Result<Self> {
        let world = Self::on(testing::fresh().await, seed).await?;
        world.app()?.store.migrate().await?;
        Ok(world)
    }

    async fn on(fresh: testing::Fresh, seed: u64) -> Result<Self> {
        let clock = Arc::new(HeldClock::at(
            MORNING.parse().map_err(|_| anyhow!("not an instant"))?,
        ));
        // One bucket for all worlds: without a folder of its own each would sweep the others' pieces away.
        let bucket = bucket().map(|options| S3::new(&options).within(&own_name()));
        let blobs: Arc<dyn Blobs> = match &bucket {
            Some(bucket) => Arc::new(bucket.clone()),
            None => Arc::new(Directory::open(fresh.folder.path().join("blobs")).await?),
        };
        let ids = Arc::new(Ids::seeded(clock.clone(), seed));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let config = Config {
            database: fresh.url.clone(),
            second_factor: SecondFactor::Offered,
            low_space: LITTLE_SPACE,
            feed_keys: vec![
                crate::feed::Signer::registry()?.public()?,
                crate::feed::Signer::before()?.public()?,
                crate::feed::Signer::insurance()?.public()?,
            ],
            base_map: Some(base_map(fresh.folder.path())?),
            app: Some(Arc::new(app(fresh.folder.path())?)),
            ..Config::embedded(fresh.folder.path().to_path_buf())
        };
        let world = Self {
            clock,
            ids,
            keys,
            seed,
            config,
            database: fresh.url,
            blobs: Reachable::new(blobs),
            bucket,
            folder: fresh.folder,
            doorway: Doorway::default(),
            bug: RwLock::default(),
        };
        world.start().await?;
        Ok(world)
    }

    /// A copy of this world as it stands: same rows, blobs, keys and time. The server is stopped for as long as it
    /// takes; one that was stopped before stays so, and each further copy is made sooner. Cheaper than making the same
    /// people and families again.
    ///
    /// # Errors
    /// When database or disk do not answer.
    pub async fn copy(&self, seed: u64) -> Result<Self> {
        let ran = self.app().is_ok();
        self.stop().await;
        let fresh = testing::copy_of(&self.database).await;
        if ran {
            self.start().await?;
        }
        copy_folder(
            &self.folder.path().join("blobs"),
            &fresh.folder.path().join("blobs"),
        )?;
        let clock = Arc::new(HeldClock::at(self.clock.now()));
        let bucket = match &self.bucket {
            Some(bucket) => Some(bucket.copied_to(&own_name()).await?),
            None => None,
        };
        let blobs: Arc<dyn Blobs> = match &bucket {
            Some(bucket) => Arc::new(bucket.clone()),
            None => Arc::new(Directory::open(fresh.folder.path().join("blobs")).await?),
        };
        let world = Self {
            ids: Arc::new(Ids::seeded(clock.clone(), seed ^ self.seed.rotate_left(32))),
            clock,
            keys: self.keys.clone(),
            seed,
            config: Config {
                database: fresh.url.clone(),
                base_map: Some(base_map(fresh.folder.path())?),
                app: Some(Arc::new(app(fresh.folder.path())?)),
                data_dir: fresh.folder.path().to_path_buf(),
                ..self.config.clone()
            },
            database: fresh.url,
            blobs: Reachable::new(blobs),
            bucket,
            folder: fresh.folder,
            doorway: Doorway::default(),
            bug: RwLock::default(),
        };
        world.start().await?;
        Ok(world)
    }

    async fn start(&self) -> Result<()> {
        let store = Store::open(
            &self.database,
            self.keys.clone(),
            self.clock.clone(),
            self.ids.clone(),
        )
        .await?;
        let app = App::new(
            store,
            SealedBlobs::new(self.blobs.clone(), self.keys.clone(), self.ids.clone()),
            self.keys.clone(),
            self.clock.clone(),
            self.ids.clone(),
            self.config.clone(),
        );
        app.store.hash_cheaply();
        app.store
            .sabotage(*self.bug.read().unwrap_or_else(PoisonError::into_inner));
        let router = routes::router(app.clone());
        self.doorway.set(Some(Running { app, router }));
        Ok(())
    }

    /// Has the server make a mistake from now on, restarted or not; or none.
    ///
    /// # Errors
    /// When it is down.
    pub fn sabotage(&self, bug: Option<testing::Bug>) -> Result<()> {
        *self.bug.write().unwrap_or_else(PoisonError::into_inner) = bug;
        self.app()?.store.sabotage(bug);
        Ok(())
    }

    /// The server goes away; requests find nobody. What was acknowledged stays.
    pub async fn stop(&self) {
        if let Some(running) = self.doorway.set(None) {
            running.app.store.close().await;
        }
    }

    /// The server dies in the middle of whatever it does: nothing is finished, nothing is closed. Its runtime has to be
    /// dropped before, or its tasks live on.
    pub fn crash(&self) {
        drop(self.doorway.set(None));
    }

    /// The same server under another public address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn called(mut self, public_url: &str) -> Result<Self> {
        self.stop().await;
        public_url.clone_into(&mut self.config.public_url);
        self.start().await?;
        Ok(self)
    }

    /// The same server with another rule about codes beside the password.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn with_codes(mut self, rule: SecondFactor) -> Result<Self> {
        self.stop().await;
        self.config.second_factor = rule;
        self.start().await?;
        Ok(self)
    }

    /// The blob store does not answer any more, or again.
    pub fn cut_blobs_off(&self, gone: bool) {
        self.blobs.gone.store(gone, Ordering::SeqCst);
    }

    /// The database does not answer any more; after [`World::restart`] it does.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn cut_database_off(&self) -> Result<()> {
        self.app()?.store.close().await;
        Ok(())
    }

    /// Drops the server and opens a new one on the same database and blobs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        self.start().await
    }

    /// Stops the server and takes its database away. Only PostgreSQL needs it; a folder goes by itself.
    pub async fn end(self) {
        self.stop().await;
        testing::drop_database(&self.database).await;
    }

    /// Where requests go in; to be kept by whoever calls.
    pub fn doorway(&self) -> Doorway {
        self.doorway.clone()
    }

    /// The server that runs now, for what has no route: the rows, the jobs, the system's own verbs.
    ///
    /// # Errors
    /// When it is down.
    pub fn app(&self) -> Result<App> {
        self.doorway.app()
    }

    /// The folder of this world; blobs lie in `blobs`, phones may have theirs beside it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// What browsers call this server.
    pub fn public_url(&self) -> &str {
        &self.config.public_url
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A JSON request; see [`Doorway::call`].
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&serde_json::Value>,
    ) -> Answer {
        self.doorway.call(method, path, token, body).await
    }

    /// A request with headers of its own, as a browser or a program without our core makes it.
    ///
    /// # Errors
    /// When it is no request, or the server is down.
    pub async fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        self.send(request.body(body)?).await
    }

    /// Any request at all, byte by byte.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn send(&self, request: Request<Body>) -> Result<Answer> {
        self.doorway
            .send(request)
            .await
            .context("the server is down")
    }

    /// Does every background job that is due; how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle(&self) -> Result<u64> {
        Ok(self.app()?.do_due_jobs().await?)
    }

    /// Time passes, really: the server's two clocks agree. Then what the clock asks for is done: windows close, appeal
    /// periods end, uploads are forgotten, jobs run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pass_s(&self, seconds: i64) -> Result<()> {
        self.clock.advance_s(seconds);
        let app = self.app()?;
        app.sundial.really_passed(self.clock.now());
        app.keep_time().await?;
        self.settle().await?;
        Ok(())
    }

    /// As [`World::pass_s`], in days.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pass_days(&self, days: i64) -> Result<()> {
        self.pass_s(days * 86_400).await
    }

    /// An id of any kind, from this world's chance.
    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.ids.next()
    }

    /// The number in the first column of the first row of a query.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count(&self, query: &str) -> Result<i64> {
        Ok(self.app()?.store.count(query).await?)
    }

    /// Which of these words stand readable in a column of a table, bytes looked at as they are.
    ///
    /// # Errors
    /// What the database says, or a column that is neither bytes nor text.
    pub async fn readable(&self, table: &str, column: &str, words: &[&str]) -> Result<Vec<String>> {
        let query = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
        let mut found = Vec::new();
        for row in self.app()?.store.peek(&query, []).await? {
            let bytes: Vec<u8> = match row.try_get("", column) {
                Ok(bytes) => bytes,
                Err(_) => row.try_get::<String>("", column)?.into_bytes(),
            };
            let stands = |word: &&&str| contains(&bytes, word.as_bytes());
            found.extend(words.iter().filter(stands).map(|word| (*word).to_owned()));
        }
        Ok(found)
    }
}

/// Whether a word stands somewhere in bytes. Not by hand: an unoptimized build looks at megabytes for minutes.
pub fn contains(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// JSON of anything.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

pub(crate) fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
