//! What to send next, and what a reply means.
use crate::FieldApp;
use crate::error::{Error, Result};
use crate::requests::{Request, Response};
/// What is known only while the app runs.
#[derive(Default)]
pub(crate) struct Pump {}
pub(crate) fn next_requests(_: &FieldApp, _: u32) -> Result<Vec<Request>> {
    Err(Error::Broken("pump"))
}
pub(crate) fn on_response(_: &FieldApp, _: &str, _: &Response) -> Result<()> {
    Err(Error::Broken("pump"))
}
pub(crate) fn on_no_network(_: &FieldApp, _: &str) -> Result<()> {
    Err(Error::Broken("pump"))
}
pub(crate) fn wait_s(_: &FieldApp) -> u64 {
    0
}
pub(crate) fn send_now(_: &FieldApp) -> Result<()> {
    Err(Error::Broken("pump"))
}
