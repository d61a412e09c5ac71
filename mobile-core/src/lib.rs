//! The officer's phone without the phone: what to capture, what to send next, what a reply means.
//!
//! Owns drafts, the seal, the chain, the outbox and the roster, each on the disk before a call returns. Refuses network
//! and background work (the shell sends [`Request`]s and brings [`Response`]s), clocks and chance (they enter by
//! [`Ports`]). The one invariant: what was sealed stays on this phone until the server proved that it is safe there.
//!
//! [`Request`]: requests::Request
//! [`Response`]: requests::Response
//! [`Ports`]: ports::Ports

uniffi::setup_scaffolding!();

mod account;
mod backoff;
mod bundle;
mod capture;
#[cfg(test)]
mod drawing;
mod error;
mod feed;
mod house;
mod outbox;
mod phone;
mod photos;
pub mod ports;
mod pump;
pub mod requests;
pub mod screens;
mod seal;
mod spare;
mod store;
mod sync;
#[cfg(test)]
mod tests;
mod vault;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tilik_protocol::evidence::UnreachableReason;
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};

pub use error::CoreError;
use phone::Phone;
pub use ports::{AppInfo, Clock, FreeSpace, Keys, MonotonicClock, PortError, Ports, Rng, Signer};
use pump::Pump;
pub use requests::{Header, Request, RequestBody, Response};
pub use screens::{
    Asked, AssignmentView, BeginVisit, CameraView, CaseAction, CaseView, ClockProblem, DraftAnswer,
    DraftPhoto, DraftPin, DraftStep, DraftView, Fix, FormView, Heading, HousePhoto,
    HousePhotosWhen, LevelHint, LockState, LooseDraft, MapOutline, MapPin, MapPinKind, MapPoint,
    MapQuery, MapView, MonthReport, Network, NewPhoto, NewPin, Notice, NoticeText, OutboxPhoto,
    OutboxState, OutboxSummary, OutboxVisit, OutboxVisitView, PhotoSlot, PhotoTaken, PhotoVerdict,
    PinHint, PinView, Place, QuestionView, ReportDay, ReturnedReason, ReturnedView, ScaleBar,
    SealedView, SignOutView, SpaceProblem, Status, StorageView, SummaryView, SummaryWarning,
    TodayCounts, TodayMark, TodayOrder, TodayPage, TodayQuery, TodayRow, UpdateState,
    VillageChoice, VisitStep, Way, Why, level, privacy_notice, text_key_of_error,
    text_key_of_problem, text_key_of_reason, text_keys,
};
use store::Stores;

/// The app in the officer's hand. Calls block for as long as the disk takes; shells make them off the main thread.
#[derive(uniffi::Object)]
pub struct FieldApp {
    phone: Phone,
    core: Mutex<Core>,
}

/// What one call at a time works on.
pub(crate) struct Core {
    pub(crate) stores: Stores,
    pub(crate) pump: Pump,
    /// Fixes heard while a pin's screen is open.
    pub(crate) heard: screens::pin::Heard,
    /// The PIN was shown in this run.
    pub(crate) unlocked: bool,
    /// When it was shown last, by the monotonic clock.
    pub(crate) pin_shown_ns: Option<u64>,
}

/// Opens the databases and brings the folder into order.
fn start(phone: &Phone) -> error::Result<Stores> {
    let mut stores = Stores::open(&phone.folder, &phone.ports)?;
    account::finish_leaving(&mut stores, phone)?;
    seal::clean(&stores.device, phone)?;
    spare::take_up(&mut stores.device, phone)?;
    screens::update::clean(&stores.device, phone)?;
    Ok(stores)
}

impl FieldApp {
    /// What does not change.
    pub(crate) fn phone(&self) -> &Phone {
        &self.phone
    }

    /// The databases. A call that panicked left its transaction undone, so what is there is whole.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
#[expect(
    clippy::needless_pass_by_value,
    reason = "values cross the border to Kotlin and Swift whole"
)]
impl FieldApp {
    /// Opens the app on its folder, or makes it.
    ///
    /// # Errors
    /// `UpdateApp` when a newer app wrote the folder; `StorageFull`.
    #[uniffi::constructor]
    pub fn open(folder: String, app: AppInfo, ports: Ports) -> Result<Arc<Self>, CoreError> {
        let phone = Phone {
            folder: folder.into(),
            app,
            ports,
        };
        let stores = match start(&phone) {
            // Destroyed behind its first page: as if it could not be opened.
            Err(error) if store::is_unreadable(&error) => {
                store::set_aside(&phone.folder)?;
                start(&phone)?
            }
            started => started?,
        };
        Ok(Arc::new(Self {
            phone,
            core: Mutex::new(Core {
                stores,
                pump: Pump::default(),
                heard: screens::pin::Heard::new(),
                unlocked: false,
                pin_shown_ns: None,
            }),
        }))
    }

    /// At most `most` requests that may be sent now. What was handed out and has no answer is handed out again after a
    /// restart, under the same id.
    pub fn next_requests(&self, most: u32) -> Result<Vec<Request>, CoreError> {
        Ok(pump::next_requests(self, most)?)
    }

    /// What came back. An answer that nobody waits for (late, or a second one) changes nothing.
    pub fn on_response(&self, id: String, response: Response) -> Result<(), CoreError> {
        Ok(pump::on_response(self, &id, &response)?)
    }

    /// The request found no network, or lost it. It may have arrived all the same.
    pub fn on_no_network(&self, id: String) -> Result<(), CoreError> {
        Ok(pump::on_no_network(self, &id)?)
    }

    /// In how many seconds it makes sense to ask for requests again; 0: now.
    pub fn wait_s(&self) -> u64 {
        pump::wait_s(self)
    }

    /// "Kirim sekarang": forgets every waiting time and begins a round.
    pub fn send_now(&self) -> Result<(), CoreError> {
        Ok(pump::send_now(self)?)
    }

    /// Begins to enrol this phone with a code from the supervisor.
    pub fn enrol(&self, code: String) -> Result<(), CoreError> {
        Ok(account::enrol(self, &code)?)
    }

    /// Begins to sign in. The password is never written down.
    ///
    /// # Errors
    /// `NotEnrolled`, `DeviceRevoked`.
    pub fn sign_in(&self, username: String, password: String) -> Result<(), CoreError> {
        Ok(account::sign_in(self, username, password)?)
    }

    /// Begins to choose another password; neither is ever written down. `status` tells when it is done, or in
    /// `last_problem` why not, such as `old_password_wrong` or `new_password_too_short`.
    ///
    /// # Errors
    /// `SignInAgain`.
    pub fn change_password(
        &self,
        old_password: String,
        new_password: String,
    ) -> Result<(), CoreError> {
        Ok(account::change_password(self, old_password, new_password)?)
    }

    /// Ends the session on this phone at once, and on the server as soon as it can be told. What is sealed stays and
    /// is sent on.
    pub fn sign_out(&self) -> Result<(), CoreError> {
        Ok(account::sign_out(self)?)
    }

    /// How the phone stands.
    pub fn status(&self) -> Result<Status, CoreError> {
        Ok(account::status(self)?)
    }

    /// The cases to visit.
    pub fn assignments(&self) -> Result<Vec<AssignmentView>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(feed::assignments(self)?)
    }

    /// The drafts on this phone, oldest first, also of cases that left the roster.
    pub fn drafts(&self) -> Result<Vec<VisitId>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(feed::drafts(self)?)
    }

    /// A form, from the feed or shipped with the app.
    pub fn form(&self, id: String, version: u32) -> Result<Option<FormView>, CoreError> {
        Ok(feed::form(self, &id, version)?)
    }

    /// Begins a visit: the officer stands before the house. A case that has a draft goes on with it.
    pub fn begin_visit(&self, begin: BeginVisit) -> Result<VisitId, CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::begin(self, &begin)?)
    }

    /// A draft, and what it lacks.
    pub fn draft(&self, visit: VisitId) -> Result<DraftView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::draft(self, visit)?)
    }

    /// Takes a photo into the draft.
    pub fn add_photo(&self, visit: VisitId, photo: NewPhoto) -> Result<PhotoTaken, CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::add_photo(self, visit, photo)?)
    }

    /// Takes a photo out of the draft.
    pub fn drop_photo(&self, visit: VisitId, photo: PhotoId) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::drop_photo(self, visit, photo)?)
    }

    /// Lets a photo of the returned visit stand, without sending it again.
    pub fn keep_photo(&self, visit: VisitId, photo: PhotoId) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::keep_photo(self, visit, photo)?)
    }

    /// Says where the front door is.
    pub fn set_pin(&self, visit: VisitId, pin: NewPin) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::set_pin(self, visit, &pin)?)
    }

    /// Answers a question, or takes the answer back.
    pub fn answer(
        &self,
        visit: VisitId,
        question: String,
        value: Option<String>,
    ) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::answer(self, visit, &question, value.as_deref())?)
    }

    /// The privacy notice was read to the respondent. Only then may anything but the front of the house be photographed.
    pub fn notice_read(&self, visit: VisitId) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::notice_read(self, visit)?)
    }

    /// Says why nobody could be seen.
    pub fn set_unreachable(
        &self,
        visit: VisitId,
        reason: UnreachableReason,
    ) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::set_unreachable(self, visit, reason)?)
    }

    /// Seals the visit: encrypted, hashed, signed and in the outbox, or nothing.
    ///
    /// # Errors
    /// `Incomplete` with what is missing; `StorageFull`.
    pub fn seal(&self, visit: VisitId) -> Result<SealedView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::seal(self, visit)?)
    }

    /// Throws a draft away. What is sealed cannot be thrown away.
    pub fn discard(&self, visit: VisitId) -> Result<(), CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::discard(self, visit)?)
    }

    /// The 320 px view of a photo of a draft or a sealed visit.
    pub fn photo_view(&self, photo: PhotoId) -> Result<Option<Vec<u8>>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(capture::view(self, photo)?)
    }

    /// The sealed visits on this phone, newest first.
    pub fn outbox(&self) -> Result<Vec<OutboxVisit>, CoreError> {
        Ok(outbox::visits(self)?)
    }

    /// The way out of `NeedsAttention`: everything of the visit that stands still is tried again.
    pub fn retry(&self, visit: VisitId) -> Result<(), CoreError> {
        Ok(outbox::retry(self, visit)?)
    }

    /// Whether photos wait for an unmetered network. Manifests never wait.
    pub fn set_data_saver(&self, photos_wait: bool) -> Result<(), CoreError> {
        Ok(outbox::set_data_saver(self, photos_wait)?)
    }

    /// Titip kirim: writes sealed visits into one file for a colleague to carry. Tells how many.
    pub fn export_bundle(&self, visits: Vec<VisitId>, file: String) -> Result<u32, CoreError> {
        Ok(bundle::export(self, &visits, &file)?)
    }

    /// Takes a colleague's sealed visits along; they are credited to their author. Tells how many were new.
    ///
    /// # Errors
    /// `Refused` when the file is damaged or is no bundle: then nothing of it is taken.
    pub fn import_bundle(&self, file: String) -> Result<u32, CoreError> {
        Ok(bundle::import(self, &file)?)
    }

    /// A part of today's list.
    pub fn today(&self, query: TodayQuery) -> Result<TodayPage, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::today::today(self, &query)?)
    }

    /// A case, while it is on the roster.
    pub fn case_view(
        &self,
        case: CaseId,
        here: Option<Place>,
    ) -> Result<Option<CaseView>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::case::view(self, case, here)?)
    }

    /// The last photo of the case's house, a JPEG of 320 px, when it is here.
    pub fn house_photo(&self, case: CaseId) -> Result<Option<Vec<u8>>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::case::photo(self, case)?)
    }

    /// Does what a button of the case says: begins a visit or goes on with one, and names it.
    pub fn act(&self, case: CaseId, action: CaseAction) -> Result<VisitId, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::case::act(self, case, action)?)
    }

    /// Where a finding can be.
    pub fn villages(&self) -> Result<Vec<VillageChoice>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::case::villages(self)?)
    }

    /// The map, in pixels.
    pub fn map(&self, query: MapQuery) -> Result<MapView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::map::map(self, &query)?)
    }

    /// What the camera's screen shows.
    pub fn camera_view(&self, visit: VisitId) -> Result<CameraView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::camera::view(self, visit)?)
    }

    /// Gang sempit: two halves instead of one front photo, or the other way round.
    pub fn set_narrow(&self, visit: VisitId, narrow: bool) -> Result<CameraView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::camera::set_narrow(self, visit, narrow)?)
    }

    /// Begins to listen for a pin: the fixes heard so far are forgotten.
    pub fn begin_pin(&self, visit: VisitId) -> Result<PinView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::pin::begin(self, visit)?)
    }

    /// A fix that the phone heard while the pin's screen is open.
    pub fn on_fix(&self, visit: VisitId, fix: Fix) -> Result<PinView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::pin::on_fix(self, visit, fix)?)
    }

    /// Takes the average of the fixes as the pin.
    ///
    /// # Errors
    /// `Refused` with `no_fix`, or with `pin_reason_needed` when it is poor and `reason` is absent.
    pub fn take_pin(&self, visit: VisitId, reason: Option<String>) -> Result<PinView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::pin::take(self, visit, reason)?)
    }

    /// Places the pin by hand on the map.
    ///
    /// # Errors
    /// `Refused` with `pin_reason_needed`: a pin by hand always says why.
    pub fn place_pin(
        &self,
        visit: VisitId,
        place: Place,
        reason: String,
    ) -> Result<PinView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::pin::place(self, visit, place, reason)?)
    }

    /// The questions that are asked now, in order.
    pub fn questions(&self, visit: VisitId) -> Result<Vec<QuestionView>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::questions::questions(self, visit)?)
    }

    /// The screen that comes next.
    pub fn next_step(&self, visit: VisitId) -> Result<VisitStep, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::summary::next_step(self, visit)?)
    }

    /// The screen that comes after one that is done.
    pub fn step_after(&self, visit: VisitId, done: VisitStep) -> Result<VisitStep, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::summary::step_after(self, visit, done)?)
    }

    /// The visit before it is sealed.
    pub fn summary(&self, visit: VisitId) -> Result<SummaryView, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::summary::summary(self, visit)?)
    }

    /// Whether the app is open.
    pub fn lock_state(&self) -> Result<LockState, CoreError> {
        Ok(screens::lock::lock_state(self)?)
    }

    /// Chooses the app's PIN, or another one while the app is open.
    ///
    /// # Errors
    /// `Refused` with `pin_not_six_digits` or `pin_too_simple`; `SignInAgain` when nobody is signed in.
    pub fn choose_pin(&self, pin: String) -> Result<LockState, CoreError> {
        Ok(screens::lock::choose(self, &pin)?)
    }

    /// Shows the PIN. Five wrong ones end the session, and the roster goes.
    pub fn unlock(&self, pin: String) -> Result<LockState, CoreError> {
        Ok(screens::lock::unlock(self, &pin)?)
    }

    /// The app was put away.
    pub fn lock(&self) {
        screens::lock::lock(self);
    }

    /// The outbox, with the families' names.
    pub fn outbox_view(&self) -> Result<OutboxSummary, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::outbox::view(self)?)
    }

    /// The visits that are not whole on the server: what a bundle would carry.
    pub fn unsent(&self) -> Result<Vec<VisitId>, CoreError> {
        Ok(screens::outbox::unsent(self)?)
    }

    /// What the officer must know, most urgent first.
    pub fn notices(&self) -> Result<Vec<Notice>, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::notices::notices(self)?)
    }

    /// What the officer did in a month.
    pub fn month_report(&self, year: i32, month: u32) -> Result<MonthReport, CoreError> {
        screens::lock::check_open(self)?;
        Ok(screens::report::month(self, year, month)?)
    }

    /// What the app holds on this phone.
    pub fn storage(&self) -> Result<StorageView, CoreError> {
        Ok(screens::storage::storage(self)?)
    }

    /// What signing out would leave behind.
    pub fn sign_out_view(&self) -> Result<SignOutView, CoreError> {
        Ok(screens::storage::sign_out_view(self)?)
    }

    /// The network the phone stands in; the shell says so whenever it changes.
    pub fn set_network(&self, network: Network) {
        screens::storage::set_network(self, network);
    }

    /// When last photos of assigned houses are fetched.
    pub fn set_house_photos(&self, when: HousePhotosWhen) -> Result<(), CoreError> {
        Ok(screens::storage::set_house_photos(self, when)?)
    }

    /// Whether a newer app is at hand.
    pub fn update_state(&self) -> Result<UpdateState, CoreError> {
        Ok(screens::update::state(self)?)
    }

    /// Begins to fetch the newer app.
    ///
    /// # Errors
    /// `Refused` with `no_update`; `StorageFull`.
    pub fn fetch_update(&self) -> Result<(), CoreError> {
        Ok(screens::update::fetch(self)?)
    }
}
