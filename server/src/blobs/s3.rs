//! The store in an S3 bucket: Amazon's, Garage, or another that speaks the same.
//!
//! Owns the client and the few calls that every S3 server answers alike: put, get, head, delete, list. Refuses multipart,
//! conditional requests and checksum modes, where servers differ: each object is one PUT that carries its own SHA-256, so
//! that a server that received other bytes stores nothing.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_runtime::auth::PayloadSigningOverride;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, RuntimeComponents,
};
use aws_sdk_s3::error::{BoxError, DisplayErrorContext, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::key::hex;
use super::{BlobError, BlobKey, BlobPage, BlobPrefix, Blobs, Ciphertext, FreeSpace, Listed};

/// Where the bucket is and who we are there.
#[derive(Clone)]
pub struct S3Options {
    /// Address of the server, such as `https://s3.example.id`.
    pub endpoint: String,
    /// Region; has to be the server's own (`garage` for Garage).
    pub region: String,
    /// Bucket, which has to exist.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
}

impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// A store in one bucket. Clones share the connections.
#[derive(Clone)]
pub struct S3 {
    client: Client,
    bucket: String,
    /// Goes before every key; empty but in tests, where many stores share a bucket.
    folder: String,
}

impl fmt::Debug for S3 {
    /// The client's own Debug tells the access key, and pages of the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// Until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Until the first byte of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// One try, body included: 10 MiB at 1 MiB/s and some.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// All tries together.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);
const MAX_ATTEMPTS: u32 = 3;

impl S3 {
    /// A store in the bucket that `options` name. Connects at the first use; [`Blobs::ready`] tells whether it works.
    pub fn new(options: &S3Options) -> Self {
        let credentials = Credentials::new(
            &options.access_key,
            &options.secret_key,
            None,
            None,
            "tilik configuration",
        );
        let tls = Provider::Rustls(CryptoMode::Ring);
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(
                aws_smithy_http_client::Builder::new()
                    .tls_provider(tls)
                    .build_https(),
            )
            .endpoint_url(&options.endpoint)
            .region(Region::new(options.region.clone()))
            .credentials_provider(credentials)
            .force_path_style(true)
            // The default modes send trailers and part checksums that not every server accepts.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(MAX_ATTEMPTS)
                    .with_initial_backoff(Duration::from_millis(100))
                    .with_max_backoff(Duration::from_secs(1)),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .read_timeout(READ_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: options.bucket.clone(),
            folder: String::new(),
        }
    }

    fn name(&self, key: &BlobKey) -> String {
        format!("{}{key}", self.folder)
    }

    /// The same bucket, but only what lies in `folder`.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn within(mut self, folder: &str) -> Self {
        self.folder = format!("{folder}/");
        self
    }

    /// Copies all that this store holds into another folder of the bucket; the store in it.
    ///
    /// # Errors
    /// What the server says.
    #[cfg(any(test, feature = "testing"))]
    pub async fn copied_to(&self, folder: &str) -> Result<Self, BlobError> {
        let copy = self.clone().within(folder);
        let mut next = None;
        loop {
            let page = self.list_named("", next.take(), 1_000).await?;
            for object in &page.objects {
                self.client
                    .copy_object()
                    .bucket(&self.bucket)
                    .copy_source(format!("{}/{}", self.bucket, self.name(&object.key)))
                    .key(copy.name(&object.key))
                    .send()
                    .await
                    .map_err(|e| sdk_error(&e))?;
            }
            next = page.next;
            if next.is_none() {
                return Ok(copy);
            }
        }
    }

    async fn list_named(
        &self,
        prefix: &str,
        after: Option<BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        let limit = i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000);
        let mut after = after.map(|key| self.name(&key));
        loop {
            let answer = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(format!("{}{prefix}", self.folder))
                .set_start_after(after.take())
                .max_keys(limit)
                .send()
                .await
                .map_err(|e| sdk_error(&e))?;
            let mut objects = Vec::new();
            for object in answer.contents() {
                let name = object.key().and_then(|k| k.strip_prefix(&self.folder));
                // What is not ours by its name is nobody's object.
                if let Some(Ok(key)) = name.map(str::parse) {
                    objects.push(Listed {
                        key,
                        size_bytes: size(object.size())?,
                    });
                }
            }
            if answer.is_truncated() != Some(true) {
                return Ok(BlobPage {
                    objects,
                    next: None,
                });
            }
            if let Some(last) = objects.last() {
                let next = Some(last.key.clone());
                return Ok(BlobPage { objects, next });
            }
            // A whole page of strangers' objects: go on behind them.
            after = answer
                .contents()
                .last()
                .and_then(|o| o.key())
                .map(ToOwned::to_owned);
            if after.is_none() {
                return Err(BlobError::unavailable(
                    "a listing that has more, and shows nothing",
                ));
            }
        }
    }
}

/// Tells the client the SHA-256 of a body, which it signs, so that it need not hash the body once more.
#[derive(Debug)]
struct SignedAs([u8; 32]);

impl Intercept for SignedAs {
    fn name(&self) -> &'static str {
        "SignedAs"
    }

    fn modify_before_signing(
        &self,
        _request: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let sha256 = hex(&self.0);
        config
            .interceptor_state()
            .store_put(PayloadSigningOverride::Precomputed(sha256));
        Ok(())
    }
}

#[async_trait]
impl Blobs for S3 {
    async fn put(&self, key: &BlobKey, bytes: Ciphertext) -> Result<(), BlobError> {
        let bytes = bytes.bytes().clone();
        let sha256 = Sha256::digest(&bytes);
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(self.name(key))
            // Named with its value: in the mode chosen above, naming only the algorithm silently sends nothing.
            .checksum_sha256(BASE64_STANDARD.encode(sha256))
            .body(ByteStream::from(bytes))
            .customize()
            .interceptor(SignedAs(sha256.into()))
            .send()
            .await
            .map_err(|e| sdk_error(&e))?;
        Ok(())
    }

    async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError> {
        let found = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(self.name(key))
            .send()
            .await;
        let body = found.map_err(|e| sdk_error(&e))?.body;
        // A body that breaks off is an error here, never a shorter object.
        Ok(body
            .collect()
            .await
            .map_err(BlobError::unavailable)?
            .into_bytes())
    }

    async fn head(&self, key: &BlobKey) -> Result<Option<u64>, BlobError> {
        match self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(self.name(key))
            .send()
            .await
        {
            Ok(head) => size(head.content_length()).map(Some),
            Err(e) => match sdk_error(&e) {
                BlobError::NotFound => Ok(None),
                other => Err(other),
            },
        }
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        match self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(self.name(key))
            .send()
            .await
        {
            Ok(_) => Ok(()),
            Err(e) => match sdk_error(&e) {
                // Some servers say 404 where Amazon's says 204.
                BlobError::NotFound => Ok(()),
                other => Err(other),
            },
        }
    }

    async fn list(
        &self,
        prefix: &BlobPrefix,
        after: Option<&BlobKey>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        self.list_named(prefix.as_str(), after.cloned(), limit)
            .await
    }

    /// A bucket tells no end.
    async fn free_space(&self) -> Result<Option<FreeSpace>, BlobError> {
        Ok(None)
    }

    async fn ready(&self) -> Result<(), BlobError> {
        match self
            .client
            .head_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .map_err(|e| sdk_error(&e))
        {
            Ok(_) => Ok(()),
            Err(BlobError::NotFound) => Err(BlobError::unavailable("there is no such bucket")),
            Err(other) => Err(other),
        }
    }
}

fn size(told: Option<i64>) -> Result<u64, BlobError> {
    told.and_then(|n| u64::try_from(n).ok())
        .ok_or_else(|| BlobError::unavailable("an answer without a size"))
}

fn sdk_error<E>(e: &SdkError<E>) -> BlobError
where
    E: std::error::Error + aws_sdk_s3::error::ProvideErrorMetadata + 'static,
{
    let status = e.raw_response().map(|r| r.status().as_u16());
    let code = e.as_service_error().and_then(|s| s.code());
    match (status, code) {
        // The bucket, unlike an object, is missing only by mistake.
        (_, Some("NoSuchBucket")) => BlobError::unavailable("there is no such bucket"),
        (Some(404), _) => BlobError::NotFound,
        (Some(507), _) | (_, Some("QuotaExceeded" | "XMinioStorageFull")) => BlobError::Full,
        _ => BlobError::unavailable(DisplayErrorContext(e)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::blobs::contract;
    use uuid::Uuid;

    /// The server that `tests/services/garage.sh` starts, or any other.
    fn from_environment() -> Option<S3Options> {
        let var = |name: &str| std::env::var(format!("TILIK_TEST_S3_{name}")).ok();
        Some(S3Options {
            endpoint: var("ENDPOINT")?,
            region: var("REGION")?,
            bucket: var("BUCKET")?,
            access_key: var("ACCESS_KEY")?,
            secret_key: var("SECRET_KEY")?,
        })
    }

    fn nowhere() -> S3Options {
        S3Options {
            // Port 1 on this machine: nobody listens there.
            endpoint: "http://127.0.0.1:1".into(),
            region: "garage".into(),
            bucket: "b".into(),
            access_key: "GK-access-canary".into(),
            secret_key: "secret-canary".into(),
        }
    }

    fn a_key() -> BlobKey {
        BlobKey::original(Uuid::from_u128(77).into(), &[7; 32])
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_s3_bucket_keeps_the_contract() {
        let Some(options) = from_environment() else {
            println!(
                "skipped: TILIK_TEST_S3_ENDPOINT and the rest are not set (tests/services/garage.sh)"
            );
            return;
        };
        contract::holds(Arc::new(S3::new(&options))).await;
    }

    #[tokio::test]
    async fn a_wrong_secret_or_bucket_is_unavailable_and_never_looks_like_an_absent_object() {
        let Some(options) = from_environment() else {
            println!(
                "skipped: TILIK_TEST_S3_ENDPOINT and the rest are not set (tests/services/garage.sh)"
            );
            return;
        };
        let wrong_secret = S3Options {
            secret_key: "0".repeat(64),
            ..options.clone()
        };
        let wrong_bucket = S3Options {
            bucket: "no-such-bucket".into(),
            ..options
        };
        for wrong in [wrong_secret, wrong_bucket] {
            let store = S3::new(&wrong);
            let secret = wrong.secret_key.clone();
            for told in [
                store.ready().await.unwrap_err(),
                store.get(&a_key()).await.unwrap_err(),
                store
                    .put(&a_key(), Ciphertext(Bytes::from_static(b"x")))
                    .await
                    .unwrap_err(),
            ] {
                assert!(matches!(told, BlobError::Unavailable(_)), "{told}");
                assert!(!told.to_string().contains(&secret), "{told}");
            }
        }
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_unavailable_within_seconds() {
        let store = S3::new(&nowhere());
        let begun = std::time::Instant::now();
        assert!(matches!(
            store.ready().await,
            Err(BlobError::Unavailable(_))
        ));
        assert!(matches!(
            store.get(&a_key()).await,
            Err(BlobError::Unavailable(_))
        ));
        assert!(matches!(
            store.head(&a_key()).await,
            Err(BlobError::Unavailable(_))
        ));
        let put = store
            .put(&a_key(), Ciphertext(Bytes::from_static(b"x")))
            .await;
        assert!(matches!(put, Err(BlobError::Unavailable(_))));
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn printing_options_or_store_shows_no_secret() {
        let printed = format!("{:?} {:?}", nowhere(), S3::new(&nowhere()));
        assert!(
            printed.contains("127.0.0.1") && !printed.contains("canary"),
            "{printed}"
        );
    }
}
