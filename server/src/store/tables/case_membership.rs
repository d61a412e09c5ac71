//! What is to be decided in a case, one outcome per membership.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub membership_id: Uuid,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub document_number: Option<String>,
    pub needs_approval: bool,
    pub proposed_by: Option<Uuid>,
    pub proposed_at: Option<i64>,
    pub confirmed_by: Option<Uuid>,
    pub confirmed_at: Option<i64>,
    pub refused_by: Option<Uuid>,
    pub refused_at: Option<i64>,
    pub refusal: Option<String>,
    pub approver_note_enc: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
