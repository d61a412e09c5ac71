//! A letter that was issued; what is printed is sealed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub kind: String,
    pub region: String,
    pub office: String,
    pub office_version: i32,
    pub family_id: Option<Uuid>,
    pub person_id: Option<Uuid>,
    pub notice_id: Option<Uuid>,
    pub number: String,
    pub number_key: String,
    pub year: i32,
    pub token_hash: Vec<u8>,
    pub content_enc: Vec<u8>,
    pub issued_by: Uuid,
    pub issued_at: i64,
    pub valid_until: Option<i64>,
    pub copies: i32,
    pub revoked_by: Option<Uuid>,
    pub revoked_at: Option<i64>,
    pub revocation: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
