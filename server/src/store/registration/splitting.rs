//! Pecah KK: some members of a family get one of their own.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use strum::VariantArray as _;
use tilik_protocol::family::{FamilyChanged, Relation, SplitFamily, SplitHome};
use tilik_protocol::ids::{FamilyId, HouseId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Permission;
use tilik_protocol::proposal::ProposalState;
use uuid::Uuid;

use super::checking::Checking;
use super::draft::{Draft, FamilyEdit, PersonEdit};
use super::requests::Wish;
use super::{MOST, changed_by, current_version, kept, members_of, object_of};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::families::region_code;
use crate::store::imports::{held, name_key};
use crate::store::journal::Entry;
use crate::store::tables::{
    case_membership, family, membership, person, proposal, verification_case, waitlist,
    waitlist_entry,
};
use crate::store::write::Seen;

/// Open places of some families.
pub(super) async fn places_of(
    on: &impl ConnectionTrait,
    families: &[Uuid],
) -> Result<Vec<membership::Model>> {
    let open = MembershipState::VARIANTS.iter();
    let open = open.filter(|state| state.occupies_slot());
    Ok(membership::Entity::find()
        .filter(membership::Column::FamilyId.is_in(families.iter().copied()))
        .filter(membership::Column::State.is_in(open.map(ToString::to_string)))
        .all(on)
        .await?)
}

/// Proposals about some families that are not over, also those that are only written down.
pub(super) async fn proposed_of(
    on: &impl ConnectionTrait,
    families: &[Uuid],
) -> Result<Vec<proposal::Model>> {
    let over = ProposalState::VARIANTS.iter();
    let over = over.filter(|state| state.is_over());
    Ok(proposal::Entity::find()
        .filter(proposal::Column::FamilyId.is_in(families.iter().copied()))
        .filter(proposal::Column::State.is_not_in(over.map(ToString::to_string)))
        .all(on)
        .await?)
}

/// What some families or persons wait for on lists in force.
pub(super) async fn waiting_of(
    on: &impl ConnectionTrait,
    families: &[Uuid],
) -> Result<Vec<waitlist_entry::Model>> {
    let entries = waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::FamilyId.is_in(families.iter().copied()))
        .filter(waitlist_entry::Column::TakenAt.is_null())
        .all(on)
        .await?;
    let lists: HashSet<Uuid> = entries.iter().map(|entry| entry.waitlist_id).collect();
    let live: HashSet<Uuid> = waitlist::Entity::find()
        .filter(waitlist::Column::Id.is_in(lists))
        .filter(waitlist::Column::SupersededAt.is_null())
        .all(on)
        .await?
        .into_iter()
        .map(|list| list.id)
        .collect();
    let live = |entry: &waitlist_entry::Model| live.contains(&entry.waitlist_id);
    Ok(entries.into_iter().filter(live).collect())
}

/// Whether somebody is looking into one of these places now.
pub(super) async fn are_in_a_case(on: &impl ConnectionTrait, memberships: &[Uuid]) -> Result<bool> {
    let links = case_membership::Entity::find()
        .filter(case_membership::Column::MembershipId.is_in(memberships.iter().copied()))
        .all(on)
        .await?;
    let open = verification_case::Entity::find()
        .filter(verification_case::Column::Id.is_in(links.into_iter().map(|link| link.case_id)))
        .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
        .one(on)
        .await?;
    Ok(open.is_some())
}

impl Acting {
    /// What a split would make; with the new family's id.
    pub(super) async fn split_up(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        before: &family::Model,
        members: &[person::Model],
        body: &SplitFamily,
    ) -> Result<(Draft, Uuid)> {
        let (id, house): (FamilyId, HouseId) = (self.store.ids().next(), self.store.ids().next());
        let id = Uuid::from(id);
        let at = checking.now.as_micros();
        let mut leaving: HashSet<Uuid> = HashSet::new();
        let mut persons = Vec::new();
        let head = Relation::Head.to_string();
        if body.persons.is_empty() || body.persons.len() > MOST {
            checking.refuse(
                "persons",
                "length",
                "Pilih siapa saja yang keluar, 1 sampai 40 orang.",
            );
        }
        for (n, one) in body.persons.iter().enumerate().take(MOST) {
            let member = members.iter().find(|row| row.id == Uuid::from(one.id));
            let Some(member) = member.filter(|row| leaving.insert(row.id)) else {
                checking.refuse(
                    &format!("persons.{n}.id"),
                    "not_a_member",
                    "Orang ini bukan anggota keluarga ini, atau disebut dua kali; muat ulang.",
                );
                continue;
            };
            if member.relation == head {
                checking.refuse(
                    &format!("persons.{n}.id"),
                    "head_stays",
                    "Kepala keluarga tetap di keluarga ini; ganti dahulu kepala keluarganya bila ia yang keluar.",
                );
            }
            let mut after = member.clone();
            after.family_id = id;
            after.relation = one.relation.to_string();
            persons.push(PersonEdit {
                before: Some(member.clone()),
                after,
                nik: None,
            });
        }
        let heads = body
            .persons
            .iter()
            .filter(|one| one.relation == Relation::Head);
        checking.one_head("persons", heads.count());
        let kk = body.kk.as_deref();
        let kk = kk.and_then(|kk| checking.number("kk", "Nomor KK", kk));
        if kk.is_none() && body.kk.as_deref().is_none_or(|kk| kk.trim().is_empty()) {
            checking.warn(
                "kk",
                "empty",
                "Keluarga baru ini belum punya nomor KK; lengkapi lewat Dukcapil.",
            );
        }
        let called = persons.iter().find(|one| one.after.relation == head);
        let called = called.map(|one| one.after.name.clone()).unwrap_or_default();
        let mut row = family::Model {
            id,
            version: 1,
            registry_key: None,
            kk_enc: kk.as_deref().map(|kk| {
                let keys = self.store.keys();
                keys.encrypt_field("family", "kk", id, kk)
            }),
            name_key: name_key(&called),
            name: called,
            decile: None,
            payee_id: None,
            valid_from: at,
            recorded_at: at,
            ..before.clone()
        };
        let in_known_house = match &body.home {
            SplitHome::Same => true,
            SplitHome::New(home) => {
                let fields = (home.address.as_str(), home.rt.as_str(), home.rw.as_str());
                let read = checking.residence("home.", fields);
                let region = checking.village("home.region", &home.region);
                if !self.actor.is_system()
                    && !self
                        .actor
                        .may_in(Permission::MaintainFamilies, &home.region)
                    && !self.actor.may_in(Permission::ConfirmFamilies, &home.region)
                {
                    checking.refuse(
                        "home.region",
                        "out_of_scope",
                        "Kelurahan ini di luar wilayah tugas Anda; pindah ke luar dicatat sebagai peristiwa pindah.",
                    );
                }
                if let (Some(read), Some(region)) = (read, region) {
                    (row.address, row.rt, row.rw) = (read.address, read.rt, read.rw);
                    row.region = region.to_string();
                }
                row.house_id = house.into();
                super::set_domicile(&mut row, None);
                false
            }
        };
        let mut after = before.clone();
        if after.payee_id.is_some_and(|payee| leaving.contains(&payee)) {
            // The head receives until somebody else is named.
            after.payee_id = None;
        }
        let theirs = |person: Option<Uuid>| person.is_some_and(|id| leaving.contains(&id));
        let places = places_of(on, &[before.id]).await?;
        let mut memberships = Vec::new();
        for place in places.into_iter().filter(|place| theirs(place.person_id)) {
            let mut moved = place.clone();
            moved.family_id = id;
            memberships.push((place, moved));
        }
        if !memberships.is_empty() && row.region != before.region {
            checking.refuse(
                "home.region",
                "moves_with_place",
                "Salah satu yang keluar memegang jatah di kelurahan ini; pindah kelurahan dicatat sebagai peristiwa pindah.",
            );
        }
        let held: Vec<Uuid> = memberships.iter().map(|(place, _)| place.id).collect();
        if are_in_a_case(on, &held).await? {
            checking.refuse(
                "persons",
                "in_a_case",
                "Jatah salah satu yang keluar sedang diverifikasi; selesaikan dahulu kasusnya.",
            );
        }
        let proposed = proposed_of(on, &[before.id]).await?;
        if proposed.iter().any(|row| theirs(row.person_id)) {
            checking.refuse(
                "persons",
                "proposed",
                "Salah satu yang keluar sedang diusulkan; selesaikan atau tarik dahulu usulannya.",
            );
        }
        let waiting = waiting_of(on, &[before.id]).await?;
        if waiting.iter().any(|entry| theirs(entry.person_id)) {
            checking.refuse(
                "persons",
                "on_a_list",
                "Salah satu yang keluar menunggu di daftar tunggu yang dibekukan; tunggu daftar berikutnya.",
            );
        }
        let draft = Draft {
            families: vec![
                FamilyEdit {
                    before: None,
                    after: row,
                    kk,
                    in_known_house,
                },
                FamilyEdit {
                    before: Some(before.clone()),
                    after,
                    kk: None,
                    in_known_house: true,
                },
            ],
            persons,
            memberships,
            ..Draft::default()
        };
        Ok((draft, id))
    }

    /// Gives some members a family of their own. Nothing else of them changes; what a person holds goes with them.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `invalid`, `look_again`, `wrong_moment` of a family that is closed.
    pub async fn split_family(&self, id: FamilyId, body: SplitFamily) -> Result<FamilyChanged> {
        self.actor.require(Permission::MaintainFamilies)?;
        let places = self.places().await?;
        let mut write = self.begin().await?;
        let row = kept(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::MaintainFamilies, &region)?;
        let object = format!("family:{id}");
        let known = self.hashed(&body)?;
        let seen = write.once(body.event_id, "family.split", &object, &known);
        if seen.await? == Seen::Before {
            let told = changed_by(&write, body.event_id, &row).await?;
            let new = object_of(&write, body.event_id, "family").await?;
            return Ok(FamilyChanged {
                family: new.map_or(told.family, FamilyId),
                version: if new.is_some() { 1 } else { told.version },
                waits: told.waits,
            });
        }
        if row.closed_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        let members = members_of(write.on(), row.id).await?;
        let mut checking = Checking::new(&places, &region, write.at());
        let split = self.split_up(write.on(), &mut checking, &row, &members, &body);
        let (draft, new) = split.await?;
        let kk = draft.families.first().and_then(|one| one.kk.clone());
        let reads = self
            .warn_of_known(write.on(), &mut checking, kk.as_deref(), (None, &[]), role)
            .await?;
        let ticked = match checking.done(&body.ticked) {
            Ok(ticked) => ticked,
            Err(error) => {
                drop(write);
                self.note_reads(reads).await?;
                return Err(error);
            }
        };
        write.acts_in(region);
        let changed = if held(&write, vec![row.id]).await?.is_empty() {
            let change = draft.told();
            draft.write(&mut write).await?;
            // The new family's entry first: a repeat is answered with it.
            for family in [new, row.id] {
                write.journal(Entry::new(
                    "family.split",
                    format!("family:{}", FamilyId(family)),
                    role,
                    Some(body.event_id),
                    &serde_json::json!({ "from": id, "to": FamilyId(new), "change": change,
                        "ticked": ticked }),
                )?);
            }
            FamilyChanged {
                family: FamilyId(new),
                version: current_version(&write, new).await?,
                waits: None,
            }
        } else {
            let wish = Wish::Split(body.clone());
            self.ask_for(&mut write, &row, &wish, role, body.event_id)
                .await?
        };
        write.commit().await?;
        self.note_reads(reads).await?;
        Ok(changed)
    }
}
