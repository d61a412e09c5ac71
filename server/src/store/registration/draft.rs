//! What would be of families and persons, before it is: the same draft is shown to whoever confirms it and written once they do.

use std::collections::BTreeSet;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use tilik_protocol::family::EditedPerson;
use tilik_protocol::ids::PersonId;
use tilik_protocol::registry::FieldChange;
use uuid::Uuid;

use super::checking::Facts;
use crate::error::Result;
use crate::store::imports::{
    Fields, Rows, change_family, change_person, family_fields, forget, holds, name_key, opened,
    person_fields,
};
use crate::store::slots::keep_membership;
use crate::store::tables::{desk_family, family, membership, person, person_left};
use crate::store::{Store, Write, rules};

/// In place of what nobody needs to see to judge.
pub(super) const HIDDEN: &str = "••••";

/// A family that is other than it was, or new.
pub(super) struct FamilyEdit {
    pub before: Option<family::Model>,
    pub after: family::Model,
    /// The KK number, when it is another.
    pub kk: Option<String>,
    /// Whether a new one lives where there is a house already.
    pub in_known_house: bool,
}

/// A person who is other than they were, or new.
pub(super) struct PersonEdit {
    pub before: Option<person::Model>,
    pub after: person::Model,
    /// The NIK, when it is another.
    pub nik: Option<String>,
}

/// Everything that one act changes.
#[derive(Default)]
pub(super) struct Draft {
    pub families: Vec<FamilyEdit>,
    pub persons: Vec<PersonEdit>,
    /// Places that go along with their family or person.
    pub memberships: Vec<(membership::Model, membership::Model)>,
    /// Numbers by which these are found no more.
    pub forgotten: Vec<(&'static str, Uuid)>,
    /// Since when it is so; nothing said: now.
    pub since: Option<i64>,
}

/// A sealed cell for `plain`: as it is when it holds that already.
pub(super) fn sealed(
    store: &Store,
    (table, column): (&str, &str),
    row: Uuid,
    before: Option<&Vec<u8>>,
    plain: &str,
) -> Result<Option<Vec<u8>>> {
    if holds(store, table, column, row, before, plain)? {
        return Ok(before.cloned());
    }
    Ok(Some(store.keys().encrypt_field(table, column, row, plain)))
}

/// A member who was not in the registry.
pub(super) fn new_person(store: &Store, at: i64, family: Uuid, facts: &Facts) -> PersonEdit {
    let id: PersonId = store.ids().next();
    let id = Uuid::from(id);
    let keys = store.keys();
    let seal = |column: &str, plain: &str| keys.encrypt_field("person", column, id, plain);
    PersonEdit {
        before: None,
        after: person::Model {
            id,
            version: 1,
            family_id: family,
            nik_enc: facts.nik.as_deref().map(|nik| seal("nik", nik)),
            name: facts.name.clone(),
            name_key: name_key(&facts.name),
            birth_date_enc: facts.birth.map(|day| seal("birth_date", &day.to_string())),
            birth_year: facts.birth.and_then(|day| i32::try_from(day.year).ok()),
            sex: facts.sex.map(|sex| sex.to_string()),
            relation: facts.relation.to_string(),
            alive: true,
            line_key: None,
            valid_from: at,
            recorded_at: at,
            mother_enc: facts.mother.as_deref().map(|name| seal("mother", name)),
            merged_into: None,
        },
        nik: facts.nik.clone(),
    }
}

/// Columns of a family that say where it is.
fn address_fields(before: &family::Model, after: &family::Model) -> Fields {
    let domicile = |row: &family::Model| {
        (
            row.domicile_address.clone(),
            row.domicile_rt.clone(),
            row.domicile_rw.clone(),
            row.domicile_region.clone(),
        )
    };
    let differing = [
        ("alamat", before.address != after.address),
        ("rt", before.rt != after.rt),
        ("rw", before.rw != after.rw),
        ("domisili", domicile(before) != domicile(after)),
        ("ditutup", before.closed_at != after.closed_at),
    ];
    let differing = differing.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

/// Columns of a person that an import does not know.
fn further_fields(before: &person::Model, after: &person::Model) -> Fields {
    let differing = [
        ("nama_ibu_kandung", before.mother_enc != after.mother_enc),
        ("keluarga", before.family_id != after.family_id),
        ("orang_yang_sama", before.merged_into != after.merged_into),
    ];
    let differing = differing.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

fn domicile_text(row: &family::Model) -> Option<String> {
    let region = row.domicile_region.as_deref()?;
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    Some(format!(
        "{} RT {} RW {} ({region})",
        part(&row.domicile_address),
        part(&row.domicile_rt),
        part(&row.domicile_rw)
    ))
}

/// A cell of a family as whoever confirms it or looks back sees it.
pub(super) fn cell_of_family(
    store: &Store,
    row: &family::Model,
    field: &str,
    payee: Option<&str>,
) -> Result<Option<String>> {
    Ok(match field {
        "no_kk" => opened(store, "family", "kk", row.id, row.kk_enc.as_ref())?,
        "nama_kepala_keluarga" => Some(row.name.clone()),
        "alamat" => Some(row.address.clone()),
        "rt" => Some(row.rt.clone()),
        "rw" => Some(row.rw.clone()),
        "wilayah" => Some(row.region.clone()),
        "desil" => row.decile.map(|decile| decile.to_string()),
        "domisili" => domicile_text(row),
        "pengurus" => payee.map(str::to_owned),
        "ditutup" => row.closed_at.map(|_| "ditutup".to_owned()),
        _ => None,
    })
}

/// A cell of a person: of a number the first four digits, of a birth date the year, of the mother that she is known.
pub(super) fn cell_of_person(
    store: &Store,
    row: &person::Model,
    field: &str,
) -> Result<Option<String>> {
    Ok(match field {
        "nik" => opened(store, "person", "nik", row.id, row.nik_enc.as_ref())?,
        "nama" => Some(row.name.clone()),
        "tanggal_lahir" => row.birth_year.map(|year| year.to_string()),
        "jenis_kelamin" => row.sex.clone(),
        "hub_keluarga" => Some(row.relation.clone()),
        "status_hidup" => Some(if row.alive { "hidup" } else { "meninggal" }.to_owned()),
        "nama_ibu_kandung" => row.mother_enc.as_ref().map(|_| HIDDEN.to_owned()),
        "orang_yang_sama" => row.merged_into.map(|_| "digabung".to_owned()),
        _ => None,
    })
}

impl FamilyEdit {
    /// What says who it is.
    fn of_identity(&self) -> Fields {
        self.before
            .as_ref()
            .map(|before| family_fields(before, &self.after))
            .unwrap_or_default()
    }

    /// All that is other.
    pub(super) fn fields(&self) -> Fields {
        let Some(before) = &self.before else {
            return Vec::new();
        };
        let mut fields = self.of_identity();
        fields.extend(address_fields(before, &self.after));
        fields
    }
}

impl PersonEdit {
    pub(super) fn fields(&self) -> Fields {
        let Some(before) = &self.before else {
            return vec!["nama"];
        };
        let mut fields = person_fields(before, &self.after);
        fields.extend(further_fields(before, &self.after));
        fields
    }
}

impl Draft {
    /// Whether it says that a family is others than it was.
    pub(super) fn is_of_identity(&self) -> bool {
        let families = self.families.iter();
        families
            .map(FamilyEdit::of_identity)
            .any(|fields| !fields.is_empty())
            || self.persons.iter().any(|one| !one.fields().is_empty())
    }

    /// Whether anything would be other.
    pub(super) fn changes_something(&self) -> bool {
        self.families
            .iter()
            .any(|one| one.before.is_none() || !one.fields().is_empty())
            || self.persons.iter().any(|one| !one.fields().is_empty())
    }

    /// What would be other of this family, masked.
    pub(super) fn shown_of_family(&self, store: &Store, id: Uuid) -> Result<Vec<FieldChange>> {
        let mut shown = Vec::new();
        let payee = |of: Option<Uuid>| {
            let known = self.persons.iter().find(|one| Some(one.after.id) == of);
            known.map(|one| one.after.name.clone())
        };
        for one in self.families.iter().filter(|one| one.after.id == id) {
            let Some(before) = &one.before else { continue };
            for field in one.fields() {
                let (was, is) = (payee(before.payee_id), payee(one.after.payee_id));
                shown.push(FieldChange {
                    field: field.to_owned(),
                    from: cell_of_family(store, before, field, was.as_deref())?,
                    to: cell_of_family(store, &one.after, field, is.as_deref())?,
                });
            }
        }
        Ok(shown)
    }

    /// What would be other of the persons, masked.
    pub(super) fn shown_of_persons(&self, store: &Store) -> Result<Vec<EditedPerson>> {
        let mut shown = Vec::new();
        for one in &self.persons {
            let fields = match &one.before {
                Some(_) => one.fields(),
                None => vec!["nik", "tanggal_lahir", "hub_keluarga"],
            };
            if fields.is_empty() {
                continue;
            }
            let mut changes = Vec::new();
            for field in fields {
                let was = one.before.as_ref();
                changes.push(FieldChange {
                    field: field.to_owned(),
                    from: match was {
                        Some(row) => cell_of_person(store, row, field)?,
                        None => None,
                    },
                    to: cell_of_person(store, &one.after, field)?,
                });
            }
            shown.push(EditedPerson {
                person: one.before.as_ref().map(|row| PersonId(row.id)),
                name: one.before.as_ref().unwrap_or(&one.after).name.clone(),
                fields: changes,
            });
        }
        Ok(shown)
    }

    /// What the journal keeps: which columns of whom, and nothing that stands in them.
    pub(super) fn told(&self) -> serde_json::Value {
        let persons: Vec<_> = self
            .persons
            .iter()
            .filter(|one| !one.fields().is_empty())
            .map(|one| match &one.before {
                None => serde_json::json!({ "person": PersonId(one.after.id), "new": true }),
                Some(_) => serde_json::json!({
                    "person": PersonId(one.after.id), "fields": one.fields() }),
            })
            .collect();
        let fields: Vec<Fields> = self.families.iter().map(FamilyEdit::fields).collect();
        serde_json::json!({ "fields": fields.concat(), "persons": persons })
    }

    /// Makes it so.
    ///
    /// # Errors
    /// `stale` when somebody else changed one of them meanwhile.
    pub(super) async fn write(self, write: &mut Write) -> Result<()> {
        let families = self.families.iter().map(|one| one.after.id);
        let of_persons = self.persons.iter().map(|one| one.after.family_id);
        let touched: BTreeSet<Uuid> = families.chain(of_persons).collect();
        let mut rows = Rows::since(self.since);
        for (kind, object) in self.forgotten {
            forget(write, kind, object).await?;
        }
        // What is new comes first: others point at it.
        let mut fresh = Rows::default();
        for one in &self.families {
            let kk = one.kk.as_deref();
            match (&one.before, one.in_known_house) {
                (None, true) => fresh.add_family_to_house(write, &one.after, kk),
                (None, false) => fresh.add_family(write, &one.after, kk, None),
                (Some(_), _) => {}
            }
        }
        fresh.insert(write).await?;
        mark_new(write, &self.families).await?;
        for one in self.families {
            if let Some(before) = one.before {
                let kk = one.kk.as_deref();
                change_family(write, &before, one.after, kk, &mut rows).await?;
            }
        }
        for one in self.persons {
            let nik = one.nik.as_deref();
            match one.before {
                None => rows.add_person(write, &one.after, nik),
                Some(before) => {
                    if before.family_id != one.after.family_id {
                        leave(write, before.family_id, before.id).await?;
                    }
                    change_person(write, &before, one.after, nik, &mut rows).await?;
                }
            }
        }
        rows.insert(write).await?;
        for (before, mut row) in self.memberships {
            row.version += 1;
            row.valid_from = write.at().as_micros();
            row.recorded_at = write.at().as_micros();
            let moved = membership::Entity::update_many()
                .set(row.clone().into_active_model().reset_all())
                .filter(membership::Column::Id.eq(row.id))
                .filter(membership::Column::Version.eq(before.version))
                .exec(write.on())
                .await?;
            if moved.rows_affected != 1 {
                return Err(crate::error::Error::WRONG_MOMENT);
            }
            keep_membership(write, &row).await?;
        }
        // Who a family is decides what the rules say of it.
        let touched: Vec<Uuid> = touched.into_iter().collect();
        rules::families_changed(write, &touched).await
    }
}

/// Nobody has seen a family that is new here: no list named it, so it is not proposed for a program on its word alone.
async fn mark_new(write: &Write, families: &[FamilyEdit]) -> Result<()> {
    let new = families.iter().filter(|one| one.before.is_none());
    let by = write.actor().user().map(Uuid::from);
    let rows: Vec<desk_family::ActiveModel> = new
        .map(|one| desk_family::ActiveModel {
            family_id: Set(one.after.id),
            registered_by: Set(by),
            registered_at: Set(write.at().as_micros()),
        })
        .collect();
    if !rows.is_empty() {
        desk_family::Entity::insert_many(rows)
            .exec_without_returning(write.on())
            .await?;
    }
    Ok(())
}

/// Remembers that a person belonged to a family once.
async fn leave(write: &Write, family: Uuid, person: Uuid) -> Result<()> {
    let known = person_left::Entity::find_by_id((family, person))
        .one(write.on())
        .await?;
    if known.is_none() {
        person_left::ActiveModel {
            family_id: Set(family),
            person_id: Set(person),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}
