//! Candidates become designated when their house was found eligible and the family before has said all it may, and receive
//! from the month after.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::case::Step;
use tilik_protocol::ids::{CaseId, FamilyId, MembershipId, ProposalId};
use tilik_protocol::membership::{self as machine, MembershipAction, MembershipState};
use tilik_protocol::ministry::MinistryActKind;
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::month_of;
use uuid::Uuid;

use super::cases::open_case_of;
use super::journal::Entry;
use super::ministry;
use super::population::RUMOURS;
use super::slots::{self, TwoPersons};
use super::tables::{case_membership, family, membership, proposal};
use super::{Acting, Write, proposals};
use crate::error::{Error, Result};

impl Acting {
    /// Designates candidates whose house was found eligible and whose predecessor's appeal period has passed; how many. One
    /// that cannot be designated leaves the others their turn. Only to be asked when the clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn designate_due(&self) -> Result<u64> {
        let now = self.store.now().as_micros();
        let mut designated = 0;
        let mut after = Uuid::nil();
        loop {
            let due = membership::Entity::find()
                .filter(membership::Column::State.eq(MembershipState::Candidate.to_string()))
                .filter(membership::Column::EligibleAt.is_not_null())
                .filter(membership::Column::AppealUntil.lte(now))
                .filter(membership::Column::Id.gt(after))
                .order_by_asc(membership::Column::Id)
                .limit(200)
                .all(self.store.read())
                .await?;
            let Some(last) = due.last() else {
                return Ok(designated);
            };
            after = last.id;
            for candidate in due {
                match self
                    .designate(candidate.id, candidate.successor_of, now)
                    .await
                {
                    Ok(done) => designated += u64::from(done),
                    // The database may come back.
                    Err(error @ Error::Unavailable(_)) => return Err(error),
                    Err(error) => tracing::error!(membership.id = %MembershipId(candidate.id),
                        cause = %error, "a candidate could not be designated"),
                }
            }
        }
    }

    async fn designate(&self, id: Uuid, successor_of: Option<Uuid>, now: i64) -> Result<bool> {
        let mut write = self.begin().await?;
        // In the order of whoever takes in or judges an appeal: first the place that ended, then who stands for it.
        let before = match successor_of {
            Some(ended) => {
                let gone = || Error::internal("a candidate follows nobody");
                let row = membership::Entity::find_by_id(ended)
                    .lock_exclusive()
                    .one(write.on())
                    .await?;
                Some(row.ok_or_else(gone)?)
            }
            None => None,
        };
        let Some(row) = membership::Entity::find_by_id(id)
            .lock_exclusive()
            .one(write.on())
            .await?
        else {
            return Ok(false);
        };
        let still_due = row.eligible_at.is_some()
            && row.appeal_until.is_some_and(|until| until <= now)
            && row.successor_of == successor_of;
        let from: MembershipState = row.state.parse().map_err(Error::internal)?;
        let step = machine::step(from, MembershipAction::Designate, Role::System);
        let Ok(Step::To(next)) = step else {
            return Ok(false);
        };
        if !still_due || !is_there(&write, &row).await? {
            return Ok(false);
        }
        let Some(before) = before else {
            let done = designate_proposed(&mut write, row, next).await?;
            if done {
                write.commit().await?;
            }
            return Ok(done);
        };
        // Asked of the notices themselves: what the candidate's row remembers only finds it.
        let end = slots::appeal_end(&write, &before).await?;
        if end.is_none_or(|end| end > now) {
            return Ok(false);
        }
        let link = case_membership::Entity::find()
            .filter(case_membership::Column::MembershipId.eq(before.id))
            .filter(case_membership::Column::ConfirmedAt.is_not_null())
            .order_by_desc(case_membership::Column::ConfirmedAt)
            .one(write.on())
            .await?
            .ok_or(Error::Refused(ProblemCode::SeparationOfDuty))?;
        let ended = MembershipId(before.id);
        let by = TwoPersons::of(&write, CaseId(link.case_id), ended).await?;
        slots::settle(&mut write, &row, &by).await?;
        let mut row = row;
        row.state = next.to_string();
        let row = slots::save_membership(&write, row).await?;
        write.journal(Entry::new(
            "membership.designate",
            format!("membership:{}", MembershipId(row.id)),
            Role::System,
            None,
            &serde_json::json!({ "from": from, "to": next, "successor_of": ended }),
        )?);
        // Whoever was proposed to the ministry is on its list by that already.
        if of_proposal(&write, row.id).await?.is_none() {
            ministry::note(&write, MinistryActKind::Designated, &row, None).await?;
        }
        proposals::place_given(&mut write, &row).await?;
        replace_ended(&mut write, &row).await?;
        write.commit().await?;
        Ok(true)
    }

    /// The period begins: whoever was designated in a month before receives from now on; how many. Only to be asked when the
    /// clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn activate_due(&self) -> Result<u64> {
        let now = self.store.now();
        let (mut activated, mut after) = (0, Uuid::nil());
        loop {
            let rows = membership::Entity::find()
                .filter(membership::Column::State.eq(MembershipState::Designated.to_string()))
                .filter(membership::Column::Id.gt(after))
                .order_by_asc(membership::Column::Id)
                .limit(200)
                .all(self.store.read())
                .await?;
            let Some(last) = rows.last() else {
                return Ok(activated);
            };
            after = last.id;
            for row in rows {
                let village: RegionCode = row.region.parse().map_err(Error::internal)?;
                let month = |at| month_of(village.utc_offset_min(), at);
                if month(Timestamp::from_micros(row.valid_from)) >= month(now) {
                    continue;
                }
                match self.activate(row.id, row.version).await {
                    Ok(done) => activated += u64::from(done),
                    // The database may come back.
                    Err(error @ Error::Unavailable(_)) => return Err(error),
                    Err(error) => tracing::error!(membership.id = %MembershipId(row.id),
                        cause = %error, "a designated membership could not begin"),
                }
            }
        }
    }

    async fn activate(&self, id: Uuid, version: i32) -> Result<bool> {
        let mut write = self.begin().await?;
        let row = membership::Entity::find_by_id(id)
            .lock_exclusive()
            .one(write.on())
            .await?;
        // Somebody changed it meanwhile: it has its turn at the next tick.
        let Some(mut row) = row.filter(|row| row.version == version) else {
            return Ok(false);
        };
        let from: MembershipState = row.state.parse().map_err(Error::internal)?;
        let step = machine::step(from, MembershipAction::Activate, Role::System);
        let (Ok(Step::To(next)), true) = (step, is_there(&write, &row).await?) else {
            return Ok(false);
        };
        row.state = next.to_string();
        let row = slots::save_membership(&write, row).await?;
        write.journal(Entry::new(
            "membership.activate",
            format!("membership:{}", MembershipId(row.id)),
            Role::System,
            None,
            &serde_json::json!({ "from": from, "to": next, "family": FamilyId(row.family_id) }),
        )?);
        write.commit().await?;
        Ok(true)
    }
}

/// Whether there is somebody to receive: a family that is not closed, somebody of it who lives, and no word of a death or a
/// move that a case still looks into.
async fn is_there(write: &Write, row: &membership::Model) -> Result<bool> {
    let home = family::Entity::find_by_id(row.family_id)
        .filter(family::Column::ClosedAt.is_null())
        .one(write.on())
        .await?;
    if home.is_none() || !slots::somebody_lives(write, row.family_id, row.person_id).await? {
        return Ok(false);
    }
    let open = open_case_of(write, row.family_id).await?;
    let asked = open.and_then(|case| case.request_reason);
    Ok(!asked.is_some_and(|why| RUMOURS.iter().any(|rumour| rumour.as_str() == why)))
}

/// A candidate who follows nobody: an endorsed proposal stands behind the place that was free.
async fn designate_proposed(
    write: &mut Write,
    mut row: membership::Model,
    next: MembershipState,
) -> Result<bool> {
    let (Some(proposal), Some(_)) = (of_proposal(write, row.id).await?, row.slot_id) else {
        return Ok(false);
    };
    let from = std::mem::replace(&mut row.state, next.to_string());
    let by = TwoPersons::of_proposal(write, proposal).await?;
    slots::settle(write, &row, &by).await?;
    let row = slots::save_membership(write, row).await?;
    write.journal(Entry::new(
        "membership.designate",
        format!("membership:{}", MembershipId(row.id)),
        Role::System,
        None,
        &serde_json::json!({ "from": from, "to": next, "proposal": proposal }),
    )?);
    proposals::place_given(write, &row).await?;
    Ok(true)
}

/// The proposal whose endorsement made this membership.
async fn of_proposal(write: &Write, membership: Uuid) -> Result<Option<ProposalId>> {
    let found = proposal::Entity::find()
        .filter(proposal::Column::MembershipId.eq(membership))
        .one(write.on())
        .await?;
    Ok(found.map(|row| ProposalId(row.id)))
}

/// The family that held the place before is replaced, however many withdrew in between.
async fn replace_ended(write: &mut Write, designated: &membership::Model) -> Result<()> {
    let mut at = designated.successor_of;
    while let Some(id) = at {
        let Some(ended) = membership::Entity::find_by_id(id)
            .lock_exclusive()
            .one(write.on())
            .await?
        else {
            return Ok(());
        };
        at = ended.successor_of;
        let was: MembershipState = ended.state.parse().map_err(Error::internal)?;
        if was == MembershipState::Withdrawn {
            continue;
        }
        if let Ok(Step::To(now)) = machine::step(was, MembershipAction::Replace, Role::System) {
            let mut ended = ended;
            ended.state = now.to_string();
            slots::save_membership(write, ended).await?;
            write.journal(Entry::new(
                "membership.replace",
                format!("membership:{}", MembershipId(id)),
                Role::System,
                None,
                &serde_json::json!({ "from": was, "to": now, "by": MembershipId(designated.id) }),
            )?);
        }
        return Ok(());
    }
    Ok(())
}
