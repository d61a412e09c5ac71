//! Objections of citizens: looked at by who answers them. What they say is sealed; who says it is shown to who may unmask,
//! for a purpose that is logged. None opens a case by itself.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use tilik_protocol::case::Step;
use tilik_protocol::ids::{CaseId, FamilyId, ObjectionId, ObjectionPhotoId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::objection::{
    self as machine, ObjectionAbout, ObjectionAction, ObjectionPhotoView, ObjectionRow,
    ObjectionState, ObjectionView, Objector, UnmaskedObjector,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{Page, Unmask};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::cursor::{Place, cut};
use super::families::{purpose_of, region_code};
use super::journal::Entry;
use super::overview::within;
use super::tables::{family, objection, objection_photo, verification_case};
use super::{Acting, Write, in_regions};
use crate::error::{Error, Result};

mod answering;
mod filing;
mod photos;

pub(crate) use photos::Shown;

/// Days in which an objection is answered, or lapses.
const ANSWERED_WITHIN_DAYS: i64 = 14;
/// Seconds for which an objector may be before somebody's eyes.
const UNMASKED_S: i64 = 900;
/// Lapsed in one round of the clock.
const LAPSED_AT_ONCE: u64 = 200;

/// Which objections a list shows.
#[derive(Debug, Clone, Default)]
pub struct ObjectionFilter {
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// Those that were answered or lapsed, or those that wait.
    pub answered: bool,
}

fn state_of(row: &objection::Model) -> Result<ObjectionState> {
    row.state.parse().map_err(Error::internal)
}

/// An objection, locked until the transaction ends.
async fn locked(write: &Write, id: Uuid) -> Result<objection::Model> {
    objection::Entity::find_by_id(id)
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)
}

/// Saves an objection as its next version.
async fn save(write: &Write, mut row: objection::Model) -> Result<()> {
    row.version += 1;
    let active = objection::ActiveModel::from(row).reset_all();
    active.update(write.on()).await?;
    Ok(())
}

/// Objections that wait go along with a family that moves.
pub(super) async fn follow(write: &Write, family: Uuid, to: &RegionCode) -> Result<()> {
    objection::Entity::update_many()
        .col_expr(objection::Column::Region, Expr::value(to.to_string()))
        .filter(objection::Column::FamilyId.eq(family))
        .filter(objection::Column::ClosedAt.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// Objections that wait are about the family that goes on for one that was closed into it.
pub(super) async fn closed_into(write: &Write, gone: Uuid, into: Uuid) -> Result<()> {
    objection::Entity::update_many()
        .col_expr(objection::Column::FamilyId, Expr::value(into))
        .filter(objection::Column::FamilyId.eq(gone))
        .filter(objection::Column::ClosedAt.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// How many photos an objection has.
#[derive(FromQueryResult)]
struct Counted {
    objection_id: Uuid,
    photos: i64,
}

/// By any of these somebody reads objections.
const READS: [Permission; 3] = [
    Permission::FileObjections,
    Permission::AnswerObjections,
    Permission::ReadJournal,
];

impl Acting {
    /// As what this person reads objections of a village.
    fn objection_reader(&self, region: &RegionCode) -> Result<Role> {
        let mut may = READS.into_iter();
        may.find_map(|permission| self.actor.role_in(permission, region))
            .ok_or(Error::NOT_FOUND)
    }

    fn objection_read(
        &self,
        row: &objection::Model,
        what: &'static str,
        purpose: Option<String>,
    ) -> Result<Read> {
        Ok(Read {
            kind: "objection",
            id: row.id,
            what,
            mode: Mode::Seen,
            role: self.objection_reader(&region_code(&row.region)?)?,
            purpose,
        })
    }

    /// What was sealed of an objection.
    fn unsealed<T: serde::de::DeserializeOwned>(
        &self,
        id: Uuid,
        field: &str,
        sealed: &[u8],
    ) -> Result<T> {
        let plain = self.plain_of(id, field, sealed)?;
        serde_json::from_str(&plain).map_err(Error::internal)
    }

    fn plain_of(&self, id: Uuid, field: &str, sealed: &[u8]) -> Result<String> {
        let keys = self.store.keys();
        let plain = keys.decrypt_field("objection", field, id, sealed);
        Ok(plain.map_err(Error::internal)?.to_string())
    }

    /// Objections in reach: those that wait, the most urgent first; or those that were answered or lapsed, the newest first.
    /// Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn objections(
        &self,
        filter: &ObjectionFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ObjectionRow>> {
        use objection::Column as C;
        self.actor.require(Permission::ReadCases)?;
        let mine = READS
            .into_iter()
            .flat_map(|permission| self.actor.regions(permission))
            .collect();
        let mine = within(mine, filter.region.as_ref());
        let mut query = objection::Entity::find().filter(in_regions(C::Region, &mine));
        let by = if filter.answered {
            query = query.filter(C::ClosedAt.is_not_null());
            C::ClosedAt
        } else {
            query = query.filter(C::ClosedAt.is_null());
            C::DueAt
        };
        if let Some(after) = after {
            let place = Place::read(after)?;
            query = query.filter(if filter.answered {
                place.before(by, C::Id)
            } else {
                place.after(by, C::Id)
            });
        }
        let query = if filter.answered {
            query.order_by_desc(by).order_by_desc(C::Id)
        } else {
            query.order_by_asc(by).order_by_asc(C::Id)
        };
        let mut rows = query.limit(limit + 1).all(self.store.read()).await?;
        let next = cut(&mut rows, limit, |row| {
            Place::of(row.closed_at.unwrap_or(row.due_at), row.id)
        });
        let photos: HashMap<Uuid, i64> = objection_photo::Entity::find()
            .select_only()
            .column(objection_photo::Column::ObjectionId)
            .column_as(Expr::cust("count(*)"), "photos")
            .filter(objection_photo::Column::ObjectionId.is_in(rows.iter().map(|row| row.id)))
            .group_by(objection_photo::Column::ObjectionId)
            .into_model::<Counted>()
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|counted| (counted.objection_id, counted.photos))
            .collect();
        let mut reads = Vec::with_capacity(rows.len());
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let photos = photos.get(&row.id).copied().unwrap_or_default();
            reads.push(self.objection_read(row, "objection_row", None)?);
            items.push(self.objection_row(row, u32::try_from(photos).unwrap_or(u32::MAX))?);
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    fn objection_row(&self, row: &objection::Model, photos: u32) -> Result<ObjectionRow> {
        let due_at = Timestamp::from_micros(row.due_at);
        let about: ObjectionAbout = self.unsealed(row.id, "about", &row.about_enc)?;
        Ok(ObjectionRow {
            id: ObjectionId(row.id),
            kind: Lenient::read(&row.kind),
            state: Lenient::read(&row.state),
            region: region_code(&row.region)?,
            about_name: about.name,
            family: row.family_id.map(FamilyId),
            at_counter: row.filed_by.is_some(),
            photos,
            said_before: row.said_before,
            filed_at: Timestamp::from_micros(row.filed_at),
            due_at,
            overdue: row.closed_at.is_none() && due_at < self.store.now(),
        })
    }

    async fn objection_in_reach(&self, id: ObjectionId) -> Result<objection::Model> {
        let row = objection::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        self.objection_reader(&region_code(&row.region)?)?;
        Ok(row)
    }

    /// One objection, without who objects. Logged.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn objection(&self, id: ObjectionId) -> Result<ObjectionView> {
        let row = self.objection_in_reach(id).await?;
        let on = self.store.read();
        let photos: Vec<ObjectionPhotoView> = objection_photo::Entity::find()
            .filter(objection_photo::Column::ObjectionId.eq(row.id))
            .order_by_asc(objection_photo::Column::Position)
            .all(on)
            .await?
            .into_iter()
            .map(|photo| ObjectionPhotoView {
                id: ObjectionPhotoId(photo.id),
                width: photo.width.unsigned_abs(),
                height: photo.height.unsigned_abs(),
            })
            .collect();
        let home = match row.family_id {
            Some(family) => family::Entity::find_by_id(family).one(on).await?,
            None => None,
        };
        let case = match row.case_id {
            Some(case) => verification_case::Entity::find_by_id(case).one(on).await?,
            None => None,
        };
        let people = [row.filed_by, row.answered_by].into_iter().flatten();
        let names = self.store.names_of(people.collect()).await?;
        let name = |who: Option<Uuid>| who.and_then(|who| names.get(&who).cloned());
        let involved = match self.refuse_own_matter(on, &[row.filed_by]).await {
            Ok(()) => false,
            Err(Error::Refused(ProblemCode::SeparationOfDuty)) => true,
            Err(other) => return Err(other),
        };
        let mut reads = vec![self.objection_read(&row, "objection", None)?];
        // Of a family that moved out of reach neither its name of today nor its case is told.
        let mut near = false;
        if let Some(home) = &home {
            let region = region_code(&home.region)?;
            let read = self.family_read(home.id, &region, "family_row").ok();
            near = read.is_some();
            reads.extend(read);
        }
        let (home, case) = (home.filter(|_| near), case.filter(|_| near));
        let mine = row.filed_by.is_some() && row.filed_by == self.actor.user().map(Uuid::from);
        let receipt = mine.then(|| self.plain_of(row.id, "receipt", &row.receipt_enc));
        self.note_reads(reads).await?;
        let count = u32::try_from(photos.len()).unwrap_or(u32::MAX);
        Ok(ObjectionView {
            objection: self.objection_row(&row, count)?,
            version: row.version,
            about: self.unsealed(row.id, "about", &row.about_enc)?,
            grounds: self.plain_of(row.id, "grounds", &row.grounds_enc)?,
            photos,
            receipt: receipt.transpose()?,
            filed_by_name: name(row.filed_by),
            family_name: home.map(|home| home.name),
            case: case.as_ref().map(|case| CaseId(case.id)),
            case_state: case.as_ref().map(|case| Lenient::read(&case.state)),
            reason: row.reason.as_deref().and_then(|code| code.parse().ok()),
            answered_by: row.answered_by.map(UserId),
            answered_by_name: name(row.answered_by),
            answered_at: row.closed_at.map(Timestamp::from_micros),
            involved,
        })
    }

    /// Who objects, for a purpose that is logged with it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn unmask_objector(&self, id: ObjectionId, body: Unmask) -> Result<UnmaskedObjector> {
        let purpose = purpose_of(Some(&body.purpose))?;
        let row = self.objection_in_reach(id).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::UnmaskFamily, &region)?;
        let objector: Objector = self.unsealed(row.id, "objector", &row.objector_enc)?;
        self.note_reads([Read {
            role,
            ..self.objection_read(&row, "objector", Some(purpose))?
        }])
        .await?;
        Ok(UnmaskedObjector {
            objection: id,
            objector,
            until: self.store.now().plus_s(UNMASKED_S),
        })
    }

    /// Objections that nobody answered in time lapse. Only to be asked when the clock is trusted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn lapse_objections(&self) -> Result<()> {
        let now = self.store.now().as_micros();
        let due = objection::Entity::find()
            .filter(objection::Column::ClosedAt.is_null())
            .filter(objection::Column::DueAt.lte(now))
            .order_by_asc(objection::Column::DueAt)
            .limit(LAPSED_AT_ONCE)
            .all(self.store.read())
            .await?;
        for found in due {
            let mut write = self.begin().await?;
            let mut row = locked(&write, found.id).await?;
            // Somebody answered meanwhile.
            if row.closed_at.is_some() {
                continue;
            }
            let step = machine::step(state_of(&row)?, ObjectionAction::Lapse, Role::System)?;
            let Step::To(next) = step else { continue };
            row.state = next.to_string();
            row.closed_at = Some(write.at().as_micros());
            save(&write, row).await?;
            write.journal(Entry::new(
                "objection.lapse",
                format!("objection:{}", ObjectionId(found.id)),
                Role::System,
                None,
                &serde_json::json!({ "to": next }),
            )?);
            write.commit().await?;
        }
        Ok(())
    }
}
