//! What must be true, written apart from the code that makes it so: no function of
//! `protocol` or `store` decides anything here.
//!
//! The model hears what the server heard, in the same order, and says what must have come of it.

use std::collections::{BTreeMap, BTreeSet};

use tilik_protocol::ids::{CaseId, DeviceId, FamilyId, MembershipId, PhotoId, UserId, VisitId};

use super::Verb;

/// Seconds a reviewer holds a case.
const LEASE_S: i64 = 600;
/// Microseconds in an hour.
const HOUR_US: i64 = 3_600_000_000;
/// Days and hours are those of the region: seven hours east.
const EAST_US: i64 = 7 * HOUR_US;
/// Microseconds in a week.
const WEEK_US: i64 = 7 * 24 * HOUR_US;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the case machine's own words")]
pub enum Stands {
    Open,
    Assigned,
    Submitted,
    Returned,
    Unreachable,
    Accepted,
    AwaitingApproval,
    Decided,
    Closed,
    Expired,
}

impl Stands {
    /// Whether nothing leaves it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Decided | Self::Closed | Self::Expired)
    }

    /// Whether an officer has something to do.
    pub const fn is_on_the_phone(self) -> bool {
        matches!(self, Self::Assigned | Self::Returned)
    }
}

/// What was said about a membership in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing yet.
    None,
    /// Stays.
    Eligible,
    /// Proposed for cancellation.
    Proposed,
    /// Said to stay after a cancellation was proposed, or of a house that nobody found: the approver speaks too.
    Kept,
    /// Cancelled by two persons.
    Cancelled,
    /// Stays by two persons.
    Confirmed,
}

impl Word {
    /// Whether the approver is to speak.
    pub fn waits(self) -> bool {
        matches!(self, Self::Proposed | Self::Kept)
    }

    /// Whether the approver has spoken.
    fn is_last(self) -> bool {
        matches!(self, Self::Cancelled | Self::Confirmed)
    }
}

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Where it stands.
    pub stands: Stands,
    /// Who has it, or had it last.
    pub officer: Option<UserId>,
    /// About whom.
    pub family: FamilyId,
    /// The visit that counts.
    pub current: Option<VisitId>,
    /// Visits that came while that one waited for review.
    pub rivals: BTreeSet<VisitId>,
    /// The one that counts was seen whole: no rival takes its place any more.
    pub settled: bool,
    /// When its window closes, in microseconds.
    pub closes_at: Option<i64>,
    /// The case that takes its place once it is expired.
    pub successor: Option<CaseId>,
    /// What was said of each membership.
    pub words: BTreeMap<MembershipId, Word>,
    /// A phone was handed the return.
    pub fetched: bool,
    /// Who reviews it, until when.
    pub lease: Option<(UserId, i64)>,
}

/// A sealed visit.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The device that sealed it.
    pub device: DeviceId,
    /// The officer behind it.
    pub officer: UserId,
    /// The case it names.
    pub case: Option<CaseId>,
    /// The case it counted for when it arrived.
    pub filed: Option<CaseId>,
    /// Nobody was seen.
    pub unreachable: bool,
    /// With a statement of RT/RW.
    pub statement: bool,
    /// When it was sealed in truth, in microseconds.
    pub sealed_at: i64,
    /// The moment that the server vouches for: of the sealing where the phone ran through since it was told the time,
    /// otherwise when the server heard of it.
    pub vouched_at: i64,
    /// The moment that the hour is taken from: the phone's own word where nothing is vouched for and it can be true.
    pub told_at: i64,
    /// Its photos, in order.
    pub photos: Vec<PhotoId>,
    /// The server has it.
    pub arrived: bool,
    /// The server keeps it apart.
    pub apart: bool,
    /// Why it deserves a second look, of what the model knows about.
    pub flags: BTreeSet<&'static str>,
}

/// The flags that the model knows about.
pub const FLAGS: [&str; 5] = [
    "carried",
    "case_closed",
    "late_sync",
    "out_of_scope",
    "second_visit",
];

/// What must come of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It happens.
    Happens,
    /// It was so already: success, and nothing happens.
    WasSo,
    /// It is refused, and nothing happens.
    Refused,
}

/// All that is so.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Cases.
    pub cases: BTreeMap<CaseId, Case>,
    /// Sealed visits.
    pub visits: BTreeMap<VisitId, Visit>,
    /// What each photo's bytes hash to.
    pub photos: BTreeMap<PhotoId, [u8; 32]>,
    /// Devices that were stolen.
    pub stolen: BTreeSet<DeviceId>,
    /// Memberships that have a place or wait for one, and whose.
    pub memberships: BTreeMap<MembershipId, FamilyId>,
    /// Memberships that were cancelled, or gave their candidacy up.
    pub ended: BTreeSet<MembershipId>,
    /// Families on the waitlist that have not been called, first in line first.
    pub line: Vec<FamilyId>,
    /// Photos that are on the server, as it says.
    pub received: BTreeSet<PhotoId>,
}

impl Model {
    /// The case that is open about a family.
    pub fn open_case_of(&self, family: FamilyId) -> Option<CaseId> {
        let found = self
            .cases
            .iter()
            .find(|(_, case)| case.family == family && !case.stands.is_over());
        found.map(|(id, _)| *id)
    }

    /// A case begins.
    pub fn opens(
        &mut self,
        id: CaseId,
        family: FamilyId,
        officer: Option<UserId>,
        closes_at: Option<i64>,
    ) {
        let words = self
            .memberships
            .iter()
            .filter(|(id, whose)| **whose == family && !self.ended.contains(id))
            .map(|(id, _)| (*id, Word::None))
            .collect();
        let case = Case {
            stands: if officer.is_some() {
                Stands::Assigned
            } else {
                Stands::Open
            },
            officer,
            family,
            current: None,
            rivals: BTreeSet::new(),
            settled: false,
            closes_at,
            successor: None,
            words,
            fetched: false,
            lease: None,
        };
        self.cases.insert(id, case);
    }

    /// What giving the case to `officer` must do.
    pub fn assign(&mut self, id: CaseId, officer: Option<UserId>) -> Verdict {
        let Some(case) = self.cases.get_mut(&id) else {
            return Verdict::Refused;
        };
        let next = match (case.stands, officer) {
            (Stands::Open, None) => return Verdict::WasSo,
            (Stands::Open | Stands::Assigned, Some(_)) => Stands::Assigned,
            (Stands::Returned, Some(_)) => Stands::Returned,
            (Stands::Assigned | Stands::Returned, None) => Stands::Open,
            (_, _) => return Verdict::Refused,
        };
        case.stands = next;
        case.officer = officer;
        Verdict::Happens
    }

    /// The server heard a sealed visit, brought by the phone of `bringer`, which may speak. It vouches for the first
    /// of the moments, and takes the hour from the second.
    pub fn hears_visit(&mut self, id: VisitId, bringer: UserId, moments: (i64, i64)) {
        let Some(visit) = self.visits.get(&id) else {
            return;
        };
        if visit.arrived || visit.apart {
            return;
        }
        let (named, unreachable) = (visit.case, visit.unreachable);
        let author = visit.officer;
        let mut flags = BTreeSet::new();
        if bringer != author {
            flags.insert("carried");
        }
        let stolen = self.stolen.contains(&visit.device);
        // A window that closed meanwhile hands the visit on to the case that followed.
        let mut target = named;
        while let Some(next) = target
            .and_then(|id| self.cases.get(&id))
            .filter(|case| case.stands == Stands::Expired)
            .and_then(|case| case.successor)
        {
            target = Some(next);
            flags.insert("late_sync");
        }
        if let Some(case) = target.and_then(|id| self.cases.get(&id)) {
            if case.officer != Some(author) {
                flags.insert("out_of_scope");
            }
            if case.stands == Stands::Submitted {
                flags.insert("second_visit");
            }
            let is_over = case.stands.is_over()
                || matches!(case.stands, Stands::Accepted | Stands::AwaitingApproval);
            if is_over || (unreachable && case.stands == Stands::Submitted) {
                flags.insert("case_closed");
            }
        }
        if let Some(visit) = self.visits.get_mut(&id) {
            (visit.vouched_at, visit.told_at) = moments;
            visit.apart = stolen;
            visit.arrived = !stolen;
            visit.filed = target.filter(|_| !stolen);
            visit.flags = flags;
        }
        let Some(case) = target
            .filter(|_| !stolen)
            .and_then(|id| self.cases.get_mut(&id))
        else {
            return;
        };
        let next = match (case.stands, unreachable) {
            (Stands::Open | Stands::Assigned | Stands::Returned | Stands::Unreachable, true) => {
                Stands::Unreachable
            }
            (Stands::Open | Stands::Assigned | Stands::Returned | Stands::Unreachable, false) => {
                Stands::Submitted
            }
            // What waits for its reviewer stays; this one is seen beside it.
            (Stands::Submitted, false) => {
                case.rivals.insert(id);
                return;
            }
            // Kept and flagged, and the case does not move.
            (_, _) => return,
        };
        case.stands = next;
        case.current = Some(id);
        case.rivals.clear();
        case.settled = false;
        case.fetched = false;
    }

    /// Cases in which another visit may have taken the place of the one that counts.
    pub fn contested(&self) -> Vec<CaseId> {
        let cases = self.cases.iter();
        cases
            .filter(|(_, case)| !case.rivals.is_empty())
            .map(|(id, _)| *id)
            .collect()
    }

    /// The server says which visit counts in a case. Another one only if it is whole and the one before was never seen
    /// so.
    pub fn counts(&mut self, id: CaseId, current: VisitId) -> bool {
        let is_whole = |visit: VisitId| {
            self.visits.get(&visit).is_some_and(|visit| {
                !visit.unreachable && visit.photos.iter().all(|id| self.received.contains(id))
            })
        };
        let whole = is_whole(current);
        let Some(case) = self.cases.get_mut(&id) else {
            return false;
        };
        let is_right = case.current == Some(current)
            || (!case.settled && whole && case.rivals.contains(&current));
        case.current = Some(current);
        case.settled = whole;
        is_right
    }

    /// A phone was handed these cases by its feed.
    pub fn hands_out(&mut self, cases: impl IntoIterator<Item = CaseId>) {
        for id in cases {
            if let Some(case) = self.cases.get_mut(&id)
                && case.stands == Stands::Returned
            {
                case.fetched = true;
            }
        }
    }

    /// Whether all photos of the visit that counts are on the server.
    pub fn is_complete(&self, case: &Case) -> bool {
        case.current
            .and_then(|visit| self.visits.get(&visit))
            .is_some_and(|visit| visit.photos.iter().all(|id| self.received.contains(id)))
    }

    fn leased_to(case: &Case, now: i64) -> Option<UserId> {
        let (who, until) = case.lease?;
        (until > now).then_some(who)
    }

    /// The cases that a reviewer may be handed now.
    pub fn claimable(&self, me: UserId, now: i64) -> BTreeSet<CaseId> {
        let waits = |stands: Stands| move |case: &&Case| case.stands == stands;
        let is_free = |case: &Case| Self::leased_to(case, now).is_none() && self.is_complete(case);
        let held: BTreeSet<CaseId> = self
            .cases
            .iter()
            .filter(|(_, case)| Self::leased_to(case, now) == Some(me))
            .filter(|(_, case)| matches!(case.stands, Stands::Submitted | Stands::Unreachable))
            .map(|(id, _)| *id)
            .collect();
        if !held.is_empty() {
            return held;
        }
        for stands in [Stands::Submitted, Stands::Unreachable] {
            let free: BTreeSet<CaseId> = self
                .cases
                .iter()
                .filter(|(_, case)| waits(stands)(case) && is_free(case))
                .map(|(id, _)| *id)
                .collect();
            if !free.is_empty() {
                return free;
            }
        }
        BTreeSet::new()
    }

    /// A reviewer holds a case from now on.
    pub fn holds(&mut self, id: CaseId, who: UserId, now: i64) {
        if let Some(case) = self.cases.get_mut(&id)
            && Self::leased_to(case, now).is_none()
        {
            case.lease = Some((who, now + LEASE_S * 1_000_000));
        }
    }

    /// What taking this very case must do: it waits for a review, and nobody else has it.
    pub fn takes(&mut self, id: CaseId, me: UserId, now: i64) -> Verdict {
        let Some(case) = self.cases.get_mut(&id) else {
            return Verdict::Refused;
        };
        let waits = matches!(case.stands, Stands::Submitted | Stands::Unreachable);
        if !waits || Self::leased_to(case, now).is_some_and(|who| who != me) {
            return Verdict::Refused;
        }
        case.lease = Some((me, now + LEASE_S * 1_000_000));
        Verdict::Happens
    }

    /// The case and all that it follows.
    fn chain(&self, id: CaseId) -> BTreeSet<CaseId> {
        let mut chain = BTreeSet::from([id]);
        let mut last = id;
        while let Some((before, _)) = self
            .cases
            .iter()
            .find(|(_, case)| case.successor == Some(last))
        {
            chain.insert(*before);
            last = *before;
        }
        chain
    }

    /// Two tries on different days and at different hours, and a statement.
    fn is_tried_enough(&self, id: CaseId) -> bool {
        let chain = self.chain(id);
        let tries: Vec<&Visit> = self
            .visits
            .values()
            .filter(|visit| {
                visit.arrived
                    && visit.unreachable
                    && visit.filed.is_some_and(|case| chain.contains(&case))
            })
            .collect();
        let local_day = |at: i64| (at + EAST_US).div_euclid(24 * HOUR_US);
        let is_other_day = |a: &Visit, b: &Visit| {
            local_day(a.told_at) != local_day(b.told_at)
                && local_day(a.vouched_at) != local_day(b.vouched_at)
        };
        let hour = |visit: &Visit| (visit.told_at + EAST_US).div_euclid(HOUR_US).rem_euclid(24);
        let apart = tries.iter().any(|a| {
            tries
                .iter()
                .any(|b| is_other_day(a, b) && hour(a) != hour(b))
        });
        apart && tries.iter().any(|visit| visit.statement)
    }

    /// What a reviewer's act must do.
    pub fn review(&mut self, id: CaseId, me: UserId, verb: Verb, now: i64) -> Verdict {
        use Stands as S;
        let Some(case) = self.cases.get(&id) else {
            return Verdict::Refused;
        };
        // Nobody is accepted as seen on a visit that saw nobody.
        let saw_nobody = case
            .current
            .and_then(|visit| self.visits.get(&visit))
            .is_some_and(|visit| visit.unreachable);
        let (next, was_so) = match verb {
            Verb::Accept => (
                (case.stands == S::Submitted && self.is_complete(case) && !saw_nobody)
                    .then_some(S::Accepted),
                case.stands == S::Accepted,
            ),
            Verb::Return => (
                (case.stands == S::Submitted).then_some(S::Returned),
                case.stands == S::Returned,
            ),
            Verb::TakeBack => (
                (case.stands == S::Returned && !case.fetched).then_some(S::Submitted),
                case.stands == S::Submitted,
            ),
            Verb::Withdraw => (
                (case.stands == S::Accepted && case.words.values().all(|word| *word == Word::None))
                    .then_some(if saw_nobody {
                        S::Unreachable
                    } else {
                        S::Submitted
                    }),
                matches!(case.stands, S::Submitted | S::Unreachable),
            ),
            Verb::AgreeUnreachable => (
                (case.stands == S::Unreachable && self.is_tried_enough(id)).then_some(S::Accepted),
                case.stands == S::Accepted,
            ),
            Verb::Reopen => (
                (case.stands == S::Unreachable).then_some(S::Open),
                case.stands == S::Open,
            ),
            Verb::Close => (
                (!case.stands.is_over()).then_some(S::Closed),
                case.stands == S::Closed,
            ),
        };
        if was_so {
            return Verdict::WasSo;
        }
        // Evidence is judged by who holds the case; the rest only not over the head of who does; closing is another's act.
        let holder = Self::leased_to(case, now);
        let may = match verb {
            Verb::Accept | Verb::Return | Verb::AgreeUnreachable => holder == Some(me),
            Verb::TakeBack | Verb::Withdraw | Verb::Reopen => holder.is_none_or(|who| who == me),
            Verb::Close => true,
        };
        let Some(next) = next.filter(|_| may) else {
            return Verdict::Refused;
        };
        let author = case.current.and_then(|visit| self.visits.get(&visit));
        let author = author.map(|visit| visit.officer);
        if let Some(case) = self.cases.get_mut(&id) {
            case.stands = next;
            case.lease = None;
            // Whoever is sent again has a week at least: a day before that ends the case no more.
            if matches!(verb, Verb::Return | Verb::Reopen) {
                case.closes_at = case.closes_at.filter(|at| *at >= now + WEEK_US);
            }
            match verb {
                Verb::Return => {
                    case.fetched = false;
                    case.officer = case.officer.or(author);
                }
                Verb::Reopen => case.officer = None,
                Verb::Accept
                | Verb::TakeBack
                | Verb::Withdraw
                | Verb::AgreeUnreachable
                | Verb::Close => {}
            }
        }
        Verdict::Happens
    }

    /// What the operator's word on a membership must do.
    pub fn decide(&mut self, id: CaseId, membership: MembershipId, eligible: bool) -> Verdict {
        let Some(case) = self.cases.get_mut(&id) else {
            return Verdict::Refused;
        };
        let Some(word) = case.words.get(&membership).copied() else {
            return Verdict::Refused;
        };
        if case.stands != Stands::Accepted || word.is_last() {
            return Verdict::Refused;
        }
        let visit = case.current.and_then(|id| self.visits.get(&id));
        let is_seen = visit.is_some_and(|visit| !visit.unreachable);
        let word = match eligible {
            true if word.waits() || !is_seen => Word::Kept,
            true => Word::Eligible,
            false => Word::Proposed,
        };
        case.words.insert(membership, word);
        let all = || case.words.values();
        if all().all(|word| *word != Word::None) {
            case.stands = if all().any(|word| word.waits()) {
                Stands::AwaitingApproval
            } else {
                Stands::Decided
            };
        }
        Verdict::Happens
    }

    /// What the approver's word on a membership must do; the caller hands a place on when it was cancelled.
    pub fn confirm(&mut self, id: CaseId, membership: MembershipId, yes: bool) -> Verdict {
        let Some(case) = self.cases.get_mut(&id) else {
            return Verdict::Refused;
        };
        if case.stands != Stands::AwaitingApproval
            || !case.words.get(&membership).is_some_and(|word| word.waits())
        {
            return Verdict::Refused;
        }
        if yes {
            if case.words.get(&membership) == Some(&Word::Proposed) {
                case.words.insert(membership, Word::Cancelled);
                self.ended.insert(membership);
            } else {
                case.words.insert(membership, Word::Confirmed);
            }
            if case.words.values().all(|word| !word.waits()) {
                case.stands = Stands::Decided;
            }
        } else {
            for word in case.words.values_mut() {
                if !word.is_last() {
                    *word = Word::None;
                }
            }
            case.stands = Stands::Accepted;
        }
        Verdict::Happens
    }

    /// The family that the next free place goes to, and the case it is looked at in when one is open already.
    pub fn next_in_line(&mut self) -> Option<FamilyId> {
        (!self.line.is_empty()).then(|| self.line.remove(0))
    }

    /// A candidate takes a place: it is decided in the family's open case, if there is one.
    pub fn stands_by(&mut self, membership: MembershipId, family: FamilyId) -> Option<CaseId> {
        self.memberships.insert(membership, family);
        let open = self.open_case_of(family)?;
        if let Some(case) = self.cases.get_mut(&open) {
            case.words.insert(membership, Word::None);
        }
        Some(open)
    }

    /// The cases whose window closes at or before `now`.
    pub fn due(&self, now: i64) -> Vec<CaseId> {
        self.cases
            .iter()
            .filter(|(_, case)| {
                matches!(
                    case.stands,
                    Stands::Open | Stands::Assigned | Stands::Returned
                ) && case.closes_at.is_some_and(|at| at <= now)
            })
            .map(|(id, _)| *id)
            .collect()
    }

    /// A case's window closed and `successor` took its place.
    pub fn expires(&mut self, id: CaseId, successor: CaseId) {
        let Some(case) = self.cases.get_mut(&id) else {
            return;
        };
        case.stands = Stands::Expired;
        case.successor = Some(successor);
        let (family, officer) = (case.family, case.officer);
        self.opens(successor, family, officer, None);
    }

    /// The cases that must be on the phone of `officer`.
    pub fn roster(&self, officer: UserId) -> BTreeSet<CaseId> {
        self.cases
            .iter()
            .filter(|(_, case)| case.officer == Some(officer) && case.stands.is_on_the_phone())
            .map(|(id, _)| *id)
            .collect()
    }
}
