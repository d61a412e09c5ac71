//! Signing in and out: phones and programs with tokens, browsers with one cookie.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::ids::SessionId;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::review::Page;
use tilik_protocol::second_factor::CodeNeeded;
use tilik_protocol::session::{
    ChangePassword, MarkNews, Me, Refresh, SeenNews, SessionView, SignIn, Tokens,
};

use super::auth::By;
use super::body::{Json, Path};
use super::user_agent;
use crate::App;
use crate::error::{Error, Result};
use crate::store::sessions::{Place, SignedIn};

/// The cookie of a browser's session. Over https its name begins with `__Host-`, so that no other host and no plain
/// connection can set it.
pub const COOKIE: &str = "tilik";

/// Only a browser on this very machine may have its cookie without https.
fn is_secure(public_url: &str) -> bool {
    let host = public_url.strip_prefix("http://").unwrap_or_default();
    let name = match host.strip_prefix("[::1]") {
        Some(_) => "[::1]",
        None => host.split(':').next().unwrap_or_default(),
    };
    !["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

impl App {
    fn cookie_name(&self) -> String {
        let prefix = if is_secure(&self.config.public_url) {
            "__Host-"
        } else {
            ""
        };
        format!("{prefix}{COOKIE}")
    }

    /// The `Set-Cookie` of a secret; none: the cookie goes.
    pub(super) fn set_cookie(&self, secret: Option<&str>) -> Option<HeaderValue> {
        let secure = if is_secure(&self.config.public_url) {
            "; Secure"
        } else {
            ""
        };
        let gone = if secret.is_none() { "; Max-Age=0" } else { "" };
        let text = format!(
            "{}={}; HttpOnly{secure}; SameSite=Strict; Path=/{gone}",
            self.cookie_name(),
            secret.unwrap_or_default()
        );
        HeaderValue::from_str(&text).ok()
    }

    /// The secret of our cookie, when the request has one.
    pub(super) fn cookie_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let ours = self.cookie_name();
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == ours)
            .map(|(_, secret)| secret)
    }

    /// Whether a browser says that the request comes from our own pages.
    pub(super) fn is_own_origin(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::ORIGIN)
            .is_some_and(|origin| origin.as_bytes() == self.config.public_url.as_bytes())
    }

    /// No content, and the browser forgets its cookie.
    fn gone(&self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Some(cookie) = self.set_cookie(None) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

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
        let hops: Vec<&str> = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let client = client_of(peer, &hops, |address| {
            app.config
                .trusted_proxies
                .iter()
                .any(|net| net.contains(address))
        });
        Ok(Self(client))
    }
}

/// The first address that is not `trusted`, from our side on. What is left of something that is no address, anybody may
/// have written.
fn client_of(peer: IpAddr, hops: &[&str], trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !trusted(&client) {
            break;
        }
        let Ok(address) = hop.trim().parse() else {
            break;
        };
        client = address;
    }
    client
}

impl ClientAddress {
    /// What wrong tries are counted by: the address, or the network of 64 bits that one IPv6 subscriber has to itself.
    fn counted(self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl FromRequestParts<App> for Place {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let address = ClientAddress::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT);
        Ok(Self {
            address: address.counted(),
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .and_then(user_agent::words),
        })
    }
}

/// `POST /v1/session`.
#[utoipa::path(post, path = "/v1/session", tag = "session", request_body = SignIn, responses((status = 200, body = Tokens), (status = 202, body = CodeNeeded)))]
pub async fn sign_in(
    State(app): State<App>,
    place: Place,
    Json(body): Json<SignIn>,
) -> Result<Response> {
    Ok(match app.store.sign_in(body, &place).await? {
        SignedIn::Now(tokens) => {
            let me = app.with_duty(tokens.me);
            Json(Tokens { me, ..tokens }).into_response()
        }
        SignedIn::CodeNeeded(needed) => (StatusCode::ACCEPTED, Json(needed)).into_response(),
    })
}

/// `POST /v1/console/session`: a browser signs in. The reply holds no token: it is in the cookie, out of scripts' reach.
#[utoipa::path(post, path = "/v1/console/session", tag = "session", request_body = SignIn, params(("Origin" = String, Header, description = "This server's public address")), responses((status = 200, body = Me, headers(("Set-Cookie" = String, description = "The session"))), (status = 202, body = CodeNeeded)))]
pub async fn sign_in_console(
    State(app): State<App>,
    place: Place,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<Response> {
    // A strange page must not sign a browser in as somebody else.
    if !app.is_own_origin(&headers) {
        return Err(Error::Refused(ProblemCode::BadOrigin));
    }
    Ok(match app.store.sign_in_console(body, &place).await? {
        SignedIn::Now((secret, me)) => app.signed_in(&secret, me),
        SignedIn::CodeNeeded(needed) => (StatusCode::ACCEPTED, Json(needed)).into_response(),
    })
}

/// `POST /v1/session/refresh`.
#[utoipa::path(post, path = "/v1/session/refresh", tag = "session", request_body = Refresh, responses((status = 200, body = Tokens)))]
pub async fn refresh(State(app): State<App>, Json(body): Json<Refresh>) -> Result<Json<Tokens>> {
    let tokens = app.store.refresh(body).await?;
    let me = app.with_duty(tokens.me);
    Ok(Json(Tokens { me, ..tokens }))
}

/// `DELETE /v1/session`.
#[utoipa::path(delete, path = "/v1/session", tag = "session", responses((status = 204)))]
pub async fn sign_out(State(app): State<App>, By(acting): By) -> Result<Response> {
    acting.sign_out().await?;
    Ok(app.gone())
}

/// `POST /v1/me/sign-out-everywhere`.
#[utoipa::path(post, path = "/v1/me/sign-out-everywhere", tag = "session", responses((status = 204)))]
pub async fn sign_out_everywhere(State(app): State<App>, By(acting): By) -> Result<Response> {
    acting.sign_out_everywhere().await?;
    Ok(app.gone())
}

/// `GET /v1/me/sessions`: the open sessions of this account, the one used last first.
#[utoipa::path(get, path = "/v1/me/sessions", tag = "session", responses((status = 200, body = Vec<SessionView>)))]
pub async fn sessions(By(acting): By) -> Result<Json<Vec<SessionView>>> {
    Ok(Json(acting.own_sessions().await?))
}

/// `DELETE /v1/me/sessions/{id}`: ends one of them, from its next request on.
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", tag = "session", params(("id" = SessionId, Path)), responses((status = 204)))]
pub async fn end_session(
    State(app): State<App>,
    By(acting): By,
    Path(id): Path<SessionId>,
) -> Result<Response> {
    acting.end_own_session(id).await?;
    Ok(if acting.actor().session() == Some(id) {
        app.gone()
    } else {
        StatusCode::NO_CONTENT.into_response()
    })
}

/// `POST /v1/me/password`.
#[utoipa::path(post, path = "/v1/me/password", tag = "session", request_body = ChangePassword, responses((status = 204)))]
pub async fn change_password(
    By(acting): By,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode> {
    acting.change_password(body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/me`.
#[utoipa::path(get, path = "/v1/me", tag = "session", responses((status = 200, body = Me)))]
pub async fn me(State(app): State<App>, By(acting): By) -> Result<Json<Me>> {
    Ok(Json(app.with_duty(acting.me().await?)))
}

/// `GET /v1/me/news`.
#[utoipa::path(get, path = "/v1/me/news", tag = "session", responses((status = 200, body = Page<SeenNews>)))]
pub async fn seen_news(By(acting): By) -> Result<Json<Page<SeenNews>>> {
    Ok(Json(acting.seen_news().await?))
}

/// `POST /v1/me/news`.
#[utoipa::path(post, path = "/v1/me/news", tag = "session", request_body = MarkNews, responses((status = 204)))]
pub async fn mark_news(By(acting): By, Json(body): Json<MarkNews>) -> Result<StatusCode> {
    acting.mark_news(body).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_without_https_only_on_this_machine() {
        for local in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://localhost:3000",
            "http://[::1]:8080",
        ] {
            assert!(!is_secure(local), "{local}");
        }
        for far in [
            "https://tilik.example.id",
            "https://localhost",
            "http://10.0.0.5:8080",
            "http://127.0.0.1.evil.example",
            "http://localhost.example",
        ] {
            assert!(is_secure(far), "{far}");
        }
    }

    fn told(peer: &str, hops: &[&str]) -> String {
        let proxy = |address: &IpAddr| address.to_string().starts_with("10.");
        client_of(peer.parse().unwrap(), hops, proxy).to_string()
    }

    #[test]
    fn only_a_configured_proxy_is_believed_about_the_client() {
        assert_eq!(told("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(told("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(told("10.0.0.1", &[]), "10.0.0.1");
        let invented = ["192.0.2.66", "198.51.100.1", "10.0.0.2"];
        assert_eq!(told("10.0.0.1", &invented), "198.51.100.1");
        let unreadable = ["192.0.2.66", "198.51.100.1:4711", "10.0.0.2"];
        assert_eq!(told("10.0.0.1", &unreadable), "10.0.0.2");
    }

    #[test]
    fn an_ipv6_subscriber_is_one_whatever_address_it_takes() {
        let counted = |address: &str| ClientAddress(address.parse().unwrap()).counted();
        assert_eq!(counted("2001:db8:1:2::7"), counted("2001:db8:1:2:ffff::1"));
        assert_ne!(counted("2001:db8:1:2::7"), counted("2001:db8:1:3::7"));
        assert_eq!(counted("::ffff:198.51.100.1"), "198.51.100.1");
    }
}
