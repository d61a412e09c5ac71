//! Where houses stand by pins that a city held before: GeoJSON points, each with the number of the family it is of. They
//! are shown as old and unverified, and are never evidence: no check reads them, and the pin of an accepted visit goes
//! before them everywhere.

use std::collections::{HashMap, HashSet};
use std::fmt;

use geo::MultiPolygon;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::cells::sixteen;
use super::units::{Found, Unit};
use super::{CHUNK, Run, Tally};
use crate::error::{Error, Result};
use crate::geometry::{self, Place};
use crate::sheet::problem;
use crate::store::tables::{boundary, house};

/// The properties that hold numbers in the files that go around, in small letters without marks.
const KEYS: [&str; 4] = ["idkeluarga", "idkeluargadtsen", "iddtks", "registrykey"];
const KKS: [&str; 4] = ["nokk", "kk", "nomorkk", "nokartukeluarga"];
const NIKS: [&str; 3] = ["nik", "nonik", "nomorindukkependudukan"];
/// What no office's own key is longer than.
const LONGEST_KEY: usize = 64;
/// The country in degrees: south, north, west, east.
const COUNTRY: [f64; 4] = [-11.5, 6.5, 94.5, 141.5];
/// How far outside its village a house may stand by the lines of a map that are not exact.
const FAR_M: i64 = 50;

/// A point with whose house it is.
#[derive(Debug)]
pub(super) struct Pin {
    unit: Unit,
    /// Latitude and longitude in degrees × 10⁷.
    place: (i64, i64),
}

/// The points of a file, by their place in it counted from 1.
#[derive(Debug)]
pub(crate) struct Pins {
    read: Vec<(u64, Result<Pin, FieldProblem>)>,
}

impl Pins {
    pub(super) fn lines(&self) -> u64 {
        self.read.len() as u64
    }
}

/// Reads a collection feature by feature: none of them is held longer than it takes to see what it says.
struct Collection<'r>(&'r mut Pins);

impl<'de> Visitor<'de> for Collection<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut is_one = false;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "type" => is_one = map.next_value::<Value>()? == "FeatureCollection",
                "features" => map.next_value_seed(Features(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(is_one)
    }
}

struct Features<'r>(&'r mut Pins);

impl<'de> DeserializeSeed<'de> for Features<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        while let Some(feature) = all.next_element::<Value>()? {
            let line = self.0.lines() + 1;
            self.0.read.push((line, pin(&feature)));
        }
        Ok(())
    }
}

/// # Errors
/// `invalid` when it is no collection of features.
pub(super) fn read(file: &[u8]) -> Result<Pins> {
    let no = |code| {
        Error::field(
            "file",
            code,
            "Impor berkas GeoJSON berupa FeatureCollection titik (WGS 84) dengan \"no_kk\", \"nik\" atau \"id_keluarga\" di propertinya.",
        )
    };
    let text = std::str::from_utf8(file).map_err(|_| no("encoding"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pins = Pins { read: Vec::new() };
    let mut from = serde_json::Deserializer::from_str(text);
    let is_one = serde::Deserializer::deserialize_map(&mut from, Collection(&mut pins));
    if !is_one.is_ok_and(|is_one| is_one) || from.end().is_err() {
        return Err(no("not_geojson"));
    }
    if pins.read.is_empty() {
        return Err(no("empty"));
    }
    Ok(pins)
}

fn pin(feature: &Value) -> Result<Pin, FieldProblem> {
    let unit = whose(feature)?;
    let place = place(feature)?;
    Ok(Pin { unit, place })
}

/// Whom a feature names.
fn whose(feature: &Value) -> Result<Unit, FieldProblem> {
    let mut unit = Unit::default();
    let properties = feature.get("properties").and_then(Value::as_object);
    for (name, value) in properties.into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => continue,
        };
        if text.is_empty() {
            continue;
        }
        let name: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        if KEYS.contains(&name.as_str()) {
            if text.chars().count() <= LONGEST_KEY {
                unit.key = Some(text);
            }
        } else if KKS.contains(&name.as_str()) {
            unit.kk = sixteen("no_kk", &text)?;
        } else if NIKS.contains(&name.as_str()) {
            unit.nik = sixteen("nik", &text)?;
        }
    }
    if unit.key.is_none() && unit.kk.is_none() && unit.nik.is_none() {
        return Err(problem(
            "no_kk",
            "missing_property",
            "Beri titik ini properti \"no_kk\", \"nik\" atau \"id_keluarga\", agar keluarganya ditemukan.",
        ));
    }
    Ok(unit)
}

fn place(feature: &Value) -> Result<(i64, i64), FieldProblem> {
    let wrong = |code, remedy: &str| Err(problem("geometry", code, remedy));
    let geometry = feature.get("geometry");
    let sort = geometry
        .and_then(|one| one.get("type"))
        .and_then(Value::as_str);
    let point = geometry
        .and_then(|one| one.get("coordinates"))
        .and_then(Value::as_array)
        .filter(|_| sort == Some("Point"));
    let degrees = |at: usize| {
        point
            .and_then(|point| point.get(at))
            .and_then(Value::as_f64)
    };
    let (Some(lon), Some(lat)) = (degrees(0), degrees(1)) else {
        return wrong(
            "not_a_point",
            "Letak rumah harus Point, bukan garis atau bidang.",
        );
    };
    let [south, north, west, east] = COUNTRY;
    let inside =
        |lat: f64, lon: f64| (south..=north).contains(&lat) && (west..=east).contains(&lon);
    if inside(lat, lon) {
        return Ok((e7(lat), e7(lon)));
    }
    if inside(lon, lat) {
        return wrong(
            "swapped",
            "Lintang dan bujur tertukar; GeoJSON menulis bujur lebih dahulu.",
        );
    }
    wrong(
        "not_here",
        "Titik ini di luar Indonesia; koordinat harus derajat WGS 84 (EPSG:4326).",
    )
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees times ten million fit in 32 bits"
)]
fn e7(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}

impl Run<'_> {
    pub(super) async fn pins(&self, pins: Pins) -> Result<Tally> {
        let mut tally = Tally {
            lines: pins.lines(),
            ..Tally::default()
        };
        let mut read = Vec::new();
        for (line, pin) in pins.read {
            match pin {
                Ok(pin) => read.push((line, pin)),
                Err(reason) => tally.reject(line, vec![reason]),
            }
        }
        let mut seen = HashSet::new();
        let mut villages = HashMap::new();
        for chunk in read.chunks(CHUNK) {
            self.put_pins(chunk, &mut seen, &mut villages, &mut tally)
                .await?;
        }
        Ok(tally)
    }

    async fn put_pins(
        &self,
        chunk: &[(u64, Pin)],
        seen: &mut HashSet<Uuid>,
        villages: &mut HashMap<String, Option<MultiPolygon>>,
        tally: &mut Tally,
    ) -> Result<()> {
        let write = self.chunk().await?;
        let units: Vec<&Unit> = chunk.iter().map(|(_, pin)| &pin.unit).collect();
        let found = Found::look_up(&write, &units).await?;
        self.find(found.ids());
        let homes = units.iter().filter_map(|unit| found.family(unit).ok());
        let houses: HashMap<Uuid, house::Model> = house::Entity::find()
            .filter(house::Column::Id.is_in(homes.map(|home| home.house_id)))
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let (mut added, mut changed) = (0, 0);
        for (line, pin) in chunk {
            let home = match found.family(&pin.unit) {
                Ok(home) => home,
                Err(reason) => {
                    tally.reject(*line, vec![reason]);
                    continue;
                }
            };
            let region: RegionCode = home.region.parse().map_err(Error::internal)?;
            if !self.reaches(&region) {
                let told = "Keluarga ini di luar wilayah tugas Anda.";
                tally.reject(*line, vec![problem("no_kk", "out_of_scope", told)]);
                continue;
            }
            if !seen.insert(home.house_id) {
                let told = "Rumah ini punya lebih dari satu titik di berkas; sisakan yang benar.";
                tally.reject(*line, vec![problem("geometry", "duplicate", told)]);
                continue;
            }
            tally.touches(&region);
            let house = houses
                .get(&home.house_id)
                .ok_or_else(|| Error::internal("a family without a house"))?;
            if !villages.contains_key(&home.region) {
                let outline = boundary::Entity::find_by_id(home.region.clone())
                    .one(write.on())
                    .await?
                    .and_then(|row| geometry::boundary(&row.geometry));
                villages.insert(home.region.clone(), outline);
            }
            let (lat_e7, lon_e7) = pin.place;
            let outside = villages
                .get(&home.region)
                .and_then(Option::as_ref)
                .map_or(0, |outline| {
                    geometry::outside_m(outline, Place { lat_e7, lon_e7 })
                });
            if outside > FAR_M {
                tally.warn(
                    *line,
                    vec![problem(
                        "geometry",
                        "outside_village",
                        "Titik ini di luar batas kelurahan tempat keluarga ini tercatat.",
                    )],
                );
            }
            match (house.registry_lat_e7, house.registry_lon_e7) {
                (Some(lat), Some(lon)) if (lat, lon) == pin.place => {
                    tally.unchanged += 1;
                    continue;
                }
                (Some(_), _) | (_, Some(_)) => changed += 1,
                (None, None) => added += 1,
            }
            let mut row = house.clone().into_active_model();
            row.registry_lat_e7 = Set(Some(lat_e7));
            row.registry_lon_e7 = Set(Some(lon_e7));
            house::Entity::update(row).exec(write.on()).await?;
        }
        tally.added += added;
        tally.changed += changed;
        self.commit(write, chunk.len(), added, changed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(features: &str) -> String {
        format!(
            r#"{{"type":"FeatureCollection","bbox":[1,2,3,4],"crs":{{"type":"name"}},"features":[{features}]}}"#
        )
    }

    fn point(properties: &str, coordinates: &str) -> String {
        format!(
            r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Point","coordinates":{coordinates}}}}}"#
        )
    }

    fn codes(features: &[String]) -> Vec<String> {
        let pins = read(file(&features.join(",")).as_bytes()).unwrap();
        let code = |(_, pin): &(u64, Result<Pin, FieldProblem>)| match pin {
            Ok(_) => String::new(),
            Err(reason) => reason.code.clone(),
        };
        pins.read.iter().map(code).collect()
    }

    #[test]
    fn each_point_is_told_by_itself() {
        let kk = r#"{"No KK":"3571031212800001"}"#;
        let told = codes(&[
            point(kk, "[112.0114,-7.8166]"),
            point(r#"{"NIK":3571031212800001}"#, "[112.0114,-7.8166,60]"),
            point(r#"{"id_keluarga":"KDR-1"}"#, "[112.0114,-7.8166]"),
            point(kk, "[-7.8166,112.0114]"),
            point(kk, "[612345.1,9135000.2]"),
            point(kk, r#"["112","-7"]"#),
            point(r#"{"nama":"SRI"}"#, "[112.0114,-7.8166]"),
            point(r#"{"nik":"357103"}"#, "[112.0114,-7.8166]"),
            "7".to_owned(),
            r#"{"properties":{"nokk":"3571031212800001"},"geometry":null}"#.to_owned(),
        ]);
        assert_eq!(
            told,
            [
                "",
                "",
                "",
                "swapped",
                "not_here",
                "not_a_point",
                "missing_property",
                "length",
                "missing_property",
                "not_a_point"
            ]
        );
    }

    #[test]
    fn what_is_no_collection_is_refused_whole() {
        let code = |text: &str| match read(text.as_bytes()) {
            Err(Error::Invalid(problems)) => problems[0].code.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(code(""), "not_geojson");
        assert_eq!(
            code(r#"{"type":"FeatureCollection","features":[{]}"#),
            "not_geojson"
        );
        assert_eq!(code(r#"{"type":"Feature","features":[1]}"#), "not_geojson");
        assert_eq!(code(&(file("1") + "x")), "not_geojson");
        assert_eq!(code(&file("")), "empty");
        assert_eq!(code(&file(&"[".repeat(100_000))), "not_geojson");
    }
}
