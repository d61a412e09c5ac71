//! The recipients of a month: every family that receives something, and how far it has come, told and counted by the
//! database.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{Alias, CaseStatement, Cond, Expr, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};
use tilik_protocol::evidence::PhotoKind;
use tilik_protocol::ids::FamilyId;
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::{RecipientCount, RecipientRow, RecipientState, Recipients};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::{PhotoView, VisitRequest};
use uuid::Uuid;

use super::case_view::{Shown, shown};
use super::cases::requested;
use super::families::{OVER, region_code};
use super::overview::{MINUTE_US, Month, within};
use super::tables::{
    case_membership, family, house, membership, photo, verification_case, visit_photo,
};
use super::{Acting, feed, in_regions};
use crate::error::{Error, Result};

/// Case states of evidence that stands.
const STANDING: [&str; 3] = ["accepted", "awaiting_approval", "decided"];

/// Which recipients a list shows.
#[derive(Debug, Clone, Default)]
pub struct RecipientFilter {
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// Who receive this program.
    pub program: Option<String>,
    /// So far this month.
    pub state: Option<RecipientState>,
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    state: String,
}

#[derive(FromQueryResult)]
struct Counted {
    state: String,
    families: i64,
}

fn column(name: &'static str) -> Alias {
    Alias::new(name)
}

fn inner(name: &'static str) -> Expr {
    Expr::col((column("recipient"), column(name)))
}

/// How far the family of this case has come in the month that began at `since`. What was left over from the month before
/// and decided in this one counts for this one.
fn state(since: i64) -> SimpleExpr {
    use sea_orm::sea_query::ExprTrait as _;
    use verification_case::Column;
    let said = Query::select()
        .expr(Expr::val(1))
        .from(case_membership::Entity)
        .and_where(
            Expr::col((case_membership::Entity, case_membership::Column::CaseId))
                .equals((verification_case::Entity, Column::Id)),
        )
        .cond_where(
            Cond::any()
                .add(case_membership::Column::ProposedAt.gte(since))
                .add(case_membership::Column::ConfirmedAt.gte(since)),
        )
        .to_owned();
    let this_month = Cond::any()
        .add(Column::OpenedAt.gte(since))
        .add(Expr::exists(said));
    let word = |state: RecipientState| Expr::val(state.to_string());
    CaseStatement::new()
        .case(
            Column::State.is_in(["assigned", "returned"]),
            word(RecipientState::Visiting),
        )
        .case(
            Column::State.is_in(["submitted", "unreachable"]),
            word(RecipientState::Reviewing),
        )
        .case(Column::State.eq("accepted"), word(RecipientState::Deciding))
        .case(
            Column::State.eq("awaiting_approval"),
            word(RecipientState::Approving),
        )
        .case(
            Cond::all().add(Column::State.eq("decided")).add(this_month),
            word(RecipientState::Decided),
        )
        .finally(word(RecipientState::Unvisited))
        .into()
}

impl Acting {
    /// The recipients that a filter lets through, of any state, each with its own.
    fn of_month(&self, filter: &RecipientFilter, mine: &[RegionCode]) -> Result<SelectStatement> {
        use sea_orm::sea_query::ExprTrait as _;
        let utc_offset_min = mine.first().map_or(0, RegionCode::utc_offset_min);
        let month = Month::new(None, self.store.now(), utc_offset_min * MINUTE_US)?;
        // A case that ended without a decision says nothing about the family.
        let newest = "verification_case.id = (SELECT c.id FROM verification_case AS c \
                      WHERE c.family_id = family.id AND c.state NOT IN ('closed', 'expired') \
                      ORDER BY c.id DESC LIMIT 1)";
        let mut held = Query::select();
        held.expr(Expr::val(1))
            .from(membership::Entity)
            .and_where(
                Expr::col((membership::Entity, membership::Column::FamilyId))
                    .equals((family::Entity, family::Column::Id)),
            )
            .and_where(membership::Column::State.eq("active"));
        if let Some(program) = &filter.program {
            held.and_where(membership::Column::Program.eq(program));
        }
        let mut some = Query::select();
        some.column((family::Entity, family::Column::Id))
            .column((family::Entity, family::Column::NameKey))
            .expr_as(state(month.from), column("state"))
            .from(family::Entity)
            .left_join(verification_case::Entity, Expr::cust(newest))
            .cond_where(in_regions(family::Column::Region, mine))
            .and_where(Expr::exists(held));
        let mut all = Query::select();
        all.from_subquery(some, column("recipient"));
        Ok(all)
    }

    /// The recipients of this month in reach, by name, and how many are in which state. Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn recipients(
        &self,
        filter: &RecipientFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Recipients> {
        use sea_orm::sea_query::ExprTrait as _;
        self.actor.require(Permission::ReadCases)?;
        let mine = within(
            self.actor.regions(Permission::ReadCases),
            filter.region.as_ref(),
        );
        let all = self.of_month(filter, &mine)?;
        let mut counting = all.clone();
        counting
            .expr(inner("state"))
            .expr_as(Expr::cust("count(*)"), column("families"))
            .add_group_by([inner("state")]);
        let mut page = all;
        page.exprs(["id", "state"].map(inner))
            .order_by(
                (column("recipient"), column("name_key")),
                sea_orm::Order::Asc,
            )
            .order_by((column("recipient"), column("id")), sea_orm::Order::Asc)
            .limit(limit + 1);
        if let Some(state) = filter.state {
            page.and_where(inner("state").eq(state.to_string()));
        }
        if let Some(after) = after {
            let bad = Error::Refused(ProblemCode::BadCursor);
            let Ok(after) = Uuid::parse_str(after) else {
                return Err(bad);
            };
            // Of a family out of reach not even the place in the order is told.
            let last = family::Entity::find_by_id(after)
                .filter(in_regions(family::Column::Region, &mine))
                .one(self.store.read())
                .await?
                .ok_or(bad)?;
            page.and_where(
                inner("name_key")
                    .gt(last.name_key.clone())
                    .or(inner("name_key")
                        .eq(last.name_key)
                        .and(inner("id").gt(after))),
            );
        }
        let backend = self.store.backend();
        let counted = Counted::find_by_statement(backend.build(&counting))
            .all(self.store.read())
            .await?;
        let mut found = Found::find_by_statement(backend.build(&page))
            .all(self.store.read())
            .await?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|row| row.id.to_string());
        let items = self.recipient_rows(&found).await?;
        let states = counted
            .iter()
            .map(|row| RecipientCount {
                state: Lenient::read(&row.state),
                families: row.families.unsigned_abs(),
            })
            .collect();
        Ok(Recipients {
            items,
            next,
            states,
        })
    }

    /// What the list shows of these families, in their order.
    async fn recipient_rows(&self, found: &[Found]) -> Result<Vec<RecipientRow>> {
        let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
        let families = family::Entity::find()
            .filter(family::Column::Id.is_in(ids.iter().copied()))
            .all(self.store.read())
            .await?;
        let reads = families
            .iter()
            .map(|row| self.family_read(row.id, &region_code(&row.region)?, "family_row"))
            .collect::<Result<Vec<_>>>()?;
        let houses: HashMap<Uuid, Uuid> =
            families.iter().map(|row| (row.id, row.house_id)).collect();
        let pins: HashMap<Uuid, house::Model> = house::Entity::find()
            .filter(house::Column::Id.is_in(houses.values().copied()))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut photos = self.standing_photos(&ids).await?;
        let mut requests = self.requests_of(&ids).await?;
        let mut rows: HashMap<FamilyId, _> = self
            .family_rows(families)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        self.note_reads(reads).await?;
        let row = |one: &Found| {
            let house = houses.get(&one.id).and_then(|id| pins.get(id));
            Some(RecipientRow {
                family: rows.remove(&FamilyId(one.id))?,
                state: Lenient::read(&one.state),
                photo: photos.remove(&one.id),
                pin: house.and_then(feed::last_pin),
                requested: requests.remove(&one.id),
            })
        };
        Ok(found.iter().filter_map(row).collect())
    }

    /// Of each family the front of its house in the newest evidence that stands and shows it.
    pub(super) async fn standing_photos(
        &self,
        families: &[Uuid],
    ) -> Result<HashMap<Uuid, PhotoView>> {
        let cases: Vec<(Uuid, Option<Uuid>)> = verification_case::Entity::find()
            .select_only()
            .columns([
                verification_case::Column::FamilyId,
                verification_case::Column::CurrentVisit,
            ])
            .filter(verification_case::Column::FamilyId.is_in(families.iter().copied()))
            .filter(verification_case::Column::State.is_in(STANDING))
            .filter(verification_case::Column::CurrentVisit.is_not_null())
            .order_by_desc(verification_case::Column::Id)
            .into_tuple()
            .all(self.store.read())
            .await?;
        let visits = cases.iter().filter_map(|(_, visit)| *visit);
        let of_photo: RelationDef = visit_photo::Entity::belongs_to(photo::Entity)
            .from(visit_photo::Column::PhotoId)
            .to(photo::Column::Id)
            .into();
        let fronts: Vec<Shown> = visit_photo::Entity::find()
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
            .filter(visit_photo::Column::VisitId.is_in(visits))
            .filter(visit_photo::Column::Kind.eq(PhotoKind::HouseFront.to_string()))
            .filter(photo::Column::State.eq("ready"))
            .order_by_asc(visit_photo::Column::Position)
            .into_model()
            .all(self.store.read())
            .await?;
        let mut by_visit: HashMap<Uuid, Shown> = HashMap::new();
        for front in fronts {
            by_visit.entry(front.visit_id).or_insert(front);
        }
        let fronts: Vec<(Uuid, Uuid)> = cases
            .iter()
            .filter_map(|(family, visit)| {
                Some((*family, visit.filter(|visit| by_visit.contains_key(visit))?))
            })
            .collect();
        let former = self.of_former_houses(&fronts).await?;
        let mut newest = HashMap::new();
        for (family, visit) in cases {
            if newest.contains_key(&family) {
                continue;
            }
            let front = visit.and_then(|visit| by_visit.remove(&visit));
            let view = front.and_then(|front| {
                let before_move = former.contains(&front.visit_id);
                shown(vec![front], before_move).pop()
            });
            if let Some(view) = view {
                newest.insert(family, view);
            }
        }
        Ok(newest)
    }

    /// Who asked for the visits of these families' undecided cases.
    async fn requests_of(&self, families: &[Uuid]) -> Result<HashMap<Uuid, VisitRequest>> {
        let rows: Vec<(Uuid, Option<Uuid>, i64, Option<String>)> =
            verification_case::Entity::find()
                .select_only()
                .columns([
                    verification_case::Column::FamilyId,
                    verification_case::Column::OpenedBy,
                    verification_case::Column::OpenedAt,
                    verification_case::Column::RequestReason,
                ])
                .filter(verification_case::Column::FamilyId.is_in(families.iter().copied()))
                .filter(verification_case::Column::State.is_not_in(OVER))
                .filter(verification_case::Column::RequestReason.is_not_null())
                .into_tuple()
                .all(self.store.read())
                .await?;
        let people: BTreeSet<Uuid> = rows.iter().filter_map(|(_, by, ..)| *by).collect();
        let names = self.store.names_of(people).await?;
        let request = |(family, by, at, reason): (Uuid, Option<Uuid>, i64, Option<String>)| {
            let mut request = requested(by, at, reason.as_deref())?;
            request.name = names.get(&request.by.into()).cloned();
            Some((family, request))
        };
        Ok(rows.into_iter().filter_map(request).collect())
    }
}
