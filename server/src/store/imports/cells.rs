//! What a cell may hold. A refusal says what to do and never repeats the value.

use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use tilik_protocol::training::TRAINING_PROGRAM;

use crate::sheet::{Row, problem};

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
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(problem(
            field,
            "not_digits",
            format!("{name} hanya boleh berisi angka; hapus huruf, spasi dan tanda baca."),
        ));
    }
    match digits.len() {
        16 => {}
        n @ 12..16 => {
            return Err(problem(
                field,
                "length",
                format!(
                    "{name} harus 16 angka; di sini {n}. Bila angka 0 di depan hilang karena lembar kerja: {as_text}"
                ),
            ));
        }
        n => {
            return Err(problem(
                field,
                "length",
                format!("{name} harus 16 angka; di sini {n}. Periksa pada kartu keluarga."),
            ));
        }
    }
    let first = digits.as_bytes()[0];
    if digits.bytes().all(|b| b == first) {
        return Err(problem(
            field,
            "placeholder",
            format!("{name} ini hanya pengisi; kosongkan bila belum ada."),
        ));
    }
    Ok(Some(digits.to_owned()))
}

/// A date: `2001-12-31`, `31-12-2001`, `31/12/2001` or `31.12.2001`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(super) struct Date {
    pub year: u32,
    pub month: u32,
    pub day: u32,
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Date {
    fn read(cell: &str) -> Option<Self> {
        let parts: Vec<&str> = cell.split(['-', '/', '.']).collect();
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

    fn real(year: u32, month: u32, day: u32) -> Option<Self> {
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

    /// The day of an instant.
    pub(super) fn of(at: Timestamp) -> Option<Self> {
        Self::read(at.to_string().get(..10)?)
    }
}

/// A day between 1900 and `today`; nothing when the cell is empty.
pub(super) fn past_date(
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

/// What a NIK's digits say of birth and sex. Not the truth (a NIK is not corrected when a birth date is), only a reason
/// to look again.
pub(super) struct NikSays {
    /// Day, month and the year's last two digits, when they are a day at all.
    birth: Option<(u32, u32, u32)>,
    female: bool,
    serial: u32,
}

impl NikSays {
    pub(super) fn of(nik: &str) -> Self {
        let part =
            |from: usize, to: usize| nik.get(from..to).and_then(|t| t.parse().ok()).unwrap_or(0);
        let (shown, month, year) = (part(6, 8), part(8, 10), part(10, 12));
        let female = shown > 40;
        let day = if female { shown - 40 } else { shown };
        // 2000 is a leap year: in doubt 29 February is a day.
        let real =
            Date::real(2000 + year, month, day).or_else(|| Date::real(1900 + year, month, day));
        Self {
            birth: real.map(|_| (day, month, year)),
            female,
            serial: part(12, 16),
        }
    }

    /// What deserves a second look, given the record beside it.
    pub(super) fn remarks(&self, birth: Option<Date>, sex: Option<&str>) -> Vec<FieldProblem> {
        let mut remarks = Vec::new();
        let mut remark = |code: &str, remedy: &str| remarks.push(problem("nik", code, remedy));
        match (self.birth, birth) {
            (None, _) => remark(
                "birth_digits",
                "Angka tanggal lahir di dalam NIK bukan tanggal; periksa pada KTP.",
            ),
            (Some((day, month, year)), Some(date))
                if (day, month, year) != (date.day, date.month, date.year % 100) =>
            {
                remark(
                    "birth_differs",
                    "Tanggal lahir berbeda dari angka di dalam NIK; periksa pada KTP.",
                );
            }
            (Some(_), _) => {}
        }
        if self.birth.is_some() && sex.is_some_and(|sex| (sex == "female") != self.female) {
            remark(
                "sex_differs",
                "Jenis kelamin berbeda dari angka di dalam NIK; periksa pada KTP.",
            );
        }
        if self.serial == 0 {
            remark(
                "serial",
                "Empat angka terakhir NIK 0000; mungkin dibulatkan lembar kerja.",
            );
        }
        remarks
    }
}

/// Words that people read: not empty, not endless, no control characters.
pub(super) fn words(field: &str, cell: &str, longest: usize) -> Result<String, FieldProblem> {
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
pub(super) fn name(field: &str, cell: &str) -> Result<String, FieldProblem> {
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
pub(super) fn neighbourhood(field: &str, cell: &str) -> Result<String, FieldProblem> {
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
        let now: Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
        assert_eq!(Date::of(now), Some(today));
    }

    #[test]
    fn a_nik_only_gives_reason_to_look_again() {
        let born = Date {
            year: 1980,
            month: 12,
            day: 12,
        };
        let codes = |nik: &str, sex: &str| -> Vec<String> {
            NikSays::of(nik)
                .remarks(Some(born), Some(sex))
                .into_iter()
                .map(|remark| remark.code)
                .collect()
        };
        assert!(codes("3571031212800001", "male").is_empty());
        assert!(codes("3571035212800001", "female").is_empty());
        assert_eq!(codes("3571035212800001", "male"), ["sex_differs"]);
        assert_eq!(codes("3571031312800001", "male"), ["birth_differs"]);
        assert_eq!(codes("3571033513800001", "male"), ["birth_digits"]);
        assert_eq!(codes("3571031212800000", "male"), ["serial"]);
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
