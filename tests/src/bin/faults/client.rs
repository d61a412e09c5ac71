//! A tus client that can stop after any byte.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tilik_server::clock::{Clock as _, SystemClock};
use tilik_server::keys::Keyring;
use tilik_server::time_token::UploadGrant;
use tilik_tests::uploads::{STREAM, SealedPhoto};

/// What the server said.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    head: String,
}

impl Reply {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// `Upload-Offset`.
    pub fn offset(&self) -> Option<u64> {
        self.header("upload-offset")?.parse().ok()
    }
}

/// An open request: its head is sent, its body goes byte by byte.
#[derive(Debug)]
pub struct Sending(TcpStream);

/// A client of one server that may send what it has.
#[derive(Debug, Clone)]
pub struct Client {
    /// The server.
    pub at: SocketAddr,
    /// The server's own, to make the grant of each visit as it would.
    pub keys: Arc<Keyring>,
}

impl Client {
    fn grant(&self, photo: &SealedPhoto) -> Result<String> {
        let grant = UploadGrant {
            visit: photo.visit.context("a photo of no visit")?,
            device: photo.device,
            user: None,
            until: SystemClock.now().plus_s(86_400),
        };
        Ok(grant.seal(&self.keys))
    }

    fn open(
        &self,
        photo: &SealedPhoto,
        method: &str,
        path: &str,
        headers: &str,
    ) -> Result<Sending> {
        let mut stream = TcpStream::connect(self.at)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(100)))?;
        let (at, token) = (self.at, self.grant(photo)?);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {token}\r\n\
             Tus-Resumable: 1.0.0\r\nConnection: close\r\n{headers}\r\n"
        )?;
        Ok(Sending(stream))
    }

    /// Announces a photo; `body` bytes will follow.
    ///
    /// # Errors
    /// When nobody is there.
    pub fn create(&self, photo: &SealedPhoto, body: u64) -> Result<Sending> {
        let (length, metadata) = (photo.bytes.len(), photo.metadata());
        let headers = format!(
            "Upload-Length: {length}\r\nUpload-Metadata: {metadata}\r\nContent-Type: {STREAM}\r\nContent-Length: {body}\r\n"
        );
        self.open(photo, "POST", "/v1/uploads", &headers)
    }

    /// Begins to append at `offset`; `body` bytes will follow.
    ///
    /// # Errors
    /// When nobody is there.
    pub fn patch(&self, photo: &SealedPhoto, offset: u64, body: u64) -> Result<Sending> {
        let headers = format!(
            "Upload-Offset: {offset}\r\nContent-Type: {STREAM}\r\nContent-Length: {body}\r\n"
        );
        self.open(photo, "PATCH", &photo.path(), &headers)
    }

    /// Where the upload stands; `None` when there is none.
    ///
    /// # Errors
    /// When nobody is there, or something else is said.
    pub fn offset(&self, photo: &SealedPhoto) -> Result<Option<u64>> {
        let reply = self.open(photo, "HEAD", &photo.path(), "")?.reply()?;
        match reply.status {
            200 => Ok(Some(reply.offset().context("no offset")?)),
            404 => Ok(None),
            other => bail!("HEAD answers {other}"),
        }
    }

    /// Sends all that is missing, whatever the server says in between.
    ///
    /// # Errors
    /// When it does not end well in time.
    pub fn finish(&self, photo: &SealedPhoto) -> Result<()> {
        for _ in 0..200 {
            let offset = self.offset(photo)?;
            if offset == Some(photo.bytes.len() as u64) {
                return Ok(());
            }
            let rest = photo.tail(offset.unwrap_or(0));
            let length = rest.len() as u64;
            let mut sending = match offset {
                None => self.create(photo, length)?,
                Some(offset) => self.patch(photo, offset, length)?,
            };
            // A server that refuses does not read all of it.
            let _ = sending.write(&rest);
            let reply = sending.reply()?;
            match reply.status {
                201 | 204 => {}
                409 | 423 | 503 => std::thread::sleep(Duration::from_millis(100)),
                other => bail!("{} answers {other}", photo.photo),
            }
        }
        bail!("{} never ends", photo.photo)
    }
}

impl Sending {
    /// More of the body.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // Small writes: a server sees a body in pieces.
        for piece in bytes.chunks(8 * 1024) {
            self.0.write_all(piece)?;
        }
        Ok(())
    }

    /// What the server answers.
    ///
    /// # Errors
    /// When it answers nothing, or no HTTP.
    pub fn reply(mut self) -> Result<Reply> {
        let mut bytes = Vec::new();
        match self.0.read_to_end(&mut bytes) {
            Ok(_) => {}
            // What came before the reset is what was said.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && !bytes.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
        let text = String::from_utf8_lossy(&bytes);
        let (head, _) = text.split_once("\r\n\r\n").context("no whole answer")?;
        let status = head.split(' ').nth(1).context("no status")?;
        Ok(Reply {
            status: status.parse()?,
            head: head.to_owned(),
        })
    }
}
