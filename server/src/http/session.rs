//! Signing in and out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use tilik_protocol::session::{Me, Refresh, SignIn, Tokens};

use super::auth::By;
use super::body::Json;
use crate::App;
use crate::error::{Error, Result};

/// The cookie of a browser's session.
pub const COOKIE: &str = "tilik";

/// The client's address: the peer's, unless the peer is a configured proxy; then the last address in
/// `X-Forwarded-For` that is none.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| {
                peer.ip()
            });
        let trusted = |address: &IpAddr| {
            app.config
                .trusted_proxies
                .iter()
                .any(|net| net.contains(address))
        };
        if !trusted(&peer) {
            return Ok(Self(peer));
        }
        let mut hops: Vec<IpAddr> = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|hop| hop.trim().parse().ok())
            .collect();
        while hops.last().is_some_and(trusted) {
            hops.pop();
        }
        Ok(Self(hops.pop().unwrap_or(peer)))
    }
}

/// `POST /v1/session`.
#[utoipa::path(post, path = "/v1/session", tag = "session", request_body = SignIn, responses((status = 200, body = Tokens)))]
pub async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<SignIn>,
) -> Result<Json<Tokens>> {
    Ok(Json(app.store.sign_in(body, &address.to_string()).await?))
}

/// `POST /v1/session/refresh`.
#[utoipa::path(post, path = "/v1/session/refresh", tag = "session", request_body = Refresh, responses((status = 200, body = Tokens)))]
pub async fn refresh(State(app): State<App>, Json(body): Json<Refresh>) -> Result<Json<Tokens>> {
    Ok(Json(app.store.refresh(body).await?))
}

/// `DELETE /v1/session`.
#[utoipa::path(delete, path = "/v1/session", tag = "session", responses((status = 204)))]
pub async fn sign_out(By(acting): By) -> Result<StatusCode> {
    acting.sign_out().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/me/sign-out-everywhere`.
#[utoipa::path(post, path = "/v1/me/sign-out-everywhere", tag = "session", responses((status = 204)))]
pub async fn sign_out_everywhere(By(acting): By) -> Result<StatusCode> {
    acting.sign_out_everywhere().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/me`.
#[utoipa::path(get, path = "/v1/me", tag = "session", responses((status = 200, body = Me)))]
pub async fn me(By(acting): By) -> Result<Json<Me>> {
    Ok(Json(acting.me().await?))
}
