//! Quotas as they stand, counted from the slots themselves, who waits for one, and families with a place in more than one
//! program.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
};
use tilik_protocol::ids::{FamilyId, MembershipId, PersonId};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::quota::{
    Overlap, OverlapFamily, Overlaps, QuotaRow, QuotaTotal, Quotas, WaitlistRow, WaitlistView,
};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::access::{Mode, Read};
use super::families::region_code;
use super::overview::{Values, within};
use super::tables::{family, person, waitlist, waitlist_entry};
use crate::error::{Error, Result};

/// Where a place is somebody's.
const PLACES: &str = "('candidate', 'designated', 'active', 'suspended')";

#[derive(FromQueryResult)]
struct Counted {
    program: String,
    fund: String,
    region: String,
    slots: i64,
    held: i64,
    reserved: i64,
    free: i64,
}

#[derive(FromQueryResult)]
struct Listed {
    program: String,
    region: String,
    frozen_at: Option<i64>,
    waiting: i64,
}

#[derive(FromQueryResult)]
struct Pair {
    one: String,
    other: String,
    fund: Option<String>,
    families: i64,
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    name: String,
    region: String,
    rt: String,
    rw: String,
}

impl Acting {
    fn ask<T: FromQueryResult>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> sea_orm::SelectorRaw<sea_orm::SelectModel<T>> {
        T::find_by_statement(Statement::from_sql_and_values(
            self.store.backend(),
            sql,
            values,
        ))
    }

    /// What each program has in each village in reach, and what of it is somebody's.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn quotas(
        &self,
        program: Option<&str>,
        region: Option<&RegionCode>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Quotas> {
        self.actor.require(Permission::ReadOverview)?;
        let mine = within(self.actor.regions(Permission::ReadOverview), region);
        if mine.is_empty() {
            return Ok(Quotas {
                totals: Vec::new(),
                items: Vec::new(),
                next: None,
            });
        }
        let mut values = Values::default();
        let place = values.regions("q.region", &mine);
        let named = program.map_or_else(
            || "1 = 1".to_owned(),
            |code| format!("q.program = {}", values.put(code)),
        );
        let sql = format!(
            "SELECT q.program, p.fund, q.region, CAST(q.slots AS bigint) AS slots, \
             COUNT(CASE WHEN s.state = 'held' THEN 1 END) AS held, \
             COUNT(CASE WHEN s.state = 'reserved' THEN 1 END) AS reserved, \
             COUNT(CASE WHEN s.state = 'free' THEN 1 END) AS free \
             FROM quota q JOIN program p ON p.code = q.program \
             LEFT JOIN slot s ON s.program = q.program AND s.region = q.region \
             WHERE {place} AND {named} \
             GROUP BY q.program, p.fund, q.region, q.slots ORDER BY q.program, q.region"
        );
        let rows: Vec<Counted> = self.ask(&sql, values.0).all(self.store.read()).await?;
        let totals = totals(&rows);
        let begin = match after {
            None => 0,
            Some(after) => {
                let at = |row: &Counted| format!("{}:{}", row.program, row.region) == after;
                let found = rows.iter().position(at);
                found.ok_or(Error::Refused(ProblemCode::BadCursor))? + 1
            }
        };
        let shown: Vec<Counted> = rows.into_iter().skip(begin).take(limit + 1).collect();
        let more = shown.len() > limit;
        let lists = self.lists_in_force(&mine).await?;
        let mut items = Vec::new();
        for row in shown.into_iter().take(limit) {
            let list = lists.get(&(row.program.clone(), row.region.clone()));
            items.push(QuotaRow {
                region: region_code(&row.region)?,
                slots: row.slots.unsigned_abs(),
                held: row.held.unsigned_abs(),
                reserved: row.reserved.unsigned_abs(),
                free: row.free.unsigned_abs(),
                waiting: list.map_or(0, |(waiting, _)| *waiting),
                frozen_at: list.and_then(|(_, at)| *at),
                program: row.program,
            });
        }
        let next = items
            .last()
            .filter(|_| more)
            .map(|row| format!("{}:{}", row.program, row.region));
        Ok(Quotas {
            totals,
            items,
            next,
        })
    }

    /// By program and village: how many wait on the list in force, and since when it is.
    async fn lists_in_force(
        &self,
        mine: &[RegionCode],
    ) -> Result<BTreeMap<(String, String), (u64, Option<Timestamp>)>> {
        let mut values = Values::default();
        let place = values.regions("w.region", mine);
        let sql = format!(
            "SELECT w.program, w.region, MAX(w.frozen_at) AS frozen_at, COUNT(e.position) AS waiting \
             FROM waitlist w LEFT JOIN waitlist_entry e ON e.waitlist_id = w.id AND e.taken_at IS NULL \
             WHERE w.frozen_at IS NOT NULL AND w.superseded_at IS NULL AND {place} \
             GROUP BY w.program, w.region"
        );
        let rows: Vec<Listed> = self.ask(&sql, values.0).all(self.store.read()).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let list = (
                    row.waiting.unsigned_abs(),
                    row.frozen_at.map(Timestamp::from_micros),
                );
                ((row.program, row.region), list)
            })
            .collect())
    }

    /// How many families have a place in two programs, by pair.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn overlaps(&self, region: Option<&RegionCode>) -> Result<Overlaps> {
        self.actor.require(Permission::ReadOverview)?;
        let mine = within(self.actor.regions(Permission::ReadOverview), region);
        if mine.is_empty() {
            return Ok(Overlaps { items: Vec::new() });
        }
        let mut values = Values::default();
        let place = values.regions("f.region", &mine);
        let sql = format!(
            "SELECT a.program AS one, b.program AS other, \
             CASE WHEN MIN(p.fund) = MIN(q.fund) THEN MIN(p.fund) END AS fund, \
             COUNT(DISTINCT a.family_id) AS families \
             FROM membership a \
             JOIN membership b ON b.family_id = a.family_id AND b.program > a.program AND b.state IN {PLACES} \
             JOIN family f ON f.id = a.family_id \
             JOIN program p ON p.code = a.program JOIN program q ON q.code = b.program \
             WHERE a.state IN {PLACES} AND {place} \
             GROUP BY a.program, b.program ORDER BY families DESC, one, other"
        );
        let rows: Vec<Pair> = self.ask(&sql, values.0).all(self.store.read()).await?;
        let items = rows.into_iter().map(|row| Overlap {
            one: row.one,
            other: row.other,
            fund: row.fund,
            families: row.families.unsigned_abs(),
        });
        Ok(Overlaps {
            items: items.collect(),
        })
    }

    /// The families with a place in both programs, by name. Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn overlap_families(
        &self,
        (one, other): (&str, &str),
        region: Option<&RegionCode>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<OverlapFamily>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = within(self.actor.regions(Permission::ReadCases), region);
        if mine.is_empty() {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let mut values = Values::default();
        let place = values.regions("f.region", &mine);
        let (one, other) = (values.put(one), values.put(other));
        let from = match after {
            None => "1 = 1".to_owned(),
            Some(after) => {
                let id =
                    Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
                let id = values.put(id);
                // Of a family out of reach not even the place in the order is told.
                format!(
                    "(f.name_key, f.id) > (SELECT l.name_key, l.id FROM family l WHERE l.id = {id} AND {})",
                    place.replace("f.region", "l.region")
                )
            }
        };
        let has = |program: &str| {
            format!(
                "EXISTS (SELECT 1 FROM membership m WHERE m.family_id = f.id AND m.program = {program} AND m.state IN {PLACES})"
            )
        };
        let most = values.put(i64::try_from(limit + 1).map_err(Error::internal)?);
        let sql = format!(
            "SELECT f.id, f.name, f.region, f.rt, f.rw FROM family f \
             WHERE {place} AND {} AND {} AND {from} ORDER BY f.name_key, f.id LIMIT {most}",
            has(&one),
            has(&other),
        );
        let mut rows: Vec<Found> = self.ask(&sql, values.0).all(self.store.read()).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut items = Vec::with_capacity(rows.len());
        let mut reads = Vec::with_capacity(rows.len());
        for row in rows {
            let region = region_code(&row.region)?;
            reads.push(Read {
                kind: "family",
                id: row.id,
                what: "overlap",
                mode: Mode::Served,
                role: self.reading_in(&region)?,
                purpose: None,
            });
            items.push(OverlapFamily {
                family: FamilyId(row.id),
                name: row.name,
                region,
                rt: row.rt,
                rw: row.rw,
            });
        }
        self.note_reads(reads).await?;
        let next = items
            .last()
            .filter(|_| more)
            .map(|row| row.family.to_string());
        Ok(Page { items, next })
    }

    /// Who is on the frozen list of a program in a village, in its order. Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `not_found` when there is no such list or it is out of reach, `bad_cursor`.
    pub async fn waitlist(
        &self,
        program: &str,
        region: &RegionCode,
        after: Option<&str>,
        limit: usize,
    ) -> Result<WaitlistView> {
        self.actor.require(Permission::ReadCases)?;
        let mine = within(self.actor.regions(Permission::ReadCases), Some(region));
        if !mine.contains(region) {
            return Err(Error::NOT_FOUND);
        }
        let on = self.store.read();
        let list = waitlist::Entity::find()
            .filter(waitlist::Column::Program.eq(program))
            .filter(waitlist::Column::Region.eq(region.as_str()))
            .filter(waitlist::Column::FrozenAt.is_not_null())
            .filter(waitlist::Column::SupersededAt.is_null())
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let begin: i32 = match after {
            None => i32::MIN,
            Some(text) => text
                .parse()
                .map_err(|_| Error::Refused(ProblemCode::BadCursor))?,
        };
        let entries =
            waitlist_entry::Entity::find().filter(waitlist_entry::Column::WaitlistId.eq(list.id));
        let waiting = entries
            .clone()
            .filter(waitlist_entry::Column::TakenAt.is_null())
            .count(on)
            .await?;
        let mut rows = entries
            .filter(waitlist_entry::Column::Position.gt(begin))
            .order_by_asc(waitlist_entry::Column::Position)
            .limit(u64::try_from(limit + 1).map_err(Error::internal)?)
            .all(on)
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let homes: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(rows.iter().map(|row| row.family_id)))
            .all(on)
            .await?
            .into_iter()
            .map(|home| (home.id, home))
            .collect();
        let people: HashMap<Uuid, person::Model> = person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().filter_map(|row| row.person_id)))
            .all(on)
            .await?
            .into_iter()
            .map(|one| (one.id, one))
            .collect();
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| row.position.to_string());
        let (mut items, mut reads) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let Some(home) = homes.get(&row.family_id) else {
                continue;
            };
            reads.push(Read {
                kind: "family",
                id: home.id,
                what: "waitlist",
                mode: Mode::Served,
                role: self.reading_in(region)?,
                purpose: None,
            });
            let person = row.person_id.and_then(|id| people.get(&id));
            items.push(WaitlistRow {
                position: row.position.unsigned_abs(),
                family: FamilyId(home.id),
                person: row.person_id.map(PersonId),
                name: person.map_or_else(|| home.name.clone(), |one| one.name.clone()),
                region: region_code(&home.region)?,
                rt: home.rt.clone(),
                rw: home.rw.clone(),
                facts: serde_json::from_str(&row.facts).unwrap_or_default(),
                taken_at: row.taken_at.map(Timestamp::from_micros),
                membership: row.taken_by.map(MembershipId),
            });
        }
        self.note_reads(reads).await?;
        Ok(WaitlistView {
            program: list.program,
            region: region.clone(),
            frozen_at: Timestamp::from_micros(list.frozen_at.unwrap_or_default()),
            waiting,
            items,
            next,
        })
    }
}

/// Rows come by program.
fn totals(rows: &[Counted]) -> Vec<QuotaTotal> {
    let by_program = rows.chunk_by(|one, other| one.program == other.program);
    by_program
        .filter_map(|of| {
            let first = of.first()?;
            let sum = |part: fn(&Counted) -> i64| of.iter().map(part).sum::<i64>().unsigned_abs();
            Some(QuotaTotal {
                program: first.program.clone(),
                fund: first.fund.clone(),
                villages: of.len() as u64,
                slots: sum(|row| row.slots),
                held: sum(|row| row.held),
                reserved: sum(|row| row.reserved),
                free: sum(|row| row.free),
            })
        })
        .collect()
}
