//! What an objector shows. Never evidence.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "objection_photo")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// None: sent, and not yet part of an objection.
    pub objection_id: Option<Uuid>,
    pub position: i32,
    /// Nobody: from the public page.
    pub brought_by: Option<Uuid>,
    pub source_sha256: Vec<u8>,
    pub sha256: Vec<u8>,
    pub width: i32,
    pub height: i32,
    pub brought_at: i64,
    /// Its bytes are being deleted; nothing will use it.
    pub gone: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
