//! Separation of duty: how many persons an outcome takes. About persons, not roles: one person may hold
//! several grants, and all visits and successor cases of the period count.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What a membership gets.
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
pub enum Outcome {
    /// Layak: stays.
    Eligible,
    /// Tidak layak: proposed for cancellation.
    Ineligible,
}

/// Everybody who acted on a case, its visits and its predecessors in the period, as the journal knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acts {
    /// Who visited.
    pub visitors: Vec<UserId>,
    /// Who gave a visitor the phone or the login behind a visit: the visit may be theirs in truth.
    pub equippers: Vec<UserId>,
    /// Who accepted or agreed.
    pub reviewers: Vec<UserId>,
    /// Who decided or proposed the membership's outcome.
    pub proposers: Vec<UserId>,
}

/// Why a person may not perform an act here.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    thiserror::Error,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum DutyBreach {
    /// Who visited may not review.
    #[error("the reviewer visited this house")]
    ReviewerVisited,
    /// Who could have visited in another's name may neither review nor decide.
    #[error("this person gave the visitor the phone or the login")]
    EquippedTheVisitor,
    /// Who reviewed may not decide eligible.
    #[error("the decider reviewed the evidence")]
    DeciderReviewed,
    /// Who did anything earlier may not confirm.
    #[error("the confirmer acted on this case before")]
    ConfirmerActedBefore,
    /// Visitor, reviewer, proposer and confirmer are fewer than three persons.
    #[error("fewer than three persons stand behind this cancellation")]
    FewerThanThreePersons,
    /// Somebody has to have visited and reviewed first.
    #[error("no visit and review stand behind this")]
    NothingToStandOn,
    /// Who proposed, or saw the house, judges no proposal.
    #[error("this person proposed it or visited the house")]
    ProposerJudges,
    /// Who verified a proposal does not endorse it.
    #[error("the endorser verified it before")]
    VerifierEndorses,
}

/// May `person` review evidence gathered by `acts.visitors`?
///
/// # Errors
/// [`DutyBreach::ReviewerVisited`], [`DutyBreach::EquippedTheVisitor`].
pub fn review(acts: &Acts, person: UserId) -> Result<(), DutyBreach> {
    if acts.visitors.contains(&person) {
        return Err(DutyBreach::ReviewerVisited);
    }
    if acts.equippers.contains(&person) {
        return Err(DutyBreach::EquippedTheVisitor);
    }
    Ok(())
}

/// May `person` decide `outcome` for a membership?
///
/// # Errors
/// [`DutyBreach::NothingToStandOn`] without visit and review; [`DutyBreach::EquippedTheVisitor`];
/// [`DutyBreach::DeciderReviewed`] for an eligible outcome.
pub fn decide(acts: &Acts, person: UserId, outcome: Outcome) -> Result<(), DutyBreach> {
    if acts.visitors.is_empty() || acts.reviewers.is_empty() {
        return Err(DutyBreach::NothingToStandOn);
    }
    if acts.equippers.contains(&person) {
        return Err(DutyBreach::EquippedTheVisitor);
    }
    match outcome {
        Outcome::Eligible if acts.reviewers.contains(&person) => Err(DutyBreach::DeciderReviewed),
        Outcome::Eligible | Outcome::Ineligible => Ok(()),
    }
}

/// May `person` confirm what was proposed?
///
/// # Errors
/// [`DutyBreach::ConfirmerActedBefore`]; for a cancellation also [`DutyBreach::FewerThanThreePersons`] and
/// [`DutyBreach::NothingToStandOn`].
pub fn confirm(acts: &Acts, person: UserId, outcome: Outcome) -> Result<(), DutyBreach> {
    let earlier = || {
        acts.visitors
            .iter()
            .chain(&acts.reviewers)
            .chain(&acts.proposers)
    };
    if acts.visitors.is_empty() || acts.reviewers.is_empty() || acts.proposers.is_empty() {
        return Err(DutyBreach::NothingToStandOn);
    }
    if earlier().chain(&acts.equippers).any(|who| *who == person) {
        return Err(DutyBreach::ConfirmerActedBefore);
    }
    let mut persons: Vec<UserId> = earlier().copied().collect();
    persons.push(person);
    persons.sort_unstable();
    persons.dedup();
    match outcome {
        Outcome::Ineligible if persons.len() < 3 => Err(DutyBreach::FewerThanThreePersons),
        Outcome::Eligible | Outcome::Ineligible => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn person(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn acts(visitor: u128, reviewer: u128, proposer: u128) -> Acts {
        Acts {
            visitors: vec![person(visitor)],
            equippers: Vec::new(),
            reviewers: vec![person(reviewer)],
            proposers: vec![person(proposer)],
        }
    }

    #[test]
    fn a_cancellation_takes_three_persons_and_a_confirmer_who_is_new() {
        assert_eq!(
            confirm(&acts(1, 2, 3), person(4), Outcome::Ineligible),
            Ok(())
        );
        assert_eq!(
            confirm(&acts(1, 2, 1), person(3), Outcome::Ineligible),
            Ok(())
        );
        assert_eq!(
            confirm(&acts(1, 1, 1), person(2), Outcome::Ineligible),
            Err(DutyBreach::FewerThanThreePersons)
        );
        for earlier in 1..=3 {
            assert_eq!(
                confirm(&acts(1, 2, 3), person(earlier), Outcome::Ineligible),
                Err(DutyBreach::ConfirmerActedBefore)
            );
        }
    }

    #[test]
    fn nobody_judges_their_own_visit() {
        assert_eq!(
            review(&acts(1, 2, 3), person(1)),
            Err(DutyBreach::ReviewerVisited)
        );
        assert_eq!(
            decide(&acts(1, 2, 3), person(2), Outcome::Eligible),
            Err(DutyBreach::DeciderReviewed)
        );
    }

    #[test]
    fn who_gave_the_visitor_phone_or_login_does_nothing_more_and_counts_for_nobody() {
        let acts = Acts {
            equippers: vec![person(9)],
            ..acts(1, 2, 3)
        };
        let breach = Err(DutyBreach::EquippedTheVisitor);
        assert_eq!(review(&acts, person(9)), breach);
        for outcome in [Outcome::Eligible, Outcome::Ineligible] {
            assert_eq!(decide(&acts, person(9), outcome), breach);
            assert_eq!(
                confirm(&acts, person(9), outcome),
                Err(DutyBreach::ConfirmerActedBefore)
            );
        }
        let alone = Acts {
            reviewers: vec![person(1)],
            proposers: vec![person(1)],
            ..acts
        };
        assert_eq!(
            confirm(&alone, person(2), Outcome::Ineligible),
            Err(DutyBreach::FewerThanThreePersons)
        );
    }

    #[test]
    fn nothing_is_decided_without_a_visit_and_a_review() {
        let none = Acts::default();
        assert_eq!(
            decide(&none, person(1), Outcome::Ineligible),
            Err(DutyBreach::NothingToStandOn)
        );
        assert_eq!(
            confirm(&none, person(1), Outcome::Eligible),
            Err(DutyBreach::NothingToStandOn)
        );
    }
}
