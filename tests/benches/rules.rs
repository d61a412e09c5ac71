//! What a changed rule costs: who would change, over a whole registry.
//!
//! `TMPDIR=/var/tmp cargo bench --workspace --bench rules -- 1000000` makes so many families in a SQLite file (each with
//! three members, a place in the program, an accepted visit with sealed answers) and holds two rules against all of them:
//! one of deciles and exclusions, and one that asks for everything there is. Nothing is written while it counts.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a program that prints measures, run by hand"
)]

use std::sync::Arc;
use std::time::Instant;

use tilik_protocol::ids::RuleId;
use tilik_protocol::rule::{DecileGate, RuleBody};
use tilik_server::clock::{Clock, Ids, SystemClock};
use tilik_server::keys::Keyring;
use tilik_server::store::Store;
use tilik_server::store::rules::shipped;
use tilik_server::store::testing;
use uuid::Uuid;

/// Villages of a registry, as many as Kota Kediri has.
const VILLAGES: usize = 46;
/// Sealed answers in one statement.
const AT_ONCE: usize = 200;

fn main() {
    let families = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(families));
}

async fn measure(families: usize) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Arc::new(Ids::new(clock.clone()));
    let keys = Arc::new(Keyring::generate(&ids, true));
    let (store, fresh) = testing::store(clock, keys.clone(), ids.clone()).await;
    store.migrate().await.unwrap();
    let began = Instant::now();
    plant(&store, &keys, families).await;
    println!(
        "{families} families were planted in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let file = shipped().unwrap();
    let named = |program: &str| {
        file.rules
            .iter()
            .find(|one| one.program == program && one.regime == "dtsen")
    };
    let gate = |max: u8, body: RuleBody| RuleBody {
        decile: Some(DecileGate {
            max: Some(max),
            source: "kebijakan kota".to_owned(),
        }),
        ..body
    };
    let sembako = file.body(named("SEMBAKO").unwrap());
    let everything = RuleBody {
        poverty: Some(file.poverty.clone()),
        ..file.body(named("PKH").unwrap())
    };
    for (name, body) in [
        ("deciles and exclusions", sembako),
        ("deciles, 262, components, exclusions", everything),
    ] {
        store.poke("DELETE FROM rule", []).await.unwrap();
        write(&store, &ids, 1, "in_force", &gate(5, body.clone())).await;
        let new = write(&store, &ids, 2, "draft", &gate(4, body)).await;
        let by = store.acting_as_system("a bench");
        for run in 1..=2 {
            let cpu = cpu_s();
            let began = Instant::now();
            let told = by.rule_preview(new).await.unwrap();
            let took = began.elapsed().as_secs_f64();
            println!(
                "{name}, run {run}: {} families in {took:.2} s ({:.0}/s), {:.2} s of CPU; {} change, {} members lose",
                told.foretold.families,
                told.foretold.families as f64 / took,
                cpu_s() - cpu,
                told.foretold.changed,
                told.foretold.losing
            );
        }
    }
    store.close().await;
    testing::drop_database(&fresh.url).await;
}

/// Seconds of CPU of this process so far.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .map(|field| field.parse().unwrap_or_default())
        .collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

async fn write(store: &Store, ids: &Ids, number: i32, state: &str, body: &RuleBody) -> RuleId {
    let id: RuleId = ids.next();
    let text = "INSERT INTO rule (id, version, program, regime, region, number, state, body, made_at) \
                VALUES ($1, 1, 'SEMBAKO', 'dtsen', '35.71', $2, $3, $4, 0)";
    let body = serde_json::to_string(body).unwrap();
    let values = [
        Uuid::from(id).into(),
        number.into(),
        state.into(),
        body.into(),
    ];
    store.poke(text, values).await.unwrap();
    id
}

/// Everything but the answers is made by the database itself: ids are numbers, written as ids.
async fn plant(store: &Store, keys: &Keyring, families: usize) {
    let run = async |text: &str| store.poke(text, []).await.unwrap();
    let now = ids_now();
    run("INSERT INTO region (code, name, level) VALUES ('35.71', 'KOTA', 'city')").await;
    run(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {}) \
         INSERT INTO region (code, parent, name, level) SELECT printf('35.71.01.1%03d', n), '35.71', 'KEL', 'village' FROM n",
        VILLAGES - 1
    ))
    .await;
    run("INSERT INTO program (code, name, unit, fund, central, recorded_at) VALUES ('SEMBAKO', 'Sembako', 'family', 'apbn', true, 0)").await;
    run("INSERT INTO user_account (id, username, name, password_hash, created_at) VALUES (randomblob(16), 'p', 'P', 'x', 0)").await;
    run(
        "INSERT INTO device (id, officer_id, name, public_key, key_level, enrolled_at, chain_seq) \
         SELECT randomblob(16), id, 'HP', x'00', 'software', 0, 0 FROM user_account",
    )
    .await;
    let numbers = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {families})"
    );
    // 1… a house, 2… a family, 3… a person, 4… a membership, 5… a case, 6… a visit.
    let id = |kind: u8, n: &str| format!("unhex(printf('{kind:02x}%030x', {n}))");
    let village = format!("printf('35.71.01.1%03d', n % {VILLAGES})");
    run(&format!(
        "{numbers} INSERT INTO house (id, region) SELECT {}, {village} FROM n",
        id(1, "n")
    ))
    .await;
    run(&format!(
        "{numbers} INSERT INTO family (id, version, house_id, region, name, name_key, address, rt, rw, decile, regime, valid_from, recorded_at) \
         SELECT {}, 1, {}, {village}, 'KELUARGA', 'keluarga', 'JL', '001', '002', \
         CASE WHEN n % 17 = 0 THEN NULL ELSE n % 10 + 1 END, 'dtsen', 0, {now} FROM n",
        id(2, "n"),
        id(1, "n")
    ))
    .await;
    run(&format!(
        "{numbers} INSERT INTO person (id, version, family_id, name, name_key, birth_year, relation, alive, valid_from, recorded_at) \
         SELECT {}, 1, {}, 'WARGA', 'warga', 1935 + (n * 7 + m.m * 31) % 90, 'anggota', true, 0, 0 \
         FROM n, (SELECT 0 AS m UNION ALL SELECT 1 UNION ALL SELECT 2) m",
        id(3, "n * 4 + m.m"),
        id(2, "n")
    ))
    .await;
    run(&format!(
        "{numbers} INSERT INTO membership (id, version, program, family_id, region, state, valid_from, recorded_at) \
         SELECT {}, 1, 'SEMBAKO', {}, {village}, 'active', 0, 0 FROM n WHERE n % 3 > 0",
        id(4, "n"),
        id(2, "n")
    ))
    .await;
    run(&format!(
        "{numbers} INSERT INTO verification_case (id, version, state, kind, family_id, house_id, region, opened_at, current_visit, accepted_basis, tries) \
         SELECT {}, 1, 'decided', 'full', {}, {}, {village}, 0, {}, 'visit', 0 FROM n",
        id(5, "n"),
        id(2, "n"),
        id(1, "n"),
        id(6, "n")
    ))
    .await;
    let device: Uuid = {
        let rows = store.peek("SELECT id FROM device", []).await.unwrap();
        rows.first().unwrap().try_get("", "id").unwrap()
    };
    let form = "kepmensos-262";
    let mut n = 1_u128;
    while n <= families as u128 {
        let mut values = vec![device.into(), form.into()];
        let mut rows = Vec::new();
        for _ in 0..AT_ONCE {
            if n > families as u128 {
                break;
            }
            let visit = Uuid::from_u128((6 << 120) | n);
            let yes = |every: u128| if n.is_multiple_of(every) { "yes" } else { "no" };
            let answers = serde_json::json!({
                "respondent": "Ibu Contoh", "shelter": "yes", "work": yes(2), "food_worry": yes(3), "food_share": yes(4),
                "clothing": yes(5), "floor": (n % 9 + 1).to_string(), "wall": (n % 7 + 1).to_string(), "roof": "2",
                "toilet": (n % 6 + 1).to_string(), "light": "1", "power": "900", "presence": "1", "result": "1",
            });
            let sealed = keys.encrypt_field("visit", "answers", visit, &answers.to_string());
            values.push(visit.into());
            values.push(sealed.into());
            let at = values.len();
            rows.push(format!(
                "(${}, $1, $1, 'full', {n}, ${}, x'00', ${at}, $2, 1, 0, 0, false)",
                at - 1,
                at - 1
            ));
            n += 1;
        }
        let text = format!(
            "INSERT INTO visit (id, device_id, officer_id, kind, seq, chain_hash, manifest, answers_enc, form_id, form_version, captured_at, received_at, mock) VALUES {}",
            rows.join(", ")
        );
        store.poke(&text, values).await.unwrap();
    }
}

fn ids_now() -> i64 {
    SystemClock.now().as_micros()
}
