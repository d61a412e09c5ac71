//! One well-formed request for every route there is, about real things, so that an answer tells who may and nothing else.
//!
//! **A new route** needs an arm in [`ask`] and, if it is about something new, that thing in [`Scene::new`]. Then run
//! `cargo test --workspace --test it authz`, read the proposed `authz.txt` line by line, and copy it.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, header};
use serde_json::{Value, json};
use tilik_protocol::appeal::AppealView;
use tilik_protocol::contact_sheet::ContactSheet;
use tilik_protocol::deliberation::DeliberationView;
use tilik_protocol::evaluation::{FactView, PreparedCancellation};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::export::ExportView;
use tilik_protocol::family::{DuplicateView, FamilyChanged};
use tilik_protocol::health::StatementView;
use tilik_protocol::ids::{
    CaseId, CivilBatchId, CivilEventId, DeviceId, DuplicateId, ExportId, FactId, FamilyId,
    FamilyRequestId, GrantId, HealthId, ImportId, MatchId, MembershipId, MinistryActId, MoveId,
    NoticeId, OldPhotoId, PaperId, PersonId, PhotoId, PlanId, PreparedId, RuleId, SessionId,
    SheetId, VisitId, WindowId,
};
use tilik_protocol::letter::LetterView;
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::ministry::MinistryActs;
use tilik_protocol::objection::ObjectionView;
use tilik_protocol::plan::PlanView;
use tilik_protocol::policy::Role;
use tilik_protocol::population::{BatchReceipt, CivilEventView, MatchView, MoveView};
use tilik_protocol::proposal::ProposalView;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::ImportKind;
use tilik_protocol::reset_slip::ResetSlip;
use tilik_protocol::review::{CaseView, Page};
use tilik_protocol::rule::RuleView;
use tilik_protocol::session::{GrantView, Tokens};
use tilik_protocol::window::{Standing, WindowView};
use tilik_server::http::routes::Line;
use tilik_server::totp;

use crate::feed::{self, Signer};
use crate::handmade::{Handmade, Shot, SoftPhone, new_enrolment};
use crate::kediri;
use crate::people::{Console, PASSWORD, Person, Staff, hire};
use crate::phone::snapshot;
use crate::proposals::{Proposed, SCAN, bring_scan, in_each_state, meeting};
use crate::second_factor;
use crate::village::{self, Village};
use crate::world::World;

/// Somebody who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What they are.
    pub role: Role,
    /// The account.
    pub person: Person,
    /// What the newest sign-in gave.
    pub tokens: Tokens,
    /// An officer's phone.
    pub phone: Option<SoftPhone>,
    /// The secret of the codes this person shows beside the password.
    pub codes: Option<Vec<u8>>,
    /// The secret of codes that are offered and not in force yet.
    pub offered: Option<Vec<u8>>,
}

impl Caller {
    /// The code that an app with this secret shows next: the one before was used to set it up.
    fn next_code(secret: Option<&Vec<u8>>, world: &World) -> String {
        secret.map_or_else(
            || "000000".to_owned(),
            |secret| totp::code_at(secret, world.now().plus_s(30)),
        )
    }
}

/// The same role under different circumstances.
#[derive(Debug, Clone)]
pub struct Callers {
    /// In the region of everything in the scene.
    pub own: Caller,
    /// In another region.
    pub other: Caller,
    /// Whose grant has ended by itself.
    pub expired: Caller,
    /// Who was suspended while signed in.
    pub suspended: Caller,
    /// The first one's access token of eleven minutes ago.
    pub old_token: String,
}

/// Something of every kind that a route is about, all in one region.
#[derive(Debug)]
pub struct Scene {
    /// Where it all is.
    pub world: World,
    /// People for the whole city, who made it so.
    pub staff: Staff,
    /// The registry.
    pub village: Village,
    /// One set of callers per role.
    pub callers: Vec<Callers>,
    /// The phone that made all evidence: that of the officer who asks.
    pub phone: SoftPhone,
    /// With nobody.
    pub open: CaseView,
    /// Evidence waits, under a lease of the supervisor who asks.
    pub leased: CaseView,
    /// Evidence waits, under another such lease.
    pub submitted: CaseView,
    /// Evidence stands.
    pub accepted: CaseView,
    /// Back with the officer, not fetched.
    pub returned: CaseView,
    /// With the officer, about a house that accepted evidence of an earlier case shows.
    pub revisited: CaseId,
    /// A contact sheet of the supervisor who asks.
    pub sheet: SheetId,
    /// The case on it.
    pub on_sheet: CaseView,
    /// Two tries in vain, with a statement, under another such lease.
    pub unreachable: CaseView,
    /// A cancellation was proposed.
    pub awaiting: CaseView,
    /// The notice of a confirmed cancellation.
    pub notice: NoticeId,
    /// The act of that cancellation, which is to be entered in the ministry's system.
    pub act: MinistryActId,
    /// The place that it ended.
    pub ended: MembershipId,
    /// An appeal against the end of another place, which nobody examined.
    pub filed: AppealView,
    /// An appeal that a verifier examined.
    pub examined: AppealView,
    /// An objection that an operator took in, with a photo; nobody has answered it.
    pub objection: ObjectionView,
    /// A family without a case.
    pub unvisited: FamilyId,
    /// A family that an operator registered, which holds nothing.
    pub registered: FamilyId,
    /// A member of it who is not its head.
    pub member: PersonId,
    /// Another such family, with a member who may be one of the first.
    pub twin: FamilyId,
    /// Those two.
    pub duplicate: DuplicateId,
    /// A change of who a family is that waits for an approver.
    pub family_request: FamilyRequestId,
    /// Such a change of the operator who asks.
    pub own_request: FamilyRequestId,
    /// A family that the civil registry brought here from another village.
    pub arrival: MoveId,
    /// An event that a person has to judge.
    pub civil_event: CivilEventId,
    /// What the health insurance said of somebody here, which leaves something to do.
    pub insured: HealthId,
    /// Somebody here of whom the civil registry is asked.
    pub asked: MatchId,
    /// A parked batch of events.
    pub batch: CivilBatchId,
    /// A plan of visits that nobody opened.
    pub plan: PlanId,
    /// A rule that nobody sent.
    pub draft_rule: RuleId,
    /// A rule that waits for an approver.
    pub waiting_rule: RuleId,
    /// A family whose evaluation fails, and whose evidence stands.
    pub failing: FamilyId,
    /// A fact that was recorded of it.
    pub fact: FactId,
    /// The cancellation that was prepared.
    pub prepared: PreparedId,
    /// Proposals, one before each act on them.
    pub proposed: Proposed,
    /// A deliberation that is written down and not signed.
    pub deliberation: DeliberationView,
    /// A letter that the operator issued and printed once.
    pub letter: LetterView,
    /// What that copy's code says.
    pub letter_code: String,
    /// The scan of one that is signed.
    pub signed_paper: PaperId,
    /// A scan that the operator who asks has brought.
    pub loose_paper: PaperId,
    /// Days of the admin who asks, for an approver.
    pub window: WindowId,
    /// A window that has closed for this month, and one that was opened again.
    pub shut: WindowId,
    /// See `shut`.
    pub reopened: WindowId,
    /// A visit whose manifest is here and whose photos are not.
    pub photoless: Handmade,
    /// A photo that was announced eleven minutes ago, of which no byte has come.
    pub begun: Shot,
    /// An upload that no manifest names.
    pub unnamed: PhotoId,
    /// A sealed visit that nobody has sent.
    pub unsent: Handmade,
    /// A photo that is here, with its copies.
    pub photo: PhotoId,
    /// An account to be managed, a signatory of this region.
    pub managed: Person,
    /// Its grant.
    pub grant: GrantId,
    /// A grant that waits for an approver.
    pub unconfirmed: GrantId,
    /// A slip for the account of that grant, which waits for an approver too.
    pub slip: ResetSlip,
    /// The code of a slip for the account to be managed.
    pub reset: String,
    /// An account that an approver's part is lent to; it does not decide otherwise.
    pub deputy: Person,
    /// What the approver who asks lent to it.
    pub lent: GrantId,
    /// A quota that waits for an approver.
    pub quota: ImportId,
    /// Another name for a family with a place, which waits for an approver.
    pub renaming: ImportId,
    /// A file that was tried and not applied.
    pub tried: ImportId,
    /// A file that waits for an approver before it is made, as only a whole city's does by itself.
    pub export: ExportId,
    /// A file that the operator who asks had made.
    pub made: ExportId,
    /// An archive of old photos.
    pub archive: Vec<u8>,
    /// What became of it, to the admin who asks.
    pub old_photos: ImportId,
    /// The photo in it.
    pub old_photo: OldPhotoId,
    /// A phone to be revoked.
    pub spare: DeviceId,
    /// A code that no phone has shown.
    pub code: String,
    /// What a feed's account was told after its password: it shows codes.
    pub pending: String,
    /// The secret of those codes.
    pub codes: Vec<u8>,
}

/// A request without its token.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// The path, with real ids.
    pub path: String,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Ask {
    fn plain(line: &Line, path: String) -> Self {
        Self {
            method: line.method.to_string(),
            path,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn json(line: &Line, path: String, body: &Value) -> Self {
        Self {
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            ..Self::plain(line, path)
        }
    }

    /// With a token, or without. It comes from far away: what is open to this machine only is not open to it.
    ///
    /// # Errors
    /// When it is no request.
    pub fn request(&self, token: Option<&str>) -> Result<Request<Body>> {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.path)
            .header(header::CONTENT_LENGTH, self.body.len());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let stranger = SocketAddr::from(([203, 0, 113, 9], 40_000));
        request = request.extension(ConnectInfo(stranger));
        Ok(request.body(Body::from(self.body.clone()))?)
    }
}

/// A family of two about which nothing is odd.
fn a_family(world: &World, n: u32) -> Value {
    json!({
        "event_id": world.id::<uuid::Uuid>(), "kk": format!("357103010120{n:04}"),
        "address": "JL MAWAR NO 1", "rt": "1", "rw": "2", "region": village::here(),
        "persons": [
            {
                "nik": format!("357103121280{n:04}"), "name": format!("SURYONO {n}"),
                "birth_date": "1980-12-12", "sex": "male", "relation": "kepala_keluarga",
            },
            {
                "nik": format!("357103521282{n:04}"), "name": format!("SITI AMINAH {n}"),
                "birth_date": "1982-12-12", "sex": "female", "relation": "pasangan",
            },
        ],
    })
}

/// Whoever was never visited, as many as one officer can do.
fn plan_of_visits() -> Value {
    json!({ "region": village::here(), "rules": { "no_photo": true }, "capacity": 5 })
}

/// Another payee for a family: no window is set for that.
pub fn about(village: &Village, home: usize) -> Value {
    let home = &village.homes[home];
    json!({ "kind": "payee_change", "family": home.family, "person": home.persons[0] })
}

/// How an office's letters look.
pub fn an_office() -> Value {
    json!({
        "letterhead": ["PEMERINTAH KOTA KEDIRI", "KECAMATAN PESANTREN", "KELURAHAN BETET"],
        "address": "Jl. Betet No. 1, Kediri 64134", "place": "Kediri", "numbering": "running",
        "number_template": "400.9/{nomor:3}/419.503/{tahun}",
        "signatory_title": ["LURAH BETET"], "signatory_name": "BUDI SANTOSO, S.Sos",
        "signatory_nip": "19750101 200003 1 001", "numbers_shown": "full", "shows_decile": true,
        "valid_days": 90, "appeal_at": "Kantor Kelurahan Betet, Senin sampai Jumat",
    })
}

/// A letter for the head of a family of the village.
pub fn a_letter(village: &Village, home: usize) -> Value {
    let home = &village.homes[home];
    json!({
        "subject": { "kind": "registered", "family": home.family, "person": home.persons[0] },
        "purpose": "pendaftaran KIP Kuliah",
    })
}

/// The table: what a well-formed request of `caller` to this route is. `None` for a route that has no line here yet.
///
/// # Errors
/// When a body cannot be made.
#[expect(
    clippy::match_same_arms,
    reason = "a table: routes stand in the order of the table of routes"
)]
pub fn ask(world: &World, scene: &Scene, line: &Line, caller: &Caller) -> Result<Option<Ask>> {
    let event = || json!(world.id::<uuid::Uuid>());
    let plain = |path: String| Ask::plain(line, path);
    let with = |path: String, body: &Value| Ask::json(line, path, body);
    let here = |body: &Value| Ask::json(line, line.path.to_owned(), body);
    let act = || json!({ "event_id": event() });
    let of = |case: &CaseView| line.path.replace("{id}", &case.id.to_string());
    let on = |case: &CaseView| {
        let body = json!({ "event_id": event(), "seen_version": case.version });
        with(of(case), &body)
    };
    let of_sheet = || line.path.replace("{sheet}", &scene.sheet.to_string());
    let id = |id: &dyn std::fmt::Display| line.path.replace("{id}", &id.to_string());
    let phone = caller.phone.as_ref().unwrap_or(&scene.phone);
    let tus = |path: String, more: &[(&'static str, String)], body: &[u8]| Ask {
        headers: [("tus-resumable", "1.0.0".to_owned())]
            .into_iter()
            .chain(more.iter().cloned())
            .collect(),
        body: body.to_vec(),
        ..plain(path)
    };
    let bytes = || {
        [
            ("content-type", "application/offset+octet-stream".to_owned()),
            ("upload-offset", "0".to_owned()),
        ]
    };
    let moved = |proposal: &ProposalView| {
        let body = json!({ "event_id": event(), "seen_version": proposal.row.version });
        with(id(&proposal.row.id), &body)
    };
    let judged = |proposal: &ProposalView| {
        let body = json!({
            "event_id": event(), "seen_version": proposal.row.version, "verdict": "yes",
        });
        with(id(&proposal.row.id), &body)
    };
    let membership = |case: &CaseView| -> Result<Value> {
        Ok(json!(case.memberships.first().context("a membership")?.id))
    };
    Ok(Some(match (line.method.as_str(), line.path) {
        ("GET", "/health/live" | "/health/ready" | "/metrics") => plain(line.path.to_owned()),
        ("POST", "/v1/session") => match &caller.phone {
            Some(phone) => here(&json!(phone.sign_in_body())),
            None => here(&json!({
                "username": caller.person.username, "password": caller.person.password,
            })),
        },
        ("POST", "/v1/session/refresh") => here(&phone.refresh_body(&caller.tokens.refresh_token)),
        ("POST", "/v1/training") => here(&json!({ "event_id": event() })),
        ("POST", "/v1/console/session") => Ask {
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("origin", world.public_url().to_owned()),
            ],
            ..here(&json!({
                "username": caller.person.username, "password": caller.person.password,
            }))
        },
        ("POST", "/v1/session/code") => here(&json!({
            "pending": scene.pending, "code": Caller::next_code(Some(&scene.codes), world),
        })),
        ("POST", "/v1/console/session/code") => Ask {
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("origin", world.public_url().to_owned()),
            ],
            ..here(&json!({
                "pending": scene.pending, "code": Caller::next_code(Some(&scene.codes), world),
            }))
        },
        ("POST", "/v1/session/step-up") => here(&json!({
            "event_id": event(), "code": Caller::next_code(caller.codes.as_ref(), world),
        })),
        (
            "POST",
            "/v1/me/second-factor"
            | "/v1/me/second-factor/recovery-codes"
            | "/v1/me/second-factor/remove",
        ) => here(&json!({
            "event_id": event(), "password": caller.person.password,
        })),
        ("POST", "/v1/me/second-factor/confirm") => here(&json!({
            "event_id": event(), "code": Caller::next_code(caller.offered.as_ref(), world),
        })),
        ("GET", "/v1/photos/{id}/{side}") => plain(id(&scene.photo).replace("{side}", "320")),
        ("GET", "/v1/phone/house-photos/{case}") => {
            plain(line.path.replace("{case}", &scene.revisited.to_string()))
        }
        ("POST", "/v1/photos/seen") => here(&json!({ "photos": [scene.photo] })),
        ("GET", "/v1/map") => plain(format!(
            "{}?south=-79000000&west=1119000000&north=-77000000&east=1121000000&zoom=12",
            line.path
        )),
        (
            "GET",
            "/v1/overview"
            | "/v1/reports/aid-gap"
            | "/v1/reports/monthly"
            | "/v1/reports/monthly.pdf"
            | "/v1/reports/monthly.xlsx",
        ) => plain(format!("{}?region={}", line.path, village::here())),
        ("GET", "/v1/rt-checks" | "/v1/rt-checks/progress") => {
            plain(format!("{}?region={}", line.path, village::here()))
        }
        ("POST", "/v1/rt-checks") => here(&json!({
            "event_id": event(), "region": village::here(), "month": "2026-11",
            "marks": [{ "family": scene.village.homes[0].family, "finding": "present" }],
        })),
        ("GET", "/v1/journal" | "/v1/access") => {
            plain(format!("{}?case={}", line.path, scene.submitted.id))
        }
        (
            "GET",
            "/v1/me"
            | "/v1/me/sessions"
            | "/v1/me/second-factor"
            | "/v1/me/news"
            | "/v1/cases"
            | "/v1/memberships"
            | "/v1/exports"
            | "/v1/ministry-acts"
            | "/v1/replacements"
            | "/v1/appeals"
            | "/v1/objections"
            | "/v1/public/villages"
            | "/v1/recipients"
            | "/v1/users"
            | "/v1/devices"
            | "/v1/imports"
            | "/v1/regions"
            | "/v1/programs"
            | "/v1/reasons"
            | "/v1/officers"
            | "/v1/review/waiting"
            | "/v1/decisions/waiting"
            | "/v1/tasks"
            | "/v1/quotas"
            | "/v1/overlaps"
            | "/v1/grants/waiting"
            | "/v1/journal/people"
            | "/v1/delegations"
            | "/v1/deputies"
            | "/v1/reset-slips"
            | "/v1/proposals"
            | "/v1/proposals/counts"
            | "/v1/windows"
            | "/v1/deliberations"
            | "/v1/map/villages"
            | "/v1/map/families"
            | "/v1/map/base"
            | "/v1/map/base.pmtiles"
            | "/v1/app/android"
            | "/v1/training"
            | "/v1/rules"
            | "/v1/letter-offices"
            | "/v1/letters"
            | "/v1/cancellations"
            | "/v1/population/events"
            | "/v1/population/batches"
            | "/v1/population/villages"
            | "/v1/population/matches",
        )
        | ("DELETE", "/v1/session")
        | ("POST", "/v1/me/sign-out-everywhere")
        | ("OPTIONS", "/v1/uploads") => plain(line.path.to_owned()),
        ("GET", "/v1/waitlists") => plain(format!(
            "{}?program=SEMBAKO&region={}",
            line.path,
            village::here()
        )),
        ("GET", "/v1/overlaps/families") => plain(format!("{}?one=PKH&other=SEMBAKO", line.path)),
        ("DELETE", "/v1/me/sessions/{id}") => plain(id(&session_of(&caller.tokens)?)),
        ("POST", "/v1/me/news") => here(&json!({
            "event_id": event(), "version": "2026.11", "roles": [caller.role],
        })),
        ("POST", "/v1/me/password") => here(&json!({
            "event_id": event(), "old_password": caller.person.password,
            "new_password": "kata sandi yang lain",
        })),
        ("POST", "/v1/sync") => here(&json!(phone.sync_body(vec![scene.unsent.sealed()]))),
        ("POST", "/v1/visits") => here(&json!({ "visits": [scene.unsent.sealed()] })),
        ("POST", "/v1/uploads") => {
            let shot = scene.photoless.shots.get(1).context("a second photo")?;
            let announced = scene.phone.announcement(shot, scene.photoless.visit());
            Ask {
                headers: announced.into_iter().chain([bytes()[0].clone()]).collect(),
                body: shot.sealed.clone(),
                ..plain(line.path.to_owned())
            }
        }
        ("HEAD", "/v1/uploads/{id}") => tus(id(&scene.begun.id), &[], &[]),
        ("PATCH", "/v1/uploads/{id}") => tus(id(&scene.begun.id), &bytes(), &scene.begun.sealed),
        ("POST", "/v1/uploads/{id}") => {
            let [kind, offset] = bytes();
            let patch = ("x-http-method-override", "PATCH".to_owned());
            tus(
                id(&scene.begun.id),
                &[kind, offset, patch],
                &scene.begun.sealed,
            )
        }
        ("DELETE", "/v1/uploads/{id}") => tus(id(&scene.unnamed), &[], &[]),
        ("POST", "/v1/cases") => here(&json!({
            "event_id": event(), "families": [scene.unvisited], "kind": "quick",
        })),
        ("GET", "/v1/cases/{id}") => plain(of(&scene.submitted)),
        ("GET", "/v1/cases/{id}/history") => plain(of(&scene.submitted)),
        ("GET", "/v1/regions/{code}/outline") => {
            plain(line.path.replace("{code}", village::here().as_str()))
        }
        ("POST", "/v1/families/search") => here(&json!({ "region": village::here() })),
        ("GET", "/v1/families/{id}" | "/v1/families/{id}/changes") => plain(id(&scene.unvisited)),
        ("POST", "/v1/families") => here(&a_family(world, 3)),
        ("POST", "/v1/families/{id}/corrections") => with(
            id(&scene.registered),
            &json!({ "event_id": event(), "seen_version": 1, "address": "JL KENANGA NO 5" }),
        ),
        ("POST", "/v1/families/{id}/split") => with(
            id(&scene.registered),
            &json!({
                "event_id": event(), "seen_version": 1, "kk": "3571032511260001",
                "home": { "kind": "same" },
                "persons": [{ "id": scene.member, "relation": "kepala_keluarga" }],
            }),
        ),
        ("POST", "/v1/families/{id}/merge") => with(
            id(&scene.registered),
            &json!({
                "event_id": event(), "seen_version": 1, "other": scene.twin, "seen_other": 1,
            }),
        ),
        ("GET", "/v1/families/{id}/history") => plain(id(&scene.registered)),
        ("GET", "/v1/families/{id}/as-of") => {
            plain(format!("{}?at={}", id(&scene.registered), world.now()))
        }
        ("GET", "/v1/family-requests" | "/v1/duplicates") => plain(line.path.to_owned()),
        ("POST", "/v1/family-requests/{id}/confirm") => with(
            id(&scene.family_request),
            &json!({ "event_id": event(), "seen_version": 1 }),
        ),
        ("POST", "/v1/family-requests/{id}/refuse") => with(
            id(&scene.family_request),
            &json!({ "event_id": event(), "reason": "DATA_MERAGUKAN" }),
        ),
        ("POST", "/v1/family-requests/{id}/withdraw") => {
            with(id(&scene.own_request), &json!({ "event_id": event() }))
        }
        ("POST", "/v1/duplicates/{id}/decide") => with(
            id(&scene.duplicate),
            &json!({ "event_id": event(), "verdict": "different" }),
        ),
        ("POST", "/v1/families/{id}/moves") => with(
            id(&scene.registered),
            &json!({
                "event_id": event(), "seen_version": 1, "region": village::elsewhere(),
                "address": "JL BARU NO 9", "rt": "3", "rw": "4",
            }),
        ),
        ("GET", "/v1/families/{id}/events") => plain(id(&scene.unvisited)),
        ("GET", "/v1/population/moves") => plain(format!("{}?side=in", line.path)),
        ("GET", "/v1/population/moves/{id}") => plain(id(&scene.arrival)),
        ("POST", "/v1/population/moves/{id}/receive") => with(
            id(&scene.arrival),
            &json!({ "event_id": event(), "seen_version": 1 }),
        ),
        ("POST", "/v1/population/moves/{id}/send-back") => with(
            id(&scene.arrival),
            &json!({ "event_id": event(), "seen_version": 1, "reason": "ALAMAT_TIDAK_ADA" }),
        ),
        ("POST", "/v1/population/events") => {
            let body = json!({ "events": [] }).to_string().into_bytes();
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            let headers = Signer::registry()?.headers(world.now(), &nonce, &body);
            Ask {
                headers,
                body,
                ..plain(line.path.to_owned())
            }
        }
        ("POST", "/v1/population/matches") => here(&json!({
            "event_id": event(), "families": [scene.unvisited],
        })),
        ("GET", "/v1/population/match-queue") => {
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            Ask {
                headers: Signer::registry()?.headers(world.now(), &nonce, b""),
                ..plain(line.path.to_owned())
            }
        }
        ("POST", "/v1/population/match-file") => here(&json!({ "purpose": "dibawa ke Dukcapil" })),
        ("POST", "/v1/population/match-answer-files") => {
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            let body = json!({ "answers": [] });
            Ask {
                body: Signer::registry()?.file_of(world.now(), &nonce, &body),
                ..plain(line.path.to_owned())
            }
        }
        ("POST", "/v1/health/statements") => {
            let body = json!({ "statements": [] }).to_string().into_bytes();
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            let headers = Signer::insurance()?.headers(world.now(), &nonce, &body);
            Ask {
                headers,
                body,
                ..plain(line.path.to_owned())
            }
        }
        ("POST", "/v1/health/files") => {
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            let body = json!({ "statements": [] });
            Ask {
                body: Signer::insurance()?.file_of(world.now(), &nonce, &body),
                ..plain(line.path.to_owned())
            }
        }
        ("GET", "/v1/health/statements") => plain(format!("{}?part=all", line.path)),
        ("POST", "/v1/health/statements/{id}/judge") => with(
            id(&scene.insured),
            &json!({
                "event_id": event(), "seen_version": 1, "verdict": "dismiss", "reason": "DATA_KELIRU",
            }),
        ),
        ("GET", "/v1/families/{id}/health") => plain(id(&scene.unvisited)),
        ("POST", "/v1/population/match-answers") => {
            let body = json!({ "answers": [] }).to_string().into_bytes();
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            let headers = Signer::registry()?.headers(world.now(), &nonce, &body);
            Ask {
                headers,
                body,
                ..plain(line.path.to_owned())
            }
        }
        ("POST", "/v1/population/files") => {
            let nonce = world.id::<uuid::Uuid>().simple().to_string();
            Ask {
                body: Signer::registry()?.file(world.now(), &nonce, &[]),
                ..plain(line.path.to_owned())
            }
        }
        ("POST", "/v1/population/events/{id}/judge") => with(
            id(&scene.civil_event),
            &json!({
                "event_id": event(), "seen_version": 2, "verdict": "dismiss", "reason": "PERISTIWA_KELIRU",
            }),
        ),
        ("POST", "/v1/population/events/{id}/unmask") => with(
            id(&scene.civil_event),
            &json!({ "purpose": "mencocokkan dengan Dukcapil" }),
        ),
        ("POST", "/v1/population/batches/{id}/release") => with(
            id(&scene.batch),
            &json!({ "event_id": event(), "seen_version": 1 }),
        ),
        ("POST", "/v1/population/batches/{id}/refuse") => with(
            id(&scene.batch),
            &json!({ "event_id": event(), "seen_version": 1, "reason": "UJI_COBA" }),
        ),
        ("POST", "/v1/families/{id}/visit-requests") => with(
            id(&scene.unvisited),
            &json!({ "event_id": event(), "kind": "quick", "reason": "FOTO_LAMA" }),
        ),
        ("GET", "/v1/families/{id}/evaluations") => plain(id(&scene.failing)),
        ("POST", "/v1/families/{id}/facts") => with(
            id(&scene.failing),
            &json!({
                "event_id": event(), "code": "PINDAH_LUAR", "source": "Dukcapil", "evidence": "SKP/7/2026",
            }),
        ),
        ("POST", "/v1/facts/{id}/change") => with(
            id(&scene.fact),
            &json!({ "event_id": event(), "seen_version": 1, "end": true }),
        ),
        ("POST", "/v1/cancellations/{id}/send") => with(
            id(&scene.prepared),
            &json!({ "event_id": event(), "seen_version": 1, "document_number": "BA/9/2026" }),
        ),
        ("POST", "/v1/cancellations/{id}/dismiss") => with(
            id(&scene.prepared),
            &json!({ "event_id": event(), "seen_version": 1, "reason": "TETAP_LAYAK_DIPERIKSA" }),
        ),
        ("POST", "/v1/rules") => here(&new_rule(&event())),
        ("POST", "/v1/rules/shipped") => here(&json!({
            "event_id": event(), "region": village::here(),
        })),
        ("POST", "/v1/rules/{id}/change") => {
            let mut body = new_rule(&event());
            body["seen_version"] = json!(1);
            with(id(&scene.draft_rule), &body)
        }
        ("POST", "/v1/rules/{id}/submit") => with(
            id(&scene.draft_rule),
            &json!({ "event_id": event(), "seen_version": 1 }),
        ),
        ("POST", "/v1/rules/{id}/withdraw" | "/v1/rules/{id}/confirm") => with(
            id(&scene.waiting_rule),
            &json!({ "event_id": event(), "seen_version": 2 }),
        ),
        ("POST", "/v1/rules/{id}/refuse") => with(
            id(&scene.waiting_rule),
            &json!({ "event_id": event(), "seen_version": 2, "reason": "AMBANG_KELIRU" }),
        ),
        ("GET", "/v1/rules/{id}" | "/v1/rules/{id}/preview" | "/v1/rules/{id}/changes") => {
            plain(id(&scene.draft_rule))
        }
        ("POST", "/v1/families/{id}/unmask") => with(
            id(&scene.unvisited),
            &json!({ "purpose": "memeriksa kartu keluarga" }),
        ),
        ("POST", "/v1/assignments") => here(&json!({
            "event_id": event(), "cases": [scene.open.id], "officer": scene.phone.officer.id,
        })),
        ("POST", "/v1/plans/preview") => here(&plan_of_visits()),
        ("GET", "/v1/plans/{id}" | "/v1/plans/{id}/families") => plain(id(&scene.plan)),
        ("POST", "/v1/plans/{id}/open") => with(
            id(&scene.plan),
            &json!({ "event_id": event(), "kind": "quick" }),
        ),
        ("POST", "/v1/proposals") => here(&json!({
            "event_id": event(), "content": about(&scene.village, 9),
        })),
        ("POST", "/v1/proposals/batch") => here(&json!({
            "event_id": event(), "program": village::PKH, "families": [scene.village.waiting[0].family],
        })),
        ("GET", "/v1/proposals/{id}") => plain(id(&scene.proposed.draft.row.id)),
        ("POST", "/v1/proposals/{id}/change") => {
            let draft = &scene.proposed.draft;
            with(
                id(&draft.row.id),
                &json!({ "event_id": event(), "seen_version": draft.row.version, "content": draft.content }),
            )
        }
        ("POST", "/v1/proposals/{id}/submit" | "/v1/proposals/{id}/withdraw") => {
            moved(&scene.proposed.draft)
        }
        ("POST", "/v1/proposals/{id}/copy") => moved(&scene.proposed.rejected),
        ("POST", "/v1/proposals/{id}/send") => moved(&scene.proposed.endorsed),
        ("POST", "/v1/proposals/{id}/check") => judged(&scene.proposed.submitted),
        ("POST", "/v1/proposals/{id}/verify") => judged(&scene.proposed.deliberated),
        ("POST", "/v1/proposals/{id}/endorse") => judged(&scene.proposed.verified),
        ("POST", "/v1/proposals/{id}/outcome") => judged(&scene.proposed.sent),
        ("POST", "/v1/proposals/{id}/sptjm") => {
            let row = &scene.proposed.checked.row;
            let body = json!({
                "event_id": event(), "seen_version": row.version, "number": "SPTJM/1/2026",
                "signer": "Sri Wahyuni, lurah", "paper": scene.loose_paper,
            });
            with(id(&row.id), &body)
        }
        ("POST", "/v1/windows") => here(&json!({
            "event_id": event(), "act": "payee_change", "regime": "dtks", "opens": { "day": 1 },
            "closes": { "day": 20 }, "document_number": "SE/1/2026",
        })),
        ("POST", "/v1/windows/{id}/withdraw" | "/v1/windows/{id}/confirm") => {
            with(id(&scene.window), &act())
        }
        ("POST", "/v1/windows/{id}/reopen") => with(
            id(&scene.shut),
            &json!({ "event_id": event(), "last_day": "2026-11-30", "document_number": "ND/3/2026" }),
        ),
        ("POST", "/v1/windows/{id}/close") => with(id(&scene.reopened), &act()),
        ("POST", "/v1/windows/{id}/refuse") => with(
            id(&scene.window),
            &json!({ "event_id": event(), "reason": "DATA_MERAGUKAN" }),
        ),
        ("POST", "/v1/deliberations") => here(&json!({
            "event_id": event(), "content": meeting(village::here().as_str(), &scene.proposed.checked),
        })),
        ("GET", "/v1/deliberations/{id}") => plain(id(&scene.deliberation.row.id)),
        ("POST", "/v1/deliberations/{id}/change") => {
            let row = &scene.deliberation.row;
            let body = json!({
                "event_id": event(), "seen_version": row.version,
                "content": meeting(village::here().as_str(), &scene.proposed.checked),
            });
            with(id(&row.id), &body)
        }
        ("POST", "/v1/deliberations/{id}/sign") => {
            let row = &scene.deliberation.row;
            let body = json!({
                "event_id": event(), "seen_version": row.version, "number": "BA/1/2026",
                "paper": scene.loose_paper,
            });
            with(id(&row.id), &body)
        }
        ("POST", "/v1/papers") => Ask {
            headers: vec![("content-type", "application/pdf".to_owned())],
            body: SCAN.to_vec(),
            ..plain(format!(
                "{}?event_id={}",
                line.path,
                world.id::<uuid::Uuid>()
            ))
        },
        ("GET", "/v1/papers/{id}") => plain(id(&scene.signed_paper)),
        ("POST", "/v1/letter-offices") => here(&json!({
            "event_id": event(), "seen_version": 1, "region": village::here(),
            "settings": an_office(),
        })),
        ("GET", "/v1/letter-offices/{code}/versions") => {
            plain(line.path.replace("{code}", village::here().as_str()))
        }
        ("POST", "/v1/letters/preview" | "/v1/letters") => {
            let mut body = a_letter(&scene.village, 1);
            if line.path == "/v1/letters" {
                body["event_id"] = event();
            }
            here(&body)
        }
        ("GET", "/v1/letters/{id}") => plain(id(&scene.letter.id)),
        ("POST", "/v1/letters/{id}/print") => with(id(&scene.letter.id), &act()),
        ("POST", "/v1/letters/{id}/revoke") => with(
            id(&scene.letter.id),
            &json!({ "event_id": event(), "seen_version": 1, "reason": "DATA_SALAH" }),
        ),
        ("POST", "/v1/letters/check") => here(&json!({ "code": scene.letter_code })),
        ("POST", "/v1/cases/{id}/close") => {
            let body = json!({
                "event_id": event(), "seen_version": scene.open.version, "reason": "SALAH_BUKA",
            });
            with(of(&scene.open), &body)
        }
        ("POST", "/v1/review/claim") => here(&json!({})),
        ("POST", "/v1/review/sheets") => here(&json!({})),
        ("POST" | "DELETE", "/v1/review/sheets/{sheet}/lease") => plain(of_sheet()),
        ("POST", "/v1/review/sheets/{sheet}/taken-out") => with(
            of_sheet(),
            &json!({ "event_id": event(), "cases": [scene.on_sheet.id] }),
        ),
        ("POST" | "DELETE", "/v1/cases/{id}/lease") => plain(of(&scene.leased)),
        ("POST", "/v1/cases/{id}/accept") => on(&scene.submitted),
        ("POST", "/v1/cases/{id}/withdraw") => on(&scene.accepted),
        ("POST", "/v1/cases/{id}/return") => {
            let body = json!({
                "event_id": event(), "seen_version": scene.submitted.version,
                "reasons": [{ "target": { "kind": "visit" }, "code": "FOTO_BURAM" }],
            });
            with(of(&scene.submitted), &body)
        }
        ("POST", "/v1/cases/{id}/take-back") => on(&scene.returned),
        ("POST", "/v1/cases/{id}/agree-unreachable" | "/v1/cases/{id}/reopen") => {
            on(&scene.unreachable)
        }
        ("POST", "/v1/cases/{id}/decisions") => {
            let body = json!({
                "event_id": event(), "seen_version": scene.accepted.version,
                "membership": membership(&scene.accepted)?, "outcome": "eligible",
            });
            with(of(&scene.accepted), &body)
        }
        ("POST", "/v1/cases/{id}/confirmations") => {
            let body = json!({
                "event_id": event(), "seen_version": scene.awaiting.version,
                "membership": membership(&scene.awaiting)?, "confirm": true,
            });
            with(of(&scene.awaiting), &body)
        }
        ("POST", "/v1/appeals") => here(&json!({
            "event_id": event(), "membership": scene.ended, "came": "Sumarni",
            "appellant": "recipient", "grounds": "Rumah saya masih rumah yang sama.",
        })),
        ("GET", "/v1/appeals/{id}") => plain(id(&scene.filed.appeal.id)),
        ("POST", "/v1/appeals/{id}/examine") => with(
            id(&scene.filed.appeal.id),
            &json!({
                "event_id": event(), "seen_version": scene.filed.version, "outcome": "upheld",
                "reason": "DATA_SALAH", "words": "Sudah diperiksa di tempat.",
            }),
        ),
        ("POST", "/v1/appeals/{id}/judge") => with(
            id(&scene.examined.appeal.id),
            &json!({ "event_id": event(), "seen_version": scene.examined.version, "agree": true }),
        ),
        ("POST", "/v1/appeals/{id}/withdraw") => with(
            id(&scene.filed.appeal.id),
            &json!({ "event_id": event(), "seen_version": scene.filed.version }),
        ),
        ("POST", "/v1/receipts") => here(&json!({ "token": scene.filed.receipt })),
        ("POST", "/v1/status-checks") => here(&json!({
            "nik": scene.village.homes[0].nik, "name": scene.village.homes[0].name,
            "birth_date": "1970-05-01",
        })),
        ("POST", "/v1/public/objections" | "/v1/objections") => here(&json!({
            "event_id": event(), "content": an_objection("left_out", &scene.village.waiting[0].name, &[]),
        })),
        ("POST", "/v1/public/objection-photos" | "/v1/objection-photos") => Ask {
            headers: vec![("content-type", "image/jpeg".to_owned())],
            body: snapshot(91)?,
            ..plain(format!("{}?id={}", line.path, world.id::<uuid::Uuid>()))
        },
        ("GET", "/v1/objections/{id}") => plain(id(&scene.objection.objection.id)),
        ("POST", "/v1/objections/{id}/admit") => with(
            id(&scene.objection.objection.id),
            &json!({
                "event_id": event(), "seen_version": scene.objection.version,
                "family": scene.unvisited,
            }),
        ),
        ("POST", "/v1/objections/{id}/reject") => with(
            id(&scene.objection.objection.id),
            &json!({
                "event_id": event(), "seen_version": scene.objection.version,
                "reason": "KETERANGAN_KURANG",
            }),
        ),
        ("POST", "/v1/objections/{id}/unmask") => with(
            id(&scene.objection.objection.id),
            &json!({ "purpose": "menanyakan foto yang dikirim" }),
        ),
        ("GET", "/v1/objection-photos/{id}") => plain(id(&scene.objection.photos[0].id)),
        ("POST", "/v1/ministry-acts/entered") => here(&json!({
            "event_id": event(), "entered": true, "acts": [{ "id": scene.act, "seen_version": 1 }],
        })),
        ("POST", "/v1/notices/{id}/delivered") => {
            let body = json!({
                "event_id": event(), "delivered_at": world.now(), "received_by": "penerima",
            });
            with(id(&scene.notice), &body)
        }
        ("POST", "/v1/imports/{import}") => Ask {
            headers: vec![("content-type", "text/csv".to_owned())],
            body: format!("code,name\n{},BETET\n", village::here()).into_bytes(),
            ..plain(format!(
                "/v1/imports/regions?event_id={}",
                world.id::<uuid::Uuid>()
            ))
        },
        ("GET", "/v1/imports/{import}") => {
            plain(line.path.replace("{import}", &scene.quota.to_string()))
        }
        ("GET", "/v1/imports/{import}/changes") => {
            plain(line.path.replace("{import}", &scene.renaming.to_string()))
        }
        ("POST", "/v1/imports/{import}/columns") => Ask {
            headers: vec![("content-type", "text/csv".to_owned())],
            body: format!("code,name\n{},BETET\n", village::here()).into_bytes(),
            ..plain("/v1/imports/regions/columns".to_owned())
        },
        ("POST", "/v1/imports/{import}/mapping") => with(
            "/v1/imports/regions/mapping".to_owned(),
            &json!({ "event_id": event(), "fingerprint": "ab".repeat(32), "columns": [
                { "name": "code", "header": 0 }, { "name": "name", "header": 1 },
            ] }),
        ),
        ("GET", "/v1/imports/{import}/missing") => {
            plain(line.path.replace("{import}", &scene.renaming.to_string()))
        }
        ("POST", "/v1/imports/{import}/apply") => with(
            line.path.replace("{import}", &scene.tried.to_string()),
            &json!({ "event_id": event(), "accepted": 1 }),
        ),
        ("POST", "/v1/imports/{import}/discard") => with(
            line.path.replace("{import}", &scene.tried.to_string()),
            &act(),
        ),
        ("POST", "/v1/imports/{import}/confirm") => with(
            line.path.replace("{import}", &scene.quota.to_string()),
            &act(),
        ),
        ("POST", "/v1/imports/{import}/refuse") => with(
            line.path.replace("{import}", &scene.quota.to_string()),
            &json!({ "event_id": event(), "reason": "DATA_MERAGUKAN", "note": "diperiksa dahulu" }),
        ),
        ("POST", "/v1/old-photo-archives") => Ask {
            headers: vec![("content-type", "application/zip".to_owned())],
            body: scene.archive.clone(),
            ..plain(format!(
                "{}?event_id={}",
                line.path,
                world.id::<uuid::Uuid>()
            ))
        },
        ("GET", "/v1/old-photo-archives/{id}") => plain(id(&scene.old_photos)),
        ("GET", "/v1/old-photos/{id}") => plain(id(&scene.old_photo)),
        ("POST", "/v1/exports") => here(&json!({
            "event_id": event(), "kind": "quotas", "format": "csv", "region": village::here(),
        })),
        ("POST", "/v1/exports/{id}/answer") => with(
            id(&scene.export),
            &json!({ "event_id": event(), "allow": true }),
        ),
        ("GET", "/v1/exports/{id}/file") => plain(id(&scene.made)),
        ("POST", "/v1/users") => here(&json!({
            "event_id": event(), "username": "pegawai.baru", "name": "Pegawai Baru", "password": PASSWORD,
        })),
        ("GET", "/v1/users/{id}") => plain(id(&scene.managed.id)),
        ("POST", "/v1/users/{id}/grants") => {
            let body = json!({
                "event_id": event(), "role": "signatory", "regions": [village::here()],
                "document_number": "ST/2/2026",
            });
            with(id(&scene.managed.id), &body)
        }
        ("POST", "/v1/users/{id}/password") => with(
            id(&scene.managed.id),
            &json!({ "event_id": event(), "password": PASSWORD }),
        ),
        ("POST", "/v1/users/{id}/reset-slip") => with(id(&scene.managed.id), &act()),
        ("POST", "/v1/reset-slips/{id}/release") => with(id(&scene.slip.id), &act()),
        ("POST", "/v1/reset-slips/use") => here(&json!({
            "event_id": event(), "username": scene.managed.username, "code": scene.reset,
            "new_password": "kata sandi yang lain",
        })),
        ("POST", "/v1/users/{id}/suspend" | "/v1/users/{id}/resume") => {
            with(id(&scene.managed.id), &act())
        }
        ("POST", "/v1/grants/{id}/confirm") => with(id(&scene.unconfirmed), &act()),
        ("POST", "/v1/grants/{id}/refuse") => with(
            id(&scene.unconfirmed),
            &json!({ "event_id": event(), "reason": "PERAN_KELIRU" }),
        ),
        ("POST", "/v1/grants/{id}/delegate") => {
            let own = &caller.tokens.me.grants;
            let own = own.first().map_or(scene.grant, |grant| grant.id);
            let body = json!({
                "event_id": event(), "user": scene.deputy.id,
                "valid_from": world.now().plus_s(10 * 86_400), "valid_until": world.now().plus_s(11 * 86_400),
                "document_number": "ST/3/2026",
            });
            with(id(&own), &body)
        }
        ("POST", "/v1/grants/{id}/recall") => with(id(&scene.lent), &act()),
        ("POST", "/v1/grants/{id}/end") => with(id(&scene.grant), &act()),
        ("POST", "/v1/enrolments") => here(&json!({
            "event_id": event(), "officer": scene.phone.officer.id,
        })),
        ("POST", "/v1/devices") => here(&json!(new_enrolment(world, &scene.code)?)),
        ("POST", "/v1/devices/{id}/revoke") => with(
            id(&scene.spare),
            &json!({ "event_id": event(), "kind": "stolen" }),
        ),
        _ => return Ok(None),
    }))
}

/// A rule of one gate, as somebody writes it.
fn new_rule(event: &Value) -> Value {
    json!({
        "event_id": event, "program": village::SEMBAKO, "regime": "dtsen", "region": village::here(),
        "body": {
            "title": "Sembako", "source": "kebijakan kota",
            "decile": { "max": 5, "source": "kebijakan kota" },
            "exclusions": [
                { "code": "GANDA", "label": "Keluarga ganda", "evidence": "kedua catatan", "source": "kota",
                  "whole_family": true },
                { "code": "PINDAH_LUAR", "label": "Pindah keluar kota", "evidence": "surat pindah", "source": "kota",
                  "whole_family": true },
            ],
        },
    })
}

/// A rule that nobody sent, one that waits, and what one in force said of a family: the fact and the cancellation.
async fn rules_of(
    world: &World,
    staff: &Staff,
    failing: FamilyId,
) -> Result<(RuleId, RuleId, FactId, PreparedId)> {
    let store = world.app()?.store;
    let text = "UPDATE family SET regime = 'dtsen', decile = 8 WHERE id = $1";
    store.poke(text, [uuid::Uuid::from(failing).into()]).await?;
    let draft = async |program: &str| -> Result<RuleView> {
        let mut body = new_rule(&json!(staff.admin.event()));
        body["program"] = json!(program);
        staff.admin.post("/v1/rules", &body).await.ok()?.read()
    };
    let act = async |by: &Console, rule: &RuleView, act: &str| -> Result<RuleView> {
        let body = json!({ "event_id": by.event(), "seen_version": rule.version });
        let path = format!("/v1/rules/{}/{act}", rule.id);
        by.post(&path, &body).await.ok()?.read()
    };
    let sent = act(&staff.admin, &draft(village::SEMBAKO).await?, "submit").await?;
    act(&staff.approver, &sent, "confirm").await?;
    let waiting = act(&staff.admin, &draft(village::PKH).await?, "submit").await?;
    let unsent = draft(village::SEMBAKO).await?;
    let body = json!({
        "event_id": staff.operator.event(), "code": "GANDA", "source": "Dinsos", "evidence": "BA/3/2026",
    });
    let path = format!("/v1/families/{failing}/facts");
    let fact: FactView = staff.operator.post(&path, &body).await.ok()?.read()?;
    world.settle().await?;
    let prepared: Page<PreparedCancellation> =
        staff.operator.get("/v1/cancellations").await.ok()?.read()?;
    let prepared = prepared.items.first().context("a prepared cancellation")?;
    Ok((unsent.id, waiting.id, fact.id, prepared.id))
}

/// The session of an access token, as the token's own claims say.
///
/// # Errors
/// When it is no token of ours.
pub fn session_of(tokens: &Tokens) -> Result<SessionId> {
    let claims = tokens.access_token.split('.').nth(1).context("claims")?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    Ok(serde_json::from_value(claims["sid"].clone())?)
}

impl Caller {
    async fn sign_in(&mut self, world: &World) -> Result<()> {
        self.tokens = match &mut self.phone {
            Some(phone) => phone.sign_in().await?,
            None => Console::of(world, self.person.clone()).sign_in().await?,
        };
        Ok(())
    }
}

impl Scene {
    /// Ids of this region's things: a list that shows none of them shows nothing of this region.
    pub fn things(&self) -> Vec<String> {
        let families = self
            .village
            .homes
            .iter()
            .map(|home| home.family.to_string());
        let phones = self.callers.iter().filter_map(|set| set.own.phone.as_ref());
        families
            .chain(phones.map(|phone| phone.id.to_string()))
            .chain([
                self.duplicate.to_string(),
                self.family_request.to_string(),
                self.managed.id.to_string(),
                self.spare.to_string(),
                self.quota.to_string(),
                self.slip.id.to_string(),
                self.batch.to_string(),
                self.objection.objection.id.to_string(),
                self.asked.to_string(),
            ])
            .chain([
                self.phone.officer.id.to_string(),
                village::here().to_string(),
            ])
            .chain([
                self.on_sheet.id.to_string(),
                self.submitted.id.to_string(),
                self.photo.to_string(),
            ])
            .collect()
    }

    /// Everything, in a new world.
    ///
    /// # Errors
    /// When the server refuses any of it.
    pub async fn new(seed: u64) -> Result<Self> {
        Box::pin(Self::made(seed)).await
    }

    async fn made(seed: u64) -> Result<Self> {
        let world = World::new(seed).await?;
        let mut staff = world.staff(0).await?;
        let desk = (&staff.admin, &staff.approver);
        let second = world
            .person(desk, "petugas2", Role::Officer, &[village::here()])
            .await?
            .person;
        let village = world.village(30, 3).await?;
        let mut callers = Vec::new();
        for role in Role::grantable() {
            callers.push(callers_of(&world, &staff, role).await?);
        }
        // Begun long enough ago that others may go on with it: its author is no longer sending.
        let nowhere: VisitId = world.id();
        let officers = callers.iter_mut().find(|set| set.own.role == Role::Officer);
        let phone = officers.and_then(|set| set.own.phone.as_mut());
        let phone = phone.context("a phone")?;
        let begun = phone.shot(crate::handmade::jpeg(6_666)?)?;
        phone.announce(&begun, nowhere, &[]).await?.ok()?;
        // Access tokens run out here; so do the grants that are to have expired.
        world.pass_s(660).await?;
        for set in &mut callers {
            set.own.sign_in(&world).await?;
            set.other.sign_in(&world).await?;
            set.expired.sign_in(&world).await?;
            set.suspended.sign_in(&world).await?;
            staff
                .admin
                .set_suspended(set.suspended.person.id, true)
                .await?;
        }
        let by_role = |role: Role| {
            let set = callers.iter().find(|set| set.own.role == role);
            set.map(|set| set.own.clone()).context("a caller per role")
        };
        let officer = by_role(Role::Officer)?.person;
        let mut phone = by_role(Role::Officer)?.phone.context("a phone")?;
        staff.officers = vec![officer.clone(), second.clone()];
        let spare = SoftPhone::enrolled(&world, &staff.admin, &second).await?.id;
        let code = staff.admin.issue_enrolment(second.id).await?.code;

        // Families with one membership, so that one word decides their case.
        let mut homes = village
            .homes
            .iter()
            .filter(|home| home.memberships.len() == 1)
            .map(|home| home.family);
        let mut family = || homes.next().context("a family is left");
        let unvisited = family()?;
        let mut cases = Vec::new();
        for _ in 0..11 {
            let opened = staff
                .supervisor
                .open_cases(&[family()?], VisitKind::Quick, Some(officer.id), None)
                .await?;
            cases.push(*opened.cases.first().context("a case")?);
        }
        let [
            open,
            leased,
            submitted,
            accepted,
            returned,
            unreachable,
            awaiting,
            cancelled,
            photoless,
            doubted,
            doubted_too,
        ] = cases[..]
        else {
            anyhow::bail!("eleven cases");
        };
        staff.supervisor.assign(&[open], None).await?;
        let opened = staff
            .supervisor
            .open_cases(&[family()?], VisitKind::Full, Some(officer.id), None)
            .await?;
        let on_sheet = *opened.cases.first().context("a case")?;
        let seen_before = family()?;
        let corrected = family()?;
        let opened = staff
            .supervisor
            .open_cases(&[seen_before], VisitKind::Quick, Some(officer.id), None)
            .await?;
        let earlier = *opened.cases.first().context("a case")?;
        // The one whose evidence came first is the one that is claimed.
        phone.visit(leased, VisitKind::Quick).await?;
        world.pass_s(1).await?;
        let mut photo = None;
        for case in [
            submitted,
            accepted,
            returned,
            awaiting,
            cancelled,
            doubted,
            doubted_too,
            earlier,
        ] {
            let visit = phone.visit(case, VisitKind::Quick).await?;
            photo = photo.or(visit.shots.first().map(|shot| shot.id));
        }
        let plain = phone.capture_plainly(&world, on_sheet, &[])?;
        phone.bring(&plain).await?;
        let now = world.now();
        for (days, hours) in [(2, 3), (1, 1)] {
            let at = now.plus_s(-days * 86_400 - hours * 3_600);
            phone.try_in_vain(&world, unreachable, at).await?;
        }
        let photoless = phone.capture(Some(photoless), VisitKind::Quick, 2)?;
        phone.sync(&[&photoless]).await?;
        let unsent = phone.capture(Some(open), VisitKind::Quick, 1)?;
        let unnamed = phone.shot(crate::handmade::jpeg(7_777)?)?;
        phone.announce(&unnamed, nowhere, &[]).await?.ok()?;
        world.settle().await?;

        let supervisor = by_role(Role::Supervisor)?.person;
        let reviewer = Console::of(&world, supervisor);
        let claimed = reviewer.claim().await?;
        anyhow::ensure!(claimed.map(|case| case.id) == Some(leased), "another case");
        for case in [submitted, unreachable] {
            reviewer.take(case).await.ok()?;
        }
        let taken: ContactSheet = reviewer
            .post("/v1/review/sheets", &json!({}))
            .await
            .ok()?
            .read()?;
        let held: Vec<CaseId> = taken.houses.iter().map(|house| house.case).collect();
        anyhow::ensure!(held == [on_sheet], "another sheet: {held:?}");
        for case in [accepted, awaiting, cancelled, doubted, doubted_too, earlier] {
            staff.supervisor.accept(case).await?;
        }
        let closed = staff.supervisor.close(earlier, "SALAH_BUKA").await?;
        closed.ok()?;
        let opened = staff
            .supervisor
            .open_cases(&[seen_before], VisitKind::Quick, Some(officer.id), None)
            .await?;
        let revisited = *opened.cases.first().context("a case")?;
        staff
            .supervisor
            .return_case(
                returned,
                vec![serde_json::from_value(
                    json!({ "target": { "kind": "visit" }, "code": "FOTO_BURAM" }),
                )?],
            )
            .await?;
        for case in [awaiting, cancelled, doubted, doubted_too] {
            let membership = one_membership(&staff.operator, case).await?;
            staff
                .operator
                .decide(case, membership, Some("MENINGGAL"))
                .await?
                .ok()?;
        }
        let mut ended = Vec::new();
        for case in [cancelled, doubted, doubted_too] {
            let membership = one_membership(&staff.approver, case).await?;
            let confirmed = staff.approver.confirm(case, membership, true);
            confirmed.await?.ok()?;
            ended.push(membership);
        }
        let file = async |membership: MembershipId| -> Result<AppealView> {
            let body = json!({
                "event_id": world.id::<uuid::Uuid>(), "membership": membership, "came": "Sumarni",
                "appellant": "recipient", "grounds": "Rumah saya masih rumah yang sama.",
            });
            staff.operator.post("/v1/appeals", &body).await.ok()?.read()
        };
        let filed = file(ended[1]).await?;
        let examined = file(ended[2]).await?;
        let body = json!({
            "event_id": world.id::<uuid::Uuid>(), "seen_version": 1, "outcome": "dismissed",
            "reason": "ALASAN_TERBUKTI", "words": "Sudah diperiksa di tempat.",
        });
        let path = format!("/v1/appeals/{}/examine", examined.appeal.id);
        let examined = staff.verifier.post(&path, &body).await.ok()?.read()?;
        let ended = ended[0];
        let shown: uuid::Uuid = world.id();
        send_photo(&world, Some(&staff.operator), shown, snapshot(92)?)
            .await?
            .ok()?;
        let body = json!({
            "event_id": world.id::<uuid::Uuid>(),
            "content": an_objection("recipient", &village.homes[0].name, &[shown]),
        });
        let objection = staff.operator.post("/v1/objections", &body).await;
        let objection = objection.ok()?.read()?;
        let notice = staff.operator.case(cancelled).await?.memberships[0]
            .notice
            .context("a notice")?;
        let acts = staff.operator.get("/v1/ministry-acts").await.ok()?;
        let acts: MinistryActs = acts.read()?;
        let act = acts.items.first().context("an act")?.id;

        let managed = staff.admin.add_user("dikelola").await?;
        let grant = staff
            .admin
            .add_grant(managed.id, Role::Signatory, &[village::here()], None)
            .await?
            .id;
        let newcomer = staff.admin.add_user("menunggu").await?;
        let unconfirmed = staff
            .admin
            .add_grant(newcomer.id, Role::Operator, &[village::here()], None)
            .await?
            .id;
        let slip = staff.admin.issue_reset_slip(newcomer.id, false).await?;
        let reset = staff.admin.issue_reset_slip(managed.id, false).await?.code;
        let deputy = staff.admin.add_user("pengganti").await?;
        staff
            .admin
            .add_grant(deputy.id, Role::Signatory, &[village::here()], None)
            .await?;
        let approver = callers.iter().find(|set| set.own.role == Role::Approver);
        let approver = &approver.context("an approver")?.own;
        let own = approver.tokens.me.grants.first().context("a grant")?.id;
        let lends = Console::of(&world, approver.person.clone());
        let body = json!({
            "event_id": lends.event(), "user": deputy.id, "valid_until": world.now().plus_s(7_200),
            "document_number": "ST/4/2026",
        });
        let lent = lends
            .post(&format!("/v1/grants/{own}/delegate"), &body)
            .await
            .ok()?;
        let lent = lent.read::<GrantView>()?.id;
        let file = format!("program,wilayah,jatah\nPKH,{},40\n", village::here());
        let quota = kediri::send(
            &world.doorway(),
            &staff.admin,
            ImportKind::Quotas,
            file.into_bytes(),
        )
        .await?;
        let home = village.homes.last().context("a family")?;
        let file = format!(
            "no_kk,nik,nama,hub_keluarga,alamat,rt,rw,wilayah\n{},{},KENARI ZULKARNAEN,KEPALA KELUARGA,JL MELATI NO,1,2,{}\n",
            home.kk,
            home.nik,
            village::here()
        );
        let renaming = kediri::send(
            &world.doorway(),
            &staff.admin,
            ImportKind::Families,
            file.into_bytes(),
        )
        .await?;
        let mut pending = String::new();
        let mut codes = Vec::new();
        for set in &mut callers {
            let own = &mut set.own;
            match own.role {
                Role::Feed => {
                    let secret = second_factor::offered(&world, &own.tokens).await?;
                    second_factor::confirmed(&world, &own.tokens, &secret).await?;
                    pending = second_factor::pending(&world, &own.person).await?;
                    codes.clone_from(&secret);
                    own.codes = Some(secret);
                }
                Role::Signatory => {
                    own.offered = Some(second_factor::offered(&world, &own.tokens).await?);
                }
                _ => {}
            }
        }
        // By the admin who asks: nobody else applies or discards it.
        let admin = callers.iter().find(|set| set.own.role == Role::Admin);
        let admin = Console::of(&world, admin.context("an admin")?.own.person.clone());
        let tried = admin.event();
        let file = format!("code,name\n{},BETET\n", village::here());
        kediri::send_to_be_tried(
            &world.doorway(),
            &admin,
            ImportKind::Regions,
            tried,
            file.into_bytes(),
        )
        .await?
        .ok()?;
        let register = async |body: &Value| -> Result<FamilyId> {
            let answer = staff.operator.post("/v1/families", body).await.ok()?;
            Ok(answer.read::<FamilyChanged>()?.family)
        };
        let registered = register(&a_family(&world, 1)).await?;
        // The second one's wife has the first one's NIK.
        let mut body = a_family(&world, 2);
        body["persons"][1]["nik"] = json!("3571035212820001");
        body["ticked"] = json!(["persons.1.nik:elsewhere"]);
        let twin = register(&body).await?;
        let page = staff.operator.get("/v1/duplicates").await.ok()?;
        let pairs: Page<DuplicateView> = page.read()?;
        let duplicate = pairs.items.first().context("a pair")?.id;
        let path = format!("/v1/families/{registered}");
        let page: FamilyPage = staff.operator.get(&path).await.ok()?.read()?;
        let mut members = page.family.persons.iter();
        let member = members.find(|one| one.relation == "pasangan");
        let member = member.context("a wife")?.id;
        let body = json!({
            "event_id": staff.operator.event(), "seen_version": 1, "kk": "3571032511260009",
        });
        let path = format!("/v1/families/{corrected}/corrections");
        let asked = staff.operator.post(&path, &body).await.ok()?;
        let asked: FamilyChanged = asked.read()?;
        let family_request = asked.waits.context("a request")?;
        let operator = callers.iter().find(|set| set.own.role == Role::Operator);
        let operator = Console::of(&world, operator.context("an operator")?.own.person.clone());
        let ask = async |console: &Console| -> Result<ExportView> {
            let body = json!({
                "event_id": console.event(), "kind": "quotas", "format": "csv",
                "region": village::here(),
            });
            console.post("/v1/exports", &body).await.ok()?.read()
        };
        let body = json!({
            "event_id": operator.event(), "seen_version": 1, "kk": "3571032511260008",
        });
        let asked = operator.post(&path, &body).await.ok()?;
        let asked: FamilyChanged = asked.read()?;
        let own_request = asked.waits.context("a request")?;
        let waiting = ask(&staff.operator).await?;
        world
            .app()
            .context("a server")?
            .store
            .poke(
                "UPDATE export_run SET state = 'waiting' WHERE id = $1",
                [uuid::Uuid::from(waiting.id).into()],
            )
            .await?;
        let made = ask(&operator).await?;
        let home = village.homes.first().context("a home")?;
        let archive = archive_of(&[(&format!("{}.jpg", home.kk), &snapshot(90)?)])?;
        let old_photos = admin.event();
        let brought = send_archive(&world, &admin, old_photos, archive.clone()).await?;
        brought.ok()?;
        world.settle().await?;
        let path = format!("/v1/families/{}", home.family);
        let page: FamilyPage = staff.auditor.get(&path).await.ok()?.read()?;
        let old_photo = page.old_photos.first().context("an old photo")?.id;
        let body = json!({
            "event_id": staff.admin.event(), "seen_version": 0, "region": village::here(),
            "settings": an_office(),
        });
        staff.admin.post("/v1/letter-offices", &body).await.ok()?;
        let mut body = a_letter(&village, 0);
        body["event_id"] = json!(staff.operator.event());
        let letter = staff.operator.post("/v1/letters", &body).await.ok()?;
        let letter: LetterView = letter.read()?;
        let path = format!("/v1/letters/{}/print", letter.id);
        let body = json!({ "event_id": staff.operator.event() });
        staff.operator.post(&path, &body).await.ok()?;
        let letter_code = world.app()?.store.letter_code(letter.id).await?;
        let body = json!({
            "event_id": admin.event(), "act": "relocation", "regime": "dtks", "opens": { "day": 1 },
            "closes": { "day": 20 }, "document_number": "SE/1/2026",
        });
        let window = admin.post("/v1/windows", &body).await.ok()?;
        let window = window.read::<WindowView>()?.id;
        let (shut, reopened) = shut_windows(&staff).await?;
        let homes: Vec<Value> = (0..8).map(|home| about(&village, home)).collect();
        let people = (&staff.operator, &staff.verifier, &staff.approver);
        let (proposed, deliberation, signed_paper) = in_each_state(people, &homes).await?;
        let operator = callers.iter().find(|set| set.own.role == Role::Operator);
        let operator = &operator.context("an operator")?.own.person;
        let brings = Console::of(&world, operator.clone());
        let loose_paper = bring_scan(&brings, SCAN).await?.id;
        let wanted = plan_of_visits();
        let planned = staff.supervisor.post("/v1/plans/preview", &wanted);
        let planned: PlanView = planned.await.ok()?.read()?;
        world.settle().await?;
        let failing = staff.auditor.case(accepted).await?.family.id;
        let feed = callers.iter().find(|set| set.own.role == Role::Feed);
        let feed = Console::signed_in(&world, &feed.context("a feed")?.own);
        let (arrival, civil_event, batch) =
            Box::pin(events_of(&world, &staff, &feed, &village)).await?;
        let (insured, asked) = Box::pin(insured(&world, &staff, &feed, &village)).await?;
        let (draft_rule, waiting_rule, fact, prepared) =
            Box::pin(rules_of(&world, &staff, failing)).await?;
        let see = async |case: CaseId| staff.auditor.case(case).await;
        Ok(Self {
            open: see(open).await?,
            leased: see(leased).await?,
            submitted: see(submitted).await?,
            accepted: see(accepted).await?,
            returned: see(returned).await?,
            revisited,
            sheet: taken.sheet,
            on_sheet: see(on_sheet).await?,
            unreachable: see(unreachable).await?,
            awaiting: see(awaiting).await?,
            notice,
            act,
            ended,
            filed,
            examined,
            objection,
            unvisited,
            registered,
            member,
            twin,
            duplicate,
            family_request,
            own_request,
            arrival,
            civil_event,
            insured,
            asked,
            batch,
            plan: planned.id,
            draft_rule,
            waiting_rule,
            failing,
            fact,
            prepared,
            proposed,
            deliberation,
            letter,
            letter_code,
            signed_paper,
            loose_paper,
            window,
            shut,
            reopened,
            photoless,
            begun,
            unnamed: unnamed.id,
            unsent,
            photo: photo.context("a photo")?,
            managed,
            grant,
            unconfirmed,
            deputy,
            lent,
            reset,
            slip,
            quota: quota.id,
            renaming: renaming.id,
            tried: ImportId(tried.into()),
            export: waiting.id,
            made: made.id,
            archive,
            old_photos: ImportId(old_photos.into()),
            old_photo,
            spare,
            code,
            pending,
            codes,
            callers,
            phone,
            world,
            village,
            staff,
        })
    }
}

/// A family that moved here, an event that waits for a person, and a batch that was parked; the last by the feed that asks.
async fn events_of(
    world: &World,
    staff: &Staff,
    feed: &Console,
    village: &Village,
) -> Result<(MoveId, CivilEventId, CivilBatchId)> {
    let signer = Signer::registry()?;
    let desk = (&staff.admin, &staff.approver);
    let city = hire(desk, "dukcapil", Role::Feed, &[village::city()]).await?;
    let far = village.far_homes.first().context("a family far away")?;
    let near = village.homes.get(8).context("a family")?;
    let mut some = feed::event("uji-2", "PINDAH_KELUAR", &near.nik, "2026-11-20", 2);
    some["payload"] = json!({ "whole_family": false });
    let events = [
        feed::moves("uji-1", &far.nik, "2026-11-20", 1, village::here().as_str()),
        some,
    ];
    signer.send(world, &city, &events).await?.ok()?;
    let arrived = staff
        .auditor
        .get("/v1/population/moves?side=in")
        .await
        .ok()?;
    let arrived: Page<MoveView> = arrived.read()?;
    let waits = staff.auditor.get("/v1/population/events?waiting=true");
    let waits: Page<CivilEventView> = waits.await.ok()?.read()?;
    let jump = feed::event("uji-3", "MENINGGAL", &near.nik, "2026-11-20", 1 << 63);
    let parked = signer.send(world, feed, &[jump]).await?.ok()?;
    let parked: BatchReceipt = parked.read()?;
    anyhow::ensure!(!parked.trips.is_empty(), "a batch that is not parked");
    Ok((
        arrived.items.first().context("a move")?.id,
        waits.items.first().context("an event")?.id,
        parked.batch,
    ))
}

/// A window that has closed for this month, and one that an approver opened again.
async fn shut_windows(staff: &Staff) -> Result<(WindowId, WindowId)> {
    let all = staff.approver.get("/v1/windows").await.ok()?;
    let all: Page<WindowView> = all.read()?;
    let of = |act: &str, program: Option<&str>| {
        let mut shut = all.items.iter().filter(|one| {
            matches!(one.standing, Some(Standing::Closed { .. }))
                && one.regime.to_string() == "dtks"
        });
        shut.find(|one| one.act.to_string() == act && one.program.as_deref() == program)
            .map(|one| one.id)
            .with_context(|| format!("a window of {act} that has closed"))
    };
    let (shut, reopened) = (
        of("program", Some("PBI-JK"))?,
        of("pbi_reactivation", None)?,
    );
    let body = json!({
        "event_id": staff.approver.event(), "last_day": "2026-11-30", "document_number": "ND/2/2026",
    });
    let path = format!("/v1/windows/{reopened}/reopen");
    staff.approver.post(&path, &body).await.ok()?;
    Ok((shut, reopened))
}

/// What the health insurance says of somebody here: it ended, and people are to do something. The civil registry is asked
/// of them too.
async fn insured(
    world: &World,
    staff: &Staff,
    feed: &Console,
    village: &Village,
) -> Result<(HealthId, MatchId)> {
    let home = village.homes.get(8).context("a family")?;
    let said = json!({
        "event_id": "uji-1", "nik": home.nik, "status": "NONAKTIF", "segment": "PBI_JK",
        "since": "2026-11-01", "as_of": "2026-11-20",
    });
    let signer = Signer::insurance()?;
    signer.insured(world, feed, &[said]).await?.ok()?;
    let told = staff.auditor.get("/v1/health/statements?part=open");
    let told: Page<StatementView> = told.await.ok()?.read()?;
    let body = json!({ "event_id": staff.operator.event(), "families": [home.family] });
    let asked = staff.operator.post("/v1/population/matches", &body);
    asked.await.ok()?;
    let waits = staff.auditor.get("/v1/population/matches?waiting=true");
    let waits: Page<MatchView> = waits.await.ok()?.read()?;
    Ok((
        told.items.first().context("a statement")?.id,
        waits.items.first().context("a question")?.id,
    ))
}

/// A ZIP of these files.
///
/// # Errors
/// When it cannot be made.
pub fn archive_of(files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default())?;
        std::io::Write::write_all(&mut writer, bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Brings an archive of old photos in.
///
/// # Errors
/// When the server is down.
pub async fn send_archive(
    world: &World,
    admin: &Console,
    event: tilik_protocol::ids::EventId,
    archive: Vec<u8>,
) -> Result<crate::world::Answer> {
    let request = Request::post(format!("/v1/old-photo-archives?event_id={event}"))
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", admin.token().await?),
        )
        .body(Body::from(archive))?;
    world.send(request).await.context("the server is down")
}

/// What a citizen of [`village::here`] says.
pub fn an_objection(kind: &str, name: &str, photos: &[uuid::Uuid]) -> Value {
    json!({
        "kind": kind, "region": village::here(),
        "about": { "name": name, "address": "Jl. Melati, RT 001 RW 002" },
        "objector": {
            "name": "Sumarni", "nik": "3571034101800009", "address": "Jl. Kenanga 3, RT 001 RW 002",
            "contact": "0812 0000 0000",
        },
        "grounds": "Rumahnya bertingkat dan punya dua mobil.", "photos": photos,
    })
}

/// Sends a photo for an objection: somebody at the counter, or a stranger.
///
/// # Errors
/// When the server is down.
pub async fn send_photo(
    world: &World,
    by: Option<&Console>,
    id: uuid::Uuid,
    photo: Vec<u8>,
) -> Result<crate::world::Answer> {
    let path = match by {
        Some(_) => "/v1/objection-photos",
        None => "/v1/public/objection-photos",
    };
    let mut request = Request::post(format!("{path}?id={id}"))
        .header(header::CONTENT_TYPE, "image/jpeg")
        .header(header::CONTENT_LENGTH, photo.len());
    if let Some(by) = by {
        let token = format!("Bearer {}", by.token().await?);
        request = request.header(header::AUTHORIZATION, token);
    }
    let request = request.body(Body::from(photo))?;
    world.send(request).await.context("the server is down")
}

async fn one_membership(
    console: &Console,
    case: CaseId,
) -> Result<tilik_protocol::ids::MembershipId> {
    let view = console.case(case).await?;
    Ok(view.memberships.first().context("a membership")?.id)
}

/// The four persons of one role, signed in; their tokens are to run out.
async fn callers_of(world: &World, staff: &Staff, role: Role) -> Result<Callers> {
    let make = async |suffix: &str, region: RegionCode, until: Option<i64>| {
        let person = staff.admin.add_user(&format!("{role}.{suffix}")).await?;
        let until = until.map(|seconds| world.now().plus_s(seconds));
        let grant = staff
            .admin
            .add_grant(person.id, role, &[region], until)
            .await?;
        if role.waits_for_approver() {
            staff.approver.confirm_grant(grant.id).await?;
        }
        let phone = match role {
            Role::Officer => Some(SoftPhone::enrolled(world, &staff.admin, &person).await?),
            _ => None,
        };
        let tokens = match phone.clone() {
            Some(mut phone) => phone.sign_in().await?,
            None => Console::of(world, person.clone()).sign_in().await?,
        };
        Ok::<_, anyhow::Error>(Caller {
            role,
            person,
            tokens,
            phone,
            codes: None,
            offered: None,
        })
    };
    // Who acts for the whole city has the whole city; anybody else the village where everything is.
    let here = match role {
        Role::Admin | Role::Approver => village::city(),
        _ => village::here(),
    };
    let own = make("di-sini", here.clone(), None).await?;
    Ok(Callers {
        old_token: own.tokens.access_token.clone(),
        own,
        other: make("di-sana", village::elsewhere(), None).await?,
        expired: make("habis", here.clone(), Some(600)).await?,
        suspended: make("dibekukan", here, None).await?,
    })
}
