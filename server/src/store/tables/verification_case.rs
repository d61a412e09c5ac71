//! A case: where it stands, who has it, who reviews it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verification_case")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub state: String,
    pub kind: String,
    pub family_id: Uuid,
    pub house_id: Uuid,
    pub region: String,
    pub officer_id: Option<Uuid>,
    pub opened_at: i64,
    pub opened_by: Option<Uuid>,
    pub closes_at: Option<i64>,
    pub submitted_at: Option<i64>,
    pub complete_at: Option<i64>,
    pub current_visit: Option<Uuid>,
    pub accepted_basis: Option<String>,
    pub lease_user: Option<Uuid>,
    pub lease_until: Option<i64>,
    pub returned: Option<String>,
    pub return_fetched_at: Option<i64>,
    pub close_reason: Option<String>,
    pub predecessor: Option<Uuid>,
    pub tries: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::family::Entity",
        from = "Column::FamilyId",
        to = "super::family::Column::Id"
    )]
    Family,
}

impl Related<super::family::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Family.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
