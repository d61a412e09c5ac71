//! Opening a plan: one act, journalled as such with who was taken out, carried out some families at a time by a worker, so
//! that phones get their turn in between and a restart goes on where it stopped. What became of a family is kept in the
//! transaction that opened its case, so none is opened twice.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Value};
use tilik_protocol::case::{self, CaseAction, Step};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, EventId, FamilyId, PlanId, UserId};
use tilik_protocol::plan::{MOST_TAKEN_OUT, OpenPlan, PlanView};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, PLAN_EXCEPTIONS};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::month_of;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::store::cases::{new_case, save, state_of};
use crate::store::jobs;
use crate::store::journal::Entry;
use crate::store::tables::{family, plan, plan_family, verification_case};
use crate::store::write::Seen;
use crate::store::{Acting, Write};

/// The kind of job that opens a plan.
pub(crate) const JOB: &str = "open_plan";
/// Families that one transaction opens: SQLite's only writer must not be kept long.
const AT_ONCE: u64 = 50;

impl Acting {
    /// Opens a plan: from here on its families are opened and given by themselves.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `too_large`, `wrong_moment`.
    pub async fn open_plan(&self, id: PlanId, body: OpenPlan) -> Result<PlanView> {
        if body.taken_out.len() > MOST_TAKEN_OUT {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        if !matches!(body.kind, VisitKind::Quick | VisitKind::Full) {
            return Err(Error::field(
                "kind",
                "not_allowed",
                "Pilih kunjungan cepat atau lengkap.",
            ));
        }
        let is_listed = |code| reason::is_listed(code, PLAN_EXCEPTIONS);
        if !body.taken_out.iter().all(|one| is_listed(&one.reason)) {
            return Err(Error::field(
                "taken_out",
                "unknown",
                "Pilih salah satu alasan mengeluarkan keluarga.",
            ));
        }
        let mut write = self.begin().await?;
        let row = plan::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.planning_in(&row)?;
        let object = format!("plan:{id}");
        if write
            .once(body.event_id, "plan.open", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.plan(id).await;
        }
        let region: RegionCode = row.region.parse().map_err(Error::internal)?;
        // What was chosen for another month was ranked by another chance.
        if row.opened_at.is_some() || row.month != month_of(&region, write.at())? {
            return Err(Error::WRONG_MOMENT);
        }
        if body.closes_at.is_some_and(|closes| closes <= write.at()) {
            return Err(Error::field(
                "closes_at",
                "past",
                "Pilih jadwal tutup yang belum lewat.",
            ));
        }
        for one in &body.taken_out {
            let taken = plan_family::Entity::update_many()
                .col_expr(
                    plan_family::Column::TakenOut,
                    Expr::value(one.reason.to_string()),
                )
                .filter(plan_family::Column::PlanId.eq(row.id))
                .filter(plan_family::Column::FamilyId.eq(Uuid::from(one.family)))
                .exec(write.on())
                .await?;
            if taken.rows_affected != 1 {
                return Err(Error::field(
                    "taken_out",
                    "not_in_plan",
                    "Keluarga ini tidak ada di rencana.",
                ));
            }
        }
        plan::Entity::update_many()
            .set(plan::ActiveModel {
                kind: Set(Some(body.kind.to_string())),
                closes_at: Set(body.closes_at.map(Timestamp::as_micros)),
                opened_by: Set(self.actor.user().map(Into::into)),
                opened_at: Set(Some(write.at().as_micros())),
                open_event: Set(Some(body.event_id.into())),
                ..Default::default()
            })
            .filter(plan::Column::Id.eq(row.id))
            .exec(write.on())
            .await?;
        jobs::enqueue(&write, JOB, &id.to_string()).await?;
        let told: PlanView = serde_json::from_str(&row.told).map_err(Error::internal)?;
        let parts: Vec<_> = told
            .officers
            .iter()
            .map(|one| serde_json::json!({ "officer": one.user, "capacity": one.capacity, "planned": one.planned }))
            .collect();
        write.journal(Entry::new(
            "plan.open",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({
                "region": region, "month": row.month, "seed": told.seed, "digest": told.digest,
                "rules": told.rules, "officers": parts, "kind": body.kind, "closes_at": body.closes_at,
                "taken_out": body.taken_out, "made_by": UserId(row.made_by),
            }),
        )?);
        write.commit().await?;
        self.plan(id).await
    }

    /// Opens the next families of a plan; asks for itself again while any are left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn go_on_with_plan(&self, id: PlanId) -> Result<()> {
        let on = self.store.read();
        let row = plan::Entity::find_by_id(Uuid::from(id)).one(on).await?;
        let Some(opener) = row.and_then(|row| row.opened_by) else {
            return Ok(());
        };
        // Who lost the right meanwhile opens nothing more.
        let asker = self
            .store
            .acting_as_asker(UserId(opener), "a plan of visits")
            .await;
        let asker = match asker {
            Ok(by) => Some(by.actor().clone()),
            Err(Error::Refused(ProblemCode::NotFound)) => None,
            Err(error) => return Err(error),
        };
        let mut write = self.begin().await?;
        let row = plan::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let families = plan_family::Entity::find()
            .filter(plan_family::Column::PlanId.eq(row.id))
            .filter(plan_family::Column::TakenOut.is_null())
            .filter(plan_family::Column::Skipped.is_null())
            .filter(plan_family::Column::CaseId.is_null())
            .order_by_asc(plan_family::Column::Place)
            .limit(AT_ONCE)
            .all(write.on())
            .await?;
        let more = families.len() as u64 == AT_ONCE;
        let order = Order {
            kind: row
                .kind
                .as_deref()
                .unwrap_or_default()
                .parse()
                .map_err(Error::internal)?,
            closes_at: row.closes_at.map(Timestamp::from_micros),
            event: row.open_event.map(EventId::from),
        };
        let mut works: HashMap<(Uuid, String), bool> = HashMap::new();
        for one in families {
            let home = family::Entity::find_by_id(one.family_id)
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let region: RegionCode = home.region.parse().map_err(Error::internal)?;
            let key = (one.officer_id, home.region.clone());
            let here = if let Some(known) = works.get(&key) {
                *known
            } else {
                let officer = UserId(one.officer_id);
                let here = self.store.holds(officer, Role::Officer, &region).await?;
                works.insert(key, here);
                here
            };
            let role = asker.as_ref().and_then(|actor| {
                let role = actor.role_in(Permission::AssignCases, &region)?;
                Some((actor, role))
            });
            let done = match (role, here) {
                // Merged into another since it was planned.
                _ if home.closed_at.is_some() => Err("closed"),
                (None, _) => Err("no_right"),
                (_, false) => Err("no_officer"),
                (Some((actor, role)), true) => {
                    give(
                        &mut write,
                        &order,
                        &home,
                        UserId(one.officer_id),
                        actor,
                        role,
                    )
                    .await?
                }
            };
            let (column, value): (_, Value) = match done {
                Ok(case) => (plan_family::Column::CaseId, Uuid::from(case).into()),
                Err(why) => (plan_family::Column::Skipped, why.into()),
            };
            plan_family::Entity::update_many()
                .col_expr(column, Expr::value(value))
                .filter(plan_family::Column::PlanId.eq(one.plan_id))
                .filter(plan_family::Column::FamilyId.eq(one.family_id))
                .exec(write.on())
                .await?;
        }
        if more {
            jobs::enqueue(&write, JOB, &id.to_string()).await?;
        }
        write.commit().await
    }
}

/// What is to be opened.
struct Order {
    kind: VisitKind,
    closes_at: Option<Timestamp>,
    event: Option<EventId>,
}

/// A case about a family for an officer: a new one, or the one that waited for somebody. Or why not.
async fn give(
    write: &mut Write,
    order: &Order,
    home: &family::Model,
    officer: UserId,
    actor: &Actor,
    role: Role,
) -> Result<Result<CaseId, &'static str>> {
    write.act_as(actor);
    let known = verification_case::Entity::find()
        .filter(verification_case::Column::FamilyId.eq(home.id))
        .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
        .lock_exclusive()
        .one(write.on())
        .await?;
    let Some(mut known) = known else {
        let case = new_case(
            write,
            home,
            order.kind,
            order.closes_at,
            Some(officer),
            None,
            role,
            order.event,
        )
        .await?;
        return Ok(Ok(CaseId(case.id)));
    };
    let from = state_of(&known)?;
    let step = case::step(from, CaseAction::Assign, role);
    let (Ok(Step::To(next)), None) = (step, known.officer_id) else {
        return Ok(Err("under_way"));
    };
    // Who asked for the visit said of which kind; when it must be over is the plan's to say.
    known.state = next.to_string();
    known.officer_id = Some(officer.into());
    known.closes_at = known
        .closes_at
        .or(order.closes_at.map(Timestamp::as_micros));
    let case = save(write, known, None).await?;
    write.journal(Entry::new(
        "case.assign",
        format!("case:{}", CaseId(case.id)),
        role,
        order.event,
        &serde_json::json!({ "from": from, "to": next, "officer": officer, "before": null, "family": FamilyId(home.id) }),
    )?);
    Ok(Ok(CaseId(case.id)))
}
