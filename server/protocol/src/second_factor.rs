//! The code beside the password: setting it up, signing in with it, showing it again before an act that weighs.

use serde::{Deserialize, Serialize};

use crate::ids::EventId;
use crate::time::Timestamp;

/// The reply of `POST /v1/session` and `POST /v1/console/session` (202) when the password is right and a code is still
/// wanted. No session has begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeNeeded {
    /// Good for showing the code with, and for nothing else; opaque.
    pub pending: String,
    /// Until when; then the password is asked for again.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for CodeNeeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeNeeded")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/session/code` and `POST /v1/console/session/code`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInCode {
    /// From [`CodeNeeded`].
    pub pending: String,
    /// Six digits from the app, or a recovery code.
    pub code: String,
}

impl std::fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInCode").finish_non_exhaustive()
    }
}

/// `GET /v1/me/second-factor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorView {
    /// Since when signing in asks for a code; absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
    /// A role of this person demands it, so that it can be replaced and not be given up.
    pub demanded: bool,
}

/// The account's password, shown for what would make of an open screen more than an open screen:
/// `POST /v1/me/second-factor` (a new secret), `…/recovery-codes` (ten new ones) and `…/remove`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShowPassword {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The account's password, once more: whoever finds an open screen does not know it.
    pub password: String,
}

impl std::fmt::Debug for ShowPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShowPassword")
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}

/// The reply of `POST /v1/me/second-factor`: a secret that is in force once a code made from it was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorOffer {
    /// To type into the app: base32.
    pub secret: String,
    /// The same for a camera: an `otpauth://` address.
    pub uri: String,
}

impl std::fmt::Debug for SecondFactorOffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactorOffer").finish_non_exhaustive()
    }
}

/// A code that is shown: `POST /v1/me/second-factor/confirm` and `POST /v1/session/step-up`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShowCode {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Six digits from the app; stepping up also takes a recovery code.
    pub code: String,
}

impl std::fmt::Debug for ShowCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShowCode")
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}

/// Ten one-time codes to keep on paper; told once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// In groups of four, without look-alikes.
    pub codes: Vec<String>,
}

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecoveryCodes")
            .field("codes", &self.codes.len())
            .finish()
    }
}

/// `POST /v1/session/step-up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SteppedUp {
    /// Until when acts that weigh ask for no other code in this session.
    pub until: Timestamp,
}
