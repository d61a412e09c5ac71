//! A photo of a house that a city held before. Never evidence.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "old_photo")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub family_id: Uuid,
    pub run_id: Uuid,
    /// Of the file as it came.
    pub source_sha256: Vec<u8>,
    /// Of what is kept: the photo drawn anew.
    pub sha256: Vec<u8>,
    pub width: i32,
    pub height: i32,
    pub brought_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
