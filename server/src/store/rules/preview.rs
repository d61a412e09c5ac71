//! Before a rule counts: who would change, and why. Both rules are held against the same facts in one pass, village by
//! village, two villages at a time; nothing is kept and nothing is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect as _,
};
use tilik_protocol::evaluation::{EligibilityOutcome, ReadyRule};
use tilik_protocol::ids::{FamilyId, MembershipId, RuleId};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{
    RuleChange, RuleForetold, RulePreview, RuleReason, RuleTurn, RuleVillage,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::access::{Mode, Read};
use super::super::tables::{family, region, rule};
use super::super::{Acting, Store, in_regions};
use super::facts::{Known, Of, Wanted};
use super::{body_of, forms, of_village, region_of};
use crate::error::{Error, Result};

/// Villages that are looked at side by side: as many as the smallest server has cores.
const AT_ONCE: usize = 2;
/// Families that one page of changes looks at, about: a page may be short, and says where it goes on.
const LOOKED_AT: usize = 50_000;

/// Which of those that would change.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// By the rule in force.
    pub from: Option<EligibilityOutcome>,
    /// By the new one.
    pub to: Option<EligibilityOutcome>,
    /// Only who has a place in the program.
    pub members: bool,
    /// Who they are and every reason, where whoever asks may read that; each is logged as a read.
    pub names: bool,
}

/// How many change, by what the new rule says and why: with a place, and without.
type Reasons = BTreeMap<(EligibilityOutcome, ReasonCode), (u64, u64)>;

type Turn = (Option<EligibilityOutcome>, EligibilityOutcome);

/// A rule held against the one in force.
#[derive(Debug)]
struct Against {
    program: String,
    regime: String,
    /// Where the new rule would count.
    place: RegionCode,
    new: ReadyRule,
    in_force: Vec<(rule::Model, ReadyRule)>,
}

#[derive(FromQueryResult)]
struct Holder {
    id: Uuid,
    family_id: Uuid,
    person_id: Option<Uuid>,
}

/// A change, and whose place it is where that may be told.
struct Found {
    change: RuleChange,
    person: Option<Uuid>,
}

/// One family or place that was held against both rules.
struct Held {
    membership: Option<Uuid>,
    person: Option<Uuid>,
    turn: Turn,
    /// What decided it; nothing of who stays as they are.
    why: Vec<ReasonCode>,
}

impl Against {
    /// The rule in force in a village; none when the new one would not count there.
    #[expect(
        clippy::option_option,
        reason = "no rule in force is another thing than one that goes before the new one"
    )]
    fn before(&self, village: &RegionCode) -> Option<Option<&ReadyRule>> {
        let rows: Vec<rule::Model> = self.in_force.iter().map(|(row, _)| row.clone()).collect();
        let Some(row) = of_village(&rows, &self.program, &self.regime, village) else {
            return Some(None);
        };
        if row.region.len() > self.place.as_str().len() {
            return None;
        }
        let known = self.in_force.iter().find(|(known, _)| known.id == row.id);
        Some(known.map(|(_, ready)| ready))
    }

    fn held(
        &self,
        before: Option<&ReadyRule>,
        known: &Known,
        (membership, person): (Option<Uuid>, Option<Uuid>),
    ) -> Held {
        let from = before.map(|rule| rule.evaluate(&known.facts).outcome);
        let verdict = self.new.evaluate(&known.facts);
        let why = if from == Some(verdict.outcome) {
            Vec::new()
        } else {
            self.new.why(&verdict)
        };
        Held {
            membership,
            person,
            turn: (from, verdict.outcome),
            why,
        }
    }
}

impl Store {
    /// Every family of a village, with each place it has in the program, held against both rules.
    async fn hold(
        &self,
        against: &Against,
        village: &RegionCode,
        at: Timestamp,
    ) -> Result<Vec<(Known, Vec<Held>)>> {
        let Some(before) = against.before(village) else {
            return Ok(Vec::new());
        };
        let both: Vec<&ReadyRule> = before.into_iter().chain([&against.new]).collect();
        let of = Of::Village(village.clone(), Some(against.regime.clone()));
        let wanted = Wanted::by(both.iter().copied());
        let known = self.known(&of, wanted, &both, at).await?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let (which, mut values) = of.condition();
        let text = format!(
            "SELECT m.id, m.family_id, m.person_id FROM family f JOIN membership m ON m.family_id = f.id \
             WHERE {which} AND m.program = ${} \
             AND m.state IN ('candidate', 'designated', 'active', 'suspended')",
            values.len() + 1
        );
        values.push(against.program.as_str().into());
        let mut places: HashMap<Uuid, Vec<(Uuid, Option<Uuid>)>> = HashMap::new();
        for row in Holder::find_by_statement(self.sql(&text, values))
            .all(self.read())
            .await?
        {
            let of_family = places.entry(row.family_id).or_default();
            of_family.push((row.id, row.person_id));
        }
        let held = known.into_iter().map(|mut known| {
            let mut held = Vec::with_capacity(1);
            for (membership, person) in places.remove(&known.id).unwrap_or_default() {
                known.seen_from(person);
                held.push(against.held(before, &known, (Some(membership), person)));
            }
            if held.is_empty() {
                known.seen_from(None);
                held.push(against.held(before, &known, (None, None)));
            }
            (known, held)
        });
        Ok(held.collect())
    }
}

impl Store {
    /// One at a time, and few that wait: each reads a whole city.
    async fn turn_to_preview(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let _place = self
            .inner
            .waiting_to_preview
            .try_acquire()
            .map_err(|_| Error::Wait {
                code: ProblemCode::TooManyRequests,
                retry_after_s: 10,
            })?;
        self.inner.previews.acquire().await.map_err(Error::internal)
    }
}

fn turns(counts: &BTreeMap<Turn, (u64, u64)>) -> Vec<RuleTurn> {
    let turn = |((from, to), (members, others)): (&Turn, &(u64, u64))| RuleTurn {
        from: from.map(Into::into),
        to: (*to).into(),
        members: *members,
        others: *others,
    };
    counts.iter().map(turn).collect()
}

impl Acting {
    /// A rule that this person may look into before it counts.
    async fn rule_to_try(&self, id: RuleId) -> Result<rule::Model> {
        let row = rule::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_of(&row)?;
        let may = |permission| self.actor.may_in(permission, &region);
        if self.actor.is_system() {
            return Ok(row);
        }
        if !may(Permission::ConfirmImports) && !may(Permission::ReadJournal) {
            self.acts_on_rules(Permission::Import, &region)?;
        }
        Ok(row)
    }

    async fn against(&self, row: &rule::Model) -> Result<Against> {
        let forms = forms()?;
        let in_force = rule::Entity::find()
            .filter(rule::Column::Program.eq(&row.program))
            .filter(rule::Column::Regime.eq(&row.regime))
            .filter(rule::Column::State.eq("in_force"))
            .filter(rule::Column::Id.ne(row.id))
            .all(self.store.read())
            .await?;
        let in_force = in_force
            .into_iter()
            .map(|row| Ok((row.clone(), ReadyRule::new(body_of(&row)?, &forms))))
            .collect::<Result<_>>()?;
        Ok(Against {
            program: row.program.clone(),
            regime: row.regime.clone(),
            place: region_of(row)?,
            new: ReadyRule::new(body_of(row)?, &forms),
            in_force,
        })
    }

    async fn villages_within(&self, place: &RegionCode) -> Result<Vec<(RegionCode, String)>> {
        let rows: Vec<(String, String)> = region::Entity::find()
            .select_only()
            .columns([region::Column::Code, region::Column::Name])
            .filter(in_regions(
                region::Column::Code,
                std::slice::from_ref(place),
            ))
            .order_by_asc(region::Column::Code)
            .into_tuple()
            .all(self.store.read())
            .await?;
        rows.into_iter()
            .map(|(code, name)| Ok((code.parse().map_err(Error::internal)?, name)))
            .collect()
    }

    /// Who would change if this rule came in force, counted.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn rule_preview(&self, id: RuleId) -> Result<RulePreview> {
        let row = self.rule_to_try(id).await?;
        self.counted(&row).await
    }

    pub(super) async fn counted(&self, row: &rule::Model) -> Result<RulePreview> {
        let _turn = self.store.turn_to_preview().await?;
        let against = Arc::new(self.against(row).await?);
        let at = self.store.now();
        let villages = self.villages_within(&against.place).await?;
        let count = |(village, name): (RegionCode, String)| {
            let (store, against) = (self.store.clone(), against.clone());
            // A task of its own, so that two cores count.
            let counting = tokio::spawn(async move {
                let mut counts: BTreeMap<Turn, (u64, u64)> = BTreeMap::new();
                let (mut families, mut reasons) = (0_u64, Reasons::new());
                for (_, held) in store.hold(&against, &village, at).await? {
                    families += 1;
                    for one in held {
                        let count = counts.entry(one.turn).or_default();
                        match one.membership {
                            Some(_) => count.0 += 1,
                            None => count.1 += 1,
                        }
                        for code in one.why {
                            let count = reasons.entry((one.turn.1, code)).or_default();
                            match one.membership {
                                Some(_) => count.0 += 1,
                                None => count.1 += 1,
                            }
                        }
                    }
                }
                Ok::<_, Error>((village, name, families, counts, reasons))
            });
            async move { counting.await.map_err(Error::internal)? }
        };
        let counted: Vec<_> = stream::iter(villages)
            .map(count)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut all: BTreeMap<Turn, (u64, u64)> = BTreeMap::new();
        let mut told = Vec::new();
        let mut foretold = RuleForetold {
            families: 0,
            changed: 0,
            losing: 0,
        };
        let mut why = Reasons::new();
        for (region, name, families, counts, reasons) in counted {
            for (of, (members, others)) in reasons {
                let sum = why.entry(of).or_default();
                sum.0 += members;
                sum.1 += others;
            }
            if families == 0 {
                continue;
            }
            foretold.families += families;
            for ((from, to), (members, others)) in &counts {
                if *from != Some(*to) {
                    foretold.changed += members + others;
                    if *to == EligibilityOutcome::Ineligible {
                        foretold.losing += members;
                    }
                }
                let sum = all.entry((*from, *to)).or_default();
                sum.0 += members;
                sum.1 += others;
            }
            told.push(RuleVillage {
                region,
                name,
                families,
                turns: turns(&counts),
            });
        }
        let same_place = against
            .in_force
            .iter()
            .find(|(known, _)| known.region == row.region);
        Ok(RulePreview {
            rule: RuleId(row.id),
            version: row.version,
            against: same_place.map(|(known, _)| RuleId(known.id)),
            at,
            foretold,
            turns: turns(&all),
            reasons: why
                .into_iter()
                .map(|((to, code), (members, others))| RuleReason {
                    to: to.into(),
                    label: against.new.body().label(&code),
                    code,
                    members,
                    others,
                })
                .collect(),
            villages: told,
        })
    }

    /// Who would change, family by family, a page at a time: where and by which codes. Who they are, and what is known of
    /// them, is told to who may read it and asks for it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `bad_cursor`, `too_many_requests`.
    pub async fn rule_changes(
        &self,
        id: RuleId,
        filter: &ChangeFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RuleChange>> {
        let row = self.rule_to_try(id).await?;
        let bad = || Error::Refused(ProblemCode::BadCursor);
        let after = after
            .map(|after| {
                let (village, family) = after.split_once('_').ok_or_else(bad)?;
                let village: RegionCode = village.parse().map_err(|_| bad())?;
                Ok::<_, Error>((village, Uuid::parse_str(family).map_err(|_| bad())?))
            })
            .transpose()?;
        let _turn = self.store.turn_to_preview().await?;
        let against = self.against(&row).await?;
        let at = self.store.now();
        let asked = filter.region.as_ref();
        let mut items: Vec<Found> = Vec::new();
        let mut looked_at = 0;
        for (village, _) in self.villages_within(&against.place).await? {
            let is_past = after.as_ref().is_some_and(|(last, _)| village < *last);
            if is_past || asked.is_some_and(|asked| !asked.covers(&village)) {
                continue;
            }
            let named = filter.names && self.reading_in(&village).is_ok();
            for (mut known, held) in self.store.hold(&against, &village, at).await? {
                let seen = after
                    .as_ref()
                    .is_some_and(|(last, family)| *last == village && known.id <= *family);
                if seen {
                    continue;
                }
                looked_at += 1;
                for one in &held {
                    let (from, to) = one.turn;
                    let fits = from != Some(to)
                        && (filter.from.is_none() || filter.from == from)
                        && filter.to.is_none_or(|asked| asked == to)
                        && (!filter.members || one.membership.is_some());
                    if !fits {
                        continue;
                    }
                    let reasons = if named {
                        known.seen_from(one.person);
                        known.open_for_words(&self.store, &village)?;
                        let verdict = against.new.evaluate(&known.facts);
                        against.new.explain(&known.facts, &verdict)
                    } else {
                        Vec::new()
                    };
                    let labels = one.why.iter().map(|code| against.new.body().label(code));
                    let change = RuleChange {
                        family: named.then_some(FamilyId(known.id)),
                        name: None,
                        person_name: None,
                        region: village.clone(),
                        member: one.membership.is_some(),
                        membership: one.membership.filter(|_| named).map(MembershipId),
                        from: from.map(Into::into),
                        to: to.into(),
                        labels: labels.collect(),
                        codes: one.why.clone(),
                        reasons: reasons.into_iter().map(|one| one.sentence).collect(),
                    };
                    items.push(Found {
                        change,
                        person: one.person.filter(|_| named),
                    });
                }
                if items.len() >= limit || looked_at >= LOOKED_AT {
                    let next = Some(format!("{village}_{}", known.id));
                    let items = self.with_names(items).await?;
                    return Ok(Page { items, next });
                }
            }
        }
        let items = self.with_names(items).await?;
        Ok(Page { items, next: None })
    }

    /// Names of those whose family is told, each logged as a read.
    async fn with_names(&self, items: Vec<Found>) -> Result<Vec<RuleChange>> {
        let families: BTreeSet<Uuid> = items
            .iter()
            .filter_map(|one| one.change.family.map(Uuid::from))
            .collect();
        let names: HashMap<Uuid, String> = if families.is_empty() {
            HashMap::new()
        } else {
            family::Entity::find()
                .select_only()
                .columns([family::Column::Id, family::Column::Name])
                .filter(family::Column::Id.is_in(families))
                .into_tuple()
                .all(self.store.read())
                .await?
                .into_iter()
                .collect()
        };
        let persons = self.person_names(items.iter().filter_map(|one| one.person));
        let persons = persons.await?;
        let (mut told, mut reads) = (Vec::with_capacity(items.len()), Vec::new());
        for Found { mut change, person } in items {
            if let Some(family) = change.family {
                change.name = names.get(&Uuid::from(family)).cloned();
                change.person_name = person.and_then(|id| persons.get(&id).cloned());
                reads.push(Read {
                    kind: "family",
                    id: family.into(),
                    what: "rule_change",
                    mode: Mode::Seen,
                    role: self.reading_in(&change.region)?,
                    purpose: None,
                });
            }
            told.push(change);
        }
        self.note_reads(reads).await?;
        Ok(told)
    }
}
