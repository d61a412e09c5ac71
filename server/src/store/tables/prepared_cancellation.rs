//! A cancellation that an evaluation filled in.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "prepared_cancellation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub membership_id: Uuid,
    pub family_id: Uuid,
    pub person_id: Option<Uuid>,
    pub evaluation_id: Uuid,
    pub reason: String,
    pub document_number: Option<String>,
    pub state: String,
    pub case_id: Option<Uuid>,
    pub prepared_at: i64,
    pub done_by: Option<Uuid>,
    pub done_at: Option<i64>,
    pub dismissal: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
