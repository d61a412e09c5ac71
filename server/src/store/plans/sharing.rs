//! Who goes where: ranked families are placed one after the other with officers who work in their villages, until nobody has
//! room. A family is left out only when no other sharing out of those before it would make room for it.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What chance says of a family: the same seed says the same, whoever else is asked about.
pub(super) fn chance(seed: &[u8], family: Uuid) -> u64 {
    let hash = Sha256::new()
        .chain_update(seed)
        .chain_update(family.as_bytes())
        .finalize();
    hash.iter()
        .take(8)
        .fold(0, |all, byte| (all << 8) | u64::from(*byte))
}

/// Whether chance takes `percent` of a hundred and this one among them.
pub(super) fn is_drawn(chance: u64, percent: u8) -> bool {
    u128::from(chance) * 100 < u128::from(percent) << 64
}

/// Text in which numbers stand in their own order: `2` before `10`, `02` beside `2`.
pub(super) fn in_order(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let mut digits = String::new();
    let flush = |key: &mut String, digits: &mut String| {
        if !digits.is_empty() {
            let plain = digits.trim_start_matches('0');
            key.extend(std::iter::repeat_n(
                '0',
                8_usize.saturating_sub(plain.len()),
            ));
            key.push_str(plain);
            digits.clear();
        }
    };
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        flush(&mut key, &mut digits);
        key.extend(c.to_lowercase());
    }
    flush(&mut key, &mut digits);
    key
}

/// How much room is left, and who has how much where. Villages and officers are numbers.
#[derive(Debug)]
pub(super) struct Sharing {
    /// The officers of each village, those who can go to fewest places first.
    reach: Vec<Vec<usize>>,
    room: Vec<u32>,
    placed: Vec<BTreeMap<usize, u32>>,
    full: Vec<bool>,
}

impl Sharing {
    /// `reach`: who works in each village; `room`: how many more each officer can take.
    pub(super) fn new(mut reach: Vec<Vec<usize>>, room: Vec<u32>) -> Self {
        let mut places = vec![0_usize; room.len()];
        for officer in reach.iter().flatten() {
            places[*officer] += 1;
        }
        for officers in &mut reach {
            officers.sort_by_key(|officer| (places[*officer], *officer));
        }
        Self {
            placed: vec![BTreeMap::new(); reach.len()],
            full: vec![false; reach.len()],
            reach,
            room,
        }
    }

    /// Whether anybody works there.
    pub(super) fn is_reached(&self, village: usize) -> bool {
        !self.reach[village].is_empty()
    }

    /// Finds room for one more family of a village, also by giving families of it to other officers who can take them.
    pub(super) fn place(&mut self, village: usize) -> bool {
        if self.full[village] {
            return false;
        }
        // Where a village was come from, and over which officer.
        let mut came: BTreeMap<usize, Option<(usize, usize)>> = BTreeMap::from([(village, None)]);
        let mut queue = std::collections::VecDeque::from([village]);
        while let Some(at) = queue.pop_front() {
            let free = self.reach[at].iter().copied();
            let free = free.filter(|officer| self.room[*officer] > 0);
            // Of those who can go to equally few places the one with most room.
            let places =
                |officer: usize| self.reach.iter().filter(move |all| all.contains(&officer));
            let best = free.min_by_key(|officer| {
                (
                    places(*officer).count(),
                    std::cmp::Reverse(self.room[*officer]),
                    *officer,
                )
            });
            if let Some(officer) = best {
                self.hand_over(at, officer, &came);
                return true;
            }
            for officer in &self.reach[at] {
                for (other, placed) in self.placed.iter().enumerate() {
                    let holds = placed.get(officer).is_some_and(|count| *count > 0);
                    if holds && !came.contains_key(&other) {
                        came.insert(other, Some((at, *officer)));
                        queue.push_back(other);
                    }
                }
            }
        }
        // Room only shrinks: nobody will find any here again.
        for seen in came.keys() {
            self.full[*seen] = true;
        }
        false
    }

    /// `officer` takes one more of `at`; whoever thereby has one less there takes one of the village it was come from.
    fn hand_over(
        &mut self,
        at: usize,
        officer: usize,
        came: &BTreeMap<usize, Option<(usize, usize)>>,
    ) {
        self.room[officer] -= 1;
        *self.placed[at].entry(officer).or_default() += 1;
        let mut at = at;
        while let Some(Some((before, giver))) = came.get(&at).copied() {
            if let Some(count) = self.placed[at].get_mut(&giver) {
                *count -= 1;
            }
            *self.placed[before].entry(giver).or_default() += 1;
            at = before;
        }
    }

    /// How many families of a village go to each officer: stretches of its walk.
    pub(super) fn parts(&self, village: usize) -> impl Iterator<Item = (usize, u32)> + '_ {
        let parts = self.placed[village].iter();
        parts
            .map(|(officer, count)| (*officer, *count))
            .filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(sharing: &Sharing, villages: usize) -> Vec<Vec<(usize, u32)>> {
        (0..villages)
            .map(|village| sharing.parts(village).collect())
            .collect()
    }

    #[test]
    fn numbers_stand_in_their_own_order() {
        let mut streets = ["Jl. Melati 10", "JL. MELATI 2", "jl. melati 002 B", "Aula"];
        streets.sort_by_key(|text| in_order(text));
        assert_eq!(
            streets,
            ["Aula", "JL. MELATI 2", "jl. melati 002 B", "Jl. Melati 10"]
        );
        assert_eq!(in_order(" 02 "), in_order("2"));
    }

    #[test]
    fn chance_hangs_on_seed_and_family_alone_and_a_larger_share_holds_the_smaller() {
        let families: Vec<Uuid> = (0..4_000).map(Uuid::from_u128).collect();
        let drawn = |seed: &[u8], percent| {
            let of = families.iter().copied();
            of.filter(|id| is_drawn(chance(seed, *id), percent))
                .collect::<Vec<_>>()
        };
        let (few, more) = (drawn(b"a", 5), drawn(b"a", 20));
        assert!((140..260).contains(&few.len()), "{}", few.len());
        assert!((700..900).contains(&more.len()), "{}", more.len());
        assert!(few.iter().all(|id| more.contains(id)));
        assert_ne!(drawn(b"b", 5), few);
        assert_eq!(drawn(b"a", 100).len(), families.len());
    }

    #[test]
    fn who_can_go_nowhere_else_comes_first_and_the_load_is_even() {
        // Officer 0 goes everywhere, 1 only to the first village, 2 and 3 to the second.
        let mut sharing = Sharing::new(vec![vec![0, 1], vec![0, 2, 3]], vec![2, 2, 3, 3]);
        for _ in 0..2 {
            assert!(sharing.place(0));
        }
        for _ in 0..4 {
            assert!(sharing.place(1));
        }
        assert_eq!(placed(&sharing, 2), [vec![(1, 2)], vec![(2, 2), (3, 2)]]);
    }

    #[test]
    fn room_is_found_by_handing_over_and_a_full_village_stays_full() {
        // Both reach two places; 0 is taken by the first village, which 1 could have visited.
        let mut sharing = Sharing::new(vec![vec![0, 1], vec![0], vec![1, 2]], vec![1, 1, 1]);
        assert!(sharing.place(0));
        assert!(sharing.place(1), "1 takes the first village's family");
        assert!(sharing.place(2));
        assert_eq!(
            placed(&sharing, 3),
            [vec![(1, 1)], vec![(0, 1)], vec![(2, 1)]]
        );
        for village in 0..3 {
            assert!(!sharing.place(village));
        }
        assert!(!Sharing::new(vec![vec![]], vec![]).is_reached(0));
    }
}
