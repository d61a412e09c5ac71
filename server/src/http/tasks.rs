//! What waits for whoever asks.

use tilik_protocol::tasks::Tasks;

use super::auth::By;
use super::body::Json;
use crate::error::Result;

/// `GET /v1/tasks`.
#[utoipa::path(get, path = "/v1/tasks", tag = "lookup", responses((status = 200, body = Tasks)))]
pub async fn show(By(by): By) -> Result<Json<Tasks>> {
    Ok(Json(by.tasks().await?))
}
