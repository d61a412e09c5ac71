//! Canaries: names, NIKs and KK numbers go through every route and every error, and are then looked for where personal
//! data must not be: logs, counters, problems, the journal, photos, and (numbers) every byte on the disk.

use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tilik_server::http::routes;
use tilik_tests::requests::{Ask, Caller, Scene, ask};
use tilik_tests::world::contains;
use tilik_tests::{Console, World};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A NIK that nobody has, to be typed where none belongs.
const TYPED_NIK: &str = "3571034107859917";
/// A name, likewise.
const TYPED_NAME: &str = "KENARI ZULKARNAEN";

/// Everything the server logs, at the finest level there is.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

thread_local! {
    /// Only the canaries' own thread is listened to: everything a test with one thread does happens on it.
    static LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// For the whole process, since a listener of one thread misses what another thread's tests met first.
fn listen(log: &Log) {
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_filter(dynamic_filter_fn(|_, _| LISTENING.get()));
    tracing_subscriber::registry().with(layer).init();
}

/// The words that lie in clear in some bytes.
fn found(words: &[String], bytes: &[u8]) -> Vec<String> {
    words
        .iter()
        .filter(|word| contains(bytes, word.as_bytes()))
        .cloned()
        .collect()
}

/// The same body with one leaf replaced, once per leaf; and with what it never has.
fn bent(body: &Value) -> Vec<Value> {
    fn places(at: &Value, path: String, out: &mut Vec<String>) {
        match at {
            Value::Object(map) => map
                .iter()
                .for_each(|(key, value)| places(value, format!("{path}/{key}"), out)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(n, value)| places(value, format!("{path}/{n}"), out)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push(path),
        }
    }
    let mut leaves = Vec::new();
    places(body, String::new(), &mut leaves);
    let mut out = Vec::new();
    for word in [TYPED_NIK, TYPED_NAME] {
        for leaf in &leaves {
            let mut other = body.clone();
            if let Some(place) = other.pointer_mut(leaf) {
                *place = Value::from(word);
            }
            out.push(other);
        }
        out.push(Value::from(word));
        out.push(serde_json::json!({ word: word }));
    }
    out
}

/// Everything anybody may have typed or meant, and what came back.
struct Hunt<'a> {
    scene: &'a Scene,
    words: Vec<String>,
    answers: usize,
    problems: usize,
}

impl Hunt<'_> {
    async fn send(&mut self, ask: &Ask, caller: &Caller) {
        let Ok(request) = ask.request(Some(&caller.tokens.access_token)) else {
            return;
        };
        let answer = self.scene.world.send(request).await.unwrap();
        self.answers += 1;
        for (name, value) in &answer.headers {
            let told = found(&self.words, value.as_bytes());
            assert!(
                told.is_empty(),
                "{} {}: {name}: {told:?}",
                ask.method,
                ask.path
            );
        }
        if answer.status >= 400 {
            self.problems += 1;
            let told = found(&self.words, &answer.body);
            assert!(
                told.is_empty(),
                "{} {}: {} quotes {told:?}: {}",
                ask.method,
                ask.path,
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
    }
}

fn every_file(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, look);
        } else {
            look(&path, &std::fs::read(&path).unwrap());
        }
    }
}

/// Every row of every table as text: PostgreSQL's side of "the data folder".
async fn every_row(world: &World, mut look: impl FnMut(&str, &str)) {
    let store = world.app().unwrap().store;
    let tables = store
        .peek(
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
            [],
        )
        .await
        .unwrap();
    for row in tables {
        let table: String = row.try_get_by_index(0).unwrap();
        let text = format!("SELECT row_to_json(t)::text FROM \"{table}\" t");
        for row in store.peek(&text, []).await.unwrap() {
            let text: String = row.try_get_by_index(0).unwrap();
            look(&table, &text);
        }
    }
}

#[tokio::test]
async fn no_canary_is_found_where_personal_data_must_not_be() {
    let log = Log::default();
    listen(&log);
    LISTENING.set(true);
    let scene = Scene::new(121).await.unwrap();
    let homes = || {
        let village = &scene.village;
        village
            .homes
            .iter()
            .chain(&village.far_homes)
            .chain(&village.waiting)
    };
    let numbers: Vec<String> = homes()
        .flat_map(|home| [home.nik.clone(), home.kk.clone()])
        .chain([TYPED_NIK.to_owned()])
        .collect();
    let names: Vec<String> = ["KELUARGA UJI", "JL MELATI NO", TYPED_NAME]
        .map(str::to_owned)
        .to_vec();
    let words: Vec<String> = numbers.iter().chain(&names).cloned().collect();
    let mut hunt = Hunt {
        scene: &scene,
        words: words.clone(),
        answers: 0,
        problems: 0,
    };

    for line in routes::lines() {
        // Throttles and endings of sessions are no place for a thousand tries.
        let ends = line.path.starts_with("/v1/me/sign-out") || line.path == "/v1/session";
        for set in &scene.callers {
            let caller = &set.own;
            let good = ask(&scene.world, &scene, &line, caller).unwrap().unwrap();
            if !ends {
                hunt.send(&good, &set.other).await;
            }
            for word in [TYPED_NIK, "KENARI%20ZULKARNAEN"] {
                let path = line.path.replace("{id}", word).replace("{side}", word);
                let paths = [
                    format!("{}/{word}", good.path),
                    format!("{path}?after={word}&limit={word}&region={word}&state={word}"),
                    format!("{path}?object={word}&case={word}&user={word}&program={word}"),
                ];
                for path in paths {
                    let ask = Ask {
                        path,
                        ..good.clone()
                    };
                    if !ends {
                        hunt.send(&ask, caller).await;
                    }
                }
            }
            if let Ok(body) = serde_json::from_slice::<Value>(&good.body)
                && !ends
                // One caller of a role is enough for the many bodies.
                && tilik_protocol::policy::Role::grantable().next() == Some(caller.role)
            {
                for other in bent(&body) {
                    let ask = Ask {
                        body: other.to_string().into_bytes(),
                        ..good.clone()
                    };
                    for by in &scene.callers {
                        hunt.send(&ask, &by.own).await;
                    }
                }
            }
            let ask = Ask {
                headers: good
                    .headers
                    .iter()
                    .map(|(name, _)| (*name, TYPED_NIK.to_owned()))
                    .chain([("x-whatever", TYPED_NIK.to_owned())])
                    .collect(),
                ..good.clone()
            };
            if !ends {
                hunt.send(&ask, caller).await;
            }
        }
    }
    // Signing in with numbers for a name or a password.
    for (username, password) in [(TYPED_NIK, "kata sandi lama"), ("admin", TYPED_NIK)] {
        let body = serde_json::json!({ "username": username, "password": password });
        let answer = scene
            .world
            .call("POST", "/v1/session", None, Some(&body))
            .await;
        assert_eq!(answer.verdict(), "401 wrong_credentials");
        assert_eq!(found(&words, &answer.body), Vec::<String>::new());
    }
    scene.world.settle().await.unwrap();
    assert!(
        hunt.answers > 3_000 && hunt.problems > 2_000,
        "{} answers, {} problems",
        hunt.answers,
        hunt.problems
    );

    // What people may read does show names, and masks numbers.
    let shown = Console::of(&scene.world, scene.staff.auditor.person.clone())
        .get(&format!("/v1/cases/{}", scene.submitted.id))
        .await;
    assert!(contains(&shown.body, b"KELUARGA UJI"));
    assert_eq!(found(&numbers, &shown.body), Vec::<String>::new());

    let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = String::from_utf8_lossy(&logged);
    assert!(
        text.matches("http.route=/v1/cases").count() > 100,
        "the log was not listened to"
    );
    for line in text.lines() {
        let told = found(&words, line.as_bytes());
        assert!(told.is_empty(), "logged: {line}");
    }
    let counters = scene.world.call("GET", "/metrics", None, None).await;
    assert_eq!(counters.status, 200);
    assert_eq!(found(&words, &counters.body), Vec::<String>::new());

    let store = scene.world.app().unwrap().store;
    let rows = store
        .peek("SELECT action, object, body FROM journal", [])
        .await
        .unwrap();
    assert!(rows.len() > 100);
    let mut leaks = Vec::new();
    for row in rows {
        let action: String = row.try_get_by_index(0).unwrap();
        let object: String = row.try_get_by_index(1).unwrap();
        let body: Vec<u8> = row.try_get_by_index(2).unwrap();
        let told = found(
            &words,
            &[action.as_bytes(), object.as_bytes(), &body].concat(),
        );
        if !told.is_empty() {
            leaks.push(format!(
                "{action} {object}: {}",
                String::from_utf8_lossy(&body)
            ));
        }
    }
    assert!(leaks.is_empty(), "journal:\n{}", leaks.join("\n"));
    on_the_disk(&scene, &numbers, &names).await;
    scene.world.end().await;
}

/// Numbers nowhere, names nowhere but in the database's own columns, and no picture in clear.
async fn on_the_disk(scene: &Scene, numbers: &[String], names: &[String]) {
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF";
    let (mut files, mut blobs, mut names_in_database) = (0, 0, 0);
    every_file(scene.world.folder(), &mut |path, bytes| {
        files += 1;
        let name = path.display();
        assert_eq!(found(numbers, bytes), Vec::<String>::new(), "{name}");
        assert!(!contains(bytes, JPEG), "{name} holds a photo in clear");
        if path.components().any(|part| part.as_os_str() == "blobs") {
            blobs += 1;
            assert_eq!(found(names, bytes), Vec::<String>::new(), "{name}");
        } else if contains(bytes, b"KELUARGA UJI") {
            names_in_database += 1;
        }
    });
    if std::env::var_os("TILIK_TEST_S3_ENDPOINT").is_none() {
        assert!(files > 0 && blobs > 10, "{blobs} blobs in {files} files");
    }
    if std::env::var_os("TILIK_TEST_DATABASE_URL").is_none() {
        // The hunter does find what is there.
        assert!(names_in_database > 0);
        return;
    }
    let mut seen = 0;
    every_row(&scene.world, |table, text| {
        let told = found(numbers, text.as_bytes());
        assert!(told.is_empty(), "{table}: {told:?}");
        let hidden = numbers.iter().find(|number| {
            // Bytes are told in hex, where the digit 7 is 37.
            let hex: String = number.chars().flat_map(|digit| ['3', digit]).collect();
            text.contains(&hex)
        });
        assert_eq!(hidden, None, "{table}");
        seen += usize::from(text.contains("KELUARGA UJI"));
    })
    .await;
    assert!(seen > 0);
}
