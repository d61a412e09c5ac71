//! Spreadsheets and files of any make: what comes in of them, whose columns mean what, and who is not in them.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};
use tilik_protocol::policy::Role;
use tilik_protocol::registry::{FileColumns, ImportKind, ImportReport, ImportState, MissingFamily};
use tilik_protocol::review::Page;
use tilik_tests::{Answer, Console};

use crate::imports::{BANDAR_LOR, HEADER, Office, families, head, reasons};

/// A cell of a workbook.
#[derive(Clone)]
pub(crate) enum Cell {
    Text(String),
    Number(String),
    Day(u32),
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A workbook as a spreadsheet writes it: each sheet with its name and rows.
pub(crate) fn workbook(sheets: &[(&str, Vec<Vec<Cell>>)]) -> Vec<u8> {
    let mut parts = vec![(
        "xl/styles.xml".to_owned(),
        r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#
            .to_owned(),
    )];
    let (mut list, mut links) = (String::new(), String::new());
    for (n, (name, rows)) in sheets.iter().enumerate() {
        write!(
            list,
            r#"<sheet name="{name}" sheetId="{}" r:id="rId{n}"/>"#,
            n + 1
        )
        .unwrap();
        write!(
            links,
            r#"<Relationship Id="rId{n}" Target="worksheets/sheet{n}.xml"/>"#
        )
        .unwrap();
        let mut body = String::new();
        for (line, row) in (1..).zip(rows) {
            write!(body, r#"<row r="{line}">"#).unwrap();
            for cell in row {
                let text = match cell {
                    Cell::Text(text) => format!(
                        r#"<c t="inlineStr"><is><t>{}</t></is></c>"#,
                        text.replace('&', "&amp;").replace('<', "&lt;")
                    ),
                    Cell::Number(number) => format!("<c><v>{number}</v></c>"),
                    Cell::Day(serial) => format!(r#"<c s="1"><v>{serial}</v></c>"#),
                };
                body += &text;
            }
            body += "</row>";
        }
        parts.push((
            format!("xl/worksheets/sheet{n}.xml"),
            format!("<worksheet><sheetData>{body}</sheetData></worksheet>"),
        ));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!(r#"<workbook xmlns:r="r"><sheets>{list}</sheets></workbook>"#),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{links}</Relationships>"),
    ));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, body) in parts {
        writer.start_file(name, options).unwrap();
        writer.write_all(body.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn row_of(line: &str) -> Vec<Cell> {
    line.split(',').map(text).collect()
}

impl Office {
    async fn send_file(&self, path: &str, file: Vec<u8>) -> Answer {
        let request = Request::post(format!("/v1/imports/{path}"))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.admin.token().await.unwrap()),
            )
            .body(Body::from(file))
            .unwrap();
        self.world.send(request).await.unwrap()
    }

    async fn columns(&self, kind: ImportKind, file: &[u8]) -> FileColumns {
        let answer = self
            .send_file(&format!("{kind}/columns"), file.to_vec())
            .await;
        answer.ok().unwrap().read().unwrap()
    }

    async fn map(&self, told: &FileColumns, columns: &[(&str, u32)]) -> Answer {
        let columns: Vec<Value> = columns
            .iter()
            .map(|(name, header)| json!({ "name": name, "header": header }))
            .collect();
        let body = json!({
            "event_id": self.admin.event(), "fingerprint": told.fingerprint, "columns": columns,
        });
        self.admin.post("/v1/imports/families/mapping", &body).await
    }

    async fn auditor(&self) -> Console {
        let regions = [BANDAR_LOR.parse().unwrap()];
        self.world
            .person(
                (&self.admin, &self.approver),
                "pemeriksa",
                Role::Auditor,
                &regions,
            )
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_workbook_comes_in_as_the_same_lines_of_text_would() {
    let office = Office::furnished(700).await;
    let mut rows: Vec<Vec<Cell>> = vec![row_of(HEADER)];
    rows.extend((1..=3).map(|n| row_of(&head(n))));
    // As a spreadsheet keeps them: a day, numbers, and a NIK that a program wrote whole.
    rows[2][4] = Cell::Day(29_567);
    rows[2][8] = Cell::Number("1".to_owned());
    rows[3][2] = Cell::Number("3571011212800003".to_owned());
    let notes = vec![vec![text("Catatan: jangan dihapus")]];
    let file = workbook(&[("Kosong", vec![]), ("Data", rows), ("Catatan", notes)]);
    let report = office.bring(ImportKind::Families, file.clone()).await;
    assert_eq!(
        (report.lines, report.added, report.rejected),
        (3, 3, 0),
        "{report:?}"
    );
    let same = office
        .bring(ImportKind::Families, families(&[head(1), head(2), head(3)]))
        .await;
    assert_eq!((same.unchanged, same.changed), (3, 0), "{same:?}");

    // The sheet can be chosen, also for a file that was sent before.
    let event = office.admin.event();
    let chosen = office
        .send_file(&format!("families?event_id={event}&sheet=2"), file.clone())
        .await;
    assert_eq!(chosen.code().as_deref(), Some("invalid"));
    let event = office.admin.event();
    let chosen = office
        .send_file(&format!("families?event_id={event}&sheet=1"), file)
        .await;
    let chosen: ImportReport = chosen.ok().unwrap().read().unwrap();
    assert_eq!(chosen.unchanged, 3);
    office.end().await;
}

#[tokio::test]
async fn a_tried_workbook_is_applied_from_the_sheet_that_was_chosen() {
    let office = Office::furnished(701).await;
    let sheet = |n: u32| vec![row_of(HEADER), row_of(&head(n))];
    let file = workbook(&[("Satu", sheet(1)), ("Dua", sheet(2))]);
    let event = office.admin.event();
    let path = format!("families?event_id={event}&rehearse=true&sheet=1");
    let begun: ImportReport = office
        .send_file(&path, file)
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    office.world.settle().await.unwrap();
    let body = json!({ "event_id": office.admin.event(), "accepted": 1 });
    let path = format!("/v1/imports/{}/apply", begun.id);
    office.admin.post(&path, &body).await.ok().unwrap();
    office.world.settle().await.unwrap();
    let report: ImportReport = office
        .admin
        .get(&format!("/v1/imports/{}", begun.id))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(report.state, ImportState::Done.into());
    let second = office.world.app().unwrap().store;
    let names = second
        .peek("SELECT registry_key FROM family", [])
        .await
        .unwrap();
    let key: String = names[0].try_get_by_index(0).unwrap();
    assert_eq!((names.len(), key.as_str()), (1, "3571011001000002"));
    office.end().await;
}

#[tokio::test]
async fn a_number_that_lost_its_digits_is_told_by_its_cell() {
    let office = Office::furnished(702).await;
    let mut rows: Vec<Vec<Cell>> = vec![row_of(HEADER)];
    rows.extend((1..=2).map(|n| row_of(&head(n))));
    rows[2][2] = Cell::Number("3.57101121280000E+15".to_owned());
    let report = office
        .bring(ImportKind::Families, workbook(&[("Data", rows)]))
        .await;
    assert_eq!((report.added, report.rejected), (1, 1));
    assert_eq!(reasons(&report)[&3], ["nik digits_lost"]);
    let remedy = &report.rejections[0].problems[0].remedy;
    assert!(remedy.contains("C3") && remedy.contains("Teks"), "{remedy}");
    assert!(!remedy.contains("3571"), "{remedy}");
    office.end().await;
}

#[tokio::test]
async fn any_headers_are_mapped_once_and_known_the_next_time() {
    let office = Office::furnished(703).await;
    let strange = families(&[head(1)])
        .replacen("no_kk", "Kartu", 1)
        .replacen("nama", "Siapa", 1);
    let refused = office
        .post(
            &office.admin,
            "families",
            office.admin.event(),
            strange.clone(),
        )
        .await;
    assert_eq!(refused.code().as_deref(), Some("invalid"));
    let told = office
        .columns(ImportKind::Families, strange.as_bytes())
        .await;
    assert!(!told.mapped);
    assert_eq!(told.headers[1], "Kartu");
    let at = |told: &FileColumns, name: &str| {
        let found = told.columns.iter().find(|column| column.name == name);
        found.unwrap().header
    };
    assert_eq!((at(&told, "no_kk"), at(&told, "nik")), (None, Some(2)));

    let mut columns: Vec<(&str, u32)> = told
        .columns
        .iter()
        .filter_map(|column| Some((column.name.as_str(), column.header?)))
        .collect();
    assert_eq!(
        office.map(&told, &columns).await.code().as_deref(),
        Some("invalid")
    );
    columns.extend([("no_kk", 1), ("nama", 3)]);
    let twice: Vec<_> = columns.iter().map(|(name, _)| (*name, 1)).collect();
    assert_eq!(
        office.map(&told, &twice).await.code().as_deref(),
        Some("invalid")
    );
    office.map(&told, &columns).await.ok().unwrap();

    // Another month's file with the same headers, in whatever letters.
    let next = families(&[head(1), head(2)])
        .replacen("no_kk", "KARTU", 1)
        .replacen("nama", "siapa", 1);
    let told = office.columns(ImportKind::Families, next.as_bytes()).await;
    assert!(told.mapped);
    assert_eq!((at(&told, "no_kk"), at(&told, "nama")), (Some(1), Some(3)));
    let report = office.bring(ImportKind::Families, next).await;
    assert_eq!((report.added, report.rejected), (2, 0), "{report:?}");
    let told_text = office.told().await;
    assert!(!told_text.contains("Kartu") && !told_text.contains("Siapa"));
    let kept = office.count("journal WHERE action = 'import.map'").await;
    assert_eq!(kept, 1);

    // Forgotten, they are strange again.
    office.map(&told, &[]).await.ok().unwrap();
    let told = office
        .columns(ImportKind::Families, strange.as_bytes())
        .await;
    assert!(!told.mapped);
    office.end().await;
}

#[tokio::test]
async fn who_is_in_the_registry_and_not_in_the_file_is_counted_and_stays() {
    let office = Office::with_places(704).await;
    let before = office.registry().await;
    let report = office
        .bring(ImportKind::Families, families(&[head(2), head(5)]))
        .await;
    assert_eq!((report.added, report.unchanged), (1, 1));
    assert_eq!(report.missing, Some(3));
    assert_eq!(report.missing_in.len(), 1);
    assert_eq!(report.missing_in[0].region.as_str(), BANDAR_LOR);
    assert_eq!(report.missing_in[0].families, 3);
    let now = office.registry().await;
    assert_eq!(now["family"], before["family"] + 1);
    assert_eq!(now["membership"], before["membership"]);

    // Names are for those who read families; an admin sees numbers.
    let path = format!("/v1/imports/{}/missing", report.id);
    assert_eq!(
        office.admin.get(&path).await.code().as_deref(),
        Some("forbidden")
    );
    let auditor = office.auditor().await;
    let page: Page<MissingFamily> = auditor.get(&path).await.ok().unwrap().read().unwrap();
    assert_eq!(page.items.len(), 3);
    let holding = page.items.iter().filter(|row| row.holds).count();
    assert_eq!(
        holding, 1,
        "the first holds a place, the third waits, the fourth has nothing"
    );
    let reads = office.count("access WHERE what = 'import_missing'").await;
    assert_eq!(reads, 1);
    let half: Page<MissingFamily> = auditor
        .get(&format!("{path}?limit=2"))
        .await
        .ok()
        .unwrap()
        .read()
        .unwrap();
    let rest = format!("{path}?after={}", half.next.unwrap());
    let rest: Page<MissingFamily> = auditor.get(&rest).await.ok().unwrap().read().unwrap();
    assert_eq!((half.items.len(), rest.items.len()), (2, 1));
    office.end().await;
}

const KK: &str = "3571010101";

fn decree(lines: &[&str]) -> String {
    format!(
        "program,no_sk,periode,no_kk,nik,nama,putusan,alasan\n{}\n",
        lines.join("\n")
    )
}

impl Office {
    /// The state and the centre's word of a family's only membership in SEMBAKO.
    async fn sembako_of(&self, n: u32) -> (String, Option<String>) {
        let store = self.world.app().unwrap().store;
        let key = format!("35710110010{n:05}");
        let rows = store
            .peek(
                "SELECT m.state, m.central_status FROM membership m JOIN family f ON f.id = m.family_id \
                 WHERE f.registry_key = $1 AND m.program = 'SEMBAKO'",
                [key.into()],
            )
            .await
            .unwrap();
        assert_eq!(rows.len(), 1, "family {n}");
        let state = rows[0].try_get_by_index(0).unwrap();
        (state, rows[0].try_get_by_index(1).unwrap())
    }

    fn remarks(report: &ImportReport) -> Vec<(u64, String)> {
        let lines = report.warnings.iter();
        lines
            .flat_map(|line| {
                line.problems
                    .iter()
                    .map(|one| (line.line, one.code.clone()))
            })
            .collect()
    }
}

#[tokio::test]
async fn a_decree_gives_free_places_after_a_second_person_and_tells_who_is_not_in_it() {
    let office = Office::with_places(706).await;
    let child = head(5)
        .replace("KEPALA KELUARGA", "ANAK")
        .replace("3571011212800005", "3571011212809105");
    office
        .bring(ImportKind::Families, families(&[head(5), child]))
        .await;
    let quota = format!("program,wilayah,jatah\nSEMBAKO,{BANDAR_LOR},5\nPKH,{BANDAR_LOR},1\n");
    office.put_in_force(ImportKind::Quotas, quota).await;
    let slots = office.count("slot").await;
    let file = decree(&[
        // As it is here: only the centre's word is new.
        &format!("SEMBAKO,12/HUK/2026,TW1,{KK}000002,3571011212800002,WARGA TIGA,Ditetapkan,"),
        &format!("SEMBAKO,12/HUK/2026,TW1,{KK}000003,,NAMA LAIN,,"),
        &format!("SEMBAKO,12/HUK/2026,TW1,{KK}000005,3571011212809105,,,"),
        &format!("SEMBAKO,12/HUK/2026,TW1,{KK}000004,,,Dihentikan,"),
        &format!("PKH,12/HUK/2026,TW1,{KK}000001,,,,"),
        &format!("SEMBAKO,12/HUK/2026,TW1,{KK}000009,,,,"),
        &format!("BLT-DD,12/HUK/2026,TW1,{KK}000002,,,,"),
        &format!("SEMBAKO,12/HUK/2026,TW1,{KK}000003,,,,"),
        &format!("SEMBAKO,3571011212800002,TW1,{KK}000002,,,mungkin,"),
    ]);
    let report = office.bring(ImportKind::Decree, file.clone()).await;
    assert_eq!(
        (
            report.lines,
            report.waiting,
            report.unchanged,
            report.rejected
        ),
        (9, 4, 1, 4),
        "{report:?}"
    );
    let told = reasons(&report);
    assert_eq!(told[&7], ["no_kk unknown_family"]);
    assert_eq!(told[&8], ["program not_central"]);
    assert_eq!(told[&9], ["program duplicate"]);
    assert_eq!(told[&10], ["no_sk personal_number", "putusan unknown"]);
    let remarks = [
        (3, "name_differs"),
        (4, "other_person"),
        (6, "other_program"),
    ];
    assert_eq!(
        Office::remarks(&report),
        remarks.map(|(line, code)| (line, code.to_owned()))
    );
    // Who holds SEMBAKO in the city and is not in the decree: the first family; nobody held PKH.
    assert_eq!(report.missing, Some(1));
    assert_eq!(
        (report.missing_in.len(), report.missing_in[0].families),
        (1, 1)
    );
    let said: Vec<_> = report
        .decrees
        .iter()
        .map(|one| (one.program.as_str(), one.designated, one.ended))
        .collect();
    assert_eq!(said, [("SEMBAKO", 3, 1), ("PKH", 1, 0)]);
    // Nothing counts yet.
    let places = office.count("membership").await;
    assert_eq!(places, 2);
    assert_eq!(office.sembako_of(2).await.1, None);

    let own = office.confirm(&office.admin, &report).await;
    assert_eq!(own.verdict(), "403 forbidden");
    let done = office.confirm(&office.approver, &report).await;
    let done: ImportReport = done.ok().unwrap().read().unwrap();
    assert_eq!((done.added, done.changed, done.rejected), (3, 1, 4));
    assert_eq!(done.state, ImportState::InForce.into());
    let word = Some("ditetapkan SK 12/HUK/2026, TW1".to_owned());
    assert_eq!(office.sembako_of(1).await, ("active".to_owned(), None));
    assert_eq!(
        office.sembako_of(2).await,
        ("active".to_owned(), word.clone())
    );
    assert_eq!(
        office.sembako_of(3).await,
        ("designated".to_owned(), word.clone())
    );
    assert_eq!(office.sembako_of(5).await, ("designated".to_owned(), word));
    assert_eq!(
        office.count("slot").await,
        slots,
        "no place is made or lost"
    );
    assert_eq!(office.count("slot WHERE state = 'held'").await, 5);
    let heads = "journal WHERE action = 'membership.central'";
    assert_eq!(office.count(heads).await, 1);

    let again = office.bring(ImportKind::Decree, file).await;
    assert_eq!((again.waiting, again.unchanged), (0, 5));
    assert!(!office.told().await.contains("NAMA LAIN"));
    office.end().await;
}

#[tokio::test]
async fn what_the_centre_ends_stays_until_the_city_decides_and_the_other_way_round() {
    let office = Office::with_places(707).await;
    let store = office.world.app().unwrap().store;
    store
        .poke(
            "UPDATE membership SET state = 'inactive' WHERE family_id = (SELECT id FROM family WHERE registry_key = $1)",
            ["3571011001000002".into()],
        )
        .await
        .unwrap();
    let held = office.count("slot WHERE state = 'held'").await;
    let file = decree(&[
        &format!("SEMBAKO,13/HUK/2026,,{KK}000001,,,EXCLUDE MENINGGAL,gagal burekol"),
        &format!("SEMBAKO,13/HUK/2026,,{KK}000002,,,ditetapkan,"),
        // No place is left for whoever has none.
        &format!("SEMBAKO,13/HUK/2026,,{KK}000003,,,ditetapkan,"),
    ]);
    let report = office.bring(ImportKind::Decree, file).await;
    assert_eq!((report.waiting, report.rejected), (2, 1), "{report:?}");
    assert_eq!(reasons(&report)[&4], ["program quota_full"]);
    assert_eq!(
        Office::remarks(&report),
        [(2, "ended_there".to_owned()), (3, "ended_here".to_owned())]
    );
    assert_eq!(report.missing, Some(0));
    office
        .confirm(&office.approver, &report)
        .await
        .ok()
        .unwrap();
    let ended = Some("dihentikan SK 13/HUK/2026, gagal burekol".to_owned());
    assert_eq!(office.sembako_of(1).await, ("active".to_owned(), ended));
    let named = Some("ditetapkan SK 13/HUK/2026".to_owned());
    assert_eq!(office.sembako_of(2).await, ("inactive".to_owned(), named));
    assert_eq!(office.count("slot WHERE state = 'held'").await, held);
    office.end().await;
}

fn pin(properties: &str, lon: f64, lat: f64) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}"#
    )
}

#[tokio::test]
async fn old_pins_are_tried_then_shown_and_are_the_pin_of_no_visit() {
    let office = Office::with_places(708).await;
    let boundaries = tilik_tests::kediri::files_of(1, 0);
    let (_, _, file) = boundaries
        .into_iter()
        .find(|(kind, _, _)| *kind == ImportKind::Boundaries)
        .unwrap();
    office.bring(ImportKind::Boundaries, file).await;
    let features = [
        pin(&format!(r#"{{"No KK":"{KK}000001"}}"#), 112.0114, -7.8166),
        pin(r#"{"nik":3571011212800002}"#, 112.0114, -7.0),
        pin(&format!(r#"{{"no_kk":"{KK}000009"}}"#), 112.0114, -7.8166),
        pin(r#"{"id_keluarga":"3571011001000001"}"#, 112.01, -7.81),
        pin(&format!(r#"{{"no_kk":"{KK}000003"}}"#), -7.8166, 112.0114),
    ];
    let file = format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    );
    let placed = "house WHERE registry_lat_e7 IS NOT NULL";
    let event = office.admin.event();
    let path = format!("pins?event_id={event}&rehearse=true");
    let sent = office.send_file(&path, file.clone().into_bytes()).await;
    let tried: ImportReport = sent.ok().unwrap().read().unwrap();
    office.world.settle().await.unwrap();
    let path = format!("/v1/imports/{}", tried.id);
    let tried: ImportReport = office.admin.get(&path).await.ok().unwrap().read().unwrap();
    assert_eq!(
        (tried.lines, tried.added, tried.rejected),
        (5, 2, 3),
        "{tried:?}"
    );
    assert_eq!(office.count(placed).await, 0, "a try changes nothing");

    let report = office.bring(ImportKind::Pins, file.clone()).await;
    assert_eq!((report.added, report.rejected), (2, 3));
    assert_eq!(report.state, ImportState::Done.into());
    let told = reasons(&report);
    assert_eq!(told[&3], ["no_kk unknown_family"]);
    assert_eq!(told[&4], ["geometry duplicate"]);
    assert_eq!(told[&5], ["geometry swapped"]);
    assert!(Office::remarks(&report).contains(&(2, "outside_village".to_owned())));
    assert_eq!(office.count(placed).await, 2);
    let measured =
        "house WHERE lat_e7 IS NOT NULL OR pinned_at IS NOT NULL OR pin_visit IS NOT NULL";
    assert_eq!(office.count(measured).await, 0);
    assert!(office.count("access WHERE what = 'import_found'").await > 0);
    let again = office.bring(ImportKind::Pins, file).await;
    assert_eq!((again.unchanged, again.added, again.changed), (2, 0, 0));
    let moved = pin(r#"{"id_keluarga":"3571011001000001"}"#, 112.02, -7.82);
    let moved = format!(r#"{{"type":"FeatureCollection","features":[{moved}]}}"#);
    let moved = office.bring(ImportKind::Pins, moved).await;
    assert_eq!((moved.changed, moved.added), (1, 0));
    office.end().await;
}

/// The most memory this process ever held, in MiB.
pub(crate) fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// A measure, not a promise: `TILIK_ROWS=1000000 it --ignored --nocapture a_large_file`.
#[tokio::test]
#[ignore = "a measure, run by hand; TILIK_ROWS says how many lines"]
async fn a_large_file_comes_in_line_by_line() {
    let rows: u32 = std::env::var("TILIK_ROWS").map_or(100_000, |rows| rows.parse().unwrap());
    let office = Office::furnished(799).await;
    let mut file = format!("{HEADER}\n");
    for n in 0..rows {
        // A serial that is never nought, and digits of birth that go around.
        let (day, serial) = (n / 9_999 % 28 + 1, n % 9_999 + 1);
        let month = n / 9_999 / 28 + 1;
        writeln!(file,
            "3571{n:012},3571{n:012},357101{day:02}{month:02}80{serial:04},WARGA {},{day:02}-{month:02}-1980,L,KEPALA KELUARGA,JL. MELATI NO. {n},1,2,{BANDAR_LOR},2",
            ["SATU", "DUA", "TIGA"][n as usize % 3]
        ).unwrap();
    }
    let (size, before, begun) = (file.len(), peak_mib(), std::time::Instant::now());
    let app = office.world.app().unwrap();
    let by = app.store.acting_as_system("a measure");
    let report = by
        .import(
            ImportKind::Families,
            file.into_bytes().into(),
            office.admin.event(),
        )
        .await
        .unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!((report.added, report.rejected), (u64::from(rows), 0));
    eprintln!(
        "{rows} lines, {} MiB: {seconds:.1} s, {:.0} lines/s, peak {} MiB ({before} MiB before)",
        size >> 20,
        f64::from(rows) / seconds,
        peak_mib()
    );
    office.end().await;
}
