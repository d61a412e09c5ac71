//! Enrolment, signing in and out, and how the phone stands.
use crate::FieldApp;
use crate::error::{Error, Result};
use crate::screens::Status;
pub(crate) fn enrol(_: &FieldApp, _: &str) -> Result<()> {
    Err(Error::Broken("account"))
}
pub(crate) fn sign_in(_: &FieldApp, _: String, _: String) -> Result<()> {
    Err(Error::Broken("account"))
}
pub(crate) fn sign_out(_: &FieldApp) -> Result<()> {
    Err(Error::Broken("account"))
}
pub(crate) fn status(_: &FieldApp) -> Result<Status> {
    Err(Error::Broken("account"))
}
