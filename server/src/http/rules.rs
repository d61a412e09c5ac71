//! Rules of eligibility: written, tried, sent, put in force; what they said, and the cancellations they prepared.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tilik_protocol::evaluation::{
    CancellationSent, ChangeFact, DismissCancellation, EligibilityOutcome, FactView,
    FamilyEvaluations, PreparedCancellation, PreparedState, RecordFact, SendCancellation,
};
use tilik_protocol::ids::{FactId, FamilyId, PreparedId, RuleId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{
    ActOnRule, ChangeRule, DraftRule, RefuseRule, RuleChange, RuleHead, RulePreview, RuleState,
    RuleView, ShipRules, ShippedRules,
};

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::Result;
use crate::store::rules::{ChangeFilter, PreparedFilter};

/// Which rules, and where their list goes on.
#[derive(Debug, Deserialize)]
pub struct RulesQuery {
    state: Option<RuleState>,
    after: Option<String>,
}

/// Which changes.
#[derive(Debug, Deserialize)]
pub struct ChangeQuery {
    region: Option<RegionCode>,
    from: Option<EligibilityOutcome>,
    to: Option<EligibilityOutcome>,
    members: Option<bool>,
    names: Option<bool>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Which prepared cancellations.
#[derive(Debug, Deserialize)]
pub struct PreparedQuery {
    state: Option<PreparedState>,
    region: Option<RegionCode>,
    family: Option<FamilyId>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/rules`: every version, the newest first, in short.
#[utoipa::path(get, path = "/v1/rules", tag = "rules", params(("state" = Option<RuleState>, Query), ("after" = Option<String>, Query)), responses((status = 200, body = Page<RuleHead>)))]
pub async fn list(By(by): By, Query(query): Query<RulesQuery>) -> Result<Json<Page<RuleHead>>> {
    let page = by.rules(query.state, query.after.as_deref());
    Ok(Json(page.await?))
}

/// `GET /v1/rules/{id}`: what a version says, in full.
#[utoipa::path(get, path = "/v1/rules/{id}", tag = "rules", params(("id" = RuleId, Path)), responses((status = 200, body = RuleView)))]
pub async fn one(By(by): By, Path(id): Path<RuleId>) -> Result<Json<RuleView>> {
    Ok(Json(by.rule(id).await?))
}

/// `POST /v1/rules`.
#[utoipa::path(post, path = "/v1/rules", tag = "rules", request_body = DraftRule, responses((status = 200, body = RuleView)))]
pub async fn draft(By(by): By, Json(body): Json<DraftRule>) -> Result<Json<RuleView>> {
    Ok(Json(by.draft_rule(body).await?))
}

/// `POST /v1/rules/shipped`.
#[utoipa::path(post, path = "/v1/rules/shipped", tag = "rules", request_body = ShipRules, responses((status = 200, body = ShippedRules)))]
pub async fn ship(By(by): By, Json(body): Json<ShipRules>) -> Result<Json<ShippedRules>> {
    Ok(Json(by.ship_rules(body).await?))
}

/// `POST /v1/rules/{id}/change`.
#[utoipa::path(post, path = "/v1/rules/{id}/change", tag = "rules", params(("id" = RuleId, Path)), request_body = ChangeRule, responses((status = 200, body = RuleView)))]
pub async fn change(
    By(by): By,
    Path(id): Path<RuleId>,
    Json(body): Json<ChangeRule>,
) -> Result<Json<RuleView>> {
    Ok(Json(by.change_rule(id, body).await?))
}

/// `POST /v1/rules/{id}/submit`.
#[utoipa::path(post, path = "/v1/rules/{id}/submit", tag = "rules", params(("id" = RuleId, Path)), request_body = ActOnRule, responses((status = 200, body = RuleView)))]
pub async fn submit(
    By(by): By,
    Path(id): Path<RuleId>,
    Json(body): Json<ActOnRule>,
) -> Result<Json<RuleView>> {
    Ok(Json(by.submit_rule(id, body).await?))
}

/// `POST /v1/rules/{id}/withdraw`.
#[utoipa::path(post, path = "/v1/rules/{id}/withdraw", tag = "rules", params(("id" = RuleId, Path)), request_body = ActOnRule, responses((status = 200, body = RuleView)))]
pub async fn withdraw(
    By(by): By,
    Path(id): Path<RuleId>,
    Json(body): Json<ActOnRule>,
) -> Result<Json<RuleView>> {
    Ok(Json(by.withdraw_rule(id, body).await?))
}

/// `POST /v1/rules/{id}/confirm`.
#[utoipa::path(post, path = "/v1/rules/{id}/confirm", tag = "rules", params(("id" = RuleId, Path)), request_body = ActOnRule, responses((status = 200, body = RuleView)))]
pub async fn confirm(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<RuleId>,
    Json(body): Json<ActOnRule>,
) -> Result<Json<RuleView>> {
    let view = by.confirm_rule(id, body).await?;
    app.wake_workers();
    Ok(Json(view))
}

/// `POST /v1/rules/{id}/refuse`.
#[utoipa::path(post, path = "/v1/rules/{id}/refuse", tag = "rules", params(("id" = RuleId, Path)), request_body = RefuseRule, responses((status = 200, body = RuleView)))]
pub async fn refuse(
    By(by): By,
    Path(id): Path<RuleId>,
    Json(body): Json<RefuseRule>,
) -> Result<Json<RuleView>> {
    Ok(Json(by.refuse_rule(id, body).await?))
}

/// `GET /v1/rules/{id}/preview`: who would change, counted.
#[utoipa::path(get, path = "/v1/rules/{id}/preview", tag = "rules", params(("id" = RuleId, Path)), responses((status = 200, body = RulePreview)))]
pub async fn preview(By(by): By, Path(id): Path<RuleId>) -> Result<Json<RulePreview>> {
    Ok(Json(by.rule_preview(id).await?))
}

/// `GET /v1/rules/{id}/changes`: who would change, one by one: by village and codes, and with `names` who it is, for who may
/// read that. A page may be short and still have a next.
#[utoipa::path(get, path = "/v1/rules/{id}/changes", tag = "rules", params(("id" = RuleId, Path), ("region" = Option<RegionCode>, Query), ("from" = Option<EligibilityOutcome>, Query), ("to" = Option<EligibilityOutcome>, Query), ("members" = Option<bool>, Query), ("names" = Option<bool>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<RuleChange>)))]
pub async fn changes(
    By(by): By,
    Path(id): Path<RuleId>,
    Query(query): Query<ChangeQuery>,
) -> Result<Json<Page<RuleChange>>> {
    let filter = ChangeFilter {
        region: query.region,
        from: query.from,
        to: query.to,
        members: query.members.unwrap_or_default(),
        names: query.names.unwrap_or_default(),
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let limit = usize::try_from(limit).unwrap_or(50);
    let page = by.rule_changes(id, &filter, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `GET /v1/families/{id}/evaluations`.
#[utoipa::path(get, path = "/v1/families/{id}/evaluations", tag = "rules", params(("id" = FamilyId, Path)), responses((status = 200, body = FamilyEvaluations)))]
pub async fn evaluations(By(by): By, Path(id): Path<FamilyId>) -> Result<Json<FamilyEvaluations>> {
    Ok(Json(by.family_evaluations(id).await?))
}

/// `POST /v1/families/{id}/facts`.
#[utoipa::path(post, path = "/v1/families/{id}/facts", tag = "rules", params(("id" = FamilyId, Path)), request_body = RecordFact, responses((status = 200, body = FactView)))]
pub async fn record_fact(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<FamilyId>,
    Json(body): Json<RecordFact>,
) -> Result<Json<FactView>> {
    let view = by.record_fact(id, body).await?;
    app.wake_workers();
    Ok(Json(view))
}

/// `POST /v1/facts/{id}/change`.
#[utoipa::path(post, path = "/v1/facts/{id}/change", tag = "rules", params(("id" = FactId, Path)), request_body = ChangeFact, responses((status = 200, body = FactView)))]
pub async fn change_fact(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<FactId>,
    Json(body): Json<ChangeFact>,
) -> Result<Json<FactView>> {
    let view = by.change_fact(id, body).await?;
    app.wake_workers();
    Ok(Json(view))
}

/// `GET /v1/cancellations`: what rules prepared, the oldest first.
#[utoipa::path(get, path = "/v1/cancellations", tag = "rules", params(("state" = Option<PreparedState>, Query), ("region" = Option<RegionCode>, Query), ("family" = Option<FamilyId>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<PreparedCancellation>)))]
pub async fn cancellations(
    By(by): By,
    State(app): State<App>,
    Query(query): Query<PreparedQuery>,
) -> Result<Json<Page<PreparedCancellation>>> {
    let filter = PreparedFilter {
        state: query.state,
        region: query.region,
        family: query.family,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let days = app.config.appeal_days;
    let page = by.prepared_cancellations(&filter, query.after.as_deref(), limit, days);
    Ok(Json(page.await?))
}

/// `POST /v1/cancellations/{id}/send`: the one key.
#[utoipa::path(post, path = "/v1/cancellations/{id}/send", tag = "rules", params(("id" = PreparedId, Path)), request_body = SendCancellation, responses((status = 200, body = CancellationSent)))]
pub async fn send_cancellation(
    By(by): By,
    Path(id): Path<PreparedId>,
    Json(body): Json<SendCancellation>,
) -> Result<Json<CancellationSent>> {
    Ok(Json(by.send_cancellation(id, body).await?))
}

/// `POST /v1/cancellations/{id}/dismiss`.
#[utoipa::path(post, path = "/v1/cancellations/{id}/dismiss", tag = "rules", params(("id" = PreparedId, Path)), request_body = DismissCancellation, responses((status = 204)))]
pub async fn dismiss_cancellation(
    By(by): By,
    Path(id): Path<PreparedId>,
    Json(body): Json<DismissCancellation>,
) -> Result<StatusCode> {
    by.dismiss_cancellation(id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
