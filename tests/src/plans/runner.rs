//! Runs a plan: every act against the real server and the real phones, every answer against the model; then everything
//! is let come to rest and compared once more, row by row.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::QueryResult;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tilik_mobile_core::OutboxState;
use tilik_protocol::duty::Outcome;
use tilik_protocol::evidence::{ReturnTarget, UnreachableReason, VisitKind};
use tilik_protocol::ids::{CaseId, DeviceId, EventId, FamilyId, MembershipId, PhotoId, VisitId};
use tilik_protocol::manifest::{Manifest, SignedManifest};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::review::{
    AssignCases, CaseAct, CasesAssigned, CasesOpened, CloseCase, Confirm, Decide, OpenCases,
    ReturnCase,
};
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::{CarryVisits, ReturnReason, SyncReply, SyncRequest};
use tilik_protocol::time::Timestamp;
use tilik_server::store::testing::Bug;
use tilik_server::time_token::TimeToken;
use uuid::Uuid;

use super::model::{Case, Model, Stands, Verdict, Visit, Word};
use super::{Act, HOMES, PHONES, Plan, Verb, WAITING};
use crate::people::{Console, Staff};
use crate::phone::{FieldPhone, snapshot};
use crate::village::{SEMBAKO, Village, here};
use crate::wire::{Fault, Heard, Wire, name_of};
use crate::world::{Answer, World, json};

/// How often an officer types the password into a new phone on a bad network.
const TRIES: u32 = 12;

/// A world that every plan begins with: people, a registry, and phones that are enrolled and signed in.
#[derive(Debug)]
pub struct Stage {
    world: World,
    staff: Staff,
    village: Village,
    phones: Vec<FieldPhone>,
}

/// What a plan came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Sealed visits.
    pub visits: usize,
    /// Photos.
    pub photos: usize,
    /// Requests that the server heard from phones.
    pub requests: usize,
    /// Requests that consoles made and that succeeded.
    pub said: usize,
    /// Faults in the plan.
    pub faults: usize,
    /// How often each action stands in the journal: what the plans reach.
    pub reached: BTreeMap<String, usize>,
}

impl std::ops::AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.visits += other.visits;
        self.photos += other.photos;
        self.requests += other.requests;
        self.said += other.said;
        self.faults += other.faults;
        for (action, count) in other.reached {
            *self.reached.entry(action).or_default() += count;
        }
    }
}

impl Stage {
    /// Sets the stage.
    ///
    /// # Errors
    /// When database or server refuse.
    pub async fn set() -> Result<Self> {
        let world = World::new(1).await?;
        let staff = world.staff(usize::from(PHONES)).await?;
        let village = world
            .village(usize::from(HOMES), usize::from(WAITING))
            .await?;
        let mut phones = Vec::new();
        for officer in &staff.officers {
            let mut phone = world.phone(&staff.admin, officer).await?;
            phone.kill();
            phones.push(phone);
        }
        for console in [
            &staff.admin,
            &staff.supervisor,
            &staff.colleague,
            &staff.operator,
            &staff.approver,
        ] {
            console.sign_in().await?;
        }
        world.stop().await;
        Ok(Self {
            world,
            staff,
            village,
            phones,
        })
    }

    /// Runs a plan on a copy of the stage, with a mistake planted in the server or without.
    ///
    /// # Errors
    /// What was not as it must be.
    pub async fn run(&self, plan: &Plan, bug: Option<Bug>) -> Result<Report> {
        let world = self.world.copy(plan.seed).await?;
        world.sabotage(bug)?;
        let outcome = self.play(&world, plan).await;
        world.end().await;
        outcome
    }

    async fn play(&self, world: &World, plan: &Plan) -> Result<Report> {
        let mut phones = Vec::new();
        let mut devices = Vec::new();
        for (n, phone) in (0_u64..).zip(&self.phones) {
            let phone = phone.moved_to(world, plan.seed.wrapping_mul(31).wrapping_add(n))?;
            devices.push(phone.device()?);
            phones.push(phone);
        }
        let mut run = Run {
            world,
            staff: self.staff.moved_to(world),
            village: &self.village,
            wire: Wire::of(world),
            revoked: vec![None; phones.len()],
            current: (0..phones.len()).collect(),
            devices,
            phones,
            model: Model {
                memberships: memberships(&self.village),
                line: self.village.waiting.iter().map(|h| h.family).collect(),
                ..Model::default()
            },
            programs: programs(&self.village),
            slots: world.count("SELECT COUNT(*) FROM slot").await?,
            said: Vec::new(),
            drawn: plan.seed.wrapping_mul(1_000),
            requests: 0,
        };
        for (n, act) in plan.acts.iter().enumerate() {
            world.clock.advance_s(11);
            run.act(act)
                .await
                .with_context(|| format!("act {n}: {act:?}"))?;
        }
        run.come_to_rest().await.context("coming to rest")?;
        run.check().await.context("at rest")?;
        let mut reached = BTreeMap::new();
        for row in run
            .rows("SELECT action, COUNT(*) FROM journal GROUP BY action")
            .await?
        {
            let count: i64 = row.try_get_by_index(1)?;
            reached.insert(row.try_get_by_index(0)?, usize::try_from(count)?);
        }
        Ok(Report {
            reached,
            visits: run.model.visits.len(),
            photos: run.model.photos.len(),
            requests: run.requests,
            said: run.said.len(),
            faults: plan.faults(),
        })
    }

    /// Takes the stage away.
    pub async fn strike(self) {
        drop(self.phones);
        self.world.end().await;
    }
}

fn memberships(village: &Village) -> BTreeMap<MembershipId, FamilyId> {
    let homes = village.homes.iter().chain(&village.far_homes);
    homes
        .flat_map(|home| home.memberships.values().map(|id| (*id, home.family)))
        .collect()
}

fn programs(village: &Village) -> BTreeMap<MembershipId, String> {
    let homes = village.homes.iter().chain(&village.far_homes);
    homes
        .flat_map(|home| home.memberships.iter())
        .map(|(program, id)| (*id, program.clone()))
        .collect()
}

/// Who sits at a console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Supervisor,
    Colleague,
    Operator,
    Approver,
}

/// A console's request that succeeded.
pub(super) struct Said {
    who: Who,
    pub(super) path: String,
    pub(super) body: serde_json::Value,
    pub(super) event: EventId,
    pub(super) happened: bool,
}

/// A plan under way.
pub(super) struct Run<'w> {
    pub(super) world: &'w World,
    staff: Staff,
    village: &'w Village,
    pub(super) wire: Wire<'w>,
    pub(super) phones: Vec<FieldPhone>,
    pub(super) devices: Vec<DeviceId>,
    pub(super) revoked: Vec<Option<RevokeKind>>,
    /// Each officer's phone now, of all the phones there have been.
    current: Vec<usize>,
    pub(super) model: Model,
    programs: BTreeMap<MembershipId, String>,
    pub(super) slots: i64,
    pub(super) said: Vec<Said>,
    drawn: u64,
    requests: usize,
}

/// The `pick`-th of `choices`, over and over.
fn pick_of<T: Clone>(choices: &[T], pick: u8) -> Option<T> {
    let n = usize::from(pick).checked_rem(choices.len())?;
    choices.get(n).cloned()
}

impl Run<'_> {
    fn reviewer(reviewer: u8) -> Who {
        if reviewer.is_multiple_of(2) {
            Who::Supervisor
        } else {
            Who::Colleague
        }
    }

    fn console(&self, who: Who) -> Console {
        match who {
            Who::Supervisor => &self.staff.supervisor,
            Who::Colleague => &self.staff.colleague,
            Who::Operator => &self.staff.operator,
            Who::Approver => &self.staff.approver,
        }
        .clone()
    }

    fn now(&self) -> i64 {
        self.world.now().as_micros()
    }

    fn drawing(&mut self) -> Result<Vec<u8>> {
        self.drawn += 1;
        snapshot(self.drawn)
    }

    pub(super) async fn rows(&self, query: &str) -> Result<Vec<QueryResult>> {
        Ok(self.world.app()?.store.peek(query, []).await?)
    }

    async fn ids_where(&self, query: &str, id: Uuid) -> Result<Vec<Uuid>> {
        let rows = self.world.app()?.store.peek(query, [id.into()]).await?;
        Ok(rows
            .iter()
            .map(|row| row.try_get_by_index(0))
            .collect::<Result<_, _>>()?)
    }

    /// A case for an act: three times of four one that the act is meant for, when there is one.
    fn case_for(&self, pick: u8, meant: impl Fn(&Case) -> bool) -> Option<CaseId> {
        let all: Vec<CaseId> = self.model.cases.keys().copied().collect();
        let fitting: Vec<CaseId> = self
            .model
            .cases
            .iter()
            .filter(|(_, case)| meant(case))
            .map(|(id, _)| *id)
            .collect();
        let choices = if pick.is_multiple_of(4) || fitting.is_empty() {
            all
        } else {
            fitting
        };
        pick_of(&choices, pick / 4)
    }

    /// A console says something; what comes back must be what the model says.
    async fn say(
        &mut self,
        who: Who,
        path: String,
        body: &impl Serialize,
        event: EventId,
        verdict: Verdict,
    ) -> Result<Answer> {
        let body = json(body);
        let answer = self.console(who).post(&path, &body).await;
        let told = format!(
            "{who:?} POST {path} {body}: {} {}",
            answer.status,
            answer.json()
        );
        ensure!(answer.status < 500, "the server failed: {told}");
        let succeeded = (200..300).contains(&answer.status);
        ensure!(
            succeeded == (verdict != Verdict::Refused),
            "the model says {verdict:?}, the server {told}"
        );
        if succeeded {
            self.said.push(Said {
                who,
                path,
                body,
                event,
                happened: verdict == Verdict::Happens,
            });
        }
        Ok(answer)
    }

    async fn act(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Visit {
                phone,
                pick,
                photos,
            } => self.visit(self.current[usize::from(*phone)], *pick, *photos),
            Act::Unreachable {
                phone,
                pick,
                statement,
            } => self.unreachable(self.current[usize::from(*phone)], *pick, *statement),
            Act::Finding { phone } => self.finding(self.current[usize::from(*phone)]),
            Act::Send {
                phone,
                most,
                batch,
                faults,
            } => {
                let phone = &mut self.phones[self.current[usize::from(*phone)]];
                phone.app()?.send_now()?;
                let (most, batch) = (u32::from(*most), u32::from(*batch));
                self.wire
                    .pump_in_batches(phone, faults, most, batch.max(1))
                    .await?;
                self.hear()
            }
            Act::LateArrivals => {
                self.wire.deliver_late(&mut self.phones).await?;
                self.hear()
            }
            Act::Reboot { phone } => {
                let phone = &mut self.phones[self.current[usize::from(*phone)]];
                phone.kill();
                phone.hands.reboot();
                phone.reopen()
            }
            Act::HandOver { from, to } => self.hand_over(
                self.current[usize::from(*from)],
                self.current[usize::from(*to)],
            ),
            Act::Revoke { phone, stolen } => {
                self.revoke(self.current[usize::from(*phone)], *stolen)
                    .await
            }
            Act::NewPhone { officer, faults } => {
                self.new_phone(usize::from(*officer), faults).await
            }
            Act::HandArea { from, to } => {
                self.hand_area(usize::from(*from), usize::from(*to)).await
            }
            Act::Open {
                home,
                officer,
                full,
                days,
            } => self.open(*home, *officer, *full, *days).await,
            Act::Assign { pick, officer } => self.assign(*pick, *officer).await,
            Act::Claim { reviewer } => self.claim(Self::reviewer(*reviewer)).await,
            Act::Review {
                reviewer,
                pick,
                verb,
            } => self.review(Self::reviewer(*reviewer), *pick, *verb).await,
            Act::Decide {
                pick,
                membership,
                eligible,
            } => self.decide(*pick, *membership, *eligible).await,
            Act::Confirm {
                pick,
                membership,
                yes,
            } => self.confirm(*pick, *membership, *yes).await,
            Act::Repeat { pick } => self.repeat(*pick).await,
            Act::Jobs => {
                self.world.settle().await?;
                Ok(())
            }
            Act::Pass { hours } => self.pass(*hours).await,
            Act::RestartServer => self.world.restart().await,
        }
    }

    // Officers.

    /// Whether the phone may begin a visit, as far as its officer knows.
    fn can_visit(&self, phone: usize) -> Result<bool> {
        Ok(self.phones[phone].status()?.device_revoked.is_none())
    }

    fn visit(&mut self, phone: usize, pick: u8, photos: u8) -> Result<()> {
        let Some(chosen) = pick_of(&self.phones[phone].assignments()?, pick) else {
            return Ok(());
        };
        if !self.can_visit(phone)? {
            return Ok(());
        }
        let drawings = (0..photos.max(1))
            .map(|_| self.drawing())
            .collect::<Result<Vec<_>>>()?;
        let here = &self.phones[phone];
        let returned_here = chosen
            .returned
            .is_some_and(|returned| here.sealed(returned.visit).is_ok());
        let visit = if returned_here {
            here.retake(chosen.case, &drawings[0])?
        } else {
            here.visit(chosen.case, &drawings)?
        };
        self.sealed(phone, visit, Some(chosen.case), false, false)
    }

    fn unreachable(&mut self, phone: usize, pick: u8, statement: bool) -> Result<()> {
        let Some(chosen) = pick_of(&self.phones[phone].assignments()?, pick) else {
            return Ok(());
        };
        if !self.can_visit(phone)? {
            return Ok(());
        }
        let (front, letter) = (self.drawing()?, self.drawing()?);
        let letter = statement.then_some(&letter[..]);
        let visit = self.phones[phone].unreachable(
            chosen.case,
            UnreachableReason::NotFound,
            &front,
            letter,
        )?;
        self.sealed(phone, visit, Some(chosen.case), true, statement)
    }

    fn finding(&mut self, phone: usize) -> Result<()> {
        if !self.can_visit(phone)? {
            return Ok(());
        }
        let front = self.drawing()?;
        let visit = self.phones[phone].finding(&here(), "KELUARGA BARU", &front)?;
        self.sealed(phone, visit, None, false, false)
    }

    /// Writes down what was sealed, from the sealed files themselves.
    fn sealed(
        &mut self,
        phone: usize,
        visit: VisitId,
        case: Option<CaseId>,
        unreachable: bool,
        statement: bool,
    ) -> Result<()> {
        let here = &self.phones[phone];
        let item = here.sealed(visit)?;
        for photo in &item.photos {
            if !self.model.photos.contains_key(&photo.photo) {
                let file = here.folder().join(format!("spool/{}.age", photo.photo));
                let plain = self.world.keys.open_spool(&std::fs::read(file)?)?;
                let hash = Sha256::digest(plain).into();
                self.model.photos.insert(photo.photo, hash);
            }
        }
        let before = self.model.visits.insert(
            visit,
            Visit {
                device: self.devices[phone],
                officer: here.person.id,
                case,
                filed: None,
                unreachable,
                statement,
                sealed_at: self.world.now().as_micros(),
                vouched_at: 0,
                told_at: 0,
                photos: item.photos.iter().map(|photo| photo.photo).collect(),
                arrived: false,
                apart: false,
                flags: BTreeSet::new(),
            },
        );
        ensure!(before.is_none(), "the visit {visit} was sealed twice");
        Ok(())
    }

    fn hand_over(&mut self, from: usize, to: usize) -> Result<()> {
        if from == to || !self.can_visit(to)? {
            return Ok(());
        }
        let unsent: Vec<VisitId> = self.phones[from]
            .outbox()?
            .into_iter()
            .filter(|item| !item.carried && item.state != OutboxState::Sent)
            .map(|item| item.visit)
            .collect();
        if unsent.is_empty() {
            return Ok(());
        }
        let bundle = self.world.folder().join("titipan.tilik");
        self.phones[from].hand_over(&unsent, &bundle)?;
        self.phones[to].take_along(&bundle)?;
        Ok(())
    }

    /// The moment that the server vouches for and the one it takes the hour from, when it hears this now.
    fn moments(&self, id: VisitId, manifest: &Manifest) -> (i64, i64) {
        const SLACK_US: i64 = 300_000_000;
        let (heard, said) = (self.now(), manifest.captured_at.as_micros());
        let clock = &manifest.clock;
        let token = clock.time_token.as_deref();
        let token = token.and_then(|text| TimeToken::open(&self.world.keys, text));
        let Some(visit) = self.model.visits.get(&id) else {
            return (heard, heard);
        };
        if token.is_some() && clock.token_elapsed_ns.is_some() {
            return (visit.sealed_at, visit.sealed_at);
        }
        let is_later = token.is_none_or(|token| token.at.as_micros() <= said + SLACK_US);
        if is_later && said <= heard + SLACK_US {
            (heard, said)
        } else {
            (heard, heard)
        }
    }

    // The wire.

    /// Tells the model what the server heard.
    pub(super) fn hear(&mut self) -> Result<()> {
        for heard in self.wire.heard() {
            self.requests += 1;
            let Heard {
                request, answer, ..
            } = &heard;
            let (path, status) = (request.path.as_str(), answer.status);
            ensure!(
                status < 500,
                "the server failed: {} {path}: {status} {}",
                request.method,
                String::from_utf8_lossy(&answer.body)
            );
            if status != 200 {
                continue;
            }
            let visits = match path {
                "/v1/sync" => serde_json::from_slice::<SyncRequest>(&heard.body)?.visits,
                "/v1/visits" => serde_json::from_slice::<CarryVisits>(&heard.body)?.visits,
                _ => continue,
            };
            let asked = self
                .phones
                .iter()
                .find(|phone| name_of(phone) == heard.phone);
            let bringer = asked.context("a phone of this world")?.person.id;
            for sealed in visits {
                let signed = SignedManifest::parse(&STANDARD.decode(&sealed.manifest)?)?;
                let id = signed.manifest().visit;
                ensure!(
                    self.model.visits.contains_key(&id),
                    "a phone sends the visit {id}, which nobody sealed"
                );
                let moments = self.moments(id, signed.manifest());
                self.model.hears_visit(id, bringer, moments);
            }
            if path == "/v1/sync" {
                let reply: SyncReply = serde_json::from_slice(&answer.body)?;
                let rows = reply.buckets.iter().flat_map(|page| &page.rows);
                let cases = rows
                    .filter(|row| row.body.is_some())
                    .filter_map(|row| row.object.strip_prefix("assignment:")?.parse().ok());
                self.model.hands_out(cases.collect::<Vec<CaseId>>());
            }
        }
        Ok(())
    }

    // Desks.

    async fn revoke(&mut self, phone: usize, stolen: bool) -> Result<()> {
        let is_left = |phone: &&usize| self.revoked[**phone].is_none();
        let others = self.current.iter().filter(is_left).count();
        if self.revoked[phone].is_some() || others < 2 {
            return Ok(());
        }
        let kind = if stolen {
            RevokeKind::Stolen
        } else {
            RevokeKind::Retired
        };
        self.staff
            .supervisor
            .revoke(self.devices[phone], kind)
            .await?;
        self.revoked[phone] = Some(kind);
        if stolen {
            self.model.stolen.insert(self.devices[phone]);
        }
        Ok(())
    }

    /// A phone out of the box, for an officer whose last one was revoked.
    async fn new_phone(&mut self, officer: usize, faults: &[Option<Fault>]) -> Result<()> {
        if self.revoked[self.current[officer]].is_none() {
            return Ok(());
        }
        let person = self.staff.officers[officer].clone();
        let code = self.staff.admin.issue_enrolment(person.id).await?.code;
        let mut phone = self.world.new_phone(&person)?;
        phone.app()?.enrol(code)?;
        let mut left = faults.to_vec();
        // A phone that dies while it signs in has forgotten the password: the officer types it again.
        for _ in 0..TRIES {
            let status = phone.status()?;
            if status.signed_in {
                break;
            }
            if status.enrolled && !status.busy {
                let (name, password) = (person.username.clone(), person.password.clone());
                phone.app()?.sign_in(name, password)?;
            }
            phone.app()?.send_now()?;
            let sent = self.wire.pump(&mut phone, &left, 8).await?;
            left.drain(..left.len().min(usize::try_from(sent)?));
        }
        ensure!(
            phone.status()?.signed_in,
            "the new phone cannot sign in: {:?}",
            phone.status()?
        );
        self.current[officer] = self.phones.len();
        self.devices.push(phone.device()?);
        self.revoked.push(None);
        self.phones.push(phone);
        self.hear()
    }

    async fn hand_area(&mut self, from: usize, to: usize) -> Result<()> {
        let (from, to) = (self.staff.officers[from].id, self.staff.officers[to].id);
        let cases: Vec<CaseId> = self.model.roster(from).into_iter().collect();
        if cases.is_empty() {
            return Ok(());
        }
        for case in &cases {
            self.model.assign(*case, Some(to));
        }
        let event = self.world.id();
        let body = AssignCases {
            event_id: event,
            cases: cases.clone(),
            officer: Some(to),
        };
        let answer = self
            .say(
                Who::Supervisor,
                "/v1/assignments".to_owned(),
                &body,
                event,
                Verdict::Happens,
            )
            .await?;
        let told: CasesAssigned = answer.read()?;
        ensure!(
            told.refused.is_empty() && told.changed == cases.len() as u64,
            "of {cases:?} the server says {told:?}"
        );
        Ok(())
    }

    async fn open(
        &mut self,
        home: u8,
        officer: Option<u8>,
        full: bool,
        days: Option<u8>,
    ) -> Result<()> {
        let homes: Vec<FamilyId> = self.village.homes.iter().map(|h| h.family).collect();
        let waiting = self.village.waiting.iter().map(|h| h.family);
        let all: Vec<FamilyId> = homes.into_iter().chain(waiting).collect();
        let Some(family) = pick_of(&all, home) else {
            return Ok(());
        };
        let officer = officer.and_then(|n| Some(self.staff.officers.get(usize::from(n))?.id));
        let closes_at = days.map(|days| self.world.now().plus_s(i64::from(days) * 86_400));
        let verdict = if self.model.open_case_of(family).is_some() {
            Verdict::WasSo
        } else {
            Verdict::Happens
        };
        let event = self.world.id();
        let body = OpenCases {
            event_id: event,
            families: vec![family],
            kind: if full {
                VisitKind::Full
            } else {
                VisitKind::Quick
            },
            closes_at,
            officer,
        };
        let answer = self
            .say(
                Who::Supervisor,
                "/v1/cases".to_owned(),
                &body,
                event,
                verdict,
            )
            .await?;
        let opened: CasesOpened = answer.read()?;
        match (verdict, &opened.cases[..]) {
            (Verdict::Happens, [case]) => {
                let closes_at = closes_at.map(Timestamp::as_micros);
                self.model.opens(*case, family, officer, closes_at);
                Ok(())
            }
            (Verdict::WasSo, []) if opened.already_open == [family] => Ok(()),
            _ => bail!("the model says {verdict:?}, the server {opened:?}"),
        }
    }

    async fn assign(&mut self, pick: u8, officer: Option<u8>) -> Result<()> {
        let meant = |case: &Case| case.stands == Stands::Open || case.stands.is_on_the_phone();
        let Some(case) = self.case_for(pick, meant) else {
            return Ok(());
        };
        let officer = officer.and_then(|n| Some(self.staff.officers.get(usize::from(n))?.id));
        let before = self.model.clone();
        let verdict = self.model.assign(case, officer);
        let event = self.world.id();
        let body = AssignCases {
            event_id: event,
            cases: vec![case],
            officer,
        };
        // A case that cannot be given is told in the answer, which is a success.
        let outcome = if verdict == Verdict::Refused {
            Verdict::WasSo
        } else {
            verdict
        };
        let answer = self
            .say(
                Who::Supervisor,
                "/v1/assignments".to_owned(),
                &body,
                event,
                outcome,
            )
            .await?;
        let told: CasesAssigned = answer.read()?;
        let expected = match verdict {
            Verdict::Happens => (1, vec![]),
            Verdict::WasSo => (0, vec![]),
            Verdict::Refused => (0, vec![case]),
        };
        ensure!(
            (told.changed, told.refused.clone()) == expected,
            "of a case that is {:?} the model says {verdict:?}, the server {told:?}",
            before.cases[&case].stands
        );
        Ok(())
    }

    /// Which photos are here is asked of the server's own table: bytes may arrive behind the wire's back.
    pub(super) async fn look_at_photos(&mut self) -> Result<()> {
        for row in self
            .rows("SELECT id FROM photo WHERE received_at IS NOT NULL")
            .await?
        {
            let id: Uuid = row.try_get_by_index(0)?;
            self.model.received.insert(PhotoId(id));
        }
        for id in self.model.contested() {
            let query = "SELECT current_visit FROM verification_case WHERE id = $1";
            for current in self.ids_where(query, id.into()).await? {
                ensure!(
                    self.model.counts(id, VisitId(current)),
                    "in the case {id} the visit {current} has taken the place of another"
                );
            }
        }
        Ok(())
    }

    async fn claim(&mut self, who: Who) -> Result<()> {
        self.look_at_photos().await?;
        let console = self.console(who);
        let (me, now) = (console.user(), self.now());
        let allowed = self.model.claimable(me, now);
        let claimed = console.claim().await?.map(|case| case.id);
        let is_right = match claimed {
            Some(case) => allowed.contains(&case),
            None => allowed.is_empty(),
        };
        ensure!(
            is_right,
            "{who:?} was handed {claimed:?} out of {allowed:?}"
        );
        if let Some(case) = claimed {
            self.model.holds(case, me, now);
        }
        Ok(())
    }

    async fn review(&mut self, who: Who, pick: u8, verb: Verb) -> Result<()> {
        let meant = |case: &Case| match verb {
            Verb::Accept | Verb::Return => case.stands == Stands::Submitted,
            Verb::TakeBack => case.stands == Stands::Returned,
            Verb::Withdraw => case.stands == Stands::Accepted,
            Verb::AgreeUnreachable | Verb::Reopen => case.stands == Stands::Unreachable,
            Verb::Close => !case.stands.is_over(),
        };
        let Some(id) = self.case_for(pick, meant) else {
            return Ok(());
        };
        self.look_at_photos().await?;
        let console = self.console(who);
        // Seven times of eight who judges evidence takes the case first.
        let judges = matches!(verb, Verb::Accept | Verb::Return | Verb::AgreeUnreachable);
        if judges && pick % 8 != 2 {
            let taken = console.take(id).await;
            let verdict = self.model.takes(id, console.user(), self.now());
            ensure!(
                (taken.status == 200) == (verdict == Verdict::Happens),
                "the model says {verdict:?} to {who:?} who takes {id}, the server {}",
                taken.verdict()
            );
        }
        let seen_version = console.case(id).await?.version;
        let event: EventId = self.world.id();
        let act = |path: &str| {
            (
                format!("/v1/cases/{id}/{path}"),
                CaseAct {
                    event_id: event,
                    seen_version,
                    note: None,
                },
            )
        };
        let current = self.model.cases[&id].current;
        let photos = current
            .and_then(|visit| self.model.visits.get(&visit))
            .map_or_else(Vec::new, |visit| visit.photos.clone());
        let target = pick_of(&photos, pick)
            .map_or(ReturnTarget::Visit, |photo| ReturnTarget::Photo { photo });
        let (path, body) = match verb {
            Verb::Accept => with_json(act("accept")),
            Verb::TakeBack => with_json(act("take-back")),
            Verb::Withdraw => with_json(act("withdraw")),
            Verb::AgreeUnreachable => with_json(act("agree-unreachable")),
            Verb::Reopen => with_json(act("reopen")),
            Verb::Return => with_json((
                format!("/v1/cases/{id}/return"),
                ReturnCase {
                    event_id: event,
                    seen_version,
                    reasons: vec![ReturnReason {
                        target,
                        code: ReasonCode::known("FOTO_BURAM"),
                        note: None,
                    }],
                },
            )),
            Verb::Close => with_json((
                format!("/v1/cases/{id}/close"),
                CloseCase {
                    event_id: event,
                    seen_version,
                    reason: ReasonCode::known("SALAH_BUKA"),
                },
            )),
        };
        let before = self.model.cases[&id].clone();
        let verdict = self.model.review(id, console.user(), verb, self.now());
        self.say(who, path, &body, event, verdict)
            .await
            .with_context(|| format!("before: {before:?}"))?;
        Ok(())
    }

    /// A membership of the case; when it has none, anybody's.
    fn membership_of(&self, case: CaseId, pick: u8) -> Option<MembershipId> {
        let own: Vec<MembershipId> = self.model.cases[&case].words.keys().copied().collect();
        let all: Vec<MembershipId> = self.model.memberships.keys().copied().collect();
        pick_of(&own, pick).or_else(|| pick_of(&all, pick))
    }

    async fn decide(&mut self, pick: u8, membership: u8, eligible: bool) -> Result<()> {
        let Some(id) = self.case_for(pick, |case| case.stands == Stands::Accepted) else {
            return Ok(());
        };
        let Some(membership) = self.membership_of(id, membership) else {
            return Ok(());
        };
        let event = self.world.id();
        let body = Decide {
            event_id: event,
            seen_version: self.staff.operator.case(id).await?.version,
            membership,
            outcome: if eligible {
                Outcome::Eligible
            } else {
                Outcome::Ineligible
            },
            reason: (!eligible).then(|| ReasonCode::known("PINDAH_LUAR")),
            document_number: (!eligible).then(|| "BA/1/2026".to_owned()),
        };
        let before = self.model.cases[&id].clone();
        let verdict = self.model.decide(id, membership, eligible);
        let path = format!("/v1/cases/{id}/decisions");
        self.say(Who::Operator, path, &body, event, verdict)
            .await
            .with_context(|| format!("before: {before:?}"))?;
        Ok(())
    }

    async fn confirm(&mut self, pick: u8, membership: u8, yes: bool) -> Result<()> {
        let meant = |case: &Case| case.stands == Stands::AwaitingApproval;
        let Some(id) = self.case_for(pick, meant) else {
            return Ok(());
        };
        let proposed: Vec<MembershipId> = self.model.cases[&id]
            .words
            .iter()
            .filter(|(_, word)| word.waits())
            .map(|(id, _)| *id)
            .collect();
        let chosen = pick_of(&proposed, membership).or_else(|| self.membership_of(id, membership));
        let Some(membership) = chosen else {
            return Ok(());
        };
        let event = self.world.id();
        let body = Confirm {
            event_id: event,
            seen_version: self.staff.approver.case(id).await?.version,
            membership,
            confirm: yes,
            reason: (!yes).then(|| ReasonCode::known("BUKTI_KURANG")),
            note: None,
        };
        let before = self.model.cases[&id].clone();
        let verdict = self.model.confirm(id, membership, yes);
        let path = format!("/v1/cases/{id}/confirmations");
        self.say(Who::Approver, path, &body, event, verdict)
            .await
            .with_context(|| format!("before: {before:?}"))?;
        let word = self.model.cases[&id].words.get(&membership);
        if verdict == Verdict::Happens && yes && word == Some(&Word::Cancelled) {
            self.hand_on(membership).await?;
        }
        Ok(())
    }

    /// A place is free: it must have gone to the next in line of its program, whose case is open, or to nobody.
    async fn hand_on(&mut self, ended: MembershipId) -> Result<()> {
        let program = self.programs.get(&ended).cloned().unwrap_or_default();
        let called = (program == SEMBAKO)
            .then(|| self.model.next_in_line())
            .flatten();
        let candidates = self
            .ids_where(
                "SELECT id FROM membership WHERE successor_of = $1",
                ended.into(),
            )
            .await?;
        let (Some(family), [candidate]) = (called, &candidates[..]) else {
            ensure!(
                called.is_none() && candidates.is_empty(),
                "the place of {ended} is {called:?}'s by the line, {candidates:?} by the server"
            );
            return Ok(());
        };
        let candidate = MembershipId(*candidate);
        self.programs.insert(candidate, program);
        if self.model.stands_by(candidate, family).is_some() {
            return Ok(());
        }
        let cases = self
            .ids_where(
                "SELECT id FROM verification_case WHERE family_id = $1 \
                 AND state NOT IN ('decided', 'closed', 'expired')",
                family.into(),
            )
            .await?;
        let [case] = &cases[..] else {
            bail!("the successor {family} has the open cases {cases:?}");
        };
        self.model.opens(CaseId(*case), family, None, None);
        Ok(())
    }

    async fn repeat(&mut self, pick: u8) -> Result<()> {
        let n = usize::from(pick).checked_rem(self.said.len());
        let Some(earlier) = n.and_then(|n| self.said.get(n)) else {
            return Ok(());
        };
        let answer = self.console(earlier.who);
        let answer = answer.post(&earlier.path, &earlier.body).await;
        ensure!(
            (200..300).contains(&answer.status),
            "said again, POST {} {} is {} {}",
            earlier.path,
            earlier.body,
            answer.status,
            answer.json()
        );
        Ok(())
    }

    async fn pass(&mut self, hours: u8) -> Result<()> {
        self.world.pass_s(i64::from(hours) * 3_600).await?;
        for case in self.model.due(self.now()) {
            let successors = self
                .ids_where(
                    "SELECT id FROM verification_case WHERE predecessor = $1",
                    case.into(),
                )
                .await?;
            let [successor] = &successors[..] else {
                bail!("the case {case}, whose window closed, is followed by {successors:?}");
            };
            self.model.expires(case, CaseId(*successor));
        }
        Ok(())
    }
}

fn with_json((path, body): (String, impl Serialize)) -> (String, serde_json::Value) {
    (path, json(&body))
}
