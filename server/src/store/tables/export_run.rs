//! A file that was asked for, to leave the installation.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub format: String,
    pub region: String,
    pub program: Option<String>,
    pub personal: bool,
    pub purpose: Option<String>,
    pub state: String,
    pub asked_by: Uuid,
    pub asked_at: i64,
    pub answered_by: Option<Uuid>,
    pub answered_at: Option<i64>,
    pub rows: Option<i64>,
    pub bytes: Option<i64>,
    pub sha256: Option<Vec<u8>>,
    pub until: Option<i64>,
    pub downloads: i32,
    /// Which making of it the file is of.
    pub attempt: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
