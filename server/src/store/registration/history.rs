//! What was before: every version of a family and of whoever ever belonged to it, who made it, and how it all stood on any day,
//! as it was known on any other.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use tilik_protocol::family::{FamilyAsOf, FamilyHistory, FamilyStep};
use tilik_protocol::ids::{FamilyId, PersonId, UserId};
use tilik_protocol::registry::FieldChange;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::draft::{cell_of_family, cell_of_person};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::case_view::family_view;
use crate::store::families::region_code;
use crate::store::imports::name_key;
use crate::store::tables::{family, journal, person, person_left, row_version};

/// Most versions that one answer tells.
const MOST: u64 = 1_000;

/// Acts that make versions of families and persons.
const ACTS: [&str; 6] = [
    "family.register",
    "family.correct",
    "family.split",
    "family.merge",
    "family.change",
    "import.rows",
];

const FAMILY_FIELDS: [&str; 10] = [
    "nama_kepala_keluarga",
    "no_kk",
    "alamat",
    "rt",
    "rw",
    "wilayah",
    "domisili",
    "pengurus",
    "desil",
    "ditutup",
];

const PERSON_FIELDS: [&str; 8] = [
    "nama",
    "nik",
    "tanggal_lahir",
    "jenis_kelamin",
    "hub_keluarga",
    "status_hidup",
    "nama_ibu_kandung",
    "orang_yang_sama",
];

/// A version of a family as it is kept. What an old one does not say, nobody knew.
#[derive(Deserialize, Default)]
#[serde(default)]
struct FamilyBody {
    registry_key: Option<String>,
    house: Option<Uuid>,
    region: Option<String>,
    kk_enc: Option<String>,
    name: Option<String>,
    address: Option<String>,
    rt: Option<String>,
    rw: Option<String>,
    decile: Option<i32>,
    regime: Option<String>,
    domicile_address: Option<String>,
    domicile_rt: Option<String>,
    domicile_rw: Option<String>,
    domicile_region: Option<String>,
    payee: Option<Uuid>,
    closed_at: Option<i64>,
    merged_into: Option<Uuid>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PersonBody {
    family: Option<Uuid>,
    nik_enc: Option<String>,
    name: Option<String>,
    birth_date_enc: Option<String>,
    birth_year: Option<i32>,
    sex: Option<String>,
    relation: Option<String>,
    alive: Option<bool>,
    line_key: Option<String>,
    mother_enc: Option<String>,
    merged_into: Option<Uuid>,
}

fn bytes_of(text: Option<String>) -> Result<Option<Vec<u8>>> {
    text.map(|text| STANDARD.decode(text).map_err(Error::internal))
        .transpose()
}

fn family_of(row: &row_version::Model) -> Result<family::Model> {
    let body: FamilyBody = serde_json::from_str(&row.body).map_err(Error::internal)?;
    let name = body.name.unwrap_or_default();
    Ok(family::Model {
        id: row.id,
        version: row.version,
        registry_key: body.registry_key,
        house_id: body.house.unwrap_or_default(),
        region: body.region.unwrap_or_default(),
        kk_enc: bytes_of(body.kk_enc)?,
        name_key: name_key(&name),
        name,
        address: body.address.unwrap_or_default(),
        rt: body.rt.unwrap_or_default(),
        rw: body.rw.unwrap_or_default(),
        decile: body.decile,
        regime: body.regime.unwrap_or_default(),
        valid_from: row.valid_from,
        recorded_at: row.recorded_at,
        domicile_address: body.domicile_address,
        domicile_rt: body.domicile_rt,
        domicile_rw: body.domicile_rw,
        domicile_region: body.domicile_region,
        payee_id: body.payee,
        closed_at: body.closed_at,
        merged_into: body.merged_into,
    })
}

fn person_of(row: &row_version::Model) -> Result<person::Model> {
    let body: PersonBody = serde_json::from_str(&row.body).map_err(Error::internal)?;
    let name = body.name.unwrap_or_default();
    Ok(person::Model {
        id: row.id,
        version: row.version,
        family_id: body.family.unwrap_or_default(),
        nik_enc: bytes_of(body.nik_enc)?,
        name_key: name_key(&name),
        name,
        birth_date_enc: bytes_of(body.birth_date_enc)?,
        birth_year: body.birth_year,
        sex: body.sex,
        relation: body.relation.unwrap_or_default(),
        alive: body.alive.unwrap_or(true),
        line_key: body.line_key,
        valid_from: row.valid_from,
        recorded_at: row.recorded_at,
        mother_enc: bytes_of(body.mother_enc)?,
        merged_into: body.merged_into,
    })
}

/// How far into time one looks, and with whose knowledge.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: i64,
    known_at: i64,
}

/// Of one object's versions the one that holds at a moment: of what was known, the last said of that day or before.
fn holding(versions: &[row_version::Model], moment: Moment) -> Option<&row_version::Model> {
    versions
        .iter()
        .filter(|row| row.recorded_at <= moment.known_at && row.valid_from <= moment.at)
        .max_by_key(|row| row.version)
}

/// Versions by object, each object's in their order.
struct Versions {
    family: Vec<row_version::Model>,
    persons: BTreeMap<Uuid, Vec<row_version::Model>>,
}

impl Acting {
    async fn versions_of(&self, id: FamilyId) -> Result<Versions> {
        let on = self.store.read();
        let id = Uuid::from(id);
        let mut persons: HashSet<Uuid> = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::FamilyId.eq(id))
            .into_tuple()
            .all(on)
            .await?
            .into_iter()
            .collect();
        let left = person_left::Entity::find()
            .filter(person_left::Column::FamilyId.eq(id))
            .all(on)
            .await?;
        persons.extend(left.into_iter().map(|row| row.person_id));
        let versions = |kind: &str, ids: Vec<Uuid>| {
            row_version::Entity::find()
                .filter(row_version::Column::Kind.eq(kind))
                .filter(row_version::Column::Id.is_in(ids))
                .order_by_asc(row_version::Column::Version)
                .limit(MOST)
                .all(on)
        };
        let family = versions("family", vec![id]).await?;
        let mut by_person: BTreeMap<Uuid, Vec<row_version::Model>> = BTreeMap::new();
        for row in versions("person", persons.into_iter().collect()).await? {
            by_person.entry(row.id).or_default().push(row);
        }
        Ok(Versions {
            family,
            persons: by_person,
        })
    }

    /// Every version of a family and of whoever belongs or belonged to it, newest first: who, when, and what became other.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn family_history(&self, id: FamilyId) -> Result<FamilyHistory> {
        let (row, region) = self.family_in_reach(id).await?;
        let read = self.family_read(row.id, &region, "family_history")?;
        let versions = self.versions_of(id).await?;
        let mut steps = Vec::new();
        let names: HashMap<Uuid, String> = versions
            .persons
            .iter()
            .filter_map(|(id, rows)| Some((*id, person_of(rows.last()?).ok()?.name)))
            .collect();
        let mut before: Option<family::Model> = None;
        for version in &versions.family {
            let now = family_of(version)?;
            let payee = |row: &family::Model| {
                let named = row.payee_id.and_then(|id| names.get(&id));
                named.cloned()
            };
            let mut fields = Vec::new();
            for field in FAMILY_FIELDS {
                let was = before.as_ref();
                let from = match was {
                    Some(was) => cell_of_family(&self.store, was, field, payee(was).as_deref())?,
                    None => None,
                };
                let to = cell_of_family(&self.store, &now, field, payee(&now).as_deref())?;
                // Numbers look alike when masked: their sealed cells tell whether one was changed.
                let resealed = field == "no_kk" && was.is_some_and(|was| was.kk_enc != now.kk_enc);
                if from != to || resealed {
                    fields.push(FieldChange {
                        field: field.to_owned(),
                        from,
                        to,
                    });
                }
            }
            steps.push(step(version, None, fields));
            before = Some(now);
        }
        for (person, rows) in &versions.persons {
            let mut before: Option<person::Model> = None;
            for version in rows {
                let now = person_of(version)?;
                let here = |row: &person::Model| row.family_id == Uuid::from(id);
                let was_here = before.as_ref().is_some_and(here);
                let is_here = here(&now);
                let mut fields = Vec::new();
                for field in PERSON_FIELDS {
                    let was = before.as_ref().filter(|_| was_here);
                    let from = match was {
                        Some(was) => cell_of_person(&self.store, was, field)?,
                        None => None,
                    };
                    // Of who has left only that they did is this family's business.
                    let to = if is_here {
                        cell_of_person(&self.store, &now, field)?
                    } else {
                        from.clone()
                    };
                    let resealed = is_here
                        && was.is_some_and(|was| match field {
                            "nik" => was.nik_enc != now.nik_enc,
                            "tanggal_lahir" => was.birth_date_enc != now.birth_date_enc,
                            "nama_ibu_kandung" => was.mother_enc != now.mother_enc,
                            _ => false,
                        });
                    if from != to || resealed {
                        fields.push(FieldChange {
                            field: field.to_owned(),
                            from,
                            to,
                        });
                    }
                }
                if was_here && !is_here {
                    fields.push(FieldChange {
                        field: "keluarga".to_owned(),
                        from: None,
                        to: Some("keluar".to_owned()),
                    });
                }
                if was_here || is_here {
                    let name = if is_here {
                        &now
                    } else {
                        before.as_ref().unwrap_or(&now)
                    };
                    steps.push(step(version, Some((*person, name.name.clone())), fields));
                }
                before = Some(now);
            }
        }
        self.name_steps(id, &mut steps).await?;
        // Newest first; of one moment the family before its persons.
        steps.sort_by_key(|one| {
            (
                std::cmp::Reverse(one.at),
                one.person,
                std::cmp::Reverse(one.version),
            )
        });
        self.note_reads([read]).await?;
        Ok(FamilyHistory { items: steps })
    }

    /// Who did each step: the journal knows, by the moment and the object.
    async fn name_steps(&self, id: FamilyId, steps: &mut [FamilyStep]) -> Result<()> {
        let moments: HashSet<i64> = steps.iter().map(|step| step.at.as_micros()).collect();
        let moments: Vec<i64> = moments.into_iter().collect();
        let mut entries = Vec::new();
        for some in moments.chunks(500) {
            entries.extend(
                journal::Entity::find()
                    .filter(journal::Column::At.is_in(some.iter().copied()))
                    .filter(journal::Column::Action.is_in(ACTS))
                    .order_by_asc(journal::Column::Seq)
                    .all(self.store.read())
                    .await?,
            );
        }
        let own = format!("family:{id}");
        let people: std::collections::BTreeSet<Uuid> =
            entries.iter().filter_map(|entry| entry.actor).collect();
        let names = self.store.names_of(people).await?;
        for step in steps {
            let then = || {
                let at = step.at.as_micros();
                entries.iter().filter(move |entry| entry.at == at)
            };
            let entry = then()
                .find(|entry| entry.object == own)
                .or_else(|| then().find(|entry| entry.action == "import.rows"));
            if let Some(entry) = entry {
                step.action = Some(entry.action.clone());
                step.actor = entry.actor.map(UserId);
                step.name = entry.actor.and_then(|actor| names.get(&actor).cloned());
            }
        }
        Ok(())
    }

    /// A family on one day, as it was known on another.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn family_as_of(
        &self,
        id: FamilyId,
        at: Timestamp,
        known_at: Option<Timestamp>,
    ) -> Result<FamilyAsOf> {
        let known_at = known_at.unwrap_or_else(|| self.store.now());
        let (row, region) = self.family_in_reach(id).await?;
        let read = self.family_read(row.id, &region, "family_as_of")?;
        let versions = self.versions_of(id).await?;
        let moment = Moment {
            at: at.as_micros(),
            known_at: known_at.as_micros(),
        };
        let mut family = None;
        if let Some(version) = holding(&versions.family, moment) {
            let then = family_of(version)?;
            // A version of before versions were kept whole says nothing but that it was.
            if region_code(&then.region).is_ok() {
                let mut persons = Vec::new();
                for rows in versions.persons.values() {
                    if let Some(version) = holding(rows, moment) {
                        let one = person_of(version)?;
                        if one.family_id == row.id && one.merged_into.is_none() {
                            persons.push(one);
                        }
                    }
                }
                family = Some(family_view(then, persons, self.store.keys())?);
            }
        }
        self.note_reads([read]).await?;
        Ok(FamilyAsOf {
            at,
            known_at,
            family,
        })
    }
}

fn step(
    version: &row_version::Model,
    person: Option<(Uuid, String)>,
    fields: Vec<FieldChange>,
) -> FamilyStep {
    let (person, person_name) = person.unzip();
    FamilyStep {
        at: Timestamp::from_micros(version.recorded_at),
        since: Timestamp::from_micros(version.valid_from),
        actor: None,
        name: None,
        action: None,
        person: person.map(PersonId),
        person_name,
        version: version.version,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(version: i32, valid_from: i64, recorded_at: i64) -> row_version::Model {
        row_version::Model {
            kind: "family".to_owned(),
            id: Uuid::nil(),
            version,
            valid_from,
            recorded_at,
            body: "{}".to_owned(),
        }
    }

    #[test]
    fn what_is_said_later_of_an_earlier_day_holds_from_that_day_for_who_knows_it() {
        // Known at 10; corrected at 20; at 30 it is said that since 5 it was otherwise.
        let versions = [version(1, 10, 10), version(2, 20, 20), version(3, 5, 30)];
        let at = |at, known_at| holding(&versions, Moment { at, known_at }).map(|row| row.version);
        assert_eq!(at(9, 9), None);
        assert_eq!(at(9, 29), None);
        assert_eq!(at(10, 10), Some(1));
        assert_eq!(at(15, 25), Some(1));
        assert_eq!(at(25, 15), Some(1));
        assert_eq!(at(25, 25), Some(2));
        assert_eq!(at(7, 30), Some(3));
        assert_eq!(at(25, 30), Some(3));
        assert_eq!(at(4, 99), None);
    }
}
