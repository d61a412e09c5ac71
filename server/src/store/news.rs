//! What is new in a version is told once to each person for each of their roles; what it is, the console knows.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Role;
use tilik_protocol::review::Page;
use tilik_protocol::session::{MarkNews, SeenNews};
use uuid::Uuid;

use super::Acting;
use super::journal::Entry;
use super::tables::seen_news;
use super::write::Seen;
use crate::error::{Error, Result};

fn check_version(version: &str) -> Result<()> {
    let fits = (1..=32).contains(&version.len())
        && version
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b".-".contains(&b));
    if fits {
        Ok(())
    } else {
        Err(Error::field(
            "version",
            "bad_shape",
            "Pakai 1 sampai 32 angka, huruf kecil, titik atau tanda hubung.",
        ))
    }
}

impl Acting {
    /// Up to which version this person was told what is new, by role.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn seen_news(&self) -> Result<Page<SeenNews>> {
        let me = Uuid::from(self.actor.person_id()?);
        let rows = seen_news::Entity::find()
            .filter(seen_news::Column::UserId.eq(me))
            .order_by_asc(seen_news::Column::Role)
            .all(self.store.read())
            .await?;
        let items = rows.into_iter().map(|row| SeenNews {
            role: Lenient::read(&row.role),
            version: row.version,
        });
        Ok(Page {
            items: items.collect(),
            next: None,
        })
    }

    /// This person has been told; roles that they do not hold are passed over.
    ///
    /// # Errors
    /// `invalid`.
    pub async fn mark_news(&self, body: MarkNews) -> Result<()> {
        check_version(&body.version)?;
        let me = self.actor.person_id()?;
        let mut write = self.begin().await?;
        let object = format!("user:{me}");
        if write
            .once(body.event_id, "user.news_seen", &object, &body)
            .await?
            == Seen::Before
        {
            return Ok(());
        }
        let held = |role: &Role| self.actor.grants().iter().any(|grant| grant.role == *role);
        let mut roles: Vec<Role> = body.roles.iter().copied().filter(held).collect();
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            return Ok(());
        }
        let rows = roles.iter().map(|role| seen_news::ActiveModel {
            user_id: Set(me.into()),
            role: Set(role.to_string()),
            version: Set(body.version.clone()),
            seen_at: Set(write.at().as_micros()),
        });
        let newer = OnConflict::columns([seen_news::Column::UserId, seen_news::Column::Role])
            .update_columns([seen_news::Column::Version, seen_news::Column::SeenAt])
            .to_owned();
        seen_news::Entity::insert_many(rows)
            .on_conflict(newer)
            .exec_without_returning(write.on())
            .await?;
        write.journal(Entry::new(
            "user.news_seen",
            object,
            Role::System,
            Some(body.event_id),
            &serde_json::json!({ "version": body.version, "roles": roles }),
        )?);
        write.commit().await
    }
}
