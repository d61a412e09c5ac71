//! The pin of the front door: fixes as they come, their average, and what the officer should do meanwhile.

use std::collections::HashMap;

use tilik_protocol::evidence::PIN_REASON_ABOVE_CM;
use tilik_protocol::ids::VisitId;
use tilik_protocol::manifest::MAX_FIXES;

use super::draft::DraftPin;
use super::geo::{self, Place};
use crate::error::{Error, Result};
use crate::store::drafts::{self, Pin};
use crate::vault::Vault;
use crate::{Core, FieldApp, capture, feed};

/// Fixes older than this do not count: the officer may have walked since.
const FRESH_NS: u64 = 60_000_000_000;
/// Most fixes that are remembered of one pin.
const MOST_HEARD: usize = 60;
/// A pin this good needs no better one; a house is about as wide.
const GOOD_CM: i64 = 1_500;
/// Beyond this, and beyond what both are unsure of, the last pin was another place.
const FAR_M: i64 = 150;
/// How sure a point is that did not come from a map of the core's, which says it.
const UNJUDGED_CM: i64 = PIN_REASON_ABOVE_CM;

/// What the pin's screen shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PinView {
    /// Fixes that count so far.
    pub fixes: u32,
    /// Fixes that make an average.
    pub wanted: u32,
    /// Accuracy of the average in centimetres.
    pub accuracy_cm: Option<i64>,
    /// Accuracy of the newest fix.
    pub last_accuracy_cm: Option<i64>,
    /// The average, in degrees × 10⁷.
    pub lat_e7: Option<i64>,
    /// The average, in degrees × 10⁷.
    pub lon_e7: Option<i64>,
    /// What to do meanwhile.
    pub hint: PinHint,
    /// The phone says that the location is mocked; it is told to the server as it is.
    pub mock: bool,
    /// Taken now it would need a written reason.
    pub needs_reason: bool,
    /// Whether it can be taken now.
    pub can_take: bool,
    /// Metres from the last pin of the house.
    pub from_last_m: Option<u32>,
    /// The pin as the draft holds it.
    pub set: Option<DraftPin>,
}

/// What the officer should do while the phone listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PinHint {
    /// No fix so far.
    Searching,
    /// Walls or trees are in the way.
    StepIntoTheOpen,
    /// It gets better by itself.
    HoldStill,
    /// Take it.
    Good,
    /// The location is mocked: the app that does it is to be switched off.
    Mocked,
    /// The house was pinned elsewhere.
    FarFromLast,
}

/// The fixes heard while pin screens are open; a restart listens anew.
pub(crate) type Heard = HashMap<VisitId, Vec<Fix>>;

/// The heard fixes that count: the newest minute.
fn fresh(heard: &[Fix]) -> Vec<Fix> {
    let newest = heard.iter().map(|fix| fix.elapsed_ns).max().unwrap_or(0);
    let since = newest.saturating_sub(FRESH_NS);
    heard
        .iter()
        .filter(|fix| fix.elapsed_ns >= since)
        .cloned()
        .collect()
}

fn view(core: &Core, app: &FieldApp, visit: VisitId) -> Result<PinView> {
    let vault = Vault::of(app.phone())?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let fixes = fresh(core.heard.get(&visit).map_or(&[], Vec::as_slice));
    let last_accuracy_cm = fixes.last().map(|fix| fix.accuracy_cm);
    let count = fixes.len();
    let mean: Option<Pin> = if fixes.is_empty() {
        None
    } else {
        Some(capture::averaged(&NewPin {
            fixes,
            source: "gnss".to_owned(),
            reason: None,
        })?)
    };
    let last = match draft.case {
        Some(case) => feed::assignment(core, case)?.and_then(|assignment| assignment.last_pin),
        None => None,
    };
    // With no fix heard, the distance is that of the pin that is set.
    let at = mean
        .as_ref()
        .or(draft.pin.as_ref())
        .map(|pin| (pin.lat_e7, pin.lon_e7, pin.accuracy_cm));
    let from_last_m = at
        .zip(last.as_ref())
        .map(|((lat, lon, _), last)| geo::distance_m((lat, lon), geo::of_pin(last)));
    let is_far =
        at.zip(last.as_ref())
            .zip(from_last_m)
            .is_some_and(|(((_, _, cm), last), metres)| {
                i64::from(metres) > FAR_M + (cm + last.accuracy_cm) / 100
            });
    let mock = mean.as_ref().is_some_and(|pin| pin.mock);
    let accuracy_cm = mean.as_ref().map(|pin| pin.accuracy_cm);
    let hint = match accuracy_cm {
        None => PinHint::Searching,
        Some(_) if mock => PinHint::Mocked,
        Some(cm) if cm > GOOD_CM && count >= MAX_FIXES => PinHint::StepIntoTheOpen,
        Some(cm) if cm > PIN_REASON_ABOVE_CM => PinHint::StepIntoTheOpen,
        Some(cm) if cm > GOOD_CM || count < MAX_FIXES => PinHint::HoldStill,
        Some(_) if is_far => PinHint::FarFromLast,
        Some(_) => PinHint::Good,
    };
    Ok(PinView {
        fixes: u32::try_from(count.min(MAX_FIXES)).unwrap_or(u32::MAX),
        wanted: u32::try_from(MAX_FIXES).unwrap_or(u32::MAX),
        accuracy_cm,
        last_accuracy_cm,
        lat_e7: mean.as_ref().map(|pin| pin.lat_e7),
        lon_e7: mean.as_ref().map(|pin| pin.lon_e7),
        hint,
        mock,
        needs_reason: accuracy_cm.is_some_and(|cm| cm > PIN_REASON_ABOVE_CM),
        can_take: mean.is_some(),
        from_last_m,
        set: draft.pin.as_ref().map(capture::pin_view),
    })
}

/// Whether a pin lies so far from the last one that it must be another place, and how far.
pub(crate) fn far_m(core: &Core, draft: &drafts::Draft) -> Result<Option<u32>> {
    let (Some(case), Some(pin)) = (draft.case, &draft.pin) else {
        return Ok(None);
    };
    let Some(last) = feed::assignment(core, case)?.and_then(|assignment| assignment.last_pin)
    else {
        return Ok(None);
    };
    let metres = geo::distance_m((pin.lat_e7, pin.lon_e7), geo::of_pin(&last));
    let unsure_m = (pin.accuracy_cm + last.accuracy_cm) / 100;
    Ok((i64::from(metres) > FAR_M + unsure_m).then_some(metres))
}

pub(crate) fn begin(app: &FieldApp, visit: VisitId) -> Result<PinView> {
    let mut core = app.core();
    // A phone that was turned, or whose screen went dark, need not begin anew.
    let now = app.phone().ports.monotonic.elapsed_ns();
    if let Some(heard) = core.heard.get_mut(&visit) {
        heard.retain(|fix| now.abs_diff(fix.elapsed_ns) <= FRESH_NS);
    }
    view(&core, app, visit)
}

pub(crate) fn on_fix(app: &FieldApp, visit: VisitId, fix: Fix) -> Result<PinView> {
    capture::check_fix(&fix)?;
    let mut core = app.core();
    let heard = core.heard.entry(visit).or_default();
    heard.push(fix);
    if heard.len() > MOST_HEARD {
        heard.remove(0);
    }
    view(&core, app, visit)
}

pub(crate) fn take(app: &FieldApp, visit: VisitId, reason: Option<String>) -> Result<PinView> {
    let fixes = fresh(app.core().heard.get(&visit).map_or(&[], Vec::as_slice));
    let pin = capture::averaged(&NewPin {
        fixes,
        source: "gnss".to_owned(),
        reason,
    })?;
    set(app, visit, pin)
}

pub(crate) fn place(
    app: &FieldApp,
    visit: VisitId,
    place: Place,
    reason: String,
) -> Result<PinView> {
    if reason.trim().is_empty() {
        return Err(Error::refused("pin_reason_needed"));
    }
    let phone = app.phone();
    let pin = capture::averaged(&NewPin {
        fixes: vec![Fix {
            lat_e7: place.lat_e7,
            lon_e7: place.lon_e7,
            accuracy_cm: place.accuracy_cm.unwrap_or(UNJUDGED_CM),
            altitude_cm: None,
            speed_cm_s: None,
            bearing_cdeg: None,
            provider: "hand".to_owned(),
            mock: false,
            elapsed_ns: phone.ports.monotonic.elapsed_ns(),
            taken_at_micros: phone.now().as_micros(),
        }],
        source: "hand".to_owned(),
        reason: Some(reason),
    })?;
    set(app, visit, pin)
}

fn set(app: &FieldApp, visit: VisitId, pin: Pin) -> Result<PinView> {
    if pin.accuracy_cm > PIN_REASON_ABOVE_CM && pin.from.reason.is_none() {
        return Err(Error::refused("pin_reason_needed"));
    }
    capture::change(app, visit, |draft| {
        draft.pin = Some(pin);
        Ok(())
    })?;
    view(&app.core(), app, visit)
}

/// Where the front door is, as the phone or the officer says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Record)]
pub struct NewPin {
    /// One to five are used, averaged by their accuracy.
    pub fixes: Vec<Fix>,
    /// `gnss`, `hand` or `external`.
    pub source: String,
    /// Why it is poor.
    pub reason: Option<String>,
}

/// One position fix.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Record)]
pub struct Fix {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: i64,
    /// Altitude in centimetres.
    pub altitude_cm: Option<i64>,
    /// Speed in centimetres per second.
    pub speed_cm_s: Option<i64>,
    /// Bearing in hundredths of a degree.
    pub bearing_cdeg: Option<i64>,
    /// The provider's name.
    pub provider: String,
    /// The phone said the location was mocked.
    pub mock: bool,
    /// The monotonic clock, in nanoseconds.
    pub elapsed_ns: u64,
    /// By the phone's clock.
    pub taken_at_micros: i64,
}
