//! Extractors whose refusals are problems too: JSON bodies, ids in paths, query parameters.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tilik_protocol::problem::{FieldProblem, ProblemCode};

use crate::error::Error;

/// A JSON body in, a JSON body out.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        use axum::extract::rejection::JsonRejection as R;
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(R::MissingJsonContentType(_)) => {
                Err(Error::Refused(ProblemCode::UnsupportedMediaType))
            }
            Err(R::JsonDataError(error)) => {
                let wrong = misread(&error.body_text(), "target type: ");
                Err(Error::Invalid(vec![
                    wrong.unwrap_or_else(|| bad_shape("body")),
                ]))
            }
            Err(R::BytesRejection(error)) if error.status() == 413 => {
                Err(Error::Refused(ProblemCode::TooLarge))
            }
            Err(_) => Err(Error::Refused(ProblemCode::BadBody)),
        }
    }
}

fn bad_shape(field: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: "bad_shape".to_owned(),
        remedy: "Periksa jenis dan ejaan isian ini.".to_owned(),
    }
}

/// What serde found wrong, from axum's text after `preamble`: `path: what`, or only what when it is about the whole. That
/// quotes the value, so only the place is told, such as `reasons[0].code`, whether something is missing there, and which
/// words it takes when it takes only some.
fn misread(text: &str, preamble: &str) -> Option<FieldProblem> {
    let is_place = |text: &str| {
        (1..=80).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c))
    };
    let (_, rest) = text.split_once(preamble)?;
    let (path, wrong) = rest
        .split_once(": ")
        .filter(|(path, _)| is_place(path))
        .unwrap_or(("", rest));
    let missing = wrong
        .strip_prefix("missing field `")
        .and_then(|name| name.split('`').next())
        .filter(|name| is_place(name));
    match missing {
        Some(name) => Some(FieldProblem {
            field: if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            },
            code: "missing".to_owned(),
            remedy: "Isian ini wajib ada.".to_owned(),
        }),
        None if path.is_empty() => None,
        None => Some(match one_of(wrong) {
            Some(words) => FieldProblem {
                remedy: format!("Pakai salah satu dari: {}.", words.join(", ")),
                ..bad_shape(path)
            },
            None => bad_shape(path),
        }),
    }
}

/// The words serde expected: they come last, after the value, whatever that contains.
fn one_of(wrong: &str) -> Option<Vec<&str>> {
    let is_word = |text: &&str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let (_, expected) = wrong
        .strip_prefix("unknown variant `")?
        .rsplit_once("`, expected ")?;
    let words: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    words.iter().all(is_word).then_some(words)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.0).into_response();
        response.headers_mut().insert(
            axum::http::header::CACHE_CONTROL,
            axum::http::HeaderValue::from_static("no-store"),
        );
        response
    }
}

/// Ids in the path; what is not an id is `bad_id`.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(ids)| Self(ids))
            .map_err(|_| Error::Refused(ProblemCode::BadId))
    }
}

/// Query parameters; what cannot be read is `bad_query`, which names the parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| Error::Query(misread(&error.body_text(), "query string: ")))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read into")]
    struct Inner {
        code: u8,
        note: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read into")]
    struct Outer {
        name: String,
        reasons: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read into")]
    struct Asked {
        purpose: String,
        limit: Option<u8>,
        state: Option<State>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Open,
        InReview,
        Closed,
    }

    fn told(fields: &[FieldProblem]) -> String {
        let told = fields.iter().map(|at| format!("{} {}", at.field, at.code));
        told.collect::<Vec<_>>().join(", ")
    }

    async fn of_body(text: &'static str) -> String {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .body(Body::from(text))
            .unwrap();
        match Json::<Outer>::from_request(request, &()).await {
            Err(Error::Invalid(fields)) => told(&fields),
            other => panic!("{other:?}"),
        }
    }

    async fn asked(text: &str) -> Option<FieldProblem> {
        let request = Request::get(format!("/?{text}")).body(Body::empty());
        let (mut parts, _) = request.unwrap().into_parts();
        match Query::<Asked>::from_request_parts(&mut parts, &()).await {
            Err(Error::Query(field)) => field,
            other => panic!("{other:?}"),
        }
    }

    async fn of_query(text: &str) -> String {
        told(asked(text).await.as_slice())
    }

    #[tokio::test]
    async fn what_is_wrong_in_a_body_is_named_and_never_quoted() {
        for (body, expected) in [
            (r#"{"reasons": []}"#, "name missing"),
            (r#"{"name": 7, "reasons": []}"#, "name bad_shape"),
            (
                r#"{"name": "a", "reasons": [{}]}"#,
                "reasons[0].code missing",
            ),
            (
                r#"{"name": "a", "reasons": [{"code": "target type: 3571034107859917: x"}]}"#,
                "reasons[0].code bad_shape",
            ),
            (r#""3571034107859917: x""#, "body bad_shape"),
        ] {
            assert_eq!(of_body(body).await, expected, "{body}");
        }
    }

    #[tokio::test]
    async fn the_wrong_parameter_is_named_and_never_quoted() {
        assert_eq!(of_query("limit=1").await, "purpose missing");
        let quoting = "purpose=x&limit=query%20string:%203571034107859917:%20x";
        assert_eq!(of_query(quoting).await, "limit bad_shape");
    }
    #[tokio::test]
    async fn a_word_that_is_not_one_of_some_is_told_which_are_and_never_quoted() {
        for value in ["3571034107859917", "x%60,%20expected%20%60rahasia%60"] {
            let wrong = asked(&format!("purpose=x&state={value}")).await.unwrap();
            assert_eq!(wrong.field, "state");
            assert_eq!(
                wrong.remedy,
                "Pakai salah satu dari: open, in_review, closed."
            );
        }
    }
}
