//! Uploads as the database knows them: how many bytes are durable, who is appending, and how a finished one becomes a
//! photo. The offset only ever moves by compare-and-set, after the bytes are in the blob store.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use tilik_protocol::evidence::MAX_SEALED_BYTES;
use tilik_protocol::ids::{DeviceId, PhotoId, UserId, VisitId};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::Entry;
use super::tables::{device, job, photo, upload, upload_chunk, visit, visit_photo};
use super::visits::{PhotoPlace, beside};
use super::{Acting, Write, jobs, text, visits};
use crate::error::{Error, Result};

/// An upload that nobody finishes is forgotten after this many days.
const EXPIRES_DAYS: i64 = 30;
/// Photos a phone may have announced here that no manifest has named.
const MOST_UNNAMED: u64 = 200;
/// A PATCH that shows no life for this long has lost its lease.
pub const LEASE_S: i64 = 60;
/// For so long after its author last sent something nobody else goes on with an upload, in seconds.
const AUTHOR_S: i64 = 600;

/// Who brings the bytes of an upload. The phone of a grant is the one that sealed, so a colleague who carries its photos
/// is told apart by the grant's person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bringer {
    /// A phone, and who signed in.
    Phone(DeviceId, Option<UserId>),
    /// A person in a browser; nobody for the server itself.
    Person(Option<UserId>),
}

/// What a creation announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The photo; also the upload's id.
    pub photo: PhotoId,
    /// The phone that sealed it.
    pub device: DeviceId,
    /// The visit it belongs to, when told.
    pub visit: Option<VisitId>,
    /// SHA-256 of the sealed file.
    pub sealed_sha256: [u8; 32],
    /// Bytes of the sealed file.
    pub length: u64,
}

/// Where an upload stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The photo.
    pub photo: PhotoId,
    /// The phone that sealed it.
    pub device: DeviceId,
    /// Bytes that are durable.
    pub offset: u64,
    /// Bytes in all.
    pub length: u64,
    /// SHA-256 of the sealed file.
    pub sealed_sha256: Vec<u8>,
    /// `active`, `held` (whole, waits for its manifest), `done` or `bad`.
    pub state: String,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

impl Standing {
    /// As it was announced.
    pub(crate) fn announced(&self) -> Result<Announced> {
        let sealed_sha256 = self.sealed_sha256[..].try_into().map_err(Error::internal)?;
        Ok(Announced {
            photo: self.photo,
            device: self.device,
            visit: None,
            sealed_sha256,
            length: self.length,
        })
    }
}

/// A piece of an unfinished upload in the blob store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// The lease it was written under, which is part of its key.
    pub lease: Uuid,
}

/// What the manifest says a photo is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256 of the JPEG.
    pub sha256: [u8; 32],
    /// Bytes of the JPEG.
    pub len: u64,
    /// SHA-256 of the sealed file.
    pub sealed_sha256: Vec<u8>,
    /// Whether it has arrived already.
    pub received: bool,
}

fn standing(row: &upload::Model) -> Standing {
    Standing {
        photo: PhotoId(row.id),
        device: DeviceId(row.device_id),
        offset: row.offset_bytes.cast_unsigned(),
        length: row.length.cast_unsigned(),
        sealed_sha256: row.sealed_sha256.clone(),
        state: row.state.clone(),
        expires_at: Timestamp::from_micros(row.expires_at),
    }
}

impl Announced {
    /// Whether this is what the photo's manifest says of it.
    fn is_what(&self, said: &photo::Model) -> Result<()> {
        let same = said.device_id == Uuid::from(self.device)
            && said.sealed_sha256 == self.sealed_sha256
            && said.sealed_len == self.length.cast_signed();
        if same {
            Ok(())
        } else {
            Err(Error::Refused(ProblemCode::ContentConflict))
        }
    }

    fn has_a_length(&self) -> Result<()> {
        match self.length {
            0 => Err(Error::field(
                "upload-length",
                "not_allowed",
                "Berkas kosong.",
            )),
            length if length > MAX_SEALED_BYTES => Err(Error::Refused(ProblemCode::TooLarge)),
            _ => Ok(()),
        }
    }

    /// Where the upload stands once all of it is here.
    pub(crate) fn done(&self, at: Timestamp) -> Standing {
        Standing {
            photo: self.photo,
            device: self.device,
            offset: self.length,
            length: self.length,
            sealed_sha256: self.sealed_sha256.to_vec(),
            state: "done".to_owned(),
            expires_at: expiry(at),
        }
    }
}

fn expected(row: photo::Model) -> Result<Expected> {
    Ok(Expected {
        sha256: row
            .sha256
            .try_into()
            .map_err(|_| Error::internal("a hash is not 32 bytes"))?,
        len: row.len.cast_unsigned(),
        sealed_sha256: row.sealed_sha256,
        received: row.received_at.is_some(),
    })
}

/// The officer of a phone.
async fn officer_of(on: &impl ConnectionTrait, device: Uuid) -> Result<Option<Uuid>> {
    let row = device::Entity::find_by_id(device).one(on).await?;
    Ok(row.map(|row| row.officer_id))
}

pub(super) fn expiry(from: Timestamp) -> Timestamp {
    from.plus_s(EXPIRES_DAYS * 86_400)
}

impl Acting {
    /// An actor who may send for this device: the phone itself, anybody who may carry, or the holder of its grant.
    fn may_send_for(&self, device: Uuid) -> Result<()> {
        use tilik_protocol::policy::Permission as P;
        let own = self.actor.device() == Some(DeviceId(device));
        if own || self.actor.is_system() || self.actor.may(P::CarrySealed) {
            Ok(())
        } else {
            Err(Error::NOT_FOUND)
        }
    }

    /// Whether an unfinished upload is somebody else's and this actor is the author of its photo. Authors build on nobody's
    /// bytes but their own: whoever may carry could hold up or spoil their evidence.
    async fn is_in_authors_way(
        &self,
        on: &impl ConnectionTrait,
        row: &upload::Model,
    ) -> Result<bool> {
        let Some(me) = self.actor.user().map(Uuid::from) else {
            return Ok(false);
        };
        if row.state == "done" || row.carried_by == Some(me) {
            return Ok(false);
        }
        Ok(officer_of(on, row.device_id).await? == Some(me))
    }

    /// Seconds for which nobody else may go on with an upload that its author is sending; 0: nobody waits.
    async fn author_sends_for_s(&self, row: &upload::Model) -> Result<u32> {
        let me = self.actor.user().map(Uuid::from);
        if row.carried_by.is_none() || row.carried_by == me {
            return Ok(0);
        }
        if officer_of(self.store.read(), row.device_id).await? != row.carried_by {
            return Ok(0);
        }
        let last = Timestamp::from_micros(row.lease_until.unwrap_or(row.created_at));
        let left = AUTHOR_S - self.store.now().seconds_since(last);
        // Written under a wrong clock: nobody waits for that.
        Ok(u32::try_from(left)
            .ok()
            .filter(|left| i64::from(*left) <= AUTHOR_S + LEASE_S)
            .unwrap_or(0))
    }

    /// Whether an upload grant, if one was shown, is for this photo: one that its visit's manifest names, or, as long as
    /// no manifest is here, one announced for that visit.
    async fn grant_covers(
        &self,
        on: &impl ConnectionTrait,
        photo: Uuid,
        announced_for: Option<Uuid>,
    ) -> Result<()> {
        let Some(visit) = self.actor.uploads_of().map(Uuid::from) else {
            return Ok(());
        };
        let named = visit_photo::Entity::find_by_id((visit, photo))
            .one(on)
            .await?;
        if named.is_some() {
            return Ok(());
        }
        let manifest = visit::Entity::find_by_id(visit).one(on).await?;
        if manifest.is_some() || announced_for != Some(visit) {
            return Err(Error::NOT_FOUND);
        }
        Ok(())
    }

    /// What the manifest says of an announced photo of which nothing has come; `None` when no manifest has named it, or when
    /// something of it is here already.
    ///
    /// # Errors
    /// `content_conflict` when the manifest says other things of it; `too_large`.
    pub async fn awaited(&self, announced: &Announced) -> Result<Option<Expected>> {
        announced.has_a_length()?;
        self.may_send_for(announced.device.into())?;
        let mut named = photo::Entity::find_by_id(Uuid::from(announced.photo))
            .filter(photo::Column::DeviceId.eq(Uuid::from(announced.device)))
            .filter(photo::Column::ReceivedAt.is_null())
            // Not `photo.id`, which is the same: then PostgreSQL plans this anew each time.
            .filter(Expr::not_exists(
                Query::select()
                    .expr(Expr::value(1))
                    .from(upload::Entity)
                    .and_where(upload::Column::Id.eq(Uuid::from(announced.photo)))
                    .to_owned(),
            ));
        if let Some(visit) = self.actor.uploads_of() {
            let links = Query::select()
                .column(visit_photo::Column::PhotoId)
                .from(visit_photo::Entity)
                .and_where(visit_photo::Column::VisitId.eq(Uuid::from(visit)))
                .to_owned();
            named = named.filter(photo::Column::Id.in_subquery(links));
        }
        let row = named.one(self.store.read()).await?;
        row.map(|said| {
            announced.is_what(&said)?;
            expected(said)
        })
        .transpose()
    }

    /// Begins an upload, or says where it stands: the same announcement may be repeated.
    ///
    /// # Errors
    /// `content_conflict` when the photo's id was announced with other values; `too_large`.
    pub async fn announce_upload(&self, announced: &Announced) -> Result<Standing> {
        announced.has_a_length()?;
        if let Some(standing) = self.try_to_announce(announced).await? {
            return Ok(standing);
        }
        // Somebody announced the same photo in the same moment; now their row can be read.
        self.try_to_announce(announced)
            .await?
            .ok_or_else(|| Error::internal("an announced upload is not there"))
    }

    /// `None` when another announcement of this photo won the race for its row.
    async fn try_to_announce(&self, announced: &Announced) -> Result<Option<Standing>> {
        let id = Uuid::from(announced.photo);
        self.may_send_for(announced.device.into())?;
        let write = self.begin().await?;
        let named = photo::Entity::find_by_id(id).one(write.on()).await?;
        if named
            .as_ref()
            .is_some_and(|said| said.device_id != Uuid::from(announced.device))
        {
            // Another phone's photo has taken the id: this phone's own lies beside it, once its manifest is here.
            let place = PhotoPlace::of(write.on(), announced.device, announced.photo).await?;
            if place.row.is_some() {
                drop(write);
                let beside = Announced {
                    photo: PhotoId(place.id),
                    ..announced.clone()
                };
                return Box::pin(self.try_to_announce(&beside)).await;
            }
        }
        self.grant_covers(write.on(), id, announced.visit.map(Into::into))
            .await?;
        let now = write.at();
        // Once a manifest has named the photo, only what it signs may be announced, and that wins over an announcement
        // somebody made before: nobody can block another's evidence by announcing its id first.
        let signed = match named {
            None => false,
            Some(said) => {
                announced.is_what(&said)?;
                true
            }
        };
        if let Some(row) = upload::Entity::find_by_id(id).one(write.on()).await? {
            let same = row.device_id == Uuid::from(announced.device)
                && row.sealed_sha256 == announced.sealed_sha256
                && row.length == announced.length.cast_signed();
            if !same && !signed {
                return Err(Error::Refused(ProblemCode::ContentConflict));
            }
            let is_taken_over = self.is_in_authors_way(write.on(), &row).await?;
            if !same || is_taken_over || row.state == "bad" || row.state == "expired" {
                // The bytes did not hold what they promised, were forgotten, are not what the manifest signs, or somebody
                // else brought them: the phone may send them again.
                let mut active: upload::ActiveModel = row.into();
                active.carried_by = Set(self.actor.user().map(Into::into));
                active.device_id = Set(announced.device.into());
                active.sealed_sha256 = Set(announced.sealed_sha256.to_vec());
                active.length = Set(announced.length.cast_signed());
                active.state = Set("active".to_owned());
                active.problem = Set(None);
                active.offset_bytes = Set(0);
                active.lease = Set(None);
                active.expires_at = Set(expiry(now).as_micros());
                let row = active.update(write.on()).await?;
                upload_chunk::Entity::delete_many()
                    .filter(upload_chunk::Column::UploadId.eq(id))
                    .exec(write.on())
                    .await?;
                write.commit().await?;
                return Ok(Some(standing(&row)));
            }
            return Ok(Some(standing(&row)));
        }
        if !signed {
            self.room_to_announce(&write, announced.device.into())
                .await?;
        }
        let inserted = upload::ActiveModel {
            id: Set(id),
            device_id: Set(announced.device.into()),
            visit_id: Set(announced.visit.map(Into::into)),
            carried_by: Set(self.actor.user().map(Into::into)),
            sealed_sha256: Set(announced.sealed_sha256.to_vec()),
            length: Set(announced.length.cast_signed()),
            offset_bytes: Set(0),
            state: Set("active".to_owned()),
            problem: Set(None),
            lease: Set(None),
            lease_until: Set(None),
            created_at: Set(now.as_micros()),
            expires_at: Set(expiry(now).as_micros()),
        }
        .insert(write.on())
        .await;
        let row = match inserted {
            Err(error) if text::violated(&error).is_some() => return Ok(None),
            row => row?,
        };
        write.commit().await?;
        Ok(Some(standing(&row)))
    }

    /// Whether one more photo may be announced that no manifest has named yet: for a phone that exists, and not without
    /// end. Phones send manifests first, so these are few unless somebody fills the disk.
    async fn room_to_announce(&self, write: &Write, device_id: Uuid) -> Result<()> {
        if device::Entity::find_by_id(device_id)
            .one(write.on())
            .await?
            .is_none()
        {
            return Err(Error::Refused(ProblemCode::UnknownDevice));
        }
        let unnamed = upload::Entity::find()
            .filter(upload::Column::DeviceId.eq(device_id))
            .filter(Expr::cust("state IN ('active', 'held', 'bad')"))
            .filter(Expr::cust(
                "NOT EXISTS (SELECT 1 FROM photo WHERE photo.id = upload.id)",
            ))
            .count(write.on())
            .await?;
        if unnamed >= MOST_UNNAMED {
            return Err(Error::Wait {
                code: ProblemCode::TooManyRequests,
                retry_after_s: 600,
            });
        }
        Ok(())
    }

    /// Where an upload stands.
    ///
    /// # Errors
    /// `not_found`, `upload_gone`.
    pub async fn upload(&self, id: PhotoId) -> Result<Standing> {
        let named = upload::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        let row = match (named, self.actor.device()) {
            (Some(row), None) => Some(row),
            (Some(row), Some(device)) if DeviceId(row.device_id) == device => Some(row),
            // Nobody's, or another phone's: this phone's own may lie beside it.
            (named, Some(device)) => upload::Entity::find_by_id(beside(device, id.into()))
                .one(self.store.read())
                .await?
                .or(named),
            (None, None) => None,
        };
        let row = row.ok_or(Error::NOT_FOUND)?;
        self.may_send_for(row.device_id)?;
        self.grant_covers(self.store.read(), row.id, row.visit_id)
            .await?;
        if self.is_in_authors_way(self.store.read(), &row).await? {
            // The phone begins anew, and its announcement takes the row over.
            return Err(Error::NOT_FOUND);
        }
        if row.state == "expired" {
            return Err(Error::Refused(ProblemCode::UploadGone));
        }
        Ok(standing(&row))
    }

    /// Who brings bytes here.
    pub fn bringer(&self) -> Bringer {
        let person = self.actor.user();
        self.actor
            .device()
            .map_or(Bringer::Person(person), |phone| {
                Bringer::Phone(phone, person)
            })
    }

    /// Whether this actor may ask where an upload stands, also of one of which nothing is written yet because it is coming
    /// in this moment.
    ///
    /// # Errors
    /// As [`Self::upload`].
    pub async fn may_ask_for(&self, id: PhotoId) -> Result<()> {
        match self.upload(id).await {
            Err(error) if error.code() == ProblemCode::NotFound => {
                self.grant_covers(self.store.read(), id.into(), None).await
            }
            Err(Error::Refused(ProblemCode::UploadGone)) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes the right to append at `offset`.
    ///
    /// # Errors
    /// `wrong_offset`, `upload_busy`, `upload_gone`, `not_found`.
    pub async fn lease_upload(&self, id: PhotoId, offset: u64) -> Result<Uuid> {
        let before = self.upload(id).await?;
        let wrong = |at: u64| Err(Error::WrongOffset { offset: at });
        if before.state != "active" || before.offset != offset {
            return wrong(if before.state == "active" {
                before.offset
            } else {
                before.length
            });
        }
        let row = upload::Entity::find_by_id(Uuid::from(before.photo))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let wait_s = self.author_sends_for_s(&row).await?;
        if wait_s > 0 {
            return Err(Error::Wait {
                code: ProblemCode::UploadBusy,
                retry_after_s: wait_s,
            });
        }
        let lease: Uuid = self.store.ids().next();
        let now = self.store.now();
        let until = now.plus_s(LEASE_S);
        let taken = upload::Entity::update_many()
            .col_expr(
                upload::Column::CarriedBy,
                Expr::value(self.actor.user().map(Uuid::from)),
            )
            .col_expr(upload::Column::Lease, Expr::value(lease))
            .col_expr(upload::Column::LeaseUntil, Expr::value(until.as_micros()))
            .filter(upload::Column::Id.eq(Uuid::from(id)))
            .filter(upload::Column::State.eq("active"))
            .filter(upload::Column::OffsetBytes.eq(offset.cast_signed()))
            .filter(
                Condition::any()
                    .add(upload::Column::Lease.is_null())
                    .add(upload::Column::LeaseUntil.lte(now.as_micros()))
                    // Written under a wrong clock: such a lease holds nobody back.
                    .add(upload::Column::LeaseUntil.gt(now.plus_s(2 * LEASE_S).as_micros())),
            )
            .exec(self.store.writer())
            .await?;
        if taken.rows_affected == 1 {
            return Ok(lease);
        }
        let now_at = self.upload(id).await?;
        if now_at.offset != offset || now_at.state != "active" {
            return wrong(now_at.offset);
        }
        Err(Error::Wait {
            code: ProblemCode::UploadBusy,
            retry_after_s: 2,
        })
    }

    /// Bytes are flowing: the lease goes on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew_upload(&self, id: PhotoId, lease: Uuid) -> Result<()> {
        upload::Entity::update_many()
            .col_expr(
                upload::Column::LeaseUntil,
                Expr::value(self.store.now().plus_s(LEASE_S).as_micros()),
            )
            .filter(upload::Column::Id.eq(Uuid::from(id)))
            .filter(upload::Column::Lease.eq(lease))
            .exec(self.store.writer())
            .await?;
        Ok(())
    }

    /// Gives the right to append back without having appended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_upload(&self, id: PhotoId, lease: Uuid) -> Result<()> {
        upload::Entity::update_many()
            .col_expr(upload::Column::Lease, Expr::value(Option::<Uuid>::None))
            .filter(upload::Column::Id.eq(Uuid::from(id)))
            .filter(upload::Column::Lease.eq(lease))
            .exec(self.store.writer())
            .await?;
        Ok(())
    }

    /// Whoever received uploads or did jobs here before is dead: their leases end. To be asked only by a process that has
    /// the database for itself; if it has not, the other's request begins again and nothing is lost.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_leases_of_the_dead(&self) -> Result<()> {
        upload::Entity::update_many()
            .col_expr(upload::Column::Lease, Expr::value(Option::<Uuid>::None))
            .filter(upload::Column::Lease.is_not_null())
            .exec(self.store.writer())
            .await?;
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, Expr::value(Option::<i64>::None))
            .col_expr(job::Column::State, Expr::value("ready"))
            .filter(job::Column::State.eq("running"))
            .exec(self.store.writer())
            .await?;
        Ok(())
    }

    /// The piece at `offset` is durable in the blob store: the offset moves past it.
    ///
    /// # Errors
    /// `wrong_offset` when the lease was lost meanwhile; the piece is then an orphan for the janitor.
    pub async fn append_upload(
        &self,
        id: PhotoId,
        lease: Uuid,
        offset: u64,
        length: u64,
    ) -> Result<Standing> {
        let write = self.begin().await?;
        let moved = upload::Entity::update_many()
            .col_expr(
                upload::Column::OffsetBytes,
                Expr::value((offset + length).cast_signed()),
            )
            .col_expr(upload::Column::Lease, Expr::value(Option::<Uuid>::None))
            .filter(upload::Column::Id.eq(Uuid::from(id)))
            .filter(upload::Column::OffsetBytes.eq(offset.cast_signed()))
            .filter(upload::Column::Lease.eq(lease))
            .filter(upload::Column::State.eq("active"))
            .exec(write.on())
            .await?;
        if moved.rows_affected != 1 {
            drop(write);
            return Err(Error::WrongOffset {
                offset: self.upload(id).await?.offset,
            });
        }
        upload_chunk::ActiveModel {
            upload_id: Set(id.into()),
            offset_bytes: Set(offset.cast_signed()),
            length: Set(length.cast_signed()),
            blob_key: Set(lease.to_string()),
        }
        .insert(write.on())
        .await?;
        let row = upload::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?;
        let row = row.ok_or(Error::NOT_FOUND)?;
        if row.offset_bytes == row.length {
            // Should this process die before it finishes the upload, a worker does.
            jobs::enqueue(&write, "finish_upload", &id.to_string()).await?;
        }
        write.commit().await?;
        Ok(standing(&row))
    }

    /// The pieces of an upload, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pieces(&self, id: PhotoId) -> Result<Vec<Piece>> {
        upload_chunk::Entity::find()
            .filter(upload_chunk::Column::UploadId.eq(Uuid::from(id)))
            .order_by_asc(upload_chunk::Column::OffsetBytes)
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| {
                Ok(Piece {
                    offset: row.offset_bytes.cast_unsigned(),
                    length: row.length.cast_unsigned(),
                    lease: Uuid::parse_str(&row.blob_key).map_err(Error::internal)?,
                })
            })
            .collect()
    }

    /// Whether a piece in the blob store belongs to nothing and never will: no upload counts it, and the lease it was
    /// written under is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_orphan(&self, id: PhotoId, offset: u64, lease: Uuid) -> Result<bool> {
        // The lease first: once it is over nothing is appended under it, so what is not counted then never is.
        let row = upload::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        if row.is_some_and(|row| row.lease == Some(lease)) {
            return Ok(false);
        }
        let counted = upload_chunk::Entity::find()
            .filter(upload_chunk::Column::UploadId.eq(Uuid::from(id)))
            .filter(upload_chunk::Column::OffsetBytes.eq(offset.cast_signed()))
            .filter(upload_chunk::Column::BlobKey.eq(lease.to_string()))
            .one(self.store.read())
            .await?;
        Ok(counted.is_none())
    }

    /// What the manifest says of this photo; `None` until a manifest names it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expected(&self, id: PhotoId) -> Result<Option<Expected>> {
        let row = photo::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        row.map(expected).transpose()
    }

    /// The upload is whole, and no manifest has named it yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_upload(&self, id: PhotoId) -> Result<()> {
        let write = self.begin().await?;
        upload::Entity::update_many()
            .col_expr(upload::Column::State, Expr::value("held"))
            .filter(upload::Column::Id.eq(Uuid::from(id)))
            .filter(upload::Column::State.eq("active"))
            .exec(write.on())
            .await?;
        // The manifest may have come between our look and this write.
        if photo::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .is_some()
        {
            jobs::enqueue(&write, "finish_upload", &id.to_string()).await?;
        }
        write.commit().await
    }

    /// The upload is not what it promised. Its pieces are kept until it expires.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spoil_upload(&self, judged: &Standing, problem: ProblemCode) -> Result<()> {
        let id = judged.photo;
        let mut write = self.begin().await?;
        let spoiled = upload::Entity::update_many()
            .col_expr(upload::Column::State, Expr::value("bad"))
            .col_expr(upload::Column::Problem, Expr::value(problem.to_string()))
            .filter(upload::Column::Id.eq(Uuid::from(id)))
            .filter(upload::Column::State.ne("done"))
            // Not one that was begun anew meanwhile.
            .filter(upload::Column::SealedSha256.eq(judged.sealed_sha256.clone()))
            .filter(upload::Column::OffsetBytes.eq(judged.offset.cast_signed()))
            .exec(write.on())
            .await?;
        if spoiled.rows_affected == 0 {
            return Ok(());
        }
        write.journal(Entry::new(
            "photo.spoil",
            format!("photo:{id}"),
            Role::System,
            None,
            &serde_json::json!({ "problem": problem }),
        )?);
        write.commit().await
    }

    /// Where a photo's original lies, when it is here and sound.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn original_key(&self, id: PhotoId) -> Result<Option<String>> {
        Ok(photo::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .and_then(|row| row.original_key))
    }

    /// The copies are durable in the blob store.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn copies_made(
        &self,
        id: PhotoId,
        large: (&str, [u8; 32]),
        small: (&str, [u8; 32]),
    ) -> Result<()> {
        let write = self.begin().await?;
        photo::Entity::update_many()
            .set(photo::ActiveModel {
                state: Set("ready".to_owned()),
                large_key: Set(Some(large.0.to_owned())),
                large_sha256: Set(Some(large.1.to_vec())),
                small_key: Set(Some(small.0.to_owned())),
                small_sha256: Set(Some(small.1.to_vec())),
                ..Default::default()
            })
            .filter(photo::Column::Id.eq(Uuid::from(id)))
            .exec(write.on())
            .await?;
        write.commit().await
    }

    /// The photo cannot be decoded after all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn photo_undecodable(&self, id: PhotoId, problem: &str) -> Result<()> {
        let mut write = self.begin().await?;
        photo::Entity::update_many()
            .set(photo::ActiveModel {
                state: Set("bad".to_owned()),
                problem: Set(Some(problem.to_owned())),
                ..Default::default()
            })
            .filter(photo::Column::Id.eq(Uuid::from(id)))
            .exec(write.on())
            .await?;
        visits::flag_bad_photo(&write, id, problem).await?;
        write.journal(Entry::new(
            "photo.undecodable",
            format!("photo:{id}"),
            Role::System,
            None,
            &serde_json::json!({ "problem": problem }),
        )?);
        write.commit().await
    }

    /// Forgets uploads whose time is over; tells which, so that their pieces can be deleted. Only to be asked when the
    /// clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expire_uploads(&self) -> Result<Vec<PhotoId>> {
        let now = self.store.now().as_micros();
        let due = upload::Entity::find()
            // Written out, so that the partial index is used.
            .filter(Expr::cust("state IN ('active', 'held', 'bad')"))
            .filter(upload::Column::ExpiresAt.lte(now))
            .all(self.store.read())
            .await?;
        let mut gone = Vec::new();
        for row in due {
            let write = self.begin().await?;
            // The upload before its pieces, as everybody locks them.
            let expired = upload::Entity::update_many()
                .col_expr(upload::Column::State, Expr::value("expired"))
                .filter(upload::Column::Id.eq(row.id))
                // Not one that was finished or begun anew meanwhile.
                .filter(upload::Column::State.ne("done"))
                .filter(upload::Column::ExpiresAt.lte(now))
                .exec(write.on())
                .await?;
            if expired.rows_affected == 0 {
                continue;
            }
            upload_chunk::Entity::delete_many()
                .filter(upload_chunk::Column::UploadId.eq(row.id))
                .exec(write.on())
                .await?;
            write.commit().await?;
            gone.push(PhotoId(row.id));
        }
        Ok(gone)
    }

    /// Gives an upload up, as long as its photo has not arrived.
    ///
    /// # Errors
    /// `not_found`; `wrong_moment` when the photo is evidence already.
    pub async fn forget_upload(&self, id: PhotoId) -> Result<()> {
        let before = self.upload(id).await?;
        let id = before.photo;
        // Who may carry for a phone may not throw away what it sent.
        if self.actor.device() != Some(before.device) && !self.actor.is_system() {
            return Err(Error::NOT_FOUND);
        }
        if before.state == "done" || self.expected(id).await?.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        let write = self.begin().await?;
        // The upload before its pieces, as everybody locks them.
        upload::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?;
        upload_chunk::Entity::delete_many()
            .filter(upload_chunk::Column::UploadId.eq(Uuid::from(id)))
            .exec(write.on())
            .await?;
        upload::Entity::delete_by_id(Uuid::from(id))
            .exec(write.on())
            .await?;
        write.commit().await
    }
}
