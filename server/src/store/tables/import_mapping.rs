//! What a person said of a file's columns, for every file with headers like these.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_mapping")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: Vec<u8>,
    /// Column names and the header of each, as JSON. Never the headers: of a file without them they are data.
    pub columns: String,
    pub mapped_by: Uuid,
    pub mapped_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
