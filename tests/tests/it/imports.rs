//! The registry comes in from files: what is taken, what is told, and what waits for a second person.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::ids::EventId;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::registry::{
    FieldChange, ImportKind, ImportReport, ImportState, ImportedChange, RefuseImport,
};
use tilik_protocol::review::Page;
use tilik_protocol::session::{Act, Me};
use tilik_protocol::sync::Boundary;
use tilik_tests::handmade::SoftPhone;
use tilik_tests::kediri;
use tilik_tests::phone::snapshots;
use tilik_tests::village::{self, SEMBAKO};
use tilik_tests::{Answer, Console, World};

/// An installation on its first day: an admin, an approver, the regions and the programs.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) admin: Console,
    pub(crate) approver: Console,
}

pub(crate) const HEADER: &str = "id_keluarga,no_kk,nik,nama,tanggal_lahir,jenis_kelamin,hub_keluarga,alamat,rt,rw,wilayah,desil";
pub(crate) const BANDAR_LOR: &str = "35.71.01.1001";

impl Office {
    pub(crate) async fn new(seed: u64) -> Self {
        let world = World::new(seed).await.unwrap();
        let (admin, approver) = world.first_accounts().await.unwrap();
        Self {
            world,
            admin,
            approver,
        }
    }

    /// With the regions and programs of the city.
    pub(crate) async fn furnished(seed: u64) -> Self {
        let office = Self::new(seed).await;
        let files = kediri::files_of(1, 0)
            .into_iter()
            .filter(|(kind, _, _)| matches!(kind, ImportKind::Regions | ImportKind::Programs))
            .collect();
        kediri::import(
            &office.world.doorway(),
            &office.admin,
            &office.approver,
            files,
        )
        .await
        .unwrap();
        office
    }

    pub(crate) async fn bring(&self, kind: ImportKind, file: impl Into<Vec<u8>>) -> ImportReport {
        kediri::send(&self.world.doorway(), &self.admin, kind, file.into())
            .await
            .unwrap()
    }

    pub(crate) async fn post(
        &self,
        by: &Console,
        kind: &str,
        event: EventId,
        file: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = Request::post(format!("/v1/imports/{kind}?event_id={event}"))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", by.token().await.unwrap()),
            )
            .body(Body::from(file.into()))
            .unwrap();
        self.world.send(request).await.unwrap()
    }

    pub(crate) async fn confirm(&self, by: &Console, report: &ImportReport) -> Answer {
        let body = Act {
            event_id: by.event(),
            note: None,
        };
        by.post(&format!("/v1/imports/{}/confirm", report.id), &body)
            .await
    }

    pub(crate) fn refusal(&self, reason: &'static str) -> RefuseImport {
        RefuseImport {
            event_id: self.approver.event(),
            reason: ReasonCode::known(reason),
            note: None,
        }
    }

    pub(crate) async fn refuse(
        &self,
        by: &Console,
        report: &ImportReport,
        body: &RefuseImport,
    ) -> Answer {
        by.post(&format!("/v1/imports/{}/refuse", report.id), body)
            .await
    }

    pub(crate) async fn changes(&self, by: &Console, report: &ImportReport) -> Answer {
        by.get(&format!("/v1/imports/{}/changes", report.id)).await
    }

    /// How many objects are found by a number.
    pub(crate) async fn found(&self, kind: &str, value: [u8; 16]) -> usize {
        let store = self.world.app().unwrap().store;
        let rows = store
            .peek(
                "SELECT object_id FROM blind_index WHERE kind = $1 AND value = $2",
                [kind.into(), value.to_vec().into()],
            )
            .await
            .unwrap();
        rows.len()
    }

    /// Four families: the first two hold a place, the third is on a list, the fourth has nothing.
    pub(crate) async fn with_places(seed: u64) -> Self {
        let office = Self::furnished(seed).await;
        let all: Vec<String> = (1..=4).map(head).collect();
        office.bring(ImportKind::Families, families(&all)).await;
        let quota = format!("program,wilayah,jatah\nSEMBAKO,{BANDAR_LOR},2\n");
        office.put_in_force(ImportKind::Quotas, quota).await;
        let list = "program,no_kk\nSEMBAKO,3571010101000001\nSEMBAKO,3571010101000002\n";
        office.put_in_force(ImportKind::Memberships, list).await;
        let list =
            format!("program,wilayah,urutan,no_kk\nSEMBAKO,{BANDAR_LOR},1,3571010101000003\n");
        office.put_in_force(ImportKind::Waitlist, list).await;
        office
    }

    pub(crate) async fn put_in_force(
        &self,
        kind: ImportKind,
        file: impl Into<Vec<u8>>,
    ) -> ImportReport {
        let report = self.bring(kind, file).await;
        let answer = self.confirm(&self.approver, &report).await;
        answer.ok().unwrap().read().unwrap()
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let query = format!("SELECT COUNT(*) FROM {table}");
        self.world.count(&query).await.unwrap()
    }

    /// How many rows every table of the registry has.
    pub(crate) async fn registry(&self) -> BTreeMap<&'static str, i64> {
        let mut rows = BTreeMap::new();
        for table in [
            "region",
            "boundary",
            "program",
            "quota",
            "house",
            "family",
            "person",
            "row_version",
            "blind_index",
            "slot",
            "membership",
            "waitlist",
            "waitlist_entry",
            "import_row",
            "feed_row",
        ] {
            rows.insert(table, self.count(table).await);
        }
        rows
    }

    /// Everything the journal and the reports say, as text.
    pub(crate) async fn told(&self) -> String {
        let store = self.world.app().unwrap().store;
        let mut text = String::new();
        for row in store.peek("SELECT body FROM journal", []).await.unwrap() {
            let body: Vec<u8> = row.try_get_by_index(0).unwrap();
            text.push_str(&String::from_utf8(body).unwrap());
        }
        for table in ["SELECT told FROM import_run", "SELECT body FROM import_row"] {
            for row in store.peek(table, []).await.unwrap() {
                let body: String = row.try_get_by_index(0).unwrap();
                text.push_str(&body);
            }
        }
        text
    }

    pub(crate) async fn end(self) {
        let store = self.world.app().unwrap().store;
        let by = store.acting_as_system("a test looks");
        let whole = by.verify_journal().await.unwrap();
        assert!(whole.is_ok(), "{whole:?}");
        self.world.end().await;
    }
}

/// A line of a good family file: one head of a family of their own.
pub(crate) fn head(n: u32) -> String {
    format!(
        "35710110010{n:05},3571010101{n:06},3571011212{n:06},WARGA {},12-12-{},L,KEPALA KELUARGA,JL. MELATI NO. {n},1,2,{BANDAR_LOR},2",
        ["SATU", "DUA", "TIGA", "EMPAT", "LIMA"][n as usize % 5],
        1980,
    )
    // The birth digits of the NIK: 12 December 1980.
    .replacen(&format!("3571011212{n:06}"), &format!("357101121280{n:04}"), 1)
}

pub(crate) fn families(lines: &[String]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

/// The codes of a report's rejections, by line.
pub(crate) fn reasons(report: &ImportReport) -> BTreeMap<u64, Vec<String>> {
    let codes = |line: &tilik_protocol::registry::LineProblem| {
        let codes = line.problems.iter();
        codes
            .map(|one| format!("{} {}", one.field, one.code))
            .collect()
    };
    report
        .rejections
        .iter()
        .map(|line| (line.line, codes(line)))
        .collect()
}

#[tokio::test]
async fn kota_kediri_comes_in_and_a_second_time_changes_nothing() {
    let office = Office::new(400).await;
    let files = kediri::files_of(3, 460);
    let doorway = office.world.doorway();
    let bring = || kediri::import(&doorway, &office.admin, &office.approver, files.clone());
    let first = bring().await.unwrap();
    let rows = office.registry().await;
    assert_eq!(rows["region"], 51);
    assert_eq!(rows["boundary"], 50);
    assert_eq!(rows["program"], 5);
    assert_eq!(rows["family"], 460);
    assert_eq!(rows["house"], 460);
    assert_eq!(rows["import_row"], 0, "nothing waits any more");
    assert_eq!(
        rows["family"] + rows["person"] + rows["membership"],
        office.count("row_version WHERE kind <> 'grant'").await
    );
    let lines: BTreeMap<ImportKind, u64> = first.iter().map(|one| (one.kind, one.lines)).collect();
    assert_eq!(rows["person"].unsigned_abs(), lines[&ImportKind::Families]);
    assert_eq!(
        rows["membership"].unsigned_abs(),
        lines[&ImportKind::Memberships]
    );
    assert_eq!(
        rows["waitlist_entry"].unsigned_abs(),
        lines[&ImportKind::Waitlist]
    );

    // Every membership holds one slot and the slots are as many as the quotas say.
    let wrong = "SELECT COUNT(*) FROM membership m LEFT JOIN slot s ON s.id = m.slot_id AND s.membership_id = m.id \
                 AND s.state = 'held' AND s.program = m.program AND s.region = m.region WHERE s.id IS NULL";
    assert_eq!(office.world.count(wrong).await.unwrap(), 0);
    let quota = office
        .world
        .count("SELECT CAST(SUM(slots) AS bigint) FROM quota");
    assert_eq!(rows["slot"], quota.await.unwrap());
    let held = office.count("slot WHERE state = 'held'").await;
    assert_eq!(held, rows["membership"]);
    assert_eq!(
        rows["waitlist"],
        office.count("waitlist WHERE frozen_at IS NOT NULL").await
    );
    let frozen = office
        .count("journal WHERE action = 'waitlist.freeze'")
        .await;
    assert_eq!(
        rows["waitlist"], frozen,
        "every list's hash is in the journal"
    );

    let journal = office.count("journal").await;
    let second = bring().await.unwrap();
    for report in &second {
        assert_eq!(report.unchanged, report.lines, "{:?}", report.kind);
        assert_eq!(report.state, ImportState::Done.into());
    }
    assert_eq!(office.registry().await, rows);
    let said = office.count("journal").await - journal;
    assert_eq!(
        said,
        2 * 7,
        "that a file came and what became of it; no row of its lines"
    );

    // A phone of one village hears of its boundary and of the city's form, and of no other village's.
    let officer = office
        .world
        .person(
            (&office.admin, &office.approver),
            "petugas",
            Role::Officer,
            &[BANDAR_LOR.parse().unwrap()],
        )
        .await
        .unwrap();
    let mut phone = SoftPhone::enrolled(&office.world, &office.admin, &officer.person)
        .await
        .unwrap();
    let reply = phone.sync(&[]).await.unwrap();
    let rows = reply.buckets.iter().flat_map(|page| &page.rows);
    let mut objects: Vec<&str> = rows.map(|row| row.object.as_str()).collect();
    objects.sort_unstable();
    assert_eq!(
        objects,
        [
            "boundary:35.71",
            "boundary:35.71.01",
            "boundary:35.71.01.1001",
            "form:kepmensos-262:1"
        ]
    );
    let rows = reply.buckets.iter().flat_map(|page| &page.rows);
    let village = rows
        .filter(|row| row.object == "boundary:35.71.01.1001")
        .find_map(|row| row.body.clone());
    let village: Boundary = serde_json::from_value(village.unwrap()).unwrap();
    assert_eq!(village.code.as_str(), BANDAR_LOR);
    assert!(!village.name.is_empty() && village.name != BANDAR_LOR);
    assert!(village.rings[0].len() > 3);
    office.end().await;
}

#[tokio::test]
async fn every_spoilt_line_is_told_by_its_number_and_reason_and_the_others_are_taken() {
    let office = Office::furnished(401).await;
    let change = |n: u32, from: &str, to: &str| {
        let line = head(n);
        assert!(line.contains(from), "{line} {from}");
        line.replacen(from, to, 1)
    };
    let mut file = families(&[
        head(1),                                              // 2
        change(2, "3571011212800002", "357101121280002"),     // 3: 15 digits
        change(3, "3571011212800003", "3.57101E+15"),         // 4
        change(4, "3571011212800004", "35710112128O0004"),    // 5: a letter
        change(5, BANDAR_LOR, "35.71.09.1001"),               // 6: no such village
        head(1),                                              // 7: twice
        change(6, "12-12-1980", "31-02-1980"),                // 8
        change(7, "WARGA TIGA", "WARGA, TIGA"),               // 9: a comma without quotes
        change(8, "12-12-1980", "12-12-2044"),                // 10: not yet
        change(9, "3571010101000009", "357101010100009"),     // 11: the KK number
        change(10, ",L,", ",X,"),                             // 12
        change(11, "12-12-1980", "13-12-1980"),               // 13: taken, with a remark
        change(12, ",1,2,", ",satu,2,"),                      // 14
        change(13, "WARGA", "17").replacen("EMPAT", "17", 1), // 15: columns have slipped
    ])
    .into_bytes();
    file.extend(b"35710110010099999,3571010101000099,3571011212800099,WARGA J\xf6RG,12-12-1980,L,KEPALA KELUARGA,JL. MELATI,1,2,35.71.01.1001,2\n");
    let report = office.bring(ImportKind::Families, file).await;
    let expected: BTreeMap<u64, Vec<String>> = [
        (3, "nik length"),
        (4, "nik scientific"),
        (5, "nik not_digits"),
        (6, "wilayah unknown_region"),
        (7, "nik duplicate"),
        (8, "tanggal_lahir not_a_date"),
        (9, "baris too_many_columns"),
        (10, "tanggal_lahir not_possible"),
        (11, "no_kk length"),
        (12, "jenis_kelamin unknown"),
        (14, "rt not_a_number"),
        (15, "nama no_letters"),
        (16, "nama encoding"),
    ]
    .into_iter()
    .map(|(line, reason)| (line, vec![reason.to_owned()]))
    .collect();
    assert_eq!(reasons(&report), expected);
    assert_eq!((report.lines, report.added, report.rejected), (15, 2, 13));
    assert_eq!(report.warned, 1);
    assert_eq!(report.warnings[0].line, 13);
    assert_eq!(report.warnings[0].problems[0].code, "birth_differs");
    assert!(report.rejections[0].problems[0].remedy.contains("15"));

    // Nothing of a rejected line is kept, not even its family.
    assert_eq!(office.count("person").await, 2);
    assert_eq!(office.count("family").await, 2);
    let told = office.told().await;
    for canary in ["35710112128", "3571010101", "WARGA", "MELATI", "12-12-1980"] {
        assert!(!told.contains(canary), "{canary} in {told}");
    }
    let read: ImportReport = office
        .approver
        .get(&format!("/v1/imports/{}", report.id))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(read, report);
    office.end().await;
}

#[tokio::test]
async fn a_file_is_read_as_offices_save_it() {
    let office = Office::furnished(402).await;
    let plain = families(&[head(1), head(2), head(3)]);
    let report = office.bring(ImportKind::Families, plain.clone()).await;
    assert_eq!((report.lines, report.added), (3, 3));
    let rows = office.registry().await;
    let semicolons = plain.replace(',', ";");
    let renamed = plain
        .replace("id_keluarga", "ID KELUARGA")
        .replace("no_kk", "NoKK")
        .replace("tanggal_lahir", "Tgl Lahir")
        .replace("nama,", "Nama Lengkap,");
    for (what, file) in [
        ("byte order mark", format!("\u{feff}{plain}")),
        ("semicolons", semicolons.clone()),
        ("separator named", format!("sep=;\r\n{semicolons}")),
        ("tabs", plain.replace(',', "\t")),
        ("Windows line ends", plain.replace('\n', "\r\n")),
        ("old line ends", plain.replace('\n', "\r")),
        ("other headers", renamed),
        ("empty lines", plain.replace('\n', "\n\n")),
        ("a wide sheet", plain.replace('\n', ",,,\n")),
        (
            "quotes",
            plain.replace("JL. MELATI NO. 1,", "\"JL. MELATI NO. 1\","),
        ),
        (
            "codes without dots",
            plain.replace(BANDAR_LOR, "3571011001"),
        ),
        ("no last line end", plain.trim_end().to_owned()),
    ] {
        let report = office.bring(ImportKind::Families, file).await;
        assert_eq!(report.rejections, [], "{what}");
        assert_eq!((report.lines, report.unchanged), (3, 3), "{what}");
    }
    assert_eq!(office.registry().await, rows);

    // Names in place of a code, as DTKS exports have them; the id is DTKS's too.
    let dtks = "Id_DTKS;Provinsi;Kabupaten_Kota;Kecamatan;Desa_Kelurahan;Alamat;RT;RW;Nokk;Nik;Nama;Tanggal_Lahir;\
                Jenis_Kelamin;Hub_Keluarga;Keterangan_padan\n\
                D1;JAWA TIMUR;KOTA KEDIRI;MOJOROTO;BANDAR LOR;JL. MAWAR;1;1;3571010101000050;3571015212800050;\
                WARGA LAMA;1980-12-12;PEREMPUAN;1;PADAN\n\
                D2;JAWA TIMUR;KOTA KEDIRI;MOJOROTO;BANDAR JAUH;JL. MAWAR;1;1;3571010101000051;3571015212800051;\
                WARGA LAIN;1980-12-12;PEREMPUAN;1;PADAN\n";
    let report = office.bring(ImportKind::Families, dtks).await;
    assert_eq!(report.added, 1);
    assert_eq!(reasons(&report)[&3], ["desa_kelurahan unknown_region"]);
    let old = office.count("family WHERE regime = 'dtks' AND region = '35.71.01.1001'");
    assert_eq!(old.await, 1);
    // A row number is a spreadsheet's: the line break inside the quotes makes no row, the empty line does.
    let broken = format!(
        "{HEADER}\n{}\n\n{}\n",
        head(60).replacen("JL. MELATI NO. 60", "\"JL. MELATI\nNO. 60\"", 1),
        head(61).replacen("3571011212800061", "12345", 1)
    );
    let report = office.bring(ImportKind::Families, broken).await;
    assert_eq!(
        reasons(&report),
        BTreeMap::from([(4, vec!["nik length".to_owned()])])
    );
    office.end().await;
}

#[tokio::test]
async fn a_file_that_is_no_table_changes_nothing_and_the_answer_names_what_is_missing() {
    let office = Office::furnished(403).await;
    let journal = office.count("journal").await;
    let post = |kind: &'static str, file: Vec<u8>| {
        let office = &office;
        async move {
            let answer = office
                .post(&office.admin, kind, office.admin.event(), file)
                .await;
            let fields = answer.json()["fields"].clone();
            let fields: Vec<String> = fields
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| {
                    format!(
                        "{} {}",
                        one["field"].as_str().unwrap(),
                        one["code"].as_str().unwrap()
                    )
                })
                .collect();
            (answer.verdict(), fields)
        }
    };
    let invalid = |fields: &[&str]| {
        let fields: Vec<String> = fields.iter().map(|one| (*one).to_owned()).collect();
        ("422 invalid".to_owned(), fields)
    };
    let without = families(&[head(1)])
        .replacen("nik", "nomor", 1)
        .replacen("rt,", "er te,", 1);
    assert_eq!(
        post("families", without.into_bytes()).await,
        invalid(&["nik missing_header", "rt missing_header"])
    );
    let twice = families(&[head(1)]).replacen("desil", "N I K", 1);
    assert_eq!(
        post("families", twice.into_bytes()).await,
        invalid(&["nik header_twice"])
    );
    let nowhere = families(&[head(1)]).replacen("wilayah", "tempat", 1);
    assert_eq!(
        post("families", nowhere.into_bytes()).await,
        invalid(&["wilayah missing_header"])
    );
    let rounded: Vec<String> = (0..25).map(|n| head(10 + n * 10)).collect();
    assert_eq!(
        post("families", families(&rounded).into_bytes()).await,
        invalid(&["nik rounded"])
    );
    assert_eq!(post("families", Vec::new()).await, invalid(&["file empty"]));
    assert_eq!(
        post("families", b"\n \n".to_vec()).await,
        invalid(&["file empty"])
    );
    assert_eq!(
        post("families", b"PK\x03\x04rest".to_vec()).await,
        invalid(&["file spreadsheet_broken"])
    );
    assert_eq!(
        post("quotas", b"\xff\xfep\0r\0".to_vec()).await,
        invalid(&["file encoding"])
    );
    assert_eq!(
        post("boundaries", b"{}".to_vec()).await,
        invalid(&["file not_geojson"])
    );
    assert_eq!(
        post("memberships", b"program,status\nPKH,aktif\n".to_vec()).await,
        invalid(&["no_kk missing_header"])
    );
    assert_eq!(
        post("people", Vec::new()).await,
        ("404 no_such_route".to_owned(), vec![])
    );
    let missing = office
        .admin
        .post("/v1/imports/families", &Value::Null)
        .await;
    assert_eq!(missing.verdict(), "400 bad_query");
    assert_eq!(office.count("journal").await, journal);
    assert_eq!(office.count("family").await, 0);
    office.end().await;
}

#[tokio::test]
async fn a_changed_line_is_a_new_version_and_the_old_number_is_found_no_more() {
    let office = Office::furnished(404).await;
    office
        .bring(ImportKind::Families, families(&[head(1), head(2)]))
        .await;
    let keys = office.world.keys.clone();
    let found = async |kind: &str, value: [u8; 16]| office.found(kind, value).await;
    assert_eq!(found("nik", keys.blind_nik("3571011212800001")).await, 1);
    let id = office
        .count("row_version WHERE kind = 'person' AND version = 2")
        .await;
    assert_eq!(id, 0);

    // Another address and decile for the family; for the person of the second, another name.
    let moved = head(1)
        .replacen("JL. MELATI", "JL. MAWAR", 1)
        .replacen(",2\n", ",3\n", 1);
    let renamed = head(2).replacen("WARGA TIGA", "WARGA TIGA PUTRA", 1);
    let report = office
        .bring(ImportKind::Families, families(&[moved, renamed]))
        .await;
    assert_eq!((report.added, report.rejected), (0, 0));
    assert_eq!(
        office
            .count("row_version WHERE kind = 'family' AND version = 2")
            .await,
        2
    );
    assert_eq!(
        office
            .count("row_version WHERE kind = 'person' AND version = 2")
            .await,
        1
    );
    assert_eq!(
        office
            .count("family WHERE address LIKE 'JL. MAWAR%' AND version = 2")
            .await,
        1
    );

    // The same person by the family's id and name cannot have two numbers: a corrected NIK is another person's until
    // Dukcapil says otherwise, unless the file knows the person by an id.
    let header = format!("{HEADER},id_orang");
    let known = |nik: &str| {
        format!(
            "{header}\n{},O1\n",
            head(3).replacen("3571011212800003", nik, 1)
        )
    };
    office
        .bring(ImportKind::Families, known("3571011212800003"))
        .await;
    let report = office
        .bring(ImportKind::Families, known("3571011212800033"))
        .await;
    assert_eq!((report.changed, report.added), (1, 0));
    assert_eq!(found("nik", keys.blind_nik("3571011212800003")).await, 0);
    assert_eq!(found("nik", keys.blind_nik("3571011212800033")).await, 1);

    // A family does not move by a file.
    let elsewhere = head(1).replacen(BANDAR_LOR, "35.71.01.1002", 1);
    let report = office
        .bring(ImportKind::Families, families(&[elsewhere]))
        .await;
    assert_eq!(reasons(&report)[&2], ["wilayah moved"]);
    // Somebody else's number is told, and nothing is merged.
    let other = head(9).replacen("3571011212800009", "3571011212800001", 1);
    let report = office.bring(ImportKind::Families, families(&[other])).await;
    assert_eq!((report.added, report.warned), (1, 1));
    assert_eq!(report.warnings[0].problems[0].code, "elsewhere");
    assert_eq!(found("nik", keys.blind_nik("3571011212800001")).await, 2);
    office.end().await;
}

#[tokio::test]
async fn a_file_may_say_where_houses_are_and_say_it_anew_and_that_pins_none() {
    let office = Office::furnished(461).await;
    let file = |lines: &[String]| format!("{HEADER},lintang,bujur\n{}\n", lines.join("\n"));
    let placed = |lat: &str, lon: &str| {
        let place = format!(
            "house WHERE registry_lat_e7 = {lat} AND registry_lon_e7 = {lon} AND lat_e7 IS NULL"
        );
        let office = &office;
        async move { office.count(&place).await }
    };
    let lines = [
        head(1) + ",\"-7,8166\",112.0114", // 2: as Indonesians write it
        head(2) + ",,",                    // 3: nobody knows
        head(3) + ",91,112",               // 4
        head(4) + ",-7.8,",                // 5: half a place
        head(5) + ",0.0,0",                // 6: what a spreadsheet puts where it knows nothing
        head(6) + ",NaN,112",              // 7
        head(7) + ",112.01,-7.8",          // 8: the wrong way round
    ];
    let report = office.bring(ImportKind::Families, file(&lines)).await;
    let expected: BTreeMap<u64, Vec<String>> = [
        (4, "lintang not_degrees"),
        (5, "bujur not_degrees"),
        (6, "lintang not_degrees"),
        (7, "lintang not_degrees"),
        (8, "lintang not_degrees"),
    ]
    .into_iter()
    .map(|(line, reason)| (line, vec![reason.to_owned()]))
    .collect();
    assert_eq!(reasons(&report), expected);
    assert_eq!((report.added, report.rejected), (2, 5));
    assert_eq!(placed("-78166000", "1120114000").await, 1);
    assert_eq!(office.count("house WHERE registry_lat_e7 IS NULL").await, 1);

    // Twice says nothing new, and a file without the columns takes nothing away.
    let again = file(&lines[..2]);
    let report = office.bring(ImportKind::Families, again).await;
    assert_eq!((report.changed, report.unchanged), (0, 2));
    let without = families(&[head(1), head(2)]);
    office.bring(ImportKind::Families, without).await;
    assert_eq!(placed("-78166000", "1120114000").await, 1);

    // Another place is told as one changed line.
    let moved = file(&[head(1) + ",-7.82,112.02", head(2) + ",,"]);
    let report = office.bring(ImportKind::Families, moved).await;
    assert_eq!((report.changed, report.unchanged), (1, 1));
    assert_eq!(placed("-78200000", "1120200000").await, 1);
    office.end().await;
}

#[tokio::test]
async fn only_an_admin_imports_and_only_into_their_own_villages() {
    let office = Office::furnished(405).await;
    let desk = (&office.admin, &office.approver);
    let file = families(&[head(1), head(2).replacen(BANDAR_LOR, "35.71.02.1001", 1)]);
    for (name, role) in [
        ("operator", Role::Operator),
        ("koordinator", Role::Supervisor),
        ("inspektorat", Role::Auditor),
    ] {
        let other = office
            .world
            .person(desk, name, role, &[village::city()])
            .await
            .unwrap();
        let answer = office
            .post(&other, "families", other.event(), file.clone())
            .await;
        assert_eq!(answer.verdict(), "403 forbidden", "{role}");
    }
    let answer = office.post(
        &office.approver,
        "families",
        office.approver.event(),
        file.clone(),
    );
    assert_eq!(answer.await.verdict(), "403 forbidden");
    assert_eq!(office.count("family").await, 0);

    let mojoroto = "35.71.01".parse().unwrap();
    let near = office
        .world
        .person(desk, "admin-mojoroto", Role::Admin, &[mojoroto])
        .await
        .unwrap();
    let report: ImportReport = office
        .post(&near, "families", near.event(), file)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(report.added, 1);
    assert_eq!(
        reasons(&report),
        BTreeMap::from([(3, vec!["wilayah out_of_scope".to_owned()])])
    );
    office.end().await;
}

#[tokio::test]
async fn a_request_repeated_is_one_import_and_another_file_under_its_number_is_refused() {
    let office = Office::furnished(406).await;
    let event = office.admin.event();
    let send = |file: String| office.post(&office.admin, "families", event, file);
    let first: ImportReport = send(families(&[head(1)]))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let rows = (office.registry().await, office.count("journal").await);
    let again: ImportReport = send(families(&[head(1)]))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(
        send(families(&[head(2)])).await.verdict(),
        "409 event_reused"
    );
    assert_eq!(
        (office.registry().await, office.count("journal").await),
        rows
    );

    // The same file twice at once: one of them adds, the other finds it there.
    let both = families(&(20..80).map(head).collect::<Vec<_>>());
    let (a, b) = tokio::join!(
        office.bring(ImportKind::Families, both.clone()),
        office.bring(ImportKind::Families, both.clone())
    );
    assert_eq!(a.added + b.added, 60);
    assert_eq!(a.unchanged + b.unchanged, 60);
    assert_eq!(office.count("person").await, 61);
    office.end().await;
}

#[tokio::test]
async fn an_import_broken_off_anywhere_is_finished_by_sending_it_again() {
    let office = Office::furnished(407).await;
    let files = kediri::files_of(5, 920);
    let families = files
        .iter()
        .find(|(kind, _, _)| *kind == ImportKind::Families)
        .unwrap();
    let store = office.world.app().unwrap().store;
    let event = office.admin.event();
    // Dropped after ever more steps, until it comes through. A tenth more each time: between the first batch and the
    // last lie far more steps than that.
    let mut broken_off = 0;
    let mut steps = 8_u32;
    let report = loop {
        let by = store
            .acting_as_named("admin", "a test's import")
            .await
            .unwrap();
        let mut going = Box::pin(by.import(families.0, families.2.clone().into(), event));
        let mut step = 0;
        let ended = std::future::poll_fn(|context| {
            step += 1;
            match going.as_mut().poll(context) {
                std::task::Poll::Ready(report) => std::task::Poll::Ready(Some(report)),
                std::task::Poll::Pending if step > steps => std::task::Poll::Ready(None),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        })
        .await;
        drop(going);
        match ended {
            Some(report) => break report.unwrap(),
            None => broken_off += 1,
        }
        steps += steps.div_ceil(10);
    };
    assert!(broken_off > 2, "{broken_off}");
    assert_eq!(report.added + report.unchanged, report.lines);
    assert!(
        report.unchanged > 0,
        "what was taken before the break is not taken again"
    );
    assert_eq!(office.count("person").await.unsigned_abs(), report.lines);
    assert_eq!(office.count("family").await, 920);
    assert_eq!(office.count("house").await, 920);
    office.end().await;
}

#[tokio::test]
async fn what_decides_about_places_waits_for_an_approver_who_is_somebody_else() {
    let office = Office::furnished(408).await;
    office
        .bring(ImportKind::Families, families(&[head(1), head(2), head(3)]))
        .await;
    let quota = |slots: i32| format!("program,wilayah,jatah\nSEMBAKO,{BANDAR_LOR},{slots}\n");
    let desk = (&office.admin, &office.approver);
    let was = office
        .world
        .person(desk, "datin", Role::Admin, &[village::city()])
        .await
        .unwrap();
    let brought = office.post(&was, "quotas", was.event(), quota(2)).await;
    let report: ImportReport = brought.ok().unwrap().read().unwrap();
    assert_eq!(report.state, ImportState::Waiting.into());
    assert_eq!((report.waiting, report.added), (1, 0));
    assert_eq!(office.count("slot").await, 0, "it counts for nothing yet");
    let same = office.bring(ImportKind::Quotas, quota(2)).await;
    assert_eq!(same.id, report.id, "the same file waits already");

    // Who is an approver by now does not confirm what they brought in as an admin, nor does who stands in for them.
    let me: Me = was.get("/v1/me").await.read().unwrap();
    let act = json!({ "event_id": office.admin.event() });
    let path = format!("/v1/grants/{}/end", me.grants[0].id);
    office.admin.post(&path, &act).await.ok().unwrap();
    let own = office
        .admin
        .add_grant(was.user(), Role::Approver, &[village::city()], None)
        .await
        .unwrap();
    office.approver.confirm_grant(own.id).await.unwrap();
    let deputy = office
        .world
        .person(desk, "sekretaris", Role::Verifier, &[village::city()])
        .await
        .unwrap();
    let lent = json!({ "event_id": was.event(), "user": deputy.user(),
        "document_number": "800/PLH/1/2026", "valid_until": office.world.now().plus_s(86_400) });
    let path = format!("/v1/grants/{}/delegate", own.id);
    was.post(&path, &lent).await.ok().unwrap();
    for by in [&was, &deputy] {
        let answer = office.confirm(by, &report).await;
        assert_eq!(answer.verdict(), "403 separation_of_duty");
    }
    let waiting: Page<ImportReport> = office
        .approver
        .get("/v1/imports?state=waiting")
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(
        waiting.items.iter().map(|one| one.id).collect::<Vec<_>>(),
        [report.id]
    );
    let body = Act {
        event_id: office.approver.event(),
        note: None,
    };
    let path = format!("/v1/imports/{}/confirm", report.id);
    for _ in 0..2 {
        let confirmed: ImportReport = office
            .approver
            .post(&path, &body)
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        assert_eq!(confirmed.state, ImportState::InForce.into());
        assert_eq!(confirmed.confirmed_by, Some(office.approver.user()));
    }
    assert_eq!(
        office.confirm(&office.approver, &report).await.verdict(),
        "409 wrong_moment"
    );
    assert_eq!(office.count("slot WHERE state = 'free'").await, 2);

    // Three for two slots: the third line is told.
    let list = "program,no_kk\nSEMBAKO,3571010101000001\nSEMBAKO,3571010101000002\nSEMBAKO,3571010101000003\n";
    let report = office.bring(ImportKind::Memberships, list).await;
    assert_eq!(
        reasons(&report),
        BTreeMap::from([(4, vec!["program quota_full".to_owned()])])
    );
    assert_eq!(office.count("membership").await, 0);
    let answer = office.confirm(&office.approver, &report).await;
    let report: ImportReport = answer.ok().unwrap().read().unwrap();
    assert_eq!((report.added, report.waiting), (2, 0));
    assert_eq!(office.count("slot WHERE state = 'held'").await, 2);

    // A quota below what is held is refused; above it there are more slots; between, free ones are retired.
    let report = office.bring(ImportKind::Quotas, quota(1)).await;
    assert_eq!(reasons(&report)[&2], ["slots below_held"]);
    office.put_in_force(ImportKind::Quotas, quota(5)).await;
    assert_eq!(office.count("slot WHERE state = 'free'").await, 3);
    office.put_in_force(ImportKind::Quotas, quota(3)).await;
    assert_eq!(office.count("slot WHERE state = 'free'").await, 1);
    assert_eq!(office.count("slot WHERE state = 'retired'").await, 2);

    // A list neither changes nor revives what decisions made of a membership.
    let store = office.world.app().unwrap().store;
    let first = "UPDATE membership SET state = 'inactive' WHERE id = (SELECT id FROM membership ORDER BY id LIMIT 1)";
    assert_eq!(store.poke(first, []).await.unwrap(), 1);
    let report = office.bring(ImportKind::Memberships, list).await;
    assert_eq!(
        reasons(&report),
        BTreeMap::from([(2, vec!["program ended".to_owned()])])
    );
    assert_eq!((report.unchanged, report.waiting), (1, 1));
    let suspended = "program,no_kk,status\nSEMBAKO,3571010101000001,ditangguhkan\nSEMBAKO,3571010101000002,ditangguhkan\n";
    let report = office.bring(ImportKind::Memberships, suspended).await;
    let told = reasons(&report);
    assert_eq!(told[&2], ["program ended"]);
    assert_eq!(told[&3], ["status differs"]);
    assert_eq!(report.waiting, 0);
    office.end().await;
}

#[tokio::test]
async fn a_changed_rule_of_a_program_waits_and_a_new_program_does_not() {
    let office = Office::furnished(409).await;
    let rule = "code,name,unit,decile_max,fund\nATENSI,Atensi,orang,5,apbn\nSEMBAKO,Program Sembako (BPNT),orang,5,apbn\n\
                BLT-DD,Bantuan Langsung Tunai daerah,keluarga,3,apbd\n";
    let report = office.bring(ImportKind::Programs, rule).await;
    assert_eq!((report.added, report.waiting), (1, 1));
    assert_eq!(reasons(&report)[&3], ["unit cannot_change"]);
    let blt = "program WHERE code = 'BLT-DD' AND decile_max = 3";
    assert_eq!(office.count(blt).await, 0);
    // What the file says nothing of stays.
    let order = "program WHERE waitlist_order = 'desil,indikator_262,rentan,tanggal_usulan'";
    let programs = office.count("program").await;
    assert_eq!(office.count(order).await, programs);
    office
        .confirm(&office.approver, &report)
        .await
        .ok()
        .unwrap();
    assert_eq!(office.count(blt).await, 1);
    office.end().await;
}

#[tokio::test]
async fn in_which_order_families_wait_is_a_rule_of_the_program_that_an_approver_confirms() {
    let office = Office::furnished(430).await;
    let rule = |order: &str| {
        format!(
            "code,name,unit,decile_max,fund,urutan_daftar_tunggu\n\
             BLT-DD,Bantuan Langsung Tunai daerah,keluarga,5,apbd,\"{order}\"\n"
        )
    };
    let report = office
        .bring(ImportKind::Programs, rule("umur, desil").as_str())
        .await;
    assert_eq!(reasons(&report)[&2], ["urutan_daftar_tunggu unknown"]);
    let report = office
        .bring(ImportKind::Programs, rule("rentan, desil").as_str())
        .await;
    assert_eq!((report.added, report.waiting), (0, 1));
    let changed = "program WHERE code = 'BLT-DD' AND waitlist_order = 'rentan,desil'";
    assert_eq!(office.count(changed).await, 0);
    office
        .confirm(&office.approver, &report)
        .await
        .ok()
        .unwrap();
    assert_eq!(office.count(changed).await, 1);
    office.end().await;
}

#[tokio::test]
async fn a_waitlist_does_nothing_before_it_is_confirmed() {
    let world = World::new(410).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(6, 3).await.unwrap();
    let phone = world.phone(&staff.admin, &staff.officers[0]).await.unwrap();
    let here = village::here();
    let [first, second, third] = &village.waiting[..] else {
        panic!("three wait");
    };
    // The planted list says first, second, third; the file turns it round.
    let list = format!(
        "program,wilayah,urutan,no_kk,desil\nSEMBAKO,{here},1,{},2\nSEMBAKO,{here},2,{},2\nSEMBAKO,{here},3,{},1\nSEMBAKO,{here},3,{},1\n",
        third.kk, second.kk, first.kk, village.homes[0].kk
    );
    let report = kediri::send(
        &world.doorway(),
        &staff.admin,
        ImportKind::Waitlist,
        list.clone().into_bytes(),
    )
    .await
    .unwrap();
    assert_eq!((report.waiting, report.rejected), (3, 1));
    assert_eq!(report.rejections[0].problems[0].field, "urutan");
    let order = report.warnings.iter().flat_map(|line| &line.problems);
    let order: Vec<&str> = order.map(|one| one.code.as_str()).collect();
    assert!(order.contains(&"out_of_order"), "{order:?}");
    assert_eq!(report.waitlists.len(), 1);

    let cancel = async |home: usize, seed: u64| {
        let gone = village.homes[home].memberships[SEMBAKO];
        let opened = staff
            .supervisor
            .open_cases(
                &[village.homes[home].family],
                VisitKind::Quick,
                Some(staff.officers[0].id),
                None,
            )
            .await
            .unwrap();
        let case = opened.cases[0];
        phone.pump().await.unwrap();
        phone.visit(case, &snapshots(seed, 1).unwrap()).unwrap();
        phone.pump().await.unwrap();
        staff.supervisor.claim().await.unwrap();
        staff.supervisor.accept(case).await.unwrap();
        staff
            .operator
            .decide(case, gone, Some("PINDAH_LUAR"))
            .await
            .unwrap();
        staff.approver.confirm(case, gone, true).await.unwrap();
        let decided = staff.auditor.case(case).await.unwrap();
        let ended = decided
            .memberships
            .iter()
            .find(|one| one.id == gone)
            .unwrap();
        let successor = ended.successor.unwrap();
        let rows = staff.auditor.memberships().await.unwrap();
        let next = rows.into_iter().find(|row| row.id == successor).unwrap();
        assert_eq!(next.state.known(), Some(MembershipState::Candidate));
        next.family
    };
    assert_eq!(
        cancel(1, 11).await,
        first.family,
        "the list that is in force"
    );
    let body = Act {
        event_id: staff.approver.event(),
        note: None,
    };
    let confirmed: ImportReport = staff
        .approver
        .post(&format!("/v1/imports/{}/confirm", report.id), &body)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(confirmed.state, ImportState::InForce.into());
    assert_eq!(
        cancel(2, 12).await,
        third.family,
        "the list that is in force now"
    );

    let store = world.app().unwrap().store;
    let rows = store
        .peek(
            "SELECT body FROM journal WHERE action = 'waitlist.freeze'",
            [],
        )
        .await
        .unwrap();
    let body: Vec<u8> = rows[0].try_get_by_index(0).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["hash"], report.waitlists[0].hash);
    // The same order again is the list in force; nothing waits.
    let again = list.lines().take(4).collect::<Vec<_>>().join("\n");
    let again = kediri::send(
        &world.doorway(),
        &staff.admin,
        ImportKind::Waitlist,
        again.into_bytes(),
    )
    .await
    .unwrap();
    assert_eq!((again.waiting, again.unchanged), (0, 3));
    drop(phone);
    world.end().await;
}

#[tokio::test]
async fn a_boundary_that_is_none_is_told_and_the_others_are_taken() {
    let office = Office::furnished(411).await;
    let area = |code: &str, ring: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#
        )
    };
    let good = "[112.0,-7.82],[112.01,-7.82],[112.01,-7.81],[112.0,-7.81],[112.0,-7.82]";
    let turned = "[-7.82,112.0],[-7.82,112.01],[-7.81,112.01],[-7.81,112.0],[-7.82,112.0]";
    let bow = "[112.0,-7.82],[112.01,-7.81],[112.01,-7.82],[112.0,-7.81],[112.0,-7.82]";
    let metres = "[610000,9135000],[611000,9135000],[611000,9136000],[610000,9135000]";
    let features = [
        area("35.71.01.1001", good),
        area("35.71.01.1002", turned),
        area("35.71.01.1003", bow),
        area("35.71.01.1004", metres),
        area("35.71.09.1001", good),
        area("35.71.01.1001", good),
        r#"{"type":"Feature","properties":{"name":"x"},"geometry":null}"#.to_owned(),
        r#"{"type":"Feature","properties":{"code":"35.71.01.1005"},"geometry":{"type":"Point","coordinates":[112.0,-7.8]}}"#.to_owned(),
    ];
    let file = format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    );
    let report = office.bring(ImportKind::Boundaries, file).await;
    assert_eq!(report.added, 1);
    let told: Vec<(u64, String)> = reasons(&report)
        .into_iter()
        .map(|(line, reasons)| (line, reasons.join(" ")))
        .collect();
    let expected = [
        (2, "geometry not_degrees"),
        (3, "geometry not_valid"),
        (4, "geometry not_degrees"),
        (5, "code unknown_region"),
        (6, "code duplicate"),
        (7, "code missing_property"),
        (8, "geometry not_an_area"),
    ]
    .map(|(line, reason)| (line, reason.to_owned()));
    assert_eq!(told, expected);
    assert!(report.rejections[0].problems[0].remedy.contains("tertukar"));
    office.end().await;
}

#[tokio::test]
async fn a_region_without_its_parent_or_of_another_level_is_told() {
    let office = Office::new(412).await;
    let file = "code,parent,name,level\n35,,Jawa Timur,provinsi\n35.71.01.1001,35.71.01,Bandar Lor,kelurahan\n\
                35.71,35,Kota Kediri,kota\n35.71.02,35.71,Kota,kelurahan\n35.71.03,35.72,Pesantren,kecamatan\n\
                35.71,35,Kota Kediri,kota\n36,,Banten,provinsi\n357,,X,kota\n";
    let report = office.bring(ImportKind::Regions, file).await;
    let told: Vec<(u64, String)> = reasons(&report)
        .into_iter()
        .map(|(line, reasons)| (line, reasons.join(" ")))
        .collect();
    let expected = [
        (3, "code unknown_parent"),
        (5, "level level_differs"),
        (6, "parent parent_differs"),
        (7, "code duplicate"),
        (8, "code out_of_scope"),
        (9, "code bad_shape"),
    ]
    .map(|(line, reason)| (line, reason.to_owned()));
    assert_eq!(told, expected);
    assert_eq!(report.added, 2);
    let renamed = "kode;nama\n35.71;Kota Kediri Baru\n";
    let report = office.bring(ImportKind::Regions, renamed).await;
    assert_eq!((report.changed, report.added), (1, 0));

    // Whose region lies below may name the city in a list, and not give it another name.
    let desk = (&office.admin, &office.approver);
    let mojoroto = "35.71.01".parse().unwrap();
    let near = office
        .world
        .person(desk, "admin-mojoroto", Role::Admin, &[mojoroto])
        .await
        .unwrap();
    let list = |city: &str| format!("kode;nama\n35.71;{city}\n35.71.01;Mojoroto\n");
    for (city, rejected) in [("Kota Kediri Baru", 0), ("Kota Mojoroto", 1)] {
        let answer = office
            .post(&near, "regions", near.event(), list(city))
            .await;
        let report: ImportReport = answer.ok().unwrap().read().unwrap();
        assert_eq!((report.changed, report.rejected), (0, rejected), "{city}");
        if rejected > 0 {
            assert_eq!(reasons(&report)[&2], ["name out_of_scope"]);
        }
    }
    office.end().await;
}

/// The codes of a report's remarks, by line.
fn remarks(report: &ImportReport) -> BTreeMap<u64, Vec<String>> {
    let told = |line: &tilik_protocol::registry::LineProblem| {
        let problems = line.problems.iter();
        let told = problems.map(|one| format!("{} {}", one.field, one.code));
        (line.line, told.collect())
    };
    report.warnings.iter().map(told).collect()
}

/// The first family as somebody else: another KK number, another NIK, another name.
fn somebody_else() -> String {
    head(1)
        .replacen("3571010101000001", "3571010101000091", 1)
        .replacen("3571011212800001", "3571011212800091", 1)
        .replacen("WARGA DUA", "KENARI ZULKARNAEN", 1)
}

#[tokio::test]
async fn who_a_family_is_that_holds_or_awaits_a_place_changes_only_when_an_approver_confirms_it() {
    let office = Office::with_places(420).await;
    let keys = office.world.keys.clone();
    let file = families(&[
        somebody_else(),
        head(2).replacen("JL. MELATI", "JL. MAWAR", 1),
        head(3).replacen("WARGA EMPAT", "KENARI EMPAT", 1),
        head(4).replacen("WARGA LIMA", "WARGA LIMA PUTRA", 1),
    ]);
    let before = office.registry().await;
    let report = office.bring(ImportKind::Families, file.clone()).await;
    assert_eq!(report.state, ImportState::Waiting.into());
    assert_eq!((report.waiting, report.rejected), (2, 0));
    // An address, and a family that nothing hangs on: at once.
    assert_eq!((report.added, report.changed, report.unchanged), (0, 3, 1));
    let expected = BTreeMap::from([
        (
            2,
            vec!["no_kk waits", "nama_kepala_keluarga waits", "nama waits"],
        ),
        (4, vec!["nama_kepala_keluarga waits", "nama waits"]),
    ]);
    let expected = expected.into_iter().map(|(line, told)| {
        let told = told.into_iter().map(str::to_owned).collect();
        (line, told)
    });
    assert_eq!(remarks(&report), expected.collect());
    let now = office.registry().await;
    assert_eq!(now["person"], before["person"]);
    assert_eq!(now["import_row"], 2);
    assert_eq!(
        office.found("kk", keys.blind_kk("3571010101000001")).await,
        1
    );
    assert_eq!(
        office.found("kk", keys.blind_kk("3571010101000091")).await,
        0
    );
    assert_eq!(
        office
            .found("nik", keys.blind_nik("3571011212800091"))
            .await,
        0
    );
    assert_eq!(
        office.count("family WHERE address LIKE 'JL. MAWAR%'").await,
        1
    );
    assert_eq!(office.count("person WHERE name LIKE 'KENARI%'").await, 0);
    assert_eq!(office.count("person WHERE name LIKE '%PUTRA'").await, 1);
    let told = office.told().await;
    for canary in ["35710112128", "3571010101", "KENARI", "MELATI", "WARGA"] {
        assert!(!told.contains(canary), "{canary} in {told}");
    }

    // The same file, and the same lines in another file: nothing more waits.
    let same = office.bring(ImportKind::Families, file).await;
    assert_eq!(same.id, report.id);
    let other = office
        .bring(ImportKind::Families, families(&[head(9), somebody_else()]))
        .await;
    assert_eq!((other.waiting, other.added, other.unchanged), (0, 1, 1));
    assert!(remarks(&other)[&3].contains(&"nama waits_already".to_owned()));
    assert_eq!(office.count("import_row").await, 2);

    // The approver sees what would change, without numbers and birth dates; who imports does not.
    let answer = office.changes(&office.approver, &report).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for number in ["35710112128", "3571010101", "1980-12-12"] {
        assert!(!text.contains(number), "{text}");
    }
    let page: Page<ImportedChange> = answer.ok().unwrap().read().unwrap();
    let [first, third] = &page.items[..] else {
        panic!("{:?}", page.items);
    };
    let change = |field: &str, from: Option<&str>, to: Option<&str>| FieldChange {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let number = Some("3571************");
    assert_eq!((first.line, third.line), (2, 4));
    assert_eq!(
        first.fields,
        [
            change("no_kk", number, number),
            change(
                "nama_kepala_keluarga",
                Some("WARGA DUA"),
                Some("KENARI ZULKARNAEN")
            )
        ]
    );
    assert_eq!(first.persons[0].person, None);
    assert_eq!(
        first.persons[0].fields,
        [
            change("nik", None, number),
            change("tanggal_lahir", None, Some("1980")),
            change("jenis_kelamin", None, Some("male")),
            change("hub_keluarga", None, Some("kepala_keluarga"))
        ]
    );
    assert!(third.persons[0].person.is_some());
    assert_eq!(
        third.persons[0].fields,
        [change("nama", Some("WARGA EMPAT"), Some("KENARI EMPAT"))]
    );
    let seen = office
        .count("access WHERE what = 'import' AND kind = 'family' AND length(objects) = 2 * 16")
        .await;
    assert_eq!(seen, 1);
    let answer = office.changes(&office.admin, &report).await;
    assert_eq!(answer.verdict(), "403 forbidden");

    let answer = office.confirm(&office.admin, &report).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    let answer = office.confirm(&office.approver, &report).await;
    let confirmed: ImportReport = answer.ok().unwrap().read().unwrap();
    assert_eq!(confirmed.state, ImportState::InForce.into());
    assert_eq!(
        (confirmed.waiting, confirmed.added, confirmed.changed),
        (0, 1, 6)
    );
    assert_eq!(
        office.found("kk", keys.blind_kk("3571010101000001")).await,
        0
    );
    assert_eq!(
        office.found("kk", keys.blind_kk("3571010101000091")).await,
        1
    );
    assert_eq!(
        office
            .found("nik", keys.blind_nik("3571011212800091"))
            .await,
        1
    );
    assert_eq!(office.count("person WHERE name LIKE 'KENARI%'").await, 2);
    let versions = "row_version WHERE kind = 'family' AND version = 2";
    assert_eq!(office.count(versions).await, 4);
    let said = "journal WHERE action = 'family.change' AND role = 'approver'";
    assert_eq!(office.count(said).await, 2);
    let told = office.told().await;
    for canary in ["35710112128", "3571010101", "KENARI", "MELATI", "WARGA"] {
        assert!(!told.contains(canary), "{canary} in {told}");
    }
    office.end().await;
}

#[tokio::test]
async fn a_list_that_waits_is_about_the_families_that_were_on_it() {
    let office = Office::furnished(421).await;
    office
        .bring(ImportKind::Families, families(&[head(1)]))
        .await;
    let quota = format!("program,wilayah,jatah\nSEMBAKO,{BANDAR_LOR},1\n");
    office.put_in_force(ImportKind::Quotas, quota).await;
    let list = "program,no_kk\nSEMBAKO,3571010101000001\n";
    let list = office.bring(ImportKind::Memberships, list).await;
    assert_eq!(list.waiting, 1);
    let report = office
        .bring(ImportKind::Families, families(&[somebody_else()]))
        .await;
    assert_eq!((report.waiting, report.added, report.changed), (1, 0, 0));
    office.end().await;
}

#[tokio::test]
async fn what_needs_an_approver_is_not_brought_in_without_a_name() {
    let office = Office::with_places(422).await;
    let store = office.world.app().unwrap().store;
    let by = store.acting_as_system("a test's import");
    let file = families(&[somebody_else(), head(4).replacen("LIMA", "LIMA PUTRA", 1)]);
    let event = office.admin.event();
    let report = by.import(ImportKind::Families, file.into(), event).await;
    let report = report.unwrap();
    assert_eq!(reasons(&report)[&2], ["nama needs_a_name"]);
    assert_eq!((report.waiting, report.changed), (0, 2));
    office.end().await;
}

#[tokio::test]
async fn an_approver_may_refuse_an_import_and_nothing_of_it_counts() {
    let office = Office::with_places(423).await;
    let file = families(&[somebody_else()]);
    let report = office.bring(ImportKind::Families, file.clone()).await;
    let good = office.refusal("DATA_MERAGUKAN");
    let answer = office.refuse(&office.admin, &report, &good).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    let pesantren = "35.71.03".parse().unwrap();
    let desk = (&office.admin, &office.approver);
    let far = office
        .world
        .person(desk, "kepala-lain", Role::Approver, &[pesantren])
        .await
        .unwrap();
    let answer = office.refuse(&far, &report, &good).await;
    assert_eq!(answer.verdict(), "404 not_found");
    let before = office.registry().await;
    for (field, wrong) in [
        ("reason", office.refusal("ALASAN_LAIN")),
        (
            "note",
            RefuseImport {
                note: Some("lihat 3571 0112 1280 0001".to_owned()),
                ..office.refusal("DATA_MERAGUKAN")
            },
        ),
        (
            "note",
            RefuseImport {
                note: Some("x".repeat(501)),
                ..office.refusal("DATA_MERAGUKAN")
            },
        ),
    ] {
        let answer = office.refuse(&office.approver, &report, &wrong).await;
        assert_eq!(answer.verdict(), "422 invalid");
        assert_eq!(answer.json()["fields"][0]["field"], field);
    }
    let good = RefuseImport {
        note: Some("KENARI bukan anggota keluarga ini".to_owned()),
        ..good
    };
    for _ in 0..2 {
        let answer = office.refuse(&office.approver, &report, &good).await;
        let refused: ImportReport = answer.ok().unwrap().read().unwrap();
        assert_eq!(refused.state, ImportState::Refused.into());
        assert_eq!((refused.waiting, refused.confirmed_by), (0, None));
        assert_eq!(refused.refused_by, Some(office.approver.user()));
        assert!(refused.refused_by_name.is_some() && refused.imported_by_name.is_some());
        assert_eq!(refused.refusal, Some(good.reason.clone()));
        assert_eq!(refused.note, good.note);
    }
    let said = "journal WHERE action = 'import.refuse'";
    assert_eq!(office.count(said).await, 1);
    let told = office.told().await;
    assert!(!told.contains("KENARI"), "{told}");
    let mut after = office.registry().await;
    assert_eq!(after.insert("import_row", 1), Some(0));
    assert_eq!(after, before);
    for answer in [
        office.confirm(&office.approver, &report).await,
        office
            .refuse(&office.approver, &report, &office.refusal("SALAH_BERKAS"))
            .await,
    ] {
        assert_eq!(answer.verdict(), "409 wrong_moment");
    }
    // It may be brought in again, and waits again.
    let again = office.bring(ImportKind::Families, file).await;
    assert_ne!(again.id, report.id);
    assert_eq!(again.waiting, 1);

    // Of a list that is refused nothing stays either.
    let lists = office.registry().await;
    let list = format!("program,wilayah,urutan,no_kk\nSEMBAKO,{BANDAR_LOR},1,3571010101000004\n");
    let report = office.bring(ImportKind::Waitlist, list).await;
    assert_eq!(report.waiting, 1);
    let answer = office
        .refuse(&office.approver, &report, &office.refusal("TANPA_DASAR"))
        .await;
    answer.ok().unwrap();
    assert_eq!(office.registry().await, lists);
    office.end().await;
}

#[tokio::test]
async fn what_an_approver_writes_is_told_in_the_report_and_stays_out_of_the_journal() {
    let office = Office::furnished(424).await;
    let quota = format!("program,wilayah,jatah\nSEMBAKO,{BANDAR_LOR},2\n");
    let report = office.bring(ImportKind::Quotas, quota).await;
    let path = format!("/v1/imports/{}/confirm", report.id);
    let act = |note: &str| Act {
        event_id: office.approver.event(),
        note: Some(note.to_owned()),
    };
    let answer = office
        .approver
        .post(&path, &act("3571011212800001 menelepon"))
        .await;
    assert_eq!(answer.verdict(), "422 invalid");
    assert_eq!(answer.json()["fields"][0]["code"], "personal_number");
    assert_eq!(office.count("slot").await, 0);
    let note = "KENARI ZULKARNAEN menelepon";
    let answer = office.approver.post(&path, &act(note)).await;
    let confirmed: ImportReport = answer.ok().unwrap().read().unwrap();
    assert_eq!(confirmed.note.as_deref(), Some(note));
    let told = office.told().await;
    assert!(!told.contains("KENARI"), "{told}");
    office.end().await;
}

#[tokio::test]
async fn a_rule_that_counts_everywhere_is_set_and_confirmed_by_who_answers_for_everywhere() {
    let office = Office::furnished(425).await;
    let desk = (&office.admin, &office.approver);
    let mojoroto = "35.71.01".parse().unwrap();
    let near = office
        .world
        .person(desk, "admin-mojoroto", Role::Admin, &[mojoroto])
        .await
        .unwrap();
    let rule = "code,name,unit,decile_max,fund\nSEMBAKO,Program Sembako (BPNT),keluarga,9,apbn\n\
                BARU,Program Baru,keluarga,9,apbd\n";
    let answer = office.post(&near, "programs", near.event(), rule).await;
    let report: ImportReport = answer.ok().unwrap().read().unwrap();
    assert_eq!(
        reasons(&report),
        BTreeMap::from([
            (2, vec!["code out_of_scope".to_owned()]),
            (3, vec!["code out_of_scope".to_owned()])
        ])
    );
    assert_eq!(office.count("program WHERE code = 'BARU'").await, 0);
    // Quotas and lists elsewhere neither.
    let quota = "program,wilayah,jatah\nSEMBAKO,35.71.02.1001,2\n";
    let answer = office.post(&near, "quotas", near.event(), quota).await;
    let report: ImportReport = answer.ok().unwrap().read().unwrap();
    assert_eq!(reasons(&report)[&2], ["region out_of_scope"]);
    let list = "program,wilayah,urutan,no_kk\nSEMBAKO,35.71.02.1001,1,3571010101000003\n";
    let answer = office.post(&near, "waitlist", near.event(), list).await;
    let report: ImportReport = answer.ok().unwrap().read().unwrap();
    assert_eq!(reasons(&report)[&2], ["region out_of_scope"]);

    let report = office.bring(ImportKind::Programs, rule).await;
    assert_eq!((report.added, report.waiting), (1, 1));
    let pesantren = "35.71.03".parse().unwrap();
    let far = office
        .world
        .person(desk, "kepala-lain", Role::Approver, &[pesantren])
        .await
        .unwrap();
    let answer = office.confirm(&far, &report).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    office
        .confirm(&office.approver, &report)
        .await
        .ok()
        .unwrap();
    office.end().await;
}
