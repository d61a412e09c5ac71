//! THE one door for slots. Nothing else writes slot rows (a test greps for it).
//!
//! Every move names a reason and rests on two different persons: who proposed and who confirmed the outcome of the
//! membership that gives the slot up, as the case's own rows say, or the server after both. A slot is consumed once,
//! whatever is retried or raced: it moves by compare-and-set on its version.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SubQueryStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use tilik_protocol::case::Step;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, FamilyId, ImportId, MembershipId, ProposalId, SlotId, UserId};
use tilik_protocol::membership::{
    self as machine, MembershipAction, MembershipState, SlotAction, SlotState, slot_step,
};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::proposal::ProposalAction;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::cases::new_case;
use super::journal::Entry;
use super::tables::{
    case_membership, family, membership, notice, person, program, proposal, proposal_act, quota,
    row_version, slot, verification_case, waitlist, waitlist_entry,
};
use super::text;
use super::users::{keep_version, version_row};
use super::{Write, appeals};
use crate::error::{Error, Result};

pub(super) type Membership = membership::Model;

/// Why a slot goes to a member of a confirmed list.
const ENROLLED: ReasonCode = ReasonCode::known("DAFTAR_DISAHKAN");
/// Why a free slot is reserved for somebody of whom the last local word was yes.
const ENDORSED: ReasonCode = ReasonCode::known("USULAN_DISAHKAN");
/// Why a slot goes back to the family that gave it up.
pub(super) const UPHELD: ReasonCode = ReasonCode::known("KEBERATAN_DITERIMA");
/// The states in which somebody has a place or stands for one.
pub(super) const OCCUPYING: [&str; 4] = ["candidate", "designated", "active", "suspended"];
/// Why a slot leaves the quota.
const CUT: ReasonCode = ReasonCode::known("KUOTA_DIKURANGI");

/// The two persons behind a move, read from the decision that both signed.
pub(super) struct TwoPersons {
    proposer: UserId,
    confirmer: UserId,
}

impl TwoPersons {
    /// Who proposed and who confirmed the outcome of this membership in this case.
    ///
    /// # Errors
    /// `separation_of_duty` when one of them is missing or both are one.
    pub(super) async fn of(write: &Write, case: CaseId, membership: MembershipId) -> Result<Self> {
        let refuse = || Error::Refused(ProblemCode::SeparationOfDuty);
        let row = case_membership::Entity::find_by_id((Uuid::from(case), Uuid::from(membership)))
            .one(write.on())
            .await?
            .ok_or_else(refuse)?;
        let (Some(proposer), Some(confirmer)) = (row.proposed_by, row.confirmed_by) else {
            return Err(refuse());
        };
        if proposer == confirmer {
            return Err(refuse());
        }
        Ok(Self {
            proposer: UserId(proposer),
            confirmer: UserId(confirmer),
        })
    }

    /// Who handed a proposal in last, and who endorsed it.
    ///
    /// # Errors
    /// `separation_of_duty` when one of them is missing or both are one.
    pub(super) async fn of_proposal(write: &Write, proposal: ProposalId) -> Result<Self> {
        let refuse = || Error::Refused(ProblemCode::SeparationOfDuty);
        let acts = proposal_act::Entity::find()
            .filter(proposal_act::Column::ProposalId.eq(Uuid::from(proposal)))
            .order_by_desc(proposal_act::Column::Seq)
            .all(write.on())
            .await?;
        let last = |action: ProposalAction| {
            let action = action.to_string();
            acts.iter().find(|act| act.action == action)?.by_id
        };
        match (last(ProposalAction::Submit), last(ProposalAction::Endorse)) {
            (Some(proposer), Some(confirmer)) if proposer != confirmer => Ok(Self {
                proposer: UserId(proposer),
                confirmer: UserId(confirmer),
            }),
            _ => Err(refuse()),
        }
    }

    /// Who brought a list in and who confirmed it.
    ///
    /// # Errors
    /// `separation_of_duty` when nobody answers for the list, or both are one.
    pub(super) fn of_import(importer: Option<UserId>, confirmer: UserId) -> Result<Self> {
        match importer {
            Some(proposer) if proposer != confirmer => Ok(Self {
                proposer,
                confirmer,
            }),
            Some(_) | None => Err(Error::Refused(ProblemCode::SeparationOfDuty)),
        }
    }

    /// Who examined an appeal and who judged it.
    ///
    /// # Errors
    /// `separation_of_duty` when nobody examined it, or both are one.
    pub(super) fn of_appeal(examiner: Option<UserId>, judge: UserId) -> Result<Self> {
        Self::of_import(examiner, judge)
    }

    pub(super) fn proposer(&self) -> UserId {
        self.proposer
    }

    pub(super) fn confirmer(&self) -> UserId {
        self.confirmer
    }
}

/// Saves a membership as its next version.
pub(super) async fn save_membership(write: &Write, mut row: Membership) -> Result<Membership> {
    let seen = row.version;
    row.version += 1;
    row.recorded_at = write.at().as_micros();
    row.valid_from = write.at().as_micros();
    let moved = membership::Entity::update_many()
        .set(membership::ActiveModel::from(row.clone()).reset_all())
        .filter(membership::Column::Id.eq(row.id))
        .filter(membership::Column::Version.eq(seen))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: seen + 1,
        });
    }
    keep_membership(write, &row).await?;
    Ok(row)
}

fn body_of(row: &Membership) -> serde_json::Value {
    serde_json::json!({
        "program": row.program, "family": row.family_id, "person": row.person_id, "region": row.region,
        "state": row.state, "reason": row.reason, "slot": row.slot_id, "successor_of": row.successor_of,
        "appeal_until": row.appeal_until, "eligible_at": row.eligible_at,
        "central_status": row.central_status,
    })
}

pub(super) async fn keep_membership(write: &Write, row: &Membership) -> Result<()> {
    let body = body_of(row);
    keep_version(
        write,
        "membership",
        row.id,
        row.version,
        row.valid_from,
        &body,
    )
    .await
}

/// Moves one slot. The only place that writes slot rows.
async fn turn(
    write: &mut Write,
    id: SlotId,
    action: SlotAction,
    to: Option<MembershipId>,
    why: &ReasonCode,
    by: &TwoPersons,
) -> Result<()> {
    let row = slot::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or_else(|| Error::internal("a membership points at a slot that is not there"))?;
    let from: SlotState = row.state.parse().map_err(Error::internal)?;
    let Step::To(next) = slot_step(from, action)? else {
        return Ok(());
    };
    let moved = slot::Entity::update_many()
        .set(slot::ActiveModel {
            state: Set(next.to_string()),
            membership_id: Set(to.map(Into::into)),
            version: Set(row.version + 1),
            ..Default::default()
        })
        .filter(slot::Column::Id.eq(row.id))
        .filter(slot::Column::Version.eq(row.version))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: row.version + 1,
        });
    }
    write.journal(Entry::new(
        "slot.turn",
        format!("slot:{id}"),
        Role::System,
        None,
        &serde_json::json!({ "action": action, "from": from, "to": next, "membership": to,
            "before": row.membership_id.map(MembershipId), "reason": why,
            "proposer": by.proposer, "confirmer": by.confirmer }),
    )?);
    Ok(())
}

/// Gives the slot of a membership that just ended to the next eligible family on the frozen waitlist, as a candidate
/// with a case of its own; to nobody when the list has none.
pub(super) async fn hand_on(
    write: &mut Write,
    ended: &Membership,
    why: &ReasonCode,
    by: &TwoPersons,
    appeal_until: Option<i64>,
) -> Result<Option<Membership>> {
    let Some(slot_id) = ended.slot_id.map(SlotId) else {
        appeals::no_longer_beside(write, ended.id, None).await?;
        return Ok(None);
    };
    if let Some(beside) = appeals::first_beside(write, &ended.program, &ended.region).await? {
        turn(write, slot_id, SlotAction::Release, None, why, by).await?;
        within_quota(write, beside.membership_id, slot_id, by).await?;
        return Ok(None);
    }
    let Some((entry, home)) = next_in_line(write, ended).await? else {
        turn(write, slot_id, SlotAction::Release, None, why, by).await?;
        return Ok(None);
    };
    let at = write.at().as_micros();
    let unit = (ended.program.as_str(), home.id, entry.person_id);
    let candidate = if let Some(mut known) = without_place(write, unit).await? {
        // Endorsed before; here is the place.
        known.slot_id = Some(slot_id.into());
        known.successor_of = Some(ended.id);
        known.appeal_until = appeal_until;
        save_membership(write, known).await?
    } else {
        let mut new = candidate(write, unit, &home.region);
        new.slot_id = Some(slot_id.into());
        new.successor_of = Some(ended.id);
        new.appeal_until = appeal_until;
        begin(write, new).await?
    };
    let id = MembershipId(candidate.id);
    turn(write, slot_id, SlotAction::Reserve, Some(id), why, by).await?;
    if home.region != ended.region {
        // Who waited on this list lives elsewhere by now: the place follows the family.
        let there = home.region.parse().map_err(Error::internal)?;
        carry(write, &candidate, &there, Role::System).await?;
    }
    let taken = waitlist_entry::Entity::update_many()
        .set(waitlist_entry::ActiveModel {
            taken_at: Set(Some(at)),
            taken_by: Set(Some(id.into())),
            ..Default::default()
        })
        .filter(waitlist_entry::Column::WaitlistId.eq(entry.waitlist_id))
        .filter(waitlist_entry::Column::Position.eq(entry.position))
        .filter(waitlist_entry::Column::TakenAt.is_null())
        .exec(write.on())
        .await?;
    if taken.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: ended.version,
        });
    }
    let facts: serde_json::Value = serde_json::from_str(&entry.facts).unwrap_or_default();
    write.journal(Entry::new(
        "membership.candidate",
        format!("membership:{id}"),
        Role::System,
        None,
        &serde_json::json!({ "family": FamilyId(home.id), "program": candidate.program, "slot": slot_id,
            "successor_of": MembershipId(ended.id), "waitlist": entry.waitlist_id,
            "position": entry.position, "facts": facts }),
    )?);
    if candidate.eligible_at.is_none() {
        see_house(write, &home, id).await?;
    }
    Ok(Some(candidate))
}

/// A family, or a person of it, in a program.
type UnitOf<'a> = (&'a str, Uuid, Option<Uuid>);

/// A candidate without a place.
fn candidate(write: &Write, (program, family, person): UnitOf<'_>, region: &str) -> Membership {
    let id: MembershipId = write.store().ids().next();
    let at = write.at().as_micros();
    Membership {
        id: id.into(),
        version: 1,
        program: program.to_owned(),
        family_id: family,
        person_id: person,
        region: region.to_owned(),
        state: MembershipState::Candidate.to_string(),
        reason: None,
        slot_id: None,
        successor_of: None,
        appeal_until: None,
        eligible_at: None,
        central_status: None,
        valid_from: at,
        recorded_at: at,
    }
}

async fn begin(write: &Write, row: Membership) -> Result<Membership> {
    let kept = membership::ActiveModel::from(row.clone()).reset_all();
    match kept.insert(write.on()).await {
        // Somebody gave them a place in this very moment.
        Err(error) if text::violated(&error).is_some() => {
            return Err(Error::Refused(ProblemCode::Stale));
        }
        done => done?,
    };
    keep_membership(write, &row).await?;
    Ok(row)
}

/// Who stands for this program already, and waits for a place.
async fn without_place(
    write: &Write,
    (program, family, person): UnitOf<'_>,
) -> Result<Option<Membership>> {
    let unit = match person {
        Some(person) => membership::Column::PersonId.eq(person),
        None => membership::Column::FamilyId
            .eq(family)
            .and(membership::Column::PersonId.is_null()),
    };
    Ok(membership::Entity::find()
        .filter(membership::Column::Program.eq(program))
        .filter(unit)
        .filter(membership::Column::State.eq(MembershipState::Candidate.to_string()))
        .filter(membership::Column::SlotId.is_null())
        .lock_exclusive()
        .one(write.on())
        .await?)
}

/// Whoever was proposed, and endorsed, is a candidate. A free place of a program of the city's own is reserved for them when
/// nobody stands on the frozen list before them; else the place comes with the list, or with the ministry's decree.
pub(super) async fn stand(
    write: &mut Write,
    program: &program::Model,
    home: &family::Model,
    person: Option<Uuid>,
    proposal: Uuid,
    by: &TwoPersons,
) -> Result<Membership> {
    let mut new = candidate(write, (&program.code, home.id, person), &home.region);
    let id = MembershipId(new.id);
    let place = if program.central || somebody_waits(write, &program.code, &home.region).await? {
        None
    } else {
        let village: RegionCode = home.region.parse().map_err(Error::internal)?;
        let mut found = None;
        for place in std::iter::successors(Some(village), RegionCode::parent) {
            if found.is_none() {
                found = free(write, &program.code, place.as_str(), 1).await?.pop();
            }
        }
        found
    };
    if let Some(place) = place {
        new.slot_id = Some(place.into());
        // Nobody had the place before: no appeal runs.
        new.appeal_until = Some(write.at().as_micros());
    }
    let row = begin(write, new).await?;
    if let Some(place) = place {
        turn(write, place, SlotAction::Reserve, Some(id), &ENDORSED, by).await?;
    }
    write.journal(Entry::new(
        "membership.candidate",
        format!("membership:{id}"),
        Role::System,
        None,
        &serde_json::json!({ "family": FamilyId(home.id), "program": program.code, "slot": place,
            "proposal": ProposalId(proposal), "proposer": by.proposer, "confirmer": by.confirmer }),
    )?);
    Ok(row)
}

/// Whether a frozen list has somebody who has not had their turn.
async fn somebody_waits(write: &Write, program: &str, region: &str) -> Result<bool> {
    let lists = waitlist::Entity::find()
        .filter(waitlist::Column::Program.eq(program))
        .filter(waitlist::Column::Region.eq(region))
        .filter(waitlist::Column::FrozenAt.is_not_null())
        .filter(waitlist::Column::SupersededAt.is_null())
        .lock_exclusive()
        .all(write.on())
        .await?;
    let waits = waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::WaitlistId.is_in(lists.into_iter().map(|list| list.id)))
        .filter(waitlist_entry::Column::TakenAt.is_null())
        .one(write.on())
        .await?;
    Ok(waits.is_some())
}

/// The house of a candidate is to be seen: their membership joins the family's open case, or a case is opened. Which one.
pub(super) async fn see_house(
    write: &mut Write,
    home: &family::Model,
    id: MembershipId,
) -> Result<Uuid> {
    let open = verification_case::Entity::find()
        .filter(verification_case::Column::FamilyId.eq(home.id))
        .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
        .one(write.on())
        .await?;
    let Some(case) = open else {
        // It takes all that the family has along.
        let opened = new_case(
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
        return Ok(opened.id);
    };
    let known = case_membership::Entity::find_by_id((case.id, Uuid::from(id)))
        .one(write.on())
        .await?;
    if known.is_none() {
        case_membership::ActiveModel {
            case_id: Set(case.id),
            membership_id: Set(id.into()),
            outcome: Set(None),
            reason: Set(None),
            document_number: Set(None),
            needs_approval: Set(false),
            proposed_by: Set(None),
            proposed_at: Set(None),
            confirmed_by: Set(None),
            confirmed_at: Set(None),
            refused_by: Set(None),
            refused_at: Set(None),
            refusal: Set(None),
            approver_note_enc: Set(None),
        }
        .insert(write.on())
        .await?;
    }
    Ok(case.id)
}

/// A place that came back beside the quota is one of the quota's now.
async fn within_quota(write: &mut Write, id: Uuid, slot: SlotId, by: &TwoPersons) -> Result<()> {
    let held = membership::Entity::find_by_id(id)
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)?;
    let to = Some(MembershipId(id));
    turn(write, slot, SlotAction::Restore, to, &UPHELD, by).await?;
    let mut held = held;
    held.slot_id = Some(slot.into());
    save_membership(write, held).await?;
    appeals::no_longer_beside(write, id, Some(slot)).await
}

/// Free slots go first to the places that came back beside the quota.
pub(super) async fn bring_within(
    write: &mut Write,
    program: &str,
    region: &str,
    by: &TwoPersons,
) -> Result<()> {
    while let Some(beside) = appeals::first_beside(write, program, region).await? {
        let Some(slot) = free(write, program, region, 1).await?.pop() else {
            return Ok(());
        };
        within_quota(write, beside.membership_id, slot, by).await?;
    }
    Ok(())
}

/// A candidate whose place goes back to the family before steps back into the line, where they stood. Who was endorsed stays a
/// candidate without a place; anybody else is none any more. Whether they are none any more.
pub(super) async fn step_back(
    write: &mut Write,
    candidate: Membership,
    role: Role,
) -> Result<bool> {
    let id = candidate.id;
    let endorsed = proposal::Entity::find()
        .filter(proposal::Column::MembershipId.eq(id))
        .one(write.on())
        .await?
        .is_some();
    let from: MembershipState = candidate.state.parse().map_err(Error::internal)?;
    let mut candidate = candidate;
    let next = if endorsed {
        candidate.slot_id = None;
        candidate.successor_of = None;
        candidate.appeal_until = None;
        from
    } else {
        let Step::To(next) = machine::step(from, MembershipAction::Withdraw, role)? else {
            return Ok(false);
        };
        candidate.state = next.to_string();
        candidate.reason = Some(UPHELD.to_string());
        next
    };
    save_membership(write, candidate).await?;
    waitlist_entry::Entity::update_many()
        .col_expr(waitlist_entry::Column::TakenAt, Expr::value(None::<i64>))
        .col_expr(waitlist_entry::Column::TakenBy, Expr::value(None::<Uuid>))
        .filter(waitlist_entry::Column::TakenBy.eq(id))
        .exec(write.on())
        .await?;
    write.journal(Entry::new(
        "membership.step_back",
        format!("membership:{}", MembershipId(id)),
        role,
        None,
        &serde_json::json!({ "from": from, "to": next, "reason": UPHELD }),
    )?);
    Ok(!endorsed)
}

/// A candidate without a place is none any more: the family has one again.
pub(super) async fn give_way(write: &mut Write, candidate: Membership, role: Role) -> Result<()> {
    let from: MembershipState = candidate.state.parse().map_err(Error::internal)?;
    let Step::To(next) = machine::step(from, MembershipAction::Withdraw, role)? else {
        return Ok(());
    };
    let id = MembershipId(candidate.id);
    let mut candidate = candidate;
    candidate.state = next.to_string();
    candidate.reason = Some(UPHELD.to_string());
    save_membership(write, candidate).await?;
    write.journal(Entry::new(
        "membership.give_way",
        format!("membership:{id}"),
        role,
        None,
        &serde_json::json!({ "from": from, "to": next, "reason": UPHELD }),
    )?);
    Ok(())
}

/// Whether there is anybody to receive: the person, of a person's place; of a family's anybody of it.
pub(super) async fn somebody_lives(
    write: &Write,
    family: Uuid,
    person: Option<Uuid>,
) -> Result<bool> {
    let mut living = person::Entity::find()
        .filter(person::Column::FamilyId.eq(family))
        .filter(person::Column::Alive.eq(true))
        .filter(person::Column::MergedInto.is_null());
    if let Some(person) = person {
        living = living.filter(person::Column::Id.eq(person));
    }
    Ok(living.one(write.on()).await?.is_some())
}

/// Gives a family whose appeal was upheld a slot again: the one it gave up when that is nobody's or was a candidate's who
/// stepped back, else any that is free; none when all are somebody's.
pub(super) async fn take_back(
    write: &mut Write,
    ended: &Membership,
    role: Role,
    by: &TwoPersons,
) -> Result<Option<SlotId>> {
    let to = Some(MembershipId(ended.id));
    let own = match ended.slot_id {
        Some(id) => {
            slot::Entity::find_by_id(id)
                .lock_exclusive()
                .one(write.on())
                .await?
        }
        None => None,
    };
    if let Some(row) = own {
        let id = SlotId(row.id);
        let state: SlotState = row.state.parse().map_err(Error::internal)?;
        let holder = match row.membership_id {
            Some(holder) => {
                membership::Entity::find_by_id(holder)
                    .one(write.on())
                    .await?
            }
            None => None,
        };
        // Whoever stood for it does no longer.
        let stepped_back = holder.is_some_and(|one| {
            one.slot_id != Some(row.id) || one.state == MembershipState::Withdrawn.to_string()
        });
        if state == SlotState::Free || (state == SlotState::Reserved && stepped_back) {
            turn(write, id, SlotAction::Restore, to, &UPHELD, by).await?;
            // It may have gone along with who stood for it, or the family moved since.
            let village = ended.region.parse().map_err(Error::internal)?;
            let mut held = ended.clone();
            held.slot_id = Some(row.id);
            carry(write, &held, &village, role).await?;
            return Ok(Some(id));
        }
    }
    let Some(id) = free(write, &ended.program, &ended.region, 1).await?.pop() else {
        return Ok(None);
    };
    turn(write, id, SlotAction::Restore, to, &UPHELD, by).await?;
    Ok(Some(id))
}

/// When the last appeal period ends of who held the place and of those who stood for it since, up to `last`; `None` while one
/// of them has not been told or waits for the answer to an appeal. A candidate who takes a withdrawn one's turn inherits what
/// runs for the family before.
pub(super) async fn appeal_end(write: &Write, last: &Membership) -> Result<Option<i64>> {
    let mut end = i64::MIN;
    let mut at = Some(last.clone());
    while let Some(row) = at {
        let told = notice::Entity::find()
            .filter(notice::Column::MembershipId.eq(row.id))
            .all(write.on())
            .await?;
        if told.is_empty() || appeals::waits(write, row.id).await? {
            return Ok(None);
        }
        for one in told {
            let Some(until) = one.appeal_until else {
                return Ok(None);
            };
            if until > end {
                end = until;
            }
        }
        let withdrew = row.state == MembershipState::Withdrawn.to_string();
        at = match row.successor_of {
            Some(before) if withdrew => {
                membership::Entity::find_by_id(before)
                    .one(write.on())
                    .await?
            }
            Some(_) | None => None,
        };
    }
    Ok(Some(end))
}

/// The candidate who stands for the place that `ended` gave up, after however many who withdrew.
pub(super) async fn candidate_after(write: &Write, ended: Uuid) -> Result<Option<Membership>> {
    let mut waiting = vec![ended];
    while let Some(id) = waiting.pop() {
        for next in membership::Entity::find()
            .filter(membership::Column::SuccessorOf.eq(id))
            .all(write.on())
            .await?
        {
            if next.state == MembershipState::Candidate.to_string() {
                return Ok(Some(next));
            }
            // Whoever had the place after them gave up one of their own.
            if next.state == MembershipState::Withdrawn.to_string() {
                waiting.push(next.id);
            }
        }
    }
    Ok(None)
}

/// The first family on the list in force that takes no place yet and has none in this program.
async fn next_in_line(
    write: &Write,
    ended: &Membership,
) -> Result<Option<(waitlist_entry::Model, family::Model)>> {
    let list = waitlist::Entity::find()
        .filter(waitlist::Column::Program.eq(&ended.program))
        .filter(waitlist::Column::Region.eq(&ended.region))
        .filter(waitlist::Column::FrozenAt.is_not_null())
        .filter(waitlist::Column::SupersededAt.is_null())
        .order_by_desc(waitlist::Column::FrozenAt)
        .lock_exclusive()
        .one(write.on())
        .await?;
    let Some(list) = list else { return Ok(None) };
    let waiting = waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::WaitlistId.eq(list.id))
        .filter(waitlist_entry::Column::TakenAt.is_null())
        .order_by_asc(waitlist_entry::Column::Position)
        .all(write.on())
        .await?;
    for entry in waiting {
        if entry.family_id == ended.family_id && entry.person_id == ended.person_id {
            continue;
        }
        // A program for persons counts persons: another member's place is no place of theirs.
        let theirs = match entry.person_id {
            Some(person) => membership::Column::PersonId.eq(person),
            None => membership::Column::FamilyId.eq(entry.family_id),
        };
        let has_place = membership::Entity::find()
            .filter(membership::Column::Program.eq(&ended.program))
            .filter(theirs)
            .filter(membership::Column::State.is_in(OCCUPYING))
            // Who was endorsed and has no place yet is not passed over.
            .filter(
                Condition::any()
                    .add(membership::Column::State.ne(MembershipState::Candidate.to_string()))
                    .add(membership::Column::SlotId.is_not_null()),
            )
            .one(write.on())
            .await?;
        if has_place.is_some() {
            continue;
        }
        // Whom a merge or a move ended takes no place.
        if let Some(home) = family::Entity::find_by_id(entry.family_id)
            .filter(family::Column::ClosedAt.is_null())
            .one(write.on())
            .await?
            && somebody_lives(write, home.id, entry.person_id).await?
        {
            return Ok(Some((entry, home)));
        }
    }
    Ok(None)
}

/// A place goes along with its family to another village, and the quota with it: nobody gains or loses one, and the sum of
/// the city stays. A population event may do this by itself; of a move made by hand the receiving village has a say.
pub(super) async fn carry(
    write: &mut Write,
    held: &Membership,
    to: &RegionCode,
    role: Role,
) -> Result<()> {
    let Some(id) = held.slot_id else {
        return Ok(());
    };
    let gone = || Error::internal("a membership points at a slot that is not there");
    let row = slot::Entity::find_by_id(id)
        .one(write.on())
        .await?
        .ok_or_else(gone)?;
    if row.region == to.as_str() {
        return Ok(());
    }
    // The quotas before the slot, as a file of quotas takes them, and both in one order.
    let at = write.at().as_micros();
    let mut quotas = [(row.region.as_str(), false), (to.as_str(), true)];
    quotas.sort_unstable();
    for (region, comes) in quotas {
        if comes {
            let of = (quota::Entity, quota::Column::Slots);
            let more = OnConflict::columns([quota::Column::Program, quota::Column::Region])
                .value(quota::Column::Slots, Expr::col(of).add(1))
                .to_owned();
            quota::Entity::insert(quota::ActiveModel {
                program: Set(row.program.clone()),
                region: Set(region.to_owned()),
                slots: Set(1),
                recorded_at: Set(at),
            })
            .on_conflict(more)
            .exec_without_returning(write.on())
            .await?;
        } else {
            quota::Entity::update_many()
                .col_expr(quota::Column::Slots, Expr::col(quota::Column::Slots).sub(1))
                .filter(quota::Column::Program.eq(&row.program))
                .filter(quota::Column::Region.eq(region))
                .exec(write.on())
                .await?;
        }
    }
    let moved = slot::Entity::update_many()
        .set(slot::ActiveModel {
            region: Set(to.to_string()),
            version: Set(row.version + 1),
            ..Default::default()
        })
        .filter(slot::Column::Id.eq(row.id))
        .filter(slot::Column::Version.eq(row.version))
        .filter(slot::Column::MembershipId.eq(held.id))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: row.version + 1,
        });
    }
    write.journal(Entry::new(
        "slot.carry",
        format!("slot:{}", SlotId(row.id)),
        role,
        None,
        &serde_json::json!({ "from": row.region, "to": to, "program": row.program,
            "membership": MembershipId(held.id) }),
    )?);
    Ok(())
}

/// The candidate is designated: the slot is theirs.
pub(super) async fn settle(
    write: &mut Write,
    candidate: &Membership,
    by: &TwoPersons,
) -> Result<()> {
    let Some(slot_id) = candidate.slot_id.map(SlotId) else {
        return Ok(());
    };
    let why = ReasonCode::known("MASA_KEBERATAN_LEWAT");
    turn(
        write,
        slot_id,
        SlotAction::Assign,
        Some(MembershipId(candidate.id)),
        &why,
        by,
    )
    .await
}

/// The free slots of a program and region, oldest first, locked.
async fn free(write: &Write, program: &str, region: &str, most: usize) -> Result<Vec<SlotId>> {
    Ok(slot::Entity::find()
        .filter(slot::Column::Program.eq(program))
        .filter(slot::Column::Region.eq(region))
        .filter(slot::Column::State.eq(SlotState::Free.to_string()))
        .order_by_asc(slot::Column::Id)
        .limit(most as u64)
        .lock_exclusive()
        .all(write.on())
        .await?
        .into_iter()
        .map(|row| SlotId(row.id))
        .collect())
}

/// Gives free slots to the members of a list that one person brought in and another confirmed; answers with those for
/// whom the quota had none left. Nobody loses a slot by it. A member in a later version than the first is a candidate who
/// waited for a place.
pub(super) async fn enrol(
    write: &mut Write,
    import: ImportId,
    members: Vec<Membership>,
    by: &TwoPersons,
) -> Result<Vec<Membership>> {
    let Step::To(held) = slot_step(SlotState::Free, SlotAction::Enrol)? else {
        return Err(Error::WRONG_MOMENT);
    };
    let mut groups: BTreeMap<(String, String), Vec<Membership>> = BTreeMap::new();
    for member in members {
        let quota = (member.program.clone(), member.region.clone());
        groups.entry(quota).or_default().push(member);
    }
    let (mut enrolled, mut left_out) = (Vec::new(), Vec::new());
    for ((program, region), members) in groups {
        let mut free = free(write, &program, &region, members.len())
            .await?
            .into_iter();
        for mut member in members {
            match free.next() {
                Some(slot) => {
                    member.slot_id = Some(slot.into());
                    enrolled.push(member);
                }
                None => left_out.push(member),
            }
        }
    }
    if enrolled.is_empty() {
        return Ok(left_out);
    }
    // Candidates who waited for a place are rows already; their next version has it.
    let (new, known): (Vec<&Membership>, Vec<&Membership>) =
        enrolled.iter().partition(|row| row.version == 1);
    for row in known {
        let moved = membership::Entity::update_many()
            .set(membership::ActiveModel::from(row.clone()).reset_all())
            .filter(membership::Column::Id.eq(row.id))
            .filter(membership::Column::Version.eq(row.version - 1))
            .filter(membership::Column::SlotId.is_null())
            .exec(write.on())
            .await?;
        if moved.rows_affected != 1 {
            return Err(Error::Refused(ProblemCode::Stale));
        }
        keep_membership(write, row).await?;
    }
    if !new.is_empty() {
        let rows = new
            .iter()
            .map(|row| membership::ActiveModel::from((*row).clone()).reset_all());
        membership::Entity::insert_many(rows)
            .exec_without_returning(write.on())
            .await
            .map_err(|error| match text::violated(&error) {
                // A decision gave one of them a place meanwhile; the whole part is asked again.
                Some(_) => Error::Refused(ProblemCode::Stale),
                None => error.into(),
            })?;
        let versions = new.iter().map(|row| {
            version_row(
                write,
                "membership",
                row.id,
                1,
                row.valid_from,
                &body_of(row),
            )
        });
        row_version::Entity::insert_many(versions)
            .exec_without_returning(write.on())
            .await?;
    }
    let slots: Vec<Uuid> = enrolled.iter().filter_map(|row| row.slot_id).collect();
    let holder = Query::select()
        .column(membership::Column::Id)
        .from(membership::Entity)
        .and_where(
            Expr::col((membership::Entity, membership::Column::SlotId))
                .equals((slot::Entity, slot::Column::Id)),
        )
        .and_where(Expr::cust(
            "state IN ('candidate','designated','active','suspended')",
        ))
        .to_owned();
    let moved = slot::Entity::update_many()
        .col_expr(slot::Column::State, Expr::value(held.to_string()))
        .col_expr(
            slot::Column::Version,
            Expr::col(slot::Column::Version).add(1),
        )
        .col_expr(
            slot::Column::MembershipId,
            Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(holder))),
        )
        .filter(slot::Column::Id.is_in(slots.iter().copied()))
        .filter(slot::Column::State.eq(SlotState::Free.to_string()))
        .exec(write.on())
        .await?;
    if moved.rows_affected != slots.len() as u64 {
        return Err(Error::Refused(ProblemCode::Stale));
    }
    let pairs: Vec<(Option<SlotId>, MembershipId)> = enrolled
        .iter()
        .map(|row| (row.slot_id.map(SlotId), MembershipId(row.id)))
        .collect();
    write.journal(Entry::new(
        "slot.enrol",
        format!("import:{import}"),
        Role::Approver,
        None,
        &serde_json::json!({ "action": SlotAction::Enrol, "from": SlotState::Free, "to": held,
            "reason": ENROLLED, "proposer": by.proposer, "confirmer": by.confirmer, "slots": pairs }),
    )?);
    Ok(left_out)
}

/// Why invented families give their places up: nobody decided it.
const NEW_ROUND: ReasonCode = ReasonCode::known("LATIHAN_DIULANG");

/// The places of the training program go from the invented families of the last round to those of the next. There are
/// as many as the largest round had; no person stands behind the move, so it reaches the training area and nothing else.
///
/// # Errors
/// When `region` is a real place.
pub(super) async fn next_training_round(
    write: &mut Write,
    program: &str,
    region: &RegionCode,
    members: Vec<Membership>,
) -> Result<()> {
    if !region.is_training() || members.iter().any(|row| row.region != region.as_str()) {
        return Err(Error::internal(
            "a training round outside the training area",
        ));
    }
    let before = membership::Entity::find()
        .filter(membership::Column::Program.eq(program))
        .filter(membership::Column::Region.eq(region.as_str()))
        .filter(membership::Column::State.is_in(OCCUPYING))
        .order_by_asc(membership::Column::Id)
        .all(write.on())
        .await?;
    for mut row in before {
        row.state = if row.state == MembershipState::Candidate.to_string() {
            MembershipState::Withdrawn.to_string()
        } else {
            MembershipState::Inactive.to_string()
        };
        row.reason = Some(NEW_ROUND.to_string());
        save_membership(write, row).await?;
    }
    let freed = slot::Entity::update_many()
        .col_expr(
            slot::Column::State,
            Expr::value(SlotState::Free.to_string()),
        )
        .col_expr(slot::Column::MembershipId, Expr::value(None::<Uuid>))
        .col_expr(
            slot::Column::Version,
            Expr::col(slot::Column::Version).add(1),
        )
        .filter(slot::Column::Program.eq(program))
        .filter(slot::Column::Region.eq(region.as_str()))
        .filter(
            slot::Column::State
                .is_in([SlotState::Held.to_string(), SlotState::Reserved.to_string()]),
        )
        .exec(write.on())
        .await?;
    let mut free = free(write, program, region.as_str(), members.len()).await?;
    let lacking = members.len().saturating_sub(free.len());
    free.extend(create(write, program, region.as_str(), &vec![None; lacking]).await?);
    let mut pairs: Vec<(SlotId, MembershipId)> = Vec::new();
    for (mut member, slot_id) in members.into_iter().zip(free) {
        member.slot_id = Some(slot_id.into());
        let id = MembershipId(member.id);
        membership::ActiveModel::from(member.clone())
            .reset_all()
            .insert(write.on())
            .await?;
        keep_membership(write, &member).await?;
        slot::Entity::update_many()
            .col_expr(
                slot::Column::State,
                Expr::value(SlotState::Held.to_string()),
            )
            .col_expr(slot::Column::MembershipId, Expr::value(member.id))
            .col_expr(
                slot::Column::Version,
                Expr::col(slot::Column::Version).add(1),
            )
            .filter(slot::Column::Id.eq(Uuid::from(slot_id)))
            .exec(write.on())
            .await?;
        pairs.push((slot_id, id));
    }
    write.journal(Entry::new(
        "slot.training",
        format!("quota:{program}:{region}"),
        Role::System,
        None,
        &serde_json::json!({ "reason": NEW_ROUND, "freed": freed.rows_affected, "slots": pairs }),
    )?);
    Ok(())
}

/// Takes `count` free slots out of the quota. The caller has seen that there are as many.
pub(super) async fn retire(
    write: &mut Write,
    program: &str,
    region: &str,
    count: i32,
    by: &TwoPersons,
) -> Result<()> {
    let count = usize::try_from(count).map_err(Error::internal)?;
    let Step::To(retired) = slot_step(SlotState::Free, SlotAction::Retire)? else {
        return Err(Error::WRONG_MOMENT);
    };
    let slots = free(write, program, region, count).await?;
    let moved = slot::Entity::update_many()
        .col_expr(slot::Column::State, Expr::value(retired.to_string()))
        .col_expr(
            slot::Column::Version,
            Expr::col(slot::Column::Version).add(1),
        )
        .filter(slot::Column::Id.is_in(slots.iter().copied().map(Uuid::from)))
        .filter(slot::Column::State.eq(SlotState::Free.to_string()))
        .exec(write.on())
        .await?;
    if moved.rows_affected != count as u64 {
        return Err(Error::Refused(ProblemCode::Stale));
    }
    write.journal(Entry::new(
        "slot.retire",
        format!("quota:{program}:{region}"),
        Role::Approver,
        None,
        &serde_json::json!({ "action": SlotAction::Retire, "from": SlotState::Free, "to": retired,
            "reason": CUT, "proposer": by.proposer, "confirmer": by.confirmer, "slots": slots }),
    )?);
    Ok(())
}

/// The slots of a quota: free ones, and in a test's registry some with a holder.
pub(super) async fn create(
    write: &mut Write,
    program: &str,
    region: &str,
    holders: &[Option<MembershipId>],
) -> Result<Vec<SlotId>> {
    let mut ids = Vec::with_capacity(holders.len());
    let mut rows = Vec::with_capacity(holders.len());
    for holder in holders {
        let id: SlotId = write.store().ids().next();
        let state = if holder.is_some() {
            SlotState::Held
        } else {
            SlotState::Free
        };
        rows.push(slot::ActiveModel {
            id: Set(id.into()),
            program: Set(program.to_owned()),
            region: Set(region.to_owned()),
            state: Set(state.to_string()),
            membership_id: Set(holder.map(Into::into)),
            version: Set(1),
        });
        ids.push(id);
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(500));
        slot::Entity::insert_many(std::mem::replace(&mut rows, rest))
            .exec_without_returning(write.on())
            .await?;
    }
    Ok(ids)
}
