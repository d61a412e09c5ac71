//! How the phone stands with the server.

use tilik_protocol::ids::{DeviceId, UserId};
use tilik_protocol::session::RevokeKind;
use tilik_protocol::time::Timestamp;

/// How the phone stands with the server.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Status {
    /// The phone's id, once it is enrolled.
    pub device: Option<DeviceId>,
    /// Whether it is enrolled.
    pub enrolled: bool,
    /// Enrolment, sign-in or another password is on its way.
    pub busy: bool,
    /// Somebody is signed in and the session, as far as is known, lives.
    pub signed_in: bool,
    /// The session is over; sign in again. Photos with a grant are still sent.
    pub sign_in_again: bool,
    /// Somebody else chose the password: nothing goes on before the officer has chosen another (`change_password`).
    pub password_change_required: bool,
    /// Whose roster is shown.
    pub user: Option<UserId>,
    /// The account's name; after enrolment already, to sign in with.
    pub username: Option<String>,
    /// The app is too old to begin a visit.
    pub update_needed: bool,
    /// How the phone left, when it was revoked.
    pub device_revoked: Option<RevokeKind>,
    /// The phone's clock against the server's, when it is off by more than five minutes.
    pub clock: Option<ClockProblem>,
    /// The room on the disk, when it is short.
    pub space: Option<SpaceProblem>,
    /// When a sync round last succeeded, by the phone's clock.
    pub last_sync_at: Option<Timestamp>,
    /// The last thing that went wrong with the server, until something goes right: a problem code or `no_network`.
    pub last_problem: Option<String>,
    /// Sealed visits without a receipt.
    pub visits_waiting: u32,
    /// Photos that are not on the server yet.
    pub photos_waiting: u32,
    /// Photos wait for an unmetered network.
    pub data_saver: bool,
    /// Rows of the feed that this app cannot read; an update will show them.
    pub unreadable_rows: u32,
    /// How often a feed had to start again because its checksum did not fit (goal: 0).
    pub checksum_mismatches: u32,
    /// The phone lost the key of its database and began anew: what was sealed waits until the phone is enrolled again,
    /// what was not sealed is gone.
    pub key_lost: bool,
    /// Minutes east of UTC, for the dates on the screen.
    pub utc_offset_min: i32,
}

/// The phone's clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ClockProblem {
    /// Seconds ahead of the server; negative: behind.
    pub ahead_s: i64,
}

/// The disk is short of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SpaceProblem {
    /// Room for some visits; free some.
    Low,
    /// No visit can be begun.
    Full,
}
