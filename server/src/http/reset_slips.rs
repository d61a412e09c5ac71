//! Slips with which people choose a new password.

use axum::extract::State;
use axum::http::StatusCode;
use tilik_protocol::ids::{ResetSlipId, UserId};
use tilik_protocol::reset_slip::{
    IssueResetSlip, ReleasedSlip, ResetSlip, ResetSlipView, UseResetSlip,
};
use tilik_protocol::session::Act;

use super::auth::By;
use super::body::{Json, Path};
use crate::App;
use crate::error::Result;
use crate::store::sessions::Place;

/// `POST /v1/users/{id}/reset-slip`.
#[utoipa::path(post, path = "/v1/users/{id}/reset-slip", tag = "users", params(("id" = UserId, Path)), request_body = IssueResetSlip, responses((status = 200, body = ResetSlip)))]
pub async fn issue(
    By(acting): By,
    Path(id): Path<UserId>,
    Json(body): Json<IssueResetSlip>,
) -> Result<Json<ResetSlip>> {
    Ok(Json(acting.issue_reset_slip(id, body).await?))
}

/// `GET /v1/reset-slips`: those that wait for an approver.
#[utoipa::path(get, path = "/v1/reset-slips", tag = "users", responses((status = 200, body = Vec<ResetSlipView>)))]
pub async fn waiting_slips(By(acting): By) -> Result<Json<Vec<ResetSlipView>>> {
    Ok(Json(acting.waiting_reset_slips().await?))
}

/// `POST /v1/reset-slips/{id}/release`.
#[utoipa::path(post, path = "/v1/reset-slips/{id}/release", tag = "users", params(("id" = ResetSlipId, Path)), request_body = Act, responses((status = 200, body = ReleasedSlip)))]
pub async fn release_slip(
    By(acting): By,
    Path(id): Path<ResetSlipId>,
    Json(body): Json<Act>,
) -> Result<Json<ReleasedSlip>> {
    Ok(Json(acting.release_reset_slip(id, body).await?))
}

/// `POST /v1/reset-slips/use`.
#[utoipa::path(post, path = "/v1/reset-slips/use", tag = "session", request_body = UseResetSlip, responses((status = 204)))]
pub async fn use_slip(
    State(app): State<App>,
    place: Place,
    Json(body): Json<UseResetSlip>,
) -> Result<StatusCode> {
    app.store.use_reset_slip(body, &place.address).await?;
    Ok(StatusCode::NO_CONTENT)
}
