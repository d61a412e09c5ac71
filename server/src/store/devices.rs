//! Phones: enrolment by a one-time code, the list, and how a phone leaves.

use std::collections::HashMap;

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use tilik_protocol::ids::{CaseId, DeviceId, EnrolmentId, FamilyId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::session::{
    DeviceRevoked, DeviceView, EnrolDevice, Enrolled, EnrolmentCode, IssueEnrolment, OfficerDuty,
    RevokeDevice, RevokeKind, enrol_proof_input,
};
use tilik_protocol::sync::Bucket;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::{Entry, holds_personal_number};
use super::sessions::{end_session, in_force, is_proof};
use super::tables::{
    device, device_cursor, enrolment, feed_row, role_grant, session, user_account,
    verification_case,
};
use super::write::Seen;
use super::{Acting, Store, codes, text};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::time_token::TimeToken;

/// A code is good for a day.
const CODE_S: i64 = 86_400;
const CODE_LETTERS: usize = 10;

/// Where a key lives, as the journal takes it: a word of phones, nobody's name or number.
fn key_level_word(level: &str) -> &str {
    let word = (1..=32).contains(&level.len())
        && level
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if word { level } else { "other" }
}

fn hash_of(code: &str) -> Vec<u8> {
    codes::hash_of("tilik enrolment v1", code)
}

fn regions_of(given: &[role_grant::Model]) -> Result<Vec<RegionCode>> {
    let mut regions = Vec::new();
    for row in given {
        let of_grant: Vec<RegionCode> =
            serde_json::from_str(&row.regions).map_err(Error::internal)?;
        regions.extend(of_grant);
    }
    Ok(regions)
}

fn trains_only(regions: &[RegionCode]) -> bool {
    regions.iter().all(RegionCode::is_training)
}

fn officers_with_phones() -> SelectStatement {
    Query::select()
        .column(device::Column::OfficerId)
        .from(device::Entity)
        .take()
}

impl Acting {
    /// The role in which this actor manages the phones of `officer`. A phone outlives its officer's grant: it must still
    /// be found and revoked where the officer worked, so grants that have ended count too.
    async fn manages_phones_of(&self, officer: UserId) -> Result<Role> {
        self.actor.require(Permission::ManageDevices)?;
        let given = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.eq(Uuid::from(officer)))
            .filter(role_grant::Column::Role.eq(Role::Officer.to_string()))
            .all(self.store.read())
            .await?;
        self.manages_phones_in(regions_of(&given)?)
            .ok_or(Error::NOT_FOUND)
    }

    /// The same, of an officer who was ever given these regions.
    fn manages_phones_in(&self, mut regions: Vec<RegionCode>) -> Option<Role> {
        // A phone is real, also where its officer is being trained: that makes it nobody's who only trains. Of somebody who
        // does nothing else it is also theirs who manage the phones of any real place.
        let only_trains = trains_only(&regions);
        regions.retain(|region| only_trains || !region.is_training());
        let here = regions
            .iter()
            .find_map(|region| self.actor.role_in(Permission::ManageDevices, region));
        let elsewhere = || {
            let mut grants = self.actor.grants().iter();
            grants.find(|grant| {
                grant.role.may(Permission::ManageDevices)
                    && !grant.regions.iter().all(RegionCode::is_training)
            })
        };
        here.or_else(|| {
            elsewhere()
                .filter(|_| only_trains && !regions.is_empty())
                .map(|grant| grant.role)
        })
    }

    /// What an officer of these grants does where the actor manages phones. Somebody who works elsewhere and trains here
    /// only trains here.
    fn duty_of(&self, given: Vec<role_grant::Model>) -> Result<OfficerDuty> {
        let only_trains = trains_only(&regions_of(&given)?);
        let (held, _) = in_force(given, self.store.now())?;
        let mut now = held.iter().flat_map(|grant| &grant.regions).peekable();
        if only_trains && now.peek().is_some() {
            return Ok(OfficerDuty::Training);
        }
        let here: Vec<_> = now
            .filter(|region| {
                self.actor
                    .role_in(Permission::ManageDevices, region)
                    .is_some()
            })
            .collect();
        Ok(match &here[..] {
            [] => OfficerDuty::Over,
            some if some.iter().all(|region| region.is_training()) => OfficerDuty::Training,
            _ => OfficerDuty::Here,
        })
    }

    /// A one-time code for an officer's phone; told once and kept as a hash.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`; `wrong_moment` when the same event is repeated, for a code is never told twice.
    pub async fn issue_enrolment(&self, body: IssueEnrolment) -> Result<EnrolmentCode> {
        let role = self.manages_phones_of(body.officer).await?;
        let (held, _) = self.store.grants_in_force(body.officer).await?;
        if !held.iter().any(|grant| grant.role == Role::Officer) {
            return Err(Error::field(
                "officer",
                "no_officer",
                "Orang ini tidak sedang bertugas sebagai petugas.",
            ));
        }
        let mut write = self.begin().await?;
        let object = format!("user:{}", body.officer);
        if write
            .once(body.event_id, "enrolment.issue", &object, &body)
            .await?
            == Seen::Before
        {
            return Err(Error::WRONG_MOMENT);
        }
        let code = codes::random(self.store.ids(), CODE_LETTERS);
        let id: EnrolmentId = self.store.ids().next();
        let expires_at = write.at().plus_s(CODE_S);
        enrolment::ActiveModel {
            id: Set(id.into()),
            code_hash: Set(hash_of(&code)),
            officer_id: Set(body.officer.into()),
            issued_by: Set(self.actor.person_id()?.into()),
            issued_at: Set(write.at().as_micros()),
            expires_at: Set(expires_at.as_micros()),
            used_at: Set(None),
            device_id: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "enrolment.issue",
            format!("enrolment:{id}"),
            role,
            Some(body.event_id),
            &serde_json::json!({ "officer": body.officer }),
        )?);
        write.commit().await?;
        Ok(EnrolmentCode { code, expires_at })
    }

    /// The phones of officers in reach.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn devices(&self) -> Result<Vec<DeviceView>> {
        self.actor.require(Permission::ManageDevices)?;
        let rows = device::Entity::find()
            .order_by_asc(device::Column::EnrolledAt)
            .all(self.store.read())
            .await?;
        let mut given: HashMap<Uuid, Vec<role_grant::Model>> = HashMap::new();
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::Role.eq(Role::Officer.to_string()))
            .all(self.store.read())
            .await?;
        for grant in grants {
            given.entry(grant.user_id).or_default().push(grant);
        }
        let names: HashMap<Uuid, String> = user_account::Entity::find()
            .select_only()
            .columns([user_account::Column::Id, user_account::Column::Name])
            .filter(user_account::Column::Id.in_subquery(officers_with_phones()))
            .into_tuple()
            .all(self.store.read())
            .await?
            .into_iter()
            .collect();
        let mut views = Vec::new();
        for row in rows {
            let of_officer = given.get(&row.officer_id).cloned().unwrap_or_default();
            if self.manages_phones_in(regions_of(&of_officer)?).is_none() {
                continue;
            }
            views.push(DeviceView {
                id: DeviceId(row.id),
                name: row.name,
                officer: UserId(row.officer_id),
                officer_name: names.get(&row.officer_id).cloned().unwrap_or_default(),
                key_level: row.key_level,
                enrolled_at: Timestamp::from_micros(row.enrolled_at),
                last_sync_at: row.last_sync_at.map(Timestamp::from_micros),
                revoked: row.revoked_kind.as_deref().map(Lenient::read),
                duty: self.duty_of(of_officer)?.into(),
            });
        }
        Ok(views)
    }

    /// Retires a phone (it may drain), or reports it lost: then its sessions end and what it sends is quarantined. A
    /// retired one may turn out to be lost; nobody takes back that one was. Not its officer, whose visits hang on it.
    /// Tells whose data it held.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `separation_of_duty`, `invalid`.
    pub async fn revoke_device(&self, id: DeviceId, body: RevokeDevice) -> Result<DeviceRevoked> {
        let row = device::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.manages_phones_of(UserId(row.officer_id)).await?;
        if self.actor.user() == Some(UserId(row.officer_id)) {
            return Err(Error::Refused(ProblemCode::SeparationOfDuty));
        }
        let families_held = self.families_on(&row).await?;
        let mut write = self.begin().await?;
        let object = format!("device:{id}");
        let mut sessions_ended = 0;
        if write
            .once(body.event_id, "device.revoke", &object, &body)
            .await?
            == Seen::Now
        {
            let row = device::Entity::find_by_id(Uuid::from(id))
                .lock_exclusive()
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            let before = row.revoked_kind.clone();
            match (before.as_deref(), body.kind) {
                (Some("stolen"), RevokeKind::Retired) => {
                    return Err(Error::field(
                        "kind",
                        "already_stolen",
                        "HP ini sudah dilaporkan hilang; laporan itu tidak dapat diubah. Daftarkan HP baru untuk petugas.",
                    ));
                }
                (Some("stolen"), RevokeKind::Stolen) | (Some("retired"), RevokeKind::Retired) => {
                    return Ok(DeviceRevoked {
                        device: id,
                        sessions_ended,
                        families_held,
                    });
                }
                (_, RevokeKind::Retired | RevokeKind::Stolen) => {}
            }
            let mut active: device::ActiveModel = row.into();
            active.revoked_kind = Set(Some(body.kind.to_string()));
            active.revoked_at = Set(Some(write.at().as_micros()));
            active.update(write.on()).await?;
            if body.kind == RevokeKind::Stolen {
                for open in session::Entity::find()
                    .filter(session::Column::DeviceId.eq(Uuid::from(id)))
                    .filter(session::Column::EndedAt.is_null())
                    .all(write.on())
                    .await?
                {
                    end_session(&mut write, open, "phone lost").await?;
                    sessions_ended += 1;
                }
            }
            write.journal(Entry::new(
                "device.revoke",
                object,
                role,
                Some(body.event_id),
                &serde_json::json!({ "kind": body.kind, "before": before, "families_held": families_held }),
            )?);
            write.commit().await?;
        }
        Ok(DeviceRevoked {
            device: id,
            sessions_ended,
            families_held,
        })
    }

    /// The families in the officer's bucket up to where this phone has said it came.
    async fn families_on(&self, row: &device::Model) -> Result<Vec<FamilyId>> {
        let bucket = Bucket::officer(UserId(row.officer_id)).0;
        let Some(cursor) = device_cursor::Entity::find_by_id((row.id, bucket.clone()))
            .one(self.store.read())
            .await?
        else {
            return Ok(Vec::new());
        };
        let rows = feed_row::Entity::find()
            .filter(feed_row::Column::Bucket.eq(bucket))
            .filter(feed_row::Column::Object.starts_with("assignment:"))
            .all(self.store.read())
            .await?;
        let cases: Vec<Uuid> = rows
            .iter()
            // A row beyond the cursor that is gone now may still be on the phone.
            .filter(|feed| feed.seq <= cursor.seq || feed.op == "del")
            .filter_map(|feed| {
                feed.object
                    .strip_prefix("assignment:")?
                    .parse::<CaseId>()
                    .ok()
            })
            .map(Uuid::from)
            .collect();
        let mut families: Vec<FamilyId> = Vec::new();
        for chunk in cases.chunks(500) {
            families.extend(
                verification_case::Entity::find()
                    .filter(verification_case::Column::Id.is_in(chunk.iter().copied()))
                    .all(self.store.read())
                    .await?
                    .into_iter()
                    .map(|case| FamilyId(case.family_id)),
            );
        }
        families.sort_unstable();
        families.dedup();
        Ok(families)
    }
}

impl Store {
    /// Enrols a phone by its code. Repeating it with the same phone and key succeeds again.
    ///
    /// # Errors
    /// `bad_enrolment_code`, `bad_signature`, `invalid`.
    pub(crate) async fn enrol(&self, body: EnrolDevice) -> Result<Enrolled> {
        use base64::Engine;
        let refuse = || Error::Refused(ProblemCode::BadEnrolmentCode);
        let code = body.code.trim().to_ascii_uppercase();
        let public_key = base64::engine::general_purpose::STANDARD
            .decode(&body.public_key)
            .ok()
            .filter(|key| key.len() == 65)
            .ok_or_else(|| {
                Error::field(
                    "public_key",
                    "bad_shape",
                    "Kunci HP tidak terbaca; ulangi pendaftaran.",
                )
            })?;
        if holds_personal_number(&body.name) {
            return Err(Error::field(
                "name",
                "personal_number",
                "Ini tampak seperti NIK atau nomor KK; isi nama HP.",
            ));
        }
        if !is_proof(
            &public_key,
            &enrol_proof_input(&code, body.device),
            &body.proof,
        ) {
            return Err(Error::Refused(ProblemCode::BadSignature));
        }
        let row = enrolment::Entity::find()
            .filter(enrolment::Column::CodeHash.eq(hash_of(&code)))
            .one(self.read())
            .await?
            .ok_or_else(refuse)?;
        let officer = UserId(row.officer_id);
        let user = user_account::Entity::find_by_id(row.officer_id)
            .one(self.read())
            .await?
            .filter(|user| user.suspended_at.is_none())
            .ok_or_else(refuse)?;
        let now = self.now();
        let enrolled = Enrolled {
            device: body.device,
            officer,
            username: user.username,
            spool_recipient: self.keys().spool_recipient(),
            now,
            time_token: Some(
                TimeToken {
                    at: now,
                    device: body.device,
                }
                .seal(self.keys()),
            ),
        };
        if row.used_at.is_some() {
            let same = device::Entity::find_by_id(Uuid::from(body.device))
                .one(self.read())
                .await?
                .is_some_and(|phone| phone.public_key == public_key)
                && row.device_id == Some(body.device.into());
            return if same { Ok(enrolled) } else { Err(refuse()) };
        }
        let mut write = self.begin(&Actor::system("enrolment code shown")).await?;
        if row.expires_at <= write.at().as_micros() {
            return Err(refuse());
        }
        device::ActiveModel {
            id: Set(body.device.into()),
            officer_id: Set(officer.into()),
            name: Set(body.name.chars().take(64).collect()),
            public_key: Set(public_key),
            key_level: Set(body.key_level.chars().take(32).collect()),
            enrolled_at: Set(write.at().as_micros()),
            last_sync_at: Set(None),
            revoked_kind: Set(None),
            revoked_at: Set(None),
            chain_seq: Set(0),
            chain_hash: Set(None),
        }
        .insert(write.on())
        .await
        .map_err(|error| match text::violated(&error) {
            Some(_) => refuse(),
            None => error.into(),
        })?;
        // Compare-and-set: two phones showing one code at once, one wins.
        let used = enrolment::Entity::update_many()
            .set(enrolment::ActiveModel {
                used_at: Set(Some(write.at().as_micros())),
                device_id: Set(Some(body.device.into())),
                ..Default::default()
            })
            .filter(enrolment::Column::Id.eq(row.id))
            .filter(enrolment::Column::UsedAt.is_null())
            .exec(write.on())
            .await?;
        if used.rows_affected != 1 {
            return Err(refuse());
        }
        write.journal(Entry::new(
            "device.enrol",
            format!("device:{}", body.device),
            Role::System,
            None,
            &serde_json::json!({ "officer": officer, "key_level": key_level_word(&body.key_level) }),
        )?);
        write.commit().await?;
        Ok(enrolled)
    }
}
