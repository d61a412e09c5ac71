//! Plans of visits: chosen, looked at, opened.

use axum::extract::State;
use serde::Deserialize;
use tilik_protocol::ids::{PlanId, UserId};
use tilik_protocol::plan::{OpenPlan, PlanFamily, PlanView, PreviewPlan};
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::Result;

/// Which of a plan's families.
#[derive(Debug, Deserialize)]
pub struct FamilyQuery {
    officer: Option<UserId>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `POST /v1/plans/preview`.
#[utoipa::path(post, path = "/v1/plans/preview", tag = "plans", request_body = PreviewPlan, responses((status = 200, body = PlanView)))]
pub async fn preview(By(by): By, Json(body): Json<PreviewPlan>) -> Result<Json<PlanView>> {
    Ok(Json(by.preview_plan(body).await?))
}

/// `GET /v1/plans/{id}`.
#[utoipa::path(get, path = "/v1/plans/{id}", tag = "plans", params(("id" = PlanId, Path)), responses((status = 200, body = PlanView)))]
pub async fn show(By(by): By, Path(id): Path<PlanId>) -> Result<Json<PlanView>> {
    Ok(Json(by.plan(id).await?))
}

/// `GET /v1/plans/{id}/families`: in walking order.
#[utoipa::path(get, path = "/v1/plans/{id}/families", tag = "plans", params(("id" = PlanId, Path), ("officer" = Option<UserId>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<PlanFamily>)))]
pub async fn families(
    By(by): By,
    Path(id): Path<PlanId>,
    Query(query): Query<FamilyQuery>,
) -> Result<Json<Page<PlanFamily>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = by.plan_families(id, query.officer, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `POST /v1/plans/{id}/open`.
#[utoipa::path(post, path = "/v1/plans/{id}/open", tag = "plans", params(("id" = PlanId, Path)), request_body = OpenPlan, responses((status = 200, body = PlanView)))]
pub async fn open(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<PlanId>,
    Json(body): Json<OpenPlan>,
) -> Result<Json<PlanView>> {
    let view = by.open_plan(id, body).await?;
    app.wake_workers();
    Ok(Json(view))
}
