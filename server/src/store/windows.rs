//! The days on which proposals are taken, by which families are visited and deliberations held (jadwal): rows, changed by an
//! admin and in force after an approver's word. The rules that make them are [`tilik_protocol::window`]'s.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use tilik_protocol::ids::{UserId, WindowId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, IMPORT_REFUSALS};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::review::Page;
use tilik_protocol::session::Act;
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::{
    Calendar, ChangeWindow, RefuseWindow, Regime, ReopenFault, ReopenWindow, ReopenedView,
    Reopening, Standing, Window, WindowAct, WindowFault, WindowRule, WindowState, WindowView,
};
use uuid::Uuid;

use super::journal::{Entry, document_number};
use super::tables::{family, program, region, submission_window};
use super::write::{Seen, Write};
use super::{Acting, text};
use crate::error::{Error, Result};

/// So many rows are told: those that count, those that wait, and the newest of the others.
const MOST: u64 = 200;

fn fault(fault: WindowFault) -> Error {
    let (field, remedy) = match fault {
        WindowFault::BadOpening => (
            "opens",
            "Isi hari pembukaan: tanggal 1 sampai 31, atau 0 sampai 27 hari sebelum akhir bulan.",
        ),
        WindowFault::BadClosing => (
            "closes",
            "Isi hari penutupan: tanggal 1 sampai 31, atau 0 sampai 27 hari sebelum akhir bulan.",
        ),
        WindowFault::MixedCadence => (
            "closes",
            "Pembukaan dan penutupan harus sama-sama bulanan atau sama-sama triwulanan.",
        ),
        WindowFault::ClosesFirst => (
            "closes",
            "Penutupan tidak boleh sebelum pembukaan, juga pada bulan Februari.",
        ),
    };
    Error::field(field, fault.into(), remedy)
}

fn rules_of(row: &submission_window::Model) -> Result<Window> {
    let rule = |text: &str| serde_json::from_str::<WindowRule>(text).map_err(Error::internal);
    Window::new(rule(&row.opens_rule)?, rule(&row.closes_rule)?)
        .map_err(|_| Error::internal("a window that is none"))
}

fn calendar_of(row: &submission_window::Model) -> Result<Calendar> {
    let reopened = match (&row.reopened_period, &row.reopened_last, row.reopened_at) {
        (Some(period), Some(last), Some(from)) => Some(Reopening {
            period: period.clone(),
            from: Timestamp::from_micros(from),
            last: last.parse().map_err(Error::internal)?,
            ended: row.reopened_ended_at.map(Timestamp::from_micros),
        }),
        _ => None,
    };
    Ok(Calendar {
        window: rules_of(row)?,
        reopened,
    })
}

fn not_reopened(fault: ReopenFault) -> Error {
    let remedy = match fault {
        ReopenFault::StillOpen | ReopenFault::NeverClosed => return Error::WRONG_MOMENT,
        ReopenFault::DayOver => "Pilih hari ini atau sesudahnya.",
        ReopenFault::NextPeriod => "Pilih hari sebelum jadwal berikutnya dibuka.",
    };
    Error::field("last_day", fault.into(), remedy)
}

/// The days in force for an act: the program's own, or those of every program; `None`: it is always taken.
pub(super) async fn in_force(
    on: &impl ConnectionTrait,
    act: WindowAct,
    program: &str,
    regime: Regime,
) -> Result<Option<Calendar>> {
    let rows = submission_window::Entity::find()
        .filter(submission_window::Column::Act.eq(act.to_string()))
        .filter(submission_window::Column::Program.is_in(["", program]))
        .filter(submission_window::Column::Regime.eq(regime.to_string()))
        .filter(submission_window::Column::State.eq(WindowState::InForce.to_string()))
        // The program's own before the empty name.
        .order_by_desc(submission_window::Column::Program)
        .one(on)
        .await?;
    rows.as_ref().map(calendar_of).transpose()
}

/// By when a family that somebody is sent to now is to be visited: the last second of a day, as a plan has it. `None`: no
/// window says so, and never in training, which has no months.
pub(super) async fn visit_due(
    on: &impl ConnectionTrait,
    home: &family::Model,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let village: RegionCode = home.region.parse().map_err(Error::internal)?;
    if village.is_training() {
        return Ok(None);
    }
    let regime = Regime::of_family(&home.regime);
    let days = in_force(on, WindowAct::Verification, "", regime).await?;
    let end = days.and_then(|days| days.window.due(village.utc_offset_min(), now));
    Ok(end.map(|end| end.plus_s(-1)))
}

async fn locked(write: &Write, id: WindowId) -> Result<submission_window::Model> {
    submission_window::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

async fn judge(
    write: &Write,
    row: submission_window::Model,
    state: WindowState,
    by: Option<UserId>,
    refusal: Option<String>,
) -> Result<()> {
    let mut active: submission_window::ActiveModel = row.into();
    active.state = Set(state.to_string());
    active.judged_by = Set(by.map(Into::into));
    active.judged_at = Set(Some(write.at().as_micros()));
    active.refusal = Set(refusal);
    active.update(write.on()).await?;
    Ok(())
}

impl Acting {
    /// Where a window is looked at from: the actor's first real region.
    pub(super) fn own_offset_min(&self) -> i64 {
        let grants = self.actor.grants().iter();
        let mut regions = grants.flat_map(|grant| &grant.regions);
        regions.next().map_or(420, RegionCode::utc_offset_min)
    }

    /// All windows: those in force, those that wait, and what was before. They are nobody's personal data.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn windows(&self) -> Result<Page<WindowView>> {
        let mut rows = Vec::new();
        for alive in [true, false] {
            let states =
                [WindowState::InForce, WindowState::Waiting].map(|state| state.to_string());
            let state = submission_window::Column::State;
            let query = submission_window::Entity::find().filter(if alive {
                state.is_in(states)
            } else {
                state.is_not_in(states)
            });
            let query = if alive {
                query
                    .order_by_asc(submission_window::Column::Act)
                    .order_by_asc(submission_window::Column::Program)
                    .order_by_asc(submission_window::Column::Regime)
                    .order_by_asc(submission_window::Column::Id)
            } else {
                // What came with Tilik was judged by nobody: it is as old as it says it is.
                query
                    .order_by_desc(Expr::cust("COALESCE(judged_at, proposed_at)"))
                    .order_by_desc(submission_window::Column::Id)
            };
            rows.extend(query.limit(MOST).all(self.store.read()).await?);
        }
        self.window_views(rows).await
    }

    async fn window_views(&self, rows: Vec<submission_window::Model>) -> Result<Page<WindowView>> {
        let people: BTreeSet<Uuid> = rows
            .iter()
            .flat_map(|row| [row.proposed_by, row.judged_by, row.reopened_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
        let now = self.store.now();
        let items = rows.into_iter().map(|row| {
            let days = calendar_of(&row)?;
            let reopened = days.reopened.as_ref().map(|again| ReopenedView {
                period: again.period.clone(),
                last_day: again.last.to_string(),
                document_number: row.reopened_document.clone().unwrap_or_default(),
                by_name: name(row.reopened_by),
                at: again.from,
                ended_at: again.ended,
            });
            let state: Lenient<WindowState> = Lenient::read(&row.state);
            Ok(WindowView {
                id: WindowId(row.id),
                act: Lenient::read(&row.act),
                program: Some(row.program).filter(|code| !code.is_empty()),
                regime: Lenient::read(&row.regime),
                opens: days.window.opens(),
                closes: days.window.closes(),
                document_number: row.document_number,
                standing: if state.known() == Some(WindowState::InForce) {
                    days.standing(self.own_offset_min(), now)
                } else {
                    None
                },
                state,
                proposed_by: row.proposed_by.map(UserId),
                proposed_by_name: name(row.proposed_by),
                proposed_at: Timestamp::from_micros(row.proposed_at),
                judged_by_name: name(row.judged_by),
                judged_at: row.judged_at.map(Timestamp::from_micros),
                refusal: row.refusal.and_then(|code| code.parse().ok()),
                reopened,
            })
        });
        Ok(Page {
            items: items.collect::<Result<_>>()?,
            next: None,
        })
    }

    async fn window_view(&self, id: WindowId) -> Result<WindowView> {
        let row = submission_window::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let page = self.window_views(vec![row]).await?;
        page.items.into_iter().next().ok_or(Error::NOT_FOUND)
    }

    /// Windows count everywhere: whoever sets them reaches every city of the registry, or a city before there is one. Who works
    /// in training only has no say in them.
    async fn sets_windows(&self, permission: Permission) -> Result<()> {
        self.actor.require(permission)?;
        let mine = self.actor.regions(permission);
        let cities: Vec<String> = region::Entity::find()
            .select_only()
            .column(region::Column::Code)
            .filter(region::Column::Level.eq(RegionLevel::City.to_string()))
            .into_tuple()
            .all(self.store.read())
            .await?;
        let mut reaches_all = mine
            .iter()
            .any(|code| !code.is_training() && code.level() <= RegionLevel::City);
        for city in cities {
            let city: RegionCode = city.parse().map_err(Error::internal)?;
            reaches_all &= city.is_training() || mine.iter().any(|code| code.covers(&city));
        }
        if !reaches_all {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        Ok(())
    }

    /// Proposes other days for an act. They wait for an approver; until then the old ones count.
    ///
    /// # Errors
    /// `forbidden`, `invalid`, `stale` when others are in force than were seen, `wrong_moment` when some wait already.
    pub async fn change_window(&self, body: ChangeWindow) -> Result<WindowView> {
        self.sets_windows(Permission::ChangeWindows).await?;
        let me = self.actor.person_id()?;
        Window::new(body.opens, body.closes).map_err(fault)?;
        document_number(&body.document_number)?;
        let code = body.program.clone().unwrap_or_default();
        if body.program.is_some() && !body.act.refuses() {
            return Err(Error::field(
                "program",
                "not_allowed",
                "Satu kunjungan atau musyawarah membahas semua program: pilih semua program.",
            ));
        }
        if body.program.is_some() {
            program::Entity::find_by_id(code.clone())
                .one(self.store.read())
                .await?
                .ok_or_else(|| Error::field("program", "unknown", "Program ini tidak dikenal."))?;
        }
        let id = WindowId(body.event_id.into());
        let mut write = self.begin().await?;
        let object = format!("window:{id}");
        if write
            .once(body.event_id, "window.change", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.window_view(id).await;
        }
        let alive = submission_window::Entity::find()
            .filter(submission_window::Column::Act.eq(body.act.to_string()))
            .filter(submission_window::Column::Program.eq(&code))
            .filter(submission_window::Column::Regime.eq(body.regime.to_string()))
            .filter(submission_window::Column::State.is_in([
                WindowState::InForce.to_string(),
                WindowState::Waiting.to_string(),
            ]))
            .all(write.on())
            .await?;
        let waits = WindowState::Waiting.to_string();
        if alive.iter().any(|row| row.state == waits) {
            return Err(Error::WRONG_MOMENT);
        }
        if alive.first().map(|row| WindowId(row.id)) != body.replaces {
            return Err(Error::Stale { current_version: 0 });
        }
        let rule = |rule: &WindowRule| serde_json::to_string(rule).map_err(Error::internal);
        let row = submission_window::ActiveModel {
            id: Set(id.into()),
            act: Set(body.act.to_string()),
            program: Set(code),
            regime: Set(body.regime.to_string()),
            opens_rule: Set(rule(&body.opens)?),
            closes_rule: Set(rule(&body.closes)?),
            document_number: Set(body.document_number.clone()),
            state: Set(waits),
            proposed_by: Set(Some(me.into())),
            proposed_at: Set(write.at().as_micros()),
            judged_by: Set(None),
            judged_at: Set(None),
            refusal: Set(None),
            reopened_period: Set(None),
            reopened_last: Set(None),
            reopened_document: Set(None),
            reopened_by: Set(None),
            reopened_at: Set(None),
            reopened_ended_at: Set(None),
        };
        match row.insert(write.on()).await {
            // Somebody else proposed in this very moment.
            Err(error) if text::violated(&error).is_some() => return Err(Error::WRONG_MOMENT),
            done => done?,
        };
        write.journal(Entry::new(
            "window.change",
            object,
            Role::Admin,
            Some(body.event_id),
            &serde_json::json!({ "act": body.act, "program": body.program, "regime": body.regime,
                "opens": body.opens, "closes": body.closes, "document_number": body.document_number,
                "replaces": body.replaces }),
        )?);
        write.commit().await?;
        self.window_view(id).await
    }

    /// Takes back days that wait; whoever proposed them.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_moment`.
    pub async fn withdraw_window(&self, id: WindowId, body: Act) -> Result<WindowView> {
        self.sets_windows(Permission::ChangeWindows).await?;
        let me = self.actor.person_id()?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        if row.proposed_by != Some(me.into()) {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        let object = format!("window:{id}");
        let seen = write
            .once(body.event_id, "window.withdraw", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.window_view(id).await;
        }
        if row.state != WindowState::Waiting.to_string() {
            return Err(Error::WRONG_MOMENT);
        }
        judge(&write, row, WindowState::Withdrawn, Some(me), None).await?;
        write.journal(Entry::new(
            "window.withdraw",
            object,
            Role::Admin,
            Some(body.event_id),
            &serde_json::json!({}),
        )?);
        write.commit().await?;
        self.window_view(id).await
    }

    /// Puts proposed days in force, in place of those that counted: a second person's act.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `separation_of_duty`, `wrong_moment`.
    pub async fn confirm_window(&self, id: WindowId, body: Act) -> Result<WindowView> {
        self.sets_windows(Permission::ConfirmImports).await?;
        let me = self.actor.person_id()?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        self.refuse_own_matter(write.on(), &[row.proposed_by])
            .await?;
        let object = format!("window:{id}");
        let seen = write
            .once(body.event_id, "window.confirm", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.window_view(id).await;
        }
        if row.state != WindowState::Waiting.to_string() {
            return Err(Error::WRONG_MOMENT);
        }
        submission_window::Entity::update_many()
            .col_expr(
                submission_window::Column::State,
                Expr::value(WindowState::Superseded.to_string()),
            )
            .filter(submission_window::Column::Act.eq(&row.act))
            .filter(submission_window::Column::Program.eq(&row.program))
            .filter(submission_window::Column::Regime.eq(&row.regime))
            .filter(submission_window::Column::State.eq(WindowState::InForce.to_string()))
            .exec(write.on())
            .await?;
        judge(&write, row, WindowState::InForce, Some(me), None).await?;
        write.journal(Entry::new(
            "window.confirm",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({}),
        )?);
        write.commit().await?;
        self.window_view(id).await
    }

    /// Refuses proposed days: what counted goes on counting.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `wrong_moment`.
    pub async fn refuse_window(&self, id: WindowId, body: RefuseWindow) -> Result<WindowView> {
        self.sets_windows(Permission::ConfirmImports).await?;
        let me = self.actor.person_id()?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        if !reason::is_listed(&body.reason, IMPORT_REFUSALS) {
            return Err(Error::field("reason", "unknown", "Pilih alasan penolakan."));
        }
        let object = format!("window:{id}");
        let seen = write
            .once(body.event_id, "window.refuse", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.window_view(id).await;
        }
        if row.state != WindowState::Waiting.to_string() {
            return Err(Error::WRONG_MOMENT);
        }
        let why = Some(body.reason.to_string());
        judge(&write, row, WindowState::Refused, Some(me), why).await?;
        write.journal(Entry::new(
            "window.refuse",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "reason": body.reason }),
        )?);
        write.commit().await?;
        self.window_view(id).await
    }

    /// Opens a window again that has closed, for what came too late, through a day before its next period: an approver's
    /// word, on a document. Said again of a window that is open by it, the new day counts.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `wrong_moment` when it is open by its own days or not in force, and of visits
    /// and deliberations: they are never refused.
    pub async fn reopen_window(&self, id: WindowId, body: ReopenWindow) -> Result<WindowView> {
        self.sets_windows(Permission::ConfirmImports).await?;
        let me = self.actor.person_id()?;
        document_number(&body.document_number)?;
        let last: NaiveDate = body.last_day.parse().map_err(|_| {
            Error::field(
                "last_day",
                "bad_date",
                "Tulis tanggalnya, misalnya 2026-11-30.",
            )
        })?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let object = format!("window:{id}");
        let seen = write
            .once(body.event_id, "window.reopen", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.window_view(id).await;
        }
        let act: WindowAct = row.act.parse().map_err(Error::internal)?;
        if row.state != WindowState::InForce.to_string() || !act.refuses() {
            return Err(Error::WRONG_MOMENT);
        }
        let again = Reopening::new(&rules_of(&row)?, self.own_offset_min(), write.at(), last)
            .map_err(not_reopened)?;
        let mut active: submission_window::ActiveModel = row.into();
        active.reopened_period = Set(Some(again.period.clone()));
        active.reopened_last = Set(Some(again.last.to_string()));
        active.reopened_document = Set(Some(body.document_number.clone()));
        active.reopened_by = Set(Some(me.into()));
        active.reopened_at = Set(Some(again.from.as_micros()));
        active.reopened_ended_at = Set(None);
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "window.reopen",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "period": again.period, "last_day": again.last.to_string(),
                "document_number": body.document_number }),
        )?);
        write.commit().await?;
        self.window_view(id).await
    }

    /// Closes a window that was opened again, before its last day is over.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_moment` when it is not open by somebody's word.
    pub async fn close_window(&self, id: WindowId, body: Act) -> Result<WindowView> {
        self.sets_windows(Permission::ConfirmImports).await?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let object = format!("window:{id}");
        let seen = write
            .once(body.event_id, "window.close", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.window_view(id).await;
        }
        let days = calendar_of(&row)?;
        let (offset, now) = (self.own_offset_min(), write.at());
        let by_word = days.standing(offset, now) != days.window.standing(offset, now);
        if row.state != WindowState::InForce.to_string() || !by_word {
            return Err(Error::WRONG_MOMENT);
        }
        let period = row.reopened_period.clone();
        let mut active: submission_window::ActiveModel = row.into();
        active.reopened_ended_at = Set(Some(now.as_micros()));
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "window.close",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "period": period }),
        )?);
        write.commit().await?;
        self.window_view(id).await
    }
}

/// The first moment at which it is too late, while it is open.
pub(super) fn closes_at(days: &Calendar, offset_min: i64, now: Timestamp) -> Option<Timestamp> {
    match days.standing(offset_min, now) {
        Some(Standing::Open { closes_at, .. }) => Some(closes_at),
        Some(Standing::Closed { .. }) | None => None,
    }
}
