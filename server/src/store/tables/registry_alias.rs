//! An id by which files know a family that was closed into another, and the one that goes on.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registry_alias")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub registry_key: String,
    pub family_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
