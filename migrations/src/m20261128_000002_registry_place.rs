//! Where the registry says a house stands, apart from its pin: no visit measured it, so no check of evidence looks at it.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000002_registry_place"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "ALTER TABLE house ADD COLUMN registry_lat_e7 bigint;\n\
             ALTER TABLE house ADD COLUMN registry_lon_e7 bigint;\n",
        )
        .await
    }
}
