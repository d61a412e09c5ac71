//! Photos as people see them: the re-encoded copies, never the sealed original.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::ids::PhotoId;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::review::SeenPhotos;

use super::auth::By;
use super::body::{Json, Path};
use crate::App;
use crate::error::{Error, Result};
use crate::store::photos::Side;

/// A house is no longer anybody's business once it is off the screen: a browser keeps it in memory at most.
const KEEP: &str = "no-store";

/// `GET /v1/photos/{id}/{side}`: `1600` or `320`.
#[utoipa::path(get, path = "/v1/photos/{id}/{side}", tag = "photos", params(("id" = PhotoId, Path), ("side" = u32, Path, description = "The long side in pixels: 1600 or 320")), responses((status = 200, body = Vec<u8>, content_type = "image/jpeg")))]
pub async fn show(
    State(app): State<App>,
    By(by): By,
    Path((id, side)): Path<(PhotoId, String)>,
) -> Result<Response> {
    let side = match side.as_str() {
        "1600" => Side::Large,
        "320" => Side::Small,
        _ => return Err(Error::Refused(ProblemCode::NoSuchRoute)),
    };
    let bytes = app.photo(&by, id, side).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, KEEP),
        (header::VARY, "cookie, authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_DISPOSITION, "inline"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    Ok(response)
}

/// `POST /v1/photos/seen`.
#[utoipa::path(post, path = "/v1/photos/seen", tag = "photos", request_body = SeenPhotos, responses((status = 204)))]
pub async fn seen(By(by): By, Json(body): Json<SeenPhotos>) -> Result<StatusCode> {
    by.photos_seen(body).await?;
    Ok(StatusCode::NO_CONTENT)
}
