//! What follows from a proposal's last local word, in the transaction that says it: who is to join a program becomes a
//! candidate whose house is seen, who is to leave one is seen first, another payee receives from now on, and what the ministry
//! keeps is on the list of what is to be entered there.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use tilik_protocol::case::Step;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{EventId, MembershipId, ProposalId};
use tilik_protocol::membership::{self as machine, MembershipAction, MembershipState};
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::{ProposalAction, ProposalKind, ProposalState};
use tilik_protocol::reason::ReasonCode;
use uuid::Uuid;

use super::fitness::stays;
use super::{Said, advance, kind_of, locked, state_of, table};
use crate::error::{Error, Result};
use crate::store::journal::Entry;
use crate::store::slots::{self, TwoPersons};
use crate::store::tables::{case_membership, family, membership, person, program};
use crate::store::write::Write;
use crate::store::{cases, ministry, registration};

/// Why a proposal that goes back makes an officer go to the house.
const TO_BE_VISITED: ReasonCode = ReasonCode::known("PERLU_KUNJUNGAN");
/// Why a candidate of whom the centre wants nothing is none any more.
const REJECTED_BY_CENTRE: ReasonCode = ReasonCode::known("DITOLAK_PUSAT");
/// Why a removal leads to nothing.
const STILL_ELIGIBLE: ReasonCode = ReasonCode::known("MASIH_LAYAK");

async fn home_of(write: &Write, row: &table::Model) -> Result<Option<family::Model>> {
    match row.family_id {
        Some(id) => Ok(family::Entity::find_by_id(id).one(write.on()).await?),
        None => Ok(None),
    }
}

/// Does what an endorsed proposal asks for.
pub(super) async fn carry_out(
    write: &mut Write,
    row: &mut table::Model,
    event: Option<EventId>,
) -> Result<()> {
    let home = home_of(write, row).await?.ok_or(Error::NOT_FOUND)?;
    match kind_of(row)? {
        ProposalKind::Program | ProposalKind::PbiReactivation => {
            let of = program::Entity::find_by_id(row.program.clone())
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let person = row.person_id.filter(|_| of.unit == "person");
            if kind_of(row)? == ProposalKind::PbiReactivation
                && place_goes_on(write, row, person).await?
            {
                // What ended at BPJS stands here still: it is only to be entered.
                ministry::note_proposal(write, row).await?;
                return keep_what_followed(write, row).await;
            }
            let by = TwoPersons::of_proposal(write, ProposalId(row.id)).await?;
            let candidate = slots::stand(write, &of, &home, person, row.id, &by).await?;
            row.membership_id = Some(candidate.id);
            let case = slots::see_house(write, &home, MembershipId(candidate.id)).await?;
            row.case_id = Some(case);
            ministry::note_proposal(write, row).await?;
        }
        // Nobody leaves on a proposal's word: the case decides, and what it decides is entered.
        ProposalKind::Removal => {
            row.case_id = Some(ground_check(write, &home).await?);
        }
        ProposalKind::PayeeChange => {
            let person = match row.person_id {
                Some(id) => person::Entity::find_by_id(id).one(write.on()).await?,
                None => None,
            };
            let person = person.ok_or(Error::NOT_FOUND)?;
            registration::name_payee(write, home, &person, Role::Approver, event).await?;
            ministry::note_proposal(write, row).await?;
        }
        ProposalKind::New | ProposalKind::Correction | ProposalKind::Relocation => {
            ministry::note_proposal(write, row).await?;
        }
    }
    keep_what_followed(write, row).await
}

/// Whether whom a proposal is to bring back holds the place here still.
async fn place_goes_on(write: &Write, row: &table::Model, person: Option<Uuid>) -> Result<bool> {
    let Some(person) = person else {
        return Ok(false);
    };
    let held = membership::Entity::find()
        .filter(membership::Column::Program.eq(&row.program))
        .filter(membership::Column::PersonId.eq(person))
        .all(write.on())
        .await?;
    Ok(held.iter().any(stays))
}

/// Of a program of the city's own no ministry has a word: what was decided about the place ends an endorsed proposal.
async fn end(
    write: &mut Write,
    row: &mut table::Model,
    action: ProposalAction,
    why: Option<&ReasonCode>,
) -> Result<()> {
    let of = program::Entity::find_by_id(row.program.clone())
        .one(write.on())
        .await?;
    if of.is_none_or(|program| program.central) {
        return Ok(());
    }
    let said = Said {
        reason: why.cloned(),
        ..Said::default()
    };
    advance(write, row, action, Role::System, None, said).await
}

/// The endorsed proposals that made a membership.
async fn behind(write: &Write, held: &membership::Model) -> Result<Vec<table::Model>> {
    Ok(table::Entity::find()
        .filter(table::Column::MembershipId.eq(held.id))
        .filter(table::Column::State.eq(ProposalState::Endorsed.to_string()))
        .order_by_asc(table::Column::Id)
        .lock_exclusive()
        .all(write.on())
        .await?)
}

/// The endorsed proposals to end a membership.
async fn against(write: &Write, held: &membership::Model) -> Result<Vec<table::Model>> {
    let mut query = table::Entity::find()
        .filter(table::Column::Kind.eq(ProposalKind::Removal.to_string()))
        .filter(table::Column::Program.eq(&held.program))
        .filter(table::Column::FamilyId.eq(held.family_id))
        .filter(table::Column::State.eq(ProposalState::Endorsed.to_string()));
    if let Some(person) = held.person_id {
        query = query.filter(table::Column::PersonId.eq(person));
    }
    Ok(query
        .order_by_asc(table::Column::Id)
        .lock_exclusive()
        .all(write.on())
        .await?)
}

/// Whether an approver has endorsed that this membership ends.
pub(in crate::store) async fn is_to_end(write: &Write, id: MembershipId) -> Result<bool> {
    let held = membership::Entity::find_by_id(Uuid::from(id))
        .one(write.on())
        .await?;
    match held {
        Some(held) => Ok(!against(write, &held).await?.is_empty()),
        None => Ok(false),
    }
}

/// Whoever was proposed is designated.
pub(in crate::store) async fn place_given(
    write: &mut Write,
    held: &membership::Model,
) -> Result<()> {
    for mut row in behind(write, held).await? {
        end(write, &mut row, ProposalAction::Accept, None).await?;
    }
    Ok(())
}

/// Whoever was proposed gets no place, and whoever was to go has gone.
pub(in crate::store) async fn place_ended(
    write: &mut Write,
    held: &membership::Model,
    why: &ReasonCode,
) -> Result<()> {
    for mut row in behind(write, held).await? {
        end(write, &mut row, ProposalAction::Reject, Some(why)).await?;
    }
    for mut row in against(write, held).await? {
        end(write, &mut row, ProposalAction::Accept, None).await?;
    }
    Ok(())
}

/// Whoever was to go stays, so nothing is to be sent anywhere, whosever the program is.
pub(in crate::store) async fn place_kept(
    write: &mut Write,
    held: &membership::Model,
) -> Result<()> {
    let said = || Said {
        reason: Some(STILL_ELIGIBLE),
        ..Said::default()
    };
    for mut row in against(write, held).await? {
        let reject = ProposalAction::Reject;
        advance(write, &mut row, reject, Role::System, None, said()).await?;
    }
    Ok(())
}

/// An officer goes to see the house of a proposal that went back for that.
pub(super) async fn send_an_officer(
    write: &mut Write,
    row: &mut table::Model,
    reason: Option<&ReasonCode>,
) -> Result<()> {
    if reason != Some(&TO_BE_VISITED) {
        return Ok(());
    }
    if let Some(home) = home_of(write, row).await?
        && home.closed_at.is_none()
        && home.region == row.region
    {
        row.case_id = Some(ground_check(write, &home).await?);
        keep_what_followed(write, row).await?;
    }
    Ok(())
}

/// The centre did not want it: the candidate who only waited for its word is none any more.
pub(super) async fn undo_candidate(
    write: &mut Write,
    row: &table::Model,
    role: Role,
) -> Result<()> {
    let Some(id) = row.membership_id else {
        return Ok(());
    };
    let Some(mut held) = membership::Entity::find_by_id(id)
        .filter(membership::Column::SlotId.is_null())
        .one(write.on())
        .await?
    else {
        return Ok(());
    };
    let from: MembershipState = held.state.parse().map_err(Error::internal)?;
    let Ok(Step::To(next)) = machine::step(from, MembershipAction::Decline, role) else {
        return Ok(());
    };
    held.state = next.to_string();
    held.reason = Some(REJECTED_BY_CENTRE.to_string());
    let held = slots::save_membership(write, held).await?;
    case_membership::Entity::delete_many()
        .filter(case_membership::Column::MembershipId.eq(held.id))
        .filter(case_membership::Column::Outcome.is_null())
        .exec(write.on())
        .await?;
    write.journal(Entry::new(
        "membership.decline",
        format!("membership:{}", MembershipId(held.id)),
        role,
        None,
        &serde_json::json!({ "from": from, "to": next, "reason": REJECTED_BY_CENTRE,
            "proposal": ProposalId(row.id) }),
    )?);
    Ok(())
}

/// The case in which an officer sees a house: the one that is open, or a new one.
async fn ground_check(write: &mut Write, home: &family::Model) -> Result<Uuid> {
    if let Some(open) = cases::open_case_of(write, home.id).await? {
        return Ok(open.id);
    }
    let opened = cases::new_case(
        write,
        home,
        VisitKind::Full,
        None,
        None,
        None,
        Role::System,
        None,
    )
    .await?;
    Ok(opened.id)
}

async fn keep_what_followed(write: &Write, row: &table::Model) -> Result<()> {
    table::ActiveModel {
        id: Set(row.id),
        membership_id: Set(row.membership_id),
        case_id: Set(row.case_id),
        ..Default::default()
    }
    .update(write.on())
    .await?;
    Ok(())
}

/// Somebody says on the ministry's list that a proposal is entered there, or that it is not after all.
///
/// # Errors
/// `wrong_moment` when the centre has spoken already.
pub(in crate::store) async fn entered(
    write: &mut Write,
    id: Uuid,
    entered: bool,
    role: Role,
    event: Option<EventId>,
) -> Result<()> {
    let mut row = locked(write, ProposalId(id)).await?;
    let (action, there) = if entered {
        (ProposalAction::Send, ProposalState::Sent)
    } else {
        (ProposalAction::Recall, ProposalState::Endorsed)
    };
    if state_of(&row)? == there {
        return Ok(());
    }
    advance(write, &mut row, action, role, event, Said::default()).await
}

/// The removals that were endorsed and for which a cancellation is entered now are entered with it.
pub(in crate::store) async fn entered_with(
    write: &mut Write,
    held: &membership::Model,
    role: Role,
    event: Option<EventId>,
) -> Result<()> {
    for row in against(write, held).await? {
        entered(write, row.id, true, role, event).await?;
    }
    Ok(())
}
