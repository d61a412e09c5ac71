//! Families: looked for, looked at, unmasked for a purpose.

use tilik_protocol::ids::FamilyId;
use tilik_protocol::lookup::{FamilyPage, FamilyRow, SearchFamilies};
use tilik_protocol::review::{Page, Unmask, Unmasked};

use super::auth::By;
use super::body::{Json, Path};
use crate::error::Result;

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

/// `POST /v1/families/{id}/unmask`.
#[utoipa::path(post, path = "/v1/families/{id}/unmask", tag = "families", params(("id" = FamilyId, Path)), request_body = Unmask, responses((status = 200, body = Unmasked)))]
pub async fn unmask(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<Unmask>,
) -> Result<Json<Unmasked>> {
    Ok(Json(by.unmask_family(id, body).await?))
}
