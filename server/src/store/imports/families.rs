//! Families and persons: one line a person, with the headers of DTKS and DTSEN exports.
//!
//! A family is known again by its registry id, else by its KK number; a person within it by a registry id, else by NIK,
//! else by name and birth date. What the file does not mention stays. An import neither moves a family nor ends a
//! membership: those are acts of people. Who a family is that holds a place, or waits for one, changes only when an
//! approver confirms it: whoever could change the name behind a place could give the place away.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;
use tilik_protocol::ids::{FamilyId, HouseId, ImportId, PersonId, UserId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::names;
use tilik_protocol::nik::{self, Beside, Day as Date};
use tilik_protocol::policy::Role;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::proposal::ProposalState;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::registry::{FieldChange, ImportedChange, ImportedPerson};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::cells::{
    Look, name, name_key, neighbourhood, number, past_date, region_code, sixteen, words,
};
use super::places::{Named, Places};
use super::units::{Number, behind};
use super::{CHUNK, Run, Tally, Waiting, insert_all};
use crate::error::{Error, Result};
use crate::keys::{Keyring, Purpose};
use crate::sheet::{Brought, Column, Row, Sheet, needs, problem, takes};
use crate::store::case_view::masked;
use crate::store::journal::Entry;
use crate::store::population::payee_named;
use crate::store::slots::TwoPersons;
use crate::store::tables::{
    blind_index, family, family_request, house, import_row, membership, person, person_sound,
    proposal, registry_alias, row_version, verification_case, waitlist, waitlist_entry,
};
use crate::store::users::version_row;
use crate::store::{Store, Write, duplicates, feed, rules};

const KEY: usize = 0;
const KK: usize = 1;
const NIK: usize = 2;
const NAME: usize = 3;
const HEAD: usize = 4;
const PERSON_KEY: usize = 5;
const BIRTH: usize = 6;
const SEX: usize = 7;
const RELATION: usize = 8;
const ADDRESS: usize = 9;
const RT: usize = 10;
const RW: usize = 11;
const REGION: usize = 12;
const CITY: usize = 13;
const DISTRICT: usize = 14;
const VILLAGE: usize = 15;
const DECILE: usize = 16;
const ALIVE: usize = 17;
const DTKS_KEY: usize = 18;
const LAT: usize = 19;
const LON: usize = 20;
const MOTHER: usize = 21;
const HOME_ADDRESS: usize = 22;
const HOME_RT: usize = 23;
const HOME_RW: usize = 24;
const HOME_REGION: usize = 25;
pub(super) const COLUMNS: &[Column] = &[
    takes("id_keluarga", &["idkeluargadtsen", "registrykey"]),
    needs("no_kk", &["nokk", "kk", "nomorkk", "nokartukeluarga"]),
    needs("nik", &["nonik", "nomorindukkependudukan"]),
    needs(
        "nama",
        &[
            "name",
            "namalengkap",
            "namaart",
            "namaorang",
            "namapenerima",
            "namaanggotakeluarga",
        ],
    ),
    takes(
        "nama_kepala_keluarga",
        &["namakrt", "namakk", "kepalakeluarga", "namakepala"],
    ),
    takes("id_orang", &["idsemesta", "idart", "linekey"]),
    takes("tanggal_lahir", &["tgllahir", "birthdate"]),
    takes("jenis_kelamin", &["jk", "sex", "kelamin"]),
    needs(
        "hub_keluarga",
        &[
            "hubungankeluarga",
            "hubungan",
            "relation",
            "statushubungan",
            "shdk",
            "hubungandengankepalakeluarga",
        ],
    ),
    needs("alamat", &["address", "alamatktp", "alamatlengkap"]),
    needs("rt", &["nort"]),
    needs("rw", &["norw"]),
    takes(
        "wilayah",
        &[
            "kodewilayah",
            "wilayahcode",
            "idwilayah",
            "region",
            "kodekelurahan",
            "kodedesa",
        ],
    ),
    takes(
        "kabupaten_kota",
        &["kabkota", "kota", "kabupaten", "namakabupaten"],
    ),
    takes("kecamatan", &["namakecamatan"]),
    takes(
        "desa_kelurahan",
        &[
            "kelurahan",
            "desa",
            "kelurahandesa",
            "namakelurahan",
            "namadesa",
        ],
    ),
    takes("desil", &["decile", "desilnasional"]),
    takes("status_hidup", &["hidup", "keteranganmeninggal"]),
    takes("id_dtks", &[]),
    takes("lintang", &["latitude", "lat"]),
    takes("bujur", &["longitude", "lon", "lng", "long"]),
    takes(
        "nama_ibu_kandung",
        &["ibukandung", "namaibu", "namagadisibukandung", "mothername"],
    ),
    takes(
        "alamat_domisili",
        &["domisili", "alamattinggal", "domicileaddress"],
    ),
    takes("rt_domisili", &["domisilirt", "domicilert"]),
    takes("rw_domisili", &["domisilirw", "domicilerw"]),
    takes(
        "wilayah_domisili",
        &[
            "kodewilayahdomisili",
            "kodekelurahandomisili",
            "domicileregion",
        ],
    ),
];

/// At least this many NIKs before it is said that all of them were rounded.
const ENOUGH: usize = 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PersonLine {
    /// Not part of what is said: the same file with another order says the same.
    #[serde(skip)]
    pub line: u64,
    pub key: Option<String>,
    pub nik: Option<String>,
    pub name: String,
    pub birth: Option<Date>,
    pub sex: Option<Cow<'static, str>>,
    pub relation: Cow<'static, str>,
    pub alive: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother: Option<String>,
}

/// Where a family lives when that is not where its KTP says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct HomeLine {
    address: String,
    rt: String,
    rw: String,
    region: RegionCode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FamilyLines {
    #[serde(skip)]
    line: u64,
    key: Option<String>,
    regime: Cow<'static, str>,
    kk: Option<String>,
    region: RegionCode,
    /// What the file calls the head, if it does.
    head: Option<String>,
    address: String,
    rt: String,
    rw: String,
    decile: Option<i32>,
    /// As the file says it; nothing said leaves what is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<HomeLine>,
    /// Where the registry says the house is, degrees × 10⁷. It decides nothing, so it waits for nobody.
    #[serde(skip)]
    place: Option<(i64, i64)>,
    persons: Vec<PersonLine>,
}

/// A file that was read: families in the order in which they begin.
pub(crate) struct Families {
    tally: Tally,
    read: Vec<FamilyLines>,
    given: Given,
}

impl Families {
    pub(super) fn lines(&self) -> u64 {
        self.tally.lines
    }
}

/// Which facts the file has at all; the others are left alone.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Given {
    birth: bool,
    sex: bool,
    decile: bool,
}

/// Latitude and longitude in degrees, with a comma or a point, as degrees × 10⁷; both or neither.
fn place(lat: &str, lon: &str) -> Result<Option<(i64, i64)>, FieldProblem> {
    let read = |field: &str, cell: &str, most: f64| {
        let degrees = cell.replace(',', ".").parse::<f64>().ok();
        let degrees = degrees.filter(|degrees| degrees.abs() <= most && *degrees != 0.0);
        #[expect(clippy::cast_possible_truncation, reason = "degrees × 10⁷ fit")]
        let e7 = |degrees: f64| (degrees * 1e7).round() as i64;
        degrees.map(e7).ok_or_else(|| {
            let told = format!("Isi derajat desimal antara -{most} dan {most}, atau kosongkan.");
            problem(field, "not_degrees", told)
        })
    };
    if lat.is_empty() && lon.is_empty() {
        return Ok(None);
    }
    Ok(Some((
        read("lintang", lat, 90.0)?,
        read("bujur", lon, 180.0)?,
    )))
}

/// Writes where the registry says a known house is; 1 when it said something else.
async fn say_place(write: &Write, house: Uuid, (lat, lon): (i64, i64)) -> Result<u64> {
    let differs = Condition::any()
        .add(house::Column::RegistryLatE7.is_null())
        .add(house::Column::RegistryLatE7.ne(lat))
        .add(house::Column::RegistryLonE7.ne(lon));
    let said = house::Entity::update_many()
        .col_expr(house::Column::RegistryLatE7, Expr::value(lat))
        .col_expr(house::Column::RegistryLonE7, Expr::value(lon))
        .filter(house::Column::Id.eq(house))
        .filter(differs)
        .exec(write.on())
        .await?;
    Ok(said.rows_affected)
}

fn relation(cell: &str) -> Option<&'static str> {
    let plain: String = cell
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    Some(match plain.as_str() {
        "kepalakeluarga" | "kepala" | "kk" | "1" => "kepala_keluarga",
        "istri" | "isteri" | "suami" | "istrisuami" | "suamiistri" | "pasangan" | "2" => "pasangan",
        "anak" | "anakkandung" | "anaktiri" | "anakangkat" | "3" => "anak",
        "menantu" | "4" => "menantu",
        "cucu" | "5" => "cucu",
        "orangtua" | "mertua" | "orangtuamertua" | "6" => "orang_tua",
        "pembantu" | "sopir" | "pembanturumahtangga" | "7" => "pembantu",
        "famililain" | "lainnya" | "lain" | "keluargalain" | "8" => "lainnya",
        _ => return None,
    })
}

fn sex(cell: &str) -> Result<Option<&'static str>, FieldProblem> {
    let plain: String = cell
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    match plain.as_str() {
        "" => Ok(None),
        "l" | "lk" | "lakilaki" | "laki" | "pria" | "1" | "male" => Ok(Some("male")),
        "p" | "pr" | "perempuan" | "wanita" | "2" | "female" => Ok(Some("female")),
        _ => Err(problem("jenis_kelamin", "unknown", "Isi L atau P.")),
    }
}

fn alive(cell: &str) -> Result<Option<bool>, FieldProblem> {
    match cell.to_lowercase().as_str() {
        "" => Ok(None),
        "hidup" | "masih hidup" | "ya" | "1" => Ok(Some(true)),
        "meninggal" | "mati" | "tidak" | "0" => Ok(Some(false)),
        _ => Err(problem(
            "status_hidup",
            "unknown",
            "Isi hidup atau meninggal.",
        )),
    }
}

/// # Errors
/// `invalid` naming every column that is missing, or when a spreadsheet has rounded all numbers.
pub(super) fn read(file: &Brought, places: &Places, now: Timestamp) -> Result<Families> {
    let today = places.today(now);
    // No row is kept as it came: a million of them would be held twice.
    let mut reading = Reading::default();
    let sheet = Sheet::walk(file, COLUMNS, |sheet, row| {
        has_a_region(sheet)?;
        reading.rounded.see(row.cell(NIK));
        reading.take(&row, places, today);
        Ok(())
    })?;
    has_a_region(&sheet)?;
    reading.rounded.refuse()?;
    let mut tally = reading.tally;
    tally.begin_with(&sheet);
    Ok(Families {
        tally,
        read: reading.families,
        given: Given {
            birth: sheet.has(BIRTH),
            sex: sheet.has(SEX),
            decile: sheet.has(DECILE),
        },
    })
}

fn has_a_region(sheet: &Sheet) -> Result<()> {
    if sheet.has(REGION) || sheet.has(VILLAGE) {
        return Ok(());
    }
    Err(Error::field(
        "wilayah",
        "missing_header",
        "Tambahkan kolom \"wilayah\" (kode Kemendagri) atau \"desa_kelurahan\".",
    ))
}

/// A file's families as far as it was read.
#[derive(Default)]
struct Reading {
    tally: Tally,
    families: Vec<FamilyLines>,
    /// Families by what the file calls them.
    known: HashMap<String, usize>,
    /// Where each NIK stood first: family and line.
    niks: HashMap<String, (usize, u64)>,
    rounded: Rounded,
}

impl Reading {
    fn take(&mut self, row: &Row, places: &Places, today: Option<Date>) {
        let Self {
            tally,
            families,
            known,
            niks,
            rounded: _,
        } = self;
        let mut look = Look::at(row);
        let read = read_line(&mut look, places, today);
        let Some((home, person)) = read.filter(|_| look.problems.is_empty()) else {
            tally.reject(row.line, look.problems);
            return;
        };
        let same = match (&home.key, &home.kk) {
            (Some(key), _) => format!("id {key}"),
            (None, Some(kk)) => format!("kk {kk}"),
            (None, None) => {
                let reason = problem(
                    "no_kk",
                    "empty",
                    "Isi no_kk atau id_keluarga, agar keluarganya jelas.",
                );
                tally.reject(row.line, vec![reason]);
                return;
            }
        };
        let at = known.get(&same).copied();
        let reason = at.and_then(|at| conflict(&families[at], &home, &person));
        if let Some(reason) = reason {
            tally.reject(row.line, vec![reason]);
            return;
        }
        if let Some(at) = at
            && families[at].address != home.address
        {
            look.remark(
                "alamat",
                "differs",
                "Alamat berbeda dari baris pertama keluarga ini; alamat baris pertama yang dipakai.",
            );
        }
        let at = at.unwrap_or_else(|| {
            known.insert(same, families.len());
            families.push(home);
            families.len() - 1
        });
        if let Some(nik) = &person.nik {
            if let Some((other, line)) = niks.get(nik)
                && *other != at
            {
                let told = format!(
                    "NIK ini juga ada di baris {line}, di keluarga lain; periksa mana yang benar."
                );
                look.remark("nik", "twice", &told);
            }
            niks.entry(nik.clone()).or_insert((at, row.line));
        }
        families[at].persons.push(person);
        if !look.remarks.is_empty() {
            tally.warn(row.line, look.remarks);
        }
    }
}

/// A spreadsheet keeps 15 digits and makes the rest nought. One such NIK may be true; all of them are not.
#[derive(Default)]
struct Rounded {
    whole: usize,
    ending_in_nought: usize,
}

impl Rounded {
    fn see(&mut self, nik: &str) {
        if nik.len() == 16 {
            self.whole += 1;
            self.ending_in_nought += usize::from(nik.ends_with('0'));
        }
    }

    fn refuse(&self) -> Result<()> {
        if self.whole >= ENOUGH && self.whole == self.ending_in_nought {
            return Err(Error::field(
                "nik",
                "rounded",
                "Semua NIK berakhiran 0: lembar kerja telah membulatkannya. Ekspor ulang dari sumbernya dengan kolom teks.",
            ));
        }
        Ok(())
    }
}

fn read_line(
    look: &mut Look<'_>,
    places: &Places,
    today: Option<Date>,
) -> Option<(FamilyLines, PersonLine)> {
    let row: &Row = look.row;
    let kk = look.take(sixteen("no_kk", row.cell(KK)));
    let nik = look.take(sixteen("nik", row.cell(NIK)));
    let person_name = look.take(name("nama", row.cell(NAME)));
    let head = match row.cell(HEAD) {
        "" => Some(None),
        text => look.take(name("nama_kepala_keluarga", text)).map(Some),
    };
    let birth = look.take(past_date("tanggal_lahir", row.cell(BIRTH), today));
    let sex = look.take(sex(row.cell(SEX)));
    let alive = look.take(alive(row.cell(ALIVE)));
    let address = look.take(words("alamat", row.cell(ADDRESS), 200));
    let rt = look.take(neighbourhood("rt", row.cell(RT)));
    let rw = look.take(neighbourhood("rw", row.cell(RW)));
    let decile = look.take(number("desil", row.cell(DECILE), (1, 10)));
    let place = look.take(place(row.cell(LAT), row.cell(LON)));
    let mother = match row.cell(MOTHER) {
        "" => Some(None),
        text => look.take(name("nama_ibu_kandung", text)).map(Some),
    };
    let region = if row.cell(REGION).is_empty() && !row.cell(VILLAGE).is_empty() {
        let named = Named {
            city: row.cell(CITY),
            district: row.cell(DISTRICT),
            village: row.cell(VILLAGE),
        };
        look.take(places.named("desa_kelurahan", &named))
    } else {
        look.take(places.village("wilayah", row.cell(REGION)))
    };
    let home = domicile(look, region.as_ref());
    let relation = relation(row.cell(RELATION)).unwrap_or_else(|| {
        look.remark(
            "hub_keluarga",
            "unknown",
            "Hubungan keluarga ini tidak dikenal; dicatat sebagai lainnya.",
        );
        "lainnya"
    });
    match &nik {
        Some(None) => look.remark(
            "nik",
            "empty",
            "Orang ini belum punya NIK; lengkapi lewat Dukcapil.",
        ),
        Some(Some(nik)) => {
            let beside = Beside {
                birth: birth.flatten(),
                female: sex.flatten().map(|sex| sex == "female"),
                today,
            };
            let warnings = nik::warnings(nik, places.prefix_of(nik), beside);
            let remarks = warnings.into_iter().map(|one| one.about("nik"));
            look.remarks.extend(remarks);
        }
        None => {}
    }
    let text = |column: usize| Some(row.cell(column).to_owned()).filter(|text| !text.is_empty());
    let (key, regime) = match (text(KEY), text(DTKS_KEY)) {
        (Some(key), _) => (Some(key), "dtsen"),
        (None, Some(key)) => (Some(key), "dtks"),
        (None, None) => (None, "dtsen"),
    };
    let (kk, nik, person_name, head) = (kk?, nik?, person_name?, head?);
    Some((
        FamilyLines {
            line: row.line,
            key,
            regime: regime.into(),
            kk,
            region: region?,
            head,
            address: address?,
            rt: rt?,
            rw: rw?,
            decile: decile?,
            home: home.ok()?,
            place: place?,
            persons: Vec::new(),
        },
        PersonLine {
            line: row.line,
            key: text(PERSON_KEY),
            nik,
            name: person_name,
            birth: birth?,
            sex: sex?.map(Cow::from),
            relation: relation.into(),
            alive: alive?,
            mother: mother?,
        },
    ))
}

/// Where the family lives, when the line says so: anywhere in the country, and where nothing else is said in the village that
/// keeps it. An error: the line says something that is wrong, which was remarked.
fn domicile(look: &mut Look<'_>, kept: Option<&RegionCode>) -> Result<Option<HomeLine>, Remarked> {
    let row: &Row = look.row;
    if row.cell(HOME_ADDRESS).is_empty() {
        return Ok(None);
    }
    let address = look.take(words("alamat_domisili", row.cell(HOME_ADDRESS), 200));
    let rt = look.take(neighbourhood("rt_domisili", row.cell(HOME_RT)));
    let rw = look.take(neighbourhood("rw_domisili", row.cell(HOME_RW)));
    let region = match row.cell(HOME_REGION) {
        "" => kept.cloned(),
        text => {
            let code = region_code("wilayah_domisili", text).and_then(|code| {
                if code.level() == RegionLevel::Village && !code.is_training() {
                    return Ok(code);
                }
                Err(problem(
                    "wilayah_domisili",
                    "not_a_village",
                    "Isi kode kelurahan lengkap (empat bagian), seperti 35.71.03.1009.",
                ))
            });
            look.take(code)
        }
    };
    Ok(Some(HomeLine {
        address: address.ok_or(Remarked)?,
        rt: rt.ok_or(Remarked)?,
        rw: rw.ok_or(Remarked)?,
        region: region.ok_or(Remarked)?,
    }))
}

/// What is wrong stands in the look already.
struct Remarked;

/// Why a further line of a family does not go with the lines before it.
fn conflict(home: &FamilyLines, line: &FamilyLines, one: &PersonLine) -> Option<FieldProblem> {
    let first = home.line;
    if home.kk != line.kk {
        return Some(problem(
            "no_kk",
            "differs",
            format!("Nomor KK berbeda dari baris {first}, keluarga yang sama; samakan."),
        ));
    }
    if home.region != line.region {
        return Some(problem(
            "wilayah",
            "differs",
            format!("Kelurahan berbeda dari baris {first}, keluarga yang sama; samakan."),
        ));
    }
    let same = home.persons.iter().find(|other| {
        let unknown = one.nik.is_none() && other.nik.is_none();
        (one.nik.is_some() && other.nik == one.nik)
            || (one.key.is_some() && other.key == one.key)
            || (unknown
                && one.key.is_none()
                && other.birth == one.birth
                && name_key(&other.name) == name_key(&one.name))
    })?;
    Some(problem(
        "nik",
        "duplicate",
        format!(
            "Orang ini sudah ada di baris {}; hapus salah satunya.",
            same.line
        ),
    ))
}

/// Rows on their way into the database, many of each table at once.
#[derive(Default)]
pub(in crate::store) struct Rows {
    houses: Vec<house::ActiveModel>,
    families: Vec<family::ActiveModel>,
    persons: Vec<person::ActiveModel>,
    blind: Vec<blind_index::ActiveModel>,
    versions: Vec<row_version::ActiveModel>,
    sounds: Vec<person_sound::ActiveModel>,
    /// Persons who are new or others than they were: they may be somebody who is there already.
    suspects: Vec<Uuid>,
    /// Since when what changes is so; nothing said: now.
    since: Option<i64>,
}

/// The bytes of a cell in a version's body.
fn text_of(sealed: Option<&Vec<u8>>) -> Option<String> {
    sealed.map(|bytes| STANDARD.encode(bytes))
}

impl Rows {
    /// None yet; what changes is so since then.
    pub(in crate::store) fn since(since: Option<i64>) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    /// A family in a house that is there.
    pub(in crate::store) fn add_family_to_house(
        &mut self,
        write: &Write,
        row: &family::Model,
        kk: Option<&str>,
    ) {
        if let Some(kk) = kk {
            let keys = write.store().keys();
            self.seek(keys, "kk", keys.blind_kk(kk), row.id);
        }
        self.keep_family(write, row);
        self.families
            .push(row.clone().into_active_model().reset_all());
    }

    /// A family with a house of its own.
    pub(in crate::store) fn add_family(
        &mut self,
        write: &Write,
        row: &family::Model,
        kk: Option<&str>,
        place: Option<(i64, i64)>,
    ) {
        self.houses.push(house::ActiveModel {
            id: Set(row.house_id),
            region: Set(row.region.clone()),
            lat_e7: Set(None),
            lon_e7: Set(None),
            accuracy_cm: Set(None),
            pinned_at: Set(None),
            pin_visit: Set(None),
            registry_lat_e7: Set(place.map(|(lat, _)| lat)),
            registry_lon_e7: Set(place.map(|(_, lon)| lon)),
        });
        self.add_family_to_house(write, row, kk);
    }

    pub(in crate::store) fn add_person(
        &mut self,
        write: &Write,
        row: &person::Model,
        nik: Option<&str>,
    ) {
        if let Some(nik) = nik {
            let keys = write.store().keys();
            self.seek(keys, "nik", keys.blind_nik(nik), row.id);
        }
        self.hear(row);
        self.suspects.push(row.id);
        self.keep_person(write, row);
        self.persons
            .push(row.clone().into_active_model().reset_all());
    }

    /// How the name sounds.
    fn hear(&mut self, row: &person::Model) {
        let keys = names::sounds(&row.name);
        self.sounds
            .extend(keys.into_iter().map(|sound| person_sound::ActiveModel {
                sound: Set(sound),
                birth_year: Set(row.birth_year.unwrap_or(0)),
                person_id: Set(row.id),
            }));
    }

    fn seek(&mut self, keys: &Keyring, kind: &str, value: [u8; 16], object: Uuid) {
        let version = keys.active_version(Purpose::BlindIndex);
        self.blind.push(blind_index::ActiveModel {
            kind: Set(kind.to_owned()),
            key_version: Set(i32::try_from(version).unwrap_or(i32::MAX)),
            value: Set(value.to_vec()),
            object_id: Set(object),
        });
    }

    fn keep_family(&mut self, write: &Write, row: &family::Model) {
        let body = serde_json::json!({
            "registry_key": row.registry_key, "house": row.house_id, "region": row.region,
            "kk_enc": text_of(row.kk_enc.as_ref()), "name": row.name, "address": row.address,
            "rt": row.rt, "rw": row.rw, "decile": row.decile, "regime": row.regime,
            "domicile_address": row.domicile_address, "domicile_rt": row.domicile_rt,
            "domicile_rw": row.domicile_rw, "domicile_region": row.domicile_region,
            "payee": row.payee_id, "closed_at": row.closed_at, "merged_into": row.merged_into,
        });
        self.versions.push(version_row(
            write,
            "family",
            row.id,
            row.version,
            row.valid_from,
            &body,
        ));
    }

    fn keep_person(&mut self, write: &Write, row: &person::Model) {
        let body = serde_json::json!({
            "family": row.family_id, "nik_enc": text_of(row.nik_enc.as_ref()), "name": row.name,
            "birth_date_enc": text_of(row.birth_date_enc.as_ref()), "birth_year": row.birth_year,
            "sex": row.sex, "relation": row.relation, "alive": row.alive, "line_key": row.line_key,
            "mother_enc": text_of(row.mother_enc.as_ref()), "merged_into": row.merged_into,
        });
        self.versions.push(version_row(
            write,
            "person",
            row.id,
            row.version,
            row.valid_from,
            &body,
        ));
    }

    pub(in crate::store) async fn insert(self, write: &Write) -> Result<()> {
        insert_all(write, self.houses).await?;
        insert_all(write, self.families).await?;
        insert_all(write, self.persons).await?;
        insert_all(write, self.blind).await?;
        insert_all(write, self.sounds).await?;
        insert_all(write, self.versions).await?;
        duplicates::look_for(write, self.suspects).await
    }
}

/// What the registry holds of some families.
struct Known {
    by_key: HashMap<String, family::Model>,
    by_kk: HashMap<String, Vec<family::Model>>,
    persons: HashMap<Uuid, Vec<person::Model>>,
    by_nik: HashMap<String, Vec<Uuid>>,
    /// Ids and KK numbers of families that were closed into others, and which of them goes on.
    led_by_key: HashMap<String, Uuid>,
    led_by_kk: HashMap<String, Vec<Uuid>>,
}

impl Known {
    async fn of(write: &Write, chunk: &[FamilyLines]) -> Result<Self> {
        let keys = write.store().keys();
        let by_key: HashMap<String, family::Model> = family::Entity::find()
            .filter(
                family::Column::RegistryKey
                    .is_in(chunk.iter().filter_map(|home| home.key.as_deref())),
            )
            .filter(family::Column::ClosedAt.is_null())
            .all(write.on())
            .await?
            .into_iter()
            .filter_map(|row| Some((row.registry_key.clone()?, row)))
            .collect();
        let kks = chunk.iter().filter_map(|home| home.kk.as_deref());
        let by_number = behind(write.on(), "kk", kks.clone(), |kk| {
            keys.blind_kk_candidates(kk)
        });
        let by_number = by_number.await?;
        let led_by_kk = behind(write.on(), Number::Kk.old(), kks, |kk| {
            keys.blind_kk_candidates(kk)
        });
        let led_by_kk = led_by_kk.await?;
        let led_by_key = registry_alias::Entity::find()
            .filter(
                registry_alias::Column::RegistryKey
                    .is_in(chunk.iter().filter_map(|home| home.key.as_deref())),
            )
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.registry_key, row.family_id))
            .collect();
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(by_number.values().flatten().copied()))
            .filter(family::Column::ClosedAt.is_null())
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let by_kk = by_number
            .into_iter()
            .map(|(kk, ids)| {
                let rows = ids.iter().filter_map(|id| families.get(id).cloned());
                (kk, rows.collect())
            })
            .collect();
        let mut persons: HashMap<Uuid, Vec<person::Model>> = HashMap::new();
        let ids: Vec<Uuid> = by_key
            .values()
            .map(|row| row.id)
            .chain(families.keys().copied())
            .collect();
        for row in person::Entity::find()
            .filter(person::Column::FamilyId.is_in(ids))
            .order_by_asc(person::Column::Id)
            .all(write.on())
            .await?
        {
            persons.entry(row.family_id).or_default().push(row);
        }
        let niks = chunk
            .iter()
            .flat_map(|home| &home.persons)
            .filter_map(|one| one.nik.as_deref());
        let by_nik = behind(write.on(), "nik", niks, |nik| {
            keys.blind_nik_candidates(nik)
        })
        .await?;
        Ok(Self {
            by_key,
            by_kk,
            persons,
            by_nik,
            led_by_key,
            led_by_kk,
        })
    }

    /// The family that goes on for the one these lines are about, which was closed into it.
    fn closed_into(&self, home: &FamilyLines) -> Option<Uuid> {
        let key = home.key.as_ref();
        if key.is_some_and(|key| self.by_key.contains_key(key)) {
            return None;
        }
        let led = key.and_then(|key| self.led_by_key.get(key)).copied();
        led.or_else(|| {
            let owned = self.of_number(home).next().is_some();
            let led = home.kk.as_ref().and_then(|kk| self.led_by_kk.get(kk));
            led.filter(|_| !owned)?.first().copied()
        })
    }

    /// The families that have the KK number of these lines.
    fn of_number(&self, home: &FamilyLines) -> impl Iterator<Item = &family::Model> {
        let rows = home.kk.as_ref().and_then(|kk| self.by_kk.get(kk));
        rows.into_iter().flatten()
    }

    /// The family these lines are about; `None`: a new one.
    fn family(&self, home: &FamilyLines) -> Result<Option<&family::Model>, FieldProblem> {
        if let Some(known) = home.key.as_ref().and_then(|key| self.by_key.get(key)) {
            return Ok(Some(known));
        }
        // A family that has an id of its own is not this one, whatever its number.
        let fits = |row: &&family::Model| home.key.is_none() || row.registry_key.is_none();
        let mut fitting = self.of_number(home).filter(fits);
        match (fitting.next(), fitting.next()) {
            (known, None) => Ok(known),
            (_, Some(_)) => Err(problem(
                "no_kk",
                "ambiguous",
                "Nomor KK ini tercatat pada lebih dari satu keluarga; isi id_keluarga.",
            )),
        }
    }
}

impl Run<'_> {
    pub(super) async fn families(&self, file: Families) -> Result<Tally> {
        let mut tally = file.tally;
        let mut families = file.read;
        let villages: BTreeSet<RegionCode> =
            families.iter().map(|home| home.region.clone()).collect();
        for village in &villages {
            tally.touches(village);
        }
        while !families.is_empty() {
            let rest = families.split_off(families.len().min(CHUNK));
            let chunk = std::mem::replace(&mut families, rest);
            self.put_families(&chunk, file.given, &mut tally).await?;
        }
        self.count_missing(&villages, &mut tally).await?;
        Ok(tally)
    }

    async fn put_families(
        &self,
        chunk: &[FamilyLines],
        given: Given,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut write = self.chunk().await?;
        let mut known = Known::of(&write, chunk).await?;
        self.recall_tried(&mut known, chunk);
        let mut rows = Rows::default();
        let (mut added, mut changed) = (0, 0);
        let mut taken = Vec::new();
        let mut met = HashSet::new();
        for home in chunk {
            self.name(known.family(home).ok().flatten().map(|row| row.id));
            let reason = match known.family(home) {
                Err(reason) => {
                    self.find(known.of_number(home).map(|row| row.id));
                    Some(reason)
                }
                Ok(_) if !self.reaches(&home.region) => Some(problem(
                    "wilayah",
                    "out_of_scope",
                    "Kelurahan ini di luar wilayah tugas Anda.",
                )),
                Ok(Some(before)) if before.region != home.region.as_str() => {
                    self.find([before.id]);
                    Some(problem(
                        "wilayah",
                        "moved",
                        "Keluarga ini tercatat di kelurahan lain; perpindahan dicatat oleh operator atau Dukcapil.",
                    ))
                }
                Ok(_) => None,
            };
            if let Some(reason) = reason {
                reject_all(home, &reason, tally);
                continue;
            }
            if let Some(kept) = known.closed_into(home) {
                // What the file says of it would overwrite, month by month, what the other's lines say.
                self.name([kept]);
                self.find([kept]);
                for one in &home.persons {
                    tally.warn(one.line, vec![merged()]);
                }
                tally.unchanged += home.persons.len() as u64;
                continue;
            }
            let change = match known.family(home).ok().flatten() {
                None => None,
                Some(before) => {
                    self.find([before.id]);
                    Some(Change::found(&write, &known, before, home, given)?)
                }
            };
            taken.push((home, change));
        }
        let suspects = taken.iter().filter_map(|(_, change)| change.as_ref());
        let suspects = suspects.filter(|change| change.is_of_identity());
        let held = held(&write, suspects.map(|change| change.before.id).collect()).await?;
        let mut waiting = Vec::new();
        let mut moved_while_waiting = 0;
        for (home, change) in taken {
            let Some(change) = change else {
                let id = add_family(&write, home, &mut rows);
                self.name([id]);
                for one in &home.persons {
                    elsewhere(&known, one, tally, &mut met);
                    add_person(&write, id, one, &mut rows);
                    added += 1;
                }
                self.remember_tried(home);
                continue;
            };
            for (one, place) in home.persons.iter().zip(&change.persons) {
                match place {
                    None => elsewhere(&known, one, tally, &mut met),
                    Some((row, _)) if row.merged_into.is_some() => {
                        tally.warn(one.line, vec![made_one()]);
                    }
                    Some(_) => {}
                }
            }
            let moved = match home.place {
                Some(place) => say_place(&write, change.before.house_id, place).await?,
                None => 0,
            };
            if change.is_of_identity() && held.contains(&change.before.id) {
                self.hold_back(&write, home, &change, given, tally, &mut waiting)
                    .await?;
                moved_while_waiting += moved;
                continue;
            }
            let mut done = change.write(&mut write, home, &mut rows).await?;
            self.remember_tried(home);
            if moved > 0 && done.unchanged > 0 {
                // Its line says something new after all.
                done.unchanged -= 1;
                done.changed += 1;
            }
            added += done.added;
            changed += done.changed;
            tally.unchanged += done.unchanged;
        }
        self.find(families_of(&write, met).await?);
        rows.insert(&write).await?;
        self.wait(&write, waiting).await?;
        if added + changed > 0 {
            let villages: BTreeSet<String> =
                chunk.iter().map(|home| home.region.to_string()).collect();
            rules::villages_changed(&write, villages).await?;
        }
        let lines = chunk.iter().map(|home| home.persons.len()).sum();
        self.commit(write, lines, added, changed + moved_while_waiting)
            .await?;
        tally.added += added;
        tally.changed += changed;
        Ok(())
    }

    /// Of the NIKs that a try brought in an earlier transaction, as if it had not been undone.
    fn recall_tried(&self, known: &mut Known, chunk: &[FamilyLines]) {
        let tried = self
            .tried_niks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let niks = chunk.iter().flat_map(|home| &home.persons);
        for nik in niks.filter_map(|one| one.nik.as_ref()) {
            if tried.contains(nik) {
                known
                    .by_nik
                    .entry(nik.clone())
                    .or_default()
                    .push(Uuid::nil());
            }
        }
    }

    fn remember_tried(&self, home: &FamilyLines) {
        if self.trying.is_some() {
            let niks = home.persons.iter().filter_map(|one| one.nik.clone());
            let mut tried = self
                .tried_niks
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            tried.extend(niks);
        }
    }

    /// Keeps a family's lines until an approver confirms them, unless they wait already.
    async fn hold_back(
        &self,
        write: &Write,
        home: &FamilyLines,
        change: &Change<'_>,
        given: Given,
        tally: &mut Tally,
        waiting: &mut Vec<(u64, Waiting)>,
    ) -> Result<()> {
        if self.by.actor.user().is_none() {
            let reason = problem(
                "nama",
                "needs_a_name",
                "Baris ini mengubah identitas keluarga yang memegang atau menunggu jatah; impor atas nama seorang admin, agar dapat disahkan.",
            );
            reject_all(home, &reason, tally);
            return Ok(());
        }
        let family = change.before.id;
        let sealed = Held::of(home, change, given).seal(write.store(), family)?;
        let lines: Vec<u64> = home.persons.iter().map(|one| one.line).collect();
        let known = import_row::Entity::find()
            .filter(import_row::Column::FamilyId.eq(family))
            .all(write.on())
            .await?;
        let same = known.iter().any(|row| {
            matches!(serde_json::from_str(&row.body), Ok(Waiting::Family { sealed: other, .. }) if other == sealed)
        });
        let (code, remedy) = if same {
            tally.unchanged += lines.len() as u64;
            (
                "waits_already",
                "Perubahan identitas ini sudah menunggu pengesahan dari impor sebelumnya; tidak diajukan lagi.",
            )
        } else {
            tally.waiting += lines.len() as u64;
            (
                "waits",
                "Keluarga ini memegang atau menunggu jatah; perubahan identitasnya berlaku setelah disahkan kepala dinas.",
            )
        };
        for field in change.lines_and_fields(home) {
            let (line, fields) = field;
            let told = fields.iter().map(|field| problem(field, code, remedy));
            tally.warn(line, told.collect());
        }
        if !same {
            let row = Waiting::Family {
                family,
                lines,
                sealed,
            };
            waiting.push((home.line, row));
        }
        Ok(())
    }
}

fn reject_all(home: &FamilyLines, reason: &FieldProblem, tally: &mut Tally) {
    for one in &home.persons {
        tally.reject(one.line, vec![reason.clone()]);
    }
}

fn merged() -> FieldProblem {
    problem(
        "no_kk",
        "merged",
        "Keluarga ini sudah digabungkan dengan keluarga lain, jadi baris ini tidak dipakai; perbarui lewat keluarga yang diteruskan.",
    )
}

fn made_one() -> FieldProblem {
    problem(
        "nama",
        "made_one",
        "Orang ini sudah disatukan dengan baris lain keluarganya, jadi baris ini tidak dipakai; perbarui lewat orang yang diteruskan.",
    )
}

fn moved_away() -> FieldProblem {
    problem(
        "nama",
        "moved_away",
        "Keluarga ini atau salah satu orangnya sudah pindah, ditutup, atau disatukan sejak berkas diimpor; kirim ulang barisnya.",
    )
}

/// Which of some families hold a place or are to get one: by a membership, on a list, by a proposal that is being judged, or
/// by what waits for an approver.
pub(in crate::store) async fn held(write: &Write, families: Vec<Uuid>) -> Result<HashSet<Uuid>> {
    let mut held = HashSet::new();
    if families.is_empty() {
        return Ok(held);
    }
    let open = membership::Entity::find()
        .filter(membership::Column::FamilyId.is_in(families.iter().copied()))
        .all(write.on())
        .await?;
    let occupies = |row: &membership::Model| {
        let state = row.state.parse::<MembershipState>();
        state.is_ok_and(MembershipState::occupies_slot)
    };
    held.extend(open.into_iter().filter(occupies).map(|row| row.family_id));
    let listed = waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::FamilyId.is_in(families.iter().copied()))
        .filter(waitlist_entry::Column::TakenAt.is_null())
        .all(write.on())
        .await?;
    let lists: HashSet<Uuid> = listed.iter().map(|entry| entry.waitlist_id).collect();
    let live: HashSet<Uuid> = waitlist::Entity::find()
        .filter(waitlist::Column::Id.is_in(lists))
        .filter(waitlist::Column::SupersededAt.is_null())
        .all(write.on())
        .await?
        .into_iter()
        .map(|list| list.id)
        .collect();
    held.extend(
        listed
            .into_iter()
            .filter(|entry| live.contains(&entry.waitlist_id))
            .map(|entry| entry.family_id),
    );
    let asked = family_request::Entity::find()
        .filter(
            Condition::any()
                .add(family_request::Column::FamilyId.is_in(families.iter().copied()))
                .add(family_request::Column::OtherId.is_in(families.iter().copied())),
        )
        .filter(family_request::Column::Outcome.is_null())
        .all(write.on())
        .await?;
    let asked = asked.into_iter();
    let asked = asked.flat_map(|row| [Some(row.family_id), row.other_id]);
    held.extend(asked.flatten().filter(|id| families.contains(id)));
    // Handed in, a proposal is judged by who the family is. One that its proposer still writes is looked at anew afterwards.
    let judged = ProposalState::VARIANTS.iter();
    let judged = judged.filter(|state| !state.is_over() && !state.is_open_to_proposer());
    let proposed: Vec<Option<Uuid>> = proposal::Entity::find()
        .select_only()
        .column(proposal::Column::FamilyId)
        .filter(proposal::Column::FamilyId.is_in(families.iter().copied()))
        .filter(proposal::Column::State.is_in(judged.map(ToString::to_string)))
        .into_tuple()
        .all(write.on())
        .await?;
    held.extend(proposed.into_iter().flatten());
    let to_come = import_row::Entity::find()
        .filter(import_row::Column::FamilyId.is_in(families))
        .all(write.on())
        .await?;
    held.extend(to_come.into_iter().filter_map(|row| row.family_id));
    Ok(held)
}

/// A family's lines held against what the registry has: what would be if they were taken.
struct Change<'a> {
    before: Cow<'a, family::Model>,
    after: family::Model,
    /// Line by line: the person it is about, before and after; none: a new one.
    persons: Vec<Option<(Cow<'a, person::Model>, person::Model)>>,
}

/// What became of a family's lines.
#[derive(Default)]
struct Done {
    added: u64,
    changed: u64,
    unchanged: u64,
}

/// Names of columns, as a file heads them.
pub(in crate::store) type Fields = Vec<&'static str>;

/// The columns of a family that say who it is.
pub(in crate::store) fn family_fields(before: &family::Model, after: &family::Model) -> Fields {
    let differing = [
        ("no_kk", before.kk_enc != after.kk_enc),
        ("nama_kepala_keluarga", before.name_key != after.name_key),
        ("pengurus", before.payee_id != after.payee_id),
    ];
    let differing = differing.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

/// The columns of a person that say who it is, and what they are in the family.
pub(in crate::store) fn person_fields(before: &person::Model, after: &person::Model) -> Fields {
    let differing = [
        ("nik", before.nik_enc != after.nik_enc),
        ("nama", before.name_key != after.name_key),
        (
            "tanggal_lahir",
            before.birth_date_enc != after.birth_date_enc,
        ),
        ("jenis_kelamin", before.sex != after.sex),
        ("hub_keluarga", before.relation != after.relation),
        ("status_hidup", before.alive != after.alive),
        // A name where there was none makes nobody another.
        (
            "nama_ibu_kandung",
            before.mother_enc.is_some() && before.mother_enc != after.mother_enc,
        ),
    ];
    let differing = differing.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

impl<'a> Change<'a> {
    /// Lines of a file.
    fn found(
        write: &Write,
        known: &'a Known,
        before: &'a family::Model,
        home: &FamilyLines,
        given: Given,
    ) -> Result<Self> {
        let members = known
            .persons
            .get(&before.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let same = home
            .persons
            .iter()
            .map(|one| member(write.store(), members, one));
        let same = same.collect::<Result<Vec<_>>>()?;
        Self::between(
            write.store(),
            Cow::Borrowed(before),
            same.into_iter().map(|row| row.map(Cow::Borrowed)).collect(),
            home,
            given,
        )
    }

    fn between(
        store: &Store,
        before: Cow<'a, family::Model>,
        members: Vec<Option<Cow<'a, person::Model>>>,
        home: &FamilyLines,
        given: Given,
    ) -> Result<Self> {
        let after = renewed_family(store, &before, home, given)?;
        let persons = members.into_iter().zip(&home.persons).map(|(row, one)| {
            row.map(|row| {
                let after = renewed_person(store, &row, one, given)?;
                Ok((row, after))
            })
            .transpose()
        });
        Ok(Self {
            persons: persons.collect::<Result<_>>()?,
            before,
            after,
        })
    }

    /// Whether it says that the family is others than it was.
    fn is_of_identity(&self) -> bool {
        !family_fields(&self.before, &self.after).is_empty()
            || self.persons.iter().any(|place| match place {
                None => true,
                Some((before, after)) => !person_fields(before, after).is_empty(),
            })
    }

    /// By line of the file, which columns are others; a family's own go with its first line.
    fn lines_and_fields(&self, home: &FamilyLines) -> Vec<(u64, Vec<&'static str>)> {
        let mut told = Vec::new();
        for (n, (one, place)) in home.persons.iter().zip(&self.persons).enumerate() {
            let mut fields = match place {
                None => vec!["nama"],
                Some((before, after)) => person_fields(before, after),
            };
            if n == 0 {
                fields.splice(0..0, family_fields(&self.before, &self.after));
            }
            if !fields.is_empty() {
                told.push((one.line, fields));
            }
        }
        told
    }

    /// Takes the lines.
    async fn write(self, write: &mut Write, home: &FamilyLines, rows: &mut Rows) -> Result<Done> {
        let family = self.before.id;
        let mut done = Done::default();
        if change_family(write, &self.before, self.after, home.kk.as_deref(), rows).await? {
            done.changed += 1;
        }
        for (one, place) in home.persons.iter().zip(self.persons) {
            match place {
                None => {
                    add_person(write, family, one, rows);
                    done.added += 1;
                }
                Some((before, after)) => {
                    if change_person(write, &before, after, one.nik.as_deref(), rows).await? {
                        done.changed += 1;
                    } else {
                        done.unchanged += 1;
                    }
                }
            }
        }
        Ok(done)
    }
}

/// What waits of a family: its lines as they were read, each bound to the person whom it was found to mean.
#[derive(Serialize, Deserialize)]
struct Held {
    given: Given,
    home: FamilyLines,
    persons: Vec<Option<Uuid>>,
}

impl Held {
    fn of(home: &FamilyLines, change: &Change<'_>, given: Given) -> Self {
        let bound = change.persons.iter().map(|place| {
            let (before, _) = place.as_ref()?;
            Some(before.id)
        });
        Self {
            given,
            home: home.clone(),
            persons: bound.collect(),
        }
    }

    /// The same lines of the same family give the same text.
    fn seal(&self, store: &Store, family: Uuid) -> Result<String> {
        let plain = serde_json::to_string(self).map_err(Error::internal)?;
        let sealed = store
            .keys()
            .encrypt_field("import_row", "family", family, &plain);
        Ok(STANDARD.encode(sealed))
    }

    fn open(store: &Store, family: Uuid, lines: &[u64], sealed: &str) -> Result<Self> {
        let sealed = STANDARD.decode(sealed).map_err(Error::internal)?;
        let plain = store
            .keys()
            .decrypt_field("import_row", "family", family, &sealed)
            .map_err(Error::internal)?;
        let mut held: Self = serde_json::from_str(&plain).map_err(Error::internal)?;
        for (one, line) in held.home.persons.iter_mut().zip(lines) {
            one.line = *line;
        }
        Ok(held)
    }

    /// What it would do now; nothing when the family or one of its persons has moved away. A person who was new may
    /// have come in meanwhile.
    async fn change<C: ConnectionTrait>(
        &self,
        store: &Store,
        on: &C,
        family: Uuid,
    ) -> Result<Option<Change<'static>>> {
        let before = family::Entity::find_by_id(family)
            .one(on)
            .await?
            .ok_or_else(|| Error::internal("a family that was to change is gone"))?;
        if before.region != self.home.region.as_str() || before.closed_at.is_some() {
            return Ok(None);
        }
        let members = person::Entity::find()
            .filter(person::Column::FamilyId.eq(family))
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?;
        let mut persons = Vec::new();
        for (one, bound) in self.home.persons.iter().zip(&self.persons) {
            let found = match bound {
                Some(id) => match members.iter().find(|row| row.id == *id) {
                    None => return Ok(None),
                    there => there,
                },
                None => member(store, &members, one)?,
            };
            persons.push(found.cloned().map(Cow::Owned));
        }
        let before = Cow::Owned(before);
        Change::between(store, before, persons, &self.home, self.given).map(Some)
    }
}

/// Lines that waited change the family now: an approver, not the importer, said so.
pub(super) async fn put_in_force(
    write: &mut Write,
    import: ImportId,
    family: Uuid,
    lines: &[u64],
    sealed: &str,
    by: &TwoPersons,
    tally: &mut Tally,
) -> Result<()> {
    let held = Held::open(write.store(), family, lines, sealed)?;
    let change = held.change(write.store(), write.on(), family).await?;
    let Some(change) = change else {
        reject_all(&held.home, &moved_away(), tally);
        return Ok(());
    };
    let of_family = family_fields(&change.before, &change.after);
    let of_persons: Vec<_> = change
        .persons
        .iter()
        .map(|place| match place {
            None => serde_json::json!({ "new": true }),
            Some((before, after)) => serde_json::json!({
                "person": PersonId(before.id), "fields": person_fields(before, after) }),
        })
        .collect();
    let mut rows = Rows::default();
    let done = change.write(write, &held.home, &mut rows).await?;
    rows.insert(write).await?;
    if done.added + done.changed > 0 {
        rules::families_changed(write, &[family]).await?;
        payee_named(write, &[family]).await?;
        write.journal(Entry::new(
            "family.change",
            format!("family:{}", FamilyId(family)),
            Role::Approver,
            None,
            &serde_json::json!({ "import": import, "fields": of_family, "persons": of_persons,
                "proposer": by.proposer(), "confirmer": by.confirmer() }),
        )?);
    }
    tally.added += done.added;
    tally.changed += done.changed;
    tally.unchanged += done.unchanged;
    Ok(())
}

/// In place of what nobody needs to see to judge.
pub(in crate::store) const HIDDEN: &str = "••••";

/// A cell that an approver sees: of numbers the first four digits, of a birth date the year.
pub(in crate::store) fn opened(
    store: &Store,
    table: &str,
    column: &str,
    id: Uuid,
    cell: Option<&Vec<u8>>,
) -> Result<Option<String>> {
    let Some(sealed) = cell else {
        return Ok(None);
    };
    let keys = store.keys();
    let plain = keys.decrypt_field(table, column, id, sealed);
    Ok(Some(masked(&plain.map_err(Error::internal)?)))
}

fn shown_in_family(store: &Store, row: &family::Model, field: &str) -> Result<Option<String>> {
    match field {
        "no_kk" => opened(store, "family", "kk", row.id, row.kk_enc.as_ref()),
        _ => Ok(Some(row.name.clone())),
    }
}

fn shown_in_person(store: &Store, row: &person::Model, field: &str) -> Result<Option<String>> {
    Ok(match field {
        "nik" => opened(store, "person", "nik", row.id, row.nik_enc.as_ref())?,
        "tanggal_lahir" => row.birth_year.map(|year| year.to_string()),
        "jenis_kelamin" => row.sex.clone(),
        "hub_keluarga" => Some(row.relation.clone()),
        "status_hidup" => Some(if row.alive { "hidup" } else { "meninggal" }.to_owned()),
        "nama_ibu_kandung" => row.mother_enc.as_ref().map(|_| HIDDEN.to_owned()),
        _ => Some(row.name.clone()),
    })
}

fn shown(
    fields: Vec<&'static str>,
    mut cell: impl FnMut(&'static str) -> Result<(Option<String>, Option<String>)>,
) -> Result<Vec<FieldChange>> {
    let changes = fields.into_iter().map(|field| {
        let (from, to) = cell(field)?;
        Ok(FieldChange {
            field: field.to_owned(),
            from,
            to,
        })
    });
    changes.collect()
}

/// What a waiting family's lines would change now, masked.
pub(super) async fn view(
    store: &Store,
    line: u64,
    family: Uuid,
    lines: &[u64],
    sealed: &str,
) -> Result<ImportedChange> {
    let held = Held::open(store, family, lines, sealed)?;
    let change = held.change(store, store.read(), family).await?;
    let Some(change) = change else {
        return Ok(ImportedChange {
            line,
            family: FamilyId(family),
            region: held.home.region,
            fields: Vec::new(),
            persons: Vec::new(),
        });
    };
    let (before, after) = (&change.before, &change.after);
    let fields = shown(family_fields(before, after), |field| {
        let from = shown_in_family(store, before, field)?;
        Ok((from, shown_in_family(store, after, field)?))
    })?;
    let mut persons = Vec::new();
    for (one, place) in held.home.persons.iter().zip(&change.persons) {
        let person = if let Some((before, after)) = place {
            ImportedPerson {
                line: one.line,
                person: Some(PersonId(before.id)),
                name: before.name.clone(),
                fields: shown(person_fields(before, after), |field| {
                    let from = shown_in_person(store, before, field)?;
                    Ok((from, shown_in_person(store, after, field)?))
                })?,
            }
        } else {
            let to = |field: &str, to: Option<String>| FieldChange {
                field: field.to_owned(),
                from: None,
                to,
            };
            ImportedPerson {
                line: one.line,
                person: None,
                name: one.name.clone(),
                fields: vec![
                    to("nik", one.nik.as_deref().map(masked)),
                    to(
                        "tanggal_lahir",
                        year(one.birth).map(|year| year.to_string()),
                    ),
                    to("jenis_kelamin", one.sex.as_deref().map(str::to_owned)),
                    to("hub_keluarga", Some(one.relation.to_string())),
                ],
            }
        };
        if person.person.is_none() || !person.fields.is_empty() {
            persons.push(person);
        }
    }
    Ok(ImportedChange {
        line,
        family: FamilyId(family),
        region: before.region.parse().map_err(Error::internal)?,
        fields,
        persons,
    })
}

/// The families of some persons.
async fn families_of(write: &Write, persons: HashSet<Uuid>) -> Result<Vec<Uuid>> {
    let persons: Vec<Uuid> = persons.into_iter().collect();
    let mut families = Vec::new();
    for some in persons.chunks(500) {
        let rows: Vec<Uuid> = person::Entity::find()
            .select_only()
            .column(person::Column::FamilyId)
            .filter(person::Column::Id.is_in(some.iter().copied()))
            .into_tuple()
            .all(write.on())
            .await?;
        families.extend(rows);
    }
    Ok(families)
}

/// Tells when a new person's NIK is somebody else's already: duplicates go to people, nothing is merged. Whose it is comes
/// among those `met`.
fn elsewhere(known: &Known, one: &PersonLine, tally: &mut Tally, met: &mut HashSet<Uuid>) {
    let taken = one.nik.as_ref().and_then(|nik| known.by_nik.get(nik));
    if let Some(objects) = taken.filter(|objects| !objects.is_empty()) {
        met.extend(objects);
        tally.warn(
            one.line,
            vec![problem(
                "nik",
                "elsewhere",
                "NIK ini sudah tercatat di keluarga lain; periksa mana yang benar.",
            )],
        );
    }
}

fn head_of(home: &FamilyLines) -> &str {
    let head = home
        .persons
        .iter()
        .find(|one| one.relation == "kepala_keluarga")
        .or(home.persons.first());
    match (&home.head, head) {
        (Some(name), _) => name,
        (None, Some(one)) => &one.name,
        (None, None) => "",
    }
}

fn add_family(write: &Write, home: &FamilyLines, rows: &mut Rows) -> Uuid {
    let (id, house): (FamilyId, HouseId) = (write.store().ids().next(), write.store().ids().next());
    let id = Uuid::from(id);
    let at = write.at().as_micros();
    let head = head_of(home);
    let kk = home.kk.as_deref();
    let seal = |kk: &str| write.store().keys().encrypt_field("family", "kk", id, kk);
    let mut row = family::Model {
        id,
        version: 1,
        registry_key: home.key.clone(),
        house_id: house.into(),
        region: home.region.to_string(),
        kk_enc: kk.map(seal),
        name: head.to_owned(),
        name_key: name_key(head),
        address: home.address.clone(),
        rt: home.rt.clone(),
        rw: home.rw.clone(),
        decile: home.decile,
        regime: home.regime.to_string(),
        valid_from: at,
        recorded_at: at,
        domicile_address: None,
        domicile_rt: None,
        domicile_rw: None,
        domicile_region: None,
        payee_id: None,
        closed_at: None,
        merged_into: None,
    };
    lives_at(&mut row, home.home.as_ref());
    rows.add_family(write, &row, kk, home.place);
    id
}

/// Where the family lives, when the lines say so; at the address of the KTP it lives nowhere else.
fn lives_at(row: &mut family::Model, home: Option<&HomeLine>) {
    let Some(home) = home else { return };
    let there = (home.address.as_str(), home.rt.as_str(), home.rw.as_str());
    let is_elsewhere = there != (row.address.as_str(), row.rt.as_str(), row.rw.as_str())
        || home.region.as_str() != row.region;
    let elsewhere = Some(home).filter(|_| is_elsewhere);
    row.domicile_address = elsewhere.map(|home| home.address.clone());
    row.domicile_rt = elsewhere.map(|home| home.rt.clone());
    row.domicile_rw = elsewhere.map(|home| home.rw.clone());
    row.domicile_region = elsewhere.map(|home| home.region.to_string());
}

/// Whether a sealed cell holds just this number.
pub(in crate::store) fn holds(
    store: &Store,
    table: &str,
    column: &str,
    row: Uuid,
    sealed: Option<&Vec<u8>>,
    plain: &str,
) -> Result<bool> {
    let Some(sealed) = sealed else {
        return Ok(false);
    };
    let held = store
        .keys()
        .decrypt_field(table, column, row, sealed)
        .map_err(Error::internal)?;
    Ok(held.as_str() == plain)
}

/// The family as the lines say it is. What they do not mention stays.
fn renewed_family(
    store: &Store,
    before: &family::Model,
    home: &FamilyLines,
    given: Given,
) -> Result<family::Model> {
    let mut row = before.clone();
    if home.key.is_some() {
        row.registry_key.clone_from(&home.key);
        row.regime = home.regime.to_string();
    }
    head_of(home).clone_into(&mut row.name);
    row.name_key = name_key(&row.name);
    row.address.clone_from(&home.address);
    row.rt.clone_from(&home.rt);
    row.rw.clone_from(&home.rw);
    lives_at(&mut row, home.home.as_ref());
    if given.decile {
        row.decile = home.decile;
    }
    if let Some(kk) = &home.kk
        && !holds(store, "family", "kk", row.id, row.kk_enc.as_ref(), kk)?
    {
        row.kk_enc = Some(store.keys().encrypt_field("family", "kk", row.id, kk));
    }
    Ok(row)
}

/// Saves a family's next version; false when it is as it was.
pub(in crate::store) async fn change_family(
    write: &mut Write,
    before: &family::Model,
    mut row: family::Model,
    kk: Option<&str>,
    rows: &mut Rows,
) -> Result<bool> {
    if row == *before {
        return Ok(false);
    }
    row.version += 1;
    row.recorded_at = write.at().as_micros();
    row.valid_from = rows.since.unwrap_or(row.recorded_at);
    let moved = family::Entity::update_many()
        .set(row.clone().into_active_model().reset_all())
        .filter(family::Column::Id.eq(row.id))
        .filter(family::Column::Version.eq(before.version))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: row.version,
        });
    }
    if let Some(kk) = kk
        && row.kk_enc != before.kk_enc
    {
        let keys = write.store().keys();
        forget(write, "kk", row.id).await?;
        rows.seek(keys, "kk", keys.blind_kk(kk), row.id);
    }
    rows.keep_family(write, &row);
    // An officer's phone shows the name and address: it hears of them again.
    let open = verification_case::Entity::find()
        .filter(verification_case::Column::FamilyId.eq(row.id))
        .filter(verification_case::Column::State.is_not_in(["decided", "closed", "expired"]))
        .all(write.on())
        .await?;
    for case in open {
        let officer = case.officer_id.map(UserId);
        feed::publish_case(write, &case, officer).await?;
    }
    Ok(true)
}

/// The search keys of a number that is no longer the object's.
pub(in crate::store) async fn forget(write: &Write, kind: &str, object: Uuid) -> Result<()> {
    blind_index::Entity::delete_many()
        .filter(blind_index::Column::ObjectId.eq(object))
        .filter(blind_index::Column::Kind.eq(kind))
        .exec(write.on())
        .await?;
    Ok(())
}

/// Which of a family's persons a line is about: first of those who are somebody, then of the rows that are another's now.
fn member<'a>(
    store: &Store,
    members: &'a [person::Model],
    one: &PersonLine,
) -> Result<Option<&'a person::Model>> {
    let (gone, there): (Vec<_>, Vec<_>) = members.iter().partition(|row| row.merged_into.is_some());
    match member_of(store, &there, one)? {
        None => member_of(store, &gone, one),
        found => Ok(found),
    }
}

fn member_of<'a>(
    store: &Store,
    members: &[&'a person::Model],
    one: &PersonLine,
) -> Result<Option<&'a person::Model>> {
    let members = || members.iter().copied();
    if one.key.is_some()
        && let Some(row) = members().find(|row| row.line_key == one.key)
    {
        return Ok(Some(row));
    }
    if let Some(nik) = &one.nik {
        for row in members() {
            if holds(store, "person", "nik", row.id, row.nik_enc.as_ref(), nik)? {
                return Ok(Some(row));
            }
        }
    }
    let key = name_key(&one.name);
    for row in members() {
        // With two numbers that differ they are two people, however they are called.
        if row.name_key != key || (row.nik_enc.is_some() && one.nik.is_some()) {
            continue;
        }
        let born = match one.birth {
            None => row.birth_date_enc.is_none(),
            Some(date) => holds(
                store,
                "person",
                "birth_date",
                row.id,
                row.birth_date_enc.as_ref(),
                &date.to_string(),
            )?,
        };
        if born {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn year(date: Option<Date>) -> Option<i32> {
    date.and_then(|date| i32::try_from(date.year).ok())
}

fn add_person(write: &Write, family: Uuid, one: &PersonLine, rows: &mut Rows) {
    let id: PersonId = write.store().ids().next();
    let id = Uuid::from(id);
    let keys = write.store().keys();
    let at = write.at().as_micros();
    let nik = one.nik.as_deref();
    let row = person::Model {
        id,
        version: 1,
        family_id: family,
        nik_enc: nik.map(|nik| keys.encrypt_field("person", "nik", id, nik)),
        name: one.name.clone(),
        name_key: name_key(&one.name),
        birth_date_enc: one
            .birth
            .map(|date| keys.encrypt_field("person", "birth_date", id, &date.to_string())),
        birth_year: year(one.birth),
        sex: one.sex.as_deref().map(str::to_owned),
        relation: one.relation.to_string(),
        alive: one.alive.unwrap_or(true),
        line_key: one.key.clone(),
        valid_from: at,
        recorded_at: at,
        mother_enc: one
            .mother
            .as_deref()
            .map(|name| keys.encrypt_field("person", "mother", id, name)),
        merged_into: None,
    };
    rows.add_person(write, &row, nik);
}

/// The person as a line says it is.
fn renewed_person(
    store: &Store,
    before: &person::Model,
    one: &PersonLine,
    given: Given,
) -> Result<person::Model> {
    let keys = store.keys();
    let mut row = before.clone();
    // What a file says of a row that is another's now would overwrite, month by month, what the other's line says.
    if row.merged_into.is_some() {
        return Ok(row);
    }
    row.name.clone_from(&one.name);
    row.name_key = name_key(&row.name);
    row.relation = one.relation.to_string();
    if one.key.is_some() {
        row.line_key.clone_from(&one.key);
    }
    if given.sex {
        row.sex = one.sex.as_deref().map(str::to_owned);
    }
    if let Some(alive) = one.alive {
        row.alive = alive;
    }
    if given.birth {
        let date = one.birth.map(|date| date.to_string());
        let same = match &date {
            None => row.birth_date_enc.is_none(),
            Some(date) => {
                let sealed = row.birth_date_enc.as_ref();
                holds(store, "person", "birth_date", row.id, sealed, date)?
            }
        };
        if !same {
            row.birth_date_enc =
                date.map(|date| keys.encrypt_field("person", "birth_date", row.id, &date));
            row.birth_year = year(one.birth);
        }
    }
    if let Some(mother) = &one.mother {
        let sealed = row.mother_enc.as_ref();
        if !holds(store, "person", "mother", row.id, sealed, mother)? {
            row.mother_enc = Some(keys.encrypt_field("person", "mother", row.id, mother));
        }
    }
    if let Some(nik) = &one.nik
        && !holds(store, "person", "nik", row.id, row.nik_enc.as_ref(), nik)?
    {
        row.nik_enc = Some(keys.encrypt_field("person", "nik", row.id, nik));
    }
    Ok(row)
}

/// Saves a person's next version; false when it is as it was.
pub(in crate::store) async fn change_person(
    write: &Write,
    before: &person::Model,
    mut row: person::Model,
    nik: Option<&str>,
    rows: &mut Rows,
) -> Result<bool> {
    if row == *before {
        return Ok(false);
    }
    row.version += 1;
    row.recorded_at = write.at().as_micros();
    row.valid_from = rows.since.unwrap_or(row.recorded_at);
    let moved = person::Entity::update_many()
        .set(row.clone().into_active_model().reset_all())
        .filter(person::Column::Id.eq(row.id))
        .filter(person::Column::Version.eq(before.version))
        .exec(write.on())
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::Stale {
            current_version: row.version,
        });
    }
    if let Some(nik) = nik
        && row.nik_enc != before.nik_enc
    {
        let keys = write.store().keys();
        forget(write, "nik", row.id).await?;
        rows.seek(keys, "nik", keys.blind_nik(nik), row.id);
    }
    if row.name_key != before.name_key || row.birth_year != before.birth_year {
        person_sound::Entity::delete_many()
            .filter(person_sound::Column::PersonId.eq(row.id))
            .exec(write.on())
            .await?;
        rows.hear(&row);
    }
    let is_new_to_others = row.name_key != before.name_key
        || row.birth_date_enc != before.birth_date_enc
        || row.nik_enc != before.nik_enc
        || (row.alive && !before.alive);
    if is_new_to_others {
        rows.suspects.push(row.id);
    }
    rows.keep_person(write, &row);
    Ok(true)
}
