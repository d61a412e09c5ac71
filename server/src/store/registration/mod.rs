//! Families as operators keep them: registered, corrected, split and merged.
//!
//! Who a family is that holds a place, or waits for one, changes only when an approver confirms it, as with imports: whoever
//! could change the name behind a place could give the place away. Every version stays. What is typed is looked at field by
//! field; a warning asks for a tick and blocks nobody.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::family::{CorrectFamily, Domicile, FamilyChanged, RegisterFamily, Relation};
use tilik_protocol::ids::{EventId, FamilyId, FamilyRequestId, HouseId};
use tilik_protocol::nik::Day;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::access::{Mode, Read};
use super::families::region_code;
use super::imports::{Number, behind, day_of, held, holds, name_key};
use super::journal::Entry;
use super::tables::{family, journal, person};
use super::write::{Seen, Write};
use crate::error::{Error, Result};

mod checking;
mod draft;
mod history;
mod merging;
mod payee;
mod requests;
mod splitting;

use checking::{Checking, Facts};
use draft::new_person;
pub(super) use draft::{Draft, FamilyEdit, PersonEdit, sealed};
pub(super) use payee::name_payee;
use requests::Wish;

/// Persons in one body.
const MOST: usize = tilik_protocol::family::MOST_PERSONS;

/// The members of a family, first come first.
async fn members_of(on: &impl ConnectionTrait, family: Uuid) -> Result<Vec<person::Model>> {
    Ok(person::Entity::find()
        .filter(person::Column::FamilyId.eq(family))
        .filter(person::Column::MergedInto.is_null())
        .order_by_asc(person::Column::Id)
        .all(on)
        .await?)
}

/// The ids of everybody who is, or was one of two rows, of a family.
pub(super) async fn everybody_of(write: &Write, family: Uuid) -> Result<Vec<Uuid>> {
    Ok(person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::FamilyId.eq(family))
        .into_tuple()
        .all(write.on())
        .await?)
}

/// A family that is kept, under the lock of the transaction.
async fn kept(write: &Write, id: FamilyId) -> Result<family::Model> {
    family::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

fn set_domicile(row: &mut family::Model, domicile: Option<&Domicile>) {
    // Where they live is where the KTP says: nothing to keep apart.
    let elsewhere = domicile.filter(|home| {
        (home.address.as_str(), home.rt.as_str(), home.rw.as_str())
            != (row.address.as_str(), row.rt.as_str(), row.rw.as_str())
            || home.region.as_str() != row.region
    });
    row.domicile_address = elsewhere.map(|home| home.address.clone());
    row.domicile_rt = elsewhere.map(|home| home.rt.clone());
    row.domicile_rw = elsewhere.map(|home| home.rw.clone());
    row.domicile_region = elsewhere.map(|home| home.region.to_string());
}

/// The day from which on something is so, at its beginning where the family lives.
pub(super) fn beginning_of(day: Day, region: &RegionCode) -> Result<i64> {
    let midnight: Timestamp = format!("{day}T00:00:00Z")
        .parse()
        .map_err(Error::internal)?;
    Ok(midnight.plus_s(-60 * region.utc_offset_min()).as_micros())
}

/// Since when a draft is so, when somebody says since `day`. What holds now began some day by somebody's word: before that day
/// another thing held, and stays. Only what a first version says is the registry's guess, and may have been otherwise before.
fn since(
    checking: &mut Checking<'_>,
    day: Day,
    region: &RegionCode,
    draft: &Draft,
) -> Result<Option<i64>> {
    if checking.today.is_none_or(|today| day >= today) {
        return Ok(None);
    }
    let families = draft.families.iter().filter(|one| !one.fields().is_empty());
    let families = families.filter_map(|one| one.before.as_ref());
    let persons = draft.persons.iter().filter_map(|one| one.before.as_ref());
    let begun = families
        .map(|row| (row.version, row.valid_from))
        .chain(persons.map(|row| (row.version, row.valid_from)))
        .filter(|(version, _)| *version > 1)
        .map(|(_, valid_from)| valid_from)
        .max();
    let beginning = beginning_of(day, region)?;
    let Some(begun) = begun else {
        return Ok(Some(beginning));
    };
    let first = day_of(region, Timestamp::from_micros(begun));
    if first.is_some_and(|first| day < first) {
        let first = first.map(|day| format!("{:02}-{:02}-{}", day.day, day.month, day.year));
        let first = first.unwrap_or_default();
        checking.refuse(
            "since",
            "before_what_holds",
            &format!(
                "Data yang berlaku sekarang tercatat berlaku sejak {first}; isi tanggal itu atau sesudahnya."
            ),
        );
    }
    Ok(Some(beginning.max(begun)))
}

impl Acting {
    /// Tells of NIKs and a KK number that are somebody's already; the families they lead to are in the log of reads.
    async fn warn_of_known(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        kk: Option<&str>,
        (family, persons): (Option<Uuid>, &[Uuid]),
        role: Role,
    ) -> Result<Vec<Read>> {
        let keys = self.store.keys();
        let mut met: HashSet<Uuid> = HashSet::new();
        if let Some(kk) = kk {
            let mut others: Vec<Uuid> = Vec::new();
            // Also a number that leads to another family since the one it was of was closed.
            for kind in ["kk", Number::Kk.old()] {
                let found = behind(on, kind, std::iter::once(kk), |kk| {
                    keys.blind_kk_candidates(kk)
                });
                others.extend(found.await?.into_values().flatten());
            }
            let others: Vec<Uuid> = others
                .into_iter()
                .filter(|id| Some(*id) != family)
                .collect();
            if !others.is_empty() {
                checking.warn(
                    "kk",
                    "elsewhere",
                    "Nomor KK ini sudah tercatat pada keluarga lain; cari dahulu keluarga itu, agar tidak tercatat dua kali.",
                );
                met.extend(others);
            }
        }
        let niks: Vec<(String, String)> = checking
            .niks
            .iter()
            .map(|(nik, field)| (nik.clone(), field.clone()))
            .collect();
        let numbers = niks.iter().map(|(nik, _)| nik.as_str());
        let mut found = behind(on, "nik", numbers.clone(), |nik| {
            keys.blind_nik_candidates(nik)
        })
        .await?;
        let old = behind(on, Number::Nik.old(), numbers, |nik| {
            keys.blind_nik_candidates(nik)
        });
        for (nik, persons) in old.await? {
            found.entry(nik).or_default().extend(persons);
        }
        let mut owners: Vec<Uuid> = Vec::new();
        for (nik, field) in niks {
            let others = found.get(&nik).into_iter().flatten();
            let others: Vec<Uuid> = others.copied().filter(|id| !persons.contains(id)).collect();
            if !others.is_empty() {
                checking.warn(
                    &field,
                    "elsewhere",
                    "NIK ini sudah tercatat pada orang lain; periksa mana yang benar.",
                );
                owners.extend(others);
            }
        }
        let rows = person::Entity::find()
            .filter(person::Column::Id.is_in(owners))
            .all(on)
            .await?;
        met.extend(rows.into_iter().map(|row| row.family_id));
        Ok(met
            .into_iter()
            .map(|id| Read {
                kind: "family",
                id,
                what: "registration_found",
                mode: Mode::Seen,
                role,
                purpose: None,
            })
            .collect())
    }

    /// A family that the registry lacked. Whether somebody in it is known already goes to people ([`super::duplicates`]).
    ///
    /// # Errors
    /// `forbidden` or `not_found` out of one's regions, `invalid`, `look_again`, `event_reused`.
    pub async fn register_family(&self, body: RegisterFamily) -> Result<FamilyId> {
        let role = self
            .actor
            .act_in(Permission::MaintainFamilies, &body.region)?;
        let places = self.places().await?;
        let mut write = self.begin().await?;
        // The numbers are no part of what is hashed in clear: a hash of sixteen digits is soon guessed.
        let known = self.hashed(&body)?;
        let seen = write.once(body.event_id, "family.register", "family", &known);
        if seen.await? == Seen::Before {
            return registered_by(&write, body.event_id).await;
        }
        let mut checking = Checking::new(&places, &body.region, write.at());
        let region = checking.village("region", &body.region);
        let home = checking.residence("", (&body.address, &body.rt, &body.rw));
        let domicile = body.domicile.as_ref();
        let domicile = domicile.map(|home| checking.domicile("domicile.", home));
        let kk = body.kk.as_deref();
        let kk = kk.and_then(|kk| checking.number("kk", "Nomor KK", kk));
        if kk.is_none() && body.kk.as_deref().is_none_or(|kk| kk.trim().is_empty()) {
            checking.warn(
                "kk",
                "empty",
                "Keluarga ini belum punya nomor KK; lengkapi lewat Dukcapil.",
            );
        }
        let facts = Self::read_persons(&mut checking, "persons", &body.persons);
        let heads = body
            .persons
            .iter()
            .filter(|one| one.relation == Relation::Head);
        checking.one_head("persons", heads.count());
        let payees = body.persons.iter().filter(|one| one.payee).count();
        if payees > 1 {
            checking.refuse("persons", "two_payees", "Pengurus hanya satu orang.");
        }
        let reads = self.warn_of_known(write.on(), &mut checking, kk.as_deref(), (None, &[]), role);
        let reads = reads.await?;
        let ticked = match checking.done(&body.ticked) {
            Ok(ticked) => ticked,
            Err(error) => {
                // Also who is refused has learnt that a number is known.
                drop(write);
                self.note_reads(reads).await?;
                return Err(error);
            }
        };
        let (Some(region), Some(home)) = (region, home) else {
            return Err(Error::internal(
                "a field without a value and without a problem",
            ));
        };
        let facts: Vec<Facts> = facts.into_iter().flatten().collect();
        let (id, house): (FamilyId, HouseId) = (self.store.ids().next(), self.store.ids().next());
        let at = write.at().as_micros();
        let persons: Vec<PersonEdit> = facts
            .iter()
            .map(|one| new_person(&self.store, at, id.into(), one))
            .collect();
        let head = facts.iter().find(|one| one.relation == Relation::Head);
        let head = head.map(|one| one.name.clone()).unwrap_or_default();
        let payee = body.persons.iter().position(|one| one.payee);
        let payee = payee.and_then(|n| persons.get(n)).map(|one| one.after.id);
        let mut row = family::Model {
            id: id.into(),
            version: 1,
            registry_key: None,
            house_id: house.into(),
            region: region.to_string(),
            kk_enc: kk.as_deref().map(|kk| {
                let keys = self.store.keys();
                keys.encrypt_field("family", "kk", id.into(), kk)
            }),
            name_key: name_key(&head),
            name: head,
            address: home.address,
            rt: home.rt,
            rw: home.rw,
            decile: None,
            regime: "dtsen".to_owned(),
            valid_from: at,
            recorded_at: at,
            domicile_address: None,
            domicile_rt: None,
            domicile_rw: None,
            domicile_region: None,
            payee_id: payee,
            closed_at: None,
            merged_into: None,
        };
        set_domicile(&mut row, domicile.flatten().as_ref());
        let count = persons.len();
        let draft = Draft {
            families: vec![FamilyEdit {
                before: None,
                after: row,
                kk,
                in_known_house: false,
            }],
            persons,
            ..Draft::default()
        };
        draft.write(&mut write).await?;
        write.acts_in(region);
        write.journal(Entry::new(
            "family.register",
            format!("family:{id}"),
            role,
            Some(body.event_id),
            &serde_json::json!({ "persons": count, "ticked": ticked }),
        )?);
        write.commit().await?;
        self.note_reads(reads).await?;
        Ok(id)
    }

    fn read_persons(
        checking: &mut Checking<'_>,
        field: &str,
        persons: &[tilik_protocol::family::NewPerson],
    ) -> Vec<Option<Facts>> {
        if persons.len() > MOST {
            checking.refuse(field, "too_many", "Paling banyak 40 orang sekaligus.");
            return Vec::new();
        }
        let persons = persons.iter().enumerate();
        persons
            .map(|(n, one)| checking.person(&format!("{field}.{n}"), one))
            .collect()
    }

    /// What a repeat of a body is known by: a keyed hash, for the body has NIKs.
    pub(super) fn hashed(&self, body: &impl serde::Serialize) -> Result<String> {
        let text = serde_json::to_string(body).map_err(Error::internal)?;
        Ok(super::journal::hex(&self.store.keys().blind_body(&text)))
    }

    /// Other facts of a family or its members.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `invalid`, `look_again`, `wrong_moment` of a family that is closed.
    pub async fn correct_family(&self, id: FamilyId, body: CorrectFamily) -> Result<FamilyChanged> {
        self.actor.require(Permission::MaintainFamilies)?;
        let places = self.places().await?;
        let mut write = self.begin().await?;
        let row = kept(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::MaintainFamilies, &region)?;
        let object = format!("family:{id}");
        let known = self.hashed(&body)?;
        let seen = write.once(body.event_id, "family.correct", &object, &known);
        if seen.await? == Seen::Before {
            return changed_by(&write, body.event_id, &row).await;
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
        for one in &body.persons {
            let member = members.iter().find(|row| row.id == Uuid::from(one.id));
            if let Some(member) = member
                && member.version != one.seen_version
            {
                // A member's version is not the family's: whoever looks again sees both.
                return Err(Error::Stale {
                    current_version: row.version,
                });
            }
        }
        let mut checking = Checking::new(&places, &region, write.at());
        let draft = self.correction(write.on(), &mut checking, &row, &members, &body);
        let draft = draft.await?;
        let ids: Vec<Uuid> = members.iter().map(|member| member.id).collect();
        let kk = draft.families.first().and_then(|one| one.kk.clone());
        let known = (Some(row.id), ids.as_slice());
        let reads = self.warn_of_known(write.on(), &mut checking, kk.as_deref(), known, role);
        let reads = reads.await?;
        let ticked = match checking.done(&body.ticked) {
            Ok(ticked) => ticked,
            Err(error) => {
                drop(write);
                self.note_reads(reads).await?;
                return Err(error);
            }
        };
        if !draft.changes_something() {
            drop(write);
            self.note_reads(reads).await?;
            return Ok(FamilyChanged {
                family: id,
                version: row.version,
                waits: None,
            });
        }
        write.acts_in(region);
        let changed = if draft.is_of_identity() && !held(&write, vec![row.id]).await?.is_empty() {
            let wish = Wish::Correction(body.clone());
            self.ask_for(&mut write, &row, &wish, role, body.event_id)
                .await?
        } else {
            let told = serde_json::json!({ "change": draft.told(), "ticked": ticked });
            draft.write(&mut write).await?;
            write.journal(Entry::new(
                "family.correct",
                object,
                role,
                Some(body.event_id),
                &told,
            )?);
            FamilyChanged {
                family: id,
                version: current_version(&write, row.id).await?,
                waits: None,
            }
        };
        write.commit().await?;
        self.note_reads(reads).await?;
        Ok(changed)
    }

    /// What a correction would make of a family. Problems and warnings are told to `checking`.
    async fn correction(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        before: &family::Model,
        members: &[person::Model],
        body: &CorrectFamily,
    ) -> Result<Draft> {
        let store = &self.store;
        let region = region_code(&before.region)?;
        let mut after = before.clone();
        let mut kk = None;
        if let Some(text) = &body.kk
            && let Some(digits) = checking.number("kk", "Nomor KK", text)
        {
            let at = ("family", "kk");
            after.kk_enc = sealed(store, at, before.id, before.kk_enc.as_ref(), &digits)?;
            kk = Some(digits).filter(|_| after.kk_enc != before.kk_enc);
        }
        let text =
            |given: &Option<String>, known: &str| given.clone().unwrap_or_else(|| known.to_owned());
        let address = text(&body.address, &before.address);
        let (rt, rw) = (text(&body.rt, &before.rt), text(&body.rw, &before.rw));
        if (&address, &rt, &rw) != (&before.address, &before.rt, &before.rw)
            && let Some(home) = checking.residence("", (&address, &rt, &rw))
        {
            (after.address, after.rt, after.rw) = (home.address, home.rt, home.rw);
        }
        if let Some(home) = &body.domicile
            && let Some(home) = checking.domicile("domicile.", home)
        {
            set_domicile(&mut after, Some(&home));
        }
        if body.persons.len() > MOST {
            checking.refuse("persons", "too_many", "Paling banyak 40 orang sekaligus.");
        }
        let mut persons: Vec<PersonEdit> = Vec::new();
        let mut edited = HashSet::new();
        for (n, one) in body.persons.iter().enumerate().take(MOST) {
            let id = Uuid::from(one.id);
            let at = format!("persons.{n}");
            let member = members.iter().find(|member| member.id == id);
            let Some(member) = member.filter(|_| edited.insert(id)) else {
                checking.refuse(
                    &format!("{at}.id"),
                    "not_a_member",
                    "Orang ini bukan anggota keluarga ini, atau disebut dua kali; muat ulang.",
                );
                continue;
            };
            persons.push(self.corrected(checking, &at, member, one)?);
        }
        let at = checking.now.as_micros();
        let added = Self::read_persons(checking, "added", &body.added);
        let mut payee = body.payee.map(Uuid::from);
        for (n, facts) in added.iter().enumerate() {
            if let Some(facts) = facts {
                let edit = new_person(store, at, before.id, facts);
                if body.added.get(n).is_some_and(|one| one.payee) {
                    payee = Some(edit.after.id);
                }
                persons.push(edit);
            }
        }
        // Everybody as they would be.
        let mut then: Vec<&person::Model> = persons.iter().map(|one| &one.after).collect();
        then.extend(members.iter().filter(|member| !edited.contains(&member.id)));
        let head = Relation::Head.to_string();
        let touches_heads = persons.iter().any(|one| {
            let was = one.before.as_ref().map(|row| (&row.relation, &row.name));
            was != Some((&one.after.relation, &one.after.name))
                && (one.after.relation == head
                    || was.is_some_and(|(relation, _)| *relation == head))
        });
        if touches_heads {
            let heads: Vec<&&person::Model> = then
                .iter()
                .filter(|one| one.alive && one.relation == head)
                .collect();
            checking.one_head("persons", heads.len());
            if let [one] = heads[..] {
                after.name.clone_from(&one.name);
                after.name_key = name_key(&after.name);
            }
        }
        if let Some(payee) = payee {
            match then.iter().find(|one| one.id == payee && one.alive) {
                Some(one) => {
                    // The head receives when nobody is named.
                    let named = Some(one.id).filter(|_| one.relation != head);
                    after.payee_id = named;
                }
                None => checking.refuse(
                    "payee",
                    "not_a_member",
                    "Pengurus harus anggota keluarga yang masih hidup.",
                ),
            }
        }
        let mut draft = Draft {
            families: vec![FamilyEdit {
                before: Some(before.clone()),
                after,
                kk,
                in_known_house: true,
            }],
            persons,
            ..Draft::default()
        };
        draft.persons.retain(|one| !one.fields().is_empty());
        self.doubles(on, checking, members, &body.same, &mut draft)
            .await?;
        if let Some(text) = &body.since
            && let Some(day) = checking.day("since", text)
        {
            draft.since = since(checking, day, &region, &draft)?;
            for one in draft.persons.iter_mut().filter(|one| one.before.is_none()) {
                one.after.valid_from = draft.since.unwrap_or(one.after.valid_from);
            }
        }
        Ok(draft)
    }

    fn corrected(
        &self,
        checking: &mut Checking<'_>,
        at: &str,
        member: &person::Model,
        one: &tilik_protocol::family::CorrectPerson,
    ) -> Result<PersonEdit> {
        let store = &self.store;
        let field = |name: &str| format!("{at}.{name}");
        let mut after = member.clone();
        if let Some(text) = &one.name
            && let Some(name) = checking.name(&field("name"), text)
        {
            after.name_key = name_key(&name);
            after.name = name;
        }
        if let Some(sex) = one.sex {
            after.sex = Some(sex.to_string());
        }
        if let Some(relation) = one.relation {
            after.relation = relation.to_string();
        }
        let open = |column: &str, cell: Option<&Vec<u8>>| {
            cell.map(|cell| {
                store
                    .keys()
                    .decrypt_field("person", column, member.id, cell)
            })
            .transpose()
            .map(|plain| plain.map(|plain| plain.to_string()))
            .map_err(Error::internal)
        };
        if let Some(text) = &one.birth_date
            && let Some(day) = checking.day(&field("birth_date"), text)
        {
            let before = member.birth_date_enc.as_ref();
            let place = ("person", "birth_date");
            after.birth_date_enc = sealed(store, place, member.id, before, &day.to_string())?;
            after.birth_year = i32::try_from(day.year).ok();
        }
        if let Some(text) = &one.mother_name
            && let Some(name) = checking.name(&field("mother_name"), text)
        {
            let before = member.mother_enc.as_ref();
            after.mother_enc = sealed(store, ("person", "mother"), member.id, before, &name)?;
        }
        // A NIK is looked at beside what would be recorded.
        let known = open("nik", member.nik_enc.as_ref())?;
        let mut nik = None;
        let says_otherwise = one.birth_date.is_some() || one.sex.is_some();
        if let Some(text) = one
            .nik
            .as_deref()
            .or(known.as_deref().filter(|_| says_otherwise))
        {
            let birth = open("birth_date", after.birth_date_enc.as_ref())?;
            let birth = birth.and_then(|text| Day::read(&text));
            let sex = after.sex.as_deref().and_then(|sex| sex.parse().ok());
            let read = checking.nik(&field("nik"), text, birth, sex);
            if let Some(digits) = read
                && !holds(
                    store,
                    "person",
                    "nik",
                    member.id,
                    member.nik_enc.as_ref(),
                    &digits,
                )?
            {
                let keys = store.keys();
                after.nik_enc = Some(keys.encrypt_field("person", "nik", member.id, &digits));
                nik = Some(digits);
            }
        }
        Ok(PersonEdit {
            before: Some(member.clone()),
            after,
            nik,
        })
    }
}

async fn current_version(write: &Write, family: Uuid) -> Result<i32> {
    let row = family::Entity::find_by_id(family).one(write.on()).await?;
    Ok(row.ok_or(Error::NOT_FOUND)?.version)
}

/// What an event did, by the journal: the object of its first entry.
async fn object_of(write: &Write, event: EventId, kind: &str) -> Result<Option<Uuid>> {
    let entries = journal::Entity::find()
        .filter(journal::Column::EventId.eq(Uuid::from(event)))
        .order_by_asc(journal::Column::Seq)
        .all(write.on())
        .await?;
    let mut objects = entries.iter().filter_map(|entry| {
        let (of, id) = entry.object.split_once(':')?;
        (of == kind).then(|| Uuid::parse_str(id).ok()).flatten()
    });
    Ok(objects.next())
}

async fn registered_by(write: &Write, event: EventId) -> Result<FamilyId> {
    let known = object_of(write, event, "family").await?;
    known.map(FamilyId).ok_or(Error::WRONG_MOMENT)
}

/// The answer to a repeated act on a family.
async fn changed_by(write: &Write, event: EventId, row: &family::Model) -> Result<FamilyChanged> {
    let waits = object_of(write, event, "family_request").await?;
    Ok(FamilyChanged {
        family: FamilyId(row.id),
        version: row.version,
        waits: waits.map(FamilyRequestId),
    })
}
