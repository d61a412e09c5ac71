//! Keyed hashes of NIK and KK numbers for exact search; not unique, duplicates go to people.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blind_index")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_version: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub object_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
