//! What a feed signed, taken in: each event once, held back with its batch when something about that is odd, then given its
//! effect one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect, Set, Value,
};
use tilik_protocol::health::is_health_feed;
use tilik_protocol::ids::{CivilBatchId, CivilEventId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::nik::{self, Day};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::population::{
    BatchFacts, BatchReceipt, BatchState, Channel, CivilEvent, CivilEvents, CivilKind, CivilState,
    CivilWhy, EventReceipt, FILE_SIGNED_FOR_S, Limits, MOST_EVENTS, Seal, SealFault, Trip,
    VillageDay, is_event_name, order_of, seq_of, signed_bytes, trips,
};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::JOB;
use crate::config::FeedKey;
use crate::error::{Error, Result};
use crate::store::imports::{Places, persons_behind};
use crate::store::journal::Entry;
use crate::store::tables::{civil_batch, civil_event, civil_feed, family, feed_nonce, person};
use crate::store::{Acting, Store, Write, jobs};

/// Up to so many events have their effect before the answer; more are left to a worker.
const AT_ONCE: usize = 200;

fn refused(fault: SealFault) -> Error {
    match fault {
        SealFault::TooOld => Error::field(
            "time",
            "too_old",
            "Waktu tanda tangan sudah lewat; tanda tangani ulang dengan waktu sekarang.",
        ),
        SealFault::TooNew => Error::field(
            "time",
            "in_future",
            "Waktu tanda tangan di masa depan; periksa jam pengirim.",
        ),
        SealFault::BadNonce => Error::field(
            "nonce",
            "bad_shape",
            "Nonce harus 16 sampai 64 huruf, angka, tanda hubung atau garis bawah.",
        ),
        SealFault::BadKey => Error::field(
            "key",
            "bad_shape",
            "Tulis nama kunci seperti dukcapil/2026.",
        ),
    }
}

/// What a key may speak of: who insures people says nothing of births and deaths, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Speaks {
    OfPopulation,
    OfHealth,
}

/// Whether somebody whose key is configured for this signed it, now.
pub(in crate::store) fn checked(
    seal: &Seal,
    body: &[u8],
    channel: Channel,
    keys: &[FeedKey],
    now: Timestamp,
    speaks: Speaks,
) -> Result<()> {
    seal.check(now, channel).map_err(refused)?;
    let may_speak = is_health_feed(seal.feed()) == (speaks == Speaks::OfHealth);
    // A key that is not configured, or not for this, and a signature that does not fit are told alike.
    let fits = may_speak
        && keys.iter().any(|key| {
            key.name == seal.key
                && key.signed(&signed_bytes(seal.time, &seal.nonce, body), &seal.signature)
        });
    if fits {
        return Ok(());
    }
    Err(Error::field(
        "signature",
        "wrong",
        "Tanda tangan tidak cocok dengan kunci yang terdaftar; periksa nama kunci, waktu, nonce dan isi yang ditandatangani.",
    ))
}

/// Remembers the nonce of what is no batch of events: those stand with their batch.
pub(in crate::store) async fn use_nonce(write: &Write, seal: &Seal) -> Result<()> {
    let nonce = feed_nonce::ActiveModel {
        key_name: Set(seal.key.clone()),
        nonce: Set(seal.nonce.clone()),
        used_at: Set(write.at().as_micros()),
    };
    let columns = [feed_nonce::Column::KeyName, feed_nonce::Column::Nonce];
    let first = feed_nonce::Entity::insert(nonce)
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .exec_without_returning(write.on())
        .await?;
    if first == 0 {
        return Err(Error::field(
            "nonce",
            "used",
            "Nonce ini sudah dipakai; tanda tangani ulang dengan nonce baru. Baris yang sama tidak dicatat dua kali.",
        ));
    }
    Ok(())
}

impl Store {
    /// Forgets nonces of which no signature counts any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_nonces(&self) -> Result<()> {
        // A clock that runs ahead signs for a little longer.
        let gone = self.now().plus_s(-FILE_SIGNED_FOR_S - 86_400);
        feed_nonce::Entity::delete_many()
            .filter(feed_nonce::Column::UsedAt.lt(gone.as_micros()))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

/// A village of the events, with how many persons live there.
#[derive(FromQueryResult)]
struct Populated {
    region: String,
    persons: i64,
}

#[derive(FromQueryResult)]
struct Today {
    region: String,
    person_id: Option<Uuid>,
    kind: String,
}

/// Somebody an event is about, as the registry knows them before it has its effect.
pub(super) struct Home {
    pub person: Uuid,
    pub family: Uuid,
    pub village: String,
}

/// The persons behind the NIKs of events.
pub(super) type Homes = HashMap<String, Home>;

/// What an event is refused for by itself, or why a person has to look before anything else.
fn look_at(event: &CivilEvent, places: &Places) -> (CivilState, Option<CivilWhy>) {
    let number = |text: &String| nik::sixteen_digits(text).is_ok();
    let mut numbers = std::iter::once(&event.nik)
        .chain(&event.no_kk)
        .chain(&event.payload.members)
        .chain(&event.payload.new_kk)
        .chain(&event.payload.kept_nik);
    if !numbers.all(number) {
        return (CivilState::Refused, Some(CivilWhy::BadNumber));
    }
    let reported = event.date_reported.as_deref();
    let mut dates = std::iter::once(event.date_effective.as_str()).chain(reported);
    if !dates.all(|text| Day::read(text).is_some()) {
        return (CivilState::Refused, Some(CivilWhy::BadDate));
    }
    match event.kind.known() {
        None => (CivilState::ToJudge, Some(CivilWhy::UnknownKind)),
        Some(CivilKind::PindahDalamKota) => {
            let to = event.payload.region.as_ref();
            let known = to.is_some_and(|to| places.village("region", to.as_str()).is_ok());
            if known {
                (CivilState::Received, None)
            } else {
                (CivilState::Refused, Some(CivilWhy::VillageUnknown))
            }
        }
        Some(_) => (CivilState::Received, None),
    }
}

/// The beginning of the day that it is in `region` at `now`.
fn midnight(now: Timestamp, region: &RegionCode) -> Timestamp {
    let offset = 60 * region.utc_offset_min();
    let local = now.plus_s(offset).as_micros();
    let day_us = 86_400_000_000;
    Timestamp::from_micros(local - local.rem_euclid(day_us)).plus_s(-offset)
}

/// The day that it is in `region` at `now`.
fn today(now: Timestamp, region: &RegionCode) -> Option<Day> {
    let text = now.plus_s(60 * region.utc_offset_min()).to_string();
    Day::read(text.get(..10)?)
}

impl Acting {
    /// Takes in what a feed signed. The same event twice is one event; a batch about which something is odd is parked.
    ///
    /// # Errors
    /// `invalid` for a seal that does not count, a nonce that was used, or ids that are none; `bad_body`, `too_large`.
    pub async fn bring_events(
        &self,
        seal: &Seal,
        body: &[u8],
        channel: Channel,
        keys: &[FeedKey],
        limits: &Limits,
    ) -> Result<BatchReceipt> {
        self.actor.require(Permission::BringEvents)?;
        let region = self
            .actor
            .regions(Permission::BringEvents)
            .into_iter()
            .next();
        let region = region.ok_or(Error::Refused(ProblemCode::Forbidden))?;
        checked(
            seal,
            body,
            channel,
            keys,
            self.store.now(),
            Speaks::OfPopulation,
        )?;
        let brought: CivilEvents =
            serde_json::from_slice(body).map_err(|_| Error::Refused(ProblemCode::BadBody))?;
        if brought.events.len() > MOST_EVENTS {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let bad: Vec<FieldProblem> = brought
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| {
                // It is kept in clear, and told.
                !is_event_name(&event.event_id)
                    || (!event.nik.is_empty() && event.event_id.contains(&event.nik))
            })
            .map(|(n, _)| FieldProblem {
                field: format!("events[{n}].event_id"),
                code: "bad_shape".to_owned(),
                remedy: "Pakai 1 sampai 64 huruf, angka atau -_.:/ tanpa NIK di dalamnya."
                    .to_owned(),
            })
            .take(50)
            .collect();
        if !bad.is_empty() {
            return Err(Error::Invalid(bad));
        }
        let places = self.places().await?;
        let role = self.actor.act_in(Permission::BringEvents, &region)?;
        let taken = self.take_batch(
            seal,
            channel,
            &region,
            role,
            &brought.events,
            &places,
            limits,
        );
        let taken = Box::pin(taken).await?;
        if taken.state == BatchState::Taken && taken.new <= AT_ONCE {
            let by = self.store.acting_as_system("population events");
            if let Err(error) = Box::pin(by.apply_batch(taken.batch)).await {
                // They are here: a worker goes on with them.
                tracing::warn!(cause = %error, "population events wait");
            }
        }
        self.receipt(&taken, seal.feed(), &brought.events).await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a batch and everything it is judged by"
    )]
    async fn take_batch(
        &self,
        seal: &Seal,
        channel: Channel,
        region: &RegionCode,
        role: Role,
        events: &[CivilEvent],
        places: &Places,
        limits: &Limits,
    ) -> Result<TakenBatch> {
        let mut write = self.begin().await?;
        let id: CivilBatchId = self.store.ids().next();
        let mut batch = civil_batch::Model {
            id: id.into(),
            version: 1,
            feed: seal.feed().to_owned(),
            key_name: seal.key.clone(),
            nonce: seal.nonce.clone(),
            signed_at: seal.time.as_micros(),
            channel: channel.to_string(),
            region: region.to_string(),
            state: BatchState::Taken.to_string(),
            trips: "[]".to_owned(),
            events: 0,
            deaths: 0,
            first_seq: None,
            last_seq: None,
            received_by: self.actor.person_id()?.into(),
            received_at: write.at().as_micros(),
            reason: None,
            decided_by: None,
            decided_at: None,
        };
        let row = civil_batch::ActiveModel::from(batch.clone()).reset_all();
        let nonce = [civil_batch::Column::KeyName, civil_batch::Column::Nonce];
        let first = civil_batch::Entity::insert(row)
            .on_conflict(OnConflict::columns(nonce).do_nothing().to_owned())
            .exec_without_returning(write.on())
            .await?;
        if first == 0 {
            return Err(Error::field(
                "nonce",
                "used",
                "Nonce ini sudah dipakai; tanda tangani ulang dengan nonce baru. Peristiwa yang sama tidak dicatat dua kali.",
            ));
        }
        // One batch of a feed at a time: the last number is read and written under this lock.
        let feed = civil_feed::ActiveModel {
            feed: Set(batch.feed.clone()),
            last_seq: Set(order_of(0)),
        };
        let begins = civil_feed::Entity::insert(feed)
            .on_conflict(
                OnConflict::column(civil_feed::Column::Feed)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(write.on())
            .await?;
        let last = civil_feed::Entity::find_by_id(batch.feed.clone())
            .lock_exclusive()
            .one(write.on())
            .await?;
        let last = last.filter(|_| begins == 0).map(|row| seq_of(row.last_seq));
        let known = known_events(&write, &batch.feed, events).await?;
        let (mut fresh, mut conflicts) = (Vec::new(), HashSet::new());
        let mut hashes: HashMap<&str, [u8; 16]> = HashMap::new();
        for (n, event) in events.iter().enumerate() {
            let text = serde_json::to_string(event).map_err(Error::internal)?;
            let hash = self.store.keys().blind_body(&text);
            let earlier = known
                .get(event.event_id.as_str())
                .map(|row| &*row.body_hash);
            let earlier = earlier.or_else(|| hashes.get(&*event.event_id).map(|hash| &hash[..]));
            match earlier {
                Some(earlier) if earlier == hash => {}
                Some(_) => {
                    conflicts.insert(n);
                }
                None => {
                    hashes.insert(&event.event_id, hash);
                    fresh.push((event, text, hash));
                }
            }
        }
        let fit: Vec<&CivilEvent> = fresh
            .iter()
            .map(|(event, ..)| *event)
            .filter(|event| look_at(event, places).0 != CivilState::Refused)
            .collect();
        let facts = self.facts(&write, &batch, region, last, &fit).await?;
        let trips = trips(&facts, limits);
        let parked = !trips.is_empty();
        batch.trips = serde_json::to_string(&trips).map_err(Error::internal)?;
        batch.events = i32::try_from(fresh.len()).map_err(Error::internal)?;
        let deaths = fit
            .iter()
            .filter(|event| event.kind.known() == Some(CivilKind::Meninggal));
        batch.deaths = i32::try_from(deaths.count()).map_err(Error::internal)?;
        batch.first_seq = facts.seqs.map(|(first, _)| order_of(first));
        batch.last_seq = facts.seqs.map(|(_, last)| order_of(last));
        let state = if parked {
            BatchState::Parked
        } else {
            BatchState::Taken
        };
        batch.state = state.to_string();
        civil_batch::ActiveModel::from(batch.clone())
            .reset_all()
            .update(write.on())
            .await?;
        let mut rows = Vec::with_capacity(fresh.len());
        for (event, text, hash) in &fresh {
            let event_id: CivilEventId = self.store.ids().next();
            let (mut state, why) = look_at(event, places);
            if parked && state == CivilState::Received {
                state = CivilState::Parked;
            }
            let keys = self.store.keys();
            rows.push(civil_event::ActiveModel {
                id: Set(event_id.into()),
                version: Set(1),
                batch_id: Set(batch.id),
                feed: Set(batch.feed.clone()),
                feed_event: Set(event.event_id.clone()),
                kind: Set(match &event.kind {
                    Lenient::Known(kind) => kind.to_string(),
                    Lenient::Unknown(text) => text.chars().take(40).collect(),
                }),
                seq: Set(order_of(event.source_seq)),
                nik_key: Set(keys.blind_nik(&event.nik).to_vec()),
                body_enc: Set(keys.encrypt_field("civil_event", "body", event_id.into(), text)),
                body_hash: Set(hash.to_vec()),
                effective_on: Set(Day::read(&event.date_effective)
                    .map(|day| day.to_string())
                    .unwrap_or_default()),
                received_at: Set(batch.received_at),
                region: Set(region.to_string()),
                person_id: Set(None),
                family_id: Set(None),
                state: Set(state.to_string()),
                why: Set(why.map(|why| why.to_string())),
                follow_up: Set(None),
                due_at: Set(None),
                effect: Set(None),
                reason: Set(None),
                settled_by: Set(None),
                settled_at: Set(None),
            });
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(500));
            civil_event::Entity::insert_many(std::mem::replace(&mut rows, rest))
                .exec_without_returning(write.on())
                .await?;
        }
        if let (false, Some((_, highest))) = (parked, facts.seqs) {
            let highest = last.map_or(highest, |last| last.max(highest));
            keep_last(&write, &batch.feed, order_of(highest)).await?;
        } else if begins == 1 && (parked || facts.seqs.is_none()) {
            // Nothing of it was let through: it still has no last number.
            civil_feed::Entity::delete_by_id(batch.feed.clone())
                .exec(write.on())
                .await?;
        }
        write.acts_in(region.clone());
        write.journal(Entry::new(
            "civil.bring",
            format!("civil_batch:{id}"),
            role,
            None,
            &serde_json::json!({ "key": seal.key, "channel": channel, "events": events.len(),
                "new": fresh.len(), "state": state, "trips": trips }),
        )?);
        if !parked && !fresh.is_empty() {
            jobs::enqueue(&write, JOB, &id.to_string()).await?;
        }
        let new = fresh.len();
        write.commit().await?;
        Ok(TakenBatch {
            batch: id,
            state,
            trips,
            new,
            conflicts,
        })
    }

    /// What the breaker looks at.
    async fn facts(
        &self,
        write: &Write,
        batch: &civil_batch::Model,
        region: &RegionCode,
        last_seq: Option<u64>,
        events: &[&CivilEvent],
    ) -> Result<BatchFacts> {
        let now = write.at();
        let today_is = today(now, region);
        let after_today = |text: &str| match (Day::read(text), today_is) {
            (Some(day), Some(today)) => day > today,
            (None, _) | (_, None) => false,
        };
        let is_future = |event: &&&CivilEvent| {
            after_today(&event.date_effective)
                || event.date_reported.as_deref().is_some_and(after_today)
        };
        let homes = self.homes(write.on(), region, events).await?;
        let since = midnight(now, region).as_micros();
        // What a person let through was looked at: it does not count against what comes after.
        let before = Today::find_by_statement(self.store.sql(
            "SELECT e.region, e.person_id, e.kind FROM civil_event e JOIN civil_batch b ON b.id = e.batch_id \
             WHERE e.received_at >= $1 AND e.feed = $2 AND b.state = 'taken' AND e.batch_id <> $3 AND e.state <> 'refused'",
            [since.into(), batch.feed.clone().into(), batch.id.into()],
        ))
        .all(write.on())
        .await?;
        let mut touched: BTreeMap<String, HashSet<Uuid>> = BTreeMap::new();
        for home in homes.values() {
            let known = touched.entry(home.village.clone()).or_default();
            known.insert(home.person);
        }
        let is_death = |kind: &str| kind == CivilKind::Meninggal.to_string();
        let mut deaths = before.iter().filter(|row| is_death(&row.kind)).count() as u64;
        for row in &before {
            if let (Some(person), Some(known)) = (row.person_id, touched.get_mut(&row.region)) {
                known.insert(person);
            }
        }
        let deaths_here = events
            .iter()
            .filter(|event| event.kind.known() == Some(CivilKind::Meninggal));
        deaths += deaths_here.count() as u64;
        let populated = self.populated(write, touched.keys()).await?;
        let villages = touched
            .iter()
            .map(|(village, persons)| VillageDay {
                persons: populated.get(village).copied().unwrap_or_default(),
                touched: persons.len() as u64,
            })
            .collect();
        let seqs = events.iter().map(|event| event.source_seq);
        Ok(BatchFacts {
            last_seq,
            seqs: seqs.clone().min().zip(seqs.max()),
            count: events.len() as u64,
            future: events.iter().any(|event| is_future(&event)),
            villages,
            deaths,
        })
    }

    /// Whom the events are about, and where they live.
    pub(super) async fn homes(
        &self,
        on: &impl ConnectionTrait,
        region: &RegionCode,
        events: &[&CivilEvent],
    ) -> Result<Homes> {
        let keys = self.store.keys();
        let numbers = events.iter().map(|event| event.nik.as_str());
        let found = persons_behind(on, keys, numbers).await?;
        let ids: Vec<Uuid> = found.values().flatten().copied().collect();
        let mut family_of: HashMap<Uuid, Uuid> = HashMap::new();
        for some in ids.chunks(500) {
            let rows = person::Entity::find()
                .filter(person::Column::Id.is_in(some.iter().copied()))
                .all(on)
                .await?;
            family_of.extend(rows.into_iter().map(|row| (row.id, row.family_id)));
        }
        let families: HashSet<Uuid> = family_of.values().copied().collect();
        let families: Vec<Uuid> = families.into_iter().collect();
        let mut lives: HashMap<Uuid, String> = HashMap::new();
        for some in families.chunks(500) {
            let rows = family::Entity::find()
                .filter(family::Column::Id.is_in(some.iter().copied()))
                .all(on)
                .await?;
            let here = rows.into_iter().filter(|row| {
                let code = row.region.parse::<RegionCode>();
                code.is_ok_and(|code| region.covers(&code))
            });
            lives.extend(here.map(|row| (row.id, row.region)));
        }
        let home = |nik: String, persons: Vec<Uuid>| {
            let person = *persons.first()?;
            let family = *family_of.get(&person)?;
            let village = lives.get(&family)?.clone();
            let home = Home {
                person,
                family,
                village,
            };
            Some((nik, home))
        };
        Ok(found
            .into_iter()
            .filter_map(|(nik, persons)| home(nik, persons))
            .collect())
    }

    /// How many live in each of some villages.
    async fn populated(
        &self,
        write: &Write,
        villages: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, u64>> {
        let values: Vec<Value> = villages.map(|code| code.clone().into()).collect();
        if values.is_empty() {
            return Ok(HashMap::new());
        }
        let places: Vec<String> = (1..=values.len()).map(|n| format!("${n}")).collect();
        let text = format!(
            "SELECT f.region, COUNT(*) AS persons FROM family f JOIN person p ON p.family_id = f.id \
             WHERE f.region IN ({}) AND f.closed_at IS NULL AND p.alive AND p.merged_into IS NULL GROUP BY f.region",
            places.join(", ")
        );
        let rows = Populated::find_by_statement(self.store.sql(&text, values))
            .all(write.on())
            .await?;
        let counted = rows.into_iter();
        Ok(counted
            .map(|row| (row.region, row.persons.unsigned_abs()))
            .collect())
    }

    async fn receipt(
        &self,
        taken: &TakenBatch,
        feed: &str,
        events: &[CivilEvent],
    ) -> Result<BatchReceipt> {
        let write = self.begin().await?;
        let known = known_events(&write, feed, events).await?;
        drop(write);
        let told = events.iter().enumerate().map(|(n, event)| {
            let row = known.get(event.event_id.as_str());
            match row.filter(|_| !taken.conflicts.contains(&n)) {
                Some(row) => EventReceipt {
                    event_id: event.event_id.clone(),
                    state: Lenient::read(&row.state),
                    why: row.why.as_deref().map(Lenient::read),
                },
                None => EventReceipt {
                    event_id: event.event_id.clone(),
                    state: CivilState::Refused.into(),
                    why: Some(CivilWhy::ContentConflict.into()),
                },
            }
        });
        Ok(BatchReceipt {
            batch: taken.batch,
            state: taken.state.into(),
            trips: taken.trips.clone(),
            events: told.collect(),
        })
    }

    /// Gives the events of a batch their effect, one by one and each person's in the order of their numbers. What was done
    /// before is left as it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn apply_batch(&self, batch: CivilBatchId) -> Result<()> {
        let batch = civil_batch::Entity::find_by_id(Uuid::from(batch))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let keys: HashSet<Vec<u8>> = civil_event::Entity::find()
            .select_only()
            .column(civil_event::Column::NikKey)
            .filter(civil_event::Column::BatchId.eq(batch.id))
            .into_tuple()
            .all(self.store.read())
            .await?
            .into_iter()
            .collect();
        let keys: Vec<Vec<u8>> = keys.into_iter().collect();
        // Also what came later and waited for those of this batch.
        for some in keys.chunks(500) {
            let waiting: HashSet<Vec<u8>> = civil_event::Entity::find()
                .select_only()
                .column(civil_event::Column::NikKey)
                .filter(civil_event::Column::Feed.eq(&batch.feed))
                .filter(civil_event::Column::NikKey.is_in(some.iter().cloned()))
                .filter(civil_event::Column::State.eq(CivilState::Received.to_string()))
                .into_tuple()
                .all(self.store.read())
                .await?
                .into_iter()
                .collect();
            for key in waiting {
                self.apply_person(&batch.feed, &key).await?;
            }
        }
        Ok(())
    }
}

/// What became of a batch before any of it had an effect.
struct TakenBatch {
    batch: CivilBatchId,
    state: BatchState,
    trips: Vec<Trip>,
    new: usize,
    conflicts: HashSet<usize>,
}

/// Remembers how far a feed came.
pub(super) async fn keep_last(write: &Write, feed: &str, last_seq: i64) -> Result<()> {
    let row = civil_feed::ActiveModel {
        feed: Set(feed.to_owned()),
        last_seq: Set(last_seq),
    };
    civil_feed::Entity::insert(row)
        .on_conflict(
            OnConflict::column(civil_feed::Column::Feed)
                .update_column(civil_feed::Column::LastSeq)
                .to_owned(),
        )
        .exec_without_returning(write.on())
        .await?;
    Ok(())
}

/// Those of the events that are here already.
async fn known_events(
    write: &Write,
    feed: &str,
    events: &[CivilEvent],
) -> Result<HashMap<String, civil_event::Model>> {
    let mut known = HashMap::new();
    let ids: Vec<&str> = events.iter().map(|event| event.event_id.as_str()).collect();
    for some in ids.chunks(500) {
        let rows = civil_event::Entity::find()
            .filter(civil_event::Column::Feed.eq(feed))
            .filter(civil_event::Column::FeedEvent.is_in(some.iter().copied()))
            .all(write.on())
            .await?;
        known.extend(rows.into_iter().map(|row| (row.feed_event.clone(), row)));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_people_are() {
        let kediri: RegionCode = "35.71".parse().unwrap();
        let jayapura: RegionCode = "91.71".parse().unwrap();
        let now: Timestamp = "2026-11-24T16:30:00Z".parse().unwrap();
        let told = |region| (midnight(now, region).to_string(), today(now, region));
        let (begins, day) = told(&kediri);
        assert_eq!(begins, "2026-11-23T17:00:00.000000Z");
        assert_eq!(day.unwrap().to_string(), "2026-11-24");
        let (begins, day) = told(&jayapura);
        assert_eq!(begins, "2026-11-24T15:00:00.000000Z");
        assert_eq!(day.unwrap().to_string(), "2026-11-25");
    }
}
