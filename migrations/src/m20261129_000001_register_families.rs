//! Families kept by operators: a second address, a payee, families closed into others, changes that wait for an approver,
//! how names sound, and pairs of persons who may be one.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261129_000001_register_families"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            include_str!("m20261129_000001_register_families.sql"),
        )
        .await
    }
}
