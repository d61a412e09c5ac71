//! The map without a network: where villages end, where families live, where the officer stands. In pixels, so that a
//! shell only draws.

use std::collections::BTreeMap;

use tilik_protocol::ids::{CaseId, VisitId};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::sync::Boundary;

use super::geo::{self, LatLon, Place};
use super::today::{Done, TodayMark};
use crate::error::Result;
use crate::store::drafts;
use crate::vault::Vault;
use crate::{FieldApp, feed};

/// The officer is drawn when this near to what the map shows; farther away the map would show nothing else.
const HERE_WITHIN_M: u32 = 20_000;
/// Part of the picture's sides that stays free.
const MARGIN: f64 = 0.06;
/// A map shows at least so many metres from side to side, or a single pin would fill it.
const LEAST_M: f64 = 200.0;
const MOST_ZOOM: f64 = 64.0;
/// By eye a distance is judged to a quarter of it.
const EYE: f64 = 0.25;
/// How sure a village's drawn boundary is, and the officer's place when the phone does not say.
const BOUNDARY_CM: i64 = 5_000;
/// How sure a point is on a map that shows nothing to go by.
const LOST_CM: i64 = 1_000_000;

/// Which part of the map is wanted.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MapQuery {
    /// The case looked at; without one and without a visit, the whole roster.
    pub case: Option<CaseId>,
    /// The draft looked at, for a pin by hand: its village and the pin it has.
    pub visit: Option<VisitId>,
    /// Where the officer stands.
    pub here: Option<Place>,
    /// The picture's width.
    pub width_px: u32,
    /// The picture's height.
    pub height_px: u32,
    /// 1: everything fits.
    pub zoom: f32,
    /// Moved to the right by so many pixels.
    pub pan_x: f32,
    /// Moved down by so many pixels.
    pub pan_y: f32,
    /// For a pin by hand: pixels from the middle of the cross to its end. What lies within is one point to a hand.
    pub aim_px: u32,
}

/// What to draw, in order.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MapView {
    /// Where villages end.
    pub outlines: Vec<MapOutline>,
    /// What stands on the map; the last is drawn on top.
    pub pins: Vec<MapPin>,
    /// The scale.
    pub bar: ScaleBar,
    /// What lies under the middle of the picture, and how sure somebody can be of it who goes by this map.
    pub centre: Place,
}

/// A closed line.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MapOutline {
    /// Its corners.
    pub points: Vec<MapPoint>,
    /// It is the village looked at.
    pub is_main: bool,
}

/// A point of the picture.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct MapPoint {
    /// Pixels from the left.
    pub x: f32,
    /// Pixels from above.
    pub y: f32,
}

/// Something that stands on the map.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MapPin {
    /// Pixels from the left.
    pub x: f32,
    /// Pixels from above.
    pub y: f32,
    /// What it is.
    pub kind: MapPinKind,
    /// How sure it is.
    pub radius_px: f32,
    /// The case, to open it.
    pub case: Option<CaseId>,
    /// Words beside it.
    pub label: Option<String>,
}

/// What stands on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MapPinKind {
    /// The house looked at.
    House,
    /// Another house.
    Other,
    /// A house whose visit came back.
    Returned,
    /// The pin of the draft looked at.
    Drafted,
    /// The officer.
    Here,
}

/// The scale.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct ScaleBar {
    /// How many metres the bar is long.
    pub metres: u32,
    /// In pixels.
    pub px: f32,
}

/// From degrees to pixels.
struct Projection {
    middle: LatLon,
    px_per_m: f64,
    at: (f64, f64),
}

impl Projection {
    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn point(&self, at: LatLon) -> MapPoint {
        let (east, north) = geo::offset_m(self.middle, at);
        MapPoint {
            x: (self.at.0 + east * self.px_per_m) as f32,
            y: (self.at.1 - north * self.px_per_m) as f32,
        }
    }

    /// What lies under a point of the picture.
    fn place(&self, x: f64, y: f64) -> Place {
        let (lat_e7, lon_e7) = if self.px_per_m > 0.0 {
            geo::moved(
                self.middle,
                (x - self.at.0) / self.px_per_m,
                (self.at.1 - y) / self.px_per_m,
            )
        } else {
            self.middle
        };
        Place {
            lat_e7,
            lon_e7,
            accuracy_cm: None,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "pixels"
    )]
    fn radius(&self, accuracy_cm: i64) -> f32 {
        (accuracy_cm.max(0) as f64 / 100.0 * self.px_per_m) as f32
    }
}

/// How sure a person can be of a point that they chose on the map: the cross covers so much of it, and where it belongs is
/// judged by eye from the nearest thing that they know the place of.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "casts to whole numbers saturate, and centimetres on earth fit in 53 bits"
)]
fn judged_cm(at: LatLon, known: impl Iterator<Item = (LatLon, i64)>, aim_m: f64) -> i64 {
    let from = |(place, accuracy_cm): (LatLon, i64)| {
        let (east, north) = geo::offset_m(place, at);
        accuracy_cm.max(0) as f64 + east.hypot(north) * EYE * 100.0
    };
    let nearest = known.map(from).fold(LOST_CM as f64, f64::min);
    // Whole metres: nobody judges centimetres.
    ((nearest / 100.0 + aim_m).ceil() as i64)
        .saturating_mul(100)
        .min(LOST_CM)
}

/// Everything is to be seen: the middle, and the metres from side to side.
fn fit(points: &[LatLon]) -> (LatLon, f64, f64) {
    let low = |of: fn(&LatLon) -> i64| points.iter().map(of).min().unwrap_or(0);
    let high = |of: fn(&LatLon) -> i64| points.iter().map(of).max().unwrap_or(0);
    let south_west = (low(|at| at.0), low(|at| at.1));
    let north_east = (high(|at| at.0), high(|at| at.1));
    let middle = (
        i64::midpoint(south_west.0, north_east.0),
        i64::midpoint(south_west.1, north_east.1),
    );
    let (east, north) = geo::offset_m(south_west, north_east);
    (middle, east.max(LEAST_M), north.max(LEAST_M))
}

/// A round number of metres that fits into `most`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 1 and at most the earth's girth"
)]
fn round_metres(most: f64) -> u32 {
    let power = 10f64.powi(most.max(1.0).log10().floor() as i32);
    let step = [5.0, 2.0, 1.0]
        .into_iter()
        .find(|step| step * power <= most)
        .unwrap_or(1.0);
    (step * power) as u32
}

fn corners(boundary: &Boundary) -> impl Iterator<Item = LatLon> {
    boundary
        .rings
        .iter()
        .flatten()
        .map(|[lat, lon]| (*lat, *lon))
}

#[expect(clippy::cast_possible_truncation, reason = "pixels")]
pub(crate) fn map(app: &FieldApp, query: &MapQuery) -> Result<MapView> {
    let core = app.core();
    let roster = feed::roster(&core)?;
    let done = Done::read(&core.stores.device)?;
    // The city's own outline comes too; on a village's map it would be a line across.
    let villages: BTreeMap<&RegionCode, &Boundary> = roster
        .boundaries
        .iter()
        .filter(|(code, _)| code.level() == RegionLevel::Village)
        .collect();
    let draft = match query.visit {
        Some(visit) => {
            let vault = Vault::of(app.phone())?;
            Some(drafts::load(&core.stores.device, &vault, visit)?)
        }
        None => None,
    };
    let looked_at = query
        .case
        .or_else(|| draft.as_ref().and_then(|draft| draft.case));
    let house = looked_at.and_then(|case| roster.row(case));
    let main = house
        .map(|row| &row.assignment.region)
        .or_else(|| draft.as_ref().map(|draft| &draft.region));
    let last_pin = house.and_then(|row| row.assignment.last_pin.as_ref());
    let own_pin = draft.as_ref().and_then(|draft| draft.pin.as_ref());
    let own_pin = own_pin.map(|pin| (pin.lat_e7, pin.lon_e7));
    // What must be in the picture: the village and the house looked at, or all there is.
    let mut seen: Vec<LatLon> = match main {
        Some(code) => villages
            .get(code)
            .into_iter()
            .flat_map(|boundary| corners(boundary))
            .collect(),
        None => villages
            .values()
            .flat_map(|boundary| corners(boundary))
            .collect(),
    };
    seen.extend(last_pin.map(geo::of_pin));
    seen.extend(own_pin);
    if main.is_none() || seen.is_empty() {
        let pins = roster
            .rows
            .iter()
            .filter(|row| main.is_none_or(|code| *code == row.assignment.region));
        seen.extend(pins.filter_map(|row| row.assignment.last_pin.as_ref().map(geo::of_pin)));
    }
    if let Some(here) = query.here {
        let near = seen
            .iter()
            .any(|at| geo::distance_m(*at, here.at()) <= HERE_WITHIN_M);
        if near || seen.is_empty() {
            seen.push(here.at());
        }
    }
    let (middle, east_m, north_m) = fit(&seen);
    let (width, height) = (f64::from(query.width_px), f64::from(query.height_px));
    let room = 1.0 - 2.0 * MARGIN;
    let zoom = f64::from(query.zoom);
    let zoom = if zoom.is_finite() {
        zoom.clamp(0.25, MOST_ZOOM)
    } else {
        1.0
    };
    let px_per_m = (width * room / east_m).min(height * room / north_m) * zoom;
    let projection = Projection {
        middle,
        px_per_m,
        at: (
            width / 2.0 + f64::from(query.pan_x),
            height / 2.0 + f64::from(query.pan_y),
        ),
    };
    let mut outlines: Vec<MapOutline> = villages
        .iter()
        .flat_map(|(code, boundary)| boundary.rings.iter().map(move |ring| (*code, ring)))
        .map(|(code, ring)| MapOutline {
            points: ring
                .iter()
                .map(|[lat, lon]| projection.point((*lat, *lon)))
                .collect(),
            is_main: main.is_none_or(|main| main == code),
        })
        .collect();
    // The village looked at is drawn over its neighbours.
    outlines.sort_by_key(|outline| outline.is_main);
    let mut pins: Vec<MapPin> = roster
        .rows
        .iter()
        .filter_map(|row| {
            let pin = row.assignment.last_pin.as_ref()?;
            let is_house = looked_at == Some(row.assignment.case);
            let kind = if is_house {
                MapPinKind::House
            } else if done.mark(&row.assignment) == TodayMark::Returned {
                MapPinKind::Returned
            } else {
                MapPinKind::Other
            };
            let MapPoint { x, y } = projection.point(geo::of_pin(pin));
            // What lies outside of the picture is not drawn.
            let inside =
                (0.0..=width).contains(&f64::from(x)) && (0.0..=height).contains(&f64::from(y));
            (inside || is_house).then(|| MapPin {
                x,
                y,
                kind,
                radius_px: if is_house {
                    projection.radius(pin.accuracy_cm)
                } else {
                    0.0
                },
                case: Some(row.assignment.case),
                label: is_house.then(|| row.assignment.name.clone()),
            })
        })
        .collect();
    if let (Some(at), Some(draft)) = (own_pin, &draft) {
        // The pin of the draft is where the house is now said to be.
        let MapPoint { x, y } = projection.point(at);
        pins.push(MapPin {
            x,
            y,
            kind: MapPinKind::Drafted,
            radius_px: projection.radius(draft.pin.as_ref().map_or(0, |pin| pin.accuracy_cm)),
            case: draft.case,
            label: None,
        });
    }
    if let Some(here) = query.here {
        let MapPoint { x, y } = projection.point(here.at());
        pins.push(MapPin {
            x,
            y,
            kind: MapPinKind::Here,
            radius_px: projection.radius(here.accuracy_cm.unwrap_or(0)),
            case: None,
            label: None,
        });
    }
    pins.sort_by_key(|pin| match pin.kind {
        MapPinKind::Other => 0,
        MapPinKind::Returned => 1,
        MapPinKind::House => 2,
        MapPinKind::Drafted => 3,
        MapPinKind::Here => 4,
    });
    let metres = if px_per_m > 0.0 {
        round_metres(width / 4.0 / px_per_m)
    } else {
        1
    };
    let mut centre = projection.place(width / 2.0, height / 2.0);
    // Not by the draft's own pin: that may be the last guess.
    let known = roster
        .rows
        .iter()
        .filter_map(|row| row.assignment.last_pin.as_ref())
        .map(|pin| (geo::of_pin(pin), pin.accuracy_cm))
        .chain(
            query
                .here
                .map(|here| (here.at(), here.accuracy_cm.unwrap_or(BOUNDARY_CM))),
        )
        .chain(
            villages
                .values()
                .flat_map(|boundary| corners(boundary))
                .map(|corner| (corner, BOUNDARY_CM)),
        );
    let aim_m = if px_per_m > 0.0 {
        f64::from(query.aim_px) / px_per_m
    } else {
        0.0
    };
    centre.accuracy_cm = Some(judged_cm(centre.at(), known, aim_m));
    Ok(MapView {
        centre,
        outlines,
        pins,
        bar: ScaleBar {
            metres,
            px: (f64::from(metres) * px_per_m) as f32,
        },
    })
}
