//! The verification case: what each action by each role does to a case in each state.
//!
//! Pure and total, no `_` arm. What the machine cannot know (the lease, whether a decision exists, whether a phone
//! fetched a return, which persons acted before) is asked by the store before and after, in the same transaction.
//! Replays are recognised by their `EventId` before the machine is asked; a second, different visit is new evidence.

use serde::{Deserialize, Serialize};

use crate::policy::Role;

/// Where a case stands. A review lease is a column, not a state.
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
pub enum CaseState {
    /// Waits for an officer.
    Open,
    /// On an officer's phone.
    Assigned,
    /// A visit is here; waits for a reviewer.
    Submitted,
    /// Back on the phone with a reason.
    Returned,
    /// The officer could not see the family: not found, refused, inaccessible.
    Unreachable,
    /// The evidence stands; waits for a decision.
    Accepted,
    /// At least one membership is proposed for cancellation, or a decision needs the approver.
    AwaitingApproval,
    /// Every membership has its outcome.
    Decided,
    /// Ended without a decision, with a reason.
    Closed,
    /// Its window closed first; a successor case was opened.
    Expired,
}

/// What somebody does to a case. Phones send what happened, never a target state.
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
pub enum CaseAction {
    /// Give the case to an officer, or to another one.
    Assign,
    /// Take it from the officer again.
    Unassign,
    /// A sealed visit arrived.
    SubmitVisit,
    /// A sealed "not found / refused / inaccessible" arrived.
    ReportUnreachable,
    /// The evidence stands.
    Accept,
    /// The evidence must be taken again, with reasons.
    Return,
    /// The reviewer takes a return back before a phone has fetched it.
    TakeBack,
    /// The reviewer withdraws an acceptance before a decision exists.
    Withdraw,
    /// The reviewer withdraws an agreement to "unreachable" before a decision exists.
    WithdrawUnreachable,
    /// Two tries and an RT/RW statement: unreachable it is.
    AgreeUnreachable,
    /// Not enough tries: it goes back to be visited.
    Reopen,
    /// The last membership got `eligible` and nothing speaks against it.
    DecideEligible,
    /// The last membership has its outcome and one of them needs the approver.
    SendForApproval,
    /// The approver confirmed the last one that waited.
    ConfirmLast,
    /// The approver refused.
    RefuseDecision,
    /// End without a decision.
    Close,
    /// The window closed.
    Expire,
}

/// What the machine says to an action it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<S> {
    /// The new state (it may equal the old one: something still happened).
    To(S),
    /// It was so already; saying it again is success.
    AlreadyDone,
}

/// What the machine says to an action it does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal<S> {
    /// This role never does this.
    #[error("this role may not do that")]
    WrongRole,
    /// Not from this state.
    #[error("not possible in this state")]
    NotFrom(S),
}

/// Whether `role` ever performs `action`.
pub const fn role_may(action: CaseAction, role: Role) -> bool {
    use CaseAction as A;
    match action {
        A::Assign | A::Unassign => matches!(role, Role::Supervisor | Role::System),
        A::SubmitVisit | A::ReportUnreachable => matches!(role, Role::Officer),
        A::Accept
        | A::Return
        | A::TakeBack
        | A::Withdraw
        | A::WithdrawUnreachable
        | A::AgreeUnreachable
        | A::Reopen => matches!(role, Role::Supervisor),
        A::DecideEligible | A::SendForApproval => matches!(role, Role::Operator | Role::Verifier),
        A::ConfirmLast | A::RefuseDecision => matches!(role, Role::Approver),
        A::Close => matches!(
            role,
            Role::Supervisor | Role::Verifier | Role::Feed | Role::System
        ),
        A::Expire => matches!(role, Role::System),
    }
}

/// What `action` by `role` does to a case in `state`. The whole rule; nothing else decides.
///
/// # Errors
/// [`Refusal::WrongRole`] when the role never does this, [`Refusal::NotFrom`] when it is the wrong moment.
pub fn step(
    state: CaseState,
    action: CaseAction,
    role: Role,
) -> Result<Step<CaseState>, Refusal<CaseState>> {
    use CaseAction as A;
    use CaseState as S;
    if !role_may(action, role) {
        return Err(Refusal::WrongRole);
    }
    let to = |next| Ok(Step::To(next));
    let no = Err(Refusal::NotFrom(state));
    match state {
        S::Open => match action {
            A::Assign => to(S::Assigned),
            A::SubmitVisit => to(S::Submitted),
            A::ReportUnreachable => to(S::Unreachable),
            A::Close => to(S::Closed),
            A::Expire => to(S::Expired),
            A::Unassign | A::Reopen => Ok(Step::AlreadyDone),
            A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision => no,
        },
        S::Assigned => match action {
            A::Assign => to(S::Assigned),
            A::Unassign => to(S::Open),
            A::SubmitVisit => to(S::Submitted),
            A::ReportUnreachable => to(S::Unreachable),
            A::Close => to(S::Closed),
            A::Expire => to(S::Expired),
            A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision => no,
        },
        S::Submitted => match action {
            A::SubmitVisit => to(S::Submitted),
            A::Accept => to(S::Accepted),
            A::Return => to(S::Returned),
            A::Close => to(S::Closed),
            A::TakeBack | A::Withdraw => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::ReportUnreachable
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision
            | A::Expire => no,
        },
        S::Returned => match action {
            A::Assign => to(S::Returned),
            A::Unassign => to(S::Open),
            A::SubmitVisit | A::TakeBack => to(S::Submitted),
            A::ReportUnreachable => to(S::Unreachable),
            A::Close => to(S::Closed),
            A::Expire => to(S::Expired),
            A::Return => Ok(Step::AlreadyDone),
            A::Accept
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision => no,
        },
        S::Unreachable => match action {
            A::SubmitVisit => to(S::Submitted),
            A::ReportUnreachable => to(S::Unreachable),
            A::AgreeUnreachable => to(S::Accepted),
            A::Reopen => to(S::Open),
            A::Close => to(S::Closed),
            A::WithdrawUnreachable => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision
            | A::Expire => no,
        },
        S::Accepted => match action {
            A::Withdraw => to(S::Submitted),
            A::WithdrawUnreachable => to(S::Unreachable),
            A::DecideEligible => to(S::Decided),
            A::SendForApproval => to(S::AwaitingApproval),
            A::Close => to(S::Closed),
            A::Accept | A::AgreeUnreachable | A::RefuseDecision => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::SubmitVisit
            | A::ReportUnreachable
            | A::Return
            | A::TakeBack
            | A::Reopen
            | A::ConfirmLast
            | A::Expire => no,
        },
        S::AwaitingApproval => match action {
            A::ConfirmLast => to(S::Decided),
            A::RefuseDecision => to(S::Accepted),
            A::Close => to(S::Closed),
            A::SendForApproval => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::SubmitVisit
            | A::ReportUnreachable
            | A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::DecideEligible
            | A::Expire => no,
        },
        S::Decided => match action {
            A::DecideEligible | A::ConfirmLast => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::SubmitVisit
            | A::ReportUnreachable
            | A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::SendForApproval
            | A::RefuseDecision
            | A::Close
            | A::Expire => no,
        },
        S::Closed => match action {
            A::Close => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::SubmitVisit
            | A::ReportUnreachable
            | A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision
            | A::Expire => no,
        },
        S::Expired => match action {
            A::Expire => Ok(Step::AlreadyDone),
            A::Assign
            | A::Unassign
            | A::SubmitVisit
            | A::ReportUnreachable
            | A::Accept
            | A::Return
            | A::TakeBack
            | A::Withdraw
            | A::WithdrawUnreachable
            | A::AgreeUnreachable
            | A::Reopen
            | A::DecideEligible
            | A::SendForApproval
            | A::ConfirmLast
            | A::RefuseDecision
            | A::Close => no,
        },
    }
}

impl CaseState {
    /// Nothing leaves this state.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Decided | Self::Closed | Self::Expired => true,
            Self::Open
            | Self::Assigned
            | Self::Submitted
            | Self::Returned
            | Self::Unreachable
            | Self::Accepted
            | Self::AwaitingApproval => false,
        }
    }

    /// The officer's phone has something to do.
    pub const fn is_with_officer(self) -> bool {
        match self {
            Self::Assigned | Self::Returned => true,
            Self::Open
            | Self::Submitted
            | Self::Unreachable
            | Self::Accepted
            | Self::AwaitingApproval
            | Self::Decided
            | Self::Closed
            | Self::Expired => false,
        }
    }
}
