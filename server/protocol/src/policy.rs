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

    /// Whether a grant of this role counts only once an approver has confirmed it: who decides, who makes accounts, and who
    /// reads over everybody's shoulder. Otherwise one admin makes another, and is two persons.
    pub const fn waits_for_approver(self) -> bool {
        match self {
            Self::Supervisor
            | Self::Operator
            | Self::Verifier
            | Self::Approver
            | Self::Admin
            | Self::Auditor => true,
            Self::Officer | Self::Signatory | Self::Feed | Self::System => false,
        }
    }

    /// Whether a grant of this role counts for nothing beside one of `other` in the same hands, be it their own or lent.
    /// Whoever makes accounts, keeps an eye on them or is a program is never the second person as well. It is the approver's
    /// that yields: nothing is confirmed then, and an admin is still there to end one of the two.
    pub const fn yields_to(self, other: Self) -> bool {
        match self {
            Self::Approver => matches!(other, Self::Admin | Self::Auditor | Self::Feed),
            Self::Officer
            | Self::Supervisor
            | Self::Operator
            | Self::Verifier
            | Self::Signatory
            | Self::Admin
            | Self::Auditor
            | Self::Feed
            | Self::System => false,
        }
    }

    /// Whether one person may not hold this role and `other` at the same time.
    pub const fn rules_out(self, other: Self) -> bool {
        self.yields_to(other) || other.yields_to(self)
    }
}

impl Role {
    /// Whether a password alone is not enough for this role: those who confirm, who decide for the whole city, and who make
    /// accounts.
    pub const fn needs_second_factor(self) -> bool {
        match self {
            Self::Verifier | Self::Approver | Self::Admin => true,
            Self::Officer
            | Self::Supervisor
            | Self::Operator
            | Self::Signatory
            | Self::Auditor
            | Self::Feed
            | Self::System => false,
        }
    }

    /// Whether a grant of this role counts in a session that was begun on a phone. A phone shows its key instead of a code,
    /// and any admin can enrol a key.
    pub const fn counts_on_phone(self) -> bool {
        !self.needs_second_factor()
    }
}

impl Permission {
    /// Whether what it changes asks for a code shown lately in the same session: the second person's acts.
    pub const fn needs_step_up(self) -> bool {
        matches!(
            self,
            Self::ConfirmDecisions
                | Self::ConfirmGrants
                | Self::ConfirmImports
                | Self::ConfirmFamilies
                | Self::ConfirmExports
                | Self::EndorseProposals
                | Self::ReleaseEvents
                | Self::JudgeAppeals
        )
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
    /// See how many cases of one's regions came how far; nobody's data.
    ReadOverview,
    /// Open cases and give them to officers.
    AssignCases,
    /// Ask for a visit to one family: a case that nobody has yet.
    RequestVisit,
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
    /// Say of approved acts that they are entered in the ministry's system.
    EnterMinistryActs,
    /// Read NIK and KK number of one family, with a purpose, logged.
    UnmaskFamily,
    /// Register, correct, split and merge families, and judge who may be one person.
    MaintainFamilies,
    /// Confirm or refuse who a family is that holds a place or waits for one.
    ConfirmFamilies,
    /// Find a family by exact NIK or KK number, with a purpose, logged.
    SearchFamilies,
    /// Issue enrolment codes, list and revoke phones.
    ManageDevices,
    /// Issue slips with which people choose a new password: to officers in reach, or with `ManageUsers` to anybody in reach.
    IssueResetSlips,
    /// Users and grants.
    ManageUsers,
    /// Confirm a grant that waits for an approver.
    ConfirmGrants,
    /// Regions, boundaries, families, persons, programs, quotas, memberships, waitlists from files.
    Import,
    /// Put an imported waitlist, quota or rule in force.
    ConfirmImports,
    /// Have files made that leave the installation, masked; with numbers in clear who may unmask.
    Export,
    /// Allow a file with a whole city's numbers in clear.
    ConfirmExports,
    /// Read the journal and the access log.
    ReadJournal,
    /// Make the training area and begin it anew.
    PrepareTraining,
    /// Write and hand in proposals, record deliberations.
    Propose,
    /// Match, verify, send back and reject proposals, and record the centre's word.
    VerifyProposals,
    /// Endorse or refuse verified proposals.
    EndorseProposals,
    /// Record that an endorsed proposal was entered in the centre's system.
    SendProposals,
    /// Propose on which days something is taken.
    ChangeWindows,
    /// Issue, print and revoke letters.
    IssueLetters,
    /// Say how an office's letters look, who signs them and how they are numbered.
    SetLetterOffices,
    /// Bring in what the civil registry or the health insurance signed: as their system, or as a file.
    BringEvents,
    /// Say what a population event, or a word of the health insurance, means that has no effect by itself.
    JudgeEvents,
    /// Be told whom the civil registry is asked about, numbers in clear, and answer.
    AnswerMatches,
    /// Let a parked batch of population events through, or refuse it.
    ReleaseEvents,
    /// File a family's appeal, and record that it takes it back.
    FileAppeals,
    /// Examine an appeal and recommend an outcome.
    ExamineAppeals,
    /// Agree to what was recommended of an appeal, or send it back.
    JudgeAppeals,
    /// File a citizen's objection at the counter.
    FileObjections,
    /// Admit an objection, which asks for a visit, or reject it.
    AnswerObjections,
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
                    | P::ReadOverview
                    | P::AssignCases
                    | P::ReviewCases
                    | P::CloseCases
                    | P::SearchFamilies
                    | P::ManageDevices
                    | P::IssueResetSlips
            ),
            Self::Operator => matches!(
                permission,
                P::CarrySealed
                    | P::ReadCases
                    | P::ReadOverview
                    | P::RequestVisit
                    | P::DecideCases
                    | P::DeliverNotices
                    | P::EnterMinistryActs
                    | P::UnmaskFamily
                    | P::MaintainFamilies
                    | P::SearchFamilies
                    | P::Export
                    | P::Propose
                    | P::SendProposals
                    | P::IssueLetters
                    | P::JudgeEvents
                    | P::FileAppeals
                    | P::FileObjections
            ),
            Self::Verifier => matches!(
                permission,
                P::ReadCases
                    | P::ReadOverview
                    | P::RequestVisit
                    | P::DecideCases
                    | P::CloseCases
                    | P::DeliverNotices
                    | P::EnterMinistryActs
                    | P::UnmaskFamily
                    | P::MaintainFamilies
                    | P::SearchFamilies
                    | P::Export
                    | P::VerifyProposals
                    | P::SendProposals
                    | P::IssueLetters
                    | P::JudgeEvents
                    | P::FileAppeals
                    | P::ExamineAppeals
                    | P::FileObjections
                    | P::AnswerObjections
            ),
            Self::Approver => matches!(
                permission,
                P::ReadCases
                    | P::ReadOverview
                    | P::ConfirmDecisions
                    | P::SearchFamilies
                    | P::ConfirmGrants
                    | P::ConfirmImports
                    | P::ConfirmFamilies
                    | P::ConfirmExports
                    | P::EndorseProposals
                    | P::ReleaseEvents
                    | P::JudgeAppeals
            ),
            Self::Signatory => matches!(
                permission,
                P::ReadCases | P::ReadOverview | P::SetLetterOffices
            ),
            Self::Admin => matches!(
                permission,
                P::ReadOverview
                    | P::ManageDevices
                    | P::IssueResetSlips
                    | P::ManageUsers
                    | P::Import
                    | P::PrepareTraining
                    | P::ChangeWindows
                    | P::SetLetterOffices
                    | P::BringEvents
            ),
            Self::Auditor => matches!(
                permission,
                P::ReadCases | P::ReadOverview | P::SearchFamilies | P::Export | P::ReadJournal
            ),
            Self::Feed => matches!(permission, P::BringEvents | P::AnswerMatches),
            Self::System => false,
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
            Permission::MaintainFamilies,
            Permission::ConfirmFamilies,
            Permission::ConfirmExports,
            Permission::Propose,
            Permission::VerifyProposals,
            Permission::EndorseProposals,
            Permission::ExamineAppeals,
            Permission::JudgeAppeals,
            Permission::AnswerObjections,
        ] {
            assert!(!Role::Admin.may(permission), "{permission}");
            assert!(!Role::Auditor.may(permission), "{permission}");
        }
    }

    #[test]
    fn whoever_makes_accounts_confirms_none_by_another_role() {
        for one in Role::VARIANTS {
            for other in Role::VARIANTS {
                let both = |permission| one.may(permission) || other.may(permission);
                if both(Permission::ManageUsers) && both(Permission::ConfirmGrants) {
                    assert!(one.rules_out(*other), "{one} {other}");
                }
                assert_eq!(one.rules_out(*other), other.rules_out(*one));
                assert!(!(one.yields_to(*other) && other.yields_to(*one)));
            }
            // Who could make more of themselves waits for somebody else.
            let changes_who =
                one.may(Permission::ManageUsers) || one.may(Permission::ConfirmGrants);
            assert!(!changes_who || one.waits_for_approver(), "{one}");
        }
    }

    #[test]
    fn whoever_proposes_cannot_confirm_by_the_same_role() {
        for role in Role::VARIANTS {
            assert!(
                !(role.may(Permission::DecideCases) && role.may(Permission::ConfirmDecisions)),
                "{role}"
            );
            assert!(
                !(role.may(Permission::MaintainFamilies) && role.may(Permission::ConfirmFamilies)),
                "{role}"
            );
            let steps = [
                Permission::Propose,
                Permission::VerifyProposals,
                Permission::EndorseProposals,
            ];
            let held = steps.iter().filter(|step| role.may(**step)).count();
            assert!(held <= 1, "{role}");
            let sets = [Permission::ChangeWindows, Permission::ConfirmImports];
            assert!(!sets.iter().all(|step| role.may(*step)), "{role}");
            let brings = [Permission::BringEvents, Permission::ReleaseEvents];
            assert!(!brings.iter().all(|step| role.may(*step)), "{role}");
        }
    }
}
