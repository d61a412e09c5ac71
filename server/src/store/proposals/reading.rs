//! Proposals as people look at them: lists, counts, and one by itself with what it rests on and what happened to it.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};
use strum::VariantArray as _;
use tilik_protocol::case::Step;
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{
    CaseId, DeliberationId, FamilyId, MembershipId, PaperId, PersonId, ProposalId, UserId, VisitId,
};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::proposal::{
    self, FindingSays, ProposalAct, ProposalAction, ProposalContent, ProposalCount,
    ProposalEvidence, ProposalKind, ProposalRow, ProposalState, ProposalView,
};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{Page, PhotoView};
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::{Calendar, Regime};
use uuid::Uuid;

use super::{kind_of, state_of, table};
use crate::error::{Error, Result};
use crate::keys::Keyring;
use crate::store::access::{Mode, Read};
use crate::store::case_view::{Shown, shown};
use crate::store::families::region_code;
use crate::store::tables::{family, person, photo, proposal_act, visit, visit_flag, visit_photo};
use crate::store::{Acting, in_regions, windows};

/// A proposal with what its list shows of its family, as far as the reader reaches.
pub(in crate::store) struct NamedRow {
    pub row: table::Model,
    pub home: Option<family::Model>,
    pub finding: Option<FindingSays>,
}

impl NamedRow {
    pub(in crate::store) fn name(&self) -> Option<String> {
        let home = self.home.as_ref().map(|home| home.name.clone());
        home.or_else(|| self.finding.as_ref().map(|says| says.name.clone()))
    }

    pub(in crate::store) fn address(&self) -> Option<String> {
        let home = self.home.as_ref().map(|home| home.address.clone());
        home.or_else(|| self.finding.as_ref().map(|says| says.address.clone()))
    }

    pub(in crate::store) fn rt(&self) -> Option<String> {
        let home = self.home.as_ref().map(|home| home.rt.clone());
        home.or_else(|| self.finding.as_ref().and_then(|says| says.rt.clone()))
    }

    pub(in crate::store) fn rw(&self) -> Option<String> {
        let home = self.home.as_ref().map(|home| home.rw.clone());
        home.or_else(|| self.finding.as_ref().and_then(|says| says.rw.clone()))
    }
}

/// Which proposals a list shows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only in this state.
    pub state: Option<ProposalState>,
    /// Only of this kind.
    pub kind: Option<ProposalKind>,
    /// Only for this program.
    pub program: Option<String>,
    /// Only from here.
    pub region: Option<RegionCode>,
    /// Only about this family.
    pub family: Option<FamilyId>,
}

pub(super) fn note_of(keys: &Keyring, row: &table::Model) -> Result<Option<String>> {
    let open = |sealed: &Vec<u8>| keys.decrypt_field("proposal", "note", row.id, sealed);
    let note = row.note_enc.as_ref().map(open).transpose();
    Ok(note.map_err(Error::internal)?.map(|note| note.to_string()))
}

fn says(keys: &Keyring, row: &visit::Model) -> Option<FindingSays> {
    if row.form_id.as_deref() != Some("finding") {
        return None;
    }
    let plain = keys
        .decrypt_field("visit", "answers", row.id, row.answers_enc.as_ref()?)
        .ok()?;
    let answers: Answers = serde_json::from_str(&plain).ok()?;
    let get = |name: &str| answers.get(name).cloned();
    Some(FindingSays {
        what: get("what").unwrap_or_default(),
        name: get("name").unwrap_or_default(),
        address: get("address").unwrap_or_default(),
        rt: get("rt"),
        rw: get("rw"),
        note: get("note"),
    })
}

impl Acting {
    /// What a list shows of these proposals' families; noted as read.
    pub(in crate::store) async fn named_proposals(
        &self,
        rows: Vec<table::Model>,
        what: &'static str,
    ) -> Result<Vec<NamedRow>> {
        let on = self.store.read();
        // A family that has moved out of reach since is no longer shown, nor where it lives now.
        let mine = self.actor.all_regions(Permission::ReadCases);
        let ids = rows.iter().filter_map(|row| row.family_id);
        let homes: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(ids))
            .filter(in_regions(family::Column::Region, &mine))
            .all(on)
            .await?
            .into_iter()
            .map(|home| (home.id, home))
            .collect();
        let found = rows.iter().filter(|row| row.family_id.is_none());
        let found: HashMap<Uuid, visit::Model> = visit::Entity::find()
            .filter(visit::Column::Id.is_in(found.filter_map(|row| row.finding_id)))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut reads = Vec::new();
        let mut named = Vec::with_capacity(rows.len());
        for row in rows {
            let home = row.family_id.and_then(|id| homes.get(&id).cloned());
            let finding = row
                .finding_id
                .and_then(|id| found.get(&id))
                .and_then(|visit| says(self.store.keys(), visit));
            if let Some(home) = &home {
                reads.push(self.family_read(home.id, &region_code(&home.region)?, what)?);
            } else if let Some(id) = row.finding_id {
                reads.push(Read {
                    kind: "visit",
                    id,
                    what,
                    mode: Mode::Seen,
                    role: self.reading_in(&region_code(&row.region)?)?,
                    purpose: None,
                });
            }
            named.push(NamedRow { row, home, finding });
        }
        self.note_reads(reads).await?;
        Ok(named)
    }

    async fn proposal_rows(&self, rows: Vec<table::Model>) -> Result<Vec<ProposalRow>> {
        let named = self.named_proposals(rows, "proposal_row").await?;
        let mut known: HashMap<(ProposalKind, String, Regime), Option<Calendar>> = HashMap::new();
        let now = self.store.now();
        let mut items = Vec::with_capacity(named.len());
        for one in named {
            let state = state_of(&one.row)?;
            let region = region_code(&one.row.region)?;
            let mut closes_at = None;
            if state.is_open_to_proposer() {
                let home = one.home.as_ref();
                let regime = home.map_or(Regime::Dtsen, |home| Regime::of_family(&home.regime));
                let key = (kind_of(&one.row)?, one.row.program.clone(), regime);
                if !known.contains_key(&key) {
                    let on = self.store.read();
                    let days = windows::in_force(on, key.0.into(), &key.1, regime).await?;
                    known.insert(key.clone(), days);
                }
                let offset = region.utc_offset_min();
                let days = known.get(&key).and_then(Option::as_ref);
                closes_at = days.and_then(|days| windows::closes_at(days, offset, now));
            }
            items.push(ProposalRow {
                id: ProposalId(one.row.id),
                version: one.row.version,
                kind: Lenient::read(&one.row.kind),
                state: state.into(),
                since: Timestamp::from_micros(one.row.since),
                region,
                family: one.row.family_id.map(FamilyId),
                name: one.name(),
                address: one.address(),
                rt: one.rt(),
                rw: one.rw(),
                is_finding: one.row.finding_id.is_some(),
                late_sync: one.row.late_sync,
                reason: one
                    .row
                    .rejection
                    .as_deref()
                    .and_then(|code| code.parse().ok()),
                closes_at,
                program: Some(one.row.program).filter(|code| !code.is_empty()),
                period: one.row.period,
            });
        }
        Ok(items)
    }

    /// Proposals in reach, the oldest first.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn proposals(
        &self,
        wanted: Wanted,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ProposalRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = table::Entity::find()
            .filter(in_regions(table::Column::Region, &mine))
            .order_by_asc(table::Column::Id);
        if let Some(state) = wanted.state {
            query = query.filter(table::Column::State.eq(state.to_string()));
        }
        if let Some(kind) = wanted.kind {
            query = query.filter(table::Column::Kind.eq(kind.to_string()));
        }
        if let Some(program) = wanted.program {
            query = query.filter(table::Column::Program.eq(program));
        }
        if let Some(region) = wanted.region {
            query = query.filter(in_regions(
                table::Column::Region,
                std::slice::from_ref(&region),
            ));
        }
        if let Some(family) = wanted.family {
            query = query.filter(table::Column::FamilyId.eq(Uuid::from(family)));
        }
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(table::Column::Id.gt(after));
        }
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let items = self.proposal_rows(rows).await?;
        Ok(Page { items, next })
    }

    /// How many proposals in reach stand where, and since when the oldest has.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn proposal_counts(&self, region: Option<RegionCode>) -> Result<Page<ProposalCount>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = table::Entity::find()
            .select_only()
            .column(table::Column::State)
            .column_as(table::Column::Id.count(), "n")
            .column_as(table::Column::Since.min(), "oldest")
            .filter(in_regions(table::Column::Region, &mine))
            .group_by(table::Column::State);
        if let Some(region) = region {
            query = query.filter(in_regions(
                table::Column::Region,
                std::slice::from_ref(&region),
            ));
        }
        let rows: Vec<(String, i64, i64)> = query.into_tuple().all(self.store.read()).await?;
        let mut items: Vec<ProposalCount> = rows
            .into_iter()
            .map(|(state, count, oldest)| ProposalCount {
                state: Lenient::read(&state),
                count: count.unsigned_abs(),
                oldest: Timestamp::from_micros(oldest),
            })
            .collect();
        items.sort_by_key(|one| one.state.known());
        Ok(Page { items, next: None })
    }

    /// One proposal. Logged as a read of its family.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn proposal(&self, id: ProposalId) -> Result<ProposalView> {
        let on = self.store.read();
        let row = table::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        self.reading_in(&region)?;
        let state = state_of(&row)?;
        let mut fit = if state.is_over() {
            super::fitness::Fit::default()
        } else {
            self.fit(on, &row, self.store.now()).await?
        };
        if !state.is_open_to_proposer() {
            fit.problems.clear();
        }
        let resting = row
            .visit_id
            .or_else(|| fit.visit.as_ref().map(|visit| visit.id));
        let evidence = match resting {
            Some(visit) => self.proposal_evidence(on, visit).await?,
            None => None,
        };
        let acts = self.proposal_acts(on, &row).await?;
        let hands = self.hands(on, &row).await?;
        let mut may = Vec::new();
        if let Some(me) = self.actor.user() {
            let grants = self.actor.grants().iter();
            let here = grants.filter(|grant| grant.regions.iter().any(|code| code.covers(&region)));
            let roles: BTreeSet<_> = here.map(|grant| grant.role).collect();
            for action in ProposalAction::VARIANTS {
                // A deliberation's no comes with its minutes, and what is entered is said on the ministry's list.
                let by_itself = !matches!(action, ProposalAction::Decline | ProposalAction::Recall);
                let can = roles.iter().any(|role| {
                    matches!(proposal::step(state, *action, *role), Ok(Step::To(_)))
                        && proposal::duty(*action, &hands, *role, me).is_ok()
                });
                if by_itself && can {
                    may.push(*action);
                }
            }
        }
        let member = match row.person_id {
            Some(id) => person::Entity::find_by_id(id).one(on).await?,
            None => None,
        };
        let keys = self.store.keys();
        let signer = row.sptjm_signer_enc.as_ref().map(|sealed| {
            let signer = keys.decrypt_field("proposal", "sptjm_signer", row.id, sealed);
            signer.map(|text| text.to_string()).map_err(Error::internal)
        });
        let content = ProposalContent {
            kind: kind_of(&row)?,
            family: row.family_id.map(FamilyId),
            person: row.person_id.map(PersonId),
            program: Some(row.program.clone()).filter(|code| !code.is_empty()),
            reason: row.reason.as_deref().and_then(|code| code.parse().ok()),
            to_region: row.to_region.as_deref().and_then(|code| code.parse().ok()),
            document_number: row.document_number.clone(),
            note: note_of(keys, &row)?,
        };
        let mut rows = self.proposal_rows(vec![row.clone()]).await?;
        let shown = rows.pop().ok_or(Error::NOT_FOUND)?;
        Ok(ProposalView {
            // Of a family out of reach its members are not shown either.
            person_name: member
                .filter(|_| shown.name.is_some())
                .map(|member| member.name),
            row: shown,
            content,
            evidence,
            deliberation: row.deliberation_id.map(DeliberationId),
            sptjm_number: row.sptjm_number,
            sptjm_signer: signer.transpose()?,
            sptjm_paper: row.sptjm_paper_id.map(PaperId),
            copy_of: row.copy_of.map(ProposalId),
            membership: row.membership_id.map(MembershipId),
            case: row.case_id.map(CaseId),
            problems: fit.problems,
            warnings: fit.warnings,
            acts,
            may,
        })
    }

    async fn proposal_acts(
        &self,
        on: &impl ConnectionTrait,
        row: &table::Model,
    ) -> Result<Vec<ProposalAct>> {
        let acts = proposal_act::Entity::find()
            .filter(proposal_act::Column::ProposalId.eq(row.id))
            .order_by_asc(proposal_act::Column::Seq)
            .all(on)
            .await?;
        let people = acts.iter().filter_map(|act| act.by_id).collect();
        let names = self.store.names_of(people).await?;
        let keys = self.store.keys();
        acts.into_iter()
            .map(|act| {
                let note = act.note_enc.as_ref().map(|sealed| {
                    let note = keys.decrypt_field("proposal_act", "note", row.id, sealed);
                    note.map(|note| note.to_string()).map_err(Error::internal)
                });
                Ok(ProposalAct {
                    at: Timestamp::from_micros(act.at),
                    action: act.action,
                    to: Lenient::read(&act.to_state),
                    by: act.by_id.map(UserId),
                    by_name: act.by_id.and_then(|id| names.get(&id).cloned()),
                    role: act.role,
                    reason: act.reason.and_then(|code| code.parse().ok()),
                    document_number: act.document_number,
                    note: note.transpose()?,
                })
            })
            .collect()
    }

    async fn proposal_evidence(
        &self,
        on: &impl ConnectionTrait,
        id: Uuid,
    ) -> Result<Option<ProposalEvidence>> {
        let Some(row) = visit::Entity::find_by_id(id).one(on).await? else {
            return Ok(None);
        };
        let of_link: RelationDef = visit_photo::Entity::belongs_to(photo::Entity)
            .from(visit_photo::Column::PhotoId)
            .to(photo::Column::Id)
            .into();
        let photos: Vec<Shown> = visit_photo::Entity::find()
            .select_only()
            .columns([
                visit_photo::Column::VisitId,
                visit_photo::Column::Kind,
                visit_photo::Column::TakenAt,
            ])
            .columns([
                photo::Column::Id,
                photo::Column::Width,
                photo::Column::Height,
                photo::Column::State,
                photo::Column::Problem,
            ])
            .join(JoinType::InnerJoin, of_link)
            .filter(visit_photo::Column::VisitId.eq(id))
            .order_by_asc(visit_photo::Column::Position)
            .into_model()
            .all(on)
            .await?;
        let photos: Vec<PhotoView> = shown(photos, false);
        let flags = visit_flag::Entity::find()
            .filter(visit_flag::Column::VisitId.eq(id))
            .order_by_asc(visit_flag::Column::Flag)
            .all(on)
            .await?;
        let names = self
            .store
            .names_of(BTreeSet::from([row.officer_id]))
            .await?;
        Ok(Some(ProposalEvidence {
            visit: VisitId(row.id),
            officer: UserId(row.officer_id),
            officer_name: names.get(&row.officer_id).cloned(),
            captured_at: Timestamp::from_micros(row.captured_at),
            received_at: Timestamp::from_micros(row.received_at),
            photos,
            lat_e7: row.lat_e7,
            lon_e7: row.lon_e7,
            accuracy_cm: row.accuracy_cm,
            flags: flags.iter().map(|flag| Lenient::read(&flag.flag)).collect(),
            finding: says(self.store.keys(), &row),
        }))
    }
}
