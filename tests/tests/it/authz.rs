//! Who may call what: every route by every role, here and elsewhere, and when the right to it has gone:
//! `tests/expected/authz.txt`.

use std::collections::BTreeSet;
use std::fmt::Write;

use axum::http::Method;
use futures_util::{StreamExt as _, stream};
use tilik_server::http::routes::{self, Line};
use tilik_tests::World;
use tilik_tests::requests::{Ask, Caller, Scene, ask};
use tilik_tests::world::Answer;

use crate::expected;

/// Everything every request is about, on a server of its own.
struct Ground<'a> {
    scene: &'a Scene,
    /// As the scene left it; none after an act that changed it.
    world: Option<World>,
    copies: u64,
}

impl<'a> Ground<'a> {
    fn new(scene: &'a Scene) -> Self {
        Self {
            world: None,
            copies: 0,
            scene,
        }
    }

    /// The answer, and as little of it as tells what was given.
    async fn answer(&mut self, line: &Line, caller: &Caller, token: Option<&str>) -> String {
        let world = if let Some(untouched) = self.world.take() {
            untouched
        } else {
            self.copies += 1;
            self.scene.world.copy(self.copies).await.unwrap()
        };
        let ask = asked(&world, self.scene, line, caller);
        let answer = world.send(ask.request(token).unwrap()).await.unwrap();
        let changes = !matches!(line.method, Method::GET | Method::HEAD | Method::OPTIONS);
        // A code counts once, whoever shows it.
        let own = (line.path.starts_with("/v1/session") || line.path.starts_with("/v1/me"))
            && !line.path.ends_with("session/code");
        if answer.status < 300 && changes && !own {
            // What the next one asks about is as it was.
            world.end().await;
        } else {
            self.world = Some(world);
        }
        told(self.scene, &answer)
    }

    async fn end(self) {
        if let Some(world) = self.world {
            world.end().await;
        }
    }
}

#[track_caller]
fn asked(world: &World, scene: &Scene, line: &Line, caller: &Caller) -> Ask {
    match ask(world, scene, line, caller).unwrap() {
        Some(ask) => ask,
        None => panic!(
            "{} {} has no well-formed request: add an arm to `ask` in tests/src/requests.rs (its first lines say how)",
            line.method, line.path
        ),
    }
}

/// A list tells nothing by its status: what counts is whether anything of the scene's region is in it.
fn told(scene: &Scene, answer: &Answer) -> String {
    let json = answer.json();
    let is_list = json.is_array() || json.get("items").is_some();
    let shown = || {
        scene
            .things()
            .iter()
            .any(|id| json.to_string().contains(id))
    };
    match answer.code() {
        Some(code) => format!("{} {code}", answer.status),
        None if is_list && shown() => format!("{} shown", answer.status),
        None if is_list || json == serde_json::json!({}) => format!("{} hidden", answer.status),
        None => answer.status.to_string(),
    }
}

const TITLE: &str = "\
# Who may call what. One line per route and role; the request is always well-formed and about something real, so 404
# means hidden and not absent. own: a grant for the region of the thing. other: the same role for another region.
# shown, hidden: whether a list has anything of the region.
# expired: the grant ended by itself. suspended: the account was, while signed in. old token: eleven minutes old.
";

/// What a route answers to everybody: its lines.
async fn lines_of(scene: &Scene, line: &Line) -> String {
    let mut out = String::new();
    let mut ground = Ground::new(scene);
    let route = format!("{:<7} {:<33}", line.method.as_str(), line.path);
    let nobody = &scene.callers[0].own;
    let answer = ground.answer(line, nobody, None).await;
    writeln!(out, "{route} anonymous  {answer}").unwrap();
    for set in &scene.callers {
        let mut cells = Vec::new();
        for (column, caller, token) in [
            ("own", &set.own, &set.own.tokens.access_token),
            ("other", &set.other, &set.other.tokens.access_token),
            ("expired", &set.expired, &set.expired.tokens.access_token),
            (
                "suspended",
                &set.suspended,
                &set.suspended.tokens.access_token,
            ),
            ("old token", &set.own, &set.old_token),
        ] {
            let answer = ground.answer(line, caller, Some(token)).await;
            cells.push(format!("{column} {answer}"));
        }
        let role = set.own.role.to_string();
        let [own, other, expired, suspended, old] = &cells[..] else {
            panic!("five columns");
        };
        writeln!(
            out,
            "{route} {role:<10} {own:<21} {other:<23} {expired:<25} {suspended:<28} {old}"
        )
        .unwrap();
    }
    ground.end().await;
    out
}

#[tokio::test]
async fn every_route_by_every_role_is_the_one_that_was_read() {
    let scene = Scene::new(41).await.unwrap();
    scene.world.stop().await;
    let lines = routes::lines();
    // Some at once: each makes databases of its own, and waits for them.
    let told: Vec<String> = stream::iter(&lines)
        .map(|line| lines_of(&scene, line))
        .buffered(4)
        .collect()
        .await;
    expected::compare("authz.txt", &format!("{TITLE}{}", told.concat()));
    scene.world.end().await;
}

#[test]
fn every_route_has_its_lines_and_every_line_its_route() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/expected/authz.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let told: BTreeSet<(&str, &str)> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    let lines = routes::lines();
    let there: BTreeSet<(&str, &str)> = lines
        .iter()
        .map(|line| (line.method.as_str(), line.path))
        .collect();
    let missing: Vec<_> = there.difference(&told).collect();
    let gone: Vec<_> = told.difference(&there).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "routes without a line in authz.txt: {missing:?}; lines without a route: {gone:?}. A new route needs an arm in \
         `ask` (tests/src/requests.rs), then a run of this test and a reading of what it proposes"
    );
}
