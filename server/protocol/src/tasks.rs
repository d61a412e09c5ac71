//! What waits for somebody: the list that their first page shows.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::FamilyId;
use crate::lenient::Lenient;
use crate::region::RegionCode;
use crate::time::Timestamp;
use crate::window::WindowAct;

/// What is to be done.
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
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TaskKind {
    /// A case without an officer.
    Assign,
    /// Evidence that came in whole.
    Review,
    /// Accepted evidence: each membership is to be decided.
    Decide,
    /// A proposed outcome that a second person confirms or refuses.
    Confirm,
    /// A notice that has not reached its family.
    Deliver,
    /// A file that was tried and not applied.
    ApplyImport,
    /// A file that an approver confirms or refuses.
    ConfirmImport,
    /// A grant that waits for an approver.
    ConfirmGrant,
    /// A slip for a new password that waits for an approver.
    ReleaseSlip,
    /// A draft of a proposal, or one that came back.
    WriteProposal,
    /// A matched proposal that wants a deliberation or a statement.
    DeliberateProposal,
    /// A proposal whose persons are to be matched.
    CheckProposal,
    /// A deliberated proposal that is to be verified.
    VerifyProposal,
    /// A verified proposal that an approver endorses or refuses.
    EndorseProposal,
    /// An endorsed proposal that nobody has sent to the centre.
    SendProposal,
    /// A change of who a family is that waits for an approver.
    ConfirmFamily,
    /// Two persons who may be one.
    JudgeDuplicate,
    /// A cancellation that the rules prepared.
    SendCancellation,
    /// An act that nobody has entered in the ministry's system.
    EnterAct,
    /// A rule of eligibility that waits for an approver.
    ConfirmRule,
    /// Days for proposals that wait for an approver.
    ConfirmWindow,
    /// A file of a whole city's numbers that waits for an approver.
    ConfirmExport,
    /// A file that was made for who asked and was not fetched.
    FetchExport,
    /// A family that moved here.
    ReceiveFamily,
    /// A population event that a person has to judge, or something left to do after one.
    JudgeEvent,
    /// A parked batch of population events.
    ReleaseEvents,
    /// An appeal of a family that nobody has examined.
    ExamineAppeal,
    /// An examined appeal that an approver agrees to or sends back; and one that nobody examined in time.
    JudgeAppeal,
    /// An objection of a citizen that nobody has answered.
    AnswerObjection,
    /// What BPJS said of somebody who is not known here, or is dead.
    JudgeInsurance,
    /// Somebody whose health insurance ended, and for whom nobody has proposed anything.
    FollowInsurance,
    /// A proposal that was sent, and of which the centre's word is not written down.
    RecordOutcome,
    /// A deliberation whose signed minutes have not been brought.
    SignDeliberation,
    /// A family doubts what was recorded of it.
    JudgeFact,
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// The case, notice, import, grant, proposal or whatever else it is about.
    pub id: Uuid,
    /// The family that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// Whom it is about: the family's or person's name; or the kind of file, the program, the kind of proposal. Empty of a
    /// finding that is no family yet.
    pub about: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Since when it waits: a case since its evidence came in, or since it was opened when nobody has gone there; everything
    /// else since it came to where it is.
    pub since: Timestamp,
    /// Until when it is to be done; absent when nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// All of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskGroup {
    /// What is to be done.
    pub kind: TaskKind,
    /// How many there are.
    pub count: u64,
    /// How many of them are past their time.
    pub overdue: u64,
    /// Some of them: those past their time first, then the oldest.
    pub items: Vec<Task>,
}

/// What became of something that the asker had sent on.
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
pub enum TurnKind {
    /// An approver confirmed a change of a family.
    FamilyConfirmed,
    /// An approver refused it.
    FamilyRefused,
    /// A proposal came back to be mended.
    ProposalReturned,
    /// An approver endorsed it.
    ProposalEndorsed,
    /// The centre agreed.
    ProposalAccepted,
    /// Somebody on the way said no.
    ProposalRejected,
    /// An approver refused a file of a whole city's numbers.
    ExportRefused,
    /// A rule of eligibility is in force.
    RuleInForce,
    /// An approver refused it.
    RuleRefused,
    /// Days for proposals are in force.
    WindowInForce,
    /// An approver refused them.
    WindowRefused,
    /// A file was brought in whole.
    ImportDone,
    /// An approver confirmed what a file brings.
    ImportInForce,
    /// An approver refused it.
    ImportRefused,
}

/// What became of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Turn {
    /// What became of it.
    #[cfg_attr(feature = "openapi", schema(value_type = TurnKind))]
    pub kind: Lenient<TurnKind>,
    /// The request, proposal, file, rule or window.
    pub id: Uuid,
    /// The family that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// As a task's.
    pub about: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// When.
    pub at: Timestamp,
}

/// `GET /v1/tasks`: what waits for the asker: kinds of which something is past its time first, then the kind with the oldest.
/// Kinds of which nothing waits are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tasks {
    /// As of when.
    pub at: Timestamp,
    /// By kind.
    pub groups: Vec<TaskGroup>,
    /// What became of what the asker sent on in the last two weeks, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
    /// What closes within three days while the asker's proposals are not handed in, families of theirs not visited, or no
    /// deliberation was held about what waits for one; the first to close first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closing: Vec<Closing>,
}

/// A window that closes soon, and what would come too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Closing {
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(value_type = WindowAct))]
    pub act: Lenient<WindowAct>,
    /// Of which program; empty where proposals of this kind name none, of visits and of deliberations.
    pub program: String,
    /// For which period it is open.
    pub period: String,
    /// The first moment at which it is too late.
    pub closes_at: Timestamp,
    /// So many proposals are drafts or came back; so many cases have no visit that counts; so many proposals wait for a
    /// deliberation.
    pub waiting: u64,
}
