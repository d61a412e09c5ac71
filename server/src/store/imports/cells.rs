//! What a cell may hold. A refusal says what to do and never repeats the value.

use tilik_protocol::nik::{self, Day as Date, Fault};
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use tilik_protocol::training::TRAINING_PROGRAM;

use crate::sheet::{Row, problem};
use crate::store::rules;

/// A line being looked at: every one of its problems is told, not only the first.
pub(super) struct Look<'a> {
    pub row: &'a Row,
    pub problems: Vec<FieldProblem>,
    pub remarks: Vec<FieldProblem>,
}

impl<'a> Look<'a> {
    pub(super) fn at(row: &'a Row) -> Self {
        Self {
            row,
            problems: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The value, or nothing and one more problem.
    pub(super) fn take<T>(&mut self, value: Result<T, FieldProblem>) -> Option<T> {
        value.map_err(|reason| self.problems.push(reason)).ok()
    }

    pub(super) fn remark(&mut self, field: &str, code: &str, remedy: &str) {
        self.remarks.push(problem(field, code, remedy));
    }
}

/// 16 digits of a NIK or KK number; nothing when the cell is empty.
pub(super) fn sixteen(field: &str, cell: &str) -> Result<Option<String>, FieldProblem> {
    // A spreadsheet that was told "this is text" may have left its mark.
    let digits = cell.strip_prefix('\'').unwrap_or(cell).trim();
    if digits.is_empty() {
        return Ok(None);
    }
    let name = field.replace('_', " ").to_uppercase();
    let as_text = "Jadikan kolom ini teks di lembar kerja, isi ulang dari sumbernya, lalu simpan.";
    let number = |c: char| c.is_ascii_digit() || "+-.,".contains(c);
    if let Some((mantissa, exponent)) = digits.split_once(['e', 'E'])
        && !mantissa.is_empty()
        && !exponent.is_empty()
        && mantissa.chars().all(number)
        && exponent.chars().all(number)
    {
        return Err(problem(
            field,
            "scientific",
            format!("Lembar kerja mengubah {name} menjadi bilangan berpangkat. {as_text}"),
        ));
    }
    match nik::sixteen_digits(digits) {
        Ok(()) => {}
        Err(Fault::Length(n @ 12..16)) => {
            return Err(problem(
                field,
                "length",
                format!(
                    "{name} harus 16 angka; di sini {n}. Bila angka 0 di depan hilang karena lembar kerja: {as_text}"
                ),
            ));
        }
        Err(fault) => return Err(problem(field, fault.code(), fault.remedy(&name))),
    }
    Ok(Some(digits.to_owned()))
}

/// The day of an instant, where the region is.
pub(in crate::store) fn day_of(region: &RegionCode, at: Timestamp) -> Option<Date> {
    let (year, month, day) = rules::day_of(region, at);
    Some(Date {
        year: u32::try_from(year).ok()?,
        month,
        day,
    })
}

/// A day between 1900 and `today`; nothing when the cell is empty.
pub(in crate::store) fn past_date(
    field: &str,
    cell: &str,
    today: Option<Date>,
) -> Result<Option<Date>, FieldProblem> {
    // Spreadsheets add midnight to a day.
    let day = cell.split([' ', 'T']).next().unwrap_or_default();
    if day.is_empty() {
        return Ok(None);
    }
    let date = Date::read(day).ok_or_else(|| {
        problem(
            field,
            "not_a_date",
            "Tanggal ini tidak ada atau bentuknya lain; tulis seperti 31-12-1980 atau 1980-12-31.",
        )
    })?;
    if date.year < 1900 || today.is_some_and(|today| date > today) {
        return Err(problem(
            field,
            "not_possible",
            "Isi tanggal antara tahun 1900 dan hari ini.",
        ));
    }
    Ok(Some(date))
}

/// Words that people read: not empty, not endless, no control characters.
pub(in crate::store) fn words(
    field: &str,
    cell: &str,
    longest: usize,
) -> Result<String, FieldProblem> {
    let text = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err(problem(field, "empty", "Isi kolom ini."));
    }
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        return Err(problem(
            field,
            "too_long",
            format!("Tulis paling banyak {longest} huruf dalam satu baris."),
        ));
    }
    Ok(text)
}

/// A person's name: words with at least one letter.
pub(in crate::store) fn name(field: &str, cell: &str) -> Result<String, FieldProblem> {
    let text = words(field, cell, 120)?;
    if text.chars().any(char::is_alphabetic) {
        Ok(text)
    } else {
        Err(problem(
            field,
            "no_letters",
            "Kolom ini berisi nama; periksa apakah kolom bergeser.",
        ))
    }
}

/// A whole number between two bounds; nothing when the cell is empty.
pub(super) fn number(
    field: &str,
    cell: &str,
    (least, most): (i32, i32),
) -> Result<Option<i32>, FieldProblem> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse()
        .ok()
        .filter(|n| (least..=most).contains(n))
        .map(Some)
        .ok_or_else(|| {
            problem(
                field,
                "not_a_number",
                format!("Isi bilangan bulat {least} sampai {most}."),
            )
        })
}

/// As [`number`], and it must be there.
pub(super) fn some_number(field: &str, cell: &str, span: (i32, i32)) -> Result<i32, FieldProblem> {
    number(field, cell, span)?.ok_or_else(|| problem(field, "empty", "Isi kolom ini."))
}

/// Yes or no; `otherwise` when the cell is empty.
pub(super) fn yes(field: &str, cell: &str, otherwise: bool) -> Result<bool, FieldProblem> {
    match cell.to_lowercase().as_str() {
        "" => Ok(otherwise),
        "ya" | "y" | "yes" | "true" | "1" => Ok(true),
        "tidak" | "t" | "no" | "n" | "false" | "0" | "-" => Ok(false),
        _ => Err(problem(field, "not_yes_or_no", "Isi ya atau tidak.")),
    }
}

/// RT or RW as three digits.
pub(in crate::store) fn neighbourhood(field: &str, cell: &str) -> Result<String, FieldProblem> {
    if cell.len() <= 3 && cell.bytes().all(|b| b.is_ascii_digit()) {
        Ok(format!("{cell:0>3}"))
    } else {
        Err(problem(
            field,
            "not_a_number",
            "Isi paling banyak tiga angka, seperti 003.",
        ))
    }
}

/// A program's code as it is compared.
pub(super) fn program_code(field: &str, cell: &str) -> Result<String, FieldProblem> {
    let code = cell.to_uppercase();
    let fits = (2..=24).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b));
    if code == TRAINING_PROGRAM {
        Err(problem(
            field,
            "for_training",
            "Kode ini hanya untuk mode latihan; pakai kode lain.",
        ))
    } else if fits {
        Ok(code)
    } else {
        Err(problem(
            field,
            "bad_shape",
            "Kode program 2 sampai 24 huruf besar, angka, - atau _, seperti SEMBAKO.",
        ))
    }
}

/// A region's code, with its dots or without.
pub(super) fn region_code(field: &str, cell: &str) -> Result<RegionCode, FieldProblem> {
    let digits = cell.bytes().all(|b| b.is_ascii_digit());
    let dotted = match cell.len() {
        4 if digits => format!("{}.{}", &cell[..2], &cell[2..]),
        6 if digits => format!("{}.{}.{}", &cell[..2], &cell[2..4], &cell[4..]),
        10 if digits => format!(
            "{}.{}.{}.{}",
            &cell[..2],
            &cell[2..4],
            &cell[4..6],
            &cell[6..]
        ),
        _ => cell.to_owned(),
    };
    dotted.parse().map_err(|_| {
        problem(
            field,
            "bad_shape",
            "Tulis kode wilayah Kemendagri seperti 35.71.03.1009; jadikan kolom ini teks di lembar kerja.",
        )
    })
}

/// A name as it is searched.
pub(in crate::store) fn name_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, FieldProblem>) -> String {
        result.unwrap_err().code
    }

    #[test]
    fn a_nik_that_a_spreadsheet_spoilt_is_told_apart_from_one_mistyped() {
        let good = sixteen("nik", "3571031212800001").unwrap();
        assert_eq!(good.as_deref(), Some("3571031212800001"));
        assert_eq!(sixteen("nik", "'3571031212800001").unwrap(), good);
        assert_eq!(sixteen("nik", " ").unwrap(), None);
        assert_eq!(code(sixteen("nik", "3.57E+15")), "scientific");
        assert_eq!(code(sixteen("nik", "3,57103E+15")), "scientific");
        assert_eq!(code(sixteen("nik", "357103121280001")), "length");
        assert_eq!(code(sixteen("nik", "35710312128000012")), "length");
        assert_eq!(code(sixteen("nik", "357103121280000O")), "not_digits");
        assert_eq!(code(sixteen("nik", "3571 0312 1280 0001")), "not_digits");
        assert_eq!(code(sixteen("nik", "9999999999999999")), "placeholder");
        let told = sixteen("nik", "357103121280001").unwrap_err().remedy;
        assert!(told.contains("15") && !told.contains("3571"), "{told}");
    }

    #[test]
    fn dates_are_read_as_offices_write_them_and_must_exist() {
        let date = |text: &str| past_date("tanggal_lahir", text, None);
        let expected = Some(Date {
            year: 2000,
            month: 2,
            day: 29,
        });
        for text in [
            "2000-02-29",
            "29-02-2000",
            "29/2/2000",
            "29.02.2000",
            "2000-02-29 00:00:00",
        ] {
            assert_eq!(date(text).unwrap(), expected, "{text}");
        }
        assert_eq!(date("").unwrap(), None);
        for text in [
            "1900-02-29",
            "31-04-1990",
            "36526",
            "12-31-1990",
            "29-02-00",
        ] {
            assert_eq!(code(date(text)), "not_a_date", "{text}");
        }
        let today = Date {
            year: 2026,
            month: 11,
            day: 24,
        };
        assert_eq!(
            code(past_date("d", "2026-11-25", Some(today))),
            "not_possible"
        );
        assert_eq!(
            code(past_date("d", "1899-12-31", Some(today))),
            "not_possible"
        );
        assert!(past_date("d", "2026-11-24", Some(today)).is_ok());
        // At half past six in Kediri it is still yesterday in Greenwich; at half past eleven at night it is tomorrow nowhere.
        let kediri: RegionCode = "35.71".parse().unwrap();
        for now in ["2026-11-23T23:30:00Z", "2026-11-24T16:30:00Z"] {
            assert_eq!(day_of(&kediri, now.parse().unwrap()), Some(today), "{now}");
        }
    }

    #[test]
    fn a_region_code_is_read_with_and_without_dots() {
        for text in ["35.71.03.1009", "3571031009"] {
            assert_eq!(region_code("w", text).unwrap().as_str(), "35.71.03.1009");
        }
        assert_eq!(region_code("w", "3571").unwrap().as_str(), "35.71");
        assert_eq!(code(region_code("w", "357103100")), "bad_shape");
        assert_eq!(code(region_code("w", "35.7103E+1")), "bad_shape");
    }
}
