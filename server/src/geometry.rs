//! Distances on the ground: between two pins, and from a pin to a village's boundary. Boundaries are indicative.

use geo::{
    Area, Contains, CoordsIter, Distance, Euclidean, Haversine, MultiPolygon, Point, Polygon,
    Simplify,
};
use geojson::Geometry;

/// A place in degrees × 10⁷.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Latitude.
    pub lat_e7: i64,
    /// Longitude.
    pub lon_e7: i64,
}

#[expect(clippy::cast_precision_loss, reason = "1.8e9 fits a double exactly")]
fn point(place: Place) -> Point {
    Point::new(place.lon_e7 as f64 / 1e7, place.lat_e7 as f64 / 1e7)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "no two places on earth are 2^63 m apart"
)]
fn metres(distance: f64) -> i64 {
    distance.round() as i64
}

/// Metres between two places on the sphere.
pub fn distance_m(a: Place, b: Place) -> i64 {
    metres(Haversine.distance(point(a), point(b)))
}

/// The polygons of a GeoJSON geometry; `None` when it is none.
pub fn boundary(geometry: &str) -> Option<MultiPolygon> {
    let geometry: Geometry = geometry.parse().ok()?;
    let shape = geo::Geometry::try_from(geometry).ok()?;
    match shape {
        geo::Geometry::Polygon(polygon) => Some(MultiPolygon::new(vec![polygon])),
        geo::Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}

/// Most corners of a village on a phone.
const PHONE_CORNERS: usize = 160;
/// Most separate parts of it; a village on islands has its largest.
const PHONE_RINGS: usize = 8;

/// Where a village ends, as coarse as a phone's small map needs it: the outer lines, largest first, latitude and longitude
/// in degrees × 10⁷, to the metre.
pub fn phone_rings(boundary: &MultiPolygon) -> Vec<Vec<[i64; 2]>> {
    let mut parts: Vec<Polygon> = boundary
        .iter()
        .map(|polygon| Polygon::new(polygon.exterior().clone(), Vec::new()))
        .collect();
    parts.sort_by(|one, other| other.unsigned_area().total_cmp(&one.unsigned_area()));
    parts.truncate(PHONE_RINGS);
    let mut coarse = parts.clone();
    // From two metres on, doubled until it is small enough.
    let mut tolerance = 0.000_02;
    while coarse.iter().map(CoordsIter::coords_count).sum::<usize>() > PHONE_CORNERS
        && tolerance < 0.1
    {
        coarse = parts.iter().map(|part| part.simplify(tolerance)).collect();
        tolerance *= 2.0;
    }
    coarse
        .iter()
        .map(|part| {
            let mut ring: Vec<[i64; 2]> = part
                .exterior()
                .coords()
                .map(|corner| [e7_to_the_metre(corner.y), e7_to_the_metre(corner.x)])
                .collect();
            ring.dedup();
            ring
        })
        .filter(|ring| ring.len() > 3)
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees × 10⁵ fit in 32 bits"
)]
fn e7_to_the_metre(degrees: f64) -> i64 {
    (degrees * 1e5).round() as i64 * 100
}

/// How many metres `place` lies outside `boundary`; 0 inside. On a plane through the place, which within a city is
/// within a thousandth of the sphere.
pub fn outside_m(boundary: &MultiPolygon, place: Place) -> i64 {
    let at = point(place);
    if boundary.contains(&at) {
        return 0;
    }
    let metres_per_degree = 111_195.0;
    let shrink = at.y().to_radians().cos();
    let flat = |x: f64, y: f64| {
        (
            (x - at.x()) * metres_per_degree * shrink,
            (y - at.y()) * metres_per_degree,
        )
    };
    let nearest = boundary
        .iter()
        .map(|polygon: &Polygon| {
            let ring = polygon
                .exterior()
                .coords()
                .map(|c| flat(c.x, c.y))
                .collect::<Vec<_>>();
            Euclidean.distance(&geo::LineString::from(ring), &Point::new(0.0, 0.0))
        })
        .fold(f64::INFINITY, f64::min);
    if nearest.is_finite() {
        metres(nearest)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "degrees times ten million fit in 32 bits"
    )]
    fn place(lat: f64, lon: f64) -> Place {
        Place {
            lat_e7: (lat * 1e7) as i64,
            lon_e7: (lon * 1e7) as i64,
        }
    }

    #[test]
    fn a_thousandth_of_a_degree_is_a_hundred_and_eleven_metres() {
        assert_eq!(distance_m(place(-7.84, 112.01), place(-7.841, 112.01)), 111);
        assert_eq!(distance_m(place(-7.84, 112.01), place(-7.84, 112.011)), 110);
    }

    #[test]
    fn inside_is_nought_and_outside_is_measured_to_the_nearest_edge() {
        let square = r#"{"type":"Polygon","coordinates":[[[112.0,-7.85],[112.01,-7.85],[112.01,-7.84],[112.0,-7.84],[112.0,-7.85]]]}"#;
        let square = boundary(square).unwrap();
        assert_eq!(outside_m(&square, place(-7.845, 112.005)), 0);
        assert_eq!(outside_m(&square, place(-7.839, 112.005)), 111);
        assert!((100..=120).contains(&outside_m(&square, place(-7.845, 112.011))));
    }

    #[test]
    fn a_phone_gets_few_corners_that_lie_where_the_many_were() {
        let circle: Vec<String> = (0..=5_000)
            .map(|n| {
                let angle = f64::from(n) / 5_000.0 * std::f64::consts::TAU;
                format!(
                    "[{},{}]",
                    112.01 + 0.01 * angle.cos(),
                    -7.84 + 0.01 * angle.sin()
                )
            })
            .collect();
        let whole = boundary(&format!(
            r#"{{"type":"Polygon","coordinates":[[{}]]}}"#,
            circle.join(",")
        ))
        .unwrap();
        let rings = phone_rings(&whole);
        assert_eq!(rings.len(), 1);
        assert!(
            (20..=PHONE_CORNERS).contains(&rings[0].len()),
            "{}",
            rings[0].len()
        );
        assert_eq!(rings[0].first(), rings[0].last());
        let middle = place(-7.84, 112.01);
        for [lat_e7, lon_e7] in &rings[0] {
            let corner = Place {
                lat_e7: *lat_e7,
                lon_e7: *lon_e7,
            };
            assert!((1_095..=1_115).contains(&distance_m(middle, corner)));
        }
    }

    #[test]
    fn a_small_boundary_keeps_its_corners() {
        let square = r#"{"type":"Polygon","coordinates":[[[112.0,-7.85],[112.01,-7.85],[112.01,-7.84],[112.0,-7.84],[112.0,-7.85]]]}"#;
        let rings = phone_rings(&boundary(square).unwrap());
        let corner = [-78_500_000, 1_120_000_000];
        assert_eq!(rings[0].len(), 5);
        assert!(rings[0].contains(&corner));
    }

    #[test]
    fn what_is_no_polygon_is_no_boundary() {
        assert!(boundary("{}").is_none());
        assert!(boundary(r#"{"type":"Point","coordinates":[1,2]}"#).is_none());
    }
}
