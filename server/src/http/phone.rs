//! What phones fetch beside their rounds: the last photo of a house they are sent to, and a newer app.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::ids::CaseId;

use super::auth::By;
use super::base_map::{gone, insert, partly};
use super::body::Path;
use crate::App;
use crate::error::{Error, Result};

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
/// It holds nothing about anybody, and a phone whose session is over needs it too. A fetch that was cut goes on by `Range`.
#[utoipa::path(get, path = "/v1/app/android", tag = "phones", params(("Range" = Option<String>, Header, description = "One part, such as bytes=65536-")), responses((status = 200, body = Vec<u8>, content_type = "application/vnd.android.package-archive"), (status = 206, body = Vec<u8>, content_type = "application/vnd.android.package-archive")))]
pub async fn android(State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    let file = app.config.app.as_ref().ok_or(Error::NOT_FOUND)?;
    let opened = file.now().await.map_err(gone)?;
    let tag = format!("\"{}\"", file.release().sha256);
    let mut response = partly(opened, &headers, &tag).await?;
    for (name, value) in [
        (
            header::CONTENT_TYPE,
            "application/vnd.android.package-archive",
        ),
        (header::ACCEPT_RANGES, "bytes"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"tilik.apk\"",
        ),
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        insert(&mut response, name, value)?;
    }
    Ok(response)
}
