//! What a feed sent at once, signed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "civil_batch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub feed: String,
    pub key_name: String,
    pub nonce: String,
    pub signed_at: i64,
    pub channel: String,
    pub region: String,
    pub state: String,
    pub trips: String,
    pub events: i32,
    pub deaths: i32,
    pub first_seq: Option<i64>,
    pub last_seq: Option<i64>,
    pub received_by: Uuid,
    pub received_at: i64,
    pub reason: Option<String>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
