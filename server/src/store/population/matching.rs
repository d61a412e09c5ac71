//! Padankan: whether the civil registry knows somebody as we do. Asked for by people, answered by the feed, signed; a person
//! waits once, however often they are asked about.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use tilik_protocol::ids::{FamilyId, MatchId, PersonId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::population::{
    AnswersTaken, AskMatches, Channel, MOST_MATCHED, MatchAnswers, MatchQuestion, MatchView,
    MatchesAsked, Seal,
};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::intake::checked;
use super::{cut, place_of};
use crate::config::FeedKey;
use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::families::region_code;
use crate::store::journal::Entry;
use crate::store::tables::{family, feed_nonce, match_request, person};
use crate::store::write::Seen;
use crate::store::{Acting, in_regions};

impl Acting {
    /// Asks whether the living of some families are known to the civil registry as they are here.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`, `event_reused`.
    pub async fn ask_matches(&self, body: AskMatches) -> Result<MatchesAsked> {
        self.actor.require(Permission::MaintainFamilies)?;
        if body.families.is_empty() || body.families.len() > MOST_MATCHED {
            return Err(Error::field(
                "families",
                "length",
                "Pilih 1 sampai 200 keluarga.",
            ));
        }
        let mut write = self.begin().await?;
        let seen = write
            .once(body.event_id, "match.ask", "matches", &body)
            .await?;
        let mut asked = MatchesAsked::default();
        let families: HashSet<Uuid> = body.families.iter().map(|id| Uuid::from(*id)).collect();
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(families.iter().copied()))
            .order_by_asc(family::Column::Id)
            .all(write.on())
            .await?;
        if rows.len() != families.len() {
            return Err(Error::NOT_FOUND);
        }
        let mut role = None;
        let mut fresh = Vec::new();
        for row in rows {
            let region = region_code(&row.region)?;
            role = Some(self.actor.act_in(Permission::MaintainFamilies, &region)?);
            write.acts_in(region);
            let members = person::Entity::find()
                .filter(person::Column::FamilyId.eq(row.id))
                .filter(person::Column::MergedInto.is_null())
                .filter(person::Column::Alive.eq(true))
                .order_by_asc(person::Column::Id)
                .all(write.on())
                .await?;
            for member in members {
                if member.nik_enc.is_none() {
                    asked.without_nik += 1;
                    continue;
                }
                let waits = match_request::Entity::find()
                    .filter(match_request::Column::PersonId.eq(member.id))
                    .filter(match_request::Column::AnsweredAt.is_null())
                    .one(write.on())
                    .await?;
                if waits.is_some() {
                    asked.waiting += 1;
                    continue;
                }
                if seen == Seen::Before {
                    // It was answered meanwhile.
                    continue;
                }
                let id: MatchId = self.store.ids().next();
                let ask = match_request::ActiveModel {
                    id: Set(id.into()),
                    person_id: Set(member.id),
                    family_id: Set(row.id),
                    region: Set(row.region.clone()),
                    asked_by: Set(self.actor.person_id()?.into()),
                    asked_at: Set(write.at().as_micros()),
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
                    continue;
                }
                asked.asked += 1;
                fresh.push(id);
            }
        }
        if seen == Seen::Before {
            return Ok(asked);
        }
        let role = role.ok_or(Error::NOT_FOUND)?;
        write.journal(Entry::new(
            "match.ask",
            "matches".to_owned(),
            role,
            Some(body.event_id),
            &serde_json::json!({ "families": body.families, "asked": fresh }),
        )?);
        write.commit().await?;
        Ok(asked)
    }

    /// What was asked about persons in reach, newest first; of one family when it is named.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn matches(
        &self,
        family: Option<FamilyId>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MatchView>> {
        use match_request::Column as C;
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = match_request::Entity::find().filter(in_regions(C::Region, &mine));
        if let Some(family) = family {
            query = query.filter(C::FamilyId.eq(Uuid::from(family)));
        }
        if let Some(after) = after {
            let (at, id) = place_of(after)?;
            let same = Condition::all().add(C::AskedAt.eq(at)).add(C::Id.lt(id));
            query = query.filter(Condition::any().add(C::AskedAt.lt(at)).add(same));
        }
        let mut rows = query
            .order_by_desc(C::AskedAt)
            .order_by_desc(C::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let next = cut(&mut rows, limit, |row| (row.asked_at, row.id));
        let names: HashMap<Uuid, String> = person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().map(|row| row.person_id)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row.name))
            .collect();
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let region = region_code(&row.region)?;
            reads.push(Read {
                kind: "family",
                id: row.family_id,
                what: "match_result",
                mode: Mode::Seen,
                role: self.reading_in(&region)?,
                purpose: None,
            });
            let differs = row.differs.as_deref().map(serde_json::from_str);
            items.push(MatchView {
                id: MatchId(row.id),
                person: PersonId(row.person_id),
                family: FamilyId(row.family_id),
                name: names.get(&row.person_id).cloned().unwrap_or_default(),
                asked_at: Timestamp::from_micros(row.asked_at),
                result: row.result.as_deref().map(Lenient::read),
                differs: differs
                    .transpose()
                    .map_err(Error::internal)?
                    .unwrap_or_default(),
                answered_at: row.answered_at.map(Timestamp::from_micros),
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// What waits for the civil registry, oldest first, with the numbers in clear: each is logged as told.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn match_queue(&self, limit: u64) -> Result<Page<MatchQuestion>> {
        self.actor.require(Permission::AnswerMatches)?;
        let mine = self.actor.regions(Permission::AnswerMatches);
        let rows = match_request::Entity::find()
            .filter(in_regions(match_request::Column::Region, &mine))
            .filter(match_request::Column::AnsweredAt.is_null())
            .order_by_asc(match_request::Column::AskedAt)
            .order_by_asc(match_request::Column::Id)
            .limit(limit)
            .all(self.store.read())
            .await?;
        let persons: HashMap<Uuid, person::Model> = person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().map(|row| row.person_id)))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let keys = self.store.keys();
        let (mut items, mut reads) = (Vec::new(), Vec::new());
        for row in rows {
            let Some(person) = persons.get(&row.person_id) else {
                continue;
            };
            let clear = |column: &str, sealed: Option<&Vec<u8>>| {
                sealed
                    .map(|sealed| keys.decrypt_field("person", column, person.id, sealed))
                    .transpose()
                    .map(|plain| plain.map(|plain| plain.to_string()))
                    .map_err(Error::internal)
            };
            let Some(nik) = clear("nik", person.nik_enc.as_ref())? else {
                continue;
            };
            let region = region_code(&row.region)?;
            reads.push(Read {
                kind: "family",
                id: row.family_id,
                what: "match_question",
                mode: Mode::Served,
                role: self.actor.act_in(Permission::AnswerMatches, &region)?,
                purpose: None,
            });
            items.push(MatchQuestion {
                id: MatchId(row.id),
                nik,
                name: person.name.clone(),
                birth_date: clear("birth_date", person.birth_date_enc.as_ref())?,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next: None })
    }

    /// The civil registry's answers, signed as its events are. The first answer stands.
    ///
    /// # Errors
    /// `invalid` for a seal that does not count or a nonce that was used; `bad_body`, `too_large`.
    pub async fn answer_matches(
        &self,
        seal: &Seal,
        body: &[u8],
        keys: &[FeedKey],
    ) -> Result<AnswersTaken> {
        self.actor.require(Permission::AnswerMatches)?;
        let mine = self.actor.regions(Permission::AnswerMatches);
        checked(seal, body, Channel::Http, keys, self.store.now())?;
        let brought: MatchAnswers =
            serde_json::from_slice(body).map_err(|_| Error::Refused(ProblemCode::BadBody))?;
        if brought.answers.len() > 2_000 {
            return Err(Error::Refused(ProblemCode::TooLarge));
        }
        let region = mine.first().ok_or(Error::Refused(ProblemCode::Forbidden))?;
        let role = self.actor.act_in(Permission::AnswerMatches, region)?;
        let mut write = self.begin().await?;
        let nonce = feed_nonce::ActiveModel {
            key_name: Set(seal.key.clone()),
            nonce: Set(seal.nonce.clone()),
            used_at: Set(write.at().as_micros()),
        };
        let columns = [feed_nonce::Column::KeyName, feed_nonce::Column::Nonce];
        let first = feed_nonce::Entity::insert(nonce)
            .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
            .exec_without_returning(write.on())
            .await?;
        if first == 0 {
            return Err(Error::field(
                "nonce",
                "used",
                "Nonce ini sudah dipakai; tanda tangani ulang dengan nonce baru.",
            ));
        }
        let mut taken = AnswersTaken::default();
        for answer in &brought.answers {
            let row = match_request::Entity::find_by_id(Uuid::from(answer.id))
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
            active.result = Set(Some(answer.result.to_string()));
            let differs = serde_json::to_string(&answer.differs).map_err(Error::internal)?;
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
            &serde_json::json!({ "taken": taken.taken, "known": taken.known,
                "unknown": taken.unknown }),
        )?);
        write.commit().await?;
        Ok(taken)
    }
}
