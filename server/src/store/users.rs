//! Accounts and grants. A grant is a role for regions and a time, with a document number; a deciding one waits for an
//! approver who is neither its giver nor its taker.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use tilik_protocol::case::{self, CaseAction, Step};
use tilik_protocol::ids::{CaseId, EventId, GrantId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::session::{Act, AddGrant, AddUser, GrantView, ResetPassword, UserView};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::{Entry, document_number, holds_personal_number};
use super::tables::{role_grant, row_version, user_account, verification_case};
use super::write::Seen;
use super::{Acting, Store, Write, cases, text};
use crate::error::{Error, Result};

pub(super) fn grant_view(row: &role_grant::Model) -> Result<GrantView> {
    Ok(GrantView {
        id: GrantId(row.id),
        role: Lenient::read(&row.role),
        regions: serde_json::from_str(&row.regions).map_err(Error::internal)?,
        valid_from: Timestamp::from_micros(row.valid_from),
        valid_until: row.valid_until.map(Timestamp::from_micros),
        document_number: row.document_number.clone(),
        confirmed: row.confirmed_at.is_some(),
        ended_at: row.ended_at.map(Timestamp::from_micros),
    })
}

/// An account by its person's name.
#[derive(Debug, FromQueryResult)]
pub(super) struct Named {
    pub id: Uuid,
    pub name: String,
}

/// Asks for the names behind these accounts.
pub(super) fn named(ids: impl IntoIterator<Item = Uuid>) -> Select<user_account::Entity> {
    user_account::Entity::find()
        .select_only()
        .columns([user_account::Column::Id, user_account::Column::Name])
        .filter(user_account::Column::Id.is_in(ids))
}

/// Appends a version of a row, so that any state at any date can be told.
pub(super) async fn keep_version(
    write: &Write,
    kind: &str,
    id: Uuid,
    version: i32,
    valid_from: i64,
    body: &serde_json::Value,
) -> Result<()> {
    version_row(write, kind, id, version, valid_from, body)
        .insert(write.on())
        .await?;
    Ok(())
}

/// A version not yet written, for who writes many at once.
pub(super) fn version_row(
    write: &Write,
    kind: &str,
    id: Uuid,
    version: i32,
    valid_from: i64,
    body: &serde_json::Value,
) -> row_version::ActiveModel {
    row_version::ActiveModel {
        kind: Set(kind.to_owned()),
        id: Set(id),
        version: Set(version),
        valid_from: Set(valid_from),
        recorded_at: Set(write.at().as_micros()),
        body: Set(body.to_string()),
    }
}

async fn keep_grant(write: &Write, row: &role_grant::Model) -> Result<()> {
    let body = serde_json::json!({
        "user": row.user_id, "role": row.role, "regions": row.regions, "valid_until": row.valid_until,
        "document_number": row.document_number, "granted_by": row.granted_by,
        "confirmed_by": row.confirmed_by, "ended_by": row.ended_by, "ended_at": row.ended_at,
    });
    keep_version(write, "grant", row.id, row.version, row.valid_from, &body).await
}

fn check_username(username: &str) -> Result<()> {
    let fits = (3..=64).contains(&username.len())
        && username
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    if fits {
        Ok(())
    } else {
        Err(Error::field(
            "username",
            "bad_shape",
            "Pakai 3 sampai 64 huruf kecil, angka, titik, garis bawah atau tanda hubung.",
        ))
    }
}

/// Names are kept in clear; a number that identifies somebody is not.
fn check_name(field: &str, name: &str) -> Result<()> {
    if holds_personal_number(name) {
        return Err(Error::field(
            field,
            "personal_number",
            "Ini tampak seperti NIK atau nomor KK; isi namanya.",
        ));
    }
    Ok(())
}

/// Days for which a password that somebody else chose is good.
const CHOSEN_DAYS: i64 = 7;

pub(super) fn check_password(field: &str, password: &str) -> Result<()> {
    if (12..=256).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(Error::field(
            field,
            "too_short",
            "Kata sandi sedikitnya 12 karakter.",
        ))
    }
}

/// Until when a password is good that somebody else chose now.
fn chosen_until(now: Timestamp) -> i64 {
    now.plus_s(CHOSEN_DAYS * 86_400).as_micros()
}

/// Whether every region of the grant lies in one of `mine`.
fn all_covered(mine: &[RegionCode], grant: &role_grant::Model) -> Result<bool> {
    let regions: Vec<RegionCode> = serde_json::from_str(&grant.regions).map_err(Error::internal)?;
    Ok(regions
        .iter()
        .all(|region| mine.iter().any(|code| code.covers(region))))
}

fn cursor(text: Option<&str>) -> Result<Option<Uuid>> {
    text.map(|text| Uuid::parse_str(text).map_err(|_| Error::Refused(ProblemCode::BadCursor)))
        .transpose()
}

impl Acting {
    /// Whether this account is the actor's to manage: every grant it holds lies in the actor's regions. One without
    /// grants is everybody's who manages users.
    async fn manages(&self, on: &impl ConnectionTrait, user: Uuid) -> Result<bool> {
        if self.actor.is_system() {
            return Ok(true);
        }
        let mine = self.actor.regions(Permission::ManageUsers);
        let held = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.eq(user))
            .filter(role_grant::Column::EndedAt.is_null())
            .all(on)
            .await?;
        for grant in held {
            if !all_covered(&mine, &grant)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds an account without any grant.
    ///
    /// # Errors
    /// `forbidden`, `invalid`.
    pub async fn add_user(&self, body: AddUser) -> Result<UserView> {
        if !self.actor.is_system() {
            self.actor.require(Permission::ManageUsers)?;
        }
        check_username(&body.username)?;
        check_name("username", &body.username)?;
        check_name("name", &body.name)?;
        check_password("password", &body.password)?;
        let password_hash = self.store.hash_password(body.password.clone()).await?;
        let mut write = self.begin().await?;
        // The password is no part of what makes a repeat equal: its hash would be a hash of a secret.
        let same = serde_json::json!({ "username": body.username, "name": body.name });
        if write
            .once(body.event_id, "user.add", &body.username, &same)
            .await?
            == Seen::Before
        {
            let known = user_account::Entity::find()
                .filter(user_account::Column::Username.eq(&body.username))
                .one(write.on())
                .await?
                .ok_or(Error::NOT_FOUND)?;
            return self.user_view(known).await;
        }
        let id: UserId = self.store.ids().next();
        let row = user_account::ActiveModel {
            id: Set(id.into()),
            username: Set(body.username),
            name: Set(body.name),
            password_hash: Set(password_hash),
            password_expires_at: Set(Some(chosen_until(write.at()))),
            suspended_at: Set(None),
            signed_out_at: Set(None),
            created_at: Set(write.at().as_micros()),
        };
        let row = row
            .insert(write.on())
            .await
            .map_err(|error| match text::violated(&error) {
                Some(_) => Error::field("username", "taken", "Nama pengguna sudah dipakai."),
                None => error.into(),
            })?;
        write.journal(Entry::new(
            "user.add",
            format!("user:{id}"),
            self.managing_role(),
            Some(body.event_id),
            &serde_json::json!({}),
        )?);
        write.commit().await?;
        self.user_view(row).await
    }

    /// Gives somebody who has forgotten their password one to sign in with once. Their sessions end.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`, also for oneself, who has another way.
    pub async fn reset_password(&self, id: UserId, body: ResetPassword) -> Result<UserView> {
        if !self.actor.is_system() {
            self.actor.require(Permission::ManageUsers)?;
        }
        check_password("password", &body.password)?;
        let password_hash = self.store.hash_password(body.password).await?;
        let mut write = self.begin().await?;
        let object = format!("user:{id}");
        let row = user_account::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if !self.manages(write.on(), row.id).await? {
            return Err(Error::NOT_FOUND);
        }
        if self.actor.user() == Some(id) {
            return Err(Error::field(
                "id",
                "own_account",
                "Ini akun Anda sendiri: ganti kata sandi Anda dengan kata sandi lama (POST /v1/me/password). Bila lupa, minta admin lain.",
            ));
        }
        // The password is no part of what makes a repeat equal, as when an account is added.
        let same = serde_json::json!({});
        if write
            .once(body.event_id, "user.password_reset", &object, &same)
            .await?
            == Seen::Before
        {
            return self.user_view(row).await;
        }
        let mut active: user_account::ActiveModel = row.into();
        active.password_hash = Set(password_hash);
        active.password_expires_at = Set(Some(chosen_until(write.at())));
        let row = active.update(write.on()).await?;
        super::sessions::end_sessions(&mut write, row.id, None, "password reset").await?;
        write.journal(Entry::new(
            "user.password_reset",
            object,
            self.managing_role(),
            Some(body.event_id),
            &serde_json::json!({ "user": id }),
        )?);
        write.commit().await?;
        self.user_view(row).await
    }

    /// The account of this name.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn user_named(&self, username: &str) -> Result<UserId> {
        user_account::Entity::find()
            .filter(user_account::Column::Username.eq(username))
            .one(self.store.read())
            .await?
            .map(|row| UserId(row.id))
            .ok_or(Error::NOT_FOUND)
    }

    fn managing_role(&self) -> Role {
        if self.actor.is_system() {
            Role::System
        } else {
            Role::Admin
        }
    }

    async fn user_view(&self, row: user_account::Model) -> Result<UserView> {
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.eq(row.id))
            .order_by_asc(role_grant::Column::Id)
            .all(self.store.read())
            .await?;
        Ok(UserView {
            id: UserId(row.id),
            username: row.username,
            name: row.name,
            suspended: row.suspended_at.is_some(),
            grants: grants.iter().map(grant_view).collect::<Result<_>>()?,
        })
    }

    /// Accounts in reach, by id.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn users(&self, after: Option<&str>, limit: u64) -> Result<Page<UserView>> {
        self.actor.require(Permission::ManageUsers)?;
        let mut after = cursor(after)?;
        let mut items: Vec<UserView> = Vec::new();
        loop {
            let mut query = user_account::Entity::find().order_by_asc(user_account::Column::Id);
            if let Some(after) = after {
                query = query.filter(user_account::Column::Id.gt(after));
            }
            let rows = query.limit(limit + 1).all(self.store.read()).await?;
            let is_last = rows.len() as u64 <= limit;
            for row in rows {
                // One more than fits is in reach: there is another page.
                if items.len() as u64 == limit && self.manages(self.store.read(), row.id).await? {
                    let next = items.last().map(|view| view.id.to_string());
                    return Ok(Page { items, next });
                }
                after = Some(row.id);
                if self.manages(self.store.read(), row.id).await? {
                    items.push(self.user_view(row).await?);
                }
            }
            if is_last {
                return Ok(Page { items, next: None });
            }
        }
    }

    /// Gives a role. A deciding one counts only when an approver has confirmed it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`.
    pub async fn add_grant(&self, user: UserId, body: AddGrant) -> Result<GrantView> {
        if !self.actor.is_system() {
            self.actor.require(Permission::ManageUsers)?;
            if !self.manages(self.store.read(), user.into()).await? {
                return Err(Error::NOT_FOUND);
            }
            let mine = self.actor.regions(Permission::ManageUsers);
            if !body
                .regions
                .iter()
                .all(|region| mine.iter().any(|code| code.covers(region)))
            {
                return Err(Error::field(
                    "regions",
                    "out_of_reach",
                    "Wilayah di luar kewenangan Anda.",
                ));
            }
        }
        if body.regions.is_empty() {
            return Err(Error::field(
                "regions",
                "missing",
                "Sebutkan sedikitnya satu wilayah.",
            ));
        }
        document_number(&body.document_number)?;
        if body.role == Role::System {
            return Err(Error::field(
                "role",
                "not_allowed",
                "Peran ini tidak dapat diberikan.",
            ));
        }
        let mut write = self.begin().await?;
        let object = format!("user:{user}");
        if write
            .once(body.event_id, "grant.add", &object, &body)
            .await?
            == Seen::Before
        {
            return self.grant_of_event(&write, body.event_id).await;
        }
        user_account::Entity::find_by_id(Uuid::from(user))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let id: GrantId = self.store.ids().next();
        let at = write.at();
        let row = role_grant::Model {
            id: id.into(),
            version: 1,
            user_id: user.into(),
            role: body.role.to_string(),
            regions: serde_json::to_string(&body.regions).map_err(Error::internal)?,
            valid_from: body.valid_from.unwrap_or(at).as_micros(),
            valid_until: body.valid_until.map(Timestamp::as_micros),
            document_number: body.document_number.clone(),
            granted_by: self.actor.user().map(Into::into),
            granted_at: at.as_micros(),
            confirmed_by: None,
            confirmed_at: None,
            ended_by: None,
            ended_at: None,
            recorded_at: at.as_micros(),
        };
        role_grant::ActiveModel::from(row.clone())
            .reset_all()
            .insert(write.on())
            .await?;
        keep_grant(&write, &row).await?;
        write.journal(Entry::new(
            "grant.add",
            format!("grant:{id}"),
            self.managing_role(),
            Some(body.event_id),
            &serde_json::json!({ "user": user, "role": body.role, "regions": body.regions,
                "document_number": body.document_number }),
        )?);
        write.commit().await?;
        grant_view(&row)
    }

    async fn grant_of_event(&self, write: &Write, event: EventId) -> Result<GrantView> {
        let row = super::tables::journal::Entity::find()
            .filter(super::tables::journal::Column::EventId.eq(Uuid::from(event)))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let id = row
            .object
            .strip_prefix("grant:")
            .and_then(|id| id.parse::<GrantId>().ok());
        let id = id.ok_or(Error::NOT_FOUND)?;
        let row = role_grant::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?;
        grant_view(&row.ok_or(Error::NOT_FOUND)?)
    }

    /// Confirms a deciding grant: an approver who neither gave it nor gets it. The very first approver of an
    /// installation is confirmed by the server's own command line.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `separation_of_duty`.
    pub async fn confirm_grant(&self, id: GrantId, body: Act) -> Result<GrantView> {
        let mut write = self.begin().await?;
        let object = format!("grant:{id}");
        let row = role_grant::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .filter(|row| row.ended_at.is_none())
            .ok_or(Error::NOT_FOUND)?;
        if self.actor.is_system() {
            let approvers = role_grant::Entity::find()
                .filter(role_grant::Column::Role.eq(Role::Approver.to_string()))
                .filter(role_grant::Column::ConfirmedAt.is_not_null())
                .filter(role_grant::Column::EndedAt.is_null())
                .count(write.on())
                .await?;
            if approvers > 0 {
                return Err(Error::Refused(ProblemCode::SeparationOfDuty));
            }
        } else {
            self.actor.require(Permission::ConfirmGrants)?;
            if !all_covered(&self.actor.regions(Permission::ConfirmGrants), &row)? {
                return Err(Error::NOT_FOUND);
            }
            let me = Uuid::from(self.actor.person_id()?);
            if row.user_id == me || row.granted_by == Some(me) {
                return Err(Error::Refused(ProblemCode::SeparationOfDuty));
            }
        }
        if write
            .once(body.event_id, "grant.confirm", &object, &body)
            .await?
            == Seen::Before
            || row.confirmed_at.is_some()
        {
            return grant_view(&row);
        }
        let mut row = row;
        row.version += 1;
        row.confirmed_by = self.actor.user().map(Into::into);
        row.confirmed_at = Some(write.at().as_micros());
        row.recorded_at = write.at().as_micros();
        role_grant::ActiveModel::from(row.clone())
            .reset_all()
            .update(write.on())
            .await?;
        keep_grant(&write, &row).await?;
        let role = if self.actor.is_system() {
            Role::System
        } else {
            Role::Approver
        };
        write.journal(Entry::new(
            "grant.confirm",
            object,
            role,
            Some(body.event_id),
            &serde_json::json!({ "user": UserId(row.user_id), "role": row.role }),
        )?);
        write.commit().await?;
        grant_view(&row)
    }

    /// Ends a grant. Open work of an officer who has no other goes back to be given out; leases are freed.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn end_grant(&self, id: GrantId, body: Act) -> Result<GrantView> {
        self.actor.require(Permission::ManageUsers)?;
        let mut write = self.begin().await?;
        let object = format!("grant:{id}");
        let row = role_grant::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if !all_covered(&self.actor.regions(Permission::ManageUsers), &row)? {
            return Err(Error::NOT_FOUND);
        }
        if write
            .once(body.event_id, "grant.end", &object, &body)
            .await?
            == Seen::Before
            || row.ended_at.is_some()
        {
            return grant_view(&row);
        }
        let mut row = row;
        row.version += 1;
        row.ended_by = self.actor.user().map(Into::into);
        row.ended_at = Some(write.at().as_micros());
        row.recorded_at = write.at().as_micros();
        role_grant::ActiveModel::from(row.clone())
            .reset_all()
            .update(write.on())
            .await?;
        keep_grant(&write, &row).await?;
        verification_case::Entity::update_many()
            .set(verification_case::ActiveModel {
                lease_user: Set(None),
                lease_until: Set(None),
                ..Default::default()
            })
            .filter(verification_case::Column::LeaseUser.eq(row.user_id))
            .exec(write.on())
            .await?;
        if row.role == Role::Officer.to_string() {
            self.take_back_work(&mut write, &row).await?;
        }
        write.journal(Entry::new(
            "grant.end",
            object,
            Role::Admin,
            Some(body.event_id),
            &serde_json::json!({ "user": UserId(row.user_id), "role": row.role }),
        )?);
        write.commit().await?;
        grant_view(&row)
    }

    /// What an officer was to visit under this grant and under no other goes back to be given out.
    async fn take_back_work(&self, write: &mut Write, ended: &role_grant::Model) -> Result<()> {
        let officer = UserId(ended.user_id);
        let (held, _) = self.store.grants_in_force(officer).await?;
        let left: Vec<RegionCode> = held
            .into_iter()
            .filter(|grant| grant.role == Role::Officer && Uuid::from(grant.id) != ended.id)
            .flat_map(|grant| grant.regions)
            .collect();
        let work = verification_case::Entity::find()
            .filter(verification_case::Column::OfficerId.eq(ended.user_id))
            .filter(verification_case::Column::State.is_in(["assigned", "returned"]))
            .order_by_asc(verification_case::Column::Id)
            .lock_exclusive()
            .all(write.on())
            .await?;
        for case in work {
            let region = cases::region_of(&case)?;
            if left.iter().any(|code| code.covers(&region)) {
                continue;
            }
            let from = cases::state_of(&case)?;
            let Ok(Step::To(next)) = case::step(from, CaseAction::Unassign, Role::System) else {
                continue;
            };
            let mut case = case;
            case.state = next.to_string();
            case.officer_id = None;
            let case = cases::save(write, case, Some(officer)).await?;
            write.journal(Entry::new(
                "case.unassign",
                format!("case:{}", CaseId(case.id)),
                Role::System,
                None,
                &serde_json::json!({ "from": from, "to": next, "before": officer,
                    "grant_ended": GrantId(ended.id) }),
            )?);
        }
        Ok(())
    }

    /// Suspends an account, or lifts the suspension. Takes effect at the next request.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn set_suspended(&self, id: UserId, body: Act, suspended: bool) -> Result<UserView> {
        self.actor.require(Permission::ManageUsers)?;
        let mut write = self.begin().await?;
        let object = format!("user:{id}");
        let action = if suspended {
            "user.suspend"
        } else {
            "user.resume"
        };
        let row = user_account::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        if !self.manages(write.on(), row.id).await? {
            return Err(Error::NOT_FOUND);
        }
        if write.once(body.event_id, action, &object, &body).await? == Seen::Before {
            return self.user_view(row).await;
        }
        let mut active: user_account::ActiveModel = row.into();
        active.suspended_at = Set(suspended.then(|| write.at().as_micros()));
        let row = active.update(write.on()).await?;
        if suspended {
            write
                .on()
                .execute_raw(self.store.sql(
                    "UPDATE verification_case SET lease_user = NULL, lease_until = NULL \
                     WHERE lease_user = $1",
                    [row.id.into()],
                ))
                .await?;
            super::sessions::end_sessions(&mut write, row.id, None, "suspended").await?;
        }
        write.journal(Entry::new(
            action,
            object,
            Role::Admin,
            Some(body.event_id),
            &serde_json::json!({}),
        )?);
        write.commit().await?;
        self.user_view(row).await
    }
}

impl Store {
    /// The names of the persons behind these accounts.
    pub(super) async fn names_of(&self, ids: BTreeSet<Uuid>) -> Result<HashMap<Uuid, String>> {
        let rows: Vec<Named> = named(ids).into_model().all(self.read()).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }

    /// Whether `user` holds `role` somewhere that covers `region`, now.
    pub(super) async fn holds(
        &self,
        user: UserId,
        role: Role,
        region: &RegionCode,
    ) -> Result<bool> {
        let (held, _) = self.grants_in_force(user).await?;
        Ok(held.iter().any(|grant| {
            grant.role == role && grant.regions.iter().any(|code| code.covers(region))
        }))
    }
}
