//! Nonces that a feed used for answers.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed_nonce")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: String,
    pub used_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
