//! Who is asking. No power is anonymous: an [`Actor`] is made from a checked session, from a sealed manifest's author,
//! by the server's keeper at its command line, or by the server itself with a reason that lands in the journal.

use std::sync::Arc;

use tilik_protocol::ids::{DeviceId, GrantId, SessionId, UserId, VisitId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;
use tilik_protocol::time::Timestamp;

use crate::error::Error;

/// For so long one code counts in the session that showed it.
pub const STEP_UP_S: i64 = 1_800;

/// A grant in force at the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// Its id.
    pub id: GrantId,
    /// The role.
    pub role: Role,
    /// Where.
    pub regions: Vec<RegionCode>,
    /// Whose power it is, when its holder stands in for somebody.
    pub delegated_from: Option<GrantId>,
}

/// Who is asking.
#[derive(Debug, Clone)]
pub struct Actor {
    user: Option<UserId>,
    grants: Arc<[HeldGrant]>,
    withheld: Arc<[Role]>,
    device: Option<DeviceId>,
    session: Option<SessionId>,
    uploads_of: Option<VisitId>,
    owes_password: bool,
    second_factor: bool,
    stepped_up_at: Option<Timestamp>,
    asks_for_training: bool,
    why: &'static str,
}

impl Actor {
    /// A signed-in person, checked by `store::sessions` in this very request.
    pub(crate) fn person(
        user: UserId,
        grants: Vec<HeldGrant>,
        device: Option<DeviceId>,
        session: SessionId,
    ) -> Self {
        Self {
            user: Some(user),
            grants: grants.into(),
            withheld: Arc::default(),
            device,
            session: Some(session),
            uploads_of: None,
            owes_password: false,
            asks_for_training: false,
            second_factor: false,
            stepped_up_at: None,
            why: "",
        }
    }

    /// The same, with roles that this person has and that do not count in a phone's session.
    #[must_use]
    pub(crate) fn without(self, withheld: Vec<Role>) -> Self {
        Self {
            withheld: withheld.into(),
            ..self
        }
    }

    /// The same, with a password that somebody else chose, or not.
    #[must_use]
    pub(crate) fn owing_a_password(self, owes_password: bool) -> Self {
        Self {
            owes_password,
            ..self
        }
    }

    /// Whether somebody else knows this person's password: then they may choose another, and nothing else.
    pub fn owes_a_password(&self) -> bool {
        self.owes_password
    }

    /// The same, who shows a code beside the password, and when this session last showed one.
    #[must_use]
    pub(crate) fn with_codes(self, second_factor: bool, stepped_up_at: Option<Timestamp>) -> Self {
        Self {
            second_factor,
            stepped_up_at,
            ..self
        }
    }

    /// Whether a role of this person demands a code beside the password, and there is none yet.
    pub fn owes_a_second_factor(&self) -> bool {
        !self.second_factor
            && self
                .grants
                .iter()
                .any(|grant| grant.role.needs_second_factor())
    }

    /// Whether an act that weighs asks this session for a code first. Who has none is never asked.
    pub fn must_step_up(&self, now: Timestamp) -> bool {
        self.second_factor
            && self
                .stepped_up_at
                .is_none_or(|at| now >= at.plus_s(STEP_UP_S))
    }

    /// A person whom the server's keeper names at its command line; has what their grants give, and no session.
    pub(crate) fn named(user: UserId, grants: Vec<HeldGrant>, why: &'static str) -> Self {
        Self {
            user: Some(user),
            grants: grants.into(),
            withheld: Arc::default(),
            device: None,
            session: None,
            uploads_of: None,
            owes_password: false,
            asks_for_training: false,
            second_factor: false,
            stepped_up_at: None,
            why,
        }
    }

    /// A phone that shows the upload grant of one visit; it can do nothing but upload that visit's photos.
    pub(crate) fn upload_grant(user: Option<UserId>, device: DeviceId, visit: VisitId) -> Self {
        Self {
            user,
            grants: Arc::new([]),
            withheld: Arc::default(),
            device: Some(device),
            session: None,
            uploads_of: Some(visit),
            owes_password: false,
            asks_for_training: false,
            second_factor: false,
            stepped_up_at: None,
            why: "upload grant",
        }
    }

    /// The server itself. `why` is a literal and lands in the journal.
    pub fn system(why: &'static str) -> Self {
        Self {
            user: None,
            grants: Arc::new([]),
            withheld: Arc::default(),
            device: None,
            session: None,
            uploads_of: None,
            owes_password: false,
            asks_for_training: false,
            second_factor: false,
            stepped_up_at: None,
            why,
        }
    }

    /// The person, unless it is the server.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }

    /// The person.
    ///
    /// # Errors
    /// `forbidden` for the server itself.
    pub fn person_id(&self) -> Result<UserId, Error> {
        self.user.ok_or(Error::Refused(ProblemCode::Forbidden))
    }

    /// The phone the session is bound to.
    pub fn device(&self) -> Option<DeviceId> {
        self.device
    }

    /// The session.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The one visit whose photos this actor may send; `None`: whatever its grants allow.
    pub fn uploads_of(&self) -> Option<VisitId> {
        self.uploads_of
    }

    /// Why the server acts.
    pub fn why(&self) -> &'static str {
        self.why
    }

    /// The grants in force.
    pub fn grants(&self) -> &[HeldGrant] {
        &self.grants
    }

    /// The role of who has no other.
    pub(crate) fn only_role(&self) -> Option<Role> {
        let mut roles = self.grants.iter().map(|grant| grant.role);
        let first = roles.next()?;
        roles.all(|role| role == first).then_some(first)
    }

    /// The grants by which this actor stands in for others when acting as `role` (in `region`, if the act lies in one); none
    /// for who has the role themselves.
    pub fn deputy_grants(&self, role: Role, region: Option<&RegionCode>) -> Vec<GrantId> {
        let covers = |grant: &HeldGrant| {
            region.is_none_or(|region| grant.regions.iter().any(|code| code.covers(region)))
        };
        let held = || {
            let grants = self.grants.iter();
            grants.filter(|grant| grant.role == role && covers(grant))
        };
        let is_real = |grant: &HeldGrant| !grant.regions.iter().all(RegionCode::is_training);
        // Who only trains as something themselves stands in for others all the same where it is real.
        let lent_real = held().any(|grant| grant.delegated_from.is_some() && is_real(grant));
        let mut own = held().filter(|grant| grant.delegated_from.is_none());
        if own.any(|grant| !lent_real || is_real(grant)) {
            return Vec::new();
        }
        let lent = held().filter(|grant| grant.delegated_from.is_some());
        lent.map(|grant| grant.id).collect()
    }

    /// Whose grants this actor was lent, whatever else they hold.
    pub fn lent(&self) -> impl Iterator<Item = GrantId> {
        self.grants.iter().filter_map(|grant| grant.delegated_from)
    }

    /// Whether it is the server itself.
    pub fn is_system(&self) -> bool {
        self.user.is_none() && self.device.is_none()
    }

    /// The same, asking for the training part of what they have, or not.
    #[must_use]
    pub(crate) fn asking_for_training(self, asks_for_training: bool) -> Self {
        Self {
            asks_for_training,
            ..self
        }
    }

    /// Whether lists, queues and counts are those of the training area: who asked for that, or has nothing else.
    pub fn is_in_training(&self) -> bool {
        let mut regions = self.grants.iter().flat_map(|grant| &grant.regions);
        self.asks_for_training || (!self.grants.is_empty() && regions.all(RegionCode::is_training))
    }

    /// Whether any grant allows `permission` somewhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.grants.iter().any(|grant| grant.role.may(permission))
    }

    /// Refuses unless some grant allows `permission` somewhere. Where is asked per row, by [`Actor::regions`].
    ///
    /// # Errors
    /// `forbidden`; `not_on_phone` when it is for the phone that the role which allows it does not count, or no role is left.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) {
            return Ok(());
        }
        let nothing_left = self.grants.is_empty();
        let is_withheld = |role: &Role| nothing_left || role.may(permission);
        Err(Error::Refused(if self.withheld.iter().any(is_withheld) {
            ProblemCode::NotOnPhone
        } else {
            ProblemCode::Forbidden
        }))
    }

    /// The regions in which `permission` holds and of which this request is: what is invented is never counted or listed
    /// among what is real. Empty: nowhere.
    pub fn regions(&self, permission: Permission) -> Vec<RegionCode> {
        let is_training = self.is_in_training();
        let mut regions = self.all_regions(permission);
        regions.retain(|code| code.is_training() == is_training);
        regions
    }

    /// All regions in which `permission` holds, real or for training.
    pub fn all_regions(&self, permission: Permission) -> Vec<RegionCode> {
        let mut regions: Vec<RegionCode> = self
            .grants
            .iter()
            .filter(|grant| grant.role.may(permission))
            .flat_map(|grant| grant.regions.iter().cloned())
            .collect();
        regions.sort();
        regions.dedup();
        regions
    }

    /// Whether `permission` holds in `region`.
    pub fn may_in(&self, permission: Permission, region: &RegionCode) -> bool {
        self.role_in(permission, region).is_some()
    }

    /// As what this actor performs an act that needs `permission` in `region`.
    pub fn role_in(&self, permission: Permission, region: &RegionCode) -> Option<Role> {
        self.grants
            .iter()
            .find(|grant| {
                grant.role.may(permission) && grant.regions.iter().any(|code| code.covers(region))
            })
            .map(|grant| grant.role)
    }

    /// Like [`Actor::role_in`], but what is out of reach does not exist for this actor, and what can be read but not
    /// acted on is forbidden.
    ///
    /// # Errors
    /// `not_found` or `forbidden`.
    pub fn act_in(&self, permission: Permission, region: &RegionCode) -> Result<Role, Error> {
        match self.role_in(permission, region) {
            Some(role) => Ok(role),
            None if self.may_in(Permission::ReadCases, region) => {
                Err(Error::Refused(ProblemCode::Forbidden))
            }
            None => Err(Error::NOT_FOUND),
        }
    }
}
