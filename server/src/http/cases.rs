//! Planning, review and decisions.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tilik_protocol::case::CaseState;
use tilik_protocol::duty::Outcome;
use tilik_protocol::ids::{CaseId, NoticeId, UserId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{
    AcceptCase, AssignCases, CaseAct, CaseRow, CaseView, CasesAssigned, CasesOpened, Claim,
    Claimed, CloseCase, Confirm, Decide, MembershipRow, NoticeDelivered, OpenCases, Page,
    ReturnCase,
};
use tilik_protocol::time::Timestamp;

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::Result;
use crate::store::cases::CaseFilter;

/// Filters of the case list.
#[derive(Debug, Deserialize)]
pub struct CaseQuery {
    state: Option<CaseState>,
    region: Option<RegionCode>,
    officer: Option<UserId>,
    outcome: Option<Outcome>,
    decided_since: Option<Timestamp>,
    decided_until: Option<Timestamp>,
    requested: Option<bool>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Filters of the membership list.
#[derive(Debug, Deserialize)]
pub struct MembershipQuery {
    program: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<u64>,
}

fn limit(asked: Option<u64>) -> u64 {
    asked.unwrap_or(50).clamp(1, 200)
}

/// `POST /v1/cases`.
#[utoipa::path(post, path = "/v1/cases", tag = "cases", request_body = OpenCases, responses((status = 200, body = CasesOpened)))]
pub async fn open(By(acting): By, Json(body): Json<OpenCases>) -> Result<Json<CasesOpened>> {
    Ok(Json(acting.open_cases(body).await?))
}

/// `GET /v1/cases`.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", params(("state" = Option<CaseState>, Query), ("region" = Option<String>, Query), ("officer" = Option<UserId>, Query), ("outcome" = Option<Outcome>, Query, description = "Some membership has this outcome, proposed or decided"), ("decided_since" = Option<Timestamp>, Query, description = "Only decided cases: the last word on them was said from this instant on"), ("decided_until" = Option<Timestamp>, Query, description = "Only decided cases: before this instant"), ("requested" = Option<bool>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<CaseRow>)))]
pub async fn list(By(acting): By, Query(query): Query<CaseQuery>) -> Result<Json<Page<CaseRow>>> {
    let filter = CaseFilter {
        state: query.state,
        region: query.region,
        officer: query.officer,
        outcome: query.outcome,
        decided_since: query.decided_since,
        decided_until: query.decided_until,
        requested: query.requested.unwrap_or_default(),
    };
    let page = acting
        .cases(&filter, query.after.as_deref(), limit(query.limit))
        .await?;
    Ok(Json(page))
}

/// `GET /v1/cases/{id}`.
#[utoipa::path(get, path = "/v1/cases/{id}", tag = "cases", params(("id" = CaseId, Path)), responses((status = 200, body = CaseView)))]
pub async fn show(By(acting): By, Path(id): Path<CaseId>) -> Result<Json<CaseView>> {
    Ok(Json(acting.case(id).await?))
}

/// `POST /v1/assignments`.
#[utoipa::path(post, path = "/v1/assignments", tag = "cases", request_body = AssignCases, responses((status = 200, body = CasesAssigned)))]
pub async fn assign(By(acting): By, Json(body): Json<AssignCases>) -> Result<Json<CasesAssigned>> {
    Ok(Json(acting.assign_cases(body).await?))
}

/// `POST /v1/cases/{id}/close`.
#[utoipa::path(post, path = "/v1/cases/{id}/close", tag = "cases", params(("id" = CaseId, Path)), request_body = CloseCase, responses((status = 200, body = CaseView)))]
pub async fn close(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<CloseCase>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.close_case(id, body).await?))
}

/// `POST /v1/review/claim`.
#[utoipa::path(post, path = "/v1/review/claim", tag = "review", request_body = Claim, responses((status = 200, body = Claimed)))]
pub async fn claim(By(acting): By, Json(body): Json<Claim>) -> Result<Json<Claimed>> {
    Ok(Json(acting.claim_review(body).await?))
}

/// `POST /v1/cases/{id}/lease`: takes this case for review, or renews one's lease.
#[utoipa::path(post, path = "/v1/cases/{id}/lease", tag = "review", params(("id" = CaseId, Path)), responses((status = 200, body = CaseView)))]
pub async fn take(By(acting): By, Path(id): Path<CaseId>) -> Result<Json<CaseView>> {
    Ok(Json(acting.take_lease(id).await?))
}

/// `DELETE /v1/cases/{id}/lease`.
#[utoipa::path(delete, path = "/v1/cases/{id}/lease", tag = "review", params(("id" = CaseId, Path)), responses((status = 204)))]
pub async fn release(By(acting): By, Path(id): Path<CaseId>) -> Result<StatusCode> {
    acting.release_lease(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/cases/{id}/accept`.
#[utoipa::path(post, path = "/v1/cases/{id}/accept", tag = "review", params(("id" = CaseId, Path)), request_body = AcceptCase, responses((status = 200, body = CaseView)))]
pub async fn accept(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<AcceptCase>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.accept(id, body).await?))
}

/// `POST /v1/cases/{id}/withdraw`.
#[utoipa::path(post, path = "/v1/cases/{id}/withdraw", tag = "review", params(("id" = CaseId, Path)), request_body = CaseAct, responses((status = 200, body = CaseView)))]
pub async fn withdraw(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<CaseAct>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.withdraw(id, body).await?))
}

/// `POST /v1/cases/{id}/return`.
#[utoipa::path(post, path = "/v1/cases/{id}/return", tag = "review", params(("id" = CaseId, Path)), request_body = ReturnCase, responses((status = 200, body = CaseView)))]
pub async fn give_back(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<ReturnCase>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.return_case(id, body).await?))
}

/// `POST /v1/cases/{id}/take-back`.
#[utoipa::path(post, path = "/v1/cases/{id}/take-back", tag = "review", params(("id" = CaseId, Path)), request_body = CaseAct, responses((status = 200, body = CaseView)))]
pub async fn take_back(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<CaseAct>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.take_back(id, body).await?))
}

/// `POST /v1/cases/{id}/agree-unreachable`.
#[utoipa::path(post, path = "/v1/cases/{id}/agree-unreachable", tag = "review", params(("id" = CaseId, Path)), request_body = CaseAct, responses((status = 200, body = CaseView)))]
pub async fn agree_unreachable(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<CaseAct>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.agree_unreachable(id, body).await?))
}

/// `POST /v1/cases/{id}/reopen`.
#[utoipa::path(post, path = "/v1/cases/{id}/reopen", tag = "review", params(("id" = CaseId, Path)), request_body = CaseAct, responses((status = 200, body = CaseView)))]
pub async fn reopen(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<CaseAct>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.reopen(id, body).await?))
}

/// `POST /v1/cases/{id}/decisions`.
#[utoipa::path(post, path = "/v1/cases/{id}/decisions", tag = "decisions", params(("id" = CaseId, Path)), request_body = Decide, responses((status = 200, body = CaseView)))]
pub async fn decide(
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<Decide>,
) -> Result<Json<CaseView>> {
    Ok(Json(acting.decide(id, body).await?))
}

/// `POST /v1/cases/{id}/confirmations`.
#[utoipa::path(post, path = "/v1/cases/{id}/confirmations", tag = "decisions", params(("id" = CaseId, Path)), request_body = Confirm, responses((status = 200, body = CaseView)))]
pub async fn confirm(
    State(app): State<App>,
    By(acting): By,
    Path(id): Path<CaseId>,
    Json(body): Json<Confirm>,
) -> Result<Json<CaseView>> {
    Ok(Json(
        acting
            .confirm_decision(id, body, app.config.appeal_days)
            .await?,
    ))
}

/// `POST /v1/notices/{id}/delivered`.
#[utoipa::path(post, path = "/v1/notices/{id}/delivered", tag = "decisions", params(("id" = NoticeId, Path)), request_body = NoticeDelivered, responses((status = 204)))]
pub async fn delivered(
    State(app): State<App>,
    By(acting): By,
    Path(id): Path<NoticeId>,
    Json(body): Json<NoticeDelivered>,
) -> Result<StatusCode> {
    acting
        .notice_delivered(id, body, app.config.appeal_days)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/memberships`.
#[utoipa::path(get, path = "/v1/memberships", tag = "decisions", params(("program" = Option<String>, Query), ("state" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<MembershipRow>)))]
pub async fn memberships(
    By(acting): By,
    Query(query): Query<MembershipQuery>,
) -> Result<Json<Page<MembershipRow>>> {
    let page = acting
        .memberships(
            query.program.as_deref(),
            query.state.as_deref(),
            query.after.as_deref(),
            limit(query.limit),
        )
        .await?;
    Ok(Json(page))
}
