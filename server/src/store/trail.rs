//! What was done and who looked, for those who may ask: the journal and the access log, page by page, and only what
//! belongs to the asker's regions.
//!
//! Neither table has a region: an object's region is asked when it is read. A row about nothing that lies anywhere (an
//! import, a program) is for those whose regions are the whole registry.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::UnionType;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use tilik_protocol::ids::{CaseId, EventId, MembershipId, NoticeId, UserId};
use tilik_protocol::manifest::SignedManifest;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{AccessRow, JournalRow, Page};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::not_indexed;
use super::tables::{
    access, access_object, case_membership, device, enrolment, family, journal, membership, notice,
    region, role_grant, session, verification_case, visit, visit_photo, waitlist,
};
use super::{Acting, in_regions};
use crate::error::{Error, Result};

/// Rows, or objects of rows, looked at for one page. A page may hold fewer than asked for, even none, and still name a next
/// one.
const MOST_LOOKED_AT: u64 = 2_000;

/// Which rows.
#[derive(Debug, Clone, Default)]
pub struct TrailFilter {
    /// A case with its visits, photos, memberships and notices.
    pub case: Option<CaseId>,
    /// One object, as the rows name it.
    pub object: Option<String>,
    /// Who did it or looked.
    pub user: Option<UserId>,
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
        let beyond = region::Entity::find()
            .filter(Condition::not(in_regions(region::Column::Code, mine)))
            .filter(region::Column::Code.is_not_in(inner))
            .count(self.store.read())
            .await?;
        Ok(beyond == 0)
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

    /// The journal, oldest first, with the names of who acted.
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
        Ok(page)
    }

    async fn journal_page(
        &self,
        filter: &TrailFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<JournalRow>> {
        self.actor.require(Permission::ReadJournal)?;
        let mine = self.actor.regions(Permission::ReadJournal);
        let everything = self.reads_everything(&mine).await?;
        let mut last: i64 = match after {
            None => 0,
            Some(text) => text
                .parse()
                .ok()
                .filter(|seq| *seq >= 0)
                .ok_or(Error::Refused(ProblemCode::BadCursor))?,
        };
        let wanted = self.objects_wanted(filter).await?;
        let mut items = Vec::new();
        let mut looked_at = 0;
        loop {
            let mut query = journal::Entity::find()
                .filter(journal::Column::Seq.gt(last))
                .order_by_asc(journal::Column::Seq);
            if let Some(objects) = &wanted {
                query = query.filter(journal::Column::Object.is_in(objects.iter().cloned()));
            }
            if let Some(user) = filter.user {
                query = query.filter(journal::Column::Actor.eq(Uuid::from(user)));
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

    /// The access log, oldest first, one item for each object of a row, with the names of who looked.
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
        Ok(page)
    }

    async fn access_page(
        &self,
        filter: &TrailFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<AccessRow>> {
        self.actor.require(Permission::ReadJournal)?;
        let mine = self.actor.regions(Permission::ReadJournal);
        let everything = self.reads_everything(&mine).await?;
        let mut last = match after {
            None => Shown::START,
            Some(text) => text
                .parse()
                .map_err(|()| Error::Refused(ProblemCode::BadCursor))?,
        };
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
            let mut query = access::Entity::find()
                .filter(access::Column::Id.gte(last.row))
                .order_by_asc(access::Column::Id);
            if wanted.is_some() {
                let mut naming = access_object::Entity::find()
                    .select_only()
                    .column(access_object::Column::AccessId)
                    .filter(access_object::Column::Object.is_in(ids.iter().copied()))
                    .filter(access_object::Column::AccessId.gte(last.row))
                    .into_query();
                // Those may name it or not: it is looked for in each.
                naming.union(UnionType::All, not_indexed());
                query = query.filter(access::Column::Id.in_subquery(naming));
            }
            if let Some(user) = filter.user {
                query = query.filter(access::Column::UserId.eq(Uuid::from(user)));
            }
            // With the one in whose midst the page before this may have ended.
            let rows = query.limit(limit + 2).all(self.store.read()).await?;
            let wanted = wanted.as_ref();
            let mut rest = shown(&rows, last)
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
                last = Shown::whole(row);
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

    /// The last object of a row.
    fn whole(row: &access::Model) -> Self {
        Self {
            row: row.id,
            place: (row.objects.len() / 16).saturating_sub(1),
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

/// The objects of these rows after `last`.
fn shown(
    rows: &[access::Model],
    last: Shown,
) -> impl Iterator<Item = (&access::Model, Shown, String)> {
    rows.iter().flat_map(move |row| {
        let ids = row.objects.as_chunks::<16>().0.iter().enumerate();
        ids.map(move |(place, id)| (Shown { row: row.id, place }, id))
            .filter(move |(at, _)| *at > last)
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
        action: row.action,
        object: row.object,
        event_id: row.event_id.map(EventId),
        body: serde_json::from_slice(&row.body).map_err(Error::internal)?,
        hash: super::journal::hex(&row.hash),
    })
}
