//! How an objection comes in: from somebody at the counter, or from a stranger on the public page. Either way it waits.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::Serialize;
use tilik_protocol::ids::{EventId, FamilyId, ObjectionId};
use tilik_protocol::names;
use tilik_protocol::nik;
use tilik_protocol::objection::{
    FileObjection, MOST_IN_ADDRESS, MOST_IN_CONTACT, MOST_IN_GROUNDS, MOST_IN_NAME, MOST_PHOTOS,
    ObjectionAbout, ObjectionContent, ObjectionFiled, ObjectionKind, ObjectionState, ObjectionView,
    Objector, SubmitObjection,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::ANSWERED_WITHIN_DAYS;
use crate::error::{Error, Result};
use crate::store::families::region_code;
use crate::store::imports::name_key;
use crate::store::journal::Entry;
use crate::store::public_quota::Of;
use crate::store::receipts::Receipt;
use crate::store::tables::{family, objection, region};
use crate::store::write::Seen;
use crate::store::{Acting, Store, Write, text};

/// Tries by one address in a quarter of an hour.
const TRIES_PER_ADDRESS: i64 = 60;
/// Why a stranger's objection is in the journal.
const PUBLIC: &str = "a citizen on the public page";

/// What is wrong with a text, field by field.
struct Reading(Vec<FieldProblem>);

impl Reading {
    fn wrong(&mut self, field: &str, code: &str, remedy: impl Into<String>) {
        self.0.push(FieldProblem {
            field: format!("content.{field}"),
            code: code.to_owned(),
            remedy: remedy.into(),
        });
    }

    /// A text, trimmed; neither none nor too long.
    fn text(&mut self, field: &str, text: &str, most: usize, missing: &str) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.wrong(field, "missing", missing);
        } else if text.chars().count() > most {
            self.wrong(field, "too_long", format!("Paling banyak {most} karakter."));
        }
        text.to_owned()
    }

    fn name(&mut self, field: &str, text: &str, missing: &str) -> String {
        let name = self.text(field, text, MOST_IN_NAME, missing);
        if !name.is_empty() && names::sounds_of_words(&name).is_empty() {
            self.wrong(field, "no_name", missing);
        }
        name
    }
}

/// An objection's content as it is kept.
fn read(content: &ObjectionContent) -> Result<ObjectionContent> {
    let mut reading = Reading(Vec::new());
    let about = ObjectionAbout {
        name: reading.name(
            "about.name",
            &content.about.name,
            "Tulis nama keluarga yang dimaksud.",
        ),
        address: reading.text(
            "about.address",
            &content.about.address,
            MOST_IN_ADDRESS,
            "Tulis alamat keluarga itu, sebaiknya dengan RT dan RW.",
        ),
    };
    let digits: String = content.objector.nik.split_whitespace().collect();
    if let Err(fault) = nik::sixteen_digits(&digits) {
        reading.wrong("objector.nik", "not_a_nik", fault.remedy("NIK"));
    }
    let contact = content.objector.contact.as_deref().map(str::trim);
    let contact = contact.filter(|contact| !contact.is_empty());
    if contact.is_some_and(|contact| contact.chars().count() > MOST_IN_CONTACT) {
        reading.wrong(
            "objector.contact",
            "too_long",
            format!("Paling banyak {MOST_IN_CONTACT} karakter."),
        );
    }
    let objector = Objector {
        name: reading.name(
            "objector.name",
            &content.objector.name,
            "Tulis nama Anda seperti pada KTP.",
        ),
        nik: digits,
        address: reading.text(
            "objector.address",
            &content.objector.address,
            MOST_IN_ADDRESS,
            "Tulis alamat Anda.",
        ),
        contact: contact.map(str::to_owned),
    };
    let grounds = reading.text(
        "grounds",
        &content.grounds,
        MOST_IN_GROUNDS,
        "Tulis alasan sanggahan.",
    );
    let mut photos = content.photos.clone();
    photos.sort_unstable();
    photos.dedup();
    if photos.len() > MOST_PHOTOS || photos.len() != content.photos.len() {
        reading.wrong(
            "photos",
            "too_many",
            format!("Lampirkan paling banyak {MOST_PHOTOS} foto, masing-masing sekali."),
        );
    }
    if !reading.0.is_empty() {
        return Err(Error::Invalid(reading.0));
    }
    Ok(ObjectionContent {
        kind: content.kind,
        region: content.region.clone(),
        about,
        objector,
        grounds,
        photos: content.photos.clone(),
    })
}

fn elsewhere() -> Error {
    Error::field(
        "content.region",
        "elsewhere",
        "Kelurahan ini di luar wilayah pendataan kota ini. Pilih kelurahan dari daftar, atau ajukan di daerahnya.",
    )
}

fn sealed(write: &Write, id: Uuid, field: &str, value: &impl Serialize) -> Result<Vec<u8>> {
    let text = serde_json::to_string(value).map_err(Error::internal)?;
    let keys = write.store().keys();
    Ok(keys.encrypt_field("objection", field, id, &text))
}

impl Store {
    /// Whether this is a village of the registry.
    async fn has_village(&self, code: &RegionCode) -> Result<bool> {
        if code.level() != RegionLevel::Village {
            return Ok(false);
        }
        let row = region::Entity::find_by_id(code.as_str()).one(self.read());
        Ok(row.await?.is_some())
    }

    /// Takes in a stranger's objection: what cannot be read takes nothing of today's quota. Said twice it
    /// is kept twice, and marked: whether somebody objected is told to nobody who asks here.
    ///
    /// # Errors
    /// `invalid`, `too_many_requests`, `event_reused`.
    pub(crate) async fn submit_objection(
        &self,
        body: SubmitObjection,
        address: &str,
    ) -> Result<ObjectionFiled> {
        // Also of what is refused or repeated: each try looks something up.
        self.take_try("objection-try", address, TRIES_PER_ADDRESS)
            .await?;
        let content = read(&body.content)?;
        if content.kind == ObjectionKind::Recipient && content.photos.is_empty() {
            return Err(Error::field(
                "content.photos",
                "missing",
                "Lampirkan sedikitnya satu foto rumah yang dimaksud.",
            ));
        }
        if content.region.is_training() || !self.has_village(&content.region).await? {
            return Err(elsewhere());
        }
        let by = self.acting_as_system(PUBLIC);
        let known = by.objection_of_event(body.event_id).await?;
        if known.is_none() {
            let bytes = serde_json::to_vec(&content).map_or(0, |text| text.len() as u64);
            self.take_quota(Of::Objection, address, bytes).await?;
        }
        let row = by
            .take_in(body.event_id, &content, None, Role::System)
            .await?;
        Ok(ObjectionFiled {
            receipt: by.plain_of(row.id, "receipt", &row.receipt_enc)?,
            filed_at: Timestamp::from_micros(row.filed_at),
            due_at: Timestamp::from_micros(row.due_at),
        })
    }
}

impl Acting {
    async fn objection_of_event(&self, event: EventId) -> Result<Option<objection::Model>> {
        let row = objection::Entity::find_by_id(Uuid::from(event));
        Ok(row.one(self.store.read()).await?)
    }

    /// Takes in an objection at the counter.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `event_reused`.
    pub async fn file_objection(&self, body: FileObjection) -> Result<ObjectionView> {
        let content = read(&body.content)?;
        self.actor.person_id()?;
        let role = self
            .actor
            .act_in(Permission::FileObjections, &content.region)
            .map_err(|error| match error {
                Error::Refused(ProblemCode::NotFound) => Error::field(
                    "content.region",
                    "elsewhere",
                    "Kelurahan ini di luar wilayah Anda. Pilih kelurahan Anda, atau arahkan warga ke kelurahannya.",
                ),
                other => other,
            })?;
        if !self.store.has_village(&content.region).await? {
            return Err(elsewhere());
        }
        let row = self
            .take_in(body.event_id, &content, body.family, role)
            .await?;
        self.objection(ObjectionId(row.id)).await
    }

    async fn take_in(
        &self,
        event: EventId,
        content: &ObjectionContent,
        found: Option<FamilyId>,
        role: Role,
    ) -> Result<objection::Model> {
        let id = Uuid::from(event);
        let object = format!("objection:{}", ObjectionId(id));
        let by = self.actor.user().map(Uuid::from);
        let mut write = self.begin().await?;
        write.acts_in(content.region.clone());
        // The body holds a NIK: a keyed hash of it is kept.
        let known = self.hashed(&(content, found))?;
        if write.once(event, "objection.file", &object, &known).await? == Seen::Before {
            let filed = objection::Entity::find_by_id(id).one(write.on()).await?;
            return filed.ok_or(Error::NOT_FOUND);
        }
        if let Some(found) = found {
            let home = family::Entity::find_by_id(Uuid::from(found))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            if region_code(&home.region)? != content.region {
                return Err(Error::field(
                    "family",
                    "elsewhere",
                    "Keluarga ini tidak tinggal di kelurahan yang dipilih.",
                ));
            }
        }
        let keys = self.store.keys();
        let same = format!(
            "{} {} {} {}",
            content.kind,
            content.region,
            content.objector.nik,
            name_key(&content.about.name)
        );
        let same_key = keys.blind_body(&same).to_vec();
        let said_before = objection::Entity::find()
            .filter(objection::Column::SameKey.eq(same_key.clone()))
            .filter(objection::Column::ClosedAt.is_null())
            .one(write.on())
            .await?
            .is_some();
        if said_before && by.is_some() {
            return Err(Error::field(
                "content.about.name",
                "already_filed",
                "Sanggahan yang sama dari warga ini sudah dicatat dan belum dijawab.",
            ));
        }
        let receipt = Receipt::new(&self.store);
        let at = write.at();
        let row = objection::ActiveModel {
            id: Set(id),
            version: Set(1),
            kind: Set(content.kind.to_string()),
            region: Set(content.region.to_string()),
            family_id: Set(found.map(Uuid::from)),
            about_enc: Set(sealed(&write, id, "about", &content.about)?),
            grounds_enc: Set(keys.encrypt_field("objection", "grounds", id, &content.grounds)),
            objector_enc: Set(sealed(&write, id, "objector", &content.objector)?),
            same_key: Set(same_key),
            said_before: Set(said_before),
            receipt_hash: Set(receipt.hash()),
            receipt_enc: Set(keys.encrypt_field("objection", "receipt", id, receipt.text())),
            state: Set(ObjectionState::Filed.to_string()),
            filed_by: Set(by),
            filed_at: Set(at.as_micros()),
            due_at: Set(at.plus_s(ANSWERED_WITHIN_DAYS * 86_400).as_micros()),
            case_id: Set(None),
            reason: Set(None),
            answered_by: Set(None),
            closed_at: Set(None),
        };
        let row = match row.insert(write.on()).await {
            // The id was used for something else.
            Err(error) if text::violated(&error).is_some() => {
                return Err(Error::Refused(ProblemCode::EventReused));
            }
            done => done?,
        };
        self.attach_photos(&write, id, &content.photos).await?;
        write.journal(Entry::new(
            "objection.file",
            object,
            role,
            Some(event),
            &serde_json::json!({ "kind": content.kind, "family": found, "photos": content.photos.len(),
                "said_before": said_before }),
        )?);
        write.commit().await?;
        Ok(row)
    }
}
