//! Accounts as who manages them looks for them: by name, by role, by whether they can do anything.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::ids::UserId;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::review::Page;
use tilik_protocol::session::{AccountState, GrantView, UserView};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::tables::{role_grant, user_account};
use super::users::{all_covered, grant_view};
use crate::error::{Error, Result};

/// Accounts looked at in one statement when most may not be meant.
const AT_ONCE: u64 = 500;

/// Which accounts.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Every word of it stands in the person's or the account's name, in capitals or not.
    pub find: Option<String>,
    /// Who holds this role, or will.
    pub role: Option<Role>,
    /// Whether it can do anything.
    pub state: Option<AccountState>,
}

/// What a grant is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    Counts,
    /// When an approver has confirmed it, or its time has come.
    Will,
    Past,
}

fn worth(grant: &GrantView, now: Timestamp) -> Worth {
    let over = grant.valid_until.is_some_and(|until| until <= now);
    let waits = grant.role.known().is_none_or(Role::waits_for_approver);
    if grant.ended_at.is_some() || over {
        Worth::Past
    } else if (waits && !grant.confirmed) || grant.valid_from > now {
        Worth::Will
    } else {
        Worth::Counts
    }
}

fn state_of(view: &UserView, now: Timestamp) -> AccountState {
    let has = |what| view.grants.iter().any(|grant| worth(grant, now) == what);
    if view.suspended {
        AccountState::Suspended
    } else if has(Worth::Counts) {
        AccountState::Active
    } else if has(Worth::Will) {
        AccountState::Waiting
    } else {
        AccountState::None
    }
}

impl UserFilter {
    /// Lower case is made here: the databases know it of ASCII only.
    fn words(&self) -> Vec<String> {
        let text = self.find.as_deref().unwrap_or_default().to_lowercase();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn lets_through(&self, view: &UserView, now: Timestamp) -> bool {
        let holds = |role| {
            let mut open = view.grants.iter();
            open.any(|grant| grant.role.known() == Some(role) && worth(grant, now) != Worth::Past)
        };
        self.role.is_none_or(holds) && self.state.is_none_or(|state| state == state_of(view, now))
    }
}

fn is_called(row: &user_account::Model, words: &[String]) -> bool {
    let text = format!("{} {}", row.name, row.username).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

impl Acting {
    /// The views of those of these accounts that are the actor's to manage, in their order.
    async fn in_reach(&self, rows: Vec<user_account::Model>) -> Result<Vec<UserView>> {
        let mine = self.actor.regions(Permission::ManageUsers);
        let mut held: HashMap<Uuid, Vec<role_grant::Model>> = HashMap::new();
        for grant in role_grant::Entity::find()
            .filter(role_grant::Column::UserId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(role_grant::Column::Id)
            .all(self.store.read())
            .await?
        {
            held.entry(grant.user_id).or_default().push(grant);
        }
        let mut views = Vec::new();
        for row in rows {
            let grants = held.remove(&row.id).unwrap_or_default();
            let mut reaches = true;
            for grant in grants.iter().filter(|grant| grant.ended_at.is_none()) {
                reaches &= all_covered(&mine, grant)?;
            }
            if reaches {
                views.push(UserView {
                    id: UserId(row.id),
                    username: row.username,
                    name: row.name,
                    suspended: row.suspended_at.is_some(),
                    grants: grants.iter().map(grant_view).collect::<Result<_>>()?,
                });
            }
        }
        let grants = views.iter_mut().flat_map(|view| &mut view.grants);
        self.store.name_principals(grants).await?;
        Ok(views)
    }

    /// Accounts in reach that a filter lets through, by id.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn users(
        &self,
        filter: &UserFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<UserView>> {
        self.actor.require(Permission::ManageUsers)?;
        let mut after = after
            .map(|text| Uuid::parse_str(text).map_err(|_| Error::Refused(ProblemCode::BadCursor)))
            .transpose()?;
        let words = filter.words();
        let now = self.store.now();
        let most = usize::try_from(limit).map_err(Error::internal)?;
        let mut items: Vec<UserView> = Vec::new();
        loop {
            let mut query = user_account::Entity::find().order_by_asc(user_account::Column::Id);
            if let Some(after) = after {
                query = query.filter(user_account::Column::Id.gt(after));
            }
            let mut rows = query.limit(AT_ONCE).all(self.store.read()).await?;
            let is_last = (rows.len() as u64) < AT_ONCE;
            after = rows.last().map(|row| row.id);
            rows.retain(|row| is_called(row, &words));
            let found = self.in_reach(rows).await?;
            items.extend(
                found
                    .into_iter()
                    .filter(|view| filter.lets_through(view, now)),
            );
            // One more than fits: there is another page.
            let more = items.len() > most;
            if more || is_last {
                items.truncate(most);
                let next = items.last().filter(|_| more);
                let next = next.map(|view| view.id.to_string());
                return Ok(Page { items, next });
            }
        }
    }

    /// One account in reach.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn user(&self, id: UserId) -> Result<UserView> {
        self.actor.require(Permission::ManageUsers)?;
        let row = user_account::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let mut found = self.in_reach(vec![row]).await?;
        let mut one = found.pop().ok_or(Error::NOT_FOUND)?;
        self.store.tell_refusals(one.grants.iter_mut()).await?;
        Ok(one)
    }
}

#[cfg(test)]
mod tests {
    use tilik_protocol::ids::GrantId;
    use tilik_protocol::lenient::Lenient;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    fn grant(role: Role, confirmed: bool, from_s: i64, until_s: Option<i64>) -> GrantView {
        GrantView {
            id: GrantId(Uuid::nil()),
            role: Lenient::Known(role),
            regions: Vec::new(),
            valid_from: NOW.plus_s(from_s),
            valid_until: until_s.map(|s| NOW.plus_s(s)),
            document_number: String::new(),
            confirmed,
            ended_at: None,
            delegated_from: None,
            deputy_for: None,
            refused: None,
        }
    }

    fn with(grants: Vec<GrantView>) -> UserView {
        UserView {
            id: UserId(Uuid::nil()),
            username: String::new(),
            name: String::new(),
            suspended: false,
            grants,
        }
    }

    #[test]
    fn an_account_is_as_good_as_the_best_of_its_grants() {
        let over = grant(Role::Officer, false, -20, Some(0));
        let waiting = grant(Role::Operator, false, -20, None);
        let coming = grant(Role::Officer, false, 20, None);
        let counts = grant(Role::Operator, true, -20, Some(1));
        let state =
            |grants: &[&GrantView]| state_of(&with(grants.iter().copied().cloned().collect()), NOW);
        assert_eq!(state(&[]), AccountState::None);
        assert_eq!(state(&[&over]), AccountState::None);
        assert_eq!(state(&[&over, &waiting]), AccountState::Waiting);
        assert_eq!(state(&[&coming]), AccountState::Waiting);
        assert_eq!(state(&[&waiting, &counts, &over]), AccountState::Active);
        let gone = UserView {
            suspended: true,
            ..with(vec![counts])
        };
        assert_eq!(state_of(&gone, NOW), AccountState::Suspended);
    }
}
