//! Phones and carriers.

use axum::extract::State;
use tilik_protocol::evidence::MAX_SYNC_VISITS;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::sync::{Carried, CarryVisits, SyncReply, SyncRequest};

use super::auth::By;
use super::body::Json;
use crate::App;
use crate::error::{Error, Result};

/// `POST /v1/sync`.
#[utoipa::path(post, path = "/v1/sync", tag = "sync", request_body = SyncRequest, responses((status = 200, body = SyncReply)))]
pub async fn sync(
    State(app): State<App>,
    By(acting): By,
    Json(body): Json<SyncRequest>,
) -> Result<Json<SyncReply>> {
    if !body.visits.is_empty() {
        app.space.small()?;
    }
    if body.visits.len() > MAX_SYNC_VISITS || body.ask_receipts.len() > 5_000 {
        return Err(Error::Refused(ProblemCode::TooLarge));
    }
    let said = body.cursors.clone();
    let reply = acting.sync(body, &app.config).await?;
    for page in &reply.buckets {
        if page.reset && said.get(&page.bucket).is_some_and(|cursor| cursor.seq > 0) {
            app.metrics.feed_mismatch();
        }
    }
    app.wake_workers();
    Ok(Json(reply))
}

/// `POST /v1/visits`.
#[utoipa::path(post, path = "/v1/visits", tag = "sync", request_body = CarryVisits, responses((status = 200, body = Carried)))]
pub async fn carry(
    State(app): State<App>,
    By(acting): By,
    Json(body): Json<CarryVisits>,
) -> Result<Json<Carried>> {
    app.space.small()?;
    if body.visits.len() > MAX_SYNC_VISITS {
        return Err(Error::Refused(ProblemCode::TooLarge));
    }
    let carried = acting.carry_visits(body).await?;
    app.wake_workers();
    Ok(Json(carried))
}
