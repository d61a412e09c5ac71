//! An indicative boundary as GeoJSON geometry, one per region.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "boundary")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub region: String,
    pub geometry: String,
    pub south_e7: i64,
    pub west_e7: i64,
    pub north_e7: i64,
    pub east_e7: i64,
    pub recorded_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
