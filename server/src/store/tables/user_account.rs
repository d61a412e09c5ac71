//! A person with an account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub username: String,
    pub name: String,
    pub password_hash: String,
    /// Until when a password that somebody else chose is good; none: the person's own.
    pub password_expires_at: Option<i64>,
    pub suspended_at: Option<i64>,
    pub signed_out_at: Option<i64>,
    pub created_at: i64,
    pub second_factor_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
