//! The code beside the password: the sealed secret it is made from, recovery codes, and showing one again before an act
//! that weighs. A code counts once; wrong ones are counted per person, whoever shows them from wherever.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Set,
};
use serde::Serialize;
use tilik_protocol::ids::UserId;
use tilik_protocol::policy::Role;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::second_factor::{
    RecoveryCodes, SecondFactorOffer, SecondFactorView, ShowCode, ShowPassword, SteppedUp,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::journal::Entry;
use super::sessions::{TRIES_PER_ACCOUNT, end_sessions, subject};
use super::tables::{event, login_throttle, recovery_code, second_factor, session, user_account};
use super::write::{Seen, Write};
use super::{Acting, Store, codes};
use crate::actor::{Actor, STEP_UP_S};
use crate::error::{Error, Result};
use crate::totp;

const TABLE: &str = "second_factor";
const SECRET: &str = "secret_enc";
const PENDING: &str = "pending_enc";
const RECOVERY: &str = "tilik recovery v1";
const RECOVERY_CODES: usize = 10;
/// 77 bits of chance: a hash of it is not searched through.
const RECOVERY_LETTERS: usize = 16;

/// What a code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CodeKind {
    /// Of the app.
    App,
    /// One of ten on paper.
    Recovery,
}

fn wrong_code() -> Error {
    Error::field(
        "code",
        "wrong",
        "Kode salah atau sudah dipakai. Tunggu kode berikutnya di aplikasi, lalu coba lagi.",
    )
}

impl Store {
    fn secret_of(&self, user: Uuid, column: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let text = self
            .keys()
            .decrypt_field(TABLE, column, user, sealed)
            .map_err(Error::internal)?;
        STANDARD
            .decode(text.as_bytes())
            .map(Zeroizing::new)
            .map_err(Error::internal)
    }

    /// Shows a code of `user`, in a transaction of its own: it is used up whatever comes next, and a wrong one counted.
    /// Guesses at signing in do not hold back who is in, so each `door` counts its own.
    ///
    /// # Errors
    /// `too_many_attempts`; `invalid` when it is wrong.
    pub(super) async fn show_code(
        &self,
        actor: &Actor,
        user: Uuid,
        door: &str,
        code: &str,
    ) -> Result<CodeKind> {
        let write = self.begin(actor).await?;
        let shown = self.check_code(&write, user, door, code).await?;
        write.commit().await?;
        shown.ok_or_else(wrong_code)
    }

    /// Whether this is a code of `user`. What comes of it is in `write`, to be committed either way.
    async fn check_code(
        &self,
        write: &Write,
        user: Uuid,
        door: &str,
        code: &str,
    ) -> Result<Option<CodeKind>> {
        let now = write.at();
        // Locked: two requests with one code are one after the other.
        let row = second_factor::Entity::find_by_id(user)
            .lock_exclusive()
            .one(write.on())
            .await?;
        let guess = subject("code", &[door, &user.to_string()]);
        if self.failures(write.on(), &guess, now).await? >= TRIES_PER_ACCOUNT {
            return Err(Error::Wait {
                code: ProblemCode::TooManyAttempts,
                retry_after_s: 60,
            });
        }
        let typed = codes::plain(code);
        let kind = match row {
            Some(row) if typed.len() == 6 => self.use_step(write, row, &typed).await?,
            Some(row) => use_recovery(write, row.user_id, &typed).await?,
            None => None,
        };
        if kind.is_some() {
            login_throttle::Entity::delete_by_id(&guess)
                .exec(write.on())
                .await?;
        } else {
            self.count_failure(write.on(), &guess, now).await?;
        }
        Ok(kind)
    }

    async fn use_step(
        &self,
        write: &Write,
        row: second_factor::Model,
        code: &str,
    ) -> Result<Option<CodeKind>> {
        let Some(sealed) = row.secret_enc.as_deref() else {
            return Ok(None);
        };
        let secret = self.secret_of(row.user_id, SECRET, sealed)?;
        let Some(step) = totp::step_of(&secret, code, write.at(), row.last_step) else {
            return Ok(None);
        };
        let mut active: second_factor::ActiveModel = row.into();
        active.last_step = Set(step);
        active.update(write.on()).await?;
        Ok(Some(CodeKind::App))
    }

    /// Ten new recovery codes in place of those there were.
    async fn new_recovery_codes(&self, write: &Write, user: Uuid) -> Result<RecoveryCodes> {
        recovery_code::Entity::delete_many()
            .filter(recovery_code::Column::UserId.eq(user))
            .exec(write.on())
            .await?;
        let mut told = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let code = codes::random(self.ids(), RECOVERY_LETTERS);
            recovery_code::ActiveModel {
                user_id: Set(user),
                code_hash: Set(codes::hash_of(RECOVERY, &code)),
                used_at: Set(None),
            }
            .insert(write.on())
            .await?;
            told.push(codes::grouped(&code));
        }
        Ok(RecoveryCodes { codes: told })
    }
}

async fn use_recovery(write: &Write, user: Uuid, code: &str) -> Result<Option<CodeKind>> {
    let used = recovery_code::Entity::update_many()
        .set(recovery_code::ActiveModel {
            used_at: Set(Some(write.at().as_micros())),
            ..Default::default()
        })
        .filter(recovery_code::Column::UserId.eq(user))
        .filter(recovery_code::Column::CodeHash.eq(codes::hash_of(RECOVERY, code)))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(write.on())
        .await?;
    Ok((used.rows_affected == 1).then_some(CodeKind::Recovery))
}

/// Takes a person's codes away.
pub(super) async fn forget_codes(write: &Write, user: Uuid) -> Result<()> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::UserId.eq(user))
        .exec(write.on())
        .await?;
    second_factor::Entity::delete_by_id(user)
        .exec(write.on())
        .await?;
    set_since(write, user, None).await
}

async fn set_since(write: &Write, user: Uuid, since: Option<Timestamp>) -> Result<()> {
    user_account::Entity::update_many()
        .set(user_account::ActiveModel {
            second_factor_at: Set(since.map(Timestamp::as_micros)),
            ..Default::default()
        })
        .filter(user_account::Column::Id.eq(user))
        .exec(write.on())
        .await?;
    Ok(())
}

impl Acting {
    /// Whether signing in asks this person for a code.
    ///
    /// # Errors
    /// When the account is gone.
    pub async fn second_factor(&self, is_required: bool) -> Result<SecondFactorView> {
        let user = self.account().await?;
        let left = recovery_code::Entity::find()
            .filter(recovery_code::Column::UserId.eq(user.id))
            .filter(recovery_code::Column::UsedAt.is_null())
            .count(self.store.read())
            .await?;
        Ok(SecondFactorView {
            since: user.second_factor_at.map(Timestamp::from_micros),
            recovery_codes_left: u32::try_from(left).unwrap_or(u32::MAX),
            demanded: is_required && self.a_role_demands_codes().await?,
        })
    }

    /// Also one that does not count in this very session, on a phone.
    async fn a_role_demands_codes(&self) -> Result<bool> {
        let (held, _) = self.store.grants_in_force(self.actor.person_id()?).await?;
        Ok(held.iter().any(|grant| grant.role.needs_second_factor()))
    }

    /// A new secret. It counts once a code made from it is shown; until then the one before does. The password is shown
    /// again, and who has codes shows one first: an open screen must not be enough to lock its person out, nor to move the
    /// codes to another phone.
    ///
    /// # Errors
    /// `step_up_needed`, `invalid`, `too_many_attempts`.
    pub async fn offer_second_factor(&self, body: ShowPassword) -> Result<SecondFactorOffer> {
        let user = self.account().await?;
        self.require_code(&user)?;
        self.require_password(&user, body.password).await?;
        let mut write = self.begin().await?;
        let object = format!("user:{}", user.id);
        // The password is no part of what makes a repeat equal: its hash would be a hash of a secret.
        let same = serde_json::json!({});
        let seen = write
            .once(body.event_id, "second_factor.offer", &object, &same)
            .await?;
        let row = second_factor::Entity::find_by_id(user.id)
            .lock_exclusive()
            .one(write.on())
            .await?;
        let known = row.as_ref().and_then(|row| row.pending_enc.clone());
        let secret = match (seen, known) {
            (Seen::Before, Some(sealed)) => self.store.secret_of(user.id, PENDING, &sealed)?,
            (Seen::Before, None) => return Err(Error::WRONG_MOMENT),
            (Seen::Now, _) => {
                let secret = Zeroizing::new(self.store.ids().bytes::<{ totp::SECRET_LEN }>());
                let text = Zeroizing::new(STANDARD.encode(secret.as_slice()));
                let sealed = self
                    .store
                    .keys()
                    .encrypt_field(TABLE, PENDING, user.id, &text);
                match row {
                    Some(row) => {
                        let mut active: second_factor::ActiveModel = row.into();
                        active.pending_enc = Set(Some(sealed));
                        active.update(write.on()).await?;
                    }
                    None => {
                        second_factor::ActiveModel {
                            user_id: Set(user.id),
                            secret_enc: Set(None),
                            pending_enc: Set(Some(sealed)),
                            last_step: Set(0),
                        }
                        .insert(write.on())
                        .await?;
                    }
                }
                Zeroizing::new(secret.to_vec())
            }
        };
        write.commit().await?;
        Ok(SecondFactorOffer {
            secret: totp::base32(&secret),
            uri: totp::uri(&user.username, &secret),
        })
    }

    /// Puts the offered secret in force by a code made from it. This session has shown a code then; every other session of
    /// the account ends. The recovery codes are told once.
    ///
    /// # Errors
    /// `invalid`, `too_many_attempts`, `step_up_needed`; `wrong_moment` when nothing is offered, or the same event is
    /// repeated.
    pub async fn confirm_second_factor(&self, body: ShowCode) -> Result<RecoveryCodes> {
        let user = self.account().await?;
        self.require_code(&user)?;
        let mut write = self.begin().await?;
        let object = format!("user:{}", user.id);
        let row = second_factor::Entity::find_by_id(user.id)
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::WRONG_MOMENT)?;
        let offered = row.pending_enc.as_deref().ok_or(Error::WRONG_MOMENT)?;
        let secret = self.store.secret_of(user.id, PENDING, offered)?;
        let guess = subject("code", &["confirm", &user.id.to_string()]);
        if self.store.failures(write.on(), &guess, write.at()).await? >= TRIES_PER_ACCOUNT {
            return Err(Error::Wait {
                code: ProblemCode::TooManyAttempts,
                retry_after_s: 60,
            });
        }
        let Some(step) = totp::step_of(&secret, &codes::plain(&body.code), write.at(), 0) else {
            // Counted under the lock, without the event: the next code may be shown under it.
            let now = write.at();
            self.store.count_failure(write.on(), &guess, now).await?;
            write.commit().await?;
            return Err(wrong_code());
        };
        // The code is no part of what makes a repeat equal.
        let same = serde_json::json!({});
        if write
            .once(body.event_id, "second_factor.confirm", &object, &same)
            .await?
            == Seen::Before
        {
            return Err(Error::WRONG_MOMENT);
        }
        let text = Zeroizing::new(STANDARD.encode(secret.as_slice()));
        let sealed = self
            .store
            .keys()
            .encrypt_field(TABLE, SECRET, user.id, &text);
        let mut active: second_factor::ActiveModel = row.into();
        active.secret_enc = Set(Some(sealed));
        active.pending_enc = Set(None);
        active.last_step = Set(step);
        active.update(write.on()).await?;
        set_since(&write, user.id, Some(write.at())).await?;
        self.mark_stepped_up(&write).await?;
        let told = self.store.new_recovery_codes(&write, user.id).await?;
        end_sessions(
            &mut write,
            user.id,
            self.actor.session(),
            "second factor set up",
        )
        .await?;
        write.journal(Entry::new(
            "second_factor.confirm",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({ "replaced": user.second_factor_at.is_some() }),
        )?);
        write.commit().await?;
        Ok(told)
    }

    /// Ten new recovery codes; those before count no more. Told once. The password is shown again: ten codes would make of
    /// an open screen whatever a code is asked for, for good.
    ///
    /// # Errors
    /// `step_up_needed`, `invalid`, `too_many_attempts`; `wrong_moment` when there are no codes at all, or the same event is
    /// repeated.
    pub async fn renew_recovery_codes(&self, body: ShowPassword) -> Result<RecoveryCodes> {
        let user = self.account().await?;
        if user.second_factor_at.is_none() {
            return Err(Error::WRONG_MOMENT);
        }
        self.require_code(&user)?;
        self.require_password(&user, body.password).await?;
        let mut write = self.begin().await?;
        let object = format!("user:{}", user.id);
        // The password is no part of what makes a repeat equal, as when a secret is offered.
        let same = serde_json::json!({});
        let seen = write
            .once(body.event_id, "second_factor.recovery", &object, &same)
            .await?;
        if seen == Seen::Before {
            return Err(Error::WRONG_MOMENT);
        }
        let told = self.store.new_recovery_codes(&write, user.id).await?;
        write.journal(Entry::new(
            "second_factor.recovery",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({}),
        )?);
        write.commit().await?;
        Ok(told)
    }

    /// Gives the codes up: the password alone is enough again, and is shown for it.
    ///
    /// # Errors
    /// `step_up_needed`, `invalid`, `too_many_attempts`; `second_factor_required` when a role demands them.
    pub async fn remove_second_factor(&self, body: ShowPassword, is_required: bool) -> Result<()> {
        let user = self.account().await?;
        if is_required && self.a_role_demands_codes().await? {
            return Err(Error::Refused(ProblemCode::SecondFactorRequired));
        }
        self.require_code(&user)?;
        self.require_password(&user, body.password).await?;
        let mut write = self.begin().await?;
        let object = format!("user:{}", user.id);
        let same = serde_json::json!({});
        let seen = write
            .once(body.event_id, "second_factor.remove", &object, &same)
            .await?;
        if seen == Seen::Before || user.second_factor_at.is_none() {
            return write.commit().await;
        }
        forget_codes(&write, user.id).await?;
        write.journal(Entry::new(
            "second_factor.remove",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({ "by": "owner" }),
        )?);
        write.commit().await
    }

    /// Takes somebody's codes away, at the server's command line: whoever sits there holds the keys.
    ///
    /// # Errors
    /// `forbidden` for anybody else.
    pub async fn forget_second_factor(&self, user: UserId) -> Result<()> {
        if !self.actor.is_system() {
            return Err(Error::Refused(ProblemCode::Forbidden));
        }
        let mut write = self.begin().await?;
        forget_codes(&write, user.into()).await?;
        write.journal(Entry::new(
            "second_factor.remove",
            format!("user:{user}"),
            Role::System,
            None,
            &serde_json::json!({ "by": "command line" }),
        )?);
        write.commit().await
    }

    /// Shows a code in this session, for the acts that ask for one.
    ///
    /// # Errors
    /// `invalid`, `too_many_attempts`; `wrong_moment` for who has no codes.
    pub async fn step_up(&self, body: ShowCode) -> Result<SteppedUp> {
        let user = self.account().await?;
        if user.second_factor_at.is_none() || self.actor.session().is_none() {
            return Err(Error::WRONG_MOMENT);
        }
        let mut write = self.begin().await?;
        let object = format!("user:{}", user.id);
        let same = serde_json::json!({});
        // A lost reply must not ask for another code. Only what counted is remembered: a wrong code's event is free.
        let known = event::Entity::find_by_id(Uuid::from(body.event_id))
            .one(write.on())
            .await?;
        if known.is_some() {
            write
                .once(body.event_id, "session.step_up", &object, &same)
                .await?;
            let at = self.stepped_up_at(&write).await?;
            let until = at.ok_or(Error::WRONG_MOMENT)?.plus_s(STEP_UP_S);
            return Ok(SteppedUp { until });
        }
        let kind = self
            .store
            .check_code(&write, user.id, "step-up", &body.code)
            .await?;
        let Some(kind) = kind else {
            write.commit().await?;
            return Err(wrong_code());
        };
        write
            .once(body.event_id, "session.step_up", &object, &same)
            .await?;
        self.mark_stepped_up(&write).await?;
        let until = write.at().plus_s(STEP_UP_S);
        write.journal(Entry::new(
            "session.step_up",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({ "code": kind, "session": self.actor.session() }),
        )?);
        write.commit().await?;
        Ok(SteppedUp { until })
    }

    async fn stepped_up_at(&self, write: &Write) -> Result<Option<Timestamp>> {
        let id = self.actor.session().map_or_else(Uuid::nil, Into::into);
        let row = session::Entity::find_by_id(id).one(write.on()).await?;
        Ok(row
            .and_then(|row| row.stepped_up_at)
            .map(Timestamp::from_micros))
    }

    async fn mark_stepped_up(&self, write: &Write) -> Result<()> {
        let Some(id) = self.actor.session() else {
            return Ok(());
        };
        session::Entity::update_many()
            .set(session::ActiveModel {
                stepped_up_at: Set(Some(write.at().as_micros())),
                ..Default::default()
            })
            .filter(session::Column::Id.eq(Uuid::from(id)))
            .exec(write.on())
            .await?;
        Ok(())
    }

    /// Refuses whoever has codes and has shown none lately in this session.
    fn require_code(&self, user: &user_account::Model) -> Result<()> {
        if user.second_factor_at.is_some() && self.actor.must_step_up(self.store.now()) {
            return Err(Error::Refused(ProblemCode::StepUpNeeded));
        }
        Ok(())
    }
}
