//! The membership (kepesertaan) of a family or person in a program, and the slot (jatah) the money follows.
//!
//! Pure and total, no `_` arm. Neither machine frees a slot by itself: the store's one door for slots does, with a
//! reason code and two persons in the journal.

use serde::{Deserialize, Serialize};

use crate::case::{Refusal, Step};
use crate::policy::Role;

/// Where a membership stands.
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
pub enum MembershipState {
    /// A slot is reserved; the house is still to be seen and the appeal period to pass.
    Candidate,
    /// Named for the slot; the period has not begun.
    Designated,
    /// Receives.
    Active,
    /// On hold, with a reason; the slot stays.
    Suspended,
    /// Cancelled, with a reason.
    Inactive,
    /// Cancelled, and the slot now belongs to somebody else.
    Replaced,
    /// Left by their own strength.
    Graduated,
    /// Never began.
    Withdrawn,
}

/// What happens to a membership.
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
pub enum MembershipAction {
    /// The appeal period has passed and the house was found eligible (or an SK names them).
    Designate,
    /// The period begins.
    Activate,
    /// Put on hold.
    Suspend,
    /// Taken off hold.
    Resume,
    /// The cancellation is confirmed.
    Cancel,
    /// The slot of a cancelled membership went to another.
    Replace,
    /// An appeal or a correction was upheld.
    Reinstate,
    /// Leaves by their own strength.
    Graduate,
    /// A candidate steps back or is found not eligible.
    Withdraw,
    /// The centre did not want a candidate who had no place yet.
    Decline,
}

/// Whether `role` ever performs `action` on a membership. Each of these also needs an earlier act by another
/// person ([`crate::duty`]).
pub const fn role_may(action: MembershipAction, role: Role) -> bool {
    use MembershipAction as A;
    match action {
        A::Designate | A::Activate | A::Replace => matches!(role, Role::System | Role::Approver),
        A::Suspend => matches!(role, Role::Feed | Role::Verifier | Role::System),
        // A feed takes back no more than what it put on hold itself: the store sees to that.
        A::Resume => matches!(role, Role::Verifier | Role::Approver | Role::Feed),
        A::Cancel | A::Reinstate | A::Graduate | A::Withdraw => matches!(role, Role::Approver),
        // Whoever records the centre's word.
        A::Decline => matches!(role, Role::Verifier | Role::Feed),
    }
}

/// What `action` by `role` does to a membership in `state`. The whole rule.
///
/// # Errors
/// [`Refusal::WrongRole`] or [`Refusal::NotFrom`].
pub fn step(
    state: MembershipState,
    action: MembershipAction,
    role: Role,
) -> Result<Step<MembershipState>, Refusal<MembershipState>> {
    use MembershipAction as A;
    use MembershipState as S;
    if !role_may(action, role) {
        return Err(Refusal::WrongRole);
    }
    let to = |next| Ok(Step::To(next));
    let no = Err(Refusal::NotFrom(state));
    match state {
        S::Candidate => match action {
            A::Designate => to(S::Designated),
            A::Withdraw | A::Decline => to(S::Withdrawn),
            A::Activate
            | A::Suspend
            | A::Resume
            | A::Cancel
            | A::Replace
            | A::Reinstate
            | A::Graduate => no,
        },
        S::Designated => match action {
            A::Activate => to(S::Active),
            A::Withdraw => to(S::Withdrawn),
            A::Designate => Ok(Step::AlreadyDone),
            A::Suspend
            | A::Resume
            | A::Cancel
            | A::Replace
            | A::Reinstate
            | A::Graduate
            | A::Decline => no,
        },
        S::Active => match action {
            A::Suspend => to(S::Suspended),
            A::Cancel => to(S::Inactive),
            A::Graduate => to(S::Graduated),
            A::Activate | A::Resume | A::Reinstate => Ok(Step::AlreadyDone),
            A::Designate | A::Replace | A::Withdraw | A::Decline => no,
        },
        S::Suspended => match action {
            A::Resume => to(S::Active),
            A::Cancel => to(S::Inactive),
            A::Suspend => Ok(Step::AlreadyDone),
            A::Designate
            | A::Activate
            | A::Replace
            | A::Reinstate
            | A::Graduate
            | A::Withdraw
            | A::Decline => no,
        },
        S::Inactive => match action {
            A::Replace => to(S::Replaced),
            A::Reinstate => to(S::Active),
            A::Cancel => Ok(Step::AlreadyDone),
            A::Designate
            | A::Activate
            | A::Suspend
            | A::Resume
            | A::Graduate
            | A::Withdraw
            | A::Decline => no,
        },
        S::Replaced => match action {
            A::Replace => Ok(Step::AlreadyDone),
            A::Reinstate => to(S::Active),
            A::Designate
            | A::Activate
            | A::Suspend
            | A::Resume
            | A::Cancel
            | A::Graduate
            | A::Withdraw
            | A::Decline => no,
        },
        S::Graduated => match action {
            A::Graduate => Ok(Step::AlreadyDone),
            A::Designate
            | A::Activate
            | A::Suspend
            | A::Resume
            | A::Cancel
            | A::Replace
            | A::Reinstate
            | A::Withdraw
            | A::Decline => no,
        },
        S::Withdrawn => match action {
            A::Withdraw | A::Decline => Ok(Step::AlreadyDone),
            A::Designate
            | A::Activate
            | A::Suspend
            | A::Resume
            | A::Cancel
            | A::Replace
            | A::Reinstate
            | A::Graduate => no,
        },
    }
}

impl MembershipState {
    /// Whether money may flow or a slot is occupied in this state.
    pub const fn occupies_slot(self) -> bool {
        match self {
            Self::Candidate | Self::Designated | Self::Active | Self::Suspended => true,
            Self::Inactive | Self::Replaced | Self::Graduated | Self::Withdrawn => false,
        }
    }
}

/// Where a slot stands. The sum of all but `Retired` per program and city is constant.
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
pub enum SlotState {
    /// Nobody's: the waitlist had no eligible family.
    Free,
    /// For a candidate; the appeal period runs.
    Reserved,
    /// A membership's.
    Held,
    /// Cut from the quota.
    Retired,
}

/// What the one door does to a slot.
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
pub enum SlotAction {
    /// From nobody to a member of a list that was brought in and confirmed.
    Enrol,
    /// From a holder or from nobody to a candidate.
    Reserve,
    /// From a holder or a candidate to nobody.
    Release,
    /// From a candidate to the same, now designated.
    Assign,
    /// Back to the family whose appeal was upheld.
    Restore,
    /// Out of the quota.
    Retire,
}

/// What `action` does to a slot in `state`.
///
/// # Errors
/// [`Refusal::NotFrom`] at the wrong moment.
pub const fn slot_step(
    state: SlotState,
    action: SlotAction,
) -> Result<Step<SlotState>, Refusal<SlotState>> {
    use SlotAction as A;
    use SlotState as S;
    match state {
        S::Free => match action {
            A::Reserve => Ok(Step::To(S::Reserved)),
            A::Enrol | A::Restore => Ok(Step::To(S::Held)),
            A::Retire => Ok(Step::To(S::Retired)),
            A::Release => Ok(Step::AlreadyDone),
            A::Assign => Err(Refusal::NotFrom(state)),
        },
        S::Reserved => match action {
            A::Reserve => Ok(Step::To(S::Reserved)),
            A::Release => Ok(Step::To(S::Free)),
            A::Assign | A::Restore => Ok(Step::To(S::Held)),
            A::Enrol | A::Retire => Err(Refusal::NotFrom(state)),
        },
        S::Held => match action {
            A::Reserve => Ok(Step::To(S::Reserved)),
            A::Release => Ok(Step::To(S::Free)),
            A::Assign => Ok(Step::AlreadyDone),
            A::Enrol | A::Restore | A::Retire => Err(Refusal::NotFrom(state)),
        },
        S::Retired => match action {
            A::Retire => Ok(Step::AlreadyDone),
            A::Enrol | A::Reserve | A::Release | A::Assign | A::Restore => {
                Err(Refusal::NotFrom(state))
            }
        },
    }
}
