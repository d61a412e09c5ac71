//! A deputy (Plh., Plt.) for a time: an approver's grant, lent to somebody else under a document. The deputy decides as
//! themselves, in the journal with the grant they stand in by; who did something on a case stays who did it.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use tilik_protocol::ids::{GrantId, UserId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::review::Page;
use tilik_protocol::session::{Act, DelegateGrant, DelegationView, DeputyView, GrantView};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::journal::{Entry, document_number};
use super::sessions::in_force;
use super::tables::{role_grant, user_account};
use super::users::{self, grant_view, is_for_training};
use super::write::{Seen, Write};
use super::{Acting, Store};
use crate::error::{Error, Result};

/// Days for which somebody stands in; longer asks for another document.
const MOST_DAYS: i64 = 92;

/// Who may be named: they work in the office already and neither keep accounts nor look over shoulders.
const fn may_stand_in(role: Role) -> bool {
    match role {
        Role::Supervisor | Role::Operator | Role::Verifier | Role::Signatory => true,
        Role::Officer
        | Role::Approver
        | Role::Admin
        | Role::Auditor
        | Role::Feed
        | Role::System => false,
    }
}

/// Whether `principal` can be lent to `deputy` from one moment to another, asked at `now`.
pub(super) fn check(
    principal: &role_grant::Model,
    deputy: UserId,
    (from, until): (Timestamp, Option<Timestamp>),
    now: Timestamp,
) -> Result<()> {
    let wrong = |field, code, remedy| Err(Error::field(field, code, remedy));
    let stands = principal.role == Role::Approver.to_string()
        && principal.confirmed_at.is_some()
        && principal.ended_at.is_none()
        && principal
            .valid_until
            .is_none_or(|end| end > now.as_micros());
    if !stands || principal.delegated_from.is_some() {
        return wrong(
            "delegated_from",
            "not_allowed",
            "Hanya peran pengesah yang berlaku, dan bukan peran pengganti, yang dapat digantikan.",
        );
    }
    if principal.user_id == Uuid::from(deputy) {
        return wrong("user", "own_account", "Pengganti harus orang lain.");
    }
    let Some(until) = until else {
        return wrong(
            "valid_until",
            "missing",
            "Isi sampai kapan ia menggantikan.",
        );
    };
    if from < now.plus_s(-86_400) {
        return wrong(
            "valid_from",
            "past",
            "Mulainya sudah lewat; pilih hari ini atau sesudahnya.",
        );
    }
    if until <= from || until <= now {
        return wrong(
            "valid_until",
            "before",
            "Akhir penugasan harus sesudah mulainya dan sesudah hari ini.",
        );
    }
    if until > from.plus_s(MOST_DAYS * 86_400) {
        return wrong(
            "valid_until",
            "too_long",
            "Paling lama tiga bulan; perpanjang dengan dokumen baru.",
        );
    }
    if principal
        .valid_until
        .is_some_and(|end| until.as_micros() > end)
    {
        return wrong(
            "valid_until",
            "beyond",
            "Pengganti tidak dapat berlaku lebih lama dari peran yang digantikan.",
        );
    }
    Ok(())
}

/// Whether somebody is an approver by themselves, and so stands in for none, while this grant lasts.
fn approves_already(
    lent: &role_grant::Model,
    other: &role_grant::Model,
    now: Timestamp,
) -> Result<bool> {
    Ok(other.role == Role::Approver.to_string()
        && other.delegated_from.is_none()
        && !is_for_training(&regions_of(other)?)
        && users::overlap(lent, other, now))
}

/// Refuses to lend a grant to who has it lent already, or is an approver anyway, while it lasts.
pub(super) async fn refuse_lent_again(write: &Write, lent: &role_grant::Model) -> Result<()> {
    if lent.delegated_from.is_none() {
        return Ok(());
    }
    for other in users::open_grants(write.on(), lent.user_id).await? {
        if other.delegated_from == lent.delegated_from && users::overlap(lent, &other, write.at()) {
            return Err(Error::field(
                "user",
                "already_deputy",
                "Orang ini sudah ditunjuk sebagai pengganti untuk sebagian waktu itu. Akhiri penunjukan itu lebih dahulu, atau pilih waktu lain.",
            ));
        }
        if approves_already(lent, &other, write.at())? {
            return Err(Error::field(
                "user",
                "not_allowed",
                "Orang ini sendiri pengesah, jadi tidak dapat menggantikan pengesah lain.",
            ));
        }
    }
    Ok(())
}

fn regions_of(row: &role_grant::Model) -> Result<Vec<RegionCode>> {
    serde_json::from_str(&row.regions).map_err(Error::internal)
}

impl Acting {
    /// The actor's own grant of this id, to be lent.
    async fn own_grant(&self, on: &impl ConnectionTrait, id: GrantId) -> Result<role_grant::Model> {
        self.actor.require(Permission::ConfirmGrants)?;
        let me = Uuid::from(self.actor.person_id()?);
        role_grant::Entity::find_by_id(Uuid::from(id))
            .one(on)
            .await?
            .filter(|row| row.user_id == me)
            .ok_or(Error::NOT_FOUND)
    }

    /// Names a deputy for one's own grant. It counts from its first moment: an approver says so, about their own power.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid`.
    pub async fn delegate_grant(&self, id: GrantId, body: DelegateGrant) -> Result<GrantView> {
        document_number(&body.document_number)?;
        let mut write = self.begin().await?;
        let principal = self.own_grant(write.on(), id).await?;
        let object = format!("grant:{id}");
        if write
            .once(body.event_id, "grant.delegate", &object, &body)
            .await?
            == Seen::Before
        {
            return self.grant_of_event(&write, body.event_id).await;
        }
        let at = write.at();
        let from = body.valid_from.unwrap_or(at);
        check(&principal, body.user, (from, Some(body.valid_until)), at)?;
        let who = user_account::Entity::find_by_id(Uuid::from(body.user))
            .one(write.on())
            .await?;
        let grant: GrantId = self.store.ids().next();
        let me = self.actor.user().map(Into::into);
        let row = role_grant::Model {
            id: grant.into(),
            version: 1,
            user_id: body.user.into(),
            role: principal.role.clone(),
            regions: principal.regions.clone(),
            valid_from: from.as_micros(),
            valid_until: Some(body.valid_until.as_micros()),
            document_number: body.document_number.clone(),
            granted_by: me,
            granted_at: at.as_micros(),
            confirmed_by: me,
            confirmed_at: Some(at.as_micros()),
            ended_by: None,
            ended_at: None,
            recorded_at: at.as_micros(),
            delegated_from: Some(principal.id),
        };
        let could = self.could_stand_in(&row, who.as_slice()).await?;
        if !could.contains_key(&Uuid::from(body.user)) {
            return Err(Error::field(
                "user",
                "not_allowed",
                "Pilih pegawai yang sudah punya peran di wilayah ini, bukan admin, auditor, atau pengesah.",
            ));
        }
        users::refuse_ruled_out(&write, &row).await?;
        refuse_lent_again(&write, &row).await?;
        users::put_grant(&write, &row).await?;
        write.journal(Entry::new(
            "grant.delegate",
            format!("grant:{grant}"),
            Role::Approver,
            Some(body.event_id),
            &serde_json::json!({ "user": body.user, "role": row.role, "delegated_from": id,
                "valid_from": from, "valid_until": body.valid_until,
                "document_number": body.document_number }),
        )?);
        write.commit().await?;
        grant_view(&row)
    }

    /// Ends what a deputy of one's own was lent, before its time.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn recall_grant(&self, id: GrantId, body: Act) -> Result<GrantView> {
        let mut write = self.begin().await?;
        let row = role_grant::Entity::find_by_id(Uuid::from(id))
            .one(write.on())
            .await?
            .ok_or(Error::NOT_FOUND)?;
        let from = row.delegated_from.ok_or(Error::NOT_FOUND)?;
        self.own_grant(write.on(), GrantId(from)).await?;
        let object = format!("grant:{id}");
        if write
            .once(body.event_id, "grant.end", &object, &body)
            .await?
            == Seen::Before
            || row.ended_at.is_some()
        {
            return grant_view(&row);
        }
        let row = self
            .close_grant(&mut write, row, Role::Approver, Some(body.event_id))
            .await?;
        write.commit().await?;
        grant_view(&row)
    }

    /// Who stands in, stood in or will, for the actor's own grants; the newest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn delegations(&self) -> Result<Page<DelegationView>> {
        self.actor.require(Permission::ConfirmGrants)?;
        let mine = self.actor.grants().iter().map(|grant| Uuid::from(grant.id));
        let rows = role_grant::Entity::find()
            .filter(role_grant::Column::DelegatedFrom.is_in(mine))
            .order_by_desc(role_grant::Column::Id)
            .all(self.store.read())
            .await?;
        let names = rows.iter().map(|row| row.user_id).collect();
        let names = self.store.names_of(names).await?;
        let items = rows
            .iter()
            .map(|row| {
                Ok(DelegationView {
                    grant: grant_view(row)?,
                    user: UserId(row.user_id),
                    name: names.get(&row.user_id).cloned().unwrap_or_default(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page { items, next: None })
    }

    /// Who could stand in for the actor, by name.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn deputies(&self) -> Result<Page<DeputyView>> {
        self.actor.require(Permission::ConfirmGrants)?;
        let on = self.store.read();
        let lendable: Vec<Uuid> = self
            .actor
            .grants()
            .iter()
            .filter(|grant| grant.role == Role::Approver && grant.delegated_from.is_none())
            .map(|grant| grant.id.into())
            .collect();
        let principals = role_grant::Entity::find()
            .filter(role_grant::Column::Id.is_in(lendable))
            .all(on)
            .await?;
        let people = user_account::Entity::find()
            .filter(user_account::Column::SuspendedAt.is_null())
            .order_by_asc(user_account::Column::Name)
            .order_by_asc(user_account::Column::Id)
            .all(on)
            .await?;
        let mut could: HashMap<Uuid, Vec<Role>> = HashMap::new();
        let now = self.store.now();
        for principal in principals {
            // For as long as it could be.
            let lent = role_grant::Model {
                valid_from: now.as_micros(),
                valid_until: Some(now.plus_s(MOST_DAYS * 86_400).as_micros()),
                delegated_from: Some(principal.id),
                ..principal
            };
            could.extend(self.could_stand_in(&lent, &people).await?);
        }
        let items = people
            .into_iter()
            .filter_map(|row| {
                Some(DeputyView {
                    user: UserId(row.id),
                    roles: could.remove(&row.id)?.into_iter().map(Into::into).collect(),
                    username: row.username,
                    name: row.name,
                })
            })
            .collect();
        Ok(Page { items, next: None })
    }

    /// Of these people those who could stand in by this grant of the actor's, with what they are. What they will be while
    /// it lasts, or wait to be, counts against them as what they are does.
    async fn could_stand_in(
        &self,
        lent: &role_grant::Model,
        people: &[user_account::Model],
    ) -> Result<HashMap<Uuid, Vec<Role>>> {
        let there = regions_of(lent)?;
        let me = self.actor.user().map(Uuid::from);
        let ids = people
            .iter()
            .filter(|row| row.suspended_at.is_none() && Some(row.id) != me)
            .map(|row| row.id);
        let mut grants: HashMap<Uuid, Vec<role_grant::Model>> = HashMap::new();
        for row in role_grant::Entity::find()
            .filter(role_grant::Column::UserId.is_in(ids))
            .filter(role_grant::Column::EndedAt.is_null())
            .order_by_asc(role_grant::Column::Id)
            .all(self.store.read())
            .await?
        {
            grants.entry(row.user_id).or_default().push(row);
        }
        let mut could = HashMap::new();
        for (user, rows) in grants {
            let now = self.store.now();
            let mut barred = false;
            for row in &rows {
                barred |= users::ruled_out(lent, row, now)? || approves_already(lent, row, now)?;
            }
            if barred {
                continue;
            }
            let (held, _) = in_force(rows, now)?;
            // Standing in for another already is no own power.
            let own = held.iter().filter(|grant| grant.delegated_from.is_none());
            let near =
                |code: &RegionCode| there.iter().any(|one| one.covers(code) || code.covers(one));
            let roles: BTreeSet<Role> = own
                .filter(|grant| may_stand_in(grant.role) && grant.regions.iter().any(near))
                .map(|grant| grant.role)
                .collect();
            if !roles.is_empty() {
                could.insert(user, roles.into_iter().collect());
            }
        }
        Ok(could)
    }
}

impl Acting {
    /// Refuses when it is a matter of the actor's own: theirs, or of anybody for whom they stand in, by whichever of the
    /// grants that they were lent.
    pub(super) async fn refuse_own_matter(
        &self,
        on: &impl ConnectionTrait,
        whose: &[Option<Uuid>],
    ) -> Result<()> {
        let mut own = vec![Uuid::from(self.actor.person_id()?)];
        let lent: Vec<Uuid> = self.actor.lent().map(Into::into).collect();
        if !lent.is_empty() {
            let principals = role_grant::Entity::find()
                .filter(role_grant::Column::Id.is_in(lent))
                .all(on)
                .await?;
            own.extend(principals.into_iter().map(|row| row.user_id));
        }
        if whose.iter().flatten().any(|who| own.contains(who)) {
            return Err(Error::Refused(ProblemCode::SeparationOfDuty));
        }
        Ok(())
    }
}

impl Store {
    /// Of these grants those that count with their owners, who are let in themselves: who stands in has no more than
    /// whom they stand in for.
    pub(super) async fn still_held(&self, lent: &BTreeSet<Uuid>) -> Result<HashSet<GrantId>> {
        let owners = role_grant::Entity::find()
            .select_only()
            .column(role_grant::Column::UserId)
            .filter(role_grant::Column::Id.is_in(lent.iter().copied()))
            .into_query();
        let shut_out = user_account::Entity::find()
            .select_only()
            .column(user_account::Column::Id)
            .filter(user_account::Column::SuspendedAt.is_not_null())
            .into_query();
        let rows = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.in_subquery(owners))
            .filter(role_grant::Column::UserId.not_in_subquery(shut_out))
            .filter(role_grant::Column::EndedAt.is_null())
            .order_by_asc(role_grant::Column::Id)
            .all(self.read())
            .await?;
        let mut of: HashMap<Uuid, Vec<role_grant::Model>> = HashMap::new();
        for row in rows {
            of.entry(row.user_id).or_default().push(row);
        }
        let mut still = HashSet::new();
        for rows in of.into_values() {
            let (held, _) = in_force(rows, self.now())?;
            still.extend(held.into_iter().map(|grant| grant.id));
        }
        Ok(still)
    }

    /// For whom somebody stands in by these grants, by name.
    pub(super) async fn principals_of(
        &self,
        grants: BTreeSet<Uuid>,
    ) -> Result<HashMap<Uuid, String>> {
        if grants.is_empty() {
            return Ok(HashMap::new());
        }
        let lent: HashMap<Uuid, Uuid> = role_grant::Entity::find()
            .filter(role_grant::Column::Id.is_in(grants))
            .all(self.read())
            .await?
            .into_iter()
            .filter_map(|row| Some((row.id, row.delegated_from?)))
            .collect();
        let whose: HashMap<Uuid, Uuid> = role_grant::Entity::find()
            .filter(role_grant::Column::Id.is_in(lent.values().copied()))
            .all(self.read())
            .await?
            .into_iter()
            .map(|row| (row.id, row.user_id))
            .collect();
        let names = self.names_of(whose.values().copied().collect()).await?;
        let name = |from: &Uuid| names.get(whose.get(from)?).cloned();
        Ok(lent
            .iter()
            .filter_map(|(grant, from)| Some((*grant, name(from)?)))
            .collect())
    }

    /// Says in these views for whom somebody stands in.
    pub(super) async fn name_principals<'a>(
        &self,
        views: impl Iterator<Item = &'a mut GrantView>,
    ) -> Result<()> {
        let lent: Vec<&mut GrantView> =
            views.filter(|view| view.delegated_from.is_some()).collect();
        let names = lent.iter().map(|view| Uuid::from(view.id)).collect();
        let names = self.principals_of(names).await?;
        for view in lent {
            view.deputy_for = names.get(&Uuid::from(view.id)).cloned();
        }
        Ok(())
    }
}

/// The grants by which whoever did what a journal row tells stood in for others.
pub(super) fn stood_in_by(body: &serde_json::Value) -> impl Iterator<Item = Uuid> {
    let grants = body["as_deputy"].as_array().into_iter().flatten();
    grants.filter_map(|grant| Uuid::parse_str(grant.as_str()?).ok())
}

/// For whom whoever did what a journal row tells stood in, by their `names` (see [`Store::principals_of`]).
pub(super) fn stood_in_for(
    body: &serde_json::Value,
    names: &HashMap<Uuid, String>,
) -> Option<String> {
    let mut whose: Vec<&str> = stood_in_by(body)
        .filter_map(|grant| names.get(&grant).map(String::as_str))
        .collect();
    whose.sort_unstable();
    whose.dedup();
    (!whose.is_empty()).then(|| whose.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
    const DAY_S: i64 = 86_400;

    fn principal() -> role_grant::Model {
        role_grant::Model {
            id: Uuid::from_u128(1),
            version: 2,
            user_id: Uuid::from_u128(10),
            role: "approver".to_owned(),
            regions: "[\"35.71\"]".to_owned(),
            valid_from: 0,
            valid_until: Some(NOW.plus_s(60 * DAY_S).as_micros()),
            document_number: "SK/1".to_owned(),
            granted_by: None,
            granted_at: 0,
            confirmed_by: None,
            confirmed_at: Some(0),
            ended_by: None,
            ended_at: None,
            recorded_at: 0,
            delegated_from: None,
        }
    }

    fn said(grant: &role_grant::Model, deputy: u128, from: i64, until: Option<i64>) -> String {
        let span = (NOW.plus_s(from), until.map(|until| NOW.plus_s(until)));
        match check(grant, UserId(Uuid::from_u128(deputy)), span, NOW) {
            Ok(()) => "ok".to_owned(),
            Err(Error::Invalid(fields)) => format!("{} {}", fields[0].field, fields[0].code),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn a_grant_is_lent_for_a_time_within_its_own_and_not_lent_on() {
        let grant = principal();
        assert_eq!(said(&grant, 11, 0, Some(10 * DAY_S)), "ok");
        assert_eq!(said(&grant, 11, 5 * DAY_S, Some(60 * DAY_S)), "ok");
        assert_eq!(said(&grant, 11, 0, None), "valid_until missing");
        assert_eq!(said(&grant, 11, 0, Some(0)), "valid_until before");
        assert_eq!(said(&grant, 11, -9, Some(-1)), "valid_until before");
        assert_eq!(said(&grant, 11, 0, Some(61 * DAY_S)), "valid_until beyond");
        assert_eq!(
            said(&grant, 11, -DAY_S - 1, Some(59 * DAY_S)),
            "valid_from past"
        );
        assert_eq!(said(&grant, 11, -DAY_S, Some(9 * DAY_S)), "ok");
        let long = role_grant::Model {
            valid_until: None,
            ..principal()
        };
        assert_eq!(said(&long, 11, 0, Some(93 * DAY_S)), "valid_until too_long");
        assert_eq!(said(&grant, 10, 0, Some(DAY_S)), "user own_account");
        let no = "delegated_from not_allowed";
        let lent = role_grant::Model {
            delegated_from: Some(Uuid::from_u128(2)),
            ..principal()
        };
        let waiting = role_grant::Model {
            confirmed_at: None,
            ..principal()
        };
        let ended = role_grant::Model {
            ended_at: Some(0),
            ..principal()
        };
        let over = role_grant::Model {
            valid_until: Some(NOW.as_micros()),
            ..principal()
        };
        let other = role_grant::Model {
            role: "admin".to_owned(),
            ..principal()
        };
        for grant in [lent, waiting, ended, over, other] {
            assert_eq!(said(&grant, 11, 0, Some(DAY_S)), no, "{grant:?}");
        }
    }
}
