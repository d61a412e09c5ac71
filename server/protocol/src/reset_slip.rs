//! Slips for who has forgotten the password or lost the phone that makes the codes: issued by one person, for whoever
//! decides released by a second, used once by the third.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, ResetSlipId, UserId};
use crate::time::Timestamp;

/// `POST /v1/users/{id}/reset-slip`. A slip of before counts no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssueResetSlip {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The codes beside the password go too: the phone that makes them is lost.
    #[serde(default)]
    pub removes_codes: bool,
}

/// The slip, to be printed; its code is told once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetSlip {
    /// Its id.
    pub id: ResetSlipId,
    /// To type in, in groups of four.
    pub code: String,
    /// Whose it is: the account's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// 24 hours after it was issued.
    pub expires_at: Timestamp,
    /// It works once an approver has released it, with a second code that only the approver is told.
    pub needs_release: bool,
}

impl std::fmt::Debug for ResetSlip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetSlip")
            .field("id", &self.id)
            .field("needs_release", &self.needs_release)
            .finish_non_exhaustive()
    }
}

/// `GET /v1/reset-slips`: one that waits for an approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetSlipView {
    /// Its id.
    pub id: ResetSlipId,
    /// Whose it is.
    pub user: UserId,
    /// The account's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// Who issued it.
    pub issued_by: UserId,
    /// That person's name.
    pub issued_by_name: String,
    /// When.
    pub issued_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// The codes beside the password go too.
    pub removes_codes: bool,
}

/// The reply of `POST /v1/reset-slips/{id}/release`: the second code, told once. Nobody but the person has both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleasedSlip {
    /// The slip's id.
    pub id: ResetSlipId,
    /// To type in beside the slip's code, in groups of four.
    pub release_code: String,
    /// Whose it is: the account's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// When the slip runs out.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for ReleasedSlip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReleasedSlip")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/reset-slips/use`: chooses a password with a slip. Every session of the account ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UseResetSlip {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The account's name.
    pub username: String,
    /// The slip's code.
    pub code: String,
    /// The code that the approver told, of a slip that had to be released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_code: Option<String>,
    /// At least 12 characters.
    pub new_password: String,
}

impl std::fmt::Debug for UseResetSlip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UseResetSlip")
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}
