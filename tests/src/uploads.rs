//! Sealed photos and the requests that carry them, for tests that speak tus themselves instead of leaving it to a phone.

use anyhow::{Context, Result};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, header};
use sha2::{Digest, Sha256};
use tilik_protocol::evidence::{PhotoKind, VisitKind};
use tilik_protocol::ids::{DeviceId, PhotoId, VisitId};
use tilik_server::App;
use tilik_server::blobs::{BlobKey, BlobPrefix, Listed};
use tilik_server::clock::Ids;

use crate::phone::FieldPhone;
use crate::village::{DOOR, here};
use crate::world::{Answer, World};

/// What the body of every upload is called.
pub const STREAM: &str = "application/offset+octet-stream";

/// A photo as a phone has sealed it.
#[derive(Debug, Clone)]
pub struct SealedPhoto {
    /// Its id; also the upload's.
    pub photo: PhotoId,
    /// The phone that sealed it.
    pub device: DeviceId,
    /// The visit it belongs to.
    pub visit: Option<VisitId>,
    /// The sealed file.
    pub bytes: Bytes,
}

/// SHA-256 as lower-case hex.
pub fn hex_sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl SealedPhoto {
    /// Bytes of nobody's making under a new id, announced as `device`'s.
    pub fn of_bytes(ids: &Ids, device: DeviceId, bytes: impl Into<Bytes>) -> Self {
        Self {
            photo: ids.next(),
            device,
            visit: None,
            bytes: bytes.into(),
        }
    }

    /// The photos of a sealed visit, as they lie in the phone's spool.
    ///
    /// # Errors
    /// When the visit or one of its files is not on the phone.
    pub fn of_visit(phone: &FieldPhone, visit: VisitId) -> Result<Vec<Self>> {
        let device = phone.device()?;
        let spool = phone.folder().join("spool");
        let photos = phone.sealed(visit)?.photos;
        let read = |photo: PhotoId| {
            let file = spool.join(format!("{photo}.age"));
            let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
            Ok(Self {
                photo,
                device,
                visit: Some(visit),
                bytes: bytes.into(),
            })
        };
        photos.iter().map(|photo| read(photo.photo)).collect()
    }

    /// What the creation says of it.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("media", self.photo.to_string()),
            ("device", self.device.to_string()),
            ("sha256", hex_sha256(&self.bytes)),
        ];
        pairs.extend(self.visit.map(|visit| ("visit", visit.to_string())));
        pairs
    }

    /// `Upload-Metadata`.
    pub fn metadata(&self) -> String {
        self.facts()
            .into_iter()
            .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Where it is uploaded to.
    pub fn path(&self) -> String {
        format!("/v1/uploads/{}", self.photo)
    }

    /// A request of the protocol; more headers may be added.
    pub fn request(method: Method, path: &str, token: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("tus-resumable", "1.0.0")
    }

    /// The creation; bytes in it are the beginning of the photo.
    ///
    /// # Errors
    /// Never: its headers are plain text.
    pub fn create(&self, token: &str, body: Option<Body>) -> Result<Request<Body>> {
        let request = Self::request(Method::POST, "/v1/uploads", token)
            .header("upload-length", self.bytes.len())
            .header("upload-metadata", self.metadata());
        Ok(match body {
            None => request.body(Body::empty()),
            Some(body) => request.header(header::CONTENT_TYPE, STREAM).body(body),
        }?)
    }

    /// Asks where the upload stands.
    ///
    /// # Errors
    /// Never: its headers are plain text.
    pub fn head(&self, token: &str) -> Result<Request<Body>> {
        Ok(Self::request(Method::HEAD, &self.path(), token).body(Body::empty())?)
    }

    /// Appends `body` at `offset`.
    ///
    /// # Errors
    /// Never: its headers are plain text.
    pub fn patch(&self, token: &str, offset: u64, body: Body) -> Result<Request<Body>> {
        Ok(Self::request(Method::PATCH, &self.path(), token)
            .header("upload-offset", offset)
            .header(header::CONTENT_TYPE, STREAM)
            .body(body)?)
    }

    /// The bytes from `offset` on.
    pub fn tail(&self, offset: u64) -> Bytes {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        self.bytes.slice(from.min(self.bytes.len())..)
    }
}

/// Where the server says that an upload stands.
pub fn offset_of(answer: &Answer) -> Option<u64> {
    answer
        .headers
        .get("upload-offset")?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// A body that comes in frames of `frame` bytes.
pub fn in_frames(bytes: &Bytes, frame: usize) -> Body {
    let (bytes, frame) = (bytes.clone(), frame.max(1));
    let frames = (0..bytes.len()).step_by(frame).map(move |at| {
        let until = (at + frame).min(bytes.len());
        Ok::<_, std::io::Error>(bytes.slice(at..until))
    });
    Body::from_stream(stream::iter(frames))
}

/// A body that breaks off after `bytes`: the client is gone.
pub fn cut_after(bytes: &Bytes, frame: usize) -> Body {
    use futures_util::StreamExt as _;
    let broken = || Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let frames = in_frames(bytes, frame).into_data_stream();
    let whole = frames.map(|frame| frame.map_err(std::io::Error::other));
    Body::from_stream(whole.chain(stream::once(async move { broken() })))
}

/// A picture of grey noise, which no encoder makes small: about 0.7 bytes a pixel.
///
/// # Errors
/// What the encoder says.
pub fn noise(ids: &Ids, width: u16, height: u16) -> Result<Vec<u8>> {
    let mut grey = vec![0; usize::from(width) * usize::from(height)];
    ids.fill(&mut grey);
    let mut jpeg = Vec::new();
    jpeg_encoder::Encoder::new(&mut jpeg, 80).encode(
        &grey,
        width,
        height,
        jpeg_encoder::ColorType::Luma,
    )?;
    Ok(jpeg)
}

/// Seals a visit about a family on no list, with these photos. It is not sent.
///
/// # Errors
/// What the app says.
pub fn seal_finding(phone: &FieldPhone, photos: &[Vec<u8>]) -> Result<VisitId> {
    let visit = phone.begin(None, VisitKind::Finding, Some(here()))?;
    for photo in photos {
        phone.photograph(visit, PhotoKind::HouseFront, photo)?;
    }
    phone.pin(visit, DOOR)?;
    let said = [
        ("what", "family"),
        ("name", "KELUARGA"),
        ("address", "JL KENANGA"),
    ];
    phone.answer(visit, &said)?;
    phone.app()?.notice_read(visit)?;
    phone.seal(visit)
}

/// Sends everything of a phone but its photos. The grant under which they may be sent, when one has none left to wait for.
///
/// # Errors
/// What the app says; when it never comes to an end.
pub async fn send_manifests(phone: &FieldPhone) -> Result<Option<String>> {
    let app = phone.app()?;
    app.send_now()?;
    let mut grant = None;
    for _ in 0..1_000 {
        let requests = app.next_requests(64)?;
        if requests.is_empty() {
            return Ok(grant);
        }
        for request in requests {
            if !request.path.starts_with("/v1/uploads") {
                phone.exchange(&request).await?;
                continue;
            }
            app.on_no_network(request.id.clone())?;
            let shown = request
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case("authorization"))
                .and_then(|header| header.value.strip_prefix("Bearer "));
            grant = shown.map(str::to_owned).or(grant);
        }
    }
    anyhow::bail!("the phone never stops sending")
}

/// What is wrong with how a server keeps this photo: not received, other bytes, stored twice, pieces left over. Nothing:
/// `None`.
///
/// # Errors
/// When database or blob store do not answer.
pub async fn photo_problem(app: &App, sealed: &SealedPhoto) -> Result<Option<String>> {
    let by = app.store.acting_as_system("a test looks");
    let Some(expected) = by.expected(sealed.photo).await? else {
        return Ok(Some("no manifest names it".to_owned()));
    };
    if !expected.received {
        return Ok(Some("it has not arrived".to_owned()));
    }
    let clear = app
        .keys
        .open_spool(&sealed.bytes)
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let key = by.original_key(sealed.photo).await?.context("no key")?;
    let key: BlobKey = key.parse()?;
    if app.blobs.get(&key).await? != clear {
        return Ok(Some("other bytes are stored".to_owned()));
    }
    let id = sealed.photo.to_string();
    let mut originals = 0;
    let mut after = None;
    loop {
        let page = app
            .blobs
            .list(&BlobPrefix::originals(), after.as_ref(), 1000)
            .await?;
        let of_this = |object: &&Listed| object.key.as_str().contains(&id);
        originals += page.objects.iter().filter(of_this).count();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if originals != 1 {
        return Ok(Some(format!("{originals} originals are stored")));
    }
    app.tidy_staging().await?;
    let chunks = BlobPrefix::chunks(uuid::Uuid::from(sealed.photo));
    let left = app.blobs.list(&chunks, None, 10).await?.objects.len();
    Ok((left > 0).then(|| format!("{left} pieces are left over")))
}

impl World {
    /// See [`photo_problem`].
    ///
    /// # Errors
    /// When database or blob store do not answer.
    pub async fn photo_problem(&self, sealed: &SealedPhoto) -> Result<Option<String>> {
        photo_problem(&self.app()?, sealed).await
    }
}
