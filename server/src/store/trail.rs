//! What was done and who looked, for those who may ask: the journal and the access log, page by page, and only what
//! belongs to the asker's regions.
//!
//! Neither table has a region: an object's region is asked when it is read. A row about nothing that lies anywhere (an
//! import, a program) is for those whose regions are the whole registry.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::{Order, UnionType};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use tilik_protocol::ids::{CaseId, EventId, MembershipId, NoticeId, UserId};
use tilik_protocol::manifest::SignedManifest;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{AccessRow, JournalRow, Page, TrailPerson};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read, not_indexed};
use super::delegations::{stood_in_by, stood_in_for};
use super::tables::{
    access, access_object, appeal, case_membership, deliberation, device, enrolment, family,
    health_statement, journal, letter, membership, notice, objection, plan, proposal, region,
    role_grant, session, user_account, verification_case, visit, visit_photo, waitlist,
};
use super::{Acting, in_regions, training};
use crate::error::{Error, Result};

/// Rows, or objects of rows, looked at for one page. A page may hold fewer than asked for, even none, and still name a next
/// one.
const MOST_LOOKED_AT: u64 = 2_000;

/// What the access log says of a family's name beside a row of the journal or of itself.
const NAMED_HERE: &str = "trail_row";

/// Which rows.
#[derive(Debug, Clone, Default)]
pub struct TrailFilter {
    /// A case with its visits, photos, memberships and notices.
    pub case: Option<CaseId>,
    /// One object, as the rows name it.
    pub object: Option<String>,
    /// Who did it or looked.
    pub user: Option<UserId>,
    /// As what.
    pub role: Option<Role>,
    /// What was done; of the access log, what was read.
    pub action: Option<String>,
    /// Only what lies in this region and below.
    pub region: Option<RegionCode>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// The newest first, instead of the oldest.
    pub newest: bool,
}

impl TrailFilter {
    /// The order of rows, whatever they are ordered by.
    fn order(&self) -> Order {
        if self.newest { Order::Desc } else { Order::Asc }
    }

    /// Rows of the time asked for, by the column that holds it.
    fn within(&self, at: impl ColumnTrait) -> Condition {
        let since = self.since.map(|since| at.gte(since.as_micros()));
        let until = self.until.map(|until| at.lt(until.as_micros()));
        Condition::all().add_option(since).add_option(until)
    }
}

/// An id that no row of `since` or later is below. Ids only rise and are made right after the row's time was read, so this
/// much is leeway for a clock that is set back just between.
fn earliest_id(since: Timestamp) -> Uuid {
    const LEEWAY_S: i64 = 3_600;
    let ms = since.plus_s(-LEEWAY_S).as_millis().unsigned_abs();
    Uuid::from_u128(u128::from(ms) << 80)
}

/// `kind:id` of an object that has an id.
fn parts(object: &str) -> Option<(&str, Uuid)> {
    let (kind, id) = object.split_once(':')?;
    Some((kind, Uuid::parse_str(id).ok()?))
}

fn code(text: &str) -> Result<RegionCode> {
    text.parse().map_err(Error::internal)
}

/// The ids of one kind among the objects.
fn of_kind(objects: &BTreeSet<String>, wanted: &str) -> Vec<Uuid> {
    objects
        .iter()
        .filter_map(|object| parts(object))
        .filter(|(kind, _)| *kind == wanted)
        .map(|(_, id)| id)
        .collect()
}

type Regions = HashMap<String, Vec<RegionCode>>;

fn put(found: &mut Regions, kind: &str, id: Uuid, region: RegionCode) {
    found
        .entry(format!("{kind}:{id}"))
        .or_default()
        .push(region);
}

impl Acting {
    /// Whether this actor's regions are all the registry has.
    async fn reads_everything(&self, mine: &[RegionCode]) -> Result<bool> {
        let inner: Vec<String> = region::Entity::find()
            .select_only()
            .column(region::Column::Parent)
            .filter(region::Column::Parent.is_not_null())
            .distinct()
            .into_tuple()
            .all(self.store.read())
            .await?;
        if mine.iter().all(RegionCode::is_training) {
            return Ok(false);
        }
        let beyond = region::Entity::find()
            .filter(Condition::not(in_regions(region::Column::Code, mine)))
            .filter(Condition::not(in_regions(
                region::Column::Code,
                &training::everywhere(),
            )))
            .filter(region::Column::Code.is_not_in(inner))
            .count(self.store.read())
            .await?;
        Ok(beyond == 0)
    }

    /// Where what is asked for lies, and whether what lies nowhere is asked for too.
    async fn asked(&self, filter: &TrailFilter) -> Result<(Vec<RegionCode>, bool)> {
        let mut mine = self.actor.regions(Permission::ReadJournal);
        let Some(wanted) = &filter.region else {
            let everything = self.reads_everything(&mine).await?;
            return Ok((mine, everything));
        };
        if mine.iter().any(|code| code.covers(wanted)) {
            return Ok((vec![wanted.clone()], false));
        }
        mine.retain(|code| wanted.covers(code));
        Ok((mine, false))
    }

    /// Everybody who may have acted or looked in the actor's regions, by name.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn trail_people(&self) -> Result<Page<TrailPerson>> {
        self.actor.require(Permission::ReadJournal)?;
        let mine = self.actor.regions(Permission::ReadJournal);
        let everything = self.reads_everything(&mine).await?;
        let rows = user_account::Entity::find()
            .order_by_asc(user_account::Column::Name)
            .order_by_asc(user_account::Column::Id)
            .all(self.store.read())
            .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut reached = HashSet::new();
        for some in ids.chunks(500) {
            for (id, regions) in self.regions_of_users(some).await? {
                let mut regions = regions.iter();
                if regions.any(|region| mine.iter().any(|code| code.covers(region))) {
                    reached.insert(id);
                }
            }
        }
        let items = rows
            .into_iter()
            .filter(|row| everything || reached.contains(&row.id))
            .map(|row| TrailPerson {
                user: UserId(row.id),
                name: row.name,
                username: row.username,
            })
            .collect();
        Ok(Page { items, next: None })
    }

    /// The names of the families that these objects are about, as far as the actor reads them. Logged as such a read.
    async fn families_named(&self, objects: BTreeSet<String>) -> Result<HashMap<String, String>> {
        let on = self.store.read();
        let mut about: Vec<(String, Uuid)> = of_kind(&objects, "family")
            .into_iter()
            .map(|id| (format!("family:{id}"), id))
            .collect();
        let cases: Vec<(Uuid, Uuid)> = verification_case::Entity::find()
            .select_only()
            .columns([
                verification_case::Column::Id,
                verification_case::Column::FamilyId,
            ])
            .filter(verification_case::Column::Id.is_in(of_kind(&objects, "case")))
            .into_tuple()
            .all(on)
            .await?;
        about.extend(
            cases
                .into_iter()
                .map(|(id, family)| (format!("case:{id}"), family)),
        );
        let memberships: Vec<(Uuid, Uuid)> = membership::Entity::find()
            .select_only()
            .columns([membership::Column::Id, membership::Column::FamilyId])
            .filter(membership::Column::Id.is_in(of_kind(&objects, "membership")))
            .into_tuple()
            .all(on)
            .await?;
        about.extend(
            memberships
                .into_iter()
                .map(|(id, family)| (format!("membership:{id}"), family)),
        );
        let ids: BTreeSet<Uuid> = about.iter().map(|(_, family)| *family).collect();
        let mut names = HashMap::new();
        let mut reads = Vec::new();
        for row in family::Entity::find()
            .filter(family::Column::Id.is_in(ids))
            .all(on)
            .await?
        {
            if let Ok(role) = self.reading_in(&code(&row.region)?) {
                reads.push(Read {
                    kind: "family",
                    id: row.id,
                    what: NAMED_HERE,
                    mode: Mode::Seen,
                    role,
                    purpose: None,
                });
                names.insert(row.id, row.name);
            }
        }
        self.note_reads(reads).await?;
        Ok(about
            .into_iter()
            .filter_map(|(object, family)| Some((object, names.get(&family)?.clone())))
            .collect())
    }

    /// The regions of the persons behind these accounts, by all grants they ever had.
    async fn regions_of_users(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Vec<RegionCode>>> {
        let mut found: HashMap<Uuid, Vec<RegionCode>> = HashMap::new();
        for grant in role_grant::Entity::find()
            .filter(role_grant::Column::UserId.is_in(users.iter().copied()))
            .all(self.store.read())
            .await?
        {
            let regions: Vec<RegionCode> =
                serde_json::from_str(&grant.regions).map_err(Error::internal)?;
            found.entry(grant.user_id).or_default().extend(regions);
        }
        Ok(found)
    }

    /// Where these objects lie; what lies nowhere is absent.
    async fn regions_of(&self, objects: &BTreeSet<String>) -> Result<Regions> {
        let on = self.store.read();
        let mut found = Regions::new();
        let case_regions = async |ids: Vec<Uuid>| -> Result<HashMap<Uuid, RegionCode>> {
            let rows = verification_case::Entity::find()
                .filter(verification_case::Column::Id.is_in(ids))
                .all(on)
                .await?;
            rows.into_iter()
                .map(|row| Ok((row.id, code(&row.region)?)))
                .collect()
        };
        for (id, region) in case_regions(of_kind(objects, "case")).await? {
            put(&mut found, "case", id, region);
        }
        let visits = visit::Entity::find()
            .filter(visit::Column::Id.is_in(of_kind(objects, "visit")))
            .all(on)
            .await?;
        let filed = visits
            .iter()
            .flat_map(|row| [row.filed_case_id, row.case_id])
            .flatten()
            .collect();
        let cases = case_regions(filed).await?;
        for row in visits {
            let known = [row.filed_case_id, row.case_id]
                .into_iter()
                .flatten()
                .filter_map(|id| cases.get(&id).cloned());
            for region in known {
                put(&mut found, "visit", row.id, region);
            }
            // A finding lies where its officer says.
            if let Ok(signed) = SignedManifest::parse(&row.manifest) {
                put(
                    &mut found,
                    "visit",
                    row.id,
                    signed.manifest().region.clone(),
                );
            }
        }
        for (id, regions) in self.villages_of_photos(&of_kind(objects, "photo")).await? {
            for region in regions {
                put(&mut found, "photo", id, region);
            }
        }
        let notices: HashMap<Uuid, Uuid> = notice::Entity::find()
            .filter(notice::Column::Id.is_in(of_kind(objects, "notice")))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row.membership_id))
            .collect();
        let wanted = of_kind(objects, "membership")
            .into_iter()
            .chain(notices.values().copied());
        let memberships: HashMap<Uuid, RegionCode> = membership::Entity::find()
            .filter(membership::Column::Id.is_in(wanted))
            .all(on)
            .await?
            .into_iter()
            .map(|row| Ok((row.id, code(&row.region)?)))
            .collect::<Result<_>>()?;
        for (id, of) in notices {
            if let Some(region) = memberships.get(&of) {
                put(&mut found, "notice", id, region.clone());
            }
        }
        for (id, region) in memberships {
            put(&mut found, "membership", id, region);
        }
        for row in family::Entity::find()
            .filter(family::Column::Id.is_in(of_kind(objects, "family")))
            .all(on)
            .await?
        {
            put(&mut found, "family", row.id, code(&row.region)?);
        }
        for row in waitlist::Entity::find()
            .filter(waitlist::Column::Id.is_in(of_kind(objects, "waitlist")))
            .all(on)
            .await?
        {
            put(&mut found, "waitlist", row.id, code(&row.region)?);
        }
        for row in plan::Entity::find()
            .filter(plan::Column::Id.is_in(of_kind(objects, "plan")))
            .all(on)
            .await?
        {
            put(&mut found, "plan", row.id, code(&row.region)?);
        }
        for row in proposal::Entity::find()
            .filter(proposal::Column::Id.is_in(of_kind(objects, "proposal")))
            .all(on)
            .await?
        {
            put(&mut found, "proposal", row.id, code(&row.region)?);
        }
        for row in letter::Entity::find()
            .filter(letter::Column::Id.is_in(of_kind(objects, "letter")))
            .all(on)
            .await?
        {
            put(&mut found, "letter", row.id, code(&row.region)?);
        }
        for row in appeal::Entity::find()
            .filter(appeal::Column::Id.is_in(of_kind(objects, "appeal")))
            .all(on)
            .await?
        {
            put(&mut found, "appeal", row.id, code(&row.region)?);
        }
        // Judged under the one name, read under the other.
        let mut statements = of_kind(objects, "health");
        statements.extend(of_kind(objects, "health_statement"));
        for row in health_statement::Entity::find()
            .filter(health_statement::Column::Id.is_in(statements))
            .all(on)
            .await?
        {
            let region = code(&row.region)?;
            put(&mut found, "health", row.id, region.clone());
            put(&mut found, "health_statement", row.id, region);
        }
        for row in objection::Entity::find()
            .filter(objection::Column::Id.is_in(of_kind(objects, "objection")))
            .all(on)
            .await?
        {
            put(&mut found, "objection", row.id, code(&row.region)?);
        }
        for row in deliberation::Entity::find()
            .filter(deliberation::Column::Id.is_in(of_kind(objects, "deliberation")))
            .all(on)
            .await?
        {
            put(&mut found, "deliberation", row.id, code(&row.region)?);
        }
        for row in role_grant::Entity::find()
            .filter(role_grant::Column::Id.is_in(of_kind(objects, "grant")))
            .all(on)
            .await?
        {
            let regions: Vec<RegionCode> =
                serde_json::from_str(&row.regions).map_err(Error::internal)?;
            for region in regions {
                put(&mut found, "grant", row.id, region);
            }
        }
        self.put_persons(objects, &mut found).await?;
        Ok(found)
    }

    /// Accounts, sessions, phones and codes lie where their person works.
    async fn put_persons(&self, objects: &BTreeSet<String>, found: &mut Regions) -> Result<()> {
        let on = self.store.read();
        let mut of_user: Vec<(&str, Uuid, Uuid)> = of_kind(objects, "user")
            .into_iter()
            .map(|id| ("user", id, id))
            .collect();
        of_user.extend(
            session::Entity::find()
                .filter(session::Column::Id.is_in(of_kind(objects, "session")))
                .all(on)
                .await?
                .into_iter()
                .map(|row| ("session", row.id, row.user_id)),
        );
        of_user.extend(
            device::Entity::find()
                .filter(device::Column::Id.is_in(of_kind(objects, "device")))
                .all(on)
                .await?
                .into_iter()
                .map(|row| ("device", row.id, row.officer_id)),
        );
        of_user.extend(
            enrolment::Entity::find()
                .filter(enrolment::Column::Id.is_in(of_kind(objects, "enrolment")))
                .all(on)
                .await?
                .into_iter()
                .map(|row| ("enrolment", row.id, row.officer_id)),
        );
        let users: Vec<Uuid> = of_user.iter().map(|(_, _, user)| *user).collect();
        let regions = self.regions_of_users(&users).await?;
        for (kind, id, user) in of_user {
            for region in regions.get(&user).into_iter().flatten() {
                put(found, kind, id, region.clone());
            }
        }
        Ok(())
    }

    /// The objects that rows about this case name.
    async fn objects_of_case(&self, id: CaseId) -> Result<Vec<String>> {
        let on = self.store.read();
        let case = Uuid::from(id);
        let mut objects = vec![format!("case:{id}")];
        let visits: Vec<Uuid> = visit::Entity::find()
            .select_only()
            .column(visit::Column::Id)
            .filter(
                Condition::any()
                    .add(visit::Column::FiledCaseId.eq(case))
                    .add(visit::Column::CaseId.eq(case)),
            )
            .into_tuple()
            .all(on)
            .await?;
        objects.extend(visits.iter().map(|id| format!("visit:{id}")));
        let photos: Vec<Uuid> = visit_photo::Entity::find()
            .select_only()
            .column(visit_photo::Column::PhotoId)
            .distinct()
            .filter(visit_photo::Column::VisitId.is_in(visits))
            .into_tuple()
            .all(on)
            .await?;
        objects.extend(photos.iter().map(|id| format!("photo:{id}")));
        for row in case_membership::Entity::find()
            .filter(case_membership::Column::CaseId.eq(case))
            .all(on)
            .await?
        {
            objects.push(format!("membership:{}", MembershipId(row.membership_id)));
        }
        for row in notice::Entity::find()
            .filter(notice::Column::CaseId.eq(case))
            .all(on)
            .await?
        {
            objects.push(format!("notice:{}", NoticeId(row.id)));
        }
        Ok(objects)
    }

    /// The objects a filter leaves; `None`: all.
    async fn objects_wanted(&self, filter: &TrailFilter) -> Result<Option<Vec<String>>> {
        let of_case = match filter.case {
            Some(id) => Some(self.objects_of_case(id).await?),
            None => None,
        };
        Ok(match (of_case, filter.object.clone()) {
            (Some(objects), Some(object)) => {
                Some(objects.into_iter().filter(|one| *one == object).collect())
            }
            (Some(objects), None) => Some(objects),
            (None, Some(object)) => Some(vec![object]),
            (None, None) => None,
        })
    }

    /// Which of these objects the actor may read about.
    async fn readable(
        &self,
        objects: BTreeSet<String>,
        mine: &[RegionCode],
        everything: bool,
    ) -> Result<BTreeSet<String>> {
        if everything {
            return Ok(objects);
        }
        let regions = self.regions_of(&objects).await?;
        Ok(objects
            .into_iter()
            .filter(|object| {
                regions
                    .get(object)
                    .into_iter()
                    .flatten()
                    .any(|region| mine.iter().any(|code| code.covers(region)))
            })
            .collect())
    }

    /// The numbers between which all rows of the time asked for lie; `None`: there are no such rows. A clock that was set
    /// back makes their times no order, so none is left out for its neighbours.
    async fn numbers_within(&self, filter: &TrailFilter) -> Result<Option<(i64, i64)>> {
        if filter.since.is_none() && filter.until.is_none() {
            return Ok(Some((0, i64::MAX)));
        }
        let ends: Option<(Option<i64>, Option<i64>)> = journal::Entity::find()
            .select_only()
            .column_as(journal::Column::Seq.min(), "first")
            .column_as(journal::Column::Seq.max(), "last")
            .filter(filter.within(journal::Column::At))
            .into_tuple()
            .one(self.store.read())
            .await?;
        Ok(ends.and_then(|(first, last)| first.zip(last)))
    }

    /// The journal, with the names of who acted.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn journal_rows(
        &self,
        filter: &TrailFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<JournalRow>> {
        let mut page = self.journal_page(filter, after, limit).await?;
        let who = page.items.iter().filter_map(|row| row.actor);
        let names = self.store.names_of(who.map(Uuid::from).collect()).await?;
        for row in &mut page.items {
            row.actor_name = row.actor.and_then(|id| names.get(&id.into()).cloned());
        }
        let lent = page.items.iter().flat_map(|row| stood_in_by(&row.body));
        let principals = self.store.principals_of(lent.collect()).await?;
        for row in &mut page.items {
            row.deputy_for = stood_in_for(&row.body, &principals);
        }
        let objects = page.items.iter().map(|row| row.object.clone());
        let families = self.families_named(objects.collect()).await?;
        for row in &mut page.items {
            row.family_name = families.get(&row.object).cloned();
        }
        Ok(page)
    }

    async fn journal_page(
        &self,
        filter: &TrailFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<JournalRow>> {
        self.actor.require(Permission::ReadJournal)?;
        let (mine, everything) = self.asked(filter).await?;
        let mut last: i64 = match after {
            None if filter.newest => i64::MAX,
            None => 0,
            Some(text) => text
                .parse()
                .ok()
                .filter(|seq| *seq >= 0)
                .ok_or(Error::Refused(ProblemCode::BadCursor))?,
        };
        let Some((lowest, highest)) = self.numbers_within(filter).await? else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let wanted = self.objects_wanted(filter).await?;
        let mut items = Vec::new();
        let mut looked_at = 0;
        loop {
            let seq = journal::Column::Seq;
            let mut query = journal::Entity::find()
                .filter(if filter.newest {
                    seq.lt(last)
                } else {
                    seq.gt(last)
                })
                .filter(seq.between(lowest, highest))
                .filter(filter.within(journal::Column::At))
                .order_by(seq, filter.order());
            if let Some(objects) = &wanted {
                query = query.filter(journal::Column::Object.is_in(objects.iter().cloned()));
            }
            if let Some(user) = filter.user {
                query = query.filter(journal::Column::Actor.eq(Uuid::from(user)));
            }
            if let Some(role) = filter.role {
                query = query.filter(journal::Column::Role.eq(role.to_string()));
            }
            if let Some(action) = &filter.action {
                query = query.filter(journal::Column::Action.eq(action));
            }
            let rows = query.limit(limit + 1).all(self.store.read()).await?;
            let more = rows.len() as u64 > limit;
            let objects = rows.iter().map(|row| row.object.clone()).collect();
            let readable = self.readable(objects, &mine, everything).await?;
            for row in rows {
                if items.len() as u64 == limit {
                    return Ok(Page {
                        items,
                        next: Some(last.to_string()),
                    });
                }
                last = row.seq;
                if readable.contains(&row.object) {
                    items.push(journal_view(row)?);
                }
            }
            looked_at += limit;
            if !more {
                return Ok(Page { items, next: None });
            }
            if looked_at >= MOST_LOOKED_AT {
                return Ok(Page {
                    items,
                    next: Some(last.to_string()),
                });
            }
        }
    }

    /// The access log, one item for each object of a row, with the names of who looked.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn access_rows(
        &self,
        filter: &TrailFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<AccessRow>> {
        let mut page = self.access_page(filter, after, limit).await?;
        let who = page.items.iter().map(|row| row.user);
        let names = self.store.names_of(who.map(Uuid::from).collect()).await?;
        for row in &mut page.items {
            row.user_name = names.get(&row.user.into()).cloned();
        }
        // That a name was read here names nobody again: the log would never be read to its end.
        let mut named: Vec<_> = page.items.iter_mut().collect();
        named.retain(|row| row.what != NAMED_HERE);
        let objects = named.iter().map(|row| row.object.clone());
        let families = self.families_named(objects.collect()).await?;
        for row in named {
            row.family_name = families.get(&row.object).cloned();
        }
        Ok(page)
    }

    async fn access_page(
        &self,
        filter: &TrailFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<AccessRow>> {
        self.actor.require(Permission::ReadJournal)?;
        let (mine, everything) = self.asked(filter).await?;
        let mut last = match after {
            None if filter.newest => Shown::END,
            None => Shown::START,
            Some(text) => text
                .parse()
                .map_err(|()| Error::Refused(ProblemCode::BadCursor))?,
        };
        let newest = filter.newest;
        let earliest = filter.since.map(earliest_id);
        let wanted = self.objects_wanted(filter).await?;
        let wanted: Option<HashSet<String>> = wanted.map(|objects| objects.into_iter().collect());
        let ids: Vec<Uuid> = wanted
            .iter()
            .flatten()
            .filter_map(|object| parts(object))
            .map(|(_, id)| id)
            .collect();
        let most = usize::try_from(limit).map_err(Error::internal)?;
        let mut items = Vec::new();
        let mut looked_at = 0;
        loop {
            let id = access::Column::Id;
            let mut query = access::Entity::find()
                .filter(if newest {
                    id.lte(last.row)
                } else {
                    id.gte(last.row)
                })
                .filter(filter.within(access::Column::At))
                .order_by(access::Column::Id, filter.order());
            if let Some(earliest) = earliest {
                query = query.filter(access::Column::Id.gte(earliest));
            }
            if wanted.is_some() {
                let named = access_object::Column::AccessId;
                let mut naming = access_object::Entity::find()
                    .select_only()
                    .column(named)
                    .filter(access_object::Column::Object.is_in(ids.iter().copied()))
                    .filter(if newest {
                        named.lte(last.row)
                    } else {
                        named.gte(last.row)
                    })
                    .into_query();
                // Those may name it or not: it is looked for in each.
                naming.union(UnionType::All, not_indexed());
                query = query.filter(access::Column::Id.in_subquery(naming));
            }
            if let Some(user) = filter.user {
                query = query.filter(access::Column::UserId.eq(Uuid::from(user)));
            }
            if let Some(role) = filter.role {
                query = query.filter(access::Column::Role.eq(role.to_string()));
            }
            if let Some(what) = &filter.action {
                query = query.filter(access::Column::What.eq(what));
            }
            // With the one in whose midst the page before this may have ended.
            let rows = query.limit(limit + 2).all(self.store.read()).await?;
            let wanted = wanted.as_ref();
            let mut rest = shown(&rows, last, newest)
                .filter(|(.., object)| wanted.is_none_or(|wanted| wanted.contains(object)));
            let some: Vec<_> = rest.by_ref().take(most + 1).collect();
            let all_of_them = rest.next().is_none();
            let more = !all_of_them || rows.len() > most + 1;
            let objects = some.iter().map(|(.., object)| object.clone()).collect();
            let readable = self.readable(objects, &mine, everything).await?;
            looked_at += rows.len().max(some.len()) as u64;
            for (row, place, object) in some {
                if items.len() as u64 == limit {
                    return Ok(Page {
                        items,
                        next: Some(last.to_string()),
                    });
                }
                last = place;
                if readable.contains(&object) {
                    items.push(access_view(row, place, object));
                }
            }
            if !more {
                return Ok(Page { items, next: None });
            }
            if all_of_them && let Some(row) = rows.last() {
                last = Shown::whole(row, newest);
            }
            if looked_at >= MOST_LOOKED_AT {
                return Ok(Page {
                    items,
                    next: Some(last.to_string()),
                });
            }
        }
    }
}

/// One object of a row of the access log: the row and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    row: Uuid,
    place: usize,
}

impl Shown {
    /// Before every row: no row has this id.
    const START: Self = Self {
        row: Uuid::nil(),
        place: 0,
    };

    /// After every row.
    const END: Self = Self {
        row: Uuid::max(),
        place: usize::MAX,
    };

    /// The object of a row that comes last.
    fn whole(row: &access::Model, newest: bool) -> Self {
        let last = (row.objects.len() / 16).saturating_sub(1);
        Self {
            row: row.id,
            place: if newest { 0 } else { last },
        }
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.row, self.place)
    }
}

impl std::str::FromStr for Shown {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (row, place) = text.split_once('.').ok_or(())?;
        Ok(Self {
            row: Uuid::parse_str(row).map_err(drop)?,
            place: place.parse().map_err(drop)?,
        })
    }
}

/// The objects of these rows after `last`; the newest first when that is how they are read.
fn shown(
    rows: &[access::Model],
    last: Shown,
    newest: bool,
) -> impl Iterator<Item = (&access::Model, Shown, String)> {
    rows.iter().flat_map(move |row| {
        let ids = row.objects.as_chunks::<16>().0;
        (0..ids.len())
            .map(move |n| if newest { ids.len() - 1 - n } else { n })
            .map(move |place| (Shown { row: row.id, place }, &ids[place]))
            .filter(move |(at, _)| if newest { *at < last } else { *at > last })
            .map(move |(at, id)| (row, at, format!("{}:{}", row.kind, Uuid::from_bytes(*id))))
    })
}

fn access_view(row: &access::Model, place: Shown, object: String) -> AccessRow {
    AccessRow {
        id: place.to_string(),
        at: Timestamp::from_micros(row.at),
        user: UserId(row.user_id),
        user_name: None,
        role: row.role.clone(),
        object,
        family_name: None,
        what: row.what.clone(),
        mode: row.mode.clone(),
        purpose: row.purpose.clone(),
    }
}

fn journal_view(row: journal::Model) -> Result<JournalRow> {
    Ok(JournalRow {
        seq: u64::try_from(row.seq).map_err(Error::internal)?,
        at: Timestamp::from_micros(row.at),
        actor: row.actor.map(UserId),
        actor_name: None,
        role: row.role,
        deputy_for: None,
        action: row.action,
        object: row.object,
        family_name: None,
        event_id: row.event_id.map(EventId),
        body: serde_json::from_slice(&row.body).map_err(Error::internal)?,
        hash: super::journal::hex(&row.hash),
    })
}
