//! A family's appeal against the end of its place.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "appeal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub receipt_hash: Vec<u8>,
    /// What the receipt's square leads to: 128 random bits.
    pub receipt_enc: Vec<u8>,
    pub membership_id: Uuid,
    pub family_id: Uuid,
    pub person_id: Option<Uuid>,
    pub program: String,
    pub region: String,
    pub reason: Option<String>,
    pub ended_at: i64,
    pub state: String,
    pub appellant: String,
    pub came_enc: Vec<u8>,
    pub grounds_enc: Vec<u8>,
    pub late: bool,
    pub filed_by: Uuid,
    pub filed_at: i64,
    pub due_at: i64,
    pub outcome: Option<String>,
    pub outcome_reason: Option<String>,
    pub finding_enc: Option<Vec<u8>>,
    pub examined_by: Option<Uuid>,
    pub examined_at: Option<i64>,
    pub agreed: Option<bool>,
    pub word_enc: Option<Vec<u8>>,
    pub judged_by: Option<Uuid>,
    pub judged_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub restored: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
