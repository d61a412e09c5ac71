//! A case as the feed brings it.

use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, VisitId};
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::{FormRef, LastPin, Returned};
use tilik_protocol::time::Timestamp;

/// A case to visit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AssignmentView {
    /// The case.
    pub case: CaseId,
    /// The version a visit quotes.
    pub version: i32,
    /// Its state on the server.
    pub state: CaseState,
    /// What is asked.
    pub kind: VisitKind,
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
    /// The form to ask.
    pub form: Option<FormRef>,
    /// The last pin.
    pub last_pin: Option<LastPin>,
    /// The programs it decides about.
    pub programs: Vec<String>,
    /// When its window closes.
    pub closes_at: Option<Timestamp>,
    /// Why it came back.
    pub returned: Option<Returned>,
    /// The draft of it on this phone.
    pub draft: Option<VisitId>,
    /// The newest sealed visit of it on this phone.
    pub sealed: Option<VisitId>,
}
