//! In which order a program's waitlist ranks families is data of the program.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261129_000004_waitlist_order"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "ALTER TABLE program ADD COLUMN waitlist_order {text} NOT NULL \
             DEFAULT 'desil,indikator_262,rentan,tanggal_usulan';\n",
        )
        .await
    }
}
