//! What can go wrong inside the server. Knows no HTTP: `http/problem.rs` turns it into a problem body, once.
//!
//! Variants exist only where a caller acts differently. A [`Cause`] is logged and never serialised.

use tilik_protocol::case::Refusal;
use tilik_protocol::duty::DutyBreach;
use tilik_protocol::problem::{FieldProblem, ProblemCode};

/// Why something is broken here; for the log only.
#[derive(Debug)]
pub struct Cause {
    /// What happened, without anybody's data.
    pub text: String,
    /// Whether the database is to blame; counted apart.
    pub by_database: bool,
}

impl Cause {
    /// Not the database's fault.
    pub fn new(cause: impl std::fmt::Display) -> Self {
        Self {
            text: cause.to_string(),
            by_database: false,
        }
    }

    /// The database failed.
    pub fn database(cause: impl std::fmt::Display) -> Self {
        Self {
            text: cause.to_string(),
            by_database: true,
        }
    }
}

/// What a verb can fail with.
#[derive(Debug)]
pub enum Error {
    /// A plain refusal with its code.
    Refused(ProblemCode),
    /// Separation of duty; the breach is told.
    Duty(DutyBreach),
    /// Fields are wrong.
    Invalid(Vec<FieldProblem>),
    /// Nothing is wrong, but a person has to say that they looked at these.
    LookAgain(Vec<FieldProblem>),
    /// A query parameter is wrong; which one, when that is known.
    Query(Option<FieldProblem>),
    /// Somebody else wrote meanwhile.
    Stale {
        /// The version that stands now.
        current_version: i32,
    },
    /// An upload stands elsewhere.
    WrongOffset {
        /// How many bytes are durable.
        offset: u64,
    },
    /// Not now; come back.
    Wait {
        /// Why.
        code: ProblemCode,
        /// After how many seconds.
        retry_after_s: u32,
    },
    /// The database or blob store does not answer.
    Unavailable(Cause),
    /// Our fault.
    Internal(Cause),
}

/// The result of every verb.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// There is none, or none for this actor.
    pub const NOT_FOUND: Self = Self::Refused(ProblemCode::NotFound);
    /// Not from this state.
    pub const WRONG_MOMENT: Self = Self::Refused(ProblemCode::WrongMoment);

    /// One wrong field.
    pub fn field(field: &str, code: &str, remedy: &str) -> Self {
        Self::Invalid(vec![FieldProblem {
            field: field.to_owned(),
            code: code.to_owned(),
            remedy: remedy.to_owned(),
        }])
    }

    /// Our fault, with what to log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(Cause::new(cause))
    }

    /// The code a program reads.
    pub const fn code(&self) -> ProblemCode {
        match self {
            Self::Refused(code) | Self::Wait { code, .. } => *code,
            Self::Duty(_) => ProblemCode::SeparationOfDuty,
            Self::Invalid(_) => ProblemCode::Invalid,
            Self::LookAgain(_) => ProblemCode::LookAgain,
            Self::Query(_) => ProblemCode::BadQuery,
            Self::Stale { .. } => ProblemCode::Stale,
            Self::WrongOffset { .. } => ProblemCode::WrongOffset,
            Self::Unavailable(_) => ProblemCode::Unavailable,
            Self::Internal(_) => ProblemCode::Internal,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable(cause) | Self::Internal(cause) => {
                write!(f, "{}: {}", self.code(), cause.text)
            }
            Self::Duty(breach) => write!(f, "{}: {breach}", self.code()),
            Self::Refused(_)
            | Self::Invalid(_)
            | Self::LookAgain(_)
            | Self::Query(_)
            | Self::Stale { .. }
            | Self::WrongOffset { .. }
            | Self::Wait { .. } => self.code().fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<ProblemCode> for Error {
    fn from(code: ProblemCode) -> Self {
        Self::Refused(code)
    }
}

impl From<DutyBreach> for Error {
    fn from(breach: DutyBreach) -> Self {
        Self::Duty(breach)
    }
}

impl<S> From<Refusal<S>> for Error {
    fn from(refusal: Refusal<S>) -> Self {
        match refusal {
            Refusal::WrongRole => Self::Refused(ProblemCode::Forbidden),
            Refusal::NotFrom(_) => Self::WRONG_MOMENT,
        }
    }
}
