//! A change of who a family is that waits for an approver, or waited.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "family_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub family_id: Uuid,
    /// The family that a merge closes.
    pub other_id: Option<Uuid>,
    pub region: String,
    pub seen_version: i32,
    pub body_enc: Vec<u8>,
    pub proposed_by: Uuid,
    pub proposed_at: i64,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
