//! A phone on a bench: ports that are turned by hand, and a server that follows the protocol's pages and does what the
//! test says, with the faults the test wants.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey, signature::Verifier};
use tempfile::TempDir;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{PhotoKind, VisitKind};
use tilik_protocol::ids::{CaseId, DeviceId, EventId, PhotoId, UserId, VisitId};
use tilik_protocol::manifest::{
    Hash32, Manifest, ManifestApp, ManifestCamera, ManifestClock, ManifestPhoto, SignedManifest,
    is_enveloped,
};
use tilik_protocol::session::{
    ChangePassword, EnrolDevice, Enrolled, Me, Refresh, SignIn, Tokens, enrol_proof_input,
    refresh_proof_input, sign_in_proof_input,
};
use tilik_protocol::sync::{
    AppRelease, Assignment, Bucket, BucketPage, Carried, CarryVisits, FeedOp, FeedRow, PhoneConfig,
    PhotoReceipt, SealedVisit, SyncReply, SyncRequest, VisitResult, VisitStatus, row_hash,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use crate::phone::{advance_chain, enrolment};
use crate::spare;
use crate::store::outbox::{SealedPhotoRecord, SealedVisitRecord, enqueue};
use crate::{
    AppInfo, Clock, CoreError, FieldApp, FreeSpace, Header, Keys, MonotonicClock, PortError, Ports,
    Request, RequestBody, Response, Rng, Signer,
};

pub(super) const T0: i64 = 1_795_000_000_000_000;
pub(super) const S: i64 = 1_000_000;

/// The registry's private spool key.
pub(super) static SPOOL: LazyLock<age::x25519::Identity> =
    LazyLock::new(age::x25519::Identity::generate);

/// All ports in one, turned by hand.
pub(super) struct Hands {
    pub(super) wall: AtomicI64,
    pub(super) elapsed_ns: AtomicU64,
    pub(super) boot: AtomicU64,
    pub(super) free: AtomicU64,
    /// The keystore does not answer.
    pub(super) locked: AtomicBool,
    /// The keystore does not show the public half of the key, for now.
    pub(super) hides_key: AtomicBool,
    chance: AtomicU64,
    key: Mutex<SigningKey>,
    database_key: AtomicU8,
    /// The keystore lost the key of the database.
    pub(super) key_lost: AtomicBool,
}

impl Hands {
    fn new(seed: u64) -> Arc<Self> {
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&(seed + 1).to_be_bytes());
        Arc::new(Self {
            wall: AtomicI64::new(T0),
            elapsed_ns: AtomicU64::new(1_000_000_000),
            boot: AtomicU64::new(1),
            free: AtomicU64::new(1 << 40),
            locked: AtomicBool::new(false),
            hides_key: AtomicBool::new(false),
            chance: AtomicU64::new(seed << 32),
            key: Mutex::new(SigningKey::from_slice(&secret).unwrap()),
            database_key: AtomicU8::new(3),
            key_lost: AtomicBool::new(false),
        })
    }

    /// The keystore lost the signing key and made another one.
    pub(super) fn new_key(&self) {
        *self.key.lock().unwrap() = SigningKey::from_slice(&[9; 32]).unwrap();
    }

    /// Another process must not make the same ids again.
    pub(super) fn reseed(&self, n: u64) {
        self.chance.store(n << 40, Ordering::SeqCst);
    }

    /// The keystore of another phone.
    pub(super) fn new_database_key(&self) {
        self.database_key.store(4, Ordering::SeqCst);
    }

    pub(super) fn pass_s(&self, seconds: u64) {
        let s = i64::try_from(seconds).unwrap();
        self.wall.fetch_add(s * S, Ordering::SeqCst);
        self.elapsed_ns
            .fetch_add(seconds * 1_000_000_000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn wall_micros(&self) -> i64 {
        self.wall.load(Ordering::SeqCst)
    }
    fn auto_time(&self) -> Option<bool> {
        Some(true)
    }
}

impl MonotonicClock for Hands {
    fn elapsed_ns(&self) -> u64 {
        self.elapsed_ns.load(Ordering::SeqCst)
    }
    fn boot_id(&self) -> String {
        self.boot.load(Ordering::SeqCst).to_string()
    }
    fn boot_count(&self) -> Option<u64> {
        None
    }
}

impl Rng for Hands {
    fn fill(&self, len: u32) -> Vec<u8> {
        (0..len)
            .map(|_| {
                let n = self.chance.fetch_add(1, Ordering::SeqCst);
                Hash32::of(&n.to_be_bytes()).0[0]
            })
            .collect()
    }
}

impl FreeSpace for Hands {
    fn free_bytes(&self) -> u64 {
        self.free.load(Ordering::SeqCst)
    }
    fn total_bytes(&self) -> u64 {
        1 << 41
    }
}

impl Signer for Hands {
    fn public_key(&self) -> Result<Vec<u8>, PortError> {
        if self.hides_key.load(Ordering::SeqCst) {
            return Err(PortError::Failed);
        }
        let key = self.key.lock().unwrap();
        Ok(key
            .verifying_key()
            .to_encoded_point(false)
            .as_bytes()
            .to_vec())
    }
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PortError> {
        if self.locked.load(Ordering::SeqCst) {
            return Err(PortError::Locked);
        }
        let signature: Signature = self.key.lock().unwrap().sign(&message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
    fn level(&self) -> Result<String, PortError> {
        Ok("software".to_owned())
    }
}

impl Keys for Hands {
    fn database_key(&self) -> Result<Vec<u8>, PortError> {
        if self.key_lost.load(Ordering::SeqCst) {
            return Err(PortError::Lost);
        }
        Ok(vec![self.database_key.load(Ordering::SeqCst); 32])
    }
    fn new_database_key(&self) -> Result<Vec<u8>, PortError> {
        self.key_lost.store(false, Ordering::SeqCst);
        self.database_key.fetch_add(1, Ordering::SeqCst);
        self.database_key()
    }
}

/// An upload as the server holds it.
#[derive(Default)]
pub(super) struct Upload {
    pub(super) bytes: Vec<u8>,
    pub(super) length: usize,
    pub(super) sha256: String,
    /// Bytes that came in all, for counting what was sent twice.
    pub(super) came: usize,
}

/// The server, as the protocol tells it.
pub(super) struct Server {
    pub(super) now: i64,
    pub(super) epoch: u64,
    pub(super) officer: UserId,
    pub(super) key: Option<Vec<u8>>,
    pub(super) device: Option<DeviceId>,
    pub(super) refresh: (String, Option<String>),
    pub(super) access: String,
    tokens: u64,
    pub(super) manifests: BTreeMap<String, Vec<u8>>,
    pub(super) received: Vec<String>,
    pub(super) carried: usize,
    /// Manifests that came inside an age file.
    pub(super) enveloped: usize,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) whole: BTreeSet<String>,
    pub(super) safe_at: Option<i64>,
    pub(super) rows: Vec<FeedRow>,
    pub(super) wrong_checksum: bool,
    pub(super) revoked_buckets: Vec<Bucket>,
    pub(super) device_revoked: Option<String>,
    pub(super) status_of_visits: VisitStatus,
    pub(super) session_over: Option<&'static str>,
    pub(super) password: String,
    pub(super) chosen_by_another: bool,
    password_event: Option<EventId>,
    pub(super) grants_over: bool,
    pub(super) min_version: String,
    pub(super) spoils: Option<&'static str>,
    pub(super) log: Vec<String>,
    /// The newer app it offers, with its bytes.
    pub(super) app: Option<(AppRelease, Vec<u8>)>,
    /// Bytes of it that went out.
    pub(super) app_bytes: usize,
    /// Last photos of houses, by case.
    pub(super) house_photos: BTreeMap<String, Vec<u8>>,
}

pub(super) fn officer_bucket(server: &Server) -> Bucket {
    Bucket::officer(server.officer)
}

pub(super) fn reply(status: u16, body: &impl serde::Serialize) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: serde_json::to_vec(body).unwrap(),
    }
}

pub(super) fn problem(status: u16, code: &str) -> Response {
    reply(
        status,
        &serde_json::json!({
            "type": format!("/problems/{code}"), "title": "", "status": status, "detail": "",
            "code": code, "request_id": "r"
        }),
    )
}

fn wrong_field(field: &str, code: &str) -> Response {
    reply(
        422,
        &serde_json::json!({
            "type": "/problems/invalid", "title": "", "status": 422, "detail": "", "code": "invalid",
            "request_id": "r", "fields": [{ "field": field, "code": code, "remedy": "" }]
        }),
    )
}

pub(super) fn with(mut response: Response, name: &str, value: &str) -> Response {
    response.headers.push(Header {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    response
}

fn verifies(key: &[u8], message: &[u8], proof: &str) -> bool {
    let signature = Signature::from_slice(&STANDARD.decode(proof).unwrap()).unwrap();
    VerifyingKey::from_sec1_bytes(key)
        .unwrap()
        .verify(message, &signature)
        .is_ok()
}

impl Server {
    fn new() -> Self {
        Self {
            now: T0,
            epoch: 1,
            officer: UserId(Uuid::from_u128(77)),
            key: None,
            device: None,
            refresh: (String::new(), None),
            access: String::new(),
            tokens: 0,
            manifests: BTreeMap::new(),
            received: Vec::new(),
            carried: 0,
            enveloped: 0,
            uploads: BTreeMap::new(),
            whole: BTreeSet::new(),
            safe_at: None,
            rows: Vec::new(),
            wrong_checksum: false,
            revoked_buckets: Vec::new(),
            device_revoked: None,
            status_of_visits: VisitStatus::Accepted,
            session_over: None,
            password: "rahasia sekali".to_owned(),
            chosen_by_another: false,
            password_event: None,
            grants_over: false,
            min_version: "0.1.0".to_owned(),
            spoils: None,
            log: Vec::new(),
            app: None,
            app_bytes: 0,
            house_photos: BTreeMap::new(),
        }
    }

    pub(super) fn put(&mut self, object: &str, body: &impl serde::Serialize) {
        let body = serde_json::to_value(body).unwrap();
        let seq = self.rows.iter().map(|row| row.seq).max().unwrap_or(0) + 1;
        self.rows.retain(|row| row.object != object);
        self.rows.push(FeedRow {
            seq,
            object: object.to_owned(),
            op: FeedOp::Put.into(),
            hash: row_hash(object, &body.to_string()),
            body: Some(body),
        });
    }

    /// A row leaves.
    pub(super) fn take(&mut self, object: &str) {
        let seq = self.rows.iter().map(|row| row.seq).max().unwrap_or(0) + 1;
        self.rows.retain(|row| row.object != object);
        self.rows.push(FeedRow {
            seq,
            object: object.to_owned(),
            op: FeedOp::Del.into(),
            hash: 0,
            body: None,
        });
    }

    fn tokens(&mut self) -> Response {
        self.tokens += 1;
        self.refresh = (
            format!("refresh-{}", self.tokens),
            Some(self.refresh.0.clone()),
        );
        self.access = format!("access-{}", self.tokens);
        reply(
            200,
            &Tokens {
                access_token: self.access.clone(),
                access_expires_at: Timestamp::from_micros(self.now + 600 * S),
                refresh_token: self.refresh.0.clone(),
                me: Me {
                    user: self.officer,
                    username: "siti".to_owned(),
                    name: "Siti".to_owned(),
                    grants: Vec::new(),
                    permissions: Vec::new(),
                    password_change_required: self.chosen_by_another,
                    second_factor: false,
                    second_factor_required: false,
                },
            },
        )
    }

    /// What the server does with a request whose body arrives as `body`, whole or not.
    pub(super) fn handle(&mut self, request: &Request, body: &[u8]) -> Response {
        let header = |name: &str| {
            request
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.clone())
        };
        let bearer =
            header("authorization").and_then(|h| h.strip_prefix("Bearer ").map(str::to_owned));
        self.log
            .push(format!("{} {}", request.method, request.path));
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/devices") => {
                let said: EnrolDevice = serde_json::from_slice(body).unwrap();
                let key = STANDARD.decode(&said.public_key).unwrap();
                assert!(verifies(
                    &key,
                    &enrol_proof_input(&said.code, said.device),
                    &said.proof
                ));
                if said.code != "ABCDEFGHJK"
                    || self.device.is_some_and(|known| known != said.device)
                {
                    return problem(422, "bad_enrolment_code");
                }
                self.key = Some(key);
                self.device = Some(said.device);
                reply(
                    200,
                    &Enrolled {
                        device: said.device,
                        officer: self.officer,
                        username: "siti".to_owned(),
                        spool_recipient: SPOOL.to_public().to_string(),
                        now: Timestamp::from_micros(self.now),
                        time_token: Some("t1.enrolled".to_owned()),
                    },
                )
            }
            ("POST", "/v1/session") => {
                let said: SignIn = serde_json::from_slice(body).unwrap();
                assert_eq!(said.device, self.device);
                let token = said.time_token.unwrap();
                assert!(verifies(
                    self.key.as_ref().unwrap(),
                    &sign_in_proof_input(said.device.unwrap(), &said.username, &token),
                    &said.proof.unwrap()
                ));
                if said.password != self.password {
                    return problem(401, "wrong_credentials");
                }
                self.session_over = None;
                self.tokens()
            }
            ("POST", "/v1/session/refresh") => {
                let said: Refresh = serde_json::from_slice(body).unwrap();
                if let Some(code) = self.session_over {
                    let status = if code == "device_revoked" { 403 } else { 401 };
                    return problem(status, code);
                }
                let message = refresh_proof_input(&said.refresh_token);
                assert!(verifies(
                    self.key.as_ref().unwrap(),
                    &message,
                    &said.proof.unwrap()
                ));
                let before = self.refresh.1.clone();
                if said.refresh_token != self.refresh.0
                    && Some(&said.refresh_token) != before.as_ref()
                {
                    self.session_over = Some("session_ended");
                    return problem(401, "session_ended");
                }
                self.refresh.0 = said.refresh_token;
                self.tokens()
            }
            ("POST", "/v1/me/password") => {
                if bearer != Some(self.access.clone()) {
                    return problem(401, "token_expired");
                }
                let said: ChangePassword = serde_json::from_slice(body).unwrap();
                if self.password_event != Some(said.event_id) {
                    if said.old_password != self.password {
                        return wrong_field("old_password", "wrong");
                    }
                    self.password = said.new_password;
                    self.password_event = Some(said.event_id);
                    self.chosen_by_another = false;
                }
                Response {
                    status: 204,
                    headers: Vec::new(),
                    body: Vec::new(),
                }
            }
            ("DELETE", "/v1/session") => Response {
                status: if bearer == Some(self.access.clone()) {
                    204
                } else {
                    401
                },
                headers: Vec::new(),
                body: Vec::new(),
            },
            ("POST", "/v1/sync" | "/v1/visits") => {
                if bearer != Some(self.access.clone()) || self.session_over.is_some() {
                    return problem(401, "token_expired");
                }
                if self.chosen_by_another {
                    return problem(403, "password_change_required");
                }
                if request.path == "/v1/visits" {
                    let said: CarryVisits = serde_json::from_slice(body).unwrap();
                    self.carried += said.visits.len();
                    let results = said.visits.iter().map(|v| self.visit(v)).collect();
                    return reply(200, &Carried { results });
                }
                assert!(body.len() <= 1024 * 1024);
                let said: SyncRequest = serde_json::from_slice(body).unwrap();
                self.sync(&said)
            }
            ("POST", "/v1/uploads") => {
                if self.grants_over || !bearer.is_some_and(|b| b.starts_with("u1.")) {
                    return problem(401, "token_expired");
                }
                let metadata: BTreeMap<String, String> = header("upload-metadata")
                    .unwrap()
                    .split(',')
                    .map(|pair| {
                        let (key, value) = pair.split_once(' ').unwrap();
                        let value = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
                        (key.to_owned(), value)
                    })
                    .collect();
                let id = metadata["media"].clone();
                let upload = self.uploads.entry(id.clone()).or_default();
                upload.length = header("upload-length").unwrap().parse().unwrap();
                upload.sha256.clone_from(&metadata["sha256"]);
                if upload.bytes.is_empty() {
                    upload.bytes.extend_from_slice(body);
                    upload.came += body.len();
                }
                self.stands(&id, 201)
            }
            ("HEAD", path) => {
                let id = path.strip_prefix("/v1/uploads/").unwrap().to_owned();
                if self.grants_over {
                    return problem(401, "token_expired");
                }
                if !self.uploads.contains_key(&id) {
                    return problem(404, "not_found");
                }
                self.stands(&id, 200)
            }
            ("PATCH", path) => {
                let id = path.strip_prefix("/v1/uploads/").unwrap().to_owned();
                let Some(upload) = self.uploads.get_mut(&id) else {
                    return problem(404, "not_found");
                };
                let offset: usize = header("upload-offset").unwrap().parse().unwrap();
                if offset != upload.bytes.len() {
                    let at = upload.bytes.len().to_string();
                    return with(problem(409, "wrong_offset"), "Upload-Offset", &at);
                }
                upload.bytes.extend_from_slice(body);
                upload.came += body.len();
                self.stands(&id, 204)
            }
            ("GET", "/v1/app/android") => {
                let (release, bytes) = self.app.as_ref().unwrap();
                let header = |name: &str| {
                    let mut headers = request.headers.iter();
                    headers.find(|header| header.name == name)
                };
                let from = header("Range").map_or(0, |range| {
                    let tag = format!("\"{}\"", release.sha256);
                    assert_eq!(header("If-Range").unwrap().value, tag);
                    let from = range.value.strip_prefix("bytes=").unwrap();
                    from.strip_suffix('-').unwrap().parse().unwrap()
                });
                self.app_bytes += bytes.len() - from;
                let mut file = std::fs::OpenOptions::new()
                    .create(true)
                    .truncate(from == 0)
                    .write(true)
                    .open(request.save_to.as_ref().unwrap())
                    .unwrap();
                file.seek(SeekFrom::Start(from as u64)).unwrap();
                file.write_all(&bytes[from..]).unwrap();
                Response {
                    status: if from == 0 { 200 } else { 206 },
                    headers: Vec::new(),
                    body: Vec::new(),
                }
            }
            ("GET", path) => {
                let case = path.strip_prefix("/v1/phone/house-photos/").unwrap();
                assert_eq!(bearer.as_deref(), Some(self.access.as_str()));
                match self.house_photos.get(case) {
                    Some(jpeg) => with(
                        Response {
                            status: 200,
                            headers: Vec::new(),
                            body: jpeg.clone(),
                        },
                        "Photo-Taken-At",
                        "2026-11-01T03:00:00Z",
                    ),
                    None => problem(404, "not_found"),
                }
            }
            other => panic!("no such route: {other:?}"),
        }
    }

    fn stands(&mut self, id: &str, status: u16) -> Response {
        let upload = &self.uploads[id];
        if upload.bytes.len() == upload.length {
            if let Some(code) = self.spoils {
                self.uploads.remove(id);
                return problem(422, code);
            }
            assert_eq!(Hash32::of(&upload.bytes).to_string(), upload.sha256);
            self.whole.insert(id.to_owned());
        }
        let at = self.uploads[id].bytes.len().to_string();
        let response = Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        };
        with(response, "Upload-Offset", &at)
    }

    fn visit(&mut self, sealed: &SealedVisit) -> VisitResult {
        let sent = STANDARD.decode(&sealed.manifest).unwrap();
        let sha = Hash32::of(&sent).to_string();
        let cose = if is_enveloped(&sent) {
            self.enveloped += 1;
            age::decrypt(&*SPOOL, &sent).unwrap()
        } else {
            sent
        };
        let signed = SignedManifest::parse(&cose).unwrap();
        let known = self.manifests.values().any(|known| *known == cose);
        let status = match (self.status_of_visits, known) {
            (VisitStatus::Accepted, true) => VisitStatus::Duplicate,
            (status, _) => status,
        };
        let taken = matches!(status, VisitStatus::Accepted | VisitStatus::Duplicate);
        if taken && !known {
            self.received.push(signed.manifest().visit.to_string());
            self.manifests.insert(sha.clone(), cose);
        }
        VisitResult {
            visit: Some(signed.manifest().visit),
            manifest_sha256: sha,
            status: status.into(),
            code: (!taken).then(|| "bad_manifest".to_owned()),
            upload_grant: taken.then(|| format!("u1.{}", self.now)),
            wanted: signed
                .manifest()
                .photos
                .iter()
                .map(|photo| photo.id)
                .filter(|id| !self.whole.contains(&id.to_string()))
                .collect(),
        }
    }

    fn receipt(&self, id: PhotoId) -> Option<PhotoReceipt> {
        let text = id.to_string();
        self.whole.contains(&text).then(|| {
            let sha256 = self
                .manifests
                .values()
                .flat_map(|cose| {
                    SignedManifest::parse(cose)
                        .unwrap()
                        .manifest()
                        .photos
                        .clone()
                })
                .find(|photo| photo.id == id)
                .unwrap()
                .sha256;
            PhotoReceipt {
                photo: id,
                sha256: sha256.to_string(),
                received_at: Timestamp::from_micros(self.now),
                safe_at: self.safe_at.map(Timestamp::from_micros),
                problem: None,
            }
        })
    }

    fn sync(&mut self, said: &SyncRequest) -> Response {
        let results = said.visits.iter().map(|visit| self.visit(visit)).collect();
        let bucket = officer_bucket(self);
        let at = if said.epoch == self.epoch {
            said.cursors.get(&bucket).copied().unwrap_or_default()
        } else {
            tilik_protocol::sync::Cursor::default()
        };
        let head = self.rows.iter().map(|row| row.seq).max().unwrap_or(0);
        let sum = self
            .rows
            .iter()
            .fold(u64::from(self.wrong_checksum), |sum, row| {
                sum.wrapping_add(row.hash)
            });
        let mut buckets = Vec::new();
        if (at.seq < head || at.checksum != sum) && self.device_revoked.is_none() {
            let from = if at.seq >= head { 0 } else { at.seq };
            // Pages of two rows, so that there is more than one.
            let mut rows: Vec<_> = self
                .rows
                .iter()
                .filter(|row| row.seq > from)
                .cloned()
                .collect();
            rows.sort_by_key(|row| row.seq);
            let more = rows.len() > 2;
            rows.truncate(2);
            buckets.push(BucketPage {
                bucket,
                next: if more { rows[1].seq } else { head },
                rows,
                more,
                checksum: (!more).then(|| format!("{sum:016x}")),
                reset: from == 0,
            });
        }
        reply(
            200,
            &SyncReply {
                now: Timestamp::from_micros(self.now),
                time_token: format!("t1.{}", self.now),
                epoch: self.epoch,
                results,
                receipts: said
                    .ask_receipts
                    .iter()
                    .filter_map(|id| self.receipt(*id))
                    .collect(),
                buckets,
                revoked: self.revoked_buckets.clone(),
                config: PhoneConfig {
                    min_version: self.min_version.clone(),
                    spool_recipient: SPOOL.to_public().to_string(),
                    keep_days: 7,
                    utc_offset_min: 420,
                    app: self.app.as_ref().map(|(offered, _)| offered.clone()),
                },
                device_revoked: self.device_revoked.clone(),
            },
        )
    }
}

/// A phone and its server.
pub(super) struct Bench {
    dir: TempDir,
    pub(super) hands: Arc<Hands>,
    app: Option<Arc<FieldApp>>,
    pub(super) server: Server,
    seed: u64,
}

impl Bench {
    pub(super) fn new(seed: u64) -> Self {
        let mut bench = Self {
            dir: TempDir::new().unwrap(),
            hands: Hands::new(seed),
            app: None,
            server: Server::new(),
            seed: seed * 1_000,
        };
        bench.reopen();
        bench
    }

    pub(super) fn app(&self) -> &FieldApp {
        self.app.as_ref().unwrap()
    }

    pub(super) fn folder(&self) -> std::path::PathBuf {
        self.dir.path().to_path_buf()
    }

    /// The app is killed.
    pub(super) fn close(&mut self) {
        self.app = None;
    }

    /// The app is killed and opened again.
    pub(super) fn reopen(&mut self) {
        self.app = None;
        self.app = Some(self.open(self.dir.path()));
    }

    /// The app on another folder of the same phone.
    pub(super) fn open(&self, folder: &std::path::Path) -> Arc<FieldApp> {
        self.try_open(folder).unwrap()
    }

    /// The same, where it may not open.
    pub(super) fn try_open(&self, folder: &std::path::Path) -> Result<Arc<FieldApp>, CoreError> {
        let hands = &self.hands;
        let ports = Ports {
            clock: hands.clone(),
            monotonic: hands.clone(),
            rng: hands.clone(),
            space: hands.clone(),
            signer: hands.clone(),
            keys: hands.clone(),
        };
        let info = AppInfo {
            version: "0.1.0".to_owned(),
            build: "1".to_owned(),
            phone_name: "Redmi 9A".to_owned(),
            dev_options: None,
            adb: None,
            debugger: None,
            hooked: None,
            rooted: None,
        };
        let folder = folder.to_string_lossy().into_owned();
        FieldApp::open(folder, info, ports)
    }

    pub(super) fn body(request: &Request) -> Vec<u8> {
        match &request.body {
            RequestBody::None => Vec::new(),
            RequestBody::Bytes { bytes } => bytes.clone(),
            RequestBody::File {
                path,
                offset,
                length,
            } => {
                let bytes = std::fs::read(path).unwrap();
                let from = usize::try_from(*offset).unwrap();
                bytes[from..from + usize::try_from(*length).unwrap()].to_vec()
            }
        }
    }

    /// The next request, if there is one now.
    pub(super) fn next(&self) -> Option<Request> {
        self.app().next_requests(1).unwrap().pop()
    }

    /// The server's answer to a request.
    pub(super) fn answer(&mut self, request: &Request) -> Response {
        let body = Self::body(request);
        self.server.handle(request, &body)
    }

    /// Sends and answers until nothing is left to do now.
    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            let Some(request) = self.next() else {
                return;
            };
            let response = self.answer(&request);
            self.app().on_response(request.id, response).unwrap();
        }
        panic!("never settles: {:?}", self.server.log);
    }

    /// As `settle`, letting time pass while something waits.
    pub(super) fn settle_in_time(&mut self) {
        for _ in 0..40 {
            self.settle();
            let wait = self.app().wait_s();
            if wait >= 600 {
                return;
            }
            self.pass_s(wait.max(1));
        }
        panic!("never comes to rest: {:?}", self.server.log);
    }

    pub(super) fn pass_s(&mut self, seconds: u64) {
        self.hands.pass_s(seconds);
        self.server.now += i64::try_from(seconds).unwrap() * S;
    }

    /// Works for a few rounds, whether it comes to rest or not.
    pub(super) fn settle_in_time_limited(&mut self, rounds: u32) {
        for _ in 0..rounds {
            for _ in 0..5 {
                let Some(request) = self.next() else {
                    break;
                };
                let response = self.answer(&request);
                self.app().on_response(request.id, response).unwrap();
            }
            self.pass_s(1);
        }
    }

    pub(super) fn enrolled() -> Self {
        Self::enrolled_with(1)
    }

    /// A colleague's phone.
    pub(super) fn colleague() -> Self {
        Self::enrolled_with(2)
    }

    fn enrolled_with(seed: u64) -> Self {
        let mut bench = Self::new(seed);
        bench.app().enrol("abcdefghjk ".to_owned()).unwrap();
        bench.settle();
        assert!(bench.app().status().unwrap().enrolled);
        bench.sign_in();
        bench
    }

    pub(super) fn sign_in(&mut self) {
        self.app()
            .sign_in("siti".to_owned(), "rahasia sekali".to_owned())
            .unwrap();
        self.settle();
        assert!(self.app().status().unwrap().signed_in);
    }

    /// Case 1 is on the roster.
    pub(super) fn assign_one(&mut self) {
        self.server.put(&super::object(1), &assignment(1));
        self.app().send_now().unwrap();
        self.settle();
    }

    /// Long enough for bytes that are safe to leave the phone.
    pub(super) fn pass_weeks(&mut self) {
        for _ in 0..3 {
            self.pass_s(8 * 86_400);
            self.app().send_now().unwrap();
            self.settle_in_time();
        }
    }

    fn id(&mut self) -> Uuid {
        self.seed += 1;
        Uuid::from_u128(u128::from(self.seed))
    }

    /// A sealed visit with photos of `sizes` bytes, as the seal leaves one.
    pub(super) fn seal(&mut self, case: Option<CaseId>, sizes: &[usize]) -> VisitId {
        let visit = VisitId(self.id());
        let photos: Vec<PhotoId> = sizes.iter().map(|_| PhotoId(self.id())).collect();
        let app = self.app.clone().unwrap();
        let phone = app.phone();
        let mut core = app.core();
        let enrolment = enrolment(&core.stores.device).unwrap().unwrap();
        let mut said = Vec::new();
        let mut records = Vec::new();
        for (id, size) in photos.iter().zip(sizes) {
            let sealed: Vec<u8> = (0..*size)
                .map(|n| Hash32::of(format!("{id}{}", n / 32).as_bytes()).0[n % 32])
                .collect();
            let file = format!("{id}.age");
            std::fs::write(phone.folder.join("spool").join(&file), &sealed).unwrap();
            let sha256 = Hash32::of(id.to_string().as_bytes());
            said.push(ManifestPhoto {
                id: *id,
                kind: PhotoKind::HouseFront.into(),
                sha256,
                len: 10,
                sealed_sha256: Hash32::of(&sealed),
                sealed_len: sealed.len() as u64,
                width: 10,
                height: 10,
                taken_at: phone.now(),
                camera: ManifestCamera {
                    make: None,
                    model: None,
                    exposure_us: None,
                    iso: None,
                    focal_um: None,
                    orientation: 1,
                    exif_taken: None,
                },
            });
            records.push(SealedPhotoRecord {
                photo: *id,
                file,
                sha256,
                sealed_sha256: Hash32::of(&sealed),
                sealed_len: sealed.len() as u64,
                on_phone: true,
            });
        }
        let manifest = Manifest {
            version: 1,
            visit,
            device: enrolment.device,
            seq: enrolment.chain_seq + 1,
            prev: enrolment.chain_hash,
            case,
            case_version: None,
            officer: enrolment.officer,
            region: "35.71.03.1009".parse().unwrap(),
            kind: VisitKind::Quick.into(),
            unreachable: None,
            supersedes: None,
            arrived_at: phone.now(),
            captured_at: phone.now(),
            photos: said,
            pin: None,
            answers: None,
            notice_read_at: None,
            clock: ManifestClock {
                wall: phone.now(),
                elapsed_ns: 1,
                boot_id: "1".to_owned(),
                boot_count: None,
                auto_time: None,
                time_token: None,
                token_elapsed_ns: None,
            },
            app: ManifestApp {
                version: "0.1.0".to_owned(),
                build: "1".to_owned(),
                key_level: "software".to_owned(),
                dev_options: None,
                adb: None,
                debugger: None,
                hooked: None,
                rooted: None,
            },
            created_by: "camera".to_owned(),
            training: false,
        };
        let cose = manifest.assemble(phone.sign(manifest.to_be_signed()).unwrap());
        let record = SealedVisitRecord {
            visit,
            device: enrolment.device,
            seq: manifest.seq,
            officer: enrolment.officer,
            case,
            captured_at: manifest.captured_at,
            manifest: cose,
            answers: None,
            photos: records,
            carried: false,
        };
        spare::write(phone, &record, &enrolment.spool_recipient).unwrap();
        let tx = core.stores.device.transaction().unwrap();
        let hash = Hash32::of(&record.manifest);
        advance_chain(&tx, enrolment.device, manifest.seq, hash).unwrap();
        enqueue(&tx, &record).unwrap();
        tx.commit().unwrap();
        visit
    }
}

pub(super) fn assignment(n: u128) -> Assignment {
    Assignment {
        case: CaseId(Uuid::from_u128(n)),
        version: 1,
        state: CaseState::Assigned.into(),
        house: tilik_protocol::ids::HouseId(Uuid::from_u128(n)),
        family: tilik_protocol::ids::FamilyId(Uuid::from_u128(n)),
        name: format!("Keluarga {n}"),
        address: "Jl. Melati".to_owned(),
        rt: "01".to_owned(),
        rw: "02".to_owned(),
        region: "35.71.03.1009".parse().unwrap(),
        kind: VisitKind::Quick.into(),
        form: None,
        last_pin: None,
        programs: vec!["SEMBAKO".to_owned()],
        closes_at: None,
        returned: None,
    }
}
