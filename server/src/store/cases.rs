//! Cases: opened, given to officers, looked at, closed, expired.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::try_join;
use sea_orm::sea_query::{Expr, ExprTrait, Func, FunctionCall, Query, SubQueryStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, FromQueryResult,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set, Statement,
};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::duty::{Acts, Outcome};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, EventId, FamilyId, MembershipId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::DecisionQueue;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, CLOSE_REASONS, ReasonCode, VISIT_REASONS};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{
    AssignCases, CaseRow, CaseView, CasesAssigned, CasesOpened, CloseCase, MembershipRow,
    OpenCases, Page, RequestVisit, VisitRequest,
};
use tilik_protocol::sync::Returned;
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::SHORTEST_S;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::families::{OVER, region_code};
use super::journal::Entry;
use super::lanes::QueryEach;
use super::tables::{
    case_membership, enrolment, family, journal, membership, verification_case, visit,
};
use super::write::Seen;
use super::{Acting, Write, feed, in_regions, windows};
use crate::error::{Error, Result};

/// Most families or cases in one request.
const MOST: usize = 500;
/// Cases that expire at once.
const MOST_EXPIRED: u64 = 1_000;
/// A period is a month; no month is longer.
pub(super) const PERIOD_S: i64 = 31 * 86_400;
/// Acts by which somebody comes to know an officer's password.
const LOGINS: [&str; 3] = ["user.add", "user.password_reset", SLIP];
/// A slip that was issued: whoever held it could choose the password. It may never have been used, so that it ends nobody
/// else's knowledge.
const SLIP: &str = "reset_slip.issue";

pub(super) type Case = verification_case::Model;

pub(super) fn state_of(case: &Case) -> Result<CaseState> {
    case.state.parse().map_err(Error::internal)
}

pub(super) fn region_of(case: &Case) -> Result<RegionCode> {
    case.region.parse().map_err(Error::internal)
}

/// Why the case went back to its officer, when it did.
pub(super) fn returned_of(case: &Case) -> Result<Option<Returned>> {
    let told = case.returned.as_deref().map(serde_json::from_str);
    told.transpose().map_err(Error::internal)
}

/// Which cases a list shows.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// In this state.
    pub state: Option<CaseState>,
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// With this officer.
    pub officer: Option<UserId>,
    /// With this outcome of some membership.
    pub outcome: Option<Outcome>,
    /// Decided, and the last word was said from here on.
    pub decided_since: Option<Timestamp>,
    /// Decided, and the last word was said before.
    pub decided_until: Option<Timestamp>,
    /// Only visits that somebody asked for.
    pub requested: bool,
}

/// What a list shows of a case.
#[derive(FromQueryResult)]
pub(super) struct Listed {
    id: Uuid,
    state: String,
    version: i32,
    region: String,
    family_id: Uuid,
    officer_id: Option<Uuid>,
    complete_at: Option<i64>,
    opened_at: i64,
    opened_by: Option<Uuid>,
    request_reason: Option<String>,
    name: String,
    address: String,
    rt: String,
    rw: String,
}

/// The columns of a case that [`Listed`] takes; the others are its family's.
pub(super) const LISTED: [verification_case::Column; 10] = [
    verification_case::Column::Id,
    verification_case::Column::State,
    verification_case::Column::Version,
    verification_case::Column::Region,
    verification_case::Column::FamilyId,
    verification_case::Column::OfficerId,
    verification_case::Column::CompleteAt,
    verification_case::Column::OpenedAt,
    verification_case::Column::OpenedBy,
    verification_case::Column::RequestReason,
];

/// And those of its family.
pub(super) const LISTED_OF_FAMILY: [family::Column; 4] = [
    family::Column::Name,
    family::Column::Address,
    family::Column::Rt,
    family::Column::Rw,
];

impl Listed {
    pub(super) fn row(self) -> Result<CaseRow> {
        Ok(CaseRow {
            id: CaseId(self.id),
            state: Lenient::read(&self.state),
            version: self.version,
            region: self.region.parse().map_err(Error::internal)?,
            family: FamilyId(self.family_id),
            name: self.name,
            rt: self.rt,
            rw: self.rw,
            officer: self.officer_id.map(UserId),
            officer_name: None,
            address: self.address,
            complete_at: self.complete_at.map(Timestamp::from_micros),
            decided_at: None,
            requested: requested(
                self.opened_by,
                self.opened_at,
                self.request_reason.as_deref(),
            ),
        })
    }
}

/// Who asked for the visit of a case, still without a name.
pub(super) fn requested(by: Option<Uuid>, at: i64, reason: Option<&str>) -> Option<VisitRequest> {
    Some(VisitRequest {
        by: UserId(by?),
        name: None,
        reason: reason?.parse().ok()?,
        at: Timestamp::from_micros(at),
    })
}

/// A membership as lists show it.
pub(super) fn membership_row(row: membership::Model) -> Result<MembershipRow> {
    Ok(MembershipRow {
        id: MembershipId(row.id),
        program: row.program,
        family: FamilyId(row.family_id),
        region: row.region.parse().map_err(Error::internal)?,
        state: Lenient::read(&row.state),
        reason: row.reason.as_deref().and_then(|text| text.parse().ok()),
        successor_of: row.successor_of.map(MembershipId),
        appeal_until: row.appeal_until.map(Timestamp::from_micros),
    })
}

/// Moves a case by compare-and-set on its version, with its feed row.
pub(super) async fn save(
    write: &mut Write,
    mut case: Case,
    before: Option<UserId>,
) -> Result<Case> {
    let seen = case.version;
    case.version += 1;
    let active = verification_case::ActiveModel::from(case.clone()).reset_all();
    let moved = verification_case::Entity::update_many()
        .set(active)
        .filter(verification_case::Column::Id.eq(case.id))
        .filter(verification_case::Column::Version.eq(seen))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: seen + 1,
        });
    }
    feed::publish_case(write, &case, before).await?;
    Ok(case)
}

/// A case, locked until the transaction ends.
pub(super) async fn locked(write: &Write, id: CaseId) -> Result<Case> {
    verification_case::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

/// The last word on a case: where the approver confirmed, that, else what was decided.
fn last_word() -> FunctionCall {
    Func::max(Func::coalesce([
        Expr::col((
            case_membership::Entity,
            case_membership::Column::ConfirmedAt,
        )),
        Expr::col((case_membership::Entity, case_membership::Column::ProposedAt)),
    ]))
}

/// [`last_word`] of the case of the query around it.
fn word_on_case() -> Expr {
    let said = Query::select()
        .expr(last_word())
        .from(case_membership::Entity)
        .and_where(
            Expr::col((case_membership::Entity, case_membership::Column::CaseId))
                .equals((verification_case::Entity, verification_case::Column::Id)),
        )
        .to_owned();
    Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(said)))
}

impl Acting {
    /// Opens cases for families in reach that have none open, and gives them to an officer when one is named.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `too_large`.
    pub async fn open_cases(&self, body: OpenCases) -> Result<CasesOpened> {
        if !self.actor.is_system() {
            self.actor.require(Permission::AssignCases)?;
        }
        if body.families.len() > MOST {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        is_asked_for(body.kind)?;
        let mut write = self.begin().await?;
        let event = write
            .once(body.event_id, "case.open", "cases", &body)
            .await?;
        let mut opened = CasesOpened {
            cases: Vec::new(),
            already_open: Vec::new(),
        };
        for id in &body.families {
            let row = family::Entity::find_by_id(Uuid::from(*id))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let region: RegionCode = row.region.parse().map_err(Error::internal)?;
            let role = if self.actor.is_system() {
                Role::System
            } else {
                self.actor.act_in(Permission::AssignCases, &region)?
            };
            if let Some(known) = open_case_of(&write, row.id).await? {
                if event == Seen::Before {
                    opened.cases.push(CaseId(known.id));
                } else {
                    opened.already_open.push(*id);
                }
                continue;
            }
            if event == Seen::Before {
                continue;
            }
            if row.closed_at.is_some() {
                // Merged into another: that one is visited.
                return Err(Error::WRONG_MOMENT);
            }
            if let Some(officer) = body.officer
                && !self.store.holds(officer, Role::Officer, &region).await?
            {
                return Err(Error::field(
                    "officer",
                    "out_of_reach",
                    "Petugas ini tidak bertugas di wilayah keluarga.",
                ));
            }
            let case = new_case(
                &mut write,
                &row,
                body.kind,
                body.closes_at,
                body.officer,
                None,
                role,
                Some(body.event_id),
            )
            .await?;
            opened.cases.push(CaseId(case.id));
        }
        if event == Seen::Now {
            write.commit().await?;
        }
        Ok(opened)
    }

    /// Asks for a visit to a family that has no case open. Nobody has the case yet: who goes is for a supervisor to say.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn request_visit(&self, id: FamilyId, body: RequestVisit) -> Result<CasesOpened> {
        if !reason::is_listed(&body.reason, VISIT_REASONS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan permintaan kunjungan.",
            ));
        }
        is_asked_for(body.kind)?;
        let mut write = self.begin().await?;
        let home = family::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region: RegionCode = home.region.parse().map_err(Error::internal)?;
        let role = self.actor.act_in(Permission::RequestVisit, &region)?;
        let object = format!("family:{id}");
        let event = write
            .once(body.event_id, "case.request", &object, &body)
            .await?;
        if let Some(known) = open_case_of(&write, home.id).await? {
            return Ok(match event {
                Seen::Before => CasesOpened {
                    cases: vec![CaseId(known.id)],
                    already_open: Vec::new(),
                },
                Seen::Now => CasesOpened {
                    cases: Vec::new(),
                    already_open: vec![id],
                },
            });
        }
        let mut opened = CasesOpened {
            cases: Vec::new(),
            already_open: Vec::new(),
        };
        if event == Seen::Now {
            if home.closed_at.is_some() {
                return Err(Error::WRONG_MOMENT);
            }
            let case = begin_case(
                &mut write,
                &home,
                body.kind,
                None,
                None,
                None,
                role,
                Some(body.event_id),
                Some(&body.reason),
            )
            .await?;
            opened.cases.push(CaseId(case.id));
            write.commit().await?;
        }
        Ok(opened)
    }

    /// Gives cases to an officer, or takes them back.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `too_large`.
    pub async fn assign_cases(&self, body: AssignCases) -> Result<CasesAssigned> {
        self.actor.require(Permission::AssignCases)?;
        if body.cases.len() > MOST {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let mut write = self.begin().await?;
        let mut assigned = CasesAssigned {
            changed: 0,
            refused: Vec::new(),
        };
        if write
            .once(body.event_id, "case.assign", "cases", &body)
            .await?
            == Seen::Before
        {
            return Ok(assigned);
        }
        let mut ids = body.cases.clone();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let case = locked(&write, id).await?;
            let region = region_of(&case)?;
            let role = self.actor.act_in(Permission::AssignCases, &region)?;
            if let Some(officer) = body.officer
                && !self.store.holds(officer, Role::Officer, &region).await?
            {
                return Err(Error::field(
                    "officer",
                    "out_of_reach",
                    "Petugas ini tidak bertugas di wilayah kasus.",
                ));
            }
            let action = if body.officer.is_some() {
                CaseAction::Assign
            } else {
                CaseAction::Unassign
            };
            let from = state_of(&case)?;
            match case::step(from, action, role) {
                Ok(Step::To(next)) => {
                    let before = case.officer_id.map(UserId);
                    let mut case = case;
                    case.state = next.to_string();
                    case.officer_id = body.officer.map(Into::into);
                    save(&mut write, case, before).await?;
                    write.journal(Entry::new(
                        "case.assign",
                        format!("case:{id}"),
                        role,
                        Some(body.event_id),
                        &serde_json::json!({ "from": from, "to": next, "officer": body.officer, "before": before }),
                    )?);
                    assigned.changed += 1;
                }
                Ok(Step::AlreadyDone) => {}
                Err(_) => assigned.refused.push(id),
            }
        }
        write.commit().await?;
        Ok(assigned)
    }

    /// Ends a case without a decision.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid`.
    pub async fn close_case(&self, id: CaseId, body: CloseCase) -> Result<CaseView> {
        if !reason::is_listed(&body.reason, CLOSE_REASONS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan penutupan.",
            ));
        }
        let why = body.reason.to_string();
        self.act_on_case(
            id,
            body.event_id,
            body.seen_version,
            Permission::CloseCases,
            CaseAction::Close,
            &body,
            |case| {
                case.close_reason = Some(why);
                case.lease_user = None;
                case.lease_until = None;
                case.lease_sheet = None;
            },
        )
        .await
    }

    /// One step of a case by a person: event, reach, version, machine, row, journal, commit, view.
    #[expect(
        clippy::too_many_arguments,
        reason = "the whole rule of a step in one place"
    )]
    pub(super) async fn act_on_case<B: serde::Serialize + Sync>(
        &self,
        id: CaseId,
        event: EventId,
        seen_version: i32,
        permission: Permission,
        action: CaseAction,
        body: &B,
        change: impl FnOnce(&mut Case) + Send,
    ) -> Result<CaseView> {
        let mut write = self.begin().await?;
        let case = locked(&write, id).await?;
        let role = self.actor.act_in(permission, &region_of(&case)?)?;
        let object = format!("case:{id}");
        if write
            .once(event, action_name(action), &object, body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.case(id).await;
        }
        let from = state_of(&case)?;
        let step = case::step(from, action, role);
        if let Ok(Step::AlreadyDone) = step {
            write.commit().await?;
            return self.case(id).await;
        }
        if case.version != seen_version {
            return Err(Error::Stale {
                current_version: case.version,
            });
        }
        let Step::To(next) = step? else {
            return self.case(id).await;
        };
        let before = case.officer_id.map(UserId);
        let mut case = case;
        case.state = next.to_string();
        change(&mut case);
        save(&mut write, case, before).await?;
        write.journal(Entry::new(
            action_name(action),
            object,
            role,
            Some(event),
            &serde_json::json!({ "from": from, "to": next, "body": body }),
        )?);
        write.commit().await?;
        self.case(id).await
    }

    /// Cases in reach, by id.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<CaseRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = verification_case::Entity::find()
            .filter(in_regions(verification_case::Column::Region, &mine))
            .order_by_asc(verification_case::Column::Id);
        if let Some(state) = filter.state {
            query = query.filter(verification_case::Column::State.eq(state.to_string()));
        }
        if let Some(region) = &filter.region {
            query = query.filter(in_regions(
                verification_case::Column::Region,
                std::slice::from_ref(region),
            ));
        }
        if let Some(officer) = filter.officer {
            query = query.filter(verification_case::Column::OfficerId.eq(Uuid::from(officer)));
        }
        if let Some(outcome) = filter.outcome {
            let with_it = Query::select()
                .column(case_membership::Column::CaseId)
                .from(case_membership::Entity)
                .and_where(case_membership::Column::Outcome.eq(outcome.to_string()))
                .to_owned();
            query = query.filter(verification_case::Column::Id.in_subquery(with_it));
        }
        if filter.decided_since.is_some() || filter.decided_until.is_some() {
            let decided = CaseState::Decided.to_string();
            query = query.filter(verification_case::Column::State.eq(decided));
        }
        if let Some(since) = filter.decided_since {
            query = query.filter(word_on_case().gte(since.as_micros()));
        }
        if let Some(until) = filter.decided_until {
            query = query.filter(word_on_case().lt(until.as_micros()));
        }
        if filter.requested {
            query = query.filter(verification_case::Column::RequestReason.is_not_null());
        }
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(verification_case::Column::Id.gt(after));
        }
        let mut rows: Vec<Listed> = query
            .limit(limit + 1)
            .inner_join(family::Entity)
            .select_only()
            .columns(LISTED)
            .columns(LISTED_OF_FAMILY)
            .into_model()
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let people = rows
            .iter()
            .flat_map(|row| [row.officer_id, row.opened_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let decided = rows
            .iter()
            .filter(|row| row.state == CaseState::Decided.to_string())
            .map(|row| row.id);
        let decided = self.words_on(decided.collect()).await?;
        let mut items = rows
            .into_iter()
            .map(Listed::row)
            .collect::<Result<Vec<_>>>()?;
        for row in &mut items {
            row.officer_name = row.officer.and_then(|id| names.get(&id.into()).cloned());
            row.decided_at = decided.get(&row.id).copied();
            if let Some(request) = &mut row.requested {
                request.name = names.get(&request.by.into()).cloned();
            }
        }
        // A list shows names: each of its rows is a read.
        let mut reads = Vec::with_capacity(items.len());
        for row in &items {
            reads.push(Read {
                kind: "case",
                id: row.id.into(),
                what: "case_row",
                mode: Mode::Served,
                role: self.reading_in(&row.region)?,
                purpose: None,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// When the last word on each of these cases was said.
    async fn words_on(&self, cases: Vec<Uuid>) -> Result<HashMap<CaseId, Timestamp>> {
        if cases.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(Uuid, Option<i64>)> = case_membership::Entity::find()
            .select_only()
            .column(case_membership::Column::CaseId)
            .expr_as(last_word(), "said_at")
            .filter(case_membership::Column::CaseId.is_in(cases))
            .group_by(case_membership::Column::CaseId)
            .into_tuple()
            .all(self.store.read())
            .await?;
        let told = rows
            .into_iter()
            .filter_map(|(case, at)| Some((CaseId(case), Timestamp::from_micros(at?))));
        Ok(told.collect())
    }

    /// How many cases wait for this person's word: where they decide, and where they confirm.
    ///
    /// # Errors
    /// `forbidden`, or when the database does not answer.
    pub async fn decision_queue(&self) -> Result<DecisionQueue> {
        self.actor.require(Permission::ReadCases)?;
        let (to_decide, to_confirm) = try_join(
            self.how_many(CaseState::Accepted, Permission::DecideCases),
            self.how_many(CaseState::AwaitingApproval, Permission::ConfirmDecisions),
        )
        .await?;
        Ok(DecisionQueue {
            to_decide,
            to_confirm,
        })
    }

    /// Cases in this state where this person may do this; nowhere: none.
    async fn how_many(&self, state: CaseState, permission: Permission) -> Result<u64> {
        let mine = self.actor.regions(permission);
        if mine.is_empty() {
            return Ok(0);
        }
        let counted = verification_case::Entity::find()
            .filter(in_regions(verification_case::Column::Region, &mine))
            .filter(verification_case::Column::State.eq(state.to_string()))
            .count(self.store.read())
            .await?;
        Ok(counted)
    }

    /// As what this actor reads a case: where it lies, or where its family lives now. A case that was over when the family
    /// moved stays where it was, and is read in both villages.
    ///
    /// # Errors
    /// `not_found` when it may not.
    pub(super) async fn reading_case(&self, case: &Case) -> Result<Role> {
        if let Ok(role) = self.reading_in(&region_of(case)?) {
            return Ok(role);
        }
        let home = family::Entity::find_by_id(case.family_id)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        self.reading_in(&region_code(&home.region)?)
    }

    /// One case with all that a reviewer or decider looks at. Logged as a read of personal data.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn case(&self, id: CaseId) -> Result<CaseView> {
        let case = verification_case::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.reading_case(&case).await?;
        let region = region_of(&case)?;
        // Read while the read is logged; told only once it is.
        let logged = self.note_case_read(id, role, Mode::Seen);
        let ((), view) = try_join(logged, self.case_view(case, region)).await?;
        Ok(view)
    }

    /// Logs that this person reads a case: has it before their eyes, or was handed it ahead.
    ///
    /// # Errors
    /// As [`Acting::note_reads`].
    pub(super) async fn note_case_read(&self, id: CaseId, role: Role, mode: Mode) -> Result<()> {
        self.note_reads([Read {
            kind: "case",
            id: id.into(),
            what: "case",
            mode,
            role,
            purpose: None,
        }])
        .await
    }

    /// Memberships in reach, by id.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn memberships(
        &self,
        program: Option<&str>,
        state: Option<&str>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MembershipRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = membership::Entity::find()
            .filter(in_regions(membership::Column::Region, &mine))
            .order_by_asc(membership::Column::Id);
        if let Some(program) = program {
            query = query.filter(membership::Column::Program.eq(program));
        }
        if let Some(state) = state {
            query = query.filter(membership::Column::State.eq(state));
        }
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(membership::Column::Id.gt(after));
        }
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let reads = rows
            .iter()
            .map(|row| {
                let region = row.region.parse().map_err(Error::internal)?;
                self.family_read(row.family_id, &region, "membership")
            })
            .collect::<Result<Vec<_>>>()?;
        let items = rows
            .into_iter()
            .map(membership_row)
            .collect::<Result<_>>()?;
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// Everybody who acted on this case and on the others of its matter: visits, reviews, proposals; and who stands behind
    /// the visits by a phone or a login they gave.
    pub(super) async fn acts(on: &impl QueryEach, case: &Case) -> Result<Acts> {
        let backend = on.get_database_backend();
        let cases_of_family = Query::select()
            .column(verification_case::Column::Id)
            .from(verification_case::Entity)
            .and_where(verification_case::Column::FamilyId.eq(case.family_id))
            .to_owned();
        let mut answers = on
            .query_each(vec![
                verification_case::Entity::find()
                    .filter(verification_case::Column::FamilyId.eq(case.family_id))
                    .filter(verification_case::Column::Id.ne(case.id))
                    .order_by_desc(verification_case::Column::OpenedAt)
                    .order_by_desc(verification_case::Column::Id)
                    .build(backend),
                membership::Entity::find()
                    .filter(membership::Column::FamilyId.eq(case.family_id))
                    .build(backend),
                visit::Entity::find()
                    .filter(visit::Column::FiledCaseId.in_subquery(cases_of_family))
                    .build(backend),
            ])
            .await?;
        let chain = same_matter(case, &answers.all()?)?;
        let memberships: Vec<membership::Model> = answers.all()?;
        let mut visits: Vec<visit::Model> = answers.all()?;
        visits.retain(|row| row.filed_case_id.is_some_and(|id| chain.contains(&id)));

        // The journal knows acts that the rows forget: an acceptance withdrawn, a proposal refused or said by another again.
        let said = |objects: Vec<String>, actions: &[&str]| {
            journal::Entity::find()
                .filter(journal::Column::Object.is_in(objects))
                .filter(journal::Column::Action.is_in(actions.iter().copied()))
                .build(backend)
        };
        let of_cases = chain.iter().map(|id| format!("case:{}", CaseId(*id)));
        let of_memberships = memberships
            .iter()
            .map(|row| format!("membership:{}", MembershipId(row.id)));
        let mut queries = vec![
            said(
                of_cases.collect(),
                &["case.accept", "case.agree_unreachable"],
            ),
            said(of_memberships.collect(), &["membership.decide"]),
        ];
        queries.extend(who_equipped(backend, &visits));
        let mut answers = on.query_each(queries).await?;
        let reviews: Vec<journal::Model> = answers.all()?;
        let proposals: Vec<journal::Model> = answers.all()?;
        let proposers = proposals.iter().filter_map(|row| {
            let body: serde_json::Value = serde_json::from_slice(&row.body).unwrap_or_default();
            let about = body["case"].as_str()?.parse::<CaseId>().ok()?;
            chain.contains(&about.into()).then_some(row.actor)?
        });
        Ok(Acts {
            visitors: visits.iter().map(|row| UserId(row.officer_id)).collect(),
            reviewers: reviews
                .iter()
                .filter_map(|row| row.actor)
                .map(UserId)
                .collect(),
            proposers: proposers.map(UserId).collect(),
            equippers: equippers(&visits, &answers.all()?, &answers.all()?),
        })
    }

    /// Expires cases whose last day is over and opens their successors; how many. One that cannot be expired leaves the others
    /// their turn. Only to be asked when the clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expire_due_cases(&self) -> Result<u64> {
        let now = self.store.now().as_micros();
        let due = verification_case::Entity::find()
            .filter(verification_case::Column::State.is_in(["open", "assigned", "returned"]))
            .filter(verification_case::Column::ClosesAt.lte(now))
            .order_by_asc(verification_case::Column::ClosesAt)
            .order_by_asc(verification_case::Column::Id)
            .limit(MOST_EXPIRED)
            .all(self.store.read())
            .await?;
        let mut expired = 0;
        for row in due {
            match self.expire(CaseId(row.id), now).await {
                Ok(done) => expired += u64::from(done),
                // The database may come back.
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!(case.id = %CaseId(row.id), cause = %error,
                    "a case could not be expired"),
            }
        }
        Ok(expired)
    }

    async fn expire(&self, id: CaseId, now: i64) -> Result<bool> {
        let mut write = self.begin().await?;
        let mut case = locked(&write, id).await?;
        let from = state_of(&case)?;
        let step = case::step(from, CaseAction::Expire, Role::System);
        let (Ok(Step::To(next)), true) = (step, case.closes_at.is_some_and(|at| at <= now)) else {
            return Ok(false);
        };
        let officer = case.officer_id.map(UserId);
        let kind: VisitKind = case.kind.parse().map_err(Error::internal)?;
        case.state = next.to_string();
        let case = save(&mut write, case, officer).await?;
        write.journal(Entry::new(
            "case.expire",
            format!("case:{}", case.id),
            Role::System,
            None,
            &serde_json::json!({ "from": from, "to": next }),
        )?);
        let home = family::Entity::find_by_id(case.family_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        // Who does not work there any more has none to go on with.
        let region = region_of(&case)?;
        let officer = match officer {
            Some(who) if self.store.holds(who, Role::Officer, &region).await? => Some(who),
            Some(_) | None => None,
        };
        let asked: Option<ReasonCode> = case
            .request_reason
            .as_deref()
            .and_then(|code| code.parse().ok());
        begin_case(
            &mut write,
            &home,
            kind,
            None,
            officer,
            Some(case.id),
            Role::System,
            None,
            asked.as_ref(),
        )
        .await?;
        write.commit().await?;
        Ok(true)
    }
}

/// This case and those about the same family whose persons are not new to it: the ones it follows; what was opened within a
/// period before it, however it ended; and everything before that until something was decided, for whoever closes a case
/// and opens another begins nothing new.
///
/// `others`: the family's other cases, the last one opened first.
fn same_matter(case: &Case, others: &[Case]) -> Result<Vec<Uuid>> {
    let mut matter = vec![case.id];
    // What follows another began with it.
    let (mut at, mut began) = (case.predecessor, case.opened_at);
    while let Some(row) = others.iter().find(|row| Some(row.id) == at) {
        matter.push(row.id);
        began = Ord::min(began, row.opened_at);
        at = row.predecessor;
    }
    let since = began - PERIOD_S * 1_000_000;
    for row in others {
        if state_of(row)? == CaseState::Decided && row.opened_at < since {
            break;
        }
        matter.push(row.id);
    }
    matter.sort_unstable();
    matter.dedup();
    Ok(matter)
}

/// Asks what [`equippers`] looks at; nothing when there is no visit.
fn who_equipped(backend: DatabaseBackend, visits: &[visit::Model]) -> Vec<Statement> {
    if visits.is_empty() {
        return Vec::new();
    }
    let devices: BTreeSet<Uuid> = visits.iter().map(|row| row.device_id).collect();
    let officers: BTreeSet<Uuid> = visits.iter().map(|row| row.officer_id).collect();
    let objects = officers.iter().map(|id| format!("user:{}", UserId(*id)));
    vec![
        enrolment::Entity::find()
            .filter(enrolment::Column::DeviceId.is_in(devices))
            .build(backend),
        journal::Entity::find()
            .filter(journal::Column::Object.is_in(objects))
            .filter(journal::Column::Action.is_in(LOGINS))
            .order_by_desc(journal::Column::Seq)
            .build(backend),
    ]
}

/// Who gave the officers behind these visits their phones and logins.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn equippers_of(
    on: &impl ConnectionTrait,
    visits: &[visit::Model],
) -> Result<Vec<UserId>> {
    let mut rows = Vec::new();
    for statement in who_equipped(on.get_database_backend(), visits) {
        rows.push(on.query_all_raw(statement).await?);
    }
    let [codes, logins] = rows.as_slice() else {
        return Ok(Vec::new());
    };
    let codes: Vec<enrolment::Model> = read_each(codes)?;
    let logins: Vec<journal::Model> = read_each(logins)?;
    Ok(equippers(visits, &codes, &logins))
}

fn read_each<T: FromQueryResult>(rows: &[sea_orm::QueryResult]) -> Result<Vec<T>> {
    let read = rows.iter().map(|row| T::from_query_result(row, ""));
    Ok(read.collect::<Result<_, _>>()?)
}

/// Who gave the officers behind these visits their phones and logins. A phone is enrolled once in its life, by one code;
/// of those who set the officer's password the last one before the visit counts, for that is the one who knew it then, and
/// everybody who has issued a slip since.
///
/// `logins`: the last one first.
fn equippers(
    visits: &[visit::Model],
    codes: &[enrolment::Model],
    logins: &[journal::Model],
) -> Vec<UserId> {
    // Nobody stands behind themselves: an officer who may enrol phones is the visitor already.
    let mut by: BTreeSet<UserId> = codes
        .iter()
        .filter(|code| code.issued_by != code.officer_id)
        .map(|code| UserId(code.issued_by))
        .collect();
    for row in visits {
        let officer = UserId(row.officer_id);
        let object = format!("user:{officer}");
        for login in logins {
            if login.object != object || login.at > row.received_at {
                continue;
            }
            by.extend(login.actor.map(UserId).filter(|giver| *giver != officer));
            if login.action != SLIP {
                break;
            }
        }
    }
    by.into_iter().collect()
}

/// The family's undecided case.
pub(super) async fn open_case_of(write: &Write, family: Uuid) -> Result<Option<Case>> {
    Ok(verification_case::Entity::find()
        .filter(verification_case::Column::FamilyId.eq(family))
        .filter(verification_case::Column::State.is_not_in(OVER))
        .one(write.on())
        .await?)
}

/// Whether this is a visit that somebody is sent to make.
fn is_asked_for(kind: VisitKind) -> Result<()> {
    if matches!(kind, VisitKind::Quick | VisitKind::Full) {
        return Ok(());
    }
    Err(Error::field(
        "kind",
        "not_allowed",
        "Pilih kunjungan cepat atau lengkap.",
    ))
}

/// A new case about a family, carrying the memberships it will decide.
///
/// `closes_at`: the day that somebody said; otherwise the window of visits says by when it is due.
#[expect(clippy::too_many_arguments, reason = "as it is born")]
pub(super) async fn new_case(
    write: &mut Write,
    home: &family::Model,
    kind: VisitKind,
    closes_at: Option<Timestamp>,
    officer: Option<UserId>,
    predecessor: Option<Uuid>,
    role: Role,
    event: Option<EventId>,
) -> Result<Case> {
    begin_case(
        write,
        home,
        kind,
        closes_at,
        officer,
        predecessor,
        role,
        event,
        None,
    )
    .await
}

/// The same, also when it was asked for with a reason by somebody who does not plan visits.
#[expect(clippy::too_many_arguments, reason = "a case is born in one place")]
pub(super) async fn begin_case(
    write: &mut Write,
    home: &family::Model,
    kind: VisitKind,
    closes_at: Option<Timestamp>,
    officer: Option<UserId>,
    predecessor: Option<Uuid>,
    role: Role,
    event: Option<EventId>,
    requested: Option<&ReasonCode>,
) -> Result<Case> {
    let id: CaseId = write.store().ids().next();
    let due_at = match closes_at {
        Some(_) => None,
        None => windows::visit_due(write.on(), home, write.at()).await?,
    };
    let state = if officer.is_some() {
        CaseState::Assigned
    } else {
        CaseState::Open
    };
    let case = Case {
        id: id.into(),
        version: 1,
        state: state.to_string(),
        kind: kind.to_string(),
        family_id: home.id,
        house_id: home.house_id,
        region: home.region.clone(),
        officer_id: officer.map(Into::into),
        opened_at: write.at().as_micros(),
        opened_by: write.actor().user().map(Into::into),
        closes_at: closes_at.map(Timestamp::as_micros),
        submitted_at: None,
        complete_at: None,
        current_visit: None,
        accepted_basis: None,
        lease_user: None,
        lease_until: None,
        lease_sheet: None,
        lease_since: None,
        lease_houses: None,
        off_sheet_visit: None,
        returned: None,
        return_fetched_at: None,
        close_reason: None,
        predecessor,
        tries: 0,
        request_reason: requested.map(ToString::to_string),
        due_at: due_at.map(Timestamp::as_micros),
    };
    verification_case::ActiveModel::from(case.clone())
        .reset_all()
        .insert(write.on())
        .await?;
    let carried = membership::Entity::find()
        .filter(membership::Column::FamilyId.eq(home.id))
        .filter(membership::Column::State.is_in(["candidate", "designated", "active", "suspended"]))
        .all(write.on())
        .await?;
    for row in &carried {
        case_membership::ActiveModel {
            case_id: Set(case.id),
            membership_id: Set(row.id),
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
    feed::publish_case(write, &case, None).await?;
    let mut told = serde_json::json!({ "family": FamilyId(home.id), "kind": kind, "officer": officer,
        "predecessor": predecessor.map(CaseId),
        "memberships": carried.iter().map(|row| MembershipId(row.id)).collect::<Vec<_>>() });
    if let Some(reason) = requested {
        told["reason"] = serde_json::json!(reason);
    }
    write.journal(Entry::new(
        "case.open",
        format!("case:{id}"),
        role,
        event,
        &told,
    )?);
    Ok(case)
}

/// By when a case is to be visited.
pub(super) fn due_at(case: &Case) -> Option<Timestamp> {
    case.closes_at.or(case.due_at).map(Timestamp::from_micros)
}

/// Whoever is sent again goes on with this case: a last day that is over or near ends it no more, and it is late by then.
pub(super) fn goes_on(case: &mut Case, now: Timestamp) {
    let soon = now.plus_s(SHORTEST_S).as_micros();
    if let Some(day) = case.closes_at.take_if(|day| *day < soon) {
        case.due_at = Some(day);
    }
}

/// The lease that counts now. One that ends absurdly late was written under a wrong clock and counts for nothing.
pub(super) fn live_lease(case: &Case, now: Timestamp) -> Option<(UserId, Timestamp)> {
    let until = Timestamp::from_micros(case.lease_until?);
    let sane = until > now && until.seconds_since(now) <= 2 * super::review::LEASE_S;
    sane.then_some((UserId(case.lease_user?), until))
}

/// The journal's name of a case action.
pub(super) const fn action_name(action: CaseAction) -> &'static str {
    match action {
        CaseAction::Assign => "case.assign",
        CaseAction::Unassign => "case.unassign",
        CaseAction::SubmitVisit => "case.submit_visit",
        CaseAction::ReportUnreachable => "case.report_unreachable",
        CaseAction::Accept => "case.accept",
        CaseAction::Return => "case.return",
        CaseAction::TakeBack => "case.take_back",
        CaseAction::Withdraw => "case.withdraw",
        CaseAction::WithdrawUnreachable => "case.withdraw_unreachable",
        CaseAction::AgreeUnreachable => "case.agree_unreachable",
        CaseAction::Reopen => "case.reopen",
        CaseAction::DecideEligible => "case.decide_eligible",
        CaseAction::SendForApproval => "case.send_for_approval",
        CaseAction::ConfirmLast => "case.confirm_last",
        CaseAction::RefuseDecision => "case.refuse_decision",
        CaseAction::Close => "case.close",
        CaseAction::Expire => "case.expire",
    }
}
