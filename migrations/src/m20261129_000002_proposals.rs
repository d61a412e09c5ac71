//! Proposals, deliberations, and the days on which acts are taken, with those days that decrees and practice give.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::dialect;

#[derive(Debug)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261129_000002_proposals"
    }
}

/// What a city begins with until it says otherwise: act, program (empty: any), registry, first and last day, and from where.
const BEGINNINGS: [(&str, &str, &str, &str, &str, &str); 11] = [
    (
        "program",
        "",
        "dtks",
        r#"{"day":15}"#,
        r#"{"month_end_minus":5}"#,
        "Kepmensos 150/HUK/2022",
    ),
    (
        "program",
        "PBI-JK",
        "dtks",
        r#"{"day":1}"#,
        r#"{"day":11}"#,
        "Kepmensos 150/HUK/2022",
    ),
    (
        "program",
        "",
        "dtsen",
        r#"{"day":1}"#,
        r#"{"day":11}"#,
        "Kebiasaan DTSEN 2025",
    ),
    (
        "new",
        "",
        "dtsen",
        r#"{"day":1}"#,
        r#"{"day":17}"#,
        "Kebiasaan DTSEN 2025",
    ),
    (
        "correction",
        "",
        "dtsen",
        r#"{"day":1}"#,
        r#"{"day":17}"#,
        "Kebiasaan DTSEN 2025",
    ),
    (
        "pbi_reactivation",
        "",
        "dtks",
        r#"{"day":1}"#,
        r#"{"day":11}"#,
        "Kepmensos 150/HUK/2022",
    ),
    // Who is ill does not wait for a day of the month.
    (
        "pbi_reactivation",
        "",
        "dtsen",
        r#"{"day":1}"#,
        r#"{"month_end_minus":0}"#,
        "SK Mensos 80/HUK/2025",
    ),
    // Open every day.
    (
        "verification",
        "",
        "dtks",
        r#"{"day":1}"#,
        r#"{"month_end_minus":0}"#,
        "Kepmensos 150/HUK/2022",
    ),
    (
        "verification",
        "",
        "dtsen",
        r#"{"day":1}"#,
        r#"{"month_end_minus":0}"#,
        "Kebiasaan DTSEN 2025",
    ),
    // At least one in three months, as the decree has it.
    (
        "deliberation",
        "",
        "dtks",
        r#"{"day":1,"month_in_quarter":1}"#,
        r#"{"day":31,"month_in_quarter":3}"#,
        "Kepmensos 150/HUK/2022",
    ),
    (
        "deliberation",
        "",
        "dtsen",
        r#"{"day":1}"#,
        r#"{"day":14}"#,
        "Kebiasaan DTSEN 2025",
    ),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, include_str!("m20261129_000002_proposals.sql")).await?;
        for (n, (act, program, regime, opens, closes, document)) in
            BEGINNINGS.into_iter().enumerate()
        {
            let hex = format!("019ac4d0000070008000{n:012x}");
            let id = match manager.get_database_backend() {
                DatabaseBackend::Postgres => format!("'{hex}'"),
                _ => format!("X'{hex}'"),
            };
            let row = format!(
                "INSERT INTO submission_window (id, act, program, regime, opens_rule, closes_rule, document_number, \
                 state, proposed_at) VALUES ({id}, '{act}', '{program}', '{regime}', '{opens}', '{closes}', \
                 '{document}', 'in_force', 0)"
            );
            manager.get_connection().execute_unprepared(&row).await?;
        }
        Ok(())
    }
}
