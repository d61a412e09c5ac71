//! The base map: whether there is one, and parts of its file.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::map::MapBase;

use super::body::Json;
use crate::App;
use crate::base_map::{Opened, part_of};
use crate::error::{Cause, Error, Result};

/// A browser may keep it, what is between may not: it costs a sign-in.
const KEEP: &str = "private, max-age=3600";

/// `GET /v1/map/base`.
#[utoipa::path(get, path = "/v1/map/base", tag = "map", responses((status = 200, body = MapBase)))]
pub async fn show(State(app): State<App>) -> Json<MapBase> {
    Json(MapBase {
        tiles: app.config.base_map.as_ref().map(|map| map.tiles().into()),
    })
}

/// `GET /v1/map/base.pmtiles`, whole or a part of it.
#[utoipa::path(get, path = "/v1/map/base.pmtiles", tag = "map", params(("Range" = Option<String>, Header, description = "One part, such as bytes=0-126")), responses((status = 200, body = Vec<u8>, content_type = "application/vnd.pmtiles"), (status = 206, body = Vec<u8>, content_type = "application/vnd.pmtiles")))]
pub async fn file(State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    let map = app.config.base_map.as_ref().ok_or(Error::NOT_FOUND)?;
    let opened = map.now().await.map_err(gone)?;
    let tag = opened.tag.clone();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH) == Some(&tag) {
        return dressed(StatusCode::NOT_MODIFIED.into_response(), &tag);
    }
    dressed(partly(opened, &headers, &tag).await?, &tag)
}

/// The file, or the part of it that was asked for. `tag` is what it is known by.
pub(super) async fn partly(opened: Opened, headers: &HeaderMap, tag: &str) -> Result<Response> {
    let size = opened.size;
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // Of another file than the asker began with the parts would not fit.
    let is_same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let range = text(header::RANGE).filter(|_| is_same);
    let Ok(part) = part_of(range, size) else {
        let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
        let told = format!("bytes */{size}");
        insert(&mut response, header::CONTENT_RANGE, &told)?;
        return Ok(response);
    };
    let (start, length) = part.unwrap_or((0, size));
    let bytes = opened.part(start, length).await;
    let mut response = Body::from_stream(bytes.map_err(gone)?).into_response();
    if part.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let told = format!("bytes {start}-{}/{size}", start + length - 1);
        insert(&mut response, header::CONTENT_RANGE, &told)?;
    }
    insert(&mut response, header::CONTENT_LENGTH, &length.to_string())?;
    Ok(response)
}

pub(super) fn gone(error: std::io::Error) -> Error {
    Error::Unavailable(Cause::new(error))
}

fn dressed(mut response: Response, tag: &str) -> Result<Response> {
    for (name, value) in [
        (header::CONTENT_TYPE, "application/vnd.pmtiles"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, KEEP),
        (header::VARY, "cookie, authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ETAG, tag),
    ] {
        insert(&mut response, name, value)?;
    }
    Ok(response)
}

pub(super) fn insert(response: &mut Response, name: HeaderName, value: &str) -> Result<()> {
    let value = HeaderValue::from_str(value).map_err(Error::internal)?;
    response.headers_mut().insert(name, value);
    Ok(())
}
