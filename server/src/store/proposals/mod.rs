//! Proposals: written at the village office or found by an officer, and what each person on the way says of them. Where one
//! stands is [`tilik_protocol::proposal`]'s to decide; what that cannot know is asked here, under the same lock.

use std::collections::HashMap;

use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use sha2::{Digest as _, Sha256};
use tilik_protocol::case::Step;
use tilik_protocol::evidence::{Flag, VisitKind};
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{
    DeliberationId, EventId, FamilyId, PersonId, ProposalId, UserId, VisitId,
};
use tilik_protocol::manifest::Manifest;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::proposal::{
    self, AttachSptjm, ChangeProposal, Hands, JudgeProposal, MOST_IN_BATCH, MoveProposal,
    ProposalAction, ProposalContent, ProposalKind, ProposalState, ProposalView, Propose,
    ProposeMany, ProposedLine, ProposedMany, Verdict,
};
use tilik_protocol::reason::{self, PROPOSAL_REJECTIONS, PROPOSAL_RETURNS, ReasonCode};
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::families::region_code;
use super::journal::{Entry, document_number, holds_personal_number};
use super::tables::{
    deliberation, deliberation_name, family, journal, proposal as table, proposal_act, visit,
};
use super::write::{Seen, Write};
use super::{Acting, cases, ministry, papers, text};
use crate::error::{Error, Result};
use crate::keys::Keyring;

mod endorsing;
mod fitness;
mod reading;

pub(super) use endorsing::{
    entered, entered_with, is_to_end, place_ended, place_given, place_kept,
};

pub use reading::Wanted;

/// Most characters of what somebody writes beside a proposal.
const MOST_IN_NOTE: usize = 500;
/// The acts that say what a proposal says.
const CONTENT_ACTS: [&str; 4] = ["create", "find", "change", "copy"];
/// What is done to a deliberation by whoever has a part in its word.
const SAID_IN_DELIBERATION: [&str; 3] = [
    "deliberation.hold",
    "deliberation.change",
    "deliberation.sign",
];
/// What a rejection is called when a deliberation said no.
const DECLINED: ReasonCode = ReasonCode::known("DITOLAK_MUSKEL");
const NOT_MATCHED: ReasonCode = ReasonCode::known("NIK_TIDAK_PADAN");

/// Who judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Does Dukcapil know them?
    Check,
    /// Is it complete?
    Verify,
    /// The last local word.
    Endorse,
    /// What the centre said.
    Outcome,
}

pub(super) fn state_of(row: &table::Model) -> Result<ProposalState> {
    row.state.parse().map_err(Error::internal)
}

fn kind_of(row: &table::Model) -> Result<ProposalKind> {
    row.kind.parse().map_err(Error::internal)
}

const fn journalled_as(action: ProposalAction) -> &'static str {
    use ProposalAction as A;
    match action {
        A::Submit => "proposal.submit",
        A::Withdraw => "proposal.withdraw",
        A::Match => "proposal.match",
        A::Mismatch => "proposal.mismatch",
        A::Deliberate => "proposal.deliberate",
        A::Decline => "proposal.decline",
        A::Verify => "proposal.verify",
        A::Return => "proposal.return",
        A::Reject => "proposal.reject",
        A::Endorse => "proposal.endorse",
        A::Send => "proposal.send",
        A::Recall => "proposal.recall",
        A::Accept => "proposal.accept",
        A::RejectByCentre => "proposal.reject_by_centre",
        A::Copy => "proposal.copy",
    }
}

/// What somebody wrote beside an act, trimmed; nothing when they wrote nothing.
fn checked_note<'a>(field: &str, note: Option<&'a str>) -> Result<Option<&'a str>> {
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > MOST_IN_NOTE) {
        return Err(Error::field(
            field,
            "too_long",
            "Paling banyak 500 karakter.",
        ));
    }
    Ok(note)
}

fn sealed(
    keys: &Keyring,
    table: &str,
    column: &str,
    id: Uuid,
    text: Option<&str>,
) -> Option<Vec<u8>> {
    text.map(|text| keys.encrypt_field(table, column, id, text))
}

/// An act and what was said with it.
#[derive(Default)]
struct Said<'a> {
    reason: Option<ReasonCode>,
    document_number: Option<&'a str>,
    note: Option<&'a str>,
}

/// Keeps an act and tells the journal. The number of an act is the proposal's version after it.
#[expect(clippy::too_many_arguments, reason = "an act is all of this")]
async fn keep_act(
    write: &mut Write,
    row: &table::Model,
    action: &str,
    journalled: &'static str,
    from: Option<ProposalState>,
    role: Role,
    event: Option<EventId>,
    said: Said<'_>,
) -> Result<()> {
    let by = write.actor().user().filter(|_| role != Role::System);
    let note_enc = sealed(
        write.store().keys(),
        "proposal_act",
        "note",
        row.id,
        said.note,
    );
    proposal_act::ActiveModel {
        proposal_id: Set(row.id),
        seq: Set(row.version),
        at: Set(write.at().as_micros()),
        action: Set(action.to_owned()),
        to_state: Set(row.state.clone()),
        by_id: Set(by.map(Into::into)),
        role: Set(role.to_string()),
        reason: Set(said.reason.as_ref().map(ToString::to_string)),
        document_number: Set(said.document_number.map(str::to_owned)),
        note_enc: Set(note_enc),
    }
    .insert(write.on())
    .await?;
    write.journal(Entry::new(
        journalled,
        format!("proposal:{}", ProposalId(row.id)),
        role,
        event,
        &serde_json::json!({ "kind": row.kind, "program": row.program, "from": from,
            "to": row.state, "family": row.family_id.map(FamilyId), "region": row.region,
            "person": row.person_id.map(PersonId), "visit": row.visit_id.map(VisitId),
            "proposed_reason": row.reason, "to_region": row.to_region, "period": row.period,
            "late_sync": row.late_sync, "reason": said.reason,
            "document_number": said.document_number.or(row.document_number.as_deref()) }),
    )?);
    Ok(())
}

async fn save(write: &Write, row: &mut table::Model) -> Result<()> {
    row.version += 1;
    let active = row.clone().into_active_model().reset_all();
    active.update(write.on()).await?;
    Ok(())
}

/// The same where it may now say what another one says that was written in this very moment.
async fn save_new_words(write: &Write, row: &mut table::Model) -> Result<()> {
    row.version += 1;
    let active = row.clone().into_active_model().reset_all();
    match active.update(write.on()).await {
        Err(error) if text::violated(&error).is_some() => Err(twice()),
        done => {
            done?;
            Ok(())
        }
    }
}

/// Moves a locked proposal by the machine and keeps that it did.
async fn advance(
    write: &mut Write,
    row: &mut table::Model,
    action: ProposalAction,
    role: Role,
    event: Option<EventId>,
    said: Said<'_>,
) -> Result<()> {
    let from = state_of(row)?;
    let Step::To(next) = proposal::step(from, action, role)? else {
        return Err(Error::WRONG_MOMENT);
    };
    row.state = next.to_string();
    row.since = write.at().as_micros();
    row.rejection = match next {
        ProposalState::Rejected | ProposalState::Returned => {
            said.reason.as_ref().map(ToString::to_string)
        }
        ProposalState::Draft
        | ProposalState::Submitted
        | ProposalState::Checked
        | ProposalState::Deliberated
        | ProposalState::Verified
        | ProposalState::Endorsed
        | ProposalState::Sent
        | ProposalState::Accepted
        | ProposalState::Withdrawn => None,
    };
    save(write, row).await?;
    let name = action.to_string();
    keep_act(
        write,
        row,
        &name,
        journalled_as(action),
        Some(from),
        role,
        event,
        said,
    )
    .await
}

async fn locked(write: &Write, id: ProposalId) -> Result<table::Model> {
    table::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

fn as_seen(row: &table::Model, seen_version: i32) -> Result<()> {
    if row.version == seen_version {
        Ok(())
    } else {
        Err(Error::Stale {
            current_version: row.version,
        })
    }
}

fn twice() -> Error {
    Error::field(
        "family",
        "already_proposed",
        "Usulan yang sama masih berjalan; buka usulan itu.",
    )
}

/// Of each of these proposals, the act since which it says what it says.
pub(super) async fn content_acts(
    on: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, i32>> {
    let rows: Vec<(Uuid, i32)> = proposal_act::Entity::find()
        .select_only()
        .column(proposal_act::Column::ProposalId)
        .column_as(proposal_act::Column::Seq.max(), "seq")
        .filter(proposal_act::Column::ProposalId.is_in(ids.iter().copied()))
        .filter(proposal_act::Column::Action.is_in(CONTENT_ACTS))
        .group_by(proposal_act::Column::ProposalId)
        .into_tuple()
        .all(on)
        .await?;
    Ok(rows.into_iter().collect())
}

/// What a deliberation that is signed already says of a matched proposal, passed on to it.
pub(super) async fn pass_on(
    write: &mut Write,
    row: &mut table::Model,
    role: Role,
    event: Option<EventId>,
) -> Result<()> {
    if state_of(row)? != ProposalState::Checked {
        return Ok(());
    }
    // What was signed of something else says nothing of this.
    let says_now = content_acts(write.on(), &[row.id]).await?;
    let Some(seq) = says_now.get(&row.id).copied() else {
        return Ok(());
    };
    let names = deliberation_name::Entity::find()
        .filter(deliberation_name::Column::ProposalId.eq(row.id))
        .filter(deliberation_name::Column::ProposalSeq.eq(seq))
        .all(write.on())
        .await?;
    let signed = deliberation::Entity::find()
        .filter(deliberation::Column::Id.is_in(names.iter().map(|one| one.deliberation_id)))
        .filter(deliberation::Column::SignedAt.is_not_null())
        .order_by_desc(deliberation::Column::SignedAt)
        .order_by_desc(deliberation::Column::Id)
        .one(write.on())
        .await?;
    let said = signed.and_then(|signed| {
        let mut names = names.into_iter();
        names.find(|one| one.deliberation_id == signed.id)
    });
    let Some(said) = said else { return Ok(()) };
    let reason: Option<ReasonCode> = said.reason.as_deref().and_then(|code| code.parse().ok());
    row.deliberation_id = Some(said.deliberation_id);
    if said.said.as_deref() == Some("agreed") {
        advance(
            write,
            row,
            ProposalAction::Deliberate,
            role,
            event,
            Said::default(),
        )
        .await
    } else {
        // The deliberation's own word stands beside the code of the list.
        let words = reason.as_ref().map(reason::label);
        let said = Said {
            reason: Some(DECLINED),
            note: words,
            ..Said::default()
        };
        advance(write, row, ProposalAction::Decline, role, event, said).await
    }
}

/// A finding becomes a draft in the village's list, in the transaction that keeps its visit: once, whatever is sent again.
/// Not one that was made in training or after its officer's duty had ended.
pub(super) async fn from_finding(
    write: &mut Write,
    visit: Uuid,
    manifest: &Manifest,
    answers: Option<&Answers>,
    flags: &[Flag],
) -> Result<()> {
    let counts = !flags
        .iter()
        .any(|flag| matches!(flag, Flag::SealedAfterEnd | Flag::Training));
    let is_finding = manifest.kind.known() == Some(VisitKind::Finding) && manifest.case.is_none();
    if !is_finding || !counts {
        return Ok(());
    }
    let what = answers.and_then(|answers| answers.get("what"));
    let kind = match what.map(String::as_str) {
        // Somebody died; the family goes on, with another to receive for it.
        Some("death") => ProposalKind::PayeeChange,
        Some("wrong_address") => ProposalKind::Correction,
        Some(_) | None => ProposalKind::New,
    };
    let id: ProposalId = write.store().ids().next();
    let row = table::Model {
        visit_id: Some(visit),
        finding_id: Some(visit),
        ..blank(write, id, kind, &manifest.region)
    };
    row.clone()
        .into_active_model()
        .reset_all()
        .insert(write.on())
        .await?;
    keep_act(
        write,
        &row,
        "find",
        "proposal.find",
        None,
        Role::Officer,
        None,
        Said::default(),
    )
    .await
}

fn blank(write: &Write, id: ProposalId, kind: ProposalKind, region: &RegionCode) -> table::Model {
    table::Model {
        id: id.into(),
        version: 1,
        event_id: None,
        kind: kind.to_string(),
        state: ProposalState::Draft.to_string(),
        since: write.at().as_micros(),
        region: region.to_string(),
        program: String::new(),
        family_id: None,
        person_id: None,
        visit_id: None,
        finding_id: None,
        reason: None,
        to_region: None,
        document_number: None,
        note_enc: None,
        period: None,
        late_sync: false,
        rejection: None,
        deliberation_id: None,
        sptjm_number: None,
        sptjm_signer_enc: None,
        sptjm_paper_id: None,
        copy_of: None,
        membership_id: None,
        case_id: None,
        created_at: write.at().as_micros(),
    }
}

/// The finding that a proposal rests on, its own or that of the one it was begun from.
async fn finding_behind(on: &impl ConnectionTrait, row: &table::Model) -> Result<Option<Uuid>> {
    let Some(known) = row.finding_id.or(row.visit_id) else {
        return Ok(None);
    };
    let found = visit::Entity::find_by_id(known).one(on).await?;
    let finding = VisitKind::Finding.to_string();
    Ok(found.filter(|row| row.kind == finding).map(|row| row.id))
}

impl Acting {
    /// The family of a proposal, where this actor proposes.
    async fn proposed_family(
        &self,
        on: &impl ConnectionTrait,
        id: FamilyId,
    ) -> Result<(family::Model, RegionCode, Role)> {
        let home = family::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&home.region)?;
        let role = self.actor.act_in(Permission::Propose, &region)?;
        match fitness::gone(&home) {
            Some(gone) => Err(Error::Invalid(vec![gone])),
            None => Ok((home, region, role)),
        }
    }

    /// Writes what a proposal says into its row. Whether that is enough is asked when it is handed in; what is kept in clear
    /// for ever is checked here.
    fn write_content(&self, row: &mut table::Model, content: &ProposalContent) -> Result<()> {
        let note = checked_note("content.note", content.note.as_deref())?;
        if let Some(number) = &content.document_number {
            document_number(number)?;
        }
        let code = content.program.clone().unwrap_or_default();
        if code.len() > 64 || holds_personal_number(&code) {
            return Err(Error::field(
                "content.program",
                "unknown",
                "Program ini tidak dikenal.",
            ));
        }
        row.kind = content.kind.to_string();
        row.program = code;
        row.family_id = content.family.map(Into::into);
        row.person_id = content.person.map(Into::into);
        row.reason = content.reason.as_ref().map(ToString::to_string);
        row.to_region = content.to_region.as_ref().map(ToString::to_string);
        row.document_number.clone_from(&content.document_number);
        row.note_enc = sealed(self.store.keys(), "proposal", "note", row.id, note);
        Ok(())
    }

    /// What a row refers to is there: a program of the list, a person of the family.
    async fn refers(&self, on: &impl ConnectionTrait, row: &table::Model) -> Result<()> {
        let problems = fitness::references(on, row).await?;
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(problems))
        }
    }

    /// Refuses while another one like it is under way.
    async fn refuse_twice(&self, write: &Write, row: &table::Model) -> Result<()> {
        // As the two unique indexes have it: a person is proposed once, whichever family they belong to by now.
        let of = match (row.person_id, row.family_id) {
            (Some(person), _) => table::Column::PersonId.eq(person),
            (None, Some(family)) => table::Column::FamilyId
                .eq(family)
                .and(table::Column::PersonId.is_null()),
            (None, None) => return Ok(()),
        };
        let over = [
            ProposalState::Accepted,
            ProposalState::Rejected,
            ProposalState::Withdrawn,
        ];
        let same = table::Entity::find()
            .filter(table::Column::Kind.eq(&row.kind))
            .filter(table::Column::Program.eq(&row.program))
            .filter(of)
            .filter(table::Column::State.is_not_in(over.map(|state| state.to_string())))
            .filter(table::Column::Id.ne(row.id));
        match same.one(write.on()).await? {
            Some(_) => Err(twice()),
            None => Ok(()),
        }
    }

    /// A draft, or one that is handed in at once.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn propose(&self, body: Propose) -> Result<ProposalView> {
        let id = self.propose_one(&body).await?;
        self.proposal(id).await
    }

    async fn propose_one(&self, body: &Propose) -> Result<ProposalId> {
        self.actor.require(Permission::Propose)?;
        let Some(family) = body.content.family else {
            return Err(Error::field(
                "content.family",
                "missing",
                "Pilih keluarganya lebih dahulu.",
            ));
        };
        let mut write = self.begin().await?;
        let (_, region, role) = self.proposed_family(write.on(), family).await?;
        write.acts_in(region.clone());
        let hashed = self.hashed(body)?;
        let seen = write
            .once(body.event_id, "proposal.create", "proposal", &hashed)
            .await?;
        if seen == Seen::Before {
            let known = table::Entity::find()
                .filter(table::Column::EventId.eq(Uuid::from(body.event_id)))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            return Ok(ProposalId(known.id));
        }
        let id: ProposalId = write.store().ids().next();
        let mut row = blank(&write, id, body.content.kind, &region);
        row.event_id = Some(body.event_id.into());
        self.write_content(&mut row, &body.content)?;
        self.refers(write.on(), &row).await?;
        self.refuse_twice(&write, &row).await?;
        let kept = row.clone().into_active_model().reset_all();
        match kept.insert(write.on()).await {
            // Somebody else proposed the same in this very moment.
            Err(error) if text::violated(&error).is_some() => return Err(twice()),
            done => done?,
        };
        let event = Some(body.event_id);
        keep_act(
            &mut write,
            &row,
            "create",
            "proposal.create",
            None,
            role,
            event,
            Said::default(),
        )
        .await?;
        if body.submit {
            self.hand_in(&mut write, &mut row, role, event).await?;
        }
        write.commit().await?;
        Ok(id)
    }

    /// Many families or persons for one program, each by itself: what stands in the way of one keeps none of the others.
    ///
    /// # Errors
    /// `forbidden`, `invalid` for the batch as such; `unavailable`, after which repeating it goes on where it was.
    pub async fn propose_many(&self, body: ProposeMany) -> Result<ProposedMany> {
        self.actor.require(Permission::Propose)?;
        let most = 1..=MOST_IN_BATCH;
        if !most.contains(&(body.families.len() + body.persons.len())) {
            return Err(Error::field(
                "families",
                "out_of_range",
                "Pilih 1 sampai 200 keluarga atau orang.",
            ));
        }
        // The batch is bound to its event before its first line; whoever repeats it goes on where it was.
        let mut write = self.begin().await?;
        let same = self.hashed(&body)?;
        let seen = write.once(body.event_id, "proposal.batch", "proposals", &same);
        if seen.await? == Seen::Now {
            write.commit().await?;
        } else {
            drop(write);
        }
        let families = body.families.iter().map(|family| (*family, None));
        let persons = body.persons.iter();
        let persons = persons.map(|one| (one.family, Some(one.person)));
        let mut lines = Vec::new();
        for (family, person) in families.chain(persons) {
            // Each line is an event of its own, the same whenever the batch is repeated.
            let mut hash = Sha256::new()
                .chain_update(Uuid::from(body.event_id).as_bytes())
                .chain_update(Uuid::from(family).as_bytes());
            if let Some(person) = person {
                hash.update(Uuid::from(person).as_bytes());
            }
            let hash = hash.finalize();
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&hash[..16]);
            let one = Propose {
                event_id: EventId(uuid::Builder::from_custom_bytes(bytes).into_uuid()),
                content: ProposalContent {
                    kind: ProposalKind::Program,
                    family: Some(family),
                    person,
                    program: Some(body.program.clone()),
                    reason: None,
                    to_region: None,
                    document_number: body.document_number.clone(),
                    note: None,
                },
                submit: body.submit,
            };
            let (proposal, problems) = match self.propose_one(&one).await {
                Ok(id) => (Some(id), Vec::new()),
                Err(Error::Invalid(problems)) => (None, problems),
                Err(Error::Refused(code @ (ProblemCode::NotFound | ProblemCode::Forbidden))) => {
                    let problem = FieldProblem {
                        field: "family".to_owned(),
                        code: code.to_string(),
                        remedy: code.words().1.to_owned(),
                    };
                    (None, vec![problem])
                }
                Err(error) => return Err(error),
            };
            lines.push(ProposedLine {
                family,
                person,
                proposal,
                problems,
            });
        }
        Ok(ProposedMany { lines })
    }

    /// Hands a draft in: it is complete, its window is open, and nothing stands in its way.
    async fn hand_in(
        &self,
        write: &mut Write,
        row: &mut table::Model,
        role: Role,
        event: Option<EventId>,
    ) -> Result<()> {
        let fit = self.fit(write.on(), row, write.at()).await?;
        if !fit.problems.is_empty() {
            return Err(Error::Invalid(fit.problems));
        }
        row.period = fit.period.as_ref().map(|(period, _)| period.clone());
        row.late_sync = fit.period.is_some_and(|(_, late)| late);
        row.visit_id = fit.visit.map(|visit| visit.id).or(row.visit_id);
        advance(
            write,
            row,
            ProposalAction::Submit,
            role,
            event,
            Said::default(),
        )
        .await
    }

    /// What a proposal says, while it is a draft or came back.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid`.
    pub async fn change_proposal(
        &self,
        id: ProposalId,
        body: ChangeProposal,
    ) -> Result<ProposalView> {
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::Propose, &region)?;
        write.acts_in(region.clone());
        let object = format!("proposal:{id}");
        let hashed = self.hashed(&body)?;
        let seen = write
            .once(body.event_id, "proposal.change", &object, &hashed)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.proposal(id).await;
        }
        as_seen(&row, body.seen_version)?;
        let from = state_of(&row)?;
        if !from.is_open_to_proposer() {
            return Err(Error::WRONG_MOMENT);
        }
        if let Some(family) = body.content.family {
            let (home, ..) = self.proposed_family(write.on(), family).await?;
            if home.region != row.region {
                return Err(Error::Invalid(vec![
                    self.elsewhere(write.on(), &home).await?,
                ]));
            }
        } else if row.finding_id.is_none() {
            return Err(Error::field(
                "content.family",
                "missing",
                "Pilih keluarganya lebih dahulu.",
            ));
        }
        let (finding, family) = (finding_behind(write.on(), &row).await?, row.family_id);
        self.write_content(&mut row, &body.content)?;
        // What stood behind the old words stands behind these no more; of the same family a finding still tells.
        row.visit_id = if row.family_id == family {
            finding
        } else {
            row.finding_id
        };
        row.deliberation_id = None;
        row.sptjm_number = None;
        row.sptjm_signer_enc = None;
        row.sptjm_paper_id = None;
        self.refers(write.on(), &row).await?;
        self.refuse_twice(&write, &row).await?;
        save_new_words(&write, &mut row).await?;
        let event = Some(body.event_id);
        keep_act(
            &mut write,
            &row,
            "change",
            "proposal.change",
            Some(from),
            role,
            event,
            Said::default(),
        )
        .await?;
        write.commit().await?;
        self.proposal(id).await
    }

    /// Hands in, takes back, sends on.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid`.
    pub async fn move_proposal(
        &self,
        id: ProposalId,
        action: ProposalAction,
        body: MoveProposal,
    ) -> Result<ProposalView> {
        let permission = if action == ProposalAction::Send {
            Permission::SendProposals
        } else {
            Permission::Propose
        };
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(permission, &region)?;
        write.acts_in(region);
        let object = format!("proposal:{id}");
        let seen = write
            .once(body.event_id, journalled_as(action), &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.proposal(id).await;
        }
        as_seen(&row, body.seen_version)?;
        let event = Some(body.event_id);
        if action == ProposalAction::Submit {
            // Before what is wrong with it: what is under way already is no draft.
            if !state_of(&row)?.is_open_to_proposer() {
                return Err(Error::WRONG_MOMENT);
            }
            self.hand_in(&mut write, &mut row, role, event).await?;
        } else {
            advance(&mut write, &mut row, action, role, event, Said::default()).await?;
            if action == ProposalAction::Send {
                ministry::proposal_entered(&write, id).await?;
            }
        }
        write.commit().await?;
        self.proposal(id).await
    }

    /// A new draft like one that was rejected; that one stays as it is.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid` when another is under way.
    pub async fn copy_proposal(&self, id: ProposalId, body: MoveProposal) -> Result<ProposalView> {
        let mut write = self.begin().await?;
        let old = locked(&write, id).await?;
        let region = region_code(&old.region)?;
        let role = self.actor.act_in(Permission::Propose, &region)?;
        write.acts_in(region.clone());
        let object = format!("proposal:{id}");
        let seen = write
            .once(body.event_id, "proposal.copy", &object, &body)
            .await?;
        if seen == Seen::Before {
            let known = table::Entity::find()
                .filter(table::Column::EventId.eq(Uuid::from(body.event_id)))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            drop(write);
            return self.proposal(ProposalId(known.id)).await;
        }
        as_seen(&old, body.seen_version)?;
        let from = state_of(&old)?;
        let Step::To(_) = proposal::step(from, ProposalAction::Copy, role)? else {
            return Err(Error::WRONG_MOMENT);
        };
        self.still_here(write.on(), &old).await?;
        let new: ProposalId = write.store().ids().next();
        let note = reading::note_of(self.store.keys(), &old)?;
        let row = table::Model {
            event_id: Some(body.event_id.into()),
            program: old.program.clone(),
            family_id: old.family_id,
            person_id: old.person_id,
            // A finding's visit goes along; any other is looked for anew.
            visit_id: finding_behind(write.on(), &old).await?,
            reason: old.reason.clone(),
            to_region: old.to_region.clone(),
            document_number: old.document_number.clone(),
            note_enc: sealed(
                self.store.keys(),
                "proposal",
                "note",
                new.into(),
                note.as_deref(),
            ),
            copy_of: Some(old.id),
            ..blank(&write, new, kind_of(&old)?, &region)
        };
        self.refuse_twice(&write, &row).await?;
        let kept = row.clone().into_active_model().reset_all();
        match kept.insert(write.on()).await {
            Err(error) if text::violated(&error).is_some() => return Err(twice()),
            done => done?,
        };
        keep_act(
            &mut write,
            &row,
            "copy",
            "proposal.copy",
            None,
            role,
            Some(body.event_id),
            Said::default(),
        )
        .await?;
        write.commit().await?;
        self.proposal(new).await
    }

    /// Whose hands it went through.
    async fn hands(&self, on: &impl ConnectionTrait, row: &table::Model) -> Result<Hands> {
        let acts = proposal_act::Entity::find()
            .filter(proposal_act::Column::ProposalId.eq(row.id))
            .all(on)
            .await?;
        let mut hands = Hands::default();
        for act in acts {
            let Some(by) = act.by_id.map(UserId) else {
                continue;
            };
            if act.role == Role::Operator.to_string() {
                // Whoever only carried it into the centre's system has no part in what it says.
                if ![ProposalAction::Send, ProposalAction::Recall]
                    .iter()
                    .any(|carried| act.action == carried.to_string())
                {
                    hands.proposers.push(by);
                }
            } else if act.role == Role::Verifier.to_string() {
                hands.verifiers.push(by);
            }
        }
        // Whoever wrote down or signed what a deliberation said of it stands behind it too.
        let named = deliberation_name::Entity::find()
            .filter(deliberation_name::Column::ProposalId.eq(row.id))
            .all(on)
            .await?;
        let signed = deliberation::Entity::find()
            .filter(deliberation::Column::Id.is_in(named.iter().map(|one| one.deliberation_id)))
            .filter(deliberation::Column::SignedAt.is_not_null())
            .all(on)
            .await?;
        let signed: Vec<String> = signed
            .iter()
            .map(|one| format!("deliberation:{}", DeliberationId(one.id)))
            .collect();
        if !signed.is_empty() {
            let said = journal::Entity::find()
                .filter(journal::Column::Object.is_in(signed))
                .filter(journal::Column::Action.is_in(SAID_IN_DELIBERATION))
                .all(on)
                .await?;
            let who = said.into_iter().filter_map(|entry| entry.actor);
            hands.proposers.extend(who.map(UserId));
        }
        let visits: Vec<Uuid> = row.visit_id.into_iter().chain(row.finding_id).collect();
        let visits = visit::Entity::find()
            .filter(visit::Column::Id.is_in(visits))
            .all(on)
            .await?;
        hands.equippers = cases::equippers_of(on, &visits).await?;
        hands.visitors = visits
            .into_iter()
            .map(|visit| UserId(visit.officer_id))
            .collect();
        Ok(hands)
    }

    /// Refuses to go on with a proposal whose family is no more, or lives elsewhere.
    async fn still_here(&self, on: &impl ConnectionTrait, row: &table::Model) -> Result<()> {
        match self.away(on, row).await? {
            Some(problem) => Err(Error::Invalid(vec![problem])),
            None => Ok(()),
        }
    }

    /// What a second person says of a proposal: the match with Dukcapil, whether it is complete, the last local word, the
    /// centre's word.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `separation_of_duty`, `wrong_moment`, `invalid`.
    pub async fn judge_proposal(
        &self,
        id: ProposalId,
        stage: Stage,
        body: JudgeProposal,
    ) -> Result<ProposalView> {
        let (action, permission, said) = judged(stage, &body)?;
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(permission, &region)?;
        write.acts_in(region);
        let me = self.actor.person_id()?;
        let object = format!("proposal:{id}");
        let seen = write
            .once(body.event_id, journalled_as(action), &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.proposal(id).await;
        }
        as_seen(&row, body.seen_version)?;
        let hands = self.hands(write.on(), &row).await?;
        proposal::duty(action, &hands, role, me)?;
        // A deputy is no other person than whom they stand in for.
        let earlier = hands.proposers.iter().chain(&hands.visitors);
        let mut earlier: Vec<_> = earlier.chain(&hands.equippers).collect();
        if role == Role::Approver {
            earlier.extend(&hands.verifiers);
        }
        let earlier: Vec<_> = earlier
            .into_iter()
            .map(|who| Some(Uuid::from(*who)))
            .collect();
        self.refuse_own_matter(write.on(), &earlier).await?;
        // Before what is wrong with the family: at the wrong moment nothing is looked at.
        let Step::To(next) = proposal::step(state_of(&row)?, action, role)? else {
            return Err(Error::WRONG_MOMENT);
        };
        if next == ProposalState::Checked {
            self.still_here(write.on(), &row).await?;
        }
        if matches!(next, ProposalState::Verified | ProposalState::Endorsed) {
            let fit = self.fit(write.on(), &row, write.at()).await?;
            let meanwhile: Vec<_> = fit
                .problems
                .into_iter()
                .filter(|problem| problem.code != fitness::CLOSED)
                .collect();
            if !meanwhile.is_empty() {
                return Err(Error::Invalid(meanwhile));
            }
        }
        let event = Some(body.event_id);
        let why = said.reason.clone();
        advance(&mut write, &mut row, action, role, event, said).await?;
        if matches!(action, ProposalAction::Return | ProposalAction::Mismatch) {
            endorsing::send_an_officer(&mut write, &mut row, why.as_ref()).await?;
        }
        if action == ProposalAction::RejectByCentre {
            endorsing::undo_candidate(&mut write, &row, role).await?;
        }
        if action == ProposalAction::Endorse {
            endorsing::carry_out(&mut write, &mut row, event).await?;
        }
        if action == ProposalAction::Match {
            pass_on(&mut write, &mut row, Role::System, event).await?;
        }
        write.commit().await?;
        self.proposal(id).await
    }

    /// Somebody answers for a proposal by a signed SPTJM, in place of a deliberation. Its scan is taken once.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid`.
    pub async fn attach_sptjm(&self, id: ProposalId, body: AttachSptjm) -> Result<ProposalView> {
        document_number(&body.number).map_err(|error| papers::renamed(error, "number"))?;
        let signer = body.signer.trim();
        if !(3..=120).contains(&signer.chars().count()) || holds_personal_number(signer) {
            return Err(Error::field(
                "signer",
                "length",
                "Isi nama dan jabatan penanda tangan, 3 sampai 120 karakter, tanpa NIK.",
            ));
        }
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::Propose, &region)?;
        write.acts_in(region);
        let object = format!("proposal:{id}");
        // Who signed is no part of what is hashed in clear.
        let same = self.hashed(&body)?;
        let seen = write
            .once(body.event_id, "proposal.sptjm", &object, &same)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.proposal(id).await;
        }
        as_seen(&row, body.seen_version)?;
        if state_of(&row)? != ProposalState::Checked {
            return Err(Error::WRONG_MOMENT);
        }
        self.still_here(write.on(), &row).await?;
        self.use_paper(&write, body.paper, &object).await?;
        row.sptjm_number = Some(body.number.clone());
        row.sptjm_signer_enc = sealed(
            self.store.keys(),
            "proposal",
            "sptjm_signer",
            row.id,
            Some(signer),
        );
        row.sptjm_paper_id = Some(body.paper.into());
        let said = Said {
            document_number: Some(&body.number),
            ..Said::default()
        };
        let event = Some(body.event_id);
        advance(
            &mut write,
            &mut row,
            ProposalAction::Deliberate,
            role,
            event,
            said,
        )
        .await?;
        write.commit().await?;
        self.proposal(id).await
    }
}

/// Which action a verdict is, who may say it, and whether it is said as it must be.
fn judged(stage: Stage, body: &JudgeProposal) -> Result<(ProposalAction, Permission, Said<'_>)> {
    use ProposalAction as A;
    let action = match (stage, body.verdict) {
        (Stage::Check, Verdict::Yes) => A::Match,
        (Stage::Check, Verdict::Return) => A::Mismatch,
        (Stage::Verify, Verdict::Yes) => A::Verify,
        (Stage::Endorse, Verdict::Yes) => A::Endorse,
        (Stage::Verify | Stage::Endorse, Verdict::Return) => A::Return,
        (Stage::Check | Stage::Verify | Stage::Endorse, Verdict::No) => A::Reject,
        (Stage::Outcome, Verdict::Yes) => A::Accept,
        (Stage::Outcome, Verdict::No) => A::RejectByCentre,
        (Stage::Outcome, Verdict::Return) => {
            return Err(Error::field(
                "verdict",
                "not_allowed",
                "Pusat menerima atau menolak; pilih salah satunya.",
            ));
        }
    };
    let permission = match stage {
        Stage::Check | Stage::Verify | Stage::Outcome => Permission::VerifyProposals,
        Stage::Endorse => Permission::EndorseProposals,
    };
    let list = match body.verdict {
        Verdict::Yes => None,
        Verdict::Return => Some(PROPOSAL_RETURNS),
        Verdict::No => Some(PROPOSAL_REJECTIONS),
    };
    // That Dukcapil does not know them is the reason by itself.
    let default = (action == A::Mismatch).then_some(NOT_MATCHED);
    let reason = body.reason.clone().or(default);
    let listed = match (list, &reason) {
        (None, reason) => reason.is_none(),
        (Some(list), Some(code)) => reason::is_listed(code, list),
        (Some(_), None) => false,
    };
    if !listed {
        return Err(Error::field(
            "reason",
            "unknown",
            "Pilih alasan dari daftar; kosongkan bila disetujui.",
        ));
    }
    if let Some(number) = &body.document_number {
        document_number(number)?;
    }
    let said = Said {
        reason,
        document_number: body.document_number.as_deref(),
        note: checked_note("note", body.note.as_deref())?,
    };
    Ok((action, permission, said))
}
