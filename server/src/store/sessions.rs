//! Sessions: signing in, rotating refresh tokens, and turning a session into an actor at every request.
//!
//! Refresh tokens are random and kept as hashes. Using an old one ends the session, except the one just used while its
//! successor has not been: then the reply was lost, and a new successor is given.
//!
//! A console's session is one secret in a cookie, kept as a hash too. It is replaced every ten minutes while it is used; the
//! same rules tell a lost reply from a stolen cookie.

use std::collections::{BTreeSet, HashSet};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    IdenStatic, Iterable, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationDef,
    Set,
};
use sha2::{Digest, Sha256};
use strum::VariantArray;
use tilik_protocol::ids::{DeviceId, GrantId, SessionId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::second_factor::CodeNeeded;
use tilik_protocol::session::{
    ChangePassword, GrantView, Me, Refresh, SignIn, Tokens, refresh_proof_input,
    sign_in_proof_input,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::Entry;
use super::reset_slips::{needs_two, withdraw_slips};
use super::second_factor::CodeKind;
use super::tables::{device, login_throttle, role_grant, session, user_account};
use super::users::is_for_training;
use super::write::Seen;
use super::{Acting, Store, users};
use crate::actor::{Actor, HeldGrant};
use crate::error::{Error, Result};
use crate::signature;
use crate::time_token::TimeToken;
use crate::tokens;

/// Days until a session ends whatever happens.
const ABSOLUTE_DAYS: i64 = 90;
/// Days without use after which a session ends.
const IDLE_DAYS: i64 = 14;
const DAY_S: i64 = 86_400;
/// A console's session ends sooner: browsers are shared. Days in all, and hours without use.
const COOKIE_DAYS: i64 = 7;
const COOKIE_IDLE_S: i64 = 12 * 3_600;
/// A console's secret is replaced when it is this old.
const COOKIE_S: i64 = 600;
/// The time of use is written at most this often.
const TOUCH_S: i64 = 60;
/// Without a phone's proof, a lost reply is forgiven for this long.
const FORGIVE_S: i64 = 60;
/// Wrong tries per account and address, and per address, in a window of 15 minutes.
pub(super) const TRIES_PER_ACCOUNT: i32 = 5;
pub(super) const TRIES_PER_ADDRESS: i32 = 50;
const WINDOW_S: i64 = 900;

/// What `Argon2id` was given in place of a missing user's password, so that both take as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9i$9EmEZ9yS5yVqg0bCkN7zC1iZqJYhrUVK2JrG6tb0tQk";

/// Where somebody signs in: the client's address as wrong tries are counted, and its browser and system in two words.
pub struct Place {
    pub(crate) address: String,
    pub(crate) agent: Option<String>,
}

pub(super) fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A throttle's subject; neither account name nor address is kept in clear.
pub(super) fn subject(kind: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new().chain_update(kind);
    for part in parts {
        hash = hash.chain_update([0]).chain_update(part);
    }
    format!("{kind}:{}", URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// Whether `signature` (raw, base64) over `message` was made by the phone with this SEC1 public key.
pub(super) fn is_proof(public_key: &[u8], message: &[u8], signature: &str) -> bool {
    let raw = STANDARD.decode(signature);
    raw.is_ok_and(|raw| signature::is_by(public_key, message, &raw))
}

/// What wrong guesses of who is signed in already are counted by.
fn own_password(user: Uuid) -> String {
    subject("password", &[&user.to_string()])
}

impl Store {
    /// The hash of a new password.
    pub(super) async fn hash_password(&self, password: String) -> Result<String> {
        let _permit = self
            .inner
            .hashing
            .acquire()
            .await
            .map_err(Error::internal)?;
        let salt = SaltString::encode_b64(&self.ids().bytes::<16>()).map_err(Error::internal)?;
        let hasher = Argon2::default();
        #[cfg(any(test, feature = "testing"))]
        let hasher = self.cheap_hasher().unwrap_or(hasher);
        tokio::task::spawn_blocking(move || {
            hasher
                .hash_password(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(Error::internal)
        })
        .await
        .map_err(Error::internal)?
    }

    /// Whether the password fits. Costs memory and CPU: to be asked only with a turn of [`Store::turn_to_hash`].
    async fn is_password(
        &self,
        _turn: &tokio::sync::SemaphorePermit<'_>,
        password: String,
        hash: String,
    ) -> Result<bool> {
        tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            })
        })
        .await
        .map_err(Error::internal)
    }

    /// A turn to check a password. Who comes when too many wait already is sent away: strangers' guesses must not make
    /// everybody else wait for minutes.
    async fn turn_to_hash(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let _place = self
            .inner
            .waiting_to_hash
            .try_acquire()
            .map_err(|_| Error::Wait {
                code: ProblemCode::TooManyAttempts,
                retry_after_s: 5,
            })?;
        self.inner.hashing.acquire().await.map_err(Error::internal)
    }

    /// Wrong tries of this window.
    pub(super) async fn failures(
        &self,
        on: &impl ConnectionTrait,
        subject: &str,
        now: Timestamp,
    ) -> Result<i32> {
        let row = login_throttle::Entity::find_by_id(subject).one(on).await?;
        Ok(row
            .filter(|row| now.as_micros() - row.last_failed_at < WINDOW_S * 1_000_000)
            .map_or(0, |row| row.failures))
    }

    /// One more wrong try.
    pub(super) async fn count_failure(
        &self,
        on: &impl ConnectionTrait,
        subject: &str,
        now: Timestamp,
    ) -> Result<()> {
        on.execute_raw(self.sql(
            "INSERT INTO login_throttle (subject, failures, last_failed_at, blocked_until) \
                 VALUES ($1, 1, $2, 0) ON CONFLICT (subject) DO UPDATE SET \
                 failures = CASE WHEN login_throttle.last_failed_at < $3 THEN 1 \
                 ELSE login_throttle.failures + 1 END, last_failed_at = $2",
            [
                subject.into(),
                now.as_micros().into(),
                (now.as_micros() - WINDOW_S * 1_000_000).into(),
            ],
        ))
        .await?;
        Ok(())
    }

    /// Forgets wrong tries that hold nobody back any more, and who signed in from where half a year ago.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_old_tries(&self) -> Result<u64> {
        let now = self.now();
        let gone = self
            .writer()
            .execute_raw(self.sql(
                "DELETE FROM login_throttle WHERE last_failed_at < $1 \
                 AND (failures > 0 OR last_failed_at < $2)",
                [
                    now.plus_s(-WINDOW_S).as_micros().into(),
                    now.plus_s(-180 * DAY_S).as_micros().into(),
                ],
            ))
            .await?;
        Ok(gone.rows_affected())
    }

    /// Signs in. A phone has shown its key, which is a second proof of being there, though none that a role may rest on
    /// that needs codes ([`counting`]); else who has set up codes shows one next.
    ///
    /// # Errors
    /// `wrong_credentials`, `too_many_attempts`, `device_revoked`, `unknown_device`, `bad_signature`.
    pub(crate) async fn sign_in(&self, body: SignIn, place: &Place) -> Result<SignedIn<Tokens>> {
        let device = body.device;
        let (user, here) = self.admit(body, &place.address).await?;
        if device.is_none() && user.second_factor_at.is_some() {
            return Ok(SignedIn::CodeNeeded(self.pending(&user)?));
        }
        let by = Door::of(device.as_ref());
        let begin = Begin {
            device,
            ..Begin::default()
        };
        let (id, refresh_token) = self.begin_session(&user, &here, place, begin).await?;
        Ok(SignedIn::Now(
            self.tokens_of(&user, by, id, refresh_token).await?,
        ))
    }

    /// Signs a browser in: the secret for its cookie, and who it is.
    ///
    /// # Errors
    /// `wrong_credentials`, `too_many_attempts`; `invalid` when a phone is named.
    pub(crate) async fn sign_in_console(
        &self,
        body: SignIn,
        place: &Place,
    ) -> Result<SignedIn<(String, Me)>> {
        if body.device.is_some() {
            return Err(Error::field(
                "device",
                "not_allowed",
                "HP masuk lewat aplikasi, bukan lewat konsol.",
            ));
        }
        let (user, here) = self.admit(body, &place.address).await?;
        if user.second_factor_at.is_some() {
            return Ok(SignedIn::CodeNeeded(self.pending(&user)?));
        }
        let begin = Begin {
            cookie: true,
            ..Begin::default()
        };
        let (_, secret) = self.begin_session(&user, &here, place, begin).await?;
        let me = self.me_of(&user, Door::Elsewhere).await?;
        Ok(SignedIn::Now((secret, me)))
    }

    /// Whose name and password these are; and the throttle that a success clears.
    async fn admit(&self, body: SignIn, address: &str) -> Result<(user_account::Model, Subjects)> {
        let now = self.now();
        let Subjects { here, known } = Subjects::of(&body.username, address);
        let whole_address = subject("address", &[address]);
        // Who signed in from here before is not held back by what strangers do behind the same address.
        let is_known = login_throttle::Entity::find_by_id(&known)
            .one(self.read())
            .await?
            .is_some();
        // Looked at with the turn in hand: of a thousand tries at once only as many overshoot as are checked at once.
        let turn = self.turn_to_hash().await?;
        if self.failures(self.read(), &here, now).await? >= TRIES_PER_ACCOUNT
            || (!is_known
                && self.failures(self.read(), &whole_address, now).await? >= TRIES_PER_ADDRESS)
        {
            return Err(Error::Wait {
                code: ProblemCode::TooManyAttempts,
                retry_after_s: 60,
            });
        }
        let user = user_account::Entity::find()
            .filter(user_account::Column::Username.eq(&body.username))
            .one(self.read())
            .await?;
        let hash = user
            .as_ref()
            .map_or(NOBODY, |user| &user.password_hash)
            .to_owned();
        let fits = self.is_password(&turn, body.password, hash).await?;
        let Some(user) = user.filter(|user| fits && user.suspended_at.is_none()) else {
            self.count_failure(self.writer(), &here, now).await?;
            self.count_failure(self.writer(), &whole_address, now)
                .await?;
            return Err(Error::Refused(ProblemCode::WrongCredentials));
        };
        drop(turn);
        if is_outdated(&user, now) {
            return Err(Error::Refused(ProblemCode::PasswordExpired));
        }
        if let Some(device_id) = body.device {
            let phone = device::Entity::find_by_id(Uuid::from(device_id))
                .one(self.read())
                .await?;
            match phone {
                Some(phone) if phone.officer_id == user.id => {
                    if phone.revoked_kind.as_deref() == Some("stolen") {
                        return Err(Error::Refused(ProblemCode::DeviceRevoked));
                    }
                    if !self.is_at_the_phone(&phone, &body.username, body.time_token, body.proof) {
                        return Err(Error::Refused(ProblemCode::BadSignature));
                    }
                }
                Some(_) | None => return Err(Error::Refused(ProblemCode::UnknownDevice)),
            }
        }
        Ok((user, Subjects { here, known }))
    }

    /// Whether whoever signs in holds the phone: its key signed a time token that we gave to it. One of any age, for a phone
    /// may have been off for months.
    fn is_at_the_phone(
        &self,
        phone: &device::Model,
        username: &str,
        time_token: Option<String>,
        proof: Option<String>,
    ) -> bool {
        let (Some(token), Some(proof)) = (time_token, proof) else {
            return false;
        };
        let id = DeviceId(phone.id);
        TimeToken::open(self.keys(), &token).is_some_and(|given| given.device == id)
            && is_proof(
                &phone.public_key,
                &sign_in_proof_input(id, username, &token),
                &proof,
            )
    }

    pub(super) async fn begin_session(
        &self,
        user: &user_account::Model,
        subjects: &Subjects,
        place: &Place,
        begin: Begin,
    ) -> Result<(SessionId, String)> {
        let Begin {
            device,
            cookie,
            code,
        } = begin;
        let now = self.now();
        let refresh_token = self.new_refresh_token();
        let id: SessionId = self.ids().next();
        let (held, _) = self.grants_in_force(UserId(user.id)).await?;
        let actor = Actor::person(UserId(user.id), held, device, id);
        let days = if cookie { COOKIE_DAYS } else { ABSOLUTE_DAYS };
        let mut write = self.begin(&actor).await?;
        session::ActiveModel {
            id: Set(id.into()),
            user_id: Set(user.id),
            device_id: Set(device.map(Into::into)),
            created_at: Set(now.as_micros()),
            last_used_at: Set(now.as_micros()),
            expires_at: Set(now.plus_s(days * DAY_S).as_micros()),
            ended_at: Set(None),
            end_reason: Set(None),
            refresh_hash: Set(hash_of(&refresh_token)),
            previous_hash: Set(None),
            rotated_at: Set(now.as_micros()),
            cookie: Set(cookie),
            agent: Set(place.agent.clone()),
            stepped_up_at: Set(code.map(|_| now.as_micros())),
        }
        .insert(write.on())
        .await?;
        write
            .on()
            .execute_raw(self.sql(
                "INSERT INTO login_throttle (subject, failures, last_failed_at, blocked_until) \
                 VALUES ($1, 0, $2, 0) ON CONFLICT (subject) DO UPDATE SET last_failed_at = $2",
                [subjects.known.clone().into(), now.as_micros().into()],
            ))
            .await?;
        login_throttle::Entity::delete_by_id(&subjects.here)
            .exec(write.on())
            .await?;
        write.journal(Entry::new(
            "session.begin",
            format!("session:{id}"),
            Role::System,
            None,
            &serde_json::json!({ "user": UserId(user.id), "device": device, "console": cookie,
                "code": code }),
        )?);
        write.commit().await?;
        Ok((id, refresh_token))
    }

    fn new_refresh_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.ids().bytes::<32>())
    }

    pub(super) async fn tokens_of(
        &self,
        user: &user_account::Model,
        by: Door,
        session: SessionId,
        refresh_token: String,
    ) -> Result<Tokens> {
        let (access_token, access_expires_at) =
            tokens::issue(self.keys(), UserId(user.id), session, self.now())?;
        let me = self.me_of(user, by).await?;
        Ok(Tokens {
            access_token,
            access_expires_at,
            refresh_token,
            me,
        })
    }

    pub(super) async fn me_of(&self, user: &user_account::Model, by: Door) -> Result<Me> {
        let (held, mut grants) = self.grants_in_force(UserId(user.id)).await?;
        let (held, _) = counting_behind(by, held);
        grants.retain(|grant| held.iter().any(|one| one.id == grant.id));
        self.name_principals(grants.iter_mut()).await?;
        let permissions = Permission::VARIANTS
            .iter()
            .filter(|permission| held.iter().any(|grant| grant.role.may(**permission)))
            .map(|permission| Lenient::Known(*permission))
            .collect();
        Ok(Me {
            user: UserId(user.id),
            username: user.username.clone(),
            name: user.name.clone(),
            grants,
            permissions,
            password_change_required: user.password_expires_at.is_some(),
            second_factor: user.second_factor_at.is_some(),
            // The rule of this installation, which only the routes know.
            second_factor_required: false,
        })
    }

    /// A person named by the server's keeper at its command line. Whoever sits there holds the keys; what is done is
    /// still done in somebody's name, by what their grants allow.
    ///
    /// # Errors
    /// `not_found` when there is no such account or it is suspended.
    pub async fn acting_as_named(&self, username: &str, why: &'static str) -> Result<Acting> {
        let account = user_account::Entity::find()
            .filter(user_account::Column::Username.eq(username))
            .filter(user_account::Column::SuspendedAt.is_null())
            .one(self.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let user = UserId(account.id);
        let (held, _) = self.grants_in_force(user).await?;
        Ok(self.acting_as(Actor::named(user, held, why)))
    }

    /// Whoever asked for work that is done in the background, with what their grants allow by now.
    ///
    /// # Errors
    /// `not_found` when the account is suspended meanwhile.
    pub(crate) async fn acting_as_asker(&self, user: UserId, why: &'static str) -> Result<Acting> {
        user_account::Entity::find_by_id(Uuid::from(user))
            .filter(user_account::Column::SuspendedAt.is_null())
            .one(self.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let (held, _) = self.grants_in_force(user).await?;
        Ok(self.acting_as(Actor::named(user, held, why)))
    }

    /// The grants that count now: as [`in_force`] says, and of what was lent only what its owner still has.
    pub(super) async fn grants_in_force(
        &self,
        user: UserId,
    ) -> Result<(Vec<HeldGrant>, Vec<GrantView>)> {
        let rows = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.eq(Uuid::from(user)))
            .filter(role_grant::Column::EndedAt.is_null())
            .order_by_asc(role_grant::Column::Id)
            .all(self.read())
            .await?;
        self.counting(rows).await
    }

    async fn counting(
        &self,
        rows: Vec<role_grant::Model>,
    ) -> Result<(Vec<HeldGrant>, Vec<GrantView>)> {
        let (mut held, mut views) = in_force(rows, self.now())?;
        let lent: BTreeSet<Uuid> = held
            .iter()
            .filter_map(|grant| grant.delegated_from)
            .map(Into::into)
            .collect();
        if !lent.is_empty() {
            let still = self.still_held(&lent).await?;
            let counts = |from: Option<GrantId>| from.is_none_or(|from| still.contains(&from));
            held.retain(|grant| counts(grant.delegated_from));
            views.retain(|grant| counts(grant.delegated_from));
        }
        Ok((held, views))
    }

    /// Replaces a refresh token.
    ///
    /// # Errors
    /// `session_ended` when the token is unknown, too old, or was used before and its successor too.
    pub(crate) async fn refresh(&self, body: Refresh) -> Result<Tokens> {
        let ended = || Error::Refused(ProblemCode::SessionEnded);
        let hash = hash_of(&body.refresh_token);
        let write = self.begin(&Actor::system("refresh token shown")).await?;
        let now = write.at();
        let row = session::Entity::find()
            .filter(
                Condition::any()
                    .add(session::Column::RefreshHash.eq(hash.clone()))
                    .add(session::Column::PreviousHash.eq(hash.clone())),
            )
            // A console's secret buys no token that a script could read.
            .filter(session::Column::Cookie.eq(false))
            .one(write.on())
            .await?
            .ok_or_else(ended)?;
        let user = user_account::Entity::find_by_id(row.user_id)
            .one(write.on())
            .await?
            .ok_or_else(ended)?;
        let phone = match row.device_id {
            Some(id) => Some(
                device::Entity::find_by_id(id)
                    .one(write.on())
                    .await?
                    .ok_or_else(ended)?,
            ),
            None => None,
        };
        refuse_stolen(
            phone
                .as_ref()
                .and_then(|phone| phone.revoked_kind.as_deref()),
        )?;
        if !is_live(&row, &user, now) {
            return Err(ended());
        }
        let mut proven = false;
        if let Some(phone) = phone {
            let message = refresh_proof_input(&body.refresh_token);
            proven = body
                .proof
                .as_deref()
                .is_some_and(|proof| is_proof(&phone.public_key, &message, proof));
            if !proven {
                return Err(Error::Refused(ProblemCode::BadSignature));
            }
        }
        let id = SessionId(row.id);
        let by = Door::of(row.device_id.as_ref());
        if row.refresh_hash != hash {
            // The token before: forgiven while its successor was never used, which is what a lost reply looks like.
            let since = now.as_micros() - row.rotated_at;
            if !(proven || since <= FORGIVE_S * 1_000_000) {
                let mut write = write;
                end_session(&mut write, row, "refresh token used twice").await?;
                write.commit().await?;
                return Err(ended());
            }
        }
        // The network may bring one request twice, and the phone keeps the answer that comes first: both name the same
        // successor.
        let refresh_token = URL_SAFE_NO_PAD.encode(
            self.keys()
                .refresh_after(row.id.as_bytes(), body.refresh_token.as_bytes()),
        );
        let mut active: session::ActiveModel = row.clone().into();
        active.previous_hash = Set(Some(hash));
        active.refresh_hash = Set(hash_of(&refresh_token));
        active.last_used_at = Set(now.as_micros());
        if row.previous_hash != active.previous_hash.clone().take().flatten() {
            active.rotated_at = Set(now.as_micros());
        }
        active.update(write.on()).await?;
        write.commit().await?;
        self.tokens_of(&user, by, id, refresh_token).await
    }

    /// A session, whose it is, what they may do and on which phone, in one look: this is asked at every request.
    async fn session_and_account(&self, which: Condition) -> Result<Option<Found>> {
        let whose = session::Entity::belongs_to(user_account::Entity)
            .from(session::Column::UserId)
            .to(user_account::Column::Id)
            .into();
        let on_which = session::Entity::belongs_to(device::Entity)
            .from(session::Column::DeviceId)
            .to(device::Column::Id)
            .into();
        let granted: RelationDef = session::Entity::belongs_to(role_grant::Entity)
            .from(session::Column::UserId)
            .to(role_grant::Column::UserId)
            .into();
        let granted = granted.on_condition(|_, grant| {
            Expr::col((grant, role_grant::Column::EndedAt))
                .is_null()
                .into_condition()
        });
        let mut query = session::Entity::find()
            .filter(which)
            .join(JoinType::InnerJoin, whose)
            .join(JoinType::LeftJoin, on_which)
            .join(JoinType::LeftJoin, granted)
            .order_by_asc(role_grant::Column::Id)
            .select_also(user_account::Entity)
            .column_as(device::Column::Id, "phone")
            .column_as(device::Column::RevokedKind, "phone_revoked");
        for column in role_grant::Column::iter() {
            query = query.column_as(column, format!("C_{}", IdenStatic::as_str(&column)));
        }
        let rows = self.read().query_all(&query.into_query()).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let mut grants = Vec::with_capacity(rows.len());
        for row in &rows {
            grants.extend(role_grant::Model::from_query_result_optional(row, "C_")?);
        }
        let session = session::Model::from_query_result(row, "A_")?;
        let (held, withheld) = counting_behind(
            Door::of(session.device_id.as_ref()),
            self.counting(grants).await?.0,
        );
        Ok(Some(Found {
            session,
            account: user_account::Model::from_query_result(row, "B_")?,
            has_phone: row.try_get::<Option<Uuid>>("", "phone")?.is_some(),
            phone_revoked: row.try_get("", "phone_revoked")?,
            held,
            withheld,
        }))
    }

    /// The actor of a session, checked now. Using the newest access proves that the successor token arrived, so the
    /// previous refresh token is dead from then on.
    ///
    /// # Errors
    /// `session_ended`.
    pub(crate) async fn actor_of(&self, user: UserId, session: SessionId) -> Result<Actor> {
        let ended = || Error::Refused(ProblemCode::SessionEnded);
        let id = Condition::all().add(session::Column::Id.eq(Uuid::from(session)));
        let found = self
            .session_and_account(id)
            .await?
            .filter(|found| found.session.user_id == Uuid::from(user))
            .ok_or_else(ended)?;
        let (row, account) = (&found.session, &found.account);
        if row.device_id.is_some() && !found.has_phone {
            return Err(ended());
        }
        refuse_stolen(found.phone_revoked.as_deref())?;
        if !is_live(row, account, self.now()) {
            return Err(ended());
        }
        let actor = Actor::person(user, found.held, row.device_id.map(DeviceId), session);
        Ok(actor
            .without(found.withheld)
            .owing_a_password(account.password_expires_at.is_some())
            .with_codes(
                account.second_factor_at.is_some(),
                row.stepped_up_at.map(Timestamp::from_micros),
            ))
    }
}

/// Of a person's grants those that count now: within their time, not ended, confirmed when they wait for an approver. Two
/// that rule each other out are given to nobody any more ([`users::refuse_ruled_out`]); where both are there already, the
/// one that yields does not count. Whether what was lent is still its owner's is not asked here.
pub(super) fn in_force(
    rows: Vec<role_grant::Model>,
    now: Timestamp,
) -> Result<(Vec<HeldGrant>, Vec<GrantView>)> {
    let now = now.as_micros();
    let mut held = Vec::new();
    let mut views = Vec::new();
    for row in rows {
        let over = row.valid_until.is_some_and(|until| until <= now);
        if over || row.ended_at.is_some() || row.valid_from > now {
            continue;
        }
        let view = users::grant_view(&row)?;
        let Some(role) = view.role.known() else {
            continue;
        };
        if role.waits_for_approver() && !view.confirmed {
            continue;
        }
        held.push(HeldGrant {
            id: view.id,
            role,
            regions: view.regions.clone(),
            delegated_from: view.delegated_from,
        });
        views.push(view);
    }
    let real: Vec<Role> = held
        .iter()
        .filter(|grant| !is_for_training(&grant.regions))
        .map(|grant| grant.role)
        .collect();
    let yields: HashSet<GrantId> = held
        .iter()
        .filter(|grant| !is_for_training(&grant.regions))
        .filter(|grant| real.iter().any(|other| grant.role.yields_to(*other)))
        .map(|grant| grant.id)
        .collect();
    held.retain(|grant| !yields.contains(&grant.id));
    views.retain(|grant| !yields.contains(&grant.id));
    Ok((held, views))
}

/// Where a session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// On an enrolled phone, with its key in place of a code.
    Phone,
    /// In a browser or a program.
    Elsewhere,
}

impl Door {
    fn of<T>(device: Option<&T>) -> Self {
        if device.is_some() {
            Self::Phone
        } else {
            Self::Elsewhere
        }
    }
}

/// Of the grants in force those that count behind this door, and the roles that do not: an admin alone can enrol a key of
/// their own for somebody, so a phone's key stands for no code.
fn counting_behind(by: Door, mut held: Vec<HeldGrant>) -> (Vec<HeldGrant>, Vec<Role>) {
    let counts = |role: Role| by == Door::Elsewhere || role.counts_on_phone();
    let withheld = held.iter().map(|grant| grant.role);
    let withheld = withheld.filter(|role| !counts(*role)).collect();
    held.retain(|grant| counts(grant.role));
    (held, withheld)
}

/// Revoking a stolen phone ends its sessions too; it must hear why, for only then does it wipe what it knows of people.
fn refuse_stolen(revoked: Option<&str>) -> Result<()> {
    if revoked == Some("stolen") {
        return Err(Error::Refused(ProblemCode::DeviceRevoked));
    }
    Ok(())
}

/// What is looked at of a session before its user is believed.
struct Found {
    session: session::Model,
    account: user_account::Model,
    has_phone: bool,
    phone_revoked: Option<String>,
    held: Vec<HeldGrant>,
    withheld: Vec<Role>,
}

/// A console's request: who asks, and the secret that replaces the one shown, when it is time.
pub(crate) struct Shown {
    pub(crate) actor: Actor,
    pub(crate) next: Option<String>,
}

impl Store {
    /// The actor of a console's cookie, checked now.
    ///
    /// # Errors
    /// `session_ended`, also when a replaced secret is shown after its successor was used: then one of the two was
    /// stolen, and the session ends for both.
    pub(crate) async fn actor_of_cookie(&self, secret: &str) -> Result<Shown> {
        let ended = || Error::Refused(ProblemCode::SessionEnded);
        let hash = hash_of(secret);
        let now = self.now();
        let shown = Condition::any()
            .add(session::Column::RefreshHash.eq(hash.clone()))
            .add(session::Column::PreviousHash.eq(hash.clone()));
        let cookies = Condition::all()
            .add(shown)
            .add(session::Column::Cookie.eq(true));
        let found = self.session_and_account(cookies).await?.ok_or_else(ended)?;
        let (row, account) = (found.session, found.account);
        if !is_live(&row, &account, now) {
            return Err(ended());
        }
        let age_us = now.as_micros() - row.rotated_at;
        let mut next = None;
        if row.refresh_hash == hash {
            if age_us >= COOKIE_S * 1_000_000 {
                next = self.replace_secret(&row, hash, now).await?;
            } else if now.as_micros() - row.last_used_at >= TOUCH_S * 1_000_000
                || (row.last_used_at == row.rotated_at && age_us > 0)
            {
                self.touch_session(&row, now).await?;
            }
        } else if age_us > FORGIVE_S * 1_000_000 {
            // Requests that were under way while the secret was replaced come within the minute.
            if row.last_used_at > row.rotated_at {
                let mut write = self.begin(&Actor::system("replaced cookie shown")).await?;
                end_session(&mut write, row, "console cookie used twice").await?;
                write.commit().await?;
                return Err(ended());
            }
            next = self.replace_secret(&row, hash, now).await?;
        }
        let user = UserId(row.user_id);
        Ok(Shown {
            actor: Actor::person(user, found.held, None, SessionId(row.id))
                .owing_a_password(account.password_expires_at.is_some())
                .with_codes(
                    account.second_factor_at.is_some(),
                    row.stepped_up_at.map(Timestamp::from_micros),
                ),
            next,
        })
    }

    /// A new secret in place of the one that stands; `None` when another request was faster.
    async fn replace_secret(
        &self,
        row: &session::Model,
        shown: Vec<u8>,
        now: Timestamp,
    ) -> Result<Option<String>> {
        let next = self.new_refresh_token();
        let replaced = session::Entity::update_many()
            .set(session::ActiveModel {
                refresh_hash: Set(hash_of(&next)),
                previous_hash: Set(Some(shown)),
                rotated_at: Set(now.as_micros()),
                last_used_at: Set(now.as_micros()),
                ..Default::default()
            })
            .filter(session::Column::Id.eq(row.id))
            .filter(session::Column::RefreshHash.eq(row.refresh_hash.clone()))
            .exec(self.writer())
            .await?;
        Ok((replaced.rows_affected == 1).then_some(next))
    }

    async fn touch_session(&self, row: &session::Model, now: Timestamp) -> Result<()> {
        session::Entity::update_many()
            .set(session::ActiveModel {
                last_used_at: Set(now.as_micros()),
                ..Default::default()
            })
            .filter(session::Column::Id.eq(row.id))
            .filter(session::Column::RefreshHash.eq(row.refresh_hash.clone()))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

/// What an address and an account are throttled by.
pub(super) struct Subjects {
    here: String,
    known: String,
}

impl Subjects {
    pub(super) fn of(username: &str, address: &str) -> Self {
        Self {
            here: subject("account", &[username, address]),
            known: subject("known", &[username, address]),
        }
    }
}

/// How a session begins.
#[derive(Default)]
pub(super) struct Begin {
    pub(super) device: Option<DeviceId>,
    pub(super) cookie: bool,
    /// The kind of code that was shown beside the password.
    pub(super) code: Option<CodeKind>,
}

/// What signing in came to.
pub(crate) enum SignedIn<T> {
    /// A session.
    Now(T),
    /// The password is right, and a code is wanted.
    CodeNeeded(CodeNeeded),
}

/// When a session ends that is not used again.
pub(super) fn ends_at(row: &session::Model) -> Timestamp {
    let idle_s = if row.cookie {
        COOKIE_IDLE_S
    } else {
        IDLE_DAYS * DAY_S
    };
    let idle = Timestamp::from_micros(row.last_used_at).plus_s(idle_s);
    idle.min(Timestamp::from_micros(row.expires_at))
}

pub(super) fn is_live(row: &session::Model, user: &user_account::Model, now: Timestamp) -> bool {
    row.ended_at.is_none()
        && user.suspended_at.is_none()
        && user.signed_out_at.is_none_or(|at| row.created_at > at)
        && now < ends_at(row)
}

/// Whether somebody else chose this account's password, too long ago.
pub(super) fn is_outdated(user: &user_account::Model, now: Timestamp) -> bool {
    user.password_expires_at
        .is_some_and(|until| until <= now.as_micros())
}

/// Ends every session of an account but one, journalled.
pub(super) async fn end_sessions(
    write: &mut super::Write,
    user: Uuid,
    but: Option<SessionId>,
    why: &str,
) -> Result<()> {
    let open = session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::EndedAt.is_null())
        .all(write.on())
        .await?;
    for row in open {
        if but != Some(SessionId(row.id)) {
            end_session(write, row, why).await?;
        }
    }
    Ok(())
}

/// Ends one session, journalled.
pub(super) async fn end_session(
    write: &mut super::Write,
    row: session::Model,
    why: &str,
) -> Result<()> {
    let id = SessionId(row.id);
    let mut active: session::ActiveModel = row.into();
    active.ended_at = Set(Some(write.at().as_micros()));
    active.end_reason = Set(Some(why.to_owned()));
    active.update(write.on()).await?;
    write.journal(Entry::new(
        "session.end",
        format!("session:{id}"),
        Role::System,
        None,
        &serde_json::json!({ "why": why }),
    )?);
    Ok(())
}

impl Acting {
    /// Who I am.
    ///
    /// # Errors
    /// When the account is gone.
    pub async fn me(&self) -> Result<Me> {
        let user = self.account().await?;
        let by = Door::of(self.actor.device().as_ref());
        self.store.me_of(&user, by).await
    }

    pub(super) async fn account(&self) -> Result<user_account::Model> {
        user_account::Entity::find_by_id(Uuid::from(self.actor.person_id()?))
            .one(self.store.read())
            .await?
            .ok_or(Error::Refused(ProblemCode::SessionEnded))
    }

    /// Whether this is the actor's password. Wrong ones are counted by whoever asks, best with the turn still in hand.
    ///
    /// # Errors
    /// `too_many_attempts`.
    async fn is_own_password(
        &self,
        user: &user_account::Model,
        guess: &str,
        password: String,
    ) -> Result<(bool, tokio::sync::SemaphorePermit<'_>)> {
        let store = &self.store;
        let turn = store.turn_to_hash().await?;
        if store.failures(store.read(), guess, store.now()).await? >= TRIES_PER_ACCOUNT {
            return Err(Error::Wait {
                code: ProblemCode::TooManyAttempts,
                retry_after_s: 60,
            });
        }
        let known = user.password_hash.clone();
        let fits = store.is_password(&turn, password, known).await?;
        Ok((fits, turn))
    }

    /// Refuses whoever does not know the password of the session they are in: an open screen must not be enough.
    ///
    /// # Errors
    /// `invalid`, `too_many_attempts`.
    pub(super) async fn require_password(
        &self,
        user: &user_account::Model,
        password: String,
    ) -> Result<()> {
        let guess = own_password(user.id);
        let (fits, _turn) = self.is_own_password(user, &guess, password).await?;
        if fits {
            return Ok(());
        }
        let store = &self.store;
        store
            .count_failure(store.writer(), &guess, store.now())
            .await?;
        Err(Error::field(
            "password",
            "wrong",
            "Kata sandi tidak cocok; periksa lagi.",
        ))
    }

    /// Chooses an own password. The account's other sessions end, and slips for it count no more; this session goes on, from
    /// now on with all that its grants give.
    ///
    /// An admin may reset the password of somebody who decides nothing. If they do by now, whoever shows it may be that
    /// admin: such a password buys nothing any more.
    ///
    /// # Errors
    /// `invalid`, `too_many_attempts`, `password_expired`, `two_persons_needed`, `wrong_moment` when it was changed
    /// meanwhile.
    pub async fn change_password(&self, body: ChangePassword) -> Result<()> {
        let user = self.account().await?;
        users::check_password("new_password", &body.new_password)?;
        if body.new_password == body.old_password {
            return Err(Error::field(
                "new_password",
                "same",
                "Pilih kata sandi yang lain dari yang lama.",
            ));
        }
        let now = self.store.now();
        let guess = own_password(user.id);
        let (fits, turn) = self
            .is_own_password(&user, &guess, body.old_password)
            .await?;
        drop(turn);
        let hash = if fits {
            Some(self.store.hash_password(body.new_password).await?)
        } else {
            None
        };
        let id = UserId(user.id);
        let object = format!("user:{id}");
        let mut write = self.begin().await?;
        // A repeat shows a password that is the old one no more. It is equal by its event: the hash of a body with
        // passwords would be a hash of secrets.
        let same = serde_json::json!({});
        let seen = write
            .once(body.event_id, "user.password_change", &object, &same)
            .await?;
        if seen == Seen::Before {
            return Ok(());
        }
        let Some(hash) = hash else {
            drop(write);
            self.store
                .count_failure(self.store.writer(), &guess, now)
                .await?;
            return Err(Error::field(
                "old_password",
                "wrong",
                "Kata sandi lama tidak cocok; periksa lagi.",
            ));
        };
        if is_outdated(&user, now) {
            return Err(Error::Refused(ProblemCode::PasswordExpired));
        }
        if users::was_reset_by_another(write.on(), &user).await?
            && needs_two(write.on(), user.id, write.at()).await?
        {
            return Err(Error::Refused(ProblemCode::TwoPersonsNeeded));
        }
        let changed = user_account::Entity::update_many()
            .set(user_account::ActiveModel {
                password_hash: Set(hash),
                password_expires_at: Set(None),
                ..Default::default()
            })
            .filter(user_account::Column::Id.eq(user.id))
            .filter(user_account::Column::PasswordHash.eq(&user.password_hash))
            .exec(write.on())
            .await?;
        if changed.rows_affected != 1 {
            return Err(Error::WRONG_MOMENT);
        }
        end_sessions(
            &mut write,
            user.id,
            self.actor.session(),
            "password changed",
        )
        .await?;
        withdraw_slips(&write, user.id).await?;
        write.journal(Entry::new(
            "user.password_change",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({ "chosen_by_another": user.password_expires_at.is_some() }),
        )?);
        write.commit().await
    }

    /// Ends this session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_out(&self) -> Result<()> {
        let Some(id) = self.actor.session() else {
            return Ok(());
        };
        let mut write = self.begin().await?;
        let row = session::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?;
        if let Some(row) = row.filter(|row| row.ended_at.is_none()) {
            end_session(&mut write, row, "signed out").await?;
        }
        write.commit().await
    }

    /// Ends every session of this account that began before now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_out_everywhere(&self) -> Result<()> {
        let user = self.account().await?;
        let mut write = self.begin().await?;
        let id = UserId(user.id);
        let mut active: user_account::ActiveModel = user.into();
        active.signed_out_at = Set(Some(write.at().as_micros()));
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "user.sign_out_everywhere",
            format!("user:{id}"),
            Role::System,
            None,
            &serde_json::json!({}),
        )?);
        write.commit().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{Ids, SystemClock};
    use crate::keys::Keyring;
    use crate::store::testing;

    #[tokio::test]
    async fn a_guess_costs_19_mib_and_two_passes_whoever_it_is_about() {
        let clock = Arc::new(SystemClock);
        let ids = Arc::new(Ids::new(clock.clone()));
        let keys = Arc::new(Keyring::generate(&ids, true));
        let fresh = testing::fresh().await;
        let store = Store::open(&fresh.url, keys, clock, ids).await.unwrap();
        let hash = store.hash_password("kata sandi untuk uji".to_owned()).await;
        for hash in [hash.unwrap().as_str(), NOBODY] {
            assert!(
                hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{hash}"
            );
        }
    }
}
