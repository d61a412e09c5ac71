//! Regions: `code,parent,name,level`.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use tilik_protocol::form::Form;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::sync::Bucket;

use super::cells::{Look, region_code, words};
use super::{CHUNK, Run, Tally, insert_all};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Sheet, needs, problem, takes};
use crate::store::tables::region;

const CODE: usize = 0;
const PARENT: usize = 1;
const NAME: usize = 2;
const LEVEL: usize = 3;
pub(super) const COLUMNS: &[Column] = &[
    needs("code", &["kode", "kodewilayah", "wilayahcode"]),
    takes("parent", &["induk", "kodeinduk"]),
    needs("name", &["nama", "namawilayah"]),
    takes("level", &["tingkat"]),
];

pub(super) fn read(file: &Brought) -> Result<Sheet> {
    Sheet::read(file, COLUMNS)
}

struct Wanted {
    line: u64,
    code: RegionCode,
    name: String,
}

/// The level a file's word means.
fn level_of(word: &str) -> Option<RegionLevel> {
    match word.to_lowercase().as_str() {
        "province" | "provinsi" | "propinsi" => Some(RegionLevel::Province),
        "city" | "kota" | "kabupaten" | "kabkota" | "kab/kota" | "kab" => Some(RegionLevel::City),
        "district" | "kecamatan" | "kec" => Some(RegionLevel::District),
        "village" | "kelurahan" | "desa" | "kel" => Some(RegionLevel::Village),
        _ => None,
    }
}

impl Run<'_> {
    pub(super) async fn regions(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let wanted = self.read_regions(&sheet, &mut tally).await?;
        for chunk in wanted.chunks(CHUNK) {
            self.put_regions(chunk, &mut tally).await?;
        }
        Ok(tally)
    }

    async fn read_regions(&self, sheet: &Sheet, tally: &mut Tally) -> Result<Vec<Wanted>> {
        let known = self.by.places().await?;
        let listed: HashSet<RegionCode> = sheet
            .rows
            .iter()
            .filter_map(|row| region_code("code", row.cell(CODE)).ok())
            .collect();
        let mut seen: HashMap<RegionCode, u64> = HashMap::new();
        let mut wanted = Vec::new();
        for row in &sheet.rows {
            let mut look = Look::at(row);
            let code = look.take(region_code("code", row.cell(CODE)));
            let name = look.take(words("name", row.cell(NAME), 100));
            if let Some(code) = &code {
                if !self.touches(code) {
                    look.problems.push(problem(
                        "code",
                        "out_of_scope",
                        "Wilayah ini di luar wilayah tugas Anda.",
                    ));
                }
                // A district's list begins with its city, which may be there already and is not the district's to rename.
                let renames = name.is_some()
                    && known
                        .name_of(code)
                        .is_some_and(|now| name.as_deref() != Some(now));
                if self.touches(code) && renames && !self.answers_for(code) {
                    look.problems.push(problem(
                        "name",
                        "out_of_scope",
                        "Nama wilayah di atas wilayah tugas Anda hanya diubah oleh admin wilayah itu; tulis nama yang sekarang.",
                    ));
                }
                if let Some(first) = seen.get(code) {
                    look.problems.push(problem(
                        "code",
                        "duplicate",
                        format!("Kode ini sudah ada di baris {first}; hapus salah satunya."),
                    ));
                }
                let level = row.cell(LEVEL);
                if !level.is_empty() && level_of(level) != Some(code.level()) {
                    look.problems.push(problem(
                        "level",
                        "level_differs",
                        "Tingkat tidak sesuai dengan panjang kode; isi provinsi, kota, kecamatan atau kelurahan.",
                    ));
                }
                let parent = code.parent();
                let said = row.cell(PARENT);
                if !said.is_empty() && region_code("parent", said).ok().as_ref() != parent.as_ref()
                {
                    look.problems.push(problem(
                        "parent",
                        "parent_differs",
                        "Induk harus kode yang sama tanpa bagian terakhirnya.",
                    ));
                }
                if parent.is_some_and(|up| !listed.contains(&up) && !known.has(&up)) {
                    look.problems.push(problem(
                        "code",
                        "unknown_parent",
                        "Wilayah di atasnya tidak ada di berkas ini maupun di daftar; tambahkan barisnya.",
                    ));
                }
                seen.entry(code.clone()).or_insert(row.line);
            }
            match (code, name) {
                (Some(code), Some(name)) if look.problems.is_empty() => wanted.push(Wanted {
                    line: row.line,
                    code,
                    name,
                }),
                _ => tally.reject(row.line, look.problems),
            }
        }
        // Parents first, so that none stands without its own.
        wanted.sort_by(|a, b| {
            a.code
                .level()
                .cmp(&b.code.level())
                .then(a.line.cmp(&b.line))
        });
        Ok(wanted)
    }

    async fn put_regions(&self, chunk: &[Wanted], tally: &mut Tally) -> Result<()> {
        let mut write = self.chunk().await?;
        let known: HashMap<String, region::Model> = region::Entity::find()
            .filter(region::Column::Code.is_in(chunk.iter().map(|one| one.code.as_str())))
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.code.clone(), row))
            .collect();
        let (mut added, mut changed) = (0, 0);
        let mut rows = Vec::new();
        for one in chunk {
            tally.touches(&one.code);
            match known.get(one.code.as_str()) {
                Some(row) if row.name == one.name => tally.unchanged += 1,
                Some(_) => {
                    changed += 1;
                    region::Entity::update_many()
                        .set(region::ActiveModel {
                            name: Set(one.name.clone()),
                            ..Default::default()
                        })
                        .filter(region::Column::Code.eq(one.code.as_str()))
                        .exec(write.on())
                        .await?;
                }
                None => {
                    added += 1;
                    rows.push(region::ActiveModel {
                        code: Set(one.code.to_string()),
                        parent: Set(one.code.parent().map(|up| up.to_string())),
                        name: Set(one.name.clone()),
                        level: Set(one.code.level().to_string()),
                    });
                    if one.code.level() == RegionLevel::City {
                        // Every phone that works anywhere in the city follows the city's bucket, and finds the form there.
                        let form = Form::kepmensos_262().map_err(Error::internal)?;
                        write.feed_put(
                            Bucket::region(&one.code),
                            format!("form:{}:{}", form.id, form.version),
                            &form,
                        )?;
                    }
                }
            }
        }
        insert_all(&write, rows).await?;
        self.commit(write, chunk.len(), added, changed).await?;
        tally.added += added;
        tally.changed += changed;
        Ok(())
    }
}
