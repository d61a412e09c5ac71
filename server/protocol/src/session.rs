//! Signing in and out, users and grants, phones and their enrolment.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, EventId, GrantId, UserId};
use crate::lenient::Lenient;
use crate::policy::{Permission, Role};
use crate::region::RegionCode;
use crate::time::Timestamp;

/// `POST /v1/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The account's name, as given by the admin.
    pub username: String,
    /// The password.
    pub password: String,
    /// The phone the session is bound to; absent in a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The newest time token the server gave to that phone; absent in a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_token: Option<String>,
    /// Raw ES256 by that phone's key over [`sign_in_proof_input`], base64; absent in a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/session/refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refresh {
    /// The newest refresh token, base64url.
    pub refresh_token: String,
    /// For a session bound to a phone: the phone key's ES256 signature (raw, base64) over
    /// `tilik refresh v1\n` + the refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl std::fmt::Debug for Refresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refresh").finish_non_exhaustive()
    }
}

/// What the proof of signing in on a phone is a signature over: without the phone's key a password opens no session of it.
pub fn sign_in_proof_input(device: DeviceId, username: &str, time_token: &str) -> Vec<u8> {
    format!("tilik sign-in v1\n{device}\n{username}\n{time_token}").into_bytes()
}

/// What the proof of a phone-bound refresh is a signature over.
pub fn refresh_proof_input(refresh_token: &str) -> Vec<u8> {
    format!("tilik refresh v1\n{refresh_token}").into_bytes()
}

/// The reply to signing in and to refreshing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    /// For `Authorization: Bearer`; ten minutes.
    pub access_token: String,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// Good for one refresh; replaced each time.
    pub refresh_token: String,
    /// Who signed in.
    pub me: Me,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

/// `GET /v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The account.
    pub user: UserId,
    /// The account's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The grants in force now.
    pub grants: Vec<GrantView>,
    /// What those grants let this person do somewhere: what a console offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Permission>))]
    pub permissions: Vec<Lenient<Permission>>,
    /// The password was chosen by somebody else: until there is an own one, nothing but choosing it is allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub password_change_required: bool,
}

/// `POST /v1/me/password`. Every other session of the account ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The one that is good now.
    pub old_password: String,
    /// At least 12 characters, and another.
    pub new_password: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangePassword")
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}

/// A role for regions and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantView {
    /// Its id.
    pub id: GrantId,
    /// The role.
    #[cfg_attr(feature = "openapi", schema(value_type = Role))]
    pub role: Lenient<Role>,
    /// The regions it covers, each with everything below.
    pub regions: Vec<RegionCode>,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The document that gives it.
    pub document_number: String,
    /// A deciding role waits for an approver.
    pub confirmed: bool,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// `POST /v1/users`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddUser {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// 3 to 64 of `a-z 0-9 . _ -`.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// To sign in with for the first time, within seven days; at least 12 characters.
    pub password: String,
}

impl std::fmt::Debug for AddUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddUser")
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/users/{id}/password`: for somebody who has forgotten theirs. Every session of the account ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetPassword {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// To sign in with once, within seven days; at least 12 characters.
    pub password: String,
}

impl std::fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetPassword")
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}

/// A user as an admin sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserView {
    /// Its id.
    pub id: UserId,
    /// The account's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// Suspended accounts can do nothing from the next request on.
    pub suspended: bool,
    /// All grants, also ended and unconfirmed ones.
    pub grants: Vec<GrantView>,
}

/// `POST /v1/users/{id}/grants`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddGrant {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The role.
    pub role: Role,
    /// The regions.
    pub regions: Vec<RegionCode>,
    /// From when; absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when; absent: until ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The document that gives it (nomor SK or surat tugas).
    pub document_number: String,
}

/// A body that only repeats its event: confirm, end, suspend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Act {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Why, for the journal; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `POST /v1/enrolments`: a supervisor or admin lets an officer enrol a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssueEnrolment {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Whose phone it will be.
    pub officer: UserId,
}

/// The one-time code; shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentCode {
    /// Ten characters to type in, without look-alikes.
    pub code: String,
    /// 24 hours after it was issued.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentCode")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/devices`: the phone shows the code and its public key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolDevice {
    /// The code from [`EnrolmentCode`].
    pub code: String,
    /// The id the phone gave itself; a repeat with the same key and code succeeds again.
    pub device: DeviceId,
    /// The phone key: P-256, SEC1 uncompressed point (65 bytes), base64.
    pub public_key: String,
    /// What the list shows, such as `Redmi 9A`.
    pub name: String,
    /// `strongbox`, `tee`, `secure_enclave` or `software`; recorded and scored, never a gate.
    pub key_level: String,
    /// ES256 signature (raw, base64) over `tilik enrol v1\n<code>\n<device id>`: the key is really there.
    pub proof: String,
}

impl std::fmt::Debug for EnrolDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolDevice")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// What the proof of an enrolment is a signature over.
pub fn enrol_proof_input(code: &str, device: DeviceId) -> Vec<u8> {
    format!("tilik enrol v1\n{code}\n{device}").into_bytes()
}

/// What an enrolled phone needs to seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolled {
    /// The phone.
    pub device: DeviceId,
    /// Whose it is.
    pub officer: UserId,
    /// The account's name, to sign in with.
    pub username: String,
    /// The registry's public spool key: an age recipient (`age1…`).
    pub spool_recipient: String,
    /// The server's time, so that a wrong phone clock is known from the first minute.
    pub now: Timestamp,
    /// A signed token of that time for this phone; opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_token: Option<String>,
}

/// A phone as a supervisor or admin sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceView {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub officer: UserId,
    /// The person's name.
    pub officer_name: String,
    /// Where its key lives.
    pub key_level: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it last spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_at: Option<Timestamp>,
    /// `retired` or `stolen`, when revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<RevokeKind>))]
    pub revoked: Option<Lenient<RevokeKind>>,
}

/// How a phone leaves.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum RevokeKind {
    /// Drain, then wipe.
    Retired,
    /// Uploads are quarantined, never dropped.
    Stolen,
}

/// `POST /v1/devices/{id}/revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeDevice {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Retired or stolen ("HP hilang").
    pub kind: RevokeKind,
}

/// What "HP hilang" did, and whose data the phone held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceRevoked {
    /// The phone.
    pub device: DeviceId,
    /// Sessions ended with it.
    pub sessions_ended: u64,
    /// The families whose assignment the phone had received and not yet given up.
    pub families_held: Vec<crate::ids::FamilyId>,
}
