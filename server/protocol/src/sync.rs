//! Phone and server: one `POST /v1/sync` a round. Manifests and answers go up first, photos follow
//! by tus; feed rows, receipts and revocations come down. Fields are only ever added.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::case::CaseState;
use crate::evidence::{Flag, ReturnTarget, VisitKind};
use crate::ids::{CaseId, DeviceId, FamilyId, HouseId, PhotoId, VisitId};
use crate::lenient::Lenient;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// A feed: one per officer and one per region. Its rows are numbered densely from 1 in commit order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bucket(pub String);

impl Bucket {
    /// An officer's assignments.
    pub fn officer(user: crate::ids::UserId) -> Self {
        Self(format!("officer:{user}"))
    }

    /// A region's forms and boundaries.
    pub fn region(code: &RegionCode) -> Self {
        Self(format!("region:{code}"))
    }
}

/// How far a phone has come in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cursor {
    /// The last row number applied; 0 before the first.
    pub seq: u64,
    /// The wrapping sum of the hashes of the rows the phone holds.
    #[serde(with = "hex64")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub checksum: u64,
}

/// `POST /v1/sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncRequest {
    /// The phone that speaks.
    pub device: DeviceId,
    /// The app's version.
    pub client_version: String,
    /// The feed epoch the cursors belong to; a restored server begins a new one.
    pub epoch: u64,
    /// Cursors by bucket. A bucket that is absent starts at 0.
    #[serde(default)]
    pub cursors: BTreeMap<Bucket, Cursor>,
    /// Sealed visits that have no receipt yet, own and carried.
    #[serde(default)]
    pub visits: Vec<SealedVisit>,
    /// Photos whose receipt the phone wants to hear.
    #[serde(default)]
    pub ask_receipts: Vec<PhotoId>,
}

/// A sealed visit on the wire: everything but the photos' bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedVisit {
    /// The COSE_Sign1 manifest, base64. Or an age file of it to the spool key, base64, from a phone that lost the key of
    /// its database.
    pub manifest: String,
    /// The age-sealed answers, base64, when the manifest names some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// What became of a sealed visit.
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
pub enum VisitStatus {
    /// Durable here from now on.
    Accepted,
    /// Was durable here already; the same bytes.
    Duplicate,
    /// The visit's id is known with other bytes; both are kept and people are told.
    Conflict,
    /// Kept apart: the device is unknown or stolen, or the signature does not fit. Nothing is dropped.
    Quarantined,
    /// Not a sealed visit; `code` says why. The only one the phone must not repeat unchanged.
    Malformed,
}

/// The receipt for one sealed visit of the request, in the request's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitResult {
    /// The visit, when its manifest could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// SHA-256 of the COSE bytes as received, hex: the phone knows its item by it.
    pub manifest_sha256: String,
    /// What became of it.
    #[cfg_attr(feature = "openapi", schema(value_type = VisitStatus))]
    pub status: Lenient<VisitStatus>,
    /// A problem code, when malformed or quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A right to upload this visit's photos for 30 days, whatever becomes of the session: for
    /// `Authorization: Bearer` on `/v1/uploads`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_grant: Option<String>,
    /// The photos the server does not have yet.
    #[serde(default)]
    pub wanted: Vec<PhotoId>,
}

/// Proof that a photo is on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoReceipt {
    /// The photo.
    pub photo: PhotoId,
    /// SHA-256 of the plaintext, hex, as the server computed it.
    pub sha256: String,
    /// Durable here.
    pub received_at: Timestamp,
    /// Covered by a verified backup or replica, or by policy at once. The phone keeps the bytes until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_at: Option<Timestamp>,
    /// Why the photo failed the server's checks; it must be taken again, the bytes are kept as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a feed row says.
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
pub enum FeedOp {
    /// The object is now as `body` says.
    Put,
    /// The object is gone for this phone.
    Del,
}

/// One row of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedRow {
    /// Its number in the bucket.
    pub seq: u64,
    /// `assignment:<case id>`, `form:<id>` or `boundary:<code>`.
    pub object: String,
    /// Put or del.
    #[cfg_attr(feature = "openapi", schema(value_type = FeedOp))]
    pub op: Lenient<FeedOp>,
    /// The object's hash, 16 hex digits; what the bucket's checksum adds up over the objects that are put.
    #[serde(with = "hex64")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub hash: u64,
    /// The object; a phone that cannot read it keeps it raw and moves on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: Option<serde_json::Value>,
}

/// A page of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BucketPage {
    /// Which.
    pub bucket: Bucket,
    /// The rows after the cursor, in order. Only the newest row of each object is sent.
    pub rows: Vec<FeedRow>,
    /// The cursor after this page.
    pub next: u64,
    /// Whether more rows follow at once.
    pub more: bool,
    /// What the phone's checksum must be at `next`, when `more` is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// The page starts from nothing: forget this bucket's rows first (first sync, too old, or checksum mismatch).
    #[serde(default)]
    pub reset: bool,
}

/// The reply to [`SyncRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncReply {
    /// The server's time.
    pub now: Timestamp,
    /// A signed token of that time for this device; quoted in manifests sealed from now on. Opaque.
    pub time_token: String,
    /// The feed epoch. When it differs from the request's, every bucket starts again.
    pub epoch: u64,
    /// One per sealed visit, in order.
    #[serde(default)]
    pub results: Vec<VisitResult>,
    /// The receipts asked for; a photo that is not here is not on the server.
    #[serde(default)]
    pub receipts: Vec<PhotoReceipt>,
    /// Rows.
    #[serde(default)]
    pub buckets: Vec<BucketPage>,
    /// Buckets that are no longer this phone's: forget them once nothing of theirs waits.
    #[serde(default)]
    pub revoked: Vec<Bucket>,
    /// What the phone must know of the city.
    pub config: PhoneConfig,
    /// `retired` or `stolen`: wipe the roster at once, the spool after proof of receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_revoked: Option<String>,
}

/// What the phone must know of the city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhoneConfig {
    /// Older apps may not capture; they may always seal and send.
    pub min_version: String,
    /// The registry's public spool key, an age recipient.
    pub spool_recipient: String,
    /// Days a photo stays on the phone after it is safe; at least 7.
    pub keep_days: u32,
    /// The server's time zone offset in minutes, for dates on the screen (WIB: 420).
    pub utc_offset_min: i32,
    /// The Android app that this server offers, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppRelease>,
}

/// A signed Android app, at `GET /v1/app/android`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppRelease {
    /// Its version, such as `0.2.0`.
    pub version: String,
    /// How long the file is.
    pub bytes: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// Where a village ends and how it is called, the body of a `boundary:` row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Boundary {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
    /// Closed lines around it, coarse enough for a small screen: latitude and longitude in degrees × 10⁷. Empty where no
    /// boundary is known.
    #[serde(default)]
    pub rings: Vec<Vec<[i64; 2]>>,
}

/// An assignment, the body of an `assignment:` row. The minimum: no NIK, no family data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    /// The case.
    pub case: CaseId,
    /// The version a visit quotes.
    pub version: i32,
    /// Its state.
    #[cfg_attr(feature = "openapi", schema(value_type = CaseState))]
    pub state: Lenient<CaseState>,
    /// The house.
    pub house: HouseId,
    /// The family.
    pub family: FamilyId,
    /// The head's or payee's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village.
    pub region: RegionCode,
    /// What is asked.
    #[cfg_attr(feature = "openapi", schema(value_type = VisitKind))]
    pub kind: Lenient<VisitKind>,
    /// The form to ask, for a full visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FormRef>,
    /// The last pin, when one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_pin: Option<LastPin>,
    /// The programs it decides about.
    #[serde(default)]
    pub programs: Vec<String>,
    /// When its window closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// Why it came back, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
}

/// A form by id and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FormRef {
    /// Such as `kepmensos-262`.
    pub id: String,
    /// Its version.
    pub version: u32,
}

/// Where the door was last pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LastPin {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: i64,
    /// When.
    pub taken_at: Timestamp,
}

/// Why a case came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Returned {
    /// The visit that was looked at.
    pub visit: VisitId,
    /// When.
    pub at: Timestamp,
    /// What is wrong with what.
    pub reasons: Vec<ReturnReason>,
    /// Photos of that visit that stand and need not be taken again.
    #[serde(default)]
    pub keep: Vec<PhotoId>,
}

/// One reason of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReturnReason {
    /// What it is about.
    pub target: ReturnTarget,
    /// The code.
    pub code: ReasonCode,
    /// The reviewer's words to the officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `POST /v1/visits`: a signed-in carrier brings sealed visits of any enrolled phone (titip kirim).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CarryVisits {
    /// The sealed visits.
    pub visits: Vec<SealedVisit>,
}

/// The reply to [`CarryVisits`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Carried {
    /// One per visit, in order.
    pub results: Vec<VisitResult>,
}

/// A flag on a visit, with what it measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlagView {
    /// Which.
    #[cfg_attr(feature = "openapi", schema(value_type = Flag))]
    pub flag: Lenient<Flag>,
    /// One Indonesian sentence for the reviewer.
    pub sentence: String,
    /// The other visit it is about: the one with the same photo, or the one that came first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// What is missing, when something is: `front_photo`, `any_photo`, `pin`, `pin_reason`, `answers`,
    /// `unreachable_reason`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was measured and what it was held against, where the flag is about a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<FlagMeasure>,
}

/// What a flag measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlagMeasure {
    /// The number, such as the metres from the house's last pin.
    pub value: i64,
    /// The largest number without a flag, what both pins are unsure of included; absent where it was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Of what.
    #[cfg_attr(feature = "openapi", schema(value_type = MeasureUnit))]
    pub unit: Lenient<MeasureUnit>,
}

/// What a [`FlagMeasure`] counts.
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
pub enum MeasureUnit {
    /// Metres.
    M,
    /// Seconds.
    S,
}

/// `u64` as 16 hex digits: JSON numbers lose bits above 2⁵³.
pub mod hex64 {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes 16 hex digits.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<S: Serializer>(value: &u64, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{value:016x}"))
    }

    /// Reads 16 hex digits.
    ///
    /// # Errors
    /// When the text is not 16 hex digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(serde::de::Error::custom("expected 16 hex digits"));
        }
        u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

/// The hash of a feed object, as both sides add it up: the first 8 bytes of SHA-256 over
/// `object`, a zero byte and the body's JSON text as the server wrote it.
pub fn row_hash(object: &str, body_json: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new()
        .chain_update(object)
        .chain_update([0])
        .chain_update(body_json);
    let bytes = digest.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    u64::from_be_bytes(first)
}
