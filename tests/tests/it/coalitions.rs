//! What one role, what two together, and what one person with several can bring about alone:
//! `tests/expected/coalitions.txt`.
//!
//! A search over everything the persons of a coalition can do, in any order, to one case and one slot, with the
//! permissions, machines and duty rules of the code. Everybody outside the coalition does nothing more.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Write;

use strum::VariantArray;
use tilik_protocol::case::{self, CaseAction, CaseState, Step};
use tilik_protocol::duty::{self, Acts, Outcome};
use tilik_protocol::ids::UserId;
use tilik_protocol::membership::{
    self, MembershipAction, MembershipState, SlotAction, SlotState, slot_step,
};
use tilik_protocol::policy::{Permission, Role};
use uuid::Uuid;

use crate::expected;

/// Persons outside the coalition who did their part honestly and then stop.
const HONEST_OFFICER: u8 = 101;
const HONEST_SUPERVISOR: u8 = 102;
const HONEST_OPERATOR: u8 = 103;

#[derive(Debug, Clone)]
struct Person {
    id: u8,
    roles: Vec<Role>,
    /// Who made the account and knows its password.
    made_by: Option<u8>,
}

impl Person {
    /// The roles in which this person may do what needs `permission`.
    fn with(&self, permission: Permission) -> impl Iterator<Item = Role> + '_ {
        self.roles
            .iter()
            .copied()
            .filter(move |role| role.may(permission))
    }

    fn may(&self, permission: Permission) -> bool {
        self.with(permission).next().is_some()
    }
}

/// Who holds the slot in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Recipient,
    FirstOnHonestList,
    Favourite,
}

/// One family, its case, its membership, its slot, and the waitlist behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Scene {
    case: Option<CaseState>,
    /// The evidence, the officer's finding or a flag says "not eligible".
    speaks_against: bool,
    visitors: Vec<u8>,
    equippers: Vec<u8>,
    reviewers: Vec<u8>,
    proposers: Vec<u8>,
    proposed: Option<Outcome>,
    needs_approval: bool,
    kept: bool,
    membership: MembershipState,
    slot: SlotState,
    holder: Holder,
    list_imported_by: Option<u8>,
    list_is_theirs: bool,
    /// Everything that happened on the way and that an effect asks for.
    done: Vec<&'static str>,
}

impl Scene {
    fn begin(case: Option<CaseState>) -> Self {
        Self {
            case,
            speaks_against: false,
            visitors: Vec::new(),
            equippers: Vec::new(),
            reviewers: Vec::new(),
            proposers: Vec::new(),
            proposed: None,
            needs_approval: false,
            kept: false,
            membership: MembershipState::Active,
            slot: SlotState::Held,
            holder: Holder::Recipient,
            list_imported_by: None,
            list_is_theirs: false,
            done: Vec::new(),
        }
    }

    fn after_a_visit() -> Self {
        Self {
            visitors: vec![HONEST_OFFICER],
            ..Self::begin(Some(CaseState::Submitted))
        }
    }

    fn after_a_review(speaks_against: bool) -> Self {
        Self {
            visitors: vec![HONEST_OFFICER],
            reviewers: vec![HONEST_SUPERVISOR],
            speaks_against,
            ..Self::begin(Some(CaseState::Accepted))
        }
    }

    fn after_a_proposal() -> Self {
        Self {
            proposers: vec![HONEST_OPERATOR],
            proposed: Some(Outcome::Ineligible),
            needs_approval: true,
            case: Some(CaseState::AwaitingApproval),
            ..Self::after_a_review(true)
        }
    }

    fn acts(&self) -> Acts {
        let users = |ids: &[u8]| ids.iter().map(|id| user(*id)).collect();
        Acts {
            visitors: users(&self.visitors),
            equippers: users(&self.equippers),
            reviewers: users(&self.reviewers),
            proposers: users(&self.proposers),
        }
    }

    fn note(&mut self, what: &'static str) {
        add(&mut self.done, what);
    }

    fn stepped(&self, action: CaseAction, role: Role) -> Option<Self> {
        let Ok(Step::To(next)) = case::step(self.case?, action, role) else {
            return None;
        };
        Some(Self {
            case: Some(next),
            ..self.clone()
        })
    }
}

fn user(id: u8) -> UserId {
    UserId(Uuid::from_u128(u128::from(id)))
}

fn add<T: Ord>(set: &mut Vec<T>, value: T) {
    if let Err(at) = set.binary_search(&value) {
        set.insert(at, value);
    }
}

/// Everything one person can do next.
fn moves(scene: &Scene, person: &Person) -> Vec<Scene> {
    use CaseAction as A;
    use Permission as P;
    let mut next = Vec::new();
    if scene.case.is_none() && (person.may(P::AssignCases) || person.may(P::RequestVisit)) {
        next.push(Scene {
            case: Some(CaseState::Open),
            ..scene.clone()
        });
    }
    for role in person.with(P::AssignCases) {
        next.extend(scene.stepped(A::Assign, role));
    }
    // A visit says what its maker likes: that the family is poor, or that it is not.
    let mut visit = |visitor: u8, equipper: Option<u8>| {
        for (action, speaks_against, what) in [
            (A::SubmitVisit, false, "visit"),
            (A::SubmitVisit, true, "visit"),
            (A::ReportUnreachable, true, "unreachable"),
        ] {
            if let Some(mut after) = scene.stepped(action, Role::Officer) {
                add(&mut after.visitors, visitor);
                if let Some(equipper) = equipper {
                    add(&mut after.equippers, equipper);
                }
                after.speaks_against = speaks_against;
                after.note(what);
                next.push(after);
            }
        }
    };
    if person.may(P::Visit) {
        visit(person.id, person.made_by);
    }
    // A phone enrolled in another officer's name, and its visits carried in by whoever enrolled it, or by whoever has a
    // phone: the one who enrolled it stands behind them.
    if person.may(P::ManageDevices) && person.may(P::CarrySealed) {
        visit(HONEST_OFFICER, Some(person.id));
    }
    let acts = scene.acts();
    for role in person.with(P::ReviewCases) {
        if duty::review(&acts, user(person.id)).is_err() {
            continue;
        }
        for (action, what) in [
            (A::Accept, "accept"),
            (A::AgreeUnreachable, "accept"),
            (A::Return, "return"),
            (A::Withdraw, "withdraw"),
            (A::WithdrawUnreachable, "withdraw"),
            (A::TakeBack, ""),
            (A::Reopen, ""),
        ] {
            if let Some(mut after) = scene.stepped(action, role) {
                if what == "accept" {
                    add(&mut after.reviewers, person.id);
                }
                if !what.is_empty() {
                    after.note(what);
                }
                next.push(after);
            }
        }
    }
    for role in person.with(P::CloseCases) {
        if let Some(mut after) = scene.stepped(A::Close, role) {
            after.note("close");
            next.push(after);
        }
    }
    for role in person.with(P::DecideCases) {
        for outcome in Outcome::VARIANTS {
            if scene.case != Some(CaseState::Accepted)
                || duty::decide(&acts, user(person.id), *outcome).is_err()
            {
                continue;
            }
            let needs_approval = *outcome == Outcome::Ineligible || scene.speaks_against;
            let action = if needs_approval {
                A::SendForApproval
            } else {
                A::DecideEligible
            };
            if let Some(mut after) = scene.stepped(action, role) {
                add(&mut after.proposers, person.id);
                after.proposed = Some(*outcome);
                after.needs_approval = needs_approval;
                if needs_approval {
                    after.note(if *outcome == Outcome::Ineligible {
                        "propose to cancel"
                    } else {
                        "propose to keep"
                    });
                } else {
                    after.kept = true;
                }
                next.push(after);
            }
        }
    }
    for role in person.with(P::ConfirmDecisions) {
        if scene.case != Some(CaseState::AwaitingApproval) {
            continue;
        }
        let Some(outcome) = scene.proposed else {
            continue;
        };
        if duty::confirm(&acts, user(person.id), outcome).is_err() {
            continue;
        }
        if let Some(mut after) = scene.stepped(A::RefuseDecision, role) {
            after.proposed = None;
            after.needs_approval = false;
            after.note("refuse");
            next.push(after);
        }
        let Some(mut after) = scene.stepped(A::ConfirmLast, role) else {
            continue;
        };
        match outcome {
            Outcome::Eligible => after.kept = true,
            Outcome::Ineligible => {
                let Ok(Step::To(ended)) =
                    membership::step(scene.membership, MembershipAction::Cancel, role)
                else {
                    continue;
                };
                let Ok(Step::To(slot)) = slot_step(scene.slot, SlotAction::Reserve) else {
                    continue;
                };
                after.membership = ended;
                after.slot = slot;
                after.holder = if scene.list_is_theirs {
                    Holder::Favourite
                } else {
                    Holder::FirstOnHonestList
                };
            }
        }
        next.push(after);
    }
    if scene.membership == MembershipState::Inactive && person.may(P::DeliverNotices) {
        let mut after = scene.clone();
        after.note("notice");
        next.push(after);
    }
    if scene.list_imported_by.is_none() && person.may(P::Import) {
        next.push(Scene {
            list_imported_by: Some(person.id),
            ..scene.clone()
        });
    }
    if scene.list_imported_by.is_some_and(|by| by != person.id) && person.may(P::ConfirmImports) {
        next.push(Scene {
            list_is_theirs: true,
            ..scene.clone()
        });
    }
    next
}

/// Whether the coalition can get from `start` to a scene that `wanted` holds in.
fn reaches(coalition: &[Person], start: Scene, wanted: &dyn Fn(&Scene) -> bool) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(scene) = waiting.pop_front() {
        if wanted(&scene) {
            return true;
        }
        for person in coalition {
            for next in moves(&scene, person) {
                if seen.insert(next.clone()) {
                    waiting.push_back(next);
                }
            }
        }
    }
    false
}

/// The persons themselves and the accounts they can make: a grant that waits for nobody counts at once, any other when an
/// approver confirms it who neither gave nor gets it. What the accounts could make in turn is among these already: who
/// makes or confirms accounts waits, and once one that waits is confirmed, each is.
fn with_their_accounts(mut coalition: Vec<Person>) -> Vec<Person> {
    let makers: Vec<u8> = coalition
        .iter()
        .filter(|person| person.may(Permission::ManageUsers))
        .map(|person| person.id)
        .collect();
    let confirmed = coalition.iter().any(|person| {
        person.may(Permission::ConfirmGrants) && makers.iter().any(|maker| *maker != person.id)
    });
    if !makers.is_empty() {
        for (n, role) in Role::grantable().enumerate() {
            let makes = role.may(Permission::ManageUsers) || role.may(Permission::ConfirmGrants);
            assert!(!makes || role.waits_for_approver(), "{role}");
            if confirmed || !role.waits_for_approver() {
                coalition.push(Person {
                    id: 200 + u8::try_from(n).unwrap(),
                    roles: vec![role],
                    made_by: makers.first().copied(),
                });
            }
        }
    }
    coalition
}

type Wish = Box<dyn Fn(&[Person]) -> bool>;

/// An effect on the case: where the honest world stopped, and what is then true.
fn scene(start: Scene, wanted: impl Fn(&Scene) -> bool + 'static) -> Wish {
    Box::new(move |coalition| reaches(coalition, start.clone(), &wanted))
}

/// An effect that is one act by one person.
fn one(permission: Permission) -> Wish {
    Box::new(move |coalition| coalition.iter().any(|person| person.may(permission)))
}

/// An effect that is two acts by two persons.
fn two(first: Permission, second: Permission) -> Wish {
    Box::new(move |coalition| {
        coalition
            .iter()
            .any(|a| a.may(first) && coalition.iter().any(|b| b.id != a.id && b.may(second)))
    })
}

/// An effect that there are two ways to.
fn either(first: Wish, second: Wish) -> Wish {
    Box::new(move |coalition| first(coalition) || second(coalition))
}

/// An effect on who holds the slot without anybody outside having asked for it.
const SLOT: &str = "SLOT";

/// What nobody brings about by themselves, whatever they hold, beside what changes a slot's holder.
const MAKE_DECIDERS: &str = "make an account that decides, manages or audits";
const TAKE_OVER: &str = "let somebody who decides, manages or audits choose a new password";
const PUT_IN_FORCE: &str =
    "put a waitlist, quota or rule of their own in force, give a free slot to whom they like";
const SWAP_PERSONS: &str = "put other persons into a family that holds or awaits a place";

fn takes_two(when: &str, what: &str) -> bool {
    when == SLOT || [MAKE_DECIDERS, TAKE_OVER, PUT_IN_FORCE, SWAP_PERSONS].contains(&what)
}

fn effects() -> Vec<(&'static str, &'static str, Wish)> {
    use CaseState as S;
    use Permission as P;
    let nothing = || Scene::begin(None);
    let assigned = || Scene::begin(Some(S::Assigned));
    let moved = |scene: &Scene| scene.holder != Holder::Recipient;
    let chosen = |scene: &Scene| scene.holder == Holder::Favourite;
    vec![
        (
            "From nothing",
            "open a case",
            scene(nothing(), |s| s.case.is_some()),
        ),
        (
            "From nothing",
            "bring in a visit on an assigned case",
            scene(assigned(), |s| s.done.contains(&"visit")),
        ),
        (
            "From nothing",
            "report an assigned family unreachable",
            scene(assigned(), |s| s.done.contains(&"unreachable")),
        ),
        (
            "From nothing",
            "accept evidence of their own making",
            scene(nothing(), |s| s.case == Some(S::Accepted)),
        ),
        (
            "From nothing",
            "keep a recipient on evidence of their own making",
            scene(nothing(), |s| s.kept),
        ),
        (
            SLOT,
            "take a slot from its holder, on evidence of their own making",
            scene(nothing(), moved),
        ),
        (SLOT, "and choose who gets it", scene(nothing(), chosen)),
        (
            "After an honest visit",
            "accept the evidence",
            scene(Scene::after_a_visit(), |s| s.case == Some(S::Accepted)),
        ),
        (
            "After an honest visit",
            "send it back",
            scene(Scene::after_a_visit(), |s| s.done.contains(&"return")),
        ),
        (
            "After an honest visit",
            "close the case without a decision",
            scene(Scene::after_a_visit(), |s| s.done.contains(&"close")),
        ),
        (
            SLOT,
            "take a slot from its holder, after an honest visit",
            scene(Scene::after_a_visit(), moved),
        ),
        (
            "After an honest review",
            "keep a recipient when nothing speaks against it",
            scene(Scene::after_a_review(false), |s| s.kept),
        ),
        (
            "After an honest review",
            "keep a recipient against that evidence, by a decision",
            scene(Scene::after_a_review(true), |s| {
                s.kept && !s.done.contains(&"visit") && !s.done.contains(&"unreachable")
            }),
        ),
        (
            "After an honest review",
            "keep a recipient against that evidence, by other evidence",
            scene(Scene::after_a_review(true), |s| {
                s.kept && s.done.contains(&"visit")
            }),
        ),
        (
            "After an honest review",
            "leave a recipient undecided by closing the case",
            scene(Scene::after_a_review(true), |s| s.done.contains(&"close")),
        ),
        (
            "After an honest review",
            "withdraw the acceptance",
            scene(Scene::after_a_review(true), |s| {
                s.done.contains(&"withdraw")
            }),
        ),
        (
            "After an honest review",
            "propose a cancellation",
            scene(Scene::after_a_review(true), |s| {
                s.done.contains(&"propose to cancel")
            }),
        ),
        (
            SLOT,
            "take a slot from its holder, after an honest review",
            scene(Scene::after_a_review(true), moved),
        ),
        (
            SLOT,
            "and choose who gets it, after an honest review",
            scene(Scene::after_a_review(true), chosen),
        ),
        (
            "After an honest proposal",
            "confirm it: the slot goes to the next on the list",
            scene(Scene::after_a_proposal(), moved),
        ),
        (
            "After an honest proposal",
            "refuse it",
            scene(Scene::after_a_proposal(), |s| s.done.contains(&"refuse")),
        ),
        (
            "After an honest proposal",
            "stop it by closing the case",
            scene(Scene::after_a_proposal(), |s| s.done.contains(&"close")),
        ),
        (
            "After a cancellation",
            "start the appeal period by recording the letter as delivered",
            one(P::DeliverNotices),
        ),
        (
            "Registry",
            "bring in families; quotas, members and waitlists that do not count yet",
            one(P::Import),
        ),
        ("Registry", PUT_IN_FORCE, two(P::Import, P::ConfirmImports)),
        (
            "Registry",
            SWAP_PERSONS,
            either(
                two(P::Import, P::ConfirmImports),
                two(P::MaintainFamilies, P::ConfirmFamilies),
            ),
        ),
        (
            "Registry",
            "register, correct, split and merge families that hold no place and await none",
            one(P::MaintainFamilies),
        ),
        (
            "Registry",
            "judge that two persons are one, or are not",
            one(P::MaintainFamilies),
        ),
        (
            "Accounts",
            "make an account that waits for nobody (officer, signatory, feed)",
            one(P::ManageUsers),
        ),
        (
            "Accounts",
            MAKE_DECIDERS,
            two(P::ManageUsers, P::ConfirmGrants),
        ),
        (
            "Accounts",
            "let an officer choose a new password",
            one(P::IssueResetSlips),
        ),
        (
            "Accounts",
            "let anybody else who neither decides, manages nor audits choose a new password",
            one(P::ManageUsers),
        ),
        ("Accounts", TAKE_OVER, two(P::ManageUsers, P::ConfirmGrants)),
        (
            "Accounts",
            "suspend anybody, end anybody's grant",
            one(P::ManageUsers),
        ),
        (
            "Accounts",
            "enrol a phone in an officer's name, or revoke it",
            one(P::ManageDevices),
        ),
        (
            "Proposals",
            "write a proposal, and a deliberation that agrees to it",
            one(P::Propose),
        ),
        (
            "Proposals",
            "find somebody else's proposal complete, send it back or end it",
            one(P::VerifyProposals),
        ),
        (
            "Proposals",
            "endorse or end what an honest verifier found complete",
            one(P::EndorseProposals),
        ),
        (
            "Proposals",
            "propose other days on which they are taken",
            one(P::ChangeWindows),
        ),
        (
            "Proposals",
            "put other days in force",
            two(P::ChangeWindows, P::ConfirmImports),
        ),
        (
            "Letters",
            "issue, print and revoke letters",
            one(P::IssueLetters),
        ),
        (
            "Letters",
            "say how an office's letters look, and who signs them",
            one(P::SetLetterOffices),
        ),
        (
            "Reading",
            "see cases, photos and masked families",
            one(P::ReadCases),
        ),
        (
            "Reading",
            "see how many cases came how far, of nobody in particular",
            one(P::ReadOverview),
        ),
        (
            "Reading",
            "find a family by its NIK",
            one(P::SearchFamilies),
        ),
        (
            "Reading",
            "read a family's NIK and KK number",
            one(P::UnmaskFamily),
        ),
        ("Reading", "read the journal", one(P::ReadJournal)),
    ]
}

/// `counts[i]` persons with `roles[i]`.
fn persons(roles: &[Role], counts: &[u8]) -> Vec<Person> {
    let mut persons = Vec::new();
    for (role, count) in roles.iter().zip(counts) {
        for _ in 0..*count {
            persons.push(Person {
                id: u8::try_from(persons.len() + 1).unwrap(),
                roles: vec![*role],
                made_by: None,
            });
        }
    }
    persons
}

fn listed(roles: impl IntoIterator<Item = Role>) -> String {
    let names: Vec<String> = roles.into_iter().map(|role| role.to_string()).collect();
    names.join(", ")
}

/// The sets of roles that one person may hold and to which no other can be added.
fn most_for_one() -> Vec<Vec<Role>> {
    let all: Vec<Role> = Role::grantable().collect();
    let fits = |held: &[Role], role: Role| !held.iter().any(|other| role.rules_out(*other));
    let mut sets = Vec::new();
    for chosen in 0_u32..1 << all.len() {
        let mut held = Vec::new();
        let mut left = Vec::new();
        for (n, role) in all.iter().enumerate() {
            if chosen & (1 << n) == 0 {
                left.push(*role);
            } else {
                held.push(*role);
            }
        }
        let holds = held.iter().all(|role| fits(&held, *role));
        if holds && !left.iter().any(|role| fits(&held, *role)) {
            sets.push(held);
        }
    }
    sets
}

/// How few persons of these roles bring it about, each role at least once and at most twice.
fn fewest(roles: &[Role], wish: &Wish) -> Option<u8> {
    let counts: Vec<Vec<u8>> = match roles.len() {
        1 => vec![vec![1], vec![2], vec![3]],
        _ => vec![vec![1, 1], vec![1, 2], vec![2, 1], vec![2, 2]],
    };
    counts
        .iter()
        .find(|counts| wish(&with_their_accounts(persons(roles, counts))))
        .map(|counts| counts.iter().sum())
}

#[test]
fn what_one_role_or_two_together_can_bring_about_is_what_was_read() {
    let effects = effects();
    let mut out = String::from(
        "What each role, and each pair of roles, can bring about with nobody else doing anything more.\n\
         Found by trying every order of every act that permissions, machines and duty rules allow.\n\
         The number is how few persons it takes. Accounts they can make for themselves are used too.\n\
         It is taken for granted that people sign in as themselves: whoever knows another's password has that person's roles.\n\n",
    );
    let waiting = Role::grantable().filter(|role| role.waits_for_approver());
    writeln!(
        out,
        "A grant of these roles waits for an approver: {}",
        listed(waiting)
    )
    .unwrap();
    for role in Role::grantable() {
        let others: Vec<Role> = Role::grantable()
            .filter(|other| role.yields_to(*other))
            .collect();
        if !others.is_empty() {
            let others = listed(others);
            writeln!(
                out,
                "One person is not both {role}, own or lent, and one of: {others}"
            )
            .unwrap();
        }
    }
    let mut alone: BTreeMap<(Role, usize), u8> = BTreeMap::new();
    for role in Role::grantable() {
        writeln!(out, "\n{role} alone").unwrap();
        let mut any = false;
        for (n, (when, what, wish)) in effects.iter().enumerate() {
            if let Some(fewest) = fewest(&[role], wish) {
                assert!(!takes_two(when, what), "{role} alone can {what}");
                alone.insert((role, n), fewest);
                writeln!(out, "  {fewest}  {when}: {what}").unwrap();
                any = true;
            }
        }
        if !any {
            out.push_str("  nothing\n");
        }
    }
    out.push_str("\nTwo roles together: what neither can alone\n");
    let roles: Vec<Role> = Role::grantable().collect();
    for (n, first) in roles.iter().enumerate() {
        for second in &roles[n + 1..] {
            let mut lines = String::new();
            for (n, (when, what, wish)) in effects.iter().enumerate() {
                let known = [first, second].map(|role| alone.get(&(*role, n)));
                if known.iter().any(Option::is_some) {
                    continue;
                }
                if let Some(fewest) = fewest(&[*first, *second], wish) {
                    let when = if *when == SLOT { "THE SLOT" } else { when };
                    writeln!(lines, "  {fewest}  {when}: {what}").unwrap();
                }
            }
            if !lines.is_empty() {
                writeln!(out, "\n{first} + {second}\n{}", lines.trim_end()).unwrap();
            }
        }
    }
    out.push_str("\nOne person with as many roles as one may hold, and the accounts they make\n");
    for roles in most_for_one() {
        writeln!(out, "\n{}", listed(roles.iter().copied())).unwrap();
        let one = with_their_accounts(vec![Person {
            id: 1,
            roles,
            made_by: None,
        }]);
        for (when, what, wish) in &effects {
            if wish(&one) {
                assert!(!takes_two(when, what), "one person can {what}");
                writeln!(out, "  1  {when}: {what}").unwrap();
            }
        }
    }
    expected::compare("coalitions.txt", &out);
}

#[test]
fn the_search_finds_a_way_where_one_is_known() {
    let all = persons(
        &[
            Role::Officer,
            Role::Supervisor,
            Role::Operator,
            Role::Approver,
        ],
        &[1, 1, 1, 1],
    );
    assert!(reaches(&all, Scene::begin(None), &|scene| scene.holder
        == Holder::FirstOnHonestList));
    // Without the approver there is none, however many the others are.
    let three = persons(
        &[Role::Officer, Role::Supervisor, Role::Operator],
        &[2, 2, 2],
    );
    assert!(!reaches(&three, Scene::begin(None), &|scene| scene.holder
        != Holder::Recipient));
}
