//! Database errors as text that may be logged: what failed, never with which values.

use sea_orm::{DbErr, RuntimeErr};

/// Whether the database could not be reached, was busy, or lost a race it will win when asked again.
pub(super) fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            inner.as_database_error().is_none_or(|database| {
                database.code().is_some_and(|code| {
                    // PostgreSQL: connection, resources, operator intervention, deadlock, serialization, a lock that was
                    // not to be had in time (55P03).
                    // SQLite: busy (5), locked (6), full (13), I/O (10).
                    ["08", "53", "57", "40", "55P03"]
                        .iter()
                        .any(|class| code.len() == 5 && code.starts_with(class))
                        || code
                            .parse::<i32>()
                            .is_ok_and(|n| code.len() < 5 && [5, 6, 10, 13].contains(&(n & 0xff)))
                })
            })
        }
        _ => false,
    }
}

/// The name of a violated unique index or constraint, or for SQLite the columns (`table.column`).
pub(super) fn violated(error: &DbErr) -> Option<String> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            let database = inner.as_database_error()?;
            if !database.is_unique_violation() {
                return None;
            }
            Some(
                database
                    .constraint()
                    .map_or_else(|| database.message().to_owned(), str::to_owned),
            )
        }
        _ => None,
    }
}

/// The error's kind and code. PostgreSQL puts values into its detail line, so the message is not used as it is.
pub(super) fn without_values(error: &DbErr) -> String {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            match inner.as_database_error() {
                Some(database) => format!(
                    "database error {} ({})",
                    database.code().unwrap_or_default(),
                    database.constraint().unwrap_or("no constraint")
                ),
                None => "database connection failed".to_owned(),
            }
        }
        DbErr::ConnectionAcquire(_) => "no database connection in time".to_owned(),
        DbErr::Conn(_) => "database connection failed".to_owned(),
        DbErr::RecordNotInserted => "nothing inserted".to_owned(),
        DbErr::RecordNotUpdated => "nothing updated".to_owned(),
        _ => "database layer error".to_owned(),
    }
}
