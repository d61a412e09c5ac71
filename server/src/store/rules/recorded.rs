//! Facts that somebody records about a family because a rule asks for them, and what the rules said of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use tilik_protocol::evaluation::{
    ChangeFact, EvaluationView, FactAppeal, FactView, FamilyEvaluations, RecordFact, RecordableFact,
};
use tilik_protocol::ids::{EvaluationId, FactId, FamilyId, MembershipId, PersonId, RuleId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::super::journal::{Entry, document_number, holds_personal_number};
use super::super::tables::{eligibility_fact, evaluation, family, person, rule};
use super::super::write::Seen;
use super::super::{Acting, Write};
use super::evaluating::{Kept, families_changed, family_changes_at};
use super::facts::SealedFact;
use super::{body_of, of_village};
use crate::error::{Error, Result};

/// Longest source and evidence.
const MOST_IN_TEXT: usize = 120;
/// Evaluations of a family that are told.
const MOST: u64 = 100;

fn told(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::field(field, "missing", "Isi bagian ini."));
    }
    if text.chars().count() > MOST_IN_TEXT {
        return Err(Error::field(
            field,
            "too_long",
            "Paling banyak 120 karakter.",
        ));
    }
    if holds_personal_number(text) {
        return Err(Error::field(
            field,
            "personal_number",
            "Ini tampak seperti NIK atau nomor KK; isi nomor dokumennya.",
        ));
    }
    Ok(text.to_owned())
}

impl Acting {
    async fn home(&self, id: FamilyId) -> Result<(family::Model, RegionCode)> {
        let home = family::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = home.region.parse().map_err(Error::internal)?;
        Ok((home, region))
    }

    /// What the rules in force for a family ask somebody to record.
    async fn recordable(&self, regime: &str, village: &RegionCode) -> Result<Vec<RecordableFact>> {
        let in_force = rule::Entity::find()
            .filter(rule::Column::State.eq("in_force"))
            .filter(rule::Column::Regime.eq(regime))
            .all(self.store.read())
            .await?;
        let mut known: BTreeMap<ReasonCode, RecordableFact> = BTreeMap::new();
        for row in &in_force {
            let counts = of_village(&in_force, &row.program, regime, village);
            if counts.is_none_or(|one| one.id != row.id) {
                continue;
            }
            let body = body_of(row)?;
            for one in body.exclusions {
                known.entry(one.code.clone()).or_insert(RecordableFact {
                    code: one.code,
                    label: one.label,
                    excludes: true,
                    evidence: Some(one.evidence),
                });
            }
            let components = body.components.into_iter().flat_map(|rule| rule.any_of);
            for one in components.filter(|one| one.recorded) {
                known.entry(one.code.clone()).or_insert(RecordableFact {
                    code: one.code,
                    label: one.label,
                    excludes: false,
                    evidence: None,
                });
            }
        }
        Ok(known.into_values().collect())
    }

    /// What the rules said of a family, and what was recorded of it. Logged as a read.
    ///
    /// # Errors
    /// `not_found`, `forbidden`.
    pub async fn family_evaluations(&self, id: FamilyId) -> Result<FamilyEvaluations> {
        let (home, village) = self.home(id).await?;
        let read = self.family_read(home.id, &village, "evaluations")?;
        let rows = evaluation::Entity::find()
            .filter(evaluation::Column::FamilyId.eq(home.id))
            .order_by_desc(evaluation::Column::At)
            .order_by_desc(evaluation::Column::Id)
            .limit(MOST)
            .all(self.store.read())
            .await?;
        let evaluations = self.evaluation_views(rows).await?;
        let recordable = self.recordable(&home.regime, &village).await?;
        let rows = eligibility_fact::Entity::find()
            .filter(eligibility_fact::Column::FamilyId.eq(home.id))
            .order_by_desc(eligibility_fact::Column::RecordedAt)
            .order_by_desc(eligibility_fact::Column::Id)
            .limit(MOST)
            .all(self.store.read())
            .await?;
        let facts = self.fact_views(rows, &recordable).await?;
        self.note_reads([read]).await?;
        Ok(FamilyEvaluations {
            evaluations,
            facts,
            recordable,
        })
    }

    /// Evaluations with their words and their rules'.
    pub(in crate::store) async fn evaluation_views(
        &self,
        rows: Vec<evaluation::Model>,
    ) -> Result<Vec<EvaluationView>> {
        let rules: HashMap<Uuid, (u32, String)> = rule::Entity::find()
            .filter(rule::Column::Id.is_in(rows.iter().map(|row| row.rule_id)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| Ok((row.id, (row.number.unsigned_abs(), body_of(&row)?.title))))
            .collect::<Result<_>>()?;
        let persons = self.person_names(rows.iter().filter_map(|row| row.person_id));
        let persons = persons.await?;
        rows.into_iter()
            .map(|row| {
                let plain = self
                    .store
                    .keys()
                    .decrypt_field("evaluation", "body", row.id, &row.body_enc)
                    .map_err(Error::internal)?;
                let kept: Kept = serde_json::from_str(&plain).map_err(Error::internal)?;
                let (rule_number, rule_title) =
                    rules.get(&row.rule_id).cloned().unwrap_or_default();
                Ok(EvaluationView {
                    id: EvaluationId(row.id),
                    membership: MembershipId(row.membership_id),
                    person: row.person_id.map(PersonId),
                    person_name: row.person_id.and_then(|id| persons.get(&id).cloned()),
                    program: row.program,
                    rule: RuleId(row.rule_id),
                    rule_number,
                    rule_title,
                    at: Timestamp::from_micros(row.at),
                    superseded_at: row.superseded_at.map(Timestamp::from_micros),
                    outcome: Lenient::read(&row.outcome),
                    facts: kept.facts(),
                    reasons: kept.reasons,
                })
            })
            .collect()
    }

    /// The names of persons. Whoever calls logs the read of their families.
    pub(super) async fn person_names(
        &self,
        persons: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, String>> {
        let persons: BTreeSet<Uuid> = persons.collect();
        if persons.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(Uuid, String)> = person::Entity::find()
            .select_only()
            .columns([person::Column::Id, person::Column::Name])
            .filter(person::Column::Id.is_in(persons))
            .into_tuple()
            .all(self.store.read())
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// Records a fact that a rule in force asks for; the family is looked at anew. What was doubted is not recorded once
    /// more beside its doubt; where the family was right, the same is recorded again by somebody else only.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `separation_of_duty`.
    pub async fn record_fact(&self, id: FamilyId, body: RecordFact) -> Result<FactView> {
        let (home, village) = self.home(id).await?;
        let role = self.actor.act_in(Permission::DecideCases, &village)?;
        let recordable = self.recordable(&home.regime, &village).await?;
        if !recordable.iter().any(|one| one.code == body.code) {
            return Err(Error::field(
                "code",
                "unknown",
                "Pilih fakta yang ditanyakan aturan yang berlaku.",
            ));
        }
        let source = told("source", &body.source)?;
        let evidence = told("evidence", &body.evidence)?;
        let document = body.document_number.as_deref().map(str::trim);
        let document = document.filter(|number| !number.is_empty());
        if let Some(number) = document {
            document_number(number)?;
        }
        let mut write = self.begin().await?;
        let from = body.valid_from.unwrap_or(write.at());
        if body.valid_until.is_some_and(|until| until <= from) {
            return Err(Error::field(
                "valid_until",
                "not_possible",
                "Isi waktu sesudah mulai berlakunya.",
            ));
        }
        if let Some(subject) = body.person {
            let member = person::Entity::find_by_id(Uuid::from(subject))
                .filter(person::Column::FamilyId.eq(home.id))
                .one(write.on())
                .await?;
            if member.is_none() {
                return Err(Error::field(
                    "person",
                    "unknown",
                    "Pilih anggota keluarga ini.",
                ));
            }
        }
        let object = format!("family:{id}");
        let fact: Uuid = body.event_id.into();
        // Under a key: the words of people are not to be guessed from what the journal keeps.
        let known = self.hashed(&body)?;
        if write
            .once(body.event_id, "fact.record", &object, &known)
            .await?
            == Seen::Now
        {
            self.refuse_around_appeal(&write, &home, &body).await?;
            let row = eligibility_fact::ActiveModel {
                // Of the event's own id: repeating it finds the same.
                id: Set(fact),
                version: Set(1),
                family_id: Set(home.id),
                person_id: Set(body.person.map(Into::into)),
                code: Set(body.code.to_string()),
                body_enc: Set(SealedFact { source, evidence }.seal(&self.store, fact)?),
                document_number: Set(document.map(str::to_owned)),
                valid_from: Set(from.as_micros()),
                valid_until: Set(body.valid_until.map(Timestamp::as_micros)),
                appeal: Set(FactAppeal::None.to_string()),
                recorded_by: Set(self.actor.user().map(Into::into)),
                recorded_at: Set(write.at().as_micros()),
                appealed_by: Set(None),
                appealed_at: Set(None),
                decided_by: Set(None),
                decided_at: Set(None),
            };
            eligibility_fact::Entity::insert(row)
                .exec_without_returning(write.on())
                .await?;
            write.journal(Entry::new(
                "fact.record",
                object,
                role,
                Some(body.event_id),
                &serde_json::json!({ "fact": FactId(fact), "code": body.code, "person": body.person,
                    "document_number": document, "valid_from": from, "valid_until": body.valid_until }),
            )?);
            families_changed(&write, &[home.id]).await?;
            let turns = [Some(from), body.valid_until];
            for turn in turns
                .into_iter()
                .flatten()
                .filter(|turn| *turn > write.at())
            {
                family_changes_at(&write, home.id, fact, turn.as_micros()).await?;
            }
            write.commit().await?;
        } else {
            drop(write);
        }
        self.fact(fact, &home.regime, &village).await
    }

    async fn fact(&self, id: Uuid, regime: &str, village: &RegionCode) -> Result<FactView> {
        let row = eligibility_fact::Entity::find_by_id(id)
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let recordable = self.recordable(regime, village).await?;
        let mut views = self.fact_views(vec![row], &recordable).await?;
        views.pop().ok_or(Error::NOT_FOUND)
    }

    /// Nobody gets round an appeal by recording the same once more.
    async fn refuse_around_appeal(
        &self,
        write: &Write,
        home: &family::Model,
        body: &RecordFact,
    ) -> Result<()> {
        let person = body.person.map(Uuid::from);
        // What is said of the whole family is said of each of it, and the other way round.
        let same = |row: &eligibility_fact::Model| {
            row.person_id.is_none() || person.is_none() || row.person_id == person
        };
        let before = eligibility_fact::Entity::find()
            .filter(eligibility_fact::Column::FamilyId.eq(home.id))
            .filter(eligibility_fact::Column::Code.eq(body.code.as_str()))
            .all(write.on())
            .await?;
        for row in before.into_iter().filter(same) {
            let appeal: FactAppeal = row.appeal.parse().map_err(Error::internal)?;
            match appeal {
                FactAppeal::Filed => {
                    return Err(Error::field(
                        "code",
                        "appealed",
                        "Fakta ini sudah tercatat dan keberatannya belum diputus; putuskan dahulu keberatannya.",
                    ));
                }
                FactAppeal::Upheld => {
                    self.refuse_own_matter(write.on(), &[row.recorded_by])
                        .await?;
                }
                FactAppeal::None | FactAppeal::Dismissed => {}
            }
        }
        Ok(())
    }

    /// The family doubts a fact, the doubt is decided, or the fact is over. Who recorded it, or took the doubt down, does not
    /// say who was right; a doubt that was filed is decided and never made undone, not by the end of the fact either.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `stale`, `separation_of_duty`.
    pub async fn change_fact(&self, id: FactId, body: ChangeFact) -> Result<FactView> {
        let mut write = self.begin().await?;
        let row = eligibility_fact::Entity::find_by_id(Uuid::from(id))
            .lock_exclusive()
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let home = family::Entity::find_by_id(row.family_id)
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let village: RegionCode = home.region.parse().map_err(Error::internal)?;
        let role = self.actor.act_in(Permission::DecideCases, &village)?;
        if body.appeal.is_none() && !body.end {
            return Err(Error::field(
                "appeal",
                "missing",
                "Isi keadaan keberatannya, atau akhiri faktanya.",
            ));
        }
        let object = format!("family:{}", FamilyId(home.id));
        if write
            .once(body.event_id, "fact.change", &object, &body)
            .await?
            == Seen::Now
        {
            if row.version != body.seen_version {
                return Err(Error::Stale {
                    current_version: row.version,
                });
            }
            let now: FactAppeal = row.appeal.parse().map_err(Error::internal)?;
            if body.appeal.is_some_and(FactAppeal::is_word_on_it) {
                self.refuse_own_matter(write.on(), &[row.recorded_by, row.appealed_by])
                    .await?;
            }
            if body.appeal.is_some_and(|next| !now.leads_to(next)) {
                return Err(Error::field(
                    "appeal",
                    "not_possible",
                    "Keberatan dicatat sekali, lalu diputus; keberatan yang sudah dicatat tidak dapat dihapus.",
                ));
            }
            if body.end && (now == FactAppeal::Filed || body.appeal.is_some()) {
                return Err(Error::field(
                    "end",
                    "appealed",
                    "Putuskan dahulu keberatan keluarga; sesudah itu fakta dapat diakhiri.",
                ));
            }
            if row
                .valid_until
                .is_some_and(|until| until <= write.at().as_micros())
            {
                return Err(Error::WRONG_MOMENT);
            }
            let mut row = row;
            row.version += 1;
            if let Some(appeal) = body.appeal {
                row.appeal = appeal.to_string();
                let (by, at) = (self.actor.user(), write.at().as_micros());
                let (who, when) = if appeal.is_word_on_it() {
                    (&mut row.decided_by, &mut row.decided_at)
                } else {
                    (&mut row.appealed_by, &mut row.appealed_at)
                };
                (*who, *when) = (by.map(Into::into), Some(at));
            }
            if body.end {
                row.valid_until = Some(write.at().as_micros());
            }
            let mut active = row.into_active_model().reset_all();
            active.id = Set(id.into());
            active.update(write.on()).await?;
            write.journal(Entry::new(
                "fact.change",
                object,
                role,
                Some(body.event_id),
                &serde_json::json!({ "fact": id, "appeal": body.appeal, "end": body.end }),
            )?);
            families_changed(&write, &[home.id]).await?;
            write.commit().await?;
        } else {
            drop(write);
        }
        self.fact(id.into(), &home.regime, &village).await
    }
}

impl Acting {
    async fn fact_views(
        &self,
        rows: Vec<eligibility_fact::Model>,
        recordable: &[RecordableFact],
    ) -> Result<Vec<FactView>> {
        let people = rows
            .iter()
            .flat_map(|row| [row.recorded_by, row.decided_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let persons = self.person_names(rows.iter().filter_map(|row| row.person_id));
        let persons = persons.await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            // Asked of those alone that wait for somebody's word.
            let may_decide = row.appeal == FactAppeal::Filed.to_string() && {
                let own = [row.recorded_by, row.appealed_by];
                match self.refuse_own_matter(self.store.read(), &own).await {
                    Ok(()) => true,
                    Err(Error::Refused(_)) => false,
                    Err(error) => return Err(error),
                }
            };
            let words = SealedFact::open(&self.store, row.id, &row.body_enc)?;
            let code: ReasonCode = row.code.parse().map_err(Error::internal)?;
            let label = recordable.iter().find(|one| one.code == code);
            let label = label.map_or_else(
                || tilik_protocol::reason::label(&code).to_owned(),
                |one| one.label.clone(),
            );
            views.push(FactView {
                id: FactId(row.id),
                version: row.version,
                label,
                code,
                person: row.person_id.map(PersonId),
                person_name: row.person_id.and_then(|id| persons.get(&id).cloned()),
                source: words.source,
                evidence: words.evidence,
                document_number: row.document_number,
                valid_from: Timestamp::from_micros(row.valid_from),
                valid_until: row.valid_until.map(Timestamp::from_micros),
                appeal: Lenient::read(&row.appeal),
                may_decide,
                recorded_by_name: row.recorded_by.and_then(|id| names.get(&id).cloned()),
                recorded_at: Timestamp::from_micros(row.recorded_at),
                appealed_at: row.appealed_at.map(Timestamp::from_micros),
                decided_by_name: row.decided_by.and_then(|id| names.get(&id).cloned()),
                decided_at: row.decided_at.map(Timestamp::from_micros),
            });
        }
        Ok(views)
    }
}
