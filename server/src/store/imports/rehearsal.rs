//! A file that is tried before it is brought in: what a try may change, which is nothing but the import's own row.
//!
//! A try runs the import's own code and undoes each of its transactions. It holds nobody up for longer than an import
//! does, and so a later transaction does not see an earlier one: what that would change is the NIKs, which are
//! remembered, and a file that calls one family once by its id and once by its KK number only. Before a file is brought
//! in it is tried again; when that tells something else, its importer is asked again. What the import told in the end is
//! compared with its try once more, and the report says when they differ.
//!
//! Both run as jobs, in the importer's name and with what the importer's grants allow at that moment.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{EventId, ImportId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::registry::{
    ApplyImport, ImportForetold, ImportKind, ImportReport, ImportState,
};
use tilik_protocol::session::Act;
use uuid::Uuid;

use super::{
    Run, Tally, Told, asked_of, forget_waiting, run_row, save_run, sheet_of, waiting_already,
};
use crate::error::{Error, Result};
use crate::imports::ImportFile;
use crate::store::journal::{Entry, hex};
use crate::store::tables::import_run;
use crate::store::write::Seen;
use crate::store::{Acting, Write, jobs};

/// What is done in the background to a file that is tried; its object is the import.
pub(crate) const JOB: &str = "rehearsed_import";
/// A file that nobody applies is personal data without a purpose.
pub(in crate::store) const KEPT_DAYS: i64 = 7;

/// What a try told, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Foretold {
    #[serde(flatten)]
    counts: ImportForetold,
    /// Over the counts and everything told of lines and lists.
    digest: String,
    /// It was tried again and told the same: what is left is to bring it in.
    #[serde(default)]
    checked: bool,
}

impl Foretold {
    /// What the report in `row` tells.
    fn of(row: &import_run::Model) -> Result<Self> {
        let told: Told = serde_json::from_str(&row.told).map_err(Error::internal)?;
        let counts = ImportForetold {
            added: row.added.cast_unsigned(),
            changed: row.changed.cast_unsigned(),
            unchanged: row.unchanged.cast_unsigned(),
            waiting: row.waiting.cast_unsigned(),
            rejected: row.rejected.cast_unsigned(),
            warned: row.warned.cast_unsigned(),
            same: None,
        };
        // A list gets its id when it is written.
        let lists: Vec<_> = told
            .waitlists
            .iter()
            .map(|list| (&list.program, &list.region, list.entries, &list.hash))
            .collect();
        let all = serde_json::to_vec(&(counts, &told.rejections, &told.warnings, lists));
        Ok(Self {
            counts,
            digest: hex(&Sha256::digest(all.map_err(Error::internal)?)),
            checked: false,
        })
    }

    fn kept(row: &import_run::Model) -> Result<Option<Self>> {
        let read = row.foretold.as_deref().map(serde_json::from_str);
        read.transpose().map_err(Error::internal)
    }

    fn keep(&self, row: &mut import_run::Model) -> Result<()> {
        row.foretold = Some(serde_json::to_string(self).map_err(Error::internal)?);
        Ok(())
    }
}

/// Notes whether the report in `row` tells what its try foretold, where there was one.
pub(super) fn compare(row: &mut import_run::Model) -> Result<()> {
    if let Some(mut kept) = Foretold::kept(row)? {
        kept.counts.same = Some(kept.digest == Foretold::of(row)?.digest);
        kept.keep(row)?;
    }
    Ok(())
}

pub(super) fn foretold_of(row: &import_run::Model) -> Result<Option<ImportForetold>> {
    Ok(Foretold::kept(row)?.map(|kept| kept.counts))
}

/// Lines dealt with, of an import that is under way.
pub(super) fn done_of(row: &import_run::Model) -> Option<u64> {
    let under_way = match Lenient::read(&row.state) {
        Lenient::Known(ImportState::Running | ImportState::Rehearsing | ImportState::Applying) => {
            true
        }
        Lenient::Known(
            ImportState::Done
            | ImportState::Waiting
            | ImportState::InForce
            | ImportState::Refused
            | ImportState::Rehearsed
            | ImportState::Discarded,
        )
        | Lenient::Unknown(_) => false,
    };
    row.done.filter(|_| under_way).map(i64::cast_unsigned)
}

/// Nothing of the file in `row` is in the registry, nor may be by now.
fn is_droppable(row: &import_run::Model) -> Result<bool> {
    Ok(match Lenient::read(&row.state) {
        Lenient::Known(ImportState::Rehearsing | ImportState::Rehearsed) => true,
        Lenient::Known(ImportState::Applying) => {
            !Foretold::kept(row)?.is_some_and(|kept| kept.checked)
        }
        Lenient::Known(
            ImportState::Running
            | ImportState::Done
            | ImportState::Waiting
            | ImportState::InForce
            | ImportState::Refused
            | ImportState::Discarded,
        )
        | Lenient::Unknown(_) => false,
    })
}

/// A file whose job is to be done.
#[derive(Debug)]
pub(crate) struct AskedImport {
    pub kind: ImportKind,
    pub sha256: [u8; 32],
    pub importer: UserId,
    sheet: Option<u32>,
    is_applying: bool,
    is_checked: bool,
}

fn state_is(row: &import_run::Model, state: ImportState) -> bool {
    row.state == state.to_string()
}

fn sha256_of(row: &import_run::Model) -> Result<[u8; 32]> {
    let bytes = row.sha256.as_slice();
    bytes.try_into().map_err(Error::internal)
}

impl Acting {
    /// Remembers a file that is to be tried. `Some`: this was asked before, or the same file waits for an approver.
    ///
    /// # Errors
    /// `forbidden`, `separation_of_duty`, `event_reused`.
    pub(crate) async fn begin_rehearsal(
        &self,
        kind: ImportKind,
        lines: u64,
        (sha256, sheet): ([u8; 32], Option<u32>),
        event_id: EventId,
    ) -> Result<Option<ImportReport>> {
        let run = self.run_of(ImportId(event_id.into()), kind, None)?;
        // The job has to know in whose name it works.
        self.actor.person_id()?;
        let mut write = self.begin().await?;
        let seen = write
            .once(
                event_id,
                "import.rehearse",
                &kind.to_string(),
                &asked_of(&sha256, sheet),
            )
            .await?;
        if seen == Seen::Before {
            let row = run_row(&write, run.id).await?;
            let is_new = state_is(&row, ImportState::Rehearsing);
            return if is_new {
                Ok(None)
            } else {
                Ok(Some(self.named_report(&row).await?))
            };
        }
        if let Some(same) = waiting_already(&write, &kind.to_string(), &sha256, sheet).await? {
            write.commit().await?;
            return Ok(Some(self.named_report(&same).await?));
        }
        let row = self.new_run(
            &write,
            &run,
            ImportState::Rehearsing,
            (sha256.to_vec(), sheet),
            lines,
        )?;
        write.journal(Entry::new(
            "import.rehearse",
            format!("import:{}", run.id),
            run.role(),
            Some(event_id),
            &serde_json::json!({ "kind": kind, "sha256": hex(&sha256) }),
        )?);
        row.into_active_model()
            .reset_all()
            .insert(write.on())
            .await?;
        write.commit().await?;
        Ok(None)
    }

    /// The file is durable: whoever works in the background may try it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn ask_rehearsal(&self, id: ImportId) -> Result<ImportReport> {
        let write = self.begin().await?;
        let row = run_row(&write, id).await?;
        if state_is(&row, ImportState::Rehearsing) {
            jobs::enqueue(&write, JOB, &id.to_string()).await?;
        }
        write.commit().await?;
        self.named_report(&row).await
    }

    /// A file of one's own that was tried.
    async fn own_run(&self, write: &Write, id: ImportId) -> Result<import_run::Model> {
        self.actor.require(Permission::Import)?;
        let row = import_run::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .filter(|row| self.may_see(row))
            .ok_or(Error::NOT_FOUND)?;
        if row.imported_by.map(UserId) == self.actor.user() {
            Ok(row)
        } else {
            Err(Error::Refused(ProblemCode::Forbidden))
        }
    }

    /// Asks for a file that was tried to be brought in.
    ///
    /// # Errors
    /// `not_found`, `forbidden` to anyone but its importer, `stale` when the report tells another number,
    /// `wrong_moment`.
    pub(crate) async fn apply_import(
        &self,
        id: ImportId,
        body: ApplyImport,
    ) -> Result<ImportReport> {
        let mut write = self.begin_chunk().await?;
        let mut row = self.own_run(&write, id).await?;
        let object = format!("import:{id}");
        let seen = write
            .once(body.event_id, "import.apply", &object, &body)
            .await?;
        if seen == Seen::Before {
            return self.named_report(&row).await;
        }
        if !state_is(&row, ImportState::Rehearsed) {
            return Err(Error::WRONG_MOMENT);
        }
        if (row.lines - row.rejected).cast_unsigned() != body.accepted {
            return Err(Error::Refused(ProblemCode::Stale));
        }
        if waiting_already(&write, &row.kind, &row.sha256, sheet_of(&row))
            .await?
            .is_some()
        {
            return Err(Error::WRONG_MOMENT);
        }
        Foretold::of(&row)?.keep(&mut row)?;
        row.state = ImportState::Applying.to_string();
        row.done = Some(0);
        let run = self.run_of(id, row.kind.parse().map_err(Error::internal)?, None)?;
        write.journal(Entry::new(
            "import.apply",
            object,
            run.role(),
            Some(body.event_id),
            &serde_json::json!({ "kind": row.kind, "sha256": hex(&row.sha256),
                "accepted": body.accepted }),
        )?);
        save_run(&write, &row).await?;
        jobs::enqueue(&write, JOB, &id.to_string()).await?;
        write.commit().await?;
        self.named_report(&row).await
    }

    /// Drops a file that is being tried, was, or waits to be brought in.
    ///
    /// # Errors
    /// `not_found`, `forbidden` to anyone but its importer, `wrong_moment`.
    pub(crate) async fn discard_import(
        &self,
        id: ImportId,
        body: Act,
    ) -> Result<(ImportReport, [u8; 32])> {
        let mut write = self.begin_chunk().await?;
        let mut row = self.own_run(&write, id).await?;
        let object = format!("import:{id}");
        let seen = write
            .once(body.event_id, "import.discard", &object, &body)
            .await?;
        if seen == Seen::Now {
            if !is_droppable(&row)? {
                return Err(Error::WRONG_MOMENT);
            }
            self.discard(&mut write, &mut row, Some(body.event_id))
                .await?;
            write.commit().await?;
        }
        Ok((self.named_report(&row).await?, sha256_of(&row)?))
    }

    async fn discard(
        &self,
        write: &mut Write,
        row: &mut import_run::Model,
        event_id: Option<EventId>,
    ) -> Result<()> {
        let id = ImportId(row.id);
        let run = self.run_of(id, row.kind.parse().map_err(Error::internal)?, None);
        write.journal(Entry::new(
            "import.discard",
            format!("import:{id}"),
            run.map_or(tilik_protocol::policy::Role::System, |run| run.role()),
            event_id,
            &serde_json::json!({ "kind": row.kind, "sha256": hex(&row.sha256),
                "why": self.actor.why() }),
        )?);
        row.state = ImportState::Discarded.to_string();
        save_run(write, row).await
    }

    /// The file whose turn it is; `None` when nothing is to be done to it any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn asked_import(&self, id: ImportId) -> Result<Option<AskedImport>> {
        let row = import_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let is_applying = state_is(&row, ImportState::Applying);
        if !is_applying && !state_is(&row, ImportState::Rehearsing) {
            return Ok(None);
        }
        Ok(Some(AskedImport {
            kind: row.kind.parse().map_err(Error::internal)?,
            sha256: sha256_of(&row)?,
            importer: row
                .imported_by
                .map(UserId)
                .ok_or_else(|| Error::internal("a tried import without its importer"))?,
            sheet: sheet_of(&row),
            is_applying,
            is_checked: Foretold::kept(&row)?.is_some_and(|kept| is_applying && kept.checked),
        }))
    }

    /// Tries a file, or brings in what was tried. Whether the file is needed on.
    ///
    /// # Errors
    /// `forbidden` when its importer may not any more; `wrong_moment` when it was discarded meanwhile.
    pub(crate) async fn go_on_with_import(
        &self,
        id: ImportId,
        asked: &AskedImport,
        bytes: bytes::Bytes,
    ) -> Result<bool> {
        let file = ImportFile {
            bytes,
            sheet: asked.sheet,
        };
        if asked.is_applying {
            if !asked.is_checked {
                let run = self.run_of(id, asked.kind, Some(ImportState::Applying))?;
                let read = self.read_import(asked.kind, file.clone()).await?;
                let tally = run.bring(read).await?;
                if !self.end_check(&run, tally).await? {
                    return Ok(true);
                }
            }
            let run = self.run_of(id, asked.kind, None)?;
            let read = self.read_import(asked.kind, file).await?;
            let write = self.begin_chunk().await?;
            // Of a try before this one that was broken off.
            forget_waiting(&write, id.into()).await?;
            write.commit().await?;
            let tally = run.bring(read).await?;
            self.end_import(&run, tally).await?;
            return Ok(false);
        }
        let run = self.run_of(id, asked.kind, Some(ImportState::Rehearsing))?;
        let read = self.read_import(asked.kind, file).await?;
        let tally = run.bring(read).await?;
        let mut write = self.begin_chunk().await?;
        let mut row = run_row(&write, id).await?;
        if !state_is(&row, ImportState::Rehearsing) {
            return Ok(false);
        }
        tell_try(&mut write, &run, &mut row, &tally)?;
        save_run(&write, &row).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Whether the second try told what the first did. If not, its importer is asked again.
    async fn end_check(&self, run: &Run<'_>, tally: Tally) -> Result<bool> {
        let mut write = self.begin_chunk().await?;
        let mut row = run_row(&write, run.id).await?;
        if !state_is(&row, ImportState::Applying) {
            return Err(Error::WRONG_MOMENT);
        }
        let mut kept = Foretold::kept(&row)?
            .ok_or_else(|| Error::internal("an import is applied that was not tried"))?;
        let mut now = row.clone();
        tally.write_into(&mut now)?;
        let same = kept.digest == Foretold::of(&now)?.digest;
        if same {
            kept.checked = true;
            row.done = Some(0);
        } else {
            tell_try(&mut write, run, &mut row, &tally)?;
            kept.counts.same = Some(false);
        }
        kept.keep(&mut row)?;
        save_run(&write, &row).await?;
        write.commit().await?;
        Ok(same)
    }

    /// Drops a file of somebody who may not bring it in any more; false when some of it may be in the registry by now,
    /// for then it is to be finished.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn drop_import(&self, id: ImportId) -> Result<bool> {
        let mut write = self.begin_chunk().await?;
        let mut row = run_row(&write, id).await?;
        if is_droppable(&row)? {
            self.discard(&mut write, &mut row, None).await?;
            write.commit().await?;
        }
        Ok(!state_is(&row, ImportState::Applying))
    }

    /// Drops files that nobody has applied for a week; which.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn expire_rehearsals(&self) -> Result<Vec<(ImportId, [u8; 32])>> {
        let long_ago = self.store.now().plus_s(-KEPT_DAYS * 86_400).as_micros();
        let states = [
            ImportState::Rehearsing,
            ImportState::Rehearsed,
            ImportState::Applying,
        ]
        .map(|one| one.to_string());
        let rows = import_run::Entity::find()
            .filter(import_run::Column::State.is_in(states))
            .filter(import_run::Column::At.lt(long_ago))
            .limit(100)
            .all(self.store.read())
            .await?;
        let mut dropped = Vec::new();
        for row in rows {
            if self.drop_import(ImportId(row.id)).await? {
                dropped.push((ImportId(row.id), sha256_of(&row)?));
            }
        }
        Ok(dropped)
    }
}

/// Writes down what a try told.
fn tell_try(
    write: &mut Write,
    run: &Run<'_>,
    row: &mut import_run::Model,
    tally: &Tally,
) -> Result<()> {
    tally.write_into(row)?;
    row.state = ImportState::Rehearsed.to_string();
    write.journal(Entry::new(
        "import.rehearsed",
        format!("import:{}", run.id),
        run.role(),
        None,
        &serde_json::json!({ "kind": row.kind, "sha256": hex(&row.sha256),
            "lines": row.lines, "added": row.added, "changed": row.changed,
            "unchanged": row.unchanged, "waiting": row.waiting,
            "rejected": row.rejected, "warned": row.warned }),
    )?);
    Ok(())
}
