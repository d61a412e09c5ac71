//! Receipts (tanda terima): what whoever holds the paper of an appeal or an objection may know, which names nobody.

use serde::{Deserialize, Serialize};

use crate::appeal::AppealState;
use crate::lenient::Lenient;
use crate::objection::ObjectionState;
use crate::reason::ReasonCode;
use crate::time::Timestamp;

/// `POST /v1/receipts`: the token is in the body, so that no address and no log holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskReceipt {
    /// What the receipt's square holds behind the hash: 32 hexadecimal digits.
    pub token: String,
}

impl std::fmt::Debug for AskReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AskReceipt")
    }
}

/// What a receipt was given for.
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
pub enum ReceiptKind {
    /// A family's own appeal (keberatan).
    Appeal,
    /// A citizen's objection (sanggah).
    Objection,
}

/// How far it is.
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
pub enum ReceiptState {
    /// Taken in; nobody has looked at it.
    Filed,
    /// An appeal that a verifier examined.
    Examined,
    /// An appeal that was right.
    Upheld,
    /// An appeal that was not.
    Dismissed,
    /// An appeal that its family took back.
    Withdrawn,
    /// An objection that is being checked at the house.
    Admitted,
    /// An objection whose check at the house is over.
    Checked,
    /// An objection that is not looked into.
    Rejected,
    /// An objection that nobody looked at in time.
    Lapsed,
}

impl From<AppealState> for ReceiptState {
    fn from(state: AppealState) -> Self {
        match state {
            AppealState::Filed => Self::Filed,
            AppealState::Examined => Self::Examined,
            AppealState::Upheld => Self::Upheld,
            AppealState::Dismissed => Self::Dismissed,
            AppealState::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<ObjectionState> for ReceiptState {
    fn from(state: ObjectionState) -> Self {
        match state {
            ObjectionState::Filed => Self::Filed,
            ObjectionState::Admitted => Self::Admitted,
            ObjectionState::Rejected => Self::Rejected,
            ObjectionState::Lapsed => Self::Lapsed,
        }
    }
}

/// The stage of what a receipt was given for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptStage {
    /// What it was given for.
    #[cfg_attr(feature = "openapi", schema(value_type = ReceiptKind))]
    pub kind: Lenient<ReceiptKind>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = ReceiptState))]
    pub state: Lenient<ReceiptState>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Why an objection is not looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}
