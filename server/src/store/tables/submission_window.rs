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
    pub reopened_period: Option<String>,
    pub reopened_last: Option<String>,
    pub reopened_document: Option<String>,
    pub reopened_by: Option<Uuid>,
    pub reopened_at: Option<i64>,
    pub reopened_ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
