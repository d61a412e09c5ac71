//! A proposal: what, about whom, where it stands.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub event_id: Option<Uuid>,
    pub kind: String,
    pub state: String,
    pub since: i64,
    pub region: String,
    pub program: String,
    pub family_id: Option<Uuid>,
    pub person_id: Option<Uuid>,
    pub visit_id: Option<Uuid>,
    pub finding_id: Option<Uuid>,
    pub reason: Option<String>,
    pub to_region: Option<String>,
    pub document_number: Option<String>,
    pub note_enc: Option<Vec<u8>>,
    pub period: Option<String>,
    pub late_sync: bool,
    pub rejection: Option<String>,
    pub deliberation_id: Option<Uuid>,
    pub sptjm_number: Option<String>,
    pub sptjm_signer_enc: Option<Vec<u8>>,
    pub sptjm_paper_id: Option<Uuid>,
    pub copy_of: Option<Uuid>,
    /// The candidate's place that its endorsement made.
    pub membership_id: Option<Uuid>,
    /// The case in which the house is seen after its endorsement.
    pub case_id: Option<Uuid>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
