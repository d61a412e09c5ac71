//! What phones fetch beside their rounds: the last photo of a house they are sent to, and a newer app.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::ids::CaseId;

use super::auth::By;
use super::body::Path;
use crate::App;
use crate::error::{Cause, Error, Result};

/// When a house's photo was taken, RFC 3339.
const TAKEN_AT: HeaderName = HeaderName::from_static("photo-taken-at");

/// `GET /v1/phone/house-photos/{case}`: the last photo of the house, for the officer whose case it is.
///
/// 320 px of the newest accepted front photo.
#[utoipa::path(get, path = "/v1/phone/house-photos/{case}", tag = "phones", params(("case" = CaseId, Path)), responses((status = 200, body = Vec<u8>, content_type = "image/jpeg")))]
pub async fn house_photo(
    State(app): State<App>,
    By(by): By,
    Path(case): Path<CaseId>,
) -> Result<Response> {
    let (bytes, taken_at) = app.house_photo(&by, case).await?;
    let mut response = bytes.into_response();
    insert(&mut response, TAKEN_AT, &taken_at.to_string())?;
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        insert(&mut response, name, value)?;
    }
    Ok(response)
}

/// `GET /v1/app/android`: the signed app.
///
/// It holds nothing about anybody, and a phone whose session is over needs it too.
#[utoipa::path(get, path = "/v1/app/android", tag = "phones", responses((status = 200, body = Vec<u8>, content_type = "application/vnd.android.package-archive")))]
pub async fn android(State(app): State<App>) -> Result<Response> {
    let file = app.config.app.as_ref().ok_or(Error::NOT_FOUND)?;
    let gone = |error: std::io::Error| Error::Unavailable(Cause::new(error));
    let opened = file.now().await.map_err(gone)?;
    let size = opened.size;
    let bytes = opened.part(0, size).await.map_err(gone)?;
    let mut response = Body::from_stream(bytes).into_response();
    let sha256 = &file.release().sha256;
    for (name, value) in [
        (
            header::CONTENT_TYPE,
            "application/vnd.android.package-archive",
        ),
        (header::CONTENT_LENGTH, size.to_string().as_str()),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"tilik.apk\"",
        ),
        (header::ETAG, format!("\"{sha256}\"").as_str()),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        insert(&mut response, name, value)?;
    }
    Ok(response)
}

fn insert(response: &mut Response, name: HeaderName, value: &str) -> Result<()> {
    let value = HeaderValue::from_str(value).map_err(Error::internal)?;
    response.headers_mut().insert(name, value);
    Ok(())
}
