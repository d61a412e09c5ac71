//! Time and chance: the only doors by which either enters the server.
//!
//! Owns the clock, the id generator and the random bytes behind tokens and salts. Refuses to be bypassed: `.clippy.toml`
//! bans the usual ways. Invariant: within one process ids only rise, also when the clock is set back.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine is asked for the time"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved by hand.
#[derive(Debug, Default)]
pub struct HeldClock(AtomicI64);

impl HeldClock {
    /// A clock that stands at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_micros()))
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_micros(), Ordering::SeqCst);
    }

    /// Moves the clock by `seconds` (negative: back).
    pub fn advance_s(&self, seconds: i64) {
        self.set(self.now().plus_s(seconds));
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Makes UUIDv7 ids and random bytes.
pub struct Ids {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    last_ms: u64,
    /// The 74 bits after the time: random, then rising by random steps inside one millisecond.
    tail: u128,
    chance: Chance,
}

enum Chance {
    OperatingSystem,
    /// A repeatable stream for tests: SHA-256 over seed and block number.
    Seeded {
        seed: u64,
        block: u64,
    },
}

/// How many bits of a UUIDv7 are not time, version or variant.
const TAIL_BITS: u32 = 74;

impl Ids {
    /// Ids from `clock` and the operating system's randomness.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, Chance::OperatingSystem)
    }

    /// Ids from `clock` and a stream that `seed` repeats exactly. For tests: nothing secret may come from it.
    pub fn seeded(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self::with(clock, Chance::Seeded { seed, block: 0 })
    }

    fn with(clock: Arc<dyn Clock>, chance: Chance) -> Self {
        Self {
            clock,
            state: Mutex::new(State {
                last_ms: 0,
                tail: 0,
                chance,
            }),
        }
    }

    /// The next id, greater than every id this generator has made before.
    pub fn next<T: From<Uuid>>(&self) -> T {
        let now_ms = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut random = [0; 16];
        state.chance.fill(&mut random);
        let random = u128::from_le_bytes(random);
        if now_ms > state.last_ms {
            state.last_ms = now_ms;
            // The top bit is left clear, so that a busy millisecond has room to rise.
            state.tail = random >> (128 - TAIL_BITS + 1);
        } else {
            state.tail += (random & 0xffff_ffff) + 1;
            if state.tail >> TAIL_BITS != 0 {
                state.last_ms += 1;
                state.tail = random >> (128 - TAIL_BITS + 1);
            }
        }
        let time = u128::from(state.last_ms) << 80;
        let high = (state.tail >> 62) << 64;
        let low = state.tail & ((1 << 62) - 1);
        T::from(Uuid::from_u128(
            time | (0x7 << 76) | high | (0b10 << 62) | low,
        ))
    }

    /// `N` random bytes, for tokens, salts and codes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills `out` with random bytes.
    pub fn fill(&self, out: &mut [u8]) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .chance
            .fill(out);
    }

    /// What this generator's clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ids").finish_non_exhaustive()
    }
}

impl Chance {
    fn fill(&mut self, out: &mut [u8]) {
        match self {
            #[expect(
                clippy::expect_used,
                reason = "without randomness nothing this server makes would be safe"
            )]
            Self::OperatingSystem => {
                getrandom::fill(out).expect("the operating system gives random bytes");
            }
            Self::Seeded { seed, block } => {
                for chunk in out.chunks_mut(32) {
                    let digest = Sha256::new()
                        .chain_update(seed.to_le_bytes())
                        .chain_update(block.to_le_bytes());
                    *block += 1;
                    chunk.copy_from_slice(&digest.finalize()[..chunk.len()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tilik_protocol::ids::CaseId;

    fn held() -> Arc<HeldClock> {
        Arc::new(HeldClock::at(Timestamp::from_micros(1_795_000_000_123_456)))
    }

    #[test]
    fn an_id_carries_version_7_its_variant_and_the_clocks_millisecond() {
        let ids = Ids::new(held());
        let id: Uuid = ids.next();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.as_u128() >> 80, 1_795_000_000_123);
    }

    #[test]
    fn ids_rise_inside_one_millisecond_and_after_the_clock_was_set_back() {
        let clock = held();
        let ids = Ids::new(clock.clone());
        let mut last: Uuid = ids.next();
        for round in 0..10_000 {
            if round == 5_000 {
                clock.advance_s(-3_600);
            }
            let id: Uuid = ids.next();
            assert!(id > last, "{id} after {last}");
            assert_eq!(
                (id.get_version_num(), id.get_variant()),
                (7, uuid::Variant::RFC4122)
            );
            last = id;
        }
    }

    #[test]
    fn a_full_millisecond_spills_into_the_next() {
        let ids = Ids::seeded(held(), 1);
        let first: Uuid = ids.next();
        ids.state.lock().unwrap().tail = (1 << TAIL_BITS) - 1;
        let second: Uuid = ids.next();
        assert_eq!(second.as_u128() >> 80, (first.as_u128() >> 80) + 1);
    }

    #[test]
    fn the_same_seed_repeats_the_same_ids_and_another_seed_does_not() {
        let three = |seed| -> [CaseId; 3] {
            let ids = Ids::seeded(held(), seed);
            [ids.next(), ids.next(), ids.next()]
        };
        assert_eq!(three(7), three(7));
        assert_ne!(three(7), three(8));
    }

    #[test]
    fn random_bytes_differ_and_fill_every_length() {
        let ids = Ids::new(held());
        assert_ne!(ids.bytes::<32>(), ids.bytes::<32>());
        let seeded = Ids::seeded(held(), 3);
        assert_ne!(seeded.bytes::<77>()[64..], [0; 13]);
    }

    #[test]
    fn the_machines_clock_is_past_2026() {
        assert!(SystemClock.now() > "2026-01-01T00:00:00Z".parse().unwrap());
    }
}
