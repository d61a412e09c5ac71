//! The training area: how it stands, and a new round of it.

use tilik_protocol::training::{PrepareTraining, TrainingView};

use super::auth::By;
use super::body::Json;
use crate::error::Result;

/// `GET /v1/training`.
#[utoipa::path(get, path = "/v1/training", tag = "training", responses((status = 200, body = TrainingView)))]
pub async fn show(By(by): By) -> Result<Json<TrainingView>> {
    Ok(Json(by.training().await?))
}

/// `POST /v1/training`.
#[utoipa::path(post, path = "/v1/training", tag = "training", request_body = PrepareTraining, responses((status = 200, body = TrainingView)))]
pub async fn prepare(By(by): By, Json(body): Json<PrepareTraining>) -> Result<Json<TrainingView>> {
    Ok(Json(by.prepare_training(body).await?))
}
