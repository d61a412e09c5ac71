//! Files into the registry. Owns what a file may change, and the report of every line that was not taken.
//!
//! A file is read whole before anything is written; then its rows go in by small transactions, so that nobody else
//! waits long. Each of them looks at the rows it is about to change under one lock, so a file sent twice, at once or
//! after a crash, brings in nothing twice. What decides who gets a place (programs' rules, quotas, memberships,
//! waitlists, a decree's words, who a family is that has one) waits until a second person, an approver, confirms or refuses it. Nothing of
//! a rejected line is kept.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{EventId, FamilyId, ImportId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::reason::{self, IMPORT_REFUSALS};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::registry::{
    ImportKind, ImportReport, ImportState, ImportedChange, ImportedDecree, ImportedWaitlist,
    LineProblem, MissingFamily, MissingIn, RefuseImport,
};
use tilik_protocol::review::Page;
use tilik_protocol::session::Act;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::journal::{Entry, hex, holds_personal_number};
use super::slots::TwoPersons;
use super::tables::{family, import_row, import_run, membership, waitlist, waitlist_entry};
use super::write::Seen;
use super::{Acting, Write};
use crate::error::{Error, Result};
use crate::imports::ImportFile;
use crate::sheet::Sheet;

mod boundaries;
mod cells;
pub(super) use cells::{day_of, name, name_key, neighbourhood, past_date, words};
mod decrees;
mod families;
pub(super) use families::{
    Fields, HIDDEN, Rows, change_family, change_person, family_fields, forget, held, holds, opened,
    person_fields,
};
mod health;
mod mapping;
mod memberships;
mod pins;
mod places;
pub(super) use places::Places;
mod programs;
mod quotas;
mod regions;
mod rehearsal;
pub(crate) use rehearsal::JOB;
pub(super) use rehearsal::KEPT_DAYS;
mod units;
pub(super) use units::{Number, behind, lead, persons_behind};
mod waitlists;

/// How many problems of each sort a report lists; the rest is counted.
const LISTED: usize = 1_000;
/// How many villages a report remembers by themselves.
const NAMED: usize = 1_000;
/// Characters of an approver's note.
const MOST_IN_NOTE: usize = 500;
/// Rows in one transaction: a few tenths of a second on a slow machine.
const CHUNK: usize = 250;
/// Families in one row of the log of reads: as many as are indexed at once.
const FOUND_IN_ROW: usize = 500;
/// Any number, the same for every import: PostgreSQL lets one of them write at a time, as SQLite does anyway.
const IMPORT_LOCK: i64 = 0x7469_6c69_6b01;

/// What has become of the lines so far.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    added: u64,
    changed: u64,
    unchanged: u64,
    waiting: u64,
    rejected: u64,
    warned: u64,
    told: Told,
}

/// What a report tells beside its numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    rejections: Vec<LineProblem>,
    warnings: Vec<LineProblem>,
    waitlists: Vec<ImportedWaitlist>,
    /// The regions whose families it is about: an approver of others has no say.
    regions: BTreeSet<RegionCode>,
    /// Families of its villages that it does not name; none when that was not asked.
    #[serde(default)]
    missing: Option<u64>,
    /// By village.
    #[serde(default)]
    missing_in: Vec<MissingIn>,
    /// The first of them.
    #[serde(default)]
    missing_families: Vec<FamilyId>,
    /// What the ministry's decrees in it say.
    #[serde(default)]
    decrees: Vec<ImportedDecree>,
}

fn city_of(mut code: RegionCode) -> RegionCode {
    while code.level() > RegionLevel::City
        && let Some(up) = code.parent()
    {
        code = up;
    }
    code
}

impl Tally {
    /// Begins with the rows that could not be read.
    fn of(sheet: &Sheet) -> Self {
        let mut tally = Self::default();
        tally.begin_with(sheet);
        tally
    }

    fn begin_with(&mut self, sheet: &Sheet) {
        self.lines = sheet.lines;
        for one in &sheet.unreadable {
            self.reject(one.line, one.problems.clone());
        }
    }

    fn reject(&mut self, line: u64, problems: Vec<FieldProblem>) {
        self.rejected += 1;
        if self.told.rejections.len() < LISTED {
            self.told.rejections.push(LineProblem { line, problems });
        }
    }

    fn warn(&mut self, line: u64, problems: Vec<FieldProblem>) {
        self.warned += 1;
        if self.told.warnings.len() < LISTED {
            self.told.warnings.push(LineProblem { line, problems });
        }
    }

    fn touches(&mut self, region: &RegionCode) {
        self.told.regions.insert(region.clone());
        if self.told.regions.len() > NAMED {
            // Of a province's file it is enough to know the cities.
            let regions = std::mem::take(&mut self.told.regions);
            self.told.regions = regions.into_iter().map(city_of).collect();
        }
    }

    fn write_into(&self, row: &mut import_run::Model) -> Result<()> {
        row.lines = count(self.lines);
        row.added = count(self.added);
        row.changed = count(self.changed);
        row.unchanged = count(self.unchanged);
        row.waiting = count(self.waiting);
        row.rejected = count(self.rejected);
        row.warned = count(self.warned);
        row.told = serde_json::to_string(&self.told).map_err(Error::internal)?;
        Ok(())
    }

    /// By line, whatever the order in which they were found.
    fn sort(&mut self) {
        self.told.rejections.sort_by_key(|one| one.line);
        self.told.warnings.sort_by_key(|one| one.line);
    }
}

/// A line that waits: what it will do when an approver confirms it. Ids and codes only, or sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Waiting {
    Program(programs::ProgramLine),
    Quota {
        program: String,
        region: RegionCode,
        slots: i32,
    },
    Membership {
        program: String,
        family: Uuid,
        person: Option<Uuid>,
        state: MembershipState,
        central_status: Option<String>,
    },
    Decree(decrees::Word),
    Waitlist {
        id: Uuid,
    },
    /// The lines of a family, by their numbers, and encrypted what they say.
    Family {
        family: Uuid,
        lines: Vec<u64>,
        sealed: String,
    },
}

impl Waiting {
    /// The one family it is about.
    fn family(&self) -> Option<Uuid> {
        match self {
            Self::Program(_) | Self::Quota { .. } | Self::Waitlist { .. } => None,
            Self::Membership { family, .. } | Self::Family { family, .. } => Some(*family),
            Self::Decree(word) => Some(word.family),
        }
    }
}

/// A file that was read.
pub(crate) enum ReadFile {
    Regions(Sheet),
    Boundaries(boundaries::Shapes),
    Programs(Sheet),
    Quotas(Sheet),
    Families(families::Families),
    Memberships(Sheet),
    Decree(Sheet),
    Waitlist(Sheet),
    Pins(pins::Pins),
    Health(Sheet),
}

impl ReadFile {
    /// Data lines in it.
    pub(crate) fn lines(&self) -> u64 {
        match self {
            Self::Regions(sheet)
            | Self::Programs(sheet)
            | Self::Quotas(sheet)
            | Self::Memberships(sheet)
            | Self::Decree(sheet)
            | Self::Health(sheet)
            | Self::Waitlist(sheet) => sheet.lines,
            Self::Pins(pins) => pins.lines(),
            Self::Boundaries(shapes) => shapes.lines(),
            Self::Families(families) => families.lines(),
        }
    }
}

/// An import being done, or only tried: then each of its transactions is undone instead of committed.
struct Run<'a> {
    by: &'a Acting,
    id: ImportId,
    kind: ImportKind,
    /// Where the actor may import; `None`: everywhere.
    scope: Option<Vec<RegionCode>>,
    /// The state in which nothing is kept; `None`: it counts.
    trying: Option<ImportState>,
    done: AtomicU64,
    /// NIKs that a try would have brought by now: the database does not know them.
    tried_niks: Mutex<HashSet<String>>,
    /// Families of the registry that the report tells something about, and be it that they are there.
    found: Mutex<BTreeSet<Uuid>>,
    /// Families of the registry that the file names.
    named: Mutex<HashSet<Uuid>>,
}

impl Run<'_> {
    /// Whether families of `region` are the actor's to import. Nobody's are those of the training area.
    fn reaches(&self, region: &RegionCode) -> bool {
        !region.is_training()
            && self
                .scope
                .as_ref()
                .is_none_or(|scope| scope.iter().any(|code| code.covers(region)))
    }

    /// Whether `region` is the actor's, or above it: a city's list begins with its province.
    fn touches(&self, region: &RegionCode) -> bool {
        !region.is_training()
            && self.scope.as_ref().is_none_or(|scope| {
                scope
                    .iter()
                    .any(|code| code.covers(region) || region.covers(code))
            })
    }

    /// Whether `region` is the actor's own or lies in it.
    fn answers_for(&self, region: &RegionCode) -> bool {
        let mine = |scope: &Vec<RegionCode>| scope.iter().any(|code| code.covers(region));
        !region.is_training() && self.scope.as_ref().is_none_or(mine)
    }

    fn role(&self) -> Role {
        if self.by.actor.is_system() {
            Role::System
        } else {
            Role::Admin
        }
    }

    async fn chunk(&self) -> Result<Write> {
        self.by.begin_chunk().await
    }

    async fn bring(&self, read: ReadFile) -> Result<Tally> {
        let mut tally = match read {
            ReadFile::Regions(file) => self.regions(file).await,
            ReadFile::Boundaries(file) => self.boundaries(file).await,
            ReadFile::Programs(file) => self.programs(file).await,
            ReadFile::Quotas(file) => self.quotas(file).await,
            ReadFile::Families(file) => self.families(file).await,
            ReadFile::Memberships(file) => self.memberships(file).await,
            ReadFile::Decree(file) => self.decrees(file).await,
            ReadFile::Waitlist(file) => self.waitlists(file).await,
            ReadFile::Pins(file) => self.pins(file).await,
            ReadFile::Health(file) => self.health(file).await,
        }?;
        tally.sort();
        self.note_found().await?;
        Ok(tally)
    }

    /// A file can be a question about a family, also one that is tried and dropped: what it found is in the log of reads
    /// before anybody is told. Between two transactions, for the log has its own.
    async fn note_found(&self) -> Result<()> {
        let found = std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner));
        let found: Vec<Uuid> = found.into_iter().collect();
        for some in found.chunks(FOUND_IN_ROW) {
            let reads = some.iter().map(|family| Read {
                kind: "family",
                id: *family,
                what: "import_found",
                mode: Mode::Seen,
                role: self.role(),
                purpose: None,
            });
            self.by.note_reads(reads).await?;
        }
        Ok(())
    }

    fn name(&self, families: impl IntoIterator<Item = Uuid>) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.extend(families);
    }

    /// Counts the families of these villages that the file does not name, and tells the first of them. Nothing becomes
    /// of them: who is not in a file may be in another.
    async fn count_missing(
        &self,
        villages: &BTreeSet<RegionCode>,
        tally: &mut Tally,
    ) -> Result<()> {
        let named = std::mem::take(&mut *self.named.lock().unwrap_or_else(PoisonError::into_inner));
        let mut missing = 0;
        for village in villages.iter().filter(|village| self.reaches(village)) {
            let there: Vec<Uuid> = family::Entity::find()
                .select_only()
                .column(family::Column::Id)
                .filter(family::Column::Region.eq(village.as_str()))
                .filter(family::Column::ClosedAt.is_null())
                .order_by_asc(family::Column::Id)
                .into_tuple()
                .all(self.by.store.read())
                .await?;
            let mut families = 0;
            for id in there.into_iter().filter(|id| !named.contains(id)) {
                families += 1;
                if tally.told.missing_families.len() < LISTED {
                    tally.told.missing_families.push(FamilyId(id));
                }
            }
            missing += families;
            if families > 0 && tally.told.missing_in.len() < NAMED {
                let region = village.clone();
                tally.told.missing_in.push(MissingIn { region, families });
            }
        }
        tally.told.missing = Some(missing);
        Ok(())
    }

    fn find(&self, families: impl IntoIterator<Item = Uuid>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(families);
    }

    /// Ends one transaction, which dealt with so many lines; one that changed something says so in the journal.
    async fn commit(&self, mut write: Write, lines: usize, added: u64, changed: u64) -> Result<()> {
        let lines = lines as u64;
        let done = self.done.fetch_add(lines, Ordering::Relaxed) + lines;
        if self.trying.is_some() {
            drop(write);
            let write = self.by.begin().await?;
            self.reach(&write, done).await?;
            return write.commit().await;
        }
        self.reach(&write, done).await?;
        if added + changed > 0 {
            write.journal(Entry::new(
                "import.rows",
                format!("import:{}", self.id),
                self.role(),
                None,
                &serde_json::json!({ "kind": self.kind, "added": added, "changed": changed }),
            )?);
        }
        write.commit().await
    }

    /// Tells how far it is. Whoever tries a file that was discarded meanwhile learns it here, and stops.
    async fn reach(&self, write: &Write, done: u64) -> Result<()> {
        let mut told = import_run::Entity::update_many()
            .col_expr(import_run::Column::Done, Expr::value(count(done)))
            .filter(import_run::Column::Id.eq(Uuid::from(self.id)));
        if let Some(state) = self.trying {
            told = told.filter(import_run::Column::State.eq(state.to_string()));
        }
        if told.exec(write.on()).await?.rows_affected == 0 {
            return Err(Error::WRONG_MOMENT);
        }
        Ok(())
    }

    /// Keeps lines that wait for an approver.
    async fn wait(&self, write: &Write, lines: Vec<(u64, Waiting)>) -> Result<()> {
        let rows = lines
            .into_iter()
            .map(|(line, what)| {
                Ok(import_row::ActiveModel {
                    import_id: Set(self.id.into()),
                    position: Set(i64::try_from(line).map_err(Error::internal)?),
                    family_id: Set(what.family()),
                    body: Set(serde_json::to_string(&what).map_err(Error::internal)?),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        insert_all(write, rows).await
    }
}

/// Inserts many rows by few statements.
async fn insert_all<A>(write: &Write, rows: Vec<A>) -> Result<()>
where
    A: ActiveModelTrait + Send + Sync,
{
    // SQLite takes 32,766 values in a statement, and the widest table has 16 columns.
    let mut rows = rows.into_iter();
    loop {
        let some: Vec<A> = rows.by_ref().take(500).collect();
        if some.is_empty() {
            return Ok(());
        }
        <A::Entity as EntityTrait>::insert_many(some)
            .exec_without_returning(write.on())
            .await?;
    }
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// What stands in the way of starting.
enum Begun {
    /// It was done before, or the same file waits already.
    Known(Box<ImportReport>),
    /// Nothing.
    Now,
}

impl Acting {
    /// Brings a file into the registry. A file that cannot be read changes nothing; of one that can, every line is
    /// either taken or told in the report.
    ///
    /// # Errors
    /// `forbidden`, `invalid` naming a missing column, `bad_import`, `event_reused`.
    pub async fn import(
        &self,
        kind: ImportKind,
        file: ImportFile,
        event_id: EventId,
    ) -> Result<ImportReport> {
        let run = self.run_of(ImportId(event_id.into()), kind, None)?;
        let of = (Sha256::digest(&file.bytes).to_vec(), file.sheet);
        let read = self.read_import(kind, file).await?;
        if let Begun::Known(report) = self.begin_import(&run, event_id, of, read.lines()).await? {
            return Ok(*report);
        }
        let tally = run.bring(read).await?;
        self.end_import(&run, tally).await
    }

    /// # Errors
    /// `forbidden`, `separation_of_duty`.
    fn run_of(
        &self,
        id: ImportId,
        kind: ImportKind,
        trying: Option<ImportState>,
    ) -> Result<Run<'_>> {
        let scope = if self.actor.is_system() {
            None
        } else {
            self.actor.require(Permission::Import)?;
            Some(self.actor.regions(Permission::Import))
        };
        if kind.decides() && kind != ImportKind::Programs && self.actor.user().is_none() {
            // The approver must be able to see whose list it is, and be another person.
            return Err(Error::Refused(ProblemCode::SeparationOfDuty));
        }
        Ok(Run {
            by: self,
            id,
            kind,
            scope,
            trying,
            done: AtomicU64::new(0),
            tried_niks: Mutex::default(),
            found: Mutex::default(),
            named: Mutex::default(),
        })
    }

    /// Reads a file whole.
    ///
    /// # Errors
    /// `invalid` naming a missing column, `bad_import`.
    pub(crate) async fn read_import(&self, kind: ImportKind, file: ImportFile) -> Result<ReadFile> {
        let file = self.brought(kind, file).await?;
        Ok(match kind {
            ImportKind::Regions => {
                ReadFile::Regions(off_the_threads(move || regions::read(&file)).await?)
            }
            ImportKind::Boundaries => {
                ReadFile::Boundaries(off_the_threads(move || boundaries::read(&file.bytes)).await?)
            }
            ImportKind::Programs => {
                ReadFile::Programs(off_the_threads(move || programs::read(&file)).await?)
            }
            ImportKind::Quotas => {
                ReadFile::Quotas(off_the_threads(move || quotas::read(&file)).await?)
            }
            ImportKind::Families => {
                let places = self.places().await?;
                let today = self.store.now();
                ReadFile::Families(
                    off_the_threads(move || families::read(&file, &places, today)).await?,
                )
            }
            ImportKind::Memberships => {
                ReadFile::Memberships(off_the_threads(move || memberships::read(&file)).await?)
            }
            ImportKind::Decree => {
                ReadFile::Decree(off_the_threads(move || decrees::read(&file)).await?)
            }
            ImportKind::Pins => {
                ReadFile::Pins(off_the_threads(move || pins::read(&file.bytes)).await?)
            }
            ImportKind::Health => {
                ReadFile::Health(off_the_threads(move || health::read(&file)).await?)
            }
            ImportKind::Waitlist => {
                ReadFile::Waitlist(off_the_threads(move || waitlists::read(&file)).await?)
            }
        })
    }

    /// A report with the names of whoever brought, confirmed or refused it.
    async fn named_report(&self, row: &import_run::Model) -> Result<ImportReport> {
        let mut report = self.report_of(row, true)?;
        self.name_people(std::slice::from_mut(&mut report)).await?;
        Ok(report)
    }

    async fn name_people(&self, reports: &mut [ImportReport]) -> Result<()> {
        let people = reports
            .iter()
            .flat_map(|report| [report.imported_by, report.confirmed_by, report.refused_by])
            .flatten()
            .map(Uuid::from)
            .collect();
        let names = self.store.names_of(people).await?;
        let name = |id: Option<UserId>| id.and_then(|id| names.get(&id.into()).cloned());
        for report in reports {
            report.imported_by_name = name(report.imported_by);
            report.confirmed_by_name = name(report.confirmed_by);
            report.refused_by_name = name(report.refused_by);
        }
        Ok(())
    }

    fn report_of(&self, row: &import_run::Model, listed: bool) -> Result<ImportReport> {
        let told: Told = serde_json::from_str(&row.told).map_err(Error::internal)?;
        let state = Lenient::read(&row.state);
        let (by, at) = (
            row.confirmed_by.map(UserId),
            row.confirmed_at.map(Timestamp::from_micros),
        );
        let is_refused = state == Lenient::Known(ImportState::Refused);
        let ((confirmed_by, confirmed_at), (refused_by, refused_at)) = if is_refused {
            ((None, None), (by, at))
        } else {
            ((by, at), (None, None))
        };
        let note = row.note_enc.as_ref().map(|sealed| {
            let keys = self.store.keys();
            let note = keys.decrypt_field("import_run", "note", row.id, sealed);
            note.map(|note| note.to_string()).map_err(Error::internal)
        });
        let refusal = row.refusal.as_ref();
        let mut report = ImportReport {
            id: ImportId(row.id),
            kind: row.kind.parse().map_err(Error::internal)?,
            state,
            at: Timestamp::from_micros(row.at),
            imported_by: row.imported_by.map(UserId),
            imported_by_name: None,
            confirmed_by,
            confirmed_by_name: None,
            confirmed_at,
            refused_by,
            refused_by_name: None,
            refused_at,
            refusal: refusal
                .map(|code| code.parse().map_err(Error::internal))
                .transpose()?,
            note: note.transpose()?,
            sha256: hex(&row.sha256),
            lines: row.lines.cast_unsigned(),
            added: row.added.cast_unsigned(),
            changed: row.changed.cast_unsigned(),
            unchanged: row.unchanged.cast_unsigned(),
            waiting: row.waiting.cast_unsigned(),
            rejected: row.rejected.cast_unsigned(),
            warned: row.warned.cast_unsigned(),
            done: rehearsal::done_of(row),
            foretold: rehearsal::foretold_of(row)?,
            missing: told.missing,
            missing_in: Vec::new(),
            rejections: Vec::new(),
            warnings: Vec::new(),
            waitlists: Vec::new(),
            decrees: Vec::new(),
        };
        if listed {
            report.missing_in = told.missing_in;
            report.rejections = told.rejections;
            report.warnings = told.warnings;
            report.waitlists = told.waitlists;
            report.decrees = told.decrees;
        }
        Ok(report)
    }

    /// A transaction in which nobody else imports.
    async fn begin_chunk(&self) -> Result<Write> {
        let write = self.begin().await?;
        if self.store.is_postgres() {
            write
                .on()
                .execute_raw(
                    self.store
                        .sql("SELECT pg_advisory_xact_lock($1)", [IMPORT_LOCK.into()]),
                )
                .await?;
        }
        Ok(write)
    }

    async fn begin_import(
        &self,
        run: &Run<'_>,
        event_id: EventId,
        (sha256, sheet): (Vec<u8>, Option<u32>),
        lines: u64,
    ) -> Result<Begun> {
        let mut write = self.begin_chunk().await?;
        let asked = asked_of(&sha256, sheet);
        let seen = write
            .once(event_id, "import", &run.kind.to_string(), &asked)
            .await?;
        if seen == Seen::Before
            && let Some(known) = import_run::Entity::find_by_id(Uuid::from(run.id))
                .one(write.on())
                .await?
        {
            if known.state != ImportState::Running.to_string() {
                return Ok(Begun::Known(Box::new(self.named_report(&known).await?)));
            }
            // It was broken off. What was taken stays and will be found unchanged; what waits is counted anew.
            forget_waiting(&write, known.id).await?;
            write.commit().await?;
            return Ok(Begun::Now);
        }
        if let Some(same) = waiting_already(&write, &run.kind.to_string(), &sha256, sheet).await? {
            write.commit().await?;
            let report = self.named_report(&same).await?;
            return Ok(Begun::Known(Box::new(report)));
        }
        let row = self.new_run(&write, run, ImportState::Running, (sha256, sheet), lines)?;
        write.journal(Entry::new(
            "import.begin",
            format!("import:{}", run.id),
            run.role(),
            Some(event_id),
            &serde_json::json!({ "kind": run.kind, "sha256": hex(&row.sha256),
                "why": self.actor.why() }),
        )?);
        row.into_active_model()
            .reset_all()
            .insert(write.on())
            .await?;
        write.commit().await?;
        Ok(Begun::Now)
    }

    fn new_run(
        &self,
        write: &Write,
        run: &Run<'_>,
        state: ImportState,
        (sha256, sheet): (Vec<u8>, Option<u32>),
        lines: u64,
    ) -> Result<import_run::Model> {
        Ok(import_run::Model {
            id: run.id.into(),
            kind: run.kind.to_string(),
            state: state.to_string(),
            sha256,
            imported_by: self.actor.user().map(Into::into),
            at: write.at().as_micros(),
            confirmed_by: None,
            confirmed_at: None,
            refusal: None,
            note_enc: None,
            lines: count(lines),
            added: 0,
            changed: 0,
            unchanged: 0,
            waiting: 0,
            rejected: 0,
            warned: 0,
            told: serde_json::to_string(&Told::default()).map_err(Error::internal)?,
            done: Some(0),
            foretold: None,
            sheet: sheet.map(|sheet| i32::try_from(sheet).unwrap_or(i32::MAX)),
        })
    }

    async fn end_import(&self, run: &Run<'_>, tally: Tally) -> Result<ImportReport> {
        let mut write = self.begin_chunk().await?;
        let mut row = run_row(&write, run.id).await?;
        let state = if tally.waiting > 0 {
            ImportState::Waiting
        } else {
            ImportState::Done
        };
        row.state = state.to_string();
        tally.write_into(&mut row)?;
        rehearsal::compare(&mut row)?;
        write.journal(Entry::new(
            "import.end",
            format!("import:{}", run.id),
            run.role(),
            None,
            &serde_json::json!({ "kind": run.kind, "sha256": hex(&row.sha256), "state": state,
                "lines": tally.lines, "added": tally.added, "changed": tally.changed,
                "unchanged": tally.unchanged, "waiting": tally.waiting,
                "rejected": tally.rejected, "warned": tally.warned }),
        )?);
        save_run(&write, &row).await?;
        write.commit().await?;
        self.named_report(&row).await
    }

    /// An import as it stands.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn import_report(&self, id: ImportId) -> Result<ImportReport> {
        let row = import_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .filter(|row| self.may_see(row))
            .ok_or(Error::NOT_FOUND)?;
        self.named_report(&row).await
    }

    /// Imports, newest first, without their lists of lines.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub(crate) async fn imports(
        &self,
        state: Option<ImportState>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ImportReport>> {
        if !SEE_IMPORTS.iter().any(|one| self.actor.may(*one)) {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        let mut query = import_run::Entity::find();
        if let Some(state) = state {
            query = query.filter(import_run::Column::State.eq(state.to_string()));
        }
        if let Some(after) = after {
            let (at, id) = after
                .split_once('.')
                .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.parse::<Uuid>().ok()?)))
                .ok_or(Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(
                sea_orm::Condition::any()
                    .add(import_run::Column::At.lt(at))
                    .add(
                        sea_orm::Condition::all()
                            .add(import_run::Column::At.eq(at))
                            .add(import_run::Column::Id.lt(id)),
                    ),
            );
        }
        let mut rows = query
            .order_by_desc(import_run::Column::At)
            .order_by_desc(import_run::Column::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = more
            .then(|| rows.last().map(|row| format!("{}.{}", row.at, row.id)))
            .flatten();
        let mut items = rows
            .iter()
            .filter(|row| self.may_see(row))
            .map(|row| self.report_of(row, false))
            .collect::<Result<Vec<_>>>()?;
        self.name_people(&mut items).await?;
        Ok(Page { items, next })
    }

    /// Those about a region of one's own.
    fn may_see(&self, row: &import_run::Model) -> bool {
        if self.actor.is_system() {
            return true;
        }
        // Some are about no region in particular, and all are about what is real.
        if self.actor.is_in_training() {
            return false;
        }
        let Ok(told) = serde_json::from_str::<Told>(&row.told) else {
            return false;
        };
        SEE_IMPORTS.iter().any(|permission| {
            self.actor.may(*permission)
                && (told.regions.is_empty()
                    || self.actor.regions(*permission).iter().any(|mine| {
                        told.regions
                            .iter()
                            .any(|region| mine.covers(region) || region.covers(mine))
                    }))
        })
    }

    /// What an import that waits would change of families that hold a place or wait for one, masked; those of regions
    /// in which the actor reads.
    ///
    /// # Errors
    /// `not_found`, `bad_cursor`.
    pub(crate) async fn import_changes(
        &self,
        id: ImportId,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ImportedChange>> {
        import_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .filter(|row| self.may_see(row))
            .ok_or(Error::NOT_FOUND)?;
        let mut query = import_row::Entity::find()
            .filter(import_row::Column::ImportId.eq(Uuid::from(id)))
            .filter(import_row::Column::FamilyId.is_not_null());
        if let Some(after) = after {
            let after: i64 = after
                .parse()
                .map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(import_row::Column::Position.gt(after));
        }
        let mut rows = query
            .order_by_asc(import_row::Column::Position)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = more
            .then(|| rows.last().map(|row| row.position.to_string()))
            .flatten();
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let Waiting::Family {
                family,
                lines,
                sealed,
            } = serde_json::from_str(&row.body).map_err(Error::internal)?
            else {
                continue;
            };
            let line = row.position.cast_unsigned();
            let change = families::view(&self.store, line, family, &lines, &sealed).await?;
            let Ok(role) = self.reading_in(&change.region) else {
                continue;
            };
            reads.push(Read {
                kind: "family",
                id: change.family.into(),
                what: "import",
                mode: Mode::Served,
                role,
                purpose: None,
            });
            items.push(change);
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// The first families that a file does not name of the villages in it; those of regions in which the actor reads.
    ///
    /// # Errors
    /// `not_found`, `bad_cursor`.
    pub(crate) async fn import_missing(
        &self,
        id: ImportId,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MissingFamily>> {
        let row = import_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .filter(|row| self.may_see(row))
            .ok_or(Error::NOT_FOUND)?;
        let told: Told = serde_json::from_str(&row.told).map_err(Error::internal)?;
        let from: usize = after
            .map_or(Ok(0), str::parse)
            .map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let rest = told.missing_families.get(from..).unwrap_or_default();
        let next = (rest.len() > limit).then(|| (from + limit).to_string());
        let ids: Vec<Uuid> = rest.iter().take(limit).map(|id| (*id).into()).collect();
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(family::Column::Region)
            .order_by_asc(family::Column::NameKey)
            .all(self.store.read())
            .await?;
        let holding: HashSet<Uuid> = membership::Entity::find()
            .filter(membership::Column::FamilyId.is_in(ids))
            .all(self.store.read())
            .await?
            .into_iter()
            .filter(|row| {
                let state = row.state.parse::<MembershipState>();
                state.is_ok_and(MembershipState::occupies_slot)
            })
            .map(|row| row.family_id)
            .collect();
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let region: RegionCode = row.region.parse().map_err(Error::internal)?;
            let Ok(role) = self.reading_in(&region) else {
                continue;
            };
            reads.push(Read {
                kind: "family",
                id: row.id,
                what: "import_missing",
                mode: Mode::Served,
                role,
                purpose: None,
            });
            items.push(MissingFamily {
                family: FamilyId(row.id),
                name: row.name,
                region,
                rt: row.rt,
                rw: row.rw,
                holds: holding.contains(&row.id),
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// Whether an approver has a say over the whole of an import.
    fn covers(&self, row: &import_run::Model) -> Result<bool> {
        let told: Told = serde_json::from_str(&row.told).map_err(Error::internal)?;
        let mut regions = told.regions.iter();
        Ok(regions.all(|region| self.actor.may_in(Permission::ConfirmImports, region)))
    }

    /// What an approver wrote, encrypted: the journal is for ever, so it gets only a hash of that.
    fn seal_note(&self, import: Uuid, note: Option<&str>) -> Result<Option<Vec<u8>>> {
        let Some(note) = note else {
            return Ok(None);
        };
        if note.chars().count() > MOST_IN_NOTE {
            return Err(Error::field(
                "note",
                "too_long",
                "Paling banyak 500 karakter.",
            ));
        }
        if holds_personal_number(note) {
            return Err(Error::field(
                "note",
                "personal_number",
                "Catatan ini tampak memuat NIK atau nomor KK; hapus nomornya.",
            ));
        }
        let keys = self.store.keys();
        Ok(Some(keys.encrypt_field("import_run", "note", import, note)))
    }

    /// Refuses what an import left waiting: none of it will count. Also for whoever brought it in, should they be an
    /// approver: it leaves everything as it was.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `wrong_moment` when nothing waits or a confirmation is under way.
    pub(crate) async fn refuse_import(
        &self,
        id: ImportId,
        body: RefuseImport,
    ) -> Result<ImportReport> {
        self.actor.require(Permission::ConfirmImports)?;
        let mut write = self.begin_chunk().await?;
        let mut row = import_run::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .filter(|row| self.may_see(row))
            .ok_or(Error::NOT_FOUND)?;
        if !self.covers(&row)? {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        if !reason::is_listed(&body.reason, IMPORT_REFUSALS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan penolakan impor.",
            ));
        }
        let note = self.seal_note(row.id, body.note.as_deref())?;
        let object = format!("import:{id}");
        let seen = write
            .once(body.event_id, "import.refuse", &object, &body)
            .await?;
        if row.state != ImportState::Waiting.to_string() || row.confirmed_by.is_some() {
            return match seen {
                Seen::Before => self.named_report(&row).await,
                Seen::Now => Err(Error::WRONG_MOMENT),
            };
        }
        forget_waiting(&write, row.id).await?;
        write.journal(Entry::new(
            "import.refuse",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "kind": row.kind, "sha256": hex(&row.sha256),
                "importer": row.imported_by.map(UserId), "waiting": row.waiting,
                "reason": body.reason, "note": note.as_deref().map(hash_of_note) }),
        )?);
        row.state = ImportState::Refused.to_string();
        row.waiting = 0;
        row.confirmed_by = self.actor.user().map(Into::into);
        row.confirmed_at = Some(write.at().as_micros());
        row.refusal = Some(body.reason.to_string());
        row.note_enc = note;
        save_run(&write, &row).await?;
        write.commit().await?;
        self.named_report(&row).await
    }

    /// Puts into force what an import brought and left waiting: a second person's act. A line that no longer fits is
    /// told in the report, the others count from now on.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty` for the importer, `invalid`, `wrong_moment` when nothing waits.
    pub(crate) async fn confirm_import(&self, id: ImportId, body: Act) -> Result<ImportReport> {
        self.actor.require(Permission::ConfirmImports)?;
        let mut write = self.begin_chunk().await?;
        let mut row = import_run::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .filter(|row| self.may_see(row))
            .ok_or(Error::NOT_FOUND)?;
        if !self.covers(&row)? {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        self.refuse_own_matter(write.on(), &[row.imported_by])
            .await?;
        let by = TwoPersons::of_import(row.imported_by.map(UserId), self.actor.person_id()?)?;
        let note = self.seal_note(row.id, body.note.as_deref())?;
        let seen = write
            .once(
                body.event_id,
                "import.confirm",
                &format!("import:{id}"),
                &body,
            )
            .await?;
        if row.state != ImportState::Waiting.to_string() {
            return match seen {
                Seen::Before => self.named_report(&row).await,
                Seen::Now => Err(Error::WRONG_MOMENT),
            };
        }
        // From here on it is too late to refuse. Whoever begins is named, also when somebody else comes to the end.
        if seen == Seen::Now {
            write.journal(Entry::new(
                "import.begin_confirm",
                format!("import:{id}"),
                Role::Approver,
                Some(body.event_id),
                &serde_json::json!({ "kind": row.kind, "importer": row.imported_by.map(UserId) }),
            )?);
        }
        row.confirmed_by = self.actor.user().map(Into::into);
        row.note_enc.clone_from(&note);
        save_run(&write, &row).await?;
        write.commit().await?;
        loop {
            let mut write = self.begin_chunk().await?;
            let mut row = import_run::Entity::find_by_id(Uuid::from(id))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let lines = import_row::Entity::find()
                .filter(import_row::Column::ImportId.eq(row.id))
                .order_by_asc(import_row::Column::Position)
                .limit(CHUNK as u64)
                .all(write.on())
                .await?;
            let Some(last) = lines.last().map(|line| line.position) else {
                if row.state == ImportState::Waiting.to_string() {
                    row.state = ImportState::InForce.to_string();
                    row.waiting = 0;
                    row.confirmed_by = self.actor.user().map(Into::into);
                    row.confirmed_at = Some(write.at().as_micros());
                    write.journal(Entry::new(
                        "import.confirm",
                        format!("import:{id}"),
                        Role::Approver,
                        Some(body.event_id),
                        &serde_json::json!({ "kind": row.kind, "sha256": hex(&row.sha256),
                            "importer": row.imported_by.map(UserId), "added": row.added,
                            "changed": row.changed, "rejected": row.rejected, "note": note.as_deref().map(hash_of_note) }),
                    )?);
                    save_run(&write, &row).await?;
                    write.commit().await?;
                }
                return self.report_of(&row, true);
            };
            let lines = lines
                .into_iter()
                .map(|line| {
                    let what = serde_json::from_str(&line.body).map_err(Error::internal)?;
                    Ok((line.position.cast_unsigned(), what))
                })
                .collect::<Result<Vec<(u64, Waiting)>>>()?;
            let mut tally = Tally {
                told: serde_json::from_str(&row.told).map_err(Error::internal)?,
                ..Tally::default()
            };
            put_in_force(&mut write, id, lines, &by, &mut tally).await?;
            import_row::Entity::delete_many()
                .filter(import_row::Column::ImportId.eq(row.id))
                .filter(import_row::Column::Position.lte(last))
                .exec(write.on())
                .await?;
            tally.sort();
            row.added += count(tally.added);
            row.changed += count(tally.changed);
            row.unchanged += count(tally.unchanged);
            row.rejected += count(tally.rejected);
            row.told = serde_json::to_string(&tally.told).map_err(Error::internal)?;
            save_run(&write, &row).await?;
            write.commit().await?;
        }
    }
}

async fn run_row(write: &Write, id: ImportId) -> Result<import_run::Model> {
    import_run::Entity::find_by_id(Uuid::from(id))
        .one(write.on())
        .await?
        .ok_or_else(|| Error::internal("an import forgot itself"))
}

/// What is asked about a file: its bytes, and the sheet where one was chosen.
fn asked_of(sha256: &[u8], sheet: Option<u32>) -> String {
    match sheet {
        None => hex(sha256),
        Some(sheet) => format!("{} {sheet}", hex(sha256)),
    }
}

fn sheet_of(row: &import_run::Model) -> Option<u32> {
    row.sheet.and_then(|sheet| u32::try_from(sheet).ok())
}

/// The same file, when it waits for an approver already.
async fn waiting_already(
    write: &Write,
    kind: &str,
    sha256: &[u8],
    sheet: Option<u32>,
) -> Result<Option<import_run::Model>> {
    let of_sheet = match sheet {
        None => import_run::Column::Sheet.is_null(),
        Some(sheet) => import_run::Column::Sheet.eq(sheet),
    };
    Ok(import_run::Entity::find()
        .filter(of_sheet)
        .filter(import_run::Column::State.eq(ImportState::Waiting.to_string()))
        .filter(import_run::Column::Kind.eq(kind))
        .filter(import_run::Column::Sha256.eq(sha256))
        .filter(import_run::Column::Rejected.eq(0))
        .one(write.on())
        .await?)
}

/// Who sees what became of a file.
const SEE_IMPORTS: [Permission; 3] = [
    Permission::Import,
    Permission::ConfirmImports,
    Permission::ReadJournal,
];

async fn put_in_force(
    write: &mut Write,
    import: ImportId,
    lines: Vec<(u64, Waiting)>,
    by: &TwoPersons,
    tally: &mut Tally,
) -> Result<()> {
    let (mut places, mut words) = (Vec::new(), Vec::new());
    for (line, what) in lines {
        match what {
            Waiting::Decree(word) => words.push((line, word)),
            Waiting::Program(program) => programs::put_in_force(write, &program, tally).await?,
            Waiting::Quota {
                program,
                region,
                slots,
            } => quotas::put_in_force(write, line, &program, &region, slots, by, tally).await?,
            Waiting::Waitlist { id } => waitlists::freeze(write, id, tally).await?,
            Waiting::Family {
                family,
                lines,
                sealed,
            } => {
                families::put_in_force(write, import, family, &lines, &sealed, by, tally).await?;
            }
            Waiting::Membership {
                program,
                family,
                person,
                state,
                central_status,
            } => places.push((
                line,
                memberships::Place {
                    program,
                    family,
                    person,
                    state,
                    central_status,
                },
            )),
        }
    }
    decrees::put_in_force(write, import, words, by, tally).await?;
    memberships::put_in_force(write, import, places, by, tally).await
}

/// Tells a note again without its words: the hash of what is encrypted, which nobody can guess without the key.
fn hash_of_note(sealed: &[u8]) -> String {
    hex(&Sha256::digest(sealed))
}

/// Takes away what waited of an import that is refused or done again from its beginning.
async fn forget_waiting(write: &Write, import: Uuid) -> Result<()> {
    let rows = import_row::Entity::find()
        .filter(import_row::Column::ImportId.eq(import))
        .all(write.on())
        .await?;
    for row in &rows {
        if let Ok(Waiting::Waitlist { id }) = serde_json::from_str(&row.body) {
            waitlist_entry::Entity::delete_many()
                .filter(waitlist_entry::Column::WaitlistId.eq(id))
                .exec(write.on())
                .await?;
            waitlist::Entity::delete_by_id(id).exec(write.on()).await?;
        }
    }
    import_row::Entity::delete_many()
        .filter(import_row::Column::ImportId.eq(import))
        .exec(write.on())
        .await?;
    Ok(())
}

async fn save_run(write: &Write, row: &import_run::Model) -> Result<()> {
    row.clone()
        .into_active_model()
        .reset_all()
        .update(write.on())
        .await?;
    Ok(())
}

/// Reading a large file takes seconds; the threads that answer requests do not wait for it.
async fn off_the_threads<T: Send + 'static>(
    read: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(Error::internal)?
}
