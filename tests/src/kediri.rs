//! Kota Kediri as files: its real regions and boundaries, and families that never were, in the headers that the imports
//! take. The same seed writes the same bytes.
//!
//! 33,632 families in 46 kelurahan. All but about ten in each receive something; those ten wait, ranked, on the lists of
//! every program.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use anyhow::{Context, Result, bail};
use axum::body::Body;
use http::{Request, header};
use tilik_protocol::ids::EventId;
use tilik_protocol::lenient::Lenient;
use tilik_protocol::registry::{ImportKind, ImportReport, ImportState};
use tilik_protocol::session::Act;

use crate::demo::doors::Doors;
use crate::dice::Dice;
use crate::people::Console;
use crate::world::{Answer, Doorway};

/// How many families the registry of Kota Kediri holds.
pub const FAMILIES: usize = 33_632;
/// How many regions: the province, the city, 3 kecamatan, 46 kelurahan.
pub const REGIONS: usize = 51;

const WILAYAH: &str = include_str!("../../server/data/kediri_wilayah.csv");
/// The boundaries, as they are imported.
pub(crate) const BOUNDARIES: &str = include_str!("../../server/data/kediri_boundaries.geojson");
const PROGRAMS: &str = "\
code,name,unit,decile_max,fund,central
PKH,Program Keluarga Harapan,keluarga,4,apbn,ya
SEMBAKO,Program Sembako (BPNT),keluarga,5,apbn,ya
PBI-JK,Penerima Bantuan Iuran JKN,orang,5,apbn,ya
BLT-DD,Bantuan Langsung Tunai daerah,keluarga,5,apbd,tidak
CBP,Bantuan Pangan Beras (CBP),keluarga,,apbn,tidak
";

/// Rice, which the city replaces itself.
const RICE: &str = "CBP";

/// A file to be imported: what it holds, what it is called, its bytes.
pub type File = (ImportKind, String, Vec<u8>);

/// The whole city, in the order in which it is imported.
pub fn files(seed: u64) -> Vec<File> {
    files_of(seed, FAMILIES)
}

/// The same city with another number of families.
pub fn files_of(seed: u64, families: usize) -> Vec<File> {
    let city = City::new(seed, families);
    let file =
        |kind: ImportKind, name: &str, text: String| (kind, name.to_owned(), text.into_bytes());
    vec![
        file(
            ImportKind::Regions,
            "kediri_wilayah.csv",
            WILAYAH.to_owned(),
        ),
        file(
            ImportKind::Boundaries,
            "kediri_boundaries.geojson",
            BOUNDARIES.to_owned(),
        ),
        file(ImportKind::Programs, "program.csv", PROGRAMS.to_owned()),
        file(ImportKind::Quotas, "kuota.csv", city.quotas),
        file(ImportKind::Families, "keluarga.csv", city.families),
        file(ImportKind::Memberships, "kepesertaan.csv", city.memberships),
        file(ImportKind::Waitlist, "daftar_tunggu.csv", city.waitlists),
    ]
}

/// Imports files by the real route, `admin` bringing each in and `approver` confirming what waits.
///
/// # Errors
/// When the server refuses a file or rejects a line.
pub async fn import(
    doorway: &Doorway,
    admin: &Console,
    approver: &Console,
    files: Vec<File>,
) -> Result<Vec<ImportReport>> {
    let mut reports = Vec::new();
    for (kind, name, bytes) in files {
        let mut report = send(doorway, admin, kind, bytes)
            .await
            .with_context(|| name.clone())?;
        if report.state == Lenient::Known(ImportState::Waiting) {
            let body = Act {
                event_id: approver.event(),
                note: None,
            };
            let path = format!("/v1/imports/{}/confirm", report.id);
            report = approver.post(&path, &body).await.ok()?.read()?;
        }
        if report.rejected > 0 {
            bail!(
                "{name}: {} lines rejected, such as {:?}",
                report.rejected,
                report.rejections.first()
            );
        }
        reports.push(report);
    }
    Ok(reports)
}

/// Sends one file as it is.
///
/// # Errors
/// When the server refuses it.
pub async fn send(
    doorway: &Doorway,
    admin: &Console,
    kind: ImportKind,
    bytes: Vec<u8>,
) -> Result<ImportReport> {
    let event: EventId = admin.event();
    post(doorway, admin, &format!("{kind}?event_id={event}"), bytes)
        .await?
        .ok()?
        .read()
}

/// Sends one file to be tried; `event` names it.
///
/// # Errors
/// When the server is down.
pub async fn send_to_be_tried(
    doorway: &Doorway,
    admin: &Console,
    kind: ImportKind,
    event: EventId,
    bytes: Vec<u8>,
) -> Result<Answer> {
    let path = format!("{kind}?event_id={event}&rehearse=true");
    post(doorway, admin, &path, bytes).await
}

async fn post(doorway: &Doorway, admin: &Console, path: &str, bytes: Vec<u8>) -> Result<Answer> {
    let request = Request::post(format!("/v1/imports/{path}"))
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", admin.token().await?),
        )
        .header(header::CONTENT_TYPE, "text/csv")
        .body(Body::from(bytes))?;
    doorway.send(request).await.context("the server is down")
}

const MEN: [&str; 36] = [
    "SUTRISNO",
    "BUDI",
    "SLAMET",
    "AGUS",
    "JOKO",
    "SUPRIYADI",
    "MULYONO",
    "HARI",
    "BAMBANG",
    "EKO",
    "SUGENG",
    "WAHYUDI",
    "SAMSUL",
    "IMAM",
    "MOCHAMAD",
    "ABDUL",
    "NUR",
    "KATIMIN",
    "PARNO",
    "SUYONO",
    "DWI",
    "TRI",
    "ANDIK",
    "YUSUF",
    "HERI",
    "RUDI",
    "KASMAN",
    "SOLIKIN",
    "ZAINAL",
    "ARIF",
    "DEDI",
    "TUKIMIN",
    "SUNARTO",
    "WIDODO",
    "ADI",
    "RIZKY",
];
const WOMEN: [&str; 36] = [
    "SITI", "SRI", "SULASTRI", "DEWI", "NUR", "ENDANG", "KARTINI", "SUPARTI", "LILIK", "YULI",
    "RATNA", "INDAH", "WIWIK", "SUMIATI", "ANIK", "TUTIK", "MURTINI", "RINA", "EKA", "FITRI",
    "AISYAH", "KHUSNUL", "UMI", "SUNARSIH", "TITIK", "WAHYU", "MARIYAM", "PUJI", "LESTARI",
    "NINGSIH", "MUSRIPAH", "RUKMINI", "DIAN", "AYU", "NABILA", "PUTRI",
];
const SECOND: [&str; 32] = [
    "SANTOSO",
    "WIBOWO",
    "PRASETYO",
    "SETIAWAN",
    "HIDAYAT",
    "NUGROHO",
    "RAHAYU",
    "WULANDARI",
    "LESTARI",
    "KURNIAWAN",
    "PURNOMO",
    "SUSANTO",
    "UTAMI",
    "HANDAYANI",
    "SAPUTRA",
    "RAHMAWATI",
    "FAUZI",
    "MAULANA",
    "SUSILOWATI",
    "PERMADI",
    "ANGGRAINI",
    "SUBEKTI",
    "YULIANTO",
    "MAHMUDAH",
    "KHASANAH",
    "RAMADHANI",
    "HARTONO",
    "SASMITO",
    "WIJAYA",
    "PAMUNGKAS",
    "AMINAH",
    "SULISTYO",
];
const STREETS: [&str; 24] = [
    "JL. MELATI",
    "JL. KENANGA",
    "JL. MAWAR",
    "JL. ANGGREK",
    "JL. PANJAITAN",
    "JL. SUPRAPTO",
    "JL. LETJEN SUTOYO",
    "JL. RAYA PESANTREN",
    "JL. SERSAN SUHARMAJI",
    "JL. KH. WACHID HASYIM",
    "JL. GATOT SUBROTO",
    "JL. URIP SUMOHARJO",
    "JL. PANGLIMA POLIM",
    "JL. DR. SAHARJO",
    "JL. AHMAD YANI",
    "JL. KAPTEN TENDEAN",
    "GG. MASJID",
    "GG. SAWAH",
    "GG. DAHLIA",
    "GG. CEMPAKA",
    "LINGK. TEMPUREJO",
    "LINGK. NGRONGGO",
    "LINGK. BOTO LENGKET",
    "LINGK. SUMBER",
];
const BIRTHPLACES: [&str; 8] = [
    "KEDIRI",
    "KEDIRI",
    "KEDIRI",
    "KEDIRI",
    "NGANJUK",
    "BLITAR",
    "TULUNGAGUNG",
    "SURABAYA",
];
const WORK: [&str; 9] = [
    "BURUH HARIAN LEPAS",
    "PEDAGANG KECIL",
    "BURUH PABRIK",
    "TUKANG BECAK",
    "BURUH TANI",
    "WIRASWASTA",
    "MENGURUS RUMAH TANGGA",
    "TUKANG BATU",
    "BELUM/TIDAK BEKERJA",
];
/// First registered elsewhere: Kabupaten Kediri, Nganjuk, Blitar, Surabaya.
const ELSEWHERE: [&str; 5] = ["350601", "350612", "351804", "350503", "357803"];

/// The year in which the registry was drawn up.
const YEAR: i64 = 2026;

struct Person {
    nik: String,
    name: String,
    female: bool,
    born: (i64, i64, i64),
    relation: &'static str,
}

impl Person {
    fn age(&self) -> i64 {
        YEAR - self.born.0
    }
}

struct Family {
    key: String,
    kk: String,
    persons: Vec<Person>,
    address: String,
    rt: i64,
    rw: i64,
    decile: i64,
    /// Latitude and longitude as cells; the registry does not know where every house is.
    place: String,
}

impl Family {
    /// Whether somebody is old, small, or at school: what PKH asks for.
    fn has_component(&self) -> bool {
        self.persons
            .iter()
            .any(|one| one.age() >= 60 || one.age() <= 18)
    }

    fn is_vulnerable(&self) -> bool {
        self.persons
            .iter()
            .any(|one| one.age() >= 60 || one.age() < 5)
    }
}

struct City {
    doors: Option<Doors>,
    dice: Dice,
    /// How many numbers with these first twelve digits exist.
    serials: HashMap<String, u32>,
    families: String,
    memberships: String,
    waitlists: String,
    quotas: String,
}

/// The codes of the 46 kelurahan.
pub fn villages() -> Vec<&'static str> {
    WILAYAH
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .filter(|code| code.len() == 13)
        .collect()
}

impl City {
    fn new(seed: u64, families: usize) -> Self {
        let mut city = Self {
            doors: Doors::read().ok(),
            dice: Dice::new(seed),
            serials: HashMap::new(),
            families:
                "id_keluarga,no_kk,nik,nama,tempat_lahir,tanggal_lahir,jenis_kelamin,hub_keluarga,\
                       pekerjaan,alamat,rt,rw,wilayah,desil,lintang,bujur\n"
                    .to_owned(),
            memberships: "program,id_keluarga,nik,status\n".to_owned(),
            waitlists:
                "program,wilayah,urutan,id_keluarga,nik,desil,indikator_262,rentan,tanggal_usulan\n"
                    .to_owned(),
            quotas: "program,wilayah,jatah\n".to_owned(),
        };
        let villages = villages();
        // Kelurahan differ in size; the sum is exact.
        let weights: Vec<u64> = villages.iter().map(|_| 60 + city.dice.below(80)).collect();
        let whole: u64 = weights.iter().sum();
        let (mut passed, mut begun) = (0, 0);
        for (code, weight) in villages.iter().zip(&weights) {
            passed += weight;
            let until = usize::try_from(families as u64 * passed / whole).unwrap_or(families);
            city.village(code, until - begun);
            begun = until;
        }
        city
    }

    fn village(&mut self, code: &str, families: usize) {
        let waiting = (families / 73).max(usize::from(families > 1));
        let mut places: BTreeMap<&str, i64> = BTreeMap::new();
        let mut line = Vec::new();
        for n in 0..families {
            let waits = n >= families - waiting;
            let family = self.family(code, n + 1, waits);
            self.write_family(code, &family);
            if waits {
                line.push(family);
                continue;
            }
            let food = self.dice.chance(75);
            self.member(
                &mut places,
                if food { "SEMBAKO" } else { "BLT-DD" },
                &family,
                None,
            );
            if family.decile <= 4 && family.has_component() && self.dice.chance(40) {
                self.member(&mut places, "PKH", &family, None);
            }
            if family.decile <= 2 && n % 8 == 0 {
                *places.entry(RICE).or_default() += 1;
                let _ = writeln!(self.memberships, "{RICE},{},,aktif", family.key);
            }
            if family.decile <= 3 && self.dice.chance(15) {
                for person in family.persons.iter().filter(|one| !one.nik.is_empty()) {
                    self.member(&mut places, "PBI-JK", &family, Some(person));
                }
            }
        }
        for program in ["PKH", "SEMBAKO", "PBI-JK", "BLT-DD"] {
            let taken = places.get(program).copied().unwrap_or_default();
            let free = i64::from(self.dice.chance(20));
            let _ = writeln!(self.quotas, "{program},{code},{}", taken + free);
        }
        // Rice goes to whom the centre named: every place is somebody's.
        let rice = places.get(RICE).copied().unwrap_or_default();
        let _ = writeln!(self.quotas, "{RICE},{code},{rice}");
        self.line_up(code, &line);
    }

    fn member(
        &mut self,
        places: &mut BTreeMap<&'static str, i64>,
        program: &'static str,
        family: &Family,
        person: Option<&Person>,
    ) {
        *places.entry(program).or_default() += 1;
        let nik = person.map_or("", |one| &one.nik);
        let state = if self.dice.chance(1) {
            "ditangguhkan"
        } else {
            "aktif"
        };
        let _ = writeln!(self.memberships, "{program},{},{nik},{state}", family.key);
    }

    /// Those who wait, in the order of the ranking.
    fn line_up(&mut self, code: &str, families: &[Family]) {
        let mut ranked: Vec<(i64, i64, bool, String, &Family)> = families
            .iter()
            .map(|family| {
                let hits = self.dice.between(3, 8);
                let (month, day) = (self.dice.between(1, 10), self.dice.between(1, 28));
                let proposed = format!("{YEAR}-{month:02}-{day:02}");
                (
                    family.decile,
                    -hits,
                    !family.is_vulnerable(),
                    proposed,
                    family,
                )
            })
            .collect();
        ranked.sort_by(|a, b| (a.0, a.1, a.2, &a.3).cmp(&(b.0, b.1, b.2, &b.3)));
        for program in ["PKH", "SEMBAKO", "PBI-JK", "BLT-DD", RICE] {
            for ((decile, hits, calm, proposed, family), place) in ranked.iter().zip(1..) {
                let nik = match (program, family.persons.first()) {
                    ("PBI-JK", Some(head)) => head.nik.as_str(),
                    _ => "",
                };
                let vulnerable = if *calm { "tidak" } else { "ya" };
                let _ = writeln!(
                    self.waitlists,
                    "{program},{code},{place},{},{nik},{decile},{},{vulnerable},{proposed}",
                    family.key, -hits
                );
            }
        }
    }

    fn number(&mut self, first: &str) -> String {
        let serial = self.serials.entry(first.to_owned()).or_default();
        *serial += 1;
        format!("{first}{serial:04}")
    }

    fn family(&mut self, code: &str, n: usize, waits: bool) -> Family {
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let district = digits[..6].to_owned();
        let (day, month, year) = (
            self.dice.between(1, 28),
            self.dice.between(1, 12),
            self.dice.between(6, 25),
        );
        let kk = self.number(&format!("{district}{day:02}{month:02}{year:02}"));
        let persons = self.members(&district);
        let house = self.dice.between(1, 180);
        let street = *self.dice.pick(&STREETS);
        let address = if self.dice.chance(30) {
            format!(
                "{street} GG. {} NO. {house}",
                self.dice.pick(&["I", "II", "III", "IV", "V"])
            )
        } else {
            format!("{street} NO. {house}")
        };
        let decile = match self.dice.below(100) {
            0..25 => 1,
            25..50 => 2,
            50..72 => 3,
            72..90 => 4,
            _ if waits => 4,
            _ => 5,
        };
        let key = format!("{digits}{n:07}");
        let place = self.place(code, &key);
        Family {
            key,
            kk,
            persons,
            address,
            rt: self.dice.between(1, 6),
            rw: self.dice.between(1, 9),
            decile,
            place,
        }
    }

    /// A place inside the village's real boundary, for nine families in ten; a stream of chance of its own, so that who
    /// lives in the city does not depend on it.
    fn place(&self, code: &str, key: &str) -> String {
        let number = key.parse().unwrap_or_default();
        let known = Dice::new(number).chance(90);
        let door = code.parse().ok().zip(self.doors.as_ref().filter(|_| known));
        let place = door.and_then(|(village, doors)| doors.of(&village, number).ok());
        #[expect(clippy::cast_precision_loss, reason = "1.8e9 fits a double exactly")]
        let degrees = |e7: i64| e7 as f64 / 1e7;
        match place {
            Some((lat, lon)) => format!("{:.7},{:.7}", degrees(lat), degrees(lon)),
            None => ",".to_owned(),
        }
    }

    fn members(&mut self, district: &str) -> Vec<Person> {
        let age = match self.dice.below(100) {
            0..20 => self.dice.between(24, 34),
            20..70 => self.dice.between(35, 59),
            _ => self.dice.between(60, 84),
        };
        let alone = self.dice.chance(22);
        let woman_heads = self.dice.chance(if alone { 60 } else { 8 });
        let mut persons = vec![self.person(district, age, woman_heads, "KEPALA KELUARGA")];
        if !alone {
            let between = self.dice.between(-6, 3);
            let spouse = (age + between).max(20);
            persons.push(self.person(district, spouse, !woman_heads, "PASANGAN"));
        }
        let most = (age - 20).clamp(0, 32);
        let children = match self.dice.below(100) {
            0..15 => 0,
            15..45 => 1,
            45..80 => 2,
            80..94 => 3,
            _ => 4,
        };
        for _ in 0..children {
            // Grown children of the old have families of their own.
            let child = self.dice.between(0, most.max(1));
            let girl = self.dice.chance(49);
            if child <= 27 {
                persons.push(self.person(district, child, girl, "ANAK"));
            }
        }
        if age < 60 && self.dice.chance(9) {
            let parent = age + self.dice.between(20, 30);
            persons.push(self.person(district, parent.min(90), true, "ORANG TUA"));
        }
        persons
    }

    fn person(&mut self, district: &str, age: i64, female: bool, relation: &'static str) -> Person {
        let born = (
            YEAR - age,
            self.dice.between(1, 10),
            self.dice.between(1, 28),
        );
        let first = *self.dice.pick(if female { &WOMEN } else { &MEN });
        let second = *self.dice.pick(&SECOND);
        let name = match self.dice.below(10) {
            0 => first.to_owned(),
            _ => format!("{first} {second}"),
        };
        let (year, month, day) = born;
        let shown = if female { day + 40 } else { day };
        let from_here = age < 18 || self.dice.chance(85);
        let prefix = if from_here {
            district
        } else {
            self.dice.pick(&ELSEWHERE)
        };
        // A child just born may not have a number yet.
        let nik = if age == 0 && self.dice.chance(40) {
            String::new()
        } else {
            let year = year.rem_euclid(100);
            self.number(&format!("{prefix}{shown:02}{month:02}{year:02}"))
        };
        Person {
            nik,
            name,
            female,
            born,
            relation,
        }
    }

    fn write_family(&mut self, code: &str, family: &Family) {
        for one in &family.persons {
            let (year, month, day) = one.born;
            let place = *self.dice.pick(&BIRTHPLACES);
            let work = if one.age() < 18 {
                "PELAJAR"
            } else {
                *self.dice.pick(&WORK)
            };
            let sex = if one.female { "P" } else { "L" };
            let _ = writeln!(
                self.families,
                "{},{},{},{},{place},{day:02}-{month:02}-{year},{sex},{},{work},{},{:03},{:03},{code},{},{}",
                family.key,
                family.kk,
                one.nik,
                one.name,
                one.relation,
                family.address,
                family.rt,
                family.rw,
                family.decile,
                family.place
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn text(files: &[File], kind: ImportKind) -> &str {
        let (_, _, bytes) = files.iter().find(|(of, _, _)| *of == kind).unwrap();
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_city_has_its_number_of_families_and_no_number_twice() {
        let files = files(1);
        let (mut families, mut niks, mut persons) = (HashSet::new(), HashSet::new(), 0);
        for line in text(&files, ImportKind::Families).lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 16, "{line}");
            families.insert(cells[0]);
            assert_eq!(cells[1].len(), 16);
            persons += 1;
            if !cells[2].is_empty() {
                assert_eq!(cells[2].len(), 16);
                assert!(niks.insert(cells[2]), "a NIK twice");
            }
        }
        assert_eq!(families.len(), FAMILIES);
        assert!((90_000..130_000).contains(&persons), "{persons}");
        let members: HashSet<&str> = text(&files, ImportKind::Memberships)
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(1))
            .collect();
        let waiting: HashSet<&str> = text(&files, ImportKind::Waitlist)
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(3))
            .collect();
        assert!(members.is_disjoint(&waiting));
        assert_eq!(members.len() + waiting.len(), FAMILIES);
        assert!((300..900).contains(&waiting.len()), "{}", waiting.len());
        assert_eq!(
            text(&files, ImportKind::Regions).lines().count(),
            REGIONS + 1
        );
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        assert_eq!(files_of(7, 500), files_of(7, 500));
        assert_ne!(files_of(7, 500), files_of(8, 500));
    }
}
