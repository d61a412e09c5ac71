//! Requests as values: the shell sends them, however it likes, and brings back what came.

/// Something to send.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Request {
    /// Names the request in `on_response` and `on_no_network`; still good after a restart.
    pub id: String,
    /// Such as `POST`.
    pub method: String,
    /// From `/v1/` on; the shell knows the server.
    pub path: String,
    /// To send as they are; the length of the body is the shell's to add.
    pub headers: Vec<Header>,
    /// What to send.
    pub body: RequestBody,
    /// The full path of the file into which the shell streams the body of a good reply (2xx), so that it is never in
    /// memory; the response then comes with an empty body. A part (206) is written from where its `Content-Range` says. What
    /// came before a cut stays. Absent: the body comes with the response.
    pub save_to: Option<String>,
}

/// One header.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Header {
    /// Its name; case does not matter.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What to send.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum RequestBody {
    /// Nothing.
    None,
    /// These bytes.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A part of a file, so that it can be streamed while the app is dead.
    File {
        /// Its full path.
        path: String,
        /// From which byte on.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
}

impl std::fmt::Debug for RequestBody {
    /// Lengths only: a body may hold a password or a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bytes { bytes } => write!(f, "Bytes({})", bytes.len()),
            Self::File { offset, length, .. } => write!(f, "File({offset}+{length})"),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The header's value, when it was sent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim())
    }

    /// The header as a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.parse().ok()
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
