//! What a citizen without an account asks: whether they are in the registry, and which villages it has.
//!
//! One answer for a wrong NIK, a wrong name and nobody's, and the same work on the way to it: one look-up, always as many
//! comparisons, each with a sealed birth date to open. What somebody could measure beyond that they have few tries for: every
//! check counts for its address, its NIK and its name, whatever it finds.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value,
};
use tilik_protocol::citizen::{CheckStatus, MOST_IN_NAME, PublicVillage, StatusChecked};
use tilik_protocol::names;
use tilik_protocol::nik::{self, Day};
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::review::Page;
use uuid::Uuid;

use super::Store;
use super::families::region_code;
use super::imports::{Number, name_key};
use super::tables::region;
use crate::error::{Error, Result};

/// Checks by one address in a quarter of an hour: phones of one network share one.
const CHECKS_PER_ADDRESS: i64 = 60;
/// Checks of one NIK, and of one name and birth date, in a quarter of an hour: nobody tries out what is missing.
const CHECKS_PER_PERSON: i64 = 10;
/// So many who share a NIK are compared, and as many comparisons are made when nobody has it.
const COMPARED: usize = 3;

/// Who has a NIK.
#[derive(FromQueryResult)]
struct Holder {
    id: Uuid,
    name: String,
    birth_date_enc: Option<Vec<u8>>,
    birth_year: Option<i32>,
    region: String,
}

/// What was typed, as it is compared.
struct Asked {
    nik: String,
    name: String,
    born: Day,
}

impl Asked {
    fn read(body: &CheckStatus) -> Result<Self> {
        let digits: String = body.nik.chars().filter(|c| !c.is_whitespace()).collect();
        if let Err(fault) = nik::sixteen_digits(&digits) {
            return Err(Error::field("nik", "not_a_nik", &fault.remedy("NIK")));
        }
        let name = body.name.trim();
        if names::sounds_of_words(name).is_empty() {
            return Err(Error::field(
                "name",
                "missing",
                "Tulis nama seperti pada KTP.",
            ));
        }
        if name.chars().count() > MOST_IN_NAME {
            let remedy = format!("Nama paling banyak {MOST_IN_NAME} karakter.");
            return Err(Error::field("name", "too_long", &remedy));
        }
        let born = Day::read(body.birth_date.trim()).ok_or_else(|| {
            Error::field(
                "birth_date",
                "not_a_date",
                "Tulis tanggal lahir seperti 31-12-1980.",
            )
        })?;
        Ok(Self {
            nik: digits,
            name: name.to_owned(),
            born,
        })
    }
}

impl Store {
    /// Whether somebody of this NIK, name and birth date is in a family of the registry.
    ///
    /// # Errors
    /// `invalid` of what is no NIK, name or date; `too_many_requests`.
    pub(crate) async fn check_status(
        &self,
        body: &CheckStatus,
        address: &str,
    ) -> Result<StatusChecked> {
        self.take_try("status-check", address, CHECKS_PER_ADDRESS)
            .await?;
        let asked = Asked::read(body)?;
        self.take_try("status-nik", &asked.nik, CHECKS_PER_PERSON)
            .await?;
        let whose = format!("{} {}", name_key(&asked.name), asked.born);
        self.take_try("status-name", &whose, CHECKS_PER_PERSON)
            .await?;
        let holders = self.holders(&asked.nik).await?;
        Ok(StatusChecked {
            registered: self.is_one_of(&asked, holders),
            data_at: self.now(),
        })
    }

    /// Who has this NIK, in families that are kept.
    async fn holders(&self, digits: &str) -> Result<Vec<Holder>> {
        // An old number leads to whoever two rows became.
        let mut values: Vec<Value> = vec![Number::Nik.own().into(), Number::Nik.old().into()];
        let candidates = self.keys().blind_nik_candidates(digits).into_iter();
        let places: Vec<String> = candidates
            .map(|one| {
                values.push(one.hash.to_vec().into());
                format!("${}", values.len())
            })
            .collect();
        let statement = self.sql(
            &format!(
                "SELECT p.id AS id, p.name AS name, p.birth_date_enc AS birth_date_enc, \
                 p.birth_year AS birth_year, f.region AS region FROM blind_index b \
                 JOIN person p ON p.id = b.object_id JOIN family f ON f.id = p.family_id \
                 WHERE b.kind IN ($1, $2) AND b.value IN ({}) AND p.merged_into IS NULL \
                 AND f.closed_at IS NULL ORDER BY b.kind, p.id LIMIT {COMPARED}",
                places.join(", ")
            ),
            values,
        );
        let rows = self.read().query_all_raw(statement).await?;
        let rows = rows.iter().map(|row| Holder::from_query_result(row, ""));
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Compares with as many as are ever compared: with somebody invented where nobody is.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "every comparison is made, whatever the others say"
    )]
    fn is_one_of(&self, asked: &Asked, holders: Vec<Holder>) -> bool {
        let keys = self.keys();
        let nobody = Uuid::nil();
        let sealed = keys.encrypt_field("person", "birth_date", nobody, "1900-01-01");
        let invented = || Holder {
            id: nobody,
            name: "Nama Yang Dibuat".to_owned(),
            birth_date_enc: Some(sealed.clone()),
            birth_year: None,
            region: String::new(),
        };
        let mut found = false;
        let mut holders = holders.into_iter();
        for _ in 0..COMPARED {
            let one = holders.next();
            let real = one.is_some();
            let one = one.unwrap_or_else(invented);
            let dated = one.birth_date_enc.is_some();
            // A date that nobody knows costs as much to open.
            let (cell, of) = match &one.birth_date_enc {
                Some(cell) => (cell, one.id),
                None => (&sealed, nobody),
            };
            let day = keys.decrypt_field("person", "birth_date", of, cell);
            let same_day = day.is_ok_and(|day| Day::read(&day) == Some(asked.born)) & dated;
            let same_year = !dated & (one.birth_year == i32::try_from(asked.born.year).ok());
            let same_name = names::may_be_one(&asked.name, &one.name);
            let trains = region_code(&one.region).is_ok_and(|code| code.is_training());
            found |= real & !trains & same_name & (same_day | same_year);
        }
        found
    }

    /// The villages of this registry, by code: where an objection can be filed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn public_villages(&self) -> Result<Page<PublicVillage>> {
        let rows = region::Entity::find()
            .filter(region::Column::Level.is_in([
                RegionLevel::Village.to_string(),
                RegionLevel::District.to_string(),
            ]))
            .order_by_asc(region::Column::Code)
            .all(self.read())
            .await?;
        let districts: HashMap<String, String> = rows
            .iter()
            .map(|row| (row.code.clone(), row.name.clone()))
            .collect();
        let mut items = Vec::new();
        for row in rows {
            let code: RegionCode = region_code(&row.code)?;
            if code.level() != RegionLevel::Village || code.is_training() {
                continue;
            }
            let district = row.parent.as_ref().and_then(|parent| districts.get(parent));
            items.push(PublicVillage {
                code,
                name: row.name,
                district: district.cloned().unwrap_or_default(),
            });
        }
        Ok(Page { items, next: None })
    }
}
