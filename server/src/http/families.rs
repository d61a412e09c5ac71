//! Families: looked for, listed for the month, looked at, unmasked for a purpose, asked to be visited.

use serde::Deserialize;
use tilik_protocol::changes::FamilyChanges;
use tilik_protocol::ids::FamilyId;
use tilik_protocol::lookup::{FamilyPage, FamilyRow, RecipientState, Recipients, SearchFamilies};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{CasesOpened, Page, RequestVisit, Unmask, Unmasked};

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::error::Result;
use crate::store::recipients::RecipientFilter;

/// Filters of the month's recipients.
#[derive(Debug, Deserialize)]
pub struct RecipientQuery {
    region: Option<RegionCode>,
    program: Option<String>,
    state: Option<RecipientState>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/recipients`.
#[utoipa::path(get, path = "/v1/recipients", tag = "families", params(("region" = Option<String>, Query), ("program" = Option<String>, Query), ("state" = Option<RecipientState>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Recipients)))]
pub async fn recipients(
    By(by): By,
    Query(query): Query<RecipientQuery>,
) -> Result<Json<Recipients>> {
    let filter = RecipientFilter {
        region: query.region,
        program: query.program,
        state: query.state,
    };
    let limit = query.limit.unwrap_or(24).clamp(1, 100);
    let page = by
        .recipients(&filter, query.after.as_deref(), limit)
        .await?;
    Ok(Json(page))
}

/// `POST /v1/families/{id}/visit-requests`.
#[utoipa::path(post, path = "/v1/families/{id}/visit-requests", tag = "families", params(("id" = FamilyId, Path)), request_body = RequestVisit, responses((status = 200, body = CasesOpened)))]
pub async fn request_visit(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<RequestVisit>,
) -> Result<Json<CasesOpened>> {
    Ok(Json(by.request_visit(id, body).await?))
}

/// `POST /v1/families/search`.
#[utoipa::path(post, path = "/v1/families/search", tag = "families", request_body = SearchFamilies, responses((status = 200, body = Page<FamilyRow>)))]
pub async fn search(By(by): By, Json(body): Json<SearchFamilies>) -> Result<Json<Page<FamilyRow>>> {
    Ok(Json(by.search_families(body).await?))
}

/// `GET /v1/families/{id}`.
#[utoipa::path(get, path = "/v1/families/{id}", tag = "families", params(("id" = FamilyId, Path)), responses((status = 200, body = FamilyPage)))]
pub async fn show(By(by): By, Path(id): Path<FamilyId>) -> Result<Json<FamilyPage>> {
    Ok(Json(by.family_page(id).await?))
}

/// `GET /v1/families/{id}/changes`: since it was last decided.
#[utoipa::path(get, path = "/v1/families/{id}/changes", tag = "families", params(("id" = FamilyId, Path)), responses((status = 200, body = FamilyChanges)))]
pub async fn changes(By(by): By, Path(id): Path<FamilyId>) -> Result<Json<FamilyChanges>> {
    Ok(Json(by.family_changes(id).await?))
}

/// `POST /v1/families/{id}/unmask`.
#[utoipa::path(post, path = "/v1/families/{id}/unmask", tag = "families", params(("id" = FamilyId, Path)), request_body = Unmask, responses((status = 200, body = Unmasked)))]
pub async fn unmask(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<Unmask>,
) -> Result<Json<Unmasked>> {
    Ok(Json(by.unmask_family(id, body).await?))
}
