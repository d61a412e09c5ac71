//! The feed under many writers: a reader that polls at the same time misses no row, on either database.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, TransactionTrait};
use tilik_protocol::evidence::VisitKind;
use tilik_protocol::review::{CasesOpened, OpenCases};
use tilik_protocol::sync::{Bucket, Cursor, SyncReply, SyncRequest};
use tilik_tests::World;
use tilik_tests::handmade::SoftPhone;

const WRITERS: usize = 50;
/// Rows of each writer, one after the other, so that the reader's rounds fall between them also where writes stand in one
/// queue.
const EACH: usize = 4;

/// A phone that does nothing but follow its bucket.
struct Reader {
    phone: SoftPhone,
    bucket: Bucket,
    epoch: u64,
    cursor: Cursor,
    rows: BTreeMap<String, u64>,
    numbers: Vec<u64>,
}

impl Reader {
    /// One round; how many rows came.
    async fn poll(&mut self, world: &World) -> usize {
        let request = SyncRequest {
            epoch: self.epoch,
            cursors: BTreeMap::from([(self.bucket.clone(), self.cursor)]),
            ..self.phone.sync_body(Vec::new())
        };
        let token = self.phone.token().await.unwrap();
        let body = serde_json::to_value(&request).unwrap();
        let reply: SyncReply = world
            .call("POST", "/v1/sync", Some(&token), Some(&body))
            .await
            .ok()
            .unwrap()
            .read()
            .unwrap();
        self.epoch = reply.epoch;
        let mut came = 0;
        for page in reply.buckets {
            if page.bucket != self.bucket {
                continue;
            }
            assert!(
                !page.reset || self.cursor.seq == 0,
                "the reader's copy differs from the server's"
            );
            for row in page.rows {
                assert!(row.seq > self.cursor.seq, "row {} came late", row.seq);
                self.cursor.seq = row.seq;
                self.cursor.checksum = self.cursor.checksum.wrapping_add(row.hash);
                self.numbers.push(row.seq);
                assert!(self.rows.insert(row.object, row.hash).is_none());
                came += 1;
            }
            self.cursor.seq = page.next;
        }
        came
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_writers_at_once_lose_no_row_for_a_reader_that_polls_meanwhile() {
    let world = World::new(101).await.unwrap();
    let staff = world.staff(1).await.unwrap();
    let village = world.village(WRITERS * EACH, 0).await.unwrap();
    let officer = staff.officers[0].id;
    let mut phone = SoftPhone::enrolled(&world, &staff.admin, &staff.officers[0])
        .await
        .unwrap();
    phone.sign_in().await.unwrap();
    staff.supervisor.sign_in().await.unwrap();
    let mut reader = Reader {
        phone,
        bucket: Bucket::officer(officer),
        epoch: 0,
        cursor: Cursor::default(),
        rows: BTreeMap::new(),
        numbers: Vec::new(),
    };
    let mut writers = tokio::task::JoinSet::new();
    for homes in village.homes.chunks(EACH) {
        let families: Vec<_> = homes.iter().map(|home| home.family).collect();
        let by = staff.supervisor.clone();
        writers.spawn(async move {
            let mut cases = Vec::new();
            for family in families {
                let body = OpenCases {
                    event_id: by.event(),
                    families: vec![family],
                    kind: VisitKind::Quick,
                    closes_at: None,
                    officer: Some(officer),
                };
                // On a slow machine a writer is told to come back; it repeats the same event, as a console does.
                let answer = loop {
                    let answer = by.post("/v1/cases", &body).await;
                    if answer.status != 503 {
                        break answer;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                };
                let opened: CasesOpened = answer.ok().unwrap().read().unwrap();
                cases.extend(opened.cases);
            }
            cases
        });
    }
    let mut cases = BTreeSet::new();
    let mut rounds = 0;
    while cases.len() < WRITERS * EACH {
        reader.poll(&world).await;
        rounds += 1;
        while let Some(done) = writers.try_join_next() {
            cases.extend(
                done.unwrap()
                    .iter()
                    .map(|case| format!("assignment:{case}")),
            );
        }
    }
    // Whatever was committed last; after that there is nothing left.
    while reader.poll(&world).await > 0 {}
    assert!(rounds > 2, "the reader read while there was writing");
    let read: BTreeSet<String> = reader.rows.keys().cloned().collect();
    assert_eq!(read, cases);
    let dense: Vec<u64> = (1..=(WRITERS * EACH) as u64).collect();
    assert_eq!(reader.numbers, dense);
    world.end().await;
}

/// What a feed numbered by a bare sequence would do: the numbers of two writers, of whom the first commits last, and those
/// that a reader sees who looks after each commit.
async fn read_by_a_bare_sequence(server: &str, table: &str) -> ([i64; 2], Vec<i64>) {
    let mut options = ConnectOptions::new(server.to_owned());
    options.max_connections(3).sqlx_logging(false);
    let on = Database::connect(options).await.unwrap();
    on.execute_unprepared(&format!("CREATE TABLE {table} (seq bigserial PRIMARY KEY)"))
        .await
        .unwrap();
    let query = |text: String, values: Vec<sea_orm::Value>| {
        sea_orm::Statement::from_sql_and_values(sea_orm::DatabaseBackend::Postgres, text, values)
    };
    let number = format!("INSERT INTO {table} DEFAULT VALUES RETURNING seq");
    let newer = format!("SELECT seq FROM {table} WHERE seq > $1 ORDER BY seq");
    let (first, second) = (on.begin().await.unwrap(), on.begin().await.unwrap());
    let mut numbers = [0_i64; 2];
    for (write, number_of) in [&first, &second].into_iter().zip(&mut numbers) {
        let row = write.query_one_raw(query(number.clone(), vec![])).await;
        *number_of = row.unwrap().unwrap().try_get_by_index(0).unwrap();
    }
    let mut read: Vec<i64> = Vec::new();
    for write in [second, first] {
        write.commit().await.unwrap();
        let after = read.last().copied().unwrap_or_default();
        let rows = on.query_all_raw(query(newer.clone(), vec![after.into()]));
        for row in rows.await.unwrap() {
            read.push(row.try_get_by_index(0).unwrap());
        }
    }
    on.execute_unprepared(&format!("DROP TABLE {table}"))
        .await
        .unwrap();
    on.close().await.unwrap();
    (numbers, read)
}

#[tokio::test]
async fn the_same_with_a_bare_sequence_does_lose_rows_on_postgresql() {
    let Ok(server) = std::env::var("TILIK_TEST_DATABASE_URL") else {
        // One writer at a time: SQLite cannot show it.
        return;
    };
    let table = format!("bare_sequence_{}", std::process::id());
    let (numbers, read) = read_by_a_bare_sequence(&server, &table).await;
    assert!(numbers[0] < numbers[1]);
    assert_eq!(read, [numbers[1]], "the first was committed and never read");
}
