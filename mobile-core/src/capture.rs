//! A visit from the arrival to the seal.

use tilik_protocol::evidence::UnreachableReason;
use tilik_protocol::ids::{PhotoId, VisitId};

use crate::FieldApp;
use crate::error::{Error, Result};
use crate::screens::{BeginVisit, DraftView, NewPhoto, NewPin, PhotoTaken, SealedView};

pub(crate) fn begin(app: &FieldApp, begin: &BeginVisit) -> Result<VisitId> {
    let _ = (app, begin);
    Err(Error::Broken("capture"))
}

pub(crate) fn draft(app: &FieldApp, visit: VisitId) -> Result<DraftView> {
    let _ = (app, visit);
    Err(Error::Broken("capture"))
}

pub(crate) fn add_photo(app: &FieldApp, visit: VisitId, photo: NewPhoto) -> Result<PhotoTaken> {
    let _ = (app, visit, photo);
    Err(Error::Broken("capture"))
}

pub(crate) fn drop_photo(app: &FieldApp, visit: VisitId, photo: PhotoId) -> Result<()> {
    let _ = (app, visit, photo);
    Err(Error::Broken("capture"))
}

pub(crate) fn keep_photo(app: &FieldApp, visit: VisitId, photo: PhotoId) -> Result<()> {
    let _ = (app, visit, photo);
    Err(Error::Broken("capture"))
}

pub(crate) fn set_pin(app: &FieldApp, visit: VisitId, pin: &NewPin) -> Result<()> {
    let _ = (app, visit, pin);
    Err(Error::Broken("capture"))
}

pub(crate) fn answer(
    app: &FieldApp,
    visit: VisitId,
    question: &str,
    value: Option<&str>,
) -> Result<()> {
    let _ = (app, visit, question, value);
    Err(Error::Broken("capture"))
}

pub(crate) fn notice_read(app: &FieldApp, visit: VisitId) -> Result<()> {
    let _ = (app, visit);
    Err(Error::Broken("capture"))
}

pub(crate) fn set_unreachable(
    app: &FieldApp,
    visit: VisitId,
    reason: UnreachableReason,
) -> Result<()> {
    let _ = (app, visit, reason);
    Err(Error::Broken("capture"))
}

pub(crate) fn seal(app: &FieldApp, visit: VisitId) -> Result<SealedView> {
    let _ = (app, visit);
    Err(Error::Broken("capture"))
}

pub(crate) fn discard(app: &FieldApp, visit: VisitId) -> Result<()> {
    let _ = (app, visit);
    Err(Error::Broken("capture"))
}

pub(crate) fn view(app: &FieldApp, photo: PhotoId) -> Result<Option<Vec<u8>>> {
    let _ = (app, photo);
    Err(Error::Broken("capture"))
}
