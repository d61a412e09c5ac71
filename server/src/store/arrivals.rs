//! Photos whose originals are durable in the blob store: the photo is here, its visits may be whole, its copies are to be
//! made.
//!
//! Those that arrive at once share a turn ([`Turns`]). When a turn fails, each of them is tried alone, so nobody fails for
//! another.

use std::time::Instant;

use futures_util::future::join_all;
use sea_orm::sea_query::{Expr, InsertStatement, OnConflict, UpdateStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait, Set, Statement};
use tilik_protocol::ids::PhotoId;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::Entry;
use super::tables::{upload, upload_chunk, visit_photo};
use super::turns::{self, LONGEST_TURN, Turns};
use super::uploads::{Announced, expiry};
use super::{Acting, Store, Write, jobs, visits};
use crate::actor::Actor;
use crate::error::{Cause, Error, Result};

/// Photos in one transaction.
const MOST: usize = 16;

/// A photo whose original is durable.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Which.
    pub photo: PhotoId,
    /// Where its original lies.
    pub original_key: String,
    /// What is wrong with it as a picture.
    pub problem: Option<String>,
    /// Whether the phone may delete its own at once.
    pub safe_at_once: bool,
    /// As it was announced, when it came in one piece and no upload was begun for it.
    pub straight: Option<Announced>,
}

/// The arrivals that wait for their turn.
pub(super) type Arrivals = Turns<Arriving, Result<Timestamp>>;

type Waiting = turns::Waiting<Arriving, Result<Timestamp>>;

/// An arrival and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Arriving {
    arrival: Arrival,
    by: Actor,
}

/// The longest waiting, each photo once, in the order of their ids: so everybody locks them.
fn take(arrivals: &Arrivals) -> Vec<Waiting> {
    let mut taken = arrivals.take(|one, taken| {
        let is_taken = |other: &Waiting| other.what.arrival.photo == one.arrival.photo;
        taken.len() < MOST && !taken.iter().any(is_taken)
    });
    taken.sort_by_key(|one| one.what.arrival.photo);
    taken
}

impl Acting {
    /// The photo is here. When that was. To be repeated when it failed: a photo that is here already stays as it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn photo_arrived(&self, arrival: Arrival) -> Result<Timestamp> {
        let by = self.actor.clone();
        let arrivals = &self.store.inner.arrivals;
        arrivals
            .wait(Arriving { arrival, by }, || self.store.write_arrivals())
            .await
    }
}

impl Store {
    async fn write_arrivals(&self) {
        let arrivals = &self.inner.arrivals;
        let began = Instant::now();
        let taken = take(arrivals);
        let Ok(write) = self.begin(&Actor::system("photos arrive")).await else {
            // Whoever waits as long would come no further; whoever has just come may, and what it sent is not sent again.
            let others = arrivals.take_since(began);
            for one in taken.into_iter().chain(others) {
                one.tell(Err(too_late()));
            }
            return;
        };
        let batch: Vec<&Arriving> = taken.iter().map(|one| &one.what).collect();
        match self.arrive_in_time(write, &batch).await {
            Ok(at) => taken.into_iter().for_each(|one| one.tell(Ok(at))),
            Err(error) if taken.len() == 1 => {
                if let Some(only) = taken.into_iter().next() {
                    only.tell(Err(error));
                }
            }
            Err(_) => {
                let alone = taken.into_iter().map(|one| async {
                    let here = self.arrive_alone(&one.what).await;
                    one.tell(here);
                });
                join_all(alone).await;
            }
        }
    }

    async fn arrive_alone(&self, one: &Arriving) -> Result<Timestamp> {
        let write = self.begin(&one.by).await?;
        self.arrive_in_time(write, &[one]).await
    }

    async fn arrive_in_time(&self, write: Write, batch: &[&Arriving]) -> Result<Timestamp> {
        let turn = tokio::time::timeout(LONGEST_TURN, arrive(write, batch));
        turn.await.unwrap_or_else(|_| Err(too_late()))
    }
}

fn too_late() -> Error {
    Error::Unavailable(Cause::database("the database does not take photos in time"))
}

/// One transaction for photos that differ, in the order of their ids.
async fn arrive(mut write: Write, batch: &[&Arriving]) -> Result<Timestamp> {
    let at = write.at();
    let ids: Vec<PhotoId> = batch.iter().map(|one| one.arrival.photo).collect();
    let arrived = batch.iter().map(|one| one.arrival.here(&write)).collect();
    let [lock, complete] = visits::whole_with(&write, &ids);
    let mut whole_and_done = vec![complete];
    // Apart, so that few texts are ever prepared.
    for straight in [false, true] {
        let those = batch
            .iter()
            .filter(|one| one.arrival.straight.is_some() == straight);
        whole_and_done.extend(those.map(|one| one.upload_done(&write)));
    }
    let mut answers = write
        // Each group alone: marking a photo may wait for a manifest that names it, whose visit is locked then.
        .ids_of_each(vec![arrived, vec![lock], whole_and_done])
        .await?;
    let marked: Vec<Vec<Uuid>> = answers.by_ref().take(batch.len()).collect();
    let mut whole = answers.nth(1).unwrap_or_default();
    whole.sort_unstable();
    let new: Vec<&Arriving> = batch
        .iter()
        .zip(&marked)
        .filter(|(_, marked)| !marked.is_empty())
        .map(|(one, _)| *one)
        .collect();
    visits::lock_cases_of(&write, &whole).await?;
    for (visit, one) in completing(&write, &whole, &new, batch).await? {
        write.act_as(&one.by);
        visits::case_is_whole(&mut write, visit).await?;
    }
    for one in &new {
        if let Some(problem) = &one.arrival.problem {
            visits::flag_bad_photo(&write, one.arrival.photo, problem).await?;
        }
    }
    let chunks = upload_chunk::Entity::delete_many()
        .filter(upload_chunk::Column::UploadId.is_in(ids.iter().map(|id| Uuid::from(*id))));
    write.last(chunks.into_query()).await?;
    let sound: Vec<String> = new
        .iter()
        .filter(|one| one.arrival.problem.is_none())
        .map(|one| one.arrival.photo.to_string())
        .collect();
    jobs::enqueue_each(&write, "derivatives", &sound).await?;
    for one in new {
        write.act_as(&one.by);
        write.journal(Entry::new(
            "photo.receive",
            format!("photo:{}", one.arrival.photo),
            sent_as(&one.by),
            None,
            &serde_json::json!({ "problem": one.arrival.problem, "by": one.by.user() }),
        )?);
    }
    write.commit().await?;
    Ok(at)
}

/// As what somebody sends a photo: an officer's phone its officer's own, also by a visit's upload grant.
fn sent_as(by: &Actor) -> Role {
    let is_officer = by.may(Permission::Visit) || by.uploads_of().is_some();
    if by.user().is_some() && is_officer {
        Role::Officer
    } else {
        Role::System
    }
}

/// The visits that these photos made whole, each with one of them that it shows: a new one, where there is one.
async fn completing<'a>(
    write: &Write,
    whole: &[Uuid],
    new: &[&'a Arriving],
    batch: &[&'a Arriving],
) -> Result<Vec<(Uuid, &'a Arriving)>> {
    if let [only] = *batch {
        return Ok(whole.iter().map(|visit| (*visit, only)).collect());
    }
    let mut found = Vec::with_capacity(whole.len());
    if whole.is_empty() {
        return Ok(found);
    }
    let photos = batch.iter().map(|one| Uuid::from(one.arrival.photo));
    let links = visit_photo::Entity::find()
        .filter(visit_photo::Column::VisitId.is_in(whole.iter().copied()))
        .filter(visit_photo::Column::PhotoId.is_in(photos))
        .all(write.on())
        .await?;
    for visit in whole {
        let of_visit = |one: &&Arriving| {
            let photo = Uuid::from(one.arrival.photo);
            links
                .iter()
                .any(|link| link.visit_id == *visit && link.photo_id == photo)
        };
        let first = new.iter().chain(batch).copied().find(of_visit);
        found.extend(first.map(|one| (*visit, one)));
    }
    Ok(found)
}

impl Arrival {
    /// Marks the photo received, unless it is, and tells its id if so.
    fn here(&self, write: &Write) -> Statement {
        let state = if self.problem.is_some() {
            "bad"
        } else {
            "received"
        };
        let at = write.at().as_micros();
        write.store().sql(
            "UPDATE photo SET state = $2, problem = $3, original_key = $4, received_at = $5, safe_at = $6 \
             WHERE id = $1 AND received_at IS NULL RETURNING id",
            [
                Uuid::from(self.photo).into(),
                state.into(),
                self.problem.clone().into(),
                self.original_key.as_str().into(),
                at.into(),
                self.safe_at_once.then_some(at).into(),
            ],
        )
    }
}

impl Arriving {
    fn upload_done(&self, write: &Write) -> Statement {
        let backend = write.store().backend();
        match &self.arrival.straight {
            Some(announced) => backend.build(&self.done_at_once(announced, write.at())),
            None => backend.build(&done(self.arrival.photo)),
        }
    }

    /// The row of an upload that came in one piece. Another request may have begun it meanwhile.
    fn done_at_once(&self, announced: &Announced, now: Timestamp) -> InsertStatement {
        let row = upload::ActiveModel {
            id: Set(announced.photo.into()),
            device_id: Set(announced.device.into()),
            visit_id: Set(announced.visit.map(Into::into)),
            carried_by: Set(self.by.user().map(Into::into)),
            sealed_sha256: Set(announced.sealed_sha256.to_vec()),
            length: Set(announced.length.cast_signed()),
            offset_bytes: Set(announced.length.cast_signed()),
            state: Set("done".to_owned()),
            problem: Set(None),
            lease: Set(None),
            lease_until: Set(None),
            created_at: Set(now.as_micros()),
            expires_at: Set(expiry(now).as_micros()),
        };
        let mut insert = upload::Entity::insert(row)
            .on_conflict(
                OnConflict::column(upload::Column::Id)
                    .value(upload::Column::State, Expr::value("done"))
                    .value(upload::Column::Problem, Expr::value(Option::<String>::None))
                    .value(
                        upload::Column::OffsetBytes,
                        Expr::col((upload::Entity, upload::Column::Length)),
                    )
                    .value(upload::Column::Lease, Expr::value(Option::<Uuid>::None))
                    .to_owned(),
            )
            .into_query();
        insert.returning_col(upload::Column::Id);
        insert
    }
}

/// An upload whose photo has arrived, if one was begun.
fn done(id: PhotoId) -> UpdateStatement {
    let mut done = upload::Entity::update_many()
        .col_expr(upload::Column::State, Expr::value("done"))
        .col_expr(
            upload::Column::OffsetBytes,
            Expr::col(upload::Column::Length),
        )
        .col_expr(upload::Column::Lease, Expr::value(Option::<Uuid>::None))
        .filter(upload::Column::Id.eq(Uuid::from(id)))
        .into_query();
    done.returning_col(upload::Column::Id);
    done
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{Signature, SigningKey};
    use sea_orm::ConnectionTrait as _;
    use tilik_protocol::evidence::{PhotoKind, VisitKind};
    use tilik_protocol::ids::DeviceId;
    use tilik_protocol::manifest::{
        Hash32, Manifest, ManifestApp, ManifestCamera, ManifestClock, ManifestPhoto,
    };
    use tilik_protocol::sync::{SealedVisit, VisitStatus};

    use super::super::testing::{self, Fresh};
    use super::*;
    use crate::clock::{Clock, HeldClock, Ids};
    use crate::keys::Keyring;

    /// A phone, and visits of it whose manifests are here.
    struct Ground {
        store: Store,
        fresh: Fresh,
        ids: Arc<Ids>,
        device: Uuid,
    }

    impl Ground {
        async fn new() -> Self {
            let clock: Arc<dyn Clock> =
                Arc::new(HeldClock::at("2026-11-24T03:00:00Z".parse().unwrap()));
            let ids = Arc::new(Ids::seeded(clock.clone(), 1));
            let keys = Arc::new(Keyring::generate(&ids, true));
            let (store, fresh) = testing::store(clock, keys, ids.clone()).await;
            let device: Uuid = ids.next();
            let user = "INSERT INTO user_account (id, username, name, password_hash, created_at) \
                 VALUES ($1, 'u', 'u', 'x', 0)";
            store.poke(user, [device.into()]).await.unwrap();
            let phone = "INSERT INTO device (id, officer_id, name, public_key, key_level, enrolled_at, chain_seq) \
                 VALUES ($1, $1, 'p', $2, 'software', 0, 0)";
            let key = key().verifying_key().to_sec1_bytes().to_vec().into();
            store.poke(phone, [device.into(), key]).await.unwrap();
            Self {
                store,
                fresh,
                ids,
                device,
            }
        }

        fn visit(&self, id: Uuid) -> Statement {
            let visit = "INSERT INTO visit (id, device_id, officer_id, kind, seq, chain_hash, manifest, captured_at, \
                 received_at, mock) VALUES ($1, $2, $2, 'quick', 1, $3, $3, 0, 0, FALSE)";
            let bytes = id.as_bytes().to_vec();
            let values = [id.into(), self.device.into(), bytes.into()];
            self.store.sql(visit, values)
        }

        fn link(&self, visit: Uuid, photo: Uuid) -> Statement {
            let link = "INSERT INTO visit_photo (visit_id, photo_id, position, kind, taken_at) \
                 VALUES ($1, $2, 0, 'front', 0)";
            self.store.sql(link, [visit.into(), photo.into()])
        }

        /// A visit and its photos.
        async fn plant<const N: usize>(&self) -> (Uuid, [Uuid; N]) {
            let visit: Uuid = self.ids.next();
            let photos: [Uuid; N] = std::array::from_fn(|_| self.ids.next());
            let on = self.store.writer();
            on.execute_raw(self.visit(visit)).await.unwrap();
            for photo in photos {
                let row = "INSERT INTO photo (id, device_id, sha256, len, sealed_sha256, sealed_len, width, height, \
                     state) VALUES ($1, $2, $3, 1, $3, 1, 1, 1, 'expected')";
                let bytes = photo.as_bytes().to_vec();
                let values = [photo.into(), self.device.into(), bytes.into()];
                self.store.poke(row, values).await.unwrap();
                on.execute_raw(self.link(visit, photo)).await.unwrap();
            }
            (visit, photos)
        }

        fn arrives(
            &self,
            by: &Actor,
            arrival: Arrival,
        ) -> tokio::task::JoinHandle<Result<Timestamp>> {
            let by = self.store.acting_as(by.clone());
            tokio::spawn(async move { by.photo_arrived(arrival).await })
        }

        async fn count(&self, query: &str) -> i64 {
            self.store.count(query).await.unwrap()
        }

        async fn end(self) {
            let whole = self.store.acting_as_system("a test").verify_journal().await;
            whole.unwrap().unwrap();
            self.store.close().await;
            testing::drop_database(&self.fresh.url).await;
        }
    }

    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    /// A visit of the phone as it comes, that shows these photos.
    fn a_manifest(ground: &Ground, photos: &[Uuid]) -> SealedVisit {
        let at = ground.store.now();
        let photo = |id: &Uuid| ManifestPhoto {
            id: (*id).into(),
            kind: PhotoKind::HouseFront.into(),
            sha256: Hash32::of(id.as_bytes()),
            len: 1,
            sealed_sha256: Hash32::of(id.as_bytes()),
            sealed_len: 1,
            width: 1,
            height: 1,
            taken_at: at,
            camera: ManifestCamera {
                make: None,
                model: None,
                exposure_us: None,
                iso: None,
                focal_um: None,
                orientation: 1,
                exif_taken: None,
            },
        };
        let manifest = Manifest {
            version: 1,
            visit: ground.ids.next(),
            device: ground.device.into(),
            seq: 2,
            prev: Some(Hash32::of(b"the one before")),
            case: None,
            case_version: None,
            officer: ground.device.into(),
            region: "35.71.03.1009".parse().unwrap(),
            kind: VisitKind::Finding.into(),
            unreachable: None,
            supersedes: None,
            arrived_at: at,
            captured_at: at,
            photos: photos.iter().map(photo).collect(),
            pin: None,
            answers: None,
            notice_read_at: None,
            clock: ManifestClock {
                wall: at,
                elapsed_ns: 0,
                boot_id: String::new(),
                boot_count: None,
                auto_time: None,
                time_token: None,
                token_elapsed_ns: None,
            },
            app: ManifestApp {
                version: "0.1.0".to_owned(),
                build: "test".to_owned(),
                key_level: "tee".to_owned(),
                dev_options: None,
                adb: None,
                debugger: None,
                hooked: None,
                rooted: None,
            },
            created_by: "camera".to_owned(),
            training: false,
        };
        let signature: Signature = key().sign(&manifest.to_be_signed());
        let sealed = manifest.assemble(signature.to_bytes().into());
        SealedVisit {
            manifest: STANDARD.encode(sealed),
            answers: None,
        }
    }

    fn an_arrival(photo: Uuid) -> Arrival {
        Arrival {
            photo: photo.into(),
            original_key: format!("originals/{photo}"),
            problem: None,
            safe_at_once: true,
            straight: None,
        }
    }

    /// Long enough to come to where it waits.
    async fn a_while() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn photos_that_arrive_at_once_arrive_once_each_as_their_senders() {
        let ground = Ground::new().await;
        let [one, other] = [1, 2].map(|_| {
            Actor::person(
                ground.ids.next(),
                Vec::new(),
                Some(DeviceId(ground.device)),
                ground.ids.next(),
            )
        });
        let mut coming = Vec::new();
        let turn = ground.store.inner.arrivals.hold().await;
        for n in 0..20 {
            let (_, [first, second, third]) = ground.plant::<3>().await;
            for (photo, by) in [(first, &one), (second, &one), (third, &other)] {
                let mut arrival = an_arrival(photo);
                if n == 0 && photo == third {
                    arrival.problem = Some("progressive".to_owned());
                }
                if photo == second {
                    arrival.straight = Some(Announced {
                        photo: photo.into(),
                        device: ground.device.into(),
                        visit: None,
                        sealed_sha256: [7; 32],
                        length: 9,
                    });
                }
                // Twice, as after a lost reply.
                coming.push(ground.arrives(by, arrival.clone()));
                coming.push(ground.arrives(by, arrival));
            }
        }
        // More than one turn takes, and all of them wait.
        a_while().await;
        drop(turn);
        for arrived in coming {
            arrived.await.unwrap().unwrap();
        }
        for (count, query) in [
            (
                60,
                "SELECT COUNT(*) FROM photo WHERE received_at > 0 AND safe_at = received_at",
            ),
            (20, "SELECT COUNT(*) FROM visit WHERE complete_at > 0"),
            (
                20,
                "SELECT COUNT(*) FROM upload WHERE state = 'done' AND offset_bytes = 9",
            ),
            (
                59,
                "SELECT COUNT(*) FROM job WHERE kind = 'derivatives' AND state = 'ready'",
            ),
            (
                1,
                "SELECT COUNT(*) FROM visit_flag WHERE flag = 'bad_photo'",
            ),
            (
                1,
                "SELECT COUNT(*) FROM photo WHERE state = 'bad' AND problem = 'progressive'",
            ),
            (
                60,
                "SELECT COUNT(*) FROM journal WHERE action = 'photo.receive'",
            ),
            (
                60,
                "SELECT COUNT(DISTINCT object) FROM journal WHERE action = 'photo.receive' AND device_id IS NOT NULL",
            ),
            (
                2,
                "SELECT COUNT(DISTINCT actor) FROM journal WHERE action = 'photo.receive'",
            ),
        ] {
            assert_eq!(ground.count(query).await, count, "{query}");
        }
        if ground.store.is_postgres() {
            // Sixteen a turn, of which some were here already.
            let turns = "SELECT COUNT(DISTINCT xmin::text) FROM photo";
            assert!(ground.count(turns).await <= 12);
        }
        for (who, count) in [(&one, 40), (&other, 20)] {
            let theirs = "SELECT seq FROM journal WHERE actor = $1";
            let me = Uuid::from(who.user().unwrap());
            let rows = ground.store.peek(theirs, [me.into()]).await.unwrap();
            assert_eq!(rows.len(), count);
        }
        ground.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_photo_that_cannot_be_written_takes_no_other_with_it() {
        let ground = Ground::new().await;
        let (_, photos) = ground.plant::<4>().await;
        let refuse = "CREATE UNIQUE INDEX only_here ON photo (original_key)";
        ground.store.poke(refuse, []).await.unwrap();
        let by = Actor::system("a test");
        let turn = ground.store.inner.arrivals.hold().await;
        let coming = photos.map(|photo| {
            let mut arrival = an_arrival(photo);
            if photo == photos[1] || photo == photos[2] {
                arrival.original_key = "originals/same".to_owned();
            }
            ground.arrives(&by, arrival)
        });
        a_while().await;
        drop(turn);
        let mut told = Vec::new();
        for arrived in coming {
            told.push(arrived.await.unwrap().is_ok());
        }
        assert!(told[0] && told[3], "{told:?}");
        assert!(told[1] != told[2], "{told:?}");
        let here = "SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL";
        assert_eq!(ground.count(here).await, 3);
        ground.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn who_is_dropped_at_its_turn_leaves_the_others_theirs() {
        let ground = Ground::new().await;
        let (_, [first, second, third]) = ground.plant::<3>().await;
        let by = Actor::system("a test");
        // Whoever has the turn waits for this.
        let other = ground.store.begin(&by).await.unwrap();
        let held = ground.store.sql("UPDATE photo SET state = state", []);
        other.on().execute_raw(held).await.unwrap();
        let leads = ground.arrives(&by, an_arrival(first));
        a_while().await;
        let [one, two] = [second, third].map(|photo| ground.arrives(&by, an_arrival(photo)));
        a_while().await;
        leads.abort();
        assert!(leads.await.unwrap_err().is_cancelled());
        drop(other);
        one.await.unwrap().unwrap();
        two.await.unwrap().unwrap();
        ground
            .arrives(&by, an_arrival(first))
            .await
            .unwrap()
            .unwrap();
        let here = "SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL";
        assert_eq!(ground.count(here).await, 3);
        let told = "SELECT COUNT(*) FROM journal WHERE action = 'photo.receive'";
        assert_eq!(ground.count(told).await, 3);
        ground.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn whose_turn_was_taken_by_somebody_who_was_dropped_waits_for_another() {
        let ground = Ground::new().await;
        let (_, [first, second]) = ground.plant::<2>().await;
        let by = Actor::system("a test");
        let other = ground.store.begin(&by).await.unwrap();
        let held = ground.store.sql("UPDATE photo SET state = state", []);
        other.on().execute_raw(held).await.unwrap();
        let arrives = |photo| ground.arrives(&by, an_arrival(photo));
        let turns = &ground.store.inner.arrivals;
        let follows = turns
            .drop_the_leader(|| arrives(first), || arrives(second))
            .await;
        drop(other);
        follows.await.unwrap().unwrap();
        let here = "SELECT COUNT(*) FROM photo WHERE received_at IS NOT NULL";
        assert_eq!(ground.count(here).await, 1);
        ground.end().await;
    }

    #[tokio::test]
    async fn a_photo_that_arrives_whole_takes_away_the_piece_that_another_request_is_just_writing()
    {
        let ground = Ground::new().await;
        let store = &ground.store;
        let announced = Announced {
            photo: ground.ids.next(),
            device: ground.ids.next(),
            visit: None,
            sealed_sha256: [7; 32],
            length: 9,
        };
        let photo = Uuid::from(announced.photo);
        let begun = "INSERT INTO upload (id, device_id, sealed_sha256, length, offset_bytes, state, created_at, \
             expires_at) VALUES ($1, $1, $2, 9, 0, 'active', 0, 0)";
        store
            .poke(begun, [photo.into(), vec![7_u8; 32].into()])
            .await
            .unwrap();
        let cut = store.begin(&Actor::system("a test")).await.unwrap();
        for text in [
            "UPDATE upload SET offset_bytes = 5 WHERE id = $1",
            "INSERT INTO upload_chunk (upload_id, offset_bytes, length, blob_key) VALUES ($1, 0, 5, 'k')",
        ] {
            let piece = store.sql(text, [photo.into()]);
            cut.on().execute_raw(piece).await.unwrap();
        }
        let straight = Some(announced);
        let arrival = Arrival {
            straight,
            ..an_arrival(photo)
        };
        let arrives = ground.arrives(&Actor::system("a test"), arrival);
        a_while().await;
        cut.commit().await.unwrap();
        arrives.await.unwrap().unwrap();
        assert_eq!(ground.count("SELECT COUNT(*) FROM upload_chunk").await, 0);
        ground.end().await;
    }

    #[tokio::test]
    async fn a_visit_whose_photos_arrive_while_its_manifest_is_being_kept_is_whole_in_the_end() {
        let ground = Ground::new().await;
        let store = &ground.store;
        let ((_, [one]), (_, [other])) = (ground.plant::<1>().await, ground.plant::<1>().await);
        let both = ground.ids.next();
        let by = Actor::system("a test");
        // As a manifest is kept that names photos of visits that are known.
        let manifest = store.begin(&by).await.unwrap();
        let lock = if store.is_postgres() {
            "SELECT id FROM photo ORDER BY id FOR UPDATE"
        } else {
            "SELECT id FROM photo"
        };
        for statement in [
            ground.visit(both),
            ground.link(both, one),
            ground.link(both, other),
            store.sql(lock, []),
        ] {
            manifest.on().execute_raw(statement).await.unwrap();
        }
        let arrives = [one, other].map(|photo| ground.arrives(&by, an_arrival(photo)));
        a_while().await;
        manifest.commit().await.unwrap();
        for arrived in arrives {
            arrived.await.unwrap().unwrap();
        }
        let waiting = "SELECT COUNT(*) FROM visit WHERE complete_at IS NULL";
        assert_eq!(ground.count(waiting).await, 0);
        ground.end().await;
    }

    #[tokio::test]
    async fn a_visit_that_shows_again_what_arrives_elsewhere_in_this_moment_is_whole_in_the_end() {
        let ground = Ground::new().await;
        let store = &ground.store;
        let (visit, [known]) = ground.plant::<1>().await;
        // So that nothing else of that visit is to be written, for which it would be waited.
        let flagged =
            "INSERT INTO visit_flag (visit_id, flag, detail) VALUES ($1, 'repeated_photo', '{}')";
        store.poke(flagged, [visit.into()]).await.unwrap();
        let hash = "UPDATE photo SET sha256 = $1, sealed_sha256 = $1";
        let said = Hash32::of(known.as_bytes()).0.to_vec();
        store.poke(hash, [said.into()]).await.unwrap();
        let new: Uuid = ground.ids.next();
        let by = Actor::person(ground.device.into(), Vec::new(), None, ground.ids.next());
        // As another server receives the photo.
        let other = store.begin(&by).await.unwrap();
        let [lock, complete] = visits::whole_with(&other, &[known.into()]);
        for statement in [an_arrival(known).here(&other), lock, complete] {
            other.on().query_all_raw(statement).await.unwrap();
        }
        let visit = a_manifest(&ground, &[known, new]);
        let keeps = store.acting_as(by.clone());
        let kept = tokio::spawn(async move { keeps.write_visit(&visit).await });
        a_while().await;
        // Sent again it would make the visit whole, which nobody does with a photo that is here.
        let too_early = kept.is_finished();
        if too_early {
            let arrived = ground.arrives(&by, an_arrival(new)).await;
            arrived.unwrap().unwrap();
        }
        other.commit().await.unwrap();
        let kept = kept.await.unwrap().unwrap();
        assert_eq!(kept.status.known(), Some(VisitStatus::Accepted));
        if !too_early {
            let arrived = ground.arrives(&by, an_arrival(new)).await;
            arrived.unwrap().unwrap();
        }
        let waiting = "SELECT COUNT(*) FROM visit WHERE complete_at IS NULL";
        assert_eq!(ground.count(waiting).await, 0);
        ground.end().await;
    }
}
