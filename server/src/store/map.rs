//! Where the families are, counted by the database: by cells of a grid, by village, or one by one.
//!
//! Whoever is told where a house stands is logged. What is not logged is computed from the [`CELL`] in which each house
//! lies, never from where in it: frames are widened to whole cells, larger cells are made of whole ones, and middles are
//! those of cells. However many answers are held against each other, a house is found no nearer than that.

use std::collections::BTreeMap;

use sea_orm::sea_query::{
    Alias, CaseStatement, Cond, Condition, Expr, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{ColumnTrait, FromQueryResult};
use tilik_protocol::duty::Outcome;
use tilik_protocol::ids::{FamilyId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::map::{
    MapCluster, MapFamily, MapPoint, MapState, MapView, MapVillage, StateCount,
};
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::cases::PERIOD_S;
use super::tables::{case_membership, family, house, membership, verification_case};
use super::{Acting, in_regions};
use crate::error::{Error, Result};

/// Half the earth, degrees × 10⁷: what is added so that cells are counted from nought.
const HALF: i64 = 1_800_000_000;
/// Pixels across a cell.
const CELL_PX: f64 = 72.0;
/// Pixels around the earth at zoom 0.
const WORLD_PX: f64 = 512.0;
/// Most cells in one answer, so that it stays below 200 KB.
const MOST_CELLS: i64 = 400;
/// The smallest cell, degrees × 10⁷: 330 m both ways on Java. It divides [`HALF`], so that all grids have one origin.
const CELL: i64 = 30_000;
/// From this zoom on houses are shown one by one,
const POINTS_FROM: f64 = 14.0;
/// when they are at most so many.
const MOST_POINTS: u64 = 1_200;

/// Of fewer families than this a cluster says which cell they live in, not where.
const FEW: u64 = 5;

/// Which families are on the map and in its lists.
#[derive(Debug, Clone, Default)]
pub struct MapFilter {
    /// In this state.
    pub state: Option<MapState>,
    /// In this region and below.
    pub region: Option<RegionCode>,
    /// Holding, or to hold, a place in this program.
    pub program: Option<String>,
    /// Whose newest case is with this officer.
    pub officer: Option<UserId>,
    /// Only those of which nobody knows where they live.
    pub unplaced: bool,
}

/// A part of the map.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// South, west, north, east, degrees × 10⁷: what is on the screen.
    edges: [i64; 4],
    /// The same, outward to whole cells of the grid: what is answered. North and east belong to the next ones.
    whole: [i64; 4],
    zoom: f64,
    /// How wide a cell of the grid is, degrees × 10⁷.
    step: i64,
}

impl Frame {
    /// A part of the map from its edges (degrees × 10⁷) and the zoom at which it is looked at.
    ///
    /// # Errors
    /// `invalid` when it is no part of the earth.
    pub fn new(edges: [i64; 4], zoom: f64) -> Result<Self> {
        let [south, west, north, east] = edges;
        let on_earth = south >= -HALF / 2 && north <= HALF / 2 && west >= -HALF && east <= HALF;
        if !on_earth || south >= north || west >= east {
            return Err(Error::field(
                "south",
                "not_a_frame",
                "Isi tepi peta dalam derajat × 10.000.000: selatan di bawah utara, barat sebelum timur.",
            ));
        }
        if !(0.0..=24.0).contains(&zoom) {
            return Err(Error::field(
                "zoom",
                "out_of_range",
                "Isi zoom 0 sampai 24.",
            ));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a whole turn is 3.6e9")]
        let wanted = (2.0 * 1.8e9 * CELL_PX / (WORLD_PX * zoom.exp2())).round() as i64;
        let mut step = ((wanted + CELL / 2) / CELL).max(1) * CELL;
        // Whoever asks for much at a high zoom gets larger cells, not more of them.
        while ((north - south) / step + 2) * ((east - west) / step + 2) > MOST_CELLS {
            step *= 2;
        }
        let low = |edge: i64| (edge + HALF).div_euclid(step) * step - HALF;
        let whole = [low(south), low(west), low(north) + step, low(east) + step];
        Ok(Self {
            edges,
            whole,
            zoom,
            step,
        })
    }

    /// Whether a place is on the screen.
    fn shows(&self, lat: i64, lon: i64) -> bool {
        let [south, west, north, east] = self.edges;
        (south..=north).contains(&lat) && (west..=east).contains(&lon)
    }
}

#[derive(FromQueryResult)]
struct Cell {
    x: i64,
    y: i64,
    state: String,
    families: i64,
    lat: i64,
    lon: i64,
}

#[derive(FromQueryResult)]
struct Point {
    id: Uuid,
    region: String,
    state: String,
    lat: i64,
    lon: i64,
    pinned: i32,
}

#[derive(FromQueryResult)]
struct VillageState {
    region: String,
    state: String,
    families: i64,
    placed: i64,
    south: Option<i64>,
    west: Option<i64>,
    north: Option<i64>,
    east: Option<i64>,
}

#[derive(FromQueryResult)]
struct Listed {
    id: Uuid,
    region: String,
    state: String,
    lat: Option<i64>,
    lon: Option<i64>,
    pinned: i32,
    name: String,
    address: String,
    rt: String,
    rw: String,
}

fn column(name: &'static str) -> Alias {
    Alias::new(name)
}

fn inner(name: &'static str) -> Expr {
    Expr::col((column("placed"), column(name)))
}

/// The case's state in the words of the map, when nothing was decided before `since`.
fn state(since: i64) -> SimpleExpr {
    use sea_orm::sea_query::ExprTrait as _;
    let is = |state: &str| verification_case::Column::State.eq(state);
    let refused = Query::select()
        .expr(Expr::val(1))
        .from(case_membership::Entity)
        .and_where(
            Expr::col((case_membership::Entity, case_membership::Column::CaseId))
                .equals((verification_case::Entity, verification_case::Column::Id)),
        )
        .and_where(case_membership::Column::Outcome.eq(Outcome::Ineligible.to_string()))
        .to_owned();
    let before = Condition::any()
        .add(verification_case::Column::State.is_null())
        .add(verification_case::Column::State.is_in(["open", "assigned", "closed", "expired"]))
        .add(
            Cond::all()
                .add(is("decided"))
                .add(verification_case::Column::OpenedAt.lt(since)),
        );
    let word = |state: MapState| Expr::val(state.to_string());
    CaseStatement::new()
        .case(before, word(MapState::Unvisited))
        .case(is("awaiting_approval"), word(MapState::CancelProposed))
        .case(
            Cond::all().add(is("decided")).add(Expr::exists(refused)),
            word(MapState::Cancelled),
        )
        .case(is("decided"), word(MapState::Eligible))
        .finally(Expr::col((
            verification_case::Entity,
            verification_case::Column::State,
        )))
        .into()
}

/// The pin of an accepted visit, else what the registry says.
fn place(pin: house::Column, said: house::Column) -> SimpleExpr {
    Expr::expr(sea_orm::sea_query::Func::coalesce([
        Expr::col((house::Entity, pin)),
        Expr::col((house::Entity, said)),
    ]))
}

impl Acting {
    /// The families that a filter lets through, each with its place and state; the name with `listed`.
    fn placed(&self, filter: &MapFilter, listed: bool) -> Result<SelectStatement> {
        use sea_orm::sea_query::ExprTrait as _;
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        let since = self.store.now().as_micros() - PERIOD_S * 1_000_000;
        let newest = "verification_case.id = (SELECT c.id FROM verification_case AS c \
                      WHERE c.family_id = family.id ORDER BY c.id DESC LIMIT 1)";
        let mut some = Query::select();
        some.column((family::Entity, family::Column::Id))
            .column((family::Entity, family::Column::Region))
            .expr_as(
                place(house::Column::LatE7, house::Column::RegistryLatE7),
                column("lat"),
            )
            .expr_as(
                place(house::Column::LonE7, house::Column::RegistryLonE7),
                column("lon"),
            )
            .expr_as(
                Expr::cust("CASE WHEN house.lat_e7 IS NULL THEN 0 ELSE 1 END"),
                column("pinned"),
            )
            .expr_as(state(since), column("state"))
            .from(family::Entity)
            .inner_join(
                house::Entity,
                Expr::col((house::Entity, house::Column::Id))
                    .equals((family::Entity, family::Column::HouseId)),
            )
            .left_join(verification_case::Entity, Expr::cust(newest))
            .cond_where(in_regions(family::Column::Region, &mine));
        if listed {
            some.columns([
                (family::Entity, family::Column::Name),
                (family::Entity, family::Column::Address),
                (family::Entity, family::Column::Rt),
                (family::Entity, family::Column::Rw),
            ]);
        }
        if let Some(region) = &filter.region {
            some.cond_where(in_regions(
                family::Column::Region,
                std::slice::from_ref(region),
            ));
        }
        if let Some(program) = &filter.program {
            let open = ["candidate", "designated", "active", "suspended"];
            let holders = Query::select()
                .column(membership::Column::FamilyId)
                .from(membership::Entity)
                .and_where(membership::Column::Program.eq(program))
                .and_where(membership::Column::State.is_in(open))
                .to_owned();
            some.and_where(family::Column::Id.in_subquery(holders));
        }
        if let Some(officer) = filter.officer {
            some.and_where(verification_case::Column::OfficerId.eq(Uuid::from(officer)));
        }
        let mut all = Query::select();
        all.from_subquery(some, column("placed"));
        if let Some(state) = filter.state {
            all.and_where(inner("state").eq(state.to_string()));
        }
        if filter.unplaced {
            all.and_where(inner("lat").is_null());
        }
        Ok(all)
    }

    async fn found<T: FromQueryResult>(&self, query: &SelectStatement) -> Result<Vec<T>> {
        let statement = self.store.backend().build(query);
        Ok(T::find_by_statement(statement)
            .all(self.store.read())
            .await?)
    }

    /// What lies in a part of the map and in the cells at its edges: clusters, or single houses when they are few and near.
    /// Those beyond the edge are told as well, and logged as handed out: an answer that leaves them out would say on which
    /// side of it they stand.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn map_view(&self, frame: &Frame, filter: &MapFilter) -> Result<MapView> {
        use sea_orm::sea_query::ExprTrait as _;
        let [south, west, north, east] = frame.whole;
        let mut within = self.placed(filter, false)?;
        within
            .and_where(inner("lat").gte(south))
            .and_where(inner("lat").lt(north))
            .and_where(inner("lon").gte(west))
            .and_where(inner("lon").lt(east));
        let cell = |name| inner(name).add(HALF).div(frame.step);
        let middle = |name| {
            inner(name)
                .add(HALF)
                .div(CELL)
                .mul(CELL)
                .add(CELL / 2 - HALF)
        };
        let mut cells = within.clone();
        cells
            .expr_as(cell("lon"), column("x"))
            .expr_as(cell("lat"), column("y"))
            .expr_as(middle("lat"), column("lat"))
            .expr_as(middle("lon"), column("lon"))
            .expr(inner("state"));
        let mut counted = Query::select();
        counted
            .columns([column("x"), column("y"), column("state")])
            .expr_as(Expr::cust("count(*)"), column("families"))
            .expr_as(Expr::cust("CAST(avg(lat) AS bigint)"), column("lat"))
            .expr_as(Expr::cust("CAST(avg(lon) AS bigint)"), column("lon"))
            .from_subquery(cells, column("cells"))
            .group_by_columns([column("x"), column("y"), column("state")]);
        let rows: Vec<Cell> = self.found(&counted).await?;
        let families = rows.iter().map(|row| row.families.unsigned_abs()).sum();
        if frame.zoom < POINTS_FROM || families > MOST_POINTS {
            return Ok(MapView {
                families,
                clusters: clusters(rows, frame.step),
                points: Vec::new(),
            });
        }
        within
            .exprs(["id", "region", "state", "lat", "lon", "pinned"].map(inner))
            .order_by((column("placed"), column("id")), sea_orm::Order::Asc)
            .limit(MOST_POINTS);
        let rows: Vec<Point> = self.found(&within).await?;
        let mut reads = Vec::new();
        let mut points = Vec::new();
        for row in rows {
            let mode = if frame.shows(row.lat, row.lon) {
                Mode::Seen
            } else {
                Mode::Served
            };
            reads.push(self.map_read(row.id, &row.region, "map_point", mode)?);
            points.push(MapPoint {
                family: FamilyId(row.id),
                state: Lenient::read(&row.state),
                lat_e7: row.lat,
                lon_e7: row.lon,
                pinned: row.pinned == 1,
            });
        }
        self.note_reads(reads).await?;
        Ok(MapView {
            families: points.len() as u64,
            clusters: Vec::new(),
            points,
        })
    }

    fn map_read(&self, id: Uuid, region: &str, what: &'static str, mode: Mode) -> Result<Read> {
        Ok(Read {
            kind: "family",
            id,
            what,
            mode,
            role: self.reading_in(&region.parse().map_err(Error::internal)?)?,
            purpose: None,
        })
    }

    /// The villages under a filter, by code, with how many families are in each state.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn map_villages(
        &self,
        filter: &MapFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MapVillage>> {
        use sea_orm::sea_query::ExprTrait as _;
        let mut some = self.placed(filter, false)?;
        if let Some(after) = after {
            let after: RegionCode = after
                .parse()
                .map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            some.and_where(inner("region").gt(after.to_string()));
        }
        some.exprs(["region", "state"].map(inner))
            .expr_as(Expr::cust("count(*)"), column("families"))
            .expr_as(Expr::cust("count(lat)"), column("placed"))
            .expr_as(Expr::cust("min(lat)"), column("south"))
            .expr_as(Expr::cust("min(lon)"), column("west"))
            .expr_as(Expr::cust("max(lat)"), column("north"))
            .expr_as(Expr::cust("max(lon)"), column("east"))
            .add_group_by([inner("region"), inner("state")])
            .order_by((column("placed"), column("region")), sea_orm::Order::Asc)
            // A row for each state that occurs; one village more says that there are more.
            .limit((limit + 1) * 8);
        let rows: Vec<VillageState> = self.found(&some).await?;
        let mut items: Vec<MapVillage> = Vec::new();
        for row in rows {
            let region: RegionCode = row.region.parse().map_err(Error::internal)?;
            if items.last().is_none_or(|last| last.region != region) {
                items.push(MapVillage {
                    region,
                    families: 0,
                    unplaced: 0,
                    states: Vec::new(),
                    bounds: None,
                });
            }
            if let Some(village) = items.last_mut() {
                village.take(&row);
            }
        }
        let more = items.len() as u64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| last.region.to_string());
        Ok(Page { items, next })
    }

    /// The families under a filter, on the map or not.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`.
    pub async fn map_families(
        &self,
        filter: &MapFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<MapFamily>> {
        use sea_orm::sea_query::ExprTrait as _;
        let mut some = self.placed(filter, true)?;
        if let Some(after) = after {
            let after =
                Uuid::parse_str(after).map_err(|_| Error::Refused(ProblemCode::BadCursor))?;
            some.and_where(inner("id").gt(after));
        }
        let columns = [
            "id", "region", "state", "lat", "lon", "pinned", "name", "address", "rt", "rw",
        ];
        some.exprs(columns.map(inner))
            .order_by((column("placed"), column("id")), sea_orm::Order::Asc)
            .limit(limit + 1);
        let mut rows: Vec<Listed> = self.found(&some).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let mut reads = Vec::new();
        let mut items = Vec::new();
        for row in rows {
            reads.push(self.map_read(row.id, &row.region, "family_row", Mode::Seen)?);
            items.push(MapFamily {
                family: FamilyId(row.id),
                name: row.name,
                address: row.address,
                rt: row.rt,
                rw: row.rw,
                region: row.region.parse().map_err(Error::internal)?,
                state: Lenient::read(&row.state),
                lat_e7: row.lat,
                lon_e7: row.lon,
                pinned: row.pinned == 1,
            });
        }
        self.note_reads(reads).await?;
        Ok(Page { items, next })
    }
}

trait Takes {
    fn take(&mut self, row: &VillageState);
}

impl Takes for MapVillage {
    fn take(&mut self, row: &VillageState) {
        let families = row.families.unsigned_abs();
        self.families += families;
        self.unplaced += families - row.placed.unsigned_abs().min(families);
        self.states.push(StateCount {
            state: Lenient::read(&row.state),
            families,
        });
        let here = (row.south, row.west, row.north, row.east);
        if let (Some(south), Some(west), Some(north), Some(east)) = here {
            let low = |edge: i64| edge.div_euclid(CELL) * CELL;
            let high = |edge: i64| low(edge) + CELL;
            let [south, west, north, east] = [low(south), low(west), high(north), high(east)];
            let [s, w, n, e] = self.bounds.unwrap_or([south, west, north, east]);
            self.bounds = Some([s.min(south), w.min(west), n.max(north), e.max(east)]);
        }
    }
}

/// Cells of one state each, together by place; their middle is weighted by how many live where, unless they are few.
fn clusters(rows: Vec<Cell>, step: i64) -> Vec<MapCluster> {
    let mut cells: BTreeMap<(i64, i64), MapCluster> = BTreeMap::new();
    for row in rows {
        let cluster = cells.entry((row.x, row.y)).or_insert(MapCluster {
            lat_e7: 0,
            lon_e7: 0,
            families: 0,
            states: Vec::new(),
        });
        let (before, more) = (
            i64::try_from(cluster.families).unwrap_or(i64::MAX),
            row.families.max(1),
        );
        let mean = |old: i64, new: i64| old + (new - old) * more / (before + more);
        (cluster.lat_e7, cluster.lon_e7) = if before == 0 {
            (row.lat, row.lon)
        } else {
            (mean(cluster.lat_e7, row.lat), mean(cluster.lon_e7, row.lon))
        };
        cluster.families += row.families.unsigned_abs();
        cluster.states.push(StateCount {
            state: Lenient::read(&row.state),
            families: row.families.unsigned_abs(),
        });
    }
    let middle = |cell: i64| cell * step - HALF + step / 2;
    cells
        .into_iter()
        .map(|((x, y), cluster)| {
            if cluster.families >= FEW {
                return cluster;
            }
            MapCluster {
                lat_e7: middle(y),
                lon_e7: middle(x),
                ..cluster
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_families_are_shown_in_the_middle_of_their_cell_and_many_where_they_live() {
        let cell = |families| Cell {
            x: 2,
            y: 3,
            state: "accepted".to_owned(),
            families,
            lat: 3_010 - HALF,
            lon: 2_990 - HALF,
        };
        let place = |families| {
            let found = clusters(vec![cell(families)], 1_000);
            (found[0].lat_e7, found[0].lon_e7)
        };
        assert_eq!(place(1), (3_500 - HALF, 2_500 - HALF));
        assert_eq!(place(4), place(1));
        assert_eq!(place(5), (3_010 - HALF, 2_990 - HALF));
    }

    #[test]
    fn a_frame_has_at_most_four_hundred_cells_whatever_is_asked_for() {
        for (edges, zoom) in [
            (
                [-900_000_000, -1_800_000_000, 900_000_000, 1_800_000_000],
                0.0,
            ),
            (
                [-900_000_000, -1_800_000_000, 900_000_000, 1_800_000_000],
                24.0,
            ),
            (
                [-79_000_000, 1_119_000_000, -77_000_000, 1_121_000_000],
                22.0,
            ),
            ([0, 0, 1, 1], 24.0),
        ] {
            let frame = Frame::new(edges, zoom).unwrap();
            let [south, west, north, east] = edges;
            let cells = ((north - south) / frame.step + 2) * ((east - west) / frame.step + 2);
            assert!(cells <= MOST_CELLS, "{cells} cells at {zoom}");
            // And it shows nothing of less than a whole cell.
            let [s, w, n, e] = frame.whole;
            assert!(s <= south && w <= west && n > north && e > east);
            for edge in frame.whole {
                assert_eq!((edge + HALF) % CELL, 0, "{edge} at {zoom}");
            }
            assert!((n - s) / frame.step * ((e - w) / frame.step) <= MOST_CELLS);
        }
        assert_eq!(HALF % CELL, 0);
        assert!(Frame::new([1, 0, 0, 1], 3.0).is_err());
        assert!(Frame::new([0, 0, 1, 1], f64::NAN).is_err());
        assert!(Frame::new([i64::MIN, 0, i64::MAX, 1], 3.0).is_err());
    }
}
