//! What closes soon and is not done: proposals that are not handed in, families that nobody has visited, deliberations that
//! were not held. Said three days before, and until it has closed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::proposal::ProposalKind;
use tilik_protocol::region::RegionCode;
use tilik_protocol::tasks::Closing;
use tilik_protocol::time::Timestamp;
use tilik_protocol::window::{Calendar, Regime, Standing, Window, WindowAct, month_of};

use crate::error::{Error, Result};
use crate::store::overview::Values;
use crate::store::tables::deliberation;
use crate::store::{Acting, in_regions, windows};

/// So long before its end a window is spoken of, in seconds.
const AHEAD_S: i64 = 3 * 86_400;
/// No period is longer, in seconds.
const QUARTER_S: i64 = 93 * 86_400;

#[derive(FromQueryResult)]
struct Unsent {
    kind: String,
    program: String,
    regime: Option<String>,
    waiting: i64,
}

#[derive(FromQueryResult)]
struct Unvisited {
    closes_at: i64,
    waiting: i64,
}

#[derive(FromQueryResult)]
struct Undiscussed {
    region: String,
    regime: Option<String>,
    waiting: i64,
}

impl Acting {
    pub(super) async fn closing(&self, now: Timestamp) -> Result<Vec<Closing>> {
        let mut closing = self.closing_proposals(now).await?;
        closing.extend(self.closing_cases(now).await?);
        closing.extend(self.closing_deliberations(now).await?);
        closing.sort_by_key(|one| one.closes_at);
        Ok(closing)
    }

    async fn closing_proposals(&self, now: Timestamp) -> Result<Vec<Closing>> {
        let mine = self.actor.regions(Permission::Propose);
        if mine.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = Values::default();
        let place = values.regions("t.region", &mine);
        let sql = format!(
            "SELECT t.kind AS kind, t.program AS program, f.regime AS regime, COUNT(*) AS waiting \
             FROM proposal t LEFT JOIN family f ON f.id = t.family_id \
             WHERE t.state IN ('draft', 'returned') AND {place} \
             GROUP BY t.kind, t.program, f.regime"
        );
        let on = self.store.read();
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, values.0);
        let unsent = Unsent::find_by_statement(statement).all(on).await?;
        let offset = self.own_offset_min();
        // Two registries may close at different times.
        let mut found: BTreeMap<(Timestamp, String, String), Closing> = BTreeMap::new();
        for row in unsent {
            let Ok(kind) = row.kind.parse::<ProposalKind>() else {
                continue;
            };
            let regime = row
                .regime
                .as_deref()
                .map_or(Regime::Dtsen, Regime::of_family);
            let Some(days) = windows::in_force(on, kind.into(), &row.program, regime).await? else {
                continue;
            };
            let Some(Standing::Open { period, closes_at }) = days.standing(offset, now) else {
                continue;
            };
            if closes_at > now.plus_s(AHEAD_S) {
                continue;
            }
            let key = (closes_at, row.kind.clone(), row.program.clone());
            let entry = found.entry(key).or_insert_with(|| Closing {
                act: WindowAct::from(kind).into(),
                program: row.program,
                period,
                closes_at,
                waiting: 0,
            });
            entry.waiting += row.waiting.unsigned_abs();
        }
        Ok(found.into_values().collect())
    }

    /// Cases that are late soon.
    async fn closing_cases(&self, now: Timestamp) -> Result<Vec<Closing>> {
        let mine = self.actor.regions(Permission::AssignCases);
        if mine.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = Values::default();
        let place = values.regions("region", &mine);
        let (from, until) = (
            values.put(now.as_micros()),
            values.put(now.plus_s(AHEAD_S).as_micros()),
        );
        let sql = format!(
            "SELECT COALESCE(closes_at, due_at) AS closes_at, COUNT(*) AS waiting FROM verification_case \
             WHERE state IN ('open', 'assigned', 'returned') AND COALESCE(closes_at, due_at) > {from} \
             AND COALESCE(closes_at, due_at) <= {until} AND {place} GROUP BY COALESCE(closes_at, due_at)"
        );
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, values.0);
        let rows = Unvisited::find_by_statement(statement)
            .all(self.store.read())
            .await?;
        let offset = self.own_offset_min();
        let rows = rows.into_iter().map(|row| {
            let closes_at = Timestamp::from_micros(row.closes_at);
            Closing {
                act: Lenient::from(WindowAct::Verification),
                program: String::new(),
                // Of its last moment.
                period: month_of(offset, closes_at.plus_s(-1)),
                closes_at,
                waiting: row.waiting.unsigned_abs(),
            }
        });
        Ok(rows.collect())
    }

    /// Matched proposals of villages that held no deliberation in the days of this period.
    async fn closing_deliberations(&self, now: Timestamp) -> Result<Vec<Closing>> {
        let mine = self.actor.regions(Permission::Propose);
        if mine.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = Values::default();
        let place = values.regions("t.region", &mine);
        let sql = format!(
            "SELECT t.region AS region, f.regime AS regime, COUNT(*) AS waiting \
             FROM proposal t LEFT JOIN family f ON f.id = t.family_id \
             WHERE t.state = 'checked' AND {place} GROUP BY t.region, f.regime"
        );
        let on = self.store.read();
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, values.0);
        let rows = Undiscussed::find_by_statement(statement).all(on).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let since = now.plus_s(-QUARTER_S).to_string();
        let held: Vec<(String, String)> = deliberation::Entity::find()
            .select_only()
            .columns([deliberation::Column::Region, deliberation::Column::HeldOn])
            .filter(in_regions(deliberation::Column::Region, &mine))
            .filter(deliberation::Column::HeldOn.gte(&since[..10]))
            .into_tuple()
            .all(on)
            .await?;
        let mut calendars = BTreeMap::new();
        let mut found: BTreeMap<Timestamp, Closing> = BTreeMap::new();
        for row in rows {
            let regime = row.regime.as_deref();
            let regime = regime.map_or(Regime::Dtsen, Regime::of_family);
            let days: &Option<Calendar> = match calendars.entry(regime) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(windows::in_force(on, WindowAct::Deliberation, "", regime).await?)
                }
            };
            let Some(days) = days else {
                continue;
            };
            let village: RegionCode = row.region.parse().map_err(Error::internal)?;
            let offset = village.utc_offset_min();
            let Some(Standing::Open { period, closes_at }) = days.standing(offset, now) else {
                continue;
            };
            if closes_at > now.plus_s(AHEAD_S) || is_one_of(&held, &village, &days.window, &period)
            {
                continue;
            }
            let entry = found.entry(closes_at).or_insert_with(|| Closing {
                act: Lenient::from(WindowAct::Deliberation),
                program: String::new(),
                period,
                closes_at,
                waiting: 0,
            });
            entry.waiting += row.waiting.unsigned_abs();
        }
        Ok(found.into_values().collect())
    }
}

/// Whether one of these days, as a village writes them, is of this period's window.
fn is_one_of(held: &[(String, String)], village: &RegionCode, days: &Window, period: &str) -> bool {
    let offset = village.utc_offset_min();
    let theirs = held.iter().filter(|(of, _)| of == village.as_str());
    let mut moments = theirs.filter_map(|(_, day)| {
        let noon = day.parse::<NaiveDate>().ok()?.and_hms_opt(12, 0, 0)?;
        let noon = Timestamp::from_micros(noon.and_utc().timestamp_micros());
        Some(noon.plus_s(-offset * 60))
    });
    moments.any(|noon| {
        let stood = days.standing(offset, noon);
        matches!(stood, Some(Standing::Open { period: of, .. }) if of == period)
    })
}
