//! People at their desks: accounts and grants made by the real verbs, and consoles that call the API.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tilik_protocol::duty::Outcome;
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::{
    CaseId, DeviceId, EventId, FamilyId, GrantId, MembershipId, NoticeId, UserId,
};
use tilik_protocol::policy::Role;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::reset_slip::{IssueResetSlip, ResetSlip};
use tilik_protocol::review::{
    AssignCases, CaseAct, CaseView, CasesAssigned, CasesOpened, Claim, Claimed, CloseCase, Confirm,
    Decide, MembershipRow, NoticeDelivered, OpenCases, Page, ReturnCase,
};
use tilik_protocol::session::{
    Act, AddGrant, AddUser, ChangePassword, DeviceRevoked, DeviceView, EnrolmentCode, GrantView,
    IssueEnrolment, RevokeDevice, RevokeKind, SignIn, Tokens, UserView,
};
use tilik_protocol::sync::ReturnReason;
use tilik_protocol::time::Timestamp;
use tilik_server::App;
use tilik_server::clock::Ids;

use crate::village;
use crate::world::{Answer, Doorway, World, json};

/// Everybody's password.
pub const PASSWORD: &str = "kata sandi untuk uji";
/// What an admin or the command line gives everybody to sign in with for the first time.
pub const FIRST_PASSWORD: &str = "kata sandi pertama";

/// An account.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// A signed-in person who calls the API. Signs in again by itself when the token ran out. Clones share the session.
#[derive(Debug, Clone)]
pub struct Console {
    /// Who.
    pub person: Person,
    doorway: Doorway,
    ids: Arc<Ids>,
    session: Arc<Mutex<Option<Tokens>>>,
}

/// One person per role, and a few more where two are needed.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Users, devices, imports.
    pub admin: Console,
    /// Confirms.
    pub approver: Console,
    /// Reviews in the whole city.
    pub supervisor: Console,
    /// A second one.
    pub colleague: Console,
    /// Decides in the whole city.
    pub operator: Console,
    /// Decides where the operator may not.
    pub verifier: Console,
    /// Reads everything.
    pub auditor: Console,
    /// Reads and signs.
    pub signatory: Console,
    /// Officers, without phones yet.
    pub officers: Vec<Person>,
}

impl Console {
    /// Sends a file as it is.
    ///
    /// # Errors
    /// When it is no request, or the server is down.
    pub async fn bring(&self, path: &str, media_type: &str, bytes: &[u8]) -> Result<Answer> {
        let token = self.token().await?;
        let request = http::Request::post(path)
            .header(http::header::AUTHORIZATION, format!("Bearer {token}"))
            .header(http::header::CONTENT_TYPE, media_type)
            .body(axum::body::Body::from(bytes.to_vec()))?;
        self.doorway
            .send(request)
            .await
            .context("the server is down")
    }

    /// A person who has not signed in yet.
    pub fn of(world: &World, person: Person) -> Self {
        Self::at(world.doorway(), world.ids.clone(), person)
    }

    /// A caller with the session they have: who shows codes does not sign in by a password alone.
    pub fn signed_in(world: &World, caller: &crate::requests::Caller) -> Self {
        Self {
            session: Arc::new(Mutex::new(Some(caller.tokens.clone()))),
            ..Self::of(world, caller.person.clone())
        }
    }

    /// A person who has not signed in yet, at any server.
    pub fn at(doorway: Doorway, ids: Arc<Ids>, person: Person) -> Self {
        Self {
            person,
            doorway,
            ids,
            session: Arc::default(),
        }
    }

    /// The same person on a copy of the world, with the same session.
    #[must_use]
    pub fn moved_to(&self, world: &World) -> Self {
        Self {
            person: self.person.clone(),
            doorway: world.doorway(),
            ids: world.ids.clone(),
            session: Arc::new(Mutex::new(self.held())),
        }
    }

    /// The account.
    pub fn user(&self) -> UserId {
        self.person.id
    }

    /// A new event.
    pub fn event(&self) -> EventId {
        self.ids.next()
    }

    fn held(&self) -> Option<Tokens> {
        self.session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn hold(&self, tokens: Option<Tokens>) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    /// Signs in anew.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn sign_in(&self) -> Result<Tokens> {
        let body = SignIn {
            username: self.person.username.clone(),
            password: self.person.password.clone(),
            device: None,
            time_token: None,
            proof: None,
        };
        let tokens: Tokens = self
            .doorway
            .call("POST", "/v1/session", None, Some(&json(&body)))
            .await
            .ok()?
            .read()?;
        self.hold(Some(tokens.clone()));
        Ok(tokens)
    }

    /// An access token that is good now.
    ///
    /// # Errors
    /// When the server refuses to sign in.
    pub async fn token(&self) -> Result<String> {
        let now = self.ids.now();
        match self.held() {
            Some(tokens) if tokens.access_expires_at > now.plus_s(1) => Ok(tokens.access_token),
            Some(tokens) => {
                let body = json!({ "refresh_token": tokens.refresh_token });
                let answer = self
                    .doorway
                    .call("POST", "/v1/session/refresh", None, Some(&body))
                    .await;
                if answer.status == 200 {
                    let tokens: Tokens = answer.read()?;
                    self.hold(Some(tokens.clone()));
                    return Ok(tokens.access_token);
                }
                Ok(self.sign_in().await?.access_token)
            }
            None => Ok(self.sign_in().await?.access_token),
        }
    }

    /// Any request, with a token that is good now; a person who cannot sign in sends none.
    pub async fn call(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Answer {
        let token = self.token().await.ok();
        self.doorway
            .call(method, path, token.as_deref(), body)
            .await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// `POST` of any body.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call("POST", path, Some(&json(body))).await
    }

    async fn said<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.post(path, body)
            .await
            .ok()
            .with_context(|| format!("{} POST {path}", self.person.username))?
            .read()
    }

    /// A case as this person sees it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn case(&self, id: CaseId) -> Result<CaseView> {
        self.get(&format!("/v1/cases/{id}")).await.ok()?.read()
    }

    /// Opens cases for families and gives them to an officer.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn open_cases(
        &self,
        families: &[FamilyId],
        kind: VisitKind,
        officer: Option<UserId>,
        closes_at: Option<Timestamp>,
    ) -> Result<CasesOpened> {
        let body = OpenCases {
            event_id: self.event(),
            families: families.to_vec(),
            kind,
            closes_at,
            officer,
        };
        self.said("/v1/cases", &body).await
    }

    /// Gives cases to an officer, or to nobody.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn assign(&self, cases: &[CaseId], officer: Option<UserId>) -> Result<CasesAssigned> {
        let body = AssignCases {
            event_id: self.event(),
            cases: cases.to_vec(),
            officer,
        };
        self.said("/v1/assignments", &body).await
    }

    /// The next case for review.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn claim(&self) -> Result<Option<CaseView>> {
        let claimed: Claimed = self.said("/v1/review/claim", &Claim::default()).await?;
        Ok(claimed.case)
    }

    /// `accept`, `withdraw`, `take-back`, `agree-unreachable` or `reopen`, on the version this person sees now.
    ///
    /// # Errors
    /// When the case is hidden.
    pub async fn act(&self, id: CaseId, verb: &str) -> Result<Answer> {
        let body = CaseAct {
            event_id: self.event(),
            seen_version: self.case(id).await?.version,
            note: None,
        };
        Ok(self.post(&format!("/v1/cases/{id}/{verb}"), &body).await)
    }

    /// Takes this case's lease, or renews it.
    pub async fn take(&self, id: CaseId) -> Answer {
        self.call("POST", &format!("/v1/cases/{id}/lease"), None)
            .await
    }

    /// Takes the case and accepts the evidence.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn accept(&self, id: CaseId) -> Result<CaseView> {
        self.take(id).await.ok()?;
        self.act(id, "accept").await?.ok()?.read()
    }

    /// Takes a case and returns it with reasons.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn return_case(&self, id: CaseId, reasons: Vec<ReturnReason>) -> Result<CaseView> {
        self.take(id).await.ok()?;
        let body = ReturnCase {
            event_id: self.event(),
            seen_version: self.case(id).await?.version,
            reasons,
        };
        self.said(&format!("/v1/cases/{id}/return"), &body).await
    }

    /// Closes a case.
    ///
    /// # Errors
    /// When the case is hidden.
    pub async fn close(&self, id: CaseId, reason: &'static str) -> Result<Answer> {
        let body = CloseCase {
            event_id: self.event(),
            seen_version: self.case(id).await?.version,
            reason: ReasonCode::known(reason),
        };
        Ok(self.post(&format!("/v1/cases/{id}/close"), &body).await)
    }

    /// Decides one membership; `reason` makes it ineligible.
    ///
    /// # Errors
    /// When the case is hidden.
    pub async fn decide(
        &self,
        id: CaseId,
        membership: MembershipId,
        reason: Option<&'static str>,
    ) -> Result<Answer> {
        let body = Decide {
            event_id: self.event(),
            seen_version: self.case(id).await?.version,
            membership,
            outcome: if reason.is_some() {
                Outcome::Ineligible
            } else {
                Outcome::Eligible
            },
            reason: reason.map(ReasonCode::known),
            document_number: reason.map(|_| "BA/12/2026".to_owned()),
        };
        Ok(self.post(&format!("/v1/cases/{id}/decisions"), &body).await)
    }

    /// Confirms or refuses one membership's outcome.
    ///
    /// # Errors
    /// When the case is hidden.
    pub async fn confirm(
        &self,
        id: CaseId,
        membership: MembershipId,
        confirm: bool,
    ) -> Result<Answer> {
        let body = Confirm {
            event_id: self.event(),
            seen_version: self.case(id).await?.version,
            membership,
            confirm,
            reason: (!confirm).then(|| ReasonCode::known("BUKTI_KURANG")),
            note: None,
        };
        Ok(self
            .post(&format!("/v1/cases/{id}/confirmations"), &body)
            .await)
    }

    /// Records that the family has its notice in hand since `at`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delivered(&self, id: NoticeId, at: Timestamp) -> Result<()> {
        let body = NoticeDelivered {
            event_id: self.event(),
            delivered_at: at,
            received_by: "penerima".to_owned(),
            how: Some("diantar".to_owned()),
        };
        self.post(&format!("/v1/notices/{id}/delivered"), &body)
            .await
            .ok()?;
        Ok(())
    }

    /// All memberships in reach.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn memberships(&self) -> Result<Vec<MembershipRow>> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let page: Page<MembershipRow> = self
                .get(&format!("/v1/memberships?limit=200{after}"))
                .await
                .ok()?
                .read()?;
            rows.extend(page.items);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(rows),
            }
        }
    }

    /// A one-time code for an officer's phone.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn issue_enrolment(&self, officer: UserId) -> Result<EnrolmentCode> {
        let body = IssueEnrolment {
            event_id: self.event(),
            officer,
        };
        self.said("/v1/enrolments", &body).await
    }

    /// The phones in reach.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn devices(&self) -> Result<Vec<DeviceView>> {
        self.get("/v1/devices").await.ok()?.read()
    }

    /// Revokes a phone.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn revoke(&self, device: DeviceId, kind: RevokeKind) -> Result<DeviceRevoked> {
        let body = RevokeDevice {
            event_id: self.event(),
            kind,
        };
        self.said(&format!("/v1/devices/{device}/revoke"), &body)
            .await
    }

    /// Adds an account, whose person then chooses a password.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn add_user(&self, username: &str) -> Result<Person> {
        let body = AddUser {
            event_id: self.event(),
            username: username.to_owned(),
            name: format!("Pengguna {username}"),
            password: FIRST_PASSWORD.to_owned(),
        };
        let view: UserView = self.said("/v1/users", &body).await?;
        let person = Person {
            id: view.id,
            username: username.to_owned(),
            password: PASSWORD.to_owned(),
        };
        choose_password(&self.doorway, self.event(), &person).await?;
        Ok(person)
    }

    /// Gives a role; most wait for an approver.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn add_grant(
        &self,
        user: UserId,
        role: Role,
        regions: &[RegionCode],
        valid_until: Option<Timestamp>,
    ) -> Result<GrantView> {
        let body = AddGrant {
            event_id: self.event(),
            role,
            regions: regions.to_vec(),
            valid_from: None,
            valid_until,
            document_number: "ST/1/2026".to_owned(),
            delegated_from: None,
        };
        self.said(&format!("/v1/users/{user}/grants"), &body).await
    }

    /// Confirms a grant that waits.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn confirm_grant(&self, id: GrantId) -> Result<GrantView> {
        self.said(&format!("/v1/grants/{id}/confirm"), &self.plain_act())
            .await
    }

    /// A slip with which somebody chooses a new password.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn issue_reset_slip(&self, user: UserId, removes_codes: bool) -> Result<ResetSlip> {
        let body = IssueResetSlip {
            event_id: self.event(),
            removes_codes,
        };
        self.said(&format!("/v1/users/{user}/reset-slip"), &body)
            .await
    }

    /// Suspends an account (`suspend`) or lets it in again (`resume`).
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<UserView> {
        let verb = if suspended { "suspend" } else { "resume" };
        self.said(&format!("/v1/users/{user}/{verb}"), &self.plain_act())
            .await
    }

    fn plain_act(&self) -> Act {
        Act {
            event_id: self.event(),
            note: None,
        }
    }
}

/// Signs in with the first password and chooses the person's own, as everybody must.
async fn choose_password(doorway: &Doorway, event_id: EventId, person: &Person) -> Result<()> {
    let body = SignIn {
        username: person.username.clone(),
        password: FIRST_PASSWORD.to_owned(),
        device: None,
        time_token: None,
        proof: None,
    };
    let answer = doorway
        .call("POST", "/v1/session", None, Some(&json(&body)))
        .await;
    let tokens: Tokens = answer.ok()?.read()?;
    let token = Some(tokens.access_token.as_str());
    let body = ChangePassword {
        event_id,
        old_password: FIRST_PASSWORD.to_owned(),
        new_password: person.password.clone(),
    };
    doorway
        .call("POST", "/v1/me/password", token, Some(&json(&body)))
        .await
        .ok()?;
    doorway
        .call("DELETE", "/v1/session", token, None)
        .await
        .ok()?;
    Ok(())
}

/// The first two accounts of an installation, as the command line makes them: an admin and an approver, whom the
/// server itself confirms.
///
/// # Errors
/// When the server refuses.
pub async fn first_accounts(app: &App, doorway: &Doorway) -> Result<(Console, Console)> {
    let by = app.store.acting_as_system("user add");
    let mut made = Vec::new();
    for (username, role) in [("admin", Role::Admin), ("kepala", Role::Approver)] {
        let user = by
            .add_user(AddUser {
                event_id: app.ids.next(),
                username: username.to_owned(),
                name: format!("Pegawai {username}"),
                password: FIRST_PASSWORD.to_owned(),
            })
            .await?;
        let grant = by
            .add_grant(
                user.id,
                AddGrant {
                    event_id: app.ids.next(),
                    role,
                    regions: vec![village::city()],
                    valid_from: None,
                    valid_until: None,
                    document_number: "SK/1/2026".to_owned(),
                    delegated_from: None,
                },
            )
            .await?;
        if role.waits_for_approver() {
            let act = Act {
                event_id: app.ids.next(),
                note: None,
            };
            by.confirm_grant(grant.id, act).await?;
        }
        let person = Person {
            id: user.id,
            username: username.to_owned(),
            password: PASSWORD.to_owned(),
        };
        choose_password(doorway, app.ids.next(), &person).await?;
        made.push(Console::at(doorway.clone(), app.ids.clone(), person));
    }
    let approver = made.pop().context("the approver")?;
    Ok((made.pop().context("the admin")?, approver))
}

/// A person with one role in `regions`: the admin gives it, the approver confirms it when it waits.
///
/// # Errors
/// When the server refuses.
pub async fn hire(
    (admin, approver): (&Console, &Console),
    username: &str,
    role: Role,
    regions: &[RegionCode],
) -> Result<Console> {
    let person = admin.add_user(username).await?;
    let grant = admin.add_grant(person.id, role, regions, None).await?;
    if role.waits_for_approver() {
        approver.confirm_grant(grant.id).await?;
    }
    Ok(Console::at(
        admin.doorway.clone(),
        admin.ids.clone(),
        person,
    ))
}

impl World {
    /// As [`first_accounts`], here.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn first_accounts(&self) -> Result<(Console, Console)> {
        first_accounts(&self.app()?, &self.doorway()).await
    }

    /// As [`hire`].
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn person(
        &self,
        desk: (&Console, &Console),
        username: &str,
        role: Role,
        regions: &[RegionCode],
    ) -> Result<Console> {
        hire(desk, username, role, regions).await
    }

    /// One person per role for the whole city, and `officers` officers.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn staff(&self, officers: usize) -> Result<Staff> {
        let (admin, approver) = self.first_accounts().await?;
        let city = [village::city()];
        let desk = (&admin, &approver);
        let mut hired = Vec::new();
        for n in 1..=officers {
            let officer = hire(desk, &format!("petugas{n}"), Role::Officer, &city).await?;
            hired.push(officer.person);
        }
        Ok(Staff {
            supervisor: hire(desk, "koordinator", Role::Supervisor, &city).await?,
            colleague: hire(desk, "koordinator2", Role::Supervisor, &city).await?,
            operator: hire(desk, "operator", Role::Operator, &city).await?,
            verifier: hire(desk, "verifikator", Role::Verifier, &city).await?,
            auditor: hire(desk, "inspektorat", Role::Auditor, &city).await?,
            signatory: hire(desk, "lurah", Role::Signatory, &city).await?,
            officers: hired,
            admin,
            approver,
        })
    }
}

impl Staff {
    /// The same people on a copy of the world.
    #[must_use]
    pub fn moved_to(&self, world: &World) -> Self {
        let console = |console: &Console| console.moved_to(world);
        Self {
            admin: console(&self.admin),
            approver: console(&self.approver),
            supervisor: console(&self.supervisor),
            colleague: console(&self.colleague),
            operator: console(&self.operator),
            verifier: console(&self.verifier),
            auditor: console(&self.auditor),
            signatory: console(&self.signatory),
            officers: self.officers.clone(),
        }
    }
}
