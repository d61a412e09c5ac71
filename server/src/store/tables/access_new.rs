//! Rows of `access` that `access_object` lacks yet. The database adds them.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_new")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub access_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
