//! Files that leave the installation: who may ask for which, whose word it takes, when each is forgotten. Owns what of a
//! family stands in such a file, and that every family in it is in the log of reads before the file exists.
//!
//! A file is made and kept in pieces, so that its size asks for no memory. A piece is in the table before its bytes are
//! in the blob store: whatever dies, nothing of a family lies there that nobody will delete.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};
use tilik_protocol::export::{
    AnswerExport, AskExport, ExportFormat, ExportKind, ExportState, ExportView, needs_second_person,
};
use tilik_protocol::ids::{ExportId, JobId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::families::{purpose_of, region_code};
use super::journal::{Entry, hex};
use super::tables::{export_part, export_run, program};
use super::write::Seen;
use super::{Acting, Write, in_regions, jobs};
use crate::error::{Error, Result};

mod making;

/// What is done in the background; its object is the export.
pub(crate) const JOB: &str = "export";
/// How long a file can be fetched.
const KEPT_S: i64 = 86_400;
/// After so long one that could not be made is given up.
const GIVEN_UP_S: i64 = 2 * 86_400;
/// Pieces that are deleted between two looks.
const AT_ONCE: u64 = 200;

/// A file that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct AskedExport {
    pub asker: UserId,
    kind: ExportKind,
    format: ExportFormat,
    region: RegionCode,
    program: Option<String>,
    personal: bool,
    purpose: Option<String>,
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub export: ExportId,
    pub attempt: JobId,
    pub position: u32,
    pub sha256: [u8; 32],
}

impl Part {
    fn of(row: &export_part::Model) -> Result<Self> {
        Ok(Self {
            export: ExportId(row.export_id),
            attempt: JobId(row.attempt),
            position: row.position.unsigned_abs(),
            sha256: row.sha256.as_slice().try_into().map_err(Error::internal)?,
        })
    }
}

/// A file all of whose pieces are durable.
#[derive(Debug)]
pub(crate) struct MadeExport {
    pub attempt: JobId,
    pub parts: u32,
    pub sha256: [u8; 32],
    pub rows: u64,
    pub bytes: u64,
}

/// A file that can be fetched.
#[derive(Debug)]
pub(crate) struct ReadyExport {
    pub parts: Vec<Part>,
    pub bytes: u64,
    pub format: ExportFormat,
    pub kind: ExportKind,
}

fn is_in(row: &export_run::Model, state: ExportState) -> bool {
    row.state == state.to_string()
}

fn view(
    row: export_run::Model,
    names: &std::collections::HashMap<Uuid, String>,
) -> Result<ExportView> {
    let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
    Ok(ExportView {
        id: ExportId(row.id),
        kind: Lenient::read(&row.kind),
        format: Lenient::read(&row.format),
        region: region_code(&row.region)?,
        program: row.program,
        personal: row.personal,
        purpose: row.purpose,
        state: Lenient::read(&row.state),
        asked_by: UserId(row.asked_by),
        asked_by_name: name(Some(row.asked_by)),
        asked_at: Timestamp::from_micros(row.asked_at),
        answered_by: row.answered_by.map(UserId),
        answered_by_name: name(row.answered_by),
        answered_at: row.answered_at.map(Timestamp::from_micros),
        rows: row.rows.map(i64::cast_unsigned),
        bytes: row.bytes.map(i64::cast_unsigned),
        until: row.until.map(Timestamp::from_micros),
        downloads: row.downloads.unsigned_abs(),
    })
}

async fn locked(write: &Write, id: ExportId) -> Result<export_run::Model> {
    export_run::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

async fn save(write: &Write, row: &export_run::Model) -> Result<()> {
    row.clone()
        .into_active_model()
        .reset_all()
        .update(write.on())
        .await?;
    Ok(())
}

impl Acting {
    /// As what this actor may have such a file.
    fn may_export(&self, region: &RegionCode, personal: bool) -> Result<Role> {
        let role = self.actor.act_in(Permission::Export, region)?;
        if personal {
            self.actor.act_in(Permission::UnmaskFamily, region)?;
        }
        Ok(role)
    }

    /// Asks for a file. With people of a whole city, or numbers of more than a village, it waits for an approver; else
    /// it is made at once.
    ///
    /// # Errors
    /// `forbidden`, `not_found` for a region out of reach, `invalid`, `event_reused`.
    pub(crate) async fn ask_export(&self, body: AskExport) -> Result<ExportView> {
        let role = self.may_export(&body.region, body.personal)?;
        let me = self.actor.person_id()?;
        if !body.kind.takes(body.format) {
            return Err(Error::field(
                "format",
                "not_for_this",
                "Pilih bentuk berkas yang sesuai: titik rumah sebagai GeoJSON, lainnya sebagai XLSX atau CSV.",
            ));
        }
        let personal = body.personal && body.kind.is_about_people();
        let purpose = if personal {
            Some(purpose_of(body.purpose.as_deref())?)
        } else {
            None
        };
        let id = ExportId(body.event_id.into());
        let mut write = self.begin().await?;
        if let Some(code) = &body.program {
            // What is journalled is the name of something, never what somebody typed.
            let known = program::Entity::find_by_id(code.clone()).one(write.on());
            if known.await?.is_none() {
                return Err(Error::field(
                    "program",
                    "unknown",
                    "Program ini belum terdaftar; pilih dari daftar.",
                ));
            }
        }
        let object = format!("export:{id}");
        let seen = write
            .once(body.event_id, "export.ask", &object, &body)
            .await?;
        if seen == Seen::Before {
            return self.one_export(locked(&write, id).await?).await;
        }
        let waits = needs_second_person(body.kind, personal, &body.region);
        let state = if waits {
            ExportState::Waiting
        } else {
            ExportState::Making
        };
        let row = export_run::Model {
            id: id.into(),
            kind: body.kind.to_string(),
            format: body.format.to_string(),
            region: body.region.to_string(),
            program: body.program,
            personal,
            purpose,
            state: state.to_string(),
            asked_by: me.into(),
            asked_at: write.at().as_micros(),
            answered_by: None,
            answered_at: None,
            rows: None,
            bytes: None,
            sha256: None,
            until: None,
            downloads: 0,
            attempt: None,
        };
        write.acts_in(body.region);
        write.journal(Entry::new(
            "export.ask",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "kind": row.kind, "format": row.format, "region": row.region,
                "program": row.program, "personal": personal, "waits": waits }),
        )?);
        row.clone()
            .into_active_model()
            .reset_all()
            .insert(write.on())
            .await?;
        if !waits {
            jobs::enqueue(&write, JOB, &id.to_string()).await?;
        }
        write.commit().await?;
        self.one_export(row).await
    }

    async fn one_export(&self, row: export_run::Model) -> Result<ExportView> {
        let people = [Some(row.asked_by), row.answered_by].into_iter().flatten();
        let names = self.store.names_of(people.collect()).await?;
        view(row, &names)
    }

    /// One's own exports, those in reach that wait for one's word, and for who reads the journal all in reach; newest
    /// first.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub(crate) async fn exports(
        &self,
        state: Option<ExportState>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ExportView>> {
        let me = self.actor.person_id()?;
        let mut reach = Condition::any().add(export_run::Column::AskedBy.eq(Uuid::from(me)));
        for permission in [Permission::ConfirmExports, Permission::ReadJournal] {
            let mine = self.actor.regions(permission);
            if !mine.is_empty() {
                reach = reach.add(in_regions(export_run::Column::Region, &mine));
            }
        }
        let mut query = export_run::Entity::find().filter(reach);
        if let Some(state) = state {
            query = query.filter(export_run::Column::State.eq(state.to_string()));
        }
        if let Some(after) = after {
            let (at, id) = after
                .split_once('.')
                .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, Uuid::parse_str(id).ok()?)))
                .ok_or(Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(
                Condition::any()
                    .add(export_run::Column::AskedAt.lt(at))
                    .add(
                        Condition::all()
                            .add(export_run::Column::AskedAt.eq(at))
                            .add(export_run::Column::Id.lt(id)),
                    ),
            );
        }
        let mut rows = query
            .order_by_desc(export_run::Column::AskedAt)
            .order_by_desc(export_run::Column::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| format!("{}.{}", row.asked_at, row.id));
        let people: BTreeSet<Uuid> = rows
            .iter()
            .flat_map(|row| [Some(row.asked_by), row.answered_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let items = rows.into_iter().map(|row| view(row, &names));
        Ok(Page {
            items: items.collect::<Result<_>>()?,
            next,
        })
    }

    /// An approver's word on an export that waits. Not on one's own.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty`, `wrong_moment`.
    pub(crate) async fn answer_export(
        &self,
        id: ExportId,
        body: AnswerExport,
    ) -> Result<ExportView> {
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::ConfirmExports, &region)?;
        self.refuse_own_matter(write.on(), &[Some(row.asked_by)])
            .await?;
        let me = self.actor.person_id()?;
        let object = format!("export:{id}");
        let seen = write
            .once(body.event_id, "export.answer", &object, &body)
            .await?;
        if seen == Seen::Before {
            return self.one_export(row).await;
        }
        if !is_in(&row, ExportState::Waiting) {
            return Err(Error::WRONG_MOMENT);
        }
        let (state, action) = if body.allow {
            (ExportState::Making, "export.confirm")
        } else {
            (ExportState::Refused, "export.refuse")
        };
        row.state = state.to_string();
        row.answered_by = Some(me.into());
        row.answered_at = Some(write.at().as_micros());
        write.acts_in(region);
        write.journal(Entry::new(
            action,
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "kind": row.kind, "region": row.region,
                "asked_by": UserId(row.asked_by) }),
        )?);
        save(&write, &row).await?;
        if body.allow {
            jobs::enqueue(&write, JOB, &id.to_string()).await?;
        }
        write.commit().await?;
        self.one_export(row).await
    }

    /// The export whose turn it is; `None` when nothing is to be done to it any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn asked_export(&self, id: ExportId) -> Result<Option<AskedExport>> {
        let row = export_run::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        row.filter(|row| is_in(row, ExportState::Making))
            .map(|row| {
                Ok(AskedExport {
                    asker: UserId(row.asked_by),
                    kind: row.kind.parse().map_err(Error::internal)?,
                    format: row.format.parse().map_err(Error::internal)?,
                    region: region_code(&row.region)?,
                    program: row.program,
                    personal: row.personal,
                    purpose: row.purpose,
                })
            })
            .transpose()
    }

    /// A piece is about to be kept.
    ///
    /// # Errors
    /// `wrong_moment` when the file is not to be made any more.
    pub(crate) async fn begin_part(&self, part: Part) -> Result<()> {
        let write = self.begin().await?;
        let row = locked(&write, part.export).await?;
        if !is_in(&row, ExportState::Making) {
            return Err(Error::WRONG_MOMENT);
        }
        export_part::ActiveModel {
            export_id: Set(part.export.into()),
            attempt: Set(part.attempt.into()),
            position: Set(i32::try_from(part.position).map_err(Error::internal)?),
            sha256: Set(part.sha256.to_vec()),
        }
        .insert(write.on())
        .await?;
        write.commit().await
    }

    /// The file is durable, or will never be: `None` when its asker may not have it any more, or nobody could make it.
    ///
    /// # Errors
    /// `wrong_moment` when another worker made it anew meanwhile and pieces of this one are gone.
    pub(crate) async fn end_export(&self, id: ExportId, made: Option<MadeExport>) -> Result<()> {
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        if !is_in(&row, ExportState::Making) {
            return Ok(());
        }
        let big = |n: u64| Some(i64::try_from(n).unwrap_or(i64::MAX));
        let action = if let Some(made) = made {
            let there = export_part::Entity::find()
                .filter(export_part::Column::ExportId.eq(Uuid::from(id)))
                .filter(export_part::Column::Attempt.eq(Uuid::from(made.attempt)))
                .count(write.on())
                .await?;
            if there != u64::from(made.parts) {
                return Err(Error::WRONG_MOMENT);
            }
            row.state = ExportState::Ready.to_string();
            row.rows = big(made.rows);
            row.bytes = big(made.bytes);
            row.sha256 = Some(made.sha256.to_vec());
            row.until = Some(write.at().plus_s(KEPT_S).as_micros());
            row.attempt = Some(made.attempt.into());
            "export.made"
        } else {
            row.state = ExportState::Dropped.to_string();
            "export.dropped"
        };
        write.journal(Entry::new(
            action,
            format!("export:{id}"),
            Role::System,
            None,
            &serde_json::json!({ "sha256": row.sha256.as_deref().map(hex), "rows": row.rows,
                "asked_by": UserId(row.asked_by) }),
        )?);
        save(&write, &row).await?;
        write.commit().await
    }

    /// The pieces of a file that was begun and not ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn begun_parts(&self, id: ExportId) -> Result<Vec<Part>> {
        let rows = export_part::Entity::find()
            .filter(export_part::Column::ExportId.eq(Uuid::from(id)))
            .all(self.store.read())
            .await?;
        rows.iter().map(Part::of).collect()
    }

    /// Some of the pieces that no file needs any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn left_over_parts(&self) -> Result<Vec<Part>> {
        let runs = |column| {
            export_run::Entity::find()
                .select_only()
                .column(column)
                .filter(export_run::Column::State.eq(ExportState::Ready.to_string()))
        };
        let alive =
            export_run::Entity::find()
                .select_only()
                .column(export_run::Column::Id)
                .filter(export_run::Column::State.is_in(
                    [ExportState::Making, ExportState::Ready].map(|state| state.to_string()),
                ));
        let ready = runs(export_run::Column::Id);
        let current =
            runs(export_run::Column::Attempt).filter(export_run::Column::Attempt.is_not_null());
        let rows = export_part::Entity::find()
            .filter(
                Condition::any()
                    .add(export_part::Column::ExportId.not_in_subquery(alive.into_query()))
                    .add(
                        Condition::all()
                            .add(export_part::Column::ExportId.in_subquery(ready.into_query()))
                            .add(
                                export_part::Column::Attempt.not_in_subquery(current.into_query()),
                            ),
                    ),
            )
            .limit(AT_ONCE)
            .all(self.store.read())
            .await?;
        rows.iter().map(Part::of).collect()
    }

    /// A piece's bytes are deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn forget_part(&self, part: Part) -> Result<()> {
        let write = self.begin().await?;
        let position = i32::try_from(part.position).map_err(Error::internal)?;
        let (export, attempt) = (Uuid::from(part.export), Uuid::from(part.attempt));
        export_part::Entity::delete_by_id((export, attempt, position))
            .exec(write.on())
            .await?;
        write.commit().await
    }

    /// A file that this actor asked for, while it is there. The fetching is logged before the file is told.
    ///
    /// # Errors
    /// `not_found` to anyone but who asked, `forbidden` who may not any more, `wrong_moment` when it is not made yet or
    /// its day is over.
    pub(crate) async fn fetch_export(&self, id: ExportId) -> Result<ReadyExport> {
        let me = self.actor.person_id()?;
        let write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        if row.asked_by != Uuid::from(me) {
            return Err(Error::NOT_FOUND);
        }
        let role = self.may_export(&region_code(&row.region)?, row.personal)?;
        let now = write.at().as_micros();
        let there = is_in(&row, ExportState::Ready) && row.until.is_some_and(|until| now < until);
        let Some(attempt) = row.attempt.filter(|_| there) else {
            return Err(Error::WRONG_MOMENT);
        };
        let parts = export_part::Entity::find()
            .filter(export_part::Column::ExportId.eq(row.id))
            .filter(export_part::Column::Attempt.eq(attempt))
            .order_by_asc(export_part::Column::Position)
            .all(write.on())
            .await?;
        let ready = ReadyExport {
            parts: parts.iter().map(Part::of).collect::<Result<_>>()?,
            bytes: row.bytes.unwrap_or_default().unsigned_abs(),
            format: row.format.parse().map_err(Error::internal)?,
            kind: row.kind.parse().map_err(Error::internal)?,
        };
        row.downloads += 1;
        save(&write, &row).await?;
        let purpose = row.purpose.clone();
        write.commit().await?;
        self.note_reads([Read {
            kind: "export",
            id: id.into(),
            what: "export_downloaded",
            mode: Mode::Seen,
            role,
            purpose,
        }])
        .await?;
        Ok(ready)
    }

    /// Ends the exports whose day is over, and those that nobody could make. Their pieces are left over from then on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn expire_exports(&self) -> Result<()> {
        let now = self.store.now();
        let over = export_run::Entity::find()
            .filter(export_run::Column::State.eq(ExportState::Ready.to_string()))
            .filter(export_run::Column::Until.lte(now.as_micros()))
            .limit(AT_ONCE)
            .all(self.store.read())
            .await?;
        for row in over {
            self.forget_export(ExportId(row.id)).await?;
        }
        let long_ago = now.plus_s(-GIVEN_UP_S).as_micros();
        let stuck = export_run::Entity::find()
            .filter(export_run::Column::State.eq(ExportState::Making.to_string()))
            .filter(export_run::Column::AskedAt.lt(long_ago))
            .filter(
                Condition::any()
                    .add(export_run::Column::AnsweredAt.is_null())
                    .add(export_run::Column::AnsweredAt.lt(long_ago)),
            )
            .limit(AT_ONCE)
            .all(self.store.read())
            .await?;
        for row in stuck {
            self.end_export(ExportId(row.id), None).await?;
        }
        Ok(())
    }

    async fn forget_export(&self, id: ExportId) -> Result<()> {
        let mut write = self.begin().await?;
        let mut row = locked(&write, id).await?;
        if is_in(&row, ExportState::Ready) {
            row.state = ExportState::Gone.to_string();
            write.journal(Entry::new(
                "export.gone",
                format!("export:{id}"),
                Role::System,
                None,
                &serde_json::json!({ "downloads": row.downloads }),
            )?);
            save(&write, &row).await?;
        }
        write.commit().await
    }
}
