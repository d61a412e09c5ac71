//! What the rules in force say of who has a place: kept with the rule, the facts that fired and the day, whenever it is
//! another than before. A worker does this a village or a family at a time; done twice it is done once.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
    Value,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tilik_protocol::evaluation::{
    EligibilityOutcome, EligibilityReason, Ground, PreparedState, ReadyRule, ReasonEffect, Verdict,
};
use tilik_protocol::ids::{EvaluationId, FamilyId, JobId, MembershipId, PreparedId, RuleId};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::super::journal::{Entry, document_number};
use super::super::tables::{evaluation, family, prepared_cancellation, rule};
use super::super::{Acting, Write};
use super::facts::{Known, Of, Wanted};
use super::{body_of, forms, of_village};
use crate::error::{Error, Result};

/// The kind of job that looks at families anew: `region:<village>` or `family:<id>`.
pub(crate) const JOB: &str = "evaluate";
/// Memberships that one transaction writes: SQLite's only writer must not be kept long.
const AT_ONCE: usize = 100;

/// Asks for these families to be looked at anew, where any rule is in force.
pub(crate) async fn families_changed(write: &Write, families: &[Uuid]) -> Result<()> {
    let objects = families
        .iter()
        .map(|id| format!("family:{}", FamilyId(*id)));
    ask(write, objects.collect(), write.at().as_micros()).await
}

/// Asks for these villages to be looked at anew, where any rule is in force.
pub(crate) async fn villages_changed(
    write: &Write,
    villages: impl IntoIterator<Item = String>,
) -> Result<()> {
    let objects = villages.into_iter().map(|code| format!("region:{code}"));
    ask(write, objects.collect(), write.at().as_micros()).await
}

/// Asks for a family to be looked at when a fact begins or ends.
pub(super) async fn family_changes_at(
    write: &Write,
    family: Uuid,
    fact: Uuid,
    at: i64,
) -> Result<()> {
    // Of its own name, so that what is asked for meanwhile does not move it.
    let object = format!("family:{}@{fact}-{at}", FamilyId(family));
    ask(write, vec![object], at).await
}

async fn ask(write: &Write, objects: Vec<String>, at: i64) -> Result<()> {
    let now = write.at().as_micros();
    for some in objects.chunks(AT_ONCE) {
        let mut values: Vec<Value> = vec![JOB.into(), now.into(), at.into()];
        let mut rows = Vec::with_capacity(some.len());
        for object in some {
            let id: JobId = write.store().ids().next();
            values.extend([Uuid::from(id).into(), object.as_str().into()]);
            let n = values.len();
            // The first row tells PostgreSQL of which types they are.
            let (id, object, kind) = if write.store().is_postgres() {
                (
                    format!("${}::uuid", n - 1),
                    format!("${n}::text"),
                    "$1::text",
                )
            } else {
                (format!("${}", n - 1), format!("${n}"), "$1")
            };
            rows.push(format!(
                "SELECT {id} AS id, {kind} AS kind, {object} AS object"
            ));
        }
        // Nothing is asked for where no rule could answer.
        let text = format!(
            "INSERT INTO job (id, kind, object, state, attempts, run_at, created_at) \
             SELECT asked.id, asked.kind, asked.object, 'ready', 0, $3, $2 FROM ({}) AS asked \
             WHERE EXISTS (SELECT 1 FROM rule WHERE state = 'in_force') \
             ON CONFLICT (kind, object) DO UPDATE SET state = 'ready', attempts = 0, run_at = $3, \
             lease_until = NULL",
            rows.join(" UNION ALL ")
        );
        let asked = write.store().sql(&text, values);
        write.on().execute_last(asked).await?;
    }
    Ok(())
}

/// Whether the rule in force says at present that a membership is not eligible.
pub(in crate::store) async fn says_not_eligible(write: &Write, membership: Uuid) -> Result<bool> {
    let said = evaluation::Entity::find()
        .filter(evaluation::Column::MembershipId.eq(membership))
        .filter(evaluation::Column::SupersededAt.is_null())
        .one(write.on())
        .await?;
    let outcome = said.and_then(|row| row.outcome.parse().ok());
    Ok(outcome == Some(EligibilityOutcome::Ineligible))
}

#[derive(FromQueryResult)]
struct Place {
    id: Uuid,
    family_id: Uuid,
    person_id: Option<Uuid>,
    program: String,
    said_rule: Option<Uuid>,
    said_hash: Option<Vec<u8>>,
}

/// What is kept sealed of an evaluation: the facts that fired and the sentences.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub decile: Option<u8>,
    pub registry_of: String,
    /// Criteria that fired, by name.
    pub hits: Vec<String>,
    pub reasons: Vec<EligibilityReason>,
}

/// An evaluation that is another than before.
struct New {
    membership: Uuid,
    family: Uuid,
    program: String,
    rule: Uuid,
    outcome: EligibilityOutcome,
    hash: Vec<u8>,
    visit: Option<Uuid>,
    kept: Kept,
    document: Option<String>,
}

impl New {
    fn against(&self) -> Option<&EligibilityReason> {
        let mut reasons = self.kept.reasons.iter();
        reasons.find(|one| one.effect.known() == Some(ReasonEffect::Against))
    }

    fn codes(&self) -> String {
        let codes: Vec<&str> = self
            .kept
            .reasons
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        codes.join(" ")
    }
}

/// What tells one result from another: the rule, what it found, and the values it found it by. A visit with the same answers
/// or another address is no other result, so that what somebody looked into once does not come back for nothing.
fn fingerprint(rule: Uuid, known: &Known, verdict: &Verdict) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(rule.as_bytes());
    hash.update(format!("{:?}|{:?}", verdict.outcome, known.facts.decile));
    for ground in &verdict.grounds {
        hash.update(format!("|{ground:?}"));
        if let Ground::Excluded(fact, _) | Ground::Doubted(fact, _) = ground
            && let Some(fact) = known.facts.recorded.get(*fact)
        {
            hash.update(format!("|{}|{}|{}", fact.code, fact.source, fact.evidence));
        }
    }
    hash.finalize().to_vec()
}

fn hits(rule: &ReadyRule, verdict: &Verdict) -> Vec<String> {
    let bits = verdict.grounds.iter().find_map(|ground| match ground {
        Ground::Poor(hits) | Ground::NotPoor(hits, _) | Ground::Unanswered(hits, _) => Some(*hits),
        Ground::NoShelter => Some(1),
        Ground::Excluded(..)
        | Ground::Doubted(..)
        | Ground::NotRanked
        | Ground::DecileWithin
        | Ground::DecileAbove
        | Ground::NoAnswers
        | Ground::Has(_)
        | Ground::Lacks(_)
        | Ground::Unsure(_) => None,
    });
    let criteria = rule
        .body()
        .poverty
        .iter()
        .flat_map(|poverty| &poverty.criteria);
    let some = criteria
        .enumerate()
        .filter(|(n, _)| *n < 16 && bits.is_some_and(|bits| bits & (1 << n) != 0));
    some.map(|(_, one)| one.id.clone()).collect()
}

/// The number of what shows a recorded fact, where it can stand for a document's.
fn document(known: &Known, verdict: &Verdict) -> Option<String> {
    verdict.grounds.iter().find_map(|ground| {
        let Ground::Excluded(fact, _) = ground else {
            return None;
        };
        let evidence = &known.facts.recorded.get(*fact)?.evidence;
        document_number(evidence).is_ok().then(|| evidence.clone())
    })
}

impl Acting {
    /// Looks at the families of a job anew, and keeps what is other than before. How many that was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn evaluate(&self, object: &str) -> Result<u64> {
        let of = if let Some(code) = object.strip_prefix("region:") {
            Of::Village(code.parse().map_err(Error::internal)?, None)
        } else {
            let id = object.strip_prefix("family:").unwrap_or_default();
            let id = id.split('@').next().unwrap_or_default();
            let id: FamilyId = id.parse().map_err(Error::internal)?;
            let Some(home) = family::Entity::find_by_id(Uuid::from(id))
                .one(self.store.read())
                .await?
            else {
                return Ok(0);
            };
            Of::Family(home.id, home.region.parse().map_err(Error::internal)?)
        };
        let new = self.evaluated(&of).await?;
        let count = new.len() as u64;
        let mut new = new.into_iter();
        loop {
            let some: Vec<New> = new.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            self.keep(of.village(), some).await?;
        }
        self.forget_ended(&of).await?;
        Ok(count)
    }

    /// What the rules in force say now, where that is other than what is kept.
    async fn evaluated(&self, of: &Of) -> Result<Vec<New>> {
        let village = of.village();
        let in_force = rule::Entity::find()
            .filter(rule::Column::State.eq("in_force"))
            .all(self.store.read())
            .await?;
        let forms = forms()?;
        let mut ready: BTreeMap<(String, String), (Uuid, ReadyRule)> = BTreeMap::new();
        for row in &in_force {
            let key = (row.program.clone(), row.regime.clone());
            if let Some(row) = of_village(&in_force, &row.program, &row.regime, village)
                && !ready.contains_key(&key)
            {
                ready.insert(key, (row.id, ReadyRule::new(body_of(row)?, &forms)));
            }
        }
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let rules: Vec<&ReadyRule> = ready.values().map(|(_, rule)| rule).collect();
        let wanted = Wanted::by(rules.iter().copied());
        let at = self.store.now();
        let known = self.store.known(of, wanted, &rules, at).await?;
        let (which, values) = of.condition();
        let text = format!(
            "SELECT m.id, m.family_id, m.person_id, m.program, e.rule_id AS said_rule, \
             e.facts_hash AS said_hash FROM family f JOIN membership m ON m.family_id = f.id \
             LEFT JOIN evaluation e ON e.membership_id = m.id AND e.superseded_at IS NULL \
             WHERE {which} AND m.state IN ('candidate', 'designated', 'active', 'suspended')"
        );
        let mut places: HashMap<Uuid, Vec<Place>> = HashMap::new();
        for row in Place::find_by_statement(self.store.sql(&text, values))
            .all(self.store.read())
            .await?
        {
            places.entry(row.family_id).or_default().push(row);
        }
        let mut new = Vec::new();
        for mut known in known {
            for place in places.remove(&known.id).unwrap_or_default() {
                let Some((id, rule)) = ready.get(&(place.program.clone(), known.regime.clone()))
                else {
                    continue;
                };
                known.seen_from(place.person_id);
                let verdict = rule.evaluate(&known.facts);
                let hash = fingerprint(*id, &known, &verdict);
                if place.said_rule == Some(*id) && place.said_hash.as_ref() == Some(&hash) {
                    continue;
                }
                known.dated(village);
                new.push(New {
                    membership: place.id,
                    family: known.id,
                    program: place.program,
                    rule: *id,
                    outcome: verdict.outcome,
                    hash,
                    visit: known.visit,
                    kept: Kept {
                        decile: known.facts.decile,
                        registry_of: known.facts.registry_of.clone(),
                        hits: hits(rule, &verdict),
                        reasons: rule.explain(&known.facts, &verdict),
                    },
                    document: document(&known, &verdict),
                });
            }
        }
        Ok(new)
    }

    /// Keeps evaluations, and prepares a cancellation where one fails. Nothing else follows.
    async fn keep(&self, village: &RegionCode, new: Vec<New>) -> Result<()> {
        let mut write = self.begin().await?;
        let at = write.at().as_micros();
        let ids: Vec<Uuid> = new.iter().map(|one| one.membership).collect();
        // Another worker may have been at the same family meanwhile.
        let known: HashMap<Uuid, Vec<u8>> = evaluation::Entity::find()
            .filter(evaluation::Column::MembershipId.is_in(ids.iter().copied()))
            .filter(evaluation::Column::SupersededAt.is_null())
            .lock_exclusive()
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.membership_id, row.facts_hash))
            .collect();
        let new: Vec<New> = new
            .into_iter()
            .filter(|one| known.get(&one.membership) != Some(&one.hash))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = new.iter().map(|one| one.membership).collect();
        evaluation::Entity::update_many()
            .col_expr(evaluation::Column::SupersededAt, Expr::value(at))
            .filter(evaluation::Column::MembershipId.is_in(ids.iter().copied()))
            .filter(evaluation::Column::SupersededAt.is_null())
            .exec(write.on())
            .await?;
        prepared_cancellation::Entity::update_many()
            .col_expr(
                prepared_cancellation::Column::State,
                Expr::value(PreparedState::Obsolete.to_string()),
            )
            .col_expr(prepared_cancellation::Column::DoneAt, Expr::value(at))
            .filter(prepared_cancellation::Column::MembershipId.is_in(ids))
            .filter(prepared_cancellation::Column::State.eq(PreparedState::Waiting.to_string()))
            .exec(write.on())
            .await?;
        let (mut rows, mut prepared, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for one in new {
            let id: EvaluationId = write.store().ids().next();
            let body = serde_json::to_string(&one.kept).map_err(Error::internal)?;
            let mut said = serde_json::json!({ "evaluation": id,
                "membership": MembershipId(one.membership), "rule": RuleId(one.rule),
                "outcome": one.outcome, "codes": one.codes() });
            if let Some(against) = one.against()
                && one.outcome == EligibilityOutcome::Ineligible
            {
                let prepared_id: PreparedId = write.store().ids().next();
                said["prepared"] = serde_json::json!(prepared_id);
                prepared.push(prepared_cancellation::ActiveModel {
                    id: Set(prepared_id.into()),
                    version: Set(1),
                    membership_id: Set(one.membership),
                    family_id: Set(one.family),
                    evaluation_id: Set(id.into()),
                    region: Set(village.to_string()),
                    reason: Set(against.code.to_string()),
                    document_number: Set(one.document.clone()),
                    state: Set(PreparedState::Waiting.to_string()),
                    case_id: Set(None),
                    prepared_at: Set(at),
                    done_by: Set(None),
                    done_at: Set(None),
                    dismissal: Set(None),
                });
            }
            told.push(said);
            let keys = self.store.keys();
            rows.push(evaluation::ActiveModel {
                id: Set(id.into()),
                membership_id: Set(one.membership),
                family_id: Set(one.family),
                program: Set(one.program.clone()),
                rule_id: Set(one.rule),
                outcome: Set(one.outcome.to_string()),
                codes: Set(one.codes()),
                body_enc: Set(keys.encrypt_field("evaluation", "body", id.into(), &body)),
                facts_hash: Set(one.hash),
                visit_id: Set(one.visit),
                at: Set(at),
                superseded_at: Set(None),
            });
        }
        evaluation::Entity::insert_many(rows)
            .exec_without_returning(write.on())
            .await?;
        if !prepared.is_empty() {
            prepared_cancellation::Entity::insert_many(prepared)
                .exec_without_returning(write.on())
                .await?;
        }
        write.journal(Entry::new(
            "eligibility.evaluate",
            format!("region:{village}"),
            Role::System,
            None,
            &serde_json::json!({ "evaluations": told }),
        )?);
        write.commit().await
    }

    /// What waits for a place that is nobody's any more waits for nothing.
    async fn forget_ended(&self, of: &Of) -> Result<()> {
        let (which, mut values) = of.condition();
        let n = values.len() + 1;
        values.push(self.store.now().as_micros().into());
        let text = format!(
            "UPDATE prepared_cancellation SET state = 'obsolete', done_at = ${n} WHERE state = 'waiting' \
             AND membership_id IN (SELECT m.id FROM family f JOIN membership m ON m.family_id = f.id \
             WHERE {which} AND m.state NOT IN ('candidate', 'designated', 'active', 'suspended'))"
        );
        let write = self.begin().await?;
        write
            .on()
            .execute_raw(self.store.sql(&text, values))
            .await?;
        write.commit().await
    }
}
