//! Contact sheets: up to twelve houses that nothing speaks against, held by one reviewer together.
//!
//! A sheet is its name on the leases of its cases, with how many were handed out together, and nothing else is kept of it: a
//! reviewer has one, and asking again gives it a new name. What may be on it is asked when it is handed out and again when a house is accepted, since a flag
//! may come in between. Its leases are counted apart from those of the review: neither makes room for more of the other.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Value,
};
use tilik_protocol::contact_sheet::{
    ContactSheet, MOST_ON_SHEET, OnSheet, SheetCase, SheetHouse, SheetLease, TakeOut, TakeSheet,
    TakenOut, speaks_for,
};
use tilik_protocol::duty;
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{CaseId, SheetId, UserId};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{CaseView, MOST_SKIPPED};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::case_view::shipped_form;
use super::cases::{Case, live_lease, locked, region_of};
use super::journal::Entry;
use super::review::{LEASE_S, NOT_INVOLVED, places_of};
use super::tables::{family, user_account, verification_case, visit};
use super::write::Seen;
use super::{Acting, Write, rules};
use crate::error::{Error, Result};

/// Waiting cases that one sheet is looked for among, the oldest: a queue of millions must not be walked for it.
const MOST_WALKED: u32 = 5_000;
/// Longest that houses are held for one sheet, in seconds: then they go back to the queue.
const MOST_HELD_S: i64 = 2 * 3_600;
/// Of these, those whose answers are opened.
const MOST_OPENED: u32 = 240;
/// Opened at once.
const OPENED_AT_ONCE: usize = 24;
/// A house was on the screen for no longer than the sheet is old. What is claimed beyond is cut; so much beyond is an error.
const MUCH_MS: u64 = 60_000;

/// Where the houses of a sheet come from.
#[derive(Clone, Copy)]
enum Among<'a> {
    /// What this reviewer's sheet holds already.
    Held,
    /// These, wherever this reviewer holds them.
    These(&'a [CaseId]),
    /// What nobody holds.
    Free,
}

/// A case that nothing in the database keeps from a sheet: its evidence is whole and can be shown, it is the only visit, no
/// flag was raised, and nobody has taken it out of a sheet. `c` is the case, `visit` the visit that is judged: where that
/// was joined by its own id, so that SQLite asks for the rest only of those that the join leaves.
fn fits(c: &str, visit: &str) -> String {
    format!(
        "{c}.state = 'submitted' AND {c}.complete_at IS NOT NULL \
         AND ({c}.off_sheet_visit IS NULL OR {c}.off_sheet_visit <> {c}.current_visit) \
         AND NOT EXISTS (SELECT 1 FROM visit w WHERE (w.filed_case_id = {c}.id OR w.case_id = {c}.id) \
         AND (w.id <> {visit} OR EXISTS (SELECT 1 FROM visit_flag f WHERE f.visit_id = w.id))) \
         AND EXISTS (SELECT 1 FROM visit_photo l JOIN photo p ON p.id = l.photo_id \
         WHERE l.visit_id = {visit} AND l.kind = 'house_front' AND p.state = 'ready') \
         AND NOT EXISTS (SELECT 1 FROM visit_photo l JOIN photo p ON p.id = l.photo_id \
         WHERE l.visit_id = {visit} AND p.state <> 'ready')"
    )
}

/// Who may have a case on a sheet that is taken now: `$1` the reviewer, `$2` now, `$3` the latest end that is no mistake.
fn open_to_me(among: Among<'_>) -> &'static str {
    match among {
        Among::Held => {
            "(c.lease_user = $1 AND c.lease_sheet IS NOT NULL AND c.lease_until > $2 AND c.lease_until <= $3)"
        }
        Among::These(_) => {
            "(c.lease_user = $1 OR c.lease_until IS NULL OR c.lease_until <= $2 OR c.lease_until > $3)"
        }
        Among::Free => "(c.lease_until IS NULL OR c.lease_until <= $2 OR c.lease_until > $3)",
    }
}

fn placed(values: &mut Vec<Value>, ids: impl IntoIterator<Item = Uuid>) -> String {
    let places: Vec<String> = ids
        .into_iter()
        .map(|id| {
            values.push(id.into());
            format!("${}", values.len())
        })
        .collect();
    places.join(", ")
}

impl Acting {
    /// The next sheet: what this reviewer's holds already, filled up with what has waited longest in reach. Whatever else a
    /// sheet of theirs held is given back.
    ///
    /// # Errors
    /// `forbidden`, `invalid` when too many are named.
    pub async fn take_sheet(&self, body: TakeSheet) -> Result<ContactSheet> {
        self.actor.require(Permission::ReviewCases)?;
        let me = self.actor.person_id()?;
        if body.again.len() > MOST_ON_SHEET {
            return Err(too_many("again"));
        }
        if body.skip.len() > MOST_SKIPPED {
            return Err(Error::field(
                "skip",
                "too_long",
                "Paling banyak 50 kasus yang dilewati; sebutkan 50 yang terakhir.",
            ));
        }
        let regions = self.review_regions(body.region.as_ref());
        let sheet: SheetId = self.store.ids().next();
        let mut taken: Vec<Uuid> = Vec::new();
        let sources: &[Among<'_>] = if body.again.is_empty() {
            &[Among::Held, Among::Free]
        } else {
            &[Among::These(&body.again)]
        };
        for among in sources {
            let mut rows = self.candidates(*among, me, &regions, &body.skip).await?;
            while taken.len() < MOST_ON_SHEET && !rows.is_empty() {
                let chosen = self
                    .chosen(&mut rows, MOST_ON_SHEET - taken.len(), me)
                    .await?;
                taken.extend(self.claim_for(*among, sheet, me, &chosen).await?);
            }
        }
        if taken.is_empty() {
            // Also what was held and may be on no sheet any more.
            self.claim_for(Among::Held, sheet, me, &[]).await?;
        } else {
            self.count_handed_out(sheet, me, taken.len()).await?;
        }
        self.shown_sheet(sheet, me).await
    }

    /// Keeps how many houses are handed out together: half a second for each is the least, however few are accepted.
    async fn count_handed_out(&self, sheet: SheetId, me: UserId, houses: usize) -> Result<()> {
        let houses = i32::try_from(houses).map_err(Error::internal)?;
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE verification_case SET lease_houses = $3 WHERE lease_user = $1 AND lease_sheet = $2",
                [Uuid::from(me).into(), Uuid::from(sheet).into(), houses.into()],
            ))
            .await?;
        Ok(())
    }

    /// Cases that the database has nothing against, the oldest first.
    async fn candidates(
        &self,
        among: Among<'_>,
        me: UserId,
        regions: &[RegionCode],
        skip: &[CaseId],
    ) -> Result<Vec<Uuid>> {
        if regions.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.store.now();
        let mut values: Vec<Value> = vec![
            Uuid::from(me).into(),
            now.as_micros().into(),
            now.plus_s(2 * LEASE_S).as_micros().into(),
        ];
        let place = places_of("c", regions, &mut values);
        let only = if let Among::These(ids) = among {
            let ids = placed(&mut values, ids.iter().map(|id| Uuid::from(*id)));
            format!("AND c.id IN ({ids})")
        } else {
            String::new()
        };
        let but = if skip.is_empty() {
            String::new()
        } else {
            let ids = placed(&mut values, skip.iter().map(|id| Uuid::from(*id)));
            format!("AND c.id NOT IN ({ids})")
        };
        // As for the claim of one case: SQLite has no statistics and is told which way to walk.
        let queue = match (self.store.is_postgres(), among) {
            (false, Among::Free) => "INDEXED BY verification_case_queue",
            (false, Among::Held) => "INDEXED BY verification_case_lease",
            (true, _) | (false, Among::These(_)) => "",
        };
        let text = format!(
            "SELECT c.id FROM (SELECT c.id, c.state, c.complete_at, c.current_visit, c.off_sheet_visit, c.family_id \
             FROM verification_case c {queue} \
             WHERE c.state = 'submitted' AND c.complete_at IS NOT NULL AND {} AND ({place}) {only} {but} \
             ORDER BY c.complete_at LIMIT {MOST_WALKED}) c JOIN visit v ON v.id = c.current_visit \
             WHERE v.answers_enc IS NOT NULL AND {} AND {NOT_INVOLVED} \
             ORDER BY c.complete_at, c.id LIMIT {MOST_OPENED}",
            open_to_me(among),
            fits("c", "v.id"),
        );
        let rows = self
            .store
            .read()
            .query_all_raw(self.store.sql(&text, values))
            .await?;
        rows.iter()
            .map(|row| Ok(row.try_get_by_index(0)?))
            .collect()
    }

    /// The first of `rows` that their answers and separation of duty leave, taken off it.
    async fn chosen(&self, rows: &mut Vec<Uuid>, most: usize, me: UserId) -> Result<Vec<Uuid>> {
        let mut chosen = Vec::new();
        let thresholds = rules::Thresholds::in_force(self.store.read()).await?;
        while chosen.len() < most && !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(OPENED_AT_ONCE));
            let some = std::mem::replace(rows, rest);
            let mut cases: HashMap<Uuid, Case> = verification_case::Entity::find()
                .filter(verification_case::Column::Id.is_in(some.iter().copied()))
                .all(self.store.read())
                .await?
                .into_iter()
                .map(|case| (case.id, case))
                .collect();
            let visits: HashMap<Uuid, visit::Model> = visit::Entity::find()
                .filter(
                    visit::Column::Id.is_in(cases.values().filter_map(|case| case.current_visit)),
                )
                .all(self.store.read())
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect();
            let regimes: HashMap<Uuid, String> = family::Entity::find()
                .select_only()
                .columns([family::Column::Id, family::Column::Regime])
                .filter(family::Column::Id.is_in(cases.values().map(|case| case.family_id)))
                .into_tuple()
                .all(self.store.read())
                .await?
                .into_iter()
                .collect();
            let mut left = Vec::new();
            for id in some {
                if chosen.len() == most {
                    left.push(id);
                    continue;
                }
                let Some(case) = cases.remove(&id) else {
                    continue;
                };
                let Some(row) = case.current_visit.and_then(|id| visits.get(&id)) else {
                    continue;
                };
                let Some(regime) = regimes.get(&case.family_id) else {
                    continue;
                };
                let whose = rules::Whose {
                    regime,
                    village: &region_of(&case)?,
                    program: None,
                };
                if self.answers_speak_for(&thresholds, whose, row)?
                    && duty::review(&Self::acts(self.store.read(), &case).await?, me).is_ok()
                {
                    chosen.push(id);
                }
            }
            left.append(rows);
            *rows = left;
        }
        Ok(chosen)
    }

    /// Whether what was answered leaves nothing to look into. Answers to a form that this build does not have are not read.
    fn answers_speak_for(
        &self,
        thresholds: &rules::Thresholds,
        whose: rules::Whose<'_>,
        row: &visit::Model,
    ) -> Result<bool> {
        let Some(sealed) = &row.answers_enc else {
            return Ok(false);
        };
        let Some(form) = shipped_form(row).map_err(Error::internal)? else {
            return Ok(false);
        };
        let plain = self
            .store
            .keys()
            .decrypt_field("visit", "answers", row.id, sealed)
            .map_err(Error::internal)?;
        let Ok(answers) = serde_json::from_str::<Answers>(&plain) else {
            return Ok(false);
        };
        let poor = thresholds.poor(whose, &form, &answers);
        Ok(speaks_for(&form, poor, &answers))
    }

    /// Takes those of `chosen` that are still to be had, and gives back what other sheets of this reviewer held.
    async fn claim_for(
        &self,
        among: Among<'_>,
        sheet: SheetId,
        me: UserId,
        chosen: &[Uuid],
    ) -> Result<Vec<Uuid>> {
        let write = self.begin().await?;
        // Two tabs of one person: the second sees what the first took, or both would hold twelve.
        user_account::Entity::find_by_id(Uuid::from(me))
            .lock(LockType::NoKeyUpdate)
            .one(write.on())
            .await?;
        let mut values: Vec<Value> = vec![Uuid::from(me).into(), Uuid::from(sheet).into()];
        let but = if chosen.is_empty() {
            String::new()
        } else {
            let kept = placed(&mut values, chosen.iter().copied());
            format!("AND id NOT IN ({kept})")
        };
        let free = format!(
            "UPDATE verification_case SET lease_user = NULL, lease_until = NULL, lease_sheet = NULL \
             WHERE lease_user = $1 AND lease_sheet <> $2 {but}"
        );
        write
            .on()
            .execute_raw(self.store.sql(&free, values))
            .await?;
        let mut taken = Vec::new();
        if !chosen.is_empty() {
            let mut values: Vec<Value> = vec![
                Uuid::from(me).into(),
                write.at().as_micros().into(),
                write.at().plus_s(2 * LEASE_S).as_micros().into(),
                write.at().plus_s(LEASE_S).as_micros().into(),
                Uuid::from(sheet).into(),
            ];
            let ids = placed(&mut values, chosen.iter().copied());
            let lock = if self.store.is_postgres() {
                "FOR NO KEY UPDATE OF c SKIP LOCKED"
            } else {
                ""
            };
            let text = format!(
                "UPDATE verification_case SET lease_user = $1, lease_until = $4, lease_sheet = $5, lease_since = $2, \
                 lease_houses = NULL \
                 WHERE id IN (SELECT c.id FROM verification_case c WHERE c.id IN ({ids}) AND {} AND {} \
                 ORDER BY c.id {lock}) RETURNING id",
                // What the other tab took in this moment is this person's as well.
                match among {
                    Among::These(_) => open_to_me(among).to_owned(),
                    Among::Held | Among::Free => format!(
                        "({} OR {})",
                        open_to_me(Among::Held),
                        open_to_me(Among::Free)
                    ),
                },
                fits("c", "c.current_visit"),
            );
            let rows = write
                .on()
                .query_all_raw(self.store.sql(&text, values))
                .await?;
            for row in rows {
                taken.push(row.try_get_by_index(0)?);
            }
        }
        write.commit().await?;
        Ok(taken)
    }

    /// What is on the sheet, with one row in the log of reads.
    async fn shown_sheet(&self, sheet: SheetId, me: UserId) -> Result<ContactSheet> {
        let now = self.store.now();
        let mut cases: Vec<Case> = verification_case::Entity::find()
            .filter(verification_case::Column::LeaseUser.eq(Uuid::from(me)))
            .filter(verification_case::Column::LeaseSheet.eq(Uuid::from(sheet)))
            .all(self.store.read())
            .await?;
        cases.sort_by_key(|case| (case.complete_at, case.id));
        let until = cases
            .iter()
            .filter_map(|case| live_lease(case, now))
            .map(|(_, until)| until)
            .min()
            .unwrap_or_else(|| now.plus_s(LEASE_S));
        let mut reads = Vec::new();
        for case in &cases {
            reads.push(Read {
                kind: "case",
                id: case.id,
                what: "contact_sheet",
                mode: Mode::Seen,
                role: self.reading_in(&region_of(case)?)?,
                purpose: None,
            });
        }
        self.note_reads(reads).await?;
        let mut houses = Vec::with_capacity(cases.len());
        // A few at a time: others read as well.
        while !cases.is_empty() {
            let rest = cases.split_off(cases.len().min(4));
            let some = std::mem::replace(&mut cases, rest);
            let views = try_join_all(some.into_iter().map(async |case| {
                let region = region_of(&case)?;
                self.case_view(case, region).await
            }))
            .await?;
            houses.extend(views.into_iter().filter_map(house));
        }
        Ok(ContactSheet {
            sheet,
            until,
            houses,
        })
    }

    /// Another ten minutes for what is left of the sheet and still fits, also after they ran out and nobody came; where this
    /// person may review, and for as long as somebody can be at one sheet.
    ///
    /// # Errors
    /// `forbidden`, `lease_lost` when nothing is left of it, or it is somebody else's.
    pub async fn renew_sheet(&self, sheet: SheetId) -> Result<SheetLease> {
        self.actor.require(Permission::ReviewCases)?;
        let me = self.actor.person_id()?;
        let mine = self.actor.regions(Permission::ReviewCases);
        if mine.is_empty() {
            return Err(Error::Refused(ProblemCode::LeaseLost));
        }
        let now = self.store.now();
        let until = now.plus_s(LEASE_S);
        let mut values: Vec<Value> = vec![
            Uuid::from(me).into(),
            Uuid::from(sheet).into(),
            until.as_micros().into(),
            now.plus_s(-MOST_HELD_S).as_micros().into(),
        ];
        let text = format!(
            "UPDATE verification_case SET lease_until = $3 WHERE lease_user = $1 AND lease_sheet = $2 \
             AND lease_since > $4 AND ({}) AND {} RETURNING id, version",
            places_of("verification_case", &mine, &mut values),
            fits("verification_case", "verification_case.current_visit")
        );
        let rows = self
            .store
            .writer()
            .query_all_raw(self.store.sql(&text, values))
            .await?;
        let mut cases = rows
            .iter()
            .map(|row| {
                let kept = Kept::from_query_result(row, "")?;
                Ok(SheetCase {
                    case: CaseId(kept.id),
                    version: kept.version,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        if cases.is_empty() {
            return Err(Error::Refused(ProblemCode::LeaseLost));
        }
        cases.sort_by_key(|kept| kept.case);
        Ok(SheetLease { until, cases })
    }

    /// Gives what is left of the sheet back to the queue.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn release_sheet(&self, sheet: SheetId) -> Result<()> {
        self.actor.require(Permission::ReviewCases)?;
        let me = self.actor.person_id()?;
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE verification_case SET lease_user = NULL, lease_until = NULL, lease_sheet = NULL \
                 WHERE lease_user = $1 AND lease_sheet = $2",
                [Uuid::from(me).into(), Uuid::from(sheet).into()],
            ))
            .await?;
        Ok(())
    }

    /// Sends these of the sheet's houses to be looked at one by one: back to the queue, and on no sheet until there is
    /// another visit. Somebody found them odd, and a colleague must not accept them among eleven others.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn take_out(&self, sheet: SheetId, body: TakeOut) -> Result<TakenOut> {
        if body.cases.is_empty() || body.cases.len() > MOST_ON_SHEET {
            return Err(too_many("cases"));
        }
        let mut write = self.begin().await?;
        let me = self.actor.person_id()?;
        let object = format!("sheet:{sheet}");
        let mut ids = body.cases.clone();
        ids.sort_unstable();
        ids.dedup();
        let before = write
            .once(body.event_id, "case.take_off_sheet", &object, &body)
            .await?
            == Seen::Before;
        let mut out = Vec::new();
        for id in ids {
            let case = locked(&write, id).await?;
            let role = self
                .actor
                .act_in(Permission::ReviewCases, &region_of(&case)?)?;
            if before {
                if case.off_sheet_visit.is_some() && case.off_sheet_visit == case.current_visit {
                    out.push(id);
                }
                continue;
            }
            let held = live_lease(&case, write.at()).is_some_and(|(holder, _)| holder == me);
            if !held || case.lease_sheet != Some(sheet.into()) {
                continue;
            }
            write
                .on()
                .execute_raw(self.store.sql(
                    "UPDATE verification_case SET off_sheet_visit = current_visit, lease_user = NULL, \
                     lease_until = NULL, lease_sheet = NULL WHERE id = $1",
                    [case.id.into()],
                ))
                .await?;
            write.journal(Entry::new(
                "case.take_off_sheet",
                format!("case:{id}"),
                role,
                Some(body.event_id),
                &serde_json::json!({ "sheet": sheet, "visit": case.current_visit }),
            )?);
            out.push(id);
        }
        if !before {
            write.commit().await?;
        }
        Ok(TakenOut { cases: out })
    }

    /// Whether a house may be accepted as one of a sheet: it is on it, and still nothing speaks against it. What the journal
    /// keeps of how it was looked at.
    pub(super) async fn accepted_on_sheet(
        &self,
        write: &Write,
        case: &Case,
        on: OnSheet,
    ) -> Result<Looked> {
        if case.lease_sheet != Some(on.sheet.into()) {
            return Err(Error::Refused(ProblemCode::LeaseLost));
        }
        if on.houses == 0 || usize::from(on.houses) > MOST_ON_SHEET {
            return Err(too_many("on_sheet.houses"));
        }
        let age_ms = age_ms(on.sheet, write.at());
        if on.shown_ms > age_ms.saturating_add(MUCH_MS) {
            return Err(Error::field(
                "on_sheet.shown_ms",
                "too_long",
                "Waktu di layar lebih lama daripada umur lembar ini; muat ulang lembar.",
            ));
        }
        let fits = format!(
            "SELECT 1 FROM verification_case c WHERE c.id = $1 AND {}",
            fits("c", "c.current_visit")
        );
        let fits = write
            .on()
            .query_one_raw(self.store.sql(&fits, [case.id.into()]))
            .await?
            .is_some();
        let row = match case.current_visit {
            Some(id) if fits => visit::Entity::find_by_id(id).one(write.on()).await?,
            Some(_) | None => None,
        };
        let speaks_for = match &row {
            Some(row) => {
                let home = family::Entity::find_by_id(case.family_id)
                    .one(write.on())
                    .await?
                    .ok_or(Error::NOT_FOUND)?;
                let whose = rules::Whose {
                    regime: &home.regime,
                    village: &region_of(case)?,
                    program: None,
                };
                let thresholds = rules::Thresholds::in_force(write.on()).await?;
                self.answers_speak_for(&thresholds, whose, row)?
            }
            None => false,
        };
        if !speaks_for {
            return Err(Error::Refused(ProblemCode::OneByOne));
        }
        // Of a sheet that an older server handed out it is not known.
        let houses = case.lease_houses.and_then(|n| usize::try_from(n).ok());
        Ok(Looked {
            sheet_age_ms: age_ms,
            counted: OnSheet {
                sheet: on.sheet,
                shown_ms: on.shown_ms.min(age_ms),
                houses: u8::try_from(houses.unwrap_or(MOST_ON_SHEET)).unwrap_or(u8::MAX),
            },
        })
    }
}

/// What the server itself knows of how a house was looked at.
pub(super) struct Looked {
    /// How long ago the sheet was handed out.
    pub sheet_age_ms: u64,
    /// What the reviewer said, cut to what the server knows: for no longer than the sheet is old, among as many houses as
    /// were on it.
    pub counted: OnSheet,
}

/// A case of a sheet as its renewal tells it.
#[derive(FromQueryResult)]
struct Kept {
    id: Uuid,
    version: i32,
}

fn too_many(field: &str) -> Error {
    Error::field(
        field,
        "not_allowed",
        "Sebutkan satu sampai dua belas rumah.",
    )
}

/// How long ago the sheet was handed out: its name begins with the millisecond.
fn age_ms(sheet: SheetId, now: Timestamp) -> u64 {
    let made = Uuid::from(sheet).get_timestamp().map_or(0, |at| {
        let (seconds, nanos) = at.to_unix();
        seconds
            .saturating_mul(1_000)
            .saturating_add(u64::from(nanos / 1_000_000))
    });
    u64::try_from(now.as_millis())
        .unwrap_or_default()
        .saturating_sub(made)
}

/// What a sheet shows of a case; `None` when its visit is not there, which the query that found it rules out.
fn house(view: CaseView) -> Option<SheetHouse> {
    let visit = view
        .visits
        .into_iter()
        .find(|visit| Some(visit.id) == view.current_visit)?;
    Some(SheetHouse {
        case: view.id,
        version: view.version,
        region: view.region,
        name: view.family.name,
        address: view.family.address,
        rt: view.family.rt,
        rw: view.family.rw,
        visit: visit.id,
        kind: visit.kind,
        officer: visit.officer,
        officer_name: visit.officer_name,
        captured_at: visit.captured_at,
        earlier_pin: view.earlier_pins.into_iter().find(|_| {
            visit
                .pin
                .as_ref()
                .is_some_and(|pin| pin.distance_to_last_m.is_some())
        }),
        pin: visit.pin,
        photos: visit.photos,
        earlier_photos: view.earlier_photos,
        answers: visit
            .answers
            .into_iter()
            .filter(|answer| answer.counts)
            .collect(),
    })
}
