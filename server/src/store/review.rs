//! Review: the next case under a lease, accept, return, and what can be taken back.
//!
//! Two reviewers never hold one case: a claim is one statement that takes the oldest free one. A lease is a column; when
//! it runs out the case is free again.

use std::collections::BTreeMap;

use futures_util::future::join;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic,
    Iterable, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set, Value,
};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::contact_sheet::OnSheet;
use tilik_protocol::duty;
use tilik_protocol::evidence::{PhotoKind, ReturnTarget};
use tilik_protocol::ids::{CaseId, EventId, PhotoId, UserId, VisitId};
use tilik_protocol::lookup::ReviewQueue;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::reason::{self, NOT_OF_NARROW_FRONTS, RETURN_REASONS};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{
    AcceptCase, CaseAct, CaseView, Claim, Claimed, MOST_SKIPPED, ReturnCase,
};
use tilik_protocol::sync::Returned;
use uuid::Uuid;

use super::access::Mode;
use super::cases::{self, Case, action_name, live_lease, locked, region_of, state_of};
use super::journal::Entry;
use super::population::Stays;
use super::tables::{case_membership, house, journal, verification_case, visit, visit_photo};
use super::visits::{self, Try, is_what_was_asked};
use super::write::Seen;
use super::{Acting, Write, in_regions, rules};
use crate::error::{Error, Result};
use crate::keys::Keyring;

/// Seconds a reviewer holds a case.
pub(super) const LEASE_S: i64 = 600;
/// Most cases a reviewer holds at once: the one on the screen and those loaded ahead.
const MOST_HELD: u8 = 3;
/// Most cases a reviewer holds at once when some were taken by their id; one more frees the one held longest unused.
const MOST_TAKEN: usize = 6;
/// Cases that one claim passes over because duty keeps them from this reviewer.
const MOST_BARRED: usize = 20;
/// Tries that must have been made before a family counts as unreachable.
const TRIES: usize = 2;

/// Whoever went to this family before, or gave the phone for it, is not handed it; after a decision long ago it may still
/// be taken by its id. `c` is the case, `$1` the reviewer.
pub(super) const NOT_INVOLVED: &str = "NOT EXISTS (SELECT 1 FROM verification_case e \
     JOIN visit v ON v.filed_case_id = e.id LEFT JOIN enrolment n ON n.device_id = v.device_id \
     WHERE e.family_id = c.family_id AND (v.officer_id = $1 OR n.issued_by = $1))";

/// What a reviewer says of a case.
trait Judgement: serde::Serialize + Sync {
    /// Names it, so that a repeat is known.
    fn event(&self) -> EventId;
    /// The version that was looked at.
    fn seen_version(&self) -> i32;
    /// The contact sheet that it was looked at on.
    fn on_sheet(&self) -> Option<OnSheet> {
        None
    }
}

impl Judgement for CaseAct {
    fn event(&self) -> EventId {
        self.event_id
    }

    fn seen_version(&self) -> i32 {
        self.seen_version
    }
}

impl Judgement for ReturnCase {
    fn event(&self) -> EventId {
        self.event_id
    }

    fn seen_version(&self) -> i32 {
        self.seen_version
    }
}

impl Judgement for AcceptCase {
    fn event(&self) -> EventId {
        self.event_id
    }

    fn seen_version(&self) -> i32 {
        self.seen_version
    }

    fn on_sheet(&self) -> Option<OnSheet> {
        self.on_sheet
    }
}

/// The condition that the case `c` lies in one of `regions` or below; what it compares with is put behind `values`.
pub(super) fn places_of(c: &str, regions: &[RegionCode], values: &mut Vec<Value>) -> String {
    let mut place = Vec::new();
    for region in regions {
        let n = values.len();
        place.push(format!(
            "{c}.region = ${} OR ({c}.region >= ${} AND {c}.region < ${})",
            n + 1,
            n + 2,
            n + 3
        ));
        values.push(region.as_str().into());
        values.push(format!("{region}.").into());
        values.push(format!("{region}/").into());
    }
    place.join(" OR ")
}

impl Acting {
    /// The case this reviewer holds, or the oldest that waits in reach and that this person did not visit.
    ///
    /// # Errors
    /// `forbidden`, `invalid` when too many are to be skipped.
    pub async fn claim_review(&self, body: Claim) -> Result<Claimed> {
        self.actor.require(Permission::ReviewCases)?;
        let me = self.actor.person_id()?;
        if body.skip.len() > MOST_SKIPPED {
            return Err(Error::field(
                "skip",
                "too_long",
                "Paling banyak 50 kasus yang dilewati; sebutkan 50 yang terakhir.",
            ));
        }
        let regions = self.review_regions(body.region.as_ref());
        let wanted = usize::from(body.limit.unwrap_or(1).clamp(1, MOST_HELD));
        let room = wanted.saturating_sub(body.have.len());
        let mut views = Vec::new();
        for state in [CaseState::Submitted, CaseState::Unreachable] {
            let mut barred = body.skip.clone();
            while views.len() < room && barred.len() < body.skip.len() + MOST_BARRED {
                let claimed = self
                    .claim_from(state, me, &regions, &barred, wanted)
                    .await?;
                let Some(case) = claimed else { break };
                let id = CaseId(case.id);
                let mode = if views.is_empty() && body.have.is_empty() {
                    Mode::Seen
                } else {
                    Mode::Served
                };
                if let Some(view) = self.if_may_review(case, me, mode).await? {
                    views.push(view);
                } else {
                    self.free(id, me).await?;
                    barred.push(id);
                }
            }
        }
        if views.len() < room {
            for id in self.held(me).await? {
                let known = body.have.contains(&id)
                    || body.skip.contains(&id)
                    || views.iter().any(|view| view.id == id);
                if !known && views.len() < room {
                    views.push(self.case(id).await?);
                }
            }
        }
        let mut views = views.into_iter();
        Ok(Claimed {
            case: views.next(),
            more: views.collect(),
        })
    }

    /// Where this person reviews, and of that only what lies in `wanted`.
    pub(super) fn review_regions(&self, wanted: Option<&RegionCode>) -> Vec<RegionCode> {
        let mine = self.actor.regions(Permission::ReviewCases).into_iter();
        let Some(wanted) = wanted else {
            return mine.collect();
        };
        mine.filter_map(|mine| {
            if mine.covers(wanted) {
                Some(wanted.clone())
            } else {
                wanted.covers(&mine).then_some(mine)
            }
        })
        .collect()
    }

    /// The cases that this reviewer holds already and by themselves, the one whose evidence came first before the others.
    async fn held(&self, me: UserId) -> Result<Vec<CaseId>> {
        let now = self.store.now();
        let mine = self.actor.regions(Permission::ReviewCases);
        let held = verification_case::Entity::find()
            .filter(in_regions(verification_case::Column::Region, &mine))
            .filter(verification_case::Column::LeaseUser.eq(Uuid::from(me)))
            .filter(verification_case::Column::LeaseUntil.gt(now.as_micros()))
            .filter(verification_case::Column::LeaseSheet.is_null())
            .filter(verification_case::Column::State.is_in(["submitted", "unreachable"]))
            .order_by_asc(verification_case::Column::CompleteAt)
            .all(self.store.read())
            .await?;
        Ok(held
            .iter()
            .filter(|case| live_lease(case, now).is_some())
            .map(|case| CaseId(case.id))
            .collect())
    }

    /// How many cases in reach wait for a review.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn review_queue(&self) -> Result<ReviewQueue> {
        self.actor.require(Permission::ReviewCases)?;
        let mine = self.actor.regions(Permission::ReviewCases);
        let waiting = verification_case::Entity::find()
            .filter(in_regions(verification_case::Column::Region, &mine))
            .filter(verification_case::Column::State.is_in(["submitted", "unreachable"]))
            .filter(verification_case::Column::CompleteAt.is_not_null())
            .count(self.store.read())
            .await?;
        Ok(ReviewQueue { waiting })
    }

    /// The claimed case, unless duty keeps it from this person: the claim's own query knows most of that, and this all. It
    /// counts as read only when it may be.
    async fn if_may_review(&self, case: Case, me: UserId, mode: Mode) -> Result<Option<CaseView>> {
        let region = region_of(&case)?;
        let role = self.reading_in(&region)?;
        let id = CaseId(case.id);
        let asked = case.clone();
        let seen = async {
            let acts = Self::acts(self.store.read(), &asked).await?;
            if duty::review(&acts, me).is_err() {
                return Ok::<_, Error>(false);
            }
            self.note_case_read(id, role, mode).await?;
            Ok(true)
        };
        let (may, view) = join(seen, self.case_view(case, region)).await;
        // Of a case that is not theirs to see it does not matter whether it can be shown.
        if may? { view.map(Some) } else { Ok(None) }
    }

    async fn claim_from(
        &self,
        state: CaseState,
        me: UserId,
        regions: &[RegionCode],
        barred: &[CaseId],
        most: usize,
    ) -> Result<Option<Case>> {
        if regions.is_empty() {
            return Ok(None);
        }
        let now = self.store.now();
        let mut values: Vec<Value> = vec![
            Uuid::from(me).into(),
            now.plus_s(LEASE_S).as_micros().into(),
            now.as_micros().into(),
            now.plus_s(2 * LEASE_S).as_micros().into(),
        ];
        // Without statistics SQLite would rather sort every waiting case than walk the queue in its order.
        let queue = match (self.store.is_postgres(), state) {
            (true, _) => "",
            (false, CaseState::Unreachable) => "INDEXED BY verification_case_unreachable",
            (false, _) => "INDEXED BY verification_case_queue",
        };
        let place = places_of("c", regions, &mut values);
        // What is held for training leaves room for real work, and the other way round: no code lies between.
        let of_kind = if self.actor.is_in_training() {
            "h.region < '01'"
        } else {
            "h.region >= '01'"
        };
        let mut but = Vec::new();
        for id in barred {
            values.push(Uuid::from(*id).into());
            but.push(format!("AND c.id <> ${}", values.len()));
        }
        // A lease that a power cut takes away was ten minutes of somebody's time: PostgreSQL need not wait for the disk.
        // Rows that somebody writes at this moment are passed over; when nothing else is there, they are waited for, so that
        // nobody is told that nothing waits while one case is only being touched.
        let (locks, soon): (&[&str], _) = if self.store.is_postgres() {
            let soon = "AND set_config('synchronous_commit', 'off', true) = 'off'";
            (
                &["FOR NO KEY UPDATE SKIP LOCKED", "FOR NO KEY UPDATE"],
                soon,
            )
        } else {
            (&[""], "")
        };
        // The state is written out, so that the partial index of waiting cases is used.
        // By name: a kept statement survives a column that a newer server adds.
        let columns: Vec<&str> = verification_case::Column::iter()
            .map(|column| column.as_str())
            .collect();
        let columns = columns.join(", ");
        for lock in locks {
            let text = format!(
                "UPDATE verification_case SET lease_user = $1, lease_until = $2, lease_sheet = NULL, lease_since = $3 WHERE id = ( \
             SELECT c.id FROM verification_case c {queue} WHERE c.state = '{state}' AND c.complete_at IS NOT NULL \
             AND (c.lease_until IS NULL OR c.lease_until <= $3 OR c.lease_until > $4) \
             AND ({place}) {} AND {NOT_INVOLVED} \
             AND (SELECT count(*) FROM verification_case h WHERE h.lease_user = $1 AND h.lease_sheet IS NULL \
             AND h.lease_until > $3 AND h.lease_until <= $4 AND h.state IN ('submitted', 'unreachable') AND {of_kind}) < {most} \
             ORDER BY c.complete_at LIMIT 1 {lock}) \
             AND (lease_until IS NULL OR lease_until <= $3 OR lease_until > $4) {soon} RETURNING {columns}",
                but.join(" ")
            );
            let row = self
                .store
                .writer()
                .query_one_raw(self.store.sql(&text, values.clone()))
                .await?;
            if let Some(row) = row {
                return Ok(Some(Case::from_query_result(&row, "")?));
            }
        }
        Ok(None)
    }

    /// Takes a given case in reach for ten minutes, or holds one's own for another ten. Nobody holds more than
    /// [`MOST_TAKEN`] in this way: one more gives the one whose lease ends first back to the queue.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty`, `wrong_moment` when nothing waits for a review, `lease_lost` when
    /// somebody else has it.
    pub async fn take_lease(&self, id: CaseId) -> Result<CaseView> {
        let write = self.begin().await?;
        let case = locked(&write, id).await?;
        self.actor
            .act_in(Permission::ReviewCases, &region_of(&case)?)?;
        let me = self.actor.person_id()?;
        match state_of(&case)? {
            CaseState::Submitted | CaseState::Unreachable => {}
            CaseState::Open
            | CaseState::Assigned
            | CaseState::Returned
            | CaseState::Accepted
            | CaseState::AwaitingApproval
            | CaseState::Decided
            | CaseState::Closed
            | CaseState::Expired => return Err(Error::WRONG_MOMENT),
        }
        // Who may not review it must not keep others from it.
        duty::review(&Self::acts(write.on(), &case).await?, me)?;
        if live_lease(&case, write.at()).is_some_and(|(holder, _)| holder != me) {
            return Err(Error::Refused(ProblemCode::LeaseLost));
        }
        // A claim may have taken it in this moment, without asking for the row's lock first. Renewed, or taken again soon
        // after it ran out, it is held since it was taken first; from a sheet it is looked at anew.
        let taken = write
            .on()
            .execute_raw(self.store.sql(
                "UPDATE verification_case SET lease_user = $2, lease_until = $3, lease_sheet = NULL, \
                 lease_since = CASE WHEN lease_user = $2 AND lease_sheet IS NULL AND lease_until > $6 AND lease_until <= $5 \
                 THEN coalesce(lease_since, $4) ELSE $4 END WHERE id = $1 \
                 AND (lease_user = $2 OR lease_until IS NULL OR lease_until <= $4 OR lease_until > $5)",
                [
                    Uuid::from(id).into(),
                    Uuid::from(me).into(),
                    write.at().plus_s(LEASE_S).as_micros().into(),
                    write.at().as_micros().into(),
                    write.at().plus_s(2 * LEASE_S).as_micros().into(),
                    write.at().plus_s(-LEASE_S).as_micros().into(),
                ],
            ))
            .await?;
        if taken.rows_affected() == 0 {
            return Err(Error::Refused(ProblemCode::LeaseLost));
        }
        write.commit().await?;
        self.free_surplus(me).await?;
        self.case(id).await
    }

    /// Frees what this person holds by themselves beyond [`MOST_TAKEN`], so that no queue can be kept from others.
    async fn free_surplus(&self, me: UserId) -> Result<()> {
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE verification_case SET lease_user = NULL, lease_until = NULL WHERE lease_user = $1 AND id IN \
                 (SELECT id FROM verification_case WHERE lease_user = $1 AND lease_until > $2 AND lease_sheet IS NULL \
                 ORDER BY lease_until DESC, id LIMIT $3 OFFSET $4)",
                [
                    Uuid::from(me).into(),
                    self.store.now().as_micros().into(),
                    i64::MAX.into(),
                    (MOST_TAKEN as i64).into(),
                ],
            ))
            .await?;
        Ok(())
    }

    /// Gives the case back to the queue.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn release_lease(&self, id: CaseId) -> Result<()> {
        let me = self.actor.person_id()?;
        self.case(id).await?;
        self.free(id, me).await
    }

    async fn free(&self, id: CaseId, me: UserId) -> Result<()> {
        self.store
            .writer()
            .execute_raw(self.store.sql(
                "UPDATE verification_case SET lease_user = NULL, lease_until = NULL, lease_sheet = NULL \
                 WHERE id = $1 AND lease_user = $2",
                [Uuid::from(id).into(), Uuid::from(me).into()],
            ))
            .await?;
        Ok(())
    }

    /// The evidence stands. The house's pin becomes the one of this visit, unless one captured later stands.
    ///
    /// # Errors
    /// `not_found`, `stale`, `separation_of_duty`, `wrong_moment`; `lease_lost` also when it is held by itself and accepted
    /// on a sheet, or the other way round; of a contact sheet `one_by_one` when something has come up since, `invalid` when
    /// it was said to be shown for much longer than that was possible.
    pub async fn accept(&self, id: CaseId, body: AcceptCase) -> Result<CaseView> {
        self.review_step(id, CaseAction::Accept, &body, |_| Ok(()))
            .await
    }

    /// Nobody could be seen, and enough was tried.
    ///
    /// # Errors
    /// As [`Acting::accept`]; `invalid` with what is missing.
    pub async fn agree_unreachable(&self, id: CaseId, body: CaseAct) -> Result<CaseView> {
        self.review_step(id, CaseAction::AgreeUnreachable, &body, |_| Ok(()))
            .await
    }

    /// Not enough was tried: it goes back to be visited.
    ///
    /// # Errors
    /// As [`Acting::accept`].
    pub async fn reopen(&self, id: CaseId, body: CaseAct) -> Result<CaseView> {
        self.review_step(id, CaseAction::Reopen, &body, |case| {
            case.officer_id = None;
            Ok(())
        })
        .await
    }

    /// The reviewer withdraws an acceptance, as long as nothing was decided on it: the evidence waits for a review again,
    /// or the family counts as not yet agreed to be unreachable.
    ///
    /// # Errors
    /// As [`Acting::accept`].
    pub async fn withdraw(&self, id: CaseId, body: CaseAct) -> Result<CaseView> {
        self.review_step(id, CaseAction::Withdraw, &body, |case| {
            case.accepted_basis = None;
            Ok(())
        })
        .await
    }

    /// The reviewer takes a return back before a phone has fetched it.
    ///
    /// # Errors
    /// As [`Acting::accept`].
    pub async fn take_back(&self, id: CaseId, body: CaseAct) -> Result<CaseView> {
        self.review_step(id, CaseAction::TakeBack, &body, |case| {
            if case.return_fetched_at.is_some() {
                return Err(Error::WRONG_MOMENT);
            }
            case.returned = None;
            Ok(())
        })
        .await
    }

    /// Back to the phone, with a reason per photo, pin, answer or the visit.
    ///
    /// # Errors
    /// As [`Acting::accept`]; `invalid` when a reason points at nothing.
    pub async fn return_case(&self, id: CaseId, body: ReturnCase) -> Result<CaseView> {
        let mut problems = Vec::new();
        if body.reasons.is_empty() || body.reasons.len() > 50 {
            problems.push(problem(
                "reasons",
                "missing",
                "Sebutkan sedikitnya satu alasan.",
            ));
        }
        for (n, given) in body.reasons.iter().enumerate() {
            if !reason::is_listed(&given.code, RETURN_REASONS) {
                problems.push(problem(
                    &format!("reasons[{n}].code"),
                    "unknown",
                    "Pilih salah satu alasan pengembalian.",
                ));
            }
            if given
                .note
                .as_ref()
                .is_some_and(|note| note.chars().count() > 500)
            {
                problems.push(problem(
                    &format!("reasons[{n}].note"),
                    "too_long",
                    "Paling banyak 500 karakter.",
                ));
            }
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let reasons = body.reasons.clone();
        let case = verification_case::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut photos: Vec<PhotoId> = Vec::new();
        // The halves of a front that has no whole.
        let mut halves: Vec<PhotoId> = Vec::new();
        if let Some(current) = case.current_visit {
            let links = visit_photo::Entity::find()
                .filter(visit_photo::Column::VisitId.eq(current))
                .all(self.store.read())
                .await?;
            let has = |kind: PhotoKind| links.iter().any(|link| link.kind == kind.to_string());
            let narrow = [PhotoKind::NarrowLeft, PhotoKind::NarrowRight];
            if !has(PhotoKind::HouseFront) && narrow.into_iter().all(has) {
                halves = links
                    .iter()
                    .filter(|link| narrow.iter().any(|kind| link.kind == kind.to_string()))
                    .map(|link| PhotoId(link.photo_id))
                    .collect();
            }
            photos = links.iter().map(|link| PhotoId(link.photo_id)).collect();
        }
        let at = self.store.now();
        self.review_step(id, CaseAction::Return, &body, move |case| {
            let visit = VisitId(case.current_visit.ok_or(Error::WRONG_MOMENT)?);
            let mut named = Vec::new();
            for (n, given) in reasons.iter().enumerate() {
                let about_front = match &given.target {
                    ReturnTarget::Photo { photo } => halves.contains(photo),
                    ReturnTarget::Visit => !halves.is_empty(),
                    ReturnTarget::Pin | ReturnTarget::Answer { .. } => false,
                };
                if about_front && given.code.is_in(&NOT_OF_NARROW_FRONTS) {
                    return Err(Error::field(
                        &format!("reasons[{n}].code"),
                        "narrow_front",
                        "Tampak depan ini difoto dalam dua bagian karena gang sempit, jadi tidak dikembalikan karena atap atau lantai terpotong.",
                    ));
                }
                if let ReturnTarget::Photo { photo } = &given.target {
                    if !photos.contains(photo) {
                        return Err(Error::field(
                            &format!("reasons[{n}].target.photo"),
                            "unknown",
                            "Foto ini bukan bagian dari kunjungan terakhir.",
                        ));
                    }
                    named.push(*photo);
                }
            }
            let keep = photos
                .iter()
                .copied()
                .filter(|photo| !named.contains(photo))
                .collect();
            let returned = Returned {
                visit,
                at,
                reasons,
                keep,
            };
            case.returned = Some(serde_json::to_string(&returned).map_err(Error::internal)?);
            case.return_fetched_at = None;
            Ok(())
        })
        .await
    }

    /// One step of the review: reach, event, lease, duty, version, machine, row, journal.
    async fn review_step<B: Judgement>(
        &self,
        id: CaseId,
        action: CaseAction,
        body: &B,
        change: impl FnOnce(&mut Case) -> Result<()> + Send,
    ) -> Result<CaseView> {
        let mut write = self.begin().await?;
        let case = locked(&write, id).await?;
        let role = self
            .actor
            .act_in(Permission::ReviewCases, &region_of(&case)?)?;
        let me = self.actor.person_id()?;
        let object = format!("case:{id}");
        let event = body.event();
        if write
            .once(event, action_name(action), &object, body)
            .await?
            == Seen::Before
        {
            drop(write);
            return self.case(id).await;
        }
        let from = state_of(&case)?;
        let action = meant(action, from, &case);
        let step = case::step(from, action, role)?;
        let Step::To(next) = step else {
            // It is so already, and by another act: whoever looked at what was before must not believe it was theirs.
            if case.version != body.seen_version() {
                return Err(Error::Stale {
                    current_version: case.version,
                });
            }
            write.commit().await?;
            return self.case(id).await;
        };
        duty::review(&Self::acts(write.on(), &case).await?, me)?;
        let holder = live_lease(&case, write.at()).map(|(holder, _)| holder);
        if !may_go_on(action, holder, me) {
            return Err(Error::Refused(ProblemCode::LeaseLost));
        }
        if case.version != body.seen_version() {
            return Err(Error::Stale {
                current_version: case.version,
            });
        }
        let looked = match body.on_sheet() {
            Some(on) => Some(self.accepted_on_sheet(&write, &case, on).await?),
            // Eleven others were beside it: it does not count as looked at by itself before it is held by itself.
            None if action == CaseAction::Accept && case.lease_sheet.is_some() => {
                return Err(Error::Refused(ProblemCode::LeaseLost));
            }
            None => None,
        };
        let held_ms = holder.and(case.lease_since).map(|since| {
            let held = write.at().as_micros().saturating_sub(since);
            u64::try_from(held / 1_000).unwrap_or_default()
        });
        let mut case = case;
        match action {
            CaseAction::Accept => {
                if case.complete_at.is_none() {
                    return Err(Error::WRONG_MOMENT);
                }
                if !is_what_was_asked(&write, &case).await? {
                    return Err(Error::field(
                        "visits",
                        "too_little",
                        "Kunjungan ini bukan jenis yang diminta kasus; kembalikan kasus kepada petugas.",
                    ));
                }
                case.accepted_basis = Some("visit".to_owned());
                pin_house(&write, &case).await?;
            }
            CaseAction::AgreeUnreachable => {
                enough_tries(&write, &case, self.store.keys()).await?;
                case.accepted_basis = Some("unreachable".to_owned());
            }
            CaseAction::Withdraw | CaseAction::WithdrawUnreachable => {
                let decided = case_membership::Entity::find()
                    .filter(case_membership::Column::CaseId.eq(case.id))
                    .filter(case_membership::Column::Outcome.is_not_null())
                    .one(write.on())
                    .await?;
                if decided.is_some() {
                    return Err(Error::WRONG_MOMENT);
                }
                if action == CaseAction::Withdraw {
                    unpin_house(&write, &case).await?;
                }
            }
            CaseAction::Return => {
                let visit = case.current_visit.ok_or(Error::WRONG_MOMENT)?;
                // The officer who took the evidence gets it back, also when the case had changed hands.
                let author = visit::Entity::find_by_id(visit).one(write.on()).await?;
                if case.officer_id.is_none() {
                    case.officer_id = author.map(|row| row.officer_id);
                }
                cases::goes_on(&mut case, write.at());
            }
            CaseAction::Reopen => cases::goes_on(&mut case, write.at()),
            CaseAction::Assign
            | CaseAction::Unassign
            | CaseAction::SubmitVisit
            | CaseAction::ReportUnreachable
            | CaseAction::TakeBack
            | CaseAction::DecideEligible
            | CaseAction::SendForApproval
            | CaseAction::ConfirmLast
            | CaseAction::RefuseDecision
            | CaseAction::Close
            | CaseAction::Expire => {}
        }
        let before = case.officer_id.map(UserId);
        change(&mut case)?;
        case.state = next.to_string();
        case.lease_user = None;
        case.lease_until = None;
        case.lease_sheet = None;
        let case = cases::save(&mut write, case, before).await?;
        // Whose answers count, or count no longer, is looked at anew.
        rules::families_changed(&write, &[case.family_id]).await?;
        let mut told = serde_json::json!({ "from": from, "to": next, "visit": case.current_visit.map(VisitId), "body": body_without_notes(body)? });
        if let Some(looked) = looked {
            told["sheet_age_ms"] = looked.sheet_age_ms.into();
            told["counted_ms"] = looked.counted.shown_ms.into();
            told["sheet_houses"] = looked.counted.houses.into();
            told["hurried"] = looked.counted.is_hurried().into();
        } else if let Some(held_ms) = held_ms {
            told["held_ms"] = held_ms.into();
        }
        write.journal(Entry::new(
            action_name(action),
            object,
            role,
            Some(event),
            &told,
        )?);
        write.commit().await?;
        self.case(id).await
    }
}

/// What a withdrawal takes back depends on what was agreed to; everything else is what it is.
fn meant(action: CaseAction, from: CaseState, case: &Case) -> CaseAction {
    let is_of_unreachable = from == CaseState::Unreachable
        || (from == CaseState::Accepted && case.accepted_basis.as_deref() == Some("unreachable"));
    if action == CaseAction::Withdraw && is_of_unreachable {
        CaseAction::WithdrawUnreachable
    } else {
        action
    }
}

/// Whether the lease lets this reviewer act: judging evidence takes one's own, so that two do not look at one case at
/// once; everything else only waits for somebody else's.
fn may_go_on(action: CaseAction, holder: Option<UserId>, me: UserId) -> bool {
    match action {
        CaseAction::Accept | CaseAction::AgreeUnreachable | CaseAction::Return => {
            holder == Some(me)
        }
        CaseAction::Assign
        | CaseAction::Unassign
        | CaseAction::SubmitVisit
        | CaseAction::ReportUnreachable
        | CaseAction::TakeBack
        | CaseAction::Withdraw
        | CaseAction::WithdrawUnreachable
        | CaseAction::Reopen
        | CaseAction::DecideEligible
        | CaseAction::SendForApproval
        | CaseAction::ConfirmLast
        | CaseAction::RefuseDecision
        | CaseAction::Close
        | CaseAction::Expire => holder.is_none_or(|holder| holder == me),
    }
}

/// Free text may hold personal data and stays out of the journal.
fn body_without_notes(body: &impl serde::Serialize) -> Result<serde_json::Value> {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove("note");
                map.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut value = serde_json::to_value(body).map_err(Error::internal)?;
    strip(&mut value);
    Ok(value)
}

fn problem(field: &str, code: &str, remedy: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// The accepted visit's pin is the house's from now on, unless one that was captured later stands already: evidence that
/// came late, or was reviewed late, says where the door was, not where it is. Nor does what was captured of the house before
/// a move.
async fn pin_house(write: &Write, case: &Case) -> Result<()> {
    let Some(current) = case.current_visit else {
        return Ok(());
    };
    let Some(row) = visit::Entity::find_by_id(current).one(write.on()).await? else {
        return Ok(());
    };
    if row.lat_e7.is_none() {
        return Ok(());
    }
    let stays = Stays::of(write.on(), [case.family_id]).await?;
    if stays.elsewhere(case.family_id, case.house_id, captured_of(&row)) {
        return Ok(());
    }
    let home = locked_house(write, case).await?;
    let standing = match home.pin_visit {
        Some(pinned) => visit::Entity::find_by_id(pinned).one(write.on()).await?,
        None => None,
    };
    if standing.is_some_and(|standing| captured_of(&standing) > captured_of(&row)) {
        return Ok(());
    }
    put_pin(write, home, Some(&row)).await
}

/// The pin captured last of those whose acceptance still stands becomes the house's again, when it was this case's that is
/// withdrawn.
async fn unpin_house(write: &Write, case: &Case) -> Result<()> {
    let home = locked_house(write, case).await?;
    if home.pin_visit.is_none() || home.pin_visit != case.current_visit {
        return Ok(());
    }
    let others = verification_case::Entity::find()
        .filter(verification_case::Column::HouseId.eq(case.house_id))
        .filter(verification_case::Column::Id.ne(case.id))
        .filter(verification_case::Column::AcceptedBasis.eq("visit"))
        .all(write.on())
        .await?;
    let pinned = visit::Entity::find()
        .filter(visit::Column::Id.is_in(others.iter().filter_map(|other| other.current_visit)))
        .filter(visit::Column::LatE7.is_not_null())
        .all(write.on())
        .await?;
    // What a family brought along from another house never was this one's.
    let stays = Stays::of(write.on(), others.iter().map(|other| other.family_id)).await?;
    let is_of_here = |other: &&Case| {
        let visit = pinned
            .iter()
            .find(|row| Some(row.id) == other.current_visit);
        visit.is_some_and(|row| !stays.elsewhere(other.family_id, case.house_id, captured_of(row)))
    };
    // The journal knows which of two of one moment was accepted after the other.
    let objects: BTreeMap<String, Option<Uuid>> = others
        .iter()
        .filter(is_of_here)
        .map(|other| (format!("case:{}", CaseId(other.id)), other.current_visit))
        .collect();
    let accepted = journal::Entity::find()
        .filter(journal::Column::Action.eq(action_name(CaseAction::Accept)))
        .filter(journal::Column::Object.is_in(objects.keys()))
        .order_by_asc(journal::Column::Seq)
        .all(write.on())
        .await?;
    let last = accepted
        .iter()
        .filter_map(|entry| {
            let visit = (*objects.get(&entry.object)?)?;
            pinned.iter().find(|row| row.id == visit)
        })
        .max_by_key(|row| captured_of(row));
    put_pin(write, home, last).await
}

/// The house of a case, held: another case about it may be accepted or withdrawn in this moment.
async fn locked_house(write: &Write, case: &Case) -> Result<house::Model> {
    house::Entity::find_by_id(case.house_id)
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

/// When a visit was captured, as far as that can be: a phone whose clock is ahead did not capture it after it was here.
pub(super) fn captured(captured_at: i64, received_at: i64) -> i64 {
    captured_at.min(received_at)
}

fn captured_of(row: &visit::Model) -> i64 {
    captured(row.captured_at, row.received_at)
}

/// The house is where this visit says; without one nobody pinned it.
async fn put_pin(write: &Write, home: house::Model, from: Option<&visit::Model>) -> Result<()> {
    let mut home = house::ActiveModel::from(home);
    home.lat_e7 = Set(from.and_then(|row| row.lat_e7));
    home.lon_e7 = Set(from.and_then(|row| row.lon_e7));
    home.accuracy_cm = Set(from.and_then(|row| row.accuracy_cm));
    home.pinned_at = Set(from.map(|row| row.captured_at));
    home.pin_visit = Set(from.map(|row| row.id));
    home.update(write.on()).await?;
    Ok(())
}

/// Two tries on different days and hours of the region's day, and a statement of RT/RW.
async fn enough_tries(write: &Write, case: &Case, keys: &Keyring) -> Result<()> {
    let region = region_of(case)?;
    let tries = visits::tries(write, case).await?;
    let moments = tries
        .iter()
        .map(|row| Try::of(row, &region, keys))
        .collect::<Result<Vec<_>>>()?;
    let different = moments
        .iter()
        .enumerate()
        .any(|(n, a)| moments[n + 1..].iter().any(|b| a.is_apart_from(*b)));
    let mut lacks = Vec::new();
    if tries.len() < TRIES || !different {
        lacks.push(problem(
            "visits",
            "too_few",
            "Perlu dua kunjungan pada hari dan jam yang berbeda, dengan waktu yang terbukti oleh server.",
        ));
    }
    let statement = visit_photo::Entity::find()
        .filter(visit_photo::Column::VisitId.is_in(tries.iter().map(|row| row.id)))
        .filter(visit_photo::Column::Kind.eq(PhotoKind::Statement.to_string()))
        .one(write.on())
        .await?;
    if statement.is_none() {
        lacks.push(problem(
            "statement",
            "missing",
            "Perlu foto pernyataan RT/RW.",
        ));
    }
    if lacks.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(lacks))
    }
}
