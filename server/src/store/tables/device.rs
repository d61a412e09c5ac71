//! A phone with a key of its own, and where its chain stands.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub officer_id: Uuid,
    pub name: String,
    pub public_key: Vec<u8>,
    pub key_level: String,
    pub enrolled_at: i64,
    pub last_sync_at: Option<i64>,
    pub revoked_kind: Option<String>,
    pub revoked_at: Option<i64>,
    pub chain_seq: i64,
    pub chain_hash: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
