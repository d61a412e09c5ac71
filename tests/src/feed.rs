//! A civil registry that signs what it sends. Its key is for tests and the demo: whoever reads this can sign with it.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, header};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tilik_protocol::population::signed_bytes;
use tilik_protocol::time::Timestamp;
use tilik_server::config::FeedKey;

use crate::people::Console;
use crate::world::{Answer, World};

/// The name of its key.
pub const KEY: &str = "dukcapil/uji";
/// The name of the key that it signed with before.
pub const OLD_KEY: &str = "dukcapil/lama";

/// The name of the health insurance's key.
pub const HEALTH_KEY: &str = "bpjs/uji";

/// A key pair of a feed.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The key's name.
    pub name: String,
    pair: Arc<Ed25519KeyPair>,
}

impl Signer {
    /// The key that is made from `seed`.
    ///
    /// # Errors
    /// Never for 32 bytes.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow!("no seed"))?;
        Ok(Self {
            name: name.to_owned(),
            pair: Arc::new(pair),
        })
    }

    /// The civil registry's key of today.
    ///
    /// # Errors
    /// Never.
    pub fn registry() -> Result<Self> {
        Self::from_seed(KEY, [7; 32])
    }

    /// The one before.
    ///
    /// # Errors
    /// Never.
    pub fn before() -> Result<Self> {
        Self::from_seed(OLD_KEY, [6; 32])
    }

    /// What the server is told of it.
    ///
    /// # Errors
    /// Never.
    pub fn public(&self) -> Result<FeedKey> {
        Ok(FeedKey {
            name: self.name.clone(),
            public: self.pair.public_key().as_ref().try_into()?,
        })
    }

    /// Its signature, as it is sent.
    pub fn sign(&self, time: Timestamp, nonce: &str, body: &[u8]) -> String {
        let signature = self.pair.sign(&signed_bytes(time, nonce, body));
        URL_SAFE_NO_PAD.encode(signature.as_ref())
    }

    /// The headers that go with a body.
    pub fn headers(
        &self,
        time: Timestamp,
        nonce: &str,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        vec![
            ("tilik-feed-key", self.name.clone()),
            ("tilik-feed-time", time.to_string()),
            ("tilik-feed-nonce", nonce.to_owned()),
            ("tilik-feed-signature", self.sign(time, nonce, body)),
        ]
    }

    /// The health insurance's key.
    ///
    /// # Errors
    /// Never.
    pub fn insurance() -> Result<Self> {
        Self::from_seed(HEALTH_KEY, [5; 32])
    }

    /// A daily file.
    pub fn file(&self, time: Timestamp, nonce: &str, events: &[Value]) -> Vec<u8> {
        self.file_of(time, nonce, &json!({ "events": events }))
    }

    /// A file that holds this.
    pub fn file_of(&self, time: Timestamp, nonce: &str, body: &Value) -> Vec<u8> {
        let body = body.to_string();
        let signature = self.sign(time, nonce, body.as_bytes());
        let head =
            json!({ "key": self.name, "time": time, "nonce": nonce, "signature": signature });
        format!("{head}\n{body}").into_bytes()
    }

    /// Sends events signed now, with a nonce of their own.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn send(&self, world: &World, by: &Console, events: &[Value]) -> Result<Answer> {
        let nonce = world.id::<uuid::Uuid>().simple().to_string();
        let body = json!({ "events": events }).to_string();
        let headers = self.headers(world.now(), &nonce, body.as_bytes());
        send_as_is(world, by, &headers, body.into_bytes()).await
    }
}

impl Signer {
    /// Sends this to `path`, signed now, with a nonce of its own.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn tell(
        &self,
        world: &World,
        by: &Console,
        path: &str,
        body: &Value,
    ) -> Result<Answer> {
        let nonce = world.id::<uuid::Uuid>().simple().to_string();
        let body = body.to_string();
        let mut request = Request::post(path).header(
            header::AUTHORIZATION,
            format!("Bearer {}", by.token().await?),
        );
        for (name, value) in self.headers(world.now(), &nonce, body.as_bytes()) {
            request = request.header(name, value);
        }
        world
            .send(request.body(Body::from(body))?)
            .await
            .context("the server is down")
    }

    /// Answers whom it was asked about.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn answer(&self, world: &World, by: &Console, answers: &[Value]) -> Result<Answer> {
        let body = json!({ "answers": answers });
        self.tell(world, by, "/v1/population/match-answers", &body)
            .await
    }

    /// Asks whom it is asked about.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn queue(&self, world: &World, by: &Console, query: &str) -> Result<Answer> {
        let nonce = world.id::<uuid::Uuid>().simple().to_string();
        let mut request = Request::get(format!("/v1/population/match-queue{query}")).header(
            header::AUTHORIZATION,
            format!("Bearer {}", by.token().await?),
        );
        for (name, value) in self.headers(world.now(), &nonce, b"") {
            request = request.header(name, value);
        }
        world
            .send(request.body(Body::empty())?)
            .await
            .context("the server is down")
    }

    /// What the health insurance says.
    ///
    /// # Errors
    /// When the server is down.
    pub async fn insured(&self, world: &World, by: &Console, lines: &[Value]) -> Result<Answer> {
        let body = json!({ "statements": lines });
        self.tell(world, by, "/v1/health/statements", &body).await
    }
}

/// Sends a file that is signed in itself.
///
/// # Errors
/// When the server is down.
pub async fn send_file(world: &World, by: &Console, path: &str, file: Vec<u8>) -> Result<Answer> {
    let token = by.token().await?;
    let request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    world
        .send(request.body(Body::from(file))?)
        .await
        .context("the server is down")
}

/// A request with these headers and this body, signed or not.
///
/// # Errors
/// When the server is down.
pub async fn send_as_is(
    world: &World,
    by: &Console,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Result<Answer> {
    let token = by.token().await?;
    let mut request = Request::post("/v1/population/events")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    world
        .send(request.body(Body::from(body))?)
        .await
        .context("the server is down")
}

/// An event about whoever has this NIK.
pub fn event(id: &str, kind: &str, nik: &str, day: &str, seq: u64) -> Value {
    json!({
        "event_id": id, "type": kind, "nik": nik, "date_effective": day, "date_reported": day,
        "source_seq": seq,
    })
}

/// A whole family moves.
pub fn moves(id: &str, nik: &str, day: &str, seq: u64, region: &str) -> Value {
    let mut event = event(id, "PINDAH_DALAM_KOTA", nik, day, seq);
    event["payload"] = json!({
        "region": region, "address": "JL BARU NO 9", "rt": "003", "rw": "004", "whole_family": true,
    });
    event
}
