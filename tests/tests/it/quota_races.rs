//! No slot is lost, made or given twice, whatever is done at once: decisions confirmed by two approvers, places given on,
//! candidates refused, families moved, quotas raised and lowered, each sent again by a client that lost its answer.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tilik_protocol::ids::{CaseId, MembershipId};
use tilik_protocol::lookup::FamilyPage;
use tilik_protocol::policy::Role;
use tilik_protocol::registry::ImportKind;
use tilik_protocol::session::Act;
use tilik_tests::village::{SEMBAKO, elsewhere, here};
use tilik_tests::{Answer, Console, kediri};

use crate::review::{Desk, desk};

/// Families with a place, and families who wait for one.
const HOMES: usize = 7;
const WAITING: usize = 3;

/// What a client does; all of one round are done at once.
#[derive(Debug, Clone)]
enum Move {
    /// The family's place ends: both approvers confirm what the operator proposed.
    Cancel { home: usize },
    /// It stays; nothing may move.
    Keep { home: usize },
    /// One approver confirms the end of it, the other refuses at the same moment.
    Disagree { home: usize },
    /// The family moves to another village, and its places with it.
    Leave { home: usize },
    /// The village gets so many places, in a file that both approvers confirm.
    Quota { slots: i32 },
}

impl Move {
    fn home(&self) -> Option<usize> {
        match self {
            Self::Cancel { home } | Self::Keep { home } | Self::Disagree { home } => Some(*home),
            // Whatever else becomes of it.
            Self::Leave { .. } | Self::Quota { .. } => None,
        }
    }
}

fn moves() -> impl Strategy<Value = Vec<Vec<Move>>> {
    let one = prop_oneof![
        4 => (0..HOMES).prop_map(|home| Move::Cancel { home }),
        1 => (0..HOMES).prop_map(|home| Move::Keep { home }),
        2 => (0..HOMES).prop_map(|home| Move::Disagree { home }),
        3 => (0..HOMES).prop_map(|home| Move::Leave { home }),
        4 => (2_i32..12).prop_map(|slots| Move::Quota { slots }),
    ];
    proptest::collection::vec(proptest::collection::vec(one, 1..5), 1..4)
}

/// What was made ready, and who says the last word on it.
enum Ready {
    Place {
        case: CaseId,
        membership: MembershipId,
        words: [bool; 2],
    },
    /// The address that confirms it.
    File(String),
    /// The address that moves a family, and the version of it that was seen.
    Family(String, i32),
    /// Said already, or refused when it was brought.
    Nothing,
}

/// An act, sent twice: the second time by a client that believes its first answer lost.
async fn twice(by: &Console, path: &str, body: &serde_json::Value) -> [Answer; 2] {
    let (first, again) = futures_util::future::join(by.post(path, body), by.post(path, body)).await;
    [first, again]
}

impl Desk {
    /// Brings a move to where only its last word is missing.
    async fn ready(&mut self, what: &Move) -> Ready {
        if let Move::Quota { slots } = what {
            let file = format!("program,wilayah,jatah\n{SEMBAKO},{},{slots}\n", here());
            let doorway = self.world.doorway();
            let report = kediri::send(
                &doorway,
                &self.staff.admin,
                ImportKind::Quotas,
                file.into_bytes(),
            );
            let report = report.await.unwrap();
            return if report.waiting == 1 {
                Ready::File(format!("/v1/imports/{}/confirm", report.id))
            } else {
                Ready::Nothing
            };
        }
        if let Move::Leave { home } = what {
            let path = format!("/v1/families/{}", self.village.homes[*home].family);
            let page = self.staff.operator.get(&path).await;
            let page: FamilyPage = page.ok().unwrap().read().unwrap();
            return match page.family.version {
                Some(version) if page.family.region == here() => {
                    Ready::Family(format!("{path}/moves"), version)
                }
                Some(_) | None => Ready::Nothing,
            };
        }
        let Some(home) = what.home() else {
            return Ready::Nothing;
        };
        let case = self.accepted(home).await;
        let membership = self.village.homes[home].memberships[SEMBAKO];
        let reason = (!matches!(what, Move::Keep { .. })).then_some("MAMPU_DESIL");
        let proposed = self.staff.operator.decide(case, membership, reason).await;
        proposed.unwrap().ok().unwrap();
        Ready::Place {
            case,
            membership,
            words: [true, !matches!(what, Move::Disagree { .. })],
        }
    }

    /// Says the last word on it: each approver at the same time, and each of them twice. The quota that an approver was told
    /// is in force.
    async fn say(&self, approvers: [&Console; 2], what: &Ready) -> Result<(), TestCaseError> {
        match what {
            Ready::Nothing => {}
            Ready::File(path) => {
                let said = approvers.map(|by| {
                    let body = serde_json::to_value(Act {
                        event_id: by.event(),
                        note: None,
                    });
                    async move { twice(by, path, &body.unwrap()).await }
                });
                for answer in join_all(said).await.into_iter().flatten() {
                    refused_well(&answer)?;
                }
            }
            Ready::Family(path, seen) => {
                let by = &self.staff.operator;
                let body = serde_json::json!({ "event_id": by.event(), "seen_version": seen,
                    "region": elsewhere(), "address": "JL BARU NO 9", "rt": "3", "rw": "4" });
                for answer in twice(by, path, &body).await {
                    refused_well(&answer)?;
                }
            }
            Ready::Place {
                case,
                membership,
                words,
            } => {
                let version = self.case(*case).await.version;
                let said = [0, 1].map(|n| {
                    let (by, confirm) = (approvers[n], words[n]);
                    let body = serde_json::json!({ "event_id": by.event(), "seen_version": version,
                        "membership": membership, "confirm": confirm,
                        "reason": (!confirm).then_some("BUKTI_KURANG") });
                    let path = format!("/v1/cases/{case}/confirmations");
                    async move { twice(by, &path, &body).await }
                });
                for answer in join_all(said).await.into_iter().flatten() {
                    refused_well(&answer)?;
                }
            }
        }
        Ok(())
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let store = self.world.app().unwrap().store;
        let rows = store.peek(sql, []).await.unwrap();
        rows.iter()
            .map(|row| {
                (0..row.column_names().len())
                    .map(|n| row.try_get_by_index::<String>(n).unwrap())
                    .collect()
            })
            .collect()
    }

    /// How many slots each village has, by program.
    async fn slots_by_village(&self) -> BTreeMap<(String, String), i64> {
        let rows = self
            .rows(
                "SELECT program, region, CAST(COUNT(*) AS text) FROM slot WHERE state <> 'retired' \
                 GROUP BY program, region",
            )
            .await;
        rows.into_iter()
            .map(|row| ((row[0].clone(), row[1].clone()), row[2].parse().unwrap()))
            .collect()
    }

    /// How many slots have gone with their families, by program and way.
    async fn carried(&self) -> BTreeMap<(String, String, String), i64> {
        let is_postgres = self.world.count("SELECT COUNT(*) FROM pg_class").await;
        let [program, from, to] = ["program", "from", "to"].map(|name| {
            if is_postgres.is_ok() {
                format!("CAST(convert_from(body, 'UTF8') AS jsonb) ->> '{name}'")
            } else {
                format!("json_extract(CAST(body AS text), '$.{name}')")
            }
        });
        let sql = format!(
            "SELECT {program}, {from}, {to}, CAST(COUNT(*) AS text) FROM journal WHERE action = 'slot.carry' GROUP BY 1, 2, 3"
        );
        let rows = self.rows(&sql).await;
        rows.into_iter()
            .map(|row| {
                let way = (row[0].clone(), row[1].clone(), row[2].clone());
                (way, row[3].parse().unwrap())
            })
            .collect()
    }

    /// Every slot is one family's or nobody's, and every family's place is one slot.
    async fn is_whole(&self) -> Result<(), TestCaseError> {
        let wrong = [
            // A quota that its slots are not.
            "SELECT q.program FROM quota q WHERE q.slots <> (SELECT COUNT(*) FROM slot s \
             WHERE s.program = q.program AND s.region = q.region AND s.state <> 'retired')",
            // Two families on one slot.
            "SELECT MIN(m.program) FROM membership m WHERE m.slot_id IS NOT NULL \
             AND m.state IN ('candidate', 'designated', 'active', 'suspended') \
             GROUP BY m.slot_id HAVING COUNT(*) > 1",
            // A family with two places in one program.
            "SELECT m.program FROM membership m WHERE m.person_id IS NULL \
             AND m.state IN ('candidate', 'designated', 'active', 'suspended') \
             GROUP BY m.program, m.family_id HAVING COUNT(*) > 1",
            // A slot that is somebody's who does not know, or nobody's though somebody has it.
            "SELECT s.state FROM slot s LEFT JOIN membership m ON m.slot_id = s.id \
             AND m.state IN ('candidate', 'designated', 'active', 'suspended') \
             WHERE (s.state IN ('held', 'reserved')) <> (m.id IS NOT NULL) \
             OR (s.membership_id IS NULL) <> (m.id IS NULL) \
             OR (m.id IS NOT NULL AND s.membership_id <> m.id)",
            // A candidate's slot that is not reserved, a holder's that is not held.
            "SELECT s.state FROM slot s JOIN membership m ON s.membership_id = m.id \
             WHERE (m.state = 'candidate') <> (s.state = 'reserved')",
            // A place of a list that was given to two, or taken and not given.
            "SELECT w.facts FROM waitlist_entry w LEFT JOIN membership m ON m.id = w.taken_by \
             WHERE (w.taken_at IS NOT NULL AND (m.id IS NULL OR m.family_id <> w.family_id))",
        ];
        for sql in wrong {
            let found = self.rows(sql).await;
            prop_assert!(found.is_empty(), "{found:?}: {sql}");
        }
        Ok(())
    }
}

/// It was done, or it says in one of the words for it why not; never a server's own failure.
fn refused_well(answer: &Answer) -> Result<(), TestCaseError> {
    let verdict = answer.verdict();
    let fine = (200..300).contains(&answer.status)
        || ["409 stale", "409 wrong_moment"].contains(&verdict.as_str());
    prop_assert!(fine, "{verdict}");
    Ok(())
}

async fn plays(seed: u64, rounds: &[Vec<Move>]) -> Result<(), TestCaseError> {
    let mut desk = desk(seed, HOMES, WAITING).await;
    let colleague = desk.person("pengesah.lain", Role::Approver).await;
    colleague.sign_in().await.unwrap();
    let approver = desk.staff.approver.clone();
    let here = (SEMBAKO.to_owned(), here().to_string());
    let mut before = desk.slots_by_village().await;
    prop_assert!(before.contains_key(&(SEMBAKO.to_owned(), elsewhere().to_string())));
    desk.is_whole().await?;
    let (mut said, mut gone, mut already) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for round in rounds {
        let mut ready = Vec::new();
        let mut quotas = BTreeSet::from([before[&here]]);
        for what in round {
            // A family's place is decided once, and where somebody is who could see the house.
            if what
                .home()
                .is_some_and(|home| gone.contains(&home) || !said.insert(home))
            {
                continue;
            }
            let one = desk.ready(what).await;
            if let (Ready::File(_), Move::Quota { slots }) = (&one, what) {
                quotas.insert(i64::from(*slots));
            }
            ready.push(one);
        }
        gone.extend(round.iter().filter_map(|what| match what {
            Move::Leave { home } => Some(*home),
            _ => None,
        }));
        let by = [&approver, &colleague];
        let all = join_all(ready.iter().map(|one| desk.say(by, one))).await;
        all.into_iter().collect::<Result<Vec<()>, _>>()?;
        desk.is_whole().await?;
        let after = desk.slots_by_village().await;
        // A place leaves its village with a family, and comes to where that family lives; besides, only a confirmed quota
        // makes or takes one, and only in its own village.
        let carried = desk.carried().await;
        let mut expected = before.clone();
        for (way, count) in &carried {
            let known = already.get(way).copied().unwrap_or_default();
            let (program, from, to) = way;
            *expected.entry((program.clone(), from.clone())).or_default() -= count - known;
            *expected.entry((program.clone(), to.clone())).or_default() += count - known;
        }
        already = carried;
        let left = before[&here] - expected[&here];
        let now = after.get(&here).copied().unwrap_or_default();
        expected.insert(here.clone(), now);
        let some = |of: &BTreeMap<(String, String), i64>| -> BTreeMap<(String, String), i64> {
            let of = of.iter().filter(|(_, slots)| **slots != 0);
            of.map(|(place, slots)| (place.clone(), *slots)).collect()
        };
        prop_assert_eq!(some(&expected), some(&after));
        // Who left before the file was confirmed took a place of the old quota along, who left after it one of the new.
        let fits = |quota: &i64| (quota - left..=*quota).contains(&now);
        prop_assert!(quotas.iter().any(fits), "{now} of {quotas:?}, {left} left");
        before = after;
    }
    desk.world.end().await;
    Ok(())
}

/// Every case is a city of its own; more of them: `TILIK_QUOTA_CASES=200`.
#[test]
fn no_slot_is_lost_made_or_given_twice_whatever_is_done_at_once() {
    let cases = std::env::var("TILIK_QUOTA_CASES");
    let cases = cases.ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let config = Config {
        cases,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(630_u64..100_000, moves()), |(seed, rounds)| {
        runtime.block_on(plays(seed, &rounds))
    });
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_quotas_confirmed_at_once_leave_as_many_slots_as_the_last_says() {
    let mut desk = desk(629, HOMES, WAITING).await;
    let colleague = desk.person("pengesah.lain", Role::Approver).await;
    colleague.sign_in().await.unwrap();
    for (one, other) in [(9, 11), (8, 12), (10, 7)] {
        let mut files = Vec::new();
        for slots in [one, other] {
            files.push(desk.ready(&Move::Quota { slots }).await);
        }
        let by = [&desk.staff.approver, &colleague];
        let said = join_all(files.iter().map(|file| desk.say(by, file))).await;
        said.into_iter().collect::<Result<Vec<()>, _>>().unwrap();
        desk.is_whole().await.unwrap();
    }
    desk.world.end().await;
}
