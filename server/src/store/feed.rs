//! Feeds to phones: what lies in which bucket, and the pages a cursor gets.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use tilik_protocol::case::CaseState;
use tilik_protocol::evidence::{FEED_PAGE_ROWS, VisitKind};
use tilik_protocol::ids::{CaseId, FamilyId, HouseId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::{
    Assignment, Boundary, Bucket, BucketPage, Cursor, FeedRow, FormRef, LastPin,
};
use tilik_protocol::time::Timestamp;

use super::cases::{due_at, returned_of};
use super::lanes::QueryEach as _;
use super::tables::{
    case_membership, family, feed_counter, feed_row, house, membership, region, verification_case,
};
use super::{Acting, Write};
use crate::error::{Error, Result};
use crate::geometry;

/// The feed's name for a case.
fn object_of(case: CaseId) -> String {
    format!("assignment:{case}")
}

/// Puts the case into its officer's bucket, or takes it out when it is not with an officer; and out of the bucket of the
/// officer who had it before.
pub(super) async fn publish_case(
    write: &mut Write,
    case: &verification_case::Model,
    before: Option<UserId>,
) -> Result<()> {
    let id = CaseId(case.id);
    let officer = case.officer_id.map(UserId);
    if let Some(before) = before.filter(|before| Some(*before) != officer) {
        write.feed_del(Bucket::officer(before), object_of(id));
    }
    let Some(officer) = officer else {
        return Ok(());
    };
    let state: CaseState = case.state.parse().map_err(Error::internal)?;
    if !state.is_with_officer() {
        write.feed_del(Bucket::officer(officer), object_of(id));
        return Ok(());
    }
    let assignment = assignment_of(write, case).await?;
    write.feed_put(Bucket::officer(officer), object_of(id), &assignment)
}

async fn assignment_of(write: &Write, case: &verification_case::Model) -> Result<Assignment> {
    let gone = || Error::internal("a case points at a family or house that is not there");
    let family = family::Entity::find_by_id(case.family_id)
        .one(write.on())
        .await?
        .ok_or_else(gone)?;
    let house = house::Entity::find_by_id(case.house_id)
        .one(write.on())
        .await?
        .ok_or_else(gone)?;
    let memberships: Vec<uuid::Uuid> = case_membership::Entity::find()
        .filter(case_membership::Column::CaseId.eq(case.id))
        .all(write.on())
        .await?
        .into_iter()
        .map(|row| row.membership_id)
        .collect();
    let mut programs: Vec<String> = membership::Entity::find()
        .filter(membership::Column::Id.is_in(memberships))
        .all(write.on())
        .await?
        .into_iter()
        .map(|row| row.program)
        .collect();
    programs.sort();
    programs.dedup();
    let kind: Lenient<VisitKind> = Lenient::read(&case.kind);
    let asks = kind.known() == Some(VisitKind::Full);
    Ok(Assignment {
        case: CaseId(case.id),
        version: case.version,
        state: Lenient::read(&case.state),
        house: HouseId(house.id),
        family: FamilyId(family.id),
        name: family.name,
        address: family.address,
        rt: family.rt,
        rw: family.rw,
        region: case.region.parse().map_err(Error::internal)?,
        kind,
        form: asks.then(|| FormRef {
            id: "kepmensos-262".to_owned(),
            version: 1,
        }),
        last_pin: last_pin(&house),
        programs,
        closes_at: due_at(case),
        returned: returned_of(case)?,
    })
}

/// Where the door was last pinned, as accepted evidence says.
pub(super) fn last_pin(house: &house::Model) -> Option<LastPin> {
    Some(LastPin {
        lat_e7: house.lat_e7?,
        lon_e7: house.lon_e7?,
        accuracy_cm: house.accuracy_cm?,
        taken_at: Timestamp::from_micros(house.pinned_at?),
    })
}

/// Puts where a village ends, and how it is called, into its bucket: coarse, for a phone's map without a network.
pub(super) async fn publish_boundary(
    write: &mut Write,
    code: &RegionCode,
    geometry: &str,
) -> Result<()> {
    let named = region::Entity::find_by_id(code.to_string())
        .one(write.on())
        .await?;
    let boundary = Boundary {
        code: code.clone(),
        name: named.map_or_else(|| code.to_string(), |region| region.name),
        rings: geometry::boundary(geometry)
            .map(|shape| geometry::phone_rings(&shape))
            .unwrap_or_default(),
    };
    write.feed_put(Bucket::region(code), format!("boundary:{code}"), &boundary)
}

/// Cursors of one phone that are worth remembering.
const MOST_HELD: usize = 500;

/// What a phone is told of its feeds.
#[derive(Default)]
pub(super) struct Served {
    /// Rows.
    pub(super) pages: Vec<BucketPage>,
    /// The buckets it names that are not its own, or not any more.
    pub(super) revoked: Vec<Bucket>,
    /// How far it says it came, of buckets that are its own and no further than they go.
    pub(super) held: Vec<(Bucket, u64)>,
}

impl Acting {
    /// The buckets this officer's phone follows, in order, each with its newest number and its checksum. One without a row
    /// has a head all the same: nobody can be ahead of it.
    async fn my_buckets(&self) -> Result<BTreeMap<Bucket, (u64, u64)>> {
        let mut buckets = BTreeMap::from([(Bucket::officer(self.actor.person_id()?), (0, 0))]);
        let regions: Vec<_> = self
            .actor
            .grants()
            .iter()
            .filter(|grant| grant.role == Role::Officer)
            .flat_map(|grant| grant.regions.iter())
            .collect();
        for region in &regions {
            // What counts for the whole city, such as its forms, counts in each of its villages.
            let above = std::iter::successors(region.parent(), RegionCode::parent);
            buckets.extend(above.map(|up| (Bucket::region(&up), (0, 0))));
        }
        let mut queries = Vec::new();
        let named: Vec<String> = buckets.keys().map(|bucket| bucket.0.clone()).collect();
        for some in named.chunks(500) {
            queries.push(feed_counter::Column::Bucket.is_in(some.to_vec()).into());
        }
        for some in regions.chunks(100) {
            let mut below = Condition::any();
            for region in some {
                let bucket = Bucket::region(region).0;
                below = below
                    .add(feed_counter::Column::Bucket.starts_with(format!("{bucket}.")))
                    .add(feed_counter::Column::Bucket.eq(bucket));
            }
            queries.push(below);
        }
        let backend = self.store.backend();
        let count = queries.len();
        let queries = queries
            .into_iter()
            .map(|wanted| feed_counter::Entity::find().filter(wanted).build(backend));
        let mut answers = self.store.read().query_each(queries.collect()).await?;
        for _ in 0..count {
            for row in answers.all::<feed_counter::Model>()? {
                let head = (row.seq.cast_unsigned(), row.checksum.cast_unsigned());
                buckets.insert(Bucket(row.bucket), head);
            }
        }
        Ok(buckets)
    }

    /// Pages after the cursors, at most [`FEED_PAGE_ROWS`] rows in all. A cursor that cannot be is answered by the bucket
    /// from its beginning.
    pub(super) async fn feed_pages(&self, cursors: &BTreeMap<Bucket, Cursor>) -> Result<Served> {
        let mine = self.my_buckets().await?;
        let revoked = cursors
            .keys()
            .filter(|bucket| !mine.contains_key(*bucket))
            .cloned()
            .collect();
        let mut room = FEED_PAGE_ROWS;
        let mut pages = Vec::new();
        let mut held = Vec::new();
        for (bucket, (head, sum)) in mine {
            let said = cursors.get(&bucket).copied().unwrap_or_default();
            let lost = said.seq > head
                || (said.seq == head && said.checksum != sum)
                || (said.seq == 0 && said.checksum != 0);
            let from = if lost { 0 } else { said.seq };
            if cursors.contains_key(&bucket) && !lost && held.len() < MOST_HELD {
                held.push((bucket.clone(), said.seq));
            }
            if from == head && !lost {
                continue;
            }
            if room == 0 {
                pages.push(BucketPage {
                    bucket,
                    rows: Vec::new(),
                    next: from,
                    more: true,
                    checksum: None,
                    reset: lost,
                });
                continue;
            }
            let mut query = feed_row::Entity::find()
                .filter(feed_row::Column::Bucket.eq(&bucket.0))
                .filter(feed_row::Column::Seq.gt(from.cast_signed()))
                // Rows written after the counter was read belong to the next page.
                .filter(feed_row::Column::Seq.lte(head.cast_signed()));
            if from == 0 {
                query = query.filter(feed_row::Column::Op.eq("put"));
            }
            let mut rows = query
                .order_by(feed_row::Column::Seq, Order::Asc)
                .limit(room + 1)
                .all(self.store.read())
                .await?;
            let more = rows.len() as u64 > room;
            rows.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            room -= rows.len() as u64;
            let next = if more {
                rows.last().map_or(from, |row| row.seq.cast_unsigned())
            } else {
                head
            };
            #[cfg(any(test, feature = "testing"))]
            if self.store.makes(super::testing::Bug::SkipsARow) && rows.len() > 1 {
                rows.remove(0);
            }
            let rows = rows
                .into_iter()
                .map(|row| {
                    Ok(FeedRow {
                        seq: row.seq.cast_unsigned(),
                        object: row.object,
                        op: Lenient::read(&row.op),
                        hash: row.hash.cast_unsigned(),
                        body: row
                            .body
                            .as_deref()
                            .map(serde_json::from_str)
                            .transpose()
                            .map_err(Error::internal)?,
                    })
                })
                .collect::<Result<_>>()?;
            pages.push(BucketPage {
                bucket,
                rows,
                next,
                more,
                checksum: (!more).then(|| format!("{sum:016x}")),
                reset: from == 0,
            });
        }
        Ok(Served {
            pages,
            revoked,
            held,
        })
    }
}
