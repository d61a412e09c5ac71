//! Up to which version each person was told what is new, so that no browser tells it twice.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000005_seen_news"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "CREATE TABLE seen_news (\n\
                 user_id {uuid} NOT NULL REFERENCES user_account(id),\n\
                 role {text} NOT NULL,\n\
                 version {text} NOT NULL,\n\
                 seen_at bigint NOT NULL,\n\
                 PRIMARY KEY (user_id, role)\n\
             );\n",
        )
        .await
    }
}
