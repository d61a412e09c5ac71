//! Codes beside the password, as an authenticator app makes them.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tilik_protocol::second_factor::{CodeNeeded, RecoveryCodes, SecondFactorOffer};
use tilik_protocol::session::Tokens;
use tilik_server::totp;

use crate::people::{PASSWORD, Person};
use crate::world::World;

/// What an app keeps of a secret that was typed or scanned.
///
/// # Errors
/// When it is no base32.
pub fn secret_of(text: &str) -> Result<Vec<u8>> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.chars() {
        let five = LETTERS.find(letter).context("a letter of base32")?;
        held = (held << 5) | u32::try_from(five)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits)?);
            held &= (1 << bits) - 1;
        }
    }
    Ok(bytes)
}

/// A new secret for whoever holds this session; not in force yet.
///
/// # Errors
/// When the server refuses.
pub async fn offered(world: &World, tokens: &Tokens) -> Result<Vec<u8>> {
    let body = json!({ "event_id": world.id::<uuid::Uuid>(), "password": PASSWORD });
    let token = Some(tokens.access_token.as_str());
    let answer = world
        .call("POST", "/v1/me/second-factor", token, Some(&body))
        .await;
    let offer: SecondFactorOffer = answer.ok()?.read()?;
    ensure!(offer.uri.contains(&offer.secret), "another secret");
    secret_of(&offer.secret)
}

/// Puts an offered secret in force; the recovery codes.
///
/// # Errors
/// When the server refuses.
pub async fn confirmed(world: &World, tokens: &Tokens, secret: &[u8]) -> Result<Vec<String>> {
    let code = totp::code_at(secret, world.now());
    let body = json!({ "event_id": world.id::<uuid::Uuid>(), "code": code });
    let token = Some(tokens.access_token.as_str());
    let answer = world
        .call("POST", "/v1/me/second-factor/confirm", token, Some(&body))
        .await;
    let told: RecoveryCodes = answer.ok()?.read()?;
    Ok(told.codes)
}

/// What somebody with codes is told after the password.
///
/// # Errors
/// When the server refuses, or lets them in without a code.
pub async fn pending(world: &World, person: &Person) -> Result<String> {
    let body = json!({ "username": person.username, "password": person.password });
    let answer = world.call("POST", "/v1/session", None, Some(&body)).await;
    ensure!(answer.status == 202, "{}", answer.verdict());
    let needed: CodeNeeded = answer.read()?;
    Ok(needed.pending)
}
