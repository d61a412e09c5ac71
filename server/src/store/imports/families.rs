//! Families and persons: one line a person, with the headers of DTKS and DTSEN exports.
//!
//! A family is known again by its registry id, else by its KK number; a person within it by a registry id, else by NIK,
//! else by name and birth date. What the file does not mention stays. An import neither moves a family nor ends a
//! membership: those are acts of people.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};
use tilik_protocol::ids::{FamilyId, HouseId, PersonId, UserId};
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::cells::{
    Date, Look, NikSays, name, name_key, neighbourhood, number, past_date, sixteen, words,
};
use super::places::{Named, Places};
use super::units::behind;
use super::{CHUNK, Run, Tally, insert_all};
use crate::error::{Error, Result};
use crate::keys::{Keyring, Purpose};
use crate::sheet::{Column, Row, Sheet, needs, problem, takes};
use crate::store::tables::{blind_index, family, house, person, row_version, verification_case};
use crate::store::users::version_row;
use crate::store::{Write, feed};

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
const COLUMNS: &[Column] = &[
    takes("id_keluarga", &["idkeluargadtsen", "registrykey"]),
    needs("no_kk", &["nokk", "kk", "nomorkk", "nokartukeluarga"]),
    needs("nik", &["nonik", "nomorindukkependudukan"]),
    needs("nama", &["name", "namalengkap", "namaart", "namaorang"]),
    takes(
        "nama_kepala_keluarga",
        &["namakrt", "namakk", "kepalakeluarga"],
    ),
    takes("id_orang", &["idsemesta", "idart", "linekey"]),
    takes("tanggal_lahir", &["tgllahir", "birthdate"]),
    takes("jenis_kelamin", &["jk", "sex", "kelamin"]),
    needs(
        "hub_keluarga",
        &["hubungankeluarga", "hubungan", "relation", "statushubungan"],
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
];

/// At least this many NIKs before it is said that all of them were rounded.
const ENOUGH: usize = 20;

#[derive(Debug)]
pub(super) struct PersonLine {
    pub line: u64,
    pub key: Option<String>,
    pub nik: Option<String>,
    pub name: String,
    pub birth: Option<Date>,
    pub sex: Option<&'static str>,
    pub relation: &'static str,
    pub alive: Option<bool>,
}

#[derive(Debug)]
pub(super) struct FamilyLines {
    line: u64,
    key: Option<String>,
    regime: &'static str,
    kk: Option<String>,
    region: RegionCode,
    /// What the file calls the head, if it does.
    head: Option<String>,
    address: String,
    rt: String,
    rw: String,
    decile: Option<i32>,
    persons: Vec<PersonLine>,
}

/// A file that was read: families in the order in which they begin.
pub(super) struct Families {
    tally: Tally,
    read: Vec<FamilyLines>,
    given: Given,
}

/// Which facts the file has at all; the others are left alone.
#[derive(Debug, Clone, Copy)]
struct Given {
    birth: bool,
    sex: bool,
    decile: bool,
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
pub(super) fn read(file: &[u8], places: &Places, now: Timestamp) -> Result<Families> {
    let sheet = Sheet::read(file, COLUMNS)?;
    if !sheet.has(REGION) && !sheet.has(VILLAGE) {
        return Err(Error::field(
            "wilayah",
            "missing_header",
            "Tambahkan kolom \"wilayah\" (kode Kemendagri) atau \"desa_kelurahan\".",
        ));
    }
    refuse_rounded(&sheet)?;
    let given = Given {
        birth: sheet.has(BIRTH),
        sex: sheet.has(SEX),
        decile: sheet.has(DECILE),
    };
    let mut tally = Tally::of(&sheet);
    let today = Date::of(now);
    let mut families: Vec<FamilyLines> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut niks: HashMap<String, (usize, u64)> = HashMap::new();
    for row in &sheet.rows {
        let mut look = Look::at(row);
        let read = read_line(&mut look, places, today);
        let Some((home, person)) = read.filter(|_| look.problems.is_empty()) else {
            tally.reject(row.line, look.problems);
            continue;
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
                continue;
            }
        };
        let at = known.get(&same).copied();
        let reason = at.and_then(|at| conflict(&families[at], &home, &person));
        if let Some(reason) = reason {
            tally.reject(row.line, vec![reason]);
            continue;
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
    Ok(Families {
        tally,
        read: families,
        given,
    })
}

/// A spreadsheet keeps 15 digits and makes the rest nought. One such NIK may be true; all of them are not.
fn refuse_rounded(sheet: &Sheet) -> Result<()> {
    let full: Vec<&str> = sheet
        .rows
        .iter()
        .map(|row| row.cell(NIK))
        .filter(|nik| nik.len() == 16)
        .collect();
    if full.len() >= ENOUGH && full.iter().all(|nik| nik.ends_with('0')) {
        return Err(Error::field(
            "nik",
            "rounded",
            "Semua NIK berakhiran 0: lembar kerja telah membulatkannya. Ekspor ulang dari sumbernya dengan kolom teks.",
        ));
    }
    Ok(())
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
            let says = NikSays::of(nik);
            let remarks = says.remarks(birth.flatten(), sex.flatten());
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
            regime,
            kk,
            region: region?,
            head,
            address: address?,
            rt: rt?,
            rw: rw?,
            decile: decile?,
            persons: Vec::new(),
        },
        PersonLine {
            line: row.line,
            key: text(PERSON_KEY),
            nik,
            name: person_name,
            birth: birth?,
            sex: sex?,
            relation,
            alive: alive?,
        },
    ))
}

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
}

/// The bytes of a cell in a version's body.
fn text_of(sealed: Option<&Vec<u8>>) -> Option<String> {
    sealed.map(|bytes| STANDARD.encode(bytes))
}

impl Rows {
    /// A family with a house of its own.
    pub(in crate::store) fn add_family(
        &mut self,
        write: &Write,
        row: &family::Model,
        kk: Option<&str>,
    ) {
        self.houses.push(house::ActiveModel {
            id: Set(row.house_id),
            region: Set(row.region.clone()),
            lat_e7: Set(None),
            lon_e7: Set(None),
            accuracy_cm: Set(None),
            pinned_at: Set(None),
            pin_visit: Set(None),
        });
        if let Some(kk) = kk {
            let keys = write.store().keys();
            self.seek(keys, "kk", keys.blind_kk(kk), row.id);
        }
        self.keep_family(write, row);
        self.families
            .push(row.clone().into_active_model().reset_all());
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
        self.keep_person(write, row);
        self.persons
            .push(row.clone().into_active_model().reset_all());
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
        insert_all(write, self.versions).await
    }
}

/// What the registry holds of some families.
struct Known {
    by_key: HashMap<String, family::Model>,
    by_kk: HashMap<String, Vec<family::Model>>,
    persons: HashMap<Uuid, Vec<person::Model>>,
    by_nik: HashMap<String, Vec<Uuid>>,
}

impl Known {
    async fn of(write: &Write, chunk: &[FamilyLines]) -> Result<Self> {
        let keys = write.store().keys();
        let by_key: HashMap<String, family::Model> = family::Entity::find()
            .filter(
                family::Column::RegistryKey
                    .is_in(chunk.iter().filter_map(|home| home.key.as_deref())),
            )
            .all(write.on())
            .await?
            .into_iter()
            .filter_map(|row| Some((row.registry_key.clone()?, row)))
            .collect();
        let kks = chunk.iter().filter_map(|home| home.kk.as_deref());
        let by_number = behind(write, "kk", kks, |kk| keys.blind_kk_candidates(kk)).await?;
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(by_number.values().flatten().copied()))
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
        let by_nik = behind(write, "nik", niks, |nik| keys.blind_nik_candidates(nik)).await?;
        Ok(Self {
            by_key,
            by_kk,
            persons,
            by_nik,
        })
    }

    /// The family these lines are about; `None`: a new one.
    fn family(&self, home: &FamilyLines) -> Result<Option<&family::Model>, FieldProblem> {
        if let Some(known) = home.key.as_ref().and_then(|key| self.by_key.get(key)) {
            return Ok(Some(known));
        }
        let rows = home.kk.as_ref().and_then(|kk| self.by_kk.get(kk));
        // A family that has an id of its own is not this one, whatever its number.
        let fits = |row: &&family::Model| home.key.is_none() || row.registry_key.is_none();
        let mut fitting = rows.into_iter().flatten().filter(fits);
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
        for home in &families {
            tally.touches(&home.region);
        }
        while !families.is_empty() {
            let rest = families.split_off(families.len().min(CHUNK));
            let chunk = std::mem::replace(&mut families, rest);
            self.put_families(&chunk, file.given, &mut tally).await?;
        }
        Ok(tally)
    }

    async fn put_families(
        &self,
        chunk: &[FamilyLines],
        given: Given,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut write = self.chunk().await?;
        let known = Known::of(&write, chunk).await?;
        let mut rows = Rows::default();
        let (mut added, mut changed) = (0, 0);
        for home in chunk {
            let reason = match known.family(home) {
                Err(reason) => Some(reason),
                Ok(_) if !self.reaches(&home.region) => Some(problem(
                    "wilayah",
                    "out_of_scope",
                    "Kelurahan ini di luar wilayah tugas Anda.",
                )),
                Ok(Some(before)) if before.region != home.region.as_str() => Some(problem(
                    "wilayah",
                    "moved",
                    "Keluarga ini tercatat di kelurahan lain; perpindahan dicatat oleh operator atau Dukcapil.",
                )),
                Ok(_) => None,
            };
            if let Some(reason) = reason {
                for one in &home.persons {
                    tally.reject(one.line, vec![reason.clone()]);
                }
                continue;
            }
            let before = known.family(home).ok().flatten();
            let id = match before {
                None => add_family(&write, home, &mut rows),
                Some(before) => {
                    change_family(&mut write, before, home, given, &mut rows, &mut changed).await?;
                    before.id
                }
            };
            // Lines are persons: a family alone is counted with its first line.
            let members = known
                .persons
                .get(&id)
                .map(Vec::as_slice)
                .unwrap_or_default();
            for one in &home.persons {
                let same = member(&write, members, one)?;
                match same {
                    None => {
                        elsewhere(&known, one, tally);
                        add_person(&write, id, one, &mut rows);
                        added += 1;
                    }
                    Some(row) => {
                        if change_person(&write, row, one, given, &mut rows).await? {
                            changed += 1;
                        } else {
                            tally.unchanged += 1;
                        }
                    }
                }
            }
        }
        rows.insert(&write).await?;
        self.commit(write, added, changed).await?;
        tally.added += added;
        tally.changed += changed;
        Ok(())
    }
}

/// Tells when a new person's NIK is somebody else's already: duplicates go to people, nothing is merged.
fn elsewhere(known: &Known, one: &PersonLine, tally: &mut Tally) {
    let taken = one.nik.as_ref().and_then(|nik| known.by_nik.get(nik));
    if taken.is_some_and(|objects| !objects.is_empty()) {
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
    let row = family::Model {
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
        regime: home.regime.to_owned(),
        valid_from: at,
        recorded_at: at,
    };
    rows.add_family(write, &row, kk);
    id
}

/// Whether a sealed cell holds just this number.
fn holds(
    write: &Write,
    table: &str,
    column: &str,
    row: Uuid,
    sealed: Option<&Vec<u8>>,
    plain: &str,
) -> Result<bool> {
    let Some(sealed) = sealed else {
        return Ok(false);
    };
    let held = write
        .store()
        .keys()
        .decrypt_field(table, column, row, sealed)
        .map_err(Error::internal)?;
    Ok(held.as_str() == plain)
}

async fn change_family(
    write: &mut Write,
    before: &family::Model,
    home: &FamilyLines,
    given: Given,
    rows: &mut Rows,
    changed: &mut u64,
) -> Result<()> {
    let mut row = before.clone();
    if home.key.is_some() {
        row.registry_key.clone_from(&home.key);
        home.regime.clone_into(&mut row.regime);
    }
    head_of(home).clone_into(&mut row.name);
    row.name_key = name_key(&row.name);
    row.address.clone_from(&home.address);
    row.rt.clone_from(&home.rt);
    row.rw.clone_from(&home.rw);
    if given.decile {
        row.decile = home.decile;
    }
    let mut renumbered = None;
    if let Some(kk) = &home.kk
        && !holds(write, "family", "kk", row.id, row.kk_enc.as_ref(), kk)?
    {
        row.kk_enc = Some(
            write
                .store()
                .keys()
                .encrypt_field("family", "kk", row.id, kk),
        );
        renumbered = Some(write.store().keys().blind_kk(kk));
    }
    if row == *before {
        return Ok(());
    }
    next_version(
        &mut row.version,
        &mut row.valid_from,
        &mut row.recorded_at,
        write,
    );
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
    if let Some(value) = renumbered {
        forget(write, "kk", row.id).await?;
        rows.seek(write.store().keys(), "kk", value, row.id);
    }
    rows.keep_family(write, &row);
    *changed += 1;
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
    Ok(())
}

fn next_version(version: &mut i32, valid_from: &mut i64, recorded_at: &mut i64, write: &Write) {
    *version += 1;
    *valid_from = write.at().as_micros();
    *recorded_at = write.at().as_micros();
}

/// The search keys of a number that is no longer the object's.
async fn forget(write: &Write, kind: &str, object: Uuid) -> Result<()> {
    blind_index::Entity::delete_many()
        .filter(blind_index::Column::ObjectId.eq(object))
        .filter(blind_index::Column::Kind.eq(kind))
        .exec(write.on())
        .await?;
    Ok(())
}

/// Which of a family's persons a line is about.
fn member<'a>(
    write: &Write,
    members: &'a [person::Model],
    one: &PersonLine,
) -> Result<Option<&'a person::Model>> {
    if one.key.is_some()
        && let Some(row) = members.iter().find(|row| row.line_key == one.key)
    {
        return Ok(Some(row));
    }
    if let Some(nik) = &one.nik {
        for row in members {
            if holds(write, "person", "nik", row.id, row.nik_enc.as_ref(), nik)? {
                return Ok(Some(row));
            }
        }
    }
    let key = name_key(&one.name);
    for row in members {
        // With two numbers that differ they are two people, however they are called.
        if row.name_key != key || (row.nik_enc.is_some() && one.nik.is_some()) {
            continue;
        }
        let born = match one.birth {
            None => row.birth_date_enc.is_none(),
            Some(date) => holds(
                write,
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
        sex: one.sex.map(str::to_owned),
        relation: one.relation.to_owned(),
        alive: one.alive.unwrap_or(true),
        line_key: one.key.clone(),
        valid_from: at,
        recorded_at: at,
    };
    rows.add_person(write, &row, nik);
}

async fn change_person(
    write: &Write,
    before: &person::Model,
    one: &PersonLine,
    given: Given,
    rows: &mut Rows,
) -> Result<bool> {
    let keys = write.store().keys();
    let mut row = before.clone();
    row.name.clone_from(&one.name);
    row.name_key = name_key(&row.name);
    one.relation.clone_into(&mut row.relation);
    if one.key.is_some() {
        row.line_key.clone_from(&one.key);
    }
    if given.sex {
        row.sex = one.sex.map(str::to_owned);
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
                holds(write, "person", "birth_date", row.id, sealed, date)?
            }
        };
        if !same {
            row.birth_date_enc =
                date.map(|date| keys.encrypt_field("person", "birth_date", row.id, &date));
            row.birth_year = year(one.birth);
        }
    }
    let mut renumbered = None;
    if let Some(nik) = &one.nik
        && !holds(write, "person", "nik", row.id, row.nik_enc.as_ref(), nik)?
    {
        row.nik_enc = Some(keys.encrypt_field("person", "nik", row.id, nik));
        renumbered = Some(keys.blind_nik(nik));
    }
    if row == *before {
        return Ok(false);
    }
    next_version(
        &mut row.version,
        &mut row.valid_from,
        &mut row.recorded_at,
        write,
    );
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
    if let Some(value) = renumbered {
        forget(write, "nik", row.id).await?;
        rows.seek(keys, "nik", value, row.id);
    }
    rows.keep_person(write, &row);
    Ok(true)
}
