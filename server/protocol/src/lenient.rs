//! Old and new talk to each other: a word that this build does not know is kept, never dropped.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A word on the wire: one this build knows, or the text as it came. The machines inside stay exhaustive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lenient<T> {
    /// A word this build knows.
    Known(T),
    /// A word from a newer or older build, unchanged.
    Unknown(String),
}

impl<T: Copy> Lenient<T> {
    /// The word, when it is known.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for Lenient<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: FromStr> Lenient<T> {
    /// Reads a word; never fails.
    pub fn read(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Unknown(text.to_owned()), Self::Known)
    }
}

impl<T: fmt::Display> fmt::Display for Lenient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(word) => word.fmt(f),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

impl<T: fmt::Display> Serialize for Lenient<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::read(&Cow::<'de, str>::deserialize(d)?))
    }
}

#[cfg(feature = "openapi")]
impl<T> utoipa::__dev::ComposeSchema for Lenient<T> {
    fn compose(
        _generics: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .into()
    }
}

#[cfg(feature = "openapi")]
impl<T> utoipa::ToSchema for Lenient<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Word")
    }
}
