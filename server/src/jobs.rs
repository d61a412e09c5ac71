//! The workers: claim a job from the database, do it, say so. Any number of processes may run them.

use std::time::Duration;

use tilik_protocol::ids::PhotoId;
use tokio::sync::watch;

use crate::App;
use crate::blobs::{BlobPrefix, ChunkKey};
use crate::error::{Error, Result};
use crate::store::Acting;
use crate::store::jobs::{Claimed, Which};

/// How long a worker sleeps when nothing is due and nobody wakes it.
const IDLE: Duration = Duration::from_secs(2);
/// How often the disk is looked at.
const TICK: Duration = Duration::from_secs(5);
/// Every so many ticks time-driven work is looked for.
const CLOCK_TICKS: u32 = 6;
/// How often a job that takes long is held on to.
const HOLD: Duration = Duration::from_secs(30);
/// Every so many ticks orphans of the staging area are looked for.
const TIDY_TICKS: u32 = 720;

/// Does what may take longer than its job's lease. Both go on side by side: the work may be what holds the database that the
/// lease is waiting for.
async fn while_held(
    by: &Acting,
    job: &mut Claimed,
    work: impl Future<Output = Result<()>>,
) -> Result<()> {
    let hold = async {
        loop {
            tokio::time::sleep(HOLD).await;
            if !by.hold_job(job).await? {
                return Err(Error::WRONG_MOMENT);
            }
        }
    };
    tokio::select! {
        done = work => done,
        lost = hold => lost,
    }
}

impl App {
    async fn do_job(&self, by: &Acting, job: &mut Claimed) -> Result<()> {
        if job.kind == crate::imports::JOB {
            let import = job.object.parse().map_err(Error::internal)?;
            return while_held(by, job, Box::pin(self.go_on_with_import(import))).await;
        }
        if job.kind == crate::old_photos::JOB {
            let archive = job.object.parse().map_err(Error::internal)?;
            return while_held(by, job, Box::pin(self.go_on_with_old_photos(archive))).await;
        }
        if job.kind == crate::exports::JOB {
            let export = job.object.parse().map_err(Error::internal)?;
            return while_held(by, job, Box::pin(self.make_export(export))).await;
        }
        if job.kind == crate::store::CIVIL_BATCH {
            let batch = job.object.parse().map_err(Error::internal)?;
            return while_held(by, job, Box::pin(by.apply_batch(batch))).await;
        }
        if job.kind == crate::store::OPEN_PLAN {
            let plan = job.object.parse().map_err(Error::internal)?;
            return by.go_on_with_plan(plan).await;
        }
        if job.kind == crate::store::HEAR_NAMES {
            return while_held(by, job, Box::pin(by.go_on_hearing_names())).await;
        }
        if job.kind == crate::store::EVALUATE {
            let object = job.object.clone();
            let evaluating = async { by.evaluate(&object).await.map(|_| ()) };
            return while_held(by, job, Box::pin(evaluating)).await;
        }
        let photo = job.object.parse::<PhotoId>().map_err(Error::internal);
        match job.kind.as_str() {
            "derivatives" => self.make_copies(by, photo?).await,
            "finish_upload" => match self.finish_upload(by, photo?).await {
                // Spoiled for good and told to the phone: nothing is gained by trying again.
                Ok(_) | Err(Error::Refused(_)) => Ok(()),
                Err(error) => Err(error),
            },
            other => Err(Error::internal(format!("no such kind of job: {other}"))),
        }
    }

    /// Does the next job that is due; false when none is.
    ///
    /// # Errors
    /// When the database does not answer.
    async fn do_next_job(&self, which: Which) -> Result<bool> {
        let by = self.store.acting_as_system("background work");
        let Some(mut job) = by.claim_job_of(which).await? else {
            return Ok(false);
        };
        match Box::pin(self.do_job(&by, &mut job)).await {
            Ok(()) => by.finish_job(&job).await?,
            Err(error) => {
                tracing::warn!(job.kind = %job.kind, job.id = %job.id, cause = %error, "a job failed");
                by.fail_job(&job, error.code()).await?;
            }
        }
        Ok(true)
    }

    /// Does every job that is due now, one after the other; how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn do_due_jobs(&self) -> Result<u64> {
        let mut done = 0;
        while self.do_next_job(Which::Any).await? {
            done += 1;
        }
        Ok(done)
    }

    /// What the clock asks for: windows that closed, appeal periods that passed, places that waited too long for a payee,
    /// uploads to be forgotten. Does nothing while the clock cannot be believed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_time(&self) -> Result<()> {
        self.look_at_the_disk().await?;
        if !self.sundial.is_trusted(self.clock.now()) {
            tracing::warn!(
                "the clock jumped; nothing is closed, expired or deleted until it has run evenly"
            );
            return Ok(());
        }
        let by = self.store.acting_as_system("the clock");
        by.heartbeat().await?;
        by.expire_due_cases().await?;
        by.designate_due().await?;
        by.activate_due().await?;
        by.lapse_objections().await?;
        by.open_overdue_payees().await?;
        self.store.forget_old_tries().await?;
        self.store.forget_quotas().await?;
        self.store.forget_nonces().await?;
        self.forget_rehearsals(&by).await?;
        self.forget_exports(&by).await?;
        self.forget_archives(&by).await?;
        self.forget_papers(&by).await?;
        self.forget_objection_photos(&by).await?;
        for photo in by.expire_uploads().await? {
            let prefix = BlobPrefix::chunks(uuid::Uuid::from(photo));
            for object in self.blobs.list(&prefix, None, 1000).await?.objects {
                self.blobs.delete(&object.key).await?;
            }
        }
        Ok(())
    }

    /// Whether photos may come in now.
    ///
    /// # Errors
    /// `low_space` or `read_only`; when the photo store does not answer.
    pub async fn room_for_photos(&self) -> Result<()> {
        if self.space.is_to_be_seen_again() {
            self.look_at_the_disk().await?;
        }
        self.space.photo()
    }

    /// Bytes of a photo are durable.
    pub(crate) fn took_photo_bytes(&self, bytes: u64) {
        self.space.took(bytes);
        self.metrics.received(bytes);
    }

    /// Deletes the pieces of uploads that nothing needs any more: those of a PATCH that lost its lease, and those that
    /// were left when their upload was finished, forgotten or begun anew. How many it deleted.
    ///
    /// # Errors
    /// When database or photo store do not answer.
    pub async fn tidy_staging(&self) -> Result<u64> {
        let by = self.store.acting_as_system("tidying up");
        let mut deleted = 0;
        let mut after = None;
        loop {
            let page = self
                .blobs
                .list(&BlobPrefix::staging(), after.as_ref(), 1000)
                .await?;
            for object in page.objects {
                let chunk = ChunkKey::try_from(object.key.clone()).ok();
                if let Some((upload, offset, lease)) = chunk.and_then(|chunk| chunk.parts())
                    && by.is_orphan(PhotoId(upload), offset, lease).await?
                {
                    self.blobs.delete(&object.key).await?;
                    deleted += 1;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(deleted);
            }
        }
    }

    /// Looks how full the tightest disk is: the one of the photo store, and the one of the data folder when the
    /// database or spool files lie there.
    ///
    /// # Errors
    /// When the photo store does not answer.
    pub async fn look_at_the_disk(&self) -> Result<()> {
        let photos = self.blobs.free_space().await?;
        let data = crate::space::of_folder(&self.config.data_dir);
        let tightest = photos
            .into_iter()
            .chain(data)
            .min_by_key(|space| crate::space::percent(*space));
        if let Some(space) = tightest {
            self.space.saw(space);
        }
        Ok(())
    }

    /// Runs workers until `stop` says so; the job a worker has begun it finishes, the rest waits for the next start.
    pub async fn work(self, mut stop: watch::Receiver<bool>) {
        let mut workers = tokio::task::JoinSet::new();
        let short = std::iter::repeat_n(Which::Short, self.config.workers);
        let long = (self.config.workers > 0).then_some(Which::Long);
        for which in short.chain(long) {
            let (app, mut stop) = (self.clone(), stop.clone());
            workers.spawn(async move {
                while !*stop.borrow() {
                    match app.do_next_job(which).await {
                        Ok(true) => continue,
                        Ok(false) => {}
                        Err(error) => {
                            tracing::warn!(cause = %error, "workers wait for the database");
                        }
                    }
                    tokio::select! {
                        () = app.wake.notified() => {}
                        () = tokio::time::sleep(IDLE) => {}
                        _ = stop.changed() => {}
                    }
                }
            });
        }
        let app = self;
        workers.spawn(async move {
            let mut ticks = 0_u32;
            while !*stop.borrow() {
                if let Err(error) = app.look_at_the_disk().await {
                    tracing::warn!(cause = %error, "the disk cannot be looked at");
                }
                let by = app.store.acting_as_system("indexing reads");
                if let Err(error) = by.index_reads().await {
                    tracing::warn!(cause = %error, "the index of reads waits");
                }
                if ticks.is_multiple_of(CLOCK_TICKS)
                    && let Err(error) = app.keep_time().await
                {
                    tracing::warn!(cause = %error, "the clock's work waits");
                }
                if ticks.is_multiple_of(TIDY_TICKS)
                    && let Err(error) = app.tidy_staging().await
                {
                    tracing::warn!(cause = %error, "orphaned pieces of uploads wait");
                }
                ticks = ticks.wrapping_add(1);
                tokio::select! {
                    () = tokio::time::sleep(TICK) => {}
                    _ = stop.changed() => {}
                }
            }
        });
        while workers.join_next().await.is_some() {}
    }
}
