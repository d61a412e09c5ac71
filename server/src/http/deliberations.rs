//! Deliberations.

use tilik_protocol::deliberation::{
    ChangeDeliberation, DeliberationRow, DeliberationView, HoldDeliberation, SignDeliberation,
};
use tilik_protocol::ids::DeliberationId;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path, Query};
use super::users::PageQuery;
use crate::error::Result;

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
