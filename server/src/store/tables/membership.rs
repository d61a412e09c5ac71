//! The present version of a membership.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub program: String,
    pub family_id: Uuid,
    pub person_id: Option<Uuid>,
    pub region: String,
    pub state: String,
    pub reason: Option<String>,
    pub slot_id: Option<Uuid>,
    pub successor_of: Option<Uuid>,
    pub appeal_until: Option<i64>,
    pub eligible_at: Option<i64>,
    pub central_status: Option<String>,
    pub valid_from: i64,
    pub recorded_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
