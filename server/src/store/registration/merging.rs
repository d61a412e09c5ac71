//! Two families that people judged to be one: the members of one move to the other, and it is closed with a link. A place is
//! never doubled by it, and none is lost.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tilik_protocol::family::{FamilyChanged, MergeFamilies, Relation};
use tilik_protocol::ids::FamilyId;
use tilik_protocol::policy::Permission;
use uuid::Uuid;

use super::checking::Checking;
use super::draft::{Draft, FamilyEdit, PersonEdit};
use super::requests::Wish;
use super::splitting::{are_in_a_case, places_of, waiting_of};
use super::{changed_by, current_version, kept, members_of};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::families::region_code;
use crate::store::imports::held;
use crate::store::journal::Entry;
use crate::store::tables::{family, membership, person, verification_case};
use crate::store::write::{Seen, Write};

impl Acting {
    /// What a merge would make of both.
    pub(super) async fn merged(
        &self,
        write: &Write,
        checking: &mut Checking<'_>,
        stays: &family::Model,
        members: &[person::Model],
        body: &MergeFamilies,
    ) -> Result<Draft> {
        let goes = family::Entity::find_by_id(Uuid::from(body.other))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if goes.id == stays.id {
            checking.refuse("other", "same_family", "Pilih dua keluarga yang berbeda.");
        }
        if goes.closed_at.is_some() {
            checking.refuse("other", "closed", "Keluarga itu sudah ditutup; muat ulang.");
        }
        let others = members_of(write.on(), goes.id).await?;
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
        let mut persons = Vec::new();
        let mut forgotten = vec![("kk", goes.id)];
        for member in &others {
            let mut after = member.clone();
            if let Some(stay) = same.get(&member.id) {
                // Their row ends with their family; whoever goes on has the number.
                after.merged_into = Some(*stay);
                forgotten.push(("nik", member.id));
            } else {
                after.family_id = stays.id;
                if after.relation == head {
                    after.relation = Relation::Other.to_string();
                }
            }
            persons.push(PersonEdit {
                before: Some(member.clone()),
                after,
                nik: None,
            });
        }
        let mut closed = goes.clone();
        closed.closed_at = Some(write.at().as_micros());
        closed.merged_into = Some(stays.id);
        let mut after = stays.clone();
        // By this id the ministry's files know the family: it goes on with whoever has none.
        let key = closed.registry_key.take();
        if after.registry_key.is_none() {
            after.registry_key = key;
        }
        let memberships = self
            .places_that_move(write, checking, (stays, &goes), &same)
            .await?;
        let open = verification_case::Entity::find()
            .filter(verification_case::Column::FamilyId.eq(goes.id))
            .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
            .one(write.on())
            .await?;
        if open.is_some() {
            checking.refuse(
                "other",
                "in_a_case",
                "Keluarga yang akan ditutup masih punya kasus; selesaikan atau tutup dahulu kasusnya.",
            );
        }
        if !waiting_of(write, &[goes.id]).await?.is_empty() {
            checking.refuse(
                "other",
                "on_a_list",
                "Keluarga yang akan ditutup menunggu di daftar tunggu yang dibekukan; gabungkan ke arah sebaliknya, atau tunggu daftar berikutnya.",
            );
        }
        // The one that is closed first: it gives up its registry id.
        Ok(Draft {
            families: vec![
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
            ],
            persons,
            memberships,
            forgotten,
            since: None,
        })
    }

    /// The places that go along. Two in one program are not one: people end one of them first.
    async fn places_that_move(
        &self,
        write: &Write,
        checking: &mut Checking<'_>,
        (stays, goes): (&family::Model, &family::Model),
        same: &HashMap<Uuid, Uuid>,
    ) -> Result<Vec<(membership::Model, membership::Model)>> {
        let mut moving = Vec::new();
        let places = places_of(write, &[stays.id, goes.id]).await?;
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
        if are_in_a_case(write, &ids).await? {
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
        let mut checking = Checking::new(&places, write.at());
        let draft = self.merged(&write, &mut checking, &row, &members, &body);
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
