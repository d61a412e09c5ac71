//! Rules of eligibility as data, the facts they ask for, what they said, and the cancellations they prepared.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261129_000003_rules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, include_str!("m20261129_000003_rules.sql")).await
    }
}
