//! Is it alive, is it ready, and what do its counters say.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use subtle::ConstantTimeEq;
use tilik_protocol::problem::ProblemCode;

use super::auth::bearer;
use super::session::ClientAddress;
use crate::App;
use crate::error::{Cause, Error};

/// How long a part may take to say that it is well.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn live() -> impl IntoResponse {
    (StatusCode::OK, "hidup\n")
}

/// Database, keys and photo store answer.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn ready(State(app): State<App>) -> Result<impl IntoResponse, Error> {
    let by = app.store.acting_as_system("asked whether it is ready");
    // One row of the journal tells both that the database answers and that our keys are the ones it was written with.
    let ours = tokio::time::timeout(PATIENCE, by.is_journal_ours())
        .await
        .map_err(|_| {
            Error::Unavailable(Cause::database("the database does not answer in time"))
        })??;
    if !ours {
        return Err(Error::Unavailable(Cause::new(
            "the keys are not those of this database",
        )));
    }
    tokio::time::timeout(PATIENCE, app.blobs.ready())
        .await
        .map_err(|_| Error::Unavailable(Cause::new("the photo store does not answer in time")))??;
    Ok((StatusCode::OK, "siap\n"))
}

/// Whether this client may read the counters: from a configured network, straight or through a proxy we trust, or with
/// the token. A proxy that nobody told us about must not make strangers look like this machine.
fn may_read(app: &App, address: IpAddr, headers: &HeaderMap) -> bool {
    let readers = &app.config.metrics;
    let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    let hidden = forwarded && app.config.trusted_proxies.is_empty();
    let near = !hidden && readers.networks.iter().any(|net| net.contains(&address));
    let shown = readers.token.as_deref().is_some_and(|token| {
        bearer(headers).is_some_and(|shown| token.as_bytes().ct_eq(shown.as_bytes()).into())
    });
    near || shown
}

/// Counters for Prometheus. For everybody else there is no such route.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub async fn metrics(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    if !may_read(&app, address, &headers) {
        return Err(Error::Refused(ProblemCode::NoSuchRoute));
    }
    let by = app.store.acting_as_system("counters read");
    let jobs = tokio::time::timeout(PATIENCE, by.count_jobs()).await;
    // Without the database there are still the other counters, and they tell why.
    let jobs = jobs.ok().and_then(Result::ok);
    let page = app
        .metrics
        .text(jobs.as_deref(), app.space.free_percent())?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], page))
}
