//! What becomes of an objection: a visit to the house, or a reason why not. Whoever took it in at the counter does neither.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use tilik_protocol::case::Step;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{CaseId, ObjectionId};
use tilik_protocol::objection::{
    self as machine, AdmitObjection, ObjectionAction, ObjectionKind, ObjectionState, ObjectionView,
    RejectObjection,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::reason::{self, OBJECTION_REJECTIONS, ReasonCode};
use uuid::Uuid;

use super::{locked, save, state_of};
use crate::error::{Error, Result};
use crate::store::families::region_code;
use crate::store::journal::Entry;
use crate::store::tables::{family, membership, objection};
use crate::store::write::Seen;
use crate::store::{Acting, Write, cases};

/// Why the visit is asked for.
const ASKED_FOR: ReasonCode = ReasonCode::known("LAPORAN_WARGA");
/// States of a place that somebody can object to.
const HOLDS: [&str; 4] = ["candidate", "designated", "active", "suspended"];

impl Acting {
    /// Duty, version and machine of one answer; the state it leads to.
    async fn next_of(
        &self,
        write: &Write,
        row: &objection::Model,
        action: ObjectionAction,
        role: Role,
        seen_version: i32,
    ) -> Result<ObjectionState> {
        if row.version != seen_version {
            return Err(Error::Stale {
                current_version: row.version,
            });
        }
        let Step::To(next) = machine::step(state_of(row)?, action, role)? else {
            return Err(Error::WRONG_MOMENT);
        };
        self.refuse_own_matter(write.on(), &[row.filed_by]).await?;
        Ok(next)
    }

    /// The house of the family it is about is to be visited: a case that nobody has yet is opened, or the one that is open
    /// serves.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn admit_objection(
        &self,
        id: ObjectionId,
        body: AdmitObjection,
    ) -> Result<ObjectionView> {
        let mut write = self.begin().await?;
        let row = locked(&write, id.into()).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::AnswerObjections, &region)?;
        write.acts_in(region);
        let object = format!("objection:{id}");
        let seen = write
            .once(body.event_id, "objection.admit", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.objection(id).await;
        }
        let action = ObjectionAction::Admit;
        let next = self
            .next_of(&write, &row, action, role, body.seen_version)
            .await?;
        let home = self.objected_to(&write, &row, body.family.into()).await?;
        let case = match cases::open_case_of(&write, home.id).await? {
            Some(open) => open,
            None => {
                cases::begin_case(
                    &mut write,
                    &home,
                    VisitKind::Full,
                    None,
                    None,
                    None,
                    role,
                    None,
                    Some(&ASKED_FOR),
                )
                .await?
            }
        };
        let mut row = row;
        row.state = next.to_string();
        row.family_id = Some(home.id);
        row.case_id = Some(case.id);
        row.answered_by = Some(self.actor.person_id()?.into());
        row.closed_at = Some(write.at().as_micros());
        save(&write, row).await?;
        write.journal(Entry::new(
            "objection.admit",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "to": next, "family": body.family, "case": CaseId(case.id) }),
        )?);
        write.commit().await?;
        self.objection(id).await
    }

    /// The family that an objection is about, as who answers says: one that lives in reach, is kept, and holds a place when
    /// the objection is against that.
    async fn objected_to(
        &self,
        write: &Write,
        row: &objection::Model,
        family: Uuid,
    ) -> Result<family::Model> {
        let unknown = || {
            Error::field(
                "family",
                "unknown",
                "Keluarga ini tidak ada di wilayah Anda. Cari lagi keluarganya.",
            )
        };
        // Locked: two who admit at once open one case, and nobody moves it meanwhile.
        let home = family::Entity::find_by_id(family)
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or_else(unknown)?;
        let region = region_code(&home.region)?;
        if !self.actor.may_in(Permission::AnswerObjections, &region) {
            return Err(unknown());
        }
        // What is invented for training is about nobody, and nobody's word is about it.
        if region.is_training() != region_code(&row.region)?.is_training() {
            return Err(unknown());
        }
        if home.closed_at.is_some() {
            return Err(Error::field(
                "family",
                "closed",
                "Data keluarga ini sudah ditutup. Pilih keluarga yang masih terdaftar.",
            ));
        }
        if row.kind == ObjectionKind::Recipient.to_string() {
            let held = membership::Entity::find()
                .filter(membership::Column::FamilyId.eq(home.id))
                .filter(membership::Column::State.is_in(HOLDS))
                .count(write.on())
                .await?;
            if held == 0 {
                return Err(Error::field(
                    "family",
                    "receives_nothing",
                    "Keluarga ini tidak menerima program apa pun. Pilih penerima yang dimaksud, atau tolak sanggahannya.",
                ));
            }
        }
        Ok(home)
    }

    /// It is not looked into, for a reason that the citizen is told.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`, `wrong_moment`.
    pub async fn reject_objection(
        &self,
        id: ObjectionId,
        body: RejectObjection,
    ) -> Result<ObjectionView> {
        if !reason::is_listed(&body.reason, OBJECTION_REJECTIONS) {
            return Err(Error::field("reason", "unknown", "Pilih alasannya."));
        }
        let mut write = self.begin().await?;
        let row = locked(&write, id.into()).await?;
        let region = region_code(&row.region)?;
        let role = self.actor.act_in(Permission::AnswerObjections, &region)?;
        write.acts_in(region);
        let object = format!("objection:{id}");
        let seen = write
            .once(body.event_id, "objection.reject", &object, &body)
            .await?;
        if seen == Seen::Before {
            drop(write);
            return self.objection(id).await;
        }
        let action = ObjectionAction::Reject;
        let next = self
            .next_of(&write, &row, action, role, body.seen_version)
            .await?;
        let mut row = row;
        row.state = next.to_string();
        row.reason = Some(body.reason.to_string());
        row.answered_by = Some(self.actor.person_id()?.into());
        row.closed_at = Some(write.at().as_micros());
        save(&write, row).await?;
        write.journal(Entry::new(
            "objection.reject",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "to": next, "reason": body.reason }),
        )?);
        write.commit().await?;
        self.objection(id).await
    }
}
