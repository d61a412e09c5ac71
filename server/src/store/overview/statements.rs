//! The statements of the overview, as text: each is one look at the month's cases, written once for both databases.

use std::fmt::Write as _;

use sea_orm::Value;
use tilik_protocol::region::RegionCode;
use uuid::Uuid;

use super::{DAY_US, MINUTE_US, Month, QUEUE_FROM};

/// A visit that counted.
pub(in crate::store) const VISITS: &str = "'case.submit_visit', 'case.report_unreachable'";
/// An acceptance, and what takes it back.
const ACCEPTANCES: &str = "'case.accept', 'case.agree_unreachable'";
const WITHDRAWALS: &str = "'case.withdraw', 'case.withdraw_unreachable'";
/// The last outcome.
pub(in crate::store) const DECISIONS: &str = "'case.decide_eligible', 'case.confirm_last'";
/// After these a case waits for a visit,
const WAITS_AFTER: &str =
    "'case.open', 'case.assign', 'case.unassign', 'case.return', 'case.reopen', 'case.expire'";
/// after these for somebody else, or for nobody.
const ENDS_WAIT: &str =
    "'case.take_back', 'case.close', 'case.send_for_approval', 'case.refuse_decision'";

/// Values of a statement with `$1, $2 …`, and their names.
#[derive(Default)]
pub(in crate::store) struct Values(pub(in crate::store) Vec<Value>);

impl Values {
    pub(in crate::store) fn put(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    /// `column` lies in one of `regions`: as `in_regions` says it, in text.
    pub(in crate::store) fn regions(&mut self, column: &str, regions: &[RegionCode]) -> String {
        let places: Vec<String> = regions
            .iter()
            .map(|code| {
                let is = self.put(code.as_str());
                let from = self.put(format!("{code}."));
                let to = self.put(format!("{code}/"));
                format!("{column} = {is} OR ({column} >= {from} AND {column} < {to})")
            })
            .collect();
        format!("({})", places.join(" OR "))
    }
}

/// The least id that was made at `us` or later: an id begins with its milliseconds.
fn id_from(us: i64) -> Uuid {
    let ms = u128::try_from(us / 1_000).unwrap_or_default();
    Uuid::from_u128(ms << 80)
}

/// An id as the journal writes it.
pub(in crate::store) fn hyphened(column: &str, is_postgres: bool) -> String {
    if is_postgres {
        return format!("CAST({column} AS text)");
    }
    let part = |at, len| format!("substr(hex({column}), {at}, {len})");
    let parts = [
        part(1, 8),
        part(9, 4),
        part(13, 4),
        part(17, 4),
        part(21, 12),
    ];
    format!("lower({})", parts.join(" || '-' || "))
}

/// `WITH scope …, acts …`: the month's cases, and which of `actions` were done to each.
///
/// A case whose window closed is told by its successor, when that was opened in the same month: its acts are the
/// successor's.
fn acts(
    values: &mut Values,
    month: &Month,
    regions: &[RegionCode],
    is_postgres: bool,
    actions: &str,
) -> String {
    let (from, until) = (values.put(month.from), values.put(month.until));
    // Ids are in the order of time, so that the month is found by the key; a day more, since a clock may be set back.
    let (first, last) = (
        values.put(id_from(month.from - DAY_US)),
        values.put(id_from(month.until + DAY_US)),
    );
    let place = values.regions("c.region", regions);
    let name = hyphened("s.subject", is_postgres);
    format!(
        "WITH scope AS (SELECT c.id, c.region, c.officer_id, c.state, p.id AS earlier, \
         COALESCE(p.opened_at, c.opened_at) AS opened_at, \
         COALESCE(c.closes_at, p.closes_at, c.due_at, {until}) AS due \
         FROM verification_case c \
         LEFT JOIN verification_case p ON p.id = c.predecessor AND p.opened_at >= {from} \
         WHERE c.id >= {first} AND c.id < {last} AND c.opened_at >= {from} AND c.opened_at < {until} AND {place} \
         AND NOT (c.state = 'expired' AND EXISTS (SELECT 1 FROM verification_case n \
         WHERE n.predecessor = c.id AND n.opened_at < {until}))), \
         told AS (SELECT id, id AS subject FROM scope UNION ALL SELECT id, earlier FROM scope WHERE earlier IS NOT NULL), \
         acts AS (SELECT s.id, j.action, j.at, j.seq, \
         LEAD(j.action) OVER (PARTITION BY s.id, CASE WHEN j.action IN ({ACCEPTANCES}, {WITHDRAWALS}, 'case.return', \
         'case.take_back') THEN 1 ELSE 0 END ORDER BY j.seq) AS next_review \
         FROM told s JOIN journal j ON j.object = 'case:' || {name} \
         WHERE j.action IN ({actions}))"
    )
}

/// The return stands: nobody took it back.
const RETURN_STANDS: &str =
    "a.action = 'case.return' AND COALESCE(a.next_review, '') <> 'case.take_back'";

/// Everything that is counted about the month's cases, in one statement: they are looked at once.
pub(super) fn counting(
    values: &mut Values,
    month: &Month,
    regions: &[RegionCode],
    is_postgres: bool,
    now: i64,
    today: i64,
) -> String {
    let actions = [
        VISITS,
        ACCEPTANCES,
        WITHDRAWALS,
        DECISIONS,
        WAITS_AFTER,
        ENDS_WAIT,
    ]
    .join(", ");
    let acts = acts(values, month, regions, is_postgres, &actions);
    let (now, today) = (values.put(now), values.put(today));
    let (from, until) = (values.put(month.from), values.put(month.until));
    let moments = format!(
        "moments AS (SELECT s.id, s.region, s.officer_id, s.state, s.opened_at, s.due, \
         MIN(CASE WHEN a.action IN ({VISITS}) THEN a.at END) AS visited_at, \
         MIN(CASE WHEN {RETURN_STANDS} THEN a.at END) AS returned_at, \
         MAX(CASE WHEN a.action IN ({ACCEPTANCES}) AND COALESCE(a.next_review, '') NOT IN ({WITHDRAWALS}) \
         THEN a.at END) AS accepted_at, \
         MAX(CASE WHEN a.action IN ({DECISIONS}) THEN a.at END) AS decided_at, \
         MAX(CASE WHEN a.at < {today} THEN a.seq END) AS last_act, \
         MAX(CASE WHEN a.at < {today} AND a.action IN ({WAITS_AFTER}) THEN a.seq END) AS last_wait \
         FROM scope s LEFT JOIN acts a ON a.id = s.id \
         GROUP BY s.id, s.region, s.officer_id, s.state, s.opened_at, s.due)"
    );
    let counts = format!(
        "count(*) AS target, count(visited_at) AS visited, count(returned_at) AS returned, \
         count(accepted_at) AS accepted, count(decided_at) AS decided, \
         count(CASE WHEN state IN ('open', 'assigned', 'returned', 'expired') AND due <= {now} THEN 1 END) AS overdue, \
         count(CASE WHEN state IN ('submitted', 'unreachable') THEN 1 END) AS waiting FROM moments"
    );
    let before = |column: &str| format!("count(CASE WHEN {column} < {today} THEN 1 END)");
    // By day only one number is told, in the place of the first.
    let by_day = |column: &str| {
        format!(
            "SELECT '{column}', NULL, NULL, day, count(*), 0, 0, 0, 0, 0, 0 FROM \
             (SELECT ({column} - {from}) / {DAY_US} AS day FROM moments WHERE {column} < {until}) AS of_days GROUP BY day"
        )
    };
    let arms = [
        format!(
            "SELECT 'now' AS kind, CAST(NULL AS text) AS region, officer_id AS officer, CAST(NULL AS bigint) AS day, \
             {counts} GROUP BY officer_id"
        ),
        format!("SELECT 'village', region, NULL, NULL, {counts} GROUP BY region"),
        format!(
            "SELECT 'yesterday', NULL, NULL, NULL, {}, {}, {}, {}, {}, \
             count(CASE WHEN opened_at < {today} AND due <= {today} AND last_wait = last_act THEN 1 END), 0 FROM moments",
            before("opened_at"),
            before("visited_at"),
            before("returned_at"),
            before("accepted_at"),
            before("decided_at"),
        ),
        by_day("opened_at"),
        by_day("visited_at"),
        by_day("accepted_at"),
        by_day("decided_at"),
        // Of the one in the middle, or of the two: minutes in the place of the number.
        format!(
            "SELECT 'median', NULL, officer_id, NULL, CAST(avg(took) AS bigint) / {MINUTE_US}, 0, 0, 0, 0, 0, 0 FROM \
             (SELECT officer_id, visited_at - opened_at AS took, \
             row_number() OVER (PARTITION BY officer_id ORDER BY visited_at - opened_at) AS place, \
             count(*) OVER (PARTITION BY officer_id) AS visits FROM moments WHERE visited_at IS NOT NULL) AS ranked \
             WHERE place IN ((visits + 1) / 2, (visits + 2) / 2) GROUP BY officer_id"
        ),
    ];
    format!("{acts}, {moments} {}", arms.join(" UNION ALL "))
}

/// How often each reason was given in the returns that stand.
pub(super) fn reasons(
    values: &mut Values,
    month: &Month,
    regions: &[RegionCode],
    is_postgres: bool,
) -> String {
    let actions = "'case.return', 'case.take_back'";
    let acts = acts(values, month, regions, is_postgres, actions);
    let (code, each) = if is_postgres {
        (
            "r.value ->> 'code'",
            "jsonb_array_elements(CAST(convert_from(j.body, 'UTF8') AS jsonb) #> '{body,reasons}')",
        )
    } else {
        (
            "json_extract(r.value, '$.code')",
            "json_each(CAST(j.body AS text), '$.body.reasons')",
        )
    };
    format!(
        "{acts} SELECT {code} AS code, count(DISTINCT a.seq) AS returns \
         FROM acts a JOIN journal j ON j.seq = a.seq CROSS JOIN {each} AS r \
         WHERE {RETURN_STANDS} GROUP BY {code}"
    )
}

/// How long what waits for a review has waited.
pub(super) fn queue(values: &mut Values, regions: &[RegionCode], now: i64) -> String {
    let now = values.put(now);
    let place = values.regions("c.region", regions);
    let [first, rest @ ..] = QUEUE_FROM;
    let (mut cases, mut below) = (String::new(), first);
    for from in rest {
        let _ = write!(cases, "WHEN waited < {from} * {DAY_US} THEN {below} ");
        below = from;
    }
    format!(
        "SELECT CAST(from_days AS bigint) AS from_days, count(*) AS cases FROM (SELECT CASE {cases} ELSE {below} END \
         AS from_days FROM (SELECT {now} - c.complete_at AS waited FROM verification_case c \
         WHERE c.state IN ('submitted', 'unreachable') AND c.complete_at IS NOT NULL AND {place}) AS waiting) AS ages \
         GROUP BY from_days"
    )
}
