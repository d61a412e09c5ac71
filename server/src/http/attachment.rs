//! A file to be kept by whoever asked for it, and by nothing between.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::error::{Error, Result};

/// What a workbook is served as.
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Answers with a file of this name.
///
/// # Errors
/// When the name is none for a header.
pub(super) fn attachment(
    body: impl IntoResponse,
    kind: &'static str,
    name: &str,
) -> Result<Response> {
    let named = format!("attachment; filename=\"{name}\"");
    let mut response = body.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "cookie, authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        header::CONTENT_DISPOSITION,
        named.parse().map_err(Error::internal)?,
    );
    Ok(response)
}
