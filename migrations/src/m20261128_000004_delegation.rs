//! Which grant a deputy stands in by: a grant that is lent for a time names the one it is lent from.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000004_delegation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "ALTER TABLE role_grant ADD COLUMN delegated_from {uuid};\n\
             CREATE INDEX role_grant_delegated ON role_grant (delegated_from) WHERE delegated_from IS NOT NULL;\n",
        )
        .await
    }
}
