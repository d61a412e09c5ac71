//! The checklists of the RTs.

use serde::Deserialize;
use tilik_protocol::region::RegionCode;
use tilik_protocol::rt_check::{EnterRtChecks, RtChecks, RtChecksEntered, RtSheet};

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;

/// Which list.
#[derive(Debug, Deserialize)]
pub struct SheetQuery {
    region: RegionCode,
    rw: Option<String>,
    rt: Option<String>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Which village.
#[derive(Debug, Deserialize)]
pub struct VillageQuery {
    region: RegionCode,
}

/// `GET /v1/rt-checks`: a village's list, or an RT's, by RW, RT and address.
#[utoipa::path(get, path = "/v1/rt-checks", tag = "rt-checks", params(("region" = String, Query, description = "A village"), ("rw" = Option<String>, Query), ("rt" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query, description = "1 to 500, 200 without")), responses((status = 200, body = RtSheet)))]
pub async fn sheet(By(by): By, Query(query): Query<SheetQuery>) -> Result<Json<RtSheet>> {
    let limit = query.limit.unwrap_or(200).clamp(1, 500);
    let (rw, rt, after) = (
        query.rw.as_deref(),
        query.rt.as_deref(),
        query.after.as_deref(),
    );
    Ok(Json(
        by.rt_sheet(&query.region, rw, rt, after, limit).await?,
    ))
}

/// `GET /v1/rt-checks/progress`: the RTs of a village and how far each is this month.
#[utoipa::path(get, path = "/v1/rt-checks/progress", tag = "rt-checks", params(("region" = String, Query, description = "A village")), responses((status = 200, body = RtChecks)))]
pub async fn progress(By(by): By, Query(query): Query<VillageQuery>) -> Result<Json<RtChecks>> {
    Ok(Json(by.rt_progress(&query.region).await?))
}

/// `POST /v1/rt-checks`: enter what the paper says.
#[utoipa::path(post, path = "/v1/rt-checks", tag = "rt-checks", request_body = EnterRtChecks, responses((status = 200, body = RtChecksEntered)))]
pub async fn enter(By(by): By, Json(body): Json<EnterRtChecks>) -> Result<Json<RtChecksEntered>> {
    Ok(Json(by.enter_rt_checks(body).await?))
}
