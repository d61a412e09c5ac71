//! What the phone lends to the core: clocks, chance, room on the disk, and keys. Nothing else of the outside enters.

use std::sync::Arc;

/// The wall clock, as the phone shows it.
#[uniffi::export(with_foreign)]
pub trait Clock: Send + Sync {
    /// Microseconds since 1970, UTC.
    fn wall_micros(&self) -> i64;
    /// Whether the network sets the clock, when the phone tells.
    fn auto_time(&self) -> Option<bool>;
}

/// The clock that nobody can set: it counts from the boot on, also while the phone sleeps.
#[uniffi::export(with_foreign)]
pub trait MonotonicClock: Send + Sync {
    /// Nanoseconds since the boot.
    fn elapsed_ns(&self) -> u64;
    /// The boot; another one means that the count began anew.
    fn boot_id(&self) -> String;
    /// How often the phone has booted, when it tells.
    fn boot_count(&self) -> Option<u64>;
}

/// Chance, fit for keys.
#[uniffi::export(with_foreign)]
pub trait Rng: Send + Sync {
    /// `len` random bytes.
    fn fill(&self, len: u32) -> Vec<u8>;
}

/// Room on the disk that holds the folder.
#[uniffi::export(with_foreign)]
pub trait FreeSpace: Send + Sync {
    /// Bytes that the app may still write.
    fn free_bytes(&self) -> u64;
    /// Bytes in all.
    fn total_bytes(&self) -> u64;
}

/// The phone's signing key. The private half never leaves the phone's keystore.
#[uniffi::export(with_foreign)]
pub trait Signer: Send + Sync {
    /// The public half: P-256, SEC1 uncompressed, 65 bytes.
    ///
    /// # Errors
    /// [`PortError`] when the keystore does not answer: a key that cannot be shown now is not another key.
    fn public_key(&self) -> Result<Vec<u8>, PortError>;
    /// ECDSA with SHA-256 over `message`, DER.
    ///
    /// # Errors
    /// [`PortError`] when the keystore does not answer.
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PortError>;
    /// `strongbox`, `tee`, `secure_enclave` or `software`.
    ///
    /// # Errors
    /// [`PortError`] when the keystore does not answer.
    fn level(&self) -> Result<String, PortError>;
}

/// The key of what is encrypted on this phone.
#[uniffi::export(with_foreign)]
pub trait Keys: Send + Sync {
    /// 32 random bytes that the phone keeps in its keystore; the same ones every time.
    ///
    /// # Errors
    /// [`PortError`] when the keystore does not answer. `Lost` only when the key was made once and can never be had again:
    /// the core then begins anew.
    fn database_key(&self) -> Result<Vec<u8>, PortError>;
    /// Another 32 random bytes in the place of the lost ones, from now on what `database_key` gives. Asked for only after
    /// `Lost`.
    ///
    /// # Errors
    /// [`PortError`] when the keystore does not answer.
    fn new_database_key(&self) -> Result<Vec<u8>, PortError>;
}

/// The phone could not do what was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PortError {
    /// Locked, for now.
    #[error("the keystore is locked")]
    Locked,
    /// It does not answer; it may the next time.
    #[error("the keystore does not answer")]
    Failed,
    /// The key that was there is gone for good.
    #[error("the keystore lost the key")]
    Lost,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PortError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// All ports.
#[derive(Clone, uniffi::Record)]
pub struct Ports {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The clock that nobody can set.
    pub monotonic: Arc<dyn MonotonicClock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Room on the disk.
    pub space: Arc<dyn FreeSpace>,
    /// The signing key.
    pub signer: Arc<dyn Signer>,
    /// The database key.
    pub keys: Arc<dyn Keys>,
}

/// The app and the state of the phone, as the shell finds them at the start.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AppInfo {
    /// The app's version, such as `0.1.0`.
    pub version: String,
    /// The build.
    pub build: String,
    /// What the list of phones shows, such as `Redmi 9A`.
    pub phone_name: String,
    /// Developer options are on.
    pub dev_options: Option<bool>,
    /// A debugger cable is allowed.
    pub adb: Option<bool>,
    /// A debugger is attached.
    pub debugger: Option<bool>,
    /// Foreign code is in the process.
    pub hooked: Option<bool>,
    /// The phone is rooted.
    pub rooted: Option<bool>,
}
