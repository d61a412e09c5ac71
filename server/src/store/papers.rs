//! Signed papers as they were scanned: taken in by who brings them, attached once, shown to whoever reaches what they are
//! attached to. Their bytes lie encrypted in the blob store.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use tilik_protocol::deliberation::{PaperKind, PaperView};
use tilik_protocol::ids::{DeliberationId, EventId, PaperId, ProposalId};
use tilik_protocol::policy::{Permission, Role};
use uuid::Uuid;

use super::access::{Mode, Read};
use super::families::region_code;
use super::journal::{Entry, hex};
use super::tables::{deliberation, paper, proposal};
use super::write::{Seen, Write};
use super::{Acting, text};
use crate::blobs::BlobKey;
use crate::error::{Error, Result};

/// A scan that nobody attached for so long is deleted.
const LOOSE_S: i64 = 7 * 86_400;
/// In place of what uses it: nothing will, its bytes are being deleted.
const GONE: &str = "gone";

/// The same problem under the name its field has here.
pub(super) fn renamed(error: Error, field: &str) -> Error {
    match error {
        Error::Invalid(mut problems) => {
            for problem in &mut problems {
                field.clone_into(&mut problem.field);
            }
            Error::Invalid(problems)
        }
        other => other,
    }
}

fn view(row: &paper::Model) -> Result<PaperView> {
    Ok(PaperView {
        id: PaperId(row.id),
        kind: row.kind.parse().map_err(Error::internal)?,
        size_bytes: row.len.unsigned_abs(),
        sha256: hex(&row.sha256),
    })
}

impl Acting {
    /// Whether this actor brings papers.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn brings_papers(&self) -> Result<()> {
        self.actor.require(Permission::Propose)
    }

    /// Remembers a scan whose bytes are durable.
    ///
    /// # Errors
    /// `forbidden`, `event_reused`.
    pub async fn keep_paper(
        &self,
        event_id: EventId,
        kind: PaperKind,
        sha256: &[u8; 32],
        len: usize,
        key: &BlobKey,
    ) -> Result<PaperView> {
        self.brings_papers()?;
        let me = self.actor.person_id()?;
        let id = PaperId(event_id.into());
        let object = format!("paper:{id}");
        let mut write = self.begin().await?;
        let seen = write
            .once(event_id, "paper.take", &object, &hex(sha256))
            .await?;
        if seen == Seen::Before {
            let known = paper::Entity::find_by_id(Uuid::from(id))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            return view(&known);
        }
        let row = paper::ActiveModel {
            id: Set(id.into()),
            kind: Set(kind.to_string()),
            sha256: Set(sha256.to_vec()),
            len: Set(i64::try_from(len).map_err(Error::internal)?),
            blob_key: Set(key.to_string()),
            brought_by: Set(me.into()),
            brought_at: Set(write.at().as_micros()),
            used_by: Set(None),
        };
        let row = match row.insert(write.on()).await {
            Err(error) if text::violated(&error).is_some() => return Err(Error::WRONG_MOMENT),
            done => done?,
        };
        write.journal(Entry::new(
            "paper.take",
            object,
            Role::Operator,
            Some(event_id),
            &serde_json::json!({ "kind": kind, "sha256": hex(sha256), "len": len }),
        )?);
        write.commit().await?;
        view(&row)
    }

    /// Attaches a scan to `object`: one's own, and only once.
    pub(super) async fn use_paper(&self, write: &Write, id: PaperId, object: &str) -> Result<()> {
        let me = self.actor.person_id()?;
        let row = paper::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .filter(|row| row.brought_by == Uuid::from(me));
        let Some(row) = row else {
            return Err(Error::field(
                "paper",
                "unknown",
                "Unggah pindaiannya lebih dahulu.",
            ));
        };
        if row.used_by.is_some() {
            return Err(Error::field(
                "paper",
                "used",
                "Pindaian ini sudah dipakai; unggah pindaian yang lain.",
            ));
        }
        let mut active: paper::ActiveModel = row.into();
        active.used_by = Set(Some(object.to_owned()));
        active.update(write.on()).await?;
        Ok(())
    }

    /// Scans that nobody attached within a week, which nobody can attach any more; where each lies. Only to be asked when the
    /// clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn expire_papers(&self) -> Result<Vec<(PaperId, BlobKey)>> {
        let before = self.store.now().plus_s(-LOOSE_S).as_micros();
        // Those of a run that was cut short come again.
        let over = Condition::any()
            .add(
                Condition::all()
                    .add(paper::Column::UsedBy.is_null())
                    .add(paper::Column::BroughtAt.lte(before)),
            )
            .add(paper::Column::UsedBy.eq(GONE));
        let rows = paper::Entity::find()
            .filter(over)
            .order_by_asc(paper::Column::Id)
            .limit(100)
            .all(self.store.read())
            .await?;
        let mut gone = Vec::new();
        for row in rows {
            let key = row.blob_key.parse().map_err(Error::internal)?;
            let write = self.begin().await?;
            let taken = paper::Entity::update_many()
                .col_expr(paper::Column::UsedBy, Expr::value(GONE))
                .filter(paper::Column::Id.eq(row.id))
                .filter(
                    Condition::any()
                        .add(paper::Column::UsedBy.is_null())
                        .add(paper::Column::UsedBy.eq(GONE)),
                )
                .exec(write.on())
                .await?;
            write.commit().await?;
            if taken.rows_affected == 1 {
                gone.push((PaperId(row.id), key));
            }
        }
        Ok(gone)
    }

    /// A scan that nobody attached is deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn forget_paper(&self, id: PaperId) -> Result<()> {
        let mut write = self.begin().await?;
        let deleted = paper::Entity::delete_many()
            .filter(paper::Column::Id.eq(Uuid::from(id)))
            .filter(paper::Column::UsedBy.eq(GONE))
            .exec(write.on())
            .await?;
        if deleted.rows_affected == 1 {
            write.journal(Entry::new(
                "paper.forget",
                format!("paper:{id}"),
                Role::System,
                None,
                &serde_json::json!({}),
            )?);
        }
        write.commit().await
    }

    pub(super) async fn paper_view(&self, id: Uuid) -> Result<Option<PaperView>> {
        let row = paper::Entity::find_by_id(id).one(self.store.read()).await?;
        row.as_ref().map(view).transpose()
    }

    /// Where a scan lies, and what it is, for whoever reaches what it is attached to. Logged.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn paper_place(&self, id: PaperId) -> Result<(BlobKey, PaperView)> {
        let on = self.store.read();
        let row = paper::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        // Where it was used it stays, also when a proposal says something else by now.
        let used_by = row.used_by.as_deref().unwrap_or_default();
        let region = match used_by.split_once(':') {
            Some(("deliberation", id)) => {
                let id: DeliberationId = id.parse().map_err(Error::internal)?;
                let of = deliberation::Entity::find_by_id(Uuid::from(id)).one(on);
                of.await?.map(|row| row.region)
            }
            Some(("proposal", id)) => {
                let id: ProposalId = id.parse().map_err(Error::internal)?;
                let of = proposal::Entity::find_by_id(Uuid::from(id)).one(on);
                of.await?.map(|row| row.region)
            }
            Some(_) | None => None,
        };
        let region = region_code(&region.ok_or(Error::NOT_FOUND)?)?;
        self.note_reads([Read {
            kind: "paper",
            id: row.id,
            what: "paper",
            mode: Mode::Served,
            role: self.reading_in(&region)?,
            purpose: None,
        }])
        .await?;
        let key = row.blob_key.parse().map_err(Error::internal)?;
        Ok((key, view(&row)?))
    }
}
