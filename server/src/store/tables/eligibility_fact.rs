//! What somebody recorded about a family that a rule may ask for.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "eligibility_fact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub family_id: Uuid,
    pub person_id: Option<Uuid>,
    pub code: String,
    pub body_enc: Vec<u8>,
    pub document_number: Option<String>,
    pub valid_from: i64,
    pub valid_until: Option<i64>,
    pub appeal: String,
    pub recorded_by: Option<Uuid>,
    pub recorded_at: i64,
    pub appealed_by: Option<Uuid>,
    pub appealed_at: Option<i64>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
