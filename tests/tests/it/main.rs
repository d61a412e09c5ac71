//! The system as its users meet it. One binary, so that everything links once.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says where"
)]

mod appeals;
mod authz;
mod bad_input;
mod base_map;
mod canary;
mod changes;
mod citizens;
mod coalitions;
mod console_session;
mod contact_sheets;
mod crash_points;
mod deputies;
mod duty;
mod evidence;
mod exchange;
mod expected;
mod exports;
mod feed;
mod grants;
mod health;
mod imports;
mod imports_tried;
mod letters;
mod lifecycle;
mod lookup;
mod machines;
mod map;
mod ministry;
mod objections;
mod old_photos;
mod outages;
mod overview;
mod own_sessions;
mod phone;
mod photos;
mod plans;
mod population;
mod proposals;
mod proposals_carried_out;
mod proposals_guarded;
mod quota_races;
mod quotas;
mod recipients;
mod registration;
mod replacements;
mod report;
mod reset_slips;
mod review;
mod rt_checks;
mod rules;
mod second_factor;
mod sign_in;
mod sync_faults;
mod tasks;
mod trail;
mod training;
mod uploads;
mod windows;
mod world;
