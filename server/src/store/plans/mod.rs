//! Plans of visits: the server chooses families by rules, ranks them, shares them out among the officers up to what each
//! can take, and puts each part in walking order. A random share hangs on the chance of the city's month alone, which is
//! drawn once and journalled: drawing again, or a part of the city, gives the same families.
//!
//! A plan that nobody opened is its maker's draft, no change of the field's own, and not journalled; opening it is
//! ([`opening`]).

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use chrono::{DateTime, Months};
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set, Value,
};
use sha2::{Digest as _, Sha256};
use strum::VariantArray as _;
use tilik_protocol::ids::{CaseId, FamilyId, PlanId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::OfficerView;
use tilik_protocol::plan::{
    MOST_CAPACITY, PlanFamily, PlanOfficer, PlanRule, PlanRules, PlanView, PreviewPlan, RuleCount,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::journal::Entry;
use super::tables::{
    family, plan, plan_draw, plan_family, program, region, row_version, verification_case,
};
use super::{Acting, in_regions};
use crate::error::{Error, Result};

mod opening;
mod sharing;

pub(crate) use opening::JOB;
use sharing::{Sharing, chance, in_order, is_drawn};

/// Rows in one statement.
const AT_ONCE: usize = 500;
const MINUTE_US: i64 = 60_000_000;

/// A family as the rules look at it.
#[derive(FromQueryResult)]
struct Seen {
    id: Uuid,
    version: i32,
    decile: Option<i32>,
    case_state: Option<String>,
    case_officer: Option<Uuid>,
    case_opened: Option<i64>,
    photo_at: Option<i64>,
    decided_at: Option<i64>,
}

impl Seen {
    /// A case that was opened and that nobody has: somebody asked for a visit.
    fn is_asked(&self) -> bool {
        self.case_state.as_deref() == Some("open") && self.case_officer.is_none()
    }
}

/// A family that a rule fits, as little of it as ranking takes.
struct Chosen {
    id: Uuid,
    village: usize,
    rule: PlanRule,
    /// Within a rule the least goes first, then chance decides: nobody is last for living at the end of the walk.
    rank: (i64, u64),
    photo_at: Option<i64>,
    decile_before: Option<i32>,
}

/// What a house's place in the walk hangs on.
#[derive(FromQueryResult)]
struct Door {
    id: Uuid,
    address: String,
    rt: String,
    rw: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn in_range(field: &str, value: Option<u8>, most: u8, remedy: &str) -> Result<()> {
    match value {
        Some(value) if !(1..=most).contains(&value) => {
            Err(Error::field(field, "out_of_range", remedy))
        }
        _ => Ok(()),
    }
}

fn check(body: &PreviewPlan) -> Result<()> {
    let PlanRules {
        asked,
        no_photo,
        decile_jump,
        photo_older_months,
        random_percent,
        program: _,
    } = &body.rules;
    let nothing = decile_jump.is_none() && photo_older_months.is_none() && random_percent.is_none();
    if !asked && !no_photo && nothing {
        return Err(Error::field(
            "rules",
            "missing",
            "Pilih sedikitnya satu aturan.",
        ));
    }
    in_range(
        "rules.decile_jump",
        *decile_jump,
        9,
        "Isi lonjakan desil 1 sampai 9.",
    )?;
    in_range(
        "rules.photo_older_months",
        *photo_older_months,
        120,
        "Isi umur foto 1 sampai 120 bulan.",
    )?;
    in_range(
        "rules.random_percent",
        *random_percent,
        100,
        "Isi bagian acak 1 sampai 100 persen.",
    )?;
    let capacities = body.capacities.iter().map(|one| one.cases);
    if capacities
        .chain([body.capacity])
        .any(|cases| cases > MOST_CAPACITY)
    {
        return Err(Error::field(
            "capacity",
            "out_of_range",
            "Isi kapasitas 0 sampai 999.",
        ));
    }
    Ok(())
}

/// The city that a village or district lies in; the city itself.
fn city_of(region: &RegionCode) -> Result<RegionCode> {
    let mut above = std::iter::successors(Some(region.clone()), RegionCode::parent);
    above
        .find(|code| code.level() == RegionLevel::City)
        .ok_or_else(|| {
            Error::field(
                "region",
                "too_wide",
                "Pilih kelurahan, kecamatan, atau satu kota.",
            )
        })
}

/// The moment in a region's own time.
fn local(region: &RegionCode, at: Timestamp) -> Result<DateTime<chrono::Utc>> {
    let us = at.as_micros() + region.utc_offset_min() * MINUTE_US;
    DateTime::from_timestamp_micros(us).ok_or_else(|| Error::internal("no such time"))
}

/// `2026-11`.
fn month_of(region: &RegionCode, at: Timestamp) -> Result<String> {
    Ok(local(region, at)?.format("%Y-%m").to_string())
}

/// The moment so many months ago, by the calendar.
fn months_ago(region: &RegionCode, at: Timestamp, months: u8) -> Result<i64> {
    let then = local(region, at)?.checked_sub_months(Months::new(months.into()));
    let then = then.ok_or_else(|| Error::internal("no such time"))?;
    Ok(then.timestamp_micros() - region.utc_offset_min() * MINUTE_US)
}

/// The decile that a family's last decision knew; without a decision the one before it changed last.
///
/// `versions`: the family's, the newest first, each with when it was recorded.
fn decile_before(
    now: i32,
    decided_at: Option<i64>,
    versions: &[(i64, Option<i32>)],
) -> Option<i32> {
    let known = match decided_at {
        Some(decided) => versions.iter().find(|(recorded, _)| *recorded <= decided),
        None => versions
            .iter()
            .find(|(_, decile)| decile.is_some_and(|decile| decile != now)),
    };
    known.and_then(|(_, decile)| *decile)
}

impl Acting {
    /// Chooses whom to visit, shares them out, and keeps it as this person's draft.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn preview_plan(&self, body: PreviewPlan) -> Result<PlanView> {
        let role = self.actor.act_in(Permission::AssignCases, &body.region)?;
        let maker = self.actor.person_id()?;
        check(&body)?;
        let city = city_of(&body.region)?;
        let at = self.store.now();
        let month = month_of(&city, at)?;
        if let Some(code) = &body.rules.program {
            program::Entity::find_by_id(code.clone())
                .one(self.store.read())
                .await?
                .ok_or_else(|| {
                    Error::field("rules.program", "unknown", "Program ini tidak dikenal.")
                })?;
        }
        let seed = self.chance_of(&city, &month, role).await?;

        let villages = self.villages_of(&body.region).await?;
        let old_from = match body.rules.photo_older_months {
            Some(months) => Some(months_ago(&city, at, months)?),
            None => None,
        };
        let mut found = Found::default();
        for (village, code) in villages.iter().enumerate() {
            let seen = self.seen_in(code, body.rules.program.as_deref()).await?;
            let deciles = if body.rules.decile_jump.is_some() {
                self.deciles_of(&seen).await?
            } else {
                HashMap::new()
            };
            found.look_at(village, seen, &body.rules, &seed, old_from, &deciles);
        }

        let mut officers = self.takers(&body, &villages).await?;
        let placed = self.share_out(&villages, &officers, found.chosen).await?;
        for officer in &mut officers {
            let families = placed.families.get(&officer.view.user);
            officer.view.planned = families.map_or(0, Vec::len) as u64;
        }

        let mut digest = Sha256::new();
        let mut planned: BTreeMap<PlanRule, u64> = BTreeMap::new();
        let walked = officers.iter().flat_map(|officer| {
            placed
                .families
                .get(&officer.view.user)
                .into_iter()
                .flatten()
        });
        for one in walked {
            digest.update(one.id.as_bytes());
            digest.update(one.rule.to_string());
            *planned.entry(one.rule).or_default() += 1;
        }
        for officer in &officers {
            digest.update(Uuid::from(officer.view.user).as_bytes());
            digest.update(officer.view.planned.to_be_bytes());
        }
        let counts = PlanRule::VARIANTS.iter().filter_map(|rule| {
            Some(RuleCount {
                rule: (*rule).into(),
                found: *found.counts.get(rule)?,
                planned: planned.get(rule).copied().unwrap_or_default(),
            })
        });
        let id: PlanId = self.store.ids().next();
        let view = PlanView {
            id,
            region: body.region,
            month,
            seed: hex(&seed),
            digest: hex(&digest.finalize()),
            rules: body.rules,
            looked_at: found.looked_at,
            under_way: found.under_way,
            counts: counts.collect(),
            planned: planned.values().sum(),
            nobody: placed.nobody,
            no_room: placed.no_room,
            officers: officers.into_iter().map(|officer| officer.view).collect(),
            opened_at: None,
            waiting: 0,
        };
        self.keep_draft(maker, &view, placed.families).await?;
        Ok(view)
    }

    /// The chance of a city's month; drawn now when nobody has drawn it.
    async fn chance_of(&self, city: &RegionCode, month: &str, role: Role) -> Result<Vec<u8>> {
        let key = (city.to_string(), month.to_owned());
        let known = plan_draw::Entity::find_by_id(key.clone());
        if let Some(known) = known.one(self.store.read()).await? {
            return Ok(known.seed);
        }
        let mut write = self.begin().await?;
        let seed: [u8; 16] = self.store.ids().bytes();
        let drawn = plan_draw::Entity::insert(plan_draw::ActiveModel {
            city: Set(key.0.clone()),
            month: Set(key.1.clone()),
            seed: Set(seed.to_vec()),
            drawn_by: Set(self.actor.user().map(Into::into)),
            drawn_at: Set(write.at().as_micros()),
        })
        // Somebody else drew it meanwhile: theirs stands.
        .on_conflict(
            OnConflict::columns([plan_draw::Column::City, plan_draw::Column::Month])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(write.on())
        .await?;
        if drawn == 1 {
            write.journal(Entry::new(
                "plan.draw",
                format!("region:{city}"),
                role,
                None,
                &serde_json::json!({ "month": month, "seed": hex(&seed) }),
            )?);
            write.commit().await?;
            return Ok(seed.to_vec());
        }
        drop(write);
        let known = plan_draw::Entity::find_by_id(key)
            .one(self.store.read())
            .await?
            .ok_or_else(|| Error::internal("a draw went"))?;
        Ok(known.seed)
    }

    /// The villages of a region, by code.
    async fn villages_of(&self, region: &RegionCode) -> Result<Vec<RegionCode>> {
        let rows: Vec<String> = region::Entity::find()
            .select_only()
            .column(region::Column::Code)
            .filter(in_regions(
                region::Column::Code,
                std::slice::from_ref(region),
            ))
            .order_by_asc(region::Column::Code)
            .into_tuple()
            .all(self.store.read())
            .await?;
        let codes = rows
            .iter()
            .map(|code| code.parse::<RegionCode>().map_err(Error::internal))
            .collect::<Result<Vec<_>>>()?;
        let villages = codes.into_iter();
        Ok(villages
            .filter(|code| code.level() == RegionLevel::Village)
            .collect())
    }

    /// The recipients of a village, and those for whom a visit was asked, with what the rules look at.
    async fn seen_in(&self, village: &RegionCode, program: Option<&str>) -> Result<Vec<Seen>> {
        let mut values: Vec<Value> = vec![village.as_str().into()];
        let of_program = match program {
            Some(code) => {
                values.push(code.into());
                " AND m.program = $2"
            }
            None => "",
        };
        // A photo is of where the family lives now. A phone whose clock is ahead makes no photo newer than its arrival.
        let text = format!(
            "SELECT f.id, f.version, f.decile, c.state AS case_state, c.officer_id AS case_officer, \
             c.opened_at AS case_opened, \
             (SELECT MAX(CASE WHEN v.captured_at < v.received_at THEN v.captured_at ELSE v.received_at END) \
             FROM verification_case p JOIN visit v ON v.id = p.current_visit \
             WHERE p.family_id = f.id AND p.house_id = f.house_id AND p.accepted_basis = 'visit') AS photo_at, \
             (SELECT MAX(COALESCE(d.confirmed_at, d.proposed_at)) FROM verification_case p \
             JOIN case_membership d ON d.case_id = p.id \
             WHERE p.family_id = f.id AND p.state = 'decided') AS decided_at \
             FROM family f LEFT JOIN verification_case c ON c.family_id = f.id \
             AND c.state NOT IN ('decided','closed','expired') \
             WHERE f.region = $1 AND (EXISTS (SELECT 1 FROM membership m WHERE m.family_id = f.id \
             AND m.state = 'active'{of_program}) \
             OR (c.state = 'open' AND c.officer_id IS NULL))"
        );
        let statement = self.store.sql(&text, values);
        Ok(Seen::find_by_statement(statement)
            .all(self.store.read())
            .await?)
    }

    /// The deciles of the earlier versions of families that have any, the newest first.
    async fn deciles_of(&self, seen: &[Seen]) -> Result<HashMap<Uuid, Vec<(i64, Option<i32>)>>> {
        let changed: Vec<Uuid> = seen
            .iter()
            .filter(|one| one.version > 1 && one.decile.is_some())
            .map(|one| one.id)
            .collect();
        let mut deciles: HashMap<Uuid, Vec<(i64, Option<i32>)>> = HashMap::new();
        for some in changed.chunks(AT_ONCE) {
            let rows: Vec<(Uuid, i64, String)> = row_version::Entity::find()
                .select_only()
                .columns([
                    row_version::Column::Id,
                    row_version::Column::RecordedAt,
                    row_version::Column::Body,
                ])
                .filter(row_version::Column::Kind.eq("family"))
                .filter(row_version::Column::Id.is_in(some.iter().copied()))
                .order_by_desc(row_version::Column::Version)
                .into_tuple()
                .all(self.store.read())
                .await?;
            for (id, recorded_at, body) in rows {
                let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
                let decile = body["decile"].as_i64().and_then(|n| i32::try_from(n).ok());
                deciles.entry(id).or_default().push((recorded_at, decile));
            }
        }
        Ok(deciles)
    }

    /// The officers who work in some of the villages, by name, each with what they have and can take.
    async fn takers(&self, body: &PreviewPlan, villages: &[RegionCode]) -> Result<Vec<Taker>> {
        let here = |officer: &OfficerView| {
            villages
                .iter()
                .any(|village| officer.regions.iter().any(|code| code.covers(village)))
        };
        let officers: Vec<OfficerView> = self
            .officers()
            .await?
            .items
            .into_iter()
            .filter(here)
            .collect();
        // Also what lies with them where the asker does not reach fills their days.
        let ids = officers.iter().map(|officer| Uuid::from(officer.user));
        let held: Vec<(Uuid, i64)> = verification_case::Entity::find()
            .select_only()
            .column(verification_case::Column::OfficerId)
            .column_as(Expr::cust("count(*)"), "cases")
            .filter(verification_case::Column::OfficerId.is_in(ids))
            .filter(verification_case::Column::State.is_in(["assigned", "returned"]))
            .group_by(verification_case::Column::OfficerId)
            .into_tuple()
            .all(self.store.read())
            .await?;
        let held: HashMap<Uuid, i64> = held.into_iter().collect();
        let of = |officer: OfficerView| {
            let named = body
                .capacities
                .iter()
                .find(|one| one.officer == officer.user);
            let held = held.get(&Uuid::from(officer.user)).copied();
            Taker {
                view: PlanOfficer {
                    user: officer.user,
                    name: officer.name,
                    held: held.unwrap_or_default().unsigned_abs(),
                    capacity: named.map_or(body.capacity, |one| one.cases),
                    planned: 0,
                    taken_out: 0,
                    opened: 0,
                    skipped: 0,
                },
                regions: officer.regions,
            }
        };
        Ok(officers.into_iter().map(of).collect())
    }

    /// Who goes to whom, each part in walking order.
    async fn share_out(
        &self,
        villages: &[RegionCode],
        officers: &[Taker],
        mut chosen: Vec<Chosen>,
    ) -> Result<Placed> {
        let reach = villages.iter().map(|village| {
            let here = officers.iter().enumerate().filter(|(_, officer)| {
                officer.view.capacity > 0 && officer.regions.iter().any(|code| code.covers(village))
            });
            here.map(|(n, _)| n).collect()
        });
        let room = officers.iter().map(|officer| {
            let held = u32::try_from(officer.view.held).unwrap_or(u32::MAX);
            officer.view.capacity.saturating_sub(held)
        });
        let mut sharing = Sharing::new(reach.collect(), room.collect());
        let mut placed = Placed::default();
        chosen.sort_by_key(|one| (one.rule, one.rank, one.id));
        let mut of_village: Vec<HashMap<Uuid, Chosen>> = Vec::new();
        of_village.resize_with(villages.len(), HashMap::new);
        for one in chosen {
            if !sharing.is_reached(one.village) {
                placed.nobody += 1;
            } else if sharing.place(one.village) {
                of_village[one.village].insert(one.id, one);
            } else {
                placed.no_room += 1;
            }
        }
        for (village, mut families) in of_village.into_iter().enumerate() {
            if families.is_empty() {
                continue;
            }
            let mut walk = self.walk_of(&villages[village]).await?.into_iter();
            for (officer, count) in sharing.parts(village) {
                let part = placed.families.entry(officers[officer].view.user);
                let known = walk.by_ref().filter_map(|id| families.remove(&id));
                part.or_default().extend(known.take(count as usize));
            }
        }
        Ok(placed)
    }

    /// The families of a village as one walks: RW by RW, RT by RT, along the addresses.
    async fn walk_of(&self, village: &RegionCode) -> Result<Vec<Uuid>> {
        let mut doors: Vec<Door> = family::Entity::find()
            .select_only()
            .columns([
                family::Column::Id,
                family::Column::Address,
                family::Column::Rt,
                family::Column::Rw,
            ])
            .filter(family::Column::Region.eq(village.as_str()))
            .into_model()
            .all(self.store.read())
            .await?;
        doors.sort_by_cached_key(|door| {
            let [rw, rt, address] = [&door.rw, &door.rt, &door.address].map(|text| in_order(text));
            (rw, rt, address, door.id)
        });
        Ok(doors.into_iter().map(|door| door.id).collect())
    }

    /// Puts a plan in the place of its maker's last draft.
    async fn keep_draft(
        &self,
        maker: UserId,
        view: &PlanView,
        mut families: BTreeMap<UserId, Vec<Chosen>>,
    ) -> Result<()> {
        let write = self.begin().await?;
        let drafts = Query::select()
            .column(plan::Column::Id)
            .from(plan::Entity)
            .and_where(plan::Column::MadeBy.eq(Uuid::from(maker)))
            .and_where(plan::Column::OpenedAt.is_null())
            .to_owned();
        plan_family::Entity::delete_many()
            .filter(plan_family::Column::PlanId.in_subquery(drafts))
            .exec(write.on())
            .await?;
        plan::Entity::delete_many()
            .filter(plan::Column::MadeBy.eq(Uuid::from(maker)))
            .filter(plan::Column::OpenedAt.is_null())
            .exec(write.on())
            .await?;
        plan::Entity::insert(plan::ActiveModel {
            id: Set(view.id.into()),
            region: Set(view.region.to_string()),
            month: Set(view.month.clone()),
            told: Set(serde_json::to_string(view).map_err(Error::internal)?),
            made_by: Set(maker.into()),
            made_at: Set(write.at().as_micros()),
            kind: Set(None),
            closes_at: Set(None),
            opened_by: Set(None),
            opened_at: Set(None),
            open_event: Set(None),
        })
        .exec_without_returning(write.on())
        .await?;
        let mut place = 0;
        for officer in &view.officers {
            let mut part = families.remove(&officer.user).unwrap_or_default();
            while !part.is_empty() {
                let rest = part.split_off(part.len().min(AT_ONCE));
                let rows = std::mem::replace(&mut part, rest).into_iter().map(|one| {
                    place += 1;
                    plan_family::ActiveModel {
                        plan_id: Set(view.id.into()),
                        family_id: Set(one.id),
                        officer_id: Set(officer.user.into()),
                        place: Set(place),
                        rule: Set(one.rule.to_string()),
                        photo_at: Set(one.photo_at),
                        decile_before: Set(one.decile_before),
                        taken_out: Set(None),
                        skipped: Set(None),
                        case_id: Set(None),
                    }
                });
                plan_family::Entity::insert_many(rows)
                    .exec_without_returning(write.on())
                    .await?;
            }
        }
        write.commit().await
    }

    /// A plan, with how far it is.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub async fn plan(&self, id: PlanId) -> Result<PlanView> {
        let row = plan::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        self.planning_in(&row)?;
        let statement = self.store.sql(
            "SELECT officer_id, count(taken_out) AS taken_out, count(case_id) AS opened, \
             count(skipped) AS skipped FROM plan_family WHERE plan_id = $1 GROUP BY officer_id",
            [Uuid::from(id).into()],
        );
        let parts = Progress::find_by_statement(statement)
            .all(self.store.read())
            .await?;
        let mut view: PlanView = serde_json::from_str(&row.told).map_err(Error::internal)?;
        for part in parts {
            let mut officers = view.officers.iter_mut();
            if let Some(officer) = officers.find(|one| one.user == UserId(part.officer_id)) {
                officer.taken_out = part.taken_out.unsigned_abs();
                officer.opened = part.opened.unsigned_abs();
                officer.skipped = part.skipped.unsigned_abs();
            }
        }
        view.opened_at = row.opened_at.map(Timestamp::from_micros);
        if view.opened_at.is_some() {
            let done = view.officers.iter();
            let done: u64 = done
                .map(|one| one.taken_out + one.opened + one.skipped)
                .sum();
            view.waiting = view.planned.saturating_sub(done);
        }
        Ok(view)
    }

    /// As what this person plans in the region of a plan.
    fn planning_in(&self, row: &plan::Model) -> Result<Role> {
        let region = row.region.parse().map_err(Error::internal)?;
        self.actor.act_in(Permission::AssignCases, &region)
    }

    /// Whom a plan chose, in walking order. Each is logged as a read.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `bad_cursor`.
    pub async fn plan_families(
        &self,
        id: PlanId,
        officer: Option<UserId>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<PlanFamily>> {
        let row = plan::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.planning_in(&row)?;
        let mut query = plan_family::Entity::find()
            .filter(plan_family::Column::PlanId.eq(row.id))
            .order_by_asc(plan_family::Column::Place);
        if let Some(officer) = officer {
            query = query.filter(plan_family::Column::OfficerId.eq(Uuid::from(officer)));
        }
        if let Some(after) = after {
            let after: i32 = after
                .parse()
                .map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(plan_family::Column::Place.gt(after));
        }
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| row.place.to_string());
        // A family that has moved out of reach since is no longer shown, nor where it lives now.
        let mine = self.actor.regions(Permission::AssignCases);
        let ids = rows.iter().map(|row| row.family_id);
        let mut homes: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(ids))
            .filter(in_regions(family::Column::Region, &mine))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|home| (home.id, home))
            .collect();
        let ids: Vec<Uuid> = homes.keys().copied().collect();
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(home) = homes.remove(&row.family_id) else {
                continue;
            };
            let decile = |value: Option<i32>| value.and_then(|one| i16::try_from(one).ok());
            items.push(PlanFamily {
                family: FamilyId(row.family_id),
                name: home.name,
                region: home.region.parse().map_err(Error::internal)?,
                address: home.address,
                rt: home.rt,
                rw: home.rw,
                rule: Lenient::read(&row.rule),
                photo_at: row.photo_at.map(Timestamp::from_micros),
                decile: decile(home.decile),
                decile_before: decile(row.decile_before),
                taken_out: row.taken_out.and_then(|code| code.parse().ok()),
                case: row.case_id.map(CaseId),
            });
        }
        let reads = ids.into_iter().map(|id| Read {
            kind: "family",
            id,
            what: "plan_row",
            mode: Mode::Served,
            role,
            purpose: None,
        });
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }
}

#[derive(FromQueryResult)]
struct Progress {
    officer_id: Uuid,
    taken_out: i64,
    opened: i64,
    skipped: i64,
}

/// An officer who may be given families.
struct Taker {
    view: PlanOfficer,
    regions: Vec<RegionCode>,
}

/// What the sharing gave.
#[derive(Default)]
struct Placed {
    families: BTreeMap<UserId, Vec<Chosen>>,
    nobody: u64,
    no_room: u64,
}

/// What the rules found so far.
#[derive(Default)]
struct Found {
    chosen: Vec<Chosen>,
    counts: BTreeMap<PlanRule, u64>,
    looked_at: u64,
    under_way: u64,
}

impl Found {
    fn look_at(
        &mut self,
        village: usize,
        seen: Vec<Seen>,
        rules: &PlanRules,
        seed: &[u8],
        old_from: Option<i64>,
        deciles: &HashMap<Uuid, Vec<(i64, Option<i32>)>>,
    ) {
        let named = [
            (PlanRule::Asked, rules.asked),
            (PlanRule::NoPhoto, rules.no_photo),
            (PlanRule::DecileJump, rules.decile_jump.is_some()),
            (PlanRule::OldPhoto, old_from.is_some()),
            (PlanRule::Random, rules.random_percent.is_some()),
        ];
        for (rule, _) in named.iter().filter(|(_, is_named)| *is_named) {
            self.counts.entry(*rule).or_default();
        }
        for one in seen {
            self.looked_at += 1;
            let is_asked = one.is_asked();
            if one.case_state.is_some() && !is_asked {
                self.under_way += 1;
                continue;
            }
            let chance = chance(seed, one.id);
            let before = one.decile.and_then(|now| {
                let versions = deciles.get(&one.id)?;
                decile_before(now, one.decided_at, versions)
            });
            let jump = one.decile.zip(before).map(|(now, was)| (now - was).abs());
            // Each rule that fits, with what ranks within it.
            let fits = |rule: PlanRule| match rule {
                PlanRule::Asked => is_asked.then(|| one.case_opened.unwrap_or_default()),
                PlanRule::NoPhoto => one.photo_at.is_none().then_some(0),
                PlanRule::DecileJump => jump
                    .filter(|jump| rules.decile_jump.is_some_and(|least| *jump >= least.into()))
                    .map(|jump| -i64::from(jump)),
                PlanRule::OldPhoto => one
                    .photo_at
                    .filter(|taken| old_from.is_some_and(|from| *taken < from)),
                PlanRule::Random => rules
                    .random_percent
                    .is_some_and(|percent| is_drawn(chance, percent))
                    .then_some(0),
            };
            let mut first = None;
            for (rule, is_named) in named {
                let Some(rank) = fits(rule).filter(|_| is_named) else {
                    continue;
                };
                *self.counts.entry(rule).or_default() += 1;
                first = first.or(Some((rule, rank)));
            }
            if let Some((rule, rank)) = first {
                self.chosen.push(Chosen {
                    id: one.id,
                    village,
                    rule,
                    rank: (rank, chance),
                    photo_at: one.photo_at,
                    decile_before: before.filter(|_| jump.is_some_and(|jump| jump > 0)),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decile_before_is_the_one_that_the_last_decision_knew() {
        // The newest first: 7 now, 3 since 20, none since 10, 5 at first.
        let versions = [(30, Some(7)), (20, Some(3)), (10, None), (0, Some(5))];
        assert_eq!(decile_before(7, Some(25), &versions), Some(3));
        assert_eq!(decile_before(7, Some(30), &versions), Some(7));
        assert_eq!(decile_before(7, Some(15), &versions), None);
        assert_eq!(decile_before(7, Some(5), &versions), Some(5));
        // Nothing was decided: what it was before it changed last, also when other things changed since.
        let versions = [(40, Some(7)), (30, Some(7)), (20, Some(3))];
        assert_eq!(decile_before(7, None, &versions), Some(3));
        assert_eq!(decile_before(7, None, &versions[..2]), None);
    }

    #[test]
    fn a_month_is_the_regions_own_and_months_go_by_the_calendar() {
        let wib: RegionCode = "35.71".parse().unwrap();
        let wit: RegionCode = "91.71".parse().unwrap();
        let at: Timestamp = "2026-11-30T16:30:00Z".parse().unwrap();
        assert_eq!(month_of(&wib, at).unwrap(), "2026-11");
        assert_eq!(month_of(&wit, at).unwrap(), "2026-12");
        let then: Timestamp = "2026-05-30T16:30:00Z".parse().unwrap();
        assert_eq!(months_ago(&wib, at, 6).unwrap(), then.as_micros());
        assert!(city_of(&"35".parse().unwrap()).is_err());
        let village: RegionCode = "35.71.03.1009".parse().unwrap();
        assert_eq!(city_of(&village).unwrap(), wib);
    }
}
