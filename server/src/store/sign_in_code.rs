//! Signing in with a code beside the password: between the two stands a token that is good for showing the code, and opens
//! nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::EntityTrait;
use tilik_protocol::ids::{SessionId, UserId};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::second_factor::{CodeNeeded, SignInCode};
use tilik_protocol::session::{Me, Tokens};
use uuid::Uuid;

use super::Store;
use super::sessions::{Begin, Door, Place, Subjects, hash_of, is_outdated};
use super::tables::user_account;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::tokens;

/// Which password is meant, without telling it: the hash holds a salt of its own.
fn password_mark(user: &user_account::Model) -> String {
    URL_SAFE_NO_PAD.encode(&hash_of(&user.password_hash)[..12])
}

impl Store {
    /// Shows the code that was still wanted.
    ///
    /// # Errors
    /// `pending_expired`, `too_many_attempts`; `invalid` when it is wrong.
    pub(crate) async fn sign_in_code(&self, body: SignInCode, place: &Place) -> Result<Tokens> {
        let begin = Begin::default();
        let (user, id, refresh_token) = self.begin_with_code(body, place, begin).await?;
        self.tokens_of(&user, Door::Elsewhere, id, refresh_token)
            .await
    }

    /// Shows the code that was still wanted of a browser.
    ///
    /// # Errors
    /// As [`Store::sign_in_code`].
    pub(crate) async fn sign_in_console_code(
        &self,
        body: SignInCode,
        place: &Place,
    ) -> Result<(String, Me)> {
        let begin = Begin {
            cookie: true,
            ..Begin::default()
        };
        let (user, _, secret) = self.begin_with_code(body, place, begin).await?;
        Ok((secret, self.me_of(&user, Door::Elsewhere).await?))
    }

    pub(super) fn pending(&self, user: &user_account::Model) -> Result<CodeNeeded> {
        let shown = password_mark(user);
        let (pending, expires_at) =
            tokens::issue_pending(self.keys(), UserId(user.id), shown, self.now())?;
        Ok(CodeNeeded {
            pending,
            expires_at,
        })
    }

    /// A session of whoever showed the password a moment ago and shows a code now.
    async fn begin_with_code(
        &self,
        body: SignInCode,
        place: &Place,
        begin: Begin,
    ) -> Result<(user_account::Model, SessionId, String)> {
        let over = || Error::Refused(ProblemCode::PendingExpired);
        let now = self.now();
        let (user, shown_at, shown) = tokens::check_pending(self.keys(), &body.pending, now)?;
        // What was taken from this person meanwhile counts, as it does for a session.
        let user = user_account::Entity::find_by_id(Uuid::from(user))
            .one(self.read())
            .await?
            .filter(|user| user.suspended_at.is_none() && !is_outdated(user, now))
            .filter(|user| {
                user.signed_out_at
                    .is_none_or(|at| shown_at.as_micros() > at)
            })
            .filter(|user| password_mark(user) == shown && user.second_factor_at.is_some())
            .ok_or_else(over)?;
        let kind = self
            .show_code(&Actor::system("code shown"), user.id, "sign-in", &body.code)
            .await?;
        let subjects = Subjects::of(&user.username, &place.address);
        let begin = Begin {
            code: Some(kind),
            ..begin
        };
        let (id, secret) = self.begin_session(&user, &subjects, place, begin).await?;
        Ok((user, id, secret))
    }
}
