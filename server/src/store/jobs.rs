//! Background work as rows: enqueued in the transaction that needs it, claimed by compare-and-set under a lease, retried
//! with backoff, idempotent.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use tilik_protocol::ids::JobId;
use tilik_protocol::problem::ProblemCode;

use super::{Acting, Write};
use crate::error::{Error, Result};

/// A claimed job is another worker's after this long.
const LEASE_S: i64 = 120;
/// After so many tries a job is `failed` and waits for people. What only waits for a database or a photo store that do
/// not answer is tried on, and so is a file that is brought in or a plan that is opened: a half of it would be neither
/// here nor there, and somebody waits before its page.
const MOST_TRIES: i32 = 10;

/// Which jobs a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Any.
    Any,
    /// Those of which a photo or a person waits for the end.
    Short,
    /// Files, which take minutes: no photo waits behind one.
    Long,
}

/// Which jobs take minutes: those of whole files, and a whole village looked at by the rules.
fn long() -> String {
    format!(
        "(kind IN ('{}', '{}', '{}', '{}', '{}') OR (kind = '{}' AND object LIKE 'region:%'))",
        super::imports::JOB,
        super::exports::JOB,
        super::old_photos::JOB,
        super::HEAR_NAMES,
        super::CIVIL_BATCH,
        super::EVALUATE
    )
}

/// A job this worker holds.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Claimed {
    /// Its id.
    pub id: uuid::Uuid,
    /// What is to be done.
    pub kind: String,
    /// To what.
    pub object: String,
    /// Tries so far, this one included.
    pub attempts: i32,
    /// The lease it is held under. Who asks for the job again meanwhile takes it away.
    pub lease_until: Option<i64>,
}

/// Asks for `kind` to be done to `object`; asking again while it waits changes nothing, and a finished one runs again.
pub(super) async fn enqueue(write: &Write, kind: &str, object: &str) -> Result<()> {
    enqueue_each(write, kind, std::slice::from_ref(&object)).await
}

/// [`enqueue`] for each of some objects.
pub(super) async fn enqueue_each(
    write: &Write,
    kind: &str,
    objects: &[impl AsRef<str>],
) -> Result<()> {
    enqueue_each_at(write, kind, objects, write.at().as_micros()).await
}

/// [`enqueue_each`], due at a moment to come.
pub(super) async fn enqueue_each_at(
    write: &Write,
    kind: &str,
    objects: &[impl AsRef<str>],
    due_at: i64,
) -> Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    let at = write.at().as_micros();
    let mut values: Vec<Value> = vec![kind.into(), at.into(), due_at.into()];
    let mut rows = Vec::with_capacity(objects.len());
    for object in objects {
        let id: JobId = write.store().ids().next();
        values.extend([uuid::Uuid::from(id).into(), object.as_ref().into()]);
        let n = values.len();
        rows.push(format!("(${}, $1, ${n}, 'ready', 0, $3, $2)", n - 1));
    }
    let text = format!(
        "INSERT INTO job (id, kind, object, state, attempts, run_at, created_at) VALUES {} \
         ON CONFLICT (kind, object) DO UPDATE SET state = 'ready', attempts = 0, run_at = $3, \
         lease_until = NULL",
        rows.join(", ")
    );
    let asked = write.store().sql(&text, values);
    write.on().execute_last(asked).await?;
    Ok(())
}

impl Acting {
    /// Claims the next due job; `None` when nothing is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_job(&self) -> Result<Option<Claimed>> {
        self.claim_job_of(Which::Any).await
    }

    /// Claims the next due job of some.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_job_of(&self, which: Which) -> Result<Option<Claimed>> {
        let of = match which {
            Which::Any => String::new(),
            Which::Short => format!("AND NOT {}", long()),
            Which::Long => format!("AND {}", long()),
        };
        let now = self.store.now();
        let until = now.plus_s(LEASE_S).as_micros();
        let lock = if self.store.is_postgres() {
            "FOR UPDATE SKIP LOCKED"
        } else {
            ""
        };
        // A lease far in the future was written under a wrong clock and holds nobody back.
        let text = format!(
            "UPDATE job SET state = 'running', attempts = attempts + 1, lease_until = $2 WHERE id = ( \
             SELECT id FROM job WHERE state IN ('ready', 'running') AND run_at <= $1 \
             AND (state = 'ready' OR lease_until <= $1 OR lease_until > $3) {of} \
             ORDER BY run_at LIMIT 1 {lock}) RETURNING id, kind, object, attempts, lease_until"
        );
        let row = self
            .store
            .writer()
            .query_one_raw(self.store.sql(
                &text,
                [
                    now.as_micros().into(),
                    until.into(),
                    now.plus_s(10 * LEASE_S).as_micros().into(),
                ],
            ))
            .await?;
        row.map(|row| Claimed::from_query_result(&row, ""))
            .transpose()
            .map_err(Error::from)
    }

    /// Holds on to a job that takes longer than its lease; false when it is somebody else's by now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_job(&self, job: &mut Claimed) -> Result<bool> {
        let until = self.store.now().plus_s(LEASE_S).as_micros();
        let held = self
            .store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE job SET lease_until = $2 WHERE id = $1 AND state = 'running' AND lease_until = $3",
                [job.id.into(), until.into(), job.lease_until.into()],
            ))
            .await?;
        if held.rows_affected() == 0 {
            return Ok(false);
        }
        job.lease_until = Some(until);
        Ok(true)
    }

    /// The job is done, unless it was asked for again while it ran: then it runs once more.
    ///
    /// # Errors
    /// When the database does not answer; the job then runs again.
    pub async fn finish_job(&self, job: &Claimed) -> Result<()> {
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE job SET state = 'done', lease_until = NULL, last_error = NULL \
                 WHERE id = $1 AND state = 'running' AND lease_until = $2",
                [job.id.into(), job.lease_until.into()],
            ))
            .await?;
        Ok(())
    }

    /// The job failed; it runs again later, or waits for people after ten tries.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fail_job(&self, job: &Claimed, code: ProblemCode) -> Result<()> {
        let goes_on = code == ProblemCode::Unavailable
            || [
                super::imports::JOB,
                super::exports::JOB,
                super::old_photos::JOB,
                super::HEAR_NAMES,
                super::OPEN_PLAN,
                super::EVALUATE,
                super::CIVIL_BATCH,
            ]
            .contains(&job.kind.as_str());
        let state = if job.attempts >= MOST_TRIES && !goes_on {
            "failed"
        } else {
            "ready"
        };
        let wait_s = 1_i64 << job.attempts.clamp(0, 10);
        let run_at = self.store.now().plus_s(wait_s).as_micros();
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE job SET state = $2, run_at = $3, lease_until = NULL, last_error = $4 \
                 WHERE id = $1 AND state = 'running' AND lease_until = $5",
                [
                    job.id.into(),
                    state.into(),
                    run_at.into(),
                    code.to_string().into(),
                    job.lease_until.into(),
                ],
            ))
            .await?;
        Ok(())
    }

    /// How many jobs wait, run or have failed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_jobs(&self) -> Result<Vec<(String, i64)>> {
        let rows = self
            .store
            .read()
            .query_all_raw(self.store.sql(
                "SELECT state, COUNT(*) FROM job WHERE state IN ('ready', 'running', 'failed') \
                 GROUP BY state",
                [],
            ))
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
            .collect()
    }
}
