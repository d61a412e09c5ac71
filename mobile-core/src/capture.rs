//! A visit from the arrival to the seal: arrive, front photo, more photos, pin, questions, seal.
//!
//! A draft stands at exactly one step, which follows from what is at hand and is never stored, so it cannot contradict
//! it. Every call leaves the draft whole on the disk; a phone that dies in between goes on from there.

use tilik_protocol::case::{self, CaseAction, CaseState};
use tilik_protocol::evidence::{
    AtHand, MAX_PHOTOS, Missing, ReturnTarget, UnreachableReason, VisitKind, distinct_kinds,
    missing,
};
use tilik_protocol::form::{Answers, Form};
use tilik_protocol::ids::{PhotoId, VisitId};
use tilik_protocol::manifest::{Hash32, MAX_FIXES, SignedManifest, is_enveloped};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionLevel;
use tilik_protocol::session::RevokeKind;
use tilik_protocol::sync::{Assignment, FormRef, Returned};
use tilik_protocol::time::Timestamp;

use rusqlite::{OptionalExtension, params};

use crate::error::{CoreError, Error, Result};
use crate::phone::{FULL_BELOW_BYTES, Phone};
use crate::photos;
use crate::screens::camera;
use crate::screens::{
    BeginVisit, DraftAnswer, DraftPhoto, DraftPin, DraftStep, DraftView, Fix, NewPhoto, NewPin,
    PhotoTaken, SealedView,
};
use crate::store::drafts::{self, Bytes, Draft, Photo, Pin};
use crate::store::{DRAFTS, meta};
use crate::vault::{Piece, Vault};
use crate::{Core, FieldApp, feed, seal, spare};

/// The questions that every visit may answer, whatever it asks else.
const ALWAYS_ASKED: [&str; 2] = [PIN_REASON, "note"];
/// The question that a poor pin asks.
pub(crate) const PIN_REASON: &str = "pin_reason";
/// Longest reason of a pin and longest provider's name, in characters.
const MAX_REASON: usize = 500;
const MAX_PROVIDER: usize = 64;
/// 2024-01-01: no phone that runs this app can be earlier; its clock was never set.
const EARLIEST: Timestamp = Timestamp::from_micros(1_704_067_200_000_000);
/// Accuracy in degrees × 10⁷ of latitude: 1.11319 centimetres each.
const CM_PER_E7: f64 = 1.113_194_9;

/// The clock may be off, which the manifest tells; a clock that was never set would date the visit before the app.
pub(crate) fn check_clock(phone: &Phone) -> Result<()> {
    if phone.now() < EARLIEST {
        return Err(CoreError::ClockWrong.into());
    }
    Ok(())
}

pub(crate) fn begin(app: &FieldApp, begin: &BeginVisit) -> Result<VisitId> {
    let core = app.core();
    let phone = app.phone();
    let db = &core.stores.device;
    let enrolment = phone.may_begin(db)?;
    check_clock(phone)?;
    if core.stores.account.is_none() {
        // There is no roster without it, and nobody should work under another's enrolment unseen.
        return Err(CoreError::SignInAgain.into());
    }
    let vault = Vault::of(phone)?;
    let (region, form, assignment) = match (begin.case, begin.kind) {
        (Some(_), VisitKind::Finding) => return Err(Error::refused("finding_has_no_case")),
        (None, VisitKind::Finding) => {
            let region = begin.region.clone();
            let region = region.ok_or_else(|| Error::refused("region_needed"))?;
            if region.level() != RegionLevel::Village {
                return Err(Error::refused("region_not_a_village"));
            }
            drafts::drop_untouched(db, enrolment.officer)?;
            (region, Some(Form::finding()?), None)
        }
        (None, VisitKind::Quick | VisitKind::Full | VisitKind::Unreachable) => {
            return Err(Error::refused("case_needed"));
        }
        (Some(case), VisitKind::Quick | VisitKind::Full | VisitKind::Unreachable) => {
            let assignment = feed::assignment(&core, case)?;
            if let Some(visit) = drafts::of_case(db, case)? {
                return resume(&core, &vault, visit, begin.kind, assignment.as_ref());
            }
            let assignment = assignment.ok_or_else(|| Error::refused("unknown_case"))?;
            check_case(&assignment, begin.kind)?;
            (assignment.region.clone(), None, Some(assignment))
        }
    };
    let mut draft = Draft {
        visit: phone.new_id(),
        officer: enrolment.officer,
        case: begin.case,
        case_version: None,
        kind: begin.kind,
        region,
        training: begin.training,
        narrow: false,
        supersedes: None,
        arrived_at: phone.now(),
        form,
        pin: None,
        unreachable: None,
        notice_read_at: None,
        photos: Vec::new(),
        answers: Answers::new(),
    };
    if let Some(assignment) = assignment {
        take_over(&mut draft, &core, &assignment)?;
    }
    drafts::insert(db, &draft)?;
    Ok(draft.visit)
}

/// Whether the case may be visited so.
fn check_case(assignment: &Assignment, kind: VisitKind) -> Result<()> {
    let action = if kind == VisitKind::Unreachable {
        CaseAction::ReportUnreachable
    } else {
        CaseAction::SubmitVisit
    };
    let state = assignment.state.known().unwrap_or(CaseState::Closed);
    // The server has the last word; a visit to a case that is over would be a walk for nothing.
    if case::step(state, action, Role::Officer).is_err() {
        return Err(Error::refused("wrong_moment"));
    }
    if kind == VisitKind::Quick && assignment.kind.known() == Some(VisitKind::Full) {
        return Err(Error::refused("questions_asked"));
    }
    Ok(())
}

/// What a draft takes over from the case as the phone last heard of it.
fn take_over(draft: &mut Draft, core: &Core, assignment: &Assignment) -> Result<()> {
    draft.case_version = Some(assignment.version);
    draft.supersedes = assignment.returned.as_ref().map(|returned| returned.visit);
    if draft.kind == VisitKind::Full && draft.form.is_none() {
        draft.form = Some(match &assignment.form {
            Some(named) => feed::form_in(core, &named.id, named.version)?
                .ok_or_else(|| Error::refused("form_missing"))?,
            None => Form::kepmensos_262()?,
        });
    }
    Ok(())
}

/// Goes on with a draft; before the door the officer may find that the visit is of another kind.
fn resume(
    core: &Core,
    vault: &Vault<'_>,
    visit: VisitId,
    kind: VisitKind,
    assignment: Option<&Assignment>,
) -> Result<VisitId> {
    let db = &core.stores.device;
    let mut draft = drafts::load(db, vault, visit)?;
    if draft.kind != kind {
        if let Some(assignment) = assignment {
            check_case(assignment, kind)?;
        }
        draft.kind = kind;
        if kind != VisitKind::Unreachable {
            draft.unreachable = None;
        }
    }
    match assignment {
        Some(assignment) => take_over(&mut draft, core, assignment)?,
        None if kind == VisitKind::Full && draft.form.is_none() => {
            draft.form = Some(Form::kepmensos_262()?);
        }
        None => {}
    }
    drafts::update(db, vault, &draft)?;
    Ok(visit)
}

/// Whether the draft asks its form.
fn asks_form(kind: VisitKind) -> bool {
    match kind {
        VisitKind::Full | VisitKind::Finding => true,
        VisitKind::Quick | VisitKind::Unreachable => false,
    }
}

/// The form to ask now.
pub(crate) fn form_of(draft: &Draft) -> Option<&Form> {
    draft.form.as_ref().filter(|_| asks_form(draft.kind))
}

/// The answers that belong to the visit as it is now, with the pin's reason among them.
pub(crate) fn answers_of(draft: &Draft) -> Answers {
    let mut answers = draft.answers.clone();
    if !asks_form(draft.kind) {
        answers.retain(|question, _| ALWAYS_ASKED.contains(&question.as_str()));
    }
    if let Some(reason) = draft.pin.as_ref().and_then(|pin| pin.from.reason.as_ref()) {
        answers.insert(PIN_REASON.to_owned(), reason.clone());
    }
    answers
}

/// What the draft lacks.
pub(crate) fn lacks(draft: &Draft) -> Vec<Missing> {
    missing(draft.kind, &at_hand(draft))
}

/// What is at hand of the draft.
pub(crate) fn at_hand(draft: &Draft) -> AtHand {
    let answers = answers_of(draft);
    AtHand {
        photos: distinct_kinds(
            draft
                .photos
                .iter()
                .map(|photo| (photo.sha256, Some(photo.kind))),
        ),
        pin_accuracy_cm: draft.pin.as_ref().map(|pin| pin.accuracy_cm),
        pin_reason: answers.contains_key(PIN_REASON),
        answers: form_of(draft).is_some_and(|form| form.problems(&answers).is_empty()),
        unreachable: draft.unreachable,
    }
}

/// The step a draft stands at: the first that something is missing of.
fn step(missing: &[Missing]) -> DraftStep {
    let rank = |missing: &Missing| match missing {
        Missing::FrontPhoto | Missing::AnyPhoto => 0,
        Missing::Pin | Missing::PinReason => 1,
        Missing::Answers | Missing::UnreachableReason => 2,
    };
    match missing.iter().map(rank).min() {
        Some(0) => DraftStep::FrontPhoto,
        Some(1) => DraftStep::Pin,
        Some(_) => DraftStep::Questions,
        None => DraftStep::Ready,
    }
}

pub(crate) fn draft(app: &FieldApp, visit: VisitId) -> Result<DraftView> {
    let core = app.core();
    let vault = Vault::of(app.phone())?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let missing = lacks(&draft);
    let form = form_of(&draft);
    Ok(DraftView {
        visit,
        case: draft.case,
        kind: draft.kind,
        region: draft.region.clone(),
        training: draft.training,
        supersedes: draft.supersedes,
        arrived_at: draft.arrived_at,
        step: step(&missing),
        photos: draft.photos.iter().map(photo_view).collect(),
        pin: draft.pin.as_ref().map(pin_view),
        form: form.map(|form| FormRef {
            id: form.id.clone(),
            version: form.version,
        }),
        answer_problems: form.map_or_else(Vec::new, |form| form.problems(&answers_of(&draft))),
        answers: draft
            .answers
            .iter()
            .map(|(question, value)| DraftAnswer {
                question: question.clone(),
                value: value.clone(),
            })
            .collect(),
        notice_read_at: draft.notice_read_at,
        unreachable: draft.unreachable,
        missing,
    })
}

/// A pin as screens show it.
pub(crate) fn pin_view(pin: &Pin) -> DraftPin {
    DraftPin {
        lat_e7: pin.lat_e7,
        lon_e7: pin.lon_e7,
        accuracy_cm: pin.accuracy_cm,
        source: pin.from.source.clone(),
        reason: pin.from.reason.clone(),
    }
}

/// A photo as screens show it.
pub(crate) fn photo_view(photo: &Photo) -> DraftPhoto {
    DraftPhoto {
        id: photo.id,
        kind: photo.kind,
        width: photo.width,
        height: photo.height,
        bytes: photo.len,
        taken_at: photo.taken_at,
        verdicts: photo.verdicts.clone(),
        kept: matches!(photo.bytes, Bytes::Kept { .. }),
    }
}

/// A stolen phone takes nothing more into its drafts. A retired one, or one whose app grew old, may finish what it began.
fn check_drafting(core: &Core) -> Result<()> {
    if meta::get(&core.stores.device, meta::REVOKED)? == Some(RevokeKind::Stolen) {
        return Err(CoreError::DeviceRevoked.into());
    }
    Ok(())
}

fn check_room(draft: &Draft) -> Result<()> {
    if draft.photos.len() >= MAX_PHOTOS {
        return Err(Error::refused("too_many_photos"));
    }
    Ok(())
}

pub(crate) fn add_photo(app: &FieldApp, visit: VisitId, photo: NewPhoto) -> Result<PhotoTaken> {
    let phone = app.phone();
    let vault = Vault::of(phone)?;
    {
        let core = app.core();
        check_drafting(&core)?;
        let draft = drafts::load(&core.stores.device, &vault, visit)?;
        check_room(&draft)?;
        if camera::waits_for_notice(&draft, photo.kind) {
            return Err(Error::refused("notice_first"));
        }
    }
    // Asked before the work, so that the officer makes room while the photo can still be taken again.
    if phone.ports.space.free_bytes() < FULL_BELOW_BYTES {
        return Err(CoreError::StorageFull.into());
    }
    // Half a second of a cheap phone: nobody waits for the databases meanwhile.
    let made = photos::prepare(photo.jpeg).map_err(|problem| CoreError::BadPhoto {
        problem: problem.to_string(),
    })?;
    let id: PhotoId = phone.new_id();
    let file = format!("{id}.enc");
    let folder = phone.folder.join(DRAFTS);
    let closed = vault.close(Piece::Photo(visit, id), &made.jpeg)?;
    seal::write_file(&folder, &file, &closed)?;
    seal::sync_folder(&folder)?;
    let row = Photo {
        id,
        kind: photo.kind,
        sha256: Hash32::of(&made.jpeg),
        len: made.jpeg.len() as u64,
        width: made.width,
        height: made.height,
        taken_at: Timestamp::from_micros(photo.taken_at_micros),
        camera: made.camera,
        verdicts: made.verdicts.clone(),
        bytes: Bytes::Draft { file: file.clone() },
    };
    let mut core = app.core();
    let kept = (|| {
        // Another call may have sealed or filled the draft meanwhile.
        check_room(&drafts::load(&core.stores.device, &vault, visit)?)?;
        let tx = core.stores.device.transaction()?;
        drafts::insert_photo(&tx, visit, &row)?;
        drafts::set_view(&tx, &vault, id, &made.view)?;
        tx.commit()?;
        Ok(())
    })();
    if let Err(error) = kept {
        seal::remove(&folder.join(&file))?;
        return Err(error);
    }
    Ok(PhotoTaken {
        id,
        width: row.width,
        height: row.height,
        bytes: row.len,
        verdicts: made.verdicts,
    })
}

pub(crate) fn drop_photo(app: &FieldApp, visit: VisitId, photo: PhotoId) -> Result<()> {
    let phone = app.phone();
    let vault = Vault::of(phone)?;
    let mut core = app.core();
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let Some(dropped) = draft.photos.iter().find(|known| known.id == photo) else {
        // Twice is once.
        return Ok(());
    };
    let tx = core.stores.device.transaction()?;
    drafts::delete_photo(&tx, visit, photo)?;
    tx.commit()?;
    seal::forget_bytes(phone, dropped)
}

pub(crate) fn keep_photo(app: &FieldApp, visit: VisitId, photo: PhotoId) -> Result<()> {
    let phone = app.phone();
    let vault = Vault::of(phone)?;
    let mut core = app.core();
    check_drafting(&core)?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    if draft.photos.iter().any(|known| known.id == photo) {
        return Ok(());
    }
    check_room(&draft)?;
    let returned = draft
        .supersedes
        .ok_or_else(|| Error::refused("not_returned"))?;
    if let Some(case) = draft.case
        && let Some(assignment) = feed::assignment(&core, case)?
        && let Some(came_back) = assignment.returned
        && came_back
            .reasons
            .iter()
            .any(|reason| reason.target == ReturnTarget::Photo { photo })
    {
        return Err(Error::refused("photo_returned"));
    }
    let not_here = || Error::refused("photo_not_here");
    let db = &core.stores.device;
    let manifest: Vec<u8> = db
        .prepare_cached("SELECT manifest FROM outbox_visit WHERE visit = ?1")?
        .query_row([returned.to_string()], |row| row.get(0))
        .optional()?
        .ok_or_else(not_here)?;
    if is_enveloped(&manifest) {
        // Only the registry can say now which photos those were.
        return Err(not_here());
    }
    let signed = SignedManifest::parse(&manifest).map_err(|_| Error::Broken("own-manifest"))?;
    // Photos belong to a device and its bytes: what another enrolment sealed is another's.
    let own = crate::phone::enrolment(db)?
        .is_some_and(|enrolment| enrolment.device == signed.manifest().device);
    let said = signed
        .manifest()
        .photos
        .iter()
        .find(|said| said.id == photo)
        .filter(|_| own)
        .ok_or_else(not_here)?;
    let failed: bool = db
        .prepare_cached("SELECT 1 FROM outbox_photo WHERE photo = ?1 AND problem IS NOT NULL")?
        .exists(params![photo.to_string()])?;
    if failed {
        return Err(Error::refused("photo_failed"));
    }
    let row = Photo {
        id: said.id,
        kind: said
            .kind
            .known()
            .ok_or(Error::Broken("own-manifest-kind"))?,
        sha256: said.sha256,
        len: said.len,
        width: said.width,
        height: said.height,
        taken_at: said.taken_at,
        camera: said.camera.clone(),
        verdicts: Vec::new(),
        bytes: Bytes::Kept {
            sealed_sha256: said.sealed_sha256,
            sealed_len: said.sealed_len,
        },
    };
    let tx = core.stores.device.transaction()?;
    drafts::insert_photo(&tx, visit, &row)?;
    tx.commit()?;
    Ok(())
}

/// What this phone sealed under this id.
pub(crate) fn kind_of_sealed(app: &FieldApp, visit: VisitId) -> Result<Option<VisitKind>> {
    let kind: Option<String> = app
        .core()
        .stores
        .device
        .prepare_cached("SELECT kind FROM visit_log WHERE visit = ?1")?
        .query_row([visit.to_string()], |row| row.get(0))
        .optional()?;
    Ok(kind.and_then(|kind| kind.parse().ok()))
}

/// Takes over into a retake what stands of the returned visit: its photos, without sending them again, and its answers.
/// What this phone does not have of it is simply taken again.
pub(crate) fn keep_rest(app: &FieldApp, visit: VisitId, returned: &Returned) -> Result<()> {
    for photo in &returned.keep {
        match keep_photo(app, visit, *photo) {
            Ok(()) | Err(Error::Told(CoreError::Refused { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    let vault = Vault::of(app.phone())?;
    let mut core = app.core();
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let Some(form) = form_of(&draft).filter(|_| draft.answers.is_empty()) else {
        return Ok(());
    };
    let mut answers = drafts::sealed_answers(&core.stores.device, &vault, returned.visit)?;
    // What came back is asked again, and with it what hangs on it.
    answers.retain(|question, value| {
        let came_back = returned.reasons.iter().any(|reason| {
            matches!(&reason.target, ReturnTarget::Answer { question: named } if named == question)
        });
        !came_back
            && form
                .question(question)
                .is_some_and(|asked| asked.kind.allows(value))
    });
    let before = answers.clone();
    answers.retain(|id, _| {
        form.question(id)
            .is_some_and(|question| form.is_asked(question, &before))
    });
    let tx = core.stores.device.transaction()?;
    drafts::set_answers(&tx, &vault, visit, &answers)?;
    tx.commit()?;
    Ok(())
}

pub(crate) fn set_pin(app: &FieldApp, visit: VisitId, pin: &NewPin) -> Result<()> {
    let pin = averaged(pin)?;
    change(app, visit, |draft| {
        draft.pin = Some(pin);
        Ok(())
    })
}

/// The pin out of its fixes: weighted by 1/accuracy², at most the five best.
pub(crate) fn averaged(pin: &NewPin) -> Result<Pin> {
    if !["gnss", "hand", "external"].contains(&pin.source.as_str()) {
        return Err(Error::refused("bad_source"));
    }
    let reason = pin.reason.as_deref().map(str::trim);
    let reason = reason.filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        return Err(Error::refused("too_long"));
    }
    let mut fixes = pin.fixes.clone();
    for fix in &mut fixes {
        check_fix(fix)?;
        fix.provider = fix.provider.chars().take(MAX_PROVIDER).collect();
    }
    if fixes.len() > MAX_FIXES {
        let mut by_accuracy: Vec<i64> = fixes.iter().map(|fix| fix.accuracy_cm).collect();
        by_accuracy.sort_unstable();
        let worst = by_accuracy[MAX_FIXES - 1];
        fixes.retain(|fix| fix.accuracy_cm <= worst);
        fixes.truncate(MAX_FIXES);
    }
    let Some(first) = fixes.first() else {
        return Err(Error::refused("no_fix"));
    };
    let (lat_e7, lon_e7, accuracy_cm) = mean(first, &fixes);
    Ok(Pin {
        lat_e7,
        lon_e7,
        accuracy_cm,
        mock: fixes.iter().any(|fix| fix.mock),
        taken_at: fixes
            .iter()
            .map(|fix| Timestamp::from_micros(fix.taken_at_micros))
            .max()
            .unwrap_or_default(),
        from: NewPin {
            fixes,
            source: pin.source.clone(),
            reason: reason.map(str::to_owned),
        },
    })
}

pub(crate) fn check_fix(fix: &Fix) -> Result<()> {
    let holds = (-900_000_000..=900_000_000).contains(&fix.lat_e7)
        && (-1_800_000_000..=1_800_000_000).contains(&fix.lon_e7)
        && (0..=100_000_000).contains(&fix.accuracy_cm);
    if holds {
        Ok(())
    } else {
        Err(Error::refused("bad_fix"))
    }
}

/// The weighted mean, and how exact it honestly is: never better than the best fix, since fixes of one minute share their
/// error; and never better than they lie apart.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "degrees × 10⁷ fit in 53 bits, and the mean of checked fixes lies between them"
)]
fn mean(first: &Fix, fixes: &[Fix]) -> (i64, i64, i64) {
    // A fix that claims to be better than a metre weighs no more than one of a metre.
    let weight = |fix: &Fix| (fix.accuracy_cm.max(100) as f64).powi(-2);
    let sum: f64 = fixes.iter().map(weight).sum();
    let average = |value: fn(&Fix) -> i64| {
        let from_first = |fix: &Fix| (value(fix) - value(first)) as f64 * weight(fix);
        value(first) + (fixes.iter().map(from_first).sum::<f64>() / sum).round() as i64
    };
    let (lat_e7, lon_e7) = (average(|fix| fix.lat_e7), average(|fix| fix.lon_e7));
    let narrow = (lat_e7 as f64 / 1e7).to_radians().cos();
    let apart: f64 = fixes
        .iter()
        .map(|fix| {
            let north = (fix.lat_e7 - lat_e7) as f64 * CM_PER_E7;
            let east = (fix.lon_e7 - lon_e7) as f64 * CM_PER_E7 * narrow;
            (north * north + east * east) * weight(fix)
        })
        .sum();
    let apart_cm = (apart / sum).sqrt().ceil() as i64;
    let best_cm = fixes.iter().map(|fix| fix.accuracy_cm).min().unwrap_or(0);
    (lat_e7, lon_e7, best_cm.max(apart_cm).min(100_000_000))
}

pub(crate) fn answer(
    app: &FieldApp,
    visit: VisitId,
    question: &str,
    value: Option<&str>,
) -> Result<()> {
    let phone = app.phone();
    let vault = Vault::of(phone)?;
    let mut core = app.core();
    check_drafting(&core)?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let shipped = Form::kepmensos_262()?;
    let form = form_of(&draft).unwrap_or(&shipped);
    let asked = form
        .question(question)
        .ok_or_else(|| Error::refused("unknown_question"))?;
    if !asks_form(draft.kind) && !ALWAYS_ASKED.contains(&question) {
        return Err(Error::refused("answer_not_asked"));
    }
    let mut answers = draft.answers.clone();
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        None => {
            answers.remove(question);
        }
        Some(value) => {
            if !asked.kind.allows(value) {
                return Err(Error::refused("answer_not_allowed"));
            }
            if !form.is_asked(asked, &answers) {
                return Err(Error::refused("answer_not_asked"));
            }
            answers.insert(question.to_owned(), value.to_owned());
        }
    }
    // What stood behind another answer goes with it; to keep it would seal what nobody was asked.
    let before = answers.clone();
    answers.retain(|id, _| {
        form.question(id)
            .is_none_or(|question| form.is_asked(question, &before))
    });
    let tx = core.stores.device.transaction()?;
    drafts::set_answers(&tx, &vault, visit, &answers)?;
    tx.commit()?;
    Ok(())
}

pub(crate) fn notice_read(app: &FieldApp, visit: VisitId) -> Result<()> {
    let now = app.phone().now();
    change(app, visit, |draft| {
        draft.notice_read_at.get_or_insert(now);
        Ok(())
    })
}

pub(crate) fn set_unreachable(
    app: &FieldApp,
    visit: VisitId,
    reason: UnreachableReason,
) -> Result<()> {
    change(app, visit, |draft| {
        if draft.kind != VisitKind::Unreachable {
            return Err(Error::refused("not_unreachable"));
        }
        draft.unreachable = Some(reason);
        Ok(())
    })
}

/// Changes a draft, whole or not at all.
pub(crate) fn change(
    app: &FieldApp,
    visit: VisitId,
    change: impl FnOnce(&mut Draft) -> Result<()>,
) -> Result<()> {
    let vault = Vault::of(app.phone())?;
    let core = app.core();
    check_drafting(&core)?;
    let db = &core.stores.device;
    let mut draft = drafts::load(db, &vault, visit)?;
    change(&mut draft)?;
    drafts::update(db, &vault, &draft)
}

pub(crate) fn seal(app: &FieldApp, visit: VisitId) -> Result<SealedView> {
    let mut core = app.core();
    check_drafting(&core)?;
    check_clock(app.phone())?;
    seal::seal(&mut core, app.phone(), visit)
}

pub(crate) fn discard(app: &FieldApp, visit: VisitId) -> Result<()> {
    let phone = app.phone();
    let vault = Vault::of(phone)?;
    let mut core = app.core();
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let tx = core.stores.device.transaction()?;
    for photo in &draft.photos {
        drafts::delete_photo(&tx, visit, photo.id)?;
    }
    drafts::delete(&tx, visit)?;
    // Of a seal that failed. Without its draft it would be taken for a sealed visit.
    spare::remove(phone, visit)?;
    tx.commit()?;
    for photo in &draft.photos {
        seal::forget_bytes(phone, photo)?;
    }
    Ok(())
}

pub(crate) fn view(app: &FieldApp, photo: PhotoId) -> Result<Option<Vec<u8>>> {
    let vault = Vault::of(app.phone())?;
    let core = app.core();
    let db = &core.stores.device;
    // Whoever takes the phone over sees no house that was another's to visit.
    let user = meta::get(db, meta::USER)?.map(|user| user.to_string());
    let is_anothers = db
        .prepare_cached(
            "SELECT 1 FROM outbox_link AS l JOIN outbox_visit AS v ON v.visit = l.visit \
             WHERE l.photo = ?1 AND v.officer IS NOT ?2 UNION ALL \
             SELECT 1 FROM draft_photo AS p JOIN draft AS d ON d.visit = p.visit \
             WHERE p.photo = ?1 AND d.officer IS NOT ?2",
        )?
        .exists(params![photo.to_string(), user])?;
    if is_anothers {
        return Ok(None);
    }
    drafts::view(db, &vault, photo)
}
