//! Refusing a grant that waits: it ends before it ever counted, and whoever gave it reads why.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use tilik_protocol::ids::{GrantId, UserId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::reason::{self, GRANT_REFUSALS, ReasonCode};
use tilik_protocol::session::{GrantView, RefuseGrant};
use uuid::Uuid;

use super::journal::Entry;
use super::tables::{journal, role_grant};
use super::users::{all_covered, grant_view, keep_grant};
use super::write::Seen;
use super::{Acting, Store};
use crate::error::{Error, Result};

const REFUSE: &str = "grant.refuse";

impl Acting {
    /// Refuses a grant that waits: an approver of all its regions, also one whom it concerns, for nothing is gained by it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `wrong_moment` when it does not wait.
    pub async fn refuse_grant(&self, id: GrantId, body: RefuseGrant) -> Result<GrantView> {
        self.actor.require(Permission::ConfirmGrants)?;
        let mut write = self.begin().await?;
        let mut row = role_grant::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if !all_covered(&self.actor.all_regions(Permission::ConfirmGrants), &row)? {
            return Err(Error::NOT_FOUND);
        }
        if !reason::is_listed(&body.reason, GRANT_REFUSALS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan penolakan peran.",
            ));
        }
        let object = format!("grant:{id}");
        let seen = write.once(body.event_id, REFUSE, &object, &body).await?;
        if seen == Seen::Now {
            let waits = row.role.parse().is_ok_and(Role::waits_for_approver);
            if !waits || row.confirmed_at.is_some() || row.ended_at.is_some() {
                return Err(Error::WRONG_MOMENT);
            }
            row.version += 1;
            row.ended_by = self.actor.user().map(Into::into);
            row.ended_at = Some(write.at().as_micros());
            row.recorded_at = write.at().as_micros();
            let all = row.clone().into_active_model().reset_all();
            row = all.update(write.on()).await?;
            keep_grant(&write, &row).await?;
            write.journal(Entry::new(
                REFUSE,
                object,
                Role::Approver,
                Some(body.event_id),
                &serde_json::json!({ "user": UserId(row.user_id), "role": row.role, "reason": body.reason }),
            )?);
        }
        write.commit().await?;
        let mut view = grant_view(&row)?;
        view.refused = Some(body.reason);
        Ok(view)
    }
}

impl Store {
    /// Tells of the ended ones among these grants why they were refused, if they were.
    pub(super) async fn tell_refusals<'a>(
        &self,
        grants: impl Iterator<Item = &'a mut GrantView>,
    ) -> Result<()> {
        let ended = grants.filter(|grant| grant.ended_at.is_some() && !grant.confirmed);
        let ended: Vec<&mut GrantView> = ended.collect();
        let objects = ended.iter().map(|grant| format!("grant:{}", grant.id));
        let rows = journal::Entity::find()
            .filter(journal::Column::Object.is_in(objects))
            .filter(journal::Column::Action.eq(REFUSE))
            .all(self.read())
            .await?;
        let mut reasons: HashMap<String, ReasonCode> = HashMap::new();
        for row in rows {
            let body: serde_json::Value =
                serde_json::from_slice(&row.body).map_err(Error::internal)?;
            let reason = body["reason"].as_str().and_then(|code| code.parse().ok());
            reasons.extend(reason.map(|reason| (row.object, reason)));
        }
        for grant in ended {
            grant.refused = reasons.remove(&format!("grant:{}", grant.id));
        }
        Ok(())
    }
}
