//! The map: where the families are and how far each is this period, counted together from afar and one by one from near.

use serde::{Deserialize, Serialize};

use crate::ids::FamilyId;
use crate::lenient::Lenient;
use crate::region::RegionCode;

/// How far a family is this period: one word from its newest case, in which a case decided in an earlier period does not
/// count.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MapState {
    /// Nobody was there yet.
    Unvisited,
    /// A visit waits for review.
    Submitted,
    /// The officer is to go again.
    Returned,
    /// Nobody was met.
    Unreachable,
    /// The visit was accepted, nothing is decided.
    Accepted,
    /// A cancellation waits for a second person.
    CancelProposed,
    /// Every membership stays.
    Eligible,
    /// A membership was cancelled.
    Cancelled,
}

/// What a base map is made of.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MapTiles {
    /// Lines and areas, drawn by the browser.
    Vector,
    /// Pictures.
    Raster,
}

/// `GET /v1/map/base`: what lies under the families.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapBase {
    /// What `/v1/map/base.pmtiles` is made of; absent: there is none, the map shows where villages end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<MapTiles>))]
    pub tiles: Option<Lenient<MapTiles>>,
}

/// How many families are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateCount {
    /// The state.
    #[cfg_attr(feature = "openapi", schema(value_type = MapState))]
    pub state: Lenient<MapState>,
    /// How many families.
    pub families: u64,
}

/// Families that lie close together at this zoom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapCluster {
    /// Latitude of the middle of where they live, degrees × 10⁷, by cells of 0.003°; of fewer than five families, of the
    /// cluster's cell.
    pub lat_e7: i64,
    /// Longitude, in the same way.
    pub lon_e7: i64,
    /// How many.
    pub families: u64,
    /// How many in each state that occurs.
    pub states: Vec<StateCount>,
}

/// One family's house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapPoint {
    /// The family.
    pub family: FamilyId,
    /// How far it is.
    #[cfg_attr(feature = "openapi", schema(value_type = MapState))]
    pub state: Lenient<MapState>,
    /// Latitude, degrees × 10⁷.
    pub lat_e7: i64,
    /// Longitude, degrees × 10⁷.
    pub lon_e7: i64,
    /// Whether an accepted visit pinned the door; else the registry says where the house is.
    pub pinned: bool,
}

/// `GET /v1/map`: what lies in a part of the map, outward to whole cells of at least 0.003°; clusters, or points when they
/// are few and near.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapView {
    /// How many families lie in those cells.
    pub families: u64,
    /// They together; none when there are points.
    pub clusters: Vec<MapCluster>,
    /// They one by one; none when there are clusters.
    pub points: Vec<MapPoint>,
}

/// `GET /v1/map/villages`: a village's families under the same filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapVillage {
    /// The village.
    pub region: RegionCode,
    /// Its families, on the map or not.
    pub families: u64,
    /// Those of which nobody knows where they live.
    pub unplaced: u64,
    /// How many in each state that occurs.
    pub states: Vec<StateCount>,
    /// South, west, north, east of those on the map, degrees × 10⁷, outward to 0.003°; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[i64; 4]>,
}

/// `GET /v1/map/families`: a family under the same filter, on the map or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapFamily {
    /// The family.
    pub family: FamilyId,
    /// The head's or payee's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// The village.
    pub region: RegionCode,
    /// How far it is.
    #[cfg_attr(feature = "openapi", schema(value_type = MapState))]
    pub state: Lenient<MapState>,
    /// Latitude, degrees × 10⁷; absent when nobody knows where the house is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat_e7: Option<i64>,
    /// Longitude, degrees × 10⁷.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon_e7: Option<i64>,
    /// Whether an accepted visit pinned the door.
    pub pinned: bool,
}
