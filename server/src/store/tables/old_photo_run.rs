//! An archive of old photos, and what became of its files.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "old_photo_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub state: String,
    pub sha256: Vec<u8>,
    pub brought_by: Uuid,
    pub at: i64,
    pub files: i64,
    pub done: i64,
    pub taken: i64,
    pub known: i64,
    pub rejected: i64,
    /// What was not taken, as JSON; names are masked.
    pub told: String,
    /// Whether its bytes are kept, or may be.
    pub kept: bool,
    /// A photo whose bytes may be kept before its row is.
    pub drawn_id: Option<Uuid>,
    pub drawn_sha256: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
