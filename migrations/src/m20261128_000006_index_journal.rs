//! The journal by time and by what was done: an auditor asks for days and for acts, and the journal only grows.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000006_index_journal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = "CREATE INDEX journal_at ON journal (at, seq);\n\
                       CREATE INDEX journal_action ON journal (action, seq);\n";
        dialect::run(manager, indexes).await
    }
}
