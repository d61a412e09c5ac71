//! Extractors whose refusals are problems too: JSON bodies, ids in paths, query parameters.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tilik_protocol::problem::ProblemCode;

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
            // The text of a data error names the field and quotes the value; only the place is safe to tell.
            Err(R::JsonDataError(error)) => Err(Error::field(
                &place(&error.body_text()),
                "bad_shape",
                "Periksa jenis dan ejaan isian ini.",
            )),
            Err(R::BytesRejection(error)) if error.status() == 413 => {
                Err(Error::Refused(ProblemCode::TooLarge))
            }
            Err(_) => Err(Error::Refused(ProblemCode::BadBody)),
        }
    }
}

/// The path inside the body that axum names before the first colon after its preamble, such as `reasons[0].code`.
fn place(text: &str) -> String {
    let rest = text
        .rsplit_once("target type: ")
        .map_or(text, |(_, rest)| rest);
    let field = rest.split(':').next().unwrap_or_default().trim();
    let safe = field.len() <= 80
        && field
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c));
    if safe && !field.is_empty() {
        field.to_owned()
    } else {
        "body".to_owned()
    }
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

/// Query parameters; what cannot be read is `bad_query`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|_| Error::Refused(ProblemCode::BadQuery))
    }
}
