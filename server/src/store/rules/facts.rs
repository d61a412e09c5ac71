//! What is known of the families of a village, read in columns: a statement a kind of fact, never one a family.

use std::collections::HashMap;

use chrono::Datelike as _;
use sea_orm::{FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use tilik_protocol::evaluation::{AgeSpan, FactAppeal, Facts, ReadyRule, Recorded, Whose};
use tilik_protocol::form::Answers;
use tilik_protocol::ids::FactId;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::Store;
use super::super::review::captured;
use crate::error::{Error, Result};

/// The oldest that anybody is thought to be.
const OLDEST: i32 = 130;
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

/// What of a recorded fact is kept sealed: words of people about people.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SealedFact {
    pub source: String,
    pub evidence: String,
}

impl SealedFact {
    pub(super) fn seal(&self, store: &Store, fact: Uuid) -> Result<Vec<u8>> {
        let text = serde_json::to_string(self).map_err(Error::internal)?;
        let keys = store.keys();
        Ok(keys.encrypt_field("eligibility_fact", "body", fact, &text))
    }

    pub(super) fn open(store: &Store, fact: Uuid, sealed: &[u8]) -> Result<Self> {
        let text = store
            .keys()
            .decrypt_field("eligibility_fact", "body", fact, sealed)
            .map_err(Error::internal)?;
        serde_json::from_str(&text).map_err(Error::internal)
    }
}

/// A recorded fact with whom it is about. Its words stay sealed until somebody is to read them.
#[derive(Debug, Clone)]
pub(super) struct Said {
    id: Uuid,
    person: Option<Uuid>,
    code: ReasonCode,
    appeal: FactAppeal,
    sealed: Vec<u8>,
    document: Option<String>,
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
                id: FactId(one.id),
                code: one.code.clone(),
                source: String::new(),
                evidence: String::new(),
                appeal: one.appeal,
                whose,
            });
        }
    }

    /// The number of the document that shows a recorded fact, by its place among them.
    pub(super) fn document_of(&self, fact: usize) -> Option<&String> {
        self.said.get(fact)?.document.as_ref()
    }

    /// Before its reasons are put in words, as they look from the membership that it was last seen from.
    pub(super) fn open_for_words(&mut self, store: &Store, village: &RegionCode) -> Result<()> {
        for (one, fact) in self.said.iter().zip(&mut self.facts.recorded) {
            let words = SealedFact::open(store, one.id, &one.sealed)?;
            (fact.source, fact.evidence) = (words.source, words.evidence);
        }
        let (year, month, day) = day_of(village, Timestamp::from_micros(self.recorded_at));
        self.facts.registry_of = format!("{day:02}-{month:02}-{year}");
        Ok(())
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
struct MembersRow {
    family_id: Uuid,
    years: Option<String>,
}

#[derive(FromQueryResult)]
struct BornRow {
    id: Uuid,
    family_id: Uuid,
    birth_year: i32,
    birth_date_enc: Vec<u8>,
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
    id: Uuid,
    family_id: Uuid,
    person_id: Option<Uuid>,
    code: String,
    body_enc: Vec<u8>,
    document_number: Option<String>,
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
            "SELECT e.id, e.family_id, e.person_id, e.code, e.body_enc, e.document_number, e.appeal \
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
                id: row.id,
                person: row.person_id,
                code: row.code.parse().map_err(Error::internal)?,
                // What this build does not know counts neither way.
                appeal: row.appeal.parse().unwrap_or(FactAppeal::Filed),
                sealed: row.body_enc,
                document: row.document_number,
            });
        }
        Ok(known)
    }

    /// The ages of who is alive: by the year of birth, a row a family; and where a rule hangs on the day, by the day.
    async fn members(
        &self,
        known: &mut [Known],
        place: &HashMap<Uuid, usize>,
        of: &Of,
        rules: &[&ReadyRule],
        at: Timestamp,
    ) -> Result<()> {
        let (which, values) = of.condition();
        let years = if self.is_postgres() {
            "string_agg(CAST(COALESCE(p.birth_year, 0) AS text), ',')"
        } else {
            "group_concat(COALESCE(p.birth_year, 0))"
        };
        let alive = format!("p.alive = ${} AND p.merged_into IS NULL", values.len() + 1);
        let mut values = values;
        values.push(true.into());
        let text = format!(
            "SELECT f.id AS family_id, (SELECT {years} FROM person p WHERE p.family_id = f.id AND {alive}) \
             AS years FROM family f WHERE {which}"
        );
        let today = day_of(of.village(), at);
        for row in MembersRow::find_by_statement(self.sql(&text, values.clone()))
            .all(self.read())
            .await?
        {
            let (Some(family), Some(years)) = (place.get(&row.family_id), row.years) else {
                continue;
            };
            let ages = years.split(',').map(|year| match year.parse::<i32>() {
                Ok(year) if year > 0 => AgeSpan::of_year(year, today.0),
                Ok(_) | Err(_) => AgeSpan::UNKNOWN,
            });
            known[*family].facts.members.extend(ages);
        }
        let hangs = |year: &i32| {
            let age = AgeSpan::of_year(*year, today.0);
            rules.iter().any(|rule| rule.hangs_on_day(age))
        };
        let close: Vec<String> = (today.0 - OLDEST..=today.0)
            .filter(hangs)
            .map(|year| year.to_string())
            .collect();
        if close.is_empty() {
            return Ok(());
        }
        let text = format!(
            "SELECT p.id, p.family_id, p.birth_year, p.birth_date_enc FROM family f \
             JOIN person p ON p.family_id = f.id WHERE {which} AND {alive} \
             AND p.birth_date_enc IS NOT NULL AND p.birth_year IN ({})",
            close.join(", ")
        );
        for row in BornRow::find_by_statement(self.sql(&text, values))
            .all(self.read())
            .await?
        {
            let Some(family) = place.get(&row.family_id) else {
                continue;
            };
            let plain = self
                .keys()
                .decrypt_field("person", "birth_date", row.id, &row.birth_date_enc)
                .map_err(Error::internal)?;
            let mut parts = plain.split('-').map(str::parse::<u32>);
            if let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
                (parts.next(), parts.next(), parts.next())
            {
                let born = (i32::try_from(year).unwrap_or_default(), month, day);
                let by_year = AgeSpan::of_year(row.birth_year, today.0);
                // Members have no names here: any of that year is as good as the other.
                let members = &mut known[*family].facts.members;
                if let Some(member) = members.iter_mut().find(|age| **age == by_year) {
                    *member = AgeSpan::of_date(born, today);
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
