//! Sealed visits: received, checked, credited to their author, flagged, never dropped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait, Set, Value};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::MAX_ANSWERS_BYTES;
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::manifest::{Hash32, MAX_ENVELOPED_MANIFEST_BYTES, Manifest, is_enveloped};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::sync::{
    Carried, CarryVisits, PhoneConfig, PhotoReceipt, SealedVisit, SyncReply, SyncRequest,
    VisitResult, VisitStatus,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::lanes::QueryEach as _;
use super::tables::{device, device_cursor, photo, server_state, upload, verification_case};
use super::{Acting, feed};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::time_token::{TimeToken, UPLOAD_GRANT_DAYS, UploadGrant};

mod flags;
mod judging;
mod keeping;
mod proof;

pub(super) use flags::flag_bad_photo;
pub(super) use judging::{PhotoPlace, beside};
pub(super) use keeping::{case_is_whole, is_what_was_asked, lock_cases_of, whole_with};
pub(super) use proof::{Try, tries};

use judging::{Apart, Judged};

/// A phone's clock may be this far ahead, in seconds.
const AHEAD_S: i64 = 300;
const DAY_S: i64 = 86_400;

impl Acting {
    /// One round with a phone: sealed visits up, then feed, receipts and settings down.
    ///
    /// # Errors
    /// `forbidden`, `invalid`, `too_large`. One bad visit never fails the round.
    pub async fn sync(&self, body: SyncRequest, config: &Config) -> Result<SyncReply> {
        self.actor.require(Permission::Visit)?;
        #[cfg(any(test, feature = "testing"))]
        self.write_behind().await?;
        if self.actor.device() != Some(body.device) {
            return Err(Error::field(
                "device",
                "not_yours",
                "Masuk kembali pada HP ini.",
            ));
        }
        let backend = self.store.backend();
        let mut answers = self
            .store
            .read()
            .query_each(vec![
                device::Entity::find_by_id(Uuid::from(body.device)).build(backend),
                server_state::Entity::find_by_id(1).build(backend),
            ])
            .await?;
        let phone: device::Model = answers
            .one()?
            .ok_or(Error::Refused(ProblemCode::UnknownDevice))?;
        let state: server_state::Model = answers
            .one()?
            .ok_or_else(|| Error::internal("no server state"))?;
        let mut results = Vec::with_capacity(body.visits.len());
        for sealed in &body.visits {
            results.push(self.receive_visit(sealed).await?);
        }
        let epoch = state.epoch.cast_unsigned();
        let cursors = if body.epoch == epoch {
            body.cursors
        } else {
            std::collections::BTreeMap::new()
        };
        let served = if phone.revoked_kind.is_some() {
            feed::Served::default()
        } else {
            self.feed_pages(&cursors).await?
        };
        self.note_sync(&phone, &served).await?;
        let now = self.store.now();
        Ok(SyncReply {
            now,
            time_token: TimeToken {
                at: now,
                device: body.device,
            }
            .seal(self.store.keys()),
            epoch,
            results,
            receipts: self.receipts(&body.ask_receipts).await?,
            buckets: served.pages,
            revoked: served.revoked,
            config: PhoneConfig {
                min_version: config.min_app_version.clone(),
                spool_recipient: self.store.keys().spool_recipient(),
                keep_days: config.keep_days,
                utc_offset_min: config.utc_offset_min,
                app: config.app.as_ref().map(|app| app.release().clone()),
            },
            device_revoked: phone.revoked_kind,
        })
    }

    /// Remembers how far the phone came, and which returns it has now been handed.
    async fn note_sync(&self, phone: &device::Model, told: &feed::Served) -> Result<()> {
        let write = self.begin().await?;
        let at = write.at().as_micros();
        let seen = device::Entity::update_many()
            .set(device::ActiveModel {
                last_sync_at: Set(Some(at)),
                ..Default::default()
            })
            .filter(device::Column::Id.eq(phone.id));
        write.last(seen.into_query()).await?;
        if !told.held.is_empty() {
            let held = told
                .held
                .iter()
                .map(|(bucket, seq)| device_cursor::ActiveModel {
                    device_id: Set(phone.id),
                    bucket: Set(bucket.0.clone()),
                    seq: Set(seq.cast_signed()),
                    at: Set(at),
                });
            let key = [
                device_cursor::Column::DeviceId,
                device_cursor::Column::Bucket,
            ];
            let held = device_cursor::Entity::insert_many(held).on_conflict(
                OnConflict::columns(key)
                    .update_columns([device_cursor::Column::Seq, device_cursor::Column::At])
                    .to_owned(),
            );
            write.last(held.into_query()).await?;
        }
        // Served counts as fetched: a reply that was lost may have been read, and taking a return back then would
        // leave the officer walking for nothing.
        let served: Vec<Uuid> = told
            .pages
            .iter()
            .flat_map(|page| &page.rows)
            // A row without a body says that the case is gone, and nothing of its return.
            .filter(|row| row.body.is_some())
            .filter_map(|row| {
                row.object
                    .strip_prefix("assignment:")?
                    .parse::<CaseId>()
                    .ok()
            })
            .map(Uuid::from)
            .collect();
        if !served.is_empty() {
            let fetched = verification_case::Entity::update_many()
                .set(verification_case::ActiveModel {
                    return_fetched_at: Set(Some(at)),
                    ..Default::default()
                })
                .filter(verification_case::Column::Id.is_in(served))
                .filter(verification_case::Column::State.eq(CaseState::Returned.to_string()))
                .filter(verification_case::Column::ReturnFetchedAt.is_null());
            write.last(fetched.into_query()).await?;
        }
        // The phone's own rhythm is no event of the registry: nothing is journalled here.
        write.commit().await
    }

    /// Sealed visits brought by a signed-in carrier.
    ///
    /// # Errors
    /// `forbidden`, `too_large`.
    pub async fn carry_visits(&self, body: CarryVisits) -> Result<Carried> {
        self.actor.require(Permission::CarrySealed)?;
        let mut results = Vec::with_capacity(body.visits.len());
        for sealed in &body.visits {
            results.push(self.receive_visit(sealed).await?);
        }
        Ok(Carried { results })
    }

    /// The receipts of the photos that are this actor's business: of phones enrolled for this person, of the phone that
    /// asks, and of visits that this person brought. Of all others it is as if they were not here.
    async fn receipts(&self, asked: &[PhotoId]) -> Result<Vec<PhotoReceipt>> {
        let mut receipts = Vec::new();
        for chunk in asked.chunks(500) {
            let ids: Vec<Uuid> = chunk.iter().map(|id| Uuid::from(*id)).collect();
            let rows = self.own_photos(&ids).await?;
            let waiting: Vec<Uuid> = rows
                .iter()
                .filter(|(_, row)| row.received_at.is_none())
                .map(|(_, row)| row.id)
                .collect();
            let mut bad = std::collections::HashMap::new();
            if !waiting.is_empty() {
                let uploads = upload::Entity::find()
                    .filter(upload::Column::Id.is_in(waiting))
                    .filter(upload::Column::State.eq("bad"))
                    .all(self.store.read())
                    .await?;
                bad.extend(uploads.into_iter().map(|row| (row.id, row.problem)));
            }
            for (asked, row) in rows {
                let Some(received_at) = row.received_at else {
                    if let Some(problem) = bad.remove(&row.id).flatten() {
                        receipts.push(PhotoReceipt {
                            photo: asked,
                            sha256: String::new(),
                            received_at: Timestamp::default(),
                            safe_at: None,
                            problem: Some(problem),
                        });
                    }
                    continue;
                };
                let sha256: [u8; 32] = row.sha256[..].try_into().map_err(Error::internal)?;
                receipts.push(PhotoReceipt {
                    photo: asked,
                    sha256: Hash32(sha256).to_string(),
                    received_at: Timestamp::from_micros(received_at),
                    safe_at: row.safe_at.map(Timestamp::from_micros),
                    problem: row.problem,
                });
            }
        }
        Ok(receipts)
    }

    /// Of the photos asked for, those that are this actor's business, each with the id it was asked by.
    async fn own_photos(&self, asked: &[Uuid]) -> Result<Vec<(PhotoId, photo::Model)>> {
        let on = self.store.read();
        let Some(me) = self.actor.user().map(Uuid::from) else {
            return Ok(Vec::new());
        };
        let backend = self.store.backend();
        let mut answers = on
            .query_each(vec![
                device::Entity::find()
                    .filter(device::Column::OfficerId.eq(me))
                    .build(backend),
                photo::Entity::find()
                    .filter(photo::Column::Id.is_in(asked.to_vec()))
                    .build(backend),
            ])
            .await?;
        let phones: Vec<device::Model> = answers.all()?;
        let mut devices: Vec<Uuid> = phones.into_iter().map(|row| row.id).collect();
        devices.extend(self.actor.device().map(Uuid::from));
        let found: Vec<photo::Model> = answers.all()?;
        let mut own = Vec::with_capacity(found.len());
        let mut others = Vec::new();
        for row in found {
            if devices.contains(&row.device_id) {
                own.push((PhotoId(row.id), row));
            } else {
                others.push(row);
            }
        }
        if others.is_empty() {
            return Ok(own);
        }
        // A stranger's photo: brought by this person, or under an id that was taken before this person's phone used it.
        let places: Vec<String> = (2..=others.len() + 1).map(|n| format!("${n}")).collect();
        let text = format!(
            "SELECT DISTINCT p.photo_id FROM visit_photo p JOIN visit_carrier c ON c.visit_id = p.visit_id \
             WHERE c.user_id = $1 AND p.photo_id IN ({})",
            places.join(", ")
        );
        let mut values: Vec<Value> = vec![me.into()];
        values.extend(others.iter().map(|row| Value::from(row.id)));
        let mut carried = Vec::new();
        for row in on.query_all_raw(self.store.sql(&text, values)).await? {
            carried.push(row.try_get_by_index::<Uuid>(0)?);
        }
        for row in others {
            let asked = PhotoId(row.id);
            let mut mine = None;
            for device in &devices {
                let place = PhotoPlace::of(on, (*device).into(), asked).await?;
                mine = mine.or(place.row);
            }
            if let Some(mine) = mine {
                own.push((asked, mine));
            } else if carried.contains(&row.id) {
                own.push((asked, row));
            }
        }
        Ok(own)
    }

    /// Receives one sealed visit: durable when this returns, whatever became of it.
    async fn receive_visit(&self, sealed: &SealedVisit) -> Result<VisitResult> {
        #[cfg(any(test, feature = "testing"))]
        if self.store.makes(super::testing::Bug::AcknowledgesEarly) {
            return Ok(self.acknowledge_early(sealed));
        }
        self.write_visit(sealed).await
    }

    pub(super) async fn write_visit(&self, sealed: &SealedVisit) -> Result<VisitResult> {
        for _ in 0..3 {
            if let Some(result) = self.try_to_write(sealed).await? {
                return Ok(result);
            }
        }
        Err(Error::internal("a visit is neither here nor can be kept"))
    }

    /// `None` when what was found before writing was no longer so: try again.
    async fn try_to_write(&self, sealed: &SealedVisit) -> Result<Option<VisitResult>> {
        let sent = STANDARD.decode(&sealed.manifest).unwrap_or_default();
        let mut result = VisitResult {
            visit: None,
            // What came, for the phone knows it by that; everything else is about what is in it.
            manifest_sha256: Hash32::of(&sent).to_string(),
            status: VisitStatus::Malformed.into(),
            code: None,
            upload_grant: None,
            wanted: Vec::new(),
        };
        let answers = match sealed.answers.as_deref().map(|text| STANDARD.decode(text)) {
            None => None,
            Some(Ok(bytes)) if bytes.len() as u64 <= MAX_ANSWERS_BYTES => Some(bytes),
            Some(_) => {
                result.code = Some(ProblemCode::BadManifest.to_string());
                return Ok(Some(result));
            }
        };
        let cose = match self.unwrap_manifest(sent) {
            Ok(cose) => cose,
            Err(sent) => {
                result.code = Some(ProblemCode::CannotOpen.to_string());
                result.status = VisitStatus::Quarantined.into();
                let apart = Apart {
                    code: ProblemCode::CannotOpen,
                    device: None,
                    visit: None,
                    answers,
                };
                self.quarantine(Hash32::of(&sent), sent, apart).await?;
                return Ok(Some(result));
            }
        };
        let sha = Hash32::of(&cose);
        match self.judge(cose.clone(), answers).await? {
            Judged::Malformed(code) => result.code = Some(code.to_string()),
            Judged::Apart(apart) => {
                result.visit = apart.visit;
                result.code = Some(apart.code.to_string());
                result.status = if apart.code == ProblemCode::ContentConflict {
                    VisitStatus::Conflict.into()
                } else {
                    VisitStatus::Quarantined.into()
                };
                self.quarantine(sha, cose, apart).await?;
            }
            Judged::Genuine(genuine) => {
                let manifest = genuine.signed.manifest().clone();
                result.visit = Some(manifest.visit);
                let id = genuine.id;
                if genuine.is_known {
                    self.note_carrier(id, manifest.officer).await?;
                    result.status = VisitStatus::Duplicate.into();
                    result.wanted = self.wanted(&manifest).await?;
                } else {
                    let Some(wanted) = self.keep_visit(*genuine).await? else {
                        // Another visit took the id in this very moment: judged again, now that it can be seen.
                        return Ok(None);
                    };
                    result.status = VisitStatus::Accepted.into();
                    result.wanted = wanted;
                }
                result.upload_grant = Some(
                    UploadGrant {
                        visit: VisitId(id),
                        device: manifest.device,
                        user: self.actor.user(),
                        until: self.store.now().plus_s(UPLOAD_GRANT_DAYS * DAY_S),
                    }
                    .seal(self.store.keys()),
                );
            }
        }
        Ok(Some(result))
    }

    /// The manifest out of its age file, or as it is when it came without one. What does not open comes back.
    fn unwrap_manifest(&self, sent: Vec<u8>) -> std::result::Result<Vec<u8>, Vec<u8>> {
        if !is_enveloped(&sent) || sent.len() > MAX_ENVELOPED_MANIFEST_BYTES {
            return Ok(sent);
        }
        self.store.keys().open_spool(&sent).map_err(|_| sent)
    }

    /// Remembers that this person brought a visit that was here already: its photos' receipts are theirs to hear too.
    async fn note_carrier(&self, visit: Uuid, author: tilik_protocol::ids::UserId) -> Result<()> {
        let Some(me) = self.actor.user().filter(|me| *me != author) else {
            return Ok(());
        };
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "INSERT INTO visit_carrier (visit_id, user_id, at) VALUES ($1, $2, $3) \
                 ON CONFLICT (visit_id, user_id) DO NOTHING",
                [
                    visit.into(),
                    Uuid::from(me).into(),
                    self.store.now().as_micros().into(),
                ],
            ))
            .await?;
        Ok(())
    }

    async fn wanted(&self, manifest: &Manifest) -> Result<Vec<PhotoId>> {
        let named = PhotoPlace::query(manifest, self.store.backend());
        let mut answers = self.store.read().query_each(vec![named]).await?;
        let places = PhotoPlace::of_all(self.store.read(), manifest, answers.all()?).await?;
        let all = manifest.photos.iter().zip(places);
        let wanted = all.filter(|(_, place)| {
            let row = place.row.as_ref();
            row.is_some_and(|row| row.received_at.is_none())
        });
        Ok(wanted.map(|(said, _)| said.id).collect())
    }
}
