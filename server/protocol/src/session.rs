//! Signing in and out, users and grants, phones and their enrolment.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, EventId, GrantId, SessionId, UserId};
use crate::lenient::Lenient;
use crate::policy::{Permission, Role};
use crate::reason::ReasonCode;
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
    /// Signing in asks for a code beside the password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_factor: bool,
    /// A role demands such a code: until it is set up, nothing but setting it up is allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_factor_required: bool,
}

/// What a session was begun with.
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
pub enum SessionKind {
    /// A browser.
    Console,
    /// An enrolled phone.
    Phone,
    /// A program with tokens.
    Program,
}

/// `GET /v1/me/sessions`: an open session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// What it was begun with.
    #[cfg_attr(feature = "openapi", schema(value_type = SessionKind))]
    pub kind: Lenient<SessionKind>,
    /// Browser and system, such as `Chrome, Windows`; or the phone's name. Absent when neither is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends if it is not used again.
    pub expires_at: Timestamp,
    /// The one that asks.
    pub current: bool,
}

/// `GET /v1/me/news`: up to which version somebody was told what is new for a role of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeenNews {
    /// The role.
    #[cfg_attr(feature = "openapi", schema(value_type = Role))]
    pub role: Lenient<Role>,
    /// The version, as the console calls it.
    pub version: String,
}

/// `POST /v1/me/news`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkNews {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// 1 to 32 of `a-z 0-9 . -`.
    pub version: String,
    /// The roles for which it was told.
    pub roles: Vec<Role>,
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
    /// Whether an approver has confirmed it. Until then it counts for nothing, unless its role waits for nobody.
    pub confirmed: bool,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The grant it is lent from, when its holder stands in for somebody (Plh.).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_from: Option<GrantId>,
    /// For whom, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy_for: Option<String>,
    /// Why an approver refused it; told with one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<ReasonCode>,
}

/// `POST /v1/grants/{id}/refuse`: an approver refuses a grant that waits. It ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefuseGrant {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Why: one of the reasons a grant is refused for.
    pub reason: ReasonCode,
}

/// `POST /v1/grants/{id}/delegate`: an approver names a deputy for their own grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DelegateGrant {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// Who stands in.
    pub user: UserId,
    /// From when; absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when, at most 92 days; then it ends by itself.
    pub valid_until: Timestamp,
    /// The document that names the deputy (surat perintah Plh.).
    pub document_number: String,
}

/// Somebody who stands in, stood in or will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DelegationView {
    /// What they were lent.
    pub grant: GrantView,
    /// Who.
    pub user: UserId,
    /// That person's name.
    pub name: String,
}

/// Somebody who could stand in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeputyView {
    /// The account.
    pub user: UserId,
    /// The account's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What they are already.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Role>))]
    pub roles: Vec<Lenient<Role>>,
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

/// Whether an account can do anything, to look for accounts by.
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
pub enum AccountState {
    /// A grant of it counts now.
    Active,
    /// A grant of it waits for an approver or for its day, and none counts yet.
    Waiting,
    /// It has no grant that counts or will.
    None,
    /// Nobody can sign in with it.
    Suspended,
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
    /// An approver's grant, when this one is a deputy's: no wider, and no longer than 92 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_from: Option<GrantId>,
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

const SLIP: &str = "tilik enrol v1";

/// What the square code on an enrolment slip says: `tilik enrol v1\n<server>\n<code>`. It is no web address, so that no
/// reader of such codes opens it and no log gets it.
pub fn enrol_slip_text(server: &str, code: &str) -> String {
    format!("{SLIP}\n{server}\n{code}")
}

/// The server and the code that a phone reads on a slip; `None`: it is some other square code.
pub fn read_enrol_slip(text: &str) -> Option<(&str, &str)> {
    let (server, code) = text
        .strip_prefix(SLIP)?
        .strip_prefix('\n')?
        .split_once('\n')?;
    let is_server = ["https://", "http://"].iter().any(|scheme| {
        server
            .strip_prefix(scheme)
            .is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
    });
    let is_code = code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_server && is_code).then_some((server, code))
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
    /// What its officer does where the reader manages phones.
    #[cfg_attr(feature = "openapi", schema(value_type = OfficerDuty))]
    pub duty: Lenient<OfficerDuty>,
}

/// What an officer does in the regions of whoever asks.
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
pub enum OfficerDuty {
    /// Visits families there.
    Here,
    /// Only trains, there or elsewhere.
    Training,
    /// Did, and does not any more.
    Over,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_reads_from_a_slip_what_the_console_draws() {
        // The same text stands in the console's tests.
        let text = "tilik enrol v1\nhttps://tilik.example\nABCDE23456";
        assert_eq!(enrol_slip_text("https://tilik.example", "ABCDE23456"), text);
        let read = read_enrol_slip(text);
        assert_eq!(read, Some(("https://tilik.example", "ABCDE23456")));
    }

    #[test]
    fn another_square_code_is_no_slip() {
        for text in [
            "",
            "https://tilik.example",
            "tilik enrol v1",
            "tilik enrol v2\nhttps://tilik.example\nABCDE23456",
            "tilik enrol v1\nftp://tilik.example\nABCDE23456",
            "tilik enrol v1\nhttps://\nABCDE23456",
            "tilik enrol v1\nhttps://a@tilik.example\nABCDE23456",
            "tilik enrol v1\nhttps://tilik.example/masuk\nABCDE23456",
            "tilik enrol v1\nhttps://tilik.example\nABCDE2345",
            "tilik enrol v1\nhttps://tilik.example\nABCDE23456\n",
        ] {
            assert_eq!(read_enrol_slip(text), None, "{text:?}");
        }
    }
}
