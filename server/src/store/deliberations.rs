//! Deliberations: written down by the operator, printed, signed on paper, and then fixed. What they say is passed on to
//! every proposal on their list, also to those that are matched only later.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use tilik_protocol::deliberation::{
    Attendee, ChangeDeliberation, DeliberationContent, DeliberationRow, DeliberationView,
    HoldDeliberation, ListedName, MOST_ATTENDEES, MOST_NAMES, NameResult, Said, SignDeliberation,
};
use tilik_protocol::ids::{DeliberationId, ProposalId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, DELIBERATION_REFUSALS};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::case_view::masked;
use super::families::region_code;
use super::journal::{Entry, document_number, holds_personal_number};
use super::papers::renamed;
use super::proposals::{content_acts, pass_on, state_of};
use super::tables::{deliberation, deliberation_name, person, proposal};
use super::write::{Seen, Write};
use super::{Acting, in_regions, rules};
use crate::error::{Error, Result};

async fn locked(write: &Write, id: DeliberationId) -> Result<deliberation::Model> {
    deliberation::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

/// What is written down is what can be printed and kept.
fn check(content: &DeliberationContent, now: Timestamp) -> Result<()> {
    let (year, month, day) = rules::day_of(&content.region, now);
    let today = chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let day = chrono::NaiveDate::parse_from_str(&content.held_on, "%Y-%m-%d");
    let earliest = today - chrono::Days::new(366);
    if !day.is_ok_and(|day| (earliest..=today).contains(&day)) {
        return Err(Error::field(
            "content.held_on",
            "not_possible",
            "Isi tanggal musyawarah, paling lama setahun yang lalu dan tidak di masa depan.",
        ));
    }
    let place = content.place.trim();
    if !(3..=120).contains(&place.chars().count()) || holds_personal_number(place) {
        return Err(Error::field(
            "content.place",
            "length",
            "Isi tempat musyawarah, 3 sampai 120 karakter.",
        ));
    }
    if content.attendees.len() > MOST_ATTENDEES {
        return Err(Error::field(
            "content.attendees",
            "too_many",
            "Paling banyak 100 peserta.",
        ));
    }
    for (n, one) in content.attendees.iter().enumerate() {
        let fits = |text: &str| {
            (1..=80).contains(&text.trim().chars().count()) && !holds_personal_number(text)
        };
        if !fits(&one.name) || !fits(&one.office) {
            return Err(Error::field(
                &format!("content.attendees[{n}]"),
                "length",
                "Isi nama dan jabatan peserta, masing-masing paling banyak 80 karakter, tanpa NIK.",
            ));
        }
    }
    if content.names.len() > MOST_NAMES {
        return Err(Error::field(
            "content.names",
            "too_many",
            "Paling banyak 300 nama.",
        ));
    }
    let mut seen = HashSet::new();
    for (n, one) in content.names.iter().enumerate() {
        let field = format!("content.names[{n}]");
        if !seen.insert(one.proposal) {
            return Err(Error::field(
                &field,
                "twice",
                "Nama ini sudah ada di daftar.",
            ));
        }
        let listed = |code| reason::is_listed(code, DELIBERATION_REFUSALS);
        let right = match one.said {
            Some(Said::Refused) => one.reason.as_ref().is_some_and(listed),
            Some(Said::Agreed) | None => one.reason.is_none(),
        };
        if !right {
            return Err(Error::field(
                &field,
                "reason",
                "Pilih alasan dari daftar bila tidak disetujui; kosongkan bila disetujui.",
            ));
        }
    }
    Ok(())
}

/// The names must be proposals of this village that a deliberation can still speak about.
async fn check_names(write: &Write, region: &RegionCode, names: &[NameResult]) -> Result<()> {
    let ids = names.iter().map(|one| Uuid::from(one.proposal));
    let rows: HashMap<Uuid, proposal::Model> = proposal::Entity::find()
        .filter(proposal::Column::Id.is_in(ids))
        .filter(proposal::Column::Region.eq(region.as_str()))
        .all(write.on())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    for (n, one) in names.iter().enumerate() {
        let field = format!("content.names[{n}]");
        let Some(row) = rows.get(&one.proposal.into()) else {
            return Err(Error::field(
                &field,
                "unknown",
                "Pilih usulan dari kelurahan ini.",
            ));
        };
        if !state_of(row)?.can_be_deliberated() {
            return Err(Error::field(
                &field,
                "too_late",
                "Usulan ini sudah dimusyawarahkan atau sudah selesai.",
            ));
        }
    }
    Ok(())
}

async fn write_names(write: &Write, id: DeliberationId, names: &[NameResult]) -> Result<()> {
    deliberation_name::Entity::delete_many()
        .filter(deliberation_name::Column::DeliberationId.eq(Uuid::from(id)))
        .exec(write.on())
        .await?;
    let ids: Vec<Uuid> = names.iter().map(|one| one.proposal.into()).collect();
    let says = content_acts(write.on(), &ids).await?;
    let mut rows: Vec<deliberation_name::ActiveModel> = Vec::with_capacity(names.len());
    for (n, one) in names.iter().enumerate() {
        rows.push(deliberation_name::ActiveModel {
            deliberation_id: Set(id.into()),
            proposal_id: Set(one.proposal.into()),
            position: Set(i32::try_from(n).map_err(Error::internal)?),
            proposal_seq: Set(says.get(&one.proposal.into()).copied().unwrap_or_default()),
            said: Set(one.said.map(|said| said.to_string())),
            reason: Set(one.reason.as_ref().map(ToString::to_string)),
        });
    }
    if !rows.is_empty() {
        deliberation_name::Entity::insert_many(rows)
            .exec_without_returning(write.on())
            .await?;
    }
    Ok(())
}

impl Acting {
    fn sealed_attendees(&self, id: DeliberationId, attendees: &[Attendee]) -> Result<Vec<u8>> {
        let text = serde_json::to_string(attendees).map_err(Error::internal)?;
        let keys = self.store.keys();
        Ok(keys.encrypt_field("deliberation", "attendees", id.into(), &text))
    }

    /// Writes a deliberation down; a list without results can be printed for the meeting.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn hold_deliberation(&self, body: HoldDeliberation) -> Result<DeliberationView> {
        let content = &body.content;
        let role = self.actor.act_in(Permission::Propose, &content.region)?;
        let me = self.actor.person_id()?;
        if content.region.level() != RegionLevel::Village {
            return Err(Error::field(
                "content.region",
                "not_a_village",
                "Pilih satu kelurahan.",
            ));
        }
        check(content, self.store.now())?;
        let mut write = self.begin().await?;
        write.acts_in(content.region.clone());
        let seen = write
            .once(body.event_id, "deliberation.hold", "deliberation", &body)
            .await?;
        if seen == Seen::Before {
            let known = deliberation::Entity::find()
                .filter(deliberation::Column::EventId.eq(Uuid::from(body.event_id)))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            drop(write);
            return self.deliberation(DeliberationId(known.id)).await;
        }
        check_names(&write, &content.region, &content.names).await?;
        let id: DeliberationId = write.store().ids().next();
        deliberation::ActiveModel {
            id: Set(id.into()),
            version: Set(1),
            event_id: Set(body.event_id.into()),
            region: Set(content.region.to_string()),
            held_on: Set(content.held_on.clone()),
            place: Set(content.place.trim().to_owned()),
            attendees_enc: Set(self.sealed_attendees(id, &content.attendees)?),
            number: Set(None),
            paper_id: Set(None),
            signed_by: Set(None),
            signed_at: Set(None),
            created_by: Set(me.into()),
            created_at: Set(write.at().as_micros()),
        }
        .insert(write.on())
        .await?;
        write_names(&write, id, &content.names).await?;
        write.journal(Entry::new(
            "deliberation.hold",
            format!("deliberation:{id}"),
            role,
            Some(body.event_id),
            &serde_json::json!({ "region": content.region, "held_on": content.held_on,
                "attendees": content.attendees.len(), "names": content.names }),
        )?);
        write.commit().await?;
        self.deliberation(id).await
    }

    /// What it says, until it is signed.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid`.
    pub async fn change_deliberation(
        &self,
        id: DeliberationId,
        body: ChangeDeliberation,
    ) -> Result<DeliberationView> {
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::Propose, &region)?;
        write.acts_in(region.clone());
        let object = format!("deliberation:{id}");
        let seen = write
            .once(body.event_id, "deliberation.change", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.deliberation(id).await;
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        if row.signed_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        let content = &body.content;
        if content.region != region {
            return Err(Error::field(
                "content.region",
                "fixed",
                "Kelurahan musyawarah tidak dapat diganti; buat yang baru.",
            ));
        }
        check(content, write.at())?;
        check_names(&write, &region, &content.names).await?;
        let version = row.version + 1;
        let mut active: deliberation::ActiveModel = row.into();
        active.version = Set(version);
        active.held_on = Set(content.held_on.clone());
        active.place = Set(content.place.trim().to_owned());
        active.attendees_enc = Set(self.sealed_attendees(id, &content.attendees)?);
        active.update(write.on()).await?;
        write_names(&write, id, &content.names).await?;
        write.journal(Entry::new(
            "deliberation.change",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "held_on": content.held_on, "attendees": content.attendees.len(),
                "names": content.names }),
        )?);
        write.commit().await?;
        self.deliberation(id).await
    }

    /// The signed minutes are here: the record is fixed, and what it says counts for all its names.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`, `invalid` while a name has no result.
    pub async fn sign_deliberation(
        &self,
        id: DeliberationId,
        body: SignDeliberation,
    ) -> Result<DeliberationView> {
        document_number(&body.number).map_err(|error| renamed(error, "number"))?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::Propose, &region)?;
        let me = self.actor.person_id()?;
        write.acts_in(region);
        let object = format!("deliberation:{id}");
        let seen = write
            .once(body.event_id, "deliberation.sign", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.deliberation(id).await;
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        if row.signed_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        let names = deliberation_name::Entity::find()
            .filter(deliberation_name::Column::DeliberationId.eq(row.id))
            // Everybody locks proposals in the order of their ids.
            .order_by_asc(deliberation_name::Column::ProposalId)
            .all(write.on())
            .await?;
        let attended = self.attendees_of(&row)?;
        if names.is_empty() || attended.is_empty() || names.iter().any(|one| one.said.is_none()) {
            return Err(Error::field(
                "content.names",
                "missing",
                "Isi peserta, dan hasil setiap nama, sebelum berita acaranya diunggah.",
            ));
        }
        // The paper that was signed says what they said when the list was written.
        let ids: Vec<Uuid> = names.iter().map(|one| one.proposal_id).collect();
        let says = content_acts(write.on(), &ids).await?;
        let other = names
            .iter()
            .filter(|one| says.get(&one.proposal_id) != Some(&one.proposal_seq));
        if let Some(position) = other.map(|one| one.position).min() {
            return Err(Error::field(
                &format!("content.names[{position}]"),
                "changed",
                "Usulan ini diubah sesudah daftarnya disusun; periksa, simpan lagi daftarnya, cetak dan tanda tangani ulang.",
            ));
        }
        self.use_paper(&write, body.paper, &object).await?;
        let version = row.version + 1;
        let mut active: deliberation::ActiveModel = row.into();
        active.version = Set(version);
        active.number = Set(Some(body.number.clone()));
        active.paper_id = Set(Some(body.paper.into()));
        active.signed_by = Set(Some(me.into()));
        active.signed_at = Set(Some(write.at().as_micros()));
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "deliberation.sign",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "document_number": body.number, "paper": body.paper,
                "names": names.len() }),
        )?);
        for one in names {
            let row = proposal::Entity::find_by_id(one.proposal_id)
                .lock_exclusive()
                .one(write.on())
                .await?;
            if let Some(mut row) = row {
                pass_on(&mut write, &mut row, role, Some(body.event_id)).await?;
            }
        }
        write.commit().await?;
        self.deliberation(id).await
    }

    fn attendees_of(&self, row: &deliberation::Model) -> Result<Vec<Attendee>> {
        let keys = self.store.keys();
        let plain = keys
            .decrypt_field("deliberation", "attendees", row.id, &row.attendees_enc)
            .map_err(Error::internal)?;
        serde_json::from_str(&plain).map_err(Error::internal)
    }

    async fn deliberation_rows(
        &self,
        rows: Vec<deliberation::Model>,
    ) -> Result<Vec<DeliberationRow>> {
        let ids = rows.iter().map(|row| row.id);
        let counted: Vec<(Uuid, Option<String>, i64)> = deliberation_name::Entity::find()
            .select_only()
            .column(deliberation_name::Column::DeliberationId)
            .column(deliberation_name::Column::Said)
            .column_as(deliberation_name::Column::ProposalId.count(), "n")
            .filter(deliberation_name::Column::DeliberationId.is_in(ids))
            .group_by(deliberation_name::Column::DeliberationId)
            .group_by(deliberation_name::Column::Said)
            .into_tuple()
            .all(self.store.read())
            .await?;
        let count = |id: Uuid, said: Option<Said>| -> u64 {
            let said = said.map(|said| said.to_string());
            let of = counted
                .iter()
                .filter(|(of, what, _)| *of == id && (said.is_none() || *what == said));
            of.map(|(_, _, n)| n.unsigned_abs()).sum()
        };
        rows.into_iter()
            .map(|row| {
                Ok(DeliberationRow {
                    id: DeliberationId(row.id),
                    version: row.version,
                    region: region_code(&row.region)?,
                    names: count(row.id, None),
                    agreed: count(row.id, Some(Said::Agreed)),
                    refused: count(row.id, Some(Said::Refused)),
                    held_on: row.held_on,
                    place: row.place,
                    number: row.number,
                    signed_at: row.signed_at.map(Timestamp::from_micros),
                })
            })
            .collect()
    }

    /// Deliberations in reach, the newest first.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn deliberations(
        &self,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<DeliberationRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = deliberation::Entity::find()
            .filter(in_regions(deliberation::Column::Region, &mine))
            .order_by_desc(deliberation::Column::Id);
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(deliberation::Column::Id.lt(after));
        }
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let items = self.deliberation_rows(rows).await?;
        Ok(Page { items, next })
    }

    /// One deliberation, with all that its list and its minutes say; NIKs masked. Logged as a read of its families.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn deliberation(&self, id: DeliberationId) -> Result<DeliberationView> {
        let on = self.store.read();
        let row = deliberation::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        self.reading_in(&region)?;
        let said = deliberation_name::Entity::find()
            .filter(deliberation_name::Column::DeliberationId.eq(row.id))
            .order_by_asc(deliberation_name::Column::Position)
            .all(on)
            .await?;
        let proposals = proposal::Entity::find()
            .filter(proposal::Column::Id.is_in(said.iter().map(|one| one.proposal_id)))
            .all(on)
            .await?;
        let named = self.named_proposals(proposals, "deliberation_list").await?;
        let homes = named.iter().filter_map(|one| one.home.as_ref());
        let homes: Vec<Uuid> = homes.map(|home| home.id).collect();
        let heads = person::Entity::find()
            .filter(person::Column::FamilyId.is_in(homes))
            .filter(person::Column::Alive.eq(true))
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?;
        let keys = self.store.keys();
        let mut names = Vec::with_capacity(said.len());
        for one in said {
            let Some(of) = named.iter().find(|of| of.row.id == one.proposal_id) else {
                continue;
            };
            // The head is who the family is called after.
            let head = of.home.as_ref().and_then(|home| {
                let mut members = heads.iter().filter(|head| head.family_id == home.id);
                members.find(|head| head.name == home.name)
            });
            let nik = head.and_then(|head| Some((head.id, head.nik_enc.as_ref()?)));
            let nik = nik.map(|(id, sealed)| {
                let nik = keys.decrypt_field("person", "nik", id, sealed);
                nik.map(|nik| masked(&nik)).map_err(Error::internal)
            });
            names.push(ListedName {
                proposal: ProposalId(one.proposal_id),
                kind: Lenient::read(&of.row.kind),
                state: Lenient::read(&of.row.state),
                program: Some(of.row.program.clone()).filter(|code| !code.is_empty()),
                name: of.name(),
                nik_masked: nik.transpose()?,
                address: of.address(),
                rt: of.rt(),
                rw: of.rw(),
                said: one.said.as_deref().and_then(|said| said.parse().ok()),
                reason: one.reason.as_deref().and_then(|code| code.parse().ok()),
            });
        }
        let writer = self
            .store
            .names_of(BTreeSet::from([row.created_by]))
            .await?;
        let paper = match row.paper_id {
            Some(id) => self.paper_view(id).await?,
            None => None,
        };
        let may_change = row.signed_at.is_none() && self.actor.may_in(Permission::Propose, &region);
        Ok(DeliberationView {
            attendees: self.attendees_of(&row)?,
            names,
            paper,
            created_by_name: writer.get(&row.created_by).cloned(),
            may_change,
            row: self
                .deliberation_rows(vec![row])
                .await?
                .pop()
                .ok_or(Error::NOT_FOUND)?,
        })
    }
}
