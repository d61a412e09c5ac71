//! A tus upload: how many bytes are durable.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub device_id: Uuid,
    pub visit_id: Option<Uuid>,
    pub carried_by: Option<Uuid>,
    pub sealed_sha256: Vec<u8>,
    pub length: i64,
    pub offset_bytes: i64,
    pub state: String,
    pub problem: Option<String>,
    pub lease: Option<Uuid>,
    pub lease_until: Option<i64>,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
