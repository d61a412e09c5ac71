//! What a console looks up: regions, reasons, officers, the queue's length, the acts on a case, grants that wait.

use tilik_protocol::ids::CaseId;
use tilik_protocol::lookup::{
    DecisionQueue, HistoryRow, OfficerView, Outline, ProgramView, ReasonLists, ReasonView,
    RegionView, ReviewQueue, WaitingGrant,
};
use tilik_protocol::reason::{
    self, APPEAL_DISMISSED, APPEAL_UPHELD, BATCH_REFUSALS, CLOSE_REASONS, DELIBERATION_REFUSALS,
    EVENT_DISMISSALS, EXCLUSION_REASONS, GRANT_REFUSALS, HEALTH_DISMISSALS, IMPORT_REFUSALS,
    LETTER_REVOCATIONS, MOVE_RETURNS, OBJECTION_REJECTIONS, PLAN_EXCEPTIONS, PREPARED_DISMISSALS,
    PROPOSAL_REFUSALS, PROPOSAL_REJECTIONS, PROPOSAL_RETURNS, REACTIVATION_REASONS, RETURN_REASONS,
    RULE_REFUSALS, ReasonCode, VISIT_REASONS,
};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Path};
use crate::error::Result;

/// `GET /v1/regions`.
#[utoipa::path(get, path = "/v1/regions", tag = "lookup", responses((status = 200, body = Page<RegionView>)))]
pub async fn regions(By(by): By) -> Result<Json<Page<RegionView>>> {
    Ok(Json(by.regions().await?))
}

/// `GET /v1/programs`.
#[utoipa::path(get, path = "/v1/programs", tag = "lookup", responses((status = 200, body = Page<ProgramView>)))]
pub async fn programs(By(by): By) -> Result<Json<Page<ProgramView>>> {
    Ok(Json(by.programs().await?))
}

/// `GET /v1/regions/{code}/outline`.
#[utoipa::path(get, path = "/v1/regions/{code}/outline", tag = "lookup", params(("code" = RegionCode, Path)), responses((status = 200, body = Outline)))]
pub async fn outline(By(by): By, Path(code): Path<RegionCode>) -> Result<Json<Outline>> {
    Ok(Json(by.outline(&code).await?))
}

/// `GET /v1/reasons`.
#[utoipa::path(get, path = "/v1/reasons", tag = "lookup", responses((status = 200, body = ReasonLists)))]
pub async fn reasons(By(_): By) -> Json<ReasonLists> {
    Json(reason_lists())
}

/// Every list of reasons; the contract shows it too, so that clients can be built with the words in them.
pub(super) fn reason_lists() -> ReasonLists {
    let list = |list: &'static [(&'static str, &'static str)]| -> Vec<ReasonView> {
        list.iter()
            .map(|(code, label)| ReasonView {
                code: ReasonCode::known(code),
                label: (*label).to_owned(),
                group: None,
            })
            .collect()
    };
    let mut excluding = list(EXCLUSION_REASONS);
    for one in &mut excluding {
        one.group = reason::group(&one.code).map(str::to_owned);
    }
    ReasonLists {
        returning: list(RETURN_REASONS),
        excluding,
        closing: list(CLOSE_REASONS),
        refusing_import: list(IMPORT_REFUSALS),
        refusing_proposal: list(PROPOSAL_REFUSALS),
        requesting_visit: list(VISIT_REASONS),
        refusing_grant: list(GRANT_REFUSALS),
        excepting: list(PLAN_EXCEPTIONS),
        refusing_rule: list(RULE_REFUSALS),
        dismissing_prepared: list(PREPARED_DISMISSALS),
        rejecting_proposal: list(PROPOSAL_REJECTIONS),
        returning_proposal: list(PROPOSAL_RETURNS),
        reactivating: list(REACTIVATION_REASONS),
        dismissing_health: list(HEALTH_DISMISSALS),
        refusing_name: list(DELIBERATION_REFUSALS),
        revoking_letter: list(LETTER_REVOCATIONS),
        dismissing_event: list(EVENT_DISMISSALS),
        refusing_batch: list(BATCH_REFUSALS),
        returning_move: list(MOVE_RETURNS),
        upholding_appeal: list(APPEAL_UPHELD),
        dismissing_appeal: list(APPEAL_DISMISSED),
        rejecting_objection: list(OBJECTION_REJECTIONS),
    }
}

/// `GET /v1/officers`.
#[utoipa::path(get, path = "/v1/officers", tag = "lookup", responses((status = 200, body = Page<OfficerView>)))]
pub async fn officers(By(by): By) -> Result<Json<Page<OfficerView>>> {
    Ok(Json(by.officers().await?))
}

/// `GET /v1/review/waiting`.
#[utoipa::path(get, path = "/v1/review/waiting", tag = "lookup", responses((status = 200, body = ReviewQueue)))]
pub async fn waiting(By(by): By) -> Result<Json<ReviewQueue>> {
    Ok(Json(by.review_queue().await?))
}

/// `GET /v1/decisions/waiting`.
#[utoipa::path(get, path = "/v1/decisions/waiting", tag = "lookup", responses((status = 200, body = DecisionQueue)))]
pub async fn waiting_decisions(By(by): By) -> Result<Json<DecisionQueue>> {
    Ok(Json(by.decision_queue().await?))
}

/// `GET /v1/cases/{id}/history`: the newest first.
#[utoipa::path(get, path = "/v1/cases/{id}/history", tag = "lookup", params(("id" = CaseId, Path)), responses((status = 200, body = Page<HistoryRow>)))]
pub async fn history(By(by): By, Path(id): Path<CaseId>) -> Result<Json<Page<HistoryRow>>> {
    Ok(Json(by.case_history(id).await?))
}

/// `GET /v1/grants/waiting`.
#[utoipa::path(get, path = "/v1/grants/waiting", tag = "lookup", responses((status = 200, body = Page<WaitingGrant>)))]
pub async fn waiting_grants(By(by): By) -> Result<Json<Page<WaitingGrant>>> {
    Ok(Json(by.waiting_grants().await?))
}
