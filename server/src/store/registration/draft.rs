//! What would be of families and persons, before it is: the same draft is shown to whoever confirms it and written once they do.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use tilik_protocol::family::{EditedFamily, EditedPerson, MovedPlace};
use tilik_protocol::ids::{FamilyId, PersonId};
use tilik_protocol::registry::FieldChange;
use uuid::Uuid;

use super::checking::Facts;
use super::everybody_of;
use crate::error::{Error, Result};
use crate::store::families::region_code;
use crate::store::imports::{
    Fields, HIDDEN, Number, Rows, change_family, change_person, family_fields, forget, holds, lead,
    name_key, opened, person_fields,
};
use crate::store::slots::keep_membership;
use crate::store::tables::{desk_family, family, membership, person, person_left, registry_alias};
use crate::store::{Store, Write, appeals, duplicates, health, objections, population, rules};

/// A family that is other than it was, or new.
pub(in crate::store) struct FamilyEdit {
    pub before: Option<family::Model>,
    pub after: family::Model,
    /// The KK number, when it is another.
    pub kk: Option<String>,
    /// Whether a new one lives where there is a house already.
    pub in_known_house: bool,
}

/// A person who is other than they were, or new.
pub(in crate::store) struct PersonEdit {
    pub before: Option<person::Model>,
    pub after: person::Model,
    /// The NIK, when it is another.
    pub nik: Option<String>,
}

/// Everything that one act changes.
#[derive(Default)]
pub(in crate::store) struct Draft {
    pub families: Vec<FamilyEdit>,
    pub persons: Vec<PersonEdit>,
    /// Places that go along with their family or person.
    pub memberships: Vec<(membership::Model, membership::Model)>,
    /// Numbers by which these are found no more.
    pub forgotten: Vec<(&'static str, Uuid)>,
    /// Numbers of whom is not kept, which lead to whom goes on from now.
    pub led: Vec<Led>,
    /// The family that ends, and the one that goes on.
    pub closed: Option<Closed>,
    /// Since when it is so; nothing said: now.
    pub since: Option<i64>,
}

/// A number that leads elsewhere.
pub(in crate::store) struct Led {
    /// Of which kind.
    pub number: Number,
    /// Whose it was.
    pub from: Uuid,
    /// To whom it leads.
    pub to: Uuid,
}

/// A family that is closed into another.
pub(in crate::store) struct Closed {
    pub from: Uuid,
    pub to: Uuid,
    /// The id by which files know it, unless the other took it over as its own.
    pub key: Option<String>,
}

/// A sealed cell for `plain`: as it is when it holds that already.
pub(in crate::store) fn sealed(
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

/// Whoever goes on, with what only the row that ends knew of them; and the NIK, when it comes from there.
pub(super) fn joined(
    store: &Store,
    stays: &person::Model,
    goes: &person::Model,
) -> Result<PersonEdit> {
    let keys = store.keys();
    let mut after = stays.clone();
    let mut nik = None;
    let over = |column: &str, mine: &Option<Vec<u8>>, theirs: &Option<Vec<u8>>| match (mine, theirs)
    {
        (None, Some(cell)) => {
            let plain = keys.decrypt_field("person", column, goes.id, cell);
            Ok(Some(plain.map_err(Error::internal)?.to_string()))
        }
        (Some(_), _) | (None, None) => Ok::<_, Error>(None),
    };
    if let Some(digits) = over("nik", &stays.nik_enc, &goes.nik_enc)? {
        after.nik_enc = Some(keys.encrypt_field("person", "nik", stays.id, &digits));
        nik = Some(digits);
    }
    if let Some(day) = over("birth_date", &stays.birth_date_enc, &goes.birth_date_enc)? {
        after.birth_date_enc = Some(keys.encrypt_field("person", "birth_date", stays.id, &day));
        after.birth_year = goes.birth_year;
    }
    if let Some(name) = over("mother", &stays.mother_enc, &goes.mother_enc)? {
        after.mother_enc = Some(keys.encrypt_field("person", "mother", stays.id, &name));
    }
    if after.sex.is_none() {
        after.sex.clone_from(&goes.sex);
    }
    if after.line_key.is_none() {
        after.line_key.clone_from(&goes.line_key);
    }
    Ok(PersonEdit {
        before: Some(stays.clone()),
        after,
        nik,
    })
}

/// What becomes of the NIK of a row that ends, where the other goes on as `stays`.
pub(super) fn nik_of_gone(
    store: &Store,
    stays: &person::Model,
    goes: &person::Model,
    draft: &mut Draft,
) -> Result<()> {
    let Some(cell) = &goes.nik_enc else {
        return Ok(());
    };
    let keys = store.keys();
    let plain = keys.decrypt_field("person", "nik", goes.id, cell);
    let plain = plain.map_err(Error::internal)?;
    let known = stays.nik_enc.as_ref();
    if known.is_none() || holds(store, "person", "nik", stays.id, known, &plain)? {
        draft.forgotten.push(("nik", goes.id));
    } else {
        draft.led.push(Led {
            number: Number::Nik,
            from: goes.id,
            to: stays.id,
        });
    }
    Ok(())
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
        ("wilayah", before.region != after.region),
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
        (
            "nama_ibu_kandung",
            before.mother_enc.is_none() && after.mother_enc.is_some(),
        ),
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

/// Columns of a family that is new, as far as there is something in them.
const OF_NEW: [&str; 7] = [
    "no_kk", "alamat", "rt", "rw", "wilayah", "domisili", "pengurus",
];

impl FamilyEdit {
    fn shown(&self, store: &Store, names: &Names) -> Result<Vec<FieldChange>> {
        let payee = |row: &family::Model| row.payee_id.and_then(|id| names.person(id));
        let cell =
            |row: &family::Model, field| cell_of_family(store, row, field, payee(row).as_deref());
        let fields = match &self.before {
            Some(_) => self.fields(),
            None => OF_NEW.to_vec(),
        };
        let mut shown = Vec::new();
        for field in fields {
            let from = match &self.before {
                Some(before) => cell(before, field)?,
                None => None,
            };
            let to = cell(&self.after, field)?;
            if self.before.is_some() || to.is_some() {
                shown.push(FieldChange {
                    field: field.to_owned(),
                    from,
                    to,
                });
            }
        }
        Ok(shown)
    }
}

/// Who is meant by an id, among all whom an act touches.
#[derive(Default)]
pub(super) struct Names {
    persons: HashMap<Uuid, String>,
    families: HashMap<Uuid, String>,
}

impl Names {
    /// Of a draft and the members there are.
    pub(super) fn of<'a>(
        draft: &'a Draft,
        members: impl IntoIterator<Item = &'a person::Model>,
    ) -> Self {
        let edited = draft.persons.iter().map(|one| &one.after);
        let persons = edited.chain(members).map(|row| (row.id, row.name.clone()));
        let families = draft.families.iter().map(|one| &one.after);
        Self {
            // Of somebody renamed the name that is known.
            persons: persons.collect(),
            families: families.map(|row| (row.id, row.name.clone())).collect(),
        }
    }

    pub(super) fn person(&self, id: Uuid) -> Option<String> {
        self.persons.get(&id).cloned()
    }

    fn family(&self, id: Uuid) -> Option<String> {
        self.families.get(&id).cloned()
    }
}

impl PersonEdit {
    /// Whether anything of them is other, also what nobody is shown.
    pub(super) fn changes(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }

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

    /// What would be other of this family, masked; `names` are those of the persons.
    pub(super) fn shown_of_family(
        &self,
        store: &Store,
        id: Uuid,
        names: &Names,
    ) -> Result<Vec<FieldChange>> {
        let mut shown = Vec::new();
        for one in self.families.iter().filter(|one| one.after.id == id) {
            shown.extend(one.shown(store, names)?);
        }
        Ok(shown)
    }

    /// What would be of the other families: one that is closed, one that is new.
    pub(super) fn shown_of_others(
        &self,
        store: &Store,
        id: Uuid,
        names: &Names,
    ) -> Result<Vec<EditedFamily>> {
        let others = self.families.iter().filter(|one| one.after.id != id);
        others
            .map(|one| {
                Ok(EditedFamily {
                    family: one.before.as_ref().map(|row| FamilyId(row.id)),
                    name: one.before.as_ref().unwrap_or(&one.after).name.clone(),
                    fields: one.shown(store, names)?,
                })
            })
            .collect()
    }

    /// The places that would go along.
    pub(super) fn shown_of_places(&self, names: &Names) -> Vec<MovedPlace> {
        let places = self.memberships.iter();
        places
            .map(|(before, after)| MovedPlace {
                program: after.program.clone(),
                person_name: before.person_id.and_then(|id| names.person(id)),
                to: names.family(after.family_id).unwrap_or_default(),
            })
            .collect()
    }

    /// Which versions of whom it was made of, and since when it would hold.
    pub(super) fn made_of(&self) -> Vec<(Uuid, i32)> {
        let families = self.families.iter().filter_map(|one| one.before.as_ref());
        let persons = self.persons.iter().filter_map(|one| one.before.as_ref());
        let mut made: Vec<(Uuid, i32)> = families
            .map(|row| (row.id, row.version))
            .chain(persons.map(|row| (row.id, row.version)))
            .chain(
                self.memberships
                    .iter()
                    .map(|(row, _)| (row.id, row.version)),
            )
            .collect();
        made.sort_unstable();
        made
    }

    /// What would be other of the persons, masked.
    pub(super) fn shown_of_persons(
        &self,
        store: &Store,
        names: &Names,
    ) -> Result<Vec<EditedPerson>> {
        let mut shown = Vec::new();
        for one in &self.persons {
            let fields = match &one.before {
                Some(_) => one.fields(),
                None => vec![
                    "nik",
                    "tanggal_lahir",
                    "jenis_kelamin",
                    "hub_keluarga",
                    "nama_ibu_kandung",
                ],
            };
            if fields.is_empty() {
                continue;
            }
            let mut changes = Vec::new();
            for field in fields {
                let cell = |row: &person::Model| match field {
                    "keluarga" => Ok(names.family(row.family_id)),
                    "orang_yang_sama" => Ok(row.merged_into.and_then(|id| names.person(id))),
                    _ => cell_of_person(store, row, field),
                };
                let from = match one.before.as_ref() {
                    Some(row) => cell(row)?,
                    None => None,
                };
                let to = cell(&one.after)?;
                if one.before.is_some() || to.is_some() {
                    changes.push(FieldChange {
                        field: field.to_owned(),
                        from,
                        to,
                    });
                }
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

    /// Whose recorded facts are somebody else's by it.
    fn fact_moves(&self) -> Vec<rules::FactMove> {
        let closed_into = |family: Uuid| {
            let one = self.families.iter().find(|one| one.after.id == family);
            one.and_then(|one| one.after.merged_into)
        };
        let mut moves = Vec::new();
        let mut split: BTreeSet<(Uuid, Uuid)> = BTreeSet::new();
        for one in &self.persons {
            let Some(before) = &one.before else { continue };
            let (from, was) = ((before.id, before.family_id), before.merged_into);
            if let Some(same) = one.after.merged_into.filter(|_| was.is_none()) {
                let family = closed_into(before.family_id).unwrap_or(before.family_id);
                moves.push(rules::FactMove::Person {
                    from,
                    to: (same, family),
                });
            } else if one.after.family_id != before.family_id {
                moves.push(rules::FactMove::Person {
                    from,
                    to: (before.id, one.after.family_id),
                });
                if closed_into(before.family_id).is_none() {
                    split.insert((before.family_id, one.after.family_id));
                }
            }
        }
        for one in &self.families {
            let was = one.before.as_ref().and_then(|row| row.merged_into);
            if let Some(to) = one.after.merged_into.filter(|_| was.is_none()) {
                let from = one.after.id;
                moves.push(rules::FactMove::Family { from, to });
            }
        }
        let split = split.into_iter();
        moves.extend(split.map(|(from, to)| rules::FactMove::Split { from, to }));
        moves
    }

    /// Makes it so.
    ///
    /// # Errors
    /// `stale` when somebody else changed one of them meanwhile.
    pub(in crate::store) async fn write(self, write: &mut Write) -> Result<()> {
        let families = self.families.iter().map(|one| one.after.id);
        let of_persons = self.persons.iter().map(|one| one.after.family_id);
        let touched: BTreeSet<Uuid> = families.chain(of_persons).collect();
        let facts = self.fact_moves();
        let closed: Vec<(Uuid, Uuid)> = self
            .families
            .iter()
            .filter(|one| {
                one.before
                    .as_ref()
                    .is_none_or(|row| row.merged_into.is_none())
            })
            .filter_map(|one| Some((one.after.id, one.after.merged_into?)))
            .collect();
        let mut made_one = Vec::new();
        let mut regrouped = false;
        let mut rows = Rows::since(self.since);
        for (kind, object) in self.forgotten {
            forget(write, kind, object).await?;
        }
        for one in self.led {
            lead(write, one.number, one.from, one.to).await?;
        }
        if let Some(closed) = self.closed {
            lead_files(write, closed).await?;
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
                        regrouped = true;
                        leave(write, before.family_id, before.id).await?;
                    }
                    if let Some(stays) = one.after.merged_into
                        && before.merged_into.is_none()
                    {
                        duplicates::judged_one(write, before.id, stays).await?;
                        made_one.push((before.id, stays));
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
                return Err(Error::WRONG_MOMENT);
            }
            keep_membership(write, &row).await?;
        }
        rules::facts_follow(write, &facts).await?;
        for (gone, stays) in &made_one {
            health::made_one(write, *gone, *stays).await?;
            population::questions_made_one(write, *gone, *stays).await?;
        }
        for (gone, into) in &closed {
            objections::closed_into(write, *gone, *into).await?;
        }
        if regrouped || !made_one.is_empty() {
            follow(write, &touched, &closed).await?;
        }
        // Who a family is decides what the rules say of it.
        let touched: Vec<Uuid> = touched.into_iter().collect();
        population::payee_named(write, &touched).await?;
        rules::families_changed(write, &touched).await
    }
}

/// What is known or asked of persons, and what families object to or is objected to them, lies where they live now.
async fn follow(write: &Write, touched: &BTreeSet<Uuid>, closed: &[(Uuid, Uuid)]) -> Result<()> {
    let rows = family::Entity::find()
        .filter(family::Column::Id.is_in(touched.iter().copied()))
        .filter(family::Column::ClosedAt.is_null())
        .all(write.on())
        .await?;
    for row in rows {
        let here = region_code(&row.region)?;
        let members = everybody_of(write, row.id).await?;
        health::follow(write, &members, &here).await?;
        population::questions_follow(write, &members, &here).await?;
        for (gone, _) in closed.iter().filter(|(_, into)| *into == row.id) {
            appeals::follow(write, *gone, &here).await?;
        }
        objections::follow(write, row.id, &here).await?;
    }
    Ok(())
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

/// The ids by which files know a family that ends lead to the one that goes on.
async fn lead_files(write: &Write, closed: Closed) -> Result<()> {
    registry_alias::Entity::update_many()
        .col_expr(registry_alias::Column::FamilyId, Expr::value(closed.to))
        .filter(registry_alias::Column::FamilyId.eq(closed.from))
        .exec(write.on())
        .await?;
    if let Some(key) = closed.key {
        registry_alias::ActiveModel {
            registry_key: Set(key),
            family_id: Set(closed.to),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}
