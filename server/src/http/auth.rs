//! From a request to an [`Actor`]: bearer token or console cookie, checked against the session in this very request, so
//! that suspended, revoked and signed out take effect at once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use tilik_protocol::problem::ProblemCode;

use crate::actor::Actor;
use crate::error::Error;
use crate::store::Acting;
use crate::store::sessions::Shown;
use crate::time_token::UploadGrant;

/// The token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The checked actor in front of the data, put into the request by its route.
#[derive(Debug, Clone)]
pub struct By(pub Acting);

impl<S: Send + Sync> FromRequestParts<S> for By {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get::<Acting>()
            .cloned()
            .map(Self)
            .ok_or(Error::Refused(ProblemCode::Unauthenticated))
    }
}

/// Who asks, without the data.
impl By {
    /// The actor.
    pub fn actor(&self) -> &Actor {
        self.0.actor()
    }
}

impl crate::App {
    /// The actor of a request, from its token or cookie. A token wins: no page of another site can make a browser send
    /// one, so a request that has it is what its sender meant, whatever the browser adds.
    ///
    /// # Errors
    /// `unauthenticated`, `token_expired`, `session_ended`; `bad_origin` when a request by cookie would change something
    /// and does not come from our own pages.
    pub(super) async fn authenticate(
        &self,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Shown, Error> {
        if headers.contains_key(header::AUTHORIZATION) {
            let token = bearer(headers).ok_or(Error::Refused(ProblemCode::Unauthenticated))?;
            let (user, session) = crate::tokens::check(&self.keys, token, self.clock.now())?;
            return Ok(Shown {
                actor: self.store.actor_of(user, session).await?,
                next: None,
            });
        }
        let secret = self
            .cookie_of(headers)
            .ok_or(Error::Refused(ProblemCode::Unauthenticated))?;
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if !reads && !self.is_own_origin(headers) {
            return Err(Error::Refused(ProblemCode::BadOrigin));
        }
        self.store.actor_of_cookie(secret).await
    }

    /// The actor of a request that shows a visit's upload grant; `None` when it shows something else.
    ///
    /// # Errors
    /// When the grant is not genuine or no longer good.
    pub(super) fn authenticate_upload(&self, headers: &HeaderMap) -> Result<Option<Actor>, Error> {
        let Some(token) = bearer(headers).filter(|token| UploadGrant::is_one(token)) else {
            return Ok(None);
        };
        let grant = UploadGrant::open(&self.keys, token)
            .ok_or(Error::Refused(ProblemCode::Unauthenticated))?;
        if grant.until < self.clock.now() {
            return Err(Error::Refused(ProblemCode::TokenExpired));
        }
        Ok(Some(Actor::upload_grant(
            grant.user,
            grant.device,
            grant.visit,
        )))
    }
}
