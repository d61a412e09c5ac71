//! Letters (surat keterangan, surat pemberitahuan): what is printed, how it is numbered, and what a stranger who holds the
//! paper is told.
//!
//! A letter is its printed texts and nothing else: [`LetterContent::canonical`] is what is signed, so a text that is not in
//! it cannot be on the paper either.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, FamilyId, LetterId, NoticeId, PersonId};
use crate::lenient::Lenient;
use crate::problem::FieldProblem;
use crate::reason::ReasonCode;
use crate::region::RegionCode;
use crate::time::Timestamp;

macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            strum::Display, strum::EnumString, strum::VariantArray,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$of])* $variant,)+ }
    };
}

word! {
    /// What a letter says.
    LetterKind {
        /// The person stands in the registry.
        Registered,
        /// The person does not.
        NotRegistered,
        /// A family's place was cancelled: why, on which evidence, and until when and where to appeal.
        Notice,
    }
}

impl LetterKind {
    /// The title on the paper, under a regime's name such as `DTSEN`.
    pub fn title(self, regime: &str) -> String {
        match self {
            Self::Registered => format!("SURAT KETERANGAN TERDAFTAR {regime}"),
            Self::NotRegistered => format!("SURAT KETERANGAN TIDAK TERDAFTAR {regime}"),
            Self::Notice => "SURAT PEMBERITAHUAN".to_owned(),
        }
    }
}

word! {
    /// Whether a letter counts.
    LetterStatus {
        /// It does.
        Valid,
        /// Its time is over.
        Expired,
        /// It was revoked.
        Revoked,
    }
}

/// Whether a letter counts at `now`. A revoked one is told as such for ever.
pub const fn status(
    revoked_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    now: Timestamp,
) -> LetterStatus {
    match (revoked_at, valid_until) {
        (Some(_), _) => LetterStatus::Revoked,
        (None, Some(until)) if until.as_micros() <= now.as_micros() => LetterStatus::Expired,
        (None, Some(_) | None) => LetterStatus::Valid,
    }
}

word! {
    /// Where a letter's number comes from.
    Numbering {
        /// It runs by itself, per office and year.
        Running,
        /// Somebody types it from the agenda book.
        Typed,
    }
}

word! {
    /// How a NIK or KK number stands on a letter.
    NumberShown {
        /// All sixteen digits.
        Full,
        /// Its first four digits.
        Masked,
    }
}

/// Characters of a number as printed.
const MOST_IN_NUMBER: usize = 64;

/// What is wrong with a number or its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    /// Nothing was typed.
    #[error("Isi nomornya.")]
    Empty,
    /// It is too long.
    #[error("Paling banyak 64 karakter.")]
    TooLong,
    /// It has no digit.
    #[error("Nomor surat harus memuat angka.")]
    NoDigit,
    /// It has a character that agenda books do not have.
    #[error("Pakai huruf, angka, spasi dan tanda / . - ( ) saja.")]
    BadCharacter,
    /// It could be somebody's NIK.
    #[error("Jangan menulis NIK atau nomor KK sebagai nomor surat.")]
    PersonalNumber,
    /// The running number is missing.
    #[error("Pola harus memuat {{nomor}} satu kali.")]
    NoRunningNumber,
    /// The year is missing, without which next year's numbers are this year's again.
    #[error("Pola harus memuat {{tahun}}: nomor mulai dari satu lagi setiap tahun.")]
    NoYear,
    /// A placeholder is not one.
    #[error(
        "Isian pola yang dikenal: {{nomor}}, {{nomor:3}}, {{tahun}}, {{bulan}} (Romawi), {{bulan_angka}}."
    )]
    UnknownPlaceholder,
}

impl BadNumber {
    /// The code a program reads.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "missing",
            Self::TooLong => "too_long",
            Self::NoDigit => "no_digit",
            Self::BadCharacter => "bad_character",
            Self::PersonalNumber => "personal_number",
            Self::NoRunningNumber => "no_running_number",
            Self::NoYear => "no_year",
            Self::UnknownPlaceholder => "unknown_placeholder",
        }
    }

    /// As the problem of `field`.
    pub fn of(self, field: &str) -> FieldProblem {
        FieldProblem {
            field: field.to_owned(),
            code: self.code().to_owned(),
            remedy: self.to_string(),
        }
    }
}

const fn is_numberly(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '(' | ')' | ' ')
}

/// The number of a letter as somebody typed it, with its spaces in order.
///
/// # Errors
/// What is wrong with it.
pub fn typed_number(text: &str) -> Result<String, BadNumber> {
    let number = plain_number(text)?;
    // A NIK however it is grouped: sixteen digits and nothing but what groups them.
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let grouped = number
        .chars()
        .all(|c| c.is_ascii_digit() || " .-".contains(c));
    if digits == 16 && grouped {
        return Err(BadNumber::PersonalNumber);
    }
    Ok(number)
}

fn plain_number(text: &str) -> Result<String, BadNumber> {
    let number = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if number.is_empty() {
        return Err(BadNumber::Empty);
    }
    if number.chars().count() > MOST_IN_NUMBER {
        return Err(BadNumber::TooLong);
    }
    if !number.chars().all(is_numberly) {
        return Err(BadNumber::BadCharacter);
    }
    if !number.bytes().any(|b| b.is_ascii_digit()) {
        return Err(BadNumber::NoDigit);
    }
    let joined: String = number.chars().filter(|c| *c != ' ').collect();
    if joined
        .split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() >= 16)
    {
        return Err(BadNumber::PersonalNumber);
    }
    Ok(number)
}

/// What two numbers that people would call one are both known by: `400/ 1 /2026` and `400/1/2026`.
pub fn number_key(number: &str) -> String {
    number
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_uppercase)
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Number { digits: usize },
    Year,
    Month,
    MonthInRoman,
}

/// How an office numbers its letters, such as `400.9/{nomor:3}/419.503/{tahun}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberTemplate(Vec<Part>);

const ROMAN: [&str; 12] = [
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII",
];

impl NumberTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadNumber::Empty);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('{') {
                let (name, after) = inside
                    .split_once('}')
                    .ok_or(BadNumber::UnknownPlaceholder)?;
                parts.push(match name {
                    "nomor" => Part::Number { digits: 1 },
                    "tahun" => Part::Year,
                    "bulan" => Part::MonthInRoman,
                    "bulan_angka" => Part::Month,
                    other => match other.strip_prefix("nomor:") {
                        Some("1") => Part::Number { digits: 1 },
                        Some("2") => Part::Number { digits: 2 },
                        Some("3") => Part::Number { digits: 3 },
                        Some("4") => Part::Number { digits: 4 },
                        Some("5") => Part::Number { digits: 5 },
                        Some(_) | None => return Err(BadNumber::UnknownPlaceholder),
                    },
                });
                rest = after;
            } else {
                let end = rest.find('{').unwrap_or(rest.len());
                let (said, after) = rest.split_at(end);
                if !said.chars().all(is_numberly) {
                    return Err(BadNumber::BadCharacter);
                }
                parts.push(Part::Text(said.to_owned()));
                rest = after;
            }
        }
        let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
        if count(|part| matches!(part, Part::Number { .. })) != 1 {
            return Err(BadNumber::NoRunningNumber);
        }
        if count(|part| matches!(part, Part::Year)) == 0 {
            return Err(BadNumber::NoYear);
        }
        let template = Self(parts);
        // With about the longest that its parts become.
        plain_number(&template.fill(99_999, 9999, 8))?;
        Ok(template)
    }

    /// The number of the `n`th letter of a year. `month`: 1 to 12.
    pub fn fill(&self, n: u32, year: i32, month: u32) -> String {
        let mut number = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => number.push_str(text),
                Part::Number { digits } => {
                    let plain = n.to_string();
                    number.extend(std::iter::repeat_n('0', digits.saturating_sub(plain.len())));
                    number.push_str(&plain);
                }
                Part::Year => number.push_str(&year.to_string()),
                Part::Month => {
                    if month < 10 {
                        number.push('0');
                    }
                    number.push_str(&month.to_string());
                }
                Part::MonthInRoman => {
                    let roman = usize::try_from(month)
                        .ok()
                        .and_then(|month| ROMAN.get(month.checked_sub(1)?));
                    number.push_str(roman.copied().unwrap_or_default());
                }
            }
        }
        number.trim().to_owned()
    }
}

/// How an office's letters look and are numbered: data, a version each time somebody changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfficeSettings {
    /// The lines of the letterhead, the office itself last.
    pub letterhead: Vec<String>,
    /// Address, telephone and the like, beneath.
    pub address: String,
    /// Where letters are signed, such as `Kediri`.
    pub place: String,
    /// Where numbers come from.
    pub numbering: Numbering,
    /// How they are written when they run.
    pub number_template: String,
    /// The office of who signs, such as `LURAH CAMPUREJO`; a line each.
    pub signatory_title: Vec<String>,
    /// Who signs.
    pub signatory_name: String,
    /// That person's number as an official.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatory_nip: Option<String>,
    /// How NIK and KK number are printed.
    pub numbers_shown: NumberShown,
    /// Whether the decile is printed.
    pub shows_decile: bool,
    /// For how many days a surat keterangan counts.
    pub valid_days: u16,
    /// Where a family appeals, such as `Kantor Kelurahan Campurejo, Jl. … , Senin–Jumat 08.00–15.00`.
    pub appeal_at: String,
}

fn bad(field: &str, code: &str, remedy: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        remedy: remedy.to_owned(),
    }
}

impl OfficeSettings {
    /// What a person has to put right; nothing when these settings can be printed.
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut wrong = Vec::new();
        let mut line = |field: &str, text: &str, most: usize| {
            let text = text.trim();
            if text.is_empty() {
                wrong.push(bad(field, "missing", "Isian ini wajib diisi."));
            } else if text.chars().count() > most {
                let remedy = format!("Paling banyak {most} karakter.");
                wrong.push(bad(field, "too_long", &remedy));
            } else if text.chars().any(char::is_control) {
                let remedy = "Tulis dalam satu baris, tanpa karakter khusus.";
                wrong.push(bad(field, "bad_character", remedy));
            }
        };
        for (n, text) in self.letterhead.iter().enumerate() {
            line(&format!("settings.letterhead.{n}"), text, 80);
        }
        line("settings.address", &self.address, 160);
        line("settings.place", &self.place, 60);
        for (n, text) in self.signatory_title.iter().enumerate() {
            line(&format!("settings.signatory_title.{n}"), text, 60);
        }
        line("settings.signatory_name", &self.signatory_name, 80);
        line("settings.appeal_at", &self.appeal_at, 200);
        if let Some(nip) = &self.signatory_nip
            && (nip.chars().filter(char::is_ascii_digit).count() != 18
                || !nip.chars().all(|c| c.is_ascii_digit() || c == ' '))
        {
            let remedy = "NIP terdiri atas 18 angka; kosongkan bila tidak ada.";
            wrong.push(bad("settings.signatory_nip", "length", remedy));
        }
        if self.letterhead.is_empty() || self.letterhead.len() > 4 {
            let remedy = "Isi satu sampai empat baris kop surat.";
            wrong.push(bad("settings.letterhead", "count", remedy));
        }
        if self.signatory_title.is_empty() || self.signatory_title.len() > 3 {
            let remedy = "Isi satu sampai tiga baris jabatan.";
            wrong.push(bad("settings.signatory_title", "count", remedy));
        }
        if !(1..=366).contains(&self.valid_days) {
            let remedy = "Isi 1 sampai 366 hari.";
            wrong.push(bad("settings.valid_days", "range", remedy));
        }
        match self.numbering {
            Numbering::Running => {
                if let Err(problem) = NumberTemplate::parse(&self.number_template) {
                    wrong.push(problem.of("settings.number_template"));
                }
            }
            Numbering::Typed => {}
        }
        wrong
    }
}

/// `POST /v1/letter-offices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetLetterOffice {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version before the change; 0: there is none yet.
    pub seen_version: i32,
    /// Whose letters: a village, or a city or district for all below that have no settings of their own.
    pub region: RegionCode,
    /// How they look from now on.
    pub settings: OfficeSettings,
    /// The next running number of this year, when an agenda book was used before. Absent: it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_number: Option<u32>,
}

/// One version of an office's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterOfficeView {
    /// Whose letters.
    pub region: RegionCode,
    /// Its name.
    pub name: String,
    /// Which version.
    pub version: i32,
    /// How they look.
    pub settings: OfficeSettings,
    /// The next running number of this year.
    pub next_number: u32,
    /// Since when.
    pub recorded_at: Timestamp,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by_name: Option<String>,
}

/// Whom or what a letter is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LetterSubject {
    /// A member of a family of the registry.
    Registered {
        /// The family.
        family: FamilyId,
        /// The member.
        person: PersonId,
    },
    /// Somebody of whom the registry knows nothing; as the KTP has it.
    NotRegistered {
        /// The NIK.
        nik: String,
        /// The name.
        name: String,
        /// Such as `1980-12-31`.
        birth_date: String,
        /// The address.
        address: String,
        /// RT.
        rt: String,
        /// RW.
        rw: String,
        /// The village.
        region: RegionCode,
    },
    /// A cancellation that a family is to be told of.
    Notice {
        /// Which.
        notice: NoticeId,
    },
}

impl std::fmt::Debug for LetterSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Registered { .. } => "Registered",
            Self::NotRegistered { .. } => "NotRegistered",
            Self::Notice { .. } => "Notice",
        })
    }
}

/// `POST /v1/letters/preview`: what would be printed. Logged as a read with its purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewLetter {
    /// Whom or what it is about.
    pub subject: LetterSubject,
    /// What the letter is for, 8 to 200 characters; printed. A notice needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// The reply to [`PreviewLetter`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterPreview {
    /// What would be printed; its number is the next one, or empty when it is to be typed.
    pub content: LetterContent,
    /// Where its number comes from.
    pub numbering: Numbering,
    /// A notice's letter that is there already: to be printed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<LetterId>,
}

/// `POST /v1/letters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssueLetter {
    /// Repeating the request repeats this. The letter's id is the same.
    pub event_id: EventId,
    /// Whom or what it is about.
    pub subject: LetterSubject,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Its number, where the office types them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// `POST /v1/letters/{id}/revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeLetter {
    /// Repeating the request repeats this.
    pub event_id: EventId,
    /// The version that was before the eyes.
    pub seen_version: i32,
    /// One of [`LETTER_REVOCATIONS`](crate::reason::LETTER_REVOCATIONS).
    pub reason: ReasonCode,
}

/// A letter, to whoever may see its family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterView {
    /// Its id.
    pub id: LetterId,
    /// Its version.
    pub version: i32,
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = LetterKind))]
    pub kind: Lenient<LetterKind>,
    /// Its number.
    pub number: String,
    /// About whom, by name.
    pub name: String,
    /// The village.
    pub region: RegionCode,
    /// The family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The notice that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by_name: Option<String>,
    /// Until when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Whether it counts now.
    #[cfg_attr(feature = "openapi", schema(value_type = LetterStatus))]
    pub status: Lenient<LetterStatus>,
    /// How often it was printed.
    pub copies: u16,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by_name: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<ReasonCode>,
}

/// One line of a letter: what it is and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterLine {
    /// By which it is compared, such as `name`.
    pub key: String,
    /// What stands before the colon.
    pub label: String,
    /// What stands behind it.
    pub value: String,
}

/// Everything that is printed on a letter, and nothing else; the number of the copy comes with each print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterContent {
    /// How it is laid out; a letter is printed again as it was.
    pub layout: u16,
    /// What it says.
    pub kind: LetterKind,
    /// The lines of the letterhead.
    pub letterhead: Vec<String>,
    /// What stands beneath.
    pub office_address: String,
    /// The title.
    pub title: String,
    /// The number.
    pub number: String,
    /// To whom, a line each; a surat keterangan has none.
    pub addressee: Vec<String>,
    /// What stands before the lines.
    pub opening: String,
    /// The lines.
    pub lines: Vec<LetterLine>,
    /// What stands after them.
    pub paragraphs: Vec<String>,
    /// Place and day.
    pub dated: String,
    /// The office of who signs.
    pub signatory_title: Vec<String>,
    /// Who signs.
    pub signatory_name: String,
    /// That person's number.
    pub signatory_nip: String,
}

/// What the bytes that are signed begin with.
const CANONICAL: &[u8] = b"tilik-letter-1\0";

impl LetterContent {
    /// The layout that new letters have.
    pub const LAYOUT: u16 = 1;

    /// Every printed text, in a fixed order.
    fn texts(&self) -> Vec<&str> {
        // Named one by one: a new field does not compile until it is signed too.
        let Self {
            layout: _,
            kind: _,
            letterhead,
            office_address,
            title,
            number,
            addressee,
            opening,
            lines,
            paragraphs,
            dated,
            signatory_title,
            signatory_name,
            signatory_nip,
        } = self;
        let mut texts: Vec<&str> = Vec::new();
        texts.extend(letterhead.iter().map(String::as_str));
        texts.extend([office_address.as_str(), title, number]);
        texts.extend(addressee.iter().map(String::as_str));
        texts.push(opening);
        for line in lines {
            texts.extend([line.key.as_str(), line.label.as_str(), line.value.as_str()]);
        }
        texts.extend(paragraphs.iter().map(String::as_str));
        texts.push(dated);
        texts.extend(signatory_title.iter().map(String::as_str));
        texts.extend([signatory_name.as_str(), signatory_nip]);
        texts
    }

    /// The bytes that the signature of one copy is over: no two letters or copies have the same.
    pub fn canonical(&self, token: &[u8; 16], copy: u16) -> Vec<u8> {
        let mut bytes = CANONICAL.to_vec();
        bytes.extend_from_slice(token);
        bytes.extend_from_slice(&copy.to_be_bytes());
        bytes.extend_from_slice(&self.layout.to_be_bytes());
        let mut put = |text: &str| {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        put(&self.kind.to_string());
        // How many of each come, so that a text cannot move from one list to the next.
        for count in [
            self.letterhead.len(),
            self.addressee.len(),
            self.lines.len(),
            self.paragraphs.len(),
            self.signatory_title.len(),
        ] {
            put(&count.to_string());
        }
        for text in self.texts() {
            put(text);
        }
        bytes
    }

    /// A line's text.
    pub fn line(&self, key: &str) -> Option<&str> {
        let line = self.lines.iter().find(|line| line.key == key)?;
        Some(&line.value)
    }

    /// The name it is about, as a stranger with the paper in hand is told it.
    pub fn masked_name(&self) -> String {
        masked_name(self.line("name").unwrap_or_default())
    }
}

/// The first letter of each word, and as many stars as it has letters more: enough to compare with a paper, too little to
/// learn a name from.
pub fn masked_name(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().collect();
        first + &"*".repeat(letters.count())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether somebody who types what stands on a paper means `value`: capitals, spaces and stops do not count.
pub fn is_same(typed: &str, value: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric() || *c == '*')
            .flat_map(char::to_lowercase)
            .collect()
    };
    plain(typed) == plain(value)
}

/// One text that stands on a paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompareLine {
    /// Which line, by its key.
    pub key: String,
    /// What the paper says.
    pub value: String,
}

impl std::fmt::Debug for CompareLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompareLine").finish_non_exhaustive()
    }
}

/// `POST /v1/letters/check`: what a QR code says. It stands in the body and never in a URL.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckLetter {
    /// The code.
    pub code: String,
    /// What the paper says, to be compared; at most 12.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compare: Vec<CompareLine>,
}

impl std::fmt::Debug for CheckLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckLetter").finish_non_exhaustive()
    }
}

/// A line that can be compared: what it is, never what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineName {
    /// By which it is compared.
    pub key: String,
    /// What stands before the colon.
    pub label: String,
}

/// Whether a paper says what was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedLine {
    /// Which line.
    pub key: String,
    /// Whether it is the same.
    pub same: bool,
}

/// The reply to [`CheckLetter`]: what a stranger who holds the paper may know, to compare with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterChecked {
    /// Its number.
    pub number: String,
    /// The office that issued it.
    pub office: String,
    /// The village it is about.
    pub village: String,
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = LetterKind))]
    pub kind: Lenient<LetterKind>,
    /// Its title.
    pub title: String,
    /// Whether it counts.
    #[cfg_attr(feature = "openapi", schema(value_type = LetterStatus))]
    pub status: Lenient<LetterStatus>,
    /// Place and day as printed.
    pub dated: String,
    /// Until when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Since when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// The name: first letters and stars.
    pub name_masked: String,
    /// Which copy the code was printed on.
    pub copy: u16,
    /// How many there are.
    pub copies: u16,
    /// Printed for practice: it never counts.
    pub training: bool,
    /// What can be compared.
    pub lines: Vec<LineName>,
    /// What was compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<ComparedLine>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content() -> LetterContent {
        let line = |key: &str, label: &str, value: &str| LetterLine {
            key: key.to_owned(),
            label: label.to_owned(),
            value: value.to_owned(),
        };
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        LetterContent {
            layout: LetterContent::LAYOUT,
            kind: LetterKind::Registered,
            letterhead: all(&["PEMERINTAH KOTA KEDIRI", "KELURAHAN CAMPUREJO"]),
            office_address: "Jl. Raya Campurejo 1".to_owned(),
            title: "SURAT KETERANGAN TERDAFTAR DTSEN".to_owned(),
            number: "400/001/2026".to_owned(),
            addressee: all(&["Yth. Sdr. SITI AMINAH"]),
            opening: "Menerangkan bahwa:".to_owned(),
            lines: vec![
                line("name", "Nama", "SITI AMINAH"),
                line("nik", "NIK", "3571035212820001"),
            ],
            paragraphs: all(&["terdaftar.", "Demikian."]),
            dated: "Kediri, 29 November 2026".to_owned(),
            signatory_title: all(&["LURAH CAMPUREJO"]),
            signatory_name: "BUDI SANTOSO, S.Sos".to_owned(),
            signatory_nip: "NIP 197501012000031001".to_owned(),
        }
    }

    /// Every text of a JSON value, each changed by itself.
    fn altered(value: &serde_json::Value) -> Vec<serde_json::Value> {
        use serde_json::Value;
        match value {
            Value::String(text) => {
                let mut longer = text.clone();
                longer.push('0');
                let mut all = vec![Value::String(longer)];
                let mut letters: Vec<char> = text.chars().collect();
                if let Some(last) = letters.last_mut() {
                    *last = if *last == 'x' { 'y' } else { 'x' };
                    all.push(Value::String(letters.into_iter().collect()));
                }
                all
            }
            Value::Array(items) => {
                let mut all = Vec::new();
                for (n, item) in items.iter().enumerate() {
                    for other in altered(item) {
                        let mut items = items.clone();
                        items[n] = other;
                        all.push(Value::Array(items));
                    }
                    let mut fewer = items.clone();
                    fewer.remove(n);
                    all.push(Value::Array(fewer));
                }
                let mut turned = items.clone();
                turned.reverse();
                if turned != *items {
                    all.push(Value::Array(turned));
                }
                all
            }
            Value::Object(fields) => {
                let mut all = Vec::new();
                for (name, item) in fields {
                    for other in altered(item) {
                        let mut fields = fields.clone();
                        fields.insert(name.clone(), other);
                        all.push(Value::Object(fields));
                    }
                }
                all
            }
            Value::Number(n) => vec![Value::from(n.as_u64().unwrap_or_default() + 1)],
            Value::Null | Value::Bool(_) => Vec::new(),
        }
    }

    #[test]
    fn whatever_text_is_altered_other_bytes_are_signed() {
        let token = [7; 16];
        let whole = content().canonical(&token, 1);
        let mut seen = 0;
        for other in altered(&serde_json::to_value(content()).unwrap()) {
            // A kind that is none is no letter.
            let Ok(other) = serde_json::from_value::<LetterContent>(other) else {
                continue;
            };
            seen += 1;
            assert_ne!(other.canonical(&token, 1), whole, "{other:?}");
        }
        assert!(seen > 40, "{seen}");
        for kind in [LetterKind::NotRegistered, LetterKind::Notice] {
            let other = LetterContent { kind, ..content() };
            assert_ne!(other.canonical(&token, 1), whole);
        }
        assert_ne!(content().canonical(&token, 2), whole);
        assert_ne!(content().canonical(&[8; 16], 1), whole);
    }

    #[test]
    fn a_text_that_moves_to_the_next_list_is_another_letter() {
        let token = [7; 16];
        let whole = content().canonical(&token, 1);
        let mut moved = content();
        moved.office_address = moved.letterhead.pop().unwrap();
        assert_ne!(moved.canonical(&token, 1), whole);
        let mut moved = content();
        let last = moved.letterhead.pop().unwrap();
        moved.letterhead[0].push_str(&last);
        assert_ne!(moved.canonical(&token, 1), whole);
    }

    proptest! {
        #[test]
        fn two_letters_sign_the_same_bytes_only_if_they_are_one(
            one in proptest::collection::vec("[ -~]{0,4}", 0..4),
            other in proptest::collection::vec("[ -~]{0,4}", 0..4),
        ) {
            let of = |texts: &[String]| LetterContent { paragraphs: texts.to_vec(), ..content() };
            let same = of(&one).canonical(&[1; 16], 1) == of(&other).canonical(&[1; 16], 1);
            prop_assert_eq!(same, one == other);
        }

        #[test]
        fn no_text_makes_a_template_panic(text in ".{0,80}") {
            if let Ok(template) = NumberTemplate::parse(&text) {
                let number = template.fill(7, 2026, 11);
                prop_assert!(plain_number(&number).is_ok(), "{number}");
                prop_assert_ne!(number, template.fill(8, 2026, 11));
            }
        }
    }

    #[test]
    fn a_template_fills_in_number_month_and_year() {
        let template = NumberTemplate::parse("400.9/{nomor:3}/419.503/{bulan}/{tahun}").unwrap();
        assert_eq!(template.fill(7, 2026, 11), "400.9/007/419.503/XI/2026");
        assert_eq!(template.fill(1234, 2026, 1), "400.9/1234/419.503/I/2026");
        let template = NumberTemplate::parse("{nomor}/{bulan_angka}/{tahun}").unwrap();
        assert_eq!(template.fill(7, 2026, 3), "7/03/2026");
        for other in ["470-{nomor}-{tahun}", "400.9.{nomor:5}.419.503.{tahun}"] {
            assert!(NumberTemplate::parse(other).is_ok(), "{other}");
        }
    }

    #[test]
    fn a_template_without_number_or_year_or_with_something_strange_is_refused_with_the_remedy() {
        for (text, problem) in [
            ("", BadNumber::Empty),
            ("400/{tahun}", BadNumber::NoRunningNumber),
            ("{nomor}/{nomor}/{tahun}", BadNumber::NoRunningNumber),
            ("{nomor}/400", BadNumber::NoYear),
            ("{nomor}/{minggu}/{tahun}", BadNumber::UnknownPlaceholder),
            ("{nomor:9}/{tahun}", BadNumber::UnknownPlaceholder),
            ("{nomor/{tahun}", BadNumber::UnknownPlaceholder),
            ("{nomor}/{tahun}/<b>", BadNumber::BadCharacter),
            (
                "{nomor}/{tahun}/3571035212820001",
                BadNumber::PersonalNumber,
            ),
        ] {
            assert_eq!(NumberTemplate::parse(text), Err(problem), "{text}");
        }
        let long = format!("{{nomor}}/{{tahun}}/{}", "A".repeat(60));
        assert_eq!(NumberTemplate::parse(&long), Err(BadNumber::TooLong));
    }

    #[test]
    fn a_typed_number_is_one_and_nobodys_nik() {
        assert_eq!(typed_number("  400 /  12/2026 ").unwrap(), "400 / 12/2026");
        assert_eq!(number_key("400 / 12/2026"), number_key("400/12/2026"));
        assert_eq!(number_key("a1"), number_key("A1"));
        assert_eq!(typed_number(" "), Err(BadNumber::Empty));
        assert_eq!(typed_number("agenda"), Err(BadNumber::NoDigit));
        assert_eq!(typed_number("12\u{202e}"), Err(BadNumber::BadCharacter));
        assert_eq!(
            typed_number("3571.0352-1282 0001"),
            Err(BadNumber::PersonalNumber)
        );
    }

    #[test]
    fn a_revoked_letter_stays_revoked_and_one_expires_at_its_hour() {
        let at = |s: i64| Timestamp::from_micros(s * 1_000_000);
        assert_eq!(status(None, Some(at(10)), at(9)), LetterStatus::Valid);
        assert_eq!(status(None, Some(at(10)), at(10)), LetterStatus::Expired);
        assert_eq!(status(None, None, at(10)), LetterStatus::Valid);
        assert_eq!(
            status(Some(at(1)), Some(at(10)), at(9)),
            LetterStatus::Revoked
        );
        assert_eq!(status(Some(at(1)), None, at(99)), LetterStatus::Revoked);
    }

    #[test]
    fn a_masked_name_tells_first_letters_and_lengths_only() {
        assert_eq!(masked_name("SITI  AMINAH"), "S*** A*****");
        assert_eq!(masked_name("Ó B"), "Ó B");
        assert_eq!(masked_name(""), "");
    }

    #[test]
    fn what_is_typed_from_a_paper_need_not_have_its_capitals_and_spaces_but_its_letters() {
        assert!(is_same("siti aminah", "SITI  AMINAH"));
        assert!(is_same("3571 0352 1282 0001", "3571035212820001"));
        assert!(!is_same("siti aminah", "SITI AMINA"));
        assert!(!is_same("", "SITI"));
        assert!(!is_same("3571035212820002", "3571035212820001"));
    }

    #[test]
    fn settings_that_cannot_be_printed_name_the_field() {
        let good = OfficeSettings {
            letterhead: vec!["KELURAHAN CAMPUREJO".to_owned()],
            address: "Jl. Raya 1".to_owned(),
            place: "Kediri".to_owned(),
            numbering: Numbering::Running,
            number_template: "{nomor}/{tahun}".to_owned(),
            signatory_title: vec!["LURAH".to_owned()],
            signatory_name: "BUDI".to_owned(),
            signatory_nip: Some("19750101 200003 1 001".to_owned()),
            numbers_shown: NumberShown::Full,
            shows_decile: false,
            valid_days: 90,
            appeal_at: "Kantor kelurahan".to_owned(),
        };
        assert_eq!(good.problems(), []);
        let names = |settings: OfficeSettings| -> Vec<String> {
            settings
                .problems()
                .into_iter()
                .map(|one| one.field)
                .collect()
        };
        let mut wrong = good.clone();
        wrong.letterhead.clear();
        wrong.signatory_name = " ".to_owned();
        wrong.signatory_nip = Some("12".to_owned());
        wrong.valid_days = 0;
        wrong.number_template = "{nomor}".to_owned();
        assert_eq!(
            names(wrong.clone()),
            [
                "settings.signatory_name",
                "settings.signatory_nip",
                "settings.letterhead",
                "settings.valid_days",
                "settings.number_template",
            ]
        );
        wrong.numbering = Numbering::Typed;
        assert!(!names(wrong).contains(&"settings.number_template".to_owned()));
        let mut wrong = good;
        wrong.address = "satu\ndua".to_owned();
        assert_eq!(names(wrong), ["settings.address"]);
    }
}
