//! On which days an act is taken.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submission_window")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub act: String,
    pub program: String,
    pub regime: String,
    pub opens_rule: String,
    pub closes_rule: String,
    pub document_number: String,
    pub state: String,
    pub proposed_by: Option<Uuid>,
    pub proposed_at: i64,
    pub judged_by: Option<Uuid>,
    pub judged_at: Option<i64>,
    pub refusal: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
