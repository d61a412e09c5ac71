//! What a console looks up beside cases: regions and their outlines, officers, the acts on a case, grants that wait.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::case::CaseState;
use tilik_protocol::contact_sheet::OnSheet;
use tilik_protocol::ids::{CaseId, MembershipId, UserId};
use tilik_protocol::lenient::Lenient;
use tilik_protocol::lookup::{
    HistoryRow, OfficerView, Outline, ProgramView, RegionView, WaitingGrant,
};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::reason::ReasonCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::access::{Mode, Read};
use super::delegations::{stood_in_by, stood_in_for};
use super::tables::{
    boundary, journal, membership, program, region, role_grant, user_account, verification_case,
};
use super::users::{covers_grant, grant_view};
use super::{Acting, in_regions, training};
use crate::error::{Error, Result};

/// Most acts on one case that are told; older ones are in the journal.
const MOST_ACTS: u64 = 200;

/// What persons say of a membership in a case.
const SAID_OF_MEMBERSHIPS: [&str; 3] = [
    "membership.decide",
    "membership.confirm",
    "membership.refuse",
];

/// A page that holds everything.
fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}

/// The reason codes in a journal row's body: `reason`, or `code` in each of `reasons`.
fn reasons_in(body: &serde_json::Value) -> Vec<ReasonCode> {
    let many = body["reasons"].as_array().into_iter().flatten();
    many.map(|one| &one["code"])
        .chain([&body["reason"]])
        .filter_map(|code| code.as_str()?.parse().ok())
        .collect()
}

/// How a house was looked at on a contact sheet: what the reviewer's browser said, as far as the server counted it.
fn on_sheet_in(body: &serde_json::Value) -> Option<OnSheet> {
    let said: OnSheet = serde_json::from_value(body["body"]["on_sheet"].clone()).ok()?;
    // Rows of before the server counted tell how old the sheet was.
    let most = [&body["counted_ms"], &body["sheet_age_ms"]];
    let most = most.into_iter().find_map(serde_json::Value::as_u64);
    let houses = body["sheet_houses"].as_u64();
    Some(OnSheet {
        shown_ms: most.map_or(said.shown_ms, |most| said.shown_ms.min(most)),
        houses: houses
            .and_then(|n| u8::try_from(n).ok())
            .unwrap_or(said.houses),
        ..said
    })
}

impl Acting {
    /// All regions in which this person has any grant, and the training area for those who give roles there.
    fn reach(&self) -> Vec<RegionCode> {
        let mut regions: Vec<RegionCode> = self
            .actor
            .grants()
            .iter()
            .flat_map(|grant| grant.regions.iter().cloned())
            .collect();
        if !self.actor.all_regions(Permission::ManageUsers).is_empty() {
            regions.extend(training::area());
        }
        regions.sort();
        regions.dedup();
        regions
    }

    /// The regions in reach with what lies above them, by code.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn regions(&self) -> Result<Page<RegionView>> {
        let mine = self.reach();
        let above: BTreeSet<&str> = mine
            .iter()
            .flat_map(|code| {
                let text = code.as_str();
                text.match_indices('.').map(move |(end, _)| &text[..end])
            })
            .collect();
        let rows = region::Entity::find()
            .filter(
                Condition::any()
                    .add(in_regions(region::Column::Code, &mine))
                    .add(region::Column::Code.is_in(above)),
            )
            .order_by_asc(region::Column::Code)
            .all(self.store.read())
            .await?;
        let items = rows
            .into_iter()
            .map(|row| {
                Ok(RegionView {
                    code: row.code.parse().map_err(Error::internal)?,
                    name: row.name,
                    level: row.level,
                })
            })
            .collect::<Result<_>>()?;
        Ok(whole(items))
    }

    /// The programs of this registry, by name. They are nobody's personal data and lie in no region.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn programs(&self) -> Result<Page<ProgramView>> {
        let rows = program::Entity::find()
            .order_by_asc(program::Column::Name)
            .order_by_asc(program::Column::Code)
            .all(self.store.read())
            .await?;
        let items = rows.into_iter().map(|row| ProgramView {
            code: row.code,
            name: row.name,
            unit: row.unit,
            central: row.central,
        });
        Ok(whole(items.collect()))
    }

    /// Where a region in reach ends.
    ///
    /// # Errors
    /// `not_found`, also when its boundary was never imported.
    pub async fn outline(&self, code: &RegionCode) -> Result<Outline> {
        if !self.reach().iter().any(|mine| mine.covers(code)) {
            return Err(Error::NOT_FOUND);
        }
        let row = boundary::Entity::find_by_id(code.to_string())
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        Ok(Outline {
            region: code.clone(),
            geometry: serde_json::from_str(&row.geometry).map_err(Error::internal)?,
        })
    }

    /// The officers who work in reach now, by name, with what lies with each.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn officers(&self) -> Result<Page<OfficerView>> {
        self.actor.require(Permission::AssignCases)?;
        let mine = self.actor.regions(Permission::AssignCases);
        let now = self.store.now().as_micros();
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::Role.eq(Role::Officer.to_string()))
            .filter(role_grant::Column::EndedAt.is_null())
            .filter(role_grant::Column::ValidFrom.lte(now))
            .filter(
                Condition::any()
                    .add(role_grant::Column::ValidUntil.is_null())
                    .add(role_grant::Column::ValidUntil.gt(now)),
            )
            .all(self.store.read())
            .await?;
        let mut places: HashMap<Uuid, Vec<RegionCode>> = HashMap::new();
        for grant in grants {
            let regions: Vec<RegionCode> =
                serde_json::from_str(&grant.regions).map_err(Error::internal)?;
            let here = regions
                .into_iter()
                .filter(|code| mine.iter().any(|own| own.covers(code) || code.covers(own)));
            let known = places.entry(grant.user_id).or_default();
            known.extend(here);
            known.sort();
            known.dedup();
        }
        places.retain(|_, regions| !regions.is_empty());
        let ids: Vec<Uuid> = places.keys().copied().collect();
        let load = self.load_of(&ids, &mine).await?;
        let people = user_account::Entity::find()
            .filter(user_account::Column::Id.is_in(ids))
            .filter(user_account::Column::SuspendedAt.is_null())
            .order_by_asc(user_account::Column::Name)
            .order_by_asc(user_account::Column::Id)
            .all(self.store.read())
            .await?;
        let count = |id: Uuid, state: CaseState| {
            let known = load.get(&(id, state.to_string()));
            known.copied().unwrap_or_default()
        };
        let items = people
            .into_iter()
            .map(|row| OfficerView {
                user: UserId(row.id),
                name: row.name,
                username: row.username,
                regions: places.remove(&row.id).unwrap_or_default(),
                assigned: count(row.id, CaseState::Assigned),
                returned: count(row.id, CaseState::Returned),
            })
            .collect();
        Ok(whole(items))
    }

    /// How many cases in `mine` lie with each of these officers, by state.
    async fn load_of(
        &self,
        officers: &[Uuid],
        mine: &[RegionCode],
    ) -> Result<HashMap<(Uuid, String), u64>> {
        let rows: Vec<(Uuid, String, i64)> = verification_case::Entity::find()
            .select_only()
            .column(verification_case::Column::OfficerId)
            .column(verification_case::Column::State)
            .column_as(Expr::cust("count(*)"), "cases")
            .filter(verification_case::Column::OfficerId.is_in(officers.iter().copied()))
            .filter(verification_case::Column::State.is_in(["assigned", "returned"]))
            .filter(in_regions(verification_case::Column::Region, mine))
            .group_by(verification_case::Column::OfficerId)
            .group_by(verification_case::Column::State)
            .into_tuple()
            .all(self.store.read())
            .await?;
        Ok(rows
            .into_iter()
            .map(|(officer, state, cases)| ((officer, state), cases.unsigned_abs()))
            .collect())
    }

    /// What was done to a case, the newest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn case_history(&self, id: CaseId) -> Result<Page<HistoryRow>> {
        let case = verification_case::Entity::find_by_id(Uuid::from(id))
            .one(self.store.read())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let role = self.reading_case(&case).await?;
        let programs: HashMap<String, String> = membership::Entity::find()
            .filter(membership::Column::FamilyId.eq(case.family_id))
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (format!("membership:{}", MembershipId(row.id)), row.program))
            .collect();
        let of_case = format!("case:{id}");
        let objects = programs.keys().cloned().chain([of_case.clone()]);
        let rows = journal::Entity::find()
            .filter(journal::Column::Object.is_in(objects))
            .filter(
                Condition::any()
                    .add(journal::Column::Object.eq(of_case))
                    .add(journal::Column::Action.is_in(SAID_OF_MEMBERSHIPS)),
            )
            .order_by_desc(journal::Column::Seq)
            .limit(MOST_ACTS)
            .all(self.store.read())
            .await?;
        let people = rows.iter().filter_map(|row| row.actor).collect();
        let names = self.store.names_of(people).await?;
        let rows = rows
            .into_iter()
            .map(|row| {
                let body: serde_json::Value =
                    serde_json::from_slice(&row.body).map_err(Error::internal)?;
                Ok((row, body))
            })
            .collect::<Result<Vec<_>>>()?;
        let lent = rows.iter().flat_map(|(_, body)| stood_in_by(body));
        let principals = self.store.principals_of(lent.collect()).await?;
        let id = id.to_string();
        let mut items = Vec::new();
        for (row, body) in rows {
            let program = programs.get(&row.object).cloned();
            // A membership is decided in many cases of its family, one after the other.
            if program.is_some() && body["case"].as_str() != Some(&id) {
                continue;
            }
            let state = |name: &str| body[name].as_str().map(Lenient::<CaseState>::read);
            let mut reasons = reasons_in(&body);
            reasons.extend(reasons_in(&body["body"]));
            items.push(HistoryRow {
                at: Timestamp::from_micros(row.at),
                actor: row.actor.map(UserId),
                name: row.actor.and_then(|id| names.get(&id).cloned()),
                role: row.role,
                deputy_for: stood_in_for(&body, &principals),
                action: row.action,
                from: state("from"),
                to: state("to"),
                reasons,
                program,
                outcome: body["outcome"].as_str().and_then(|text| text.parse().ok()),
                document_number: body["document_number"].as_str().map(str::to_owned),
                on_sheet: on_sheet_in(&body),
                held_ms: body["held_ms"].as_u64(),
            });
        }
        self.note_reads([Read {
            kind: "case",
            id: case.id,
            what: "case_history",
            mode: Mode::Seen,
            role,
            purpose: None,
        }])
        .await?;
        Ok(whole(items))
    }

    /// The grants that wait for an approver of all their regions.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn waiting_grants(&self) -> Result<Page<WaitingGrant>> {
        self.actor.require(Permission::ConfirmGrants)?;
        let mine = self.actor.all_regions(Permission::ConfirmGrants);
        let waits = Role::grantable().filter(|role| role.waits_for_approver());
        let rows = role_grant::Entity::find()
            .filter(role_grant::Column::ConfirmedAt.is_null())
            .filter(role_grant::Column::EndedAt.is_null())
            .filter(role_grant::Column::Role.is_in(waits.map(|role| role.to_string())))
            .order_by_asc(role_grant::Column::Id)
            .all(self.store.read())
            .await?;
        let people = rows
            .iter()
            .flat_map(|row| [Some(row.user_id), row.granted_by])
            .flatten()
            .collect();
        let names = self.store.names_of(people).await?;
        let takers: BTreeSet<Uuid> = rows.iter().map(|row| row.user_id).collect();
        let usernames: HashMap<Uuid, String> = user_account::Entity::find()
            .select_only()
            .columns([user_account::Column::Id, user_account::Column::Username])
            .filter(user_account::Column::Id.is_in(takers))
            .into_tuple()
            .all(self.store.read())
            .await?
            .into_iter()
            .collect();
        let mut items: Vec<WaitingGrant> = Vec::new();
        for row in rows {
            let grant = grant_view(&row)?;
            if !grant.regions.iter().all(|code| covers_grant(&mine, code)) {
                continue;
            }
            items.push(WaitingGrant {
                grant,
                user: UserId(row.user_id),
                name: names.get(&row.user_id).cloned().unwrap_or_default(),
                username: usernames.get(&row.user_id).cloned().unwrap_or_default(),
                granted_at: Some(Timestamp::from_micros(row.granted_at)),
                holds: self.store.grants_in_force(UserId(row.user_id)).await?.1,
                granted_by: row.granted_by.map(UserId),
                granted_by_name: row.granted_by.and_then(|id| names.get(&id).cloned()),
            });
        }
        let grants = items.iter_mut().map(|one| &mut one.grant);
        self.store.name_principals(grants).await?;
        Ok(whole(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_wherever_an_act_keeps_them() {
        let codes = |body: serde_json::Value| {
            let found = reasons_in(&body);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(codes(serde_json::json!({ "reason": "GANDA" })), ["GANDA"]);
        assert_eq!(
            codes(
                serde_json::json!({ "reasons": [{ "code": "FOTO_BURAM" }, { "code": "FOTO_GELAP" }] })
            ),
            ["FOTO_BURAM", "FOTO_GELAP"]
        );
        assert_eq!(
            codes(serde_json::json!({ "reason": "bukan kode" })),
            [""; 0]
        );
    }
}
