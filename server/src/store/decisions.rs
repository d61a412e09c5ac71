//! Decisions: one outcome per membership, confirmed by another person, and what follows in the same transaction.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::contact_sheet::speaks_against;
use tilik_protocol::duty::{self, Outcome};
use tilik_protocol::evidence::{Flag, VisitKind};
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{CaseId, MembershipId, NoticeId, UserId};
use tilik_protocol::membership::{self as machine, MembershipAction, MembershipState};
use tilik_protocol::ministry::MinistryActKind;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::reason::{self, EXCLUSION_REASONS, PROPOSAL_REFUSALS, ReasonCode};
use tilik_protocol::review::{CaseView, Confirm, Decide, NoticeDelivered};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::case_view::shipped_form;
use super::cases::{self, Case, action_name, locked, region_of, state_of};
use super::journal::{Entry, document_number};
use super::ministry;
use super::slots::{self, TwoPersons};
use super::tables::{case_membership, family, membership, notice, visit, visit_flag};
use super::write::Seen;
use super::{Acting, Write, population, proposals, rules};
use crate::error::{Error, Result};

/// A letter's day counts when it is recorded within three days; after that the time to appeal runs from three days ago.
const LATE_RECORD_S: i64 = 3 * 86_400;
/// Most characters in an approver's note.
const MOST_IN_NOTE: usize = 500;

/// Flags under which "eligible" needs the approver too.
const CONTRADICTING: [Flag; 10] = [
    Flag::ChainFork,
    Flag::MockLocation,
    Flag::OutsideBoundary,
    Flag::Incomplete,
    Flag::RepeatedPhoto,
    Flag::StolenDevice,
    Flag::BadPhoto,
    Flag::UnknownForm,
    Flag::OtherRegion,
    Flag::SharedId,
];

impl Acting {
    /// Decides one membership: stays, or is proposed for cancellation. When the last has its outcome the case is decided,
    /// or goes to the approver.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn decide(&self, id: CaseId, body: Decide) -> Result<CaseView> {
        if body.outcome == Outcome::Ineligible {
            let listed = body
                .reason
                .as_ref()
                .is_some_and(|code| reason::is_listed(code, EXCLUSION_REASONS));
            if !listed {
                return Err(Error::field(
                    "reason",
                    "unknown",
                    "Pilih alasan tidak layak.",
                ));
            }
            document_number(body.document_number.as_deref().unwrap_or_default())?;
        }
        // Who stays needs neither, and what is written here stays in the journal for ever.
        for (field, given) in [
            ("reason", body.reason.is_some()),
            ("document_number", body.document_number.is_some()),
        ] {
            if given && body.outcome == Outcome::Eligible {
                return Err(Error::field(
                    field,
                    "not_asked",
                    "Kosongkan: hanya diisi untuk keluarga yang tidak layak.",
                ));
            }
        }
        let mut write = self.begin().await?;
        let case = locked(&write, id).await?;
        let role = self
            .actor
            .act_in(Permission::DecideCases, &region_of(&case)?)?;
        let object = format!("case:{id}");
        if write
            .once(body.event_id, "membership.decide", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.case(id).await;
        }
        self.decide_in(&mut write, case, role, &body).await?;
        write.commit().await?;
        self.case(id).await
    }

    /// [`Acting::decide`] in a transaction that has looked at reach and event.
    pub(super) async fn decide_in(
        &self,
        write: &mut Write,
        case: Case,
        role: Role,
        body: &Decide,
    ) -> Result<()> {
        let id = CaseId(case.id);
        let me = self.actor.person_id()?;
        let object = format!("case:{id}");
        let from = state_of(&case)?;
        if from != CaseState::Accepted {
            return Err(Error::WRONG_MOMENT);
        }
        if case.version != body.seen_version {
            return Err(Error::Stale {
                current_version: case.version,
            });
        }
        let acts = Self::acts(write.on(), &case).await?;
        duty::decide(&acts, me, body.outcome)?;
        let key = (Uuid::from(id), Uuid::from(body.membership));
        let link = case_membership::Entity::find_by_id(key)
            .one(write.on())
            .await?
            .filter(|link| link.confirmed_at.is_none())
            .ok_or_else(|| {
                Error::field(
                    "membership",
                    "unknown",
                    "Kepesertaan ini tidak diputus pada kasus ini.",
                )
            })?;
        // Nor does one person take back alone what somebody proposed to cancel, in however many steps.
        let proposed = link.needs_approval;
        let contested = body.outcome == Outcome::Eligible
            && (proposed
                || on_hold(write, body.membership).await?.is_some()
                || proposals::is_to_end(write, body.membership).await?
                || self.speaks_against(write, &case, body.membership).await?
                || rules::says_not_eligible(write, body.membership.into()).await?);
        let mut active: case_membership::ActiveModel = link.into();
        active.outcome = Set(Some(body.outcome.to_string()));
        active.reason = Set(body.reason.as_ref().map(ToString::to_string));
        active.document_number = Set(body.document_number.clone());
        active.needs_approval = Set(contested || body.outcome == Outcome::Ineligible);
        active.proposed_by = Set(Some(me.into()));
        active.proposed_at = Set(Some(write.at().as_micros()));
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "membership.decide",
            format!("membership:{}", body.membership),
            role,
            Some(body.event_id),
            &serde_json::json!({ "case": id, "outcome": body.outcome, "reason": body.reason,
                "document_number": body.document_number, "contested": contested,
                "visit": case.current_visit }),
        )?);
        let links = case_membership::Entity::find()
            .filter(case_membership::Column::CaseId.eq(Uuid::from(id)))
            .all(write.on())
            .await?;
        let action = if links.iter().any(|link| link.outcome.is_none()) {
            None
        } else if links
            .iter()
            .any(|link| link.needs_approval && link.confirmed_at.is_none())
        {
            Some(CaseAction::SendForApproval)
        } else {
            Some(CaseAction::DecideEligible)
        };
        let before = case.officer_id.map(UserId);
        let mut case = case;
        if let Some(action) = action {
            let Step::To(next) = case::step(from, action, role)? else {
                return Err(Error::WRONG_MOMENT);
            };
            case.state = next.to_string();
            write.journal(Entry::new(
                action_name(action),
                object,
                role,
                Some(body.event_id),
                &serde_json::json!({ "from": from, "to": next }),
            )?);
        }
        let case = cases::save(write, case, before).await?;
        if state_of(&case)? == CaseState::Decided {
            mark_eligible(write, &case).await?;
            rules::families_changed(write, &[case.family_id]).await?;
        }
        Ok(())
    }

    /// Whether an open flag, the officer's finding or the rule speaks against "eligible". A house that was accepted without
    /// being seen decides nothing by itself; a quick visit asks nothing that could speak.
    async fn speaks_against(
        &self,
        write: &Write,
        case: &Case,
        membership: MembershipId,
    ) -> Result<bool> {
        let Some(current) = case.current_visit else {
            return Ok(true);
        };
        if case.accepted_basis.as_deref() != Some("visit") {
            return Ok(true);
        }
        let flagged = visit_flag::Entity::find()
            .filter(visit_flag::Column::VisitId.eq(current))
            .filter(visit_flag::Column::Flag.is_in(CONTRADICTING.iter().map(ToString::to_string)))
            .one(write.on())
            .await?;
        if flagged.is_some() {
            return Ok(true);
        }
        let Some(row) = visit::Entity::find_by_id(current).one(write.on()).await? else {
            return Ok(true);
        };
        let Some(sealed) = &row.answers_enc else {
            return Ok(false);
        };
        let plain = self
            .store
            .keys()
            .decrypt_field("visit", "answers", row.id, sealed)
            .map_err(Error::internal)?;
        let form = shipped_form(&row).map_err(Error::internal)?;
        let (Some(form), Ok(answers)) = (form, serde_json::from_str::<Answers>(&plain)) else {
            return Ok(true);
        };
        let program = membership::Entity::find_by_id(Uuid::from(membership))
            .one(write.on())
            .await?
            .map(|row| row.program);
        let home = family::Entity::find_by_id(case.family_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let whose = rules::Whose {
            regime: &home.regime,
            village: &region_of(case)?,
            program: program.as_deref(),
        };
        let thresholds = rules::Thresholds::in_force(write.on()).await?;
        let poor = thresholds.poor(whose, &form, &answers);
        Ok(speaks_against(&form, poor, &answers))
    }

    /// The approver's word on one membership. Confirming a cancellation is one transaction: the membership ends, the
    /// notice is queued, the slot goes to the next on the list, whose house gets a case.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn confirm_decision(
        &self,
        id: CaseId,
        body: Confirm,
        appeal_days: u32,
    ) -> Result<CaseView> {
        word_of_approver(&body)?;
        let mut write = self.begin().await?;
        let case = locked(&write, id).await?;
        let region = region_of(&case)?;
        let role = self.actor.act_in(Permission::ConfirmDecisions, &region)?;
        write.acts_in(region);
        let me = self.actor.person_id()?;
        let object = format!("case:{id}");
        if write
            .once(body.event_id, "membership.confirm", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.case(id).await;
        }
        let from = state_of(&case)?;
        if from != CaseState::AwaitingApproval {
            return Err(Error::WRONG_MOMENT);
        }
        if case.version != body.seen_version {
            return Err(Error::Stale {
                current_version: case.version,
            });
        }
        let key = (Uuid::from(id), Uuid::from(body.membership));
        let link = case_membership::Entity::find_by_id(key)
            .one(write.on())
            .await?
            .filter(|link| link.needs_approval && link.confirmed_at.is_none())
            .ok_or_else(|| {
                Error::field(
                    "membership",
                    "unknown",
                    "Kepesertaan ini tidak menunggu pengesahan.",
                )
            })?;
        let outcome: Outcome = link
            .outcome
            .as_deref()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::internal("an outcome that cannot be read"))?;
        let why: Option<ReasonCode> = link.reason.as_deref().and_then(|text| text.parse().ok());
        let acts = Self::acts(write.on(), &case).await?;
        duty::confirm(&acts, me, outcome)?;
        // A deputy is no other person than whom they stand in for.
        let earlier = acts.visitors.iter().chain(&acts.reviewers);
        let own: Vec<_> = earlier
            .chain(&acts.proposers)
            .map(|who| Some(Uuid::from(*who)))
            .collect();
        self.refuse_own_matter(write.on(), &own).await?;
        let before = case.officer_id.map(UserId);
        let mut case = case;
        let action = if body.confirm {
            let mut active: case_membership::ActiveModel = link.into();
            active.confirmed_by = Set(Some(me.into()));
            active.confirmed_at = Set(Some(write.at().as_micros()));
            active.approver_note_enc = Set(self.sealed_note(&body, body.membership));
            active.update(write.on()).await?;
            write.journal(Entry::new(
                "membership.confirm",
                format!("membership:{}", body.membership),
                role,
                Some(body.event_id),
                &serde_json::json!({ "case": id, "outcome": outcome, "reason": why }),
            )?);
            if outcome == Outcome::Eligible {
                lift_hold(&mut write, id, body.membership, role).await?;
            } else {
                let why = why.ok_or_else(|| Error::internal("a cancellation without a reason"))?;
                self.cancel(&mut write, id, body.membership, &why, role, appeal_days)
                    .await?;
            }
            let left = case_membership::Entity::find()
                .filter(case_membership::Column::CaseId.eq(Uuid::from(id)))
                .filter(case_membership::Column::NeedsApproval.eq(true))
                .filter(case_membership::Column::ConfirmedAt.is_null())
                .one(write.on())
                .await?;
            left.is_none().then_some(CaseAction::ConfirmLast)
        } else {
            self.give_back(&write, id, &body, me).await?;
            write.journal(Entry::new(
                "membership.refuse",
                format!("membership:{}", body.membership),
                role,
                Some(body.event_id),
                &serde_json::json!({ "case": id, "outcome": outcome, "proposed_reason": why,
                    "reason": body.reason }),
            )?);
            Some(CaseAction::RefuseDecision)
        };
        if let Some(action) = action {
            let Step::To(next) = case::step(from, action, role)? else {
                return Err(Error::WRONG_MOMENT);
            };
            case.state = next.to_string();
            let why = body.reason.filter(|_| !body.confirm);
            write.journal(Entry::new(
                action_name(action),
                object,
                role,
                Some(body.event_id),
                &serde_json::json!({ "from": from, "to": next, "reason": why }),
            )?);
        }
        let case = cases::save(&mut write, case, before).await?;
        if state_of(&case)? == CaseState::Decided {
            mark_eligible(&mut write, &case).await?;
            leave_undecided(&mut write, &case).await?;
            rules::families_changed(&write, &[case.family_id]).await?;
        }
        write.commit().await?;
        self.case(id).await
    }

    /// All that waited for the approver is to be decided anew, and says why; so is what was only decided beside it.
    async fn give_back(&self, write: &Write, id: CaseId, body: &Confirm, me: UserId) -> Result<()> {
        let links = case_membership::Entity::find()
            .filter(case_membership::Column::CaseId.eq(Uuid::from(id)))
            .filter(case_membership::Column::ConfirmedAt.is_null())
            .all(write.on())
            .await?;
        for link in links {
            let waited = link.needs_approval;
            let membership = MembershipId(link.membership_id);
            let mut active: case_membership::ActiveModel = link.into();
            active.outcome = Set(None);
            active.reason = Set(None);
            active.needs_approval = Set(false);
            if waited {
                active.refused_by = Set(Some(me.into()));
                active.refused_at = Set(Some(write.at().as_micros()));
                active.refusal = Set(body.reason.as_ref().map(ToString::to_string));
                active.approver_note_enc = Set(self.sealed_note(body, membership));
            }
            active.update(write.on()).await?;
        }
        Ok(())
    }

    /// The approver's own words, sealed for the row they are kept in.
    fn sealed_note(&self, body: &Confirm, membership: MembershipId) -> Option<Vec<u8>> {
        let note = body.note.as_deref().map(str::trim);
        note.filter(|note| !note.is_empty()).map(|note| {
            let keys = self.store.keys();
            keys.encrypt_field("case_membership", "approver_note", membership.into(), note)
        })
    }

    /// Ends a membership and hands its slot on.
    async fn cancel(
        &self,
        write: &mut Write,
        case: CaseId,
        id: MembershipId,
        why: &ReasonCode,
        role: Role,
        appeal_days: u32,
    ) -> Result<()> {
        let row = membership::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let from: MembershipState = row.state.parse().map_err(Error::internal)?;
        let action = match from {
            MembershipState::Candidate | MembershipState::Designated => MembershipAction::Withdraw,
            MembershipState::Active
            | MembershipState::Suspended
            | MembershipState::Inactive
            | MembershipState::Replaced
            | MembershipState::Graduated
            | MembershipState::Withdrawn => MembershipAction::Cancel,
        };
        let Step::To(next) = machine::step(from, action, role)? else {
            return Ok(());
        };
        let mut row = row;
        row.state = next.to_string();
        row.reason = Some(why.to_string());
        let row = slots::save_membership(write, row).await?;
        let told: NoticeId = write.store().ids().next();
        notice::ActiveModel {
            id: Set(told.into()),
            membership_id: Set(row.id),
            family_id: Set(row.family_id),
            case_id: Set(case.into()),
            reason: Set(why.to_string()),
            created_at: Set(write.at().as_micros()),
            delivered_at: Set(None),
            received_by: Set(None),
            delivered_recorded_by: Set(None),
            // Without an appeal period there is nothing to wait for; else it runs from the delivered notice.
            appeal_until: Set((appeal_days == 0).then(|| write.at().as_micros())),
            delivered_how: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "membership.cancel",
            format!("membership:{id}"),
            role,
            None,
            &serde_json::json!({ "case": case, "from": from, "to": next, "reason": why, "notice": told }),
        )?);
        if from != MembershipState::Candidate {
            // Of a candidate the ministry has not heard.
            let kind = MinistryActKind::Cancelled;
            ministry::note(write, kind, &row, Some(why.as_str())).await?;
        }
        proposals::place_ended(write, &row, why).await?;
        let by = TwoPersons::of(write, case, id).await?;
        let appeal_until = slots::appeal_end(write, &row).await?;
        slots::hand_on(write, &row, why, &by, appeal_until).await?;
        Ok(())
    }

    /// The notice reached the family: the appeal period runs from here.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn notice_delivered(
        &self,
        id: NoticeId,
        body: NoticeDelivered,
        appeal_days: u32,
    ) -> Result<()> {
        let mut write = self.begin().await?;
        // Locked: a letter is delivered once, also to two who record it in one moment.
        let row = notice::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let ended = membership::Entity::find_by_id(row.membership_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = ended.region.parse().map_err(Error::internal)?;
        let role = self.actor.act_in(Permission::DeliverNotices, &region)?;
        let delivered = body.delivered_at.as_micros();
        if delivered > write.at().as_micros() || delivered < row.created_at {
            return Err(Error::field(
                "delivered_at",
                "not_possible",
                "Isi waktu antara surat dibuat dan sekarang.",
            ));
        }
        if !["penerima", "keluarga", "rt"].contains(&body.received_by.as_str()) {
            return Err(Error::field(
                "received_by",
                "unknown",
                "Pilih penerima, keluarga atau rt.",
            ));
        }
        if body
            .how
            .as_deref()
            .is_some_and(|how| !["diantar", "diambil", "lewat_rt", "pos"].contains(&how))
        {
            return Err(Error::field(
                "how",
                "unknown",
                "Pilih diantar, diambil, lewat_rt atau pos.",
            ));
        }
        if write
            .once(
                body.event_id,
                "notice.deliver",
                &format!("notice:{id}"),
                &body,
            )
            .await?
            == Seen::Before
        {
            return Ok(());
        }
        if row.delivered_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        // A family that is told late is given its time all the same, whatever day the letter is said to have come.
        let told = delivered.max(write.at().plus_s(-LATE_RECORD_S).as_micros());
        // With no appeal period it ended when the place was given up, and a letter does not begin another.
        let until = row.appeal_until.unwrap_or_else(|| {
            let runs_s = i64::from(appeal_days) * 86_400;
            Timestamp::from_micros(told).plus_s(runs_s).as_micros()
        });
        let mut active: notice::ActiveModel = row.into();
        active.appeal_until = Set(Some(until));
        active.delivered_at = Set(Some(delivered));
        active.received_by = Set(Some(body.received_by.clone()));
        active.delivered_how = Set(body.how.clone());
        active.delivered_recorded_by = Set(Some(self.actor.person_id()?.into()));
        active.update(write.on()).await?;
        if let Some(mut candidate) = slots::candidate_after(&write, ended.id).await? {
            let before = membership_before(&write, &candidate).await?;
            candidate.appeal_until = slots::appeal_end(&write, &before).await?;
            slots::save_membership(&write, candidate).await?;
        }
        write.journal(Entry::new(
            "notice.deliver",
            format!("notice:{id}"),
            role,
            Some(body.event_id),
            &serde_json::json!({ "delivered_at": body.delivered_at, "received_by": body.received_by,
                "how": body.how }),
        )?);
        write.commit().await
    }
}

/// Whose place the candidate stands for.
async fn membership_before(
    write: &Write,
    candidate: &membership::Model,
) -> Result<membership::Model> {
    let gone = || Error::internal("a candidate follows nobody");
    membership::Entity::find_by_id(candidate.successor_of.ok_or_else(gone)?)
        .one(write.on())
        .await?
        .ok_or_else(gone)
}

/// A membership that a visit can take off hold.
async fn on_hold(write: &Write, id: MembershipId) -> Result<Option<membership::Model>> {
    let row = membership::Entity::find_by_id(Uuid::from(id))
        .filter(membership::Column::State.eq(MembershipState::Suspended.to_string()))
        .lock_exclusive()
        .one(write.on())
        .await?;
    Ok(row.filter(|row| {
        let why = row.reason.as_deref().unwrap_or_default();
        !population::HOLDS.contains(&why)
    }))
}

/// Whoever was found eligible, by two persons, receives again.
async fn lift_hold(write: &mut Write, case: CaseId, id: MembershipId, role: Role) -> Result<()> {
    let Some(mut row) = on_hold(write, id).await? else {
        return Ok(());
    };
    let from = MembershipState::Suspended;
    let Step::To(next) = machine::step(from, MembershipAction::Resume, role)? else {
        return Ok(());
    };
    row.state = next.to_string();
    let why = row.reason.take();
    slots::save_membership(write, row).await?;
    write.journal(Entry::new(
        "membership.resume",
        format!("membership:{id}"),
        role,
        None,
        &serde_json::json!({ "case": case, "from": from, "to": next, "reason": why }),
    )?);
    Ok(())
}

/// Candidates found eligible remember when; their designation waits for the appeal period. Of recipients that stay the
/// ministry is to be told.
pub(super) async fn mark_eligible(write: &mut Write, case: &Case) -> Result<()> {
    let eligible: Vec<Uuid> = case_membership::Entity::find()
        .filter(case_membership::Column::CaseId.eq(case.id))
        .filter(case_membership::Column::Outcome.eq(Outcome::Eligible.to_string()))
        .all(write.on())
        .await?
        .into_iter()
        .map(|link| link.membership_id)
        .collect();
    for row in membership::Entity::find()
        .filter(membership::Column::Id.is_in(eligible))
        .all(write.on())
        .await?
    {
        let state: MembershipState = row.state.parse().map_err(Error::internal)?;
        if state == MembershipState::Candidate {
            let mut row = row;
            row.eligible_at = Some(write.at().as_micros());
            slots::save_membership(write, row).await?;
        } else {
            ministry::note(write, MinistryActKind::Eligible, &row, None).await?;
            proposals::place_kept(write, &row).await?;
        }
    }
    Ok(())
}

/// A membership that joined while its case waited for approval was seen by nobody who decided: it leaves the decided case,
/// and a case of its own is opened.
async fn leave_undecided(write: &mut Write, case: &Case) -> Result<()> {
    let left = case_membership::Entity::delete_many()
        .filter(case_membership::Column::CaseId.eq(case.id))
        .filter(case_membership::Column::Outcome.is_null())
        .exec(write.on())
        .await?;
    if left.rows_affected == 0 {
        return Ok(());
    }
    let home = family::Entity::find_by_id(case.family_id)
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)?;
    let after = Some(case.id);
    cases::new_case(
        write,
        &home,
        VisitKind::Full,
        None,
        None,
        after,
        Role::System,
        None,
    )
    .await?;
    Ok(())
}

/// A refusal says why, with a code of the list; the note beside it is short.
fn word_of_approver(body: &Confirm) -> Result<()> {
    let listed = |code: &ReasonCode| reason::is_listed(code, PROPOSAL_REFUSALS);
    if !body.confirm && !body.reason.as_ref().is_some_and(listed) {
        return Err(Error::field("reason", "unknown", "Pilih alasan penolakan."));
    }
    let length = |note: &String| note.chars().count();
    if body.note.as_ref().map_or(0, length) > MOST_IN_NOTE {
        return Err(Error::field(
            "note",
            "too_long",
            "Paling banyak 500 karakter.",
        ));
    }
    Ok(())
}
