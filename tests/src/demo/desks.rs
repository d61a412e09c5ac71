//! The people at desks: who opens and gives out cases, who reviews, who decides, who confirms.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{ReturnTarget, VisitKind};
use tilik_protocol::ids::{CaseId, FamilyId};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::{CaseRow, CaseView, MembershipRow, Page};
use tilik_protocol::sync::ReturnReason;

use super::{Cast, Village};

/// How long reviewers wait for evidence that was sent.
const PATIENCE: Duration = Duration::from_mins(2);

/// The desks of the demo, and what was done at them.
#[derive(Default)]
pub struct Desks {
    /// Families that had a case already.
    visited: BTreeSet<FamilyId>,
    /// Cases that were returned once; nobody is sent out a third time.
    returned: BTreeSet<CaseId>,
}

impl Desks {
    /// Opens `each` cases in every village, for families who hold a place, and gives them to the village's officer. Every
    /// third is a full visit.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn open_cases(&mut self, cast: &Cast, each: usize) -> Result<Vec<CaseId>> {
        let mut opened = Vec::new();
        for village in &cast.villages {
            let families = self.next_families(village, each).await?;
            let (full, quick) = families.split_at(families.len() / 3);
            for (families, kind) in [(quick, VisitKind::Quick), (full, VisitKind::Full)] {
                if families.is_empty() {
                    continue;
                }
                let officer = Some(village.officer.user());
                let made = cast
                    .supervisor
                    .open_cases(families, kind, officer, None)
                    .await?;
                opened.extend(made.cases);
            }
        }
        Ok(opened)
    }

    /// Families of the village with an active membership and no case so far.
    pub(super) async fn next_families(
        &mut self,
        village: &Village,
        many: usize,
    ) -> Result<Vec<FamilyId>> {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/memberships?state=active&limit=100{after}");
            let page: Page<MembershipRow> = village.operator.get(&path).await.ok()?.read()?;
            for row in page.items {
                if found.len() < many && self.visited.insert(row.family) {
                    found.push(row.family);
                }
            }
            match page.next {
                Some(next) if found.len() < many => after = format!("&after={next}"),
                Some(_) | None => return Ok(found),
            }
        }
    }

    /// Gives every open case without an officer, such as a successor's, to the officer of its village. How many.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn give_out(&self, cast: &Cast) -> Result<usize> {
        let rows = self.all(cast, CaseState::Open).await?;
        for village in &cast.villages {
            let here: Vec<CaseId> = rows
                .iter()
                .filter(|row| village.region.covers(&row.region))
                .map(|row| row.id)
                .collect();
            if !here.is_empty() {
                let officer = Some(village.officer.user());
                cast.supervisor.assign(&here, officer).await?;
            }
        }
        Ok(rows.len())
    }

    async fn all(&self, cast: &Cast, state: CaseState) -> Result<Vec<CaseRow>> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/cases?state={state}&limit=100{after}");
            let page: Page<CaseRow> = cast.supervisor.get(&path).await.ok()?.read()?;
            rows.extend(page.items);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(rows),
            }
        }
    }

    /// How many cases wait for a review.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn waiting(&self, cast: &Cast) -> Result<usize> {
        Ok(self.all(cast, CaseState::Submitted).await?.len())
    }

    /// Reviews `many` cases as they come: returns the first `to_return` of them for a better front photo, accepts the
    /// others. The accepted ones.
    ///
    /// # Errors
    /// When the server refuses, or the evidence does not come.
    pub async fn review(
        &mut self,
        cast: &Cast,
        many: usize,
        mut to_return: usize,
    ) -> Result<Vec<CaseView>> {
        let mut accepted = Vec::new();
        let mut looked_at = 0;
        let mut since = Instant::now();
        while looked_at < many {
            let Some(case) = cast.reviewer.claim().await? else {
                ensure!(
                    since.elapsed() < PATIENCE,
                    "{looked_at} of {many} cases came for review"
                );
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            since = Instant::now();
            looked_at += 1;
            let visit = case
                .visits
                .first()
                .context("a case in review has a visit")?;
            if to_return > 0 && self.returned.insert(case.id) {
                let photo = visit.photos.first().context("a visit has photos")?;
                let reason = ReturnReason {
                    target: ReturnTarget::Photo { photo: photo.id },
                    code: ReasonCode::known("ATAP_TERPOTONG"),
                    note: Some("Mundur beberapa langkah sampai atap terlihat utuh.".to_owned()),
                };
                cast.reviewer.return_case(case.id, vec![reason]).await?;
                to_return -= 1;
            } else {
                accepted.push(cast.reviewer.accept(case.id).await?);
            }
        }
        Ok(accepted)
    }

    /// The operators decide every membership of `cases`; in the first `to_cancel` of them one membership ends, which the
    /// approver confirms. Eligible outcomes that need a second person get one.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn decide(
        &self,
        cast: &Cast,
        cases: &[CaseView],
        mut to_cancel: usize,
    ) -> Result<()> {
        let operators: BTreeMap<_, _> = cast
            .villages
            .iter()
            .map(|village| (village.region.clone(), &village.operator))
            .collect();
        for case in cases {
            let operator = operators
                .get(&case.region)
                .with_context(|| format!("an operator in {}", case.region))?;
            // Whoever tries the demo may have been faster.
            if operator.case(case.id).await?.state.known() != Some(CaseState::Accepted) {
                continue;
            }
            let mut why = (to_cancel > 0).then_some("MAMPU_DESIL");
            for membership in &case.memberships {
                let answer = operator.decide(case.id, membership.id, why.take()).await?;
                answer.ok().context("a decision")?;
            }
            to_cancel = to_cancel.saturating_sub(1);
            let mut decided = operator.case(case.id).await?;
            while decided.state.known() == Some(CaseState::AwaitingApproval) {
                let Some(next) = decided.memberships.iter().find(|m| m.awaiting_approval) else {
                    bail!(
                        "case {} waits for an approval that nobody can give",
                        case.id
                    );
                };
                let answer = cast.approver.confirm(case.id, next.id, true).await?;
                decided = answer.ok().context("a confirmation")?.read()?;
            }
            ensure!(
                decided.state.known() == Some(CaseState::Decided),
                "case {} ends as {:?}",
                case.id,
                decided.state
            );
        }
        Ok(())
    }
}
