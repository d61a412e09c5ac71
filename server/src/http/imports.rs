//! Files into the registry. The body is the file itself, so its `event_id` stands in the query. Where a path names an
//! import, a new one is named by what the file holds, for it has no id yet.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use tilik_protocol::ids::{EventId, ImportId};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::registry::{
    ApplyImport, FileColumns, ImportKind, ImportReport, ImportState, ImportedChange, KeepMapping,
    MissingFamily, RefuseImport,
};
use tilik_protocol::review::Page;
use tilik_protocol::session::Act;

use super::auth::By;
use super::body::{Json, Path, Query};
use super::users::PageQuery;
use crate::App;
use crate::error::{Error, Result};
use crate::imports::ImportFile;

/// `?event_id=…&rehearse=true&sheet=1`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    event_id: EventId,
    /// Only try it.
    #[serde(default)]
    rehearse: bool,
    /// Which sheet of a workbook, counted from 0; the first that is not empty otherwise.
    sheet: Option<u32>,
}

/// `?sheet=1`.
#[derive(Debug, Deserialize)]
pub struct SheetQuery {
    sheet: Option<u32>,
}

fn kind_of(path: &str) -> Result<ImportKind> {
    path.parse()
        .map_err(|_| Error::Refused(ProblemCode::NoSuchRoute))
}

pub(super) fn body_of(file: Result<Bytes, BytesRejection>) -> Result<Bytes> {
    file.map_err(|error| {
        Error::Refused(if error.status() == 413 {
            ProblemCode::TooLarge
        } else {
            ProblemCode::BadBody
        })
    })
}

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct ImportQuery {
    state: Option<ImportState>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `POST /v1/imports/{import}`.
#[utoipa::path(post, path = "/v1/imports/{import}", tag = "imports", params(("import" = ImportKind, Path, description = "What the file holds"), ("event_id" = EventId, Query, description = "Repeating the request repeats this"), ("rehearse" = Option<bool>, Query, description = "Only try it, in the background: nothing counts until it is applied"), ("sheet" = Option<u32>, Query, description = "Which sheet of a workbook, counted from 0; the first that is not empty otherwise")), request_body(content = String, content_type = "text/csv", description = "The file as it is, CSV or XLSX, at most 256 MiB; boundaries are GeoJSON"), responses((status = 200, body = ImportReport)))]
pub async fn import(
    By(acting): By,
    State(app): State<App>,
    Path(kind): Path<String>,
    Query(sent): Query<Sent>,
    file: Result<Bytes, BytesRejection>,
) -> Result<Json<ImportReport>> {
    let kind = kind_of(&kind)?;
    let file = ImportFile {
        bytes: body_of(file)?,
        sheet: sent.sheet,
    };
    let report = if sent.rehearse {
        app.rehearse_import(kind, file, sent.event_id, acting).await
    } else {
        app.import(kind, file, sent.event_id, acting).await
    };
    Ok(Json(report?))
}

/// `POST /v1/imports/{import}/columns`.
#[utoipa::path(post, path = "/v1/imports/{import}/columns", tag = "imports", params(("import" = ImportKind, Path, description = "What the file holds"), ("sheet" = Option<u32>, Query, description = "Which sheet of a workbook, counted from 0; the first that is not empty otherwise")), request_body(content = String, content_type = "text/csv", description = "The file as it is; nothing of it is kept"), responses((status = 200, body = FileColumns)))]
pub async fn columns(
    By(acting): By,
    Path(kind): Path<String>,
    Query(query): Query<SheetQuery>,
    file: Result<Bytes, BytesRejection>,
) -> Result<Json<FileColumns>> {
    let file = ImportFile {
        bytes: body_of(file)?,
        sheet: query.sheet,
    };
    Ok(Json(acting.file_columns(kind_of(&kind)?, file).await?))
}

/// `POST /v1/imports/{import}/mapping`.
#[utoipa::path(post, path = "/v1/imports/{import}/mapping", tag = "imports", params(("import" = ImportKind, Path, description = "What the file holds")), request_body = KeepMapping, responses((status = 204)))]
pub async fn mapping(
    By(acting): By,
    Path(kind): Path<String>,
    Json(body): Json<KeepMapping>,
) -> Result<StatusCode> {
    acting.keep_mapping(kind_of(&kind)?, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/imports/{import}/missing`.
#[utoipa::path(get, path = "/v1/imports/{import}/missing", tag = "imports", params(("import" = ImportId, Path), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<MissingFamily>)))]
pub async fn missing(
    By(acting): By,
    Path(id): Path<ImportId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<MissingFamily>>> {
    let missing = acting.import_missing(id, page.after.as_deref(), page.limit());
    Ok(Json(missing.await?))
}

/// `POST /v1/imports/{import}/apply`.
#[utoipa::path(post, path = "/v1/imports/{import}/apply", tag = "imports", params(("import" = ImportId, Path)), request_body = ApplyImport, responses((status = 200, body = ImportReport)))]
pub async fn apply(
    By(acting): By,
    State(app): State<App>,
    Path(id): Path<ImportId>,
    Json(body): Json<ApplyImport>,
) -> Result<Json<ImportReport>> {
    Ok(Json(app.apply_import(id, body, acting).await?))
}

/// `POST /v1/imports/{import}/discard`.
#[utoipa::path(post, path = "/v1/imports/{import}/discard", tag = "imports", params(("import" = ImportId, Path)), request_body = Act, responses((status = 200, body = ImportReport)))]
pub async fn discard(
    By(acting): By,
    State(app): State<App>,
    Path(id): Path<ImportId>,
    Json(body): Json<Act>,
) -> Result<Json<ImportReport>> {
    Ok(Json(app.discard_import(id, body, acting).await?))
}

/// `GET /v1/imports`.
#[utoipa::path(get, path = "/v1/imports", tag = "imports", params(("state" = Option<ImportState>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<ImportReport>)))]
pub async fn list(
    By(acting): By,
    Query(query): Query<ImportQuery>,
) -> Result<Json<Page<ImportReport>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = acting.imports(query.state, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `GET /v1/imports/{import}`.
#[utoipa::path(get, path = "/v1/imports/{import}", tag = "imports", params(("import" = ImportId, Path)), responses((status = 200, body = ImportReport)))]
pub async fn show(By(acting): By, Path(id): Path<ImportId>) -> Result<Json<ImportReport>> {
    Ok(Json(acting.import_report(id).await?))
}

/// `GET /v1/imports/{import}/changes`.
#[utoipa::path(get, path = "/v1/imports/{import}/changes", tag = "imports", params(("import" = ImportId, Path), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<ImportedChange>)))]
pub async fn changes(
    By(acting): By,
    Path(id): Path<ImportId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ImportedChange>>> {
    let changes = acting.import_changes(id, page.after.as_deref(), page.limit());
    Ok(Json(changes.await?))
}

/// `POST /v1/imports/{import}/confirm`.
#[utoipa::path(post, path = "/v1/imports/{import}/confirm", tag = "imports", params(("import" = ImportId, Path)), request_body = Act, responses((status = 200, body = ImportReport)))]
pub async fn confirm(
    By(acting): By,
    State(app): State<App>,
    Path(id): Path<ImportId>,
    Json(body): Json<Act>,
) -> Result<Json<ImportReport>> {
    Ok(Json(app.confirm_import(id, body, acting).await?))
}

/// `POST /v1/imports/{import}/refuse`.
#[utoipa::path(post, path = "/v1/imports/{import}/refuse", tag = "imports", params(("import" = ImportId, Path)), request_body = RefuseImport, responses((status = 200, body = ImportReport)))]
pub async fn refuse(
    By(acting): By,
    State(app): State<App>,
    Path(id): Path<ImportId>,
    Json(body): Json<RefuseImport>,
) -> Result<Json<ImportReport>> {
    Ok(Json(app.refuse_import(id, body, acting).await?))
}
