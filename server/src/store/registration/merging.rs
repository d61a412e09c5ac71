//! Two families that people judged to be one: the members of one move to the other, and it is closed with a link. A place is
//! never doubled by it, and none is lost.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tilik_protocol::family::{FamilyChanged, MergeFamilies, Relation, SamePerson};
use tilik_protocol::ids::FamilyId;
use tilik_protocol::policy::Permission;
use uuid::Uuid;

use super::checking::Checking;
use super::draft::{Closed, Draft, FamilyEdit, Led, PersonEdit, joined, nik_of_gone};
use super::requests::Wish;
use super::splitting::{are_in_a_case, places_of, proposed_of, waiting_of};
use super::{changed_by, current_version, kept, members_of};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::families::region_code;
use crate::store::imports::{Number, held};
use crate::store::journal::Entry;
use crate::store::tables::{family, membership, person, verification_case};
use crate::store::write::Seen;

impl Acting {
    /// What a merge would make of both.
    pub(super) async fn merged(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        stays: &family::Model,
        members: &[person::Model],
        body: &MergeFamilies,
    ) -> Result<Draft> {
        let goes = family::Entity::find_by_id(Uuid::from(body.other))
            .one(on)
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if goes.id == stays.id {
            checking.refuse("other", "same_family", "Pilih dua keluarga yang berbeda.");
        }
        if goes.closed_at.is_some() {
            checking.refuse("other", "closed", "Keluarga itu sudah ditutup; muat ulang.");
        }
        let others = members_of(on, goes.id).await?;
        let mut same: HashMap<Uuid, Uuid> = HashMap::new();
        let mut taken = HashSet::new();
        for (n, pair) in body.same.iter().enumerate() {
            let (stay, go) = (Uuid::from(pair.stays), Uuid::from(pair.goes));
            let fits = members.iter().any(|row| row.id == stay)
                && others.iter().any(|row| row.id == go)
                && taken.insert(stay)
                && same.insert(go, stay).is_none();
            if !fits {
                checking.refuse(
                    &format!("same.{n}"),
                    "not_a_member",
                    "Pasangan ini bukan anggota kedua keluarga, atau disebut dua kali; muat ulang.",
                );
            }
        }
        let head = Relation::Head.to_string();
        let mut draft = Draft::default();
        for member in &others {
            let mut after = member.clone();
            let stay = same.get(&member.id);
            let stay = stay.and_then(|id| members.iter().find(|row| row.id == *id));
            if let Some(stay) = stay {
                // Their row ends with their family; whoever goes on keeps what only it knew.
                after.merged_into = Some(stay.id);
                nik_of_gone(&self.store, stay, member, &mut draft)?;
                draft.persons.push(joined(&self.store, stay, member)?);
            } else {
                after.family_id = stays.id;
                if after.relation == head {
                    after.relation = Relation::Other.to_string();
                }
            }
            draft.persons.push(PersonEdit {
                before: Some(member.clone()),
                after,
                nik: None,
            });
        }
        draft.persons.retain(PersonEdit::changes);
        let mut closed = goes.clone();
        closed.closed_at = Some(checking.now.as_micros());
        closed.merged_into = Some(stays.id);
        let mut after = stays.clone();
        // By this id the ministry's files know the family: it goes on with whoever has none, and leads there otherwise.
        let mut key = closed.registry_key.take();
        if after.registry_key.is_none() {
            after.registry_key = key.take();
        }
        // Whoever types the old KK number is led to the family that goes on.
        draft.led.push(Led {
            number: Number::Kk,
            from: goes.id,
            to: stays.id,
        });
        draft.closed = Some(Closed {
            from: goes.id,
            to: stays.id,
            key,
        });
        draft.memberships = self
            .places_that_move(on, checking, (stays, &goes), &same)
            .await?;
        let open = verification_case::Entity::find()
            .filter(verification_case::Column::FamilyId.eq(goes.id))
            .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
            .one(on)
            .await?;
        if open.is_some() {
            checking.refuse(
                "other",
                "in_a_case",
                "Keluarga yang akan ditutup masih punya kasus; selesaikan atau tutup dahulu kasusnya.",
            );
        }
        if !waiting_of(on, &[goes.id]).await?.is_empty() {
            checking.refuse(
                "other",
                "on_a_list",
                "Keluarga yang akan ditutup menunggu di daftar tunggu yang dibekukan; gabungkan ke arah sebaliknya, atau tunggu daftar berikutnya.",
            );
        }
        if !proposed_of(on, &[goes.id]).await?.is_empty() {
            checking.refuse(
                "other",
                "proposed",
                "Keluarga yang akan ditutup sedang diusulkan; selesaikan atau tarik dahulu usulannya, atau gabungkan ke arah sebaliknya.",
            );
        }
        // The one that is closed first: it gives up its registry id.
        draft.families = vec![
            FamilyEdit {
                before: Some(goes),
                after: closed,
                kk: None,
                in_known_house: true,
            },
            FamilyEdit {
                before: Some(stays.clone()),
                after,
                kk: None,
                in_known_house: true,
            },
        ];
        Ok(draft)
    }

    /// Rows of one family that are one person: what becomes of both, and of whatever either holds.
    pub(super) async fn doubles(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        members: &[person::Model],
        same: &[SamePerson],
        draft: &mut Draft,
    ) -> Result<()> {
        if same.is_empty() {
            return Ok(());
        }
        let mut pairs: HashMap<Uuid, Uuid> = HashMap::new();
        let mut met = HashSet::new();
        let head = Relation::Head.to_string();
        for (n, pair) in same.iter().enumerate() {
            let (stay, go) = (Uuid::from(pair.stays), Uuid::from(pair.goes));
            let known = |id: Uuid| members.iter().find(|row| row.id == id);
            let edited = draft.persons.iter().any(|one| {
                let id = one.after.id;
                id == stay || id == go
            });
            let (Some(stays), Some(goes)) = (known(stay), known(go)) else {
                checking.refuse(
                    &format!("same.{n}"),
                    "not_a_member",
                    "Orang ini bukan anggota keluarga ini; muat ulang.",
                );
                continue;
            };
            if edited || !met.insert(stay) || !met.insert(go) {
                checking.refuse(
                    &format!("same.{n}"),
                    "twice",
                    "Satukan dahulu dua baris orang ini, lalu perbaiki isiannya tersendiri.",
                );
                continue;
            }
            pairs.insert(go, stay);
            nik_of_gone(&self.store, stays, goes, draft)?;
            let mut one = joined(&self.store, stays, goes)?;
            if goes.relation == head {
                one.after.relation.clone_from(&head);
            }
            let mut ends = goes.clone();
            ends.merged_into = Some(stay);
            // Whoever went on as the head gives its name to the family.
            let family = draft.families.first_mut();
            if let Some(family) = family {
                if one.after.relation == head {
                    family.after.name.clone_from(&one.after.name);
                    family.after.name_key.clone_from(&one.after.name_key);
                }
                if family.after.payee_id == Some(go) {
                    family.after.payee_id = Some(stay).filter(|_| one.after.relation != head);
                }
            }
            draft.persons.push(PersonEdit {
                before: Some(goes.clone()),
                after: ends,
                nik: None,
            });
            if one.changes() {
                draft.persons.push(one);
            }
        }
        let Some(family) = members.first().map(|row| row.family_id) else {
            return Ok(());
        };
        let ends = |person: Option<Uuid>| person.is_some_and(|id| pairs.contains_key(&id));
        let places = places_of(on, &[family]).await?;
        let (moving, kept): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| ends(place.person_id));
        for place in moving {
            let mut moved = place.clone();
            moved.person_id = place.person_id.and_then(|id| pairs.get(&id)).copied();
            let twice = kept
                .iter()
                .any(|one| one.program == moved.program && one.person_id == moved.person_id);
            if twice {
                checking.refuse(
                    "same",
                    "both_hold",
                    &format!(
                        "Kedua baris orang ini memegang jatah {}; batalkan salah satunya dahulu.",
                        place.program
                    ),
                );
            }
            draft.memberships.push((place, moved));
        }
        let moving: Vec<Uuid> = draft.memberships.iter().map(|(one, _)| one.id).collect();
        if are_in_a_case(on, &moving).await? {
            checking.refuse(
                "same",
                "in_a_case",
                "Jatah orang ini sedang diverifikasi; selesaikan dahulu kasusnya.",
            );
        }
        let waiting = waiting_of(on, &[family]).await?;
        if waiting.iter().any(|entry| ends(entry.person_id)) {
            checking.refuse(
                "same",
                "on_a_list",
                "Orang ini menunggu di daftar tunggu yang dibekukan; biarkan baris itu tetap, dan akhiri baris yang lain.",
            );
        }
        let proposed = proposed_of(on, &[family]).await?;
        if proposed.iter().any(|row| ends(row.person_id)) {
            checking.refuse(
                "same",
                "proposed",
                "Orang ini sedang diusulkan; biarkan baris itu tetap, dan akhiri baris yang lain.",
            );
        }
        Ok(())
    }

    /// The places that go along. Two in one program are not one: people end one of them first.
    async fn places_that_move(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        (stays, goes): (&family::Model, &family::Model),
        same: &HashMap<Uuid, Uuid>,
    ) -> Result<Vec<(membership::Model, membership::Model)>> {
        let mut moving = Vec::new();
        let places = places_of(on, &[stays.id, goes.id]).await?;
        let (kept, going): (Vec<_>, Vec<_>) = places
            .into_iter()
            .partition(|place| place.family_id == stays.id);
        for place in going {
            let mut moved = place.clone();
            moved.family_id = stays.id;
            moved.person_id = place
                .person_id
                .map(|person| same.get(&person).copied().unwrap_or(person));
            let twice = kept
                .iter()
                .any(|one| one.program == moved.program && one.person_id == moved.person_id);
            if twice {
                checking.refuse(
                    "other",
                    "both_hold",
                    &format!(
                        "Keduanya memegang jatah {}; batalkan salah satunya dahulu, lalu gabungkan.",
                        place.program
                    ),
                );
            }
            if place.region != stays.region {
                checking.refuse(
                    "other",
                    "moves_with_place",
                    "Keluarga yang akan ditutup memegang jatah di kelurahan lain; gabungkan ke arah sebaliknya, atau catat dahulu pindahnya.",
                );
            }
            moving.push((place, moved));
        }
        let ids: Vec<Uuid> = moving.iter().map(|(place, _)| place.id).collect();
        if are_in_a_case(on, &ids).await? {
            checking.refuse(
                "other",
                "in_a_case",
                "Jatah keluarga yang akan ditutup sedang diverifikasi; selesaikan dahulu kasusnya.",
            );
        }
        Ok(moving)
    }

    /// Makes one family of two. Both must be in reach.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `invalid`, `wrong_moment` of a family that is closed.
    pub async fn merge_families(&self, id: FamilyId, body: MergeFamilies) -> Result<FamilyChanged> {
        self.actor.require(Permission::MaintainFamilies)?;
        let places = self.places().await?;
        let mut write = self.begin().await?;
        // In one order, whoever merges which into which.
        let (first, second) = (id.min(body.other), id.max(body.other));
        let first = kept(&write, first).await?;
        let second = if first.id == Uuid::from(second) {
            first.clone()
        } else {
            kept(&write, second).await?
        };
        let (row, other) = if first.id == Uuid::from(id) {
            (first, second)
        } else {
            (second, first)
        };
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::MaintainFamilies, &region)?;
        let elsewhere = region_code(&other.region)?;
        self.actor
            .act_in(Permission::MaintainFamilies, &elsewhere)?;
        let object = format!("family:{id}");
        let seen = write
            .once(body.event_id, "family.merge", &object, &body)
            .await?;
        if seen == Seen::Before {
            return changed_by(&write, body.event_id, &row).await;
        }
        if row.closed_at.is_some() || other.closed_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        for (row, seen_version) in [(&row, body.seen_version), (&other, body.seen_other)] {
            if row.version != seen_version {
                return Err(Error::Stale {
                    current_version: row.version,
                });
            }
        }
        let members = members_of(write.on(), row.id).await?;
        let mut checking = Checking::new(&places, &region, write.at());
        let draft = self.merged(write.on(), &mut checking, &row, &members, &body);
        let draft = draft.await?;
        checking.still_right()?;
        write.acts_in(region);
        let changed = if held(&write, vec![row.id, other.id]).await?.is_empty() {
            let change = draft.told();
            draft.write(&mut write).await?;
            for family in [id, body.other] {
                write.journal(Entry::new(
                    "family.merge",
                    format!("family:{family}"),
                    role,
                    Some(body.event_id),
                    &serde_json::json!({ "stays": id, "closed": body.other, "change": change }),
                )?);
            }
            FamilyChanged {
                family: id,
                version: current_version(&write, row.id).await?,
                waits: None,
            }
        } else {
            let wish = Wish::Merge(body.clone());
            self.ask_for(&mut write, &row, &wish, role, body.event_id)
                .await?
        };
        write.commit().await?;
        Ok(changed)
    }
}
