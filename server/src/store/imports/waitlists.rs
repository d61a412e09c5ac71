//! Waitlists: ranked families per program and village, with the facts that rank them. A list does nothing until an
//! approver freezes it; from then on its hash is in the journal.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use sha2::{Digest, Sha256};
use tilik_protocol::ids::WaitlistId;
use tilik_protocol::nik::Day;
use tilik_protocol::policy::Role;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::ImportedWaitlist;
use tilik_protocol::waitlist::{WaitFacts, WaitlistOrder};
use uuid::Uuid;

use super::cells::{Look, number, past_date, program_code, some_number, yes};
use super::quotas::unknown_program;
use super::units::{Found, Unit};
use super::{CHUNK, Run, Tally, Waiting, insert_all};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Row, Sheet, needs, problem, takes};
use crate::store::Write;
use crate::store::journal::{Entry, hex};
use crate::store::tables::{program, waitlist, waitlist_entry};

const PROGRAM: usize = 0;
const REGION: usize = 1;
const POSITION: usize = 2;
const KEY: usize = 3;
const KK: usize = 4;
const NIK: usize = 5;
const DECILE: usize = 6;
const HITS: usize = 7;
const VULNERABLE: usize = 8;
const PROPOSED: usize = 9;
pub(super) const COLUMNS: &[Column] = &[
    needs("program", &["kodeprogram", "bansos"]),
    needs(
        "region",
        &["wilayah", "kodewilayah", "wilayahcode", "kelurahan"],
    ),
    needs("urutan", &["position", "peringkat", "nomorurut"]),
    takes("id_keluarga", &["idkeluargadtsen", "iddtks"]),
    takes("no_kk", &["nokk", "kk", "nomorkk"]),
    takes("nik", &[]),
    takes("desil", &["decile", "desilnasional"]),
    takes("indikator_262", &["indikator", "hits", "hits262"]),
    takes("rentan", &["vulnerable", "lansiadisabilitasbalita"]),
    takes("tanggal_usulan", &["proposedon", "tglusulan"]),
];

pub(super) fn read(file: &Brought) -> Result<Sheet> {
    let sheet = Sheet::read(file, COLUMNS)?;
    if [KEY, KK, NIK].iter().any(|column| sheet.has(*column)) {
        Ok(sheet)
    } else {
        Err(Error::field(
            "no_kk",
            "missing_header",
            "Tambahkan kolom \"no_kk\", \"id_keluarga\" atau \"nik\", agar keluarganya ditemukan.",
        ))
    }
}

/// One line that could be read.
struct Candidate {
    line: u64,
    program: String,
    region: RegionCode,
    position: i32,
    unit: Unit,
    decile: Option<i32>,
    facts: serde_json::Value,
    rank: Option<WaitFacts>,
}

/// One that could be placed.
struct Place {
    line: u64,
    position: i32,
    family: Uuid,
    person: Option<Uuid>,
    facts: String,
    rank: Option<WaitFacts>,
}

/// What the journal holds of a list: every rank, in order, with the facts behind it.
fn hash_of(program: &str, region: &RegionCode, places: &[Place]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(format!("tilik waitlist v1\n{program}\n{region}\n"));
    for place in places {
        let person = place.person.map(|id| id.to_string()).unwrap_or_default();
        hash.update(format!(
            "{} {} {person} {}\n",
            place.position, place.family, place.facts
        ));
    }
    hash.finalize().to_vec()
}

impl Run<'_> {
    pub(super) async fn waitlists(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let places = self.by.places().await?;
        let programs: HashMap<String, program::Model> = program::Entity::find()
            .all(self.by.store.read())
            .await?
            .into_iter()
            .map(|row| (row.code.clone(), row))
            .collect();
        let today = places.today(self.by.store.now());
        let mut lists: BTreeMap<(String, RegionCode), Vec<Candidate>> = BTreeMap::new();
        for row in &sheet.rows {
            let mut look = Look::at(row);
            let read = Self::waitlist_line(&mut look, row, today);
            if read
                .as_ref()
                .is_some_and(|one| !programs.contains_key(&one.program))
            {
                look.problems.push(unknown_program());
            }
            if let Some(region) = look.take(places.village("region", row.cell(REGION)))
                && !self.reaches(&region)
            {
                look.problems.push(problem(
                    "region",
                    "out_of_scope",
                    "Kelurahan ini di luar wilayah tugas Anda.",
                ));
            }
            match read {
                Some(one) if look.problems.is_empty() => lists
                    .entry((one.program.clone(), one.region.clone()))
                    .or_default()
                    .push(one),
                _ => tally.reject(row.line, look.problems),
            }
        }
        for ((program, region), mut lines) in lists {
            tally.touches(&region);
            lines.sort_by_key(|one| (one.position, one.line));
            if let Some(program) = programs.get(&program) {
                self.waitlist(program, &region, lines, &mut tally).await?;
            }
        }
        Ok(tally)
    }

    fn waitlist_line(look: &mut Look<'_>, row: &Row, today: Option<Day>) -> Option<Candidate> {
        let program = look.take(program_code("program", row.cell(PROGRAM)));
        let region = super::cells::region_code("region", row.cell(REGION)).ok();
        let position = look.take(some_number("urutan", row.cell(POSITION), (1, 1_000_000)));
        let unit = Unit::read(look, KEY, KK, NIK);
        let decile = look.take(number("desil", row.cell(DECILE), (1, 10)));
        let hits = look.take(number("indikator_262", row.cell(HITS), (0, 9)));
        let vulnerable = look.take(yes("rentan", row.cell(VULNERABLE), false));
        let proposed = look.take(past_date("tanggal_usulan", row.cell(PROPOSED), today));
        let (decile, hits, vulnerable, proposed) = (decile?, hits?, vulnerable?, proposed?);
        Some(Candidate {
            line: row.line,
            program: program?,
            region: region?,
            position: position?,
            unit: unit?,
            decile,
            facts: serde_json::json!({ "desil": decile, "indikator_262": hits, "rentan": vulnerable,
                "tanggal_usulan": proposed.map(|date| date.to_string()) }),
            rank: decile.map(|_| WaitFacts {
                decile,
                indicators: hits,
                vulnerable,
                proposed_on: proposed.map(|date| {
                    date.year.cast_signed() * 10_000 + (date.month * 100 + date.day).cast_signed()
                }),
            }),
        })
    }

    /// One list, whole, in one transaction: a part of a list would be another list.
    async fn waitlist(
        &self,
        program: &program::Model,
        region: &RegionCode,
        lines: Vec<Candidate>,
        tally: &mut Tally,
    ) -> Result<()> {
        let for_persons = program.unit == "person";
        let order: WaitlistOrder = program
            .waitlist_order
            .parse()
            .map_err(|_| Error::internal("a program's order of its waitlist cannot be read"))?;
        let program = program.code.as_str();
        let write = self.chunk().await?;
        let listed = lines.len();
        let mut places = Vec::new();
        for some in lines.chunks(CHUNK) {
            let units: Vec<&Unit> = some.iter().map(|one| &one.unit).collect();
            let found = Found::look_up(&write, &units).await?;
            self.find(found.ids());
            for one in some {
                match placed(one, &found, region, for_persons, tally) {
                    Ok(place) => places.push(place),
                    Err(reason) => tally.reject(one.line, vec![reason]),
                }
            }
        }
        let places = once_each(places, tally);
        out_of_order(&places, &order, tally);
        let Some(first) = places.first().map(|place| place.line) else {
            return Ok(());
        };
        let hash = hash_of(program, region, &places);
        let known = waitlist::Entity::find()
            .filter(waitlist::Column::Program.eq(program))
            .filter(waitlist::Column::Region.eq(region.as_str()))
            .filter(waitlist::Column::SupersededAt.is_null())
            .filter(waitlist::Column::Hash.eq(hash.clone()))
            .order_by_desc(waitlist::Column::ImportedAt)
            .one(write.on())
            .await?;
        let told = |id: Uuid| ImportedWaitlist {
            id: WaitlistId(id),
            program: program.to_owned(),
            region: region.clone(),
            entries: places.len() as u64,
            hash: hex(&hash),
        };
        if let Some(known) = known
            && known.frozen_at.is_some()
        {
            tally.unchanged += places.len() as u64;
            tally.told.waitlists.push(told(known.id));
            return Ok(());
        }
        let id: WaitlistId = self.by.store.ids().next();
        let id = Uuid::from(id);
        waitlist::ActiveModel {
            id: Set(id),
            program: Set(program.to_owned()),
            region: Set(region.to_string()),
            hash: Set(hash.clone()),
            imported_by: Set(self.by.actor.user().map(Into::into)),
            imported_at: Set(write.at().as_micros()),
            frozen_by: Set(None),
            frozen_at: Set(None),
            superseded_at: Set(None),
        }
        .insert(write.on())
        .await?;
        tally.told.waitlists.push(told(id));
        tally.waiting += places.len() as u64;
        let rows = places.into_iter().map(|place| waitlist_entry::ActiveModel {
            waitlist_id: Set(id),
            position: Set(place.position),
            family_id: Set(place.family),
            person_id: Set(place.person),
            facts: Set(place.facts),
            taken_at: Set(None),
            taken_by: Set(None),
        });
        insert_all(&write, rows.collect()).await?;
        self.wait(&write, vec![(first, Waiting::Waitlist { id })])
            .await?;
        self.commit(write, listed, 0, 0).await
    }
}

fn placed(
    one: &Candidate,
    found: &Found,
    region: &RegionCode,
    for_persons: bool,
    tally: &mut Tally,
) -> Result<Place, FieldProblem> {
    let home = found.family(&one.unit)?;
    let person = for_persons
        .then(|| found.person(&one.unit, home.id))
        .transpose()?;
    if home.region != region.as_str() {
        return Err(problem(
            "region",
            "other_village",
            "Keluarga ini tercatat di kelurahan lain; daftar tunggu dibuat per kelurahan.",
        ));
    }
    if one.decile.is_some() && home.decile != one.decile {
        tally.warn(
            one.line,
            vec![problem(
                "desil",
                "differs",
                "Desil di daftar ini berbeda dari desil keluarga yang tercatat.",
            )],
        );
    }
    Ok(Place {
        line: one.line,
        position: one.position,
        family: home.id,
        person,
        facts: one.facts.to_string(),
        rank: one.rank,
    })
}

/// Nobody stands on a list twice, and no rank is given twice.
fn once_each(places: Vec<Place>, tally: &mut Tally) -> Vec<Place> {
    let (mut ranks, mut units) = (HashSet::new(), HashSet::new());
    let mut kept = Vec::new();
    for place in places {
        let reason = if !units.insert((place.family, place.person)) {
            problem(
                "no_kk",
                "duplicate",
                "Keluarga atau orang ini sudah ada di daftar yang sama; hapus salah satunya.",
            )
        } else if !ranks.insert(place.position) {
            problem(
                "urutan",
                "duplicate",
                "Urutan ini sudah dipakai di daftar yang sama; putuskan lewat musyawarah siapa lebih dahulu.",
            )
        } else {
            kept.push(place);
            continue;
        };
        tally.reject(place.line, vec![reason]);
    }
    kept
}

/// Tells where the order is not what the facts say; the approver sees it before confirming.
fn out_of_order(places: &[Place], order: &WaitlistOrder, tally: &mut Tally) {
    let mut worst: Option<WaitFacts> = None;
    for place in places {
        let Some(rank) = place.rank else { continue };
        if worst.is_some_and(|worst| order.compare(&rank, &worst).is_lt()) {
            tally.warn(
                place.line,
                vec![problem(
                    "urutan",
                    "out_of_order",
                    format!(
                        "Menurut urutan program ini ({order}), baris ini seharusnya lebih dahulu."
                    ),
                )],
            );
        } else {
            worst = Some(rank);
        }
    }
}

/// The list is in force from now on, instead of the one before it.
pub(super) async fn freeze(write: &mut Write, id: Uuid, tally: &mut Tally) -> Result<()> {
    let row = waitlist::Entity::find_by_id(id)
        .one(write.on())
        .await?
        .ok_or_else(|| Error::internal("a waitlist that was to be frozen is gone"))?;
    let entries = waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::WaitlistId.eq(id))
        .order_by_asc(waitlist_entry::Column::Position)
        .all(write.on())
        .await?;
    let region: RegionCode = row.region.parse().map_err(Error::internal)?;
    let places: Vec<Place> = entries
        .into_iter()
        .map(|entry| Place {
            line: 0,
            position: entry.position,
            family: entry.family_id,
            person: entry.person_id,
            facts: entry.facts,
            rank: None,
        })
        .collect();
    // What is frozen is what was read: rows that somebody changed meanwhile are not put in force.
    if hash_of(&row.program, &region, &places) != row.hash {
        return Err(Error::internal(
            "a waitlist is not the one that was imported",
        ));
    }
    let at = write.at().as_micros();
    waitlist::Entity::update_many()
        .set(waitlist::ActiveModel {
            superseded_at: Set(Some(at)),
            ..Default::default()
        })
        .filter(waitlist::Column::Program.eq(&row.program))
        .filter(waitlist::Column::Region.eq(&row.region))
        .filter(waitlist::Column::FrozenAt.is_not_null())
        .filter(waitlist::Column::SupersededAt.is_null())
        .exec(write.on())
        .await?;
    write.journal(Entry::new(
        "waitlist.freeze",
        format!("waitlist:{id}"),
        Role::Approver,
        None,
        &serde_json::json!({ "program": row.program, "region": row.region, "hash": hex(&row.hash),
            "entries": places.len(), "importer": row.imported_by }),
    )?);
    let frozen_by = write.actor().user().map(Into::into);
    let mut row: waitlist::ActiveModel = row.into();
    row.frozen_by = Set(frozen_by);
    row.frozen_at = Set(Some(at));
    row.update(write.on()).await?;
    tally.added += places.len() as u64;
    Ok(())
}
