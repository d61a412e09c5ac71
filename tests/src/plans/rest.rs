//! A plan at rest: the network is good, the phones have sent what they had, the jobs are done. Now everything must be as
//! the model has it, on the server, in its journal and on the phones.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use tilik_mobile_core::{OutboxState, Why};
use tilik_protocol::evidence::Flag;
use tilik_protocol::ids::{CaseId, DeviceId, MembershipId, PhotoId, SlotId, VisitId};
use tilik_protocol::session::RevokeKind;
use tilik_server::blobs::BlobKey;
use uuid::Uuid;

use super::model::{FLAGS, Stands};
use super::runner::Run;

/// How often a phone waits, as its core says, before it must have sent everything.
const PATIENCE: u32 = 60;
/// More requests than any phone of a plan can owe.
const MOST: u32 = 2_000;

impl Run<'_> {
    /// What the phone still has to send by itself.
    fn owes(&self, phone: usize) -> Result<bool> {
        let items = self.phones[phone].outbox()?;
        Ok(items
            .iter()
            .any(|item| matches!(item.state, OutboxState::Waiting | OutboxState::Sending)))
    }

    /// The network is good from now on. Nobody presses anything: the phones wait and send as their cores say.
    pub(super) async fn come_to_rest(&mut self) -> Result<()> {
        self.wire.deliver_late(&mut self.phones).await?;
        self.hear()?;
        for n in 0..self.phones.len() {
            let patience = if self.revoked[n] == Some(RevokeKind::Stolen) {
                3
            } else {
                PATIENCE
            };
            for _ in 0..patience {
                let sent = self.wire.pump(&mut self.phones[n], &[], MOST).await?;
                self.hear()?;
                ensure!(sent < MOST, "phone {n} never stops sending");
                self.world.settle().await?;
                if !self.owes(n)? {
                    break;
                }
                let wait_s = self.phones[n].app()?.wait_s();
                let wait_s = i64::try_from(wait_s).unwrap_or(i64::MAX);
                self.world.clock.advance_s(wait_s.clamp(1, 3_600));
            }
        }
        // Two more rounds each, and the jobs after them: the roster and the receipts as they are now.
        for _ in 0..2 {
            for n in 0..self.phones.len() {
                self.phones[n].app()?.send_now()?;
                self.wire.pump(&mut self.phones[n], &[], MOST).await?;
                self.hear()?;
            }
            self.world.clock.advance_s(3);
            self.world.settle().await?;
        }
        let jobs = self
            .world
            .app()?
            .store
            .acting_as_system("a test looks")
            .count_jobs()
            .await?;
        ensure!(jobs.is_empty(), "jobs are left: {jobs:?}");
        Ok(())
    }

    /// Everything, row by row.
    pub(super) async fn check(&mut self) -> Result<()> {
        self.look_at_photos().await?;
        self.check_visits().await?;
        self.check_photos().await?;
        self.check_cases().await?;
        self.check_places().await?;
        self.check_journal().await?;
        self.check_phones().await
    }

    /// Each sealed visit is on the server exactly once, or apart there, or still on its phone; and nothing else is.
    async fn check_visits(&self) -> Result<()> {
        let mut here = BTreeMap::new();
        for row in self
            .rows("SELECT id, device_id, filed_case_id, complete_at FROM visit")
            .await?
        {
            let id = VisitId(row.try_get_by_index(0)?);
            let device = DeviceId(row.try_get_by_index(1)?);
            let filed: Option<Uuid> = row.try_get_by_index(2)?;
            let complete: Option<i64> = row.try_get_by_index(3)?;
            here.insert(id, (device, filed.map(CaseId), complete.is_some()));
        }
        let mut flags: BTreeMap<VisitId, BTreeSet<String>> = BTreeMap::new();
        for row in self.rows("SELECT visit_id, flag FROM visit_flag").await? {
            let flag: String = row.try_get_by_index(1)?;
            if FLAGS.contains(&flag.as_str()) {
                let visit = VisitId(row.try_get_by_index(0)?);
                flags.entry(visit).or_default().insert(flag);
            }
        }
        let mut apart = BTreeSet::new();
        for row in self.rows("SELECT visit_id, code FROM quarantine").await? {
            let id: Option<Uuid> = row.try_get_by_index(0)?;
            let code: String = row.try_get_by_index(1)?;
            ensure!(code == "device_revoked", "quarantined for {code}");
            apart.extend(id.map(VisitId));
        }
        for (id, visit) in &self.model.visits {
            let whole = visit
                .photos
                .iter()
                .all(|id| self.model.received.contains(id));
            let expected = visit.arrived.then_some((visit.device, visit.filed, whole));
            ensure!(
                here.remove(id) == expected,
                "the visit {id} is not on the server as the model has it: {visit:?}"
            );
            ensure!(
                apart.remove(id) == visit.apart,
                "the visit {id} is not kept apart as the model has it: {visit:?}"
            );
            let flagged = flags.remove(id).unwrap_or_default();
            ensure!(
                !visit.arrived || flagged.iter().eq(visit.flags.iter()),
                "the visit {id} is flagged {flagged:?}, by the model {:?}",
                visit.flags
            );
            if visit.arrived && whole {
                continue;
            }
            let n = self.devices.iter().position(|known| *known == visit.device);
            let n = n.context("the device of a visit")?;
            ensure!(
                self.revoked[n] == Some(RevokeKind::Stolen),
                "the visit {id} is not whole on the server: {visit:?}, {:?}",
                self.phones[n].sealed(*id)
            );
            let item = self.phones[n].sealed(*id)?;
            for photo in item.photos {
                let file = self.phones[n].folder().join("spool");
                let file = file.join(format!("{}.age", photo.photo));
                ensure!(
                    self.model.received.contains(&photo.photo) || file.exists(),
                    "the photo {} of the visit {id} is nowhere",
                    photo.photo
                );
            }
        }
        ensure!(here.is_empty(), "visits nobody sealed: {here:?}");
        ensure!(apart.is_empty(), "apart, and nobody's: {apart:?}");
        let forks = self
            .world
            .count(&format!(
                "SELECT COUNT(*) FROM visit_flag WHERE flag IN ('{}', '{}', '{}', '{}')",
                Flag::ChainFork,
                Flag::Incomplete,
                Flag::RepeatedPhoto,
                Flag::BadPhoto
            ))
            .await?;
        ensure!(forks == 0, "honest phones are flagged {forks} times");
        for row in self
            .rows(
                "SELECT v.device_id FROM visit_flag f JOIN visit v ON v.id = f.visit_id \
                 WHERE f.flag = 'chain_gap'",
            )
            .await?
        {
            let device = DeviceId(row.try_get_by_index(0)?);
            ensure!(
                self.model.stolen.contains(&device),
                "a gap is left in the chain of {device}"
            );
        }
        Ok(())
    }

    /// Every photo on the server is the one that was sealed, byte for byte.
    async fn check_photos(&self) -> Result<()> {
        let app = self.world.app()?;
        let mut wanted: BTreeSet<PhotoId> = self
            .model
            .visits
            .values()
            .filter(|visit| visit.arrived)
            .flat_map(|visit| visit.photos.iter().copied())
            .collect();
        for row in self.rows("SELECT id, sha256, state FROM photo").await? {
            let id = PhotoId(row.try_get_by_index(0)?);
            let sha256: Vec<u8> = row.try_get_by_index(1)?;
            let state: String = row.try_get_by_index(2)?;
            ensure!(wanted.remove(&id), "a photo of no visit: {id}");
            let sealed = self.model.photos[&id];
            ensure!(sha256 == sealed, "the photo {id} was announced as another");
            if self.model.received.contains(&id) {
                ensure!(state == "ready", "the photo {id} is {state}");
                let bytes = app.blobs.get(&BlobKey::original(id, &sealed)).await?;
                let hash: [u8; 32] = Sha256::digest(&bytes).into();
                ensure!(hash == sealed, "the photo {id} has other bytes");
            }
        }
        ensure!(wanted.is_empty(), "photos are not known: {wanted:?}");
        let links = self.world.count("SELECT COUNT(*) FROM visit_photo").await?;
        let expected: usize = self
            .model
            .visits
            .values()
            .filter(|visit| visit.arrived)
            .map(|visit| visit.photos.len())
            .sum();
        ensure!(
            usize::try_from(links)? == expected,
            "{links} links, {expected} photos in visits"
        );
        Ok(())
    }

    async fn check_cases(&self) -> Result<()> {
        let mut here = BTreeSet::new();
        for row in self
            .rows("SELECT id, state, officer_id, current_visit FROM verification_case")
            .await?
        {
            let id = CaseId(row.try_get_by_index(0)?);
            let state: String = row.try_get_by_index(1)?;
            let officer: Option<Uuid> = row.try_get_by_index(2)?;
            let current: Option<Uuid> = row.try_get_by_index(3)?;
            let case = self.model.cases.get(&id).context("a case nobody opened")?;
            ensure!(
                state == case.stands.to_string()
                    && officer == case.officer.map(Into::into)
                    && current == case.current.map(Into::into),
                "the case {id} is {state}, {officer:?}, {current:?}; the model has {case:?}"
            );
            here.insert(id);
        }
        ensure!(here.len() == self.model.cases.len(), "cases are missing");
        Ok(())
    }

    /// Places are neither made nor lost, and each is one family's.
    async fn check_places(&self) -> Result<()> {
        let mut places = BTreeSet::new();
        let mut count = 0;
        for row in self.rows("SELECT state, membership_id FROM slot").await? {
            count += 1;
            let state: String = row.try_get_by_index(0)?;
            let holder: Option<Uuid> = row.try_get_by_index(1)?;
            let Some(holder) = holder.map(MembershipId) else {
                ensure!(state == "free", "a place is {state} and nobody's");
                continue;
            };
            ensure!(places.insert(holder), "{holder} has two places");
            ensure!(
                !self.model.ended.contains(&holder),
                "{holder} has ended and keeps its place"
            );
        }
        ensure!(
            count == self.slots,
            "{count} places instead of {}",
            self.slots
        );
        for row in self.rows("SELECT id, state FROM membership").await? {
            let id = MembershipId(row.try_get_by_index(0)?);
            let state: String = row.try_get_by_index(1)?;
            let ended = self.model.ended.contains(&id);
            ensure!(
                ended == matches!(state.as_str(), "inactive" | "withdrawn"),
                "the membership {id} is {state}"
            );
            ensure!(ended || places.contains(&id), "{id} has lost its place");
        }
        Ok(())
    }

    /// The journal is whole, tells each act once, and replayed from its beginning it tells every case's state.
    async fn check_journal(&self) -> Result<()> {
        let by = self.world.app()?.store.acting_as_system("a test looks");
        if let Err(broken) = by.verify_journal().await? {
            bail!("the journal is broken: {broken}");
        }
        let mut told: BTreeMap<Uuid, usize> = BTreeMap::new();
        let mut once = BTreeSet::new();
        let mut states: BTreeMap<CaseId, Stands> = BTreeMap::new();
        let mut received = BTreeSet::new();
        let mut memberships = BTreeMap::new();
        let mut places = BTreeMap::new();
        for row in self
            .rows("SELECT action, object, event_id, body FROM journal ORDER BY seq")
            .await?
        {
            let action: String = row.try_get_by_index(0)?;
            let object: String = row.try_get_by_index(1)?;
            let event: Option<Uuid> = row.try_get_by_index(2)?;
            let body: Vec<u8> = row.try_get_by_index(3)?;
            let body: serde_json::Value = serde_json::from_slice(&body)?;
            if let Some(event) = event {
                *told.entry(event).or_default() += 1;
                ensure!(
                    once.insert((event, action.clone(), object.clone())),
                    "the event {event} did {action} on {object} twice"
                );
            }
            if action == "visit.receive" {
                ensure!(
                    received.insert(object.clone()),
                    "{object} was received twice"
                );
            }
            let case = object.strip_prefix("case:").and_then(|id| id.parse().ok());
            if let Some(case) = case {
                let before = states.get(&case).copied();
                if let Some(next) = replayed(&action, before, &body) {
                    let said = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
                    if let Some(before) = before.filter(|_| !said("from").is_empty()) {
                        ensure!(
                            said("from") == before.to_string() && said("to") == next.to_string(),
                            "{action} on {object}: the journal says {body}, its replay {before} to {next}"
                        );
                    }
                    states.insert(case, next);
                }
            }
            let to = body["to"].as_str().map(str::to_owned);
            if action == "membership.candidate" {
                memberships.insert(object.clone(), "candidate".to_owned());
            } else if action == "membership.cancel" {
                memberships.extend(to.map(|to| (object.clone(), to)));
            } else if action == "slot.turn" {
                let holder = body["membership"].as_str().map(str::to_owned);
                places.extend(to.map(|to| (object.clone(), (to, holder))));
            }
        }
        self.check_replayed(&memberships, &places).await?;
        for (id, case) in &self.model.cases {
            ensure!(
                states.get(id) == Some(&case.stands),
                "replayed, the case {id} is {:?}; it is {}",
                states.get(id),
                case.stands
            );
        }
        for said in &self.said {
            let rows = told.get(&Uuid::from(said.event)).copied().unwrap_or(0);
            ensure!(
                (rows > 0) == said.happened,
                "POST {} {} is told {rows} times",
                said.path,
                said.body
            );
        }
        Ok(())
    }

    /// What the journal says of memberships and places, from what the registry began with, is what they are.
    async fn check_replayed(
        &self,
        memberships: &BTreeMap<String, String>,
        places: &BTreeMap<String, (String, Option<String>)>,
    ) -> Result<()> {
        for row in self.rows("SELECT id, state FROM membership").await? {
            let object = format!("membership:{}", MembershipId(row.try_get_by_index(0)?));
            let state: String = row.try_get_by_index(1)?;
            let replayed = memberships.get(&object).map_or("active", String::as_str);
            ensure!(
                state == replayed,
                "{object} is {state}, replayed {replayed}"
            );
        }
        for row in self
            .rows("SELECT id, state, membership_id FROM slot")
            .await?
        {
            let object = format!("slot:{}", SlotId(row.try_get_by_index(0)?));
            let state: String = row.try_get_by_index(1)?;
            let holder: Option<Uuid> = row.try_get_by_index(2)?;
            let holder = holder.map(|id| MembershipId(id).to_string());
            match places.get(&object) {
                Some(replayed) => ensure!(
                    (&state, &holder) == (&replayed.0, &replayed.1),
                    "{object} is {state} of {holder:?}, replayed {replayed:?}"
                ),
                None => ensure!(state == "held", "{object} is {state} and was never turned"),
            }
        }
        Ok(())
    }

    /// Phone and server say the same.
    async fn check_phones(&self) -> Result<()> {
        let mut versions = BTreeMap::new();
        for row in self
            .rows("SELECT id, version FROM verification_case")
            .await?
        {
            let id = CaseId(row.try_get_by_index(0)?);
            let version: i32 = row.try_get_by_index(1)?;
            versions.insert(id, version);
        }
        for (n, phone) in self.phones.iter().enumerate() {
            if self.revoked[n] == Some(RevokeKind::Stolen) {
                continue;
            }
            let status = phone.status()?;
            ensure!(
                status.signed_in && !status.sign_in_again,
                "phone {n} lost its session: {status:?}"
            );
            ensure!(
                status.checksum_mismatches == 0 && status.unreadable_rows == 0,
                "phone {n} was fed wrongly: {status:?}"
            );
            let mut own = BTreeSet::new();
            for item in phone.outbox()? {
                let told = format!("phone {n} keeps {item:?}");
                let visit = self.model.visits.get(&item.visit);
                let visit = visit.context("a visit that nobody sealed")?;
                if visit.apart {
                    let why = Why::Quarantined {
                        code: "device_revoked".to_owned(),
                    };
                    ensure!(item.state == OutboxState::NeedsAttention { why }, "{told}");
                    continue;
                }
                ensure!(item.state == OutboxState::Sent, "{told}");
                ensure!(item.photos_received == item.photos_total, "{told}");
                ensure!(item.photos_safe == item.photos_total, "{told}");
                if !item.carried {
                    own.insert(item.visit);
                }
            }
            let sealed: BTreeSet<VisitId> = self
                .model
                .visits
                .iter()
                .filter(|(_, visit)| visit.device == self.devices[n])
                .map(|(id, _)| *id)
                .collect();
            ensure!(own == sealed, "phone {n} lost a visit out of its list");
            if self.revoked[n].is_some() {
                ensure!(phone.assignments()?.is_empty(), "the roster is still there");
                continue;
            }
            let roster: BTreeMap<CaseId, i32> = phone
                .assignments()?
                .into_iter()
                .map(|row| (row.case, row.version))
                .collect();
            let expected: BTreeMap<CaseId, i32> = self
                .model
                .roster(phone.person.id)
                .into_iter()
                .map(|case| (case, versions[&case]))
                .collect();
            ensure!(
                roster == expected,
                "phone {n} shows {roster:?}, its officer has {expected:?}"
            );
        }
        Ok(())
    }
}

/// What an action of the journal makes of a case. `None`: nothing.
fn replayed(action: &str, before: Option<Stands>, body: &serde_json::Value) -> Option<Stands> {
    let is_given = body["officer"].is_string();
    Some(match (action, before) {
        ("case.assign", Some(Stands::Returned)) if is_given => Stands::Returned,
        ("case.open" | "case.assign", _) if is_given => Stands::Assigned,
        ("case.open" | "case.assign" | "case.reopen", _) => Stands::Open,
        ("case.submit_visit" | "case.take_back" | "case.withdraw", _) => Stands::Submitted,
        ("case.report_unreachable" | "case.withdraw_unreachable", _) => Stands::Unreachable,
        ("case.accept" | "case.agree_unreachable" | "case.refuse_decision", _) => Stands::Accepted,
        ("case.return", _) => Stands::Returned,
        ("case.send_for_approval", _) => Stands::AwaitingApproval,
        ("case.decide_eligible" | "case.confirm_last", _) => Stands::Decided,
        ("case.close", _) => Stands::Closed,
        ("case.expire", _) => Stands::Expired,
        (_, _) => return None,
    })
}
