//! The map of the families: a part of it, its villages, and the families by name for who does not look at maps.

use serde::Deserialize;
use tilik_protocol::ids::UserId;
use tilik_protocol::map::{MapFamily, MapState, MapView, MapVillage};
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;

use super::auth::By;
use super::body::{Json, Query};
use crate::error::Result;
use crate::store::map::{Frame, MapFilter};

/// A part of the map, and which families.
#[derive(Debug, Deserialize)]
pub struct ViewQuery {
    south: i64,
    west: i64,
    north: i64,
    east: i64,
    zoom: f64,
    state: Option<MapState>,
    region: Option<RegionCode>,
    program: Option<String>,
    officer: Option<UserId>,
}

/// Which families, a page at a time.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    state: Option<MapState>,
    region: Option<RegionCode>,
    program: Option<String>,
    officer: Option<UserId>,
    unplaced: Option<bool>,
    after: Option<String>,
    limit: Option<u64>,
}

impl ListQuery {
    fn filter(&self) -> MapFilter {
        MapFilter {
            state: self.state,
            region: self.region.clone(),
            program: self.program.clone(),
            officer: self.officer,
            unplaced: self.unplaced.unwrap_or_default(),
        }
    }
}

/// `GET /v1/map`: edges in degrees × 10⁷, zoom as maps of 512-pixel tiles count it.
#[utoipa::path(get, path = "/v1/map", tag = "map", params(("south" = i64, Query), ("west" = i64, Query), ("north" = i64, Query), ("east" = i64, Query), ("zoom" = f64, Query), ("state" = Option<MapState>, Query), ("region" = Option<String>, Query), ("program" = Option<String>, Query), ("officer" = Option<UserId>, Query)), responses((status = 200, body = MapView)))]
pub async fn view(By(by): By, Query(query): Query<ViewQuery>) -> Result<Json<MapView>> {
    let frame = Frame::new(
        [query.south, query.west, query.north, query.east],
        query.zoom,
    )?;
    let filter = MapFilter {
        state: query.state,
        region: query.region,
        program: query.program,
        officer: query.officer,
        unplaced: false,
    };
    Ok(Json(by.map_view(&frame, &filter).await?))
}

/// `GET /v1/map/villages`.
#[utoipa::path(get, path = "/v1/map/villages", tag = "map", params(("state" = Option<MapState>, Query), ("region" = Option<String>, Query), ("program" = Option<String>, Query), ("officer" = Option<UserId>, Query), ("unplaced" = Option<bool>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<MapVillage>)))]
pub async fn villages(
    By(by): By,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<MapVillage>>> {
    let limit = query.limit.unwrap_or(200).clamp(1, 200);
    let filter = query.filter();
    let page = by.map_villages(&filter, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}

/// `GET /v1/map/families`.
#[utoipa::path(get, path = "/v1/map/families", tag = "map", params(("state" = Option<MapState>, Query), ("region" = Option<String>, Query), ("program" = Option<String>, Query), ("officer" = Option<UserId>, Query), ("unplaced" = Option<bool>, Query), ("after" = Option<String>, Query), ("limit" = Option<u64>, Query)), responses((status = 200, body = Page<MapFamily>)))]
pub async fn families(By(by): By, Query(query): Query<ListQuery>) -> Result<Json<Page<MapFamily>>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = query.filter();
    let page = by.map_families(&filter, query.after.as_deref(), limit);
    Ok(Json(page.await?))
}
