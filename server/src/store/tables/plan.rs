//! Whom to visit, and what is told of the choice.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub region: String,
    pub month: String,
    pub told: String,
    pub made_by: Uuid,
    pub made_at: i64,
    pub kind: Option<String>,
    pub closes_at: Option<i64>,
    pub opened_by: Option<Uuid>,
    pub opened_at: Option<i64>,
    pub open_event: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
