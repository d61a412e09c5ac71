//! The present version of a grant.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub user_id: Uuid,
    pub role: String,
    pub regions: String,
    pub valid_from: i64,
    pub valid_until: Option<i64>,
    pub document_number: String,
    pub granted_by: Option<Uuid>,
    pub granted_at: i64,
    pub confirmed_by: Option<Uuid>,
    pub confirmed_at: Option<i64>,
    pub ended_by: Option<Uuid>,
    pub ended_at: Option<i64>,
    pub recorded_at: i64,
    pub delegated_from: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
