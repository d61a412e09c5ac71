//! Which rows of `access` name an object, but for those that are new.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_object")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub object: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub access_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
