//! Accounts, grants and phones.

use axum::extract::State;
use serde::Deserialize;
use tilik_protocol::ids::{DeviceId, GrantId, UserId};
use tilik_protocol::policy::Role;
use tilik_protocol::review::Page;
use tilik_protocol::session::{
    AccountState, Act, AddGrant, AddUser, DelegateGrant, DelegationView, DeputyView, DeviceRevoked,
    DeviceView, EnrolDevice, Enrolled, EnrolmentCode, GrantView, IssueEnrolment, RefuseGrant,
    ResetPassword, RevokeDevice, UserView,
};

use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::Result;
use crate::store::accounts::UserFilter;

/// `?after=…&limit=…` of every list.
#[derive(Debug, Deserialize)]
pub struct PageQuery {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// 1 to 200; 50 when absent.
    pub limit: Option<u64>,
}

impl PageQuery {
    /// The limit, held between 1 and 200.
    pub fn limit(&self) -> u64 {
        self.limit.unwrap_or(50).clamp(1, 200)
    }
}

/// `POST /v1/users`.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = AddUser, responses((status = 200, body = UserView)))]
pub async fn add(By(acting): By, Json(body): Json<AddUser>) -> Result<Json<UserView>> {
    Ok(Json(acting.add_user(body).await?))
}

/// Which accounts, a page at a time.
#[derive(Debug, Deserialize)]
pub struct UserQuery {
    find: Option<String>,
    role: Option<Role>,
    state: Option<AccountState>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/users`.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(("find" = Option<String>, Query, description = "Words of the person's or the account's name, in capitals or not"), ("role" = Option<Role>, Query, description = "Who holds it, or will"), ("state" = Option<AccountState>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<UserView>)))]
pub async fn list(By(acting): By, Query(query): Query<UserQuery>) -> Result<Json<Page<UserView>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = UserFilter {
        find: query.find,
        role: query.role,
        state: query.state,
    };
    let page = acting.users(&filter, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `GET /v1/users/{id}`.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users", params(("id" = UserId, Path)), responses((status = 200, body = UserView)))]
pub async fn show(By(acting): By, Path(id): Path<UserId>) -> Result<Json<UserView>> {
    Ok(Json(acting.user(id).await?))
}

/// `POST /v1/users/{id}/grants`.
#[utoipa::path(post, path = "/v1/users/{id}/grants", tag = "users", params(("id" = UserId, Path)), request_body = AddGrant, responses((status = 200, body = GrantView)))]
pub async fn add_grant(
    By(acting): By,
    Path(id): Path<UserId>,
    Json(body): Json<AddGrant>,
) -> Result<Json<GrantView>> {
    Ok(Json(acting.add_grant(id, body).await?))
}

/// `POST /v1/grants/{id}/confirm`.
#[utoipa::path(post, path = "/v1/grants/{id}/confirm", tag = "users", params(("id" = GrantId, Path)), request_body = Act, responses((status = 200, body = GrantView)))]
pub async fn confirm_grant(
    By(acting): By,
    Path(id): Path<GrantId>,
    Json(body): Json<Act>,
) -> Result<Json<GrantView>> {
    Ok(Json(acting.confirm_grant(id, body).await?))
}

/// `POST /v1/grants/{id}/refuse`.
#[utoipa::path(post, path = "/v1/grants/{id}/refuse", tag = "users", params(("id" = GrantId, Path)), request_body = RefuseGrant, responses((status = 200, body = GrantView)))]
pub async fn refuse_grant(
    By(acting): By,
    Path(id): Path<GrantId>,
    Json(body): Json<RefuseGrant>,
) -> Result<Json<GrantView>> {
    Ok(Json(acting.refuse_grant(id, body).await?))
}

/// `POST /v1/grants/{id}/delegate`.
#[utoipa::path(post, path = "/v1/grants/{id}/delegate", tag = "users", params(("id" = GrantId, Path)), request_body = DelegateGrant, responses((status = 200, body = GrantView)))]
pub async fn delegate_grant(
    By(acting): By,
    Path(id): Path<GrantId>,
    Json(body): Json<DelegateGrant>,
) -> Result<Json<GrantView>> {
    Ok(Json(acting.delegate_grant(id, body).await?))
}

/// `POST /v1/grants/{id}/recall`: what one lent oneself.
#[utoipa::path(post, path = "/v1/grants/{id}/recall", tag = "users", params(("id" = GrantId, Path)), request_body = Act, responses((status = 200, body = GrantView)))]
pub async fn recall_grant(
    By(acting): By,
    Path(id): Path<GrantId>,
    Json(body): Json<Act>,
) -> Result<Json<GrantView>> {
    Ok(Json(acting.recall_grant(id, body).await?))
}

/// `GET /v1/delegations`: who stands in for oneself.
#[utoipa::path(get, path = "/v1/delegations", tag = "users", responses((status = 200, body = Page<DelegationView>)))]
pub async fn delegations(By(acting): By) -> Result<Json<Page<DelegationView>>> {
    Ok(Json(acting.delegations().await?))
}

/// `GET /v1/deputies`: who could.
#[utoipa::path(get, path = "/v1/deputies", tag = "users", responses((status = 200, body = Page<DeputyView>)))]
pub async fn deputies(By(acting): By) -> Result<Json<Page<DeputyView>>> {
    Ok(Json(acting.deputies().await?))
}

/// `POST /v1/grants/{id}/end`.
#[utoipa::path(post, path = "/v1/grants/{id}/end", tag = "users", params(("id" = GrantId, Path)), request_body = Act, responses((status = 200, body = GrantView)))]
pub async fn end_grant(
    By(acting): By,
    Path(id): Path<GrantId>,
    Json(body): Json<Act>,
) -> Result<Json<GrantView>> {
    Ok(Json(acting.end_grant(id, body).await?))
}

/// `POST /v1/users/{id}/password`.
#[utoipa::path(post, path = "/v1/users/{id}/password", tag = "users", params(("id" = UserId, Path)), request_body = ResetPassword, responses((status = 200, body = UserView)))]
pub async fn reset_password(
    By(acting): By,
    Path(id): Path<UserId>,
    Json(body): Json<ResetPassword>,
) -> Result<Json<UserView>> {
    Ok(Json(acting.reset_password(id, body).await?))
}

/// `POST /v1/users/{id}/suspend`.
#[utoipa::path(post, path = "/v1/users/{id}/suspend", tag = "users", params(("id" = UserId, Path)), request_body = Act, responses((status = 200, body = UserView)))]
pub async fn suspend(
    By(acting): By,
    Path(id): Path<UserId>,
    Json(body): Json<Act>,
) -> Result<Json<UserView>> {
    Ok(Json(acting.set_suspended(id, body, true).await?))
}

/// `POST /v1/users/{id}/resume`.
#[utoipa::path(post, path = "/v1/users/{id}/resume", tag = "users", params(("id" = UserId, Path)), request_body = Act, responses((status = 200, body = UserView)))]
pub async fn resume(
    By(acting): By,
    Path(id): Path<UserId>,
    Json(body): Json<Act>,
) -> Result<Json<UserView>> {
    Ok(Json(acting.set_suspended(id, body, false).await?))
}

/// `POST /v1/enrolments`.
#[utoipa::path(post, path = "/v1/enrolments", tag = "devices", request_body = IssueEnrolment, responses((status = 200, body = EnrolmentCode)))]
pub async fn issue_enrolment(
    By(acting): By,
    Json(body): Json<IssueEnrolment>,
) -> Result<Json<EnrolmentCode>> {
    Ok(Json(acting.issue_enrolment(body).await?))
}

/// `POST /v1/devices`.
#[utoipa::path(post, path = "/v1/devices", tag = "devices", request_body = EnrolDevice, responses((status = 200, body = Enrolled)))]
pub async fn enrol(
    State(app): State<App>,
    Json(body): Json<EnrolDevice>,
) -> Result<Json<Enrolled>> {
    Ok(Json(app.store.enrol(body).await?))
}

/// `GET /v1/devices`.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", responses((status = 200, body = Vec<DeviceView>)))]
pub async fn devices(By(acting): By) -> Result<Json<Vec<DeviceView>>> {
    Ok(Json(acting.devices().await?))
}

/// `POST /v1/devices/{id}/revoke`.
#[utoipa::path(post, path = "/v1/devices/{id}/revoke", tag = "devices", params(("id" = DeviceId, Path)), request_body = RevokeDevice, responses((status = 200, body = DeviceRevoked)))]
pub async fn revoke(
    By(acting): By,
    Path(id): Path<DeviceId>,
    Json(body): Json<RevokeDevice>,
) -> Result<Json<DeviceRevoked>> {
    Ok(Json(acting.revoke_device(id, body).await?))
}
