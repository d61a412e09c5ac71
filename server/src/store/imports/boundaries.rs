//! Boundaries: a GeoJSON FeatureCollection whose features name their region. Indicative, never a reason to refuse.

use std::collections::{HashMap, HashSet};

use geo::{BoundingRect, MultiPolygon, Validation};
use geojson::{Feature, FeatureCollection};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;

use super::cells::region_code;
use super::{CHUNK, Run, Tally};
use crate::error::{Error, Result};
use crate::geometry;
use crate::sheet::problem;
use crate::store::feed;
use crate::store::tables::boundary;

/// The properties that hold a Kemendagri code in the files that go around.
const CODE_PROPERTIES: [&str; 6] = ["code", "kode", "kode_wilayah", "kd_wilayah", "kdepum", "id"];

pub(super) struct Shape {
    code: RegionCode,
    geometry: String,
    /// South, west, north, east in degrees × 10⁷.
    bounds: [i64; 4],
}

pub(crate) struct Shapes {
    lines: u64,
    read: Vec<(u64, Result<Shape, FieldProblem>)>,
}

impl Shapes {
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }
}

/// # Errors
/// `invalid` when it is no collection of features.
pub(super) fn read(file: &[u8]) -> Result<Shapes> {
    let no = |code| {
        Error::field(
            "file",
            code,
            "Impor berkas GeoJSON berupa FeatureCollection (WGS 84) dengan kode wilayah di properti \"code\".",
        )
    };
    let text = std::str::from_utf8(file).map_err(|_| no("encoding"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let collection: FeatureCollection = text.parse().map_err(|_| no("not_geojson"))?;
    if collection.features.is_empty() {
        return Err(no("empty"));
    }
    let mut read = Vec::new();
    for (feature, line) in collection.features.iter().zip(1..) {
        read.push((line, shape_of(feature)));
    }
    Ok(Shapes {
        lines: read.len() as u64,
        read,
    })
}

fn shape_of(feature: &Feature) -> Result<Shape, FieldProblem> {
    let said = CODE_PROPERTIES
        .iter()
        .find_map(|name| feature.property(name)?.as_str())
        .ok_or_else(|| {
            problem(
                "code",
                "missing_property",
                "Beri bidang ini properti \"code\" berisi kode wilayah sebagai teks.",
            )
        })?;
    let code = region_code("code", said)?;
    let not_an_area = || {
        problem(
            "geometry",
            "not_an_area",
            "Batas wilayah harus Polygon atau MultiPolygon.",
        )
    };
    let geometry = feature.geometry.as_ref().ok_or_else(not_an_area)?;
    let text = geometry.to_string();
    let shape: MultiPolygon = geometry::boundary(&text).ok_or_else(not_an_area)?;
    let bounds = shape.bounding_rect().ok_or_else(not_an_area)?;
    let (west, south, east, north) = (
        bounds.min().x,
        bounds.min().y,
        bounds.max().x,
        bounds.max().y,
    );
    let on_earth = south >= -90.0 && north <= 90.0 && west >= -180.0 && east <= 180.0;
    if !on_earth {
        let remedy = if west >= -90.0 && east <= 90.0 {
            "Lintang dan bujur tertukar; GeoJSON menulis bujur lebih dahulu."
        } else {
            "Koordinat harus derajat WGS 84 (EPSG:4326); ubah proyeksinya."
        };
        return Err(problem("geometry", "not_degrees", remedy));
    }
    if !shape.is_valid() {
        return Err(problem(
            "geometry",
            "not_valid",
            "Garis batas memotong dirinya sendiri atau tidak tertutup; perbaiki dengan alat peta.",
        ));
    }
    Ok(Shape {
        code,
        geometry: text,
        bounds: [south, west, north, east].map(e7),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees times ten million fit in 32 bits"
)]
fn e7(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}

impl Run<'_> {
    pub(super) async fn boundaries(&self, shapes: Shapes) -> Result<Tally> {
        let places = self.by.places().await?;
        let mut tally = Tally {
            lines: shapes.lines,
            ..Tally::default()
        };
        let mut seen = HashSet::new();
        let mut wanted = Vec::new();
        for (line, shape) in shapes.read {
            let reason = match shape {
                Err(reason) => reason,
                Ok(shape) if !places.has(&shape.code) => problem(
                    "code",
                    "unknown_region",
                    "Wilayah ini belum terdaftar; impor daftar wilayah lebih dahulu.",
                ),
                Ok(shape) if !self.touches(&shape.code) => problem(
                    "code",
                    "out_of_scope",
                    "Wilayah ini di luar wilayah tugas Anda.",
                ),
                Ok(shape) if !seen.insert(shape.code.clone()) => problem(
                    "code",
                    "duplicate",
                    "Wilayah ini punya lebih dari satu bidang; gabungkan menjadi satu MultiPolygon.",
                ),
                Ok(shape) => {
                    wanted.push(shape);
                    continue;
                }
            };
            tally.reject(line, vec![reason]);
        }
        for chunk in wanted.chunks(CHUNK) {
            self.put_boundaries(chunk, &mut tally).await?;
        }
        Ok(tally)
    }

    async fn put_boundaries(&self, chunk: &[Shape], tally: &mut Tally) -> Result<()> {
        let mut write = self.chunk().await?;
        let known: HashMap<String, String> = boundary::Entity::find()
            .filter(boundary::Column::Region.is_in(chunk.iter().map(|one| one.code.as_str())))
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.region, row.geometry))
            .collect();
        let (mut added, mut changed) = (0, 0);
        for shape in chunk {
            tally.touches(&shape.code);
            match known.get(shape.code.as_str()) {
                Some(geometry) if *geometry == shape.geometry => {
                    tally.unchanged += 1;
                    continue;
                }
                Some(_) => changed += 1,
                None => added += 1,
            }
            let [south, west, north, east] = shape.bounds;
            boundary::Entity::insert(boundary::ActiveModel {
                region: Set(shape.code.to_string()),
                geometry: Set(shape.geometry.clone()),
                south_e7: Set(south),
                west_e7: Set(west),
                north_e7: Set(north),
                east_e7: Set(east),
                recorded_at: Set(write.at().as_micros()),
            })
            .on_conflict(
                OnConflict::column(boundary::Column::Region)
                    .update_columns([
                        boundary::Column::Geometry,
                        boundary::Column::SouthE7,
                        boundary::Column::WestE7,
                        boundary::Column::NorthE7,
                        boundary::Column::EastE7,
                        boundary::Column::RecordedAt,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(write.on())
            .await?;
            feed::publish_boundary(&mut write, &shape.code, &shape.geometry).await?;
        }
        self.commit(write, chunk.len(), added, changed).await?;
        tally.added += added;
        tally.changed += changed;
        Ok(())
    }
}
