//! Whom a line means: a family by its registry id or KK number, a person by NIK.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, Set};
use tilik_protocol::problem::FieldProblem;
use uuid::Uuid;

use super::cells::{Look, sixteen};
use crate::error::Result;
use crate::keys::{BlindIndex, Keyring};
use crate::sheet::problem;
use crate::store::Write;
use crate::store::tables::{blind_index, family, person, registry_alias};

/// How a line names a family or person.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    pub key: Option<String>,
    pub kk: Option<String>,
    pub nik: Option<String>,
}

impl Unit {
    /// Reads the three cells; one of them is enough.
    pub(super) fn read(look: &mut Look<'_>, key: usize, kk: usize, nik: usize) -> Option<Self> {
        let kk = look.take(sixteen("no_kk", look.row.cell(kk)));
        let nik = look.take(sixteen("nik", look.row.cell(nik)));
        let key = Some(look.row.cell(key).to_owned()).filter(|key| !key.is_empty());
        let (kk, nik) = (kk?, nik?);
        if key.is_none() && kk.is_none() && nik.is_none() {
            look.problems.push(problem(
                "no_kk",
                "empty",
                "Isi id_keluarga, no_kk atau nik, agar keluarganya ditemukan.",
            ));
            return None;
        }
        Some(Self { key, kk, nik })
    }
}

/// The families and persons that some lines mean.
#[derive(Debug, Default)]
pub(super) struct Found {
    families: HashMap<Uuid, family::Model>,
    by_key: HashMap<String, Uuid>,
    by_kk: HashMap<String, Vec<Uuid>>,
    by_nik: HashMap<String, Vec<person::Model>>,
}

/// A number by which families or persons are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Number {
    Kk,
    Nik,
}

impl Number {
    /// Under which it is kept while it is somebody's own.
    pub(in crate::store) const fn own(self) -> &'static str {
        match self {
            Self::Kk => "kk",
            Self::Nik => "nik",
        }
    }

    /// Under which it is kept once it was of a row that ended: it leads to the one that goes on.
    pub(in crate::store) const fn old(self) -> &'static str {
        match self {
            Self::Kk => "kk_old",
            Self::Nik => "nik_old",
        }
    }
}

/// The numbers of `from`, and those that led to it, lead to `to` from now.
pub(in crate::store) async fn lead(
    write: &Write,
    number: Number,
    from: Uuid,
    to: Uuid,
) -> Result<()> {
    let of_it = || {
        Condition::all()
            .add(blind_index::Column::ObjectId.eq(from))
            .add(blind_index::Column::Kind.is_in([number.own(), number.old()]))
    };
    let rows = blind_index::Entity::find()
        .filter(of_it())
        .all(write.on())
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    blind_index::Entity::delete_many()
        .filter(of_it())
        .exec(write.on())
        .await?;
    let rows = rows.into_iter().map(|row| blind_index::ActiveModel {
        kind: Set(number.old().to_owned()),
        key_version: Set(row.key_version),
        value: Set(row.value),
        object_id: Set(to),
    });
    // Two of them may have been one number.
    let mut known = OnConflict::new();
    blind_index::Entity::insert_many(rows)
        .on_conflict(known.do_nothing().to_owned())
        .exec_without_returning(write.on())
        .await?;
    Ok(())
}

/// The persons behind NIKs, by NIK: whose it is, else whose it was before two rows became one.
pub(in crate::store) async fn persons_behind(
    on: &impl ConnectionTrait,
    keys: &Keyring,
    niks: impl Iterator<Item = &str> + Clone,
) -> Result<HashMap<String, Vec<Uuid>>> {
    let candidates = |nik: &str| keys.blind_nik_candidates(nik);
    let mut found = behind(on, Number::Nik.own(), niks.clone(), candidates).await?;
    for (nik, persons) in behind(on, Number::Nik.old(), niks, candidates).await? {
        found.entry(nik).or_insert(persons);
    }
    Ok(found)
}

/// The objects behind numbers, by number.
pub(in crate::store) async fn behind(
    on: &impl ConnectionTrait,
    kind: &str,
    numbers: impl Iterator<Item = &str>,
    candidates: impl Fn(&str) -> Vec<BlindIndex>,
) -> Result<HashMap<String, Vec<Uuid>>> {
    let mut meant: HashMap<Vec<u8>, String> = HashMap::new();
    for number in numbers {
        for one in candidates(number) {
            meant.insert(one.hash.to_vec(), number.to_owned());
        }
    }
    let mut found: HashMap<String, Vec<Uuid>> = HashMap::new();
    let values: Vec<Vec<u8>> = meant.keys().cloned().collect();
    for some in values.chunks(500) {
        let rows = blind_index::Entity::find()
            .filter(blind_index::Column::Kind.eq(kind))
            .filter(blind_index::Column::Value.is_in(some.iter().cloned()))
            .all(on)
            .await?;
        for row in rows {
            if let Some(number) = meant.get(&row.value) {
                let objects = found.entry(number.clone()).or_default();
                if !objects.contains(&row.object_id) {
                    objects.push(row.object_id);
                }
            }
        }
    }
    Ok(found)
}

impl Found {
    pub(super) async fn look_up(write: &Write, units: &[&Unit]) -> Result<Self> {
        let keys = write.store().keys();
        let mut found = Self::default();
        let registry_keys: Vec<&str> = units.iter().filter_map(|one| one.key.as_deref()).collect();
        for some in registry_keys.chunks(500) {
            let rows = family::Entity::find()
                .filter(family::Column::RegistryKey.is_in(some.iter().copied()))
                .all(write.on())
                .await?;
            for row in rows {
                if let Some(key) = &row.registry_key {
                    found.by_key.insert(key.clone(), row.id);
                }
                found.families.insert(row.id, row);
            }
        }
        // What was of a family or person that was closed into another leads to the one that goes on.
        for some in registry_keys.chunks(500) {
            let led = registry_alias::Entity::find()
                .filter(registry_alias::Column::RegistryKey.is_in(some.iter().copied()))
                .all(write.on())
                .await?;
            for row in led {
                found
                    .by_key
                    .entry(row.registry_key)
                    .or_insert(row.family_id);
            }
        }
        let on = write.on();
        let numbers = || units.iter().filter_map(|one| one.kk.as_deref());
        found.by_kk = behind(on, "kk", numbers(), |kk| keys.blind_kk_candidates(kk)).await?;
        let led = behind(on, Number::Kk.old(), numbers(), |kk| {
            keys.blind_kk_candidates(kk)
        });
        for (kk, families) in led.await? {
            found.by_kk.entry(kk).or_insert(families);
        }
        let numbers = || units.iter().filter_map(|one| one.nik.as_deref());
        let by_nik = persons_behind(on, keys, numbers()).await?;
        let mut persons = HashMap::new();
        let ids: Vec<Uuid> = by_nik.values().flatten().copied().collect();
        for some in ids.chunks(500) {
            let rows = person::Entity::find()
                .filter(person::Column::Id.is_in(some.iter().copied()))
                .all(write.on())
                .await?;
            persons.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        for (nik, ids) in by_nik {
            let these = ids.iter().filter_map(|id| persons.get(id).cloned());
            found.by_nik.insert(nik, these.collect());
        }
        let wanted: HashSet<Uuid> = found
            .by_kk
            .values()
            .flatten()
            .copied()
            .chain(found.by_key.values().copied())
            .chain(persons.values().map(|row| row.family_id))
            .filter(|id| !found.families.contains_key(id))
            .collect();
        let wanted: Vec<Uuid> = wanted.into_iter().collect();
        for some in wanted.chunks(500) {
            let rows = family::Entity::find()
                .filter(family::Column::Id.is_in(some.iter().copied()))
                .all(write.on())
                .await?;
            found
                .families
                .extend(rows.into_iter().map(|row| (row.id, row)));
        }
        Ok(found)
    }

    /// All families that were looked up.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.families.keys().copied()
    }

    /// The one family that `unit` means.
    pub(super) fn family(&self, unit: &Unit) -> Result<&family::Model, FieldProblem> {
        let unknown = |field: &str| {
            problem(
                field,
                "unknown_family",
                "Keluarga ini belum terdaftar; impor keluarga lebih dahulu atau perbaiki nomornya.",
            )
        };
        let ambiguous = |field: &str| {
            problem(
                field,
                "ambiguous",
                "Nomor ini dimiliki lebih dari satu; isi id_keluarga agar jelas yang mana.",
            )
        };
        let (field, ids) = if let Some(key) = &unit.key {
            (
                "id_keluarga",
                self.by_key.get(key).copied().into_iter().collect(),
            )
        } else if let Some(kk) = &unit.kk {
            ("no_kk", self.by_kk.get(kk).cloned().unwrap_or_default())
        } else {
            let persons = unit.nik.as_ref().and_then(|nik| self.by_nik.get(nik));
            let mut ids: Vec<Uuid> = persons
                .into_iter()
                .flatten()
                .map(|person| person.family_id)
                .collect();
            ids.sort();
            ids.dedup();
            ("nik", ids)
        };
        match ids[..] {
            [id] => self.families.get(&id).ok_or_else(|| unknown(field)),
            [] => Err(unknown(field)),
            _ => Err(ambiguous(field)),
        }
    }

    /// The one person of `family` that `unit` means.
    pub(super) fn person(&self, unit: &Unit, family: Uuid) -> Result<Uuid, FieldProblem> {
        let Some(nik) = &unit.nik else {
            return Err(problem(
                "nik",
                "empty",
                "Program ini untuk perorangan; isi NIK penerimanya.",
            ));
        };
        let mut these = self
            .by_nik
            .get(nik)
            .into_iter()
            .flatten()
            .filter(|person| person.family_id == family);
        match (these.next(), these.next()) {
            (Some(person), None) if person.alive => Ok(person.id),
            (Some(_), None) => Err(problem(
                "nik",
                "not_alive",
                "Orang ini tercatat meninggal; perbaiki lewat peristiwa kependudukan bila keliru.",
            )),
            (None, _) => Err(problem(
                "nik",
                "unknown_person",
                "Tidak ada orang dengan NIK ini di keluarga tersebut; periksa nomornya.",
            )),
            (Some(_), Some(_)) => Err(problem(
                "nik",
                "ambiguous",
                "NIK ini dimiliki lebih dari satu orang di keluarga tersebut; perbaiki data keluarganya dahulu.",
            )),
        }
    }
}
