//! Access tokens: ten-minute EdDSA JWTs without personal data. What they say is checked against the session at every
//! request, so they only have to be genuine and fresh.

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use tilik_protocol::ids::{SessionId, UserId};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::time::Timestamp;

use crate::error::{Error, Result};
use crate::keys::Keyring;

/// Seconds an access token is good for.
pub const ACCESS_S: i64 = 600;
const ISSUER: &str = "tilik";
const KIND: &str = "at+jwt";

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// A new access token and when it ends.
///
/// # Errors
/// When signing fails.
pub fn issue(
    keys: &Keyring,
    user: UserId,
    session: SessionId,
    now: Timestamp,
) -> Result<(String, Timestamp)> {
    let until = now.plus_s(ACCESS_S);
    let (kid, key) = keys.token_signing_key();
    let header = Header {
        typ: Some(KIND.to_owned()),
        kid: Some(kid),
        ..Header::new(Algorithm::EdDSA)
    };
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: ISSUER.to_owned(),
        sub: user,
        sid: session,
        iat: now.as_micros() / 1_000_000,
        exp: until.as_micros() / 1_000_000,
    };
    let token = jsonwebtoken::encode(&header, &claims, key).map_err(Error::internal)?;
    Ok((token, until))
}

/// Seconds between the right password and the code beside it.
pub const PENDING_S: i64 = 300;
const PENDING_KIND: &str = "code+jwt";

#[derive(Debug, Serialize, Deserialize)]
struct PendingClaims {
    iss: String,
    aud: String,
    sub: UserId,
    /// Which password was shown: with another one it is over.
    pwd: String,
    /// Microseconds: a sign-out in the same second is before or after it.
    at: i64,
    exp: i64,
}

/// A token that says: this person's password was right a moment ago. It opens nothing; a code has to be shown with it.
///
/// # Errors
/// When signing fails.
pub fn issue_pending(
    keys: &Keyring,
    user: UserId,
    password: String,
    now: Timestamp,
) -> Result<(String, Timestamp)> {
    let until = now.plus_s(PENDING_S);
    let (kid, key) = keys.token_signing_key();
    let header = Header {
        typ: Some(PENDING_KIND.to_owned()),
        kid: Some(kid),
        ..Header::new(Algorithm::EdDSA)
    };
    let claims = PendingClaims {
        iss: ISSUER.to_owned(),
        aud: PENDING_KIND.to_owned(),
        sub: user,
        pwd: password,
        at: now.as_micros(),
        exp: until.as_micros() / 1_000_000,
    };
    let token = jsonwebtoken::encode(&header, &claims, key).map_err(Error::internal)?;
    Ok((token, until))
}

/// Whose password a genuine, fresh pending token speaks of, when it was shown, and which it was.
///
/// # Errors
/// `pending_expired`, also for what is no such token.
pub fn check_pending(
    keys: &Keyring,
    token: &str,
    now: Timestamp,
) -> Result<(UserId, Timestamp, String)> {
    let refuse = || Error::Refused(ProblemCode::PendingExpired);
    let header = jsonwebtoken::decode_header(token).map_err(|_| refuse())?;
    if header.typ.as_deref() != Some(PENDING_KIND) || header.alg != Algorithm::EdDSA {
        return Err(refuse());
    }
    let key = header
        .kid
        .and_then(|kid| keys.token_checking_key(&kid))
        .ok_or_else(refuse)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[PENDING_KIND]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<PendingClaims>(token, key, &validation)
        .map_err(|_| refuse())?
        .claims;
    let shown_at = Timestamp::from_micros(claims.at);
    if now.as_micros() / 1_000_000 >= claims.exp || shown_at > now.plus_s(60) {
        return Err(refuse());
    }
    Ok((claims.sub, shown_at, claims.pwd))
}

/// Who a genuine, fresh token speaks for. Time comes from our clock, so the library's own time checks are off.
///
/// # Errors
/// `unauthenticated` or `token_expired`.
pub fn check(keys: &Keyring, token: &str, now: Timestamp) -> Result<(UserId, SessionId)> {
    let refuse = || Error::Refused(ProblemCode::Unauthenticated);
    let header = jsonwebtoken::decode_header(token).map_err(|_| refuse())?;
    if header.typ.as_deref() != Some(KIND) || header.alg != Algorithm::EdDSA {
        return Err(refuse());
    }
    let key = header
        .kid
        .and_then(|kid| keys.token_checking_key(&kid))
        .ok_or_else(refuse)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
        .map_err(|_| refuse())?
        .claims;
    let now_s = now.as_micros() / 1_000_000;
    // A token from the future was issued while the clock was wrong.
    if now_s >= claims.exp || claims.iat > now_s + 60 {
        return Err(Error::Refused(ProblemCode::TokenExpired));
    }
    Ok((claims.sub, claims.sid))
}
