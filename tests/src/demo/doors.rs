//! Where front doors are: inside the real boundary of their village.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use geo::{BoundingRect, Contains, Coord, Geometry, InteriorPoint, MultiPolygon};
use geojson::GeoJson;
use tilik_protocol::region::RegionCode;

use crate::dice::Dice;
use crate::kediri;

/// The boundaries of the villages.
pub(crate) struct Doors(BTreeMap<String, MultiPolygon<f64>>);

impl Doors {
    /// Reads the boundaries that the registry imports.
    ///
    /// # Errors
    /// When the file is none.
    pub(crate) fn read() -> Result<Self> {
        let GeoJson::FeatureCollection(all) = kediri::BOUNDARIES.parse()? else {
            return Err(anyhow!("the boundaries are no collection"));
        };
        let mut found = BTreeMap::new();
        for feature in all.features {
            let code = feature.property("code").and_then(|code| code.as_str());
            let code = code.context("a boundary without a code")?.to_owned();
            let shape = feature.geometry.context("a boundary without a shape")?;
            match Geometry::<f64>::try_from(shape)? {
                Geometry::Polygon(polygon) => {
                    found.insert(code, MultiPolygon(vec![polygon]));
                }
                Geometry::MultiPolygon(polygons) => {
                    found.insert(code, polygons);
                }
                _ => return Err(anyhow!("the boundary of {code} is no area")),
            }
        }
        Ok(Self(found))
    }

    /// The door of house `number` in a village, in degrees × 10⁷: the same one every time.
    ///
    /// # Errors
    /// When the village has no boundary.
    pub(crate) fn of(&self, village: &RegionCode, number: u64) -> Result<(i64, i64)> {
        let code = village.to_string();
        let shape = self.0.get(&code).context("a village with a boundary")?;
        let bounds = shape.bounding_rect().context("an area")?;
        let mut dice = Dice::new(number);
        let mut between = |low: f64, high: f64| {
            let share = f64::from(u32::try_from(dice.below(1_000_000)).unwrap_or(0)) / 1e6;
            low + share * (high - low)
        };
        let tries: Vec<Coord<f64>> = (0..64)
            .map(|_| Coord {
                x: between(bounds.min().x, bounds.max().x),
                y: between(bounds.min().y, bounds.max().y),
            })
            .collect();
        let inside = tries.into_iter().find(|place| shape.contains(place));
        let place = match inside {
            Some(place) => place,
            None => shape.interior_point().context("an area")?.into(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "degrees × 10⁷ fit")]
        let e7 = |degrees: f64| (degrees * 1e7).round() as i64;
        Ok((e7(place.y), e7(place.x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_village_has_doors_and_a_house_keeps_its_own() {
        let doors = Doors::read().unwrap();
        for code in kediri::villages() {
            let village: RegionCode = code.parse().unwrap();
            let (lat, lon) = doors.of(&village, 7).unwrap();
            assert_eq!((lat, lon), doors.of(&village, 7).unwrap());
            assert!((-79_200_000..-77_300_000).contains(&lat), "{code}: {lat}");
            assert!(
                (1_119_000_000..1_121_200_000).contains(&lon),
                "{code}: {lon}"
            );
        }
    }
}
