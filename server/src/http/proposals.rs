//! Proposals.

use serde::Deserialize;
use tilik_protocol::ids::{FamilyId, ProposalId};
use tilik_protocol::proposal::{
    AttachSptjm, ChangeProposal, JudgeProposal, MoveProposal, ProposalAction, ProposalCount,
    ProposalKind, ProposalRow, ProposalState, ProposalView, Propose, ProposeMany, ProposedMany,
};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::error::Result;
use crate::store::proposals::{Stage, Wanted};

/// Which proposals.
#[derive(Debug, Deserialize)]
pub struct ProposalQuery {
    state: Option<ProposalState>,
    kind: Option<ProposalKind>,
    program: Option<String>,
    region: Option<RegionCode>,
    family: Option<FamilyId>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Where.
#[derive(Debug, Deserialize)]
pub struct CountQuery {
    region: Option<RegionCode>,
}

/// `GET /v1/proposals`: the oldest first.
#[utoipa::path(get, path = "/v1/proposals", tag = "proposals", params(("state" = Option<ProposalState>, Query), ("kind" = Option<ProposalKind>, Query), ("program" = Option<String>, Query), ("region" = Option<RegionCode>, Query), ("family" = Option<FamilyId>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<ProposalRow>)))]
pub async fn list(
    By(by): By,
    Query(query): Query<ProposalQuery>,
) -> Result<Json<Page<ProposalRow>>> {
    let wanted = Wanted {
        state: query.state,
        kind: query.kind,
        program: query.program,
        region: query.region,
        family: query.family,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = by.proposals(wanted, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `GET /v1/proposals/counts`.
#[utoipa::path(get, path = "/v1/proposals/counts", tag = "proposals", params(("region" = Option<RegionCode>, Query)), responses((status = 200, body = Page<ProposalCount>)))]
pub async fn counts(
    By(by): By,
    Query(query): Query<CountQuery>,
) -> Result<Json<Page<ProposalCount>>> {
    Ok(Json(by.proposal_counts(query.region).await?))
}

/// `POST /v1/proposals`.
#[utoipa::path(post, path = "/v1/proposals", tag = "proposals", request_body = Propose, responses((status = 200, body = ProposalView)))]
pub async fn propose(By(by): By, Json(body): Json<Propose>) -> Result<Json<ProposalView>> {
    Ok(Json(by.propose(body).await?))
}

/// `POST /v1/proposals/batch`.
#[utoipa::path(post, path = "/v1/proposals/batch", tag = "proposals", request_body = ProposeMany, responses((status = 200, body = ProposedMany)))]
pub async fn propose_many(By(by): By, Json(body): Json<ProposeMany>) -> Result<Json<ProposedMany>> {
    Ok(Json(by.propose_many(body).await?))
}

/// `GET /v1/proposals/{id}`.
#[utoipa::path(get, path = "/v1/proposals/{id}", tag = "proposals", params(("id" = ProposalId, Path)), responses((status = 200, body = ProposalView)))]
pub async fn show(By(by): By, Path(id): Path<ProposalId>) -> Result<Json<ProposalView>> {
    Ok(Json(by.proposal(id).await?))
}

/// `POST /v1/proposals/{id}/change`.
#[utoipa::path(post, path = "/v1/proposals/{id}/change", tag = "proposals", params(("id" = ProposalId, Path)), request_body = ChangeProposal, responses((status = 200, body = ProposalView)))]
pub async fn change(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<ChangeProposal>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.change_proposal(id, body).await?))
}

/// `POST /v1/proposals/{id}/submit`.
#[utoipa::path(post, path = "/v1/proposals/{id}/submit", tag = "proposals", params(("id" = ProposalId, Path)), request_body = MoveProposal, responses((status = 200, body = ProposalView)))]
pub async fn submit(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<MoveProposal>,
) -> Result<Json<ProposalView>> {
    let moved = by.move_proposal(id, ProposalAction::Submit, body);
    Ok(Json(moved.await?))
}

/// `POST /v1/proposals/{id}/withdraw`.
#[utoipa::path(post, path = "/v1/proposals/{id}/withdraw", tag = "proposals", params(("id" = ProposalId, Path)), request_body = MoveProposal, responses((status = 200, body = ProposalView)))]
pub async fn withdraw(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<MoveProposal>,
) -> Result<Json<ProposalView>> {
    let moved = by.move_proposal(id, ProposalAction::Withdraw, body);
    Ok(Json(moved.await?))
}

/// `POST /v1/proposals/{id}/copy`: a new draft like a rejected one.
#[utoipa::path(post, path = "/v1/proposals/{id}/copy", tag = "proposals", params(("id" = ProposalId, Path)), request_body = MoveProposal, responses((status = 200, body = ProposalView)))]
pub async fn copy(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<MoveProposal>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.copy_proposal(id, body).await?))
}

/// `POST /v1/proposals/{id}/send`: entered in the centre's system.
#[utoipa::path(post, path = "/v1/proposals/{id}/send", tag = "proposals", params(("id" = ProposalId, Path)), request_body = MoveProposal, responses((status = 200, body = ProposalView)))]
pub async fn send(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<MoveProposal>,
) -> Result<Json<ProposalView>> {
    let moved = by.move_proposal(id, ProposalAction::Send, body);
    Ok(Json(moved.await?))
}

/// `POST /v1/proposals/{id}/check`: the match with Dukcapil.
#[utoipa::path(post, path = "/v1/proposals/{id}/check", tag = "proposals", params(("id" = ProposalId, Path)), request_body = JudgeProposal, responses((status = 200, body = ProposalView)))]
pub async fn check(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<JudgeProposal>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.judge_proposal(id, Stage::Check, body).await?))
}

/// `POST /v1/proposals/{id}/verify`: whether it is complete.
#[utoipa::path(post, path = "/v1/proposals/{id}/verify", tag = "proposals", params(("id" = ProposalId, Path)), request_body = JudgeProposal, responses((status = 200, body = ProposalView)))]
pub async fn verify(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<JudgeProposal>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.judge_proposal(id, Stage::Verify, body).await?))
}

/// `POST /v1/proposals/{id}/endorse`: the last local word.
#[utoipa::path(post, path = "/v1/proposals/{id}/endorse", tag = "proposals", params(("id" = ProposalId, Path)), request_body = JudgeProposal, responses((status = 200, body = ProposalView)))]
pub async fn endorse(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<JudgeProposal>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.judge_proposal(id, Stage::Endorse, body).await?))
}

/// `POST /v1/proposals/{id}/outcome`: what the centre said.
#[utoipa::path(post, path = "/v1/proposals/{id}/outcome", tag = "proposals", params(("id" = ProposalId, Path)), request_body = JudgeProposal, responses((status = 200, body = ProposalView)))]
pub async fn outcome(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<JudgeProposal>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.judge_proposal(id, Stage::Outcome, body).await?))
}

/// `POST /v1/proposals/{id}/sptjm`: somebody answers for it in place of a deliberation.
#[utoipa::path(post, path = "/v1/proposals/{id}/sptjm", tag = "proposals", params(("id" = ProposalId, Path)), request_body = AttachSptjm, responses((status = 200, body = ProposalView)))]
pub async fn sptjm(
    By(by): By,
    Path(id): Path<ProposalId>,
    Json(body): Json<AttachSptjm>,
) -> Result<Json<ProposalView>> {
    Ok(Json(by.attach_sptjm(id, body).await?))
}
