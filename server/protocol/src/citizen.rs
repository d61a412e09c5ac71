//! What a citizen asks without an account: whether they are in the registry. Never a program, never a decile.

use serde::{Deserialize, Serialize};

use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most characters of a name that is typed.
pub const MOST_IN_NAME: usize = 100;

/// `POST /v1/status-checks`: nothing of it is kept in clear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckStatus {
    /// The NIK, 16 digits; blanks between them are forgiven.
    pub nik: String,
    /// The name as on the KTP, however it is spelled.
    pub name: String,
    /// The birth date, such as `1980-12-31` or `31-12-1980`.
    pub birth_date: String,
}

impl std::fmt::Debug for CheckStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckStatus")
    }
}

/// The one answer: another NIK, another name and nobody's are told alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusChecked {
    /// Whether a family in this registry has this person.
    pub registered: bool,
    /// As of when.
    pub data_at: Timestamp,
}

/// A village of this registry, for whoever has no account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicVillage {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
    /// The district's name.
    pub district: String,
}
