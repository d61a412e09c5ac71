//! HTTP: routes, who may call them, and the translation of bodies and errors. Knows no database types.

pub mod auth;
pub mod base_map;
pub mod body;
pub mod cases;
pub mod console;
pub mod contact_sheets;
pub mod families;
pub mod health;
pub mod imports;
mod linger;
pub mod lookup;
pub mod map;
pub mod openapi;
pub mod overview;
pub mod photos;
pub mod plans;
pub mod problem;
pub mod reset_slips;
pub mod routes;
pub mod second_factor;
pub mod session;
pub mod sync;
pub mod trail;
pub mod training;
pub mod uploads;
mod user_agent;
pub mod users;
