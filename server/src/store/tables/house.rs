//! Where a family lives, where the door was last pinned, and where the registry says it is.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "house")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub region: String,
    pub lat_e7: Option<i64>,
    pub lon_e7: Option<i64>,
    pub accuracy_cm: Option<i64>,
    pub pinned_at: Option<i64>,
    pub pin_visit: Option<Uuid>,
    pub registry_lat_e7: Option<i64>,
    pub registry_lon_e7: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
