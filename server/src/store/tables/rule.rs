//! A version of what makes a family eligible.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub program: String,
    pub regime: String,
    pub region: String,
    pub number: i32,
    pub state: String,
    pub body: String,
    pub foretold: Option<String>,
    pub made_by: Option<Uuid>,
    pub made_at: i64,
    pub submitted_by: Option<Uuid>,
    pub submitted_at: Option<i64>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<i64>,
    pub refusal: Option<String>,
    pub superseded_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
