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
