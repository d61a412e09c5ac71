//! Sealed visits kept apart: unknown or stolen device, wrong signature, same id with other bytes. Nothing is dropped.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub manifest_sha256: Vec<u8>,
    pub code: String,
    pub visit_id: Option<Uuid>,
    pub device_id: Option<Uuid>,
    pub manifest: Vec<u8>,
    pub answers: Option<Vec<u8>>,
    pub received_from: Option<Uuid>,
    pub received_at: i64,
    pub released_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
