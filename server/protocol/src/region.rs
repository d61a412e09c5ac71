//! Regions (wilayah) by Kemendagri code, and which code covers which.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// A dotted Kemendagri code: `35`, `35.71`, `35.71.03` or `35.71.03.1009`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegionCode(String);

/// The province that no real place has: what lies in it was invented, for training.
const TRAINING: &str = "00";

/// The text was not a Kemendagri code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a region code such as 35.71.03.1009")]
pub struct BadRegionCode;

/// The four levels of the code.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RegionLevel {
    /// Provinsi, two digits.
    Province,
    /// Kabupaten or kota.
    City,
    /// Kecamatan.
    District,
    /// Kelurahan or desa.
    Village,
}

impl RegionCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this code covers `other`: itself, or everything below it. `35.7` covers nothing, `35.71` covers
    /// `35.71.03.1009` but not `35.710`.
    pub fn covers(&self, other: &Self) -> bool {
        other
            .0
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether this is no real place but the training area, or a part of it: families there were invented and never count.
    pub fn is_training(&self) -> bool {
        self.0.starts_with(TRAINING)
    }

    /// How deep the code is.
    pub fn level(&self) -> RegionLevel {
        match self.0.matches('.').count() {
            0 => RegionLevel::Province,
            1 => RegionLevel::City,
            2 => RegionLevel::District,
            _ => RegionLevel::Village,
        }
    }

    /// Minutes ahead of UTC: WIB in the west, WITA in the middle, WIT in the east, by province.
    pub fn utc_offset_min(&self) -> i64 {
        match self.0.get(..2) {
            Some(
                "51" | "52" | "53" | "63" | "64" | "65" | "71" | "72" | "73" | "74" | "75" | "76",
            ) => 480,
            Some(east) if east.starts_with(['8', '9']) => 540,
            Some(_) | None => 420,
        }
    }

    /// The code one level up; a province has none.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('.').map(|(up, _)| Self(up.to_owned()))
    }
}

impl FromStr for RegionCode {
    type Err = BadRegionCode;
    fn from_str(text: &str) -> Result<Self, BadRegionCode> {
        let widths = [2, 2, 2, 4];
        for (count, segment) in text.split('.').enumerate() {
            if count == widths.len()
                || segment.len() != widths[count]
                || !segment.bytes().all(|b| b.is_ascii_digit())
            {
                return Err(BadRegionCode);
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionCode({})", self.0)
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(RegionCode, String, {
    lower: |code| code.0,
    try_lift: |text| Ok(text.parse()?),
});

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    #[test]
    fn a_region_has_the_time_of_its_province() {
        for (region, hours) in [
            ("35.71.03.1009", 7),
            ("61.71", 7),
            ("62", 7),
            ("51.71", 8),
            ("64", 8),
            ("73.71", 8),
            ("81", 9),
            ("94.71", 9),
        ] {
            assert_eq!(code(region).utc_offset_min(), hours * 60, "{region}");
        }
    }

    #[test]
    fn a_city_covers_its_villages_and_nothing_beside_it() {
        assert!(code("35.71").covers(&code("35.71.03.1009")));
        assert!(code("35.71").covers(&code("35.71")));
        assert!(!code("35.71").covers(&code("35.72")));
        assert!(!code("35.71.03.1009").covers(&code("35.71")));
    }

    #[test]
    fn only_the_province_that_no_place_has_is_for_training() {
        for training in ["00", "00.01", "00.01.01.0001"] {
            assert!(code(training).is_training(), "{training}");
        }
        // A real code may have noughts anywhere else.
        for real in ["11", "35.00", "35.71.00.0000", "10.01"] {
            assert!(!code(real).is_training(), "{real}");
        }
        // No real code covers it, and it covers no real one.
        assert!(!code("35").covers(&code("00.01")) && !code("00").covers(&code("35")));
    }

    #[test]
    fn half_codes_and_letters_are_refused() {
        for bad in [
            "",
            "3",
            "35.7",
            "35.71.",
            "35.71.03.109",
            "35.71.03.1009.1",
            "ab",
            "35.71.0é",
        ] {
            assert_eq!(bad.parse::<RegionCode>(), Err(BadRegionCode), "{bad}");
        }
    }
}
