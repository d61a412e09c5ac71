//! Letters: how they look, looked at before, issued, printed, revoked; and checked by whoever holds the paper.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tilik_protocol::ids::{FamilyId, LetterId};
use tilik_protocol::letter::{
    CheckLetter, IssueLetter, LetterChecked, LetterOfficeView, LetterPreview, LetterView,
    PreviewLetter, RevokeLetter, SetLetterOffice,
};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::session::Act;

use super::attachment::attachment;
use super::auth::By;
use super::body::{Json, Path, Query};
use crate::App;
use crate::error::{Error, Result};
use crate::letters;
use crate::store::letters::LetterFilter;
use crate::store::sessions::Place;

/// Filters of the list.
#[derive(Debug, Deserialize)]
pub struct LetterQuery {
    family: Option<FamilyId>,
    number: Option<String>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `GET /v1/letter-offices`: the newest settings of every office in reach.
#[utoipa::path(get, path = "/v1/letter-offices", tag = "letters", responses((status = 200, body = Vec<LetterOfficeView>)))]
pub async fn offices(By(by): By) -> Result<Json<Vec<LetterOfficeView>>> {
    Ok(Json(by.letter_offices().await?))
}

/// `POST /v1/letter-offices`.
#[utoipa::path(post, path = "/v1/letter-offices", tag = "letters", request_body = SetLetterOffice, responses((status = 200, body = LetterOfficeView)))]
pub async fn set_office(
    By(by): By,
    Json(body): Json<SetLetterOffice>,
) -> Result<Json<LetterOfficeView>> {
    Ok(Json(by.set_letter_office(body).await?))
}

/// `GET /v1/letter-offices/{code}/versions`: the newest first.
#[utoipa::path(get, path = "/v1/letter-offices/{code}/versions", tag = "letters", params(("code" = RegionCode, Path)), responses((status = 200, body = Vec<LetterOfficeView>)))]
pub async fn office_versions(
    By(by): By,
    Path(code): Path<RegionCode>,
) -> Result<Json<Vec<LetterOfficeView>>> {
    Ok(Json(by.letter_office_versions(&code).await?))
}

/// `POST /v1/letters/preview`: what would be printed; logged as a read.
#[utoipa::path(post, path = "/v1/letters/preview", tag = "letters", request_body = PreviewLetter, responses((status = 200, body = LetterPreview)))]
pub async fn preview(
    By(by): By,
    State(app): State<App>,
    Json(body): Json<PreviewLetter>,
) -> Result<Json<LetterPreview>> {
    Ok(Json(by.preview_letter(body, app.config.appeal_days).await?))
}

/// `POST /v1/letters`.
#[utoipa::path(post, path = "/v1/letters", tag = "letters", request_body = IssueLetter, responses((status = 200, body = LetterView)))]
pub async fn issue(
    By(by): By,
    State(app): State<App>,
    Json(body): Json<IssueLetter>,
) -> Result<Json<LetterView>> {
    Ok(Json(by.issue_letter(body, app.config.appeal_days).await?))
}

/// `GET /v1/letters`: the newest first.
#[utoipa::path(get, path = "/v1/letters", tag = "letters", params(("family" = Option<FamilyId>, Query), ("number" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<LetterView>)))]
pub async fn list(By(by): By, Query(query): Query<LetterQuery>) -> Result<Json<Page<LetterView>>> {
    let filter = LetterFilter {
        family: query.family,
        number: query.number,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    Ok(Json(
        by.letters(&filter, query.after.as_deref(), limit).await?,
    ))
}

/// `GET /v1/letters/{id}`.
#[utoipa::path(get, path = "/v1/letters/{id}", tag = "letters", params(("id" = LetterId, Path)), responses((status = 200, body = LetterView)))]
pub async fn show(By(by): By, Path(id): Path<LetterId>) -> Result<Json<LetterView>> {
    Ok(Json(by.letter(id).await?))
}

/// `POST /v1/letters/{id}/print`: one more copy, counted and journalled. Repeating the request gives the same copy.
#[utoipa::path(post, path = "/v1/letters/{id}/print", tag = "letters", params(("id" = LetterId, Path)), request_body = Act, responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub async fn print(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<LetterId>,
    Json(body): Json<Act>,
) -> Result<Response> {
    let copy = by.print_letter(id, body).await?;
    let address = app.config.public_url.clone();
    let drawn =
        tokio::task::spawn_blocking(move || letters::draw(&copy.content, &copy.code, &address));
    let bytes = drawn.await.map_err(Error::internal)??;
    // Named after nobody.
    attachment(bytes, "application/pdf", "surat.pdf")
}

/// `POST /v1/letters/{id}/revoke`.
#[utoipa::path(post, path = "/v1/letters/{id}/revoke", tag = "letters", params(("id" = LetterId, Path)), request_body = RevokeLetter, responses((status = 200, body = LetterView)))]
pub async fn revoke(
    By(by): By,
    Path(id): Path<LetterId>,
    Json(body): Json<RevokeLetter>,
) -> Result<Json<LetterView>> {
    Ok(Json(by.revoke_letter(id, body).await?))
}

/// `POST /v1/letters/check`: what whoever holds the paper may compare with it.
#[utoipa::path(post, path = "/v1/letters/check", tag = "letters", request_body = CheckLetter, responses((status = 200, body = LetterChecked)))]
pub async fn check(
    State(app): State<App>,
    place: Place,
    Json(body): Json<CheckLetter>,
) -> Result<Json<LetterChecked>> {
    Ok(Json(app.store.check_letter(body, &place.address).await?))
}
