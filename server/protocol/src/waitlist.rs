//! In which order families wait for a place: data of the program, changed by a file that an approver confirms.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that ranks a family. Named as the column of a waitlist's file that tells it.
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
pub enum Criterion {
    /// The lower decile comes first; a family that is not ranked yet comes last.
    #[strum(serialize = "desil")]
    Decile,
    /// The more of the nine indicators of Kepmensos 262/HUK/2022 are met, the earlier.
    #[strum(serialize = "indikator_262")]
    Indicators,
    /// Somebody old, disabled or under five in the family.
    #[strum(serialize = "rentan")]
    Vulnerable,
    /// The earlier proposed, the earlier; without a day last.
    #[strum(serialize = "tanggal_usulan")]
    ProposedOn,
}

/// What is known of a family that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitFacts {
    /// 1 to 10.
    pub decile: Option<i32>,
    /// 0 to 9.
    pub indicators: Option<i32>,
    /// Somebody old, disabled or under five.
    pub vulnerable: bool,
    /// The day as a number that grows with it, such as 20261129.
    pub proposed_on: Option<i32>,
}

/// Criteria, the weightiest first; each at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitlistOrder(Vec<Criterion>);

impl WaitlistOrder {
    /// Which of two families comes first.
    pub fn compare(&self, one: &WaitFacts, other: &WaitFacts) -> Ordering {
        let first = |criterion: &Criterion| match criterion {
            Criterion::Decile => last_if_none(one.decile, other.decile),
            Criterion::Indicators => {
                Reverse(one.indicators.unwrap_or(0)).cmp(&Reverse(other.indicators.unwrap_or(0)))
            }
            Criterion::Vulnerable => other.vulnerable.cmp(&one.vulnerable),
            Criterion::ProposedOn => last_if_none(one.proposed_on, other.proposed_on),
        };
        self.0
            .iter()
            .map(first)
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

fn last_if_none(one: Option<i32>, other: Option<i32>) -> Ordering {
    one.unwrap_or(i32::MAX).cmp(&other.unwrap_or(i32::MAX))
}

impl Default for WaitlistOrder {
    /// Decile, then indicators, then who is vulnerable, then the day of the proposal.
    fn default() -> Self {
        Self(vec![
            Criterion::Decile,
            Criterion::Indicators,
            Criterion::Vulnerable,
            Criterion::ProposedOn,
        ])
    }
}

impl fmt::Display for WaitlistOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, criterion) in self.0.iter().enumerate() {
            write!(f, "{}{criterion}", if n == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// No such order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOrder;

impl FromStr for WaitlistOrder {
    type Err = NoOrder;

    fn from_str(text: &str) -> Result<Self, NoOrder> {
        let mut criteria: Vec<Criterion> = Vec::new();
        for word in text.split([',', ';', '>']) {
            let criterion = word.trim().to_lowercase().parse().map_err(|_| NoOrder)?;
            if criteria.contains(&criterion) {
                return Err(NoOrder);
            }
            criteria.push(criterion);
        }
        Ok(Self(criteria))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(decile: Option<i32>, indicators: i32) -> WaitFacts {
        WaitFacts {
            decile,
            indicators: Some(indicators),
            ..WaitFacts::default()
        }
    }

    #[test]
    fn the_weightiest_criterion_decides_and_the_next_one_only_where_both_are_alike() {
        let order = WaitlistOrder::default();
        let before = |one, other| order.compare(&one, &other) == Ordering::Less;
        assert!(before(facts(Some(1), 0), facts(Some(2), 9)));
        assert!(before(facts(Some(2), 5), facts(Some(2), 4)));
        assert!(
            before(facts(Some(10), 0), facts(None, 9)),
            "not ranked yet comes last"
        );
        let old = WaitFacts {
            vulnerable: true,
            ..facts(Some(2), 4)
        };
        assert!(before(old, facts(Some(2), 4)));
        let early = WaitFacts {
            proposed_on: Some(3),
            ..facts(Some(2), 4)
        };
        assert!(before(early, facts(Some(2), 4)), "without a day comes last");
        assert_eq!(order.compare(&early, &early), Ordering::Equal);
    }

    #[test]
    fn another_order_is_another_first() {
        let order: WaitlistOrder = " Indikator_262 > desil ".parse().unwrap();
        assert_eq!(order.to_string(), "indikator_262,desil");
        assert_eq!(
            order.compare(&facts(Some(1), 0), &facts(Some(2), 9)),
            Ordering::Greater
        );
    }

    #[test]
    fn what_names_no_criterion_or_one_twice_is_no_order() {
        for text in ["", "desil,", "desil,desil", "umur", "desil indikator_262"] {
            assert_eq!(text.parse::<WaitlistOrder>(), Err(NoOrder), "{text:?}");
        }
    }
}
