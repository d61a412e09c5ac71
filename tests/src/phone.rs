//! An officer's phone: the real core on a real folder, with hands in place of the hardware and a carrier in place of the
//! radio. The same phone runs against a server in process and against one behind real HTTP.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Body;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};
use tilik_mobile_core::{
    AppInfo, AssignmentView, BeginVisit, Clock as PhoneClock, DraftView, FieldApp, Fix, FreeSpace,
    Header, Keys, MonotonicClock, NewPhoto, NewPin, OutboxVisit, PortError, Ports, Request,
    RequestBody, Response, Rng, Signer, Status,
};
use tilik_protocol::evidence::{PhotoKind, ReturnTarget, UnreachableReason, VisitKind};
use tilik_protocol::ids::{CaseId, DeviceId, PhotoId, VisitId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::Returned;
use tilik_server::clock::{Clock, HeldClock, Ids, SystemClock};

use crate::people::{Console, Person};
use crate::village::DOOR;
use crate::world::{Doorway, World, copy_folder};

/// Most requests a pump sends before something must be going round in circles.
const CIRCLES: u32 = 10_000;
/// The app that every phone of the tests runs.
pub const APP_VERSION: &str = "0.1.0";
/// What the photos of a visit show, in the order they are taken.
const SHOWN: [PhotoKind; 4] = [
    PhotoKind::HouseFront,
    PhotoKind::HouseInside,
    PhotoKind::Asset,
    PhotoKind::Recipient,
];

/// The time a phone lives in.
#[derive(Clone)]
pub enum Sun {
    /// A clock that somebody holds; waiting moves it.
    Held(Arc<HeldClock>),
    /// The machine's own; waiting waits.
    Real,
}

impl Sun {
    fn now_us(&self) -> i64 {
        match self {
            Self::Held(clock) => clock.now().as_micros(),
            Self::Real => SystemClock.now().as_micros(),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Held(clock) => clock.clone(),
            Self::Real => Arc::new(SystemClock),
        }
    }

    async fn wait_s(&self, seconds: u64) {
        match self {
            Self::Held(clock) => clock.advance_s(i64::try_from(seconds).unwrap_or(0)),
            Self::Real => tokio::time::sleep(std::time::Duration::from_secs(seconds)).await,
        }
    }
}

/// What the hardware lends to the core, turned by hand.
pub struct Hands {
    sun: Sun,
    ahead_us: AtomicI64,
    booted_us: AtomicI64,
    boot: AtomicU64,
    free: AtomicU64,
    chance: Mutex<Ids>,
    key: SigningKey,
    database_key: [u8; 32],
}

impl Hands {
    /// The hardware of the phone called `name`. Name and seed give the same keys and the same chance every time.
    ///
    /// # Errors
    /// When the seed gives no key of the curve, which no seed does.
    pub fn new(name: &str, seed: u64, sun: Sun) -> Result<Arc<Self>> {
        let secret = |what: &str| -> [u8; 32] {
            Sha256::new()
                .chain_update(what)
                .chain_update([0])
                .chain_update(name)
                .chain_update(seed.to_be_bytes())
                .finalize()
                .into()
        };
        let luck = secret("luck");
        let luck = luck[..8].iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        Ok(Arc::new(Self {
            ahead_us: AtomicI64::new(0),
            // A phone that was on for a while before it was handed out.
            booted_us: AtomicI64::new(sun.now_us() - 3_600_000_000),
            boot: AtomicU64::new(1),
            free: AtomicU64::new(1 << 34),
            chance: Mutex::new(Ids::seeded(sun.clock(), luck)),
            key: SigningKey::from_slice(&secret("signer"))?,
            database_key: secret("database"),
            sun,
        }))
    }

    /// The same hardware, under another sun and with other luck: for a copy of a phone.
    fn copied(&self, sun: Sun, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            ahead_us: AtomicI64::new(self.ahead_us.load(Ordering::SeqCst)),
            booted_us: AtomicI64::new(self.booted_us.load(Ordering::SeqCst)),
            boot: AtomicU64::new(self.boot.load(Ordering::SeqCst)),
            free: AtomicU64::new(self.free.load(Ordering::SeqCst)),
            chance: Mutex::new(Ids::seeded(sun.clock(), seed)),
            key: self.key.clone(),
            database_key: self.database_key,
            sun,
        })
    }

    /// Somebody sets the phone's clock: it shows `seconds` more than before (negative: less).
    pub fn jump_clock_s(&self, seconds: i64) {
        self.ahead_us
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// The phone is switched off and on again.
    pub fn reboot(&self) {
        self.boot.fetch_add(1, Ordering::SeqCst);
        self.booted_us.store(self.sun.now_us(), Ordering::SeqCst);
    }
}

impl PhoneClock for Hands {
    fn wall_micros(&self) -> i64 {
        self.sun.now_us() + self.ahead_us.load(Ordering::SeqCst)
    }
    fn auto_time(&self) -> Option<bool> {
        Some(self.ahead_us.load(Ordering::SeqCst) == 0)
    }
}

impl MonotonicClock for Hands {
    fn elapsed_ns(&self) -> u64 {
        let us = self.sun.now_us() - self.booted_us.load(Ordering::SeqCst);
        u64::try_from(us).unwrap_or(0) * 1_000
    }
    fn boot_id(&self) -> String {
        self.boot.load(Ordering::SeqCst).to_string()
    }
    fn boot_count(&self) -> Option<u64> {
        Some(self.boot.load(Ordering::SeqCst))
    }
}

impl Rng for Hands {
    fn fill(&self, len: u32) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        self.chance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill(&mut bytes);
        bytes
    }
}

impl FreeSpace for Hands {
    fn free_bytes(&self) -> u64 {
        self.free.load(Ordering::SeqCst)
    }
    fn total_bytes(&self) -> u64 {
        1 << 35
    }
}

impl Signer for Hands {
    fn public_key(&self) -> Result<Vec<u8>, PortError> {
        let point = self.key.verifying_key().to_encoded_point(false);
        Ok(point.as_bytes().to_vec())
    }
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PortError> {
        let signature: Signature = self.key.sign(&message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
    fn level(&self) -> Result<String, PortError> {
        Ok("tee".to_owned())
    }
}

impl Keys for Hands {
    fn database_key(&self) -> Result<Vec<u8>, PortError> {
        Ok(self.database_key.to_vec())
    }
    fn new_database_key(&self) -> Result<Vec<u8>, PortError> {
        Err(PortError::Failed)
    }
}

/// How requests leave the phone.
#[derive(Debug, Clone)]
pub enum Carrier {
    /// Into a server of this process.
    Doorway(Doorway),
    /// Over real HTTP.
    Http(Http),
}

/// A server behind real HTTP.
#[derive(Debug, Clone)]
pub struct Http {
    base: String,
    agent: ureq::Agent,
    cuts: Option<Arc<Cuts>>,
}

/// A bad link: every so many uploads it breaks off in the middle.
#[derive(Debug)]
struct Cuts {
    every: u64,
    uploads: AtomicU64,
    cut: AtomicU64,
}

/// A file that can be read so far and no further, as when the bus drives into a tunnel.
struct Tunnel<R> {
    file: R,
    left: u64,
}

impl<R: Read> Read for Tunnel<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let read = self.file.read(&mut into[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl Http {
    /// The server at `base`, such as `http://127.0.0.1:8080`.
    pub fn at(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(std::time::Duration::from_secs(10)))
            .build();
        Self {
            base: base.trim_end_matches('/').to_owned(),
            agent: config.into(),
            cuts: None,
        }
    }

    /// The same server over a link that breaks off in every `every`th upload.
    #[must_use]
    pub fn cut_every(mut self, every: u64) -> Self {
        self.cuts = Some(Arc::new(Cuts {
            every: every.max(1),
            uploads: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        }));
        self
    }

    /// How many uploads broke off so far.
    pub fn cut(&self) -> u64 {
        self.cuts
            .as_ref()
            .map_or(0, |cuts| cuts.cut.load(Ordering::SeqCst))
    }

    /// After how many of `length` bytes the next upload breaks off, if it does.
    fn breaks_at(&self, length: u64) -> Option<u64> {
        let cuts = self.cuts.as_ref()?;
        let nth = cuts.uploads.fetch_add(1, Ordering::SeqCst) + 1;
        if !nth.is_multiple_of(cuts.every) {
            return None;
        }
        cuts.cut.fetch_add(1, Ordering::SeqCst);
        Some(length * (nth / cuts.every * 37 % 100) / 100)
    }

    /// One request of any kind, its path relative to the server; blocks. `None`: no network.
    pub fn exchange(&self, request: http::Request<Vec<u8>>) -> Option<http::Response<Vec<u8>>> {
        let (mut parts, body) = request.into_parts();
        parts.uri = format!("{}{}", self.base, parts.uri).parse().ok()?;
        let came = if body.is_empty() {
            self.agent.run(http::Request::from_parts(parts, ()))
        } else {
            self.agent.run(http::Request::from_parts(parts, body))
        };
        let (parts, mut body) = came.ok()?.into_parts();
        let body = body.read_to_vec().ok()?;
        Some(http::Response::from_parts(parts, body))
    }

    /// One request; blocks. `None`: no network.
    pub fn send(&self, request: &Request) -> Option<Response> {
        let mut out = http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("{}{}", self.base, request.path));
        for header in &request.headers {
            out = out.header(&header.name, &header.value);
        }
        let came = match &request.body {
            RequestBody::None => self.agent.run(out.body(()).ok()?),
            RequestBody::Bytes { bytes } => self.agent.run(out.body(bytes).ok()?),
            RequestBody::File {
                path,
                offset,
                length,
            } => {
                let mut file = std::fs::File::open(path).ok()?;
                file.seek(SeekFrom::Start(*offset)).ok()?;
                let out = out.header(http::header::CONTENT_LENGTH, *length);
                let file = file.take(*length);
                let part = match self.breaks_at(*length) {
                    Some(left) => ureq::SendBody::from_owned_reader(Tunnel { file, left }),
                    None => ureq::SendBody::from_owned_reader(file),
                };
                self.agent.run(out.body(part).ok()?)
            }
        };
        let mut came = came.ok()?;
        // An answer to HEAD has no body to unpack, whatever its headers say of one.
        let body = if request.method == "HEAD" {
            Vec::new()
        } else {
            came.body_mut().read_to_vec().ok()?
        };
        Some(answered(came.status().as_u16(), came.headers(), body))
    }
}

fn answered(status: u16, headers: &http::HeaderMap, body: Vec<u8>) -> Response {
    Response {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| Header {
                name: name.as_str().to_owned(),
                value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            })
            .collect(),
        body,
    }
}

/// The bytes of a request's body.
///
/// # Errors
/// When its file cannot be read.
pub fn body_of(request: &Request) -> Result<Vec<u8>> {
    match &request.body {
        RequestBody::None => Ok(Vec::new()),
        RequestBody::Bytes { bytes } => Ok(bytes.clone()),
        RequestBody::File {
            path,
            offset,
            length,
        } => {
            let mut file = std::fs::File::open(path)?;
            file.seek(SeekFrom::Start(*offset))?;
            let mut bytes = Vec::new();
            file.take(*length).read_to_end(&mut bytes)?;
            Ok(bytes)
        }
    }
}

impl Carrier {
    /// One request; `None`: no network.
    pub async fn send(&self, request: &Request) -> Option<Response> {
        match self {
            Self::Doorway(doorway) => {
                let body = body_of(request).ok()?;
                through(doorway, request, Body::from(body)).await
            }
            Self::Http(http) => {
                let (http, request) = (http.clone(), request.clone());
                let sent = tokio::task::spawn_blocking(move || http.send(&request));
                sent.await.ok().flatten()
            }
        }
    }
}

/// A phone's request into a server of this process, with a body that the wire made of it.
pub(crate) async fn through(doorway: &Doorway, request: &Request, body: Body) -> Option<Response> {
    let mut out = http::Request::builder()
        .method(request.method.as_str())
        .uri(&request.path);
    for header in &request.headers {
        out = out.header(&header.name, &header.value);
    }
    let answer = doorway.send(out.body(body).ok()?).await?;
    Some(answered(
        answer.status,
        &answer.headers,
        answer.body.to_vec(),
    ))
}

/// An officer's phone. What it does with the disk it does at once; what it does with the network is `pump`ed.
pub struct FieldPhone {
    /// Whose it is.
    pub person: Person,
    /// Its hardware.
    pub hands: Arc<Hands>,
    /// How its requests leave.
    pub carrier: Carrier,
    folder: PathBuf,
    app: Option<Arc<FieldApp>>,
}

impl std::fmt::Debug for FieldPhone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldPhone")
            .field("person", &self.person.username)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl FieldPhone {
    /// Opens the app on its folder, or makes it. Not enrolled yet when the folder is new.
    ///
    /// # Errors
    /// When there is no disk.
    pub fn open(
        person: Person,
        folder: &Path,
        hands: Arc<Hands>,
        carrier: Carrier,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut phone = Self {
            person,
            hands,
            carrier,
            folder: folder.to_path_buf(),
            app: None,
        };
        phone.reopen()?;
        Ok(phone)
    }

    /// The app, while it runs.
    ///
    /// # Errors
    /// After [`FieldPhone::kill`].
    pub fn app(&self) -> Result<&Arc<FieldApp>> {
        self.app.as_ref().context("the app is not running")
    }

    /// The app dies, wherever it is; what is on the disk stays.
    pub fn kill(&mut self) {
        self.app = None;
    }

    /// Starts the app, after a kill or instead of the one that runs.
    ///
    /// # Errors
    /// What the app says to its folder.
    pub fn reopen(&mut self) -> Result<()> {
        // Two cores on one folder would be a phone that does not exist.
        self.app = None;
        let ports = Ports {
            clock: self.hands.clone(),
            monotonic: self.hands.clone(),
            rng: self.hands.clone(),
            space: self.hands.clone(),
            signer: self.hands.clone(),
            keys: self.hands.clone(),
        };
        let info = AppInfo {
            version: APP_VERSION.to_owned(),
            build: "1".to_owned(),
            phone_name: format!("HP {}", self.person.username),
            dev_options: Some(false),
            adb: Some(false),
            debugger: Some(false),
            hooked: Some(false),
            rooted: Some(false),
        };
        let folder = self.folder.to_string_lossy().into_owned();
        self.app = Some(FieldApp::open(folder, info, ports)?);
        Ok(())
    }

    /// Where everything of the phone lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// This phone as it stands, on a copy of its world.
    ///
    /// # Errors
    /// When the disk does not let itself be copied.
    pub fn moved_to(&self, world: &World, seed: u64) -> Result<Self> {
        let name = self.folder.file_name().context("a folder with a name")?;
        let folder = world.folder().join("phones").join(name);
        copy_folder(&self.folder, &folder)?;
        let hands = self.hands.copied(Sun::Held(world.clock.clone()), seed);
        let carrier = Carrier::Doorway(world.doorway());
        Self::open(self.person.clone(), &folder, hands, carrier)
    }

    /// How the phone stands.
    ///
    /// # Errors
    /// What the app says.
    pub fn status(&self) -> Result<Status> {
        Ok(self.app()?.status()?)
    }

    /// The phone's id.
    ///
    /// # Errors
    /// Before it is enrolled.
    pub fn device(&self) -> Result<DeviceId> {
        self.status()?.device.context("not enrolled")
    }

    /// The cases to visit.
    ///
    /// # Errors
    /// What the app says.
    pub fn assignments(&self) -> Result<Vec<AssignmentView>> {
        Ok(self.app()?.assignments()?)
    }

    /// The case as this phone knows it.
    ///
    /// # Errors
    /// When it is not on the phone.
    pub fn assignment(&self, case: CaseId) -> Result<AssignmentView> {
        let mine = self.assignments()?;
        let found = mine.into_iter().find(|known| known.case == case);
        found.context("the case is not on this phone")
    }

    /// The sealed visits, newest first.
    ///
    /// # Errors
    /// What the app says.
    pub fn outbox(&self) -> Result<Vec<OutboxVisit>> {
        Ok(self.app()?.outbox()?)
    }

    /// A sealed visit.
    ///
    /// # Errors
    /// When it is not on the phone.
    pub fn sealed(&self, visit: VisitId) -> Result<OutboxVisit> {
        let all = self.outbox()?;
        let found = all.into_iter().find(|known| known.visit == visit);
        found.context("the visit is not on this phone")
    }

    /// Whether anything that could be sent is not on the server yet.
    ///
    /// # Errors
    /// What the app says.
    pub fn owes(&self) -> Result<bool> {
        let status = self.status()?;
        Ok(status.busy || status.visits_waiting > 0 || status.photos_waiting > 0)
    }

    // The network.

    /// Enrols with a code and signs in with the officer's password.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn join(&self, code: &str) -> Result<()> {
        self.app()?.enrol(code.to_owned())?;
        self.pump().await?;
        let status = self.status()?;
        ensure!(
            status.enrolled,
            "enrolment refused: {:?}",
            status.last_problem
        );
        self.sign_in().await
    }

    /// Signs in with the officer's password, and syncs.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn sign_in(&self) -> Result<()> {
        let (name, password) = (self.person.username.clone(), self.person.password.clone());
        self.app()?.sign_in(name, password)?;
        self.pump().await?;
        let status = self.status()?;
        ensure!(
            status.signed_in,
            "sign-in refused: {:?}",
            status.last_problem
        );
        Ok(())
    }

    /// Sends one request and brings back what came.
    ///
    /// # Errors
    /// What the app says.
    pub async fn exchange(&self, request: &Request) -> Result<()> {
        let app = self.app()?;
        match self.carrier.send(request).await {
            Some(response) => app.on_response(request.id.clone(), response)?,
            None => app.on_no_network(request.id.clone())?,
        }
        Ok(())
    }

    /// Sends at most `most` requests, as the core hands them out; how many there were.
    ///
    /// # Errors
    /// What the app says.
    pub async fn pump_some(&self, most: u32) -> Result<u32> {
        for sent in 0..most {
            let Some(request) = self.app()?.next_requests(1)?.pop() else {
                return Ok(sent);
            };
            self.exchange(&request).await?;
        }
        Ok(most)
    }

    /// "Kirim sekarang": a round, and everything that can be sent after it, until there is nothing to send just now.
    ///
    /// # Errors
    /// What the app says; when it never comes to an end.
    pub async fn pump(&self) -> Result<u32> {
        self.app()?.send_now()?;
        let sent = self.pump_some(CIRCLES).await?;
        if sent == CIRCLES {
            bail!("the phone never stops sending: {:?}", self.status()?);
        }
        Ok(sent)
    }

    /// Pumps, waits as the core says and pumps again, until nothing is owed or it has waited `patience` times. Whether
    /// nothing is owed.
    ///
    /// # Errors
    /// What the app says.
    pub async fn settle(&self, patience: u32) -> Result<bool> {
        self.pump().await?;
        for _ in 0..patience {
            if !self.owes()? {
                return Ok(true);
            }
            let wait_s = self.app()?.wait_s();
            self.hands.sun.wait_s(wait_s).await;
            self.pump_some(CIRCLES).await?;
        }
        Ok(!self.owes()?)
    }

    // The field.

    /// Visits a case at [`DOOR`]: as many photos as there are, the pin, the questions when they are asked, the seal.
    ///
    /// # Errors
    /// What the app says.
    pub fn visit(&self, case: CaseId, photos: &[Vec<u8>]) -> Result<VisitId> {
        self.visit_at(case, photos, DOOR, true)
    }

    /// As [`FieldPhone::visit`], at a door of one's own (degrees × 10⁷); a questionnaire finds a `poor` family or one
    /// that is not.
    ///
    /// # Errors
    /// What the app says.
    pub fn visit_at(
        &self,
        case: CaseId,
        photos: &[Vec<u8>],
        door: (i64, i64),
        poor: bool,
    ) -> Result<VisitId> {
        let kind = self.assignment(case)?.kind;
        let visit = self.begin(Some(case), kind, None)?;
        self.app()?.notice_read(visit)?;
        for (n, photo) in photos.iter().enumerate() {
            self.photograph(visit, SHOWN[n % SHOWN.len()], photo)?;
        }
        self.pin(visit, door)?;
        if kind == VisitKind::Full {
            self.answer(visit, &answers(poor))?;
        }
        self.seal(visit)
    }

    /// Takes a returned case again: keeps what stands, takes what was named again with `photo`, pins anew.
    ///
    /// # Errors
    /// What the app says; when the case was not returned.
    pub fn retake(&self, case: CaseId, photo: &[u8]) -> Result<VisitId> {
        let assignment = self.assignment(case)?;
        let returned = assignment.returned.context("the case was not returned")?;
        let shown = self.photos_of(returned.visit)?;
        let visit = self.begin(Some(case), assignment.kind, None)?;
        self.app()?.notice_read(visit)?;
        for (id, kind) in shown {
            if is_named(&returned, id) {
                self.photograph(visit, kind, photo)?;
            } else {
                self.app()?.keep_photo(visit, id)?;
            }
        }
        self.pin(visit, DOOR)?;
        if assignment.kind == VisitKind::Full {
            self.answer(visit, &answers(true))?;
        }
        self.seal(visit)
    }

    /// The photos of a sealed visit and what they show, by the order they were taken in.
    fn photos_of(&self, visit: VisitId) -> Result<Vec<(PhotoId, PhotoKind)>> {
        let photos = self.sealed(visit)?.photos;
        Ok(photos
            .iter()
            .enumerate()
            .map(|(n, photo)| (photo.photo, SHOWN[n % SHOWN.len()]))
            .collect())
    }

    /// Nobody could be seen; `statement` is the photo of what RT/RW wrote.
    ///
    /// # Errors
    /// What the app says.
    pub fn unreachable(
        &self,
        case: CaseId,
        reason: UnreachableReason,
        photo: &[u8],
        statement: Option<&[u8]>,
    ) -> Result<VisitId> {
        let visit = self.begin(Some(case), VisitKind::Unreachable, None)?;
        self.photograph(visit, PhotoKind::HouseFront, photo)?;
        if let Some(statement) = statement {
            self.photograph(visit, PhotoKind::Statement, statement)?;
        }
        self.pin(visit, DOOR)?;
        self.app()?.set_unreachable(visit, reason)?;
        self.seal(visit)
    }

    /// A family that is on no list.
    ///
    /// # Errors
    /// What the app says.
    pub fn finding(&self, region: &RegionCode, name: &str, photo: &[u8]) -> Result<VisitId> {
        let visit = self.begin(None, VisitKind::Finding, Some(region.clone()))?;
        self.app()?.notice_read(visit)?;
        self.photograph(visit, PhotoKind::HouseFront, photo)?;
        self.pin(visit, DOOR)?;
        let said = [
            ("what", "family"),
            ("name", name),
            ("address", "JL KENANGA"),
        ];
        self.answer(visit, &said)?;
        self.seal(visit)
    }

    /// Begins a visit, or goes on with the draft of its case.
    ///
    /// # Errors
    /// What the app says.
    pub fn begin(
        &self,
        case: Option<CaseId>,
        kind: VisitKind,
        region: Option<RegionCode>,
    ) -> Result<VisitId> {
        Ok(self.app()?.begin_visit(BeginVisit {
            case,
            kind,
            region,
            training: false,
        })?)
    }

    /// Takes a photo.
    ///
    /// # Errors
    /// What the app says.
    pub fn photograph(&self, visit: VisitId, kind: PhotoKind, jpeg: &[u8]) -> Result<PhotoId> {
        let photo = NewPhoto {
            kind,
            jpeg: jpeg.to_vec(),
            taken_at_micros: self.hands.wall_micros(),
        };
        Ok(self.app()?.add_photo(visit, photo)?.id)
    }

    /// Pins the door with two good fixes.
    ///
    /// # Errors
    /// What the app says.
    pub fn pin(&self, visit: VisitId, (lat_e7, lon_e7): (i64, i64)) -> Result<()> {
        let fix = |off: i64, accuracy_cm: i64| Fix {
            lat_e7: lat_e7 + off,
            lon_e7: lon_e7 - off,
            accuracy_cm,
            altitude_cm: None,
            speed_cm_s: None,
            bearing_cdeg: None,
            provider: "gps".to_owned(),
            mock: false,
            elapsed_ns: self.hands.elapsed_ns(),
            taken_at_micros: self.hands.wall_micros(),
        };
        Ok(self.app()?.set_pin(
            visit,
            NewPin {
                fixes: vec![fix(40, 480), fix(-40, 620)],
                source: "gnss".to_owned(),
                reason: None,
            },
        )?)
    }

    /// Answers questions.
    ///
    /// # Errors
    /// What the app says.
    pub fn answer(&self, visit: VisitId, answers: &[(&str, &str)]) -> Result<()> {
        for (question, value) in answers {
            self.app()?
                .answer(visit, (*question).to_owned(), Some((*value).to_owned()))
                .with_context(|| format!("the answer to {question}"))?;
        }
        Ok(())
    }

    /// A draft, and what it lacks.
    ///
    /// # Errors
    /// What the app says.
    pub fn draft(&self, visit: VisitId) -> Result<DraftView> {
        Ok(self.app()?.draft(visit)?)
    }

    /// Seals a draft.
    ///
    /// # Errors
    /// What the app says.
    pub fn seal(&self, visit: VisitId) -> Result<VisitId> {
        Ok(self.app()?.seal(visit)?.visit)
    }

    /// Titip kirim: writes sealed visits into a file for a colleague.
    ///
    /// # Errors
    /// What the app says.
    pub fn hand_over(&self, visits: &[VisitId], file: &Path) -> Result<u32> {
        let file = file.to_string_lossy().into_owned();
        Ok(self.app()?.export_bundle(visits.to_vec(), file)?)
    }

    /// Takes a colleague's file along.
    ///
    /// # Errors
    /// What the app says.
    pub fn take_along(&self, file: &Path) -> Result<u32> {
        let file = file.to_string_lossy().into_owned();
        Ok(self.app()?.import_bundle(file)?)
    }
}

fn is_named(returned: &Returned, photo: PhotoId) -> bool {
    returned
        .reasons
        .iter()
        .any(|reason| reason.target == ReturnTarget::Photo { photo })
}

/// Answers to the nine questions: of a family that is poor by them, or of one that is not.
pub fn answers(poor: bool) -> Vec<(&'static str, &'static str)> {
    let said = |if_poor, if_not| if poor { if_poor } else { if_not };
    vec![
        ("respondent", "Ibu rumah tangga"),
        ("shelter", "yes"),
        ("work", said("no", "yes")),
        ("food_worry", said("yes", "no")),
        ("food_share", said("yes", "no")),
        ("clothing", said("no", "yes")),
        ("floor", said("8", "2")),
        ("wall", said("4", "1")),
        ("roof", said("7", "2")),
        ("toilet", said("4", "1")),
        ("light", "1"),
        ("power", said("450", "1300")),
        ("presence", "1"),
        ("result", "1"),
    ]
}

/// A tiny drawing as a JPEG of about a kilobyte; another seed is another drawing.
///
/// # Errors
/// What the encoder says.
pub fn snapshot(seed: u64) -> Result<Vec<u8>> {
    const W: u16 = 64;
    const H: u16 = 48;
    let colour =
        |n: u64| u8::try_from(40 + (seed.wrapping_mul(n * 2 + 31) >> 3) % 170).unwrap_or(0);
    let (sky, wall, roof) = (colour(1), colour(2), colour(3));
    let mut grey = Vec::with_capacity(usize::from(W) * usize::from(H));
    for y in 0..u64::from(H) {
        for x in 0..u64::from(W) {
            let shade = if y > 20 && (10..54).contains(&x) {
                if (x + y * 3 + seed).is_multiple_of(7) {
                    20
                } else {
                    wall
                }
            } else if y > 8 && x + y > 40 && x < 24 + y {
                roof
            } else {
                sky
            };
            // The seed's own bits, so that no two drawings are the same.
            let bit = seed >> (x % 64) & 1;
            grey.push(if y < 4 && bit == 1 { 255 } else { shade });
        }
    }
    let mut jpeg = Vec::new();
    jpeg_encoder::Encoder::new(&mut jpeg, 80).encode(&grey, W, H, jpeg_encoder::ColorType::Luma)?;
    Ok(jpeg)
}

/// `count` drawings, one after the other.
///
/// # Errors
/// What the encoder says.
pub fn snapshots(seed: u64, count: u64) -> Result<Vec<Vec<u8>>> {
    (0..count).map(|n| snapshot(seed * 64 + n)).collect()
}

impl World {
    /// A phone for `officer`, enrolled with a code that `by` issues, signed in and synced. Not by who shall review its visits.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn phone(&self, by: &Console, officer: &Person) -> Result<FieldPhone> {
        let code = by.issue_enrolment(officer.id).await?;
        let phone = self.new_phone(officer)?;
        phone.join(&code.code).await?;
        Ok(phone)
    }

    /// A phone out of the box. An officer's next phone is another one.
    ///
    /// # Errors
    /// When there is no disk.
    pub fn new_phone(&self, officer: &Person) -> Result<FieldPhone> {
        let phones = self.folder().join("phones");
        let name = (1..1_000)
            .map(|n| format!("{}-{n}", officer.username))
            .find(|name| !phones.join(name).exists())
            .context("a name for the phone")?;
        let hands = Hands::new(&name, self.seed, Sun::Held(self.clock.clone()))?;
        let carrier = Carrier::Doorway(self.doorway());
        FieldPhone::open(officer.clone(), &phones.join(&name), hands, carrier)
    }
}
