//! What a visit has before it is sealed, what it lacks, and which screen comes next.

use tilik_protocol::evidence::{Missing, PIN_REASON_ABOVE_CM, VisitKind};
use tilik_protocol::ids::{PhotoId, VisitId};

use super::draft::DraftView;
use super::pin;
use crate::capture;
use crate::error::Result;
use crate::phone::LOW_BELOW_BYTES;
use crate::photos::PhotoVerdict;
use crate::store::drafts::{self, Draft};
use crate::vault::Vault;
use crate::{FieldApp, account, feed};

/// The screen that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum VisitStep {
    /// Photos.
    Photo,
    /// The pin.
    Pin,
    /// The notice is read to the respondent.
    Notice,
    /// The questions.
    Questions,
    /// Why nobody could be seen.
    WhyNot,
    /// The summary, from where the visit is sealed.
    Summary,
}

/// A visit before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SummaryView {
    /// The draft.
    pub draft: DraftView,
    /// The family's name, or what a finding says.
    pub name: String,
    /// The address.
    pub address: String,
    /// The village's name.
    pub village: String,
    /// Questions that are answered.
    pub answered: u32,
    /// Questions that are asked.
    pub asked: u32,
    /// Whether it can be sealed.
    pub can_seal: bool,
    /// What the officer should look at before. None of them stops the seal.
    pub warnings: Vec<SummaryWarning>,
}

/// What the officer should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SummaryWarning {
    /// A photo.
    PhotoVerdict {
        /// Which.
        photo: PhotoId,
        /// What is the matter with it.
        verdict: PhotoVerdict,
    },
    /// The phone says that the location is mocked.
    PinMocked,
    /// The pin is far from the last one.
    PinFar {
        /// How far.
        metres: u32,
    },
    /// The pin is poor.
    PinPoor,
    /// The phone's clock is off.
    ClockOff,
    /// The phone is nearly full.
    SpaceLow,
}

/// Whether the notice is still to be read: where a family is asked and photographed.
pub(crate) fn owes_notice(draft: &Draft) -> bool {
    match draft.kind {
        VisitKind::Full | VisitKind::Finding => draft.notice_read_at.is_none(),
        VisitKind::Quick | VisitKind::Unreachable => false,
    }
}

/// Whether the notice is what comes next. Of a house that is on the list the front is photographed first, from the
/// street, and tells whether there is anybody to read it to. A finding begins with the family.
pub(crate) fn is_notice_due(draft: &Draft, missing: &[Missing]) -> bool {
    owes_notice(draft)
        && (draft.kind == VisitKind::Finding || !missing.contains(&Missing::FrontPhoto))
}

fn step(draft: &Draft, missing: &[Missing]) -> VisitStep {
    let lacks = |one: Missing| missing.contains(&one);
    if is_notice_due(draft, missing) {
        VisitStep::Notice
    } else if lacks(Missing::FrontPhoto) || lacks(Missing::AnyPhoto) {
        VisitStep::Photo
    } else if lacks(Missing::Pin) || lacks(Missing::PinReason) {
        VisitStep::Pin
    } else if lacks(Missing::Answers) {
        VisitStep::Questions
    } else if lacks(Missing::UnreachableReason) {
        VisitStep::WhyNot
    } else {
        VisitStep::Summary
    }
}

pub(crate) fn next_step(app: &FieldApp, visit: VisitId) -> Result<VisitStep> {
    let core = app.core();
    let vault = Vault::of(app.phone())?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    Ok(step(&draft, &capture::lacks(&draft)))
}

/// After the notice the camera comes back for the photos that waited for it: all of a first visit, and of a retake those
/// that are to be taken again. A draft of an older app may have its pin already, and goes on from there.
pub(crate) fn step_after(app: &FieldApp, visit: VisitId, done: VisitStep) -> Result<VisitStep> {
    let next = next_step(app, visit)?;
    if done != VisitStep::Notice || next != VisitStep::Pin {
        return Ok(next);
    }
    let is_retake = capture::draft(app, visit)?.supersedes.is_some();
    let camera = super::camera::view(app, visit)?;
    let waits = camera.slots.iter().any(|slot| match &slot.returned {
        Some(reason) => !reason.mended,
        None => slot.photos.is_empty() && !is_retake,
    });
    Ok(if waits && camera.left > 0 {
        VisitStep::Photo
    } else {
        next
    })
}

pub(crate) fn summary(app: &FieldApp, visit: VisitId) -> Result<SummaryView> {
    let asked = super::questions::questions(app, visit)?;
    let view = capture::draft(app, visit)?;
    let core = app.core();
    let phone = app.phone();
    let vault = Vault::of(phone)?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let roster = feed::roster(&core)?;
    let assignment = draft
        .case
        .and_then(|case| roster.row(case))
        .map(|row| &row.assignment);
    let said = |question: &str| draft.answers.get(question).cloned().unwrap_or_default();
    let address = match assignment {
        Some(assignment) => assignment.address.clone(),
        None => said("address"),
    };
    let mut warnings: Vec<SummaryWarning> = draft
        .photos
        .iter()
        .flat_map(|photo| {
            photo
                .verdicts
                .iter()
                .map(|verdict| SummaryWarning::PhotoVerdict {
                    photo: photo.id,
                    verdict: *verdict,
                })
        })
        .collect();
    if let Some(set) = &draft.pin {
        if set.mock {
            warnings.push(SummaryWarning::PinMocked);
        }
        if let Some(metres) = pin::far_m(&core, &draft)? {
            warnings.push(SummaryWarning::PinFar { metres });
        }
        if set.accuracy_cm > PIN_REASON_ABOVE_CM {
            warnings.push(SummaryWarning::PinPoor);
        }
    }
    if account::clock(&core.stores.device, phone)?.is_some() {
        warnings.push(SummaryWarning::ClockOff);
    }
    if phone.ports.space.free_bytes() < LOW_BELOW_BYTES {
        warnings.push(SummaryWarning::SpaceLow);
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let answered = asked
        .iter()
        .filter(|question| question.answer.is_some() && question.fault.is_none());
    Ok(SummaryView {
        can_seal: step(&draft, &view.missing) == VisitStep::Summary,
        name: feed::name_of(&core, &draft)?,
        address,
        village: roster.village(&draft.region).to_owned(),
        answered: count(answered.count()),
        asked: count(asked.len()),
        warnings,
        draft: view,
    })
}
