//! A photo belongs to its phone and its hash; visits link to it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "photo")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub device_id: Uuid,
    pub sha256: Vec<u8>,
    pub len: i64,
    pub sealed_sha256: Vec<u8>,
    pub sealed_len: i64,
    pub width: i32,
    pub height: i32,
    pub state: String,
    pub problem: Option<String>,
    pub original_key: Option<String>,
    pub large_sha256: Option<Vec<u8>>,
    pub small_sha256: Option<Vec<u8>>,
    pub large_key: Option<String>,
    pub small_key: Option<String>,
    pub received_at: Option<i64>,
    pub safe_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
