//! Sealed visits: received, checked, credited to their author, flagged, never dropped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::evidence::{
    AtHand, Flag, MAX_ANSWERS_BYTES, PIN_REASON_ABOVE_CM, PhotoKind, VisitKind, missing,
};
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{CaseId, DeviceId, PhotoId, UserId, VisitId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::manifest::{Hash32, Manifest, SignedManifest};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::sync::{
    Carried, CarryVisits, PhoneConfig, PhotoReceipt, SealedVisit, SyncReply, SyncRequest,
    VisitResult, VisitStatus,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::Entry;
use super::tables::{
    boundary, device, photo, quarantine, server_state, upload, verification_case, visit,
    visit_flag, visit_photo,
};
use super::{Acting, Write, feed};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::geometry::{self, Place};
use crate::time_token::{TimeToken, UPLOAD_GRANT_DAYS, UploadGrant};

/// A phone's clock may be this far ahead, in seconds.
const AHEAD_S: i64 = 300;
/// A time token bounds a capture for a week.
const TOKEN_S: i64 = 7 * 86_400;
/// Neighbouring polygons overlap and gap by up to 5 m and carry 10 m of error.
const BOUNDARY_TOLERANCE_M: i64 = 15;
const DAY_S: i64 = 86_400;

/// A visit that was parsed and whose author was checked.
struct Genuine {
    signed: SignedManifest,
    cose: Vec<u8>,
    answers: Option<(Vec<u8>, Option<Answers>)>,
    software_key: bool,
}

/// Why a visit is kept apart.
struct Apart {
    code: ProblemCode,
    device: Option<DeviceId>,
    visit: Option<VisitId>,
    answers: Option<Vec<u8>>,
}

enum Judged {
    Genuine(Box<Genuine>),
    Apart(Apart),
    Malformed(ProblemCode),
}

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
        let phone = device::Entity::find_by_id(Uuid::from(body.device))
            .one(self.store.read())
            .await?
            .ok_or(Error::Refused(ProblemCode::UnknownDevice))?;
        let mut results = Vec::with_capacity(body.visits.len());
        for sealed in &body.visits {
            results.push(self.receive_visit(sealed).await?);
        }
        let state = server_state::Entity::find_by_id(1)
            .one(self.store.read())
            .await?
            .ok_or_else(|| Error::internal("no server state"))?;
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
            },
            device_revoked: phone.revoked_kind,
        })
    }

    /// Remembers how far the phone came, and which returns it has now been handed.
    async fn note_sync(&self, phone: &device::Model, told: &feed::Served) -> Result<()> {
        let write = self.begin().await?;
        let at = write.at().as_micros();
        device::Entity::update_many()
            .set(device::ActiveModel {
                last_sync_at: Set(Some(at)),
                ..Default::default()
            })
            .filter(device::Column::Id.eq(phone.id))
            .exec(write.on())
            .await?;
        for (bucket, seq) in &told.held {
            use sea_orm::ConnectionTrait;
            write
                .on()
                .execute_raw(self.store.sql(
                    "INSERT INTO device_cursor (device_id, bucket, seq, at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (device_id, bucket) DO UPDATE SET seq = $3, at = $4",
                    [
                        phone.id.into(),
                        bucket.0.clone().into(),
                        seq.cast_signed().into(),
                        at.into(),
                    ],
                ))
                .await?;
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
            verification_case::Entity::update_many()
                .set(verification_case::ActiveModel {
                    return_fetched_at: Set(Some(at)),
                    ..Default::default()
                })
                .filter(verification_case::Column::Id.is_in(served))
                .filter(verification_case::Column::State.eq(CaseState::Returned.to_string()))
                .filter(verification_case::Column::ReturnFetchedAt.is_null())
                .exec(write.on())
                .await?;
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

    /// The receipts of photos of this actor's phones, or that this actor carried.
    async fn receipts(&self, asked: &[PhotoId]) -> Result<Vec<PhotoReceipt>> {
        let mut receipts = Vec::new();
        for chunk in asked.chunks(500) {
            let ids: Vec<Uuid> = chunk.iter().map(|id| Uuid::from(*id)).collect();
            let rows = photo::Entity::find()
                .filter(photo::Column::Id.is_in(ids.clone()))
                .all(self.store.read())
                .await?;
            let mut bad: std::collections::HashMap<Uuid, String> = upload::Entity::find()
                .filter(upload::Column::Id.is_in(ids))
                .filter(upload::Column::State.eq("bad"))
                .all(self.store.read())
                .await?
                .into_iter()
                .filter_map(|row| Some((row.id, row.problem?)))
                .collect();
            for row in rows {
                let upload_problem = bad.remove(&row.id);
                let Some(received_at) = row.received_at else {
                    if let Some(problem) = upload_problem {
                        receipts.push(PhotoReceipt {
                            photo: PhotoId(row.id),
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
                    photo: PhotoId(row.id),
                    sha256: Hash32(sha256).to_string(),
                    received_at: Timestamp::from_micros(received_at),
                    safe_at: row.safe_at.map(Timestamp::from_micros),
                    problem: row.problem,
                });
            }
        }
        Ok(receipts)
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
        let cose = STANDARD.decode(&sealed.manifest).unwrap_or_default();
        let sha = Hash32::of(&cose);
        let mut result = VisitResult {
            visit: None,
            manifest_sha256: sha.to_string(),
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
                return Ok(result);
            }
        };
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
                let known = visit::Entity::find_by_id(Uuid::from(manifest.visit))
                    .one(self.store.read())
                    .await?;
                let is_new = known.is_none();
                if is_new {
                    self.keep_visit(*genuine).await?;
                }
                result.status = if is_new {
                    VisitStatus::Accepted
                } else {
                    VisitStatus::Duplicate
                }
                .into();
                result.wanted = self.wanted(&manifest).await?;
                result.upload_grant = Some(
                    UploadGrant {
                        visit: manifest.visit,
                        device: manifest.device,
                        user: self.actor.user(),
                        until: self.store.now().plus_s(UPLOAD_GRANT_DAYS * DAY_S),
                    }
                    .seal(self.store.keys()),
                );
            }
        }
        Ok(result)
    }

    async fn wanted(&self, manifest: &Manifest) -> Result<Vec<PhotoId>> {
        let ids: Vec<Uuid> = manifest
            .photos
            .iter()
            .map(|photo| photo.id.into())
            .collect();
        Ok(photo::Entity::find()
            .filter(photo::Column::Id.is_in(ids))
            .filter(photo::Column::ReceivedAt.is_null())
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| PhotoId(row.id))
            .collect())
    }

    /// Reads the manifest, verifies its author and opens the answers.
    async fn judge(&self, cose: Vec<u8>, sealed_answers: Option<Vec<u8>>) -> Result<Judged> {
        let Ok(signed) = SignedManifest::parse(&cose) else {
            return Ok(Judged::Malformed(ProblemCode::BadManifest));
        };
        let manifest = signed.manifest();
        let apart = |code, answers| {
            Ok(Judged::Apart(Apart {
                code,
                device: Some(manifest.device),
                visit: Some(manifest.visit),
                answers,
            }))
        };
        match (&manifest.answers, &sealed_answers) {
            (None, None) => {}
            (Some(said), Some(bytes))
                if Hash32::of(bytes) == said.sealed_sha256
                    && bytes.len() as u64 == said.sealed_len => {}
            (Some(_), _) | (None, Some(_)) => {
                return Ok(Judged::Malformed(ProblemCode::HashMismatch));
            }
        }
        let Some(phone) = device::Entity::find_by_id(Uuid::from(manifest.device))
            .one(self.store.read())
            .await?
        else {
            return apart(ProblemCode::UnknownDevice, sealed_answers);
        };
        let genuine = VerifyingKey::from_sec1_bytes(&phone.public_key).is_ok_and(|key| {
            Signature::from_slice(signed.signature())
                .is_ok_and(|signature| key.verify(signed.to_be_signed(), &signature).is_ok())
        });
        if !genuine {
            return apart(ProblemCode::BadSignature, sealed_answers);
        }
        if phone.officer_id != Uuid::from(manifest.officer) {
            return apart(ProblemCode::Forbidden, sealed_answers);
        }
        let known = visit::Entity::find_by_id(Uuid::from(manifest.visit))
            .one(self.store.read())
            .await?;
        let is_known = known.is_some();
        if known.is_some_and(|known| known.manifest != cose) {
            return apart(ProblemCode::ContentConflict, sealed_answers);
        }
        for said in &manifest.photos {
            let known = photo::Entity::find_by_id(Uuid::from(said.id))
                .one(self.store.read())
                .await?;
            if known.is_some_and(|known| {
                known.sha256 != said.sha256.0 || known.device_id != Uuid::from(manifest.device)
            }) {
                return apart(ProblemCode::ContentConflict, sealed_answers);
            }
        }
        // What was received before the theft stands, whoever brings it again.
        if !is_known && phone.revoked_kind.as_deref() == Some("stolen") {
            return apart(ProblemCode::DeviceRevoked, sealed_answers);
        }
        let mut answers = None;
        if let (Some(said), Some(sealed)) = (&manifest.answers, &sealed_answers) {
            let Ok(plain) = self.store.keys().open_spool(sealed) else {
                return apart(ProblemCode::CannotOpen, sealed_answers);
            };
            if Hash32::of(&plain) != said.sha256 || plain.len() as u64 != said.len {
                return apart(ProblemCode::HashMismatch, sealed_answers);
            }
            let read = serde_json::from_slice::<Answers>(&plain).ok();
            answers = Some((plain, read));
        }
        let software_key = manifest.app.key_level == "software";
        Ok(Judged::Genuine(Box::new(Genuine {
            signed,
            cose,
            answers,
            software_key,
        })))
    }

    async fn quarantine(&self, sha: Hash32, cose: Vec<u8>, apart: Apart) -> Result<()> {
        let mut write = self.begin().await?;
        let known = quarantine::Entity::find_by_id(sha.0.to_vec())
            .one(write.on())
            .await?;
        if known.is_some() {
            return Ok(());
        }
        quarantine::ActiveModel {
            manifest_sha256: Set(sha.0.to_vec()),
            code: Set(apart.code.to_string()),
            visit_id: Set(apart.visit.map(Into::into)),
            device_id: Set(apart.device.map(Into::into)),
            manifest: Set(cose),
            answers: Set(apart.answers),
            received_from: Set(self.actor.user().map(Into::into)),
            received_at: Set(write.at().as_micros()),
            released_at: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "visit.quarantine",
            apart
                .visit
                .map_or_else(|| format!("manifest:{sha}"), |id| format!("visit:{id}")),
            Role::System,
            None,
            &serde_json::json!({ "code": apart.code, "device": apart.device, "manifest": sha }),
        )?);
        write.commit().await
    }

    /// Keeps a genuine visit: its rows, its flags, and what it does to its case, in one transaction.
    async fn keep_visit(&self, genuine: Genuine) -> Result<()> {
        let manifest = genuine.signed.manifest();
        let id = Uuid::from(manifest.visit);
        let mut write = self.begin().await?;
        let at = write.at();
        // Two carriers at once: the primary key lets one through, the other finds it here.
        if visit::Entity::find_by_id(id)
            .one(write.on())
            .await?
            .is_some()
        {
            return Ok(());
        }
        let mut flags: Vec<(Flag, serde_json::Value)> = Vec::new();
        let author = manifest.officer;
        let carried = self.actor.user() != Some(author);
        if carried {
            flags.push((Flag::Carried, serde_json::json!({})));
        }
        if genuine.software_key {
            flags.push((Flag::SoftwareKey, serde_json::json!({})));
        }
        if manifest.training {
            flags.push((Flag::Training, serde_json::json!({})));
        }
        time_flags(&mut flags, manifest, at, self.store.keys());
        self.place_flags(&mut flags, &write, manifest).await?;
        if let Some(lacks) = lacking(
            manifest,
            genuine.answers.as_ref().and_then(|(_, a)| a.as_ref()),
        ) {
            flags.push((Flag::Incomplete, lacks));
        }
        let target = self
            .case_effect(&mut write, manifest, at, &mut flags)
            .await?;
        let pin = manifest.pin.as_ref();
        visit::ActiveModel {
            id: Set(id),
            device_id: Set(manifest.device.into()),
            officer_id: Set(author.into()),
            case_id: Set(manifest.case.map(Into::into)),
            filed_case_id: Set(target.as_ref().map(|case| case.id)),
            carried_by: Set(if carried {
                self.actor.user().map(Into::into)
            } else {
                None
            }),
            kind: Set(manifest.kind.to_string()),
            seq: Set(manifest.seq.cast_signed()),
            chain_hash: Set(genuine.signed.chain_hash().0.to_vec()),
            previous_hash: Set(manifest.prev.map(|hash| hash.0.to_vec())),
            manifest: Set(genuine.cose.clone()),
            answers_enc: Set(match &genuine.answers {
                Some((plain, _)) => {
                    let text = std::str::from_utf8(plain).unwrap_or("{}");
                    Some(
                        self.store
                            .keys()
                            .encrypt_field("visit", "answers", id, text),
                    )
                }
                None => None,
            }),
            form_id: Set(manifest
                .answers
                .as_ref()
                .map(|answers| answers.form.clone())),
            form_version: Set(manifest
                .answers
                .as_ref()
                .and_then(|answers| i32::try_from(answers.form_version).ok())),
            unreachable: Set(manifest.unreachable.as_ref().map(ToString::to_string)),
            supersedes: Set(manifest.supersedes.map(Into::into)),
            captured_at: Set(manifest.captured_at.as_micros()),
            received_at: Set(at.as_micros()),
            complete_at: Set(None),
            lat_e7: Set(pin.map(|pin| pin.lat_e7)),
            lon_e7: Set(pin.map(|pin| pin.lon_e7)),
            accuracy_cm: Set(pin.map(|pin| pin.accuracy_cm)),
            pin_source: Set(pin.map(|pin| pin.source.clone())),
            mock: Set(pin.is_some_and(|pin| pin.mock || pin.fixes.iter().any(|fix| fix.mock))),
        }
        .insert(write.on())
        .await?;
        self.keep_photos(&write, manifest, &mut flags).await?;
        chain_flags(&write, manifest, genuine.signed.chain_hash(), &mut flags).await?;
        flags.sort_by_key(|(flag, _)| *flag);
        flags.dedup_by_key(|(flag, _)| *flag);
        for (flag, detail) in &flags {
            visit_flag::ActiveModel {
                visit_id: Set(id),
                flag: Set(flag.to_string()),
                detail: Set(detail.to_string()),
            }
            .insert(write.on())
            .await?;
        }
        complete_if_whole(&write, manifest.visit).await?;
        write.journal(Entry::new(
            "visit.receive",
            format!("visit:{}", manifest.visit),
            Role::Officer,
            None,
            &serde_json::json!({
                "author": author, "device": manifest.device, "seq": manifest.seq,
                "manifest": genuine.signed.chain_hash(),
                // A word of another build may be any text, and this is kept for ever.
                "kind": manifest.kind.known().map_or_else(|| "unknown".to_owned(), |kind| kind.to_string()),
                "case": manifest.case, "filed": target.map(|case| CaseId(case.id)),
                "flags": flags.iter().map(|(flag, _)| flag.to_string()).collect::<Vec<_>>(),
                "photos": manifest.photos.iter().map(|photo| photo.sha256).collect::<Vec<_>>(),
            }),
        )?);
        write.commit().await
    }

    async fn keep_photos(
        &self,
        write: &Write,
        manifest: &Manifest,
        flags: &mut Vec<(Flag, serde_json::Value)>,
    ) -> Result<()> {
        use sea_orm::QuerySelect;
        for (position, said) in manifest.photos.iter().enumerate() {
            let known = photo::Entity::find_by_id(Uuid::from(said.id))
                .one(write.on())
                .await?;
            if let Some(problem) = known.as_ref().and_then(|known| known.problem.as_ref()) {
                flags.push((
                    Flag::BadPhoto,
                    serde_json::json!({ "photo": said.id, "problem": problem }),
                ));
            }
            if known.is_none() {
                let repeated = photo::Entity::find()
                    .filter(photo::Column::DeviceId.eq(Uuid::from(manifest.device)))
                    .filter(photo::Column::Sha256.eq(said.sha256.0.to_vec()))
                    .count(write.on())
                    .await?;
                if repeated > 0 {
                    flags.push((Flag::RepeatedPhoto, serde_json::json!({ "photo": said.id })));
                }
                photo::ActiveModel {
                    id: Set(said.id.into()),
                    device_id: Set(manifest.device.into()),
                    sha256: Set(said.sha256.0.to_vec()),
                    len: Set(said.len.cast_signed()),
                    sealed_sha256: Set(said.sealed_sha256.0.to_vec()),
                    sealed_len: Set(said.sealed_len.cast_signed()),
                    width: Set(said.width.cast_signed()),
                    height: Set(said.height.cast_signed()),
                    state: Set("waiting".to_owned()),
                    problem: Set(None),
                    original_key: Set(None),
                    large_sha256: Set(None),
                    small_sha256: Set(None),
                    large_key: Set(None),
                    small_key: Set(None),
                    received_at: Set(None),
                    safe_at: Set(None),
                }
                .insert(write.on())
                .await?;
                // It may have been uploaded before its manifest came. Locked, so that who holds it in this very moment
                // sees our row, or we see theirs.
                let uploaded = upload::Entity::find_by_id(Uuid::from(said.id))
                    .lock_exclusive()
                    .one(write.on())
                    .await?;
                if uploaded.is_some_and(|upload| upload.state == "held") {
                    super::jobs::enqueue(write, "finish_upload", &said.id.to_string()).await?;
                }
            }
            visit_photo::ActiveModel {
                visit_id: Set(manifest.visit.into()),
                photo_id: Set(said.id.into()),
                position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
                kind: Set(said.kind.to_string()),
                taken_at: Set(said.taken_at.as_micros()),
            }
            .insert(write.on())
            .await?;
        }
        Ok(())
    }

    /// What the visit does to its case. A closed or foreign case refuses the visit and keeps it, flagged.
    async fn case_effect(
        &self,
        write: &mut Write,
        manifest: &Manifest,
        at: Timestamp,
        flags: &mut Vec<(Flag, serde_json::Value)>,
    ) -> Result<Option<verification_case::Model>> {
        use sea_orm::QuerySelect;
        let Some(named) = manifest.case else {
            return Ok(None);
        };
        let mut found = verification_case::Entity::find_by_id(Uuid::from(named))
            .lock_exclusive()
            .one(write.on())
            .await?;
        // The window closed meanwhile: the visit counts for the successor, without a second trip.
        while let Some(case) = &found {
            if case.state != CaseState::Expired.to_string() {
                break;
            }
            let next = verification_case::Entity::find()
                .filter(verification_case::Column::Predecessor.eq(case.id))
                .lock_exclusive()
                .one(write.on())
                .await?;
            if next.is_none() {
                break;
            }
            flags.push((Flag::LateSync, serde_json::json!({})));
            found = next;
        }
        let Some(case) = found else {
            flags.push((Flag::OutOfScope, serde_json::json!({})));
            return Ok(None);
        };
        if manifest.training {
            return Ok(Some(case));
        }
        if case.officer_id != Some(manifest.officer.into()) {
            flags.push((Flag::OutOfScope, serde_json::json!({})));
        }
        if manifest
            .case_version
            .is_some_and(|seen| seen < case.version)
        {
            flags.push((
                Flag::StaleAssignment,
                serde_json::json!({ "seen": manifest.case_version }),
            ));
        }
        let state: CaseState = case.state.parse().map_err(Error::internal)?;
        if state == CaseState::Submitted {
            flags.push((Flag::SecondVisit, serde_json::json!({})));
        }
        let action = if manifest.kind.known() == Some(VisitKind::Unreachable) {
            CaseAction::ReportUnreachable
        } else {
            CaseAction::SubmitVisit
        };
        let Ok(Step::To(next)) = case::step(state, action, Role::Officer) else {
            flags.push((Flag::CaseClosed, serde_json::json!({ "state": state })));
            return Ok(Some(case));
        };
        let before = case.officer_id.map(UserId);
        let mut changed = case;
        changed.version += 1;
        changed.state = next.to_string();
        changed.submitted_at = Some(at.as_micros());
        changed.current_visit = Some(manifest.visit.into());
        changed.complete_at = None;
        changed.returned = None;
        changed.return_fetched_at = None;
        if next == CaseState::Unreachable {
            changed.tries += 1;
        }
        verification_case::ActiveModel::from(changed.clone())
            .reset_all()
            .update(write.on())
            .await?;
        feed::publish_case(write, &changed, before).await?;
        write.journal(Entry::new(
            if next == CaseState::Unreachable {
                "case.report_unreachable"
            } else {
                "case.submit_visit"
            },
            format!("case:{}", changed.id),
            Role::Officer,
            None,
            &serde_json::json!({ "visit": manifest.visit, "author": manifest.officer,
                "from": state, "to": next }),
        )?);
        Ok(Some(changed))
    }

    async fn place_flags(
        &self,
        flags: &mut Vec<(Flag, serde_json::Value)>,
        write: &Write,
        manifest: &Manifest,
    ) -> Result<()> {
        let Some(pin) = &manifest.pin else {
            return Ok(());
        };
        if pin.mock || pin.fixes.iter().any(|fix| fix.mock) {
            flags.push((Flag::MockLocation, serde_json::json!({})));
        }
        if pin.source == "hand" {
            flags.push((Flag::HandPlaced, serde_json::json!({})));
        }
        if pin.accuracy_cm > PIN_REASON_ABOVE_CM {
            flags.push((
                Flag::LowAccuracy,
                serde_json::json!({ "accuracy_cm": pin.accuracy_cm }),
            ));
        }
        let outline = boundary::Entity::find_by_id(manifest.region.as_str())
            .one(write.on())
            .await?;
        if let Some(shape) = outline.and_then(|row| geometry::boundary(&row.geometry)) {
            let place = Place {
                lat_e7: pin.lat_e7,
                lon_e7: pin.lon_e7,
            };
            let outside = geometry::outside_m(&shape, place);
            if outside > BOUNDARY_TOLERANCE_M + pin.accuracy_cm / 100 {
                flags.push((
                    Flag::OutsideBoundary,
                    serde_json::json!({ "outside_m": outside }),
                ));
            }
        }
        Ok(())
    }
}

fn time_flags(
    flags: &mut Vec<(Flag, serde_json::Value)>,
    manifest: &Manifest,
    received_at: Timestamp,
    keys: &crate::keys::Keyring,
) {
    let ahead = manifest.captured_at.seconds_since(received_at);
    if ahead > AHEAD_S {
        flags.push((Flag::FutureClock, serde_json::json!({ "ahead_s": ahead })));
    }
    let token = manifest
        .clock
        .time_token
        .as_deref()
        .and_then(|text| TimeToken::open(keys, text))
        .filter(|token| token.device == manifest.device);
    let fresh = token.is_some_and(|token| {
        (-AHEAD_S..=TOKEN_S).contains(&manifest.captured_at.seconds_since(token.at))
    });
    if !fresh {
        flags.push((Flag::StaleTime, serde_json::json!({})));
    }
}

/// What the evidence rules of the visit's kind still ask for.
fn lacking(manifest: &Manifest, answers: Option<&Answers>) -> Option<serde_json::Value> {
    let kind = manifest.kind.known()?;
    let mut answered = answers.is_some();
    if matches!(kind, VisitKind::Full | VisitKind::Finding)
        && let Some(said) = &manifest.answers
        && let Ok(Some(form)) = Form::shipped(&said.form, said.form_version)
    {
        answered = answers.is_some_and(|answers| form.problems(answers).is_empty());
    }
    let at_hand = AtHand {
        photos: manifest
            .photos
            .iter()
            .filter_map(|photo| photo.kind.known())
            .collect::<Vec<PhotoKind>>(),
        pin_accuracy_cm: manifest.pin.as_ref().map(|pin| pin.accuracy_cm),
        pin_reason: answers.is_some_and(|answers| answers.contains_key("pin_reason")),
        answers: answered,
        unreachable: manifest.unreachable.as_ref().and_then(Lenient::known),
    };
    let lacks = missing(kind, &at_hand);
    (!lacks.is_empty()).then(|| serde_json::json!({ "missing": lacks }))
}

/// Gaps and forks of the phone's chain around this visit; lifts the gap of the one that waited for it.
async fn chain_flags(
    write: &Write,
    manifest: &Manifest,
    hash: Hash32,
    flags: &mut Vec<(Flag, serde_json::Value)>,
) -> Result<()> {
    let at = async |seq: i64| {
        visit::Entity::find()
            .filter(visit::Column::DeviceId.eq(Uuid::from(manifest.device)))
            .filter(visit::Column::Seq.eq(seq))
            .filter(visit::Column::Id.ne(Uuid::from(manifest.visit)))
            .all(write.on())
            .await
    };
    let seq = manifest.seq.cast_signed();
    if seq > 1 {
        let before = at(seq - 1).await?;
        if before.is_empty() {
            flags.push((Flag::ChainGap, serde_json::json!({ "seq": seq })));
        } else if !before
            .iter()
            .any(|row| Some(&row.chain_hash[..]) == manifest.prev.as_ref().map(|h| &h.0[..]))
        {
            flags.push((Flag::ChainFork, serde_json::json!({ "seq": seq })));
        }
    }
    for twin in at(seq).await? {
        flags.push((Flag::ChainFork, serde_json::json!({ "seq": seq })));
        mark(write, twin.id, Flag::ChainFork).await?;
    }
    for after in at(seq + 1).await? {
        visit_flag::Entity::delete_many()
            .filter(visit_flag::Column::VisitId.eq(after.id))
            .filter(visit_flag::Column::Flag.eq(Flag::ChainGap.to_string()))
            .exec(write.on())
            .await?;
        if after.previous_hash.as_deref() != Some(&hash.0[..]) {
            mark(write, after.id, Flag::ChainFork).await?;
        }
    }
    // Where the chain stands, for people; the flags above do not depend on it.
    device::Entity::update_many()
        .col_expr(device::Column::ChainSeq, Expr::value(seq))
        .col_expr(device::Column::ChainHash, Expr::value(hash.0.to_vec()))
        .filter(device::Column::Id.eq(Uuid::from(manifest.device)))
        .filter(device::Column::ChainSeq.lt(seq))
        .exec(write.on())
        .await?;
    Ok(())
}

async fn mark(write: &Write, visit: Uuid, flag: Flag) -> Result<()> {
    let key = (visit, flag.to_string());
    if visit_flag::Entity::find_by_id(key)
        .one(write.on())
        .await?
        .is_none()
    {
        visit_flag::ActiveModel {
            visit_id: Set(visit),
            flag: Set(flag.to_string()),
            detail: Set("{}".to_owned()),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}

/// Every visit that shows this photo gets the flag: its evidence is not what it should be.
pub(super) async fn flag_bad_photo(write: &Write, id: PhotoId, problem: &str) -> Result<()> {
    for link in visit_photo::Entity::find()
        .filter(visit_photo::Column::PhotoId.eq(Uuid::from(id)))
        .all(write.on())
        .await?
    {
        let flag = Flag::BadPhoto.to_string();
        let known = visit_flag::Entity::find_by_id((link.visit_id, flag.clone()))
            .one(write.on())
            .await?;
        if known.is_some() {
            continue;
        }
        visit_flag::ActiveModel {
            visit_id: Set(link.visit_id),
            flag: Set(flag),
            detail: Set(serde_json::json!({ "photo": id, "problem": problem }).to_string()),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}

/// Marks the visit, and the case that waits for it, complete when every photo is here.
pub(super) async fn complete_if_whole(write: &Write, id: VisitId) -> Result<()> {
    let links = visit_photo::Entity::find()
        .filter(visit_photo::Column::VisitId.eq(Uuid::from(id)))
        .all(write.on())
        .await?;
    let waiting = photo::Entity::find()
        .filter(photo::Column::Id.is_in(links.iter().map(|link| link.photo_id)))
        .filter(photo::Column::ReceivedAt.is_null())
        .count(write.on())
        .await?;
    if waiting > 0 {
        return Ok(());
    }
    let at = write.at().as_micros();
    visit::Entity::update_many()
        .set(visit::ActiveModel {
            complete_at: Set(Some(at)),
            ..Default::default()
        })
        .filter(visit::Column::Id.eq(Uuid::from(id)))
        .filter(visit::Column::CompleteAt.is_null())
        .exec(write.on())
        .await?;
    verification_case::Entity::update_many()
        .set(verification_case::ActiveModel {
            complete_at: Set(Some(at)),
            ..Default::default()
        })
        .filter(verification_case::Column::CurrentVisit.eq(Uuid::from(id)))
        .filter(verification_case::Column::CompleteAt.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}
