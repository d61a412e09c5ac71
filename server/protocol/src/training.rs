//! Training: an area of its own with invented families, where people practise what they will do to real ones.

use serde::{Deserialize, Serialize};

use crate::ids::EventId;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// The only program of the training area; no real family can be in it, and no invented one in another.
pub const TRAINING_PROGRAM: &str = "LATIHAN";

/// The header by which somebody who has real and training work asks for the training part of lists, queues and counts.
/// Without it they see the real part; one row is shown either way to whoever may see it.
pub const TRAINING_HEADER: &str = "tilik-training";

/// Makes the training area, or begins it anew: the invented families of the last round go, with whatever was begun about
/// them, and new ones come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrepareTraining {
    /// Makes a repeat harmless.
    pub event_id: EventId,
}

/// How the training area stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingView {
    /// The region for which trainees are given their roles.
    pub region: RegionCode,
    /// When this round began; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared_at: Option<Timestamp>,
    /// Invented families of this round.
    pub families: u64,
    /// Their cases that are not done with.
    pub open_cases: u64,
    /// Officers who have a role here, to whom the cases of a new round are given.
    pub officers: u64,
}
