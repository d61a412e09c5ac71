//! One sealed capture, as received.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub device_id: Uuid,
    pub officer_id: Uuid,
    pub case_id: Option<Uuid>,
    pub filed_case_id: Option<Uuid>,
    pub carried_by: Option<Uuid>,
    pub kind: String,
    pub seq: i64,
    pub chain_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub manifest: Vec<u8>,
    pub answers_enc: Option<Vec<u8>>,
    pub form_id: Option<String>,
    pub form_version: Option<i32>,
    pub unreachable: Option<String>,
    pub supersedes: Option<Uuid>,
    pub captured_at: i64,
    pub received_at: i64,
    pub complete_at: Option<i64>,
    pub lat_e7: Option<i64>,
    pub lon_e7: Option<i64>,
    pub accuracy_cm: Option<i64>,
    pub pin_source: Option<String>,
    pub mock: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
