//! Files that leave the installation.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use tilik_protocol::export::{AnswerExport, AskExport, ExportFormat, ExportState, ExportView};
use tilik_protocol::ids::ExportId;
use tilik_protocol::review::Page;

use super::attachment::{XLSX, attachment};
use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::Result;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct ExportQuery {
    state: Option<ExportState>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `POST /v1/exports`.
#[utoipa::path(post, path = "/v1/exports", tag = "exports", request_body = AskExport, responses((status = 200, body = ExportView)))]
pub async fn ask(
    By(by): By,
    State(app): State<App>,
    Json(body): Json<AskExport>,
) -> Result<Json<ExportView>> {
    Ok(Json(app.ask_export(body, by).await?))
}

/// `GET /v1/exports`: one's own, and those in reach that are one's to answer or to audit.
#[utoipa::path(get, path = "/v1/exports", tag = "exports", params(("state" = Option<ExportState>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<ExportView>)))]
pub async fn list(By(by): By, Query(query): Query<ExportQuery>) -> Result<Json<Page<ExportView>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = by.exports(query.state, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `POST /v1/exports/{id}/answer`.
#[utoipa::path(post, path = "/v1/exports/{id}/answer", tag = "exports", params(("id" = ExportId, Path)), request_body = AnswerExport, responses((status = 200, body = ExportView)))]
pub async fn answer(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<ExportId>,
    Json(body): Json<AnswerExport>,
) -> Result<Json<ExportView>> {
    Ok(Json(app.answer_export(id, body, by).await?))
}

/// `GET /v1/exports/{id}/file`: to whoever asked, for a day. No browser and nothing between keeps it.
#[utoipa::path(get, path = "/v1/exports/{id}/file", tag = "exports", params(("id" = ExportId, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn file(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<ExportId>,
) -> Result<Response> {
    let file = app.export_file(id, by).await?;
    let kind = match file.format {
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Xlsx => XLSX,
        ExportFormat::Geojson => "application/geo+json",
    };
    let mut response = attachment(Body::from_stream(file.bytes), kind, &file.name)?;
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(file.len));
    Ok(response)
}
