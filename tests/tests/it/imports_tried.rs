//! A file that is tried first: nothing counts, the report tells what would come, and it comes when it is applied.

use std::collections::BTreeMap;
use std::fmt::Write;

use tilik_protocol::ids::EventId;
use tilik_protocol::policy::Role;
use tilik_protocol::registry::{ApplyImport, ImportKind, ImportReport, ImportState};
use tilik_protocol::review::{AccessRow, Page};
use tilik_protocol::session::Act;
use tilik_server::blobs::BlobPrefix;
use tilik_tests::{Answer, Console, kediri, village};

use crate::imports::{BANDAR_LOR, Office, families, head, reasons};

/// What is told of a file, whoever tells it: without states, instants and ids.
fn told(report: &ImportReport) -> impl PartialEq + std::fmt::Debug {
    (
        (report.lines, report.added, report.changed, report.unchanged),
        (report.waiting, report.rejected, report.warned),
        (report.rejections.clone(), report.warnings.clone()),
        report
            .waitlists
            .iter()
            .map(|list| (list.program.clone(), list.region.clone(), list.hash.clone()))
            .collect::<Vec<_>>(),
    )
}

impl Office {
    async fn try_out(&self, kind: ImportKind, event: EventId, file: impl Into<Vec<u8>>) -> Answer {
        let doorway = self.world.doorway();
        kediri::send_to_be_tried(&doorway, &self.admin, kind, event, file.into())
            .await
            .unwrap()
    }

    async fn report(&self, id: impl std::fmt::Display) -> ImportReport {
        let answer = self.admin.get(&format!("/v1/imports/{id}")).await;
        answer.ok().unwrap().read().unwrap()
    }

    /// Tries a file and waits for what that tells.
    async fn tried(&self, kind: ImportKind, file: impl Into<Vec<u8>>) -> ImportReport {
        let answer = self.try_out(kind, self.admin.event(), file).await;
        let begun: ImportReport = answer.ok().unwrap().read().unwrap();
        assert_eq!(begun.state, ImportState::Rehearsing.into());
        self.world.settle().await.unwrap();
        let report = self.report(begun.id).await;
        assert_eq!(report.state, ImportState::Rehearsed.into());
        report
    }

    async fn apply(&self, report: &ImportReport) -> Answer {
        let body = ApplyImport {
            event_id: self.admin.event(),
            accepted: report.lines - report.rejected,
        };
        let path = format!("/v1/imports/{}/apply", report.id);
        self.admin.post(&path, &body).await
    }

    /// Applies it and waits for the end.
    async fn applied(&self, report: &ImportReport) -> ImportReport {
        let begun: ImportReport = self.apply(report).await.ok().unwrap().read().unwrap();
        assert_eq!(begun.state, ImportState::Applying.into());
        self.world.settle().await.unwrap();
        self.report(report.id).await
    }

    async fn discard(&self, report: &ImportReport) -> Answer {
        let body = Act {
            event_id: self.admin.event(),
            note: None,
        };
        let path = format!("/v1/imports/{}/discard", report.id);
        self.admin.post(&path, &body).await
    }

    /// How many files of imports lie in the blob store.
    async fn files(&self) -> usize {
        let blobs = &self.world.app().unwrap().blobs;
        let page = blobs.list(&BlobPrefix::feeds(), None, 1_000).await.unwrap();
        page.objects.len()
    }
}

#[tokio::test]
async fn a_file_that_is_tried_changes_nothing_and_applied_brings_what_the_try_told() {
    let office = Office::furnished(440).await;
    let before = office.registry().await;
    let file = families(&[
        head(1),
        head(2).replace("3571011212800002", "357101121280002"),
        head(3).replace("12-12-1980", "13-12-1980"),
        head(1),
    ]);
    let tried = office.tried(ImportKind::Families, file).await;
    assert_eq!(office.registry().await, before);
    assert_eq!((tried.lines, tried.added, tried.rejected), (4, 2, 2));
    assert_eq!(reasons(&tried)[&3], ["nik length"]);
    assert_eq!(tried.foretold, None);
    assert_eq!(office.files().await, 1);

    let applied = office.applied(&tried).await;
    assert_eq!(applied.state, ImportState::Done.into());
    assert_eq!(told(&applied), told(&tried));
    assert_eq!(applied.foretold.unwrap().same, Some(true));
    assert_eq!(office.registry().await["family"], 2);
    assert_eq!(office.files().await, 0, "the file is not needed any more");
    office.end().await;
}

/// Lines enough for forty transactions, each 33rd of them spoilt in one of three ways.
fn ten_thousand() -> String {
    let mut file = format!("{}\n", crate::imports::HEADER);
    let mut spoilt = 0;
    for n in 0..10_000_u32 {
        let (kk, mut nik) = (format!("35710102{n:08}"), format!("3571011212{n:06}"));
        // The digits of birth and a serial that is not nought.
        nik.replace_range(10.., &format!("80{:04}", n % 9_999 + 1));
        let mut day = "12-12-1980";
        if n % 33 == 7 && spoilt < 300 {
            match spoilt % 3 {
                0 => nik.truncate(15),
                1 => day = "31-02-1980",
                _ => "3,57E+15".clone_into(&mut nik),
            }
            spoilt += 1;
        }
        writeln!(
            file,
            "35710110020{n:05},{kk},{nik},WARGA KE {},{day},L,KEPALA KELUARGA,JL. MELATI,1,2,{BANDAR_LOR},2",
            ["A", "B", "C"][n as usize % 3]
        )
        .unwrap();
    }
    // A decimal comma is a separator: the cell has to be quoted as a spreadsheet would.
    file.replace(",3,57E+15,", ",\"3,57E+15\",")
}

#[tokio::test]
async fn ten_thousand_lines_with_three_hundred_errors_come_as_the_try_told() {
    let office = Office::furnished(441).await;
    let before = office.registry().await;
    let tried = office.tried(ImportKind::Families, ten_thousand()).await;
    assert_eq!(
        (tried.lines, tried.added, tried.rejected),
        (10_000, 9_700, 300)
    );
    assert_eq!(tried.rejections.len(), 300);
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for codes in reasons(&tried).into_values() {
        *kinds.entry(codes.join(" ")).or_default() += 1;
    }
    let expected = ["nik length", "nik scientific", "tanggal_lahir not_a_date"];
    assert_eq!(kinds, expected.map(|kind| (kind.to_owned(), 100)).into());
    assert_eq!(office.registry().await, before);

    let applied = office.applied(&tried).await;
    assert_eq!(told(&applied), told(&tried));
    assert_eq!(applied.foretold.unwrap().same, Some(true));
    assert_eq!(office.registry().await["family"], 9_700);
    office.end().await;
}

#[tokio::test]
async fn every_kind_of_file_is_tried_by_the_code_that_brings_it_in() {
    let office = Office::new(442).await;
    for (kind, name, file) in kediri::files_of(5, 400) {
        let before = office.registry().await;
        let tried = office.tried(kind, file).await;
        assert_eq!(office.registry().await, before, "{name}");
        let applied = office.applied(&tried).await;
        assert_eq!(told(&applied), told(&tried), "{name}");
        assert_eq!(applied.foretold.unwrap().same, Some(true), "{name}");
        if applied.state == ImportState::Waiting.into() {
            office
                .confirm(&office.approver, &applied)
                .await
                .ok()
                .unwrap();
        }
    }
    assert_eq!(office.registry().await["family"], 400);
    office.end().await;
}

#[tokio::test]
async fn a_number_that_an_earlier_transaction_brings_is_known_to_the_try_as_well() {
    let office = Office::furnished(443).await;
    // The last line's NIK is the first line's: another transaction has brought that by then.
    let mut lines: Vec<String> = (1..=300).map(head).collect();
    lines[299] = lines[299].replace("3571011212800300", "3571011212800001");
    let tried = office.tried(ImportKind::Families, families(&lines)).await;
    assert_eq!((tried.added, tried.warned), (300, 2));
    let applied = office.applied(&tried).await;
    assert_eq!(told(&applied), told(&tried));
    office.end().await;
}

#[tokio::test]
async fn what_changed_since_the_try_is_told_before_anything_is_brought_in() {
    let office = Office::furnished(444).await;
    let file = families(&[head(1), head(2), head(3)]);
    let tried = office.tried(ImportKind::Families, file).await;
    assert_eq!(tried.added, 3);
    office
        .bring(ImportKind::Families, families(&[head(2)]))
        .await;
    let before = office.registry().await;

    let asked = office.applied(&tried).await;
    assert_eq!(asked.state, ImportState::Rehearsed.into());
    assert_eq!((asked.added, asked.unchanged), (2, 1));
    let foretold = asked.foretold.unwrap();
    assert_eq!((foretold.added, foretold.same), (3, Some(false)));
    assert_eq!(office.registry().await, before);

    let applied = office.applied(&asked).await;
    assert_eq!(applied.state, ImportState::Done.into());
    assert_eq!((applied.added, applied.unchanged), (2, 1));
    assert_eq!(applied.foretold.unwrap().same, Some(true));
    office.end().await;
}

#[tokio::test]
async fn a_try_goes_on_after_the_server_was_started_again() {
    let office = Office::furnished(445).await;
    let event = office.admin.event();
    let file = families(&[head(1), head(2)]);
    let answer = office
        .try_out(ImportKind::Families, event, file.clone())
        .await;
    answer.ok().unwrap();
    office.world.restart().await.unwrap();
    let waiting = office.report(event).await;
    assert_eq!(waiting.state, ImportState::Rehearsing.into());
    assert_eq!((waiting.lines, waiting.done), (2, Some(0)));
    office.world.settle().await.unwrap();
    let tried = office.report(event).await;
    assert_eq!(
        (tried.state.clone(), tried.added),
        (ImportState::Rehearsed.into(), 2)
    );
    // The answer got lost and it is sent again: nothing begins anew.
    let again = office.try_out(ImportKind::Families, event, file).await;
    assert_eq!(again.ok().unwrap().read::<ImportReport>().unwrap(), tried);

    office.apply(&tried).await.ok().unwrap();
    office.world.restart().await.unwrap();
    office.world.settle().await.unwrap();
    assert_eq!(office.report(event).await.state, ImportState::Done.into());
    assert_eq!(office.registry().await["family"], 2);
    office.end().await;
}

#[tokio::test]
async fn a_file_waits_for_its_store_however_long_and_may_be_discarded_meanwhile() {
    let office = Office::furnished(456).await;
    let kept = office
        .tried(ImportKind::Families, families(&[head(1)]))
        .await;
    let left = office
        .tried(ImportKind::Families, families(&[head(2)]))
        .await;
    office.apply(&kept).await.ok().unwrap();
    office.apply(&left).await.ok().unwrap();
    office.world.cut_blobs_off(true);
    // More tries than any other work is given.
    for _ in 0..15 {
        office.world.clock.advance_s(1_100);
        office.world.settle().await.unwrap();
    }
    for waiting in [&kept, &left] {
        let state = office.report(waiting.id).await.state;
        assert_eq!(state, ImportState::Applying.into());
    }
    office.world.cut_blobs_off(false);
    office.discard(&left).await.ok().unwrap();
    office.world.pass_s(1_100).await.unwrap();
    assert_eq!(office.report(kept.id).await.state, ImportState::Done.into());
    let dropped = office.report(left.id).await.state;
    assert_eq!(dropped, ImportState::Discarded.into());
    assert_eq!(office.registry().await["family"], 1);
    assert_eq!(office.files().await, 0);
    office.end().await;
}

#[tokio::test]
async fn a_try_is_discarded_by_its_importer_or_after_a_week_and_its_file_goes() {
    let office = Office::furnished(446).await;
    let tried = office
        .tried(ImportKind::Families, families(&[head(1)]))
        .await;
    let gone: ImportReport = office.discard(&tried).await.ok().unwrap().read().unwrap();
    assert_eq!(gone.state, ImportState::Discarded.into());
    assert_eq!(office.files().await, 0);
    assert_eq!(office.apply(&tried).await.verdict(), "409 wrong_moment");
    assert_eq!(office.discard(&tried).await.verdict(), "409 wrong_moment");

    let left = office
        .tried(ImportKind::Families, families(&[head(2)]))
        .await;
    office.world.pass_days(6).await.unwrap();
    assert_eq!(
        office.report(left.id).await.state,
        ImportState::Rehearsed.into()
    );
    office.world.pass_days(2).await.unwrap();
    assert_eq!(
        office.report(left.id).await.state,
        ImportState::Discarded.into()
    );
    assert_eq!(office.files().await, 0);
    assert_eq!(office.registry().await["family"], 0);
    office.end().await;
}

#[tokio::test]
async fn only_its_importer_applies_a_try_and_only_the_numbers_that_were_seen() {
    let office = Office::furnished(447).await;
    let tried = office
        .tried(ImportKind::Families, families(&[head(1)]))
        .await;
    let body = ApplyImport {
        event_id: office.admin.event(),
        accepted: 2,
    };
    let path = format!("/v1/imports/{}/apply", tried.id);
    let answer = office.admin.post(&path, &body).await;
    assert_eq!(answer.verdict(), "409 stale");
    let answer = office.approver.post(&path, &body).await;
    assert_eq!(answer.verdict(), "403 forbidden");
    assert_eq!(office.registry().await["family"], 0);

    // Whoever may not import any more when the turn comes has brought nothing in.
    office.apply(&tried).await.ok().unwrap();
    let store = office.world.app().unwrap().store;
    store
        .poke(
            "UPDATE role_grant SET ended_at = 1 WHERE user_id = $1",
            [uuid::Uuid::from(office.admin.user()).into()],
        )
        .await
        .unwrap();
    office.world.settle().await.unwrap();
    assert_eq!(office.registry().await["family"], 0);
    assert_eq!(office.files().await, 0);
    office.end().await;
}

#[tokio::test]
async fn what_is_told_of_a_try_and_what_lies_on_the_disk_holds_no_number_or_name() {
    let office = Office::furnished(448).await;
    let spoilt = head(2).replace("12-12-1980", "31-02-1980");
    let tried = office
        .tried(ImportKind::Families, families(&[head(1), spoilt]))
        .await;
    assert_eq!(tried.rejected, 1);
    let told = office.told().await;
    for canary in ["35710112128", "3571010101", "WARGA", "MELATI"] {
        assert!(!told.contains(canary), "{canary} in {told}");
    }
    let missing = office
        .try_out(ImportKind::Families, office.admin.event(), "nama\nWARGA\n")
        .await;
    assert_eq!(missing.verdict(), "422 invalid");
    assert_eq!(office.files().await, 1);
    office.end().await;
}

/// Somebody who reads the log of reads.
async fn auditor(office: &Office) -> Console {
    let by = (&office.admin, &office.approver);
    let world = &office.world;
    world
        .person(by, "inspektorat", Role::Auditor, &[village::city()])
        .await
        .unwrap()
}

/// The families of which the log says that an import found them, in order, and by whom.
async fn found_by_imports(office: &Office, auditor: &Console) -> Vec<String> {
    let page = auditor.get("/v1/access?limit=200").await.ok().unwrap();
    let page: Page<AccessRow> = page.read().unwrap();
    let rows = page.items.into_iter();
    rows.filter(|row| row.what == "import_found")
        .map(|row| {
            assert_eq!((row.user, &*row.role), (office.admin.user(), "admin"));
            row.object
        })
        .collect()
}

async fn family_of(office: &Office, key: &str) -> String {
    let store = office.world.app().unwrap().store;
    let query = "SELECT id FROM family WHERE registry_key = $1";
    let rows = store.peek(query, [key.into()]).await.unwrap();
    let id: uuid::Uuid = rows[0].try_get("", "id").unwrap();
    format!("family:{id}")
}

#[tokio::test]
async fn whoever_asks_for_a_number_by_trying_a_file_and_drops_it_is_in_the_log_of_reads() {
    let office = Office::furnished(449).await;
    let auditor = auditor(&office).await;
    let lines: Vec<String> = (1..=4).map(head).collect();
    office.bring(ImportKind::Families, families(&lines)).await;
    assert_eq!(found_by_imports(&office, &auditor).await, [""; 0]);
    let [one, two, three] = [
        family_of(&office, "3571011001000001").await,
        family_of(&office, "3571011001000002").await,
        family_of(&office, "3571011001000003").await,
    ];

    // A guessed NIK in an invented family: the warning says that somebody has it.
    let guess = head(90).replace("3571011212800090", "3571011212800001");
    let tried = office.tried(ImportKind::Families, families(&[guess])).await;
    assert_eq!((tried.added, tried.warned), (1, 1));
    office.discard(&tried).await.ok().unwrap();
    assert_eq!(
        found_by_imports(&office, &auditor).await,
        std::slice::from_ref(&one)
    );
    // A whole line of a family, told by a count only; and one whose village is another.
    let moved = head(2).replace(BANDAR_LOR, "35.71.01.1002");
    let tried = office
        .tried(ImportKind::Families, families(&[head(3), moved]))
        .await;
    assert_eq!((tried.unchanged, tried.rejected), (1, 1));
    office.discard(&tried).await.ok().unwrap();
    let mut both = [two.clone(), three.clone()];
    both.sort();
    let found = found_by_imports(&office, &auditor).await;
    assert_eq!(found[1..], both);
    // A list of who receives what asks the same question.
    let list = "program,no_kk\nBANSOS_X,3571010101000002\nBANSOS_X,3571010101009999\n"
        .replace("BANSOS_X", village::SEMBAKO);
    let tried = office.tried(ImportKind::Memberships, list).await;
    assert_eq!(tried.lines, 2);
    office.discard(&tried).await.ok().unwrap();
    let found = found_by_imports(&office, &auditor).await;
    assert_eq!(found[3..], [two]);
    // One row for what one file found.
    let rows = office.count("access WHERE what = 'import_found'").await;
    assert_eq!(rows, 3);
    // What is not there is told of nobody.
    let new = office
        .tried(ImportKind::Families, families(&[head(91)]))
        .await;
    office.discard(&new).await.ok().unwrap();
    assert_eq!(found_by_imports(&office, &auditor).await.len(), 4);
    // An import that counts is logged like one that is tried.
    office
        .bring(ImportKind::Families, families(&[head(1)]))
        .await;
    let found = found_by_imports(&office, &auditor).await;
    assert_eq!(found[4..], [one]);
    office.end().await;
}
