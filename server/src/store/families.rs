//! Families as people look for them and look at them: found by number, name or address, masked until somebody says what
//! for, every look logged.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef, Select,
};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::PhotoKind;
use tilik_protocol::ids::{CaseId, FamilyId, PersonId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::{
    DecisionView, FamilyMembership, FamilyPage, FamilyRow, FoundIn, Neighbour, SearchFamilies,
};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{CaseRow, Page, PhotoView, Unmask, Unmasked, UnmaskedPerson};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::case_view::{Shown, family_view, shown};
use super::cases::{LISTED, LISTED_OF_FAMILY, Listed, membership_row};
use super::imports::{Number, name_key};
use super::journal::holds_personal_number;
use super::tables::{
    blind_index, case_membership, family, house, membership, person, photo, verification_case,
    visit, visit_photo, waitlist_entry,
};
use super::{Acting, feed, in_regions};
use crate::error::{Error, Result};

/// Shortest part of a name or address that is looked for.
const SHORTEST_TEXT: usize = 3;
/// Longest; a database refuses patterns of some length.
const LONGEST_TEXT: usize = 100;
/// Characters of a purpose.
const PURPOSE: std::ops::RangeInclusive<usize> = 8..=200;
/// Seconds for which the numbers of one family may be before somebody's eyes.
pub(super) const UNMASKED_S: i64 = 900;
/// Case states after which nothing more happens.
pub(super) const OVER: [&str; 3] = ["decided", "closed", "expired"];

pub(super) fn region_code(text: &str) -> Result<RegionCode> {
    text.parse().map_err(Error::internal)
}

/// What a person looks for and why: kept in clear in the access log, so no number may stand in it.
pub(super) fn purpose_of(purpose: Option<&str>) -> Result<String> {
    let purpose = purpose.unwrap_or_default().trim();
    if !PURPOSE.contains(&purpose.chars().count()) {
        return Err(Error::field(
            "purpose",
            "length",
            "Tulis keperluannya dalam 8 sampai 200 karakter.",
        ));
    }
    if holds_personal_number(purpose) {
        return Err(Error::field(
            "purpose",
            "personal_number",
            "Jangan menulis NIK atau nomor KK di keperluan.",
        ));
    }
    Ok(purpose.to_owned())
}

/// `%text%` with what LIKE would take for a wildcard said as itself.
fn containing(text: &str) -> LikeExpr {
    beginning("%", text)
}

/// `start`, `text` as itself, and anything after it.
fn beginning(start: &str, text: &str) -> LikeExpr {
    let mut pattern = String::from(start);
    for c in text.chars() {
        if "%_!".contains(c) {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}

/// How the text that somebody looks for stands in a family, the best first: who types a name means its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    /// Nothing is looked for.
    Any,
    /// The head's name begins with it.
    Begins,
    /// It stands elsewhere in the head's name.
    Holds,
    /// It stands in a member's name.
    Member,
    /// It stands in the address.
    Address,
}

impl Match {
    /// What pages go through, in order, to find `key`.
    const fn all(key: &str) -> &'static [Self] {
        if key.is_empty() {
            &[Self::Any]
        } else {
            &[Self::Begins, Self::Holds, Self::Member, Self::Address]
        }
    }

    /// Families in which `key` stands so, and in no better way.
    fn condition(self, key: &str) -> Condition {
        let head = || Expr::col((family::Entity, family::Column::NameKey));
        let begins = || head().like(beginning("", key));
        let holds = || head().like(containing(key));
        let member = || family::Column::Id.in_subquery(members_called(key));
        let all = Condition::all();
        match self {
            Self::Any => all,
            Self::Begins => all.add(begins()),
            Self::Holds => all.add(holds()).add(begins().not()),
            Self::Member => all.add(member()).add(holds().not()),
            Self::Address => {
                let address = Expr::col((family::Entity, family::Column::Address));
                all.add(Expr::expr(Func::lower(address)).like(containing(key)))
                    .add(holds().not())
                    .add(member().not())
            }
        }
    }
}

/// The families of the persons in whose names `key` stands.
fn members_called(key: &str) -> SelectStatement {
    Query::select()
        .column(person::Column::FamilyId)
        .from(person::Entity)
        .and_where(Expr::col((person::Entity, person::Column::NameKey)).like(containing(key)))
        .and_where(Expr::col((person::Entity, person::Column::MergedInto)).is_null())
        .to_owned()
}

impl Acting {
    pub(super) fn family_read(
        &self,
        id: Uuid,
        region: &RegionCode,
        what: &'static str,
    ) -> Result<Read> {
        Ok(Read {
            kind: "family",
            id,
            what,
            mode: Mode::Seen,
            role: self.reading_in(region)?,
            purpose: None,
        })
    }

    /// Families in reach, by name; or those of one exact NIK or KK number, with what it is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid`, `bad_cursor`.
    pub async fn search_families(&self, body: SearchFamilies) -> Result<Page<FamilyRow>> {
        self.actor.require(Permission::ReadCases)?;
        let limit = body.limit.unwrap_or(50).clamp(1, 200);
        if let Some(number) = &body.number {
            let purpose = purpose_of(body.purpose.as_deref())?;
            return self.families_of_number(number, purpose).await;
        }
        let mine = self.actor.regions(Permission::ReadCases);
        let mut query = family::Entity::find()
            .filter(in_regions(family::Column::Region, &mine))
            .filter(family::Column::ClosedAt.is_null());
        if let Some(region) = &body.region {
            query = query.filter(in_regions(
                family::Column::Region,
                std::slice::from_ref(region),
            ));
        }
        let text = body.text.as_deref().unwrap_or_default().trim();
        if !text.is_empty() && text.chars().count() < SHORTEST_TEXT {
            return Err(Error::field(
                "text",
                "too_short",
                "Tulis sedikitnya 3 huruf dari nama atau alamat.",
            ));
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(Error::field(
                "text",
                "too_long",
                "Tulis paling banyak 100 huruf dari nama atau alamat.",
            ));
        }
        if body.program.is_some() || body.state.is_some() {
            let mut held = Query::select();
            held.column(membership::Column::FamilyId)
                .from(membership::Entity);
            if let Some(program) = &body.program {
                held.and_where(membership::Column::Program.eq(program));
            }
            if let Some(state) = body.state {
                held.and_where(membership::Column::State.eq(state.to_string()));
            }
            query = query.filter(family::Column::Id.in_subquery(held));
        }
        if let Some(born) = &body.born {
            return self.families_sounding(&body, text, born, limit).await;
        }
        let key = name_key(text);
        let (found, next) = self
            .matching(&query, (&key, &mine), body.after.as_deref(), limit)
            .await?;
        let mut reads = found
            .iter()
            .map(|(row, _)| self.family_read(row.id, &region_code(&row.region)?, "family_row"))
            .collect::<Result<Vec<_>>>()?;
        // That somebody is on no list is an answer too.
        if found.is_empty() && !text.is_empty() && body.after.is_none() {
            reads.extend(self.nobody_found(Permission::ReadCases, "family_text_unknown", None));
        }
        let (rows, ways): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let of_member = rows.iter().zip(&ways);
        let of_member = of_member.filter(|(_, way)| **way == Match::Member);
        let mut names = self
            .members_named(of_member.map(|(row, _)| row.id), &key)
            .await?;
        let mut items = self.family_rows(rows).await?;
        for (row, way) in items.iter_mut().zip(ways) {
            row.found_in = match way {
                Match::Any | Match::Begins | Match::Holds => None,
                Match::Member => {
                    let name = names.remove(&row.id.into());
                    name.map(|name| FoundIn::Member { name })
                }
                Match::Address => Some(FoundIn::Address),
            };
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }

    /// A page of the families of `query` in which `key` stands: those in which it stands best first, by name within.
    async fn matching(
        &self,
        query: &Select<family::Entity>,
        (key, mine): (&str, &[RegionCode]),
        after: Option<&str>,
        limit: u64,
    ) -> Result<(Vec<(family::Model, Match)>, Option<String>)> {
        let on = self.store.read();
        let ways = Match::all(key);
        let mut last = None;
        if let Some(after) = after {
            let place = after.split_once('.').and_then(|(way, id)| {
                let way: usize = way.parse().ok().filter(|way| *way < ways.len())?;
                Some((way, Uuid::parse_str(id).ok()?))
            });
            let bad = Error::Refused(ProblemCode::BadCursor);
            let Some((way, id)) = place else {
                return Err(bad);
            };
            // Of a family out of reach not even the place in the order is told.
            let row = family::Entity::find_by_id(id)
                .filter(in_regions(family::Column::Region, mine))
                .one(on)
                .await?;
            last = Some((way, row.ok_or(bad)?));
        }
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found: Vec<(family::Model, usize)> = Vec::new();
        let first = last.as_ref().map_or(0, |(way, _)| *way);
        for (n, way) in ways.iter().enumerate().skip(first) {
            let mut query = query
                .clone()
                .filter(way.condition(key))
                .order_by_asc(family::Column::NameKey)
                .order_by_asc(family::Column::Id);
            if let Some((_, last)) = last.take() {
                let beyond = family::Column::NameKey.gt(last.name_key.clone());
                let same = family::Column::NameKey.eq(last.name_key);
                query = query.filter(beyond.or(same.and(family::Column::Id.gt(last.id))));
            }
            let room = (most + 1 - found.len()) as u64;
            let rows = query.limit(room).all(on).await?;
            found.extend(rows.into_iter().map(|row| (row, n)));
            if found.len() > most {
                break;
            }
        }
        let more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| more);
        let next = next.map(|(row, way)| format!("{way}.{}", row.id));
        let found = found.into_iter().map(|(row, n)| (row, ways[n])).collect();
        Ok((found, next))
    }

    /// Of each of these families, the first member in whose name `key` stands.
    async fn members_named(
        &self,
        families: impl Iterator<Item = Uuid>,
        key: &str,
    ) -> Result<HashMap<Uuid, String>> {
        let rows = person::Entity::find()
            .filter(person::Column::FamilyId.is_in(families))
            .filter(person::Column::MergedInto.is_null())
            .filter(Expr::col(person::Column::NameKey).like(containing(key)))
            .order_by_desc(person::Column::Id)
            .all(self.store.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.family_id, row.name))
            .collect())
    }

    /// A look that found nobody, noted of who looked.
    pub(super) fn nobody_found(
        &self,
        permission: Permission,
        what: &'static str,
        purpose: Option<String>,
    ) -> Option<Read> {
        let regions = self.actor.regions(permission);
        let mut regions = regions.iter();
        let role = regions.find_map(|region| self.actor.role_in(permission, region))?;
        Some(Read {
            kind: "user",
            id: self.actor.user().map(Uuid::from).unwrap_or_default(),
            what,
            mode: Mode::Seen,
            role,
            purpose,
        })
    }

    /// The families in reach that an exact number belongs to. Also a look that finds nothing is logged.
    async fn families_of_number(&self, number: &str, purpose: String) -> Result<Page<FamilyRow>> {
        self.actor.require(Permission::SearchFamilies)?;
        let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != 16 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::field(
                "number",
                "length",
                "NIK atau nomor KK terdiri atas 16 angka.",
            ));
        }
        let mine = self.actor.regions(Permission::SearchFamilies);
        let keys = self.store.keys();
        let by = |kind: &str, candidates: Vec<crate::keys::BlindIndex>| {
            let values = candidates.into_iter().map(|one| one.hash.to_vec());
            Condition::all()
                .add(blind_index::Column::Kind.eq(kind))
                .add(blind_index::Column::Value.is_in(values))
        };
        let found = blind_index::Entity::find()
            .filter(
                Condition::any()
                    .add(by("nik", keys.blind_nik_candidates(&digits)))
                    .add(by(Number::Nik.old(), keys.blind_nik_candidates(&digits)))
                    .add(by("kk", keys.blind_kk_candidates(&digits)))
                    .add(by(Number::Kk.old(), keys.blind_kk_candidates(&digits))),
            )
            .all(self.store.read())
            .await?;
        let (persons, families): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|row| [Number::Nik.own(), Number::Nik.old()].contains(&row.kind.as_str()));
        let mut ids: BTreeSet<Uuid> = families.into_iter().map(|row| row.object_id).collect();
        ids.extend(
            person::Entity::find()
                .filter(person::Column::Id.is_in(persons.into_iter().map(|row| row.object_id)))
                .all(self.store.read())
                .await?
                .into_iter()
                .map(|row| row.family_id),
        );
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(ids))
            .filter(in_regions(family::Column::Region, &mine))
            .order_by_asc(family::Column::Id)
            .all(self.store.read())
            .await?;
        let mut reads = Vec::new();
        for row in &rows {
            let mut read = self.family_read(row.id, &region_code(&row.region)?, "family_number")?;
            read.purpose = Some(purpose.clone());
            reads.push(read);
        }
        if rows.is_empty() {
            reads.extend(self.nobody_found(
                Permission::SearchFamilies,
                "family_number_unknown",
                Some(purpose),
            ));
        }
        let items = self.family_rows(rows).await?;
        self.note_reads(reads).await?;
        Ok(Page { items, next: None })
    }

    pub(super) async fn family_rows(&self, rows: Vec<family::Model>) -> Result<Vec<FamilyRow>> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut held: HashMap<Uuid, Vec<_>> = HashMap::new();
        for row in membership::Entity::find()
            .filter(membership::Column::FamilyId.is_in(ids.iter().copied()))
            .order_by_desc(membership::Column::RecordedAt)
            .order_by_desc(membership::Column::Id)
            .all(self.store.read())
            .await?
        {
            let family = row.family_id;
            held.entry(family).or_default().push(membership_row(row)?);
        }
        let open: HashMap<Uuid, (Uuid, String)> = verification_case::Entity::find()
            .select_only()
            .columns([
                verification_case::Column::FamilyId,
                verification_case::Column::Id,
                verification_case::Column::State,
            ])
            .filter(verification_case::Column::FamilyId.is_in(ids))
            .filter(verification_case::Column::State.is_not_in(OVER))
            .into_tuple()
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|(family, case, state): (Uuid, Uuid, String)| (family, (case, state)))
            .collect();
        rows.into_iter()
            .map(|row| {
                let case = open.get(&row.id);
                Ok(FamilyRow {
                    id: FamilyId(row.id),
                    name: row.name,
                    address: row.address,
                    rt: row.rt,
                    rw: row.rw,
                    region: region_code(&row.region)?,
                    decile: row.decile.and_then(|decile| i16::try_from(decile).ok()),
                    memberships: held.remove(&row.id).unwrap_or_default(),
                    case: case.map(|(id, _)| CaseId(*id)),
                    case_state: case.map(|(_, state)| Lenient::read(state)),
                    found_in: None,
                })
            })
            .collect()
    }

    pub(super) async fn family_in_reach(
        &self,
        id: FamilyId,
    ) -> Result<(family::Model, RegionCode)> {
        let row = family::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let region = region_code(&row.region)?;
        Ok((row, region))
    }

    async fn persons_of(&self, id: FamilyId) -> Result<Vec<person::Model>> {
        Ok(person::Entity::find()
            .filter(person::Column::FamilyId.eq(Uuid::from(id)))
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .all(self.store.read())
            .await?)
    }

    /// One family: its house, its persons, what it holds and held, its cases. Logged as a read of personal data.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn family_page(&self, id: FamilyId) -> Result<FamilyPage> {
        let (row, region) = self.family_in_reach(id).await?;
        let mut reads = vec![self.family_read(row.id, &region, "family")?];
        let on = self.store.read();
        let house = house::Entity::find_by_id(row.house_id).one(on).await?;
        let persons = self.persons_of(id).await?;
        let memberships = self.memberships_of(id).await?;
        let cases = self.cases_of(id).await?;
        let photo = self.front_photo(id).await?;
        let old_photos = self.old_photos_of(id).await?;
        // Who came before and after in a place is named.
        for other in memberships
            .iter()
            .flat_map(|held| [&held.follows, &held.followed_by])
            .flatten()
            .filter(|other| other.name.is_some())
        {
            let held = &other.membership;
            reads.push(self.family_read(held.family.into(), &held.region, "family_row")?);
        }
        let view = family_view(row, persons, self.store.keys())?;
        self.note_reads(reads).await?;
        Ok(FamilyPage {
            family: view,
            photo,
            pin: house.as_ref().and_then(feed::last_pin),
            old_photos,
            memberships,
            cases,
        })
    }

    async fn cases_of(&self, id: FamilyId) -> Result<Vec<CaseRow>> {
        let rows: Vec<Listed> = verification_case::Entity::find()
            .filter(verification_case::Column::FamilyId.eq(Uuid::from(id)))
            .order_by_desc(verification_case::Column::OpenedAt)
            .order_by_desc(verification_case::Column::Id)
            .inner_join(family::Entity)
            .select_only()
            .columns(LISTED)
            .columns(LISTED_OF_FAMILY)
            .into_model()
            .all(self.store.read())
            .await?;
        rows.into_iter().map(Listed::row).collect()
    }

    /// The newest front photo with copies among the visits filed to the family's cases.
    async fn front_photo(&self, id: FamilyId) -> Result<Option<PhotoView>> {
        let of_photo: RelationDef = visit_photo::Entity::belongs_to(photo::Entity)
            .from(visit_photo::Column::PhotoId)
            .to(photo::Column::Id)
            .into();
        let of_visit: RelationDef = visit_photo::Entity::belongs_to(visit::Entity)
            .from(visit_photo::Column::VisitId)
            .to(visit::Column::Id)
            .into();
        let cases = Query::select()
            .column(verification_case::Column::Id)
            .from(verification_case::Entity)
            .and_where(verification_case::Column::FamilyId.eq(Uuid::from(id)))
            .to_owned();
        let row: Option<Shown> = visit_photo::Entity::find()
            .select_only()
            .columns([
                visit_photo::Column::VisitId,
                visit_photo::Column::Kind,
                visit_photo::Column::TakenAt,
            ])
            .columns([
                photo::Column::Id,
                photo::Column::Width,
                photo::Column::Height,
                photo::Column::State,
                photo::Column::Problem,
            ])
            .join(JoinType::InnerJoin, of_photo)
            .join(JoinType::InnerJoin, of_visit)
            .filter(visit_photo::Column::Kind.eq(PhotoKind::HouseFront.to_string()))
            .filter(photo::Column::State.eq("ready"))
            .filter(visit::Column::FiledCaseId.in_subquery(cases))
            .order_by_desc(visit::Column::ReceivedAt)
            .limit(1)
            .into_model()
            .one(self.store.read())
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let former = self.of_former_houses(&[(id.into(), row.visit_id)]).await?;
        let before_move = former.contains(&row.visit_id);
        Ok(shown(vec![row], before_move).pop())
    }

    /// What the family holds and held, with who came before and after in its places.
    async fn memberships_of(&self, id: FamilyId) -> Result<Vec<FamilyMembership>> {
        let on = self.store.read();
        let rows = membership::Entity::find()
            .filter(membership::Column::FamilyId.eq(Uuid::from(id)))
            .order_by_desc(membership::Column::RecordedAt)
            .order_by_desc(membership::Column::Id)
            .all(on)
            .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut decisions = self.decisions_of(&ids).await?;
        let before: Vec<Uuid> = rows.iter().filter_map(|row| row.successor_of).collect();
        let others = membership::Entity::find()
            .filter(
                Condition::any()
                    .add(membership::Column::Id.is_in(before))
                    .add(membership::Column::SuccessorOf.is_in(ids)),
            )
            .order_by_desc(membership::Column::RecordedAt)
            .all(on)
            .await?;
        let names: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(others.iter().map(|row| row.family_id)))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let taken = rows.iter().chain(&others).map(|row| row.id);
        let places: HashMap<Uuid, waitlist_entry::Model> = waitlist_entry::Entity::find()
            .filter(waitlist_entry::Column::TakenBy.is_in(taken))
            .all(on)
            .await?
            .into_iter()
            .filter_map(|entry| Some((entry.taken_by?, entry)))
            .collect();
        let neighbour = |row: &membership::Model, successor: Uuid| -> Result<Neighbour> {
            let place = places.get(&successor);
            let facts: serde_json::Value = place
                .map(|entry| serde_json::from_str(&entry.facts))
                .transpose()
                .map_err(Error::internal)?
                .unwrap_or_default();
            let known = names.get(&row.family_id);
            let seen = known.filter(|row| {
                region_code(&row.region).is_ok_and(|code| self.reading_in(&code).is_ok())
            });
            Ok(Neighbour {
                membership: membership_row(row.clone())?,
                name: seen.map(|row| row.name.clone()),
                rank: place.and_then(|entry| u32::try_from(entry.position).ok()),
                decile: facts["desil"]
                    .as_i64()
                    .and_then(|decile| i16::try_from(decile).ok()),
            })
        };
        rows.iter()
            .map(|row| {
                let before = row
                    .successor_of
                    .and_then(|id| others.iter().find(|other| other.id == id));
                let after = others
                    .iter()
                    .find(|other| other.successor_of == Some(row.id));
                Ok(FamilyMembership {
                    membership: membership_row(row.clone())?,
                    follows: before.map(|other| neighbour(other, row.id)).transpose()?,
                    followed_by: after.map(|other| neighbour(other, other.id)).transpose()?,
                    decision: decisions.remove(&row.id),
                })
            })
            .collect()
    }

    /// What was last decided about each of these memberships.
    async fn decisions_of(&self, memberships: &[Uuid]) -> Result<HashMap<Uuid, DecisionView>> {
        let of_case: RelationDef = case_membership::Entity::belongs_to(verification_case::Entity)
            .from(case_membership::Column::CaseId)
            .to(verification_case::Column::Id)
            .into();
        let links = case_membership::Entity::find()
            .join(JoinType::InnerJoin, of_case)
            .filter(case_membership::Column::MembershipId.is_in(memberships.iter().copied()))
            .filter(case_membership::Column::Outcome.is_not_null())
            .filter(
                Condition::any()
                    .add(case_membership::Column::ConfirmedAt.is_not_null())
                    .add(verification_case::Column::State.eq(CaseState::Decided.to_string())),
            )
            .order_by_asc(case_membership::Column::ProposedAt)
            .all(self.store.read())
            .await?;
        let people = links
            .iter()
            .flat_map(|link| [link.proposed_by, link.confirmed_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let name_of = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
        let told = links.into_iter().filter_map(|link| {
            let view = DecisionView {
                case: CaseId(link.case_id),
                outcome: link.outcome?.parse().ok()?,
                reason: link.reason.and_then(|code| code.parse().ok()),
                document_number: link.document_number,
                proposed_by_name: name_of(link.proposed_by),
                proposed_at: link.proposed_at.map(Timestamp::from_micros),
                confirmed_by_name: name_of(link.confirmed_by),
                confirmed_at: link.confirmed_at.map(Timestamp::from_micros),
            };
            Some((link.membership_id, view))
        });
        // Of several the last one stays.
        Ok(told.collect())
    }

    /// The numbers of one family, for a purpose that is logged with it.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `invalid`.
    pub async fn unmask_family(&self, id: FamilyId, body: Unmask) -> Result<Unmasked> {
        let purpose = purpose_of(Some(&body.purpose))?;
        let (row, region) = self.family_in_reach(id).await?;
        let role = self.actor.act_in(Permission::UnmaskFamily, &region)?;
        let persons = self.persons_of(id).await?;
        let keys = self.store.keys();
        let clear = |table: &str, column: &str, id: Uuid, sealed: Option<&Vec<u8>>| {
            sealed
                .map(|sealed| keys.decrypt_field(table, column, id, sealed))
                .transpose()
                .map_err(Error::internal)
                .map(|clear| clear.map(|clear| clear.to_string()))
        };
        let kk = clear("family", "kk", row.id, row.kk_enc.as_ref())?.unwrap_or_default();
        let persons = persons
            .iter()
            .map(|one| {
                Ok(UnmaskedPerson {
                    id: PersonId(one.id),
                    nik: clear("person", "nik", one.id, one.nik_enc.as_ref())?,
                    birth_date: clear("person", "birth_date", one.id, one.birth_date_enc.as_ref())?,
                })
            })
            .collect::<Result<_>>()?;
        self.note_reads([Read {
            kind: "family",
            id: row.id,
            what: "family_unmasked",
            mode: Mode::Seen,
            role,
            purpose: Some(purpose),
        }])
        .await?;
        Ok(Unmasked {
            family: id,
            kk,
            persons,
            until: self.store.now().plus_s(UNMASKED_S),
        })
    }
}
