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
mod outbox;
mod phone;
mod photos;
pub mod ports;
mod pump;
pub mod requests;
pub mod screens;
mod seal;
mod store;
mod sync;
#[cfg(test)]
mod tests;
mod vault;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tilik_protocol::evidence::UnreachableReason;
use tilik_protocol::ids::{PhotoId, VisitId};

pub use error::CoreError;
use phone::Phone;
pub use ports::{AppInfo, Clock, FreeSpace, Keys, MonotonicClock, PortError, Ports, Rng, Signer};
use pump::Pump;
pub use requests::{Header, Request, RequestBody, Response};
pub use screens::{
    AssignmentView, BeginVisit, ClockProblem, DraftAnswer, DraftPhoto, DraftPin, DraftStep,
    DraftView, Fix, FormView, NewPhoto, NewPin, OutboxPhoto, OutboxState, OutboxVisit, PhotoTaken,
    PhotoVerdict, SealedView, SpaceProblem, Status, Why,
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
        let stores = Stores::open(&phone.folder, &phone.ports)?;
        seal::clean(&stores.device, &phone)?;
        Ok(Arc::new(Self {
            phone,
            core: Mutex::new(Core {
                stores,
                pump: Pump::default(),
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
        Ok(feed::assignments(self)?)
    }

    /// The drafts on this phone, oldest first, also of cases that left the roster.
    pub fn drafts(&self) -> Result<Vec<VisitId>, CoreError> {
        Ok(feed::drafts(self)?)
    }

    /// A form, from the feed or shipped with the app.
    pub fn form(&self, id: String, version: u32) -> Result<Option<FormView>, CoreError> {
        Ok(feed::form(self, &id, version)?)
    }

    /// Begins a visit: the officer stands before the house. A case that has a draft goes on with it.
    pub fn begin_visit(&self, begin: BeginVisit) -> Result<VisitId, CoreError> {
        Ok(capture::begin(self, &begin)?)
    }

    /// A draft, and what it lacks.
    pub fn draft(&self, visit: VisitId) -> Result<DraftView, CoreError> {
        Ok(capture::draft(self, visit)?)
    }

    /// Takes a photo into the draft.
    pub fn add_photo(&self, visit: VisitId, photo: NewPhoto) -> Result<PhotoTaken, CoreError> {
        Ok(capture::add_photo(self, visit, photo)?)
    }

    /// Takes a photo out of the draft.
    pub fn drop_photo(&self, visit: VisitId, photo: PhotoId) -> Result<(), CoreError> {
        Ok(capture::drop_photo(self, visit, photo)?)
    }

    /// Lets a photo of the returned visit stand, without sending it again.
    pub fn keep_photo(&self, visit: VisitId, photo: PhotoId) -> Result<(), CoreError> {
        Ok(capture::keep_photo(self, visit, photo)?)
    }

    /// Says where the front door is.
    pub fn set_pin(&self, visit: VisitId, pin: NewPin) -> Result<(), CoreError> {
        Ok(capture::set_pin(self, visit, &pin)?)
    }

    /// Answers a question, or takes the answer back.
    pub fn answer(
        &self,
        visit: VisitId,
        question: String,
        value: Option<String>,
    ) -> Result<(), CoreError> {
        Ok(capture::answer(self, visit, &question, value.as_deref())?)
    }

    /// The privacy notice was read to the respondent.
    pub fn notice_read(&self, visit: VisitId) -> Result<(), CoreError> {
        Ok(capture::notice_read(self, visit)?)
    }

    /// Says why nobody could be seen.
    pub fn set_unreachable(
        &self,
        visit: VisitId,
        reason: UnreachableReason,
    ) -> Result<(), CoreError> {
        Ok(capture::set_unreachable(self, visit, reason)?)
    }

    /// Seals the visit: encrypted, hashed, signed and in the outbox, or nothing.
    ///
    /// # Errors
    /// `Incomplete` with what is missing; `StorageFull`.
    pub fn seal(&self, visit: VisitId) -> Result<SealedView, CoreError> {
        Ok(capture::seal(self, visit)?)
    }

    /// Throws a draft away. What is sealed cannot be thrown away.
    pub fn discard(&self, visit: VisitId) -> Result<(), CoreError> {
        Ok(capture::discard(self, visit)?)
    }

    /// The 320 px view of a photo of a draft or a sealed visit.
    pub fn photo_view(&self, photo: PhotoId) -> Result<Option<Vec<u8>>, CoreError> {
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
}
