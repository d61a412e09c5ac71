//! Approved acts that somebody has to enter in the ministry's system, which has no interface for a city. Owns the list
//! and its ticks. An act joins the list in the transaction that approved it; of a city's own program none does, for the
//! ministry does not know it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Select, Set,
};
use tilik_protocol::ids::{
    EventId, FamilyId, MembershipId, MinistryActId, PersonId, ProposalId, UserId,
};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::ministry::{
    MOST_TICKED, MinistryAct, MinistryActKind, MinistryActs, MinistryCount, TickActs,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::cursor::Place;
use super::families::region_code;
use super::journal::Entry;
use super::overview::within;
use super::proposals;
use super::tables::{family, membership, ministry_act, person, program, proposal};
use super::write::Seen;
use super::{Acting, Write, in_regions};
use crate::error::{Error, Result};

/// Which acts a list shows.
#[derive(Debug, Clone, Default)]
pub struct ActFilter {
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// Of this program.
    pub program: Option<String>,
    /// Of this kind.
    pub kind: Option<MinistryActKind>,
    /// Those that are entered, or those that are not.
    pub entered: bool,
}

/// Puts what was approved about a membership on the list. Nothing for a program that the ministry does not run, and
/// nothing in training.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn note(
    write: &Write,
    kind: MinistryActKind,
    held: &membership::Model,
    reason: Option<&str>,
) -> Result<()> {
    if region_code(&held.region)?.is_training() {
        return Ok(());
    }
    let of = program::Entity::find_by_id(held.program.clone())
        .one(write.on())
        .await?;
    if !of.is_some_and(|program| program.central) {
        return Ok(());
    }
    let id: MinistryActId = write.store().ids().next();
    ministry_act::ActiveModel {
        id: Set(id.into()),
        version: Set(1),
        kind: Set(kind.to_string()),
        object: Set(format!("membership:{}", MembershipId(held.id))),
        program: Set(held.program.clone()),
        region: Set(held.region.clone()),
        family_id: Set(held.family_id),
        person_id: Set(held.person_id),
        reason: Set(reason.map(str::to_owned)),
        approved_at: Set(write.at().as_micros()),
        entered_by: Set(None),
        entered_at: Set(None),
    }
    .insert(write.on())
    .await?;
    Ok(())
}

/// Who receives: the person of a person's program and nobody else; of a family's the payee, else the head.
pub(super) fn recipient(
    members: &[person::Model],
    person: Option<Uuid>,
    payee: Option<Uuid>,
) -> Option<&person::Model> {
    let called = |id: Uuid| members.iter().find(|one| one.id == id);
    match person {
        Some(id) => called(id),
        None => payee.and_then(called).or_else(|| {
            // A head who died is not its head, though nobody has changed the row.
            let head = |one: &&person::Model| one.relation == "kepala_keluarga" && one.alive;
            members.iter().find(head)
        }),
    }
}

/// Whose places of `of` these are who are with another family by now, or became one with another row: a place that ended
/// keeps naming them.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn elsewhere(
    on: &impl ConnectionTrait,
    of: &[(Uuid, Option<Uuid>)],
    members: &HashMap<Uuid, Vec<person::Model>>,
) -> Result<HashMap<Uuid, person::Model>> {
    let missing: BTreeSet<Uuid> = of
        .iter()
        .filter_map(|(family, person)| Some((members.get(family), (*person)?)))
        .filter(|(there, id)| !there.is_some_and(|some| some.iter().any(|one| one.id == *id)))
        .map(|(_, id)| id)
        .collect();
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(missing))
        .all(on)
        .await?;
    Ok(rows.into_iter().map(|one| (one.id, one)).collect())
}

/// Puts an endorsed proposal on the list. Nothing for a program that the ministry does not run, and nothing in training.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn note_proposal(write: &Write, row: &proposal::Model) -> Result<()> {
    let Some(family) = row.family_id else {
        return Ok(());
    };
    if region_code(&row.region)?.is_training() {
        return Ok(());
    }
    if !row.program.is_empty() {
        let of = program::Entity::find_by_id(row.program.clone())
            .one(write.on())
            .await?;
        if !of.is_some_and(|program| program.central) {
            return Ok(());
        }
    }
    let object = format!("proposal:{}", ProposalId(row.id));
    let known = ministry_act::Entity::find()
        .filter(ministry_act::Column::FamilyId.eq(family))
        .filter(ministry_act::Column::Object.eq(&object))
        .one(write.on())
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let id: MinistryActId = write.store().ids().next();
    ministry_act::ActiveModel {
        id: Set(id.into()),
        version: Set(1),
        kind: Set(MinistryActKind::Proposed.to_string()),
        object: Set(object),
        program: Set(row.program.clone()),
        region: Set(row.region.clone()),
        family_id: Set(family),
        person_id: Set(row.person_id),
        reason: Set(None),
        approved_at: Set(write.at().as_micros()),
        entered_by: Set(None),
        entered_at: Set(None),
    }
    .insert(write.on())
    .await?;
    Ok(())
}

/// A proposal was said to be entered on its own page: its line on the list is ticked by that.
pub(super) async fn proposal_entered(write: &Write, id: ProposalId) -> Result<()> {
    let by = write.actor().person_id()?;
    ministry_act::Entity::update_many()
        .col_expr(
            ministry_act::Column::Version,
            Expr::col(ministry_act::Column::Version).add(1),
        )
        .col_expr(ministry_act::Column::EnteredBy, Expr::value(Uuid::from(by)))
        .col_expr(
            ministry_act::Column::EnteredAt,
            Expr::value(write.at().as_micros()),
        )
        .filter(ministry_act::Column::Object.eq(format!("proposal:{id}")))
        .filter(ministry_act::Column::EnteredAt.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// The proposal that an act is about.
fn proposal_of(row: &ministry_act::Model) -> Option<ProposalId> {
    row.object.strip_prefix("proposal:")?.parse().ok()
}

/// What is said of an act on its list is said of the proposal behind it too.
async fn tell_proposals(
    write: &mut Write,
    row: &ministry_act::Model,
    entered: bool,
    role: Role,
    event: EventId,
) -> Result<()> {
    if let Some(id) = proposal_of(row) {
        return proposals::entered(write, id.into(), entered, role, Some(event)).await;
    }
    let is_cancelled = row.kind == MinistryActKind::Cancelled.to_string();
    let held = row.object.strip_prefix("membership:");
    if is_cancelled
        && entered
        && let Some(id) = held.and_then(|id| id.parse::<MembershipId>().ok())
        && let Some(held) = membership::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
    {
        proposals::entered_with(write, &held, role, Some(event)).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Counted {
    region: String,
    entered: i64,
    acts: i64,
}

fn of_sort(filter: &ActFilter, mine: &[RegionCode]) -> Select<ministry_act::Entity> {
    let mut query =
        ministry_act::Entity::find().filter(in_regions(ministry_act::Column::Region, mine));
    if let Some(program) = &filter.program {
        query = query.filter(ministry_act::Column::Program.eq(program));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(ministry_act::Column::Kind.eq(kind.to_string()));
    }
    query
}

impl Acting {
    /// Approved acts in reach, the oldest first, with their counts by village. Logged as a read of each family.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn ministry_acts(
        &self,
        filter: &ActFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<MinistryActs> {
        self.actor.require(Permission::ReadCases)?;
        let all = self.actor.regions(Permission::ReadCases);
        let entered = |query: Select<ministry_act::Entity>| {
            query.filter(if filter.entered {
                ministry_act::Column::EnteredAt.is_not_null()
            } else {
                ministry_act::Column::EnteredAt.is_null()
            })
        };
        let mine = within(all.clone(), filter.region.as_ref());
        let mut query = entered(of_sort(filter, &mine));
        if let Some(after) = after {
            let place = Place::read(after)?;
            query = query
                .filter(place.after(ministry_act::Column::ApprovedAt, ministry_act::Column::Id));
        }
        let mut rows = query
            .order_by_asc(ministry_act::Column::ApprovedAt)
            .order_by_asc(ministry_act::Column::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| Place::of(row.approved_at, row.id).to_string());
        Ok(MinistryActs {
            items: self.acts_shown(rows).await?,
            next,
            villages: self.acts_counted(filter, &all).await?,
        })
    }

    async fn acts_counted(
        &self,
        filter: &ActFilter,
        mine: &[RegionCode],
    ) -> Result<Vec<MinistryCount>> {
        let counted = of_sort(filter, mine)
            .select_only()
            .column(ministry_act::Column::Region)
            .column_as(
                Expr::cust("CAST(CASE WHEN entered_at IS NULL THEN 0 ELSE 1 END AS bigint)"),
                "entered",
            )
            .column_as(Expr::cust("count(*)"), "acts")
            .group_by(ministry_act::Column::Region)
            .group_by(Expr::cust(
                "CAST(CASE WHEN entered_at IS NULL THEN 0 ELSE 1 END AS bigint)",
            ))
            .into_model::<Counted>()
            .all(self.store.read())
            .await?;
        let mut villages: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for row in counted {
            let of = villages.entry(row.region).or_default();
            let sort = if row.entered == 0 {
                &mut of.0
            } else {
                &mut of.1
            };
            *sort += row.acts.unsigned_abs();
        }
        villages
            .into_iter()
            .map(|(region, (open, entered))| {
                Ok(MinistryCount {
                    region: region_code(&region)?,
                    open,
                    entered,
                })
            })
            .collect()
    }

    /// Acts with the names around them, in their order.
    async fn acts_shown(&self, rows: Vec<ministry_act::Model>) -> Result<Vec<MinistryAct>> {
        let on = self.store.read();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.family_id).collect();
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(ids.iter().copied()))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut persons: HashMap<Uuid, Vec<person::Model>> = HashMap::new();
        for one in person::Entity::find()
            .filter(person::Column::FamilyId.is_in(ids))
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?
        {
            persons.entry(one.family_id).or_default().push(one);
        }
        // Of a person's program somebody may live elsewhere by now.
        let meant: Vec<Uuid> = rows.iter().filter_map(|row| row.person_id).collect();
        let meant: HashMap<Uuid, person::Model> = person::Entity::find()
            .filter(person::Column::Id.is_in(meant))
            .all(on)
            .await?
            .into_iter()
            .map(|one| (one.id, one))
            .collect();
        let by = rows.iter().filter_map(|row| row.entered_by).collect();
        let names = self.store.names_of(by).await?;
        let about = rows.iter().filter_map(proposal_of).map(Uuid::from);
        let about: HashMap<Uuid, String> = proposal::Entity::find()
            .filter(proposal::Column::Id.is_in(about))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row.kind))
            .collect();
        let (mut acts, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let Some(home) = families.get(&row.family_id) else {
                continue;
            };
            reads.push(self.family_read(home.id, &region_code(&row.region)?, "family_row")?);
            let members = persons.get(&home.id).map(Vec::as_slice).unwrap_or_default();
            let who = match row.person_id {
                Some(id) => meant.get(&id),
                None => recipient(members, None, home.payee_id),
            };
            acts.push(MinistryAct {
                id: MinistryActId(row.id),
                version: row.version.unsigned_abs(),
                kind: Lenient::read(&row.kind),
                proposal: proposal_of(&row),
                proposed: proposal_of(&row)
                    .and_then(|id| about.get(&id.into()))
                    .map(|kind| Lenient::read(kind)),
                program: row.program,
                family: FamilyId(home.id),
                name: home.name.clone(),
                person: who.map(|one| PersonId(one.id)),
                person_name: who.map(|one| one.name.clone()),
                region: region_code(&home.region)?,
                address: home.address.clone(),
                rt: home.rt.clone(),
                rw: home.rw.clone(),
                reason: row.reason.and_then(|code| code.parse().ok()),
                approved_at: Timestamp::from_micros(row.approved_at),
                entered_by: row.entered_by.map(UserId),
                entered_by_name: row.entered_by.and_then(|id| names.get(&id).cloned()),
                entered_at: row.entered_at.map(Timestamp::from_micros),
            });
        }
        self.note_reads(reads).await?;
        Ok(acts)
    }

    /// Says of acts that they are entered in the ministry's system, or that they are not after all. All of them or none.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`.
    pub async fn tick_acts(&self, body: TickActs) -> Result<Vec<MinistryAct>> {
        self.actor.require(Permission::EnterMinistryActs)?;
        if body.acts.is_empty() || body.acts.len() > MOST_TICKED {
            return Err(Error::field("acts", "length", "Pilih 1 sampai 200 baris."));
        }
        let me = self.actor.person_id()?;
        let mut write = self.begin().await?;
        let seen = write
            .once(body.event_id, "ministry.enter", "ministry_acts", &body)
            .await?;
        let ids: Vec<Uuid> = body.acts.iter().map(|act| act.id.into()).collect();
        let rows = ministry_act::Entity::find()
            .filter(ministry_act::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(ministry_act::Column::Id)
            .lock_exclusive()
            .all(write.on())
            .await?;
        let rows: HashMap<Uuid, ministry_act::Model> =
            rows.into_iter().map(|row| (row.id, row)).collect();
        let mut places = BTreeSet::new();
        for act in &body.acts {
            let row = rows.get(&act.id.into()).ok_or(Error::NOT_FOUND)?;
            let region = region_code(&row.region)?;
            let role = self.actor.act_in(Permission::EnterMinistryActs, &region)?;
            places.insert(region);
            if seen == Seen::Before || row.entered_at.is_some() == body.entered {
                continue;
            }
            if row.version.unsigned_abs() != act.seen_version {
                return Err(Error::Stale {
                    current_version: row.version,
                });
            }
            let mut active: ministry_act::ActiveModel = row.clone().into();
            active.version = Set(row.version + 1);
            active.entered_by = Set(body.entered.then(|| me.into()));
            active.entered_at = Set(body.entered.then(|| write.at().as_micros()));
            active.update(write.on()).await?;
            let event = body.event_id;
            tell_proposals(&mut write, row, body.entered, role, event).await?;
            write.journal(Entry::new(
                if body.entered {
                    "ministry.enter"
                } else {
                    "ministry.undo"
                },
                format!("ministry_act:{}", act.id),
                role,
                Some(body.event_id),
                &serde_json::json!({ "kind": row.kind, "object": row.object,
                    "program": row.program }),
            )?);
        }
        // In one place only: of acts in several nobody stands in for somebody of one of them.
        if let (Some(region), true) = (places.pop_first(), places.is_empty()) {
            write.acts_in(region);
        }
        write.commit().await?;
        let mut rows = ministry_act::Entity::find()
            .filter(ministry_act::Column::Id.is_in(ids))
            .all(self.store.read())
            .await?;
        rows.sort_by_key(|row| (row.approved_at, row.id));
        self.acts_shown(rows).await
    }
}
