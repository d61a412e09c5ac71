//! Programs: `code,name,unit,decile_max,fund,central,urutan_daftar_tunggu`. A new one needs a quota before it gives anything; a changed rule
//! changes who is eligible, so it waits for an approver.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::waitlist::WaitlistOrder;

use super::cells::{Look, number, program_code, words, yes};
use super::{Run, Tally, Waiting, insert_all};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Sheet, needs, problem, takes};
use crate::store::Write;
use crate::store::journal::Entry;
use crate::store::tables::{program, region};

const CODE: usize = 0;
const NAME: usize = 1;
const UNIT: usize = 2;
const DECILE_MAX: usize = 3;
const FUND: usize = 4;
const CENTRAL: usize = 5;
const ORDER: usize = 6;
pub(super) const COLUMNS: &[Column] = &[
    needs("code", &["kode", "program", "kodeprogram"]),
    needs("name", &["nama", "namaprogram"]),
    needs("unit", &["satuan", "penerima"]),
    takes("decile_max", &["desilmax", "desilmaks", "batasdesil"]),
    needs("fund", &["dana", "sumberdana"]),
    takes("central", &["pusat"]),
    takes("urutan_daftar_tunggu", &["waitlistorder", "urutan"]),
];

pub(super) fn read(file: &Brought) -> Result<Sheet> {
    Sheet::read(file, COLUMNS)
}

/// A program as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProgramLine {
    code: String,
    name: String,
    unit: String,
    decile_max: Option<i32>,
    fund: String,
    central: bool,
    #[serde(default = "default_order")]
    waitlist_order: String,
}

/// Of lines that waited before programs had an order of their own.
fn default_order() -> String {
    WaitlistOrder::default().to_string()
}

/// In which order families wait; nothing: as before.
fn order(cell: &str) -> Result<Option<String>, FieldProblem> {
    if cell.is_empty() {
        return Ok(None);
    }
    let order: Result<WaitlistOrder, _> = cell.parse();
    order.map(|order| Some(order.to_string())).map_err(|_| {
        problem(
            "urutan_daftar_tunggu",
            "unknown",
            "Tulis ukuran yang mengurutkan, yang terpenting lebih dahulu, dipisahkan koma: desil, indikator_262, rentan, tanggal_usulan.",
        )
    })
}

fn unit(cell: &str) -> Result<String, FieldProblem> {
    match cell.to_lowercase().as_str() {
        "family" | "keluarga" | "kk" | "kpm" => Ok("family".to_owned()),
        "person" | "orang" | "jiwa" => Ok("person".to_owned()),
        _ => Err(problem("unit", "unknown", "Isi keluarga atau orang.")),
    }
}

impl ProgramLine {
    fn of(row: &program::Model) -> Self {
        Self {
            code: row.code.clone(),
            name: row.name.clone(),
            unit: row.unit.clone(),
            decile_max: row.decile_max,
            fund: row.fund.clone(),
            central: row.central,
            waitlist_order: row.waitlist_order.clone(),
        }
    }

    fn row(&self, at: i64) -> program::Model {
        program::Model {
            code: self.code.clone(),
            name: self.name.clone(),
            unit: self.unit.clone(),
            decile_max: self.decile_max,
            fund: self.fund.clone(),
            central: self.central,
            waitlist_order: self.waitlist_order.clone(),
            recorded_at: at,
        }
    }
}

impl Run<'_> {
    /// The cities of the registry: a program counts in all of them.
    async fn cities(&self, write: &Write) -> Result<Vec<RegionCode>> {
        let rows = region::Entity::find()
            .filter(region::Column::Level.eq(RegionLevel::City.to_string()))
            .order_by_asc(region::Column::Code)
            .all(write.on())
            .await?;
        let codes = rows.into_iter().map(|row| row.code.parse());
        let mut codes: Vec<RegionCode> =
            codes.collect::<Result<_, _>>().map_err(Error::internal)?;
        codes.retain(|code| !code.is_training());
        Ok(codes)
    }

    /// Whether the whole registry is the actor's; before there are cities, whether a city is.
    fn reaches_all(&self, cities: &[RegionCode]) -> bool {
        let of_a_city = |scope: &Vec<RegionCode>| {
            let mut codes = scope.iter();
            codes.any(|code| code.level() <= RegionLevel::City)
        };
        self.scope.as_ref().is_none_or(of_a_city) && cities.iter().all(|city| self.reaches(city))
    }

    pub(super) async fn programs(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let mut write = self.chunk().await?;
        let known: HashMap<String, program::Model> = program::Entity::find()
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.code.clone(), row))
            .collect();
        let cities = self.cities(&write).await?;
        let everywhere = self.reaches_all(&cities);
        for city in cities {
            tally.touches(&city);
        }
        let mut seen = HashSet::new();
        let (mut rows, mut waiting) = (Vec::new(), Vec::new());
        let at = write.at().as_micros();
        for row in &sheet.rows {
            let mut look = Look::at(row);
            let code = look.take(program_code("code", row.cell(CODE)));
            let name = look.take(words("name", row.cell(NAME), 100));
            let unit = look.take(unit(row.cell(UNIT)));
            let decile_max = look.take(number("decile_max", row.cell(DECILE_MAX), (1, 10)));
            let fund = look.take(words("fund", row.cell(FUND), 40));
            let central = look.take(yes("central", row.cell(CENTRAL), false));
            let order = look.take(order(row.cell(ORDER)));
            if code.as_ref().is_some_and(|code| !seen.insert(code.clone())) {
                look.problems.push(problem(
                    "code",
                    "duplicate",
                    "Program ini ada di dua baris; hapus salah satunya.",
                ));
            }
            if !everywhere {
                look.problems.push(problem(
                    "code",
                    "out_of_scope",
                    "Program berlaku di seluruh wilayah; impor oleh admin yang wilayah tugasnya mencakup semuanya.",
                ));
            }
            let before = code.as_ref().and_then(|code| known.get(code));
            if let (Some(before), Some(unit)) = (before, &unit)
                && before.unit != *unit
            {
                look.problems.push(problem(
                    "unit",
                    "cannot_change",
                    "Satuan penerima program yang sudah ada tidak dapat diubah; buat program baru.",
                ));
            }
            let line = match (code, name, unit, decile_max, fund, central, order) {
                (
                    Some(code),
                    Some(name),
                    Some(unit),
                    Some(decile_max),
                    Some(fund),
                    Some(central),
                    Some(order),
                ) if look.problems.is_empty() => ProgramLine {
                    code,
                    name,
                    unit,
                    decile_max,
                    fund: fund.to_lowercase(),
                    central,
                    waitlist_order: order
                        .or_else(|| before.map(|row| row.waitlist_order.clone()))
                        .unwrap_or_else(default_order),
                },
                _ => {
                    tally.reject(row.line, look.problems);
                    continue;
                }
            };
            match before {
                Some(before) if ProgramLine::of(before) == line => tally.unchanged += 1,
                Some(_) => waiting.push((row.line, Waiting::Program(line))),
                None => {
                    write.journal(Entry::new(
                        "program.add",
                        format!("program:{}", line.code),
                        self.role(),
                        None,
                        &line,
                    )?);
                    rows.push(line.row(at).into_active_model().reset_all());
                }
            }
        }
        tally.added += rows.len() as u64;
        tally.waiting += waiting.len() as u64;
        let added = rows.len() as u64;
        insert_all(&write, rows).await?;
        self.wait(&write, waiting).await?;
        self.commit(write, sheet.rows.len(), added, 0).await?;
        Ok(tally)
    }
}

pub(super) async fn put_in_force(
    write: &mut Write,
    line: &ProgramLine,
    tally: &mut Tally,
) -> Result<()> {
    let before = program::Entity::find_by_id(&line.code)
        .one(write.on())
        .await?
        .ok_or_else(|| Error::internal("a program that was to change is gone"))?;
    let before = ProgramLine::of(&before);
    if before == *line {
        tally.unchanged += 1;
        return Ok(());
    }
    let mut row = line
        .row(write.at().as_micros())
        .into_active_model()
        .reset_all();
    row.code = Set(line.code.clone());
    row.update(write.on()).await?;
    write.journal(Entry::new(
        "program.change",
        format!("program:{}", line.code),
        Role::Approver,
        None,
        &serde_json::json!({ "from": before, "to": line }),
    )?);
    tally.changed += 1;
    Ok(())
}
