//! Instants: UTC, whole microseconds, RFC 3339 on the wire. No clock here: time enters from outside.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in microseconds since 1970-01-01T00:00:00Z. Both databases keep exactly this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text was not an RFC 3339 instant between the years 1970 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant such as 2026-11-24T03:00:00Z")]
pub struct BadTimestamp;

/// The last microsecond of the year 9999, the latest instant RFC 3339 can write.
const LATEST_US: i64 = 253_402_300_799_999_999;

impl Timestamp {
    /// From microseconds since the epoch, held between 1970 and 9999.
    pub const fn from_micros(us: i64) -> Self {
        if us < 0 {
            Self(0)
        } else if us > LATEST_US {
            Self(LATEST_US)
        } else {
            Self(us)
        }
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, as UUIDv7 wants them.
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000
    }

    /// This instant moved by `seconds` (negative: earlier).
    #[must_use]
    pub const fn plus_s(self, seconds: i64) -> Self {
        Self::from_micros(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds from `earlier` to this instant; negative when this one is the earlier.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0) / 1_000_000
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;
    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| BadTimestamp)?;
        let us = at.timestamp_micros();
        if (0..=LATEST_US).contains(&us) {
            Ok(Self(us))
        } else {
            Err(BadTimestamp)
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Timestamp {
    fn compose(
        _generics: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::schema::SchemaFormat::KnownFormat(
                utoipa::openapi::schema::KnownFormat::DateTime,
            )))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Timestamp, i64, {
    lower: |at| at.as_micros(),
    try_lift: |us| Ok(Timestamp::from_micros(us)),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_its_own_text() {
        let at = Timestamp::from_micros(1_795_000_000_123_456);
        assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn an_instant_before_1970_is_refused() {
        assert_eq!(
            "1969-12-31T23:59:59Z".parse::<Timestamp>(),
            Err(BadTimestamp)
        );
    }

    #[test]
    fn arithmetic_at_the_edges_stays_inside() {
        assert_eq!(
            Timestamp::from_micros(i64::MAX)
                .plus_s(i64::MAX)
                .as_micros(),
            LATEST_US
        );
        assert_eq!(Timestamp::default().plus_s(i64::MIN).as_micros(), 0);
    }
}
