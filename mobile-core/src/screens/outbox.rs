//! What was sealed, on its way: each visit, each photo, and what waits for what.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use tilik_protocol::evidence::PhotoKind;
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::time::Timestamp;

use crate::error::Result;
use crate::store::meta;
use crate::store::outbox::titles;
use crate::vault::Vault;
use crate::{FieldApp, feed, outbox, pump};

/// The outbox as its screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxSummary {
    /// The visits, newest first.
    pub visits: Vec<OutboxVisitView>,
    /// Visits that wait for their turn or for a network.
    pub waiting: u32,
    /// Visits on their way.
    pub sending: u32,
    /// Visits for which somebody must do something.
    pub attention: u32,
    /// Visits that are whole on the server.
    pub sent: u32,
    /// Photos that are safe on the server.
    pub photos_safe: u32,
    /// Photos in all.
    pub photos_total: u32,
    /// Photos wait for an unmetered network.
    pub waits_for_wifi: bool,
}

/// A visit of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxVisitView {
    /// The visit.
    pub visit: OutboxVisit,
    /// The family's name: as the roster has it now, or as the officer saw it when the visit was sealed. It is forgotten
    /// with the bytes of the photos.
    pub title: Option<String>,
    /// The key of the words that stand there without a name.
    pub title_key: String,
}

/// What stands for a name where there is none.
#[derive(Debug, Clone, Copy, strum::Display, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum OutboxTitle {
    /// A finding.
    Finding,
    /// A case that left the roster.
    Case,
    /// Carried for a colleague.
    Carried,
}

pub(crate) fn view(app: &FieldApp) -> Result<OutboxSummary> {
    let visits = outbox::visits(app)?;
    let core = app.core();
    let roster = feed::roster(&core)?;
    let titles = match &core.stores.account {
        Some(account) => titles(&core.stores.device, &Vault::of(app.phone())?, account.user)?,
        None => HashMap::new(),
    };
    let data_saver = meta::get(&core.stores.device, meta::DATA_SAVER)?.unwrap_or(false);
    let count = |is: fn(&OutboxState) -> bool| {
        u32::try_from(visits.iter().filter(|visit| is(&visit.state)).count()).unwrap_or(u32::MAX)
    };
    Ok(OutboxSummary {
        waiting: count(|state| *state == OutboxState::Waiting),
        sending: count(|state| *state == OutboxState::Sending),
        attention: count(|state| matches!(state, OutboxState::NeedsAttention { .. })),
        sent: count(|state| *state == OutboxState::Sent),
        photos_safe: visits.iter().map(|visit| visit.photos_safe).sum(),
        photos_total: visits.iter().map(|visit| visit.photos_total).sum(),
        waits_for_wifi: data_saver
            && !pump::is_unmetered(&core)
            && visits
                .iter()
                .any(|visit| visit.photos_received < visit.photos_total),
        visits: visits
            .into_iter()
            .map(|visit| {
                let row = visit.case.and_then(|case| roster.row(case));
                let stands_for = if visit.carried {
                    OutboxTitle::Carried
                } else if visit.case.is_some() {
                    OutboxTitle::Case
                } else {
                    OutboxTitle::Finding
                };
                OutboxVisitView {
                    title: row
                        .filter(|_| !visit.carried)
                        .map(|row| row.assignment.name.clone())
                        .or_else(|| titles.get(&visit.visit).cloned()),
                    title_key: format!("outbox_title_{stands_for}"),
                    visit,
                }
            })
            .collect(),
    })
}

/// The visits that are not whole on the server, newest first: what a bundle would carry.
pub(crate) fn unsent(app: &FieldApp) -> Result<Vec<VisitId>> {
    let unsent: BTreeSet<VisitId> = outbox::unsent(&app.core().stores.device)?;
    Ok(outbox::visits(app)?
        .into_iter()
        .map(|visit| visit.visit)
        .filter(|visit| unsent.contains(visit))
        .collect())
}

/// A sealed visit on its way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxVisit {
    /// The visit.
    pub visit: VisitId,
    /// The case; a finding has none.
    pub case: Option<CaseId>,
    /// When it was sealed, by the clock of its phone.
    pub captured_at: Timestamp,
    /// Carried for a colleague.
    pub carried: bool,
    /// For practice, as far as this phone can read the manifest.
    pub training: bool,
    /// Where it stands.
    pub state: OutboxState,
    /// When the server said that it has the manifest, by the server's clock.
    pub received_at: Option<Timestamp>,
    /// How many photos it has.
    pub photos_total: u32,
    /// How many are on the server.
    pub photos_received: u32,
    /// How many are safe there: "14 of 15 safe on the server".
    pub photos_safe: u32,
    /// The photos, in order.
    pub photos: Vec<OutboxPhoto>,
}

/// Where a sealed visit or a photo stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OutboxState {
    /// Waits for its turn or for a network.
    Waiting,
    /// On its way: a request is out, or the manifest is there and photos follow.
    Sending,
    /// On the server, whole.
    Sent,
    /// Goes on only when somebody does something; `retry` is the way out.
    NeedsAttention {
        /// What happened.
        why: Why,
    },
}

/// Why something in the outbox stands still. The bytes are kept whatever it is.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum, strum::VariantNames,
)]
#[serde(tag = "why", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Why {
    /// The server could not read the manifest.
    Malformed {
        /// Its problem code.
        code: String,
    },
    /// The server knows this visit with other bytes; both are kept there.
    Conflict,
    /// Kept apart on the server until somebody looks.
    Quarantined {
        /// The problem code.
        code: String,
    },
    /// The server knows this photo with other bytes.
    PhotoConflict,
    /// The server will not take the photo's bytes.
    PhotoRefused {
        /// The problem code.
        code: String,
    },
    /// The sealed file is not there any more.
    FileMissing,
    /// The sealed file has changed on the disk.
    FileDamaged,
}

/// A sealed photo on its way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxPhoto {
    /// The photo.
    pub photo: PhotoId,
    /// What it shows; a manifest that lies in an envelope only the registry can read.
    pub kind: Option<PhotoKind>,
    /// Where it stands.
    pub state: OutboxState,
    /// Bytes of the sealed file.
    pub bytes: u64,
    /// Bytes that the server is known to have.
    pub sent_bytes: u64,
    /// When it was durable on the server, by the server's clock.
    pub received_at: Option<Timestamp>,
    /// When it was safe there.
    pub safe_at: Option<Timestamp>,
    /// Why it failed the server's checks: it must be taken again, though its bytes are kept.
    pub problem: Option<String>,
    /// Whether the bytes are still on this phone.
    pub on_phone: bool,
}
