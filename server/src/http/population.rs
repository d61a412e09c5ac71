//! Population events: what the civil registry signed, and what people say of it.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use serde::Deserialize;
use tilik_protocol::ids::{CivilBatchId, CivilEventId, FamilyId, MoveId};
use tilik_protocol::population::{
    AnswerMove, AnswersTaken, AskMatches, BatchReceipt, BatchState, BatchView, Channel,
    CivilEventView, CivilEvents, CivilKind, CivilState, DecideBatch, FamilyEvents, JudgeEvent,
    MatchAnswers, MatchQuestion, MatchView, MatchesAsked, MoveFamily, MoveState, MoveView, Seal,
    TakeQuestions, UnmaskedEvent, VillageRow, split_file,
};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::review::{Page, Unmask};

use super::auth::By;
use super::body::{Json, Path, Query};
use super::imports::body_of;
use crate::App;
use crate::error::{Error, Result};
use crate::store::population::{EventFilter, Side};

/// Largest batch or file, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Filters of the list of events.
#[derive(Debug, Deserialize)]
pub struct EventQuery {
    waiting: Option<bool>,
    state: Option<CivilState>,
    kind: Option<CivilKind>,
    batch: Option<CivilBatchId>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Filters of the list of batches.
#[derive(Debug, Deserialize)]
pub struct BatchQuery {
    state: Option<BatchState>,
    after: Option<String>,
    limit: Option<u64>,
}

/// Which moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichMoves {
    /// To one's villages.
    In,
    /// From one's villages.
    Out,
}

/// Filters of the list of moves.
#[derive(Debug, Deserialize)]
pub struct MoveQuery {
    side: WhichMoves,
    state: Option<MoveState>,
    after: Option<String>,
    limit: Option<u64>,
}

/// What a village is called.
#[derive(Debug, Deserialize)]
pub struct VillageQuery {
    text: Option<String>,
}

fn limit(asked: Option<u64>) -> u64 {
    asked.unwrap_or(50).clamp(1, 200)
}

/// The seal in the first line of a file, and what it is of.
pub(super) fn in_file<'a>(body: &'a [u8], from: &str) -> Result<(Seal, &'a [u8])> {
    split_file(body).ok_or_else(|| {
        let remedy = format!(
            "Baris pertama berkas harus berisi kunci, waktu, nonce dan tanda tangan; pakai berkas asli dari {from}."
        );
        Error::field("file", "no_seal", &remedy)
    })
}

/// The seal in a request's headers.
pub(super) fn seal_of(headers: &HeaderMap) -> Result<Seal> {
    let header = |name: &str, field: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::trim).filter(|text| !text.is_empty()).ok_or_else(|| {
            Error::field(
                field,
                "missing",
                "Kirim kepala tilik-feed-key, tilik-feed-time, tilik-feed-nonce dan tilik-feed-signature.",
            )
        })
    };
    let time = header("tilik-feed-time", "time")?;
    let time = time.parse().map_err(|_| {
        Error::field(
            "time",
            "bad_shape",
            "Tulis waktu RFC 3339 seperti 2026-11-24T03:00:00Z.",
        )
    })?;
    Ok(Seal {
        key: header("tilik-feed-key", "key")?.to_owned(),
        time,
        nonce: header("tilik-feed-nonce", "nonce")?.to_owned(),
        signature: header("tilik-feed-signature", "signature")?.to_owned(),
    })
}

async fn bring(
    by: By,
    app: App,
    seal: &Seal,
    body: &[u8],
    channel: Channel,
) -> Result<Json<BatchReceipt>> {
    let config = &app.config;
    let brought =
        by.0.bring_events(seal, body, channel, &config.feed_keys, &config.event_limits);
    let receipt = Box::pin(brought).await?;
    app.wake_workers();
    Ok(Json(receipt))
}

/// `POST /v1/population/events`: signed in its headers. The signature is over the time as `2026-11-24T03:00:00.000000Z`, the
/// nonce and the body as it is sent.
#[utoipa::path(post, path = "/v1/population/events", tag = "population", request_body = CivilEvents, params(("tilik-feed-key" = String, Header), ("tilik-feed-time" = String, Header), ("tilik-feed-nonce" = String, Header), ("tilik-feed-signature" = String, Header)), responses((status = 200, body = BatchReceipt)))]
pub async fn events(
    by: By,
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BatchReceipt>> {
    let seal = seal_of(&headers)?;
    bring(by, app, &seal, &body_of(body)?, Channel::Http).await
}

/// `POST /v1/population/files`: signed in its first line, carried by whoever has it.
#[utoipa::path(post, path = "/v1/population/files", tag = "population", request_body(content = String, content_type = "application/octet-stream", description = "The file as it is"), responses((status = 200, body = BatchReceipt)))]
pub async fn file(
    By(by): By,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BatchReceipt>> {
    let body = body_of(body)?;
    let (seal, rest) = in_file(&body, "Dukcapil")?;
    bring(By(by), app, &seal, rest, Channel::File).await
}

/// `GET /v1/population/events`.
#[utoipa::path(get, path = "/v1/population/events", tag = "population", params(("waiting" = Option<bool>, Query), ("state" = Option<CivilState>, Query), ("kind" = Option<CivilKind>, Query), ("batch" = Option<CivilBatchId>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<CivilEventView>)))]
pub async fn list(
    By(by): By,
    Query(query): Query<EventQuery>,
) -> Result<Json<Page<CivilEventView>>> {
    let filter = EventFilter {
        waiting: query.waiting.unwrap_or_default(),
        state: query.state,
        kind: query.kind,
        batch: query.batch,
        family: None,
    };
    let page = by.civil_events(&filter, query.after.as_deref(), limit(query.limit));
    Ok(Json(page.await?))
}

/// `POST /v1/population/events/{id}/judge`.
#[utoipa::path(post, path = "/v1/population/events/{id}/judge", tag = "population", params(("id" = CivilEventId, Path)), request_body = JudgeEvent, responses((status = 200, body = CivilEventView)))]
pub async fn judge(
    By(by): By,
    Path(id): Path<CivilEventId>,
    Json(body): Json<JudgeEvent>,
) -> Result<Json<CivilEventView>> {
    Ok(Json(Box::pin(by.judge_event(id, body)).await?))
}

/// `POST /v1/population/events/{id}/unmask`: all that it says, for a purpose that is logged.
#[utoipa::path(post, path = "/v1/population/events/{id}/unmask", tag = "population", params(("id" = CivilEventId, Path)), request_body = Unmask, responses((status = 200, body = UnmaskedEvent)))]
pub async fn unmask(
    By(by): By,
    Path(id): Path<CivilEventId>,
    Json(body): Json<Unmask>,
) -> Result<Json<UnmaskedEvent>> {
    Ok(Json(by.unmask_event(id, body).await?))
}

/// `GET /v1/population/batches`.
#[utoipa::path(get, path = "/v1/population/batches", tag = "population", params(("state" = Option<BatchState>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<BatchView>)))]
pub async fn batches(By(by): By, Query(query): Query<BatchQuery>) -> Result<Json<Page<BatchView>>> {
    let page = by.civil_batches(query.state, query.after.as_deref(), limit(query.limit));
    Ok(Json(page.await?))
}

/// `POST /v1/population/batches/{id}/release`.
#[utoipa::path(post, path = "/v1/population/batches/{id}/release", tag = "population", params(("id" = CivilBatchId, Path)), request_body = DecideBatch, responses((status = 200, body = BatchView)))]
pub async fn release(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<CivilBatchId>,
    Json(body): Json<DecideBatch>,
) -> Result<Json<BatchView>> {
    let view = by.decide_batch(id, true, body).await?;
    app.wake_workers();
    Ok(Json(view))
}

/// `POST /v1/population/batches/{id}/refuse`.
#[utoipa::path(post, path = "/v1/population/batches/{id}/refuse", tag = "population", params(("id" = CivilBatchId, Path)), request_body = DecideBatch, responses((status = 200, body = BatchView)))]
pub async fn refuse(
    By(by): By,
    State(app): State<App>,
    Path(id): Path<CivilBatchId>,
    Json(body): Json<DecideBatch>,
) -> Result<Json<BatchView>> {
    let view = by.decide_batch(id, false, body).await?;
    app.wake_workers();
    Ok(Json(view))
}

/// `GET /v1/population/villages`: by name, anywhere in the registry.
#[utoipa::path(get, path = "/v1/population/villages", tag = "population", params(("text" = Option<String>, Query)), responses((status = 200, body = Page<VillageRow>)))]
pub async fn villages(
    By(by): By,
    Query(query): Query<VillageQuery>,
) -> Result<Json<Page<VillageRow>>> {
    let text = query.text.unwrap_or_default();
    if text.chars().count() > 100 {
        return Err(Error::Refused(ProblemCode::BadQuery));
    }
    Ok(Json(by.villages_called(&text).await?))
}

/// `POST /v1/families/{id}/moves`.
#[utoipa::path(post, path = "/v1/families/{id}/moves", tag = "population", params(("id" = FamilyId, Path)), request_body = MoveFamily, responses((status = 200, body = MoveView)))]
pub async fn move_family(
    By(by): By,
    Path(id): Path<FamilyId>,
    Json(body): Json<MoveFamily>,
) -> Result<Json<MoveView>> {
    Ok(Json(Box::pin(by.move_family(id, body)).await?))
}

/// `GET /v1/families/{id}/events`: what the civil registry said of a family, and its moves.
#[utoipa::path(get, path = "/v1/families/{id}/events", tag = "population", params(("id" = FamilyId, Path)), responses((status = 200, body = FamilyEvents)))]
pub async fn of_family(By(by): By, Path(id): Path<FamilyId>) -> Result<Json<FamilyEvents>> {
    Ok(Json(by.family_events(id).await?))
}

/// `GET /v1/population/moves`: to or from one's villages.
#[utoipa::path(get, path = "/v1/population/moves", tag = "population", params(("side" = String, Query), ("state" = Option<MoveState>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<MoveView>)))]
pub async fn moves(By(by): By, Query(query): Query<MoveQuery>) -> Result<Json<Page<MoveView>>> {
    let side = match query.side {
        WhichMoves::In => Side::In,
        WhichMoves::Out => Side::Out,
    };
    let page = by.moves(
        side,
        query.state,
        query.after.as_deref(),
        limit(query.limit),
    );
    Ok(Json(page.await?))
}

/// `GET /v1/population/moves/{id}`.
#[utoipa::path(get, path = "/v1/population/moves/{id}", tag = "population", params(("id" = MoveId, Path)), responses((status = 200, body = MoveView)))]
pub async fn one_move(By(by): By, Path(id): Path<MoveId>) -> Result<Json<MoveView>> {
    Ok(Json(by.one_move(id).await?))
}

/// `POST /v1/population/moves/{id}/receive`.
#[utoipa::path(post, path = "/v1/population/moves/{id}/receive", tag = "population", params(("id" = MoveId, Path)), request_body = AnswerMove, responses((status = 200, body = MoveView)))]
pub async fn receive(
    By(by): By,
    Path(id): Path<MoveId>,
    Json(body): Json<AnswerMove>,
) -> Result<Json<MoveView>> {
    Ok(Json(Box::pin(by.answer_move(id, false, body)).await?))
}

/// `POST /v1/population/moves/{id}/send-back`.
#[utoipa::path(post, path = "/v1/population/moves/{id}/send-back", tag = "population", params(("id" = MoveId, Path)), request_body = AnswerMove, responses((status = 200, body = MoveView)))]
pub async fn send_back(
    By(by): By,
    Path(id): Path<MoveId>,
    Json(body): Json<AnswerMove>,
) -> Result<Json<MoveView>> {
    Ok(Json(Box::pin(by.answer_move(id, true, body)).await?))
}

/// Filters of the list of matches.
#[derive(Debug, Deserialize)]
pub struct MatchQuery {
    family: Option<FamilyId>,
    waiting: Option<bool>,
    after: Option<String>,
    limit: Option<u64>,
}

/// `POST /v1/population/matches`: asks about some persons, and the living of some families.
#[utoipa::path(post, path = "/v1/population/matches", tag = "population", request_body = AskMatches, responses((status = 200, body = MatchesAsked)))]
pub async fn ask_matches(By(by): By, Json(body): Json<AskMatches>) -> Result<Json<MatchesAsked>> {
    Ok(Json(by.ask_matches(body).await?))
}

/// `GET /v1/population/matches`.
#[utoipa::path(get, path = "/v1/population/matches", tag = "population", params(("family" = Option<FamilyId>, Query), ("waiting" = Option<bool>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<MatchView>)))]
pub async fn matches(By(by): By, Query(query): Query<MatchQuery>) -> Result<Json<Page<MatchView>>> {
    let page = by.matches(
        query.family,
        query.waiting.unwrap_or_default(),
        query.after.as_deref(),
        limit(query.limit),
    );
    Ok(Json(page.await?))
}

/// `GET /v1/population/match-queue`: who is to be looked up, oldest first; again until it is answered. Signed over an empty
/// body.
#[utoipa::path(get, path = "/v1/population/match-queue", tag = "population", params(("after" = Option<String>, Query), ("limit" = Option<u64>, Query), ("tilik-feed-key" = String, Header), ("tilik-feed-time" = String, Header), ("tilik-feed-nonce" = String, Header), ("tilik-feed-signature" = String, Header)), responses((status = 200, body = Page<MatchQuestion>)))]
pub async fn match_queue(
    By(by): By,
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<MatchQuery>,
) -> Result<Json<Page<MatchQuestion>>> {
    let seal = seal_of(&headers)?;
    let keys = &app.config.feed_keys;
    let page = by.match_queue(&seal, keys, query.after.as_deref(), limit(query.limit));
    Ok(Json(page.await?))
}

/// `POST /v1/population/match-file`: the same for whoever carries it there as a file.
#[utoipa::path(post, path = "/v1/population/match-file", tag = "population", request_body = TakeQuestions, responses((status = 200, body = Page<MatchQuestion>)))]
pub async fn match_file(
    By(by): By,
    Json(body): Json<TakeQuestions>,
) -> Result<Json<Page<MatchQuestion>>> {
    Ok(Json(by.match_file(body).await?))
}

/// `POST /v1/population/match-answers`: signed as events are.
#[utoipa::path(post, path = "/v1/population/match-answers", tag = "population", request_body = MatchAnswers, params(("tilik-feed-key" = String, Header), ("tilik-feed-time" = String, Header), ("tilik-feed-nonce" = String, Header), ("tilik-feed-signature" = String, Header)), responses((status = 200, body = AnswersTaken)))]
pub async fn answer_matches(
    By(by): By,
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<AnswersTaken>> {
    let seal = seal_of(&headers)?;
    let body = body_of(body)?;
    let taken = by.answer_matches(&seal, &body, Channel::Http, &app.config.feed_keys);
    Ok(Json(taken.await?))
}

/// `POST /v1/population/match-answer-files`: signed in its first line, carried by whoever may ask.
#[utoipa::path(post, path = "/v1/population/match-answer-files", tag = "population", request_body(content = String, content_type = "application/octet-stream", description = "The file as it is"), responses((status = 200, body = AnswersTaken)))]
pub async fn answer_file(
    By(by): By,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<AnswersTaken>> {
    let body = body_of(body)?;
    let (seal, rest) = in_file(&body, "Dukcapil")?;
    let taken = by.answer_matches(&seal, rest, Channel::File, &app.config.feed_keys);
    Ok(Json(taken.await?))
}
