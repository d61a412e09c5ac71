//! One SQL text, two databases: type placeholders and statement splitting.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

/// Runs every statement of `sql` (split at a `;` that ends a line) with this database's types; a table `{by_key}` is kept in
/// the order of its key where the database can.
pub(crate) async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let (uuid, text, bytes, by_key) = match manager.get_database_backend() {
        DatabaseBackend::Postgres => ("uuid", "text COLLATE \"C\"", "bytea", ""),
        _ => ("blob", "text", "blob", " WITHOUT ROWID"),
    };
    let sql = sql
        .replace("{uuid}", uuid)
        .replace("{text}", text)
        .replace("{bytes}", bytes)
        .replace("{by_key}", by_key);
    for statement in sql.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}
