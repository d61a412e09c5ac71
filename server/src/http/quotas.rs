//! Quotas as they stand, who waits for one, and families with a place in more than one program.

use serde::Deserialize;
use tilik_protocol::quota::{OverlapFamily, Overlaps, Quotas, WaitlistView};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;

/// Which quotas.
#[derive(Debug, Deserialize)]
pub struct QuotaQuery {
    program: Option<String>,
    region: Option<RegionCode>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Where overlaps are looked for.
#[derive(Debug, Deserialize)]
pub struct OverlapQuery {
    region: Option<RegionCode>,
}

/// Which families of a pair.
#[derive(Debug, Deserialize)]
pub struct OverlapFamilyQuery {
    one: String,
    other: String,
    region: Option<RegionCode>,
    after: Option<String>,
    limit: Option<usize>,
}

/// `GET /v1/quotas`.
#[utoipa::path(get, path = "/v1/quotas", tag = "registry", params(("program" = Option<String>, Query), ("region" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Quotas)))]
pub async fn show(By(by): By, Query(query): Query<QuotaQuery>) -> Result<Json<Quotas>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let quotas = by.quotas(
        query.program.as_deref(),
        query.region.as_ref(),
        query.after.as_deref(),
        limit,
    );
    Ok(Json(quotas.await?))
}

/// `GET /v1/overlaps`.
#[utoipa::path(get, path = "/v1/overlaps", tag = "registry", params(("region" = Option<String>, Query)), responses((status = 200, body = Overlaps)))]
pub async fn overlaps(By(by): By, Query(query): Query<OverlapQuery>) -> Result<Json<Overlaps>> {
    Ok(Json(by.overlaps(query.region.as_ref()).await?))
}

/// `GET /v1/overlaps/families`: who they are, by name.
#[utoipa::path(get, path = "/v1/overlaps/families", tag = "registry", params(("one" = String, Query), ("other" = String, Query), ("region" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<OverlapFamily>)))]
pub async fn overlap_families(
    By(by): By,
    Query(query): Query<OverlapFamilyQuery>,
) -> Result<Json<Page<OverlapFamily>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = by.overlap_families(
        (&query.one, &query.other),
        query.region.as_ref(),
        query.after.as_deref(),
        limit,
    );
    Ok(Json(page.await?))
}

/// Which list.
#[derive(Debug, Deserialize)]
pub struct WaitlistQuery {
    program: String,
    region: RegionCode,
    after: Option<String>,
    limit: Option<usize>,
}

/// `GET /v1/waitlists`: who is on the frozen list of a program in a village.
#[utoipa::path(get, path = "/v1/waitlists", tag = "registry", params(("program" = String, Query), ("region" = String, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = WaitlistView)))]
pub async fn waitlist(
    By(by): By,
    Query(query): Query<WaitlistQuery>,
) -> Result<Json<WaitlistView>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let list = by.waitlist(&query.program, &query.region, query.after.as_deref(), limit);
    Ok(Json(list.await?))
}
