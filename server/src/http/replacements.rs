//! Who took whose place.

use serde::Deserialize;
use tilik_protocol::region::RegionCode;
use tilik_protocol::replacement::ReplacementRow;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;
use crate::store::replacements::ReplacementFilter;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct ReplacementQuery {
    region: Option<RegionCode>,
    program: Option<String>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/replacements`: the newest first.
#[utoipa::path(get, path = "/v1/replacements", tag = "registry", params(("region" = Option<RegionCode>, Query), ("program" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<ReplacementRow>)))]
pub async fn list(
    By(by): By,
    Query(query): Query<ReplacementQuery>,
) -> Result<Json<Page<ReplacementRow>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = ReplacementFilter {
        region: query.region,
        program: query.program,
    };
    let page = by.replacements(&filter, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}
