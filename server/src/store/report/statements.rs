//! The statements of the report, as text: written once for both databases.

use tilik_protocol::region::RegionCode;

use crate::store::overview::{DECISIONS, Month, VISITS, Values, hyphened};

/// The last acts about a case that is not decided.
const CLOSINGS: &str = "'case.close', 'case.expire'";
/// What sends a family's officer out again.
const BACK: &str = "'case.return', 'case.reopen'";
/// What says that nobody is to go out again after all.
const NOT_BACK: &str = "'case.take_back'";
/// States of a case that is over.
const OVER: &str = "'decided', 'closed', 'expired'";
/// States in which somebody has a place.
const HOLDING: &str = "'active', 'suspended'";
/// States in which somebody stands for one.
const STANDING: &str = "'candidate', 'designated'";

/// Every membership as it stood at both ends of the month, and each step between.
///
/// Of a version that was recorded before the one it follows (clocks differ) the later time counts: what is known of a
/// membership has one order.
pub(super) fn places(
    values: &mut Values,
    month: &Month,
    regions: &[RegionCode],
    is_postgres: bool,
) -> String {
    let (from, until) = (values.put(month.from), values.put(month.until));
    let place = values.regions("region", regions);
    let place_before = values.regions("was_region", regions);
    let (body, field): (_, fn(&str) -> String) = if is_postgres {
        ("CAST(body AS jsonb)", |name| format!("body ->> '{name}'"))
    } else {
        ("body", |name| format!("json_extract(body, '$.{name}')"))
    };
    let [region, program, state, reason] = ["region", "program", "state", "reason"].map(field);
    let known = format!(
        "WITH versions AS (SELECT id, version, recorded_at, {body} AS body FROM row_version WHERE kind = 'membership'), \
         told AS (SELECT id, version, MAX(recorded_at) OVER (PARTITION BY id ORDER BY version) AS at, \
         {region} AS region, {program} AS program, {state} AS state, {reason} AS reason FROM versions), \
         known AS (SELECT at, region, program, state, reason, \
         LEAD(at) OVER (PARTITION BY id ORDER BY version) AS next_at, \
         LAG(region) OVER (PARTITION BY id ORDER BY version) AS was_region, \
         LAG(program) OVER (PARTITION BY id ORDER BY version) AS was_program, \
         COALESCE(LAG(state) OVER (PARTITION BY id ORDER BY version), '') AS was_state FROM told)"
    );
    let stood =
        |moment: &str| format!("at < {moment} AND (next_at IS NULL OR next_at >= {moment})");
    let (begin, end) = (stood(&from), stood(&until));
    let step = format!("at >= {from} AND at < {until}");
    let (holds, held) = (
        format!("state IN ({HOLDING})"),
        format!("was_state IN ({HOLDING})"),
    );
    let arms = [
        format!(
            "SELECT 'begin' AS kind, region, program, state, CAST(NULL AS text) AS reason, count(*) AS n FROM known \
             WHERE {begin} AND {holds} AND {place} GROUP BY region, program, state"
        ),
        format!(
            "SELECT 'end', region, program, state, NULL, count(*) FROM known \
             WHERE {end} AND state IN ({HOLDING}, {STANDING}) AND {place} GROUP BY region, program, state"
        ),
        format!(
            "SELECT 'came', region, program, was_state, NULL, count(*) FROM known \
             WHERE {step} AND {holds} AND NOT {held} AND {place} GROUP BY region, program, was_state"
        ),
        format!(
            "SELECT 'ended', was_region, was_program, state, reason, count(*) FROM known \
             WHERE {step} AND {held} AND NOT {holds} AND {place_before} GROUP BY was_region, was_program, state, reason"
        ),
        format!(
            "SELECT 'moved_in', region, program, NULL, NULL, count(*) FROM known \
             WHERE {step} AND {held} AND {holds} AND region <> was_region AND {place} GROUP BY region, program"
        ),
        format!(
            "SELECT 'moved_out', was_region, was_program, NULL, NULL, count(*) FROM known \
             WHERE {step} AND {held} AND {holds} AND region <> was_region AND {place_before} \
             GROUP BY was_region, was_program"
        ),
        // When the first of all was recorded, in the place of the number.
        format!("SELECT 'first', NULL, NULL, NULL, NULL, MIN(at) FROM known WHERE {place}"),
    ];
    format!("{known} {}", arms.join(" UNION ALL "))
}

/// The cases that were open at some moment of the month, by where they were at its end.
pub(super) fn cases(
    values: &mut Values,
    month: &Month,
    regions: &[RegionCode],
    is_postgres: bool,
    now: i64,
) -> String {
    let (from, until) = (values.put(month.from), values.put(month.until));
    let end = values.put(month.until.min(now));
    let place = values.regions("region", regions);
    let name = hyphened("c.id", is_postgres);
    let came_from = if is_postgres {
        "CAST(convert_from(k.body, 'UTF8') AS jsonb) ->> 'from'"
    } else {
        "json_extract(CAST(k.body AS text), '$.from')"
    };
    format!(
        "WITH ends AS (SELECT DISTINCT object FROM journal WHERE at >= {from} AND action IN ({DECISIONS}, {CLOSINGS})), \
         scope AS (SELECT 'case:' || {name} AS object, c.region, c.opened_at, \
         COALESCE(c.closes_at, c.due_at) AS closes_at, c.state \
         FROM verification_case c WHERE c.opened_at < {until} AND (c.opened_at >= {from} OR c.state NOT IN ({OVER}) \
         OR 'case:' || {name} IN (SELECT object FROM ends))), \
         moments AS (SELECT s.opened_at, s.closes_at, \
         COALESCE(MIN(CASE WHEN j.action IN ({DECISIONS}, {CLOSINGS}) THEN j.at END), \
         CASE WHEN s.state IN ({OVER}) THEN s.opened_at END) AS ended_at, \
         MIN(CASE WHEN j.action IN ({DECISIONS}) THEN j.at END) AS decided_at, \
         MAX(CASE WHEN j.action IN ({VISITS}) AND j.at >= {from} AND j.at < {until} THEN 1 ELSE 0 END) AS visited, \
         MAX(CASE WHEN j.action IN ({VISITS}, {NOT_BACK}) AND j.at < {end} THEN j.at ELSE 0 END) AS seen_at, \
         MAX(CASE WHEN j.action IN ({BACK}) AND j.at < {end} THEN j.at ELSE 0 END) AS back_at, \
         COALESCE((SELECT {came_from} FROM journal k WHERE k.object = s.object AND k.action = 'case.carry' \
         AND k.at >= {until} ORDER BY k.seq LIMIT 1), s.region) AS region \
         FROM scope s LEFT JOIN journal j ON j.object = s.object \
         AND j.action IN ({DECISIONS}, {CLOSINGS}, {VISITS}, {BACK}, {NOT_BACK}) \
         GROUP BY s.object, s.region, s.opened_at, s.closes_at, s.state), \
         counted AS (SELECT region, opened_at, closes_at, decided_at, visited, ended_at, seen_at <= back_at AS waits, \
         CASE WHEN ended_at IS NULL OR ended_at >= {until} THEN 1 ELSE 0 END AS open_at_end, \
         CASE WHEN ended_at >= {from} AND ended_at < {until} THEN 1 ELSE 0 END AS ended FROM moments) \
         SELECT region, \
         count(CASE WHEN opened_at < {from} AND (ended_at IS NULL OR ended_at >= {from}) THEN 1 END) AS cases_begin, \
         count(CASE WHEN opened_at >= {from} THEN 1 END) AS opened, \
         count(CASE WHEN visited = 1 THEN 1 END) AS visited, \
         count(CASE WHEN ended = 1 AND decided_at IS NOT NULL THEN 1 END) AS decided, \
         count(CASE WHEN ended = 1 AND decided_at IS NULL THEN 1 END) AS closed, \
         count(CASE WHEN open_at_end = 1 THEN 1 END) AS cases_end, \
         count(CASE WHEN open_at_end = 1 AND waits \
         AND (closes_at <= {end} OR (closes_at IS NULL AND opened_at < {from})) THEN 1 END) AS late FROM counted WHERE {place} GROUP BY region"
    )
}

/// Families by village: those that hold a place, and those that stand for one or wait for one and hold none.
///
/// Who stands for a place for which the rule in force finds them ineligible is not eligible for it; whoever is not ranked
/// yet, or of whom something is not known, is not found so.
pub(super) fn aid_gap(values: &mut Values, regions: &[RegionCode]) -> String {
    let place = values.regions("f.region", regions);
    format!(
        "WITH holding AS (SELECT DISTINCT family_id FROM membership WHERE state IN ({HOLDING})), \
         standing AS (SELECT m.family_id FROM membership m WHERE m.state IN ({STANDING}) \
         AND NOT EXISTS (SELECT 1 FROM evaluation v WHERE v.membership_id = m.id AND v.superseded_at IS NULL \
         AND v.outcome = 'ineligible') \
         UNION SELECT e.family_id FROM waitlist_entry e JOIN waitlist w ON w.id = e.waitlist_id \
         WHERE w.frozen_at IS NOT NULL AND w.superseded_at IS NULL AND e.taken_at IS NULL) \
         SELECT f.region AS region, count(h.family_id) AS receiving, \
         count(CASE WHEN h.family_id IS NULL THEN s.family_id END) AS without_aid \
         FROM family f LEFT JOIN holding h ON h.family_id = f.id LEFT JOIN standing s ON s.family_id = f.id \
         WHERE f.closed_at IS NULL AND {place} AND (h.family_id IS NOT NULL OR s.family_id IS NOT NULL) \
         GROUP BY f.region ORDER BY f.region"
    )
}

/// What came from outside and was answered: deaths, appeals, objections.
pub(super) fn events(values: &mut Values, month: &Month, regions: &[RegionCode]) -> String {
    let (from, until) = (values.put(month.from), values.put(month.until));
    let place = values.regions("region", regions);
    let within = |column: &str| format!("{column} >= {from} AND {column} < {until}");
    let arms = [
        format!(
            "SELECT 'deaths' AS kind, region, CAST(NULL AS text) AS program, count(*) AS n FROM civil_event \
             WHERE kind = 'MENINGGAL' AND state IN ('applied', 'handled', 'reversed') \
             AND COALESCE(why, '') <> 'already_so' AND {} AND {place} GROUP BY region",
            within("settled_at")
        ),
        format!(
            "SELECT 'appeals_filed', region, program, count(*) FROM appeal WHERE {} AND {place} GROUP BY region, program",
            within("filed_at")
        ),
        format!(
            "SELECT 'appeals_upheld', region, program, count(*) FROM appeal WHERE state = 'upheld' AND {} AND {place} \
             GROUP BY region, program",
            within("closed_at")
        ),
        format!(
            "SELECT 'objections_filed', region, NULL, count(*) FROM objection WHERE {} AND {place} GROUP BY region",
            within("filed_at")
        ),
        format!(
            "SELECT 'objections_answered', region, NULL, count(*) FROM objection WHERE state IN ('admitted', 'rejected') \
             AND {} AND {place} GROUP BY region",
            within("closed_at")
        ),
        format!(
            "SELECT 'objections_lapsed', region, NULL, count(*) FROM objection WHERE state = 'lapsed' AND {} AND {place} \
             GROUP BY region",
            within("closed_at")
        ),
    ];
    arms.join(" UNION ALL ")
}
