//! Since when a lease is held, and how many houses were handed out with its contact sheet: how a house was looked at is
//! told by the server's clock, not by the browser's word.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000012_time_leases"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "ALTER TABLE verification_case ADD COLUMN lease_since bigint;\n\
             ALTER TABLE verification_case ADD COLUMN lease_houses integer;\n",
        )
        .await
    }
}
