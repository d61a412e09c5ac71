//! Tilik as its users meet it: one server in process, many phones, one clock that stands still, and a bad wire.
//!
//! | module | what it is |
//! |---|---|
//! | [`world`] | [`World`]: the real router, the real store, the real blobs; `restart()` drops the server and opens it again |
//! | [`people`] | [`Console`]: a signed-in person who calls the API |
//! | [`village`] | a small registry to work on |
//! | [`phone`] | [`FieldPhone`]: the real core on a real folder, over the doorway or over HTTP |
//! | [`uploads`] | sealed photos, and the requests that carry them |
//! | [`wire`] | [`Wire`]: the bad network; a [`Fault`] is a match arm |
//! | [`demo`] | a whole city on one machine, for `cargo demo` |
//! | [`houses`] | photos of houses that never stood, as a 12 MP camera makes them |
//! | [`kediri`] | Kota Kediri as the files that the imports take |
//! | [`dice`] | chance that a seed repeats |
//! | [`handmade`] | a phone that is only a key, and evidence made byte by byte |
//! | [`requests`] | one well-formed request for every route there is |
//! | [`second_factor`] | codes beside the password, as an app makes them |
//! | [`plans`] | seeded plans of operations and faults, the model they are compared with, and what shrinks a failing one |
//!
//! The suite takes the database from `TILIK_TEST_DATABASE_URL` (absent: SQLite) and the bucket from `TILIK_TEST_S3_*`
//! (absent: a folder). The same tests run on all of them.

pub mod demo;
pub mod feed;
pub mod handmade;
pub mod kediri;
pub mod people;
pub mod phone;
pub mod plans;
pub mod proposals;
pub mod requests;
pub mod second_factor;
pub mod uploads;
pub mod village;
pub mod wire;
pub mod world;

pub use people::{Console, Person, Staff};
pub use phone::{Carrier, FieldPhone, Hands, Http, Sun};
pub use tilik_houses as houses;
pub use tilik_houses::dice;
pub use tilik_houses::dice::Dice;
pub use village::{Home, Village};
pub use wire::{Fault, Wire};
pub use world::{Answer, Doorway, World};
