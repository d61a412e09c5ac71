//! A family's own appeal (keberatan) against the end of its place: filed at the counter, examined by a verifier, judged by
//! an approver, each of whom had no hand in what it is about. It never lapses; past its day it is overdue and is shown to
//! the approver too.

use chrono::{DateTime, Datelike as _};
use serde::{Deserialize, Serialize};

use crate::case::{Refusal, Step};
use crate::ids::{AppealId, EventId, FamilyId, MembershipId, PersonId, UserId};
use crate::lenient::Lenient;
use crate::policy::Role;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// Most characters of what a family says, and of what an examiner found.
pub const MOST_IN_GROUNDS: usize = 2_000;
/// Most characters of the name of who came to the counter.
pub const MOST_IN_NAME: usize = 100;

/// Where an appeal stands.
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
pub enum AppealState {
    /// Taken in; nobody has examined it.
    Filed,
    /// A verifier recommends an outcome.
    Examined,
    /// The family was right.
    Upheld,
    /// The decision stands.
    Dismissed,
    /// The family took it back.
    Withdrawn,
}

/// What happens to an appeal.
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
pub enum AppealAction {
    /// A verifier says what they found.
    Examine,
    /// The approver agrees that the family was right.
    Uphold,
    /// The approver agrees that the decision stands.
    Dismiss,
    /// The approver wants it examined again.
    SendBack,
    /// The family takes it back.
    Withdraw,
}

/// Whether `role` ever performs `action` on an appeal.
pub const fn role_may(action: AppealAction, role: Role) -> bool {
    use AppealAction as A;
    match action {
        A::Examine => matches!(role, Role::Verifier),
        A::Uphold | A::Dismiss | A::SendBack => matches!(role, Role::Approver),
        A::Withdraw => matches!(role, Role::Operator | Role::Verifier),
    }
}

/// What `action` by `role` does to an appeal in `state`. The whole rule.
///
/// # Errors
/// [`Refusal::WrongRole`] or [`Refusal::NotFrom`].
pub const fn step(
    state: AppealState,
    action: AppealAction,
    role: Role,
) -> Result<Step<AppealState>, Refusal<AppealState>> {
    use AppealAction as A;
    use AppealState as S;
    if !role_may(action, role) {
        return Err(Refusal::WrongRole);
    }
    match (state, action) {
        (S::Filed | S::Examined, A::Examine) => Ok(Step::To(S::Examined)),
        (S::Examined, A::Uphold) => Ok(Step::To(S::Upheld)),
        (S::Examined, A::Dismiss) => Ok(Step::To(S::Dismissed)),
        (S::Examined, A::SendBack) => Ok(Step::To(S::Filed)),
        (S::Filed | S::Examined, A::Withdraw) => Ok(Step::To(S::Withdrawn)),
        (S::Upheld, A::Uphold) | (S::Dismissed, A::Dismiss) | (S::Withdrawn, A::Withdraw) => {
            Ok(Step::AlreadyDone)
        }
        (S::Filed, A::Uphold | A::Dismiss | A::SendBack)
        | (S::Upheld, A::Examine | A::Dismiss | A::SendBack | A::Withdraw)
        | (S::Dismissed, A::Examine | A::Uphold | A::SendBack | A::Withdraw)
        | (S::Withdrawn, A::Examine | A::Uphold | A::Dismiss | A::SendBack) => {
            Err(Refusal::NotFrom(state))
        }
    }
}

impl AppealState {
    /// Whether somebody still has to say something.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Filed | Self::Examined => true,
            Self::Upheld | Self::Dismissed | Self::Withdrawn => false,
        }
    }
}

/// What an appeal comes to.
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
pub enum AppealOutcome {
    /// Diterima: the place comes back.
    Upheld,
    /// Ditolak: the decision stands.
    Dismissed,
}

impl AppealOutcome {
    /// The approver's act that makes it so.
    pub const fn action(self) -> AppealAction {
        match self {
            Self::Upheld => AppealAction::Uphold,
            Self::Dismissed => AppealAction::Dismiss,
        }
    }
}

/// Who came to the counter.
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
pub enum Appellant {
    /// The recipient.
    Recipient,
    /// Somebody of the family.
    Family,
    /// Somebody with a letter of authority.
    Proxy,
}

/// Where the money of an upheld appeal comes from.
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
pub enum Restored {
    /// A slot of the quota: the old one, or one that was free.
    Slot,
    /// Beside the quota, until one of its slots frees.
    BesideQuota,
}

/// An appeal in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealRow {
    /// Its id.
    pub id: AppealId,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = AppealState))]
    pub state: Lenient<AppealState>,
    /// The family.
    pub family: FamilyId,
    /// Its name.
    pub family_name: String,
    /// The village.
    pub region: RegionCode,
    /// The place that ended.
    pub membership: MembershipId,
    /// The program.
    pub program: String,
    /// Why the place ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Until when the family is to be answered.
    pub due_at: Timestamp,
    /// Whether that has passed while somebody still has to say something.
    pub overdue: bool,
}

/// An appeal with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealView {
    /// What a list tells.
    pub appeal: AppealRow,
    /// Grows with every act.
    pub version: i32,
    /// Whose place, in a program for persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// When the place ended.
    pub ended_at: Timestamp,
    /// Who came.
    pub came: String,
    /// As what.
    #[cfg_attr(feature = "openapi", schema(value_type = Appellant))]
    pub appellant: Lenient<Appellant>,
    /// What the family says.
    pub grounds: String,
    /// Filed after the time to appeal had passed.
    pub late: bool,
    /// What the receipt's square leads to.
    pub receipt: String,
    /// Who filed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_by_name: Option<String>,
    /// What the examiner recommends, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<AppealFinding>,
    /// What the approver said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<AppealWord>,
    /// The months without money between the end of the place and its return, each `YYYY-MM`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_months: Vec<String>,
    /// Where the money comes from since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Restored))]
    pub restored: Option<Lenient<Restored>>,
    /// Whether who asks had a hand in what it is about, and therefore neither examines nor judges it.
    pub involved: bool,
}

/// What an examiner found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealFinding {
    /// What they recommend.
    #[cfg_attr(feature = "openapi", schema(value_type = AppealOutcome))]
    pub outcome: Lenient<AppealOutcome>,
    /// Why, as a code.
    pub reason: ReasonCode,
    /// Why, in words the family can be told.
    pub words: String,
    /// Who.
    pub by: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What an approver said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealWord {
    /// Whether they agreed; sent back otherwise.
    pub agreed: bool,
    /// Their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Who.
    pub by: UserId,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// `POST /v1/appeals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileAppeal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The place that ended.
    pub membership: MembershipId,
    /// Who came, at most 100 characters.
    pub came: String,
    /// As what.
    pub appellant: Appellant,
    /// What the family says, at most 2,000 characters.
    pub grounds: String,
}

/// `POST /v1/appeals/{id}/examine`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExamineAppeal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was looked at.
    pub seen_version: i32,
    /// What is recommended.
    pub outcome: AppealOutcome,
    /// Why, as a code.
    pub reason: ReasonCode,
    /// Why, in words the family can be told; at most 2,000 characters.
    pub words: String,
}

/// `POST /v1/appeals/{id}/judge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeAppeal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was looked at.
    pub seen_version: i32,
    /// Whether the recommendation becomes the outcome; it is examined again otherwise.
    pub agree: bool,
    /// Why it is sent back, at most 2,000 characters; may be absent when it is agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// `POST /v1/appeals/{id}/withdraw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawAppeal {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was looked at.
    pub seen_version: i32,
}

/// The months between the end of a place and its return that brought no money: every month after the one it ended in, up
/// to and with the one before its return. `offset_min` is the place's distance from UTC in minutes.
pub fn lost_months(ended_at: Timestamp, back_at: Timestamp, offset_min: i64) -> Vec<String> {
    (month_number(ended_at, offset_min) + 1..month_number(back_at, offset_min))
        .map(month_word)
        .collect()
}

/// The month that it is at a place, counted from the year 0.
pub(crate) fn month_number(at: Timestamp, offset_min: i64) -> i64 {
    let there = at.plus_s(60 * offset_min).as_micros();
    let day = DateTime::from_timestamp_micros(there).unwrap_or_default();
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

/// A month of [`month_number`], `YYYY-MM`.
pub(crate) fn month_word(n: i64) -> String {
    format!("{:04}-{:02}", n.div_euclid(12), n.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_was_answered_stays_answered() {
        for state in [
            AppealState::Upheld,
            AppealState::Dismissed,
            AppealState::Withdrawn,
        ] {
            for action in AppealAction::VARIANTS {
                for role in [Role::Operator, Role::Verifier, Role::Approver] {
                    assert!(
                        !matches!(step(state, *action, role), Ok(Step::To(_))),
                        "{state} {action}"
                    );
                }
            }
        }
    }

    #[test]
    fn nobody_judges_what_nobody_examined() {
        for action in [AppealAction::Uphold, AppealAction::Dismiss] {
            let done = step(AppealState::Filed, action, Role::Approver);
            assert_eq!(done, Err(Refusal::NotFrom(AppealState::Filed)));
            let done = step(AppealState::Examined, action, Role::Verifier);
            assert_eq!(done, Err(Refusal::WrongRole));
        }
    }

    #[test]
    fn lost_months_are_those_between_the_end_and_the_return() {
        let lost = |from, to| lost_months(at(from), at(to), 420);
        assert_eq!(
            lost("2026-10-15T00:00:00Z", "2026-10-20T00:00:00Z"),
            Vec::<String>::new()
        );
        assert_eq!(
            lost("2026-10-15T00:00:00Z", "2026-11-20T00:00:00Z"),
            Vec::<String>::new()
        );
        assert_eq!(
            lost("2026-10-15T00:00:00Z", "2027-02-01T00:00:00Z"),
            ["2026-11", "2026-12", "2027-01"]
        );
        // Half past six in the evening of the last day in UTC is the next month in Kediri.
        assert_eq!(
            lost("2026-10-31T18:30:00Z", "2026-12-31T18:30:00Z"),
            ["2026-12"]
        );
    }
}
