//! An event of the civil registry, sealed, and what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "civil_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub batch_id: Uuid,
    pub feed: String,
    pub feed_event: String,
    pub kind: String,
    pub seq: i64,
    pub nik_key: Vec<u8>,
    pub body_enc: Vec<u8>,
    pub body_hash: Vec<u8>,
    pub effective_on: String,
    pub received_at: i64,
    pub region: String,
    pub person_id: Option<Uuid>,
    pub family_id: Option<Uuid>,
    pub state: String,
    pub why: Option<String>,
    pub follow_up: Option<String>,
    pub due_at: Option<i64>,
    pub effect: Option<String>,
    pub reason: Option<String>,
    pub settled_by: Option<Uuid>,
    pub settled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
