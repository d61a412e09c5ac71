//! What an event does to whom it is about: a death, its correction, a family that leaves, a corrected name. A move inside the
//! city is in [`super::moving`].
//!
//! Each event has its effect in a transaction of its own, under the lock of its row: whoever comes second finds it done.
//! What it put on hold is remembered with it, so that a later one can take back that and no more.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tilik_protocol::case::{self, CaseAction, Step};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::family::Relation;
use tilik_protocol::ids::{CaseId, CivilEventId, FamilyId, MembershipId, PersonId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::membership::{self as machine, MembershipAction, MembershipState};
use tilik_protocol::nik::Day;
use tilik_protocol::policy::Role;
use tilik_protocol::population::{
    CivilEvent, CivilKind, CivilState, CivilWhy, Known, PAYEE_DAYS, Situation, Verdict, judge,
};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::moving::{Destination, Domicile};
use super::opened;
use crate::error::{Error, Result};
use crate::store::cases::{self, action_name, begin_case, open_case_of, state_of};
use crate::store::families::region_code;
use crate::store::imports::{held, name, name_key, neighbourhood, persons_behind, words};
use crate::store::journal::Entry;
use crate::store::ministry::recipient;
use crate::store::registration::{Draft, FamilyEdit, PersonEdit, beginning_of, sealed};
use crate::store::slots::save_membership;
use crate::store::tables::{civil_event, family, membership, person};
use crate::store::{Acting, Write};

/// Who receives is dead: the place is on hold until somebody else of the family does.
pub(super) const PAYEE: &str = "GANTI_PENGURUS";
/// The holder is dead, or nobody of the family lives.
pub(super) const DEAD: &str = "MENINGGAL";
/// The family left the city.
pub(super) const LEFT: &str = "PINDAH_LUAR";
/// Why a house is looked at after a death, and after a family left.
pub(super) const RUMOUR_OF_DEATH: ReasonCode = ReasonCode::known("KABAR_MENINGGAL");
const RUMOUR_OF_MOVE: ReasonCode = ReasonCode::known("KABAR_PINDAH");
/// What holds a place until the registry says otherwise, or another receives: no visit lifts it.
pub(in crate::store) const HOLDS: [&str; 3] = [DEAD, PAYEE, LEFT];
/// Why the registry had a house looked at: somebody died or a family left, and two persons say what becomes of the place.
pub(in crate::store) const RUMOURS: [ReasonCode; 2] = [RUMOUR_OF_DEATH, RUMOUR_OF_MOVE];

/// What an event did, so that it can be taken back.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Effect {
    /// Memberships that it put on hold.
    #[serde(default)]
    pub on_hold: Vec<MembershipId>,
    /// A case that it opened.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// A case that was opened when the family did not name in time who receives instead.
    #[serde(default)]
    pub overdue: Option<CaseId>,
    /// Memberships that it took off hold.
    #[serde(default)]
    pub resumed: Vec<MembershipId>,
}

/// What is left to do after an event, and until when.
#[derive(Default)]
pub(super) struct Outcome {
    pub effect: Effect,
    pub follow_up: Option<CivilWhy>,
    pub due_at: Option<i64>,
    /// Why it had none.
    pub why: Option<CivilWhy>,
}

/// Whom an event is about, locked.
pub(super) struct Subject {
    pub person: person::Model,
    pub family: family::Model,
    pub members: Vec<person::Model>,
}

impl Subject {
    /// Who of the family lives beside this person.
    fn others_living(&self) -> impl Iterator<Item = &person::Model> {
        let others = self.members.iter();
        others.filter(|one| one.alive && one.id != self.person.id)
    }

    fn is_payee(&self) -> bool {
        recipient(&self.members, None, self.family.payee_id)
            .is_some_and(|payee| payee.id == self.person.id)
    }
}

/// What an event did, as far as it is remembered.
pub(super) fn remembered(event: &civil_event::Model) -> Result<Effect> {
    let effect = event.effect.as_deref().map(serde_json::from_str);
    let effect = effect.transpose().map_err(Error::internal)?;
    Ok(effect.unwrap_or_default())
}

/// The beginning of the day since when something is so; nothing when it is today.
fn since(write: &Write, event: &civil_event::Model, region: &RegionCode) -> Result<Option<i64>> {
    let Some(day) = Day::read(&event.effective_on) else {
        return Ok(None);
    };
    let begins = beginning_of(day, region)?;
    Ok(Some(begins).filter(|begins| *begins < write.at().as_micros()))
}

/// Puts active ones of these on hold for a reason; which it were.
async fn put_on_hold(
    write: &mut Write,
    rows: Vec<membership::Model>,
    why: &'static str,
) -> Result<Vec<MembershipId>> {
    let mut on_hold = Vec::new();
    for mut row in rows {
        let from: MembershipState = row.state.parse().map_err(Error::internal)?;
        let step = machine::step(from, MembershipAction::Suspend, Role::Feed);
        let Ok(Step::To(next)) = step else { continue };
        row.state = next.to_string();
        row.reason = Some(why.to_owned());
        let row = save_membership(write, row).await?;
        let id = MembershipId(row.id);
        write.journal(Entry::new(
            "membership.suspend",
            format!("membership:{id}"),
            Role::Feed,
            None,
            &serde_json::json!({ "from": from, "to": next, "reason": why,
                "family": FamilyId(row.family_id) }),
        )?);
        on_hold.push(id);
    }
    Ok(on_hold)
}

/// Takes those of these off hold that are on hold for one of these reasons.
async fn take_off_hold(
    write: &mut Write,
    rows: Vec<membership::Model>,
    why: &[&str],
    role: Role,
) -> Result<Vec<MembershipId>> {
    let mut resumed = Vec::new();
    for mut row in rows {
        let from: MembershipState = row.state.parse().map_err(Error::internal)?;
        let reason = row.reason.clone().unwrap_or_default();
        if from != MembershipState::Suspended || !why.contains(&&*reason) {
            continue;
        }
        let Step::To(next) = machine::step(from, MembershipAction::Resume, role)? else {
            continue;
        };
        row.state = next.to_string();
        row.reason = None;
        let row = save_membership(write, row).await?;
        let id = MembershipId(row.id);
        write.journal(Entry::new(
            "membership.resume",
            format!("membership:{id}"),
            role,
            None,
            &serde_json::json!({ "from": from, "to": next, "reason": reason,
                "family": FamilyId(row.family_id) }),
        )?);
        resumed.push(id);
    }
    Ok(resumed)
}

/// Memberships of a family, locked.
pub(super) async fn memberships_of(write: &Write, family: Uuid) -> Result<Vec<membership::Model>> {
    Ok(membership::Entity::find()
        .filter(membership::Column::FamilyId.eq(family))
        .order_by_asc(membership::Column::Id)
        .lock_exclusive()
        .all(write.on())
        .await?)
}

fn occupies(row: &membership::Model) -> bool {
    let state = row.state.parse::<MembershipState>();
    state.is_ok_and(MembershipState::occupies_slot)
}

/// A case in which two persons end what is on hold; none when one is open, which carries it already.
pub(super) async fn case_for(
    write: &mut Write,
    home: &family::Model,
    why: &ReasonCode,
) -> Result<Option<CaseId>> {
    if open_case_of(write, home.id).await?.is_some() {
        return Ok(None);
    }
    let case = begin_case(
        write,
        home,
        VisitKind::Quick,
        None,
        None,
        None,
        Role::System,
        None,
        Some(why),
    );
    Ok(Some(CaseId(case.await?.id)))
}

/// Families of which others are members or receive than before: where the place waited for that, it goes on. Whoever names
/// another payee of a family with a place did so by two persons.
///
/// # Errors
/// When the database does not answer.
pub(in crate::store) async fn payee_named(write: &mut Write, families: &[Uuid]) -> Result<()> {
    let waiting = membership::Entity::find()
        .filter(membership::Column::FamilyId.is_in(families.iter().copied()))
        .filter(membership::Column::State.eq(MembershipState::Suspended.to_string()))
        .filter(membership::Column::Reason.eq(PAYEE))
        .order_by_asc(membership::Column::Id)
        .all(write.on())
        .await?;
    let mut homes: Vec<Uuid> = waiting.iter().map(|row| row.family_id).collect();
    homes.dedup();
    homes.sort_unstable();
    homes.dedup();
    for home in homes {
        let Some(row) = family::Entity::find_by_id(home).one(write.on()).await? else {
            continue;
        };
        let members = members_of(write, home).await?;
        if !recipient(&members, None, row.payee_id).is_some_and(|payee| payee.alive) {
            continue;
        }
        let role = if write.actor().user().is_some() {
            Role::Approver
        } else {
            Role::Feed
        };
        let theirs = waiting.iter().filter(|row| row.family_id == home).cloned();
        take_off_hold(write, theirs.collect(), &[PAYEE], role).await?;
        let named = [CivilWhy::PayeeChange, CivilWhy::PayeeOverdue].map(|why| why.to_string());
        let open = civil_event::Entity::find()
            .filter(civil_event::Column::FamilyId.eq(home))
            .filter(civil_event::Column::FollowUp.is_in(named))
            .all(write.on())
            .await?;
        for event in open {
            if let Some(case) = remembered(&event)?.overdue {
                close_untouched(write, case).await?;
            }
            let mut next = event.clone();
            next.follow_up = None;
            next.due_at = None;
            save_event(write, &event, next).await?;
        }
    }
    Ok(())
}

async fn members_of(write: &Write, family: Uuid) -> Result<Vec<person::Model>> {
    Ok(person::Entity::find()
        .filter(person::Column::FamilyId.eq(family))
        .filter(person::Column::MergedInto.is_null())
        .order_by_asc(person::Column::Id)
        .all(write.on())
        .await?)
}

/// Writes an event's next version.
pub(super) async fn save_event(
    write: &Write,
    before: &civil_event::Model,
    mut row: civil_event::Model,
) -> Result<civil_event::Model> {
    row.version = before.version + 1;
    let moved = civil_event::Entity::update_many()
        .set(civil_event::ActiveModel::from(row.clone()).reset_all())
        .filter(civil_event::Column::Id.eq(row.id))
        .filter(civil_event::Column::Version.eq(before.version))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: before.version + 1,
        });
    }
    Ok(row)
}

impl Acting {
    /// Gives everything of one person that waits its effect, in the order of the numbers.
    pub(super) async fn apply_person(&self, feed: &str, nik_key: &[u8]) -> Result<()> {
        loop {
            let mut write = self.begin().await?;
            let Some(event) = next_of(&write, feed, nik_key).await? else {
                return Ok(());
            };
            match Box::pin(self.take_effect(&mut write, event.clone(), None)).await {
                Ok(_) => write.commit().await?,
                // The database may come back.
                Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
                Err(error) => {
                    // Nothing of it stays; a person has to look.
                    drop(write);
                    tracing::info!(cause = %error, "a population event waits for a person");
                    let mut write = self.begin().await?;
                    let mut next = event.clone();
                    next.state = CivilState::ToJudge.to_string();
                    next.why = Some(CivilWhy::ByHand.to_string());
                    save_event(&write, &event, next).await?;
                    write.journal(Entry::new(
                        "civil.wait",
                        format!("civil_event:{}", CivilEventId(event.id)),
                        Role::Feed,
                        None,
                        &serde_json::json!({ "code": error.code() }),
                    )?);
                    write.commit().await?;
                }
            }
        }
    }

    /// Who has this event's NIK, in reach of its feed.
    async fn subject(
        &self,
        write: &Write,
        event: &civil_event::Model,
        said: &CivilEvent,
    ) -> Result<Result<Subject, Known>> {
        let keys = self.store.keys();
        let nik = std::iter::once(said.nik.as_str());
        let found = persons_behind(write.on(), keys, nik).await?;
        let ids: Vec<Uuid> = found.into_values().flatten().collect();
        let rows = person::Entity::find()
            .filter(person::Column::Id.is_in(ids))
            .filter(person::Column::MergedInto.is_null())
            .all(write.on())
            .await?;
        let reach = region_code(&event.region)?;
        let city = city_of(&reach);
        let mut here = Vec::new();
        for row in rows {
            let home = family::Entity::find_by_id(row.family_id)
                .lock_exclusive()
                .one(write.on())
                .await?;
            if let Some(home) = home
                && city.covers(&region_code(&home.region)?)
            {
                here.push((row, home));
            }
        }
        if here.len() > 1 {
            return Ok(Err(Known::Several));
        }
        let Some((person, family)) = here.pop() else {
            return Ok(Err(Known::Nobody));
        };
        let members = members_of(write, family.id).await?;
        // Again, under the lock of the family.
        let person = members
            .iter()
            .find(|one| one.id == person.id)
            .cloned()
            .ok_or(Error::WRONG_MOMENT)?;
        Ok(Ok(Subject {
            person,
            family,
            members,
        }))
    }

    /// What becomes of an event, and its effect. `forced`: a person says so.
    pub(super) async fn take_effect(
        &self,
        write: &mut Write,
        event: civil_event::Model,
        forced: Option<(Role, UserId)>,
    ) -> Result<civil_event::Model> {
        let said = opened(&self.store, &event)?;
        let found = self.subject(write, &event, &said).await?;
        let mut next = event.clone();
        if let Ok(subject) = &found {
            next.person_id = Some(subject.person.id);
            next.family_id = Some(subject.family.id);
            next.region.clone_from(&subject.family.region);
        }
        let Some(kind) = said.kind.known() else {
            next.state = CivilState::ToJudge.to_string();
            next.why = Some(CivilWhy::UnknownKind.to_string());
            return save_event(write, &event, next).await;
        };
        let situation = self.situation(write, &event, kind, &said, &found).await?;
        let mut verdict = judge(kind, situation);
        if forced.is_some() && found.is_ok() && !situation.overtaken {
            let dead = situation.known == Known::Dead;
            verdict = match kind {
                CivilKind::Meninggal if dead => Verdict::AlreadySo,
                CivilKind::HidupKembali if !dead => Verdict::AlreadySo,
                CivilKind::Meninggal
                | CivilKind::HidupKembali
                | CivilKind::PindahDalamKota
                | CivilKind::PindahKeluar
                | CivilKind::PindahMasuk
                | CivilKind::PecahKk
                | CivilKind::GantiKk
                | CivilKind::UbahBiodata
                | CivilKind::Lahir
                | CivilKind::NikGandaDihapus => Verdict::Apply,
            };
        }
        let mut outcome = Outcome::default();
        let state = match verdict {
            Verdict::Apply => {
                let Ok(subject) = &found else {
                    return Err(Error::WRONG_MOMENT);
                };
                let effect = self.effect_of(write, &event, kind, &said, subject);
                outcome = Box::pin(effect).await?;
                CivilState::Applied
            }
            Verdict::AlreadySo => {
                outcome.why = Some(CivilWhy::AlreadySo);
                CivilState::Applied
            }
            Verdict::Superseded => CivilState::Superseded,
            Verdict::Judge(why) => {
                outcome.why = Some(why);
                CivilState::ToJudge
            }
            Verdict::Unmatched => CivilState::Unmatched,
        };
        next.state = state.to_string();
        next.why = outcome.why.map(|why| why.to_string());
        next.follow_up = outcome.follow_up.map(|why| why.to_string());
        next.due_at = outcome.due_at;
        let effect = serde_json::to_string(&outcome.effect).map_err(Error::internal)?;
        next.effect = (state == CivilState::Applied).then_some(effect);
        let settles = !matches!(state, CivilState::ToJudge | CivilState::Unmatched);
        next.settled_at = settles.then(|| write.at().as_micros());
        next.settled_by = forced.filter(|_| settles).map(|(_, user)| user.into());
        let next = save_event(write, &event, next).await?;
        let role = forced.map_or(Role::Feed, |(role, _)| role);
        write.acts_in(region_code(&next.region)?);
        write.journal(Entry::new(
            "civil.apply",
            format!("civil_event:{}", CivilEventId(event.id)),
            role,
            None,
            &serde_json::json!({ "kind": kind, "state": state, "why": outcome.why,
                "follow_up": outcome.follow_up, "person": next.person_id.map(PersonId),
                "family": next.family_id.map(FamilyId), "effect": outcome.effect }),
        )?);
        Ok(next)
    }

    async fn situation(
        &self,
        write: &Write,
        event: &civil_event::Model,
        kind: CivilKind,
        said: &CivilEvent,
        found: &Result<Subject, Known>,
    ) -> Result<Situation> {
        let mut situation = Situation {
            known: Known::Nobody,
            holds: false,
            whole_family: said.payload.whole_family,
            overtaken: false,
            follows_open: false,
        };
        match found {
            Err(known) => situation.known = *known,
            Ok(subject) => {
                situation.known = if subject.person.alive {
                    Known::Living
                } else {
                    Known::Dead
                };
                situation.holds = !held(write, vec![subject.family.id]).await?.is_empty();
                if situation.whole_family.is_none() && !said.payload.members.is_empty() {
                    let members = &said.payload.members;
                    situation.whole_family = self.names_all(members, subject)?;
                }
                // Whoever lives alone moves with everybody.
                if situation.whole_family.is_none() && subject.others_living().next().is_none() {
                    situation.whole_family = Some(true);
                }
            }
        }
        let others = civil_event::Entity::find()
            .filter(civil_event::Column::Feed.eq(&event.feed))
            .filter(civil_event::Column::NikKey.eq(event.nik_key.clone()))
            .filter(civil_event::Column::Id.ne(event.id))
            .all(write.on())
            .await?;
        let same_matter = |row: &civil_event::Model| {
            let other: Lenient<CivilKind> = Lenient::read(&row.kind);
            other
                .known()
                .is_some_and(|other| other.matter() == kind.matter())
        };
        for other in others.into_iter().filter(same_matter) {
            let state: Lenient<CivilState> = Lenient::read(&other.state);
            let later =
                (other.seq, other.received_at, other.id) > (event.seq, event.received_at, event.id);
            match state.known() {
                Some(CivilState::Applied | CivilState::Reversed | CivilState::Handled) => {
                    situation.overtaken |= later;
                }
                Some(CivilState::ToJudge | CivilState::Unmatched) => {
                    situation.follows_open |= !later;
                }
                Some(
                    CivilState::Received
                    | CivilState::Parked
                    | CivilState::Superseded
                    | CivilState::Refused
                    | CivilState::Dismissed,
                )
                | None => {}
            }
        }
        Ok(situation)
    }

    /// Whether these NIKs are everybody who lives in the family.
    fn names_all(&self, niks: &[String], subject: &Subject) -> Result<Option<bool>> {
        let living = subject.others_living().chain([&subject.person]);
        for one in living {
            let Some(sealed) = &one.nik_enc else {
                return Ok(None);
            };
            let keys = self.store.keys();
            let nik = keys.decrypt_field("person", "nik", one.id, sealed);
            let nik = nik.map_err(Error::internal)?;
            if !niks.contains(&*nik) {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    async fn effect_of(
        &self,
        write: &mut Write,
        event: &civil_event::Model,
        kind: CivilKind,
        said: &CivilEvent,
        subject: &Subject,
    ) -> Result<Outcome> {
        match kind {
            CivilKind::Meninggal => Self::dies(write, event, subject).await,
            CivilKind::HidupKembali => Self::lives_again(write, event, subject).await,
            CivilKind::PindahDalamKota => self.moves_by_feed(write, event, said, subject).await,
            CivilKind::PindahKeluar => Self::leaves(write, subject).await,
            CivilKind::PindahMasuk => Self::comes_back(write, event, subject).await,
            CivilKind::UbahBiodata => self.renamed(write, event, said, subject).await,
            CivilKind::PecahKk
            | CivilKind::GantiKk
            | CivilKind::Lahir
            | CivilKind::NikGandaDihapus => Err(Error::WRONG_MOMENT),
        }
    }

    /// A death: places of their own are on hold, and the family's when they received for it.
    async fn dies(
        write: &mut Write,
        event: &civil_event::Model,
        subject: &Subject,
    ) -> Result<Outcome> {
        let region = region_code(&subject.family.region)?;
        let mut dead = subject.person.clone();
        dead.alive = false;
        let draft = Draft {
            persons: vec![PersonEdit {
                before: Some(subject.person.clone()),
                after: dead,
                nik: None,
            }],
            since: since(write, event, &region)?,
            ..Draft::default()
        };
        draft.write(write).await?;
        let places = memberships_of(write, subject.family.id).await?;
        let (own, of_family): (Vec<_>, Vec<_>) = places
            .into_iter()
            .filter(occupies)
            .filter(|row| row.person_id.is_none_or(|id| id == subject.person.id))
            .partition(|row| row.person_id.is_some());
        let has_own = !own.is_empty();
        let mut outcome = Outcome::default();
        outcome.effect.on_hold = put_on_hold(write, own, DEAD).await?;
        let nobody = subject.others_living().next().is_none();
        let family_holds = !of_family.is_empty();
        if nobody {
            let on_hold = put_on_hold(write, of_family, DEAD).await?;
            outcome.effect.on_hold.extend(on_hold);
        } else if subject.is_payee() && family_holds {
            let on_hold = put_on_hold(write, of_family, PAYEE).await?;
            outcome.effect.on_hold.extend(on_hold);
        }
        if nobody && family_holds {
            outcome.follow_up = Some(CivilWhy::NobodyRemains);
        } else if subject.is_payee() && family_holds {
            // The other place of the dead has its case.
            outcome.follow_up = Some(CivilWhy::PayeeChange);
        } else if has_own {
            outcome.follow_up = Some(CivilWhy::PlaceOfDead);
        }
        if (nobody && family_holds) || has_own {
            outcome.effect.case = case_for(write, &subject.family, &RUMOUR_OF_DEATH).await?;
        }
        if outcome.follow_up.is_some() {
            let due = write.at().plus_s(PAYEE_DAYS * 86_400);
            outcome.due_at = Some(due.as_micros());
        }
        Ok(outcome)
    }

    /// Hidupkan: what the death put on hold goes on; what two persons ended meanwhile is put to a person.
    async fn lives_again(
        write: &mut Write,
        event: &civil_event::Model,
        subject: &Subject,
    ) -> Result<Outcome> {
        let region = region_code(&subject.family.region)?;
        let mut living = subject.person.clone();
        living.alive = true;
        let draft = Draft {
            persons: vec![PersonEdit {
                before: Some(subject.person.clone()),
                after: living,
                nik: None,
            }],
            since: since(write, event, &region)?,
            ..Draft::default()
        };
        draft.write(write).await?;
        let mut outcome = Outcome::default();
        let deaths = Self::undone(write, subject.person.id, CivilKind::Meninggal).await?;
        let mut gone = false;
        for (death, effect) in deaths {
            let ids: Vec<Uuid> = effect.on_hold.iter().map(|id| Uuid::from(*id)).collect();
            let rows = membership::Entity::find()
                .filter(membership::Column::Id.is_in(ids))
                .order_by_asc(membership::Column::Id)
                .lock_exclusive()
                .all(write.on())
                .await?;
            gone |= rows.iter().any(|row| !occupies(row));
            let resumed = take_off_hold(write, rows, &[DEAD, PAYEE], Role::Feed).await?;
            outcome.effect.resumed.extend(resumed);
            for case in [effect.case, effect.overdue].into_iter().flatten() {
                close_untouched(write, case).await?;
            }
            let mut next = death.clone();
            next.state = CivilState::Reversed.to_string();
            next.follow_up = None;
            next.due_at = None;
            save_event(write, &death, next).await?;
        }
        // What ended for a death that came another way: a file, a decision.
        gone |= membership::Entity::find()
            .filter(membership::Column::PersonId.eq(subject.person.id))
            .filter(membership::Column::Reason.eq(DEAD))
            .filter(membership::Column::State.is_in(["inactive", "replaced"]))
            .one(write.on())
            .await?
            .is_some();
        outcome.follow_up = gone.then_some(CivilWhy::PlaceGone);
        Ok(outcome)
    }

    /// Applied events of a kind about a person, newest first, with what they did.
    async fn undone(
        write: &Write,
        person: Uuid,
        kind: CivilKind,
    ) -> Result<Vec<(civil_event::Model, Effect)>> {
        let rows = civil_event::Entity::find()
            .filter(civil_event::Column::PersonId.eq(person))
            .filter(civil_event::Column::Kind.eq(kind.to_string()))
            .filter(civil_event::Column::State.eq(CivilState::Applied.to_string()))
            .order_by_desc(civil_event::Column::Seq)
            .lock_exclusive()
            .all(write.on())
            .await?;
        rows.into_iter()
            .map(|row| remembered(&row).map(|effect| (row, effect)))
            .collect()
    }

    /// A family leaves the city: its places are on hold until two persons end them.
    async fn leaves(write: &mut Write, subject: &Subject) -> Result<Outcome> {
        let places = memberships_of(write, subject.family.id).await?;
        let places: Vec<_> = places.into_iter().filter(occupies).collect();
        let holds = !places.is_empty();
        let mut outcome = Outcome::default();
        outcome.effect.on_hold = put_on_hold(write, places, LEFT).await?;
        if holds {
            outcome.effect.case = case_for(write, &subject.family, &RUMOUR_OF_MOVE).await?;
            outcome.follow_up = Some(CivilWhy::LeftCity);
            let due = write.at().plus_s(PAYEE_DAYS * 86_400);
            outcome.due_at = Some(due.as_micros());
        }
        Ok(outcome)
    }

    /// A person says that a family which left is back: what its leaving put on hold goes on.
    async fn comes_back(
        write: &mut Write,
        event: &civil_event::Model,
        subject: &Subject,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let left = civil_event::Entity::find()
            .filter(civil_event::Column::FamilyId.eq(subject.family.id))
            .filter(civil_event::Column::Kind.eq(CivilKind::PindahKeluar.to_string()))
            .filter(civil_event::Column::State.eq(CivilState::Applied.to_string()))
            .filter(civil_event::Column::Seq.lt(event.seq))
            .all(write.on())
            .await?;
        for earlier in left {
            let effect = remembered(&earlier)?;
            let ids: Vec<Uuid> = effect.on_hold.iter().map(|id| Uuid::from(*id)).collect();
            let rows = membership::Entity::find()
                .filter(membership::Column::Id.is_in(ids))
                .lock_exclusive()
                .all(write.on())
                .await?;
            if rows.iter().any(|row| !occupies(row)) {
                outcome.follow_up = Some(CivilWhy::PlaceGone);
            }
            let resumed = take_off_hold(write, rows, &[LEFT], Role::Feed).await?;
            outcome.effect.resumed.extend(resumed);
            if let Some(case) = effect.case {
                close_untouched(write, case).await?;
            }
            let mut next = earlier.clone();
            next.state = CivilState::Reversed.to_string();
            next.follow_up = None;
            next.due_at = None;
            save_event(write, &earlier, next).await?;
        }
        Ok(outcome)
    }

    /// Other facts of somebody whose family holds nothing.
    async fn renamed(
        &self,
        write: &mut Write,
        event: &civil_event::Model,
        said: &CivilEvent,
        subject: &Subject,
    ) -> Result<Outcome> {
        let store = &self.store;
        let region = region_code(&subject.family.region)?;
        let before = &subject.person;
        let mut after = before.clone();
        let wrong = |problem| Error::Invalid(vec![problem]);
        if let Some(text) = &said.payload.name {
            let called = name("name", text).map_err(wrong)?;
            after.name_key = name_key(&called);
            after.name = called;
        }
        if let Some(sex) = said.payload.sex {
            after.sex = Some(sex.to_string());
        }
        if let Some(text) = &said.payload.birth_date {
            let day = Day::read(text).ok_or(Error::WRONG_MOMENT)?;
            let known = before.birth_date_enc.as_ref();
            let place = ("person", "birth_date");
            after.birth_date_enc = sealed(store, place, before.id, known, &day.to_string())?;
            after.birth_year = i32::try_from(day.year).ok();
        }
        if let Some(text) = &said.payload.mother_name {
            let called = name("mother_name", text).map_err(wrong)?;
            let known = before.mother_enc.as_ref();
            after.mother_enc = sealed(store, ("person", "mother"), before.id, known, &called)?;
        }
        if after == *before {
            return Ok(Outcome {
                why: Some(CivilWhy::AlreadySo),
                ..Outcome::default()
            });
        }
        let mut families = Vec::new();
        if before.relation == Relation::Head.to_string() && after.name != before.name {
            let mut home = subject.family.clone();
            home.name.clone_from(&after.name);
            home.name_key = name_key(&after.name);
            families.push(FamilyEdit {
                before: Some(subject.family.clone()),
                after: home,
                kk: None,
                in_known_house: true,
            });
        }
        let draft = Draft {
            families,
            persons: vec![PersonEdit {
                before: Some(before.clone()),
                after,
                nik: None,
            }],
            since: since(write, event, &region)?,
            ..Draft::default()
        };
        draft.write(write).await?;
        Ok(Outcome::default())
    }

    /// A family moves to another village of the city, by the feed's word.
    async fn moves_by_feed(
        &self,
        write: &mut Write,
        event: &civil_event::Model,
        said: &CivilEvent,
        subject: &Subject,
    ) -> Result<Outcome> {
        let region = said.payload.region.clone().ok_or(Error::WRONG_MOMENT)?;
        let text = |given: &Option<String>, known: &str| {
            let given = given.as_deref().map(str::trim);
            given
                .filter(|text| !text.is_empty())
                .unwrap_or(known)
                .to_owned()
        };
        if region.as_str() == subject.family.region {
            // Another member's event brought them there already.
            return Ok(Outcome {
                why: Some(CivilWhy::AlreadySo),
                ..Outcome::default()
            });
        }
        let places = self.places().await?;
        let region = places.village("region", region.as_str());
        let region = region.map_err(|problem| Error::Invalid(vec![problem]))?;
        let wrong = |problem| Error::Invalid(vec![problem]);
        let home = &subject.family;
        let (rt, rw) = (
            text(&said.payload.rt, &home.rt),
            text(&said.payload.rw, &home.rw),
        );
        let address = text(&said.payload.address, &home.address);
        let to = Destination {
            address: words("address", &address, 200).map_err(wrong)?,
            rt: neighbourhood("rt", &rt).map_err(wrong)?,
            rw: neighbourhood("rw", &rw).map_err(wrong)?,
            house: None,
            domicile: Domicile::default(),
            region,
        };
        let since = since(write, event, &to.region)?;
        let by = Some(CivilEventId(event.id));
        Box::pin(self.carry(write, &subject.family, &to, Role::Feed, None, by, since)).await?;
        Ok(Outcome::default())
    }
}

/// The city of a region, or the region itself above that.
fn city_of(region: &RegionCode) -> RegionCode {
    let mut at = region.clone();
    while at.level() > tilik_protocol::region::RegionLevel::City {
        let Some(up) = at.parent() else { break };
        at = up;
    }
    at
}

/// The first event of a person that is to have its effect; none when an earlier one is parked: nothing passes it.
async fn next_of(write: &Write, feed: &str, nik_key: &[u8]) -> Result<Option<civil_event::Model>> {
    let waiting = [
        CivilState::Received.to_string(),
        CivilState::Parked.to_string(),
    ];
    let first = civil_event::Entity::find()
        .filter(civil_event::Column::Feed.eq(feed))
        .filter(civil_event::Column::NikKey.eq(nik_key.to_vec()))
        .filter(civil_event::Column::State.is_in(waiting))
        .order_by_asc(civil_event::Column::Seq)
        .order_by_asc(civil_event::Column::ReceivedAt)
        .order_by_asc(civil_event::Column::Id)
        .lock_exclusive()
        .one(write.on())
        .await?;
    Ok(first.filter(|event| event.state == CivilState::Received.to_string()))
}

/// Closes a case that an event opened and that nobody has gone to yet; one that somebody began is theirs to end.
async fn close_untouched(write: &mut Write, id: CaseId) -> Result<()> {
    let mut row = cases::locked(write, id).await?;
    if row.current_visit.is_some() {
        return Ok(());
    }
    let from = state_of(&row)?;
    let Ok(Step::To(next)) = case::step(from, CaseAction::Close, Role::Feed) else {
        return Ok(());
    };
    let before = row.officer_id.map(UserId);
    row.state = next.to_string();
    row.close_reason = Some("SALAH_BUKA".to_owned());
    cases::save(write, row, before).await?;
    write.journal(Entry::new(
        action_name(CaseAction::Close),
        format!("case:{id}"),
        Role::Feed,
        None,
        &serde_json::json!({ "from": from, "to": next, "reason": "SALAH_BUKA" }),
    )?);
    Ok(())
}
