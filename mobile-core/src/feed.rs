//! The roster: rows of the feed as they came, and what of them this build can read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use tilik_protocol::form::Form;
use tilik_protocol::ids::{CaseId, VisitId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::{Assignment, Boundary, Bucket, BucketPage, Cursor, FeedOp, SyncReply};

use crate::error::Result;
use crate::screens::today::folded;
use crate::screens::{AssignmentView, FormView};
use crate::store::drafts::Draft;
use crate::store::{Account, meta};
use crate::sync::Said;
use crate::{Core, FieldApp};

/// Where the phone stands in each bucket that is still its own.
pub(crate) fn cursors(db: &Connection) -> Result<BTreeMap<Bucket, Cursor>> {
    let mut statement =
        db.prepare_cached("SELECT bucket, seq, checksum FROM bucket WHERE revoked = 0")?;
    let rows = statement.query_map([], |row| {
        Ok((
            Bucket(row.get(0)?),
            Cursor {
                seq: row.get::<_, i64>(1)?.cast_unsigned(),
                checksum: row.get::<_, i64>(2)?.cast_unsigned(),
            },
        ))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn cursor(db: &Connection, bucket: &Bucket) -> Result<Cursor> {
    Ok(db
        .prepare_cached("SELECT seq, checksum FROM bucket WHERE bucket = ?1")?
        .query_row([&bucket.0], |row| {
            Ok(Cursor {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                checksum: row.get::<_, i64>(1)?.cast_unsigned(),
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// Applies the pages of a reply, rows and cursors in one transaction. Tells whether another round should follow at once.
pub(crate) fn apply(account: &mut Account, said: &Said, reply: &SyncReply) -> Result<bool> {
    let tx = account.db.transaction()?;
    let known = meta::get(&tx, meta::EPOCH)?.unwrap_or(0);
    if known != said.epoch {
        // The round was begun before another one moved this file on.
        return Ok(true);
    }
    let restored = known != reply.epoch;
    if restored {
        // The server's numbers began anew. Rows stay to be seen until the bucket's first page replaces them.
        tx.execute("UPDATE bucket SET seq = 0, checksum = 0", [])?;
        meta::set(&tx, meta::EPOCH, &reply.epoch)?;
    }
    let mut again = false;
    for page in &reply.buckets {
        let at = cursor(&tx, &page.bucket)?;
        let spoken = if restored {
            Cursor::default()
        } else {
            said.cursors.get(&page.bucket).copied().unwrap_or_default()
        };
        if at != spoken {
            again = true;
            continue;
        }
        again |= apply_page(&tx, page, at)?;
    }
    for bucket in &reply.revoked {
        tx.prepare_cached("UPDATE bucket SET revoked = 1 WHERE bucket = ?1")?
            .execute([&bucket.0])?;
    }
    tx.commit()?;
    Ok(again)
}

fn apply_page(tx: &Connection, page: &BucketPage, at: Cursor) -> Result<bool> {
    let bucket = &page.bucket.0;
    tx.prepare_cached(
        "INSERT INTO bucket (bucket, seq, checksum) VALUES (?1, 0, 0) \
         ON CONFLICT (bucket) DO UPDATE SET revoked = 0",
    )?
    .execute([bucket])?;
    let mut sum = at.checksum;
    if page.reset {
        tx.prepare_cached("DELETE FROM feed_row WHERE bucket = ?1")?
            .execute([bucket])?;
        sum = 0;
    }
    for row in &page.rows {
        let before: Option<i64> = tx
            .prepare_cached(
                "DELETE FROM feed_row WHERE bucket = ?1 AND object = ?2 RETURNING hash",
            )?
            .query_row(params![bucket, row.object], |row| row.get(0))
            .optional()?;
        sum = sum.wrapping_sub(before.map_or(0, i64::cast_unsigned));
        // What is neither put nor del is kept as it is; a newer app will know it.
        if row.op.known() == Some(FeedOp::Del) {
            continue;
        }
        sum = sum.wrapping_add(row.hash);
        tx.prepare_cached(
            "INSERT INTO feed_row (bucket, object, seq, hash, op, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            bucket,
            row.object,
            row.seq.cast_signed(),
            row.hash.cast_signed(),
            row.op.to_string(),
            row.body.as_ref().map(ToString::to_string)
        ])?;
    }
    let fits = page.more
        || page
            .checksum
            .as_deref()
            .is_none_or(|said| said == format!("{sum:016x}"));
    let (seq, sum, mismatch) = if fits {
        (page.next, sum, false)
    } else {
        // This bucket starts from nothing in the next round; until then what is here is shown.
        (0, 0, true)
    };
    tx.prepare_cached(
        "UPDATE bucket SET seq = ?2, checksum = ?3, mismatches = mismatches + ?4 WHERE bucket = ?1",
    )?
    .execute(params![
        bucket,
        seq.cast_signed(),
        sum.cast_signed(),
        mismatch
    ])?;
    // From nothing and still wrong: to ask again at once would go round in circles.
    Ok(page.more || (mismatch && !page.reset))
}

/// Forgets the buckets that are no longer this phone's, once nothing of theirs waits here.
pub(crate) fn drop_revoked(account: &mut Account, busy: &BTreeSet<CaseId>) -> Result<()> {
    let tx = account.db.transaction()?;
    let revoked: Vec<String> = tx
        .prepare_cached("SELECT bucket FROM bucket WHERE revoked = 1")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for bucket in revoked {
        let objects: Vec<String> = tx
            .prepare_cached("SELECT object FROM feed_row WHERE bucket = ?1")?
            .query_map([&bucket], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let waits = objects
            .iter()
            .filter_map(|object| object.strip_prefix("assignment:")?.parse::<CaseId>().ok())
            .any(|case| busy.contains(&case));
        if !waits {
            tx.prepare_cached("DELETE FROM bucket WHERE bucket = ?1")?
                .execute([&bucket])?;
        }
    }
    tx.commit()?;
    Ok(())
}

/// The case as the phone last heard of it.
pub(crate) fn assignment(core: &Core, case: CaseId) -> Result<Option<Assignment>> {
    let Some(account) = &core.stores.account else {
        return Ok(None);
    };
    let body: Option<Option<String>> = account
        .db
        .prepare_cached(
            "SELECT feed_row.body FROM feed_row JOIN bucket USING (bucket) \
             WHERE object = ?1 AND revoked = 0 ORDER BY feed_row.seq DESC LIMIT 1",
        )?
        .query_row([format!("assignment:{case}")], |row| row.get(0))
        .optional()?;
    Ok(body.flatten().and_then(|body| readable(&body)))
}

/// An assignment that this build can act on; anything else stays raw.
fn readable(body: &str) -> Option<Assignment> {
    serde_json::from_str::<Assignment>(body)
        .ok()
        .filter(|read| read.state.known().is_some() && read.kind.known().is_some())
}

fn assignment_bodies(db: &Connection) -> Result<Vec<Option<String>>> {
    Ok(db
        .prepare_cached(
            "SELECT feed_row.body FROM feed_row JOIN bucket USING (bucket) \
             WHERE object LIKE 'assignment:%' AND revoked = 0 ORDER BY bucket, feed_row.seq",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// What this build reads of the feed, kept until the feed changes: two thousand rows are not parsed for each scroll.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// The file's count of changes when it was read.
    changes: u64,
    /// The assignments, in the order of the feed.
    pub(crate) rows: Vec<RosterRow>,
    by_case: HashMap<CaseId, usize>,
    /// Where villages end, and how they are called.
    pub(crate) boundaries: BTreeMap<RegionCode, Boundary>,
    unreadable: u32,
}

/// An assignment, and what is searched in it.
#[derive(Debug)]
pub(crate) struct RosterRow {
    pub(crate) assignment: Assignment,
    pub(crate) folded_name: String,
    pub(crate) folded_address: String,
}

impl Roster {
    pub(crate) fn row(&self, case: CaseId) -> Option<&RosterRow> {
        self.rows.get(*self.by_case.get(&case)?)
    }

    /// The village's name, or its code while no name is here.
    pub(crate) fn village<'a>(&'a self, code: &'a RegionCode) -> &'a str {
        self.boundaries
            .get(code)
            .map_or(code.as_str(), |boundary| boundary.name.as_str())
    }

    fn read(db: &Connection, changes: u64) -> Result<Self> {
        let mut roster = Self {
            changes,
            ..Self::default()
        };
        for body in assignment_bodies(db)? {
            let Some(assignment) = body.as_deref().and_then(readable) else {
                roster.unreadable += 1;
                continue;
            };
            let row = RosterRow {
                folded_name: folded(&assignment.name),
                folded_address: folded(&assignment.address),
                assignment,
            };
            // A case in two buckets stands once, as it was last heard of.
            if let Some(at) = roster.by_case.get(&row.assignment.case) {
                roster.rows[*at] = row;
            } else {
                let at = roster.rows.len();
                roster.by_case.insert(row.assignment.case, at);
                roster.rows.push(row);
            }
        }
        let bodies: Vec<Option<String>> = db
            .prepare_cached(
                "SELECT feed_row.body FROM feed_row JOIN bucket USING (bucket) \
                 WHERE object LIKE 'boundary:%' AND revoked = 0",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        roster.boundaries = bodies
            .iter()
            .filter_map(|body| serde_json::from_str::<Boundary>(body.as_deref()?).ok())
            .map(|boundary| (boundary.code.clone(), boundary))
            .collect();
        Ok(roster)
    }
}

/// The roster as it stands; nobody's is empty.
pub(crate) fn roster(core: &Core) -> Result<Arc<Roster>> {
    let Some(account) = &core.stores.account else {
        return Ok(Arc::default());
    };
    let changes = account.db.total_changes();
    let mut kept = account.roster.borrow_mut();
    match kept.as_ref() {
        Some(roster) if roster.changes == changes => Ok(roster.clone()),
        Some(_) | None => {
            let roster = Arc::new(Roster::read(&account.db, changes)?);
            *kept = Some(roster.clone());
            Ok(roster)
        }
    }
}

/// How many rows cannot be read, and how often a checksum did not fit.
pub(crate) fn health(core: &Core) -> Result<(u32, u32)> {
    let Some(account) = &core.stores.account else {
        return Ok((0, 0));
    };
    let unreadable = roster(core)?.unreadable;
    let mismatches = account
        .db
        .prepare_cached("SELECT coalesce(sum(mismatches), 0) FROM bucket")?
        .query_row([], |row| row.get(0))?;
    Ok((unreadable, mismatches))
}

fn visit_of<T: std::str::FromStr>(db: &Connection, sql: &str, case: CaseId) -> Result<Option<T>> {
    let id: Option<String> = db
        .prepare_cached(sql)?
        .query_row([case.to_string()], |row| row.get(0))
        .optional()?;
    Ok(id.and_then(|id| id.parse().ok()))
}

/// The family's name, or who a finding is about; empty when the case is not on the roster.
pub(crate) fn name_of(core: &Core, draft: &Draft) -> Result<String> {
    let assigned = match draft.case {
        Some(case) => assignment(core, case)?.map(|assignment| assignment.name),
        None => draft.answers.get("name").cloned(),
    };
    Ok(assigned.unwrap_or_default())
}

pub(crate) fn assignments(app: &FieldApp) -> Result<Vec<AssignmentView>> {
    let core = app.core();
    let Some(account) = &core.stores.account else {
        return Ok(Vec::new());
    };
    let db = &core.stores.device;
    let mut views = Vec::new();
    for read in assignment_bodies(&account.db)?
        .iter()
        .filter_map(|body| readable(body.as_deref()?))
    {
        let (Lenient::Known(state), Lenient::Known(kind)) = (&read.state, &read.kind) else {
            continue;
        };
        views.push(AssignmentView {
            case: read.case,
            version: read.version,
            state: *state,
            kind: *kind,
            draft: visit_of(db, "SELECT visit FROM draft WHERE case_id = ?1", read.case)?,
            sealed: visit_of(
                db,
                "SELECT visit FROM outbox_visit WHERE case_id = ?1 AND carried = 0 \
                 ORDER BY queued DESC LIMIT 1",
                read.case,
            )?,
            name: read.name,
            address: read.address,
            rt: read.rt,
            rw: read.rw,
            region: read.region,
            form: read.form,
            last_pin: read.last_pin,
            programs: read.programs,
            closes_at: read.closes_at,
            returned: read.returned,
        });
    }
    Ok(views)
}

/// The drafts on this phone, also of cases that are no longer on the roster; without those of an officer who has to sign in
/// first.
pub(crate) fn drafts(app: &FieldApp) -> Result<Vec<VisitId>> {
    let core = app.core();
    let ids: Vec<String> = core
        .stores
        .device
        .prepare_cached(
            "SELECT visit FROM draft WHERE officer NOT IN (SELECT officer FROM guarded) \
             ORDER BY arrived_at, visit",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// A form of the feed, or the one that is shipped.
pub(crate) fn form(app: &FieldApp, id: &str, version: u32) -> Result<Option<FormView>> {
    let core = app.core();
    form_in(&core, id, version)
}

/// The same, for who holds the databases already.
pub(crate) fn form_in(core: &Core, id: &str, version: u32) -> Result<Option<Form>> {
    if let Some(account) = &core.stores.account {
        let bodies: Vec<Option<String>> = account
            .db
            .prepare_cached("SELECT body FROM feed_row WHERE object = ?1 OR object = ?2")?
            .query_map(
                [format!("form:{id}"), format!("form:{id}:{version}")],
                |row| row.get(0),
            )?
            .collect::<rusqlite::Result<_>>()?;
        let found = bodies
            .iter()
            .filter_map(|body| serde_json::from_str::<Form>(body.as_deref()?).ok())
            .find(|form| form.id == id && form.version == version);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(Form::shipped(id, version)?)
}
