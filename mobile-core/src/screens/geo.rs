//! Where things are to each other: metres, and degrees from true north. A village is small, so the earth is flat here.

use tilik_protocol::sync::LastPin;

/// Where the officer stands, as the phone last heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Place {
    /// Latitude in degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude in degrees × 10⁷.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: Option<i64>,
}

/// Metres in a degree × 10⁷ of latitude.
const M_PER_E7: f64 = 0.011_131_949;

/// A point: latitude and longitude in degrees × 10⁷.
pub(crate) type LatLon = (i64, i64);

/// Metres east and north of `from`.
#[expect(clippy::cast_precision_loss, reason = "degrees × 10⁷ fit in 53 bits")]
pub(crate) fn offset_m(from: LatLon, to: LatLon) -> (f64, f64) {
    let middle = ((from.0 + to.0) as f64 / 2e7).to_radians();
    let north = (to.0 - from.0) as f64 * M_PER_E7;
    let east = (to.1 - from.1) as f64 * M_PER_E7 * middle.cos();
    (east, north)
}

/// The point so many metres east and north of `from`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "degrees × 10⁷ fit in 53 bits, and casts to whole numbers saturate"
)]
pub(crate) fn moved(from: LatLon, east: f64, north: f64) -> LatLon {
    let lat = from.0 as f64 + north / M_PER_E7;
    let middle = ((from.0 as f64 + lat) / 2e7).to_radians();
    let lon = from.1 as f64 + east / (M_PER_E7 * middle.cos());
    (lat.round() as i64, lon.round() as i64)
}

/// How far, in whole metres.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half the earth's girth fits, and a length is not negative"
)]
pub(crate) fn distance_m(from: LatLon, to: LatLon) -> u32 {
    let (east, north) = offset_m(from, to);
    east.hypot(north).round() as u32
}

/// In which direction, in whole degrees from true north, clockwise: 0 to 359.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 360"
)]
pub(crate) fn bearing_deg(from: LatLon, to: LatLon) -> u16 {
    let (east, north) = offset_m(from, to);
    east.atan2(north).to_degrees().rem_euclid(360.0).round() as u16 % 360
}

/// Where a pin is.
pub(crate) fn of_pin(pin: &LastPin) -> LatLon {
    (pin.lat_e7, pin.lon_e7)
}

impl Place {
    pub(crate) fn at(&self) -> LatLon {
        (self.lat_e7, self.lon_e7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousandth_of_a_degree_north_is_111_metres_at_zero_degrees() {
        let kediri = (-78_000_000, 1_120_000_000);
        let north = (-77_990_000, 1_120_000_000);
        assert_eq!(distance_m(kediri, north), 111);
        assert_eq!(bearing_deg(kediri, north), 0);
        assert_eq!(bearing_deg(north, kediri), 180);
        let east = (-78_000_000, 1_120_010_000);
        assert_eq!(distance_m(kediri, east), 110);
        assert_eq!(bearing_deg(kediri, east), 90);
        assert_eq!(bearing_deg(east, kediri), 270);
        assert_eq!(distance_m(kediri, kediri), 0);
        let (lat, lon) = moved(kediri, 0.0, 111.319_49);
        assert_eq!((lat, lon), north);
        assert_eq!(distance_m(kediri, moved(kediri, 300.0, -400.0)), 500);
    }
}
