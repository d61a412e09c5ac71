//! A person's own sessions: the list, and ending one of them. Nobody sees or ends another's.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::ids::SessionId;
use tilik_protocol::session::{SessionKind, SessionView};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::sessions::{end_session, ends_at, is_live};
use super::tables::{device, session};
use crate::error::{Error, Result};

/// So many sessions are told; those used last.
const MOST: u64 = 200;

impl Acting {
    /// The open sessions of this account, the one used last first.
    ///
    /// # Errors
    /// When the account is gone.
    pub async fn own_sessions(&self) -> Result<Vec<SessionView>> {
        let user = self.account().await?;
        let now = self.store.now();
        let rows: Vec<session::Model> = session::Entity::find()
            .filter(session::Column::UserId.eq(user.id))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now.as_micros()))
            .order_by_desc(session::Column::LastUsedAt)
            .order_by_desc(session::Column::Id)
            .limit(MOST)
            .all(self.store.read())
            .await?
            .into_iter()
            .filter(|row| is_live(row, &user, now))
            .collect();
        let phones: Vec<device::Model> = device::Entity::find()
            .filter(device::Column::Id.is_in(rows.iter().filter_map(|row| row.device_id)))
            .all(self.store.read())
            .await?;
        let names: HashMap<Uuid, String> = phones
            .into_iter()
            .map(|phone| (phone.id, phone.name))
            .collect();
        let view = |row: session::Model| {
            let kind = match row.device_id {
                Some(_) => SessionKind::Phone,
                None if row.cookie => SessionKind::Console,
                None => SessionKind::Program,
            };
            let phone = row.device_id.and_then(|id| names.get(&id).cloned());
            SessionView {
                id: SessionId(row.id),
                kind: kind.into(),
                expires_at: ends_at(&row),
                created_at: Timestamp::from_micros(row.created_at),
                last_used_at: Timestamp::from_micros(row.last_used_at),
                current: self.actor.session() == Some(SessionId(row.id)),
                name: phone.or(row.agent),
            }
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Ends one of this account's sessions, from its next request on. Ended again, nothing happens.
    ///
    /// # Errors
    /// `not_found`, also for somebody else's.
    pub async fn end_own_session(&self, id: SessionId) -> Result<()> {
        let me = Uuid::from(self.actor.person_id()?);
        let mut write = self.begin().await?;
        let row = session::Entity::find_by_id(Uuid::from(id))
            .filter(session::Column::UserId.eq(me))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if row.ended_at.is_none() {
            end_session(&mut write, row, "ended by its owner").await?;
        }
        write.commit().await
    }
}
