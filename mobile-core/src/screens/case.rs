//! One case: what is known, what is asked, and what can be done.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};
use tilik_protocol::case::{self, CaseState};
use tilik_protocol::evidence::{PhotoKind, ReturnTarget, VisitKind};
use tilik_protocol::form::Form;
use tilik_protocol::ids::{CaseId, PhotoId, VisitId};
use tilik_protocol::policy::Role;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::sync::{Assignment, LastPin, Returned};
use tilik_protocol::time::Timestamp;

use super::geo::{self, Place};
use super::today::{Done, TodayMark, days_until};
use crate::error::{CoreError, Error, Result};
use crate::screens::BeginVisit;
use crate::store::drafts::{self, Bytes, Draft};
use crate::store::outbox::Said;
use crate::store::{house_photos, meta};
use crate::vault::Vault;
use crate::{Core, FieldApp, capture, feed};

/// A case as its screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CaseView {
    /// The case.
    pub case: CaseId,
    /// What is asked.
    pub kind: VisitKind,
    /// The head's or payee's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village's name, or its code while the name is not here.
    pub village: String,
    /// The programs it decides about.
    pub programs: Vec<String>,
    /// When its window closes.
    pub closes_at: Option<Timestamp>,
    /// Days until then; 0 is today, negative is over.
    pub closes_in_days: Option<i32>,
    /// How far it is.
    pub mark: TodayMark,
    /// For practice: an invented family.
    pub training: bool,
    /// The way to the last pin, when both ends are known.
    pub way: Option<Way>,
    /// The last pin.
    pub last_pin: Option<LastPin>,
    /// The last photo of the house.
    pub last_photo: Option<HousePhoto>,
    /// What a visit here asks.
    pub asked: Vec<Asked>,
    /// What can be done, in the order the buttons stand; the first is the main one.
    pub actions: Vec<CaseAction>,
    /// Why it came back.
    pub returned: Option<ReturnedView>,
}

/// The way from the officer to the last pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Way {
    /// Metres.
    pub distance_m: u32,
    /// Degrees from true north, clockwise.
    pub bearing_deg: u16,
    /// The officer is nearer than both places are sure of: an arrow would point anywhere.
    pub here_is_within: bool,
}

/// The last photo of the house; its bytes are `house_photo(case)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct HousePhoto {
    /// When it was taken, when the server told.
    pub taken_at: Option<Timestamp>,
    /// Whether it is on this phone.
    pub on_phone: bool,
}

/// What a visit asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Asked {
    /// The house from roof to floor.
    FrontPhoto,
    /// Inside, papers, assets.
    MorePhotos,
    /// The front door's place.
    Pin,
    /// The questions.
    Questions,
}

/// What can be done about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CaseAction {
    /// Begin a visit.
    Visit {
        /// Of which kind.
        kind: VisitKind,
    },
    /// Go on with the draft.
    Continue {
        /// The draft.
        visit: VisitId,
    },
    /// Begin the visit that replaces the returned one. What stands of it is kept.
    Retake,
    /// Say that nobody could be seen.
    CannotBeSeen,
    /// Look at what was sealed.
    SeeSealed {
        /// The visit.
        visit: VisitId,
    },
}

/// Why a case came back.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReturnedView {
    /// When.
    pub at: Timestamp,
    /// What is wrong with what.
    pub reasons: Vec<ReturnedReason>,
    /// How many photos stand and need not be taken again.
    pub kept_photos: u32,
}

/// One reason of a return.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReturnedReason {
    /// The photo it is about.
    pub photo: Option<PhotoId>,
    /// What that photo shows, when this phone sealed it.
    pub photo_kind: Option<PhotoKind>,
    /// It is about the pin.
    pub about_pin: bool,
    /// The words of the question it is about.
    pub question: Option<String>,
    /// The code; its words are `text_key_of_reason(code)`.
    pub code: String,
    /// The reviewer's words.
    pub note: Option<String>,
    /// The draft has answered it.
    pub mended: bool,
}

/// A village in which a finding can be.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VillageChoice {
    /// Its code.
    pub region: RegionCode,
    /// Its name, or its code while the name is not here.
    pub name: String,
    /// For practice.
    pub training: bool,
}

pub(crate) fn view(app: &FieldApp, case: CaseId, here: Option<Place>) -> Result<Option<CaseView>> {
    let core = app.core();
    let phone = app.phone();
    let roster = feed::roster(&core)?;
    let Some(row) = roster.row(case) else {
        return Ok(None);
    };
    let assignment = &row.assignment;
    let db = &core.stores.device;
    let vault = Vault::of(phone)?;
    let done = Done::read(db)?;
    let mark = done.mark(assignment);
    let draft = done
        .draft(case)
        .map(|visit| drafts::load(db, &vault, visit))
        .transpose()?;
    let offset = meta::get(db, meta::UTC_OFFSET_MIN)?.unwrap_or(420);
    let kind = assignment.kind.known().unwrap_or(VisitKind::Quick);
    let sealed = done.sealed(case).map(|sealed| sealed.visit);
    Ok(Some(CaseView {
        case,
        kind,
        name: assignment.name.clone(),
        address: assignment.address.clone(),
        rt: assignment.rt.clone(),
        rw: assignment.rw.clone(),
        village: roster.village(&assignment.region).to_owned(),
        programs: assignment.programs.clone(),
        closes_at: assignment.closes_at,
        closes_in_days: assignment
            .closes_at
            .map(|at| days_until(phone.now(), at, offset)),
        mark,
        training: assignment.region.is_training(),
        way: here
            .zip(assignment.last_pin.as_ref())
            .map(|(here, pin)| way(here, pin)),
        last_pin: assignment.last_pin,
        last_photo: last_photo(&core, case)?,
        asked: asked(kind),
        actions: actions(assignment, kind, mark, draft.as_ref(), sealed),
        returned: match &assignment.returned {
            Some(returned) if mark == TodayMark::Returned => {
                Some(returned_view(&core, assignment, returned, draft.as_ref())?)
            }
            Some(_) | None => None,
        },
    }))
}

/// The way from the officer to a pin.
pub(crate) fn way(here: Place, pin: &LastPin) -> Way {
    let distance_m = geo::distance_m(here.at(), geo::of_pin(pin));
    let unsure_cm = here.accuracy_cm.unwrap_or(0).max(0) + pin.accuracy_cm.max(0);
    Way {
        distance_m,
        bearing_deg: geo::bearing_deg(here.at(), geo::of_pin(pin)),
        here_is_within: i64::from(distance_m) * 100 <= unsure_cm,
    }
}

fn last_photo(core: &Core, case: CaseId) -> Result<Option<HousePhoto>> {
    let Some(account) = &core.stores.account else {
        return Ok(None);
    };
    Ok(
        house_photos::known(&account.db, case)?.map(|known| HousePhoto {
            taken_at: known.taken_at,
            on_phone: known.is_here,
        }),
    )
}

fn asked(kind: VisitKind) -> Vec<Asked> {
    match kind {
        VisitKind::Quick | VisitKind::Finding | VisitKind::Unreachable => {
            vec![Asked::FrontPhoto, Asked::Pin]
        }
        VisitKind::Full => vec![
            Asked::FrontPhoto,
            Asked::MorePhotos,
            Asked::Pin,
            Asked::Questions,
        ],
    }
}

/// The buttons. The machine of the case has the last word, here and on the server.
fn actions(
    assignment: &Assignment,
    kind: VisitKind,
    mark: TodayMark,
    draft: Option<&Draft>,
    sealed: Option<VisitId>,
) -> Vec<CaseAction> {
    let state = assignment.state.known().unwrap_or(CaseState::Closed);
    let may = |action| case::step(state, action, Role::Officer).is_ok();
    let may_visit = may(case::CaseAction::SubmitVisit);
    let may_report = may(case::CaseAction::ReportUnreachable);
    let mut actions = Vec::new();
    let see = sealed.map(|visit| CaseAction::SeeSealed { visit });
    match (mark, draft) {
        (TodayMark::Returned | TodayMark::Draft, Some(draft)) => {
            actions.push(CaseAction::Continue { visit: draft.visit });
            if draft.kind == VisitKind::Unreachable {
                if may_visit && mark == TodayMark::Returned {
                    actions.push(CaseAction::Retake);
                } else if may_visit {
                    actions.push(CaseAction::Visit { kind });
                }
            } else if may_report {
                actions.push(CaseAction::CannotBeSeen);
            }
        }
        (TodayMark::Returned, None) => {
            if may_visit {
                actions.push(CaseAction::Retake);
            }
            if may_report {
                actions.push(CaseAction::CannotBeSeen);
            }
        }
        (TodayMark::ToVisit, _) => {
            if may_visit {
                actions.push(CaseAction::Visit { kind });
                if kind == VisitKind::Quick {
                    actions.push(CaseAction::Visit {
                        kind: VisitKind::Full,
                    });
                }
            }
            if may_report {
                actions.push(CaseAction::CannotBeSeen);
            }
        }
        (TodayMark::Draft, None) | (TodayMark::Waiting | TodayMark::Done, _) => {}
    }
    actions.extend(see);
    actions
}

/// What the photos of a visit show that this phone sealed.
fn sealed_kinds(db: &Connection, visit: VisitId) -> Result<BTreeMap<PhotoId, PhotoKind>> {
    let manifest: Option<Vec<u8>> = db
        .prepare_cached("SELECT manifest FROM outbox_visit WHERE visit = ?1")?
        .query_row([visit.to_string()], |row| row.get(0))
        .optional()?;
    Ok(manifest
        .map(|cose| Said::of(&cose).kinds)
        .unwrap_or_default())
}

/// The reasons, each with whether the draft has answered it.
pub(crate) fn reasons(
    core: &Core,
    assignment: &Assignment,
    returned: &Returned,
    draft: Option<&Draft>,
) -> Result<Vec<ReturnedReason>> {
    let kinds = sealed_kinds(&core.stores.device, returned.visit)?;
    let form = match &assignment.form {
        Some(named) => feed::form_in(core, &named.id, named.version)?,
        None => Some(Form::kepmensos_262()?),
    };
    // A photo that was taken anew; one of the returned visit answers nothing.
    let is_new = |kind: PhotoKind| {
        draft.is_some_and(|draft| {
            draft
                .photos
                .iter()
                .any(|photo| photo.kind == kind && matches!(photo.bytes, Bytes::Draft { .. }))
        })
    };
    // A narrow alley's two halves and the one front photo stand for each other.
    let front_again = |kind: PhotoKind| match kind {
        PhotoKind::HouseFront => {
            is_new(kind) || (is_new(PhotoKind::NarrowLeft) && is_new(PhotoKind::NarrowRight))
        }
        PhotoKind::NarrowLeft | PhotoKind::NarrowRight => {
            is_new(kind) || is_new(PhotoKind::HouseFront)
        }
        PhotoKind::HouseInside
        | PhotoKind::FamilyCard
        | PhotoKind::IdCard
        | PhotoKind::Asset
        | PhotoKind::Recipient
        | PhotoKind::Statement => is_new(kind),
    };
    Ok(returned
        .reasons
        .iter()
        .map(|reason| {
            let mut told = ReturnedReason {
                photo: None,
                photo_kind: None,
                about_pin: false,
                question: None,
                code: reason.code.to_string(),
                note: reason.note.clone(),
                mended: false,
            };
            match &reason.target {
                ReturnTarget::Photo { photo } => {
                    told.photo = Some(*photo);
                    told.photo_kind = kinds.get(photo).copied();
                    told.mended = told.photo_kind.is_some_and(front_again);
                }
                ReturnTarget::Pin => {
                    told.about_pin = true;
                    told.mended = draft.is_some_and(|draft| draft.pin.is_some());
                }
                ReturnTarget::Answer { question } => {
                    let words = form.as_ref().and_then(|form| form.question(question));
                    told.question =
                        Some(words.map_or_else(|| question.clone(), |words| words.text.clone()));
                    told.mended =
                        draft.is_some_and(|draft| draft.answers.contains_key(question.as_str()));
                }
                ReturnTarget::Visit => {
                    told.mended = draft.is_some_and(|draft| capture::lacks(draft).is_empty());
                }
            }
            told
        })
        .collect())
}

fn returned_view(
    core: &Core,
    assignment: &Assignment,
    returned: &Returned,
    draft: Option<&Draft>,
) -> Result<ReturnedView> {
    let kept = match draft {
        Some(draft) => draft
            .photos
            .iter()
            .filter(|photo| matches!(photo.bytes, Bytes::Kept { .. }))
            .count(),
        None => returned.keep.len(),
    };
    Ok(ReturnedView {
        at: returned.at,
        reasons: reasons(core, assignment, returned, draft)?,
        kept_photos: u32::try_from(kept).unwrap_or(u32::MAX),
    })
}

pub(crate) fn photo(app: &FieldApp, case: CaseId) -> Result<Option<Vec<u8>>> {
    let vault = Vault::of(app.phone())?;
    let core = app.core();
    let Some(account) = &core.stores.account else {
        return Ok(None);
    };
    house_photos::jpeg(&account.db, &vault, case)
}

pub(crate) fn act(app: &FieldApp, case: CaseId, action: CaseAction) -> Result<VisitId> {
    let asked = || -> Result<Option<Assignment>> { feed::assignment(&app.core(), case) };
    let begin = |kind, training| {
        let begin = BeginVisit {
            case: Some(case),
            kind,
            region: None,
            training,
        };
        capture::begin(app, &begin)
    };
    let training = asked()?.is_some_and(|assignment| assignment.region.is_training());
    match action {
        CaseAction::Visit { kind } => begin(kind, training),
        CaseAction::CannotBeSeen => begin(VisitKind::Unreachable, training),
        CaseAction::Retake => {
            let assignment = asked()?.ok_or_else(|| Error::refused("unknown_case"))?;
            let returned = assignment
                .returned
                .as_ref()
                .ok_or_else(|| Error::refused("not_returned"))?;
            // What was sealed is what is to be mended; a shorter visit would lose the answers.
            let kind = assignment.kind.known().unwrap_or(VisitKind::Quick);
            let visit = begin(
                capture::kind_of_sealed(app, returned.visit)?
                    .filter(|sealed| *sealed != VisitKind::Unreachable)
                    .unwrap_or(kind),
                training,
            )?;
            capture::keep_rest(app, visit, returned)?;
            Ok(visit)
        }
        CaseAction::Continue { visit } | CaseAction::SeeSealed { visit } => {
            let core = app.core();
            let known = core
                .stores
                .device
                .prepare_cached(
                    "SELECT 1 FROM draft WHERE visit = ?1 AND case_id = ?2 UNION ALL \
                     SELECT 1 FROM outbox_visit WHERE visit = ?1 AND case_id = ?2",
                )?
                .exists([visit.to_string(), case.to_string()])?;
            if known {
                Ok(visit)
            } else {
                Err(CoreError::UnknownVisit.into())
            }
        }
    }
}

/// The villages of the roster and of the boundaries that came with it.
pub(crate) fn villages(app: &FieldApp) -> Result<Vec<VillageChoice>> {
    let core = app.core();
    let roster = feed::roster(&core)?;
    let codes: BTreeSet<&RegionCode> = roster
        .rows
        .iter()
        .map(|row| &row.assignment.region)
        .chain(roster.boundaries.keys())
        .filter(|code| code.level() == RegionLevel::Village)
        .collect();
    let mut choices: Vec<VillageChoice> = codes
        .into_iter()
        .map(|code| VillageChoice {
            region: code.clone(),
            name: roster.village(code).to_owned(),
            training: code.is_training(),
        })
        .collect();
    choices.sort_by(|one, other| {
        (one.training, &one.name, &one.region).cmp(&(other.training, &other.name, &other.region))
    });
    Ok(choices)
}
