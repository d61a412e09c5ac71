//! What comes too late: a death that was told when money may have been paid already, and a family that named nobody in time
//! who receives instead of the dead.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use tilik_protocol::ids::{CivilEventId, FamilyId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::nik::Day;
use tilik_protocol::policy::Role;
use tilik_protocol::population::{CivilKind, CivilState, CivilWhy, HeldAfterDeath};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::effects::{
    DEAD, PAYEE, RUMOUR_OF_DEATH, case_for, memberships_of, remembered, save_event,
};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::families::region_code;
use crate::store::journal::Entry;
use crate::store::tables::{civil_event, family, row_version};

/// Families that one round of the clock opens a case for.
const OVERDUE_AT_ONCE: u64 = 200;

/// What of a membership's version counts here.
#[derive(Deserialize)]
struct Version {
    #[serde(skip)]
    recorded_at: i64,
    program: String,
    state: String,
    reason: Option<String>,
}

impl Version {
    fn is(&self, state: MembershipState) -> bool {
        self.state == state.to_string()
    }
}

/// From when to when a place was held after its holder's or payee's death; nothing when the death was told in time.
fn held(
    event: &civil_event::Model,
    died: Day,
    versions: &[Version],
) -> Result<Option<HeldAfterDeath>> {
    let Some(first) = versions.first() else {
        return Ok(None);
    };
    let on_hold = versions.iter().find(|one| {
        one.recorded_at >= event.received_at
            && one.is(MembershipState::Suspended)
            && [DEAD, PAYEE].map(Some).contains(&one.reason.as_deref())
    });
    let on_hold_at = on_hold.map_or(event.received_at, |one| one.recorded_at);
    // Who came with a list of recipients had the place before, nobody knows since when.
    let active = versions.iter().find(|one| one.is(MembershipState::Active));
    let active = active.filter(|_| !first.is(MembershipState::Active));
    Ok(HeldAfterDeath::of(
        &first.program,
        died,
        active.map(|one| Timestamp::from_micros(one.recorded_at)),
        Timestamp::from_micros(on_hold_at),
        region_code(&event.region)?.utc_offset_min(),
    ))
}

impl Acting {
    /// Places that deaths among these events put on hold later than in the month of the death, by event.
    pub(super) async fn held_after(
        &self,
        events: &[civil_event::Model],
    ) -> Result<HashMap<Uuid, Vec<HeldAfterDeath>>> {
        let (kind, state) = (
            CivilKind::Meninggal.to_string(),
            CivilState::Applied.to_string(),
        );
        let mut deaths = Vec::new();
        for event in events {
            let died = Day::read(&event.effective_on);
            if let (Some(died), true) = (died, event.kind == kind && event.state == state) {
                let places: Vec<Uuid> = remembered(event)?
                    .on_hold
                    .into_iter()
                    .map(Uuid::from)
                    .collect();
                deaths.push((event, died, places));
            }
        }
        let places: Vec<Uuid> = deaths
            .iter()
            .flat_map(|(.., places)| places.clone())
            .collect();
        if places.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = row_version::Entity::find()
            .filter(row_version::Column::Kind.eq("membership"))
            .filter(row_version::Column::Id.is_in(places))
            .order_by_asc(row_version::Column::Version)
            .all(self.store.read())
            .await?;
        let mut versions: HashMap<Uuid, Vec<Version>> = HashMap::new();
        for row in rows {
            let mut version: Version = serde_json::from_str(&row.body).map_err(Error::internal)?;
            version.recorded_at = row.recorded_at;
            versions.entry(row.id).or_default().push(version);
        }
        let mut late: HashMap<Uuid, Vec<HeldAfterDeath>> = HashMap::new();
        for (event, died, places) in deaths {
            for place in places {
                let known = versions.get(&place).map_or(&[][..], Vec::as_slice);
                if let Some(one) = held(event, died, known)? {
                    late.entry(event.id).or_default().push(one);
                }
            }
        }
        Ok(late)
    }

    /// Opens a case, once, for each family whose place has waited its days for somebody who receives: two persons say what
    /// becomes of it. One for which that fails leaves the others their turn. Only to be asked when the clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn open_overdue_payees(&self) -> Result<()> {
        use civil_event::Column as C;
        let due = civil_event::Entity::find()
            .filter(C::FollowUp.eq(CivilWhy::PayeeChange.to_string()))
            .filter(C::DueAt.lte(self.store.now().as_micros()))
            .filter(Expr::cust(format!(
                "EXISTS (SELECT 1 FROM membership m JOIN family f ON f.id = m.family_id \
                 WHERE f.id = civil_event.family_id AND f.closed_at IS NULL \
                 AND m.state = 'suspended' AND m.reason = '{PAYEE}')"
            )))
            .order_by_asc(C::DueAt)
            .limit(OVERDUE_AT_ONCE)
            .all(self.store.read())
            .await?;
        for event in due {
            match self.open_overdue_payee(&event).await {
                Ok(()) => {}
                // The database may come back.
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!(event.id = %CivilEventId(event.id), cause = %error,
                    "a family that named no payee has no case"),
            }
        }
        Ok(())
    }

    async fn open_overdue_payee(&self, found: &civil_event::Model) -> Result<()> {
        let mut write = self.begin().await?;
        let event = civil_event::Entity::find_by_id(found.id)
            .lock_exclusive()
            .one(write.on())
            .await?;
        // Somebody was named, or a person said that it is done, meanwhile.
        let Some(event) = event.filter(|now| now.follow_up == found.follow_up) else {
            return Ok(());
        };
        let Some(home) = event.family_id else {
            return Ok(());
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
            return Ok(());
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
        write.commit().await
    }
}
