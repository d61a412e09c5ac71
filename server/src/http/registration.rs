//! Families as operators keep them: registered, corrected, split, merged; what was before; what waits for an approver; who may be
//! one person.

use serde::Deserialize;
use tilik_protocol::family::{
    ConfirmFamilyRequest, CorrectFamily, DecideDuplicate, DuplicateVerdict, DuplicateView,
    FamilyAsOf, FamilyChanged, FamilyHistory, FamilyRequestView, MergeFamilies,
    RefuseFamilyRequest, RegisterFamily, SplitFamily, WithdrawFamilyRequest,
};
use tilik_protocol::ids::{DuplicateId, FamilyId, FamilyRequestId};
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;

use axum::http::StatusCode;

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::error::Result;

/// A page of something.
#[derive(Debug, Deserialize)]
pub struct PageQuery {
    after: Option<String>,
    limit: Option<u64>,
}

/// Pairs by what was judged of them.
#[derive(Debug, Deserialize)]
pub struct DuplicateQuery {
    verdict: Option<DuplicateVerdict>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Two instants.
#[derive(Debug, Deserialize)]
pub struct AsOfQuery {
    at: Timestamp,
    known_at: Option<Timestamp>,
}

/// `POST /v1/families`.
#[utoipa::path(post, path = "/v1/families", tag = "families", request_body = RegisterFamily, responses((status = 200, body = FamilyChanged)))]
pub async fn register(By(by): By, Json(body): Json<RegisterFamily>) -> Result<Json<FamilyChanged>> {
    let family = by.register_family(body).await?;
    Ok(Json(FamilyChanged {
        family,
        version: 1,
        waits: None,
    }))
}

/// `POST /v1/families/{id}/corrections`.
#[utoipa::path(post, path = "/v1/families/{id}/corrections", tag = "families", params(("id" = FamilyId, Path)), request_body = CorrectFamily, responses((status = 200, body = FamilyChanged)))]
pub async fn correct(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<CorrectFamily>,
) -> Result<Json<FamilyChanged>> {
    Ok(Json(by.correct_family(id, body).await?))
}

/// `POST /v1/families/{id}/split`.
#[utoipa::path(post, path = "/v1/families/{id}/split", tag = "families", params(("id" = FamilyId, Path)), request_body = SplitFamily, responses((status = 200, body = FamilyChanged)))]
pub async fn split(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<SplitFamily>,
) -> Result<Json<FamilyChanged>> {
    Ok(Json(by.split_family(id, body).await?))
}

/// `POST /v1/families/{id}/merge`.
#[utoipa::path(post, path = "/v1/families/{id}/merge", tag = "families", params(("id" = FamilyId, Path)), request_body = MergeFamilies, responses((status = 200, body = FamilyChanged)))]
pub async fn merge(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<MergeFamilies>,
) -> Result<Json<FamilyChanged>> {
    Ok(Json(by.merge_families(id, body).await?))
}

/// `GET /v1/families/{id}/history`: every version, who made it, and what became other.
#[utoipa::path(get, path = "/v1/families/{id}/history", tag = "families", params(("id" = FamilyId, Path)), responses((status = 200, body = FamilyHistory)))]
pub async fn versions(By(by): By, Path(id): Path<FamilyId>) -> Result<Json<FamilyHistory>> {
    Ok(Json(by.family_history(id).await?))
}

/// `GET /v1/families/{id}/as-of`: on one day, as it was known on another; nothing said of the other: now.
#[utoipa::path(get, path = "/v1/families/{id}/as-of", tag = "families", params(("id" = FamilyId, Path), ("at" = Timestamp, Query), ("known_at" = Option<Timestamp>, Query)), responses((status = 200, body = FamilyAsOf)))]
pub async fn as_of(
    By(by): By,
    Path(id): Path<FamilyId>,
    Query(query): Query<AsOfQuery>,
) -> Result<Json<FamilyAsOf>> {
    Ok(Json(by.family_as_of(id, query.at, query.known_at).await?))
}

/// `GET /v1/family-requests`: changes of who a family is that wait for an approver.
#[utoipa::path(get, path = "/v1/family-requests", tag = "families", params(("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<FamilyRequestView>)))]
pub async fn requests(
    By(by): By,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FamilyRequestView>>> {
    let limit = query.limit.unwrap_or(20).clamp(1, 50);
    let page = by.family_requests(query.after.as_deref(), limit).await?;
    Ok(Json(page))
}

/// `POST /v1/family-requests/{id}/confirm`.
#[utoipa::path(post, path = "/v1/family-requests/{id}/confirm", tag = "families", params(("id" = FamilyRequestId, Path)), request_body = ConfirmFamilyRequest, responses((status = 200, body = FamilyChanged)))]
pub async fn confirm_request(
    By(by): By,
    Path(id): Path<FamilyRequestId>,
    Json(body): Json<ConfirmFamilyRequest>,
) -> Result<Json<FamilyChanged>> {
    Ok(Json(by.confirm_family_request(id, body).await?))
}

/// `POST /v1/family-requests/{id}/refuse`.
#[utoipa::path(post, path = "/v1/family-requests/{id}/refuse", tag = "families", params(("id" = FamilyRequestId, Path)), request_body = RefuseFamilyRequest, responses((status = 204)))]
pub async fn refuse_request(
    By(by): By,
    Path(id): Path<FamilyRequestId>,
    Json(body): Json<RefuseFamilyRequest>,
) -> Result<StatusCode> {
    by.refuse_family_request(id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/family-requests/{id}/withdraw`: by who asked.
#[utoipa::path(post, path = "/v1/family-requests/{id}/withdraw", tag = "families", params(("id" = FamilyRequestId, Path)), request_body = WithdrawFamilyRequest, responses((status = 204)))]
pub async fn withdraw_request(
    By(by): By,
    Path(id): Path<FamilyRequestId>,
    Json(body): Json<WithdrawFamilyRequest>,
) -> Result<StatusCode> {
    by.withdraw_family_request(id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/duplicates`: pairs of persons who may be one, oldest first.
#[utoipa::path(get, path = "/v1/duplicates", tag = "families", params(("verdict" = Option<DuplicateVerdict>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<DuplicateView>)))]
pub async fn duplicates(
    By(by): By,
    Query(query): Query<DuplicateQuery>,
) -> Result<Json<Page<DuplicateView>>> {
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let page = by
        .duplicates(query.verdict, query.after.as_deref(), limit)
        .await?;
    Ok(Json(page))
}

/// `POST /v1/duplicates/{id}/decide`.
#[utoipa::path(post, path = "/v1/duplicates/{id}/decide", tag = "families", params(("id" = DuplicateId, Path)), request_body = DecideDuplicate, responses((status = 204)))]
pub async fn decide_duplicate(
    By(by): By,
    Path(id): Path<DuplicateId>,
    Json(body): Json<DecideDuplicate>,
) -> Result<StatusCode> {
    by.decide_duplicate(id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
