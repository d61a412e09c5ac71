//! How names sound: kept beside each person as they come in; those who were there before are heard once, in the background.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use tilik_protocol::names;

use super::tables::{hearing, person, person_sound};
use super::{Acting, Store, jobs};
use crate::error::Result;

/// The job that hears the names of who was there before anybody listened.
pub(crate) const JOB: &str = "hear_names";
/// Persons in one transaction.
const CHUNK: u64 = 500;
/// Where it is kept how far the job came: there is one.
const ROW: i32 = 1;
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
    /// Hears the name of every person, a few at a time, from where somebody left off; what was heard already stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn go_on_hearing_names(&self) -> Result<()> {
        loop {
            let write = self.begin().await?;
            let begun = hearing::Entity::find_by_id(ROW).one(write.on()).await?;
            let mut query = person::Entity::find();
            if let Some(begun) = &begun {
                query = query.filter(person::Column::Id.gt(begun.after_id));
            }
            let rows = query
                .order_by_asc(person::Column::Id)
                .limit(CHUNK)
                .all(write.on())
                .await?;
            let Some(last) = rows.last() else {
                hearing::Entity::delete_by_id(ROW).exec(write.on()).await?;
                return write.commit().await;
            };
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
            let place = hearing::ActiveModel {
                id: Set(ROW),
                after_id: Set(last.id),
            };
            let moved = OnConflict::column(hearing::Column::Id)
                .update_column(hearing::Column::AfterId)
                .to_owned();
            hearing::Entity::insert(place)
                .on_conflict(moved)
                .exec_without_returning(write.on())
                .await?;
            write.commit().await?;
        }
    }
}
