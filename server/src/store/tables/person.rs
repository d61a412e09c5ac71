//! The present version of a person.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub family_id: Uuid,
    pub nik_enc: Option<Vec<u8>>,
    pub name: String,
    pub name_key: String,
    pub birth_date_enc: Option<Vec<u8>>,
    pub birth_year: Option<i32>,
    pub sex: Option<String>,
    pub relation: String,
    pub alive: bool,
    pub line_key: Option<String>,
    pub valid_from: i64,
    pub recorded_at: i64,
    pub mother_enc: Option<Vec<u8>>,
    /// Whom this one was judged to be.
    pub merged_into: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
