//! What an operator typed, looked at field by field: every problem is told at once, and so is every warning, which a tick lets
//! pass.

use std::collections::{HashMap, HashSet};

use tilik_protocol::family::{Domicile, NewPerson, Relation, Sex};
use tilik_protocol::nik::{self, Beside, Day};
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::time::Timestamp;

use crate::error::{Error, Result};
use crate::sheet::problem;
use crate::store::imports::{Places, day_of, name, neighbourhood, past_date, words};

/// A member as read: everything in its one spelling.
#[derive(Clone)]
pub(super) struct Facts {
    pub nik: Option<String>,
    pub name: String,
    pub birth: Option<Day>,
    pub sex: Option<Sex>,
    pub relation: Relation,
    pub mother: Option<String>,
}

/// An address as read.
pub(super) struct Residence {
    pub address: String,
    pub rt: String,
    pub rw: String,
}

/// A body being looked at.
pub(super) struct Checking<'a> {
    places: &'a Places,
    pub now: Timestamp,
    /// The day where the family is.
    pub today: Option<Day>,
    problems: Vec<FieldProblem>,
    warnings: Vec<FieldProblem>,
    /// The NIKs that it brings, with the field that brings each.
    pub niks: HashMap<String, String>,
}

/// A number without the spaces that people read it by; nothing when it is empty.
fn bare(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    Some(digits).filter(|digits| !digits.is_empty())
}

impl<'a> Checking<'a> {
    pub(super) fn new(places: &'a Places, region: &RegionCode, now: Timestamp) -> Self {
        Self {
            places,
            now,
            today: day_of(region, now),
            problems: Vec::new(),
            warnings: Vec::new(),
            niks: HashMap::new(),
        }
    }

    pub(super) fn take<T>(&mut self, value: Result<T, FieldProblem>) -> Option<T> {
        value.map_err(|reason| self.problems.push(reason)).ok()
    }

    pub(super) fn refuse(&mut self, field: &str, code: &str, remedy: &str) {
        self.problems.push(problem(field, code, remedy));
    }

    pub(super) fn warn(&mut self, field: &str, code: &str, remedy: &str) {
        self.warnings.push(problem(field, code, remedy));
    }

    /// A KK number or NIK, by the hard rules.
    pub(super) fn number(&mut self, field: &str, called: &str, text: &str) -> Option<String> {
        let digits = bare(text)?;
        let checked = nik::sixteen_digits(&digits);
        let checked = checked.map_err(|fault| problem(field, fault.code(), fault.remedy(called)));
        self.take(checked.map(|()| digits))
    }

    /// A NIK, and what it says that the record beside it does not.
    pub(super) fn nik(
        &mut self,
        field: &str,
        text: &str,
        birth: Option<Day>,
        sex: Option<Sex>,
    ) -> Option<String> {
        let nik = self.number(field, "NIK", text)?;
        let beside = Beside {
            birth,
            female: sex.map(|sex| sex == Sex::Female),
            today: self.today,
        };
        let warnings = nik::warnings(&nik, self.places.prefix_of(&nik), beside);
        self.warnings
            .extend(warnings.into_iter().map(|one| one.about(field)));
        if self.niks.insert(nik.clone(), field.to_owned()).is_some() {
            self.refuse(
                field,
                "duplicate",
                "NIK ini diisi dua kali; satu orang ditulis satu kali.",
            );
        }
        Some(nik)
    }

    pub(super) fn day(&mut self, field: &str, text: &str) -> Option<Day> {
        let today = self.today;
        self.take(past_date(field, text, today)).flatten()
    }

    pub(super) fn name(&mut self, field: &str, text: &str) -> Option<String> {
        self.take(name(field, text))
    }

    pub(super) fn person(&mut self, at: &str, one: &NewPerson) -> Option<Facts> {
        let field = |name: &str| format!("{at}.{name}");
        let called = self.name(&field("name"), &one.name);
        let text = one.birth_date.as_deref().unwrap_or_default();
        let birth = self.day(&field("birth_date"), text);
        let mother = one.mother_name.as_deref().map(str::trim);
        let mother = mother.filter(|text| !text.is_empty());
        let mother = mother.and_then(|text| self.name(&field("mother_name"), text));
        let number = one.nik.as_deref().unwrap_or_default();
        let nik = self.nik(&field("nik"), number, birth, one.sex);
        if bare(number).is_none() {
            self.warn(
                &field("nik"),
                "empty",
                "Orang ini belum punya NIK; lengkapi lewat Dukcapil.",
            );
        }
        Some(Facts {
            nik,
            name: called?,
            birth,
            sex: one.sex,
            relation: one.relation,
            mother,
        })
    }

    pub(super) fn residence(
        &mut self,
        at: &str,
        (address, rt, rw): (&str, &str, &str),
    ) -> Option<Residence> {
        let field = |name: &str| format!("{at}{name}");
        let address = self.take(words(&field("address"), address, 200));
        let rt = self.take(neighbourhood(&field("rt"), rt.trim()));
        let rw = self.take(neighbourhood(&field("rw"), rw.trim()));
        Some(Residence {
            address: address?,
            rt: rt?,
            rw: rw?,
        })
    }

    /// A village of this registry.
    pub(super) fn village(&mut self, field: &str, region: &RegionCode) -> Option<RegionCode> {
        let known = self.places.village(field, region.as_str());
        self.take(known)
    }

    /// Where somebody lives: anywhere in the country, for whoever stays elsewhere stays the city's.
    pub(super) fn domicile(&mut self, at: &str, home: &Domicile) -> Option<Domicile> {
        let fields = (home.address.as_str(), home.rt.as_str(), home.rw.as_str());
        let read = self.residence(at, fields);
        if home.region.level() != RegionLevel::Village || home.region.is_training() {
            self.refuse(
                &format!("{at}region"),
                "not_a_village",
                "Isi kode kelurahan lengkap (empat bagian), seperti 35.71.03.1009.",
            );
            return None;
        }
        let Residence { address, rt, rw } = read?;
        Some(Domicile {
            address,
            rt,
            rw,
            region: home.region.clone(),
        })
    }

    /// One head and no more, among what everybody is.
    pub(super) fn one_head(&mut self, field: &str, heads: usize) {
        match heads {
            0 => self.refuse(
                field,
                "no_head",
                "Pilih satu orang sebagai kepala keluarga.",
            ),
            1 => {}
            _ => self.refuse(field, "two_heads", "Kepala keluarga hanya satu orang."),
        }
    }

    /// What is wrong and what is odd.
    pub(super) fn told(self) -> (Vec<FieldProblem>, Vec<FieldProblem>) {
        (self.problems, self.warnings)
    }

    /// Goes on when nothing is wrong: the warnings were ticked before.
    ///
    /// # Errors
    /// `invalid`.
    pub(super) fn still_right(self) -> Result<()> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.problems))
        }
    }

    /// Goes on when nothing is wrong and every warning was ticked. The codes of those that were.
    ///
    /// # Errors
    /// `invalid`, `look_again`.
    pub(super) fn done(self, ticked: &[String]) -> Result<Vec<String>> {
        if !self.problems.is_empty() {
            return Err(Error::Invalid(self.problems));
        }
        let ticked: HashSet<&str> = ticked.iter().map(String::as_str).collect();
        let key = |one: &FieldProblem| format!("{}:{}", one.field, one.code);
        if self
            .warnings
            .iter()
            .any(|one| !ticked.contains(key(one).as_str()))
        {
            return Err(Error::LookAgain(self.warnings));
        }
        let mut codes: Vec<String> = self.warnings.into_iter().map(|one| one.code).collect();
        codes.sort();
        codes.dedup();
        Ok(codes)
    }
}
