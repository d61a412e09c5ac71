//! Quotas: `program,region,slots`, one line a village. In force they are slots: as many as the quota says, neither more
//! nor fewer.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Set};
use tilik_protocol::membership::SlotState;
use tilik_protocol::policy::Role;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;

use super::cells::{Look, program_code, some_number};
use super::{CHUNK, Run, Tally, Waiting};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Sheet, needs, problem};
use crate::store::Write;
use crate::store::journal::Entry;
use crate::store::slots::{self, TwoPersons};
use crate::store::tables::{program, quota, slot};

const PROGRAM: usize = 0;
const REGION: usize = 1;
const SLOTS: usize = 2;
pub(super) const COLUMNS: &[Column] = &[
    needs("program", &["kodeprogram"]),
    needs(
        "region",
        &["wilayah", "kodewilayah", "wilayahcode", "kelurahan"],
    ),
    needs("slots", &["jatah", "kuota", "jumlah"]),
];

pub(super) fn read(file: &Brought) -> Result<Sheet> {
    Sheet::read(file, COLUMNS)
}

fn below_held() -> FieldProblem {
    problem(
        "slots",
        "below_held",
        "Kuota lebih kecil daripada jatah yang terpakai; batalkan kepesertaan lewat keputusan lebih dahulu.",
    )
}

/// How many slots there are, and how many of them are somebody's.
async fn standing(write: &Write, program: &str, region: &str) -> Result<(i32, i32)> {
    let all = slot::Entity::find()
        .filter(slot::Column::Program.eq(program))
        .filter(slot::Column::Region.eq(region))
        .filter(slot::Column::State.ne(SlotState::Retired.to_string()));
    let there = all.clone().count(write.on()).await?;
    let free = all
        .filter(slot::Column::State.eq(SlotState::Free.to_string()))
        .count(write.on())
        .await?;
    let whole = |n: u64| i32::try_from(n).map_err(Error::internal);
    Ok((whole(there)?, whole(there - free)?))
}

impl Run<'_> {
    pub(super) async fn quotas(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let places = self.by.places().await?;
        let mut seen = HashSet::new();
        for chunk in sheet.rows.chunks(CHUNK) {
            let write = self.chunk().await?;
            let programs: HashSet<String> = program::Entity::find()
                .all(write.on())
                .await?
                .into_iter()
                .map(|row| row.code)
                .collect();
            let now: HashMap<(String, String), i32> = quota::Entity::find()
                .all(write.on())
                .await?
                .into_iter()
                .map(|row| ((row.program, row.region), row.slots))
                .collect();
            let mut waiting = Vec::new();
            for row in chunk {
                let mut look = Look::at(row);
                let program = look.take(program_code("program", row.cell(PROGRAM)));
                if program
                    .as_ref()
                    .is_some_and(|code| !programs.contains(code))
                {
                    look.problems.push(unknown_program());
                }
                let region = look.take(places.village("region", row.cell(REGION)));
                if region.as_ref().is_some_and(|code| !self.reaches(code)) {
                    look.problems.push(problem(
                        "region",
                        "out_of_scope",
                        "Kelurahan ini di luar wilayah tugas Anda.",
                    ));
                }
                let slots = look.take(some_number("slots", row.cell(SLOTS), (0, 100_000)));
                let (Some(program), Some(region), Some(slots)) = (program, region, slots) else {
                    tally.reject(row.line, look.problems);
                    continue;
                };
                if !seen.insert((program.clone(), region.clone())) {
                    look.problems.push(problem(
                        "region",
                        "duplicate",
                        "Kuota program ini untuk kelurahan ini ada di dua baris; hapus salah satunya.",
                    ));
                }
                let before = now.get(&(program.clone(), region.to_string())).copied();
                if look.problems.is_empty()
                    && before.is_some_and(|before| slots < before)
                    && standing(&write, &program, region.as_str()).await?.1 > slots
                {
                    look.problems.push(below_held());
                }
                if !look.problems.is_empty() {
                    tally.reject(row.line, look.problems);
                    continue;
                }
                tally.touches(&region);
                if before == Some(slots) {
                    tally.unchanged += 1;
                } else {
                    tally.waiting += 1;
                    waiting.push((
                        row.line,
                        Waiting::Quota {
                            program,
                            region,
                            slots,
                        },
                    ));
                }
            }
            self.wait(&write, waiting).await?;
            self.commit(write, chunk.len(), 0, 0).await?;
        }
        Ok(tally)
    }
}

pub(super) fn unknown_program() -> FieldProblem {
    problem(
        "program",
        "unknown_program",
        "Program ini belum terdaftar; impor daftar program lebih dahulu atau perbaiki kodenya.",
    )
}

pub(super) async fn put_in_force(
    write: &mut Write,
    line: u64,
    program: &str,
    region: &RegionCode,
    slots: i32,
    by: &TwoPersons,
    tally: &mut Tally,
) -> Result<()> {
    // A place that moves waits for this row, or has moved before the slots are counted.
    let before = quota::Entity::find_by_id((program.to_owned(), region.to_string()))
        .lock_exclusive()
        .one(write.on())
        .await?
        .map(|row| row.slots);
    let (there, held) = standing(write, program, region.as_str()).await?;
    if held > slots {
        tally.reject(line, vec![below_held()]);
        return Ok(());
    }
    if before == Some(slots) && there == slots {
        tally.unchanged += 1;
        return Ok(());
    }
    match usize::try_from(slots - there) {
        Ok(more) => {
            slots::create(write, program, region.as_str(), &vec![None; more]).await?;
            slots::bring_within(write, program, region.as_str(), by).await?;
        }
        Err(_) => slots::retire(write, program, region.as_str(), there - slots, by).await?,
    }
    quota::Entity::insert(quota::ActiveModel {
        program: Set(program.to_owned()),
        region: Set(region.to_string()),
        slots: Set(slots),
        recorded_at: Set(write.at().as_micros()),
    })
    .on_conflict(
        OnConflict::columns([quota::Column::Program, quota::Column::Region])
            .update_columns([quota::Column::Slots, quota::Column::RecordedAt])
            .to_owned(),
    )
    .exec_without_returning(write.on())
    .await?;
    write.journal(Entry::new(
        "quota.set",
        format!("quota:{program}:{region}"),
        Role::Approver,
        None,
        &serde_json::json!({ "program": program, "region": region, "from": before, "to": slots,
            "proposer": by.proposer(), "confirmer": by.confirmer() }),
    )?);
    if before.is_some() {
        tally.changed += 1;
    } else {
        tally.added += 1;
    }
    Ok(())
}
