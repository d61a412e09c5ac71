//! One SQL text, two databases: type placeholders and statement splitting.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

/// Runs every statement of `sql` (split at a `;` that ends a line) with this database's types.
pub(crate) async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let (uuid, text, bytes) = match manager.get_database_backend() {
        DatabaseBackend::Postgres => ("uuid", "text COLLATE \"C\"", "bytea"),
        _ => ("blob", "text", "blob"),
    };
    let sql = sql
        .replace("{uuid}", uuid)
        .replace("{text}", text)
        .replace("{bytes}", bytes);
    for statement in sql.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}
