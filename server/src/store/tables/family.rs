//! The present version of a family.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "family")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub registry_key: Option<String>,
    pub house_id: Uuid,
    pub region: String,
    pub kk_enc: Option<Vec<u8>>,
    pub name: String,
    pub name_key: String,
    pub address: String,
    pub rt: String,
    pub rw: String,
    pub decile: Option<i32>,
    pub regime: String,
    pub valid_from: i64,
    pub recorded_at: i64,
    /// Where it lives, when not at `address`.
    pub domicile_address: Option<String>,
    pub domicile_rt: Option<String>,
    pub domicile_rw: Option<String>,
    pub domicile_region: Option<String>,
    /// Who receives; nobody named: the head.
    pub payee_id: Option<Uuid>,
    pub closed_at: Option<i64>,
    /// The family that it was judged to be.
    pub merged_into: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
