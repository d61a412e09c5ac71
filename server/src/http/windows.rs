//! The days on which proposals are taken, and by which families are visited and deliberations held.

use tilik_protocol::ids::WindowId;
use tilik_protocol::review::Page;
use tilik_protocol::session::Act;
use tilik_protocol::window::{ChangeWindow, RefuseWindow, ReopenWindow, WindowView};

use super::auth::By;
use super::body::{Json, Path};
use crate::error::Result;

/// `GET /v1/windows`: those in force, those that wait, those of before.
#[utoipa::path(get, path = "/v1/windows", tag = "windows", responses((status = 200, body = Page<WindowView>)))]
pub async fn list(By(by): By) -> Result<Json<Page<WindowView>>> {
    Ok(Json(by.windows().await?))
}

/// `POST /v1/windows`: propose other days.
#[utoipa::path(post, path = "/v1/windows", tag = "windows", request_body = ChangeWindow, responses((status = 200, body = WindowView)))]
pub async fn change(By(by): By, Json(body): Json<ChangeWindow>) -> Result<Json<WindowView>> {
    Ok(Json(by.change_window(body).await?))
}

/// `POST /v1/windows/{id}/withdraw`.
#[utoipa::path(post, path = "/v1/windows/{id}/withdraw", tag = "windows", params(("id" = WindowId, Path)), request_body = Act, responses((status = 200, body = WindowView)))]
pub async fn withdraw(
    By(by): By,
    Path(id): Path<WindowId>,
    Json(body): Json<Act>,
) -> Result<Json<WindowView>> {
    Ok(Json(by.withdraw_window(id, body).await?))
}

/// `POST /v1/windows/{id}/confirm`.
#[utoipa::path(post, path = "/v1/windows/{id}/confirm", tag = "windows", params(("id" = WindowId, Path)), request_body = Act, responses((status = 200, body = WindowView)))]
pub async fn confirm(
    By(by): By,
    Path(id): Path<WindowId>,
    Json(body): Json<Act>,
) -> Result<Json<WindowView>> {
    Ok(Json(by.confirm_window(id, body).await?))
}

/// `POST /v1/windows/{id}/refuse`.
#[utoipa::path(post, path = "/v1/windows/{id}/refuse", tag = "windows", params(("id" = WindowId, Path)), request_body = RefuseWindow, responses((status = 200, body = WindowView)))]
pub async fn refuse(
    By(by): By,
    Path(id): Path<WindowId>,
    Json(body): Json<RefuseWindow>,
) -> Result<Json<WindowView>> {
    Ok(Json(by.refuse_window(id, body).await?))
}

/// `POST /v1/windows/{id}/reopen`.
#[utoipa::path(post, path = "/v1/windows/{id}/reopen", tag = "windows", params(("id" = WindowId, Path)), request_body = ReopenWindow, responses((status = 200, body = WindowView)))]
pub async fn reopen(
    By(by): By,
    Path(id): Path<WindowId>,
    Json(body): Json<ReopenWindow>,
) -> Result<Json<WindowView>> {
    Ok(Json(by.reopen_window(id, body).await?))
}

/// `POST /v1/windows/{id}/close`: what was opened again is closed.
#[utoipa::path(post, path = "/v1/windows/{id}/close", tag = "windows", params(("id" = WindowId, Path)), request_body = Act, responses((status = 200, body = WindowView)))]
pub async fn close(
    By(by): By,
    Path(id): Path<WindowId>,
    Json(body): Json<Act>,
) -> Result<Json<WindowView>> {
    Ok(Json(by.close_window(id, body).await?))
}
