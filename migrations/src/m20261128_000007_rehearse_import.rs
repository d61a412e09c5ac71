//! An import that is tried first: how far it is, and what its try foretold.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000007_rehearse_import"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "ALTER TABLE import_run ADD COLUMN done bigint;\n\
             ALTER TABLE import_run ADD COLUMN foretold {text};\n",
        )
        .await
    }
}
