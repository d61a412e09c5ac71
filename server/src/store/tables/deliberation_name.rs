//! A name on a deliberation's list, and what was said of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliberation_name")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub deliberation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_id: Uuid,
    pub position: i32,
    /// The proposal's act that said what it said when the list was written.
    pub proposal_seq: i32,
    pub said: Option<String>,
    pub reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
