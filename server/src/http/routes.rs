//! The table of routes: method, path, who may call it, handler. Nothing else builds a router.
//!
//! [`Access`] is an argument of every route, so a route without a decision does not compile. The permission is checked
//! before the body is read; where it holds is asked per row by the store. The table itself is kept ([`Table`]) for
//! `openapi.json`'s security and for `tests/expected/authz.txt`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::training::TRAINING_HEADER;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use super::linger::linger;
use super::{
    appeals, base_map, cases, citizens, console, contact_sheets, deliberations, exports, families,
    health, health_insurance, imports, letters, lookup, map, ministry, objections, old_photos,
    overview, papers, phone, photos, plans, population, proposals, quotas, registration,
    replacements, reports, reset_slips, rt_checks, rules, second_factor, session, sync, tasks,
    trail, training, uploads, users, windows,
};
use crate::App;
use crate::actor::Actor;
use crate::error::Error;
use crate::store::sessions::Shown;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody signed in.
    SignedIn,
    /// Somebody with this permission somewhere.
    Requires(Permission),
    /// A machine that watches ours: from a configured network, or with the metrics token. Checked by its handler, since it
    /// is no person.
    Watching,
    /// Somebody signed in who may send photos, or a phone that shows a visit's upload grant.
    Uploads,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The method.
    pub method: Method,
    /// The path, with `{placeholders}`.
    pub path: &'static str,
    /// Who.
    pub access: Access,
}

type Maker = Box<dyn FnOnce(Router<App>, &App) -> Router<App>>;

/// Routes being collected. What makes the router from them waits for the [`App`], so that the lines can be told without.
#[derive(Default)]
pub struct Table {
    lines: Vec<Line>,
    makers: Vec<Maker>,
}

impl Table {
    /// Adds a route whose body is at most 1 MiB.
    #[must_use]
    pub fn route<H, T>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route_up_to(1024 * 1024, method, path, access, handler)
    }

    /// Adds a route with its own largest body, in bytes.
    #[must_use]
    pub fn route_up_to<H, T>(
        mut self,
        max_bytes: usize,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.lines.push(Line {
            method,
            path,
            access,
        });
        self.makers.push(Box::new(move |router, app| {
            let writes = !matches!(filter, MethodFilter::GET | MethodFilter::HEAD)
                && !GO_ON.contains(&path)
                && !matches!(access, Access::Public | Access::Uploads);
            let guarded = on(filter, handler)
                .layer(DefaultBodyLimit::max(max_bytes))
                .layer(axum::middleware::from_fn_with_state(
                    (app.clone(), path, access, writes),
                    guard,
                ));
            // Only uploads are long enough to be refused in the middle.
            let guarded = match access {
                Access::Uploads => guarded.layer(axum::middleware::from_fn(linger)),
                _ => guarded,
            };
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that makes routes"
            )]
            router.route(path, guarded)
        }));
        self
    }
}

/// The one route for somebody whose password somebody else chose.
const OWN_PASSWORD: &str = "/v1/me/password";

/// Routes that go on when the disk is all but full, though their method could write: sessions, without which nobody could
/// read, the codes that some must set up first, what a reader saw, and a phone's round, which refuses visits by itself.
/// Uploads ask for more room than this, in their handlers.
const GO_ON: [&str; 9] = [
    "/v1/session",
    "/v1/session/step-up",
    "/v1/me/sign-out-everywhere",
    "/v1/me/sessions/{id}",
    "/v1/me/second-factor",
    "/v1/me/second-factor/confirm",
    OWN_PASSWORD,
    "/v1/photos/seen",
    "/v1/sync",
];

/// The routes for somebody whose role demands codes that are not set up yet.
const OWN_CODES: [&str; 5] = [
    "/v1/me",
    "/v1/session",
    "/v1/me/sign-out-everywhere",
    "/v1/me/second-factor",
    "/v1/me/second-factor/confirm",
];

/// Whether setting up codes comes first. Never on a phone: what it has sealed is taken, and the roles that demand codes do
/// not count there.
fn owes_codes(actor: &Actor, path: &str) -> bool {
    actor.owes_a_second_factor() && !OWN_CODES.contains(&path) && path != OWN_PASSWORD
}

/// Lets a request through when its actor may call the route and the disk has room for what it `writes`; puts the actor into
/// it.
async fn guard(
    State((app, path, access, writes)): State<(App, &'static str, Access, bool)>,
    mut request: Request,
    next: Next,
) -> Response {
    if matches!(access, Access::Public | Access::Watching) {
        return next.run(request).await;
    }
    let grant = match access {
        Access::Uploads => app.authenticate_upload(request.headers()),
        Access::Public | Access::Watching | Access::SignedIn | Access::Requires(_) => Ok(None),
    };
    let shown = match grant {
        Ok(Some(actor)) => Ok(Shown { actor, next: None }),
        Ok(None) => app.authenticate(request.method(), request.headers()).await,
        Err(error) => Err(error),
    };
    let Shown {
        actor,
        next: secret,
    } = match shown {
        Ok(shown) => shown,
        Err(error) => return error.into_response(),
    };
    let asks_for_training = request.headers().contains_key(TRAINING_HEADER);
    let actor = actor.asking_for_training(asks_for_training);
    let room = if writes { app.space.small() } else { Ok(()) };
    let may = match access {
        _ if actor.owes_a_password() && path != OWN_PASSWORD => {
            Err(Error::Refused(ProblemCode::PasswordChangeRequired))
        }
        _ if app.demands_codes() && owes_codes(&actor, path) => {
            Err(Error::Refused(ProblemCode::SecondFactorRequired))
        }
        Access::Public | Access::Watching | Access::SignedIn => Ok(()),
        Access::Requires(permission) => actor.require(permission).and_then(|()| {
            let weighs = permission.needs_step_up() && request.method() != Method::GET;
            if weighs && actor.must_step_up(app.store.now()) {
                return Err(Error::Refused(ProblemCode::StepUpNeeded));
            }
            Ok(())
        }),
        // An upload grant is a right by itself.
        Access::Uploads if actor.session().is_none() => Ok(()),
        Access::Uploads => actor
            .require(Permission::Visit)
            .or_else(|_| actor.require(Permission::CarrySealed)),
    };
    let mut response = match may.and(room) {
        Ok(()) => {
            request.extensions_mut().insert(app.store.acting_as(actor));
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    // The browser's secret is replaced behind its back, unless it just signed out.
    if let Some(cookie) = secret.and_then(|secret| app.set_cookie(Some(&secret)))
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A sealed photo, and the headers around it.
const PHOTO_BYTES: usize = 11 * 1024 * 1024;

/// A photo of an objector.
const OBJECTION_PHOTO_BYTES: usize = crate::objection_photos::MAX_BYTES;

/// All routes.
#[rustfmt::skip]
fn table() -> Table {
    use Access::{Public, Requires, SignedIn, Uploads, Watching};
    use Permission as P;
    Table::default()
        .route(Method::GET, "/health/live", Public, health::live)
        .route(Method::GET, "/health/ready", Public, health::ready)
        .route(Method::GET, "/metrics", Watching, health::metrics)
        .route(Method::POST, "/v1/session", Public, session::sign_in)
        .route(Method::POST, "/v1/console/session", Public, session::sign_in_console)
        .route(Method::POST, "/v1/session/code", Public, second_factor::sign_in_code)
        .route(Method::POST, "/v1/console/session/code", Public, second_factor::sign_in_console_code)
        .route(Method::POST, "/v1/session/step-up", SignedIn, second_factor::step_up)
        .route(Method::DELETE, "/v1/session", SignedIn, session::sign_out)
        .route(Method::POST, "/v1/session/refresh", Public, session::refresh)
        .route(Method::GET, "/v1/me", SignedIn, session::me)
        .route(Method::GET, "/v1/me/news", SignedIn, session::seen_news)
        .route(Method::POST, "/v1/me/news", SignedIn, session::mark_news)
        .route(Method::POST, "/v1/me/sign-out-everywhere", SignedIn, session::sign_out_everywhere)
        .route(Method::GET, "/v1/me/sessions", SignedIn, session::sessions)
        .route(Method::DELETE, "/v1/me/sessions/{id}", SignedIn, session::end_session)
        .route(Method::POST, OWN_PASSWORD, SignedIn, session::change_password)
        .route(Method::GET, "/v1/me/second-factor", SignedIn, second_factor::show)
        .route(Method::POST, "/v1/me/second-factor", SignedIn, second_factor::offer)
        .route(Method::POST, "/v1/me/second-factor/confirm", SignedIn, second_factor::confirm)
        .route(Method::POST, "/v1/me/second-factor/recovery-codes", SignedIn, second_factor::renew_recovery)
        .route(Method::POST, "/v1/me/second-factor/remove", SignedIn, second_factor::remove)
        // A phone's network is slower than our packing: its answers are as short as they can be.
        .route(Method::POST, "/v1/sync", Requires(P::Visit), sync::sync.layer(CompressionLayer::new()))
        .route(Method::POST, "/v1/visits", Requires(P::CarrySealed), sync::carry)
        .route(Method::OPTIONS, "/v1/uploads", Public, uploads::options)
        .route_up_to(PHOTO_BYTES, Method::POST, "/v1/uploads", Uploads, uploads::create)
        .route(Method::HEAD, "/v1/uploads/{id}", Uploads, uploads::head)
        .route_up_to(PHOTO_BYTES, Method::PATCH, "/v1/uploads/{id}", Uploads, uploads::patch)
        .route_up_to(PHOTO_BYTES, Method::POST, "/v1/uploads/{id}", Uploads, uploads::overridden)
        .route(Method::DELETE, "/v1/uploads/{id}", Uploads, uploads::delete)
        .route(Method::GET, "/v1/photos/{id}/{side}", Requires(P::ReadCases), photos::show)
        .route(Method::GET, "/v1/phone/house-photos/{case}", Requires(P::Visit), phone::house_photo)
        .route(Method::GET, "/v1/app/android", Public, phone::android)
        .route(Method::POST, "/v1/photos/seen", Requires(P::ReadCases), photos::seen)
        .route(Method::POST, "/v1/cases", Requires(P::AssignCases), cases::open)
        .route(Method::GET, "/v1/cases", Requires(P::ReadCases), cases::list)
        .route(Method::GET, "/v1/cases/{id}", Requires(P::ReadCases), cases::show)
        .route(Method::POST, "/v1/assignments", Requires(P::AssignCases), cases::assign)
        .route(Method::POST, "/v1/plans/preview", Requires(P::AssignCases), plans::preview)
        .route(Method::GET, "/v1/plans/{id}", Requires(P::AssignCases), plans::show)
        .route(Method::GET, "/v1/plans/{id}/families", Requires(P::AssignCases), plans::families)
        .route(Method::POST, "/v1/plans/{id}/open", Requires(P::AssignCases), plans::open)
        .route(Method::POST, "/v1/cases/{id}/close", Requires(P::CloseCases), cases::close)
        .route(Method::POST, "/v1/review/claim", Requires(P::ReviewCases), cases::claim)
        .route(Method::POST, "/v1/review/sheets", Requires(P::ReviewCases), contact_sheets::take)
        .route(Method::POST, "/v1/review/sheets/{sheet}/lease", Requires(P::ReviewCases), contact_sheets::renew)
        .route(Method::DELETE, "/v1/review/sheets/{sheet}/lease", Requires(P::ReviewCases), contact_sheets::release)
        .route(Method::POST, "/v1/review/sheets/{sheet}/taken-out", Requires(P::ReviewCases), contact_sheets::take_out)
        .route(Method::POST, "/v1/cases/{id}/lease", Requires(P::ReviewCases), cases::take)
        .route(Method::DELETE, "/v1/cases/{id}/lease", Requires(P::ReviewCases), cases::release)
        .route(Method::POST, "/v1/cases/{id}/accept", Requires(P::ReviewCases), cases::accept)
        .route(Method::POST, "/v1/cases/{id}/withdraw", Requires(P::ReviewCases), cases::withdraw)
        .route(Method::POST, "/v1/cases/{id}/return", Requires(P::ReviewCases), cases::give_back)
        .route(Method::POST, "/v1/cases/{id}/take-back", Requires(P::ReviewCases), cases::take_back)
        .route(Method::POST, "/v1/cases/{id}/agree-unreachable", Requires(P::ReviewCases), cases::agree_unreachable)
        .route(Method::POST, "/v1/cases/{id}/reopen", Requires(P::ReviewCases), cases::reopen)
        .route(Method::POST, "/v1/cases/{id}/decisions", Requires(P::DecideCases), cases::decide)
        .route(Method::POST, "/v1/cases/{id}/confirmations", Requires(P::ConfirmDecisions), cases::confirm)
        .route(Method::POST, "/v1/notices/{id}/delivered", Requires(P::DeliverNotices), cases::delivered)
        .route(Method::GET, "/v1/appeals", Requires(P::ReadCases), appeals::list)
        .route(Method::POST, "/v1/appeals", Requires(P::FileAppeals), appeals::file)
        .route(Method::GET, "/v1/appeals/{id}", Requires(P::ReadCases), appeals::one)
        .route(Method::POST, "/v1/appeals/{id}/examine", Requires(P::ExamineAppeals), appeals::examine)
        .route(Method::POST, "/v1/appeals/{id}/judge", Requires(P::JudgeAppeals), appeals::judge)
        .route(Method::POST, "/v1/appeals/{id}/withdraw", Requires(P::FileAppeals), appeals::withdraw)
        .route(Method::POST, "/v1/receipts", Public, citizens::receipt)
        .route(Method::POST, "/v1/status-checks", Public, citizens::check)
        .route(Method::GET, "/v1/public/villages", Public, citizens::villages)
        .route(Method::POST, "/v1/public/objections", Public, citizens::submit)
        .route_up_to(OBJECTION_PHOTO_BYTES, Method::POST, "/v1/public/objection-photos", Public, citizens::photo)
        .route(Method::GET, "/v1/objections", Requires(P::ReadCases), objections::list)
        .route(Method::POST, "/v1/objections", Requires(P::FileObjections), objections::file)
        .route(Method::GET, "/v1/objections/{id}", Requires(P::ReadCases), objections::one)
        .route(Method::POST, "/v1/objections/{id}/admit", Requires(P::AnswerObjections), objections::admit)
        .route(Method::POST, "/v1/objections/{id}/reject", Requires(P::AnswerObjections), objections::reject)
        .route(Method::POST, "/v1/objections/{id}/unmask", Requires(P::UnmaskFamily), objections::unmask)
        .route_up_to(OBJECTION_PHOTO_BYTES, Method::POST, "/v1/objection-photos", Requires(P::FileObjections), objections::bring_photo)
        .route(Method::GET, "/v1/objection-photos/{id}", Requires(P::ReadCases), objections::photo)
        .route(Method::GET, "/v1/ministry-acts", Requires(P::ReadCases), ministry::list)
        .route(Method::GET, "/v1/replacements", Requires(P::ReadCases), replacements::list)
        .route(Method::POST, "/v1/ministry-acts/entered", Requires(P::EnterMinistryActs), ministry::tick)
        .route(Method::GET, "/v1/memberships", Requires(P::ReadCases), cases::memberships)
        .route(Method::GET, "/v1/quotas", Requires(P::ReadOverview), quotas::show)
        .route(Method::GET, "/v1/overlaps", Requires(P::ReadOverview), quotas::overlaps)
        .route(Method::GET, "/v1/overlaps/families", Requires(P::ReadCases), quotas::overlap_families)
        .route(Method::GET, "/v1/waitlists", Requires(P::ReadCases), quotas::waitlist)
        .route(Method::GET, "/v1/recipients", Requires(P::ReadCases), families::recipients)
        .route(Method::POST, "/v1/families", Requires(P::MaintainFamilies), registration::register)
        .route(Method::POST, "/v1/families/search", Requires(P::ReadCases), families::search)
        .route(Method::GET, "/v1/families/{id}", Requires(P::ReadCases), families::show)
        .route(Method::GET, "/v1/families/{id}/changes", Requires(P::ReadCases), families::changes)
        .route(Method::POST, "/v1/families/{id}/corrections", Requires(P::MaintainFamilies), registration::correct)
        .route(Method::POST, "/v1/families/{id}/split", Requires(P::MaintainFamilies), registration::split)
        .route(Method::POST, "/v1/families/{id}/merge", Requires(P::MaintainFamilies), registration::merge)
        .route(Method::GET, "/v1/families/{id}/history", Requires(P::ReadCases), registration::versions)
        .route(Method::GET, "/v1/families/{id}/as-of", Requires(P::ReadCases), registration::as_of)
        .route(Method::GET, "/v1/family-requests", Requires(P::ReadCases), registration::requests)
        .route(Method::POST, "/v1/family-requests/{id}/confirm", Requires(P::ConfirmFamilies), registration::confirm_request)
        .route(Method::POST, "/v1/family-requests/{id}/refuse", Requires(P::ConfirmFamilies), registration::refuse_request)
        .route(Method::POST, "/v1/family-requests/{id}/withdraw", Requires(P::MaintainFamilies), registration::withdraw_request)
        .route(Method::GET, "/v1/duplicates", Requires(P::MaintainFamilies), registration::duplicates)
        .route(Method::POST, "/v1/duplicates/{id}/decide", Requires(P::MaintainFamilies), registration::decide_duplicate)
        .route(Method::POST, "/v1/families/{id}/visit-requests", Requires(P::RequestVisit), families::request_visit)
        .route(Method::POST, "/v1/families/{id}/unmask", Requires(P::UnmaskFamily), families::unmask)
        .route(Method::GET, "/v1/families/{id}/evaluations", Requires(P::ReadCases), rules::evaluations)
        .route(Method::POST, "/v1/families/{id}/facts", Requires(P::DecideCases), rules::record_fact)
        .route(Method::POST, "/v1/facts/{id}/change", Requires(P::DecideCases), rules::change_fact)
        .route(Method::GET, "/v1/cancellations", Requires(P::ReadCases), rules::cancellations)
        .route(Method::POST, "/v1/cancellations/{id}/send", Requires(P::DecideCases), rules::send_cancellation)
        .route(Method::POST, "/v1/cancellations/{id}/dismiss", Requires(P::DecideCases), rules::dismiss_cancellation)
        .route(Method::GET, "/v1/rules", Requires(P::ReadOverview), rules::list)
        .route(Method::POST, "/v1/rules", Requires(P::Import), rules::draft)
        .route(Method::GET, "/v1/rules/{id}", Requires(P::ReadOverview), rules::one)
        .route(Method::POST, "/v1/rules/shipped", Requires(P::Import), rules::ship)
        .route(Method::POST, "/v1/rules/{id}/change", Requires(P::Import), rules::change)
        .route(Method::POST, "/v1/rules/{id}/submit", Requires(P::Import), rules::submit)
        .route(Method::POST, "/v1/rules/{id}/withdraw", Requires(P::Import), rules::withdraw)
        .route(Method::POST, "/v1/rules/{id}/confirm", Requires(P::ConfirmImports), rules::confirm)
        .route(Method::POST, "/v1/rules/{id}/refuse", Requires(P::ConfirmImports), rules::refuse)
        .route(Method::GET, "/v1/rules/{id}/preview", Requires(P::ReadOverview), rules::preview)
        .route(Method::GET, "/v1/rules/{id}/changes", Requires(P::ReadOverview), rules::changes)
        .route(Method::GET, "/v1/proposals", Requires(P::ReadCases), proposals::list)
        .route(Method::GET, "/v1/proposals/counts", Requires(P::ReadCases), proposals::counts)
        .route(Method::POST, "/v1/proposals", Requires(P::Propose), proposals::propose)
        .route(Method::POST, "/v1/proposals/batch", Requires(P::Propose), proposals::propose_many)
        .route(Method::GET, "/v1/proposals/{id}", Requires(P::ReadCases), proposals::show)
        .route(Method::POST, "/v1/proposals/{id}/change", Requires(P::Propose), proposals::change)
        .route(Method::POST, "/v1/proposals/{id}/submit", Requires(P::Propose), proposals::submit)
        .route(Method::POST, "/v1/proposals/{id}/withdraw", Requires(P::Propose), proposals::withdraw)
        .route(Method::POST, "/v1/proposals/{id}/copy", Requires(P::Propose), proposals::copy)
        .route(Method::POST, "/v1/proposals/{id}/sptjm", Requires(P::Propose), proposals::sptjm)
        .route(Method::POST, "/v1/proposals/{id}/check", Requires(P::VerifyProposals), proposals::check)
        .route(Method::POST, "/v1/proposals/{id}/verify", Requires(P::VerifyProposals), proposals::verify)
        .route(Method::POST, "/v1/proposals/{id}/endorse", Requires(P::EndorseProposals), proposals::endorse)
        .route(Method::POST, "/v1/proposals/{id}/send", Requires(P::SendProposals), proposals::send)
        .route(Method::POST, "/v1/proposals/{id}/outcome", Requires(P::VerifyProposals), proposals::outcome)
        .route(Method::GET, "/v1/windows", SignedIn, windows::list)
        .route(Method::POST, "/v1/windows", Requires(P::ChangeWindows), windows::change)
        .route(Method::POST, "/v1/windows/{id}/withdraw", Requires(P::ChangeWindows), windows::withdraw)
        .route(Method::POST, "/v1/windows/{id}/confirm", Requires(P::ConfirmImports), windows::confirm)
        .route(Method::POST, "/v1/windows/{id}/refuse", Requires(P::ConfirmImports), windows::refuse)
        .route(Method::POST, "/v1/windows/{id}/reopen", Requires(P::ConfirmImports), windows::reopen)
        .route(Method::POST, "/v1/windows/{id}/close", Requires(P::ConfirmImports), windows::close)
        .route(Method::GET, "/v1/deliberations", Requires(P::ReadCases), deliberations::list)
        .route(Method::POST, "/v1/deliberations", Requires(P::Propose), deliberations::hold)
        .route(Method::GET, "/v1/deliberations/{id}", Requires(P::ReadCases), deliberations::show)
        .route(Method::POST, "/v1/deliberations/{id}/change", Requires(P::Propose), deliberations::change)
        .route(Method::POST, "/v1/deliberations/{id}/sign", Requires(P::Propose), deliberations::sign)
        .route_up_to(crate::papers::MAX_BYTES, Method::POST, "/v1/papers", Requires(P::Propose), papers::take)
        .route(Method::GET, "/v1/papers/{id}", Requires(P::ReadCases), papers::show)
        .route(Method::GET, "/v1/letter-offices", Requires(P::ReadOverview), letters::offices)
        .route(Method::POST, "/v1/letter-offices", Requires(P::SetLetterOffices), letters::set_office)
        .route(Method::GET, "/v1/letter-offices/{code}/versions", Requires(P::ReadOverview), letters::office_versions)
        .route(Method::POST, "/v1/letters/preview", Requires(P::IssueLetters), letters::preview)
        .route(Method::POST, "/v1/letters", Requires(P::IssueLetters), letters::issue)
        .route(Method::GET, "/v1/letters", Requires(P::ReadCases), letters::list)
        .route(Method::GET, "/v1/letters/{id}", Requires(P::ReadCases), letters::show)
        .route(Method::POST, "/v1/letters/{id}/print", Requires(P::IssueLetters), letters::print)
        .route(Method::POST, "/v1/letters/{id}/revoke", Requires(P::IssueLetters), letters::revoke)
        .route(Method::POST, "/v1/letters/check", Public, letters::check)
        .route(Method::GET, "/v1/regions", SignedIn, lookup::regions)
        .route(Method::GET, "/v1/programs", SignedIn, lookup::programs)
        .route(Method::GET, "/v1/regions/{code}/outline", SignedIn, lookup::outline)
        .route(Method::GET, "/v1/map", Requires(P::ReadCases), map::view)
        .route(Method::GET, "/v1/map/base", Requires(P::ReadCases), base_map::show)
        .route(Method::GET, "/v1/map/base.pmtiles", Requires(P::ReadCases), base_map::file)
        .route(Method::GET, "/v1/map/villages", Requires(P::ReadCases), map::villages)
        .route(Method::GET, "/v1/map/families", Requires(P::ReadCases), map::families)
        .route(Method::GET, "/v1/overview", Requires(P::ReadOverview), overview::show)
        .route(Method::GET, "/v1/reports/aid-gap", Requires(P::ReadOverview), reports::aid_gap)
        .route(Method::GET, "/v1/reports/monthly", Requires(P::ReadOverview), reports::show)
        .route(Method::GET, "/v1/reports/monthly.pdf", Requires(P::ReadOverview), reports::pdf)
        .route(Method::GET, "/v1/reports/monthly.xlsx", Requires(P::ReadOverview), reports::xlsx)
        .route(Method::GET, "/v1/rt-checks", Requires(P::ReadCases), rt_checks::sheet)
        .route(Method::POST, "/v1/rt-checks", Requires(P::MaintainFamilies), rt_checks::enter)
        .route(Method::GET, "/v1/rt-checks/progress", Requires(P::ReadCases), rt_checks::progress)
        .route(Method::GET, "/v1/reasons", SignedIn, lookup::reasons)
        .route(Method::GET, "/v1/officers", Requires(P::AssignCases), lookup::officers)
        .route(Method::GET, "/v1/review/waiting", Requires(P::ReviewCases), lookup::waiting)
        .route(Method::GET, "/v1/decisions/waiting", Requires(P::ReadCases), lookup::waiting_decisions)
        .route(Method::GET, "/v1/tasks", SignedIn, tasks::show)
        .route(Method::GET, "/v1/cases/{id}/history", Requires(P::ReadCases), lookup::history)
        .route(Method::GET, "/v1/grants/waiting", Requires(P::ConfirmGrants), lookup::waiting_grants)
        .route_up_to(crate::imports::MAX_BYTES, Method::POST, "/v1/imports/{import}", Requires(P::Import), imports::import)
        .route(Method::GET, "/v1/imports", SignedIn, imports::list)
        .route(Method::GET, "/v1/imports/{import}", SignedIn, imports::show)
        .route(Method::GET, "/v1/imports/{import}/changes", Requires(P::ReadCases), imports::changes)
        .route_up_to(crate::imports::MAX_BYTES, Method::POST, "/v1/imports/{import}/columns", Requires(P::Import), imports::columns)
        .route(Method::POST, "/v1/imports/{import}/mapping", Requires(P::Import), imports::mapping)
        .route(Method::GET, "/v1/imports/{import}/missing", Requires(P::ReadCases), imports::missing)
        .route(Method::POST, "/v1/imports/{import}/apply", Requires(P::Import), imports::apply)
        .route(Method::POST, "/v1/imports/{import}/discard", Requires(P::Import), imports::discard)
        .route(Method::POST, "/v1/imports/{import}/confirm", Requires(P::ConfirmImports), imports::confirm)
        .route(Method::POST, "/v1/imports/{import}/refuse", Requires(P::ConfirmImports), imports::refuse)
        .route_up_to(crate::imports::MAX_BYTES, Method::POST, "/v1/old-photo-archives", Requires(P::Import), old_photos::bring)
        .route(Method::GET, "/v1/old-photo-archives/{id}", SignedIn, old_photos::report)
        .route(Method::GET, "/v1/old-photos/{id}", Requires(P::ReadCases), old_photos::show)
        .route(Method::POST, "/v1/exports", Requires(P::Export), exports::ask)
        .route(Method::GET, "/v1/exports", SignedIn, exports::list)
        .route(Method::POST, "/v1/exports/{id}/answer", Requires(P::ConfirmExports), exports::answer)
        .route(Method::GET, "/v1/exports/{id}/file", Requires(P::Export), exports::file)
        .route_up_to(population::MAX_BYTES, Method::POST, "/v1/population/events", Requires(P::BringEvents), population::events)
        .route_up_to(population::MAX_BYTES, Method::POST, "/v1/population/files", Requires(P::BringEvents), population::file)
        .route(Method::GET, "/v1/population/events", Requires(P::ReadCases), population::list)
        .route(Method::POST, "/v1/population/events/{id}/judge", Requires(P::JudgeEvents), population::judge)
        .route(Method::POST, "/v1/population/events/{id}/unmask", Requires(P::JudgeEvents), population::unmask)
        .route(Method::GET, "/v1/population/batches", SignedIn, population::batches)
        .route(Method::POST, "/v1/population/batches/{id}/release", Requires(P::ReleaseEvents), population::release)
        .route(Method::POST, "/v1/population/batches/{id}/refuse", Requires(P::ReleaseEvents), population::refuse)
        .route(Method::GET, "/v1/population/villages", Requires(P::MaintainFamilies), population::villages)
        .route(Method::POST, "/v1/families/{id}/moves", Requires(P::MaintainFamilies), population::move_family)
        .route(Method::GET, "/v1/families/{id}/events", Requires(P::ReadCases), population::of_family)
        .route(Method::GET, "/v1/population/moves", Requires(P::ReadCases), population::moves)
        .route(Method::GET, "/v1/population/moves/{id}", Requires(P::ReadCases), population::one_move)
        .route(Method::POST, "/v1/population/moves/{id}/receive", Requires(P::MaintainFamilies), population::receive)
        .route(Method::POST, "/v1/population/moves/{id}/send-back", Requires(P::MaintainFamilies), population::send_back)
        .route(Method::POST, "/v1/population/matches", Requires(P::MaintainFamilies), population::ask_matches)
        .route(Method::GET, "/v1/population/matches", Requires(P::ReadCases), population::matches)
        .route(Method::GET, "/v1/population/match-queue", Requires(P::AnswerMatches), population::match_queue)
        .route(Method::POST, "/v1/population/match-file", Requires(P::UnmaskFamily), population::match_file)
        .route_up_to(population::MAX_BYTES, Method::POST, "/v1/population/match-answers", Requires(P::AnswerMatches), population::answer_matches)
        .route_up_to(population::MAX_BYTES, Method::POST, "/v1/population/match-answer-files", Requires(P::MaintainFamilies), population::answer_file)
        .route_up_to(population::MAX_BYTES, Method::POST, "/v1/health/statements", Requires(P::BringEvents), health_insurance::statements)
        .route_up_to(population::MAX_BYTES, Method::POST, "/v1/health/files", Requires(P::BringEvents), health_insurance::file)
        .route(Method::GET, "/v1/health/statements", Requires(P::ReadCases), health_insurance::list)
        .route(Method::POST, "/v1/health/statements/{id}/judge", Requires(P::JudgeEvents), health_insurance::judge)
        .route(Method::GET, "/v1/families/{id}/health", Requires(P::ReadCases), health_insurance::of_family)
        .route(Method::POST, "/v1/users", Requires(P::ManageUsers), users::add)
        .route(Method::GET, "/v1/users", Requires(P::ManageUsers), users::list)
        .route(Method::GET, "/v1/users/{id}", Requires(P::ManageUsers), users::show)
        .route(Method::POST, "/v1/users/{id}/grants", Requires(P::ManageUsers), users::add_grant)
        .route(Method::POST, "/v1/users/{id}/password", Requires(P::ManageUsers), users::reset_password)
        .route(Method::POST, "/v1/users/{id}/reset-slip", Requires(P::IssueResetSlips), reset_slips::issue)
        .route(Method::GET, "/v1/reset-slips", Requires(P::ConfirmGrants), reset_slips::waiting_slips)
        .route(Method::POST, "/v1/reset-slips/{id}/release", Requires(P::ConfirmGrants), reset_slips::release_slip)
        .route(Method::POST, "/v1/reset-slips/use", Public, reset_slips::use_slip)
        .route(Method::POST, "/v1/users/{id}/suspend", Requires(P::ManageUsers), users::suspend)
        .route(Method::POST, "/v1/users/{id}/resume", Requires(P::ManageUsers), users::resume)
        .route(Method::POST, "/v1/grants/{id}/confirm", Requires(P::ConfirmGrants), users::confirm_grant)
        .route(Method::POST, "/v1/grants/{id}/refuse", Requires(P::ConfirmGrants), users::refuse_grant)
        .route(Method::POST, "/v1/grants/{id}/delegate", Requires(P::ConfirmGrants), users::delegate_grant)
        .route(Method::POST, "/v1/grants/{id}/recall", Requires(P::ConfirmGrants), users::recall_grant)
        .route(Method::GET, "/v1/delegations", Requires(P::ConfirmGrants), users::delegations)
        .route(Method::GET, "/v1/deputies", Requires(P::ConfirmGrants), users::deputies)
        .route(Method::POST, "/v1/grants/{id}/end", Requires(P::ManageUsers), users::end_grant)
        .route(Method::POST, "/v1/enrolments", Requires(P::ManageDevices), users::issue_enrolment)
        .route(Method::POST, "/v1/devices", Public, users::enrol)
        .route(Method::GET, "/v1/devices", Requires(P::ManageDevices), users::devices)
        .route(Method::POST, "/v1/devices/{id}/revoke", Requires(P::ManageDevices), users::revoke)
        .route(Method::GET, "/v1/training", Requires(P::PrepareTraining), training::show)
        .route(Method::POST, "/v1/training", Requires(P::PrepareTraining), training::prepare)
        .route(Method::GET, "/v1/journal", Requires(P::ReadJournal), trail::journal)
        .route(Method::GET, "/v1/journal/people", Requires(P::ReadJournal), trail::people)
        .route(Method::GET, "/v1/access", Requires(P::ReadJournal), trail::access)
}

/// The table's lines, for `openapi.json` and the authorization test.
pub fn lines() -> Vec<Line> {
    table().lines
}

/// The router with everything around it: request ids, unknown paths and methods as problems, compression, panics.
pub fn router(app: App) -> Router {
    table()
        .makers
        .into_iter()
        .fold(Router::new(), |router, make| make(router, &app))
        .fallback(console::serve)
        .method_not_allowed_fallback(async || Error::Refused(ProblemCode::MethodNotAllowed))
        // A list is a tenth longer so, and is there earlier.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(tower_http::decompression::RequestDecompressionLayer::new())
        .layer(axum::middleware::from_fn_with_state(app.clone(), outermost))
        .with_state(app)
}

/// Gives every request an id, a log line without personal data, and turns a panic into a problem.
async fn outermost(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = app.ids.next::<uuid::Uuid>().to_string();
    let method = request.method().clone();
    // The matched pattern, never the path: paths may hold what people typed.
    let pattern = request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map_or_else(
            || Arc::from("(no route)"),
            |path| Arc::<str>::from(path.as_str()),
        );
    let started = std::time::Instant::now();
    let answer = super::problem::REQUEST_ID.scope(id.clone(), async {
        let task =
            futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(next.run(request)));
        task.await
            .unwrap_or_else(|_| Error::internal("a handler panicked").into_response())
    });
    let mut response = answer.await;
    let status = response.status();
    if let Some(told) = response.extensions().get::<super::problem::Told>() {
        app.metrics.problem(*told);
    }
    app.metrics.answered(
        &method,
        &pattern,
        status.as_u16(),
        started.elapsed().as_secs_f64(),
    );
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        request.id = %id,
        http.method = %method,
        http.route = %pattern,
        http.status = status.as_u16(),
        elapsed_us,
        "request"
    );
    if let Ok(value) = id.parse() {
        response.headers_mut().insert("x-request-id", value);
    }
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request.id = %id, http.route = %pattern, "answered with a fault of ours");
    }
    response
}
