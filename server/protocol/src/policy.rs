//! Who may do what: roles, permissions, and the one exhaustive `may`.

use serde::{Deserialize, Serialize};

/// What a grant makes of a person. `System` is the server's own clock and is never granted.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Pendamping, on a phone.
    Officer,
    /// Koordinator: plans, assigns, reviews evidence.
    Supervisor,
    /// Operator kelurahan: decides eligible, proposes cancellation.
    Operator,
    /// Verifikator Dinsos: decides where the operator may not.
    Verifier,
    /// Kepala dinas: confirms or refuses.
    Approver,
    /// Lurah or camat: reads and signs.
    Signatory,
    /// Dinsos data team: users, devices, imports; no case decisions.
    Admin,
    /// Inspektorat, DPO: reads everything, changes nothing.
    Auditor,
    /// A system account of Dukcapil, BPJS or Kemensos.
    Feed,
    /// The server's own clock; never granted to anybody.
    System,
}

impl Role {
    /// The roles that can be granted to an account.
    pub fn grantable() -> impl Iterator<Item = Self> {
        use strum::VariantArray;
        Self::VARIANTS
            .iter()
            .copied()
            .filter(|role| *role != Self::System)
    }

    /// A deciding role changes who may decide or who is eligible: its grant waits for an approver.
    pub const fn is_deciding(self) -> bool {
        match self {
            Self::Supervisor | Self::Operator | Self::Verifier | Self::Approver => true,
            Self::Officer
            | Self::Signatory
            | Self::Admin
            | Self::Auditor
            | Self::Feed
            | Self::System => false,
        }
    }
}

/// One thing a route lets a person do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Permission {
    /// Receive assignments, send visits and photos of one's own phone.
    Visit,
    /// Carry somebody else's sealed files in (titip kirim).
    CarrySealed,
    /// See cases, families (masked), photos and memberships of one's regions.
    ReadCases,
    /// Open cases and give them to officers.
    AssignCases,
    /// Claim, accept, withdraw, return, agree to unreachable.
    ReviewCases,
    /// Decide eligible or propose ineligible, per membership.
    DecideCases,
    /// Confirm or refuse what was proposed.
    ConfirmDecisions,
    /// Close a case that needs no decision.
    CloseCases,
    /// Record that a notice reached the family.
    DeliverNotices,
    /// Read NIK and KK number of one family, with a purpose, logged.
    UnmaskFamily,
    /// Find a family by exact NIK.
    SearchFamilies,
    /// Issue enrolment codes, list and revoke phones.
    ManageDevices,
    /// Users and grants.
    ManageUsers,
    /// Confirm a deciding grant.
    ConfirmGrants,
    /// Regions, boundaries, families, persons, programs, quotas, memberships, waitlists from files.
    Import,
    /// Put an imported waitlist, quota or rule in force.
    ConfirmImports,
    /// Read the journal and the access log.
    ReadJournal,
}

impl Role {
    /// Whether this role holds `permission`. The whole policy; nothing else decides.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Officer => matches!(permission, P::Visit | P::CarrySealed),
            Self::Supervisor => matches!(
                permission,
                P::CarrySealed
                    | P::ReadCases
                    | P::AssignCases
                    | P::ReviewCases
                    | P::CloseCases
                    | P::ManageDevices
            ),
            Self::Operator => matches!(
                permission,
                P::CarrySealed
                    | P::ReadCases
                    | P::DecideCases
                    | P::DeliverNotices
                    | P::UnmaskFamily
                    | P::SearchFamilies
            ),
            Self::Verifier => matches!(
                permission,
                P::ReadCases
                    | P::DecideCases
                    | P::CloseCases
                    | P::DeliverNotices
                    | P::UnmaskFamily
                    | P::SearchFamilies
            ),
            Self::Approver => matches!(
                permission,
                P::ReadCases | P::ConfirmDecisions | P::ConfirmGrants | P::ConfirmImports
            ),
            Self::Signatory => matches!(permission, P::ReadCases),
            Self::Admin => matches!(permission, P::ManageDevices | P::ManageUsers | P::Import),
            Self::Auditor => matches!(permission, P::ReadCases | P::ReadJournal),
            Self::Feed | Self::System => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn every_permission_is_held_by_somebody() {
        for permission in Permission::VARIANTS {
            assert!(
                Role::grantable().any(|role| role.may(*permission)),
                "{permission}"
            );
        }
    }

    #[test]
    fn an_admin_decides_nothing_and_an_auditor_changes_nothing() {
        for permission in [
            Permission::DecideCases,
            Permission::ConfirmDecisions,
            Permission::ReviewCases,
            Permission::ConfirmGrants,
            Permission::ConfirmImports,
        ] {
            assert!(!Role::Admin.may(permission), "{permission}");
            assert!(!Role::Auditor.may(permission), "{permission}");
        }
    }

    #[test]
    fn whoever_proposes_cannot_confirm_by_the_same_role() {
        for role in Role::VARIANTS {
            assert!(
                !(role.may(Permission::DecideCases) && role.may(Permission::ConfirmDecisions)),
                "{role}"
            );
        }
    }
}
