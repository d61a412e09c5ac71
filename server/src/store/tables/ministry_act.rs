//! An approved act that somebody has to enter in the ministry's system.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ministry_act")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub kind: String,
    /// What it is an act upon, as the journal names it.
    pub object: String,
    pub program: String,
    pub region: String,
    pub family_id: Uuid,
    pub person_id: Option<Uuid>,
    pub reason: Option<String>,
    pub approved_at: i64,
    pub entered_by: Option<Uuid>,
    pub entered_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
