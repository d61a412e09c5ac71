//! Families by a member's name as it sounds and when they were born: spelled otherwise, or one year beside, and found all the
//! same.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};
use tilik_protocol::ids::FamilyId;
use tilik_protocol::lookup::{FamilyRow, FoundIn, SearchFamilies};
use tilik_protocol::names;
use tilik_protocol::nik::Day;
use tilik_protocol::policy::Permission;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use uuid::Uuid;

use super::Acting;
use super::families::region_code;
use super::imports::holds;
use super::overview::within;
use super::tables::{family, person};
use crate::error::{Error, Result};

/// So many of those who sound so are looked at letter by letter.
const LOOKED_AT: usize = 2_000;
/// With so many who sound so in every word, nobody is looked for who does in all but one.
const ENOUGH: usize = 5;

/// When somebody was born, as far as it is known.
#[derive(Debug, Clone, Copy)]
struct Born {
    year: u32,
    day: Option<Day>,
}

fn born(text: &str) -> Option<Born> {
    let text = text.trim();
    if text.len() == 4 {
        let year = text
            .parse()
            .ok()
            .filter(|year| (1900..=2100).contains(year))?;
        return Some(Born { year, day: None });
    }
    let day = Day::read(text)?;
    Some(Born {
        year: day.year,
        day: Some(day),
    })
}

/// A statement being put together.
#[derive(Default)]
pub(super) struct Text {
    pub values: Vec<Value>,
}

impl Text {
    pub(super) fn put(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> String {
        let values: Vec<String> = values.into_iter().map(|value| self.put(value)).collect();
        values.join(", ")
    }

    /// `column` lies in one of `regions` or below.
    pub(super) fn within(&mut self, column: &str, regions: &[RegionCode]) -> String {
        if regions.is_empty() {
            return "1 = 0".to_owned();
        }
        let each: Vec<String> = regions
            .iter()
            .map(|code| {
                let this = self.put(code.as_str());
                let (from, to) = (self.put(format!("{code}.")), self.put(format!("{code}/")));
                format!("{column} = {this} OR ({column} >= {from} AND {column} < {to})")
            })
            .collect();
        format!("({})", each.join(" OR "))
    }
}

impl Acting {
    /// Families of persons in reach whose names sound like `text`, the likest first. One page, without a next.
    ///
    /// # Errors
    /// `invalid`.
    pub(super) async fn families_sounding(
        &self,
        body: &SearchFamilies,
        text: &str,
        when: &str,
        limit: u64,
    ) -> Result<Page<FamilyRow>> {
        let when = born(when).ok_or_else(|| {
            Error::field(
                "born",
                "not_a_date",
                "Isi tahun lahir seperti 1980, atau tanggal lahir seperti 31-12-1980.",
            )
        })?;
        let words = names::sounds_of_words(text);
        if words.is_empty() {
            return Err(Error::field(
                "text",
                "too_short",
                "Tulis nama yang dicari bersama tahun atau tanggal lahirnya.",
            ));
        }
        // Only where both the actor and the question reach.
        let mine = self.actor.regions(Permission::ReadCases);
        let regions = within(mine, body.region.as_ref());
        let mut found = self
            .who_sound(&words, words.len(), when, 1, &regions)
            .await?;
        if found.len() < ENOUGH && words.len() > 1 {
            let further = self.who_sound(&words, words.len() - 1, when, 0, &regions);
            found.extend(further.await?);
        }
        let mut ranked = Vec::new();
        let mut met = HashSet::new();
        for row in found {
            if !met.insert(row.id) {
                continue;
            }
            let mut rank = names::likeness(text, &row.name);
            if row.birth_year == i32::try_from(when.year).ok() {
                rank += 100;
            }
            if let Some(day) = when.day {
                let sealed = row.birth_date_enc.as_ref();
                let day = day.to_string();
                if holds(&self.store, "person", "birth_date", row.id, sealed, &day)? {
                    rank += 400;
                }
            }
            ranked.push((rank, row));
        }
        ranked.sort_by(|(one, a), (other, b)| other.cmp(one).then(a.id.cmp(&b.id)));
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut families: Vec<(Uuid, person::Model)> = Vec::new();
        for (_, row) in ranked {
            if families.len() == most {
                break;
            }
            if families.iter().all(|(family, _)| *family != row.family_id) {
                families.push((row.family_id, row));
            }
        }
        self.sounding_rows(families).await
    }

    async fn sounding_rows(&self, found: Vec<(Uuid, person::Model)>) -> Result<Page<FamilyRow>> {
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(found.iter().map(|(id, _)| *id)))
            .all(self.store.read())
            .await?;
        let place = |id: Uuid| found.iter().position(|(family, _)| *family == id);
        let mut rows = rows;
        rows.sort_by_key(|row| place(row.id));
        let mut reads = rows
            .iter()
            .map(|row| self.family_read(row.id, &region_code(&row.region)?, "family_row"))
            .collect::<Result<Vec<_>>>()?;
        if rows.is_empty() {
            reads.extend(self.nobody_found(Permission::ReadCases, "family_text_unknown", None));
        }
        let mut items = self.family_rows(rows).await?;
        for item in &mut items {
            let person = found.iter().find(|(id, _)| FamilyId(*id) == item.id);
            if let Some((_, person)) = person
                && person.name != item.name
            {
                item.found_in = Some(FoundIn::Member {
                    name: person.name.clone(),
                });
            }
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next: None })
    }

    /// Persons who sound so in at least `least` words, born up to `beside` years beside that one.
    async fn who_sound(
        &self,
        words: &[Vec<String>],
        least: usize,
        when: Born,
        beside: u32,
        regions: &[RegionCode],
    ) -> Result<Vec<person::Model>> {
        let (statement, values) = who_sound(words, least, when, beside, regions);
        Ok(person::Entity::find()
            .from_raw_sql(self.store.sql(&statement, values))
            .all(self.store.read())
            .await?)
    }
}

/// The question for [`Acting::who_sound`], and what it is asked with.
fn who_sound(
    words: &[Vec<String>],
    least: usize,
    when: Born,
    beside: u32,
    regions: &[RegionCode],
) -> (String, Vec<Value>) {
    let mut text = Text::default();
    let years: Vec<i32> = (when.year - beside..=when.year + beside)
        .filter_map(|year| i32::try_from(year).ok())
        .collect();
    let each: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(n, keys)| {
            let sounds = text.list(keys.iter().map(String::as_str));
            let years = text.list(years.iter().copied());
            format!(
                "SELECT DISTINCT {n} AS word, person_id FROM person_sound \
                     WHERE sound IN ({sounds}) AND birth_year IN ({years})"
            )
        })
        .collect();
    let least = i64::try_from(least).unwrap_or(i64::MAX);
    let least = text.put(least);
    let within = text.within("f.region", regions);
    let most = text.put(i64::try_from(LOOKED_AT).unwrap_or(i64::MAX));
    let statement = format!(
        "SELECT p.* FROM (SELECT person_id, COUNT(*) AS words FROM ({}) AS heard \
             GROUP BY person_id HAVING COUNT(*) >= {least}) AS g \
             JOIN person p ON p.id = g.person_id JOIN family f ON f.id = p.family_id \
             WHERE p.merged_into IS NULL AND f.closed_at IS NULL AND {within} \
             ORDER BY g.words DESC, p.id LIMIT {most}",
        each.join(" UNION ALL ")
    );
    (statement, text.values)
}
