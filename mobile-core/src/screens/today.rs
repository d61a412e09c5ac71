//! Today's list: which families, in which order, and how far each is.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::Connection;
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, VisitId};
use tilik_protocol::sync::Assignment;
use tilik_protocol::time::Timestamp;

use super::geo::{self, Place};
use crate::error::Result;
use crate::feed::{self, Roster};
use crate::phone::Phone;
use crate::store::{drafts, meta};
use crate::vault::Vault;
use crate::{Core, FieldApp};

/// Most rows of one page.
const MOST_ROWS: u32 = 200;
const DAY_US: i64 = 86_400_000_000;

/// How the list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TodayOrder {
    /// The nearest first.
    Distance,
    /// By village, RW and RT.
    Neighbourhood,
}

/// Which part of the list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TodayQuery {
    /// Words that name or address hold; empty: all.
    pub search: String,
    /// The wanted order.
    pub order: TodayOrder,
    /// Where the officer stands.
    pub here: Option<Place>,
    /// The first row, counted from 0.
    pub from: u32,
    /// How many rows at most; 200 are the most that are given.
    pub most: u32,
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TodayPage {
    /// The rows.
    pub rows: Vec<TodayRow>,
    /// How many rows there are in all, of those that were searched for.
    pub total: u32,
    /// How many cases stand where, whatever was searched for.
    pub counts: TodayCounts,
    /// The order that was used: without a place it is by neighbourhood.
    pub order: TodayOrder,
    /// Begun visits that no row leads to, oldest first; with the first page of a list that is not searched.
    pub loose: Vec<LooseDraft>,
}

/// A visit that was begun and not sealed, and is of no case on the list: a finding, or a visit whose case has left it. What
/// it holds is on this phone alone, so there is always a way back to it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LooseDraft {
    /// The draft.
    pub visit: VisitId,
    /// What it is.
    pub kind: VisitKind,
    /// Who a finding is about, once that was said.
    pub name: Option<String>,
    /// The village's name, or its code while the name is not here.
    pub village: String,
    /// When it was begun.
    pub arrived_at: Timestamp,
    /// For practice.
    pub training: bool,
}

/// How many cases stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, uniffi::Record)]
pub struct TodayCounts {
    /// To be visited.
    pub to_visit: u32,
    /// Came back and are to be taken again.
    pub returned: u32,
    /// Begun and not sealed.
    pub drafts: u32,
    /// Sealed and not whole on the server.
    pub waiting: u32,
    /// Whole on the server.
    pub done: u32,
}

/// How far a case is, as the officer sees it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Enum, strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum TodayMark {
    /// Came back, and the visit that answers is not sealed.
    Returned,
    /// Begun and not sealed.
    Draft,
    /// Nobody was there yet.
    ToVisit,
    /// Sealed, and this phone still has what the server lacks.
    Waiting,
    /// Sealed, and whole on the server.
    Done,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TodayRow {
    /// The case.
    pub case: CaseId,
    /// The head's or payee's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village's name, or its code while the name is not here.
    pub village: String,
    /// What is asked.
    pub kind: VisitKind,
    /// How far it is.
    pub mark: TodayMark,
    /// Metres to the last pin.
    pub distance_m: Option<u32>,
    /// The direction of the last pin, degrees from true north.
    pub bearing_deg: Option<u16>,
    /// Days until its window closes; 0 is today, negative is over.
    pub closes_in_days: Option<i32>,
    /// On the first row of a neighbourhood, when that is the order.
    pub heading: Option<Heading>,
    /// For practice: an invented family.
    pub training: bool,
}

/// A neighbourhood in the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Heading {
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village's name.
    pub village: String,
    /// How many rows stand under it.
    pub count: u32,
}

/// What this phone has done about cases.
pub(crate) struct Done {
    drafts: HashMap<CaseId, VisitId>,
    sealed: HashMap<CaseId, Sealed>,
}

/// The newest sealed visit of a case on this phone.
pub(crate) struct Sealed {
    pub(crate) visit: VisitId,
    captured_at: Timestamp,
    /// The server has its manifest.
    received: bool,
    /// The server has everything of it.
    whole: bool,
    case_version: Option<i32>,
    supersedes: Option<VisitId>,
    is_logged: bool,
}

impl Done {
    pub(crate) fn read(db: &Connection) -> Result<Self> {
        let mut drafts = HashMap::new();
        let mut statement = db.prepare_cached(
            "SELECT case_id, visit FROM draft WHERE case_id IS NOT NULL \
             AND officer NOT IN (SELECT officer FROM guarded)",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (case, visit): (String, String) = (row.get(0)?, row.get(1)?);
            if let (Ok(case), Ok(visit)) = (case.parse(), visit.parse()) {
                drafts.insert(case, visit);
            }
        }
        let mut sealed = HashMap::new();
        let mut statement = db.prepare_cached(
            "SELECT v.case_id, v.visit, v.captured_at, v.received_at IS NOT NULL, \
             v.state = 'sent' AND NOT EXISTS (SELECT 1 FROM outbox_link AS l \
             JOIN outbox_photo AS p ON p.photo = l.photo \
             WHERE l.visit = v.visit AND p.received_at IS NULL), \
             g.case_version, g.supersedes, g.visit IS NOT NULL \
             FROM outbox_visit AS v LEFT JOIN visit_log AS g ON g.visit = v.visit \
             WHERE v.case_id IS NOT NULL AND v.carried = 0 ORDER BY v.queued",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (case, visit): (String, String) = (row.get(0)?, row.get(1)?);
            let supersedes: Option<String> = row.get(6)?;
            if let (Ok(case), Ok(visit)) = (case.parse(), visit.parse()) {
                let found = Sealed {
                    visit,
                    captured_at: Timestamp::from_micros(row.get(2)?),
                    received: row.get(3)?,
                    whole: row.get(4)?,
                    case_version: row.get(5)?,
                    supersedes: supersedes.and_then(|id| id.parse().ok()),
                    is_logged: row.get(7)?,
                };
                sealed.insert(case, found);
            }
        }
        Ok(Self { drafts, sealed })
    }

    pub(crate) fn draft(&self, case: CaseId) -> Option<VisitId> {
        self.drafts.get(&case).copied()
    }

    pub(crate) fn sealed(&self, case: CaseId) -> Option<&Sealed> {
        self.sealed.get(&case)
    }

    /// How far a case is: what the server last said, moved on by what this phone has done since.
    pub(crate) fn mark(&self, assignment: &Assignment) -> TodayMark {
        let sealed = self.sealed(assignment.case);
        let has_draft = self.draft(assignment.case).is_some();
        let sent = |sealed: &Sealed| {
            if sealed.whole {
                TodayMark::Done
            } else {
                TodayMark::Waiting
            }
        };
        match assignment.state.known().unwrap_or(CaseState::Closed) {
            CaseState::Returned => match (sealed, &assignment.returned) {
                (Some(sealed), Some(returned))
                    if sealed.supersedes == Some(returned.visit)
                        || (!sealed.is_logged && sealed.captured_at > returned.at) =>
                {
                    sent(sealed)
                }
                (_, _) => TodayMark::Returned,
            },
            _ if has_draft => TodayMark::Draft,
            CaseState::Open | CaseState::Assigned => match sealed {
                // The server has judged that visit, and the case is to be visited anew.
                Some(sealed)
                    if sealed.received && sealed.case_version < Some(assignment.version) =>
                {
                    TodayMark::ToVisit
                }
                Some(sealed) => sent(sealed),
                None => TodayMark::ToVisit,
            },
            CaseState::Submitted
            | CaseState::Unreachable
            | CaseState::Accepted
            | CaseState::AwaitingApproval
            | CaseState::Decided
            | CaseState::Closed
            | CaseState::Expired => sealed.map_or(TodayMark::Done, sent),
        }
    }
}

/// Text for comparing: case does not matter.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// RT and RW are numbers written in many ways (`3`, `03`, `003`); anything else comes behind them.
fn number(text: &str) -> (u64, &str) {
    let text = text.trim();
    text.parse().map_or((u64::MAX, text), |n| (n, ""))
}

/// Days from today until `at`, by the calendar of the place.
pub(crate) fn days_until(now: Timestamp, at: Timestamp, utc_offset_min: i32) -> i32 {
    let day = |at: Timestamp| {
        at.as_micros()
            .saturating_add(i64::from(utc_offset_min) * 60_000_000)
            .div_euclid(DAY_US)
    };
    i32::try_from(day(at) - day(now)).unwrap_or(i32::MAX)
}

/// A row before it is told.
struct Entry<'a> {
    assignment: &'a Assignment,
    village: &'a str,
    folded_name: &'a str,
    mark: TodayMark,
    distance_m: Option<u32>,
}

impl Entry<'_> {
    fn neighbourhood(&self, other: &Self) -> Ordering {
        let key = |entry: &Self| {
            (
                number(&entry.assignment.rw).0,
                number(&entry.assignment.rt).0,
            )
        };
        self.village
            .cmp(other.village)
            .then_with(|| self.assignment.region.cmp(&other.assignment.region))
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.assignment.rw.cmp(&other.assignment.rw))
            .then_with(|| self.assignment.rt.cmp(&other.assignment.rt))
    }

    fn is_in_one_place_with(&self, other: &Self) -> bool {
        self.assignment.region == other.assignment.region
            && number(&self.assignment.rw) == number(&other.assignment.rw)
            && number(&self.assignment.rt) == number(&other.assignment.rt)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(crate) fn today(app: &FieldApp, query: &TodayQuery) -> Result<TodayPage> {
    let core = app.core();
    let now = app.phone().now();
    let db = &core.stores.device;
    let offset = meta::get(db, meta::UTC_OFFSET_MIN)?.unwrap_or(420);
    let done = Done::read(db)?;
    let roster = feed::roster(&core)?;
    let order = match query.here {
        Some(_) => query.order,
        None => TodayOrder::Neighbourhood,
    };
    let words: Vec<String> = query.search.split_whitespace().map(folded).collect();
    let mut counts = TodayCounts::default();
    let mut entries = Vec::new();
    for row in &roster.rows {
        let mark = done.mark(&row.assignment);
        *match mark {
            TodayMark::Returned => &mut counts.returned,
            TodayMark::Draft => &mut counts.drafts,
            TodayMark::ToVisit => &mut counts.to_visit,
            TodayMark::Waiting => &mut counts.waiting,
            TodayMark::Done => &mut counts.done,
        } += 1;
        let is_meant = words
            .iter()
            .all(|word| row.folded_name.contains(word) || row.folded_address.contains(word));
        if is_meant {
            let pin = row.assignment.last_pin.as_ref();
            entries.push(Entry {
                assignment: &row.assignment,
                village: roster.village(&row.assignment.region),
                folded_name: &row.folded_name,
                mark,
                distance_m: query
                    .here
                    .zip(pin)
                    .map(|(here, pin)| geo::distance_m(here.at(), geo::of_pin(pin))),
            });
        }
    }
    entries.sort_by(|one, other| {
        let within = match order {
            TodayOrder::Distance => one
                .distance_m
                .unwrap_or(u32::MAX)
                .cmp(&other.distance_m.unwrap_or(u32::MAX))
                .then_with(|| one.neighbourhood(other)),
            TodayOrder::Neighbourhood => one.neighbourhood(other),
        };
        one.mark
            .cmp(&other.mark)
            .then(within)
            .then_with(|| one.folded_name.cmp(other.folded_name))
            .then_with(|| one.assignment.case.cmp(&other.assignment.case))
    });
    let from = usize::try_from(query.from).unwrap_or(usize::MAX);
    let most = usize::try_from(query.most.min(MOST_ROWS)).unwrap_or(usize::MAX);
    let together = |one: &Entry<'_>, other: &Entry<'_>| {
        one.mark == other.mark && one.is_in_one_place_with(other)
    };
    let rows = entries
        .iter()
        .enumerate()
        .skip(from)
        .take(most)
        .map(|(at, entry)| {
            let is_first = order == TodayOrder::Neighbourhood
                && (at == 0 || !together(&entries[at - 1], entry));
            let heading = is_first.then(|| Heading {
                rt: entry.assignment.rt.clone(),
                rw: entry.assignment.rw.clone(),
                village: entry.village.to_owned(),
                count: count(
                    entries[at..]
                        .iter()
                        .take_while(|next| together(entry, next))
                        .count(),
                ),
            });
            row_of(entry, &roster, query.here, now, offset, heading)
        })
        .collect();
    let loose = if query.from == 0 && words.is_empty() {
        loose(&core, app.phone(), &roster)?
    } else {
        Vec::new()
    };
    Ok(TodayPage {
        rows,
        total: count(entries.len()),
        counts,
        order,
        loose,
    })
}

fn loose(core: &Core, phone: &Phone, roster: &Roster) -> Result<Vec<LooseDraft>> {
    let db = &core.stores.device;
    let Some(user) = meta::get(db, meta::USER)? else {
        return Ok(Vec::new());
    };
    let vault = Vault::of(phone)?;
    let mut loose = Vec::new();
    for visit in drafts::begun(db, user)? {
        let draft = drafts::load(db, &vault, visit)?;
        if draft.case.is_some_and(|case| roster.row(case).is_some()) {
            continue;
        }
        loose.push(LooseDraft {
            visit,
            kind: draft.kind,
            name: draft.answers.get("name").cloned(),
            village: roster.village(&draft.region).to_owned(),
            arrived_at: draft.arrived_at,
            training: draft.training,
        });
    }
    Ok(loose)
}

fn row_of(
    entry: &Entry<'_>,
    roster: &Roster,
    here: Option<Place>,
    now: Timestamp,
    utc_offset_min: i32,
    heading: Option<Heading>,
) -> TodayRow {
    let assignment = entry.assignment;
    TodayRow {
        case: assignment.case,
        name: assignment.name.clone(),
        address: assignment.address.clone(),
        rt: assignment.rt.clone(),
        rw: assignment.rw.clone(),
        village: roster.village(&assignment.region).to_owned(),
        kind: assignment.kind.known().unwrap_or(VisitKind::Quick),
        mark: entry.mark,
        distance_m: entry.distance_m,
        bearing_deg: here
            .zip(assignment.last_pin.as_ref())
            .map(|(here, pin)| geo::bearing_deg(here.at(), geo::of_pin(pin))),
        closes_in_days: assignment
            .closes_at
            .map(|at| days_until(now, at, utc_offset_min)),
        heading,
        training: assignment.region.is_training(),
    }
}
