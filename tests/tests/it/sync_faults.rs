//! Seeded plans of operations and faults, compared with a model. `TILIK_PLANS=10000` runs more of them,
//! `TILIK_PLANS_FROM=17` begins at another seed, `TILIK_PLAN=file` runs the one that a failure left behind.
//!
//! A plan of SQLite takes about a third of a second of one core; ten thousand take half an hour on two.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tilik_server::store::testing::Bug;
use tilik_tests::plans::runner::{Report, Stage};
use tilik_tests::plans::shrink::shrink;
use tilik_tests::plans::{Act, Plan};

/// Plans in a usual run. PostgreSQL makes a database for each and takes three times as long, so it gets fewer.
const PLANS: u64 = 300;
const PLANS_ON_POSTGRES: u64 = 30;
/// How often a failing plan is run again to make it smaller.
const SHRINKS: usize = 300;
const SHRINKS_ON_POSTGRES: usize = 20;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn is_on_postgres() -> bool {
    std::env::var_os("TILIK_TEST_DATABASE_URL").is_some()
}

fn plans() -> u64 {
    let usual = if is_on_postgres() {
        PLANS_ON_POSTGRES
    } else {
        PLANS
    };
    number("TILIK_PLANS").unwrap_or(usual)
}

fn shrinks() -> usize {
    if is_on_postgres() {
        SHRINKS_ON_POSTGRES
    } else {
        SHRINKS
    }
}

/// Runs `work` on a stage of its own, on a runtime of its own.
fn on_stage<T>(work: impl AsyncFnOnce(&Stage) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await.unwrap();
        let done = work(&stage).await;
        stage.strike().await;
        done
    })
}

/// Where failing plans are kept.
fn kept(seed: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    folder.join(format!("plan-{seed}.json"))
}

/// Makes a failing plan small, keeps it, and tells all about it.
async fn report(stage: &Stage, plan: Plan, bug: Option<Bug>, why: anyhow::Error) -> String {
    let seed = plan.seed;
    let acts = plan.acts.len();
    let least = shrink(plan, shrinks(), async |tried| {
        stage.run(tried, bug).await.is_err()
    })
    .await;
    std::fs::write(kept(seed), serde_json::to_string_pretty(&least).unwrap()).unwrap();
    let again = stage.run(&least, bug).await.err();
    let least_says = again.map_or_else(|| "it passes now".to_owned(), |why| format!("{why:#}"));
    format!(
        "seed {seed} ({acts} acts): {why:#}\n  at least ({} acts): {least_says}\n  {:?}\n  kept as {}",
        least.acts.len(),
        least.acts,
        kept(seed).display()
    )
}

/// Runs the plans of `seeds` on every core; what they came to, and what failed.
fn run_all(from: u64, count: u64) -> (Report, Vec<String>) {
    let next = AtomicU64::new(from);
    let total = Mutex::new((Report::default(), Vec::new()));
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                on_stage(async |stage| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        // Three failures say enough.
                        if seed >= from + count || total.lock().unwrap().1.len() >= 3 {
                            return;
                        }
                        if seed > from && (seed - from).is_multiple_of(500) {
                            eprintln!("{} plans are done", seed - from);
                        }
                        let plan = Plan::of_seed(seed);
                        match stage.run(&plan, None).await {
                            Ok(report) => total.lock().unwrap().0 += report,
                            Err(why) => {
                                let told = Box::pin(report(stage, plan, None, why)).await;
                                eprintln!("{told}");
                                total.lock().unwrap().1.push(told);
                            }
                        }
                    }
                });
            });
        }
    });
    total.into_inner().unwrap()
}

#[test]
fn seeded_plans_lose_nothing_and_double_nothing() {
    let (report, failures) = run_all(number("TILIK_PLANS_FROM").unwrap_or(1), plans());
    println!("{} plans: {report:#?}", plans());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    if plans() >= PLANS {
        // Plans in which nothing happens would prove nothing.
        let per_plan = |n: usize| u64::try_from(n).unwrap() / plans();
        assert!(
            per_plan(report.visits) >= 2 && per_plan(report.faults) >= 5,
            "{report:?}"
        );
        for action in [
            "case.accept",
            "case.agree_unreachable",
            "case.assign",
            "case.close",
            "case.confirm_last",
            "case.decide_eligible",
            "case.expire",
            "case.refuse_decision",
            "case.reopen",
            "case.report_unreachable",
            "case.return",
            "case.submit_visit",
            "case.take_back",
            "case.withdraw",
            "device.revoke",
            "membership.candidate",
            "photo.receive",
            "slot.turn",
            "visit.quarantine",
            "visit.receive",
        ] {
            assert!(report.reached.contains_key(action), "{action}: {report:?}");
        }
    }
}

#[test]
fn a_kept_plan_is_run_again() {
    let Some(file) = std::env::var_os("TILIK_PLAN") else {
        // The least plan there is stands for it: it goes the same way through a file.
        let plan = Plan {
            seed: 1,
            acts: Plan::of_seed(1).acts[..5].to_vec(),
        };
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        return;
    };
    let plan: Plan = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    on_stage(async |stage| {
        for (n, act) in plan.acts.iter().enumerate() {
            println!("{n}: {act:?}");
        }
        println!("{:?}", stage.run(&plan, None).await.unwrap());
    });
}

/// Plans that a planted mistake may survive before it must be found.
const FOUND_WITHIN: u64 = 60;

/// Runs plans until one finds the mistake; what it says, and the least plan that does.
fn hunt(bug: Bug) -> (u64, String, Plan) {
    on_stage(async |stage| {
        for seed in 1..=FOUND_WITHIN {
            let plan = Plan::of_seed(seed);
            let Err(why) = stage.run(&plan, Some(bug)).await else {
                continue;
            };
            // The same plan on a server without the mistake: it is the mistake that was found.
            stage.run(&plan, None).await.unwrap();
            let least = shrink(plan, shrinks(), async |tried| {
                stage.run(tried, Some(bug)).await.is_err()
            })
            .await;
            stage.run(&least, None).await.unwrap();
            return (seed, format!("{why:#}"), least);
        }
        panic!("{FOUND_WITHIN} plans do not find {bug:?}");
    })
}

/// A person can read it. Where few tries were made it is as small as it got.
fn assert_is_small(plan: &Plan) {
    assert!(
        plan.acts.len() <= 8 || shrinks() < SHRINKS,
        "{:?}",
        plan.acts
    );
}

#[test]
fn plans_find_a_server_that_forgets_events() {
    let (seed, why, least) = hunt(Bug::ForgetsEvents);
    println!("seed {seed}: {why}\n{:#?}", least.acts);
    assert!(
        least
            .acts
            .iter()
            .any(|act| matches!(act, Act::Repeat { .. }))
    );
    assert_is_small(&least);
}

#[test]
fn plans_find_a_cursor_that_skips_a_row() {
    let (seed, why, least) = hunt(Bug::SkipsARow);
    println!("seed {seed}: {why}\n{:#?}", least.acts);
    assert!(least.acts.iter().any(|act| matches!(act, Act::Open { .. })));
    assert_is_small(&least);
}

#[test]
fn plans_find_a_server_that_acknowledges_before_it_has_written() {
    let (seed, why, least) = hunt(Bug::AcknowledgesEarly);
    println!("seed {seed}: {why}\n{:#?}", least.acts);
    let seals = |act: &Act| {
        matches!(
            act,
            Act::Visit { .. } | Act::Unreachable { .. } | Act::Finding { .. }
        )
    };
    assert!(least.acts.iter().any(seals), "{:?}", least.acts);
    assert_is_small(&least);
}
