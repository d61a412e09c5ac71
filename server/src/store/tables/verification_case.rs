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
    /// The day that somebody said: then it expires, and another follows it.
    pub closes_at: Option<i64>,
    pub submitted_at: Option<i64>,
    pub complete_at: Option<i64>,
    pub current_visit: Option<Uuid>,
    pub accepted_basis: Option<String>,
    pub lease_user: Option<Uuid>,
    pub lease_until: Option<i64>,
    /// The contact sheet that the lease belongs to; absent: the case is reviewed by itself.
    pub lease_sheet: Option<Uuid>,
    /// Since when this person holds it in this way; of a case that nobody holds it says nothing.
    pub lease_since: Option<i64>,
    /// How many houses were handed out with the contact sheet; counts beside `lease_sheet` only.
    pub lease_houses: Option<i32>,
    /// The visit that somebody took out of a contact sheet.
    pub off_sheet_visit: Option<Uuid>,
    pub returned: Option<String>,
    pub return_fetched_at: Option<i64>,
    pub close_reason: Option<String>,
    pub predecessor: Option<Uuid>,
    pub tries: i32,
    /// Why whoever opened it asked for the visit; absent: it was planned.
    pub request_reason: Option<String>,
    /// By when it is to be visited, as the window of visits says: after that it is late.
    pub due_at: Option<i64>,
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
