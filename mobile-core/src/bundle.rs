//! Titip kirim: sealed visits as one file.
use crate::FieldApp;
use crate::error::{Error, Result};
use tilik_protocol::ids::VisitId;
pub(crate) fn export(_: &FieldApp, _: &[VisitId], _: &str) -> Result<u32> {
    Err(Error::Broken("bundle"))
}
pub(crate) fn import(_: &FieldApp, _: &str) -> Result<u32> {
    Err(Error::Broken("bundle"))
}
