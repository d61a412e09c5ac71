//! tus 1.0.0: creation, creation-with-upload, checksum, expiration, termination.
//!
//! What is uploaded is the sealed file. Bytes are received by a task of their own: when the client goes away, what came
//! is still stored, unless a checksum was announced for the whole of it. They come into a local spool first
//! ([`crate::receiving`]), and go from there to the blob store in one piece.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt;
use sha1_checked::Digest as _;
use tilik_protocol::evidence::MAX_SEALED_BYTES;
use tilik_protocol::ids::{DeviceId, PhotoId, VisitId};
use tilik_protocol::problem::ProblemCode;

use super::auth::By;
use super::body::Path;
use crate::App;
use crate::blobs::ChunkKey;
use crate::error::{Error, Result};
use crate::receiving::{Coming, Spool};
use crate::store::Acting;
use crate::store::uploads::{Announced, Expected, Standing};

const VERSION: &str = "1.0.0";
/// A connection that sends nothing for this long is given up; there is no limit on the whole.
const IDLE: Duration = Duration::from_mins(1);
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");

fn bad_header() -> Error {
    Error::Refused(ProblemCode::BadUploadHeader)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64> {
    text(headers, name)
        .and_then(|text| text.parse().ok())
        .ok_or_else(bad_header)
}

/// Every request but OPTIONS says the version; the answer to one that does not.
fn wrong_version(headers: &HeaderMap) -> Option<Response> {
    if text(headers, "tus-resumable") == Some(VERSION) {
        return None;
    }
    let mut response = bad_header().into_response();
    *response.status_mut() = StatusCode::PRECONDITION_FAILED;
    response.headers_mut().insert(
        HeaderName::from_static("tus-version"),
        HeaderValue::from_static(VERSION),
    );
    Some(response)
}

/// A checksum announced for the bytes of one request.
enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

impl Checksum {
    fn read(headers: &HeaderMap) -> Result<Option<Self>> {
        let Some(said) = text(headers, "upload-checksum") else {
            return Ok(None);
        };
        let (kind, digest) = said.split_once(' ').ok_or_else(bad_header)?;
        let digest = STANDARD.decode(digest.trim()).map_err(|_| bad_header())?;
        match (kind, digest.len()) {
            ("sha1", 20) => Ok(Some(Self::Sha1(digest))),
            ("sha256", 32) => Ok(Some(Self::Sha256(digest))),
            _ => Err(bad_header()),
        }
    }

    fn fits(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha1(digest) => sha1_checked::Sha1::digest(bytes)[..] == digest[..],
            Self::Sha256(digest) => sha2::Sha256::digest(bytes)[..] == digest[..],
        }
    }
}

/// The announcement in the headers of a creation.
fn announced(headers: &HeaderMap) -> Result<Announced> {
    let metadata = text(headers, "upload-metadata").ok_or_else(bad_header)?;
    let field = |name: &str| -> Option<String> {
        let (_, value) = metadata
            .split(',')
            .filter_map(|pair| pair.trim().split_once(' '))
            .find(|(key, _)| *key == name)?;
        String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()
    };
    let wrong = |name: &str| {
        Error::field(
            &format!("upload-metadata.{name}"),
            "bad_shape",
            "Perbarui aplikasi, lalu kirim ulang.",
        )
    };
    let photo: PhotoId = field("media")
        .and_then(|t| t.parse().ok())
        .ok_or_else(|| wrong("media"))?;
    let device: DeviceId = field("device")
        .and_then(|t| t.parse().ok())
        .ok_or_else(|| wrong("device"))?;
    let visit: Option<VisitId> = match field("visit") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| wrong("visit"))?),
    };
    let sha = field("sha256")
        .filter(|t| t.len() == 64)
        .ok_or_else(|| wrong("sha256"))?;
    let mut sealed_sha256 = [0; 32];
    for (byte, pair) in sealed_sha256.iter_mut().zip(sha.as_bytes().chunks(2)) {
        *byte = std::str::from_utf8(pair)
            .ok()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .ok_or_else(|| wrong("sha256"))?;
    }
    let length = number(headers, "upload-length")?;
    Ok(Announced {
        photo,
        device,
        visit,
        sealed_sha256,
        length,
    })
}

fn answer(status: StatusCode, standing: &Standing) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(OFFSET, HeaderValue::from(standing.offset));
    headers.insert(LENGTH, HeaderValue::from(standing.length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let expires = chrono::DateTime::from_timestamp_micros(standing.expires_at.as_micros())
        .unwrap_or_default()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    if let Ok(expires) = HeaderValue::from_str(&expires) {
        headers.insert(EXPIRES, expires);
    }
    response
}

/// `OPTIONS /v1/uploads`.
#[utoipa::path(options, path = "/v1/uploads", tag = "uploads", responses((status = 204, headers(("Tus-Version" = String), ("Tus-Extension" = String), ("Tus-Max-Size" = u64), ("Tus-Checksum-Algorithm" = String)))))]
pub async fn options() -> Response {
    (
        StatusCode::NO_CONTENT,
        [
            ("tus-resumable", VERSION.to_owned()),
            ("tus-version", VERSION.to_owned()),
            (
                "tus-extension",
                "creation,creation-with-upload,checksum,expiration,termination".to_owned(),
            ),
            ("tus-max-size", MAX_SEALED_BYTES.to_string()),
            ("tus-checksum-algorithm", "sha1,sha256".to_owned()),
        ],
    )
        .into_response()
}

/// `POST /v1/uploads`: creation, with or without bytes.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads", params(("Tus-Resumable" = String, Header, description = "`1.0.0`"), ("Upload-Length" = u64, Header, description = "Of the sealed file, in bytes"), ("Upload-Metadata" = String, Header, description = "`media`, `device`, `sha256` (of the sealed file, hex) and `visit`, each value in base64"), ("Upload-Checksum" = Option<String>, Header, description = "`sha1` or `sha256`, a space, the digest of this body in base64")), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses((status = 201, headers(("Location" = String), ("Upload-Offset" = u64, description = "Bytes that are durable"), ("Upload-Length" = u64), ("Upload-Expires" = String), ("Tus-Resumable" = String)))))]
pub async fn create(
    State(app): State<App>,
    By(by): By,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Some(response) = wrong_version(&headers) {
        return response;
    }
    // The task goes on when the client does not: what it sent is stored.
    let task = tokio::spawn(async move {
        app.room_for_photos().await?;
        let announced = announced(&headers)?;
        let checksum = Checksum::read(&headers)?;
        let coming = app.receiving.coming(by.bringer(), announced.photo);
        let with_bytes = text(&headers, "content-type") == Some("application/offset+octet-stream")
            && text(&headers, "content-length") != Some("0");
        if with_bytes && let Some(expected) = by.awaited(&announced).await? {
            let body = (body, &coming);
            return receive_awaited(&app, &by, &announced, expected, checksum.as_ref(), body).await;
        }
        let mut standing = by.announce_upload(&announced).await?;
        if with_bytes && standing.offset == 0 && standing.state == "active" {
            let body = (body, &coming);
            standing = receive(&app, &by, standing, 0, checksum.as_ref(), body).await?;
        }
        Ok::<_, Error>(standing)
    });
    match task.await {
        Ok(Ok(standing)) => {
            let mut response = answer(StatusCode::CREATED, &standing);
            if let Ok(location) = HeaderValue::from_str(&format!("/v1/uploads/{}", standing.photo))
            {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Ok(Err(error)) => tus_error(error),
        Err(error) => tus_error(Error::internal(error)),
    }
}

fn tus_error(error: Error) -> Response {
    let mut response = error.into_response();
    response
        .headers_mut()
        .insert(RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

/// Receives bytes at `offset` and makes them durable.
async fn receive(
    app: &App,
    by: &Acting,
    before: Standing,
    offset: u64,
    checksum: Option<&Checksum>,
    body: (Body, &Coming),
) -> Result<Standing> {
    let id = before.photo;
    let lease = by.lease_upload(id, offset).await?;
    let result = receive_leased(app, by, &before, offset, lease, checksum, body).await;
    if let Err(error) = &result {
        if error.code() == ProblemCode::LowSpace {
            // Everybody else should know before they send megabytes.
            app.look_at_the_disk().await?;
        }
        by.release_upload(id, lease).await?;
    }
    result
}

/// The usual case: the whole photo in one request, its manifest before it. It goes straight to its place, and nothing is
/// written about its upload unless it is cut or is not what it should be. Nobody needs the right to append meanwhile: the
/// same photo may come twice, since it is stored under the name of its content.
async fn receive_awaited(
    app: &App,
    by: &Acting,
    announced: &Announced,
    expected: Expected,
    checksum: Option<&Checksum>,
    body: (Body, &Coming),
) -> Result<Standing> {
    let mut spool = app.receiving.begin();
    let whole = match come_in(&mut spool, by, None, announced.length, body).await {
        Ok(whole) => whole,
        Err(error) => {
            if error.code() == ProblemCode::LowSpace {
                app.look_at_the_disk().await?;
            }
            return Err(error);
        }
    };
    if spool.is_empty() {
        return by.announce_upload(announced).await;
    }
    let (bytes, room) = spool.whole().await?;
    if let Some(checksum) = checksum
        && !(whole && checksum.fits(&bytes))
    {
        by.announce_upload(announced).await?;
        return Err(Error::Refused(ProblemCode::ChecksumMismatch));
    }
    let length = bytes.len() as u64;
    if length == announced.length {
        let taken = app.take_photo(by, announced, expected, bytes).await;
        if matches!(&taken, Err(error) if error.code() == ProblemCode::LowSpace) {
            app.look_at_the_disk().await?;
        }
        app.took_photo_bytes(length);
        return taken;
    }
    // Cut off: what came is kept, after what another request may have brought meanwhile.
    let before = by.announce_upload(announced).await?;
    if before.state != "active" || before.offset >= length {
        return Ok(before);
    }
    let from = usize::try_from(before.offset).map_err(Error::internal)?;
    let id = announced.photo;
    let lease = by.lease_upload(id, before.offset).await?;
    let kept = keep_piece(app, by, id, lease, before.offset, bytes.slice(from..)).await;
    drop(room);
    if kept.is_err() {
        by.release_upload(id, lease).await?;
    }
    kept
}

/// Makes a piece durable and moves the upload past it.
async fn keep_piece(
    app: &App,
    by: &Acting,
    id: PhotoId,
    lease: uuid::Uuid,
    offset: u64,
    bytes: Bytes,
) -> Result<Standing> {
    let length = bytes.len() as u64;
    app.blobs
        .put_ciphertext(&ChunkKey::new(uuid::Uuid::from(id), offset, lease), bytes)
        .await?;
    let standing = by.append_upload(id, lease, offset, length).await?;
    app.took_photo_bytes(length);
    Ok(standing)
}

/// Reads the body to its end, to the moment the client goes away or asks where it stands, or until it has been silent for
/// [`IDLE`]; whether the end was reached. A lease goes on as long as bytes flow.
async fn come_in(
    spool: &mut Spool,
    by: &Acting,
    leased: Option<(PhotoId, uuid::Uuid)>,
    most: u64,
    (mut body, coming): (Body, &Coming),
) -> Result<bool> {
    let mut renewed = tokio::time::Instant::now();
    loop {
        let frame = tokio::select! {
            // What has come already is taken first.
            biased;
            frame = tokio::time::timeout(IDLE, body.frame()) => frame,
            () = coming.ended() => return Ok(false),
        };
        match frame {
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    if spool.len() + data.len() as u64 > most {
                        return Err(Error::Refused(ProblemCode::TooLarge));
                    }
                    spool.push(data).await?;
                }
                if let Some((id, lease)) = leased
                    && renewed.elapsed() > IDLE / 3
                {
                    // A database that is away for a moment costs nothing yet: whether the lease still holds is decided
                    // when the bytes are appended.
                    if let Err(error) = by.renew_upload(id, lease).await {
                        tracing::debug!(cause = %error, "an upload's lease was not renewed");
                    }
                    renewed = tokio::time::Instant::now();
                }
            }
            Ok(None) => return Ok(true),
            // Cut off or silent: what came is kept.
            Ok(Some(Err(_))) | Err(_) => return Ok(false),
        }
    }
}

async fn receive_leased(
    app: &App,
    by: &Acting,
    before: &Standing,
    offset: u64,
    lease: uuid::Uuid,
    checksum: Option<&Checksum>,
    body: (Body, &Coming),
) -> Result<Standing> {
    let id = before.photo;
    let mut spool = app.receiving.begin();
    let most = before.length - offset;
    let whole = come_in(&mut spool, by, Some((id, lease)), most, body).await?;
    let length = spool.len();
    if length == 0 {
        by.release_upload(id, lease).await?;
        return by.upload(id).await;
    }
    let (bytes, room) = spool.whole().await?;
    if let Some(checksum) = checksum
        && !(whole && checksum.fits(&bytes))
    {
        return Err(Error::Refused(ProblemCode::ChecksumMismatch));
    }
    if offset == 0
        && length == before.length
        && let Some(expected) = by.expected(id).await?
        && expected.sealed_sha256 == before.sealed_sha256
    {
        let announced = before.announced()?;
        let taken = app.take_photo(by, &announced, expected, bytes).await;
        app.took_photo_bytes(length);
        return taken;
    }
    let standing = keep_piece(app, by, id, lease, offset, bytes).await?;
    drop(room);
    if standing.offset == standing.length {
        app.finish_upload(by, id).await?;
        return by.upload(id).await;
    }
    Ok(standing)
}

/// `HEAD /v1/uploads/{id}`.
#[utoipa::path(head, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = PhotoId, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`")), responses((status = 200, headers(("Upload-Offset" = u64, description = "Bytes that are durable"), ("Upload-Length" = u64), ("Upload-Expires" = String), ("Tus-Resumable" = String)))))]
pub async fn head(
    State(app): State<App>,
    By(by): By,
    Path(id): Path<PhotoId>,
    headers: HeaderMap,
) -> Response {
    if let Some(response) = wrong_version(&headers) {
        return response;
    }
    // Nobody ends what is not theirs to send.
    if let Err(error) = by.may_ask_for(id).await {
        return tus_error(error);
    }
    app.receiving.end(by.bringer(), id).await;
    match by.upload(id).await {
        Ok(standing) => answer(StatusCode::OK, &standing),
        Err(error) => tus_error(error),
    }
}

/// `PATCH /v1/uploads/{id}`.
#[utoipa::path(patch, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = PhotoId, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`"), ("Upload-Offset" = u64, Header, description = "Where the upload stands"), ("Upload-Checksum" = Option<String>, Header, description = "`sha1` or `sha256`, a space, the digest of this body in base64")), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses((status = 204, headers(("Upload-Offset" = u64, description = "Bytes that are durable"), ("Upload-Length" = u64), ("Upload-Expires" = String), ("Tus-Resumable" = String)))))]
pub async fn patch(
    State(app): State<App>,
    By(by): By,
    Path(id): Path<PhotoId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Some(response) = wrong_version(&headers) {
        return response;
    }
    if text(&headers, "content-type") != Some("application/offset+octet-stream") {
        return tus_error(Error::Refused(ProblemCode::UnsupportedMediaType));
    }
    let task = tokio::spawn(async move {
        app.room_for_photos().await?;
        let offset = number(&headers, "upload-offset")?;
        let checksum = Checksum::read(&headers)?;
        let before = by.upload(id).await?;
        let coming = app.receiving.coming(by.bringer(), id);
        let body = (body, &coming);
        receive(&app, &by, before, offset, checksum.as_ref(), body).await
    });
    match task.await {
        Ok(Ok(standing)) => answer(StatusCode::NO_CONTENT, &standing),
        Ok(Err(error)) => tus_error(error),
        Err(error) => tus_error(Error::internal(error)),
    }
}

/// `DELETE /v1/uploads/{id}`.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = PhotoId, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`")), responses((status = 204)))]
pub async fn delete(By(by): By, Path(id): Path<PhotoId>, headers: HeaderMap) -> Response {
    if let Some(response) = wrong_version(&headers) {
        return response;
    }
    match by.forget_upload(id).await {
        Ok(()) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response
                .headers_mut()
                .insert(RESUMABLE, HeaderValue::from_static(VERSION));
            response
        }
        Err(error) => tus_error(error),
    }
}

/// `POST /v1/uploads/{id}` with `X-HTTP-Method-Override`: some HTTP stacks cannot PATCH.
#[utoipa::path(post, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = PhotoId, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`"), ("X-HTTP-Method-Override" = String, Header, description = "`PATCH`, `DELETE` or `HEAD`"), ("Upload-Offset" = Option<u64>, Header, description = "As in PATCH")), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses((status = 204, description = "As the overriding method")))]
pub async fn overridden(
    app: State<App>,
    by: By,
    id: Path<PhotoId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match text(&headers, "x-http-method-override").map(|m| Method::from_bytes(m.as_bytes())) {
        Some(Ok(Method::PATCH)) => patch(app, by, id, headers, body).await,
        Some(Ok(Method::DELETE)) => delete(by, id, headers).await,
        Some(Ok(Method::HEAD)) => head(app, by, id, headers).await,
        Some(_) | None => tus_error(Error::Refused(ProblemCode::MethodNotAllowed)),
    }
}
