//! A family moves to another village of the city: it, its open cases, what it holds and what waits for somebody go along in
//! one transaction. Its old pin goes along too, and is no pin of the new house. The receiving village may send it back for
//! a week; where it came from keeps the move to read.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use serde::{Deserialize, Serialize};
use tilik_protocol::case::{self, CaseAction, Step};
use tilik_protocol::ids::{CaseId, CivilEventId, EventId, FamilyId, HouseId, MoveId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::nik::Day;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::population::{
    AnswerMove, CivilState, CivilWhy, FormerPin, MoveFamily, MoveState, MoveView, RETURN_DAYS,
};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::proposal::ProposalState;
use tilik_protocol::reason::{self, MOVE_RETURNS, ReasonCode};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::effects::save_event;
use super::matching;
use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::cases::{self, action_name, state_of};
use crate::store::cursor::{Place, cut};
use crate::store::families::{OVER, region_code};
use crate::store::imports::{neighbourhood, past_date, words};
use crate::store::journal::Entry;
use crate::store::registration::{self, Draft, FamilyEdit, beginning_of};
use crate::store::tables::{
    civil_event, family, family_move, family_request, former_pin, house, membership, ministry_act,
    proposal, verification_case,
};
use crate::store::write::Seen;
use crate::store::{Acting, Write, appeals, health, in_regions, objections, slots};

/// Where a family lives when that is not at its address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Domicile {
    address: Option<String>,
    rt: Option<String>,
    rw: Option<String>,
    region: Option<String>,
}

impl Domicile {
    fn of(home: &family::Model) -> Self {
        Self {
            address: home.domicile_address.clone(),
            rt: home.domicile_rt.clone(),
            rw: home.domicile_rw.clone(),
            region: home.domicile_region.clone(),
        }
    }

    /// As it is kept; nothing when they live at their address.
    fn kept(&self) -> Result<Option<String>> {
        if *self == Self::default() {
            return Ok(None);
        }
        serde_json::to_string(self)
            .map(Some)
            .map_err(Error::internal)
    }
}

/// Where a family moves to.
pub(super) struct Destination {
    pub region: RegionCode,
    pub address: String,
    pub rt: String,
    pub rw: String,
    /// A house of theirs that is known; else they get a new one.
    pub house: Option<HouseId>,
    /// Only of a family that comes back; where it lived apart from its address says nothing of a new one.
    pub domicile: Domicile,
}

/// Which moves a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To one's villages.
    In,
    /// From one's villages.
    Out,
}

/// What went along.
struct Carried {
    programs: BTreeSet<String>,
    cases: i32,
}

impl Acting {
    /// Brings a family and everything of it to another village, and remembers that it moved.
    #[expect(clippy::too_many_arguments, reason = "a family moves in one place")]
    pub(super) async fn carry(
        &self,
        write: &mut Write,
        before: &family::Model,
        to: &Destination,
        role: Role,
        event: Option<EventId>,
        civil: Option<CivilEventId>,
        since: Option<i64>,
    ) -> Result<MoveId> {
        let to_house = self.house_at(write, before, to).await?;
        let carried = self
            .bring_along(write, before, to, to_house, role, since)
            .await?;
        let id: MoveId = self.store.ids().next();
        let due = write.at().plus_s(RETURN_DAYS * 86_400);
        let programs: Vec<&String> = carried.programs.iter().collect();
        family_move::ActiveModel {
            id: Set(id.into()),
            version: Set(1),
            family_id: Set(before.id),
            civil_event_id: Set(civil.map(Into::into)),
            name: Set(before.name.clone()),
            from_region: Set(before.region.clone()),
            from_address: Set(before.address.clone()),
            from_rt: Set(before.rt.clone()),
            from_rw: Set(before.rw.clone()),
            from_house: Set(before.house_id),
            from_domicile: Set(Domicile::of(before).kept()?),
            to_region: Set(to.region.to_string()),
            to_address: Set(to.address.clone()),
            to_house: Set(to_house),
            programs: Set(serde_json::to_string(&programs).map_err(Error::internal)?),
            cases: Set(carried.cases),
            state: Set(MoveState::Arrived.to_string()),
            moved_by: Set(write.actor().user().map(Into::into)),
            moved_at: Set(write.at().as_micros()),
            due_at: Set(due.as_micros()),
            reason: Set(None),
            answered_by: Set(None),
            answered_at: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "family.move",
            format!("family:{}", FamilyId(before.id)),
            role,
            event,
            &serde_json::json!({ "move": id, "from": before.region, "to": to.region,
                "programs": programs, "cases": carried.cases, "civil_event": civil }),
        )?);
        Ok(id)
    }

    /// The house that a family moves to: a new one, with the old pin beside it.
    async fn house_at(
        &self,
        write: &Write,
        before: &family::Model,
        to: &Destination,
    ) -> Result<Uuid> {
        if let Some(known) = to.house {
            return Ok(known.into());
        }
        let id: HouseId = self.store.ids().next();
        let id = Uuid::from(id);
        house::ActiveModel {
            id: Set(id),
            region: Set(to.region.to_string()),
            lat_e7: Set(None),
            lon_e7: Set(None),
            accuracy_cm: Set(None),
            pinned_at: Set(None),
            pin_visit: Set(None),
            registry_lat_e7: Set(None),
            registry_lon_e7: Set(None),
        }
        .insert(write.on())
        .await?;
        let old = house::Entity::find_by_id(before.house_id)
            .one(write.on())
            .await?;
        let pin =
            old.and_then(|old| Some((old.lat_e7?, old.lon_e7?, old.accuracy_cm?, old.pinned_at?)));
        // Of a house that was never visited after the last move the pin before that is still the last.
        let pin = match pin {
            Some(pin) => Some(pin),
            None => former_pin::Entity::find_by_id(before.house_id)
                .one(write.on())
                .await?
                .map(|old| (old.lat_e7, old.lon_e7, old.accuracy_cm, old.pinned_at)),
        };
        if let Some((lat_e7, lon_e7, accuracy_cm, pinned_at)) = pin {
            former_pin::ActiveModel {
                house_id: Set(id),
                lat_e7: Set(lat_e7),
                lon_e7: Set(lon_e7),
                accuracy_cm: Set(accuracy_cm),
                pinned_at: Set(pinned_at),
                stale_since: Set(write.at().as_micros()),
            }
            .insert(write.on())
            .await?;
        }
        Ok(id)
    }

    async fn bring_along(
        &self,
        write: &mut Write,
        before: &family::Model,
        to: &Destination,
        to_house: Uuid,
        role: Role,
        since: Option<i64>,
    ) -> Result<Carried> {
        let mut after = before.clone();
        after.region = to.region.to_string();
        after.address.clone_from(&to.address);
        after.rt.clone_from(&to.rt);
        after.rw.clone_from(&to.rw);
        after.house_id = to_house;
        after.domicile_address.clone_from(&to.domicile.address);
        after.domicile_rt.clone_from(&to.domicile.rt);
        after.domicile_rw.clone_from(&to.domicile.rw);
        after.domicile_region.clone_from(&to.domicile.region);
        let draft = Draft {
            families: vec![FamilyEdit {
                before: Some(before.clone()),
                after,
                kk: None,
                in_known_house: true,
            }],
            since,
            ..Draft::default()
        };
        draft.write(write).await?;
        // A case before its memberships, as whoever decides takes them.
        let open = verification_case::Entity::find()
            .filter(verification_case::Column::FamilyId.eq(before.id))
            .filter(verification_case::Column::State.is_not_in(OVER))
            .order_by_asc(verification_case::Column::Id)
            .lock_exclusive()
            .all(write.on())
            .await?;
        let places = membership::Entity::find()
            .filter(membership::Column::FamilyId.eq(before.id))
            // Of a place that ended, notice and appeal are the new village's too.
            .filter(
                membership::Column::State
                    .is_in(slots::OCCUPYING.into_iter().chain(["inactive", "replaced"])),
            )
            .order_by_asc(membership::Column::Id)
            .lock_exclusive()
            .all(write.on())
            .await?;
        let mut programs = BTreeSet::new();
        for place in places {
            if slots::OCCUPYING.contains(&place.state.as_str()) {
                programs.insert(place.program.clone());
                slots::carry(write, &place, &to.region, role).await?;
            }
            let mut place = place;
            place.region = to.region.to_string();
            slots::save_membership(write, place).await?;
        }
        let cases = i32::try_from(open.len()).map_err(Error::internal)?;
        for case in open {
            self.carry_case(write, case, to, to_house, role).await?;
        }
        // What waits for somebody waits for whoever has the family now.
        family_request::Entity::update_many()
            .col_expr(
                family_request::Column::Region,
                Expr::value(to.region.to_string()),
            )
            .filter(family_request::Column::FamilyId.eq(before.id))
            .filter(family_request::Column::Outcome.is_null())
            .exec(write.on())
            .await?;
        proposal::Entity::update_many()
            .col_expr(proposal::Column::Region, Expr::value(to.region.to_string()))
            .filter(proposal::Column::FamilyId.eq(before.id))
            .filter(proposal::Column::State.is_not_in(ProposalState::over()))
            .exec(write.on())
            .await?;
        appeals::follow(write, before.id, &to.region).await?;
        objections::follow(write, before.id, &to.region).await?;
        let members = registration::everybody_of(write, before.id).await?;
        health::follow(write, &members, &to.region).await?;
        ministry_act::Entity::update_many()
            .col_expr(
                ministry_act::Column::Region,
                Expr::value(to.region.to_string()),
            )
            .filter(ministry_act::Column::FamilyId.eq(before.id))
            .filter(ministry_act::Column::EnteredAt.is_null())
            .exec(write.on())
            .await?;
        matching::follow(write, &members, &to.region).await?;
        civil_event::Entity::update_many()
            .col_expr(
                civil_event::Column::Region,
                Expr::value(to.region.to_string()),
            )
            .filter(civil_event::Column::FamilyId.eq(before.id))
            .filter(
                Condition::any()
                    .add(civil_event::Column::State.is_in(super::WAITING))
                    .add(civil_event::Column::FollowUp.is_not_null()),
            )
            .exec(write.on())
            .await?;
        Ok(Carried { programs, cases })
    }

    /// An open case goes along. An officer who does not work there gives it back; nobody's review goes on over a house that
    /// is another.
    async fn carry_case(
        &self,
        write: &mut Write,
        mut case: verification_case::Model,
        to: &Destination,
        house: Uuid,
        role: Role,
    ) -> Result<()> {
        let id = CaseId(case.id);
        let from_region = case.region.clone();
        let before = case.officer_id.map(UserId);
        let state = state_of(&case)?;
        case.region = to.region.to_string();
        case.house_id = house;
        case.lease_user = None;
        case.lease_until = None;
        case.lease_sheet = None;
        let leaves = match before {
            Some(officer) if state.is_with_officer() => {
                let works_there = self.store.holds(officer, Role::Officer, &to.region);
                !works_there.await?
            }
            Some(_) | None => false,
        };
        if leaves && let Step::To(next) = case::step(state, CaseAction::Unassign, Role::System)? {
            case.state = next.to_string();
            case.officer_id = None;
            write.journal(Entry::new(
                action_name(CaseAction::Unassign),
                format!("case:{id}"),
                Role::System,
                None,
                &serde_json::json!({ "from": state, "to": next }),
            )?);
        }
        cases::save(write, case, before).await?;
        write.journal(Entry::new(
            "case.carry",
            format!("case:{id}"),
            role,
            None,
            &serde_json::json!({ "from": from_region, "to": to.region }),
        )?);
        Ok(())
    }

    /// A family of one's village moves to any other of the city.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `stale`, `invalid` for a village that is none or an address that is none, `wrong_moment` of
    /// a family that is closed.
    pub async fn move_family(&self, id: FamilyId, body: MoveFamily) -> Result<MoveView> {
        self.actor.require(Permission::MaintainFamilies)?;
        let places = self.places().await?;
        let mut write = self.begin().await?;
        // Rows that name the family, such as a notice, need not wait: its key stays.
        let row = family::Entity::find_by_id(Uuid::from(id))
            .lock(LockType::NoKeyUpdate)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let object = format!("family:{id}");
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::MaintainFamilies, &region);
        let hashed = self.hashed(&body)?;
        let event = write.once(body.event_id, "family.move", &object, &hashed);
        if event.await? == Seen::Before {
            // By then the family is often out of reach.
            let done = moved_by(&write, id, self.actor.user()).await?;
            let done = done.ok_or(Error::WRONG_MOMENT)?;
            drop(write);
            return self.move_view(done).await;
        }
        let role = match role {
            Ok(role) => role,
            // Somebody moved it meanwhile: who saw it here is told so, as of any other lost race.
            Err(error) => {
                return Err(self
                    .moved_away(&write, &row, body.seen_version, error)
                    .await?);
            }
        };
        if row.version != body.seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        if row.closed_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        let to = Self::destination(&places, &row, &body)?;
        let since = match body.since.as_deref() {
            None => None,
            Some(text) => {
                let today = places.today(write.at());
                let day = past_date("since", text, today);
                let day = day.map_err(|problem| Error::Invalid(vec![problem]))?;
                let begins = day
                    .map(|day: Day| beginning_of(day, &to.region))
                    .transpose()?;
                begins.filter(|begins| *begins < write.at().as_micros())
            }
        };
        write.acts_in(region);
        let event = Some(body.event_id);
        let moved = self.carry(&mut write, &row, &to, role, event, None, since);
        let id = Box::pin(moved).await?;
        write.commit().await?;
        let done = family_move::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        self.move_view(done.ok_or(Error::NOT_FOUND)?).await
    }

    /// Of a family that left one's village meanwhile: `stale` to whoever saw it there.
    async fn moved_away(
        &self,
        write: &Write,
        row: &family::Model,
        seen_version: i32,
        otherwise: Error,
    ) -> Result<Error> {
        let left = family_move::Entity::find()
            .filter(family_move::Column::FamilyId.eq(row.id))
            .order_by_desc(family_move::Column::MovedAt)
            .one(write.on())
            .await?;
        let was_here = left.is_some_and(|left| {
            let from = left.from_region.parse::<RegionCode>();
            from.is_ok_and(|from| self.actor.may_in(Permission::MaintainFamilies, &from))
        });
        if was_here && seen_version < row.version {
            return Ok(Error::Stale {
                current_version: row.version,
            });
        }
        Ok(otherwise)
    }

    fn destination(
        places: &crate::store::imports::Places,
        row: &family::Model,
        body: &MoveFamily,
    ) -> Result<Destination> {
        let mut problems = Vec::new();
        let region = places.village("region", body.region.as_str());
        let region = region.map_err(|problem| problems.push(problem)).ok();
        let address = words("address", &body.address, 200);
        let address = address.map_err(|problem| problems.push(problem)).ok();
        let rt = neighbourhood("rt", body.rt.trim());
        let rt = rt.map_err(|problem| problems.push(problem)).ok();
        let rw = neighbourhood("rw", body.rw.trim());
        let rw = rw.map_err(|problem| problems.push(problem)).ok();
        let here = region_code(&row.region)?;
        if region.as_ref() == Some(&here) {
            problems.push(crate::sheet::problem(
                "region",
                "same_village",
                "Keluarga ini sudah tercatat di kelurahan itu; ubah alamatnya di halaman keluarga.",
            ));
        }
        if here.is_training() {
            // What was invented stays where it was invented.
            return Err(Error::WRONG_MOMENT);
        }
        let (Some(region), Some(address), Some(rt), Some(rw), true) =
            (region, address, rt, rw, problems.is_empty())
        else {
            return Err(Error::Invalid(problems));
        };
        Ok(Destination {
            region,
            address,
            rt,
            rw,
            house: None,
            domicile: Domicile::default(),
        })
    }

    /// The receiving village has the family, or sends it back.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty` for whoever moved it, `wrong_moment` after a week or
    /// when it moved on.
    pub async fn answer_move(
        &self,
        id: MoveId,
        sends_back: bool,
        body: AnswerMove,
    ) -> Result<MoveView> {
        self.actor.require(Permission::MaintainFamilies)?;
        let listed = |code: &ReasonCode| reason::is_listed(code, MOVE_RETURNS);
        if sends_back && !body.reason.as_ref().is_some_and(listed) {
            return Err(Error::field(
                "reason",
                "unknown",
                "Pilih alasan pengembalian.",
            ));
        }
        let mut write = self.begin().await?;
        let moved = family_move::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&moved.to_region)?;
        let role = self.actor.act_in(Permission::MaintainFamilies, &region)?;
        let action = if sends_back {
            "move.send_back"
        } else {
            "move.receive"
        };
        let object = format!("move:{id}");
        if write.once(body.event_id, action, &object, &body).await? == Seen::Before {
            drop(write);
            let done = family_move::Entity::find_by_id(Uuid::from(id))
                .one(self.store.read())
                .await?;
            return self.move_view(done.ok_or(Error::NOT_FOUND)?).await;
        }
        if moved.version != body.seen_version {
            return Err(Error::Stale {
                current_version: moved.version,
            });
        }
        if moved.state != MoveState::Arrived.to_string() {
            return Err(Error::WRONG_MOMENT);
        }
        if moved.moved_by.is_some() && moved.moved_by == self.actor.user().map(Uuid::from) {
            return Err(Error::Refused(ProblemCode::SeparationOfDuty));
        }
        self.refuse_own_matter(write.on(), &[moved.moved_by])
            .await?;
        let mut next = moved.clone();
        next.version += 1;
        next.answered_by = Some(self.actor.person_id()?.into());
        next.answered_at = Some(write.at().as_micros());
        next.state = MoveState::Received.to_string();
        if sends_back {
            if write.at().as_micros() > moved.due_at {
                return Err(Error::WRONG_MOMENT);
            }
            next.state = MoveState::SentBack.to_string();
            next.reason = body.reason.as_ref().map(ToString::to_string);
            Box::pin(self.bring_back(&mut write, &moved, role)).await?;
        }
        family_move::Entity::update_many()
            .set(family_move::ActiveModel::from(next.clone()).reset_all())
            .filter(family_move::Column::Id.eq(next.id))
            .filter(family_move::Column::Version.eq(moved.version))
            .exec(write.on())
            .await?;
        write.acts_in(region);
        write.journal(Entry::new(
            action,
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "family": FamilyId(moved.family_id), "reason": body.reason }),
        )?);
        write.commit().await?;
        self.move_view(next).await
    }

    /// The family is again where it was, in the house it had there.
    async fn bring_back(
        &self,
        write: &mut Write,
        moved: &family_move::Model,
        role: Role,
    ) -> Result<()> {
        let row = family::Entity::find_by_id(moved.family_id)
            .lock(LockType::NoKeyUpdate)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if row.house_id != moved.to_house || row.closed_at.is_some() {
            // It moved on meanwhile.
            return Err(Error::WRONG_MOMENT);
        }
        let domicile = match &moved.from_domicile {
            Some(kept) => serde_json::from_str(kept).map_err(Error::internal)?,
            None => Domicile::default(),
        };
        let back = Destination {
            region: region_code(&moved.from_region)?,
            address: moved.from_address.clone(),
            rt: moved.from_rt.clone(),
            rw: moved.from_rw.clone(),
            house: Some(HouseId(moved.from_house)),
            domicile,
        };
        self.bring_along(write, &row, &back, moved.from_house, role, None)
            .await?;
        write.journal(Entry::new(
            "family.move_back",
            format!("family:{}", FamilyId(row.id)),
            role,
            None,
            &serde_json::json!({ "move": MoveId(moved.id), "from": moved.to_region,
                "to": moved.from_region }),
        )?);
        // What the civil registry said of it is for a person to find out.
        if let Some(event) = moved.civil_event_id
            && let Some(event) = civil_event::Entity::find_by_id(event)
                .one(write.on())
                .await?
        {
            let mut next = event.clone();
            next.state = CivilState::ToJudge.to_string();
            next.why = Some(CivilWhy::SentBack.to_string());
            next.region.clone_from(&moved.from_region);
            next.settled_at = None;
            save_event(write, &event, next).await?;
        }
        Ok(())
    }

    /// Moves to or from the villages of whoever asks, newest first; those that wait only when asked for.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn moves(
        &self,
        side: Side,
        state: Option<MoveState>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MoveView>> {
        use family_move::Column as C;
        let mine = self.actor.regions(Permission::ReadCases);
        let column = match side {
            Side::In => C::ToRegion,
            Side::Out => C::FromRegion,
        };
        let mut query = family_move::Entity::find().filter(in_regions(column, &mine));
        if let Some(state) = state {
            query = query.filter(C::State.eq(state.to_string()));
        }
        if let Some(after) = after {
            query = query.filter(Place::read(after)?.before(C::MovedAt, C::Id));
        }
        let mut rows = query
            .order_by_desc(C::MovedAt)
            .order_by_desc(C::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let next = cut(&mut rows, limit, |row| Place::of(row.moved_at, row.id));
        Ok(Page {
            items: self.move_views(rows, None).await?,
            next,
        })
    }

    /// One move, to whoever reads either village.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn one_move(&self, id: MoveId) -> Result<MoveView> {
        let row = family_move::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        self.move_view(row.ok_or(Error::NOT_FOUND)?).await
    }

    /// Moves of one family, newest first.
    pub(super) async fn moves_of(&self, family: FamilyId, role: Role) -> Result<Vec<MoveView>> {
        let rows = family_move::Entity::find()
            .filter(family_move::Column::FamilyId.eq(Uuid::from(family)))
            .order_by_desc(family_move::Column::MovedAt)
            .all(self.store.read())
            .await?;
        self.move_views(rows, Some(role)).await
    }

    /// Where the door was pinned before the last move, while the new one is not pinned.
    pub(super) async fn former_pin(&self, home: &family::Model) -> Result<Option<FormerPin>> {
        let on = self.store.read();
        let house = house::Entity::find_by_id(home.house_id).one(on).await?;
        if house.is_none_or(|house| house.pinned_at.is_some()) {
            return Ok(None);
        }
        let pin = former_pin::Entity::find_by_id(home.house_id)
            .one(on)
            .await?;
        Ok(pin.map(|pin| FormerPin {
            lat_e7: pin.lat_e7,
            lon_e7: pin.lon_e7,
            taken_at: Timestamp::from_micros(pin.pinned_at),
            stale_since: Timestamp::from_micros(pin.stale_since),
        }))
    }

    async fn move_view(&self, row: family_move::Model) -> Result<MoveView> {
        let mut views = self.move_views(vec![row], None).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    /// `reads_as`: as what whoever reads the family now sees also moves between villages of others.
    async fn move_views(
        &self,
        rows: Vec<family_move::Model>,
        reads_as: Option<Role>,
    ) -> Result<Vec<MoveView>> {
        let people = rows.iter().flat_map(|row| [row.moved_by, row.answered_by]);
        let names = self.store.names_of(people.flatten().collect()).await?;
        let codes = rows
            .iter()
            .flat_map(|row| [row.from_region.clone(), row.to_region.clone()]);
        let villages = self.region_names(codes.collect()).await?;
        let called = |code: &str| {
            let name = villages.get(code).cloned();
            name.unwrap_or_else(|| code.to_owned())
        };
        let now = self.store.now().as_micros();
        let me = self.actor.user().map(Uuid::from);
        let (mut views, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let (from, to) = (region_code(&row.from_region)?, region_code(&row.to_region)?);
            let role = match reads_as {
                Some(role) => role,
                None => self.reading_in(&to).or_else(|_| self.reading_in(&from))?,
            };
            reads.push(Read {
                kind: "family",
                id: row.family_id,
                what: "family_move",
                mode: Mode::Seen,
                role,
                purpose: None,
            });
            let may_answer = row.state == MoveState::Arrived.to_string()
                && self.actor.may_in(Permission::MaintainFamilies, &to)
                && (row.moved_by.is_none() || row.moved_by != me)
                && now <= row.due_at;
            views.push(MoveView {
                id: MoveId(row.id),
                version: row.version,
                family: FamilyId(row.family_id),
                name: row.name,
                from_name: called(&row.from_region),
                from_address: format!("{} RT {} RW {}", row.from_address, row.from_rt, row.from_rw),
                to_name: called(&row.to_region),
                from,
                to,
                to_address: row.to_address,
                state: Lenient::read(&row.state),
                programs: serde_json::from_str(&row.programs).map_err(Error::internal)?,
                cases: u32::try_from(row.cases).unwrap_or_default(),
                moved_by_name: row.moved_by.and_then(|id| names.get(&id).cloned()),
                moved_at: Timestamp::from_micros(row.moved_at),
                due_at: Timestamp::from_micros(row.due_at),
                reason: row.reason.as_deref().and_then(|code| code.parse().ok()),
                answered_by_name: row.answered_by.and_then(|id| names.get(&id).cloned()),
                answered_at: row.answered_at.map(Timestamp::from_micros),
                may_answer,
            });
        }
        self.note_reads(reads).await?;
        Ok(views)
    }
}

/// The last move of a family by this person.
async fn moved_by(
    write: &Write,
    family: FamilyId,
    user: Option<UserId>,
) -> Result<Option<family_move::Model>> {
    Ok(family_move::Entity::find()
        .filter(family_move::Column::FamilyId.eq(Uuid::from(family)))
        .filter(family_move::Column::MovedBy.eq(user.map(Uuid::from)))
        .order_by_desc(family_move::Column::MovedAt)
        .one(write.on())
        .await?)
}
