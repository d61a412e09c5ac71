//! The proposal (usulan): somebody is to be added to the registry or a program, corrected, moved, removed. From a draft at
//! the village office over the match with Dukcapil, the deliberation, the verifier and the approver to the centre's word.
//!
//! Pure and total, no `_` arm. What the machine cannot know (the window, whether the family still lives here, the evidence
//! of a new one, who did what before) is asked besides, in the same transaction.

use serde::{Deserialize, Serialize};

use crate::case::{Refusal, Step};
use crate::duty::DutyBreach;
use crate::evidence::Flag;
use crate::ids::{
    CaseId, DeliberationId, EventId, FamilyId, MembershipId, PaperId, PersonId, ProposalId, UserId,
    VisitId,
};
use crate::lenient::Lenient;
use crate::policy::Role;
use crate::problem::FieldProblem;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::review::PhotoView;
use crate::time::Timestamp;

/// Most lines in one batch.
pub const MOST_IN_BATCH: usize = 200;

/// What is proposed.
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
pub enum ProposalKind {
    /// BARU: a family for the registry.
    New,
    /// PERBAIKAN_DATA: what the registry says of a family is wrong.
    Correction,
    /// USUL_BANSOS: a family or person for a program.
    Program,
    /// USUL_HAPUS: a family or person out of a program.
    Removal,
    /// PINDAH_WILAYAH: a family to another village.
    Relocation,
    /// GANTI_PENGURUS: another member receives for the family.
    PayeeChange,
    /// REAKTIVASI_PBI: a person back into the health insurance.
    PbiReactivation,
}

/// Where a proposal stands.
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
pub enum ProposalState {
    /// Being written, or a finding that nobody has taken up.
    Draft,
    /// Handed in; the match with Dukcapil is to be checked.
    Submitted,
    /// Back with who proposed it.
    Returned,
    /// Matched; the deliberation is to speak.
    Checked,
    /// A deliberation agreed, or somebody answers for it (SPTJM).
    Deliberated,
    /// Complete, says the verifier.
    Verified,
    /// Endorsed by the approver.
    Endorsed,
    /// Entered in the centre's system.
    Sent,
    /// The centre agreed, or the city's own program did what was asked.
    Accepted,
    /// Somebody on the way said no, with a code; or the house said it.
    Rejected,
    /// Taken back.
    Withdrawn,
}

/// What happens to a proposal.
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
pub enum ProposalAction {
    /// Hand it in.
    Submit,
    /// Take it back.
    Withdraw,
    /// Dukcapil knows them: padan.
    Match,
    /// Dukcapil does not: tidak padan.
    Mismatch,
    /// A deliberation's signed minutes or an SPTJM stand behind it.
    Deliberate,
    /// A deliberation did not agree.
    Decline,
    /// It is complete.
    Verify,
    /// Something is missing.
    Return,
    /// No.
    Reject,
    /// The last local word.
    Endorse,
    /// It was entered in the centre's system.
    Send,
    /// It was not entered after all.
    Recall,
    /// The centre agreed; of a program of the city's own, the place was given or ended.
    Accept,
    /// The centre did not.
    RejectByCentre,
    /// Begin a new one like it; this one stays as it is.
    Copy,
}

/// Whether `role` ever performs `action` on a proposal.
pub const fn role_may(action: ProposalAction, role: Role) -> bool {
    use ProposalAction as A;
    match action {
        A::Submit | A::Withdraw | A::Copy => matches!(role, Role::Operator),
        A::Match | A::Mismatch | A::RejectByCentre => {
            matches!(role, Role::Verifier | Role::Feed)
        }
        // Where no centre has a word, the decision about the place is the end of it.
        A::Accept => matches!(role, Role::Verifier | Role::Feed | Role::System),
        // The server passes a deliberation's word on to all its names.
        A::Deliberate | A::Decline => matches!(role, Role::Operator | Role::System),
        A::Verify => matches!(role, Role::Verifier),
        A::Return => matches!(role, Role::Verifier | Role::Approver),
        A::Reject => matches!(role, Role::Verifier | Role::Approver | Role::System),
        A::Endorse => matches!(role, Role::Approver),
        A::Send | A::Recall => matches!(role, Role::Operator | Role::Verifier),
    }
}

/// What `action` by `role` does to a proposal in `state`. The whole rule. [`ProposalAction::Copy`] tells where the new one
/// begins.
///
/// # Errors
/// [`Refusal::WrongRole`] or [`Refusal::NotFrom`].
pub fn step(
    state: ProposalState,
    action: ProposalAction,
    role: Role,
) -> Result<Step<ProposalState>, Refusal<ProposalState>> {
    use ProposalAction as A;
    use ProposalState as S;
    if !role_may(action, role) {
        return Err(Refusal::WrongRole);
    }
    let to = |next| Ok(Step::To(next));
    let no = Err(Refusal::NotFrom(state));
    let done = Ok(Step::AlreadyDone);
    // Who only verifies says nothing any more once it lies with the approver, and the other way round.
    let by = |wanted: Role, next| if role == wanted { to(next) } else { no };
    match state {
        S::Draft | S::Returned => match action {
            A::Submit => to(S::Submitted),
            A::Withdraw => to(S::Withdrawn),
            A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Decline
            | A::Verify
            | A::Return
            | A::Reject
            | A::Endorse
            | A::Send
            | A::Accept
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Submitted => match action {
            A::Submit => done,
            A::Withdraw => to(S::Withdrawn),
            A::Match => to(S::Checked),
            A::Mismatch => to(S::Returned),
            A::Return => by(Role::Verifier, S::Returned),
            A::Reject => by(Role::Verifier, S::Rejected),
            A::Deliberate
            | A::Decline
            | A::Verify
            | A::Endorse
            | A::Send
            | A::Accept
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Checked => match action {
            A::Withdraw => to(S::Withdrawn),
            A::Match => done,
            A::Deliberate => to(S::Deliberated),
            A::Decline => to(S::Rejected),
            A::Return => by(Role::Verifier, S::Returned),
            A::Reject => by(Role::Verifier, S::Rejected),
            A::Submit
            | A::Mismatch
            | A::Verify
            | A::Endorse
            | A::Send
            | A::Accept
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Deliberated => match action {
            A::Withdraw => to(S::Withdrawn),
            A::Deliberate => done,
            A::Verify => to(S::Verified),
            A::Return => by(Role::Verifier, S::Returned),
            A::Reject => by(Role::Verifier, S::Rejected),
            A::Submit
            | A::Match
            | A::Mismatch
            | A::Decline
            | A::Endorse
            | A::Send
            | A::Accept
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Verified => match action {
            A::Withdraw => to(S::Withdrawn),
            A::Verify => done,
            A::Return => by(Role::Approver, S::Returned),
            A::Reject => by(Role::Approver, S::Rejected),
            A::Endorse => to(S::Endorsed),
            A::Submit
            | A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Decline
            | A::Send
            | A::Accept
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Endorsed => match action {
            A::Endorse => done,
            A::Send => to(S::Sent),
            A::Accept => by(Role::System, S::Accepted),
            A::Reject => by(Role::System, S::Rejected),
            A::Submit
            | A::Withdraw
            | A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Decline
            | A::Verify
            | A::Return
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Sent => match action {
            A::Send => done,
            A::Recall => to(S::Endorsed),
            A::Accept if role != Role::System => to(S::Accepted),
            A::RejectByCentre => to(S::Rejected),
            A::Accept
            | A::Submit
            | A::Withdraw
            | A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Decline
            | A::Verify
            | A::Return
            | A::Reject
            | A::Endorse
            | A::Copy => no,
        },
        S::Accepted => match action {
            A::Accept => done,
            A::Submit
            | A::Withdraw
            | A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Decline
            | A::Verify
            | A::Return
            | A::Reject
            | A::Endorse
            | A::Send
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
        S::Rejected => match action {
            A::Copy => to(S::Draft),
            A::Decline | A::Reject | A::RejectByCentre => done,
            A::Submit
            | A::Withdraw
            | A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Verify
            | A::Return
            | A::Endorse
            | A::Send
            | A::Accept
            | A::Recall => no,
        },
        S::Withdrawn => match action {
            A::Withdraw => done,
            A::Submit
            | A::Match
            | A::Mismatch
            | A::Deliberate
            | A::Decline
            | A::Verify
            | A::Return
            | A::Reject
            | A::Endorse
            | A::Send
            | A::Accept
            | A::RejectByCentre
            | A::Copy
            | A::Recall => no,
        },
    }
}

impl ProposalState {
    /// Whether nothing more happens to it.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Accepted | Self::Rejected | Self::Withdrawn => true,
            Self::Draft
            | Self::Submitted
            | Self::Returned
            | Self::Checked
            | Self::Deliberated
            | Self::Verified
            | Self::Endorsed
            | Self::Sent => false,
        }
    }

    /// The states after which nothing more happens, as they are kept.
    pub fn over() -> impl Iterator<Item = String> {
        use strum::VariantArray;
        let over = Self::VARIANTS.iter().filter(|state| state.is_over());
        over.map(ToString::to_string)
    }

    /// Whether who proposed it may still write in it.
    pub const fn is_open_to_proposer(self) -> bool {
        match self {
            Self::Draft | Self::Returned => true,
            Self::Submitted
            | Self::Checked
            | Self::Deliberated
            | Self::Verified
            | Self::Endorsed
            | Self::Sent
            | Self::Accepted
            | Self::Rejected
            | Self::Withdrawn => false,
        }
    }

    /// Whether a deliberation can still speak about it.
    pub const fn can_be_deliberated(self) -> bool {
        match self {
            Self::Draft | Self::Returned | Self::Submitted | Self::Checked => true,
            Self::Deliberated
            | Self::Verified
            | Self::Endorsed
            | Self::Sent
            | Self::Accepted
            | Self::Rejected
            | Self::Withdrawn => false,
        }
    }
}

/// Whose hands a proposal went through, all its rounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hands {
    /// Who wrote it, handed it in, answered for it, or wrote down or signed the deliberation behind it.
    pub proposers: Vec<UserId>,
    /// Who visited the house it rests on.
    pub visitors: Vec<UserId>,
    /// Who gave such a visitor the phone or the login.
    pub equippers: Vec<UserId>,
    /// Who matched or verified it.
    pub verifiers: Vec<UserId>,
}

/// May `person` do this? Who proposed or saw the house, or could have in another's name, neither verifies nor endorses, and
/// who verified does not endorse.
///
/// # Errors
/// [`DutyBreach::ProposerJudges`], [`DutyBreach::EquippedTheVisitor`], [`DutyBreach::VerifierEndorses`].
pub fn duty(
    action: ProposalAction,
    hands: &Hands,
    role: Role,
    person: UserId,
) -> Result<(), DutyBreach> {
    use ProposalAction as A;
    let judges = match action {
        A::Submit | A::Withdraw | A::Deliberate | A::Decline | A::Send | A::Recall | A::Copy => {
            false
        }
        A::Match
        | A::Mismatch
        | A::Verify
        | A::Return
        | A::Reject
        | A::Endorse
        | A::Accept
        | A::RejectByCentre => true,
    };
    if !judges {
        return Ok(());
    }
    if hands.proposers.contains(&person) || hands.visitors.contains(&person) {
        return Err(DutyBreach::ProposerJudges);
    }
    if hands.equippers.contains(&person) {
        return Err(DutyBreach::EquippedTheVisitor);
    }
    if role == Role::Approver && hands.verifiers.contains(&person) {
        return Err(DutyBreach::VerifierEndorses);
    }
    Ok(())
}

/// What a proposal is about. Which of these are asked hangs on its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalContent {
    /// What is proposed.
    pub kind: ProposalKind,
    /// The family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The person, where it is about one: a program for persons, the new payee, whom to bring back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The program, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Why somebody is to leave a program, of the reasons for which a membership ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// Where the family moves to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_region: Option<RegionCode>,
    /// The letter it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// In the proposer's words, at most 500 characters; kept sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `POST /v1/proposals`: a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Propose {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// What.
    pub content: ProposalContent,
    /// Hand it in at once; what stands in the way is told, and nothing is kept then.
    #[serde(default)]
    pub submit: bool,
}

/// A person of a family, for a program that counts persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposedPerson {
    /// The family.
    pub family: FamilyId,
    /// Who of it.
    pub person: PersonId,
}

/// `POST /v1/proposals/batch`: many families for one program at once, or many persons, each line by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposeMany {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The program.
    pub program: String,
    /// The families.
    #[serde(default)]
    pub families: Vec<FamilyId>,
    /// The persons, for a program that counts persons; at most 200 lines in all.
    #[serde(default)]
    pub persons: Vec<ProposedPerson>,
    /// The letter they rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// Hand them in at once.
    #[serde(default)]
    pub submit: bool,
}

/// What became of one line of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposedLine {
    /// The family.
    pub family: FamilyId,
    /// The person, of a line about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Its proposal, when there is one now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    /// What stood in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
}

/// What became of a batch, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposedMany {
    /// Its lines.
    pub lines: Vec<ProposedLine>,
}

/// `POST /v1/proposals/{id}/change`: while it is a draft or came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeProposal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// What it is about from now on.
    pub content: ProposalContent,
}

/// What somebody says of a proposal.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
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
pub enum Verdict {
    /// It goes on.
    Yes,
    /// It goes back.
    Return,
    /// It ends.
    No,
}

/// `POST /v1/proposals/{id}/check`, `/verify`, `/endorse`, `/outcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeProposal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// What is said.
    pub verdict: Verdict,
    /// Why it goes back or ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// In one's own words, at most 500 characters; kept sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The decree or letter behind the centre's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
}

/// `POST /v1/proposals/{id}/submit`, `/withdraw`, `/copy`, `/send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveProposal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
}

/// `POST /v1/proposals/{id}/sptjm`: somebody answers for it in place of a deliberation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttachSptjm {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was seen.
    pub seen_version: i32,
    /// Its number.
    pub number: String,
    /// Who signed it, with their office; kept sealed.
    pub signer: String,
    /// The scan, as it was taken in.
    pub paper: PaperId,
}

/// A proposal in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalRow {
    /// Its id.
    pub id: ProposalId,
    /// Its version.
    pub version: i32,
    /// What is proposed.
    #[cfg_attr(feature = "openapi", schema(value_type = ProposalKind))]
    pub kind: Lenient<ProposalKind>,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = ProposalState))]
    pub state: Lenient<ProposalState>,
    /// Since when.
    pub since: Timestamp,
    /// The village that proposes it.
    pub region: RegionCode,
    /// The program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The family, when it is one of the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The head's name, or whom a finding names; absent when the family has moved out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// RT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rt: Option<String>,
    /// RW.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rw: Option<String>,
    /// Whether an officer found it.
    pub is_finding: bool,
    /// For which period it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Whether its evidence was made in time and came too late.
    pub late_sync: bool,
    /// Why it was rejected, or sent back last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// Until when it can be handed in, while it is a draft or came back and the window is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
}

/// How many proposals stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalCount {
    /// Where.
    #[cfg_attr(feature = "openapi", schema(value_type = ProposalState))]
    pub state: Lenient<ProposalState>,
    /// How many.
    pub count: u64,
    /// Since when the oldest has stood there.
    pub oldest: Timestamp,
}

/// One act on a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalAct {
    /// When.
    pub at: Timestamp,
    /// What: `create`, `change`, `find`, or an action of the machine.
    pub action: String,
    /// What became of it.
    #[cfg_attr(feature = "openapi", schema(value_type = ProposalState))]
    pub to: Lenient<ProposalState>,
    /// Who; absent: the server, for what somebody else did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    /// As what.
    pub role: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// On which document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The visit a proposal rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalEvidence {
    /// The visit.
    pub visit: VisitId,
    /// Who visited.
    pub officer: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer_name: Option<String>,
    /// When, by the phone's clock.
    pub captured_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its photos.
    pub photos: Vec<PhotoView>,
    /// Degrees × 10⁷.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat_e7: Option<i64>,
    /// Degrees × 10⁷.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon_e7: Option<i64>,
    /// Centimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_cm: Option<i64>,
    /// What deserves a second look.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Flag>))]
    pub flags: Vec<Lenient<Flag>>,
    /// What the officer wrote about a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingSays>,
}

/// What an officer wrote about a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingSays {
    /// `family`, `death`, `wrong_address`, `other`.
    #[serde(default)]
    pub what: String,
    /// Of whom.
    #[serde(default)]
    pub name: String,
    /// Where.
    #[serde(default)]
    pub address: String,
    /// RT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rt: Option<String>,
    /// RW.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rw: Option<String>,
    /// The officer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A proposal by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalView {
    /// As in the list.
    pub row: ProposalRow,
    /// What it is about.
    pub content: ProposalContent,
    /// The person's name, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<ProposalEvidence>,
    /// The deliberation that spoke of it, or is to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliberation: Option<DeliberationId>,
    /// The number of the SPTJM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sptjm_number: Option<String>,
    /// Who signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sptjm_signer: Option<String>,
    /// Its scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sptjm_paper: Option<PaperId>,
    /// The rejected one it was begun from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<ProposalId>,
    /// The candidate that its endorsement made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipId>,
    /// The case in which the house is seen for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// What stands in the way of handing it in, while that can be done.
    pub problems: Vec<FieldProblem>,
    /// What whoever judges it should know; stops nobody.
    pub warnings: Vec<ReasonCode>,
    /// What happened, the oldest first.
    pub acts: Vec<ProposalAct>,
    /// What this reader may do now.
    pub may: Vec<ProposalAction>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray as _;
    use uuid::Uuid;

    fn person(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    #[test]
    fn the_way_to_the_centre_is_the_one_of_the_decree() {
        use ProposalAction as A;
        let way = [
            (A::Submit, Role::Operator, ProposalState::Submitted),
            (A::Match, Role::Verifier, ProposalState::Checked),
            (A::Deliberate, Role::System, ProposalState::Deliberated),
            (A::Verify, Role::Verifier, ProposalState::Verified),
            (A::Endorse, Role::Approver, ProposalState::Endorsed),
            (A::Send, Role::Operator, ProposalState::Sent),
            (A::RejectByCentre, Role::Verifier, ProposalState::Rejected),
            (A::Copy, Role::Operator, ProposalState::Draft),
        ];
        let mut state = ProposalState::Draft;
        for (action, role, next) in way {
            assert_eq!(step(state, action, role), Ok(Step::To(next)), "{action}");
            state = next;
        }
    }

    #[test]
    fn nobody_endorses_without_deliberation_and_verification() {
        for state in ProposalState::VARIANTS {
            for role in Role::VARIANTS {
                if step(*state, ProposalAction::Endorse, *role)
                    == Ok(Step::To(ProposalState::Endorsed))
                {
                    assert_eq!((*state, *role), (ProposalState::Verified, Role::Approver));
                }
                if step(*state, ProposalAction::Verify, *role)
                    == Ok(Step::To(ProposalState::Verified))
                {
                    assert_eq!(*state, ProposalState::Deliberated);
                }
            }
        }
    }

    #[test]
    fn what_is_over_stays_over_but_for_a_new_one_like_it() {
        for state in ProposalState::VARIANTS {
            for action in ProposalAction::VARIANTS {
                for role in Role::VARIANTS {
                    if let Ok(Step::To(next)) = step(*state, *action, *role)
                        && state.is_over()
                    {
                        assert_eq!(
                            (*action, next),
                            (ProposalAction::Copy, ProposalState::Draft)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn who_proposed_or_saw_the_house_neither_verifies_nor_endorses_and_who_verified_does_not_endorse()
     {
        let hands = Hands {
            proposers: vec![person(1)],
            visitors: vec![person(2)],
            equippers: vec![person(5)],
            verifiers: vec![person(3)],
        };
        for who in [1, 2] {
            for (action, role) in [
                (ProposalAction::Match, Role::Verifier),
                (ProposalAction::Verify, Role::Verifier),
                (ProposalAction::Reject, Role::Approver),
                (ProposalAction::Endorse, Role::Approver),
                (ProposalAction::Accept, Role::Verifier),
            ] {
                assert_eq!(
                    duty(action, &hands, role, person(who)),
                    Err(DutyBreach::ProposerJudges),
                    "{action}"
                );
            }
        }
        assert_eq!(
            duty(ProposalAction::Verify, &hands, Role::Verifier, person(5)),
            Err(DutyBreach::EquippedTheVisitor)
        );
        let verified = person(3);
        assert_eq!(
            duty(ProposalAction::Endorse, &hands, Role::Approver, verified),
            Err(DutyBreach::VerifierEndorses)
        );
        assert_eq!(
            duty(ProposalAction::Accept, &hands, Role::Verifier, verified),
            Ok(())
        );
        assert_eq!(
            duty(ProposalAction::Endorse, &hands, Role::Approver, person(4)),
            Ok(())
        );
        assert_eq!(
            duty(ProposalAction::Withdraw, &hands, Role::Operator, person(1)),
            Ok(())
        );
    }
}
