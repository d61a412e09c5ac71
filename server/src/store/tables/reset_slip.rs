//! A one-time permission to choose a new password.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reset_slip")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code_hash: Vec<u8>,
    pub user_id: Uuid,
    pub issued_by: Uuid,
    pub issued_at: i64,
    pub expires_at: i64,
    pub removes_codes: bool,
    pub needs_release: bool,
    pub released_by: Option<Uuid>,
    pub released_at: Option<i64>,
    pub release_hash: Option<Vec<u8>>,
    pub used_at: Option<i64>,
    pub withdrawn_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
