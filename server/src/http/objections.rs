//! Objections of citizens: taken in at the counter, listed, answered.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tilik_protocol::ids::{ObjectionId, ObjectionPhotoId};
use tilik_protocol::objection::{
    AdmitObjection, FileObjection, ObjectionPhotoView, ObjectionRow, ObjectionView,
    RejectObjection, UnmaskedObjector,
};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{Page, Unmask};

use super::auth::By;
use super::body::{Json, Path, Query};
use super::citizens::Sent;
use crate::App;
use crate::error::Result;
use crate::store::objections::ObjectionFilter;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct ObjectionQuery {
    region: Option<RegionCode>,
    #[serde(default)]
    answered: bool,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/objections`: those that wait, the most urgent first; with `answered` those that were answered or lapsed, the
/// newest first.
#[utoipa::path(get, path = "/v1/objections", tag = "objections", operation_id = "objections", params(("region" = Option<RegionCode>, Query), ("answered" = Option<bool>, Query, description = "Those that were answered or lapsed; those that wait otherwise"), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<ObjectionRow>)))]
pub async fn list(
    By(by): By,
    Query(query): Query<ObjectionQuery>,
) -> Result<Json<Page<ObjectionRow>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = ObjectionFilter {
        region: query.region,
        answered: query.answered,
    };
    let objections = by.objections(&filter, query.after.as_deref(), limit);
    Ok(Json(objections.await?))
}

/// `GET /v1/objections/{id}`: all but who objects.
#[utoipa::path(get, path = "/v1/objections/{id}", tag = "objections", operation_id = "objection", params(("id" = ObjectionId, Path)), responses((status = 200, body = ObjectionView)))]
pub async fn one(By(by): By, Path(id): Path<ObjectionId>) -> Result<Json<ObjectionView>> {
    Ok(Json(by.objection(id).await?))
}

/// `POST /v1/objections`: at the counter.
#[utoipa::path(post, path = "/v1/objections", tag = "objections", operation_id = "file_objection", request_body = FileObjection, responses((status = 200, body = ObjectionView)))]
pub async fn file(By(by): By, Json(body): Json<FileObjection>) -> Result<Json<ObjectionView>> {
    Ok(Json(by.file_objection(body).await?))
}

/// `POST /v1/objections/{id}/admit`: the house is to be visited.
#[utoipa::path(post, path = "/v1/objections/{id}/admit", tag = "objections", operation_id = "admit_objection", params(("id" = ObjectionId, Path)), request_body = AdmitObjection, responses((status = 200, body = ObjectionView)))]
pub async fn admit(
    By(by): By,
    Path(id): Path<ObjectionId>,
    Json(body): Json<AdmitObjection>,
) -> Result<Json<ObjectionView>> {
    Ok(Json(by.admit_objection(id, body).await?))
}

/// `POST /v1/objections/{id}/reject`.
#[utoipa::path(post, path = "/v1/objections/{id}/reject", tag = "objections", operation_id = "reject_objection", params(("id" = ObjectionId, Path)), request_body = RejectObjection, responses((status = 200, body = ObjectionView)))]
pub async fn reject(
    By(by): By,
    Path(id): Path<ObjectionId>,
    Json(body): Json<RejectObjection>,
) -> Result<Json<ObjectionView>> {
    Ok(Json(by.reject_objection(id, body).await?))
}

/// `POST /v1/objections/{id}/unmask`: who objects; logged with the purpose.
#[utoipa::path(post, path = "/v1/objections/{id}/unmask", tag = "objections", operation_id = "unmask_objector", params(("id" = ObjectionId, Path)), request_body = Unmask, responses((status = 200, body = UnmaskedObjector)))]
pub async fn unmask(
    By(by): By,
    Path(id): Path<ObjectionId>,
    Json(body): Json<Unmask>,
) -> Result<Json<UnmaskedObjector>> {
    Ok(Json(by.unmask_objector(id, body).await?))
}

/// `POST /v1/objection-photos`: one photo for an objection that follows, at the counter.
#[utoipa::path(post, path = "/v1/objection-photos", tag = "objections", operation_id = "bring_objection_photo", params(("id" = ObjectionPhotoId, Query, description = "Made by the client; repeating the request repeats this")), request_body(content = String, content_type = "image/jpeg", description = "A JPEG of at most 5 MiB"), responses((status = 200, body = ObjectionPhotoView)))]
pub async fn bring_photo(
    By(by): By,
    State(app): State<App>,
    Query(sent): Query<Sent>,
    body: Body,
) -> Result<Json<ObjectionPhotoView>> {
    let taken = app.take_objection_photo(by, sent.id, body, None);
    Ok(Json(taken.await?))
}

/// `GET /v1/objection-photos/{id}`: drawn anew, at most 1600 pixels.
#[utoipa::path(get, path = "/v1/objection-photos/{id}", tag = "objections", operation_id = "objection_photo", params(("id" = ObjectionPhotoId, Path)), responses((status = 200, body = Vec<u8>, content_type = "image/jpeg")))]
pub async fn photo(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<ObjectionPhotoId>,
) -> Result<Response> {
    let mut response = app.objection_photo(&by, id).await?.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "cookie, authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_DISPOSITION, "inline"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    Ok(response)
}
