//! How offices' letters look: data, a version each time somebody changes it; and their running numbers.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set,
};
use sha2::{Digest, Sha256};
use tilik_protocol::letter::{
    LetterOfficeView, NumberShown, NumberTemplate, Numbering, OfficeSettings, SetLetterOffice,
};
use tilik_protocol::policy::Permission;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::families::region_code;
use super::super::journal::{Entry, hex};
use super::super::tables::{letter_counter, letter_office, region};
use super::super::write::{Seen, Write};
use super::super::{Acting, in_regions};
use crate::error::{Error, Result};
use crate::letters::words::day_at;

/// An office as a letter is made for it.
pub(super) struct Office {
    /// Whose settings they are.
    pub region: RegionCode,
    /// Which version.
    pub version: i32,
    /// What they say.
    pub settings: OfficeSettings,
}

/// The training area has an office without anybody setting one: whoever practises prints too.
fn of_training(region: &RegionCode) -> Office {
    let line = |text: &str| text.to_owned();
    Office {
        region: region.clone(),
        version: 0,
        settings: OfficeSettings {
            letterhead: vec![line("DAERAH LATIHAN"), line("KELURAHAN LATIHAN")],
            address: line("Surat latihan: tidak berlaku"),
            place: line("Latihan"),
            numbering: Numbering::Running,
            number_template: line("LATIHAN/{nomor:3}/{tahun}"),
            signatory_title: vec![line("LURAH LATIHAN")],
            signatory_name: line("NAMA LATIHAN"),
            signatory_nip: None,
            numbers_shown: NumberShown::Masked,
            shows_decile: false,
            valid_days: 90,
            appeal_at: line("kantor kelurahan latihan"),
        },
    }
}

fn settings_of(row: &letter_office::Model) -> Result<OfficeSettings> {
    serde_json::from_str(&row.settings).map_err(Error::internal)
}

/// The year of an instant where the region is, by which its numbers run.
pub(super) fn year_at(region: &RegionCode, at: Timestamp) -> i32 {
    use chrono::Datelike as _;
    day_at(region, at).year()
}

fn month_at(region: &RegionCode, at: Timestamp) -> u32 {
    use chrono::Datelike as _;
    day_at(region, at).month()
}

fn filled(office: &Office, n: i64, at: Timestamp) -> Result<String> {
    let template =
        NumberTemplate::parse(&office.settings.number_template).map_err(Error::internal)?;
    let n = u32::try_from(n).map_err(Error::internal)?;
    let (year, month) = (year_at(&office.region, at), month_at(&office.region, at));
    Ok(template.fill(n, year, month))
}

async fn last_number(on: &impl ConnectionTrait, office: &RegionCode, year: i32) -> Result<i64> {
    let row = letter_counter::Entity::find_by_id((office.to_string(), year))
        .one(on)
        .await?;
    Ok(row.map_or(0, |row| row.last))
}

/// The number that the next letter would have; empty where somebody types it.
pub(super) async fn next_number(
    on: &impl ConnectionTrait,
    office: &Office,
    at: Timestamp,
) -> Result<String> {
    match office.settings.numbering {
        Numbering::Typed => Ok(String::new()),
        Numbering::Running => {
            let last = last_number(on, &office.region, year_at(&office.region, at)).await?;
            filled(office, last + 1, at)
        }
    }
}

/// Takes the next running number. The counter's row is locked until the commit and goes back with a rollback: no number is
/// given twice, and none is skipped.
pub(super) async fn take_number(write: &Write, office: &Office) -> Result<String> {
    let year = year_at(&office.region, write.at());
    let taken = write
        .on()
        .query_one_raw(write.store().sql(
            "INSERT INTO letter_counter (office, year, last) VALUES ($1, $2, 1) \
             ON CONFLICT (office, year) DO UPDATE SET last = letter_counter.last + 1 \
             RETURNING last",
            [office.region.to_string().into(), year.into()],
        ))
        .await?
        .ok_or_else(|| Error::internal("the letter counter returned nothing"))?;
    filled(office, taken.try_get_by_index(0)?, write.at())
}

impl Acting {
    /// The office whose letters are printed for a village: its own settings, or those of the nearest above it.
    pub(super) async fn office_for(&self, village: &RegionCode) -> Result<Office> {
        let mut codes = vec![village.to_string()];
        let mut at = village.parent();
        while let Some(code) = at {
            codes.push(code.to_string());
            at = code.parent();
        }
        let rows = letter_office::Entity::find()
            .filter(letter_office::Column::Region.is_in(codes))
            .all(self.store.read())
            .await?;
        // The longest code is the nearest, the highest version the newest.
        let newest = rows.into_iter().max_by(|one, other| {
            (one.region.len(), one.version).cmp(&(other.region.len(), other.version))
        });
        match newest {
            Some(row) => Ok(Office {
                region: region_code(&row.region)?,
                version: row.version,
                settings: settings_of(&row)?,
            }),
            None if village.is_training() => Ok(of_training(village)),
            None => Err(Error::field(
                "office",
                "not_set",
                "Kop surat dan penanda tangan kantor ini belum diatur. Minta admin atau lurah mengisinya di Surat, \
                 bagian Pengaturan kantor.",
            )),
        }
    }

    /// The newest settings of every office in reach.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn letter_offices(&self) -> Result<Vec<LetterOfficeView>> {
        self.actor.require(Permission::ReadOverview)?;
        let mine = self.actor.regions(Permission::ReadOverview);
        let rows = letter_office::Entity::find()
            .filter(in_regions(letter_office::Column::Region, &mine))
            .order_by_asc(letter_office::Column::Region)
            .order_by_asc(letter_office::Column::Version)
            .all(self.store.read())
            .await?;
        // Of several versions the last one stays.
        let newest: BTreeMap<String, letter_office::Model> = rows
            .into_iter()
            .map(|row| (row.region.clone(), row))
            .collect();
        self.office_views(newest.into_values().collect()).await
    }

    /// Every version of one office's settings, the newest first.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn letter_office_versions(
        &self,
        region: &RegionCode,
    ) -> Result<Vec<LetterOfficeView>> {
        self.actor.require(Permission::ReadOverview)?;
        if !self.actor.may_in(Permission::ReadOverview, region) {
            return Err(Error::NOT_FOUND);
        }
        let rows = letter_office::Entity::find()
            .filter(letter_office::Column::Region.eq(region.as_str()))
            .order_by_desc(letter_office::Column::Version)
            .all(self.store.read())
            .await?;
        self.office_views(rows).await
    }

    async fn office_views(&self, rows: Vec<letter_office::Model>) -> Result<Vec<LetterOfficeView>> {
        let on = self.store.read();
        let names: BTreeMap<String, String> = region::Entity::find()
            .filter(region::Column::Code.is_in(rows.iter().map(|row| row.region.clone())))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.code, row.name))
            .collect();
        let people = rows.iter().map(|row| row.recorded_by).collect();
        let people = self.store.names_of(people).await?;
        let now = self.store.now();
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let region = region_code(&row.region)?;
            let last = last_number(on, &region, year_at(&region, now)).await?;
            views.push(LetterOfficeView {
                name: names.get(&row.region).cloned().unwrap_or_default(),
                version: row.version,
                settings: settings_of(&row)?,
                next_number: u32::try_from(last + 1).map_err(Error::internal)?,
                recorded_at: Timestamp::from_micros(row.recorded_at),
                recorded_by_name: people.get(&row.recorded_by).cloned(),
                region,
            });
        }
        Ok(views)
    }

    /// Other settings for an office, in force at once; letters that are issued stay as they are.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`.
    pub async fn set_letter_office(&self, body: SetLetterOffice) -> Result<LetterOfficeView> {
        self.actor.require(Permission::SetLetterOffices)?;
        let role = self
            .actor
            .act_in(Permission::SetLetterOffices, &body.region)?;
        let problems = body.settings.problems();
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut write = self.begin().await?;
        let code = body.region.to_string();
        if region::Entity::find_by_id(code.clone())
            .one(write.on())
            .await?
            .is_none()
        {
            return Err(Error::NOT_FOUND);
        }
        let object = format!("letter_office:{code}");
        let newest = letter_office::Entity::find()
            .filter(letter_office::Column::Region.eq(code.clone()))
            .order_by_desc(letter_office::Column::Version)
            .one(write.on())
            .await?;
        if write
            .once(body.event_id, "letter_office.set", &object, &body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.newest_office(&body.region).await;
        }
        let version = newest.map_or(0, |row| row.version);
        if version != body.seen_version {
            return Err(Error::Stale {
                current_version: version,
            });
        }
        let settings = serde_json::to_string(&body.settings).map_err(Error::internal)?;
        let hash = hex(&Sha256::digest(settings.as_bytes()));
        let row = letter_office::ActiveModel {
            region: Set(code.clone()),
            version: Set(version + 1),
            settings: Set(settings),
            recorded_by: Set(Uuid::from(self.actor.person_id()?)),
            recorded_at: Set(write.at().as_micros()),
        };
        let inserted = letter_office::Entity::insert(row)
            .on_conflict(
                sea_orm::sea_query::OnConflict::columns([
                    letter_office::Column::Region,
                    letter_office::Column::Version,
                ])
                .do_nothing()
                .to_owned(),
            )
            .exec_without_returning(write.on())
            .await?;
        if inserted == 0 {
            return Err(Error::Stale {
                current_version: version + 1,
            });
        }
        if let Some(next) = body.next_number {
            set_next(&write, &body.region, next).await?;
        }
        write.journal(Entry::new(
            "letter_office.set",
            object,
            role,
            Some(body.event_id),
            // What was set stands in its version; the journal proves which, and names nobody.
            &serde_json::json!({ "version": version + 1, "settings_sha256": hash,
                "next_number": body.next_number }),
        )?);
        write.commit().await?;
        self.newest_office(&body.region).await
    }

    async fn newest_office(&self, region: &RegionCode) -> Result<LetterOfficeView> {
        let row = letter_office::Entity::find()
            .filter(letter_office::Column::Region.eq(region.as_str()))
            .order_by_desc(letter_office::Column::Version)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut views = self.office_views(vec![row]).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }
}

/// The next running number of this year: never one that was given.
async fn set_next(write: &Write, office: &RegionCode, next: u32) -> Result<()> {
    let year = year_at(office, write.at());
    let last = i64::from(next) - 1;
    let row = letter_counter::Entity::find_by_id((office.to_string(), year))
        .one(write.on())
        .await?;
    let given = row.as_ref().map_or(0, |row| row.last);
    if last < given {
        let remedy = format!(
            "Nomor sampai {given} sudah dipakai; isi sedikitnya {}.",
            given + 1
        );
        return Err(Error::field("next_number", "given", &remedy));
    }
    if let Some(row) = row {
        let changed = letter_counter::Entity::update_many()
            .set(letter_counter::ActiveModel {
                last: Set(last),
                ..Default::default()
            })
            .filter(letter_counter::Column::Office.eq(row.office))
            .filter(letter_counter::Column::Year.eq(year))
            // One that was given meanwhile stays given.
            .filter(letter_counter::Column::Last.eq(given))
            .exec(write.on())
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::WRONG_MOMENT);
        }
    } else {
        letter_counter::ActiveModel {
            office: Set(office.to_string()),
            year: Set(year),
            last: Set(last),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}
