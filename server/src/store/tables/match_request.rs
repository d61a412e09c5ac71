//! Whether the civil registry knows somebody as we do.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "match_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person_id: Uuid,
    pub family_id: Uuid,
    pub region: String,
    pub asked_by: Uuid,
    pub asked_at: i64,
    pub event_id: Uuid,
    /// Of what was asked: whoever changes it asks again.
    pub asked_key: Vec<u8>,
    pub result: Option<String>,
    pub differs: Option<String>,
    pub answered_at: Option<i64>,
    pub feed: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
