//! Population events (peristiwa kependudukan): what the civil registry signed comes in once, has its effect in the order of
//! its numbers, and what the registry cannot decide by itself waits for a person. Nothing that came is ever dropped.
//!
//! Owns batches, events and moves. An event may put a membership on hold or carry its place to another village of the city;
//! it frees no place (`super::slots`), that takes two persons.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::ids::{CivilBatchId, CivilEventId, FamilyId, PersonId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::population::{
    BatchState, BatchView, BatchVillage, CivilEvent, CivilEventView, CivilKind, CivilState, Trip,
    VillageRow, may_apply_by_hand, seq_of,
};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::case_view::masked;
use super::cursor::{Place, cut};
use super::families::region_code;
use super::imports::name_key;
use super::tables::{civil_batch, civil_event, person, region};
use super::{Acting, Store, in_regions};
use crate::error::{Error, Result};

mod effects;
mod intake;
mod judging;
mod late;
mod matching;
mod moving;
mod stays;

pub(super) use effects::{HOLDS, RUMOURS, payee_named};
pub(super) use intake::{Speaks, checked, use_nonce};
pub(super) use matching::{follow as questions_follow, made_one as questions_made_one};
pub use moving::Side;
pub(super) use stays::{Stays, moves_of};

/// Looks at the events of a batch.
pub(crate) const JOB: &str = "civil_batch";

/// States of an event that wait for a person.
const WAITING: [&str; 2] = ["to_judge", "unmatched"];

/// Of so many villages a parked batch says how many of their people it is about.
const MOST_VILLAGES: usize = 10;

/// Which events a list shows.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only those that wait for a person, or leave something to do.
    pub waiting: bool,
    /// In this state.
    pub state: Option<CivilState>,
    /// Of this kind.
    pub kind: Option<CivilKind>,
    /// Of this batch.
    pub batch: Option<CivilBatchId>,
    /// About this family.
    pub family: Option<FamilyId>,
}

/// The event as it came.
fn opened(store: &Store, row: &civil_event::Model) -> Result<CivilEvent> {
    let keys = store.keys();
    let plain = keys.decrypt_field("civil_event", "body", row.id, &row.body_enc);
    serde_json::from_str(&plain.map_err(Error::internal)?).map_err(Error::internal)
}

/// What a read of an event is a read of: the family it is about, or the event while nobody knows that.
fn object_of(family: Option<Uuid>, event: Uuid) -> (&'static str, Uuid) {
    family.map_or(("civil_event", event), |family| ("family", family))
}

impl Acting {
    /// Names of some regions.
    async fn region_names(&self, codes: BTreeSet<String>) -> Result<HashMap<String, String>> {
        let rows = region::Entity::find()
            .filter(region::Column::Code.is_in(codes))
            .all(self.store.read())
            .await?;
        Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
    }

    /// Events where the actor reads cases; those that wait first come first, all others newest first. Names are told, so
    /// they are logged.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn civil_events(
        &self,
        filter: &EventFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<CivilEventView>> {
        use civil_event::Column as C;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = civil_event::Entity::find().filter(in_regions(C::Region, &mine));
        if filter.waiting {
            let waits = Condition::any()
                .add(C::State.is_in(WAITING))
                .add(C::FollowUp.is_not_null());
            query = query.filter(waits);
        }
        if let Some(state) = filter.state {
            query = query.filter(C::State.eq(state.to_string()));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(C::Kind.eq(kind.to_string()));
        }
        if let Some(batch) = filter.batch {
            query = query.filter(C::BatchId.eq(Uuid::from(batch)));
        }
        if let Some(family) = filter.family {
            query = query.filter(C::FamilyId.eq(Uuid::from(family)));
        }
        if let Some(after) = after {
            let place = Place::read(after)?;
            query = query.filter(if filter.waiting {
                place.after(C::ReceivedAt, C::Id)
            } else {
                place.before(C::ReceivedAt, C::Id)
            });
        }
        let query = if filter.waiting {
            query.order_by_asc(C::ReceivedAt).order_by_asc(C::Id)
        } else {
            query.order_by_desc(C::ReceivedAt).order_by_desc(C::Id)
        };
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let next = cut(&mut rows, limit, |row| Place::of(row.received_at, row.id));
        Ok(Page {
            items: self.event_views(rows).await?,
            next,
        })
    }

    async fn event_views(&self, rows: Vec<civil_event::Model>) -> Result<Vec<CivilEventView>> {
        let people = rows.iter().filter_map(|row| row.settled_by).collect();
        let names = self.store.names_of(people).await?;
        let held_after = self.held_after(&rows).await?;
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let event = opened(&self.store, &row)?;
            events.push((row, event));
        }
        self.foresee(&mut events).await?;
        let known = events.iter().filter_map(|(row, _)| row.person_id);
        let persons: HashMap<Uuid, person::Model> = person::Entity::find()
            .filter(person::Column::Id.is_in(known))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let codes = events
            .iter()
            .filter_map(|(_, event)| event.payload.region.as_ref())
            .map(ToString::to_string)
            .collect();
        let villages = self.region_names(codes).await?;
        let (mut views, mut reads) = (Vec::new(), Vec::new());
        for (row, event) in events {
            let region = region_code(&row.region)?;
            let known = row.person_id.and_then(|id| persons.get(&id));
            let (kind, object) = object_of(row.family_id, row.id);
            reads.push(Read {
                kind,
                id: object,
                what: "civil_event",
                mode: Mode::Seen,
                role: self.reading_in(&region)?,
                purpose: None,
            });
            let waits = WAITING.contains(&row.state.as_str());
            let by_hand = event.kind.known().is_some_and(may_apply_by_hand);
            let to_region = event.payload.region.clone();
            let to_region_name = to_region
                .as_ref()
                .and_then(|code| villages.get(code.as_str()))
                .cloned();
            let said = event.payload.name;
            let said_name = said
                .clone()
                .filter(|said| known.is_some_and(|who| who.name_key != name_key(said)));
            views.push(CivilEventView {
                id: CivilEventId(row.id),
                version: row.version,
                batch: CivilBatchId(row.batch_id),
                feed: row.feed,
                feed_event: row.feed_event,
                kind: Lenient::read(&row.kind),
                state: Lenient::read(&row.state),
                why: row.why.as_deref().map(Lenient::read),
                follow_up: row.follow_up.as_deref().map(Lenient::read),
                due_at: row.due_at.map(Timestamp::from_micros),
                nik: masked(&event.nik),
                name: known.map(|who| who.name.clone()).or(said),
                said_name,
                date_effective: row.effective_on,
                received_at: Timestamp::from_micros(row.received_at),
                may_apply: waits
                    && by_hand
                    && row.person_id.is_some()
                    && self.actor.may_in(Permission::JudgeEvents, &region),
                region,
                person: row.person_id.map(PersonId),
                family: row.family_id.map(FamilyId),
                to_region,
                to_region_name,
                to_address: event.payload.address,
                held_after: held_after.get(&row.id).cloned().unwrap_or_default(),
                settled_by_name: row.settled_by.and_then(|id| names.get(&id).cloned()),
                settled_at: row.settled_at.map(Timestamp::from_micros),
            });
        }
        self.note_reads(reads).await?;
        Ok(views)
    }

    /// Says of parked events whom they would be about, so that whoever lets them through sees it. Only here: an event finds
    /// its person when it has its effect.
    async fn foresee(&self, events: &mut [(civil_event::Model, CivilEvent)]) -> Result<()> {
        let parked = CivilState::Parked.to_string();
        let mut batches: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (n, (row, _)) in events.iter().enumerate() {
            if row.state == parked && row.person_id.is_none() {
                batches.entry(row.region.clone()).or_default().push(n);
            }
        }
        for (region, places) in batches {
            let theirs = places.iter().filter_map(|n| events.get(*n));
            let theirs: Vec<&CivilEvent> = theirs.map(|(_, event)| event).collect();
            let on = self.store.read();
            let homes = self.homes(on, &region_code(&region)?, &theirs).await?;
            for n in places {
                let Some((row, event)) = events.get_mut(n) else {
                    continue;
                };
                if let Some(home) = homes.get(&event.nik) {
                    row.person_id = Some(home.person);
                    row.family_id = Some(home.family);
                    row.region.clone_from(&home.village);
                }
            }
        }
        Ok(())
    }

    /// Batches in reach, newest first; parked ones only when asked for.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn civil_batches(
        &self,
        state: Option<BatchState>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<BatchView>> {
        use civil_batch::Column as C;
        let mut mine = self.actor.regions(Permission::ReadCases);
        mine.extend(self.actor.regions(Permission::BringEvents));
        let mut query = civil_batch::Entity::find().filter(in_regions(C::Region, &mine));
        if let Some(state) = state {
            query = query.filter(C::State.eq(state.to_string()));
        }
        if let Some(after) = after {
            query = query.filter(Place::read(after)?.before(C::ReceivedAt, C::Id));
        }
        let mut rows = query
            .order_by_desc(C::ReceivedAt)
            .order_by_desc(C::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let next = cut(&mut rows, limit, |row| Place::of(row.received_at, row.id));
        Ok(Page {
            items: self.batch_views(rows).await?,
            next,
        })
    }

    async fn batch_views(&self, rows: Vec<civil_batch::Model>) -> Result<Vec<BatchView>> {
        let people = rows.iter().filter_map(|row| row.decided_by).collect();
        let names = self.store.names_of(people).await?;
        let seq = |order: Option<i64>| order.map_or(String::new(), |seq| seq_of(seq).to_string());
        let mut villages = HashMap::new();
        for row in &rows {
            let share = Trip::VillageShare.to_string();
            if row.state == BatchState::Parked.to_string() && row.trips.contains(&share) {
                villages.insert(row.id, self.villages_in(row).await?);
            }
        }
        rows.into_iter()
            .map(|row| {
                Ok(BatchView {
                    villages: villages.remove(&row.id).unwrap_or_default(),
                    id: CivilBatchId(row.id),
                    version: row.version,
                    feed: row.feed,
                    channel: Lenient::read(&row.channel),
                    state: Lenient::read(&row.state),
                    trips: serde_json::from_str(&row.trips).map_err(Error::internal)?,
                    events: u32::try_from(row.events).unwrap_or_default(),
                    deaths: u32::try_from(row.deaths).unwrap_or_default(),
                    first_seq: seq(row.first_seq),
                    last_seq: seq(row.last_seq),
                    received_at: Timestamp::from_micros(row.received_at),
                    received_by: UserId(row.received_by),
                    decided_by_name: row.decided_by.and_then(|id| names.get(&id).cloned()),
                    decided_at: row.decided_at.map(Timestamp::from_micros),
                    reason: row.reason.as_deref().and_then(|code| code.parse().ok()),
                })
            })
            .collect()
    }

    /// Whom of which village the events of a batch are about: those with most.
    async fn villages_in(&self, batch: &civil_batch::Model) -> Result<Vec<BatchVillage>> {
        let rows = civil_event::Entity::find()
            .filter(civil_event::Column::BatchId.eq(batch.id))
            .filter(civil_event::Column::State.eq(CivilState::Parked.to_string()))
            .all(self.store.read())
            .await?;
        let events = rows.iter().map(|row| opened(&self.store, row));
        let events: Vec<CivilEvent> = events.collect::<Result<_>>()?;
        let events: Vec<&CivilEvent> = events.iter().collect();
        let region = region_code(&batch.region)?;
        let homes = self.homes(self.store.read(), &region, &events).await?;
        let mut persons: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
        for home in homes.into_values() {
            persons.entry(home.village).or_default().insert(home.person);
        }
        let mut most: Vec<(String, usize)> = persons
            .into_iter()
            .map(|(village, persons)| (village, persons.len()))
            .collect();
        most.sort_by_key(|(_, persons)| Reverse(*persons));
        most.truncate(MOST_VILLAGES);
        let codes = most.iter().map(|(village, _)| village.clone()).collect();
        let names = self.region_names(codes).await?;
        most.into_iter()
            .map(|(village, persons)| {
                Ok(BatchVillage {
                    region: region_code(&village)?,
                    name: names.get(&village).cloned().unwrap_or(village),
                    persons: u32::try_from(persons).unwrap_or(u32::MAX),
                })
            })
            .collect()
    }

    /// Villages by name, wherever they are in this registry: a family moves to any of them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn villages_called(&self, text: &str) -> Result<Page<VillageRow>> {
        let wanted = text.trim().to_lowercase();
        let rows = region::Entity::find()
            .order_by_asc(region::Column::Name)
            .all(self.store.read())
            .await?;
        let names: HashMap<&str, &str> = rows
            .iter()
            .map(|row| (row.code.as_str(), row.name.as_str()))
            .collect();
        let mut items = Vec::new();
        for row in &rows {
            let code: RegionCode = region_code(&row.code)?;
            let fits = code.level() == RegionLevel::Village
                && !code.is_training()
                && (row.name.to_lowercase().contains(&wanted) || code.as_str() == wanted);
            if fits && items.len() < 50 {
                let district = code.parent();
                let district = district.and_then(|up| names.get(up.as_str()).copied());
                items.push(VillageRow {
                    code,
                    name: row.name.clone(),
                    district: district.unwrap_or_default().to_owned(),
                });
            }
        }
        Ok(Page { items, next: None })
    }
}
