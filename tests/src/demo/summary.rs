//! What became of it all, counted in the server's own database and blob store.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{PhotoId, VisitId};
use tilik_server::App;
use tilik_server::blobs::{BlobKey, BlobPrefix};
use uuid::Uuid;

use super::{Crew, Demo};

/// The counts of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Families in the registry.
    pub families: i64,
    /// Regions in the registry.
    pub regions: i64,
    /// Visits received.
    pub visits: i64,
    /// Photos whose bytes in the blob store are what their phone signed.
    pub photos: i64,
    /// Visits that were returned to a phone.
    pub returned: i64,
    /// Cases accepted in review.
    pub accepted: i64,
    /// Memberships found eligible.
    pub eligible: i64,
    /// Memberships cancelled by two persons.
    pub cancelled: i64,
    /// Places reserved for the next family on the list.
    pub replaced: i64,
    /// Visits and photos that a phone sealed and the server does not have whole.
    pub lost: i64,
    /// Visits and photos that are there more than once.
    pub duplicated: i64,
    /// Uploads that broke off in the middle and were taken up again.
    pub cut: u64,
    /// Programs.
    pub programs: i64,
    /// Lines that files brought.
    pub imported: i64,
    /// Proposals, in whatever state.
    pub proposals: i64,
    /// States that some of them are in.
    pub proposal_states: i64,
    /// Deliberations.
    pub deliberations: i64,
    /// Letters that were issued.
    pub letters: i64,
    /// Families that are to be told of a cancellation.
    pub notices: i64,
    /// Periods whose window was opened again.
    pub periods: i64,
    /// Deaths that the civil registry told of.
    pub deaths: i64,
    /// Families that moved to another village.
    pub moves: i64,
    /// Appeals of families whose place ended.
    pub appeals: i64,
    /// Objections of citizens.
    pub objections: i64,
    /// Rows of the journal.
    pub journal: i64,
}

impl Summary {
    /// Reads everything back.
    ///
    /// # Errors
    /// When database or blob store do not answer, or the journal does not hold together.
    pub async fn read(demo: &Demo, crew: &Crew) -> Result<Self> {
        let app = &demo.app;
        let count = |query: &'static str| async move { app.store.count(query).await };
        let by = app.store.acting_as_system("the demo counts");
        let journal = by.verify_journal().await?;
        anyhow::ensure!(journal.is_ok(), "the journal is broken: {journal:?}");
        let sealed = crew.sealed()?;
        let there = visits(app).await?;
        let (photos, twice) = photos(app).await?;
        let lost_visits = sealed.keys().filter(|visit| !there.contains(visit)).count();
        let wanted: i64 = count("SELECT COUNT(DISTINCT photo_id) FROM visit_photo").await?;
        let visit_rows = count("SELECT COUNT(*) FROM visit").await?;
        Ok(Self {
            families: count("SELECT COUNT(*) FROM family").await?,
            regions: count("SELECT COUNT(*) FROM region").await?,
            visits: visit_rows,
            photos,
            returned: count("SELECT COUNT(*) FROM journal WHERE action = 'case.return'").await?,
            accepted: count(
                "SELECT COUNT(*) FROM verification_case WHERE state IN ('accepted', 'awaiting_approval', 'decided')",
            )
            .await?,
            eligible: count("SELECT COUNT(*) FROM case_membership WHERE outcome = 'eligible'").await?,
            cancelled: count(
                "SELECT COUNT(*) FROM case_membership WHERE outcome = 'ineligible' AND confirmed_by IS NOT NULL",
            )
            .await?,
            replaced: count(
                "SELECT COUNT(*) FROM membership WHERE successor_of IS NOT NULL AND state = 'candidate'",
            )
            .await?,
            lost: i64::try_from(lost_visits)? + (wanted - photos).max(0),
            duplicated: visit_rows - i64::try_from(there.len())? + twice,
            cut: crew.cut(),
            programs: count("SELECT COUNT(*) FROM program").await?,
            imported: count("SELECT CAST(SUM(added) AS BIGINT) FROM import_run").await?,
            proposals: count("SELECT COUNT(*) FROM proposal").await?,
            proposal_states: count("SELECT COUNT(DISTINCT state) FROM proposal").await?,
            deliberations: count("SELECT COUNT(*) FROM deliberation").await?,
            letters: count("SELECT COUNT(*) FROM letter").await?,
            notices: count("SELECT COUNT(*) FROM notice").await?,
            periods: count(
                "SELECT COUNT(DISTINCT reopened_period) FROM submission_window WHERE reopened_at IS NOT NULL",
            )
            .await?,
            deaths: count(
                "SELECT COUNT(*) FROM civil_event WHERE kind = 'MENINGGAL' AND state = 'applied'",
            )
            .await?,
            moves: count("SELECT COUNT(*) FROM family_move").await?,
            appeals: count("SELECT COUNT(*) FROM appeal").await?,
            objections: count("SELECT COUNT(*) FROM objection").await?,
            journal: count("SELECT COUNT(*) FROM journal").await?,
        })
    }
}

async fn visits(app: &App) -> Result<BTreeSet<VisitId>> {
    let rows = app.store.peek("SELECT id FROM visit", []).await?;
    rows.iter()
        .map(|row| Ok(VisitId::from(row.try_get_by_index::<Uuid>(0)?)))
        .collect()
}

/// How many photos are whole, and how many lie in the blob store once too often.
async fn photos(app: &App) -> Result<(i64, i64)> {
    let rows = app
        .store
        .peek(
            "SELECT id, sha256 FROM photo WHERE original_key IS NOT NULL",
            [],
        )
        .await?;
    let mut whole = 0;
    for row in &rows {
        let id = PhotoId::from(row.try_get_by_index::<Uuid>(0)?);
        let sha256: Vec<u8> = row.try_get_by_index(1)?;
        let sha256: [u8; 32] = sha256.try_into().ok().context("a hash of 32 bytes")?;
        let bytes = app.blobs.get(&BlobKey::original(id, &sha256)).await;
        if bytes.is_ok_and(|bytes| Sha256::digest(&bytes)[..] == sha256) {
            whole += 1;
        }
    }
    let mut objects = 0;
    let mut after = None;
    loop {
        let page = app
            .blobs
            .list(&BlobPrefix::originals(), after.as_ref(), 1000)
            .await?;
        objects += i64::try_from(page.objects.len())?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let known = i64::try_from(rows.len())?;
    Ok((whole, (objects - known).max(0)))
}
