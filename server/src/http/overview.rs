//! The month at a glance.

use serde::Deserialize;
use tilik_protocol::overview::Overview;
use tilik_protocol::region::RegionCode;

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;

/// Which month, and where.
#[derive(Debug, Deserialize)]
pub struct OverviewQuery {
    month: Option<String>,
    region: Option<RegionCode>,
}

/// `GET /v1/overview`: without a month the present one, without a region all of one's own.
#[utoipa::path(get, path = "/v1/overview", tag = "overview", params(("month" = Option<String>, Query, description = "`2026-11`"), ("region" = Option<String>, Query)), responses((status = 200, body = Overview)))]
pub async fn show(By(by): By, Query(query): Query<OverviewQuery>) -> Result<Json<Overview>> {
    let overview = by.overview(query.month.as_deref(), query.region.as_ref());
    Ok(Json(overview.await?))
}
