//! What people say of a statement that waits for them.

use sea_orm::{EntityTrait, QuerySelect};
use tilik_protocol::health::{HealthVerdict, JudgeStatement, StatementState, StatementView};
use tilik_protocol::ids::HealthId;
use tilik_protocol::policy::Permission;
use tilik_protocol::reason::{self, HEALTH_DISMISSALS, ReasonCode};
use uuid::Uuid;

use super::intake::{again, one_at_a_time, save};
use super::opened;
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::families::region_code;
use crate::store::journal::Entry;
use crate::store::tables::health_statement;
use crate::store::write::Seen;

impl Acting {
    /// What a person says of a statement that waits, or of what is left to do after one.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `wrong_moment`.
    pub async fn judge_statement(
        &self,
        id: HealthId,
        body: JudgeStatement,
    ) -> Result<StatementView> {
        let listed = |code: &ReasonCode| reason::is_listed(code, HEALTH_DISMISSALS);
        if body.verdict == HealthVerdict::Dismiss && !body.reason.as_ref().is_some_and(listed) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih alasan mengapa tidak ada yang perlu dilakukan.",
            ));
        }
        let mut write = self.begin().await?;
        one_at_a_time(&write).await?;
        let row = health_statement::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        let object = format!("health:{id}");
        let role = self.actor.act_in(Permission::JudgeEvents, &region)?;
        let event = write.once(body.event_id, "health.judge", &object, &body);
        if event.await? == Seen::Before {
            drop(write);
            return self.statement_view(id).await;
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        let state: StatementState = row.state.parse().map_err(Error::internal)?;
        let (waits, left) = match state {
            StatementState::Unmatched | StatementState::ToJudge => (true, false),
            StatementState::Current => (false, row.why.is_some()),
            StatementState::Past | StatementState::Dismissed => (false, false),
        };
        let mut next = row.clone();
        match body.verdict {
            HealthVerdict::Retry if waits => {
                let nik = opened(&self.store, &row)?.nik;
                again(&write, &mut next, &nik).await?;
            }
            HealthVerdict::Dismiss if waits || left => {
                if waits {
                    next.state = StatementState::Dismissed.to_string();
                }
                next.why = None;
                next.reason = body.reason.as_ref().map(ToString::to_string);
                next.settled_by = Some(self.actor.person_id()?.into());
                next.settled_at = Some(write.at().as_micros());
            }
            HealthVerdict::Retry | HealthVerdict::Dismiss => return Err(Error::WRONG_MOMENT),
        }
        let next = save(&write, row.version, next).await?;
        write.acts_in(region);
        write.journal(Entry::new(
            "health.judge",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "verdict": body.verdict, "reason": body.reason,
                "state": next.state }),
        )?);
        write.commit().await?;
        self.statement_view(id).await
    }

    async fn statement_view(&self, id: HealthId) -> Result<StatementView> {
        let row = health_statement::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut views = self.statement_views(vec![row]).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }
}
