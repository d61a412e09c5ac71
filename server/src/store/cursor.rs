//! Where the next page of a list begins that goes by a moment: the last row's moment and id, `{micros}.{id}`.

use std::fmt;

use sea_orm::{ColumnTrait, Condition};
use tilik_protocol::problem::ProblemCode;
use uuid::Uuid;

use crate::error::{Error, Result};

/// A row's place in such a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    at: i64,
    id: Uuid,
}

impl Place {
    pub(super) const fn of(at: i64, id: Uuid) -> Self {
        Self { at, id }
    }

    /// As a client sends it back.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub(super) fn read(text: &str) -> Result<Self> {
        text.split_once('.')
            .and_then(|(at, id)| {
                Some(Self {
                    at: at.parse().ok()?,
                    id: Uuid::parse_str(id).ok()?,
                })
            })
            .ok_or(Error::Refused(ProblemCode::BadCursor))
    }

    /// The rows behind it, the newest first.
    pub(super) fn before<C: ColumnTrait>(self, at: C, id: C) -> Condition {
        Condition::any()
            .add(at.lt(self.at))
            .add(Condition::all().add(at.eq(self.at)).add(id.lt(self.id)))
    }

    /// The rows behind it, the oldest first.
    pub(super) fn after<C: ColumnTrait>(self, at: C, id: C) -> Condition {
        Condition::any()
            .add(at.gt(self.at))
            .add(Condition::all().add(at.eq(self.at)).add(id.gt(self.id)))
    }
}

/// Cuts rows, of which one more was asked for, to a page; where the next begins, when there is one.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: u64, place: impl Fn(&T) -> Place) -> Option<String> {
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    rows.last()
        .filter(|_| more)
        .map(|row| place(row).to_string())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_told_and_nothing_else_is() {
        let place = Place::of(-7, Uuid::from_u128(9));
        assert_eq!(Place::read(&place.to_string()).unwrap(), place);
        for other in [
            "",
            ".",
            "7",
            "7.",
            ".0",
            "x.00000000-0000-0000-0000-000000000009",
        ] {
            assert!(Place::read(other).is_err(), "{other}");
        }
    }
}
