//! NIK and KK numbers (domain.md 5): what is no number at all, and what deserves a second look.
//!
//! A NIK is given once and never corrected: it says where and when somebody was first registered, not where they live or when
//! they were born. So nothing of it is ever taken for the truth; a warning asks a person to look, and blocks nobody.

use serde::{Deserialize, Serialize};

use crate::problem::FieldProblem;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day {
    /// The year.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Day {
    /// A date as people and spreadsheets write it: `2001-12-31`, `31-12-2001`, `31/12/2001` or `31.12.2001`.
    pub fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
        let [first, month, last] = parts[..] else {
            return None;
        };
        let digits = |text: &str, longest: usize| -> Option<u32> {
            let fits = (1..=longest).contains(&text.len());
            fits.then(|| text.parse().ok()).flatten()
        };
        let (year, day) = if first.len() == 4 {
            (digits(first, 4)?, digits(last, 2)?)
        } else if last.len() == 4 {
            (digits(last, 4)?, digits(first, 2)?)
        } else {
            return None;
        };
        Self::real(year, digits(month, 2)?, day)
    }

    /// The day, when the calendar has it.
    pub fn real(year: u32, month: u32, day: u32) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let longest = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=longest)
            .contains(&day)
            .then_some(Self { year, month, day })
    }
}

/// Why a text is no NIK and no KK number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Something that is no digit.
    NotDigits,
    /// So many digits, and not 16.
    Length(usize),
    /// One digit 16 times: written because the field had to be filled.
    Placeholder,
}

impl Fault {
    /// The code of the field's problem.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotDigits => "not_digits",
            Self::Length(_) => "length",
            Self::Placeholder => "placeholder",
        }
    }

    /// What to do about it, of a number that people call `name`.
    pub fn remedy(self, name: &str) -> String {
        match self {
            Self::NotDigits => {
                format!("{name} hanya boleh berisi angka; hapus huruf, spasi dan tanda baca.")
            }
            Self::Length(n) => {
                format!("{name} harus 16 angka; di sini {n}. Periksa pada kartu keluarga.")
            }
            Self::Placeholder => {
                format!("{name} ini hanya pengisi; kosongkan bila belum ada.")
            }
        }
    }
}

/// The hard rules, the same for NIK and KK number.
///
/// # Errors
/// Why it is none.
pub fn sixteen_digits(text: &str) -> Result<(), Fault> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::NotDigits);
    }
    if text.len() != 16 {
        return Err(Fault::Length(text.len()));
    }
    match text.as_bytes() {
        [first, rest @ ..] if rest.iter().all(|b| b == first) => Err(Fault::Placeholder),
        _ => Ok(()),
    }
}

/// What the registry knows of the six digits a NIK begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// A kecamatan of the registry.
    Known,
    /// A city of the registry, but no kecamatan that it has: an old code, or a slip.
    UnknownDistrict,
    /// Another city: somebody who was first registered elsewhere.
    Foreign,
}

/// What deserves a second look; never a reason to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// The kecamatan is in no list of this city's.
    PrefixUnknown,
    /// First registered in another city.
    ForeignRegion,
    /// The digits of the birth date are no day.
    BirthDigits,
    /// The birth date differs from the record's.
    BirthDiffers,
    /// The sex differs from the record's.
    SexDiffers,
    /// Serials begin at 0001.
    Serial,
}

impl Warning {
    /// The code of the field's remark.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PrefixUnknown => "prefix_unknown",
            Self::ForeignRegion => "foreign_region",
            Self::BirthDigits => "birth_digits",
            Self::BirthDiffers => "birth_differs",
            Self::SexDiffers => "sex_differs",
            Self::Serial => "serial",
        }
    }

    /// What to look at.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::PrefixUnknown => {
                "Enam angka pertama NIK bukan kode kecamatan kota ini; mungkin kode lama, periksa pada KTP."
            }
            Self::ForeignRegion => {
                "NIK ini diterbitkan di kota atau kabupaten lain; wajar bagi pendatang, periksa pada KTP."
            }
            Self::BirthDigits => {
                "Angka tanggal lahir di dalam NIK bukan tanggal; periksa pada KTP."
            }
            Self::BirthDiffers => {
                "Tanggal lahir berbeda dari angka di dalam NIK; periksa pada KTP."
            }
            Self::SexDiffers => "Jenis kelamin berbeda dari angka di dalam NIK; periksa pada KTP.",
            Self::Serial => "Empat angka terakhir NIK 0000; mungkin dibulatkan lembar kerja.",
        }
    }

    /// As a remark about `field`.
    pub fn about(self, field: &str) -> FieldProblem {
        FieldProblem {
            field: field.to_owned(),
            code: self.code().to_owned(),
            remedy: self.remedy().to_owned(),
        }
    }
}

/// What is recorded beside a NIK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    /// The birth date.
    pub birth: Option<Day>,
    /// Whether a woman, when that is known.
    pub female: Option<bool>,
    /// Today: nobody was born later.
    pub today: Option<Day>,
}

/// The day a NIK says its bearer was born, within one century or the other: two digits tell no more. `None`: no day.
fn birth_of(day: u32, month: u32, short: u32, today: Option<Day>) -> Option<(u32, u32, u32)> {
    let possible = |century: u32| {
        Day::real(century + short, month, day)
            .is_some_and(|day| today.is_none_or(|today| day <= today))
    };
    (possible(2000) || possible(1900)).then_some((day, month, short))
}

/// What deserves a second look in 16 digits, given the record beside them. The prefix is told by who knows the regions.
pub fn warnings(nik: &str, prefix: Option<Prefix>, beside: Beside) -> Vec<Warning> {
    let part = |from: usize, to: usize| nik.get(from..to).and_then(|t| t.parse().ok()).unwrap_or(0);
    let (shown, month, short): (u32, u32, u32) = (part(6, 8), part(8, 10), part(10, 12));
    // Women's days are counted from 41.
    let female = shown > 40;
    let day = if female { shown - 40 } else { shown };
    let says = birth_of(day, month, short, beside.today);
    let mut found = Vec::new();
    match prefix {
        Some(Prefix::UnknownDistrict) => found.push(Warning::PrefixUnknown),
        Some(Prefix::Foreign) => found.push(Warning::ForeignRegion),
        Some(Prefix::Known) | None => {}
    }
    match (says, beside.birth) {
        (None, _) => found.push(Warning::BirthDigits),
        (Some(says), Some(date)) if says != (date.day, date.month, date.year % 100) => {
            found.push(Warning::BirthDiffers);
        }
        (Some(_), _) => {}
    }
    if says.is_some() && beside.female.is_some_and(|known| known != female) {
        found.push(Warning::SexDiffers);
    }
    if part(12, 16) == 0 {
        found.push(Warning::Serial);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Option<Day> {
        Day::real(2026, 11, 29)
    }

    fn seen(nik: &str, birth: Option<Day>, female: Option<bool>) -> Vec<Warning> {
        let today = today();
        warnings(
            nik,
            Some(Prefix::Known),
            Beside {
                birth,
                female,
                today,
            },
        )
    }

    #[test]
    fn a_number_has_sixteen_digits_and_not_one_digit_sixteen_times() {
        assert_eq!(sixteen_digits("3571031212800001"), Ok(()));
        assert_eq!(sixteen_digits("357103121280001"), Err(Fault::Length(15)));
        assert_eq!(sixteen_digits("35710312128000011"), Err(Fault::Length(17)));
        assert_eq!(sixteen_digits(""), Err(Fault::Length(0)));
        for text in ["357103121280000O", "3571 0312128000", "٣571031212800001"] {
            assert_eq!(sixteen_digits(text), Err(Fault::NotDigits), "{text}");
        }
        for digit in '0'..='9' {
            let same: String = std::iter::repeat_n(digit, 16).collect();
            assert_eq!(sixteen_digits(&same), Err(Fault::Placeholder));
        }
        // But for one digit it would be one.
        assert_eq!(sixteen_digits("1111111111111112"), Ok(()));
    }

    #[test]
    fn a_womans_day_is_forty_more_and_a_mans_is_not() {
        let born = Day::real(1980, 12, 12);
        assert_eq!(seen("3571031212800001", born, Some(false)), []);
        assert_eq!(seen("3571035212800001", born, Some(true)), []);
        let differs = [Warning::SexDiffers];
        assert_eq!(seen("3571035212800001", born, Some(false)), differs);
        assert_eq!(seen("3571031212800001", born, Some(true)), differs);
        assert_eq!(seen("3571035212800001", born, None), []);
        // 41 to 71 and nothing around it.
        let wrong = [Warning::BirthDigits];
        assert_eq!(seen("3571034012800001", None, None), wrong);
        assert_eq!(seen("3571034112800001", None, Some(true)), []);
        assert_eq!(seen("3571037112800001", None, Some(true)), []);
        assert_eq!(seen("3571037212800001", None, None), wrong);
        assert_eq!(seen("3571030012800001", None, None), wrong);
        assert_eq!(seen("3571033212800001", None, None), wrong);
    }

    #[test]
    fn the_digits_of_the_birth_date_are_a_day_and_the_records_day() {
        let born = Day::real(1980, 12, 12);
        assert_eq!(
            seen("3571031312800001", born, None),
            [Warning::BirthDiffers]
        );
        assert_eq!(
            seen("3571031211800001", born, None),
            [Warning::BirthDiffers]
        );
        assert_eq!(
            seen("3571031212810001", born, None),
            [Warning::BirthDiffers]
        );
        assert_eq!(seen("3571031213800001", born, None), [Warning::BirthDigits]);
        assert_eq!(seen("3571031200800001", born, None), [Warning::BirthDigits]);
        assert_eq!(seen("3571033104800001", None, None), [Warning::BirthDigits]);
    }

    #[test]
    fn a_leap_day_is_a_day_in_leap_years_of_either_century_only() {
        for (nik, fine) in [
            ("3571032902960001", true),
            ("3571032902970001", false),
            ("3571032902000001", true),
            ("3571036902040001", true),
            ("3571032902010001", false),
            ("3571036902240001", true),
            ("3571032902250001", false),
        ] {
            assert_eq!(seen(nik, None, None).is_empty(), fine, "{nik}");
        }
        // The year 1900 had none, and 2000 had: the record tells which.
        assert_eq!(seen("3571032902000001", Day::real(2000, 2, 29), None), []);
        assert_eq!(Day::real(1900, 2, 29), None);
    }

    #[test]
    fn two_digits_of_a_year_are_of_a_century_in_which_somebody_can_have_been_born() {
        // 27 is 1927 by now; 26 may be either.
        assert_eq!(seen("3571030101270001", Day::real(1927, 1, 1), None), []);
        assert_eq!(seen("3571030101260001", Day::real(2026, 1, 1), None), []);
        assert_eq!(seen("3571030101260001", Day::real(1926, 1, 1), None), []);
        // 29 February 2028 is to come, and 1928 had one.
        assert_eq!(seen("3571032902280001", None, None), []);
    }

    #[test]
    fn a_serial_begins_at_one() {
        assert_eq!(seen("3571031212800000", None, None), [Warning::Serial]);
        assert_eq!(seen("3571031212800001", None, None), []);
        assert_eq!(seen("3571031212809999", None, None), []);
    }

    #[test]
    fn where_it_was_given_is_told_and_blocks_nothing() {
        let of = |prefix| warnings("3571031212800001", prefix, Beside::default());
        assert_eq!(of(None), []);
        assert_eq!(of(Some(Prefix::Known)), []);
        assert_eq!(of(Some(Prefix::UnknownDistrict)), [Warning::PrefixUnknown]);
        assert_eq!(of(Some(Prefix::Foreign)), [Warning::ForeignRegion]);
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        let day = Day::real(2001, 12, 31);
        for text in ["2001-12-31", "31-12-2001", "31/12/2001", "31.12.2001"] {
            assert_eq!(Day::read(text), day, "{text}");
        }
        for text in [
            "2001-02-29",
            "31-04-2001",
            "12-2001",
            "31-12-01",
            "",
            "a-b-c",
        ] {
            assert_eq!(Day::read(text), None, "{text}");
        }
    }
}
