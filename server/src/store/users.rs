//! Accounts and grants. A grant is a role for regions and a time, with a document number; one by which somebody decides,
//! makes accounts or looks over shoulders waits for an approver who is neither its giver nor its taker, nor stands in for
//! them. Nobody holds two that rule each other out.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use tilik_protocol::case::{self, CaseAction, Step};
use tilik_protocol::ids::{CaseId, EventId, GrantId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::session::{Act, AddGrant, AddUser, GrantView, ResetPassword, UserView};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::{Entry, document_number, holds_personal_number};
use super::reset_slips::{needs_two, withdraw_slips};
use super::tables::{journal, role_grant, row_version, user_account, verification_case};
use super::write::Seen;
use super::{Acting, Store, Write, cases, delegations, text};
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
        delegated_from: row.delegated_from.map(GrantId),
        deputy_for: None,
        refused: None,
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

pub(super) async fn keep_grant(write: &Write, row: &role_grant::Model) -> Result<()> {
    let body = serde_json::json!({
        "user": row.user_id, "role": row.role, "regions": row.regions, "valid_until": row.valid_until,
        "document_number": row.document_number, "granted_by": row.granted_by,
        "confirmed_by": row.confirmed_by, "ended_by": row.ended_by, "ended_at": row.ended_at,
        "delegated_from": row.delegated_from,
    });
    keep_version(write, "grant", row.id, row.version, row.valid_from, &body).await
}

/// A grant that was not there before, and its first version.
pub(super) async fn put_grant(write: &Write, row: &role_grant::Model) -> Result<()> {
    role_grant::ActiveModel::from(row.clone())
        .reset_all()
        .insert(write.on())
        .await?;
    keep_grant(write, row).await
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
fn check_number(field: &str, name: &str) -> Result<()> {
    if holds_personal_number(name) {
        return Err(Error::field(
            field,
            "personal_number",
            "Ini tampak seperti NIK atau nomor KK; isi namanya.",
        ));
    }
    Ok(())
}

/// Characters of a person's name.
const LONGEST_NAME: usize = 200;

/// Whether a character of a name cannot be seen, or turns around or hides what stands beside it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The name of a person as everybody else sees it, burnt into photos as well: one that can be read.
fn check_name(name: &str) -> Result<()> {
    let wrong = |code, remedy| Err(Error::field("name", code, remedy));
    if name.chars().any(is_unseen) {
        return wrong(
            "unseen",
            "Nama ini memuat tanda yang tidak terlihat; ketik ulang namanya.",
        );
    }
    if !name.chars().any(char::is_alphabetic) {
        return wrong("no_letters", "Isi namanya dengan huruf.");
    }
    if name.contains("  ") {
        return wrong("spaces", "Pakai satu spasi saja di antara kata.");
    }
    if name.chars().count() > LONGEST_NAME {
        return wrong("too_long", "Paling banyak 200 karakter.");
    }
    check_number("name", name)
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

const RESET: &str = "user.password_reset";

/// Whether the password that this account's owner has yet to replace was set by another person in place of one before. The
/// first of an account, and what the server's keeper sets, are none.
pub(super) async fn was_reset_by_another(
    on: &impl ConnectionTrait,
    user: &user_account::Model,
) -> Result<bool> {
    if user.password_expires_at.is_none() {
        return Ok(false);
    }
    let last = journal::Entity::find()
        .filter(journal::Column::Object.eq(format!("user:{}", UserId(user.id))))
        .filter(journal::Column::Action.eq(RESET))
        .order_by_desc(journal::Column::Seq)
        .one(on)
        .await?;
    Ok(last.is_some_and(|row| row.actor.is_some()))
}

/// Until when a password is good that somebody else chose now.
fn chosen_until(now: Timestamp) -> i64 {
    now.plus_s(CHOSEN_DAYS * 86_400).as_micros()
}

/// Whether a grant for `region` is a matter for who manages grants in `mine`: it lies there, or is for training, which
/// touches nobody and is everybody's who has any real place.
pub(super) fn covers_grant(mine: &[RegionCode], region: &RegionCode) -> bool {
    mine.iter().any(|code| code.covers(region))
        || (region.is_training() && mine.iter().any(|code| !code.is_training()))
}

/// [`covers_grant`] for every region of the grant.
pub(super) fn all_covered(mine: &[RegionCode], grant: &role_grant::Model) -> Result<bool> {
    let regions: Vec<RegionCode> = serde_json::from_str(&grant.regions).map_err(Error::internal)?;
    Ok(regions.iter().all(|region| covers_grant(mine, region)))
}

/// What a grant for training may be: nothing by which accounts are managed, for those are real, and nothing that is for a
/// real place as well.
fn check_training(role: Role, regions: &[RegionCode]) -> Result<()> {
    if !regions.iter().any(RegionCode::is_training) {
        return Ok(());
    }
    if !regions.iter().all(RegionCode::is_training) {
        return Err(Error::field(
            "regions",
            "mixed_training",
            "Pisahkan area latihan dari wilayah sungguhan: buat dua penugasan.",
        ));
    }
    if matches!(role, Role::Admin | Role::Feed) {
        return Err(Error::field(
            "role",
            "not_for_training",
            "Peran ini tidak dapat dilatih: akun dan perangkat di area latihan adalah akun dan perangkat sungguhan.",
        ));
    }
    Ok(())
}

/// Whether these regions are the training area's, where nothing is real.
pub(super) fn is_for_training(regions: &[RegionCode]) -> bool {
    regions.iter().all(RegionCode::is_training)
}

/// The grants of a person that are not ended, whether they count yet or not.
pub(super) async fn open_grants(
    on: &impl ConnectionTrait,
    user: Uuid,
) -> Result<Vec<role_grant::Model>> {
    Ok(role_grant::Entity::find()
        .filter(role_grant::Column::UserId.eq(user))
        .filter(role_grant::Column::EndedAt.is_null())
        .order_by_asc(role_grant::Column::Id)
        .all(on)
        .await?)
}

/// Whether there is a moment from `now` on at which both are within their time.
pub(super) fn overlap(one: &role_grant::Model, other: &role_grant::Model, now: Timestamp) -> bool {
    let from = one.valid_from.max(other.valid_from).max(now.as_micros());
    [one.valid_until, other.valid_until]
        .into_iter()
        .flatten()
        .all(|until| until > from)
}

/// Whether the role of one may not be held beside that of the other while both last. What is for training rules nothing
/// out.
pub(super) fn ruled_out(
    one: &role_grant::Model,
    other: &role_grant::Model,
    now: Timestamp,
) -> Result<bool> {
    let (Ok(role), Ok(beside)) = (one.role.parse::<Role>(), other.role.parse::<Role>()) else {
        return Ok(false);
    };
    for grant in [one, other] {
        let regions: Vec<RegionCode> =
            serde_json::from_str(&grant.regions).map_err(Error::internal)?;
        if is_for_training(&regions) {
            return Ok(false);
        }
    }
    Ok(role.rules_out(beside) && overlap(one, other, now))
}

/// Refuses a grant whose role is ruled out by another of the same person, own or lent, that counts, waits or begins while
/// it lasts. The account's row is locked: two that are given at once are given one after the other.
pub(super) async fn refuse_ruled_out(write: &Write, grant: &role_grant::Model) -> Result<()> {
    user_account::Entity::find_by_id(grant.user_id)
        .lock_exclusive()
        .one(write.on())
        .await?
        .ok_or(Error::NOT_FOUND)?;
    for other in open_grants(write.on(), grant.user_id).await? {
        if other.id != grant.id && ruled_out(grant, &other, write.at())? {
            return Err(Error::field(
                "role",
                "ruled_out",
                "Orang ini memegang, atau akan memegang, peran yang tidak boleh dirangkap dengan peran ini: pengesah tidak merangkap admin, auditor, atau akun sistem. Akhiri salah satunya lebih dahulu.",
            ));
        }
    }
    Ok(())
}

/// Whether somebody holds this role, confirmed, at a real place: who has it in training only can do nothing real.
async fn is_somewhere(write: &Write, role: Role) -> Result<bool> {
    let held = role_grant::Entity::find()
        .filter(role_grant::Column::Role.eq(role.to_string()))
        .filter(role_grant::Column::ConfirmedAt.is_not_null())
        .filter(role_grant::Column::EndedAt.is_null())
        .filter(
            Condition::any()
                .add(role_grant::Column::ValidUntil.is_null())
                .add(role_grant::Column::ValidUntil.gt(write.at().as_micros())),
        )
        .all(write.on())
        .await?;
    for grant in held {
        let regions: Vec<RegionCode> =
            serde_json::from_str(&grant.regions).map_err(Error::internal)?;
        if !is_for_training(&regions) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Acting {
    /// Whether this account is the actor's to manage: every grant it holds lies in the actor's regions. One without
    /// grants is everybody's who manages users.
    pub(super) async fn manages(&self, on: &impl ConnectionTrait, user: Uuid) -> Result<bool> {
        if self.actor.is_system() {
            return Ok(true);
        }
        let mine = self.actor.all_regions(Permission::ManageUsers);
        for grant in open_grants(on, user).await? {
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
    pub async fn add_user(&self, mut body: AddUser) -> Result<UserView> {
        if !self.actor.is_system() {
            self.actor.require(Permission::ManageUsers)?;
        }
        check_username(&body.username)?;
        check_number("username", &body.username)?;
        // What a spreadsheet leaves at the ends; what is left of it in between is told.
        body.name = body.name.trim_matches(' ').to_owned();
        check_name(&body.name)?;
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
            second_factor_at: Set(None),
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
    /// `forbidden`, `not_found`, `two_persons_needed`; `invalid`, also for oneself, who has another way.
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
        // Whoever chose this person's password could decide in their name: a slip that a second person releases cannot.
        if !self.actor.is_system() && needs_two(write.on(), row.id, write.at()).await? {
            return Err(Error::Refused(ProblemCode::TwoPersonsNeeded));
        }
        // The password is no part of what makes a repeat equal, as when an account is added.
        let same = serde_json::json!({});
        if write.once(body.event_id, RESET, &object, &same).await? == Seen::Before {
            return self.user_view(row).await;
        }
        let mut active: user_account::ActiveModel = row.into();
        active.password_hash = Set(password_hash);
        active.password_expires_at = Set(Some(chosen_until(write.at())));
        let row = active.update(write.on()).await?;
        super::sessions::end_sessions(&mut write, row.id, None, "password reset").await?;
        // Whoever holds one could choose over the head of who chose now.
        withdraw_slips(&write, row.id).await?;
        write.journal(Entry::new(
            RESET,
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

    /// Gives a role. One that waits for an approver counts only when one has confirmed it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`.
    pub async fn add_grant(&self, user: UserId, body: AddGrant) -> Result<GrantView> {
        if !self.actor.is_system() {
            self.actor.require(Permission::ManageUsers)?;
            if !self.manages(self.store.read(), user.into()).await? {
                return Err(Error::NOT_FOUND);
            }
            let mine = self.actor.all_regions(Permission::ManageUsers);
            if !body
                .regions
                .iter()
                .all(|region| covers_grant(&mine, region))
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
        check_training(body.role, &body.regions)?;
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
        let at = write.at();
        if let Some(from) = body.delegated_from {
            self.may_lend(&write, from, user, &body).await?;
        }
        let id: GrantId = self.store.ids().next();
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
            delegated_from: body.delegated_from.map(Into::into),
        };
        refuse_ruled_out(&write, &row).await?;
        delegations::refuse_lent_again(&write, &row).await?;
        put_grant(&write, &row).await?;
        write.journal(Entry::new(
            "grant.add",
            format!("grant:{id}"),
            self.managing_role(),
            Some(body.event_id),
            &serde_json::json!({ "user": user, "role": body.role, "regions": body.regions,
                "document_number": body.document_number, "delegated_from": body.delegated_from }),
        )?);
        write.commit().await?;
        grant_view(&row)
    }

    /// Whether an admin may propose this grant as a deputy's: that of an approver in reach, no wider and no longer.
    async fn may_lend(
        &self,
        write: &Write,
        from: GrantId,
        deputy: UserId,
        body: &AddGrant,
    ) -> Result<()> {
        let principal = role_grant::Entity::find_by_id(Uuid::from(from))
            .one(write.on())
            .await?;
        let mine = self.actor.regions(Permission::ManageUsers);
        let principal = match principal {
            Some(row) if self.actor.is_system() || all_covered(&mine, &row)? => row,
            _ => return Err(Error::NOT_FOUND),
        };
        let span = (body.valid_from.unwrap_or(write.at()), body.valid_until);
        delegations::check(&principal, deputy, span, write.at())?;
        let whole: Vec<RegionCode> =
            serde_json::from_str(&principal.regions).map_err(Error::internal)?;
        let covered = |region: &RegionCode| whole.iter().any(|code| code.covers(region));
        if body.role.to_string() != principal.role || !body.regions.iter().all(covered) {
            return Err(Error::field(
                "regions",
                "beyond",
                "Pengganti hanya mendapat peran dan wilayah orang yang digantikan.",
            ));
        }
        Ok(())
    }

    pub(super) async fn grant_of_event(&self, write: &Write, event: EventId) -> Result<GrantView> {
        let row = journal::Entity::find()
            .filter(journal::Column::EventId.eq(Uuid::from(event)))
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

    /// Confirms a grant that waits: an approver who neither gave it nor gets it, nor stands in for who does. The very first
    /// accounts of an installation are confirmed by the server's own command line.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `separation_of_duty`; `invalid` when the person holds what rules it out.
    pub async fn confirm_grant(&self, id: GrantId, body: Act) -> Result<GrantView> {
        let mut write = self.begin().await?;
        let object = format!("grant:{id}");
        let row = role_grant::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .filter(|row| row.ended_at.is_none())
            .ok_or(Error::NOT_FOUND)?;
        if self.actor.is_system() {
            // Nobody can approve yet; or the approver came first, and the admin is the first.
            let first = !is_somewhere(&write, Role::Approver).await?
                || (row.role == Role::Admin.to_string()
                    && !is_somewhere(&write, Role::Admin).await?);
            if !first {
                return Err(Error::Refused(ProblemCode::SeparationOfDuty));
            }
        } else {
            self.actor.require(Permission::ConfirmGrants)?;
            if !all_covered(&self.actor.all_regions(Permission::ConfirmGrants), &row)? {
                return Err(Error::NOT_FOUND);
            }
            self.refuse_own_matter(write.on(), &[Some(row.user_id), row.granted_by])
                .await?;
        }
        if write
            .once(body.event_id, "grant.confirm", &object, &body)
            .await?
            == Seen::Before
            || row.confirmed_at.is_some()
        {
            return grant_view(&row);
        }
        refuse_ruled_out(&write, &row).await?;
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
        if !all_covered(&self.actor.all_regions(Permission::ManageUsers), &row)? {
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
        let row = self
            .close_grant(&mut write, row, Role::Admin, Some(body.event_id))
            .await?;
        let lent = role_grant::Entity::find()
            .filter(role_grant::Column::DelegatedFrom.eq(row.id))
            .filter(role_grant::Column::EndedAt.is_null())
            .order_by_asc(role_grant::Column::Id)
            .all(write.on())
            .await?;
        for grant in lent {
            self.close_grant(&mut write, grant, Role::Admin, None)
                .await?;
        }
        write.commit().await?;
        grant_view(&row)
    }

    /// Ends one grant with what hangs on it, in the journal too.
    pub(super) async fn close_grant(
        &self,
        write: &mut Write,
        mut row: role_grant::Model,
        role: Role,
        event: Option<EventId>,
    ) -> Result<role_grant::Model> {
        row.version += 1;
        row.ended_by = self.actor.user().map(Into::into);
        row.ended_at = Some(write.at().as_micros());
        row.recorded_at = write.at().as_micros();
        role_grant::ActiveModel::from(row.clone())
            .reset_all()
            .update(write.on())
            .await?;
        keep_grant(write, &row).await?;
        verification_case::Entity::update_many()
            .set(verification_case::ActiveModel {
                lease_user: Set(None),
                lease_until: Set(None),
                lease_sheet: Set(None),
                ..Default::default()
            })
            .filter(verification_case::Column::LeaseUser.eq(row.user_id))
            .exec(write.on())
            .await?;
        if row.role == Role::Officer.to_string() {
            self.take_back_work(write, &row).await?;
        }
        write.journal(Entry::new(
            "grant.end",
            format!("grant:{}", GrantId(row.id)),
            role,
            event,
            &serde_json::json!({ "user": UserId(row.user_id), "role": row.role }),
        )?);
        Ok(row)
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

    /// The roles of this account that wait for an approver wait again, given anew by whoever lets it in.
    async fn wait_again(&self, write: &mut Write, user: Uuid) -> Result<()> {
        for mut row in open_grants(write.on(), user).await? {
            let waits = row.role.parse().is_ok_and(Role::waits_for_approver);
            let over = row
                .valid_until
                .is_some_and(|until| until <= write.at().as_micros());
            if !waits || over || row.confirmed_at.is_none() {
                continue;
            }
            row.version += 1;
            row.granted_by = self.actor.user().map(Into::into);
            row.granted_at = write.at().as_micros();
            row.confirmed_by = None;
            row.confirmed_at = None;
            row.recorded_at = write.at().as_micros();
            role_grant::ActiveModel::from(row.clone())
                .reset_all()
                .update(write.on())
                .await?;
            keep_grant(write, &row).await?;
            write.journal(Entry::new(
                "grant.wait",
                format!("grant:{}", GrantId(row.id)),
                Role::Admin,
                None,
                &serde_json::json!({ "user": UserId(user), "role": row.role }),
            )?);
        }
        Ok(())
    }

    /// Suspends an account, or lifts the suspension. Takes effect at the next request. Slips for it count no more. What it
    /// decides, manages or audits by waits for an approver again when it is let in: somebody had a reason to keep it out,
    /// and one admin alone would bring back whoever decides as they like.
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
        let was_out = row.suspended_at.is_some();
        let mut active: user_account::ActiveModel = row.into();
        active.suspended_at = Set(suspended.then(|| write.at().as_micros()));
        let row = active.update(write.on()).await?;
        if !suspended && was_out {
            self.wait_again(&mut write, row.id).await?;
        }
        if suspended {
            write
                .on()
                .execute_raw(self.store.sql(
                    "UPDATE verification_case SET lease_user = NULL, lease_until = NULL, lease_sheet = NULL \
                     WHERE lease_user = $1",
                    [row.id.into()],
                ))
                .await?;
            super::sessions::end_sessions(&mut write, row.id, None, "suspended").await?;
            withdraw_slips(&write, row.id).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_can_be_read() {
        let told = |name: &str| match check_name(name) {
            Ok(()) => "",
            Err(Error::Invalid(fields)) => match fields[0].code.as_str() {
                "unseen" => "unseen",
                "no_letters" => "no_letters",
                "spaces" => "spaces",
                "too_long" => "too_long",
                _ => "number",
            },
            Err(_) => "other",
        };
        for good in [
            "Siti Aminah, S.Sos.",
            "I Gusti Ngurah Rai",
            "M. Nur'aini",
            "عائشة",
        ] {
            assert_eq!(told(good), "", "{good}");
        }
        for (bad, why) in [
            ("", "no_letters"),
            ("...", "no_letters"),
            ("123", "no_letters"),
            ("Siti  Aminah", "spaces"),
            ("Siti\tAminah", "unseen"),
            ("Siti\u{a0}Aminah", "unseen"),
            ("Si\u{200b}ti", "unseen"),
            ("Siti\u{202e}hanimA", "unseen"),
            ("\u{3164}", "unseen"),
            ("Siti 3571011212800001", "number"),
        ] {
            assert_eq!(told(bad), why, "{bad:?}");
        }
        assert_eq!(told(&format!("{}x", " ".repeat(90))), "spaces");
        assert_eq!(told(&"a".repeat(200)), "");
        assert_eq!(told(&"a".repeat(201)), "too_long");
    }
}
