//! Contact sheets: taken, renewed, given back, and what is taken out of one. Their houses are accepted as any other.

use axum::http::StatusCode;
use tilik_protocol::contact_sheet::{ContactSheet, SheetLease, TakeOut, TakeSheet, TakenOut};
use tilik_protocol::ids::SheetId;

use super::auth::By;
use super::body::{Json, Path};
use crate::error::Result;

/// `POST /v1/review/sheets`: the next sheet, or what is held of the last one.
#[utoipa::path(post, path = "/v1/review/sheets", tag = "sheets", request_body = TakeSheet, responses((status = 200, body = ContactSheet)))]
pub async fn take(By(acting): By, Json(body): Json<TakeSheet>) -> Result<Json<ContactSheet>> {
    Ok(Json(acting.take_sheet(body).await?))
}

/// `POST /v1/review/sheets/{sheet}/lease`: another ten minutes.
#[utoipa::path(post, path = "/v1/review/sheets/{sheet}/lease", tag = "sheets", params(("sheet" = SheetId, Path)), responses((status = 200, body = SheetLease)))]
pub async fn renew(By(acting): By, Path(sheet): Path<SheetId>) -> Result<Json<SheetLease>> {
    Ok(Json(acting.renew_sheet(sheet).await?))
}

/// `DELETE /v1/review/sheets/{sheet}/lease`: back to the queue.
#[utoipa::path(delete, path = "/v1/review/sheets/{sheet}/lease", tag = "sheets", params(("sheet" = SheetId, Path)), responses((status = 204)))]
pub async fn release(By(acting): By, Path(sheet): Path<SheetId>) -> Result<StatusCode> {
    acting.release_sheet(sheet).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/review/sheets/{sheet}/taken-out`: these are looked at one by one.
#[utoipa::path(post, path = "/v1/review/sheets/{sheet}/taken-out", tag = "sheets", params(("sheet" = SheetId, Path)), request_body = TakeOut, responses((status = 200, body = TakenOut)))]
pub async fn take_out(
    By(acting): By,
    Path(sheet): Path<SheetId>,
    Json(body): Json<TakeOut>,
) -> Result<Json<TakenOut>> {
    Ok(Json(acting.take_out(sheet, body).await?))
}
