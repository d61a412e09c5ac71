//! The bad network between phones and server: a fault is a match arm.

use anyhow::Result;
use axum::body::Body;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tilik_mobile_core::{Header, Request, Response};

use crate::phone::{FieldPhone, body_of, through};
use crate::world::World;

/// What goes wrong with one request. What the phone and the server make of it is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It never arrives.
    DropRequest,
    /// It arrives; the answer does not.
    DropReply,
    /// It arrives twice, and both answers come.
    Duplicate,
    /// The phone gives it up; it arrives later all the same, and so does its answer.
    Delay,
    /// The connection breaks after this many thousandths of the body.
    Truncate(u16),
    /// Half of the answer's body comes.
    CutReply,
    /// Something between answers in the server's place.
    Status(u16),
    /// It arrives; the app dies before the answer does, and is opened again.
    KillPhone,
    /// It arrives; the server goes down before it answers, and comes up again.
    RestartServer,
    /// Somebody sets the phone's clock by this many seconds while it is under way.
    ClockJump(i64),
}

impl Fault {
    /// One of each kind.
    pub const KINDS: [Self; 10] = [
        Self::DropRequest,
        Self::DropReply,
        Self::Duplicate,
        Self::Delay,
        Self::Truncate(500),
        Self::CutReply,
        Self::Status(503),
        Self::KillPhone,
        Self::RestartServer,
        Self::ClockJump(7_200),
    ];
}

/// A request that the server heard, and what it answered, whoever got to read it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The phone's folder name.
    pub phone: String,
    /// What was asked.
    pub request: Request,
    /// With which body.
    pub body: Vec<u8>,
    /// What the server said.
    pub answer: Response,
}

/// A request on its way that its phone has given up.
struct Letter {
    phone: String,
    request: Request,
    body: Vec<u8>,
}

/// The network of one world.
pub struct Wire<'w> {
    world: &'w World,
    letters: Vec<Letter>,
    heard: Vec<Heard>,
}

impl std::fmt::Debug for Wire<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("letters", &self.letters.len())
            .finish_non_exhaustive()
    }
}

/// What the wire calls a phone.
pub(crate) fn name_of(phone: &FieldPhone) -> String {
    let name = phone.folder().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl<'w> Wire<'w> {
    /// The network of `world`.
    pub fn of(world: &'w World) -> Self {
        Self {
            world,
            letters: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// What the server heard since this was asked last, in order.
    pub fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    /// The request into the server, word by word; `None` when it is down.
    async fn reach_server(
        &mut self,
        phone: String,
        request: &Request,
        body: Vec<u8>,
    ) -> Option<Response> {
        let answer = through(&self.world.doorway(), request, Body::from(body.clone())).await?;
        self.heard.push(Heard {
            phone,
            request: request.clone(),
            body,
            answer: answer.clone(),
        });
        Some(answer)
    }

    /// Carries one request of the phone, and what comes of it back into the phone.
    ///
    /// # Errors
    /// What the app says.
    pub async fn carry(
        &mut self,
        phone: &mut FieldPhone,
        request: &Request,
        fault: Option<Fault>,
    ) -> Result<()> {
        let name = name_of(phone);
        let body = body_of(request)?;
        let answers: Vec<Option<Response>> = match fault {
            None => vec![self.reach_server(name, request, body).await],
            Some(Fault::DropRequest) => vec![None],
            Some(Fault::DropReply) => {
                self.reach_server(name, request, body).await;
                vec![None]
            }
            Some(Fault::Duplicate) => {
                let first = self.reach_server(name.clone(), request, body.clone()).await;
                vec![first, self.reach_server(name, request, body).await]
            }
            Some(Fault::Delay) => {
                self.letters.push(Letter {
                    phone: name,
                    request: request.clone(),
                    body,
                });
                vec![None]
            }
            Some(Fault::Truncate(thousandths)) => {
                let cut = body.len() * usize::from(thousandths.min(999)) / 1_000;
                let came: Result<Bytes, std::io::Error> = Ok(Bytes::copy_from_slice(&body[..cut]));
                let broken = Err(std::io::ErrorKind::ConnectionReset.into());
                let stream = futures_util::stream::iter([came, broken]);
                // The server still answers, to nobody: the client hung up.
                through(&self.world.doorway(), request, Body::from_stream(stream)).await;
                vec![None]
            }
            Some(Fault::CutReply) => {
                let answer = self.reach_server(name, request, body).await;
                vec![answer.map(|mut answer| {
                    answer.body.truncate(answer.body.len() / 2);
                    answer
                })]
            }
            Some(Fault::Status(status)) => vec![Some(Response {
                status,
                headers: vec![Header {
                    name: "Content-Type".to_owned(),
                    value: "text/html".to_owned(),
                }],
                body: b"<html><h1>Bad Gateway</h1></html>".to_vec(),
            })],
            Some(Fault::KillPhone) => {
                self.reach_server(name, request, body).await;
                phone.reopen()?;
                return Ok(());
            }
            Some(Fault::RestartServer) => {
                self.reach_server(name, request, body).await;
                self.world.restart().await?;
                vec![None]
            }
            Some(Fault::ClockJump(seconds)) => {
                let answer = self.reach_server(name, request, body).await;
                phone.hands.jump_clock_s(seconds);
                vec![answer]
            }
        };
        for answer in answers {
            bring(phone, request, answer)?;
        }
        Ok(())
    }

    /// What was given up arrives now, and its answers with it, each at the phone that asked.
    ///
    /// # Errors
    /// What the app says.
    pub async fn deliver_late(&mut self, phones: &mut [FieldPhone]) -> Result<()> {
        for letter in std::mem::take(&mut self.letters) {
            let answer = self
                .reach_server(letter.phone.clone(), &letter.request, letter.body)
                .await;
            let asked = phones.iter().find(|phone| name_of(phone) == letter.phone);
            if let (Some(phone), Some(answer)) = (asked, answer) {
                bring(phone, &letter.request, Some(answer))?;
            }
        }
        Ok(())
    }

    /// As [`FieldPhone::pump_some`], through this wire: the n-th request meets the n-th fault, what comes after the last
    /// of them meets none.
    ///
    /// # Errors
    /// What the app says.
    pub async fn pump(
        &mut self,
        phone: &mut FieldPhone,
        faults: &[Option<Fault>],
        most: u32,
    ) -> Result<u32> {
        self.pump_in_batches(phone, faults, most, 1).await
    }

    /// As [`Wire::pump`], `batch` requests at a time, of which the last is answered first: a shell sends several at once.
    ///
    /// # Errors
    /// What the app says.
    pub async fn pump_in_batches(
        &mut self,
        phone: &mut FieldPhone,
        faults: &[Option<Fault>],
        most: u32,
        batch: u32,
    ) -> Result<u32> {
        let mut sent = 0;
        while sent < most {
            let requests = phone.app()?.next_requests(batch.min(most - sent))?;
            if requests.is_empty() {
                break;
            }
            for request in requests.iter().rev() {
                let n = usize::try_from(sent).unwrap_or(usize::MAX);
                self.carry(phone, request, faults.get(n).copied().flatten())
                    .await?;
                sent += 1;
            }
        }
        Ok(sent)
    }
}

fn bring(phone: &FieldPhone, request: &Request, answer: Option<Response>) -> Result<()> {
    let (app, id) = (phone.app()?, request.id.clone());
    match answer {
        Some(answer) => app.on_response(id, answer)?,
        None => app.on_no_network(id)?,
    }
    Ok(())
}
