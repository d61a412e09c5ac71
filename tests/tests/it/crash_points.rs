//! An upload that dies anywhere goes on from what was acknowledged, and ends with the same bytes.
//!
//! Two deaths. The client goes away: the future of its request is dropped after poll N, for every N, and the server lives
//! on. The process dies: its runtime is dropped with every task in it where it stands, and a new server opens the same
//! database and blobs. SIGKILL and a power cut are `tests/faults`'.
//!
//! `TILIK_CRASH_POINTS` says how many points are tried (a spread of 96 when absent).

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::poll_immediate;
use http::Request;
use tilik_server::time_token::UploadGrant;
use tilik_tests::uploads::{
    SealedPhoto, cut_after, in_frames, noise, offset_of, seal_finding, send_manifests,
};
use tilik_tests::{FieldPhone, World};
use tokio::runtime::{Builder, Runtime};

/// What is going on when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// An announcement without bytes.
    Creation,
    /// The whole photo with its announcement, the manifest before it: the usual case.
    AtOnce,
    /// The same, the manifest after it.
    AheadOfManifest,
    /// A piece from the middle.
    Piece,
    /// The last piece, and the finishing that it begins.
    LastPiece,
    /// A worker that finishes what was held for its manifest.
    Work,
}

impl Moment {
    const ALL: [Self; 6] = [
        Self::Creation,
        Self::AtOnce,
        Self::AheadOfManifest,
        Self::Piece,
        Self::LastPiece,
        Self::Work,
    ];
}

/// How it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// The client goes away after poll N of its request; its bytes have all come, or break off after some.
    Client { polls: u32, bytes: Option<usize> },
    /// The process dies after its main task has given way N times.
    Process { turns: u32 },
}

/// How long something took that nobody disturbed.
#[derive(Debug, Clone, Copy)]
struct Calm {
    polls: u32,
    turns: u32,
}

struct Stand {
    runtime: Option<Runtime>,
    world: World,
    phone: FieldPhone,
    /// Photos whose manifest the server has.
    known: Vec<SealedPhoto>,
    chance: u64,
}

fn a_runtime() -> Runtime {
    // One thread, and its main task is asked between any two others: it can stop the world between any two awaits.
    Builder::new_current_thread()
        .event_interval(1)
        .enable_all()
        .build()
        .unwrap()
}

impl Stand {
    fn new(seed: u64) -> Self {
        let runtime = a_runtime();
        let (world, phone) = runtime.block_on(async {
            let world = World::new(seed).await.unwrap();
            let staff = world.staff(1).await.unwrap();
            world.village(1, 0).await.unwrap();
            let officer = &staff.officers[0];
            let phone = world.phone(&staff.admin, officer).await.unwrap();
            (world, phone)
        });
        Self {
            runtime: Some(runtime),
            world,
            phone,
            known: Vec::new(),
            chance: seed,
        }
    }

    fn on(&self) -> &Runtime {
        self.runtime.as_ref().unwrap()
    }

    /// A number below `end`, from this stand's chance.
    fn below(&mut self, end: u64) -> u64 {
        let mut z = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.chance = z;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    /// More photos in one sealed visit: every second spills into a file on its way in, the others do not.
    fn seal(&mut self, count: u16) -> Vec<SealedPhoto> {
        let first = u16::try_from(self.below(2)).unwrap();
        let jpegs: Vec<_> = (first..first + count)
            .map(|n| noise(&self.world.ids, if n % 2 == 0 { 400 } else { 20 }, 250).unwrap())
            .collect();
        let visit = seal_finding(&self.phone, &jpegs).unwrap();
        SealedPhoto::of_visit(&self.phone, visit).unwrap()
    }

    fn take_known(&mut self) -> SealedPhoto {
        if self.known.is_empty() {
            self.known = self.seal(20);
            self.on().block_on(send_manifests(&self.phone)).unwrap();
        }
        self.known.pop().unwrap()
    }

    fn take_ahead(&mut self) -> SealedPhoto {
        // The next round would send the manifest of all that is sealed.
        self.seal(1).pop().unwrap()
    }

    fn grant(&self, photo: &SealedPhoto) -> String {
        UploadGrant {
            visit: photo.visit.unwrap(),
            device: photo.device,
            user: None,
            until: self.world.now().plus_s(30 * 86_400),
        }
        .seal(&self.world.keys)
    }

    /// Prepares what the moment needs, and makes its request. With it: the photo, and what was acknowledged so far.
    fn stage(
        &mut self,
        moment: Moment,
        bytes: Option<usize>,
    ) -> (SealedPhoto, Option<Request<Body>>, Option<u64>) {
        let photo = match moment {
            Moment::AheadOfManifest | Moment::Work => self.take_ahead(),
            Moment::Creation | Moment::AtOnce | Moment::Piece | Moment::LastPiece => {
                self.take_known()
            }
        };
        let grant = self.grant(&photo);
        let frame = usize::try_from(self.below(30_000)).unwrap() + 500;
        let body = |part: bytes::Bytes| match bytes {
            Some(bytes) => cut_after(&part.slice(..bytes.min(part.len())), frame),
            None => in_frames(&part, frame),
        };
        let third = photo.bytes.len() / 3;
        let begun = async |upto: usize| {
            let head = photo.bytes.slice(..upto);
            let request = photo.create(&grant, Some(head.into())).unwrap();
            let answer = self.world.send(request).await.unwrap();
            assert_eq!(
                (answer.status, offset_of(&answer)),
                (201, Some(upto as u64))
            );
            Some(upto as u64)
        };
        let (request, acknowledged) = match moment {
            Moment::Creation => (photo.create(&grant, None), None),
            Moment::AtOnce | Moment::AheadOfManifest => {
                (photo.create(&grant, Some(body(photo.bytes.clone()))), None)
            }
            Moment::Piece => {
                let acknowledged = self.on().block_on(begun(third));
                let piece = photo.bytes.slice(third..2 * third);
                (photo.patch(&grant, third as u64, body(piece)), acknowledged)
            }
            Moment::LastPiece => {
                let acknowledged = self.on().block_on(begun(third));
                let rest = photo.bytes.slice(third..);
                (photo.patch(&grant, third as u64, body(rest)), acknowledged)
            }
            Moment::Work => {
                let acknowledged = self.on().block_on(async {
                    let acknowledged = begun(photo.bytes.len()).await;
                    self.world.settle().await.unwrap();
                    send_manifests(&self.phone).await.unwrap();
                    acknowledged
                });
                return (photo.clone(), None, acknowledged);
            }
        };
        (photo.clone(), Some(request.unwrap()), acknowledged)
    }

    /// How long the moment takes when nothing disturbs it: the longest of three, for other work on the machine makes turns
    /// longer and fewer.
    fn calm(&mut self, moment: Moment) -> Calm {
        let mut longest = Calm { polls: 1, turns: 1 };
        for giving_way in [true, true, true, false] {
            let (photo, request, _) = self.stage(moment, None);
            let world = &self.world;
            let took = self.on().block_on(async {
                let (doorway, app) = (world.doorway(), world.app().unwrap());
                let mut task = pin!(async {
                    match request {
                        Some(request) => assert!(doorway.send(request).await.unwrap().status < 300),
                        None => assert!(app.do_due_jobs().await.unwrap() > 0),
                    }
                });
                let mut took = 0;
                if giving_way {
                    while poll_immediate(&mut task).await.is_none() {
                        took += 1;
                        tokio::task::yield_now().await;
                    }
                } else {
                    poll_fn(|look| {
                        took += 1;
                        task.as_mut().poll(look)
                    })
                    .await;
                }
                took
            });
            if giving_way {
                longest.turns = longest.turns.max(took);
            } else {
                longest.polls = took;
            }
            self.goes_on(moment, &photo, None, "calm");
        }
        longest
    }

    /// One death. What was acknowledged by then, if anything was.
    fn die(&mut self, request: Option<Request<Body>>, death: Death) -> Option<u64> {
        let doorway = self.world.doorway();
        let app = self.world.app().unwrap();
        let task = async move {
            if let Some(request) = request {
                return doorway.send(request).await.as_ref().and_then(offset_of);
            }
            app.do_due_jobs().await.unwrap();
            None
        };
        match death {
            Death::Client { polls, .. } => self.on().block_on(async {
                let mut task = pin!(task);
                let mut left = polls;
                poll_fn(|look| match task.as_mut().poll(look) {
                    Poll::Ready(acknowledged) => Poll::Ready(acknowledged),
                    Poll::Pending if left <= 1 => Poll::Ready(None),
                    Poll::Pending => {
                        left -= 1;
                        Poll::Pending
                    }
                })
                .await
            }),
            Death::Process { turns } => {
                let runtime = self.runtime.take().unwrap();
                let acknowledged = runtime.block_on(async {
                    let task = tokio::spawn(task);
                    for _ in 0..turns {
                        if task.is_finished() {
                            return task.await.unwrap();
                        }
                        tokio::task::yield_now().await;
                    }
                    None
                });
                drop(runtime);
                let next = a_runtime();
                next.block_on(async {
                    self.world.crash();
                    self.world.restart().await.unwrap();
                });
                self.runtime = Some(next);
                acknowledged
            }
        }
    }

    /// Goes on from what the server says, which is never less than it said before, and looks at what it has in the end.
    fn goes_on(
        &mut self,
        moment: Moment,
        photo: &SealedPhoto,
        acknowledged: Option<u64>,
        point: &str,
    ) {
        let grant = self.grant(photo);
        let piece = usize::try_from(self.below(60_000)).unwrap() + 20_000;
        let world = &self.world;
        self.on().block_on(async {
            let mut acknowledged = acknowledged;
            let mut busy = 0;
            loop {
                let head = world.send(photo.head(&grant).unwrap()).await.unwrap();
                let offset = match head.status {
                    200 => offset_of(&head).unwrap(),
                    404 => {
                        assert_eq!(
                            acknowledged, None,
                            "{point}: an acknowledged upload is gone"
                        );
                        let create = photo.create(&grant, None).unwrap();
                        let answer = world.send(create).await.unwrap();
                        assert_eq!(answer.status, 201, "{point}: {}", answer.json());
                        acknowledged = Some(0);
                        continue;
                    }
                    other => panic!("{point}: HEAD answers {other}"),
                };
                assert!(
                    acknowledged.is_none_or(|before| offset >= before),
                    "{point}: {offset} after {acknowledged:?} was acknowledged"
                );
                acknowledged = Some(offset);
                if offset == photo.bytes.len() as u64 {
                    break;
                }
                let rest = photo.tail(offset);
                let next = rest.slice(..piece.min(rest.len()));
                let patch = photo.patch(&grant, offset, next.into()).unwrap();
                let answer = world.send(patch).await.unwrap();
                match answer.status {
                    204 => {}
                    // The dead one's lease; or the task of a client that went away is still at work.
                    409 | 423 if busy < 400 => {
                        busy += 1;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                        if busy % 50 == 0 {
                            world.clock.advance_s(61);
                        }
                    }
                    other => panic!("{point}: PATCH answers {other} {}", answer.json()),
                }
            }
            // What a worker of the dead had claimed is free after two minutes.
            world.clock.advance_s(121);
            if moment == Moment::AheadOfManifest {
                send_manifests(&self.phone).await.unwrap();
            }
            for _ in 0..6_000 {
                world.settle().await.unwrap();
                match world.photo_problem(photo).await.unwrap() {
                    None => return,
                    // A client's task that nobody waits for.
                    Some(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
            let problem = world.photo_problem(photo).await.unwrap();
            assert_eq!(problem, None, "{point}");
        });
    }

    fn ends(self, points: usize) {
        let runtime = self.runtime.unwrap();
        let (world, phone) = (self.world, self.phone);
        runtime.block_on(async {
            let twice = "SELECT COUNT(*) FROM (SELECT object FROM journal WHERE action = 'photo.receive' \
                         GROUP BY object HAVING COUNT(*) > 1) AS twice";
            assert_eq!(world.count(twice).await.unwrap(), 0, "a photo arrived twice");
            let arrived = world
                .count("SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL")
                .await
                .unwrap();
            assert!(usize::try_from(arrived).unwrap() >= points);
            let by = world.app().unwrap().store.acting_as_system("a test looks");
            assert!(by.verify_journal().await.unwrap().is_ok());
            drop(phone);
            world.end().await;
        });
    }
}

/// The deaths of a moment that takes so long: every poll in turn, and moments of a process's life spread evenly.
fn deaths(stand: &mut Stand, moment: Moment, calm: Calm, count: usize) -> Vec<Death> {
    (0..count)
        .map(|n| {
            let n32 = u32::try_from(n).unwrap();
            if n % 2 == 0 && moment != Moment::Work {
                let bytes = match (n / 2) % 3 {
                    0 => None,
                    _ => Some(usize::try_from(stand.below(90_000)).unwrap()),
                };
                Death::Client {
                    polls: 1 + (n32 / 2) % calm.polls,
                    bytes,
                }
            } else {
                // A little beyond its end, for a death after the answer.
                let end = u64::from(calm.turns) * 11 / 10 + 2;
                let step = end / count.max(1) as u64 + 1;
                let turns = end * n as u64 / count as u64 + stand.below(step);
                Death::Process {
                    turns: u32::try_from(turns).unwrap(),
                }
            }
        })
        .collect()
}

#[test]
fn an_upload_that_dies_anywhere_ends_with_the_same_bytes() {
    let points: usize = match std::env::var("TILIK_CRASH_POINTS") {
        Ok(points) => points.parse().unwrap(),
        Err(_) => 96,
    };
    let mut stand = Stand::new(400);
    let mut tried = 0;
    let mut after_an_answer = 0;
    for (n, moment) in Moment::ALL.into_iter().enumerate() {
        let calm = stand.calm(moment);
        let share = points * (n + 1) / Moment::ALL.len() - points * n / Moment::ALL.len();
        for death in deaths(&mut stand, moment, calm, share) {
            let point = format!("{moment:?} {death:?} ({calm:?})");
            let bytes = match death {
                Death::Client { bytes, .. } => bytes,
                Death::Process { .. } => None,
            };
            let (photo, request, before) = stand.stage(moment, bytes);
            let acknowledged = stand.die(request, death).or(before);
            if acknowledged > before {
                after_an_answer += 1;
            }
            stand.goes_on(moment, &photo, acknowledged, &point);
            tried += 1;
        }
    }
    assert_eq!(tried, points);
    // Deaths before the answer and after it were both among them.
    assert!(
        points < 90 || (after_an_answer > 0 && after_an_answer < points),
        "{after_an_answer} of {points}"
    );
    stand.ends(points);
}
