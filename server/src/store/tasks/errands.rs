//! What of the registry waits for whom, as data: one line a kind, one statement for all of them.

use sea_orm::{FromQueryResult, Statement};
use tilik_protocol::policy::Permission;
use tilik_protocol::tasks::{TaskGroup, TaskKind};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::{TOLD, Waiting, none};
use crate::error::Result;
use crate::store::Acting;
use crate::store::health;
use crate::store::overview::Values;

/// Whom or what a row is about.
enum About {
    /// The family `f` of its statement; nobody when it has none yet.
    Family,
    /// A word of a column, such as a program's code.
    Word(&'static str),
}

/// Rows of one table that wait for whoever holds a permission where they lie. `{me}` stands for who asks, `{now}` for the
/// moment.
struct Errand {
    kind: TaskKind,
    permission: Permission,
    from: &'static str,
    waits: &'static str,
    since: &'static str,
    due: &'static str,
    /// Columns that must all lie in reach; the first is told. None: it counts everywhere.
    regions: &'static [&'static str],
    about: About,
}

const NEVER: &str = "CAST(NULL AS bigint)";
const PROPOSALS: &str = "proposal t LEFT JOIN family f ON f.id = t.family_id";
/// Who had a hand in a proposal on its way does not endorse it.
const OTHERS_PROPOSAL: &str =
    "NOT EXISTS (SELECT 1 FROM proposal_act a WHERE a.proposal_id = t.id AND a.by_id = {me})";

/// Who decided about the place, or brought the notice, does not answer for it. Visitors and reviewers are told so when they
/// open the appeal: what they did is not in columns.
const NO_HAND: &str = "NOT EXISTS (SELECT 1 FROM case_membership l WHERE l.membership_id = t.membership_id \
     AND {me} IN (l.proposed_by, l.confirmed_by, l.refused_by)) \
     AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.membership_id = t.membership_id \
     AND n.delivered_recorded_by = {me})";
const STATEMENTS: &str = "health_statement t LEFT JOIN person h ON h.id = t.person_id \
     LEFT JOIN family f ON f.id = h.family_id";

const ERRANDS: [Errand; 25] = [
    Errand {
        kind: TaskKind::WriteProposal,
        permission: Permission::Propose,
        from: PROPOSALS,
        waits: "t.state IN ('draft', 'returned')",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::DeliberateProposal,
        permission: Permission::Propose,
        from: PROPOSALS,
        waits: "t.state = 'checked'",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::CheckProposal,
        permission: Permission::VerifyProposals,
        from: PROPOSALS,
        waits: "t.state = 'submitted'",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::VerifyProposal,
        permission: Permission::VerifyProposals,
        from: PROPOSALS,
        waits: "t.state = 'deliberated'",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::EndorseProposal,
        permission: Permission::EndorseProposals,
        from: PROPOSALS,
        waits: "t.state = 'verified' AND {others}",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::SendProposal,
        permission: Permission::SendProposals,
        from: PROPOSALS,
        // A removal is entered with the cancellation it leads to, and what is the city's own is entered nowhere.
        waits: "t.state = 'endorsed' AND t.kind <> 'removal' \
                AND NOT EXISTS (SELECT 1 FROM program p WHERE p.code = t.program AND p.central = FALSE)",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::RecordOutcome,
        permission: Permission::VerifyProposals,
        from: PROPOSALS,
        waits: "t.state = 'sent'",
        since: "t.since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::SignDeliberation,
        permission: Permission::Propose,
        from: "deliberation t",
        waits: "t.signed_at IS NULL",
        since: "t.created_at",
        due: NEVER,
        regions: &["t.region"],
        about: About::Word("t.held_on"),
    },
    Errand {
        kind: TaskKind::JudgeFact,
        permission: Permission::DecideCases,
        from: "eligibility_fact t JOIN family f ON f.id = t.family_id",
        // Who recorded it, or took the doubt down, does not say who was right.
        waits: "t.appeal = 'filed' AND (t.recorded_by IS NULL OR t.recorded_by <> {me}) \
                AND (t.appealed_by IS NULL OR t.appealed_by <> {me})",
        since: "t.appealed_at",
        due: NEVER,
        regions: &["f.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::ConfirmFamily,
        permission: Permission::ConfirmFamilies,
        from: "family_request t JOIN family f ON f.id = t.family_id",
        waits: "t.outcome IS NULL AND t.proposed_by <> {me}",
        since: "t.proposed_at",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::JudgeDuplicate,
        permission: Permission::MaintainFamilies,
        from: "duplicate t JOIN person p ON p.id = t.one_id JOIN family f ON f.id = p.family_id \
               JOIN person q ON q.id = t.other_id JOIN family g ON g.id = q.family_id",
        waits: "t.verdict IS NULL AND p.merged_into IS NULL AND q.merged_into IS NULL \
                AND f.closed_at IS NULL AND g.closed_at IS NULL",
        since: "t.found_at",
        due: NEVER,
        regions: &["f.region", "g.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::SendCancellation,
        permission: Permission::DecideCases,
        from: "prepared_cancellation t JOIN family f ON f.id = t.family_id",
        waits: "t.state = 'waiting'",
        since: "t.prepared_at",
        due: NEVER,
        // Where the family lives by now, as in the list of them.
        regions: &["f.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::EnterAct,
        permission: Permission::EnterMinistryActs,
        from: "ministry_act t JOIN family f ON f.id = t.family_id",
        // A proposal waits to be sent on a line of its own.
        waits: "t.entered_at IS NULL AND t.kind <> 'proposed'",
        since: "t.approved_at",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::ConfirmRule,
        permission: Permission::ConfirmImports,
        from: "rule t",
        waits: "t.state = 'waiting' AND (t.made_by IS NULL OR t.made_by <> {me}) \
                AND (t.submitted_by IS NULL OR t.submitted_by <> {me})",
        since: "COALESCE(t.submitted_at, t.made_at)",
        due: NEVER,
        regions: &["t.region"],
        about: About::Word("t.program"),
    },
    Errand {
        kind: TaskKind::ConfirmWindow,
        permission: Permission::ConfirmImports,
        from: "submission_window t",
        waits: "t.state = 'waiting' AND (t.proposed_by IS NULL OR t.proposed_by <> {me})",
        since: "t.proposed_at",
        due: NEVER,
        regions: &[],
        about: About::Word("t.act"),
    },
    Errand {
        kind: TaskKind::ConfirmExport,
        permission: Permission::ConfirmExports,
        from: "export_run t",
        waits: "t.state = 'waiting' AND t.asked_by <> {me}",
        since: "t.asked_at",
        due: NEVER,
        regions: &["t.region"],
        about: About::Word("t.kind"),
    },
    Errand {
        kind: TaskKind::FetchExport,
        permission: Permission::Export,
        from: "export_run t",
        waits: "t.state = 'ready' AND t.asked_by = {me} AND t.downloads = 0 AND t.until > {now}",
        since: "t.asked_at",
        due: "t.until",
        regions: &["t.region"],
        about: About::Word("t.kind"),
    },
    Errand {
        kind: TaskKind::ReceiveFamily,
        permission: Permission::MaintainFamilies,
        from: "family_move t JOIN family f ON f.id = t.family_id",
        waits: "t.state = 'arrived' AND (t.moved_by IS NULL OR t.moved_by <> {me}) AND t.due_at > {now}",
        since: "t.moved_at",
        due: "t.due_at",
        regions: &["t.to_region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::JudgeEvent,
        permission: Permission::JudgeEvents,
        from: "civil_event t LEFT JOIN family f ON f.id = t.family_id",
        waits: "(t.state IN ('to_judge', 'unmatched') OR t.follow_up IS NOT NULL)",
        since: "t.received_at",
        due: "t.due_at",
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::ReleaseEvents,
        permission: Permission::ReleaseEvents,
        from: "civil_batch t",
        waits: "t.state = 'parked' AND t.received_by <> {me}",
        since: "t.received_at",
        due: NEVER,
        regions: &["t.region"],
        about: About::Word("t.feed"),
    },
    Errand {
        kind: TaskKind::ExamineAppeal,
        permission: Permission::ExamineAppeals,
        from: "appeal t JOIN family f ON f.id = t.family_id",
        waits: "t.state = 'filed' AND t.filed_by <> {me} \
                AND {no_hand}",
        since: "t.filed_at",
        due: "t.due_at",
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::JudgeAppeal,
        permission: Permission::JudgeAppeals,
        from: "appeal t JOIN family f ON f.id = t.family_id",
        waits: "(t.state = 'examined' OR (t.state = 'filed' AND t.due_at < {now})) \
                AND t.filed_by <> {me} AND (t.examined_by IS NULL OR t.examined_by <> {me}) \
                AND {no_hand}",
        since: "t.filed_at",
        due: "t.due_at",
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::AnswerObjection,
        permission: Permission::AnswerObjections,
        // What a citizen names is sealed: the registry's name is told once somebody found the family.
        from: "objection t LEFT JOIN family f ON f.id = t.family_id",
        waits: "t.closed_at IS NULL AND (t.filed_by IS NULL OR t.filed_by <> {me})",
        since: "t.filed_at",
        due: "t.due_at",
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::JudgeInsurance,
        permission: Permission::JudgeEvents,
        from: STATEMENTS,
        waits: "t.state IN ('unmatched', 'to_judge')",
        since: "t.waits_since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
    Errand {
        kind: TaskKind::FollowInsurance,
        permission: Permission::JudgeEvents,
        from: STATEMENTS,
        waits: "t.state = 'current' AND t.why IS NOT NULL AND {not_taken_up}",
        since: "t.waits_since",
        due: NEVER,
        regions: &["t.region"],
        about: About::Family,
    },
];

#[derive(FromQueryResult)]
struct Counted {
    waiting: i64,
    overdue: i64,
}

impl Acting {
    /// What of the registry waits for this person.
    pub(super) async fn errands(&self, now: Timestamp) -> Result<Vec<TaskGroup>> {
        let mut groups = Vec::with_capacity(ERRANDS.len());
        for errand in &ERRANDS {
            groups.push(self.errand(errand, now).await?);
        }
        Ok(groups)
    }

    async fn errand(&self, errand: &Errand, now: Timestamp) -> Result<TaskGroup> {
        let mine = self.actor.regions(errand.permission);
        let (false, Some(me)) = (mine.is_empty(), self.actor.user()) else {
            return Ok(none(errand.kind));
        };
        let now = now.as_micros().to_string();
        let mut values = Values::default();
        let mut waits = errand.waits.replace("{others}", OTHERS_PROPOSAL);
        waits = waits.replace("{no_hand}", NO_HAND);
        waits = waits.replace("{not_taken_up}", &health::not_taken_up("t"));
        waits = waits.replace("{now}", &now);
        if waits.contains("{me}") {
            waits = waits.replace("{me}", &values.put(Uuid::from(me)));
        }
        for column in errand.regions {
            let place = values.regions(column, &mine);
            waits = format!("{waits} AND {place}");
        }
        let backend = self.store.backend();
        let statement = |sql: &str| Statement::from_sql_and_values(backend, sql, values.0.clone());
        let Errand {
            from, since, due, ..
        } = errand;
        let count = format!(
            "SELECT COUNT(*) AS waiting, COUNT(CASE WHEN {due} <= {now} THEN 1 END) AS overdue \
             FROM {from} WHERE {waits}"
        );
        let counted = Counted::find_by_statement(statement(&count))
            .one(self.store.read())
            .await?;
        let Some(counted) = counted.filter(|counted| counted.waiting > 0) else {
            return Ok(none(errand.kind));
        };
        let region = errand.regions.first().copied().unwrap_or("''");
        let (family, name) = match errand.about {
            About::Family => ("f.id", "f.name"),
            About::Word(column) if self.store.is_postgres() => ("CAST(NULL AS uuid)", column),
            About::Word(column) => ("NULL", column),
        };
        let list = format!(
            "SELECT t.id AS id, {family} AS family, {region} AS region, {name} AS name, {since} AS since, \
             {due} AS due_at FROM {from} WHERE {waits} \
             ORDER BY CASE WHEN {due} <= {now} THEN 0 ELSE 1 END, {since}, t.id LIMIT {TOLD}"
        );
        let rows: Vec<Waiting> = Waiting::find_by_statement(statement(&list))
            .all(self.store.read())
            .await?;
        Ok(TaskGroup {
            kind: errand.kind,
            count: counted.waiting.unsigned_abs(),
            overdue: counted.overdue.unsigned_abs(),
            items: self.tell(rows).await?,
        })
    }
}
