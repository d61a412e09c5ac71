//! What is other about a family since it was last decided, counted from what is kept: the visits of two cases and the
//! versions of the registry's rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use tilik_protocol::changes::{
    AnswerChange, DecileChange, FamilyChanges, GroundChanges, PersonChange, PersonEvent, PinChange,
    ProgramChange,
};
use tilik_protocol::ids::{FamilyId, MembershipId, PersonId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::review::AnswerView;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::access::{Mode, Read};
use super::case_view::answered;
use super::cases::{Case, PERIOD_S, region_of};
use super::families::{OVER, region_code};
use super::tables::{
    case_membership, family, membership, person, row_version, verification_case, visit, visit_photo,
};
use crate::error::{Error, Result};
use crate::geometry::{self, Place};

/// Facts of a family that are told by name when they change; the decile is told with its numbers.
const FAMILY_FACTS: [&str; 6] = ["name", "address", "rt", "rw", "region", "regime"];
/// Facts of a person that somebody puts right.
const PERSON_FACTS: [&str; 6] = [
    "name",
    "nik_enc",
    "birth_date_enc",
    "birth_year",
    "sex",
    "relation",
];

/// The family's case of now and the one before it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pair<'a> {
    /// The case of this period.
    now: Option<&'a Case>,
    /// The newest one before it that has evidence.
    before: Option<&'a Case>,
}

/// `cases`: the family's, the last one opened first.
fn pair(cases: &[Case], now: Timestamp) -> Pair<'_> {
    let period = now.as_micros() - PERIOD_S * 1_000_000;
    let is_over = |case: &Case| OVER.contains(&case.state.as_str());
    let mut rest = cases
        .iter()
        .filter(|case| !is_over(case) || case.current_visit.is_some())
        .peekable();
    // What was over a period ago is what the new one is compared with, also before that is opened.
    let newest = rest.next_if(|case| !is_over(case) || case.opened_at >= period);
    Pair {
        now: newest,
        before: rest.find(|case| case.current_visit.is_some()),
    }
}

/// What a kept version says, but for facts that it does not name.
type Before = HashMap<Uuid, Value>;

fn differs(before: &Value, after: &Value, fact: &str) -> bool {
    before
        .get(fact)
        .is_some_and(|was| Some(was) != after.get(fact))
}

fn decile_of(body: &Value) -> Option<i16> {
    body["decile"].as_i64().and_then(|n| i16::try_from(n).ok())
}

fn place(row: &visit::Model) -> Option<(Place, i64)> {
    let place = Place {
        lat_e7: row.lat_e7?,
        lon_e7: row.lon_e7?,
    };
    Some((place, row.accuracy_cm?))
}

fn moved(before: &visit::Model, after: &visit::Model) -> Option<PinChange> {
    let ((from, from_cm), (to, to_cm)) = (place(before)?, place(after)?);
    Some(PinChange {
        moved_m: geometry::distance_m(from, to),
        accuracy_m: (from_cm + to_cm).div_euclid(100),
    })
}

/// Answers that are other. What only one of the visits was asked is told too; a visit without any answers was not asked.
fn other_answers(before: Vec<AnswerView>, after: Vec<AnswerView>) -> Vec<AnswerChange> {
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let mut changes: BTreeMap<String, AnswerChange> = BTreeMap::new();
    for was in before {
        let change = AnswerChange {
            question: was.question.clone(),
            text: was.text,
            from: Some(was.answer),
            to: None,
            counted: was.counts,
            counts: false,
        };
        changes.insert(was.question, change);
    }
    for is in after {
        let change = changes
            .entry(is.question.clone())
            .or_insert_with(|| AnswerChange {
                question: is.question,
                text: String::new(),
                from: None,
                to: None,
                counted: false,
                counts: false,
            });
        change.text = is.text;
        change.to = Some(is.answer);
        change.counts = is.counts;
    }
    let mut changes: Vec<AnswerChange> = changes
        .into_values()
        .filter(|change| change.from != change.to)
        .collect();
    // In the order of their ids within each.
    changes.sort_by_key(|change| !(change.counted || change.counts));
    changes
}

/// What happened to a person between two versions of their row, the weightiest.
fn event_of(before: &Value, after: &Value) -> Option<PersonEvent> {
    match (before["alive"].as_bool(), after["alive"].as_bool()) {
        (Some(true), Some(false)) => Some(PersonEvent::Died),
        (Some(false), Some(true)) => Some(PersonEvent::Revived),
        _ => PERSON_FACTS
            .iter()
            .any(|fact| differs(before, after, fact))
            .then_some(PersonEvent::Corrected),
    }
}

/// The registry's rows of a family with what their versions say.
struct Registry {
    family: family::Model,
    persons: Vec<person::Model>,
    memberships: Vec<membership::Model>,
    /// Of each kind the versions, the oldest first.
    versions: Vec<row_version::Model>,
}

impl Registry {
    /// The last versions of one kind that were recorded by `since`.
    fn by(&self, kind: &str, since: i64) -> Before {
        let known = self
            .versions
            .iter()
            .filter(|row| row.kind == kind && row.recorded_at <= since);
        known
            .map(|row| (row.id, serde_json::from_str(&row.body).unwrap_or_default()))
            .collect()
    }

    /// What the newest versions say.
    fn now(&self, kind: &str) -> Before {
        self.by(kind, i64::MAX)
    }

    fn is_known_at(&self, since: i64) -> bool {
        self.by("family", since).contains_key(&self.family.id)
    }

    fn persons(&self, since: i64) -> Vec<PersonChange> {
        let (before, after) = (self.by("person", since), self.now("person"));
        let changes = self.persons.iter().filter_map(|row| {
            // Who has no version was there before versions were kept.
            let is = after.get(&row.id)?;
            let event = match before.get(&row.id) {
                None => Some(PersonEvent::Added),
                Some(was) => event_of(was, is),
            };
            Some(PersonChange {
                person: PersonId(row.id),
                name: row.name.clone(),
                event: event?.into(),
            })
        });
        changes.collect()
    }

    fn programs(&self, since: i64) -> Vec<ProgramChange> {
        let before = self.by("membership", since);
        let changes = self.memberships.iter().filter_map(|row| {
            let was = before
                .get(&row.id)
                .and_then(|body| body["state"].as_str().map(str::to_owned));
            if was.as_ref() == Some(&row.state) {
                return None;
            }
            let person = row
                .person_id
                .and_then(|id| self.persons.iter().find(|one| one.id == id));
            Some(ProgramChange {
                membership: MembershipId(row.id),
                program: row.program.clone(),
                person: person.map(|one| one.name.clone()),
                from: was.as_deref().map(Lenient::read),
                to: Lenient::read(&row.state),
            })
        });
        changes.collect()
    }
}

impl Acting {
    /// What is other about a family since it was last decided. Logged as a read of personal data.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn family_changes(&self, id: FamilyId) -> Result<FamilyChanges> {
        let family = family::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.reading_in(&region_code(&family.region)?)?;
        let cases = self.every_case_of(family.id).await?;
        let pair = pair(&cases, self.store.now());
        let visits = self.evidence_of(&pair).await?;
        let of = |case: Option<&Case>| {
            let visit = case.and_then(|case| case.current_visit);
            visit.and_then(|id| visits.iter().find(|row| row.id == id))
        };
        let (before, after) = (of(pair.before), of(pair.now));
        let registry = self.registry_of(family).await?;
        let since = self.since(&pair, before, &registry).await?;
        let ground = match (before, after) {
            (Some(before), Some(after)) => Some(self.ground(before, after).await?),
            _ => None,
        };
        let at = since.as_micros();
        let (was, is) = (registry.by("family", at), registry.now("family"));
        let both = was
            .get(&registry.family.id)
            .zip(is.get(&registry.family.id));
        let decile = both.and_then(|(was, is)| {
            differs(was, is, "decile").then(|| DecileChange {
                from: decile_of(was),
                to: decile_of(is),
            })
        });
        let fields = both.map(|(was, is)| {
            let changed = FAMILY_FACTS.iter().filter(|fact| differs(was, is, fact));
            changed.map(|fact| (*fact).to_owned()).collect()
        });
        let changes = FamilyChanges {
            family: id,
            since,
            visited_at: after.map(|row| Timestamp::from_micros(row.captured_at)),
            before_at: before.map(|row| Timestamp::from_micros(row.captured_at)),
            ground,
            decile,
            fields: fields.unwrap_or_default(),
            persons: registry.persons(at),
            programs: registry.programs(at),
        };
        self.note_reads([Read {
            kind: "family",
            id: id.into(),
            what: "family_changes",
            mode: Mode::Seen,
            role,
            purpose: None,
        }])
        .await?;
        Ok(changes)
    }

    /// The family's cases that this actor can read, the last one opened first.
    async fn every_case_of(&self, family: Uuid) -> Result<Vec<Case>> {
        let rows = verification_case::Entity::find()
            .filter(verification_case::Column::FamilyId.eq(family))
            .order_by_desc(verification_case::Column::OpenedAt)
            .order_by_desc(verification_case::Column::Id)
            .all(self.store.read())
            .await?;
        let mut cases = Vec::new();
        for row in rows {
            if self.reading_in(&region_of(&row)?).is_ok() {
                cases.push(row);
            }
        }
        Ok(cases)
    }

    async fn evidence_of(&self, pair: &Pair<'_>) -> Result<Vec<visit::Model>> {
        let ids: Vec<Uuid> = [pair.now, pair.before]
            .into_iter()
            .flatten()
            .filter_map(|case| case.current_visit)
            .collect();
        Ok(visit::Entity::find()
            .filter(visit::Column::Id.is_in(ids))
            .all(self.store.read())
            .await?)
    }

    async fn registry_of(&self, family: family::Model) -> Result<Registry> {
        let on = self.store.read();
        let persons = person::Entity::find()
            .filter(person::Column::FamilyId.eq(family.id))
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?;
        let memberships = membership::Entity::find()
            .filter(membership::Column::FamilyId.eq(family.id))
            .order_by_asc(membership::Column::Program)
            .order_by_asc(membership::Column::Id)
            .all(on)
            .await?;
        let kept = |kind: &str, ids: Vec<Uuid>| {
            Condition::all()
                .add(row_version::Column::Kind.eq(kind))
                .add(row_version::Column::Id.is_in(ids))
        };
        let versions = row_version::Entity::find()
            .filter(
                Condition::any()
                    .add(kept("family", vec![family.id]))
                    .add(kept("person", persons.iter().map(|row| row.id).collect()))
                    .add(kept(
                        "membership",
                        memberships.iter().map(|row| row.id).collect(),
                    )),
            )
            .order_by_asc(row_version::Column::Version)
            .all(on)
            .await?;
        Ok(Registry {
            family,
            persons,
            memberships,
            versions,
        })
    }

    /// With which moment the registry of now is compared.
    async fn since(
        &self,
        pair: &Pair<'_>,
        before: Option<&visit::Model>,
        registry: &Registry,
    ) -> Result<Timestamp> {
        if let (Some(case), Some(visit)) = (pair.before, before) {
            let said: Vec<(Option<i64>, Option<i64>)> = case_membership::Entity::find()
                .select_only()
                .column(case_membership::Column::ProposedAt)
                .column(case_membership::Column::ConfirmedAt)
                .filter(case_membership::Column::CaseId.eq(case.id))
                .filter(case_membership::Column::Outcome.is_not_null())
                .into_tuple()
                .all(self.store.read())
                .await?;
            let decided = said
                .into_iter()
                .flat_map(|(proposed, confirmed)| [proposed, confirmed])
                .flatten()
                .max();
            return Ok(Timestamp::from_micros(decided.unwrap_or(visit.received_at)));
        }
        let period = self.store.now().plus_s(-PERIOD_S);
        // A family that came into the registry meanwhile is new as a whole, which is no change.
        let opened = pair
            .now
            .filter(|_| !registry.is_known_at(period.as_micros()));
        Ok(opened.map_or(period, |case| Timestamp::from_micros(case.opened_at)))
    }

    async fn ground(&self, before: &visit::Model, after: &visit::Model) -> Result<GroundChanges> {
        let photos = async |visit: Uuid| -> Result<HashSet<Uuid>> {
            let ids: Vec<Uuid> = visit_photo::Entity::find()
                .select_only()
                .column(visit_photo::Column::PhotoId)
                .filter(visit_photo::Column::VisitId.eq(visit))
                .into_tuple()
                .all(self.store.read())
                .await?;
            Ok(ids.into_iter().collect())
        };
        let (earlier, now) = (photos(before.id).await?, photos(after.id).await?);
        let kept = now.intersection(&earlier).count();
        let keys = self.store.keys();
        let count = |n: usize| u32::try_from(n).map_err(Error::internal);
        Ok(GroundChanges {
            pin: moved(before, after),
            answers: other_answers(answered(before, keys)?, answered(after, keys)?),
            photos_new: count(now.len() - kept)?,
            photos_kept: count(kept)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    fn case(state: &str, days_ago: i64, visited: bool) -> Case {
        let id = Uuid::from_u128(days_ago.unsigned_abs().into());
        Case {
            id,
            version: 1,
            state: state.to_owned(),
            kind: "quick".to_owned(),
            family_id: Uuid::nil(),
            house_id: Uuid::nil(),
            region: "35.71.03.1009".to_owned(),
            officer_id: None,
            opened_at: NOW.plus_s(-days_ago * 86_400).as_micros(),
            opened_by: None,
            closes_at: None,
            submitted_at: None,
            complete_at: None,
            current_visit: visited.then_some(id),
            accepted_basis: None,
            lease_user: None,
            lease_until: None,
            lease_sheet: None,
            lease_since: None,
            lease_houses: None,
            off_sheet_visit: None,
            returned: None,
            return_fetched_at: None,
            close_reason: None,
            predecessor: None,
            tries: 0,
            request_reason: None,
            due_at: None,
        }
    }

    fn days(cases: &[Case]) -> (Option<u128>, Option<u128>) {
        let pair = pair(cases, NOW);
        let day = |case: Option<&Case>| case.map(|case| case.id.as_u128());
        (day(pair.now), day(pair.before))
    }

    #[test]
    fn this_months_case_is_compared_with_the_newest_before_it_that_shows_something() {
        assert_eq!(days(&[]), (None, None));
        let only = case("accepted", 3, true);
        assert_eq!(days(std::slice::from_ref(&only)), (Some(3), None));
        let last = case("decided", 33, true);
        assert_eq!(days(&[only, last.clone()]), (Some(3), Some(33)));
        let unvisited = [case("assigned", 1, false), last.clone()];
        assert_eq!(days(&unvisited), (Some(1), Some(33)));
        let in_vain = [
            case("submitted", 2, true),
            case("expired", 20, false),
            last.clone(),
        ];
        assert_eq!(days(&in_vain), (Some(2), Some(33)));
        // Decided this month stays this month's; decided last month is what comes after it is compared with.
        let decided = [case("decided", 5, true), last.clone()];
        assert_eq!(days(&decided), (Some(5), Some(33)));
        assert_eq!(days(&[last]), (None, Some(33)));
    }

    fn answer(question: &str, answer: &str, counts: bool) -> AnswerView {
        AnswerView {
            question: question.to_owned(),
            text: format!("{question}?"),
            answer: answer.to_owned(),
            counts,
        }
    }

    #[test]
    fn answers_that_are_other_are_told_and_those_that_count_come_first() {
        let before = vec![
            answer("atap", "genteng", false),
            answer("air", "sumur", false),
            answer("lantai", "tanah", true),
            answer("lama", "ya", false),
        ];
        let after = vec![
            answer("atap", "seng", false),
            answer("air", "sumur", false),
            answer("lantai", "keramik", false),
            answer("baru", "tidak", true),
        ];
        let told: Vec<_> = other_answers(before.clone(), after)
            .into_iter()
            .map(|one| (one.question, one.from, one.to))
            .collect();
        let word = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("baru".to_owned(), None, word("tidak")),
                ("lantai".to_owned(), word("tanah"), word("keramik")),
                ("atap".to_owned(), word("genteng"), word("seng")),
                ("lama".to_owned(), word("ya"), None),
            ]
        );
        assert_eq!(other_answers(before, Vec::new()), []);
    }

    #[test]
    fn of_a_person_the_weightiest_is_told_and_what_was_not_kept_is_no_change() {
        let body = |alive: bool, name: &str| serde_json::json!({ "alive": alive, "name": name, "sex": null });
        let event = |before: &Value, after: &Value| event_of(before, after);
        let is = body(true, "Contoh");
        assert_eq!(event(&is, &is), None);
        assert_eq!(event(&is, &body(false, "Lain")), Some(PersonEvent::Died));
        assert_eq!(
            event(&body(false, "Contoh"), &is),
            Some(PersonEvent::Revived)
        );
        assert_eq!(
            event(&is, &body(true, "Lain")),
            Some(PersonEvent::Corrected)
        );
        assert_eq!(event(&serde_json::json!({ "planted": true }), &is), None);
    }
}
