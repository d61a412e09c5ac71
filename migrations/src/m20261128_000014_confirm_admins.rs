//! Grants of admins and auditors wait for an approver from now on. Those that are there were given by the rule of their day
//! and go on counting: nobody confirmed them, so nobody is named.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261128_000014_confirm_admins"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "UPDATE role_grant SET confirmed_at = granted_at \
             WHERE role IN ('admin', 'auditor') AND confirmed_at IS NULL;\n",
        )
        .await
    }
}
