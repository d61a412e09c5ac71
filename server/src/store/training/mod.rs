//! The training area: a village that no place has, with invented families whom nobody can mistake for real ones. Roles there
//! are ordinary roles; that nothing invented is counted follows from its code ([`crate::actor::Actor::regions`]).
//!
//! A round is begun as often as people like. The families of the last one give up their places, their cases are closed, and
//! they move out to a place where nobody works; what was done to them stays in the journal.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tilik_protocol::case::{self, CaseAction, Step};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::form::Form;
use tilik_protocol::ids::{CaseId, EventId, UserId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::Bucket;
use tilik_protocol::time::Timestamp;
use tilik_protocol::training::{PrepareTraining, TRAINING_PROGRAM, TrainingView};
use tilik_protocol::waitlist::WaitlistOrder;

mod invented;

use super::cases::new_case;
use super::journal::Entry;
use super::tables::{
    family, house, journal, program, quota, region, role_grant, user_account, verification_case,
    waitlist,
};
use super::write::Seen;
use super::{Acting, Write, cases, in_regions};
use crate::error::{Error, Result};

/// Where trainees are given their roles.
const CITY: &str = "00.01";
/// Where the invented families of this round live.
const VILLAGE: &str = "00.01.01.0001";
/// Where those of the rounds before went: in no city that anybody works in.
const GONE: &str = "00.99.99.9999";
/// Codes and names, the upper first.
const REGIONS: [(&str, &str); 7] = [
    ("00", "LATIHAN"),
    (CITY, "KOTA LATIHAN"),
    ("00.01.01", "KECAMATAN LATIHAN"),
    (VILLAGE, "KELURAHAN LATIHAN"),
    ("00.99", "LATIHAN SELESAI"),
    ("00.99.99", "LATIHAN SELESAI"),
    (GONE, "LATIHAN SELESAI"),
];
/// Families with a place in the training program,
const HOLDING: usize = 10;
/// and those who wait for one.
const WAITING: usize = 3;
/// Of those with a place so many have a case at once; the others are there to be planned.
const WITH_CASE: usize = 8;
/// Every so manieth case asks for a full visit.
const FULL_EVERY: usize = 4;
/// Why the cases of the last round are closed.
const OVER: &str = "LATIHAN_DIULANG";

fn code(text: &str) -> Result<RegionCode> {
    text.parse().map_err(Error::internal)
}

/// Everything that was invented, this round and before.
pub(super) fn everywhere() -> Vec<RegionCode> {
    "00".parse().into_iter().collect()
}

/// The area in which trainees are given roles.
pub(super) fn area() -> Option<RegionCode> {
    CITY.parse().ok()
}

impl Acting {
    fn may_prepare_training(&self) -> Result<()> {
        if self.actor.is_system() {
            return Ok(());
        }
        self.actor.require(Permission::PrepareTraining)
    }

    /// How the training area stands.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn training(&self) -> Result<TrainingView> {
        self.may_prepare_training()?;
        let on = self.store.read();
        let here = [code(CITY)?];
        let prepared = journal::Entity::find()
            .filter(journal::Column::Object.eq(format!("training:{VILLAGE}")))
            .order_by_desc(journal::Column::Seq)
            .one(on)
            .await?;
        let families = family::Entity::find()
            .filter(in_regions(family::Column::Region, &here))
            .count(on)
            .await?;
        let open_cases = verification_case::Entity::find()
            .filter(in_regions(verification_case::Column::Region, &here))
            .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
            .count(on)
            .await?;
        Ok(TrainingView {
            region: code(CITY)?,
            prepared_at: prepared.map(|row| Timestamp::from_micros(row.at)),
            families,
            open_cases,
            officers: officers(on, self.store.now()).await?.len() as u64,
        })
    }

    /// Makes the training area, or begins it anew.
    ///
    /// # Errors
    /// `forbidden`, `event_reused`.
    pub async fn prepare_training(&self, body: PrepareTraining) -> Result<TrainingView> {
        self.may_prepare_training()?;
        let mut write = self.begin().await?;
        let object = format!("training:{VILLAGE}");
        let seen = write
            .once(body.event_id, "training.prepare", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.training().await;
        }
        let role = if self.actor.is_system() {
            Role::System
        } else {
            Role::Admin
        };
        make_area(&mut write).await?;
        let closed = close_cases(&mut write, body.event_id).await?;
        let round = move_out(&write).await?;
        let homes = invented::invent(&mut write, round).await?;
        let cases = open_cases(&mut write, &homes, role, body.event_id).await?;
        write.journal(Entry::new(
            "training.prepare",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "round": round, "closed": closed, "families": homes.len(), "cases": cases }),
        )?);
        write.commit().await?;
        self.training().await
    }
}

/// Who works as an officer in the training area now, in one order.
async fn officers(on: &impl ConnectionTrait, now: Timestamp) -> Result<Vec<UserId>> {
    let village = code(VILLAGE)?;
    let grants = role_grant::Entity::find()
        .filter(role_grant::Column::Role.eq(Role::Officer.to_string()))
        .filter(role_grant::Column::EndedAt.is_null())
        .filter(role_grant::Column::ValidFrom.lte(now.as_micros()))
        .all(on)
        .await?;
    let mut found = Vec::new();
    for grant in grants {
        let regions: Vec<RegionCode> =
            serde_json::from_str(&grant.regions).map_err(Error::internal)?;
        let runs = grant
            .valid_until
            .is_none_or(|until| until > now.as_micros());
        if runs && regions.iter().any(|code| code.covers(&village)) {
            found.push(grant.user_id);
        }
    }
    found.sort();
    found.dedup();
    let working = user_account::Entity::find()
        .filter(user_account::Column::Id.is_in(found))
        .filter(user_account::Column::SuspendedAt.is_null())
        .order_by_asc(user_account::Column::Id)
        .all(on)
        .await?;
    Ok(working.into_iter().map(|row| UserId(row.id)).collect())
}

/// Regions, program and quota, unless they are there. Who comes second waits for who came first.
async fn make_area(write: &mut Write) -> Result<()> {
    let at = write.at().as_micros();
    for (text, name) in REGIONS {
        let code = code(text)?;
        let row = region::ActiveModel {
            code: Set(code.to_string()),
            parent: Set(code.parent().map(|up| up.to_string())),
            name: Set(name.to_owned()),
            level: Set(code.level().to_string()),
        };
        let there = OnConflict::column(region::Column::Code)
            .do_nothing()
            .to_owned();
        region::Entity::insert(row)
            .on_conflict(there)
            .exec_without_returning(write.on())
            .await?;
    }
    region::Entity::find_by_id(CITY)
        .lock_exclusive()
        .one(write.on())
        .await?;
    let there = OnConflict::column(program::Column::Code)
        .do_nothing()
        .to_owned();
    program::Entity::insert(program::ActiveModel {
        code: Set(TRAINING_PROGRAM.to_owned()),
        name: Set("Program Latihan".to_owned()),
        unit: Set("family".to_owned()),
        decile_max: Set(Some(4)),
        fund: Set("latihan".to_owned()),
        central: Set(false),
        waitlist_order: Set(WaitlistOrder::default().to_string()),
        recorded_at: Set(at),
    })
    .on_conflict(there)
    .exec_without_returning(write.on())
    .await?;
    let there = OnConflict::columns([quota::Column::Program, quota::Column::Region])
        .do_nothing()
        .to_owned();
    quota::Entity::insert(quota::ActiveModel {
        program: Set(TRAINING_PROGRAM.to_owned()),
        region: Set(VILLAGE.to_owned()),
        slots: Set(i32::try_from(HOLDING).map_err(Error::internal)?),
        recorded_at: Set(at),
    })
    .on_conflict(there)
    .exec_without_returning(write.on())
    .await?;
    let form = Form::kepmensos_262().map_err(Error::internal)?;
    write.feed_put(
        Bucket::region(&code(CITY)?),
        format!("form:{}:{}", form.id, form.version),
        &form,
    )
}

/// Ends what the last round left undone.
async fn close_cases(write: &mut Write, event: EventId) -> Result<usize> {
    let begun = verification_case::Entity::find()
        .filter(in_regions(verification_case::Column::Region, &everywhere()))
        .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
        .order_by_asc(verification_case::Column::Id)
        .lock_exclusive()
        .all(write.on())
        .await?;
    let mut closed = 0;
    for mut case in begun {
        let from = cases::state_of(&case)?;
        let Ok(Step::To(next)) = case::step(from, CaseAction::Close, Role::System) else {
            continue;
        };
        let before = case.officer_id.map(UserId);
        case.state = next.to_string();
        case.close_reason = Some(OVER.to_owned());
        case.lease_user = None;
        case.lease_until = None;
        let case = cases::save(write, case, before).await?;
        write.journal(Entry::new(
            cases::action_name(CaseAction::Close),
            format!("case:{}", CaseId(case.id)),
            Role::System,
            Some(event),
            &serde_json::json!({ "from": from, "to": next, "body": { "reason": OVER } }),
        )?);
        closed += 1;
    }
    Ok(closed)
}

/// Takes the families of the last round out of the training village; the number of the round that begins.
async fn move_out(write: &Write) -> Result<u64> {
    let at = write.at().as_micros();
    let before = family::Entity::find()
        .filter(family::Column::Region.eq(VILLAGE))
        .order_by_asc(family::Column::Id)
        .all(write.on())
        .await?;
    for mut row in before {
        row.version += 1;
        GONE.clone_into(&mut row.region);
        row.valid_from = at;
        row.recorded_at = at;
        house::Entity::update_many()
            .set(house::ActiveModel {
                region: Set(GONE.to_owned()),
                ..Default::default()
            })
            .filter(house::Column::Id.eq(row.house_id))
            .exec(write.on())
            .await?;
        family::ActiveModel::from(row.clone())
            .reset_all()
            .update(write.on())
            .await?;
        invented::keep_family(write, &row).await?;
    }
    waitlist::Entity::update_many()
        .set(waitlist::ActiveModel {
            superseded_at: Set(Some(at)),
            ..Default::default()
        })
        .filter(waitlist::Column::Region.eq(VILLAGE))
        .filter(waitlist::Column::SupersededAt.is_null())
        .exec(write.on())
        .await?;
    let gone = family::Entity::find()
        .filter(family::Column::Region.eq(GONE))
        .count(write.on())
        .await?;
    Ok(gone / (HOLDING + WAITING) as u64 + 1)
}

/// Cases of a new round, given to the trainees in turn; open where there is no trainee yet.
async fn open_cases(
    write: &mut Write,
    homes: &[family::Model],
    role: Role,
    event: EventId,
) -> Result<usize> {
    let trainees = officers(write.on(), write.at()).await?;
    let mut turns = trainees.iter().copied().cycle();
    let mut opened = 0;
    for home in homes.iter().take(WITH_CASE) {
        let kind = if opened % FULL_EVERY == FULL_EVERY - 1 {
            VisitKind::Full
        } else {
            VisitKind::Quick
        };
        let officer = turns.next();
        new_case(write, home, kind, None, officer, None, role, Some(event)).await?;
        opened += 1;
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_invented_lies_where_no_place_is_and_says_what_it_is() {
        for (text, name) in REGIONS {
            assert!(code(text).unwrap().is_training(), "{text}");
            assert!(name.contains("LATIHAN"), "{name}");
        }
        assert!(area().unwrap().covers(&code(VILLAGE).unwrap()));
        assert!(!area().unwrap().covers(&code(GONE).unwrap()));
    }
}
