//! The month's report: to look at, on paper, as a workbook.

use axum::response::Response;
use serde::Deserialize;
use tilik_protocol::region::RegionCode;
use tilik_protocol::report::{AidGap, MonthlyReport};

use super::attachment::{XLSX, attachment};
use super::auth::By;
use super::body::{Json, Query};
use crate::error::{Error, Result};
use crate::reports;

/// Which month, and where.
#[derive(Debug, Deserialize)]
pub struct ReportQuery {
    month: Option<String>,
    region: Option<RegionCode>,
}

/// `GET /v1/reports/monthly`: without a month the present one, without a region all of one's own.
#[utoipa::path(get, path = "/v1/reports/monthly", tag = "reports", params(("month" = Option<String>, Query, description = "`2026-11`"), ("region" = Option<String>, Query)), responses((status = 200, body = MonthlyReport)))]
pub async fn show(By(by): By, Query(query): Query<ReportQuery>) -> Result<Json<MonthlyReport>> {
    let report = by.monthly_report(query.month.as_deref(), query.region.as_ref());
    Ok(Json(report.await?))
}

/// Where.
#[derive(Debug, Deserialize)]
pub struct GapQuery {
    region: Option<RegionCode>,
}

/// `GET /v1/reports/aid-gap`: eligible families without aid, by village; without a region all of one's own.
#[utoipa::path(get, path = "/v1/reports/aid-gap", tag = "reports", params(("region" = Option<String>, Query)), responses((status = 200, body = AidGap)))]
pub async fn aid_gap(By(by): By, Query(query): Query<GapQuery>) -> Result<Json<AidGap>> {
    Ok(Json(by.aid_gap(query.region.as_ref()).await?))
}

/// `GET /v1/reports/monthly.pdf`: the same on A4.
#[utoipa::path(get, path = "/v1/reports/monthly.pdf", tag = "reports", params(("month" = Option<String>, Query, description = "`2026-11`"), ("region" = Option<String>, Query)), responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub async fn pdf(By(by): By, Query(query): Query<ReportQuery>) -> Result<Response> {
    let named = by.report_to_keep(query.month.as_deref(), query.region.as_ref());
    let named = named.await?;
    let name = format!("laporan-{}.pdf", named.report.month);
    let drawn = tokio::task::spawn_blocking(move || reports::draw(&named));
    let bytes = drawn.await.map_err(Error::internal)??;
    attachment(bytes, "application/pdf", &name)
}

/// `GET /v1/reports/monthly.xlsx`: the same as a workbook.
#[utoipa::path(get, path = "/v1/reports/monthly.xlsx", tag = "reports", params(("month" = Option<String>, Query, description = "`2026-11`"), ("region" = Option<String>, Query)), responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn xlsx(By(by): By, Query(query): Query<ReportQuery>) -> Result<Response> {
    let named = by.report_to_keep(query.month.as_deref(), query.region.as_ref());
    let named = named.await?;
    let name = format!("laporan-{}.xlsx", named.report.month);
    let written = tokio::task::spawn_blocking(move || reports::write(&named));
    let bytes = written.await.map_err(Error::internal)??;
    attachment(bytes, XLSX, &name)
}
