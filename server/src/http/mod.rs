//! HTTP: routes, who may call them, and the translation of bodies and errors. Knows no database types.

pub mod auth;
pub mod body;
pub mod cases;
pub mod console;
pub mod families;
pub mod health;
pub mod imports;
mod linger;
pub mod lookup;
pub mod map;
pub mod openapi;
pub mod photos;
pub mod problem;
pub mod routes;
pub mod session;
pub mod sync;
pub mod trail;
pub mod uploads;
pub mod users;
