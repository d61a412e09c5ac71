//! The contact sheet that a lease belongs to, and the visit that somebody took out of one.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000003_contact_sheets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "ALTER TABLE verification_case ADD COLUMN lease_sheet {uuid};\n\
             ALTER TABLE verification_case ADD COLUMN off_sheet_visit {uuid};\n",
        )
        .await
    }
}
