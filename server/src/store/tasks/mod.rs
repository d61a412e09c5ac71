//! What waits for a person, oldest first: the first page of everybody who works in the console.
//!
//! What somebody may not do because of an earlier act of theirs is not their task: their own visit to review, their own
//! proposal to confirm.

use futures_util::future::try_join3;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, Func, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Select,
};
use tilik_protocol::case::CaseState;
use tilik_protocol::ids::{FamilyId, UserId};
use tilik_protocol::policy::Permission;
use tilik_protocol::registry::{ImportReport, ImportState};
use tilik_protocol::tasks::{Task, TaskGroup, TaskKind, Tasks};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::families::region_code;
use super::imports::KEPT_DAYS;
use super::tables::{case_membership, family, notice, verification_case, visit};
use super::{Acting, in_regions};
use crate::error::Result;

mod closing;
mod errands;
mod turns;

/// So many of each kind are told by themselves; the rest is a number and a list behind it.
const TOLD: u64 = 5;
/// Most files that are looked through.
const MOST_IMPORTS: u64 = 200;

#[derive(FromQueryResult)]
struct Waiting {
    id: Uuid,
    family: Option<Uuid>,
    region: String,
    name: Option<String>,
    since: i64,
    due_at: Option<i64>,
}

/// Where cases of a kind are found, and by whom they are done.
struct Cases {
    kind: TaskKind,
    permission: Permission,
    states: &'static [CaseState],
}

const CASES: [Cases; 4] = [
    Cases {
        kind: TaskKind::Assign,
        permission: Permission::AssignCases,
        states: &[CaseState::Open],
    },
    Cases {
        kind: TaskKind::Review,
        permission: Permission::ReviewCases,
        states: &[CaseState::Submitted, CaseState::Unreachable],
    },
    Cases {
        kind: TaskKind::Decide,
        permission: Permission::DecideCases,
        states: &[CaseState::Accepted],
    },
    Cases {
        kind: TaskKind::Confirm,
        permission: Permission::ConfirmDecisions,
        states: &[CaseState::AwaitingApproval],
    },
];

/// This person took the visit that the case now stands on.
fn own_visit(me: UserId) -> SelectStatement {
    let of_case = (
        verification_case::Entity,
        verification_case::Column::CurrentVisit,
    );
    Query::select()
        .expr(Expr::value(1))
        .from(visit::Entity)
        .and_where(Expr::col((visit::Entity, visit::Column::Id)).equals(of_case))
        .and_where(visit::Column::OfficerId.eq(Uuid::from(me)))
        .to_owned()
}

/// This person proposed one of the case's outcomes.
fn own_proposal(me: UserId) -> SelectStatement {
    let of_case = (verification_case::Entity, verification_case::Column::Id);
    let case = (case_membership::Entity, case_membership::Column::CaseId);
    Query::select()
        .expr(Expr::value(1))
        .from(case_membership::Entity)
        .and_where(Expr::col(case).equals(of_case))
        .and_where(case_membership::Column::ProposedBy.eq(Uuid::from(me)))
        .to_owned()
}

/// By when: the day that somebody said; whom nobody has gone to also as the window of visits says.
fn due(kind: TaskKind) -> Expr {
    use verification_case::Column as C;
    let at = |column: C| Expr::col((verification_case::Entity, column));
    if kind == TaskKind::Assign {
        Func::coalesce([at(C::ClosesAt), at(C::DueAt)]).into()
    } else {
        at(C::ClosesAt)
    }
}

/// What is past its time comes before everything else.
fn late_first(kind: TaskKind, now: Timestamp) -> Expr {
    CaseStatement::new()
        .case(due(kind).lte(now.as_micros()), Expr::value(0))
        .finally(Expr::value(1))
        .into()
}

/// Since when a case waits for what comes next.
fn since() -> Expr {
    use verification_case::Column as C;
    let at = |column: C| Expr::col((verification_case::Entity, column));
    Func::coalesce([at(C::CompleteAt), at(C::SubmittedAt), at(C::OpenedAt)]).into()
}

impl Acting {
    /// What waits for this person: kinds of which something is late first, then the kind with the oldest. Names that are told
    /// are logged as reads.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tasks(&self) -> Result<Tasks> {
        let now = self.store.now();
        let mut groups = Vec::new();
        for cases in &CASES {
            groups.push(self.case_tasks(cases, now).await?);
        }
        let (notices, files, accounts) = try_join3(
            self.notice_tasks(),
            self.import_tasks(now),
            self.account_tasks(now),
        )
        .await?;
        groups.push(notices);
        groups.extend(files);
        groups.extend(accounts);
        groups.extend(self.errands(now).await?);
        groups.retain(|group| group.count > 0);
        let oldest = |group: &TaskGroup| group.items.iter().map(|task| task.since).min();
        groups.sort_by_key(|group| (group.overdue == 0, oldest(group)));
        let turns = self.turns(now).await?;
        let closing = self.closing(now).await?;
        Ok(Tasks {
            at: now,
            groups,
            turns,
            closing,
        })
    }

    fn found_by(&self, cases: &Cases) -> Option<Select<verification_case::Entity>> {
        use verification_case::Column as C;
        let mine = self.actor.regions(cases.permission);
        if mine.is_empty() {
            return None;
        }
        let states = cases.states.iter().map(ToString::to_string);
        let found = verification_case::Entity::find()
            .filter(in_regions(C::Region, &mine))
            .filter(C::State.is_in(states));
        let me = self.actor.user();
        Some(match (cases.kind, me) {
            (TaskKind::Review, Some(me)) => found
                .filter(C::CompleteAt.is_not_null())
                .filter(Expr::not_exists(own_visit(me))),
            (TaskKind::Review, None) => found.filter(C::CompleteAt.is_not_null()),
            (TaskKind::Confirm, Some(me)) => found.filter(Expr::not_exists(own_proposal(me))),
            _ => found,
        })
    }

    async fn case_tasks(&self, cases: &Cases, now: Timestamp) -> Result<TaskGroup> {
        use verification_case::Column as C;
        let Some(found) = self.found_by(cases) else {
            return Ok(none(cases.kind));
        };
        let late = found.clone().filter(due(cases.kind).lte(now.as_micros()));
        let count = found.clone().count(self.store.read()).await?;
        let overdue = late.count(self.store.read()).await?;
        let rows: Vec<Waiting> = found
            .join(
                JoinType::InnerJoin,
                verification_case::Relation::Family.def(),
            )
            .select_only()
            .column(C::Id)
            .column_as(C::FamilyId, "family")
            .column(C::Region)
            .column_as(family::Column::Name, "name")
            .expr_as(since(), "since")
            .expr_as(due(cases.kind), "due_at")
            .order_by(late_first(cases.kind, now), Order::Asc)
            .order_by(since(), Order::Asc)
            .order_by_asc(C::Id)
            .limit(TOLD)
            .into_model()
            .all(self.store.read())
            .await?;
        let items = self.tell(rows).await?;
        Ok(TaskGroup {
            kind: cases.kind,
            count,
            overdue,
            items,
        })
    }

    /// Names of families are told, so they are logged. What a finding in the field began has no family yet.
    async fn tell(&self, rows: Vec<Waiting>) -> Result<Vec<Task>> {
        let mut reads = Vec::with_capacity(rows.len());
        let mut tasks = Vec::with_capacity(rows.len());
        for row in rows {
            let region = match row.region.as_str() {
                "" => None,
                code => Some(region_code(code)?),
            };
            if let (Some(family), Some(region)) = (row.family, &region) {
                reads.push(Read {
                    kind: "family",
                    id: family,
                    what: "task",
                    mode: Mode::Served,
                    role: self.reading_in(region)?,
                    purpose: None,
                });
            }
            tasks.push(Task {
                id: row.id,
                family: row.family.map(FamilyId),
                about: row.name.unwrap_or_default(),
                region,
                since: Timestamp::from_micros(row.since),
                due_at: row.due_at.map(Timestamp::from_micros),
            });
        }
        self.note_reads(reads).await?;
        Ok(tasks)
    }

    async fn notice_tasks(&self) -> Result<TaskGroup> {
        let kind = TaskKind::Deliver;
        let mine = self.actor.regions(Permission::DeliverNotices);
        if mine.is_empty() {
            return Ok(none(kind));
        }
        let found = family::Entity::find()
            .join(
                JoinType::InnerJoin,
                family::Entity::belongs_to(notice::Entity)
                    .from(family::Column::Id)
                    .to(notice::Column::FamilyId)
                    .into(),
            )
            .filter(in_regions(family::Column::Region, &mine))
            .filter(notice::Column::DeliveredAt.is_null());
        let count = found.clone().count(self.store.read()).await?;
        let rows: Vec<Waiting> = found
            .select_only()
            .column_as(notice::Column::Id, "id")
            .column_as(family::Column::Id, "family")
            .column(family::Column::Region)
            .column(family::Column::Name)
            .column_as(notice::Column::CreatedAt, "since")
            .expr_as(Expr::value(None::<i64>), "due_at")
            .order_by_asc(notice::Column::CreatedAt)
            .order_by_asc(notice::Column::Id)
            .limit(TOLD)
            .into_model()
            .all(self.store.read())
            .await?;
        let items = self.tell(rows).await?;
        Ok(TaskGroup {
            kind,
            count,
            overdue: 0,
            items,
        })
    }

    async fn import_tasks(&self, now: Timestamp) -> Result<Vec<TaskGroup>> {
        let me = self.actor.user();
        let mut groups = Vec::new();
        if !self.actor.regions(Permission::ConfirmImports).is_empty() {
            let waiting = self
                .imports(Some(ImportState::Waiting), None, MOST_IMPORTS)
                .await?;
            let others = waiting
                .items
                .into_iter()
                .filter(|row| row.imported_by != me);
            let tasks = others.map(|row| of_import(&row, None)).collect();
            groups.push(group(TaskKind::ConfirmImport, tasks, now));
        }
        if !self.actor.regions(Permission::Import).is_empty() {
            let tried = self
                .imports(Some(ImportState::Rehearsed), None, MOST_IMPORTS)
                .await?;
            let own = tried.items.into_iter().filter(|row| row.imported_by == me);
            let tasks = own
                .map(|row| of_import(&row, Some(row.at.plus_s(KEPT_DAYS * 86_400))))
                .collect();
            groups.push(group(TaskKind::ApplyImport, tasks, now));
        }
        Ok(groups)
    }

    async fn account_tasks(&self, now: Timestamp) -> Result<Vec<TaskGroup>> {
        if self.actor.all_regions(Permission::ConfirmGrants).is_empty() {
            return Ok(Vec::new());
        }
        let me = self.actor.user();
        let grants = self.waiting_grants().await?.items.into_iter();
        // Before it is to begin; one that should have begun is late.
        let grants = grants
            .filter(|waiting| waiting.granted_by != me && Some(waiting.user) != me)
            .map(|waiting| {
                let (begins, given) = (waiting.grant.valid_from, waiting.granted_at);
                Task {
                    id: waiting.grant.id.into(),
                    family: None,
                    about: waiting.name,
                    region: waiting.grant.regions.first().cloned(),
                    since: given.unwrap_or(begins),
                    due_at: Some(begins).filter(|begins| Some(*begins) > given),
                }
            })
            .collect();
        let slips = self.waiting_reset_slips().await?.into_iter();
        let slips = slips
            .filter(|slip| Some(slip.issued_by) != me && Some(slip.user) != me)
            .map(|slip| Task {
                id: slip.id.into(),
                family: None,
                about: slip.name,
                region: None,
                since: slip.issued_at,
                due_at: Some(slip.expires_at),
            })
            .collect();
        Ok(vec![
            group(TaskKind::ConfirmGrant, grants, now),
            group(TaskKind::ReleaseSlip, slips, now),
        ])
    }
}

fn of_import(row: &ImportReport, due_at: Option<Timestamp>) -> Task {
    Task {
        id: row.id.into(),
        family: None,
        about: row.kind.to_string(),
        region: None,
        since: row.at,
        due_at,
    }
}

fn none(kind: TaskKind) -> TaskGroup {
    group(kind, Vec::new(), Timestamp::from_micros(0))
}

/// Of everything that is there, what is late and then the oldest are told.
fn group(kind: TaskKind, mut all: Vec<Task>, now: Timestamp) -> TaskGroup {
    let late = |task: &Task| task.due_at.is_some_and(|due| due <= now);
    let overdue = all.iter().filter(|task| late(task)).count();
    let (count, overdue) = (all.len() as u64, overdue as u64);
    all.sort_by_key(|one| (!late(one), one.since, one.id));
    all.truncate(usize::try_from(TOLD).unwrap_or(usize::MAX));
    TaskGroup {
        kind,
        count,
        overdue,
        items: all,
    }
}
