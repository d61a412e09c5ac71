//! What is to be entered in the ministry's system.

use serde::Deserialize;
use tilik_protocol::ministry::{MinistryAct, MinistryActKind, MinistryActs, TickActs};
use tilik_protocol::region::RegionCode;

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;
use crate::store::ministry::ActFilter;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct ActQuery {
    region: Option<RegionCode>,
    program: Option<String>,
    kind: Option<MinistryActKind>,
    #[serde(default)]
    entered: bool,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/ministry-acts`: the oldest first.
#[utoipa::path(get, path = "/v1/ministry-acts", tag = "ministry", params(("region" = Option<RegionCode>, Query), ("program" = Option<String>, Query), ("kind" = Option<MinistryActKind>, Query), ("entered" = Option<bool>, Query, description = "Those that are entered; those that are not otherwise"), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = MinistryActs)))]
pub async fn list(By(by): By, Query(query): Query<ActQuery>) -> Result<Json<MinistryActs>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = ActFilter {
        region: query.region,
        program: query.program,
        kind: query.kind,
        entered: query.entered,
    };
    let acts = by.ministry_acts(&filter, query.after.as_deref(), limit);
    Ok(Json(acts.await?))
}

/// `POST /v1/ministry-acts/entered`.
#[utoipa::path(post, path = "/v1/ministry-acts/entered", tag = "ministry", request_body = TickActs, responses((status = 200, body = Vec<MinistryAct>)))]
pub async fn tick(By(by): By, Json(body): Json<TickActs>) -> Result<Json<Vec<MinistryAct>>> {
    Ok(Json(by.tick_acts(body).await?))
}
