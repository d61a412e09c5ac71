//! What the criteria of the city's rules in force say of answers. The threshold is the city's own, for the decree names
//! none; what Tilik suggests stands in only where no rule with criteria counts.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tilik_protocol::evaluation::ReadyRule;
use tilik_protocol::form::{Answers, Form, PoorPolicy};
use tilik_protocol::region::RegionCode;

use super::super::tables::rule;
use super::{body_of, forms, of_village};
use crate::error::Result;

/// Whose answers they are.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Whose<'a> {
    /// The regime of the family.
    pub regime: &'a str,
    /// Where it lives.
    pub village: &'a RegionCode,
    /// The program that is decided on; none: any.
    pub program: Option<&'a str>,
}

/// The rules in force, ready to be asked.
pub(in crate::store) struct Thresholds {
    in_force: Vec<rule::Model>,
    ready: Vec<ReadyRule>,
    forms: Vec<Form>,
}

impl Thresholds {
    pub(in crate::store) async fn in_force(on: &impl ConnectionTrait) -> Result<Self> {
        let forms = forms()?;
        let in_force = rule::Entity::find()
            .filter(rule::Column::State.eq("in_force"))
            .all(on)
            .await?;
        let ready = in_force
            .iter()
            .map(|row| Ok(ReadyRule::new(body_of(row)?, &forms)))
            .collect::<Result<_>>()?;
        Ok(Self {
            in_force,
            ready,
            forms,
        })
    }

    /// Poor, not poor, or not to be said: by the rule of the program where it has criteria, else by those of the regime, else
    /// by any of the place. Where several speak, one that says "not poor" is enough to look again.
    pub(in crate::store) fn poor(
        &self,
        whose: Whose<'_>,
        form: &Form,
        answers: &Answers,
    ) -> Option<bool> {
        let known: BTreeSet<(&str, &str)> = self
            .in_force
            .iter()
            .map(|row| (row.program.as_str(), row.regime.as_str()))
            .collect();
        let here: Vec<(&rule::Model, &ReadyRule)> = known
            .into_iter()
            .filter_map(|(program, regime)| {
                let row = of_village(&self.in_force, program, regime, whose.village)?;
                let at = self.in_force.iter().position(|one| one.id == row.id)?;
                let ready = self.ready.get(at)?;
                ready.body().poverty.as_ref()?;
                Some((row, ready))
            })
            .collect();
        let of_regime = |row: &rule::Model| row.regime == whose.regime;
        let of_program = |row: &rule::Model| {
            of_regime(row) && whose.program.is_some_and(|program| row.program == program)
        };
        let choices: [&dyn Fn(&rule::Model) -> bool; 3] =
            [&of_program, &of_regime, &|_: &rule::Model| true];
        let asked = choices.iter().find_map(|fits| {
            let some = here.iter().filter(|one| fits(one.0));
            let some: Vec<&ReadyRule> = some.map(|(_, ready)| *ready).collect();
            (!some.is_empty()).then_some(some)
        });
        let Some(asked) = asked else {
            return form.evaluate(PoorPolicy::SUGGESTED, answers).poor;
        };
        let at = self
            .forms
            .iter()
            .position(|known| known.id == form.id && known.version == form.version)?;
        let said: Vec<Option<bool>> = asked.iter().map(|rule| rule.poor(at, answers)).collect();
        if said.contains(&Some(false)) {
            Some(false)
        } else if said.contains(&None) {
            None
        } else {
            Some(true)
        }
    }
}
