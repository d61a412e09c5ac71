//! Cancellations that a rule filled in. One key proposes them on the case whose evidence stands, or asks for a visit where
//! nobody has looked; from there they go the way of every other, with its four acts by three persons.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tilik_protocol::case::CaseState;
use tilik_protocol::duty::Outcome;
use tilik_protocol::evaluation::{
    CancellationSent, DismissCancellation, PreparedCancellation, PreparedState, PreparedStep,
    SendCancellation, notice_draft,
};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, FamilyId, MembershipId, PersonId, PreparedId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, PREPARED_DISMISSALS, ReasonCode};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{Decide, Page};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::access::{Mode, Read};
use super::super::cases;
use super::super::families::OVER;
use super::super::journal::{Entry, document_number};
use super::super::overview::within;
use super::super::tables::{
    evaluation, family, membership, prepared_cancellation, program, verification_case,
};
use super::super::write::Seen;
use super::super::{Acting, Write, in_regions};
use crate::error::{Error, Result};

/// Why the visit is asked for.
const VISIT_REASON: ReasonCode = ReasonCode::known("DATA_TIDAK_COCOK");

/// Which prepared cancellations a list shows.
#[derive(Debug, Clone, Default)]
pub struct PreparedFilter {
    /// In this state; absent: those that wait.
    pub state: Option<PreparedState>,
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// Of this family.
    pub family: Option<FamilyId>,
}

fn state_of(row: &prepared_cancellation::Model) -> Result<PreparedState> {
    row.state.parse().map_err(Error::internal)
}

/// What the one key does next, as the family's undecided case stands.
const fn step(case: Option<CaseState>) -> PreparedStep {
    match case {
        None => PreparedStep::AskVisit,
        Some(CaseState::Accepted) => PreparedStep::Propose,
        Some(
            CaseState::Open
            | CaseState::Assigned
            | CaseState::Submitted
            | CaseState::Returned
            | CaseState::Unreachable
            | CaseState::AwaitingApproval
            | CaseState::Decided
            | CaseState::Closed
            | CaseState::Expired,
        ) => PreparedStep::Wait,
    }
}

impl Acting {
    /// Prepared cancellations in reach, the oldest first. Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn prepared_cancellations(
        &self,
        filter: &PreparedFilter,
        after: Option<&str>,
        limit: u64,
        appeal_days: u32,
    ) -> Result<Page<PreparedCancellation>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = within(
            self.actor.regions(Permission::ReadCases),
            filter.region.as_ref(),
        );
        let state = filter.state.unwrap_or(PreparedState::Waiting);
        let mut query = prepared_cancellation::Entity::find()
            // Where the family lives by now, wherever it lived when this was prepared.
            .join(
                JoinType::InnerJoin,
                prepared_cancellation::Entity::belongs_to(family::Entity)
                    .from(prepared_cancellation::Column::FamilyId)
                    .to(family::Column::Id)
                    .into(),
            )
            .filter(prepared_cancellation::Column::State.eq(state.to_string()))
            .filter(in_regions(family::Column::Region, &mine))
            .order_by_asc(prepared_cancellation::Column::PreparedAt)
            .order_by_asc(prepared_cancellation::Column::Id)
            .limit(limit + 1);
        if let Some(family) = filter.family {
            query = query.filter(prepared_cancellation::Column::FamilyId.eq(Uuid::from(family)));
        }
        if let Some(after) = after {
            let bad = || Error::Refused(ProblemCode::BadCursor);
            let (at, id) = after.split_once('_').ok_or_else(bad)?;
            let at: i64 = at.parse().map_err(|_| bad())?;
            let id = Uuid::parse_str(id).map_err(|_| bad())?;
            query = query.filter(
                Condition::any()
                    .add(prepared_cancellation::Column::PreparedAt.gt(at))
                    .add(
                        Condition::all()
                            .add(prepared_cancellation::Column::PreparedAt.eq(at))
                            .add(prepared_cancellation::Column::Id.gt(id)),
                    ),
            );
        }
        let mut rows = query.all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| format!("{}_{}", row.prepared_at, row.id));
        let items = self.prepared_views(rows, appeal_days).await?;
        Ok(Page { items, next })
    }

    async fn prepared_views(
        &self,
        rows: Vec<prepared_cancellation::Model>,
        appeal_days: u32,
    ) -> Result<Vec<PreparedCancellation>> {
        let on = self.store.read();
        let families: Vec<Uuid> = rows.iter().map(|row| row.family_id).collect();
        let mut homes: HashMap<Uuid, family::Model> = HashMap::new();
        for home in family::Entity::find()
            .filter(family::Column::Id.is_in(families.iter().copied()))
            .all(on)
            .await?
        {
            homes.insert(home.id, home);
        }
        let memberships: HashMap<Uuid, membership::Model> = membership::Entity::find()
            .filter(membership::Column::Id.is_in(rows.iter().map(|row| row.membership_id)))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let programs: HashMap<String, String> = program::Entity::find()
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.code, row.name))
            .collect();
        let cases: HashMap<Uuid, (Uuid, String)> = verification_case::Entity::find()
            .select_only()
            .columns([
                verification_case::Column::FamilyId,
                verification_case::Column::Id,
                verification_case::Column::State,
            ])
            .filter(verification_case::Column::FamilyId.is_in(families.iter().copied()))
            .filter(verification_case::Column::State.is_not_in(OVER))
            .into_tuple()
            .all(on)
            .await?
            .into_iter()
            .map(|(family, case, state): (Uuid, Uuid, String)| (family, (case, state)))
            .collect();
        let said = evaluation::Entity::find()
            .filter(evaluation::Column::Id.is_in(rows.iter().map(|row| row.evaluation_id)))
            .all(on)
            .await?;
        let mut said: HashMap<_, _> = self
            .evaluation_views(said)
            .await?
            .into_iter()
            .map(|one| (Uuid::from(one.id), one))
            .collect();
        let photos = self.standing_photos(&families).await?;
        let people: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.done_by).collect();
        let names = self.store.names_of(people).await?;
        let persons = self.person_names(rows.iter().filter_map(|row| row.person_id));
        let persons = persons.await?;
        let (mut items, mut reads) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let (Some(home), Some(place), Some(evaluation)) = (
                homes.get(&row.family_id),
                memberships.get(&row.membership_id),
                said.remove(&row.evaluation_id),
            ) else {
                continue;
            };
            let region: RegionCode = home.region.parse().map_err(Error::internal)?;
            // A family that has moved out of reach since is no longer shown.
            let Ok(role) = self.reading_in(&region) else {
                continue;
            };
            reads.push(Read {
                kind: "family",
                id: home.id,
                what: "prepared_cancellation",
                mode: Mode::Seen,
                role,
                purpose: None,
            });
            let case = cases.get(&home.id);
            let case_state = case.and_then(|(_, state)| state.parse::<CaseState>().ok());
            let program = programs.get(&place.program).unwrap_or(&place.program);
            let person_name = row.person_id.and_then(|id| persons.get(&id).cloned());
            let notice = notice_draft(
                program,
                person_name.as_deref(),
                &evaluation.reasons,
                appeal_days,
            );
            items.push(PreparedCancellation {
                id: PreparedId(row.id),
                version: row.version,
                state: Lenient::read(&row.state),
                prepared_at: Timestamp::from_micros(row.prepared_at),
                family: FamilyId(home.id),
                name: home.name.clone(),
                address: home.address.clone(),
                rt: home.rt.clone(),
                rw: home.rw.clone(),
                region,
                membership: MembershipId(place.id),
                person: row.person_id.map(PersonId),
                person_name,
                program: place.program.clone(),
                membership_state: Lenient::read(&place.state),
                reason: row.reason.parse().map_err(Error::internal)?,
                document_number: row.document_number,
                notice,
                evaluation,
                photo: photos.get(&home.id).cloned(),
                case: case.map(|(id, _)| CaseId(*id)),
                case_state: case.map(|(_, state)| Lenient::read(state)),
                next: step(case_state).into(),
                done_by_name: row.done_by.and_then(|id| names.get(&id).cloned()),
                done_at: row.done_at.map(Timestamp::from_micros),
                dismissal: row.dismissal.and_then(|code| code.parse().ok()),
            });
        }
        self.note_reads(reads).await?;
        Ok(items)
    }

    async fn prepared(
        &self,
        write: &Write,
        id: PreparedId,
    ) -> Result<(prepared_cancellation::Model, family::Model, Role)> {
        let row = prepared_cancellation::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let home = family::Entity::find_by_id(row.family_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region: RegionCode = home.region.parse().map_err(Error::internal)?;
        let role = self.actor.act_in(Permission::DecideCases, &region)?;
        Ok((row, home, role))
    }

    /// The one key: proposes a prepared cancellation on the case whose evidence stands, or asks for a visit where no case is
    /// open. An approver has the last word on the one, a reviewer on the other.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn send_cancellation(
        &self,
        id: PreparedId,
        body: SendCancellation,
    ) -> Result<CancellationSent> {
        let mut write = self.begin().await?;
        let (mut row, home, role) = self.prepared(&write, id).await?;
        let object = format!("cancellation:{id}");
        if write
            .once(body.event_id, "cancellation.send", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.sent(row).await;
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        if state_of(&row)? != PreparedState::Waiting {
            return Err(Error::WRONG_MOMENT);
        }
        // The place may have gone with somebody to another family; workers look at it anew there.
        let place = membership::Entity::find_by_id(row.membership_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if (place.family_id, place.person_id) != (row.family_id, row.person_id) {
            return Err(Error::WRONG_MOMENT);
        }
        let open = cases::open_case_of(&write, home.id).await?;
        let from = open.as_ref().map(cases::state_of).transpose()?;
        let done = step(from);
        row.version += 1;
        match (done, open) {
            (PreparedStep::Propose, Some(open)) => {
                let document = body.document_number.clone();
                document_number(document.as_deref().unwrap_or_default())?;
                let case = cases::locked(&write, CaseId(open.id)).await?;
                let decide = Decide {
                    event_id: body.event_id,
                    seen_version: case.version,
                    membership: MembershipId(row.membership_id),
                    outcome: Outcome::Ineligible,
                    reason: Some(row.reason.parse().map_err(Error::internal)?),
                    document_number: document,
                };
                row.case_id = Some(case.id);
                self.decide_in(&mut write, case, role, &decide).await?;
                row.state = PreparedState::Proposed.to_string();
                row.done_by = self.actor.user().map(Into::into);
                row.done_at = Some(write.at().as_micros());
            }
            (PreparedStep::AskVisit, None) => {
                let region: RegionCode = home.region.parse().map_err(Error::internal)?;
                let role = self.actor.act_in(Permission::RequestVisit, &region)?;
                let case = cases::begin_case(
                    &mut write,
                    &home,
                    VisitKind::Full,
                    None,
                    None,
                    None,
                    role,
                    Some(body.event_id),
                    Some(&VISIT_REASON),
                )
                .await?;
                row.case_id = Some(case.id);
            }
            (PreparedStep::Propose | PreparedStep::AskVisit | PreparedStep::Wait, _) => {
                return Err(Error::WRONG_MOMENT);
            }
        }
        write.journal(Entry::new(
            "cancellation.send",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "done": done, "case": row.case_id.map(CaseId),
                "membership": MembershipId(row.membership_id), "reason": row.reason,
                "family": FamilyId(home.id) }),
        )?);
        save(&write, row.clone()).await?;
        write.commit().await?;
        self.sent(row).await
    }

    async fn sent(&self, row: prepared_cancellation::Model) -> Result<CancellationSent> {
        let case = row.case_id.ok_or(Error::WRONG_MOMENT)?;
        let case = verification_case::Entity::find_by_id(case)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let done = match state_of(&row)? {
            PreparedState::Proposed => PreparedStep::Propose,
            PreparedState::Waiting | PreparedState::Dismissed | PreparedState::Obsolete => {
                PreparedStep::AskVisit
            }
        };
        Ok(CancellationSent {
            done: done.into(),
            case: CaseId(case.id),
            case_state: Lenient::read(&case.state),
        })
    }

    /// Somebody looked, and the family stays where it is. It comes back only when the facts or the rule are others; until
    /// then "eligible" still needs the approver, since the rule speaks against it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `wrong_moment`.
    pub async fn dismiss_cancellation(
        &self,
        id: PreparedId,
        body: DismissCancellation,
    ) -> Result<()> {
        if !reason::is_listed(&body.reason, PREPARED_DISMISSALS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan.",
            ));
        }
        let mut write = self.begin().await?;
        let (mut row, home, role) = self.prepared(&write, id).await?;
        let object = format!("cancellation:{id}");
        if write
            .once(body.event_id, "cancellation.dismiss", &object, &body)
            .await?
            == Seen::Before
        {
            return Ok(());
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        if state_of(&row)? != PreparedState::Waiting {
            return Err(Error::WRONG_MOMENT);
        }
        row.version += 1;
        row.state = PreparedState::Dismissed.to_string();
        row.dismissal = Some(body.reason.to_string());
        row.done_by = self.actor.user().map(Into::into);
        row.done_at = Some(write.at().as_micros());
        write.journal(Entry::new(
            "cancellation.dismiss",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "membership": MembershipId(row.membership_id),
                "family": FamilyId(home.id), "reason": body.reason }),
        )?);
        save(&write, row).await?;
        write.commit().await
    }
}

async fn save(write: &Write, row: prepared_cancellation::Model) -> Result<()> {
    let id = row.id;
    let mut active = row.into_active_model().reset_all();
    active.id = Set(id);
    active.update(write.on()).await?;
    Ok(())
}
