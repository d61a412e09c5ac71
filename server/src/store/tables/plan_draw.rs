//! The chance of a city's month, drawn once.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_draw")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub city: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: String,
    pub seed: Vec<u8>,
    pub drawn_by: Option<Uuid>,
    pub drawn_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
