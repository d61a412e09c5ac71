//! Rules of eligibility: versions that an admin writes and an approver puts in force, what they say of families, and the
//! cancellations they prepare.
//!
//! Refuses to decide: nothing is ever removed by a rule. What it says is kept with the facts it was said from
//! ([`evaluating`]), and a cancellation that it filled in goes the way of every other ([`cancellations`]).

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tilik_protocol::form::Form;
use tilik_protocol::ids::{EventId, RuleId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, RULE_REFUSALS, ReasonCode};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{
    ActOnRule, ChangeRule, DraftRule, REGIMES, RefuseRule, RuleAct, RuleBody, RuleFile,
    RuleForetold, RuleHead, RuleState, RuleView, ShipRules, ShippedRules,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::Entry;
use super::tables::{program, region, rule};
use super::write::Seen;
use super::{Acting, Write, in_regions};
use crate::error::{Error, Result};

mod cancellations;
mod evaluating;
mod facts;
mod following;
mod preview;
mod recorded;
mod thresholds;

pub use cancellations::PreparedFilter;
pub(super) use evaluating::says_not_eligible;
pub(crate) use evaluating::{JOB, families_changed, villages_changed};
pub(super) use facts::day_of;
pub(crate) use following::{FactMove, facts_follow};
pub use preview::ChangeFilter;
pub(super) use thresholds::{Thresholds, Whose};

/// Most rules that a list tells at once.
const MOST: u64 = 200;

/// The rules that Tilik ships: drafts until somebody sends them and an approver confirms them.
///
/// # Errors
/// When the shipped file is damaged.
pub fn shipped() -> Result<RuleFile> {
    serde_json::from_str(include_str!("../../../data/rules.json")).map_err(Error::internal)
}

/// The forms whose answers a rule may ask for, in the order in which facts count them.
fn forms() -> Result<Vec<Form>> {
    Ok(vec![Form::kepmensos_262().map_err(Error::internal)?])
}

fn state_of(row: &rule::Model) -> Result<RuleState> {
    row.state.parse().map_err(Error::internal)
}

fn body_of(row: &rule::Model) -> Result<RuleBody> {
    serde_json::from_str(&row.body).map_err(Error::internal)
}

fn region_of(row: &rule::Model) -> Result<RegionCode> {
    row.region.parse().map_err(Error::internal)
}

/// Rules of the region or of what covers it, or lies in it.
fn about(regions: &[RegionCode]) -> Condition {
    let mut above: BTreeSet<String> = BTreeSet::new();
    for code in regions {
        let mut up = Some(code.clone());
        while let Some(code) = up {
            up = code.parent();
            above.insert(code.to_string());
        }
    }
    Condition::any()
        .add(rule::Column::Region.is_in(above))
        .add(in_regions(rule::Column::Region, regions))
}

/// Of the rules in force, the one for a village: the one of the smallest place around it.
fn of_village<'a>(
    rules: &'a [rule::Model],
    program: &str,
    regime: &str,
    village: &RegionCode,
) -> Option<&'a rule::Model> {
    let fits = |row: &&rule::Model| {
        row.program == program
            && row.regime == regime
            && row
                .region
                .parse::<RegionCode>()
                .is_ok_and(|code| code.covers(village))
    };
    rules.iter().filter(fits).max_by_key(|row| row.region.len())
}

impl Acting {
    /// The rules that count where this person works, and their versions, in short; the newest of each first.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn rules(
        &self,
        state: Option<RuleState>,
        after: Option<&str>,
    ) -> Result<Page<RuleHead>> {
        self.actor.require(Permission::ReadOverview)?;
        let mine = self.actor.regions(Permission::ReadOverview);
        let mut query = rule::Entity::find()
            .filter(about(&mine))
            .order_by_desc(rule::Column::Id)
            .limit(MOST + 1);
        if let Some(state) = state {
            query = query.filter(rule::Column::State.eq(state.to_string()));
        }
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(rule::Column::Id.lt(after));
        }
        let mut rows = query.all(self.store.read()).await?;
        let more = rows.len() as u64 > MOST;
        rows.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let items = rows.into_iter().map(head).collect::<Result<_>>()?;
        Ok(Page { items, next })
    }

    /// What a version says, in full.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn rule(&self, id: RuleId) -> Result<RuleView> {
        self.actor.require(Permission::ReadOverview)?;
        let mine = self.actor.regions(Permission::ReadOverview);
        let row = rule::Entity::find_by_id(Uuid::from(id))
            .filter(about(&mine))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut views = self.rule_views(vec![row]).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    async fn rule_views(&self, rows: Vec<rule::Model>) -> Result<Vec<RuleView>> {
        let people = rows
            .iter()
            .flat_map(|row| [row.made_by, row.submitted_by, row.decided_by]);
        let names = self.store.names_of(people.flatten().collect()).await?;
        let forms = forms()?;
        rows.into_iter()
            .map(|row| view(row, &names, &forms))
            .collect()
    }

    async fn rule_view(&self, id: RuleId) -> Result<RuleView> {
        let row = rule::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut views = self.rule_views(vec![row]).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    /// As what this person does `permission` to a rule of this place; who may only read it is forbidden.
    fn acts_on_rules(&self, permission: Permission, region: &RegionCode) -> Result<Role> {
        if let Some(role) = self.actor.role_in(permission, region) {
            return Ok(role);
        }
        let mine = self.actor.regions(Permission::ReadOverview);
        let sees = |code: &RegionCode| code.covers(region) || region.covers(code);
        Err(if mine.iter().any(sees) {
            Error::Refused(ProblemCode::Forbidden)
        } else {
            Error::NOT_FOUND
        })
    }

    /// A new version, as a draft.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`.
    pub async fn draft_rule(&self, body: DraftRule) -> Result<RuleView> {
        let role = self.acts_on_rules(Permission::Import, &body.region)?;
        if !REGIMES.contains(&body.regime.as_str()) {
            return Err(Error::field("regime", "unknown", "Pilih dtsen atau dtks."));
        }
        in_order(&body.body)?;
        let mut write = self.begin().await?;
        write.acts_in(body.region.clone());
        let object = format!("program:{}", body.program);
        if write
            .once(body.event_id, "rule.draft", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.drafted_by(body.event_id).await;
        }
        is_known(&write, &body.region).await?;
        let made = self.draft(
            &write,
            &body.program,
            &body.regime,
            &body.region,
            &body.body,
        );
        let made = made.await?.ok_or_else(|| {
            Error::field("program", "unknown", "Pilih program yang ada di daftar.")
        })?;
        let id = RuleId(made.id);
        write.journal(Entry::new(
            "rule.draft",
            format!("rule:{id}"),
            role,
            Some(body.event_id),
            &serde_json::json!({ "program": body.program, "regime": body.regime,
                "region": body.region, "number": made.number, "body": body.body }),
        )?);
        write.commit().await?;
        self.rule_view(id).await
    }

    /// The draft that an event made.
    async fn drafted_by(&self, event: EventId) -> Result<RuleView> {
        use super::tables::journal;
        let row = journal::Entity::find()
            .filter(journal::Column::EventId.eq(Uuid::from(event)))
            .filter(journal::Column::Action.eq("rule.draft"))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let id = row.object.strip_prefix("rule:").unwrap_or_default();
        self.rule_view(id.parse().map_err(Error::internal)?).await
    }

    /// Writes the next version; none when there is no such program.
    async fn draft(
        &self,
        write: &Write,
        program: &str,
        regime: &str,
        region: &RegionCode,
        body: &RuleBody,
    ) -> Result<Option<rule::Model>> {
        // Locked, so that two drafts at once are two numbers.
        let known = program::Entity::find_by_id(program)
            .lock_exclusive()
            .one(write.on())
            .await?;
        if known.is_none() {
            return Ok(None);
        }
        let last: Option<i32> = rule::Entity::find()
            .select_only()
            .column(rule::Column::Number)
            .filter(rule::Column::Program.eq(program))
            .filter(rule::Column::Regime.eq(regime))
            .filter(rule::Column::Region.eq(region.as_str()))
            .order_by_desc(rule::Column::Number)
            .limit(1)
            .into_tuple()
            .one(write.on())
            .await?;
        let id: RuleId = write.store().ids().next();
        let row = rule::Model {
            id: id.into(),
            version: 1,
            program: program.to_owned(),
            regime: regime.to_owned(),
            region: region.to_string(),
            number: last.unwrap_or_default() + 1,
            state: RuleState::Draft.to_string(),
            body: serde_json::to_string(body).map_err(Error::internal)?,
            foretold: None,
            made_by: self.actor.user().map(Into::into),
            made_at: write.at().as_micros(),
            submitted_by: None,
            submitted_at: None,
            decided_by: None,
            decided_at: None,
            refusal: None,
            superseded_at: None,
        };
        rule::Entity::insert(row.clone().into_active_model().reset_all())
            .exec_without_returning(write.on())
            .await?;
        Ok(Some(row))
    }

    /// Drafts of what Tilik ships, for each program that is known and has no rule here yet. The gate is the one of the
    /// program's own line, where it has one.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn ship_rules(&self, body: ShipRules) -> Result<ShippedRules> {
        let role = self.acts_on_rules(Permission::Import, &body.region)?;
        let file = shipped()?;
        let mut write = self.begin().await?;
        write.acts_in(body.region.clone());
        let object = format!("region:{}", body.region);
        let seen = write
            .once(body.event_id, "rule.ship", &object, &body)
            .await?;
        let mut drafts = Vec::new();
        if seen == Seen::Before {
            return Ok(ShippedRules { drafts });
        }
        is_known(&write, &body.region).await?;
        for one in &file.rules {
            let known = program::Entity::find_by_id(&one.program)
                .one(write.on())
                .await?;
            let there = rule::Entity::find()
                .filter(rule::Column::Program.eq(&one.program))
                .filter(rule::Column::Regime.eq(&one.regime))
                .filter(rule::Column::Region.eq(body.region.as_str()))
                .one(write.on())
                .await?;
            let (Some(known), None) = (known, there) else {
                continue;
            };
            let mut says = file.body(one);
            if let (Some(gate), Some(max)) = (&mut says.decile, known.decile_max) {
                gate.max = u8::try_from(max).ok();
            }
            let made = self.draft(&write, &one.program, &one.regime, &body.region, &says);
            if let Some(made) = made.await? {
                write.journal(Entry::new(
                    "rule.draft",
                    format!("rule:{}", RuleId(made.id)),
                    role,
                    Some(body.event_id),
                    &serde_json::json!({ "program": one.program, "regime": one.regime,
                        "region": body.region, "number": made.number, "shipped": true, "body": says }),
                )?);
                drafts.push(RuleId(made.id));
            }
        }
        write.commit().await?;
        Ok(ShippedRules { drafts })
    }

    /// A rule, locked, for an act of this person; `None` when the very act was done before.
    async fn acting_on_rule(
        &self,
        write: &mut Write,
        id: RuleId,
        permission: Permission,
        (event, action, seen): (EventId, &'static str, i32),
        body: &impl serde::Serialize,
    ) -> Result<Option<(rule::Model, Role)>> {
        let row = rule::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_of(&row)?;
        let role = self.acts_on_rules(permission, &region)?;
        write.acts_in(region);
        let object = format!("rule:{id}");
        if write.once(event, action, &object, body).await? == Seen::Before {
            return Ok(None);
        }
        if row.version != seen {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        Ok(Some((row, role)))
    }

    /// Other words for a draft.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `stale`, `wrong_moment`.
    pub async fn change_rule(&self, id: RuleId, body: ChangeRule) -> Result<RuleView> {
        in_order(&body.body)?;
        let mut write = self.begin().await?;
        let act = (body.event_id, "rule.change", body.seen_version);
        let found = self.acting_on_rule(&mut write, id, Permission::Import, act, &body);
        if let Some((mut row, role)) = found.await? {
            row.state = next_state(&row, RuleAct::Change)?;
            row.body = serde_json::to_string(&body.body).map_err(Error::internal)?;
            row.made_by = self.actor.user().map(Into::into);
            row.made_at = write.at().as_micros();
            row.foretold = None;
            save(&write, row).await?;
            write.journal(Entry::new(
                "rule.change",
                format!("rule:{id}"),
                role,
                Some(body.event_id),
                &serde_json::json!({ "body": body.body }),
            )?);
            write.commit().await?;
        }
        self.rule_view(id).await
    }

    /// Sends a draft to an approver, with what it would change now.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `stale`, `wrong_moment`.
    pub async fn submit_rule(&self, id: RuleId, body: ActOnRule) -> Result<RuleView> {
        let row = rule::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        self.acts_on_rules(Permission::Import, &region_of(&row)?)?;
        in_order(&body_of(&row)?)?;
        // Counted before anything is locked: a large city takes seconds.
        let foretold = if state_of(&row)? == RuleState::Draft && row.version == body.seen_version {
            Some(self.counted(&row).await?.foretold)
        } else {
            None
        };
        let mut write = self.begin().await?;
        let act = (body.event_id, "rule.submit", body.seen_version);
        let found = self.acting_on_rule(&mut write, id, Permission::Import, act, &body);
        if let Some((mut row, role)) = found.await? {
            row.state = next_state(&row, RuleAct::Submit)?;
            let waits = rule::Entity::find()
                .filter(rule::Column::Program.eq(&row.program))
                .filter(rule::Column::Regime.eq(&row.regime))
                .filter(rule::Column::Region.eq(&row.region))
                .filter(rule::Column::State.eq(RuleState::Waiting.to_string()))
                .one(write.on())
                .await?;
            if waits.is_some() {
                return Err(Error::field(
                    "program",
                    "waiting_already",
                    "Aturan lain program ini masih menunggu pengesahan; tarik dulu yang itu.",
                ));
            }
            row.foretold = foretold
                .map(|told| serde_json::to_string(&told).map_err(Error::internal))
                .transpose()?;
            row.submitted_by = self.actor.user().map(Into::into);
            row.submitted_at = Some(write.at().as_micros());
            save(&write, row).await?;
            write.journal(Entry::new(
                "rule.submit",
                format!("rule:{id}"),
                role,
                Some(body.event_id),
                &serde_json::json!({ "foretold": foretold }),
            )?);
            write.commit().await?;
        }
        self.rule_view(id).await
    }

    /// Takes a rule back from the approver.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `stale`, `wrong_moment`.
    pub async fn withdraw_rule(&self, id: RuleId, body: ActOnRule) -> Result<RuleView> {
        let mut write = self.begin().await?;
        let act = (body.event_id, "rule.withdraw", body.seen_version);
        let found = self.acting_on_rule(&mut write, id, Permission::Import, act, &body);
        if let Some((mut row, role)) = found.await? {
            row.state = next_state(&row, RuleAct::Withdraw)?;
            row.submitted_by = None;
            row.submitted_at = None;
            row.foretold = None;
            save(&write, row).await?;
            write.journal(Entry::new(
                "rule.withdraw",
                format!("rule:{id}"),
                role,
                Some(body.event_id),
                &serde_json::json!({}),
            )?);
            write.commit().await?;
        }
        self.rule_view(id).await
    }

    /// Puts a rule in force: the one before it is superseded, and every family it is about is looked at anew by workers.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `separation_of_duty`, `stale`, `wrong_moment`.
    pub async fn confirm_rule(&self, id: RuleId, body: ActOnRule) -> Result<RuleView> {
        let mut write = self.begin().await?;
        let act = (body.event_id, "rule.confirm", body.seen_version);
        let found = self.acting_on_rule(&mut write, id, Permission::ConfirmImports, act, &body);
        if let Some((mut row, role)) = found.await? {
            self.refuse_own_matter(write.on(), &[row.made_by, row.submitted_by])
                .await?;
            row.state = next_state(&row, RuleAct::Confirm)?;
            let before = rule::Entity::find()
                .filter(rule::Column::Program.eq(&row.program))
                .filter(rule::Column::Regime.eq(&row.regime))
                .filter(rule::Column::Region.eq(&row.region))
                .filter(rule::Column::State.eq(RuleState::InForce.to_string()))
                .lock_exclusive()
                .one(write.on())
                .await?;
            let before_id = before.as_ref().map(|row| RuleId(row.id));
            if let Some(mut before) = before {
                before.state = next_state(&before, RuleAct::Supersede)?;
                before.superseded_at = Some(write.at().as_micros());
                save(&write, before).await?;
            }
            row.decided_by = self.actor.user().map(Into::into);
            row.decided_at = Some(write.at().as_micros());
            let told = serde_json::json!({ "program": row.program, "regime": row.regime,
                "region": row.region, "number": row.number, "made_by": row.made_by.map(UserId),
                "submitted_by": row.submitted_by.map(UserId), "before": before_id });
            let place = region_of(&row)?;
            save(&write, row).await?;
            write.journal(Entry::new(
                "rule.confirm",
                format!("rule:{id}"),
                role,
                Some(body.event_id),
                &told,
            )?);
            let villages: Vec<String> = region::Entity::find()
                .select_only()
                .column(region::Column::Code)
                .filter(in_regions(
                    region::Column::Code,
                    std::slice::from_ref(&place),
                ))
                .order_by_asc(region::Column::Code)
                .into_tuple()
                .all(write.on())
                .await?;
            villages_changed(&write, villages).await?;
            write.commit().await?;
        }
        self.rule_view(id).await
    }

    /// Refuses a rule that waits.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, `separation_of_duty`, `stale`, `wrong_moment`.
    pub async fn refuse_rule(&self, id: RuleId, body: RefuseRule) -> Result<RuleView> {
        if !reason::is_listed(&body.reason, RULE_REFUSALS) {
            return Err(Error::field("reason", "unknown", "Pilih alasan penolakan."));
        }
        let mut write = self.begin().await?;
        let act = (body.event_id, "rule.refuse", body.seen_version);
        let found = self.acting_on_rule(&mut write, id, Permission::ConfirmImports, act, &body);
        if let Some((mut row, role)) = found.await? {
            self.refuse_own_matter(write.on(), &[row.made_by, row.submitted_by])
                .await?;
            row.state = next_state(&row, RuleAct::Refuse)?;
            row.decided_by = self.actor.user().map(Into::into);
            row.decided_at = Some(write.at().as_micros());
            row.refusal = Some(body.reason.to_string());
            save(&write, row).await?;
            write.journal(Entry::new(
                "rule.refuse",
                format!("rule:{id}"),
                role,
                Some(body.event_id),
                &serde_json::json!({ "reason": body.reason }),
            )?);
            write.commit().await?;
        }
        self.rule_view(id).await
    }
}

fn next_state(row: &rule::Model, act: RuleAct) -> Result<String> {
    let next = state_of(row)?.after(act).ok_or(Error::WRONG_MOMENT)?;
    Ok(next.to_string())
}

async fn save(write: &Write, mut row: rule::Model) -> Result<()> {
    row.version += 1;
    let id = row.id;
    let mut active = row.into_active_model().reset_all();
    active.id = Set(id);
    active.update(write.on()).await?;
    Ok(())
}

async fn is_known(write: &Write, code: &RegionCode) -> Result<()> {
    let known = region::Entity::find_by_id(code.to_string())
        .one(write.on())
        .await?;
    known
        .map(|_| ())
        .ok_or_else(|| Error::field("region", "unknown", "Pilih wilayah yang ada di daftar."))
}

/// Refuses what is no rule, each problem with its field's name.
fn in_order(body: &RuleBody) -> Result<()> {
    let mut problems = body.problems(&forms()?);
    if problems.is_empty() {
        return Ok(());
    }
    for one in &mut problems {
        one.field.insert_str(0, "body.");
    }
    Err(Error::Invalid(problems))
}

fn head(row: rule::Model) -> Result<RuleHead> {
    let body = body_of(&row)?;
    Ok(RuleHead {
        id: RuleId(row.id),
        version: row.version,
        region: region_of(&row)?,
        program: row.program,
        regime: row.regime,
        number: row.number.unsigned_abs(),
        state: Lenient::read(&row.state),
        words: body.head_words(),
        exclusions: u32::try_from(body.exclusions.len()).unwrap_or(u32::MAX),
        title: body.title,
        source: body.source,
        made_at: Timestamp::from_micros(row.made_at),
        submitted_at: row.submitted_at.map(Timestamp::from_micros),
        decided_at: row.decided_at.map(Timestamp::from_micros),
        superseded_at: row.superseded_at.map(Timestamp::from_micros),
    })
}

fn view(row: rule::Model, names: &HashMap<Uuid, String>, forms: &[Form]) -> Result<RuleView> {
    let body = body_of(&row)?;
    let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
    let foretold: Option<RuleForetold> = row
        .foretold
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(Error::internal)?;
    Ok(RuleView {
        id: RuleId(row.id),
        version: row.version,
        program: row.program,
        regime: row.regime,
        region: row.region.parse().map_err(Error::internal)?,
        number: row.number.unsigned_abs(),
        state: Lenient::read(&row.state),
        words: body.words(),
        problems: body.problems(forms),
        body,
        made_by_name: name(row.made_by),
        made_at: Timestamp::from_micros(row.made_at),
        submitted_by: row.submitted_by.map(UserId),
        submitted_by_name: name(row.submitted_by),
        submitted_at: row.submitted_at.map(Timestamp::from_micros),
        foretold,
        decided_by_name: name(row.decided_by),
        decided_at: row.decided_at.map(Timestamp::from_micros),
        refusal: row.refusal.and_then(|code| code.parse::<ReasonCode>().ok()),
        superseded_at: row.superseded_at.map(Timestamp::from_micros),
    })
}
