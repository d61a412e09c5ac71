//! The one conversion of [`Error`] to `application/problem+json`. Nothing personal and no cause ever leaves here.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tilik_protocol::duty::DutyBreach;
use tilik_protocol::problem::{Problem, ProblemCode};

use crate::error::Error;

/// Left in the response of every problem, for the layer that counts them.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// The code.
    pub code: ProblemCode,
    /// Whether the database is to blame.
    pub by_database: bool,
}

tokio::task_local! {
    /// The id of the request being answered, for problems made deep inside.
    pub static REQUEST_ID: String;
}

fn duty_words(breach: DutyBreach) -> &'static str {
    match breach {
        DutyBreach::ReviewerVisited => {
            "Anda yang mengunjungi rumah ini; peninjaunya harus orang lain."
        }
        DutyBreach::EquippedTheVisitor => {
            "Anda yang memberi petugasnya HP atau akun; serahkan kasus ini kepada orang lain."
        }
        DutyBreach::DeciderReviewed => "Anda yang meninjau buktinya; pemutusnya harus orang lain.",
        DutyBreach::ConfirmerActedBefore => {
            "Anda sudah terlibat pada kasus ini; pengesahnya harus orang lain."
        }
        DutyBreach::FewerThanThreePersons => {
            "Pembatalan memerlukan sedikitnya tiga orang: pengunjung, peninjau atau pengusul, dan pengesah."
        }
        DutyBreach::NothingToStandOn => "Belum ada kunjungan yang ditinjau untuk kasus ini.",
        DutyBreach::ProposerJudges => {
            "Anda yang mengusulkan atau mendatangi rumahnya; pemeriksa dan pengesahnya harus orang lain."
        }
        DutyBreach::VerifierEndorses => {
            "Anda yang memeriksa usulan ini; pengesahnya harus orang lain."
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let code = self.code();
        let request_id = REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
        let (title, remedy) = code.words();
        let mut problem = Problem {
            r#type: format!("/problems/{code}"),
            title: title.to_owned(),
            status: code.status(),
            detail: remedy.to_owned(),
            code: code.into(),
            request_id,
            fields: Vec::new(),
            upload_offset: None,
            current_version: None,
        };
        let mut retry_after_s = None;
        let mut by_database = false;
        let mut offset = None;
        match self {
            Self::Refused(_) => {}
            Self::Duty(breach) => duty_words(breach).clone_into(&mut problem.detail),
            Self::Invalid(fields) | Self::LookAgain(fields) => problem.fields = fields,
            Self::Query(field) => problem.fields = field.into_iter().collect(),
            Self::Stale { current_version } => problem.current_version = Some(current_version),
            Self::WrongOffset { offset: at } => {
                problem.upload_offset = Some(at);
                offset = Some(at);
            }
            Self::Wait {
                retry_after_s: seconds,
                ..
            } => retry_after_s = Some(seconds),
            Self::Unavailable(cause) => {
                // Logged once, here at the boundary.
                tracing::warn!(request.id = %problem.request_id, cause = %cause.text, "unavailable");
                by_database = cause.by_database;
                retry_after_s = Some(2);
            }
            Self::Internal(cause) => {
                tracing::error!(request.id = %problem.request_id, cause = %cause.text, "internal error");
                by_database = cause.by_database;
            }
        }
        let status =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (
            status,
            [
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/problem+json"),
                ),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ],
            body,
        )
            .into_response();
        response.extensions_mut().insert(Told { code, by_database });
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(offset) = offset {
            headers.insert(
                HeaderName::from_static("upload-offset"),
                HeaderValue::from(offset),
            );
            headers.insert(
                HeaderName::from_static("tus-resumable"),
                HeaderValue::from_static("1.0.0"),
            );
        }
        if code == ProblemCode::Unauthenticated || code == ProblemCode::TokenExpired {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
