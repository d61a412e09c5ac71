//! Which village a line means: by its Kemendagri code, or by the names that DTKS files carry.

use std::collections::{HashMap, HashSet};

use sea_orm::EntityTrait;
use tilik_protocol::nik::{Day as Date, Prefix};
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::time::Timestamp;

use super::cells::{day_of, region_code};
use crate::error::{Error, Result};
use crate::sheet::problem;
use crate::store::Acting;
use crate::store::tables::region;

/// All regions of this installation.
#[derive(Debug)]
pub(in crate::store) struct Places {
    known: HashSet<RegionCode>,
    /// Villages by their own name and their district's.
    named: HashMap<(String, String), Vec<RegionCode>>,
    cities: HashMap<RegionCode, String>,
    /// Names as they are written.
    names: HashMap<RegionCode, String>,
}

/// The names of a line, any of which but the village's may be empty.
pub(super) struct Named<'a> {
    pub city: &'a str,
    pub district: &'a str,
    pub village: &'a str,
}

/// A place's name without its kind: `KOTA KEDIRI` and `Kediri` are compared alike.
fn plain(name: &str) -> String {
    let name = name.to_lowercase();
    let bare = [
        "kabupaten ",
        "kab. ",
        "kab ",
        "kota ",
        "kecamatan ",
        "kec. ",
        "kelurahan ",
        "kel. ",
        "desa ",
    ]
    .iter()
    .find_map(|kind| name.strip_prefix(kind))
    .unwrap_or(&name);
    bare.chars().filter(|c| c.is_alphanumeric()).collect()
}

impl Acting {
    /// Every region there is. What was invented for training is not: no file names it.
    pub(in crate::store) async fn places(&self) -> Result<Places> {
        let rows = region::Entity::find().all(self.store.read()).await?;
        let mut places = Places {
            known: HashSet::new(),
            named: HashMap::new(),
            cities: HashMap::new(),
            names: HashMap::new(),
        };
        let mut names = HashMap::new();
        for row in rows {
            let code: RegionCode = row.code.parse().map_err(Error::internal)?;
            if code.is_training() {
                continue;
            }
            names.insert(code.clone(), plain(&row.name));
            places.names.insert(code.clone(), row.name);
            places.known.insert(code);
        }
        for (code, name) in &names {
            match code.level() {
                RegionLevel::City => {
                    places.cities.insert(code.clone(), name.clone());
                }
                RegionLevel::Village => {
                    let district = code.parent().and_then(|up| names.get(&up)).cloned();
                    for known_as in [district.unwrap_or_default(), String::new()] {
                        places
                            .named
                            .entry((known_as, name.clone()))
                            .or_default()
                            .push(code.clone());
                    }
                }
                RegionLevel::Province | RegionLevel::District => {}
            }
        }
        Ok(places)
    }
}

impl Places {
    /// The day it is where this registry is; of one that covers several zones, in the easternmost: no day is refused that has begun
    /// anywhere.
    pub(in crate::store) fn today(&self, now: Timestamp) -> Option<Date> {
        let ahead = self.known.iter().max_by_key(|code| code.utc_offset_min());
        day_of(ahead?, now)
    }

    /// What the registry knows of the six digits a NIK begins with.
    pub(in crate::store) fn prefix_of(&self, nik: &str) -> Option<Prefix> {
        let (province, city, district) = (nik.get(..2)?, nik.get(2..4)?, nik.get(4..6)?);
        let city: RegionCode = format!("{province}.{city}").parse().ok()?;
        if !self.has(&city) {
            return Some(Prefix::Foreign);
        }
        let known = format!("{city}.{district}").parse();
        let known = known.is_ok_and(|code: RegionCode| self.has(&code));
        Some(if known {
            Prefix::Known
        } else {
            Prefix::UnknownDistrict
        })
    }

    pub(super) fn has(&self, code: &RegionCode) -> bool {
        self.known.contains(code)
    }

    /// The name this region has now.
    pub(super) fn name_of(&self, code: &RegionCode) -> Option<&str> {
        self.names.get(code).map(String::as_str)
    }

    /// The village with this code.
    pub(in crate::store) fn village(
        &self,
        field: &str,
        cell: &str,
    ) -> Result<RegionCode, FieldProblem> {
        if cell.is_empty() {
            return Err(problem(field, "empty", "Isi kode kelurahan."));
        }
        let code = region_code(field, cell)?;
        if code.level() != RegionLevel::Village {
            return Err(problem(
                field,
                "not_a_village",
                "Isi kode kelurahan lengkap (empat bagian), seperti 35.71.03.1009.",
            ));
        }
        if !self.has(&code) {
            return Err(problem(
                field,
                "unknown_region",
                "Kelurahan ini belum terdaftar; impor daftar wilayah lebih dahulu atau perbaiki kodenya.",
            ));
        }
        Ok(code)
    }

    /// The one village that is called so.
    pub(super) fn named(&self, field: &str, name: &Named<'_>) -> Result<RegionCode, FieldProblem> {
        let found = self.named.get(&(plain(name.district), plain(name.village)));
        let city = plain(name.city);
        let mut fitting = found.into_iter().flatten().filter(|code| {
            city.is_empty()
                || self
                    .cities
                    .iter()
                    .any(|(above, called)| *called == city && above.covers(code))
        });
        match (fitting.next(), fitting.next()) {
            (Some(code), None) => Ok(code.clone()),
            (None, _) => Err(problem(
                field,
                "unknown_region",
                "Tidak ada kelurahan bernama ini di kecamatan dan kota tersebut; perbaiki namanya atau isi kode wilayah.",
            )),
            (Some(_), Some(_)) => Err(problem(
                field,
                "ambiguous_region",
                "Ada lebih dari satu kelurahan bernama ini; isi kecamatan atau kode wilayah.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_compared_without_their_kind_and_their_spaces() {
        assert_eq!(plain("KOTA KEDIRI"), plain("Kediri"));
        assert_eq!(plain("Kel. Bandar Lor"), plain("BANDARLOR"));
        assert_ne!(plain("Kota"), plain(""));
    }
}
