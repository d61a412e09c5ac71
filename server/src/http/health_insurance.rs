//! Health insurance (JKN): what BPJS signed, and what people say of it.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use serde::Deserialize;
use tilik_protocol::health::{
    FamilyHealth, HealthReceipt, HealthStatements, JudgeStatement, StatementView,
};
use tilik_protocol::ids::{FamilyId, HealthId};
use tilik_protocol::population::Channel;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path, Query};
use super::imports::body_of;
use super::population::{in_file, seal_of};
use crate::App;
use crate::error::Result;
use crate::store::health::HealthPart;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct HealthQuery {
    part: HealthPart,
    after: Option<String>,
    limit: Option<u64>,
}

/// `POST /v1/health/statements`: signed in its headers as population events are, with a key of BPJS.
#[utoipa::path(post, path = "/v1/health/statements", tag = "health", request_body = HealthStatements, params(("tilik-feed-key" = String, Header), ("tilik-feed-time" = String, Header), ("tilik-feed-nonce" = String, Header), ("tilik-feed-signature" = String, Header)), responses((status = 200, body = HealthReceipt)))]
pub async fn statements(
    By(by): By,
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<HealthReceipt>> {
    let seal = seal_of(&headers)?;
    let body = body_of(body)?;
    let keys = &app.config.feed_keys;
    let brought = by.bring_health(&seal, &body, Channel::Http, keys);
    Ok(Json(Box::pin(brought).await?))
}

/// `POST /v1/health/files`: signed in its first line, carried by whoever has it.
#[utoipa::path(post, path = "/v1/health/files", tag = "health", request_body(content = String, content_type = "application/octet-stream", description = "The file as it is"), responses((status = 200, body = HealthReceipt)))]
pub async fn file(
    By(by): By,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<HealthReceipt>> {
    let body = body_of(body)?;
    let (seal, rest) = in_file(&body, "BPJS Kesehatan")?;
    let keys = &app.config.feed_keys;
    let brought = by.bring_health(&seal, rest, Channel::File, keys);
    Ok(Json(Box::pin(brought).await?))
}

/// `GET /v1/health/statements`: `part` is `unknown`, `open` or `all`.
#[utoipa::path(get, path = "/v1/health/statements", tag = "health", params(("part" = String, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<StatementView>)))]
pub async fn list(
    By(by): By,
    Query(query): Query<HealthQuery>,
) -> Result<Json<Page<StatementView>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = by.health_statements(query.part, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `POST /v1/health/statements/{id}/judge`.
#[utoipa::path(post, path = "/v1/health/statements/{id}/judge", tag = "health", params(("id" = HealthId, Path)), request_body = JudgeStatement, responses((status = 200, body = StatementView)))]
pub async fn judge(
    By(by): By,
    Path(id): Path<HealthId>,
    Json(body): Json<JudgeStatement>,
) -> Result<Json<StatementView>> {
    Ok(Json(by.judge_statement(id, body).await?))
}

/// `GET /v1/families/{id}/health`.
#[utoipa::path(get, path = "/v1/families/{id}/health", tag = "health", params(("id" = FamilyId, Path)), responses((status = 200, body = FamilyHealth)))]
pub async fn of_family(By(by): By, Path(id): Path<FamilyId>) -> Result<Json<FamilyHealth>> {
    Ok(Json(by.family_health(id).await?))
}
