//! What became of what somebody sent on, as data: one line a kind, one statement for all of them.

use sea_orm::{FromQueryResult, Statement};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::tasks::{Turn, TurnKind};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Waiting;
use crate::error::Result;
use crate::store::Acting;
use crate::store::overview::Values;

/// So long it is news.
const NEWS_S: i64 = 14 * 86_400;
/// Most that are told.
const MOST: u64 = 20;

/// Rows that came back to whoever sent them. `{me}` stands for who asks.
struct Answer {
    kind: TurnKind,
    /// Without it they send nothing of the kind any more, and see none of it.
    permission: Permission,
    from: &'static str,
    /// It was theirs, and it was answered.
    said: &'static str,
    at: &'static str,
    /// Where it must lie in reach; none: it counts everywhere.
    region: Option<&'static str>,
    /// The family `f` of its statement, or a word of a column.
    word: Option<&'static str>,
}

const REQUESTS: &str = "family_request t JOIN family f ON f.id = t.family_id";
const PROPOSALS: &str = "proposal t LEFT JOIN family f ON f.id = t.family_id";

const fn request(kind: TurnKind, said: &'static str) -> Answer {
    Answer {
        kind,
        permission: Permission::MaintainFamilies,
        from: REQUESTS,
        said,
        at: "t.decided_at",
        region: Some("t.region"),
        word: None,
    }
}

const fn proposal(kind: TurnKind, said: &'static str) -> Answer {
    Answer {
        kind,
        permission: Permission::Propose,
        from: PROPOSALS,
        said,
        at: "t.since",
        region: Some("t.region"),
        word: None,
    }
}

const fn rule(kind: TurnKind, said: &'static str) -> Answer {
    Answer {
        kind,
        permission: Permission::Import,
        from: "rule t",
        said,
        at: "t.decided_at",
        region: Some("t.region"),
        word: Some("t.program"),
    }
}

const fn window(kind: TurnKind, said: &'static str) -> Answer {
    Answer {
        kind,
        permission: Permission::ChangeWindows,
        from: "submission_window t",
        said,
        at: "t.judged_at",
        region: None,
        word: Some("t.act"),
    }
}

const fn import(kind: TurnKind, said: &'static str, at: &'static str) -> Answer {
    Answer {
        kind,
        permission: Permission::Import,
        from: "import_run t",
        said,
        at,
        region: None,
        word: Some("t.kind"),
    }
}

const ANSWERS: [Answer; 14] = [
    request(
        TurnKind::FamilyConfirmed,
        "t.proposed_by = {me} AND t.outcome = 'confirmed'",
    ),
    request(
        TurnKind::FamilyRefused,
        "t.proposed_by = {me} AND t.outcome = 'refused'",
    ),
    proposal(TurnKind::ProposalReturned, "t.state = 'returned' AND {own}"),
    proposal(TurnKind::ProposalEndorsed, "t.state = 'endorsed' AND {own}"),
    proposal(TurnKind::ProposalAccepted, "t.state = 'accepted' AND {own}"),
    proposal(TurnKind::ProposalRejected, "t.state = 'rejected' AND {own}"),
    Answer {
        kind: TurnKind::ExportRefused,
        permission: Permission::Export,
        from: "export_run t",
        said: "t.state = 'refused' AND t.asked_by = {me}",
        at: "t.answered_at",
        region: Some("t.region"),
        word: Some("t.kind"),
    },
    rule(
        TurnKind::RuleInForce,
        "t.state = 'in_force' AND (t.made_by = {me} OR t.submitted_by = {me})",
    ),
    rule(
        TurnKind::RuleRefused,
        "t.state = 'refused' AND (t.made_by = {me} OR t.submitted_by = {me})",
    ),
    window(
        TurnKind::WindowInForce,
        "t.state = 'in_force' AND t.proposed_by = {me}",
    ),
    window(
        TurnKind::WindowRefused,
        "t.state = 'refused' AND t.proposed_by = {me}",
    ),
    import(
        TurnKind::ImportDone,
        "t.state = 'done' AND t.imported_by = {me}",
        "t.at",
    ),
    import(
        TurnKind::ImportInForce,
        "t.state = 'in_force' AND t.imported_by = {me}",
        "t.confirmed_at",
    ),
    import(
        TurnKind::ImportRefused,
        "t.state = 'refused' AND t.imported_by = {me}",
        "t.confirmed_at",
    ),
];

/// Whoever had a hand in a proposal before it was answered.
const OWN: &str =
    "EXISTS (SELECT 1 FROM proposal_act a WHERE a.proposal_id = t.id AND a.by_id = {me})";

#[derive(FromQueryResult)]
struct Said {
    kind: String,
    id: Uuid,
    family: Option<Uuid>,
    region: String,
    name: Option<String>,
    since: i64,
}

impl Acting {
    /// What became of what this person sent on. Names that are told are logged as reads.
    pub(super) async fn turns(&self, now: Timestamp) -> Result<Vec<Turn>> {
        let Some(me) = self.actor.user() else {
            return Ok(Vec::new());
        };
        let mut values = Values::default();
        let me = values.put(Uuid::from(me));
        let from_us = now.plus_s(-NEWS_S).as_micros();
        let nobody = if self.store.is_postgres() {
            "CAST(NULL AS uuid)"
        } else {
            "NULL"
        };
        let mut all = Vec::new();
        for answer in &ANSWERS {
            let mine = self.actor.regions(answer.permission);
            if mine.is_empty() {
                continue;
            }
            let (family, name) = match answer.word {
                None => ("f.id", "f.name"),
                Some(column) => (nobody, column),
            };
            let place = match answer.region {
                None => "1 = 1".to_owned(),
                Some(column) => values.regions(column, &mine),
            };
            let said = answer.said.replace("{own}", OWN).replace("{me}", &me);
            all.push(format!(
                "SELECT '{}' AS kind, t.id AS id, {family} AS family, {} AS region, {name} AS name, \
                 {at} AS since FROM {} WHERE {said} AND {place} AND {at} >= {from_us}",
                answer.kind,
                answer.region.unwrap_or("''"),
                answer.from,
                at = answer.at,
            ));
        }
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "{} ORDER BY since DESC, id LIMIT {MOST}",
            all.join(" UNION ALL ")
        );
        let statement = Statement::from_sql_and_values(self.store.backend(), &sql, values.0);
        let rows = Said::find_by_statement(statement)
            .all(self.store.read())
            .await?;
        let kinds: Vec<String> = rows.iter().map(|row| row.kind.clone()).collect();
        let rows = rows.into_iter().map(|row| Waiting {
            id: row.id,
            family: row.family,
            region: row.region,
            name: row.name,
            since: row.since,
            due_at: None,
        });
        let told = self.tell(rows.collect()).await?;
        Ok(told
            .into_iter()
            .zip(kinds)
            .map(|(task, kind)| Turn {
                kind: Lenient::read(&kind),
                id: task.id,
                family: task.family,
                about: task.about,
                region: task.region,
                at: task.since,
            })
            .collect())
    }
}
