//! Who is asking. No power is anonymous: an [`Actor`] is made from a checked session, from a sealed manifest's author,
//! by the server's keeper at its command line, or by the server itself with a reason that lands in the journal.

use std::sync::Arc;

use tilik_protocol::ids::{DeviceId, GrantId, SessionId, UserId, VisitId};
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::RegionCode;

use crate::error::Error;

/// A grant in force at the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// Its id.
    pub id: GrantId,
    /// The role.
    pub role: Role,
    /// Where.
    pub regions: Vec<RegionCode>,
}

/// Who is asking.
#[derive(Debug, Clone)]
pub struct Actor {
    user: Option<UserId>,
    grants: Arc<[HeldGrant]>,
    device: Option<DeviceId>,
    session: Option<SessionId>,
    uploads_of: Option<VisitId>,
    owes_password: bool,
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
            device,
            session: Some(session),
            uploads_of: None,
            owes_password: false,
            why: "",
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

    /// A person whom the server's keeper names at its command line; has what their grants give, and no session.
    pub(crate) fn named(user: UserId, grants: Vec<HeldGrant>, why: &'static str) -> Self {
        Self {
            user: Some(user),
            grants: grants.into(),
            device: None,
            session: None,
            uploads_of: None,
            owes_password: false,
            why,
        }
    }

    /// A phone that shows the upload grant of one visit; it can do nothing but upload that visit's photos.
    pub(crate) fn upload_grant(user: Option<UserId>, device: DeviceId, visit: VisitId) -> Self {
        Self {
            user,
            grants: Arc::new([]),
            device: Some(device),
            session: None,
            uploads_of: Some(visit),
            owes_password: false,
            why: "upload grant",
        }
    }

    /// The server itself. `why` is a literal and lands in the journal.
    pub fn system(why: &'static str) -> Self {
        Self {
            user: None,
            grants: Arc::new([]),
            device: None,
            session: None,
            uploads_of: None,
            owes_password: false,
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

    /// Whether it is the server itself.
    pub fn is_system(&self) -> bool {
        self.user.is_none() && self.device.is_none()
    }

    /// Whether any grant allows `permission` somewhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.grants.iter().any(|grant| grant.role.may(permission))
    }

    /// Refuses unless some grant allows `permission` somewhere. Where is asked per row, by [`Actor::regions`].
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Error::Refused(ProblemCode::Forbidden))
        }
    }

    /// The regions in which `permission` holds; empty: nowhere.
    pub fn regions(&self, permission: Permission) -> Vec<RegionCode> {
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
