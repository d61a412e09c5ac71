//! A ranked list of families for one program and region, frozen by an approver.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waitlist")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub program: String,
    pub region: String,
    pub hash: Vec<u8>,
    pub imported_by: Option<Uuid>,
    pub imported_at: i64,
    pub frozen_by: Option<Uuid>,
    pub frozen_at: Option<i64>,
    pub superseded_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
