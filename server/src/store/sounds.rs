//! How names sound: kept beside each person as they come in; those who were there before are heard once, in the background.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use tilik_protocol::names;
use uuid::Uuid;

use super::tables::{person, person_sound};
use super::{Acting, Store, jobs};
use crate::error::Result;

/// The job that hears the names of who was there before anybody listened.
pub(crate) const JOB: &str = "hear_names";
/// Persons in one transaction.
const CHUNK: u64 = 500;
/// Anything: there is one such job.
const OBJECT: &str = "persons";

impl Store {
    /// Asks for the names to be heard when persons are there and no name was ever heard. To be called when the schema is new
    /// to this program.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hear_names(&self) -> Result<()> {
        let heard = person_sound::Entity::find().limit(1).one(self.read());
        let there = person::Entity::find().limit(1).one(self.read());
        if heard.await?.is_none() && there.await?.is_some() {
            let by = self.acting_as_system("hearing names");
            let write = by.begin().await?;
            jobs::enqueue(&write, JOB, OBJECT).await?;
            write.commit().await?;
        }
        Ok(())
    }
}

impl Acting {
    /// Hears the name of every person, a few at a time; what was heard already stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn go_on_hearing_names(&self) -> Result<()> {
        let mut after = Uuid::nil();
        loop {
            let write = self.begin().await?;
            let rows = person::Entity::find()
                .filter(person::Column::Id.gt(after))
                .order_by_asc(person::Column::Id)
                .limit(CHUNK)
                .all(write.on())
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            let heard: Vec<person_sound::ActiveModel> = rows
                .iter()
                .flat_map(|row| {
                    let keys = names::sounds(&row.name).into_iter();
                    keys.map(|sound| person_sound::ActiveModel {
                        sound: Set(sound),
                        birth_year: Set(row.birth_year.unwrap_or(0)),
                        person_id: Set(row.id),
                    })
                })
                .collect();
            if !heard.is_empty() {
                let known = OnConflict::columns([
                    person_sound::Column::Sound,
                    person_sound::Column::BirthYear,
                    person_sound::Column::PersonId,
                ])
                .do_nothing()
                .to_owned();
                person_sound::Entity::insert_many(heard)
                    .on_conflict(known)
                    .exec_without_returning(write.on())
                    .await?;
            }
            write.commit().await?;
        }
    }
}
