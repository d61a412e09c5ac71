//! Every change, in the transaction that made it; append-only.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: i64,
    pub actor: Option<Uuid>,
    pub role: String,
    pub device_id: Option<Uuid>,
    pub action: String,
    pub object: String,
    pub event_id: Option<Uuid>,
    pub body: Vec<u8>,
    pub salt: Vec<u8>,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub mac: Vec<u8>,
    pub mac_key_version: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
