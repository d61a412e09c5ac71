//! A file that came in, and what became of its lines.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub state: String,
    pub sha256: Vec<u8>,
    pub imported_by: Option<Uuid>,
    pub at: i64,
    pub confirmed_by: Option<Uuid>,
    pub confirmed_at: Option<i64>,
    pub refusal: Option<String>,
    pub note_enc: Option<Vec<u8>>,
    pub lines: i64,
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub waiting: i64,
    pub rejected: i64,
    pub warned: i64,
    pub told: String,
    /// Lines dealt with so far.
    pub done: Option<i64>,
    /// What its try foretold, as JSON.
    pub foretold: Option<String>,
    /// Which sheet of a workbook, where one was chosen.
    pub sheet: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
