//! Is it alive, is it ready.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::App;
use crate::error::Error;

/// The process answers.
pub async fn live() -> impl IntoResponse {
    (StatusCode::OK, "hidup\n")
}

/// Database and blob store answer.
pub async fn ready(State(app): State<App>) -> Result<impl IntoResponse, Error> {
    app.store.ping().await?;
    Ok((StatusCode::OK, "siap\n"))
}
