//! Signed papers as they were scanned.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tilik_protocol::deliberation::PaperView;
use tilik_protocol::ids::{EventId, PaperId};
use tilik_protocol::problem::ProblemCode;

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::{Error, Result};

/// `?event_id=…`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    event_id: EventId,
}

/// `POST /v1/papers`: a scan; what it is attached to comes after.
#[utoipa::path(post, path = "/v1/papers", tag = "papers", params(("event_id" = EventId, Query, description = "Repeating the request repeats this")), request_body(content = String, content_type = "application/pdf", description = "A PDF or a JPEG as it is, at most 10 MiB"), responses((status = 200, body = PaperView)))]
pub async fn take(
    By(by): By,
    State(app): State<App>,
    Query(sent): Query<Sent>,
    file: Result<Bytes, BytesRejection>,
) -> Result<Json<PaperView>> {
    let file = file.map_err(|error| {
        Error::Refused(if error.status() == 413 {
            ProblemCode::TooLarge
        } else {
            ProblemCode::BadBody
        })
    })?;
    Ok(Json(app.take_paper(file, sent.event_id, by).await?))
}

/// `GET /v1/papers/{id}`: the scan as it was taken in.
#[utoipa::path(get, path = "/v1/papers/{id}", tag = "papers", params(("id" = PaperId, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub async fn show(By(by): By, State(app): State<App>, Path(id): Path<PaperId>) -> Result<Response> {
    let (bytes, view) = app.paper(id, &by).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, view.kind.media_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "cookie, authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Somebody else's file: kept, never run in this place.
        (header::CONTENT_DISPOSITION, "attachment"),
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
