//! Padankan: whether the civil registry knows somebody as we do. Asked for by people, answered by the feed, signed, over HTTP
//! or by a file out and a file in. A person waits once, however often they are asked about, and an answer is about what was
//! asked: when NIK, name or birth date change, it says so and counts no more.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tilik_protocol::ids::{FamilyId, MatchId, PersonId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::population::{
    AnswersTaken, AskMatches, Channel, MOST_ANSWERS, MOST_MATCHED, MatchAnswer, MatchAnswers,
    MatchField, MatchQuestion, MatchResult, MatchView, MatchesAsked, Seal, TakeQuestions,
};
use tilik_protocol::problem::{FieldProblem, ProblemCode};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::intake::{Speaks, checked, use_nonce};
use crate::config::FeedKey;
use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::cursor::{Place, cut};
use crate::store::families::{purpose_of, region_code};
use crate::store::journal::Entry;
use crate::store::tables::{family, match_request, person};
use crate::store::write::Seen;
use crate::store::{Acting, Store, Write, in_regions};

/// Questions in one answer to the civil registry, or one file.
const IN_FILE: u64 = 200;

/// What is asked about somebody.
struct Asked {
    nik: String,
    birth_date: Option<String>,
    /// Of this and of nothing else the answer speaks.
    key: Vec<u8>,
}

/// What would be asked about somebody now; nothing of who has no NIK.
fn asked_of(store: &Store, row: &person::Model) -> Result<Option<Asked>> {
    let keys = store.keys();
    let clear = |column: &str, sealed: Option<&Vec<u8>>| {
        sealed
            .map(|sealed| keys.decrypt_field("person", column, row.id, sealed))
            .transpose()
            .map(|plain| plain.map(|plain| plain.to_string()))
            .map_err(Error::internal)
    };
    let Some(nik) = clear("nik", row.nik_enc.as_ref())? else {
        return Ok(None);
    };
    let birth_date = clear("birth_date", row.birth_date_enc.as_ref())?;
    let born = birth_date.as_deref().unwrap_or_default();
    let key = keys.blind_body(&format!("match|{nik}|{}|{born}", row.name));
    Ok(Some(Asked {
        nik,
        birth_date,
        key: key.to_vec(),
    }))
}

/// What was asked about these goes along to the village where they live now.
pub(in crate::store) async fn follow(
    write: &Write,
    members: &[Uuid],
    to: &RegionCode,
) -> Result<()> {
    match_request::Entity::update_many()
        .col_expr(match_request::Column::Region, Expr::value(to.to_string()))
        .filter(match_request::Column::PersonId.is_in(members.iter().copied()))
        .exec(write.on())
        .await?;
    Ok(())
}

/// Two rows were one person: what was answered about either is known of who stays, and about the other nobody is asked.
pub(in crate::store) async fn made_one(write: &Write, gone: Uuid, stays: Uuid) -> Result<()> {
    match_request::Entity::delete_many()
        .filter(match_request::Column::PersonId.eq(gone))
        .filter(match_request::Column::AnsweredAt.is_null())
        .exec(write.on())
        .await?;
    match_request::Entity::update_many()
        .col_expr(match_request::Column::PersonId, Expr::value(stays))
        .filter(match_request::Column::PersonId.eq(gone))
        .exec(write.on())
        .await?;
    Ok(())
}

fn wrong(n: usize, field: &str, remedy: &str) -> FieldProblem {
    FieldProblem {
        field: format!("answers[{n}].{field}"),
        code: "unknown".to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// What an answer says, when all its words are known.
fn read_answer(
    n: usize,
    answer: &MatchAnswer,
) -> Result<(MatchResult, Vec<MatchField>), FieldProblem> {
    let result = answer.result.known().ok_or_else(|| {
        let remedy = "Tulis matched, mismatched atau not_found.";
        wrong(n, "result", remedy)
    })?;
    let mut differs = Vec::new();
    for field in &answer.differs {
        let known = field.known();
        differs.push(known.ok_or_else(|| wrong(n, "differs", "Tulis name atau birth_date."))?);
    }
    differs.sort();
    differs.dedup();
    if !differs.is_empty() && result != MatchResult::Mismatched {
        let remedy = "Isi hanya bila result mismatched.";
        return Err(wrong(n, "differs", remedy));
    }
    Ok((result, differs))
}

impl Acting {
    /// Asks whether some persons, and the living of some families, are known to the civil registry as they are here.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `event_reused`.
    pub async fn ask_matches(&self, body: AskMatches) -> Result<MatchesAsked> {
        self.actor.require(Permission::MaintainFamilies)?;
        if !(1..=MOST_MATCHED).contains(&(body.families.len() + body.persons.len())) {
            return Err(Error::field(
                "families",
                "length",
                "Pilih 1 sampai 200 keluarga atau orang.",
            ));
        }
        let mut write = self.begin().await?;
        let seen = write
            .once(body.event_id, "match.ask", "matches", &body)
            .await?;
        let families: HashSet<Uuid> = body.families.iter().map(|id| Uuid::from(*id)).collect();
        let wanted: HashSet<Uuid> = body.persons.iter().map(|id| Uuid::from(*id)).collect();
        let of_these = Condition::any()
            .add(person::Column::FamilyId.is_in(families.iter().copied()))
            .add(person::Column::Id.is_in(wanted.iter().copied()));
        let members = person::Entity::find()
            .filter(of_these)
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .all(write.on())
            .await?;
        let here = |id: &Uuid| members.iter().any(|one| one.id == *id);
        if !wanted.iter().all(here) {
            return Err(Error::NOT_FOUND);
        }
        let mut homes = families.clone();
        homes.extend(members.iter().map(|one| one.family_id));
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(homes.iter().copied()))
            .order_by_asc(family::Column::Id)
            .all(write.on())
            .await?;
        if rows.len() != homes.len() {
            return Err(Error::NOT_FOUND);
        }
        let mut role = None;
        let mut regions: HashMap<Uuid, String> = HashMap::new();
        for row in rows {
            let region = region_code(&row.region)?;
            role = Some(self.actor.act_in(Permission::MaintainFamilies, &region)?);
            write.acts_in(region);
            if row.closed_at.is_some() && seen == Seen::Now {
                return Err(Error::field(
                    "families",
                    "closed",
                    "Salah satu keluarga ini sudah ditutup; pilih keluarga yang masih tercatat.",
                ));
            }
            regions.insert(row.id, row.region);
        }
        if seen == Seen::Before {
            let asked = match_request::Entity::find()
                .filter(match_request::Column::EventId.eq(Uuid::from(body.event_id)))
                .count(write.on())
                .await?;
            return Ok(MatchesAsked {
                asked: u32::try_from(asked).unwrap_or(u32::MAX),
                ..MatchesAsked::default()
            });
        }
        let lives: HashMap<Uuid, Uuid> =
            members.iter().map(|one| (one.id, one.family_id)).collect();
        let living = members.into_iter().filter(|one| one.alive);
        let asked = self.put_questions(&write, &body, living, &regions).await?;
        let role = role.ok_or(Error::NOT_FOUND)?;
        // A line each, where each family lies.
        for home in regions.keys().copied().collect::<BTreeSet<_>>() {
            let of_it: Vec<_> = body
                .persons
                .iter()
                .filter(|id| lives.get(&Uuid::from(**id)) == Some(&home))
                .collect();
            write.journal(Entry::new(
                "match.ask",
                format!("family:{}", FamilyId(home)),
                role,
                Some(body.event_id),
                &serde_json::json!({ "persons": of_it, "whole": families.contains(&home) }),
            )?);
        }
        write.commit().await?;
        Ok(asked)
    }

    async fn put_questions(
        &self,
        write: &Write,
        body: &AskMatches,
        living: impl Iterator<Item = person::Model>,
        regions: &HashMap<Uuid, String>,
    ) -> Result<MatchesAsked> {
        let mut asked = MatchesAsked::default();
        for member in living {
            let Some(question) = asked_of(&self.store, &member)? else {
                asked.without_nik += 1;
                continue;
            };
            let waits = match_request::Entity::find()
                .filter(match_request::Column::PersonId.eq(member.id))
                .filter(match_request::Column::AnsweredAt.is_null())
                .lock_exclusive()
                .one(write.on())
                .await?;
            if let Some(waits) = waits {
                if waits.asked_key == question.key {
                    asked.waiting += 1;
                    continue;
                }
                // What was asked is not so any more, and nobody was told an answer: the new question takes its place.
                match_request::Entity::delete_by_id(waits.id)
                    .exec(write.on())
                    .await?;
            }
            let id: MatchId = self.store.ids().next();
            let ask = match_request::ActiveModel {
                id: Set(id.into()),
                person_id: Set(member.id),
                family_id: Set(member.family_id),
                region: Set(regions.get(&member.family_id).cloned().unwrap_or_default()),
                asked_by: Set(self.actor.person_id()?.into()),
                asked_at: Set(write.at().as_micros()),
                event_id: Set(body.event_id.into()),
                asked_key: Set(question.key),
                result: Set(None),
                differs: Set(None),
                answered_at: Set(None),
                feed: Set(None),
            };
            // Two who ask in one moment ask once.
            let new = match_request::Entity::insert(ask)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(write.on())
                .await?;
            if new == 0 {
                asked.waiting += 1;
            } else {
                asked.asked += 1;
            }
        }
        Ok(asked)
    }

    /// What was asked about persons in reach, newest first; of one family when it is named, or only what waits.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn matches(
        &self,
        family: Option<FamilyId>,
        waiting: bool,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MatchView>> {
        use match_request::Column as C;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = match_request::Entity::find().filter(in_regions(C::Region, &mine));
        if let Some(family) = family {
            // By who they are: after a split they are another family's.
            let members: Vec<Uuid> = person::Entity::find()
                .select_only()
                .column(person::Column::Id)
                .filter(person::Column::FamilyId.eq(Uuid::from(family)))
                .into_tuple()
                .all(self.store.read())
                .await?;
            query = query.filter(C::PersonId.is_in(members));
        }
        if waiting {
            // Of who died or became another row nobody is asked any more.
            query = query.filter(C::AnsweredAt.is_null()).filter(Expr::cust(
                "EXISTS (SELECT 1 FROM person q WHERE q.id = match_request.person_id \
                 AND q.alive AND q.merged_into IS NULL)",
            ));
        }
        if let Some(after) = after {
            query = query.filter(Place::read(after)?.before(C::AskedAt, C::Id));
        }
        let mut rows = query
            .order_by_desc(C::AskedAt)
            .order_by_desc(C::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let next = cut(&mut rows, limit, |row| Place::of(row.asked_at, row.id));
        let persons = self.persons_by_id(&rows).await?;
        let askers = rows.iter().map(|row| row.asked_by).collect();
        let names = self.store.names_of(askers).await?;
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let region = region_code(&row.region)?;
            let who = persons.get(&row.person_id);
            let now = who.map(|who| asked_of(&self.store, who)).transpose()?;
            let changed = now.flatten().is_none_or(|now| now.key != row.asked_key);
            let family = who.map_or(row.family_id, |who| who.family_id);
            reads.push(Read {
                kind: "family",
                id: family,
                what: "match_result",
                mode: Mode::Seen,
                role: self.reading_in(&region)?,
                purpose: None,
            });
            let differs = row.differs.as_deref().map(serde_json::from_str);
            items.push(MatchView {
                id: MatchId(row.id),
                person: PersonId(row.person_id),
                family: FamilyId(family),
                name: who.map(|who| who.name.clone()).unwrap_or_default(),
                asked_at: Timestamp::from_micros(row.asked_at),
                asked_by_name: names.get(&row.asked_by).cloned(),
                changed,
                result: row.result.as_deref().map(Lenient::read),
                differs: differs
                    .transpose()
                    .map_err(Error::internal)?
                    .unwrap_or_default(),
                answered_at: row.answered_at.map(Timestamp::from_micros),
                source: row.feed,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    async fn persons_by_id(
        &self,
        rows: &[match_request::Model],
    ) -> Result<HashMap<Uuid, person::Model>> {
        Ok(person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().map(|row| row.person_id)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect())
    }

    /// What waits for the civil registry, oldest first, with the numbers in clear, to whoever signs for it as it does: each
    /// is logged as told.
    ///
    /// # Errors
    /// `forbidden`, `invalid` for a seal that does not count, `bad_cursor`.
    pub async fn match_queue(
        &self,
        seal: &Seal,
        keys: &[FeedKey],
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MatchQuestion>> {
        self.actor.require(Permission::AnswerMatches)?;
        let now = self.store.now();
        checked(seal, b"", Channel::Http, keys, now, Speaks::OfPopulation)?;
        // A page each: whoever overheard one asks for nothing with it.
        let write = self.begin().await?;
        use_nonce(&write, seal).await?;
        write.commit().await?;
        self.questions(Permission::AnswerMatches, None, after, limit)
            .await
    }

    /// What waits for the civil registry in one's villages, to be carried there as a file: with a purpose, logged.
    ///
    /// # Errors
    /// `forbidden`, `invalid`, `bad_cursor`.
    pub async fn match_file(&self, body: TakeQuestions) -> Result<Page<MatchQuestion>> {
        self.actor.require(Permission::UnmaskFamily)?;
        let purpose = purpose_of(Some(&body.purpose))?;
        self.questions(
            Permission::UnmaskFamily,
            Some(purpose),
            body.after.as_deref(),
            IN_FILE,
        )
        .await
    }

    async fn questions(
        &self,
        permission: Permission,
        purpose: Option<String>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MatchQuestion>> {
        use match_request::Column as C;
        let mine = self.actor.regions(permission);
        let mut query = match_request::Entity::find()
            .filter(in_regions(C::Region, &mine))
            .filter(C::AnsweredAt.is_null());
        if let Some(after) = after {
            query = query.filter(Place::read(after)?.after(C::AskedAt, C::Id));
        }
        let mut rows = query
            .order_by_asc(C::AskedAt)
            .order_by_asc(C::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let next = cut(&mut rows, limit, |row| Place::of(row.asked_at, row.id));
        let persons = self.persons_by_id(&rows).await?;
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let who = persons.get(&row.person_id);
            let Some(who) = who.filter(|who| who.alive && who.merged_into.is_none()) else {
                continue;
            };
            // Who was corrected since is asked about anew, by whoever corrected them.
            let question = asked_of(&self.store, who)?.filter(|now| now.key == row.asked_key);
            let Some(question) = question else {
                continue;
            };
            let region = region_code(&row.region)?;
            reads.push(Read {
                kind: "family",
                id: who.family_id,
                what: "match_question",
                mode: Mode::Served,
                role: self.actor.act_in(permission, &region)?,
                purpose: purpose.clone(),
            });
            items.push(MatchQuestion {
                id: MatchId(row.id),
                nik: question.nik,
                name: who.name.clone(),
                birth_date: question.birth_date,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// The civil registry's answers, signed as its events are, from itself or carried by whoever may ask. The first answer
    /// stands.
    ///
    /// # Errors
    /// `invalid` for a seal that does not count, a nonce that was used, or a word that is none; `bad_body`, `too_large`.
    pub async fn answer_matches(
        &self,
        seal: &Seal,
        body: &[u8],
        channel: Channel,
        keys: &[FeedKey],
    ) -> Result<AnswersTaken> {
        let permission = match channel {
            Channel::Http => Permission::AnswerMatches,
            Channel::File => Permission::MaintainFamilies,
        };
        self.actor.require(permission)?;
        let mine = self.actor.regions(permission);
        let now = self.store.now();
        checked(seal, body, channel, keys, now, Speaks::OfPopulation)?;
        let brought: MatchAnswers =
            serde_json::from_slice(body).map_err(|_| Error::Refused(ProblemCode::BadBody))?;
        if brought.answers.len() > MOST_ANSWERS {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let (mut said, mut problems) = (Vec::new(), Vec::new());
        for (n, answer) in brought.answers.iter().enumerate() {
            match read_answer(n, answer) {
                Ok((result, differs)) => said.push((answer.id, result, differs)),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            problems.truncate(50);
            return Err(Error::Invalid(problems));
        }
        let region = mine.first().ok_or(Error::Refused(ProblemCode::Forbidden))?;
        let role = self.actor.act_in(permission, region)?;
        let mut write = self.begin().await?;
        // A file may hold answers for several villages, each of which carries it in: the first answer stands anyhow.
        if channel == Channel::Http {
            use_nonce(&write, seal).await?;
        }
        let mut taken = AnswersTaken::default();
        for (id, result, differs) in said {
            let row = match_request::Entity::find_by_id(Uuid::from(id))
                .filter(in_regions(match_request::Column::Region, &mine))
                .lock_exclusive()
                .one(write.on())
                .await?;
            let Some(row) = row else {
                taken.unknown += 1;
                continue;
            };
            if row.answered_at.is_some() {
                taken.known += 1;
                continue;
            }
            let mut active: match_request::ActiveModel = row.into();
            active.result = Set(Some(result.to_string()));
            let differs = serde_json::to_string(&differs).map_err(Error::internal)?;
            active.differs = Set(Some(differs));
            active.answered_at = Set(Some(write.at().as_micros()));
            active.feed = Set(Some(seal.feed().to_owned()));
            active.update(write.on()).await?;
            taken.taken += 1;
        }
        write.acts_in(region.clone());
        write.journal(Entry::new(
            "match.answer",
            format!("feed:{}", seal.feed()),
            role,
            None,
            &serde_json::json!({ "channel": channel, "taken": taken.taken, "known": taken.known,
                "unknown": taken.unknown }),
        )?);
        write.commit().await?;
        Ok(taken)
    }
}
