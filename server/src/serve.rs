//! Listening, serving, and stopping without losing what was acknowledged.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::App;
use crate::http::routes;

/// How long requests in flight may take once the server stops.
const DRAIN: Duration = Duration::from_secs(30);
/// A client must send its headers within this time; bodies have an idle limit of their own.
const HEADERS: Duration = Duration::from_mins(1);

/// Serves until `stop` says so, then finishes what is in flight.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    app: App,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    if app.config.is_embedded() {
        // Nobody else serves an embedded database. Phones would else wait a minute for who was killed a moment ago.
        let by = app.store.acting_as_system("starting to serve");
        if let Err(error) = by.end_leases_of_the_dead().await {
            tracing::warn!(cause = %error, "old leases have to run out");
        }
    }
    let workers = tokio::spawn(app.clone().work(stop.clone()));
    let router: Router = routes::router(app);
    let graceful = GracefulShutdown::new();
    while !*stop.borrow() {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, or the client is gone already: neither ends the server.
                    tracing::warn!(cause = %error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.changed() => break,
        };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = hyper::service::service_fn(
            move |mut request: hyper::Request<hyper::body::Incoming>| {
                request
                    .extensions_mut()
                    .insert(ConnectInfo::<SocketAddr>(peer));
                router.clone().oneshot(request.map(axum::body::Body::new))
            },
        );
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that hangs up is no event of ours.
            let _ = connection.await;
        });
    }
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests still in flight");
    }
    let _ = workers.await;
    Ok(())
}
