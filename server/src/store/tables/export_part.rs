//! The pieces in which files that leave are kept.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub export_id: Uuid,
    /// Which making of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub sha256: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
