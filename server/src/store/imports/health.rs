//! Health insurance from a file: each line a person's status with the day of its data. It changes no membership; whom
//! nobody here knows waits in the worklist.

use tilik_protocol::health::{Cells, Names, Said, read as read_line};
use tilik_protocol::population::Channel;
use tilik_protocol::region::{RegionCode, RegionLevel};

use super::{CHUNK, Run, Tally, city_of};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Row, Sheet, needs, problem, takes};
use crate::store::health::{Line, Outcome, Source, take};
use crate::store::imports::day_of;

const NIK: usize = 0;
const STATUS: usize = 1;
const SEGMENT: usize = 2;
const SINCE: usize = 3;
const AS_OF: usize = 4;
const NAME: usize = 5;
pub(super) const COLUMNS: &[Column] = &[
    needs("nik", &["nonik", "nomorindukkependudukan"]),
    needs(
        "status",
        &[
            "statuspeserta",
            "statuskepesertaan",
            "statusjkn",
            "statusbpjs",
        ],
    ),
    takes(
        "segmen",
        &[
            "segment",
            "segmenpeserta",
            "jenispeserta",
            "jeniskepesertaan",
        ],
    ),
    takes(
        "sejak",
        &[
            "since",
            "tmt",
            "tanggalnonaktif",
            "tglnonaktif",
            "tmtnonaktif",
            "berlakusejak",
        ],
    ),
    needs(
        "per_tanggal",
        &[
            "pertanggal",
            "tanggaldata",
            "tgldata",
            "datapertanggal",
            "asof",
        ],
    ),
    takes("nama", &["name", "namapeserta"]),
];
const NAMES: Names = Names {
    status: "status",
    segment: "segmen",
    since: "sejak",
    as_of: "per_tanggal",
    name: "nama",
};

/// What a file is called as a source: nobody signed it.
const FILE: &str = "berkas";

pub(super) fn read(file: &Brought) -> Result<Sheet> {
    Sheet::read(file, COLUMNS)
}

impl Run<'_> {
    pub(super) async fn health(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let source = self.health_source().await?;
        let today = day_of(&source.region, self.by.store.now())
            .ok_or_else(|| Error::internal("a day before the calendar"))?;
        for chunk in sheet.rows.chunks(CHUNK) {
            let mut read = Vec::new();
            for row in chunk {
                let cell = |at| row.cell(at);
                let cells = Cells {
                    nik: cell(NIK),
                    status: cell(STATUS),
                    segment: cell(SEGMENT),
                    since: cell(SINCE),
                    as_of: cell(AS_OF),
                    name: cell(NAME),
                };
                match read_line(&cells, &NAMES, today) {
                    Ok(said) => read.push((row, said)),
                    Err(problems) => tally.reject(row.line, problems),
                }
            }
            self.put_health(&source, read, chunk.len(), &mut tally)
                .await?;
        }
        Ok(tally)
    }

    /// Where what is about nobody waits: the first city of whoever brings the file.
    async fn health_source(&self) -> Result<Source> {
        let reach = match &self.scope {
            Some(scope) => scope.clone(),
            None => self.all_cities().await?,
        };
        let region = reach.first().cloned().map(city_of);
        Ok(Source {
            feed: FILE.to_owned(),
            channel: Channel::File,
            by: self.by.actor.user().map(Into::into),
            region: region.ok_or_else(|| {
                Error::field(
                    "file",
                    "no_regions",
                    "Belum ada wilayah; impor daftar wilayah lebih dahulu.",
                )
            })?,
            reach,
            has_ids: false,
        })
    }

    async fn all_cities(&self) -> Result<Vec<RegionCode>> {
        use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

        use crate::store::tables::region;
        region::Entity::find()
            .filter(region::Column::Level.eq(RegionLevel::City.to_string()))
            .order_by_asc(region::Column::Code)
            .all(self.by.store.read())
            .await?
            .into_iter()
            .map(|row| row.code.parse().map_err(Error::internal))
            .filter(|code: &Result<RegionCode>| code.as_ref().is_ok_and(|code| !code.is_training()))
            .collect()
    }

    async fn put_health(
        &self,
        source: &Source,
        read: Vec<(&Row, Said)>,
        lines: usize,
        tally: &mut Tally,
    ) -> Result<()> {
        let write = self.chunk().await?;
        let asked: Vec<Line> = read
            .iter()
            .map(|(row, said)| Line {
                event: format!("{}:{}", self.id, row.line),
                said: said.clone(),
            })
            .collect();
        let outcomes = take(&write, source, &asked).await?;
        self.find(outcomes.families);
        let (mut added, mut changed) = (0, 0);
        for ((row, _), outcome) in read.iter().zip(outcomes.each) {
            match outcome {
                Outcome::First => added += 1,
                Outcome::Current => changed += 1,
                Outcome::Past => {
                    added += 1;
                    let told =
                        "Data yang lebih baru sudah tercatat; baris ini disimpan sebagai riwayat.";
                    tally.warn(row.line, vec![problem("per_tanggal", "older", told)]);
                }
                // The id is the line's own: what it says was said by the run before that was broken off.
                Outcome::Known | Outcome::Conflict => tally.unchanged += 1,
                Outcome::Unmatched => {
                    added += 1;
                    let told = "NIK ini tidak ada di register wilayah Anda; barisnya menunggu di daftar yang perlu dilihat.";
                    tally.warn(row.line, vec![problem("nik", "unknown", told)]);
                }
                Outcome::ToJudge => {
                    added += 1;
                    let told = "Orang ini tercatat meninggal, atau NIK-nya dipakai beberapa orang; barisnya menunggu di daftar yang perlu dilihat.";
                    tally.warn(row.line, vec![problem("nik", "to_judge", told)]);
                }
            }
        }
        tally.added += added;
        tally.changed += changed;
        self.commit(write, lines, added, changed).await
    }
}
