//! The code beside the password: signing in with it, setting it up, showing it again.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::second_factor::{
    RecoveryCodes, SecondFactorOffer, SecondFactorView, ShowCode, ShowPassword, SignInCode,
    SteppedUp,
};
use tilik_protocol::session::{Me, Tokens};

use super::auth::By;
use super::body::Json;
use crate::App;
use crate::config::SecondFactor;
use crate::error::{Error, Result};
use crate::store::sessions::Place;

impl App {
    /// Whether roles that decide must have codes here.
    pub(super) fn demands_codes(&self) -> bool {
        self.config.second_factor == SecondFactor::Required
    }

    /// Says of somebody whether setting up codes comes before everything else.
    pub(super) fn with_duty(&self, me: Me) -> Me {
        let needs = me
            .grants
            .iter()
            .filter_map(|grant| grant.role.known())
            .any(tilik_protocol::policy::Role::needs_second_factor);
        Me {
            second_factor_required: self.demands_codes() && needs && !me.second_factor,
            ..me
        }
    }

    /// Who signed in, with the session in the cookie.
    pub(super) fn signed_in(&self, secret: &str, me: Me) -> Response {
        let mut response = Json(self.with_duty(me)).into_response();
        if let Some(cookie) = self.set_cookie(Some(secret)) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// `POST /v1/session/code`: after a right password, the code that was wanted.
#[utoipa::path(post, path = "/v1/session/code", tag = "session", request_body = SignInCode, responses((status = 200, body = Tokens)))]
pub async fn sign_in_code(
    State(app): State<App>,
    place: Place,
    Json(body): Json<SignInCode>,
) -> Result<Json<Tokens>> {
    let tokens = app.store.sign_in_code(body, &place).await?;
    let me = app.with_duty(tokens.me);
    Ok(Json(Tokens { me, ..tokens }))
}

/// `POST /v1/console/session/code`: the same in a browser.
#[utoipa::path(post, path = "/v1/console/session/code", tag = "session", request_body = SignInCode, params(("Origin" = String, Header, description = "This server's public address")), responses((status = 200, body = Me, headers(("Set-Cookie" = String, description = "The session")))))]
pub async fn sign_in_console_code(
    State(app): State<App>,
    place: Place,
    headers: HeaderMap,
    Json(body): Json<SignInCode>,
) -> Result<Response> {
    if !app.is_own_origin(&headers) {
        return Err(Error::Refused(ProblemCode::BadOrigin));
    }
    let (secret, me) = app.store.sign_in_console_code(body, &place).await?;
    Ok(app.signed_in(&secret, me))
}

/// `POST /v1/session/step-up`: a code for the acts that ask for one.
#[utoipa::path(post, path = "/v1/session/step-up", tag = "session", request_body = ShowCode, responses((status = 200, body = SteppedUp)))]
pub async fn step_up(By(acting): By, Json(body): Json<ShowCode>) -> Result<Json<SteppedUp>> {
    Ok(Json(acting.step_up(body).await?))
}

/// `GET /v1/me/second-factor`.
#[utoipa::path(get, path = "/v1/me/second-factor", tag = "session", responses((status = 200, body = SecondFactorView)))]
pub async fn show(State(app): State<App>, By(acting): By) -> Result<Json<SecondFactorView>> {
    Ok(Json(acting.second_factor(app.demands_codes()).await?))
}

/// `POST /v1/me/second-factor`: a new secret for the app.
#[utoipa::path(post, path = "/v1/me/second-factor", tag = "session", request_body = ShowPassword, responses((status = 200, body = SecondFactorOffer)))]
pub async fn offer(
    By(acting): By,
    Json(body): Json<ShowPassword>,
) -> Result<Json<SecondFactorOffer>> {
    Ok(Json(acting.offer_second_factor(body).await?))
}

/// `POST /v1/me/second-factor/confirm`: puts it in force.
#[utoipa::path(post, path = "/v1/me/second-factor/confirm", tag = "session", request_body = ShowCode, responses((status = 200, body = RecoveryCodes)))]
pub async fn confirm(By(acting): By, Json(body): Json<ShowCode>) -> Result<Json<RecoveryCodes>> {
    Ok(Json(acting.confirm_second_factor(body).await?))
}

/// `POST /v1/me/second-factor/recovery-codes`: ten new ones.
#[utoipa::path(post, path = "/v1/me/second-factor/recovery-codes", tag = "session", request_body = ShowPassword, responses((status = 200, body = RecoveryCodes)))]
pub async fn renew_recovery(
    By(acting): By,
    Json(body): Json<ShowPassword>,
) -> Result<Json<RecoveryCodes>> {
    Ok(Json(acting.renew_recovery_codes(body).await?))
}

/// `POST /v1/me/second-factor/remove`: the password alone is enough again.
#[utoipa::path(post, path = "/v1/me/second-factor/remove", tag = "session", request_body = ShowPassword, responses((status = 204)))]
pub async fn remove(
    State(app): State<App>,
    By(acting): By,
    Json(body): Json<ShowPassword>,
) -> Result<StatusCode> {
    acting
        .remove_second_factor(body, app.demands_codes())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
