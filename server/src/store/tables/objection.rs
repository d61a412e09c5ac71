//! A citizen's objection.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "objection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub kind: String,
    pub region: String,
    /// Found at the counter, or by who admitted it.
    pub family_id: Option<Uuid>,
    pub about_enc: Vec<u8>,
    pub grounds_enc: Vec<u8>,
    pub objector_enc: Vec<u8>,
    /// By what the same objection of the same objector is known again.
    pub same_key: Vec<u8>,
    pub said_before: bool,
    pub receipt_hash: Vec<u8>,
    pub receipt_enc: Vec<u8>,
    pub state: String,
    /// Nobody: from the public page.
    pub filed_by: Option<Uuid>,
    pub filed_at: i64,
    pub due_at: i64,
    pub case_id: Option<Uuid>,
    pub reason: Option<String>,
    pub answered_by: Option<Uuid>,
    pub closed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
