//! What objectors show, as rows: known before they belong to an objection, attached once, forgotten when nobody uses them.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use tilik_protocol::ids::{ObjectionId, ObjectionPhotoId};
use tilik_protocol::objection::ObjectionPhotoView;
use tilik_protocol::problem::ProblemCode;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::families::region_code;
use crate::store::tables::{objection, objection_photo};
use crate::store::{Acting, Write};

/// A photo that belongs to no objection for so long is deleted.
const LOOSE_S: i64 = 86_400;

/// A photo as it was drawn anew.
pub(crate) struct Shown {
    /// Of what was sent.
    pub source_sha256: [u8; 32],
    /// Of what is kept.
    pub sha256: [u8; 32],
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

fn view(row: &objection_photo::Model) -> ObjectionPhotoView {
    ObjectionPhotoView {
        id: ObjectionPhotoId(row.id),
        width: row.width.unsigned_abs(),
        height: row.height.unsigned_abs(),
    }
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(Error::internal)
}

impl Acting {
    /// The photo that was sent under this id before, when it is the same.
    ///
    /// # Errors
    /// `event_reused` when it is another.
    pub(crate) async fn known_objection_photo(
        &self,
        id: ObjectionPhotoId,
        source_sha256: &[u8; 32],
    ) -> Result<Option<ObjectionPhotoView>> {
        let row = objection_photo::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        let by = self.actor.user().map(Uuid::from);
        match row {
            None => Ok(None),
            Some(row)
                if row.source_sha256 == source_sha256 && row.brought_by == by && !row.gone =>
            {
                Ok(Some(view(&row)))
            }
            Some(_) => Err(Error::Refused(ProblemCode::EventReused)),
        }
    }

    /// Remembers a photo before its bytes are stored: what is left of a making that was broken off is found and deleted.
    ///
    /// # Errors
    /// `event_reused` when somebody was quicker with another.
    pub(crate) async fn keep_objection_photo(
        &self,
        id: ObjectionPhotoId,
        shown: &Shown,
    ) -> Result<ObjectionPhotoView> {
        let pixels = |n: u32| i32::try_from(n).map_err(Error::internal);
        let row = objection_photo::ActiveModel {
            id: Set(id.into()),
            objection_id: Set(None),
            position: Set(0),
            brought_by: Set(self.actor.user().map(Into::into)),
            source_sha256: Set(shown.source_sha256.to_vec()),
            sha256: Set(shown.sha256.to_vec()),
            width: Set(pixels(shown.width)?),
            height: Set(pixels(shown.height)?),
            brought_at: Set(self.store.now().as_micros()),
            gone: Set(false),
        };
        objection_photo::Entity::insert(row)
            .on_conflict(
                OnConflict::column(objection_photo::Column::Id)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(self.store.writer())
            .await?;
        self.known_objection_photo(id, &shown.source_sha256)
            .await?
            .ok_or(Error::Refused(ProblemCode::EventReused))
    }

    /// Photos that this person, or the public page, sent become part of an objection: each of one only.
    pub(super) async fn attach_photos(
        &self,
        write: &Write,
        objection: Uuid,
        photos: &[ObjectionPhotoId],
    ) -> Result<()> {
        use objection_photo::Column as C;
        for (position, photo) in (0_i32..).zip(photos) {
            let by = match self.actor.user() {
                Some(user) => C::BroughtBy.eq(Uuid::from(user)),
                None => C::BroughtBy.is_null(),
            };
            let taken = objection_photo::Entity::update_many()
                .col_expr(C::ObjectionId, Expr::value(objection))
                .col_expr(C::Position, Expr::value(position))
                .filter(C::Id.eq(Uuid::from(*photo)))
                .filter(C::ObjectionId.is_null())
                .filter(C::Gone.eq(false))
                .filter(by)
                .exec(write.on())
                .await?;
            if taken.rows_affected != 1 {
                return Err(Error::field(
                    "content.photos",
                    "unknown",
                    "Salah satu foto tidak ada lagi. Hapus dari lampiran, lalu unggah sekali lagi.",
                ));
            }
        }
        Ok(())
    }

    /// A photo's hash, for whoever reaches the objection it belongs to. Logged.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn objection_photo(&self, id: ObjectionPhotoId) -> Result<[u8; 32]> {
        let on = self.store.read();
        let row = objection_photo::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let of = objection::Entity::find_by_id(row.objection_id.ok_or(Error::NOT_FOUND)?)
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.objection_reader(&region_code(&of.region)?)?;
        self.note_reads([Read {
            kind: "objection",
            id: ObjectionId(of.id).into(),
            what: "objection_photo",
            mode: Mode::Served,
            role,
            purpose: None,
        }])
        .await?;
        hash_of(&row.sha256)
    }

    /// Photos that nobody used for a day, which nobody can use any more. Only to be asked when the clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn expire_objection_photos(
        &self,
    ) -> Result<Vec<(ObjectionPhotoId, [u8; 32])>> {
        use objection_photo::Column as C;
        let before = self.store.now().plus_s(-LOOSE_S).as_micros();
        let loose = objection_photo::Entity::find()
            .filter(C::ObjectionId.is_null())
            .filter(C::BroughtAt.lte(before))
            .order_by_asc(C::BroughtAt)
            .limit(200)
            .all(self.store.read())
            .await?;
        let mut gone = Vec::new();
        for row in loose {
            let taken = objection_photo::Entity::update_many()
                .col_expr(C::Gone, Expr::value(true))
                .filter(C::Id.eq(row.id))
                .filter(C::ObjectionId.is_null())
                .exec(self.store.writer())
                .await?;
            if taken.rows_affected == 1 {
                gone.push((ObjectionPhotoId(row.id), hash_of(&row.sha256)?));
            }
        }
        Ok(gone)
    }

    /// Forgets a photo whose bytes are deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn forget_objection_photo(&self, id: ObjectionPhotoId) -> Result<()> {
        objection_photo::Entity::delete_many()
            .filter(objection_photo::Column::Id.eq(Uuid::from(id)))
            .filter(objection_photo::Column::Gone.eq(true))
            .exec(self.store.writer())
            .await?;
        Ok(())
    }
}
