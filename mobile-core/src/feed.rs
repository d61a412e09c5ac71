//! The roster, from the feed.
use crate::error::{Error, Result};
use crate::screens::{AssignmentView, FormView};
use crate::{Core, FieldApp};
use tilik_protocol::ids::CaseId;
use tilik_protocol::sync::Assignment;
/// The case as the phone last heard of it.
pub(crate) fn assignment(_: &Core, _: CaseId) -> Result<Option<Assignment>> {
    Err(Error::Broken("feed"))
}
pub(crate) fn assignments(_: &FieldApp) -> Result<Vec<AssignmentView>> {
    Err(Error::Broken("feed"))
}
pub(crate) fn form(_: &FieldApp, _: &str, _: u32) -> Result<Option<FormView>> {
    Err(Error::Broken("feed"))
}
