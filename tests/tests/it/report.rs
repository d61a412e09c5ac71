//! The month's report: who was there and who came are who went and who is there, in every row and every sum; and paper and
//! workbook say what the page says.

use std::io::Read as _;

use tilik_protocol::ids::MembershipId;
use tilik_protocol::policy::Role;
use tilik_protocol::report::{AidGap, AidGapVillage, MonthlyReport, PlaceCounts};
use tilik_server::store::testing::{PlantFamily, PlantPerson};
use tilik_tests::feed::{Signer, event, moves};
use tilik_tests::people::hire;
use tilik_tests::village::{PKH, SEMBAKO, city, elsewhere, here};
use tilik_tests::{Console, Home};

use crate::letters::poppler;
use crate::review::{Desk, desk};

const BEFORE: &str = "2026-11-20";

async fn report(by: &Console, query: &str) -> MonthlyReport {
    let answer = by.get(&format!("/v1/reports/monthly?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let report: MonthlyReport = answer.read().unwrap();
    assert!(report.adds_up(), "{report:#?}");
    report
}

/// The counts of a program in a village; nothing told is nothing.
fn row(report: &MonthlyReport, region: &str, program: &str) -> PlaceCounts {
    let mut rows = report.rows.iter();
    rows.find(|row| row.region.as_str() == region && row.program == program)
        .map_or_else(PlaceCounts::default, |row| row.places)
}

impl Desk {
    /// A place ends for a reason, by two persons.
    async fn ends(&mut self, home: usize, reason: &'static str) -> MembershipId {
        let case = self.accepted(home).await;
        let membership = self.membership(case).await;
        let decided = self.staff.operator.decide(case, membership, Some(reason));
        decided.await.unwrap().ok().unwrap();
        let confirmed = self.staff.approver.confirm(case, membership, true).await;
        confirmed.unwrap().ok().unwrap();
        membership
    }

    async fn n(&self, query: &str) -> u64 {
        self.world.count(query).await.unwrap().unsigned_abs()
    }

    /// What the rows of the present say of a program in a village, counted without any history.
    async fn now(&self, region: &str, program: &str) -> (u64, u64, u64) {
        let count = async |states: &str| {
            let query = format!(
                "SELECT COUNT(*) FROM membership WHERE region = '{region}' AND program = '{program}' \
                 AND state IN ({states})"
            );
            self.n(&query).await
        };
        (
            count("'active', 'suspended'").await,
            count("'suspended'").await,
            count("'candidate', 'designated'").await,
        )
    }

    /// A family that receives from now on.
    async fn newcomer(&self) {
        let wanted = PlantFamily {
            region: here(),
            name: "WARGA BARU".to_owned(),
            address: "JL ANGGREK NO 77".to_owned(),
            rt: "001".to_owned(),
            rw: "002".to_owned(),
            kk: Some("3571039900000077".to_owned()),
            persons: vec![PlantPerson {
                name: "WARGA BARU".to_owned(),
                nik: Some("3571030101800077".to_owned()),
                relation: "kepala_keluarga".to_owned(),
            }],
            programs: vec![SEMBAKO.to_owned()],
        };
        let store = self.world.app().unwrap().store;
        store.plant_families(&[wanted]).await.unwrap();
    }

    /// Homes with a place in so many programs.
    fn homes_of(&self, programs: usize) -> Vec<usize> {
        let homes = self.village.homes.iter().enumerate();
        let wanted = |home: &Home| home.memberships.len() == programs;
        homes
            .filter(|(_, home)| wanted(home))
            .map(|(n, _)| n)
            .collect()
    }
}

#[tokio::test]
async fn a_month_adds_up_by_village_program_and_city_and_goes_on_in_the_next() {
    let mut desk = desk(1301, 9, 2).await;
    let (betet, pojok) = (here(), elsewhere());
    let auditor = desk.staff.auditor.clone();
    let november = report(&auditor, "").await;
    assert_eq!(
        (november.month.as_str(), november.complete),
        ("2026-11", false)
    );
    assert_eq!(
        (november.from.as_str(), november.to.as_str()),
        ("2026-11-01", "2026-11-24")
    );
    assert_eq!(november.first_month.as_deref(), Some("2026-11"));
    let (alone, both) = (desk.homes_of(1), desk.homes_of(2));
    let brought = PlaceCounts {
        activated: 9,
        end: 9,
        ..PlaceCounts::default()
    };
    assert_eq!(row(&november, betet.as_str(), SEMBAKO), brought);
    let families = u64::try_from(both.len()).unwrap();
    assert_eq!(row(&november, betet.as_str(), PKH).end, families);

    desk.world.pass_days(8).await.unwrap();
    let people = (&desk.staff.admin, &desk.staff.approver);
    let feed = hire(people, "dukcapil", Role::Feed, &[city()])
        .await
        .unwrap();
    let judge = hire(people, "hakim", Role::Approver, &[city()])
        .await
        .unwrap();
    let signer = Signer::registry().unwrap();
    // One is cancelled and comes back by appeal, one is cancelled, one died, one is on hold, one moves, one is new.
    let wronged = desk.ends(alone[0], "GANDA").await;
    desk.answered(&judge, wronged, "upheld").await;
    desk.ends(alone[1], "MENINGGAL").await;
    desk.ends(alone[2], "MAMPU_DESIL").await;
    let (dead, moved) = (
        desk.village.homes[alone[3]].nik.clone(),
        desk.village.homes[both[0]].nik.clone(),
    );
    let events = [
        event("r-1", "MENINGGAL", &dead, BEFORE, 1),
        moves("r-2", &moved, BEFORE, 2, pojok.as_str()),
    ];
    let sent = signer.send(&desk.world, &feed, &events).await.unwrap();
    assert_eq!(sent.status, 200, "{}", sent.json());
    desk.newcomer().await;

    let december = report(&auditor, "month=2026-12").await;
    let there = row(&december, betet.as_str(), SEMBAKO);
    let expected = PlaceCounts {
        begin: 9,
        activated: 1,
        reinstated: 1,
        moved_out: 1,
        cancelled: 2,
        died: 1,
        end: 7,
        on_hold: 1,
        candidates: there.candidates,
        appeals_filed: 1,
        appeals_upheld: 1,
        ..PlaceCounts::default()
    };
    assert_eq!(there, expected);
    let gone = row(&december, betet.as_str(), PKH);
    assert_eq!((gone.begin, gone.moved_out), (families, 1));
    for program in [SEMBAKO, PKH] {
        assert_eq!(row(&december, pojok.as_str(), program).moved_in, 1);
        for region in [&betet, &pojok] {
            let told = row(&december, region.as_str(), program);
            let now = desk.now(region.as_str(), program).await;
            assert_eq!(
                (told.end, told.on_hold, told.candidates),
                now,
                "{region} {program}"
            );
        }
    }
    // Inside the city nobody came or went by moving.
    assert_eq!(december.places.moved_in, december.places.moved_out);
    let work = december.work;
    assert_eq!(work.cases_begin, 0);
    assert_eq!(
        work.opened,
        desk.n("SELECT COUNT(*) FROM verification_case").await
    );
    let over = "SELECT COUNT(*) FROM verification_case WHERE state";
    assert_eq!(work.decided, desk.n(&format!("{over} = 'decided'")).await);
    assert_eq!(
        work.closed,
        desk.n(&format!("{over} IN ('closed', 'expired')")).await
    );
    assert_eq!((work.visited, work.late, work.deaths), (3, 0, 1));

    // What was told of November stands, and December begins where it ended.
    let told = report(&auditor, "month=2026-11").await;
    assert!(told.complete);
    assert_eq!(
        (told.to.as_str(), &told.rows),
        ("2026-11-30", &november.rows)
    );
    assert_eq!(told.work, november.work);
    desk.world.pass_days(31).await.unwrap();
    let over = report(&auditor, "month=2026-12").await;
    let january = report(&auditor, "month=2027-01").await;
    assert_eq!(over.places.end, january.places.begin);
    assert_eq!(over.work.cases_end, january.work.cases_begin);
    for before in &over.rows {
        let after = row(&january, before.region.as_str(), &before.program);
        assert_eq!(before.places.end, after.begin, "{before:?}");
    }
    desk.world.end().await;
}

#[tokio::test]
async fn each_sees_their_own_regions_and_what_cannot_be_told_is_refused_with_the_field() {
    let desk = desk(1302, 3, 0).await;
    let people = (&desk.staff.admin, &desk.staff.approver);
    let pojok = [elsewhere()];
    let far = hire(people, "operator.pojok", Role::Operator, &pojok).await;
    let far = far.unwrap();
    let seen = report(&far, "month=2026-11").await;
    let regions: Vec<&str> = seen
        .villages
        .iter()
        .map(|row| row.region.as_str())
        .collect();
    assert_eq!(regions, [elsewhere().as_str()]);
    assert_eq!(seen.regions, [elsewhere()]);
    let all = report(&desk.staff.auditor, "month=2026-11").await;
    assert_eq!(all.villages.len(), 2);
    let asked = format!("month=2026-11&region={}", elsewhere());
    let one = report(&desk.staff.auditor, &asked).await;
    assert_eq!((one.rows, one.places), (seen.rows, seen.places));
    // Of a month before anything was known nothing is told.
    let empty = report(&desk.staff.auditor, "month=2026-10").await;
    assert!(empty.villages.is_empty() && empty.rows.is_empty());
    assert_eq!(empty.first_month.as_deref(), Some("2026-11"));

    let beside = format!("region={}", here());
    for (by, query, field) in [
        (&desk.staff.auditor, "month=2026-13", "month"),
        (&desk.staff.auditor, "month=november", "month"),
        (&desk.staff.auditor, "month=2026-12", "month"),
        (&far, beside.as_str(), "region"),
    ] {
        for form in ["", ".pdf", ".xlsx"] {
            let path = format!("/v1/reports/monthly{form}?{query}");
            let answer = by.get(&path).await;
            assert_eq!(answer.verdict(), "422 invalid", "{path}");
            assert_eq!(answer.json()["fields"][0]["field"], field, "{path}");
            assert!(answer.json()["fields"][0]["remedy"].is_string());
        }
    }
    desk.world.end().await;
}

#[tokio::test]
async fn paper_and_workbook_say_what_the_page_says() {
    let mut desk = desk(1303, 6, 1).await;
    let alone = desk.homes_of(1);
    desk.ends(alone[0], "MENINGGAL").await;
    let auditor = desk.staff.auditor.clone();
    let told = report(&auditor, "month=2026-11").await;

    let answer = auditor.get("/v1/reports/monthly.xlsx?month=2026-11").await;
    assert_eq!(answer.status, 200);
    let file = std::io::Cursor::new(&answer.body[..]);
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut sheet = String::new();
    let mut part = archive.by_name("xl/worksheets/sheet1.xml").unwrap();
    part.read_to_string(&mut sheet).unwrap();
    let rows: Vec<Vec<u64>> = sheet
        .split("<row ")
        .skip(2)
        .map(|row| {
            let cells = row.split("<v>").skip(1);
            let number = |cell: &str| cell.split_once('<').unwrap().0.parse().unwrap();
            cells.map(number).collect()
        })
        .collect();
    let numbers = |of: &dyn counts::Told| of.numbers();
    let mut expected: Vec<Vec<u64>> = Vec::new();
    expected.extend(told.rows.iter().map(|row| numbers(&row.places)));
    for village in &told.villages {
        expected.push([numbers(&village.places), numbers(&village.work)].concat());
    }
    expected.extend(told.programs.iter().map(|row| numbers(&row.places)));
    expected.push([numbers(&told.places), numbers(&told.work)].concat());
    assert_eq!(rows, expected);

    let answer = auditor.get("/v1/reports/monthly.pdf?month=2026-11").await;
    assert_eq!(answer.status, 200);
    let again = auditor.get("/v1/reports/monthly.pdf?month=2026-11").await;
    assert!(
        answer.body == again.body,
        "the same report is the same file"
    );
    assert!(answer.body.len() < 100_000, "{}", answer.body.len());
    // To be looked at.
    let kept = concat!(env!("CARGO_TARGET_TMPDIR"), "/report.pdf");
    std::fs::write(kept, &answer.body).unwrap();
    let Some(text) = poppler("pdftotext", &answer.body, &["-layout"], &["-"]) else {
        return desk.world.end().await;
    };
    let text = String::from_utf8(text).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Laporan Bulanan Bantuan Sosial",
        "Bulan November 2026, belum berakhir: angka sampai tanggal 24 November 2026",
        "Wilayah: KOTA KEDIRI",
        "BETET",
        "POJOK",
        "Jumlah seluruhnya",
        "Halaman 1 dari",
        "WIB oleh",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    desk.world.end().await;
}

/// Both kinds of counts as their numbers, in the order of the page.
mod counts {
    use tilik_protocol::report::{PlaceCounts, WorkCounts};

    pub(super) trait Told {
        fn numbers(&self) -> Vec<u64>;
    }

    impl Told for PlaceCounts {
        fn numbers(&self) -> Vec<u64> {
            vec![
                self.begin,
                self.activated,
                self.reinstated,
                self.moved_in,
                self.moved_out,
                self.cancelled,
                self.died,
                self.left_city,
                self.exited,
                self.end,
                self.on_hold,
                self.candidates,
                self.appeals_filed,
                self.appeals_upheld,
            ]
        }
    }

    impl Told for WorkCounts {
        fn numbers(&self) -> Vec<u64> {
            vec![
                self.cases_begin,
                self.opened,
                self.visited,
                self.decided,
                self.closed,
                self.cases_end,
                self.late,
                self.deaths,
                self.objections_filed,
                self.objections_answered,
                self.objections_lapsed,
            ]
        }
    }
}

async fn gap(by: &Console, query: &str) -> AidGap {
    let answer = by.get(&format!("/v1/reports/aid-gap?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let gap: AidGap = answer.read().unwrap();
    let sum = |of: fn(&AidGapVillage) -> u64| gap.villages.iter().map(of).sum::<u64>();
    assert_eq!(sum(|one| one.receiving), gap.receiving);
    assert_eq!(sum(|one| one.without_aid), gap.without_aid);
    gap
}

#[tokio::test]
async fn who_waits_without_any_aid_is_counted_once_where_they_live_until_they_receive() {
    let mut desk = desk(1305, 9, 2).await;
    let auditor = desk.staff.auditor.clone();
    let before = gap(&auditor, "").await;
    // A family in two programs is one family.
    let families = desk.n(
        "SELECT COUNT(DISTINCT family_id) FROM membership WHERE state IN ('active', 'suspended')",
    );
    assert_eq!(before.receiving, families.await);
    let waiting = desk.n(
        "SELECT COUNT(DISTINCT e.family_id) FROM waitlist_entry e JOIN waitlist w ON w.id = e.waitlist_id \
         WHERE w.frozen_at IS NOT NULL AND w.superseded_at IS NULL AND e.taken_at IS NULL",
    );
    let waiting = waiting.await;
    assert!(waiting > 1, "{waiting}");
    assert_eq!(before.without_aid, waiting);

    // Whose only place ended receives nothing, and waits for nothing.
    let alone = desk.homes_of(1);
    desk.ends(alone[0], "MAMPU_DESIL").await;
    let after = gap(&auditor, "").await;
    assert_eq!(after.receiving, before.receiving - 1);
    // Who was named for the freed place is a candidate, and still without aid.
    assert_eq!(after.without_aid, before.without_aid);
    let candidates = desk.n("SELECT COUNT(*) FROM membership WHERE state = 'candidate'");
    assert_eq!(candidates.await, 1);

    // Found ineligible by the rule in force, the candidate counts no more; not ranked is not ineligible.
    let store = desk.world.app().unwrap().store;
    let rule: uuid::Uuid = desk.world.id();
    let written = "INSERT INTO rule (id, version, program, regime, region, number, state, body, made_at) \
                   VALUES ($1, 1, $2, 'dtsen', $3, 1, 'in_force', '{}', 1)";
    let values = [rule.into(), PKH.into(), here().as_str().into()];
    assert_eq!(store.poke(written, values).await.unwrap(), 1);
    for (outcome, less) in [("not_ranked", 0), ("ineligible", 1)] {
        let forget = "UPDATE evaluation SET superseded_at = 1 WHERE superseded_at IS NULL";
        store.poke(forget, []).await.unwrap();
        let says = "INSERT INTO evaluation (id, membership_id, family_id, program, rule_id, outcome, codes, body_enc, \
                    facts_hash, turn, at) \
                    SELECT $1, id, family_id, program, $2, $3, '[]', $4, $4, 1, 1 FROM membership WHERE state = 'candidate'";
        let id: uuid::Uuid = desk.world.id();
        let values = [id.into(), rule.into(), outcome.into(), vec![0_u8].into()];
        assert_eq!(store.poke(says, values).await.unwrap(), 1);
        let now = gap(&auditor, "").await;
        assert_eq!(now.without_aid, before.without_aid - less, "{outcome}");
    }
    // What was said of a place that ended says nothing of one that is waited for.
    let ended = "UPDATE membership SET state = 'inactive' WHERE state = 'candidate'";
    assert_eq!(store.poke(ended, []).await.unwrap(), 1);
    let queued = "UPDATE waitlist_entry SET taken_at = NULL, taken_by = NULL";
    store.poke(queued, []).await.unwrap();
    assert_eq!(gap(&auditor, "").await.without_aid, before.without_aid);
    let mine = gap(&auditor, &format!("region={}", here())).await;
    assert!(mine.villages.iter().all(|one| one.region == here()));
    let nowhere = auditor.get("/v1/reports/aid-gap?region=31.01").await;
    assert_eq!(nowhere.verdict(), "422 invalid");
    desk.world.end().await;
}
