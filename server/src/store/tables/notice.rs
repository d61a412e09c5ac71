//! A letter to a family about a cancellation; the appeal period runs from its delivery.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub membership_id: Uuid,
    pub family_id: Uuid,
    pub case_id: Uuid,
    pub reason: String,
    pub created_at: i64,
    pub delivered_at: Option<i64>,
    pub received_by: Option<String>,
    pub delivered_recorded_by: Option<Uuid>,
    pub appeal_until: Option<i64>,
    /// By what way: handed over, fetched, by RT.
    pub delivered_how: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
