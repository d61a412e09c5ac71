//! Slips for who has forgotten the password: issued by a supervisor (to officers) or an admin, used once, good for a day.
//!
//! Whoever decides, confirms, makes accounts or audits gets into theirs again only by two others: the slip does nothing until
//! an approver has released it, who neither issued it nor is the one it is for, nor stands in for them. Then it has two
//! parts: the issuer knows one and the approver the other, and only the person has both. An admin who could do it alone would
//! decide in other people's names.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tilik_protocol::ids::{ResetSlipId, UserId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::reset_slip::{
    IssueResetSlip, ReleasedSlip, ResetSlip, ResetSlipView, UseResetSlip,
};
use tilik_protocol::session::Act;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::Entry;
use super::second_factor::forget_codes;
use super::sessions::{TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS, end_sessions, subject};
use super::tables::{event, reset_slip, role_grant, user_account};
use super::users::{all_covered, check_password, is_for_training, open_grants};
use super::write::{Seen, Write};
use super::{Acting, Store, codes};
use crate::actor::Actor;
use crate::error::{Error, Result};

const SLIP_S: i64 = 86_400;
const SLIP: &str = "tilik reset v1";
/// 77 bits of chance: anybody may try, from anywhere.
const LETTERS: usize = 16;
const RELEASE: &str = "tilik release v1";
/// 58 bits beside those of the slip's own: whoever has the first part still guesses for longer than a slip lasts.
const RELEASE_LETTERS: usize = 12;
/// A grant that has ended counts for so long as if it had not: an admin, who can end any, would else make of two persons one
/// by ending it first and giving it again.
const AFTER_S: i64 = 30 * 86_400;
/// So many waiting slips are told.
const MOST: u64 = 200;

/// Whether one other person alone may not let somebody into this account. A grant that waits or has not begun counts: who
/// is in when it begins decides. So does one that ended lately.
pub(super) async fn needs_two(
    on: &impl ConnectionTrait,
    user: Uuid,
    now: Timestamp,
) -> Result<bool> {
    let lately = now.plus_s(-AFTER_S).as_micros();
    let held = role_grant::Entity::find()
        .filter(role_grant::Column::UserId.eq(user))
        .filter(
            Condition::any()
                .add(role_grant::Column::EndedAt.is_null())
                .add(role_grant::Column::EndedAt.gt(lately)),
        )
        .all(on)
        .await?;
    Ok(held
        .iter()
        .filter_map(|grant| grant.role.parse::<Role>().ok())
        .any(|role| role.waits_for_approver() || role.needs_second_factor()))
}

/// The slips of an account count no more.
pub(super) async fn withdraw_slips(write: &Write, user: Uuid) -> Result<()> {
    reset_slip::Entity::update_many()
        .set(reset_slip::ActiveModel {
            withdrawn_at: Set(Some(write.at().as_micros())),
            ..Default::default()
        })
        .filter(reset_slip::Column::UserId.eq(user))
        .filter(reset_slip::Column::UsedAt.is_null())
        .filter(reset_slip::Column::WithdrawnAt.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

impl Acting {
    /// As what this actor may issue a slip to `user`.
    async fn may_issue_to(&self, on: &impl ConnectionTrait, user: Uuid) -> Result<Role> {
        if self.actor.may(Permission::ManageUsers) && self.manages(on, user).await? {
            return Ok(Role::Admin);
        }
        // A supervisor: to who is an officer here and nothing else anywhere. Accounts are real: who supervises in training
        // only, or looks at it, lets nobody into one.
        let held = open_grants(on, user).await?;
        let mine = self.actor.regions(Permission::IssueResetSlips);
        let mut all = !held.is_empty() && !is_for_training(&mine);
        for grant in &held {
            all &= grant.role == Role::Officer.to_string() && all_covered(&mine, grant)?;
        }
        if all {
            Ok(Role::Supervisor)
        } else {
            Err(Error::NOT_FOUND)
        }
    }

    /// A slip with which `id` chooses a new password; its code is told once. Those issued before count no more.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid` for oneself; `wrong_moment` when the same event is repeated.
    pub async fn issue_reset_slip(&self, id: UserId, body: IssueResetSlip) -> Result<ResetSlip> {
        self.actor.require(Permission::IssueResetSlips)?;
        let mut write = self.begin().await?;
        let user = user_account::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.may_issue_to(write.on(), user.id).await?;
        if self.actor.user() == Some(id) {
            return Err(Error::field(
                "id",
                "own_account",
                "Ini akun Anda sendiri: ganti kata sandi di halaman akun, atau minta slip kepada admin lain.",
            ));
        }
        let object = format!("user:{id}");
        if write
            .once(body.event_id, "reset_slip.issue", &object, &body)
            .await?
            == Seen::Before
        {
            return Err(Error::WRONG_MOMENT);
        }
        withdraw_slips(&write, user.id).await?;
        let removes_codes = body.removes_codes && user.second_factor_at.is_some();
        let needs_release = removes_codes || needs_two(write.on(), user.id, write.at()).await?;
        let code = codes::random(self.store.ids(), LETTERS);
        let slip: ResetSlipId = self.store.ids().next();
        let expires_at = write.at().plus_s(SLIP_S);
        reset_slip::ActiveModel {
            id: Set(slip.into()),
            code_hash: Set(codes::hash_of(SLIP, &code)),
            user_id: Set(user.id),
            issued_by: Set(self.actor.person_id()?.into()),
            issued_at: Set(write.at().as_micros()),
            expires_at: Set(expires_at.as_micros()),
            removes_codes: Set(removes_codes),
            needs_release: Set(needs_release),
            released_by: Set(None),
            released_at: Set(None),
            release_hash: Set(None),
            used_at: Set(None),
            withdrawn_at: Set(None),
        }
        .insert(write.on())
        .await?;
        write.journal(Entry::new(
            "reset_slip.issue",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "slip": slip, "removes_codes": removes_codes,
                "needs_release": needs_release }),
        )?);
        write.commit().await?;
        Ok(ResetSlip {
            id: slip,
            code: codes::grouped(&code),
            username: user.username,
            name: user.name,
            expires_at,
            needs_release,
        })
    }

    /// Whether every open grant of this account lies where the actor confirms. Accounts are real: who confirms in training
    /// only, or looks at it, has to do with none of them, be they without any grant.
    async fn confirms_for(&self, on: &impl ConnectionTrait, user: Uuid) -> Result<bool> {
        let mine: Vec<RegionCode> = self.actor.regions(Permission::ConfirmGrants);
        if is_for_training(&mine) {
            return Ok(false);
        }
        for grant in open_grants(on, user).await? {
            if !all_covered(&mine, &grant)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Slips in reach that wait for an approver, the one that runs out first first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn waiting_reset_slips(&self) -> Result<Vec<ResetSlipView>> {
        self.actor.require(Permission::ConfirmGrants)?;
        let now = self.store.now();
        let rows = reset_slip::Entity::find()
            .filter(reset_slip::Column::NeedsRelease.eq(true))
            .filter(reset_slip::Column::ReleasedAt.is_null())
            .filter(reset_slip::Column::UsedAt.is_null())
            .filter(reset_slip::Column::WithdrawnAt.is_null())
            .filter(reset_slip::Column::ExpiresAt.gt(now.as_micros()))
            .order_by_asc(reset_slip::Column::ExpiresAt)
            .order_by_asc(reset_slip::Column::Id)
            .limit(MOST)
            .all(self.store.read())
            .await?;
        let issuers: BTreeSet<Uuid> = rows.iter().map(|row| row.issued_by).collect();
        let names = self.store.names_of(issuers).await?;
        let mut views = Vec::new();
        for row in rows {
            if !self.confirms_for(self.store.read(), row.user_id).await? {
                continue;
            }
            let user = user_account::Entity::find_by_id(row.user_id)
                .one(self.store.read())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            views.push(ResetSlipView {
                id: ResetSlipId(row.id),
                user: UserId(user.id),
                username: user.username,
                name: user.name,
                issued_by: UserId(row.issued_by),
                issued_by_name: names.get(&row.issued_by).cloned().unwrap_or_default(),
                issued_at: Timestamp::from_micros(row.issued_at),
                expires_at: Timestamp::from_micros(row.expires_at),
                removes_codes: row.removes_codes,
            });
        }
        Ok(views)
    }

    /// Lets a slip work: an approver who neither issued it nor is the one it is for, nor stands in for them. They are told
    /// the second code, once, to hand it to the person: whoever issued the slip must not know all of it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `separation_of_duty`; `wrong_moment` when it was used, withdrawn or has run out, or the
    /// same event is repeated.
    pub async fn release_reset_slip(&self, id: ResetSlipId, body: Act) -> Result<ReleasedSlip> {
        self.actor.require(Permission::ConfirmGrants)?;
        let mut write = self.begin().await?;
        let row = reset_slip::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .filter(|row| row.needs_release)
            .ok_or(Error::NOT_FOUND)?;
        if !self.confirms_for(write.on(), row.user_id).await? {
            return Err(Error::NOT_FOUND);
        }
        self.refuse_own_matter(write.on(), &[Some(row.user_id), Some(row.issued_by)])
            .await?;
        let user = user_account::Entity::find_by_id(row.user_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let me = Uuid::from(self.actor.person_id()?);
        let object = format!("user:{}", UserId(row.user_id));
        let seen = write
            .once(body.event_id, "reset_slip.release", &object, &body)
            .await?;
        let open = row.used_at.is_none()
            && row.withdrawn_at.is_none()
            && row.expires_at > write.at().as_micros();
        if seen == Seen::Before || !open || row.released_at.is_some() {
            return Err(Error::WRONG_MOMENT);
        }
        let code = codes::random(self.store.ids(), RELEASE_LETTERS);
        let expires_at = Timestamp::from_micros(row.expires_at);
        let mut active: reset_slip::ActiveModel = row.into();
        active.released_by = Set(Some(me));
        active.released_at = Set(Some(write.at().as_micros()));
        active.release_hash = Set(Some(codes::hash_of(RELEASE, &code)));
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "reset_slip.release",
            object,
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "slip": id }),
        )?);
        write.commit().await?;
        Ok(ReleasedSlip {
            id,
            release_code: codes::grouped(&code),
            username: user.username,
            name: user.name,
            expires_at,
        })
    }
}

impl Store {
    /// Chooses a password with a slip. Sessions end; the codes beside the password go when the slip says so.
    ///
    /// # Errors
    /// `invalid`, `too_many_attempts`, `bad_reset_slip`, `reset_slip_waits`, `two_persons_needed`.
    pub(crate) async fn use_reset_slip(&self, body: UseResetSlip, address: &str) -> Result<()> {
        check_password("new_password", &body.new_password)?;
        let now = self.now();
        let here = subject("reset", &[&body.username, address]);
        let whole_address = subject("reset-address", &[address]);
        if self.failures(self.read(), &here, now).await? >= TRIES_PER_ACCOUNT
            || self.failures(self.read(), &whole_address, now).await? >= TRIES_PER_ADDRESS
        {
            return Err(Error::Wait {
                code: ProblemCode::TooManyAttempts,
                retry_after_s: 60,
            });
        }
        let actor = Actor::system("reset slip shown");
        // Looked at before the costly hash, so that a guess costs us little; and again under the lock.
        let write = self.begin(&actor).await?;
        let found = self.slip_of(&write, &body).await;
        drop(write);
        if matches!(found, Err(Error::Refused(ProblemCode::BadResetSlip))) {
            self.count_failure(self.writer(), &here, now).await?;
            self.count_failure(self.writer(), &whole_address, now)
                .await?;
        }
        if found?.is_none() {
            return Ok(());
        }
        let password_hash = self.hash_password(body.new_password.clone()).await?;
        let mut write = self.begin(&actor).await?;
        let Some((slip, user)) = self.slip_of(&write, &body).await? else {
            return Ok(());
        };
        let object = format!("user:{}", UserId(user));
        // The password is no part of what makes a repeat equal.
        let same = serde_json::json!({});
        write
            .once(body.event_id, "reset_slip.use", &object, &same)
            .await?;
        let (id, removes_codes) = (slip.id, slip.removes_codes);
        let mut active: reset_slip::ActiveModel = slip.into();
        active.used_at = Set(Some(write.at().as_micros()));
        active.update(write.on()).await?;
        user_account::Entity::update_many()
            .set(user_account::ActiveModel {
                password_hash: Set(password_hash),
                password_expires_at: Set(None),
                ..Default::default()
            })
            .filter(user_account::Column::Id.eq(user))
            .exec(write.on())
            .await?;
        if removes_codes {
            forget_codes(&write, user).await?;
        }
        end_sessions(&mut write, user, None, "reset slip used").await?;
        write.journal(Entry::new(
            "reset_slip.use",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({ "slip": ResetSlipId(id), "removes_codes": removes_codes }),
        )?);
        write.commit().await
    }

    /// The slip that these codes are of, and whose it is, if it works now; `None` when this very request used it before.
    async fn slip_of(
        &self,
        write: &Write,
        body: &UseResetSlip,
    ) -> Result<Option<(reset_slip::Model, Uuid)>> {
        let bad = || Error::Refused(ProblemCode::BadResetSlip);
        let shown = codes::hash_of(SLIP, &codes::plain(&body.code));
        let slip = reset_slip::Entity::find()
            .filter(reset_slip::Column::CodeHash.eq(shown))
            .lock_exclusive()
            .one(write.on())
            .await?
            .filter(|slip| is_released_by(slip, body.release_code.as_deref()))
            .ok_or_else(bad)?;
        let user = user_account::Entity::find_by_id(slip.user_id)
            .one(write.on())
            .await?
            .filter(|user| user.username == body.username && user.suspended_at.is_none())
            .ok_or_else(bad)?;
        if slip.used_at.is_some() {
            // Whoever shows the used code and the event that used it had no reply.
            let known = event::Entity::find_by_id(Uuid::from(body.event_id))
                .one(write.on())
                .await?;
            let mine = known.is_some_and(|row| {
                row.action == "reset_slip.use" && row.object == format!("user:{}", UserId(user.id))
            });
            return if mine { Ok(None) } else { Err(bad()) };
        }
        if slip.withdrawn_at.is_some() || slip.expires_at <= write.at().as_micros() {
            return Err(bad());
        }
        if slip.needs_release && slip.released_at.is_none() {
            return Err(Error::Refused(ProblemCode::ResetSlipWaits));
        }
        // A role that was given since the slip was issued counts too: nobody can release it, so it takes another slip.
        if !slip.needs_release && needs_two(write.on(), user.id, write.at()).await? {
            return Err(Error::Refused(ProblemCode::TwoPersonsNeeded));
        }
        Ok(Some((slip, user.id)))
    }
}

/// Whether the second code is right, of a slip that has one.
fn is_released_by(slip: &reset_slip::Model, release_code: Option<&str>) -> bool {
    slip.release_hash.as_ref().is_none_or(|hash| {
        release_code.is_some_and(|code| codes::hash_of(RELEASE, &codes::plain(code)) == *hash)
    })
}
