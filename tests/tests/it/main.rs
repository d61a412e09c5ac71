//! The system as its users meet it. One binary, so that everything links once.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says where"
)]

mod authz;
mod bad_input;
mod canary;
mod coalitions;
mod console_session;
mod crash_points;
mod duty;
mod evidence;
mod expected;
mod feed;
mod imports;
mod lifecycle;
mod lookup;
mod machines;
mod map;
mod outages;
mod photos;
mod review;
mod sign_in;
mod sync_faults;
mod trail;
mod uploads;
mod world;
