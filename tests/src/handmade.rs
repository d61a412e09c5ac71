//! Evidence made by hand: a phone that is only a key and a chain, photos that are drawn, manifests signed field by field.
//!
//! The real phone core never sends anything wrong. What must be refused, and what is only wanted as a means, is made
//! here, where every byte can be bent before it goes out.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use tilik_protocol::evidence::{PhotoKind, UnreachableReason, VisitKind};
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{CaseId, DeviceId, PhotoId, VisitId};
use tilik_protocol::manifest::{
    Hash32, Manifest, ManifestAnswers, ManifestApp, ManifestCamera, ManifestClock, ManifestPhoto,
    ManifestPin,
};
use tilik_protocol::session::{
    EnrolDevice, Enrolled, SignIn, Tokens, enrol_proof_input, refresh_proof_input,
    sign_in_proof_input,
};
use tilik_protocol::sync::{SealedVisit, SyncReply, SyncRequest};
use tilik_protocol::time::Timestamp;
use tilik_server::clock::Ids;
use tilik_server::time_token::TimeToken;

use crate::people::{Console, Person};
use crate::phone::answers;
use crate::village;
use crate::world::{Answer, Doorway, World, json};

/// Pixels of a drawn photo.
pub const WIDTH: u16 = 64;
/// Pixels of a drawn photo.
pub const HEIGHT: u16 = 48;

/// The pixels of a small house front; no two `n` look alike.
pub fn pixels(n: u64) -> Vec<u8> {
    let tone = |x: u64, y: u64, by: u64| ((x * (3 + n % 5) + y * by + n * 37) % 251) as u8;
    // The upper bits as black and white blocks: those of one phone are not those of another.
    let phone = n >> 16;
    let block = |x: u64, y: u64| {
        if phone >> (y / 8 * 8 + x / 8) & 1 == 1 {
            255
        } else {
            0
        }
    };
    (0..u64::from(HEIGHT))
        .flat_map(|y| (0..u64::from(WIDTH)).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            if phone > 0 && y < 32 {
                [block(x, y); 3]
            } else {
                [tone(x, y, 5), tone(x, y, 7), tone(x, y, 11)]
            }
        })
        .collect()
}

/// A baseline JPEG as our camera writes it.
///
/// # Errors
/// When the encoder refuses.
pub fn jpeg(n: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    jpeg_encoder::Encoder::new(&mut out, 85).encode(
        &pixels(n),
        WIDTH,
        HEIGHT,
        jpeg_encoder::ColorType::Rgb,
    )?;
    Ok(out)
}

/// A key, a chain, a session.
#[derive(Clone)]
pub struct SoftPhone {
    /// The phone.
    pub id: DeviceId,
    /// Whose it is.
    pub officer: Person,
    /// How many visits its chain has.
    pub seq: u64,
    /// The chain's end.
    pub prev: Option<Hash32>,
    key: SigningKey,
    recipient: String,
    time_token: String,
    doorway: Doorway,
    ids: Arc<Ids>,
    session: Option<Tokens>,
}

impl std::fmt::Debug for SoftPhone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftPhone")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A photo and the sealed file that would be uploaded.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Its id.
    pub id: PhotoId,
    /// The bytes of the photo, whatever they are.
    pub plain: Vec<u8>,
    /// The `age` file.
    pub sealed: Vec<u8>,
}

/// A sealed visit.
#[derive(Debug, Clone)]
pub struct Handmade {
    /// What it says.
    pub manifest: Manifest,
    /// The signed bytes.
    pub cose: Vec<u8>,
    /// Its photos.
    pub shots: Vec<Shot>,
    /// The `age` file of its answers, when it has some.
    pub answers: Option<Vec<u8>>,
}

impl Handmade {
    /// The visit.
    pub fn visit(&self) -> VisitId {
        self.manifest.visit
    }

    /// As it goes over the wire.
    pub fn sealed(&self) -> SealedVisit {
        SealedVisit {
            manifest: STANDARD.encode(&self.cose),
            answers: self.answers.as_ref().map(|sealed| STANDARD.encode(sealed)),
        }
    }
}

/// The body with which a phone shows its one-time code.
fn enrolment(key: &SigningKey, id: DeviceId, code: &str) -> EnrolDevice {
    let proof: Signature = key.sign(&enrol_proof_input(code, id));
    EnrolDevice {
        code: code.to_owned(),
        device: id,
        public_key: STANDARD.encode(key.verifying_key().to_encoded_point(false).as_bytes()),
        name: "HP uji".to_owned(),
        key_level: "tee".to_owned(),
        proof: STANDARD.encode(proof.to_bytes()),
    }
}

/// A key of this world's chance.
///
/// # Errors
/// Once in 2³² times: 32 random bytes are then no key.
fn new_key(ids: &Ids) -> Result<SigningKey> {
    SigningKey::from_slice(&ids.bytes::<32>()).map_err(|_| anyhow!("not a key"))
}

/// A well-formed enrolment of a phone that nobody has yet.
///
/// # Errors
/// As [`SoftPhone::enrolled`].
pub fn new_enrolment(world: &World, code: &str) -> Result<EnrolDevice> {
    Ok(enrolment(&new_key(&world.ids)?, world.id(), code))
}

impl SoftPhone {
    /// A phone of `officer`, enrolled with a code that `by` issues.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn enrolled(world: &World, by: &Console, officer: &Person) -> Result<Self> {
        let code = by.issue_enrolment(officer.id).await?.code;
        Self::with_code(world, officer, &code).await
    }

    /// A phone enrolled with a code that is there already.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn with_code(world: &World, officer: &Person, code: &str) -> Result<Self> {
        let (id, key) = (world.id(), new_key(&world.ids)?);
        let body = json(&enrolment(&key, id, code));
        let enrolled: Enrolled = world
            .call("POST", "/v1/devices", None, Some(&body))
            .await
            .ok()?
            .read()?;
        Ok(Self {
            id,
            officer: officer.clone(),
            seq: 0,
            prev: None,
            key,
            recipient: enrolled.spool_recipient,
            time_token: enrolled.time_token.unwrap_or_default(),
            doorway: world.doorway(),
            ids: world.ids.clone(),
            session: None,
        })
    }

    /// The same phone on a copy of its world.
    #[must_use]
    pub fn moved_to(&self, world: &World) -> Self {
        Self {
            doorway: world.doorway(),
            ids: world.ids.clone(),
            ..self.clone()
        }
    }

    /// Raw ES256 over `message`, base64.
    pub fn proof(&self, message: &[u8]) -> String {
        let signature: Signature = self.key.sign(message);
        STANDARD.encode(signature.to_bytes())
    }

    /// The body of signing in on this phone, with its proof.
    pub fn sign_in_body(&self) -> SignIn {
        let username = &self.officer.username;
        let signed = sign_in_proof_input(self.id, username, &self.time_token);
        SignIn {
            username: username.clone(),
            password: self.officer.password.clone(),
            device: Some(self.id),
            proof: Some(self.proof(&signed)),
            time_token: Some(self.time_token.clone()),
        }
    }

    /// Signs in on this phone.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn sign_in(&mut self) -> Result<Tokens> {
        let body = self.sign_in_body();
        let tokens: Tokens = self
            .doorway
            .call("POST", "/v1/session", None, Some(&json(&body)))
            .await
            .ok()?
            .read()?;
        self.session = Some(tokens.clone());
        Ok(tokens)
    }

    /// A token that is good now.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn token(&mut self) -> Result<String> {
        match &self.session {
            Some(held) if held.access_expires_at > self.ids.now() => Ok(held.access_token.clone()),
            Some(_) | None => Ok(self.sign_in().await?.access_token),
        }
    }

    /// The body of a refresh with this phone's proof.
    pub fn refresh_body(&self, refresh_token: &str) -> serde_json::Value {
        serde_json::json!({
            "refresh_token": refresh_token,
            "proof": self.proof(&refresh_proof_input(refresh_token)),
        })
    }

    /// Any bytes as a photo of this phone.
    ///
    /// # Errors
    /// When the registry's key is none.
    pub fn shot(&self, plain: Vec<u8>) -> Result<Shot> {
        let recipient: age::x25519::Recipient =
            self.recipient.parse().map_err(|text: &str| anyhow!(text))?;
        Ok(Shot {
            id: self.ids.next(),
            sealed: age::encrypt(&recipient, &plain)?,
            plain,
        })
    }

    /// A photo that no other phone has and this one not yet.
    ///
    /// # Errors
    /// When it cannot be drawn or sealed.
    pub fn photograph(&self, n: u64) -> Result<Shot> {
        let phone = self.id.0.as_u128() & 0xffff_ffff;
        let phone = u64::try_from(phone)?.max(1);
        self.shot(jpeg(phone << 16 | (self.seq * 32 + n))?)
    }

    /// A manifest about `case`, next in the chain, with nothing wrong in it; not sealed yet.
    pub fn manifest(&self, case: Option<CaseId>, kind: VisitKind, shots: &[Shot]) -> Manifest {
        let now = self.ids.now();
        let photo = |(n, shot): (usize, &Shot)| ManifestPhoto {
            id: shot.id,
            kind: if n == 0 {
                PhotoKind::HouseFront
            } else {
                PhotoKind::Statement
            }
            .into(),
            sha256: Hash32::of(&shot.plain),
            len: shot.plain.len() as u64,
            sealed_sha256: Hash32::of(&shot.sealed),
            sealed_len: shot.sealed.len() as u64,
            width: WIDTH.into(),
            height: HEIGHT.into(),
            taken_at: now.plus_s(-60),
            camera: ManifestCamera {
                make: Some("Xiaomi".to_owned()),
                model: Some("Redmi 9A".to_owned()),
                exposure_us: None,
                iso: None,
                focal_um: None,
                orientation: 1,
                exif_taken: None,
            },
        };
        Manifest {
            version: 1,
            visit: self.ids.next(),
            device: self.id,
            seq: self.seq + 1,
            prev: self.prev,
            case,
            case_version: None,
            officer: self.officer.id,
            region: village::here(),
            kind: kind.into(),
            unreachable: (kind == VisitKind::Unreachable)
                .then(|| UnreachableReason::NotFound.into()),
            supersedes: None,
            arrived_at: now.plus_s(-120),
            captured_at: now.plus_s(-30),
            photos: shots.iter().enumerate().map(photo).collect(),
            pin: Some(ManifestPin {
                lat_e7: village::DOOR.0,
                lon_e7: village::DOOR.1,
                accuracy_cm: 800,
                source: "gnss".to_owned(),
                mock: false,
                taken_at: now.plus_s(-50),
                fixes: Vec::new(),
            }),
            answers: None,
            notice_read_at: Some(now.plus_s(-110)),
            clock: ManifestClock {
                wall: now.plus_s(-30),
                elapsed_ns: 1_000_000_000,
                boot_id: "00000000-0000-4000-8000-000000000001".to_owned(),
                boot_count: Some(7),
                auto_time: Some(true),
                time_token: None,
                token_elapsed_ns: None,
            },
            app: ManifestApp {
                version: "1.0.0".to_owned(),
                build: "1".to_owned(),
                key_level: "tee".to_owned(),
                dev_options: Some(false),
                adb: Some(false),
                debugger: Some(false),
                hooked: Some(false),
                rooted: Some(false),
            },
            created_by: "camera".to_owned(),
            training: false,
        }
    }

    /// A clock that was told the time a minute before `at` and has run since.
    pub fn clock_at(&self, world: &World, at: Timestamp) -> ManifestClock {
        let token = TimeToken {
            at: at.plus_s(-60),
            device: self.id,
        };
        ManifestClock {
            wall: at,
            elapsed_ns: 100_000_000_000,
            boot_id: "00000000-0000-4000-8000-000000000001".to_owned(),
            boot_count: Some(7),
            auto_time: Some(true),
            time_token: Some(token.seal(&world.keys)),
            token_elapsed_ns: Some(40_000_000_000),
        }
    }

    /// Signs a manifest as it stands and moves the chain on.
    pub fn seal(&mut self, manifest: Manifest, shots: Vec<Shot>) -> Handmade {
        let signature: Signature = self.key.sign(&manifest.to_be_signed());
        let cose = manifest.assemble(signature.to_bytes().into());
        self.seq = manifest.seq;
        self.prev = Some(Hash32::of(&cose));
        Handmade {
            manifest,
            cose,
            shots,
            answers: None,
        }
    }

    /// A whole visit with as many drawn photos as asked for.
    ///
    /// # Errors
    /// When a photo cannot be drawn or sealed.
    pub fn capture(
        &mut self,
        case: Option<CaseId>,
        kind: VisitKind,
        photos: u64,
    ) -> Result<Handmade> {
        let shots = (0..photos)
            .map(|n| self.photograph(n))
            .collect::<Result<Vec<_>>>()?;
        let manifest = self.manifest(case, kind, &shots);
        if kind == VisitKind::Full {
            let answers: Answers = answers(true)
                .into_iter()
                .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
                .collect();
            return self.seal_with_answers(manifest, shots, ("kepmensos-262", 1), &answers);
        }
        Ok(self.seal(manifest, shots))
    }

    /// As [`SoftPhone::seal`], with answers to a form of any name and version.
    ///
    /// # Errors
    /// When the registry's key is none.
    pub fn seal_with_answers(
        &mut self,
        mut manifest: Manifest,
        shots: Vec<Shot>,
        (form, form_version): (&str, u32),
        answers: &Answers,
    ) -> Result<Handmade> {
        let file = self.shot(serde_json::to_vec(answers)?)?;
        manifest.answers = Some(ManifestAnswers {
            form: form.to_owned(),
            form_version,
            sha256: Hash32::of(&file.plain),
            len: file.plain.len() as u64,
            sealed_sha256: Hash32::of(&file.sealed),
            sealed_len: file.sealed.len() as u64,
        });
        Ok(Handmade {
            answers: Some(file.sealed),
            ..self.seal(manifest, shots)
        })
    }

    /// The body of a sync round that brings `visits`.
    pub fn sync_body(&self, visits: Vec<SealedVisit>) -> SyncRequest {
        SyncRequest {
            device: self.id,
            client_version: "1.0.0".to_owned(),
            epoch: 0,
            cursors: std::collections::BTreeMap::new(),
            visits,
            ask_receipts: Vec::new(),
        }
    }

    /// One round with the server.
    ///
    /// # Errors
    /// When the server refuses the round.
    pub async fn sync(&mut self, visits: &[&Handmade]) -> Result<SyncReply> {
        let body = self.sync_body(visits.iter().map(|visit| visit.sealed()).collect());
        self.exchange(body).await
    }

    /// A round of any content.
    ///
    /// # Errors
    /// When the server refuses the round.
    pub async fn exchange(&mut self, body: SyncRequest) -> Result<SyncReply> {
        let token = self.token().await?;
        self.doorway
            .call("POST", "/v1/sync", Some(&token), Some(&json(&body)))
            .await
            .ok()?
            .read()
    }

    /// The headers that announce a photo.
    pub fn announcement(&self, shot: &Shot, visit: VisitId) -> Vec<(&'static str, String)> {
        let metadata = [
            ("media", shot.id.to_string()),
            ("device", self.id.to_string()),
            ("sha256", Hash32::of(&shot.sealed).to_string()),
            ("visit", visit.to_string()),
        ]
        .map(|(name, value)| format!("{name} {}", STANDARD.encode(value)))
        .join(",");
        vec![
            ("tus-resumable", "1.0.0".to_owned()),
            ("upload-length", shot.sealed.len().to_string()),
            ("upload-metadata", metadata),
        ]
    }

    /// Announces a photo; `bytes` go with the announcement.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn announce(&mut self, shot: &Shot, visit: VisitId, bytes: &[u8]) -> Result<Answer> {
        let token = self.token().await?;
        let mut request = Request::builder()
            .method("POST")
            .uri("/v1/uploads")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_LENGTH, bytes.len());
        for (name, value) in self.announcement(shot, visit) {
            request = request.header(name, value);
        }
        if !bytes.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/offset+octet-stream");
        }
        let request = request.body(Body::from(bytes.to_vec()))?;
        self.doorway
            .send(request)
            .await
            .context("the server is down")
    }

    /// Brings a visit in: its manifest, then its photos.
    ///
    /// # Errors
    /// When the server refuses any of it.
    pub async fn bring(&mut self, visit: &Handmade) -> Result<()> {
        self.sync(&[visit]).await?;
        for shot in &visit.shots {
            self.announce(shot, visit.visit(), &shot.sealed)
                .await?
                .ok()?;
        }
        Ok(())
    }

    /// Visits a case and brings everything in.
    ///
    /// # Errors
    /// When the server refuses any of it.
    pub async fn visit(&mut self, case: CaseId, kind: VisitKind) -> Result<Handmade> {
        let visit = self.capture(Some(case), kind, 2)?;
        self.bring(&visit).await?;
        Ok(visit)
    }

    /// A full visit that nothing speaks against but the answers that differ from those of a poor family; the server had told
    /// the phone the time a minute before.
    ///
    /// # Errors
    /// When a photo cannot be drawn or sealed.
    pub fn capture_plainly(
        &mut self,
        world: &World,
        case: CaseId,
        differs: &[(&str, &str)],
    ) -> Result<Handmade> {
        let shots = vec![self.photograph(0)?, self.photograph(1)?];
        let mut manifest = self.manifest(Some(case), VisitKind::Full, &shots);
        manifest.clock = self.clock_at(world, manifest.captured_at);
        let said = answers(true).into_iter().chain(differs.iter().copied());
        let answers: Answers = said
            .map(|(question, answer)| (question.to_owned(), answer.to_owned()))
            .collect();
        self.seal_with_answers(manifest, shots, ("kepmensos-262", 1), &answers)
    }

    /// A try to see a family that was not there, at another time than now; the server had told the phone the time a minute
    /// before.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn try_in_vain(
        &mut self,
        world: &World,
        case: CaseId,
        at: Timestamp,
    ) -> Result<Handmade> {
        let shots = vec![self.photograph(0)?, self.photograph(1)?];
        let mut manifest = self.manifest(Some(case), VisitKind::Unreachable, &shots);
        manifest.captured_at = at;
        manifest.clock = self.clock_at(world, at);
        let visit = self.seal(manifest, shots);
        self.bring(&visit).await?;
        Ok(visit)
    }
}
