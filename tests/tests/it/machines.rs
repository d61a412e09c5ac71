//! The machines printed so that a supervisor can read them: `tests/expected/*_machine.txt`.

use std::fmt::{Display, Write};

use strum::VariantArray;
use tilik_protocol::case::{self, CaseAction, CaseState, Refusal, Step};
use tilik_protocol::membership::{
    self, MembershipAction, MembershipState, SlotAction, SlotState, slot_step,
};
use tilik_protocol::policy::Role;
use tilik_protocol::proposal::{self, ProposalAction, ProposalState};

use crate::expected;

/// What one action by each role does in one state, roles with the same answer together.
fn answers<S: Display>(ask: impl Fn(Role) -> Result<Step<S>, Refusal<S>>) -> Vec<(String, String)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for role in Role::VARIANTS {
        let answer = match ask(*role) {
            Ok(Step::To(next)) => format!("-> {next}"),
            Ok(Step::AlreadyDone) => "already so".to_owned(),
            Err(Refusal::NotFrom(_)) => "not now".to_owned(),
            Err(Refusal::WrongRole) => continue,
        };
        match groups.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, roles)) => roles.push(role.to_string()),
            None => groups.push((answer, vec![role.to_string()])),
        }
    }
    groups
        .into_iter()
        .map(|(answer, roles)| (answer, roles.join(", ")))
        .collect()
}

/// One state: what can be done from it and by whom, then what cannot be done from it by anybody.
fn state_block<S: Display + Copy, A: Display + Copy>(
    out: &mut String,
    state: S,
    actions: &[A],
    ask: impl Fn(S, A, Role) -> Result<Step<S>, Refusal<S>>,
) {
    writeln!(out, "\n{state}").unwrap();
    let mut never = Vec::new();
    for action in actions {
        for (answer, roles) in answers(|role| ask(state, *action, role)) {
            if answer == "not now" {
                never.push(action.to_string());
            } else {
                writeln!(out, "  {action:<18} {answer:<20} by {roles}").unwrap();
            }
        }
    }
    if !never.is_empty() {
        writeln!(out, "  not now: {}", never.join(", ")).unwrap();
    }
}

/// Who ever does what, one line per action.
fn who<A: Display + Copy>(out: &mut String, actions: &[A], may: impl Fn(A, Role) -> bool) {
    writeln!(out, "\nWho ever does it (in any state)").unwrap();
    for action in actions {
        let roles: Vec<String> = Role::VARIANTS
            .iter()
            .filter(|role| may(*action, **role))
            .map(ToString::to_string)
            .collect();
        writeln!(out, "  {action:<18} {}", roles.join(", ")).unwrap();
    }
    let idle: Vec<String> = Role::VARIANTS
        .iter()
        .filter(|role| !actions.iter().any(|action| may(*action, **role)))
        .map(ToString::to_string)
        .collect();
    writeln!(out, "  nothing            {}", idle.join(", ")).unwrap();
}

#[test]
fn the_case_machine_is_the_one_that_was_read() {
    let mut out = String::from(
        "The verification case: state, what is done, what becomes of it, by whom.\n\
         A role that is not named is refused. What the machine cannot know (lease, duty of several persons, whether a\n\
         phone fetched a return, whether a decision exists) is asked besides, in the same transaction.\n",
    );
    for state in CaseState::VARIANTS {
        state_block(&mut out, *state, CaseAction::VARIANTS, case::step);
    }
    who(&mut out, CaseAction::VARIANTS, case::role_may);
    expected::compare("case_machine.txt", &out);
}

#[test]
fn the_membership_and_slot_machines_are_the_ones_that_were_read() {
    let mut out = String::from(
        "The membership (kepesertaan): state, what happens, what becomes of it, by whom.\n\
         A role that is not named is refused. Each of these also needs an earlier act by another person.\n",
    );
    for state in MembershipState::VARIANTS {
        state_block(
            &mut out,
            *state,
            MembershipAction::VARIANTS,
            membership::step,
        );
    }
    who(&mut out, MembershipAction::VARIANTS, membership::role_may);
    out.push_str(
        "\nThe slot (jatah): moved only by the one door of the store, which demands a reason and two persons.\n",
    );
    for state in SlotState::VARIANTS {
        writeln!(out, "\n{state}").unwrap();
        let mut never = Vec::new();
        for action in SlotAction::VARIANTS {
            match slot_step(*state, *action) {
                Ok(Step::To(next)) => writeln!(out, "  {action:<18} -> {next}").unwrap(),
                Ok(Step::AlreadyDone) => writeln!(out, "  {action:<18} already so").unwrap(),
                Err(_) => never.push(action.to_string()),
            }
        }
        if !never.is_empty() {
            writeln!(out, "  not now: {}", never.join(", ")).unwrap();
        }
    }
    expected::compare("membership_machine.txt", &out);
}

#[test]
fn the_proposal_machine_is_the_one_that_was_read() {
    let mut out = String::from(
        "The proposal (usulan): state, what is done, what becomes of it, by whom.\n\
         A role that is not named is refused. What the machine cannot know (the window, where the family lives, the\n\
         evidence of a new one, who proposed or verified before) is asked besides, in the same transaction. A copy is a\n\
         new proposal; the rejected one stays.\n",
    );
    for state in ProposalState::VARIANTS {
        state_block(&mut out, *state, ProposalAction::VARIANTS, proposal::step);
    }
    who(&mut out, ProposalAction::VARIANTS, proposal::role_may);
    expected::compare("proposal_machine.txt", &out);
}

#[test]
fn the_server_itself_never_decides_about_anybody() {
    for state in CaseState::VARIANTS {
        for action in CaseAction::VARIANTS {
            if let Ok(Step::To(
                CaseState::Accepted | CaseState::AwaitingApproval | CaseState::Decided,
            )) = case::step(*state, *action, Role::System)
            {
                panic!("{action} from {state} by the server alone");
            }
        }
    }
    for state in MembershipState::VARIANTS {
        for action in MembershipAction::VARIANTS {
            if let Ok(Step::To(next)) = membership::step(*state, *action, Role::System) {
                assert!(
                    next.occupies_slot() == state.occupies_slot() && *state != next,
                    "{action} from {state} by the server alone gives or takes a place"
                );
            }
        }
    }
}
