//! Whose a sealed visit is, and whether it is one: nothing is taken for a visit that was not judged here, and what is not
//! taken is kept apart.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter,
    QueryTrait, Set, Statement,
};
use sha2::{Digest, Sha256};
use tilik_protocol::form::Answers;
use tilik_protocol::ids::{DeviceId, PhotoId, VisitId};
use tilik_protocol::manifest::{Hash32, Manifest, SignedManifest};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use uuid::Uuid;

use crate::error::Result;
use crate::signature;
use crate::store::Acting;
use crate::store::journal::Entry;
use crate::store::lanes::QueryEach as _;
use crate::store::tables::{device, photo, quarantine, visit};

/// A visit that was parsed and whose author was checked.
pub(super) struct Genuine {
    pub(super) signed: SignedManifest,
    pub(super) cose: Vec<u8>,
    /// Where it lies, or will.
    pub(super) id: Uuid,
    /// It is here already.
    pub(super) is_known: bool,
    /// The other phone's visit that lies where this one would.
    pub(super) taken_by: Option<visit::Model>,
    pub(super) answers: Option<(Vec<u8>, Option<Answers>)>,
    pub(super) software_key: bool,
    /// Its photos that another visit has named and that are not here yet, by where they lie.
    pub(super) awaited: Vec<Uuid>,
}

/// Why a visit is kept apart.
pub(super) struct Apart {
    pub(super) code: ProblemCode,
    pub(super) device: Option<DeviceId>,
    pub(super) visit: Option<VisitId>,
    pub(super) answers: Option<Vec<u8>>,
}

pub(super) enum Judged {
    Genuine(Box<Genuine>),
    Apart(Apart),
    Malformed(ProblemCode),
}

impl Acting {
    /// Reads the manifest, verifies its author and opens the answers.
    pub(super) async fn judge(
        &self,
        cose: Vec<u8>,
        sealed_answers: Option<Vec<u8>>,
    ) -> Result<Judged> {
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
        let backend = self.store.backend();
        let mut answers = self
            .store
            .read()
            .query_each(vec![
                device::Entity::find_by_id(Uuid::from(manifest.device)).build(backend),
                visit::Entity::find_by_id(Uuid::from(manifest.visit)).build(backend),
                PhotoPlace::query(manifest, backend),
            ])
            .await?;
        let Some(phone) = answers.one::<device::Model>()? else {
            return apart(ProblemCode::UnknownDevice, sealed_answers);
        };
        if !signature::is_by(&phone.public_key, signed.to_be_signed(), signed.signature()) {
            return apart(ProblemCode::BadSignature, sealed_answers);
        }
        if phone.officer_id != Uuid::from(manifest.officer) {
            return apart(ProblemCode::Forbidden, sealed_answers);
        }
        let place = VisitPlace::beginning_at(self.store.read(), manifest, answers.one()?).await?;
        let (id, is_known) = (place.id, place.row.is_some());
        if place.row.is_some_and(|known| known.manifest != cose) {
            return apart(ProblemCode::ContentConflict, sealed_answers);
        }
        let places = PhotoPlace::of_all(self.store.read(), manifest, answers.all()?).await?;
        let mut awaited = Vec::new();
        for (said, place) in manifest.photos.iter().zip(places) {
            let Some(known) = place.row else { continue };
            if known.sha256 != said.sha256.0 {
                return apart(ProblemCode::ContentConflict, sealed_answers);
            }
            if known.received_at.is_none() {
                awaited.push(place.id);
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
            id,
            is_known,
            taken_by: place.taken_by,
            answers,
            software_key,
            awaited,
        })))
    }

    pub(super) async fn quarantine(&self, sha: Hash32, cose: Vec<u8>, apart: Apart) -> Result<()> {
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
}

/// Where a visit lies: under the id its phone gave it, or beside it when another phone's visit has taken that id. Who
/// carries a bundle reads the ids in it, and could use one up before the honest visit arrives.
struct VisitPlace {
    /// Its id here.
    id: Uuid,
    /// Its row, when it is here.
    row: Option<visit::Model>,
    /// The other phone's visit under the same id.
    taken_by: Option<visit::Model>,
}

impl VisitPlace {
    /// `first` is what lies under the id that the phone gave it.
    async fn beginning_at(
        on: &impl ConnectionTrait,
        manifest: &Manifest,
        first: Option<visit::Model>,
    ) -> Result<Self> {
        let named = Uuid::from(manifest.visit);
        match first {
            Some(other) if other.device_id != Uuid::from(manifest.device) => {
                let id = beside(manifest.device, named);
                Ok(Self {
                    id,
                    row: visit::Entity::find_by_id(id).one(on).await?,
                    taken_by: Some(other),
                })
            }
            row => Ok(Self {
                id: named,
                row,
                taken_by: None,
            }),
        }
    }
}

/// Where a photo lies, as [`VisitPlace`].
pub(in crate::store) struct PhotoPlace {
    /// Its id here.
    pub(in crate::store) id: Uuid,
    /// Its row, when a manifest of its phone has named it.
    pub(in crate::store) row: Option<photo::Model>,
    /// Another phone's photo has taken the id.
    pub(in crate::store) is_taken: bool,
}

impl PhotoPlace {
    /// What lies under the ids that the manifest names, for [`PhotoPlace::of_all`].
    pub(in crate::store) fn query(manifest: &Manifest, backend: DatabaseBackend) -> Statement {
        let named = manifest.photos.iter().map(|said| Uuid::from(said.id));
        photo::Entity::find()
            .filter(photo::Column::Id.is_in(named))
            .build(backend)
    }

    /// Of all photos of a manifest, in their order.
    pub(in crate::store) async fn of_all(
        on: &impl ConnectionTrait,
        manifest: &Manifest,
        first: Vec<photo::Model>,
    ) -> Result<Vec<Self>> {
        let named: Vec<Uuid> = manifest.photos.iter().map(|said| said.id.into()).collect();
        let first: HashMap<Uuid, photo::Model> =
            first.into_iter().map(|row| (row.id, row)).collect();
        let mut places = Vec::with_capacity(named.len());
        for id in named {
            let row = first.get(&id).cloned();
            places.push(Self::beginning_at(on, manifest.device, id, row).await?);
        }
        Ok(places)
    }

    pub(in crate::store) async fn of(
        on: &impl ConnectionTrait,
        device: DeviceId,
        photo: PhotoId,
    ) -> Result<Self> {
        let named = Uuid::from(photo);
        let first = photo::Entity::find_by_id(named).one(on).await?;
        Self::beginning_at(on, device, named, first).await
    }

    async fn beginning_at(
        on: &impl ConnectionTrait,
        device: DeviceId,
        named: Uuid,
        first: Option<photo::Model>,
    ) -> Result<Self> {
        match first {
            Some(other) if other.device_id != Uuid::from(device) => {
                let id = beside(device, named);
                Ok(Self {
                    id,
                    row: photo::Entity::find_by_id(id).one(on).await?,
                    is_taken: true,
                })
            }
            row => Ok(Self {
                id: named,
                row,
                is_taken: false,
            }),
        }
    }
}

/// The id here of what `device` calls `id`, when another phone was first to use that one.
pub(in crate::store) fn beside(device: DeviceId, id: Uuid) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"tilik beside v1")
        .chain_update(device.0.as_bytes())
        .chain_update(id.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
