//! Distances on the ground: between two pins, and from a pin to a village's boundary. Boundaries are indicative.

use geo::{Contains, Distance, Euclidean, Haversine, MultiPolygon, Point, Polygon};
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
    fn what_is_no_polygon_is_no_boundary() {
        assert!(boundary("{}").is_none());
        assert!(boundary(r#"{"type":"Point","coordinates":[1,2]}"#).is_none());
    }
}
