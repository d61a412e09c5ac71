//! The whole first schema, the triggers that make the journal append-only and those that index the log of reads.

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
CREATE FUNCTION access_names_objects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO access_object (object, access_id)
    SELECT encode(substring(NEW.objects FROM 1 + 16 * n FOR 16), 'hex')::uuid, NEW.id
    FROM generate_series(0, length(NEW.objects) / 16 - 1) AS n
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER access_named AFTER INSERT ON access
FOR EACH ROW EXECUTE FUNCTION access_names_objects();
";

// A trigger may not count by itself: json_each counts over a list of as many zeros as there are ids.
const SQLITE_TRIGGERS: [&str; 3] = [
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
     BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
     BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER access_named AFTER INSERT ON access
     BEGIN
         INSERT OR IGNORE INTO access_object (object, access_id)
         SELECT substr(NEW.objects, 1 + 16 * each.key, 16), NEW.id
         FROM json_each('[0' || replace(hex(zeroblob(length(NEW.objects) / 16 - 1)), '00', ',0') || ']') AS each;
     END",
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
