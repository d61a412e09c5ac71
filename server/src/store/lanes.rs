//! Connections in use: how a statement gets to one, and what a transaction is.
//!
//! sqlx tests a connection at every return to its pool, in a task of its own. With SQLite that costs as much as a statement
//! does, and a request has a dozen; with PostgreSQL it is a round trip. So a connection on which everything went well stays
//! here for the next who asks, and goes back to the pool, which tests it, only when something was left in doubt.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection as _, Either, Executor as _, PgPool, Postgres, Sqlite,
    SqlitePool,
};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseBackend, DbErr, ExecResult, FromQueryResult,
    QueryResult, RuntimeErr, Statement, Value,
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A PostgreSQL connection that nobody used for this long is tried before it is used again.
const TRY_AFTER: Duration = Duration::from_secs(1);
/// One that nobody used for this long is not kept.
const REST: Duration = Duration::from_mins(10);

/// Most connections to PostgreSQL that one request asks at once.
const SIDE_BY_SIDE: usize = 4;

/// Longest statement, in bytes, that stays prepared: one over hundreds of rows hardly comes again, and takes room.
const LONGEST_AGAIN: usize = 16 * 1024;

/// The pools that connections come from.
#[derive(Clone)]
pub(super) enum Pool {
    /// Of a file.
    Sqlite(SqlitePool),
    /// Of a server.
    Postgres(PgPool),
}

/// So many connections, for whoever asks.
pub(super) struct Lanes {
    pool: Pool,
    /// As many permits as the pool has connections: whoever has one need not wait for the pool.
    free: Arc<Semaphore>,
    kept: Arc<Mutex<VecDeque<Kept>>>,
    longest_wait: Duration,
}

struct Kept {
    connection: Connection,
    since: Instant,
}

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// A connection that somebody uses. Dropped without [`Lane::keep`] it goes back to the pool, which tests it.
struct Lane {
    connection: Connection,
    kept: Arc<Mutex<VecDeque<Kept>>>,
    permit: OwnedSemaphorePermit,
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn not_acquired(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

/// Whether the database answered, be it with a refusal: then its connection is as good as before.
fn was_answered<T>(result: &Result<T, sqlx::Error>) -> bool {
    match result {
        Ok(_) => true,
        Err(sqlx::Error::Database(refusal)) => refusal.code().is_none_or(|code| {
            // PostgreSQL: connection exceptions and operator intervention; its connection ends with them.
            code.len() != 5 || !(code.starts_with("08") || code.starts_with("57"))
        }),
        Err(_) => false,
    }
}

/// Runs one statement on whichever of the two databases it is.
macro_rules! run {
    ($connection:expr, $statement:expr, $method:ident, $each:expr) => {{
        let statement = $statement;
        let values = SqlxValues(statement.values.unwrap_or(sea_orm::Values(Vec::new())));
        let again = statement.sql.len() <= LONGEST_AGAIN;
        let text = AssertSqlSafe(statement.sql);
        match $connection {
            Connection::Sqlite(connection) => sqlx::query_with(text, values)
                .persistent(again)
                .$method(&mut **connection)
                .await
                .map($each),
            Connection::Postgres(connection) => sqlx::query_with(text, values)
                .persistent(again)
                .$method(&mut **connection)
                .await
                .map($each),
        }
    }};
}

impl Connection {
    async fn execute(&mut self, statement: Statement) -> Result<ExecResult, sqlx::Error> {
        run!(self, statement, execute, Into::into)
    }

    async fn execute_unprepared(&mut self, text: &str) -> Result<ExecResult, sqlx::Error> {
        let text = AssertSqlSafe(text.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(text).await.map(Into::into),
            Self::Postgres(connection) => connection.execute(text).await.map(Into::into),
        }
    }

    async fn query_one(
        &mut self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, sqlx::Error> {
        run!(self, statement, fetch_optional, |row| row.map(Into::into))
    }

    async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, sqlx::Error> {
        run!(self, statement, fetch_all, |rows| rows
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// The rows of each query.
    async fn query_each(&mut self, queries: Vec<Statement>) -> Result<Answers, sqlx::Error> {
        let asked = queries.len();
        let mut all = Vec::with_capacity(asked);
        let Self::Sqlite(connection) = self else {
            for query in queries {
                all.push(self.query_all(query).await?);
            }
            return Ok(Answers(all.into_iter()));
        };
        let statement = joined(queries);
        let values = SqlxValues(statement.values.unwrap_or(sea_orm::Values(Vec::new())));
        let again = statement.sql.len() <= LONGEST_AGAIN;
        let query = sqlx::query_with(AssertSqlSafe(statement.sql), values).persistent(again);
        let mut answers = connection.fetch_many(query);
        let mut rows = Vec::new();
        while let Some(answer) = answers.try_next().await? {
            match answer {
                Either::Right(row) => rows.push(row.into()),
                Either::Left(_done) => all.push(std::mem::take(&mut rows)),
            }
        }
        // What is read next would be taken for the answer to another statement.
        if all.len() != asked {
            let unanswered = format!("{} of {asked} statements were answered", all.len());
            return Err(sqlx::Error::Protocol(unanswered));
        }
        Ok(Answers(all.into_iter()))
    }

    /// Not to be used again.
    fn close_on_drop(&mut self) {
        match self {
            Self::Sqlite(connection) => connection.close_on_drop(),
            Self::Postgres(connection) => connection.close_on_drop(),
        }
    }

    /// Whether it still answers. A file does not hang up.
    async fn answers(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(connection) => connection.ping().await.is_ok(),
        }
    }
}

impl Pool {
    async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => pool.acquire().await.map(Connection::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(Connection::Postgres),
        }
    }

    fn most(&self) -> u32 {
        match self {
            Self::Sqlite(pool) => pool.options().get_max_connections(),
            Self::Postgres(pool) => pool.options().get_max_connections(),
        }
    }
}

impl Lane {
    /// The result of a statement that stands alone; the lane is kept when the database answered.
    fn after<T>(self, result: Result<T, sqlx::Error>) -> Result<T, DbErr> {
        if was_answered(&result) {
            self.keep();
        }
        result.map_err(failed)
    }

    /// Everything went well: the next who asks may have it.
    fn keep(self) {
        let Self {
            connection,
            kept,
            permit,
        } = self;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if permit.semaphore().is_closed() {
            return;
        }
        // The last used is used next; what lies below was not needed meanwhile.
        let rested = kept
            .front()
            .is_some_and(|first| first.since.elapsed() > REST);
        if rested {
            kept.pop_front();
        }
        kept.push_back(Kept {
            connection,
            since: Instant::now(),
        });
        drop(kept);
        drop(permit);
    }
}

impl Lanes {
    pub(super) fn over(pool: Pool, longest_wait: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(pool.most() as usize)),
            kept: Arc::default(),
            pool,
            longest_wait,
        }
    }

    fn take_kept(&self) -> Option<Kept> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_back()
    }

    async fn lane(&self) -> Result<Lane, DbErr> {
        let closed = |_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.longest_wait, self.free.clone().acquire_owned())
                .await
                .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?
                .map_err(closed)?,
        };
        while let Some(mut kept) = self.take_kept() {
            if kept.since.elapsed() < TRY_AFTER || kept.connection.answers().await {
                return Ok(Lane {
                    connection: kept.connection,
                    kept: self.kept.clone(),
                    permit,
                });
            }
        }
        Ok(Lane {
            connection: self.pool.acquire().await.map_err(not_acquired)?,
            kept: self.kept.clone(),
            permit,
        })
    }

    /// A transaction that changes things. SQLite begins it with its first statement, in one go.
    ///
    /// # Errors
    /// When no connection is to be had, or the database does not begin.
    pub(super) async fn begin(&self) -> Result<Transaction, DbErr> {
        let backend = self.get_database_backend();
        let transaction = Transaction {
            backend,
            open: tokio::sync::Mutex::new(Open {
                lane: Some(self.lane().await?),
                is_begun: backend != DatabaseBackend::Sqlite,
                last: Vec::new(),
            }),
        };
        if backend != DatabaseBackend::Sqlite {
            transaction.execute_unprepared("BEGIN").await?;
        }
        Ok(transaction)
    }

    /// Closes every connection, once who uses one is done.
    pub(super) async fn close(&self) {
        self.free.close();
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

/// Asking several things at once.
pub(super) trait QueryEach: ConnectionTrait {
    /// The rows of each of several statements. SQLite is asked them all in one go.
    ///
    /// # Errors
    /// When the database refuses one of them.
    fn query_each(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Answers, DbErr>> + Send;
}

/// Each statement is its own transaction. PostgreSQL, where each is a journey, answers several side by side.
impl QueryEach for Lanes {
    async fn query_each(&self, statements: Vec<Statement>) -> Result<Answers, DbErr> {
        // With no statement there is no share, and nothing is asked.
        let side_by_side = match self.get_database_backend() {
            DatabaseBackend::Sqlite => 1,
            // Half of what is free is left to others.
            _ => SIDE_BY_SIDE.min(1 + self.free.available_permits() / 2),
        };
        let mut shares: Vec<Vec<Statement>> = Vec::new();
        shares.resize_with(side_by_side.min(statements.len()), Vec::new);
        let shares_in_all = shares.len();
        for (n, statement) in statements.into_iter().enumerate() {
            shares[n % shares_in_all].push(statement);
        }
        let asked = shares.into_iter().map(async |share| {
            let mut lane = self.lane().await?;
            let result = lane.connection.query_each(share).await;
            lane.after(result)
        });
        // To the end also when one fails: a connection that was left in the middle is lost.
        let mut answers = Vec::with_capacity(shares_in_all);
        for answer in futures_util::future::join_all(asked).await {
            answers.push(answer?);
        }
        Ok(in_turn(answers))
    }
}

/// Each statement is its own transaction.
#[async_trait]
impl ConnectionTrait for Lanes {
    fn get_database_backend(&self) -> DatabaseBackend {
        match self.pool {
            Pool::Sqlite(_) => DatabaseBackend::Sqlite,
            Pool::Postgres(_) => DatabaseBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut lane = self.lane().await?;
        let result = lane.connection.execute(statement).await;
        lane.after(result)
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        let mut lane = self.lane().await?;
        let result = lane.connection.execute_unprepared(text).await;
        lane.after(result)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut lane = self.lane().await?;
        let result = lane.connection.query_one(statement).await;
        lane.after(result)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lane = self.lane().await?;
        let result = lane.connection.query_all(statement).await;
        lane.after(result)
    }
}

/// So that reading first never loses the race for the one right to write.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// A lane with a transaction on it, which is rolled back when this is dropped.
struct Open {
    lane: Option<Lane>,
    is_begun: bool,
    /// Statements that wait for the commit.
    last: Vec<Statement>,
}

fn on(lane: &mut Option<Lane>) -> Result<&mut Connection, DbErr> {
    lane.as_mut()
        .map(|lane| &mut lane.connection)
        .ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
}

impl Open {
    /// Runs what waits, unless it may wait for the commit.
    async fn settle(&mut self) -> Result<(), DbErr> {
        let Connection::Postgres(_) = on(&mut self.lane)? else {
            return Ok(());
        };
        for statement in together(std::mem::take(&mut self.last)) {
            on(&mut self.lane)?
                .execute(statement)
                .await
                .map_err(failed)?;
        }
        Ok(())
    }

    /// The connection, once the transaction has begun.
    async fn begun(&mut self) -> Result<&mut Connection, DbErr> {
        self.settle().await?;
        let connection = on(&mut self.lane)?;
        // Before it has: whoever drops this meanwhile rolls back.
        if !std::mem::replace(&mut self.is_begun, true) {
            connection.execute_unprepared(BEGIN).await.map_err(failed)?;
        }
        Ok(connection)
    }

    /// The same for a query, which may begin the transaction by itself. Not for a statement whose rows are counted:
    /// SQLite counts for `BEGIN` what the statement before it changed.
    async fn beginning(&mut self, query: Statement) -> Result<(&mut Connection, Statement), DbErr> {
        self.settle().await?;
        let connection = on(&mut self.lane)?;
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok((connection, query));
        }
        let begin = Statement::from_string(DatabaseBackend::Sqlite, BEGIN);
        Ok((connection, joined(vec![begin, query])))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(mut lane) = self.lane.take() else {
            return;
        };
        if !self.is_begun {
            lane.keep();
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            lane.connection.close_on_drop();
            return;
        };
        // Whoever waits for this lane waits until the transaction is gone.
        runtime.spawn(async move {
            match lane.connection.execute_unprepared("ROLLBACK").await {
                Ok(_) => lane.keep(),
                Err(_) => lane.connection.close_on_drop(),
            }
        });
    }
}

/// What several statements answered, one after the other.
pub(super) struct Answers(std::vec::IntoIter<Vec<QueryResult>>);

impl Answers {
    /// The rows of the next statement; none when there was no next.
    pub(super) fn rows(&mut self) -> Vec<QueryResult> {
        self.0.next().unwrap_or_default()
    }

    /// The rows of the next statement, as what they are of.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(super) fn all<M: FromQueryResult>(&mut self) -> Result<Vec<M>, DbErr> {
        let rows = self.rows();
        rows.iter()
            .map(|row| M::from_query_result(row, ""))
            .collect()
    }

    /// The first of them.
    ///
    /// # Errors
    /// As [`Answers::all`].
    pub(super) fn one<M: FromQueryResult>(&mut self) -> Result<Option<M>, DbErr> {
        let rows = self.rows();
        rows.first()
            .map(|row| M::from_query_result(row, ""))
            .transpose()
    }
}

/// The first of each, the second of each, and so on.
fn in_turn(mut answers: Vec<Answers>) -> Answers {
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(answers.iter_mut().filter_map(|own| own.0.next()));
        if all.len() == before {
            return Answers(all.into_iter());
        }
    }
}

/// Several statements as one text, which SQLite runs in turn.
fn joined(statements: Vec<Statement>) -> Statement {
    let (mut text, mut values) = (String::new(), Vec::new());
    for statement in statements {
        if !text.is_empty() {
            text.push_str("; ");
        }
        let own = statement.values.map_or(Vec::new(), |own| own.0);
        in_order(&statement.sql, own, &mut text, &mut values, |_| "?".into());
    }
    Statement::from_sql_and_values(DatabaseBackend::Sqlite, text, values)
}

/// Statements as few for PostgreSQL: parts of one see the same rows, so those that name a table that one before them
/// changes begin another.
fn together(statements: Vec<Statement>) -> Vec<Statement> {
    let mut groups: Vec<(Vec<String>, Vec<Statement>)> = Vec::new();
    for statement in statements {
        let changed = changed_table(&statement.sql);
        let fits = |changed: &[String]| changed.iter().all(|table| !names(&statement.sql, table));
        match groups.last_mut() {
            Some((tables, group)) if fits(tables) => {
                tables.push(changed);
                group.push(statement);
            }
            _ => groups.push((vec![changed], vec![statement])),
        }
    }
    groups.into_iter().map(|(_, group)| as_one(group)).collect()
}

/// The table that an `INSERT INTO`, `DELETE FROM` or `UPDATE` changes.
fn changed_table(text: &str) -> String {
    let words = text.split([' ', '(']);
    let mut names =
        words.filter(|word| !matches!(*word, "INSERT" | "INTO" | "DELETE" | "FROM" | "UPDATE"));
    names
        .next()
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned()
}

/// Whether `table` is a word of this text.
fn names(text: &str, table: &str) -> bool {
    text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .any(|word| word == table)
}

/// Statements that change different tables as one: all but the last as its `WITH`.
fn as_one(mut statements: Vec<Statement>) -> Statement {
    if statements.len() == 1 {
        return statements.remove(0);
    }
    let (mut text, mut values) = (String::new(), Vec::new());
    let last = statements.len() - 1;
    for (n, statement) in statements.into_iter().enumerate() {
        let begins = match n {
            0 => "WITH part_0 AS (".to_owned(),
            n if n < last => format!("), part_{n} AS ("),
            _ => ") ".to_owned(),
        };
        text.push_str(&begins);
        let own = statement.values.map_or(Vec::new(), |own| own.0);
        in_order(&statement.sql, own, &mut text, &mut values, |n| {
            format!("${n}").into()
        });
    }
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values)
}

/// Statements that return ids as one for PostgreSQL: the number of each with each of its ids. One after the other, since
/// what the last `SELECT` takes from the first comes before what it takes from the second.
pub(super) fn ids_as_one(statements: Vec<Statement>) -> Statement {
    let (mut text, mut values) = (String::new(), Vec::new());
    let parts = statements.len();
    for (n, statement) in statements.into_iter().enumerate() {
        let begins = match n {
            0 => "WITH part_0 AS (".to_owned(),
            n => format!("), part_{n} AS ("),
        };
        text.push_str(&begins);
        let own = statement.values.map_or(Vec::new(), |own| own.0);
        in_order(&statement.sql, own, &mut text, &mut values, |n| {
            format!("${n}").into()
        });
    }
    let told: Vec<String> = (0..parts)
        .map(|n| format!("SELECT {n}, id FROM part_{n}"))
        .collect();
    text.push_str(") ");
    text.push_str(&told.join(" UNION ALL "));
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values)
}

/// Adds `text` with every placeholder (`?` or `$1 …`) as `the_next`, and its value as the next one: of joined statements
/// sqlx counts only those.
fn in_order(
    text: &str,
    own: Vec<Value>,
    into: &mut String,
    values: &mut Vec<Value>,
    the_next: impl Fn(usize) -> Cow<'static, str>,
) {
    let (mut quoted_by, mut numbered) = (None, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (quoted_by, c) {
            (None, '\'' | '"') => quoted_by = Some(c),
            (Some(quote), c) if c == quote => quoted_by = None,
            (None, '$') => {
                numbered = true;
                let mut number = 0;
                while let Some(digit) = rest.peek().and_then(|next| next.to_digit(10)) {
                    number = number * 10 + digit as usize;
                    rest.next();
                }
                values.extend(own.get(number.wrapping_sub(1)).cloned());
                into.push_str(&the_next(values.len()));
                continue;
            }
            _ => {}
        }
        into.push(c);
    }
    if !numbered {
        values.extend(own);
    }
}

/// An open transaction. Dropped without [`Transaction::commit`] it has changed nothing.
pub(super) struct Transaction {
    backend: DatabaseBackend,
    open: tokio::sync::Mutex<Open>,
}

impl Transaction {
    /// A statement that this transaction does not look at again. SQLite runs all such with the commit, in one go, since each
    /// by itself costs more on its way to SQLite's thread than in it. PostgreSQL is asked
    /// before anything else is, but together with those before it, for each is a journey; at once by what may wait for a
    /// lock, since the parts of one statement see what was before the wait, in no order.
    ///
    /// # Errors
    /// When the database refuses; of what waits the next statement tells, or [`Transaction::commit`].
    pub(super) async fn execute_last(&self, statement: Statement) -> Result<(), DbErr> {
        let mut open = self.open.lock().await;
        let locks = statement.sql.starts_with("UPDATE") || statement.sql.contains("DO UPDATE");
        open.last.push(statement);
        if locks {
            open.settle().await?;
        }
        Ok(())
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// When the database refuses; nothing has happened then, unless it cannot be reached: then that is not known.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        let mut open = self.open.into_inner();
        open.settle().await?;
        let mut last = std::mem::take(&mut open.last);
        if last.is_empty() {
            if open.is_begun {
                let connection = on(&mut open.lane)?;
                connection
                    .execute_unprepared("COMMIT")
                    .await
                    .map_err(failed)?;
            }
        } else {
            if !std::mem::replace(&mut open.is_begun, true) {
                last.insert(0, Statement::from_string(self.backend, BEGIN));
            }
            last.push(Statement::from_string(self.backend, "COMMIT"));
            let connection = on(&mut open.lane)?;
            connection.execute(joined(last)).await.map_err(failed)?;
        }
        if let Some(lane) = open.lane.take() {
            lane.keep();
        }
        Ok(())
    }
}

/// In turn.
impl QueryEach for Transaction {
    async fn query_each(&self, mut statements: Vec<Statement>) -> Result<Answers, DbErr> {
        let mut open = self.open.lock().await;
        open.settle().await?;
        let begins = !std::mem::replace(&mut open.is_begun, true);
        if begins {
            statements.insert(0, Statement::from_string(self.backend, BEGIN));
        }
        let answers = on(&mut open.lane)?.query_each(statements).await;
        let mut answers = answers.map_err(failed)?;
        if begins {
            answers.rows();
        }
        Ok(answers)
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut open = self.open.lock().await;
        let connection = open.begun().await?;
        connection.execute(statement).await.map_err(failed)
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        let mut open = self.open.lock().await;
        let connection = open.begun().await?;
        connection.execute_unprepared(text).await.map_err(failed)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut open = self.open.lock().await;
        let (connection, statement) = open.beginning(statement).await?;
        connection.query_one(statement).await.map_err(failed)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut open = self.open.lock().await;
        let (connection, statement) = open.beginning(statement).await?;
        connection.query_all(statement).await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_statements_keep_their_own_values() {
        let one = Statement::from_sql_and_values(
            DatabaseBackend::Sqlite,
            "UPDATE \"a?\" SET b = $2, c = '?$1' WHERE d = $1",
            [1.into(), 2.into()],
        );
        let two = Statement::from_sql_and_values(
            DatabaseBackend::Sqlite,
            "INSERT INTO e VALUES (?, ?)",
            [3.into(), 4.into()],
        );
        let three = Statement::from_string(DatabaseBackend::Sqlite, "COMMIT");
        let all = joined(vec![one, two, three]);
        assert_eq!(
            all.sql,
            "UPDATE \"a?\" SET b = ?, c = '?$1' WHERE d = ?; INSERT INTO e VALUES (?, ?); COMMIT"
        );
        let values: Vec<Value> = [2, 1, 3, 4].map(Value::from).to_vec();
        assert_eq!(all.values.unwrap().0, values);
    }

    #[test]
    fn statements_that_tell_ids_keep_their_own_values_and_numbers() {
        let of = |text: &str, values: &[i32]| {
            let values = values.iter().map(|n| Value::from(*n));
            Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values)
        };
        let one = ids_as_one(vec![
            of(
                "UPDATE a SET b = $2, c = $1 WHERE id = $1 RETURNING id",
                &[1, 2],
            ),
            of("SELECT id FROM d WHERE e = $1 ORDER BY id FOR UPDATE", &[3]),
        ]);
        assert_eq!(
            one.sql,
            "WITH part_0 AS (UPDATE a SET b = $1, c = $2 WHERE id = $3 RETURNING id), \
             part_1 AS (SELECT id FROM d WHERE e = $4 ORDER BY id FOR UPDATE) \
             SELECT 0, id FROM part_0 UNION ALL SELECT 1, id FROM part_1"
        );
        let values: Vec<Value> = [2, 1, 1, 3].map(Value::from).to_vec();
        assert_eq!(one.values.unwrap().0, values);
    }

    #[test]
    fn statements_go_together_as_long_as_none_names_what_another_before_it_changes() {
        let of = |text: &str, values: &[i32]| {
            let values = values.iter().map(|n| Value::from(*n));
            Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values)
        };
        let run = together(vec![
            of(
                "INSERT INTO \"upload\" (\"id\", \"at\") VALUES ($1, $2)",
                &[1, 2],
            ),
            of("DELETE FROM \"chunk\" WHERE \"of\" = $1", &[3]),
            of("INSERT INTO job VALUES ($1, $2, $2)", &[4, 5]),
            of("UPDATE job_head SET seq = $1", &[6]),
            of("DELETE FROM head WHERE id IN (SELECT id FROM job)", &[]),
            of("DELETE FROM head WHERE id = $1", &[7]),
        ]);
        let texts: Vec<&str> = run.iter().map(|one| one.sql.as_str()).collect();
        assert_eq!(
            texts,
            [
                "WITH part_0 AS (INSERT INTO \"upload\" (\"id\", \"at\") VALUES ($1, $2)), \
                 part_1 AS (DELETE FROM \"chunk\" WHERE \"of\" = $3), \
                 part_2 AS (INSERT INTO job VALUES ($4, $5, $6)) UPDATE job_head SET seq = $7",
                "DELETE FROM head WHERE id IN (SELECT id FROM job)",
                "DELETE FROM head WHERE id = $1",
            ]
        );
        let values: Vec<Value> = [1, 2, 3, 4, 5, 5, 6].map(Value::from).to_vec();
        assert_eq!(run[0].values.as_ref().unwrap().0, values);
    }
}
