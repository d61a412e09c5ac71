//! A deliberation of a village.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliberation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub event_id: Uuid,
    pub region: String,
    pub held_on: String,
    pub place: String,
    pub attendees_enc: Vec<u8>,
    pub number: Option<String>,
    pub paper_id: Option<Uuid>,
    pub signed_by: Option<Uuid>,
    pub signed_at: Option<i64>,
    pub created_by: Uuid,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
