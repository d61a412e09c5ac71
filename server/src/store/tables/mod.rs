//! One entity a table; nobody outside `store` can name them.
//!
//! Instants are microseconds (`*_at`), ids are UUIDs, states and codes are text as the protocol spells them.

#![allow(
    clippy::derive_partial_eq_without_eq,
    reason = "written alike for every table"
)]

pub(in crate::store) mod access;
pub(in crate::store) mod access_new;
pub(in crate::store) mod access_object;
pub(in crate::store) mod appeal;
pub(in crate::store) mod blind_index;
pub(in crate::store) mod boundary;
pub(in crate::store) mod case_membership;
pub(in crate::store) mod civil_batch;
pub(in crate::store) mod civil_event;
pub(in crate::store) mod civil_feed;
pub(in crate::store) mod deliberation;
pub(in crate::store) mod deliberation_name;
pub(in crate::store) mod desk_family;
pub(in crate::store) mod device;
pub(in crate::store) mod device_cursor;
pub(in crate::store) mod duplicate;
pub(in crate::store) mod eligibility_fact;
pub(in crate::store) mod enrolment;
pub(in crate::store) mod evaluation;
pub(in crate::store) mod event;
pub(in crate::store) mod export_part;
pub(in crate::store) mod export_run;
pub(in crate::store) mod family;
pub(in crate::store) mod family_move;
pub(in crate::store) mod family_request;
pub(in crate::store) mod feed_counter;
pub(in crate::store) mod feed_nonce;
pub(in crate::store) mod feed_row;
pub(in crate::store) mod former_pin;
pub(in crate::store) mod health_statement;
pub(in crate::store) mod hearing;
pub(in crate::store) mod house;
pub(in crate::store) mod import_mapping;
pub(in crate::store) mod import_row;
pub(in crate::store) mod import_run;
pub(in crate::store) mod job;
pub(in crate::store) mod journal;
pub(in crate::store) mod journal_head;
pub(in crate::store) mod letter;
pub(in crate::store) mod letter_counter;
pub(in crate::store) mod letter_office;
pub(in crate::store) mod letter_print;
pub(in crate::store) mod login_throttle;
pub(in crate::store) mod match_request;
pub(in crate::store) mod membership;
pub(in crate::store) mod ministry_act;
pub(in crate::store) mod notice;
pub(in crate::store) mod old_photo;
pub(in crate::store) mod old_photo_run;
pub(in crate::store) mod paper;
pub(in crate::store) mod person;
pub(in crate::store) mod person_left;
pub(in crate::store) mod person_sound;
pub(in crate::store) mod photo;
pub(in crate::store) mod plan;
pub(in crate::store) mod plan_draw;
pub(in crate::store) mod plan_family;
pub(in crate::store) mod prepared_cancellation;
pub(in crate::store) mod program;
pub(in crate::store) mod proposal;
pub(in crate::store) mod proposal_act;
pub(in crate::store) mod quarantine;
pub(in crate::store) mod quota;
pub(in crate::store) mod recovery_code;
pub(in crate::store) mod region;
pub(in crate::store) mod registry_alias;
pub(in crate::store) mod reset_slip;
pub(in crate::store) mod restoration;
pub(in crate::store) mod role_grant;
pub(in crate::store) mod row_version;
pub(in crate::store) mod rule;
pub(in crate::store) mod second_factor;
pub(in crate::store) mod seen_news;
pub(in crate::store) mod server_state;
pub(in crate::store) mod session;
pub(in crate::store) mod slot;
pub(in crate::store) mod submission_window;
pub(in crate::store) mod upload;
pub(in crate::store) mod upload_chunk;
pub(in crate::store) mod user_account;
pub(in crate::store) mod verification_case;
pub(in crate::store) mod visit;
pub(in crate::store) mod visit_carrier;
pub(in crate::store) mod visit_flag;
pub(in crate::store) mod visit_photo;
pub(in crate::store) mod waitlist;
pub(in crate::store) mod waitlist_entry;
