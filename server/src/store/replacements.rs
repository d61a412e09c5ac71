//! Who took whose place. Owns how the one before is found: whoever was named for a place and stepped back in between
//! had it never.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use tilik_protocol::ids::{FamilyId, MembershipId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::replacement::{ReplacementRow, ReplacementSide};
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::case_view::masked;
use super::families::region_code;
use super::ministry::{elsewhere, recipient};
use super::overview::within;
use super::tables::{case_membership, family, membership, person};
use super::{Acting, in_regions};
use crate::error::{Error, Result};

/// Which replacements a list shows.
#[derive(Debug, Clone, Default)]
pub struct ReplacementFilter {
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// Of this program.
    pub program: Option<String>,
}

/// A membership that lost its place, and the decision that ended it.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub row: membership::Model,
    pub reason: Option<String>,
    pub document_number: Option<String>,
    pub confirmed_at: Option<i64>,
}

/// The memberships that take a place somebody had before them.
pub(super) fn successors(
    regions: &[RegionCode],
    program: Option<&String>,
) -> Select<membership::Entity> {
    let withdrawn = MembershipState::Withdrawn.to_string();
    let mut query = membership::Entity::find()
        .filter(in_regions(membership::Column::Region, regions))
        .filter(membership::Column::SuccessorOf.is_not_null())
        .filter(membership::Column::State.ne(withdrawn));
    if let Some(program) = program {
        query = query.filter(membership::Column::Program.eq(program));
    }
    query
}

/// Whose places these are, by the membership that takes each.
pub(super) async fn ended_before(
    on: &impl ConnectionTrait,
    rows: &[membership::Model],
) -> Result<HashMap<Uuid, Ended>> {
    // By where the way back from each has come to.
    let mut ways: Vec<(Uuid, Uuid)> = rows
        .iter()
        .filter_map(|row| Some((row.id, row.successor_of?)))
        .collect();
    let mut found: HashMap<Uuid, membership::Model> = HashMap::new();
    while !ways.is_empty() {
        let ids: BTreeSet<Uuid> = ways.iter().map(|(_, at)| *at).collect();
        let before: HashMap<Uuid, membership::Model> = membership::Entity::find()
            .filter(membership::Column::Id.is_in(ids))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut further = Vec::new();
        for (id, at) in ways {
            let Some(row) = before.get(&at) else { continue };
            match row.successor_of {
                Some(up) if row.state == MembershipState::Withdrawn.to_string() => {
                    further.push((id, up));
                }
                Some(_) | None => {
                    found.insert(id, row.clone());
                }
            }
        }
        ways = further;
    }
    let ids: BTreeSet<Uuid> = found.values().map(|row| row.id).collect();
    let mut decided: HashMap<Uuid, case_membership::Model> = HashMap::new();
    for row in case_membership::Entity::find()
        .filter(case_membership::Column::MembershipId.is_in(ids))
        .filter(case_membership::Column::ConfirmedAt.is_not_null())
        .order_by_asc(case_membership::Column::ConfirmedAt)
        .all(on)
        .await?
    {
        decided.insert(row.membership_id, row);
    }
    Ok(found
        .into_iter()
        .map(|(id, row)| {
            let said = decided.get(&row.id);
            let ended = Ended {
                reason: row.reason.clone().or_else(|| said?.reason.clone()),
                document_number: said.and_then(|said| said.document_number.clone()),
                confirmed_at: said.and_then(|said| said.confirmed_at),
                row,
            };
            (id, ended)
        })
        .collect())
}

impl Acting {
    /// Places that went from one to another, the newest first. Logged as a read of both families.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn replacements(
        &self,
        filter: &ReplacementFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ReplacementRow>> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let mine = within(mine, filter.region.as_ref());
        let mut query = successors(&mine, filter.program.as_ref());
        if let Some(after) = after {
            let after = Uuid::parse_str(after);
            let after = after.map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            query = query.filter(membership::Column::Id.lt(after));
        }
        let mut rows = query
            .order_by_desc(membership::Column::Id)
            .limit(limit + 1)
            .all(self.store.read())
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let ended = ended_before(self.store.read(), &rows).await?;
        let of: Vec<(Uuid, Option<Uuid>)> = rows
            .iter()
            .chain(ended.values().map(|one| &one.row))
            .map(|row| (row.family_id, row.person_id))
            .collect();
        let sides = self.sides(&of).await?;
        let side = |row: &membership::Model| sides.get(&(row.family_id, row.person_id)).cloned();
        let items = rows
            .iter()
            .filter_map(|row| Some((row, ended.get(&row.id)?)))
            .map(|(row, ended)| {
                Ok(ReplacementRow {
                    id: MembershipId(row.id),
                    ended: MembershipId(ended.row.id),
                    program: row.program.clone(),
                    region: region_code(&row.region)?,
                    state: Lenient::read(&row.state),
                    reason: ended.reason.as_deref().and_then(|code| code.parse().ok()),
                    document_number: ended.document_number.clone(),
                    confirmed_at: ended.confirmed_at.map(Timestamp::from_micros),
                    before: side(&ended.row),
                    after: side(row),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page { items, next })
    }

    /// Those of some families and persons who are in reach, as papers show them.
    async fn sides(
        &self,
        of: &[(Uuid, Option<Uuid>)],
    ) -> Result<HashMap<(Uuid, Option<Uuid>), ReplacementSide>> {
        let on = self.store.read();
        let ids: BTreeSet<Uuid> = of.iter().map(|(id, _)| *id).collect();
        let mut members: HashMap<Uuid, Vec<person::Model>> = HashMap::new();
        for one in person::Entity::find()
            .filter(person::Column::FamilyId.is_in(ids.iter().copied()))
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?
        {
            members.entry(one.family_id).or_default().push(one);
        }
        let elsewhere = elsewhere(on, of, &members).await?;
        let mut homes = HashMap::new();
        let mut reads = Vec::new();
        for home in family::Entity::find()
            .filter(family::Column::Id.is_in(ids))
            .all(on)
            .await?
        {
            // Who moved away since is another village's to show.
            if let Ok(read) = self.family_read(home.id, &region_code(&home.region)?, "family_row") {
                reads.push(read);
                homes.insert(home.id, home);
            }
        }
        self.note_reads(reads).await?;
        let keys = self.store.keys();
        let clear = |table: &str, column: &str, id: Uuid, sealed: Option<&Vec<u8>>| {
            let clear = sealed.map(|sealed| keys.decrypt_field(table, column, id, sealed));
            let number = clear.transpose().map_err(Error::internal)?;
            Ok::<_, Error>(number.map(|number| masked(&number)))
        };
        let mut sides = HashMap::new();
        for (id, person) in of {
            let Some(home) = homes.get(id) else { continue };
            let people = members.get(id).map(Vec::as_slice).unwrap_or_default();
            let who = recipient(people, *person, home.payee_id);
            let who = who.or_else(|| elsewhere.get(&(*person)?));
            let nik = match who {
                Some(one) => clear("person", "nik", one.id, one.nik_enc.as_ref())?,
                None => None,
            };
            let side = ReplacementSide {
                family: FamilyId(*id),
                name: who.map_or_else(|| home.name.clone(), |one| one.name.clone()),
                nik_masked: nik,
                kk_masked: clear("family", "kk", home.id, home.kk_enc.as_ref())?,
                address: home.address.clone(),
                rt: home.rt.clone(),
                rw: home.rw.clone(),
                region: region_code(&home.region)?,
            };
            sides.insert((*id, *person), side);
        }
        Ok(sides)
    }
}
