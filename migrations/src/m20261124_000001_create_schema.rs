//! The whole first schema, the triggers that make the journal append-only and the one that tells which reads are to be
//! indexed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261124_000001_create_schema"
    }
}

const POSTGRES_TRIGGERS: &str = r"
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
CREATE FUNCTION access_is_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO access_new (access_id) VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER access_is_new AFTER INSERT ON access
FOR EACH ROW EXECUTE FUNCTION access_is_new();
";

const SQLITE_TRIGGERS: [&str; 3] = [
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
     BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
     BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER access_is_new AFTER INSERT ON access
     BEGIN INSERT INTO access_new (access_id) VALUES (NEW.id); END",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, include_str!("m20261124_000001_create_schema.sql")).await?;
        let connection = manager.get_connection();
        match manager.get_database_backend() {
            DatabaseBackend::Postgres => {
                connection.execute_unprepared(POSTGRES_TRIGGERS).await?;
            }
            _ => {
                for trigger in SQLITE_TRIGGERS {
                    connection.execute_unprepared(trigger).await?;
                }
            }
        }
        let genesis = match manager.get_database_backend() {
            DatabaseBackend::Postgres => "'\\x00'::bytea",
            _ => "x'00'",
        };
        connection
            .execute_unprepared(&format!(
                "INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, {genesis})"
            ))
            .await?;
        connection
            .execute_unprepared("INSERT INTO server_state (id, epoch, latest_at) VALUES (1, 1, 0)")
            .await?;
        Ok(())
    }
}
