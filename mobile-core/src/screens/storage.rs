//! Room on the phone, the network it stands in, and what signing out would leave behind.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tilik_protocol::time::Timestamp;

use crate::error::Result;
use crate::store::{DRAFTS, house_photos, meta};
use crate::{FieldApp, outbox};

/// What the app holds on this phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StorageView {
    /// Sealed files.
    pub sealed_bytes: u64,
    /// Photos of drafts.
    pub drafts_bytes: u64,
    /// Last photos of assigned houses.
    pub house_photos_bytes: u64,
    /// The databases, with what SQLite keeps beside them.
    pub databases_bytes: u64,
    /// What may still be written.
    pub free_bytes: u64,
    /// The disk.
    pub total_bytes: u64,
    /// Sealed visits on this phone.
    pub sealed_visits: u32,
    /// When the next sealed file may go: it is safe on the server since then long enough. Absent: none is safe.
    pub next_removal_at: Option<Timestamp>,
    /// When last photos of assigned houses are fetched, as the officer chose.
    pub house_photos: HousePhotosWhen,
}

/// What signing out would leave behind; all of it is kept and sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct SignOutView {
    /// Sealed visits that are not on the server.
    pub visits_waiting: u32,
    /// Photos that are not on the server.
    pub photos_waiting: u32,
    /// Visits that are not sealed.
    pub drafts: u32,
}

/// The network the phone stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Network {
    /// None.
    None,
    /// One that is paid by the byte.
    Metered,
    /// One that is not, such as Wi-Fi.
    Unmetered,
}

/// When last photos of assigned houses are fetched.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    uniffi::Enum,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HousePhotosWhen {
    /// On a network that is not paid by the byte.
    #[default]
    Unmetered,
    /// On any network.
    Always,
    /// Never; what is here stays.
    Never,
}

/// The length of the files of a folder whose name `is` one that counts.
fn bytes_in(folder: &Path, is: impl Fn(&str) -> bool) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if is(&entry.file_name().to_string_lossy()) {
            // A file that goes meanwhile takes no room.
            bytes += entry.metadata().map_or(0, |file| file.len());
        }
    }
    Ok(bytes)
}

pub(crate) fn storage(app: &FieldApp) -> Result<StorageView> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    let (sealed_visits, sealed_bytes, safe_heard_at) = outbox::held(db)?;
    Ok(StorageView {
        sealed_bytes,
        drafts_bytes: bytes_in(&phone.folder.join(DRAFTS), |_| true)?,
        house_photos_bytes: match &core.stores.account {
            Some(account) => house_photos::bytes(&account.db)?,
            None => 0,
        },
        databases_bytes: bytes_in(&phone.folder, |name| {
            name.starts_with("device.db") || name.starts_with("account-")
        })?,
        free_bytes: phone.ports.space.free_bytes(),
        total_bytes: phone.ports.space.total_bytes(),
        sealed_visits,
        house_photos: meta::get(db, meta::HOUSE_PHOTOS)?.unwrap_or_default(),
        next_removal_at: safe_heard_at
            .map(|heard| Ok::<_, crate::error::Error>(heard.plus_s(outbox::keep_s(db)?)))
            .transpose()?,
    })
}

pub(crate) fn sign_out_view(app: &FieldApp) -> Result<SignOutView> {
    let core = app.core();
    let db = &core.stores.device;
    Ok(SignOutView {
        visits_waiting: outbox::count_waiting(db, false)? + outbox::count_waiting(db, true)?,
        photos_waiting: outbox::count_unreceived(db)?,
        drafts: db
            .prepare_cached(
                "SELECT count(*) FROM draft WHERE officer NOT IN (SELECT officer FROM guarded)",
            )?
            .query_row([], |row| row.get(0))?,
    })
}

pub(crate) fn set_network(app: &FieldApp, network: Network) {
    let mut core = app.core();
    let was = core.pump.network.replace(network);
    if network != Network::None && was == Some(Network::None) {
        // What failed for want of a network is tried now; when the disk does not answer, it waits its time.
        let _ = crate::backoff::clear(&core.stores.device, crate::backoff::NET);
    }
}

pub(crate) fn set_house_photos(app: &FieldApp, when: HousePhotosWhen) -> Result<()> {
    meta::set(&app.core().stores.device, meta::HOUSE_PHOTOS, &when)
}
