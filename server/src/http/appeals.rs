//! Appeals of families against the end of their places.

use serde::Deserialize;
use tilik_protocol::appeal::{
    AppealRow, AppealView, ExamineAppeal, FileAppeal, JudgeAppeal, WithdrawAppeal,
};
use tilik_protocol::ids::{AppealId, FamilyId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::error::Result;
use crate::store::appeals::AppealFilter;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct AppealQuery {
    region: Option<RegionCode>,
    family: Option<FamilyId>,
    #[serde(default)]
    answered: bool,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/appeals`: those that wait, the most urgent first; with `answered` those that were answered, the newest first.
#[utoipa::path(get, path = "/v1/appeals", tag = "appeals", params(("region" = Option<RegionCode>, Query), ("family" = Option<FamilyId>, Query), ("answered" = Option<bool>, Query, description = "Those that were answered; those that wait otherwise"), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<AppealRow>)))]
pub async fn list(By(by): By, Query(query): Query<AppealQuery>) -> Result<Json<Page<AppealRow>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = AppealFilter {
        region: query.region,
        family: query.family,
        answered: query.answered,
    };
    let appeals = by.appeals(&filter, query.after.as_deref(), limit);
    Ok(Json(appeals.await?))
}

/// `GET /v1/appeals/{id}`.
#[utoipa::path(get, path = "/v1/appeals/{id}", tag = "appeals", params(("id" = AppealId, Path)), responses((status = 200, body = AppealView)))]
pub async fn one(By(by): By, Path(id): Path<AppealId>) -> Result<Json<AppealView>> {
    Ok(Json(by.appeal(id).await?))
}

/// `POST /v1/appeals`.
#[utoipa::path(post, path = "/v1/appeals", tag = "appeals", request_body = FileAppeal, responses((status = 200, body = AppealView)))]
pub async fn file(By(by): By, Json(body): Json<FileAppeal>) -> Result<Json<AppealView>> {
    Ok(Json(by.file_appeal(body).await?))
}

/// `POST /v1/appeals/{id}/examine`.
#[utoipa::path(post, path = "/v1/appeals/{id}/examine", tag = "appeals", params(("id" = AppealId, Path)), request_body = ExamineAppeal, responses((status = 200, body = AppealView)))]
pub async fn examine(
    By(by): By,
    Path(id): Path<AppealId>,
    Json(body): Json<ExamineAppeal>,
) -> Result<Json<AppealView>> {
    Ok(Json(by.examine_appeal(id, body).await?))
}

/// `POST /v1/appeals/{id}/judge`.
#[utoipa::path(post, path = "/v1/appeals/{id}/judge", tag = "appeals", params(("id" = AppealId, Path)), request_body = JudgeAppeal, responses((status = 200, body = AppealView)))]
pub async fn judge(
    By(by): By,
    Path(id): Path<AppealId>,
    Json(body): Json<JudgeAppeal>,
) -> Result<Json<AppealView>> {
    Ok(Json(by.judge_appeal(id, body).await?))
}

/// `POST /v1/appeals/{id}/withdraw`.
#[utoipa::path(post, path = "/v1/appeals/{id}/withdraw", tag = "appeals", params(("id" = AppealId, Path)), request_body = WithdrawAppeal, responses((status = 200, body = AppealView)))]
pub async fn withdraw(
    By(by): By,
    Path(id): Path<AppealId>,
    Json(body): Json<WithdrawAppeal>,
) -> Result<Json<AppealView>> {
    Ok(Json(by.withdraw_appeal(id, body).await?))
}
