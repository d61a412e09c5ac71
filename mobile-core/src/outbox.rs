//! Sealed photos on their way.
use crate::FieldApp;
use crate::error::{Error, Result};
use crate::screens::OutboxVisit;
use tilik_protocol::ids::VisitId;
pub(crate) fn visits(_: &FieldApp) -> Result<Vec<OutboxVisit>> {
    Err(Error::Broken("outbox"))
}
pub(crate) fn retry(_: &FieldApp, _: VisitId) -> Result<()> {
    Err(Error::Broken("outbox"))
}
pub(crate) fn set_data_saver(_: &FieldApp, _: bool) -> Result<()> {
    Err(Error::Broken("outbox"))
}
