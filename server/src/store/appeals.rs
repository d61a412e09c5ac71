//! Appeals of families against the end of their places: filed at the counter, examined, judged. Whoever had a hand in the
//! decision, in the visit behind it or in taking the appeal in neither examines nor judges it. Upheld, the place comes back
//! in the same transaction.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Set,
};
use tilik_protocol::appeal::{
    self as machine, AppealAction, AppealFinding, AppealOutcome, AppealRow, AppealState,
    AppealView, AppealWord, ExamineAppeal, FileAppeal, JudgeAppeal, MOST_IN_GROUNDS, MOST_IN_NAME,
    Restored, WithdrawAppeal,
};
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::ids::{
    AppealId, CaseId, FamilyId, MembershipId, PersonId, RestorationId, SlotId, UserId,
};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::membership::{self as place, MembershipAction, MembershipState};
use tilik_protocol::ministry::MinistryActKind;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::{self, APPEAL_DISMISSED, APPEAL_UPHELD};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::cursor::{Place, cut};
use super::families::region_code;
use super::journal::Entry;
use super::overview::within;
use super::receipts::Receipt;
use super::slots::{self, TwoPersons};
use super::tables::{
    appeal, case_membership, family, membership, notice, person, restoration, verification_case,
};
use super::write::Seen;
use super::{Acting, Write, cases, decisions, in_regions, ministry, rules, text};
use crate::error::{Error, Result};

/// Days in which a family is answered, of its deciding authority's own setting.
const ANSWERED_WITHIN_DAYS: i64 = 14;
/// Why a case ends whose only place ended otherwise.
const PLACE_ENDED: &str = "KEANGGOTAAN_BERAKHIR";

/// Which appeals a list shows.
#[derive(Debug, Clone, Default)]
pub struct AppealFilter {
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// About this family.
    pub family: Option<FamilyId>,
    /// Those that were answered, or those that wait.
    pub answered: bool,
}

fn state_of(row: &appeal::Model) -> Result<AppealState> {
    row.state.parse().map_err(Error::internal)
}

/// Words of somebody, trimmed; neither none nor too many.
fn words(field: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::field(field, "missing", "Isi dahulu."));
    }
    if text.chars().count() > most {
        let remedy = format!("Paling banyak {most} karakter.");
        return Err(Error::field(field, "too_long", &remedy));
    }
    Ok(text.to_owned())
}

/// An appeal, locked until the transaction ends.
async fn locked(write: &Write, id: AppealId) -> Result<appeal::Model> {
    appeal::Entity::find_by_id(Uuid::from(id))
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

/// Saves an appeal as its next version.
async fn save(write: &Write, mut row: appeal::Model) -> Result<appeal::Model> {
    row.version += 1;
    let active = appeal::ActiveModel::from(row.clone()).reset_all();
    active.update(write.on()).await?;
    Ok(row)
}

/// Everybody who had a hand in the end of a place: visited the house or gave the visitor the phone, reviewed, proposed,
/// confirmed, brought the notice.
async fn hands(on: &impl super::lanes::QueryEach, membership: Uuid) -> Result<BTreeSet<Uuid>> {
    let mut hands = BTreeSet::new();
    let links = case_membership::Entity::find()
        .filter(case_membership::Column::MembershipId.eq(membership))
        .all(on)
        .await?;
    for link in &links {
        let by = [link.proposed_by, link.confirmed_by, link.refused_by];
        hands.extend(by.into_iter().flatten());
        let case = verification_case::Entity::find_by_id(link.case_id)
            .one(on)
            .await?;
        if let Some(case) = case {
            let acts = Acting::acts(on, &case).await?;
            let acted = acts
                .visitors
                .iter()
                .chain(&acts.equippers)
                .chain(&acts.reviewers)
                .chain(&acts.proposers);
            hands.extend(acted.map(|who| Uuid::from(*who)));
        }
    }
    let told = notice::Entity::find()
        .filter(notice::Column::MembershipId.eq(membership))
        .all(on)
        .await?;
    hands.extend(told.into_iter().filter_map(|row| row.delivered_recorded_by));
    Ok(hands)
}

/// Whether an appeal about one of these places waits for its answer.
pub(super) async fn waits(write: &Write, membership: Uuid) -> Result<bool> {
    let open = appeal::Entity::find()
        .filter(appeal::Column::MembershipId.eq(membership))
        .filter(appeal::Column::ClosedAt.is_null())
        .one(write.on())
        .await?;
    Ok(open.is_some())
}

impl Acting {
    fn reads_appeals_in(&self) -> Vec<RegionCode> {
        let mut mine = self.actor.regions(Permission::FileAppeals);
        mine.extend(self.actor.regions(Permission::ExamineAppeals));
        mine.extend(self.actor.regions(Permission::JudgeAppeals));
        mine.extend(self.actor.regions(Permission::ReadJournal));
        mine
    }

    fn reads_appeal(&self, region: &RegionCode) -> bool {
        [
            Permission::FileAppeals,
            Permission::ExamineAppeals,
            Permission::JudgeAppeals,
            Permission::ReadJournal,
        ]
        .into_iter()
        .any(|permission| self.actor.may_in(permission, region))
    }

    /// Appeals in reach: those that wait, the most urgent first; or those that were answered, the newest first. Logged as a
    /// read of each family.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn appeals(
        &self,
        filter: &AppealFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<AppealRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = within(self.reads_appeals_in(), filter.region.as_ref());
        let mut query = appeal::Entity::find().filter(in_regions(appeal::Column::Region, &mine));
        if let Some(family) = filter.family {
            query = query.filter(appeal::Column::FamilyId.eq(Uuid::from(family)));
        }
        let by = if filter.answered {
            query = query.filter(appeal::Column::ClosedAt.is_not_null());
            appeal::Column::ClosedAt
        } else {
            query = query.filter(appeal::Column::ClosedAt.is_null());
            appeal::Column::DueAt
        };
        if let Some(after) = after {
            let place = Place::read(after)?;
            query = query.filter(if filter.answered {
                place.before(by, appeal::Column::Id)
            } else {
                place.after(by, appeal::Column::Id)
            });
        }
        let query = if filter.answered {
            query.order_by_desc(by).order_by_desc(appeal::Column::Id)
        } else {
            query.order_by_asc(by).order_by_asc(appeal::Column::Id)
        };
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let next = cut(&mut rows, limit, |row| {
            Place::of(row.closed_at.unwrap_or(row.due_at), row.id)
        });
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(rows.iter().map(|row| row.family_id)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in &rows {
            let Some(home) = families.get(&row.family_id) else {
                continue;
            };
            reads.push(self.family_read(home.id, &region_code(&row.region)?, "appeal_row")?);
            items.push(self.appeal_row(row, home)?);
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    fn appeal_row(&self, row: &appeal::Model, home: &family::Model) -> Result<AppealRow> {
        let due_at = Timestamp::from_micros(row.due_at);
        Ok(AppealRow {
            id: AppealId(row.id),
            state: Lenient::read(&row.state),
            family: FamilyId(home.id),
            family_name: home.name.clone(),
            region: region_code(&row.region)?,
            membership: MembershipId(row.membership_id),
            program: row.program.clone(),
            reason: row.reason.as_deref().and_then(|code| code.parse().ok()),
            filed_at: Timestamp::from_micros(row.filed_at),
            due_at,
            overdue: row.closed_at.is_none() && due_at < self.store.now(),
        })
    }

    /// One appeal. Logged as a read of the family.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn appeal(&self, id: AppealId) -> Result<AppealView> {
        let row = appeal::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        if !self.reads_appeal(&region) {
            return Err(Error::NOT_FOUND);
        }
        let home = family::Entity::find_by_id(row.family_id)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let whose = match row.person_id {
            Some(person) => {
                person::Entity::find_by_id(person)
                    .one(self.store.read())
                    .await?
            }
            None => None,
        };
        let involved = self.is_involved(&row).await?;
        let people = [Some(row.filed_by), row.examined_by, row.judged_by];
        let names = self
            .store
            .names_of(people.into_iter().flatten().collect())
            .await?;
        let ended_at = Timestamp::from_micros(row.ended_at);
        let (finding, judged) = (self.finding(&row, &names)?, self.word(&row, &names)?);
        let upheld = row.state == AppealState::Upheld.to_string();
        let back = row.closed_at.filter(|_| upheld);
        let lost_months = back.map_or_else(Vec::new, |at| {
            let at = Timestamp::from_micros(at);
            machine::lost_months(ended_at, at, region.utc_offset_min())
        });
        self.note_reads(vec![self.family_read(home.id, &region, "appeal")?])
            .await?;
        Ok(AppealView {
            appeal: self.appeal_row(&row, &home)?,
            version: row.version,
            person: row.person_id.map(PersonId),
            person_name: whose.map(|one| one.name),
            ended_at,
            came: self.said(row.id, "came", &row.came_enc)?,
            appellant: Lenient::read(&row.appellant),
            grounds: self.said(row.id, "grounds", &row.grounds_enc)?,
            late: row.late,
            receipt: self.said(row.id, "receipt", &row.receipt_enc)?,
            filed_by_name: names.get(&row.filed_by).cloned(),
            finding,
            judged,
            lost_months,
            restored: row.restored.as_deref().map(Lenient::read),
            involved,
        })
    }

    /// What was sealed of an appeal.
    fn said(&self, id: Uuid, field: &str, sealed: &[u8]) -> Result<String> {
        let keys = self.store.keys();
        let plain = keys.decrypt_field("appeal", field, id, sealed);
        Ok(plain.map_err(Error::internal)?.to_string())
    }

    fn finding(
        &self,
        row: &appeal::Model,
        names: &HashMap<Uuid, String>,
    ) -> Result<Option<AppealFinding>> {
        let (Some(outcome), Some(code), Some(sealed), Some(by), Some(at)) = (
            row.outcome.as_deref(),
            row.outcome_reason.as_deref(),
            &row.finding_enc,
            row.examined_by,
            row.examined_at,
        ) else {
            return Ok(None);
        };
        Ok(Some(AppealFinding {
            outcome: Lenient::read(outcome),
            reason: code.parse().map_err(Error::internal)?,
            words: self.said(row.id, "finding", sealed)?,
            by: UserId(by),
            by_name: names.get(&by).cloned(),
            at: Timestamp::from_micros(at),
        }))
    }

    fn word(
        &self,
        row: &appeal::Model,
        names: &HashMap<Uuid, String>,
    ) -> Result<Option<AppealWord>> {
        let (Some(agreed), Some(by), Some(at)) = (row.agreed, row.judged_by, row.judged_at) else {
            return Ok(None);
        };
        let sealed = row.word_enc.as_deref();
        let words = sealed.map(|sealed| self.said(row.id, "word", sealed));
        Ok(Some(AppealWord {
            agreed,
            words: words.transpose()?,
            by: UserId(by),
            by_name: names.get(&by).cloned(),
            at: Timestamp::from_micros(at),
        }))
    }

    /// Whether who asks had a hand in what this appeal is about, took it in, or, before judging, examined it; so had whom
    /// they stand in for.
    async fn is_involved(&self, row: &appeal::Model) -> Result<bool> {
        let mut whose: Vec<Option<Uuid>> = hands(self.store.read(), row.membership_id)
            .await?
            .into_iter()
            .map(Some)
            .collect();
        whose.push(Some(row.filed_by));
        match self.refuse_own_matter(self.store.read(), &whose).await {
            Ok(()) => Ok(false),
            Err(Error::Refused(ProblemCode::SeparationOfDuty)) => Ok(true),
            Err(other) => Err(other),
        }
    }

    /// Takes in a family's appeal against the end of its place. What comes after the time to appeal is taken in as well, and
    /// marked.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `event_reused`, `stale`.
    pub async fn file_appeal(&self, body: FileAppeal) -> Result<AppealView> {
        let came = words("came", &body.came, MOST_IN_NAME)?;
        let grounds = words("grounds", &body.grounds, MOST_IN_GROUNDS)?;
        let mut write = self.begin().await?;
        let held = membership::Entity::find_by_id(Uuid::from(body.membership))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        // Where the family lives now, not where the place ended.
        let home = present(&write, held.family_id).await?;
        let region = region_code(&home.region)?;
        let role = self.actor.act_in(Permission::FileAppeals, &region)?;
        write.acts_in(region.clone());
        let object = format!("membership:{}", body.membership);
        let hashed = self.hashed(&body)?;
        let seen = write
            .once(body.event_id, "appeal.file", &object, &hashed)
            .await?;
        if seen == Seen::Before {
            let filed = appeal::Entity::find()
                .filter(appeal::Column::MembershipId.eq(held.id))
                .order_by_desc(appeal::Column::FiledAt)
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            drop(write);
            return self.appeal(AppealId(filed.id)).await;
        }
        let state: MembershipState = held.state.parse().map_err(Error::internal)?;
        if !matches!(state, MembershipState::Inactive | MembershipState::Replaced) {
            return Err(Error::field(
                "membership",
                "not_ended",
                "Keberatan diajukan atas kepesertaan yang sudah dihentikan.",
            ));
        }
        if waits(&write, held.id).await? {
            return Err(Error::field(
                "membership",
                "already_filed",
                "Keberatan atas kepesertaan ini sudah dicatat dan belum dijawab.",
            ));
        }
        let told = notice::Entity::find()
            .filter(notice::Column::MembershipId.eq(held.id))
            .order_by_desc(notice::Column::CreatedAt)
            .one(write.on())
            .await?;
        let at = write.at();
        let late = told
            .as_ref()
            .and_then(|notice| notice.appeal_until)
            .is_some_and(|until| until < at.as_micros());
        let id: AppealId = self.store.ids().next();
        let keys = self.store.keys();
        let receipt = Receipt::new(&self.store);
        appeal::ActiveModel {
            id: Set(id.into()),
            version: Set(1),
            receipt_hash: Set(receipt.hash()),
            receipt_enc: Set(keys.encrypt_field("appeal", "receipt", id.into(), receipt.text())),
            membership_id: Set(held.id),
            family_id: Set(home.id),
            person_id: Set(held.person_id),
            program: Set(held.program.clone()),
            region: Set(home.region.clone()),
            reason: Set(held.reason.clone()),
            // Of a place that was handed on the row tells when that was; the notice tells when it ended.
            ended_at: Set(told
                .as_ref()
                .map_or(held.valid_from, |notice| notice.created_at)),
            state: Set(AppealState::Filed.to_string()),
            appellant: Set(body.appellant.to_string()),
            came_enc: Set(keys.encrypt_field("appeal", "came", id.into(), &came)),
            grounds_enc: Set(keys.encrypt_field("appeal", "grounds", id.into(), &grounds)),
            late: Set(late),
            filed_by: Set(self.actor.person_id()?.into()),
            filed_at: Set(at.as_micros()),
            due_at: Set(at.plus_s(ANSWERED_WITHIN_DAYS * 86_400).as_micros()),
            outcome: Set(None),
            outcome_reason: Set(None),
            finding_enc: Set(None),
            examined_by: Set(None),
            examined_at: Set(None),
            agreed: Set(None),
            word_enc: Set(None),
            judged_by: Set(None),
            judged_at: Set(None),
            closed_at: Set(None),
            restored: Set(None),
        }
        .insert(write.on())
        .await
        .map_err(|error| match text::violated(&error) {
            Some(_) => Error::Refused(ProblemCode::Stale),
            None => error.into(),
        })?;
        write.journal(Entry::new(
            "appeal.file",
            format!("appeal:{id}"),
            role,
            Some(body.event_id),
            &serde_json::json!({ "membership": body.membership, "family": FamilyId(home.id),
                "program": held.program, "appellant": body.appellant, "late": late }),
        )?);
        write.commit().await?;
        self.appeal(id).await
    }

    /// A verifier who had no hand in it says what they found, and what should come of it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn examine_appeal(&self, id: AppealId, body: ExamineAppeal) -> Result<AppealView> {
        let list = match body.outcome {
            AppealOutcome::Upheld => APPEAL_UPHELD,
            AppealOutcome::Dismissed => APPEAL_DISMISSED,
        };
        if !reason::is_listed(&body.reason, list) {
            return Err(Error::field("reason", "unknown", "Pilih alasannya."));
        }
        let found = words("words", &body.words, MOST_IN_GROUNDS)?;
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::ExamineAppeals, &region)?;
        write.acts_in(region);
        let object = format!("appeal:{id}");
        let hashed = self.hashed(&body)?;
        let seen = write
            .once(body.event_id, "appeal.examine", &object, &hashed)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.appeal(id).await;
        }
        let next = self
            .next(
                &write,
                &row,
                AppealAction::Examine,
                role,
                body.seen_version,
                &[],
            )
            .await?;
        let me = self.actor.person_id()?;
        let mut row = row;
        row.state = next.to_string();
        row.outcome = Some(body.outcome.to_string());
        row.outcome_reason = Some(body.reason.to_string());
        let keys = self.store.keys();
        row.finding_enc = Some(keys.encrypt_field("appeal", "finding", row.id, &found));
        row.examined_by = Some(me.into());
        row.examined_at = Some(write.at().as_micros());
        (row.agreed, row.word_enc, row.judged_by, row.judged_at) = (None, None, None, None);
        save(&write, row).await?;
        write.journal(Entry::new(
            "appeal.examine",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "outcome": body.outcome, "reason": body.reason }),
        )?);
        write.commit().await?;
        self.appeal(id).await
    }

    /// Duty, version and machine of one act; the state it leads to.
    async fn next(
        &self,
        write: &Write,
        row: &appeal::Model,
        action: AppealAction,
        role: Role,
        seen_version: i32,
        besides: &[Option<Uuid>],
    ) -> Result<AppealState> {
        if row.version != seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        let Step::To(next) = machine::step(state_of(row)?, action, role)? else {
            return Err(Error::WRONG_MOMENT);
        };
        let mut whose: Vec<Option<Uuid>> = hands(write.on(), row.membership_id)
            .await?
            .into_iter()
            .map(Some)
            .collect();
        whose.push(Some(row.filed_by));
        whose.extend_from_slice(besides);
        self.refuse_own_matter(write.on(), &whose).await?;
        Ok(next)
    }

    /// The approver's word: what was recommended becomes the outcome, or the appeal is examined again. Upheld, the place
    /// comes back in the same transaction.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn judge_appeal(&self, id: AppealId, body: JudgeAppeal) -> Result<AppealView> {
        let said = body.words.as_deref().map(str::trim).unwrap_or_default();
        let said = match (said.is_empty(), body.agree) {
            (true, true) => None,
            (false, _) | (true, false) => Some(words("words", said, MOST_IN_GROUNDS)?),
        };
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::JudgeAppeals, &region)?;
        write.acts_in(region);
        let object = format!("appeal:{id}");
        let hashed = self.hashed(&body)?;
        let seen = write
            .once(body.event_id, "appeal.judge", &object, &hashed)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.appeal(id).await;
        }
        let outcome: Option<AppealOutcome> = row.outcome.as_deref().and_then(|o| o.parse().ok());
        let action = match (body.agree, outcome) {
            (true, Some(outcome)) => outcome.action(),
            (true, None) => return Err(Error::WRONG_MOMENT),
            (false, _) => AppealAction::SendBack,
        };
        let next = self
            .next(
                &write,
                &row,
                action,
                role,
                body.seen_version,
                &[row.examined_by],
            )
            .await?;
        let me = self.actor.person_id()?;
        let at = write.at().as_micros();
        let mut row = row;
        row.state = next.to_string();
        row.agreed = Some(body.agree);
        let keys = self.store.keys();
        row.word_enc = said.map(|said| keys.encrypt_field("appeal", "word", row.id, &said));
        row.judged_by = Some(me.into());
        row.judged_at = Some(at);
        row.closed_at = (!next.is_open()).then_some(at);
        let examiner = row.examined_by.map(UserId);
        if next == AppealState::Upheld {
            let by = TwoPersons::of_appeal(examiner, me)?;
            row.restored = Some(give_back(&mut write, &row, role, &by).await?.to_string());
        }
        let row = save(&write, row).await?;
        write.journal(Entry::new(
            "appeal.judge",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "agreed": body.agree, "to": next, "outcome": row.outcome,
                "reason": row.outcome_reason, "restored": row.restored }),
        )?);
        if next == AppealState::Dismissed {
            hold_no_longer(&write, &row).await?;
        }
        write.commit().await?;
        self.appeal(id).await
    }

    /// The family takes its appeal back.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `wrong_moment`.
    pub async fn withdraw_appeal(&self, id: AppealId, body: WithdrawAppeal) -> Result<AppealView> {
        let mut write = self.begin().await?;
        let row = locked(&write, id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::FileAppeals, &region)?;
        write.acts_in(region);
        let object = format!("appeal:{id}");
        let seen = write
            .once(body.event_id, "appeal.withdraw", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.appeal(id).await;
        }
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        let Step::To(next) = machine::step(state_of(&row)?, AppealAction::Withdraw, role)? else {
            return Err(Error::WRONG_MOMENT);
        };
        // What somebody ended, they do not make unappealed as well.
        let whose: Vec<Option<Uuid>> = hands(write.on(), row.membership_id)
            .await?
            .into_iter()
            .map(Some)
            .collect();
        self.refuse_own_matter(write.on(), &whose).await?;
        let mut row = row;
        row.state = next.to_string();
        row.closed_at = Some(write.at().as_micros());
        let row = save(&write, row).await?;
        write.journal(Entry::new(
            "appeal.withdraw",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "to": next }),
        )?);
        hold_no_longer(&write, &row).await?;
        write.commit().await?;
        self.appeal(id).await
    }
}

/// The candidate for the place need not wait for this appeal any more.
async fn hold_no_longer(write: &Write, row: &appeal::Model) -> Result<()> {
    let Some(mut candidate) = slots::candidate_after(write, row.membership_id).await? else {
        return Ok(());
    };
    let ended = membership::Entity::find_by_id(row.membership_id)
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)?;
    let until = slots::appeal_end(write, &ended).await?;
    if candidate.appeal_until != until {
        candidate.appeal_until = until;
        slots::save_membership(write, candidate).await?;
    }
    Ok(())
}

/// The place of an upheld appeal is the family's again.
async fn give_back(
    write: &mut Write,
    row: &appeal::Model,
    role: Role,
    by: &TwoPersons,
) -> Result<Restored> {
    let held = membership::Entity::find_by_id(row.membership_id)
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)?;
    let from: MembershipState = held.state.parse().map_err(Error::internal)?;
    let Step::To(next) = place::step(from, MembershipAction::Reinstate, role)? else {
        return Err(Error::WRONG_MOMENT);
    };
    let home = present(write, held.family_id).await?;
    if home.closed_at.is_some() {
        return Err(Error::field(
            "membership",
            "nobody_there",
            "Keluarga ini sudah ditutup; kembalikan untuk diperiksa lagi siapa yang seharusnya menerima.",
        ));
    }
    let mut held = held;
    if home.id != held.family_id {
        held.family_id = home.id;
        held.region.clone_from(&home.region);
    }
    held.person_id = match held.person_id {
        Some(person) => Some(present_person(write, person).await?),
        None => None,
    };
    if !slots::somebody_lives(write, home.id, held.person_id).await? {
        return Err(Error::field(
            "membership",
            "nobody_there",
            "Yang seharusnya menerima sudah meninggal; kembalikan untuk diperiksa lagi.",
        ));
    }
    // Whom another membership took in meanwhile has one place, not two. One that only stands for a place gives way.
    let theirs = match held.person_id {
        Some(person) => membership::Column::PersonId.eq(person),
        None => membership::Column::FamilyId.eq(held.family_id),
    };
    let others = membership::Entity::find()
        .filter(membership::Column::Program.eq(&held.program))
        .filter(theirs)
        .filter(membership::Column::State.is_in(slots::OCCUPYING))
        .lock_exclusive()
        .all(write.on())
        .await?;
    for other in others {
        let stands_only =
            other.slot_id.is_none() && other.state == MembershipState::Candidate.to_string();
        if !stands_only {
            return Err(Error::field(
                "membership",
                "has_a_place",
                "Keluarga ini sudah mendapat kepesertaan lain pada program yang sama; kembalikan untuk diperiksa lagi.",
            ));
        }
        leave_cases(write, other.id, role).await?;
        slots::give_way(write, other, role).await?;
    }
    let candidate = slots::candidate_after(write, held.id).await?;
    if let Some(candidate) = candidate.filter(|candidate| candidate.slot_id == held.slot_id) {
        let id = candidate.id;
        if slots::step_back(write, candidate, role).await? {
            leave_cases(write, id, role).await?;
        }
    }
    let slot = slots::take_back(write, &held, role, by).await?;
    held.state = next.to_string();
    held.reason = None;
    held.slot_id = slot.map(Uuid::from);
    let held = slots::save_membership(write, held).await?;
    if slot.is_none() {
        let id: RestorationId = write.store().ids().next();
        restoration::ActiveModel {
            id: Set(id.into()),
            appeal_id: Set(row.id),
            membership_id: Set(held.id),
            program: Set(held.program.clone()),
            region: Set(held.region.clone()),
            since: Set(write.at().as_micros()),
            until: Set(None),
            slot_id: Set(None),
        }
        .insert(write.on())
        .await?;
    }
    let restored = if slot.is_some() {
        Restored::Slot
    } else {
        Restored::BesideQuota
    };
    write.journal(Entry::new(
        "membership.reinstate",
        format!("membership:{}", MembershipId(held.id)),
        role,
        None,
        &serde_json::json!({ "from": from, "to": next, "appeal": AppealId(row.id), "slot": slot,
            "restored": restored, "proposer": by.proposer(), "confirmer": by.confirmer() }),
    )?);
    ministry::note(
        write,
        MinistryActKind::Reinstated,
        &held,
        row.outcome_reason.as_deref(),
    )
    .await?;
    rules::families_changed(write, &[held.family_id]).await?;
    Ok(restored)
}

/// A candidate who steps back into the line is decided in no case any more. A case that was only about them is closed; one
/// that waited for an approver with others is decided anew.
async fn leave_cases(write: &mut Write, candidate: Uuid, role: Role) -> Result<()> {
    let links = case_membership::Entity::find()
        .filter(case_membership::Column::MembershipId.eq(candidate))
        .all(write.on())
        .await?;
    for link in links {
        let id = CaseId(link.case_id);
        let case = cases::locked(write, id).await?;
        let from = cases::state_of(&case)?;
        if matches!(
            from,
            CaseState::Decided | CaseState::Closed | CaseState::Expired
        ) {
            continue;
        }
        case_membership::Entity::delete_by_id((link.case_id, candidate))
            .exec(write.on())
            .await?;
        let left = case_membership::Entity::find()
            .filter(case_membership::Column::CaseId.eq(link.case_id))
            .all(write.on())
            .await?;
        let waits = |one: &case_membership::Model| one.needs_approval && one.confirmed_at.is_none();
        let undecided = |one: &case_membership::Model| one.outcome.is_none();
        let (action, as_role) = if left.is_empty() {
            (CaseAction::Close, Role::System)
        } else if from == CaseState::AwaitingApproval && !left.iter().any(waits) {
            let again = left.iter().any(undecided);
            let action = if again {
                CaseAction::RefuseDecision
            } else {
                CaseAction::ConfirmLast
            };
            (action, role)
        } else {
            continue;
        };
        let Step::To(next) = case::step(from, action, as_role)? else {
            continue;
        };
        let before = case.officer_id.map(UserId);
        let mut case = case;
        case.state = next.to_string();
        if action == CaseAction::Close {
            case.close_reason = Some(PLACE_ENDED.to_owned());
            case.lease_user = None;
            case.lease_until = None;
            case.lease_sheet = None;
        }
        let case = cases::save(write, case, before).await?;
        if action == CaseAction::ConfirmLast {
            decisions::mark_eligible(write, &case).await?;
        }
        write.journal(Entry::new(
            cases::action_name(action),
            format!("case:{id}"),
            as_role,
            None,
            &serde_json::json!({ "from": from, "to": next, "body": { "reason": PLACE_ENDED } }),
        )?);
    }
    Ok(())
}

/// The oldest place beside the quota of this program and village, which the next slot that frees is for.
pub(super) async fn first_beside(
    write: &Write,
    program: &str,
    region: &str,
) -> Result<Option<restoration::Model>> {
    Ok(restoration::Entity::find()
        .filter(restoration::Column::Program.eq(program))
        .filter(restoration::Column::Region.eq(region))
        .filter(restoration::Column::Until.is_null())
        .order_by_asc(restoration::Column::Since)
        .order_by_asc(restoration::Column::Id)
        .lock_exclusive()
        .one(write.on())
        .await?)
}

/// It is within the quota now, on this slot; or it ended.
pub(super) async fn no_longer_beside(
    write: &Write,
    membership: Uuid,
    slot: Option<SlotId>,
) -> Result<()> {
    restoration::Entity::update_many()
        .col_expr(
            restoration::Column::Until,
            Expr::value(write.at().as_micros()),
        )
        .col_expr(
            restoration::Column::SlotId,
            Expr::value(slot.map(Uuid::from)),
        )
        .filter(restoration::Column::MembershipId.eq(membership))
        .filter(restoration::Column::Until.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// Appeals that wait, and places beside the quota, go along with a family that moves.
pub(super) async fn follow(write: &Write, family: Uuid, to: &RegionCode) -> Result<()> {
    appeal::Entity::update_many()
        .col_expr(appeal::Column::Region, Expr::value(to.to_string()))
        .filter(appeal::Column::FamilyId.eq(family))
        .filter(appeal::Column::ClosedAt.is_null())
        .exec(write.on())
        .await?;
    let theirs = membership::Entity::find()
        .select_only()
        .column(membership::Column::Id)
        .filter(membership::Column::FamilyId.eq(family))
        .into_query();
    restoration::Entity::update_many()
        .col_expr(restoration::Column::Region, Expr::value(to.to_string()))
        .filter(restoration::Column::MembershipId.in_subquery(theirs))
        .filter(restoration::Column::Until.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// The person that a person is now: another, when two rows were one.
async fn present_person(write: &Write, id: Uuid) -> Result<Uuid> {
    let mut id = id;
    loop {
        let row = person::Entity::find_by_id(id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        match row.merged_into {
            Some(into) => id = into,
            None => return Ok(id),
        }
    }
}

/// The family that a family is now: another, when two became one.
async fn present(write: &Write, id: Uuid) -> Result<family::Model> {
    let mut id = id;
    loop {
        let row = family::Entity::find_by_id(id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        match row.merged_into {
            Some(into) => id = into,
            None => return Ok(row),
        }
    }
}
