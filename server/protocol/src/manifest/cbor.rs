//! Records as CBOR maps with small integer keys, written in one way only.

use ciborium::Value;
use uuid::Uuid;

use super::{Hash32, MAX_TEXT_BYTES, ManifestError};
use crate::lenient::Lenient;
use crate::region::RegionCode;
use crate::time::Timestamp;

/// A value that can stand behind a key; an absent one has no key.
pub(super) trait Field: Sized {
    fn to_field(&self) -> Option<Value>;
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError>;
}

/// A struct written as a map.
pub(super) trait Record: Sized {
    /// Key, name and type of every field, to hold `MANIFEST.md` to the code.
    #[cfg(test)]
    const FIELDS: &'static [(i64, &'static str, &'static str)];

    fn to_value(&self) -> Value;
    fn from_value(value: Value, name: &'static str) -> Result<Self, ManifestError>;
}

/// Declares records: `key => field: type`, keys ascending.
macro_rules! records {
    ($($(#[$doc:meta])* pub struct $name:ident {
        $($(#[$field_doc:meta])* $key:literal => $field:ident: $type:ty,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        impl Record for $name {
            #[cfg(test)]
            const FIELDS: &'static [(i64, &'static str, &'static str)] =
                &[$(($key, stringify!($field), stringify!($type))),+];

            fn to_value(&self) -> Value {
                let mut map = Vec::new();
                $(if let Some(value) = self.$field.to_field() {
                    map.push((Value::from($key), value));
                })+
                Value::Map(map)
            }

            fn from_value(value: Value, name: &'static str) -> Result<Self, ManifestError> {
                let Value::Map(map) = value else { return Err(ManifestError::Field(name)) };
                let mut fields = cbor::Fields::read(map, &[$($key),+], name)?;
                Ok(Self { $($field: Field::from_field(fields.take($key), stringify!($field))?,)+ })
            }
        }
    )+};
}
pub(super) use records;

/// The entries of a map while it is read.
pub(super) struct Fields(Vec<(i64, Option<Value>)>);

impl Fields {
    pub(super) fn read(
        map: Vec<(Value, Value)>,
        known: &[i64],
        name: &'static str,
    ) -> Result<Self, ManifestError> {
        let mut fields: Vec<(i64, Option<Value>)> = Vec::with_capacity(map.len());
        for (key, value) in map {
            let key = key
                .into_integer()
                .ok()
                .and_then(|key| i64::try_from(key).ok())
                .ok_or(ManifestError::Field(name))?;
            if !known.contains(&key) {
                return Err(ManifestError::UnknownKey(key));
            }
            if fields.iter().any(|(other, _)| *other == key) {
                return Err(ManifestError::NotCanonical);
            }
            fields.push((key, Some(value)));
        }
        Ok(Self(fields))
    }

    pub(super) fn take(&mut self, key: i64) -> Option<Value> {
        self.0
            .iter_mut()
            .find(|(other, _)| *other == key)
            .and_then(|(_, value)| value.take())
    }
}

/// The bytes of a value. Writing to memory cannot fail.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    if ciborium::into_writer(value, &mut out).is_err() {
        out.clear();
    }
    out
}

/// The value of all of `bytes`; `None` when it is not CBOR, or more follows, or it nests deeper than 16.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, 16).ok()?;
    rest.is_empty().then_some(value)
}

/// The version of a payload, when it has one.
pub(super) fn version(value: &Value) -> Option<u64> {
    let (_, version) = value
        .as_map()?
        .iter()
        .find(|(key, _)| *key == Value::from(1))?;
    version
        .as_integer()
        .and_then(|version| u64::try_from(version).ok())
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn to_field(&self) -> Option<Value> {
                Some(Value::from(*self))
            }
            fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
                value
                    .and_then(|value| value.into_integer().ok())
                    .and_then(|number| Self::try_from(number).ok())
                    .ok_or(ManifestError::Field(name))
            }
        }
    )+};
}
integers!(u64, i64, u32, i32);

impl Field for bool {
    fn to_field(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        value
            .and_then(|value| value.into_bool().ok())
            .ok_or(ManifestError::Field(name))
    }
}

impl Field for String {
    fn to_field(&self) -> Option<Value> {
        Some(Value::Text(self.clone()))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        value
            .and_then(|value| value.into_text().ok())
            .filter(|text| text.len() <= MAX_TEXT_BYTES)
            .ok_or(ManifestError::Field(name))
    }
}

impl Field for Hash32 {
    fn to_field(&self) -> Option<Value> {
        Some(Value::Bytes(self.0.to_vec()))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        value
            .and_then(|value| value.into_bytes().ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(ManifestError::Field(name))
    }
}

impl Field for Timestamp {
    fn to_field(&self) -> Option<Value> {
        Some(Value::from(self.as_micros()))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        let us = i64::from_field(value, name)?;
        let at = Self::from_micros(us);
        if at.as_micros() == us {
            Ok(at)
        } else {
            Err(ManifestError::Field(name))
        }
    }
}

impl Field for RegionCode {
    fn to_field(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        String::from_field(value, name)?
            .parse()
            .map_err(|_| ManifestError::Field(name))
    }
}

impl<T: std::str::FromStr + std::fmt::Display> Field for Lenient<T> {
    fn to_field(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        Ok(Self::read(&String::from_field(value, name)?))
    }
}

macro_rules! ids {
    ($($type:ident),+) => {$(
        impl Field for crate::ids::$type {
            fn to_field(&self) -> Option<Value> {
                Some(Value::Bytes(self.0.into_bytes().to_vec()))
            }
            fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
                value
                    .and_then(|value| value.into_bytes().ok())
                    .and_then(|bytes| Uuid::from_slice(&bytes).ok())
                    .map(Self)
                    .ok_or(ManifestError::Field(name))
            }
        }
    )+};
}
ids!(VisitId, DeviceId, CaseId, UserId, PhotoId);

impl<T: Field> Field for Option<T> {
    fn to_field(&self) -> Option<Value> {
        self.as_ref().and_then(Field::to_field)
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        match value {
            None => Ok(None),
            value @ Some(_) => T::from_field(value, name).map(Some),
        }
    }
}

/// A list is always there, empty or not.
impl<T: Record> Field for Vec<T> {
    fn to_field(&self) -> Option<Value> {
        Some(Value::Array(self.iter().map(Record::to_value).collect()))
    }
    fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
        value
            .and_then(|value| value.into_array().ok())
            .ok_or(ManifestError::Field(name))?
            .into_iter()
            .map(|value| T::from_value(value, name))
            .collect()
    }
}

macro_rules! nested {
    ($($type:ident),+) => {$(
        impl Field for super::$type {
            fn to_field(&self) -> Option<Value> {
                Some(self.to_value())
            }
            fn from_field(value: Option<Value>, name: &'static str) -> Result<Self, ManifestError> {
                Self::from_value(value.ok_or(ManifestError::Field(name))?, name)
            }
        }
    )+};
}
nested!(
    ManifestCamera,
    ManifestPin,
    ManifestAnswers,
    ManifestClock,
    ManifestApp
);
