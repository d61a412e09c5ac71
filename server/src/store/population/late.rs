//! What comes too late: a family that named nobody in time who receives instead of the dead.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::ids::{CivilEventId, FamilyId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::population::CivilWhy;

use super::effects::{PAYEE, RUMOUR_OF_DEATH, case_for, memberships_of, remembered, save_event};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::families::region_code;
use crate::store::journal::Entry;
use crate::store::tables::{civil_event, family};

/// Families that one round of the clock opens a case for.
const OVERDUE_AT_ONCE: u64 = 200;

impl Acting {
    /// Opens a case, once, for each family whose place has waited its days for somebody who receives: two persons say what
    /// becomes of it. Only to be asked when the clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn open_overdue_payees(&self) -> Result<()> {
        use civil_event::Column as C;
        let due = civil_event::Entity::find()
            .filter(C::FollowUp.eq(CivilWhy::PayeeChange.to_string()))
            .filter(C::DueAt.lte(self.store.now().as_micros()))
            .filter(Expr::cust(
                "EXISTS (SELECT 1 FROM membership m JOIN family f ON f.id = m.family_id \
                 WHERE f.id = civil_event.family_id AND f.closed_at IS NULL \
                 AND m.state = 'suspended' AND m.reason = 'GANTI_PENGURUS')",
            ))
            .order_by_asc(C::DueAt)
            .limit(OVERDUE_AT_ONCE)
            .all(self.store.read())
            .await?;
        for found in due {
            let mut write = self.begin().await?;
            let event = civil_event::Entity::find_by_id(found.id)
                .lock_exclusive()
                .one(write.on())
                .await?;
            // Somebody was named, or a person said that it is done, meanwhile.
            let Some(event) = event.filter(|now| now.follow_up == found.follow_up) else {
                continue;
            };
            let Some(home) = event.family_id else {
                continue;
            };
            let home = family::Entity::find_by_id(home)
                .lock_exclusive()
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let waits = memberships_of(&write, home.id)
                .await?
                .into_iter()
                .any(|row| {
                    row.state == MembershipState::Suspended.to_string()
                        && row.reason.as_deref() == Some(PAYEE)
                });
            if !waits {
                continue;
            }
            let mut effect = remembered(&event)?;
            effect.overdue = case_for(&mut write, &home, &RUMOUR_OF_DEATH).await?;
            let mut next = event.clone();
            next.follow_up = Some(CivilWhy::PayeeOverdue.to_string());
            next.effect = Some(serde_json::to_string(&effect).map_err(Error::internal)?);
            let next = save_event(&write, &event, next).await?;
            write.acts_in(region_code(&next.region)?);
            write.journal(Entry::new(
                "civil.overdue",
                format!("civil_event:{}", CivilEventId(next.id)),
                Role::System,
                None,
                &serde_json::json!({ "family": FamilyId(home.id), "case": effect.overdue }),
            )?);
            write.commit().await?;
        }
        Ok(())
    }
}
