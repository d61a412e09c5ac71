//! Deliberations, and the signed papers that stand behind them.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tilik_protocol::deliberation::{
    ChangeDeliberation, DeliberationRow, DeliberationView, HoldDeliberation, PaperView,
    SignDeliberation,
};
use tilik_protocol::ids::{DeliberationId, EventId, PaperId};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path, Query};
use super::users::PageQuery;
use crate::App;
use crate::error::{Error, Result};

/// `?event_id=…`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    event_id: EventId,
}

/// `GET /v1/deliberations`: the newest first.
#[utoipa::path(get, path = "/v1/deliberations", tag = "deliberations", params(("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<DeliberationRow>)))]
pub async fn list(
    By(by): By,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<DeliberationRow>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = by.deliberations(query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `POST /v1/deliberations`.
#[utoipa::path(post, path = "/v1/deliberations", tag = "deliberations", request_body = HoldDeliberation, responses((status = 200, body = DeliberationView)))]
pub async fn hold(
    By(by): By,
    Json(body): Json<HoldDeliberation>,
) -> Result<Json<DeliberationView>> {
    Ok(Json(by.hold_deliberation(body).await?))
}

/// `GET /v1/deliberations/{id}`: with all that its list and its minutes say.
#[utoipa::path(get, path = "/v1/deliberations/{id}", tag = "deliberations", params(("id" = DeliberationId, Path)), responses((status = 200, body = DeliberationView)))]
pub async fn show(By(by): By, Path(id): Path<DeliberationId>) -> Result<Json<DeliberationView>> {
    Ok(Json(by.deliberation(id).await?))
}

/// `POST /v1/deliberations/{id}/change`.
#[utoipa::path(post, path = "/v1/deliberations/{id}/change", tag = "deliberations", params(("id" = DeliberationId, Path)), request_body = ChangeDeliberation, responses((status = 200, body = DeliberationView)))]
pub async fn change(
    By(by): By,
    Path(id): Path<DeliberationId>,
    Json(body): Json<ChangeDeliberation>,
) -> Result<Json<DeliberationView>> {
    Ok(Json(by.change_deliberation(id, body).await?))
}

/// `POST /v1/deliberations/{id}/sign`.
#[utoipa::path(post, path = "/v1/deliberations/{id}/sign", tag = "deliberations", params(("id" = DeliberationId, Path)), request_body = SignDeliberation, responses((status = 200, body = DeliberationView)))]
pub async fn sign(
    By(by): By,
    Path(id): Path<DeliberationId>,
    Json(body): Json<SignDeliberation>,
) -> Result<Json<DeliberationView>> {
    Ok(Json(by.sign_deliberation(id, body).await?))
}

/// `POST /v1/papers`: a scan; what it is attached to comes after.
#[utoipa::path(post, path = "/v1/papers", tag = "deliberations", params(("event_id" = EventId, Query, description = "Repeating the request repeats this")), request_body(content = String, content_type = "application/pdf", description = "A PDF or a JPEG as it is, at most 10 MiB"), responses((status = 200, body = PaperView)))]
pub async fn take_paper(
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
#[utoipa::path(get, path = "/v1/papers/{id}", tag = "deliberations", params(("id" = PaperId, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub async fn show_paper(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<PaperId>,
) -> Result<Response> {
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
