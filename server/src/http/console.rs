//! The browser console: its built pages, embedded in the binary. A development build reads them from the folder instead,
//! so that a page rebuilt is a page served.
//!
//! Names under `_app/immutable` carry a hash of their content and may be kept for ever; everything else is asked for again.
//! Every other address is the one page, which finds its own way. What may run in it the page says itself, in a policy that
//! its build computed; the header repeats it and adds what only a header can say.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};
use tilik_protocol::problem::ProblemCode;

use crate::App;
use crate::config::Console;
use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "console/build/"]
#[exclude = "*.gz"]
#[allow_missing = true]
struct Pages;

/// The one page.
const INDEX: &str = "index.html";
/// Shown when the console was not built.
const MISSING: &str = "<!doctype html><html lang=\"id\"><meta charset=\"utf-8\"><title>Tilik</title>\
    <h1>Konsol belum dibangun</h1><p>Server ini berjalan tanpa konsol. Jalankan <code>cargo demo</code>, \
    atau <code>npm ci &amp;&amp; npm run build</code> di <code>server/console</code>.</p></html>";
/// Shown where the operator wants no console.
const UNWANTED: &str = "<!doctype html><html lang=\"id\"><meta charset=\"utf-8\"><title>Tilik</title>\
    <h1>Tidak ada konsol di alamat ini</h1><p>Server ini hanya melayani HP petugas dan sistem lain. Tanyakan alamat \
    konsol kepada admin Dinsos.</p></html>";
/// What a page without scripts, styles and pictures may do.
const NOTHING: &str = "default-src 'none'";
/// Whether an address with this first part belongs to programs: the API in any version, and what watches the server.
fn is_for_programs(first: &str) -> bool {
    let version = first.strip_prefix('v');
    let is_api = version.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    is_api || ["health", "metrics"].contains(&first)
}

/// Whether this binary has a console.
pub fn is_built() -> bool {
    Pages::get(INDEX).is_some()
}

/// Any address that no route has, as this server is set up: a file of the console, or its page; for programs, a problem.
pub async fn serve(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    offer(app.config.console, &method, &uri, &headers)
}

fn offer(wanted: Console, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let programs = is_for_programs(path.split('/').next().unwrap_or_default());
    if programs || !matches!(*method, Method::GET | Method::HEAD) {
        return Error::Refused(ProblemCode::NoSuchRoute).into_response();
    }
    if wanted == Console::None {
        return plain(UNWANTED);
    }
    if let Some(file) = file(path, headers) {
        return file;
    }
    // A build that was replaced has other names: its old ones are gone, not the page.
    if path.starts_with("_app/") {
        return Error::Refused(ProblemCode::NoSuchRoute).into_response();
    }
    page(headers)
}

/// A page of words.
fn plain(html: &'static str) -> Response {
    let mut response = html.into_response();
    say(
        &mut response,
        header::CONTENT_TYPE,
        "text/html; charset=utf-8",
    );
    guard(&mut response, NOTHING);
    response
}

fn page(headers: &HeaderMap) -> Response {
    let Some(index) = Pages::get(INDEX) else {
        return plain(MISSING);
    };
    let html = String::from_utf8_lossy(&index.data);
    let policy = policy_in(&html).unwrap_or(NOTHING).to_owned();
    let mut response = answer(INDEX, index, headers);
    guard(&mut response, &policy);
    response
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let is_packed = path.rsplit_once('.').is_some_and(|(_, end)| end == "br");
    if path.is_empty() || path == INDEX || is_packed {
        return None;
    }
    let mut response = answer(path, Pages::get(path)?, headers);
    guard(&mut response, NOTHING);
    Some(response)
}

/// The policy of the page, as its `meta` says it.
fn policy_in(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once("http-equiv=\"content-security-policy\" content=\"")?;
    rest.split_once('"').map(|(policy, _)| policy)
}

/// Whether a client takes Brotli: named, and not with a weight of nothing.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim() == "br" && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!(
        "\"{}\"",
        URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash())
    );
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|one| one.trim() == tag));
    let packed = takes_brotli(headers)
        .then(|| Pages::get(&format!("{path}.br")))
        .flatten();
    let is_packed = packed.is_some();
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(packed.unwrap_or(file).data.into_owned()).into_response()
    };
    if is_packed && !known {
        say(&mut response, header::CONTENT_ENCODING, "br");
    }
    say(&mut response, header::CONTENT_TYPE, kind_of(path));
    say(&mut response, header::VARY, "accept-encoding");
    let keep = if path.starts_with("_app/immutable/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    say(&mut response, header::CACHE_CONTROL, keep);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn say(response: &mut Response, name: header::HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}

/// What every answer of the console says about itself.
fn guard(response: &mut Response, policy: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("{policy}; frame-ancestors 'none'")) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, value);
    }
    say(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(response, header::REFERRER_POLICY, "same-origin");
    let more = [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    for (name, value) in more {
        say(response, header::HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_the_one_the_page_was_built_with() {
        let html = "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; script-src 'self'\">";
        assert_eq!(
            policy_in(html),
            Some("default-src 'none'; script-src 'self'")
        );
        assert_eq!(policy_in("<meta charset=\"utf-8\">"), None);
    }

    #[test]
    fn brotli_goes_to_who_takes_it() {
        let takes = |accepted: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            takes_brotli(&headers)
        };
        assert!(takes("gzip, deflate, br, zstd"));
        assert!(takes("br;q=0.5"));
        assert!(!takes("br;q=0, gzip"));
        assert!(!takes("gzip"));
        assert!(!takes_brotli(&HeaderMap::new()));
    }

    #[test]
    fn an_unknown_address_of_the_api_is_a_problem_and_no_page() {
        let ask = |method: Method, path: &'static str| {
            let path = Uri::from_static(path);
            let answer = offer(Console::Embedded, &method, &path, &HeaderMap::new());
            (
                answer.status().as_u16(),
                answer.headers()["content-type"]
                    .to_str()
                    .unwrap()
                    .to_owned(),
            )
        };
        let problem = "application/problem+json".to_owned();
        assert_eq!(ask(Method::GET, "/v1/nichts"), (404, problem.clone()));
        assert_eq!(ask(Method::POST, "/tinjau"), (404, problem.clone()));
        assert_eq!(ask(Method::GET, "/_app/immutable/gone.js"), (404, problem));
        let (status, kind) = ask(Method::GET, "/tinjau");
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    }

    #[test]
    fn no_page_of_another_site_may_hold_the_console_in_a_frame() {
        let root = Uri::from_static("/");
        let answer = offer(Console::Embedded, &Method::GET, &root, &HeaderMap::new());
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        for loose in ["unsafe-inline", "unsafe-eval", "blob:", "http:", "https:"] {
            assert!(!policy.contains(loose), "{policy}");
        }
    }

    #[test]
    fn a_server_that_is_to_have_no_console_serves_none_of_it() {
        for path in ["/", "/tinjau", "/favicon.svg", "/_app/immutable/entry.js"] {
            let path = Uri::from_static(path);
            let answer = offer(Console::None, &Method::GET, &path, &HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
            let policy = answer.headers()["content-security-policy"]
                .to_str()
                .unwrap();
            assert!(policy.starts_with(NOTHING), "{policy}");
        }
    }
}
