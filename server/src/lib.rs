//! The server of Tilik: evidence in, queues and decisions out. Nothing global: everything is handed in.

pub mod clock;
pub mod keys;
