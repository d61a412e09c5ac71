//! What is known of the families of a village, read in columns: a statement a kind of fact, never one a family.

use std::collections::HashMap;

use chrono::Datelike as _;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _, Value,
};
use tilik_protocol::evaluation::{AgeSpan, FactAppeal, Facts, ReadyRule, Recorded, Whose};
use tilik_protocol::form::Answers;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::Store;
use super::super::review::captured;
use super::super::tables::person;
use crate::error::{Error, Result};

/// Rows asked for by id in one statement.
const AT_ONCE: usize = 500;
const MINUTE_US: i64 = 60_000_000;

/// Which families.
#[derive(Debug, Clone)]
pub(super) enum Of {
    /// All of a village, of one regime or of any.
    Village(RegionCode, Option<String>),
    /// One, in its village.
    Family(Uuid, RegionCode),
}

impl Of {
    pub(super) fn village(&self) -> &RegionCode {
        match self {
            Self::Village(code, _) | Self::Family(_, code) => code,
        }
    }

    /// The families `f` that are meant, as a condition and its values.
    pub(super) fn condition(&self) -> (String, Vec<Value>) {
        match self {
            Self::Village(code, None) => ("f.region = $1".to_owned(), vec![code.as_str().into()]),
            Self::Village(code, Some(regime)) => (
                "f.region = $1 AND f.regime = $2".to_owned(),
                vec![code.as_str().into(), regime.as_str().into()],
            ),
            Self::Family(id, _) => ("f.id = $1".to_owned(), vec![(*id).into()]),
        }
    }
}

/// What is asked for: what no rule asks for is not read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub members: bool,
    pub answers: bool,
}

impl Wanted {
    pub(super) fn by<'a>(rules: impl IntoIterator<Item = &'a ReadyRule>) -> Self {
        let mut wanted = Self::default();
        for rule in rules {
            wanted.members |= rule.body().components.is_some();
            wanted.answers |= rule.body().poverty.is_some();
        }
        wanted
    }
}

/// A recorded fact with whom it is about.
#[derive(Debug, Clone)]
pub(super) struct Said {
    person: Option<Uuid>,
    fact: Recorded,
}

/// A family and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub id: Uuid,
    pub regime: String,
    pub facts: Facts,
    pub recorded_at: i64,
    pub visit: Option<Uuid>,
    said: Vec<Said>,
}

impl Known {
    /// The recorded facts as they look from a membership: of a person, or of the family.
    pub(super) fn seen_from(&mut self, person: Option<Uuid>) {
        self.facts.recorded.clear();
        for one in &self.said {
            let whose = match (one.person, person) {
                (None, _) => Whose::Family,
                (Some(about), Some(subject)) if about == subject => Whose::Subject,
                (Some(_), _) => Whose::Another,
            };
            self.facts.recorded.push(Recorded {
                whose,
                ..one.fact.clone()
            });
        }
    }

    /// Before its reasons are put in words.
    pub(super) fn dated(&mut self, village: &RegionCode) {
        let (year, month, day) = day_of(village, Timestamp::from_micros(self.recorded_at));
        self.facts.registry_of = format!("{day:02}-{month:02}-{year}");
    }
}

#[derive(FromQueryResult)]
struct FamilyRow {
    id: Uuid,
    regime: String,
    decile: Option<i32>,
    recorded_at: i64,
}

#[derive(FromQueryResult)]
struct MemberRow {
    id: Uuid,
    family_id: Uuid,
    birth_year: Option<i32>,
}

#[derive(FromQueryResult)]
struct AnswerRow {
    family_id: Uuid,
    visit_id: Uuid,
    captured_at: i64,
    received_at: i64,
    form_id: Option<String>,
    form_version: Option<i32>,
    answers_enc: Vec<u8>,
}

#[derive(FromQueryResult)]
struct SaidRow {
    family_id: Uuid,
    person_id: Option<Uuid>,
    code: String,
    source: String,
    evidence: String,
    appeal: String,
}

/// The day in a region's own time.
pub(in crate::store) fn day_of(region: &RegionCode, at: Timestamp) -> (i32, u32, u32) {
    let there = at.as_micros() + region.utc_offset_min() * MINUTE_US;
    let day = chrono::DateTime::from_timestamp_micros(there).unwrap_or_default();
    (day.year(), day.month(), day.day())
}

impl Store {
    /// What is known now of the families that are meant, by their ids.
    pub(super) async fn known(
        &self,
        of: &Of,
        wanted: Wanted,
        rules: &[&ReadyRule],
        at: Timestamp,
    ) -> Result<Vec<Known>> {
        let (which, values) = of.condition();
        let text = format!(
            "SELECT f.id, f.regime, f.decile, f.recorded_at FROM family f WHERE {which} ORDER BY f.id"
        );
        let rows = FamilyRow::find_by_statement(self.sql(&text, values.clone()))
            .all(self.read())
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut known: Vec<Known> = rows
            .into_iter()
            .map(|row| Known {
                id: row.id,
                regime: row.regime,
                facts: Facts {
                    decile: row.decile.and_then(|decile| u8::try_from(decile).ok()),
                    ..Facts::default()
                },
                recorded_at: row.recorded_at,
                visit: None,
                said: Vec::new(),
            })
            .collect();
        let place: HashMap<Uuid, usize> = known
            .iter()
            .enumerate()
            .map(|(n, one)| (one.id, n))
            .collect();
        if wanted.members {
            self.members(&mut known, &place, of, rules, at).await?;
        }
        if wanted.answers {
            self.answers(&mut known, &place, of).await?;
        }
        let n = values.len() + 1;
        let text = format!(
            "SELECT e.family_id, e.person_id, e.code, e.source, e.evidence, e.appeal \
             FROM eligibility_fact e JOIN family f ON f.id = e.family_id WHERE {which} \
             AND e.valid_from <= ${n} AND (e.valid_until IS NULL OR e.valid_until > ${n}) \
             ORDER BY e.recorded_at, e.id"
        );
        let mut values = values;
        values.push(at.as_micros().into());
        for row in SaidRow::find_by_statement(self.sql(&text, values))
            .all(self.read())
            .await?
        {
            let Some(one) = place.get(&row.family_id).map(|n| &mut known[*n]) else {
                continue;
            };
            one.said.push(Said {
                person: row.person_id,
                fact: Recorded {
                    code: row.code.parse().map_err(Error::internal)?,
                    source: row.source,
                    evidence: row.evidence,
                    appeal: row.appeal.parse().unwrap_or(FactAppeal::Filed),
                    whose: Whose::Family,
                },
            });
        }
        Ok(known)
    }

    /// The ages of who is alive: by the year of birth, and where a rule hangs on the day, by the day.
    async fn members(
        &self,
        known: &mut [Known],
        place: &HashMap<Uuid, usize>,
        of: &Of,
        rules: &[&ReadyRule],
        at: Timestamp,
    ) -> Result<()> {
        let (which, values) = of.condition();
        let text = format!(
            "SELECT p.id, p.family_id, p.birth_year FROM person p JOIN family f ON f.id = p.family_id \
             WHERE {which} AND p.alive = $n AND p.merged_into IS NULL"
        );
        let text = text.replace("$n", &format!("${}", values.len() + 1));
        let mut values = values;
        values.push(true.into());
        let today = day_of(of.village(), at);
        let mut close: HashMap<Uuid, (usize, usize)> = HashMap::new();
        for row in MemberRow::find_by_statement(self.sql(&text, values))
            .all(self.read())
            .await?
        {
            let Some(family) = place.get(&row.family_id) else {
                continue;
            };
            let age = row
                .birth_year
                .map_or(AgeSpan::UNKNOWN, |born| AgeSpan::of_year(born, today.0));
            let members = &mut known[*family].facts.members;
            members.push(age);
            if row.birth_year.is_some() && rules.iter().any(|rule| rule.hangs_on_day(age)) {
                close.insert(row.id, (*family, members.len() - 1));
            }
        }
        let ids: Vec<Uuid> = close.keys().copied().collect();
        for some in ids.chunks(AT_ONCE) {
            let sealed: Vec<(Uuid, Option<Vec<u8>>)> = person::Entity::find()
                .select_only()
                .columns([person::Column::Id, person::Column::BirthDateEnc])
                .filter(person::Column::Id.is_in(some.iter().copied()))
                .into_tuple()
                .all(self.read())
                .await?;
            for (id, sealed) in sealed {
                let (Some(sealed), Some((family, member))) = (sealed, close.get(&id)) else {
                    continue;
                };
                let plain = self
                    .keys()
                    .decrypt_field("person", "birth_date", id, &sealed)
                    .map_err(Error::internal)?;
                let mut parts = plain.split('-').map(str::parse::<u32>);
                if let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
                    (parts.next(), parts.next(), parts.next())
                {
                    let born = (i32::try_from(year).unwrap_or_default(), month, day);
                    known[*family].facts.members[*member] = AgeSpan::of_date(born, today);
                }
            }
        }
        Ok(())
    }

    /// The answers of the newest visit that stands, to the house where the family lives now: a house that it left says
    /// nothing of it any more.
    async fn answers(
        &self,
        known: &mut [Known],
        place: &HashMap<Uuid, usize>,
        of: &Of,
    ) -> Result<()> {
        let (which, values) = of.condition();
        let text = format!(
            "SELECT f.id AS family_id, v.id AS visit_id, v.captured_at, v.received_at, v.form_id, \
             v.form_version, v.answers_enc FROM family f \
             JOIN verification_case c ON c.family_id = f.id AND c.house_id = f.house_id \
             JOIN visit v ON v.id = c.current_visit WHERE {which} \
             AND c.state IN ('accepted', 'awaiting_approval', 'decided') AND c.accepted_basis = 'visit' \
             AND v.answers_enc IS NOT NULL"
        );
        let rows = AnswerRow::find_by_statement(self.sql(&text, values))
            .all(self.read())
            .await?;
        let mut newest: HashMap<usize, AnswerRow> = HashMap::with_capacity(rows.len());
        for row in rows {
            let Some(family) = place.get(&row.family_id) else {
                continue;
            };
            let at = |row: &AnswerRow| (captured(row.captured_at, row.received_at), row.visit_id);
            if newest.get(family).is_none_or(|known| at(known) < at(&row)) {
                newest.insert(*family, row);
            }
        }
        let forms = super::forms()?;
        for (family, row) in newest {
            let form = forms.iter().position(|form| {
                Some(form.id.as_str()) == row.form_id.as_deref()
                    && i32::try_from(form.version).ok() == row.form_version
            });
            let Some(form) = form else {
                continue;
            };
            let plain = self
                .keys()
                .decrypt_field("visit", "answers", row.visit_id, &row.answers_enc)
                .map_err(Error::internal)?;
            if let Ok(answers) = serde_json::from_str::<Answers>(&plain) {
                known[family].facts.answers = Some((form, answers));
                known[family].visit = Some(row.visit_id);
            }
        }
        Ok(())
    }
}
