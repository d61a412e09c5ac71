//! Persons who may be one: one NIK, or one name and birth date. Found when somebody is registered, corrected or imported; never
//! merged by themselves: people judge, and merge or correct by an act of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set,
    Value,
};
use tilik_protocol::family::{
    DecideDuplicate, DuplicateKind, DuplicateSide, DuplicateVerdict, DuplicateView,
};
use tilik_protocol::ids::{DuplicateId, FamilyId, PersonId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::case_view::masked;
use super::families::region_code;
use super::imports::{behind, name_key};
use super::journal::Entry;
use super::sounding::Text;
use super::tables::{duplicate, family, person};
use super::write::{Seen, Write};
use super::{Acting, Store};
use crate::error::{Error, Result};

/// With more who are alike, nobody is one of two.
const CROWD: usize = 5;
/// So many of one name and birth year are looked at, first come first.
const NAMESAKES: u32 = 500;

/// A text of a sealed cell.
fn opened(store: &Store, column: &str, id: Uuid, cell: Option<&Vec<u8>>) -> Result<Option<String>> {
    let Some(sealed) = cell else {
        return Ok(None);
    };
    let plain = store.keys().decrypt_field("person", column, id, sealed);
    Ok(Some(plain.map_err(Error::internal)?.to_string()))
}

/// What tells persons of one name apart.
struct Marks {
    birth: Option<String>,
    mother: Option<String>,
}

impl Marks {
    fn of(store: &Store, row: &person::Model) -> Result<Self> {
        let mother = opened(store, "mother", row.id, row.mother_enc.as_ref())?;
        Ok(Self {
            birth: opened(store, "birth_date", row.id, row.birth_date_enc.as_ref())?,
            mother: mother.map(|name| name_key(&name)),
        })
    }

    /// Whether two persons of one name may be one: born on one day, and no mothers of two names.
    fn fit(&self, other: &Self) -> bool {
        let mothers = (&self.mother, &other.mother);
        self.birth.is_some()
            && self.birth == other.birth
            && !matches!(mothers, (Some(one), Some(other)) if one != other)
    }
}

/// Of a crowd only the first: many of one name and day, or of one number, were made up to fill a field, and of a hundred of
/// them nobody judges five thousand pairs.
fn few(alike: Vec<Uuid>) -> impl Iterator<Item = Uuid> {
    let most = if alike.len() > CROWD { 1 } else { CROWD };
    alike.into_iter().take(most)
}

/// Looks for others who may be these persons, and puts each pair into the queue once.
pub(super) async fn look_for(write: &Write, suspects: Vec<Uuid>) -> Result<()> {
    let store = write.store();
    let mut pairs: BTreeMap<(Uuid, Uuid), DuplicateKind> = BTreeMap::new();
    for some in suspects.chunks(250) {
        let rows = person::Entity::find()
            .filter(person::Column::Id.is_in(some.iter().copied()))
            .filter(person::Column::MergedInto.is_null())
            .all(write.on())
            .await?;
        // By name and birth date first: that the NIK is one too says more, and is told instead.
        let living: Vec<&person::Model> = rows
            .iter()
            .filter(|row| row.alive && row.birth_year.is_some())
            .collect();
        if !living.is_empty() {
            let mut named: HashMap<_, Vec<(Uuid, Marks)>> = HashMap::new();
            for row in namesakes(write, &living).await? {
                let marks = Marks::of(store, &row)?;
                let known = named.entry((row.name_key, row.birth_year));
                known.or_default().push((row.id, marks));
            }
            for row in &living {
                let mine = Marks::of(store, row)?;
                let key = (row.name_key.clone(), row.birth_year);
                let others = named.get(&key).into_iter().flatten();
                let alike = others.filter(|(id, marks)| *id != row.id && mine.fit(marks));
                for other in few(alike.map(|(id, _)| *id).collect()) {
                    pairs.insert(pair(row.id, other), DuplicateKind::NameAndBirth);
                }
            }
        }
        let mut niks: HashMap<String, Vec<Uuid>> = HashMap::new();
        for row in &rows {
            if let Some(nik) = opened(store, "nik", row.id, row.nik_enc.as_ref())? {
                niks.entry(nik).or_default().push(row.id);
            }
        }
        let keys = store.keys();
        let numbers = niks.keys().map(String::as_str);
        let found = behind(write.on(), "nik", numbers, |nik| {
            keys.blind_nik_candidates(nik)
        })
        .await?;
        for (nik, mine) in &niks {
            for row in mine {
                let others = found.get(nik).into_iter().flatten();
                for other in few(others.copied().filter(|other| other != row).collect()) {
                    pairs.insert(pair(*row, other), DuplicateKind::Nik);
                }
            }
        }
    }
    keep(write, pairs).await
}

fn pair(one: Uuid, other: Uuid) -> (Uuid, Uuid) {
    (one.min(other), one.max(other))
}

/// Living persons with one of these names and birth years.
async fn namesakes(write: &Write, of: &[&person::Model]) -> Result<Vec<person::Model>> {
    let wanted: HashSet<(&str, Option<i32>)> = of
        .iter()
        .map(|row| (row.name_key.as_str(), row.birth_year))
        .collect();
    let mut values: Vec<Value> = Vec::new();
    let mut tuples = Vec::new();
    for (name, year) in wanted {
        values.extend([name.into(), year.unwrap_or(0).into()]);
        tuples.push(format!("(${}, ${})", values.len() - 1, values.len()));
    }
    // Of a pair of columns, so that the index answers for both at once.
    let text = format!(
        "SELECT * FROM (SELECT person.*, ROW_NUMBER() OVER (PARTITION BY name_key, birth_year ORDER BY id) AS place \
         FROM person WHERE (name_key, birth_year) IN (VALUES {}) AND alive AND merged_into IS NULL) AS named \
         WHERE place <= {NAMESAKES} ORDER BY id",
        tuples.join(", ")
    );
    Ok(person::Entity::find()
        .from_raw_sql(write.store().sql(&text, values))
        .all(write.on())
        .await?)
}

/// Those of two families that are kept, each pair once, whatever was judged of it before.
async fn keep(write: &Write, pairs: BTreeMap<(Uuid, Uuid), DuplicateKind>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let persons: HashSet<Uuid> = pairs.keys().flat_map(|(a, b)| [*a, *b]).collect();
    let kept = kept_families(write.on(), persons).await?;
    let at = write.at().as_micros();
    let mut rows = Vec::new();
    for ((one, other), kind) in pairs {
        if kept.contains_key(&one) && kept.contains_key(&other) {
            let id: DuplicateId = write.store().ids().next();
            rows.push(duplicate::ActiveModel {
                id: Set(id.into()),
                kind: Set(kind.to_string()),
                one_id: Set(one),
                other_id: Set(other),
                found_at: Set(at),
                verdict: Set(None),
                decided_by: Set(None),
                decided_at: Set(None),
            });
        }
    }
    for some in rows.chunks(500) {
        let known = OnConflict::columns([duplicate::Column::OneId, duplicate::Column::OtherId])
            .do_nothing()
            .to_owned();
        duplicate::Entity::insert_many(some.to_vec())
            .on_conflict(known)
            .exec_without_returning(write.on())
            .await?;
    }
    Ok(())
}

/// People said by an act of theirs that two rows are one person: nobody is asked about the pair any more.
pub(super) async fn judged_one(write: &Write, one: Uuid, other: Uuid) -> Result<()> {
    let (one, other) = pair(one, other);
    duplicate::Entity::update_many()
        .col_expr(
            duplicate::Column::Verdict,
            Expr::value(DuplicateVerdict::Same.to_string()),
        )
        .col_expr(
            duplicate::Column::DecidedBy,
            Expr::value(write.actor().user().map(Uuid::from)),
        )
        .col_expr(
            duplicate::Column::DecidedAt,
            Expr::value(write.at().as_micros()),
        )
        .filter(duplicate::Column::OneId.eq(one))
        .filter(duplicate::Column::OtherId.eq(other))
        .filter(duplicate::Column::Verdict.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// Of these persons those whose family is kept and who were not judged to be somebody else, with both.
async fn kept_families(
    on: &impl ConnectionTrait,
    persons: HashSet<Uuid>,
) -> Result<HashMap<Uuid, (person::Model, family::Model)>> {
    let ids: Vec<Uuid> = persons.into_iter().collect();
    let mut kept = HashMap::new();
    for some in ids.chunks(500) {
        let rows = person::Entity::find()
            .filter(person::Column::Id.is_in(some.iter().copied()))
            .filter(person::Column::MergedInto.is_null())
            .all(on)
            .await?;
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(rows.iter().map(|row| row.family_id)))
            .filter(family::Column::ClosedAt.is_null())
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        for row in rows {
            if let Some(home) = families.get(&row.family_id) {
                kept.insert(row.id, (row, home.clone()));
            }
        }
    }
    Ok(kept)
}

impl Acting {
    /// Pairs of which one is in reach: those that nobody judged, or those judged to be one and not merged yet. Oldest first.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn duplicates(
        &self,
        verdict: Option<DuplicateVerdict>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<DuplicateView>> {
        self.actor.require(Permission::MaintainFamilies)?;
        let mine = self.actor.regions(Permission::MaintainFamilies);
        let mut at: Option<(i64, Uuid)> = None;
        if let Some(after) = after {
            let place = after
                .split_once('.')
                .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, Uuid::parse_str(id).ok()?)));
            at = Some(place.ok_or(Error::Refused(ProblemCode::BadCursor))?);
        }
        let mut text = Text::default();
        let judged = match verdict {
            None => "d.verdict IS NULL".to_owned(),
            Some(one) => format!("d.verdict = {}", text.put(one.to_string())),
        };
        let reached = [
            text.within("f.region", &mine),
            text.within("g.region", &mine),
        ]
        .join(" OR ");
        let later = match at {
            None => "TRUE".to_owned(),
            Some((found, id)) => {
                let (found, id) = (text.put(found), text.put(id));
                format!("(d.found_at > {found} OR (d.found_at = {found} AND d.id > {id}))")
            }
        };
        let most = text.put(i64::try_from(limit + 1).unwrap_or(i64::MAX));
        // Judged by the database, so that of what lies elsewhere nothing is fetched.
        let statement = format!(
            "SELECT d.* FROM duplicate d \
             JOIN person p ON p.id = d.one_id JOIN family f ON f.id = p.family_id \
             JOIN person q ON q.id = d.other_id JOIN family g ON g.id = q.family_id \
             WHERE {judged} AND {later} AND p.merged_into IS NULL AND q.merged_into IS NULL \
             AND f.closed_at IS NULL AND g.closed_at IS NULL AND ({reached}) \
             ORDER BY d.found_at, d.id LIMIT {most}"
        );
        let mut rows = duplicate::Entity::find()
            .from_raw_sql(self.store.sql(&statement, text.values))
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| format!("{}.{}", row.found_at, row.id));
        let persons = rows.iter().flat_map(|row| [row.one_id, row.other_id]);
        let kept = kept_families(self.store.read(), persons.collect()).await?;
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            // Merged since the page was read.
            let sides = (kept.get(&row.one_id), kept.get(&row.other_id));
            let (Some(one), Some(other)) = sides else {
                continue;
            };
            let reach = |home: &family::Model| -> Result<bool> {
                let region = region_code(&home.region)?;
                Ok(mine.iter().any(|code| code.covers(&region)))
            };
            let within = (reach(&one.1)?, reach(&other.1)?);
            for (side, within) in [(one, within.0), (other, within.1)] {
                if within {
                    reads.push(self.duplicate_read(&side.1)?);
                }
            }
            items.push(DuplicateView {
                id: DuplicateId(row.id),
                kind: Lenient::<DuplicateKind>::read(&row.kind),
                found_at: Timestamp::from_micros(row.found_at),
                verdict: row.verdict.as_deref().map(Lenient::read),
                may_decide: within == (true, true),
                one: self.side(one, within.0)?,
                other: self.side(other, within.1)?,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    fn duplicate_read(&self, home: &family::Model) -> Result<Read> {
        let region: RegionCode = region_code(&home.region)?;
        Ok(Read {
            kind: "family",
            id: home.id,
            what: "duplicate",
            mode: Mode::Served,
            role: self.reading_in(&region)?,
            purpose: None,
        })
    }

    /// What is told of one side: of somebody out of reach only where they are kept.
    fn side(
        &self,
        (row, home): &(person::Model, family::Model),
        within: bool,
    ) -> Result<DuplicateSide> {
        let region = region_code(&home.region)?;
        if !within {
            return Ok(DuplicateSide {
                region,
                family: None,
                version: None,
                head: None,
                person: None,
                name: None,
                nik_masked: None,
                birth_year: None,
                relation: None,
                address: None,
            });
        }
        let nik = opened(&self.store, "nik", row.id, row.nik_enc.as_ref())?;
        Ok(DuplicateSide {
            region,
            family: Some(FamilyId(home.id)),
            version: Some(home.version),
            head: Some(home.name.clone()),
            person: Some(PersonId(row.id)),
            name: Some(row.name.clone()),
            nik_masked: nik.map(|nik| masked(&nik)),
            birth_year: row.birth_year.and_then(|year| i16::try_from(year).ok()),
            relation: Some(row.relation.clone()),
            address: Some(home.address.clone()),
        })
    }

    /// Says of two persons whether they are one. Nothing is merged by it.
    ///
    /// # Errors
    /// `not_found`; `forbidden` when only one of them is in reach; `wrong_moment` when it was judged.
    pub async fn decide_duplicate(&self, id: DuplicateId, body: DecideDuplicate) -> Result<()> {
        self.actor.require(Permission::MaintainFamilies)?;
        let mut write = self.begin().await?;
        let row = duplicate::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let persons = person::Entity::find()
            .filter(person::Column::Id.is_in([row.one_id, row.other_id]))
            .all(write.on())
            .await?;
        let homes = family::Entity::find()
            .filter(family::Column::Id.is_in(persons.iter().map(|one| one.family_id)))
            .all(write.on())
            .await?;
        let mut roles = Vec::new();
        let mut places = BTreeSet::new();
        for home in &homes {
            let region = region_code(&home.region)?;
            places.insert(region.clone());
            roles.push(self.actor.role_in(Permission::MaintainFamilies, &region));
        }
        if roles.iter().all(Option::is_none) {
            return Err(Error::NOT_FOUND);
        }
        let roles: Option<Vec<_>> = roles.into_iter().collect();
        let role = roles.and_then(|roles| roles.first().copied());
        let role = role.ok_or(Error::Refused(ProblemCode::Forbidden))?;
        let object = format!("duplicate:{id}");
        let seen = write
            .once(body.event_id, "duplicate.decide", &object, &body)
            .await?;
        if seen == Seen::Before {
            return Ok(());
        }
        if row.verdict.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        // Of a pair in two villages nobody stands in for somebody of one of them.
        if let (Some(region), true) = (places.pop_first(), places.is_empty()) {
            write.acts_in(region);
        }
        write.journal(Entry::new(
            "duplicate.decide",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "verdict": body.verdict, "kind": row.kind,
                "one": PersonId(row.one_id), "other": PersonId(row.other_id) }),
        )?);
        let mut active: duplicate::ActiveModel = row.into();
        active.verdict = Set(Some(body.verdict.to_string()));
        active.decided_by = Set(self.actor.user().map(Into::into));
        active.decided_at = Set(Some(write.at().as_micros()));
        active.update(write.on()).await?;
        write.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_who_are_alike_are_all_told_and_of_a_crowd_the_first() {
        let alike = |n: u128| -> Vec<Uuid> { (1..=n).map(Uuid::from_u128).collect() };
        let told = |n: u128| few(alike(n)).count();
        assert_eq!((told(0), told(1), told(5)), (0, 1, 5));
        assert_eq!(few(alike(6)).collect::<Vec<_>>(), alike(1));
        assert_eq!(told(10_000), 1);
    }

    #[test]
    fn persons_of_one_name_are_told_apart_by_day_or_mother() {
        let marks = |birth: Option<&str>, mother: Option<&str>| Marks {
            birth: birth.map(str::to_owned),
            mother: mother.map(str::to_owned),
        };
        let one = marks(Some("1980-12-12"), Some("sumarni"));
        assert!(one.fit(&marks(Some("1980-12-12"), None)));
        assert!(one.fit(&marks(Some("1980-12-12"), Some("sumarni"))));
        assert!(!one.fit(&marks(Some("1980-12-12"), Some("partini"))));
        assert!(!one.fit(&marks(Some("1980-12-13"), Some("sumarni"))));
        // Nothing known of either day is nothing in common.
        assert!(!marks(None, None).fit(&marks(None, None)));
    }
}
