//! What BPJS said of a person's health insurance.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "health_statement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub feed: String,
    pub feed_event: String,
    pub channel: String,
    pub brought_by: Option<Uuid>,
    pub nik_key: Vec<u8>,
    pub body_enc: Vec<u8>,
    pub body_hash: Vec<u8>,
    pub status: String,
    pub segment: Option<String>,
    pub since: Option<String>,
    pub as_of: String,
    pub received_at: i64,
    /// Since when the same was so: a list of what waits goes by this.
    pub waits_since: i64,
    pub region: String,
    pub person_id: Option<Uuid>,
    pub state: String,
    /// Why a person has to look, or what is left to do.
    pub why: Option<String>,
    /// The last day on which they can be brought back.
    pub due_on: Option<String>,
    pub reason: Option<String>,
    pub settled_by: Option<Uuid>,
    pub settled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
