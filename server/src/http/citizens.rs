//! What a citizen does without an account. Nothing personal is in an address: it is all in bodies.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use tilik_protocol::citizen::{CheckStatus, PublicVillage, StatusChecked};
use tilik_protocol::ids::ObjectionPhotoId;
use tilik_protocol::objection::{ObjectionFiled, ObjectionPhotoView, SubmitObjection};
use tilik_protocol::receipt::{AskReceipt, ReceiptStage};
use tilik_protocol::review::Page;

use super::body::{Json, Query};
use crate::App;
use crate::error::Result;
use crate::objection_photos::Stranger;
use crate::store::sessions::Place;

/// `?id=…`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    pub(super) id: ObjectionPhotoId,
}

/// `POST /v1/status-checks`: whether somebody is in the registry; never in which program, and never a decile.
#[utoipa::path(post, path = "/v1/status-checks", tag = "citizens", operation_id = "check_status", request_body = CheckStatus, responses((status = 200, body = StatusChecked)))]
pub async fn check(
    State(app): State<App>,
    place: Place,
    Json(body): Json<CheckStatus>,
) -> Result<Json<StatusChecked>> {
    app.space.small()?;
    let told = app.store.check_status(&body, &place.address).await?;
    app.metrics.checked_status(told.registered);
    Ok(Json(told))
}

/// `POST /v1/receipts`: for whoever holds the paper.
#[utoipa::path(post, path = "/v1/receipts", tag = "citizens", operation_id = "look_up_receipt", request_body = AskReceipt, responses((status = 200, body = ReceiptStage)))]
pub async fn receipt(
    State(app): State<App>,
    place: Place,
    Json(body): Json<AskReceipt>,
) -> Result<Json<ReceiptStage>> {
    Ok(Json(app.store.receipt(&body, &place.address).await?))
}

/// `GET /v1/public/villages`: where an objection can be filed.
#[utoipa::path(get, path = "/v1/public/villages", tag = "citizens", operation_id = "public_villages", responses((status = 200, body = Page<PublicVillage>)))]
pub async fn villages(State(app): State<App>) -> Result<Json<Page<PublicVillage>>> {
    Ok(Json(app.store.public_villages().await?))
}

/// `POST /v1/public/objections`: waits for a person; opens no case.
#[utoipa::path(post, path = "/v1/public/objections", tag = "citizens", operation_id = "submit_objection", request_body = SubmitObjection, responses((status = 200, body = ObjectionFiled)))]
pub async fn submit(
    State(app): State<App>,
    place: Place,
    Json(body): Json<SubmitObjection>,
) -> Result<Json<ObjectionFiled>> {
    app.space.small()?;
    Ok(Json(
        app.store.submit_objection(body, &place.address).await?,
    ))
}

/// `POST /v1/public/objection-photos`: one photo for an objection that follows.
#[utoipa::path(post, path = "/v1/public/objection-photos", tag = "citizens", operation_id = "submit_objection_photo", params(("id" = ObjectionPhotoId, Query, description = "Made by the client; repeating the request repeats this")), request_body(content = String, content_type = "image/jpeg", description = "A JPEG of at most 5 MiB"), responses((status = 200, body = ObjectionPhotoView)))]
pub async fn photo(
    State(app): State<App>,
    place: Place,
    Query(sent): Query<Sent>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ObjectionPhotoView>> {
    let length = headers.get(header::CONTENT_LENGTH);
    let stranger = Stranger {
        address: &place.address,
        length: length
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse().ok()),
    };
    let by = app.store.acting_as_system("a citizen on the public page");
    let taken = app.take_objection_photo(by, sent.id, body, Some(stranger));
    Ok(Json(taken.await?))
}
