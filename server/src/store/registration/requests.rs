//! Changes of who a family is that holds a place or waits for one: asked for by an operator, confirmed or refused by an approver.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use tilik_protocol::family::{
    AskedWarning, ConfirmFamilyRequest, CorrectFamily, EditedFamily, EditedPerson, FamilyChanged,
    FamilyRequestKind, FamilyRequestView, MergeFamilies, MovedPlace, RefuseFamilyRequest,
    SplitFamily, WithdrawFamilyRequest,
};
use tilik_protocol::ids::{EventId, FamilyId, FamilyRequestId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::reason::{self, IMPORT_REFUSALS};
use tilik_protocol::registry::FieldChange;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::checking::Checking;
use super::draft::{Draft, Names};
use super::{current_version, kept, members_of};
use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::families::region_code;
use crate::store::imports::Places;
use crate::store::journal::{Entry, hex};
use crate::store::tables::{family, family_request, person};
use crate::store::write::{Seen, Write};
use crate::store::{Acting, in_regions};

/// What an operator asked for, as it is kept, encrypted.
#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum Wish {
    Correction(CorrectFamily),
    Split(SplitFamily),
    Merge(MergeFamilies),
}

impl Wish {
    const fn kind(&self) -> FamilyRequestKind {
        match self {
            Self::Correction(_) => FamilyRequestKind::Correction,
            Self::Split(_) => FamilyRequestKind::Split,
            Self::Merge(_) => FamilyRequestKind::Merge,
        }
    }

    const fn seen_version(&self) -> i32 {
        match self {
            Self::Correction(body) => body.seen_version,
            Self::Split(body) => body.seen_version,
            Self::Merge(body) => body.seen_version,
        }
    }

    const fn other(&self) -> Option<FamilyId> {
        match self {
            Self::Correction(_) | Self::Split(_) => None,
            Self::Merge(body) => Some(body.other),
        }
    }

    fn ticked(&self) -> &[String] {
        match self {
            Self::Correction(body) => &body.ticked,
            Self::Split(body) => &body.ticked,
            Self::Merge(_) => &[],
        }
    }

    /// Whose a field of it is.
    fn about(&self, field: &str, names: &Names) -> Option<String> {
        let mut parts = field.split('.');
        let (part, n) = (parts.next()?, parts.next()?.parse::<usize>().ok()?);
        match self {
            Self::Correction(body) if part == "added" => Some(body.added.get(n)?.name.clone()),
            Self::Correction(body) => names.person(body.persons.get(n)?.id.into()),
            Self::Split(body) => names.person(body.persons.get(n)?.id.into()),
            Self::Merge(_) => None,
        }
    }

    pub(super) const fn action(&self) -> &'static str {
        match self {
            Self::Correction(_) => "family.correct",
            Self::Split(_) => "family.split",
            Self::Merge(_) => "family.merge",
        }
    }
}

/// A wish as an approver sees it.
struct ShownRequest {
    fields: Vec<FieldChange>,
    persons: Vec<EditedPerson>,
    families: Vec<EditedFamily>,
    places: Vec<MovedPlace>,
    warnings: Vec<AskedWarning>,
    problems: Vec<FieldProblem>,
    since: Option<Timestamp>,
    seen_draft: String,
}

impl Acting {
    /// Keeps what was asked for until an approver says so.
    pub(super) async fn ask_for(
        &self,
        write: &mut Write,
        row: &family::Model,
        wish: &Wish,
        role: Role,
        event_id: EventId,
    ) -> Result<FamilyChanged> {
        let id: FamilyRequestId = self.store.ids().next();
        let body = serde_json::to_string(wish).map_err(Error::internal)?;
        let keys = self.store.keys();
        family_request::ActiveModel {
            id: Set(id.into()),
            kind: Set(wish.kind().to_string()),
            family_id: Set(row.id),
            other_id: Set(wish.other().map(Into::into)),
            region: Set(row.region.clone()),
            seen_version: Set(wish.seen_version()),
            body_enc: Set(keys.encrypt_field("family_request", "body", id.into(), &body)),
            proposed_by: Set(self.actor.person_id()?.into()),
            proposed_at: Set(write.at().as_micros()),
            outcome: Set(None),
            reason: Set(None),
            decided_by: Set(None),
            decided_at: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "family.ask",
            format!("family_request:{id}"),
            role,
            Some(event_id),
            &serde_json::json!({ "kind": wish.kind(), "family": FamilyId(row.id),
                "other": wish.other() }),
        )?);
        Ok(FamilyChanged {
            family: FamilyId(row.id),
            version: row.version,
            waits: Some(id),
        })
    }

    fn wish_of(&self, row: &family_request::Model) -> Result<Wish> {
        let keys = self.store.keys();
        let plain = keys.decrypt_field("family_request", "body", row.id, &row.body_enc);
        serde_json::from_str(&plain.map_err(Error::internal)?).map_err(Error::internal)
    }

    /// What a wish would change now.
    async fn draft_now(
        &self,
        on: &impl ConnectionTrait,
        checking: &mut Checking<'_>,
        row: &family::Model,
        members: &[person::Model],
        wish: &Wish,
    ) -> Result<Draft> {
        match wish {
            Wish::Correction(body) => self.correction(on, checking, row, members, body).await,
            Wish::Split(body) => {
                let split = self.split_up(on, checking, row, members, body).await?;
                Ok(split.0)
            }
            Wish::Merge(body) => self.merged(on, checking, row, members, body).await,
        }
    }

    /// What waits for an approver where the actor keeps families or confirms; oldest first.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn family_requests(
        &self,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<FamilyRequestView>> {
        let mut mine = self.actor.regions(Permission::ConfirmFamilies);
        mine.extend(self.actor.regions(Permission::MaintainFamilies));
        let mut query = family_request::Entity::find()
            .filter(family_request::Column::Outcome.is_null())
            .filter(in_regions(family_request::Column::Region, &mine));
        if let Some(after) = after {
            let place = after
                .split_once('.')
                .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, Uuid::parse_str(id).ok()?)));
            let (at, id) = place.ok_or(Error::Refused(ProblemCode::BadCursor))?;
            let same = Condition::all()
                .add(family_request::Column::ProposedAt.eq(at))
                .add(family_request::Column::Id.gt(id));
            let later = family_request::Column::ProposedAt.gt(at);
            query = query.filter(Condition::any().add(later).add(same));
        }
        let mut rows = query
            .order_by_asc(family_request::Column::ProposedAt)
            .order_by_asc(family_request::Column::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more);
        let next = next.map(|row| format!("{}.{}", row.proposed_at, row.id));
        let people = rows.iter().map(|row| row.proposed_by).collect();
        let names = self.store.names_of(people).await?;
        let ids = rows
            .iter()
            .flat_map(|row| [Some(row.family_id), row.other_id]);
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(ids.flatten()))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let places = self.places().await?;
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let Some(home) = families.get(&row.family_id) else {
                continue;
            };
            let region = region_code(&home.region)?;
            let role = self.reading_in(&region)?;
            let other = row.other_id.and_then(|id| families.get(&id));
            reads.push(Read {
                kind: "family",
                id: home.id,
                what: "family_request",
                mode: Mode::Served,
                role,
                purpose: None,
            });
            let wish = self.wish_of(&row)?;
            let (shown, met) = self
                .shown(self.store.read(), &places, home, &wish, role)
                .await?;
            reads.extend(met);
            items.push(FamilyRequestView {
                id: FamilyRequestId(row.id),
                kind: Lenient::<FamilyRequestKind>::read(&row.kind),
                family: FamilyId(home.id),
                seen_version: row.seen_version,
                version: home.version,
                name: home.name.clone(),
                region,
                proposed_by: UserId(row.proposed_by),
                proposed_by_name: names.get(&row.proposed_by).cloned(),
                proposed_at: Timestamp::from_micros(row.proposed_at),
                fields: shown.fields,
                persons: shown.persons,
                families: shown.families,
                places: shown.places,
                warnings: shown.warnings,
                problems: shown.problems,
                since: shown.since,
                seen_draft: shown.seen_draft,
                other: row.other_id.map(FamilyId),
                other_name: other.map(|row| row.name.clone()),
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// What a wish would change now, masked: everything, of everybody, with what is odd about it.
    async fn shown(
        &self,
        on: &impl ConnectionTrait,
        places: &Places,
        home: &family::Model,
        wish: &Wish,
        role: Role,
    ) -> Result<(ShownRequest, Vec<Read>)> {
        let region = region_code(&home.region)?;
        let mut checking = Checking::new(places, &region, self.store.now());
        let mut members = members_of(on, home.id).await?;
        let draft = self.draft_now(on, &mut checking, home, &members, wish);
        let draft = draft.await?;
        let mut own: Vec<Uuid> = members.iter().map(|row| row.id).collect();
        if let Some(other) = wish.other() {
            members.extend(members_of(on, other.into()).await?);
        }
        // What is typed in a correction may be its own family's; of a split it is nobody's yet.
        let (family, kk) = match wish {
            Wish::Correction(_) => (Some(home.id), draft.families.first()),
            Wish::Split(_) => {
                own.clear();
                (None, draft.families.first())
            }
            Wish::Merge(_) => (Some(home.id), None),
        };
        let kk = kk.and_then(|one| one.kk.as_deref());
        let reads = self
            .warn_of_known(on, &mut checking, kk, (family, &own), role)
            .await?;
        let names = Names::of(&draft, &members);
        let (problems, warnings) = checking.told();
        let mut shown = ShownRequest {
            fields: draft.shown_of_family(&self.store, home.id, &names)?,
            persons: draft.shown_of_persons(&self.store, &names)?,
            families: draft.shown_of_others(&self.store, home.id, &names)?,
            places: draft.shown_of_places(&names),
            warnings: warnings
                .into_iter()
                .map(|one| {
                    let key = format!("{}:{}", one.field, one.code);
                    AskedWarning {
                        about: wish.about(&one.field, &names),
                        ticked: wish.ticked().contains(&key),
                        code: one.code,
                        remedy: one.remedy,
                    }
                })
                .collect(),
            problems,
            since: draft.since.map(Timestamp::from_micros),
            seen_draft: String::new(),
        };
        // In one order, whatever order they were met in: the same is the same.
        let by = |one: &AskedWarning| (one.about.clone(), one.code.clone(), one.remedy.clone());
        shown.warnings.sort_by_key(by);
        let text = serde_json::to_string(&(
            draft.made_of(),
            &shown.fields,
            &shown.persons,
            &shown.families,
            &shown.places,
            &shown.warnings,
        ));
        let text = text.map_err(Error::internal)?;
        shown.seen_draft = hex(&self.store.keys().blind_body(&text));
        Ok((shown, reads))
    }

    async fn waiting(&self, write: &Write, id: FamilyRequestId) -> Result<family_request::Model> {
        let row = family_request::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        self.actor.act_in(Permission::ConfirmFamilies, &region)?;
        Ok(row)
    }

    /// Makes so what an operator asked for: another person's act.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `separation_of_duty`, `stale` when the family is other than was looked at, `invalid` when it
    /// fits no more, `wrong_moment` when nothing waits.
    pub async fn confirm_family_request(
        &self,
        id: FamilyRequestId,
        body: ConfirmFamilyRequest,
    ) -> Result<FamilyChanged> {
        self.actor.require(Permission::ConfirmFamilies)?;
        let places = self.places().await?;
        let mut write = self.begin().await?;
        let request = self.waiting(&write, id).await?;
        self.refuse_own_matter(write.on(), &[Some(request.proposed_by)])
            .await?;
        // Both of a merge, in one order, whoever merges which into which.
        let mut homes = Vec::new();
        let ids = [Some(request.family_id), request.other_id];
        let mut ids: Vec<Uuid> = ids.into_iter().flatten().collect();
        ids.sort_unstable();
        for id in ids {
            homes.push(kept(&write, FamilyId(id)).await?);
        }
        let home = homes.into_iter().find(|home| home.id == request.family_id);
        let home = home.ok_or(Error::NOT_FOUND)?;
        let object = format!("family_request:{id}");
        let seen = write
            .once(body.event_id, "family_request.confirm", &object, &body)
            .await?;
        let told = |version| FamilyChanged {
            family: FamilyId(request.family_id),
            version,
            waits: None,
        };
        if seen == Seen::Before {
            return Ok(told(home.version));
        }
        if request.outcome.is_some() || home.closed_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        if home.version != body.seen_version {
            return Err(Error::Stale {
                current_version: home.version,
            });
        }
        let wish = self.wish_of(&request)?;
        let region = region_code(&home.region)?;
        if let Some(seen) = &body.seen_draft {
            // The family's own version does not tell what became of its members, or of the other family.
            let shown = self.shown(write.on(), &places, &home, &wish, Role::Approver);
            if shown.await?.0.seen_draft != *seen {
                return Err(Error::Stale {
                    current_version: home.version,
                });
            }
        }
        let mut checking = Checking::new(&places, &region, write.at());
        let members = members_of(write.on(), home.id).await?;
        let draft = self.draft_now(write.on(), &mut checking, &home, &members, &wish);
        let draft = draft.await?;
        checking.still_right()?;
        let (proposer, confirmer) = (UserId(request.proposed_by), self.actor.person_id()?);
        let change = draft.told();
        let touched: Vec<Uuid> = draft.families.iter().map(|one| one.after.id).collect();
        draft.write(&mut write).await?;
        write.acts_in(region);
        for family in touched {
            write.journal(Entry::new(
                wish.action(),
                format!("family:{}", FamilyId(family)),
                Role::Approver,
                Some(body.event_id),
                &serde_json::json!({ "request": id, "change": change, "proposer": proposer,
                    "confirmer": confirmer }),
            )?);
        }
        self.end_request(&write, request.clone(), "confirmed", None)
            .await?;
        let version = current_version(&write, home.id).await?;
        write.commit().await?;
        Ok(told(version))
    }

    /// Refuses what an operator asked for: everything stays as it is.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `wrong_moment` when nothing waits.
    pub async fn refuse_family_request(
        &self,
        id: FamilyRequestId,
        body: RefuseFamilyRequest,
    ) -> Result<()> {
        self.actor.require(Permission::ConfirmFamilies)?;
        if !reason::is_listed(&body.reason, IMPORT_REFUSALS) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih salah satu alasan penolakan.",
            ));
        }
        let mut write = self.begin().await?;
        let request = self.waiting(&write, id).await?;
        let object = format!("family_request:{id}");
        let seen = write
            .once(body.event_id, "family_request.refuse", &object, &body)
            .await?;
        if seen == Seen::Before {
            return Ok(());
        }
        if request.outcome.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        write.acts_in(region_code(&request.region)?);
        write.journal(Entry::new(
            "family_request.refuse",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "family": FamilyId(request.family_id), "reason": body.reason,
                "proposer": UserId(request.proposed_by) }),
        )?);
        self.end_request(&write, request, "refused", Some(body.reason.to_string()))
            .await?;
        write.commit().await
    }

    /// Takes back what one asked for oneself, while nobody decided: everything stays as it is.
    ///
    /// # Errors
    /// `not_found`, `forbidden` of another's, `wrong_moment` when nothing waits.
    pub async fn withdraw_family_request(
        &self,
        id: FamilyRequestId,
        body: WithdrawFamilyRequest,
    ) -> Result<()> {
        self.actor.require(Permission::MaintainFamilies)?;
        let mut write = self.begin().await?;
        let request = family_request::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&request.region)?;
        let role = self.actor.act_in(Permission::MaintainFamilies, &region)?;
        if self.actor.person_id()? != UserId(request.proposed_by) {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        let object = format!("family_request:{id}");
        let seen = write
            .once(body.event_id, "family_request.withdraw", &object, &body)
            .await?;
        if seen == Seen::Before {
            return Ok(());
        }
        if request.outcome.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        write.acts_in(region);
        write.journal(Entry::new(
            "family_request.withdraw",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "family": FamilyId(request.family_id), "kind": request.kind }),
        )?);
        self.end_request(&write, request, "withdrawn", None).await?;
        write.commit().await
    }

    async fn end_request(
        &self,
        write: &Write,
        row: family_request::Model,
        outcome: &str,
        reason: Option<String>,
    ) -> Result<()> {
        let mut active: family_request::ActiveModel = row.into();
        active.outcome = Set(Some(outcome.to_owned()));
        active.reason = Set(reason);
        active.decided_by = Set(self.actor.user().map(Into::into));
        active.decided_at = Set(Some(write.at().as_micros()));
        active.update(write.on()).await?;
        Ok(())
    }
}
