//! What people say of events and batches that wait for them.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveModelTrait as _, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tilik_protocol::ids::{CivilBatchId, CivilEventId, FamilyId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::population::{
    BatchState, BatchView, CivilEventView, CivilKind, CivilKnown, CivilState, CivilWhy,
    DecideBatch, EventVerdict, FamilyEvents, JudgeEvent, UnmaskedEvent, may_apply_by_hand,
};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, BATCH_REFUSALS, EVENT_DISMISSALS, ReasonCode};
use tilik_protocol::review::Unmask;
use uuid::Uuid;

use super::effects::save_event;
use super::{EventFilter, JOB, WAITING, intake, object_of, opened};
use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::families::{UNMASKED_S, purpose_of, region_code};
use crate::store::journal::Entry;
use crate::store::tables::{civil_batch, civil_event, family, person};
use crate::store::write::Seen;
use crate::store::{Acting, jobs};

impl Acting {
    /// What a person says of an event that waits, or of what is left to do after one.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `wrong_moment`.
    pub async fn judge_event(&self, id: CivilEventId, body: JudgeEvent) -> Result<CivilEventView> {
        let listed = |code: &ReasonCode| reason::is_listed(code, EVENT_DISMISSALS);
        if body.verdict == EventVerdict::Dismiss && !body.reason.as_ref().is_some_and(listed) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih alasan mengapa peristiwa ini tidak berlaku.",
            ));
        }
        let mut write = self.begin().await?;
        let event = civil_event::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&event.region)?;
        let object = format!("civil_event:{id}");
        let role = self.actor.act_in(Permission::JudgeEvents, &region)?;
        if write
            .once(body.event_id, "civil.judge", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.event_view(id).await;
        }
        if event.version != body.seen_version {
            return Err(Error::Stale {
                current_version: event.version,
            });
        }
        let waits = WAITING.contains(&event.state.as_str());
        if !waits && (event.follow_up.is_none() || body.verdict != EventVerdict::Handled) {
            return Err(Error::WRONG_MOMENT);
        }
        let me: UserId = self.actor.person_id()?;
        write.acts_in(region.clone());
        let next = match body.verdict {
            EventVerdict::Retry => Box::pin(self.take_effect(&mut write, event, None)).await?,
            EventVerdict::Apply => {
                let kind: CivilKind = event.kind.parse().map_err(|_| Error::WRONG_MOMENT)?;
                if !may_apply_by_hand(kind) || event.person_id.is_none() {
                    return Err(Error::WRONG_MOMENT);
                }
                let forced = Some((role, me));
                let next = Box::pin(self.take_effect(&mut write, event, forced)).await?;
                if WAITING.contains(&next.state.as_str()) {
                    return Err(Error::WRONG_MOMENT);
                }
                next
            }
            EventVerdict::Handled | EventVerdict::Dismiss => {
                let mut next = event.clone();
                if waits {
                    let state = if body.verdict == EventVerdict::Dismiss {
                        CivilState::Dismissed
                    } else {
                        CivilState::Handled
                    };
                    next.state = state.to_string();
                    next.reason = body.reason.as_ref().map(ToString::to_string);
                }
                next.follow_up = None;
                next.due_at = None;
                next.settled_by = Some(me.into());
                next.settled_at = Some(write.at().as_micros());
                save_event(&write, &event, next).await?
            }
        };
        write.acts_in(region);
        write.journal(Entry::new(
            "civil.judge",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "verdict": body.verdict, "reason": body.reason,
                "state": next.state, "family": next.family_id.map(FamilyId) }),
        )?);
        let seen = next.clone();
        write.commit().await?;
        // A move takes the event along to where its reader may not be.
        match self.event_views(vec![seen]).await {
            Ok(mut views) => views.pop().ok_or(Error::NOT_FOUND),
            Err(error) => Err(error),
        }
    }

    /// All that the civil registry said of somebody, beside what is recorded, to whoever may judge the event: for a purpose
    /// that is logged with it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn unmask_event(&self, id: CivilEventId, body: Unmask) -> Result<UnmaskedEvent> {
        let purpose = purpose_of(Some(&body.purpose))?;
        let row = civil_event::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::JudgeEvents, &region)?;
        let said = opened(&self.store, &row)?;
        let known = match row.person_id {
            Some(person) => self.known_of(person).await?,
            None => None,
        };
        let (kind, object) = object_of(row.family_id, row.id);
        self.note_reads([Read {
            kind,
            id: object,
            what: "civil_event_unmasked",
            mode: Mode::Seen,
            role,
            purpose: Some(purpose),
        }])
        .await?;
        Ok(UnmaskedEvent {
            event: id,
            said,
            known,
            until: self.store.now().plus_s(UNMASKED_S),
        })
    }

    /// What is recorded of somebody now; nothing when their family has gone to where the actor judges no events.
    async fn known_of(&self, person: Uuid) -> Result<Option<CivilKnown>> {
        let on = self.store.read();
        let Some(who) = person::Entity::find_by_id(person).one(on).await? else {
            return Ok(None);
        };
        let home = family::Entity::find_by_id(who.family_id).one(on).await?;
        let home = home.ok_or(Error::NOT_FOUND)?;
        let region = region_code(&home.region)?;
        if !self.actor.may_in(Permission::JudgeEvents, &region) {
            return Ok(None);
        }
        let keys = self.store.keys();
        let clear = |table: &str, column: &str, id: Uuid, sealed: Option<&Vec<u8>>| {
            sealed
                .map(|sealed| keys.decrypt_field(table, column, id, sealed))
                .transpose()
                .map_err(Error::internal)
                .map(|clear| clear.map(|clear| clear.to_string()))
        };
        Ok(Some(CivilKnown {
            birth_date: clear("person", "birth_date", who.id, who.birth_date_enc.as_ref())?,
            mother_name: clear("person", "mother", who.id, who.mother_enc.as_ref())?,
            kk: clear("family", "kk", home.id, home.kk_enc.as_ref())?,
            name: who.name,
            sex: who.sex.as_deref().map(Lenient::read),
            relation: Lenient::read(&who.relation),
            region,
            address: home.address,
            rt: home.rt,
            rw: home.rw,
        }))
    }

    async fn event_view(&self, id: CivilEventId) -> Result<CivilEventView> {
        let row = civil_event::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut views = self.event_views(vec![row]).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    /// A parked batch goes through, or none of it has an effect. Whoever brought it in is not the one.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn decide_batch(
        &self,
        id: CivilBatchId,
        releases: bool,
        body: DecideBatch,
    ) -> Result<BatchView> {
        let listed = |code: &ReasonCode| reason::is_listed(code, BATCH_REFUSALS);
        if !releases && !body.reason.as_ref().is_some_and(listed) {
            return Err(Error::field("reason", "unknown", "Pilih alasan penolakan."));
        }
        let mut write = self.begin().await?;
        let batch = civil_batch::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&batch.region)?;
        let role = self.actor.act_in(Permission::ReleaseEvents, &region)?;
        let action = if releases {
            "civil.release"
        } else {
            "civil.refuse"
        };
        let object = format!("civil_batch:{id}");
        if write.once(body.event_id, action, &object, &body).await? == Seen::Before {
            drop(write);
            return self.batch_view(id).await;
        }
        if batch.version != body.seen_version {
            return Err(Error::Stale {
                current_version: batch.version,
            });
        }
        if batch.state != BatchState::Parked.to_string() {
            return Err(Error::WRONG_MOMENT);
        }
        let me = Uuid::from(self.actor.person_id()?);
        if batch.received_by == me {
            return Err(Error::Refused(ProblemCode::SeparationOfDuty));
        }
        self.refuse_own_matter(write.on(), &[Some(batch.received_by)])
            .await?;
        let mut next = batch.clone();
        next.version += 1;
        next.decided_by = Some(me);
        next.decided_at = Some(write.at().as_micros());
        next.reason = body.reason.as_ref().map(ToString::to_string);
        let (state, event_state, why) = if releases {
            (BatchState::Released, CivilState::Received, None)
        } else {
            let why = CivilWhy::BatchRefused.to_string();
            (BatchState::Refused, CivilState::Refused, Some(why))
        };
        next.state = state.to_string();
        civil_batch::Entity::update_many()
            .set(civil_batch::ActiveModel::from(next).reset_all())
            .filter(civil_batch::Column::Id.eq(batch.id))
            .filter(civil_batch::Column::Version.eq(batch.version))
            .exec(write.on())
            .await?;
        civil_event::Entity::update_many()
            .col_expr(
                civil_event::Column::State,
                Expr::value(event_state.to_string()),
            )
            .col_expr(civil_event::Column::Why, Expr::value(why))
            .col_expr(
                civil_event::Column::Version,
                Expr::col(civil_event::Column::Version).add(1),
            )
            .filter(civil_event::Column::BatchId.eq(batch.id))
            .filter(civil_event::Column::State.eq(CivilState::Parked.to_string()))
            .exec(write.on())
            .await?;
        if let (true, Some(last)) = (releases, batch.last_seq) {
            // Whoever let it through said that these numbers are right.
            intake::keep_last(&write, &batch.feed, last).await?;
        }
        jobs::enqueue(&write, JOB, &id.to_string()).await?;
        write.acts_in(region);
        write.journal(Entry::new(
            action,
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "events": batch.events, "reason": body.reason }),
        )?);
        write.commit().await?;
        self.batch_view(id).await
    }

    async fn batch_view(&self, id: CivilBatchId) -> Result<BatchView> {
        let row = civil_batch::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut views = self.batch_views(vec![row]).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    /// What the civil registry said of a family, its moves, and the pin it had before the last.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn family_events(&self, id: FamilyId) -> Result<FamilyEvents> {
        let (row, region) = self.family_in_reach(id).await?;
        let read = self.family_read(row.id, &region, "family_events")?;
        let filter = EventFilter {
            family: Some(id),
            ..EventFilter::default()
        };
        let events = self.civil_events(&filter, None, 50).await?.items;
        let told = FamilyEvents {
            events,
            moves: self.moves_of(id, read.role).await?,
            former_pin: self.former_pin(&row).await?,
        };
        self.note_reads([read]).await?;
        Ok(told)
    }
}
