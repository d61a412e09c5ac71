//! A family that moved to another village of the city.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "family_move")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub family_id: Uuid,
    pub civil_event_id: Option<Uuid>,
    pub name: String,
    pub from_region: String,
    pub from_address: String,
    pub from_rt: String,
    pub from_rw: String,
    pub from_house: Uuid,
    /// JSON: where it lived apart from that address.
    pub from_domicile: Option<String>,
    pub to_region: String,
    pub to_address: String,
    pub to_house: Uuid,
    pub programs: String,
    pub cases: i32,
    pub state: String,
    pub moved_by: Option<Uuid>,
    pub moved_at: i64,
    pub due_at: i64,
    pub reason: Option<String>,
    pub answered_by: Option<Uuid>,
    pub answered_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
