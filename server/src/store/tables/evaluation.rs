//! What the rule in force said of a membership.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "evaluation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub membership_id: Uuid,
    pub family_id: Uuid,
    pub person_id: Option<Uuid>,
    pub program: String,
    pub rule_id: Uuid,
    pub outcome: String,
    pub codes: String,
    pub body_enc: Vec<u8>,
    pub facts_hash: Vec<u8>,
    pub visit_id: Option<Uuid>,
    pub turn: i64,
    pub at: i64,
    pub superseded_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
