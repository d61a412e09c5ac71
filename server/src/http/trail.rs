//! The journal and the access log, for auditors.

use serde::Deserialize;
use tilik_protocol::ids::{CaseId, UserId};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{AccessRow, JournalRow, Page, TrailPerson};
use tilik_protocol::time::Timestamp;

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;
use crate::store::trail::TrailFilter;

/// Which rows, and which page of them.
#[derive(Debug, Deserialize)]
pub struct TrailQuery {
    case: Option<CaseId>,
    object: Option<String>,
    user: Option<UserId>,
    role: Option<Role>,
    action: Option<String>,
    region: Option<RegionCode>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    #[serde(default)]
    newest: bool,
    after: Option<String>,
    limit: Option<u64>,
}

impl TrailQuery {
    fn page(self) -> (TrailFilter, Option<String>, u64) {
        let filter = TrailFilter {
            case: self.case,
            object: self.object,
            user: self.user,
            role: self.role,
            action: self.action,
            region: self.region,
            since: self.since,
            until: self.until,
            newest: self.newest,
        };
        let limit = self.limit.unwrap_or(50).clamp(1, 200);
        (filter, self.after, limit)
    }
}

/// `GET /v1/journal`.
#[utoipa::path(get, path = "/v1/journal", tag = "trail", params(("case" = Option<CaseId>, Query, description = "A case with its visits, photos, memberships and notices"), ("object" = Option<String>, Query, description = "Such as `case:<id>`"), ("user" = Option<UserId>, Query, description = "Who did it"), ("role" = Option<Role>, Query, description = "As what"), ("action" = Option<String>, Query, description = "Such as `case.accept`"), ("region" = Option<RegionCode>, Query, description = "Only what lies there and below"), ("since" = Option<Timestamp>, Query, description = "From this instant on"), ("until" = Option<Timestamp>, Query, description = "Before this instant"), ("newest" = Option<bool>, Query, description = "`true`: the newest first, also from page to page"), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<JournalRow>)))]
pub async fn journal(
    By(by): By,
    Query(query): Query<TrailQuery>,
) -> Result<Json<Page<JournalRow>>> {
    let (filter, after, limit) = query.page();
    Ok(Json(
        by.journal_rows(&filter, after.as_deref(), limit).await?,
    ))
}

/// `GET /v1/access`.
#[utoipa::path(get, path = "/v1/access", tag = "trail", params(("case" = Option<CaseId>, Query, description = "A case with its visits, photos, memberships and notices"), ("object" = Option<String>, Query, description = "Such as `photo:<id>`"), ("user" = Option<UserId>, Query, description = "Who looked"), ("role" = Option<Role>, Query, description = "As what"), ("action" = Option<String>, Query, description = "What was read, such as `family_number`"), ("region" = Option<RegionCode>, Query, description = "Only what lies there and below"), ("since" = Option<Timestamp>, Query, description = "From this instant on"), ("until" = Option<Timestamp>, Query, description = "Before this instant"), ("newest" = Option<bool>, Query, description = "`true`: the newest first, also from page to page"), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<AccessRow>)))]
pub async fn access(By(by): By, Query(query): Query<TrailQuery>) -> Result<Json<Page<AccessRow>>> {
    let (filter, after, limit) = query.page();
    Ok(Json(
        by.access_rows(&filter, after.as_deref(), limit).await?,
    ))
}

/// `GET /v1/journal/people`: who may have acted or looked, by name.
#[utoipa::path(get, path = "/v1/journal/people", tag = "trail", responses((status = 200, body = Page<TrailPerson>)))]
pub async fn people(By(by): By) -> Result<Json<Page<TrailPerson>>> {
    Ok(Json(by.trail_people().await?))
}
