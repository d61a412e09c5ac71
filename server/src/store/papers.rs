//! Signed papers as they were scanned: taken in by who brings them, attached once, shown to whoever reaches what they are
//! attached to. Their bytes lie encrypted in the blob store.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use tilik_protocol::deliberation::{PaperKind, PaperView};
use tilik_protocol::ids::{EventId, PaperId};
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
        let of_deliberation = deliberation::Entity::find()
            .filter(deliberation::Column::PaperId.eq(row.id))
            .one(on)
            .await?
            .map(|row| row.region);
        let region = match of_deliberation {
            Some(region) => Some(region),
            None => proposal::Entity::find()
                .filter(proposal::Column::SptjmPaperId.eq(row.id))
                .one(on)
                .await?
                .map(|row| row.region),
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
