//! What phone and server say to each other, and what both must decide alike.
//!
//! Owns the vocabulary (ids, states, bodies, codes), the machines, who may do what, the evidence rules
//! and the manifest's bytes. Refuses I/O, clocks, chance, async and databases. The one invariant: the same
//! input gives the same answer on a phone in a village and on the server.

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

/// Tells of what holds personal data that there is one, and nothing that stands in it.
macro_rules! says_nothing {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

pub mod appeal;
pub mod case;
pub mod changes;
pub mod citizen;
pub mod contact_sheet;
pub mod deliberation;
pub mod duty;
pub mod evaluation;
pub mod evidence;
pub mod export;
pub mod family;
pub mod form;
pub mod health;
pub mod ids;
pub mod lenient;
pub mod letter;
pub mod lookup;
pub mod manifest;
pub mod map;
pub mod membership;
pub mod ministry;
pub mod names;
pub mod nik;
pub mod objection;
pub mod old_photo;
pub mod overview;
pub mod plan;
pub mod policy;
pub mod population;
pub mod problem;
pub mod proposal;
pub mod quota;
pub mod reason;
pub mod receipt;
pub mod region;
pub mod registry;
pub mod replacement;
pub mod report;
pub mod reset_slip;
pub mod review;
pub mod rt_check;
pub mod rule;
pub mod second_factor;
pub mod session;
pub mod sync;
pub mod tasks;
pub mod time;
pub mod training;
pub mod waitlist;
pub mod window;
