//! Health insurance (JKN): what BPJS says of persons comes in signed or from a file, each line once, and of a person the
//! word of the latest day stands. No membership changes by it: what follows is work for people (`super::proposals`).

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::health::{
    FamilyHealth, HealthStatus, PBI, PersonHealth, Reactivation, StatementState, StatementView,
    reactivation, update_until,
};
use tilik_protocol::ids::{FamilyId, HealthId, PersonId, ProposalId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::nik::Day;
use tilik_protocol::policy::Permission;
use tilik_protocol::proposal::{ProposalKind, ProposalState};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::case_view::masked;
use super::cursor::{Place, cut};
use super::families::region_code;
use super::imports::day_of;
use super::tables::{health_statement, membership, person, proposal};
use super::write::Write;
use super::{Acting, Store, in_regions};
use crate::error::{Error, Result};

mod intake;
mod judging;

pub(super) use intake::{Line, Outcome, Source, take};

/// States of a place for whose holder BPJS should pay: who only waits for one is not insured by it yet.
const HOLDING: [&str; 2] = ["active", "suspended"];

/// Which statements a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthPart {
    /// About nobody here, or about somebody in doubt.
    Unknown,
    /// What is left to do about people who are known.
    Open,
    /// All that came.
    All,
}

/// What is sealed of a statement.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sealed {
    nik: String,
    #[serde(default)]
    name: Option<String>,
}

fn opened(store: &Store, row: &health_statement::Model) -> Result<Sealed> {
    let plain = store
        .keys()
        .decrypt_field("health_statement", "body", row.id, &row.body_enc);
    serde_json::from_str(&plain.map_err(Error::internal)?).map_err(Error::internal)
}

/// What is so of a person's insurance.
pub(super) async fn current_of(
    on: &impl ConnectionTrait,
    person: Uuid,
) -> Result<Option<health_statement::Model>> {
    Ok(health_statement::Entity::find()
        .filter(health_statement::Column::PersonId.eq(person))
        .filter(health_statement::Column::State.eq(StatementState::Current.to_string()))
        .one(on)
        .await?)
}

/// Whether a person of whom this is so can be brought back.
pub(super) fn may_come_back(row: Option<&health_statement::Model>, today: Day) -> Reactivation {
    let known = row.and_then(|row| {
        let status: HealthStatus = row.status.parse().ok()?;
        Some((status, row.since.as_deref().and_then(Day::read)))
    });
    reactivation(known, today)
}

/// What is known of these goes along to the village where they live now.
pub(super) async fn follow(write: &Write, members: &[Uuid], to: &RegionCode) -> Result<()> {
    // Else what is being taken in of them would stay in the village that they leave.
    intake::one_at_a_time(write).await?;
    health_statement::Entity::update_many()
        .col_expr(
            health_statement::Column::Region,
            Expr::value(to.to_string()),
        )
        .filter(health_statement::Column::PersonId.is_in(members.iter().copied()))
        .exec(write.on())
        .await?;
    Ok(())
}

/// Two rows were one person: what BPJS said of either is known of who stays, and of two that stand that of the later day.
pub(super) async fn made_one(write: &Write, gone: Uuid, stays: Uuid) -> Result<()> {
    intake::one_at_a_time(write).await?;
    let theirs = current_of(write.on(), gone).await?;
    let own = current_of(write.on(), stays).await?;
    if let (Some(theirs), Some(own)) = (theirs, own) {
        // Days are kept so that they compare as text.
        let earlier = if theirs.as_of > own.as_of {
            own
        } else {
            theirs
        };
        intake::set_past(write, &mut [], &[earlier.id]).await?;
    }
    health_statement::Entity::update_many()
        .col_expr(health_statement::Column::PersonId, Expr::value(stays))
        .filter(health_statement::Column::PersonId.eq(gone))
        .exec(write.on())
        .await?;
    Ok(())
}

impl Acting {
    /// What is known of the health insurance of a family's living, with its day and source. Logged as a read.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn family_health(&self, id: FamilyId) -> Result<FamilyHealth> {
        let (row, region) = self.family_in_reach(id).await?;
        let read = self.family_read(row.id, &region, "health")?;
        let on = self.store.read();
        let members = person::Entity::find()
            .filter(person::Column::FamilyId.eq(row.id))
            .filter(person::Column::MergedInto.is_null())
            .filter(person::Column::Alive.eq(true))
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?;
        let ids: Vec<Uuid> = members.iter().map(|one| one.id).collect();
        let mut known: HashMap<Uuid, health_statement::Model> = health_statement::Entity::find()
            .filter(health_statement::Column::PersonId.is_in(ids.iter().copied()))
            .filter(health_statement::Column::State.eq(StatementState::Current.to_string()))
            .all(on)
            .await?
            .into_iter()
            .filter_map(|row| Some((row.person_id?, row)))
            .collect();
        let holders: Vec<Uuid> = membership::Entity::find()
            .filter(membership::Column::Program.eq(PBI))
            .filter(membership::Column::PersonId.is_in(ids.iter().copied()))
            .filter(membership::Column::State.is_in(HOLDING))
            .all(on)
            .await?
            .into_iter()
            .filter_map(|row| row.person_id)
            .collect();
        let proposals = proposal::Entity::find()
            .filter(proposal::Column::Kind.eq(ProposalKind::PbiReactivation.to_string()))
            .filter(proposal::Column::PersonId.is_in(ids.iter().copied()))
            .order_by_asc(proposal::Column::CreatedAt)
            .order_by_asc(proposal::Column::Id)
            .all(on)
            .await?;
        let today = day_of(&region, self.store.now())
            .ok_or_else(|| Error::internal("a day before the calendar"))?;
        let text = |day: Day| day.to_string();
        let mut persons = Vec::with_capacity(members.len());
        for member in members {
            let said = known.remove(&member.id);
            let of_them = || {
                let mine = proposals.iter().rev();
                mine.filter(|one| one.person_id == Some(member.id))
            };
            let on_its_way = of_them().find(|one| {
                let state = one.state.parse::<ProposalState>();
                state.is_ok_and(|state| !state.is_over())
            });
            let accepted = of_them().find(|one| one.state == ProposalState::Accepted.to_string());
            let stands = may_come_back(said.as_ref(), today);
            let (open, until) = match stands {
                Reactivation::Open(until) => (true, until),
                Reactivation::TooLate(until) => (false, Some(until)),
                // Of whom BPJS said nothing it can still be proposed by hand; it is not offered.
                Reactivation::StillActive | Reactivation::NoStatus => (false, None),
            };
            let updated = accepted.filter(|one| row.recorded_at <= one.since);
            let update = updated.and_then(|one| {
                let day = day_of(&region, Timestamp::from_micros(one.since))?;
                Some(update_until(day).to_string())
            });
            persons.push(PersonHealth {
                person: PersonId(member.id),
                holds_pbi: holders.contains(&member.id),
                name: member.name,
                may_reactivate: open && on_its_way.is_none(),
                reactivate_until: until.map(text),
                proposal: on_its_way.map(|one| ProposalId(one.id)),
                update_until: update,
                status: said.as_ref().map(|said| Lenient::read(&said.status)),
                segment: said
                    .as_ref()
                    .and_then(|said| said.segment.as_deref().map(Lenient::read)),
                since: said.as_ref().and_then(|said| said.since.clone()),
                as_of: said.as_ref().map(|said| said.as_of.clone()),
                received_at: said
                    .as_ref()
                    .map(|said| Timestamp::from_micros(said.received_at)),
                source: said.map(|said| said.feed),
            });
        }
        self.note_reads([read]).await?;
        Ok(FamilyHealth { persons })
    }

    /// What BPJS said, in reach: what waits oldest first, all newest first. Names are told, so they are logged.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn health_statements(
        &self,
        part: HealthPart,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<StatementView>> {
        use health_statement::Column as C;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = health_statement::Entity::find().filter(in_regions(C::Region, &mine));
        query = match part {
            HealthPart::Unknown => query.filter(C::State.is_in([
                StatementState::Unmatched.to_string(),
                StatementState::ToJudge.to_string(),
            ])),
            HealthPart::Open => query
                .filter(C::State.eq(StatementState::Current.to_string()))
                .filter(C::Why.is_not_null())
                .filter(Expr::cust(not_taken_up("health_statement"))),
            HealthPart::All => query,
        };
        let waits = part != HealthPart::All;
        let by = if waits { C::WaitsSince } else { C::ReceivedAt };
        if let Some(after) = after {
            let place = Place::read(after)?;
            query = query.filter(if waits {
                place.after(by, C::Id)
            } else {
                place.before(by, C::Id)
            });
        }
        let query = if waits {
            query.order_by_asc(by).order_by_asc(C::Id)
        } else {
            query.order_by_desc(by).order_by_desc(C::Id)
        };
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let next = cut(&mut rows, limit, |row| {
            let at = if waits {
                row.waits_since
            } else {
                row.received_at
            };
            Place::of(at, row.id)
        });
        Ok(Page {
            items: self.statement_views(rows).await?,
            next,
        })
    }

    async fn statement_views(
        &self,
        rows: Vec<health_statement::Model>,
    ) -> Result<Vec<StatementView>> {
        let people = rows.iter().filter_map(|row| row.settled_by).collect();
        let names = self.store.names_of(people).await?;
        let persons: HashMap<Uuid, person::Model> = person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().filter_map(|row| row.person_id)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let (mut views, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let sealed = opened(&self.store, &row)?;
            let region = region_code(&row.region)?;
            let who = row.person_id.and_then(|id| persons.get(&id));
            reads.push(Read {
                kind: if who.is_some() {
                    "family"
                } else {
                    "health_statement"
                },
                id: who.map_or(row.id, |who| who.family_id),
                what: "health",
                mode: Mode::Seen,
                role: self.reading_in(&region)?,
                purpose: None,
            });
            views.push(StatementView {
                id: HealthId(row.id),
                version: row.version,
                state: Lenient::read(&row.state),
                why: row.why.as_deref().map(Lenient::read),
                nik: masked(&sealed.nik),
                name: who.map(|who| who.name.clone()).or(sealed.name),
                person: row.person_id.map(PersonId),
                family: who.map(|who| FamilyId(who.family_id)),
                region,
                status: Lenient::read(&row.status),
                segment: row.segment.as_deref().map(Lenient::read),
                since: row.since,
                as_of: row.as_of,
                source: row.feed,
                received_at: Timestamp::from_micros(row.received_at),
                reactivate_until: row.due_on,
                settled_by_name: row.settled_by.and_then(|id| names.get(&id).cloned()),
                settled_at: row.settled_at.map(Timestamp::from_micros),
            });
        }
        self.note_reads(reads).await?;
        Ok(views)
    }
}

/// Of the statement `of` in a query: its person lives and is nobody else by now, and nobody has proposed anything about them that is still on
/// its way, or was agreed to since.
pub(super) fn not_taken_up(of: &str) -> String {
    let kinds = [ProposalKind::PbiReactivation, ProposalKind::Removal]
        .map(|kind| format!("'{kind}'"))
        .join(", ");
    // A draft is nobody's word yet.
    let ended = [
        ProposalState::Draft,
        ProposalState::Rejected,
        ProposalState::Withdrawn,
    ]
    .map(|state| format!("'{state}'"))
    .join(", ");
    let accepted = ProposalState::Accepted;
    format!(
        "EXISTS (SELECT 1 FROM person q WHERE q.id = {of}.person_id \
         AND q.alive AND q.merged_into IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM proposal p WHERE p.person_id = {of}.person_id \
         AND p.program = '{PBI}' AND p.kind IN ({kinds}) AND p.state NOT IN ({ended}) \
         AND (p.state <> '{accepted}' OR p.since > {of}.waits_since))"
    )
}
