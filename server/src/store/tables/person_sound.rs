//! How the words of a person's name sound, by birth year.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_sound")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sound: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub birth_year: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
