//! Photos as people look at them: whose evidence they are decides who sees them, and every look is logged.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set, Value};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::PhotoKind;
use tilik_protocol::ids::{CaseId, PhotoId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::SeenPhotos;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::journal::Entry;
use super::tables::{house, photo, user_account, verification_case, visit_photo};
use super::{Acting, jobs};
use crate::error::{Error, Result};
use crate::watermark::Words;

/// Most photos in one report of what was seen.
const MOST_SEEN: usize = 200;
/// Copies are made within seconds of a photo's arrival.
const SOON_S: u32 = 2;

/// Which of the two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Long side 1600 pixels.
    Large,
    /// Long side 320 pixels.
    Small,
}

/// Where a copy lies and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoCopy {
    /// Its name in the blob store.
    pub key: String,
    /// SHA-256 of its clear bytes.
    pub sha256: Vec<u8>,
    /// What is burnt into the large one: who looks, as what, and when.
    pub words: Option<Words>,
}

impl Acting {
    /// The villages of the cases that each of these photos is evidence of, and those where the families of these live now:
    /// a photo follows a family that moves, and stays readable where it came from.
    pub(super) async fn villages_of_photos(
        &self,
        photos: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<RegionCode>>> {
        let mut found: HashMap<Uuid, Vec<RegionCode>> = HashMap::new();
        for chunk in photos.chunks(500) {
            let places: Vec<String> = (1..=chunk.len()).map(|n| format!("${n}")).collect();
            let text = format!(
                "SELECT DISTINCT p.photo_id, c.region, f.region FROM visit_photo p \
                 JOIN visit v ON v.id = p.visit_id \
                 JOIN verification_case c ON c.id = v.filed_case_id OR c.id = v.case_id \
                 JOIN family f ON f.id = c.family_id \
                 WHERE p.photo_id IN ({places}) \
                 UNION SELECT p.photo_id, q.region, q.region FROM visit_photo p \
                 JOIN proposal q ON q.visit_id = p.visit_id WHERE p.photo_id IN ({places})",
                places = places.join(", ")
            );
            let values = chunk.iter().map(|id| Value::from(*id));
            for row in self
                .store
                .read()
                .query_all_raw(self.store.sql(&text, values))
                .await?
            {
                let of_photo = found.entry(row.try_get_by_index(0)?).or_default();
                for n in [1, 2] {
                    let region: String = row.try_get_by_index(n)?;
                    let region = region.parse().map_err(Error::internal)?;
                    if !of_photo.contains(&region) {
                        of_photo.push(region);
                    }
                }
            }
        }
        Ok(found)
    }

    /// As what and where this actor sees each of these photos, in their order.
    async fn sees_photos(&self, photos: &[PhotoId]) -> Result<Vec<(Role, RegionCode)>> {
        self.actor.require(Permission::ReadCases)?;
        let ids: Vec<Uuid> = photos.iter().map(|id| Uuid::from(*id)).collect();
        let villages = self.villages_of_photos(&ids).await?;
        ids.iter()
            .map(|id| {
                let mut roles = villages
                    .get(id)
                    .into_iter()
                    .flatten()
                    .filter_map(|region| Some((self.reading_in(region).ok()?, region.clone())));
                roles.next().ok_or(Error::NOT_FOUND)
            })
            .collect()
    }

    /// Where the copy of a photo lies. Logged as served: a console fetches ahead.
    ///
    /// # Errors
    /// `not_found`; `photo_not_ready` when its copies are yet to be made, `bad_photo` when it can have none.
    pub async fn photo_copy(&self, id: PhotoId, side: Side) -> Result<PhotoCopy> {
        let mut seen = self.sees_photos(&[id]).await?;
        let (role, region) = seen.pop().ok_or(Error::NOT_FOUND)?;
        let row = photo::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let (what, copy) = match side {
            Side::Large => ("photo_1600", row.large_key.zip(row.large_sha256)),
            Side::Small => ("photo_320", row.small_key.zip(row.small_sha256)),
        };
        let Some((key, sha256)) = copy else {
            return Err(if row.state == "bad" {
                Error::Refused(ProblemCode::BadPhoto)
            } else {
                Error::Wait {
                    code: ProblemCode::PhotoNotReady,
                    retry_after_s: SOON_S,
                }
            });
        };
        let read = Read {
            kind: "photo",
            id: id.into(),
            what,
            mode: Mode::Served,
            role,
            purpose: None,
        };
        let words = match (side, self.actor.user()) {
            (Side::Large, Some(user)) => {
                let account = user_account::Entity::find_by_id(Uuid::from(user))
                    .one(self.store.read())
                    .await?
                    .ok_or(Error::NOT_FOUND)?;
                let who = (account.username.as_str(), account.name.as_str());
                let at = self.store.now();
                Some(Words::of(who, role, &region, at))
            }
            (Side::Large, None) | (Side::Small, _) => None,
        };
        self.note_reads([read]).await?;
        Ok(PhotoCopy { key, sha256, words })
    }

    /// The small copy of the newest accepted front photo of the house that this officer's own case is about, and when it
    /// was taken. Logged as served: phones fetch ahead. A front of two halves is its left one.
    ///
    /// # Errors
    /// `not_found` when the case is not with this officer, or no accepted evidence shows the house.
    pub async fn house_photo_copy(&self, id: CaseId) -> Result<(PhotoId, PhotoCopy, Timestamp)> {
        let officer = self.actor.person_id()?;
        let case = verification_case::Entity::find_by_id(Uuid::from(id))
            .filter(verification_case::Column::OfficerId.eq(Uuid::from(officer)))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let state: CaseState = case.state.parse().map_err(Error::internal)?;
        let region: RegionCode = case.region.parse().map_err(Error::internal)?;
        let role = self
            .actor
            .role_in(Permission::Visit, &region)
            .filter(|_| state.is_with_officer())
            .ok_or(Error::NOT_FOUND)?;
        let home = house::Entity::find_by_id(case.house_id)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        // The pin and the photos beside it are of one accepted visit.
        let accepted = home.pin_visit.ok_or(Error::NOT_FOUND)?;
        let fronts =
            visit_photo::Entity::find()
                .filter(visit_photo::Column::VisitId.eq(accepted))
                .filter(visit_photo::Column::Kind.is_in(
                    [PhotoKind::HouseFront, PhotoKind::NarrowLeft].map(|kind| kind.to_string()),
                ))
                .order_by_asc(visit_photo::Column::Position)
                .all(self.store.read())
                .await?;
        let whole = PhotoKind::HouseFront.to_string();
        let front = fronts
            .iter()
            .find(|front| front.kind == whole)
            .or(fronts.first())
            .ok_or(Error::NOT_FOUND)?;
        let row = photo::Entity::find_by_id(front.photo_id)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let (key, sha256) = row
            .small_key
            .zip(row.small_sha256)
            .ok_or(Error::NOT_FOUND)?;
        let read = Read {
            kind: "photo",
            id: row.id,
            what: "photo_320",
            mode: Mode::Served,
            role,
            purpose: None,
        };
        self.note_reads([read]).await?;
        let copy = PhotoCopy {
            key,
            sha256,
            words: None,
        };
        Ok((
            PhotoId(row.id),
            copy,
            Timestamp::from_micros(front.taken_at),
        ))
    }

    /// A person had these photos before their eyes.
    ///
    /// # Errors
    /// `not_found` when one of them is hidden, and then none is logged; `too_large`.
    pub async fn photos_seen(&self, body: SeenPhotos) -> Result<()> {
        if body.photos.len() > MOST_SEEN {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let mut photos = body.photos;
        photos.sort_unstable();
        photos.dedup();
        let roles = self.sees_photos(&photos).await?;
        self.note_reads(photos.iter().zip(roles).map(|(id, (role, _))| Read {
            kind: "photo",
            id: (*id).into(),
            what: "photo",
            mode: Mode::Seen,
            role,
            purpose: None,
        }))
        .await
    }

    /// A copy is not what it was: both are made again from the original.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remake_copies(&self, id: PhotoId) -> Result<()> {
        let mut write = self.begin().await?;
        photo::Entity::update_many()
            .set(photo::ActiveModel {
                state: Set("received".to_owned()),
                large_key: Set(None),
                large_sha256: Set(None),
                small_key: Set(None),
                small_sha256: Set(None),
                ..Default::default()
            })
            .filter(photo::Column::Id.eq(Uuid::from(id)))
            .filter(photo::Column::State.eq("ready"))
            .exec(write.on())
            .await?;
        jobs::enqueue(&write, "derivatives", &id.to_string()).await?;
        write.journal(Entry::new(
            "photo.remake",
            format!("photo:{id}"),
            Role::System,
            None,
            &serde_json::json!({}),
        )?);
        write.commit().await
    }
}
