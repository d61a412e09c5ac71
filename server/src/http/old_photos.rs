//! Photos that a city held before: archives in, single photos out. Never evidence.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tilik_protocol::ids::{EventId, ImportId, OldPhotoId};
use tilik_protocol::old_photo::OldPhotosReport;

use super::auth::By;
use super::body::{Json, Path, Query};
use super::imports::body_of;
use crate::App;
use crate::error::Result;

/// `?event_id=…`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    event_id: EventId,
}

/// `POST /v1/old-photo-archives`.
#[utoipa::path(post, path = "/v1/old-photo-archives", tag = "old_photos", params(("event_id" = EventId, Query, description = "Repeating the request repeats this")), request_body(content = String, content_type = "application/zip", description = "A ZIP of JPEG files, each named by NIK, KK number or the registry's id; at most 256 MiB"), responses((status = 200, body = OldPhotosReport)))]
pub async fn bring(
    By(by): By,
    State(app): State<App>,
    Query(sent): Query<Sent>,
    file: std::result::Result<Bytes, BytesRejection>,
) -> Result<Json<OldPhotosReport>> {
    let report = app.bring_old_photos(body_of(file)?, sent.event_id, by);
    Ok(Json(report.await?))
}

/// `GET /v1/old-photo-archives/{id}`.
#[utoipa::path(get, path = "/v1/old-photo-archives/{id}", tag = "old_photos", params(("id" = ImportId, Path)), responses((status = 200, body = OldPhotosReport)))]
pub async fn report(By(by): By, Path(id): Path<ImportId>) -> Result<Json<OldPhotosReport>> {
    Ok(Json(by.old_photos_report(id).await?))
}

/// `GET /v1/old-photos/{id}`: drawn anew, at most 1600 pixels.
#[utoipa::path(get, path = "/v1/old-photos/{id}", tag = "old_photos", params(("id" = OldPhotoId, Path)), responses((status = 200, body = Vec<u8>, content_type = "image/jpeg")))]
pub async fn show(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<OldPhotoId>,
) -> Result<Response> {
    let mut response = app.old_photo(&by, id).await?.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "no-store"),
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
