//! What BPJS says, taken in: a line that was here is known, one that cannot be read is told with its field, and all others
//! are kept.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use tilik_protocol::health::{
    HealthReceipt, HealthStatements, HealthStatus, HealthWhy, MOST_STATEMENTS, PBI,
    RefusedStatement, Said, StatementState, left_to_do, reactivate_until, stands_over,
};
use tilik_protocol::ids::HealthId;
use tilik_protocol::nik::Day;
use tilik_protocol::policy::Permission;
use tilik_protocol::population::{Channel, Seal};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::Sealed;
use crate::config::FeedKey;
use crate::error::{Error, Result};
use crate::store::imports::{day_of, persons_behind};
use crate::store::journal::Entry;
use crate::store::population::{Speaks, checked, use_nonce};
use crate::store::tables::{family, health_statement, membership, person};
use crate::store::{Acting, Write};

/// Any number: PostgreSQL lets one of those who bring statements write at a time, as SQLite does anyway.
const HEALTH_LOCK: i64 = 0x7469_6c69_6b02;

/// Where lines come from.
#[derive(Debug, Clone)]
pub(in crate::store) struct Source {
    /// Whose word it is: the feed, or `berkas`.
    pub feed: String,
    /// By which way.
    pub channel: Channel,
    /// By whose account.
    pub by: Option<Uuid>,
    /// Where what is about nobody waits.
    pub region: RegionCode,
    /// Whose persons these may be about.
    pub reach: Vec<RegionCode>,
    /// Whether the lines have ids of their own; else what a line says is known by itself.
    pub has_ids: bool,
}

/// A line that could be read.
#[derive(Debug, Clone)]
pub(in crate::store) struct Line {
    /// Its id at the feed.
    pub event: String,
    /// What it says.
    pub said: Said,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Outcome {
    /// It is so of somebody of whom nothing was known.
    First,
    /// It is so now, instead of something else.
    Current,
    /// One of a later day stands.
    Past,
    /// It was here.
    Known,
    /// Its id was used for something else.
    Conflict,
    /// About nobody here.
    Unmatched,
    /// People have to say what it means.
    ToJudge,
}

/// What became of some lines.
pub(in crate::store) struct Outcomes {
    /// Of each, in their order.
    pub each: Vec<Outcome>,
    /// The families that they are about.
    pub families: Vec<Uuid>,
}

/// Whom a NIK means.
enum Meant {
    Nobody,
    Several,
    One(Box<person::Model>, String),
}

/// What is so of some persons.
async fn current(
    on: &impl ConnectionTrait,
    persons: &[Uuid],
) -> Result<HashMap<Uuid, health_statement::Model>> {
    let mut found = HashMap::new();
    for some in persons.chunks(500) {
        let rows = health_statement::Entity::find()
            .filter(health_statement::Column::PersonId.is_in(some.iter().copied()))
            .filter(health_statement::Column::State.eq(StatementState::Current.to_string()))
            .all(on)
            .await?;
        found.extend(
            rows.into_iter()
                .filter_map(|row| Some((row.person_id?, row))),
        );
    }
    Ok(found)
}

/// Which of some persons hold a place of PBI-JK.
async fn holders(on: &impl ConnectionTrait, persons: &[Uuid]) -> Result<HashSet<Uuid>> {
    let mut found = HashSet::new();
    for some in persons.chunks(500) {
        let rows = membership::Entity::find()
            .filter(membership::Column::Program.eq(PBI))
            .filter(membership::Column::PersonId.is_in(some.iter().copied()))
            .filter(membership::Column::State.is_in(super::HOLDING))
            .all(on)
            .await?;
        found.extend(rows.into_iter().filter_map(|row| row.person_id));
    }
    Ok(found)
}

/// Whom each of some NIKs means, as far as `reach` goes.
async fn meant(
    write: &Write,
    niks: &[&str],
    reach: &[RegionCode],
) -> Result<HashMap<String, Meant>> {
    let keys = write.store().keys();
    let found = persons_behind(write.on(), keys, niks.iter().copied()).await?;
    let ids: Vec<Uuid> = found.values().flatten().copied().collect();
    let mut persons: HashMap<Uuid, person::Model> = HashMap::new();
    for some in ids.chunks(500) {
        let rows = person::Entity::find()
            .filter(person::Column::Id.is_in(some.iter().copied()))
            .filter(person::Column::MergedInto.is_null())
            .all(write.on())
            .await?;
        persons.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    let families: HashSet<Uuid> = persons.values().map(|row| row.family_id).collect();
    let families: Vec<Uuid> = families.into_iter().collect();
    let mut lives: HashMap<Uuid, String> = HashMap::new();
    for some in families.chunks(500) {
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(some.iter().copied()))
            .all(write.on())
            .await?;
        lives.extend(rows.into_iter().map(|row| (row.id, row.region)));
    }
    let within = |code: &String| {
        let code = code.parse::<RegionCode>();
        code.is_ok_and(|code| !code.is_training() && reach.iter().any(|mine| mine.covers(&code)))
    };
    let mut told = HashMap::new();
    for (nik, ids) in found {
        let mut here: Vec<(&person::Model, &String)> = ids
            .iter()
            .filter_map(|id| persons.get(id))
            .filter_map(|row| Some((row, lives.get(&row.family_id)?)))
            .filter(|(_, village)| within(village))
            .collect();
        // Of one who lives and one who died the living is meant.
        if here.iter().any(|(row, _)| row.alive) {
            here.retain(|(row, _)| row.alive);
        }
        let who = match here[..] {
            [] => Meant::Nobody,
            [(row, village)] => Meant::One(Box::new(row.clone()), village.clone()),
            _ => Meant::Several,
        };
        told.insert(nik, who);
    }
    Ok(told)
}

/// Whoever changes what stands of somebody does so one after the other: PostgreSQL lets one of them in at a time, as SQLite
/// does anyway. Whoever has it waits for nobody's row but a statement's, so that a merge or a move may ask for it late.
pub(super) async fn one_at_a_time(write: &Write) -> Result<()> {
    let store = write.store();
    if store.is_postgres() {
        let lock = store.sql("SELECT pg_advisory_xact_lock($1)", [HEALTH_LOCK.into()]);
        write.on().execute_raw(lock).await?;
    }
    Ok(())
}

/// What waits, or was dismissed, of NIKs whose owner was not clear, by NIK.
async fn unclear(
    write: &Write,
    niks: &[&str],
) -> Result<HashMap<String, Vec<health_statement::Model>>> {
    use health_statement::Column as C;
    let keys = write.store().keys();
    let mut of: HashMap<Vec<u8>, &str> = HashMap::new();
    for nik in niks {
        let candidates = keys.blind_nik_candidates(nik).into_iter();
        of.extend(candidates.map(|one| (one.hash.to_vec(), *nik)));
    }
    let mut found: HashMap<String, Vec<health_statement::Model>> = HashMap::new();
    let values: Vec<Vec<u8>> = of.keys().cloned().collect();
    let states = [
        StatementState::Unmatched,
        StatementState::ToJudge,
        StatementState::Dismissed,
    ];
    for some in values.chunks(500) {
        let rows = health_statement::Entity::find()
            .filter(C::NikKey.is_in(some.iter().cloned()))
            .filter(C::State.is_in(states.map(|state| state.to_string())))
            .order_by_asc(C::AsOf)
            .order_by_asc(C::Id)
            .all(write.on())
            .await?;
        for row in rows {
            if let Some(nik) = of.get(&row.nik_key) {
                found.entry((*nik).to_owned()).or_default().push(row);
            }
        }
    }
    Ok(found)
}

/// Takes lines in, in their order, and tells what became of each.
pub(in crate::store) async fn take(
    write: &Write,
    source: &Source,
    lines: &[Line],
) -> Result<Outcomes> {
    let store = write.store();
    one_at_a_time(write).await?;
    let keys = store.keys();
    let names: Vec<&str> = lines.iter().map(|line| line.event.as_str()).collect();
    let mut known: HashMap<String, Vec<u8>> = HashMap::new();
    for some in names.chunks(500) {
        let rows = health_statement::Entity::find()
            .filter(health_statement::Column::Feed.eq(&source.feed))
            .filter(health_statement::Column::FeedEvent.is_in(some.iter().copied()))
            .all(write.on())
            .await?;
        known.extend(rows.into_iter().map(|row| (row.feed_event, row.body_hash)));
    }
    let niks: Vec<&str> = lines.iter().map(|line| line.said.nik.as_str()).collect();
    let meant = meant(write, &niks, &source.reach).await?;
    let mut unclear = unclear(write, &niks).await?;
    let persons: Vec<Uuid> = meant
        .values()
        .filter_map(|who| match who {
            Meant::One(row, _) => Some(row.id),
            Meant::Nobody | Meant::Several => None,
        })
        .collect();
    let mut stands = current(write.on(), &persons).await?;
    let holders = holders(write.on(), &persons).await?;
    let (mut waiting, past) = said_before(write, source, lines).await?;
    let (mut outcomes, mut rows, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let said = &line.said;
        let text = said_text(said);
        let hash = keys.blind_body(&text).to_vec();
        match known.get(&line.event) {
            Some(earlier) if *earlier == hash => {
                outcomes.push(Outcome::Known);
                continue;
            }
            Some(_) => {
                outcomes.push(Outcome::Conflict);
                continue;
            }
            None => {}
        }
        let who = meant.get(&said.nik).unwrap_or(&Meant::Nobody);
        // A file has no ids: what is so already, or waits already, is not written twice.
        let is_so = match who {
            Meant::One(person, _) => stands
                .get(&person.id)
                .is_some_and(|row| row.body_hash == hash),
            Meant::Nobody | Meant::Several => !source.has_ids && waiting.contains(&hash),
        };
        if is_so {
            outcomes.push(Outcome::Known);
            continue;
        }
        known.insert(line.event.clone(), hash.clone());
        let id: HealthId = store.ids().next();
        let body = Sealed {
            nik: said.nik.clone(),
            name: said.name.clone(),
        };
        let body = serde_json::to_string(&body).map_err(Error::internal)?;
        let mut row = health_statement::Model {
            id: id.into(),
            version: 1,
            feed: source.feed.clone(),
            feed_event: line.event.clone(),
            channel: source.channel.to_string(),
            brought_by: source.by,
            nik_key: keys.blind_nik(&said.nik).to_vec(),
            body_enc: keys.encrypt_field("health_statement", "body", id.into(), &body),
            body_hash: hash,
            status: said.status.to_string(),
            segment: said.segment.map(|segment| segment.to_string()),
            since: said.since.map(|day| day.to_string()),
            as_of: said.as_of.to_string(),
            received_at: write.at().as_micros(),
            waits_since: write.at().as_micros(),
            region: source.region.to_string(),
            person_id: None,
            state: String::new(),
            why: None,
            due_on: None,
            reason: None,
            settled_by: None,
            settled_at: None,
        };
        let before = match who {
            Meant::One(person, _) => stands.get(&person.id),
            Meant::Nobody | Meant::Several => None,
        };
        let mut outcome = place(&mut row, who, before, said, &holders);
        let earlier = unclear.entry(said.nik.clone()).or_default();
        if matches!(outcome, Outcome::Unmatched | Outcome::ToJudge) {
            match instead_of(&mut row, said.as_of, earlier) {
                Instead::Known => {
                    outcomes.push(Outcome::Known);
                    continue;
                }
                Instead::Past => outcome = Outcome::Past,
                Instead::Waits(ended) => over.extend(ended),
            }
        } else if row.state == StatementState::Current.to_string() {
            // Who they are is clear now: what waited of an earlier day has its answer.
            over.extend(ended_by(said.as_of, earlier));
        }
        let was_said = match outcome {
            Outcome::Past => past.contains(&row.body_hash),
            Outcome::Unmatched | Outcome::ToJudge => {
                !waiting.insert(row.body_hash.clone()) && !source.has_ids
            }
            Outcome::First | Outcome::Current | Outcome::Known | Outcome::Conflict => false,
        };
        if was_said {
            outcomes.push(Outcome::Known);
            continue;
        }
        if let (Outcome::Current, Some(before)) = (outcome, before) {
            over.push(before.id);
        }
        if let (Outcome::First | Outcome::Current, Some(person)) = (outcome, row.person_id) {
            stands.insert(person, row.clone());
        }
        if matches!(outcome, Outcome::Unmatched | Outcome::ToJudge) {
            unclear
                .entry(said.nik.clone())
                .or_default()
                .push(row.clone());
        }
        outcomes.push(outcome);
        rows.push(row);
    }
    set_past(write, &mut rows, &over).await?;
    let mut rows = rows.into_iter();
    loop {
        let some: Vec<_> = rows
            .by_ref()
            .take(500)
            .map(|row| health_statement::ActiveModel::from(row).reset_all())
            .collect();
        if some.is_empty() {
            break;
        }
        health_statement::Entity::insert_many(some)
            .exec_without_returning(write.on())
            .await?;
    }
    let families = meant.values().filter_map(|who| match who {
        Meant::One(row, _) => Some(row.family_id),
        Meant::Nobody | Meant::Several => None,
    });
    Ok(Outcomes {
        each: outcomes,
        families: families.collect(),
    })
}

/// The hashes of what waits already, and of what is past already, of what the lines of a file say.
async fn said_before(
    write: &Write,
    source: &Source,
    lines: &[Line],
) -> Result<(HashSet<Vec<u8>>, HashSet<Vec<u8>>)> {
    let (mut waiting, mut past) = (HashSet::new(), HashSet::new());
    if source.has_ids {
        return Ok((waiting, past));
    }
    let keys = write.store().keys();
    let hashes: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| keys.blind_body(&said_text(&line.said)).to_vec())
        .collect();
    for some in hashes.chunks(500) {
        let rows = health_statement::Entity::find()
            .filter(health_statement::Column::BodyHash.is_in(some.iter().cloned()))
            .filter(health_statement::Column::State.ne(StatementState::Current.to_string()))
            .all(write.on())
            .await?;
        for row in rows {
            if row.state == StatementState::Past.to_string() {
                past.insert(row.body_hash);
            } else {
                // Who said once that it is nobody's is not asked again by the same file.
                waiting.insert(row.body_hash);
            }
        }
    }
    Ok((waiting, past))
}

/// What a line says, the same for the same: whoever brings it, and however often.
fn said_text(said: &Said) -> String {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let segment = said.segment.map(|one| one.to_string()).unwrap_or_default();
    format!(
        "{}|{}|{segment}|{}|{}",
        said.nik,
        said.status,
        day(said.since),
        said.as_of
    )
}

/// Writes into a statement where it stands, and tells what became of it.
fn place(
    row: &mut health_statement::Model,
    who: &Meant,
    before: Option<&health_statement::Model>,
    said: &Said,
    holders: &HashSet<Uuid>,
) -> Outcome {
    let (state, why, outcome) = match who {
        Meant::Nobody => (StatementState::Unmatched, None, Outcome::Unmatched),
        Meant::Several => (
            StatementState::ToJudge,
            Some(HealthWhy::Several),
            Outcome::ToJudge,
        ),
        Meant::One(person, village) => {
            row.region.clone_from(village);
            row.person_id = Some(person.id);
            let earlier = before.and_then(|before| Day::read(&before.as_of));
            if !person.alive && said.status == HealthStatus::Aktif {
                (
                    StatementState::ToJudge,
                    Some(HealthWhy::PersonDead),
                    Outcome::ToJudge,
                )
            } else if earlier.is_some_and(|old| !stands_over(said.as_of, old)) {
                (StatementState::Past, None, Outcome::Past)
            } else {
                // Of the dead nothing is left to do here: their places end by their death.
                let why = left_to_do(said.status, said.segment, holders.contains(&person.id))
                    .filter(|_| person.alive);
                // The same of a later day is no new matter: it waits as long as before, and who dealt with it is not asked
                // again.
                let same = before.filter(|before| {
                    (&before.status, &before.segment, &before.since)
                        == (&row.status, &row.segment, &row.since)
                });
                let mut why = why;
                if let Some(same) = same {
                    row.waits_since = same.waits_since;
                    if same.settled_at.is_some() {
                        why = None;
                        row.reason.clone_from(&same.reason);
                        row.settled_by = same.settled_by;
                        row.settled_at = same.settled_at;
                    }
                }
                let outcome = if before.is_some() {
                    Outcome::Current
                } else {
                    Outcome::First
                };
                (StatementState::Current, why, outcome)
            }
        }
    };
    row.state = state.to_string();
    row.why = why.map(|why| why.to_string());
    row.due_on = (why == Some(HealthWhy::Inactive))
        .then(|| said.since.map(reactivate_until))
        .flatten()
        .map(|day| day.to_string());
    outcome
}

/// Beside what waits of the same NIK already.
enum Instead {
    /// Somebody said of the same that nothing is to be done.
    Known,
    /// Something of a later day waits.
    Past,
    /// It waits, and these no longer.
    Waits(Vec<Uuid>),
}

/// What becomes of a statement whose owner is not clear, beside those of before: one waits, that of the latest day, as long as
/// the first that said the same.
fn instead_of(
    row: &mut health_statement::Model,
    as_of: Day,
    earlier: &[health_statement::Model],
) -> Instead {
    let says = |one: &health_statement::Model| {
        (one.status.clone(), one.segment.clone(), one.since.clone())
    };
    let mine = says(row);
    let dismissed = StatementState::Dismissed.to_string();
    if let Some(last) = earlier.last()
        && last.state == dismissed
        && says(last) == mine
    {
        return Instead::Known;
    }
    let waiting: Vec<_> = earlier
        .iter()
        .filter(|one| one.state != dismissed)
        .collect();
    let later = |one: &&health_statement::Model| {
        Day::read(&one.as_of).is_some_and(|old| !stands_over(as_of, old))
    };
    if waiting.iter().any(later) {
        row.state = StatementState::Past.to_string();
        row.why = None;
        row.due_on = None;
        return Instead::Past;
    }
    if let Some(same) = waiting.iter().find(|one| says(one) == mine) {
        row.waits_since = same.waits_since;
    }
    Instead::Waits(waiting.into_iter().map(|one| one.id).collect())
}

/// Which of these waited for a word of this day.
fn ended_by(as_of: Day, earlier: &[health_statement::Model]) -> Vec<Uuid> {
    earlier
        .iter()
        .filter(|one| one.state != StatementState::Dismissed.to_string())
        .filter(|one| Day::read(&one.as_of).is_some_and(|old| stands_over(as_of, old)))
        .map(|one| one.id)
        .collect()
}

/// What a later word replaced is past: in the database, and among the rows that are still to be written.
pub(super) async fn set_past(
    write: &Write,
    rows: &mut [health_statement::Model],
    over: &[Uuid],
) -> Result<()> {
    let over: HashSet<Uuid> = over.iter().copied().collect();
    for row in rows.iter_mut().filter(|row| over.contains(&row.id)) {
        row.state = StatementState::Past.to_string();
        row.why = None;
        row.due_on = None;
    }
    let over: Vec<Uuid> = over.into_iter().collect();
    for some in over.chunks(500) {
        health_statement::Entity::update_many()
            .col_expr(
                health_statement::Column::State,
                Expr::value(StatementState::Past.to_string()),
            )
            .col_expr(health_statement::Column::Why, Expr::value(None::<String>))
            .col_expr(health_statement::Column::DueOn, Expr::value(None::<String>))
            .col_expr(
                health_statement::Column::Version,
                Expr::col(health_statement::Column::Version).add(1),
            )
            .filter(health_statement::Column::Id.is_in(some.iter().copied()))
            .exec(write.on())
            .await?;
    }
    Ok(())
}

/// Looks at a statement again that waits, with what the registry knows now.
pub(super) async fn again(
    write: &Write,
    row: &mut health_statement::Model,
    nik: &str,
) -> Result<()> {
    let region: RegionCode = row.region.parse().map_err(Error::internal)?;
    // A statement waits where it came in: its persons are those of that city.
    let meant = meant(write, &[nik], &[city_of(region)]).await?;
    let who = meant.get(nik).unwrap_or(&Meant::Nobody);
    let (persons, before) = match who {
        Meant::One(person, _) => {
            let mut stands = current(write.on(), &[person.id]).await?;
            (vec![person.id], stands.remove(&person.id))
        }
        Meant::Nobody | Meant::Several => (Vec::new(), None),
    };
    let holders = holders(write.on(), &persons).await?;
    let said = Said {
        nik: nik.to_owned(),
        status: row.status.parse().map_err(Error::internal)?,
        segment: row
            .segment
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(Error::internal)?,
        since: row.since.as_deref().and_then(Day::read),
        as_of: Day::read(&row.as_of).ok_or_else(|| Error::internal("a day that is none"))?,
        name: None,
    };
    let outcome = place(row, who, before.as_ref(), &said, &holders);
    if let (Outcome::Current, Some(before)) = (outcome, before) {
        set_past(write, &mut [], &[before.id]).await?;
    }
    Ok(())
}

fn city_of(mut code: RegionCode) -> RegionCode {
    use tilik_protocol::region::RegionLevel;
    while code.level() > RegionLevel::City
        && let Some(up) = code.parent()
    {
        code = up;
    }
    code
}

impl Acting {
    /// Takes in what BPJS signed. The same line twice is one; a line that cannot be read is told and the others are taken.
    ///
    /// # Errors
    /// `invalid` for a seal that does not count or a nonce that was used; `bad_body`, `too_large`.
    pub async fn bring_health(
        &self,
        seal: &Seal,
        body: &[u8],
        channel: Channel,
        keys: &[FeedKey],
    ) -> Result<HealthReceipt> {
        self.actor.require(Permission::BringEvents)?;
        let reach = self.actor.regions(Permission::BringEvents);
        let region = reach
            .first()
            .cloned()
            .ok_or(Error::Refused(ProblemCode::Forbidden))?;
        let now = self.store.now();
        checked(seal, body, channel, keys, now, Speaks::OfHealth)?;
        let brought: HealthStatements =
            serde_json::from_slice(body).map_err(|_| Error::Refused(ProblemCode::BadBody))?;
        if brought.statements.len() > MOST_STATEMENTS {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let today =
            day_of(&region, now).ok_or_else(|| Error::internal("a day before the calendar"))?;
        let mut receipt = HealthReceipt::default();
        let (mut lines, mut positions) = (Vec::new(), Vec::new());
        for (n, one) in brought.statements.iter().enumerate() {
            let position = u32::try_from(n).unwrap_or(u32::MAX);
            match one.read(today) {
                Ok(said) => {
                    let event = one.event_id.clone();
                    lines.push(Line { event, said });
                    positions.push(position);
                }
                Err(problems) => receipt.refused.push(told(position, problems)),
            }
        }
        let role = self.actor.act_in(Permission::BringEvents, &region)?;
        let mut write = self.begin().await?;
        use_nonce(&write, seal).await?;
        let source = Source {
            feed: seal.feed().to_owned(),
            channel,
            by: self.actor.user().map(Into::into),
            region: region.clone(),
            reach,
            has_ids: true,
        };
        let outcomes = take(&write, &source, &lines).await?;
        for (outcome, position) in outcomes.each.into_iter().zip(positions) {
            match outcome {
                Outcome::First | Outcome::Current => receipt.current += 1,
                Outcome::Past => receipt.past += 1,
                Outcome::Known => receipt.known += 1,
                Outcome::Unmatched => receipt.unmatched += 1,
                Outcome::ToJudge => receipt.to_judge += 1,
                Outcome::Conflict => {
                    let problem = FieldProblem {
                        field: "event_id".to_owned(),
                        code: "content_conflict".to_owned(),
                        remedy: "Nomor ini sudah dipakai untuk isi lain; kirim dengan nomor baru."
                            .to_owned(),
                    };
                    receipt.refused.push(told(position, vec![problem]));
                }
            }
        }
        receipt.refused.sort_by_key(|one| one.position);
        write.acts_in(region);
        write.journal(Entry::new(
            "health.bring",
            format!("feed:{}", seal.feed()),
            role,
            None,
            &serde_json::json!({ "channel": channel, "current": receipt.current,
                "past": receipt.past, "known": receipt.known, "unmatched": receipt.unmatched,
                "to_judge": receipt.to_judge, "refused": receipt.refused.len() }),
        )?);
        write.commit().await?;
        Ok(receipt)
    }
}

/// A line that was not taken, its fields by their place in what was sent.
fn told(position: u32, mut problems: Vec<FieldProblem>) -> RefusedStatement {
    for one in &mut problems {
        one.field = format!("statements[{position}].{}", one.field);
    }
    RefusedStatement { position, problems }
}

/// Saves what a person said of a statement.
pub(super) async fn save(
    write: &Write,
    seen: i32,
    mut next: health_statement::Model,
) -> Result<health_statement::Model> {
    next.version = seen + 1;
    let saved = health_statement::Entity::update_many()
        .set(health_statement::ActiveModel::from(next.clone()).reset_all())
        .filter(health_statement::Column::Id.eq(next.id))
        .filter(health_statement::Column::Version.eq(seen))
        .exec(write.on())
        .await?;
    if saved.rows_affected == 0 {
        return Err(Error::Stale {
            current_version: next.version,
        });
    }
    Ok(next)
}
