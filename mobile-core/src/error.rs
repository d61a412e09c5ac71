//! Two errors and one door between them: inside, what broke; outside, what the officer can do about it.

use tilik_protocol::evidence::Missing;

use crate::ports::PortError;

/// What a screen is told, by remedy. No field holds personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CoreError {
    /// The session is over.
    #[error("sign in again")]
    SignInAgain,
    /// The app is too old to begin a visit. What is sealed goes on being sent.
    #[error("update the app")]
    UpdateApp,
    /// The phone is full.
    #[error("free some space")]
    StorageFull,
    /// The phone's clock is wrong.
    #[error("set the clock")]
    ClockWrong,
    /// The phone has no enrolment.
    #[error("enrol this phone first")]
    NotEnrolled,
    /// The phone was revoked.
    #[error("this phone was revoked")]
    DeviceRevoked,
    /// There is no such draft or visit here.
    #[error("no such visit on this phone")]
    UnknownVisit,
    /// The visit cannot be sealed yet.
    #[error("the visit is not complete")]
    Incomplete {
        /// What it lacks.
        missing: Vec<Missing>,
    },
    /// The bytes are no photo.
    #[error("not a photo: {problem}")]
    BadPhoto {
        /// Why, in one word.
        problem: String,
    },
    /// Not allowed now: a problem code, or a local rule.
    #[error("not allowed now: {code}")]
    Refused {
        /// Which rule.
        code: String,
    },
    /// The app's PIN is asked for.
    #[error("unlock the app")]
    Locked,
    /// Our fault.
    #[error("our fault, reference {reference}")]
    Bug {
        /// What to quote when asking for help: where it broke, never with what.
        reference: String,
    },
}

/// What can go wrong inside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Already said by remedy.
    #[error(transparent)]
    Told(#[from] CoreError),
    /// SQLite.
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The file system.
    #[error("file: {0}")]
    Io(#[from] std::io::Error),
    /// JSON that we wrote ourselves.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// The keystore.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Something that cannot be, by our own rules.
    #[error("broken: {0}")]
    Broken(&'static str),
}

/// The result inside.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A local rule says no.
    pub(crate) fn refused(code: &str) -> Self {
        Self::Told(CoreError::Refused {
            code: code.to_owned(),
        })
    }
}

/// The one door. What a cause says may name a file or quote a value, so only its kind is told.
impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        let bug = |reference: String| Self::Bug { reference };
        match error {
            Error::Told(told) => told,
            Error::Sql(rusqlite::Error::SqliteFailure(failure, _)) => match failure.code {
                rusqlite::ErrorCode::DiskFull => Self::StorageFull,
                code => bug(format!("sqlite-{code:?}-{}", failure.extended_code)),
            },
            Error::Sql(_) => bug("sqlite".to_owned()),
            Error::Io(error) => match error.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    Self::StorageFull
                }
                kind => bug(format!("file-{kind:?}")),
            },
            Error::Json(error) => bug(format!("json-{:?}", error.classify())),
            Error::Port(error) => bug(format!("keystore-{error:?}")),
            Error::Broken(what) => bug(what.to_owned()),
        }
    }
}
