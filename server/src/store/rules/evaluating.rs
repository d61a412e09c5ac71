//! What the rules in force say of who has a place: kept with the rule, the facts that fired and the day, whenever it is
//! another than before. A worker does this a village or a family at a time; done twice it is done once, and of two that
//! overlap the one that read the facts later counts, whichever ends first ([`Looked::turn`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set, Value,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tilik_protocol::evaluation::{
    EligibilityOutcome, EligibilityReason, Ground, NamedGround, PreparedState, ReadyRule,
    ReasonEffect, Verdict,
};
use tilik_protocol::ids::{
    EvaluationId, FactId, FamilyId, MembershipId, PersonId, PreparedId, RuleId,
};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::super::jobs;
use super::super::journal::Entry;
use super::super::tables::{evaluation, family, membership, prepared_cancellation, rule};
use super::super::{Acting, Store, Write};
use super::facts::{Known, Of, Wanted};
use super::{body_of, forms, of_village};
use crate::error::{Error, Result};

/// The kind of job that looks at families anew: `region:<village>` or `family:<id>`.
pub(crate) const JOB: &str = "evaluate";
/// Memberships that one transaction writes: SQLite's only writer must not be kept long.
const AT_ONCE: usize = 100;
/// Ids in one statement.
const IDS: usize = 500;
/// States of a membership in which it is somebody's.
const OPEN: [&str; 4] = ["candidate", "designated", "active", "suspended"];
/// How often one run looks again because another was faster; then the job waits for its next try.
const TRIES: u32 = 4;

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
    if objects.is_empty() {
        return Ok(());
    }
    // Nothing is asked for where no rule could answer.
    let any = rule::Entity::find()
        .select_only()
        .column(rule::Column::Id)
        .filter(rule::Column::State.eq("in_force"))
        .limit(1)
        .into_tuple::<Uuid>()
        .one(write.on())
        .await?;
    if any.is_none() {
        return Ok(());
    }
    for some in objects.chunks(IDS) {
        jobs::enqueue_each_at(write, JOB, some, at).await?;
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
    said_id: Option<Uuid>,
    said_hash: Option<Vec<u8>>,
}

/// What is kept sealed of an evaluation: what fired, by name and by the ids of its facts, and the sentences.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub registry_of: String,
    /// What fired.
    pub grounds: Vec<NamedGround>,
    pub reasons: Vec<EligibilityReason>,
}

impl Kept {
    /// The recorded facts that fired, each once.
    pub(super) fn facts(&self) -> Vec<FactId> {
        let facts: BTreeSet<FactId> = self.grounds.iter().flat_map(NamedGround::facts).collect();
        facts.into_iter().collect()
    }
}

/// An evaluation that is another than before.
struct New {
    membership: Uuid,
    family: Uuid,
    person: Option<Uuid>,
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

/// What a run found.
struct Looked {
    of: Of,
    /// Drawn before anything was read. A run whose number is higher has read what is newer, so it is never overwritten by
    /// one whose number is lower.
    turn: i64,
    new: Vec<New>,
    /// Present evaluations that say still what they said.
    same: Vec<Uuid>,
    /// Memberships of which no rule speaks any more, though one did.
    unruled: Vec<Uuid>,
}

/// What tells one result from another.
#[derive(Serialize)]
struct Fingerprint<'a> {
    family: FamilyId,
    person: Option<PersonId>,
    rule: RuleId,
    outcome: EligibilityOutcome,
    grounds: &'a [NamedGround],
}

/// Whose it is, the rule, what it found, and the values it found it by, each by its name. A visit with the same answers or
/// another address is no other result, so that what somebody looked into once does not come back for nothing.
fn fingerprint(of: &Fingerprint<'_>) -> Result<Vec<u8>> {
    // Through `Value`, whose maps are sorted: the same facts give the same bytes.
    let value = serde_json::to_value(of).map_err(Error::internal)?;
    let bytes = serde_json::to_vec(&value).map_err(Error::internal)?;
    Ok(Sha256::digest(bytes).to_vec())
}

/// The number of the document that shows the recorded fact which decided.
fn document(known: &Known, verdict: &Verdict) -> Option<String> {
    verdict.grounds.iter().find_map(|ground| {
        let Ground::Excluded(fact, _) = ground else {
            return None;
        };
        known.document_of(*fact).cloned()
    })
}

impl Acting {
    /// Looks at the families of a job anew, and keeps what is other than before. How many that was.
    ///
    /// # Errors
    /// When the database does not answer; `wrong_moment` when others were faster each time: the job is tried again.
    pub async fn evaluate(&self, object: &str) -> Result<u64> {
        let Some(of) = self.meant(object).await? else {
            return Ok(0);
        };
        for _ in 0..TRIES {
            let looked = self.look(of.clone()).await?;
            if let Some(count) = self.keep_all(looked).await? {
                return Ok(count);
            }
        }
        Err(Error::WRONG_MOMENT)
    }

    /// For a test: [`Acting::evaluate`], with something that happens between its reading and its writing. How many it kept;
    /// `None` when it has to look again.
    ///
    /// # Errors
    /// As above.
    #[cfg(any(test, feature = "testing"))]
    pub async fn evaluate_around(
        &self,
        object: &str,
        meanwhile: impl Future<Output = ()>,
    ) -> Result<Option<u64>> {
        let Some(of) = self.meant(object).await? else {
            return Ok(None);
        };
        let looked = self.look(of).await?;
        meanwhile.await;
        self.keep_all(looked).await
    }

    async fn meant(&self, object: &str) -> Result<Option<Of>> {
        if let Some(code) = object.strip_prefix("region:") {
            return Ok(Some(Of::Village(
                code.parse().map_err(Error::internal)?,
                None,
            )));
        }
        let id = object.strip_prefix("family:").unwrap_or_default();
        let id = id.split('@').next().unwrap_or_default();
        let id: FamilyId = id.parse().map_err(Error::internal)?;
        let home = family::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?;
        home.map(|home| {
            let village = home.region.parse().map_err(Error::internal)?;
            Ok(Of::Family(home.id, village))
        })
        .transpose()
    }

    /// The next number, before anything is read.
    async fn draw_turn(&self) -> Result<i64> {
        let row = self
            .store
            .writer()
            .query_one_raw(self.store.sql(
                "INSERT INTO evaluation_turn (id, turn) VALUES (1, 1) \
                 ON CONFLICT (id) DO UPDATE SET turn = evaluation_turn.turn + 1 RETURNING turn",
                [],
            ))
            .await?
            .ok_or_else(|| Error::internal("a number was not drawn"))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// What the rules in force say now, held against what is kept.
    async fn look(&self, of: Of) -> Result<Looked> {
        let turn = self.draw_turn().await?;
        let village = of.village().clone();
        let in_force = rule::Entity::find()
            .filter(rule::Column::State.eq("in_force"))
            .all(self.store.read())
            .await?;
        let forms = forms()?;
        let mut ready: BTreeMap<(String, String), (Uuid, ReadyRule)> = BTreeMap::new();
        for row in &in_force {
            let key = (row.program.clone(), row.regime.clone());
            if let Some(row) = of_village(&in_force, &row.program, &row.regime, &village)
                && !ready.contains_key(&key)
            {
                ready.insert(key, (row.id, ReadyRule::new(body_of(row)?, &forms)));
            }
        }
        let mut looked = Looked {
            of,
            turn,
            new: Vec::new(),
            same: Vec::new(),
            unruled: Vec::new(),
        };
        if ready.is_empty() {
            return Ok(looked);
        }
        let rules: Vec<&ReadyRule> = ready.values().map(|(_, rule)| rule).collect();
        let wanted = Wanted::by(rules.iter().copied());
        let at = self.store.now();
        let (which, values) = looked.of.condition();
        let text = format!(
            "SELECT m.id, m.family_id, m.person_id, m.program, e.id AS said_id, e.facts_hash AS said_hash \
             FROM family f JOIN membership m ON m.family_id = f.id \
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
        let known = self.store.known(&looked.of, wanted, &rules, at).await?;
        for mut known in known {
            for place in places.remove(&known.id).unwrap_or_default() {
                let Some((id, rule)) = ready.get(&(place.program.clone(), known.regime.clone()))
                else {
                    looked.unruled.extend(place.said_id.map(|_| place.id));
                    continue;
                };
                known.seen_from(place.person_id);
                let verdict = rule.evaluate(&known.facts);
                let grounds = rule.named(&known.facts, &verdict);
                let hash = fingerprint(&Fingerprint {
                    family: FamilyId(known.id),
                    person: place.person_id.map(PersonId),
                    rule: RuleId(*id),
                    outcome: verdict.outcome,
                    grounds: &grounds,
                })?;
                if let Some(said) = place.said_id
                    && place.said_hash.as_ref() == Some(&hash)
                {
                    looked.same.push(said);
                    continue;
                }
                known.open_for_words(&self.store, &village)?;
                looked.new.push(New {
                    membership: place.id,
                    family: known.id,
                    person: place.person_id,
                    program: place.program,
                    rule: *id,
                    outcome: verdict.outcome,
                    hash,
                    visit: known.visit,
                    kept: Kept {
                        registry_of: known.facts.registry_of.clone(),
                        reasons: rule.explain(&known.facts, &verdict),
                        grounds,
                    },
                    document: document(&known, &verdict),
                });
            }
        }
        Ok(looked)
    }

    /// Writes what was found; how many evaluations. `None` when another run was faster somewhere: look again.
    async fn keep_all(&self, looked: Looked) -> Result<Option<u64>> {
        let mut count = 0;
        let mut new = looked.new.into_iter();
        loop {
            let some: Vec<New> = new.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            count += self.keep(looked.of.village(), looked.turn, some).await?;
        }
        self.forget_ended(&looked.of, &looked.unruled).await?;
        // Those that say still the same were looked at too: a run that read before this one does not undo that. Where one
        // just did, its word is older than what was read here.
        let mut still = true;
        for some in looked.same.chunks(IDS) {
            let on = self.store.writer();
            still &= still_say(&self.store, on, looked.turn, some).await? == some.len();
        }
        Ok(still.then_some(count))
    }

    /// Keeps evaluations, and prepares a cancellation where one fails. Nothing else follows.
    async fn keep(&self, village: &RegionCode, turn: i64, new: Vec<New>) -> Result<u64> {
        let mut write = self.begin().await?;
        let at = write.at().as_micros();
        let ids: Vec<Uuid> = new.iter().map(|one| one.membership).collect();
        // Another worker may have been at the same family meanwhile, and by what was so later.
        let known: HashMap<Uuid, evaluation::Model> = evaluation::Entity::find()
            .filter(evaluation::Column::MembershipId.is_in(ids.iter().copied()))
            .filter(evaluation::Column::SupersededAt.is_null())
            .order_by_asc(evaluation::Column::Id)
            .lock_exclusive()
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.membership_id, row))
            .collect();
        let held: HashMap<Uuid, (Uuid, Option<Uuid>)> = membership::Entity::find()
            .filter(membership::Column::Id.is_in(ids))
            .filter(membership::Column::State.is_in(OPEN))
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.id, (row.family_id, row.person_id)))
            .collect();
        let mut same = Vec::new();
        let mut counts = |one: &New| {
            if held.get(&one.membership) != Some(&(one.family, one.person)) {
                return false;
            }
            let Some(present) = known.get(&one.membership) else {
                return true;
            };
            if present.facts_hash == one.hash {
                same.push(present.id);
                return false;
            }
            present.turn < turn
        };
        let new: Vec<New> = new.into_iter().filter(|one| counts(one)).collect();
        if !same.is_empty() {
            still_say(&self.store, write.on(), turn, &same).await?;
        }
        if new.is_empty() {
            write.commit().await?;
            return Ok(0);
        }
        let count = new.len() as u64;
        let ids: Vec<Uuid> = new.iter().map(|one| one.membership).collect();
        supersede(&write, &ids).await?;
        let replaced = obsolete(&write, &ids).await?;
        let (mut rows, mut prepared, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for one in new {
            let id: EvaluationId = write.store().ids().next();
            let body = serde_json::to_string(&one.kept).map_err(Error::internal)?;
            let mut said = serde_json::json!({ "evaluation": id,
                "membership": MembershipId(one.membership), "rule": RuleId(one.rule),
                "outcome": one.outcome, "codes": one.codes(), "facts": one.kept.facts() });
            if let Some(before) = replaced.get(&one.membership) {
                said["obsolete"] = serde_json::json!(PreparedId(*before));
            }
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
                    person_id: Set(one.person),
                    evaluation_id: Set(id.into()),
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
                person_id: Set(one.person),
                program: Set(one.program.clone()),
                rule_id: Set(one.rule),
                outcome: Set(one.outcome.to_string()),
                codes: Set(one.codes()),
                body_enc: Set(keys.encrypt_field("evaluation", "body", id.into(), &body)),
                facts_hash: Set(one.hash),
                visit_id: Set(one.visit),
                turn: Set(turn),
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
        write.commit().await?;
        Ok(count)
    }

    /// What waits for a place that is nobody's any more, or of which no rule speaks any more, waits for nothing. It stays
    /// where it can be read, and the journal says since when.
    async fn forget_ended(&self, of: &Of, unruled: &[Uuid]) -> Result<()> {
        let (which, values) = of.condition();
        let text = format!(
            "SELECT m.id FROM family f JOIN membership m ON m.family_id = f.id \
             JOIN prepared_cancellation p ON p.membership_id = m.id AND p.state = 'waiting' \
             WHERE {which} AND m.state NOT IN ('candidate', 'designated', 'active', 'suspended')"
        );
        let mut ended: Vec<Uuid> = Vec::new();
        for row in self
            .store
            .read()
            .query_all_raw(self.store.sql(&text, values))
            .await?
        {
            ended.push(row.try_get_by_index(0)?);
        }
        for (memberships, why) in [(ended.as_slice(), "ended"), (unruled, "no_rule")] {
            for some in memberships.chunks(IDS) {
                let mut write = self.begin().await?;
                if why == "no_rule" {
                    supersede(&write, some).await?;
                }
                let mut gone: Vec<PreparedId> = obsolete(&write, some)
                    .await?
                    .into_values()
                    .map(PreparedId)
                    .collect();
                gone.sort_unstable();
                if why == "ended" && gone.is_empty() {
                    continue;
                }
                write.journal(Entry::new(
                    "cancellation.obsolete",
                    format!("region:{}", of.village()),
                    Role::System,
                    None,
                    &serde_json::json!({ "prepared": gone, "why": why,
                        "memberships": some.iter().map(|id| MembershipId(*id)).collect::<Vec<_>>() }),
                )?);
                write.commit().await?;
            }
        }
        Ok(())
    }
}

/// Present evaluations say at this turn what they said; how many of them are the present ones still.
async fn still_say(
    store: &Store,
    on: &impl ConnectionTrait,
    turn: i64,
    evaluations: &[Uuid],
) -> Result<usize> {
    let mut values: Vec<Value> = vec![turn.into()];
    let mut places = Vec::with_capacity(evaluations.len());
    for id in evaluations {
        values.push((*id).into());
        places.push(format!("${}", values.len()));
    }
    let text = format!(
        "UPDATE evaluation SET turn = CASE WHEN turn < $1 THEN $1 ELSE turn END \
         WHERE superseded_at IS NULL AND id IN ({})",
        places.join(", ")
    );
    let done = on.execute_raw(store.sql(&text, values)).await?;
    usize::try_from(done.rows_affected()).map_err(Error::internal)
}

/// The present evaluations of some memberships are those before from now on.
async fn supersede(write: &Write, memberships: &[Uuid]) -> Result<()> {
    evaluation::Entity::update_many()
        .col_expr(
            evaluation::Column::SupersededAt,
            Expr::value(write.at().as_micros()),
        )
        .filter(evaluation::Column::MembershipId.is_in(memberships.iter().copied()))
        .filter(evaluation::Column::SupersededAt.is_null())
        .exec(write.on())
        .await?;
    Ok(())
}

/// What was prepared for some memberships and waits, waits no more: which, by membership.
async fn obsolete(write: &Write, memberships: &[Uuid]) -> Result<HashMap<Uuid, Uuid>> {
    let waiting: HashMap<Uuid, Uuid> = prepared_cancellation::Entity::find()
        .filter(prepared_cancellation::Column::MembershipId.is_in(memberships.iter().copied()))
        .filter(prepared_cancellation::Column::State.eq(PreparedState::Waiting.to_string()))
        .order_by_asc(prepared_cancellation::Column::Id)
        .lock_exclusive()
        .all(write.on())
        .await?
        .into_iter()
        .map(|row| (row.membership_id, row.id))
        .collect();
    if waiting.is_empty() {
        return Ok(waiting);
    }
    prepared_cancellation::Entity::update_many()
        .col_expr(
            prepared_cancellation::Column::State,
            Expr::value(PreparedState::Obsolete.to_string()),
        )
        .col_expr(
            prepared_cancellation::Column::DoneAt,
            Expr::value(write.at().as_micros()),
        )
        .col_expr(
            prepared_cancellation::Column::Version,
            Expr::col(prepared_cancellation::Column::Version).add(1),
        )
        .filter(prepared_cancellation::Column::Id.is_in(waiting.values().copied()))
        .exec(write.on())
        .await?;
    Ok(waiting)
}
