//! What comes in and goes out: how files' columns are mapped, what is to be entered in the ministry's system, and files
//! that are made to leave.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261129_000005_exchange"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, include_str!("m20261129_000005_exchange.sql")).await
    }
}
